//! The digests that apps make of what they send, to call it anonymous: which functions, over which mixtures of value and salt.

use blake2::{Blake2b, Blake2b512, Blake2bMac, Blake2bMac512, Blake2s, Blake2s256, Blake2sMac256};
use data_encoding::HEXLOWER;
use hmac::{KeyInit, Mac, SimpleHmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::digest::consts::{U16, U20, U28, U32, U48};
use sha3::digest::typenum::Unsigned;
use sha3::{Digest, Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use crate::model::DecodeStep;
use crate::payload::hex_bytes;

/// `BLAKE2b` with 32 bytes of output (RFC 7693 §2.1).
type Blake2b256 = Blake2b<U32>;

/// The digest of a message (second) with a key (first); `None` where the key does not fit.
type Keyed = fn(&[u8], &[u8]) -> Option<Vec<u8>>;

/// A hash function.
#[derive(Debug)]
pub(super) struct Function {
    /// The word for it in evidence.
    pub(super) step: DecodeStep,
    digest: fn(&[&[u8]]) -> Vec<u8>,
    hmac: Keyed,
    /// With a key of its own (RFC 7693 §2.9), of functions that have such a mode.
    keyed: Option<Keyed>,
    /// Bytes of its digests.
    pub(super) bytes: usize,
}

impl Function {
    /// Whether it can be mixed that way.
    pub(super) fn takes(&self, mixture: &Mixture) -> bool {
        *mixture != Mixture::Keyed || self.keyed.is_some()
    }
}

const fn function<H>(step: DecodeStep) -> Function
where
    H: Digest + sha3::digest::block_api::BlockSizeUser + Clone,
{
    Function {
        step,
        digest: digest::<H>,
        hmac: hmac::<H>,
        keyed: None,
        bytes: <H::OutputSize as Unsigned>::USIZE,
    }
}

const fn keyed<H, M>(step: DecodeStep) -> Function
where
    H: Digest + sha3::digest::block_api::BlockSizeUser + Clone,
    M: Mac + KeyInit,
{
    Function {
        keyed: Some(mac::<M>),
        ..function::<H>(step)
    }
}

/// Hash functions, the most usual first: of a very long list only these are looked for.
pub(super) const FUNCTIONS: &[Function] = &[
    function::<Sha256>(DecodeStep::Sha256),
    function::<Sha1>(DecodeStep::Sha1),
    function::<Md5>(DecodeStep::Md5),
    function::<Sha512>(DecodeStep::Sha512),
    function::<Sha384>(DecodeStep::Sha384),
    function::<Sha224>(DecodeStep::Sha224),
    function::<Sha3_256>(DecodeStep::Sha3),
    function::<Sha3_512>(DecodeStep::Sha3),
    function::<Sha3_384>(DecodeStep::Sha3),
    function::<Sha3_224>(DecodeStep::Sha3),
    keyed::<Blake2b512, Blake2bMac512>(DecodeStep::Blake2),
    keyed::<Blake2b256, Blake2bMac<U32>>(DecodeStep::Blake2),
    keyed::<Blake2s256, Blake2sMac256>(DecodeStep::Blake2),
    function::<Sha512_256>(DecodeStep::Sha512),
    function::<Sha512_224>(DecodeStep::Sha512),
    function::<Blake2b<U48>>(DecodeStep::Blake2),
    function::<Blake2b<U28>>(DecodeStep::Blake2),
    function::<Blake2b<U20>>(DecodeStep::Blake2),
    function::<Blake2b<U16>>(DecodeStep::Blake2),
    function::<Blake2s<U28>>(DecodeStep::Blake2),
    function::<Blake2s<U20>>(DecodeStep::Blake2),
    function::<Blake2s<U16>>(DecodeStep::Blake2),
];
/// Which of them is MD5.
pub(super) const MD5: usize = 2;
/// How many of [`FUNCTIONS`] are always tried with salts: the others, where digests are as long as theirs.
pub(super) const USUAL: usize = 4;
/// How many of them are tried with salts at all.
pub(super) const SALTED: usize = 15;
/// How many of them are hashed again, as digits.
const NESTED: usize = 3;
/// Of how many bytes the ends of digests are looked for.
const ENDS: [usize; 3] = [8, 10, 16];

fn digest<H: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = H::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

fn hmac<H>(key: &[u8], message: &[u8]) -> Option<Vec<u8>>
where
    H: Digest + sha3::digest::block_api::BlockSizeUser + Clone,
{
    mac::<SimpleHmac<H>>(key, message)
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().to_vec())
}

/// What is hashed beside the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mixture {
    /// Nothing.
    Plain,
    /// A salt before it, and what parts them.
    SaltFirst(&'static str),
    /// A salt behind it, and what parts them.
    SaltLast(&'static str),
    /// A key (RFC 2104).
    Hmac,
    /// The key of a function that takes one itself (RFC 7693 §2.9).
    Keyed,
    /// Nothing; the value is the hexadecimal digits of its digest by that of [`FUNCTIONS`].
    OfDigits(usize),
    /// Nothing; the value is its digest by the same function.
    OfDigest,
    /// Nothing; so many bytes are left of the digest's end.
    End(usize),
    /// Nothing, and not of the text of an address of a network card but of its six bytes.
    Bytes,
    /// Nothing; the digest with the bits of a UUID of version 3 (RFC 9562 §5.3), as Java's `nameUUIDFromBytes` makes it.
    NamedUuid,
    /// `address medium pepper`, as Matrix identity servers look people up (Identity Service API, `sha256`).
    Lookup,
}

/// Mixtures with what may be a salt: the most usual ones.
pub(super) const GUESSED: [Mixture; 9] = [
    Mixture::SaltFirst(""),
    Mixture::SaltLast(""),
    Mixture::SaltFirst(":"),
    Mixture::SaltLast(":"),
    Mixture::Hmac,
    Mixture::SaltFirst("|"),
    Mixture::SaltLast("|"),
    Mixture::SaltFirst("."),
    Mixture::SaltLast("."),
];

/// More mixtures with a salt.
pub(super) const OTHERS: [Mixture; 6] = [
    Mixture::Keyed,
    Mixture::Lookup,
    Mixture::SaltFirst("-"),
    Mixture::SaltLast("-"),
    Mixture::SaltFirst("_"),
    Mixture::SaltLast("_"),
];

/// Mixtures with a salt that are rare: tried by the usual functions.
pub(super) const RARE: [Mixture; 2] = [Mixture::SaltFirst(";"), Mixture::SaltLast(";")];

/// What is rarely made of a value by the usual functions: digests of digests, and ends of digests.
pub(super) fn rare() -> impl Iterator<Item = (usize, Mixture)> {
    let nested = (0..USUAL).flat_map(|outer| {
        let inner = (0..NESTED).map(Mixture::OfDigits);
        inner.map(move |mixture| (outer, mixture))
    });
    let again = (0..NESTED).map(|function| (function, Mixture::OfDigest));
    let ends = (0..NESTED).flat_map(|function| {
        let shorter = FUNCTIONS.get(function).map_or(0, |function| function.bytes);
        let ends = ENDS.iter().filter(move |bytes| **bytes < shorter);
        ends.map(move |bytes| (function, Mixture::End(*bytes)))
    });
    nested.chain(again).chain(ends)
}

/// The digest of a value.
pub(super) fn compute(
    function: &Function,
    mixture: &Mixture,
    value: &[u8],
    salt: &[u8],
) -> Option<Vec<u8>> {
    match mixture {
        Mixture::Plain => Some((function.digest)(&[value])),
        Mixture::OfDigits(inner) => {
            let inner = (FUNCTIONS.get(*inner)?.digest)(&[value]);
            let digits = HEXLOWER.encode(&inner);
            Some((function.digest)(&[digits.as_bytes()]))
        }
        Mixture::OfDigest => Some((function.digest)(&[&(function.digest)(&[value])])),
        Mixture::End(bytes) => {
            let digest = (function.digest)(&[value]);
            let start = digest.len().checked_sub(*bytes)?;
            digest.get(start..).map(<[u8]>::to_vec)
        }
        Mixture::Bytes => Some((function.digest)(&[&octets(value)?])),
        Mixture::NamedUuid => {
            let mut digest = (function.digest)(&[value]);
            if let [_, _, _, _, _, _, version, _, variant, ..] = digest.as_mut_slice() {
                *version = *version & 0x0f | 0x30;
                *variant = *variant & 0x3f | 0x80;
            }
            Some(digest)
        }
        Mixture::SaltFirst(between) => Some((function.digest)(&[salt, between.as_bytes(), value])),
        Mixture::SaltLast(between) => Some((function.digest)(&[value, between.as_bytes(), salt])),
        Mixture::Hmac => (function.hmac)(salt, value),
        Mixture::Keyed => (function.keyed?)(salt, value),
        Mixture::Lookup => {
            let medium: &[u8] = if value.contains(&b'@') {
                b" email "
            } else {
                b" msisdn "
            };
            Some((function.digest)(&[value, medium, salt]))
        }
    }
}

/// The bytes of the address of a network card: `02:00:5e:10:00:01`.
fn octets(value: &[u8]) -> Option<Vec<u8>> {
    let is_address = value.len() == 17 && value.iter().skip(2).step_by(3).all(|byte| *byte == b':');
    let digits: Vec<u8> = value.iter().copied().filter(|byte| *byte != b':').collect();
    is_address.then(|| hex_bytes(&digits)).flatten()
}

/// CRC-32 (ISO/IEC 8802-3), as databases and logs shorten values with.
pub(super) fn crc32(value: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(value);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// FIPS 180-4 and 202, RFC 1321 and 7693: digests of `abc`.
    #[test]
    fn functions_give_the_digests_of_their_standards() {
        let starts = [
            "ba7816bf8f01cfea",
            "a9993e364706816a",
            "900150983cd24fb0",
            "ddaf35a193617aba",
            "cb00753f45a35e8b",
            "23097d223405d822",
            "3a985da74fe225b2",
            "b751850b1a57168a",
            "ec01498288516fc9",
            "e642824c3f8cf24a",
            "ba80a53f981c4d0d",
            "bddd813c63423972",
            "508c5e8c327c14e2",
            "53048e2681941ef9",
            "4634270f707b6a54",
            "6f56a82c8e7ef526",
            "9bd237b02a29e43b",
            "384264f676f39536",
            "cf4ab791c62b8d2b",
            "0b033fc226df7abd",
            "5ae3b99be29b0183",
            "aa4938119b1dc7b8",
        ];
        for (function, start) in FUNCTIONS.iter().zip(starts) {
            let digest = compute(function, &Mixture::Plain, b"abc", b"").unwrap();
            assert!(hex(&digest).starts_with(start), "{:?}", function.step);
        }
        for function in FUNCTIONS {
            let digest = compute(function, &Mixture::Plain, b"abc", b"").unwrap();
            assert_eq!(digest.len(), function.bytes);
        }
        assert_eq!(FUNCTIONS.len(), starts.len());
    }

    /// RFC 4231 §4.3.
    #[test]
    fn keyed_digests_follow_rfc_2104() {
        let digest = compute(
            &FUNCTIONS[0],
            &Mixture::Hmac,
            b"what do ya want for nothing?",
            b"Jefe",
        )
        .unwrap();
        assert!(hex(&digest).starts_with("5bdcc146bf60754e6a042426089575c7"));
    }

    /// The first of the known answers that the authors of BLAKE2 publish: the key of bytes 0 to 63 and an empty message.
    #[test]
    fn functions_with_keys_of_their_own_follow_rfc_7693() {
        let key: Vec<u8> = (0..64).collect();
        let digest = compute(&FUNCTIONS[10], &Mixture::Keyed, b"", &key).unwrap();
        assert!(hex(&digest).starts_with("10ebb67700b1868efb4417987acf4690"));
        assert_eq!(compute(&FUNCTIONS[0], &Mixture::Keyed, b"", &key), None);
    }

    #[test]
    fn crc_is_that_of_ethernet() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
