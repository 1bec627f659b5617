//! pcapng (`draft-ietf-opsawg-pcapng`) → packets, and in phase 1 the owners, names and secrets that lie beside them.
//!
//! Every section has a byte order and interfaces of its own. Blocks of unknown type are stepped over, as the format asks.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::Arc;

use super::ledger::Ledger;
use super::order::ByteOrder;
use super::window::Window;
use super::{Format, Gathered, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::{self, BLOCK_BYTES};
use crate::model::{
    CaptureDirection, Dossier, InputId, LinkType, Origin, Owner, Packet, Shortfall, Timestamp,
};

/// pcapng.
pub(super) const FORMAT: Format = Format {
    name: "pcapng",
    sniff,
    gather: Some(gather),
    open: Some(open),
};

fn sniff(sample: &Sample<'_>) -> bool {
    let order = sample.head.get(8..).and_then(|rest| rest.first_chunk());
    sample
        .head
        .starts_with(&block::SECTION_HEADER.to_be_bytes())
        && order.is_some_and(|magic| section_order(*magic).is_some())
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(Pcapng::new(input.reader()?, input.id)))
}

/// Block types (§4 and the IANA registry of the draft, §11.1).
mod block {
    /// A palindrome, so that it reads the same in both byte orders.
    pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
    pub(super) const INTERFACE: u32 = 1;
    /// The obsolete packet block of appendix A.
    pub(super) const OLD_PACKET: u32 = 2;
    pub(super) const SIMPLE_PACKET: u32 = 3;
    pub(super) const NAME_RESOLUTION: u32 = 4;
    pub(super) const INTERFACE_STATISTICS: u32 = 5;
    pub(super) const ENHANCED_PACKET: u32 = 6;
    pub(super) const DECRYPTION_SECRETS: u32 = 10;
    /// Custom block that may be copied, and one that may not.
    pub(super) const CUSTOM: [u32; 2] = [0x0bad, 0x4000_0bad];
    /// Which process a packet belongs to, as macOS writes it (also for iPhones captured over `rvictl`).
    pub(super) const DARWIN_PROCESS: u32 = 0x8000_0001;
    /// Journal entries and system calls: no packets, but Wireshark numbers them like packets.
    pub(super) const NUMBERED: [u32; 6] = [9, 0x204, 0x208, 0x216, 0x221, 0x222];
}

/// Option codes of the blocks that are read.
mod option {
    pub(super) const COMMENT: u16 = 1;
    pub(super) const PACKET_FLAGS: u16 = 2;
    pub(super) const PACKET_DROPS: u16 = 4;
    pub(super) const TIME_RESOLUTION: u16 = 9;
    pub(super) const TIME_OFFSET: u16 = 14;
    pub(super) const STATISTICS_INTERFACE_DROPS: u16 = 5;
    pub(super) const STATISTICS_SYSTEM_DROPS: u16 = 7;
    pub(super) const DARWIN_PROCESS_NAME: u16 = 2;
    /// Index of the process block of the socket's owner, and of the one on whose behalf it acts.
    pub(super) const DARWIN_PROCESS: u16 = 0x8001;
    pub(super) const DARWIN_EFFECTIVE_PROCESS: u16 = 0x8003;
}

/// `TLSK`: an NSS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Private enterprise number under which `PCAPdroid` writes its UID map.
const PCAPDROID: u32 = 62_652;

fn section_order(magic: [u8; 4]) -> Option<ByteOrder> {
    match magic {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
        _ => None,
    }
}

/// What the next step through the blocks of a file meets.
enum Step {
    /// A block that is whole in the window.
    Block { kind: u32, body: Range<usize> },
    /// A block longer than [`BLOCK_BYTES`]; its body comes next in the window.
    Long { kind: u32, body_len: u64 },
    /// The end of the file, at the end of a block.
    End,
    /// The file cannot be followed any further.
    Broken(Shortfall, String),
    /// The system or a decompressor gave up.
    Failed(io::Error),
}

