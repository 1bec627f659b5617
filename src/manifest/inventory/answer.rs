//! Answers of iPhones to their device management: `InstalledApplicationList` and `ManagedApplicationList` (Apple,
//! `device-management`, `mdm/commands`).

use super::super::property_list::{Property, property_list};
use super::{Column, Read, Record, Shelf, is_short, record};
use crate::model::{Dossier, Platform};

/// Such an answer; every member but the identifier is optional.
pub fn installed_application_list(bytes: &[u8]) -> Read<Dossier> {
    let mut shelf = Shelf::default();
    let root = property_list(bytes, &mut shelf.damage);
    let Some(root) = root else {
        return shelf.finish();
    };
    let mut device = Record::new();
    let udid = root.key("UDID").and_then(Property::text);
    if let Some(udid) = udid.filter(|udid| is_short(udid)) {
        device.insert(Column::Device, udid.to_owned());
    }
    device.insert(Column::Platform, "iOS".to_owned());
    let texts = |item: &Property| {
        let pairs = item.pairs().iter();
        let cells = pairs.filter_map(|(key, value)| Some((key.as_str(), value.text()?.to_owned())));
        record(cells)
    };
    let mut number = 0_u64;
    let installed = root.key("InstalledApplicationList");
    for item in installed.map(Property::items).unwrap_or_default() {
        number = number.saturating_add(1);
        let mut app = texts(item);
        // The answer has a status of its own, and apps one of their download.
        app.remove(&Column::State);
        app.extend(device.clone());
        shelf.app(&app, &[], number);
    }
    let managed = root.key("ManagedApplicationList");
    for (bundle, item) in managed.map(Property::pairs).unwrap_or_default() {
        number = number.saturating_add(1);
        let status = item.key("Status").and_then(Property::text);
        if status.is_some_and(|status| status != "Managed") {
            continue;
        }
        let mut app = device.clone();
        app.insert(Column::Package, bundle.clone());
        shelf.app(&app, &[], number);
    }
    shelf.dossier.platform = Some(Platform::Ios);
    shelf.finish()
}
