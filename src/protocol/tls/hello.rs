//! `ClientHello` and `ServerHello` (RFC 8446 §4.1, RFC 5246 §7.4.1, RFC 6347 §4.2.1), as much of them as a passive reader
//! needs. A hello that breaks off is read as far as it goes.

use crate::protocol::cursor::Cursor;

const EXTENSION_SERVER_NAME: u16 = 0;
const EXTENSION_SIGNATURE_ALGORITHMS: u16 = 13;
const EXTENSION_ALPN: u16 = 16;
/// RFC 6066 §7.
const EXTENSION_TRUNCATED_HMAC: u16 = 4;
/// RFC 7366.
const EXTENSION_ENCRYPT_THEN_MAC: u16 = 22;
/// RFC 7627.
const EXTENSION_EXTENDED_MASTER_SECRET: u16 = 23;
/// RFC 5077 §3.2.
const EXTENSION_SESSION_TICKET: u16 = 35;
const EXTENSION_EARLY_DATA: u16 = 42;
const EXTENSION_SUPPORTED_VERSIONS: u16 = 43;
/// `encrypted_client_hello` (RFC 9849).
const EXTENSION_ECH: u16 = 0xfe0d;
/// `encrypted_server_name` of the drafts before ECH.
const EXTENSION_ESNI: u16 = 0xffce;

/// TLS 1.3.
const TLS_1_3: u16 = 0x0304;

/// DTLS 1.3 (RFC 9147).
const DTLS_1_3: u16 = 0xfefc;

/// Random of a `ServerHello` that is a `HelloRetryRequest` (RFC 8446 §4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// On what a hello travels: the letter that JA4 gives it, and whether it has the cookie of DTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Carrier {
    /// TLS on a byte stream.
    Stream,
    /// DTLS.
    Datagram,
    /// QUIC CRYPTO frames.
    Quic,
}

/// What the client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    /// `legacy_version`.
    pub(super) version: u16,
    /// Random.
    pub(super) random: [u8; 32],
    /// Session to be resumed (up to TLS 1.2).
    pub(super) session_id: Vec<u8>,
    /// Ticket of the session to be resumed (up to TLS 1.2).
    pub(super) ticket: Option<Vec<u8>>,
    /// `early_data`.
    pub(super) offers_early_data: bool,
    /// Cipher suites in order, GREASE included.
    pub(super) cipher_suites: Vec<u16>,
    /// Extension types in order, GREASE included.
    pub(super) extensions: Vec<u16>,
    /// Server name, lower case.
    pub(super) server_name: Option<String>,
    /// Protocols, as bytes: they need not be text.
    pub(super) protocols: Vec<Vec<u8>>,
    /// `supported_versions`.
    pub(super) supported_versions: Vec<u16>,
    /// `signature_algorithms`.
    pub(super) signature_algorithms: Vec<u16>,
    /// ECH or ESNI offered.
    pub(super) ech_offered: bool,
    /// Whether it was read to its end.
    pub(super) is_whole: bool,
}

