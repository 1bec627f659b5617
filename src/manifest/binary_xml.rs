//! Binary `AndroidManifest.xml` (`ResXMLTree` of AOSP `ResourceTypes.h`) → elements → declaration.
//!
//! Packers damage the file just so that analysers fail and the platform does not. So: attributes go by resource id and only
//! then by name, no size is believed beyond the file, and every step moves forward. What was odd is named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use memchr::memmem;

use super::Read;
use super::android_manifest::{self, Form, Resources};
use super::element::{Attribute, Element, Tag, Value};
use super::little_endian::{u16_at, u32_at, usize_at};
use super::string_pool::{self, StringPool};
use crate::limits;
use crate::model::Declaration;

const XML: u16 = 0x0003;
const START_NAMESPACE: u16 = 0x0100;
const END_NAMESPACE: u16 = 0x0101;
const START_ELEMENT: u16 = 0x0102;
const END_ELEMENT: u16 = 0x0103;
const TEXT: u16 = 0x0104;
const RESOURCE_MAP: u16 = 0x0180;

/// Type, header size and size, with which every chunk begins.
const CHUNK_HEADER_BYTES: usize = 8;
/// Header of the XML nodes: chunk header, line number, comment.
const NODE_HEADER_BYTES: usize = 16;
/// Fixed part of a start element after the node header, and one attribute.
const START_ELEMENT_BYTES: usize = 20;
const ATTRIBUTE_BYTES: usize = 20;

const TOOLS_NAMESPACE: &str = "http://schemas.android.com/tools";

/// `AndroidManifest.xml` in binary form, alone: labels and versions that are resources stay unknown.
pub fn binary_xml(bytes: &[u8]) -> Read<Option<Declaration>> {
    let tree = tree(bytes);
    let declaration = tree.declaration(&Resources::new());
    tree.read(declaration)
}

/// What was read of the file.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) elements: Vec<Element>,
    oddities: BTreeSet<String>,
    pub(super) damage: Vec<String>,
}

impl Tree {
    /// The declaration, with the file's oddities.
    pub(super) fn declaration(&self, resources: &Resources) -> Option<Declaration> {
        let mut declaration =
            android_manifest::declaration(&self.elements, resources, Form::Binary)?;
        declaration.oddities.extend(self.oddities.iter().cloned());
        Some(declaration)
    }

    /// With the file's damage.
    pub(super) fn read(mut self, value: Option<Declaration>) -> Read<Option<Declaration>> {
        if value.is_none() {
            self.damage
                .push("binary XML without a manifest element".to_owned());
        }
        Read {
            value,
            damage: self.damage,
        }
    }
}

/// Reads all elements. Never fails: what is not there is not in the tree.
pub(super) fn tree(bytes: &[u8]) -> Tree {
    let mut reader = Reader {
        bytes,
        pool: None,
        resource_ids: &[],
        strings: BTreeMap::new(),
        text_left: limits::MANIFEST_TEXT_BYTES,
        depth: 0,
        is_size_false: false,
        tree: Tree::default(),
    };
    reader.run();
    reader.tree
}

struct Reader<'a> {
    bytes: &'a [u8],
    pool: Option<StringPool<'a>>,
    /// Resource ids by index of the attribute's name, four bytes each.
    resource_ids: &'a [u8],
    strings: BTreeMap<u32, Option<Arc<str>>>,
    text_left: usize,
    depth: usize,
    /// The size in the file's header is not the file's.
    is_size_false: bool,
    tree: Tree,
}

/// A chunk as it stands in the file.
#[derive(Clone, Copy)]
struct Chunk {
    kind: u16,
    start: usize,
    header_bytes: usize,
    /// Its size by its own word; hold against [`Chunk::least_bytes`] and the file.
    size: usize,
}

impl Chunk {
    fn at(bytes: &[u8], start: usize) -> Option<Self> {
        Some(Self {
            kind: u16_at(bytes, start)?,
            start,
            header_bytes: usize::from(u16_at(bytes, start.checked_add(2)?)?),
            size: usize_at(bytes, start.checked_add(4)?)?,
        })
    }

