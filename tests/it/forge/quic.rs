//! Real QUIC connections of version 1 or 2: the handshake is rustls', the packets around it are laid out here (RFC 9000, RFC 9001).
//!
//! ```ignore
//! let mut session = Session::new(&Settings { alpn: &["h3"], ..Settings::new("video.example", 7) });
//! session.request("POST", "/upload", &[("content-type", "application/json")], body);
//! session.respond(200, b"");
//! for (side, datagram) in session.datagrams { … }
//! ```

use phonehome::model::Side;
use rustls::pki_types::ServerName;
use rustls::quic::{
    ClientConnection, DirectionalKeys, KeyChange, Keys, Secrets, ServerConnection, Suite, Version,
};

use super::Chance;
use super::tls::{Settings, configurations};

const INITIAL: u8 = 0;
const HANDSHAKE: u8 = 2;
const CONNECTION_ID_BYTES: usize = 8;
/// Smallest datagram with an Initial packet (RFC 9000 §14.1).
const SMALLEST_INITIAL: usize = 1200;
/// Header and tag of an Initial packet with our connection ids and without a token.
const INITIAL_OVERHEAD: usize = 7 + 2 * CONNECTION_ID_BYTES + 1 + 2 + 2 + 16;
/// Bytes of CRYPTO or STREAM data per packet.
const PACKET_DATA: usize = 1000;

/// Encryption levels, as indexes.
const LEVELS: usize = 3;
const LEVEL_INITIAL: usize = 0;
const LEVEL_HANDSHAKE: usize = 1;
const LEVEL_DATA: usize = 2;

/// One side of a connection.
struct End {
    id: Vec<u8>,
    keys: [Option<Keys>; LEVELS],
    next_packet: [u16; LEVELS],
    stream_offset: u64,
    /// From which the keys after the next update follow.
    secrets: Option<Secrets>,
    /// The key phase, as its bit.
    phase: u8,
    version: Version,
}

/// Both ends of one connection and all that they sent.
pub(crate) struct Session {
    client: End,
    server: End,
    pub(crate) datagrams: Vec<(Side, Vec<u8>)>,
    host: String,
    next_request: u64,
    key_log: String,
}

impl Session {
    /// Does the whole handshake.
    pub(crate) fn new(settings: &Settings<'_>) -> Self {
        Self::upgraded(settings, settings.quic_version, settings.seed)
    }

    /// Does it with a client whose first packet is of another version (RFC 9368 §2.3), and with ids of a seed of their own.
    pub(crate) fn upgraded(settings: &Settings<'_>, first_version: Version, id_seed: u64) -> Self {
        let (client, server, key_log) = configurations(settings);
        let version = settings.quic_version;
        let mut chance = Chance::new(id_seed ^ 0x7175_6963);
        let first_id = chance.bytes(CONNECTION_ID_BYTES);
        let mut end = |keys| End {
            id: chance.bytes(CONNECTION_ID_BYTES),
            keys: [Some(keys), None, None],
            next_packet: [0; LEVELS],
            stream_offset: 0,
            secrets: None,
            phase: 0,
            version,
        };
        let suite = initial_suite();
        let mut session = Self {
            client: end(suite.keys(&first_id, rustls::Side::Client, version)),
            server: end(suite.keys(&first_id, rustls::Side::Server, version)),
            datagrams: Vec::new(),
            host: settings.host.to_owned(),
            next_request: 0,
            key_log: String::new(),
        };
        let client_parameters = transport_parameters(&session.client.id, None);
        let server_parameters = transport_parameters(&session.server.id, Some(&first_id));
        let name = ServerName::try_from(settings.host.to_owned()).unwrap();
        let mut client = ClientConnection::new(client, version, name, client_parameters).unwrap();
        let mut server = ServerConnection::new(server, version, server_parameters).unwrap();

        let mut hello = Vec::new();
        assert!(client.write_hs(&mut hello).is_none());
        server.read_hs(&hello).unwrap();
        session.client_hello(&first_id, &hello, first_version);

        let (mut server_hello, mut rest) = (Vec::new(), Vec::new());
        session.server.install(server.write_hs(&mut server_hello));
        session.server.install(server.write_hs(&mut rest));
        client.read_hs(&server_hello).unwrap();
        let mut finished = Vec::new();
        session.client.install(client.write_hs(&mut finished));
        client.read_hs(&rest).unwrap();
        session.client.install(client.write_hs(&mut finished));
        server.read_hs(&finished).unwrap();
        assert!(!client.is_handshaking() && !server.is_handshaking());
        session.server_flight(&server_hello, &rest);
        session.client_finish(&finished);
        session.key_log = key_log.text();
        session
    }

