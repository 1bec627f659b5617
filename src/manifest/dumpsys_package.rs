//! Output of `dumpsys package` (AOSP `Settings.dumpPackageLPr`), Android 4.2 to 16, alone or inside a bug report → installed apps.
//!
//! The layout differs between versions and makers, so nothing depends on columns: a section begins at column 0, a list ends
//! at the first line that is not indented deeper than its header, a `User N:` line sets the user of what follows.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memchr;

use super::Read;
use crate::limits;
use crate::model::{Dossier, InputId, InstalledApp, Origin, PermissionState, Platform, Timestamp};

/// Output of `dumpsys package`. The caller knows the input: it sets `source.input` of the apps.
pub fn dumpsys_package(text: &[u8]) -> Read<Dossier> {
    let mut reader = Reader::default();
    let mut rest = text;
    let mut number = 0_u64;
    while !rest.is_empty() {
        let (line, after) = match memchr(b'\n', rest) {
            Some(end) => rest.split_at(end),
            None => (rest, &[][..]),
        };
        rest = after.get(1..).unwrap_or_default();
        number = number.saturating_add(1);
        reader.line(&String::from_utf8_lossy(line), number);
    }
    reader.finish(text.ends_with(b"\n"))
}

/// Where in the output a line stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    #[default]
    Other,
    Packages,
    SharedUsers,
}

/// What the lines of the current list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Requested,
    /// `grantedPermissions` of Android 5 and before, which knew no others: names alone, for all users.
    Granted,
    Install,
    Runtime,
    /// A list that says nothing about permissions.
    Other,
}

/// Permissions by their rows: install permissions hold for every user unless the row names one.
#[derive(Debug, Default)]
struct Grants {
    install: BTreeMap<String, PermissionState>,
    by_user: BTreeMap<(u32, String), PermissionState>,
}

/// A `Package [` or `SharedUser [` block while it is being read.
#[derive(Debug, Default)]
struct Block {
    name: String,
    app: InstalledApp,
    grants: Grants,
    /// Users named by a `User N:` line with a state, and whether the app is installed for them.
    users: BTreeMap<u32, bool>,
    requested: BTreeSet<String>,
    user: u32,
    list: Option<(usize, List)>,
}

#[derive(Debug, Default)]
struct Reader {
    section: Section,
    /// In a bug report: inside the dump of another service.
    is_other_service: bool,
    block: Option<Block>,
    packages: BTreeMap<String, Block>,
    shared_users: BTreeMap<String, Grants>,
    rows: usize,
    damage: Vec<String>,
    has_packages: bool,
}

impl Reader {
    fn line(&mut self, line: &str, number: u64) {
        let line = line.trim_end();
        let content = line.trim_start();
        let indent = line.len().saturating_sub(content.len());
        if content.is_empty() {
            return;
        }
        if indent == 0 {
            self.close_block();
            self.header(content);
            return;
        }
        if self.is_other_service || self.section == Section::Other {
            return;
        }
        let begins = match self.section {
            Section::Packages => content.strip_prefix("Package ["),
            Section::SharedUsers => content.strip_prefix("SharedUser ["),
            Section::Other => None,
        };
        if let Some((name, _)) = begins.and_then(|after| after.split_once(']')) {
            self.close_block();
            self.open_block(name, number);
            return;
        }
        if let Some(block) = &mut self.block {
            let is_row = block.line(indent, content);
            if is_row {
                self.rows = self.rows.saturating_add(1);
            }
        }
    }

    /// A line at column 0: a section, or the next service of a bug report.
    fn header(&mut self, content: &str) {
        if let Some(service) = content.strip_prefix("DUMP OF SERVICE ") {
            let name = service.trim_end_matches(':').rsplit(' ').next();
            self.is_other_service = name != Some("package");
        }
        self.section = match content {
            "Packages:" => Section::Packages,
            "Shared users:" => Section::SharedUsers,
            _ => Section::Other,
        };
        self.has_packages |= self.section == Section::Packages && !self.is_other_service;
    }

