//! Questions that only a human can answer. Their texts are in `rules/questions.toml`; the conditions that raise them are here,
//! one line each.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::circumstance::{self, observation};
use super::grant::TELLING_RISK;
use super::judge;
use super::recipient::{self, Seat};
use super::row::{Owner, Subject};
use crate::model::{
    Category, ContentState, DeviceKind, Grant, JudgedFinding, Question, Recipient, RecipientKind,
    RecipientReport, RiskLevel,
};
use crate::rules::{Art28, DiscoveryMethod, EndToEnd, Role};

/// Hosts of unknown companies that are asked about, those that got the most first.
const UNKNOWN_HOSTS: usize = 5;

/// The questions of one row.
struct Questions<'a> {
    subject: &'a Subject<'a>,
    findings: &'a [JudgedFinding],
    asked: BTreeSet<Question>,
}

/// The questions that a row raises, in the order of the rules.
pub(super) fn questions(
    subject: &Subject<'_>,
    findings: &[JudgedFinding],
    grants: &[Grant],
    recipients: &[RecipientReport],
    is_dpia_due: bool,
) -> Vec<Question> {
    let mut questions = Questions {
        subject,
        findings,
        asked: BTreeSet::new(),
    };
    if *subject.owner == Owner::System {
        return Vec::new();
    }
    questions.ask(recipients, grants, is_dpia_due);
    let position = |question: &Question| {
        let mut rules = subject.rules.questions().iter();
        rules
            .position(|rule| rule.id == question.id)
            .unwrap_or(usize::MAX)
    };
    let mut asked: Vec<Question> = questions.asked.into_iter().collect();
    asked.sort_by_key(position);
    asked
}

