//! TLS behind a few bytes of something else: what tunnels, databases and load balancers say before it (PROXY headers,
//! `SSLRequest`, X.224 negotiation). The hello is found by its own shape, so the preamble need not be known.

use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Shortfall, Side, Transport};

/// TLS that does not begin the stream.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: "tls-behind-preamble",
    probe,
    start: |_| Box::new(Preamble::default()),
    content: ContentState::Clear,
};

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// Bytes from the beginning of a record to the version in the hello.
const SHAPE_BYTES: usize = 11;

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport == Transport::Udp {
        return Verdict::No;
    }
    let longest = probe.client.len().max(probe.server.len());
    match find_hello(probe.client, CLIENT_HELLO) {
        Some(_) => Verdict::Yes,
        None if longest < limits::PREAMBLE_BYTES => Verdict::More,
        None => Verdict::No,
    }
}

/// Where a record begins that holds nothing but a hello of that kind, or its first fragment. Six bytes are fixed and two lengths
/// must agree, so that chance does not make one.
fn find_hello(bytes: &[u8], kind: u8) -> Option<usize> {
    memchr::memchr_iter(0x16, bytes).find(|at| {
        let shape = bytes
            .get(*at..)
            .and_then(|rest| rest.first_chunk::<SHAPE_BYTES>());
        let Some(
            [
                _,
                3,
                0..=4,
                record_high,
                record_low,
                hello,
                0,
                high,
                low,
                3,
                0..=3,
            ],
        ) = shape
        else {
            return false;
        };
        let record = u16::from_be_bytes([*record_high, *record_low]);
        let message = u16::from_be_bytes([*high, *low]).saturating_add(4);
        // A server puts its certificate behind its hello; a client's hello may go on in a second record.
        let fits = if kind == CLIENT_HELLO {
            record <= message
        } else {
            record >= message
        };
        *hello == kind && fits && message > 40
    })
}

/// One side, until its hello.
#[derive(Debug, Default)]
struct Half {
    buffer: Vec<u8>,
    is_handed_on: bool,
}

#[derive(Debug, Default)]
struct Preamble {
    client: Half,
    server: Half,
}

impl Dissector for Preamble {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        let (half, kind) = match chunk.side {
            Side::Client => (&mut self.client, CLIENT_HELLO),
            Side::Server => (&mut self.server, SERVER_HELLO),
        };
        let tls = Hint::Protocol("tls");
        if half.is_handed_on {
            emit(Output::Inner(chunk, tls));
            return;
        }
        half.buffer.extend_from_slice(chunk.bytes);
        if let Some(at) = find_hello(&half.buffer, kind) {
            half.is_handed_on = true;
            let buffer = std::mem::take(&mut half.buffer);
            let bytes = buffer.get(at..).unwrap_or_default();
            emit(Output::Inner(Chunk { bytes, ..chunk }, tls));
            return;
        }
        let surplus = half.buffer.len().saturating_sub(limits::PREAMBLE_BYTES);
        if surplus > 0 {
            half.buffer.drain(..surplus);
            let bytes = u64::try_from(surplus).unwrap_or(u64::MAX);
            let what = "bytes in front of a TLS hello";
            emit(Output::Shortfall(Shortfall::MalformedMessage, bytes, what));
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        let half = match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        half.buffer.clear();
        if half.is_handed_on {
            emit(Output::InnerGap(side, lost));
        }
    }

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tls::hello::forge;
    use super::*;
    use crate::model::Origin;

    fn record(message: &[u8]) -> Vec<u8> {
        [&[0x16, 3, 1][..], &forge::vector(2, message)].concat()
    }

    /// Feeds both sides in pieces and joins what comes out for each.
    fn run(client: &[u8], server: &[u8], len: usize) -> (Vec<u8>, Vec<u8>) {
        let mut dissector = Preamble::default();
        let (mut inner_client, mut inner_server) = (Vec::new(), Vec::new());
        for (side, bytes) in [(Side::Client, client), (Side::Server, server)] {
            for piece in bytes.chunks(len) {
                let chunk = Chunk {
                    side,
                    bytes: piece,
                    origin: Origin::default(),
                };
                dissector.feed(chunk, &mut |output| match output {
                    Output::Inner(chunk, _) if chunk.side == Side::Client => {
                        inner_client.extend_from_slice(chunk.bytes);
                    }
                    Output::Inner(chunk, _) => inner_server.extend_from_slice(chunk.bytes),
                    _ => {}
                });
            }
        }
        (inner_client, inner_server)
    }

    fn verdict(client: &[u8]) -> Verdict {
        probe(&Probe {
            transport: Transport::Tcp,
            client_port: 40_000,
            server_port: 5432,
            client,
            server: b"S",
            before: &[],
        })
    }

    #[test]
    fn a_preamble_needs_a_hello_behind_it() {
        let request = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
        let hello = record(&forge::client_hello("db.example"));
        assert_eq!(verdict(&request), Verdict::More);
        assert_eq!(verdict(&[&request[..], &hello].concat()), Verdict::Yes);
        assert_eq!(
            verdict(&[0x16; limits::PREAMBLE_BYTES]),
            Verdict::No,
            "a hello has more than its first byte"
        );
    }

    proptest! {
        #[test]
        fn what_follows_the_preamble_is_handed_on(
            before in proptest::collection::vec(0_u8..0x16, 0..40),
            answer in proptest::collection::vec(0_u8..0x16, 0..40),
            len in 1_usize..90,
        ) {
            let hello = record(&forge::client_hello("db.example"));
            let reply = [record(&forge::server_hello_13()), vec![0x17, 3, 3, 0, 1, 0]].concat();
            let seen = run(
                &[before, hello.clone()].concat(),
                &[answer, reply.clone()].concat(),
                len,
            );
            prop_assert_eq!(seen, (hello, reply));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2000), len in 1_usize..500) {
            let _verdict = verdict(&bytes);
            run(&bytes, &bytes, len);
        }
    }
}
