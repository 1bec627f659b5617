//! Which app a sighting belongs to, how we know, and how sure. Strongest sources first: what the user says, what the capture
//! says of the socket's owner, what the app says of itself, and last what only this app's endpoints tell.

mod named;

use std::collections::HashMap;

pub use named::resolve_names;

use crate::limits;
use crate::model::{
    AppId, Attributed, Basis, Dossier, Event, Exchange, FlowKey, LoggedApp, Owner, Recipient,
    RecipientKind, ServerName, Sighting, Timestamp, Transport,
};
use crate::rules::{App, Rules};

/// First uid that Android gives to apps; below are system services (`android.os.Process.FIRST_APPLICATION_UID`).
const FIRST_APPLICATION_UID: u32 = 10_000;
/// Bytes of a label that `PCAPdroid` keeps in its trailer.
const TRAILER_LABEL_BYTES: usize = 20;

/// Daemons of iOS that talk to the network for the system and not for one app (names as PKTAP carries them).
const SYSTEM_PROCESSES: [&str; 20] = [
    "apsd",
    "mDNSResponder",
    "timed",
    "trustd",
    "cloudd",
    "locationd",
    "configd",
    "dasd",
    "itunesstored",
    "appstored",
    "softwareupdated",
    "mobileassetd",
    "geod",
    "rapportd",
    "sharingd",
    "identityservicesd",
    "networkserviceproxy",
    "akd",
    "nsurlsessiond",
    "kernel_task",
];

/// Attribution for one device. Remembers what a flow said of itself until the flow ends, so that its traffic is put on the
/// same app.
#[derive(Debug)]
pub struct Attributor<'a> {
    rules: &'a Rules,
    dossier: &'a Dossier,
    only: Option<AppId>,
    /// Nanoseconds by which the phone's clock is ahead of the capture's.
    clock_ahead: i64,
    flows: HashMap<FlowKey, Attributed>,
}

impl<'a> Attributor<'a> {
    /// For one device; `only` is the app that the user named (`--app`).
    pub fn new(rules: &'a Rules, dossier: &'a Dossier, only: Option<AppId>) -> Self {
        Self {
            rules,
            dossier,
            only,
            clock_ahead: 0,
            flows: HashMap::new(),
        }
    }

    /// The phone's clock is ahead of the capture's by so many nanoseconds.
    pub fn set_clock_ahead(&mut self, nanoseconds: i64) {
        self.clock_ahead = nanoseconds;
    }

    /// The app of a sighting.
    pub fn attribute(&mut self, sighting: &Sighting) -> Attributed {
        let flow_ends = matches!(sighting.event, Event::Traffic(_));
        let remembered = sighting.flow.and_then(|flow| {
            if flow_ends {
                self.flows.remove(&flow)
            } else {
                self.flows.get(&flow).cloned()
            }
        });
        let found = self
            .by_owner(&sighting.owner)
            .map(|found| as_logged(found, sighting))
            .or_else(|| self.by_input(sighting).filter(is_one))
            .or_else(|| self.by_connection(sighting))
            .or_else(|| self.by_system_endpoint(sighting))
            .or_else(|| self.by_option());
        if let Some(found) = found {
            return found;
        }
        let is_logged = remembered.as_ref().is_some_and(is_by_log);
        let told = self
            .by_own_words(sighting)
            // A connection that is open for long was logged when it was opened.
            .or_else(|| remembered.is_none().then(|| self.by_log(sighting))?)
            .or_else(|| (!is_logged).then(|| self.by_signature(sighting))?);
        if let Some(told) = told {
            self.remember(sighting, &told);
            return told;
        }
        if remembered.is_none() && !self.dossier.log.is_empty() {
            self.remember(sighting, &Attributed::Unknown);
        }
        remembered
            .filter(|app| *app != Attributed::Unknown)
            .or_else(|| self.by_endpoint(sighting))
            .or_else(|| self.by_input(sighting))
            .unwrap_or(Attributed::Unknown)
    }

    /// Keeps what is known of a flow for the rest of it. A look-up is no flow of its own where many share a connection.
    fn remember(&mut self, sighting: &Sighting, app: &Attributed) {
        let is_for_flow = !matches!(sighting.event, Event::Traffic(_) | Event::Lookup(_));
        if let Some(flow) = sighting.flow.filter(|_| is_for_flow)
            && self.flows.len() < limits::ATTRIBUTED_FLOWS
        {
            self.flows.insert(flow, app.clone());
        }
    }

