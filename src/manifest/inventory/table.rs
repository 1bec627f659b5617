//! Lists of apps as CSV, one row an app and device, or one row a device with its apps in one cell.

use std::collections::BTreeMap;

use super::nested::Walk;
use super::{
    COLUMNS, Column, FOREIGN, Read, Record, Shelf, is_count_of_devices, is_short, meaning, plain,
    ranked, workspace,
};
use crate::limits;
use crate::manifest::windows_1252;
use crate::model::Dossier;

/// Column whose cells are JSON.
const JSON: &str = "json";

/// Whether these names of columns are those of a list of apps.
pub(crate) fn has_known_header<'h>(names: &(impl Iterator<Item = &'h str> + Clone)) -> bool {
    let means = |wanted: Column| {
        names
            .clone()
            .any(|name| meaning(name).is_some_and(|(column, _)| column == wanted))
    };
    let is = |known: &[&str]| {
        names
            .clone()
            .any(|name| known.contains(&plain(name).as_str()))
    };
    // Names that are not about apps elsewhere; `name` and `identifier` are.
    let is_of_app = is(&[
        "packagename",
        "bundleid",
        "bundleidentifier",
        "appbundleid",
        "bundle",
        "applicationidentifier",
        "appidentifier",
        "apppackageid",
        "applicationname",
        "appname",
        "softwarename",
        "paketname",
        "anwendungsname",
        "anwendungsid",
    ]);
    let is_of_device = means(Column::Device) || means(Column::DeviceName);
    let is_list_of_devices = is_of_device
        && means(Column::Model)
        && is(&[
            "operatingsystem",
            "os",
            "platform",
            "betriebssystem",
            "plattform",
        ])
        && is(&[
            "devicename",
            "deviceid",
            "serialnumber",
            "gerätename",
            "seriennummer",
        ]);
    // One row a device, with its apps in one cell.
    let has_apps = means(Column::Apps) && (is_of_device || means(Column::Model));
    // GAM's `formatjson`: the id of the device, and all else in one cell.
    let is_json = is(&["resourceid", "deviceid"]) && is(&[JSON]);
    if (is_list_of_devices || has_apps || is_json) && !is(&FOREIGN) {
        return true;
    }
    is_of_app && (is_of_device || means(Column::Version)) && !is(&FOREIGN)
}

/// The names of the columns of a text that may be a table; `None` if it has but one.
pub(crate) fn csv_header(bytes: &[u8]) -> Option<Vec<String>> {
    let bytes = without_title(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let names = names(reader.byte_headers().ok()?);
    (names.len() > 1).then_some(names)
}

fn names(header: &csv::ByteRecord) -> Vec<String> {
    header
        .iter()
        .take(limits::TABLE_COLUMNS)
        .map(|name| windows_1252::text(name).trim().to_owned())
        .collect()
}

/// A table from its header on. Before it may stand a byte order mark, what Excel (`sep=;`) and `PowerShell` (`#TYPE …`) write for
/// themselves, and the title of a report. The header is the first line that names columns of a list of apps, whatever delimiters
/// are in the title; of other products' lists, whose names the user maps, the first line with more than one cell.
fn without_title(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut several_cells = None;
    let mut rest = bytes;
    for _ in 0..=limits::TITLE_LINES {
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, b""));
        let line = line.trim_ascii();
        let cells = cells(line);
        if has_known_header(&cells.iter().map(String::as_str)) {
            return rest;
        }
        let is_note = line.starts_with(b"sep=") || line.starts_with(b"#TYPE ");
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        if !is_note && filled > 1 {
            several_cells.get_or_insert(rest);
        }
        rest = after.get(1..).unwrap_or_default();
    }
    several_cells.unwrap_or(bytes)
}

/// The cells of a line that may be the header.
fn cells(line: &[u8]) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(line))
        .from_reader(line);
    reader.byte_headers().map(names).unwrap_or_default()
}

/// Such a table. `mapping` says what the columns of other products mean, by their names.
pub fn inventory_csv(bytes: &[u8], mapping: &BTreeMap<Column, String>) -> Read<Dossier> {
    let bytes = without_title(bytes);
    let mut walk = Walk::default();
    let shelf = &mut walk.shelf;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(bytes))
        .quote(quote(bytes))
        .from_reader(bytes);
    let mut header: Vec<String> = match reader.byte_headers() {
        Ok(header) => {
            if header.len() > limits::TABLE_COLUMNS {
                shelf.too_many("columns");
            }
            names(header)
        }
        Err(_) => Vec::new(),
    };
    if let Some(position) = displayed_device(&header, bytes)
        && let Some(name) = header.get_mut(position)
    {
        "Device name".clone_into(name);
    }
    let meanings: Vec<_> = header.iter().map(|name| meaning(name)).collect();
    let mapped: Vec<(Column, usize)> = mapping
        .iter()
        .filter_map(|(column, name)| {
            let mut known = header.iter();
            let position = known.position(|known| known.eq_ignore_ascii_case(name))?;
            Some((*column, position))
        })
        .collect();
    let is_of_device = |column| matches!(column, Column::Device | Column::DeviceName);
    let has_device = meanings
        .iter()
        .flatten()
        .any(|(column, _)| is_of_device(*column))
        || mapped.iter().any(|(column, _)| is_of_device(*column));
    let json = header.iter().position(|name| plain(name) == JSON);
    shelf.is_unplaced = header.iter().any(|name| is_count_of_devices(name)) && !has_device;
    let mut row = csv::ByteRecord::new();
    let mut number = 0_u64;
    // An error leaves nothing to go on from, but for an end of the file.
    while reader.read_byte_record(&mut row).unwrap_or(false) {
        number = number.saturating_add(1);
        let cells = meanings.iter().zip(&row);
        let mut read = ranked(cells.filter_map(|(meaning, cell)| {
            Some(((*meaning)?, windows_1252::text(cell).into_owned()))
        }));
        for (column, position) in &mapped {
            if let Some(cell) = row.get(*position) {
                let value = windows_1252::text(cell).trim().to_owned();
                read.insert(*column, value);
            }
        }
        read.retain(|column, value| {
            !value.is_empty() && (*column == Column::Apps || is_short(value))
        });
        let value = json.and_then(|at| serde_json::from_slice(row.get(at)?).ok());
        match value {
            Some(value) => walk.value(&value, "", &read, 0),
            None => take(&mut walk.shelf, read, number),
        }
    }
    walk.shelf.finish()
}

