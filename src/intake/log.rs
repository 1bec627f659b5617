//! Logs of a device → sightings: line by line in bounded memory, or listed at once from a document.
//!
//! What a line means is the reader's; how lines are cut, counted and complained about is here.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::json::{Cut, JsonText};
use super::ledger::Ledger;
use super::lines::{Line, Lines};
use super::window::Window;
use super::{Gathered, Input, Item, Source};
use crate::limits::{LINE_BYTES, LOGGED_APPS, LOGGED_CONTACTS};
use crate::model::{
    ContactTime, Dossier, Event, LoggedApp, Origin, Owner, PhoneLog, Platform, Shortfall, Sighting,
    Timestamp,
};
use crate::{Error, Result};

/// Where the reader of a line puts what it makes of it.
#[derive(Debug)]
pub(super) struct Told<'l> {
    /// Input and line; the reader sets the time.
    pub(super) origin: Origin,
    /// The line is the last and has no end, so it may be cut.
    is_cut: bool,
    /// Bytes of the line.
    length: usize,
    others: &'l mut u64,
    sightings: &'l mut VecDeque<Sighting>,
    ledger: &'l mut Ledger,
}

impl Told<'_> {
    /// One thing that the log tells, at the time that `origin` has.
    pub(super) fn tell(&mut self, owner: Owner, event: Event) {
        self.see(Sighting {
            origin: self.origin,
            flow: None,
            server: None,
            owner,
            event,
        });
    }

    /// One thing that the log tells with its connection.
    pub(super) fn see(&mut self, sighting: Sighting) {
        self.sightings.push_back(sighting);
    }

    pub(super) fn note(&mut self, shortfall: Shortfall, detail: &str) {
        self.ledger
            .note(shortfall, Some(self.origin), 0, detail.to_owned());
    }

    /// The line is not what its log has lines of.
    pub(super) fn note_damage(&mut self) {
        let (shortfall, detail) = if self.is_cut {
            (Shortfall::Truncated, "the log ends in the middle of a line")
        } else {
            (Shortfall::Damaged, "a line that cannot be read")
        };
        let (origin, length) = (Some(self.origin), self.length as u64);
        self.ledger
            .note(shortfall, origin, length, detail.to_owned());
    }

    /// A record of a kind that tells nothing of apps (alerts, statistics): counted.
    pub(super) fn pass_over(&mut self) {
        *self.others = self.others.saturating_add(1);
    }

    /// A record that can be read and is of no kind that is known.
    pub(super) fn note_unknown(&mut self) {
        self.note(
            Shortfall::UnknownFormat,
            "a record of a kind that is not known",
        );
    }
}

/// Makes of one line what it tells.
pub(super) type ReadLine<S> = fn(&mut S, &[u8], &mut Told<'_>);

/// The records of a log that are still to come.
#[derive(Debug)]
enum Records {
    Lines(Lines),
    /// JSON values in one array, or laid out over several lines, as tools make of lines (`jq -s`, `jq .`).
    Values {
        json: JsonText,
        value: Vec<u8>,
        number: u64,
        /// Arrays that have not ended.
        open: usize,
    },
}

/// What is read next.
enum Next<'r> {
    /// A record, and whether the input ends with it without ending it.
    Record(&'r [u8], bool),
    TooLong,
    /// The input ends; where there is an array, whether it has ended.
    End {
        is_whole: bool,
    },
}

impl Records {
    fn offset(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.offset(),
            Self::Values { json, .. } => json.offset(),
        }
    }

    /// `frame` becomes the number of the record.
    fn next(&mut self, frame: &mut u64) -> io::Result<Next<'_>> {
        match self {
            Self::Lines(lines) => {
                let line = lines.next_line()?;
                *frame = lines.number();
                Ok(match line {
                    Some(Line::Whole { range, is_last }) => {
                        let line = lines.at(range);
                        let line = line.strip_suffix(b"\r").unwrap_or(line);
                        let bare = line.strip_prefix(b"\xef\xbb\xbf");
                        Next::Record(bare.filter(|_| *frame == 1).unwrap_or(line), is_last)
                    }
                    Some(Line::TooLong) => Next::TooLong,
                    None => Next::End { is_whole: true },
                })
            }
            Self::Values {
                json,
                value,
                number,
                open,
            } => {
                while let Some(byte @ (b'[' | b',' | b']')) = json.peek()? {
                    json.accept(byte)?;
                    *open = match byte {
                        b'[' => open.saturating_add(1),
                        b']' => open.saturating_sub(1),
                        _ => *open,
                    };
                }
                if json.peek()?.is_none() {
                    return Ok(Next::End {
                        is_whole: *open == 0,
                    });
                }
                *number = number.saturating_add(1);
                *frame = *number;
                Ok(match json.value(value, LINE_BYTES)? {
                    Cut::Whole | Cut::Shortened => Next::Record(value, false),
                    Cut::TooLong => Next::TooLong,
                    Cut::Ended => {
                        *open = 0;
                        Next::Record(value, true)
                    }
                })
            }
        }
    }
}

