//! Lists of values that the auditor knows to be on the phone → [`KnownValue`]s: vCards, CSV with a header, TOML,
//! `getprop`, `content query`, and plain lists of digests or identifiers.
//!
//! People type these lists, so every line that cannot be used is counted and the rest is taken.

mod content_query;
mod table;
mod toml_list;
mod vcard;

use std::path::Path;

use self::content_query::{content_query, is_content_query};
use self::table::{Column, column, is_address_table, is_digest_list, is_named_contacts, table};
use self::toml_list::{is_other_toml, is_toml, toml_list};
use self::vcard::{is_vcard, vcards};
use super::document::{read_named, read_whole};
use super::{Format, Gathered, Input, Sample};
use crate::limits::KNOWN_LIST_BYTES;
use crate::model::{Dossier, KnownKind, KnownValue, Shortfall};
use crate::{Error, Result};

/// Lists of known values in a device's folder.
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

/// The same as tables, after all other formats: too many files look like one. Other tables, as of staff, and lines, as digests of
/// files, are only taken when the user names them (`--known`), or their name calls them contacts.
pub(super) const TABLE: Format = Format {
    sniff: |sample| {
        let is_named = is_named_contacts(sample.name());
        let text = sample.text();
        text.is_some_and(|text| {
            is_address_table(text, is_named)
                || is_named && is_digest_list(text)
                || is_named_known(sample.name()) && is_other_toml(text)
        })
    },
    ..FORMAT
};

