//! What tells itself by its form, under any name: push tokens, cells of maps.

use super::PUSH_TOKEN;
use crate::detect::{Scene, value};
use crate::model::{Field, Grade, Look};
use crate::rules::Identifier;

/// Whether a field has the kinds of characters of which [`is_push_token`] asks.
pub(super) fn may_be_push_token(field: &Field<'_>) -> bool {
    field.look.has(Look::COLON) && field.value.len() > SHORTEST_TOKEN
        || field.look.has(Look::OTHER) && field.value.starts_with(EXPO)
}

/// The rule of what tells itself under any name: a push token, a cell of a map.
pub(super) fn told_by_form<'a>(
    scene: &Scene<'a>,
    text: &str,
    look: Look,
) -> Option<(&'a Identifier, Grade)> {
    let (rule, grade) = if is_push_token(text, look) {
        (PUSH_TOKEN, Grade::Decoded)
    } else if value::is_h3_cell(text) {
        (GEOHASH, Grade::Shape)
    } else {
        return None;
    };
    let rule = scene.rules.identifier(rule)?;
    rule.has_shape(text, look).then_some((rule, grade))
}

/// Whether a text may be a push token under any name: Google's and Expo's have a mark in them that nothing else has.
fn is_push_token(text: &str, look: Look) -> bool {
    look.has(Look::COLON)
        && text.len() > SHORTEST_TOKEN
        && memchr::memmem::find(text.as_bytes(), b":APA91b").is_some()
        || look.has(Look::OTHER) && text.starts_with(EXPO) && text.contains("PushToken[")
}

/// What tokens of Expo begin with.
const EXPO: &str = "Expo";

/// Characters that tokens of Google have behind their mark, at least.
const SHORTEST_TOKEN: usize = 100;

/// The rule of places as short strings.
pub(super) const GEOHASH: &str = "geohash";
