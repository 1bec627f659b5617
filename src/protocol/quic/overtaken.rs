//! Datagrams of use to nobody yet: the packet that begins their connection was overtaken by them, or is not there.

use std::collections::VecDeque;

use crate::limits;
use crate::model::{Origin, Side};
use crate::protocol::Chunk;

/// One of them.
#[derive(Debug)]
pub(super) struct Datagram {
    side: Side,
    bytes: Vec<u8>,
    origin: Origin,
}

impl Datagram {
    pub(super) fn chunk(&self) -> Chunk<'_> {
        Chunk {
            side: self.side,
            bytes: &self.bytes,
            origin: self.origin,
        }
    }
}

/// The last of them.
#[derive(Debug, Default)]
pub(super) struct Overtaken {
    datagrams: VecDeque<Datagram>,
    bytes: usize,
}

impl Overtaken {
    pub(super) fn hold(&mut self, chunk: Chunk<'_>) {
        self.bytes = self.bytes.saturating_add(chunk.bytes.len());
        self.datagrams.push_back(Datagram {
            side: chunk.side,
            bytes: chunk.bytes.to_vec(),
            origin: chunk.origin,
        });
        while self.bytes > limits::QUIC_OVERTAKEN_BYTES
            && let Some(oldest) = self.datagrams.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(oldest.bytes.len());
        }
    }

    /// All, in the order in which they came.
    pub(super) fn take(&mut self) -> VecDeque<Datagram> {
        self.bytes = 0;
        std::mem::take(&mut self.datagrams)
    }
}
