//! What phase 1 learns about one device before any packet is read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::{
    AddressBook, Attributed, Connections, DataLabel, Declaration, InputId, KnownValue, Origin,
    Owner, PhoneLog, Plaintexts, Platform, Recipient, Recorded, Timestamp,
};

/// A permission of an installed app for one Android user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermissionState {
    /// In force (`granted=true` and not `REVOKED_COMPAT`, before Android 10 `REVOKE_ON_UPGRADE`).
    pub is_granted: bool,
    /// Decided by device management (`POLICY_FIXED`).
    pub is_policy_fixed: bool,
    /// Granted for what the user selected only: some photos, some contacts (iOS).
    pub is_limited: bool,
    /// When it was decided, where the system keeps that (iOS).
    pub decided: Option<Timestamp>,
}

/// An app on the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledApp {
    /// Label, if known.
    pub label: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Android app id (`userId=`/`appId=` of dumpsys), without the user part.
    pub app_id: Option<u32>,
    /// Shares its uid with others (`sharedUser=`).
    pub shared_user: Option<String>,
    /// Preinstalled.
    pub is_system: bool,
    /// Store or package that installed it.
    pub installer: Option<String>,
    /// Target API level.
    pub target_sdk: Option<String>,
    /// Android users (0 owner, 10 and up work profile) that have it.
    pub users: Vec<u32>,
    /// Permissions requested.
    pub requested: Vec<String>,
    /// State by user and permission.
    pub permissions: BTreeMap<(u32, String), PermissionState>,
    /// The list that names it has no package ids: the package was concluded from the name.
    pub is_matched_by_name: bool,
    /// No user of the phone has it: it was removed, and its data or its place in the system image is left.
    pub is_removed: bool,
    /// Where this was read.
    pub source: Option<Origin>,
}

/// What the policy of a device management decides on permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionPolicy {
    /// Granted or refused, by package and permission; an empty package stands for all apps.
    pub grants: BTreeMap<(String, String), bool>,
}

/// What is known about one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dossier {
    /// Its name, where a list of a device management names it.
    pub name: Option<String>,
    /// Ids and names under which lists know it.
    pub aliases: BTreeSet<String>,
    /// Operating system, if something said so.
    pub platform: Option<Platform>,
    /// Model, if something said so.
    pub model: Option<String>,
    /// Time zone (IANA name) that its clock shows, if something said so.
    pub time_zone: Option<String>,
    /// Installed apps by package or bundle id.
    pub apps: BTreeMap<String, InstalledApp>,
    /// Installed apps of which only the name is known, by name.
    pub named_apps: BTreeMap<String, InstalledApp>,
    /// Policies of a device management, by name.
    pub policies: BTreeMap<String, PermissionPolicy>,
    /// The policy that is in force.
    pub policy: Option<String>,
    /// Other devices that its lists name, by id.
    pub others: BTreeMap<String, Dossier>,
    /// Declarations by package or bundle id, with the place they were read.
    pub declarations: BTreeMap<String, (Declaration, Origin)>,
    /// Data labels that lie beside the apps, by package; the empty one if nothing says whose they are.
    pub labels: BTreeMap<String, Vec<(DataLabel, Origin)>>,
    /// Owners by uid, from `PCAPdroid` UID maps.
    pub owners: BTreeMap<u32, Owner>,
    /// Owners of sockets and names of servers by connection, from lists, traces and logs beside the capture.
    pub connections: Connections,
    /// Connections of which logs of sensors have a record, beside what was seen in them.
    pub recorded: Recorded,
    /// Those that logs of QUIC say were opened.
    pub quic: Recorded,
    /// Which apps contacted which hosts, from the phone's own logs.
    pub log: PhoneLog,
    /// The app, or apps, that all traffic of an input belongs to, where its writer says so.
    pub let_through: BTreeMap<InputId, Vec<String>>,
    /// What apps encrypted by themselves, where a trace shows it.
    pub plaintexts: Plaintexts,
    /// Names of addresses, from pcapng name resolution blocks.
    pub names: Arc<BTreeMap<IpAddr, Arc<str>>>,
    /// Values that the auditor knows to be on the device.
    pub known: Vec<KnownValue>,
    /// What these say of the user and of the address book.
    pub address_book: AddressBook,
    /// When the person at the phone agreed to what apps store and read, if somebody says so.
    pub consent: Option<Timestamp>,
    /// Bytes that each recipient got in a session without contacts on the phone, if there was one that was captured whole.
    pub baseline: Option<BTreeMap<(Attributed, Recipient), u64>>,
    /// Key logs (NSS format), kept for the decryption stage; never printed.
    pub key_logs: Vec<Vec<u8>>,
}

