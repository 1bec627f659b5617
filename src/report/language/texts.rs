//! Which fixed texts there are.

/// Fixed texts of one language. `{…}` are filled by [`fill`](super::fill).
#[derive(Debug)]
pub struct Texts {
    /// Heading of apps that the company does not know or does not allow.
    pub shadow: &'static str,
    /// Explains it.
    pub shadow_note: &'static str,
    /// App that is not allowed; `{app}`.
    pub shadow_forbidden: &'static str,
    /// App that nothing is decided about; `{app}`.
    pub shadow_unknown: &'static str,
    /// Which app it is was concluded from a name.
    pub shadow_by_name: &'static str,
    /// Seen in traffic, not in a list of installed apps.
    pub shadow_by_traffic: &'static str,
    /// The same, where a log alone names it.
    pub shadow_by_log: &'static str,
    /// Apps that serve the same purpose; `{names}`.
    pub shadow_offer: &'static str,
    /// An exception in force; `{owner}`, `{reason}`, `{day}`.
    pub exception: &'static str,
    /// An exception that has ended; the same.
    pub exception_expired: &'static str,
    /// The company's decision; `{status}`.
    pub policy_says: &'static str,
    /// Decisions: required, approved, tolerated, forbidden.
    pub statuses: [&'static str; 4],
    /// A purpose without legal basis; `{purpose}`.
    pub no_legal_basis: &'static str,
    /// Before groups of people.
    pub affected: &'static str,
    /// Heading of the report.
    pub title: &'static str,
    /// Warning above a report that shows values.
    pub confidential: &'static str,
    /// Why a suppressed finding does not count; `{owner}`, `{day}`, `{reason}`.
    pub suppressed: &'static str,
    /// Why a finding of the baseline does not count.
    pub in_baseline: &'static str,
    /// One phone.
    pub phone: &'static str,
    /// Several phones.
    pub phones: &'static str,
    /// One input.
    pub input: &'static str,
    /// Several inputs.
    pub inputs: &'static str,
    /// Between two times.
    pub period: &'static str,
    /// Heading of the overview.
    pub overview: &'static str,
    /// Column: phone.
    pub column_phone: &'static str,
    /// Column: app.
    pub column_app: &'static str,
    /// Column: risk.
    pub column_risk: &'static str,
    /// Column: most important findings.
    pub column_findings: &'static str,
    /// Column: recipients with countries.
    pub column_recipients: &'static str,
    /// Column: kind of contents.
    pub column_contents: &'static str,
    /// Column: flows.
    pub column_flows: &'static str,
    /// Column: bytes sent.
    pub column_sent: &'static str,
    /// Column: bytes received.
    pub column_received: &'static str,
    /// Apps that are installed and showed nothing; `{count}`.
    pub silent_apps: &'static str,
    /// Apps with permissions only; `{count}`, `{names}`.
    pub only_permissions: &'static str,
    /// No app at all.
    pub no_apps: &'static str,
    /// Row of traffic that could not be put on an app.
    pub unknown_app: &'static str,
    /// Explains that row.
    pub unknown_app_note: &'static str,
    /// Between the candidates of shared traffic.
    pub or: &'static str,
    /// Explains a row of shared traffic.
    pub shared_note: &'static str,
    /// Row of the operating system.
    pub system: &'static str,
    /// Explains that row.
    pub system_note: &'static str,
    /// Heading of the findings of apps.
    pub findings: &'static str,
    /// An app without findings.
    pub no_findings: &'static str,
    /// Heading of findings whose evidence does not suffice to set the level.
    pub unproven: &'static str,
    /// Before the ways an app was recognised.
    pub recognised_by: &'static str,
    /// Before provisions.
    pub touches: &'static str,
    /// Before a place in a capture.
    pub example: &'static str,
    /// Packet of a capture.
    pub frame: &'static str,
    /// Entry or line of a document.
    pub entry: &'static str,
    /// One message.
    pub message: &'static str,
    /// Several messages.
    pub messages: &'static str,
    /// One connection.
    pub connection: &'static str,
    /// Several connections.
    pub connections: &'static str,
    /// `{count}` data items in all.
    pub items: &'static str,
    /// `{count}` distinct values.
    pub distinct: &'static str,
    /// `{count}` values that are not the user's own.
    pub others: &'static str,
    /// The same, where the user's own values are not known.
    pub others_at_least: &'static str,
    /// A contact that was all caused by what is shown in the app.
    pub of_content: &'static str,
    /// The same, in part.
    pub of_content_in_part: &'static str,
    /// A calculation: sent within `{seconds}` of a read.
    pub volume_burst: &'static str,
    /// A calculation: sent `{more}` than without contacts.
    pub volume_difference: &'static str,
    /// Consent given at `{time}`.
    pub consent_at: &'static str,
    /// The same where not all that went before is known.
    pub consent_at_least: &'static str,
    /// No consent given.
    pub consent_never: &'static str,
    /// Before an estimated number.
    pub about: &'static str,
    /// `{metres}` of precision.
    pub precision: &'static str,
    /// Company not known.
    pub unknown_company: &'static str,
    /// Stayed in the local network.
    pub local_network: &'static str,
    /// Before a severity.
    pub severity: &'static str,
    /// Before a likelihood.
    pub likelihood: &'static str,
    /// Before the weight of evidence.
    pub evidence_weight: &'static str,
    /// An opt-out is honoured: nothing weighed.
    pub opted_out: &'static str,
    /// Before facts behind a conclusion.
    pub because: &'static str,
    /// The vendor documents how contacts are matched; `{method}`.
    pub documented_discovery: &'static str,
    /// The same where that was not read: how sure it is stands behind; `{method}`.
    pub known_discovery: &'static str,
    /// `{name}`, a content provider.
    pub open_for_reading: &'static str,
    /// `{name}`, a content provider.
    pub open_for_writing: &'static str,
    /// `allowBackup` is not said.
    pub backup_by_default: &'static str,
    /// The app's profile says so; `{app}`.
    pub documented_app: &'static str,
    /// The same where that was not read: how sure it is stands behind; `{app}`.
    pub known_app: &'static str,
    /// No traffic of an app, where there could have been.
    pub no_traffic: &'static str,
    /// No traffic of an app, for no traffic of the phone was captured.
    pub traffic_unknown: &'static str,
    /// No permissions of interest.
    pub no_permissions: &'static str,
    /// Nothing says which permissions an app has.
    pub permissions_unknown: &'static str,
    /// `{company}` in the EEA; `{country}` of the deciding company.
    pub contract_party: &'static str,
    /// Behind what nobody has confirmed.
    pub unconfirmed: &'static str,
    /// Behind what some sources confirm.
    pub partly_confirmed: &'static str,
    /// Before an app's permissions.
    pub permissions: &'static str,
    /// Heading: what the app's package says.
    pub package_says: &'static str,
    /// Before names of third parties' code.
    pub contained_code: &'static str,
    /// Before what is demanded of TLS to hosts, as manifests have it.
    pub rules_of_tls: &'static str,
    /// Before the websites whose links open the app.
    pub opened_by: &'static str,
    /// Before the settings of that code that the rules know.
    pub settings_of_code: &'static str,
    /// Behind a name whose hosts were contacted.
    pub also_contacted: &'static str,
    /// Components that other apps reach without permission; `{count}`.
    pub open_components: &'static str,
    /// Kinds of data in privacy labels; `{count}`, `{tracking}`.
    pub label_kinds: &'static str,
    /// Hosts of trackers in privacy labels that were contacted; `{names}`.
    pub tracking_hosts: &'static str,
    /// Before permissions granted.
    pub granted: &'static str,
    /// Before permissions denied.
    pub denied: &'static str,
    /// Before permissions only declared.
    pub declared: &'static str,
    /// Decided by device management.
    pub by_policy: &'static str,
    /// Above the links from permission to transmission.
    pub chains: &'static str,
    /// Above measures of one app.
    pub remedies: &'static str,
    /// A measure; `{measure}`, `{effort}`, `{levels}`, `{changes}`.
    pub remedy: &'static str,
    /// More than shown; `{count}`.
    pub more: &'static str,
    /// DPIA criteria met; `{criteria}`.
    pub dpia: &'static str,
    /// How all criteria stand; `{met}`, `{not_met}`, `{ask}`.
    pub screening: &'static str,
    /// Heading of questions.
    pub questions: &'static str,
    /// Heading of coverage.
    pub coverage: &'static str,
    /// Nothing was missed.
    pub coverage_complete: &'static str,
    /// Nothing found is not nothing sent.
    pub not_clean: &'static str,
    /// Files left out and the like, per input.
    pub shortfalls: &'static str,
    /// More files with the same shortfall; `{count}`, `{reason}`.
    pub more_files: &'static str,
    /// How much could be read; `{percent}`.
    pub readable: &'static str,
    /// Heading of explanations.
    pub reading: &'static str,
    /// Explains the verbs.
    pub verbs: &'static str,
    /// Explains the score.
    pub score: &'static str,
    /// Explains masks.
    pub masks: &'static str,
    /// Date of the legal data; `{date}`.
    pub as_of: &'static str,
    /// Heading of provisions that every audit touches.
    pub always: &'static str,
    /// Before the fingerprint of the rules.
    pub rules: &'static str,
    /// The case has no name.
    pub standard_input: &'static str,
}
