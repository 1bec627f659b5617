//! Attributes of a device in messages whose fields have no names: where a time zone, a locale and a maker of phones stand in one
//! object, they and what stands beside them describe a device.

use std::collections::BTreeSet;

use super::{Scene, user_agent};
use crate::model::{DecodeStep, Event, Field, Grade, Look, PathId, Place, Sensitive, Tally};

/// Makers of phones, in small letters.
const MAKERS: [&str; 24] = [
    "samsung",
    "xiaomi",
    "redmi",
    "poco",
    "huawei",
    "honor",
    "oneplus",
    "oppo",
    "realme",
    "vivo",
    "motorola",
    "nokia",
    "hmd global",
    "sony",
    "google",
    "apple",
    "lge",
    "htc",
    "asus",
    "lenovo",
    "zte",
    "fairphone",
    "nothing",
    "tecno",
];
/// Longest of the values looked at.
const LONGEST: usize = 40;

/// Reports attributes.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut seen: BTreeSet<(Place, PathId)> = BTreeSet::new();
    for field in scene.fields {
        if field.look.has(Look::GROUP)
            && is_short(field)
            && is_zone(scene, field)
            && let Some(object) = scene.object(field)
            && seen.insert((field.place, object))
            && seen.len() <= OBJECTS
        {
            report_object(scene, tally, field, object);
        }
    }
}

/// Objects with a time zone that are looked at in one message.
const OBJECTS: usize = 4;

fn is_short(field: &Field<'_>) -> bool {
    field.value.len() <= LONGEST
}

fn is_zone(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let has_shape = || {
        let rule = scene.rules.identifier("locale-timezone");
        rule.is_some_and(|rule| rule.has_shape(&field.value, field.look))
    };
    scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Protobuf)
        && field.value.contains('/')
        && has_shape()
}

fn report_object(scene: &Scene<'_>, tally: &mut Tally, zone: &Field<'_>, object: PathId) {
    let members: Vec<&Field<'_>> = scene
        .fields
        .iter()
        .filter(|field| {
            field.place == zone.place && is_short(field) && scene.object(field) == Some(object)
        })
        .collect();
    let find = |is_it: fn(&str) -> bool| members.iter().copied().find(|field| is_it(&field.value));
    let (Some(maker), Some(locale)) = (find(is_maker), find(user_agent::is_regional)) else {
        return;
    };
    let told = [
        ("locale-timezone", vec![zone, locale]),
        (
            "device-model",
            [Some(maker), find(is_model)]
                .into_iter()
                .flatten()
                .collect(),
        ),
        ("os-version", find(is_version).into_iter().collect()),
    ];
    for (rule, fields) in told {
        let (Some(rule), Some(first)) = (scene.rules.identifier(rule), fields.first()) else {
            continue;
        };
        let mut finding = scene.finding(rule, Grade::Shape, first, &first.value);
        finding.items = fields.len() as u64;
        finding.values = fields
            .iter()
            .map(|field| Sensitive::new(&field.value))
            .collect();
        scene.report(tally, finding);
    }
}

fn is_maker(text: &str) -> bool {
    MAKERS.iter().any(|maker| text.eq_ignore_ascii_case(maker))
}

/// `SM-G991B`, `iPhone14,5`, `Pixel 8`: letters, then digits, and no other text.
fn is_model(text: &str) -> bool {
    let has = |is_it: fn(&u8) -> bool| text.bytes().any(|byte| is_it(&byte));
    (4..=20).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"- ,_".contains(&byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
}

/// `13`, `17.1.2`
fn is_version(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_number = |part: &str| {
        (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.next().is_some_and(is_number)
        && parts.by_ref().take(2).all(is_number)
        && parts.next().is_none()
}