impl Dossier {
    /// Packages that share an Android uid, sorted; empty if the uid is not known.
    pub fn packages_of_uid(&self, uid: u32) -> Vec<&str> {
        let app_id = uid % 100_000;
        self.apps
            .iter()
            .filter(|(_, app)| app.app_id == Some(app_id))
            .map(|(package, _)| package.as_str())
            .collect()
    }

    /// Whether a user of the phone has the package, as far as is known.
    pub fn has_package(&self, package: &str) -> bool {
        let is_listed = self.apps.get(package).is_some_and(|app| !app.is_removed);
        let is_declared = self.declarations.contains_key(package);
        is_listed || (is_declared && !self.is_not_listed(package))
    }

    /// Whether the phone itself listed all its apps, which have uids then, and has none of this package.
    pub fn is_not_listed(&self, package: &str) -> bool {
        /// The system's own package, which no phone lacks, nor a list of all: a dump of one app does, and `pm list packages -3`.
        const SYSTEM: &str = "android";
        let system = self.apps.get(SYSTEM);
        !self.apps.contains_key(package) && system.is_some_and(|app| app.app_id.is_some())
    }

    /// Whether a list, a dump or a package names the app: a label alone does not say that it is there.
    pub fn is_named(&self, package: &str) -> bool {
        self.apps.contains_key(package) || self.declarations.contains_key(package)
    }

    /// What an app and the code in it are said to collect, with the places that say so: labels from inside its package, those
    /// beside it that name it, and, if it is the only declared app, those that name none.
    pub fn labels_of(&self, package: &str) -> Vec<(&DataLabel, Origin)> {
        let mut labels = Vec::new();
        if let Some((declaration, origin)) = self.declarations.get(package) {
            labels.extend(declaration.labels.iter().map(|label| (label, *origin)));
            if self.declarations.len() == 1 {
                let unnamed = self.labels.get("").into_iter().flatten();
                labels.extend(unnamed.map(|(label, origin)| (label, *origin)));
            }
        }
        let named = self.labels.get(package).filter(|_| !package.is_empty());
        labels.extend(
            named
                .into_iter()
                .flatten()
                .map(|(label, origin)| (label, *origin)),
        );
        labels
    }

    /// What counts for each phone of a network: all but what is one phone's own.
    #[must_use]
    pub fn of_network(&self) -> Self {
        Self {
            names: self.names.clone(),
            known: self.known.clone(),
            address_book: self.address_book.clone(),
            connections: self.connections.clone(),
            recorded: self.recorded.clone(),
            quic: self.quic.clone(),
            plaintexts: self.plaintexts.clone(),
            ..Self::default()
        }
    }

