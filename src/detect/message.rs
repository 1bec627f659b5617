//! What the messages of chat, mail and call protocols say: who with whom, the contact list, and whether contents are encrypted
//! from end to end. Which fields say so is the table [`TALKS`] and the constants beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Scene, value};
use crate::model::{
    DecodeChain, DecodeStep, Event, Evidence, FieldPath, Finding, Grade, Message, PathStep, Place,
    Protection, Sensitive, Tally,
};

/// In which fields of which messages a protocol names people.
struct Talk {
    protocol: &'static str,
    /// Kinds of messages; all if empty.
    kinds: &'static [&'static str],
    /// Names of fields, or their ends for what is forwarded inside another.
    people: &'static [&'static str],
    /// Id of the rule for who with whom.
    rule: &'static str,
    /// Kinds of messages whose field `body` is what somebody wrote.
    contents: &'static [&'static str],
}

const SEEN: &str = "message-metadata-seen";

/// All protocols whose messages name people.
const TALKS: &[Talk] = &[
    Talk {
        protocol: "xmpp",
        kinds: &["message", "presence"],
        people: &["from", "to", ".message.from", ".message.to"],
        rule: "xmpp-jid",
        contents: &["message"],
    },
    Talk {
        protocol: "sip",
        kinds: &[
            "INVITE",
            "MESSAGE",
            "SUBSCRIBE",
            "NOTIFY",
            "PUBLISH",
            "REFER",
            "REGISTER",
        ],
        people: &["from.uri", "to.uri"],
        rule: SEEN,
        contents: &["MESSAGE"],
    },
    Talk {
        protocol: "smtp",
        kinds: &[],
        people: &["from", "to", "cc", "bcc"],
        rule: SEEN,
        contents: &["DATA"],
    },
    Talk {
        protocol: "imap",
        kinds: &[],
        people: &["from", "to", "cc", "bcc", "address"],
        rule: SEEN,
        contents: &["APPEND", "FETCH"],
    },
    Talk {
        protocol: "pop3",
        kinds: &[],
        people: &["from", "to", "cc", "bcc"],
        rule: SEEN,
        contents: &["RETR", "TOP"],
    },
    Talk {
        protocol: "stun",
        kinds: &[],
        people: &["peer-address"],
        rule: "call-peer",
        contents: &[],
    },
    Talk {
        protocol: "telegram",
        kinds: &[],
        people: &["auth-key-id"],
        rule: "telegram-key-id",
        contents: &[],
    },
    Talk {
        protocol: "rtp",
        kinds: &[],
        people: &["ssrc", "cname"],
        rule: "call-media",
        contents: &[],
    },
];

/// Reports what a message says.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    let Event::Message(message) = &scene.observation.sighting.event else {
        return;
    };
    let talks = TALKS.iter().filter(|talk| {
        talk.protocol == message.protocol
            && (talk.kinds.is_empty() || talk.kinds.contains(&&*message.kind))
    });
    for talk in talks {
        people(scene, message, talk, tally);
        if talk.contents.contains(&&*message.kind) {
            contents(scene, message, tally);
        }
    }
    if message.protocol == "xmpp" {
        stanza(scene, message, tally);
    }
}

fn people(scene: &Scene<'_>, message: &Message, talk: &Talk, tally: &mut Tally) {
    let is_wanted = |name: &str| {
        talk.people
            .iter()
            .any(|wanted| *wanted == name || wanted.starts_with('.') && name.ends_with(wanted))
    };
    let named = message.fields.iter().filter(|(name, _)| is_wanted(name));
    let values: Vec<(&str, String)> = named
        .flat_map(|(name, value)| value.split(',').map(move |part| (&**name, person(part))))
        .filter(|(_, person)| match talk.rule {
            // servers and services have addresses too, but without a user
            SEEN | "xmpp-jid" => person.contains('@') || value::phone_e164(person).is_some(),
            _ => !person.is_empty(),
        })
        .collect();
    report(scene, message, talk.rule, values, tally);
}

/// The address in `"Erika" <sip:erika@a.example>;tag=1`, `erika@a.example/phone`, `tel:+4930…`: without name, scheme and
/// resource.
fn person(text: &str) -> String {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => text,
    };
    let address = ["sips:", "sip:", "tel:", "xmpp:", "mailto:"]
        .iter()
        .find_map(|scheme| address.trim().strip_prefix(scheme))
        .unwrap_or(address.trim());
    let end = address.find(['/', ';', '?']).unwrap_or(address.len());
    address.get(..end).unwrap_or(address).to_lowercase()
}

/// Whether what somebody wrote can be read by those who carry it. In clear that is a matter of the field's name; here it is
/// what is protected on the way only.
fn contents(scene: &Scene<'_>, message: &Message, tally: &mut Tally) {
    let rule = match field(message, "encryption") {
        Some("omemo") => Some("omemo-marker"),
        Some("openpgp") => Some("openpgp-marker"),
        Some("otr") if scene.fields.is_empty() => Some("otr-marker"),
        Some("otr" | "other") => None,
        _ if scene.protection == Protection::Encrypted => {
            let body = field(message, "body").filter(|body| !body.trim().is_empty());
            let values = body.map(|body| ("body", body.to_owned()));
            report(
                scene,
                message,
                "message-content-visible",
                values.into_iter().collect(),
                tally,
            );
            None
        }
        _ => None,
    };
    if let Some((rule, encryption)) = rule.zip(field(message, "encryption")) {
        let values = vec![("encryption", encryption.to_owned())];
        report(scene, message, rule, values, tally);
    }
}

