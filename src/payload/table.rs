//! Texts that name their values by their lines: tables with a head, `name=value` of logs, headers and line protocols,
//! `name: value` of LDIF and the like → fields beside the text.

use std::borrow::Cow;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::collector::Collector;
use super::digits::SHORTEST_AMONG;
use super::{copied, form};

/// Longest name.
const LONGEST_NAME: usize = 64;
/// Columns of a table, at most.
const COLUMNS: usize = 128;
/// Lines that are read.
const LINES: usize = 20_000;

/// What a text names.
pub(super) struct Table<'s> {
    pub(super) rows: Vec<Row<'s>>,
    /// The text is nothing else; or there are pairs among its words.
    pub(super) is_all: bool,
    /// Long words beside its pairs.
    pub(super) others: Vec<&'s str>,
}

/// Reads a text, if it is one of these, without [`rows`].
pub(super) fn read(text: &str) -> Option<Table<'_>> {
    let has = |mark: u8| memchr::memchr(mark, text.as_bytes()).is_some();
    let in_lines = has(b'\n').then(|| lines(text));
    in_lines
        .flatten()
        .or_else(|| has(b'|').then(|| pairs(text)).flatten())
        .map(|rows| Table {
            rows,
            is_all: true,
            others: Vec::new(),
        })
        .or_else(|| assignments(text))
}

/// Takes the values of rows under their names.
pub(super) fn fields(rows: Vec<Row<'_>>, collector: &mut Collector<'_>) {
    // One value under a name needs no number of a row.
    let is_one = rows.len() == 1;
    for (position, row) in rows.into_iter().enumerate() {
        if !is_one {
            collector.enter_index(u32::try_from(position).unwrap_or(u32::MAX));
        }
        for (key, value) in row {
            let steps = form::enter_key(key, collector);
            // Quotes in quotes are doubled (RFC 4180 §2.7).
            let value = if value.contains("\"\"") {
                Cow::Owned(value.replace("\"\"", "\""))
            } else {
                Cow::Borrowed(value)
            };
            collector.value(value, copied);
            collector.leave(steps);
        }
        if !is_one {
            collector.leave(1);
        }
        if collector.is_full() {
            return;
        }
    }
}

/// Names and values of a line or a block of lines.
pub(super) type Row<'s> = Vec<(&'s str, &'s str)>;

pub(super) fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$'))
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_-.$[]".contains(letter))
}

/// A table (RFC 4180 and its kin): a line of names, and rows of as many cells. Line ends inside quotes do not end a row.
pub(super) fn rows(text: &str) -> Option<Vec<Row<'_>>> {
    let (head, body) = text.trim().split_once('\n')?;
    let separator = [',', ';', '\t', '|']
        .into_iter()
        .find(|separator| head.contains(*separator))?;
    let names: Vec<&str> = head.split(separator).map(unquoted).collect();
    let is_head = (2..=COLUMNS).contains(&names.len())
        && names.iter().all(|cell| {
            is_name(cell.split(' ').next().unwrap_or_default())
                && cell.len() <= LONGEST_NAME
                && !cell.contains(['=', ':', '@', '?', '!', '"'])
        });
    if !is_head {
        return None;
    }
    let mut rows = Vec::new();
    let lines = super::body::split_quoted(body, '\n');
    for line in lines.take(LINES).filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = cells(line, separator);
        if cells.len() != names.len() {
            return None;
        }
        rows.push(names.iter().copied().zip(cells).collect());
    }
    // Lines of prose have commas, too.
    let has_data = rows.iter().flatten().any(|(_, cell): &(_, &str)| {
        cell.contains('@') || cell.bytes().any(|byte| byte.is_ascii_digit())
    });
    has_data.then_some(rows)
}

/// The cells of a line; separators inside quotes do not separate.
fn cells(line: &str, separator: char) -> Vec<&str> {
    super::body::split_quoted(line, separator)
        .map(unquoted)
        .collect()
}

fn unquoted(cell: &str) -> &str {
    let cell = cell.trim();
    cell.strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'))
        .unwrap_or(cell)
}

/// Names of identifiers that nothing else goes by, without numbering: one pair of such a name tells itself, among any words.
const CERTAIN: [&str; 18] = [
    "androidid",
    "gaid",
    "aaid",
    "idfa",
    "idfv",
    "oaid",
    "advertisingid",
    "imei",
    "imeisv",
    "meid",
    "imsi",
    "iccid",
    "msisdn",
    "fcmtoken",
    "gcmtoken",
    "apnstoken",
    "pushtoken",
    "firebaseinstallationid",
];

/// Names of what also other devices, certificates and advertisements have: several in one line tell each other.
const IDENTIFIERS: [&str; 12] = [
    "adid",
    "deviceid",
    "installid",
    "installationid",
    "serial",
    "serialno",
    "serialnumber",
    "mac",
    "macaddress",
    "wifimac",
    "bssid",
    "udid",
];

