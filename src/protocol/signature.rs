//! Protocols of apps' own that are encrypted, recognised by the form of their first bytes: one message says which, and then
//! nothing more is read. A new one is a constant here and one line in the table of protocols.

use super::message::Draft;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::model::{ContentState, Side, Transport};

/// Says once which protocol a flow speaks.
struct Recognised {
    protocol: &'static str,
    /// Id of the wire signature, as in `rules/signatures.toml`.
    signature: &'static str,
    is_told: bool,
}

impl Dissector for Recognised {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        Draft::new(self.protocol, "signature", chunk.side)
            .signed(self.signature)
            .emit(chunk.origin, emit);
        emit(Output::Opaque(ContentState::OwnProtocol));
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

/// An entry of the table of protocols that is nothing but a signature.
macro_rules! recognised {
    ($protocol:literal, $signature:literal, $probe:expr) => {
        Protocol {
            name: $protocol,
            probe: $probe,
            start: |_| {
                Box::new(Recognised {
                    protocol: $protocol,
                    signature: $signature,
                    is_told: false,
                })
            },
            content: ContentState::OwnProtocol,
        }
    };
}

/// Telegram calls through its reflectors.
pub(super) const TELEGRAM_CALL: Protocol = recognised!("telegram", "telegram-udp", |probe| {
    let is_port = [probe.client_port, probe.server_port]
        .iter()
        .any(|port| (500..=600).contains(port));
    datagram(probe, |bytes| is_port && is_reflector(bytes))
});

/// Threema's handshake: hello of 48 bytes, answer of 80.
pub(super) const THREEMA: Protocol = recognised!("threema", "threema-handshake", |probe| {
    if !matches!(probe.server_port, 5222 | 443) {
        return Verdict::No;
    }
    let verdict = match (probe.client.len(), probe.server.len()) {
        (48, 80) if is_random(probe.client) && is_random(probe.server) => Verdict::Yes,
        (48, 0) if probe.server_port == 5222 && is_random(probe.client) => Verdict::More,
        _ => Verdict::No,
    };
    stream(probe, verdict)
});

/// Viber on TCP: the packet's length, little-endian, then marks at fixed places.
pub(super) const VIBER: Protocol = recognised!("viber", "viber-tcp", |probe| {
    let is_viber = [probe.client, probe.server]
        .into_iter()
        .any(|bytes| match bytes {
            [low, high, _, _, four, five, six, seven, _, nine, ten, ..] => {
                let length = usize::from(u16::from_le_bytes([*low, *high]));
                let is_first = [*six, *seven] == [0xfc, 0xff] && *nine == 0x80;
                let is_second = [*four, *five] == [0x03, 0x80] && *ten == 0x0a;
                length == bytes.len() && (is_first || is_second)
            }
            _ => false,
        });
    stream(probe, if is_viber { Verdict::Yes } else { Verdict::No })
});

/// Discord voice: the discovery of the client's own address (discord.com/developers, "IP Discovery"), and the pings between
/// client and server.
pub(super) const DISCORD: Protocol = recognised!("discord", "discord-voice", |probe| {
    datagram(probe, |bytes| match bytes {
        [0, 1 | 2, 0, 70, rest @ ..] => rest.len() == 70,
        [0x13, 0x37, 0xca, 0xfe, ..] => bytes.len() == 8,
        _ => false,
    })
});

/// Zoom's media servers: their frame around the media, with direction and kind at fixed places (Michel et al., "Enabling Passive
/// Measurement of Zoom Performance", IMC 2022, §4).
pub(super) const ZOOM: Protocol = recognised!("zoom", "zoom-media", |probe| {
    let is_port = (8801..=8810).contains(&probe.server_port);
    datagram(probe, |bytes| {
        is_port
            && matches!(
                bytes,
                [5, _, _, _, _, _, _, 0 | 4, 13 | 15 | 16 | 30 | 33..=35, ..]
            )
    })
});

/// `WeChat`'s MMTLS on TCP: records like those of TLS with versions of its own.
pub(super) const WECHAT: Protocol = recognised!("wechat", "wechat-mmtls", |probe| {
    stream(probe, mmtls(probe.client))
});

/// `KakaoTalk`'s LOCO: the key exchange of 256 bytes behind three little-endian numbers.
pub(super) const KAKAOTALK: Protocol = recognised!("kakaotalk", "kakaotalk-loco", |probe| {
    let verdict = match probe.client {
        [0, 1, 0, 0, 1..=20, 0, 0, 0, 1..=4, 0, 0, 0, key @ ..] => {
            if key.len() >= 256 {
                Verdict::Yes
            } else {
                Verdict::More
            }
        }
        _ => Verdict::No,
    };
    stream(probe, verdict)
});

fn stream(probe: &Probe<'_>, verdict: Verdict) -> Verdict {
    if probe.transport == Transport::Tcp {
        verdict
    } else {
        Verdict::No
    }
}

fn datagram(probe: &Probe<'_>, is_it: impl Fn(&[u8]) -> bool) -> Verdict {
    let is_known =
        probe.transport == Transport::Udp && (is_it(probe.client) || is_it(probe.server));
    if is_known { Verdict::Yes } else { Verdict::No }
}

/// A peer's tag of 16 bytes, then twelve bytes of ones to the reflector.
fn is_reflector(bytes: &[u8]) -> bool {
    let ones = bytes
        .get(16..)
        .unwrap_or_default()
        .iter()
        .take_while(|byte| **byte == 0xff)
        .count();
    bytes.len() >= 40 && ones == 12
}

/// Record type, version f103 or f104, a length; the hello's record is followed by others or ends the segment.
fn mmtls(bytes: &[u8]) -> Verdict {
    match bytes {
        [0x15..=0x17 | 0x19, 0xf1, 3 | 4, high, low, ..] => {
            let length = u16::from_be_bytes([*high, *low]);
            if length == 0 {
                Verdict::No
            } else {
                Verdict::Yes
            }
        }
        [0x15..=0x17 | 0x19]
        | [0x15..=0x17 | 0x19, 0xf1]
        | [0x15..=0x17 | 0x19, 0xf1, 3 | 4]
        | [0x15..=0x17 | 0x19, 0xf1, 3 | 4, _] => Verdict::More,
        _ => Verdict::No,
    }
}

/// Whether bytes look like key material: no text, and most values different.
fn is_random(bytes: &[u8]) -> bool {
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    distinct.saturating_mul(3) > bytes.len().saturating_mul(2)
        && !bytes
            .iter()
            .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}