    fn open_block(&mut self, name: &str, number: u64) {
        if self.packages.len() >= limits::DUMP_PACKAGES
            || self.shared_users.len() >= limits::DUMP_PACKAGES
            || self.rows >= limits::DUMP_PERMISSIONS
        {
            self.too_many();
            return;
        }
        let source = Origin {
            input: InputId::default(),
            frame: number,
            time: Timestamp::default(),
        };
        self.block = Some(Block {
            name: name.to_owned(),
            app: InstalledApp {
                source: Some(source),
                ..InstalledApp::default()
            },
            ..Block::default()
        });
    }

    fn too_many(&mut self) {
        let damage = "more packages or permissions in the dump than the bound";
        if !self.damage.iter().any(|known| known == damage) {
            self.damage.push(damage.to_owned());
        }
    }

    fn close_block(&mut self) {
        let Some(block) = self.block.take() else {
            return;
        };
        // A second block of one name comes from output appended twice; the first is as good.
        match self.section {
            Section::Packages => {
                self.packages.entry(block.name.clone()).or_insert(block);
            }
            Section::SharedUsers => {
                self.shared_users.entry(block.name).or_insert(block.grants);
            }
            Section::Other => {}
        }
    }

    fn finish(mut self, is_last_line_whole: bool) -> Read<Dossier> {
        if self.section == Section::Packages
            && let Some(block) = &self.block
            && (block.users.is_empty() || !is_last_line_whole)
        {
            let name = block.name.clone();
            self.damage
                .push(format!("the dump ends in the middle of package {name}"));
        }
        self.close_block();
        let mut dossier = Dossier::default();
        if self.has_packages {
            dossier.platform = Some(Platform::Android);
        } else {
            self.damage
                .push("no Packages section of dumpsys package".to_owned());
        }
        let mut states_left = limits::DUMP_PERMISSIONS;
        for (name, block) in std::mem::take(&mut self.packages) {
            let shared = block
                .app
                .shared_user
                .as_ref()
                .and_then(|shared_user| self.shared_users.get(shared_user));
            let (app, is_whole) = block.into_app(shared, &mut states_left);
            dossier.apps.insert(name, app);
            if !is_whole {
                self.too_many();
            }
        }
        Read {
            value: dossier,
            damage: self.damage,
        }
    }
}

impl Block {
    /// Takes a line of the block; whether it was a row of a permission list.
    fn line(&mut self, indent: usize, content: &str) -> bool {
        if let Some((header, list)) = self.list {
            if indent > header {
                return self.row(list, content);
            }
            self.list = None;
        }
        if let Some(list) = list_header(content) {
            self.list = Some((indent, list));
        } else if let Some(after) = content.strip_prefix("User ")
            && let Some((user, state)) = after.split_once(':')
            && let Ok(user) = user.trim().parse()
        {
            self.user = user;
            if let Some(is_installed) = token(state, "installed") {
                self.users.insert(user, is_installed == "true");
            }
        } else if let Some((key, value)) = content.split_once('=') {
            self.property(key, value, content);
        }
        false
    }

    fn property(&mut self, key: &str, value: &str, line: &str) {
        let value = value.trim();
        match key {
            // Before Android 13, and since.
            "userId" | "appId" => {
                let digits = value.split(|c: char| !c.is_ascii_digit()).next();
                let id = digits.and_then(|digits| digits.parse::<u32>().ok());
                self.app.app_id = self.app.app_id.or(id.map(|id| id % 100_000));
            }
            "sharedUser" => self.app.shared_user = shared_user(value),
            "versionCode" => {
                self.app.target_sdk = token(line, "targetSdk").map(str::to_owned);
            }
            "versionName" => self.app.version = not_null(value),
            "installerPackageName" => {
                self.app.installer = value.split_whitespace().next().and_then(not_null);
            }
            "flags" | "pkgFlags" => {
                let mut flags = value.trim_matches(['[', ']']).split_whitespace();
                self.app.is_system |= flags.any(|flag| flag == "SYSTEM");
            }
            _ => {}
        }
    }

