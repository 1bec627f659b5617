//! Identifiers told by their form alone: a hardware address that is the phone's own, and what stands beside it in messages whose
//! fields have no names. What names tell is told by `identifier`, what is received around the phone by `access_point`.

use std::collections::{BTreeMap, BTreeSet};

use super::access_point::has_no_names;
use super::{Scene, identifier, value};
use crate::model::{DecodeStep, Event, Field, Grade, Look, PathId, Place, Sensitive, Step, Tally};
use crate::rules::words_of_name;

/// Addresses of one phone in a message: of Wi-Fi and Bluetooth. More are of what is around it, or in a store.
const OWN_ADDRESSES: usize = 2;
/// IMEIs of one phone: one for each SIM.
const OWN_SLOTS: usize = 2;
/// Letters of a name that says nothing, at most.
const MUTE: usize = 3;
/// Fields before and behind an address in which the name of its network interface, or of its device, is looked for.
const BESIDE: usize = 8;

/// Bytes of a hardware address.
const ADDRESS: usize = 17;
/// Bytes of a UUID.
const UUID: usize = 36;
/// Digits of an IMEI with its check digit.
const IMEI_DIGITS: usize = 15;
/// Names, normalised, of ids of a device, of which older systems and their SDKs give the IMEI.
const DEVICE_NAMES: [&str; 18] = [
    "deviceid",
    "devid",
    "did",
    "device",
    "deviceno",
    "devicenumber",
    "deviceuid",
    "deviceuniqueid",
    "deviceidentifier",
    "uniquedeviceid",
    "hw",
    "hwid",
    "udid",
    "phoneid",
    "terminalid",
    "handsetid",
    "equipmentid",
    "xdeviceid",
];

/// What one object holds that may be identifiers of a phone.
#[derive(Default)]
struct Group<'a> {
    has_address: bool,
    numbers: Vec<&'a Field<'a>>,
    uuids: Vec<&'a Field<'a>>,
}

/// Reports identifiers.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut addresses = Vec::new();
    let mut of_device = Vec::new();
    let mut groups: BTreeMap<(Place, Option<PathId>), Group<'_>> = BTreeMap::new();
    for (position, field) in scene.fields.iter().enumerate() {
        if !matches!(field.value.len(), ADDRESS | IMEI_DIGITS | UUID) || !field.look.has(Look::HEX)
        {
            continue;
        }
        let name = scene.name(field);
        // `{"wifi": "3c:5a:b4:01:02:03"}` is of no access point.
        let is_radio = name.is_some_and(|name| matches!(&*name.normalised, "wifi" | "wlan"));
        let is_named = !is_radio && name.is_some_and(|name| name.names_identifier);
        // What a protocol itself names stays on the link (DHCP, mDNS), or has a rule.
        if *scene.fields.chain(field.chain).0 == [DecodeStep::Protocol] {
            continue;
        }
        let object = (field.place, scene.object(field));
        let text = &*field.value;
        if field.look.has(Look::COLON | Look::GROUP) && value::is_hardware_address(text) {
            // A rule that the name calls for may be of something else: of ids that an app gives itself.
            let is_taken = is_named && identifier::takes_address(scene, field);
            if !is_taken && is_burnt_in(text) && is_own(scene, position, field) {
                groups.entry(object).or_default().has_address = true;
                addresses.push(field);
            }
        } else if text.len() == IMEI_DIGITS
            && is_number_of_phone(text, field.look)
            && name.is_some_and(|name| DEVICE_NAMES.contains(&&*name.normalised))
        {
            of_device.push(field);
        } else if !is_named && name.is_none_or(|name| name.normalised.len() <= MUTE) {
            match text.len() {
                IMEI_DIGITS if is_number_of_phone(text, field.look) => {
                    groups.entry(object).or_default().numbers.push(field);
                }
                UUID if is_uuid(text) => groups.entry(object).or_default().uuids.push(field),
                _ => {}
            }
        }
    }
    let distinct: BTreeSet<String> = addresses
        .iter()
        .map(|field| field.value.to_ascii_lowercase())
        .collect();
    if distinct.len() <= OWN_ADDRESSES {
        report(scene, tally, "mac-address", Grade::Shape, &addresses);
    }
    // Several are of a store, or of a fleet.
    if of_device.len() <= OWN_ADDRESSES {
        report(scene, tally, "hardware-id", Grade::Decoded, &of_device);
    }
    // A number with its check digit is no chance where another identifier stands beside it, nor where nothing has a name.
    let numbers = groups.values().flat_map(|group| &group.numbers);
    let numbers: BTreeSet<&str> = numbers.map(|field| &*field.value).collect();
    let is_own = |field: &&Field<'_>| {
        numbers.len() <= OWN_SLOTS && is_usual_number(field) && has_no_names(scene, field)
    };
    let told = groups.into_values().filter(|group| {
        let is_told = group.has_address || !group.uuids.is_empty();
        !group.numbers.is_empty() && (is_told || group.numbers.iter().all(is_own))
    });
    for group in told {
        report(scene, tally, "hardware-id", Grade::Shape, &group.numbers);
        report(scene, tally, "install-id", Grade::Shape, &group.uuids);
    }
}

fn report(scene: &Scene<'_>, tally: &mut Tally, rule: &str, grade: Grade, fields: &[&Field<'_>]) {
    let (Some(rule), Some(first)) = (scene.rules.identifier(rule), fields.first()) else {
        return;
    };
    let values: BTreeSet<_> = fields
        .iter()
        .map(|field| identifier::canonical(rule, &field.value))
        .collect();
    let mut finding = scene.finding(rule, grade, first, &first.value);
    finding.items = values.len() as u64;
    finding.values = values.iter().map(|value| Sensitive::new(value)).collect();
    scene.report(tally, finding);
}

