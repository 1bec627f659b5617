//! Interfaces and packet filters by the system's libpcap (feature `live`); the only home of the `pcap` crate.
//!
//! `no_live.rs` has the same functions for builds without it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pcap::{Active, BpfProgram, Capture, Linktype};

use super::ledger::Ledger;
use super::{Item, Source};
use crate::limits::PACKET_BYTES;
use crate::model::{
    CaptureDirection, InputId, LinkType, Origin, Owner, Packet, Shortfall, Timestamp,
};
use crate::{Error, Result};

/// How long a read waits for packets, in milliseconds: so fast it sees that it is to stop.
const TIMEOUT: i32 = 250;

/// Captures from an interface until `stop` is set; `filter` is in the language of `pcap-filter(7)`.
pub fn open_interface(
    name: &str,
    filter: Option<&str>,
    input: InputId,
    stop: Arc<AtomicBool>,
) -> Result<Box<dyn Source>> {
    let refused = |error: pcap::Error| Error::Live {
        reason: format!("{name}: {error}"),
    };
    let snap_len = i32::try_from(PACKET_BYTES).unwrap_or(i32::MAX);
    let mut capture = Capture::from_device(name)
        .map_err(refused)?
        .snaplen(snap_len)
        .timeout(TIMEOUT)
        .open()
        .map_err(refused)?;
    if let Some(filter) = filter {
        capture
            .filter(filter, true)
            .map_err(|error| bad_filter(filter, &error))?;
    }
    let link = link_type(capture.get_datalink());
    Ok(Box::new(Live {
        capture,
        stop,
        link,
        origin: Origin {
            input,
            ..Origin::default()
        },
        packet: Kept::new(),
        ledger: Ledger::default(),
        has_ended: false,
    }))
}

/// Leaves only the packets of a source that match; their numbers stay as they were.
pub fn filtered(source: Box<dyn Source>, filter: &str) -> Result<Box<dyn Source>> {
    let mut filtered = Filtered {
        source,
        filter: filter.to_owned(),
        programs: BTreeMap::new(),
        packet: Kept::new(),
    };
    // What makes sense for one link type may not for another (`wlan type mgt`), but some must take it.
    let mut refusal = None;
    for link in [
        LinkType::ETHERNET,
        LinkType::RAW,
        LinkType::IEEE802_11_RADIOTAP,
    ] {
        match filtered.compile(link) {
            Ok(()) => return Ok(Box::new(filtered)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| Error::Usage(format!("no filter: {filter}"))))
}

fn bad_filter(filter: &str, error: &pcap::Error) -> Error {
    Error::Filter {
        filter: filter.to_owned(),
        reason: error.to_string(),
    }
}

/// libpcap's own numbers differ from those in files for raw IP alone (of the types that phones have).
fn link_type(datalink: Linktype) -> LinkType {
    match datalink.0 {
        12 | 14 => LinkType::RAW,
        number => LinkType(u16::try_from(number).unwrap_or(u16::MAX)),
    }
}

fn datalink(link: LinkType) -> Linktype {
    Linktype(match link {
        LinkType::RAW => 12,
        LinkType(number) => i32::from(number),
    })
}

/// A packet out of its lender's hands. The memory is reused.
#[derive(Debug)]
struct Kept {
    origin: Origin,
    link: LinkType,
    wire_len: u32,
    data: Vec<u8>,
    owner: Option<Owner>,
    direction: Option<CaptureDirection>,
}

impl Kept {
    fn new() -> Self {
        Self {
            origin: Origin::default(),
            link: LinkType::ETHERNET,
            wire_len: 0,
            data: Vec::new(),
            owner: None,
            direction: None,
        }
    }

    fn keep(&mut self, packet: &Packet<'_>) {
        self.origin = packet.origin;
        self.link = packet.link;
        self.wire_len = packet.wire_len;
        self.data.clear();
        self.data.extend_from_slice(packet.data);
        self.owner = packet.owner.cloned();
        self.direction = packet.direction;
    }

    fn lend(&self) -> Item<'_> {
        Item::Packet(Packet {
            origin: self.origin,
            link: self.link,
            wire_len: self.wire_len,
            data: &self.data,
            owner: self.owner.as_ref(),
            direction: self.direction,
        })
    }
}

