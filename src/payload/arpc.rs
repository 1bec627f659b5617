//! Calls of Apple's location services: a version, then language, caller and system, each behind its length in two bytes, the number
//! of the procedure, and a protocol buffer behind its length in four.

use std::borrow::Cow;

use super::body::MediaType;
use super::collector::Collector;
use super::{Decoder, Input, body, protobuf, text};

pub(super) const DECODER: Decoder = Decoder {
    matches: |media_type, input| {
        media_type.is_unspecific()
            && call(input.bytes).is_some_and(|call| protobuf::is_message(call.argument))
    },
    decode,
};

/// What the front says, in its order.
const FRONT: [&str; 3] = ["locale", "application", "system"];

struct Call<'s> {
    front: [&'s str; FRONT.len()],
    argument: &'s [u8],
}

fn call(bytes: &[u8]) -> Option<Call<'_>> {
    let mut rest = bytes.strip_prefix(&[0, 1])?;
    let mut front = [""; FRONT.len()];
    for said in &mut front {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (word, behind) = behind.split_at_checked(u16::from_be_bytes(*length).into())?;
        *said = str::from_utf8(word)
            .ok()
            .filter(|word| text::is_readable(word))?;
        rest = behind;
    }
    let (_procedure, rest) = rest.split_first_chunk::<4>()?;
    let (length, argument) = rest.split_first_chunk::<4>()?;
    let is_whole = usize::try_from(u32::from_be_bytes(*length)) == Ok(argument.len());
    is_whole.then_some(Call { front, argument })
}

fn decode<'a>(_: &MediaType, input: Input<'_, 'a>, collector: &mut Collector<'a>) {
    let Some(call) = call(input.bytes) else {
        return;
    };
    for (name, said) in FRONT.into_iter().zip(call.front) {
        collector.within(name, |collector| {
            collector.value(Cow::Borrowed(said), input.keep);
        });
    }
    let media_type = MediaType::parse("application/x-protobuf");
    body::decode(&media_type, input.with_bytes(call.argument), collector);
}
