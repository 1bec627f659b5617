//! The same traffic gives the same findings, however it was cut into packets, captured, wrapped and stored; and sums do not
//! depend on how the work was shared out.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{
    AppId, Attributed, Basis, Category, ContentState, Coverage, DeviceId, Evidence, Finding,
    FindingKey, Grade, InputId, LinkType, Origin, Protection, Recipient, RecipientKind, Sensitive,
    Shortfall, Side, Tally, Timestamp, Traffic, TrafficKey,
};
use phonehome::rules::Rules;
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::forge::capture::{Pcap, Pcapng, Record};
use crate::forge::dns::{self, Answer};
use crate::forge::packet::{self, ACK, PSH};
use crate::forge::stream::{Connection, Sent};
use crate::forge::{http, tls};

const START: u64 = 1_760_000_000_000_000_000;
const TRACKER: &str = "collect.tracker.example";
const CHAT: &str = "chat.vendor.example";

/// One side's bytes, in the order of a conversation.
type Turn = (Side, Vec<u8>);

/// What an app says to a tracker in clear: device data, a position, an address book.
fn tracker_turns() -> Vec<Turn> {
    let json = ("Content-Type", "application/json");
    let agent = (
        "User-Agent",
        "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A.240805.005)",
    );
    let device = br#"{"advertising_id":"7c4f1a0e-3b52-4d8e-9a61-5f0c2b7d4e93","lat":52.3759,"lon":9.7320,"email":"anna.beispiel@kunde.example"}"#;
    let contacts: Vec<String> = (1..30_u32)
        .map(|number| {
            let phone = 4_069_000 + number * number * 7 % 1000;
            format!(r#"{{"name":"Person {number}","phone":"+491760{phone}"}}"#)
        })
        .collect();
    let contacts = format!(r#"{{"contacts":[{}]}}"#, contacts.join(","));
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let mut turns = Vec::new();
    for (path, headers, body) in [
        ("/v1/event?session=1", [json, agent], &device[..]),
        ("/v1/contacts", [json, agent], contacts.as_bytes()),
        (
            "/login",
            [form, agent],
            &b"user=anna&password=Sommer-2031!"[..],
        ),
    ] {
        turns.push((
            Side::Client,
            http::request("POST", TRACKER, path, &headers, body),
        ));
        turns.push((Side::Server, http::response(200, &[json], b"{\"ok\":true}")));
    }
    turns
}

/// The same conversation for each call: TLS as rustls speaks it.
fn chat_turns() -> Vec<Turn> {
    let mut session = tls::Session::new(&tls::Settings::new(CHAT, 11));
    let mut turns: Vec<Turn> = session.handshake().into_iter().collect();
    let request = http::request("GET", CHAT, "/inbox", &[], b"");
    turns.push((Side::Client, session.send(Side::Client, &request)));
    let response = http::response(200, &[], &[b'x'; 3000]);
    turns.push((Side::Server, session.send(Side::Server, &response)));
    turns
}

/// How a network may treat the segments of a stream.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    None,
    /// It overtakes the one before it.
    Overtakes,
    /// It arrives twice.
    Twice,
    /// It is sent again together with the end of the one before it.
    Overlaps,
}

/// How a conversation is cut into packets.
#[derive(Clone, Debug)]
struct Cut {
    /// Sizes of segments, again and again.
    sizes: Vec<usize>,
    /// What happens to segments, again and again.
    mishaps: Vec<Mishap>,
    /// First sequence numbers, so that they also wrap.
    first: [u32; 2],
}

impl Cut {
    fn plain() -> Self {
        Self {
            sizes: vec![1400],
            mishaps: vec![Mishap::None],
            first: [1000, 7000],
        }
    }
}

fn cut() -> impl Strategy<Value = Cut> {
    let mishap = prop_oneof![
        3 => Just(Mishap::None),
        1 => Just(Mishap::Overtakes),
        1 => Just(Mishap::Twice),
        1 => Just(Mishap::Overlaps),
    ];
    let number = prop_oneof![any::<u32>(), u32::MAX - 4000..=u32::MAX];
    (
        prop::collection::vec(prop_oneof![1_usize..40, 40_usize..1400], 1..6),
        prop::collection::vec(mishap, 1..9),
        [number.clone(), number],
    )
        .prop_map(|(sizes, mishaps, first)| Cut {
            sizes,
            mishaps,
            first,
        })
}

/// A connection with these turns, cut.
fn stream(client: &str, server: &str, turns: &[Turn], cut: &Cut) -> Vec<Sent> {
    let (client, server) = (client.parse().unwrap(), server.parse().unwrap());
    let mut connection = Connection::open_at(client, server, cut.first);
    let mut sizes = cut.sizes.iter().cycle();
    let mut mishaps = cut.mishaps.iter().cycle();
    for (side, bytes) in turns {
        let at = usize::from(*side == Side::Server);
        let mut rest = bytes.as_slice();
        let turn_start = connection.packets.len();
        let mut before: &[u8] = &[];
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            rest = behind;
            connection.segment(*side, ACK | PSH, piece);
            let last = connection.packets.len() - 1;
            match mishaps.next().unwrap() {
                Mishap::Overtakes if last > turn_start => connection.packets.swap(last - 1, last),
                Mishap::Twice => connection.packets.push(connection.packets[last].clone()),
                Mishap::Overlaps if !before.is_empty() => {
                    let again = [before, piece].concat();
                    let mut next = connection.next;
                    next[at] = next[at].wrapping_sub(u32::try_from(again.len()).unwrap());
                    let mut repeated = Connection::middle(client, server, next);
                    repeated.segment(*side, ACK | PSH, &again);
                    connection.packets.append(&mut repeated.packets);
                }
                _ => {}
            }
            before = &piece[piece.len() / 2..];
        }
        connection.segment(side.opposite(), ACK, &[]);
    }
    connection.close();
    connection.packets
}

