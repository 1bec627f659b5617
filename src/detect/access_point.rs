//! Access points around the phone, told by their form: an address beside how strongly it is received, as a scan gives them. What
//! names tell is told by `identifier`.

mod compact;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

pub(super) use self::compact::of_named;
use super::name::Name;
use super::{Scene, value};
use crate::model::{DecodeStep, Event, Field, Grade, Look, Sensitive, Step, Tally};
use crate::rules::words_of_name;

/// Bytes of a hardware address.
const ADDRESS: usize = 17;
/// Fewest access points: one alone may be anything with an address and a number.
const LEAST: usize = 2;
/// The same where nothing has a name.
const LEAST_UNNAMED: usize = 3;
/// How strongly something is received, in dBm: from beside the antenna to what no receiver hears.
const SIGNAL: RangeInclusive<i32> = -110..=-15;
/// The same where nothing has a name: what is measured in places that are cold is not so low.
const SIGNAL_UNNAMED: RangeInclusive<i32> = -100..=-30;
/// The same of what is not beside the antenna: lower than it is cold.
const SIGNAL_FAR: RangeInclusive<i32> = -100..=-55;
/// The rule of Wi-Fi access points.
const RULE: &str = "wifi-bssid";

/// Reports access points.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if !matches!(
        scene.observation.sighting.event,
        Event::Exchange(_) | Event::Message(_)
    ) {
        return;
    }
    let mut points: BTreeMap<String, &Field<'_>> = BTreeMap::new();
    let mut least = LEAST;
    let mut add = |address: &str, field| {
        points.entry(address.to_ascii_lowercase()).or_insert(field);
    };
    if words_of_name(scene.request_path())
        .iter()
        .any(|word| is_of_bluetooth(word))
    {
        return;
    }
    let has_address = scene.names.iter().any(|name| name.is_hardware_address);
    for (position, field) in scene.fields.iter().enumerate() {
        let may_be_address = field.look.has(Look::COLON | Look::GROUP)
            && field.look.has(Look::HEX)
            && (field.value.len() == ADDRESS || field.look.has(Look::LIST));
        if !may_be_address && !has_address {
            continue;
        }
        let name = scene.name(field);
        // Of one letter or two only SDKs know what they mean.
        let is_telling = name.is_some_and(|name| name.normalised.len() > 2);
        if is_telling && name.is_some_and(|name| name.names_identifier) {
            continue;
        }
        if is_below_bluetooth(scene, field) {
            continue;
        }
        // `{"3c:5a:b4:01:02:03": -61}`
        if name.is_some_and(|name| name.is_hardware_address) {
            if is_signal(&field.value, SIGNAL) && is_of_radio(scene, field) {
                add(scene.fields.name(field), field);
            }
        } else if may_be_address {
            if value::is_hardware_address(&field.value) {
                let is_unnamed = has_no_names(scene, field);
                let signal = if is_unnamed { SIGNAL_UNNAMED } else { SIGNAL };
                if is_in_row_with_signal(scene, position, signal)
                    && (is_unnamed || is_of_radio(scene, field))
                {
                    add(&field.value, field);
                    if is_unnamed {
                        least = LEAST_UNNAMED;
                    }
                }
            } else if field.look.has(Look::LIST) {
                // A line that is a value of its own is a record of a scan, many in one text may be of anything.
                let is_record = field.value.lines().nth(1).is_none() && is_of_radio(scene, field);
                let is_of_wifi = is_record || is_of_wifi(scene, field) || is_scan(&field.value);
                let lines = field.value.lines();
                for address in lines.filter_map(|text| line(text, is_of_wifi)) {
                    add(address, field);
                }
                let all = compact::of_unnamed(&field.value);
                for address in all.iter().filter(|_| all.len() >= LEAST_UNNAMED) {
                    add(address, field);
                }
            }
        }
    }
    let Some(rule) = scene.rules.identifier(RULE) else {
        return;
    };
    // Times and counters have no letters.
    points.retain(|address, _| {
        !rule.is_rejected(address) && address.bytes().any(|byte| byte.is_ascii_alphabetic())
    });
    if points.len() < least {
        return;
    }
    if let Some((address, first)) = points.iter().min_by_key(|(_, field)| field.path) {
        let mut finding = scene.finding(rule, Grade::Shape, first, address);
        finding.items = points.len() as u64;
        let addresses = points.keys();
        finding.values = addresses.map(|address| Sensitive::new(address)).collect();
        scene.report(tally, finding);
    }
}

/// The address in a line that also says how strongly it is received, where the name above it or a cell is of Wi-Fi:
/// `3c:5a:b4:01:02:03\t2412\t-61\t[WPA2]\tWerkstatt`.
fn line(line: &str, is_of_wifi: bool) -> Option<&str> {
    let address = cells(line).find(|cell| value::is_hardware_address(cell))?;
    let is_told = is_of_wifi || cells(line).any(is_channel);
    (is_told && cells(line).any(|cell| is_signal(cell, SIGNAL))).then_some(address)
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(['\t', ',', ';', '|']).map(str::trim)
}

/// Whether a text is nothing but lines of a scan, of which each has an address and how strongly it is received, and one a name that
/// networks have: what is near by Bluetooth has addresses and names, too.
fn is_scan(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let has = |line: &str, range: &RangeInclusive<i32>| {
        cells(line).any(|cell| is_signal(cell, range.clone()))
    };
    let is_point = |text: &str| line(text, true).is_some() && has(text, &SIGNAL_UNNAMED);
    let is_name = |cell: &str| {
        let cell = cell.to_lowercase();
        NETWORKS.iter().any(|word| cell.contains(word))
    };
    lines().nth(LEAST_UNNAMED.saturating_sub(1)).is_some()
        && lines().all(is_point)
        && lines().any(|line| cells(line).any(is_name))
        && lines().any(|line| has(line, &SIGNAL_FAR))
}

