//! Identifiers in the paths of requests, told by the segment before them.

use super::has_detector_of_its_own;
use crate::detect::name::Name;
use crate::detect::{Scene, value};
use crate::model::Field;
use crate::rules::{Identifier, NameStrength, normalise_name};

/// Segments of paths, normalised, behind which a phone is named.
const DEVICE_SEGMENTS: [&str; 8] = [
    "device",
    "devices",
    "handset",
    "handsets",
    "phone",
    "phones",
    "terminal",
    "terminals",
];

/// The same of an app's installation on a phone.
const INSTALLATION_SEGMENTS: [&str; 6] = [
    "installation",
    "installations",
    "install",
    "installs",
    "appinstance",
    "appinstances",
];

/// Segments of paths, normalised, of what only a phone registers for: other devices have ids, too.
const PHONE_SEGMENTS: [&str; 10] = [
    "register",
    "registration",
    "registrations",
    "push",
    "pushtoken",
    "pushtokens",
    "pushnotifications",
    "fcm",
    "gcm",
    "apns",
];

/// The rules that the segment before a field calls for.
pub(super) fn of_segment<'a>(
    scene: &Scene<'a>,
    field: &Field<'_>,
    rules: &mut Vec<&'a Identifier>,
) {
    let all = scene.rules;
    // `/imei/490154203237518`: a segment names the one behind it, if that has the form.
    if let Some(name) = scene.segment_before(field) {
        let name = Name::of(name, all);
        let none = std::iter::empty();
        all.identifiers_of_names(&name.identifiers, &none, |rule, strength| {
            let has_form = rule.validator.is_some() || !rule.values.is_empty();
            let is_told = has_form && strength == NameStrength::Strong;
            if is_told && !has_detector_of_its_own(rule) {
                rules.push(rule);
            }
        });
        if DEVICE_SEGMENTS.contains(&&*name.normalised) {
            let rule = if value::is_imei(&field.value) {
                "hardware-id"
            } else if !is_of_phone(scene) {
                "recurring-id"
            } else if value::is_hardware_address(&field.value) {
                "mac-address"
            } else {
                "install-id"
            };
            rules.extend(all.identifier(rule));
        } else if INSTALLATION_SEGMENTS.contains(&&*name.normalised) {
            rules.extend(all.identifier("install-id"));
        }
    }
}

/// Whether the path of a request is of what only phones register for.
fn is_of_phone(scene: &Scene<'_>) -> bool {
    let mut segments = scene.request_path().split('/');
    segments.any(|segment| PHONE_SEGMENTS.contains(&&*normalise_name(segment)))
}
