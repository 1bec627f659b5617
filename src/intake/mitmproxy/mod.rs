//! mitmproxy flow dumps (`.mitm`, `.flow`), flow by flow: a file of any size needs the memory of one flow.
//!
//! A dump is a row of tagged netstrings ([`tnetstring`]), one dictionary a flow, of whatever version wrote it. What a flow
//! means is in [`flow`].

mod flow;
mod tnetstring;

use std::collections::VecDeque;
use std::io;

use super::ledger::Ledger;
use super::window::Window;
use super::{Format, Input, Item, Sample, Source};
use crate::Result;
use crate::limits::ENTRY_BYTES;
use crate::model::{Origin, Shortfall, Sighting};
use tnetstring::{Element, LENGTH_DIGITS, length};

/// A dump of all versions up to flow format 21 (mitmproxy 0.11 to 12).
pub(super) const FORMAT: Format = Format {
    name: "mitmproxy",
    sniff,
    gather: None,
    open: Some(open),
};

/// A length, then a key as flows have them, then the length of its value.
fn sniff(sample: &Sample<'_>) -> bool {
    let key = || {
        let (whole, start) = length(sample.head)?;
        let (key_length, key_start) = length(sample.head.get(start..)?)?;
        let key_length = usize::try_from(key_length).ok()?;
        let inner = sample.head.get(start.checked_add(key_start)?..)?;
        let (key, rest) = inner.split_at_checked(key_length)?;
        let (tag, value) = rest.split_first()?;
        let (value_length, _) = length(value)?;
        (matches!(tag, b',' | b';') && value_length < whole).then_some(key)
    };
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    key().is_some_and(|key| !key.is_empty() && key.iter().all(is_name))
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    Ok(Box::new(Dump::new(
        Window::new(input.reader()?, LENGTH_DIGITS.saturating_add(1)),
        Origin {
            input: input.id,
            ..Origin::default()
        },
    )))
}

/// A dump as it is read.
#[derive(Debug)]
struct Dump {
    window: Window,
    origin: Origin,
    /// The flow at hand, with its tag.
    bytes: Vec<u8>,
    sightings: VecDeque<Sighting>,
    ledger: Ledger,
    has_ended: bool,
}

impl Dump {
    fn new(window: Window, origin: Origin) -> Self {
        Self {
            window,
            origin,
            bytes: Vec::new(),
            sightings: VecDeque::new(),
            ledger: Ledger::default(),
            has_ended: false,
        }
    }

    /// Reads on until there is something to hand out, or nothing more.
    fn read_on(&mut self) {
        while self.sightings.is_empty() && !self.ledger.has_notes() && !self.has_ended {
            if let Err(error) = self.step() {
                let offset = self.window.offset();
                self.ledger.note_failure(&error, self.origin, offset);
                self.has_ended = true;
            }
        }
    }

    fn step(&mut self) -> io::Result<()> {
        // A last flow may be shorter than the longest prefix.
        let _ = self.window.fill(LENGTH_DIGITS.saturating_add(1))?;
        let offset = self.window.offset();
        let head = self.window.bytes();
        if head.iter().all(u8::is_ascii_whitespace) && head.len() <= LENGTH_DIGITS {
            self.has_ended = true;
            return Ok(());
        }
        let Some((length, prefix)) = length(head) else {
            let is_cut = head.len() <= LENGTH_DIGITS && head.iter().all(u8::is_ascii_digit);
            let (shortfall, detail) = if is_cut {
                (Shortfall::Truncated, "the file ends within the length")
            } else {
                (Shortfall::Damaged, "no flow begins")
            };
            self.end(shortfall, format!("{detail} at byte {offset}"));
            return Ok(());
        };
        let _ = self.window.take(prefix);
        self.origin.frame = self.origin.frame.saturating_add(1);
        let with_tag = length.saturating_add(1);
        if length > ENTRY_BYTES as u64 {
            let skipped = self.window.skip(with_tag)?;
            let detail =
                format!("the flow at byte {offset} has {length} bytes, more than {ENTRY_BYTES}");
            self.ledger
                .note(Shortfall::InputLimit, Some(self.origin), length, detail);
            if skipped < with_tag {
                self.cut(offset);
            }
            return Ok(());
        }
        self.bytes.clear();
        if self.window.read_into(&mut self.bytes, with_tag)? < with_tag {
            self.cut(offset);
            return Ok(());
        }
        self.flow(offset);
        Ok(())
    }

    fn flow(&mut self, offset: u64) {
        let read = Element::new(&self.bytes)
            .filter(|flow| flow.is_dictionary())
            .and_then(|flow| flow::sightings(flow, self.origin));
        match read {
            Some(sightings) => {
                if let Some(first) = sightings.first() {
                    self.origin.time = first.origin.time;
                }
                self.sightings.extend(sightings);
            }
            None => self.ledger.note(
                Shortfall::Damaged,
                Some(self.origin),
                self.bytes.len() as u64,
                format!("what begins at byte {offset} is no flow of a known kind"),
            ),
        }
    }

    fn cut(&mut self, offset: u64) {
        self.end(
            Shortfall::Truncated,
            format!("the file ends within the flow at byte {offset}"),
        );
    }

    fn end(&mut self, shortfall: Shortfall, detail: String) {
        let bytes = self.bytes.len() as u64;
        self.ledger
            .note(shortfall, Some(self.origin), bytes, detail);
        self.has_ended = true;
    }
}

impl Source for Dump {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        self.read_on();
        if let Some(sighting) = self.sightings.pop_front() {
            return Ok(Some(Item::Sighting(Box::new(sighting))));
        }
        Ok(self.ledger.next_item())
    }
}

#[cfg(test)]
mod tests;
