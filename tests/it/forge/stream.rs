//! A TCP connection, packet by packet.
//!
//! ```ignore
//! let mut connection = Connection::open(phone, server);
//! connection.send(Side::Client, &http::request("POST", "ads.example", "/v1", &[], body));
//! connection.send(Side::Server, &http::response(204, &[], b""));
//! connection.close();
//! for packet in connection.packets { … }        // packet.ip, packet.side
//! ```
//!
//! What tests of reassembly need (gaps, overlap, another order) they do to `packets` afterwards.

use std::net::SocketAddr;

use phonehome::model::Side;

use super::packet::{self, ACK, FIN, PSH, RST, SYN, Segment};

/// Payload of a full segment.
pub(crate) const SEGMENT_BYTES: usize = 1400;

/// An IP packet and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) side: Side,
    pub(crate) ip: Vec<u8>,
}

/// A connection in the making.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    /// Next sequence numbers of client and server.
    pub(crate) next: [u32; 2],
    pub(crate) packets: Vec<Sent>,
}

impl Connection {
    /// Three-way handshake. Sequence numbers start at fixed values.
    pub(crate) fn open(client: SocketAddr, server: SocketAddr) -> Self {
        let first = 1000 + u32::from(client.port());
        Self::open_at(client, server, [first, first.wrapping_mul(7)])
    }

    /// Three-way handshake with given first sequence numbers.
    pub(crate) fn open_at(client: SocketAddr, server: SocketAddr, first: [u32; 2]) -> Self {
        let mut connection = Self::middle(client, server, first);
        connection.segment(Side::Client, SYN, &[]);
        connection.segment(Side::Server, SYN | ACK, &[]);
        connection.segment(Side::Client, ACK, &[]);
        connection
    }

    /// A connection whose beginning is not in the capture.
    pub(crate) fn middle(client: SocketAddr, server: SocketAddr, next: [u32; 2]) -> Self {
        Self {
            client,
            server,
            next,
            packets: Vec::new(),
        }
    }

    /// Sends bytes in full segments; the other side acknowledges them.
    pub(crate) fn send(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        self.send_in(side, bytes, SEGMENT_BYTES)
    }

    /// Sends bytes in segments of at most `most` bytes; the other side acknowledges them.
    pub(crate) fn send_in(&mut self, side: Side, bytes: &[u8], most: usize) -> &mut Self {
        for piece in bytes.chunks(most) {
            self.segment(side, ACK | PSH, piece);
        }
        if !bytes.is_empty() {
            self.segment(side.opposite(), ACK, &[]);
        }
        self
    }

    /// Ends the connection from the client.
    pub(crate) fn close(&mut self) -> &mut Self {
        self.segment(Side::Client, FIN | ACK, &[]);
        self.segment(Side::Server, FIN | ACK, &[]);
        self.segment(Side::Client, ACK, &[])
    }

    /// Breaks the connection off.
    pub(crate) fn reset(&mut self, side: Side) -> &mut Self {
        self.segment(side, RST | ACK, &[])
    }

    /// One segment, as it is.
    pub(crate) fn segment(&mut self, side: Side, flags: u8, payload: &[u8]) -> &mut Self {
        let (from, to, ours, theirs) = match side {
            Side::Client => (self.client, self.server, 0, 1),
            Side::Server => (self.server, self.client, 1, 0),
        };
        let segment = Segment {
            sequence: self.next[ours],
            acknowledgement: if flags & ACK == 0 {
                0
            } else {
                self.next[theirs]
            },
            flags,
            payload,
        };
        let counted = u32::try_from(payload.len()).unwrap() + u32::from(flags & (SYN | FIN) != 0);
        self.next[ours] = self.next[ours].wrapping_add(counted);
        let ip = packet::tcp(from, to, segment);
        self.packets.push(Sent { side, ip });
        self
    }
}