    /// The size that a chunk of this kind has at least, from its content; `None` if the file ends before that can be said.
    fn least_bytes(&self, bytes: &[u8]) -> Option<usize> {
        let body = match self.kind {
            string_pool::CHUNK_TYPE => return Some(usize::from(string_pool::HEADER_BYTES)),
            RESOURCE_MAP => return Some(CHUNK_HEADER_BYTES),
            START_NAMESPACE | END_NAMESPACE | END_ELEMENT => 8,
            TEXT => 12,
            START_ELEMENT => {
                let count = u16_at(bytes, self.body()?.checked_add(12)?)?;
                usize::from(count)
                    .checked_mul(ATTRIBUTE_BYTES)?
                    .checked_add(START_ELEMENT_BYTES)?
            }
            _ => return None,
        };
        self.header_bytes.checked_add(body)
    }

    /// Offset of what follows the header.
    fn body(&self) -> Option<usize> {
        self.start.checked_add(self.header_bytes)
    }

    /// Whether the header can be that of its kind: what tells a chunk from junk when chunks are searched for.
    fn is_plausible(&self) -> bool {
        let least_header = match self.kind {
            string_pool::CHUNK_TYPE => usize::from(string_pool::HEADER_BYTES),
            RESOURCE_MAP => CHUNK_HEADER_BYTES,
            START_NAMESPACE..=TEXT => NODE_HEADER_BYTES,
            _ => return false,
        };
        (least_header..=limits::MANIFEST_CHUNK_HEADER_BYTES).contains(&self.header_bytes)
    }
}

