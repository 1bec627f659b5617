//! XMPP (RFC 6120, 6121) as far as it is in clear: the stream, login, and stanzas; TLS takes over after STARTTLS. Also in the
//! framing of `WebSockets` (RFC 7395), where each frame is an element of its own, and over HTTP.

mod bosh;
mod element;
mod encryption;
mod splitter;
#[cfg(test)]
mod tests;

pub(super) use self::bosh::stanzas;
use self::element::Element;
use self::encryption::{Encryption, Tally};
use self::splitter::{Piece, Splitter};
use super::message::{Draft, text};
use super::sasl::Authentication;
use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

const NAME: &str = "xmpp";

/// Namespace of streams in `WebSockets` (RFC 7395 §3.3).
const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";

/// XMPP on a stream.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Xmpp::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    match (opening(probe.client), opening(probe.server)) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::More, _) | (_, Verdict::More) => Verdict::More,
        _ => Verdict::No,
    }
}

/// `<stream:stream … 'http://etherx.jabber.org/streams' …>`, possibly behind an XML declaration; `<open …>` in `WebSockets`.
fn opening(bytes: &[u8]) -> Verdict {
    let start = bytes.trim_ascii_start();
    if start.starts_with(b"<open ") {
        let end = start.iter().position(|byte| *byte == b'>');
        let tag = end.and_then(|end| start.get(..end)).unwrap_or(start);
        return if memchr::memmem::find(tag, FRAMING.as_bytes()).is_some() {
            Verdict::Yes
        } else if end.is_none() && tag.len() < limits::XMPP_OPENING_BYTES {
            Verdict::More
        } else {
            Verdict::No
        };
    }
    let begins = [&b"<?xml "[..], b"<stream:stream ", b"<open "];
    if start.is_empty()
        || !begins
            .iter()
            .any(|begin| start.starts_with(begin) || begin.starts_with(start))
    {
        return Verdict::No;
    }
    if memchr::memmem::find(start, b"http://etherx.jabber.org/streams").is_some() {
        return Verdict::Yes;
    }
    // the declaration and the stream's tag fit into this
    let is_early = start.len() < limits::XMPP_OPENING_BYTES;
    let is_other = memchr::memmem::find(start, b"?>").is_some_and(|end| {
        let behind = start
            .get(end.saturating_add(2)..)
            .unwrap_or_default()
            .trim_ascii_start();
        !behind.starts_with(b"<stream:stream ") && !b"<stream:stream ".starts_with(behind)
    });
    if is_early && !is_other {
        Verdict::More
    } else {
        Verdict::No
    }
}

#[derive(Default)]
struct Xmpp {
    client: Splitter,
    server: Splitter,
    authentication: Option<Authentication>,
    /// How the messages of this stream were protected from end to end.
    tally: Tally,
    /// The last packet that showed something.
    last: Origin,
    is_handed_on: bool,
    /// No other protocol can take over.
    is_inside_http: bool,
}

impl Dissector for Xmpp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_handed_on {
            emit(Output::Inner(chunk, Hint::Protocol("tls")));
            return;
        }
        if !self.splitter(chunk.side).push(chunk.bytes) {
            emit(Output::Shortfall(
                Shortfall::MessageLimit,
                u64::try_from(chunk.bytes.len()).unwrap_or(u64::MAX),
                "an XMPP stanza is longer than the bound",
            ));
        }
        while let Some(piece) = self.splitter(chunk.side).next_piece() {
            if self.piece(&piece, chunk.side, chunk.origin, emit) {
                self.is_handed_on = true;
                let rest = self.splitter(chunk.side).take_rest();
                if !rest.is_empty() {
                    let inner = Chunk {
                        bytes: &rest,
                        ..chunk
                    };
                    emit(Output::Inner(inner, Hint::Protocol("tls")));
                }
                self.client = Splitter::default();
                self.server = Splitter::default();
                return;
            }
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if self.is_handed_on {
            emit(Output::InnerGap(side, lost));
        } else {
            self.splitter(side).lose();
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        std::mem::take(&mut self.tally).emit(NAME, self.last, emit);
    }
}

