//! DTLS (RFC 6347, RFC 9147): hellos in datagrams, whose messages may be cut into fragments.

use std::collections::BTreeMap;

use super::assembler::Assembler;
use super::cursor::Cursor;
use super::tls::datagram::{DatagramSession, Sealed, Unified};
use super::tls::handshake::{CLIENT_HELLO, Opening};
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
/// The first one with keys (RFC 6347 §4.1).
const FIRST_EPOCH: u16 = 1;

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
    /// Which side of the flow is the client: one that was met in its middle may be turned round.
    client_side: Side,
    /// The connection as read with keys; none if there are none at all, or not for it.
    session: Option<Box<DatagramSession>>,
    /// Whether ends of datagrams are not in the capture.
    is_cut: bool,
    /// The state last handed out.
    told: ContentState,
}

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

impl Dissector for Dtls {
    fn feed(&mut self, chunk: Chunk<'_>, emit: Emit<'_>) {
        let mut cursor = Cursor::new(chunk.bytes);
        let mut is_encrypted = false;
        while self.opening.is_some() || self.session.is_some() {
            if let Some(record) = Unified::read(&mut cursor) {
                is_encrypted = true;
                self.decrypt_unified(record, chunk, emit);
                continue;
            }
            let Some(record) = Record::read(&mut cursor) else {
                break;
            };
            match record.kind {
                HANDSHAKE if record.epoch == 0 => {
                    self.messages(record.fragment, false, chunk, emit);
                }
                // Only the server's end of clear text says that nothing more will come: the client's may be early.
                HANDSHAKE | CHANGE_CIPHER_SPEC | APPLICATION_DATA => is_encrypted = true,
                _ => {}
            }
            if record.epoch > 0 {
                self.decrypt(record, chunk, emit);
            }
        }
        let is_complete = self.opening.as_ref().is_some_and(Opening::is_complete);
        let is_over = is_complete || (is_encrypted && self.role(chunk.side) == Side::Server);
        self.settle(is_over, emit);
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: Emit<'_>) {
        self.is_cut = true;
    }