/// Walks from block to block.
#[derive(Debug)]
struct Blocks {
    window: Window,
    order: ByteOrder,
}

const BLOCK_HEADER_LEN: usize = 8;
const BLOCK_TRAILER_LEN: usize = 4;
/// Type, length, and the length once more.
const BLOCK_FRAME_LEN: usize = 12;

impl Blocks {
    fn new(reader: Box<dyn Read>) -> Self {
        Self {
            window: Window::new(reader, BLOCK_BYTES),
            order: ByteOrder::Little,
        }
    }

    fn step(&mut self) -> Step {
        match self.try_step() {
            Ok(step) => step,
            Err(error) => Step::Failed(error),
        }
    }

    fn try_step(&mut self) -> io::Result<Step> {
        let offset = self.window.offset();
        if !self.window.fill(BLOCK_FRAME_LEN)? {
            return Ok(if self.window.available() == 0 {
                Step::End
            } else {
                truncated(offset)
            });
        }
        let Some([t0, t1, t2, t3, l0, l1, l2, l3, m0, m1, m2, m3]) = self
            .window
            .bytes()
            .first_chunk::<BLOCK_FRAME_LEN>()
            .copied()
        else {
            return Ok(truncated(offset));
        };
        if [t0, t1, t2, t3] == block::SECTION_HEADER.to_be_bytes() {
            match section_order([m0, m1, m2, m3]) {
                Some(order) => self.order = order,
                None => {
                    return Ok(Step::Broken(
                        Shortfall::Damaged,
                        format!("the section header at byte {offset} has no byte-order magic"),
                    ));
                }
            }
        }
        let kind = self.order.u32([t0, t1, t2, t3]);
        let total = self.order.u32([l0, l1, l2, l3]);
        let Some(length) = usize::try_from(total)
            .ok()
            .filter(|length| *length >= BLOCK_FRAME_LEN && length.is_multiple_of(4))
        else {
            return Ok(Step::Broken(
                Shortfall::Damaged,
                format!("the block at byte {offset} claims a length of {total}"),
            ));
        };
        if length > BLOCK_BYTES {
            let _ = self.window.take(BLOCK_HEADER_LEN);
            let body_len = (length as u64).saturating_sub(BLOCK_FRAME_LEN as u64);
            return Ok(Step::Long { kind, body_len });
        }
        if !self.window.fill(length)? {
            return Ok(truncated(offset));
        }
        let whole = self.window.take(length);
        let trailer = whole.end.saturating_sub(BLOCK_TRAILER_LEN);
        if self.order.u32_at(self.window.at(trailer..whole.end), 0) != Some(total) {
            return Ok(Step::Broken(
                Shortfall::Damaged,
                format!(
                    "the block at byte {offset} is {total} bytes long by its head and not by its end"
                ),
            ));
        }
        Ok(Step::Block {
            kind,
            body: whole.start.saturating_add(BLOCK_HEADER_LEN)..trailer,
        })
    }

    /// Steps over the rest of a long block and its trailer; `false` if the file ends before.
    fn skip_long(&mut self, rest_of_body: u64) -> io::Result<bool> {
        let length = rest_of_body.saturating_add(BLOCK_TRAILER_LEN as u64);
        Ok(self.window.skip(length)? == length)
    }
}

fn truncated(offset: u64) -> Step {
    Step::Broken(
        Shortfall::Truncated,
        format!("the file ends within the block at byte {offset}"),
    )
}

/// The options of a block (§3.5): code and value, as far as they are well formed.
struct Options<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = self.order.u16_at(self.bytes, 0)?;
        if code == 0 {
            self.bytes = &[];
            return None;
        }
        let length = usize::from(self.order.u16_at(self.bytes, 2)?);
        let (value, _) = self.bytes.get(4..)?.split_at_checked(length)?;
        self.bytes = self
            .bytes
            .get(length.next_multiple_of(4).saturating_add(4)..)
            .unwrap_or_default();
        Some((code, value))
    }
}

