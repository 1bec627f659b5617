//! WAP Binary XML 1.3 (W3C Note 24 June 1999) as Exchange `ActiveSync` sends it (MS-ASWBXML §2.1.2): elements are bytes, in pages of
//! 64 → XML. Of the pages those of synchronisation and of contacts have names here; elements of others are numbered.
//!
//! Source: <https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-aswbxml/>, read 2026-11-28.

use std::borrow::Cow;

use quick_xml::escape::escape;

use super::binary::{Cursor, Stop};
use super::body::MediaType;
use super::collector::Collector;
use super::{Decoder, Input, compression, xml};
use crate::limits;
use crate::model::{DecodeStep, Shortfall};

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        let is_called = || {
            let essence = &media_type.essence;
            essence.contains("wbxml") || essence.starts_with("application/vnd.ms-sync")
        };
        input.bytes.starts_with(&FRONT) && is_called()
    },
    decode,
};

/// Version 1.3, a public identifier that is unknown, UTF-8, and a table of no strings.
const FRONT: [u8; 4] = [0x03, 0x01, 0x6a, 0x00];

/// What bytes stand for beside elements (§7.1).
const SWITCH_PAGE: u8 = 0x00;
const END: u8 = 0x01;
const TEXT: u8 = 0x03;
const OPAQUE: u8 = 0xc3;
/// The bit of elements with content, and those of the element itself.
const HAS_CONTENT: u8 = 0x40;
const ELEMENT: u8 = 0x3f;

/// The first element of a page.
const FIRST: u8 = 0x05;
/// Elements of page 0, from the first on.
const SYNC: [&str; 25] = [
    "Sync",
    "Responses",
    "Add",
    "Change",
    "Delete",
    "Fetch",
    "SyncKey",
    "ClientId",
    "ServerId",
    "Status",
    "Collection",
    "Class",
    "Version",
    "CollectionId",
    "GetChanges",
    "MoreAvailable",
    "WindowSize",
    "Commands",
    "Options",
    "FilterType",
    "Truncation",
    "Rtf",
    "Conflict",
    "Collections",
    "ApplicationData",
];
/// Elements of page 1, from the first on.
const CONTACTS: [&str; 56] = [
    "Anniversary",
    "AssistantName",
    "AssistantPhoneNumber",
    "Birthday",
    "Body",
    "BodySize",
    "BodyTruncated",
    "Business2PhoneNumber",
    "BusinessAddressCity",
    "BusinessAddressCountry",
    "BusinessAddressPostalCode",
    "BusinessAddressState",
    "BusinessAddressStreet",
    "BusinessFaxNumber",
    "BusinessPhoneNumber",
    "CarPhoneNumber",
    "Categories",
    "Category",
    "Children",
    "Child",
    "CompanyName",
    "Department",
    "Email1Address",
    "Email2Address",
    "Email3Address",
    "FileAs",
    "FirstName",
    "Home2PhoneNumber",
    "HomeAddressCity",
    "HomeAddressCountry",
    "HomeAddressPostalCode",
    "HomeAddressState",
    "HomeAddressStreet",
    "HomeFaxNumber",
    "HomePhoneNumber",
    "JobTitle",
    "LastName",
    "MiddleName",
    "MobilePhoneNumber",
    "OfficeLocation",
    "OtherAddressCity",
    "OtherAddressCountry",
    "OtherAddressPostalCode",
    "OtherAddressState",
    "OtherAddressStreet",
    "PagerNumber",
    "RadioPhoneNumber",
    "Spouse",
    "Suffix",
    "Title",
    "WebPage",
    "YomiCompanyName",
    "YomiFirstName",
    "YomiLastName",
    "CompressedRTF",
    "Picture",
];

fn name(page: u8, element: u8) -> Cow<'static, str> {
    let position = usize::from(element.saturating_sub(FIRST));
    let known = match page {
        0 => SYNC.get(position),
        1 => CONTACTS.get(position),
        _ => None,
    };
    known.map_or_else(
        || Cow::Owned(format!("element-{page}-{element}")),
        |name| Cow::Borrowed(*name),
    )
}