    /// The first datagram. The hello goes in two CRYPTO frames, the second part first, as browsers do.
    fn client_hello(&mut self, first_id: &[u8], hello: &[u8], version: Version) {
        let half = hello.len() / 2;
        let mut frames = crypto_frame(half, &hello[half..]);
        frames.extend(crypto_frame(0, &hello[..half]));
        let own_id = self.client.id.clone();
        let keys = initial_suite().keys(first_id, rustls::Side::Client, version);
        let later = (self.client.version, self.client.keys[LEVEL_INITIAL].take());
        (self.client.version, self.client.keys[LEVEL_INITIAL]) = (version, Some(keys));
        let datagram = self
            .client
            .long(INITIAL, first_id, &own_id, &padded(frames));
        (self.client.version, self.client.keys[LEVEL_INITIAL]) = later;
        self.push(Side::Client, datagram);
    }

    /// The server's answer to the first datagram if it does not speak that version (RFC 8999 §6).
    pub(crate) fn version_negotiation(&self) -> Vec<u8> {
        // Behind the first byte and the version, both ids with their lengths come back the other way round.
        let (_, first) = &self.datagrams[0];
        let id = |at: usize| &first[at..=at + CONNECTION_ID_BYTES];
        let head: &[u8] = &[0xca, 0, 0, 0, 0];
        let versions: &[u8] = &[0x0a, 0x1a, 0x2a, 0x3a, 0, 0, 0, 1];
        [head, id(6 + CONNECTION_ID_BYTES), id(5), versions].concat()
    }

    /// Initial and Handshake packets in one datagram, and what does not fit in further ones.
    fn server_flight(&mut self, server_hello: &[u8], rest: &[u8]) {
        let mut frames = acknowledgement(0);
        frames.extend(crypto_frame(0, server_hello));
        let (to, from) = (self.client.id.clone(), self.server.id.clone());
        let mut datagram = self.server.long(INITIAL, &to, &from, &frames);
        let mut offset = 0;
        for piece in rest.chunks(PACKET_DATA) {
            let frames = crypto_frame(offset, piece);
            datagram.extend(self.server.long(HANDSHAKE, &to, &from, &frames));
            self.push(Side::Server, std::mem::take(&mut datagram));
            offset += piece.len();
        }
    }

    fn client_finish(&mut self, finished: &[u8]) {
        let (to, from) = (self.server.id.clone(), self.client.id.clone());
        let datagram = self
            .client
            .long(INITIAL, &to, &from, &padded(acknowledgement(0)));
        self.push(Side::Client, datagram);
        let mut frames = acknowledgement(0);
        frames.extend(crypto_frame(0, finished));
        let datagram = self.client.long(HANDSHAKE, &to, &from, &frames);
        self.push(Side::Client, datagram);
        // HANDSHAKE_DONE, then the server's HTTP/3 control stream with empty settings.
        self.data(Side::Server, &[0x1e]);
        self.data(Side::Server, &stream_frame(3, 0, &[0, 4, 0], false));
        self.data(Side::Client, &stream_frame(2, 0, &[0, 4, 0], false));
    }

    /// The secrets of this connection as a key log file holds them.
    pub(crate) fn key_log(&self) -> &str {
        &self.key_log
    }

    /// Both sides go on with new keys (RFC 9001 §6).
    pub(crate) fn update_keys(&mut self) {
        for side in [Side::Client, Side::Server] {
            let end = self.end(side);
            let next = end.secrets.as_mut().unwrap().next_packet_keys();
            let keys = end.keys[LEVEL_DATA].as_mut().unwrap();
            keys.local.packet = next.local;
            end.phase ^= 0x04;
        }
    }

    /// A piece of a stream that is not HTTP/3.
    pub(crate) fn stream(&mut self, side: Side, stream: u64, bytes: &[u8]) {
        self.data(side, &stream_frame(stream, 0, bytes, true));
    }

    /// Another connection id for the server (RFC 9000 §19.15), which the client uses from then on.
    pub(crate) fn renew_server_id(&mut self, id: &[u8]) {
        let mut frame = vec![0x18, 1, 0, u8::try_from(id.len()).unwrap()];
        frame.extend(id);
        frame.extend([0x7a; 16]);
        self.data(Side::Server, &frame);
        self.server.id = id.to_vec();
    }