    fn by_option(&self) -> Option<Attributed> {
        Some(known(self.only.clone()?, Basis::Option))
    }

    /// The socket's owner as the capture names it, completed by the device dump.
    fn by_owner(&self, owner: &Owner) -> Option<Attributed> {
        if let Some(uid) = owner.uid {
            return Some(self.by_uid(uid, owner));
        }
        if let Some(package) = &owner.package {
            return Some(known(self.id_of_package(package), Basis::Capture));
        }
        if let Some(process) = &owner.process {
            return Some(self.by_process(process));
        }
        owner
            .label
            .as_deref()
            .and_then(|label| self.by_label(label))
    }

    /// The apps that the writer of the input let through, where it captured no others.
    fn by_input(&self, sighting: &Sighting) -> Option<Attributed> {
        let packages = self.dossier.let_through.get(&sighting.origin.input)?;
        let ids = packages.iter().map(|package| self.id_of_package(package));
        Some(shared(ids, Basis::Capture))
    }

    /// The socket's owner as a list or trace beside the capture names it.
    fn by_connection(&self, sighting: &Sighting) -> Option<Attributed> {
        let flow = sighting.flow?;
        let server = sighting.server.as_ref().map(ServerName::as_str);
        let owners = self
            .dossier
            .connections
            .owners(flow, sighting.origin.time, server);
        let mut apps = owners.into_iter().filter_map(|owner| self.by_owner(owner));
        let first = apps.next()?;
        let mut candidates = ids(&first);
        let mut is_one = true;
        for other in apps {
            is_one &= other == first;
            candidates.extend(ids(&other));
        }
        Some(if is_one {
            first
        } else {
            shared(candidates, Basis::Capture)
        })
    }

    fn by_uid(&self, uid: u32, owner: &Owner) -> Attributed {
        let app_id = uid % 100_000;
        if app_id < FIRST_APPLICATION_UID {
            return system();
        }
        let installed = self.dossier.packages_of_uid(uid);
        if installed.len() > 1 {
            return shared(
                installed.iter().map(|package| self.id_of_package(package)),
                Basis::DumpsysUid,
            );
        }
        let mapped = owner
            .package
            .as_deref()
            .or_else(|| self.dossier.owners.get(&uid)?.package.as_deref());
        if let Some(package) = mapped {
            return known(self.id_of_package(package), Basis::Capture);
        }
        if let [package] = installed.as_slice() {
            return known(self.id_of_package(package), Basis::DumpsysUid);
        }
        let label = owner
            .label
            .as_deref()
            .and_then(|label| self.by_label(label));
        // An app that no list names is still one app: its uid keeps its traffic apart.
        label.unwrap_or_else(|| known(AppId::new(&format!("uid-{uid}")), Basis::Capture))
    }

    fn by_process(&self, process: &str) -> Attributed {
        if SYSTEM_PROCESSES.contains(&process) {
            return system();
        }
        self.by_label(process)
            .unwrap_or_else(|| known(AppId::new(process), Basis::Capture))
    }

    /// A label as the phone shows it. `PCAPdroid` may have cut it; labels are not unique.
    fn by_label(&self, label: &str) -> Option<Attributed> {
        let label = label.trim_matches(|character: char| {
            character.is_whitespace() || character.is_control() || character == '\u{fffd}'
        });
        if label.is_empty() {
            return None;
        }
        let is_cut = label.len() >= TRAILER_LABEL_BYTES.saturating_sub(3);
        let fits =
            |name: &str| name.eq_ignore_ascii_case(label) || (is_cut && name.starts_with(label));
        let installed = self
            .dossier
            .apps
            .iter()
            .filter(|(_, app)| app.label.as_deref().is_some_and(fits))
            .map(|(package, _)| package.as_str());
        let declared = self
            .dossier
            .declarations
            .iter()
            .filter(|(_, (declaration, _))| declaration.label.as_deref().is_some_and(fits))
            .map(|(package, _)| package.as_str());
        let mut ids: Vec<AppId> = installed
            .chain(declared)
            .map(|package| self.id_of_package(package))
            .collect();
        ids.extend(
            self.rules
                .apps()
                .iter()
                .filter(|app| fits(&app.name))
                .map(|app| AppId(app.id.clone())),
        );
        ids.sort();
        ids.dedup();
        match ids.len() {
            0 => Some(known(AppId::new(label), Basis::Label)),
            _ => Some(shared(ids, Basis::Label)),
        }
    }

