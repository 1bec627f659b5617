//! XMPP over HTTP (BOSH, XEP-0124 and XEP-0206): stanzas in the bodies of requests and responses.

use memchr::{memchr, memmem};

use super::element::Element;
use super::{NAME, Xmpp};
use crate::model::{Exchange, Origin, Side};
use crate::protocol::message::text;
use crate::protocol::{Chunk, Dissector, Output};

/// Namespace of the element `body`, in which they stand.
const NAMESPACE: &[u8] = b"http://jabber.org/protocol/httpbind";

/// Hands out what an exchange says in XMPP, if it is one of BOSH.
pub(in crate::protocol) fn stanzas(
    exchange: &Exchange,
    origin: Origin,
    emit: &mut dyn FnMut(Output<'_>),
) {
    let Some((tag, sent)) = unwrap(&exchange.request.body.bytes) else {
        return;
    };
    let session = Element::read(&text(tag));
    // only the request that opens a session says to whom
    if session.value("to").is_some() {
        let draft = session.draft(NAME, "stream", Side::Client);
        draft.signed("xmpp-stream").emit(origin, emit);
    }
    let response = exchange.response.as_ref();
    let received = response.and_then(|response| unwrap(&response.body.bytes));
    let received = received.map_or(&[][..], |(_, received)| received);
    let mut xmpp = Xmpp {
        is_inside_http: true,
        ..Xmpp::default()
    };
    for (side, bytes) in [(Side::Client, sent), (Side::Server, received)] {
        let chunk = Chunk {
            side,
            bytes,
            origin,
        };
        xmpp.feed(chunk, emit);
    }
    xmpp.finish(emit);
}

/// The start tag of the element `body`, and what stands in the element.
fn unwrap(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut bytes = bytes.trim_ascii_start();
    if bytes.starts_with(b"<?xml") {
        let end = memmem::find(bytes, b"?>")?;
        bytes = bytes.get(end.checked_add(2)?..)?.trim_ascii_start();
    }
    if !bytes.starts_with(b"<body") {
        return None;
    }
    let end = memchr(b'>', bytes)?;
    let (tag, inside) = bytes.split_at_checked(end.checked_add(1)?)?;
    memmem::find(tag, NAMESPACE)?;
    Some((tag, inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Event, Request, Response};

    fn body(text: &str) -> Body {
        Body {
            bytes: text.as_bytes().to_vec(),
            ..Body::default()
        }
    }

    fn said(request: &str, response: &str) -> Vec<String> {
        let exchange = Exchange {
            request: Request {
                body: body(request),
                ..Request::default()
            },
            response: Some(Response {
                body: body(response),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        let mut said = Vec::new();
        stanzas(&exchange, Origin::default(), &mut |output| {
            let Output::Event(Event::Message(message), _) = output else {
                return;
            };
            let fields: Vec<String> = message
                .fields
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let side = if message.from_client { '>' } else { '<' };
            said.push(format!("{side} {} {}", message.kind, fields.join(" ")));
        });
        said
    }

    #[test]
    fn stanzas_of_both_directions_are_read() {
        let open = "<?xml version='1.0'?>\n<body rid='1' to='chat.example' xmlns='http://jabber.org/protocol/httpbind'/>";
        assert_eq!(
            said(
                open,
                "<body xmlns='http://jabber.org/protocol/httpbind' sid='s'/>"
            ),
            ["> stream rid=1 to=chat.example signature=xmpp-stream"]
        );
        assert_eq!(
            said(
                "<body rid='2' sid='s' xmlns='http://jabber.org/protocol/httpbind'>\
                 <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGVyaWthAHNlY3JldA==</auth>\
                 <message to='otto@b.example'><body>Hello</body></message></body>",
                "<body xmlns='http://jabber.org/protocol/httpbind'><proceed/><presence from='otto@b.example'/></body>"
            ),
            [
                "> AUTH mechanism=PLAIN user=erika password=secret",
                "> message to=otto@b.example body=Hello encryption=none",
                "< presence from=otto@b.example",
                "> end-to-end-encryption none=1",
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_document_is_survived(text in "(<body( [a-z]+='http://jabber.org/protocol/httpbind')?[ />]{1,3})?[<>/a-z'=? ]{0,60}") {
            said(&text, &text);
        }
    }

    #[test]
    fn other_documents_are_left_alone() {
        for other in ["<body>text</body>", "<html><body/></html>", "<body", ""] {
            assert_eq!(said(other, ""), Vec::<String>::new(), "{other}");
        }
    }
}
