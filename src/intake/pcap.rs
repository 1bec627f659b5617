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
