//! From a frame to the datagram or segment within: IP, fragments, tunnels and UDP headers.

use super::internet::{self, Datagram};
use super::link::Refusal;
use super::orientation::End;
use super::{Arrival, Flows};
use crate::limits;
use crate::model::{Coverage, LinkType, Origin, Packet, Shortfall, Sighting};

impl Flows {
    /// Takes an IP packet; `cut` bytes behind it were not captured.
    #[inline]
    pub(super) fn internet(
        &mut self,
        packet: &[u8],
        cut: u32,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        match internet::datagram(packet, cut) {
            Ok(datagram) => self.datagram(datagram, depth, arrival, coverage, emit),
            Err(problem) => malformed(arrival.origin, packet.len(), problem, coverage),
        }
    }

    #[inline]
    fn datagram(
        &mut self,
        datagram: Datagram<'_>,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        if datagram.fragment.is_some() {
            return self.fragment(datagram, depth, arrival, coverage, emit);
        }
        let problem = match datagram.protocol {
            6 => self.tcp(datagram, arrival, coverage, emit),
            17 => self.udp(datagram, depth, arrival, coverage, emit),
            protocol => {
                match internet::tunnel(protocol, datagram.payload) {
                    Some(_) if depth >= limits::TUNNEL_DEPTH => Err("tunnels nested too deeply"),
                    Some(packet) => {
                        let depth = depth.saturating_add(1);
                        self.internet(packet, datagram.missing, depth, arrival, coverage, emit);
                        return;
                    }
                    // no ports: all packets between two addresses are one flow
                    None => {
                        let ends = [
                            End {
                                address: datagram.source,
                                port: 0,
                            },
                            End {
                                address: datagram.destination,
                                port: 0,
                            },
                        ];
                        self.whole(datagram, ends, arrival, coverage, emit);
                        Ok(())
                    }
                }
            }
        };
        if let Err(problem) = problem {
            malformed(arrival.origin, datagram.payload.len(), problem, coverage);
        }
    }

    fn fragment(
        &mut self,
        datagram: Datagram<'_>,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let Some(fragment) = datagram.fragment else {
            return;
        };
        // a fragmented packet inside a fragmented packet inside …
        if depth >= limits::TUNNEL_DEPTH {
            let problem = "tunnels nested too deeply";
            return malformed(arrival.origin, datagram.payload.len(), problem, coverage);
        }
        let Some(whole) = self
            .fragments
            .add(&datagram, fragment, arrival.origin, coverage)
        else {
            return;
        };
        let whole_datagram = Datagram {
            source: whole.source,
            destination: whole.destination,
            protocol: whole.protocol,
            payload: &whole.bytes,
            missing: 0,
            fragment: None,
        };
        match whole_datagram.without_extensions() {
            Ok(datagram) => {
                self.datagram(datagram, depth.saturating_add(1), arrival, coverage, emit);
            }
            Err(problem) => malformed(arrival.origin, whole.bytes.len(), problem, coverage),
        }
    }

    fn udp(
        &mut self,
        mut datagram: Datagram<'_>,
        depth: usize,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) -> Result<(), &'static str> {
        let (header, payload) = datagram
            .payload
            .split_first_chunk::<8>()
            .ok_or("short UDP header")?;
        let ports = [
            u16::from_be_bytes([header[0], header[1]]),
            u16::from_be_bytes([header[2], header[3]]),
        ];
        datagram.payload = payload;
        // what is behind the length is no payload (RFC 768); zero is what offload and jumbograms leave
        let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
        if length > 0 {
            let length = length.checked_sub(8).ok_or("UDP length")?;
            if let Some(payload) = payload.get(..length) {
                datagram.payload = payload;
                datagram.missing = 0;
            }
        }
        if let Some(packet) = internet::tunnel_on_udp(ports, datagram.payload) {
            if depth >= limits::TUNNEL_DEPTH {
                return Err("tunnels nested too deeply");
            }
            let depth = depth.saturating_add(1);
            self.internet(packet, datagram.missing, depth, arrival, coverage, emit);
            return Ok(());
        }
        let [source, destination] = ports;
        let ends = [
            End {
                address: datagram.source,
                port: source,
            },
            End {
                address: datagram.destination,
                port: destination,
            },
        ];
        self.whole(datagram, ends, arrival, coverage, emit);
        Ok(())
    }
}

/// Counts a frame without an IP packet. What stays on the local network by its nature is no loss.
#[cold]
pub(super) fn refuse(packet: &Packet<'_>, refusal: Refusal, coverage: &mut Coverage) {
    let (shortfall, detail) = match refusal {
        Refusal::NotInternet => return,
        Refusal::Encrypted(what) => (Shortfall::Encrypted, what.to_owned()),
        Refusal::Malformed(what) => (Shortfall::MalformedPacket, what.to_owned()),
        Refusal::UnknownLinkType(number) => {
            (Shortfall::UnknownLinkType, format!("link type {number}"))
        }
    };
    let LinkType(number) = packet.link;
    coverage.add(
        packet.origin.input,
        shortfall,
        Some(packet.origin),
        u64::from(packet.wire_len),
        || match refusal {
            Refusal::UnknownLinkType(_) => detail,
            _ => format!("{detail} (link type {number})"),
        },
    );
}

#[cold]
fn malformed(origin: Origin, bytes: usize, problem: &'static str, coverage: &mut Coverage) {
    coverage.add(
        origin.input,
        Shortfall::MalformedPacket,
        Some(origin),
        bytes as u64,
        || problem.to_owned(),
    );
}
