//! Real TLS connections (rustls on both sides) whose chance comes from a seed, and whose certificates never change.
//!
//! ```ignore
//! let mut session = Session::new(&Settings { alpn: &["http/1.1"], ..Settings::new("jira.example", 7) });
//! for (side, bytes) in session.handshake() { connection.send(side, &bytes); }
//! connection.send(Side::Client, &session.send(Side::Client, b"GET / HTTP/1.1\r\n\r\n"));
//! ```

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use phonehome::model::Side;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, SecureRandom, SharedSecret,
    SupportedKxGroup,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, NamedGroup, ServerConfig, SignatureScheme};

use super::Chance;

/// Plaintext of one record.
const RECORD_BYTES: usize = 8 << 10;

/// What a handshake negotiates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    /// The name that the client asks for.
    pub(crate) host: &'a str,
    /// The names in the certificate.
    pub(crate) certificate_names: &'a [&'a str],
    /// TLS 1.2 instead of 1.3.
    pub(crate) is_version_12: bool,
    /// The one suite that the server knows, instead of all.
    pub(crate) suite: Option<rustls::CipherSuite>,
    /// Protocols that both sides offer.
    pub(crate) alpn: &'a [&'a str],
    /// Different seeds give different keys and randoms.
    pub(crate) seed: u64,
    /// Of QUIC, where that is underneath.
    pub(crate) quic_version: rustls::quic::Version,
}

impl<'a> Settings<'a> {
    /// TLS 1.3 with HTTP/1.1 to a host whose certificate names the host alone.
    pub(crate) fn new(host: &'a str, seed: u64) -> Self {
        Self {
            host,
            certificate_names: &[],
            is_version_12: false,
            suite: None,
            alpn: &["http/1.1"],
            seed,
            quic_version: rustls::quic::Version::V1,
        }
    }
}

/// Both ends of one connection.
pub(crate) struct Session {
    client: rustls::ClientConnection,
    server: rustls::ServerConnection,
    key_log: Arc<KeyLog>,
}

impl Session {
    pub(crate) fn new(settings: &Settings<'_>) -> Self {
        let (client, server, key_log) = configurations(settings);
        let name = ServerName::try_from(settings.host.to_owned()).unwrap();
        Self {
            client: rustls::ClientConnection::new(client, name).unwrap(),
            server: rustls::ServerConnection::new(server).unwrap(),
            key_log,
        }
    }

    /// All flights of the handshake, in order.
    pub(crate) fn handshake(&mut self) -> Vec<(Side, Vec<u8>)> {
        let mut flights = Vec::new();
        loop {
            let before = flights.len();
            for side in [Side::Client, Side::Server] {
                let bytes = self.flush(side);
                if !bytes.is_empty() {
                    flights.push((side, bytes));
                }
            }
            if flights.len() == before {
                assert!(!self.client.is_handshaking() && !self.server.is_handshaking());
                return flights;
            }
        }
    }

    /// The records that carry `plaintext`; the other side reads it at once.
    pub(crate) fn send(&mut self, side: Side, plaintext: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in plaintext.chunks(RECORD_BYTES) {
            let mut received = vec![0; piece.len()];
            match side {
                Side::Client => self.client.writer().write_all(piece).unwrap(),
                Side::Server => self.server.writer().write_all(piece).unwrap(),
            }
            bytes.extend(self.flush(side));
            match side {
                Side::Client => self.server.reader().read_exact(&mut received).unwrap(),
                Side::Server => self.client.reader().read_exact(&mut received).unwrap(),
            }
            assert_eq!(received, piece);
        }
        bytes
    }

    /// As [`Self::send`], in records as large as TLS has them.
    pub(crate) fn send_whole(&mut self, side: Side, plaintext: &[u8]) -> Vec<u8> {
        let mut received = vec![0; plaintext.len()];
        match side {
            Side::Client => self.client.writer().write_all(plaintext).unwrap(),
            Side::Server => self.server.writer().write_all(plaintext).unwrap(),
        }
        let bytes = self.flush(side);
        match side {
            Side::Client => self.server.reader().read_exact(&mut received).unwrap(),
            Side::Server => self.client.reader().read_exact(&mut received).unwrap(),
        }
        bytes
    }

    /// The record by which one side takes new keys (TLS 1.3).
    pub(crate) fn update_keys(&mut self, side: Side) -> Vec<u8> {
        match side {
            Side::Client => self.client.refresh_traffic_keys().unwrap(),
            Side::Server => self.server.refresh_traffic_keys().unwrap(),
        }
        self.flush(side)
    }

    /// The records that end one side.
    pub(crate) fn close(&mut self, side: Side) -> Vec<u8> {
        match side {
            Side::Client => self.client.send_close_notify(),
            Side::Server => self.server.send_close_notify(),
        }
        self.flush(side)
    }

    /// The secrets of this connection as a key log file holds them.
    pub(crate) fn key_log(&self) -> String {
        self.key_log.text()
    }

