//! What a detector concludes.

use std::net::IpAddr;
use std::sync::Arc;

use super::{
    DecodeChain, Event, FieldPath, FlowKey, Origin, Place, Sensitive, ServerName, Sighting,
};

ids! {
    /// The kind of data or circumstance a finding is about, in the order of reports.
    Category {
        /// Address book, call log, social graph: data of other people.
        Contacts = "contacts",
        /// Position, Wi-Fi and cell surroundings, movement.
        Location = "location",
        /// Who with whom, when, how much.
        MessageMetadata = "message-metadata",
        /// Message texts.
        MessageContent = "message-content",
        /// Pictures, sound, the screen, files.
        Media = "media",
        /// The user's own account: e-mail, phone number, user id, name.
        Account = "account",
        /// Identifiers and attributes of the device, SIM or installation.
        Device = "device",
        /// Passwords, tokens, keys.
        Credentials = "credentials",
        /// What was done on the device: screens viewed, events, consent state.
        Usage = "usage",
        /// How it was protected on the way.
        Transport = "transport",
        /// Who was contacted.
        Recipient = "recipient",
        /// A permission granted or declared.
        Permission = "permission",
    }
}

ids! {
    /// How a finding is known: never mixed up in reports. Strongest first.
    Grade {
        /// A value that the auditor knows to be on the phone was found.
        KnownValue = "known-value",
        /// Decoded: name and value fit.
        Decoded = "decoded",
        /// The value's shape alone.
        Shape = "shape",
        /// A service was contacted; what was sent is not visible.
        Contacted = "contacted",
        /// Concluded from several facts, none of which shows the data itself.
        Inferred = "inferred",
        /// The app declares it, or holds the permission.
        Declared = "declared",
    }
}

impl Grade {
    /// Whether the finding says that data was *transmitted* (seen on the wire).
    pub fn is_transmitted(self) -> bool {
        matches!(self, Self::KnownValue | Self::Decoded | Self::Shape)
    }
}

ids! {
    /// How data was protected on the way.
    Protection {
        /// Readable for anyone on the way.
        Cleartext = "cleartext",
        /// Protected on the wire.
        Encrypted = "encrypted",
        /// Cannot be told (device logs, manifests).
        Unknown = "unknown",
    }
}

ids! {
    /// What kind of end point received something.
    RecipientKind {
        /// Something on the internet.
        Remote = "remote",
        /// Private, link-local, multicast or broadcast: it stayed on the local network.
        Local = "local",
        /// Several hosts of one company, whose name stands in place of the host: only for conclusions over many flows.
        Company = "company",
        /// No recipient (declarations).
        None = "none",
    }
}

/// Who received something: the host if known, else the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    /// Remote, local or none.
    pub kind: RecipientKind,
    /// Host name, lower case, or the address as text, or the company's name; empty for [`RecipientKind::None`].
    pub host: Arc<str>,
}

impl Recipient {
    /// Who received what was seen: the host that the message itself names, else the flow's server name, else its address.
    /// A private or link-local server without a public name stays [`RecipientKind::Local`]; behind a proxy or a test
    /// gateway the name decides.
    pub fn of(sighting: &Sighting) -> Self {
        let named = match &sighting.event {
            Event::Exchange(exchange) => exchange.request.host.as_deref(),
            Event::Access(access) => access.host.as_deref(),
            _ => None,
        };
        let name = named.or_else(|| sighting.server.as_ref().map(ServerName::as_str));
        let address = sighting.flow.as_ref().map(FlowKey::server_ip);
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return address.map_or_else(Self::none, Self::address);
        };
        Self::named(name)
    }

    /// The host of that name, or address.
    pub fn named(name: &str) -> Self {
        let literal = name
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        match literal {
            Ok(literal) => Self::address(literal),
            Err(_) if is_local_name(name) => Self {
                kind: RecipientKind::Local,
                host: Arc::from(name),
            },
            Err(_) => Self {
                kind: RecipientKind::Remote,
                host: Arc::from(name),
            },
        }
    }

    /// No recipient.
    pub fn none() -> Self {
        Self {
            kind: RecipientKind::None,
            host: Arc::from(""),
        }
    }

    /// Somebody of whom only the address is known.
    pub fn address(address: IpAddr) -> Self {
        let kind = if is_local_address(address) {
            RecipientKind::Local
        } else {
            RecipientKind::Remote
        };
        Self {
            kind,
            host: Arc::from(address.to_string()),
        }
    }
}

/// Names that are never resolved on the internet (RFC 6762, RFC 8375, RFC 6761) or have no dot.
fn is_local_name(name: &str) -> bool {
    const LOCAL_SUFFIXES: [&str; 6] = [
        ".local",
        ".localhost",
        ".lan",
        ".internal",
        ".home.arpa",
        ".fritz.box",
    ];
    !name.contains('.') || LOCAL_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether packets to this address stay on the local network (RFC 1918, 3927, 4193, 4291, 6598, multicast, broadcast).
fn is_local_address(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_unspecified()
                || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

/// Enough to find one piece of evidence again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// Input and frame.
    pub origin: Origin,
    /// Flow; `None` for logs and manifests.
    pub flow: Option<FlowKey>,
    /// Part of the message; `None` when the finding is not about a field.
    pub place: Option<Place>,
    /// Way to the value.
    pub path: FieldPath,
    /// Encodings undone.
    pub chain: DecodeChain,
    /// The value; masked in every output.
    pub value: Option<Sensitive>,
}

impl Evidence {
    /// A place without a value: where a flow began, where a document says something.
    pub fn at(origin: Origin) -> Self {
        Self {
            origin,
            flow: None,
            place: None,
            path: FieldPath::default(),
            chain: DecodeChain::default(),
            value: None,
        }
    }
}

/// What a detector reports to the tally: one occurrence. App, device and recipient come from the scene.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the rule in `rules/` (`advertising-id`, `contact-phone-list` …).
    pub rule: Arc<str>,
    /// Its category.
    pub category: Category,
    /// How it is known.
    pub grade: Grade,
    /// How many distinct data items (contacts in a list, Wi-Fi networks); at least 1.
    pub items: u64,
    /// Position: metres that the value is exact to, rounded up. Only for coordinates.
    pub precision_metres: Option<u32>,
    /// The value says that tracking is limited (a zeroed advertising id): an opt-out honoured, not an identifier.
    pub is_opted_out: bool,
    /// Distinct values behind the occurrence, to count over several messages (one contact per request).
    pub values: Vec<Sensitive>,
    /// Evidence.
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_multicast_addresses_are_local() {
        for local in [
            "10.0.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "224.0.0.251",
            "fe80::1",
            "ff02::fb",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(
                Recipient::address(local.parse().unwrap()).kind,
                RecipientKind::Local,
                "{local}"
            );
        }
        for remote in ["192.0.2.1", "100.128.0.1", "2001:db8::1"] {
            assert_eq!(
                Recipient::address(remote.parse().unwrap()).kind,
                RecipientKind::Remote,
                "{remote}"
            );
        }
    }

    #[test]
    fn names_without_dot_and_mdns_names_are_local() {
        assert!(is_local_name("printer") && is_local_name("printer.local"));
        assert!(!is_local_name("local.example"));
    }
}