impl Questions<'_> {
    fn ask(&mut self, recipients: &[RecipientReport], grants: &[Grant], is_dpia_due: bool) {
        let row = self.subject.row;
        let has_traffic = !row.traffic.is_empty();
        let states: BTreeSet<ContentState> = row
            .traffic
            .values()
            .flat_map(|states| states.keys().copied())
            .collect();
        let is_closed =
            states.contains(&ContentState::NoKey) || states.contains(&ContentState::OwnProtocol);
        let sees = |category| {
            judge::telling(self.subject, self.findings)
                .any(|(finding, _)| finding.category == category)
        };
        let (contacts, metadata, location) = (
            sees(Category::Contacts),
            sees(Category::MessageMetadata),
            sees(Category::Location),
        );
        let (level, _) = judge::level(self.subject, self.findings);
        let is_app = matches!(self.subject.owner, Owner::App(_));
        let special = self.counts_as(observation::SPECIAL_CATEGORY);

        self.about_app(
            "unattributed-traffic",
            has_traffic && *self.subject.owner == Owner::Unknown,
        );
        self.about_app("shared-uid", matches!(self.subject.owner, Owner::Shared(_)));
        self.about_app("encrypted-without-key", is_closed && is_app);
        self.about_app(
            "contacts-consent",
            contacts && !self.subject.owner.candidates().is_empty(),
        );
        self.about_app(
            "works-council",
            is_app
                && (metadata || location || self.counts_as(observation::EMPLOYEE_MONITORING))
                && self.subject.policy.has_works_council != Some(false),
        );
        self.about_app("dpia-due", is_app && is_dpia_due);
        self.about_app("special-category", special);
        let device = self.subject.policy.device(self.subject.device_name);
        let is_private = device.is_some_and(|device| device.kind == DeviceKind::Private);
        if is_app && has_traffic && is_private {
            self.add("private-use", &Arc::from(self.subject.device_name));
        }
        // Rows name users only where there are several.
        let mut volumes = row.traffic.values().flat_map(|states| states.values());
        let has_users = volumes.any(|volume| volume.users.iter().next().is_some());
        if is_app && has_users {
            self.add("private-side", &Arc::from(self.subject.device_name));
        }
        let is_of_minors = |one: &JudgedFinding| {
            judge::is_of_minors(self.subject, (one.category, one.grade), &one.recipient)
        };
        let has_minors = self.findings.iter().any(is_of_minors);
        self.about_app("minors-consent", is_app && has_traffic && has_minors);
        let ids = self.subject.ids();
        let is_decided = self
            .subject
            .policy
            .app(self.subject.device_name, &ids)
            .is_some();
        self.about_app(
            "business-approval",
            is_app && level >= RiskLevel::High && !is_decided,
        );
        self.about_profile(has_traffic);
        self.about_companies();
        if is_app {
            self.about_code();
        }
        self.about_findings();
        self.about_hosts(recipients);
        for grant in grants {
            let is_granted = grant.is_granted == Some(true) && grant.risk >= TELLING_RISK;
            if is_granted && is_app && !self.shows_use(grant) {
                self.add("permission-unused", &Arc::from(grant.permission.as_str()));
            }
        }
    }

    fn add(&mut self, id: &str, subject: &Arc<str>) {
        self.asked.insert(Question {
            id: Arc::from(id),
            subject: Arc::clone(subject),
        });
    }

    fn about_app(&mut self, id: &str, is_raised: bool) {
        if is_raised {
            self.add(id, &Arc::from(""));
        }
    }

    /// What follows from the app's profile.
    fn about_profile(&mut self, has_traffic: bool) {
        let subject = self.subject;
        let matches_contacts = subject
            .every_profile(|app| {
                !matches!(
                    app.contact_discovery.method,
                    DiscoveryMethod::Directory | DiscoveryMethod::None | DiscoveryMethod::Unknown
                )
            })
            .is_some();
        let is_messenger = subject
            .every_profile(|app| matches!(app.end_to_end, EndToEnd::Default | EndToEnd::Partial))
            .is_some();
        self.about_app("contact-sync-setting", has_traffic && matches_contacts);
        self.about_app("notification-content", has_traffic && is_messenger);
        self.about_app("backup-encryption", has_traffic && is_messenger);
        self.about_app(
            "retired-app",
            subject.every_profile(|app| app.retired.is_some()).is_some(),
        );
        let is_open =
            |contract: Art28| matches!(contract, Art28::Yes | Art28::OtherProduct | Art28::Unknown);
        if let Some(app) = subject
            .every_profile(|app| is_open(app.art28))
            .filter(|_| has_traffic)
            && !app.vendor.is_empty()
            && !recipient::has_signed(self.subject)
        {
            self.add("processing-contract", &app.vendor);
        }
    }

    /// Third parties' code that collects from the start, unless what the app declares holds it back.
    fn about_code(&mut self) {
        let subject = self.subject;
        let settings = subject.rules.sdk_settings();
        let packages = subject.packages.iter();
        let declarations =
            packages.filter_map(|package| subject.dossier.declarations.get(*package));
        for (declaration, _) in declarations {
            for sdk in subject.rules.sdks() {
                let mut switches = settings
                    .iter()
                    .filter(|setting| setting.sdk == sdk.id && setting.holds_back.is_some())
                    .peekable();
                if switches.peek().is_none() {
                    continue;
                }
                let is_embedded = declaration.embedded.iter().any(|code| *code.id == *sdk.id);
                let set = switches.filter_map(|setting| {
                    let value = declaration.metadata.get(&*setting.name)?;
                    Some(*value == setting.holds_back)
                });
                let set: Vec<bool> = set.collect();
                if (is_embedded || !set.is_empty()) && !set.contains(&true) {
                    self.add("collects-from-start", &sdk.name);
                }
            }
        }
    }

    /// What follows from who is behind the hosts.
    fn about_companies(&mut self) {
        let rules = self.subject.rules;
        for company in recipient::companies(rules, &self.subject.row.traffic) {
            let Some((_, endpoint)) = company.hosts.first() else {
                continue;
            };
            let is_settled = recipient::is_transfer_settled(self.subject.policy, endpoint);
            match recipient::seat(rules, endpoint) {
                _ if is_settled => {}
                Seat::Listed | Seat::NotListed => self.add("dpf-listing", company.name),
                Seat::Inadequate => self.add("third-country-transfer", company.name),
                Seat::Unremarkable => {}
            }
            let processor = recipient::processor(self.subject.policy, endpoint);
            let is_signed = processor.is_some_and(|processor| processor.contract.is_some());
            let has_role = |wanted: fn(Role) -> bool| {
                company
                    .hosts
                    .iter()
                    .any(|(_, endpoint)| wanted(endpoint.role))
            };
            if has_role(Role::is_tracking) && self.subject.is_own_app() {
                self.add("own-app-sdk", company.name);
            }
            let is_of_apps = !self.subject.owner.candidates().is_empty();
            if has_role(Role::is_advertising) {
                if is_of_apps {
                    self.add("advertising-purpose", company.name);
                }
            } else if has_role(Role::is_tracking) && !is_signed {
                self.add("processing-contract", company.name);
            }
        }
    }

    /// What follows from data that was seen on its way to somebody.
    fn about_findings(&mut self) {
        for finding in self.findings {
            match &*finding.rule {
                circumstance::RECIPIENT_NOT_NAMED => {
                    self.add("undeclared-recipient", &finding.recipient.host);
                }
                circumstance::BUSINESS_CHANNEL => {
                    self.add("business-channel", &finding.recipient.host);
                }
                _ => {}
            }
            if !finding.grade.is_transmitted() || finding.is_opted_out {
                continue;
            }
            let endpoint = recipient::endpoint(self.subject.rules, &finding.recipient);
            let receiver = endpoint.map_or(&finding.recipient.host, |endpoint| &endpoint.company);
            let is_identifier = matches!(
                finding.observation.as_deref(),
                Some(observation::AD_ID | observation::DEVICE_ID)
            );
            if &*finding.rule == circumstance::SENT_BEFORE_CONSENT {
                self.add("before-consent", receiver);
            }
            if finding.category == Category::Location {
                self.add("location-purpose", receiver);
            }
            if is_identifier && endpoint.is_some_and(|endpoint| endpoint.role.is_tracking()) {
                self.add("tracking-consent", receiver);
            }
            if finding.observation.as_deref() == Some("credential-cleartext") {
                self.add("credential-breach", &finding.recipient.host);
            }
        }
    }

    fn about_hosts(&mut self, recipients: &[RecipientReport]) {
        let is_unknown = |report: &&RecipientReport| {
            report.company.is_none()
                && report.recipient.kind == RecipientKind::Remote
                && !self.subject.is_own_service(&report.recipient)
                && !recipient::is_own(self.subject.policy, &report.recipient)
        };
        let hosts: Vec<&Recipient> = recipients
            .iter()
            .filter(is_unknown)
            .take(UNKNOWN_HOSTS)
            .map(|report| &report.recipient)
            .collect();
        for recipient in hosts {
            self.add("unknown-recipient", &recipient.host);
        }
    }

    fn counts_as(&self, wanted: &str) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.observation.as_deref() == Some(wanted))
    }

    /// Whether a finding shows data that the permission opens.
    fn shows_use(&self, grant: &Grant) -> bool {
        let category = grant
            .category
            .as_ref()
            .and_then(|id| self.subject.rules.permission_category(id));
        let Some(category) = category else {
            return false;
        };
        if category.data == Some(Category::Media) {
            // Who used the microphone has not used the camera.
            let is_of = |resource: &str| {
                let read = self.subject.rules.permission_category_of(resource);
                read.is_some_and(|read| match &*read.id {
                    "files" => matches!(&*category.id, "files" | "all-files"),
                    other => other == &*category.id,
                })
            };
            let mut reads = self.subject.row.reads.iter();
            return reads.any(|(resource, reads)| reads.count > 0 && is_of(resource));
        }
        category
            .data
            .is_some_and(|data| self.findings.iter().any(|finding| finding.category == data))
    }
}
