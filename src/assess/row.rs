//! The tally of one device, sorted into rows: one app, several that cannot be told apart, the system, or nobody known.
//! How an app was recognised does not make it another row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    AppId, Attributed, Basis, Burst, Category, ContentState, Day, DeviceId, Dossier, FindingKey,
    Grade, Occurrences, Policy, Protection, Reads, Recipient, Tally, TrafficKey, Users, Volume,
};
use crate::rules::{App, Role, Rules};

/// What makes two facts of a row the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FactKey {
    pub(super) category: Category,
    pub(super) rule: Arc<str>,
    pub(super) recipient: Recipient,
    pub(super) grade: Grade,
    pub(super) protection: Protection,
    pub(super) is_opted_out: bool,
}

/// What a row has besides its counts when `assess` concluded it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conclusion {
    /// Ids of the facts used.
    pub(super) reasons: Vec<Arc<str>>,
    /// The legal observation, where it does not follow from the rule.
    pub(super) observation: Option<Arc<str>>,
    /// The vendor says that it happens again and again.
    pub(super) is_documented_recurring: bool,
    /// A safeguard is proven.
    pub(super) is_mitigated: bool,
    /// What the contacted hosts of a company do; a company as such has no role.
    pub(super) roles: BTreeSet<Role>,
}

/// A fact with its occurrences, not weighed yet.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) key: FactKey,
    pub(super) occurrences: Occurrences,
    pub(super) conclusion: Conclusion,
}

/// Whose row it is. The order is that of the report where nothing else decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    App(AppId),
    Shared(Vec<AppId>),
    System,
    Unknown,
}

impl Owner {
    pub(super) fn of(app: &Attributed) -> (Self, Option<Basis>) {
        match app {
            Attributed::Known { app, by } if app.as_str() == AppId::SYSTEM => {
                (Self::System, Some(*by))
            }
            Attributed::Known { app, by } => (Self::App(app.clone()), Some(*by)),
            Attributed::Shared { apps, by } => (Self::Shared(apps.clone()), Some(*by)),
            Attributed::Unknown => (Self::Unknown, None),
        }
    }

    /// Whether both may be the same: one is nobody known, or of several that cannot be told apart.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let is_unknown = |owner: &Self| *owner == Self::Unknown;
        let candidates = self.candidates();
        let is_shared = || {
            candidates
                .iter()
                .any(|app| other.candidates().contains(app))
        };
        self == other || is_unknown(self) || is_unknown(other) || is_shared()
    }

    /// The apps that it may be.
    pub(super) fn candidates(&self) -> &[AppId] {
        match self {
            Self::App(app) => std::slice::from_ref(app),
            Self::Shared(apps) => apps,
            Self::System | Self::Unknown => &[],
        }
    }
}

/// Traffic of a row by recipient and readability.
pub(super) type Traffic = BTreeMap<Recipient, BTreeMap<ContentState, Volume>>;

/// What the tally has on one owner.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) bases: BTreeSet<Basis>,
    pub(super) findings: BTreeMap<FactKey, Occurrences>,
    /// What is no finding by itself: ids of which only several recipients together say something.
    pub(super) recurring: BTreeMap<FactKey, Occurrences>,
    pub(super) traffic: Traffic,
    /// What closed connections sent, and when.
    pub(super) bursts: BTreeMap<Recipient, BTreeSet<Burst>>,
    /// Reads that the system logged, by what was read.
    pub(super) reads: BTreeMap<Arc<str>, Reads>,
}

impl Row {
    /// The users of the phone, wherever the row names them.
    fn users(&mut self) -> impl Iterator<Item = &mut Users> {
        let findings = self
            .findings
            .values_mut()
            .chain(self.recurring.values_mut());
        let volumes = self.traffic.values_mut().flat_map(BTreeMap::values_mut);
        let reads = self.reads.values_mut().map(|reads| &mut reads.users);
        findings
            .map(|occurrences| &mut occurrences.users)
            .chain(volumes.map(|volume| &mut volume.users))
            .chain(reads)
    }
}

