//! From block to block (§3.1 of the draft), and through the options of one (§3.5).

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use crate::intake::order::ByteOrder;
use crate::intake::window::Window;
use crate::limits::BLOCK_BYTES;
use crate::model::{Owner, Shortfall};

/// Block types (§4 and the IANA registry of the draft, §11.1).
pub(super) mod block_type {
    /// A palindrome, so that it reads the same in both byte orders.
    pub(in crate::intake::pcapng) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
    pub(in crate::intake::pcapng) const INTERFACE: u32 = 1;
    /// The obsolete packet block of appendix A.
    pub(in crate::intake::pcapng) const OLD_PACKET: u32 = 2;
    pub(in crate::intake::pcapng) const SIMPLE_PACKET: u32 = 3;
    pub(in crate::intake::pcapng) const NAME_RESOLUTION: u32 = 4;
    pub(in crate::intake::pcapng) const INTERFACE_STATISTICS: u32 = 5;
    pub(in crate::intake::pcapng) const ENHANCED_PACKET: u32 = 6;
    pub(in crate::intake::pcapng) const DECRYPTION_SECRETS: u32 = 10;
    /// Custom block that may be copied, and one that may not.
    pub(in crate::intake::pcapng) const CUSTOM: [u32; 2] = [0x0bad, 0x4000_0bad];
    /// Which process a packet belongs to, as macOS writes it (also for iPhones captured over `rvictl`).
    pub(in crate::intake::pcapng) const DARWIN_PROCESS: u32 = 0x8000_0001;
    /// Journal entries and system calls: no packets, but Wireshark numbers them like packets.
    pub(in crate::intake::pcapng) const NUMBERED: [u32; 6] = [9, 0x204, 0x208, 0x216, 0x221, 0x222];
}

/// Option codes of the blocks that are read.
pub(super) mod option {
    pub(in crate::intake::pcapng) const COMMENT: u16 = 1;
    pub(in crate::intake::pcapng) const PACKET_FLAGS: u16 = 2;
    pub(in crate::intake::pcapng) const PACKET_DROPS: u16 = 4;
    pub(in crate::intake::pcapng) const TIME_RESOLUTION: u16 = 9;
    pub(in crate::intake::pcapng) const TIME_OFFSET: u16 = 14;
    pub(in crate::intake::pcapng) const STATISTICS_INTERFACE_DROPS: u16 = 5;
    pub(in crate::intake::pcapng) const STATISTICS_SYSTEM_DROPS: u16 = 7;
    pub(in crate::intake::pcapng) const DARWIN_PROCESS_NAME: u16 = 2;
    /// Index of the process block of the socket's owner, and of the one on whose behalf it acts.
    pub(in crate::intake::pcapng) const DARWIN_PROCESS: u16 = 0x8001;
    pub(in crate::intake::pcapng) const DARWIN_EFFECTIVE_PROCESS: u16 = 0x8003;
}

pub(super) fn section_order(magic: [u8; 4]) -> Option<ByteOrder> {
    match magic {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
        _ => None,
    }
}

/// What the next step through the blocks of a file meets.
pub(super) enum Step {
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
pub(super) struct Blocks {
    pub(super) window: Window,
    pub(super) order: ByteOrder,
}

const BLOCK_HEADER_LEN: usize = 8;
const BLOCK_TRAILER_LEN: usize = 4;
/// Type, length, and the length once more.
const BLOCK_FRAME_LEN: usize = 12;

impl Blocks {
    pub(super) fn new(reader: Box<dyn Read>) -> Self {
        Self {
            window: Window::new(reader, BLOCK_BYTES),
            order: ByteOrder::Little,
        }
    }

    pub(super) fn step(&mut self) -> Step {
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
        if [t0, t1, t2, t3] == block_type::SECTION_HEADER.to_be_bytes() {
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
    pub(super) fn skip_long(&mut self, rest_of_body: u64) -> io::Result<bool> {
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
pub(super) struct Options<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) order: ByteOrder,
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

pub(super) fn options(body: &[u8], from: usize, order: ByteOrder) -> Options<'_> {
    Options {
        bytes: body.get(from..).unwrap_or_default(),
        order,
    }
}

/// Private enterprise number under which `PCAPdroid` writes its UID map.
const PCAPDROID: u32 = 62_652;

/// An entry of `PCAPdroid`'s UID map: PEN, version 1, type 1, padding, uid, two lengths, package, label.
pub(super) fn uid_map_entry(body: &[u8], order: ByteOrder) -> Option<(u32, Owner)> {
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

pub(super) fn text(value: &[u8]) -> Arc<str> {
    let end = value.iter().position(|byte| *byte == 0);
    let value = end.and_then(|end| value.get(..end)).unwrap_or(value);
    Arc::from(String::from_utf8_lossy(value).as_ref())
}
