//! SIP (RFC 3261) over UDP and TCP: every header, and of addresses and access networks their parts.

use memchr::memmem;

use super::mail::headers;
use super::message::{Draft, text};
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

const NAME: &str = "sip";

/// SIP over UDP, one message or more a datagram.
pub(super) const DATAGRAM: Protocol = Protocol {
    name: NAME,
    probe: |probe| {
        let is_sip = probe.transport == Transport::Udp
            && [probe.client, probe.server]
                .iter()
                .any(|bytes| first_line(bytes) == Verdict::Yes);
        if is_sip { Verdict::Yes } else { Verdict::No }
    },
    start: |_| {
        Box::new(Sip {
            is_datagram: true,
            ..Sip::default()
        })
    },
    content: ContentState::Clear,
};

/// SIP over TCP.
pub(super) const STREAM: Protocol = Protocol {
    name: NAME,
    probe: probe_stream,
    start: |_| Box::new(Sip::default()),
    content: ContentState::Clear,
};

fn probe_stream(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    match (first_line(probe.client), first_line(probe.server)) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::More, _) | (_, Verdict::More) => Verdict::More,
        _ => Verdict::No,
    }
}

/// `INVITE sip:a@b.example SIP/2.0` or `SIP/2.0 200 OK`, possibly behind keep-alive line ends (RFC 5626 §3.5.1).
fn first_line(bytes: &[u8]) -> Verdict {
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        return if bytes.is_empty() {
            Verdict::No
        } else {
            Verdict::More
        };
    }
    if let Some(end) = memchr::memchr(b'\n', start) {
        let line = start.get(..end).unwrap_or_default().trim_ascii_end();
        let is_sip = line.starts_with(b"SIP/2.0 ") || line.ends_with(b" SIP/2.0");
        return if is_sip { Verdict::Yes } else { Verdict::No };
    }
    let is_method = start
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let is_target = start
        .get(is_method..)
        .and_then(|rest| rest.strip_prefix(b" "))
        .is_some_and(|target| {
            let schemes = [&b"sip:"[..], b"sips:", b"tel:", b"urn:"];
            schemes
                .iter()
                .any(|scheme| target.starts_with(scheme) || scheme.starts_with(target))
        });
    let is_plausible = b"SIP/2.0 ".starts_with(start)
        || start.starts_with(b"SIP/2.0 ")
        || (is_method > 0 && (is_method == start.len() || is_target));
    if is_plausible && start.len() < limits::PROTOCOL_LINE_BYTES {
        Verdict::More
    } else {
        Verdict::No
    }
}

#[derive(Default)]
struct Sip {
    is_datagram: bool,
    client: Half,
    server: Half,
    origin: Origin,
}

/// Bytes of one side of a stream that wait for the end of their message.
#[derive(Default)]
struct Half {
    bytes: Vec<u8>,
    /// So many must wait before it is worth another look.
    wanted: usize,
}

impl Sip {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Dissector for Sip {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_datagram {
            let mut rest = chunk.bytes;
            while let Ok(taken) = message(rest, true, chunk.side, chunk.origin, emit) {
                rest = rest.get(taken..).unwrap_or_default();
            }
            return;
        }
        self.origin = chunk.origin;
        let half = self.half(chunk.side);
        half.bytes.extend_from_slice(chunk.bytes);
        if half.bytes.len() < half.wanted {
            return;
        }
        let mut at = 0_usize;
        half.wanted = loop {
            let rest = half.bytes.get(at..).unwrap_or_default();
            match message(rest, false, chunk.side, chunk.origin, emit) {
                Ok(taken) => at = at.saturating_add(taken),
                Err(wanted) => break wanted,
            }
        };
        half.bytes.drain(..at.min(half.bytes.len()));
        let is_head = half.wanted <= half.bytes.len().saturating_add(1);
        if is_head && half.bytes.len() > limits::HEAD_BYTES {
            let lost = u64::try_from(half.bytes.len()).unwrap_or(u64::MAX);
            *half = Half::default();
            emit(Output::Shortfall(
                Shortfall::MessageLimit,
                lost,
                "the head of a SIP message is longer than the bound",
            ));
        }
    }

    fn gap(&mut self, side: Side, _lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {
        *self.half(side) = Half::default();
    }

    /// A message whose body is not there to its end still has its head.
    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let origin = self.origin;
        for side in [Side::Client, Side::Server] {
            let bytes = std::mem::take(&mut self.half(side).bytes);
            let bytes = bytes.trim_ascii_start();
            if memmem::find(bytes, b"\r\n\r\n").is_some() {
                let _ = message(bytes, true, side, origin, emit);
            }
        }
    }
}

