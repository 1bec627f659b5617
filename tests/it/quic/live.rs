//! A client and a server of HTTP/3 by other hands (quinn, h3) on loopback, recorded by a relay between them.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Buf, Bytes};
use phonehome::model::{ContentState, Side};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::UdpSocket;

use super::{Found, body, read_packets};
use crate::forge::packet;
use crate::forge::tls::KeyLog;

const HOST: &str = "api.example";
/// How long a conversation may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes of each body that the client sends.
const BODY_BYTES: usize = 20_000;

/// Types of long headers (RFC 9000 §17.2).
const EARLY: u8 = 1;
const RETRY: u8 = 3;

/// What is to happen between the requests.
#[derive(Clone, Copy, Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each may happen or not, with any of the others"
)]
struct Plan {
    /// The server has each address validated first.
    retries: bool,
    /// A second connection says its first words before the handshake.
    is_early: bool,
    /// The client asks for new keys after each request.
    updates_keys: bool,
    /// The client goes on under another address after each request.
    moves: bool,
}

/// What passed the relay: the client's address, who sent it, and the datagram.
type Tape = Arc<Mutex<Vec<(SocketAddr, Side, Vec<u8>)>>>;

/// A conversation.
struct Recorded {
    datagrams: Vec<(SocketAddr, Side, Vec<u8>)>,
    key_log: String,
    requests: u8,
}

impl Recorded {
    /// The packets, at invented addresses.
    fn packets(&self) -> Vec<Vec<u8>> {
        let server: SocketAddr = super::SERVER.parse().unwrap();
        let mut clients = BTreeMap::new();
        let datagrams = self.datagrams.iter();
        datagrams
            .map(|(address, side, payload)| {
                let port = 50_000 + u16::try_from(clients.len()).unwrap();
                let port = *clients.entry(*address).or_insert(port);
                let client = SocketAddr::from(([192, 0, 2, 7], port));
                match side {
                    Side::Client => packet::udp(client, server, payload),
                    Side::Server => packet::udp(server, client, payload),
                }
            })
            .collect()
    }

    fn clients(&self) -> usize {
        let addresses: BTreeSet<_> = self.datagrams.iter().map(|(client, ..)| client).collect();
        addresses.len()
    }

    /// Whether a datagram begins with a long header of that type.
    fn has(&self, kind: u8) -> bool {
        let mut firsts = self
            .datagrams
            .iter()
            .filter_map(|(.., bytes)| bytes.first());
        firsts.any(|first| first & 0xc0 == 0xc0 && first >> 4 & 3 == kind)
    }

    fn read(&self, key_log: &str) -> Found {
        read_packets(&self.packets(), key_log)
    }
}

/// Passes datagrams on, with a socket to the server for each address of the client.
async fn relay(server: SocketAddr, tape: Tape) -> SocketAddr {
    let front = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
    let address = front.local_addr().unwrap();
    tokio::spawn(async move {
        let mut ways: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
        let mut buffer = vec![0; 65_535];
        while let Ok((length, client)) = front.recv_from(&mut buffer).await {
            let datagram = buffer[..length].to_vec();
            tape.lock()
                .unwrap()
                .push((client, Side::Client, datagram.clone()));
            let way = match ways.entry(client) {
                Entry::Occupied(way) => Arc::clone(way.get()),
                Entry::Vacant(place) => {
                    let way = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                    way.connect(server).await.unwrap();
                    let way = Arc::clone(place.insert(Arc::new(way)));
                    let (front, tape) = (Arc::clone(&front), Arc::clone(&tape));
                    tokio::spawn(pass_back(Arc::clone(&way), front, client, tape));
                    way
                }
            };
            let _sent = way.send(&datagram).await;
        }
    });
    address
}

/// Passes what the server sends on to one address of the client.
async fn pass_back(way: Arc<UdpSocket>, front: Arc<UdpSocket>, client: SocketAddr, tape: Tape) {
    let mut buffer = vec![0; 65_535];
    while let Ok(length) = way.recv(&mut buffer).await {
        let datagram = buffer[..length].to_vec();
        let _sent = front.send_to(&datagram, client).await;
        tape.lock().unwrap().push((client, Side::Server, datagram));
    }
}

