//! A text → the disguises in which it travels. Written for the bench alone: nothing here is shared with the detectors.

use std::io::Write as _;

use base64::Engine;
use base64::prelude::{
    BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD,
};
use hmac::{KeyInit, Mac, SimpleHmac};
use sha2::Digest;

use super::world::Dice;

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// All bytes but letters and digits.
pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Bytes in any of the base64 alphabets.
pub(crate) fn base64(bytes: &[u8], dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => BASE64_STANDARD.encode(bytes),
        1 => BASE64_STANDARD_NO_PAD.encode(bytes),
        2 => BASE64_URL_SAFE.encode(bytes),
        _ => BASE64_URL_SAFE_NO_PAD.encode(bytes),
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 5,
        ..brotli::enc::BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters).unwrap();
    packed
}

/// Names of hash functions.
pub(crate) const HASHES: [&str; 11] = [
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3-256",
    "sha3-512",
    "blake2b-256",
    "blake2b-512",
    "blake2s",
];

pub(crate) fn hash(function: &str, text: &[u8]) -> Vec<u8> {
    match function {
        "md5" => md5::Md5::digest(text).to_vec(),
        "sha1" => sha1::Sha1::digest(text).to_vec(),
        "sha224" => sha2::Sha224::digest(text).to_vec(),
        "sha256" => sha2::Sha256::digest(text).to_vec(),
        "sha384" => sha2::Sha384::digest(text).to_vec(),
        "sha512" => sha2::Sha512::digest(text).to_vec(),
        "sha3-256" => sha3::Sha3_256::digest(text).to_vec(),
        "sha3-512" => sha3::Sha3_512::digest(text).to_vec(),
        "blake2b-256" => blake2::Blake2b::<blake2::digest::consts::U32>::digest(text).to_vec(),
        "blake2b-512" => blake2::Blake2b512::digest(text).to_vec(),
        _ => blake2::Blake2s256::digest(text).to_vec(),
    }
}

pub(crate) fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = SimpleHmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Digests as text: hexadecimal in either case, base64, with a mark.
pub(crate) fn digest_text(digest: &[u8], dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => hex(digest).to_uppercase(),
        1 => base64(digest, dice),
        2 => format!("sha256:{}", hex(digest)),
        _ => hex(digest),
    }
}

/// Encodings of one value.
pub(crate) const LEAVES: [&str; 13] = [
    "plain",
    "in-text",
    "percent",
    "percent-twice",
    "hex",
    "hex-upper",
    "base64",
    "base64-inside",
    "utf16-base64",
    "utf16-hex",
    "reversed",
    "json-escaped",
    "xml-escaped",
];

pub(crate) fn leaf(name: &str, text: &str, dice: &mut Dice) -> String {
    match name {
        "in-text" => match dice.below(4) {
            0 => format!("user={text};v=2"),
            1 => format!("[{text}]"),
            2 => format!("ok {text} sent"),
            _ => format!("k:{text}|t:1"),
        },
        "percent" => percent(text),
        "percent-twice" => percent(&percent(text)),
        "hex" => hex(text.as_bytes()),
        "hex-upper" => hex(text.as_bytes()).to_uppercase(),
        "base64" => base64(text.as_bytes(), dice),
        "base64-inside" => {
            let before = dice.below(7);
            let mut blob = dice.bytes(before);
            blob.push(1);
            blob.extend(text.as_bytes());
            blob.push(2);
            let behind = dice.below(9);
            blob.extend(dice.bytes(behind));
            base64(&blob, dice)
        }
        "utf16-base64" => base64(&utf16(text), dice),
        "utf16-hex" => hex(&utf16(text)),
        "reversed" => text.chars().rev().collect(),
        "json-escaped" => {
            let escaped: String = text
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            format!("{{\"v\":\"{escaped}\"}}")
        }
        "xml-escaped" => {
            let escaped: String = text
                .chars()
                .map(|character| format!("&#{};", u32::from(character)))
                .collect();
            format!("<m><v>{escaped}</v></m>")
        }
        _ => text.to_owned(),
    }
}

/// One more layer around a text; how many encodings it is.
pub(crate) fn layer(text: &str, dice: &mut Dice) -> (String, &'static str, usize) {
    let quoted = serde_json::Value::from(text).to_string();
    match dice.below(9) {
        0 => (format!("{{\"d\":{quoted},\"n\":1}}"), "json", 1),
        1 => (format!("[{{\"k\":[{quoted}]}}]"), "json", 1),
        2 => (base64(text.as_bytes(), dice), "base64", 1),
        3 => (hex(text.as_bytes()), "hex", 1),
        4 => (percent(&format!("{{\"p\":{quoted}}}")), "percent+json", 2),
        5 => (base64(&gzip(text.as_bytes()), dice), "gzip+base64", 2),
        6 => (base64(&zlib(text.as_bytes()), dice), "zlib+base64", 2),
        7 => (format!("t=1&d={}&e=x", percent(text)), "form", 1),
        _ => {
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            (format!("<r><i>1</i><d>{escaped}</d></r>"), "xml", 1)
        }
    }
}
