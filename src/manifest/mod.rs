//! App packages and device dumps → declarations and installed apps. Bytes in, values out; files are opened by `intake`.
//!
//! Readers never fail: they yield what can be known and say in words what was damaged. A new kind of document is a file
//! here and a function below. Android's two manifest forms meet in `android_manifest`, where the meaning of elements lives.

mod android_manifest;
mod apk;
mod appops;
mod binary_xml;
mod data_safety;
mod dumpsys_package;
mod element;
mod info_plist;
mod inventory;
mod little_endian;
mod privacy_manifest;
mod property_list;
mod resource_table;
mod string_pool;
mod text_xml;
mod zip_archive;

pub use apk::apk;
pub use appops::{AppOperation, OperationAccess, appops};
pub use binary_xml::binary_xml;
pub(crate) use data_safety::HEADER as DATA_SAFETY_HEADER;
pub use data_safety::data_safety;
pub use dumpsys_package::dumpsys_package;
pub use info_plist::info_plist;
pub use inventory::{
    Column, installed_application_list, inventory_csv, inventory_json, package_list,
};
pub(crate) use inventory::{csv_header, has_known_header};
pub use privacy_manifest::privacy_manifest;
pub use text_xml::text_xml;
pub use zip_archive::{ZipEntry, zip_entries};

/// What a reader of this room yields, with what was odd or missing in plain words.
#[derive(Debug, Default)]
pub struct Read<T> {
    /// The value.
    pub value: T,
    /// Damage met on the way: something is missing from the value, or may be.
    pub damage: Vec<String>,
}
