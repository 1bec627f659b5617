//! Telegram's `MTProto` on TCP (core.telegram.org/mtproto/mtproto-transports): which transport, plain or obfuscated, and the id
//! of the key, which stands readable before each message and is the same in all connections of an installation.
//!
//! The obfuscation carries its own key, so that it can be undone; with the secret of a proxy in it, it cannot.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};

use data_encoding::HEXLOWER;

use super::cursor::Cursor;
use super::message::Draft;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "telegram";
/// What a client sends before its first obfuscated message.
const OBFUSCATION_BYTES: usize = 64;

/// Telegram.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe: |probe| {
        if probe.transport != Transport::Tcp {
            return Verdict::No;
        }
        match mtproto(probe.client) {
            Verdict::No => obfuscated(probe),
            verdict => verdict,
        }
    },
    start: |_| Box::new(Telegram::default()),
    content: ContentState::OwnProtocol,
};

/// How messages are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Abridged,
    Intermediate,
    Padded,
}

impl Framing {
    /// By the tag in four bytes: the first bytes of a plain connection, or those inside the obfuscation.
    fn of(tag: &[u8]) -> Option<Self> {
        match tag {
            [0xef, 0xef, 0xef, 0xef] => Some(Self::Abridged),
            [0xee, 0xee, 0xee, 0xee] => Some(Self::Intermediate),
            [0xdd, 0xdd, 0xdd, 0xdd] => Some(Self::Padded),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Abridged => "abridged",
            Self::Intermediate => "intermediate",
            Self::Padded => "padded intermediate",
        }
    }

    /// The id of the key of the first message: zero while a key is agreed on.
    fn key_id(self, messages: &[u8]) -> Option<[u8; 8]> {
        let mut cursor = Cursor::new(messages);
        match self {
            Self::Abridged if cursor.u8()? & 0x7f == 0x7f => {
                cursor.u24()?;
            }
            Self::Abridged => {}
            Self::Intermediate | Self::Padded => {
                cursor.u32()?;
            }
        }
        cursor.rest().first_chunk::<8>().copied()
    }
}

/// Abridged, intermediate and padded intermediate. The first message is either in clear (key id zero) or fills its length.
fn mtproto(bytes: &[u8]) -> Verdict {
    let mut cursor = Cursor::new(bytes);
    let length = match bytes {
        [0xef, 0x7f, a, b, c, ..] => {
            let _ = cursor.take(5);
            usize::try_from(u32::from_le_bytes([*a, *b, *c, 0])).ok()
        }
        [0xef, words @ 1..=0x7e, ..] => {
            let _ = cursor.take(2);
            Some(usize::from(*words))
        }
        [0xee, 0xee, 0xee, 0xee, rest @ ..] | [0xdd, 0xdd, 0xdd, 0xdd, rest @ ..] => {
            let _ = cursor.take(8);
            let length = rest
                .first_chunk::<4>()
                .map(|length| u32::from_le_bytes(*length));
            length.and_then(|length| usize::try_from(length / 4).ok())
        }
        [0xef] | [0xee, 0xee, ..] | [0xdd, 0xdd, ..] if bytes.len() < 8 => return Verdict::More,
        _ => return Verdict::No,
    };
    let (Some(length), rest) = (length.map(|words| words.saturating_mul(4)), cursor.rest()) else {
        return Verdict::More;
    };
    // key id, message id or key, at least one block
    if length < 24 {
        return Verdict::No;
    }
    let is_in_clear = rest.starts_with(&[0; 8]);
    let padding = rest.len().saturating_sub(length);
    if is_in_clear || (rest.len() >= length && padding < 16) {
        Verdict::Yes
    } else if rest.len() < length {
        Verdict::More
    } else {
        Verdict::No
    }
}

/// Random bytes that hold the key under which they name the framing. Not asked for more behind an answer, or where text speaks.
fn obfuscated(probe: &Probe<'_>) -> Verdict {
    if let Some(opening) = probe.client.first_chunk::<OBFUSCATION_BYTES>() {
        return match Opening::read(opening) {
            Some(_) => Verdict::Yes,
            None => Verdict::No,
        };
    }
    let is_text = probe
        .client
        .iter()
        .all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~'));
    if probe.client.is_empty() || is_text || !probe.server.is_empty() {
        Verdict::No
    } else {
        Verdict::More
    }
}

