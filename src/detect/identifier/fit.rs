//! Whether a value is what a rule describes: its shape, its check digits, and what stands beside it.

use std::ops::RangeInclusive;

use super::form::GEOHASH;
use crate::detect::{Scene, value};
use crate::model::{Field, Protection};
use crate::rules::{Identifier, Requirement, Validator, normalise_name};

/// Whether a value of a field has the shape of a rule, is valid as the rule asks, and stands beside what it asks for.
pub(in crate::detect) fn fits(
    scene: &Scene<'_>,
    rule: &Identifier,
    field: &Field<'_>,
    text: &str,
) -> bool {
    let text = value::bare(text, field.look);
    rule.has_shape(text, field.look)
        && !(&*rule.id == GEOHASH && is_wide_tile(text))
        && rule
            .validator
            .is_none_or(|validator| is_valid(scene, validator, field, text))
        && rule
            .requires
            .iter()
            .all(|requirement| is_met(scene, *requirement, field))
        && (rule.unless_beside.is_empty() || !scene.has_name_beside(field, &rule.unless_beside))
}

/// Whether a text is the key of a tile so wide that it says no more than a region: its digits are those of geohashes, too.
fn is_wide_tile(text: &str) -> bool {
    const NEAR: usize = 14;
    text.len() < NEAR && text.bytes().all(|byte| (b'0'..=b'3').contains(&byte))
}

fn is_valid(scene: &Scene<'_>, validator: Validator, field: &Field<'_>, text: &str) -> bool {
    match validator {
        Validator::CellIdentity => is_cell_identity(scene, field, text),
        Validator::CoordinatePair => false,
        Validator::Email => value::is_email(text),
        Validator::ImeiLuhn => {
            value::is_imei(text)
                || value::is_meid(text)
                || (names(scene, field, &SERIALS) || is_named_sn(scene, field))
                    && value::is_serial_number(text)
                || value::is_hardware_key(&normalise_name(scene.fields.name(field)), text)
        }
        Validator::ImsiOrIccid => {
            value::is_imsi(text) || value::is_iccid(text) || value::is_ims_identity(text)
        }
        Validator::IpAddress => value::is_ip_address(text),
        Validator::PhonePossible | Validator::PhoneValid => value::phone_e164(text).is_some(),
        Validator::UuidNotNil => !value::is_nil_uuid(text),
    }
}

/// Parts of names of serial numbers, normalised: these have no form of their own.
const SERIALS: [&str; 4] = ["serial", "serie", "hwid", "hardwareid"];

/// Whether a name is the abbreviation of a serial number, which other words have in them.
fn is_named_sn(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let name = normalise_name(scene.fields.name(field));
    matches!(&*name, "sn" | "devicesn" | "phonesn" | "handsetsn")
}

/// Whether the name of a field has one of some words.
fn names(scene: &Scene<'_>, field: &Field<'_>, words: &[&str]) -> bool {
    let name = normalise_name(scene.fields.name(field));
    words.iter().any(|word| name.contains(word))
}

/// Cell identities (3GPP TS 23.003 §4, §19.6) only mean something together: country, network, area and cell in one object,
/// or in one value (`utran-cell-id-3gpp`, RFC 7315 §5.4; `mcc=… mnc=… lac=… ci=…`).
fn is_cell_identity(scene: &Scene<'_>, field: &Field<'_>, text: &str) -> bool {
    let name = scene.name(field);
    if name.is_some_and(|name| name.normalised.ends_with("3gpp")) {
        return value::is_access_network_cell(text);
    }
    if text.starts_with("mcc=") {
        return [" ci=", " sac=", " eci="]
            .iter()
            .any(|cell| text.contains(cell));
    }
    if value::is_cell_in_groups(text) {
        return true;
    }
    let has = |names: &[&str]| scene.has_name_beside(field, names);
    // Area and cell say enough where the name of the cell is none of anything else.
    let is_in_words = name.is_some_and(|name| matches!(&*name.normalised, "tower" | "cell"));
    let is_number =
        !is_in_words && text.len() <= 11 && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_area_of_gsm = || has(&["lac", "locationareacode", "mlac"]);
    let has_area = || has_area_of_gsm() || has(&["tac", "trackingareacode", "mtac"]);
    let has_cell = || {
        has(&[
            "cellid",
            "celltowerid",
            "celltower",
            "cellidentity",
            "cell",
            "cidlte",
            "ltecid",
            "lteci",
            "eci",
            "nci",
            "enodeb",
        ]) || has(&["cid", "ci"]) && has_area_of_gsm()
    };
    if is_number && has_area() && has_cell() {
        return true;
    }
    // The cells of a network of the fourth generation are numbered through (§19.6): those of a base station are all beyond 16 bits.
    let is_of_network = || {
        let number = text.parse::<u64>();
        is_number && number.is_ok_and(|cell| CELLS_OF_NETWORK.contains(&cell))
    };
    (has(&["mccmnc", "plmn"])
        || (has(&["mcc", "mobilecountrycode", "mmcc"])
            && has(&["mnc", "mobilenetworkcode", "mmnc"])))
        && (has_area() || has(&["rai"]) || is_of_network())
        && has(&[
            "cid",
            "ci",
            "mcid",
            "mci",
            "cellid",
            "eci",
            "cgi",
            "ecgi",
            "nci",
            "nrcellidentity",
        ])
}

/// Numbers of cells that are one in the whole network, and not only in its area: more than 16 bits, and 28 at most.
const CELLS_OF_NETWORK: RangeInclusive<u64> = 0x1_0000..=0xfff_ffff;

fn is_met(scene: &Scene<'_>, requirement: Requirement, field: &Field<'_>) -> bool {
    let sibling_named = |words: &[&str]| {
        let mut names = scene.names_beside(field);
        names.any(|name| words.iter().any(|word| name.normalised.contains(word)))
    };
    match requirement {
        Requirement::CleartextTransport => scene.protection == Protection::Cleartext,
        Requirement::Coordinates => sibling_named(&["lat"]) && sibling_named(&["lon", "lng"]),
        Requirement::Name => sibling_named(&["name"]),
        Requirement::PhoneOrEmail => sibling_named(&["phone", "mail", "tel", "mobile"]),
        Requirement::SenderOrThread => sibling_named(&[
            "sender",
            "from",
            "recipient",
            "to",
            "thread",
            "conversation",
            "channel",
            "chat",
            "jid",
        ]),
        Requirement::Timestamp => sibling_named(&[
            "time",
            "date",
            "sentat",
            "deliveredat",
            "readat",
            "timestamp",
        ]),
    }
}