    fn finish(&mut self, emit: Emit<'_>) {
        let is_waiting = self
            .session
            .as_ref()
            .is_some_and(|session| session.content().is_none());
        if self.is_cut && is_waiting && self.told != ContentState::Damaged {
            self.told = ContentState::Damaged;
            emit(Output::Content(ContentState::Damaged));
            emit(Output::Undecrypted(Undecrypted {
                what: "DTLS record",
                side: Side::Client,
                number: 1,
                bytes: 0,
                why: "the hello from which the keys follow was not captured, or not whole",
            }));
        }
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
            client_side: Side::Client,
            session: has_keys.then(|| Box::new(DatagramSession::new(&start.keys))),
            is_cut: false,
            told: ContentState::NoKey,
        }
    }

    fn role(&self, side: Side) -> Side {
        if side == self.client_side {
            Side::Client
        } else {
            Side::Server
        }
    }

    /// Opens a record, if there are keys, and hands out what it holds for applications.
    fn decrypt(&mut self, record: Record<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        let role = self.role(chunk.side);
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
        let plaintext = session.open(role, sealed);
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
                side: role,
                number: record.sequence.saturating_add(1),
                bytes: u64::try_from(record.fragment.len()).unwrap_or(u64::MAX),
                why: if record.epoch == FIRST_EPOCH {
                    "the keys do not open it: damaged"
                } else {
                    "the key log has no secret for these later keys"
                },
            })),
        }
    }

    /// The same for a record of DTLS 1.3.
    fn decrypt_unified(&mut self, record: Unified<'_>, chunk: Chunk<'_>, emit: Emit<'_>) {
        let role = self.role(chunk.side);
        let session = self.session.as_mut();
        match session.and_then(|session| session.open_unified(role, record)) {
            Some(Ok(inner)) if inner.kind == APPLICATION_DATA && !inner.content.is_empty() => {
                self.finish(emit);
                let bytes = inner.content.as_slice();
                emit(Output::Inner(Chunk { bytes, ..chunk }, Hint::Probe));
            }
            Some(Err(closed)) => emit(Output::Undecrypted(Undecrypted {
                what: "DTLS record",
                side: role,
                number: closed.number,
                bytes: u64::try_from(record.payload.len()).unwrap_or(u64::MAX),
                why: closed.why,
            })),
            Some(Ok(inner)) if inner.kind == HANDSHAKE && self.opening.is_some() => {
                self.messages(&inner.content, true, chunk, emit);
            }
            Some(Ok(_)) | None => {}
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

    /// Takes a record of handshake fragments, in clear or decrypted.
    fn messages(&mut self, fragment: &[u8], is_encrypted: bool, chunk: Chunk<'_>, emit: Emit<'_>) {
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
                if !is_encrypted {
                    if piece.kind == CLIENT_HELLO {
                        self.client_side = chunk.side;
                    }
                    opening.message(piece.kind, body, chunk.origin);
                    if let Some(session) = &mut self.session {
                        session.message(piece.kind, body);
                    }
                } else if chunk.side != self.client_side {
                    opening.encrypted_message(piece.kind, body);
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
    use data_encoding::HEXLOWER;

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

    /// A record of DTLS 1.3 as RFC 9147 lays it out, under the keys of a secret for `TLS_AES_128_GCM_SHA256`.
    fn unified(secret: &[u8], epoch: u8, number: u16, kind: u8, content: &[u8]) -> Vec<u8> {
        use ring::aead::{
            AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey, quic::AES_128,
            quic::HeaderProtectionKey,
        };
        let (key, iv) = (expand(secret, b"key", 16), expand(secret, b"iv", 12));
        let mut inner = [content, &[kind, 0, 0, 0]].concat();
        let len = u16::try_from(inner.len() + 16).unwrap();
        let head = [0x2c | epoch & 3];
        let mut header = [&head[..], &number.to_be_bytes(), &len.to_be_bytes()].concat();
        let mut nonce: [u8; 12] = iv.try_into().unwrap();
        for (byte, number) in nonce[10..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap())
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&header),
                &mut inner,
            )
            .unwrap();
        let hider = HeaderProtectionKey::new(&AES_128, &expand(secret, b"sn", 16)).unwrap();
        let mask = hider.new_mask(&inner[..16]).unwrap();
        header[1] ^= mask[0];
        header[2] ^= mask[1];
        [header, inner].concat()
    }

    /// HKDF-Expand-Label of RFC 9147 §5.9.
    fn expand(secret: &[u8], label: &[u8], len: usize) -> Vec<u8> {
        struct Len(usize);
        impl ring::hkdf::KeyType for Len {
            fn len(&self) -> usize {
                self.0
            }
        }
        let label = [b"dtls13", label].concat();
        let len_bytes = u16::try_from(len).unwrap().to_be_bytes();
        let info = [
            &len_bytes[..],
            &[u8::try_from(label.len()).unwrap()],
            &label,
            &[0],
        ];
        let mut output = vec![0; len];
        ring::hkdf::Prk::new_less_safe(ring::hkdf::HKDF_SHA256, secret)
            .expand(&info, Len(len))
            .unwrap()
            .fill(&mut output)
            .unwrap();
        output
    }

    fn read_1_3(suite: u16, log: &str, records: &[(Side, Vec<u8>)]) -> (Vec<String>, String) {
        let mut keys = crate::protocol::KeyLog::default();
        keys.read(log.as_bytes());
        let mut dissector = Dtls::new(&Start {
            keys: std::sync::Arc::new(keys),
            ..Start::default()
        });
        let versions = forge::extension(43, &[0xfe, 0xfc]);
        let hello = forge::server_hello(&[9; 32], suite, &versions);
        let hellos = [
            (Side::Client, records_of(1, 0, &client_hello())),
            (Side::Server, records_of(2, 0, &hello[4..])),
        ];
        let (mut seen, mut state) = (Vec::new(), String::new());
        let mut note = |output: Output<'_>| match output {
            Output::Event(Event::Handshake(handshake), _) => {
                seen.push(format!("{:?} {:#06x}", handshake.sni, handshake.version));
            }
            Output::Inner(chunk, _) => {
                seen.push(format!("{:?} {}", chunk.side, chunk.bytes.escape_ascii()));
            }
            Output::Undecrypted(piece) => seen.push(piece.to_string()),
            Output::Content(content) | Output::Opaque(content) => {
                state = content.as_str().to_owned();
            }
            _ => {}
        };
        for (side, bytes) in hellos.iter().chain(records) {
            let chunk = Chunk {
                side: *side,
                bytes,
                origin: Origin::default(),
            };
            dissector.feed(chunk, &mut note);
        }
        dissector.finish(&mut note);
        (seen, state)
    }

    proptest! {
        #[test]
        fn changed_records_of_dtls_1_3_are_survived(
            at in any::<prop::sample::Index>(),
            change in 1_u8..,
            end in any::<prop::sample::Index>(),
        ) {
            let secret = [1; 32];
            let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
            let log = format!("CLIENT_TRAFFIC_SECRET_0 {} {}", hex(&[7; 32]), hex(&secret));
            let mut datagram = [
                unified(&secret, 3, 0, 23, b"one"),
                unified(&secret, 3, 1, 23, b"two"),
            ]
            .concat();
            let at = at.index(datagram.len());
            datagram[at] ^= change;
            datagram.truncate(1 + end.index(datagram.len()));
            let (_, state) = read_1_3(0x1301, &log, &[(Side::Client, datagram)]);
            prop_assert_ne!(state, "encrypted-no-key");
        }
    }

    fn records_of(kind: u8, number: u16, body: &[u8]) -> Vec<u8> {
        records(kind, number, body, 10_000).concat()
    }

    #[test]
    fn dtls_1_3_is_read_with_keys_and_named_without() {
        let (ours, theirs, shake) = ([1; 32], [2; 32], [3; 32]);
        let later = expand(&ours, b"traffic upd", 32);
        let talk = [
            (Side::Server, unified(&shake, 2, 0, 22, b"handshake")),
            (Side::Client, unified(&ours, 3, 0, 23, b"hello")),
            (Side::Server, unified(&theirs, 3, 7, 23, b"good day")),
            (Side::Client, unified(&ours, 3, 1, 22, b"key update")),
            (
                Side::Client,
                [
                    unified(&later, 4, 0, 23, b"new"),
                    unified(&later, 4, 1, 23, b"keys"),
                ]
                .concat(),
            ),
        ];
        let line = |label: &str, secret: [u8; 32]| {
            let hex = |bytes: [u8; 32]| HEXLOWER.encode(&bytes);
            format!("{label} {} {}\n", hex([7; 32]), hex(secret))
        };
        let client = line("CLIENT_TRAFFIC_SECRET_0", ours);
        let server = line("SERVER_TRAFFIC_SECRET_0", theirs);
        let told = "Some(\"turn.example\") 0xfefc".to_owned();
        let whole = [
            &*told,
            "Client hello",
            "Server good day",
            "Client new",
            "Client keys",
        ];
        let both = format!("{client}{server}");
        let (seen, state) = read_1_3(0x1301, &both, &talk);
        assert_eq!(
            (&*seen, &*state),
            (&whole.map(str::to_owned)[..], "decrypted")
        );

        let closed = |side: &str| {
            format!("DTLS record 1 of the {side}: the key log has no secret for this direction")
        };
        let (seen, state) = read_1_3(0x1301, &client, &talk);
        assert!(seen.contains(&closed("server")), "{seen:?}");
        assert_eq!(state, "partly-decrypted");
        let (seen, state) = read_1_3(0x1301, &server, &talk);
        assert!(seen.contains(&closed("client")), "{seen:?}");
        assert_eq!(state, "encrypted-no-key");

        let (seen, state) = read_1_3(0x1301, &line("CLIENT_RANDOM", ours), &talk);
        assert_eq!((seen, &*state), (vec![told.clone()], "encrypted-no-key"));
        let (seen, state) = read_1_3(0x1304, &both, &talk);
        assert_eq!((seen, &*state), (vec![told], "unsupported-cipher"));

        let mut damaged = talk;
        *damaged[2].1.last_mut().unwrap() ^= 1;
        let (seen, state) = read_1_3(0x1301, &both, &damaged);
        let why = "DTLS record 1 of the server: the keys do not open it: damaged, or behind lost key updates";
        assert!(seen.contains(&why.to_owned()), "{seen:?}");
        assert_eq!(state, "partly-decrypted");
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
