//! What the messages of chat, mail and call protocols tell of people.

use super::{found, has, post};
use phonehome::model::{Event, Message};

/// A message of a protocol other than HTTP.
fn message(
    protocol: &'static str,
    kind: &str,
    is_protected: bool,
    from_client: bool,
    fields: &[(&str, &str)],
) -> Vec<(String, u64, u64)> {
    let mut observation = post("/", "", "");
    observation.sighting.event = Event::Message(Message {
        protocol,
        kind: kind.to_owned(),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        from_client,
        is_protected,
        ..Message::default()
    });
    found(&[observation])
}

const ROSTER: &[(&str, &str)] = &[
    ("type", "result"),
    ("query.xmlns", "jabber:iq:roster"),
    ("query.item.jid", "otto@chat.example"),
    ("query.item.name", "Otto"),
    ("query.item.jid", "ida@chat.example"),
    ("query.item.name", "Ida"),
    ("query.item.group", "Work"),
];

#[test]
fn a_roster_is_a_contact_list_also_inside_tls() {
    for is_protected in [false, true] {
        let found = message("xmpp", "iq", is_protected, false, ROSTER);
        assert!(has(&found, "contact-roster", 2), "{found:?}");
    }
}

#[test]
fn who_writes_to_whom_is_metadata_and_an_unprotected_text_content() {
    let fields = [
        ("from", "erika@chat.example/phone"),
        ("to", "otto@chat.example"),
        ("body", "Treffen um neun?"),
        ("encryption", "none"),
    ];
    let clear = message("xmpp", "message", false, false, &fields);
    assert!(has(&clear, "xmpp-jid", 2), "{clear:?}");
    assert!(has(&clear, "message-content-cleartext", 1), "{clear:?}");
    let inside_tls = message("xmpp", "message", true, true, &fields);
    assert!(has(&inside_tls, "xmpp-jid", 2), "{inside_tls:?}");
    assert!(
        has(&inside_tls, "message-content-visible", 1),
        "{inside_tls:?}"
    );
    assert!(
        !has(&inside_tls, "message-content-cleartext", 1),
        "{inside_tls:?}"
    );
}

#[test]
fn what_is_encrypted_from_end_to_end_is_a_safeguard_and_no_content() {
    for (encryption, rule, text) in [
        ("omemo", "omemo-marker", "Your client cannot read this"),
        ("openpgp", "openpgp-marker", "Encrypted"),
        ("otr", "otr-marker", "?OTR:AAMDJ+MVmSfjFZcAAAAAAQAAAAI=."),
    ] {
        for is_protected in [false, true] {
            let fields = [
                ("to", "otto@chat.example"),
                ("payload", text),
                ("encryption", encryption),
            ];
            let found = message("xmpp", "message", is_protected, true, &fields);
            assert!(has(&found, rule, 1), "{found:?}");
            assert!(
                found
                    .iter()
                    .all(|(rule, ..)| !rule.starts_with("message-content")),
                "{found:?}"
            );
        }
    }
}

#[test]
fn servers_and_rooms_without_people_are_nobody() {
    let fields = [("from", "chat.example"), ("to", "erika@chat.example")];
    let found = message("xmpp", "presence", true, false, &fields);
    assert!(has(&found, "xmpp-jid", 1), "{found:?}");
    let found = message(
        "xmpp",
        "iq",
        true,
        true,
        &[("to", "chat.example"), ("type", "get")],
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn cards_positions_pushes_and_devices_of_xmpp_are_found() {
    let card = [
        ("type", "set"),
        ("vcard.xmlns", "vcard-temp"),
        ("vcard.fn", "Erika Muster"),
        ("vcard.tel.number", "+49 30 901820"),
    ];
    let found = message("xmpp", "iq", true, true, &card);
    assert!(has(&found, "profile-published", 2), "{found:?}");
    let fetched = [
        ("type", "result"),
        ("from", "otto@chat.example"),
        ("vcard.tel.number", "+49 40 428280"),
    ];
    let found = message("xmpp", "iq", true, false, &fetched);
    assert!(has(&found, "contact-vcard", 1), "{found:?}");
    let place = [
        ("type", "set"),
        ("pubsub.publish.node", "http://jabber.org/protocol/geoloc"),
        ("pubsub.publish.item.geoloc.lat", "52.520008"),
        ("pubsub.publish.item.geoloc.lon", "13.404954"),
    ];
    let found = message("xmpp", "iq", true, true, &place);
    assert!(has(&found, "coordinates", 1), "{found:?}");
    let push = [
        ("type", "set"),
        ("enable.xmlns", "urn:xmpp:push:0"),
        ("enable.jid", "push.chat.example"),
        ("enable.node", "yxs32uqsflafdk3iuqo"),
    ];
    let found = message("xmpp", "iq", true, true, &push);
    assert!(has(&found, "push-token", 1), "{found:?}");
    let agent = [("software", "Chat"), ("device-model", "Pixel 8")];
    let found = message("xmpp", "user-agent", true, true, &agent);
    assert!(has(&found, "device-model", 1), "{found:?}");
}

#[test]
fn calls_and_mail_say_who_with_whom() {
    let invite = [
        ("from", "\"Erika\" <sip:erika@a.example>;tag=1"),
        ("from.uri", "sip:erika@a.example"),
        ("to.uri", "tel:+4930901820"),
    ];
    let found = message("sip", "INVITE", true, true, &invite);
    assert!(has(&found, "message-metadata-seen", 2), "{found:?}");
    let mail = [
        ("from", "Erika <erika@a.example>"),
        ("to", "o@b.example, i@b.example"),
    ];
    let found = message("imap", "FETCH", true, false, &mail);
    assert!(has(&found, "message-metadata-seen", 3), "{found:?}");
    let relay = [("peer-address", "198.51.100.7"), ("signature", "stun")];
    let found = message("stun", "create-permission-request", false, true, &relay);
    assert!(has(&found, "call-peer", 1), "{found:?}");
}
