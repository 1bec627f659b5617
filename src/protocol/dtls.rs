//! DTLS (RFC 6347, RFC 9147): hellos in datagrams, whose messages may be cut into fragments.

use std::collections::BTreeMap;

use super::assembler::Assembler;
use super::cursor::Cursor;
use super::tls::datagram::{DatagramSession, Sealed};
use super::tls::handshake::Opening;
use super::tls::hello::Carrier;
use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Start, Undecrypted, Verdict};
use crate::limits;
use crate::model::{ContentState, Shortfall, Side, Transport};

/// DTLS.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "dtls",
    probe,
    start: |start| Box::new(Dtls::new(start)),
    content: ContentState::NoKey,
};

const HANDSHAKE: u8 = 22;
const CHANGE_CIPHER_SPEC: u8 = 20;
const APPLICATION_DATA: u8 = 23;

/// A record in clear or not (RFC 6347 §4.1).
#[derive(Clone, Copy, Debug)]
struct Record<'a> {
    kind: u8,
    version: u16,
    epoch: u16,
    sequence: u64,
    fragment: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads the next record of a datagram; the fragment may be cut by the capture.
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let kind = cursor.u8()?;
        let version = cursor.u16()?;
        // 0x0100 is what OpenSSL sent before the standard.
        if !matches!(kind, 20..=26) || !matches!(version, 0xfeff | 0xfefd | 0xfefc | 0x0100) {
            return None;
        }
        let epoch = cursor.u16()?;
        let sequence = cursor.take(6)?;
        let sequence = sequence
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let fragment = cursor.vector16_lossy()?;
        Some(Self {
            kind,
            version,
            epoch,
            sequence,
            fragment,
        })
    }
}

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_dtls = |datagram: &[u8]| {
        let mut cursor = Cursor::new(datagram);
        Record::read(&mut cursor).is_some_and(|record| !record.fragment.is_empty())
            && (cursor.is_empty() || Record::read(&mut cursor).is_some())
    };
    if probe.transport == Transport::Udp && (is_dtls(probe.client) || is_dtls(probe.server)) {
        Verdict::Yes
    } else {
        Verdict::No
    }
}

/// A handshake message that is put together (RFC 6347 §4.2.3).
#[derive(Debug, Default)]
struct Fragments {
    assembler: Assembler,
    body: Vec<u8>,
}

struct Dtls {
    /// `None` once it was handed out.
    opening: Option<Opening>,
    /// Messages under way by their number, of the client and of the server.
    client: BTreeMap<u16, Fragments>,
    server: BTreeMap<u16, Fragments>,
    is_named: bool,
    /// The connection as read with keys; none if there are none at all, or not for it.
    session: Option<Box<DatagramSession>>,
    /// The state last handed out.
    told: ContentState,
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

impl Dissector for Dtls {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        let mut cursor = Cursor::new(chunk.bytes);
        let mut is_encrypted = false;
        while (self.opening.is_some() || self.session.is_some())
            && let Some(record) = Record::read(&mut cursor)
        {
            match record.kind {
                HANDSHAKE if record.epoch == 0 => self.messages(record.fragment, chunk, emit),
                // Only the server's end of clear text says that nothing more will come: the client's may be early.
                HANDSHAKE | CHANGE_CIPHER_SPEC | APPLICATION_DATA => is_encrypted = true,
                _ => {}
            }
            if record.epoch > 0 {
                self.decrypt(record, chunk, emit);
            }
        }
        let is_complete = self.opening.as_ref().is_some_and(Opening::is_complete);
        let is_over = is_complete || (is_encrypted && chunk.side == Side::Server);
        self.settle(is_over, emit);
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: Emit<'_>) {}