    /// Push, captive portal checks, time, updates: belongs to no app.
    fn by_system_endpoint(&self, sighting: &Sighting) -> Option<Attributed> {
        let recipient = Recipient::of(sighting);
        let is_system = match &sighting.event {
            Event::Lookup(lookup) => self.rules.is_system_host(&lookup.name),
            Event::Message(message) => {
                matches!(message.protocol, "dhcp" | "ntp" | "dhcpv6" | "gtp-c")
            }
            _ => {
                recipient.kind == RecipientKind::Remote
                    && self.rules.is_system_host(&recipient.host)
            }
        };
        let is_plumbing = sighting.flow.is_some_and(|flow| {
            matches!(flow.server.port(), 53 | 67 | 123 | 547 | 853 | 5353 | 5355)
        }) && matches!(sighting.event, Event::Traffic(_));
        (is_system || is_plumbing).then(system)
    }

    /// What the app says of itself in a request: package headers, then the User-Agent.
    fn by_own_words(&self, sighting: &Sighting) -> Option<Attributed> {
        let Event::Exchange(Exchange { request, .. }) = &sighting.event else {
            return None;
        };
        let package = [
            "x-requested-with",
            "x-android-package",
            "x-ios-bundle-identifier",
        ]
        .iter()
        .filter_map(|name| request.header(name))
        .find(|value| {
            value.contains('.') && !value.contains(['/', ' ']) && *value != "com.android.browser"
        });
        if let Some(package) = package {
            return Some(known(self.id_of_package(package), Basis::UserAgent));
        }
        let user_agent = request.header("user-agent")?;
        if let Some(app) = self.rules.app_of_user_agent(user_agent) {
            return Some(known(AppId(app.id.clone()), Basis::UserAgent));
        }
        // Apps often write their package or bundle id into their User-Agent: at its beginning, or in its comment.
        let mut words = user_agent.split(['/', ' ', '(', ')', ';', ',']);
        let package = words.find(|word| {
            self.dossier.apps.contains_key(*word) || self.dossier.declarations.contains_key(*word)
        })?;
        Some(known(self.id_of_package(package), Basis::UserAgent))
    }

    /// What the form of the bytes tells: of a protocol of its own, of a handshake, of an HTTP path.
    fn by_signature(&self, sighting: &Sighting) -> Option<Attributed> {
        let apps = match &sighting.event {
            Event::Message(message) => {
                let named = message
                    .fields
                    .iter()
                    .find(|(name, _)| name == "signature")
                    .map(|(_, signature)| signature.as_str());
                self.rules
                    .apps_of_signature(named.unwrap_or(message.protocol))
            }
            Event::Handshake(handshake) => self
                .rules
                .apps_of_handshake(&handshake.alpn_offered, handshake.sni.as_deref()),
            Event::Exchange(exchange) => {
                let request = &exchange.request;
                self.rules
                    .apps_of_path(request.path(), request.host.as_deref())
            }
            _ => return None,
        };
        self.by_candidates(&apps)
    }

    /// Apps that by the phone's own log contacted the host, or the end of the connection, at that time. Of several the endpoint
    /// may tell.
    fn by_log(&self, sighting: &Sighting) -> Option<Attributed> {
        let server = sighting.server.as_ref().map(ServerName::as_str);
        let begin = match &sighting.event {
            Event::Traffic(traffic) => traffic.first.time,
            _ => sighting.origin.time,
        };
        let time = Timestamp(begin.0.saturating_add(self.clock_ahead));
        let (host, is_connection) = match &sighting.event {
            Event::Lookup(lookup) => (Some(lookup.name.as_str()), false),
            Event::Exchange(exchange) => (exchange.request.host.as_deref().or(server), true),
            _ => (server, true),
        };
        // Logs of the system have the connections of TCP.
        let flow = sighting
            .flow
            .filter(|flow| is_connection && flow.transport == Transport::Tcp);
        let end = flow.map(|flow| flow.server);
        let apps = self.dossier.log.apps(host, end, time).into_iter();
        let logged: Vec<AppId> = apps.flat_map(|app| self.of_log(app)).collect();
        let told = self.by_endpoint(sighting).as_ref().map(ids);
        let is_told = |app: &&AppId| told.as_ref().is_some_and(|told| told.contains(app));
        let narrowed: Vec<AppId> = logged.iter().filter(is_told).cloned().collect();
        let apps = if narrowed.is_empty() {
            logged
        } else {
            narrowed
        };
        (!apps.is_empty()).then(|| shared(apps, Basis::PhoneLog))
    }

