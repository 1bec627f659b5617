//! A DTLS 1.3 connection read with keys (RFC 9147): its records have short headers with encrypted numbers. Ciphers and keys are
//! made as in QUIC, under labels of their own.

use std::sync::Arc;

use super::super::session::Prospect;
use crate::model::{ContentState, Side};
use crate::protocol::cursor::Cursor;
use crate::protocol::keys::{KeyLog, Label};
use crate::protocol::quic::keys::{Keys, Secret, Suite};
use crate::protocol::quic::version::Labels;

/// RFC 9147 §4.2.3, §5.9: the prefix has no blank.
const LABELS: Labels = Labels {
    key: b"dtls13key",
    iv: b"dtls13iv",
    header: b"dtls13sn",
    update: b"dtls13traffic upd",
};

/// Epochs (RFC 9147 §6.1).
const EARLY: u64 = 1;
const HANDSHAKE: u64 = 2;
const APPLICATION: u64 = 3;

/// A record with the unified header (RFC 9147 §4).
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct Unified<'a> {
    header: &'a [u8],
    number_len: usize,
    /// What is protected.
    pub(in crate::protocol) payload: &'a [u8],
}

impl<'a> Unified<'a> {
    /// Reads the next record of a datagram. Those with a connection id, whose length nobody knows, are not read.
    pub(in crate::protocol) fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let first = *cursor.rest().first()?;
        if first & 0xf0 != 0x20 {
            return None;
        }
        let number_len = if first & 0x08 == 0 { 1 } else { 2 };
        let has_length = first & 0x04 != 0;
        let header_len = if has_length { 3_usize } else { 1 }.saturating_add(number_len);
        let header = cursor.take(header_len)?;
        let length = match header.last_chunk::<2>() {
            Some(length) if has_length => usize::from(u16::from_be_bytes(*length)),
            _ => cursor.rest().len(),
        };
        let payload = cursor.take(length)?;
        Some(Self {
            header,
            number_len,
            payload,
        })
    }

    /// Whether a record is of that epoch, of which it shows the last two bits.
    fn may_be_of(&self, epoch: u64) -> bool {
        let first = self.header.first().copied().unwrap_or_default();
        u64::from(first & 0x03) == epoch & 0x03
    }
}

/// What a record holds.
#[derive(Debug)]
pub(in crate::protocol) struct Inner {
    /// Content type.
    pub(in crate::protocol) kind: u8,
    pub(in crate::protocol) content: Vec<u8>,
}

/// A record that stays closed.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct Closed {
    /// Which of its side's records of applications it is, counted from 1.
    pub(in crate::protocol) number: u64,
    pub(in crate::protocol) why: &'static str,
}

/// Keys with the largest number that they opened.
struct Opener {
    keys: Keys,
    largest: Option<u64>,
}

impl Opener {
    fn new(suite: Suite, secret: &[u8]) -> Option<Self> {
        let keys = Keys::derive(suite, &LABELS, secret)?;
        Some(Self {
            keys,
            largest: None,
        })
    }

    fn open(&mut self, record: Unified<'_>) -> Option<Inner> {
        let Unified {
            header,
            number_len,
            payload,
        } = record;
        let header = self.keys.header.open_record(header, number_len, payload)?;
        let number = header.number(self.largest);
        let mut content = self.keys.packet.open(&header, number)?;
        self.largest = self.largest.max(Some(number));
        while content.last() == Some(&0) {
            content.pop();
        }
        let kind = content.pop()?;
        Some(Inner { kind, content })
    }
}

/// What one side sends.
struct End {
    early: Option<Opener>,
    handshake: Option<Opener>,
    data: Option<Opener>,
    /// From which the keys of the next epoch follow.
    secret: Option<Secret>,
    /// That of `data`.
    epoch: u64,
    /// Records of applications that were opened, and that were not.
    opened: u64,
    lost: u64,
}

/// A connection.
pub(super) struct Connection {
    suite: Suite,
    client: End,
    server: End,
}

