//! Gathers the fields of one message: where we stand (place, path, chain), what is left of the bounds, what went wrong.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use super::{Binary, Decoded, Keep, copied, naming, nested};
use crate::limits;
use crate::model::{DecodeChain, DecodeStep, Field, FieldPath, PathStep, Place, Shortfall};

/// Fewest bytes that are kept: fewer can hold nothing that is looked for.
const SHORTEST_BINARY: usize = 6;
/// Names of which the copy is kept.
const RECENT_NAMES: usize = 512;

/// The state of decoding one message.
pub(super) struct Collector<'a> {
    decoded: Decoded<'a>,
    place: Place,
    path: Vec<PathStep>,
    chain: Vec<DecodeStep>,
    /// `chain` as fields hold it, until it changes.
    shared_chain: Option<DecodeChain>,
    /// Encodings undone at this point.
    depth: usize,
    inflate_left: usize,
    binary_left: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(place: Place) -> Self {
        Self {
            decoded: Decoded::default(),
            place,
            path: Vec::new(),
            chain: Vec::new(),
            shared_chain: None,
            depth: 0,
            inflate_left: limits::INFLATE_BYTES,
            binary_left: limits::BINARY_BYTES,
        }
    }

    pub(super) fn finish(mut self) -> Decoded<'a> {
        let named = naming::otherwise_named(&self.decoded.fields);
        let left = limits::FIELDS.saturating_sub(self.decoded.fields.len());
        self.decoded.fields.extend(named.into_iter().take(left));
        self.decoded
    }

    /// What follows stands in this part of the message.
    pub(super) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Whether no more fields will be taken.
    pub(super) fn is_full(&self) -> bool {
        self.decoded.fields.len() >= limits::FIELDS
    }

    /// Bytes that may still be decompressed in this message.
    pub(super) fn inflate_left(&self) -> usize {
        self.inflate_left
    }

    /// Counts decompressed bytes.
    pub(super) fn spend_inflated(&mut self, bytes: usize) {
        self.inflate_left = self.inflate_left.saturating_sub(bytes);
    }

    /// Counts what could not be decoded.
    pub(super) fn shortfall(&mut self, kind: Shortfall, bytes: usize, detail: &'static str) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let shortfalls = &mut self.decoded.shortfalls;
        match shortfalls
            .iter_mut()
            .find(|(known, _, words)| (*known, *words) == (kind, detail))
        {
            Some((_, sum, _)) => *sum = sum.saturating_add(bytes),
            None => shortfalls.push((kind, bytes, detail)),
        }
    }

    /// Goes one step down the path. Names longer than [`limits::NAME_BYTES`] are cut.
    pub(super) fn enter(&mut self, step: PathStep) {
        self.path.push(step);
    }

    /// Goes `steps` up again.
    pub(super) fn leave(&mut self, steps: usize) {
        self.path.truncate(self.path.len().saturating_sub(steps));
    }

    /// Does something one step down the path.
    pub(super) fn within<R>(&mut self, step: PathStep, act: impl FnOnce(&mut Self) -> R) -> R {
        self.enter(step);
        let result = act(self);
        self.leave(1);
        result
    }

    /// Does something behind one more undone encoding; not at all, but counted, beyond [`limits::DECODE_DEPTH`].
    pub(super) fn undoing(&mut self, step: DecodeStep, act: impl FnOnce(&mut Self)) {
        if self.depth >= limits::DECODE_DEPTH {
            self.shortfall(
                Shortfall::DepthLimit,
                0,
                "values are encoded more often than the bound",
            );
            return;
        }
        self.depth = self.depth.saturating_add(1);
        self.labelled(step, act);
        self.depth = self.depth.saturating_sub(1);
    }

    /// Like [`Self::undoing`] for steps that undo nothing (plain text, a protocol's own fields) and so do not count.
    pub(super) fn labelled(&mut self, step: DecodeStep, act: impl FnOnce(&mut Self)) {
        self.chain.push(step);
        self.shared_chain = None;
        act(self);
        self.chain.pop();
        self.shared_chain = None;
    }

    /// Takes a value and whatever is encoded in it.
    pub(super) fn value<'s>(&mut self, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        let Some(index) = self.reserve() else { return };
        match &value {
            Cow::Borrowed(text) => nested::decode(text, keep, self),
            Cow::Owned(text) => nested::decode(text, copied, self),
        }
        self.fill(index, value, keep);
    }

    /// Keeps bytes that are no text, as far as the bound allows.
    pub(super) fn binary(&mut self, bytes: &[u8]) {
        if bytes.len() < SHORTEST_BINARY || bytes.len() > self.binary_left || self.is_full() {
            return;
        }
        self.binary_left = self.binary_left.saturating_sub(bytes.len());
        let chain = self.chain();
        self.decoded.binaries.push(Binary {
            place: self.place,
            path: FieldPath(self.path.clone()),
            chain,
            bytes: Cow::Owned(bytes.to_vec()),
        });
    }

    /// The encodings undone so far, as fields hold them.
    fn chain(&mut self) -> DecodeChain {
        self.shared_chain
            .get_or_insert_with(|| DecodeChain(Arc::from(self.chain.as_slice())))
            .clone()
    }

    /// Takes a value as it is.
    pub(super) fn plain_value<'s>(&mut self, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        if let Some(index) = self.reserve() {
            self.fill(index, value, keep);
        }
    }

    /// A field at this place with its value still to come, so that it stands before the fields nested in it.
    fn reserve(&mut self) -> Option<usize> {
        if self.is_full() {
            self.shortfall(Shortfall::FieldLimit, 0, "more fields than the bound");
            return None;
        }
        let chain = self.chain();
        let index = self.decoded.fields.len();
        self.decoded.fields.push(Field {
            place: self.place,
            path: FieldPath(self.path.clone()),
            chain,
            value: Cow::Borrowed(""),
        });
        Some(index)
    }

    fn fill<'s>(&mut self, index: usize, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        let full = value.len();
        let value = shorten(value, limits::FIELD_BYTES);
        if value.len() < full {
            self.shortfall(
                Shortfall::MessageLimit,
                full.saturating_sub(value.len()),
                "a value is longer than the bound",
            );
        }
        if let Some(field) = self.decoded.fields.get_mut(index) {
            field.value = keep(value);
        }
    }
}

