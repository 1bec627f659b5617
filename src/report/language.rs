//! The words of reports, in every language. A text is a field of [`Texts`], so a language without it does not compile;
//! what comes from rules (names of findings, provisions, questions) has both languages there.

mod detail;
mod english;
mod german;
mod texts;

use self::english::ENGLISH;
use self::german::GERMAN;
pub use self::texts::Texts;
use super::Language;
use crate::model::{
    AppStatus, Basis, Category, ContentState, Contradiction, Grade, LabelState, Place, Protection,
    RiskLevel, Shortfall, Users, Volume,
};
use crate::rules::{MeasureKind, Text};

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

    pub(super) fn pick<T>(self, english: T, german: T) -> T {
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

    /// The verb alone that a grade of evidence allows.
    pub(super) fn verb(self, grade: Grade) -> &'static str {
        self.grade(if grade.is_transmitted() {
            Grade::Decoded
        } else {
            grade
        })
    }

    /// The verb that a grade of evidence allows, and what there is to say of it.
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
            Category::Media => self.pick("pictures, sound, files", "Bilder, Ton, Dateien"),
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

    /// What stands behind a time in a zone that is not known.
    pub fn local_time(self) -> &'static str {
        self.pick("(phone's local time)", "(Ortszeit des Telefons)")
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
            Contradiction::SentMorePrecisely => self.pick(
                "transmitted with more decimal places than the precision on the label has",
                "mit mehr Nachkommastellen übertragen, als die Genauigkeit in der Kennzeichnung hat",
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
            Basis::PhoneLog => self.pick("log of the phone", "Protokoll des Telefons"),
            Basis::Endpoint => {
                self.pick("server or wire signature", "Server oder Protokollmerkmal")
            }
            Basis::System => self.pick("server of the system", "Server des Systems"),
            Basis::Name => self.pick(
                "only its name, from a list without package names",
                "nur am Namen, aus einer Liste ohne Paketnamen",
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
            ContentState::RecordedInside => self.pick(
                "recorded inside the encryption",
                "vor der Verschlüsselung aufgezeichnet",
            ),
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
            Shortfall::PolicyUnused => self.pick(
                "phonehome.toml names a phone or app that is not in this case",
                "phonehome.toml nennt ein Telefon oder eine App, die es in diesem Fall nicht gibt",
            ),
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
            Shortfall::BodyNotKept => self.pick(
                "bodies of requests that were sent and that the recorder did not keep",
                "Inhalte von Anfragen, die gesendet, aber nicht aufgezeichnet wurden",
            ),
            Shortfall::AnswerNotKept => self.pick(
                "bodies of answers that the recorder did not keep",
                "Inhalte von Antworten, die nicht aufgezeichnet wurden",
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
            Shortfall::LinkOut => self.pick(
                "links that lead out of the folder, not followed",
                "Verweise, die aus dem Ordner hinausführen, nicht verfolgt",
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
                "times without a zone, shown as the phone's clock did",
                "Zeiten ohne Zone, gezeigt wie auf der Uhr des Telefons",
            ),
            Shortfall::UntriedSalts => self.pick(
                "salts of messages that known values were not hashed with",
                "Salze von Nachrichten, mit denen bekannte Werte nicht gehasht wurden",
            ),
            Shortfall::NotCompared => self.pick(
                "recipients of a session without contacts that are not compared",
                "Empfänger einer Sitzung ohne Kontakte, die nicht verglichen werden",
            ),
            Shortfall::KnownValues => self.pick(
                "known values not looked for in full",
                "bekannte Werte, die nicht vollständig gesucht wurden",
            ),
            Shortfall::UnplacedLabels => self.pick(
                "statements of vendors that could not be put to an app",
                "Angaben von Anbietern, die keiner App zugeordnet werden konnten",
            ),
            Shortfall::OtherVersion => self.pick(
                "app package of another version than the phone has",
                "App-Paket in einer anderen Version als auf dem Gerät",
            ),
            Shortfall::NotInstalled => self.pick(
                "app package that is not on the phone, by its own list of apps",
                "App-Paket, das laut eigener Liste des Geräts nicht installiert ist",
            ),
            Shortfall::UncertainTracker => self.pick(
                "contacts with what the phone's log calls a tracker's without being sure; not counted as a tracker's",
                "Kontakte mit dem, was das Protokoll des Geräts einen Tracker nennt, ohne sicher zu sein; nicht als Tracker gezählt",
            ),
            Shortfall::SeveralUsers => self.pick(
                "several users on one phone, such as its private side and the work profile; an app that several of them have is one row, which says how much is whose",
                "mehrere Nutzer auf einem Gerät, etwa privater Bereich und Arbeitsprofil; eine App, die mehrere von ihnen haben, ist eine Zeile, die nennt, wie viel von wem ist",
            ),
            Shortfall::SeveralClients => self.pick(
                "several clients in what is taken for the traffic of one phone",
                "mehrere Teilnehmer in dem, was als Verkehr eines Geräts gilt",
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

    /// What exactly was not seen, at its first place; empty where there are no words for it in this language.
    pub(super) fn detail(self, detail: &str) -> String {
        match self {
            Self::English => detail.to_owned(),
            Self::German => detail::in_german(detail).unwrap_or_default(),
        }
    }

    /// A part of a message (`body` …) in a word.
    pub(super) fn place(self, place: Place) -> &'static str {
        match place {
            Place::Path => self.pick("path", "Pfad"),
            Place::Query => self.pick("query", "Abfrage"),
            Place::Header => self.pick("header", "Kopfzeile"),
            Place::Cookie => self.pick("cookie", "Cookie"),
            Place::Body => self.pick("body", "Inhalt"),
        }
    }

    /// The same with what is known of its volume: of contacts that a log names, sizes are often not.
    pub fn content_of(self, content: ContentState, volume: &Volume) -> &'static str {
        if content == ContentState::NotExamined && !volume.has_sizes() {
            return self.pick(
                "known as a connection only, contents not recorded",
                "nur als Verbindung bekannt, Inhalt nicht aufgezeichnet",
            );
        }
        self.content(content)
    }

    /// A number of bytes of a volume; a dash where its sizes are not known.
    pub fn size(self, volume: &Volume, bytes: u64) -> String {
        if volume.has_sizes() {
            self.bytes(bytes)
        } else {
            "–".to_owned()
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

    /// How often which user of the phone, one after the other.
    pub(super) fn users(self, users: &Users) -> Vec<String> {
        let user = self.pick("user", "Nutzer");
        let line = |(number, count)| {
            // Android counts the owner as 0; what is added first is mostly the work profile.
            let likely = match number {
                10 => self.pick(" (often the work profile)", " (oft das Arbeitsprofil)"),
                _ => "",
            };
            format!("{user} {number}{likely}: {count}×")
        };
        users.iter().map(line).collect()
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
            "recurring" => self.pick("recurring or ongoing", "wiederholt oder laufend"),
            "ads-or-link" => self.pick("advertising or linked", "Werbung oder Verknüpfung"),
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
