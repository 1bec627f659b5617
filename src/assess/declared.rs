//! Declarations of an app → the facts that reports list.

use std::collections::{BTreeMap, BTreeSet};

use super::recipient;
use super::row::Subject;
use crate::model::{
    Component, DataLabel, Declaration, DeclaredFact, DeclaredKind, NetworkRules, Opening, Platform,
    is_at,
};

/// Everything that the packages of the subject declare, sorted by kind and name.
pub(super) fn declared(subject: &Subject<'_>) -> Vec<DeclaredFact> {
    let mut list = List {
        subject,
        companies: contacted_companies(subject),
        facts: BTreeSet::new(),
    };
    for package in &subject.packages {
        if let Some((declaration, _)) = subject.dossier.declarations.get(*package) {
            list.identity(declaration);
            list.android(declaration);
            list.network(declaration);
            list.names(declaration);
        }
        for (label, _) in subject.dossier.labels_of(package) {
            list.label(label);
        }
    }
    list.facts.into_iter().collect()
}

/// Companies whose hosts the app exchanged data with.
fn contacted_companies(subject: &Subject<'_>) -> BTreeSet<String> {
    subject
        .row
        .traffic
        .keys()
        .filter_map(|recipient| recipient::endpoint(subject.rules, recipient))
        .map(|endpoint| endpoint.company.to_string())
        .collect()
}

struct List<'a, 's> {
    subject: &'a Subject<'s>,
    companies: BTreeSet<String>,
    facts: BTreeSet<DeclaredFact>,
}

impl List<'_, '_> {
    fn add(&mut self, kind: DeclaredKind, name: &str, values: Vec<String>) {
        self.facts.insert(DeclaredFact {
            kind,
            name: name.to_owned(),
            values,
            is_contacted: None,
        });
    }