    /// The app that a log names; several where they share the uid.
    fn of_log(&self, app: &LoggedApp) -> Vec<AppId> {
        match app {
            LoggedApp::Package(package) => vec![self.id_of_package(package)],
            LoggedApp::Uid(uid) => ids(&self.by_uid(*uid, &Owner::default())),
        }
    }

    /// Hosts that only this app's vendor uses for it, then address ranges.
    fn by_endpoint(&self, sighting: &Sighting) -> Option<Attributed> {
        let host = match &sighting.event {
            Event::Lookup(lookup) => lookup.name.clone(),
            _ => Recipient::of(sighting).host.to_string(),
        };
        let by_host = self.by_candidates(&self.rules.apps_of_host(&host));
        by_host.or_else(|| {
            let address = sighting.flow?.server_ip();
            (sighting.server.is_none())
                .then(|| self.by_candidates(&self.rules.apps_of_address(address)))?
        })
    }

    /// One of several apps: those installed on this device decide, if any of them is.
    fn by_candidates(&self, candidates: &[&App]) -> Option<Attributed> {
        let installed: Vec<AppId> = candidates
            .iter()
            .filter(|app| self.is_installed(app))
            .map(|app| AppId(app.id.clone()))
            .collect();
        let ids = if installed.is_empty() {
            candidates.iter().map(|app| AppId(app.id.clone())).collect()
        } else {
            installed
        };
        (!ids.is_empty()).then(|| shared(ids, Basis::Endpoint))
    }

    fn is_installed(&self, app: &App) -> bool {
        app.android.iter().chain(&app.ios).any(|package| {
            self.dossier.apps.contains_key(&**package)
                || self.dossier.declarations.contains_key(&**package)
        })
    }

    fn id_of_package(&self, package: &str) -> AppId {
        app_id(self.rules, package)
    }
}

/// What the system tells of an app without its connection was not captured: a log names the app.
fn as_logged(found: Attributed, sighting: &Sighting) -> Attributed {
    let is_log = sighting.flow.is_none()
        && matches!(
            sighting.event,
            Event::Access(_) | Event::Lookup(_) | Event::Traffic(_)
        );
    match found {
        Attributed::Known {
            app,
            by: Basis::Capture,
        } if is_log => known(app, Basis::PhoneLog),
        other => other,
    }
}

fn is_one(attributed: &Attributed) -> bool {
    matches!(attributed, Attributed::Known { .. })
}

fn is_by_log(attributed: &Attributed) -> bool {
    match attributed {
        Attributed::Known { by, .. } | Attributed::Shared { by, .. } => *by == Basis::PhoneLog,
        Attributed::Unknown => false,
    }
}

fn ids(attributed: &Attributed) -> Vec<AppId> {
    match attributed {
        Attributed::Known { app, .. } => vec![app.clone()],
        Attributed::Shared { apps, .. } => apps.clone(),
        Attributed::Unknown => Vec::new(),
    }
}

fn known(app: AppId, by: Basis) -> Attributed {
    Attributed::Known { app, by }
}

fn system() -> Attributed {
    known(AppId::new(AppId::SYSTEM), Basis::System)
}

fn shared(apps: impl IntoIterator<Item = AppId>, by: Basis) -> Attributed {
    let mut apps: Vec<AppId> = apps.into_iter().collect();
    apps.sort();
    apps.dedup();
    match apps.as_slice() {
        [app] => known(app.clone(), by),
        _ => Attributed::Shared { apps, by },
    }
}

/// The identity of a package or bundle id: the profile that lists it, else itself.
pub fn app_id(rules: &Rules, package: &str) -> AppId {
    rules
        .app_of_package(package)
        .map_or_else(|| AppId::new(package), |app| AppId(app.id.clone()))
}
