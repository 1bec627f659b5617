//! Forges traffic, bottom up, with neither clock nor chance: the same calls give the same bytes.
//!
//! - [`packet`]: IP packets (UDP, TCP, ICMP; fragments), Ethernet around them
//! - [`stream`]: a whole TCP connection with handshake, acknowledgements and end
//! - [`capture`]: pcap and pcapng files, also as `PCAPdroid` writes them
//! - [`dns`], [`http`], [`http2`], [`websocket`], [`mqtt`]: messages
//! - [`tls`], [`quic`], [`dtls13`]: real connections from a seed
//! - [`record`]: the same exchanges as pcap, pcapng, HAR and mitmproxy dump
//! - [`archive`], [`axml`]: gzip, ZIP and binary XML of app packages
//! - [`observation`]: requests as detection gets them
//! - [`protobuf`]: pieces of messages of protocol buffers
//! - [`inventory`]: lists of installed apps, a bug report
//! - [`log`]: logs of devices
//! - [`phone`]: a phone that looks up names and talks to hosts
//! - [`case`]: the case in `samples/case`
//! - [`sources`]: a sample of each format that is read, in `samples/sources`
//! - [`fleet`]: the audit of a large company
#![allow(dead_code, reason = "a kit: each test takes from it what it needs")]

pub(crate) mod app;
pub(crate) mod archive;
pub(crate) mod axml;
pub(crate) mod capture;
pub(crate) mod case;
pub(crate) mod dns;
pub(crate) mod dtls13;
pub(crate) mod fleet;
pub(crate) mod http;
pub(crate) mod http2;
pub(crate) mod inventory;
pub(crate) mod log;
pub(crate) mod mqtt;
pub(crate) mod observation;
pub(crate) mod packet;
pub(crate) mod phone;
pub(crate) mod protobuf;
pub(crate) mod quic;
pub(crate) mod record;
pub(crate) mod sources;
pub(crate) mod stream;
pub(crate) mod tls;
pub(crate) mod websocket;

/// A stream of numbers that look random and follow from the seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next().to_be_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }
}

/// Another implementation reads what is forged, so that our readers and our forge cannot agree on the same mistake.
#[test]
fn forged_packets_have_right_lengths_and_checksums() {
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};

    let mut connection = stream::Connection::open(
        "[2001:db8::10]:40000".parse().unwrap(),
        "[2001:db8::1]:80".parse().unwrap(),
    );
    connection.send(phonehome::model::Side::Client, &[7; 3000]);
    connection.close();
    let mut packets: Vec<Vec<u8>> = connection.packets.into_iter().map(|sent| sent.ip).collect();
    packets.push(packet::udp(
        "192.0.2.10:40000".parse().unwrap(),
        "192.0.2.1:53".parse().unwrap(),
        &dns::query(7, "chat.example", dns::A),
    ));
    for ip in packets {
        let frame = packet::ethernet_vlan(&ip, 12);
        let sliced = SlicedPacket::from_ethernet(&frame).unwrap();
        let Some(transport) = sliced.transport else {
            panic!("no transport layer");
        };
        let (sum, expected) = match (sliced.net, transport) {
            (Some(NetSlice::Ipv4(net)), TransportSlice::Udp(udp)) => {
                let header = net.header().to_header();
                assert_eq!(header.header_checksum, header.calc_header_checksum());
                let udp_header = udp.to_header();
                (
                    udp_header.checksum,
                    udp_header.calc_checksum_ipv4(&header, udp.payload()),
                )
            }
            (Some(NetSlice::Ipv6(net)), TransportSlice::Tcp(tcp)) => (
                tcp.checksum(),
                tcp.to_header()
                    .calc_checksum_ipv6(&net.header().to_header(), tcp.payload()),
            ),
            other => panic!("read as {other:?}"),
        };
        assert_eq!(Ok(sum), expected);
    }
}

/// Text form of a key or certificate (RFC 7468).
pub(crate) fn pem(label: &str, bytes: &[u8]) -> String {
    use base64::Engine as _;

    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut lines = String::new();
    for (position, character) in text.chars().enumerate() {
        if position > 0 && position % 64 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}