impl ClientHello {
    /// Reads the body of a handshake message of type 1. `None` if not even the cipher suites can be read.
    pub(super) fn read(body: &[u8], carrier: Carrier) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let mut hello = Self {
            version: cursor.u16()?,
            ..Self::default()
        };
        hello.random = *cursor.take(32)?.first_chunk()?;
        hello.session_id = cursor.vector8()?.to_vec();
        if carrier == Carrier::Datagram {
            let _cookie = cursor.vector8()?;
        }
        hello.cipher_suites = numbers(cursor.vector16()?);
        if cursor.vector8().is_none() {
            return Some(hello);
        }
        hello.is_whole = for_each_extension(cursor, |kind, data| hello.extension(kind, data));
        Some(hello)
    }

    fn extension(&mut self, kind: u16, data: &[u8]) {
        self.extensions.push(kind);
        let mut cursor = Cursor::new(data);
        match kind {
            EXTENSION_SERVER_NAME => {
                self.server_name = self.server_name.take().or_else(|| server_name(data));
            }
            EXTENSION_SIGNATURE_ALGORITHMS => {
                self.signature_algorithms = numbers(cursor.vector16_lossy().unwrap_or_default());
            }
            EXTENSION_ALPN => self.protocols = protocols(data),
            EXTENSION_SUPPORTED_VERSIONS => {
                self.supported_versions = numbers(cursor.vector8().unwrap_or_default());
            }
            EXTENSION_ECH | EXTENSION_ESNI => self.ech_offered = true,
            EXTENSION_SESSION_TICKET => self.ticket = Some(data.to_vec()),
            EXTENSION_EARLY_DATA => self.offers_early_data = true,
            _ => {}
        }
    }

    /// The highest version offered.
    pub(super) fn highest_version(&self) -> u16 {
        self.supported_versions
            .iter()
            .copied()
            .filter(|version| !is_grease(*version))
            .map(final_version)
            .max_by_key(|version| rank(*version))
            .unwrap_or(self.version)
    }
}

/// What the server chose.
#[allow(
    clippy::struct_excessive_bools,
    reason = "extensions that are there or not"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerHello {
    /// Version, from `supported_versions` where it is sent.
    pub(super) version: u16,
    /// Cipher suite; SSL 2.0 leaves the choice to the client.
    pub(super) cipher_suite: Option<u16>,
    /// Protocol; in TLS 1.3 it is sent encrypted.
    pub(super) protocol: Option<Vec<u8>>,
    /// Whether it is a `HelloRetryRequest`.
    pub(super) is_retry: bool,
    /// Random.
    pub(super) random: [u8; 32],
    /// The session, by which it can be resumed (up to TLS 1.2).
    pub(super) session_id: Vec<u8>,
    /// Compression method.
    pub(super) compression: u8,
    /// `encrypt_then_mac`.
    pub(super) encrypts_then_mac: bool,
    /// `truncated_hmac`.
    pub(super) truncates_mac: bool,
    /// `extended_master_secret`.
    pub(super) extends_master: bool,
}

impl ServerHello {
    /// Reads the body of a handshake message of type 2.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let version = cursor.u16()?;
        let random = *cursor.take(32)?.first_chunk()?;
        let mut hello = Self {
            version,
            is_retry: random == RETRY_RANDOM,
            random,
            session_id: cursor.vector8()?.to_vec(),
            cipher_suite: Some(cursor.u16()?),
            ..Self::default()
        };
        hello.compression = cursor.u8().unwrap_or_default();
        for_each_extension(cursor, |kind, data| match kind {
            EXTENSION_SUPPORTED_VERSIONS => {
                if let Some(version) = Cursor::new(data).u16() {
                    hello.version = final_version(version);
                }
            }
            EXTENSION_ALPN => hello.protocol = protocols(data).into_iter().next(),
            EXTENSION_ENCRYPT_THEN_MAC => hello.encrypts_then_mac = true,
            EXTENSION_TRUNCATED_HMAC => hello.truncates_mac = true,
            EXTENSION_EXTENDED_MASTER_SECRET => hello.extends_master = true,
            _ => {}
        });
        Some(hello)
    }

    /// Whether everything behind this hello is encrypted.
    pub(super) fn hides_certificate(&self) -> bool {
        matches!(self.version, TLS_1_3 | DTLS_1_3)
    }
}

/// The protocol that the server chose, out of the body of `EncryptedExtensions` (RFC 8446 §4.3.1).
pub(super) fn protocol_of_extensions(body: &[u8]) -> Option<Vec<u8>> {
    let mut protocol = None;
    for_each_extension(Cursor::new(body), |kind, data| {
        if kind == EXTENSION_ALPN {
            protocol = protocols(data).into_iter().next();
        }
    });
    protocol
}