/// Sorts the tally of one device into rows.
pub(super) fn rows(rules: &Rules, tally: &Tally, device: DeviceId) -> BTreeMap<Owner, Row> {
    let mut rows: BTreeMap<Owner, Row> = BTreeMap::new();
    for (key, occurrences) in tally
        .findings
        .iter()
        .filter(|(key, _)| key.device == device)
    {
        let FindingKey {
            app,
            category,
            rule,
            recipient,
            grade,
            protection,
            is_opted_out,
            ..
        } = key;
        let (owner, basis) = Owner::of(app);
        let row = rows.entry(owner).or_default();
        row.bases.extend(basis);
        let key = FactKey {
            category: *category,
            rule: Arc::clone(rule),
            recipient: recipient.clone(),
            grade: *grade,
            protection: *protection,
            is_opted_out: *is_opted_out,
        };
        let is_recurring = rules
            .identifier(rule)
            .is_some_and(|rule| rule.is_only_linked);
        let findings = if is_recurring {
            &mut row.recurring
        } else {
            &mut row.findings
        };
        match findings.get_mut(&key) {
            Some(known) => known.merge(occurrences.clone()),
            None => {
                findings.insert(key, occurrences.clone());
            }
        }
    }
    for (key, volume) in tally.traffic.iter().filter(|(key, _)| key.device == device) {
        let TrafficKey {
            app,
            recipient,
            content,
            ..
        } = key;
        let (owner, basis) = Owner::of(app);
        let row = rows.entry(owner).or_default();
        row.bases.extend(basis);
        let states = row.traffic.entry(recipient.clone()).or_default();
        match states.get_mut(content) {
            Some(known) => known.merge(volume),
            None => {
                states.insert(*content, volume.clone());
            }
        }
    }
    for (key, bursts) in tally.bursts.iter().filter(|(key, _)| key.device == device) {
        let (owner, _) = Owner::of(&key.app);
        let row = rows.entry(owner).or_default();
        let known = row.bursts.entry(key.recipient.clone()).or_default();
        known.extend(bursts);
    }
    for (key, reads) in tally.reads.iter().filter(|(key, _)| key.device == device) {
        let (owner, basis) = Owner::of(&key.app);
        let row = rows.entry(owner).or_default();
        row.bases.extend(basis);
        row.reads
            .entry(Arc::clone(&key.resource))
            .or_default()
            .merge(reads.clone());
    }
    // Where all is of the owner of the phone, there is nothing to tell apart.
    let has_others = rows
        .values_mut()
        .any(|row| row.users().any(|users| users.has_others()));
    if !has_others {
        let users = rows.values_mut().flat_map(Row::users);
        users.for_each(|users| *users = Users::default());
    }
    rows
}

/// What all rows of one device share.
#[derive(Clone, Debug)]
pub(super) struct Device<'a> {
    pub(super) rules: &'a Rules,
    pub(super) dossier: &'a Dossier,
    pub(super) name: &'a str,
    pub(super) policy: &'a Policy,
    /// The day on which exceptions are looked at: that of the last packet; none without packets.
    pub(super) day: Option<Day>,
    /// Packages by the identity that they count under, sorted.
    pub(super) packages: BTreeMap<AppId, Vec<&'a str>>,
    /// A log of the phone tells what apps read.
    pub(super) is_logged: bool,
    /// Apps that have contacts on many phones.
    pub(super) large_scale: &'a BTreeSet<AppId>,
}

impl<'a> Device<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        (policy, day): (&'a Policy, Option<Day>),
        (name, dossier): (&'a str, &'a Dossier),
        (is_logged, large_scale): (bool, &'a BTreeSet<AppId>),
    ) -> Self {
        let known: BTreeSet<&str> = dossier
            .apps
            .keys()
            .chain(dossier.declarations.keys())
            // They speak of an app that traffic alone shows, too.
            .chain(dossier.labels.keys().filter(|package| !package.is_empty()))
            .map(String::as_str)
            .collect();
        let mut packages: BTreeMap<AppId, Vec<&'a str>> = BTreeMap::new();
        for package in known {
            packages
                .entry(identity(rules, package))
                .or_default()
                .push(package);
        }
        Self {
            rules,
            dossier,
            name,
            policy,
            day,
            packages,
            is_logged,
            large_scale,
        }
    }
}

