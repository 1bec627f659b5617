//! Texts that name their values by their lines: tables with a head, `name=value` of logs, headers and line protocols,
//! `name: value` of LDIF and the like → fields beside the text.

use std::borrow::Cow;

use super::collector::Collector;
use super::{copied, form};

/// Longest name.
const LONGEST_NAME: usize = 64;
/// Columns of a table, at most.
const COLUMNS: usize = 128;
/// Lines that are read.
const LINES: usize = 20_000;

/// Reads a text, if it is one of these.
pub(super) fn read(text: &str) -> Option<Vec<Row<'_>>> {
    let has = |mark: u8| memchr::memchr(mark, text.as_bytes()).is_some();
    let in_lines = has(b'\n').then(|| rows(text).or_else(|| lines(text)));
    in_lines
        .flatten()
        .or_else(|| assignments(text))
        .or_else(|| has(b'|').then(|| pairs(text)).flatten())
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
            collector.value(Cow::Borrowed(value), copied);
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

fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$'))
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_-.$[]".contains(letter))
}

/// A table (RFC 4180 and its kin): a line of names, and rows of as many cells.
fn rows(text: &str) -> Option<Vec<Row<'_>>> {
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
    for line in body
        .lines()
        .take(LINES)
        .filter(|line| !line.trim().is_empty())
    {
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

/// `time=… level=info lat=52.52`, `lat=52.52; lon=13.40`, `position,unit=7 lat=52.52,lon=13.40 1700000000`: a row for each line.
fn assignments(text: &str) -> Option<Vec<Row<'_>>> {
    // One pair may be anything, unless it holds a list or what a form would encode.
    let is_pair = || text.contains(['%', ',']) && !text.contains(|mark: char| mark.is_whitespace());
    let most = memchr::memchr_iter(b'=', text.as_bytes()).count();
    if most == 0 || most == 1 && !is_pair() || text.contains('&') {
        return None;
    }
    let mut found = 0_usize;
    let mut rows = Vec::new();
    for line in text.lines().take(LINES) {
        let mut row = Row::new();
        let mut is_quoted = false;
        let parts = line.split(|mark: char| {
            if mark == '"' {
                is_quoted = !is_quoted;
            }
            !is_quoted && (matches!(mark, ',' | ';') || mark.is_ascii_whitespace())
        });
        for part in parts {
            if let Some((key, value)) = part.split_once('=')
                && is_name(key)
                && !value.trim_matches('=').is_empty()
            {
                row.push((key, unquoted(value)));
            }
        }
        found = found.saturating_add(row.len());
        if !row.is_empty() {
            rows.push(row);
        }
    }
    (found >= 2 || found == 1 && is_pair()).then_some(rows)
}

/// Names of which a row of pairs has one at least: others may be data, as those of people are.
const TOLD: [&str; 40] = [
    "gaid",
    "aaid",
    "adid",
    "idfa",
    "idfv",
    "oaid",
    "aid",
    "did",
    "uid",
    "uuid",
    "userid",
    "deviceid",
    "androidid",
    "imei",
    "imsi",
    "iccid",
    "msisdn",
    "serial",
    "mac",
    "ssid",
    "bssid",
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
    let is_told = |(key, _): &(&str, &str)| {
        let letters = key.chars().filter(char::is_ascii_alphanumeric);
        let letters: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        TOLD.contains(&&*letters)
    };
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
        match line.trim().split_once(": ") {
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
        fields(read(text).unwrap_or_default(), &mut collector);
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
        assert_eq!(named("gaid:a-b|os:14"), ["gaid=a-b", "os=14"]);
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
        ] {
            assert_eq!(named(text), [""; 0], "{text}");
        }
    }
}
