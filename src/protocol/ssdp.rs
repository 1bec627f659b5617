//! SSDP (`UPnP` Device Architecture 2.0 §1): HTTP heads in datagrams, mostly to a multicast group.

use super::http1::{self, head};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::model::{ContentState, Event, Exchange, Side, Transport};

/// SSDP.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "ssdp",
    probe,
    start: |_| Box::new(Ssdp),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    let sides = [probe.client, probe.server];
    let is_message = sides.iter().any(|datagram| {
        [Side::Client, Side::Server]
            .iter()
            .any(|side| http1::probe_side(*side, datagram) == Verdict::Yes)
    });
    if probe.transport == Transport::Udp && is_message {
        Verdict::Yes
    } else {
        Verdict::No
    }
}

#[derive(Debug)]
struct Ssdp;

impl Dissector for Ssdp {
    /// Either side may ask. Responses describe other devices and are not part of an exchange: they come from other addresses.
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if let Some(request) = head::request(chunk.bytes.trim_ascii_start()) {
            let exchange = Exchange {
                request,
                ..Exchange::default()
            };
            emit(Output::Event(Event::Exchange(exchange), chunk.origin));
        }
    }

    fn gap(&mut self, _side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {}

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    #[test]
    fn a_search_is_a_request() {
        let datagram = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nST: ssdp:all\r\n";
        let verdict = probe(&Probe {
            transport: Transport::Udp,
            client_port: 50_000,
            server_port: 1900,
            client: datagram,
            server: &[],
            before: &[],
        });
        assert_eq!(verdict, Verdict::Yes);
        let mut hosts = Vec::new();
        let chunk = Chunk {
            side: Side::Client,
            bytes: datagram,
            origin: Origin::default(),
        };
        Ssdp.feed(chunk, &mut |output| {
            if let Output::Event(Event::Exchange(exchange), _) = output {
                assert_eq!(exchange.request.method, "M-SEARCH");
                assert_eq!(exchange.request.header("st"), Some("ssdp:all"));
                hosts.push(exchange.request.host);
            }
        });
        assert_eq!(hosts, [Some("239.255.255.250".to_owned())]);
    }
}