fn decode<'a>(_: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let mut cursor = Cursor::new(input.bytes.get(FRONT.len()..).unwrap_or_default());
    let mut text = String::new();
    // One byte becomes a name of dozens, so it counts as what is decompressed does.
    let written = document(&mut cursor, &mut text, collector.inflate_left());
    collector.spend_inflated(text.len());
    collector.undoing(DecodeStep::Xml, |collector| {
        let is_whole = xml::document(&text, collector);
        if matches!(written, Err(Stop::Full)) {
            let bytes = input.bytes.len();
            collector.shortfall(Shortfall::InflateLimit, bytes, compression::BOUND);
        } else if !is_whole || written.is_err() {
            collector.shortfall(
                Shortfall::DamagedBody,
                input.bytes.len(),
                "a document in WAP binary XML ends early or is damaged",
            );
        }
    });
}

/// Writes a document as XML, as far as it goes and until there are `most` bytes.
fn document(cursor: &mut Cursor<'_>, text: &mut String, most: usize) -> Result<(), Stop> {
    let mut open = Vec::new();
    let mut page = 0;
    while !cursor.is_empty() {
        if text.len() >= most {
            return Err(Stop::Full);
        }
        match cursor.byte()? {
            SWITCH_PAGE => page = cursor.byte()?,
            END => {
                let name: Cow<'_, str> = open.pop().ok_or(Stop::Damaged)?;
                text.extend(["</", &name, ">"]);
            }
            TEXT => {
                let rest = cursor.rest();
                let end = memchr::memchr(0, rest).ok_or(Stop::Cut)?;
                let content = String::from_utf8_lossy(cursor.take(end)?);
                text.push_str(&escape(content.as_ref()));
                cursor.byte()?;
            }
            OPAQUE => {
                let length = number(cursor)?;
                let content = String::from_utf8_lossy(cursor.take(length)?);
                text.push_str(&escape(content.as_ref()));
            }
            element if element & ELEMENT >= FIRST => {
                let name = name(page, element & ELEMENT);
                if element & HAS_CONTENT == 0 {
                    text.extend(["<", &name, "/>"]);
                } else if open.len() < limits::JSON_DEPTH {
                    text.extend(["<", &name, ">"]);
                    open.push(name);
                } else {
                    return Err(Stop::TooDeep);
                }
            }
            _ => return Err(Stop::Damaged),
        }
    }
    Ok(())
}

/// A number of groups of seven bits, the highest first (§5.1).
fn number(cursor: &mut Cursor<'_>) -> Result<usize, Stop> {
    let mut number = 0_usize;
    for _ in 0..4 {
        let byte = cursor.byte()?;
        number = number << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Stop::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    #[test]
    fn what_grows_beyond_the_bound_is_cut_and_told() {
        let mut collector = Collector::new(Place::Body);
        collector.spend_inflated(limits::INFLATE_BYTES - 1000);
        let bytes = [&FRONT[..], &[0x45], &[0x08; 1000], &[0x01]].concat();
        let input = Input {
            bytes: &bytes,
            keep: super::super::copied,
            is_cut: false,
        };
        decode(&MediaType::default(), input, &mut collector);
        assert_eq!(collector.inflate_left(), 0);
        let shortfalls = collector.finish().shortfalls;
        let kinds: Vec<Shortfall> = shortfalls.iter().map(|(kind, ..)| *kind).collect();
        assert_eq!(kinds, [Shortfall::InflateLimit]);
    }

    #[test]
    fn contacts_have_the_names_of_their_elements() {
        let mut bytes = FRONT.to_vec();
        bytes.extend(
            b"\x45\x47\x5d\x00\x01\x5f\x03Anna\0\x01\x6b\xc3\x0d+493023125111\x01\x01\x01\x01",
        );
        let mut collector = Collector::new(Place::Body);
        let media_type = MediaType::parse("application/vnd.ms-sync.wbxml");
        let input = Input {
            bytes: &bytes,
            keep: super::super::copied,
            is_cut: false,
        };
        assert!((DECODER.matches)(&media_type, input));
        decode(&media_type, input, &mut collector);
        let fields = collector.finish().fields;
        let shown: Vec<String> = fields
            .iter()
            .map(|field| format!("{}={}", fields.path(field), field.value))
            .collect();
        assert_eq!(
            shown,
            [
                "Sync.Add.ApplicationData.FirstName=Anna",
                "Sync.Add.ApplicationData.MobilePhoneNumber=+493023125111"
            ]
        );
    }
}
