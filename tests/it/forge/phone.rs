//! One phone under observation: apps look up names and talk to hosts while the clock of the capture runs.
//!
//! ```ignore
//! let mut phone = Phone::new(Settings { … });
//! phone.at(12.5);
//! phone.https(APP, "api.example", &[Exchange { request, response }]);
//! for captured in phone.finish() { … }       // in the order of time
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use phonehome::model::Side;

use super::dns::{self, Answer};
use super::stream::{Connection, Sent};
use super::{Chance, packet, quic, tls};

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
/// Between two packets of the same side.
const BACK_TO_BACK: u64 = 300_000;
/// Until the other side answers.
const ROUND_TRIP: u64 = 23 * MILLISECOND;

/// A packet with its time and the app that sent or got it.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub(crate) time: u64,
    pub(crate) sent: Sent,
    pub(crate) app: App,
}

/// The owner of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) uid: i32,
    pub(crate) package: &'static str,
    pub(crate) label: &'static str,
}

/// A host on the internet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) address: IpAddr,
}

impl Host {
    /// A host in the documentation ranges.
    pub(crate) fn v4(name: &'static str, address: [u8; 4]) -> Self {
        let address = IpAddr::V4(Ipv4Addr::from(address));
        Self { name, address }
    }

    /// A host in `2001:db8::/32`.
    pub(crate) fn v6(name: &'static str, last: u16) -> Self {
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0x53, 0, 0, 0, 0, last);
        Self {
            name,
            address: address.into(),
        }
    }
}

/// A request and its response.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Vec<u8>,
    pub(crate) response: Vec<u8>,
}

/// A phone under observation.
pub(crate) struct Phone {
    pub(crate) v4: IpAddr,
    pub(crate) v6: IpAddr,
    /// Answers name lookups.
    resolver: SocketAddr,
    /// Sends lookups, where the operating system does that for apps.
    resolves_for_apps: Option<App>,
    start: u64,
    clock: u64,
    next_port: u16,
    next_id: u16,
    pub(crate) chance: Chance,
    captured: Vec<Captured>,
}