/// A name without separators and numbering, in small letters.
fn normal(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let mut letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    letters.truncate(
        letters
            .trim_end_matches(|last: char| last.is_ascii_digit())
            .len(),
    );
    letters
}

/// Whether a name that is one of an identifier is one of nothing else.
fn identifier(name: &str) -> Option<bool> {
    let normal = Some(name).filter(|name| is_name(name)).map(normal)?;
    let is_certain = CERTAIN.contains(&&*normal);
    (is_certain || IDENTIFIERS.contains(&&*normal)).then_some(is_certain)
}

/// Whether a text has a part of such a name, so that most cost one pass.
fn may_name_identifier(text: &str) -> bool {
    const PARTS: [&str; 7] = ["id", "imei", "imsi", "msisdn", "serial", "mac", "token"];
    static FOUND: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let build = || {
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).build(PARTS).ok()
    };
    let found = FOUND.get_or_init(build);
    found.as_ref().is_some_and(|parts| parts.is_match(text))
}

/// The name and value of a word that is a pair: `imei=…`, and of identifiers `Device(imei=…)` and `imei:…`. The value is empty where
/// it is the next word.
fn pair_of_word(word: &str) -> Option<(&str, &str)> {
    let equal = word.split_once('=');
    if let Some(pair) = equal.filter(|(key, _)| is_name(key)) {
        return Some(pair);
    }
    let (key, value) = equal.or_else(|| word.split_once(':'))?;
    let key = key.rsplit(['(', '{', '[']).next().unwrap_or(key);
    identifier(key).map(|_| (key, value))
}

/// `time=… level=info lat=52.52`, `lat=52.52; lon=13.40`, `position,unit=7 lat=52.52,lon=13.40 1700000000`,
/// `10:31:22 I/Init: imei=… ready`: a row for each line.
fn assignments(text: &str) -> Option<Table<'_>> {
    // One pair may be anything, unless it names an identifier, or holds a list or what a form would encode.
    let is_pair = || text.contains(['%', ',']) && !text.contains(|mark: char| mark.is_whitespace());
    let most = memchr::memchr_iter(b'=', text.as_bytes()).count();
    let may_be = most > 1 || most == 1 && is_pair() || may_name_identifier(text);
    if !may_be || text.contains('&') {
        return None;
    }
    let lines: Vec<Line<'_>> = text.lines().take(LINES).map(line).collect();
    let pairs: usize = lines.iter().map(|line| line.pairs).sum();
    let is_all = pairs >= 2 || pairs == 1 && is_pair();
    let others = lines
        .iter()
        .flat_map(|line| &line.others)
        .copied()
        .collect();
    let told = lines.into_iter().filter(|line| is_all || line.is_told());
    let rows: Vec<Row<'_>> = told
        .map(|line| line.row)
        .filter(|row| !row.is_empty())
        .collect();
    (!rows.is_empty()).then_some(Table {
        rows,
        is_all,
        others,
    })
}

/// What a line names.
#[derive(Default)]
struct Line<'s> {
    row: Row<'s>,
    /// Pairs with a sign of equality.
    pairs: usize,
    /// Identifiers that tell themselves, and others.
    certain: usize,
    less_certain: usize,
    /// Long words that are no pairs.
    others: Vec<&'s str>,
}

impl Line<'_> {
    /// Whether its identifiers are some of this phone, whatever the other words are.
    fn is_told(&self) -> bool {
        self.certain > 0 || self.less_certain >= 2
    }
}

fn line(text: &str) -> Line<'_> {
    let mut line = Line::default();
    let mut is_quoted = false;
    let parts = text.split(|mark: char| {
        if mark == '"' {
            is_quoted = !is_quoted;
        }
        !is_quoted
            && (matches!(mark, ',' | ';') || mark.is_ascii_whitespace() || mark.is_ascii_control())
    });
    // The word before, and the name whose value comes.
    let (mut before, mut awaited) = ("", None);
    for part in parts.filter(|part| !part.is_empty()) {
        let name = awaited.take();
        let pair = pair_of_word(part).or_else(|| Some((name?, part)));
        let (key, value) = pair.unwrap_or((before, part));
        before = part;
        // What a document was the value of has lost it.
        if value.is_empty() && part.ends_with('=') && pair.is_some_and(|(key, _)| is_name(key)) {
            line.pairs = line.pairs.saturating_add(1);
        }
        if matches!(value, "=" | ":" | "") {
            awaited = Some(key).filter(|key| identifier(key).is_some());
        } else if pair.is_some() && !value.trim_matches('=').is_empty() {
            let identifier = identifier(key);
            let ends: &[char] = match identifier {
                Some(_) => &['.', ')', ']', '}'],
                None => &[],
            };
            let has_sign = part.split_once('=').is_some_and(|(key, _)| is_name(key));
            let count = |sum: usize, is_one: bool| sum.saturating_add(is_one.into());
            line.certain = count(line.certain, identifier == Some(true));
            line.less_certain = count(line.less_certain, identifier == Some(false));
            line.pairs = count(line.pairs, has_sign);
            line.row.push((key, unquoted(value.trim_end_matches(ends))));
        } else if part.len() >= SHORTEST_AMONG {
            line.others.push(part);
        }
    }
    line
}

