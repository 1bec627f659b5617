//! What the company says of itself: its phones, apps, processors, servers and exceptions. Read from `phonehome.toml`.

use std::fmt;
use std::net::IpAddr;

use super::{AppId, Consent, Timestamp};

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    of_month: u8,
}

impl Day {
    /// The day, if there is one of that number.
    pub fn new(year: u16, month: u8, of_month: u8) -> Option<Self> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        (1..=last).contains(&of_month).then_some(Self {
            year,
            month,
            of_month,
        })
    }

    /// Reads `2026-11-24`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none()
            && (year.len(), month.len(), day.len()) == (4, 2, 2)
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
        if !is_whole {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day of a time, UTC.
    pub fn of(time: Timestamp) -> Option<Self> {
        Self::parse(time.to_string().get(..10)?)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.of_month
        )
    }
}

ids! {
    /// Whose phone it is, and how it is used.
    DeviceKind {
        /// Bought and run by the company.
        Company = "company",
        /// A person's own, used for work.
        Private = "private",
    }
}

ids! {
    /// What the company has decided about an app.
    AppStatus {
        /// Must be on the phones.
        Required = "required",
        /// Examined and allowed.
        Approved = "approved",
        /// Known and put up with.
        Tolerated = "tolerated",
        /// Not allowed.
        Forbidden = "forbidden",
    }
}

ids! {
    /// On what a transfer to a third country rests (GDPR Ch. V).
    TransferTool {
        /// An adequacy decision for the country (Art. 45).
        Adequacy = "adequacy",
        /// The recipient is on the list of the EU-US Data Privacy Framework (Art. 45).
        Dpf = "dpf",
        /// Standard contractual clauses (Art. 46(2)(c)).
        Scc = "scc",
        /// Binding corporate rules (Art. 47).
        Bcr = "bcr",
    }
}

ids! {
    /// A legal basis of processing (GDPR Art. 6(1), 9(2)).
    LegalBasis {
        /// Consent.
        Consent = "consent",
        /// A contract with the person.
        Contract = "contract",
        /// A legal obligation.
        LegalObligation = "legal-obligation",
        /// Vital interests.
        VitalInterests = "vital-interests",
        /// A task in the public interest.
        PublicTask = "public-task",
        /// Legitimate interests.
        LegitimateInterests = "legitimate-interests",
        /// A works agreement (GDPR Art. 88).
        WorksAgreement = "works-agreement",
    }
}

/// A kind of phone: those whose names match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePolicy {
    /// Name of the phone's folder, or a pattern of it with `*` and `?`.
    pub folder: String,
    /// Whose it is.
    pub kind: DeviceKind,
    /// Work data is kept apart in a work profile or container.
    pub has_work_profile: bool,
    /// Some of its users are under 18: apprentices, pupils on placement.
    pub has_minors: bool,
    /// The only apps that it is for; empty if it is a phone for everything.
    pub dedicated_to: Vec<String>,
    /// What its user does.
    pub role: Option<String>,
    /// When its user agreed to what apps store and read.
    pub consent_at: Option<Consent>,
    /// The time zone of its clock (IANA): what its logs tell without one is read in it.
    pub time_zone: Option<String>,
}

/// What an app is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// In the company's words.
    pub text: String,
    /// On what it rests; `None` if nobody has decided.
    pub legal_basis: Option<LegalBasis>,
}

/// A decision about an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppPolicy {
    /// Id of a profile, or a package or bundle id.
    pub id: String,
    /// The decision.
    pub status: AppStatus,
    /// Phones that it holds for: patterns as in [`DevicePolicy::folder`]; empty for all.
    pub devices: Vec<String>,
    /// What it is used for.
    pub purposes: Vec<Purpose>,
    /// Since when.
    pub since: Option<Day>,
    /// It is an app of the company's own: what is built into it, the company has chosen.
    pub is_own: bool,
    /// The company talks to the public through it.
    pub is_business_channel: bool,
}

/// A company that processes data on behalf of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Name, as reports print it.
    pub company: String,
    /// Day of the processing contract (GDPR Art. 28).
    pub contract: Option<Day>,
    /// Further processors (GDPR Art. 28(2)).
    pub sub_processors: Vec<String>,
    /// On what a transfer rests.
    pub transfer_tool: Option<TransferTool>,
    /// Day on which the transfer was assessed.
    pub transfer_assessment: Option<Day>,
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    address: IpAddr,
    prefix: u8,
}

impl Subnet {
    /// Reads `192.0.2.0/24`; an address alone is itself.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(self.prefix.into());
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128_u32.saturating_sub(self.prefix.into());
                own.to_bits().checked_shr(shift) == other.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// A recipient inside the company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalRecipient {
    /// Who it is: a department, a group company.
    pub name: String,
    /// Its hosts, with all below them.
    pub hosts: Vec<String>,
}

