//! NTP (RFC 5905): recognised so that clocks are not taken for unknown traffic. It says nothing about a person.

use super::{Chunk, Dissector, Output, Protocol, Verdict};
use crate::model::{ContentState, Side, Transport};

/// NTP.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "ntp",
    probe: |probe| {
        let is_port = probe.server_port == 123 || probe.client_port == 123;
        let is_ntp = [probe.client, probe.server].into_iter().any(is_packet);
        if probe.transport == Transport::Udp && is_port && is_ntp {
            Verdict::Yes
        } else {
            Verdict::No
        }
    },
    start: |_| Box::new(Ntp),
    content: ContentState::Clear,
};

/// Version 1 to 4, mode 1 to 5, and the fixed part of 48 bytes (RFC 5905 §7.3); control messages (mode 6, 7) are shorter.
fn is_packet(bytes: &[u8]) -> bool {
    let Some(first) = bytes.first() else {
        return false;
    };
    let (version, mode) = (first >> 3 & 7, first & 7);
    let shortest = if mode >= 6 { 8 } else { 48 };
    (1..=4).contains(&version) && mode != 0 && bytes.len() >= shortest
}

struct Ntp;

impl Dissector for Ntp {
    fn feed(&mut self, _chunk: Chunk<'_>, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}