/// A step by name, cut at [`limits::NAME_BYTES`].
pub(super) fn name(name: &str) -> PathStep {
    let cut = name.get(..name.floor_char_boundary(limits::NAME_BYTES));
    PathStep::Name(shared(cut.unwrap_or(name)))
}

/// A text of which there is one copy as long as it keeps coming: the same names stand before many values.
fn shared(text: &str) -> Arc<str> {
    thread_local! {
        static RECENT: RefCell<[Option<Arc<str>>; RECENT_NAMES]> =
            const { RefCell::new([const { None }; RECENT_NAMES]) };
    }
    // Names that differ rarely agree in all of these.
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
    let slot = byte(0)
        .wrapping_mul(31)
        .wrapping_add(byte(bytes.len() / 2).wrapping_mul(7))
        .wrapping_add(byte(bytes.len().saturating_sub(1)).wrapping_mul(3))
        .wrapping_add(bytes.len())
        % RECENT_NAMES;
    RECENT.with_borrow_mut(|recent| match recent.get_mut(slot) {
        Some(Some(known)) if **known == *text => Arc::clone(known),
        Some(place) => Arc::clone(place.insert(Arc::from(text))),
        None => Arc::from(text),
    })
}

/// A step by position.
pub(super) fn index(position: usize) -> PathStep {
    PathStep::Index(u32::try_from(position).unwrap_or(u32::MAX))
}

/// The text up to `most` bytes, at a character boundary.
fn shorten(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text;
    }
    let end = text.floor_char_boundary(most);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}
