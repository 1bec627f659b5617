//! Keys out of secrets: HKDF-Expand-Label of TLS 1.3 (RFC 8446 §7), the PRF of TLS 1.0 to 1.2 (RFC 2246 §5, RFC 5246 §5) and
//! what SSL 3.0 has in its place (RFC 6101 §6).

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use ring::hkdf::{HKDF_SHA256, HKDF_SHA384, KeyType, Prk};
use ring::{digest, hmac as ring_hmac};
use zeroize::Zeroizing;

use super::suite::Hash;

/// SSL 3.0.
pub(super) const SSL_3: u16 = 0x0300;
/// TLS 1.2.
pub(super) const TLS_1_2: u16 = 0x0303;

/// A secret or a key; wiped when it is dropped.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// Bytes of a master secret.
pub(super) const MASTER_BYTES: usize = 48;

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1).
pub(super) fn expand_label(hash: Hash, secret: &[u8], label: &[u8], len: usize) -> Option<Secret> {
    let algorithm = match hash {
        Hash::Sha256 => HKDF_SHA256,
        Hash::Sha384 => HKDF_SHA384,
        Hash::Md5 | Hash::Sha1 => return None,
    };
    let label = [b"tls13 ", label].concat();
    let info = [
        &u16::try_from(len).ok()?.to_be_bytes()[..],
        &[u8::try_from(label.len()).ok()?],
        &label,
        &[0],
    ];
    let mut output = Zeroizing::new(vec![0; len]);
    Prk::new_less_safe(algorithm, secret)
        .expand(&info, Length(len))
        .ok()?
        .fill(&mut output)
        .ok()?;
    Some(output)
}

/// HMAC over the joined parts.
pub(super) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Option<Secret> {
    let algorithm = match hash {
        Hash::Md5 => {
            let mut mac = Hmac::<Md5>::new_from_slice(key).ok()?;
            for part in parts {
                mac.update(part);
            }
            return Some(Zeroizing::new(mac.finalize().into_bytes().to_vec()));
        }
        Hash::Sha1 => ring_hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => ring_hmac::HMAC_SHA256,
        Hash::Sha384 => ring_hmac::HMAC_SHA384,
    };
    let mut context = ring_hmac::Context::with_key(&ring_hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    Some(Zeroizing::new(context.sign().as_ref().to_vec()))
}

/// A plain hash of the joined parts; SSL 3.0 builds everything on it.
pub(super) fn plain_hash(hash: Hash, parts: &[&[u8]]) -> Secret {
    let algorithm = match hash {
        Hash::Md5 => {
            let mut context = Md5::new();
            for part in parts {
                context.update(part);
            }
            return Zeroizing::new(context.finalize().to_vec());
        }
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
    };
    let mut context = digest::Context::new(algorithm);
    for part in parts {
        context.update(part);
    }
    Zeroizing::new(context.finish().as_ref().to_vec())
}

/// `P_hash` (RFC 5246 §5).
fn p_hash(hash: Hash, secret: &[u8], seed: &[&[u8]], len: usize) -> Option<Secret> {
    let mut output = Zeroizing::new(Vec::with_capacity(len.saturating_add(hash.len())));
    let mut a = hmac(hash, secret, seed)?;
    while output.len() < len {
        let mut parts: Vec<&[u8]> = vec![&a];
        parts.extend(seed);
        output.extend_from_slice(&hmac(hash, secret, &parts)?);
        a = hmac(hash, secret, &[&a])?;
    }
    output.truncate(len);
    Some(output)
}

/// What a version derives keys with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Derivation {
    /// Version, up to TLS 1.2.
    pub(super) version: u16,
    /// Hash of the suite, for TLS 1.2.
    pub(super) hash: Hash,
}