impl Connection {
    /// Looks for the secrets of a connection.
    pub(super) fn derive(
        log: &Arc<KeyLog>,
        random: &[u8; 32],
        suite: Option<u16>,
    ) -> Result<Self, Prospect> {
        let secret = |label| log.secret(label, random);
        let [client, server] = [Label::ClientTraffic0, Label::ServerTraffic0].map(secret);
        if client.is_none() && server.is_none() {
            return Err(Prospect::Hopeless(ContentState::NoKey));
        }
        let Some(suite) = suite.and_then(Suite::of) else {
            return Err(Prospect::Hopeless(ContentState::UnsupportedCipher));
        };
        let opener = |secret: Option<&[u8]>| {
            let fitting = secret.filter(|secret| suite.fits(secret));
            fitting.and_then(|secret| Opener::new(suite, secret))
        };
        let end = |handshake, data: Option<&[u8]>, early| End {
            early,
            handshake: opener(secret(handshake)),
            data: opener(data),
            secret: data.map(|secret| Secret::new(secret.to_vec())),
            epoch: APPLICATION,
            opened: 0,
            lost: 0,
        };
        let early = opener(secret(Label::ClientEarlyTraffic));
        Ok(Self {
            suite,
            client: end(Label::ClientHandshakeTraffic, client, early),
            server: end(Label::ServerHandshakeTraffic, server, None),
        })
    }

    fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Opens a record. Nothing comes of one of a handshake whose secret is not there.
    pub(super) fn open(
        &mut self,
        side: Side,
        record: Unified<'_>,
    ) -> Option<Result<Inner, Closed>> {
        let suite = self.suite;
        let end = self.end(side);
        if let Some(opened) = end.open(suite, record) {
            return Some(Ok(opened));
        }
        if record.may_be_of(HANDSHAKE) && end.epoch == APPLICATION {
            return None;
        }
        end.lost = end.lost.saturating_add(1);
        let why = if end.data.is_none() {
            "the key log has no secret for this direction"
        } else {
            "the keys do not open it: damaged, or behind lost key updates"
        };
        let number = end.opened.saturating_add(end.lost);
        Some(Err(Closed { number, why }))
    }

    /// In which state the contents are; what the client sent decides.
    pub(super) fn content(&self) -> ContentState {
        let (client, server) = (&self.client, &self.server);
        let opened = client.opened.saturating_add(server.opened);
        let lost = client.lost.saturating_add(server.lost);
        let is_closed = |end: &End| end.opened == 0 && end.lost > 0 && end.data.is_none();
        match (opened, lost) {
            (_, 0) => ContentState::Decrypted,
            _ if is_closed(client) => ContentState::NoKey,
            (0, _) if is_closed(server) && client.lost == 0 => ContentState::NoKey,
            (0, _) => ContentState::Damaged,
            _ => ContentState::PartlyDecrypted,
        }
    }
}

impl End {
    fn open(&mut self, suite: Suite, record: Unified<'_>) -> Option<Inner> {
        let opened = self.open_data(suite, record).or_else(|| {
            let early = self.early.as_mut().filter(|_| record.may_be_of(EARLY))?;
            early.open(record)
        });
        if opened.is_some() {
            self.opened = self.opened.saturating_add(1);
            return opened;
        }
        let handshake = self
            .handshake
            .as_mut()
            .filter(|_| record.may_be_of(HANDSHAKE))?;
        handshake.open(record)
    }

    /// With the keys of applications, or those that follow them (RFC 9147 §8).
    fn open_data(&mut self, suite: Suite, record: Unified<'_>) -> Option<Inner> {
        let data = self.data.as_mut()?;
        if record.may_be_of(self.epoch) {
            return data.open(record);
        }
        let next = self.epoch.saturating_add(1);
        if !record.may_be_of(next) {
            return None;
        }
        let secret = suite.next_secret(&LABELS, self.secret.as_ref()?)?;
        let mut ahead = Opener::new(suite, &secret)?;
        let opened = ahead.open(record)?;
        self.data = Some(ahead);
        self.secret = Some(secret);
        self.epoch = next;
        Some(opened)
    }
}
