//! Output of Android's `content query`: contacts, settings and messages.

use super::{Column, List, column};
use crate::model::KnownKind;

/// Shortest message that is looked for: shorter ones are said by everybody.
const SHORTEST_MESSAGE: usize = 16;

pub(super) fn is_content_query(text: &str) -> bool {
    text.trim_start().starts_with("Row: 0 ") && text.contains('=')
}

/// Rows: `Row: 0 display_name=…, data1=…, mimetype=…` of contacts, `name=android_id, value=…` of settings, `address=…, body=…` of
/// messages, whose texts may be of several lines.
pub(super) fn content_query(text: &str, list: &mut List) {
    let mut row = String::new();
    for line in text.lines() {
        if line.starts_with("Row: ") {
            values(&row, list);
            row.clear();
        } else {
            row.push('\n');
        }
        row.push_str(line);
    }
    values(&row, list);
}

/// The columns of a row. A comma that no name follows is part of a value.
fn columns(row: &str) -> Vec<(&str, String)> {
    let row = row
        .strip_prefix("Row: ")
        .and_then(|rest| rest.split_once(' '))
        .map_or(row, |(_, rest)| rest);
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let mut columns: Vec<(&str, String)> = Vec::new();
    for part in row.split(", ") {
        match (part.split_once('='), columns.last_mut()) {
            (Some((name, value)), _) if is_name(name) => columns.push((name, value.to_owned())),
            (_, Some((_, value))) => value.extend([", ", part]),
            _ => {}
        }
    }
    columns.retain(|(_, value)| value != "NULL");
    columns
}

fn values(row: &str, list: &mut List) {
    let columns = columns(row);
    let of = |wanted: &str| {
        let column = columns.iter().find(|(name, _)| *name == wanted);
        column.map(|(_, value)| value.as_str())
    };
    if let (Some(name), Some(value)) = (of("name"), of("value")) {
        setting(name, value, list);
    }
    // A subscription (`content://telephony/siminfo`) is the owner's, and its name the operator's.
    let is_of_sim = ["icc_id", "sim_id", "carrier_name"]
        .iter()
        .any(|name| of(name).is_some());
    for (name, value) in &columns {
        match *name {
            "number" if is_of_sim => list.own(KnownKind::Phone, value),
            "icc_id" => list.own(KnownKind::Sim, value),
            "display_name" | "display_name_alt" if is_of_sim => {}
            "display_name" | "display_name_alt" => list.contact(KnownKind::Name, value),
            "number" | "data4" | "normalized_number" | "address" => {
                list.contact(KnownKind::Phone, value);
            }
            "body" if value.len() >= SHORTEST_MESSAGE => list.own(KnownKind::Text, value),
            _ => {}
        }
    }
    let Some(value) = of("data1") else { return };
    let mime_type = of("mimetype").unwrap_or_default();
    if mime_type.contains("email") || value.contains('@') {
        list.contact(KnownKind::Email, value);
    } else if mime_type.contains("phone") || value.bytes().filter(u8::is_ascii_digit).count() >= 6 {
        list.contact(KnownKind::Phone, value);
    }
}

/// Settings that identify the phone are called what columns of lists are.
fn setting(name: &str, value: &str, list: &mut List) {
    if let Column::Is(
        kind
        @ (KnownKind::DeviceId | KnownKind::AdvertisingId | KnownKind::Mac | KnownKind::Serial),
    ) = column(name)
    {
        list.own(kind, value);
    }
}
