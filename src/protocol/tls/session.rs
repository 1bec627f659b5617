//! One connection read with keys: follows the handshake, changes keys where the sides do, and hands out plaintext.
//!
//! The sides may come in any order as long as each is in order: records that wait for what the other side says are kept.
//! A record that cannot be opened is lost and no more; how many numbers to try behind a gap is bounded.

mod handshake;
mod recovery;
mod secrets;

use std::collections::VecDeque;
use std::sync::Arc;

use super::cipher::Head;
use super::direction::{Body, Direction, Guard, Ladder, Obstacle};
use super::framing::Piece;
use super::handshake::Messages;
use super::hello::{Carrier, ClientHello, ServerHello};
use super::schedule::Secret;
use crate::limits;
use crate::model::{ContentState, Origin, Side};
use crate::protocol::cursor::Cursor;
use crate::protocol::keys::{KeyLog, Label, Resumptions};
use crate::protocol::{Chunk, Start};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

const TLS_1_3: u16 = 0x0304;

/// What a session hands out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plain<'a> {
    /// Application data, and the protocol that was agreed on for it, if any.
    Data(Chunk<'a>, Option<&'a [u8]>),
    /// Application data of that side is missing: number of the record (counted from 1), how long it was, and why.
    Lost(Side, u64, u64, Obstacle),
    /// A message of the server that TLS 1.3 encrypts and that says something about the connection.
    Message(u8, &'a [u8]),
}

/// Whether anything will come of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prospect {
    /// Not known yet.
    Waiting,
    /// There are keys.
    Ready,
    /// No; and in which state that leaves the contents.
    Hopeless(ContentState),
}

/// What waits for the other side.
enum Waiting {
    Record(Head, Vec<u8>, Origin),
    /// So many bytes are missing.
    Gap(u64),
}

impl Waiting {
    fn record(head: Head, body: &Body<'_>, origin: Origin) -> Self {
        Self::Record(head, body.bytes().to_vec(), origin)
    }

    /// Bytes of memory.
    fn bytes(&self) -> usize {
        let body = match self {
            Self::Record(_, body, _) => body.len(),
            Self::Gap(_) => 0,
        };
        body.saturating_add(size_of::<Self>())
    }
}

/// One side, with what waits of it.
#[derive(Default)]
struct Lane {
    direction: Direction,
    messages: Messages,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    searches: usize,
}

/// A connection.
pub(super) struct Session {
    keys: Arc<KeyLog>,
    resumptions: Resumptions,
    client: Lane,
    server: Lane,
    hello: Option<ClientHello>,
    chosen: Option<ServerHello>,
    is_retried: bool,
    /// Premaster secret of an `RSA` line.
    premaster: Option<Secret>,
    master: Option<Secret>,
    /// Handshake messages up to the client's key exchange, for the extended master secret.
    transcript: [Vec<u8>; 3],
    has_key_exchange: bool,
    protocol: Option<Vec<u8>>,
    prospect: Prospect,
    /// Records with which the suite was searched.
    guesses: usize,
}

/// Whether a record could be dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Done,
    Blocked,
}

type Sink<'a> = dyn FnMut(Plain<'_>) + 'a;

impl Session {
    pub(super) fn new(start: &Start) -> Self {
        Self {
            keys: Arc::clone(&start.keys),
            resumptions: start.resumptions.clone(),
            client: Lane::default(),
            server: Lane::default(),
            hello: None,
            chosen: None,
            is_retried: false,
            premaster: None,
            master: None,
            transcript: Default::default(),
            has_key_exchange: false,
            protocol: None,
            prospect: Prospect::Waiting,
            guesses: 0,
        }
    }

    pub(super) fn prospect(&self) -> Prospect {
        self.prospect
    }

    /// The protocol that both agreed on, or that early data must speak.
    pub(super) fn protocol(&self) -> Option<&[u8]> {
        let offered = self.hello.as_ref().map(|hello| hello.protocols.as_slice());
        self.protocol.as_deref().or(match offered {
            Some([only]) => Some(only),
            _ => None,
        })
    }