/// The opening of an obfuscated connection.
struct Opening {
    framing: Framing,
    /// Number of the data centre; negative for media, beyond 10,000 for tests.
    data_centre: i16,
    cipher: Ctr128BE<Aes256>,
}

impl Opening {
    /// Bytes 8 to 39 are the key, the 16 behind them the counter; from 56 on they are encrypted with it.
    fn read(opening: &[u8; OBFUSCATION_BYTES]) -> Option<Self> {
        let key = opening.get(8..40)?;
        let counter = opening.get(40..56)?;
        let mut cipher = Ctr128BE::<Aes256>::new_from_slices(key, counter).ok()?;
        let mut plain = *opening;
        cipher.apply_keystream(&mut plain);
        let framing = Framing::of(plain.get(56..60)?)?;
        let data_centre = i16::from_le_bytes(*plain.get(60..)?.first_chunk::<2>()?);
        Some(Self {
            framing,
            data_centre,
            cipher,
        })
    }
}

/// What the beginning of a connection says.
#[derive(Debug)]
struct Said {
    framing: Framing,
    /// Of an obfuscated connection only.
    data_centre: Option<i16>,
    /// `None` if the first message is not there yet.
    key_id: Option<[u8; 8]>,
}

impl Said {
    fn read(client: &[u8]) -> Option<Self> {
        let plain = match client {
            [0xef, rest @ ..] => Some((Framing::Abridged, rest)),
            [a, b, c, d, rest @ ..] => {
                Framing::of(&[*a, *b, *c, *d]).map(|framing| (framing, rest))
            }
            _ => None,
        };
        if let Some((framing, messages)) = plain {
            return Some(Self {
                framing,
                data_centre: None,
                key_id: framing.key_id(messages),
            });
        }
        let (opening, messages) = client.split_first_chunk::<OBFUSCATION_BYTES>()?;
        let mut opening = Opening::read(opening)?;
        let mut messages = messages.to_vec();
        opening.cipher.apply_keystream(&mut messages);
        Some(Self {
            framing: opening.framing,
            data_centre: Some(opening.data_centre),
            key_id: opening.framing.key_id(&messages),
        })
    }
}

#[derive(Debug, Default)]
struct Telegram {
    /// What the client sent first.
    client: Vec<u8>,
    last: Origin,
    is_told: bool,
}

impl Dissector for Telegram {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_told || chunk.side != Side::Client {
            return;
        }
        self.last = chunk.origin;
        let room = limits::TELEGRAM_OPENING_BYTES.saturating_sub(self.client.len());
        let bytes = chunk.bytes.get(..room).unwrap_or(chunk.bytes);
        self.client.extend_from_slice(bytes);
        let is_whole = Said::read(&self.client).is_some_and(|said| said.key_id.is_some());
        if is_whole || self.client.len() >= limits::TELEGRAM_OPENING_BYTES {
            self.tell(emit);
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if side == Side::Client && !self.is_told {
            self.tell(emit);
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.is_told {
            self.tell(emit);
        }
    }
}

impl Telegram {
    fn tell(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        self.is_told = true;
        let mut draft = Draft::new(NAME, "signature", Side::Client);
        if let Some(said) = Said::read(&self.client) {
            let is_obfuscated = said.data_centre.is_some();
            draft.add("transport", said.framing.as_str());
            draft.add("obfuscated", if is_obfuscated { "yes" } else { "no" });
            if let Some(data_centre) = said.data_centre {
                draft.add("data-centre", &data_centre.to_string());
            }
            match said.key_id {
                Some([0, 0, 0, 0, 0, 0, 0, 0]) => draft.add("step", "key agreement"),
                Some(id) => draft.add("auth-key-id", &HEXLOWER.encode(&id)),
                None => {}
            }
        }
        draft.signed("telegram-mtproto").emit(self.last, emit);
        self.client = Vec::new();
        emit(Output::Opaque(ContentState::OwnProtocol));
    }
}
