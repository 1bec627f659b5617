//! Known values in names of hosts, as lookups and handshakes show them to everybody on the way: identifiers and digests in labels.

use super::scan::{Hit, Scanner};
use super::{Scene, Spot, report, take};
use crate::model::{DecodeChain, KnownKind, Look, PathId, Tally};
use crate::payload::{self, Decoded};

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
        known.is_some_and(|known| hit.is_digest || is_identifier(known.kind))
    };
    hits.retain(|hit| !hit.is_weak && tells(hit));
    let chain = DecodeChain::default();
    let spot = Spot {
        place: None,
        path: PathId::default(),
        chain: &chain,
    };
    let mut found = Vec::new();
    take(&mut hits, || spot, &mut found);
    let labels = name
        .split('.')
        .filter(|label| label.len() >= SHORTEST_ENCODED);
    let labels: Vec<Decoded<'_>> = labels.map(payload::decode_text).collect();
    let mut scanner = Scanner::new(index);
    for fields in labels.iter().map(|label| &label.fields) {
        for field in fields.iter().skip(1) {
            scanner.text(&field.value, field.look, &mut hits);
            hits.retain(|hit| !hit.is_weak && hit.form.is_none());
            let chain = fields.chain(field.chain);
            take(&mut hits, || Spot { chain, ..spot }, &mut found);
        }
    }
    report(scene, tally, &found, &looked);
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
