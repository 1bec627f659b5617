//! Headers that an application made up, and what they say of a device.

use super::attribute;
use crate::detect::Scene;
use crate::detect::name::Name;
use crate::model::{Field, Place};
use crate::rules::{Identifier, normalise_name};

/// The rule of the language and the time zone.
const LANGUAGE: &str = "locale-timezone";

/// Attributes of a device among headers: many are of the service, unless their names say that they are of a device.
const ATTRIBUTES: usize = 5;

/// Whether a header, named without its X, stands among others of a device: cars have brands, and language models are models, so that
/// one must be of nothing but a device. What speaks of the language and the platform is of any client.
pub(super) fn is_beside_headers_of_device(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    /// Parts of names, normalised.
    const OF_DEVICES: [&str; 5] = ["device", "phone", "handset", "gerät", "dispositivo"];
    const OF_DEVICES_ALONE: [&str; 16] = [
        "manufactur",
        "herstell",
        "fabrica",
        "produttore",
        "screen",
        "display",
        "cpu",
        "memory",
        "battery",
        "osver",
        "versionos",
        "versionso",
        "systemversion",
        "osbuild",
        "sdkint",
        "apilevel",
    ];
    let is_any_clients = |rule: &Identifier, name: &str| {
        &*rule.id == LANGUAGE || name.contains("platform") || name == "os"
    };
    let mut count = 0_usize;
    let mut is_of_device = false;
    for name in scene.names_beside(field) {
        let Some(bare) = without_x(&name.stem) else {
            continue;
        };
        let bare = Name::of(bare, scene.rules);
        let rule = attribute(scene.rules, &bare).or_else(|| attribute(scene.rules, name));
        if rule.is_some_and(|rule| !is_any_clients(rule, &bare.normalised)) {
            count = count.saturating_add(1);
            let has = |part: &&str| bare.normalised.contains(*part);
            is_of_device |= OF_DEVICES_ALONE.iter().any(has);
        }
    }
    let own = without_x(scene.fields.name(field)).map(normalise_name);
    let own = own.unwrap_or_default();
    let is_called_so = OF_DEVICES.iter().any(|part| own.starts_with(part));
    is_of_device && (is_called_so || count >= ATTRIBUTES)
}

/// Whether a field is a header that an application made up.
pub(super) fn is_own_header(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    field.place == Place::Header && without_x(scene.fields.name(field)).is_some()
}

/// The name of a header without the X of those that an application made up (RFC 6648).
pub(in crate::detect) fn without_x(header: &str) -> Option<&str> {
    header
        .strip_prefix("x-")
        .or_else(|| header.strip_prefix("X-"))
}
