//! The words of reports, in every language. A text is a field of [`Texts`], so a language without it does not compile;
//! what comes from rules (names of findings, provisions, questions) has both languages there.

use super::Language;
use crate::model::{
    AppStatus, Basis, Category, ContentState, Contradiction, Grade, LabelState, Protection,
    RiskLevel, Shortfall,
};
use crate::rules::{MeasureKind, Text};

/// Fixed texts of one language. `{…}` are filled by [`fill`].
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
    /// Seen in traffic, not in a list of installed apps.
    pub shadow_by_traffic: &'static str,
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
    /// A calculation: sent within `{seconds}` of a read.
    pub volume_burst: &'static str,
    /// A calculation: sent `{more}` than without contacts.
    pub volume_difference: &'static str,
    /// Consent given at `{time}`.
    pub consent_at: &'static str,
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
    /// The app's profile says so; `{app}`.
    pub documented_app: &'static str,
    /// Before an app's permissions.
    pub permissions: &'static str,
    /// Heading: what the app's package says.
    pub package_says: &'static str,
    /// Before names of third parties' code.
    pub contained_code: &'static str,
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
    /// A measure; `{measure}`, `{effort}`, `{before}`, `{after}`, `{gone}`, `{other}`, `{kept}`.
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

/// English.
const ENGLISH: Texts = Texts {
    shadow: "Apps that nobody has decided about, or that are not allowed",
    shadow_note: "People use these apps because they help them. Talk first: ask what they are needed for, say openly what was measured and what not, and offer a way that works as well.",
    shadow_forbidden: "{app} – not allowed by the policy",
    shadow_unknown: "{app} – the policy does not name it",
    shadow_by_traffic: "seen in traffic, not in a list of installed apps",
    shadow_offer: "To offer instead: {names}.",
    exception: "Exception until {day}, {owner}: {reason}",
    exception_expired: "Exception ended on {day} and no longer counts, {owner}: {reason}",
    policy_says: "Policy: {status}",
    statuses: ["required", "approved", "tolerated", "not allowed"],
    no_legal_basis: "“{purpose}”: legal basis not decided",
    affected: "affects",
    title: "What left the phones",
    confidential: "CONFIDENTIAL: this report shows captured values.",
    suppressed: "suppressed by {owner} until {day}: {reason}",
    in_baseline: "known from the baseline",
    phone: "phone",
    phones: "phones",
    input: "input",
    inputs: "inputs",
    period: "to",
    overview: "Risk per app",
    column_phone: "Phone",
    column_app: "App",
    column_risk: "Risk",
    column_findings: "What stands out",
    column_recipients: "Recipients",
    column_contents: "Contents",
    column_flows: "Flows",
    column_sent: "Sent",
    column_received: "Received",
    silent_apps: "{count} installed without traffic or permissions of interest: not shown.",
    only_permissions: "{count} installed without traffic, but with permissions of interest: {names}.",
    no_apps: "No traffic and no app was found in the inputs.",
    unknown_app: "(app unknown)",
    unknown_app_note: "The capture does not tell which app sent this.",
    or: "or",
    shared_note: "These apps share what tells them apart; each of them may have sent this.",
    system: "Operating system",
    system_note: "Traffic of the phone itself (push, time, updates, connectivity checks); not counted towards any app.",
    findings: "Findings per app",
    no_findings: "No finding. That does not mean that nothing was sent: see “What was not seen”.",
    unproven: "Also seen, without weight for the level:",
    recognised_by: "recognised by",
    touches: "touches, to be checked:",
    example: "e.g.",
    frame: "frame",
    entry: "entry",
    message: "message",
    messages: "messages",
    connection: "connection",
    connections: "connections",
    items: "{count} entries",
    distinct: "{count} different values",
    others: "{count} of them not the owner's",
    others_at_least: "at least {count} of them not the owner's (owner's own values not known)",
    volume_burst: "{contacts} contacts × {least} to {most} bytes = {from} to {to} bytes, and up to {around} around them; {sent} bytes were sent in {seconds} s",
    volume_difference: "{contacts} contacts × {least} to {most} bytes = {from} to {to} bytes; {sent} bytes with contacts − {without} without = {more}",
    consent_at: "consent given at {time}",
    consent_never: "no consent given",
    about: "about",
    precision: "exact to {metres} m",
    unknown_company: "company unknown",
    local_network: "local network",
    severity: "severity",
    likelihood: "likelihood",
    evidence_weight: "evidence",
    opted_out: "opt-out honoured: no identifier sent",
    because: "because",
    documented_discovery: "documented contact matching: {method}",
    documented_app: "documented for {app}",
    permissions: "Permissions:",
    package_says: "In its package:",
    contained_code: "code of",
    also_contacted: "contacted",
    open_components: "{count} components open to other apps without a permission",
    label_kinds: "privacy labels: {count} kinds of data collected, {tracking} of them for tracking",
    tracking_hosts: "declared as trackers, and contacted: {names}",
    granted: "granted",
    denied: "denied",
    declared: "declared",
    by_policy: "set by device management",
    chains: "From permission to transmission:",
    remedies: "Measures, each by itself, and what they would change:",
    remedy: "{measure} ({effort}): {before} → {after}; findings that go: {gone}, fall: {other}, stay: {kept}",
    more: "and {count} more",
    dpia: "Impact assessment (GDPR Art. 35) to be considered: {criteria}",
    screening: "Criteria of WP 248: met {met}; not met {not_met}; to be asked {ask}",
    questions: "Questions that only people can answer",
    coverage: "What was not seen",
    coverage_complete: "All inputs were read to the end.",
    not_clean: "“No finding” does not mean “nothing sent”. What was encrypted or not captured may hold more; another day, another \
                user or another version of the app may send other things.",
    shortfalls: "Left out, cut or damaged:",
    reading: "How to read this",
    verbs: "transmitted: seen in the traffic, decoded. contacted: the service was reached, what was sent is not visible. \
            inferred: concluded from facts that are named. declared: the app asks for it or holds the permission.",
    score: "risk = severity (1–4) × likelihood (1–4, the sum of its inputs within these bounds); 1–3 low, 4–8 medium, 9–12 high, 13–16 very high. The \
            evidence is kept apart and never lowers a risk; below 40 % it does not set the level of an app.",
    masks: "Values are masked; the same label is the same value. --show-values shows them.",
    as_of: "Legal data as of {date}.",
    always: "Every audit touches:",
    rules: "rules",
    standard_input: "standard input",
};

