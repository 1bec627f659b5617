//! Capture files around frames: pcap, pcapng, and both as `PCAPdroid` writes them.
//!
//! ```ignore
//! let file = Pcap::new(LinkType::ETHERNET).write(&[Record::at(1_760_000_000_000_000_000, packet::ethernet(&ip))]);
//!
//! let mut file = Pcapng::new();
//! let interface = file.interface(LinkType::RAW, None);
//! file.uid_map(10_123, "org.example.app", "App");
//! file.packet(interface, &record, &[comment("u-10123")]);
//! let bytes = file.bytes;
//! ```

use phonehome::model::LinkType;

use super::packet;

/// A captured frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    /// Length on the wire.
    pub(crate) wire_length: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Record {
    /// A frame that was captured whole.
    pub(crate) fn at(time: u64, bytes: Vec<u8>) -> Self {
        Self {
            time,
            wire_length: u32::try_from(bytes.len()).unwrap(),
            bytes,
        }
    }

    /// The same frame, captured with a snap length.
    pub(crate) fn cut(mut self, captured: usize) -> Self {
        self.bytes.truncate(captured);
        self
    }
}

/// Variants of the classic format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pcap {
    pub(crate) link: LinkType,
    pub(crate) is_big_endian: bool,
    pub(crate) has_nanoseconds: bool,
    /// The `modified` variant (magic `A1B2CD34`): eight more bytes per record header.
    pub(crate) is_modified: bool,
}

impl Pcap {
    /// Little-endian, microseconds.
    pub(crate) fn new(link: LinkType) -> Self {
        Self {
            link,
            is_big_endian: false,
            has_nanoseconds: false,
            is_modified: false,
        }
    }

    pub(crate) fn write(self, records: &[Record]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let magic = match (self.is_modified, self.has_nanoseconds) {
            (true, _) => 0xa1b2_cd34,
            (false, true) => 0xa1b2_3c4d,
            (false, false) => 0xa1b2_c3d4,
        };
        bytes.extend(self.u32(magic));
        bytes.extend(self.u16(2));
        bytes.extend(self.u16(4));
        for number in [0, 0, 262_144, u32::from(self.link.0)] {
            bytes.extend(self.u32(number));
        }
        for record in records {
            let fraction =
                record.time % 1_000_000_000 / if self.has_nanoseconds { 1 } else { 1000 };
            bytes.extend(self.u32(u32::try_from(record.time / 1_000_000_000).unwrap()));
            bytes.extend(self.u32(u32::try_from(fraction).unwrap()));
            bytes.extend(self.u32(u32::try_from(record.bytes.len()).unwrap()));
            bytes.extend(self.u32(record.wire_length));
            if self.is_modified {
                bytes.extend([0; 8]);
            }
            bytes.extend(&record.bytes);
        }
        bytes
    }

    fn u32(self, number: u32) -> [u8; 4] {
        if self.is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }

    fn u16(self, number: u16) -> [u8; 2] {
        if self.is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    }
}

/// Whose packet it is, as the trailer of `PCAPdroid` says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrailerOwner<'a> {
    /// Android uid; -1 if unknown.
    pub(crate) uid: i32,
    /// Label of the app; cut at 20 bytes.
    pub(crate) label: &'a str,
}

/// An IP packet as `PCAPdroid` dumps it with extensions (link type Ethernet): empty addresses, padding, and a trailer of 32 bytes that
/// names uid and label.
pub(crate) fn pcapdroid_frame(ip: &[u8], owner: TrailerOwner<'_>) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend(packet::ether_type(ip));
    frame.extend(ip);
    while !frame.len().is_multiple_of(4) {
        frame.push(0);
    }
    frame.extend([0x01, 0x07, 0x20, 0x21]);
    frame.extend(owner.uid.to_be_bytes());
    let mut label = [0; 20];
    for (place, byte) in label.iter_mut().zip(owner.label.bytes()) {
        *place = byte;
    }
    frame.extend(label);
    let sum = crc32(&frame);
    frame.extend(sum.to_le_bytes());
    frame
}

/// CRC-32 as Ethernet and ZIP use it.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

/// A pcapng file in the making, little-endian.
#[derive(Clone, Debug)]
pub(crate) struct Pcapng {
    pub(crate) bytes: Vec<u8>,
    interfaces: u32,
    /// Time units per second by interface.
    resolutions: Vec<u64>,
}

/// Number and value of an option.
pub(crate) type BlockOption = (u16, Vec<u8>);

/// `opt_comment`.
pub(crate) fn comment(text: &str) -> BlockOption {
    (1, text.as_bytes().to_vec())
}

