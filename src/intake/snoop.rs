//! Captures of Solaris `snoop` (RFC 1761): big-endian, microseconds.

use std::io::Read;
use std::ops::Range;

use super::ledger::Ledger;
use super::order::ByteOrder;
use super::window::Window;
use super::{Format, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::PACKET_BYTES;
use crate::model::{InputId, LinkType, Origin, Packet, Shortfall, Timestamp};

/// Solaris snoop.
pub(super) const FORMAT: Format = Format {
    name: "snoop",
    sniff,
    gather: None,
    open: Some(open),
};

const IDENTIFICATION: &[u8] = b"snoop\0\0\0";
const FILE_HEADER_LEN: usize = 16;
const RECORD_HEADER_LEN: usize = 24;

fn sniff(sample: &Sample<'_>) -> bool {
    sample.head.starts_with(IDENTIFICATION)
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(Snoop::new(input.reader()?, input.id)))
}

/// Datalink types of RFC 1761 and of later Solaris releases, in the numbers of tcpdump.org.
fn link_type(datalink: u32) -> LinkType {
    match datalink {
        // "IEEE 802.3" as well as "Ethernet": the same header.
        0 | 4 => LinkType::ETHERNET,
        2 => LinkType(6),
        8 => LinkType(10),
        // No number there: flow says that it has no reader for it.
        _ => LinkType(u16::MAX),
    }
}

struct Record {
    wire_len: u32,
    data: Range<usize>,
}

/// A snoop file as it is read.
#[derive(Debug)]
pub(super) struct Snoop {
    window: Window,
    link: Option<LinkType>,
    origin: Origin,
    /// Packets dropped since the beginning, by the last record.
    dropped: u32,
    ledger: Ledger,
    has_ended: bool,
}

impl Snoop {
    pub(super) fn new(reader: Box<dyn Read>, input: InputId) -> Self {
        Self {
            window: Window::new(reader, PACKET_BYTES.saturating_mul(2)),
            link: None,
            origin: Origin {
                input,
                ..Origin::default()
            },
            dropped: 0,
            ledger: Ledger::default(),
            has_ended: false,
        }
    }

    fn record(&mut self) -> Option<Record> {
        if self.link.is_none() {
            self.file_header()?;
        }
        let head = self.peek(RECORD_HEADER_LEN)?;
        let number = |offset| ByteOrder::Big.u32_at(head, offset).unwrap_or_default();
        let (wire_len, captured, record_len) = (number(0), number(4), number(8));
        let (dropped, seconds, microseconds) = (number(12), number(16), number(20));
        let offset = self.window.offset();
        let lengths = usize::try_from(captured)
            .ok()
            .zip(usize::try_from(record_len).ok());
        let Some((captured_len, record_len)) = lengths.filter(|(captured, record)| {
            captured.saturating_add(RECORD_HEADER_LEN) <= *record
                && *record <= PACKET_BYTES.saturating_mul(2)
        }) else {
            return self.end(
                Shortfall::Damaged,
                format!("the record at byte {offset} claims {captured} bytes in {record_len}"),
            );
        };
        self.peek(record_len)?;
        let whole = self.window.take(record_len);
        let data_at = whole.start.saturating_add(RECORD_HEADER_LEN);
        self.dropped = dropped;
        self.origin.frame = self.origin.frame.saturating_add(1);
        self.origin.time = Timestamp::from_parts(
            i64::from(seconds),
            i64::from(microseconds).saturating_mul(1000),
        );
        let missing = wire_len.saturating_sub(captured);
        if missing > 0 {
            self.ledger.count_cut(self.origin, u64::from(missing));
        }
        Some(Record {
            wire_len,
            data: data_at..data_at.saturating_add(captured_len),
        })
    }

    fn file_header(&mut self) -> Option<()> {
        let head = self.peek(FILE_HEADER_LEN)?;
        let version = ByteOrder::Big.u32_at(head, 8).unwrap_or_default();
        let datalink = ByteOrder::Big.u32_at(head, 12).unwrap_or_default();
        if version != 2 {
            let detail = format!("snoop version {version} at byte 8 is not known");
            return self.end(Shortfall::Damaged, detail);
        }
        let _ = self.window.take(FILE_HEADER_LEN);
        self.link = Some(link_type(datalink));
        Some(())
    }

