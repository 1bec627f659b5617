//! Which end of a flow opened it, where no SYN says so.

use super::internet::{Address, ip_address};
use crate::model::{CaptureDirection, Transport};
use std::net::{IpAddr, SocketAddr};

/// One end of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) address: Address,
    pub(super) port: u16,
}

/// Ports above 1023 that servers of phone apps listen on: SIP, XMPP, push services, MQTT, HTTP and its alternates, STUN and
/// TURN, calls of messengers, `WireGuard`, RTSP, RTMP. Sorted.
const SERVICE_PORTS: &[u16] = &[
    1194, 1853, 1883, 1900, 1935, 2195, 2196, 2197, 3128, 3306, 3389, 3478, 3479, 3480, 3481, 4070,
    4460, 4500, 5060, 5061, 5222, 5223, 5228, 5229, 5230, 5242, 5243, 5269, 5349, 5353, 5355, 5432,
    5938, 6379, 6667, 6881, 7070, 7275, 8000, 8008, 8009, 8080, 8081, 8088, 8443, 8554, 8801, 8883,
    8888, 9000, 9001, 9090, 9243, 9339, 9418, 19302, 19305, 32100, 51820,
];

/// Whether a port is one that servers listen on.
fn is_service(port: u16) -> bool {
    (1..1024).contains(&port) || SERVICE_PORTS.binary_search(&port).is_ok()
}

/// Whether the sender of a flow's first packet is the client.
///
/// In this order: a group is never a client; of a service port and another the service is the server; the phone opens
/// flows, so the end where the capture was made is the client, or the private end towards a public one; on TCP, whose first
/// packet may come from anywhere in the flow, the higher port; else who spoke first.
pub(super) fn sender_is_client(
    transport: Transport,
    sender: End,
    receiver: End,
    direction: Option<CaptureDirection>,
) -> bool {
    let (from, to) = (ip_address(sender.address), ip_address(receiver.address));
    if is_group(to) {
        return true;
    }
    if is_group(from) {
        return false;
    }
    match (is_service(sender.port), is_service(receiver.port)) {
        (false, true) => return true,
        (true, false) => return false,
        _ => {}
    }
    if let Some(direction) = direction {
        return direction == CaptureDirection::Outbound;
    }
    // a datagram flow has no middle that looks different from its beginning, but its first packet is more often first
    if transport == Transport::Tcp {
        match (is_private(from), is_private(to)) {
            (true, false) => return true,
            (false, true) => return false,
            _ => {}
        }
        if sender.port != receiver.port {
            return sender.port > receiver.port;
        }
    }
    true
}

/// Whether it is certain who the client of a flow is: a private address towards a public one, or else a SYN or the port of a
/// service says so. A private address that serves a public one is no phone's.
pub(super) fn is_certain(client: SocketAddr, server: SocketAddr, has_syn: bool) -> bool {
    match (is_private(client.ip()), is_private(server.ip())) {
        (is_private_client, is_private_server) if is_private_client != is_private_server => {
            is_private_client
        }
        _ => has_syn || is_service(server.port()) && !is_service(client.port()),
    }
}

fn is_group(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// Addresses of local networks (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 §2.5.6).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || address.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}