/// A lookup and its answer.
fn lookup(port: u16, name: &str, address: &str) -> Vec<Sent> {
    let client = SocketAddr::new("192.0.2.10".parse().unwrap(), port);
    let resolver: SocketAddr = "192.0.2.1:53".parse().unwrap();
    let answers = [Answer::Address(name, address.parse().unwrap())];
    vec![
        Sent {
            side: Side::Client,
            ip: packet::udp(client, resolver, &dns::query(port, name, dns::A)),
        },
        Sent {
            side: Side::Server,
            ip: packet::udp(resolver, client, &dns::answer(port, name, dns::A, &answers)),
        },
    ]
}

/// The two conversations, each behind its lookup.
fn conversations(cut: &Cut) -> [Vec<Sent>; 2] {
    let mut tracker = lookup(40_001, TRACKER, "198.51.100.7");
    tracker.extend(stream(
        "192.0.2.10:40100",
        "198.51.100.7:80",
        &tracker_turns(),
        cut,
    ));
    let mut chat = lookup(40_002, CHAT, "203.0.113.9");
    chat.extend(stream(
        "192.0.2.10:40200",
        "203.0.113.9:443",
        &chat_turns(),
        cut,
    ));
    [tracker, chat]
}

/// Packets of both in turns: `weights` says how many of each before the other goes on.
fn interleaved([one, two]: [Vec<Sent>; 2], weights: &[usize]) -> Vec<Sent> {
    let (mut one, mut two) = (one.into_iter(), two.into_iter());
    let mut all = Vec::new();
    let mut weights = weights.iter().cycle();
    loop {
        let before = all.len();
        all.extend(one.by_ref().take(*weights.next().unwrap()));
        all.extend(two.by_ref().take(*weights.next().unwrap()));
        if all.len() == before {
            return all;
        }
    }
}

/// What lies around the IP packets of a capture.
#[derive(Clone, Copy, Debug)]
enum Link {
    Raw,
    Ipv4,
    Ethernet,
    Vlan,
    DoubleVlan,
    VnTag,
    Null,
    Loop,
    Cooked,
    Cooked2,
    Ppp,
    Wireless,
    Radiotap,
    Pktap,
    Gre,
    IpInIp,
    Gtp,
    Fragments,
}

const LINKS: [Link; 18] = [
    Link::Raw,
    Link::Ipv4,
    Link::Ethernet,
    Link::Vlan,
    Link::DoubleVlan,
    Link::VnTag,
    Link::Null,
    Link::Loop,
    Link::Cooked,
    Link::Cooked2,
    Link::Ppp,
    Link::Wireless,
    Link::Radiotap,
    Link::Pktap,
    Link::Gre,
    Link::IpInIp,
    Link::Gtp,
    Link::Fragments,
];

impl Link {
    fn number(self) -> LinkType {
        match self {
            Self::Raw | Self::Gre | Self::IpInIp | Self::Gtp | Self::Fragments => LinkType::RAW,
            Self::Ipv4 => LinkType::IPV4,
            Self::Ethernet | Self::Vlan | Self::DoubleVlan | Self::VnTag => LinkType::ETHERNET,
            Self::Null => LinkType::NULL,
            Self::Loop => LinkType::LOOP,
            Self::Cooked => LinkType::LINUX_SLL,
            Self::Cooked2 => LinkType::LINUX_SLL2,
            Self::Ppp => LinkType::PPP,
            Self::Wireless => LinkType::IEEE802_11,
            Self::Radiotap => LinkType::IEEE802_11_RADIOTAP,
            Self::Pktap => LinkType::PKTAP,
        }
    }

