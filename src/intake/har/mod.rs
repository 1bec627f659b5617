//! HAR 1.2, entry by entry: a file of any size needs the memory of one entry.
//!
//! Entries are cut out by structure and parsed one at a time, so one bad entry costs no other. What an entry means is in
//! [`entry`].

mod body;
mod entry;

use std::collections::VecDeque;
use std::io;

use serde_json::Value;

use super::attachment::Attachments;
use super::json::{Cut, JsonText, parse};
use super::ledger::Ledger;
use super::window::Window;
use super::{Format, Gathered, Input, Item, Sample, Source};
use crate::limits::{ENTRY_BYTES, LOGGED_APPS, SNIFF_BYTES, TEXT_BYTES};
use crate::model::{Dossier, Event, InstalledApp, Origin, Platform, Shortfall, Sighting};
use crate::{Error, Result};

/// HAR.
pub(super) const FORMAT: Format = Format {
    name: "har",
    sniff,
    gather: Some(gather),
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
    Ok(Box::new(Har::new(json, origin, Attachments::beside(input))))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AtStart,
    /// Between the members of the log, whose order differs between writers.
    InLog,
    InEntries,
    InTlsErrors,
    Ended,
}

/// A HAR file as it is read.
#[derive(Debug)]
struct Har {
    json: JsonText,
    state: State,
    origin: Origin,
    has_entries: bool,
    /// Bodies that lie beside the file.
    attachments: Attachments,
    /// The writer puts binary bodies of requests through a text decoder.
    is_lossy: bool,
    /// An entry's time says no zone, and that was told.
    has_local_times: bool,
    /// The entry that is being parsed.
    bytes: Vec<u8>,
    sightings: VecDeque<Sighting>,
    ledger: Ledger,
}

