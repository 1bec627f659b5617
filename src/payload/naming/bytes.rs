//! Bytes that are written as a list of numbers.

use super::Signs;
use crate::model::{ChainId, Fields, PathId, Place, Step};

/// Bytes that a list of numbers is.
pub(in crate::payload) struct ListOfBytes {
    pub(in crate::payload) place: Place,
    pub(in crate::payload) path: PathId,
    pub(in crate::payload) chain: ChainId,
    pub(in crate::payload) bytes: Vec<u8>,
}

/// Fewest numbers that are believed to be bytes: those of a digest.
pub(super) const FEWEST_BYTES: usize = 16;

/// All lists of nothing but numbers as large as bytes, most of them of two digits and more.
pub(in crate::payload) fn lists_of_bytes(fields: &Fields<'_>, signs: &Signs) -> Vec<ListOfBytes> {
    if !signs.has_long_lists {
        return Vec::new();
    }
    let (mut lists, mut open): (Vec<ListOfBytes>, Option<ListOfBytes>) = (Vec::new(), None);
    for field in fields {
        let next = match fields.paths.split(field.path) {
            Some((list, Step::Index(position))) => byte(&field.value)
                .zip(usize::try_from(position).ok())
                .map(|(byte, position)| (byte, list, position)),
            _ => None,
        };
        match (next, &mut open) {
            (Some((byte, list, position)), Some(open))
                if open.path == list && open.bytes.len() == position =>
            {
                open.bytes.push(byte);
            }
            (next, _) => {
                lists.extend(open.take().filter(ListOfBytes::is_believed));
                open = next
                    .filter(|(.., position)| *position == 0)
                    .map(|(byte, list, _)| ListOfBytes {
                        place: field.place,
                        path: list,
                        chain: field.chain,
                        bytes: vec![byte],
                    });
            }
        }
    }
    lists.extend(open.filter(ListOfBytes::is_believed));
    lists
}

impl ListOfBytes {
    /// Small numbers alone are counts.
    fn is_believed(&self) -> bool {
        let large = self.bytes.iter().filter(|byte| **byte >= 64).count();
        self.bytes.len() >= FEWEST_BYTES && large.saturating_mul(2) >= self.bytes.len()
    }
}

/// A number from -128 to 255.
fn byte(text: &str) -> Option<u8> {
    if text.len() > 4 || !text.as_bytes().last()?.is_ascii_digit() {
        return None;
    }
    let number: i16 = text.parse().ok()?;
    u8::try_from(number)
        .ok()
        .or_else(|| i8::try_from(number).ok().map(i8::cast_unsigned))
}