impl Derivation {
    /// Derives `len` bytes. SSL 3.0 has no labels.
    pub(super) fn derive(
        self,
        secret: &[u8],
        label: &[u8],
        seed: &[&[u8]],
        len: usize,
    ) -> Option<Secret> {
        if self.version == SSL_3 {
            return Some(ssl3(secret, seed, len));
        }
        let mut parts = vec![label];
        parts.extend(seed);
        if self.version >= TLS_1_2 {
            return p_hash(self.hash, secret, &parts, len);
        }
        // The halves share a byte if the length is odd.
        let half = secret.len().div_ceil(2);
        let first = secret.get(..half)?;
        let second = secret.get(secret.len().saturating_sub(half)..)?;
        let mut output = p_hash(Hash::Md5, first, &parts, len)?;
        let other = p_hash(Hash::Sha1, second, &parts, len)?;
        for (byte, other) in output.iter_mut().zip(other.iter()) {
            *byte ^= other;
        }
        Some(output)
    }

    /// The master secret of a premaster secret (RFC 5246 §8.1), or with the hash of the session instead of the randoms
    /// (extended master secret, RFC 7627 §4).
    pub(super) fn master(self, premaster: &[u8], seed: Seed<'_>) -> Option<Secret> {
        match seed {
            Seed::Randoms(client, server) => {
                self.derive(premaster, b"master secret", &[client, server], MASTER_BYTES)
            }
            Seed::Transcript(messages) => {
                let hash = if self.version >= TLS_1_2 {
                    plain_hash(self.hash, &[messages])
                } else {
                    let md5 = plain_hash(Hash::Md5, &[messages]);
                    let sha1 = plain_hash(Hash::Sha1, &[messages]);
                    Zeroizing::new([md5.as_slice(), &sha1].concat())
                };
                self.derive(premaster, b"extended master secret", &[&hash], MASTER_BYTES)
            }
        }
    }
}

/// What the master secret is bound to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seed<'a> {
    /// Randoms of client and server.
    Randoms(&'a [u8], &'a [u8]),
    /// The handshake messages up to the client's key exchange.
    Transcript(&'a [u8]),
}

/// `MD5(secret + SHA('A' + secret + seed))`, then with `BB`, `CCC` … (RFC 6101 §6.1).
fn ssl3(secret: &[u8], seed: &[&[u8]], len: usize) -> Secret {
    let mut output = Zeroizing::new(Vec::with_capacity(len.saturating_add(16)));
    for (letter, times) in (b'A'..=b'Z').zip(1..) {
        if output.len() >= len {
            break;
        }
        let salt = vec![letter; times];
        let mut parts: Vec<&[u8]> = vec![&salt, secret];
        parts.extend(seed);
        let inner = plain_hash(Hash::Sha1, &parts);
        output.extend_from_slice(&plain_hash(Hash::Md5, &[secret, &inner]));
    }
    output.truncate(len);
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let text: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
        text.chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    /// RFC 8448 §3: client handshake traffic secret and its keys.
    #[test]
    fn traffic_keys_are_those_of_rfc_8448() {
        let secret = hex("b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
        let key = expand_label(Hash::Sha256, &secret, b"key", 16).unwrap();
        let iv = expand_label(Hash::Sha256, &secret, b"iv", 12).unwrap();
        assert_eq!(*key, hex("dbfaa693d1762c5b666af5d950258d01"));
        assert_eq!(*iv, hex("5bd3c71b836e0b76bb73265f"));
    }

    /// The vector for `P_SHA256` that IETF's TLS list agreed on (draft of RFC 5246's test vectors).
    #[test]
    fn the_prf_of_tls_1_2_is_p_sha256() {
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        let derivation = Derivation {
            version: TLS_1_2,
            hash: Hash::Sha256,
        };
        let output = derivation
            .derive(&secret, b"test label", &[&seed], 100)
            .unwrap();
        assert_eq!(
            *output,
            hex(
                "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a\
                 6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab\
                 4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701\
                 87347b66"
            )
        );
    }

    /// RFC 2202 §2 test case 2.
    #[test]
    fn hmac_md5_is_that_of_rfc_2202() {
        let mac = hmac(Hash::Md5, b"Jefe", &[b"what do ya want ", b"for nothing?"]).unwrap();
        assert_eq!(*mac, hex("750c783e6ab0b503eaa86e310a5db738"));
    }
}
