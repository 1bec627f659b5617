//! Forged files of every kind of block, in both byte orders.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::intake::order::ByteOrder;
use crate::model::Timestamp;

/// A file in the making; the forge of the integration tests writes little-endian only.
struct Forge {
    order: ByteOrder,
    bytes: Vec<u8>,
}

impl Forge {
    fn new(order: ByteOrder) -> Self {
        let mut forge = Self {
            order,
            bytes: Vec::new(),
        };
        forge.section();
        forge
    }

    fn u16(&self, number: u16) -> [u8; 2] {
        match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        }
    }

    fn u32(&self, number: u32) -> [u8; 4] {
        match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        }
    }

    fn u64(&self, number: u64) -> [u8; 8] {
        match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        }
    }

    fn section(&mut self) {
        let body = [
            &self.u32(0x1a2b_3c4d)[..],
            &self.u16(1),
            &self.u16(0),
            &[0xff; 8],
        ]
        .concat();
        self.block(block_type::SECTION_HEADER, &body, &[]);
    }

    fn interface(&mut self, link: u16, snap_len: u32, options: &[(u16, Vec<u8>)]) {
        let body = [&self.u16(link)[..], &[0, 0], &self.u32(snap_len)].concat();
        self.block(block_type::INTERFACE, &body, options);
    }

    fn packet(&mut self, interface: u32, ticks: u64, data: &[u8], options: &[(u16, Vec<u8>)]) {
        self.cut_packet(interface, ticks, data, data.len(), options);
    }

    fn cut_packet(
        &mut self,
        interface: u32,
        ticks: u64,
        data: &[u8],
        wire_len: usize,
        options: &[(u16, Vec<u8>)],
    ) {
        let mut body = Vec::new();
        for number in [
            interface,
            (ticks >> 32) as u32,
            ticks as u32,
            data.len() as u32,
            wire_len as u32,
        ] {
            body.extend(self.u32(number));
        }
        body.extend(padded(data));
        self.block(block_type::ENHANCED_PACKET, &body, options);
    }

    fn simple_packet(&mut self, data: &[u8], wire_len: u32) {
        let body = [&self.u32(wire_len)[..], &padded(data)].concat();
        self.block(block_type::SIMPLE_PACKET, &body, &[]);
    }

    fn uid_map(&mut self, uid: i32, package: &str, label: &str) {
        let body = [
            &self.u32(62_652)[..],
            &self.u16(1),
            &[1, 0],
            &self.u32(uid.cast_unsigned()),
            &[package.len() as u8, label.len() as u8],
            package.as_bytes(),
            label.as_bytes(),
        ]
        .concat();
        self.block(block_type::CUSTOM[0], &body, &[]);
    }

    fn block(&mut self, kind: u32, body: &[u8], options: &[(u16, Vec<u8>)]) {
        let mut body = padded(body);
        for (code, value) in options {
            body.extend(self.u16(*code));
            body.extend(self.u16(value.len() as u16));
            body.extend(padded(value));
        }
        if !options.is_empty() {
            body.extend([0; 4]);
        }
        let length = self.u32(body.len() as u32 + 12);
        let kind = self.u32(kind);
        self.bytes
            .extend([&kind[..], &length, &body, &length].concat());
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    frame: u64,
    time: i64,
    link: u16,
    wire_len: u32,
    data: Vec<u8>,
    owner: Option<Owner>,
    direction: Option<CaptureDirection>,
}

fn read(bytes: &[u8]) -> (Vec<Seen>, Vec<(Shortfall, u64)>) {
    let mut source = Pcapng::new(Box::new(Cursor::new(bytes.to_vec())), InputId(0));
    let (mut packets, mut shortfalls) = (Vec::new(), Vec::new());
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Packet(packet) => packets.push(Seen {
                frame: packet.origin.frame,
                time: packet.origin.time.0,
                link: packet.link.0,
                wire_len: packet.wire_len,
                data: packet.data.to_vec(),
                owner: packet.owner.cloned(),
                direction: packet.direction,
            }),
            Item::Shortfall {
                shortfall, count, ..
            } => shortfalls.push((shortfall, count)),
            Item::Sighting(sighting) => panic!("{sighting:?}"),
        }
    }
    (packets, shortfalls)
}

fn packet_data(bytes: &[u8]) -> Vec<Vec<u8>> {
    read(bytes).0.into_iter().map(|seen| seen.data).collect()
}

