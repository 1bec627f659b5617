//! HAR 1.2, entry by entry: a file of any size needs the memory of one entry.
//!
//! Entries are cut out by structure and parsed one at a time, so one bad entry costs no other. What an entry means is in
//! [`entry`].

mod entry;

use std::collections::VecDeque;
use std::io;

use super::json::{Cut, JsonText, parse};
use super::ledger::Ledger;
use super::window::Window;
use super::{Format, Input, Item, Sample, Source};
use crate::limits::ENTRY_BYTES;
use crate::model::{Origin, Shortfall, Sighting};
use crate::{Error, Result};

/// HAR.
pub(super) const FORMAT: Format = Format {
    name: "har",
    sniff,
    gather: None,
    open: Some(open),
};

/// A JSON object with a member `log` that is an object and comes first, or is followed by what a log has.
fn sniff(sample: &Sample<'_>) -> bool {
    let Some(text) = sample.text().filter(|text| text.starts_with('{')) else {
        return false;
    };
    let Some((before, after)) = text.split_once("\"log\"") else {
        return false;
    };
    let is_object = after
        .trim_start()
        .strip_prefix(':')
        .is_some_and(|value| value.trim_start().starts_with('{'));
    let has_parts = || {
        ["\"creator\"", "\"entries\""]
            .iter()
            .any(|part| after.contains(part))
    };
    is_object && (before.trim() == "{" || has_parts())
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let window = Window::new(input.reader()?, 16);
    let json = JsonText::new(window).map_err(|source| Error::Read {
        path: input.path.clone(),
        source,
    })?;
    let origin = Origin {
        input: input.id,
        ..Origin::default()
    };
    Ok(Box::new(Har::new(json, origin)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AtStart,
    InEntries,
    Ended,
}

/// A HAR file as it is read.
#[derive(Debug)]
struct Har {
    json: JsonText,
    state: State,
    origin: Origin,
    /// The entry that is being parsed.
    bytes: Vec<u8>,
    sightings: VecDeque<Sighting>,
    ledger: Ledger,
}

impl Har {
    fn new(json: JsonText, origin: Origin) -> Self {
        Self {
            json,
            state: State::AtStart,
            origin,
            bytes: Vec::new(),
            sightings: VecDeque::new(),
            ledger: Ledger::default(),
        }
    }

    /// Reads on until there is something to hand out, or nothing more.
    fn read_on(&mut self) {
        while self.sightings.is_empty() && !self.ledger.has_notes() && self.state != State::Ended {
            if let Err(error) = self.step() {
                let offset = self.json.offset();
                self.ledger.note_failure(&error, self.origin, offset);
                self.state = State::Ended;
            }
        }
    }

    fn step(&mut self) -> io::Result<()> {
        if self.state == State::AtStart {
            if self.enter("log", b'{')? && self.enter("entries", b'[')? {
                self.state = State::InEntries;
            } else {
                self.end(Shortfall::Damaged, "no log with entries");
            }
            return Ok(());
        }
        match self.json.peek()? {
            None => self.end(
                Shortfall::Truncated,
                "the file ends within the list of entries",
            ),
            Some(b']') => self.state = State::Ended,
            Some(_) => {
                self.entry()?;
                if self.state != State::Ended
                    && !self.json.accept(b',')?
                    && !matches!(self.json.peek()?, None | Some(b']'))
                {
                    self.end(Shortfall::Damaged, "the list of entries is damaged");
                }
            }
        }
        Ok(())
    }

    /// Steps into the member of that name of the object that comes next; `false` if there is none.
    fn enter(&mut self, name: &str, bracket: u8) -> io::Result<bool> {
        // The outermost object's bracket is still to come; that of `log` was stepped over by the call before.
        if bracket == b'{' && !self.json.accept(b'{')? {
            return Ok(false);
        }
        loop {
            if self.json.peek()? != Some(b'"')
                || self.json.value(&mut self.bytes, ENTRY_BYTES)? != Cut::Whole
            {
                return Ok(false);
            }
            let is_it = parse(&self.bytes).is_some_and(|key| key == name);
            if !self.json.accept(b':')? {
                return Ok(false);
            }
            if is_it && self.json.accept(bracket)? {
                return Ok(true);
            }
            let cut = self.json.value(&mut self.bytes, 0)?;
            if cut == Cut::Ended || !self.json.accept(b',')? {
                return Ok(false);
            }
        }
    }

    fn entry(&mut self) -> io::Result<()> {
        let offset = self.json.offset();
        self.origin.frame = self.origin.frame.saturating_add(1);
        match self.json.value(&mut self.bytes, ENTRY_BYTES)? {
            Cut::Whole => {
                let entry = parse(&self.bytes);
                let sightings = entry.and_then(|entry| entry::sightings(&entry, self.origin));
                if let Some(sightings) = sightings {
                    if let Some(first) = sightings.first() {
                        self.origin.time = first.origin.time;
                    }
                    self.sightings.extend(sightings);
                } else {
                    self.note(
                        Shortfall::Damaged,
                        format!("the entry at byte {offset} is no HAR entry"),
                    );
                }
            }
            Cut::TooLong => self.note(
                Shortfall::InputLimit,
                format!("the entry at byte {offset} is longer than {ENTRY_BYTES} bytes"),
            ),
            Cut::Ended => {
                let detail = format!("the file ends within the entry at byte {offset}");
                self.end(Shortfall::Truncated, &detail);
            }
        }
        Ok(())
    }

    fn note(&mut self, shortfall: Shortfall, detail: String) {
        let bytes = self.bytes.len() as u64;
        self.ledger
            .note(shortfall, Some(self.origin), bytes, detail);
    }

    fn end(&mut self, shortfall: Shortfall, detail: &str) {
        self.note(shortfall, format!("{detail} (byte {})", self.json.offset()));
        self.state = State::Ended;
    }
}

impl Source for Har {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        self.read_on();
        if let Some(sighting) = self.sightings.pop_front() {
            return Ok(Some(Item::Sighting(Box::new(sighting))));
        }
        Ok(self.ledger.next_item())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::model::Event;

    fn read(bytes: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
        let window = Window::new(Box::new(Cursor::new(bytes.to_vec())), 16);
        let mut har = Har::new(JsonText::new(window).unwrap(), Origin::default());
        let (mut sightings, mut shortfalls) = (Vec::new(), Vec::new());
        while let Some(item) = har.next_item().unwrap() {
            match item {
                Item::Sighting(sighting) => sightings.push(*sighting),
                Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
                Item::Packet(_) => panic!("no packets in HAR"),
            }
        }
        (sightings, shortfalls)
    }

    const ENTRY: &str = r#"{"startedDateTime":"2026-01-02T03:04:05.678Z","request":{"method":"GET","url":"https://a.example/x?y=1","headers":[]},"response":{"status":204}}"#;

    fn har(entries: &[&str]) -> String {
        format!(
            "\u{feff}{{ \"comment\": {{\"entries\":[1]}}, \"log\" : {{\"version\":\"1.2\",\"pages\":[{{\"entries\":[{{}}]}}],\"entries\": [{}], \"_x\": 1}} }}",
            entries.join(",\n")
        )
    }

    #[test]
    fn entries_are_numbered_and_one_bad_entry_costs_no_other() {
        let (sightings, shortfalls) =
            read(har(&[ENTRY, "{\"request\":7}", "null", ENTRY]).as_bytes());
        let frames: Vec<u64> = sightings
            .iter()
            .map(|sighting| sighting.origin.frame)
            .collect();
        assert_eq!(frames, [1, 4]);
        assert_eq!(shortfalls, [Shortfall::Damaged, Shortfall::Damaged]);
        assert_eq!(
            sightings[0].origin.time.to_string(),
            "2026-01-02T03:04:05.678Z"
        );
        assert!(matches!(&sightings[0].event, Event::Exchange(exchange) if exchange.is_protected));
    }

    #[test]
    fn an_empty_list_is_no_damage_and_a_missing_one_is() {
        assert_eq!(read(har(&[]).as_bytes()).1, []);
        assert_eq!(read(b"{\"log\":{}}").1, [Shortfall::Damaged]);
        assert_eq!(read(b"{\"log\":[1]}").1, [Shortfall::Damaged]);
        assert_eq!(read(b"").1, [Shortfall::Damaged]);
    }

    proptest! {
        #[test]
        fn a_cut_file_yields_all_entries_before_the_cut(cut in 0.0..1.0_f64) {
            let whole = har(&[ENTRY; 5]);
            let at = (whole.len() as f64 * cut) as usize;
            let (sightings, shortfalls) = read(&whole.as_bytes()[..at]);
            let complete = whole.match_indices(ENTRY).filter(|(start, _)| start + ENTRY.len() <= at).count();
            prop_assert_eq!(sightings.len(), complete);
            let list_end = whole.rfind("],").unwrap();
            prop_assert_eq!(shortfalls.len(), usize::from(at <= list_end));
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, text in "[{}\\[\\]\",:logentris0]{0,60}") {
            let _ = (read(&bytes), read(text.as_bytes()), read(format!("{{\"log\":{{\"entries\":[{text}").as_bytes()));
        }
    }
}
