//! Lists of apps as JSON: `AndroidQF`'s `packages.json`, Microsoft Graph and Intune reports, Android Management API, Google
//! Workspace, Jamf, Workspace ONE and their like. Objects are told by their members, wherever they are.

use serde_json::{Map, Value};

use super::{
    Column, Read, Record, Shelf, is_count_of_devices, is_other_platform, is_package, is_short,
    meaning, permission_name, plain, record,
};
use crate::limits;
use crate::model::{Dossier, PermissionPolicy, Platform};

/// Members that hold lists of apps.
pub(super) const LISTS: [&str; 10] = [
    "applications",
    "applicationreports",
    "detectedapps",
    "deviceapps",
    "apps",
    "installedapps",
    "installedapplications",
    "installedapplicationlist",
    "devexdataappl",
    "packages",
];
/// Members of a device that hold more about it.
const PARTS: [&str; 4] = ["general", "hardwareinfo", "hardware", "softwareinfo"];

/// Any such list; `None` if it has nothing of one.
pub fn inventory_json(bytes: &[u8]) -> Option<Read<Dossier>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let root: Value = serde_json::from_slice(bytes)
        .or_else(|_| serde_json::from_str(&String::from_utf8_lossy(bytes)))
        .ok()?;
    let mut walk = Walk::default();
    walk.value(&root, "", &Record::new(), 0);
    let dossier = &walk.shelf.dossier;
    if walk.shelf.apps == 0 && dossier.policies.is_empty() && dossier.others.is_empty() {
        return None;
    }
    walk.shelf.is_page = has_next_page(&root);
    Some(walk.shelf.finish())
}

/// Whether an answer is a page of a longer list (Microsoft Graph's `@odata.nextLink`, Google's `nextPageToken`).
fn has_next_page(root: &Value) -> bool {
    let names = ["@odata.nextLink", "nextPageToken"];
    let link = names.iter().find_map(|name| root.get(name)?.as_str());
    link.is_some_and(|link| !link.is_empty())
}

#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) shelf: Shelf,
    frame: u64,
}

impl Walk {
    pub(super) fn value(&mut self, value: &Value, key: &str, device: &Record, depth: usize) {
        if depth > limits::JSON_DEPTH {
            return;
        }
        let deeper = depth.saturating_add(1);
        match value {
            Value::Array(items) => {
                let is_list = LISTS.contains(&plain(key).as_str());
                for item in items {
                    match item {
                        Value::Object(members) if is_list => self.app(members, device),
                        _ => self.value(item, key, device, deeper),
                    }
                }
            }
            Value::Object(members) => self.object(members, device, deeper),
            _ => {}
        }
    }

    fn object(&mut self, members: &Map<String, Value>, device: &Record, depth: usize) {
        if is_policy(members) {
            return self.policy(members);
        }
        if is_app(members) {
            return self.app(members, device);
        }
        let of_device = device_of(members, device);
        let is_computer = of_device
            .get(&Column::Platform)
            .is_some_and(|told| is_other_platform(told));
        if (has_list(members) || is_managed_device(members))
            && !is_computer
            && let Some(found) = self.shelf.device(&of_device)
        {
            let told = |name: &str| {
                let (_, value) = members.iter().find(|(key, _)| plain(key) == name)?;
                value.as_str().map(str::to_owned)
            };
            found.platform = found.platform.or_else(|| platform_of(members, &of_device));
            found.policy = told("appliedpolicyname").or(found.policy.take());
        }
        for (key, member) in members {
            self.value(member, key, &of_device, depth);
        }
    }

