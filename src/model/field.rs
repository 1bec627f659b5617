//! One decoded name and value inside an observation, and the way that leads to it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// In which part of a message a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Request target: path segments.
    Path,
    /// Request target: query string.
    Query,
    /// A header (or a named part of a message of another protocol).
    Header,
    /// A cookie.
    Cookie,
    /// The body.
    Body,
}

impl Place {
    /// All.
    pub const ALL: [Self; 5] = [
        Self::Path,
        Self::Query,
        Self::Header,
        Self::Cookie,
        Self::Body,
    ];

    /// The word that reports and rules use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathStep {
    /// A member of an object, a form key, a header name.
    Name(Arc<str>),
    /// An element of an array, a part of a list, a protobuf field number.
    Index(u32),
}

/// Where a field stands inside its place, outermost first. Printed as `user.devices[0].id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(pub Vec<PathStep>);

impl FieldPath {
    /// The last name on the path, skipping indexes: the key that says what the value is.
    pub fn last_name(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            PathStep::Name(name) => Some(&**name),
            PathStep::Index(_) => None,
        })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Name(name) if position == 0 => formatter.write_str(name)?,
                PathStep::Name(name) => write!(formatter, ".{name}")?,
                PathStep::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// One undone encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DecodeStep {
    /// `Content-Encoding` or magic: gzip.
    Gzip,
    /// zlib or raw deflate.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
    /// Percent encoding.
    Percent,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/*`.
    Multipart,
    /// JSON.
    Json,
    /// Base64, either alphabet.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Quoted-printable (RFC 2045 §6.7).
    QuotedPrintable,
    /// JSON Web Token: header or payload segment.
    Jwt,
    /// XML.
    Xml,
    /// Plain text.
    Text,
    /// A protocol of its own (SIP, MQTT …) laid out as named fields.
    Protocol,
}

impl DecodeStep {
    /// All.
    pub const ALL: [Self; 15] = [
        Self::Gzip,
        Self::Deflate,
        Self::Brotli,
        Self::Zstd,
        Self::Percent,
        Self::Form,
        Self::Multipart,
        Self::Json,
        Self::Base64,
        Self::Hex,
        Self::QuotedPrintable,
        Self::Jwt,
        Self::Xml,
        Self::Text,
        Self::Protocol,
    ];

    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Percent => "percent",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::Json => "json",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::QuotedPrintable => "quoted-printable",
            Self::Jwt => "jwt",
            Self::Xml => "xml",
            Self::Text => "text",
            Self::Protocol => "protocol",
        }
    }
}

/// The encodings undone to reach a field, outermost first. Printed as `gzip > json > base64`. Shared by the fields of one
/// document, so that a field costs no copy of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecodeChain(pub Arc<[DecodeStep]>);

impl fmt::Display for DecodeChain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" > ")?;
            }
            formatter.write_str(step.as_str())?;
        }
        Ok(())
    }
}

/// One decoded name and value. The path includes the name as its last [`PathStep::Name`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Part of the message.
    pub place: Place,
    /// Way to the value.
    pub path: FieldPath,
    /// Encodings undone on the way.
    pub chain: DecodeChain,
    /// The value as text; bytes that are not text do not become fields.
    pub value: Cow<'a, str>,
}

impl Field<'_> {
    /// The key that says what the value is; empty for a bare list or text.
    pub fn name(&self) -> &str {
        self.path.last_name().unwrap_or_default()
    }
}