/// How an interface counts time (`if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolution {
    /// Nanoseconds per tick.
    Multiply(u64),
    /// Ticks per nanosecond.
    Divide(u64),
    /// Ticks are 2⁻ⁿ seconds.
    Binary(u8),
}

impl Resolution {
    fn of(value: u8) -> Self {
        const NANO: u8 = 9;
        if value & 0x80 != 0 {
            return Self::Binary(value & 0x7f);
        }
        let power = |exponent: u8| 10_u64.checked_pow(u32::from(exponent));
        match NANO.checked_sub(value) {
            Some(exponent) => Self::Multiply(power(exponent).unwrap_or(1)),
            None => Self::Divide(power(value.saturating_sub(NANO)).unwrap_or(u64::MAX)),
        }
    }

    fn nanoseconds(self, ticks: u64) -> i64 {
        let nanoseconds = match self {
            Self::Multiply(factor) => ticks.saturating_mul(factor),
            Self::Divide(divisor) => ticks.checked_div(divisor).unwrap_or_default(),
            Self::Binary(exponent) => {
                // Below 2^94, so it cannot overflow; shifts up to 127 are defined.
                let scaled = u128::from(ticks).saturating_mul(1_000_000_000);
                u64::try_from(scaled >> exponent).unwrap_or(u64::MAX)
            }
        };
        i64::try_from(nanoseconds).unwrap_or(i64::MAX)
    }
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap_len: u32,
    resolution: Resolution,
    /// Seconds to add to each time stamp.
    offset: i64,
    /// Drops that packets tell, each since the packet before.
    dropped_by_packets: u64,
    /// Drops that the last statistics block tells, in total.
    dropped_by_statistics: u64,
}

impl Interface {
    fn time(&self, high: u32, low: u32) -> Timestamp {
        let ticks = (u64::from(high) << 32) | u64::from(low);
        let nanoseconds = self.resolution.nanoseconds(ticks);
        Timestamp(nanoseconds.saturating_add(self.offset.saturating_mul(1_000_000_000)))
    }
}

/// Where the owner of a packet is kept.
#[derive(Clone, Copy, Debug)]
enum OwnerKey {
    Uid(u32),
    Process(usize),
}

struct Record {
    origin: Origin,
    link: LinkType,
    wire_len: u32,
    data: Range<usize>,
    owner: Option<OwnerKey>,
    direction: Option<CaptureDirection>,
}

/// What the options of a packet tell.
#[derive(Default)]
struct PacketOptions {
    owner: Option<OwnerKey>,
    direction: Option<CaptureDirection>,
    dropped: u64,
}

/// A packet block in the terms that its three kinds share.
struct PacketBlock {
    interface: usize,
    /// High and low half of the time; a simple packet has none.
    ticks: Option<(u32, u32)>,
    captured: usize,
    wire_len: u32,
    data_at: usize,
    dropped: u64,
}

impl PacketBlock {
    fn enhanced(body: &[u8], order: ByteOrder) -> Option<Self> {
        Some(Self {
            interface: usize::try_from(order.u32_at(body, 0)?).ok()?,
            ticks: Some((order.u32_at(body, 4)?, order.u32_at(body, 8)?)),
            captured: usize::try_from(order.u32_at(body, 12)?).ok()?,
            wire_len: order.u32_at(body, 16)?,
            data_at: 20,
            dropped: 0,
        })
    }

    fn old(body: &[u8], order: ByteOrder) -> Option<Self> {
        let dropped = order.u16_at(body, 2)?;
        Some(Self {
            interface: usize::from(order.u16_at(body, 0)?),
            ticks: Some((order.u32_at(body, 4)?, order.u32_at(body, 8)?)),
            captured: usize::try_from(order.u32_at(body, 12)?).ok()?,
            wire_len: order.u32_at(body, 16)?,
            data_at: 20,
            dropped: if dropped == u16::MAX {
                0
            } else {
                u64::from(dropped)
            },
        })
    }

