//! Binary property lists of Apple (`bplist00`), as system services and apps post them. Those in XML are read as XML.

use std::borrow::Cow;
use std::io;

use plist::stream::{BinaryReader, OwnedEvent};

use super::Decoder;
use super::binary::{self, Cursor, Key, See, Stop, Token, deeper, see};
use crate::limits;
use crate::model::DecodeStep;

/// Of the only version in use.
pub(super) const MAGIC: &[u8; 8] = b"bplist00";

pub(super) const DECODER: Decoder = Decoder {
    matches: |_, input| input.bytes.first_chunk() == Some(MAGIC),
    decode: |_, input, collector| {
        binary::decode(DecodeStep::PropertyList, walk, input, collector);
    },
};

/// A list or dictionary that is being read.
enum Open {
    List(u32),
    Dictionary { has_key: bool },
}

/// Reads events and not a tree: what is referred to many times would make that grow without bound.
pub(super) fn walk<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    let bytes = cursor.take(cursor.rest().len())?;
    let mut open: Vec<Open> = Vec::new();
    let mut budget = limits::PROPERTY_LIST_COST;
    for event in BinaryReader::new(io::Cursor::new(bytes)) {
        let event = event.map_err(|_| Stop::Damaged)?;
        let cost = match &event {
            OwnedEvent::String(text) => text.len(),
            OwnedEvent::Data(data) => data.len(),
            _ => 0,
        };
        budget = budget
            .checked_sub(cost.saturating_add(64))
            .ok_or(Stop::TooDeep)?;
        if let OwnedEvent::EndCollection = event {
            open.pop();
            close(&mut open, tokens)?;
            continue;
        }
        match open.last_mut() {
            Some(Open::Dictionary { has_key }) if !*has_key => {
                *has_key = true;
                let OwnedEvent::String(key) = event else {
                    return Err(Stop::Damaged);
                };
                see(tokens, Token::Enter(Key::Name(key)))?;
                continue;
            }
            Some(Open::List(position)) => {
                see(tokens, Token::Enter(Key::Number(*position)))?;
                *position = position.saturating_add(1);
            }
            _ => {}
        }
        let value = match event {
            OwnedEvent::StartArray(_) => {
                deeper(open.len())?;
                open.push(Open::List(0));
                continue;
            }
            OwnedEvent::StartDictionary(_) => {
                deeper(open.len())?;
                open.push(Open::Dictionary { has_key: false });
                continue;
            }
            OwnedEvent::String(text) => Some(Token::Text(text)),
            OwnedEvent::Data(data) => Some(Token::Bytes(data)),
            OwnedEvent::Boolean(flag) => Some(Token::Flag(flag)),
            OwnedEvent::Real(number) => Some(Token::Float(number)),
            OwnedEvent::Integer(number) => Some(Token::Text(Cow::Owned(number.to_string()))),
            _ => None,
        };
        if let Some(value) = value {
            see(tokens, value)?;
        }
        close(&mut open, tokens)?;
    }
    Ok(())
}

/// Goes up from a value to what holds it.
fn close(open: &mut [Open], tokens: See<'_, '_>) -> Result<(), Stop> {
    match open.last_mut() {
        Some(Open::Dictionary { has_key }) => *has_key = false,
        Some(Open::List(_)) => {}
        None => return Ok(()),
    }
    see(tokens, Token::Leave)
}

#[cfg(test)]
mod tests {
    use super::super::collector::Collector;
    use super::super::{Input, copied};
    use crate::model::Place;

    fn named(bytes: &[u8]) -> Vec<String> {
        let input = Input {
            bytes,
            keep: copied,
            is_cut: false,
        };
        let mut collector = Collector::new(Place::Body);
        (super::DECODER.decode)(&super::super::MediaType::default(), input, &mut collector);
        let fields = collector.finish().fields;
        fields
            .iter()
            .map(|field| format!("{}={}", fields.path(field), field.value))
            .collect()
    }

    #[test]
    fn values_have_their_keys_and_positions() {
        let mut inner = plist::Dictionary::new();
        inner.insert("lat".to_owned(), plist::Value::Real(52.52));
        inner.insert("ok".to_owned(), plist::Value::Boolean(true));
        let list = plist::Value::Array(vec![plist::Value::Integer(7.into()), inner.into()]);
        let mut outer = plist::Dictionary::new();
        outer.insert("rows".to_owned(), list);
        outer.insert("who".to_owned(), plist::Value::String("Anna".to_owned()));
        let mut bytes = Vec::new();
        plist::Value::from(outer)
            .to_writer_binary(&mut bytes)
            .unwrap();
        assert_eq!(
            named(&bytes),
            [
                "rows[0]=7",
                "rows[1].lat=52.52",
                "rows[1].ok=true",
                "who=Anna"
            ]
        );
        let mut cut = bytes.clone();
        cut.truncate(bytes.len() / 2);
        assert_eq!(named(&cut), [""; 0]);
    }
}