    fn finish(&mut self, emit: Emit<'_>) {
        if let Some((event, origin)) = self.opening.take().and_then(Opening::into_event) {
            emit(Output::Event(event, origin));
        }
        self.client = BTreeMap::new();
        self.server = BTreeMap::new();
    }
}

impl Dtls {
    fn new(start: &Start) -> Self {
        let has_keys = !start.keys.is_empty();
        Self {
            opening: Some(Opening::new(Carrier::Datagram)),
            client: BTreeMap::new(),
            server: BTreeMap::new(),
            is_named: false,
            session: has_keys.then(|| Box::new(DatagramSession::new(&start.keys))),
            told: ContentState::NoKey,
        }
    }

    /// Opens a record, if there are keys, and hands out what it holds for applications.
    fn decrypt(&mut self, record: Record<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        let Some(session) = self.session.as_mut().filter(|session| session.is_ready()) else {
            return;
        };
        let sealed = Sealed {
            kind: record.kind,
            version: record.version,
            epoch: record.epoch,
            sequence: record.sequence,
            fragment: record.fragment,
        };
        let plaintext = session.open(chunk.side, sealed);
        let is_data = record.kind == APPLICATION_DATA;
        match plaintext {
            Some(bytes) if is_data && !bytes.is_empty() => {
                self.finish(emit);
                let bytes = bytes.as_slice();
                emit(Output::Inner(Chunk { bytes, ..chunk }, Hint::Probe));
            }
            Some(_) => {}
            None => emit(Output::Undecrypted(Undecrypted {
                what: "DTLS record",
                side: chunk.side,
                number: record.sequence.saturating_add(1),
                bytes: u64::try_from(record.fragment.len()).unwrap_or(u64::MAX),
                why: "the keys do not open it",
            })),
        }
    }

    /// Tells the state of the contents, and closes the flow once nothing more can come of it.
    fn settle(&mut self, is_over: bool, emit: Emit<'_>) {
        let content = self.session.as_ref().and_then(|session| session.content());
        let is_ready = self
            .session
            .as_ref()
            .is_some_and(|session| session.is_ready());
        if let Some(content) = content.filter(|content| *content != self.told) {
            self.told = content;
            emit(Output::Content(content));
        }
        if is_over && !is_ready {
            self.finish(emit);
            self.session = None;
            emit(Output::Opaque(self.told));
        }
    }

    /// Takes a record of handshake fragments.
    fn messages(&mut self, fragment: &[u8], chunk: Chunk<'_>, emit: Emit<'_>) {
        let mut cursor = Cursor::new(fragment);
        while let Some(piece) = Piece::read(&mut cursor) {
            let under_way = match chunk.side {
                Side::Client => &mut self.client,
                Side::Server => &mut self.server,
            };
            if under_way.len() >= limits::DTLS_MESSAGES && !under_way.contains_key(&piece.number) {
                under_way.pop_first();
            }
            let fragments = under_way.entry(piece.number).or_default();
            if fragments.assembler.push(piece.offset, piece.bytes).is_err() {
                let what = "DTLS message in too many pieces, or too long";
                emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
            }
            while let Some(bytes) = fragments.assembler.pop() {
                fragments.body.extend_from_slice(&bytes);
            }
            if let Some(body) = fragments.body.get(..piece.message_len)
                && let Some(opening) = &mut self.opening
            {
                opening.message(piece.kind, body, chunk.origin);
                if let Some(session) = &mut self.session {
                    session.message(piece.kind, body);
                }
                fragments.body = Vec::new();
            }
        }
        if !self.is_named
            && let Some(name) = self.opening.as_ref().and_then(Opening::server_name)
        {
            self.is_named = true;
            emit(Output::Server(name));
        }
    }
}

/// A fragment of a handshake message.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    kind: u8,
    message_len: usize,
    number: u16,
    offset: u64,
    bytes: &'a [u8],
}

