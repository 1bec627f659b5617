//! What a detector concludes.

use super::{DecodeChain, FieldPath, FlowKey, Origin, Place, Sensitive};
use std::sync::Arc;

/// The kind of data or circumstance a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Address book, call log, social graph: data of other people.
    Contacts,
    /// Position, Wi-Fi and cell surroundings, movement.
    Location,
    /// Identifiers and attributes of the device, SIM or installation.
    Device,
    /// The user's own account: e-mail, phone number, user id, name.
    Account,
    /// Who with whom, when, how much.
    MessageMetadata,
    /// Message texts, media.
    MessageContent,
    /// Passwords, tokens, keys.
    Credentials,
    /// How it was protected on the way.
    Transport,
    /// Who was contacted.
    Recipient,
    /// What was done on the device: screens viewed, events, consent state.
    Usage,
    /// A permission granted or declared.
    Permission,
}

impl Category {
    /// All, in the order of reports.
    pub const ALL: [Self; 11] = [
        Self::Contacts,
        Self::Location,
        Self::MessageMetadata,
        Self::MessageContent,
        Self::Account,
        Self::Device,
        Self::Credentials,
        Self::Usage,
        Self::Transport,
        Self::Recipient,
        Self::Permission,
    ];

    /// Stable id, as in `rules/` and exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Location => "location",
            Self::Device => "device",
            Self::Account => "account",
            Self::MessageMetadata => "message-metadata",
            Self::MessageContent => "message-content",
            Self::Credentials => "credentials",
            Self::Transport => "transport",
            Self::Recipient => "recipient",
            Self::Usage => "usage",
            Self::Permission => "permission",
        }
    }

    /// The category of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == id)
    }
}

/// How a finding is known: never mixed up in reports. Strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// A value that the auditor knows to be on the phone was found.
    KnownValue,
    /// Decoded: name and value fit.
    Decoded,
    /// The value's shape alone.
    Shape,
    /// A service was contacted; what was sent is not visible.
    Contacted,
    /// Concluded from several facts, none of which shows the data itself.
    Inferred,
    /// The app declares it, or holds the permission.
    Declared,
}

impl Grade {
    /// All, strongest first.
    pub const ALL: [Self; 6] = [
        Self::KnownValue,
        Self::Decoded,
        Self::Shape,
        Self::Contacted,
        Self::Inferred,
        Self::Declared,
    ];

    /// Stable id.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KnownValue => "known-value",
            Self::Decoded => "decoded",
            Self::Shape => "shape",
            Self::Contacted => "contacted",
            Self::Inferred => "inferred",
            Self::Declared => "declared",
        }
    }

    /// Whether the finding says that data was *transmitted* (seen on the wire).
    pub fn is_transmitted(self) -> bool {
        matches!(self, Self::KnownValue | Self::Decoded | Self::Shape)
    }
}

/// How data was protected on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// Readable for anyone on the way.
    Cleartext,
    /// Protected on the wire.
    Encrypted,
    /// Cannot be told (device logs, manifests).
    Unknown,
}

/// What kind of end point received something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecipientKind {
    /// Something on the internet.
    Remote,
    /// Private, link-local, multicast or broadcast: it stayed on the local network.
    Local,
    /// No recipient (declarations).
    None,
}

/// Who received something: the host if known, else the address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recipient {
    /// Remote, local or none.
    pub kind: RecipientKind,
    /// Host name, lower case, or the address as text; empty for [`RecipientKind::None`].
    pub host: Arc<str>,
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
