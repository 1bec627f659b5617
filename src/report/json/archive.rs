//! A JSON report → what formats render: any format can be made from a saved report later.
//!
//! What the report says is believed as it stands; whether it is what the captures show is for `verify` to say. A word that this
//! version does not know is refused, since leaving it out would change what the report says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::chain::{ChainView, ClockView};
use super::policy::{GroupView, ShadowView, StandingView};
use super::shown::Shown;
use super::{
    AppView, AuditView, DeclaredView, DeviceView, EvidenceView, FindingView, InputView, OwnerView,
    PermissionView, QuestionView, ReceiverView, RecipientView, SCHEMA_VERSION, ScoreView,
    ScreenedView, ShortfallView, VolumeView,
};
use crate::gate::Exemptions;
use crate::model::{
    AppId, AppReport, Attributed, Audit, Basis, Category, ContentState, Coverage, CriterionState,
    DeclaredFact, DeclaredKind, DecodeChain, DecodeStep, DeviceReport, Distinct, Evidence,
    FieldPath, FlowKey, Grade, Grant, InputId, InputReport, JudgedFinding, Likelihood, Modifier,
    Occurrences, Origin, PathStep, People, Place, Platform, Protection, Question, Recipient,
    RecipientKind, RecipientReport, RiskLevel, Score, Screened, Sensitive, Shortfall, Timestamp,
    Transport, Volume,
};
use crate::report::{Language, Presentable};

/// What is wrong with a report.
type Result<T> = std::result::Result<T, String>;

/// What tells whether the rest can be read at all.
#[derive(serde::Deserialize)]
struct Header {
    format: String,
    schema_version: u32,
    language: String,
}

impl Presentable {
    /// Reads a JSON report that this tool has written, and the language it was written in. The error says what does not hold.
    pub fn from_json(text: &[u8]) -> Result<(Self, Language)> {
        const FOREIGN: &str = "it is no JSON report of phonehome (made with --format json)";
        let header: Header = serde_json::from_slice(text).map_err(|_| FOREIGN.to_owned())?;
        if header.format != "phonehome-audit" {
            return Err(FOREIGN.to_owned());
        }
        if header.schema_version != SCHEMA_VERSION {
            return Err(format!(
                "its layout has version {}, this phonehome reads version {SCHEMA_VERSION}",
                header.schema_version
            ));
        }
        let Shown = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let language = word(Language::from_id, &header.language)?;
        let view: AuditView = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let report = Self {
            shows_values: view.shows_values,
            exemptions: Exemptions::default(),
            audit: audit(view)?,
        };
        Ok((report, language))
    }
}

/// The value that a word stands for.
pub(super) fn word<T>(from_id: impl Fn(&str) -> Option<T>, word: &str) -> Result<T> {
    from_id(word).ok_or_else(|| format!("the word {word:?} is not known"))
}

fn each<T, U>(views: Vec<T>, read: impl Fn(T) -> Result<U>) -> Result<Vec<U>> {
    views.into_iter().map(read).collect()
}

fn shared(text: Option<String>) -> Option<Arc<str>> {
    text.map(Arc::from)
}

fn ids(texts: Vec<String>) -> Vec<Arc<str>> {
    texts.into_iter().map(Arc::from).collect()
}

/// A time; absent for what only documents tell.
pub(super) fn time(text: Option<&str>) -> Result<Timestamp> {
    text.map_or(Ok(Timestamp::default()), |text| {
        Timestamp::parse(text).ok_or_else(|| format!("{text:?} is not a time of a report"))
    })
}

fn audit(view: AuditView) -> Result<Audit> {
    Ok(Audit {
        case: view.case,
        tool_version: view.tool_version,
        rules_sha256: view.rules_sha256,
        law_as_of: view.law_as_of,
        options: view.options,
        method: view.method,
        controller: view.controller.controller()?,
        inputs: each(view.inputs, input)?,
        devices: each(view.devices, device)?,
        coverage: coverage(view.coverage)?,
    })
}

fn input(view: InputView) -> Result<InputReport> {
    let period = match (&view.first, &view.last) {
        (Some(first), Some(last)) => Some((time(Some(first))?, time(Some(last))?)),
        _ => None,
    };
    Ok(InputReport {
        id: InputId(view.id),
        path: view.path,
        device: view.device,
        format: view.format,
        sha256: view.sha256,
        bytes: view.bytes,
        items: view.items,
        period,
    })
}