    /// Takes what one side has to send and gives it to the other.
    fn flush(&mut self, side: Side) -> Vec<u8> {
        let mut bytes = Vec::new();
        match side {
            Side::Client => {
                while self.client.wants_write() {
                    self.client.write_tls(&mut bytes).unwrap();
                }
            }
            Side::Server => {
                while self.server.wants_write() {
                    self.server.write_tls(&mut bytes).unwrap();
                }
            }
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            match side {
                Side::Client => {
                    self.server.read_tls(&mut rest).unwrap();
                    self.server.process_new_packets().unwrap();
                }
                Side::Server => {
                    self.client.read_tls(&mut rest).unwrap();
                    self.client.process_new_packets().unwrap();
                }
            }
        }
        bytes
    }
}

/// Configurations of both ends and the log of their secrets; QUIC uses them as well.
pub(super) fn configurations(
    settings: &Settings<'_>,
) -> (Arc<ClientConfig>, Arc<ServerConfig>, Arc<KeyLog>) {
    let versions = if settings.is_version_12 {
        &[&rustls::version::TLS12]
    } else {
        &[&rustls::version::TLS13]
    };
    let alpn: Vec<Vec<u8>> = settings
        .alpn
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let key_log = Arc::new(KeyLog::default());

    // A real client offers both versions, whatever the server then picks.
    let mut client = ClientConfig::builder_with_provider(provider(settings.seed))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustAll))
        .with_no_client_auth();
    client.alpn_protocols.clone_from(&alpn);
    client.key_log = Arc::clone(&key_log) as Arc<dyn rustls::KeyLog>;

    let (certificate, key) = certificate(settings);
    let mut provider = (*provider(!settings.seed)).clone();
    if let Some(suite) = settings.suite {
        provider
            .cipher_suites
            .retain(|known| known.suite() == suite);
    }
    let mut server = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    server.alpn_protocols = alpn;
    (Arc::new(client), Arc::new(server), key_log)
}

/// A self-signed Ed25519 certificate: that signature algorithm needs no chance.
fn certificate(settings: &Settings<'_>) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    // PKCS#8 (RFC 8410 §7) around 32 bytes of key.
    let mut key = vec![
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    key.extend(Chance::new(settings.seed ^ 0x6365_7274).bytes(32));
    let key = PrivateKeyDer::Pkcs8(key.into());
    let signer = rcgen::KeyPair::from_der_and_sign_algo(&key, &rcgen::PKCS_ED25519).unwrap();
    let names: Vec<String> = match settings.certificate_names {
        [] => vec![settings.host.to_owned()],
        names => names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut parameters = rcgen::CertificateParams::new(names.clone()).unwrap();
    parameters.serial_number = Some(rcgen::SerialNumber::from(settings.seed & 0x7fff_ffff));
    parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2027, 1, 1);
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, names[0].clone());
    let certificate = parameters.self_signed(&signer).unwrap();
    (certificate.der().clone(), key)
}

/// ring's provider with chance and key exchange of ours. rustls wants them for ever, so they are leaked: a few bytes per connection.
fn provider(seed: u64) -> Arc<CryptoProvider> {
    let random: &'static SeededRandom =
        Box::leak(Box::new(SeededRandom(Mutex::new(Chance::new(seed)))));
    let exchange: &'static SeededX25519 = Box::leak(Box::new(SeededX25519(Mutex::new(
        Chance::new(seed ^ 0x6b78),
    ))));
    Arc::new(CryptoProvider {
        kx_groups: vec![exchange],
        secure_random: random,
        ..rustls::crypto::ring::default_provider()
    })
}

#[derive(Debug)]
struct SeededRandom(Mutex<Chance>);

impl SecureRandom for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.0.lock().unwrap().fill(bytes);
        Ok(())
    }
}

#[derive(Debug)]
struct SeededX25519(Mutex<Chance>);

impl SupportedKxGroup for SeededX25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        let mut secret = [0; 32];
        self.0.lock().unwrap().fill(&mut secret);
        let secret = x25519_dalek::StaticSecret::from(secret);
        let public = x25519_dalek::PublicKey::from(&secret);
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct Exchange {
    secret: x25519_dalek::StaticSecret,
    public: x25519_dalek::PublicKey,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, theirs: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let theirs = <[u8; 32]>::try_from(theirs).unwrap();
        let shared = self.secret.diffie_hellman(&theirs.into());
        Ok(SharedSecret::from(shared.as_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// Collects secrets in the format of NSS key logs.
#[derive(Debug, Default)]
pub(crate) struct KeyLog(Mutex<String>);

impl KeyLog {
    /// All lines.
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        self.0.lock().unwrap().push_str(&line);
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// The forged client trusts any certificate: this is about bytes on the wire.
#[derive(Debug)]
struct TrustAll;

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ED25519,
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::RSA_PSS_SHA256,
        ]
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for is_version_12 in [false, true] {
        let forge = |seed| {
            let mut session = Session::new(&Settings {
                is_version_12,
                ..Settings::new("host.example", seed)
            });
            let mut flights = session.handshake();
            flights.push((Side::Client, session.send(Side::Client, b"hello")));
            flights.push((Side::Server, session.close(Side::Server)));
            (flights, session.key_log())
        };
        assert_eq!(forge(1), forge(1));
        assert_ne!(forge(1), forge(2));
        assert!(!forge(1).1.is_empty());
    }
}