#[test]
fn sections_have_byte_order_and_interfaces_of_their_own() {
    let mut file = Forge::new(ByteOrder::Big);
    file.interface(1, 0, &[]);
    file.interface(101, 0, &[(option::TIME_RESOLUTION, vec![9])]);
    file.packet(1, 1_700_000_000_123_456_789, b"first", &[]);
    file.packet(0, 1_700_000_000_123_456, b"second", &[]);
    let mut other = Forge::new(ByteOrder::Little);
    other.interface(276, 0, &[]);
    other.packet(0, 5, b"third", &[]);
    file.bytes.extend(other.bytes);
    let (packets, shortfalls) = read(&file.bytes);
    let told: Vec<_> = packets
        .iter()
        .map(|seen| (seen.frame, seen.time, seen.link, seen.data.as_slice()))
        .collect();
    assert_eq!(
        told,
        [
            (1, 1_700_000_000_123_456_789, 101, &b"first"[..]),
            (2, 1_700_000_000_123_456_000, 1, b"second"),
            (3, 5000, 276, b"third"),
        ]
    );
    assert_eq!(shortfalls, []);
}

#[test]
fn resolutions_of_both_bases_and_offsets_give_nanoseconds() {
    let time = |resolution, ticks| Resolution::of(resolution).nanoseconds(ticks);
    assert_eq!(time(6, 1_234_567), 1_234_567_000);
    assert_eq!(time(0, 3), 3_000_000_000);
    assert_eq!(time(12, 5_999), 5);
    assert_eq!(time(127, u64::MAX), 0);
    assert_eq!(time(0x80 | 0x0a, 1536), 1_500_000_000);
    assert_eq!(time(0x80 | 0x20, 1 << 31), 500_000_000);
    assert_eq!(time(0xff, u64::MAX), 0);
    assert_eq!(time(0, u64::MAX), i64::MAX);
    let mut file = Forge::new(ByteOrder::Little);
    let offset = file.u64((-10_i64).cast_unsigned()).to_vec();
    file.interface(1, 0, &[(option::TIME_OFFSET, offset)]);
    file.packet(0, 15_000_000, b"x", &[]);
    assert_eq!(read(&file.bytes).0[0].time, 5_000_000_000);
}

#[test]
fn simple_and_old_packets_are_read() {
    let mut file = Forge::new(ByteOrder::Big);
    file.interface(1, 6, &[]);
    file.packet(0, 42, b"timed", &[]);
    file.simple_packet(b"simple", 60);
    let mut body = Vec::new();
    body.extend(file.u16(0));
    body.extend(file.u16(3));
    for number in [0_u32, 50, 3, 3] {
        body.extend(file.u32(number));
    }
    body.extend(b"old\0");
    file.block(block_type::OLD_PACKET, &body, &[]);
    let (packets, shortfalls) = read(&file.bytes);
    let told: Vec<_> = packets
        .iter()
        .map(|seen| (seen.time, seen.wire_len, seen.data.as_slice()))
        .collect();
    assert_eq!(
        told,
        [
            (42_000, 5, &b"timed"[..]),
            (42_000, 60, b"simple"),
            (50_000, 3, b"old"),
        ]
    );
    assert_eq!(
        shortfalls,
        [(Shortfall::DroppedByCapture, 3), (Shortfall::PacketsCut, 1),]
    );
}

#[test]
fn pcapdroid_names_the_owner_of_a_packet() {
    let owner = |uid, package: Option<&str>| {
        Some(Owner {
            uid: Some(uid),
            package: package.map(Into::into),
            label: package.map(|_| "Chat".into()),
            process: None,
        })
    };
    let comment = |text: &str| vec![(option::COMMENT, text.as_bytes().to_vec())];
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut file = Forge::new(order);
        file.interface(101, 0, &[]);
        file.uid_map(10_123, "org.example.chat", "Chat");
        file.packet(0, 1, b"a", &comment("u-10123"));
        file.packet(0, 2, b"b", &comment("u-10200"));
        file.packet(0, 3, b"c", &comment("u--1"));
        file.packet(0, 4, b"d", &comment("u-10123 said an analyst"));
        let flags = file.u32(0b10).to_vec();
        file.packet(0, 5, b"e", &[(option::PACKET_FLAGS, flags)]);
        let (packets, _) = read(&file.bytes);
        let owners: Vec<_> = packets.iter().map(|seen| seen.owner.clone()).collect();
        assert_eq!(
            owners,
            [
                owner(10_123, Some("org.example.chat")),
                owner(10_200, None),
                None,
                None,
                None
            ]
        );
        // Wireshark numbers custom blocks like packets, and so do we.
        assert_eq!(packets[0].frame, 2);
        assert_eq!(packets[4].direction, Some(CaptureDirection::Outbound));
    }
}