/// Parts of the names of networks, in small letters, that nothing else has: what they are, and routers at home.
const NETWORKS: [&str; 14] = [
    "wlan",
    "wifi",
    "wi-fi",
    "hotspot",
    "gast",
    "guest",
    "fritzbox",
    "fritz!box",
    "speedport",
    "easybox",
    "livebox",
    "freebox",
    "eduroam",
    "freifunk",
];

/// Whether a cell is the frequency of a channel in MHz (IEEE 802.11), or names its protection as Android writes it.
fn is_channel(cell: &str) -> bool {
    let frequency = cell.parse().ok();
    frequency.is_some_and(|mhz: u16| matches!(mhz, 2400..=2500 | 4900..=7125))
        || cell.contains("[WPA")
        || cell.contains("[ESS]")
}

/// Whether a word, in small letters, is of Bluetooth.
fn is_of_bluetooth(word: &str) -> bool {
    matches!(word, "ble" | "btle" | "bluetooth" | "ibeacon" | "ibeacons")
}

/// Whether a name on the way to a field is of Bluetooth.
fn is_below_bluetooth(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let paths = &scene.fields.paths;
    paths.steps_back(field.path).any(|step| match step {
        Step::Name(name) => words_of_name(paths.text(name))
            .iter()
            .any(|word| is_of_bluetooth(word) || matches!(&**word, "beacon" | "beacons")),
        Step::Index(_) => false,
    })
}

/// Whether the last of the names above is of Wi-Fi: what is scanned, near or received may be by Bluetooth.
fn is_of_wifi(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    const WORDS: [&str; 8] = [
        "wifi",
        "wlan",
        "bssid",
        "accesspoint",
        "hotspot",
        "network",
        "netz",
        "router",
    ];
    last_name(scene, field).is_some_and(|name| {
        let name = &*name.normalised;
        WORDS.iter().any(|word| name.contains(word))
    })
}

/// Whether the last of the names above says that this is about what is received, or nothing at all, as short ones do.
fn is_of_radio(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    const WORDS: [&str; 17] = [
        "wifi",
        "wlan",
        "scan",
        "bssid",
        "rssi",
        "signal",
        "accesspoint",
        "hotspot",
        "network",
        "netz",
        "nearby",
        "found",
        "router",
        "strength",
        "level",
        "dbm",
        "umgebung",
    ];
    const MUTE: usize = 3;
    last_name(scene, field).is_some_and(|name| {
        let name = &*name.normalised;
        name.len() <= MUTE || WORDS.iter().any(|word| name.contains(word))
    })
}

/// The last name above that is no address.
fn last_name<'s>(scene: &'s Scene<'_>, field: &Field<'_>) -> Option<&'s Name> {
    let mut steps = scene.fields.paths.steps_back(field.path);
    steps.find_map(|step| match step {
        Step::Name(name) => scene
            .names
            .get(name.position())
            .map(|name| &**name)
            .filter(|name| !name.is_hardware_address),
        Step::Index(_) => None,
    })
}

/// Whether a field is one of a protobuf, and nothing on its way has a name.
pub(super) fn has_no_names(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let mut steps = scene.fields.paths.steps_back(field.path);
    scene.fields.chain(field.chain).0.last() == Some(&DecodeStep::Protobuf)
        && !steps.any(|step| matches!(step, Step::Name(_)))
}

/// Whether a cell beside this one, in a row of a list or table, is how strongly something is received.
fn is_in_row_with_signal(scene: &Scene<'_>, position: usize, signal: RangeInclusive<i32>) -> bool {
    let fields = scene.fields;
    let row = |field: &Field<'_>| match fields.paths.split(field.path)? {
        (row, Step::Index(_)) => Some((field.place, row)),
        // `{"b": "3c:5a:b4:01:02:03", "r": -61}`, one of a list
        (row, Step::Name(_)) => match fields.paths.split(row)? {
            (_, Step::Index(_)) => Some((field.place, row)),
            _ => None,
        },
    };
    let Some(own) = fields.get(position).and_then(row) else {
        return false;
    };
    // Cells of a row stand behind each other.
    let mut behind = (position.saturating_add(1)..).map_while(|at| fields.get(at));
    let mut before = (0..position).rev().map_while(|at| fields.get(at));
    let is_cell =
        |field: &Field<'_>| matches!(fields.paths.split(field.path), Some((_, Step::Index(_))));
    let is_of_row = |field: &&Field<'_>| row(field) == Some(own);
    let has_signal = |cells: &mut dyn Iterator<Item = &Field<'_>>| {
        cells
            .take(ROW)
            .take_while(is_of_row)
            .filter(|field| is_cell(field) || is_of_radio(scene, field))
            .any(|field| is_signal(&field.value, signal.clone()))
    };
    has_signal(&mut behind) || has_signal(&mut before)
}

/// Cells of a row that are looked at on each side of an address.
const ROW: usize = 8;

fn is_signal(text: &str, range: RangeInclusive<i32>) -> bool {
    let number = text.trim().strip_suffix("dBm").unwrap_or(text).trim();
    number.starts_with('-') && number.parse().is_ok_and(|level| range.contains(&level))
}
