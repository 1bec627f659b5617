//! Lists of installed apps as phones, forensic collectors and device management export them → devices with apps.
//!
//! Read by the names of their columns and members, because every product has its own and changes them: [`COLUMNS`] is the one
//! table of names. Where nesting differs (`nested`), rows (`table`), Jamf's XML (`document`) and Apple's answers (`answer`) have a file
//! each. Names, mail
//! addresses and ids of people are not read.

mod answer;
mod document;
mod nested;
mod packages;
mod table;
mod workspace;

use std::collections::BTreeMap;

pub use answer::installed_application_list;
pub use document::inventory_xml;
pub use nested::inventory_json;
pub use packages::package_list;
pub use table::inventory_csv;
pub(crate) use table::{csv_header, has_known_header};

use super::Read;
use crate::limits;
use crate::model::{Dossier, InputId, InstalledApp, Origin, Platform, Timestamp};

/// What a column or member can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Package or bundle id.
    Package,
    /// Name of the app.
    Name,
    /// Names of several apps in one cell.
    Apps,
    /// Version to show.
    Version,
    /// Id of the device.
    Device,
    /// Name of the device.
    DeviceName,
    /// Operating system.
    Platform,
    /// Model of the device.
    Model,
    /// What installed it.
    Installer,
    /// Installed or removed.
    State,
}

/// Names of columns and members, in small letters without anything else, English and as consoles translate them into German; the
/// first that is there counts.
const COLUMNS: &[(Column, &[&str])] = &[
    (
        Column::Package,
        &[
            "packagename",
            "bundleidentifier",
            "bundleid",
            "appbundleid",
            "apppackageid",
            "applicationidentifier",
            "appidentifier",
            "identifier",
            "bundle",
            "package",
            "packageid",
            "applicationid",
            "appid",
            "paketname",
            "anwendungsid",
        ],
    ),
    (
        Column::Name,
        &[
            "applicationname",
            "appname",
            "displayname",
            "applicationtitle",
            "apptitle",
            "application",
            "title",
            "name",
            "app",
            "softwarename",
            "anwendungsname",
            "anwendung",
        ],
    ),
    (
        Column::Apps,
        &[
            "apps",
            "applications",
            "installedapps",
            "installedapplications",
        ],
    ),
    (
        Column::Version,
        &[
            "applicationshortversion",
            "shortversion",
            "shortversionstring",
            "versionname",
            "appshortversion",
            "applicationversion",
            "appversion",
            "installedversion",
            "softwareversion",
            "version",
            "longversion",
            "anwendungsversion",
        ],
    ),
    (
        Column::Device,
        &[
            "serialnumber",
            "deviceserialnumber",
            "serial",
            "udid",
            "deviceid",
            "deviceidentifier",
            "deviceuuid",
            "resourceid",
            "mobiledeviceid",
            "seriennummer",
            "geräteid",
        ],
    ),
    (
        Column::DeviceName,
        &[
            "devicename",
            "devicefriendlyname",
            "friendlyname",
            "mobiledevicename",
            "mobiledevice",
            "computername",
            "hostname",
            "endpointname",
            "asset",
            "assettag",
            "device",
            "gerätename",
            "gerät",
        ],
    ),
    (
        Column::Platform,
        &[
            "platform",
            "operatingsystem",
            "deviceplatform",
            "osdescription",
            "os",
            "devicetype",
            "platformtype",
            "osplatform",
            "ostype",
            "plattform",
            "betriebssystem",
        ],
    ),
    (
        Column::Model,
        &[
            "model",
            "devicemodel",
            "modelname",
            "modell",
            "gerätemodell",
        ],
    ),
    (
        Column::Installer,
        &["installerpackagename", "installer", "installsource"],
    ),
    (
        Column::State,
        &[
            "state",
            "installstatus",
            "installationstatus",
            "appinstallstateloc",
            "installstateloc",
            "appinstallstatus",
            "appinstallstate",
            "installstate",
            "applicationstatus",
            "installationsstatus",
            "installedstatus",
            "appstatus",
            "reportedstatus",
            "status",
        ],
    ),
];

