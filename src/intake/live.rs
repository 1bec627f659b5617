//! Interfaces and packet filters by the system's libpcap (feature `live`); the only home of the `pcap` crate.
//!
//! `no_live.rs` has the same functions for builds without it.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pcap::{Active, BpfProgram, Capture, Linktype, Savefile};

use super::ledger::Ledger;
use super::{Item, Source};
use crate::limits::PACKET_BYTES;
use crate::model::{
    CaptureDirection, InputId, LinkType, Origin, Owner, Packet, Shortfall, Timestamp,
};
use crate::{Error, Result};

/// How long the kernel may collect packets before it hands them over, in milliseconds.
const TIMEOUT: i32 = 250;
/// How long to wait where there is nothing: seen at once by a user, and nothing for a processor. libpcap's own wait has no end
/// on Linux while no packet comes, whatever the timeout.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes that the kernel may keep until they are read: half a second of a gigabit.
const KERNEL_BYTES: i32 = 64 << 20;

/// An interface as the system lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Its name, for `--interface`.
    pub name: String,
    /// What the system says about it.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Switched on and connected.
    pub is_up: bool,
    /// Reaches this computer alone.
    pub is_loopback: bool,
    /// Wireless.
    pub is_wireless: bool,
}

/// All interfaces that can be captured from.
pub fn interfaces() -> Result<Vec<InterfaceInfo>> {
    let devices = pcap::Device::list().map_err(|error| Error::Live {
        reason: error.to_string(),
    })?;
    Ok(devices
        .into_iter()
        .map(|device| InterfaceInfo {
            is_up: device.flags.is_up() && device.flags.is_running(),
            is_loopback: device.flags.is_loopback(),
            is_wireless: device.flags.is_wireless(),
            addresses: device.addresses.iter().map(|entry| entry.addr).collect(),
            name: device.name,
            description: device.desc,
        })
        .collect())
}

/// Captures from an interface until `stop` is set; `filter` is in the language of `pcap-filter(7)`. Packets also go to the
/// file `write`, as a classic capture.
pub fn open_interface(
    name: &str,
    filter: Option<&str>,
    write: Option<&Path>,
    input: InputId,
    stop: Arc<AtomicBool>,
) -> Result<Interface> {
    let refused = |error: pcap::Error| {
        let reason = format!("{name}: {error}");
        if may_be_privilege(&reason) {
            Error::NoPrivilege { reason }
        } else {
            Error::Live { reason }
        }
    };
    let snap_len = i32::try_from(PACKET_BYTES).unwrap_or(i32::MAX);
    let mut capture = Capture::from_device(name)
        .map_err(refused)?
        .promisc(true)
        .snaplen(snap_len)
        .buffer_size(KERNEL_BYTES)
        .timeout(TIMEOUT)
        .open()
        .and_then(Capture::setnonblock)
        .map_err(refused)?;
    if let Some(filter) = filter {
        capture
            .filter(filter, true)
            .map_err(|error| bad_filter(filter, &error))?;
    }
    let record = match write {
        Some(path) => Some(capture.savefile(path).map_err(|error| Error::WriteFile {
            path: path.to_owned(),
            source: io::Error::other(error.to_string()),
        })?),
        None => None,
    };
    // Where the list cannot be had, the interface's own addresses are taken for a client's.
    let addresses = interfaces()
        .unwrap_or_default()
        .into_iter()
        .flat_map(|interface| interface.addresses)
        .collect();
    let link = link_type(capture.get_datalink());
    Ok(Interface {
        capture,
        record,
        addresses,
        stop,
        link,
        origin: Origin {
            input,
            ..Origin::default()
        },
        packet: Kept::new(),
        ledger: Ledger::default(),
        has_ended: false,
    })
}

/// libpcap has words for it, no number.
fn may_be_privilege(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["permission", "not permitted", "privilege"]
        .iter()
        .any(|word| reason.contains(word))
}

