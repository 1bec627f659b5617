//! Lists of values that the auditor knows to be on the phone → [`KnownValue`]s: vCards, CSV with a header, TOML,
//! `getprop`, `content query`, and plain lists of digests or identifiers.
//!
//! People type these lists, so every line that cannot be used is counted and the rest is taken.

mod toml_list;

use std::path::Path;

use self::toml_list::{is_toml, toml_list};
use super::document::{read_named, read_whole};
use super::{Format, Gathered, Input, Sample};
use crate::limits::KNOWN_LIST_BYTES;
use crate::model::{Dossier, KnownKind, KnownValue, Shortfall};
use crate::{Error, Result};

/// Lists of known values in a device's folder. A CSV or a list of lines is only taken when the user names it (`--known`): too
/// many files look like one.
pub(super) const FORMAT: Format = Format {
    name: "known-values",
    sniff,
    gather: Some(gather),
    open: None,
};

fn sniff(sample: &Sample<'_>) -> bool {
    sample
        .text()
        .is_some_and(|text| is_vcard(text) || is_content_query(text) || is_toml(text))
}

fn gather(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, KNOWN_LIST_BYTES)?;
    let list = parse(&String::from_utf8_lossy(&bytes));
    let mut notes: Vec<(Shortfall, String)> = Vec::new();
    notes.extend(cut.map(|detail| (Shortfall::InputLimit, detail)));
    let problems = list.problems();
    notes.extend(problems.map(|problems| (Shortfall::DamagedManifest, problems)));
    let dossier = Dossier {
        known: list.values,
        ..Dossier::default()
    };
    Ok((dossier, notes))
}

/// Entries of a list that are no value.
#[derive(Debug)]
pub struct Unusable {
    /// How many.
    pub entries: u64,
    /// The list and the first of them, in words without values.
    pub said: String,
}

/// A list that the user names: any of the forms. With its values comes what in it is none.
pub fn read_known_values(path: &Path) -> Result<(Vec<KnownValue>, Option<Unusable>)> {
    let bytes = read_named(path, KNOWN_LIST_BYTES)?;
    let list = parse(&String::from_utf8_lossy(&bytes));
    let problems = list.problems();
    if list.values.is_empty() {
        let problems = problems.map(|problems| format!(" ({problems})"));
        return Err(Error::Format {
            path: path.to_owned(),
            reason: format!(
                "it holds no known values{}: write a vCard, a CSV with a header such as name,phone,email, or TOML \
                 with [[contact]] and [own]",
                problems.unwrap_or_default()
            ),
        });
    }
    let unusable = problems.map(|problems| Unusable {
        entries: list.unusable,
        said: format!("{}: {problems}", path.display()),
    });
    Ok((list.values, unusable))
}

/// Entries of a list that are named where they cannot be used.
const NAMED_PROBLEMS: usize = 3;

/// What a list gave.
#[derive(Debug, Default, PartialEq, Eq)]
struct List {
    values: Vec<KnownValue>,
    /// Entries that are none.
    unusable: u64,
    /// The first of them, in words without values.
    named: Vec<String>,
}

impl List {
    fn contact(&mut self, kind: KnownKind, value: &str) {
        self.add(KnownValue::of_contact(kind, value));
    }

    fn own(&mut self, kind: KnownKind, value: &str) {
        self.add(KnownValue::own(kind, value));
    }

    fn add(&mut self, value: KnownValue) {
        if value.value.reveal().is_empty() {
            return;
        }
        self.values.push(value);
    }

    fn unusable(&mut self, problem: impl FnOnce() -> String) {
        self.unusable = self.unusable.saturating_add(1);
        if self.named.len() < NAMED_PROBLEMS {
            self.named.push(problem());
        }
    }

    /// What is no value, in words.
    fn problems(&self) -> Option<String> {
        let more = if self.unusable > self.named.len() as u64 {
            ", …"
        } else {
            ""
        };
        let named = self.named.join(", ");
        let count = self.unusable;
        (count > 0).then(|| format!("{count} entries that are no value: {named}{more}"))
    }
}