    /// In which state the contents are, as far as they have come. What the client sent decides: without its secret nothing
    /// that left the phone can be read, whatever the server's answers say.
    pub(super) fn content(&self) -> ContentState {
        if let Prospect::Hopeless(content) = self.prospect {
            return content;
        }
        if self.prospect == Prospect::Waiting {
            return ContentState::NoKey;
        }
        let (client, server) = (&self.client.direction, &self.server.direction);
        if client.opened == 0 && client.lost > 0 && client.obstacle() == Obstacle::NoSecret {
            return ContentState::NoKey;
        }
        let opened = client.opened.saturating_add(server.opened);
        let lost = client.lost.saturating_add(server.lost);
        let has_failed = client.failed.saturating_add(server.failed) > 0;
        let is_unfit = [client, server]
            .iter()
            .any(|side| side.lost > 0 && side.obstacle() != Obstacle::NoSecret);
        match (opened, lost) {
            // All that was sent was sent by the side whose secret is not there.
            (0, 1..) if !is_unfit => ContentState::NoKey,
            (0, _) if lost > 0 || has_failed => ContentState::Damaged,
            (_, 0) => ContentState::Decrypted,
            (_, _) => ContentState::PartlyDecrypted,
        }
    }

    fn lane(&mut self, side: Side) -> &mut Lane {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes the next bytes of one side.
    pub(super) fn feed(&mut self, chunk: Chunk<'_>, sink: &mut Sink<'_>) {
        let mut found: Option<Vec<u8>> = None;
        loop {
            let mut rest = found.as_deref().unwrap_or(chunk.bytes);
            let mut next = None;
            while !self.is_hopeless() && next.is_none() {
                let Some(piece) = self.lane(chunk.side).direction.framing.next(&mut rest) else {
                    break;
                };
                next = self.piece(chunk.side, piece, chunk.origin, sink);
            }
            match next {
                Some(bytes) => found = Some(bytes),
                None => return,
            }
        }
    }

    /// `lost` bytes of one side are missing.
    pub(super) fn gap(&mut self, side: Side, lost: u64, origin: Origin, sink: &mut Sink<'_>) {
        self.read_cut_hello(side);
        if let Some(piece) = self.lane(side).direction.framing.gap(lost) {
            self.piece(side, piece, origin, sink);
        } else {
            self.lose(side, lost, sink);
        }
        self.resume(sink);
    }

    /// Nobody knows how many records of one side are missing, in so many bytes.
    fn lose(&mut self, side: Side, lost: u64, sink: &mut Sink<'_>) {
        if self.lane(side).waiting.is_empty() {
            self.skip(side, lost, sink);
        } else {
            self.wait(side, Waiting::Gap(lost));
        }
    }

    fn skip(&mut self, side: Side, lost: u64, sink: &mut Sink<'_>) {
        let lane = self.lane(side);
        lane.messages = Messages::default();
        let lost = lane.direction.lose(lost);
        self.tell_loss(side, lost, sink);
    }

    fn tell_loss(&mut self, side: Side, lost: Option<u64>, sink: &mut Sink<'_>) {
        if let Some(lost) = lost {
            let number = self.lane(side).direction.records();
            sink(Plain::Lost(side, number, lost, Obstacle::Missing));
        }
    }

    /// The flow ended.
    pub(super) fn finish(&mut self, origin: Origin, sink: &mut Sink<'_>) {
        for side in [Side::Client, Side::Server] {
            while !self.is_hopeless()
                && let Some(piece) = self.lane(side).direction.framing.finish()
            {
                if let Some(bytes) = self.piece(side, piece, origin, sink) {
                    let chunk = Chunk {
                        side,
                        bytes: &bytes,
                        origin,
                    };
                    self.feed(chunk, sink);
                }
            }
            let direction = &mut self.lane(side).direction;
            if direction.framing.unfinished() > 0 && direction.is_protected() {
                direction.lost = direction.lost.saturating_add(1);
            }
            let lost = direction.decide(true);
            self.tell_loss(side, lost, sink);
        }
        self.miss_hello(sink);
        for side in [Side::Client, Side::Server] {
            let is_heard = self.lane(side.opposite()).direction.opened > 0;
            let direction = &mut self.lane(side).direction;
            if is_heard && !direction.is_protected() {
                // The other side's data were read: this one's, and the end of its handshake, are not in the capture.
                direction.lost = direction.lost.saturating_add(1);
                sink(Plain::Lost(side, direction.records(), 0, Obstacle::Missing));
            }
        }
    }

    fn is_hopeless(&self) -> bool {
        matches!(self.prospect, Prospect::Hopeless(_))
    }

    /// Deals with what the framing gave; bytes that come back are to be read next.
    fn piece(
        &mut self,
        side: Side,
        piece: Piece<'_>,
        origin: Origin,
        sink: &mut Sink<'_>,
    ) -> Option<Vec<u8>> {
        match piece {
            Piece::Borrowed(head, body) => {
                self.record(side, head, Body::Borrowed(body), origin, sink);
            }
            Piece::Owned(head, body) => {
                self.record(side, head, Body::Owned(body), origin, sink);
            }
            Piece::Lost(head) if !self.lane(side).waiting.is_empty() => {
                self.wait(side, Waiting::Gap(head.len.into()));
            }
            Piece::Lost(head) => {
                let lane = self.lane(side);
                lane.messages = Messages::default();
                if lane.direction.lose_record(head) {
                    let number = lane.direction.records();
                    let bytes = u64::from(head.len);
                    sink(Plain::Lost(side, number, bytes, Obstacle::Missing));
                }
            }
            Piece::Passed(bytes) => self.lose(side, bytes, sink),
            Piece::Found(passed, bytes) => {
                let lane = self.lane(side);
                lane.searches = lane.searches.saturating_add(1);
                if lane.searches > limits::TLS_SEARCHES {
                    lane.direction.give_up();
                }
                if passed > 0 {
                    self.lose(side, passed, sink);
                }
                return Some(bytes);
            }
        }
        None
    }

    /// Takes a record, after those that wait; then whatever of both sides can go on.
    fn record(
        &mut self,
        side: Side,
        head: Head,
        body: Body<'_>,
        origin: Origin,
        sink: &mut Sink<'_>,
    ) {
        if !self.lane(side).waiting.is_empty() {
            return self.wait(side, Waiting::record(head, &body, origin));
        }
        match self.try_record(side, head, body, origin, sink) {
            (Progress::Blocked, Some(body)) => {
                self.wait(side, Waiting::record(head, &body, origin));
            }
            (_, body) => {
                if let Some(Body::Owned(buffer)) = body {
                    self.lane(side).direction.framing.recycle(buffer);
                }
                self.resume(sink);
            }
        }
    }

    fn wait(&mut self, side: Side, waiting: Waiting) {
        let lane = self.lane(side);
        lane.waiting_bytes = lane.waiting_bytes.saturating_add(waiting.bytes());
        if lane.waiting_bytes > limits::TLS_WAITING_BYTES {
            self.prospect = Prospect::Hopeless(ContentState::Damaged);
            return;
        }
        lane.waiting.push_back(waiting);
    }

    /// Goes on with records that waited, as long as any can.
    fn resume(&mut self, sink: &mut Sink<'_>) {
        let mut is_moving = true;
        while is_moving && !self.is_hopeless() {
            is_moving = false;
            for side in [Side::Client, Side::Server] {
                let Some(waiting) = self.lane(side).waiting.pop_front() else {
                    continue;
                };
                let progress = match &waiting {
                    Waiting::Record(head, body, origin) => {
                        let body = Body::Borrowed(body);
                        self.try_record(side, *head, body, *origin, sink).0
                    }
                    Waiting::Gap(lost) => {
                        self.skip(side, *lost, sink);
                        Progress::Done
                    }
                };
                let lane = self.lane(side);
                if progress == Progress::Blocked {
                    lane.waiting.push_front(waiting);
                } else {
                    lane.waiting_bytes = lane.waiting_bytes.saturating_sub(waiting.bytes());
                    is_moving = true;
                }
            }
        }
    }

    /// Deals with a record, or says that it must wait. Gives back the body.
    fn try_record<'a>(
        &mut self,
        side: Side,
        head: Head,
        body: Body<'a>,
        origin: Origin,
        sink: &mut Sink<'_>,
    ) -> (Progress, Option<Body<'a>>) {
        match (&self.lane(side).direction.guard, head.kind) {
            // In TLS 1.3 too they may be in clear: hellos behind early data.
            (Guard::Clear | Guard::Ladder(_), HANDSHAKE) => {
                self.handshake_bytes(side, body.bytes(), false, sink);
            }
            (Guard::Clear, _) => {
                let progress = self.clear_record(side, head, body.bytes(), sink);
                let is_protected = self.lane(side).direction.is_protected();
                if progress == Progress::Done && head.kind == APPLICATION_DATA && is_protected {
                    return self.try_record(side, head, body, origin, sink);
                }
                return (progress, Some(body));
            }
            (Guard::Ladder(_), kind) if kind != APPLICATION_DATA => {}
            (Guard::Ladder(_) | Guard::Keys(_), _) => {
                let body = self.protected(side, head, body, origin, sink);
                return (Progress::Done, Some(body));
            }
        }
        (Progress::Done, Some(body))
    }