    /// Carries no captured length: it is what the snap length of interface 0 left of the packet.
    fn simple(body: &[u8], order: ByteOrder, snap_len: u32) -> Option<Self> {
        let wire_len = order.u32_at(body, 0)?;
        let captured = if snap_len == 0 {
            wire_len
        } else {
            wire_len.min(snap_len)
        };
        Some(Self {
            interface: 0,
            ticks: None,
            captured: usize::try_from(captured).ok()?,
            wire_len,
            data_at: 4,
            dropped: 0,
        })
    }

    fn data_end(&self) -> usize {
        self.data_at.saturating_add(self.captured)
    }

    fn options_at(&self) -> usize {
        self.data_at
            .saturating_add(self.captured.next_multiple_of(4))
    }
}

/// A pcapng file as it is read.
#[derive(Debug)]
pub(super) struct Pcapng {
    blocks: Blocks,
    origin: Origin,
    interfaces: Vec<Interface>,
    owners: BTreeMap<u32, Owner>,
    processes: Vec<Owner>,
    ledger: Ledger,
    has_ended: bool,
}

impl Pcapng {
    pub(super) fn new(reader: Box<dyn Read>, input: InputId) -> Self {
        Self {
            blocks: Blocks::new(reader),
            origin: Origin {
                input,
                ..Origin::default()
            },
            interfaces: Vec::new(),
            owners: BTreeMap::new(),
            processes: Vec::new(),
            ledger: Ledger::default(),
            has_ended: false,
        }
    }

    /// The next packet; `None` at the end or when a note is to be handed out first.
    fn record(&mut self) -> Option<Record> {
        while !self.has_ended && !self.ledger.has_notes() {
            let offset = self.blocks.window.offset();
            match self.blocks.step() {
                Step::Block { kind, body } => {
                    if let Some(record) = self.block(kind, body, offset) {
                        return Some(record);
                    }
                }
                Step::Long { kind, body_len } => self.long_block(kind, body_len, offset),
                Step::End => self.end(),
                Step::Broken(shortfall, detail) => {
                    let left = self.blocks.window.available() as u64;
                    self.ledger.note(shortfall, Some(self.origin), left, detail);
                    self.end();
                }
                Step::Failed(error) => self.fail(&error),
            }
        }
        None
    }

    fn block(&mut self, kind: u32, body: Range<usize>, offset: u64) -> Option<Record> {
        match kind {
            block::ENHANCED_PACKET | block::OLD_PACKET | block::SIMPLE_PACKET => {
                return self.packet(kind, body, offset);
            }
            block::SECTION_HEADER => self.section(body, offset),
            block::INTERFACE => self.interface(body, offset),
            block::INTERFACE_STATISTICS => self.statistics(body),
            block::DARWIN_PROCESS => self.process(body),
            kind if block::CUSTOM.contains(&kind) => {
                self.count_frame();
                let body = self.blocks.window.at(body);
                if let Some((uid, owner)) = uid_map_entry(body, self.blocks.order) {
                    self.keep_owner(uid, owner);
                }
            }
            kind if block::NUMBERED.contains(&kind) => self.count_frame(),
            _ => {}
        }
        None
    }

    fn count_frame(&mut self) {
        self.origin.frame = self.origin.frame.saturating_add(1);
    }

    /// A new section: nothing of the one before holds in it.
    fn section(&mut self, body: Range<usize>, offset: u64) {
        self.note_drops();
        self.interfaces.clear();
        self.owners.clear();
        self.processes.clear();
        let version = self.blocks.order.u16_at(self.blocks.window.at(body), 4);
        if version != Some(1) {
            let detail = format!("the section at byte {offset} is of an unknown version");
            self.ledger
                .note(Shortfall::Damaged, Some(self.origin), 0, detail);
            self.end();
        }
    }