/// Whether a file is named as one in TOML of known values, so that what cannot be used of it is to be told.
fn is_named_known(name: &str) -> bool {
    let path = Path::new(name);
    let is_toml = path.extension().is_some_and(|end| end == "toml");
    is_toml
        && path
            .file_stem()
            .is_some_and(|stem| stem == "known" || stem == "contacts")
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

/// Whether no value of a kind looks like a digest of one.
fn is_never_digest(kind: KnownKind) -> bool {
    matches!(
        kind,
        KnownKind::Phone
            | KnownKind::Email
            | KnownKind::Name
            | KnownKind::Imei
            | KnownKind::Sim
            | KnownKind::Mac
            | KnownKind::Bssid
    )
}

/// Whether a text is as long as a digest, in hexadecimal digits. Numbers of eSIMs have as many decimal ones (GSMA SGP.29).
fn is_digest(text: &str) -> bool {
    matches!(text.len(), 32 | 40 | 56 | 64 | 96 | 128)
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
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

    fn add(&mut self, mut value: KnownValue) {
        let text = value.value.reveal();
        if text.is_empty() {
            return;
        }
        value.is_digest |= is_never_digest(value.kind) && is_digest(text);
        self.values.push(value);
    }

    /// A value of which the list gives the digest.
    fn digest_of(&mut self, value: KnownValue) {
        if is_digest(value.value.reveal()) {
            self.values.push(KnownValue {
                is_digest: true,
                ..value
            });
        } else if !value.value.reveal().is_empty() {
            self.unusable(|| "a digest is not in hexadecimal digits".to_owned());
        }
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
    } else if is_toml(text) || is_other_toml(text) {
        toml_list(text, &mut list);
    } else {
        table(text, &mut list);
    }
    list
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
    fn cards_give_messengers_and_places() {
        let text = "BEGIN:VCARD\nFN:Erika Muster\nIMPP;PREF=1:xmpp:erika.m@chat.example\nIMPP:tel:+493023125111\nGEO:geo:52.5,13.4;u=35\nGEO:48.1;11.5\nEND:VCARD\n";
        assert!(has(
            text,
            KnownKind::AccountId,
            true,
            "erika.m@chat.example"
        ));
        assert!(has(text, KnownKind::Phone, true, "+493023125111"));
        assert!(has(text, KnownKind::Position, true, "52.5,13.4"));
        assert!(has(text, KnownKind::Position, true, "48.1,11.5"));
    }

    #[test]
    fn cards_of_older_versions_give_names_in_parts_and_quoted_printable() {
        let text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=96z=\r\nt=C3=BCrk;J=C3=BCrgen;;;\r\nTEL;CELL:+493023125111\r\nEND:VCARD\r\n";
        assert_eq!(
            found(text),
            [
                (KnownKind::Phone, true, "+493023125111".to_owned()),
                (KnownKind::Name, true, "Jürgen Öztürk".to_owned())
            ]
        );
    }

    #[test]
    fn settings_and_messages_of_a_phone_are_read() {
        let text = "Row: 0 _id=33, name=android_id, value=aaa7e52a6e87316a\nRow: 1 _id=34, name=bluetooth_address, value=02:00:00:00:00:01\nRow: 2 _id=35, name=mobile_data, value=1\n";
        assert_eq!(
            found(text),
            [
                (KnownKind::DeviceId, false, "aaa7e52a6e87316a".to_owned()),
                (KnownKind::Mac, false, "02:00:00:00:00:01".to_owned())
            ]
        );
        let text =
            "Row: 0 _id=1, address=+493023125111, body=Bis um acht,\nam Tor, wie immer, read=1\n";
        assert!(has(text, KnownKind::Phone, true, "+493023125111"));
        assert!(has(
            text,
            KnownKind::Text,
            false,
            "Bis um acht,\nam Tor, wie immer"
        ));
    }

    #[test]
    fn subscriptions_of_a_phone_are_its_owners() {
        let text = "Row: 0 _id=1, icc_id=8949020000000000000, sim_id=0, display_name=Musternetz, carrier_name=Musternetz, number=+493023125111, name_source=0\n";
        assert_eq!(
            found(text),
            [
                (KnownKind::Sim, false, "8949020000000000000".to_owned()),
                (KnownKind::Phone, false, "+493023125111".to_owned())
            ]
        );
    }

    #[test]
    fn toml_of_other_keys_is_no_list_of_lines() {
        let text = "imei = \"490154203237518\"\nmail = \"erika@post.example\"\n";
        let list = parse(text);
        assert!(list.values.is_empty());
        let said = "2 entries that are no value: line 1 is or stands under none of [own], [[contact]] and [[position]], line 2 is or stands under none of [own], [[contact]] and [[position]]";
        assert_eq!(list.problems().as_deref(), Some(said));
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
    fn digests_say_of_what_they_are() {
        let digest = "0f".repeat(32);
        let is_told = |text: &str, kind: KnownKind| {
            let values = parse(text).values;
            let told = values.iter().filter(|known| known.kind == kind);
            let mut digests = told.filter(|known| known.value.reveal() == digest);
            digests.any(|known| known.is_digest)
        };
        let text = format!("kind,value\nphone,{digest}\nimei_sha256,{digest}\naccount,{digest}\n");
        assert!(is_told(&text, KnownKind::Phone));
        assert!(is_told(&text, KnownKind::Imei));
        assert!(!is_told(&text, KnownKind::AccountId));
        let text = format!("name,phone_sha256,android_id_sha1\nErika Muster,{digest},{digest}\n");
        assert!(is_told(&text, KnownKind::Phone));
        assert!(is_told(&text, KnownKind::DeviceId));
        assert!(is_address_table(&text, true));
        let text = format!(
            "[own]\nimei_sha256 = \"{digest}\"\n[[contact]]\nhashed_email = \"{digest}\"\n"
        );
        assert!(is_told(&text, KnownKind::Imei));
        assert!(is_told(&text, KnownKind::Email));
        assert_eq!(parse("kind,value\nphone_md5,none\n").unusable, 1);
        let text = format!("kind,value\neid,{}\n", "89".repeat(16));
        assert!(!parse(&text).values.iter().any(|known| known.is_digest));
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
        let said = "2 entries that are no value: line 10 is or stands under none of [own], [[contact]] and [[position]], line 4 in `own` is no kind of value";
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
