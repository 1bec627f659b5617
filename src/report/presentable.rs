//! An audit made ready to be shown: the one door between what was captured and every format.
//!
//! Captured text is made safe, names that may be somebody's data are hidden, and each captured value is replaced by its label.
//! Formats get nothing else, so none of them can give away what another one hides. Each type is taken apart member by member:
//! a new member does not compile until it is decided here how it is shown.

mod policy;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::policy::{controller, device_policy, shadow_app, standing};
use super::prose;
use super::text::{self, Masks};
use crate::gate::Exemptions;
use crate::model::{
    AppId, AppReport, Attributed, Audit, Coverage, DataChain, DeclaredFact, DecodeChain,
    DeviceReport, Distinct, Evidence, FieldPath, FlowKey, Grant, InputReport, JudgedFinding,
    Occurrences, Origin, PathStep, Question, Reads, Recipient, RecipientKind, RecipientReport,
    Sensitive, Timestamp, TrafficReport, Volume,
};
use crate::rules::{Rules, Subject};

/// How `assess` begins a reason that says how sure the facts about an app are.
pub(super) const CERTAINTY: &str = "certainty: ";
/// How `assess` begins a reason that is a documented way of contact discovery.
pub(super) const CONTACT_DISCOVERY: &str = "contact-discovery: ";
/// How `assess` begins a reason that is a calculation: `name=number` with spaces between.
pub(super) const VOLUME: &str = "volume: ";
/// How `assess` begins a reason that is the moment of consent.
pub(super) const CONSENT: &str = "consent: ";
/// Begin of the reason that says what of a manifest does it.
pub(super) const MANIFEST: &str = "manifest: ";

/// Begin of the reason that says how much of a contact was not the app's own.
pub(super) const CONTENT: &str = "content: ";

/// What formats render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentable {
    pub(super) audit: Audit,
    pub(super) shows_values: bool,
    pub(super) exemptions: Exemptions,
    /// The folder of the case, seen from the root of a repository.
    pub(super) path_prefix: Option<String>,
}

impl Presentable {
    /// Makes an audit ready. With `shows_values` the captured values stay, which makes every report of it confidential.
    pub fn new(audit: &Audit, rules: &Rules, shows_values: bool) -> Self {
        Self::with(
            audit,
            rules,
            shows_values,
            Masks::of(audit, shows_values, None),
        )
    }

    /// Makes an audit ready with labels that are the same in every report made with this key (HMAC-SHA-256 of the value).
    pub fn pseudonymised(audit: &Audit, rules: &Rules, key: &[u8]) -> Self {
        Self::with(audit, rules, false, Masks::of(audit, false, Some(key)))
    }

    fn with(audit: &Audit, rules: &Rules, shows_values: bool, masks: Masks) -> Self {
        let Audit {
            case,
            tool_version,
            rules_sha256,
            law_as_of,
            options,
            method,
            controller,
            inputs,
            devices,
            coverage,
        } = audit;
        let ready = Ready { rules, masks };
        Self {
            audit: Audit {
                case: text::safe(case),
                tool_version: tool_version.clone(),
                rules_sha256: rules_sha256.clone(),
                law_as_of: law_as_of.clone(),
                options: options
                    .iter()
                    .map(|(name, value)| (name.clone(), text::safe(value)))
                    .collect(),
                method: text::safe(method),
                controller: self::controller(controller),
                inputs: inputs.iter().map(input).collect(),
                devices: devices.iter().map(|device| ready.device(device)).collect(),
                coverage: self::coverage(coverage),
            },
            shows_values,
            exemptions: Exemptions::default(),
            path_prefix: None,
        }
    }

    /// Notes where the case is, seen from the root of a repository: there, continuous integration looks for the files of
    /// findings.
    pub fn set_path_prefix(&mut self, folder: &str) {
        self.path_prefix = Some(text::safe(folder.trim_end_matches('/')));
    }

    /// Notes which findings do not count, for formats of continuous integration.
    pub fn exempt(&mut self, exemptions: Exemptions) {
        self.exemptions = exemptions;
    }

    /// The audit as it may be shown.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Whether captured values are in it instead of labels.
    pub fn shows_values(&self) -> bool {
        self.shows_values
    }
}

/// What is needed to decide how things are shown.
struct Ready<'a> {
    rules: &'a Rules,
    masks: Masks,
}

fn input(input: &InputReport) -> InputReport {
    let InputReport {
        id,
        path,
        device,
        format,
        sha256,
        bytes,
        items,
        period,
    } = input;
    InputReport {
        id: *id,
        path: text::safe(path),
        device: text::safe(device),
        format: format.clone(),
        sha256: sha256.clone(),
        bytes: *bytes,
        items: *items,
        period: period.map(|(first, last)| (first.in_milliseconds(), last.in_milliseconds())),
    }
}

fn coverage(coverage: &Coverage) -> Coverage {
    let mut shown = Coverage::default();
    for (input, shortfall, missed) in coverage.iter() {
        let detail = missed.detail.as_deref().map(text::safe);
        shown.add_many(
            input,
            shortfall,
            missed.count,
            missed.first.map(origin),
            missed.bytes,
            || detail.unwrap_or_default(),
        );
    }
    shown
}

