//! Names of people that are sent in parts: given and family name in members of one object, or beside each other in a short row.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::super::Scene;
use super::index::Index;
use super::scan::Hit;
use super::spelling::{self, SHORTEST_STRONG};
use super::table::{Slot, key};
use crate::model::{DecodeStep, Look, PathId, Place, Step};
use crate::payload::hex_bytes;

/// Members of one object that are looked at for the other part of a name, behind the first.
const MEMBERS_BETWEEN: usize = 4;
/// First positions of a row in which two cells beside each other may be a name: what is longer is a list of words.
const ROW: u32 = 16;
/// Bytes of a part of a name.
const PART_BYTES: std::ops::RangeInclusive<usize> = 2..=64;

/// Which part of a person's name a member holds, by what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) enum NamePart {
    Given,
    Family,
    /// Beside a given name the family's, beside a family name the given one.
    Either,
}

/// What a name, normalised, says of the part of a person's name that it holds.
pub(in crate::detect) fn name_part(name: &str) -> Option<NamePart> {
    // Also behind what they are of: `contactFirstName`.
    const GIVEN: [&str; 9] = [
        "firstname",
        "givenname",
        "forename",
        "namefirst",
        "namegiven",
        "vorname",
        "prenom",
        "prénom",
        "primernombre",
    ];
    const FAMILY: [&str; 12] = [
        "lastname",
        "familyname",
        "surname",
        "namelast",
        "namefamily",
        "nachname",
        "familienname",
        "zuname",
        "apellido",
        "apellidos",
        "cognome",
        "nazwisko",
    ];
    // Whole; `data2` and `data3` are Android's (`ContactsContract.CommonDataKinds.StructuredName`), `gn` and `sn` those of
    // directories (RFC 4519), `ad` and `soyad` Turkish.
    const SHORT_GIVEN: [&str; 10] = [
        "first", "given", "fname", "fn", "gn", "imie", "imię", "nombre", "ad", "data2",
    ];
    const SHORT_FAMILY: [&str; 9] = [
        "last", "family", "lname", "ln", "sn", "nom", "soyad", "soyadı", "data3",
    ];
    const EITHER: [&str; 3] = ["name", "nome", "middlename"];
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    Some(if ends(&GIVEN) || SHORT_GIVEN.contains(&name) {
        NamePart::Given
    } else if ends(&FAMILY) || SHORT_FAMILY.contains(&name) {
        NamePart::Family
    } else if EITHER.contains(&name) {
        NamePart::Either
    } else {
        return None;
    })
}

