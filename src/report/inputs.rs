//! What the files of a case are, whose they are and what they are used for: `phonehome inputs`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Language, text};

/// Files without use that are named for one reason; the rest is counted, and JSON names all.
const UNUSED: usize = 8;

/// Formats of the list.
pub const INPUT_FORMATS: [&str; 2] = ["table", "json"];

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputLine {
    /// Path as the user would name it.
    pub path: String,
    /// The phone it was put to; empty if none.
    pub device: String,
    /// Id of the format; `policy`, `text` or `unknown` for what is no input of a phone.
    pub format: String,
    /// The compression around it.
    pub wrapping: Option<String>,
    /// Size in bytes; 0 if it was not looked at.
    pub bytes: u64,
    /// Packets or records are read from it.
    pub has_traffic: bool,
    /// Facts about the phone and its apps are read from it.
    pub tells_of_device: bool,
    /// Why it is left out.
    pub reason: Option<String>,
}

impl InputLine {
    /// A file that is put to no phone.
    pub fn apart(path: &str, format: &str, reason: Option<&str>) -> Self {
        Self {
            path: path.to_owned(),
            device: String::new(),
            format: format.to_owned(),
            wrapping: None,
            bytes: 0,
            has_traffic: false,
            tells_of_device: false,
            reason: reason.map(str::to_owned),
        }
    }
}

/// What a format is good for, in both languages. Formats without a line here are described by what is read from them.
const USES: &[(&str, &str, &str)] = &[
    (
        "pcap",
        "packets: what went over the wire",
        "Pakete: was über die Leitung ging",
    ),
    (
        "pcapng",
        "packets, and owners, names and keys that the file holds",
        "Pakete, dazu Besitzer, Namen und Schlüssel aus der Datei",
    ),
    (
        "har",
        "requests and responses, recorded before they were encrypted",
        "Anfragen und Antworten, aufgezeichnet vor der Verschlüsselung",
    ),
    (
        "har-body",
        "a body that is not in the HAR beside it; read where that names it",
        "ein Inhalt, der nicht im HAR daneben steht; gelesen, wo dieses ihn nennt",
    ),
    (
        "mitmproxy",
        "requests and responses, recorded before they were encrypted",
        "Anfragen und Antworten, aufgezeichnet vor der Verschlüsselung",
    ),
    (
        "pcapdroid-csv",
        "which app owned which connection, and how much went over it",
        "welcher App welche Verbindung gehörte und wie viel darüber ging",
    ),
    (
        "pirogue-socket-trace",
        "which app owned which connection",
        "welcher App welche Verbindung gehörte",
    ),
    (
        "pirogue-aes-trace",
        "what apps encrypted by themselves before sending it",
        "was Apps vor dem Senden selbst verschlüsselt haben",
    ),
    (
        "pirogue-experiment",
        "model of the phone",
        "Modell des Geräts",
    ),
    (
        "android-properties",
        "model and time zone of the phone, and its own numbers (serial number, IMEI …), looked for in what was sent",
        "Modell und Zeitzone des Geräts und seine eigenen Nummern (Seriennummer, IMEI …), nach denen im Gesendeten gesucht wird",
    ),
    (
        "advertising-ids",
        "the phone's own advertising ids, looked for in what was sent",
        "eigene Werbe-IDs des Geräts, nach denen im Gesendeten gesucht wird",
    ),
    (
        "zeek",
        "connections, names, handshakes and requests as the sensor saw them",
        "Verbindungen, Namen, Handshakes und Anfragen, wie der Sensor sie sah",
    ),
    (
        "suricata-eve",
        "connections, names, handshakes and requests as the sensor saw them",
        "Verbindungen, Namen, Handshakes und Anfragen, wie der Sensor sie sah",
    ),
    (
        "app-privacy-report",
        "which app read what and contacted whom, by the phone's own log, also for captures beside it",
        "welche App was las und wen kontaktierte, laut Protokoll des Geräts, auch für Mitschnitte daneben",
    ),
    (
        "key-log",
        "keys that open encrypted traffic",
        "Schlüssel für verschlüsselten Verkehr",
    ),
    (
        "dumpsys-package",
        "installed apps, their uids and granted permissions",
        "installierte Apps, ihre UIDs und erteilte Berechtigungen",
    ),
    ("apk", "what the app declares", "was die App angibt"),
    (
        "snoop",
        "packets: what went over the wire",
        "Pakete: was über die Leitung ging",
    ),
    (
        "android-network-log",
        "which app looked up and contacted which host, also for captures beside it",
        "welche App welchen Server suchte und kontaktierte, auch für Mitschnitte daneben",
    ),
    (
        "dumpsys-appops",
        "which app used which permission, when, and whether in the background",
        "welche App welche Berechtigung wann nutzte, und ob im Hintergrund",
    ),
    (
        "dumpsys",
        "installed apps with their permissions, and when they used them",
        "installierte Apps mit ihren Berechtigungen, und wann sie sie nutzten",
    ),
    (
        "bug-report",
        "installed apps with their permissions, and when they used them",
        "installierte Apps mit ihren Berechtigungen, und wann sie sie nutzten",
    ),
    (
        "trackercontrol-csv",
        "which app contacted whom, as the app TrackerControl saw it, also for captures beside it",
        "welche App wen kontaktierte, wie die App TrackerControl es sah, auch für Mitschnitte daneben",
    ),
    (
        "trackercontrol-database",
        "which app contacted whom, as the app TrackerControl saw it, also for captures beside it",
        "welche App wen kontaktierte, wie die App TrackerControl es sah, auch für Mitschnitte daneben",
    ),
    (
        "ios-data-usage",
        "how much each app sent and received",
        "wie viel jede App sendete und empfing",
    ),
    (
        "ios-permissions",
        "permissions that apps have been granted or refused",
        "Berechtigungen, die Apps erteilt oder verweigert wurden",
    ),
    (
        "known-values",
        "values known to be on the phone, looked for in what was sent",
        "Werte vom Gerät, nach denen im Gesendeten gesucht wird",
    ),
    (
        "data-safety",
        "what the vendor says in the store that the app collects",
        "was die App laut Angabe des Anbieters im Store erhebt",
    ),
    (
        "privacy-manifest",
        "what the vendor says that the app collects",
        "was die App laut Angabe des Anbieters erhebt",
    ),
    ("apk-set", "what the app declares", "was die App angibt"),
    ("aab", "what the app declares", "was die App angibt"),
    ("ipa", "what the app declares", "was die App angibt"),
    (
        "android-manifest-binary",
        "what the app declares",
        "was die App angibt",
    ),
    (
        "android-manifest-text",
        "what the app declares",
        "was die App angibt",
    ),
    ("info-plist", "what the app declares", "was die App angibt"),
    ("package-list", "installed apps", "installierte Apps"),
    (
        "apple-application-list",
        "installed apps, as device management lists them",
        "installierte Apps laut Geräteverwaltung",
    ),
    (
        "app-inventory-csv",
        "installed apps and phones, as device management lists them",
        "installierte Apps und Geräte laut Geräteverwaltung",
    ),
    (
        "app-inventory-xml",
        "installed apps and phones, as device management lists them",
        "installierte Apps und Geräte laut Geräteverwaltung",
    ),
    (
        "app-inventory-json",
        "installed apps and phones, as device management lists them",
        "installierte Apps und Geräte laut Geräteverwaltung",
    ),
    (
        "policy",
        "organisation and policy of the case",
        "Organisation und Vorgaben des Falls",
    ),
    (
        "text",
        "a text for people; not used",
        "ein Text für Menschen; nicht verwendet",
    ),
    ("unknown", "not used", "nicht verwendet"),
];

