//! Addresses of mail, and what only looks like them.

use super::uuid_digits;
use crate::model::is_below;

/// Domains below which identities of SIMs and nodes of mobile networks stand (3GPP TS 23.003 §13, §14, §19): no mailboxes.
const NETWORK_DOMAIN: &str = "3gppnetwork.org";

/// Whether a host is of the mobile networks' own names, which nobody gets mail at.
fn is_of_network(host: &str) -> bool {
    is_below(host, NETWORK_DOMAIN)
}

/// Whether a host serves rooms and nodes of XMPP by its name (XEP-0045, XEP-0060), or is the domain of groups in WhatsApp.
fn is_of_rooms(host: &str) -> bool {
    let first = host.split('.').next().unwrap_or_default();
    ["conference", "muc", "pubsub"]
        .iter()
        .any(|service| first.eq_ignore_ascii_case(service))
        || host.eq_ignore_ascii_case("g.us")
}

/// What may stand in the name of a mailbox beside letters and digits (RFC 5322 §3.2.3, and dots).
fn is_mark_of_mailbox(byte: u8) -> bool {
    matches!(
        byte,
        b'.' | b'!'
            | b'#'
            | b'$'
            | b'%'
            | b'&'
            | b'\''
            | b'*'
            | b'+'
            | b'/'
            | b'='
            | b'?'
            | b'^'
            | b'_'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | b'~'
            | b'-'
    )
}

/// An e-mail address (RFC 5321 §4.1.2, without quoted local parts), no image name (`a@2x.png`), no role address that names
/// nobody, no room of a chat and no identity of a mobile network.
pub(in crate::detect) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    let local_fits = (1..=64).contains(&local.len())
        && local
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || is_mark_of_mailbox(byte))
        && !local.starts_with('.')
        && !local.ends_with('.');
    let is_label = |label: &[u8]| {
        (1..=63).contains(&label.len())
            && label
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    let mut labels = domain.as_bytes().split(|byte| *byte == b'.');
    let labels_fit = domain.len() <= 253 && labels.all(is_label);
    let Some((_, top)) = domain.rsplit_once('.').filter(|_| local_fits && labels_fit) else {
        return false;
    };
    let is_file_name = [
        "png", "jpg", "jpeg", "gif", "webp", "svg", "pdf", "js", "css",
    ]
    .iter()
    .any(|ending| top.eq_ignore_ascii_case(ending));
    let names_nobody = [
        "noreply",
        "no-reply",
        "donotreply",
        "mailer-daemon",
        "postmaster",
        "hostmaster",
        "webmaster",
        "abuse",
        "bounce",
        "bounces",
        "support",
        "helpdesk",
        "customerservice",
        "kundenservice",
        "newsletter",
        "privacy",
        "datenschutz",
        "press",
        "presse",
        "feedback",
    ]
    .iter()
    .any(|role| local.eq_ignore_ascii_case(role));
    top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !is_file_name
        && !names_nobody
        && !is_of_network(domain)
        && !is_of_rooms(domain)
}

/// Whether what looks like an address is rather the id of a message (RFC 5322 §3.6.4): what stands before its `@` was made by a machine.
/// Between angle brackets, as ids are written, less of that is enough.
pub(in crate::detect) fn is_message_id(text: &str) -> bool {
    const DIGITS: usize = 12;
    const DIGITS_IN_BRACKETS: usize = 6;
    const RANDOM: usize = 16;
    let text = text.trim();
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'));
    let Some((local, domain)) = inner.unwrap_or(text).rsplit_once('@') else {
        return false;
    };
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = local.bytes().all(|byte| byte.is_ascii_digit());
    let has = |is_it: fn(&u8) -> bool| local.bytes().any(|byte| is_it(&byte));
    let is_random = || {
        digits > 0
            && local.len() >= RANDOM
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
    };
    let is_made =
        digits >= DIGITS && !is_phone || local.contains('$') || uuid_digits(local).is_some();
    let is_one =
        !local.contains(|letter: char| letter.is_whitespace() || matches!(letter, '@' | ',' | ';'));
    !domain.is_empty()
        && is_one
        && (is_made || inner.is_some() && (digits >= DIGITS_IN_BRACKETS || is_random()))
}

/// Whether an address is of a domain that is reserved for examples (RFC 2606 §3): nobody's. What ends in `.example` stands for real
/// domains here as in other tests.
pub(in crate::detect) fn is_of_documentation(address: &str) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    ["example.com", "example.org", "example.net"]
        .iter()
        .any(|reserved| domain.eq_ignore_ascii_case(reserved))
}

/// Whether an address is that of a role, as companies give them out, rather than of a person.
pub(in crate::detect) fn is_role_address(value: &str) -> bool {
    const ROLES: [&str; 24] = [
        "info",
        "sales",
        "contact",
        "kontakt",
        "office",
        "admin",
        "service",
        "help",
        "hilfe",
        "hello",
        "hallo",
        "team",
        "news",
        "jobs",
        "career",
        "billing",
        "legal",
        "security",
        "marketing",
        "shop",
        "order",
        "orders",
        "ship",
        "shipping",
    ];
    let local = value.split_once('@').map(|(local, _)| local);
    local.is_some_and(|local| ROLES.iter().any(|role| local.eq_ignore_ascii_case(role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_and_role_addresses_are_no_mail_addresses() {
        assert!(is_email("erika.muster@nordlicht.example"));
        for other in [
            "a@2x.png",
            "noreply@nordlicht.example",
            "a@b",
            "@x.example",
            "erika@-x.example",
            "0262011234567890@wlan.mnc001.mcc262.3gppnetwork.org",
            "anonymous@nai.epc.mnc001.mcc262.3GPPnetwork.org",
            "garten@conference.nordlicht.example",
            "4930901820-1600000000@g.us",
        ] {
            assert!(!is_email(other), "{other}");
        }
    }

    #[test]
    fn ids_of_messages_are_no_addresses() {
        for id in [
            "<98253299985346.0@mail.nordlicht.example>",
            "20261124081836.4A1B2C3D@mail.nordlicht.example",
            "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3@nordlicht.example",
            "<CAF+d1ZkQ8nRw7Xb@mail.nordlicht.example>",
            "000001dc5f3a$1b2c3d40$@nordlicht.example",
        ] {
            assert!(is_message_id(id), "{id}");
        }
        for address in [
            "<erika.muster@nordlicht.example>",
            "erika.muster1987@nordlicht.example",
            "4917604069012@s.whatsapp.example",
            "erika.muster+angebote2026@nordlicht.example",
            "Erika <erika@nordlicht.example>",
        ] {
            assert!(!is_message_id(address), "{address}");
        }
    }
}
