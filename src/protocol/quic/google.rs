//! The client hello of Google's own QUIC (`Q0..`): a table of tags, in clear up to `Q046` and in an Initial packet after.

use super::version;

/// Bytes of the head: `CHLO`, number of tags, padding.
const HEAD_BYTES: usize = 8;
const ENTRY_BYTES: usize = 8;
/// Tags of one hello; clients send about thirty.
const TAGS: usize = 256;

/// What a hello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hello {
    /// Server name, lower case.
    pub(super) server_name: Option<String>,
    /// Name of app and device.
    pub(super) user_agent: Option<String>,
}

/// The version of a datagram whose hello is not encrypted: with a public header (flags, connection id, version) up to `Q043`, or
/// with the long header of `Q046`, whose connection ids have their lengths in one byte.
pub(super) fn clear_version(datagram: &[u8]) -> Option<u32> {
    let (flags, rest) = datagram.split_first()?;
    let is_long = flags & 0x80 != 0;
    let has_id = !is_long && flags & 0x08 != 0;
    let rest = if has_id { rest.get(8..)? } else { rest };
    let version = u32::from_be_bytes(*rest.first_chunk::<4>()?);
    let is_clear = if is_long {
        matches!(
            &version.to_be_bytes(),
            b"Q044" | b"Q045" | b"Q046" | b"Q047" | b"Q048"
        )
    } else {
        flags & 0x01 != 0
    };
    Some(version).filter(|version| is_clear && version::is_google(*version))
}

/// Finds and reads the hello. A client pads it to fill one datagram, so it is never spread over several.
pub(super) fn client_hello(bytes: &[u8]) -> Option<Hello> {
    let at = memchr::memmem::find(bytes, b"CHLO")?;
    let hello = bytes.get(at..)?;
    let [low, high] = *hello.get(4..)?.first_chunk::<2>()?;
    let count = usize::from(u16::from_le_bytes([low, high]));
    if count > TAGS {
        return None;
    }
    let (head, values) =
        hello.split_at_checked(count.saturating_mul(ENTRY_BYTES).saturating_add(HEAD_BYTES))?;
    let (entries, _) = head.get(HEAD_BYTES..)?.as_chunks::<ENTRY_BYTES>();
    let mut found = Hello::default();
    let mut start = 0;
    for [tag @ .., a, b, c, d] in entries {
        let end = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()?;
        let text = || {
            let text = String::from_utf8_lossy(values.get(start..end)?);
            (!text.is_empty()).then(|| text.into_owned())
        };
        match tag {
            b"SNI\0" => found.server_name = text().map(|name| name.to_lowercase()),
            b"UAID" => found.user_agent = text(),
            _ => {}
        }
        start = end;
    }
    Some(found)
}
