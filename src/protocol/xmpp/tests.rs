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
        dissector.finish(&mut |output| {
            if let Output::Event(Event::Message(message), _) = output {
                lines.push(format!("{} {:?}", message.kind, message.fields));
            }
        });
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
            "message to=otto@b.example/phone | type=chat | id=1 | body=Hi & <bye> | encryption=none",
            "presence show=away",
            "iq type=set | id=2 | query.xmlns=jabber:iq:roster | query.item.jid=karl@b.example | query.item.name=Karl",
            "message to=otto@b.example | payload=?OTR:AAMC | encryption=otr | signature=otr",
            "end-to-end-encryption [(\"none\", \"1\"), (\"otr\", \"1\")]",
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

/// The kind of protection that a message from the client shows.
fn encryption(message: &str) -> Option<String> {
    let element = Element::read(message);
    Encryption::of(&element).map(|kind| kind.as_str().to_owned())
}

#[test]
fn messages_say_how_they_are_encrypted_from_end_to_end() {
    for (message, expected) in [
        ("<message><body>Hi</body></message>", Some("none")),
        (
            "<message type='groupchat'><subject>Plans</subject></message>",
            Some("none"),
        ),
        (
            "<message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
            None,
        ),
        (
            "<message><body>?OTRv23?\nhello</body></message>",
            Some("otr"),
        ),
        (
            "<message><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>QQ==</payload></encrypted>\
             <body>I sent you an OMEMO encrypted message</body></message>",
            Some("omemo"),
        ),
        (
            "<message><encrypted xmlns='urn:xmpp:omemo:2'><header sid='1'/></encrypted></message>",
            Some("omemo"),
        ),
        (
            "<message><openpgp xmlns='urn:xmpp:openpgp:0'>QQ==</openpgp></message>",
            Some("openpgp"),
        ),
        (
            "<message><body>encrypted</body><x xmlns='jabber:x:encrypted'>QQ==</x></message>",
            Some("openpgp"),
        ),
        (
            "<message><body>encrypted</body><encryption xmlns='urn:xmpp:eme:0' namespace='a.example'/></message>",
            Some("other"),
        ),
        (
            "<message from='a@b.example'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
             <message xmlns='jabber:client' from='o@b.example'><encrypted xmlns='urn:xmpp:omemo:2'/></message></forwarded></received></message>",
            Some("omemo"),
        ),
    ] {
        assert_eq!(encryption(message).as_deref(), expected, "{message}");
    }
}

#[test]
fn the_text_beside_an_encrypted_content_is_no_content() {
    let lines = lines(&[(
        Side::Client,
        "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'><message to='o@b.example'>\
         <encrypted xmlns='urn:xmpp:omemo:2'/><body>Your client cannot read this</body></message>",
    )]);
    assert!(
        lines.iter().all(|line| !line.contains("body=")),
        "{lines:?}"
    );
}

#[test]
fn second_generation_logins_name_device_and_password() {
    assert_eq!(
        lines(&[(
            Side::Client,
            "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'><authenticate xmlns='urn:xmpp:sasl:2' \
             mechanism='PLAIN'><initial-response>AGVyaWthAHNlY3JldA==</initial-response><user-agent id='d4565fa7'>\
             <software>Chat</software><device>Pixel 8</device></user-agent></authenticate>",
        )]),
        [
            "stream signature=xmpp-stream",
            "user-agent software=Chat | device-model=Pixel 8 | installation-id=d4565fa7",
            "AUTH mechanism=PLAIN | user=erika | password=secret",
        ]
    );
}

#[test]
fn websocket_frames_are_read() {
    const OPEN: &str =
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='b.example' version='1.0'/>";
    for length in 1..OPEN.len() {
        assert_ne!(opening(&OPEN.as_bytes()[..length]), Verdict::No, "{length}");
    }
    assert_eq!(opening(OPEN.as_bytes()), Verdict::Yes);
    assert_eq!(opening(b"<open door='1'>"), Verdict::No);
    assert_eq!(
        lines(&[
            (Side::Client, OPEN),
            (
                Side::Client,
                "<message xmlns='jabber:client' to='o@b.example'><body>Hi</body></message>"
            ),
        ]),
        [
            "stream xmlns=urn:ietf:params:xml:ns:xmpp-framing | to=b.example | version=1.0 | signature=xmpp-stream",
            "message to=o@b.example | body=Hi | encryption=none",
            "end-to-end-encryption [(\"none\", \"1\")]",
        ]
    );
}