fn use_of(line: &InputLine, language: Language) -> &'static str {
    let pick = |english: &'static str, german: &'static str| match language {
        Language::English => english,
        Language::German => german,
    };
    let known = USES.iter().find(|(format, ..)| *format == line.format);
    match (known, line.has_traffic, line.tells_of_device) {
        (Some((_, english, german)), ..) => pick(english, german),
        (None, true, _) => pick("what was seen of apps", "was von Apps zu sehen war"),
        (None, false, _) => pick(
            "facts about the phone and its apps",
            "Angaben über das Gerät und seine Apps",
        ),
    }
}

/// Writes the list in one of [`INPUT_FORMATS`].
pub fn write_inputs(
    lines: &[InputLine],
    format: &str,
    language: Language,
    out: &mut dyn Write,
) -> io::Result<()> {
    if format == "json" {
        let view = ListView {
            format: "phonehome-inputs",
            schema_version: 1,
            inputs: lines
                .iter()
                .map(|line| InputView::of(line, language))
                .collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &view)?;
        return writeln!(out);
    }
    let mut by_device: BTreeMap<(bool, &str), Vec<&InputLine>> = BTreeMap::new();
    for line in lines {
        // What belongs to no phone comes last.
        let key = (line.device.is_empty(), line.device.as_str());
        by_device.entry(key).or_default().push(line);
    }
    for ((is_apart, device), lines) in by_device {
        let heading = match (is_apart, language) {
            (false, _) => text::safe(device),
            (true, Language::English) => "(no phone)".to_owned(),
            (true, Language::German) => "(kein Gerät)".to_owned(),
        };
        writeln!(out, "{heading}")?;
        let mut unused: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines {
            if let Some(reason) = &line.reason {
                let count = unused.entry(reason).or_default();
                *count = count.saturating_add(1);
                if *count > UNUSED {
                    continue;
                }
            }
            let mut what = line.format.clone();
            if let Some(wrapping) = &line.wrapping {
                what = format!("{what}, {wrapping}");
            }
            writeln!(out, "  {}", text::safe(&line.path))?;
            write!(
                out,
                "      {}: {}",
                text::safe(&what),
                use_of(line, language)
            )?;
            match line.reason.as_deref().map(|reason| language.detail(reason)) {
                Some(reason) if reason.is_empty() => writeln!(out)?,
                Some(reason) => writeln!(out, " ({})", text::safe(&reason))?,
                None => writeln!(out)?,
            }
        }
        for (reason, count) in unused {
            let more = count.saturating_sub(UNUSED);
            if more > 0 {
                let reason = text::safe(&language.detail(reason));
                match language {
                    Language::English => writeln!(out, "  and {more} more files: {reason}")?,
                    Language::German => writeln!(out, "  und {more} weitere Dateien: {reason}")?,
                }
            }
        }
    }
    Ok(())
}

/// The list for programs.
#[derive(Debug, Serialize)]
struct ListView {
    format: &'static str,
    schema_version: u32,
    inputs: Vec<InputView>,
}

/// One file for programs.
#[derive(Debug, Serialize)]
struct InputView {
    path: String,
    device: Option<String>,
    format: String,
    compression: Option<String>,
    bytes: u64,
    has_traffic: bool,
    tells_of_device: bool,
    used_for: &'static str,
    reason: Option<String>,
}

impl InputView {
    fn of(line: &InputLine, language: Language) -> Self {
        Self {
            path: text::safe(&line.path),
            device: Some(text::safe(&line.device)).filter(|device| !device.is_empty()),
            format: line.format.clone(),
            compression: line.wrapping.clone(),
            bytes: line.bytes,
            has_traffic: line.has_traffic,
            tells_of_device: line.tells_of_device,
            used_for: use_of(line, language),
            reason: line.reason.as_deref().map(text::safe),
        }
    }
}