/// Contact list, business cards and push registrations of XMPP.
fn stanza(scene: &Scene<'_>, message: &Message, tally: &mut Tally) {
    let all = |wanted: &str| -> Vec<(&str, String)> {
        let named = message.fields.iter().filter(|(name, _)| name == wanted);
        named
            .map(|(name, value)| (&**name, value.clone()))
            .collect()
    };
    if field(message, "query.xmlns") == Some("jabber:iq:roster") {
        report(
            scene,
            message,
            "contact-roster",
            all("query.item.jid"),
            tally,
        );
    }
    // XEP-0357: where the server reports new messages to, and for which installation
    if field(message, "enable.xmlns").is_some_and(|name| name.starts_with("urn:xmpp:push:")) {
        report(scene, message, "push-token", all("enable.node"), tally);
    }
    // XEP-0054, XEP-0292, XEP-0084, XEP-0172
    let is_set = message.from_client && field(message, "type") == Some("set");
    let node = field(message, "pubsub.publish.node").unwrap_or_default();
    let profile: Vec<(&str, String)> = message
        .fields
        .iter()
        .filter(|(name, value)| {
            let is_card = CARD.iter().any(|end| name.ends_with(end)) && name.contains("vcard.");
            let is_node = PROFILE_NODES.contains(&node) && name.starts_with("pubsub.publish.item.");
            (is_card || is_node) && !value.trim().is_empty()
        })
        .map(|(name, value)| (&**name, value.clone()))
        .collect();
    if is_set {
        report(scene, message, "profile-published", profile, tally);
    } else if !message.from_client {
        let reachable = profile
            .into_iter()
            .filter(|(name, _)| name.contains(".tel.") || name.contains(".email."));
        report(scene, message, "contact-vcard", reachable.collect(), tally);
    }
}

/// How a call was protected, as its dissector says: reports with the names of people are in clear.
pub(super) fn media_protection(message: &Message) -> Protection {
    match field(message, "protection") {
        Some("unknown") => Protection::Unknown,
        Some("none") | None => Protection::Cleartext,
        Some(_) => Protection::Encrypted,
    }
}

/// Ends of the names of what a business card says of a person (XEP-0054, RFC 6351).
const CARD: [&str; 14] = [
    ".fn",
    ".fn.text",
    ".nickname",
    ".nickname.text",
    ".email.userid",
    ".email.text",
    ".tel.number",
    ".tel.uri",
    ".tel.text",
    ".photo.binval",
    ".photo.uri",
    ".bday",
    ".bday.date",
    ".org.orgname",
];
/// Nodes under which people publish their picture, nickname and card (XEP-0084, XEP-0172, XEP-0292).
const PROFILE_NODES: [&str; 4] = [
    "urn:xmpp:avatar:data",
    "urn:xmpp:avatar:metadata",
    "http://jabber.org/protocol/nick",
    "urn:xmpp:vcard4",
];

fn field<'a>(message: &'a Message, wanted: &str) -> Option<&'a str> {
    message
        .fields
        .iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.as_str())
}

/// One finding over values, each with the field that held it; none if there are none.
fn report(
    scene: &Scene<'_>,
    message: &Message,
    rule: &str,
    values: Vec<(&str, String)>,
    tally: &mut Tally,
) {
    let Some((first, example)) = values.first().cloned() else {
        return;
    };
    let known = scene
        .rules
        .identifier(rule)
        .map(|rule| (rule.id.clone(), rule.category))
        .or_else(|| {
            let circumstance = scene.rules.circumstance(rule)?;
            Some((circumstance.id.clone(), circumstance.category))
        });
    let Some((rule, category)) = known else {
        return;
    };
    let path = match message.protocol {
        "xmpp" => first.split('.').map(step).collect(),
        _ => vec![step(first)],
    };
    let distinct: BTreeSet<String> = values.into_iter().map(|(_, value)| value).collect();
    scene.report(
        tally,
        Finding {
            rule,
            category,
            grade: Grade::Decoded,
            items: distinct.len() as u64,
            precision_metres: None,
            is_opted_out: false,
            values: distinct.iter().map(|value| Sensitive::new(value)).collect(),
            evidence: Evidence {
                origin: scene.observation.sighting.origin,
                flow: scene.observation.sighting.flow,
                place: Some(Place::Header),
                path: FieldPath(path),
                chain: DecodeChain(Arc::from([DecodeStep::Protocol])),
                value: Some(Sensitive::new(&example)),
            },
        },
    );
}

fn step(name: &str) -> PathStep {
    PathStep::Name(Arc::from(name))
}
