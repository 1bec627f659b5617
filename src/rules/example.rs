//! Examples that rules carry: one whole message each, so that a test runs the real chain from message to finding.

use serde::Deserialize;

use crate::model::{Body, Event, Exchange, Header, Message, Request};

/// Protocols that examples may use beside HTTP, as `protocol` names them.
const PROTOCOLS: [&str; 13] = [
    "dhcp", "ftp", "imap", "irc", "mdns", "mqtt", "nntp", "pop3", "radius", "sip", "smtp",
    "telnet", "xmpp",
];

/// A message with invented data. Either an HTTP request (`request`, `headers`, `body`) or a message of another protocol
/// (`protocol`, `kind`, `fields`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What the example shows.
    #[serde(default)]
    pub shows: String,
    /// Method and URL: `POST https://example.com/path?query`. With `http:` the message was readable on the way.
    pub request: Option<String>,
    /// Header lines: `Content-Type: application/json`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Body as text.
    #[serde(default)]
    pub body: String,
    /// Protocol of another message: `sip`, `imap` …; one of those that phonehome reads.
    pub protocol: Option<String>,
    /// What it is in that protocol.
    #[serde(default)]
    pub kind: String,
    /// Its readable parts.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
}

impl Example {
    /// The message as it would come out of a capture; `None` if the example is none.
    pub fn event(&self) -> Option<Event> {
        match (&self.request, &self.protocol) {
            (Some(request), None) => self.exchange(request).map(Event::Exchange),
            (None, Some(protocol)) => self.message(protocol).map(Event::Message),
            _ => None,
        }
    }

    fn exchange(&self, request: &str) -> Option<Exchange> {
        let (method, url) = request.split_once(' ')?;
        let (scheme, rest) = url.split_once("://")?;
        let (host, target) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        let is_http = matches!(scheme, "http" | "https") && !host.is_empty();
        let headers = self.headers.iter().map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some(Header {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        });
        let exchange = Exchange {
            request: Request {
                method: method.to_owned(),
                target: if target.is_empty() { "/" } else { target }.to_owned(),
                host: Some(host.to_ascii_lowercase()),
                headers: headers.collect::<Option<_>>()?,
                body: Body {
                    bytes: self.body.clone().into_bytes(),
                    wire_len: self.body.len().try_into().ok()?,
                    is_cut: false,
                },
            },
            response: None,
            is_protected: scheme == "https",
        };
        is_http.then_some(exchange)
    }

    fn message(&self, protocol: &str) -> Option<Message> {
        let protocol = PROTOCOLS.into_iter().find(|known| *known == protocol)?;
        Some(Message {
            protocol,
            kind: self.kind.clone(),
            fields: self.fields.clone(),
            from_client: true,
            ..Message::default()
        })
    }

    /// What keeps it from being a message.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match (&self.request, &self.protocol) {
            _ if self.event().is_some() => None,
            (Some(_), None) => Some(
                "an example's request is a method, a space and an http or https URL, and its headers are name, colon, space, value",
            ),
            (None, Some(_)) => Some("an example's protocol is none that phonehome reads"),
            _ => Some("an example has either a request or a protocol"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_becomes_the_message_that_it_describes() {
        let example = Example {
            request: Some("POST http://App.example/a?b=c".to_owned()),
            headers: vec!["X-A: b: c".to_owned()],
            body: "{}".to_owned(),
            ..Example::default()
        };
        let Some(Event::Exchange(exchange)) = example.event() else {
            panic!("no exchange");
        };
        assert_eq!(exchange.request.host.as_deref(), Some("app.example"));
        assert_eq!(exchange.request.path(), "/a");
        assert_eq!(exchange.request.query(), Some("b=c"));
        assert_eq!(exchange.request.header("x-a"), Some("b: c"));
        assert!(!exchange.is_protected);
    }

    #[test]
    fn what_is_no_message_is_a_problem() {
        let of = |request: Option<&str>, protocol: Option<&str>, header: &str| Example {
            request: request.map(str::to_owned),
            protocol: protocol.map(str::to_owned),
            headers: vec![header.to_owned()],
            ..Example::default()
        };
        assert!(of(None, None, "A: b").problem().is_some());
        assert!(
            of(Some("GET http://a.example/"), Some("sip"), "A: b")
                .problem()
                .is_some()
        );
        assert!(
            of(Some("http://a.example/"), None, "A: b")
                .problem()
                .is_some()
        );
        assert!(
            of(Some("GET ftp://a.example/"), None, "A: b")
                .problem()
                .is_some()
        );
        assert!(
            of(Some("GET http://a.example/"), None, "no header")
                .problem()
                .is_some()
        );
        assert!(of(None, Some("smoke-signal"), "A: b").problem().is_some());
        assert!(of(None, Some("sip"), "A: b").problem().is_none());
    }
}
