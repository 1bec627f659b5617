//! App packages and device dumps → declarations and installed apps. Bytes in, values out; files are opened by `intake`.

use crate::model::{Declaration, Dossier};

/// What a reader of this room yields, with what was odd or missing in plain words.
#[derive(Debug, Default)]
pub struct Read<T> {
    /// The value.
    pub value: T,
    /// Damage met on the way.
    pub damage: Vec<String>,
}

/// `AndroidManifest.xml` in binary form.
pub fn binary_xml(_bytes: &[u8]) -> Read<Option<Declaration>> {
    Read::default()
}

/// `AndroidManifest.xml` as text.
pub fn text_xml(_text: &[u8]) -> Read<Option<Declaration>> {
    Read::default()
}

/// An APK (a ZIP with a binary manifest).
pub fn apk(_bytes: &[u8]) -> Read<Option<Declaration>> {
    Read::default()
}

/// `Info.plist`, XML or binary.
pub fn info_plist(_bytes: &[u8]) -> Read<Option<Declaration>> {
    Read::default()
}

/// Output of `dumpsys package`.
pub fn dumpsys_package(_text: &[u8]) -> Read<Dossier> {
    Read::default()
}
