//! JA4, the fingerprint of a client hello, after its published description (JA4 itself is under BSD-3-Clause).

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use ring::digest;

use super::hello::{Carrier, ClientHello, is_grease};

/// The fingerprint; the hello must be whole.
pub(super) fn fingerprint(hello: &ClientHello, carrier: Carrier) -> String {
    let mut suites: Vec<u16> = without_grease(&hello.cipher_suites);
    let mut extensions: Vec<u16> = without_grease(&hello.extensions);
    let carrier = match carrier {
        Carrier::Stream => 't',
        Carrier::Datagram => 'd',
        Carrier::Quic => 'q',
    };
    let named = if extensions.contains(&0) { 'd' } else { 'i' };
    let (suite_count, extension_count) = (suites.len().min(99), extensions.len().min(99));
    let version = version(hello);
    let protocol = protocol(hello);
    suites.sort_unstable();
    extensions.sort_unstable();
    extensions.retain(|kind| !matches!(kind, 0 | 16));
    let mut listed = list(&extensions);
    let algorithms = without_grease(&hello.signature_algorithms);
    if !algorithms.is_empty() {
        listed.push('_');
        listed.push_str(&list(&algorithms));
    }
    format!(
        "{carrier}{version}{named}{suite_count:02}{extension_count:02}{protocol}_{}_{}",
        short_hash(&suites, &list(&suites)),
        short_hash(&extensions, &listed),
    )
}

fn without_grease(values: &[u16]) -> Vec<u16> {
    values
        .iter()
        .copied()
        .filter(|value| !is_grease(*value))
        .collect()
}

fn version(hello: &ClientHello) -> &'static str {
    match hello.highest_version() {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        0xfeff => "d1",
        0xfefd => "d2",
        0xfefc => "d3",
        _ => "00",
    }
}

/// First and last character of the first protocol; of its hexadecimal form when they are not letters or digits.
fn protocol(hello: &ClientHello) -> String {
    let Some((first, last)) = hello
        .protocols
        .first()
        .and_then(|name| Some((*name.first()?, *name.last()?)))
    else {
        return "00".to_owned();
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        [char::from(first), char::from(last)].iter().collect()
    } else {
        format!("{:x}{:x}", first >> 4, last & 0x0f)
    }
}

fn list(values: &[u16]) -> String {
    let mut text = String::with_capacity(values.len().saturating_mul(5));
    for (position, value) in values.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        let _written = write!(text, "{comma}{value:04x}");
    }
    text
}

/// The first 12 hexadecimal digits of SHA-256; zeros for an empty list.
fn short_hash(values: &[u16], text: &str) -> String {
    if values.is_empty() {
        return "0".repeat(12);
    }
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    HEXLOWER.encode(hash.as_ref().get(..6).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the published description: a browser, with GREASE at its usual places.
    #[test]
    fn the_published_example_comes_out() {
        let hello = ClientHello {
            version: 0x0303,
            cipher_suites: vec![
                0x3a3a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0x1a1a, 0x0000, 0x0017, 0xff01, 0x000a, 0x000b, 0x0023, 0x0010, 0x0005, 0x000d,
                0x0012, 0x0033, 0x002d, 0x002b, 0x001b, 0x4469, 0x5a5a, 0x0015,
            ],
            protocols: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            supported_versions: vec![0x2a2a, 0x0304, 0x0303],
            signature_algorithms: vec![
                0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
            ],
            is_whole: true,
            ..ClientHello::default()
        };
        assert_eq!(
            fingerprint(&hello, Carrier::Stream),
            "t13d1516h2_8daaf6152771_e5627efa2ab1"
        );
    }

    #[test]
    fn a_bare_hello_has_zeros() {
        let hello = ClientHello {
            version: 0x0301,
            protocols: vec![vec![0xab, 0x30, 0xcd]],
            ..ClientHello::default()
        };
        assert_eq!(
            fingerprint(&hello, Carrier::Quic),
            "q10i0000ad_000000000000_000000000000"
        );
    }
}