    fn app(&mut self, members: &Map<String, Value>, device: &Record) {
        self.frame = self.frame.saturating_add(1);
        let mut app = record(scalars(members));
        // An app has none of its own.
        app.remove(&Column::Apps);
        // `AndroidQF` calls the package a name, and so do others.
        if !app.contains_key(&Column::Package)
            && let Some(name) = app.get(&Column::Name).filter(|name| is_package(name))
        {
            app.insert(Column::Package, name.clone());
            app.remove(&Column::Name);
        }
        let devices = members
            .iter()
            .find(|(key, _)| plain(key) == "manageddevices")
            .and_then(|(_, devices)| devices.as_array());
        let permissions = permissions(members);
        let place = |device: &Record| {
            let mut placed = device.clone();
            // What an app says of itself in words of devices (an id, a status) is the app's.
            placed.extend(app.clone().into_iter().filter(|(column, _)| {
                !matches!(column, Column::Device | Column::DeviceName) || device.is_empty()
            }));
            placed
        };
        if let Some(devices) = devices {
            for of_app in devices.iter().filter_map(Value::as_object) {
                let placed = place(&device_of(of_app, device));
                self.shelf.app(&placed, &permissions, self.frame);
            }
        } else {
            let is_counted = members.keys().any(|key| is_count_of_devices(key));
            let placed = place(device);
            self.shelf.is_unplaced |= is_counted && !placed.contains_key(&Column::Device);
            self.shelf.app(&placed, &permissions, self.frame);
            self.flags(&placed, members);
        }
    }

    /// What only collectors on the phone itself know.
    fn flags(&mut self, placed: &Record, members: &Map<String, Value>) {
        let Some(package) = placed.get(&Column::Package) else {
            return;
        };
        let flag = |name: &str| members.get(name).and_then(Value::as_bool) == Some(true);
        let is_system = flag("system")
            || members
                .get("applicationSource")
                .and_then(Value::as_str)
                .is_some_and(|source| source.starts_with("SYSTEM_APP"));
        let uid = members
            .get("uid")
            .and_then(|uid| uid.as_u64().or_else(|| uid.as_str()?.parse().ok()));
        let is_android = uid.is_some() || members.contains_key("third_party");
        let Some(device) = self.shelf.device(placed) else {
            return;
        };
        if is_android {
            device.platform = device.platform.or(Some(Platform::Android));
        }
        if let Some(app) = device.apps.get_mut(package) {
            app.is_system |= is_system;
            app.app_id = app.app_id.or_else(|| u32::try_from(uid? % 100_000).ok());
        }
    }

    /// What the company's policy grants and refuses (`permissionGrants` of the Android Management API).
    fn policy(&mut self, members: &Map<String, Value>) {
        let mut policy = PermissionPolicy::default();
        let grants = |of: &Map<String, Value>| -> Vec<(String, bool)> {
            let list = of.get("permissionGrants").and_then(Value::as_array);
            let grant = |grant: &Value| {
                let is_granted = match grant.get("policy")?.as_str()? {
                    "GRANT" => true,
                    "DENY" => false,
                    _ => return None,
                };
                Some((grant.get("permission")?.as_str()?.to_owned(), is_granted))
            };
            list.into_iter().flatten().filter_map(grant).collect()
        };
        policy.grants.extend(
            grants(members)
                .into_iter()
                .map(|(permission, state)| ((String::new(), permission), state)),
        );
        let apps = members.get("applications").and_then(Value::as_array);
        for app in apps.into_iter().flatten().filter_map(Value::as_object) {
            let Some(package) = app.get("packageName").and_then(Value::as_str) else {
                continue;
            };
            for (permission, state) in grants(app) {
                if policy.grants.len() < limits::LISTED_APPS {
                    policy
                        .grants
                        .insert((package.to_owned(), permission), state);
                }
            }
        }
        let name = members.get("name").and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        if self.shelf.dossier.policies.len() < limits::LISTED_DEVICES {
            self.shelf.dossier.policies.insert(name, policy);
        }
    }
}

/// A device in a list of devices alone (Microsoft Graph, `managedDevice`; Jamf's Classic API, `mobile_device`).
fn is_managed_device(members: &Map<String, Value>) -> bool {
    let is = |name: &str| members.get(name).is_some_and(Value::is_string);
    is("deviceName") && is("operatingSystem") || is("device_name") && is("serial_number")
}

/// A policy says what apps may do (`permissionGrants`, `installType`), a device what they are.
fn is_policy(members: &Map<String, Value>) -> bool {
    let of_policy = |app: &Value| {
        ["installType", "permissionGrants", "defaultPermissionPolicy"]
            .iter()
            .any(|member| app.get(member).is_some())
    };
    let apps = members.get("applications").and_then(Value::as_array);
    members.get("permissionGrants").is_some_and(Value::is_array)
        && !members.contains_key("packageName")
        || apps.is_some_and(|apps| apps.iter().any(of_policy))
}

