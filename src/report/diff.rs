//! What changed between two audits, as text, JSON or Markdown.

use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthChar as _;

use super::language::fill;
use super::presentable::Presentable;
use super::prose::{self, Prose};
use super::{Language, Options, text};
use crate::diff::{AppChange, Change, Difference, FindingChange, Pair};
use crate::model::{Audit, RiskLevel};
use crate::rules::Rules;

/// Formats of a comparison.
pub const DIFF_FORMATS: [&str; 3] = ["table", "json", "markdown"];

/// Writes a comparison of two reports in one of [`DIFF_FORMATS`].
pub fn write_diff(
    difference: &Difference,
    (old, new): (&Presentable, &Presentable),
    rules: &Rules,
    format: &str,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let prose = Prose::new(new, rules, options);
    let words = Words {
        prose,
        language: options.language,
    };
    match format {
        "json" => {
            let view = DiffView::of(&words, difference, old.audit(), new.audit());
            serde_json::to_writer_pretty(&mut *out, &view)?;
            writeln!(out)
        }
        "markdown" => words.markdown(difference, out),
        _ => words.text(difference, usize::from(options.width), out),
    }
}

/// The comparison for programs.
#[derive(Serialize)]
struct DiffView {
    format: &'static str,
    schema_version: u32,
    language: &'static str,
    old: SideView,
    new: SideView,
    same_rules: bool,
    same_tool: bool,
    new_level: Option<&'static str>,
    missing_devices: Vec<String>,
    apps: Vec<AppView>,
}

#[derive(Serialize)]
struct SideView {
    case: String,
    tool_version: String,
    rules_sha256: String,
    level: &'static str,
}

#[derive(Serialize)]
struct AppView {
    device: String,
    ids: Vec<String>,
    name: String,
    change: &'static str,
    level: [Option<&'static str>; 2],
    risk: [Option<u8>; 2],
    version: [Option<String>; 2],
    findings: Vec<FindingView>,
    recipients: Vec<NamedView>,
    permissions: Vec<NamedView>,
}

#[derive(Serialize)]
struct FindingView {
    change: &'static str,
    id: String,
    rule: String,
    title: String,
    grade: &'static str,
    recipient: String,
    level: [Option<&'static str>; 2],
    risk: [Option<u8>; 2],
}

#[derive(Serialize)]
struct NamedView {
    change: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_granted: Option<[Option<bool>; 2]>,
}

impl DiffView {
    fn of(words: &Words<'_>, difference: &Difference, old: &Audit, new: &Audit) -> Self {
        let side = |audit: &Audit| SideView {
            case: audit.case.clone(),
            tool_version: audit.tool_version.clone(),
            rules_sha256: audit.rules_sha256.clone(),
            level: audit.level().as_str(),
        };
        Self {
            format: "phonehome-diff",
            schema_version: 1,
            language: words.language.as_str(),
            old: side(old),
            new: side(new),
            same_rules: difference.same_rules,
            same_tool: difference.same_tool,
            new_level: difference.new_level().map(RiskLevel::as_str),
            missing_devices: difference.missing_devices.clone(),
            apps: difference
                .apps
                .iter()
                .map(|app| app_view(words, app))
                .collect(),
        }
    }
}

fn levels(risk: Pair<(RiskLevel, u8)>) -> ([Option<&'static str>; 2], [Option<u8>; 2]) {
    let level = |side: Option<(RiskLevel, u8)>| side.map(|(level, _)| level.as_str());
    let number = |side: Option<(RiskLevel, u8)>| side.map(|(_, risk)| risk);
    (
        [level(risk.0), level(risk.1)],
        [number(risk.0), number(risk.1)],
    )
}

fn app_view(words: &Words<'_>, app: &AppChange) -> AppView {
    let (level, risk) = levels(app.risk);
    let finding = |found: &FindingChange| {
        let (level, risk) = levels(found.risk);
        FindingView {
            change: found.change.as_str(),
            id: found.finding.id.clone(),
            rule: found.finding.rule.to_string(),
            title: words.prose.title(&found.finding),
            grade: found.finding.grade.as_str(),
            recipient: found.finding.recipient.host.to_string(),
            level,
            risk,
        }
    };
    let recipients = app.recipients.iter().map(|(change, name)| NamedView {
        change: change.as_str(),
        name: name.clone(),
        is_granted: None,
    });
    let permissions = app
        .permissions
        .iter()
        .map(|(change, name, granted)| NamedView {
            change: change.as_str(),
            name: name.clone(),
            is_granted: Some([granted.0, granted.1]),
        });
    AppView {
        device: app.device.clone(),
        ids: app.ids.clone(),
        name: words.app(app),
        change: app.change.as_str(),
        level,
        risk,
        version: [app.version.0.clone(), app.version.1.clone()],
        findings: app.findings.iter().map(finding).collect(),
        recipients: recipients.collect(),
        permissions: permissions.collect(),
    }
}

/// Sentences of a comparison.
struct Words<'a> {
    prose: Prose<'a>,
    language: Language,
}

impl Words<'_> {
    fn change(&self, change: Change) -> &'static str {
        match change {
            Change::New => self.language.pick("new", "neu"),
            Change::Gone => self.language.pick("gone", "weg"),
            Change::Changed => self.language.pick("changed", "geändert"),
        }
    }