    /// A record other than of the handshake while nothing is encrypted.
    fn clear_record(
        &mut self,
        side: Side,
        head: Head,
        body: &[u8],
        sink: &mut Sink<'_>,
    ) -> Progress {
        let has_begun = self.lane(side).messages.has_begun();
        let Some(chosen) = self.chosen.as_ref().filter(|_| self.hello.is_some()) else {
            if let Some(progress) = self.record_without_hello(side, head, body, sink) {
                return progress;
            }
            if head.kind == ALERT || (self.is_retried && head.kind == CHANGE_CIPHER_SPEC) {
                return Progress::Done;
            }
            if !has_begun {
                // Met in its middle.
                self.prospect = Prospect::Hopeless(ContentState::NoKey);
            }
            return Progress::Blocked;
        };
        if chosen.version >= TLS_1_3 || !matches!(head.kind, CHANGE_CIPHER_SPEC | APPLICATION_DATA)
        {
            return Progress::Done;
        }
        if self.find_master() {
            self.change_keys(side, head.kind == APPLICATION_DATA);
            return Progress::Done;
        }
        let may_come = side == Side::Server && !self.has_key_exchange && !self.client.is_past();
        if may_come {
            return Progress::Blocked;
        }
        self.prospect = Prospect::Hopeless(ContentState::NoKey);
        Progress::Done
    }

