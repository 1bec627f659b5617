//! One connection read with keys: follows the handshake, changes keys where the sides do, and hands out plaintext.
//!
//! The sides may come in any order as long as each is in order: records that wait for what the other side says are kept.
//! A record that cannot be opened is lost and no more; how many numbers to try behind a gap is bounded.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cipher::{Agreement, Head};
use super::direction::{Body, Direction, Guard, Ladder, Obstacle};
use super::framing::Piece;
use super::handshake::{CLIENT_HELLO, Messages, SERVER_HELLO};
use super::hello::{Carrier, ClientHello, ServerHello};
use super::schedule::{Secret, Seed};
use super::suite::Suite;
use crate::limits;
use crate::model::{ContentState, Origin, Side};
use crate::protocol::cursor::Cursor;
use crate::protocol::keys::{KeyLog, Label, Resumptions};
use crate::protocol::{Chunk, Start};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

const NEW_SESSION_TICKET: u8 = 4;
const END_OF_EARLY_DATA: u8 = 5;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

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
        let lane = self.lane(side);
        if let Some(piece) = lane.direction.framing.gap(lost) {
            self.piece(side, piece, origin, sink);
            return;
        }
        self.lose(side, lost, sink);
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
                let progress = self.clear_record(side, head);
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
    fn clear_record(&mut self, side: Side, head: Head) -> Progress {
        let has_begun = self.lane(side).messages.has_begun();
        let Some(chosen) = self.chosen.as_ref().filter(|_| self.hello.is_some()) else {
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

    /// New keys for one side, up to TLS 1.2.
    fn change_keys(&mut self, side: Side, is_late: bool) {
        let (Some(hello), Some(chosen), Some(master)) = (&self.hello, &self.chosen, &self.master)
        else {
            return;
        };
        let Some(suite) = chosen.cipher_suite.and_then(Suite::of) else {
            self.prospect = Prospect::Hopeless(ContentState::UnsupportedCipher);
            return;
        };
        if !chosen.session_id.is_empty() {
            self.resumptions.learn(&chosen.session_id, master);
        }
        let Some([client, server]) = agreement(hello, chosen, suite).protections(master) else {
            self.prospect = Prospect::Hopeless(ContentState::UnsupportedCipher);
            return;
        };
        let protection = match side {
            Side::Client => client,
            Side::Server => server,
        };
        let lane = self.lane(side);
        lane.messages = Messages::default();
        lane.direction.change(Guard::Keys(protection), is_late);
    }

    /// Looks for the master secret; says whether it is known.
    fn find_master(&mut self) -> bool {
        if self.master.is_none() {
            self.master = self.look_up_master();
        }
        self.master.is_some()
    }

    fn look_up_master(&self) -> Option<Secret> {
        let (hello, chosen) = (self.hello.as_ref()?, self.chosen.as_ref()?);
        if let Some(master) = self.keys.secret(Label::ClientRandom, &hello.random) {
            return Some(Secret::new(master.to_vec()));
        }
        let is_resumed = !chosen.session_id.is_empty() && chosen.session_id == hello.session_id;
        let premaster = self
            .keys
            .secret(Label::PremasterClientRandom, &hello.random)
            .or(self.premaster.as_deref().map(Vec::as_slice));
        if let Some(premaster) = premaster
            && self.has_key_exchange
        {
            let suite = chosen.cipher_suite.and_then(Suite::of)?;
            let transcript = self.transcript.concat();
            let seed = if chosen.extends_master {
                Seed::Transcript(&transcript)
            } else {
                Seed::Randoms(&hello.random, &chosen.random)
            };
            return agreement(hello, chosen, suite)
                .derivation()
                .master(premaster, seed);
        }
        let by_id = is_resumed
            .then(|| self.resumptions.find(&chosen.session_id))
            .flatten();
        // The ticket says who resumes; that the server agrees shows in its not sending a certificate.
        by_id.or_else(|| self.resumptions.find(hello.ticket.as_deref()?))
    }

    /// Handshake bytes of one side, in clear or decrypted.
    fn handshake_bytes(
        &mut self,
        side: Side,
        bytes: &[u8],
        is_encrypted: bool,
        sink: &mut Sink<'_>,
    ) {
        let mut whole: Vec<(u8, Vec<u8>)> = Vec::new();
        let lane = self.lane(side);
        let outcome = lane
            .messages
            .push(bytes, |kind, body| whole.push((kind, body.to_vec())));
        if outcome.is_err() {
            lane.messages = Messages::default();
        }
        for (kind, body) in whole {
            self.message(side, kind, &body, is_encrypted, sink);
        }
    }

    fn message(
        &mut self,
        side: Side,
        kind: u8,
        body: &[u8],
        is_encrypted: bool,
        sink: &mut Sink<'_>,
    ) {
        let is_tls_1_3 = self
            .chosen
            .as_ref()
            .is_some_and(|chosen| chosen.version >= TLS_1_3);
        match kind {
            CLIENT_HELLO => {
                if let Some(hello) = ClientHello::read(body, Carrier::Stream) {
                    let is_new = self.chosen.is_some() && self.hello.is_some();
                    if is_new && !is_tls_1_3 {
                        self.renegotiate();
                    }
                    self.hello = Some(hello);
                    self.keep(side, kind, body);
                    self.resolve();
                }
            }
            SERVER_HELLO => {
                if let Some(hello) = ServerHello::read(body) {
                    self.keep(side, kind, body);
                    if hello.is_retry {
                        self.is_retried = true;
                    } else if self.chosen.is_none() {
                        self.protocol.clone_from(&hello.protocol);
                        self.chosen = Some(hello);
                        self.resolve();
                    }
                }
            }
            _ if is_tls_1_3 => self.message_1_3(side, kind, body, is_encrypted, sink),
            NEW_SESSION_TICKET => {
                let mut cursor = Cursor::new(body);
                let _lifetime = cursor.u32();
                let ticket = cursor.vector16().filter(|ticket| !ticket.is_empty());
                if let Some(ticket) = ticket
                    && self.find_master()
                    && let Some(master) = &self.master
                {
                    self.resumptions.learn(ticket, master);
                }
            }
            CLIENT_KEY_EXCHANGE => {
                self.keep(side, kind, body);
                self.has_key_exchange = true;
                let is_ssl_3 = self
                    .chosen
                    .as_ref()
                    .is_some_and(|chosen| chosen.version == super::schedule::SSL_3);
                let encrypted = if is_ssl_3 {
                    Some(body)
                } else {
                    Cursor::new(body).vector16()
                };
                let premaster = encrypted
                    .and_then(|encrypted| encrypted.first_chunk())
                    .and_then(|first| self.keys.premaster(*first));
                self.premaster = premaster.map(|secret| Secret::new(secret.to_vec()));
                if self.prospect == Prospect::Waiting && self.find_master() {
                    self.prospect = Prospect::Ready;
                }
            }
            _ => self.keep(side, kind, body),
        }
    }

    fn message_1_3(
        &mut self,
        side: Side,
        kind: u8,
        body: &[u8],
        is_encrypted: bool,
        sink: &mut Sink<'_>,
    ) {
        if !is_encrypted {
            return;
        }
        match (kind, side) {
            (FINISHED | END_OF_EARLY_DATA | KEY_UPDATE, _) => {
                let lane = self.lane(side);
                if let Guard::Ladder(ladder) = &mut lane.direction.guard
                    && ladder.is_ended_by(kind)
                {
                    ladder.advance();
                    lane.direction.restart();
                }
            }
            (ENCRYPTED_EXTENSIONS, Side::Server) => {
                self.protocol = super::hello::protocol_of_extensions(body);
                sink(Plain::Message(kind, body));
            }
            (CERTIFICATE, Side::Server) => sink(Plain::Message(kind, body)),
            _ => {}
        }
    }

    fn renegotiate(&mut self) {
        self.chosen = None;
        self.master = None;
        self.premaster = None;
        self.transcript = Default::default();
        self.has_key_exchange = false;
    }

    /// Keeps a message for the hash of the session: the client's hello, what the server says, and the client's answer.
    fn keep(&mut self, side: Side, kind: u8, body: &[u8]) {
        let [hello, server, client] = &mut self.transcript;
        let part = match (side, kind) {
            (_, CLIENT_HELLO) => hello,
            (Side::Server, _) => server,
            (Side::Client, _) => client,
        };
        if self.has_key_exchange || part.len() > limits::HANDSHAKE_BYTES {
            return;
        }
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let [_, len @ ..] = len.to_be_bytes();
        part.push(kind);
        part.extend_from_slice(&len);
        part.extend_from_slice(body);
    }

    /// Whether there can be keys at all for the client's hello, whatever the server will say.
    fn may_have_keys(&self) -> bool {
        self.hello.as_ref().is_none_or(|hello| {
            let ids = [Some(&hello.session_id), hello.ticket.as_ref()];
            self.keys.has(&hello.random)
                || self.keys.has_premasters()
                || ids
                    .into_iter()
                    .flatten()
                    .any(|id| self.resumptions.find(id).is_some())
        })
    }

    /// Once both hellos are there: are there keys?
    fn resolve(&mut self) {
        if self.prospect == Prospect::Waiting && !self.may_have_keys() {
            self.prospect = Prospect::Hopeless(ContentState::NoKey);
        }
        let (Some(hello), Some(chosen), false) = (&self.hello, &self.chosen, self.is_hopeless())
        else {
            return;
        };
        let suite = chosen.cipher_suite.and_then(Suite::of);
        let is_readable = suite.is_some() && chosen.compression == 0;
        let is_first = self.prospect == Prospect::Waiting;
        if chosen.version < TLS_1_3 {
            let has_key = self.find_master();
            let may_have =
                has_key || !is_first || self.keys.has_premasters() || self.keys.has(&self.random());
            self.prospect = match (may_have, is_readable) {
                (false, _) => Prospect::Hopeless(ContentState::NoKey),
                (true, false) => Prospect::Hopeless(ContentState::UnsupportedCipher),
                (true, true) if has_key || !is_first => Prospect::Ready,
                (true, true) => Prospect::Waiting,
            };
            return;
        }
        let secret = |label| {
            let secret = self.keys.secret(label, &hello.random)?;
            Some(Secret::new(secret.to_vec()))
        };
        let [client, server] = [Label::ClientTraffic0, Label::ServerTraffic0].map(secret);
        let has_key = client.is_some() || server.is_some();
        self.prospect = match (has_key, suite.filter(|_| is_readable)) {
            (false, _) => Prospect::Hopeless(ContentState::NoKey),
            (true, None) => Prospect::Hopeless(ContentState::UnsupportedCipher),
            (true, Some(suite)) => {
                let [client_handshake, server_handshake] =
                    [Label::ClientHandshakeTraffic, Label::ServerHandshakeTraffic].map(secret);
                let mut client = Ladder::new(suite, client_handshake, client);
                if hello.offers_early_data {
                    let early = secret(Label::ClientEarlyTraffic);
                    client = client.behind_early_data(early.as_ref());
                }
                let server = Ladder::new(suite, server_handshake, server);
                self.client.direction.climb(client);
                self.server.direction.climb(server);
                Prospect::Ready
            }
        };
    }

    fn random(&self) -> [u8; 32] {
        self.hello.as_ref().map_or([0; 32], |hello| hello.random)
    }
}

impl Lane {
    /// Whether the side waits behind its handshake in clear.
    fn is_past(&self) -> bool {
        self.direction.is_protected()
    }
}

fn agreement<'a>(hello: &'a ClientHello, chosen: &'a ServerHello, suite: Suite) -> Agreement<'a> {
    Agreement {
        suite,
        version: chosen.version,
        client_random: &hello.random,
        server_random: &chosen.random,
        encrypts_then_mac: chosen.encrypts_then_mac,
        truncates_mac: chosen.truncates_mac,
    }
}