/// Reads the message at the beginning of the bytes and hands it out; the length of it, or of what was passed over to reach the
/// next. `Err`: so many bytes are needed before it can be read.
fn message(
    bytes: &[u8],
    is_datagram: bool,
    side: Side,
    origin: Origin,
    emit: &mut dyn FnMut(Output<'_>),
) -> Result<usize, usize> {
    let more = bytes.len().saturating_add(1);
    let space = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || **byte == 0)
        .count();
    let start = bytes.get(space..).unwrap_or_default();
    if start.is_empty() {
        return if space > 0 { Ok(space) } else { Err(more) };
    }
    if first_line(start) == Verdict::No {
        // the middle of a message that a gap has cut: on to the next line
        let line = memchr::memchr(b'\n', start).ok_or(more)?;
        return Ok(space.saturating_add(line).saturating_add(1));
    }
    let head_end = match memmem::find(start, b"\r\n\r\n") {
        Some(end) => end,
        // a datagram cut by the capture
        None if is_datagram => start.len(),
        None => return Err(more),
    };
    let (head, behind) = start.split_at_checked(head_end).unwrap_or((start, &[]));
    let behind = behind.get(4..).unwrap_or_default();
    let head = text(head);
    let (first, rest) = head.split_once('\n').unwrap_or((&head, ""));
    let headers = headers(rest);
    let announced = headers
        .iter()
        .find(|(name, _)| matches!(name.as_str(), "content-length" | "l"))
        .and_then(|(_, value)| value.parse::<usize>().ok());
    let length = match announced {
        Some(length) if is_datagram => length.min(behind.len()),
        Some(length) if length > limits::SIP_BODY_BYTES => 0,
        Some(length) => length,
        None if is_datagram => behind.len(),
        None => 0,
    };
    let body_start = bytes.len().saturating_sub(behind.len());
    let end = body_start.saturating_add(length);
    let Some(body) = behind.get(..length) else {
        return Err(end);
    };
    describe(first.trim_end(), &headers, body, side).emit(origin, emit);
    Ok(end)
}

fn describe(first: &str, headers: &[(String, String)], body: &[u8], side: Side) -> Draft {
    let mut words = first.splitn(3, ' ');
    let (one, two, three) = (words.next(), words.next(), words.next());
    let mut draft = if one == Some("SIP/2.0") {
        Draft::new(NAME, two.unwrap_or_default(), side).with("reason", three.unwrap_or_default())
    } else {
        Draft::new(NAME, one.unwrap_or_default(), side).with("request-uri", two.unwrap_or_default())
    };
    for (name, value) in headers {
        let name = full_name(name);
        draft.add(name, value);
        parts(name, value, &mut draft);
    }
    if !body.is_empty() {
        draft.add("body", &text(body));
    }
    draft
}

/// The URI of an address and the parameters that tell who and where.
fn parts(name: &str, value: &str, draft: &mut Draft) {
    match name {
        "from"
        | "to"
        | "contact"
        | "p-asserted-identity"
        | "p-preferred-identity"
        | "p-associated-uri"
        | "p-called-party-id"
        | "referred-by"
        | "diversion" => {
            let uri = value
                .split_once('<')
                .and_then(|(_, rest)| rest.split_once('>'))
                .map_or_else(|| value.split(';').next(), |(uri, _)| Some(uri));
            if let Some(uri) = uri.map(str::trim).filter(|uri| *uri != value) {
                draft.add(&format!("{name}.uri"), uri);
            }
            // RFC 5626 §4.1, GSMA: the device's IMEI or UUID
            if let Some(instance) = parameter(value, "+sip.instance") {
                draft.add(
                    &format!("{name}.+sip.instance"),
                    instance.trim_matches(['<', '>']),
                );
            }
        }
        // RFC 7315 §4.4, 3GPP TS 24.229 §7.2A.4: the cell
        "p-access-network-info" | "cellular-network-info" | "p-visited-network-id" => {
            for access in value.split(',') {
                for field in [
                    "cgi-3gpp",
                    "utran-cell-id-3gpp",
                    "utran-sai-3gpp",
                    "i-wlan-node-id",
                    "ci-3gpp2",
                    "dvb-rcs2-node-id",
                    "local-time-zone",
                ] {
                    if let Some(cell) = parameter(access, field) {
                        draft.add(&format!("{name}.{field}"), cell);
                    }
                }
            }
        }
        _ => {}
    }
}

/// The value of `;name=value` or `;name="value"`.
fn parameter<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

/// The long form of a compact header name (RFC 3261 §7.3.3 and the registry).
fn full_name(name: &str) -> &str {
    match name {
        "a" => "accept-contact",
        "b" => "referred-by",
        "c" => "content-type",
        "e" => "content-encoding",
        "f" => "from",
        "i" => "call-id",
        "k" => "supported",
        "l" => "content-length",
        "m" => "contact",
        "o" => "event",
        "r" => "refer-to",
        "s" => "subject",
        "t" => "to",
        "u" => "allow-events",
        "v" => "via",
        other => other,
    }
}
