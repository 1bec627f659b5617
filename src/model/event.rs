//! What can be seen: on the wire, or in a log of the device.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::{Attributed, DeviceId, FlowKey, Origin, Owner, ServerName, Timestamp};

/// One thing seen, before it is known whose it is.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Where and when; for a message that spans packets, the packet that completed it.
    pub origin: Origin,
    /// The flow it was seen in; `None` for device logs.
    pub flow: Option<FlowKey>,
    /// The name of the flow's server, if known.
    pub server: Option<ServerName>,
    /// What the source says about the socket's owner.
    pub owner: Owner,
    /// What was seen.
    pub event: Event,
}

/// One thing seen on one phone, with the app it belongs to.
#[derive(Clone, Debug)]
pub struct Observation {
    /// What was seen.
    pub sighting: Sighting,
    /// The phone.
    pub device: DeviceId,
    /// Whose it is.
    pub app: Attributed,
}

/// The kinds of things that can be seen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A name was looked up.
    Lookup(Lookup),
    /// A TLS or QUIC connection was opened.
    Handshake(Handshake),
    /// An HTTP request, with its response if seen.
    Exchange(Exchange),
    /// A message of another protocol, laid out as named fields.
    Message(Message),
    /// A flow ended: what went over it in total.
    Traffic(Traffic),
    /// The operating system says that an app read protected data or contacted a host.
    Access(Access),
}

/// A DNS query and, if seen, its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// The name asked for, lower case, without trailing dot.
    pub name: String,
    /// Record type (1 A, 28 AAAA, 65 HTTPS …).
    pub record_type: u16,
    /// Answers; empty for a query.
    pub answers: Vec<Answer>,
    /// Whether this is a response.
    pub is_response: bool,
    /// Multicast DNS or LLMNR: asked on the local network, not sent to a resolver.
    pub is_local: bool,
}

/// One answer of a DNS response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An address, for the name that owns the record.
    Address(IpAddr),
    /// CNAME, PTR or SVCB/HTTPS target.
    Name(String),
}

/// A TLS or QUIC handshake, as far as it is readable: the client's hello, and the server's answer when it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Seen in QUIC rather than on TCP; the version number of the long header (0 on TCP).
    pub quic_version: u32,
    /// Server name indication, lower case (RFC 6066 §3).
    pub sni: Option<String>,
    /// Protocols offered (RFC 7301).
    pub alpn_offered: Vec<String>,
    /// Protocol chosen, where readable.
    pub alpn_chosen: Option<String>,
    /// Version chosen if the server's hello was seen, else the highest offered (0x0303 TLS 1.2, 0x0304 TLS 1.3).
    pub version: u16,
    /// Cipher suite chosen.
    pub cipher_suite: Option<u16>,
    /// Encrypted client hello offered (`draft-ietf-tls-esni`): the SNI may be a cover name.
    pub ech_offered: bool,
    /// JA4 fingerprint of the client hello.
    pub ja4: Option<String>,
    /// DNS names of the server's certificate, up to TLS 1.2.
    pub certificate_names: Vec<String>,
    /// Common name of the issuer of the server's certificate.
    pub certificate_issuer: Option<String>,
}

/// One header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Name as sent.
    pub name: String,
    /// Value; bytes that are not UTF-8 are read as Latin-1.
    pub value: String,
}

/// A message body as sent, content encoding still on, transfer encoding removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes kept, at most `limits::BODY_BYTES`.
    pub bytes: Vec<u8>,
    /// Bytes that were on the wire.
    pub wire_len: u64,
    /// Whether bytes are missing at the end (limit, capture loss, capture end).
    pub is_cut: bool,
}

impl Body {
    /// Adds bytes that came and keeps what there is `room` for, as long as nothing is missing before them; returns how many bytes
    /// were the first to be left out.
    pub fn add(&mut self, bytes: &[u8], room: usize) -> u64 {
        let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.wire_len = self.wire_len.saturating_add(length(bytes));
        if self.is_cut {
            return 0;
        }
        let (kept, left_out) = bytes.split_at(room.min(bytes.len()));
        self.bytes.extend_from_slice(kept);
        self.is_cut = !left_out.is_empty();
        length(left_out)
    }

    /// Counts bytes that were not captured.
    pub fn lose(&mut self, lost: u64) {
        self.wire_len = self.wire_len.saturating_add(lost);
        self.is_cut = true;
    }
}

/// An HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Target as sent: origin form, absolute form or authority form (RFC 9112 §3.2).
    pub target: String,
    /// Host: of the absolute target, else the Host header or `:authority`; lower case, without port.
    pub host: Option<String>,
    /// Headers in order.
    pub headers: Vec<Header>,
    /// Body.
    pub body: Body,
}

impl Request {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The path without query, also of an absolute target.
    pub fn path(&self) -> &str {
        let target = self.origin_target();
        target
            .split_once(['?', '#'])
            .map_or(target, |(path, _)| path)
    }

    /// The query string, if there is one.
    pub fn query(&self) -> Option<&str> {
        let (_, query) = self.origin_target().split_once('?')?;
        Some(query.split_once('#').map_or(query, |(query, _)| query))
    }

    /// The target from its path on.
    fn origin_target(&self) -> &str {
        let Some((_, rest)) = self.target.split_once("://") else {
            return &self.target;
        };
        if self.target.starts_with('/') {
            return &self.target;
        }
        rest.find('/')
            .and_then(|start| rest.get(start..))
            .unwrap_or("/")
    }
}