/// Where the column `Display name` stands, if it names devices and not apps: no other does, and it is beside names of apps that
/// are others, of which one has several displayed names or the reverse; or the list is one of devices.
fn displayed_device(header: &[String], bytes: &[u8]) -> Option<usize> {
    let displayed = header
        .iter()
        .position(|name| plain(name) == "displayname")?;
    let means = |wanted: Column| {
        header
            .iter()
            .any(|name| meaning(name).is_some_and(|(column, _)| column == wanted))
    };
    if means(Column::DeviceName) {
        return None;
    }
    let names = COLUMNS
        .iter()
        .find(|(column, _)| *column == Column::Name)?
        .1;
    let of_app = header.iter().position(|name| {
        let name = plain(name);
        name != "displayname" && names.contains(&name.as_str())
    });
    let Some(of_app) = of_app else {
        let is_of_devices = means(Column::Model)
            && (means(Column::Device) || means(Column::Apps))
            && !means(Column::Package);
        return is_of_devices.then_some(displayed);
    };
    let of_device = header
        .iter()
        .position(|name| meaning(name).is_some_and(|(column, _)| column == Column::Device));
    let (mut by_device, mut is_of_device) = (BTreeMap::new(), of_device.is_some());
    let mut apps: BTreeMap<String, String> = BTreeMap::new();
    let mut displays: BTreeMap<String, String> = BTreeMap::new();
    let (mut others, mut rows) = (0_usize, 0_usize);
    let mut has_several = false;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes);
    let mut row = csv::ByteRecord::new();
    while rows < limits::NAMES_COMPARED && reader.read_byte_record(&mut row).unwrap_or(false) {
        let cell = |at: usize| row.get(at).map(|cell| plain(&windows_1252::text(cell)));
        let (Some(display), Some(app)) = (cell(displayed), cell(of_app)) else {
            continue;
        };
        rows = rows.saturating_add(1);
        others = others.saturating_add(usize::from(display != app));
        let is_another = |known: &mut BTreeMap<String, String>, key: &str, value: &str| {
            known
                .entry(key.to_owned())
                .or_insert_with(|| value.to_owned())
                != value
        };
        has_several |= is_another(&mut apps, &display, &app);
        has_several |= is_another(&mut displays, &app, &display);
        // A device has one name, and its id is that of no other name.
        if let Some(device) = of_device.and_then(cell) {
            let key = format!("id {device}");
            is_of_device &= !is_another(&mut by_device, &key, &display);
            is_of_device &= !is_another(&mut by_device, &format!("name {display}"), &device);
        }
    }
    let is_told = has_several || (is_of_device && rows > 1);
    (is_told && others > rows / 2).then_some(displayed)
}

fn take(shelf: &mut Shelf, mut read: Record, number: u64) {
    let Some(apps) = read.remove(&Column::Apps) else {
        return shelf.app(&read, &[], number);
    };
    let of_workspace = workspace::apps(&apps);
    if !of_workspace.is_empty() {
        for (app, permissions) in of_workspace {
            let app = read.clone().into_iter().chain(app).collect();
            shelf.app(&app, &permissions, number);
        }
        return;
    }
    let is_between = |character: char| matches!(character, ';' | '\n' | '\r' | ',' | '|');
    for name in apps.split(is_between).map(str::trim) {
        // A cell may have their number instead.
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        if is_number || !is_short(name) {
            continue;
        }
        let column = if super::is_package(name) {
            Column::Package
        } else {
            Column::Name
        };
        read.remove(&Column::Package);
        read.remove(&Column::Name);
        read.insert(column, name.to_owned());
        shelf.app(&read, &[], number);
    }
}

/// Whoever has cells of JSON may have them in single quotes (`formatjson quotechar "'"` of GAM).
fn quote(bytes: &[u8]) -> u8 {
    let mut lines = bytes.split(|byte| *byte == b'\n').skip(1);
    let row = lines.next().unwrap_or_default();
    let has = |wanted: &[u8]| memchr::memmem::find(row, wanted).is_some();
    if has(b",'{\"") { b'\'' } else { b'"' }
}

/// German tables of spreadsheets have semicolons.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |wanted: u8| memchr::memchr_iter(wanted, header).count();
    [b';', b'\t']
        .into_iter()
        .find(|other| count(*other) > count(b','))
        .unwrap_or(b',')
}