    /// Whether nothing is known that could be reported.
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty()
            && self.named_apps.is_empty()
            && self.declarations.is_empty()
            && self.owners.is_empty()
    }

    /// Adds an app, or what is new about one that is known.
    pub fn add_app(&mut self, package: String, app: InstalledApp) {
        match self.apps.entry(package) {
            Entry::Vacant(slot) => {
                slot.insert(app);
            }
            Entry::Occupied(mut slot) => {
                slot.get_mut().merge(app);
            }
        }
    }

    /// Puts the decisions of the policy in force on the apps that ask for the permissions: of the one that the device names,
    /// else of the only one there is.
    pub fn apply_policy(&mut self, policies: &BTreeMap<String, PermissionPolicy>) {
        let policy = match &self.policy {
            Some(name) => policies.get(name),
            None if policies.len() == 1 => policies.values().next(),
            None => None,
        };
        for ((package, permission), is_granted) in policy.iter().flat_map(|policy| &policy.grants) {
            let state = PermissionState {
                is_granted: *is_granted,
                is_policy_fixed: true,
                ..PermissionState::default()
            };
            let key = (0, permission.clone());
            if package.is_empty() {
                for app in self.apps.values_mut() {
                    if app.requested.contains(permission) {
                        app.permissions.entry(key.clone()).or_insert(state);
                    }
                }
            } else if let Some(app) = self.apps.get_mut(package) {
                app.permissions.entry(key).or_insert(state);
            }
        }
    }

    /// Takes in what another source of the same device says; what is already known stays. `false` if there is too much of
    /// connections and contacts.
    pub fn merge(&mut self, other: Self) -> bool {
        self.name = self.name.take().or(other.name);
        self.aliases.extend(other.aliases);
        self.policy = self.policy.take().or(other.policy);
        self.policies.extend(other.policies);
        self.platform = self.platform.or(other.platform);
        self.model = self.model.take().or(other.model);
        self.time_zone = self.time_zone.take().or(other.time_zone);
        for (package, theirs) in other.apps {
            self.add_app(package, theirs);
        }
        for (name, theirs) in other.named_apps {
            self.named_apps.entry(name).or_insert(theirs);
        }
        for (id, theirs) in other.others {
            self.others.entry(id).or_default().merge(theirs);
        }
        for (package, theirs) in other.declarations {
            match self.declarations.entry(package) {
                Entry::Vacant(slot) => {
                    slot.insert(theirs);
                }
                // The base package says more than its splits, so its place is the one to cite.
                Entry::Occupied(mut slot) => {
                    let (ours, origin) = slot.get_mut();
                    if ours.split.is_some() && theirs.0.split.is_none() {
                        *origin = theirs.1;
                    }
                    ours.merge(theirs.0);
                }
            }
        }
        for (package, theirs) in other.labels {
            self.labels.entry(package).or_default().extend(theirs);
        }
        for (uid, owner) in other.owners {
            self.owners.entry(uid).or_insert(owner);
        }
        let names = Arc::make_mut(&mut self.names);
        for (address, name) in other.names.iter() {
            names.entry(*address).or_insert_with(|| Arc::clone(name));
        }
        self.known.extend(other.known);
        let is_whole = self.connections.merge(other.connections);
        let is_whole = self.recorded.merge(other.recorded) && is_whole;
        let is_whole = self.quic.merge(other.quic) && is_whole;
        let is_whole = self.log.merge(other.log) && is_whole;
        self.let_through.extend(other.let_through);
        self.plaintexts.merge(other.plaintexts);
        self.key_logs.extend(other.key_logs);
        is_whole
    }
}

impl InstalledApp {
    fn merge(&mut self, other: Self) {
        self.label = self.label.take().or(other.label);
        self.version = self.version.take().or(other.version);
        self.app_id = self.app_id.or(other.app_id);
        self.shared_user = self.shared_user.take().or(other.shared_user);
        self.is_system |= other.is_system;
        self.is_matched_by_name &= other.is_matched_by_name;
        self.is_removed &= other.is_removed;
        self.installer = self.installer.take().or(other.installer);
        self.target_sdk = self.target_sdk.take().or(other.target_sdk);
        self.users.extend(other.users);
        self.users.sort_unstable();
        self.users.dedup();
        self.requested.extend(other.requested);
        self.requested.sort();
        self.requested.dedup();
        for (key, state) in other.permissions {
            self.permissions.entry(key).or_insert(state);
        }
        self.source = self.source.or(other.source);
    }
}
