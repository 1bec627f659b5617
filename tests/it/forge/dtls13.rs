//! Real DTLS 1.3 connections (RFC 9147): both peers are dimpl's, whose ciphers ring lends. Keys of certificates differ each time.
//! It logs no secrets, so they are taken where they are derived: each is the output of one HMAC over its label.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes256};
use dimpl::crypto::{
    Aad, ActiveKeyExchange, Buf, Cipher, CryptoProvider, Dtls12CipherSuite, Dtls13CipherSuite,
    HashAlgorithm, HashContext, HashProvider, HmacProvider, KeyProvider, NamedGroup, Nonce,
    SecureRandom, SignatureAlgorithm, SignatureVerifier, SigningKey, SupportedDtls12CipherSuite,
    SupportedDtls13CipherSuite, SupportedKxGroup, TmpBuf,
};
use dimpl::{Config, CryptoError, CryptoOperation, Dtls, DtlsCertificate, Output};
use phonehome::model::Side;
use ring::aead::quic::{self, HeaderProtectionKey};
use ring::aead::{self, LessSafeKey, UnboundKey};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use ring::{digest, hmac};

use super::Chance;
use super::tls::hex;

/// The suites of DTLS 1.3 that both peers and the reader know.
pub(crate) const SUITES: [Dtls13CipherSuite; 3] = [
    Dtls13CipherSuite::AES_128_GCM_SHA256,
    Dtls13CipherSuite::AES_256_GCM_SHA384,
    Dtls13CipherSuite::CHACHA20_POLY1305_SHA256,
];

