//! Hellos that are not whole in the capture: what there is of them, and what the records tell instead.

use super::{
    APPLICATION_DATA, Body, CHANGE_CIPHER_SPEC, Carrier, ClientHello, ContentState, Cursor,
    Direction, Head, Label, Obstacle, Plain, Progress, Prospect, ServerHello, Session, Side, Sink,
    TLS_1_3,
};
use crate::limits;
use crate::protocol::tls::handshake::{CLIENT_HELLO, SERVER_HELLO};
use crate::protocol::tls::suite::Suite;

/// The suites of TLS 1.3 (RFC 8446 appendix B.4).
const SUITES: std::ops::RangeInclusive<u16> = 0x1301..=0x1305;

impl Session {
    /// Bytes of one side are missing from here on: if they begin inside its hello, what came of that is read.
    pub(super) fn read_cut_hello(&mut self, side: Side) {
        let lane = match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        };
        let Some(bytes) = lane.direction.framing.unfinished_handshake() else {
            return;
        };
        let mut cursor = Cursor::new(bytes);
        let (kind, _len) = (cursor.u8(), cursor.u24());
        let body = cursor.rest();
        match (side, kind) {
            (Side::Client, Some(CLIENT_HELLO)) if self.hello.is_none() => {
                let hello = ClientHello::read(body, Carrier::Stream).or_else(|| random_of(body));
                self.hello = hello;
                self.resolve();
            }
            (Side::Server, Some(SERVER_HELLO)) if self.chosen.is_none() => {
                let hello = ServerHello::read(body).filter(|hello| !hello.is_retry);
                if let Some(mut hello) = hello {
                    // The extension that names the version stands at the end.
                    if self.has_traffic_secret() {
                        hello.version = TLS_1_3;
                    }
                    self.protocol.clone_from(&hello.protocol);
                    self.chosen = Some(hello);
                    self.resolve();
                }
            }
            _ => {}
        }
    }

    /// Whether the key log has secrets of TLS 1.3 for this connection.
    fn has_traffic_secret(&self) -> bool {
        [Label::ClientTraffic0, Label::ServerTraffic0]
            .into_iter()
            .any(|label| self.secret(label).is_some())
    }

    /// Whether the server's hello is lost, or a part of it without which there are no keys.
    fn has_lost_choice(&self) -> bool {
        self.hello.is_some() && self.chosen.is_none() && self.server.direction.is_cut()
    }

    /// A record other than of the handshake where a hello has not been read, because of a gap.
    pub(super) fn record_without_hello(
        &mut self,
        side: Side,
        head: Head,
        body: &[u8],
        sink: &mut Sink<'_>,
    ) -> Option<Progress> {
        let is_unknown = self.hello.is_none() && self.client.direction.is_cut();
        if !is_unknown && !self.has_lost_choice() {
            return None;
        }
        if !is_unknown && self.has_traffic_secret() {
            if head.kind != APPLICATION_DATA || self.find_suite(side, head, body) {
                return Some(Progress::Done);
            }
            self.guesses = self.guesses.saturating_add(1);
            self.lane(side).direction.lose_record(head);
            if self.guesses < limits::TLS_SUITE_SEARCHES {
                return Some(Progress::Done);
            }
        } else if !matches!(head.kind, APPLICATION_DATA | CHANGE_CIPHER_SPEC) {
            return None;
        }
        self.give_up(side, head.len.into(), sink);
        Some(Progress::Done)
    }

    /// The flow ended without a hello that was lost.
    pub(super) fn miss_hello(&mut self, sink: &mut Sink<'_>) {
        if self.prospect != Prospect::Waiting {
            return;
        }
        if self.hello.is_none() && self.client.direction.is_cut() {
            self.give_up(Side::Client, 0, sink);
        } else if self.has_lost_choice() {
            self.give_up(Side::Server, 0, sink);
        }
    }

    fn give_up(&mut self, side: Side, bytes: u64, sink: &mut Sink<'_>) {
        let number = self.lane(side).direction.records().max(1);
        sink(Plain::Lost(side, number, bytes, Obstacle::NoHello));
        self.prospect = Prospect::Hopeless(ContentState::Damaged);
    }

    /// Finds the suite of TLS 1.3 under which a record is authentic.
    fn find_suite(&mut self, side: Side, head: Head, body: &[u8]) -> bool {
        let found = SUITES.into_iter().find(|number| {
            let Some(suite) = Suite::of(*number) else {
                return false;
            };
            let [client, server] = self.ladders(suite);
            let (ladder, lane) = match side {
                Side::Client => (client, &self.client),
                Side::Server => (server, &self.server),
            };
            let mut trial = lane.direction.trial(ladder);
            let (opened, scratch, _) = trial.open(head, Body::Borrowed(body));
            Direction::put_back(scratch);
            opened.is_some()
        });
        if let Some(number) = found {
            self.chosen = Some(ServerHello {
                version: TLS_1_3,
                cipher_suite: Some(number),
                ..ServerHello::default()
            });
            self.resolve();
        }
        found.is_some()
    }
}

/// A hello of which not more is there than version and random.
fn random_of(body: &[u8]) -> Option<ClientHello> {
    let mut cursor = Cursor::new(body);
    Some(ClientHello {
        version: cursor.u16()?,
        random: *cursor.take(32)?.first_chunk()?,
        ..ClientHello::default()
    })
}