fn origin(origin: Origin) -> Origin {
    Origin {
        time: origin.time.in_milliseconds(),
        ..origin
    }
}

fn app_id(id: &AppId) -> AppId {
    AppId::new(&text::safe(id.as_str()))
}

fn shared(text: &str) -> Arc<str> {
    Arc::from(text::safe(text))
}

/// A recipient with the name that may be shown.
fn recipient(recipient: &Recipient) -> Recipient {
    Recipient {
        kind: recipient.kind,
        host: match recipient.kind {
            RecipientKind::Company => shared(&recipient.host),
            _ => Arc::from(text::host(recipient)),
        },
    }
}

impl Ready<'_> {
    fn device(&self, device: &DeviceReport) -> DeviceReport {
        let DeviceReport {
            name,
            platform,
            model,
            clock,
            apps,
            silent_apps,
            traffic,
            policy,
            shadow,
        } = device;
        DeviceReport {
            name: text::safe(name),
            platform: *platform,
            model: model.as_deref().map(text::safe),
            clock: *clock,
            apps: apps.iter().map(|app| self.app(app)).collect(),
            silent_apps: *silent_apps,
            traffic: volumes(traffic),
            policy: policy.as_ref().map(device_policy),
            shadow: shadow.iter().map(shadow_app).collect(),
        }
    }

    fn app(&self, app: &AppReport) -> AppReport {
        let AppReport {
            app,
            id,
            names,
            packages,
            version,
            platform,
            bases,
            is_installed,
            level,
            risk,
            findings,
            recipients,
            grants,
            declared,
            chains,
            provisions,
            dpia_criteria,
            screening,
            questions,
            standing,
        } = app;
        AppReport {
            app: match app {
                Attributed::Known { app, by } => Attributed::Known {
                    app: app_id(app),
                    by: *by,
                },
                Attributed::Shared { apps, by } => Attributed::Shared {
                    apps: apps.iter().map(app_id).collect(),
                    by: *by,
                },
                Attributed::Unknown => Attributed::Unknown,
            },
            id: id.as_ref().map(app_id),
            names: names.iter().map(|name| text::safe(name)).collect(),
            packages: packages.iter().map(|package| text::safe(package)).collect(),
            version: version.as_deref().map(text::safe),
            platform: *platform,
            bases: bases.clone(),
            is_installed: *is_installed,
            level: *level,
            risk: *risk,
            findings: findings
                .iter()
                .map(|finding| self.finding(finding))
                .collect(),
            recipients: recipients.iter().map(receiver).collect(),
            grants: grants.iter().map(grant).collect(),
            declared: declared.iter().map(declared_fact).collect(),
            chains: chains.iter().map(chain).collect(),
            provisions: provisions.clone(),
            dpia_criteria: dpia_criteria.clone(),
            screening: screening.clone(),
            questions: questions
                .iter()
                .map(|question| self.question(question))
                .collect(),
            standing: standing.as_ref().map(self::standing),
        }
    }

    fn finding(&self, finding: &JudgedFinding) -> JudgedFinding {
        let JudgedFinding {
            id,
            rule,
            observation,
            category,
            grade,
            protection,
            recipient,
            company,
            country,
            is_opted_out,
            occurrences,
            people,
            score,
            provisions,
            reasons,
        } = finding;
        JudgedFinding {
            id: id.clone(),
            rule: Arc::clone(rule),
            observation: observation.clone(),
            category: *category,
            grade: *grade,
            protection: *protection,
            recipient: self::recipient(recipient),
            company: company.as_deref().map(shared),
            country: country.as_deref().map(shared),
            is_opted_out: *is_opted_out,
            occurrences: self.occurrences(occurrences),
            people: *people,
            score: score.clone(),
            provisions: provisions.clone(),
            reasons: reasons
                .iter()
                .map(|reason| Arc::from(self.reason(finding, reason)))
                .collect(),
        }
    }

    fn occurrences(&self, occurrences: &Occurrences) -> Occurrences {
        let Occurrences {
            count,
            items,
            most_items,
            distinct,
            first,
            last,
            precision_metres,
            evidence,
            users,
        } = occurrences;
        let evidence: BTreeSet<Evidence> = evidence
            .iter()
            .map(|evidence| self.evidence(evidence))
            .collect();
        Occurrences {
            count: *count,
            items: *items,
            most_items: *most_items,
            distinct: Distinct::counted(distinct.count(), distinct.is_exact()),
            first: first.in_milliseconds(),
            last: last.in_milliseconds(),
            precision_metres: *precision_metres,
            evidence,
            users: users.clone(),
        }
    }

    fn evidence(&self, evidence: &Evidence) -> Evidence {
        let Evidence {
            origin,
            flow,
            place,
            path,
            chain,
            value,
        } = evidence;
        let path = text::path(path);
        Evidence {
            origin: self::origin(*origin),
            flow: flow.map(served),
            place: *place,
            path: if path.is_empty() {
                FieldPath::default()
            } else {
                FieldPath(vec![PathStep::Name(path.into())])
            },
            chain: DecodeChain(Arc::clone(&chain.0)),
            value: value
                .as_ref()
                .map(|value| Sensitive::new(&self.masks.show(value))),
        }
    }

    /// A fact behind a conclusion: an id of the rules, or a host or company.
    fn reason(&self, finding: &JudgedFinding, reason: &str) -> String {
        let as_host = text::host_name(reason);
        let whole = text::safe(reason);
        if as_host == whole {
            return whole;
        }
        let is_of_rules = self.rules.describe(reason).is_some()
            || self.rules.permission(reason).is_some()
            || self.rules.app(reason).is_some()
            || [
                CERTAINTY,
                CONTACT_DISCOVERY,
                VOLUME,
                CONSENT,
                MANIFEST,
                CONTENT,
            ]
            .iter()
            .any(|start| reason.starts_with(start));
        let is_of_recipient = finding.company.as_deref() == Some(reason)
            || (finding.recipient.kind == RecipientKind::Company
                && *finding.recipient.host == *reason);
        if is_of_rules || is_of_recipient || self.is_company(reason) {
            whole
        } else {
            as_host
        }
    }

    /// Whether the rules know a company of that name; hosts have no spaces and are made safe in another way.
    fn is_company(&self, name: &str) -> bool {
        let mut endpoints = self.rules.endpoints().iter();
        endpoints.any(|endpoint| *endpoint.company == *name)
            || self.rules.apps().iter().any(|app| *app.vendor == *name)
    }

    fn question(&self, question: &Question) -> Question {
        let Question { id, subject } = question;
        let is_host = match self.rules.question(id).map(|rule| rule.subject) {
            Some(Subject::Host) => true,
            Some(Subject::Company) => !self.is_company(subject),
            _ => false,
        };
        let is_code = self
            .rules
            .question(id)
            .is_some_and(|rule| rule.subject == Subject::Code);
        let subject = if is_host {
            text::host_name(subject)
        } else if is_code {
            text::safe(subject)
        } else {
            prose::permission(subject)
        };
        Question {
            id: Arc::clone(id),
            subject: Arc::from(subject),
        }
    }
}

