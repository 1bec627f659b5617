//! Bodies that are nothing but long numbers of eight bytes each, one behind the other, or behind how many they are: lists of phone
//! numbers, as services for finding people took them.

use super::Decoder;
use super::binary::{self, Cursor, Key, See, Stop, Token, see, under};
use super::body::MediaType;
use super::protobuf::LONG_NUMBERS;
use crate::model::DecodeStep;

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type: &MediaType, input| {
        media_type.is_unspecific() && !input.is_cut && order(input.bytes).is_some()
    },
    decode: |_, input, collector| match order(input.bytes) {
        Some((Order::Big, numbers)) => {
            let input = input.with_bytes(numbers);
            binary::decode(DecodeStep::Numbers, big, input, collector);
        }
        Some((Order::Little, numbers)) => {
            let input = input.with_bytes(numbers);
            binary::decode(DecodeStep::Numbers, little, input, collector);
        }
        None => {}
    },
};

/// Fewest numbers of which the zeros in each are no chance.
const LEAST: usize = 4;

enum Order {
    Big,
    Little,
}

/// Which byte of the numbers comes first, and they alone; `None` if these are none.
fn order(bytes: &[u8]) -> Option<(Order, &[u8])> {
    let numbers = without_count(bytes);
    order_of(numbers).map(|order| (order, numbers))
}

/// Bytes without the number of what follows, in four bytes.
fn without_count(bytes: &[u8]) -> &[u8] {
    let Some((count, numbers)) = bytes.split_first_chunk::<4>() else {
        return bytes;
    };
    let is_count = [u32::from_be_bytes(*count), u32::from_le_bytes(*count)]
        .iter()
        .any(|count| u64::from(*count).checked_mul(8) == u64::try_from(numbers.len()).ok());
    if is_count { numbers } else { bytes }
}

fn order_of(bytes: &[u8]) -> Option<Order> {
    let (numbers, rest) = bytes.as_chunks::<8>();
    if numbers.len() < LEAST || !rest.is_empty() {
        return None;
    }
    let are_long = |read: fn([u8; 8]) -> u64| {
        let mut numbers = numbers.iter();
        numbers.all(|number| LONG_NUMBERS.contains(&read(*number)))
    };
    if are_long(u64::from_be_bytes) {
        Some(Order::Big)
    } else {
        are_long(u64::from_le_bytes).then_some(Order::Little)
    }
}

fn big<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    row(cursor, tokens, u64::from_be_bytes)
}

fn little<'s>(cursor: &mut Cursor<'s>, tokens: See<'_, 's>) -> Result<(), Stop> {
    row(cursor, tokens, u64::from_le_bytes)
}

fn row<'s>(
    cursor: &mut Cursor<'s>,
    tokens: See<'_, 's>,
    read: fn([u8; 8]) -> u64,
) -> Result<(), Stop> {
    for position in 0_u32.. {
        if cursor.is_empty() {
            break;
        }
        let number = Token::Integer(i128::from(read(cursor.array()?)));
        under(Key::Number(position), tokens, |tokens| see(tokens, number))?;
    }
    Ok(())
}
