//! A finding with its score and evidence, as the JSON report has them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::archive::{Result, ids, level, shared, time as moment, word};
use super::recipient::ReceiverView;
use super::{Prose, Word, strings, time};
use crate::model::{
    Category, DecodeChain, DecodeStep, Distinct, Evidence, FieldPath, FlowKey, Grade, InputId,
    JudgedFinding, Likelihood, Modifier, Occurrences, Origin, PathStep, People, Place, Protection,
    RiskLevel, Score, Sensitive, Transport,
};

/// A finding.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct FindingView {
    /// Stable id: the same app, rule, recipient, grade and protection have the same id in another audit.
    id: String,
    /// Rule id.
    rule: String,
    /// Id of the legal observation that it counts as.
    observation: Option<String>,
    /// Name of the rule, in the report's language.
    title: String,
    /// Category.
    #[schemars(extend("enum" = Category::ALL.map(Category::as_str)))]
    category: Word,
    /// Evidence: `known-value`, `decoded`, `shape`, `contacted`, `inferred`, `declared`.
    #[schemars(extend("enum" = Grade::ALL.map(Grade::as_str)))]
    grade: Word,
    /// What may be said of it: `transmitted`, `contacted`, `inferred`, `declared`.
    #[schemars(extend("enum" = ["transmitted", "contacted", "inferred", "declared"]))]
    verb: Word,
    /// On the way: `cleartext`, `encrypted`, `unknown`.
    #[schemars(extend("enum" = Protection::ALL.map(Protection::as_str)))]
    protection: Word,
    /// Who received it.
    recipient: ReceiverView,
    /// An opt-out honoured rather than data sent.
    is_opted_out: bool,
    /// Messages or connections.
    count: u64,
    /// Data items in all messages.
    items: u64,
    /// The most items in one message.
    most_items: u64,
    /// Distinct values.
    distinct_values: u64,
    /// Whether that number is exact.
    distinct_is_exact: bool,
    /// First time seen (RFC 3339, UTC); absent where only documents tell.
    first: Option<String>,
    /// Last time seen.
    last: Option<String>,
    /// Best precision, for positions.
    precision_metres: Option<u32>,
    /// Of the messages, how many were of which Android user, where others than the owner (0) did something on the phone: 10 is often the work profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    users: BTreeMap<u32, u64>,
    /// Of how many others data was transmitted, for contacts.
    #[serde(default)]
    people: Option<PeopleView>,
    /// Score; absent where nothing is weighed.
    score: Option<ScoreView>,
    /// Ids of provisions touched; to be checked, not established.
    provisions: Vec<String>,
    /// Facts behind a conclusion.
    reasons: Vec<String>,
    /// First pieces of evidence.
    evidence: Vec<EvidenceView>,
    /// Controls of OWASP MASVS.
    #[serde(default)]
    masvs: Vec<String>,
    /// The data in the W3C Data Privacy Vocabulary (IRI).
    #[serde(default)]
    dpv_data: Option<String>,
    /// The risk there (IRI).
    #[serde(default)]
    dpv_risk: Option<String>,
    /// Groups of people affected: `staff`, `customers`, `third-parties`.
    #[serde(default)]
    affected: Vec<String>,
    /// Measures that help; explained at `measures`.
    #[serde(default)]
    measures: Vec<String>,
}

/// Of how many people data left the phone, beside its user.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct PeopleView {
    /// Different values that are not the user's own; the least there are, where these are not known.
    others: u64,
    /// Whether the user's own values are known.
    is_owner_known: bool,
}

/// A score with every input.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ScoreView {
    /// 1–4.
    severity: u8,
    /// 1–4.
    likelihood: u8,
    /// Inputs of the likelihood.
    likelihood_inputs: Vec<ModifierView>,
    /// Strength of evidence in percent.
    evidence_percent: u8,
    /// severity × likelihood.
    risk: u8,
    /// risk × strength of evidence.
    priority: f64,
    /// Level of the risk.
    #[schemars(extend("enum" = RiskLevel::ALL.map(RiskLevel::as_str)))]
    level: Word,
}

/// An input of a likelihood.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ModifierView {
    /// Id.
    id: String,
    /// Points added.
    points: i8,
}

/// A place to find a piece of evidence again.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct EvidenceView {
    /// Input.
    input: u32,
    /// Packet, entry or line from 1.
    frame: u64,
    /// Time (RFC 3339, UTC); absent for documents.
    time: Option<String>,
    /// `tcp`, `udp` or the IP protocol number.
    transport: Option<String>,
    /// Address and port of the server.
    server: Option<String>,
    /// Part of the message: `path`, `query`, `header`, `cookie`, `body`.
    place: Option<Word>,
    /// Way to the value, with personal-looking names as `*`; of a value in two fields both (`device.geo.lat+lon`).
    path: Option<String>,
    /// Encodings undone, outermost first.
    decoding: Vec<Word>,
    /// Label of the value; the same label is the same value. The value itself if values are shown, as detectors normalise it: a
    /// phone number in E.164 (`+491713920014` of `+49 171 3920014`), an address in small letters, a position as two numbers.
    value: Option<String>,
}