impl Xmpp {
    fn splitter(&mut self, side: Side) -> &mut Splitter {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes a piece of the stream; `true` if TLS begins behind it.
    fn piece(
        &mut self,
        piece: &Piece,
        side: Side,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) -> bool {
        let element = Element::read(&text(&piece.bytes));
        self.last = origin;
        if piece.is_opening {
            element
                .draft(NAME, "stream", side)
                .signed("xmpp-stream")
                .emit(origin, emit);
            return false;
        }
        match element.name.as_str() {
            "open" if element.value("xmlns") == Some(FRAMING) => {
                element
                    .draft(NAME, "stream", side)
                    .signed("xmpp-stream")
                    .emit(origin, emit);
            }
            "proceed" if side == Side::Server && !self.is_inside_http => return true,
            "auth" | "authenticate" => self.authenticate(&element, origin, emit),
            "response" => {
                if let Some(mut authentication) = self.authentication.take() {
                    authentication.push(element.value("").unwrap_or_default());
                    self.authentication = authentication.settle(NAME, origin, emit);
                }
            }
            "features" => {
                let draft = element.draft(NAME, "features", side);
                let offers_tls = element
                    .fields
                    .iter()
                    .any(|(name, _)| name.starts_with("starttls"));
                let draft = if offers_tls {
                    draft.signed("xmpp-starttls")
                } else {
                    draft
                };
                draft.emit(origin, emit);
            }
            "message" => {
                message(element, side, &mut self.tally).emit(origin, emit);
            }
            "iq" => {
                let mut draft = element.draft(NAME, "iq", side);
                // XEP-0092: what a client says of its operating system, under the name that such data have elsewhere
                if element.value("query.xmlns") == Some("jabber:iq:version") {
                    draft.add_some("os-version", element.value("query.os"));
                }
                draft.emit(origin, emit);
            }
            "presence" => element.draft(NAME, "presence", side).emit(origin, emit),
            _ => {}
        }
        false
    }

    /// SASL (RFC 6120 §6) and its second edition, whose clients also name device and installation (XEP-0388 §2.4).
    fn authenticate(
        &mut self,
        element: &Element,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) {
        let mut agent = Draft::new(NAME, "user-agent", Side::Client);
        for (name, path) in [
            ("software", "user-agent.software"),
            ("device-model", "user-agent.device"),
            ("installation-id", "user-agent.id"),
        ] {
            agent.add_some(name, element.value(path));
        }
        if !agent.is_empty() {
            agent.emit(origin, emit);
        }
        let initial = element
            .value("")
            .or_else(|| element.value("initial-response"));
        let mechanism = element.value("mechanism").unwrap_or_default();
        let initial = initial.filter(|initial| !initial.is_empty());
        let authentication = Authentication::new(mechanism, initial);
        self.authentication = authentication.settle(NAME, origin, emit);
    }
}

/// A message with how its content is protected. A text that stands in for an encrypted one is no content: it becomes the
/// payload.
fn message(mut element: Element, side: Side, tally: &mut Tally) -> Draft {
    let encryption = Encryption::of(&element);
    if let Some(encryption) = encryption {
        tally.count(encryption);
        if encryption != Encryption::None {
            for (name, _) in &mut element.fields {
                if name.rsplit('.').next() == Some("body") {
                    "payload".clone_into(name);
                }
            }
        }
    }
    let mut draft = element.draft(NAME, "message", side);
    draft.add_some("encryption", encryption.map(Encryption::as_str));
    // OTRv3: queries, key exchange and data messages all begin so
    if encryption == Some(Encryption::Otr) {
        draft = draft.signed("otr");
    }
    draft
}