/// Something that the company has decided to put up with for a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// Id of a profile, or a package or bundle id.
    pub app: String,
    /// Id of the legal observation that it is about; `None` for the use of the app as such.
    pub observation: Option<String>,
    /// Phones that it holds for: patterns as in [`DevicePolicy::folder`]; empty for all.
    pub devices: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Day,
}

/// An exception as it stood on the day of the capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionState {
    /// The exception.
    pub exception: Exception,
    /// Its last day was before the last packet.
    pub is_expired: bool,
}

/// What the company says of one app on one phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The decision; `None` if there is none.
    pub status: Option<AppStatus>,
    /// What it is used for.
    pub purposes: Vec<Purpose>,
    /// Since when.
    pub since: Option<Day>,
    /// Exceptions.
    pub exceptions: Vec<ExceptionState>,
}

/// An app on a phone that the company does not know or does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowApp {
    /// Profile or package id.
    pub id: AppId,
    /// Name to show.
    pub name: String,
    /// [`AppStatus::Forbidden`], or `None` if nothing is decided.
    pub status: Option<AppStatus>,
    /// Listed by a document of the phone, rather than seen in traffic alone.
    pub is_installed: bool,
    /// The list that names it has no package ids: which app it is was concluded from the name.
    pub is_matched_by_name: bool,
    /// Traffic was put on it.
    pub has_traffic: bool,
    /// Exceptions for its use.
    pub exceptions: Vec<ExceptionState>,
}

/// How long what an audit makes is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days after which captures are deleted.
    pub captures_days: Option<u32>,
    /// Days after which reports are deleted.
    pub reports_days: Option<u32>,
}

/// What `phonehome.toml` says. Empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The organisation's name.
    pub organisation: Option<String>,
    /// Where it is seated, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Whether there is a works council; `None` if it is not said.
    pub has_works_council: Option<bool>,
    /// Kinds of phones; the first whose pattern matches counts.
    pub devices: Vec<DevicePolicy>,
    /// Decisions about apps; the first that fits counts.
    pub apps: Vec<AppPolicy>,
    /// Processors.
    pub processors: Vec<Processor>,
    /// Hosts of the company's own servers, with all below them.
    pub own_hosts: Vec<String>,
    /// Networks of the company's own servers.
    pub own_networks: Vec<Subnet>,
    /// Recipients inside the company.
    pub internal: Vec<InternalRecipient>,
    /// Exceptions.
    pub exceptions: Vec<Exception>,
    /// How long things are kept.
    pub retention: Retention,
}

/// Who answers for the processing (GDPR Art. 4(7)): what the company says of itself as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controller {
    /// The organisation's name.
    pub name: Option<String>,
    /// Where it is seated, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Whether there is a works council; `None` if it is not said.
    pub has_works_council: Option<bool>,
    /// Processors.
    pub processors: Vec<Processor>,
    /// How long things are kept.
    pub retention: Retention,
}

impl Controller {
    /// Whether the law of a country may apply; it may where the seat is not known.
    pub fn may_be_in(&self, country: &str) -> bool {
        self.country.as_deref().is_none_or(|seat| seat == country)
    }

    /// The processor that a company is, as [`is_company`] compares names.
    pub fn processor(&self, company: &str) -> Option<&Processor> {
        self.processors
            .iter()
            .find(|processor| is_company(company, &processor.company))
    }
}

impl Policy {
    /// What it says of the company as a whole.
    pub fn controller(&self) -> Controller {
        Controller {
            name: self.organisation.clone(),
            country: self.country.clone(),
            has_works_council: self.has_works_council,
            processors: self.processors.clone(),
            retention: self.retention.clone(),
        }
    }

    /// What is said of a phone.
    pub fn device(&self, name: &str) -> Option<&DevicePolicy> {
        self.devices
            .iter()
            .find(|device| matches(&device.folder, name))
    }

    /// The decision about an app on a phone; `ids` are its profile and its packages.
    pub fn app<'a>(&'a self, device: &str, ids: &[&str]) -> Option<&'a AppPolicy> {
        self.apps
            .iter()
            .find(|app| ids.contains(&&*app.id) && covers(&app.devices, device))
    }

    /// Exceptions for an app on a phone.
    pub fn exceptions<'a>(
        &'a self,
        device: &'a str,
        ids: &'a [&'a str],
    ) -> impl Iterator<Item = &'a Exception> {
        self.exceptions
            .iter()
            .filter(move |one| ids.contains(&&*one.app) && covers(&one.devices, device))
    }

    /// The processor that a company is, as [`is_company`] compares names.
    pub fn processor(&self, company: &str) -> Option<&Processor> {
        self.processors
            .iter()
            .find(|processor| is_company(company, &processor.company))
    }

    /// Whether a host or address is a server of the company's own.
    pub fn is_own(&self, host: &str) -> bool {
        if let Ok(address) = host.parse::<IpAddr>() {
            return self
                .own_networks
                .iter()
                .any(|network| network.contains(address));
        }
        let internal = self.internal.iter().flat_map(|one| &one.hosts);
        self.own_hosts
            .iter()
            .chain(internal)
            .any(|suffix| is_below(host, suffix))
    }
}

