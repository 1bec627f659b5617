//! Whether the contents of XMPP messages are encrypted from end to end, and by what.

use super::super::Output;
use super::super::message::Draft;
use super::element::Element;
use crate::model::{Origin, Side};

/// How the content of one message is protected from end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Readable for the servers on the way.
    None,
    /// OTR: queries, key exchange and data messages (Off-the-Record Messaging Protocol version 3).
    Otr,
    /// OMEMO (XEP-0384), in its first form and from version 0.4 on.
    Omemo,
    /// `OpenPGP` (XEP-0373, XEP-0027).
    OpenPgp,
    /// Another, as the message says (XEP-0380), or TLS between the ends (XEP-0200 and the like).
    Other,
}

impl Encryption {
    /// All, in the order of reports.
    const ALL: [Self; 5] = [
        Self::None,
        Self::Otr,
        Self::Omemo,
        Self::OpenPgp,
        Self::Other,
    ];

    /// Stable id.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Otr => "otr",
            Self::Omemo => "omemo",
            Self::OpenPgp => "openpgp",
            Self::Other => "other",
        }
    }

    /// Of a message stanza, or of the one that it forwards; `None` if it carries no content (typing, receipts).
    pub(super) fn of(message: &Element) -> Option<Self> {
        let namespace = |child: &str| {
            let forwarded = format!(".message.{child}.xmlns");
            message
                .value(&format!("{child}.xmlns"))
                .or_else(|| message.value_below(&forwarded))
        };
        if namespace("encrypted").is_some_and(|name| OMEMO.contains(&name)) {
            return Some(Self::Omemo);
        }
        if namespace("openpgp").is_some_and(|name| name.starts_with("urn:xmpp:openpgp:"))
            || namespace("x").is_some_and(|name| name == "jabber:x:encrypted")
        {
            return Some(Self::OpenPgp);
        }
        let body = message
            .value("body")
            .or_else(|| message.value_below(".message.body"));
        if body.is_some_and(|body| body.contains("?OTR")) {
            return Some(Self::Otr);
        }
        if namespace("encryption").is_some_and(|name| name.starts_with("urn:xmpp:eme:")) {
            return Some(Self::Other);
        }
        (body.is_some() || message.value("subject").is_some()).then_some(Self::None)
    }
}

/// The names under which OMEMO is in use.
const OMEMO: [&str; 3] = [
    "eu.siacs.conversations.axolotl",
    "urn:xmpp:omemo:1",
    "urn:xmpp:omemo:2",
];

/// Messages of one stream by their protection.
#[derive(Debug, Default)]
pub(super) struct Tally([u64; Encryption::ALL.len()]);

impl Tally {
    pub(super) fn count(&mut self, encryption: Encryption) {
        for (kind, count) in Encryption::ALL.iter().zip(&mut self.0) {
            if *kind == encryption {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Says once, at the stream's end, how many messages were protected by what.
    pub(super) fn emit(
        self,
        protocol: &'static str,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) {
        let mut draft = Draft::new(protocol, "end-to-end-encryption", Side::Client);
        for (kind, count) in Encryption::ALL.iter().zip(self.0) {
            if count > 0 {
                draft.add(kind.as_str(), &count.to_string());
            }
        }
        if !draft.is_empty() {
            draft.emit(origin, emit);
        }
    }
}