    /// An HTTP/3 request on a stream of its own.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) {
        // Static table (RFC 9204, appendix A): 17 GET, 20 POST, 23 https; 0 :authority, 1 :path are names.
        let mut fields = vec![0, 0, if method == "POST" { 0xd4 } else { 0xd1 }, 0xd7];
        fields.push(0x50);
        fields.extend(prefixed(7, 0, self.host.as_bytes()));
        fields.push(0x51);
        fields.extend(prefixed(7, 0, path.as_bytes()));
        for (name, value) in headers {
            fields.extend(prefixed(3, 0x20, name.as_bytes()));
            fields.extend(prefixed(7, 0, value.as_bytes()));
        }
        let stream = self.next_request;
        self.message(Side::Client, stream, &fields, body);
    }

    /// The response to the last request.
    pub(crate) fn respond(&mut self, body: &[u8]) {
        // 25 is ":status: 200" in the static table.
        let stream = self.next_request;
        self.message(Side::Server, stream, &[0, 0, 0xd9], body);
        self.next_request += 4;
    }

    fn message(&mut self, side: Side, stream: u64, fields: &[u8], body: &[u8]) {
        let mut bytes = frame(1, fields);
        if !body.is_empty() {
            bytes.extend(frame(0, body));
        }
        self.end(side).stream_offset = 0;
        let pieces: Vec<&[u8]> = bytes.chunks(PACKET_DATA).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let offset = self.end(side).stream_offset;
            self.end(side).stream_offset += u64::try_from(piece.len()).unwrap();
            let is_last = index + 1 == pieces.len();
            let payload = stream_frame(stream, offset, piece, is_last);
            self.data(side, &payload);
        }
        let largest = self.end(side).next_packet[LEVEL_DATA] - 1;
        self.data(side.opposite(), &acknowledgement(largest));
    }

    /// One 1-RTT packet.
    fn data(&mut self, side: Side, frames: &[u8]) {
        let to = match side {
            Side::Client => self.server.id.clone(),
            Side::Server => self.client.id.clone(),
        };
        let datagram = self.end(side).short(&to, frames);
        self.push(side, datagram);
    }

    fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn push(&mut self, side: Side, datagram: Vec<u8>) {
        self.datagrams.push((side, datagram));
    }
}

impl End {
    fn install(&mut self, change: Option<KeyChange>) {
        match change {
            Some(KeyChange::Handshake { keys }) => self.keys[LEVEL_HANDSHAKE] = Some(keys),
            Some(KeyChange::OneRtt { keys, next }) => {
                self.keys[LEVEL_DATA] = Some(keys);
                self.secrets = Some(next);
            }
            None => panic!("rustls gave no keys"),
        }
    }

    /// A packet with a long header (RFC 9000 §17.2): Initial or Handshake.
    fn long(&mut self, kind: u8, to: &[u8], from: &[u8], frames: &[u8]) -> Vec<u8> {
        let level = if kind == INITIAL {
            LEVEL_INITIAL
        } else {
            LEVEL_HANDSHAKE
        };
        // RFC 9369 §3.2 turns the types round.
        let (kind, version) = match self.version {
            Version::V2 => ((kind + 1) & 3, 0x6b33_43cf_u32),
            _ => (kind, 1),
        };
        let mut header = vec![0xc1 | kind << 4];
        header.extend(version.to_be_bytes());
        for id in [to, from] {
            header.push(u8::try_from(id.len()).unwrap());
            header.extend(id);
        }
        if level == LEVEL_INITIAL {
            header.push(0); // no token
        }
        let length = u16::try_from(2 + frames.len() + 16).unwrap();
        header.extend((0x4000 | length).to_be_bytes());
        self.seal(level, header, frames)
    }

    /// A packet with a short header (RFC 9000 §17.3).
    fn short(&mut self, to: &[u8], frames: &[u8]) -> Vec<u8> {
        let mut header = vec![0x41 | self.phase];
        header.extend(to);
        self.seal(LEVEL_DATA, header, frames)
    }