    /// The next bytes, or the end.
    fn peek(&mut self, wanted: usize) -> Option<&[u8]> {
        if self.has_ended {
            return None;
        }
        let offset = self.window.offset();
        match self.window.fill(wanted) {
            Ok(true) => {}
            Ok(false) if self.window.available() == 0 && self.link.is_some() => {
                return self.close();
            }
            Ok(false) => {
                let detail = format!("the file ends within the record at byte {offset}");
                return self.end(Shortfall::Truncated, detail);
            }
            Err(error) => {
                self.ledger.note_failure(&error, self.origin, offset);
                return self.close();
            }
        }
        self.window.bytes().get(..wanted)
    }

    fn end<T>(&mut self, shortfall: Shortfall, detail: String) -> Option<T> {
        let left = self.window.available() as u64;
        self.ledger.note(shortfall, Some(self.origin), left, detail);
        self.close()
    }

    fn close<T>(&mut self) -> Option<T> {
        self.ledger.note_dropped(u64::from(self.dropped));
        self.ledger.close();
        self.has_ended = true;
        None
    }
}

impl Source for Snoop {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        let Some(record) = self.record() else {
            return Ok(self.ledger.next_item());
        };
        Ok(Some(Item::Packet(Packet {
            origin: self.origin,
            link: self.link.unwrap_or(LinkType(u16::MAX)),
            wire_len: record.wire_len,
            data: self.window.at(record.data),
            owner: None,
            direction: None,
        })))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn file(packets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = IDENTIFICATION.to_vec();
        bytes.extend([0, 0, 0, 2, 0, 0, 0, 4]);
        for (number, data) in (0_u32..).zip(packets) {
            let captured = data.len() as u32;
            let record = (24 + captured).next_multiple_of(4);
            for number in [captured + 1, captured, record, number, 1_700_000_000, 25] {
                bytes.extend(number.to_be_bytes());
            }
            bytes.extend(*data);
            bytes.resize(bytes.len() + record as usize - 24 - data.len(), 0);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<(Shortfall, u64)>) {
        let mut source = Snoop::new(Box::new(Cursor::new(bytes.to_vec())), InputId(0));
        let (mut packets, mut shortfalls) = (Vec::new(), Vec::new());
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Packet(packet) => {
                    assert_eq!(packet.origin.time.0, 1_700_000_000_000_025_000);
                    assert_eq!(packet.origin.frame, packets.len() as u64 + 1);
                    assert_eq!(packet.link, LinkType::ETHERNET);
                    packets.push(packet.data.to_vec());
                }
                Item::Shortfall {
                    shortfall, count, ..
                } => shortfalls.push((shortfall, count)),
                Item::Sighting(sighting) => panic!("{sighting:?}"),
            }
        }
        (packets, shortfalls)
    }

    #[test]
    fn packets_and_what_the_system_dropped_are_read() {
        let (packets, shortfalls) = read(&file(&[b"one", b"three", b""]));
        assert_eq!(packets, [&b"one"[..], b"three", b""]);
        assert_eq!(
            shortfalls,
            [(Shortfall::DroppedByCapture, 2), (Shortfall::PacketsCut, 3)]
        );
    }

    proptest! {
        #[test]
        fn a_cut_file_yields_the_packets_before_the_cut(at in 0_usize..100) {
            let packets = [&b"one"[..], b"three"];
            let whole = file(&packets);
            let at = at.min(whole.len());
            let (seen, shortfalls) = read(&whole[..at]);
            let ends = [16, 44, 76];
            prop_assert_eq!(seen.len(), ends[1..].iter().filter(|end| **end <= at).count());
            let is_truncated = shortfalls.iter().any(|(shortfall, _)| *shortfall == Shortfall::Truncated);
            prop_assert_eq!(is_truncated, !ends.contains(&at));
        }

        #[test]
        fn damage_is_survived(at in 0_usize..76, value: u8) {
            let mut bytes = file(&[b"one", b"three"]);
            bytes[at] = value;
            let mut source = Snoop::new(Box::new(Cursor::new(bytes)), InputId(0));
            while source.next_item().unwrap().is_some() {}
        }
    }
}
