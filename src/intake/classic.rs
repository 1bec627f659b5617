//! Classic pcap (`draft-ietf-opsawg-pcap`): the hot path of intake, an own loop over fixed offsets without allocation.
//!
//! Read are microsecond and nanosecond files in both byte orders and the `modified` variant of old Linux tcpdumps
//! (Kuznetzov's, with eight more bytes per record).

use std::io::Read;
use std::ops::Range;

use super::ledger::Ledger;
use super::order::ByteOrder;
use super::window::Window;
use super::{Format, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::PACKET_BYTES;
use crate::model::{InputId, LinkType, Origin, Packet, Shortfall, Timestamp};

/// Classic pcap.
pub(super) const FORMAT: Format = Format {
    name: "pcap",
    sniff,
    gather: None,
    open: Some(open),
};

const FILE_HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;
const MODIFIED_RECORD_HEADER_LEN: usize = 24;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const MODIFIED: u32 = 0xa1b2_cd34;

fn sniff(sample: &Sample<'_>) -> bool {
    sample
        .head
        .first_chunk()
        .is_some_and(|magic| Layout::of(*magic).is_some())
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(Pcap::new(input.reader()?, input.id)))
}

/// How the numbers of a file are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    order: ByteOrder,
    /// Nanoseconds of the smaller time field's unit.
    unit: i64,
    record_header_len: usize,
}

impl Layout {
    fn of(magic: [u8; 4]) -> Option<Self> {
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find_map(|order| {
                let (unit, record_header_len) = match order.u32(magic) {
                    MICROSECONDS => (1000, RECORD_HEADER_LEN),
                    NANOSECONDS => (1, RECORD_HEADER_LEN),
                    MODIFIED => (1000, MODIFIED_RECORD_HEADER_LEN),
                    _ => return None,
                };
                Some(Self {
                    order,
                    unit,
                    record_header_len,
                })
            })
    }
}

/// In which order old writers put the two lengths of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    /// Captured, then original.
    AsIs,
    /// The other way round: versions before 2.3, and 543.0 (DG/UX tcpdump).
    Swapped,
    /// Either: version 2.3. The smaller one is the captured length.
    Either,
}

