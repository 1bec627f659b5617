//! The cell `applications` in which GAM (`gam print mobile`) writes the apps of a phone of Google Workspace.
//!
//! An app is `name-package-version-code-permission/permission`, with `<None>` for what is missing; what parts the apps is the
//! user's choice, by default a blank. Names and versions may have both in them: the package is told by its form, the number of the
//! version by what stands behind it.
//!
//! Source: GAM7 `gam.py`, `doPrintMobileDevices`.

use super::{Column, Record, is_package, is_short, permission_name};

/// Stands for what is missing.
const NONE: &str = "<None>";

/// Apps with their permissions, if the cell is of that form.
pub(super) fn apps(cell: &str) -> Vec<(Record, Vec<String>)> {
    let mut apps = Vec::new();
    let mut parts = cell.split('-').peekable();
    let mut name = String::new();
    while let Some(part) = parts.next() {
        if !is_package(part) || name.is_empty() {
            join(&mut name, part);
            continue;
        }
        let mut version = String::new();
        let mut permissions = None;
        while let Some(part) = parts.next() {
            let is_code = part == NONE || part.bytes().all(|byte| byte.is_ascii_digit());
            permissions = parts
                .peek()
                .filter(|_| is_code && !version.is_empty())
                .and_then(|next| permissions_of(next));
            if permissions.is_some() {
                break;
            }
            join(&mut version, part);
        }
        let Some((asked, behind)) = permissions else {
            break;
        };
        parts.next();
        let told = [
            (Column::Package, part),
            (Column::Name, name.as_str()),
            (Column::Version, version.as_str()),
        ];
        let told = told
            .into_iter()
            .filter(|(_, value)| *value != NONE && is_short(value));
        let record = told.map(|(column, value)| (column, value.to_owned()));
        apps.push((record.collect(), asked));
        behind.clone_into(&mut name);
    }
    apps
}

fn join(text: &mut String, part: &str) {
    if !text.is_empty() {
        text.push('-');
    }
    text.push_str(part);
}

/// Permissions at the beginning of a part, and the name of the next app behind what parts the two.
fn permissions_of(part: &str) -> Option<(Vec<String>, &str)> {
    let end = |character: char| {
        !character.is_ascii_alphanumeric() && !matches!(character, '.' | '_' | '/' | '<' | '>')
    };
    let (names, behind) = part.split_at(part.find(end).unwrap_or(part.len()));
    let is_permission = |name: &str| {
        name.contains("permission") || name.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    if names != NONE && !names.split('/').all(is_permission) {
        return None;
    }
    let names = names
        .split('/')
        .filter(|name| *name != NONE && is_short(name));
    let mut behind = behind.chars();
    behind.next();
    Some((names.map(permission_name).collect(), behind.as_str()))
}