/// Under which labels (RFC 8446 §7.1, with the prefix of RFC 9147 §5.9) the secrets of which lines are derived.
const SECRETS: [(&[u8], &str); 4] = [
    (b"dtls13c hs traffic", "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
    (b"dtls13s hs traffic", "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
    (b"dtls13c ap traffic", "CLIENT_TRAFFIC_SECRET_0"),
    (b"dtls13s ap traffic", "SERVER_TRAFFIC_SECRET_0"),
];

/// Secrets with the labels of their lines, as both peers derive them.
type Secrets = Arc<Mutex<Vec<(&'static str, Vec<u8>)>>>;

/// Where the random stands in the first datagram: behind the headers of record and message, and the version.
const RANDOM: std::ops::Range<usize> = 27..59;

/// Both ends of one connection and all that they sent.
pub(crate) struct Session {
    client: Dtls,
    server: Dtls,
    now: Instant,
    /// What each side has taken of the other's data.
    received: [Vec<u8>; 2],
    secrets: Secrets,
    pub(crate) datagrams: Vec<(Side, Vec<u8>)>,
}

impl Session {
    /// Does the whole handshake. New keys are taken after about so many records.
    pub(crate) fn new(suite: Dtls13CipherSuite, records_per_key: u64, seed: u64) -> Self {
        let secrets = Secrets::default();
        let config = |seed| {
            Arc::new(
                Config::builder()
                    .with_crypto_provider(provider(&secrets, seed))
                    .dtls13_cipher_suites(&[suite])
                    .aead_encryption_limit(records_per_key)
                    .dangerously_set_rng_seed(seed)
                    .build()
                    .unwrap(),
            )
        };
        let now = Instant::now();
        let mut client = Dtls::new_13(config(seed), certificate(), now);
        client.set_active(true);
        let mut server = Dtls::new_13(config(!seed), certificate(), now);
        server.set_active(false);
        let mut session = Self {
            client,
            server,
            now,
            received: Default::default(),
            secrets,
            datagrams: Vec::new(),
        };
        session.settle();
        session
    }

    /// Sends data of an application; the other side has it.
    pub(crate) fn send(&mut self, side: Side, bytes: &[u8]) {
        let (from, to) = match side {
            Side::Client => (&mut self.client, 1),
            Side::Server => (&mut self.server, 0),
        };
        from.send_application_data(bytes).unwrap();
        self.settle();
        assert_eq!(std::mem::take(&mut self.received[to]), bytes);
    }

    /// The secrets of this connection as a key log file holds them.
    pub(crate) fn key_log(&self) -> String {
        let random = hex(&self.datagrams[0].1[RANDOM]);
        let secrets = self.secrets.lock().unwrap();
        let lines = secrets
            .iter()
            .map(|(label, secret)| format!("{label} {random} {}\n", hex(secret)));
        lines.collect()
    }

    /// Lets both sides say what they have to say.
    fn settle(&mut self) {
        for _ in 0..30 {
            self.now += Duration::from_millis(10);
            for side in [Side::Client, Side::Server] {
                let (from, to, place) = match side {
                    Side::Client => (&mut self.client, &mut self.server, 0),
                    Side::Server => (&mut self.server, &mut self.client, 1),
                };
                from.handle_timeout(self.now).unwrap();
                let mut buffer = vec![0; 4096];
                loop {
                    match from.poll_output(&mut buffer) {
                        Output::Packet(datagram) => {
                            self.datagrams.push((side, datagram.to_vec()));
                            to.handle_packet(datagram).unwrap();
                        }
                        Output::ApplicationData(bytes) => self.received[place].extend(bytes),
                        Output::Timeout(_) => break,
                        _ => {}
                    }
                }
            }
        }
    }
}

/// A P-256 key with its certificate; nobody checks it.
fn certificate() -> DtlsCertificate {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec!["calls.example".to_owned()]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    DtlsCertificate {
        certificate: parameters.self_signed(&key).unwrap().der().to_vec(),
        private_key: key.serialize_der(),
    }
}

/// dimpl wants its parts for ever, so two of them are leaked: a few bytes per connection.
fn provider(secrets: &Secrets, seed: u64) -> CryptoProvider {
    let random: &'static Random = Box::leak(Box::new(Random(Mutex::new(Chance::new(seed)))));
    let groups: &'static [&'static dyn SupportedKxGroup] = Box::leak(Box::new([random as _]));
    CryptoProvider {
        kx_groups: groups,
        signature_verification: &Ring,
        key_provider: &Ring,
        secure_random: random,
        hash_provider: &Ring,
        hmac_provider: Box::leak(Box::new(Recorder(Arc::clone(secrets)))),
        cipher_suites: &[&Ring],
        dtls13_cipher_suites: &[&Suite(SUITES[0]), &Suite(SUITES[1]), &Suite(SUITES[2])],
    }
}

fn failed<E>(operation: CryptoOperation) -> impl Fn(E) -> CryptoError {
    move |_| CryptoError::OperationFailed(operation)
}

#[derive(Debug)]
struct Random(Mutex<Chance>);

impl SecureRandom for Random {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        self.0.lock().unwrap().fill(bytes);
        Ok(())
    }
}

impl SupportedKxGroup for Random {
    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    fn start_exchange(&self, _buffer: Buf) -> Result<Box<dyn ActiveKeyExchange>, CryptoError> {
        let mut secret = [0; 32];
        self.fill(&mut secret)?;
        let secret = x25519_dalek::StaticSecret::from(secret);
        let public = x25519_dalek::PublicKey::from(&secret);
        Ok(Box::new(Exchange { secret, public }))
    }
}

struct Exchange {
    secret: x25519_dalek::StaticSecret,
    public: x25519_dalek::PublicKey,
}

impl ActiveKeyExchange for Exchange {
    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn complete(self: Box<Self>, theirs: &[u8], out: &mut Buf) -> Result<(), CryptoError> {
        let theirs = <[u8; 32]>::try_from(theirs).unwrap();
        let shared = self.secret.diffie_hellman(&theirs.into());
        out.clear();
        out.extend_from_slice(shared.as_bytes());
        Ok(())
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// HMAC, by which secrets are derived.
#[derive(Debug)]
struct Recorder(Secrets);

impl HmacProvider for Recorder {
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<usize, CryptoError> {
        let algorithm = match hash {
            HashAlgorithm::SHA384 => hmac::HMAC_SHA384,
            _ => hmac::HMAC_SHA256,
        };
        let tag = hmac::sign(&hmac::Key::new(algorithm, key), data);
        let tag = tag.as_ref();
        out[..tag.len()].copy_from_slice(tag);
        for (label, line) in SECRETS {
            // Length of the output, then the label with its own length (RFC 8446 §7.1).
            if data.get(3..).is_some_and(|rest| rest.starts_with(label)) {
                self.0.lock().unwrap().push((line, tag.to_vec()));
            }
        }
        Ok(tag.len())
    }
}

/// What needs no state.
#[derive(Debug)]
struct Ring;

impl SignatureVerifier for Ring {
    fn verify_signature(
        &self,
        _certificate: &[u8],
        _data: &[u8],
        _signature: &[u8],
        _hash: HashAlgorithm,
        _algorithm: SignatureAlgorithm,
    ) -> Result<(), CryptoError> {
        Ok(())
    }
}

impl KeyProvider for Ring {
    fn load_private_key(&self, key: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        let random = ring::rand::SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key, &random).unwrap();
        Ok(Box::new(Signer(key)))
    }
}

#[derive(Debug)]
struct Signer(EcdsaKeyPair);

impl SigningKey for Signer {
    fn sign(&mut self, data: &[u8], _: HashAlgorithm, out: &mut Buf) -> Result<(), CryptoError> {
        let random = ring::rand::SystemRandom::new();
        out.clear();
        out.extend_from_slice(self.0.sign(&random, data).unwrap().as_ref());
        Ok(())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        &[HashAlgorithm::SHA256]
    }
}

impl HashProvider for Ring {
    fn create_hash(&self, hash: HashAlgorithm) -> Box<dyn HashContext> {
        Box::new(Hashing(digest::Context::new(match hash {
            HashAlgorithm::SHA384 => &digest::SHA384,
            _ => &digest::SHA256,
        })))
    }
}

struct Hashing(digest::Context);

impl HashContext for Hashing {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn clone_and_finalize(&self, out: &mut Buf) {
        out.clear();
        out.extend_from_slice(self.0.clone().finish().as_ref());
    }
}

/// dimpl wants one of DTLS 1.2, which no peer here speaks.
impl SupportedDtls12CipherSuite for Ring {
    fn suite(&self) -> Dtls12CipherSuite {
        Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }

    fn key_lengths(&self) -> (usize, usize, usize) {
        (0, 16, 4)
    }

    fn explicit_nonce_len(&self) -> usize {
        8
    }

    fn tag_len(&self) -> usize {
        16
    }

    fn create_cipher(&self, _key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        Err(failed(CryptoOperation::CreateCipher)(()))
    }
}

#[derive(Debug)]
struct Suite(Dtls13CipherSuite);

impl Suite {
    fn cipher(&self) -> &'static aead::Algorithm {
        match self.0 {
            Dtls13CipherSuite::AES_128_GCM_SHA256 => &aead::AES_128_GCM,
            Dtls13CipherSuite::AES_256_GCM_SHA384 => &aead::AES_256_GCM,
            _ => &aead::CHACHA20_POLY1305,
        }
    }
}

impl SupportedDtls13CipherSuite for Suite {
    fn suite(&self) -> Dtls13CipherSuite {
        self.0
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.0.hash_algorithm()
    }

    fn key_len(&self) -> usize {
        self.cipher().key_len()
    }

    fn iv_len(&self) -> usize {
        aead::NONCE_LEN
    }

    fn tag_len(&self) -> usize {
        self.cipher().tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        let key =
            UnboundKey::new(self.cipher(), key).map_err(failed(CryptoOperation::CreateCipher))?;
        Ok(Box::new(Sealer(LessSafeKey::new(key))))
    }

    fn encrypt_sn(&self, key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        // dimpl wants the whole block, of which ring gives five bytes.
        let mut block = (*sample).into();
        match self.0 {
            Dtls13CipherSuite::AES_128_GCM_SHA256 => {
                Aes128::new_from_slice(key)
                    .unwrap()
                    .encrypt_block(&mut block);
            }
            Dtls13CipherSuite::AES_256_GCM_SHA384 => {
                Aes256::new_from_slice(key)
                    .unwrap()
                    .encrypt_block(&mut block);
            }
            _ => {
                let key = HeaderProtectionKey::new(&quic::CHACHA20, key).unwrap();
                block[..5].copy_from_slice(&key.new_mask(sample).unwrap());
            }
        }
        block.into()
    }
}

#[derive(Debug)]
struct Sealer(LessSafeKey);

impl Cipher for Sealer {
    fn encrypt(&mut self, text: &mut Buf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, aead::Aad::from(&aad[..]), text)
            .map_err(failed(CryptoOperation::Encrypt))?;
        text.extend_from_slice(tag.as_ref());
        Ok(())
    }

    fn decrypt(&mut self, text: &mut TmpBuf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let nonce = aead::Nonce::assume_unique_for_key(nonce.0);
        let length = self
            .0
            .open_in_place(nonce, aead::Aad::from(&aad[..]), text.as_mut())
            .map_err(failed(CryptoOperation::Decrypt))?
            .len();
        text.truncate(length);
        Ok(())
    }
}

/// What is not to be shown.
macro_rules! hidden {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(stringify!($name))
            }
        }
    )*};
}
hidden!(Exchange, Hashing);
