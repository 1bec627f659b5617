//! What people call the sheets and columns of a workbook.

use crate::report::Language;

/// Ids of sheets and columns in English and German; `sheet.column` where a column means something else in one sheet.
const WORDS: &[(&str, &str, &str)] = &[
    ("about", "About", "Über"),
    ("activity", "Processing activity", "Verarbeitungstätigkeit"),
    ("app", "App", "App"),
    ("apps", "Apps", "Apps"),
    ("apps.app", "App id", "App-Kennung"),
    ("bytes", "Bytes", "Bytes"),
    ("category", "Kind of data", "Datenart"),
    ("company", "Company", "Unternehmen"),
    ("content", "Contents", "Inhalt"),
    ("count", "Count", "Anzahl"),
    ("countries", "Countries", "Länder"),
    ("country", "Country of seat", "Land des Sitzes"),
    ("coverage", "Coverage", "Abdeckung"),
    ("decided", "Decided", "Entschieden"),
    ("declared", "Declared", "Angegeben"),
    ("data", "Categories of data", "Datenkategorien"),
    ("decision", "Decision", "Entscheidung"),
    ("decoding", "Decoding", "Dekodierung"),
    ("detail", "Detail", "Einzelheit"),
    ("device", "Phone", "Telefon"),
    ("devices", "Phones", "Telefone"),
    ("distinct_values", "Different values", "Verschiedene Werte"),
    ("erasure", "Time limits for erasure", "Löschfristen"),
    ("evidence", "Evidence", "Beleg"),
    (
        "evidence_percent",
        "Weight of evidence, %",
        "Beleggewicht, %",
    ),
    ("finding", "Finding id", "Befundkennung"),
    ("findings", "Findings", "Befunde"),
    ("findings.evidence", "How known", "Wie bekannt"),
    ("first", "First", "Zuerst"),
    ("flows", "Connections", "Verbindungen"),
    ("format", "Format", "Format"),
    ("frame", "Frame or entry", "Paket oder Eintrag"),
    ("granted", "Granted", "Erteilt"),
    ("input", "File", "Datei"),
    ("inputs", "Files", "Dateien"),
    ("items", "Items", "Einträge"),
    ("kind", "Kind", "Art"),
    ("last", "Last", "Zuletzt"),
    ("level", "Level of risk", "Risikostufe"),
    ("limited", "For a selection only", "Nur für eine Auswahl"),
    ("likelihood", "Likelihood", "Wahrscheinlichkeit"),
    ("model", "Model", "Modell"),
    ("name", "Name", "Name"),
    ("parent", "Parent company", "Mutterunternehmen"),
    ("path", "Path", "Pfad"),
    ("permission", "Permission", "Berechtigung"),
    ("permissions", "Permissions", "Berechtigungen"),
    ("persons", "Data subjects", "Betroffene Personen"),
    ("place", "Part of message", "Teil der Nachricht"),
    ("platform", "System", "System"),
    (
        "policy_fixed",
        "Set by administrator",
        "Vom Administrator gesetzt",
    ),
    ("protection", "Protection", "Schutz"),
    ("provisions", "Touches, to be checked", "Berührt, zu prüfen"),
    (
        "purposes",
        "Purposes and legal basis",
        "Zwecke und Rechtsgrundlage",
    ),
    ("question", "Question id", "Fragekennung"),
    ("questions", "Questions", "Fragen"),
    (
        "readable_sent_bytes",
        "Bytes sent, readable",
        "Bytes gesendet, lesbar",
    ),
    ("reason", "Reason id", "Grundkennung"),
    ("received_bytes", "Bytes received", "Bytes empfangen"),
    ("recipient", "Recipient", "Empfänger"),
    ("record", "Record of processing", "Verarbeitungsverzeichnis"),
    ("recipients", "Recipients", "Empfänger"),
    ("risk", "Risk (1–16)", "Risiko (1–16)"),
    ("role", "Role", "Rolle"),
    ("rule", "Rule", "Regel"),
    ("safeguards", "Security measures", "Schutzmaßnahmen"),
    ("sent_bytes", "Bytes sent", "Bytes gesendet"),
    ("server", "Server", "Server"),
    ("service", "Service", "Dienst"),
    ("severity", "Severity", "Schwere"),
    ("sha256", "SHA-256", "SHA-256"),
    ("silent_apps", "Apps without findings", "Apps ohne Befund"),
    ("subject", "About", "Worüber"),
    ("text", "Text", "Text"),
    ("time", "Time (UTC)", "Zeit (UTC)"),
    ("title", "Finding", "Befund"),
    (
        "transfers",
        "Transfers to third countries",
        "Übermittlung in Drittländer",
    ),
    ("users", "Users of the phone", "Nutzer des Telefons"),
    ("value", "Value", "Wert"),
    ("version", "Version", "Version"),
];

/// What a sheet or column is called.
pub(super) fn word(language: Language, id: &str) -> Option<&'static str> {
    let (_, english, german) = WORDS.iter().find(|(known, _, _)| *known == id)?;
    Some(language.pick(english, german))
}

/// What a column of a sheet is called.
pub(super) fn head(language: Language, sheet: &str, column: &'static str) -> &'static str {
    let of_sheet = word(language, &format!("{sheet}.{column}"));
    of_sheet
        .or_else(|| word(language, column))
        .unwrap_or(column)
}