    fn interface(&mut self, body: Range<usize>, offset: u64) {
        if self.interfaces.len() >= limits::INTERFACES {
            let detail = format!(
                "the interface at byte {offset} is one too many: more than {} in a section",
                limits::INTERFACES
            );
            self.ledger
                .note(Shortfall::InputLimit, Some(self.origin), 0, detail);
            return;
        }
        let order = self.blocks.order;
        let body = self.blocks.window.at(body);
        let (Some(link), Some(snap_len)) = (order.u16_at(body, 0), order.u32_at(body, 4)) else {
            self.note_damaged_block("interface", offset);
            return;
        };
        let mut interface = Interface {
            link: LinkType(link),
            snap_len,
            resolution: Resolution::Multiply(1000),
            offset: 0,
            dropped_by_packets: 0,
            dropped_by_statistics: 0,
        };
        for (code, value) in options(body, 8, order) {
            match (code, value) {
                (option::TIME_RESOLUTION, [resolution, ..]) => {
                    interface.resolution = Resolution::of(*resolution);
                }
                (option::TIME_OFFSET, value) => {
                    let offset = order.u64_at(value, 0).unwrap_or_default();
                    interface.offset = offset.cast_signed();
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
    }

    fn packet(&mut self, kind: u32, body: Range<usize>, offset: u64) -> Option<Record> {
        let order = self.blocks.order;
        let bytes = self.blocks.window.at(body.clone());
        let snap_len = self.interfaces.first().map_or(0, |first| first.snap_len);
        let packet = match kind {
            block::ENHANCED_PACKET => PacketBlock::enhanced(bytes, order),
            block::OLD_PACKET => PacketBlock::old(bytes, order),
            _ => PacketBlock::simple(bytes, order, snap_len),
        };
        let packet = packet.filter(|packet| packet.data_end() <= bytes.len());
        let interface = packet
            .as_ref()
            .and_then(|packet| self.interfaces.get(packet.interface).copied());
        let (Some(packet), Some(interface)) = (packet, interface) else {
            self.count_frame();
            self.note_damaged_block("packet", offset);
            return None;
        };
        let told = if packet.options_at() < bytes.len() {
            self.packet_options(body.clone(), packet.options_at())
        } else {
            PacketOptions::default()
        };
        let dropped = packet.dropped.saturating_add(told.dropped);
        if dropped > 0
            && let Some(interface) = self.interfaces.get_mut(packet.interface)
        {
            interface.dropped_by_packets = interface.dropped_by_packets.saturating_add(dropped);
        }
        self.count_frame();
        if let Some((high, low)) = packet.ticks {
            self.origin.time = interface.time(high, low);
        }
        let missing = u64::from(packet.wire_len).saturating_sub(packet.captured as u64);
        if missing > 0 {
            self.ledger.count_cut(self.origin, missing);
        }
        let data_at = body.start.saturating_add(packet.data_at);
        Some(Record {
            origin: self.origin,
            link: interface.link,
            wire_len: packet.wire_len,
            data: data_at..data_at.saturating_add(packet.captured),
            owner: told.owner,
            direction: told.direction,
        })
    }

    fn packet_options(&mut self, body: Range<usize>, from: usize) -> PacketOptions {
        let order = self.blocks.order;
        let mut told = PacketOptions::default();
        let mut uid = None;
        let (mut process, mut effective_process) = (None, None);
        for (code, value) in options(self.blocks.window.at(body), from, order) {
            match code {
                option::COMMENT => uid = uid.or_else(|| uid_of_comment(value)),
                option::PACKET_FLAGS => {
                    told.direction = match order.u32_at(value, 0).unwrap_or_default() & 0b11 {
                        0b01 => Some(CaptureDirection::Inbound),
                        0b10 => Some(CaptureDirection::Outbound),
                        _ => None,
                    };
                }
                option::PACKET_DROPS => told.dropped = order.u64_at(value, 0).unwrap_or_default(),
                option::DARWIN_PROCESS => process = order.u32_at(value, 0),
                option::DARWIN_EFFECTIVE_PROCESS => effective_process = order.u32_at(value, 0),
                _ => {}
            }
        }
        if let Some(uid) = uid {
            self.keep_unnamed_owner(uid);
        }
        let process = effective_process.or(process);
        let process = process.and_then(|index| usize::try_from(index).ok());
        told.owner = uid.map(OwnerKey::Uid).or(process.map(OwnerKey::Process));
        told
    }

    /// Keeps an owner for a uid that no map has named, once, so that packets can borrow it.
    fn keep_unnamed_owner(&mut self, uid: u32) {
        if !self.owners.contains_key(&uid) {
            let owner = Owner {
                uid: Some(uid),
                ..Owner::default()
            };
            self.keep_owner(uid, owner);
        }
    }

    fn keep_owner(&mut self, uid: u32, owner: Owner) {
        if self.owners.len() < limits::OWNERS || self.owners.contains_key(&uid) {
            self.owners.insert(uid, owner);
        } else {
            let detail = format!("more than {} owners of packets", limits::OWNERS);
            self.ledger
                .note(Shortfall::InputLimit, Some(self.origin), 0, detail);
        }
    }

    fn process(&mut self, body: Range<usize>) {
        let name = options(self.blocks.window.at(body), 4, self.blocks.order)
            .find(|(code, _)| *code == option::DARWIN_PROCESS_NAME)
            .map(|(_, value)| text(value));
        let owner = Owner {
            process: name,
            ..Owner::default()
        };
        if self.processes.len() < limits::OWNERS {
            self.processes.push(owner);
        }
    }

    fn statistics(&mut self, body: Range<usize>) {
        let order = self.blocks.order;
        let body = self.blocks.window.at(body);
        let interface = order
            .u32_at(body, 0)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.interfaces.get_mut(index));
        let Some(interface) = interface else { return };
        let mut dropped = 0_u64;
        for (code, value) in options(body, 12, order) {
            if code == option::STATISTICS_INTERFACE_DROPS || code == option::STATISTICS_SYSTEM_DROPS
            {
                dropped = dropped.saturating_add(order.u64_at(value, 0).unwrap_or_default());
            }
        }
        interface.dropped_by_statistics = dropped;
    }

    fn note_drops(&mut self) {
        let dropped = self
            .interfaces
            .iter()
            .map(|interface| {
                interface
                    .dropped_by_packets
                    .max(interface.dropped_by_statistics)
            })
            .fold(0, u64::saturating_add);
        self.ledger.note_dropped(dropped);
    }

    /// Only packets are missed: phase 1 has read the secrets of a long block, and unknown blocks are nobody's loss.
    fn long_block(&mut self, kind: u32, body_len: u64, offset: u64) {
        let is_packet = matches!(
            kind,
            block::ENHANCED_PACKET | block::OLD_PACKET | block::SIMPLE_PACKET
        );
        if is_packet {
            self.count_frame();
        }
        match self.blocks.skip_long(body_len) {
            Ok(true) if is_packet => self.ledger.note(
                Shortfall::InputLimit,
                Some(self.origin),
                body_len,
                format!("the packet block at byte {offset} is longer than {BLOCK_BYTES} bytes"),
            ),
            Ok(true) => {}
            Ok(false) => {
                self.ledger.note(
                    Shortfall::Truncated,
                    Some(self.origin),
                    0,
                    format!("the file ends within the block at byte {offset}"),
                );
                self.end();
            }
            Err(error) => self.fail(&error),
        }
    }

    fn note_damaged_block(&mut self, kind: &str, offset: u64) {
        self.ledger.note(
            Shortfall::Damaged,
            Some(self.origin),
            0,
            format!("the {kind} block at byte {offset} contradicts itself"),
        );
    }

    fn fail(&mut self, error: &io::Error) {
        let offset = self.blocks.window.offset();
        self.ledger.note_failure(error, self.origin, offset);
        self.end();
    }

    fn end(&mut self) {
        self.note_drops();
        self.interfaces.clear();
        self.ledger.close();
        self.has_ended = true;
    }
}

impl Source for Pcapng {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        if self.ledger.has_notes() {
            return Ok(self.ledger.next_item());
        }
        let Some(record) = self.record() else {
            return Ok(self.ledger.next_item());
        };
        let owner = match record.owner {
            Some(OwnerKey::Uid(uid)) => self.owners.get(&uid),
            Some(OwnerKey::Process(index)) => self.processes.get(index),
            None => None,
        };
        Ok(Some(Item::Packet(Packet {
            origin: record.origin,
            link: record.link,
            wire_len: record.wire_len,
            data: self.blocks.window.at(record.data),
            owner,
            direction: record.direction,
        })))
    }
}

fn options(body: &[u8], from: usize, order: ByteOrder) -> Options<'_> {
    Options {
        bytes: body.get(from..).unwrap_or_default(),
        order,
    }
}