/// Given and family name, in each way in which the words of a name may be divided and written, in lower case.
pub(super) fn divided(text: &str) -> Vec<[String; 2]> {
    let lower = spelling::lower(text);
    let mut ways = Vec::new();
    for form in spelling::without_accents(&lower) {
        // `Vossberg, Katharina`
        if let Some((family, given)) = form.split_once(',') {
            ways.push([joined(given), joined(family)]);
            continue;
        }
        let words: Vec<&str> = form.split_whitespace().collect();
        for at in 1..words.len() {
            if let Some((given, family)) = words.split_at_checked(at) {
                ways.push([given.join(" "), family.join(" ")]);
            }
        }
    }
    ways.retain(|way| way.iter().all(|part| part.chars().count() >= 2));
    ways.dedup();
    ways.truncate(usize::from(u8::MAX));
    ways
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What both parts are filed under.
pub(super) fn key_of([given, family]: &[String; 2]) -> u64 {
    key(format!("{given}\0{family}").as_bytes())
}

/// The digests of both parts, as advertisers match people by (`fn` and `ln` of Meta and others: SHA-256 in small letters).
pub(super) fn digests_of(way: &[String; 2]) -> [Vec<u8>; 2] {
    way.each_ref()
        .map(|part| Sha256::digest(part.as_bytes()).to_vec())
}

/// What both digests are filed under.
pub(super) fn key_of_digests(digests: &[Vec<u8>; 2]) -> u64 {
    key(&digests.concat())
}

/// Spelling number of names of which both parts are digests.
pub(super) const HASHED: usize = 1;

/// A member that may hold a part of a name.
#[derive(Clone, Copy)]
struct Member {
    field: usize,
    /// What it is called, or where in a row it stands.
    part: Result<NamePart, u32>,
}

impl Member {
    /// Whether this one may hold the given name, and that one the family name.
    fn is_given_beside(self, family: Self) -> bool {
        use NamePart::{Either, Family, Given};
        match (self.part, family.part) {
            (Ok(given), Ok(family)) => {
                matches!((given, family), (Given, Family | Either) | (Either, Family))
            }
            (Err(given), Err(family)) => given.abs_diff(family) == 1,
            _ => false,
        }
    }
}

/// Looks for known names whose parts are members of one object.
pub(super) fn fields(index: &Index, scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    if index.persons.is_empty() {
        return;
    }
    let mut members: Vec<(Object, Member)> = Vec::new();
    for (number, field) in scene.fields.iter().enumerate() {
        let is_word = !field.look.has(Look::DIGIT | Look::AT);
        let is_digest = || field.value.len() == 64 && field.look.is_all(Look::HEX);
        if !is_word && !is_digest() || !PART_BYTES.contains(&field.value.len()) {
            continue;
        }
        let Some((parent, step)) = scene.fields.paths.split(field.path) else {
            continue;
        };
        let named = || scene.name(field).and_then(|name| name.part_of_person);
        let part = match step {
            Step::Index(position) if position < ROW => Err(position),
            Step::Name(_) if let Some(part) = named() => Ok(part),
            _ => continue,
        };
        let member = Member {
            field: number,
            part,
        };
        members.push(((field.place, parent), member));
    }
    // Elements of XML stand beside others of the same name, and are objects of their own; forms begin anew for each field.
    let mut alone: Vec<(Object, Member)> = Vec::new();
    for members in objects(&mut members) {
        match members {
            [member] => alone.push(*member),
            members => pairs(index, scene, members, found),
        }
    }
    // Names beside nothing but names are of no part.
    let is_part = |member: &Member| matches!(member.part, Ok(NamePart::Given | NamePart::Family));
    if !alone.iter().any(|(_, member)| is_part(member)) {
        alone.retain(|(_, member)| member.part.is_err());
    }
    if alone.len() < 2 {
        return;
    }
    for ((_, parent), _) in &mut alone {
        *parent = scene.first_of(*parent);
    }
    for members in objects(&mut alone) {
        pairs(index, scene, members, found);
    }
}

/// An object in a part of a message.
type Object = (Place, PathId);

/// The members of each object, in their order.
fn objects(members: &mut [(Object, Member)]) -> impl Iterator<Item = &[(Object, Member)]> {
    members.sort_by_key(|(object, _)| *object);
    members.chunk_by(|(one, _), (other, _)| one == other)
}

/// Looks at each member with those behind it.
fn pairs(
    index: &Index,
    scene: &Scene<'_>,
    members: &[(Object, Member)],
    found: &mut dyn FnMut(usize, Hit),
) {
    for (at, (_, one)) in members.iter().enumerate() {
        for (_, other) in members.iter().skip(at).skip(1).take(MEMBERS_BETWEEN) {
            for (given, family) in [(one, other), (other, one)] {
                if given.is_given_beside(*family) {
                    pair(index, scene, given.field, family.field, found);
                }
            }
        }
    }
}

fn pair(
    index: &Index,
    scene: &Scene<'_>,
    given: usize,
    family: usize,
    found: &mut dyn FnMut(usize, Hit),
) {
    let digest = |field: usize| {
        hex_bytes(scene.fields.get(field)?.value.as_bytes()).filter(|bytes| bytes.len() == 32)
    };
    if let (Some(given_name), Some(family_name)) = (digest(given), digest(family)) {
        let digests = [given_name, family_name];
        for slot in index.persons.get(key_of_digests(&digests)) {
            let way = way_of(index, slot).filter(|_| usize::from(slot.spelling) == HASHED);
            if way.is_some_and(|way| digests_of(&way) == digests) {
                let mut hit = Hit::of(slot.value);
                hit.steps.push(DecodeStep::Sha256);
                hit.is_digest = true;
                found(given.min(family), hit);
            }
        }
        return;
    }
    let part = |field: usize| -> Option<String> {
        let field = scene.fields.get(field)?;
        Some(joined(&spelling::lower(&field.value)).nfc().collect())
    };
    let (Some(given_name), Some(family_name)) = (part(given), part(family)) else {
        return;
    };
    let parts = [given_name, family_name];
    let letters: usize = parts.iter().map(String::len).sum();
    for slot in index.persons.get(key_of(&parts)) {
        if way_of(index, slot).as_ref() == Some(&parts) {
            let mut hit = Hit::of(slot.value);
            hit.is_weak = letters < SHORTEST_STRONG;
            found(given.min(family), hit);
        }
    }
}

/// The way to divide a name that a slot means.
fn way_of(index: &Index, slot: Slot) -> Option<[String; 2]> {
    let known = index.value(slot)?;
    let mut ways = divided(known.value.reveal()).into_iter();
    ways.nth(usize::from(slot.how))
}