impl Reader<'_> {
    fn odd(&mut self, what: &str) {
        self.tree.oddities.insert(format!(
            "manifest malformed, as packers do against analysis: {what}"
        ));
    }

    fn damaged(&mut self, what: &str) {
        if !self.tree.damage.iter().any(|known| known == what) {
            self.tree.damage.push(what.to_owned());
        }
    }

    fn run(&mut self) {
        self.chunks();
        // The sizes of a file that is merely cut are false, too.
        if self.depth > 0 {
            self.damaged("the manifest ends in the middle of an element");
        } else if self.is_size_false && self.tree.damage.is_empty() {
            self.odd("the size in its header is not the file's");
        }
    }

    fn chunks(&mut self) {
        let mut position = self.first_chunk();
        while let Some(chunk) = Chunk::at(self.bytes, position) {
            let next = if chunk.is_plausible() {
                let end = self.end_of(chunk);
                self.chunk(chunk, end);
                end
            } else {
                self.skip(chunk)
            };
            if next <= position {
                return;
            }
            position = next;
            if self.tree.elements.len() >= limits::MANIFEST_ELEMENTS {
                self.damaged("more elements in the manifest than the bound");
                return;
            }
        }
        let rest = self.bytes.get(position..).unwrap_or_default();
        if rest.iter().any(|byte| *byte != 0) {
            self.damaged("the manifest ends in the middle of a chunk");
        }
    }

    /// The file begins with a chunk around all others, whose size and type nothing depends on.
    fn first_chunk(&mut self) -> usize {
        let Some(outer) = Chunk::at(self.bytes, 0) else {
            return self.bytes.len();
        };
        if outer.kind != XML {
            if outer.is_plausible() {
                return 0;
            }
            self.odd("the file does not begin as binary XML does");
        }
        // Padding behind the document is harmless and common.
        self.is_size_false = match self.bytes.get(outer.size..) {
            Some(padding) => padding.iter().any(|byte| *byte != 0),
            None => true,
        };
        if (CHUNK_HEADER_BYTES..self.bytes.len().min(limits::MANIFEST_CHUNK_HEADER_BYTES))
            .contains(&outer.header_bytes)
        {
            outer.header_bytes
        } else {
            CHUNK_HEADER_BYTES
        }
    }

    /// Where the chunk after `chunk` begins.
    fn end_of(&mut self, chunk: Chunk) -> usize {
        let Some(least) = chunk.least_bytes(self.bytes) else {
            self.damaged("the manifest ends in the middle of a chunk");
            return self.bytes.len();
        };
        let end = chunk.start.saturating_add(chunk.size);
        let what = if chunk.size < least {
            "a chunk is smaller than its content"
        } else if end > self.bytes.len() {
            "a chunk is larger than the file"
        } else {
            return end;
        };
        let end = chunk.start.saturating_add(least);
        // Where its content is not whole, the file was cut, not made so.
        if end <= self.bytes.len() {
            self.odd(what);
        } else {
            self.damaged("the manifest ends in the middle of a chunk");
        }
        end
    }

    /// Junk between chunks: the platform skips a chunk of unknown type by its size; without a usable size, the next
    /// string pool, or else the next chunk that looks like one, is searched for.
    fn skip(&mut self, chunk: Chunk) -> usize {
        let end = chunk.start.checked_add(chunk.size);
        if let Some(end) = end
            && chunk.size >= CHUNK_HEADER_BYTES
            && chunk.size.is_multiple_of(4)
            && chunk.header_bytes >= CHUNK_HEADER_BYTES
            && chunk.header_bytes <= chunk.size
            && end <= self.bytes.len()
        {
            return end;
        }
        self.odd("junk between its chunks");
        let from = chunk.start.saturating_add(1);
        let rest = self.bytes.get(from..).unwrap_or_default();
        if self.pool.is_none() {
            // Type and header size of a string pool.
            let found = memmem::find(rest, &[0x01, 0x00, 0x1c, 0x00]);
            return from.saturating_add(found.unwrap_or(rest.len()));
        }
        let found = memmem::find_iter(rest, &[0x01, 0x10, 0x00])
            .filter_map(|offset| from.checked_add(offset)?.checked_sub(1))
            .find(|start| Chunk::at(self.bytes, *start).is_some_and(|chunk| chunk.is_plausible()));
        found.unwrap_or(self.bytes.len()).max(from)
    }

    fn chunk(&mut self, chunk: Chunk, end: usize) {
        match chunk.kind {
            string_pool::CHUNK_TYPE if self.pool.is_none() => {
                let from_here = self.bytes.get(chunk.start..).unwrap_or_default();
                self.pool = StringPool::parse(from_here);
            }
            string_pool::CHUNK_TYPE => self.odd("more than one string pool"),
            RESOURCE_MAP if self.resource_ids.is_empty() => {
                self.resource_ids = chunk
                    .body()
                    .and_then(|body| self.bytes.get(body..end))
                    .unwrap_or_default();
            }
            START_ELEMENT => {
                if self.start_element(chunk).is_none() {
                    self.damaged("an element is cut at the end of the manifest");
                }
                self.depth = self.depth.saturating_add(1);
            }
            END_ELEMENT => self.depth = self.depth.saturating_sub(1),
            TEXT => self.text(chunk),
            _ => {}
        }
    }

    fn text(&mut self, chunk: Chunk) {
        let depth = self.depth;
        let is_wanted =
            |element: &Element| element.is_textual() && element.depth.saturating_add(1) == depth;
        if !self.tree.elements.last().is_some_and(is_wanted) {
            return;
        }
        let index = chunk.body().and_then(|body| u32_at(self.bytes, body));
        let text = index.and_then(|index| self.string(index));
        if let Some(element) = self.tree.elements.last_mut() {
            element.text = text;
        }
    }

    fn start_element(&mut self, chunk: Chunk) -> Option<()> {
        let body = chunk.body()?;
        let name = u32_at(self.bytes, body.checked_add(4)?)?;
        let first = usize::from(u16_at(self.bytes, body.checked_add(8)?)?);
        let stride = usize::from(u16_at(self.bytes, body.checked_add(10)?)?);
        let count = u16_at(self.bytes, body.checked_add(12)?)?;
        let local_name = self.string(name);
        let tag = local_name.as_deref().map_or(Tag::Other, Tag::of);
        if stride != ATTRIBUTE_BYTES && count > 0 {
            self.odd("attributes of an unusual size");
        }
        let mut attributes = Vec::new();
        if tag != Tag::Other {
            let mut position = body.checked_add(first)?;
            let mut by_name = Vec::new();
            for _ in 0..count {
                // A stride below the size of an attribute overlaps, as it does for the platform.
                let Some((attribute, is_by_id, value)) = self.attribute(position) else {
                    position = position.checked_add(stride)?;
                    continue;
                };
                let list = if is_by_id {
                    &mut attributes
                } else {
                    &mut by_name
                };
                push_new(list, attribute, value);
                position = position.checked_add(stride)?;
            }
            for (attribute, value) in by_name {
                push_new(&mut attributes, attribute, value);
            }
        }
        self.tree.elements.push(Element {
            depth: self.depth,
            tag,
            attributes,
            text: None,
        });
        Some(())
    }

    /// An attribute that means something: what, whether its resource id says so, its value.
    fn attribute(&mut self, position: usize) -> Option<(Attribute, bool, Value)> {
        let namespace = u32_at(self.bytes, position)?;
        let name = u32_at(self.bytes, position.checked_add(4)?)?;
        let raw = u32_at(self.bytes, position.checked_add(8)?)?;
        let kind = *self.bytes.get(position.checked_add(15)?)?;
        let data = u32_at(self.bytes, position.checked_add(16)?)?;

        let id = usize::try_from(name)
            .ok()
            .and_then(|index| u32_at(self.resource_ids, index.checked_mul(4)?))
            .filter(|id| *id != 0);
        let (attribute, is_by_id) = if let Some(id) = id {
            (Attribute::of_id(id)?, true)
        } else {
            let attribute = Attribute::of_name(&self.string(name)?)?;
            (attribute, attribute.is_without_id())
        };
        if !is_by_id && self.string(namespace).as_deref() == Some(TOOLS_NAMESPACE) {
            return None;
        }
        let value = self.attribute_value(kind, data, raw)?;
        Some((attribute, is_by_id, value))
    }

    fn attribute_value(&mut self, kind: u8, data: u32, raw: u32) -> Option<Value> {
        /// `Res_value::dataType` of AOSP `ResourceTypes.h`.
        const REFERENCE: u8 = 0x01;
        const ATTRIBUTE: u8 = 0x02;
        const STRING: u8 = 0x03;
        const FLOAT: u8 = 0x04;
        const DYNAMIC_REFERENCE: u8 = 0x07;
        const DYNAMIC_ATTRIBUTE: u8 = 0x08;
        const BOOLEAN: u8 = 0x12;
        const INTEGERS: std::ops::RangeInclusive<u8> = 0x10..=0x1f;

        let value = match kind {
            STRING => Value::Text(self.string(data).or_else(|| self.string(raw))?),
            REFERENCE | DYNAMIC_REFERENCE => Value::Reference(data),
            ATTRIBUTE | DYNAMIC_ATTRIBUTE => Value::Reference(0),
            BOOLEAN => Value::Boolean(data != 0),
            FLOAT => Value::Float(f32::from_bits(data)),
            kind if INTEGERS.contains(&kind) => Value::Integer(data),
            _ => Value::Text(self.string(raw)?),
        };
        Some(value)
    }

    fn string(&mut self, index: u32) -> Option<Arc<str>> {
        if index == u32::MAX {
            return None;
        }
        if let Some(known) = self.strings.get(&index) {
            return known.clone();
        }
        let string = self.pool.as_ref().and_then(|pool| pool.string(index));
        let text = match string {
            Some(string) if string.text.len() <= self.text_left => {
                self.text_left = self.text_left.saturating_sub(string.text.len());
                if !string.is_terminated {
                    self.odd("a string that does not end");
                }
                // Java cuts nothing here, but no name has a NUL: packers pad with them.
                let text = match string.text.split_once('\0') {
                    Some((text, _)) => {
                        self.odd("NUL characters in a string");
                        text
                    }
                    None => string.text.as_str(),
                };
                Some(Arc::from(text))
            }
            Some(_) => {
                self.damaged("more text in the manifest than the bound");
                None
            }
            None => None,
        };
        self.strings.insert(index, text.clone());
        text
    }
}

/// The first of several attributes of one kind holds, as for the platform.
fn push_new(list: &mut Vec<(Attribute, Value)>, attribute: Attribute, value: Value) {
    if !list.iter().any(|(known, _)| *known == attribute) {
        list.push((attribute, value));
    }
}
