//! Digests of which five to seven bytes are left: so few that chance meets them, so that only lists of them are looked at.

use std::collections::BTreeMap;

use super::super::Scene;
use super::digest::USUAL;
use super::index::{Budget, Index};
use super::recipe::{Recipe, add_digests};
use super::scan::{Hit, Looked, Scarce};
use super::spelled::Spelled;
use super::table::Table;
use crate::limits;
use crate::model::{Look, PathId, Step};
use crate::payload::hex_bytes;

/// Hexadecimal digits that are left. From 16 on each digest is looked up by itself.
const DIGITS: [usize; 3] = [10, 12, 14];
/// Digests of one length in a list, at least.
const LEAST: usize = 5;
/// Possible values of the five bytes by which they are told: 2^40.
pub(super) const POSSIBLE: f64 = 1_099_511_627_776.0;

/// The first five bytes of a digest as a key.
fn start(digest: &[u8]) -> Option<u64> {
    let first = digest.first_chunk::<5>()?;
    let number = first.iter();
    Some(number.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Digests by their first five bytes, of the usual functions without a salt.
pub(super) fn table(spelled: &Spelled, recipes: &[Recipe], budget: &mut Budget) -> Table {
    let mut entries = Vec::new();
    let usual = recipes.get(..USUAL).unwrap_or(recipes);
    add_digests(
        &mut entries,
        spelled,
        usual,
        start,
        limits::KNOWN_CUT_DIGESTS,
        budget,
    );
    Table::new(entries)
}

/// Positions of fields, and the bytes in them.
type List = Vec<(usize, Vec<u8>)>;

/// Looks for lists of them.
pub(super) fn lists(
    index: &Index,
    scene: &Scene<'_>,
    looked: &mut Looked,
    found: &mut dyn FnMut(usize, Hit),
) {
    if index.cut.is_empty() {
        return;
    }
    let mut lists: BTreeMap<(PathId, usize), List> = BTreeMap::new();
    for (position, field) in scene.fields.iter().enumerate() {
        if !field.look.is_all(Look::HEX) || !DIGITS.contains(&field.value.len()) {
            continue;
        }
        let Some((list, Step::Index(_))) = scene.fields.paths.split(field.path) else {
            continue;
        };
        if let Some(bytes) = hex_bytes(field.value.as_bytes()) {
            let key = (list, bytes.len());
            lists.entry(key).or_default().push((position, bytes));
        }
    }
    for list in lists.values().filter(|list| list.len() >= LEAST) {
        for (position, bytes) in list {
            look_up(index, bytes, looked, &mut |hit| found(*position, hit));
        }
    }
}

fn look_up(index: &Index, bytes: &[u8], looked: &mut Looked, found: &mut dyn FnMut(Hit)) {
    let Some(start) = start(bytes) else { return };
    looked.add(Scarce::Cut, start);
    for slot in index.cut.get(start) {
        let recipe = index.digests.recipes.get(usize::from(slot.how));
        let digest = recipe
            .zip(index.spelling(slot))
            .and_then(|(recipe, spelling)| recipe.compute(spelling.text.as_bytes()));
        if let Some(recipe) = recipe
            && digest.is_some_and(|digest| digest.starts_with(bytes))
        {
            found(Hit {
                steps: recipe.steps(),
                is_weak: true,
                is_digest: true,
                form: Some(Scarce::Cut),
                ..Hit::of(slot.value)
            });
        }
    }
}