/// Gives up the right to capture, and that of the superuser where the user is known who called for it (`sudo`), for good: no
/// program that might be started gets them back (capabilities(7), `PR_SET_NO_NEW_PRIVS`). What is open stays open.
#[cfg(target_os = "linux")]
pub fn drop_privileges() -> Result<()> {
    use caps::{CapSet, Capability};
    use nix::sys::prctl::set_no_new_privs;
    use nix::unistd::{Gid, Uid, geteuid, setgid, setgroups, setuid};

    let failed = |reason: String| Error::Live { reason };
    let clear = |set| {
        caps::clear(None, set)
            .map_err(|error| failed(format!("cannot give up capabilities: {error}")))
    };
    let id = |name: &str| std::env::var(name).ok()?.parse::<u32>().ok();
    set_no_new_privs().map_err(|error| failed(format!("cannot refuse new rights: {error}")))?;
    // Whoever lacks this right never had more than the others, which go below.
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
        clear(CapSet::Bounding)?;
    }
    if geteuid().is_root()
        && let (Some(user), Some(group)) = (id("SUDO_UID"), id("SUDO_GID"))
        && user != 0
    {
        let group = Gid::from_raw(group);
        setgroups(&[group])
            .and_then(|()| setgid(group))
            .and_then(|()| setuid(Uid::from_raw(user)))
            .map_err(|error| failed(format!("cannot become the user who called sudo: {error}")))?;
    }
    [CapSet::Effective, CapSet::Inheritable, CapSet::Permitted]
        .into_iter()
        .try_for_each(clear)
}

/// Other systems open interfaces by a device file whose owner decides; there is nothing to give up.
#[cfg(not(target_os = "linux"))]
pub fn drop_privileges() -> Result<()> {
    Ok(())
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

/// What waiting for a packet came to.
#[derive(Debug)]
pub enum Poll<'a> {
    /// A packet, or something that could not be captured.
    Item(Item<'a>),
    /// Nothing for now.
    Idle,
    /// It was told to stop, or the interface is gone.
    End,
}

/// An interface that is captured from.
pub struct Interface {
    capture: Capture<Active>,
    record: Option<Savefile>,
    addresses: Vec<IpAddr>,
    stop: Arc<AtomicBool>,
    link: LinkType,
    origin: Origin,
    packet: Kept,
    ledger: Ledger,
    has_ended: bool,
}

impl fmt::Debug for Interface {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Interface")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// How one read ended.
enum Received {
    Packet,
    Nothing,
    End,
}

impl Interface {
    /// Addresses of this computer.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Waits for a packet, but not for long.
    pub fn poll(&mut self) -> Result<Poll<'_>> {
        if !self.has_ended {
            match self.receive() {
                Received::Packet => return Ok(Poll::Item(self.packet.lend())),
                Received::Nothing => return Ok(Poll::Idle),
                Received::End => {}
            }
        }
        Ok(match self.ledger.next_item() {
            Some(item) => Poll::Item(item),
            None => Poll::End,
        })
    }

    fn receive(&mut self) -> Received {
        if self.stop.load(Ordering::Relaxed) {
            self.end();
            return Received::End;
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                if let Some(record) = &mut self.record {
                    record.write(&packet);
                }
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
                Received::Packet
            }
            Err(pcap::Error::NoMorePackets) => {
                self.end();
                Received::End
            }
            // A signal woke the read up: whether it is to stop is seen at the next.
            Err(pcap::Error::TimeoutExpired | pcap::Error::IoError(io::ErrorKind::Interrupted)) => {
                thread::sleep(PAUSE);
                Received::Nothing
            }
            Err(error) => {
                let detail = error.to_string();
                self.ledger
                    .note(Shortfall::Unreadable, Some(self.origin), 0, detail);
                self.end();
                Received::End
            }
        }
    }

    fn end(&mut self) {
        if let Ok(statistics) = self.capture.stats() {
            let dropped =
                u64::from(statistics.dropped).saturating_add(u64::from(statistics.if_dropped));
            self.ledger.note_dropped(dropped);
        }
        if let Some(record) = &mut self.record
            && let Err(error) = record.flush()
        {
            let detail = format!("the recording is not whole: {error}");
            self.ledger
                .note(Shortfall::Unreadable, Some(self.origin), 0, detail);
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

impl Source for Interface {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        while !self.has_ended {
            if let Received::Packet = self.receive() {
                return Ok(Some(self.packet.lend()));
            }
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
