//! Examples that rules carry: one whole message each, so that a test runs the real chain from message to finding.

use serde::Deserialize;

/// A message with invented data. Either an HTTP request (`request`, `headers`, `body`) or a message of another protocol
/// (`protocol`, `kind`, `fields`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What the example shows.
    #[serde(default)]
    pub shows: String,
    /// Method and URL: `POST https://example.com/path?query`. With `http:` the message was readable on the way.
    pub request: Option<String>,
    /// Header lines: `Content-Type: application/json`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Body as text.
    #[serde(default)]
    pub body: String,
    /// Protocol of another message: `sip`, `imap` ….
    pub protocol: Option<String>,
    /// What it is in that protocol.
    #[serde(default)]
    pub kind: String,
    /// Its readable parts.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
}

impl Example {
    /// Whether it is exactly one kind of message.
    pub(super) fn problem(&self) -> Option<&'static str> {
        match (&self.request, &self.protocol) {
            (Some(request), None) => match request.split_once(' ') {
                Some((_, url)) if url.starts_with("https://") || url.starts_with("http://") => None,
                _ => Some("an example's request is a method, a space and an http or https URL"),
            },
            (None, Some(_)) => None,
            _ => Some("an example has either a request or a protocol"),
        }
    }
}
