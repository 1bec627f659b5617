//! Signatures of reports, as minisign makes and checks them (<https://jedisct1.github.io/minisign/>): Ed25519 over `BLAKE2b`.
//!
//! A signature says who vouches for a report; whether the report says what its inputs show is for [`crate::verify`] to tell.
//! Signing is deterministic and asks no clock. Keys with a password are refused: there is nobody to ask in a pipeline.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest as _};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use zeroize::Zeroize as _;

/// Before the first comment.
const UNTRUSTED: &str = "untrusted comment: ";
/// Before the comment that is signed too.
const TRUSTED: &str = "trusted comment: ";
/// Signature of the text itself, and the mark of keys.
const PLAIN: [u8; 2] = *b"Ed";
/// Signature of the text's BLAKE2b-512.
const PREHASHED: [u8; 2] = *b"ED";
/// Algorithm of a secret key's checksum.
const CHECKSUM: [u8; 2] = *b"B2";

/// What is wrong with a key or signature.
type Result<T> = std::result::Result<T, String>;

/// A secret key.
#[derive(Debug)]
pub struct SecretKey {
    id: [u8; 8],
    pair: Ed25519KeyPair,
}

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey {
    id: [u8; 8],
    key: [u8; 32],
}

/// Takes the parts of a decoded line apart.
struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (part, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or_else(|| "it is too short".to_owned())?;
        self.0 = rest;
        Ok(*part)
    }

    fn end(&self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err("it is too long".to_owned())
        }
    }
}

fn decode(line: Option<&str>) -> Result<Vec<u8>> {
    let line = line.ok_or("it has too few lines")?;
    let decoded = STANDARD.decode(line.trim());
    decoded.map_err(|_| "a line is no base64".to_owned())
}

impl SecretKey {
    /// Reads a secret key of minisign without password (`minisign -G -W`).
    pub fn parse(text: &str) -> Result<Self> {
        let mut bytes = decode(text.lines().nth(1))?;
        let key = Self::from_bytes(&bytes);
        bytes.zeroize();
        key
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut parts = Parts(bytes);
        let (algorithm, derivation, checksum) = (parts.take()?, parts.take()?, parts.take()?);
        if algorithm != PLAIN || checksum != CHECKSUM {
            return Err("it is no secret key of minisign".to_owned());
        }
        if derivation != [0, 0] {
            return Err("it has a password; make one without: minisign -G -W".to_owned());
        }
        let _derivation: [u8; 48] = parts.take()?;
        let id: [u8; 8] = parts.take()?;
        let mut seed: [u8; 32] = parts.take()?;
        let public: [u8; 32] = parts.take()?;
        let expected: [u8; 32] = parts.take()?;
        parts.end()?;
        let mut digest = Blake2b::<U32>::new();
        for part in [&algorithm[..], &id, &seed, &public] {
            digest.update(part);
        }
        // minisign leaves the checksum of a key without password empty; the public half tells damage all the same.
        let is_whole = expected == [0; 32] || digest.finalize()[..] == expected;
        let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
        seed.zeroize();
        match pair {
            Ok(pair) if is_whole => Ok(Self { id, pair }),
            _ => Err("it is damaged".to_owned()),
        }
    }

    /// The contents of the `.minisig` file for a text; the comment is signed too and must be one line.
    pub fn sign(&self, text: &[u8], comment: &str) -> String {
        let signature = self.pair.sign(&Blake2b512::digest(text));
        let mut signed = PREHASHED.to_vec();
        signed.extend(self.id);
        signed.extend(signature.as_ref());
        let with_comment = [signature.as_ref(), comment.as_bytes()].concat();
        let global = self.pair.sign(&with_comment);
        format!(
            "{UNTRUSTED}signature by phonehome, to be checked with minisign -V\n{}\n{TRUSTED}{comment}\n{}\n",
            STANDARD.encode(signed),
            STANDARD.encode(global.as_ref())
        )
    }
}

