//! App packages and device dumps → declarations and installed apps. Bytes in, values out; files are opened by `intake`.
//!
//! Readers never fail: they yield what can be known and say in words what was damaged. A new kind of document is a file
//! here and a function below. Android's two manifest forms meet in `android_manifest`, where the meaning of elements lives.

mod android_component;
mod android_manifest;
mod apk;
mod app_bundle;
mod appops;
mod binary_xml;
mod code;
mod data_safety;
mod dex;
mod dumpsys_package;
mod element;
mod info_plist;
mod inventory;
mod ios_app;
mod little_endian;
mod mach_o;
mod network_security;
mod package_set;
mod privacy_manifest;
mod property_list;
mod proto;
mod proto_xml;
mod resource_table;
mod signing;
mod string_pool;
mod text_xml;
mod windows_1252;
mod workbook;
mod zip_archive;

pub use apk::apk;
pub use app_bundle::app_bundle;
pub use appops::{AppOperation, OperationAccess, appops};
pub use binary_xml::binary_xml;
pub use code::{CodeName, code_names};
pub(crate) use data_safety::HEADER as DATA_SAFETY_HEADER;
pub use data_safety::data_safety;
pub use dex::{DexType, dex};
pub use dumpsys_package::dumpsys_package;
pub use info_plist::info_plist;
pub use inventory::{
    Column, installed_application_list, inventory_csv, inventory_json, inventory_xml, package_list,
};
pub(crate) use inventory::{csv_header, has_known_header};
pub use ios_app::ios_app;
pub use mach_o::{MachO, entitlements, first_slice, mach_o};
pub use network_security::network_security_config;
pub use package_set::package_set;
pub use privacy_manifest::privacy_manifest;
pub use proto_xml::proto_xml;
pub use signing::signing_block;
pub use text_xml::text_xml;
pub(crate) use windows_1252::is_text as is_windows_1252;
pub(crate) use workbook::{is_spreadsheet, is_workbook, workbook_csv};
pub use zip_archive::{ZipEntry, zip_entries};

/// What a reader of this room yields, with what was odd or missing in plain words.
#[derive(Debug, Default)]
pub struct Read<T> {
    /// The value.
    pub value: T,
    /// Damage met on the way: something is missing from the value, or may be.
    pub damage: Vec<String>,
}
