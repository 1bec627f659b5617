//! Certificates that an app package is signed with: the APK signing block (v2, v3, v3.1; source.android.com,
//! "APK Signature Scheme") and `META-INF` (v1, PKCS #7, RFC 2315).
//!
//! Signatures are not verified: the phone did that. What stands here tells apps of one vendor from copies.

use std::io;

use ring::digest::{SHA256, digest};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::little_endian::{u32_at, usize_at};
use super::zip_archive::Archive;
use crate::limits;
use crate::model::Signer;

const MAGIC: &[u8; 16] = b"APK Sig Block 42";
/// Size (twice) and magic around the pairs.
const FOOTER_BYTES: u64 = 24;
/// Ids of the schemes in the block.
const SCHEMES: [(u32, &str); 3] = [
    (0x7109_871a, "v2"),
    (0xf053_68c0, "v3"),
    (0x1b93_ad61, "v3.1"),
];

/// All certificates of signers in a package.
pub(super) fn signers<I: io::Read + io::Seek>(archive: &mut Archive<'_, I>) -> Vec<Signer> {
    let mut signers = Vec::new();
    for (scheme, certificate) in v1(archive) {
        add(&mut signers, &certificate, scheme);
    }
    let block = block(archive);
    for (scheme, certificate) in block_certificates(&block) {
        add(&mut signers, certificate, scheme);
    }
    signers
}

/// The certificates in the pairs of an APK signing block, which fuzzing calls, too.
pub fn signing_block(pairs: &[u8]) -> Vec<Signer> {
    let mut signers = Vec::new();
    for (scheme, certificate) in block_certificates(pairs) {
        add(&mut signers, certificate, scheme);
    }
    signers
}

fn add(signers: &mut Vec<Signer>, certificate: &[u8], scheme: &'static str) {
    let sha256: String = digest(&SHA256, certificate)
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect();
    if let Some(known) = signers.iter_mut().find(|known| known.sha256 == sha256) {
        known.schemes.insert(scheme);
    } else if signers.len() < limits::SIGNERS {
        let subject = X509Certificate::from_der(certificate)
            .map(|(_, certificate)| certificate.subject().to_string())
            .unwrap_or_default();
        signers.push(Signer {
            sha256,
            subject,
            schemes: [scheme].into(),
        });
    }
}

/// The pairs of the block, which lies straight before the directory; empty if there is none.
fn block<I: io::Read + io::Seek>(archive: &mut Archive<'_, I>) -> Vec<u8> {
    let Some(footer_at) = archive.directory_at.checked_sub(FOOTER_BYTES) else {
        return Vec::new();
    };
    let Ok(footer) = archive.bytes(footer_at, 24) else {
        return Vec::new();
    };
    let Some((size, magic)) = footer.split_first_chunk::<8>() else {
        return Vec::new();
    };
    if magic != MAGIC {
        return Vec::new();
    }
    // The size counts the footer, but not the size in front.
    let pairs_bytes = u64::from_le_bytes(*size).checked_sub(FOOTER_BYTES);
    let pairs_at = pairs_bytes.and_then(|bytes| footer_at.checked_sub(bytes));
    let pairs_bytes = pairs_bytes.and_then(|bytes| usize::try_from(bytes).ok());
    match (pairs_at, pairs_bytes) {
        (Some(at), Some(bytes)) if bytes <= limits::SIGNING_BLOCK_BYTES => {
            archive.bytes(at, bytes).unwrap_or_default()
        }
        _ => {
            archive
                .damage
                .push("the signing block is longer than the bound, or than the file".to_owned());
            Vec::new()
        }
    }
}

/// The first certificate of each signer, by scheme.
fn block_certificates(mut pairs: &[u8]) -> Vec<(&'static str, &[u8])> {
    let mut found = Vec::new();
    while let Some((length, rest)) = pairs.split_first_chunk::<8>() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some((pair, rest)) = rest.split_at_checked(length) else {
            break;
        };
        pairs = rest;
        let scheme = u32_at(pair, 0)
            .and_then(|id| SCHEMES.iter().find(|(known, _)| *known == id))
            .map(|(_, scheme)| *scheme);
        let (Some(scheme), Some(value)) = (scheme, pair.get(4..)) else {
            continue;
        };
        let signers = prefixed(value)
            .map(|(signers, _)| signers)
            .unwrap_or_default();
        found.extend(
            items(signers)
                .take(limits::SIGNERS)
                .filter_map(|signer| Some((scheme, first_certificate(signer)?))),
        );
    }
    found
}

/// A signer begins with its signed data, these with digests and then certificates; everything carries its length.
fn first_certificate(signer: &[u8]) -> Option<&[u8]> {
    let (data, _) = prefixed(signer)?;
    let (_digests, rest) = prefixed(data)?;
    let (certificates, _) = prefixed(rest)?;
    prefixed(certificates).map(|(first, _)| first)
}

fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize_at(bytes, 0)?;
    bytes.get(4..)?.split_at_checked(length)
}

fn items(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (item, rest) = prefixed(bytes)?;
        bytes = rest;
        Some(item)
    })
}

/// The signers' certificates of the files in `META-INF`.
fn v1<I: io::Read + io::Seek>(archive: &mut Archive<'_, I>) -> Vec<(&'static str, Vec<u8>)> {
    let files: Vec<_> = archive
        .entries
        .iter()
        .filter(|entry| is_signature_file(&entry.name))
        .take(limits::SIGNERS)
        .cloned()
        .collect();
    let mut found = Vec::new();
    for entry in files {
        let [method, _] = entry.methods();
        let content = archive.content(&entry, method, limits::SIGNATURE_FILE_BYTES);
        let content = content.unwrap_or_default();
        if let Some(certificates) = pkcs7_certificates(&content) {
            let leaves = leaves(&certificates);
            found.extend(leaves.into_iter().map(|leaf| ("v1", leaf.to_vec())));
        }
    }
    found
}

fn is_signature_file(name: &[u8]) -> bool {
    const FOLDER: &[u8] = b"META-INF/";
    // Most files lie elsewhere.
    let file = name
        .split_at_checked(FOLDER.len())
        .filter(|(folder, _)| folder.eq_ignore_ascii_case(FOLDER))
        .map(|(_, file)| file.to_ascii_uppercase());
    file.is_some_and(|file| {
        !file.contains(&b'/')
            && [&b".RSA"[..], b".DSA", b".EC"]
                .iter()
                .any(|ending| file.ends_with(ending))
    })
}

/// `ContentInfo { oid, [0] SignedData { version, digests, content, [0] certificates … } }`, with definite lengths (DER).
fn pkcs7_certificates(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    const SEQUENCE: u8 = 0x30;
    const CONTEXT_0: u8 = 0xa0;
    let mut content_info = Tlv::read(bytes)?.of(SEQUENCE)?;
    let signed_data = content_info.find(|tlv| tlv.tag == CONTEXT_0)?;
    let mut signed_data = Tlv::read(signed_data.content)?.of(SEQUENCE)?;
    let certificates = signed_data.find(|tlv| tlv.tag == CONTEXT_0)?;
    let certificates = Tlv {
        tag: SEQUENCE,
        ..certificates
    };
    Some(
        certificates
            .items()
            .map(|tlv| tlv.whole)
            .take(limits::SIGNERS)
            .collect(),
    )
}

/// Certificates that did not issue another one of the list.
fn leaves<'a>(certificates: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let parsed: Vec<_> = certificates
        .iter()
        .filter_map(|bytes| Some((*bytes, X509Certificate::from_der(bytes).ok()?.1)))
        .collect();
    let is_leaf = |at: usize, subject: &[u8]| {
        parsed.iter().enumerate().all(|(other, (_, certificate))| {
            other == at || certificate.issuer().as_raw() != subject
        })
    };
    let leaves: Vec<&[u8]> = parsed
        .iter()
        .enumerate()
        .filter(|(at, (_, certificate))| is_leaf(*at, certificate.subject().as_raw()))
        .map(|(_, (bytes, _))| *bytes)
        .collect();
    if leaves.is_empty() {
        certificates.to_vec()
    } else {
        leaves
    }
}

/// A value of BER with a tag of one byte and a definite length (X.690 §8.1).
#[derive(Clone, Copy)]
struct Tlv<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&[tag, first], _) = bytes.split_first_chunk()?;
        // Long form: so many bytes of length follow.
        let long = usize::from(first & 0x7f);
        let (header, length) = if first & 0x80 == 0 {
            (2, long)
        } else {
            let header = long.checked_add(2).filter(|_| (1..=4).contains(&long))?;
            let bytes = bytes.get(2..header)?.iter();
            (
                header,
                bytes.fold(0, |sum, byte| (sum << 8) | usize::from(*byte)),
            )
        };
        let whole = bytes.get(..header.checked_add(length)?)?;
        Some(Self {
            tag,
            content: whole.get(header..)?,
            whole,
        })
    }

    /// Its items, if it has that tag.
    fn of(self, tag: u8) -> Option<impl Iterator<Item = Self>> {
        (self.tag == tag).then(|| self.items())
    }

    fn items(self) -> impl Iterator<Item = Self> {
        let mut rest = self.content;
        std::iter::from_fn(move || {
            let item = Self::read(rest)?;
            rest = rest.get(item.whole.len()..)?;
            Some(item)
        })
    }
}