fn parse(text: &str) -> List {
    let text = text.trim_start_matches('\u{feff}');
    let mut list = List::default();
    if is_vcard(text) {
        vcards(text, &mut list);
    } else if is_getprop(text) {
        getprop(text, &mut list);
    } else if is_content_query(text) {
        content_query(text, &mut list);
    } else if is_toml(text) {
        toml_list(text, &mut list);
    } else {
        table(text, &mut list);
    }
    list
}

fn is_vcard(text: &str) -> bool {
    text.trim_start()
        .get(..11)
        .is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD"))
}

/// Names, numbers and addresses of vCards (RFC 6350), folded lines joined (§3.2).
fn vcards(text: &str, list: &mut List) {
    let unfolded = text
        .replace("\r\n ", "")
        .replace("\r\n\t", "")
        .replace("\n ", "")
        .replace("\n\t", "");
    for line in unfolded.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let name = name.split(';').next().unwrap_or(name);
        let property = name.rsplit('.').next().unwrap_or(name).to_ascii_uppercase();
        match property.as_str() {
            "FN" => list.contact(KnownKind::Name, &unescaped(value)),
            "TEL" => list.contact(KnownKind::Phone, value.trim_start_matches("tel:")),
            "EMAIL" => list.contact(KnownKind::Email, &unescaped(value)),
            _ => {}
        }
    }
}

/// Backslashes of vCard texts (RFC 6350 §3.4).
fn unescaped(value: &str) -> String {
    value
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
}

/// Whether a text is the output of Android's `getprop`.
pub(super) fn is_getprop(text: &str) -> bool {
    let lines = text.lines().take(5);
    lines.filter_map(getprop_line).count() >= 2
}

/// Name and value of a line of `getprop`: `[name]: [value]`.
pub(super) fn getprop_line(line: &str) -> Option<(&str, &str)> {
    line.trim()
        .strip_prefix('[')?
        .strip_suffix(']')?
        .split_once("]: [")
}

/// What a property of Android identifies, if it identifies the phone.
pub(super) fn kind_of_property(name: &str) -> Option<KnownKind> {
    Some(match name {
        "ro.serialno" | "ro.boot.serialno" | "ril.serialnumber" => KnownKind::Serial,
        "persist.sys.bluetooth.address"
        | "ro.boot.btmacaddr"
        | "ro.boot.wifimacaddr"
        | "persist.service.bdroid.bdaddr" => KnownKind::Mac,
        name if name.contains("imei") => KnownKind::Imei,
        name if name.contains("iccid") => KnownKind::Sim,
        _ => return None,
    })
}

/// Identifiers among the properties.
fn getprop(text: &str, list: &mut List) {
    for (name, value) in text.lines().filter_map(getprop_line) {
        if let Some(kind) = kind_of_property(name) {
            list.own(kind, value);
        }
    }
}

fn is_content_query(text: &str) -> bool {
    text.trim_start().starts_with("Row: 0 ") && text.contains('=')
}

/// Rows of `content query --uri content://com.android.contacts/…`: `Row: 0 display_name=…, data1=…, mimetype=…`.
fn content_query(text: &str, list: &mut List) {
    for row in text.lines().filter(|line| line.starts_with("Row: ")) {
        let mut number = None;
        let mut mime_type = "";
        for part in row.split(", ") {
            let part = part
                .strip_prefix("Row: ")
                .and_then(|rest| rest.split_once(' '))
                .map_or(part, |(_, rest)| rest);
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            if value == "NULL" {
                continue;
            }
            match name {
                "display_name" | "display_name_alt" => list.contact(KnownKind::Name, value),
                "number" | "data4" | "normalized_number" => list.contact(KnownKind::Phone, value),
                "data1" => number = Some(value),
                "mimetype" => mime_type = value,
                _ => {}
            }
        }
        let Some(value) = number else { continue };
        if mime_type.contains("email") || value.contains('@') {
            list.contact(KnownKind::Email, value);
        } else if mime_type.contains("phone")
            || value.bytes().filter(u8::is_ascii_digit).count() >= 6
        {
            list.contact(KnownKind::Phone, value);
        }
    }
}

