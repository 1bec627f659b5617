//! GTP control plane, versions 1 and 2 (3GPP TS 29.060, TS 29.274): which subscriber and phone is where. Core networks only.

use std::fmt::Write;

use data_encoding::HEXLOWER;

use super::cursor::Cursor;
use super::message::{Draft, readable};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::model::{ContentState, Side, Transport};

const NAME: &str = "gtp-c";
const PORT: u16 = 2123;

/// GTP-C.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Gtp),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    let is_port = probe.server_port == PORT || probe.client_port == PORT;
    let is_gtp = probe.transport == Transport::Udp
        && is_port
        && [probe.client, probe.server]
            .into_iter()
            .any(|bytes| Header::read(bytes).is_some());
    if is_gtp { Verdict::Yes } else { Verdict::No }
}

struct Gtp;

impl Dissector for Gtp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        // two messages may share a datagram (TS 29.274 §5.5.1)
        let mut rest = chunk.bytes;
        while let Some(header) = Header::read(rest) {
            rest = header.behind;
            let mut draft = Draft::new(NAME, header.kind.to_string(), chunk.side);
            draft.add("version", if header.is_version_2 { "2" } else { "1" });
            let known = draft_elements(&header, &mut draft);
            if known > 0 {
                draft.emit(chunk.origin, emit);
            }
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

struct Header<'a> {
    is_version_2: bool,
    kind: u8,
    elements: &'a [u8],
    behind: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let flags = cursor.u8()?;
        let kind = cursor.u8()?;
        // a message cut by the capture is read as far as it goes
        let mut body = Cursor::new(cursor.vector16_lossy()?);
        let is_version_2 = match flags >> 5 {
            // protocol type 1 (GTP), TEID always there, optional part by flags
            1 if flags & 0x10 != 0 => {
                body.u32()?;
                if flags & 0x07 != 0 {
                    body.take(4)?;
                }
                false
            }
            2 => {
                if flags & 0x08 != 0 {
                    body.u32()?;
                }
                body.take(4)?;
                true
            }
            _ => return None,
        };
        Some(Self {
            is_version_2,
            kind,
            elements: body.rest(),
            behind: cursor.rest(),
        })
    }
}

/// Adds what says who and where; how many elements did.
fn draft_elements(header: &Header<'_>, draft: &mut Draft) -> usize {
    let mut cursor = Cursor::new(header.elements);
    let mut known = 0_usize;
    let mut next = || {
        if header.is_version_2 {
            element_2(&mut cursor)
        } else {
            element_1(&mut cursor)
        }
    };
    while let Some((kind, value)) = next() {
        let is_known = if header.is_version_2 {
            add_2(kind, value, draft)
        } else {
            add_1(kind, value, draft)
        };
        if is_known.is_some() {
            known = known.saturating_add(1);
        }
    }
    known
}

/// TS 29.060 §7.7: below 128 the type says the length.
fn element_1<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let kind = cursor.u8()?;
    let length = match kind {
        1 | 8 | 11 | 13..=15 | 19..=21 | 23 | 24 | 29 => 1,
        25..=28 => 2,
        12 => 3,
        4 | 5 | 16 | 17 | 127 => 4,
        18 => 5,
        3 => 6,
        2 => 8,
        22 => 9,
        9 => 28,
        128.. => return Some((kind, cursor.vector16()?)),
        _ => return None,
    };
    Some((kind, cursor.take(length)?))
}

/// TS 29.274 §8.2.1.
fn element_2<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let kind = cursor.u8()?;
    let length = usize::from(cursor.u16()?);
    cursor.u8()?;
    Some((kind, cursor.take(length)?))
}

fn add_1(kind: u8, value: &[u8], draft: &mut Draft) -> Option<()> {
    match kind {
        2 => draft.add("imsi", &digits(value)),
        3 => draft.add("rai", &area(value, &["lac", "rac"])?),
        131 => draft.add("apn", &access_point(value)?),
        // the first octet is the kind of number
        134 => draft.add("msisdn", &digits(value.get(1..)?)),
        152 => {
            let (kind, place) = value.split_first()?;
            let names: [&str; 2] = match kind {
                0 => ["lac", "ci"],
                1 => ["lac", "sac"],
                _ => ["lac", "rac"],
            };
            draft.add("uli", &area(place, &names)?);
        }
        154 => draft.add("imei", &digits(value)),
        _ => return None,
    }
    Some(())
}

fn add_2(kind: u8, value: &[u8], draft: &mut Draft) -> Option<()> {
    match kind {
        1 => draft.add("imsi", &digits(value)),
        71 => draft.add("apn", &access_point(value)?),
        75 => draft.add("imei", &digits(value)),
        76 => draft.add("msisdn", &digits(value)),
        86 => user_location(value, draft)?,
        _ => return None,
    }
    Some(())
}

/// TS 29.274 §8.21: flags, then the places in this order.
fn user_location(value: &[u8], draft: &mut Draft) -> Option<()> {
    let (flags, rest) = value.split_first()?;
    let mut cursor = Cursor::new(rest);
    for (bit, name, length, parts) in [
        (0_u8, "cgi", 7_usize, &["lac", "ci"][..]),
        (1, "sai", 7, &["lac", "sac"]),
        (2, "rai", 7, &["lac", "rac"]),
        (3, "tai", 5, &["tac"]),
        (4, "ecgi", 7, &["eci"]),
        (5, "lai", 5, &["lac"]),
    ] {
        if flags >> bit & 1 == 1 {
            draft.add(name, &area(cursor.take(length)?, parts)?);
        }
    }
    Some(())
}

/// Country, network and the numbers behind them: `mcc=001 mnc=01 lac=4660 ci=22136`. The last takes the bytes that are left.
fn area(value: &[u8], names: &[&str]) -> Option<String> {
    let mut cursor = Cursor::new(value);
    let [one, two, three] = *cursor.take(3)?.first_chunk::<3>()?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 10);
    let mut place = String::from("mcc=");
    place.extend([digit(one & 0x0f)?, digit(one >> 4)?, digit(two & 0x0f)?]);
    place.push_str(" mnc=");
    place.extend([digit(three & 0x0f)?, digit(three >> 4)?]);
    place.extend(digit(two >> 4));
    for (position, name) in names.iter().enumerate() {
        let is_last = position.saturating_add(1) == names.len();
        let number = if is_last {
            cursor
                .rest()
                .iter()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        } else {
            u64::from(cursor.u16()?)
        };
        let _ = write!(place, " {name}={number}");
    }
    Some(place)
}

/// Digits in half bytes, the lower first; 15 fills up (TS 29.060 §7.7.2).
fn digits(value: &[u8]) -> String {
    value
        .iter()
        .flat_map(|byte| [byte & 0x0f, byte >> 4])
        .take_while(|nibble| *nibble != 0x0f)
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

/// An access point name: labels behind their lengths.
fn access_point(value: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(value);
    let mut labels = Vec::new();
    while let Some(label) = cursor.vector8() {
        labels.push(readable(label).map_or_else(|| HEXLOWER.encode(label), str::to_owned));
    }
    (!labels.is_empty()).then(|| labels.join("."))
}
