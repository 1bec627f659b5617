//! WhatsApp's own chat protocol on TCP: the prologue, and what its oldest form said in clear before encryption began.
//!
//! Today: `WA`, versions, then a Noise handshake (the form is public in free clients). Until about 2016: `WA`, versions, then
//! `FunXMPP`, a binary XML whose stream opening and login were not yet encrypted.

use super::cursor::Cursor;
use super::message::{Draft, readable};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "whatsapp";

/// WhatsApp chat.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(WhatsApp::default()),
    content: ContentState::OwnProtocol,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    match prologue(probe.client) {
        Prologue::Found { .. } => Verdict::Yes,
        Prologue::More => Verdict::More,
        Prologue::Other => Verdict::No,
    }
}

enum Prologue {
    Other,
    More,
    Found {
        signature: &'static str,
        version: [u8; 2],
        length: usize,
    },
}

/// `WA` and two version bytes, possibly behind `ED`, which routes to a server near by.
fn prologue(bytes: &[u8]) -> Prologue {
    let (routed, bytes_behind) = match edge_routing(bytes) {
        Ok(length) => (length, bytes.get(length..).unwrap_or_default()),
        Err(verdict) => return verdict,
    };
    match bytes_behind {
        [b'W', b'A', version @ 1..=15, dictionary @ 0..=15, ..] => Prologue::Found {
            signature: match (routed > 0, version) {
                (true, _) => "whatsapp-edge-routing",
                (false, 1) => "whatsapp-noise-old",
                (false, _) => "whatsapp-noise",
            },
            version: [*version, *dictionary],
            length: routed.saturating_add(4),
        },
        [] if routed > 0 => Prologue::More,
        [b'W'] | [b'W', b'A'] | [b'W', b'A', 1..=15] => Prologue::More,
        _ => Prologue::Other,
    }
}

/// Length of `ED`, 00 01, a 24-bit length and that many bytes; 0 without it.
fn edge_routing(bytes: &[u8]) -> Result<usize, Prologue> {
    let Some(rest) = bytes.strip_prefix(b"ED") else {
        return if bytes == b"E" {
            Err(Prologue::More)
        } else {
            Ok(0)
        };
    };
    let mut cursor = Cursor::new(rest);
    match (cursor.u16(), cursor.vector24()) {
        (Some(1), Some(routing)) => Ok(routing.len().saturating_add(7)),
        (Some(1), None) if rest.len() < limits::WHATSAPP_ROUTING_BYTES => Err(Prologue::More),
        (None, _) if [0, 1].starts_with(rest) => Err(Prologue::More),
        _ => Err(Prologue::Other),
    }
}

#[derive(Default)]
struct WhatsApp {
    client: Vec<u8>,
    origin: Origin,
    is_over: bool,
}

impl Dissector for WhatsApp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_over || chunk.side == Side::Server {
            return;
        }
        self.origin = chunk.origin;
        self.client.extend_from_slice(chunk.bytes);
        let Prologue::Found {
            signature,
            version,
            length,
        } = prologue(&self.client)
        else {
            return;
        };
        let [major, minor] = version;
        if major > 1 {
            Draft::new(NAME, "prologue", Side::Client)
                .with("version", &format!("{major}.{minor}"))
                .signed(signature)
                .emit(chunk.origin, emit);
            self.end(emit);
            return;
        }
        let frames = self.client.get(length..).unwrap_or_default();
        let opening = Opening::read(frames);
        if opening.is_complete || frames.len() > limits::WHATSAPP_OPENING_BYTES {
            self.conclude(chunk.origin, emit);
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if side == Side::Client && !self.is_over {
            self.end(emit);
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.is_over {
            self.conclude(self.origin, emit);
        }
    }
}

impl WhatsApp {
    /// Hands out the opening of the old form.
    fn conclude(&mut self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        if let Prologue::Found {
            signature, length, ..
        } = prologue(&self.client)
        {
            let opening = Opening::read(self.client.get(length..).unwrap_or_default());
            let mut draft = Draft::new(NAME, "stream", Side::Client).signed(signature);
            draft.add_some("platform", opening.platform.as_deref());
            draft.add_some("phone-number", opening.number.as_deref());
            draft.emit(origin, emit);
        }
        self.end(emit);
    }

    fn end(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.is_over = true;
        self.client = Vec::new();
        emit(Output::Opaque(ContentState::OwnProtocol));
    }
}

/// What the frames before encryption say: the XMPP resource, which is platform and version (`Android-2.12.84-443`), and the
/// user, who is a phone number.
#[derive(Debug, Default, PartialEq, Eq)]
struct Opening {
    platform: Option<String>,
    number: Option<String>,
    is_complete: bool,
}

impl Opening {
    /// Frames have a 24-bit length whose top four bits are flags; the top one says that the frame is encrypted.
    fn read(bytes: &[u8]) -> Self {
        let mut opening = Self::default();
        let mut cursor = Cursor::new(bytes);
        while let Some(header) = cursor.u24() {
            let is_encrypted = header & 0x80_0000 != 0;
            let frame = usize::try_from(header & 0x0f_ffff)
                .ok()
                .and_then(|length| cursor.take(length));
            let (false, Some(frame)) = (is_encrypted, frame) else {
                opening.is_complete = is_encrypted;
                break;
            };
            for text in texts(frame) {
                let is_number = (6..=15).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_digit());
                if is_number {
                    opening.number.get_or_insert(text);
                    opening.is_complete = true;
                } else if text.contains('-') && text.contains('.') {
                    opening.platform.get_or_insert(text);
                }
            }
        }
        opening
    }
}

/// The texts of a `FunXMPP` node that are not words of its dictionary.
fn texts(frame: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut cursor = Cursor::new(frame);
    while let Some(token) = cursor.u8() {
        let text = match token {
            // lists of up to 255 and 65,535 items: their items follow
            0xf8 => cursor.u8().map(|_| None),
            0xf9 => cursor.u16().map(|_| None),
            // bytes behind an 8- or 24-bit length
            0xfc => cursor
                .vector8()
                .map(|bytes| readable(bytes).map(str::to_owned)),
            0xfd => cursor
                .vector24()
                .map(|bytes| readable(bytes).map(str::to_owned)),
            // digits, two a byte
            0xff => packed_digits(&mut cursor).map(Some),
            // a word of the dictionary
            _ => Some(None),
        };
        match text {
            None => break,
            Some(text) => texts.extend(text),
        }
    }
    texts
}

/// A count of bytes, its top bit set if the last half is filler, then digits, `-` and `.` in half bytes.
fn packed_digits(cursor: &mut Cursor<'_>) -> Option<String> {
    let head = cursor.u8()?;
    let packed = cursor.take(usize::from(head & 0x7f))?;
    let mut text = String::new();
    for byte in packed {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.push(match nibble {
                0..=9 => char::from_digit(u32::from(nibble), 10)?,
                10 => '-',
                11 => '.',
                _ => break,
            });
        }
    }
    Some(text)
}