/// A CSV with a header, or lines that say by themselves what they are.
fn table(text: &str, list: &mut List) {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let separator = [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|mark| first.bytes().filter(|byte| byte == mark).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut columns: Option<Vec<Column>> = None;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                list.unusable(|| format!("line {line} is no row"));
                continue;
            }
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            let header: Vec<Column> = record.iter().map(column).collect();
            if header.iter().any(|column| *column != Column::Other) {
                columns = Some(header);
            } else {
                columns = Some(Vec::new());
                record
                    .iter()
                    .for_each(|cell| line(cell.trim(), &record, list));
            }
            continue;
        };
        if columns.is_empty() {
            record
                .iter()
                .for_each(|cell| line(cell.trim(), &record, list));
        } else {
            row(columns, &record, list);
        }
    }
}

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Is(KnownKind),
    GivenName,
    FamilyName,
    Latitude,
    Longitude,
    Radius,
    Kind,
    Value,
    Owner,
    Other,
}

/// Headers as address books and people write them, in English and German.
fn column(header: &str) -> Column {
    let name: String = header
        .to_lowercase()
        .chars()
        .filter(|character| character.is_alphanumeric())
        .collect();
    let holds = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if let Some(kind) = KnownKind::from_id(&header.trim().to_lowercase().replace('_', "-")) {
        return Column::Is(kind);
    }
    match name.as_str() {
        "kind" | "type" | "art" => Column::Kind,
        "value" | "wert" => Column::Value,
        "owner" | "whose" | "besitzer" | "wessen" => Column::Owner,
        "lat" | "latitude" | "breite" => Column::Latitude,
        "lon" | "lng" | "longitude" | "länge" => Column::Longitude,
        "radius" | "radiusmetres" => Column::Radius,
        _ if holds(&[
            "phone",
            "mobil",
            "telefon",
            "tel",
            "handy",
            "msisdn",
            "rufnummer",
        ]) && !holds(&["type", "label"]) =>
        {
            Column::Is(KnownKind::Phone)
        }
        _ if holds(&["mail"]) && !holds(&["type", "label"]) => Column::Is(KnownKind::Email),
        _ if holds(&["firstname", "givenname", "vorname"]) => Column::GivenName,
        _ if holds(&["lastname", "familyname", "surname", "nachname"]) => Column::FamilyName,
        _ if holds(&["name"])
            && !holds(&["user", "nick", "file", "company", "organi", "middle"]) =>
        {
            Column::Is(KnownKind::Name)
        }
        _ if holds(&["imei"]) => Column::Is(KnownKind::Imei),
        _ if holds(&["imsi", "iccid"]) => Column::Is(KnownKind::Sim),
        _ if holds(&["serial", "seriennummer"]) => Column::Is(KnownKind::Serial),
        _ if holds(&["bssid"]) => Column::Is(KnownKind::Bssid),
        _ if holds(&["ssid"]) => Column::Is(KnownKind::Ssid),
        "mac" | "macaddress" | "wifimac" => Column::Is(KnownKind::Mac),
        "gaid" | "idfa" | "aaid" | "oaid" | "advertisingid" | "adid" => {
            Column::Is(KnownKind::AdvertisingId)
        }
        "androidid" | "idfv" | "ssaid" => Column::Is(KnownKind::DeviceId),
        "account" | "accountid" | "userid" | "username" => Column::Is(KnownKind::AccountId),
        "hash" | "digest" | "sha256" | "sha1" | "md5" => Column::Is(KnownKind::Digest),
        "message" | "text" | "nachricht" => Column::Is(KnownKind::Text),
        _ => Column::Other,
    }
}

/// Whether values of a kind are somebody else's unless a list says otherwise.
fn is_of_contacts(kind: KnownKind) -> bool {
    matches!(
        kind,
        KnownKind::Phone | KnownKind::Email | KnownKind::Name | KnownKind::Digest
    )
}

