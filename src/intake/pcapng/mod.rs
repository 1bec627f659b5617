//! pcapng (`draft-ietf-opsawg-pcapng`) → packets, and in phase 1 the owners, names and secrets that lie beside them.
//!
//! Every section has a byte order and interfaces of its own. Blocks of unknown type are stepped over, as the format asks.

mod block;
mod gather;
mod interface;
mod packet;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;

use self::block::{Blocks, Step, block_type, option, options, text, uid_map_entry};
use self::interface::{Interface, Resolution};
use self::packet::{PacketBlock, uid_of_comment};
use super::ledger::Ledger;
use super::{Format, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::{self, BLOCK_BYTES};
use crate::model::{CaptureDirection, InputId, LinkType, Origin, Owner, Packet, Shortfall};

/// pcapng.
pub(super) const FORMAT: Format = Format {
    name: "pcapng",
    sniff,
    gather: Some(gather::gather),
    open: Some(open),
};

fn sniff(sample: &Sample<'_>) -> bool {
    let order = sample.head.get(8..).and_then(|rest| rest.first_chunk());
    sample
        .head
        .starts_with(&block_type::SECTION_HEADER.to_be_bytes())
        && order.is_some_and(|magic| block::section_order(*magic).is_some())
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let mut source = Pcapng::new(input.reader()?, input.id);
    source.gathered = gather::end(input)?;
    Ok(Box::new(source))
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
    /// Up to where phase 1 came; what it would have taken behind is missed.
    gathered: u64,
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
            gathered: u64::MAX,
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
            block_type::ENHANCED_PACKET | block_type::OLD_PACKET | block_type::SIMPLE_PACKET => {
                return self.packet(kind, body, offset);
            }
            block_type::SECTION_HEADER => self.section(body, offset),
            block_type::INTERFACE => self.interface(body, offset),
            block_type::INTERFACE_STATISTICS => self.statistics(body),
            block_type::DARWIN_PROCESS => self.process(body),
            kind if block_type::CUSTOM.contains(&kind) => {
                self.count_frame();
                let body = self.blocks.window.at(body);
                if let Some((uid, owner)) = uid_map_entry(body, self.blocks.order) {
                    self.keep_owner(uid, owner);
                }
            }
            block_type::DECRYPTION_SECRETS | block_type::NAME_RESOLUTION => {
                self.note_not_gathered(offset);
            }
            kind if block_type::NUMBERED.contains(&kind) => self.count_frame(),
            _ => {}
        }
        None
    }

    fn note_not_gathered(&mut self, offset: u64) {
        if offset >= self.gathered {
            let detail = format!(
                "keys or names at byte {offset} are not used, because a pipe is read only once: save it to a file"
            );
            self.ledger
                .note(Shortfall::InputLimit, Some(self.origin), 0, detail);
        }
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
            block_type::ENHANCED_PACKET => PacketBlock::enhanced(bytes, order),
            block_type::OLD_PACKET => PacketBlock::old(bytes, order),
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
            self.note_owner_limit();
        }
    }

    fn note_owner_limit(&mut self) {
        let detail = format!("more than {} owners of packets", limits::OWNERS);
        self.ledger
            .note(Shortfall::InputLimit, Some(self.origin), 0, detail);
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
        } else {
            self.note_owner_limit();
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
            block_type::ENHANCED_PACKET | block_type::OLD_PACKET | block_type::SIMPLE_PACKET
        );
        if is_packet {
            self.count_frame();
        } else if kind == block_type::DECRYPTION_SECRETS {
            self.note_not_gathered(offset);
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
