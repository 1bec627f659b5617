//! The first bytes of a flow, while its protocol is not known: what is kept of them, and what they tell.

use crate::limits;
use crate::model::{Origin, Side, Transport};
use crate::protocol::{Chunk, Kind, Probe, Protocol, Started, Verdict, begin_plain};

use super::dissection::Setting;

/// The first bytes of a flow while its protocol is not known.
#[derive(Default)]
pub(super) struct Head {
    /// Bytes of the client and of the server; for datagrams only those of which a probe wants to see more.
    client: Vec<u8>,
    server: Vec<u8>,
    /// In which order they came.
    pieces: Vec<(Side, usize, Origin)>,
    /// Datagrams looked at.
    datagrams: usize,
    /// Whether one was neither short nor text.
    has_binary: bool,
    /// Bytes of the client's that were not kept.
    passed: u64,
    /// Who reads the flow where no protocol of [`UNMISTAKABLE`] shows itself.
    pub(super) expected: Option<Started>,
}

/// Protocols whose beginning tells more than what another flow has announced of this one.
const UNMISTAKABLE: [&str; 2] = ["tls", "http"];

/// What a look at the first bytes decides.
pub(super) enum Decision {
    Wait,
    GiveUp,
    Start(&'static Protocol),
}

impl Head {
    /// Of a flow that another one announced.
    pub(super) fn expecting(started: Started) -> Self {
        Self {
            expected: Some(started),
            ..Self::default()
        }
    }

    pub(super) fn side(&self, side: Side) -> &[u8] {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// The last piece kept of one side.
    fn last(&self, side: Side) -> &[u8] {
        let bytes = self.side(side);
        let last = self
            .pieces
            .iter()
            .rev()
            .find(|(sender, ..)| *sender == side);
        last.and_then(|(_, length, _)| bytes.get(bytes.len().checked_sub(*length)?..))
            .unwrap_or_default()
    }

    /// The pieces kept of the client.
    fn of_client(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.client.as_slice();
        let pieces = self.pieces.iter();
        let pieces = pieces.filter(|(side, ..)| *side == Side::Client);
        pieces.map_while(move |(_, length, _)| {
            let (piece, behind) = rest.split_at_checked(*length)?;
            rest = behind;
            Some(piece)
        })
    }

    fn push(&mut self, chunk: Chunk<'_>) {
        match chunk.side {
            Side::Client => self.client.extend_from_slice(chunk.bytes),
            Side::Server => self.server.extend_from_slice(chunk.bytes),
        }
        self.pieces
            .push((chunk.side, chunk.bytes.len(), chunk.origin));
    }

    /// Hands out what was kept, in the order in which it came.
    pub(super) fn replay(self, mut feed: impl FnMut(Chunk<'_>)) {
        let (mut client, mut server) = (self.client.as_slice(), self.server.as_slice());
        for (side, length, origin) in self.pieces {
            let rest = match side {
                Side::Client => &mut client,
                Side::Server => &mut server,
            };
            if let Some((bytes, behind)) = rest.split_at_checked(length) {
                *rest = behind;
                feed(Chunk {
                    side,
                    bytes,
                    origin,
                });
            }
        }
    }

    /// Who reads what the client said so far, or says next, if it is text; only where it is certain who the client is.
    pub(super) fn plain(&self, setting: Setting<'_>, next: &[u8]) -> Option<Started> {
        if !setting.is_oriented || self.has_binary {
            return None;
        }
        let begin = |client: &[u8]| begin_plain(client, setting.transport, self.passed);
        let started = match setting.transport {
            Transport::Udp => begin(next).or_else(|| self.of_client().find_map(begin))?,
            _ => begin(&[self.client.as_slice(), next].concat())?,
        };
        let mut known = setting.protocols.iter();
        known
            .any(|protocol| protocol.name == started.protocol)
            .then_some(started)
    }

    pub(super) fn probe(&mut self, setting: Setting<'_>, chunk: Chunk<'_>) -> Decision {
        if setting.transport == Transport::Udp {
            self.probe_datagram(setting, chunk)
        } else {
            self.probe_stream(setting, chunk)
        }
    }

    /// Each of the first datagrams may tell the protocol; one that tells nothing may be a keep-alive or come from before.
    fn probe_datagram(&mut self, setting: Setting<'_>, chunk: Chunk<'_>) -> Decision {
        self.datagrams = self.datagrams.saturating_add(1);
        let (protocol, wants_more) = self.ask(setting, chunk.side, chunk.bytes);
        if let Some(protocol) = protocol {
            return Decision::Start(protocol);
        }
        let is_text = || chunk.side == Side::Client && self.plain(setting, chunk.bytes).is_some();
        if self.datagrams >= limits::PROBE_DATAGRAMS
            || !wants_more && self.expected.is_none() && is_text()
        {
            return Decision::GiveUp;
        }
        self.has_binary |= Kind::of(chunk.bytes) == Kind::Binary;
        if wants_more {
            self.push(chunk);
        } else if chunk.side == Side::Client {
            let length = u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX);
            self.passed = self.passed.saturating_add(length);
        }
        Decision::Wait
    }

    fn probe_stream(&mut self, setting: Setting<'_>, chunk: Chunk<'_>) -> Decision {
        let joined;
        let own = if self.side(chunk.side).is_empty() {
            chunk.bytes
        } else {
            joined = [self.side(chunk.side), chunk.bytes].concat();
            &joined
        };
        let (protocol, wants_more) = self.ask(setting, chunk.side, own);
        if let Some(protocol) = protocol {
            return Decision::Start(protocol);
        }
        let is_all = self.expected.is_some() || !self.side(chunk.side.opposite()).is_empty();
        if own.len() >= limits::PROBE_BYTES || (is_all && !wants_more) {
            return Decision::GiveUp;
        }
        self.push(chunk);
        Decision::Wait
    }

    /// The first protocol that knows the bytes; and whether any would like to see more.
    fn ask(
        &self,
        setting: Setting<'_>,
        side: Side,
        own: &[u8],
    ) -> (Option<&'static Protocol>, bool) {
        let (client, server) = match side {
            Side::Client => (own, self.side(Side::Server)),
            Side::Server => (self.side(Side::Client), own),
        };
        let before = match setting.transport {
            Transport::Udp => self.last(side),
            _ => &[],
        };
        let probe = Probe {
            transport: setting.transport,
            client_port: setting.client_port,
            server_port: setting.server_port,
            client,
            server,
            before,
        };
        let mut wants_more = false;
        let is_asked =
            |protocol: &&Protocol| self.expected.is_none() || UNMISTAKABLE.contains(&protocol.name);
        for protocol in setting.protocols.iter().filter(is_asked) {
            match (protocol.probe)(&probe) {
                Verdict::Yes => return (Some(protocol), wants_more),
                Verdict::More => wants_more = true,
                Verdict::No => {}
            }
        }
        (None, wants_more)
    }
}
