//! One decoded name and value inside an observation, and the way that leads to it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::{Look, Path, PathId, Paths};

ids! {
    /// In which part of a message a field stands.
    Place {
        /// Request target: path segments.
        Path = "path",
        /// Request target: query string.
        Query = "query",
        /// A header (or a named part of a message of another protocol).
        Header = "header",
        /// A cookie.
        Cookie = "cookie",
        /// The body.
        Body = "body",
    }
}

/// One step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathStep {
    /// A member of an object, a form key, a header name.
    Name(Arc<str>),
    /// An element of an array, a part of a list, a protobuf field number.
    Index(u32),
    /// The value stands in two fields; behind it is the way to the second, from where it parts with that to the first.
    And,
}

/// Where a field stands inside its place, outermost first. Printed as `user.devices[0].id`; of a value in two fields as
/// `device.geo.lat+lon`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(pub Vec<PathStep>);

impl FieldPath {
    /// The last name on the path, skipping indexes: the key that says what the value is.
    pub fn last_name(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|step| match step {
            PathStep::Name(name) => Some(&**name),
            PathStep::Index(_) | PathStep::And => None,
        })
    }

    /// The way to a value of which one half stands here and the other there.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        let shared = pairs.take_while(|(one, other)| one == other).count();
        let rest = other.0.iter().skip(shared);
        if rest.len() == 0 {
            return self.clone();
        }
        let steps = self.0.iter().chain([&PathStep::And]).chain(rest);
        Self(steps.cloned().collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_first = true;
        for step in &self.0 {
            match step {
                PathStep::Name(name) if is_first => formatter.write_str(name)?,
                PathStep::Name(name) => write!(formatter, ".{name}")?,
                PathStep::Index(index) => write!(formatter, "[{index}]")?,
                PathStep::And => formatter.write_str("+")?,
            }
            is_first = *step == PathStep::And;
        }
        Ok(())
    }
}

ids! {
    /// One undone encoding.
    DecodeStep {
        /// `Content-Encoding` or magic: gzip.
        Gzip = "gzip",
        /// zlib or raw deflate.
        Deflate = "deflate",
        /// Brotli.
        Brotli = "br",
        /// Zstandard.
        Zstd = "zstd",
        /// A file of a ZIP archive.
        Zip = "zip",
        /// Percent encoding.
        Percent = "percent",
        /// `application/x-www-form-urlencoded`.
        Form = "form",
        /// `multipart/*`.
        Multipart = "multipart",
        /// JSON.
        Json = "json",
        /// Base64, either alphabet.
        Base64 = "base64",
        /// Base32 (RFC 4648 §6), in either case.
        Base32 = "base32",
        /// Hexadecimal digits.
        Hex = "hex",
        /// Quoted-printable (RFC 2045 §6.7).
        QuotedPrintable = "quoted-printable",
        /// JSON Web Token: header or payload segment.
        Jwt = "jwt",
        /// XML.
        Xml = "xml",
        /// Plain text.
        Text = "text",
        /// A protocol of its own (SIP, MQTT …) laid out as named fields.
        Protocol = "protocol",
        /// UTF-16, either byte order.
        Utf16 = "utf-16",
        /// Written backwards.
        Reversed = "reversed",
        /// A protobuf varint.
        Varint = "varint",
        /// A 64-bit integer.
        Fixed64 = "fixed64",
        /// SHA-256 of the value.
        Sha256 = "sha-256",
        /// SHA-1 of the value.
        Sha1 = "sha-1",
        /// MD5 of the value.
        Md5 = "md5",
        /// SHA-512 of the value.
        Sha512 = "sha-512",
        /// SHA-384 of the value.
        Sha384 = "sha-384",
        /// SHA-224 of the value.
        Sha224 = "sha-224",
        /// SHA-3 of the value, any length.
        Sha3 = "sha-3",
        /// BLAKE2 of the value.
        Blake2 = "blake2",
        /// CRC-32 of the value.
        Crc32 = "crc-32",
        /// With a salt before or behind the value.
        Salted = "salted",
        /// Keyed digest (RFC 2104).
        Hmac = "hmac",
        /// Degrees times a power of ten.
        Scaled = "scaled",
        /// Radians.
        Radians = "radians",
        /// Degrees, minutes, seconds.
        Sexagesimal = "sexagesimal",
        /// Geohash.
        Geohash = "geohash",
        /// Open Location Code.
        PlusCode = "plus-code",
        /// H3 cell.
        H3 = "h3",
        /// Web Mercator tile.
        Tile = "tile",
        /// Messages of gRPC behind their lengths.
        Grpc = "grpc",
        /// Protocol Buffers, read without their schema.
        Protobuf = "protobuf",
        /// `MessagePack`.
        MessagePack = "msgpack",
        /// CBOR (RFC 8949).
        Cbor = "cbor",
        /// BSON.
        Bson = "bson",
        /// Thrift, compact or binary.
        Thrift = "thrift",
        /// A binary property list of Apple.
        PropertyList = "plist",
        /// Numbers of eight bytes each and nothing else.
        Numbers = "numbers",
        /// Lines of a text that name their values.
        Table = "table",
        /// Literals in a GraphQL document.
        GraphQl = "graphql",
        /// Unicode's compatible forms (UAX #15, NFKC) and digits of other scripts as those of ASCII.
        Compatible = "nfkc",
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

/// One decoded name and value; what it shares with others is in [`Fields`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Part of the message.
    pub place: Place,
    /// Kinds of characters in the value.
    pub look: Look,
    /// Way to the value. It includes the name as its last [`PathStep::Name`].
    pub path: PathId,
    /// Encodings undone on the way.
    pub chain: ChainId,
    /// The value as text; bytes that are not text do not become fields.
    pub value: Cow<'a, str>,
}

/// Chains among which one that comes again is looked for.
const LATELY: usize = 8;

/// A [`DecodeChain`] of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainId(u32);

/// The fields of one message, and what they share: a field costs no copy of its path.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    all: Vec<Field<'a>>,
    /// Their paths.
    pub paths: Paths,
    chains: Vec<DecodeChain>,
}