/// A log as it is read; `S` is what its reader remembers from line to line.
#[derive(Debug)]
pub(super) struct LineLog<S> {
    records: Records,
    origin: Origin,
    state: S,
    read_line: ReadLine<S>,
    sightings: VecDeque<Sighting>,
    ledger: Ledger,
    /// Records that were passed over.
    others: u64,
    has_ended: bool,
}

impl<S> LineLog<S> {
    pub(super) fn new(lines: Lines, origin: Origin, state: S, read_line: ReadLine<S>) -> Self {
        Self::of(Records::Lines(lines), origin, state, read_line)
    }

    fn of(records: Records, origin: Origin, state: S, read_line: ReadLine<S>) -> Self {
        Self {
            records,
            origin,
            state,
            read_line,
            sightings: VecDeque::new(),
            ledger: Ledger::default(),
            others: 0,
            has_ended: false,
        }
    }

    pub(super) fn open(input: &Input, state: S, read_line: ReadLine<S>) -> Result<Self> {
        let lines = Lines::new(input.reader()?);
        Ok(Self::new(lines, input.origin(), state, read_line))
    }

    /// A log of JSON objects: lines, the elements of one array, or laid out over lines.
    pub(super) fn open_json(input: &Input, state: S, read_line: ReadLine<S>) -> Result<Self> {
        let unreadable = |source| Error::Read {
            path: input.path.clone(),
            source,
        };
        let window = Window::new(input.reader()?, LINE_BYTES.saturating_add(1));
        let mut json = JsonText::new(window).map_err(unreadable)?;
        let records = if json.is_over_lines().map_err(unreadable)? {
            Records::Values {
                json,
                value: Vec::new(),
                number: 0,
                open: 0,
            }
        } else {
            Records::Lines(Lines::of(json.into_window()))
        };
        Ok(Self::of(records, input.origin(), state, read_line))
    }

    /// Something that is known of the whole before its lines are read.
    pub(super) fn note(&mut self, shortfall: Shortfall, detail: String) {
        self.ledger.note(shortfall, Some(self.origin), 0, detail);
    }

    fn read_on(&mut self) {
        let offset = self.records.offset();
        let next = self.records.next(&mut self.origin.frame);
        match next {
            Ok(Next::Record(record, is_cut)) => {
                if record.trim_ascii().is_empty() {
                    return;
                }
                let mut told = Told {
                    origin: self.origin,
                    is_cut,
                    length: record.len(),
                    others: &mut self.others,
                    sightings: &mut self.sightings,
                    ledger: &mut self.ledger,
                };
                (self.read_line)(&mut self.state, record, &mut told);
            }
            Ok(Next::TooLong) => self.note(
                Shortfall::InputLimit,
                format!("the line at byte {offset} is longer than {LINE_BYTES} bytes"),
            ),
            Ok(Next::End { is_whole }) => {
                self.has_ended = true;
                if !is_whole {
                    let detail = "the log ends in the middle of an array";
                    self.note(Shortfall::Truncated, detail.to_owned());
                }
                if self.others > 0 {
                    let others = self.others;
                    self.note(
                        Shortfall::UnknownFormat,
                        format!("{others} records of other kinds were passed over"),
                    );
                }
            }
            Err(error) => {
                self.ledger.note_failure(&error, self.origin, offset);
                self.has_ended = true;
            }
        }
    }
}