    fn title(&self) -> &'static str {
        self.language.pick(
            "What changed between the two audits",
            "Was sich zwischen den Prüfungen geändert hat",
        )
    }

    fn app(&self, app: &AppChange) -> String {
        if app.is_system {
            return self.prose.texts.system.to_owned();
        }
        if app.names.is_empty() {
            return self.prose.texts.unknown_app.to_owned();
        }
        let or = format!(" {} ", self.prose.texts.or);
        app.names.join(&or)
    }

    fn notes(&self, difference: &Difference) -> Vec<String> {
        let phones = difference.missing_devices.iter().map(|name| {
            let words = self.language.pick(
                "{phone}: this phone is not in the new audit; what became of its findings is not known.",
                "{phone}: Dieses Telefon ist nicht in der neuen Prüfung; was aus seinen Befunden wurde, ist nicht bekannt.",
            );
            fill(words, &[("phone", &text::safe(name))])
        });
        let notes = self.general_notes(difference).into_iter();
        notes.map(str::to_owned).chain(phones).collect()
    }

    fn general_notes(&self, difference: &Difference) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if !difference.same_rules {
            notes.push(self.language.pick(
                "The rules differ: a change may come from them.",
                "Die Regeln sind andere: Änderungen können daher kommen.",
            ));
        }
        if !difference.same_tool {
            notes.push(self.language.pick(
                "The versions of phonehome differ: a change may come from that.",
                "Die Versionen von phonehome sind andere: Änderungen können daher kommen.",
            ));
        }
        if difference.apps.is_empty() && difference.missing_devices.is_empty() {
            notes.push(
                self.language
                    .pick("Nothing changed.", "Nichts hat sich geändert."),
            );
        }
        notes
    }

    fn risk(&self, side: Option<(RiskLevel, u8)>) -> String {
        side.map_or_else(
            || "–".to_owned(),
            |(level, risk)| self.prose.risk(level, risk),
        )
    }

    /// What changed of the app as a whole.
    fn head(&self, app: &AppChange) -> Vec<String> {
        let mut lines = Vec::new();
        if app.risk.0 != app.risk.1 {
            lines.push(format!(
                "{}: {} → {}",
                self.prose.texts.column_risk,
                self.risk(app.risk.0),
                self.risk(app.risk.1)
            ));
        }
        if app.version.0 != app.version.1 {
            let side = |version: &Option<String>| version.clone().unwrap_or_else(|| "–".to_owned());
            lines.push(format!(
                "Version: {} → {}",
                side(&app.version.0),
                side(&app.version.1)
            ));
        }
        lines
    }

    /// All that is new, gone or changed, with its sign.
    fn changes(&self, app: &AppChange) -> Vec<(Change, String)> {
        let mut lines = Vec::new();
        for found in &app.findings {
            let finding = &found.finding;
            let mut line = format!(
                "{} ({})",
                self.prose.title(finding),
                self.language.grade(finding.grade)
            );
            let recipient = self.prose.recipient(finding);
            if !recipient.is_empty() {
                line = format!("{line} → {recipient}");
            }
            let risk = match found.change {
                Change::New => self.risk(found.risk.1),
                Change::Gone => self.risk(found.risk.0),
                Change::Changed => {
                    format!("{} → {}", self.risk(found.risk.0), self.risk(found.risk.1))
                }
            };
            lines.push((found.change, format!("{line}: {risk}")));
        }
        let recipient = self.language.pick("recipient", "Empfänger");
        for (change, name) in &app.recipients {
            lines.push((*change, format!("{recipient} {name}")));
        }
        let permission = self.language.pick("permission", "Berechtigung");
        let state = |granted: Option<bool>| match granted {
            Some(true) => self.prose.texts.granted,
            Some(false) => self.prose.texts.denied,
            None => self.prose.texts.declared,
        };
        for (change, name, (before, after)) in &app.permissions {
            let state = match change {
                Change::New => state(*after).to_owned(),
                Change::Gone => state(*before).to_owned(),
                Change::Changed => format!("{} → {}", state(*before), state(*after)),
            };
            let name = prose::permission(name);
            lines.push((*change, format!("{permission} {name}: {state}")));
        }
        lines
    }

    fn text(&self, difference: &Difference, width: usize, out: &mut dyn Write) -> io::Result<()> {
        write_wrapped(self.title(), "", width, out)?;
        for note in self.notes(difference) {
            write_wrapped(&note, "", width, out)?;
        }
        for app in &difference.apps {
            writeln!(out)?;
            let head = format!(
                "{} › {} ({})",
                app.device,
                self.app(app),
                self.change(app.change)
            );
            write_wrapped(&head, "", width, out)?;
            for line in self.head(app) {
                write_wrapped(&line, "  ", width, out)?;
            }
            for (change, line) in self.changes(app) {
                let sign = match change {
                    Change::New => "  + ",
                    Change::Gone => "  - ",
                    Change::Changed => "  ~ ",
                };
                write_wrapped(&line, sign, width, out)?;
            }
        }
        Ok(())
    }

    fn markdown(&self, difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "# {}", self.title())?;
        for note in self.notes(difference) {
            writeln!(out, "\n{}", markdown(&note))?;
        }
        for app in &difference.apps {
            let device = markdown(&app.device);
            let name = markdown(&self.app(app));
            writeln!(
                out,
                "\n## {device} › {name} ({})\n",
                self.change(app.change)
            )?;
            for line in self.head(app) {
                writeln!(out, "- {}", markdown(&line))?;
            }
            for (change, line) in self.changes(app) {
                writeln!(out, "- **{}** {}", self.change(change), markdown(&line))?;
            }
        }
        Ok(())
    }
}