    /// Adds packet number, encrypted frames and header protection (RFC 9001 §5).
    fn seal(&mut self, level: usize, mut header: Vec<u8>, frames: &[u8]) -> Vec<u8> {
        let number = self.next_packet[level];
        self.next_packet[level] += 1;
        let at = header.len();
        header.extend(number.to_be_bytes());
        // The sample of header protection begins four bytes behind the packet number's start and is 16 bytes long.
        let mut payload = frames.to_vec();
        if payload.len() < 4 {
            payload.resize(4, 0);
        }
        let DirectionalKeys {
            header: mask,
            packet: cipher,
        } = &self.keys[level].as_ref().unwrap().local;
        let tag = cipher
            .encrypt_in_place(number.into(), &header, &mut payload)
            .unwrap();
        payload.extend(tag.as_ref());
        let (first, rest) = header.split_at_mut(1);
        mask.encrypt_in_place(&payload[2..18], &mut first[0], &mut rest[at - 1..])
            .unwrap();
        header.extend(payload);
        header
    }
}

/// Frames with so much padding that the datagram is as long as one with an Initial packet must be.
fn padded(mut frames: Vec<u8>) -> Vec<u8> {
    frames.resize(SMALLEST_INITIAL - INITIAL_OVERHEAD, 0);
    frames
}

/// The suite that protects Initial packets (RFC 9001 §5.2).
fn initial_suite() -> Suite {
    rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256
        .tls13()
        .unwrap()
        .quic_suite()
        .unwrap()
}

/// Transport parameters (RFC 9000 §18).
fn transport_parameters(own_id: &[u8], first_id: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut add = |id: u8, value: &[u8]| {
        bytes.extend([id, u8::try_from(value.len()).unwrap()]);
        bytes.extend(value);
    };
    if let Some(first_id) = first_id {
        add(0x00, first_id);
    }
    for flow_control in [0x04, 0x05, 0x06, 0x07] {
        add(flow_control, &[0x80, 0x10, 0, 0]);
    }
    add(0x08, &[0x40, 0x64]);
    add(0x09, &[0x40, 0x64]);
    add(0x0f, own_id);
    bytes
}

fn crypto_frame(offset: usize, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x06];
    bytes.extend(number(u64::try_from(offset).unwrap()));
    bytes.extend(number(u64::try_from(data.len()).unwrap()));
    bytes.extend(data);
    bytes
}

fn stream_frame(stream: u64, offset: u64, data: &[u8], is_last: bool) -> Vec<u8> {
    let mut bytes = vec![0x0e | u8::from(is_last)];
    bytes.extend(number(stream));
    bytes.extend(number(offset));
    bytes.extend(number(u64::try_from(data.len()).unwrap()));
    bytes.extend(data);
    bytes
}

fn acknowledgement(largest: u16) -> Vec<u8> {
    let mut bytes = vec![0x02];
    bytes.extend(number(largest.into()));
    bytes.extend([0, 0, 0]);
    bytes
}

/// An HTTP/3 frame (RFC 9114 §7.1).
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(number(u64::try_from(payload.len()).unwrap()));
    bytes.extend(payload);
    bytes
}

/// A variable-length integer (RFC 9000 §16).
fn number(value: u64) -> Vec<u8> {
    match value {
        0..0x40 => vec![u8::try_from(value).unwrap()],
        0x40..0x4000 => (0x4000 | u16::try_from(value).unwrap())
            .to_be_bytes()
            .to_vec(),
        _ => (0x8000_0000 | u32::try_from(value).unwrap())
            .to_be_bytes()
            .to_vec(),
    }
}

/// A string with the length in the low bits of the first byte (RFC 9204 §4.1.2), without Huffman coding.
fn prefixed(bits: u32, pattern: u8, text: &[u8]) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    let mut bytes = Vec::new();
    if text.len() < most {
        bytes.push(pattern | u8::try_from(text.len()).unwrap());
    } else {
        bytes.push(pattern | u8::try_from(most).unwrap());
        let mut rest = text.len() - most;
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128).unwrap() | 0x80);
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).unwrap());
    }
    bytes.extend(text);
    bytes
}

#[test]
fn the_same_seed_gives_the_same_connection() {
    let forge = |seed| {
        let mut session = Session::new(&Settings {
            alpn: &["h3"],
            ..Settings::new("video.example", seed)
        });
        session.request(
            "POST",
            "/upload",
            &[("content-type", "text/plain")],
            &[7; 3000],
        );
        session.respond(b"done");
        session.datagrams
    };
    assert_eq!(forge(1), forge(1));
    assert_ne!(forge(1), forge(2));
    let (side, first) = &forge(1)[0];
    assert_eq!((*side, first.len()), (Side::Client, SMALLEST_INITIAL));
}