/// Calls `read` with each extension, the last one also when it is cut. Returns whether the block was whole; a hello without
/// the block is (RFC 5246 §7.4.1.2).
fn for_each_extension(mut cursor: Cursor<'_>, mut read: impl FnMut(u16, &[u8])) -> bool {
    if cursor.is_empty() {
        return true;
    }
    let declared = {
        let mut ahead = cursor;
        ahead.u16().map(usize::from)
    };
    let Some(block) = cursor.vector16_lossy() else {
        return false;
    };
    let mut extensions = Cursor::new(block);
    while let Some(kind) = extensions.u16() {
        let mut ahead = extensions;
        let whole = ahead.vector16();
        let Some(data) = whole.or_else(|| extensions.vector16_lossy()) else {
            return false;
        };
        read(kind, data);
        if whole.is_none() {
            return false;
        }
        extensions = ahead;
    }
    declared == Some(block.len()) && extensions.is_empty()
}

/// The first host name of a `server_name` extension (RFC 6066 §3).
fn server_name(data: &[u8]) -> Option<String> {
    let mut names = Cursor::new(Cursor::new(data).vector16_lossy()?);
    while let Some(kind) = names.u8() {
        let name = names.vector16()?;
        if kind == 0 {
            let name = String::from_utf8_lossy(name).to_lowercase();
            let name = name.strip_suffix('.').unwrap_or(&name);
            return (!name.is_empty()).then(|| name.to_owned());
        }
    }
    None
}

