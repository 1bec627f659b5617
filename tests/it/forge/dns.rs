//! DNS messages (RFC 1035).

use std::net::IpAddr;

pub(crate) const A: u16 = 1;
pub(crate) const CNAME: u16 = 5;
pub(crate) const PTR: u16 = 12;
pub(crate) const AAAA: u16 = 28;
pub(crate) const HTTPS: u16 = 65;

/// One answer record.
#[derive(Clone, Debug)]
pub(crate) enum Answer<'a> {
    Address(&'a str, IpAddr),
    Alias(&'a str, &'a str),
}

/// A question.
pub(crate) fn query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut bytes = header(id, 0x0100, 0);
    bytes.extend(question(name, kind));
    bytes
}

/// The answer to [`query`].
pub(crate) fn answer(id: u16, name: &str, kind: u16, answers: &[Answer<'_>]) -> Vec<u8> {
    let mut bytes = header(id, 0x8180, u16::try_from(answers.len()).unwrap());
    bytes.extend(question(name, kind));
    for answer in answers {
        let (owner, kind, data) = match answer {
            Answer::Address(owner, IpAddr::V4(address)) => (owner, A, address.octets().to_vec()),
            Answer::Address(owner, IpAddr::V6(address)) => (owner, AAAA, address.octets().to_vec()),
            Answer::Alias(owner, target) => (owner, CNAME, labels(target)),
        };
        bytes.extend(labels(owner));
        bytes.extend(kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 1, 0x2c]);
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

/// A name as labels, without compression.
pub(crate) fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

fn header(id: u16, flags: u16, answers: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in [id, flags, 1, answers, 0, 0] {
        bytes.extend(number.to_be_bytes());
    }
    bytes
}

fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut bytes = labels(name);
    bytes.extend(kind.to_be_bytes());
    bytes.extend([0, 1]);
    bytes
}