impl<S> Source for LineLog<S> {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        while self.sightings.is_empty() && !self.ledger.has_notes() && !self.has_ended {
            self.read_on();
        }
        Ok(next(&mut self.sightings, &mut self.ledger))
    }
}

/// What was read of a document, ready to be handed out.
#[derive(Debug, Default)]
pub(super) struct Listed {
    sightings: VecDeque<Sighting>,
    ledger: Ledger,
    others: u64,
}

impl Listed {
    /// Where the reader of the document's parts puts what it makes of them.
    pub(super) fn at(&mut self, origin: Origin) -> Told<'_> {
        Told {
            origin,
            is_cut: false,
            length: 0,
            others: &mut self.others,
            sightings: &mut self.sightings,
            ledger: &mut self.ledger,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.sightings.len()
    }
}

impl Source for Listed {
    fn next_item(&mut self) -> Result<Option<Item<'_>>> {
        Ok(next(&mut self.sightings, &mut self.ledger))
    }
}

fn next(sightings: &mut VecDeque<Sighting>, ledger: &mut Ledger) -> Option<Item<'static>> {
    match sightings.pop_front() {
        Some(sighting) => Some(Item::Sighting(Box::new(sighting))),
        None => ledger.next_item(),
    }
}

/// Phase 1 of a log that only phones of one platform have: which app contacted which host, for captures beside it.
pub(super) fn contacts(input: &Input, platform: Platform) -> Result<Gathered> {
    gather(input, platform, |time| ContactTime::Period(time, time))
}

/// The same of a log that has the latest of all contacts of an app with a host.
pub(super) fn latest_contacts(input: &Input, platform: Platform) -> Result<Gathered> {
    gather(input, platform, ContactTime::Latest)
}

fn gather(
    input: &Input,
    platform: Platform,
    time_of: fn(Timestamp) -> ContactTime,
) -> Result<Gathered> {
    let mut dossier = Dossier {
        platform: Some(platform),
        ..Dossier::default()
    };
    let mut shortfalls = Vec::new();
    // Standard input can be read only once, and is then all there is, or no log.
    let mut source = if input.is_stdin() {
        None
    } else {
        input.open()?
    };
    while let Some(source) = &mut source
        && let Some(item) = source.next_item()?
    {
        if let Item::Sighting(sighting) = item
            && !add_contact(&sighting, time_of, &mut dossier.log)
        {
            let detail = format!(
                "more than {LOGGED_CONTACTS} contacts, or {LOGGED_APPS} apps of one host: later ones name no app"
            );
            shortfalls.push((Shortfall::InputLimit, detail));
            break;
        }
    }
    Ok((dossier, shortfalls))
}

/// `false` if there are too many.
fn add_contact(
    sighting: &Sighting,
    time_of: fn(Timestamp) -> ContactTime,
    log: &mut PhoneLog,
) -> bool {
    let last = sighting.origin.time;
    let (host, end, since) = match &sighting.event {
        Event::Lookup(lookup) => (Some(Arc::from(lookup.name.as_str())), None, None),
        Event::Access(access) => {
            let address = access.host.as_ref().and_then(|host| host.parse().ok());
            let host = access.host.as_ref().filter(|_| address.is_none()).cloned();
            let any_port = address.map(|address: IpAddr| SocketAddr::new(address, 0));
            let end = access.address.or(any_port);
            (host, end, access.since)
        }
        _ => return true,
    };
    let by_package = sighting.owner.package.clone().map(LoggedApp::Package);
    match by_package.or(sighting.owner.uid.map(LoggedApp::Uid)) {
        Some(app) if last != Timestamp::default() => {
            let since = since.map(|first| ContactTime::Period(first.min(last), last));
            log.add(&app, host.as_ref(), end, since.unwrap_or(time_of(last)))
        }
        _ => true,
    }
}

/// All that a source tells: what its sightings are, and what it could not read.
#[cfg(test)]
pub(super) fn drain(mut source: impl Source) -> (Vec<Sighting>, Vec<Shortfall>) {
    let (mut sightings, mut shortfalls) = (Vec::new(), Vec::new());
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Sighting(sighting) => sightings.push(*sighting),
            Item::Shortfall { shortfall, .. } => shortfalls.push(shortfall),
            Item::Packet(_) => panic!("no packets in a log"),
        }
    }
    (sightings, shortfalls)
}