/// `u-10123`, as `PCAPdroid` comments packets; the uid is -1 where it is not known.
fn uid_of_comment(value: &[u8]) -> Option<u32> {
    let digits = value.strip_prefix(b"u-")?;
    let end = digits.iter().position(|byte| *byte == 0);
    let digits = end.map_or(Some(digits), |end| digits.get(..end))?;
    str::from_utf8(digits).ok()?.parse().ok()
}

/// An entry of `PCAPdroid`'s UID map: PEN, version 1, type 1, padding, uid, two lengths, package, label.
fn uid_map_entry(body: &[u8], order: ByteOrder) -> Option<(u32, Owner)> {
    if order.u32_at(body, 0)? != PCAPDROID || order.u16_at(body, 4)? != 1 || *body.get(6)? != 1 {
        return None;
    }
    let uid = order
        .u32_at(body, 8)
        .filter(|uid| i32::try_from(*uid).is_ok())?;
    let [package_len, label_len] = *body.get(12..)?.first_chunk()?;
    let (package, rest) = body.get(14..)?.split_at_checked(usize::from(package_len))?;
    let (label, _) = rest.split_at_checked(usize::from(label_len))?;
    let named = |name: &[u8]| (!name.is_empty()).then(|| text(name));
    let owner = Owner {
        uid: Some(uid),
        package: named(package),
        label: named(label),
        process: None,
    };
    Some((uid, owner))
}