impl Phone {
    /// A phone with last address byte `number`, first seen at `start` (nanoseconds since 1970).
    pub(crate) fn new(number: u8, start: u64, resolves_for_apps: Option<App>) -> Self {
        Self {
            v4: Ipv4Addr::new(192, 0, 2, number).into(),
            v6: Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, number.into()).into(),
            resolver: (Ipv4Addr::new(192, 0, 2, 1), 53).into(),
            resolves_for_apps,
            start,
            clock: start,
            next_port: 40_000 + u16::from(number),
            next_id: 0x1000,
            chance: Chance::new(u64::from(number)),
            captured: Vec::new(),
        }
    }

    /// Goes to a moment, in milliseconds since the start.
    pub(crate) fn at(&mut self, milliseconds: u64) {
        self.clock = self.start + milliseconds * MILLISECOND;
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.clock += seconds * SECOND;
    }

    /// All packets in the order of time.
    pub(crate) fn finish(mut self) -> Vec<Captured> {
        self.captured.sort_by_key(|captured| captured.time);
        self.captured
    }

    /// A fresh socket towards a host.
    pub(crate) fn socket(&mut self, host: Host, port: u16) -> (SocketAddr, SocketAddr) {
        self.next_port += 7;
        let own = if host.address.is_ipv4() {
            self.v4
        } else {
            self.v6
        };
        let client = SocketAddr::new(own, self.next_port);
        (client, SocketAddr::new(host.address, port))
    }

    /// Captures packets one after another.
    pub(crate) fn capture(&mut self, app: App, packets: impl IntoIterator<Item = Sent>) {
        let mut last = None;
        for sent in packets {
            self.clock += if last == Some(sent.side) {
                BACK_TO_BACK
            } else {
                ROUND_TRIP
            };
            last = Some(sent.side);
            self.captured.push(Captured {
                time: self.clock,
                sent,
                app,
            });
        }
    }

    /// Datagrams over one UDP socket.
    pub(crate) fn datagrams(
        &mut self,
        app: App,
        (client, server): (SocketAddr, SocketAddr),
        datagrams: &[(Side, Vec<u8>)],
    ) {
        let packets: Vec<Sent> = datagrams
            .iter()
            .map(|(side, bytes)| {
                let ip = match side {
                    Side::Client => packet::udp(client, server, bytes),
                    Side::Server => packet::udp(server, client, bytes),
                };
                Sent { side: *side, ip }
            })
            .collect();
        self.capture(app, packets);
    }

    /// Looks a host up: addresses of both versions are asked for, one exists.
    pub(crate) fn lookup(&mut self, app: App, host: Host) {
        let answers = [Answer::Address(host.name, host.address)];
        self.lookup_with(app, host.name, host.address.is_ipv6(), &answers);
    }

    /// Looks a host up that is an alias.
    pub(crate) fn lookup_alias(&mut self, app: App, host: Host, target: &str) {
        let answers = [
            Answer::Alias(host.name, target),
            Answer::Address(target, host.address),
        ];
        self.lookup_with(app, host.name, host.address.is_ipv6(), &answers);
    }

    fn lookup_with(&mut self, app: App, name: &str, is_version_6: bool, answers: &[Answer<'_>]) {
        let app = self.resolves_for_apps.unwrap_or(app);
        for (kind, exists) in [(dns::A, !is_version_6), (dns::AAAA, is_version_6)] {
            self.next_port += 7;
            self.next_id += 1;
            let client = SocketAddr::new(self.v4, self.next_port);
            let answers = if exists { answers } else { &[] };
            self.datagrams(
                app,
                (client, self.resolver),
                &[
                    (Side::Client, dns::query(self.next_id, name, kind)),
                    (Side::Server, dns::answer(self.next_id, name, kind, answers)),
                ],
            );
        }
    }

    /// Messages in clear over one TCP connection, after a lookup.
    pub(crate) fn http(&mut self, app: App, host: Host, exchanges: &[Exchange]) {
        self.lookup(app, host);
        let (client, server) = self.socket(host, 80);
        let mut connection = Connection::open(client, server);
        for exchange in exchanges {
            connection.send(Side::Client, &exchange.request);
            connection.send(Side::Server, &exchange.response);
        }
        connection.close();
        self.capture(app, connection.packets);
    }

    /// The same inside TLS, after a lookup. The connection stays open for others of this phone's stories to end.
    pub(crate) fn https(
        &mut self,
        app: App,
        host: Host,
        settings: &tls::Settings<'_>,
        exchanges: &[Exchange],
    ) {
        self.lookup(app, host);
        let packets = self.tls(host, 443, settings, exchanges).packets;
        self.capture(app, packets);
    }

    /// A TLS connection from handshake to end, not yet captured.
    pub(crate) fn tls(
        &mut self,
        host: Host,
        port: u16,
        settings: &tls::Settings<'_>,
        exchanges: &[Exchange],
    ) -> Connection {
        let (client, server) = self.socket(host, port);
        let mut connection = Connection::open(client, server);
        let mut session = tls::Session::new(settings);
        for (side, bytes) in session.handshake() {
            connection.send(side, &bytes);
        }
        for exchange in exchanges {
            connection.send(Side::Client, &session.send(Side::Client, &exchange.request));
            connection.send(
                Side::Server,
                &session.send(Side::Server, &exchange.response),
            );
        }
        for side in [Side::Client, Side::Server] {
            let bytes = session.close(side);
            connection.send(side, &bytes);
        }
        connection.close();
        connection
    }

    /// HTTP/3 requests (path and JSON body) over QUIC, after a lookup.
    pub(crate) fn http3(&mut self, app: App, host: Host, seed: u64, requests: &[(&str, Vec<u8>)]) {
        self.lookup(app, host);
        let socket = self.socket(host, 443);
        let mut session = quic::Session::new(&tls::Settings {
            alpn: &["h3"],
            ..tls::Settings::new(host.name, seed)
        });
        for (path, body) in requests {
            session.request("POST", path, &[("content-type", "application/json")], body);
            session.respond(b"{\"ok\":true}");
        }
        self.datagrams(app, socket, &session.datagrams);
    }

    /// What any Android phone does by itself: is there internet, what time is it, are there messages.
    pub(crate) fn operating_system(&mut self, network: App, push: App) {
        let check = Host::v4("connectivitycheck.gstatic.com", [203, 0, 113, 3]);
        self.http(
            network,
            check,
            &[Exchange {
                request: super::http::request(
                    "GET",
                    check.name,
                    "/generate_204",
                    &[("User-Agent", "Dalvik/2.1.0 (Linux; U; Android 14)")],
                    b"",
                ),
                response: super::http::response(204, &[], b""),
            }],
        );
        let time = Host::v4("time.android.com", [203, 0, 113, 4]);
        self.lookup(network, time);
        let socket = self.socket(time, 123);
        let mut question = vec![0x23];
        question.extend([0; 47]);
        let mut answer = vec![0x24, 1, 0, 0xec];
        answer.extend(self.chance.bytes(44));
        self.datagrams(
            network,
            socket,
            &[(Side::Client, question), (Side::Server, answer)],
        );
        let messages = Host::v4("mtalk.google.com", [203, 0, 113, 5]);
        self.lookup(push, messages);
        let seed = self.chance.next();
        let settings = tls::Settings {
            alpn: &[],
            ..tls::Settings::new(messages.name, seed)
        };
        let heartbeat = Exchange {
            request: self.chance.bytes(120),
            response: self.chance.bytes(64),
        };
        let packets = self.tls(messages, 5228, &settings, &[heartbeat]).packets;
        self.capture(push, packets);
    }
}