/// Columns of traffic logs: a table that has one is no inventory.
const FOREIGN: [&str; 10] = [
    "srcip",
    "dstip",
    "srcport",
    "dstport",
    "daddr",
    "destip",
    "sourceip",
    "destinationip",
    "remoteip",
    "bytessent",
];

/// One row, by what its columns mean.
type Record = BTreeMap<Column, String>;

/// What a column of that name means.
fn meaning(name: &str) -> Option<(Column, usize)> {
    let name = plain(name);
    COLUMNS.iter().find_map(|(column, names)| {
        let rank = names.iter().position(|known| *known == name)?;
        Some((*column, rank))
    })
}

/// A name without case, blanks and punctuation.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What the columns of a row mean; where two mean the same, the better name counts.
fn record<'r>(cells: impl IntoIterator<Item = (&'r str, String)>) -> Record {
    let cells = cells.into_iter();
    ranked(cells.filter_map(|(name, value)| Some((meaning(name)?, value))))
}

/// [`record`] of cells whose columns' meaning is known.
fn ranked(cells: impl Iterator<Item = ((Column, usize), String)>) -> Record {
    let mut ranked: BTreeMap<Column, (usize, String)> = BTreeMap::new();
    for ((column, rank), value) in cells {
        let value = value.trim();
        let is_usable = !value.is_empty()
            // Many apps may stand in one cell.
            && (column == Column::Apps || is_short(value))
            && !value.eq_ignore_ascii_case("null")
            // Product numbers and hashes stand under the same names as package ids.
            && (column != Column::Package || is_package(value));
        let is_better = ranked.get(&column).is_none_or(|(known, _)| rank < *known);
        if is_usable && is_better {
            ranked.insert(column, (rank, value.to_owned()));
        }
    }
    ranked
        .into_iter()
        .map(|(column, (_, value))| (column, value))
        .collect()
}

/// Whether a text is as short as names and ids are: they are kept with every app of a device.
fn is_short(text: &str) -> bool {
    text.len() <= limits::DUMP_NAME_BYTES
}

/// `org.example.app`: names with dots between them.
fn is_package(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|character| character.is_alphanumeric() || matches!(character, '_' | '-'))
        })
        && text.starts_with(|first: char| first.is_alphabetic())
}

/// A permission by its full name: some exports leave out what all permissions of Android begin with.
fn permission_name(name: &str) -> String {
    if name.contains('.') {
        name.to_owned()
    } else {
        format!("android.permission.{name}")
    }
}

/// A system's name without that of its maker: `Apple iOS`.
fn system(text: &str) -> String {
    let text = plain(text);
    match text.strip_prefix("apple") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    }
}

fn platform(text: &str) -> Option<Platform> {
    let text = system(text);
    if text.contains("android") || text == "a" {
        Some(Platform::Android)
    } else if text.starts_with("ios")
        || text.starts_with("ipados")
        || text.contains("iphone")
        || text.contains("ipad")
        || text == "i"
        || text == "apple"
    {
        Some(Platform::Ios)
    } else {
        None
    }
}

/// Whether the platform is one that is told and is no phone's.
fn is_other_platform(text: &str) -> bool {
    let text = system(text);
    // Jamf's short name.
    let is_mac = text == "mac";
    let others = ["windows", "macos", "chromeos", "linux", "osx", "tvos"];
    is_mac || others.iter().any(|other| text.starts_with(other))
}

/// What a list says, put on the devices that it names.
#[derive(Debug, Default)]
struct Shelf {
    dossier: Dossier,
    damage: Vec<String>,
    apps: usize,
    /// The list goes on elsewhere.
    is_page: bool,
    /// The list counts devices and does not name them.
    is_unplaced: bool,
    /// Apps of computers.
    of_computers: usize,
    /// Permissions that apps are said to ask for.
    permissions: usize,
}

/// Whether a column or member says on how many devices an app is.
fn is_count_of_devices(name: &str) -> bool {
    const NAMES: [&str; 8] = [
        "devicecount",
        "installeddevicecount",
        "numberofdevices",
        "numdevices",
        "geräteanzahl",
        "anzahlgeräte",
        "anzahldergeräte",
        "gerätezahl",
    ];
    NAMES.contains(&plain(name).as_str())
}