impl Har {
    fn new(json: JsonText, origin: Origin, attachments: Attachments) -> Self {
        Self {
            json,
            attachments,
            state: State::AtStart,
            origin,
            has_entries: false,
            is_lossy: false,
            has_local_times: false,
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
        match self.state {
            State::AtStart => {
                if enter_log(&mut self.json, &mut self.bytes)? {
                    self.state = State::InLog;
                } else {
                    self.end(Shortfall::Damaged, "no log with entries");
                }
            }
            State::InLog => self.member()?,
            State::InEntries | State::InTlsErrors => self.element()?,
            State::Ended => {}
        }
        Ok(())
    }

    /// One member of the log.
    fn member(&mut self) -> io::Result<()> {
        match next_member(&mut self.json, &mut self.bytes)? {
            Member::Named(name) => match name.as_str() {
                "entries" if self.json.accept(b'[')? => {
                    self.has_entries = true;
                    self.state = State::InEntries;
                }
                "_tlsErrors" if self.json.accept(b'[')? => self.state = State::InTlsErrors,
                "creator" => {
                    let _ = self.json.value(&mut self.bytes, SNIFF_BYTES)?;
                    let creator = parse(&self.bytes).unwrap_or_default();
                    let name = creator
                        .get("name")
                        .and_then(Value::as_str)
                        .unwrap_or_default();
                    self.is_lossy = name.starts_with("mitmproxy");
                }
                _ => {
                    let _ = self.json.value(&mut self.bytes, 0)?;
                }
            },
            Member::End if self.has_entries => self.state = State::Ended,
            Member::Cut if self.has_entries => {
                self.end(Shortfall::Truncated, "the file ends within the log");
            }
            Member::End | Member::Cut | Member::Damaged => {
                let detail = if self.has_entries {
                    "the log is damaged"
                } else {
                    "no log with entries"
                };
                self.end(Shortfall::Damaged, detail);
            }
        }
        Ok(())
    }

    /// One element of a list, or its end.
    fn element(&mut self) -> io::Result<()> {
        match self.json.peek()? {
            None => self.end(
                Shortfall::Truncated,
                "the file ends within the list of entries",
            ),
            Some(b']') => {
                let _ = self.json.accept(b']')?;
                self.state = State::InLog;
            }
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

    /// A connection that the proxy could not look into.
    fn tls_error(&mut self) {
        let error = parse(&self.bytes).unwrap_or_default();
        let Some((sightings, detail)) = entry::tls_error(&error, self.origin) else {
            self.note(Shortfall::Damaged, "no TLS error in its place".to_owned());
            return;
        };
        self.sightings.extend(sightings);
        self.note(Shortfall::Encrypted, detail);
    }

    /// Whether the writer has damaged the body of a request on its way into the file.
    fn note_lossy(&mut self, sightings: &[Sighting]) {
        let is_binary = sightings.iter().any(|sighting| match &sighting.event {
            Event::Exchange(exchange) => {
                let request = &exchange.request;
                let kind = request.header("content-type").unwrap_or_default();
                let is_binary = ["protobuf", "octet-stream", "grpc", "gzip", "zip"]
                    .iter()
                    .any(|word| kind.contains(word));
                is_binary && !request.body.bytes.is_empty()
            }
            _ => false,
        });
        if self.is_lossy && is_binary {
            self.note(
                Shortfall::DamagedBody,
                "mitmproxy writes binary bodies into HAR as text; its flow dump has them whole"
                    .to_owned(),
            );
        }
    }

    fn entry(&mut self) -> io::Result<()> {
        let offset = self.json.offset();
        self.origin.frame = self.origin.frame.saturating_add(1);
        match self.json.value(&mut self.bytes, ENTRY_BYTES)? {
            Cut::Whole | Cut::Shortened if self.state == State::InTlsErrors => self.tls_error(),
            cut @ (Cut::Whole | Cut::Shortened) => {
                if cut == Cut::Shortened {
                    self.note(
                        Shortfall::MessageLimit,
                        format!(
                            "a text in the entry at byte {offset} is longer than {TEXT_BYTES} bytes"
                        ),
                    );
                }
                let mut is_local = false;
                let sightings = parse(&self.bytes).and_then(|mut entry| {
                    is_local = entry::is_local(&entry);
                    entry::attach(&mut entry, &mut |name| self.attachments.read(name));
                    entry::sightings(&entry, self.origin)
                });
                if let Some(sightings) = sightings {
                    if let Some(first) = sightings.first() {
                        self.origin.time = first.origin.time;
                    }
                    self.note_lossy(&sightings);
                    if is_local && !self.has_local_times {
                        self.has_local_times = true;
                        self.note(Shortfall::LocalTime, "startedDateTime".to_owned());
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

/// What comes next in the log.
enum Member {
    Named(String),
    End,
    Cut,
    Damaged,
}

/// Steps over brackets and names up to the first member of `log`; `false` if there is no log.
fn enter_log(json: &mut JsonText, bytes: &mut Vec<u8>) -> io::Result<bool> {
    if !json.accept(b'{')? {
        return Ok(false);
    }
    loop {
        let Member::Named(name) = next_member(json, bytes)? else {
            return Ok(false);
        };
        if name == "log" && json.accept(b'{')? {
            return Ok(true);
        }
        if json.value(bytes, 0)? == Cut::Ended {
            return Ok(false);
        }
    }
}

/// Steps over the name of the next member and its colon.
fn next_member(json: &mut JsonText, bytes: &mut Vec<u8>) -> io::Result<Member> {
    let _ = json.accept(b',')?;
    match json.peek()? {
        None => Ok(Member::Cut),
        Some(b'}') => Ok(Member::End),
        Some(b'"') => Ok(match json.value(bytes, SNIFF_BYTES)? {
            Cut::Ended => Member::Cut,
            Cut::TooLong | Cut::Shortened => Member::Damaged,
            Cut::Whole => match parse(bytes) {
                Some(Value::String(name)) if json.accept(b':')? => Member::Named(name),
                _ if json.peek()?.is_none() => Member::Cut,
                _ => Member::Damaged,
            },
        }),
        Some(_) => Ok(Member::Damaged),
    }
}

/// What `log._tweasel` says: the phone, the apps on it, and those that were let through. It stands behind the entries.
fn gather(input: &Input) -> Result<Gathered> {
    let mut dossier = Dossier::default();
    if input.is_stdin() {
        return Ok((dossier, Vec::new()));
    }
    let failed = |source: io::Error| Error::Read {
        path: input.path.clone(),
        source,
    };
    let mut bytes = Vec::new();
    let mut shortfalls = Vec::new();
    let mut json = JsonText::new(Window::new(input.reader()?, 16)).map_err(failed)?;
    // Phase 2 says where and why the file cannot be read.
    let mut find = || -> io::Result<Option<Value>> {
        if !enter_log(&mut json, &mut bytes)? {
            return Ok(None);
        }
        while let Member::Named(name) = next_member(&mut json, &mut bytes)? {
            let bound = if name == "_tweasel" { ENTRY_BYTES } else { 0 };
            let cut = json.value(&mut bytes, bound)?;
            if bound > 0 {
                if cut == Cut::TooLong {
                    let detail = format!("_tweasel is longer than {ENTRY_BYTES} bytes");
                    shortfalls.push((Shortfall::InputLimit, detail));
                }
                return Ok(parse(&bytes));
            }
            if cut == Cut::Ended {
                break;
            }
        }
        Ok(None)
    };
    if let Ok(Some(metadata)) = find() {
        shortfalls.extend(tweasel(&metadata, input, &mut dossier));
    }
    Ok((dossier, shortfalls))
}

/// Says if there are too many apps.
fn tweasel(metadata: &Value, input: &Input, dossier: &mut Dossier) -> Option<(Shortfall, String)> {
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let none = Value::Null;
    let device = metadata.get("device").unwrap_or(&none);
    dossier.platform = match text(device, "platform").as_deref() {
        Some("android") => Some(Platform::Android),
        Some("ios") => Some(Platform::Ios),
        _ => None,
    };
    dossier.model = match (text(device, "manufacturer"), text(device, "model")) {
        (Some(maker), Some(model)) => Some(format!("{maker} {model}")),
        (_, model) => model,
    };
    let apps = metadata.get("apps").and_then(Value::as_array);
    for app in apps.into_iter().flatten() {
        let Some(id) = text(app, "id") else { continue };
        dossier.apps.entry(id).or_insert_with(|| InstalledApp {
            label: text(app, "name"),
            version: text(app, "version"),
            source: Some(Origin {
                input: input.id,
                ..Origin::default()
            }),
            ..InstalledApp::default()
        });
    }
    let options = metadata.get("options").unwrap_or(&none);
    if text(options, "mode").as_deref() != Some("allowlist") {
        return None;
    }
    let allowed = options.get("apps").and_then(Value::as_array);
    let mut allowed = allowed
        .into_iter()
        .flatten()
        .filter_map(|app| Some(app.as_str()?.to_owned()));
    let apps: Vec<String> = allowed.by_ref().take(LOGGED_APPS).collect();
    // The traffic may be of one that is left out as well.
    if allowed.next().is_some() {
        let detail = format!("more than {LOGGED_APPS} apps were let through: none is named");
        return Some((Shortfall::InputLimit, detail));
    }
    if !apps.is_empty() {
        dossier.let_through.insert(input.id, apps);
    }
    None
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
    use crate::model::{InputId, Timestamp};

    fn read(bytes: &[u8]) -> (Vec<Sighting>, Vec<Shortfall>) {
        let window = Window::new(Box::new(Cursor::new(bytes.to_vec())), 16);
        let mut har = Har::new(
            JsonText::new(window).unwrap(),
            Origin::default(),
            Attachments::Nowhere,
        );
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
    fn connections_that_the_proxy_could_not_look_into_are_contacts_and_blind_spots() {
        let text = har(&[ENTRY]).replace(
            "\"_x\": 1",
            r#""_tlsErrors":[{"startedDateTime":"2026-01-02T03:04:06Z","hostname":"Pinned.example","cause":"cert-rejected"},{"cause":1}]"#,
        );
        let (sightings, shortfalls) = read(text.as_bytes());
        assert_eq!(shortfalls, [Shortfall::Encrypted, Shortfall::Damaged]);
        assert_eq!(sightings.len(), 3);
        assert!(matches!(&sightings[1].event, Event::Handshake(handshake)
            if handshake.sni.as_deref() == Some("pinned.example")));
        assert!(matches!(&sightings[2].event, Event::Traffic(_)));
        assert_ne!(sightings[2].origin.time, Timestamp::default());
    }

    #[test]
    fn tweasel_says_whose_the_traffic_is() {
        let text = har(&[ENTRY]).replace(
            "\"_x\": 1",
            r#""_tweasel":{"options":{"mode":"allowlist","apps":["org.example.chat"]},"device":{"platform":"android","manufacturer":"Example","model":"Fono"},"apps":[{"id":"org.example.chat","name":"Chat","version":"1.2"}]}"#,
        );
        let input = Input::in_memory(InputId(3), FORMAT.name, text.as_bytes());
        let (dossier, _) = gather(&input).unwrap();
        assert_eq!(dossier.let_through[&InputId(3)], ["org.example.chat"]);
        assert_eq!(dossier.model.as_deref(), Some("Example Fono"));
        assert_eq!(
            dossier.apps["org.example.chat"].label.as_deref(),
            Some("Chat")
        );
    }

    #[test]
    fn apps_that_are_too_many_to_be_let_through_are_told() {
        let let_through = |count: usize| {
            let apps: Vec<String> = (0..count)
                .map(|app| format!("org.example.a{app}"))
                .collect();
            let options = serde_json::json!({"mode": "allowlist", "apps": apps});
            let metadata = serde_json::json!({"options": options}).to_string();
            let text = har(&[ENTRY]).replace("\"_x\": 1", &format!("\"_tweasel\":{metadata}"));
            let input = Input::in_memory(InputId(3), FORMAT.name, text.as_bytes());
            let (dossier, told) = gather(&input).unwrap();
            let apps = dossier.let_through.get(&InputId(3)).map(Vec::len);
            (apps, told.first().map(|told| told.0))
        };
        assert_eq!(let_through(LOGGED_APPS), (Some(LOGGED_APPS), None));
        assert_eq!(
            let_through(LOGGED_APPS + 1),
            (None, Some(Shortfall::InputLimit))
        );
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
            let log_end = whole.rfind('}').unwrap() - 2;
            prop_assert_eq!(shortfalls.len(), usize::from(at <= log_end));
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>, text in "[{}\\[\\]\",:logentris0]{0,60}") {
            let _ = (read(&bytes), read(text.as_bytes()), read(format!("{{\"log\":{{\"entries\":[{text}").as_bytes()));
        }
    }
}
