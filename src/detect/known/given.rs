//! Values of which the auditor gave only digests, so that the list need not leave the safe: what is sent is hashed as apps would
//! hash it, and compared.

use super::super::{Scene, value};
use super::index::Index;
use super::recipe::{GIVEN, given, start};
use super::scan::Hit;
use super::spelling;
use crate::model::{KnownKind, KnownValue, Look};

/// Bytes of a value that can be an address, a number or an account.
const VALUE_BYTES: std::ops::RangeInclusive<usize> = 4..=320;
/// Digits of phone numbers, and of devices.
const SHORTEST_NUMBER: usize = 6;
const LONGEST_NUMBER: usize = 16;

/// Looks for sent values whose digests were given.
pub(super) fn fields(index: &Index, scene: &Scene<'_>, found: &mut dyn FnMut(usize, Hit)) {
    if index.of_given.is_empty() {
        return;
    }
    for (position, field) in scene.fields.iter().enumerate() {
        each_value(&field.value, field.look, &mut |text| {
            let hits = kinds(text).into_iter().flatten();
            let hits = hits.map(|kind| compare(index, text, kind));
            let first = hits.into_iter().find(|hits| !hits.is_empty());
            for hit in first.into_iter().flatten() {
                found(position, hit);
            }
        });
    }
}

/// The whole text, and the addresses and numbers in it.
fn each_value(text: &str, look: Look, see: &mut dyn FnMut(&str)) {
    let whole = text.trim();
    if VALUE_BYTES.contains(&whole.len()) {
        see(whole);
    }
    if look.is_all(Look::DIGIT) {
        return;
    }
    let is_mark = |mark: char| ",;|<>{}\"'=\t\n".contains(mark);
    let is_separator = |mark: char| mark.is_whitespace() || is_mark(mark) || "()[]:".contains(mark);
    let is_address = |part: &&str| {
        let digits = || part.bytes().filter(u8::is_ascii_digit).count();
        part.len() < whole.len()
            && VALUE_BYTES.contains(&part.len())
            && (part.contains('@') || digits() >= SHORTEST_NUMBER)
    };
    // Numbers have spaces between their groups.
    let parts = text.split(is_mark).map(str::trim);
    parts.filter(is_address).for_each(&mut *see);
    let words = text.split(is_separator);
    words.filter(is_address).for_each(&mut *see);
    // `v2.493023125111.277e63ed`: numbers among letters.
    let is_number = |run: &&str| {
        (SHORTEST_NUMBER..=LONGEST_NUMBER).contains(&run.len()) && run.len() < whole.len()
    };
    let runs = text.split(|character: char| !character.is_ascii_digit());
    runs.filter(is_number).for_each(see);
}

/// What a value may be by its form: an account always, unless it is an address of mail.
fn kinds(text: &str) -> [Option<KnownKind>; 2] {
    let form = if text.contains('@') {
        value::is_email(text).then_some(KnownKind::Email)
    } else if value::is_hardware_address(text) {
        Some(KnownKind::Mac)
    } else if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
        Some(KnownKind::AdvertisingId)
    } else {
        value::phone_anywhere(text).map(|_| KnownKind::Phone)
    };
    let account = (form != Some(KnownKind::Email)).then_some(KnownKind::AccountId);
    [form, account]
}

fn compare(index: &Index, text: &str, kind: KnownKind) -> Vec<Hit> {
    let mut hits = Vec::new();
    // A national number is hashed as an international one.
    let number = (kind == KnownKind::Phone)
        .then(|| value::phone_anywhere(text))
        .flatten();
    let known = KnownValue::own(kind, number.as_ref().map_or(text, |number| &number.e164));
    let spellings = spelling::spellings(&known).into_iter();
    for spelling in spellings.filter(|spelling| spelling.is_hashed) {
        for recipe in &index.of_given {
            let digest = recipe.compute(spelling.text.as_bytes());
            let Some((digest, start)) = digest.and_then(|all| start(&all).map(|it| (all, it)))
            else {
                continue;
            };
            let slots = index.digests.by_start.get(start);
            for slot in slots.filter(|slot| slot.spelling == GIVEN) {
                let known = index.value(slot);
                let expected = known.and_then(|known| given(known.value.reveal()));
                if expected.is_some_and(|expected| digest.starts_with(&expected)) {
                    // A list may say what it is.
                    let told = known.map(|known| known.kind);
                    let told = told.filter(|kind| *kind != KnownKind::Digest);
                    hits.push(Hit {
                        sent: Some(told.unwrap_or(kind)),
                        ..Hit::of(slot.value)
                    });
                }
            }
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::super::tests::{EMAIL, PHONE, hex, rules_of_known};
    use super::*;

    fn found(given: &str, body: &str) -> Vec<String> {
        let digest = hex(&Sha256::digest(given));
        let list = vec![KnownValue::of_contact(KnownKind::Digest, &digest)];
        rules_of_known(list, "application/json", body.as_bytes())
    }

    #[test]
    fn what_is_sent_is_compared_with_digests_that_are_given() {
        for body in [
            r#"{"v": "+493023125111"}"#,
            r#"{"v": "030 23125111"}"#,
            r#"{"v": "Erika <x@post.example>, +49 30 23125111"}"#,
        ] {
            assert_eq!(found(PHONE, body).len(), 1, "{body}");
        }
        assert_eq!(
            found(PHONE, r#"{"v": "v2.493023125111.277e63ed"}"#).len(),
            1
        );
        assert_eq!(
            found(EMAIL, r#"{"v": "Erika.Beispiel@post.example"}"#),
            ["contact-email-list"]
        );
        assert_eq!(
            found(EMAIL, r#"{"v": "To: <erika.beispiel@post.example>"}"#),
            ["contact-email-list"]
        );
        assert_eq!(
            found("kd-4711-0815", r#"{"v": "kd-4711-0815"}"#),
            ["account-id"]
        );
        assert!(found(EMAIL, r#"{"v": "otto.beispiel@post.example"}"#).is_empty());
    }

    #[test]
    fn what_a_list_says_of_its_digests_is_said_of_what_is_sent() {
        let imei = "490154203237518";
        let digest = |text: &str| hex(&Sha256::digest(text));
        let known = |kind, text| KnownValue {
            is_digest: true,
            ..KnownValue::own(kind, &digest(text))
        };
        let list = || vec![known(KnownKind::Imei, imei), known(KnownKind::Phone, PHONE)];
        let found = |body: &str| rules_of_known(list(), "application/json", body.as_bytes());
        assert_eq!(found(&format!(r#"{{"v": "{imei}"}}"#)), ["hardware-id"]);
        let sent = format!(r#"{{"v": "{}"}}"#, digest(imei));
        assert_eq!(found(&sent), ["hardware-id"]);
        assert_eq!(found(r#"{"v": "+493023125111"}"#), ["own-msisdn"]);
        let sent = format!(r#"{{"v": "{}"}}"#, digest(PHONE));
        assert_eq!(found(&sent), ["email-or-phone-hash"]);
    }
}