fn configurations() -> (ClientConfig, ServerConfig, Arc<KeyLog>) {
    let certified = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let log = Arc::new(KeyLog::default());

    let mut client = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h3".to_vec()];
    client.enable_early_data = true;
    client.key_log = Arc::<KeyLog>::clone(&log);
    let mut server = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    server.alpn_protocols = vec![b"h3".to_vec()];
    server.max_early_data_size = u32::MAX;
    let client = ClientConfig::new(Arc::new(QuicClientConfig::try_from(client).unwrap()));
    let server = ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(server).unwrap()));
    (client, server, log)
}

/// Answers each request with its body backwards.
async fn serve(endpoint: Endpoint, retries: bool) {
    while let Some(incoming) = endpoint.accept().await {
        if retries && !incoming.remote_address_validated() {
            incoming.retry().unwrap();
            continue;
        }
        let connecting = incoming.accept().unwrap();
        tokio::spawn(async move {
            let (connection, _) = connecting.into_0rtt().unwrap_or_else(|_| unreachable!());
            let connection = h3_quinn::Connection::new(connection);
            let mut http = h3::server::Connection::<_, Bytes>::new(connection)
                .await
                .unwrap();
            while let Ok(Some(resolver)) = http.accept().await {
                let (_request, mut stream) = resolver.resolve_request().await.unwrap();
                let mut bytes = Vec::new();
                while let Some(mut piece) = stream.recv_data().await.unwrap() {
                    bytes.extend_from_slice(&piece.copy_to_bytes(piece.remaining()));
                }
                bytes.reverse();
                let response = http::Response::builder().header("x-served", "yes");
                stream
                    .send_response(response.body(()).unwrap())
                    .await
                    .unwrap();
                stream.send_data(Bytes::from(bytes)).await.unwrap();
                stream.finish().await.unwrap();
            }
        });
    }
}

/// Makes requests number `from` to `to` over one connection.
async fn ask(endpoint: &Endpoint, connection: Connection, plan: Plan, (from, to): (u8, u8)) {
    let http = h3_quinn::Connection::new(connection.clone());
    let (mut driver, mut sender) = h3::client::new(http).await.unwrap();
    let driver = tokio::spawn(async move {
        let _closed = std::future::poll_fn(|context| driver.poll_close(context)).await;
    });
    for number in from..=to {
        let uri = format!("https://{HOST}/upload/{number}?lat=52.5");
        let request = http::Request::post(uri).header("x-app", "com.example.notes");
        let request = request.body(()).unwrap();
        let mut stream = sender.send_request(request).await.unwrap();
        let bytes = body(number, BODY_BYTES);
        stream.send_data(Bytes::from(bytes)).await.unwrap();
        stream.finish().await.unwrap();
        stream.recv_response().await.unwrap();
        let mut received = 0;
        while let Some(piece) = stream.recv_data().await.unwrap() {
            received += piece.remaining();
        }
        assert_eq!(received, BODY_BYTES);
        if plan.updates_keys {
            connection.force_key_update();
        }
        if plan.moves {
            let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            endpoint.rebind(socket).unwrap();
        }
    }
    drop(sender);
    connection.close(0_u32.into(), b"done");
    driver.await.unwrap();
}