fn text(value: &[u8]) -> Arc<str> {
    let end = value.iter().position(|byte| *byte == 0);
    let value = end.and_then(|end| value.get(..end)).unwrap_or(value);
    Arc::from(String::from_utf8_lossy(value).as_ref())
}

/// What phase 1 takes from a pcapng: UID map, names of addresses and key logs, wherever in the file they lie.
fn gather(input: &Input) -> Result<Gathered> {
    if input.is_stdin() {
        // A pipe passes once; its packets are worth more than what lies between them.
        return Ok((Dossier::default(), Vec::new()));
    }
    let mut gathering = Gathering::default();
    let mut blocks = Blocks::new(input.reader()?);
    loop {
        match blocks.step() {
            Step::Block { kind, body } => {
                gathering.block(kind, blocks.window.at(body), blocks.order);
            }
            Step::Long { kind, body_len } => {
                let read = match kind {
                    block::DECRYPTION_SECRETS => gathering.long_secrets(&mut blocks, body_len),
                    _ => Ok(0),
                };
                let skipped = read.and_then(|read| blocks.skip_long(body_len.saturating_sub(read)));
                match skipped {
                    Ok(true) => {}
                    // Phase 2 reports where and why the file ends.
                    Ok(false) | Err(_) => break,
                }
            }
            Step::End | Step::Broken(..) | Step::Failed(_) => break,
        }
    }
    Ok((gathering.dossier, gathering.notes))
}