/// German.
const GERMAN: Texts = Texts {
    shadow: "Apps, über die niemand entschieden hat oder die nicht erlaubt sind",
    shadow_note: "Diese Apps werden genutzt, weil sie helfen. Sprechen Sie zuerst: Fragen Sie, wofür sie gebraucht werden, sagen Sie offen, was gemessen wurde und was nicht, und bieten Sie einen Weg an, der ebenso gut funktioniert.",
    shadow_forbidden: "{app} – nach der Richtlinie nicht erlaubt",
    shadow_unknown: "{app} – in der Richtlinie nicht genannt",
    shadow_by_traffic: "im Verkehr gesehen, in keiner Liste installierter Apps",
    shadow_offer: "Als Ersatz anzubieten: {names}.",
    exception: "Ausnahme bis {day}, {owner}: {reason}",
    exception_expired: "Ausnahme endete am {day} und zählt nicht mehr, {owner}: {reason}",
    policy_says: "Richtlinie: {status}",
    statuses: ["vorgeschrieben", "freigegeben", "geduldet", "nicht erlaubt"],
    no_legal_basis: "„{purpose}“: Rechtsgrundlage nicht entschieden",
    affected: "betrifft",
    title: "Was die Telefone verlassen hat",
    confidential: "VERTRAULICH: Dieser Bericht zeigt mitgeschnittene Werte.",
    suppressed: "zurückgestellt durch {owner} bis {day}: {reason}",
    in_baseline: "aus dem Vergleichsbericht bekannt",
    phone: "Telefon",
    phones: "Telefone",
    input: "Eingabe",
    inputs: "Eingaben",
    period: "bis",
    overview: "Risiko je App",
    column_phone: "Telefon",
    column_app: "App",
    column_risk: "Risiko",
    column_findings: "Was auffällt",
    column_recipients: "Empfänger",
    column_contents: "Inhalte",
    column_flows: "Flüsse",
    column_sent: "Gesendet",
    column_received: "Empfangen",
    silent_apps: "{count} installiert, ohne Verkehr und ohne bemerkenswerte Berechtigungen: nicht gezeigt.",
    only_permissions: "{count} installiert, ohne Verkehr, aber mit bemerkenswerten Berechtigungen: {names}.",
    no_apps: "In den Eingaben fand sich kein Verkehr und keine App.",
    unknown_app: "(App unbekannt)",
    unknown_app_note: "Der Mitschnitt sagt nicht, welche App das gesendet hat.",
    or: "oder",
    shared_note: "Diese Apps teilen das Merkmal, das sie unterscheiden würde; jede von ihnen kann das gesendet haben.",
    system: "Betriebssystem",
    system_note: "Verkehr des Telefons selbst (Push, Zeit, Updates, Verbindungsprüfung); keiner App zugerechnet.",
    findings: "Befunde je App",
    no_findings: "Kein Befund. Das heißt nicht, dass nichts gesendet wurde: siehe „Was nicht zu sehen war“.",
    unproven: "Außerdem gesehen, ohne Gewicht für die Stufe:",
    recognised_by: "erkannt an",
    touches: "berührt, zu prüfen:",
    example: "z. B.",
    frame: "Paket",
    entry: "Eintrag",
    message: "Nachricht",
    messages: "Nachrichten",
    connection: "Verbindung",
    connections: "Verbindungen",
    items: "{count} Einträge",
    distinct: "{count} verschiedene Werte",
    others: "davon {count} nicht die des Besitzers",
    others_at_least: "davon mindestens {count} nicht die des Besitzers (dessen eigene Werte sind nicht bekannt)",
    volume_burst: "{contacts} Kontakte × {least} bis {most} Bytes = {from} bis {to} Bytes, dazu bis zu {around} drum herum; {sent} Bytes gingen in {seconds} s",
    volume_difference: "{contacts} Kontakte × {least} bis {most} Bytes = {from} bis {to} Bytes; {sent} Bytes mit Kontakten − {without} ohne = {more}",
    consent_at: "Einwilligung erteilt um {time}",
    consent_never: "keine Einwilligung erteilt",
    about: "etwa",
    precision: "auf {metres} m genau",
    unknown_company: "Unternehmen unbekannt",
    local_network: "lokales Netz",
    severity: "Schwere",
    likelihood: "Wahrscheinlichkeit",
    evidence_weight: "Beleg",
    opted_out: "Widerspruch beachtet: keine Kennung gesendet",
    because: "weil",
    documented_discovery: "dokumentierter Kontaktabgleich: {method}",
    documented_app: "dokumentiert für {app}",
    permissions: "Berechtigungen:",
    package_says: "In ihrem Paket:",
    contained_code: "Code von",
    also_contacted: "angesprochen",
    open_components: "{count} Komponenten ohne Berechtigung für andere Apps offen",
    label_kinds: "Datenschutzangaben: {count} Arten von Daten, davon {tracking} zur Verfolgung",
    tracking_hosts: "als Tracker angegeben und angesprochen: {names}",
    granted: "erteilt",
    denied: "verweigert",
    declared: "angefragt",
    by_policy: "von der Geräteverwaltung festgelegt",
    chains: "Von der Berechtigung zur Übertragung:",
    remedies: "Maßnahmen, jede für sich, und was sie ändern würden:",
    remedy: "{measure} ({effort}): {before} → {after}; Befunde, die entfallen: {gone}, sinken: {other}, bleiben: {kept}",
    more: "und {count} weitere",
    dpia: "Datenschutz-Folgenabschätzung (Art. 35 DSGVO) zu erwägen: {criteria}",
    screening: "Kriterien nach WP 248: erfüllt {met}; nicht erfüllt {not_met}; zu klären {ask}",
    questions: "Fragen, die nur Menschen beantworten können",
    coverage: "Was nicht zu sehen war",
    coverage_complete: "Alle Eingaben wurden bis zum Ende gelesen.",
    not_clean: "„Kein Befund“ heißt nicht „nichts gesendet“. Was verschlüsselt oder nicht mitgeschnitten war, kann mehr enthalten; an \
                einem anderen Tag, bei anderen Nutzern oder in einer anderen Version der App kann anderes gesendet werden.",
    shortfalls: "Ausgelassen, abgeschnitten oder beschädigt:",
    reading: "Wie dies zu lesen ist",
    verbs: "übertragen: im Verkehr gesehen und entschlüsselt oder lesbar. kontaktiert: der Dienst wurde erreicht, der Inhalt ist nicht \
            sichtbar. gefolgert: aus genannten Tatsachen geschlossen. angegeben: die App verlangt es oder hat die Berechtigung.",
    score: "Risiko = Schwere (1–4) × Wahrscheinlichkeit (1–4, die Summe ihrer Eingaben in diesen Grenzen); 1–3 gering, 4–8 mittel, 9–12 hoch, \
            13–16 sehr hoch. Der Beleg steht daneben und senkt kein Risiko; unter 40 % bestimmt er die Stufe einer App nicht.",
    masks: "Werte sind verdeckt; gleiche Marke heißt gleicher Wert. --show-values zeigt sie.",
    as_of: "Stand der Rechtsdaten: {date}.",
    always: "Jede Prüfung berührt:",
    rules: "Regeln",
    standard_input: "Standardeingabe",
};

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its fixed texts.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }

    /// The text of a rule.
    pub fn of(self, text: &Text) -> &str {
        match self {
            Self::English => &text.en,
            Self::German => &text.de,
        }
    }

    /// ISO 639-1 code.
    pub fn as_str(self) -> &'static str {
        self.pick("en", "de")
    }

    /// The language of that code.
    pub fn from_id(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|language| language.as_str() == code)
    }

    pub(super) fn pick(self, english: &'static str, german: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    /// A level of risk.
    pub fn level(self, level: RiskLevel) -> &'static str {
        match level {
            RiskLevel::None => self.pick("not rated", "ohne Stufe"),
            RiskLevel::Low => self.pick("low", "gering"),
            RiskLevel::Medium => self.pick("medium", "mittel"),
            RiskLevel::High => self.pick("high", "hoch"),
            RiskLevel::VeryHigh => self.pick("very high", "sehr hoch"),
        }
    }

    /// A decision of the company about an app.
    pub fn status(self, status: AppStatus) -> &'static str {
        let [required, approved, tolerated, forbidden] = self.texts().statuses;
        match status {
            AppStatus::Required => required,
            AppStatus::Approved => approved,
            AppStatus::Tolerated => tolerated,
            AppStatus::Forbidden => forbidden,
        }
    }

    /// How a measure works.
    pub fn measure_kind(self, kind: MeasureKind) -> &'static str {
        match kind {
            MeasureKind::Technical => self.pick("technical", "technisch"),
            MeasureKind::Organisational => self.pick("organisational", "organisatorisch"),
        }
    }

    /// What a measure takes: 1 hours, 2 days, 3 weeks.
    pub fn effort(self, effort: u8) -> &'static str {
        match effort {
            0 | 1 => self.pick("hours", "Stunden"),
            2 => self.pick("days", "Tage"),
            _ => self.pick("weeks", "Wochen"),
        }
    }

    /// The verb that a grade of evidence allows.
    pub fn grade(self, grade: Grade) -> &'static str {
        match grade {
            Grade::KnownValue => {
                self.pick("transmitted (known value)", "übertragen (bekannter Wert)")
            }
            Grade::Decoded => self.pick("transmitted", "übertragen"),
            Grade::Shape => self.pick("transmitted (by shape)", "übertragen (der Form nach)"),
            Grade::Contacted => self.pick("contacted", "kontaktiert"),
            Grade::Inferred => self.pick("inferred", "gefolgert"),
            Grade::Declared => self.pick("declared", "angegeben"),
        }
    }

    /// A category of findings.
    pub fn category(self, category: Category) -> &'static str {
        match category {
            Category::Contacts => self.pick("contacts", "Kontakte"),
            Category::Location => self.pick("location", "Standort"),
            Category::Device => self.pick("device", "Gerät"),
            Category::Account => self.pick("account", "Konto"),
            Category::MessageMetadata => self.pick("message metadata", "Kommunikationsmetadaten"),
            Category::MessageContent => self.pick("message contents", "Nachrichteninhalte"),
            Category::Credentials => self.pick("credentials", "Zugangsdaten"),
            Category::Transport => self.pick("transport", "Transport"),
            Category::Recipient => self.pick("recipient", "Empfänger"),
            Category::Usage => self.pick("usage", "Nutzung"),
            Category::Permission => self.pick("permission", "Berechtigung"),
        }
    }

    /// How something was protected.
    pub fn protection(self, protection: Protection) -> &'static str {
        match protection {
            Protection::Cleartext => self.pick("unencrypted", "unverschlüsselt"),
            Protection::Encrypted => self.pick("encrypted", "verschlüsselt"),
            Protection::Unknown => self.pick("protection unknown", "Schutz unbekannt"),
        }
    }

    /// What labels say of a kind of data; empty where there is none.
    pub fn label_state(self, state: LabelState) -> &'static str {
        match state {
            LabelState::Unknown => "",
            LabelState::Named => self.pick("label: named", "Kennzeichnung: genannt"),
            LabelState::NotNamed => self.pick("label: not named", "Kennzeichnung: nicht genannt"),
            LabelState::NothingCollected => self.pick(
                "label: nothing is collected",
                "Kennzeichnung: nichts wird erhoben",
            ),
        }
    }

    /// What does not fit in a chain.
    pub fn contradiction(self, contradiction: Contradiction) -> &'static str {
        match contradiction {
            Contradiction::LabelSaysNotCollected => self.pick(
                "transmitted, and the label says that nothing is collected",
                "übertragen, und laut Kennzeichnung wird nichts erhoben",
            ),
            Contradiction::SentNotDeclared => self.pick(
                "transmitted, and the label does not name it",
                "übertragen, und die Kennzeichnung nennt es nicht",
            ),
            Contradiction::LabelSaysEncrypted => self.pick(
                "transmitted unencrypted, and the label says that all is encrypted",
                "unverschlüsselt übertragen, und laut Kennzeichnung ist alles verschlüsselt",
            ),
            Contradiction::SentWithoutPermission => self.pick(
                "transmitted although the permission is refused: it has another source",
                "übertragen, obwohl die Berechtigung verweigert ist: Es gibt eine andere Quelle",
            ),
            Contradiction::ReadInBackground => {
                self.pick("read in the background", "im Hintergrund gelesen")
            }
            Contradiction::GrantedNotNeeded => self.pick(
                "granted, and no log or traffic at hand shows a use",
                "erteilt, und kein vorliegendes Protokoll und kein Verkehr zeigt einen Gebrauch",
            ),
            Contradiction::CleartextAllowed => self.pick(
                "transmitted, and the manifest allows unencrypted connections",
                "übertragen, und das Manifest erlaubt unverschlüsselte Verbindungen",
            ),
        }
    }

    /// How an app was recognised.
    pub fn basis(self, basis: Basis) -> &'static str {
        match basis {
            Basis::Option => self.pick("--app", "--app"),
            Basis::Capture => self.pick("package named in the capture", "Paketname im Mitschnitt"),
            Basis::DumpsysUid => self.pick(
                "user id and device dump",
                "Benutzerkennung und Geräteauszug",
            ),
            Basis::Label => self.pick("app name in the capture", "App-Name im Mitschnitt"),
            Basis::UserAgent => {
                self.pick("its own name in a request", "eigener Name in einer Anfrage")
            }
            Basis::Endpoint => {
                self.pick("server or wire signature", "Server oder Protokollmerkmal")
            }
            Basis::System => self.pick("server of the system", "Server des Systems"),
            Basis::Name => self.pick(
                "only its name, in a list without packages",
                "nur dem Namen, in einer Liste ohne Pakete",
            ),
            Basis::Document => self.pick("manifest or device log", "Manifest oder Geräteprotokoll"),
        }
    }

    /// How readable contents were.
    pub fn content(self, content: ContentState) -> &'static str {
        match content {
            ContentState::Clear => self.pick("readable as sent", "lesbar gesendet"),
            ContentState::Decrypted => {
                self.pick("decrypted with keys", "mit Schlüsseln entschlüsselt")
            }
            ContentState::PartlyDecrypted => {
                self.pick("decrypted in part", "teilweise entschlüsselt")
            }
            ContentState::NoKey => self.pick("encrypted, no key", "verschlüsselt, kein Schlüssel"),
            ContentState::OwnProtocol => self.pick(
                "encrypted, the app's own protocol",
                "verschlüsselt, eigenes Protokoll der App",
            ),
            ContentState::UnsupportedCipher => {
                self.pick("cipher not supported", "Verfahren nicht unterstützt")
            }
            ContentState::Damaged => {
                self.pick("damaged or incomplete", "beschädigt oder unvollständig")
            }
            ContentState::NotExamined => self.pick("not examined", "nicht untersucht"),
        }
    }

    /// Why something was not seen.
    #[expect(
        clippy::too_many_lines,
        reason = "a table: one entry for each shortfall"
    )]
    pub fn shortfall(self, shortfall: Shortfall) -> &'static str {
        match shortfall {
            Shortfall::Truncated => self.pick(
                "the file ends in the middle of a record",
                "die Datei endet mitten in einem Eintrag",
            ),
            Shortfall::Damaged => self.pick(
                "the file is damaged; only what lies before was read",
                "die Datei ist beschädigt; gelesen wurde nur, was davor liegt",
            ),
            Shortfall::UnknownFormat => self.pick(
                "format not known, left out",
                "Format unbekannt, ausgelassen",
            ),
            Shortfall::Unreadable => self.pick("could not be read", "nicht lesbar"),
            Shortfall::InputLimit => self.pick(
                "more than the limit on files or records",
                "mehr als die Grenze für Dateien oder Einträge",
            ),
            Shortfall::PacketsCut => self.pick(
                "packets captured shorter than they were",
                "Pakete kürzer mitgeschnitten, als sie waren",
            ),
            Shortfall::DroppedByCapture => self.pick(
                "packets lost while capturing",
                "beim Mitschneiden verlorene Pakete",
            ),
            Shortfall::UnknownLinkType => {
                self.pick("link layer not known", "Sicherungsschicht unbekannt")
            }
            Shortfall::MalformedPacket => self.pick(
                "packets whose headers contradict themselves",
                "Pakete mit widersprüchlichen Köpfen",
            ),
            Shortfall::FragmentsIncomplete => self.pick(
                "packet fragments whose rest is missing",
                "Paketteile, deren Rest fehlt",
            ),
            Shortfall::StreamGap => self.pick(
                "parts of connections are not in the capture",
                "Teile von Verbindungen fehlen im Mitschnitt",
            ),
            Shortfall::StartedBefore => self.pick(
                "connections opened before the capture began",
                "Verbindungen, die vor dem Mitschnitt begannen",
            ),
            Shortfall::FlowLimit => self.pick(
                "too many connections at once, some closed early",
                "zu viele Verbindungen zugleich, einige vorzeitig beendet",
            ),
            Shortfall::ReorderLimit => self.pick(
                "too much data out of order",
                "zu viele Daten außer der Reihe",
            ),
            Shortfall::MalformedMessage => self.pick(
                "messages that do not follow their protocol",
                "Nachrichten, die ihrem Protokoll nicht folgen",
            ),
            Shortfall::Encrypted => self.pick("encrypted, no key", "verschlüsselt, kein Schlüssel"),
            Shortfall::UndecryptedRecords => self.pick("not decrypted", "nicht entschlüsselt"),
            Shortfall::KeyLogLines => self.pick("key log unreadable", "Schlüsselzeilen unlesbar"),
            Shortfall::MessageLimit => self.pick(
                "messages longer than the limit, read in part",
                "Nachrichten über der Längengrenze, teilweise gelesen",
            ),
            Shortfall::UnknownEncoding => self.pick(
                "contents in an encoding that is not known",
                "Inhalte in unbekannter Kodierung",
            ),
            Shortfall::DamagedBody => self.pick(
                "damaged contents, read in part",
                "beschädigte Inhalte, teilweise gelesen",
            ),
            Shortfall::DepthLimit => self.pick(
                "nested deeper than the limit",
                "tiefer verschachtelt als die Grenze",
            ),
            Shortfall::InflateLimit => self.pick(
                "decompresses to more than the limit",
                "entpackt größer als die Grenze",
            ),
            Shortfall::FieldLimit => {
                self.pick("more fields than the limit", "mehr Felder als die Grenze")
            }
            Shortfall::DamagedManifest => self.pick(
                "app package or device dump read in part",
                "App-Paket oder Geräteauszug teilweise gelesen",
            ),
            Shortfall::LocalTime => self.pick(
                "times without a zone, shown as if they were UTC",
                "Zeiten ohne Zone, gezeigt, als wären sie UTC",
            ),
            Shortfall::KnownValues => self.pick(
                "known values not looked for in full",
                "bekannte Werte, die nicht vollständig gesucht wurden",
            ),
            Shortfall::SameTraffic => self.pick(
                "shows the same traffic as another file; counted once",
                "zeigt denselben Verkehr wie eine andere Datei; einmal gezählt",
            ),
            Shortfall::PerhapsSameTraffic => self.pick(
                "may show the same traffic as another file; counts may be double",
                "zeigt vielleicht denselben Verkehr wie eine andere Datei; Zahlen können doppelt sein",
            ),
            Shortfall::FindingLimit => self.pick(
                "more findings than the limit, the rest only counted",
                "mehr Befunde als die Grenze, der Rest nur gezählt",
            ),
        }
    }

    /// A number of bytes.
    pub fn bytes(self, bytes: u64) -> String {
        let mut whole = bytes;
        let mut rest = 0;
        let mut unit = "B";
        for next in ["kB", "MB", "GB", "TB"] {
            if whole < 1000 {
                break;
            }
            rest = whole % 1000 / 100;
            whole /= 1000;
            unit = next;
        }
        let point = self.pick(".", ",");
        if unit == "B" || whole >= 100 {
            format!("{whole} {unit}")
        } else {
            format!("{whole}{point}{rest} {unit}")
        }
    }

    /// A count with its word.
    pub fn counted(self, count: u64, one: &str, many: &str) -> String {
        let word = if count == 1 { one } else { many };
        format!("{count} {word}")
    }

    /// A way of contact discovery (`plain-numbers` …).
    pub fn discovery(self, method: &str) -> &str {
        match method {
            "plain-numbers" => self.pick(
                "numbers readable by the vendor",
                "Nummern für den Anbieter lesbar",
            ),
            "hashed" => self.pick("numbers as hashes", "Nummern als Hash"),
            "enclave" => self.pick(
                "numbers into an attested enclave",
                "Nummern in eine abgeschottete Umgebung",
            ),
            "own-server" => self.pick(
                "numbers to the company's own server",
                "Nummern zum eigenen Server",
            ),
            other => other,
        }
    }

    /// An input of the likelihood in a word or two; the explanation is in the rules.
    pub fn modifier(self, id: &str) -> &str {
        match id {
            "base" => self.pick("base", "Grundwert"),
            "no-contract" => self.pick("no contract", "kein Vertrag"),
            "third-country" => self.pick("third country", "Drittland"),
            "recurring" => self.pick("recurring", "wiederholt"),
            "ads-or-link" => self.pick("advertising or linked", "Werbung oder verknüpft"),
            "cleartext" => self.pick("unencrypted", "unverschlüsselt"),
            "mitigated" => self.pick("safeguard", "Schutzmaßnahme"),
            "self-hosted" => self.pick("self-hosted", "selbst gehostet"),
            other => other,
        }
    }

    /// Provisions as one reads them: articles of the GDPR together, then those of other laws.
    pub fn provisions<'a>(self, citations: impl IntoIterator<Item = &'a str>) -> String {
        let mut articles: Vec<String> = Vec::new();
        let mut others: Vec<&str> = Vec::new();
        for citation in citations {
            let of_gdpr = match self {
                Self::English => citation.strip_prefix("GDPR Art. "),
                Self::German => citation
                    .strip_suffix(" DSGVO")
                    .and_then(|list| list.strip_prefix("Art. ")),
            };
            match of_gdpr {
                Some(list) => articles.push(list.replace("Art. ", "")),
                None => others.push(citation),
            }
        }
        let gdpr = match (self, articles.is_empty()) {
            (_, true) => None,
            (Self::English, false) => Some(format!("GDPR Art. {}", articles.join("; "))),
            (Self::German, false) => Some(format!("Art. {} DSGVO", articles.join("; "))),
        };
        let others = (!others.is_empty()).then(|| others.join("; "));
        gdpr.into_iter()
            .chain(others)
            .collect::<Vec<String>>()
            .join("; ")
    }
}

