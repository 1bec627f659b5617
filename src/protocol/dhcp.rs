//! DHCP for IPv4 and IPv6 (RFC 2131, 8415): the name that a phone gives itself, often its owner's, and its addresses.

use std::net::Ipv4Addr;

use data_encoding::HEXLOWER;

use super::cursor::Cursor;
use super::message::{Draft, mac, readable};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::model::{ContentState, Side, Transport};

const MAGIC_COOKIE: u32 = 0x6382_5363;

/// DHCP for IPv4.
pub(super) const VERSION_4: Protocol = Protocol {
    name: "dhcp",
    probe: |probe| verdict(probe, &[67, 68], |bytes| bootp(bytes).is_some()),
    start: |_| Box::new(Dhcp { read: bootp }),
    content: ContentState::Clear,
};

/// DHCP for IPv6.
pub(super) const VERSION_6: Protocol = Protocol {
    name: "dhcpv6",
    probe: |probe| verdict(probe, &[546, 547], |bytes| version_6(bytes).is_some()),
    start: |_| Box::new(Dhcp { read: version_6 }),
    content: ContentState::Clear,
};

fn verdict(probe: &Probe<'_>, ports: &[u16], is_it: fn(&[u8]) -> bool) -> Verdict {
    let is_port = ports.contains(&probe.server_port) || ports.contains(&probe.client_port);
    let is_dhcp = probe.transport == Transport::Udp
        && is_port
        && [probe.client, probe.server].into_iter().any(is_it);
    if is_dhcp { Verdict::Yes } else { Verdict::No }
}

struct Dhcp {
    read: fn(&[u8]) -> Option<Draft>,
}

impl Dissector for Dhcp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if let Some(draft) = (self.read)(chunk.bytes) {
            draft.emit(chunk.origin, emit);
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

/// RFC 2131 §2. The side comes from the message: clients ask by broadcast before they have an address.
fn bootp(bytes: &[u8]) -> Option<Draft> {
    let mut cursor = Cursor::new(bytes);
    let side = match cursor.u8()? {
        1 => Side::Client,
        2 => Side::Server,
        _ => return None,
    };
    let (hardware, hardware_length) = (cursor.u8()?, usize::from(cursor.u8()?));
    cursor.take(25)?;
    let address = cursor.take(16)?.get(..hardware_length)?;
    cursor.take(192)?;
    if cursor.u32()? != MAGIC_COOKIE {
        return None;
    }
    let options = options(cursor);
    let find = |code: u8| {
        options
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, value)| *value)
    };
    let kind = find(53)
        .and_then(|value| value.first())
        .copied()
        .unwrap_or_default();
    let mut draft = Draft::new("dhcp", kind_name(kind), side);
    if hardware == 1 && hardware_length == 6 {
        draft.add("mac", &mac(address));
    }
    draft.add_some("hostname", find(12).and_then(readable));
    draft.add_some("vendor-class", find(60).and_then(readable));
    // RFC 4702 §2: flags and two dead bytes stand before the name
    draft.add_some(
        "fqdn",
        find(81).and_then(|value| value.get(3..)).and_then(readable),
    );
    if let Some((kind, id)) = find(61).and_then(<[u8]>::split_first) {
        match (kind, readable(id)) {
            (1, _) if id.len() == 6 => draft.add("client-id", &mac(id)),
            (0, Some(text)) => draft.add("client-id", text),
            _ => draft.add("client-id", &HEXLOWER.encode(id)),
        }
    }
    for (name, code) in [("requested-address", 50_u8), ("server", 54), ("router", 3)] {
        if let Some(octets) = find(code).and_then(|value| value.first_chunk::<4>()) {
            draft.add(name, &Ipv4Addr::from(*octets).to_string());
        }
    }
    if let Some(list) = find(55) {
        let list: Vec<String> = list.iter().map(u8::to_string).collect();
        draft.add("parameter-list", &list.join(","));
    }
    Some(draft)
}

/// Options of RFC 2132 up to the end mark; at most 255 kinds, so at most as many as the message has bytes.
fn options(mut cursor: Cursor<'_>) -> Vec<(u8, &[u8])> {
    let mut options = Vec::new();
    while let Some(code) = cursor.u8() {
        match code {
            0 => {}
            0xff => break,
            _ => {
                let Some(value) = cursor.vector8() else { break };
                options.push((code, value));
            }
        }
    }
    options
}

fn kind_name(kind: u8) -> &'static str {
    match kind {
        1 => "DISCOVER",
        2 => "OFFER",
        3 => "REQUEST",
        4 => "DECLINE",
        5 => "ACK",
        6 => "NAK",
        7 => "RELEASE",
        8 => "INFORM",
        _ => "BOOTP",
    }
}

/// RFC 8415 §8. Relayed messages are not unwrapped: phones do not relay.
fn version_6(bytes: &[u8]) -> Option<Draft> {
    let mut cursor = Cursor::new(bytes);
    let (kind, side) = match cursor.u8()? {
        1 => ("SOLICIT", Side::Client),
        2 => ("ADVERTISE", Side::Server),
        3 => ("REQUEST", Side::Client),
        4 => ("CONFIRM", Side::Client),
        5 => ("RENEW", Side::Client),
        6 => ("REBIND", Side::Client),
        7 => ("REPLY", Side::Server),
        8 => ("RELEASE", Side::Client),
        9 => ("DECLINE", Side::Client),
        11 => ("INFORMATION-REQUEST", Side::Client),
        _ => return None,
    };
    cursor.u24()?;
    let mut draft = Draft::new("dhcpv6", kind, side);
    while !cursor.is_empty() {
        let code = cursor.u16()?;
        let value = cursor.vector16()?;
        match code {
            1 => {
                draft.add("client-id", &HEXLOWER.encode(value));
                draft.add_some("mac", hardware_of_duid(value).as_deref());
            }
            16 => draft.add_some("vendor-class", value.get(6..).and_then(readable)),
            39 => draft.add_some("fqdn", value.get(1..).and_then(domain_name).as_deref()),
            _ => {}
        }
    }
    Some(draft)
}

/// The Ethernet address in a DUID of type 1 or 3 (RFC 8415 §11.2, §11.4).
fn hardware_of_duid(duid: &[u8]) -> Option<String> {
    let ([0, 1, 0, 1, _, _, _, _, address @ ..] | [0, 3, 0, 1, address @ ..]) = duid else {
        return None;
    };
    (address.len() == 6).then(|| mac(address))
}

/// A name in DNS form, whole or a part (RFC 4704 §4.2).
fn domain_name(bytes: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(bytes);
    let mut labels = Vec::new();
    while let Some(label) = cursor.vector8().filter(|label| !label.is_empty()) {
        labels.push(readable(label)?);
    }
    (!labels.is_empty()).then(|| labels.join("."))
}