    /// The frames that carry one packet.
    fn frames(self, number: usize, sent: &Sent) -> Vec<Vec<u8>> {
        let ip = sent.ip.as_slice();
        let is_out = sent.side == Side::Client;
        let behind = |header: &[u8]| vec![[header, ip].concat()];
        let tagged = |tags: &[u8]| {
            let mut frame = packet::ethernet(ip);
            frame.splice(12..12, tags.iter().copied());
            vec![frame]
        };
        let tunnel = |protocol: u8, inner: &[u8]| {
            let (from, to) = (
                "192.0.2.200".parse().unwrap(),
                "192.0.2.201".parse().unwrap(),
            );
            vec![packet::ip(from, to, protocol, inner)]
        };
        match self {
            Self::Fragments if ip.len() > 200 => {
                let mut parts = packet::fragments(ip, u16::try_from(number).unwrap(), 160);
                parts.reverse();
                parts
            }
            Self::Raw | Self::Ipv4 | Self::Fragments => behind(&[]),
            Self::Ethernet => tagged(&[]),
            Self::Vlan => tagged(&[0x81, 0, 0, 30]),
            Self::DoubleVlan => tagged(&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 30]),
            Self::VnTag => tagged(&[0x89, 0x26, 0, 1, 0, 2]),
            Self::Null => behind(&[2, 0, 0, 0]),
            Self::Loop => behind(&[0, 0, 0, 2]),
            Self::Cooked => {
                let kind = if is_out { 4 } else { 0 };
                behind(&[0, kind, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0])
            }
            Self::Cooked2 => {
                let kind = if is_out { 4 } else { 0 };
                behind(&[
                    8, 0, 0, 0, 0, 0, 0, 3, 0, 1, kind, 6, 2, 0, 0, 0, 0, 1, 0, 0,
                ])
            }
            Self::Ppp => behind(&[0xff, 3, 0, 0x21]),
            Self::Wireless => behind(&wireless(is_out)),
            Self::Radiotap => behind(&[&[0, 0, 8, 0, 0, 0, 0, 0][..], &wireless(is_out)].concat()),
            Self::Pktap => {
                let mut header = Vec::new();
                for number in [108_u32, 1, 101] {
                    header.extend(number.to_le_bytes());
                }
                header.resize(108, 0);
                behind(&header)
            }
            Self::Gre => tunnel(47, &[&[0, 0, 8, 0], ip].concat()),
            Self::IpInIp => tunnel(4, ip),
            Self::Gtp => {
                let length = u16::try_from(ip.len()).unwrap().to_be_bytes();
                let inner = [&[0x30, 0xff], &length[..], &[0, 0, 0, 9], ip].concat();
                let (from, to) = ("192.0.2.200:2152", "192.0.2.201:2152");
                vec![packet::udp(
                    from.parse().unwrap(),
                    to.parse().unwrap(),
                    &inner,
                )]
            }
        }
    }
}

/// A data frame between phone and access point, up to the packet: addresses, then LLC and SNAP (RFC 1042).
fn wireless(is_out: bool) -> Vec<u8> {
    let mut header = vec![0x08, if is_out { 1 } else { 2 }, 0, 0];
    header.extend([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 0]);
    header.extend([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]);
    header
}

/// Formats of capture files.
#[derive(Clone, Copy, Debug)]
enum Format {
    Pcap {
        is_big_endian: bool,
        has_nanoseconds: bool,
        is_modified: bool,
    },
    Pcapng,
}

const FORMATS: [Format; 6] = [
    pcap(false, false, false),
    pcap(true, false, false),
    pcap(false, true, false),
    pcap(true, true, false),
    pcap(false, false, true),
    Format::Pcapng,
];

const fn pcap(is_big_endian: bool, has_nanoseconds: bool, is_modified: bool) -> Format {
    Format::Pcap {
        is_big_endian,
        has_nanoseconds,
        is_modified,
    }
}

impl Format {
    fn write(self, link: LinkType, records: &[Record]) -> Vec<u8> {
        match self {
            Self::Pcap {
                is_big_endian,
                has_nanoseconds,
                is_modified,
            } => Pcap {
                link,
                is_big_endian,
                has_nanoseconds,
                is_modified,
            }
            .write(records),
            Self::Pcapng => {
                let mut file = Pcapng::new();
                let interface = file.interface(link, Some(9));
                for record in records {
                    file.packet(interface, record, &[]);
                }
                file.bytes
            }
        }
    }
}