fn coverage(views: Vec<ShortfallView>) -> Result<Coverage> {
    let mut coverage = Coverage::default();
    for view in views {
        let input = InputId(view.input);
        let first = view.frame.map(|frame| Origin {
            input,
            frame,
            time: Timestamp::default(),
        });
        let shortfall = word(Shortfall::from_id, &view.reason)?;
        coverage.add_many(input, shortfall, view.count, first, view.bytes, || {
            view.detail.unwrap_or_default()
        });
    }
    Ok(coverage)
}

fn platform(text: Option<&str>) -> Result<Option<Platform>> {
    text.map(|text| word(Platform::from_id, text)).transpose()
}

fn device(view: DeviceView) -> Result<DeviceReport> {
    Ok(DeviceReport {
        name: view.name,
        platform: platform(view.platform.as_deref())?,
        model: view.model,
        clock: view.clock.map(ClockView::shift),
        apps: each(view.apps, app)?,
        silent_apps: view.silent_apps,
        traffic: volumes(&view.traffic)?,
        policy: view.group.map(GroupView::policy).transpose()?,
        shadow: each(view.shadow_it, ShadowView::app)?,
    })
}

fn app(view: AppView) -> Result<AppReport> {
    let bases = each(view.recognised_by, |basis| word(Basis::from_id, &basis))?;
    let by = bases.first().copied().unwrap_or(Basis::Document);
    let mut candidates = view.candidates.iter().map(|id| AppId::new(id));
    let app = match view.owner {
        OwnerView::Unknown => Attributed::Unknown,
        OwnerView::Shared => Attributed::Shared {
            apps: candidates.collect(),
            by,
        },
        OwnerView::App | OwnerView::System => Attributed::Known {
            app: candidates
                .next()
                .ok_or("an app has no id among its candidates")?,
            by,
        },
    };
    Ok(AppReport {
        app,
        id: view.id.as_deref().map(AppId::new),
        names: view.names,
        packages: view.packages,
        version: view.version,
        platform: platform(view.platform.as_deref())?,
        bases,
        is_installed: view.is_installed,
        level: level(&view.level)?,
        risk: view.risk,
        findings: each(view.findings, finding)?,
        recipients: each(view.recipients, receiver)?,
        grants: view.permissions.into_iter().map(grant).collect(),
        declared: each(view.declared, declared)?,
        chains: each(view.chains, ChainView::chain)?,
        provisions: ids(view.provisions),
        dpia_criteria: view.dpia_criteria,
        screening: each(view.dpia_screening, screened)?,
        questions: view.questions.into_iter().map(question).collect(),
        standing: view.policy.map(StandingView::standing).transpose()?,
    })
}

fn screened(view: ScreenedView) -> Result<Screened> {
    Ok(Screened {
        number: view.criterion,
        state: word(CriterionState::from_id, &view.state)?,
        because: ids(view.because),
    })
}

fn level(text: &str) -> Result<RiskLevel> {
    word(RiskLevel::from_id, text)
}

fn finding(view: FindingView) -> Result<JudgedFinding> {
    let occurrences = Occurrences {
        count: view.count,
        items: view.items,
        most_items: view.most_items,
        distinct: Distinct::counted(view.distinct_values, view.distinct_is_exact),
        first: time(view.first.as_deref())?,
        last: time(view.last.as_deref())?,
        precision_metres: view.precision_metres,
        evidence: view
            .evidence
            .into_iter()
            .map(evidence)
            .collect::<Result<BTreeSet<_>>>()?,
    };
    Ok(JudgedFinding {
        id: view.id,
        rule: view.rule.into(),
        observation: shared(view.observation),
        category: word(Category::from_id, &view.category)?,
        grade: word(Grade::from_id, &view.grade)?,
        protection: word(Protection::from_id, &view.protection)?,
        recipient: recipient(&view.recipient)?,
        company: shared(view.recipient.company),
        country: shared(view.recipient.country),
        is_opted_out: view.is_opted_out,
        occurrences,
        people: view.people.map(|people| People {
            others: people.others,
            is_owner_known: people.is_owner_known,
        }),
        score: view.score.as_ref().map(score).transpose()?,
        provisions: ids(view.provisions),
        reasons: ids(view.reasons),
    })
}

