//! Identifiers in the paths of requests, told by the segment before them.

use super::has_detector_of_its_own;
use crate::detect::name::Name;
use crate::detect::{Scene, value};
use crate::model::{Field, Grade};
use crate::rules::{Identifier, NameStrength, normalise_name};

/// The rule of installations.
const INSTALLATION: &str = "install-id";

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
const INSTALLATION_SEGMENTS: [&str; 4] = [
    "installation",
    "installations",
    "appinstance",
    "appinstances",
];

/// Segments of paths, normalised, of what only a phone asks for: other devices have ids, too.
const PHONE_SEGMENTS: [&str; 7] = [
    "push",
    "pushtoken",
    "pushtokens",
    "pushnotifications",
    "fcm",
    "gcm",
    "apns",
];

/// The same of what tills do as well.
const REGISTRATION_SEGMENTS: [&str; 3] = ["register", "registration", "registrations"];

/// Segments, normalised, of devices that are no phones.
const OTHER_SEGMENTS: [&str; 2] = ["iot", "things"];

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
            } else if !is_of_phone(scene, &name) {
                "recurring-id"
            } else if value::is_hardware_address(&field.value) {
                "mac-address"
            } else {
                INSTALLATION
            };
            rules.extend(all.identifier(rule));
        } else if INSTALLATION_SEGMENTS.contains(&&*name.normalised) {
            rules.extend(all.identifier(INSTALLATION));
        }
    }
}

/// How sure it is what a field is of under a rule: behind the word for a device it may be another's than a phone's.
pub(super) fn grade(scene: &Scene<'_>, rule: &Identifier, field: &Field<'_>) -> Grade {
    let is_of_any_device = |name: &str| DEVICE_SEGMENTS.contains(&&*normalise_name(name));
    if &*rule.id == INSTALLATION && scene.segment_before(field).is_some_and(is_of_any_device) {
        Grade::Shape
    } else {
        Grade::Decoded
    }
}

/// Whether the path of a request is of what only phones ask for, or, where it does not speak of terminals, register for.
fn is_of_phone(scene: &Scene<'_>, device: &Name) -> bool {
    let is_terminal = device.normalised.starts_with("terminal");
    let mut is_phone = false;
    for segment in scene.request_path().split('/') {
        let segment = normalise_name(segment);
        if OTHER_SEGMENTS.contains(&&*segment) {
            return false;
        }
        is_phone |= PHONE_SEGMENTS.contains(&&*segment)
            || !is_terminal && REGISTRATION_SEGMENTS.contains(&&*segment);
    }
    is_phone
}