#[test]
fn processes_of_macos_captures_are_owners() {
    let mut file = Forge::new(ByteOrder::Little);
    file.interface(149, 0, &[]);
    for name in ["daemon", "Chat"] {
        let pid = file.u32(77);
        let name = vec![(option::DARWIN_PROCESS_NAME, name.as_bytes().to_vec())];
        file.block(block_type::DARWIN_PROCESS, &pid, &name);
    }
    let index = |file: &Forge, index| file.u32(index).to_vec();
    let own = vec![(option::DARWIN_PROCESS, index(&file, 0))];
    let both = vec![
        (option::DARWIN_PROCESS, index(&file, 0)),
        (option::DARWIN_EFFECTIVE_PROCESS, index(&file, 1)),
    ];
    file.packet(0, 1, b"a", &own);
    file.packet(0, 2, b"b", &both);
    let (packets, _) = read(&file.bytes);
    let names: Vec<_> = packets
        .iter()
        .map(|seen| seen.owner.clone().unwrap().process.unwrap().to_string())
        .collect();
    assert_eq!(names, ["daemon", "Chat"]);
}

#[test]
fn statistics_tell_how_many_packets_were_dropped() {
    let mut file = Forge::new(ByteOrder::Little);
    file.interface(1, 0, &[]);
    for dropped in [3, 12] {
        let body = [&file.u32(0)[..], &[0; 8]].concat();
        let options = [(
            option::STATISTICS_INTERFACE_DROPS,
            file.u64(dropped).to_vec(),
        )];
        file.block(block_type::INTERFACE_STATISTICS, &body, &options);
    }
    assert_eq!(read(&file.bytes).1, [(Shortfall::DroppedByCapture, 12)]);
}

#[test]
fn blocks_that_contradict_themselves_cost_no_other_packet() {
    let mut file = Forge::new(ByteOrder::Little);
    file.packet(0, 1, b"before any interface", &[]);
    file.interface(1, 0, &[]);
    let mut lying = Vec::new();
    for number in [0, 0, 0, 1_000_000, 1_000_000] {
        lying.extend(file.u32(number));
    }
    file.block(block_type::ENHANCED_PACKET, &lying, &[]);
    file.block(0x7777, b"unknown", &[]);
    file.packet(0, 1, b"good", &[]);
    let (packets, shortfalls) = read(&file.bytes);
    assert_eq!((packets.len(), packets[0].frame), (1, 3));
    assert_eq!(
        shortfalls,
        [(Shortfall::Damaged, 1), (Shortfall::Damaged, 1)]
    );
}

#[test]
fn a_block_beyond_the_bound_is_stepped_over() {
    let mut file = Forge::new(ByteOrder::Little);
    file.interface(1, 0, &[]);
    file.packet(0, 1, &vec![7; BLOCK_BYTES], &[]);
    file.block(0x7777, &vec![7; BLOCK_BYTES], &[]);
    file.packet(0, 1, b"good", &[]);
    let (packets, shortfalls) = read(&file.bytes);
    assert_eq!((packets.len(), packets[0].frame), (1, 2));
    assert_eq!(shortfalls, [(Shortfall::InputLimit, 1)]);
}

#[test]
fn damaged_lengths_end_the_file_with_what_came_before() {
    let mut file = Forge::new(ByteOrder::Little);
    file.interface(1, 0, &[]);
    file.packet(0, 1, b"good", &[]);
    for length in [0_u32, 11, 13, u32::MAX] {
        let mut bytes = file.bytes.clone();
        bytes.extend([&6_u32.to_le_bytes()[..], &length.to_le_bytes(), &[0; 40]].concat());
        assert_eq!(read(&bytes).0.len(), 1);
        assert_eq!(read(&bytes).1.len(), 1, "{length}");
    }
}

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let packet = (
        0_u32..3,
        any::<u64>(),
        prop::collection::vec(any::<u8>(), 0..40),
        any::<bool>(),
    );
    (any::<bool>(), prop::collection::vec(packet, 0..8)).prop_map(|(is_big, packets)| {
        let order = if is_big {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        };
        let mut file = Forge::new(order);
        file.interface(1, 0, &[]);
        file.interface(101, 64, &[(option::TIME_RESOLUTION, vec![9])]);
        for (kind, ticks, data, has_comment) in packets {
            let comment = vec![(option::COMMENT, b"u-10123".to_vec())];
            let options = if has_comment { comment } else { Vec::new() };
            match kind {
                0 | 1 => file.packet(kind, ticks, &data, &options),
                _ => file.uid_map(10_123, "org.example.chat", "Chat"),
            }
        }
        file.bytes
    })
}

