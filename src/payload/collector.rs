//! Gathers the fields of one message: where we stand (place, path, chain), what is left of the bounds, what went wrong.

use std::borrow::Cow;

use super::name::Names;
use super::{Binary, Decoded, Keep, copied, naming, nested, text};
use crate::limits;
use crate::model::{ChainId, DecodeStep, Field, Look, PathId, PathStep, Place, Shortfall, Step};

/// Fewest bytes that are kept: fewer can hold nothing that is looked for.
const SHORTEST_BINARY: usize = 6;

/// Bytes of a body for each of its fields, about.
const BYTES_PER_FIELD: usize = 20;
/// Bytes of a body for which room is made at once.
const MOST_EXPECTED: usize = 64 << 10;

/// Headers for which room is made at once.
const MOST_HEADERS: usize = 128;
/// Parts of a path and of a query, and values inside others, that most requests have at most.
const OUTSIDE_HEADERS: usize = 12;

/// The state of decoding one message.
pub(super) struct Collector<'a> {
    decoded: Decoded<'a>,
    names: Names,
    place: Place,
    path: PathId,
    /// Paths that fields have: these stay.
    kept_paths: usize,
    chain: Vec<DecodeStep>,
    /// `chain` as fields hold it, until it changes.
    shared_chain: Option<ChainId>,
    /// A chain, the step that was taken from it last, and the chain with that.
    last_inner: Option<(ChainId, DecodeStep, ChainId)>,
    /// Encodings undone at this point.
    depth: usize,
    inflate_left: usize,
    binary_left: usize,
    buffer: Vec<u8>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(place: Place) -> Self {
        Self {
            decoded: Decoded::default(),
            names: Names::take(),
            place,
            path: PathId::default(),
            kept_paths: 0,
            chain: Vec::new(),
            shared_chain: None,
            last_inner: None,
            depth: 0,
            inflate_left: limits::INFLATE_BYTES,
            binary_left: limits::BINARY_BYTES,
            buffer: Vec::new(),
        }
    }

    /// Makes room for what a request with so many headers and bytes of a body may hold.
    pub(super) fn expect(&mut self, headers: usize, bytes: usize) {
        let fields = bytes.min(MOST_EXPECTED) / BYTES_PER_FIELD;
        let others = headers.min(MOST_HEADERS).saturating_add(OUTSIDE_HEADERS);
        self.decoded.fields.reserve(fields.saturating_add(others));
        self.decoded.binaries.reserve(fields / 4);
    }

    pub(super) fn finish(mut self) -> Decoded<'a> {
        self.take_lists_of_bytes();
        for (position, path) in naming::otherwise_named(&self.decoded.fields, &self.names.signs) {
            let Some(field) = self.decoded.fields.get(position).cloned() else {
                continue;
            };
            if self.is_full() {
                break;
            }
            self.path = PathId::default();
            for step in &path {
                match step {
                    PathStep::Name(name) => self.enter(name),
                    PathStep::Index(position) => self.enter_index(*position),
                    // Only evidence has it.
                    PathStep::And => {}
                }
            }
            self.keep_path();
            let path = self.path;
            self.decoded.fields.push(Field { path, ..field });
        }
        self.names.put_back();
        self.decoded
    }

    /// Bytes that stand as lists of numbers, signed or not, as programs write arrays of them.
    fn take_lists_of_bytes(&mut self) {
        for list in naming::lists_of_bytes(&self.decoded.fields, &self.names.signs) {
            (self.place, self.path) = (list.place, list.path);
            self.chain = self.decoded.fields.chain(list.chain).0.to_vec();
            self.depth = self.chain.len();
            self.shared_chain = Some(list.chain);
            if !nested::decode_bytes(&list.bytes, self) {
                self.opaque(&list.bytes);
            }
        }
    }

    /// What follows stands in this part of the message.
    pub(super) fn set_place(&mut self, place: Place) {
        self.place = place;
    }

    /// Whether no more fields will be taken.
    #[inline]
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

    /// Goes one step down the path, by a name.
    #[inline]
    pub(super) fn enter(&mut self, name: &str) {
        self.enter_key(name);
    }

    /// Goes one step down the path, by a name: at most [`limits::NAME_BYTES`] of it. Whether something may be encoded in it.
    #[inline]
    pub(super) fn enter_key(&mut self, name: &str) -> bool {
        let is_long = name.len() > limits::NAME_BYTES;
        let kept = if is_long {
            let end = name.floor_char_boundary(limits::NAME_BYTES);
            name.get(..end).unwrap_or_default()
        } else {
            name
        };
        let paths = &mut self.decoded.fields.paths;
        let (id, may_hold) = self.names.id(kept, paths);
        self.path = paths.add(self.path, Step::Name(id));
        if is_long {
            nested::may_name_hold(name)
        } else {
            may_hold
        }
    }

    /// Goes one step down the path, by a position.
    #[inline]
    pub(super) fn enter_index(&mut self, position: u32) {
        let paths = &mut self.decoded.fields.paths;
        self.path = paths.add(self.path, Step::Index(position));
    }

    /// Goes `steps` up again.
    #[inline]
    pub(super) fn leave(&mut self, steps: usize) {
        let paths = &mut self.decoded.fields.paths;
        for _ in 0..steps {
            let Some((parent, _)) = paths.split(self.path) else {
                return;
            };
            self.path = parent;
        }
        // Empty objects leave nothing behind.
        paths.take_back(self.kept_paths.max(self.path.position()));
    }

    /// Does something one step down the path, by a name.
    pub(super) fn within<R>(&mut self, name: &str, act: impl FnOnce(&mut Self) -> R) -> R {
        self.enter(name);
        let result = act(self);
        self.leave(1);
        result
    }

    /// Does something one step down the path, by a position.
    pub(super) fn within_index<R>(
        &mut self,
        position: usize,
        act: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.enter_index(u32::try_from(position).unwrap_or(u32::MAX));
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
        let outer = self.shared_chain.take();
        // Word after word is undone the same way.
        let last = self.last_inner;
        self.shared_chain = last
            .filter(|(known, known_step, _)| (Some(*known), *known_step) == (outer, step))
            .map(|(.., inner)| inner);
        act(self);
        if let (Some(outer), Some(inner)) = (outer, self.shared_chain) {
            self.last_inner = Some((outer, step, inner));
        }
        self.chain.pop();
        self.shared_chain = outer;
    }

    /// Takes a value and whatever is encoded in it.
    pub(super) fn value<'s>(&mut self, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        let look = Look::of(&value);
        match value {
            Cow::Borrowed(text) => self.looked_text(look, text, keep),
            Cow::Owned(_) if nested::may_hold(look, &value) => self.holder(look, value, keep),
            Cow::Owned(_) => self.looked_plain_value(look, value, keep),
        }
    }

    /// The same of a borrowed text, as nearly all values are, that looks like this.
    #[inline]
    pub(super) fn looked_text<'s>(&mut self, look: Look, text: &'s str, keep: Keep<'s, 'a>) {
        if nested::may_hold(look, text) {
            self.holder(look, Cow::Borrowed(text), keep);
        } else {
            self.looked_plain_text(look, text, keep);
        }
    }

    /// A value with what is encoded in it.
    fn holder<'s>(&mut self, look: Look, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        let Some(index) = self.reserve(look) else {
            return;
        };
        match &value {
            Cow::Borrowed(text) => nested::decode(look, text, keep, self),
            Cow::Owned(text) => nested::decode(look, text, copied, self),
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
        self.keep_path();
        let binary = Binary {
            place: self.place,
            path: self.path,
            chain,
        };
        self.decoded.binaries.push(binary, bytes);
    }

    /// Keeps bytes that are no text and no document, and takes the texts in them.
    pub(super) fn opaque(&mut self, bytes: &[u8]) {
        self.binary(bytes);
        text::among(bytes, self);
    }

    /// A buffer for one step of decoding; to be put back, so that the next step finds it.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer
    }

    pub(super) fn put_buffer(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
    }

    /// The encodings undone so far, as fields hold them.
    #[inline]
    fn chain(&mut self) -> ChainId {
        *self
            .shared_chain
            .get_or_insert_with(|| self.decoded.fields.add_chain(&self.chain))
    }

    /// The path where we stand, and those on the way, are some field's.
    #[inline]
    fn keep_path(&mut self) {
        self.kept_paths = self.kept_paths.max(self.path.position());
    }

    /// Takes a value as it is.
    pub(super) fn plain_value<'s>(&mut self, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        self.looked_plain_value(Look::of(&value), value, keep);
    }

    /// [`Self::plain_value`] that looks like this.
    fn looked_plain_value<'s>(&mut self, look: Look, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        match value {
            Cow::Borrowed(text) => self.looked_plain_text(look, text, keep),
            Cow::Owned(_) if value.len() > limits::FIELD_BYTES || self.is_full() => {
                self.cut_value(look, value, keep);
            }
            Cow::Owned(text) => self.push(look, Cow::Owned(text)),
        }
    }

    /// The same of a borrowed text.
    #[inline]
    pub(super) fn looked_plain_text<'s>(&mut self, look: Look, text: &'s str, keep: Keep<'s, 'a>) {
        if text.len() > limits::FIELD_BYTES || self.is_full() {
            self.cut_value(look, Cow::Borrowed(text), keep);
        } else {
            self.push(look, kept_text(text, keep));
        }
    }

    /// A value that is too long, or one too many.
    #[cold]
    fn cut_value<'s>(&mut self, look: Look, value: Cow<'s, str>, keep: Keep<'s, 'a>) {
        if let Some(index) = self.reserve(look) {
            self.fill(index, value, keep);
        }
    }

    #[inline]
    fn push(&mut self, look: Look, value: Cow<'a, str>) {
        let chain = self.chain();
        self.keep_path();
        let fields = &mut self.decoded.fields;
        if let Some((list, Step::Index(position))) = fields.paths.split(self.path) {
            let step = fields.paths.split(list).map(|(_, step)| step);
            let undone = self.chain.last().copied();
            self.names.signs.add_element(position, step, undone);
        }
        fields.push(Field {
            place: self.place,
            look,
            path: self.path,
            chain,
            value,
        });
    }

    /// A field at this place with its value still to come, so that it stands before the fields nested in it.
    fn reserve(&mut self, look: Look) -> Option<usize> {
        if self.is_full() {
            self.shortfall(Shortfall::FieldLimit, 0, "more fields than the bound");
            return None;
        }
        let index = self.decoded.fields.len();
        self.push(look, Cow::Borrowed(""));
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
            if value.len() < full {
                field.look = Look::of(&value);
            }
            field.value = kept(value, keep);
        }
    }
}

#[inline]
fn kept<'s, 'a>(value: Cow<'s, str>, keep: Keep<'s, 'a>) -> Cow<'a, str> {
    match value {
        Cow::Borrowed(text) => kept_text(text, keep),
        Cow::Owned(text) => Cow::Owned(text),
    }
}

#[inline]
fn kept_text<'s, 'a>(text: &'s str, keep: Keep<'s, 'a>) -> Cow<'a, str> {
    match keep(text) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(text.to_owned()),
    }
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
