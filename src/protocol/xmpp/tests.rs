use super::super::{Chunk, Output};
use super::*;
use crate::model::Event;

/// Feeds a conversation, whole or byte by byte, and lays out what comes of it.
fn lines(said: &[(Side, &str)]) -> Vec<String> {
    let read = |step: usize| {
        let mut dissector = Xmpp::default();
        let mut lines = Vec::new();
        for (side, bytes) in said {
            for bytes in bytes.as_bytes().chunks(step) {
                let chunk = Chunk {
                    side: *side,
                    bytes,
                    origin: Origin::default(),
                };
                dissector.feed(chunk, &mut |output| match output {
                    Output::Event(Event::Message(message), _) => {
                        let fields: Vec<String> = message
                            .fields
                            .iter()
                            .map(|(name, value)| format!("{name}={value}"))
                            .collect();
                        lines.push(format!("{} {}", message.kind, fields.join(" | ")));
                    }
                    Output::Inner(..) => lines.push("inner".into()),
                    _ => {}
                });
            }
        }
        lines.dedup();
        lines
    };
    let whole = read(usize::MAX);
    assert_eq!(read(1), whole);
    whole
}

const OPENING: &str = "<?xml version='1.0'?><stream:stream to='b.example' xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

#[test]
fn streams_logins_and_stanzas_are_laid_out() {
    assert_eq!(
        lines(&[
            (Side::Client, OPENING),
            (
                Side::Server,
                "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><mechanisms \
                 xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
            ),
            (
                Side::Client,
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGVyaWthAHNlY3JldA==</auth>"
            ),
            (Side::Client, OPENING),
            (
                Side::Client,
                " <message to='otto@b.example/phone' type='chat' id='1'><body>Hi &amp; <![CDATA[<bye>]]></body></message>\n"
            ),
            (
                Side::Client,
                "<presence><show>away</show></presence><iq type='set' id='2'><query xmlns='jabber:iq:roster'>\
                <item jid='karl@b.example' name='Karl'/></query></iq>"
            ),
            (
                Side::Client,
                "<message to='otto@b.example'><body>?OTR:AAMC</body></message>"
            ),
        ]),
        [
            "stream to=b.example | version=1.0 | signature=xmpp-stream",
            "features starttls.xmlns=urn:ietf:params:xml:ns:xmpp-tls | starttls= | mechanisms.xmlns=urn:ietf:params:xml:ns:xmpp-sasl \
             | mechanisms.mechanism=PLAIN | signature=xmpp-starttls",
            "AUTH mechanism=PLAIN | user=erika | password=secret",
            "stream to=b.example | version=1.0 | signature=xmpp-stream",
            "message to=otto@b.example/phone | type=chat | id=1 | body=Hi & <bye>",
            "presence show=away",
            "iq type=set | id=2 | query.xmlns=jabber:iq:roster | query.item.jid=karl@b.example | query.item.name=Karl",
            "message to=otto@b.example | body=?OTR:AAMC | signature=otr",
        ]
    );
}

#[test]
fn starttls_hands_on() {
    assert_eq!(
        lines(&[
            (Side::Client, OPENING),
            (
                Side::Client,
                "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
            ),
            (
                Side::Server,
                "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
            ),
            (Side::Client, "\u{16}\u{3}\u{1}"),
        ]),
        [
            "stream to=b.example | version=1.0 | signature=xmpp-stream",
            "inner"
        ]
    );
}

#[test]
fn after_a_gap_the_next_stanza_is_read() {
    let mut splitter = Splitter::default();
    splitter.push(b"<message><body>lost");
    assert_eq!(splitter.next_piece(), None);
    splitter.lose();
    splitter.push(b" text</body></message><presence/>");
    let piece = splitter.next_piece().unwrap();
    assert_eq!(piece.bytes, b"<presence/>");
}

#[test]
fn probing_waits_for_the_namespace() {
    for length in 1..OPENING.len() {
        let verdict = opening(&OPENING.as_bytes()[..length]);
        assert_ne!(verdict, Verdict::No, "{length}");
    }
    assert_eq!(opening(OPENING.as_bytes()), Verdict::Yes);
    assert_eq!(opening(b"<?xml version='1.0'?><soap>"), Verdict::No);
}