/// Everything that is known about the owner of a row when it is weighed.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) rules: &'a Rules,
    pub(super) dossier: &'a Dossier,
    pub(super) policy: &'a Policy,
    pub(super) day: Option<Day>,
    pub(super) device_name: &'a str,
    pub(super) owner: &'a Owner,
    pub(super) row: &'a Row,
    /// Hosts that anything on the device exchanged data with.
    pub(super) contacted: &'a BTreeSet<&'a Arc<str>>,
    /// Packages on the device that belong to it, sorted.
    pub(super) packages: Vec<&'a str>,
    /// A log of the phone tells what apps read.
    pub(super) is_logged: bool,
    /// Apps that have contacts on many phones.
    pub(super) large_scale: &'a BTreeSet<AppId>,
    /// Profiles of its candidates.
    profiles: Vec<&'a App>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        device: &Device<'a>,
        (owner, row): (&'a Owner, &'a Row),
        contacted: &'a BTreeSet<&'a Arc<str>>,
    ) -> Self {
        let candidates = owner.candidates();
        let mut packages: Vec<&str> = candidates
            .iter()
            .filter_map(|app| device.packages.get(app))
            .flatten()
            .copied()
            .collect();
        packages.sort_unstable();
        let profiles = candidates
            .iter()
            .filter_map(|app| profile(device.rules, app))
            .collect();
        Self {
            rules: device.rules,
            dossier: device.dossier,
            policy: device.policy,
            day: device.day,
            device_name: device.name,
            owner,
            row,
            contacted,
            packages,
            is_logged: device.is_logged,
            large_scale: device.large_scale,
            profiles,
        }
    }

    /// Ids under which the company may speak of it: profile and packages; none unless it is exactly one app.
    pub(super) fn ids(&self) -> Vec<&str> {
        match self.owner {
            Owner::App(app) => std::iter::once(app.as_str())
                .chain(self.packages.iter().copied())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is an app of the company's own.
    pub(super) fn is_own_app(&self) -> bool {
        let decision = self.policy.app(self.device_name, &self.ids());
        decision.is_some_and(|app| app.is_own)
    }

    /// The first profile, if every candidate has one for which `holds` is true: what may be said of traffic that is one of
    /// theirs.
    pub(super) fn every_profile(&self, holds: impl Fn(&App) -> bool) -> Option<&'a App> {
        let all = self.profiles.len() == self.owner.candidates().len()
            && self.profiles.iter().all(|app| holds(app));
        self.profiles.first().filter(|_| all).copied()
    }

    /// Whether `holds` is true for one of its profiles.
    pub(super) fn any_profile(&self, holds: impl Fn(&App) -> bool) -> bool {
        self.profiles.iter().any(|app| holds(app))
    }

    /// Whether one of its profiles names the host, or announces the address.
    pub(super) fn is_own_service(&self, recipient: &Recipient) -> bool {
        let apps = match recipient.host.parse() {
            Ok(address) => self.rules.apps_of_address(address),
            Err(_) => self.rules.apps_of_host(&recipient.host),
        };
        apps.iter()
            .any(|app| self.profiles.iter().any(|own| own.id == app.id))
    }
}

/// The identity that a package counts under.
fn identity(rules: &Rules, package: &str) -> AppId {
    match rules.app_of_package(package) {
        Some(app) => AppId(Arc::clone(&app.id)),
        None => AppId::new(package),
    }
}

/// The profile of an app by its id or package.
pub(super) fn profile<'a>(rules: &'a Rules, app: &AppId) -> Option<&'a App> {
    rules
        .app(app.as_str())
        .or_else(|| rules.app_of_package(app.as_str()))
}
