//! Packets and flows as they cross from intake to flow and beyond.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::Origin;

/// Link-layer header type as registered at tcpdump.org (`LINKTYPE_…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback; the address family is in host byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// PPP, possibly with HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// Raw IP as OpenBSD numbers it.
    pub const RAW_BSD: Self = Self(12);
    /// PPP in HDLC-like framing (RFC 1662) or Cisco HDLC.
    pub const PPP_HDLC: Self = Self(50);
    /// `PPPoE` session.
    pub const PPP_ETHER: Self = Self(51);
    /// Raw IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// Cisco HDLC.
    pub const C_HDLC: Self = Self(104);
    /// 802.11 without radio information.
    pub const IEEE802_11: Self = Self(105);
    /// Frame relay.
    pub const FRELAY: Self = Self(107);
    /// OpenBSD loopback; the address family is big-endian.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// 802.11 behind a Prism header.
    pub const IEEE802_11_PRISM: Self = Self(119);
    /// 802.11 behind a radiotap header.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// 802.11 behind an AVS header.
    pub const IEEE802_11_AVS: Self = Self(163);
    /// First of the numbers reserved for private use.
    pub const USER0: Self = Self(147);
    /// Apple PKTAP in files written before it had a number (`DLT_USER2`).
    pub const USER2: Self = Self(149);
    /// Per-packet information header.
    pub const PPI: Self = Self(192);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux netfilter log.
    pub const NFLOG: Self = Self(239);
    /// Apple PKTAP, as `rvictl` captures of iPhones carry it.
    pub const PKTAP: Self = Self(258);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}

/// Which way a packet went at the phone, where the capture says so (`epb_flags`, PKTAP, SLL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureDirection {
    /// Towards the phone.
    Inbound,
    /// From the phone.
    Outbound,
}

/// What the capture itself says about the app that owns a packet's socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// Android uid (`user * 100000 + app id`).
    pub uid: Option<u32>,
    /// Package or bundle id.
    pub package: Option<Arc<str>>,
    /// The app's label as shown on the phone; `PCAPdroid` cuts it at 20 bytes.
    pub label: Option<Arc<str>>,
    /// Process name, as PKTAP carries it.
    pub process: Option<Arc<str>>,
}

impl Owner {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One captured packet, lent for one call; the reader reuses its buffer.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Where it was read.
    pub origin: Origin,
    /// How its first byte is to be read.
    pub link: LinkType,
    /// Length on the wire; at least `data.len()` unless the file lies.
    pub wire_len: u32,
    /// The captured bytes.
    pub data: &'a [u8],
    /// The owner of the socket, where the file format names it beside the packet (pcapng comment, PKTAP).
    pub owner: Option<&'a Owner>,
    /// Direction, where the file format names it.
    pub direction: Option<CaptureDirection>,
}

/// Transport protocol of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Anything else on IP: its protocol number (ICMP is 1, ESP is 50).
    Other(u8),
}

/// The two directions of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Sent by the one that opened the flow: by the phone, as a rule.
    Client,
    /// Sent by the one that answered.
    Server,
}

impl Side {
    /// The other side.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A flow, oriented from the one that opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    /// Transport protocol.
    pub transport: Transport,
    /// The one that opened the flow.
    pub client: SocketAddr,
    /// The one that answered.
    pub server: SocketAddr,
}

impl FlowKey {
    /// The server's address.
    pub fn server_ip(&self) -> IpAddr {
        self.server.ip()
    }
}

/// The name of a server and how it is known, best first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServerName {
    /// Named inside the flow: TLS SNI, QUIC SNI, HTTP Host, CONNECT target.
    Asked(Arc<str>),
    /// The client had looked this name up shortly before and got this address.
    Resolved(Arc<str>),
}

impl ServerName {
    /// The host name, lower case, without a trailing dot.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Asked(name) | Self::Resolved(name) => name,
        }
    }
}