/// Puts values in the place of `{name}`.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(text: &str) -> Vec<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect()
    }

    #[test]
    fn both_languages_say_everything_and_fill_the_same_places() {
        let words = |texts: &Texts| -> Vec<String> {
            // `Debug` of a struct of strings lists each field once: no list of fields to keep in step.
            format!("{texts:#?}")
                .lines()
                .skip(1)
                .map(str::to_owned)
                .filter(|line| line != "}")
                .collect()
        };
        let (english, german) = (words(&ENGLISH), words(&GERMAN));
        assert_eq!(english.len(), german.len());
        assert!(english.len() > 40);
        for (ours, theirs) in english.iter().zip(&german) {
            assert!(
                !ours.contains("\"\"") && !theirs.contains("\"\""),
                "empty: {ours} {theirs}"
            );
            assert_eq!(placeholders(ours), placeholders(theirs), "{ours}");
        }
        for language in Language::ALL {
            for level in RiskLevel::ALL {
                assert!(!language.level(level).is_empty());
            }
            for content in ContentState::ALL {
                assert!(!language.content(content).is_empty());
            }
        }
    }

    #[test]
    fn bytes_read_like_a_person_would_say_them() {
        let shown = [0, 999, 1000, 1234, 99_999, 123_456, 5_300_000]
            .map(|bytes| Language::English.bytes(bytes));
        assert_eq!(
            shown,
            [
                "0 B", "999 B", "1.0 kB", "1.2 kB", "99.9 kB", "123 kB", "5.3 MB"
            ]
        );
        assert_eq!(Language::German.bytes(1234), "1,2 kB");
    }

    #[test]
    fn articles_of_one_law_share_its_name() {
        assert_eq!(
            Language::English.provisions([
                "GDPR Art. 4(1), (5)",
                "GDPR Art. 5(1)(f), Art. 32",
                "GDPR Art. 88",
                "BDSG s. 26 (Germany)",
                "TDDDG s. 25 (Germany)"
            ]),
            "GDPR Art. 4(1), (5); 5(1)(f), 32; 88; BDSG s. 26 (Germany); TDDDG s. 25 (Germany)"
        );
        assert_eq!(
            Language::German.provisions([
                "Art. 5 Abs. 1 lit. f, Art. 32 DSGVO",
                "Art. 88 DSGVO",
                "§ 26 BDSG",
                "§ 7 UWG"
            ]),
            "Art. 5 Abs. 1 lit. f, 32; 88 DSGVO; § 26 BDSG; § 7 UWG"
        );
        assert_eq!(Language::English.provisions([]), "");
    }
}