/// Names, beside those of identifiers, of which a row of pairs has one at least: others may be data, as those of people are.
const TOLD: [&str; 25] = [
    "aid",
    "did",
    "uid",
    "uuid",
    "userid",
    "ssid",
    "email",
    "mail",
    "phone",
    "tel",
    "lat",
    "latitude",
    "lon",
    "lng",
    "longitude",
    "os",
    "osversion",
    "platform",
    "model",
    "brand",
    "manufacturer",
    "carrier",
    "locale",
    "timezone",
    "ip",
];

/// `gaid:…|os:14`: one row.
fn pairs(text: &str) -> Option<Vec<Row<'_>>> {
    let parts = text.split('|');
    let row: Option<Row<'_>> = parts
        .map(|part| part.split_once(':').filter(|(key, _)| is_name(key)))
        .collect();
    let is_told =
        |(key, _): &(&str, &str)| identifier(key).is_some() || TOLD.contains(&&*normal(key));
    row.filter(|row| (2..=COLUMNS).contains(&row.len()) && row.iter().any(is_told))
        .map(|row| vec![row])
}

/// `mobile: +49 …`: a row for each block of lines.
fn lines(text: &str) -> Option<Vec<Row<'_>>> {
    let mut rows = vec![Row::new()];
    let mut others = 0_usize;
    let mut found = 0_usize;
    for line in text.lines().take(LINES) {
        if line.trim().is_empty() {
            rows.push(Row::new());
            continue;
        }
        let line = line.trim();
        match line.split_once(": ") {
            // What a document was the value of has lost it.
            None if line.strip_suffix(':').is_some_and(is_name) => found = found.saturating_add(1),
            Some((key, value)) if is_name(key) => {
                found = found.saturating_add(1);
                if let Some(row) = rows.last_mut() {
                    row.push((key, value.trim()));
                }
            }
            _ => others = others.saturating_add(1),
        }
    }
    rows.retain(|row| !row.is_empty());
    (found >= 2 && others <= found).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    fn named(text: &str) -> Vec<String> {
        let mut collector = Collector::new(Place::Body);
        let rows = rows(text).or_else(|| read(text).map(|table| table.rows));
        fields(rows.unwrap_or_default(), &mut collector);
        let fields = collector.finish().fields;
        fields
            .iter()
            .map(|field| format!("{}={}", fields.path(field), field.value))
            .collect()
    }

    #[test]
    fn texts_in_lines_give_their_values_under_their_names() {
        assert_eq!(
            named("time,latitude,longitude\n1,52.52,13.40\n"),
            ["time=1", "latitude=52.52", "longitude=13.40"]
        );
        assert_eq!(
            named("position,unit=7 lat=52.52,lon=13.40 1700000000"),
            ["unit=7", "lat=52.52", "lon=13.40"]
        );
        assert_eq!(named("lat=52.52; lon=13.40"), ["lat=52.52", "lon=13.40"]);
        assert_eq!(
            named("id;note\n1;\"a;\nb \"\"c\"\"\"\n2;d\n"),
            ["[0].id=1", "[0].note=a;\nb \"c\"", "[1].id=2", "[1].note=d"]
        );
        assert_eq!(named("gaid:a-b|os:14"), ["gaid=a-b", "os=14"]);
        for line in [
            "09-14 07:31:22.120 I/Init: imei=490154203237518 ready\n",
            "imei=490154203237518",
            "read imei: 490154203237518.",
            "Phone(imei=490154203237518)",
            "imei = 490154203237518",
            "[imei:490154203237518]",
        ] {
            assert_eq!(named(line), ["imei=490154203237518"], "{line}");
        }
        assert_eq!(
            named("cn: Anna\nmobile: +4930\n\ncn: Ben\nmobile: +4931\n"),
            [
                "[0].cn=Anna",
                "[0].mobile=+4930",
                "[1].cn=Ben",
                "[1].mobile=+4931"
            ]
        );
    }

    #[test]
    fn prose_and_padding_name_nothing() {
        for text in [
            "Hallo, wie geht es?\nGut, danke.",
            "YWJjZGVmZ2hpamts=",
            "YWJjZGVmZ2hpamtsbQ==",
            "https://app.example/a?b=c",
            "10:15:30",
            "erika:x@post.example|ben:y@post.example",
            "Note: call back",
            "07:31:22 I/Net: retry=3",
            "Ring me, phone: +493023125111",
            "imei: ",
            "https://app.example/imei:1/b",
        ] {
            assert_eq!(named(text), [""; 0], "{text}");
        }
    }
}