fn has_list(members: &Map<String, Value>) -> bool {
    let is_list =
        |(key, value): (&String, &Value)| value.is_array() && LISTS.contains(&plain(key).as_str());
    // Jamf keeps the apps of a device below its system.
    let is_below = |(key, value): (&String, &Value)| {
        let below = value.as_object();
        below.is_some_and(|below| {
            matches!(plain(key).as_str(), "ios" | "android") && below.iter().any(is_list)
        })
    };
    members.iter().any(is_list) || members.iter().any(is_below)
}

/// An app outside of a list that is named so: by a package and something that apps have, by Graph's type, or as a flat row
/// that names app and device.
fn is_app(members: &Map<String, Value>) -> bool {
    let is_graph = members
        .get("@odata.type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("detectedApp"));
    if is_graph {
        return true;
    }
    if has_list(members) {
        return false;
    }
    let has = |names: &[&str]| {
        members
            .keys()
            .any(|key| names.contains(&plain(key).as_str()))
    };
    let read = record(scalars(members));
    let has_package = read.contains_key(&Column::Package)
        || read.get(&Column::Name).is_some_and(|name| is_package(name));
    let has_name = has(&["applicationname", "appname"])
        || (has(&["displayname"]) && has(&["sizeinbyte", "devicecount", "publisher"]));
    let has_version = read.contains_key(&Column::Version) || has(&["versioncode"]);
    (has_package && (has_version || has(&["installer", "thirdparty"]))) || (has_name && has_version)
}

/// What is known of a device from its own members and those of its parts, over what was known before.
fn device_of(members: &Map<String, Value>, before: &Record) -> Record {
    let mut cells = scalars(members);
    for (key, part) in members {
        if let Some(part) = part
            .as_object()
            .filter(|_| PARTS.contains(&plain(key).as_str()))
        {
            cells.extend(scalars(part));
        }
    }
    let is_device = has_list(members)
        || cells
            .iter()
            .any(|(name, _)| matches!(plain(name).as_str(), "devicename" | "deviceid" | "udid"));
    if !is_device {
        return before.clone();
    }
    let mut device = before.clone();
    let read = record(cells.iter().map(|(name, value)| (*name, value.clone())));
    let of_device = |column: &Column| {
        matches!(
            column,
            Column::Device | Column::DeviceName | Column::Platform | Column::Model
        )
    };
    device.extend(read.into_iter().filter(|(column, _)| of_device(column)));
    let scalar = |wanted: &str| {
        let (_, value) = cells
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        is_short(value).then(|| value.clone())
    };
    if !device.contains_key(&Column::Device)
        && let Some(id) = scalar("id").or_else(|| scalar("name"))
    {
        device.insert(Column::Device, id);
    }
    if !device.contains_key(&Column::DeviceName)
        && let Some(name) = scalar("displayName")
            .or_else(|| scalar("name").filter(|name| !name.starts_with("enterprises/")))
    {
        device.insert(Column::DeviceName, name);
    }
    device
}

fn platform_of(members: &Map<String, Value>, device: &Record) -> Option<Platform> {
    let told = device
        .get(&Column::Platform)
        .and_then(|told| super::platform(told));
    let has = |name: &str| members.contains_key(name);
    told.or_else(|| {
        // Only the Android Management API has these, and it manages Android only.
        (has("applicationReports") || has("managementMode")).then_some(Platform::Android)
    })
    .or_else(|| {
        let is_apple = has("ios") || has("InstalledApplicationList");
        is_apple.then_some(Platform::Ios)
    })
}

/// Members that are a text or a number.
fn scalars(members: &Map<String, Value>) -> Vec<(&str, String)> {
    members
        .iter()
        .filter(|(key, _)| meaning(key).is_some() || key.eq_ignore_ascii_case("id"))
        .filter_map(|(key, value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some((key.as_str(), text))
        })
        .collect()
}

/// Permissions that a list names with an app, as Google Workspace does.
fn permissions(members: &Map<String, Value>) -> Vec<String> {
    let list = members
        .iter()
        .find(|(key, _)| matches!(plain(key).as_str(), "permission" | "permissions"))
        .and_then(|(_, list)| list.as_array());
    let mut names: Vec<String> = list
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !name.is_empty() && name.len() <= limits::DUMP_NAME_BYTES)
        .map(permission_name)
        .collect();
    names.sort();
    names.dedup();
    names
}
