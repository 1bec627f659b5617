//! Known values in names of hosts, as lookups and handshakes show them to everybody on the way: identifiers and digests in labels.

use super::scan::{Hit, Scanner, Scarce};
use super::{Scene, Spot, cell, position, report, take};
use crate::model::{DecodeChain, KnownKind, KnownValue, Look, PathId, Tally};
use crate::payload::{self, Decoded};

/// Digits of an account that is no word with a number behind it.
const ACCOUNT_DIGITS: usize = 3;
/// Shortest label that may be the name of a cell: shorter ones are words with a number.
const SHORTEST_CELL: usize = 7;
/// Shortest label that something may be encoded in.
const SHORTEST_ENCODED: usize = 16;

/// Digits of a number that is looked for in what a label encodes.
const LONG_NUMBER: usize = 11;

/// Looks for identifiers in the name of a host, and for all values in what its labels encode.
pub(super) fn inspect(scene: &Scene<'_>, name: &str, tally: &mut Tally) {
    let index = scene.known;
    let (mut scanner, mut hits) = (Scanner::new(index), Vec::new());
    scanner.text(name, Look::of(name), &mut hits);
    let mut looked = scanner.finish();
    if hits.iter().any(|hit| hit.form.is_some()) {
        let mut scanner = Scanner::counting(index);
        scanner.text(name, Look::of(name), &mut Vec::new());
        looked = scanner.finish();
    }
    // Names of companies and networks are those of people and of what they write, too.
    let tells = |hit: &Hit| {
        let known = usize::try_from(hit.value).ok();
        let known = known.and_then(|value| index.values.get(value));
        known.is_some_and(|known| hit.is_digest || is_no_word(known))
    };
    hits.retain(|hit| !hit.is_weak && tells(hit));
    let chain = DecodeChain::default();
    let spot = Spot {
        place: None,
        path: PathId::default(),
        chain: &chain,
    };
    let mut found = Vec::new();
    let labels = name.split('.');
    for label in labels.clone().filter(|label| label.len() >= SHORTEST_CELL) {
        cell::cell(&index.places, label, &mut |hit| hits.push(hit));
    }
    take(&mut hits, || spot, &mut found);
    let texts = encoded(&labels.collect::<Vec<_>>());
    let decoded = texts.iter().map(|text| payload::decode_text(text));
    // Of these the first field is the label itself.
    let decoded = decoded.map(|label| (label, 1));
    let of_base32 = texts.iter().filter_map(|text| payload::decode_base32(text));
    let of_base32 = of_base32.map(|label| (label, 0));
    let labels: Vec<(Decoded<'_>, usize)> = decoded.chain(of_base32).collect();
    let mut scanner = Scanner::new(index);
    for (fields, own) in labels.iter().map(|(label, own)| (&label.fields, *own)) {
        for field in fields.iter().skip(own) {
            scanner.text(&field.value, field.look, &mut hits);
            hits.retain(|hit| !hit.is_weak && hit.form.is_none_or(is_long));
            position::within_text(&index.places, &field.value, &mut |hit| hits.push(hit));
            let chain = fields.chain(field.chain);
            take(&mut hits, || Spot { chain, ..spot }, &mut found);
        }
    }
    report(scene, tally, &found, &looked);
}

/// Texts that something may be encoded in: long labels, and those behind each other that are one text cut to labels of one length and
/// a rest.
fn encoded(labels: &[&str]) -> Vec<String> {
    let mut texts = Vec::new();
    for (position, label) in labels.iter().enumerate() {
        if label.len() < SHORTEST_ENCODED {
            continue;
        }
        texts.push((*label).to_owned());
        let behind = labels.get(position.saturating_add(1)..).unwrap_or_default();
        let full = behind.iter().take_while(|next| next.len() == label.len());
        let full = full.count();
        let is_rest = |next: &&&str| next.len() < label.len();
        let rest = behind.get(full).filter(is_rest).map_or(0, |_| 1);
        let pieces = behind.get(..full.saturating_add(rest)).unwrap_or_default();
        if !pieces.is_empty() {
            texts.push(format!("{label}{}", pieces.concat()));
        }
    }
    texts
}

/// Whether a number in a label is so long that chance does not meet it.
fn is_long(form: Scarce) -> bool {
    matches!(form, Scarce::Number(LONG_NUMBER..))
}

/// Whether a value is no word, as those of a kind are, and accounts with a number or an underscore in them.
fn is_no_word(known: &KnownValue) -> bool {
    let digits = || {
        known
            .value
            .reveal()
            .bytes()
            .filter(u8::is_ascii_digit)
            .count()
    };
    // Names of hosts have no underscore but before those of services (RFC 952, RFC 8552).
    let is_account = || digits() >= ACCOUNT_DIGITS || known.value.reveal().contains('_');
    known.is_digest
        || known.kind == KnownKind::AccountId && is_account()
        || is_identifier(known.kind)
}

/// Whether values of a kind are no words.
fn is_identifier(kind: KnownKind) -> bool {
    matches!(
        kind,
        KnownKind::Phone
            | KnownKind::Imei
            | KnownKind::Sim
            | KnownKind::Serial
            | KnownKind::Mac
            | KnownKind::Bssid
            | KnownKind::AdvertisingId
            | KnownKind::DeviceId
            | KnownKind::Digest
    )
}