impl Shelf {
    /// The device of a record: one of those that the list names, or the one that the list is of.
    fn device(&mut self, record: &Record) -> Option<&mut Dossier> {
        let (id, name) = (record.get(&Column::Device), record.get(&Column::DeviceName));
        let Some(key) = id.or(name) else {
            return Some(&mut self.dossier);
        };
        if !self.dossier.others.contains_key(key)
            && self.dossier.others.len() >= limits::LISTED_DEVICES
        {
            self.too_many("devices");
            return None;
        }
        let device = self.dossier.others.entry(key.clone()).or_default();
        device.aliases.extend(id.cloned());
        device.aliases.extend(name.cloned());
        if device.name.is_none() {
            device.name = name.cloned();
        }
        if device.model.is_none() {
            device.model = record.get(&Column::Model).cloned();
        }
        let told = record.get(&Column::Platform);
        device.platform = device.platform.or_else(|| platform(told?));
        Some(device)
    }

    fn too_many(&mut self, what: &str) {
        let detail = format!("more {what} in the list than the bound");
        if !self.damage.contains(&detail) {
            self.damage.push(detail);
        }
    }

    /// Puts one app on its device. `frame` is the row.
    fn app(&mut self, record: &Record, requested: &[String], frame: u64) {
        let is_removed = record.get(&Column::State).is_some_and(|state| {
            matches!(
                plain(state).as_str(),
                "removed"
                    | "notinstalled"
                    | "uninstalled"
                    | "pendinginstall"
                    | "notapplicable"
                    | "nichtzutreffend"
                    | "entfernt"
                    | "nichtinstalliert"
                    | "deinstalliert"
                    | "installationausstehend"
            )
        });
        let told = record.get(&Column::Platform);
        if is_removed {
            return;
        }
        if told.is_some_and(|told| is_other_platform(told)) {
            let is_app = [Column::Package, Column::Name];
            let is_app = is_app.iter().any(|column| record.contains_key(column));
            self.of_computers = self.of_computers.saturating_add(usize::from(is_app));
            return;
        }
        if self.apps >= limits::LISTED_APPS {
            return self.too_many("apps");
        }
        let source = Origin {
            input: InputId::default(),
            frame,
            time: Timestamp::default(),
        };
        let left = limits::LISTED_PERMISSIONS.saturating_sub(self.permissions);
        let requested = if requested.len() <= left {
            requested
        } else {
            self.too_many("permissions");
            &[]
        };
        let Some(device) = self.device(record) else {
            return;
        };
        let app = InstalledApp {
            label: record.get(&Column::Name).cloned(),
            version: record.get(&Column::Version).cloned(),
            installer: record.get(&Column::Installer).cloned(),
            requested: requested.to_vec(),
            source: Some(source),
            ..InstalledApp::default()
        };
        match (record.get(&Column::Package), &app.label) {
            (Some(package), _) => {
                device.apps.entry(package.clone()).or_insert(app);
            }
            (None, Some(name)) => {
                device.named_apps.entry(name.clone()).or_insert(app);
            }
            // A list of devices: what is known of the device is noted.
            (None, None) => return,
        }
        self.permissions = self.permissions.saturating_add(requested.len());
        self.apps = self.apps.saturating_add(1);
    }

    fn finish(mut self) -> Read<Dossier> {
        let is_empty = self.dossier.others.is_empty() && self.dossier.policies.is_empty();
        if self.apps == 0 && is_empty {
            self.damage.push("the list names no app".to_owned());
        }
        let mut notes = Vec::new();
        if self.is_page {
            notes
                .push("the list goes on on a further page, which must be given as well".to_owned());
        }
        if self.is_unplaced && self.apps > 0 {
            let note = "a list of a whole fleet that does not say which device has which app: all are put on one device";
            notes.push(note.to_owned());
        }
        if self.of_computers > 0 {
            let count = self.of_computers;
            notes.push(format!("apps of computers left out: {count}"));
        }
        if !notes.is_empty() {
            // One line, because reports show one detail for each input and reason.
            self.damage.push(notes.join("; "));
        }
        Read {
            value: self.dossier,
            damage: self.damage,
        }
    }
}

#[cfg(test)]
mod tests;