impl Pcapng {
    /// Begins with a section header.
    pub(crate) fn new() -> Self {
        let mut file = Self {
            bytes: Vec::new(),
            interfaces: 0,
            resolutions: Vec::new(),
        };
        file.section(&[]);
        file
    }

    /// Begins with a section header that has options (2 hardware, 3 operating system, 4 application).
    pub(crate) fn with_options(options: &[BlockOption]) -> Self {
        let mut file = Self::new();
        file.bytes.clear();
        file.section(options);
        file
    }

    /// A new section: interfaces count from 0 again.
    pub(crate) fn section(&mut self, options: &[BlockOption]) {
        self.interfaces = 0;
        self.resolutions.clear();
        let mut body = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
        body.extend([1, 0, 0, 0]);
        body.extend([0xff; 8]);
        body.extend(encode(options));
        self.block(0x0a0d_0d0a, &body);
    }

    /// An interface; `resolution` is the exponent of `if_tsresol` (9: nanoseconds), microseconds if there is none.
    pub(crate) fn interface(&mut self, link: LinkType, resolution: Option<u8>) -> u32 {
        let mut body = link.0.to_le_bytes().to_vec();
        body.extend([0, 0]);
        body.extend(0_u32.to_le_bytes());
        if let Some(exponent) = resolution {
            body.extend(encode(&[(9, vec![exponent])]));
        }
        self.block(1, &body);
        self.resolutions
            .push(10_u64.pow(u32::from(resolution.unwrap_or(6))));
        self.interfaces += 1;
        self.interfaces - 1
    }

    /// An enhanced packet block.
    pub(crate) fn packet(&mut self, interface: u32, record: &Record, options: &[BlockOption]) {
        let resolution = self.resolutions[usize::try_from(interface).unwrap()];
        let units = u64::try_from(u128::from(record.time) * u128::from(resolution) / 1_000_000_000)
            .unwrap();
        let mut body = interface.to_le_bytes().to_vec();
        body.extend(u32::try_from(units >> 32).unwrap().to_le_bytes());
        body.extend(u32::try_from(units & 0xffff_ffff).unwrap().to_le_bytes());
        body.extend(u32::try_from(record.bytes.len()).unwrap().to_le_bytes());
        body.extend(record.wire_length.to_le_bytes());
        body.extend(padded(&record.bytes));
        body.extend(encode(options));
        self.block(6, &body);
    }

    /// A simple packet block: no time, interface 0.
    pub(crate) fn simple_packet(&mut self, bytes: &[u8]) {
        let mut body = u32::try_from(bytes.len()).unwrap().to_le_bytes().to_vec();
        body.extend(padded(bytes));
        self.block(3, &body);
    }

    /// Names of addresses.
    pub(crate) fn names(&mut self, names: &[(std::net::Ipv4Addr, &str)]) {
        let mut body = Vec::new();
        for (address, name) in names {
            let mut record = address.octets().to_vec();
            record.extend(name.as_bytes());
            record.push(0);
            body.extend(1_u16.to_le_bytes());
            body.extend(u16::try_from(record.len()).unwrap().to_le_bytes());
            body.extend(padded(&record));
        }
        body.extend([0; 4]);
        self.block(4, &body);
    }

    /// A TLS key log.
    pub(crate) fn secrets(&mut self, key_log: &str) {
        let mut body = 0x544c_534b_u32.to_le_bytes().to_vec();
        body.extend(u32::try_from(key_log.len()).unwrap().to_le_bytes());
        body.extend(padded(key_log.as_bytes()));
        self.block(10, &body);
    }

    /// The custom block by which `PCAPdroid` names a uid's package and label.
    pub(crate) fn uid_map(&mut self, uid: i32, package: &str, label: &str) {
        let mut body = 62_652_u32.to_le_bytes().to_vec();
        body.extend([1, 0, 1, 0]);
        body.extend(uid.to_le_bytes());
        body.push(u8::try_from(package.len()).unwrap());
        body.push(u8::try_from(label.len()).unwrap());
        body.extend(package.as_bytes());
        body.extend(label.as_bytes());
        let body = padded(&body);
        self.block(0x0bad, &body);
    }

    /// Any block; `body` is padded.
    pub(crate) fn block(&mut self, kind: u32, body: &[u8]) {
        let body = padded(body);
        let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend(length);
        self.bytes.extend(body);
        self.bytes.extend(length);
    }
}

fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while !bytes.len().is_multiple_of(4) {
        bytes.push(0);
    }
    bytes
}

fn encode(options: &[BlockOption]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if options.is_empty() {
        return bytes;
    }
    for (number, value) in options {
        bytes.extend(number.to_le_bytes());
        bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend(padded(value));
    }
    bytes.extend([0; 4]);
    bytes
}