impl<'a> Piece<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        let kind = cursor.u8()?;
        let message_len = usize::try_from(cursor.u24()?).ok()?;
        let number = cursor.u16()?;
        let offset = u64::from(cursor.u24()?);
        let bytes = cursor.vector24()?;
        (message_len <= limits::HANDSHAKE_BYTES).then_some(Self {
            kind,
            message_len,
            number,
            offset,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tls::hello::forge;
    use super::*;
    use crate::model::{Event, Origin};

    /// Records of one fragment each.
    fn records(kind: u8, number: u16, body: &[u8], len: usize) -> Vec<Vec<u8>> {
        let total = u32::try_from(body.len()).unwrap().to_be_bytes();
        body.chunks(len)
            .enumerate()
            .map(|(position, bytes)| {
                let offset = u32::try_from(position * len).unwrap().to_be_bytes();
                let fragment = [
                    &[kind],
                    &total[1..],
                    &number.to_be_bytes(),
                    &offset[1..],
                    &forge::vector(3, bytes),
                ]
                .concat();
                let head = [&[22, 0xfe, 0xfd, 0, 0][..], &[0; 6]].concat();
                [head, forge::vector(2, &fragment)].concat()
            })
            .collect()
    }

    /// The body of a client hello with an empty cookie behind its session id.
    fn client_hello() -> Vec<u8> {
        let mut body = forge::client_hello("turn.example")[4..].to_vec();
        body[..2].copy_from_slice(&[0xfe, 0xfd]);
        body.insert(2 + 32 + 1 + 32, 0);
        body
    }

    fn run(datagrams: &[(Side, Vec<u8>)]) -> Vec<String> {
        let mut dissector = Dtls::new(&Start::default());
        let mut seen = Vec::new();
        let mut note = |output: Output<'_>| {
            seen.push(match &output {
                Output::Event(Event::Handshake(handshake), _) => {
                    let ja4 = handshake.ja4.as_deref().unwrap_or("-");
                    let kind: String = ja4.chars().take(3).collect();
                    format!("{:?} {:?} {kind}", handshake.sni, handshake.cipher_suite)
                }
                other => format!("{other:?}"),
            });
        };
        for (side, bytes) in datagrams {
            let chunk = Chunk {
                side: *side,
                bytes,
                origin: Origin::default(),
            };
            dissector.feed(chunk, &mut note);
        }
        dissector.finish(&mut note);
        seen
    }

    proptest! {
        #[test]
        fn fragments_in_any_order_are_a_hello(len in 1_usize..150, from in 0_usize..40, joined in any::<bool>()) {
            let mut pieces = records(1, 0, &client_hello(), len);
            let middle = from % pieces.len();
            pieces.rotate_left(middle);
            let mut datagrams: Vec<(Side, Vec<u8>)> = if joined {
                vec![(Side::Client, pieces.concat())]
            } else {
                pieces.into_iter().map(|piece| (Side::Client, piece)).collect()
            };
            let hello = forge::server_hello(&[9; 32], 0xc02b, &[]);
            let answer = [records(2, 1, &hello[4..], 99), records(14, 2, &[0], 1)].concat();
            datagrams.push((Side::Server, answer.concat()));
            let seen = run(&datagrams);
            prop_assert_eq!(&seen[0], "Server(\"turn.example\")");
            prop_assert_eq!(&seen[1], "Some(\"turn.example\") Some(49195) d13");
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let headed = [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0][..], &forge::vector(2, &bytes)].concat();
            run(&[(Side::Client, bytes.clone()), (Side::Client, headed.clone()), (Side::Server, headed)]);
        }
    }

    #[test]
    fn dtls_is_told_by_its_records() {
        let verdict = |client: &[u8]| {
            probe(&Probe {
                transport: Transport::Udp,
                client_port: 40_000,
                server_port: 5684,
                client,
                server: &[],
                before: &[],
            })
        };
        let datagram = records(1, 0, &client_hello(), 500).concat();
        assert_eq!(verdict(&datagram), Verdict::Yes);
        assert_eq!(verdict(&[&datagram[..], &datagram].concat()), Verdict::Yes);
        assert_eq!(verdict(&[&datagram[..], b"junk"].concat()), Verdict::No);
        assert_eq!(verdict(b"\x16\x03\x01\x00\x05hello"), Verdict::No);
    }
}