/// Compressions of whole files.
const PACKINGS: [fn(Vec<u8>) -> Vec<u8>; 3] = [
    |bytes| bytes,
    |bytes| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap()
    },
    |bytes| compress_to_vec(bytes.as_slice(), CompressionLevel::Fastest),
];

fn records(packets: &[Sent], link: Link) -> Vec<Record> {
    let mut records = Vec::new();
    for (number, sent) in packets.iter().enumerate() {
        let time = START + u64::try_from(number).unwrap() * 1_000_000;
        for frame in link.frames(number, sent) {
            records.push(Record::at(time, frame));
        }
    }
    records
}

fn capture(packets: &[Sent]) -> Vec<u8> {
    Pcap::new(LinkType::RAW).write(&records(packets, Link::Raw))
}

/// What an audit of a phone with these files finds, without anything that says where in a file it was seen.
fn findings(test: &str, files: &[(&str, Vec<u8>)]) -> String {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("same_traffic")
        .join(test);
    let _ = fs::remove_dir_all(&folder);
    let phone = folder.join("phone");
    fs::create_dir_all(&phone).unwrap();
    for (name, bytes) in files {
        fs::write(phone.join(name), bytes).unwrap();
    }
    let rules = Rules::embedded();
    let case = intake::discover(&[folder]).unwrap();
    let outcome = audit::run(&case, &rules, &Options::default(), &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty());
    let mut found = String::new();
    for app in outcome.audit.devices.iter().flat_map(|device| &device.apps) {
        writeln!(
            found,
            "{:?} {:?} {:?} {}",
            app.app, app.bases, app.level, app.risk
        )
        .unwrap();
        for finding in &app.findings {
            let seen = &finding.occurrences;
            let mut evidence: Vec<String> = seen
                .evidence
                .iter()
                .map(|evidence| {
                    let value = evidence.value.as_ref().map(Sensitive::reveal);
                    format!("{:?} {} {value:?}", evidence.place, evidence.path)
                })
                .collect();
            evidence.sort();
            evidence.dedup();
            writeln!(
                found,
                "  {} {} {:?} {} {} of {} {} {evidence:?} {:?}",
                finding.rule,
                finding.grade.as_str(),
                finding.recipient,
                seen.count,
                seen.items,
                seen.most_items,
                seen.distinct.count(),
                finding.score.as_ref().map(|score| score.risk),
            )
            .unwrap();
        }
        for recipient in &app.recipients {
            let flows: Vec<_> = recipient
                .volumes
                .iter()
                .map(|(content, volume)| (content, volume.flows))
                .collect();
            writeln!(found, "  → {:?} {flows:?}", recipient.recipient).unwrap();
        }
    }
    found
}

/// What must be found in any case.
static EXPECTED: LazyLock<String> = LazyLock::new(|| {
    let plain = interleaved(conversations(&Cut::plain()), &[usize::MAX]);
    let expected = findings("plain", &[("capture", capture(&plain))]);
    for rule in [
        "advertising-id",
        "coordinates",
        "own-email",
        "contact-name-phone-record",
        "credential-cleartext",
        CHAT,
    ] {
        assert!(expected.contains(rule), "{rule} is missing in:\n{expected}");
    }
    expected
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn cut_into_other_segments(
        cut in cut(),
        weights in prop::collection::vec(1_usize..9, 2..6),
    ) {
        let packets = interleaved(conversations(&cut), &weights);
        let found = findings("cut", &[("capture", capture(&packets))]);
        prop_assert_eq!(&found, &*EXPECTED);
    }

    /// As `tcpdump -C` does: without regard to connections, and numbers without leading zeros.
    #[test]
    fn written_into_one_file_after_another(sizes in prop::collection::vec(1_usize..40, 1..9)) {
        let packets = interleaved(conversations(&Cut::plain()), &[3, 2]);
        let records = records(&packets, Link::Raw);
        let mut rest = records.as_slice();
        let mut files = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(rest.len().min(*size));
            rest = behind;
            let number = if files.is_empty() { String::new() } else { files.len().to_string() };
            let bytes = Pcap::new(LinkType::RAW).write(piece);
            files.push((format!("capture.pcap{number}"), bytes));
        }
        let files: Vec<(&str, Vec<u8>)> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.clone()))
            .collect();
        let found = findings("series", &files);
        prop_assert_eq!(&found, &*EXPECTED);
    }
}