impl FindingView {
    pub(super) fn of(prose: &Prose<'_>, finding: &JudgedFinding) -> Self {
        let occurrences = &finding.occurrences;
        let terms = prose.rules.terms(
            &finding.rule,
            finding.observation.as_deref(),
            finding.category,
        );
        Self {
            masvs: strings(&terms.masvs),
            dpv_data: terms.dpv_data.as_ref().map(ToString::to_string),
            dpv_risk: terms.dpv_risk.as_ref().map(ToString::to_string),
            affected: strings(&terms.persons),
            measures: strings(&terms.mitigations),
            id: finding.id.clone(),
            rule: finding.rule.to_string(),
            observation: finding.observation.as_ref().map(ToString::to_string),
            title: prose.rule(&finding.rule),
            category: finding.category.as_str().into(),
            grade: finding.grade.as_str().into(),
            verb: if finding.grade.is_transmitted() {
                "transmitted".into()
            } else {
                finding.grade.as_str().into()
            },
            protection: finding.protection.as_str().into(),
            recipient: ReceiverView::of(
                &finding.recipient,
                finding.company.as_ref(),
                finding.country.as_ref(),
            ),
            is_opted_out: finding.is_opted_out,
            count: occurrences.count,
            items: occurrences.items,
            most_items: occurrences.most_items,
            distinct_values: occurrences.distinct.count(),
            distinct_is_exact: occurrences.distinct.is_exact(),
            first: time(occurrences.first),
            last: time(occurrences.last),
            precision_metres: occurrences.precision_metres,
            users: occurrences.users.iter().collect(),
            people: finding.people.map(|people| PeopleView {
                others: people.others,
                is_owner_known: people.is_owner_known,
            }),
            score: finding.score.as_ref().map(ScoreView::of),
            provisions: strings(&finding.provisions),
            reasons: finding.reasons.iter().map(ToString::to_string).collect(),
            evidence: occurrences.evidence.iter().map(EvidenceView::of).collect(),
        }
    }

    pub(super) fn finding(self) -> Result<JudgedFinding> {
        let occurrences = Occurrences {
            count: self.count,
            items: self.items,
            most_items: self.most_items,
            distinct: Distinct::counted(self.distinct_values, self.distinct_is_exact),
            first: moment(self.first.as_deref())?,
            last: moment(self.last.as_deref())?,
            precision_metres: self.precision_metres,
            users: self.users.into_iter().collect(),
            evidence: self
                .evidence
                .into_iter()
                .map(EvidenceView::evidence)
                .collect::<Result<BTreeSet<_>>>()?,
        };
        Ok(JudgedFinding {
            id: self.id,
            rule: self.rule.into(),
            observation: shared(self.observation),
            category: word(Category::from_id, &self.category)?,
            grade: word(Grade::from_id, &self.grade)?,
            protection: word(Protection::from_id, &self.protection)?,
            recipient: self.recipient.recipient()?,
            company: shared(self.recipient.company),
            country: shared(self.recipient.country),
            is_opted_out: self.is_opted_out,
            occurrences,
            people: self.people.map(|people| People {
                others: people.others,
                is_owner_known: people.is_owner_known,
            }),
            score: self.score.as_ref().map(ScoreView::score).transpose()?,
            provisions: ids(self.provisions),
            reasons: ids(self.reasons),
        })
    }
}

impl ScoreView {
    fn of(score: &Score) -> Self {
        let input = |modifier: &Modifier| ModifierView {
            id: modifier.id.to_string(),
            points: modifier.points,
        };
        Self {
            severity: score.severity,
            likelihood: score.likelihood.value,
            likelihood_inputs: score.likelihood.modifiers.iter().map(input).collect(),
            evidence_percent: score.evidence_percent,
            risk: score.risk,
            priority: f64::from(score.priority_hundredths) / 100.0,
            level: score.level.as_str().into(),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast from floating point saturates"
    )]
    fn score(&self) -> Result<Score> {
        let modifiers = self.likelihood_inputs.iter().map(|input| Modifier {
            id: input.id.as_str().into(),
            points: input.points,
        });
        Ok(Score {
            severity: self.severity,
            likelihood: Likelihood {
                value: self.likelihood,
                modifiers: modifiers.collect(),
            },
            evidence_percent: self.evidence_percent,
            risk: self.risk,
            priority_hundredths: (self.priority * 100.0).round() as u16,
            level: level(&self.level)?,
        })
    }
}

impl EvidenceView {
    fn of(evidence: &Evidence) -> Self {
        Self {
            input: evidence.origin.input.0,
            frame: evidence.origin.frame,
            time: time(evidence.origin.time),
            transport: evidence.flow.map(|flow| transport(flow.transport)),
            server: evidence.flow.map(|flow| flow.server.to_string()),
            place: evidence.place.map(|place| place.as_str().into()),
            path: evidence.place.map(|_| evidence.path.to_string()),
            decoding: evidence
                .chain
                .0
                .iter()
                .map(|step| step.as_str().into())
                .collect(),
            value: evidence
                .value
                .as_ref()
                .map(|value| value.reveal().to_owned()),
        }
    }

    fn evidence(self) -> Result<Evidence> {
        let chain = self
            .decoding
            .iter()
            .map(|step| word(DecodeStep::from_id, step))
            .collect::<Result<Vec<_>>>()?;
        let path = self.path.filter(|path| !path.is_empty());
        Ok(Evidence {
            origin: Origin {
                input: InputId(self.input),
                frame: self.frame,
                time: moment(self.time.as_deref())?,
            },
            flow: self
                .transport
                .zip(self.server)
                .map(|(transport, server)| flow(&transport, &server))
                .transpose()?,
            place: self
                .place
                .map(|place| word(Place::from_id, &place))
                .transpose()?,
            path: FieldPath(
                path.map(|path| PathStep::Name(path.into()))
                    .into_iter()
                    .collect(),
            ),
            chain: DecodeChain(chain.into()),
            value: self.value.as_deref().map(Sensitive::new),
        })
    }
}

/// A transport protocol in words.
pub(in crate::report) fn transport(transport: Transport) -> String {
    match transport {
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp => "udp".to_owned(),
        Transport::Other(number) => format!("ip-{number}"),
    }
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
