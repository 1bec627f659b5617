//! `phonehome.toml` at the root of a case: what the company says of itself. Read by name, because the user put it there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use crate::likeness::nearest;
use crate::limits::POLICY_BYTES;
use crate::manifest::Column;
use crate::model::{
    AppPolicy, AppStatus, Consent, Day, DeviceKind, DevicePolicy, Exception, InternalRecipient,
    LegalBasis, Policy, Processor, Purpose, Retention, Subnet, TransferTool, line_after,
    written_day,
};
use crate::{Error, Result};

/// A commented file for a start, in German.
pub const TEMPLATE_DE: &str = include_str!("policy/template.de.toml");
/// A commented file for a start, in English.
pub const TEMPLATE_EN: &str = include_str!("policy/template.en.toml");

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileView {
    organisation: Option<String>,
    #[serde(deserialize_with = "country")]
    country: Option<String>,
    works_council: Option<bool>,
    retention: RetentionView,
    own_servers: OwnServersView,
    inventory: InventoryView,
    device: Vec<DeviceView>,
    app: Vec<AppView>,
    processor: Vec<ProcessorView>,
    internal_recipient: Vec<InternalView>,
    exception: Vec<ExceptionView>,
    /// Read by the gate.
    #[serde(rename = "suppression")]
    _suppressions: serde::de::IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetentionView {
    captures_days: Option<u32>,
    reports_days: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OwnServersView {
    #[serde(deserialize_with = "hosts")]
    hosts: Vec<String>,
    #[serde(deserialize_with = "networks")]
    networks: Vec<Subnet>,
}

/// How to read lists of apps.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct InventoryView {
    /// Names of columns, by what they mean.
    #[serde(deserialize_with = "columns")]
    columns: BTreeMap<Column, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceView {
    folder: Spanned<String>,
    #[serde(deserialize_with = "device_kind")]
    kind: DeviceKind,
    #[serde(default)]
    work_profile: bool,
    #[serde(default)]
    minors: bool,
    #[serde(default)]
    dedicated_to: Vec<Spanned<String>>,
    role: Option<String>,
    #[serde(default, deserialize_with = "consent")]
    consent_at: Option<Consent>,
    #[serde(default, deserialize_with = "time_zone")]
    time_zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppView {
    id: Spanned<String>,
    #[serde(deserialize_with = "app_status")]
    status: AppStatus,
    #[serde(default)]
    devices: Vec<Spanned<String>>,
    #[serde(default)]
    purpose: Vec<PurposeView>,
    #[serde(default, deserialize_with = "day")]
    since: Option<Day>,
    #[serde(default)]
    own_app: bool,
    #[serde(default)]
    business_channel: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeView {
    text: String,
    #[serde(default, deserialize_with = "legal_basis")]
    legal_basis: Option<LegalBasis>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessorView {
    company: String,
    #[serde(default, deserialize_with = "day")]
    contract: Option<Day>,
    #[serde(default)]
    sub_processors: Vec<String>,
    #[serde(default, deserialize_with = "transfer_tool")]
    transfer_tool: Option<TransferTool>,
    #[serde(default, deserialize_with = "day")]
    transfer_assessment: Option<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InternalView {
    name: String,
    #[serde(default, deserialize_with = "hosts")]
    hosts: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionView {
    app: Spanned<String>,
    observation: Option<Spanned<String>>,
    #[serde(default)]
    devices: Vec<Spanned<String>>,
    owner: String,
    reason: String,
    #[serde(deserialize_with = "needed_day")]
    expires: Day,
}

/// What the user says in `phonehome.toml`.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// About the company.
    pub(super) policy: Policy,
    /// Columns of lists of apps.
    pub(super) columns: BTreeMap<Column, String>,
    /// Apps, phones and observations that it names.
    pub(super) mentions: Vec<Mention>,
    /// Checksum of the file.
    pub(super) sha256: Option<String>,
}

/// What a [`Mention`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mentioned {
    /// An app: a profile, or a package or bundle id.
    App,
    /// An app that somebody puts up with, and that is on a phone.
    AppAtHand,
    /// Phones, by a pattern of their names.
    Phones,
    /// A legal observation.
    Observation,
}

/// A name in `phonehome.toml`, for those who know whether there is such a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Its line.
    pub line: usize,
    /// Where it stands, as in `[[app]] id`.
    pub place: &'static str,
    /// What it is the name of.
    pub what: Mentioned,
    /// The name.
    pub name: String,
}

/// Names of what columns can mean, under `[inventory.columns]`.
const COLUMNS: [(&str, Column); 10] = [
    ("package", Column::Package),
    ("name", Column::Name),
    ("apps", Column::Apps),
    ("version", Column::Version),
    ("device", Column::Device),
    ("device_name", Column::DeviceName),
    ("platform", Column::Platform),
    ("model", Column::Model),
    ("installer", Column::Installer),
    ("state", Column::State),
];

/// Reads it.
pub(super) fn read(path: &Path) -> Result<Said> {
    let mut text = String::new();
    let file = File::open(path).and_then(|file| file.take(POLICY_BYTES).read_to_string(&mut text));
    file.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let said = parse(&text).map_err(|reason| Error::Policy {
        path: path.to_owned(),
        reason,
    })?;
    let digest = digest(&SHA256, text.as_bytes());
    Ok(Said {
        sha256: Some(HEXLOWER.encode(digest.as_ref())),
        ..said
    })
}

/// The policy, or what is wrong with it and in which line.
fn parse(text: &str) -> Result<Said, String> {
    let view: FileView = toml::from_str(text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = line_after(before);
        if let Some(day) = written_day(text, before.len()) {
            return format!("line {line}: a date is written {day}, without quotes");
        }
        let message = error.message();
        match meant(message) {
            // Instead of the long list of all that there is.
            Some(meant) => {
                let unknown = message.split(", ").next().unwrap_or(message);
                format!("line {line}: {unknown}; did you mean `{meant}`?")
            }
            None => format!("line {line}: {message}"),
        }
    })?;
    let mut seen = BTreeSet::new();
    for AppView { id, devices, .. } in &view.app {
        let phones: Vec<&str> = devices.iter().map(|name| name.as_ref().as_str()).collect();
        let id = id.as_ref();
        if !seen.insert((id, phones)) {
            return Err(format!("[[app]] {id} stands twice for the same phones"));
        }
    }
    let mentions = view.mentions(text);
    Ok(Said {
        mentions,
        ..view.said()
    })
}

fn bare(names: Vec<Spanned<String>>) -> Vec<String> {
    names.into_iter().map(Spanned::into_inner).collect()
}

/// The known word that comes closest to the unknown one, from messages like "unknown field `a`, expected one of `b`, `c`".
fn meant(message: &str) -> Option<&str> {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = message
        .starts_with("unknown ")
        .then(|| words.next())
        .flatten()?;
    nearest(unknown, words.map(|known| (known, known))).next()
}

impl FileView {
    /// The names in it that may be misspelled.
    fn mentions(&self, text: &str) -> Vec<Mention> {
        let mut mentions = Vec::new();
        let mut add = |what, place, names: &[Spanned<String>]| {
            mentions.extend(names.iter().map(|name| Mention {
                line: line_after(text.get(..name.span().start).unwrap_or_default()),
                place,
                what,
                name: name.as_ref().clone(),
            }));
        };
        for device in &self.device {
            let folder = std::slice::from_ref(&device.folder);
            add(Mentioned::Phones, "[[device]] folder", folder);
            add(
                Mentioned::App,
                "[[device]] dedicated_to",
                &device.dedicated_to,
            );
        }
        for app in &self.app {
            add(Mentioned::App, "[[app]] id", std::slice::from_ref(&app.id));
            add(Mentioned::Phones, "[[app]] devices", &app.devices);
        }
        for one in &self.exception {
            let app = std::slice::from_ref(&one.app);
            add(Mentioned::AppAtHand, "[[exception]] app", app);
            add(Mentioned::Phones, "[[exception]] devices", &one.devices);
            let observation = one.observation.as_slice();
            add(
                Mentioned::Observation,
                "[[exception]] observation",
                observation,
            );
        }
        mentions
    }

    fn said(self) -> Said {
        let trimmed = |text: Option<String>| {
            text.map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let policy = Policy {
            organisation: trimmed(self.organisation),
            country: trimmed(self.country),
            has_works_council: self.works_council,
            devices: self.device.into_iter().map(DeviceView::policy).collect(),
            apps: self.app.into_iter().map(AppView::policy).collect(),
            processors: self
                .processor
                .into_iter()
                .map(ProcessorView::policy)
                .collect(),
            own_hosts: self.own_servers.hosts,
            own_networks: self.own_servers.networks,
            internal: self
                .internal_recipient
                .into_iter()
                .map(|InternalView { name, hosts }| InternalRecipient { name, hosts })
                .collect(),
            exceptions: self
                .exception
                .into_iter()
                .map(ExceptionView::policy)
                .collect(),
            retention: Retention {
                captures_days: self.retention.captures_days,
                reports_days: self.retention.reports_days,
            },
        };
        Said {
            policy,
            columns: self.inventory.columns,
            mentions: Vec::new(),
            sha256: None,
        }
    }
}

impl DeviceView {
    fn policy(self) -> DevicePolicy {
        DevicePolicy {
            folder: self.folder.into_inner(),
            kind: self.kind,
            has_work_profile: self.work_profile,
            has_minors: self.minors,
            dedicated_to: bare(self.dedicated_to),
            role: self.role,
            consent_at: self.consent_at,
            time_zone: self.time_zone,
        }
    }
}

impl AppView {
    fn policy(self) -> AppPolicy {
        let purpose = |PurposeView { text, legal_basis }| Purpose { text, legal_basis };
        AppPolicy {
            id: self.id.into_inner(),
            status: self.status,
            devices: bare(self.devices),
            purposes: self.purpose.into_iter().map(purpose).collect(),
            since: self.since,
            is_own: self.own_app,
            is_business_channel: self.business_channel,
        }
    }
}

impl ProcessorView {
    fn policy(self) -> Processor {
        Processor {
            company: self.company,
            contract: self.contract,
            sub_processors: self.sub_processors,
            transfer_tool: self.transfer_tool,
            transfer_assessment: self.transfer_assessment,
        }
    }
}

impl ExceptionView {
    fn policy(self) -> Exception {
        Exception {
            app: self.app.into_inner(),
            observation: self.observation.map(Spanned::into_inner),
            devices: bare(self.devices),
            owner: self.owner,
            reason: self.reason,
            expires: self.expires,
        }
    }
}

/// A code of ISO 3166-1 alpha-2, also in lower case: the law of the wrong country would be applied without a word.
fn country<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let code = text.trim().to_ascii_uppercase();
    let is_code = match code.as_bytes() {
        [] => true,
        // Codes that the standard leaves to users are no countries; Kosovo (XK) is one to the Commission.
        [b'X', second] => *second == b'K',
        [b'A', b'A'] | [b'Z', b'Z'] | [b'Q', b'M'..=b'Z'] => false,
        [first, second] => first.is_ascii_uppercase() && second.is_ascii_uppercase(),
        _ => false,
    };
    if is_code {
        return Ok(Some(code));
    }
    Err(D::Error::custom(format!(
        "country “{}” is no code of ISO 3166-1: write DE for Germany, AT for Austria",
        text.trim()
    )))
}

/// One of the words of a list; others are refused with the whole list.
fn word<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    all: impl Iterator<Item = (&'static str, T)>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    known_word(&text, all).map_err(D::Error::custom)
}

fn known_word<T: Copy>(
    text: &str,
    all: impl Iterator<Item = (&'static str, T)>,
) -> Result<T, String> {
    let all: Vec<(&str, T)> = all.collect();
    if let Some((_, value)) = all.iter().find(|(known, _)| *known == text) {
        return Ok(*value);
    }
    let known: Vec<String> = all.iter().map(|(known, _)| format!("`{known}`")).collect();
    Err(format!(
        "unknown word `{text}`, expected one of {}",
        known.join(", ")
    ))
}

/// A moment of consent, as text or as a date and time of TOML.
fn consent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Consent>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Time(toml::value::Datetime),
        Text(String),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Time(time) => time.to_string(),
        Written::Text(text) => text,
    };
    let consent = super::clock::consent(&text);
    consent.map(Some).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is no time of consent: write 2026-10-05T08:12:00+02:00, +90s after the first packet, or never"
        ))
    })
}