proptest! {
    #[test]
    fn a_cut_file_yields_exactly_the_packets_before_the_cut(bytes in any_file(), at in 0.0..1.0_f64) {
        let at = (bytes.len() as f64 * at) as usize;
        let whole = packet_data(&bytes);
        let (cut, shortfalls) = read(&bytes[..at]);
        prop_assert!(cut.len() <= whole.len());
        prop_assert!(cut.iter().map(|seen| &seen.data).eq(whole.iter().take(cut.len())));
        // Where a block ends at the cut, nothing tells that there was more.
        let mut ends = vec![0];
        let order = if bytes[8] == 0x1a { ByteOrder::Big } else { ByteOrder::Little };
        while let Some(length) = order.u32_at(&bytes, ends[ends.len() - 1] + 4) {
            ends.push(ends[ends.len() - 1] + length as usize);
        }
        prop_assert_eq!(shortfalls.is_empty(), ends.contains(&at));
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>, file in any_file(), at: prop::sample::Index, value: u8) {
        let _ = read(&bytes);
        let mut damaged = file;
        let at = at.index(damaged.len());
        damaged[at] = value;
        let _ = read(&damaged);
        let mut gathering = gather::Gathering::default();
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for kind in [block_type::NAME_RESOLUTION, block_type::DECRYPTION_SECRETS, block_type::CUSTOM[0]] {
                gathering.block(kind, &bytes, order);
            }
        }
    }
}

#[test]
fn phase_1_takes_names_secrets_and_owners() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let file = Forge::new(order);
        let mut gathering = gather::Gathering::default();
        let address = [192, 0, 2, 7];
        let record = [&address[..], b"api.example\0alias.example\0"].concat();
        let v6 = [&[0x20, 1, 0xd, 0xb8][..], &[0; 12], b"six.example\0"].concat();
        let mut names = Vec::new();
        for (kind, record) in [(1, &record), (2, &v6), (9, &record)] {
            names.extend(file.u16(kind));
            names.extend(file.u16(record.len() as u16));
            names.extend(padded(record));
        }
        names.extend([0; 4]);
        gathering.block(block_type::NAME_RESOLUTION, &names, order);
        let secrets = [&file.u32(0x544c_534b)[..], &file.u32(5), b"lines\0\0\0"].concat();
        gathering.block(block_type::DECRYPTION_SECRETS, &secrets, order);
        let other = [&file.u32(0x5747_4b4c)[..], &file.u32(5), b"lines\0\0\0"].concat();
        gathering.block(block_type::DECRYPTION_SECRETS, &other, order);
        let dossier = gathering.dossier;
        let names: Vec<_> = dossier
            .names
            .iter()
            .map(|(address, name)| (address.to_string(), name.to_string()))
            .collect();
        let expected = [("192.0.2.7", "api.example"), ("2001:db8::", "six.example")];
        assert_eq!(
            names,
            expected.map(|(address, name)| (address.to_owned(), name.to_owned()))
        );
        assert_eq!(dossier.key_logs, [b"lines"]);
    }
}

#[test]
fn times_before_the_epoch_and_at_the_ends_do_not_panic() {
    let interface = Interface {
        link: LinkType::RAW,
        snap_len: 0,
        resolution: Resolution::of(0),
        offset: i64::MIN,
        dropped_by_packets: 0,
        dropped_by_statistics: 0,
    };
    assert_eq!(interface.time(0, 0), Timestamp(i64::MIN));
}

#[test]
fn keys_in_a_pipe_are_said_to_be_missed() {
    let mut file = Forge::new(ByteOrder::Little);
    let secrets = [&file.u32(0x544c_534b)[..], &file.u32(4), b"line"].concat();
    file.block(block_type::DECRYPTION_SECRETS, &secrets, &[]);
    let missed = |gathered| {
        let mut source = Pcapng::new(Box::new(Cursor::new(file.bytes.clone())), InputId(0));
        source.gathered = gathered;
        source.next_item().unwrap().is_some()
    };
    assert!(missed(0) && !missed(u64::MAX));
}