/// Text in which Markdown sees no marks of its own.
fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '!' | '~' | '@' | ':' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}

/// A line after `begin`, broken between words, or inside of one that is too long; what follows is as far in.
pub(super) fn write_wrapped(
    text: &str,
    begin: &str,
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let room = width.saturating_sub(begin.len()).max(1);
    let mut line = String::new();
    let mut used = 0_usize;
    let mut lead = begin.to_owned();
    let mut flush = |line: &mut String, out: &mut dyn Write| -> io::Result<()> {
        writeln!(out, "{lead}{}", line.trim_end())?;
        line.clear();
        lead = " ".repeat(begin.len());
        Ok(())
    };
    for word in text.split_inclusive(' ') {
        let columns =
            |text: &str| -> usize { text.chars().map(|letter| letter.width().unwrap_or(0)).sum() };
        if used > 0 && used.saturating_add(columns(word.trim_end())) > room {
            flush(&mut line, out)?;
            used = 0;
        }
        for letter in word.chars() {
            let wide = letter.width().unwrap_or(0);
            if used.saturating_add(wide) > room && letter != ' ' {
                flush(&mut line, out)?;
                used = 0;
            }
            line.push(letter);
            used = used.saturating_add(wide);
        }
    }
    flush(&mut line, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_width() {
        let wrapped = |text: &str, width| {
            let mut out = Vec::new();
            write_wrapped(text, "- ", width, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(wrapped("one two three", 9), "- one two\n  three\n");
        assert_eq!(wrapped("abcdefghij", 6), "- abcd\n  efgh\n  ij\n");
        assert_eq!(wrapped("日本日本", 6), "- 日本\n  日本\n");
    }

    #[test]
    fn markdown_sees_no_marks() {
        assert_eq!(
            markdown("<b>[x](javascript:a)|*"),
            "&lt;b&gt;\\[x\\](javascript\\:a)\\|\\*"
        );
    }
}