async fn talk(plan: Plan) -> Recorded {
    let (client, server, log) = configurations();
    let server = Endpoint::server(server, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let tape = Tape::default();
    let address = relay(server.local_addr().unwrap(), Arc::clone(&tape)).await;
    let serving = tokio::spawn(serve(server, plan.retries));

    let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let connecting = endpoint
        .connect_with(client.clone(), address, HOST)
        .unwrap();
    let connection = connecting.await.unwrap();
    ask(&endpoint, connection, plan, (1, 3)).await;
    endpoint.wait_idle().await;
    let mut requests = 3;
    if plan.is_early {
        let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connecting = endpoint.connect_with(client, address, HOST).unwrap();
        let Ok((connection, is_accepted)) = connecting.into_0rtt() else {
            panic!("the first connection left a ticket");
        };
        requests += 1;
        ask(&endpoint, connection, plan, (requests, requests)).await;
        assert!(is_accepted.await, "the server takes early data");
        endpoint.wait_idle().await;
    }
    serving.abort();
    let datagrams = tape.lock().unwrap().clone();
    Recorded {
        datagrams,
        key_log: log.text(),
        requests,
    }
}

fn record(plan: Plan) -> Recorded {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let attempt = || {
        let within = async { tokio::time::timeout(PATIENCE, talk(plan)).await };
        runtime.block_on(within).expect("the peers are quick")
    };
    // A client that gets no turn before the handshake ends sends nothing early, though it might.
    let mut attempts = iter::repeat_with(attempt).take(5);
    let as_planned = attempts.find(|recorded| recorded.has(EARLY) == plan.is_early);
    as_planned.expect("early data are sent in one of five attempts")
}

/// Everything that was said is found as it was said.
fn check(recorded: &Recorded, found: &Found) {
    let mut exchanges: Vec<_> = found.exchanges.iter().collect();
    exchanges.sort_by(|left, right| left.request.target.cmp(&right.request.target));
    assert_eq!(exchanges.len(), usize::from(recorded.requests));
    for (number, exchange) in (1..).zip(exchanges) {
        let request = &exchange.request;
        assert!(exchange.is_protected);
        assert_eq!(request.method, "POST");
        assert_eq!(request.host.as_deref(), Some(HOST));
        assert_eq!(request.target, format!("/upload/{number}?lat=52.5"));
        assert_eq!(request.header("x-app"), Some("com.example.notes"));
        let mut sent = body(number, BODY_BYTES);
        assert!(request.body.bytes == sent, "body {number}");
        let response = exchange.response.as_ref().expect("a response");
        assert_eq!(response.status, 200);
        sent.reverse();
        assert!(response.body.bytes == sent, "answer {number}");
    }
}

#[test]
fn what_quinn_and_h3_say_is_found_byte_for_byte() {
    let plain = Plan::default();
    for plan in [
        plain,
        Plan {
            retries: true,
            ..plain
        },
        Plan {
            is_early: true,
            ..plain
        },
        Plan {
            updates_keys: true,
            ..plain
        },
        Plan {
            moves: true,
            ..plain
        },
        Plan {
            retries: true,
            is_early: true,
            updates_keys: true,
            moves: true,
        },
    ] {
        let recorded = record(plan);
        assert_eq!(recorded.has(RETRY), plan.retries, "{plan:?}");
        assert_eq!(recorded.clients() > 2, plan.moves, "{plan:?}");
        let found = recorded.read(&recorded.key_log);
        println!("{plan:?}: {} datagrams", recorded.datagrams.len());
        check(&recorded, &found);
        assert_eq!(found.shortfalls, [], "{plan:?}");
        let is_open = |state: &ContentState| *state == ContentState::Decrypted;
        assert!(found.states.iter().all(is_open), "{plan:?} {found:?}");
        assert_eq!(found.states.len(), recorded.clients(), "{plan:?}");

        let without = recorded.read("");
        assert!(without.exchanges.is_empty());
        assert_eq!(without.states[0], ContentState::NoKey, "{plan:?}");
    }
}

#[test]
fn without_one_line_the_flow_says_what_is_closed() {
    let recorded = record(Plan {
        is_early: true,
        ..Plan::default()
    });
    let lines: Vec<&str> = recorded.key_log.lines().collect();
    let random = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    let first = random(lines[0]);
    for removed in &lines {
        let rest: Vec<&str> = lines
            .iter()
            .filter(|line| line != &removed)
            .copied()
            .collect();
        let found = recorded.read(&rest.join("\n"));
        let (label, _) = removed.split_once(' ').unwrap();
        let (state, why) = match label {
            "CLIENT_TRAFFIC_SECRET_0" => (
                // what the second connection says first is open all the same
                if random(removed) == first {
                    ContentState::NoKey
                } else {
                    ContentState::PartlyDecrypted
                },
                "of the client: the key log has no secret for this direction",
            ),
            "SERVER_TRAFFIC_SECRET_0" => (
                ContentState::PartlyDecrypted,
                "of the server: the key log has no secret for this direction",
            ),
            "CLIENT_EARLY_TRAFFIC_SECRET" => (
                ContentState::PartlyDecrypted,
                "of the client: the key log has no secret for early data",
            ),
            _ => (ContentState::Decrypted, ""),
        };
        let expected = if random(removed) == first {
            [state, ContentState::Decrypted]
        } else {
            [ContentState::Decrypted, state]
        };
        assert_eq!(found.states, expected, "{label}");
        let details = found.details.iter();
        let told: Vec<bool> = details.map(|detail| detail.ends_with(why)).collect();
        let is_whole = state == ContentState::Decrypted;
        assert_eq!(told, if is_whole { vec![] } else { vec![true] }, "{label}");
    }
}