    /// Who it is: levels, signers, parts, embedded code.
    fn identity(&mut self, declaration: &Declaration) {
        let is_android = declaration.platform == Platform::Android;
        let texts = [
            (
                if is_android {
                    "minSdkVersion"
                } else {
                    "MinimumOSVersion"
                },
                &declaration.min_sdk,
            ),
            ("targetSdkVersion", &declaration.target_sdk),
            (
                if is_android {
                    "versionCode"
                } else {
                    "CFBundleVersion"
                },
                &declaration.version_code,
            ),
            ("sharedUserId", &declaration.shared_user),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                self.add(DeclaredKind::Attribute, name, vec![text.clone()]);
            }
        }
        let flags = [
            ("debuggable", declaration.debuggable),
            ("testOnly", declaration.test_only),
            ("allowBackup", declaration.backup_allowed),
            (
                if is_android {
                    "usesCleartextTraffic"
                } else {
                    "NSAllowsArbitraryLoads"
                },
                declaration.cleartext_allowed,
            ),
        ];
        for (name, flag) in flags {
            if let Some(flag) = flag {
                self.add(DeclaredKind::Attribute, name, vec![flag.to_string()]);
            }
        }
        if declaration.backup_allowed.is_none() && declaration.is_backup_allowed() == Some(true) {
            let values = vec!["true".to_owned(), "default".to_owned()];
            self.add(DeclaredKind::Attribute, "allowBackup", values);
        }
        for rules in &declaration.backup_rules {
            let (name, value) = rules.split_once('=').unwrap_or((rules, ""));
            let value = (!value.is_empty()).then(|| value.to_owned());
            self.add(DeclaredKind::Attribute, name, value.into_iter().collect());
        }
        for signer in &declaration.signers {
            let schemes = signer.schemes.iter().map(|scheme| (*scheme).to_owned());
            let values = std::iter::once(signer.subject.clone()).chain(schemes);
            self.add(DeclaredKind::Signer, &signer.sha256, values.collect());
        }
        for code in &declaration.embedded {
            // A tracker of a list that the user brought along has no more than its name.
            let sdk = self.subject.rules.sdk(&code.id);
            let company = sdk.map(|sdk| sdk.company.to_string());
            let is_contacted = company.as_ref().map(|name| self.companies.contains(name));
            // What comes from their database is to be attributed (ODbL 1.0).
            let by = company.unwrap_or_else(|| "ETIP/Exodus Privacy, ODbL 1.0".to_owned());
            let values = vec![by, code.example.clone(), code.count.to_string()];
            self.facts.insert(DeclaredFact {
                kind: DeclaredKind::Sdk,
                name: sdk.map_or_else(|| code.id.clone(), |sdk| sdk.name.to_string()),
                values,
                is_contacted,
            });
        }
    }

    fn android(&mut self, declaration: &Declaration) {
        for (name, permission) in &declaration.permissions {
            let bounds = [
                ("minSdkVersion", permission.min_sdk),
                ("maxSdkVersion", permission.max_sdk),
            ];
            let mut values: Vec<String> = bounds
                .iter()
                .filter_map(|(name, level)| Some(format!("{name}={}", (*level)?)))
                .collect();
            if !declaration.asks_for(permission) {
                values.push("never-asked".to_owned());
            }
            if permission.is_never_for_location {
                values.push("neverForLocation".to_owned());
            }
            values.extend(permission.usage_text.clone());
            self.add(DeclaredKind::Permission, name, values);
        }
        for (name, level) in &declaration.defined_permissions {
            self.add(DeclaredKind::DefinedPermission, name, vec![level.clone()]);
        }
        let target = declaration.target_level();
        for component in &declaration.components {
            self.component(component, component.is_exported(target));
        }
        for (name, is_required) in &declaration.features {
            let values = is_required.then(|| "required".to_owned());
            self.add(DeclaredKind::Feature, name, values.into_iter().collect());
        }
    }

    fn component(&mut self, component: &Component, is_exported: bool) {
        let mut values = vec![component.kind.as_str().to_owned()];
        if component.enabled == Some(false) {
            values.push("disabled".to_owned());
        }
        if is_exported {
            values.push("exported".to_owned());
            values.extend(component.opening().map(|opening| {
                let opening = match opening {
                    Opening::Whole => "unguarded",
                    Opening::Reading => "unguarded=read",
                    Opening::Writing => "unguarded=write",
                };
                opening.to_owned()
            }));
        }
        let permissions = [
            ("permission", &component.permission),
            ("readPermission", &component.read_permission),
            ("writePermission", &component.write_permission),
        ];
        let permissions = permissions
            .iter()
            .filter_map(|(name, permission)| Some(format!("{name}={}", permission.as_ref()?)));
        values.extend(permissions);
        let types = component.foreground_types.iter();
        values.extend(types.map(|kind| format!("foregroundServiceType={kind}")));
        self.add(DeclaredKind::Component, &component.name, values);
        let links = component
            .filters
            .iter()
            .filter(|filter| filter.is_deep_link());
        for filter in links {
            let verified = filter.is_verified.then(|| "verified".to_owned());
            let narrowing = filter.narrowing.iter().cloned();
            let values: Vec<String> = verified.into_iter().chain(narrowing).collect();
            for scheme in &filter.schemes {
                if filter.hosts.is_empty() {
                    self.add(
                        DeclaredKind::DeepLink,
                        &format!("{scheme}:"),
                        values.clone(),
                    );
                }
                for host in &filter.hosts {
                    let name = format!("{scheme}://{host}");
                    self.add(DeclaredKind::DeepLink, &name, values.clone());
                }
            }
        }
    }

    fn network(&mut self, declaration: &Declaration) {
        let mut by_host: BTreeMap<&String, Vec<String>> = BTreeMap::new();
        for exception in &declaration.cleartext_exceptions {
            let values = by_host.entry(exception).or_default();
            values.push("cleartext=true".to_owned());
        }
        for (host, rules) in &declaration.transport_rules {
            let values = by_host.entry(host).or_default();
            values.extend(rules.iter().cloned());
        }
        for (host, values) in by_host {
            self.add(DeclaredKind::NetworkRule, host, values);
        }
        let Some(policy) = &declaration.network_policy else {
            return;
        };
        self.rules("*", &policy.base);
        for (at, domain) in policy.domains.iter().enumerate() {
            let rules = policy.with_those_around(at);
            for (host, with_subdomains) in &domain.domains {
                let prefix = if *with_subdomains { "*." } else { "" };
                self.rules(&format!("{prefix}{host}"), &rules);
            }
        }
        if let Some(debug) = &policy.debug {
            self.rules("debug-overrides", debug);
        }
    }

    fn rules(&mut self, name: &str, rules: &NetworkRules) {
        let mut values = Vec::new();
        values.extend(
            rules
                .cleartext
                .map(|allowed| format!("cleartext={allowed}")),
        );
        let anchors = rules.trust_anchors.iter().flatten();
        values.extend(anchors.map(|source| format!("trusts={source}")));
        if !rules.pins.is_empty() {
            values.push(format!("pins={}", rules.pins.len()));
        }
        values.extend(rules.pins_expire.iter().map(|day| format!("expires={day}")));
        self.add(DeclaredKind::NetworkRule, name, values);
    }

    fn names(&mut self, declaration: &Declaration) {
        let lists = [
            (DeclaredKind::Part, &declaration.parts),
            (DeclaredKind::Query, &declaration.queries),
            (DeclaredKind::BackgroundMode, &declaration.background_modes),
            (DeclaredKind::Oddity, &declaration.oddities),
        ];
        for (kind, names) in lists {
            for name in names {
                self.add(kind, name, Vec::new());
            }
        }
        for (name, value) in &declaration.metadata {
            let value = value.map(|is_on| is_on.to_string());
            self.add(DeclaredKind::Metadata, name, value.into_iter().collect());
        }
        for scheme in &declaration.url_schemes {
            self.add(DeclaredKind::DeepLink, &format!("{scheme}:"), Vec::new());
        }
        for (name, value) in &declaration.entitlements {
            let value = (!value.is_empty()).then(|| value.clone());
            self.add(DeclaredKind::Entitlement, name, value.into_iter().collect());
        }
    }

    fn label(&mut self, label: &DataLabel) {
        let by = label.part.as_ref().unwrap_or(&label.source);
        if let Some(is_encrypted) = label.is_encrypted {
            let values = vec![by.clone(), is_encrypted.to_string()];
            self.add(DeclaredKind::Attribute, "encryptedInTransit", values);
        }
        for (name, data) in &label.collected {
            let category = self
                .subject
                .rules
                .labelled_data(name)
                .and_then(|data| data.data);
            let mut values = vec![by.clone()];
            values.extend(category.map(|category| format!("category={}", category.as_str())));
            let said = [
                ("collected", Some(data.is_collected)),
                ("shared", data.is_shared),
                ("linked", data.is_linked),
                ("tracking", data.is_tracking),
                ("optional", data.is_optional),
                ("ephemeral", data.is_ephemeral),
            ];
            let said = said
                .iter()
                .filter_map(|(name, said)| Some(format!("{name}={}", (*said)?)));
            values.extend(said);
            let purposes = data.purposes.iter();
            values.extend(purposes.map(|purpose| format!("purpose={purpose}")));
            self.add(DeclaredKind::CollectedData, name, values);
        }
        for domain in &label.tracking_domains {
            let mut contacted = self.subject.row.traffic.keys();
            let is_contacted = contacted.any(|recipient| is_at(&recipient.host, domain));
            self.facts.insert(DeclaredFact {
                kind: DeclaredKind::TrackingDomain,
                name: domain.clone(),
                values: vec![by.clone()],
                is_contacted: Some(is_contacted),
            });
        }
        for (name, reasons) in &label.required_reasons {
            let values = std::iter::once(by).chain(reasons).cloned().collect();
            self.add(DeclaredKind::RequiredReason, name, values);
        }
    }
}
