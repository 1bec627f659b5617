//! Known values in names of hosts, as lookups and handshakes show them to everybody on the way: identifiers and digests in labels.

use super::scan::{Hit, Scanner};
use super::{Scene, Spot, cell, position, report, take};
use crate::model::{DecodeChain, KnownKind, KnownValue, Look, PathId, Tally};
use crate::payload::{self, Decoded};

/// Digits of an account that is no word with a number behind it.
const ACCOUNT_DIGITS: usize = 3;
/// Shortest label that may be the name of a cell: shorter ones are words with a number.
const SHORTEST_CELL: usize = 7;
/// Shortest label that something may be encoded in.
const SHORTEST_ENCODED: usize = 16;

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
    let labels = labels.filter(|label| label.len() >= SHORTEST_ENCODED);
    let labels: Vec<Decoded<'_>> = labels.map(payload::decode_text).collect();
    let mut scanner = Scanner::new(index);
    for fields in labels.iter().map(|label| &label.fields) {
        for field in fields.iter().skip(1) {
            scanner.text(&field.value, field.look, &mut hits);
            hits.retain(|hit| !hit.is_weak && hit.form.is_none());
            position::within_text(&index.places, &field.value, &mut |hit| hits.push(hit));
            let chain = fields.chain(field.chain);
            take(&mut hits, || Spot { chain, ..spot }, &mut found);
        }
    }
    report(scene, tally, &found, &looked);
}

/// Whether a value is no word, as those of a kind are, and accounts with a number in them.
fn is_no_word(known: &KnownValue) -> bool {
    let digits = || {
        known
            .value
            .reveal()
            .bytes()
            .filter(u8::is_ascii_digit)
            .count()
    };
    known.kind == KnownKind::AccountId && digits() >= ACCOUNT_DIGITS || is_identifier(known.kind)
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
