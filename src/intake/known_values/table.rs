//! Tables with a header, and lines that say by themselves what they are: which of them are lists of known values, and what they hold.

use super::{List, is_digest};
use crate::model::{KnownKind, KnownValue};

/// What headers of inventories, logs and staff (`First Name [Required]` of Google Workspace) speak of, and those of address books do not.
const OF_OTHERS: [&str; 18] = [
    "app",
    "bundle",
    "package",
    "host",
    "domain",
    "url",
    "uri",
    "ip address",
    "time",
    "device",
    "model",
    "version",
    "[required]",
    "org unit",
    "employee",
    "personalnummer",
    "recovery",
    "password",
];

/// What headers of exported address books alone hold: those of Google, and those of Outlook in English and German.
const OF_ADDRESS_BOOKS: [&str; 10] = [
    "phone 1 - ",
    "e-mail 1 - ",
    "group membership",
    "phonetic",
    "e-mail 2 address",
    "e-mail 2: adresse",
    "home phone 2",
    "car phone",
    "autotelefon",
    "spouse",
];

/// Whether a file is named like a list of contacts.
pub(super) fn is_named_contacts(name: &str) -> bool {
    let name = name.to_lowercase();
    let words = [
        "contact",
        "kontakt",
        "addressbook",
        "address-book",
        "address_book",
        "adressbuch",
        "phonebook",
        "telefonbuch",
    ];
    words.iter().any(|word| name.contains(word))
}

/// Whether a text begins like the export of an address book, like a table of people in a file named so, or like a table of kinds and
/// values: by its header, and by what stands below that.
pub(super) fn is_address_table(text: &str, is_named: bool) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(head), Some(first)) = (lines.next(), lines.next()) else {
        return false;
    };
    let separator = separator(head);
    let cells = |line: &str| {
        let mut reader = reader(separator, line.as_bytes());
        reader.records().next().and_then(Result::ok)
    };
    let (Some(head), Some(first)) = (cells(head), cells(first)) else {
        return false;
    };
    let is_other = |cell: &str| {
        let cell = cell.to_lowercase();
        OF_OTHERS.iter().any(|word| cell.contains(word))
    };
    if head.iter().any(is_other) {
        return false;
    }
    let columns: Vec<Column> = head.iter().map(column).collect();
    let has = |wanted: &[Column]| columns.iter().any(|column| wanted.contains(column));
    let is_exported = head.iter().any(|cell| {
        let cell = cell.to_lowercase();
        OF_ADDRESS_BOOKS.iter().any(|word| cell.contains(word))
    });
    let is_of_people = (is_named || is_exported)
        && has(&[
            Column::Is(KnownKind::Name),
            Column::GivenName,
            Column::FamilyName,
        ])
        && has(&[
            Column::Is(KnownKind::Phone),
            Column::Is(KnownKind::Email),
            Column::DigestOf(KnownKind::Phone),
            Column::DigestOf(KnownKind::Email),
        ]);
    let cells = columns.iter().zip(first.iter());
    let mut told = cells.map(|(column, cell)| match column {
        Column::Is(KnownKind::Phone) => is_number(cell.trim()),
        Column::Is(KnownKind::Email) => cell.contains('@'),
        Column::DigestOf(_) => is_digest(cell.trim()),
        Column::Kind => matches!(self::column(cell), Column::Is(_) | Column::DigestOf(_)),
        _ => false,
    });
    (is_of_people || has(&[Column::Kind]) && has(&[Column::Value])) && told.any(|is_told| is_told)
}

/// Whether a text is digests of one length and nothing else, one on each line. The last line may be cut.
pub(super) fn is_digest_list(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(first) = lines.next().filter(|line| is_digest(line)) else {
        return false;
    };
    let lines: Vec<&str> = lines.collect();
    let Some((last, whole)) = lines.split_last() else {
        return false;
    };
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole
        .iter()
        .all(|line| line.len() == first.len() && is_hex(line))
        && is_hex(last)
        && last.len() <= first.len()
}

/// A CSV with a header, or lines that say by themselves what they are.
pub(super) fn table(text: &str, list: &mut List) {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let mut reader = reader(separator(first), text.as_bytes());
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

/// What parts the cells of a line.
fn separator(line: &str) -> u8 {
    [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|mark| line.bytes().filter(|byte| byte == mark).count())
        .unwrap_or(b',')
}

fn reader(separator: u8, text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text)
}

/// What a column of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Is(KnownKind),
    /// The digest of one.
    DigestOf(KnownKind),
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

/// What names of columns call digests, the longest first.
const DIGEST_WORDS: [&str; 8] = [
    "hashed", "sha256", "sha512", "sha384", "digest", "sha1", "hash", "md5",
];

/// Headers as address books and people write them, in English and German: `Phone`, `phone_sha256`.
pub(super) fn column(header: &str) -> Column {
    let name: String = header
        .to_lowercase()
        .chars()
        .filter(|character| character.is_alphanumeric())
        .collect();
    let mut words = DIGEST_WORDS.iter();
    let of_digest = words.find_map(|word| {
        let rest = name.strip_suffix(word).or_else(|| name.strip_prefix(word));
        rest.filter(|rest| !rest.is_empty())
    });
    match (of_digest, kind_of(header, of_digest.unwrap_or(&name))) {
        (Some(_), Column::Is(kind)) if kind != KnownKind::Digest => Column::DigestOf(kind),
        (_, column) => column,
    }
}