fn recipient(view: &ReceiverView) -> Result<Recipient> {
    Ok(Recipient {
        kind: word(RecipientKind::from_id, &view.kind)?,
        host: Arc::from(view.host.as_str()),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast from floating point saturates"
)]
fn score(view: &ScoreView) -> Result<Score> {
    let modifiers = view.likelihood_inputs.iter().map(|input| Modifier {
        id: input.id.as_str().into(),
        points: input.points,
    });
    Ok(Score {
        severity: view.severity,
        likelihood: Likelihood {
            value: view.likelihood,
            modifiers: modifiers.collect(),
        },
        evidence_percent: view.evidence_percent,
        risk: view.risk,
        priority_hundredths: (view.priority * 100.0).round() as u16,
        level: level(&view.level)?,
    })
}

fn evidence(view: EvidenceView) -> Result<Evidence> {
    let chain = view
        .decoding
        .iter()
        .map(|step| word(DecodeStep::from_id, step))
        .collect::<Result<Vec<_>>>()?;
    let path = view.path.filter(|path| !path.is_empty());
    Ok(Evidence {
        origin: Origin {
            input: InputId(view.input),
            frame: view.frame,
            time: time(view.time.as_deref())?,
        },
        flow: view
            .transport
            .zip(view.server)
            .map(|(transport, server)| flow(&transport, &server))
            .transpose()?,
        place: view
            .place
            .map(|place| word(Place::from_id, &place))
            .transpose()?,
        path: FieldPath(
            path.map(|path| PathStep::Name(path.into()))
                .into_iter()
                .collect(),
        ),
        chain: DecodeChain(chain.into()),
        value: view.value.as_deref().map(Sensitive::new),
    })
}

/// A flow by its server; the phone's own address is in no report.
fn flow(transport: &str, server: &str) -> Result<FlowKey> {
    let transport = match transport {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        other => other
            .strip_prefix("ip-")
            .and_then(|number| number.parse().ok())
            .map(Transport::Other)
            .ok_or_else(|| format!("{other:?} is not a transport protocol"))?,
    };
    let server: SocketAddr = server
        .parse()
        .map_err(|_| format!("{server:?} is not an address with port"))?;
    let unspecified: IpAddr = match server.ip() {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    Ok(FlowKey {
        transport,
        client: SocketAddr::new(unspecified, 0),
        server,
    })
}

fn receiver(view: RecipientView) -> Result<RecipientReport> {
    Ok(RecipientReport {
        recipient: recipient(&view.receiver)?,
        company: shared(view.receiver.company),
        parent: shared(view.parent),
        country: shared(view.receiver.country),
        role: shared(view.role),
        service: shared(view.service),
        volumes: volumes(&view.traffic)?,
    })
}

fn volumes(views: &[VolumeView]) -> Result<BTreeMap<ContentState, Volume>> {
    let volume = |view: &VolumeView| {
        let content = word(ContentState::from_id, &view.content)?;
        let volume = Volume {
            flows: view.flows,
            sent_bytes: view.sent_bytes,
            received_bytes: view.received_bytes,
            first: Origin {
                time: time(view.first.as_deref())?,
                ..Origin::default()
            },
            last: time(view.last.as_deref())?,
        };
        Ok((content, volume))
    };
    views.iter().map(volume).collect()
}

fn grant(view: PermissionView) -> Grant {
    Grant {
        permission: view.name,
        category: shared(view.category),
        risk: view.risk,
        is_declared: view.is_declared,
        is_granted: view.is_granted,
        is_policy_fixed: view.is_policy_fixed,
    }
}

fn declared(view: DeclaredView) -> Result<DeclaredFact> {
    Ok(DeclaredFact {
        kind: word(DeclaredKind::from_id, &view.kind)?,
        name: view.name,
        values: view.values,
        is_contacted: view.is_contacted,
    })
}

fn question(view: QuestionView) -> Question {
    Question {
        id: view.id.into(),
        subject: view.subject.into(),
    }
}