fn row(columns: &[Column], record: &csv::StringRecord, list: &mut List) {
    let cell = |wanted: Column| {
        columns
            .iter()
            .zip(record.iter())
            .find(|(column, _)| **column == wanted)
            .map(|(_, cell)| cell.trim())
            .filter(|cell| !cell.is_empty())
    };
    let owner = cell(Column::Owner).map(str::to_lowercase);
    let is_own = owner
        .as_deref()
        .map(|owner| matches!(owner, "own" | "self" | "me" | "eigen" | "user"));
    let mut add = |kind: KnownKind, value: &str| {
        let is_of_contact = is_own.map_or_else(|| is_of_contacts(kind), |is_own| !is_own);
        if is_of_contact {
            list.contact(kind, value);
        } else {
            list.own(kind, value);
        }
    };
    for (column, value) in columns.iter().zip(record.iter()) {
        if let Column::Is(kind) = column
            && !value.trim().is_empty()
        {
            // Address books write several numbers into one cell.
            value
                .split(" ::: ")
                .for_each(|value| add(*kind, value.trim()));
        }
    }
    let given = cell(Column::GivenName).unwrap_or_default();
    let family = cell(Column::FamilyName).unwrap_or_default();
    if !given.is_empty() || !family.is_empty() {
        add(KnownKind::Name, format!("{given} {family}").trim());
    }
    if let (Some(kind), Some(value)) = (cell(Column::Kind), cell(Column::Value)) {
        if let Column::Is(kind) = column(kind) {
            add(kind, value);
        } else {
            let line = record.position().map_or(0, csv::Position::line);
            list.unusable(|| format!("line {line} has a kind that is none"));
        }
    }
    if let (Some(latitude), Some(longitude)) = (cell(Column::Latitude), cell(Column::Longitude)) {
        let mut known = KnownValue::own(KnownKind::Position, &format!("{latitude},{longitude}"));
        if let Some(radius) = cell(Column::Radius).and_then(|text| text.parse().ok()) {
            known.radius_metres = radius;
        }
        list.add(known);
    }
}