    fn row(&mut self, list: List, content: &str) -> bool {
        let (name, state) = match content.split_once(": ") {
            Some((name, state)) => (name.trim(), state),
            None => (content.trim_end_matches(':').trim(), ""),
        };
        if name.is_empty() || name.len() > limits::DUMP_NAME_BYTES {
            return false;
        }
        match list {
            List::Other => return false,
            List::Requested => {
                self.requested.insert(name.to_owned());
            }
            List::Granted => {
                let granted = PermissionState {
                    is_granted: true,
                    ..PermissionState::default()
                };
                self.grants.install.insert(name.to_owned(), granted);
            }
            List::Install | List::Runtime => {
                let Some(permission) = permission_state(state) else {
                    return false;
                };
                let named = token(state, "userId").and_then(|user| user.parse().ok());
                match (list, named) {
                    (List::Install, None) => {
                        self.grants.install.insert(name.to_owned(), permission);
                    }
                    (_, user) => {
                        let key = (user.unwrap_or(self.user), name.to_owned());
                        self.grants.by_user.insert(key, permission);
                    }
                }
            }
        }
        true
    }

    /// The app, with the grants of its shared user; whether all fitted.
    fn into_app(self, shared: Option<&Grants>, states_left: &mut usize) -> (InstalledApp, bool) {
        let mut app = self.app;
        app.users = self
            .users
            .iter()
            .filter(|(_, is_installed)| **is_installed)
            .map(|(user, _)| *user)
            .collect();
        app.is_removed = !self.users.is_empty() && app.users.is_empty();
        app.requested = self.requested.into_iter().collect();
        // A dump that is cut before the users still has the owner.
        let users = if self.users.is_empty() {
            vec![0]
        } else {
            app.users.clone()
        };
        let mut is_whole = true;
        let mut insert = |key: (u32, String), state: PermissionState| {
            if app.permissions.contains_key(&key) {
                return;
            }
            match states_left.checked_sub(1) {
                Some(left) => {
                    *states_left = left;
                    app.permissions.insert(key, state);
                }
                None => is_whole = false,
            }
        };
        for grants in std::iter::once(&self.grants).chain(shared) {
            for ((user, name), state) in &grants.by_user {
                if users.contains(user) {
                    insert((*user, name.clone()), *state);
                }
            }
            for (name, state) in &grants.install {
                for user in &users {
                    insert((*user, name.clone()), *state);
                }
            }
        }
        (app, is_whole)
    }
}

/// A line that begins a list inside a block.
fn list_header(content: &str) -> Option<List> {
    match content.strip_suffix(':')? {
        "requested permissions" => Some(List::Requested),
        "grantedPermissions" => Some(List::Granted),
        "install permissions" => Some(List::Install),
        "runtime permissions" => Some(List::Runtime),
        // `User 10:` begins a group, not a list.
        header if header.starts_with("User ") => None,
        _ => Some(List::Other),
    }
}

/// The value of `key=value` among words and commas.
fn token<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.split([' ', ','])
        .filter_map(|word| word.split_once('='))
        .find(|(known, _)| *known == key)
        .map(|(_, value)| value)
}

/// `granted=true, flags=[ USER_SET|USER_FIXED ]`; blanks between the flags before Android 11.
fn permission_state(state: &str) -> Option<PermissionState> {
    let is_granted = match token(state, "granted")? {
        "true" => true,
        "false" => false,
        _ => return None,
    };
    let flags = state
        .split_once("flags=[")
        .and_then(|(_, flags)| flags.split(']').next())
        .unwrap_or_default();
    let has = |flag| flags.split(['|', ' ']).any(|known| known == flag);
    // The app is told that it holds the permission and gets nothing. The second is its name before Android 10.
    let is_revoked = has("REVOKED_COMPAT") || has("REVOKE_ON_UPGRADE");
    Some(PermissionState {
        is_granted: is_granted && !is_revoked,
        is_policy_fixed: has("POLICY_FIXED"),
        ..PermissionState::default()
    })
}

/// `SharedUserSetting{cb92b86 android.uid.system/1000}`.
fn shared_user(value: &str) -> Option<String> {
    let (_, inside) = value.split_once('{')?;
    let (_, name) = inside.trim_end_matches('}').split_once(' ')?;
    let name = name.rsplit_once('/').map_or(name, |(name, _)| name);
    not_null(name)
}

fn not_null(value: &str) -> Option<String> {
    (!value.is_empty() && value != "null").then(|| value.to_owned())
}

#[cfg(test)]
mod tests;
