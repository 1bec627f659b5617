//! What a SASL exchange says in clear (RFC 4422): the mechanism, who, and often the password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Output;
use super::message::{Draft, text};
use crate::model::{Origin, Side};

/// One authentication: the client's responses as they come, base64 as in SMTP, IMAP, POP3 and XMPP.
#[derive(Debug)]
pub(super) struct Authentication {
    mechanism: String,
    responses: Vec<Vec<u8>>,
}

impl Authentication {
    /// `initial` is the response sent with the command, if any; `=` stands for an empty one.
    pub(super) fn new(mechanism: &str, initial: Option<&str>) -> Self {
        let mut authentication = Self {
            mechanism: mechanism.to_ascii_uppercase(),
            responses: Vec::new(),
        };
        if let Some(initial) = initial {
            authentication.push(initial);
        }
        authentication
    }

    /// Takes the client's next response. `*` gives up.
    pub(super) fn push(&mut self, response: &str) {
        let response = response.trim();
        let decoded = STANDARD.decode(response).unwrap_or_default();
        self.responses.push(decoded);
    }

    /// Hands it out as a message of its protocol if all that says something has come; else gives it back, to wait for more.
    pub(super) fn settle(
        self,
        protocol: &'static str,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) -> Option<Self> {
        let wanted = if self.mechanism == "LOGIN" { 2 } else { 1 };
        if self.responses.len() < wanted {
            return Some(self);
        }
        let mut draft = Draft::new(protocol, "AUTH", Side::Client);
        self.describe(&mut draft);
        draft.emit(origin, emit);
        None
    }

    /// Adds mechanism, user and password.
    pub(super) fn describe(&self, draft: &mut Draft) {
        draft.add("mechanism", &self.mechanism);
        let first = self
            .responses
            .first()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let first_text = text(first);
        match self.mechanism.as_str() {
            // RFC 4616: authorisation identity, user and password between zero bytes
            "PLAIN" => {
                let mut parts = first.split(|byte| *byte == 0).map(text);
                let identity = parts.next().filter(|identity| !identity.is_empty());
                draft.add_some("authorization-id", identity.as_deref());
                draft.add_some("user", parts.next().as_deref());
                draft.add_some("password", parts.next().as_deref());
            }
            "LOGIN" => {
                for (name, response) in ["user", "password"].iter().zip(&self.responses) {
                    draft.add(name, &text(response));
                }
            }
            // RFC 2195: user and digest
            "CRAM-MD5" => {
                draft.add_some("user", first_text.rsplit_once(' ').map(|(user, _)| user));
            }
            // RFC 7628 and its forerunner: pairs between control-A
            "XOAUTH2" | "OAUTHBEARER" => {
                for part in first_text.split(['\u{1}', ',']) {
                    if let Some((name, value)) = part.split_once('=') {
                        match name {
                            "user" | "a" => draft.add("user", value),
                            "auth" => draft.add("authorization", value),
                            _ => {}
                        }
                    }
                }
            }
            // RFC 2831: name="value" list
            "DIGEST-MD5" => {
                let user = first_text
                    .split("username=\"")
                    .nth(1)
                    .and_then(|rest| rest.split('"').next());
                draft.add_some("user", user);
            }
            "EXTERNAL" | "ANONYMOUS" => draft.add("user", &first_text),
            // RFC 5802 §7: attributes, `n` is the user
            mechanism if mechanism.starts_with("SCRAM-") => {
                let user = first_text
                    .split(',')
                    .find_map(|attribute| attribute.strip_prefix("n="));
                draft.add_some("user", user);
            }
            _ => {}
        }
    }
}