/// A flow without the phone's own address, which no report needs.
fn served(flow: FlowKey) -> FlowKey {
    let unspecified = match flow.client.ip() {
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    FlowKey {
        client: std::net::SocketAddr::new(unspecified, 0),
        ..flow
    }
}

fn receiver(report: &RecipientReport) -> RecipientReport {
    let RecipientReport {
        recipient,
        company,
        parent,
        country,
        role,
        service,
        volumes,
    } = report;
    RecipientReport {
        recipient: self::recipient(recipient),
        company: company.as_deref().map(shared),
        parent: parent.clone(),
        country: country.as_deref().map(shared),
        role: role.clone(),
        service: service.clone(),
        volumes: self::volumes(volumes),
    }
}

/// Sums of traffic with the times of the first and last packet, without their places.
fn volumes(volumes: &TrafficReport) -> TrafficReport {
    let sum = |volume: &Volume| Volume {
        of_content: 0,
        has_gap: false,
        first: Origin {
            time: volume.first.time.in_milliseconds(),
            ..Origin::default()
        },
        last: volume.last.in_milliseconds(),
        ..volume.clone()
    };
    volumes
        .iter()
        .map(|(content, volume)| (*content, sum(volume)))
        .collect()
}

fn declared_fact(fact: &DeclaredFact) -> DeclaredFact {
    let DeclaredFact {
        kind,
        name,
        values,
        is_contacted,
    } = fact;
    DeclaredFact {
        kind: *kind,
        name: text::safe(name),
        values: values.iter().map(|value| text::safe(value)).collect(),
        is_contacted: *is_contacted,
    }
}

fn grant(grant: &Grant) -> Grant {
    let Grant {
        permission,
        category,
        risk,
        is_declared,
        is_granted,
        by_user,
        is_policy_fixed,
        is_limited,
        decided,
    } = grant;
    Grant {
        permission: text::safe(permission),
        category: category.clone(),
        risk: *risk,
        is_declared: *is_declared,
        is_granted: *is_granted,
        by_user: by_user.clone(),
        is_policy_fixed: *is_policy_fixed,
        is_limited: *is_limited,
        decided: decided.map(Timestamp::in_milliseconds),
    }
}

fn chain(chain: &DataChain) -> DataChain {
    let safe = |names: &[Arc<str>]| -> Vec<Arc<str>> {
        names
            .iter()
            .map(|name| Arc::from(text::safe(name)))
            .collect()
    };
    DataChain {
        declared: safe(&chain.declared),
        granted: safe(&chain.granted),
        refused: safe(&chain.refused),
        reads: chain.reads.as_ref().map(|reads| Reads {
            tags: reads
                .tags
                .iter()
                .map(|tag| Arc::from(text::safe(tag)))
                .collect(),
            ..reads.clone()
        }),
        ..chain.clone()
    }
}