/// An interface.
struct Live {
    capture: Capture<Active>,
    stop: Arc<AtomicBool>,
    link: LinkType,
    origin: Origin,
    packet: Kept,
    ledger: Ledger,
    has_ended: bool,
}

impl Live {
    /// Waits for a packet; `false` at the end.
    fn receive(&mut self) -> bool {
        while !self.has_ended {
            if self.stop.load(Ordering::Relaxed) {
                self.end();
                break;
            }
            match self.capture.next_packet() {
                Ok(packet) => {
                    self.origin.frame = self.origin.frame.saturating_add(1);
                    self.origin.time = timestamp(packet.header);
                    self.packet.keep(&Packet {
                        origin: self.origin,
                        link: self.link,
                        wire_len: packet.header.len,
                        data: packet.data,
                        owner: None,
                        direction: None,
                    });
                    let missing = packet.header.len.saturating_sub(packet.header.caplen);
                    if missing > 0 {
                        self.ledger.count_cut(self.origin, u64::from(missing));
                    }
                    return true;
                }
                Err(pcap::Error::TimeoutExpired) => {}
                Err(pcap::Error::NoMorePackets) => self.end(),
                Err(error) => {
                    let detail = error.to_string();
                    self.ledger
                        .note(Shortfall::Unreadable, Some(self.origin), 0, detail);
                    self.end();
                }
            }
        }
        false
    }

    fn end(&mut self) {
        if let Ok(statistics) = self.capture.stats() {
            let dropped =
                u64::from(statistics.dropped).saturating_add(u64::from(statistics.if_dropped));
            self.ledger.note_dropped(dropped);
        }
        self.ledger.close();
        self.has_ended = true;
    }
}

#[allow(
    clippy::useless_conversion,
    reason = "the fields are 64 bits wide here and 32 on other systems"
)]
fn timestamp(header: &pcap::PacketHeader) -> Timestamp {
    let microseconds = i64::from(header.ts.tv_usec);
    Timestamp::from_parts(
        i64::from(header.ts.tv_sec),
        microseconds.saturating_mul(1000),
    )
}

impl Source for Live {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        if self.receive() {
            return Ok(Some(self.packet.lend()));
        }
        Ok(self.ledger.next_item())
    }
}

/// A source behind a filter.
struct Filtered {
    source: Box<dyn Source>,
    filter: String,
    /// The filter compiled for each link type met.
    programs: BTreeMap<LinkType, BpfProgram>,
    packet: Kept,
}

impl fmt::Debug for Filtered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Filtered")
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

/// What passes the filter, without the borrow of the source.
enum Passed {
    Packet,
    Item(Item<'static>),
    End,
}

impl Filtered {
    fn compile(&mut self, link: LinkType) -> Result<()> {
        let refused = |error: pcap::Error| bad_filter(&self.filter, &error);
        let dead = Capture::dead(datalink(link)).map_err(refused)?;
        let program = dead.compile(&self.filter, true).map_err(refused)?;
        self.programs.insert(link, program);
        Ok(())
    }

    fn pass(&mut self) -> Result<Passed> {
        while let Some(item) = self.source.next_item()? {
            let packet = match item {
                Item::Packet(packet) => packet,
                Item::Sighting(sighting) => return Ok(Passed::Item(Item::Sighting(sighting))),
                Item::Shortfall {
                    shortfall,
                    count,
                    origin,
                    bytes,
                    detail,
                } => {
                    return Ok(Passed::Item(Item::Shortfall {
                        shortfall,
                        count,
                        origin,
                        bytes,
                        detail,
                    }));
                }
            };
            let link = packet.link;
            if let Some(program) = self.programs.get(&link) {
                if program.filter(packet.data) {
                    self.packet.keep(&packet);
                    return Ok(Passed::Packet);
                }
                continue;
            }
            // The first packet of its link type: kept until the filter is compiled for it.
            self.packet.keep(&packet);
            self.compile(link)?;
            let program = self.programs.get(&link);
            if program.is_some_and(|program| program.filter(&self.packet.data)) {
                return Ok(Passed::Packet);
            }
        }
        Ok(Passed::End)
    }
}

impl Source for Filtered {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        Ok(match self.pass()? {
            Passed::Packet => Some(self.packet.lend()),
            Passed::Item(item) => Some(item),
            Passed::End => None,
        })
    }
}