/// A line without a header: an address, a number, a UUID or a digest by its looks.
fn line(text: &str, record: &csv::StringRecord, list: &mut List) {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = (6..=15).contains(&digits)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+ ()-./".contains(&byte));
    if text.is_empty() || text.starts_with('#') {
    } else if text.contains('@') {
        list.contact(KnownKind::Email, text);
    } else if is_hex && matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128) {
        list.contact(KnownKind::Digest, text);
    } else if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
        list.own(KnownKind::AdvertisingId, text);
    } else if is_phone {
        list.contact(KnownKind::Phone, text);
    } else {
        let line = record.position().map_or(0, csv::Position::line);
        list.unusable(|| format!("line {line} says not what it is"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(KnownKind, bool, String)> {
        let values = parse(text).values.into_iter();
        values
            .map(|known| {
                (
                    known.kind,
                    known.is_of_contact,
                    known.value.reveal().to_owned(),
                )
            })
            .collect()
    }

    fn has(text: &str, kind: KnownKind, is_of_contact: bool, value: &str) -> bool {
        found(text).contains(&(kind, is_of_contact, value.to_owned()))
    }

    #[test]
    fn vcards_give_names_numbers_and_addresses() {
        let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Erika Muster\r\n mann\r\nitem1.TEL;TYPE=cell:+49 30 23125 111\r\nEMAIL:erika@post.example\r\nEND:VCARD\r\n";
        assert!(has(text, KnownKind::Name, true, "Erika Mustermann"));
        assert!(has(text, KnownKind::Phone, true, "+49 30 23125 111"));
        assert!(has(text, KnownKind::Email, true, "erika@post.example"));
    }

    #[test]
    fn tables_are_read_by_their_header() {
        let text = "Vorname;Nachname;Mobiltelefon;E-Mail-Adresse\nErika;Muster;030 23125111;erika@post.example\n";
        assert!(has(text, KnownKind::Name, true, "Erika Muster"));
        assert!(has(text, KnownKind::Phone, true, "030 23125111"));
        let text = "kind,value,owner\nimei,490154203237518,own\nphone,+493023125111,own\nphone,+493023125222,contact\n";
        assert!(has(text, KnownKind::Imei, false, "490154203237518"));
        assert!(has(text, KnownKind::Phone, false, "+493023125111"));
        assert!(has(text, KnownKind::Phone, true, "+493023125222"));
        let text = "latitude,longitude,radius\n52.5,13.4,50\n";
        assert!(has(text, KnownKind::Position, false, "52.5,13.4"));
    }

    #[test]
    fn toml_tells_own_values_from_contacts() {
        let text = "# ours\n[own]\nimei = \"490154203237518\"\nmac = [\"02:00:00:00:00:01\"]\n\n[[contact]]\nname = \"Erika Muster\"\nphone = [\"+493023125111\"]\n\n[[position]]\nlatitude = 52.5\nlongitude = 13.4\n";
        assert!(has(text, KnownKind::Imei, false, "490154203237518"));
        assert!(has(text, KnownKind::Mac, false, "02:00:00:00:00:01"));
        assert!(has(text, KnownKind::Phone, true, "+493023125111"));
        assert!(has(text, KnownKind::Position, false, "52.5,13.4"));
        assert_eq!(parse("[own]\nshoe-size = \"44\"\n").unusable, 1);
        let text = "[own]\ngaid = \"38400000-8cf0-11bd-b23e-10b96e40000d\"\nmessage = \"Bis um acht\"\nshoe-size = 44\n\n[[contact]]\nvorname = \"Erika\"\nnachname = \"Muster\"\n\n[fleet]\nname = \"x\"\n";
        assert!(has(
            text,
            KnownKind::AdvertisingId,
            false,
            "38400000-8cf0-11bd-b23e-10b96e40000d"
        ));
        assert!(has(text, KnownKind::Text, false, "Bis um acht"));
        assert!(has(text, KnownKind::Name, true, "Erika Muster"));
        let problems = parse(text).problems();
        let said = "2 entries that are no value: `fleet` is neither own, contact, position nor digests, line 4 in `own` is no kind of value";
        assert_eq!(problems.as_deref(), Some(said));
        let text = "[own]\n\"+493023125111\" = \"phone\"\n[[position]]\nlatitude = \"52,5\"\nlongitude = \"13,4\"\nradius = 50.0\n[[position]]\nlatitude = \"north\"\nlongitude = 1\n";
        assert!(has(text, KnownKind::Position, false, "52.5,13.4"));
        let said = "2 entries that are no value: line 2 in `own` is no kind of value, `position` has no latitude and longitude in degrees";
        assert_eq!(parse(text).problems().as_deref(), Some(said));
        let problems = parse("[own]\nimei = 490154203237518\nmail = \"erika@").problems();
        assert!(
            problems
                .is_some_and(|problems| problems.contains("line 3") && !problems.contains("erika"))
        );
    }

    #[test]
    fn dumps_of_a_phone_are_read() {
        let text = "[ro.product.model]: [Muster 1]\n[ro.serialno]: [MUSTER000123]\n";
        assert!(has(text, KnownKind::Serial, false, "MUSTER000123"));
        let text = "Row: 0 display_name=Erika Muster, data1=+49 30 23125111, mimetype=vnd.android.cursor.item/phone_v2\n";
        assert!(has(text, KnownKind::Name, true, "Erika Muster"));
        assert!(has(text, KnownKind::Phone, true, "+49 30 23125111"));
    }

    #[test]
    fn lines_are_told_by_their_looks() {
        let text = "+49 30 23125111\nerika@post.example\n38400000-8cf0-11bd-b23e-10b96e40000d\n0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\nnothing\n";
        assert_eq!(found(text).len(), 4);
        assert_eq!(parse(text).unusable, 1);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            let _list = parse(&text);
        }
    }
}