/// A list of protocol names (RFC 7301 §3.1).
fn protocols(data: &[u8]) -> Vec<Vec<u8>> {
    let mut list = Cursor::new(Cursor::new(data).vector16_lossy().unwrap_or_default());
    std::iter::from_fn(|| list.vector8())
        .map(<[u8]>::to_vec)
        .collect()
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

/// Values that clients strew in to keep servers tolerant (RFC 8701 §2).
pub(super) fn is_grease(value: u16) -> bool {
    let [high, low] = value.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// TLS 1.3 as its drafts numbered it (`0x7f00 | draft`, Facebook's `0xfb..`) is TLS 1.3.
fn final_version(version: u16) -> u16 {
    match version.to_be_bytes() {
        [0x7f | 0xfb, _] => TLS_1_3,
        _ => version,
    }
}

/// Order of versions: DTLS counts downwards.
fn rank(version: u16) -> u16 {
    if version.to_be_bytes()[0] == 0xfe {
        u16::MAX.saturating_sub(version)
    } else {
        version
    }
}

#[cfg(test)]
pub(in crate::protocol) mod forge {
    //! Hellos made by hand, for the tests of everything that carries them.

    /// A vector behind a length of `width` bytes.
    pub(in crate::protocol) fn vector(width: usize, bytes: &[u8]) -> Vec<u8> {
        let len = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&len[4 - width..], bytes].concat()
    }

    /// An extension.
    pub(in crate::protocol) fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
        [kind.to_be_bytes().to_vec(), vector(2, data)].concat()
    }

    /// The `server_name` extension.
    pub(in crate::protocol) fn server_name(name: &str) -> Vec<u8> {
        extension(
            0,
            &vector(2, &[vec![0], vector(2, name.as_bytes())].concat()),
        )
    }

    /// The ALPN extension.
    pub(in crate::protocol) fn alpn(names: &[&str]) -> Vec<u8> {
        let list: Vec<u8> = names
            .iter()
            .flat_map(|name| vector(1, name.as_bytes()))
            .collect();
        extension(16, &vector(2, &list))
    }

    /// A handshake message.
    pub(in crate::protocol) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [vec![kind], vector(3, body)].concat()
    }

    /// A `ClientHello` message for `name` that offers TLS 1.3 and 1.2, `h2` and `http/1.1`.
    pub(in crate::protocol) fn client_hello(name: &str) -> Vec<u8> {
        let extensions = [
            extension(0x2a2a, &[]),
            server_name(name),
            alpn(&["h2", "http/1.1"]),
            extension(13, &vector(2, &[4, 3, 8, 4])),
            extension(43, &vector(1, &[0x1a, 0x1a, 3, 4, 3, 3])),
        ]
        .concat();
        client_hello_with(&[0x0a, 0x0a, 0x13, 0x01, 0xc0, 0x2f], &extensions)
    }

    /// A `ClientHello` message of these suites and extensions.
    pub(in crate::protocol) fn client_hello_with(suites: &[u8], extensions: &[u8]) -> Vec<u8> {
        let body = [
            vec![3, 3],
            vec![7; 32],
            vector(1, &[1; 32]),
            vector(2, suites),
            vector(1, &[0]),
            vector(2, extensions),
        ]
        .concat();
        message(1, &body)
    }

    /// A `ServerHello` message.
    pub(in crate::protocol) fn server_hello(
        random: &[u8; 32],
        suite: u16,
        extensions: &[u8],
    ) -> Vec<u8> {
        let body = [
            vec![3, 3],
            random.to_vec(),
            vector(1, &[1; 32]),
            suite.to_be_bytes().to_vec(),
            vec![0],
            vector(2, extensions),
        ]
        .concat();
        message(2, &body)
    }

    /// A `ServerHello` message that chooses TLS 1.3.
    pub(in crate::protocol) fn server_hello_13() -> Vec<u8> {
        server_hello(&[9; 32], 0x1301, &extension(43, &[3, 4]))
    }

    /// A `HelloRetryRequest`.
    pub(in crate::protocol) fn retry_request() -> Vec<u8> {
        server_hello(&super::RETRY_RANDOM, 0x1301, &extension(43, &[3, 4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(message: &[u8]) -> &[u8] {
        &message[4..]
    }

    #[test]
    fn a_client_hello_says_what_it_offers() {
        let hello =
            ClientHello::read(body(&forge::client_hello("Api.Example.")), Carrier::Stream).unwrap();
        assert!(hello.is_whole);
        assert_eq!(hello.server_name.as_deref(), Some("api.example"));
        assert_eq!(hello.protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert_eq!(hello.highest_version(), TLS_1_3);
        assert_eq!(hello.signature_algorithms, [0x0403, 0x0804]);
        assert!(!hello.ech_offered);
    }

    #[test]
    fn ech_and_esni_are_offers() {
        for kind in [0xfe0d, 0xffce] {
            let message = forge::client_hello_with(&[0x13, 1], &forge::extension(kind, &[0; 8]));
            assert!(
                ClientHello::read(body(&message), Carrier::Stream)
                    .unwrap()
                    .ech_offered
            );
        }
    }

    #[test]
    fn a_cut_hello_keeps_the_name_it_has() {
        let message = forge::client_hello("api.example");
        let name_end = message
            .windows(11)
            .position(|w| w == b"api.example")
            .unwrap()
            + 11;
        for end in 4..message.len() {
            let hello = ClientHello::read(&message[4..end], Carrier::Stream);
            let name = hello.and_then(|hello| hello.server_name);
            assert_eq!(name.is_some(), end >= name_end, "cut at {end}");
        }
    }

    #[test]
    fn the_server_hello_names_the_version_chosen() {
        let hello = ServerHello::read(body(&forge::server_hello_13())).unwrap();
        assert_eq!(hello.version, TLS_1_3);
        assert_eq!(hello.cipher_suite, Some(0x1301));
        assert!(!hello.is_retry);
        assert!(
            ServerHello::read(body(&forge::retry_request()))
                .unwrap()
                .is_retry
        );
        let old = forge::server_hello(&[9; 32], 0xc02f, &forge::alpn(&["h2"]));
        let old = ServerHello::read(body(&old)).unwrap();
        assert_eq!(old.version, 0x0303);
        assert_eq!(old.protocol.as_deref(), Some(&b"h2"[..]));
    }

    #[test]
    fn dtls_versions_count_downwards() {
        let hello = ClientHello {
            version: 0xfefd,
            supported_versions: vec![0xfeff, 0xfefd],
            ..ClientHello::default()
        };
        assert_eq!(hello.highest_version(), 0xfefd);
    }
}