impl Lengths {
    fn of(major: u16, minor: u16) -> Option<Self> {
        match (major, minor) {
            (2, 0..=2) | (543, 0) => Some(Self::Swapped),
            (2, 3) => Some(Self::Either),
            (2, _) => Some(Self::AsIs),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    AtStart,
    InRecords {
        layout: Layout,
        lengths: Lengths,
        link: LinkType,
    },
    Ended,
}

struct Record {
    origin: Origin,
    link: LinkType,
    wire_len: u32,
    data: Range<usize>,
}

/// A classic pcap file as it is read.
#[derive(Debug)]
pub(super) struct Pcap {
    window: Window,
    state: State,
    origin: Origin,
    ledger: Ledger,
}

impl Pcap {
    pub(super) fn new(reader: Box<dyn Read>, input: InputId) -> Self {
        Self {
            window: Window::new(
                reader,
                PACKET_BYTES.saturating_add(MODIFIED_RECORD_HEADER_LEN),
            ),
            state: State::AtStart,
            origin: Origin {
                input,
                ..Origin::default()
            },
            ledger: Ledger::default(),
        }
    }

    /// The next record; `None` at the end, with the reason in the ledger.
    fn record(&mut self) -> Option<Record> {
        let (layout, lengths, link) = match self.state {
            State::InRecords {
                layout,
                lengths,
                link,
            } => (layout, lengths, link),
            State::AtStart => self.file_header()?,
            State::Ended => return None,
        };
        if self.window.available() < layout.record_header_len
            && !self.fill(layout.record_header_len)
        {
            return self.end_at_boundary();
        }
        let Some(head) = self.window.bytes().first_chunk::<RECORD_HEADER_LEN>() else {
            return self.end_at_boundary();
        };
        let [
            s0,
            s1,
            s2,
            s3,
            f0,
            f1,
            f2,
            f3,
            c0,
            c1,
            c2,
            c3,
            w0,
            w1,
            w2,
            w3,
        ] = *head;
        let order = layout.order;
        let seconds = order.u32([s0, s1, s2, s3]);
        let fraction = order.u32([f0, f1, f2, f3]);
        let (mut captured, mut wire_len) =
            (order.u32([c0, c1, c2, c3]), order.u32([w0, w1, w2, w3]));
        if lengths == Lengths::Swapped || (lengths == Lengths::Either && captured > wire_len) {
            std::mem::swap(&mut captured, &mut wire_len);
        }
        let length = match usize::try_from(captured) {
            Ok(length) if length <= PACKET_BYTES => length,
            _ => return self.end_at_absurd_length(captured),
        };
        let record_len = layout.record_header_len.saturating_add(length);
        if self.window.available() < record_len && !self.fill(record_len) {
            return self.end_at_boundary();
        }
        let range = self.window.take(record_len);
        let data = range.start.saturating_add(layout.record_header_len)..range.end;
        self.origin.frame = self.origin.frame.saturating_add(1);
        self.origin.time = Timestamp::from_parts(
            i64::from(seconds),
            i64::from(fraction).saturating_mul(layout.unit),
        );
        if wire_len > captured {
            self.ledger
                .count_cut(self.origin, u64::from(wire_len.saturating_sub(captured)));
        }
        Some(Record {
            origin: self.origin,
            link,
            wire_len,
            data,
        })
    }

    fn file_header(&mut self) -> Option<(Layout, Lengths, LinkType)> {
        if !self.fill(FILE_HEADER_LEN) {
            return self.end_at_boundary();
        }
        let header = self.window.take(FILE_HEADER_LEN);
        let header = self.window.at(header);
        let layout = header.first_chunk().and_then(|magic| Layout::of(*magic));
        let Some(layout) = layout else {
            return self.end(
                Shortfall::Damaged,
                "no pcap magic number at byte 0".to_owned(),
            );
        };
        let number = |offset| layout.order.u16_at(header, offset).unwrap_or_default();
        let (major, minor) = (number(4), number(6));
        // Only the lower half is the link type; above it are the length of the frame check sequence and reserved bits.
        let network = layout.order.u32_at(header, 20).unwrap_or_default();
        let link = LinkType(u16::try_from(network & 0xffff).unwrap_or(u16::MAX));
        let Some(lengths) = Lengths::of(major, minor) else {
            let detail = format!("pcap version {major}.{minor} at byte 4 is not known");
            return self.end(Shortfall::Damaged, detail);
        };
        self.state = State::InRecords {
            layout,
            lengths,
            link,
        };
        Some((layout, lengths, link))
    }

    fn fill(&mut self, wanted: usize) -> bool {
        match self.window.fill(wanted) {
            Ok(is_there) => is_there,
            Err(error) => {
                let offset = self.window.offset();
                self.ledger.note_failure(&error, self.origin, offset);
                self.state = State::Ended;
                false
            }
        }
    }

    /// The input ended, or could not be read on: within a record if anything is left of it.
    #[cold]
    fn end_at_boundary<T>(&mut self) -> Option<T> {
        if matches!(self.state, State::Ended) {
            self.ledger.close();
            return None;
        }
        let (left, offset) = (self.window.available(), self.window.offset());
        if left == 0 && !matches!(self.state, State::AtStart) {
            self.state = State::Ended;
            self.ledger.close();
            return None;
        }
        self.end(
            Shortfall::Truncated,
            format!("the file ends within the record at byte {offset}"),
        )
    }

    #[cold]
    fn end_at_absurd_length<T>(&mut self, length: u32) -> Option<T> {
        let offset = self.window.offset();
        self.end(
            Shortfall::Damaged,
            format!(
                "the record at byte {offset} claims {length} bytes; packets are at most {PACKET_BYTES}"
            ),
        )
    }

    fn end<T>(&mut self, shortfall: Shortfall, detail: String) -> Option<T> {
        let left = self.window.available() as u64;
        self.ledger.note(shortfall, Some(self.origin), left, detail);
        self.ledger.close();
        self.state = State::Ended;
        None
    }
}

impl Source for Pcap {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        let Some(record) = self.record() else {
            return Ok(self.ledger.next_item());
        };
        Ok(Some(Item::Packet(Packet {
            origin: record.origin,
            link: record.link,
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

    #[derive(Clone, Copy, Debug)]
    struct Variant {
        magic: u32,
        is_big: bool,
        minor: u16,
    }

    impl Variant {
        fn u16(self, number: u16) -> [u8; 2] {
            if self.is_big {
                number.to_be_bytes()
            } else {
                number.to_le_bytes()
            }
        }

        fn u32(self, number: u32) -> [u8; 4] {
            if self.is_big {
                number.to_be_bytes()
            } else {
                number.to_le_bytes()
            }
        }

        /// A file of packets: seconds, microseconds, bytes, and bytes that the capture cut off.
        fn file(self, packets: &[(u32, u32, Vec<u8>, u32)]) -> Vec<u8> {
            let mut bytes = self.u32(self.magic).to_vec();
            bytes.extend(self.u16(2));
            bytes.extend(self.u16(self.minor));
            for number in [0, 0, 65_535, 0x2400_0065] {
                bytes.extend(self.u32(number));
            }
            for (seconds, microseconds, data, missing) in packets {
                let unit = if self.magic == NANOSECONDS { 1000 } else { 1 };
                let captured = data.len() as u32;
                let mut lengths = [captured, captured + missing];
                if self.minor < 3 {
                    lengths.reverse();
                }
                for number in [*seconds, microseconds * unit, lengths[0], lengths[1]] {
                    bytes.extend(self.u32(number));
                }
                if self.magic == MODIFIED {
                    bytes.extend([0xee; 8]);
                }
                bytes.extend(data);
            }
            bytes
        }
    }

    fn any_variant() -> impl Strategy<Value = Variant> {
        let magic = prop::sample::select(vec![MICROSECONDS, NANOSECONDS, MODIFIED]);
        (magic, any::<bool>(), 2_u16..=4).prop_map(|(magic, is_big, minor)| Variant {
            magic,
            is_big,
            minor,
        })
    }

    fn any_packets() -> impl Strategy<Value = Vec<(u32, u32, Vec<u8>, u32)>> {
        let data = prop::collection::vec(any::<u8>(), 0..60);
        prop::collection::vec((any::<u32>(), 0_u32..1_000_000, data, 0_u32..3), 0..8)
    }

    type Seen = (u64, i64, u32, Vec<u8>);

    fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<(Shortfall, u64)>) {
        let mut source = Pcap::new(Box::new(Cursor::new(bytes.to_vec())), InputId(0));
        let (mut packets, mut shortfalls) = (Vec::new(), Vec::new());
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Packet(packet) => {
                    assert_eq!(packet.link, LinkType::RAW);
                    packets.push((
                        packet.origin.frame,
                        packet.origin.time.0,
                        packet.wire_len,
                        packet.data.to_vec(),
                    ));
                }
                Item::Shortfall {
                    shortfall, count, ..
                } => shortfalls.push((shortfall, count)),
                Item::Sighting(sighting) => panic!("{sighting:?}"),
            }
        }
        (packets, shortfalls)
    }

    fn expected(packets: &[(u32, u32, Vec<u8>, u32)]) -> Vec<Seen> {
        (1..)
            .zip(packets)
            .map(|(frame, (seconds, microseconds, data, missing))| {
                let time = i64::from(*seconds) * 1_000_000_000 + i64::from(*microseconds) * 1000;
                (frame, time, data.len() as u32 + missing, data.clone())
            })
            .collect()
    }

    proptest! {
        #[test]
        fn all_variants_give_the_same_packets(variant in any_variant(), packets in any_packets()) {
            let (seen, shortfalls) = read(&variant.file(&packets));
            prop_assert_eq!(seen, expected(&packets));
            let cut = packets.iter().filter(|packet| packet.3 > 0).count() as u64;
            let cut = (cut > 0).then_some((Shortfall::PacketsCut, cut));
            prop_assert_eq!(shortfalls, Vec::from_iter(cut));
        }

        #[test]
        fn a_cut_file_yields_exactly_the_packets_before_the_cut(
            variant in any_variant(),
            packets in any_packets(),
            at in 0.0..1.0_f64,
        ) {
            let file = variant.file(&packets);
            let at = (file.len() as f64 * at) as usize;
            let (seen, shortfalls) = read(&file[..at]);
            let ends: Vec<usize> = (0..=packets.len()).map(|count| variant.file(&packets[..count]).len()).collect();
            let complete = ends.iter().filter(|end| **end <= at).count().saturating_sub(1);
            prop_assert_eq!(seen, expected(&packets[..complete]));
            let is_truncated = shortfalls.iter().any(|(shortfall, _)| *shortfall == Shortfall::Truncated);
            prop_assert_eq!(is_truncated, !ends.contains(&at));
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, variant in any_variant(), at in 0_usize..24, value: u8) {
            let magic = variant.u32(variant.magic);
            let _ = Pcap::new(Box::new(Cursor::new([&magic[..], &bytes].concat())), InputId(0)).record();
            let mut file = variant.file(&[(1, 2, vec![7; 9], 0)]);
            let record = 24 + at % 16;
            file[record] = value;
            let mut source = Pcap::new(Box::new(Cursor::new(file)), InputId(0));
            while source.next_item().unwrap().is_some() {}
        }
    }

    #[test]
    fn an_absurd_length_is_damage_and_allocates_nothing() {
        let variant = Variant {
            magic: MICROSECONDS,
            is_big: false,
            minor: 4,
        };
        let mut file = variant.file(&[(1, 2, b"good".to_vec(), 0)]);
        for number in [1, 2, u32::MAX, u32::MAX] {
            file.extend(variant.u32(number));
        }
        file.extend([0; 100]);
        let (packets, shortfalls) = read(&file);
        assert_eq!(packets.len(), 1);
        assert_eq!(shortfalls, [(Shortfall::Damaged, 1)]);
    }

    #[test]
    fn an_unknown_version_is_damage() {
        let file = [&MICROSECONDS.to_le_bytes()[..], &[9, 0, 9, 0], &[0; 40]].concat();
        assert_eq!(read(&file).1, [(Shortfall::Damaged, 1)]);
        assert_eq!(read(b"").1, [(Shortfall::Truncated, 1)]);
    }

    #[test]
    fn packets_of_any_length_up_to_the_bound_pass_the_window() {
        let variant = Variant {
            magic: NANOSECONDS,
            is_big: true,
            minor: 4,
        };
        let packets: Vec<_> = [
            PACKET_BYTES,
            0,
            1500,
            PACKET_BYTES - 1,
            65_535,
            PACKET_BYTES,
            1,
        ]
        .into_iter()
        .map(|length| (9, 9, vec![length as u8; length], 0))
        .collect();
        assert!(read(&variant.file(&packets)).0 == expected(&packets));
    }
}
