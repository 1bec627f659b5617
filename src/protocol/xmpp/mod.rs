//! XMPP (RFC 6120, 6121) as far as it is in clear: the stream, login, and stanzas; TLS takes over after STARTTLS.

mod splitter;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event as Xml};

use self::splitter::{Piece, Splitter};
use super::message::{Draft, text};
use super::sasl::Authentication;
use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

const NAME: &str = "xmpp";

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

/// `<stream:stream … 'http://etherx.jabber.org/streams' …>`, possibly behind an XML declaration.
fn opening(bytes: &[u8]) -> Verdict {
    let start = bytes.trim_ascii_start();
    let begins = [&b"<?xml "[..], b"<stream:stream "];
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
    is_handed_on: bool,
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

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
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
        if piece.is_opening {
            element
                .draft("stream", side)
                .signed("xmpp-stream")
                .emit(origin, emit);
            return false;
        }
        match element.name.as_str() {
            "proceed" if side == Side::Server => return true,
            "auth" | "authenticate" => {
                let initial = element
                    .value("")
                    .or_else(|| element.value("initial-response"));
                let mechanism = element.value("mechanism").unwrap_or_default();
                let initial = initial.filter(|initial| !initial.is_empty());
                self.settle(Authentication::new(mechanism, initial), origin, emit);
            }
            "response" => {
                if let Some(mut authentication) = self.authentication.take() {
                    authentication.push(element.value("").unwrap_or_default());
                    self.settle(authentication, origin, emit);
                }
            }
            "features" => {
                let draft = element.draft("features", side);
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
            name @ ("message" | "presence" | "iq") => {
                let mut draft = element.draft(name, side);
                // OTRv3: queries, key exchange and data messages all begin so
                if element
                    .value("body")
                    .is_some_and(|body| body.contains("?OTR"))
                {
                    draft = draft.signed("otr");
                }
                draft.emit(origin, emit);
            }
            _ => {}
        }
        false
    }

    fn settle(
        &mut self,
        authentication: Authentication,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) {
        if authentication.is_complete() {
            authentication.emit(NAME, origin, emit);
        } else {
            self.authentication = Some(authentication);
        }
    }
}

/// An element laid out: its attributes by name, what is below it by path (`query.item.jid`), its own text under the empty name.
#[derive(Default)]
struct Element {
    name: String,
    fields: Vec<(String, String)>,
}

impl Element {
    fn read(xml: &str) -> Self {
        let mut element = Self::default();
        let mut reader = Reader::from_str(xml);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut path: Vec<String> = Vec::new();
        let mut content = String::new();
        while let Ok(event) = reader.read_event() {
            match event {
                Xml::Start(start) => {
                    element.flush(&path, &mut content);
                    element.open(&start, &mut path);
                }
                Xml::Empty(start) => {
                    element.flush(&path, &mut content);
                    element.open(&start, &mut path);
                    // an empty child says something by being there
                    if path.len() == 2 {
                        element.push(&path, "", "");
                    }
                    path.pop();
                }
                Xml::End(_) => {
                    element.flush(&path, &mut content);
                    path.pop();
                }
                Xml::Text(text) => content.push_str(&text),
                Xml::CData(text) => content.push_str(&text.xml10_content()),
                Xml::GeneralRef(reference) => {
                    let named = resolve_predefined_entity(&reference);
                    match (reference.resolve_char_ref(), named) {
                        (Ok(Some(character)), _) => content.push(character),
                        (_, Some(text)) => content.push_str(text),
                        _ => {}
                    }
                }
                Xml::Eof => break,
                _ => {}
            }
        }
        element
    }

    fn open(&mut self, start: &BytesStart<'_>, path: &mut Vec<String>) {
        let local = start.local_name().as_ref().to_owned();
        if path.is_empty() {
            self.name.clone_from(&local);
        }
        path.push(local);
        for attribute in start.attributes().with_checks(false).flatten() {
            let key: &str = attribute.key.as_ref();
            // the namespace of a child says what it is; that of the stanza is always the same
            if key.starts_with("xmlns:") || (key == "xmlns" && path.len() != 2) {
                continue;
            }
            let value = unescape(&attribute.value).unwrap_or(Cow::Borrowed(&attribute.value));
            self.push(path, attribute.key.local_name().as_ref(), &value);
        }
    }

    fn flush(&mut self, path: &[String], content: &mut String) {
        if !content.trim().is_empty() {
            self.push(path, "", content.trim());
        }
        content.clear();
    }

    fn push(&mut self, path: &[String], attribute: &str, value: &str) {
        if self.fields.len() >= limits::MESSAGE_FIELDS || path.len() > limits::JSON_DEPTH {
            return;
        }
        let below: Vec<&str> = path
            .iter()
            .skip(1)
            .map(String::as_str)
            .chain(Some(attribute).filter(|attribute| !attribute.is_empty()))
            .collect();
        self.fields.push((below.join("."), value.to_owned()));
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn draft(&self, kind: &str, side: Side) -> Draft {
        let mut draft = Draft::new(NAME, kind, side);
        for (name, value) in &self.fields {
            draft.add(if name.is_empty() { "text" } else { name }, value);
        }
        draft
    }
}