#[derive(Default)]
struct Gathering {
    dossier: Dossier,
    key_log_bytes: usize,
    notes: Vec<(Shortfall, String)>,
}

impl Gathering {
    fn block(&mut self, kind: u32, body: &[u8], order: ByteOrder) {
        match kind {
            block::NAME_RESOLUTION => self.names(body, order),
            block::DECRYPTION_SECRETS => {
                if let Some(secrets) = tls_secrets(body, order) {
                    self.keep_secrets(secrets.to_vec());
                }
            }
            kind if block::CUSTOM.contains(&kind) => {
                if let Some((uid, owner)) = uid_map_entry(body, order)
                    && self.dossier.owners.len() < limits::OWNERS
                {
                    self.dossier.owners.insert(uid, owner);
                }
            }
            _ => {}
        }
    }

    fn keep_secrets(&mut self, secrets: Vec<u8>) {
        let sum = self.key_log_bytes.saturating_add(secrets.len());
        if sum > limits::KEY_LOG_BYTES {
            self.notes.push((
                Shortfall::InputLimit,
                format!(
                    "key logs of more than {} bytes; the rest is left out",
                    limits::KEY_LOG_BYTES
                ),
            ));
            return;
        }
        self.key_log_bytes = sum;
        self.dossier.key_logs.push(secrets);
    }

    /// Secrets of a block that does not fit the window; returns how much of its body was read.
    fn long_secrets(&mut self, blocks: &mut Blocks, body_len: u64) -> io::Result<u64> {
        if body_len > limits::KEY_LOG_BYTES as u64 {
            self.keep_secrets_note();
            return Ok(0);
        }
        let mut body = Vec::new();
        let read = blocks.window.read_into(&mut body, body_len)?;
        if let Some(length) = tls_secrets(&body, blocks.order).map(<[u8]>::len) {
            body.drain(..8);
            body.truncate(length);
            self.keep_secrets(body);
        }
        Ok(read)
    }

    fn keep_secrets_note(&mut self) {
        self.notes.push((
            Shortfall::InputLimit,
            format!(
                "a key log of more than {} bytes is left out",
                limits::KEY_LOG_BYTES
            ),
        ));
    }

    /// Name resolution records (§4.5): an address and the names for it, each ended by a zero byte.
    fn names(&mut self, body: &[u8], order: ByteOrder) {
        for (kind, value) in (Options { bytes: body, order }) {
            let address = match kind {
                1 => value
                    .split_first_chunk::<4>()
                    .map(|(address, rest)| (IpAddr::from(Ipv4Addr::from(*address)), rest)),
                2 => value
                    .split_first_chunk::<16>()
                    .map(|(address, rest)| (IpAddr::from(Ipv6Addr::from(*address)), rest)),
                _ => None,
            };
            let Some((address, names)) = address else {
                continue;
            };
            let name = text(names);
            if name.is_empty() {
                continue;
            }
            if self.dossier.names.len() >= limits::RESOLVED_NAMES {
                self.notes.push((
                    Shortfall::InputLimit,
                    format!("more than {} names of addresses", limits::RESOLVED_NAMES),
                ));
                return;
            }
            self.dossier.names.entry(address).or_insert(name);
        }
    }
}

/// The key log in a decryption secrets block (§4.7), if it is one.
fn tls_secrets(body: &[u8], order: ByteOrder) -> Option<&[u8]> {
    if order.u32_at(body, 0)? != TLS_KEY_LOG {
        return None;
    }
    let length = usize::try_from(order.u32_at(body, 4)?).ok()?;
    let secrets = body.get(8..)?;
    Some(secrets.get(..length).unwrap_or(secrets))
}