impl<'a> Fields<'a> {
    /// Adds a chain for the fields to come.
    pub fn add_chain(&mut self, steps: &[DecodeStep]) -> ChainId {
        // One that was added lately comes again: each value that may be base64 parts those around it.
        let lately = self.chains.iter().enumerate().rev().take(LATELY);
        let known = lately
            .into_iter()
            .find(|(_, chain)| *chain.0 == *steps)
            .map(|(position, _)| position);
        let position = known.unwrap_or_else(|| {
            self.chains.push(DecodeChain(Arc::from(steps)));
            self.chains.len().saturating_sub(1)
        });
        ChainId(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// Makes room for so many more, each with a path of two steps.
    pub fn reserve(&mut self, count: usize) {
        self.all.reserve(count);
        self.paths.reserve(count.saturating_mul(2));
    }

    /// Adds a field.
    #[inline]
    pub fn push(&mut self, field: Field<'a>) {
        self.all.push(field);
    }

    /// The field at a position, to be completed.
    #[inline]
    pub fn get_mut(&mut self, position: usize) -> Option<&mut Field<'a>> {
        self.all.get_mut(position)
    }

    /// The field at a position.
    pub fn get(&self, position: usize) -> Option<&Field<'a>> {
        self.all.get(position)
    }

    /// All, in the order of the message.
    pub fn iter(&self) -> std::slice::Iter<'_, Field<'a>> {
        self.all.iter()
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The way to a field's value.
    pub fn path(&self, field: &Field<'_>) -> Path<'_> {
        self.paths.path(field.path)
    }

    /// The key that says what a field's value is; empty for a bare list or text.
    pub fn name(&self, field: &Field<'_>) -> &str {
        self.paths
            .last_name(field.path)
            .map_or("", |name| self.paths.text(name))
    }

    /// All chains that were added; one may come again.
    pub fn chains(&self) -> &[DecodeChain] {
        &self.chains
    }

    /// The encodings undone on the way to a value.
    #[inline]
    pub fn chain(&self, id: ChainId) -> &DecodeChain {
        static NONE: LazyLock<DecodeChain> = LazyLock::new(DecodeChain::default);
        let position = usize::try_from(id.0).unwrap_or(usize::MAX);
        self.chains.get(position).unwrap_or(&NONE)
    }
}

impl<'a, 'f> IntoIterator for &'f Fields<'a> {
    type Item = &'f Field<'a>;
    type IntoIter = std::slice::Iter<'f, Field<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