/// Whether an address is one that a maker gave a single interface (IEEE 802 §8.2): no group, none that a phone made up to hide its own,
/// none of documents (RFC 9542 §2.1.1); and not only digits, as times have.
fn is_burnt_in(address: &str) -> bool {
    /// Of a group, or administered locally.
    const MARKS: u8 = 0b11;
    let address = address.to_ascii_lowercase().replace('-', ":");
    let first = address.get(..2);
    let first = first.and_then(|text| u8::from_str_radix(text, 16).ok());
    first.is_some_and(|first| first & MARKS == 0)
        && address.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !["00:00:00", "00:00:5e"]
            .iter()
            .any(|block| address.starts_with(block))
}

/// Whether an address is one of the phone that sends it, as far as the names around it say: not one of a list, unless the interface
/// stands beside it, and none of what is around.
fn is_own(scene: &Scene<'_>, position: usize, field: &Field<'_>) -> bool {
    let is_of_other = |step| match step {
        Step::Name(name) => scene
            .names
            .get(name.position())
            .is_some_and(|name| is_other_device(&name.stem)),
        Step::Index(_) => false,
    };
    let mut way = scene.fields.paths.steps_back(field.path);
    if way.any(is_of_other) {
        return false;
    }
    if has_interface(scene, position, field) {
        return true;
    }
    let is_protobuf = scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Protobuf);
    let is_alone = is_protobuf || !scene.fields.path(field).has_index();
    is_alone && !is_beside_signal(scene, field) && !is_beside_other(scene, position, field)
}

/// Whether a name is that of something else that has an address: what is around the phone, or is worn or paired with it.
fn is_other_device(name: &str) -> bool {
    const PARTS: [&str; 25] = [
        "bssid",
        "accesspoint",
        "hotspot",
        "router",
        "gateway",
        "printer",
        "drucker",
        "beacon",
        "peer",
        "remote",
        "nearby",
        "neighbo",
        "camera",
        "sensor",
        "peripheral",
        "server",
        "wearable",
        "smartwatch",
        "headset",
        "headphone",
        "earphone",
        "earbud",
        "thermostat",
        "speaker",
        "bracelet",
    ];
    // Other words end in these: `stage`, `block`, `escape`.
    const WORDS: [&str; 23] = [
        "ap", "station", "scan", "scans", "scanned", "lamp", "tag", "lock", "node", "watch",
        "band", "tracker", "scale", "ring", "bulb", "plug", "tv", "car", "vehicle", "hub", "toy",
        "paired", "bonded",
    ];
    let words = words_of_name(name);
    let is_whole = words.iter().any(|word| WORDS.contains(&word.as_str()));
    let name = words.concat();
    is_whole || PARTS.iter().any(|part| name.contains(part))
}

/// Whether how strong it is received stands beside an address: that of the phone itself is not.
fn is_beside_signal(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    const SIGNALS: [&str; 4] = ["rssi", "signal", "signalstrength", "dbm"];
    scene.has_name_beside(field, &SIGNALS)
}

/// Whether the same object says that it is about another device: `{"addr": …, "type": "watch"}`.
fn is_beside_other(scene: &Scene<'_>, position: usize, field: &Field<'_>) -> bool {
    const NAMES: [&str; 7] = [
        "name",
        "type",
        "kind",
        "class",
        "devicename",
        "devicetype",
        "deviceclass",
    ];
    beside(scene, position, field).any(|other| {
        let name = scene.name(other);
        name.is_some_and(|name| NAMES.contains(&&*name.normalised))
            && other.value.len() <= LONGEST_KIND
            && is_other_device(&other.value)
    })
}

/// Longest name of a device, or of its kind.
const LONGEST_KIND: usize = 64;

/// Whether the name of a network interface stands in the same object.
fn has_interface(scene: &Scene<'_>, position: usize, field: &Field<'_>) -> bool {
    const INTERFACES: [&str; 8] = [
        "wlan0", "wlan1", "eth0", "en0", "en1", "p2p0", "bt0", "swlan0",
    ];
    beside(scene, position, field).any(|other| INTERFACES.contains(&&*other.value))
}

/// The fields close to one in the same object.
fn beside<'a>(
    scene: &'a Scene<'_>,
    position: usize,
    field: &Field<'_>,
) -> impl Iterator<Item = &'a Field<'a>> {
    let first = position.saturating_sub(BESIDE);
    let around = (first..=position.saturating_add(BESIDE)).filter_map(|at| scene.fields.get(at));
    let (place, object) = (field.place, scene.object(field));
    around.filter(move |other| other.place == place && scene.object(other) == object)
}

/// An IMEI by its check digit and the body that gave it out.
fn is_number_of_phone(text: &str, look: Look) -> bool {
    const BODIES: [&str; 3] = ["01", "35", "86"];
    look.is_all(Look::DIGIT)
        && BODIES.iter().any(|body| text.starts_with(body))
        && value::is_imei(text)
}

/// Whether an IMEI is of one of the two bodies that gave out nearly all of them (3GPP TS 23.003 §6.2.1), with a serial number.
fn is_usual_number(field: &Field<'_>) -> bool {
    let serial = field.value.get(8..14).unwrap_or_default();
    (field.value.starts_with("35") || field.value.starts_with("86"))
        && !value::is_one_symbol(serial)
}

fn is_uuid(text: &str) -> bool {
    value::uuid_digits(text).is_some() && !value::is_nil_uuid(text)
}