    /// A record under keys. Gives back the body.
    fn protected<'a>(
        &mut self,
        side: Side,
        head: Head,
        body: Body<'a>,
        origin: Origin,
        sink: &mut Sink<'_>,
    ) -> Body<'a> {
        let (opened, scratch, body) = self.lane(side).direction.open(head, body);
        match opened {
            None => {
                self.lane(side).messages = Messages::default();
                let direction = &self.lane(side).direction;
                if direction.counts(head) {
                    let bytes = u64::from(head.len);
                    let number = direction.records();
                    sink(Plain::Lost(side, number, bytes, direction.obstacle()));
                }
            }
            Some(opened) => {
                let lost = self.lane(side).direction.decide(false);
                self.tell_loss(side, lost, sink);
                let bytes = scratch.bytes().get(opened.plaintext).unwrap_or_default();
                match opened.kind {
                    APPLICATION_DATA => {
                        let direction = &mut self.lane(side).direction;
                        direction.opened = direction.opened.saturating_add(1);
                        if !bytes.is_empty() {
                            let chunk = Chunk {
                                side,
                                bytes,
                                origin,
                            };
                            sink(Plain::Data(chunk, self.protocol()));
                        }
                    }
                    HANDSHAKE => self.handshake_bytes(side, bytes, true, sink),
                    CHANGE_CIPHER_SPEC if self.find_master() => self.change_keys(side, false),
                    _ => {}
                }
            }
        }
        Direction::put_back(scratch);
        body
    }
}

impl Lane {
    /// Whether the side waits behind its handshake in clear.
    fn is_past(&self) -> bool {
        self.direction.is_protected()
    }
}