/// A zone that is known: times would be hours off without a word.
fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let name = text.trim();
    if super::Zone::named(name).is_some() {
        return Ok(Some(name.to_owned()));
    }
    Err(D::Error::custom(format!(
        "`{name}` is no time zone: write Europe/Berlin, or GMT+02:00"
    )))
}

fn device_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DeviceKind, D::Error> {
    word(
        deserializer,
        DeviceKind::ALL.iter().map(|one| (one.as_str(), *one)),
    )
}

fn app_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AppStatus, D::Error> {
    word(
        deserializer,
        AppStatus::ALL.iter().map(|one| (one.as_str(), *one)),
    )
}

fn legal_basis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<LegalBasis>, D::Error> {
    word(
        deserializer,
        LegalBasis::ALL.iter().map(|one| (one.as_str(), *one)),
    )
    .map(Some)
}

fn transfer_tool<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<TransferTool>, D::Error> {
    word(
        deserializer,
        TransferTool::ALL.iter().map(|one| (one.as_str(), *one)),
    )
    .map(Some)
}

/// A day, as a date of TOML or as text.
fn needed_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text,
        other => other.to_string(),
    };
    Day::parse(&text).ok_or_else(|| {
        D::Error::custom(format!("{text} is not a day; days are written 2026-11-24"))
    })
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    needed_day(deserializer).map(Some)
}

fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let hosts = Vec::<String>::deserialize(deserializer)?;
    for host in &hosts {
        // A suffix of one label would take in half the internet.
        if !host.contains('.') || host.contains(['/', '*', ':', ' ']) || host.starts_with('.') {
            return Err(D::Error::custom(format!(
                "`{host}` is not a host; hosts are written chat.example.org and stand for all below them"
            )));
        }
    }
    Ok(hosts)
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Subnet>, D::Error> {
    let network = |text: String| {
        Subnet::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a network; networks are written 192.0.2.0/24"
            ))
        })
    };
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.into_iter().map(network).collect()
}

fn columns<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<Column, String>, D::Error> {
    let view = BTreeMap::<String, String>::deserialize(deserializer)?;
    let column = |(key, name): (String, String)| {
        let column = known_word(&key, COLUMNS.into_iter()).map_err(D::Error::custom)?;
        Ok((column, name.trim().to_owned()))
    };
    view.into_iter().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_known_meanings() {
        let columns = parse("[inventory.columns]\ndevice = \"Gerät\"\napps = \"Apps\"\n")
            .unwrap()
            .columns;
        assert_eq!(columns[&Column::Device], "Gerät");
        let error = parse("\n[inventory]\ncolumns = { devise = \"x\" }\n").unwrap_err();
        assert!(error.starts_with("line 3: "), "{error}");
        assert!(error.ends_with("did you mean `device`?"), "{error}");
    }

    #[test]
    fn errors_name_their_line_and_what_was_meant() {
        for (text, line, said) in [
            ("\n\norganisation = 7\n", 3, "string"),
            ("organisation = \"open", 1, ""),
            (
                "\norganization = \"x\"\n",
                2,
                "did you mean `organisation`?",
            ),
            (
                "[[app]]\nid = \"x\"\nstatus = \"tolerate\"\n",
                3,
                "did you mean `tolerated`?",
            ),
            (
                "[[app]]\nid = \"x\"\nstatus = \"approved\"\nsince = 2024-13-01\n",
                4,
                "",
            ),
            (
                "[[app]]\nid = \"x\"\nstatus = \"approved\"\nsince = \"gestern\"\n",
                4,
                "2026-11-24",
            ),
            (
                "[own_servers]\nhosts = []\nnetworks = [\"192.0.2.0/99\"]\n",
                3,
                "192.0.2.0/99",
            ),
            ("[own_servers]\nhosts = [\"example\"]\n", 2, "is not a host"),
            ("[[device]]\nfolder = \"x\"\n", 1, "missing field `kind`"),
            (
                "[[processor]]\ncompany = \"x\"\ntransfer_tool = \"sccs\"\n",
                3,
                "did you mean `scc`?",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("line {line}: ")), "{error}");
            assert!(error.contains(said), "{error}");
        }
    }

    /// A template with its commented settings in force: these begin with `#` and no space.
    fn in_force(template: &str) -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        };
        template.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn templates_hold_as_they_are_and_with_everything_in_force() {
        let untouched = parse(TEMPLATE_EN).unwrap().policy;
        assert!(untouched.apps.is_empty() && untouched.devices.is_empty());
        let all = parse(&in_force(TEMPLATE_EN)).unwrap();
        assert_eq!(
            parse(&in_force(TEMPLATE_DE)).unwrap().policy.processors,
            all.policy.processors
        );
        assert!(!all.columns.is_empty());
        let Policy {
            organisation,
            country,
            has_works_council,
            devices,
            apps,
            processors,
            own_hosts,
            own_networks,
            internal,
            exceptions,
            retention,
        } = all.policy;
        assert!(organisation.is_some() && country.is_some() && has_works_council.is_some());
        assert!(
            devices
                .iter()
                .any(|device| device.kind == DeviceKind::Private)
        );
        assert!(devices.iter().any(|device| !device.dedicated_to.is_empty()));
        assert!(devices.iter().any(|device| device.has_minors));
        assert!(apps.iter().any(|app| app.is_own));
        for status in AppStatus::ALL {
            assert!(apps.iter().any(|app| app.status == status), "{status:?}");
        }
        assert!(
            processors
                .iter()
                .all(|one| one.contract.is_some() && one.transfer_tool.is_some())
        );
        assert!(!own_hosts.is_empty() && !own_networks.is_empty() && !internal.is_empty());
        assert!(!exceptions.is_empty() && retention.captures_days.is_some());
    }
}
