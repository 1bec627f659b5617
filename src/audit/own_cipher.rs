//! What an app encrypted by itself before it sent it, undone where a trace of its cipher operations shows what it was.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::limits::BODY_BYTES;
use crate::model::{Body, Event, Exchange, Observation, Plaintexts, Request, Sighting};
use crate::payload::Decoded;

/// Shortest text that can hold a block.
const SHORTEST_TEXT: usize = 11;

/// The plaintexts of what the client sent: of its body as a whole, and of fields in base64 or hexadecimal.
pub(super) fn undone(
    observation: &Observation,
    decoded: &Decoded<'_>,
    plaintexts: &Plaintexts,
) -> Vec<Observation> {
    let Event::Exchange(exchange) = &observation.sighting.event else {
        return Vec::new();
    };
    if plaintexts.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Vec<u8>> = Vec::new();
    found.extend(plaintexts.undo(&exchange.request.body.bytes));
    for field in &decoded.fields {
        let text = field.value.trim();
        if text.len() >= SHORTEST_TEXT {
            found.extend(
                candidates(text)
                    .iter()
                    .find_map(|bytes| plaintexts.undo(bytes)),
            );
        }
    }
    found.dedup();
    found
        .into_iter()
        .map(|plaintext| Observation {
            sighting: Sighting {
                event: Event::Exchange(read_as(&exchange.request, &plaintext)),
                ..observation.sighting.clone()
            },
            device: observation.device,
            app: observation.app.clone(),
        })
        .collect()
}

/// The request with what it meant as its body, and without what was in clear: that is found already.
fn read_as(request: &Request, plaintext: &[u8]) -> Exchange {
    let kept = plaintext.get(..BODY_BYTES).unwrap_or(plaintext);
    Exchange {
        request: Request {
            method: request.method.clone(),
            target: request.path().to_owned(),
            host: request.host.clone(),
            headers: Vec::new(),
            body: Body {
                bytes: kept.to_vec(),
                wire_len: plaintext.len() as u64,
                is_cut: kept.len() < plaintext.len(),
            },
        },
        response: None,
        is_protected: true,
    }
}

/// The bytes that a text may stand for.
fn candidates(text: &str) -> Vec<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    let mut candidates = vec![text.as_bytes().to_vec()];
    if text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let bytes = text
            .as_bytes()
            .chunks_exact(2)
            .filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        candidates.push(bytes.collect());
    }
    candidates.extend(STANDARD.decode(text).ok());
    candidates.extend(URL_SAFE.decode(text).ok());
    candidates
}