/// Whether a company's name is the wanted one, or begins with it: `WhatsApp` is `WhatsApp LLC`. Case does not count.
pub fn is_company(name: &str, wanted: &str) -> bool {
    let (name, wanted) = (name.to_lowercase(), wanted.trim().to_lowercase());
    !wanted.is_empty()
        && name
            .strip_prefix(&wanted)
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// Whether a host is a domain or below it; case does not count.
pub fn is_below(host: &str, domain: &str) -> bool {
    let before = host.len().checked_sub(domain.len());
    before
        .and_then(|at| host.split_at_checked(at))
        .is_some_and(|(before, end)| {
            end.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with('.'))
        })
}

/// The number of the line of a file that begins, or goes on, after so much of its text.
pub fn line_after(before: &str) -> usize {
    before.matches('\n').count().saturating_add(1)
}

/// How the day of a line of TOML is written, if somebody wrote it as 31.12.2026; `at` is a place in the line.
pub fn written_day(text: &str, at: usize) -> Option<String> {
    let begin = text
        .get(..at)?
        .rfind('\n')
        .map_or(0, |end| end.saturating_add(1));
    let line = text.get(begin..)?.lines().next()?;
    let (_, value) = line.split_once('=')?;
    let value = value.split('#').next()?.trim().trim_matches(['"', '\'']);
    let mut parts = value.split('.').map(|part| part.parse::<u16>().ok());
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    let day = format!("{year:04}-{month:02}-{day:02}");
    Day::parse(&day).map(|day| day.to_string())
}

/// Whether patterns cover a phone: none at all covers every one.
fn covers(patterns: &[String], device: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, device))
}

/// Whether a pattern with `*` (any text) and `?` (one character) matches a whole name. Linear in pattern × name.
pub fn matches(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    // fits[n]: the pattern so far matches the first n characters
    let mut fits = vec![false; name.len().saturating_add(1)];
    if let Some(first) = fits.first_mut() {
        *first = true;
    }
    for wanted in pattern.chars() {
        let mut next = Vec::with_capacity(fits.len());
        if wanted == '*' {
            let mut is_reached = false;
            next.extend(fits.iter().map(|fit| {
                is_reached |= fit;
                is_reached
            }));
        } else {
            next.push(false);
            let each = name.iter().zip(&fits);
            next.extend(each.map(|(has, fit)| *fit && (wanted == '?' || wanted == *has)));
        }
        fits = next;
    }
    fits.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in [
            ("company-phone", "company-phone"),
            ("company-*", "company-phone"),
            ("*", ""),
            ("*-phone", "a-phone-phone"),
            ("lager-??", "lager-07"),
            ("*ü*", "Büro"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("company", "company-phone"),
            ("lager-?", "lager-07"),
            ("", "x"),
            ("a*b", "abc"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(Day::parse("2024-02-29").unwrap().to_string(), "2024-02-29");
        for text in [
            "2023-02-29",
            "2024-13-01",
            "2024-1-01",
            "2024-01-00",
            "24-01-01",
            "2024-01-01-",
            "",
            "+024-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert!(Day::parse("2024-12-31") < Day::parse("2025-01-01"));
    }

    #[test]
    fn subnets_hold_their_addresses() {
        let inside = |net: &str, address: &str| {
            Subnet::parse(net)
                .unwrap()
                .contains(address.parse().unwrap())
        };
        assert!(inside("192.0.2.0/24", "192.0.2.255") && !inside("192.0.2.0/24", "192.0.3.0"));
        assert!(inside("0.0.0.0/0", "198.51.100.1") && !inside("0.0.0.0/0", "2001:db8::1"));
        assert!(
            inside("2001:db8::/32", "2001:db8:ffff::1") && inside("192.0.2.7", "::ffff:192.0.2.7")
        );
        assert_eq!(Subnet::parse("192.0.2.0/33"), None);
        assert_eq!(Subnet::parse("example"), None);
    }

    #[test]
    fn own_servers_are_hosts_with_all_below_them() {
        let policy = Policy {
            own_hosts: vec!["chat.nordlicht.example".to_owned()],
            ..Policy::default()
        };
        assert!(
            policy.is_own("chat.nordlicht.example") && policy.is_own("a.Chat.nordlicht.example")
        );
        assert!(!policy.is_own("xchat.nordlicht.example") && !policy.is_own("nordlicht.example"));
    }
}