/// What a column holds by its header, and by that in small letters without what parts its words.
fn kind_of(header: &str, name: &str) -> Column {
    let holds = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if let Some(kind) = KnownKind::from_id(&header.trim().to_lowercase().replace('_', "-")) {
        return Column::Is(kind);
    }
    match name {
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
        _ if holds(&["imei"]) || matches!(name, "meid" | "esn") => Column::Is(KnownKind::Imei),
        _ if holds(&["imsi", "iccid"]) || matches!(name, "eid" | "esimid") => {
            Column::Is(KnownKind::Sim)
        }
        _ if holds(&["serial", "seriennummer"]) => Column::Is(KnownKind::Serial),
        _ if holds(&["bssid"]) => Column::Is(KnownKind::Bssid),
        _ if holds(&["ssid"]) => Column::Is(KnownKind::Ssid),
        "mac"
        | "macaddress"
        | "wifimac"
        | "wlanmac"
        | "wifimacaddress"
        | "bluetoothmac"
        | "btmac"
        | "bluetoothaddress"
        | "bluetoothmacaddress" => Column::Is(KnownKind::Mac),
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
    let known = |kind: KnownKind, value: &str| KnownValue {
        is_of_contact: is_own.map_or_else(|| is_of_contacts(kind), |is_own| !is_own),
        ..KnownValue::own(kind, value)
    };
    for (column, value) in columns.iter().zip(record.iter()) {
        match column {
            // Address books write several numbers into one cell.
            Column::Is(kind) => value
                .split(" ::: ")
                .for_each(|value| list.add(known(*kind, value))),
            Column::DigestOf(kind) => list.digest_of(known(*kind, value)),
            _ => {}
        }
    }
    let given = cell(Column::GivenName).unwrap_or_default();
    let family = cell(Column::FamilyName).unwrap_or_default();
    if !given.is_empty() || !family.is_empty() {
        list.add(known(KnownKind::Name, &format!("{given} {family}")));
    }
    if let (Some(kind), Some(value)) = (cell(Column::Kind), cell(Column::Value)) {
        match column(kind) {
            Column::Is(kind) => list.add(known(kind, value)),
            Column::DigestOf(kind) => list.digest_of(known(kind, value)),
            _ => {
                let line = record.position().map_or(0, csv::Position::line);
                list.unusable(|| format!("line {line} has a kind that is none"));
            }
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

/// Whether a text may be a phone number as people write it.
fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (6..=15).contains(&digits)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+ ()-./".contains(&byte))
}

/// A line without a header: an address, a number, a UUID or a digest by its looks.
fn line(text: &str, record: &csv::StringRecord, list: &mut List) {
    let is_address = text.contains('@') && !text.contains([' ', '=', '"', '\'', '<', '{']);
    if text.is_empty() || text.starts_with('#') {
    } else if is_address {
        list.contact(KnownKind::Email, text);
    } else if is_digest(text) {
        list.contact(KnownKind::Digest, text);
    } else if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
        list.own(KnownKind::AdvertisingId, text);
    } else if is_number(text) {
        list.contact(KnownKind::Phone, text);
    } else {
        let line = record.position().map_or(0, csv::Position::line);
        list.unusable(|| format!("line {line} says not what it is"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_from_other_tables() {
        for name in ["Kontakte.csv", "my contacts.txt", "addressbook.csv"] {
            assert!(is_named_contacts(name), "{name}");
        }
        for name in ["users.csv", "apk-hashes.txt", "staff.csv"] {
            assert!(!is_named_contacts(name), "{name}");
        }
        let in_named = [
            "name,phone,email\nErika Muster,+49 30 23125111,erika@post.example\n",
            "Vorname;Nachname;E-Mail\nErika;Muster;erika@post.example\n",
            "Name,E-Mail,Phone,Department\nErika Muster,erika@post.example,+493023125111,Vertrieb\n",
        ];
        for text in in_named {
            assert!(is_address_table(text, true), "{text}");
            assert!(!is_address_table(text, false), "{text}");
        }
        for text in [
            "kind,value\nimei,490154203237518\n",
            "First Name,Last Name,E-mail 1 - Value,Phone 1 - Value\nErika,Muster,,+49 30 23125111\n",
            "First Name,Last Name,E-mail Address,E-mail 2 Address\nErika,Muster,erika@post.example,\n",
        ] {
            assert!(is_address_table(text, false), "{text}");
        }
        for text in [
            "app,email\nde.muster,erika@post.example\n",
            "Device Name,Phone Number,Email\nMuster 1,+49 30 23125111,erika@post.example\n",
            "First Name [Required],Last Name [Required],Email Address [Required],Home Phone\nErika,Muster,erika@post.example,\n",
            "name,version,host\na,1,b\n",
            "type,value\nA,192.0.2.7\n",
            "name,phone\nErika,none\n",
        ] {
            assert!(!is_address_table(text, true), "{text}");
        }
        let digest = "0f".repeat(32);
        let cut = format!("{digest}\n{digest}\n{}", digest.split_at(20).0);
        assert!(is_digest_list(&cut));
        for text in [digest.clone(), format!("{digest}\n{digest}  a.apk\n")] {
            assert!(!is_digest_list(&text), "{text}");
        }
    }
}