/// An HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Status code; 0 if none came.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<Header>,
    /// Body.
    pub body: Body,
}

impl Response {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

fn header<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_str())
}

/// An HTTP request with its response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// What the phone sent.
    pub request: Request,
    /// What came back, if seen.
    pub response: Option<Response>,
    /// Whether the exchange was protected on the wire and is readable only because it was decrypted with keys or recorded inside.
    pub is_protected: bool,
}

/// A message of a protocol other than HTTP, laid out as named fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Protocol: `sip`, `imap`, `mqtt`, `xmpp`, `dhcp`, `whatsapp` …; or the id of a wire signature.
    pub protocol: &'static str,
    /// What it is in that protocol: `REGISTER`, `LOGIN`, `CONNECT`, `prologue` ….
    pub kind: String,
    /// Path of the request that opened its connection, without query; empty where none did, as before most protocols.
    pub path: Arc<str>,
    /// Readable parts, name and value; names are lower case.
    pub fields: Vec<(String, String)>,
    /// Contents that are bytes, decoded like a request's body by the fields `content-type` and `content-encoding`.
    pub body: Body,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Whether it was protected on the wire.
    pub is_protected: bool,
}

ids! {
    /// In which state the contents of a flow were: each flow ends in exactly one.
    ContentState {
        /// Readable as sent.
        Clear = "clear",
        /// Decrypted with keys.
        Decrypted = "decrypted",
        /// Recorded inside the encryption, by a proxy or browser that sees what goes in: HAR, flow dumps.
        RecordedInside = "recorded-inside",
        /// Decrypted in part.
        PartlyDecrypted = "partly-decrypted",
        /// Encrypted by a known protocol, and no key was at hand.
        NoKey = "encrypted-no-key",
        /// Encrypted by a protocol of the app's own.
        OwnProtocol = "encrypted-own-protocol",
        /// Keys are there but the cipher is not supported.
        UnsupportedCipher = "unsupported-cipher",
        /// Damaged, or too much is missing.
        Damaged = "damaged",
        /// Not looked into: unknown protocol, or no payload.
        NotExamined = "not-examined",
    }
}

impl ContentState {
    /// Whether all of it could be read.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Clear | Self::Decrypted | Self::RecordedInside)
    }

    /// Whether nothing of it could be read, because it was encrypted.
    pub fn is_closed(self) -> bool {
        matches!(
            self,
            Self::NoKey | Self::OwnProtocol | Self::UnsupportedCipher
        )
    }
}

/// What went over one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Packets from the client, as captured.
    pub client_packets: u64,
    /// Packets from the server.
    pub server_packets: u64,
    /// Transport payload bytes from the client; of TCP each once, of UDP as captured.
    pub client_bytes: u64,
    /// Transport payload bytes from the server.
    pub server_bytes: u64,
    /// First packet.
    pub first: Origin,
    /// Last packet.
    pub last: Origin,
    /// Protocol recognised, as in `protocol::PROTOCOLS`; empty if none.
    pub protocol: &'static str,
    /// How readable it was.
    pub content: ContentState,
    /// Parts of it are known to be missing in the capture.
    pub has_gap: bool,
}

impl Traffic {
    /// None yet, of a protocol that is not known, from that moment on.
    pub fn none(origin: Origin) -> Self {
        Self {
            client_packets: 0,
            server_packets: 0,
            client_bytes: 0,
            server_bytes: 0,
            first: origin,
            last: origin,
            protocol: "",
            content: ContentState::NotExamined,
            has_gap: false,
        }
    }
}

/// What the operating system logged about an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what a log says, each for itself"
)]
pub struct Access {
    /// `contacts`, `location`, `camera` …: what was read; `network` for a contacted host.
    pub resource: String,
    /// The host, for `network`.
    pub host: Option<Arc<str>>,
    /// Where the connection went, for `network`, if the log says.
    pub address: Option<SocketAddr>,
    /// The log calls the host a tracker's.
    pub is_tracker: bool,
    /// The log says that what is shown in the app (a website, for example) caused the contact, not the app itself.
    pub is_of_content: bool,
    /// The website in the app that caused it, where the log says.
    pub context: Option<Arc<str>>,
    /// Whose the host is, where the log says.
    pub host_owner: Option<Arc<str>>,
    /// How often, where the log counts.
    pub count: u64,
    /// Begin of the time in which that was counted, where the log says; its end is the time of the record.
    pub since: Option<Timestamp>,
    /// Whether the app was in the background, where the log says.
    pub in_background: Option<bool>,
    /// The Android user for whom it ran, where the log says: 0 is the owner, others are profiles such as the work profile.
    pub user: Option<u32>,
    /// The part of the app that did it, as the app names it (attribution tag, Android 11 and later).
    pub tag: Option<Arc<str>>,
    /// The system refused: nothing was read.
    pub is_refused: bool,
    /// The time of the record is what the phone's clock showed, in a zone that is not known.
    pub has_local_time: bool,
}

impl Access {
    /// When what it sums up began, if that was before the time of its record.
    pub fn began(&self, record: Timestamp) -> Option<Timestamp> {
        self.since.filter(|since| *since < record)
    }
}