#[test]
fn captured_on_any_link_in_any_format() {
    let expected = EXPECTED.as_str();
    let plain = interleaved(conversations(&Cut::plain()), &[3, 2]);
    for link in LINKS {
        let bytes = Format::Pcapng.write(link.number(), &records(&plain, link));
        let found = findings("link", &[("capture", bytes)]);
        assert!(
            found == expected,
            "{link:?} gives\n{found}\ninstead of\n{expected}"
        );
    }
    for format in FORMATS {
        for (number, pack) in PACKINGS.into_iter().enumerate() {
            let bytes = pack(format.write(LinkType::ETHERNET, &records(&plain, Link::Vlan)));
            let found = findings("format", &[("capture", bytes)]);
            assert!(
                found == expected,
                "{format:?} in packing {number} gives\n{found}\ninstead of\n{expected}"
            );
        }
    }
}

#[test]
fn kept_in_several_files() {
    let [tracker, chat] = conversations(&Cut::plain());
    let found = findings(
        "files",
        &[
            ("chat.pcap", capture(&chat)),
            ("tracker.pcap.gz", PACKINGS[1](capture(&tracker))),
        ],
    );
    assert_eq!(found, *EXPECTED);
}

/// A piece of work's result: findings, flows and shortfalls, few enough kinds that they meet.
#[derive(Clone, Debug)]
struct Seen {
    pick: u8,
    frame: u64,
    value: u8,
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let one =
        (0_u8..12, 0_u64..40, 0_u8..6).prop_map(|(pick, frame, value)| Seen { pick, frame, value });
    prop::collection::vec(one, 0..30)
}

fn sums(seen: &[Seen]) -> (Tally, Coverage) {
    let (mut tally, mut coverage) = (Tally::default(), Coverage::default());
    for Seen { pick, frame, value } in seen {
        let origin = Origin {
            input: InputId(u32::from(pick % 2)),
            frame: *frame,
            time: Timestamp(i64::try_from(*frame).unwrap() / 3),
        };
        let app = Attributed::Known {
            app: AppId::new(if pick % 3 == 0 { "one" } else { "two" }),
            by: Basis::Label,
        };
        let recipient = Recipient {
            kind: RecipientKind::Remote,
            host: TRACKER.into(),
        };
        let mut evidence = Evidence::at(origin);
        let value = Sensitive::new(&format!("value {value}"));
        evidence.value = Some(value.clone());
        let grade = [Grade::Decoded, Grade::Shape][usize::from(pick % 2)];
        let finding = Finding {
            rule: "advertising-id".into(),
            category: Category::Device,
            grade,
            items: u64::from(pick % 5),
            precision_metres: (pick % 4 > 0).then_some(u32::from(*pick)),
            is_opted_out: false,
            values: vec![value],
            evidence,
        };
        let key = FindingKey {
            device: DeviceId(0),
            app: app.clone(),
            category: Category::Device,
            rule: finding.rule.clone(),
            recipient: recipient.clone(),
            grade,
            protection: Protection::Cleartext,
            is_opted_out: false,
        };
        tally.add(key, finding);
        let traffic = Traffic {
            client_packets: 1,
            server_packets: 1,
            client_bytes: *frame,
            server_bytes: 1,
            first: origin,
            last: origin,
            protocol: "",
            content: ContentState::Clear,
            has_gap: false,
        };
        let key = TrafficKey {
            device: DeviceId(0),
            app,
            recipient,
            content: ContentState::Clear,
        };
        tally.add_traffic(key, None, &traffic);
        let place = (pick % 3 > 0).then_some(origin);
        coverage.add(origin.input, Shortfall::StreamGap, place, *frame, || {
            format!("detail {}", pick % 5)
        });
    }
    (tally, coverage)
}

fn merged(parts: &[&(Tally, Coverage)]) -> (Tally, Coverage) {
    let mut sum = (Tally::default(), Coverage::default());
    for (tally, coverage) in parts {
        sum.0.merge(tally.clone());
        sum.1.merge(coverage.clone());
    }
    sum
}

proptest! {
    #[test]
    fn shared_out_in_any_way(one in seen(), two in seen(), three in seen()) {
        let all = sums(&[one.clone(), two.clone(), three.clone()].concat());
        let [one, two, three] = [sums(&one), sums(&two), sums(&three)];
        prop_assert_eq!(&merged(&[&one, &two, &three]), &all);
        prop_assert_eq!(&merged(&[&three, &one, &two]), &all);
        prop_assert_eq!(&merged(&[&one, &merged(&[&two, &three])]), &all);
        prop_assert_eq!(&merged(&[&merged(&[&two, &one]), &three]), &all);
    }
}