impl PublicKey {
    /// Reads a public key: a `.pub` file, or its second line alone.
    pub fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim);
        let mut lines =
            lines.filter(|line| !line.is_empty() && !line.starts_with(UNTRUSTED.trim_end()));
        let bytes = decode(lines.next())?;
        let mut parts = Parts(&bytes);
        let algorithm: [u8; 2] = parts.take()?;
        let key = Self {
            id: parts.take()?,
            key: parts.take()?,
        };
        parts.end()?;
        if algorithm == PLAIN {
            Ok(key)
        } else {
            Err("it is no public key of minisign".to_owned())
        }
    }

    /// The comment that was signed with a text, if the signature is of this key and of this text.
    pub fn verify(&self, text: &[u8], signature: &str) -> Result<String> {
        let mut lines = signature.lines();
        let first = lines.next().unwrap_or_default();
        if !first.starts_with(UNTRUSTED.trim_end()) {
            return Err("it is no signature of minisign".to_owned());
        }
        let bytes = decode(lines.next())?;
        let comment = lines
            .next()
            .and_then(|line| line.strip_prefix(TRUSTED))
            .ok_or("it has no trusted comment")?;
        let global = decode(lines.next())?;
        let mut parts = Parts(&bytes);
        let (algorithm, id): ([u8; 2], [u8; 8]) = (parts.take()?, parts.take()?);
        let signature: [u8; 64] = parts.take()?;
        parts.end()?;
        if id != self.id {
            return Err("it is of another key".to_owned());
        }
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        let holds = match algorithm {
            PREHASHED => key.verify(&Blake2b512::digest(text), &signature),
            PLAIN => key.verify(text, &signature),
            _ => return Err("it is of an unknown kind".to_owned()),
        };
        holds
            .map_err(|_| "it does not fit: the report is not the one that was signed".to_owned())?;
        let with_comment = [&signature[..], comment.as_bytes()].concat();
        key.verify(&with_comment, &global)
            .map_err(|_| "its trusted comment was changed".to_owned())?;
        Ok(comment.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of minisign-verify.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";

    #[test]
    fn a_signature_by_minisign_is_checked() {
        let key = PublicKey::parse(KEY).unwrap();
        let comment = key.verify(b"test", SIGNATURE).unwrap();
        assert_eq!(comment, "timestamp:1633700835\tfile:test\tprehashed");
        assert!(
            key.verify(b"Test", SIGNATURE)
                .unwrap_err()
                .contains("does not fit")
        );
        let other = SIGNATURE.replace("file:test", "file:best");
        assert!(
            key.verify(b"test", &other)
                .unwrap_err()
                .contains("comment was changed")
        );
    }

    /// A key of the form of `minisign -G -W`, from a seed.
    fn key(seed: [u8; 32], derivation: [u8; 2]) -> (String, PublicKey) {
        use ring::signature::KeyPair as _;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
        let id = *b"\x01\x02\x03\x04\x05\x06\x07\x08";
        let mut bytes = [PLAIN, derivation, CHECKSUM].concat();
        bytes.extend([0; 48]);
        bytes.extend([&id[..], &seed, &public].concat());
        let digest = Blake2b::<U32>::digest([&PLAIN[..], &id, &seed, &public].concat());
        bytes.extend_from_slice(&digest);
        let text = format!(
            "untrusted comment: minisign secret key\n{}\n",
            STANDARD.encode(bytes)
        );
        (text, PublicKey { id, key: public })
    }

    #[test]
    fn what_is_signed_is_trusted_and_nothing_else() {
        let (secret, public) = key([7; 32], [0, 0]);
        let signature = SecretKey::parse(&secret)
            .unwrap()
            .sign(b"report", "audit.json");
        assert_eq!(public.verify(b"report", &signature).unwrap(), "audit.json");
        assert!(public.verify(b"Report", &signature).is_err());
        let (_, mut other) = key([8; 32], [0, 0]);
        assert!(other.verify(b"report", &signature).is_err());
        other.id = [0; 8];
        assert!(
            other
                .verify(b"report", &signature)
                .unwrap_err()
                .contains("another key")
        );
    }

    #[test]
    fn keys_that_cannot_be_used_say_why() {
        let (secret, _) = key([7; 32], *b"Sc");
        assert!(SecretKey::parse(&secret).unwrap_err().contains("password"));
        let (secret, _) = key([7; 32], [0, 0]);
        let line = secret.lines().nth(1).unwrap();
        let mut bytes = STANDARD.decode(line).unwrap();
        bytes[70] ^= 1;
        let damaged = format!("c\n{}\n", STANDARD.encode(bytes));
        assert!(SecretKey::parse(&damaged).unwrap_err().contains("damaged"));
        for text in ["", "a", "a\n!", "a\nRWQ="] {
            assert!(SecretKey::parse(text).is_err() && PublicKey::parse(text).is_err());
        }
    }
}
