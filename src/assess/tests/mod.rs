//! From tally and dossier to reports, with the rules as they are shipped.
//! This file makes phones; each file beside it looks at one step of the room.

mod chain;
mod dpia;
mod infer;
mod judge;
mod level;
mod policy;
mod row;

use std::collections::BTreeMap;

use super::*;
use crate::model::{
    AppId, AppReport, Attributed, Category, Declaration, Evidence, Finding, FindingKey, Grade,
    InputId, InstalledApp, JudgedFinding, Origin, PermissionState, Protection, Recipient,
    RecipientKind, RiskLevel, Sensitive, Timestamp, Traffic, TrafficKey,
};

const READ_CONTACTS: &str = "android.permission.READ_CONTACTS";

/// One phone with what was seen on it.
struct Phone {
    tally: Tally,
    dossier: Dossier,
    policy: Policy,
    day: Option<Day>,
    frame: u64,
}

impl Phone {
    fn new() -> Self {
        Self {
            tally: Tally::default(),
            dossier: Dossier::default(),
            policy: Policy::default(),
            day: None,
            frame: 0,
        }
    }

    fn origin(&mut self) -> Origin {
        self.frame += 1;
        Origin {
            input: InputId(0),
            frame: self.frame,
            time: Timestamp(1_000_000_000 * i64::try_from(self.frame).unwrap()),
        }
    }

    fn flows(
        &mut self,
        app: &Attributed,
        recipient: &Recipient,
        content: ContentState,
        flows: u64,
    ) -> &mut Self {
        for _ in 0..flows {
            let origin = self.origin();
            let traffic = Traffic {
                client_packets: 5,
                server_packets: 5,
                client_bytes: 1000,
                server_bytes: 3000,
                first: origin,
                last: origin,
                protocol: "tls",
                content,
                has_gap: false,
            };
            let key = TrafficKey {
                device: DeviceId(0),
                app: app.clone(),
                recipient: recipient.clone(),
                content,
            };
            self.tally.add_traffic(key, None, &traffic);
        }
        self
    }

    fn found(
        &mut self,
        app: &Attributed,
        recipient: &Recipient,
        rule: &str,
        protection: Protection,
        values: &[&str],
    ) -> &mut Self {
        for value in values {
            self.found_together(app, recipient, rule, protection, &[value]);
        }
        self
    }

    /// Several values in one message.
    fn found_together(
        &mut self,
        app: &Attributed,
        recipient: &Recipient,
        rule: &str,
        protection: Protection,
        values: &[&str],
    ) {
        let rules = Rules::embedded();
        let category = rules.describe(rule).unwrap().category;
        let mut evidence = Evidence::at(self.origin());
        evidence.value = values.first().map(|value| Sensitive::new(value));
        let finding = Finding {
            rule: rule.into(),
            category,
            grade: Grade::Decoded,
            items: values.len() as u64,
            precision_metres: None,
            is_opted_out: false,
            values: values.iter().map(|value| Sensitive::new(value)).collect(),
            evidence,
        };
        let key = FindingKey {
            device: DeviceId(0),
            app: app.clone(),
            category,
            rule: rule.into(),
            recipient: recipient.clone(),
            grade: Grade::Decoded,
            protection,
            is_opted_out: false,
        };
        self.tally.add(key, finding);
    }

    fn installed(&mut self, package: &str, contacts_granted: Option<bool>) -> &mut Self {
        let source = Some(Origin {
            input: InputId(1),
            frame: 7,
            time: Timestamp(0),
        });
        let mut app = InstalledApp {
            source,
            users: vec![0],
            ..InstalledApp::default()
        };
        if let Some(is_granted) = contacts_granted {
            app.requested.push(READ_CONTACTS.to_owned());
            let state = PermissionState {
                is_granted,
                is_policy_fixed: false,
                ..PermissionState::default()
            };
            app.permissions.insert((0, READ_CONTACTS.to_owned()), state);
        }
        self.dossier.apps.insert(package.to_owned(), app);
        self
    }

    fn read(&mut self, app: &Attributed, resource: &str, in_background: u64) -> &mut Self {
        let key = crate::model::ReadKey {
            device: DeviceId(0),
            app: app.clone(),
            resource: resource.into(),
        };
        let time = self.origin().time;
        let reads = crate::model::Reads {
            count: 2,
            in_background,
            first: time,
            last: time,
            ..crate::model::Reads::default()
        };
        self.tally.add_reads(key, reads);
        self
    }

    fn assess(&self) -> DeviceReport {
        let rules = Rules::embedded();
        let devices = [("phone".to_owned(), self.dossier.clone())];
        assess(&rules, (&self.policy, self.day), &devices, &self.tally).remove(0)
    }

    fn app(&self, id: &str) -> AppReport {
        let device = self.assess();
        device
            .apps
            .into_iter()
            .find(|app| app.id.as_ref().is_some_and(|known| known.as_str() == id))
            .unwrap()
    }
}

fn known(app: &str) -> Attributed {
    Attributed::Known {
        app: AppId::new(app),
        by: Basis::Capture,
    }
}

fn remote(host: &str) -> Recipient {
    Recipient {
        kind: RecipientKind::Remote,
        host: host.into(),
    }
}

fn local(host: &str) -> Recipient {
    Recipient {
        kind: RecipientKind::Local,
        host: host.into(),
    }
}

fn observed<'a>(app: &'a AppReport, observation: &str) -> &'a JudgedFinding {
    let is_it = |finding: &&JudgedFinding| finding.observation.as_deref() == Some(observation);
    app.findings
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no {observation} in {:#?}", app.findings))
}

/// Severity, ids of likelihood inputs, likelihood, evidence, risk, priority in hundredths, level.
type Weighed<'a> = (u8, Vec<&'a str>, u8, u8, u8, u16, RiskLevel);

fn weighed(finding: &JudgedFinding) -> Weighed<'_> {
    let score = finding.score.as_ref().unwrap();
    let inputs = score
        .likelihood
        .modifiers
        .iter()
        .map(|modifier| &*modifier.id)
        .collect();
    (
        score.severity,
        inputs,
        score.likelihood.value,
        score.evidence_percent,
        score.risk,
        score.priority_hundredths,
        score.level,
    )
}
