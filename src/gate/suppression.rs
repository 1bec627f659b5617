//! `[[suppression]]` of `phonehome.toml`: findings that somebody answers for, until a day.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use crate::limits::POLICY_BYTES;
use crate::model::{AppReport, JudgedFinding, is_below, line_after, written_day};
use crate::{Error, Result};

/// A day: year, month, day.
pub type Date = (u16, u8, u8);

/// One suppression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// Id of the finding.
    pub finding: Option<String>,
    /// Rule of the finding.
    pub rule: Option<String>,
    /// Id, package or name of the app.
    pub app: Option<String>,
    /// Recipient, as reports show it; also all hosts below that name.
    pub recipient: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Line in the file of what it names, for messages.
    pub line: usize,
}

/// The part of the file that is about suppressions; the rest is for others.
#[derive(Deserialize)]
struct Policy {
    #[serde(default, rename = "suppression")]
    suppressions: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    finding: Option<String>,
    rule: Option<toml::Spanned<String>>,
    app: Option<String>,
    recipient: Option<String>,
    owner: String,
    reason: String,
    expires: toml::value::Datetime,
}

/// Reads the suppressions of a `phonehome.toml`.
pub fn read_suppressions(path: &Path) -> Result<Vec<Suppression>> {
    let mut text = String::new();
    let file = File::open(path).and_then(|file| file.take(POLICY_BYTES).read_to_string(&mut text));
    file.map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|reason| Error::Format {
        path: path.to_owned(),
        reason,
    })
}

fn parse(text: &str) -> Result<Vec<Suppression>, String> {
    let policy: Policy = toml::from_str(text).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = line_after(before);
        if let Some(day) = written_day(text, before.len()) {
            return format!("line {line}: a date is written {day}, without quotes");
        }
        let reason = match error.message() {
            // The reader's words for a value in quotes.
            message if message.contains("TOML datetime") => {
                "write a day without quotes: expires = 2027-12-31"
            }
            message => message,
        };
        format!("line {line}: {reason}")
    })?;
    let numbered = policy.suppressions.into_iter().zip(1_u32..);
    numbered
        .map(|(entry, number)| {
            suppression(entry, text).map_err(|reason| format!("[[suppression]] {number}: {reason}"))
        })
        .collect()
}

fn suppression(entry: Entry, text: &str) -> Result<Suppression, String> {
    let names = [&entry.finding, &entry.app, &entry.recipient];
    if entry.rule.is_none() && names.iter().all(|name| name.is_none()) {
        return Err("it names no finding, rule, app or recipient".to_owned());
    }
    for (name, text) in [("owner", &entry.owner), ("reason", &entry.reason)] {
        if text.trim().is_empty() {
            return Err(format!("its {name} is empty"));
        }
    }
    let day = entry.expires.date.ok_or("expires is not a day")?;
    Ok(Suppression {
        finding: entry.finding,
        line: entry.rule.as_ref().map_or(0, |rule| {
            line_after(text.get(..rule.span().start).unwrap_or_default())
        }),
        rule: entry.rule.map(toml::Spanned::into_inner),
        app: entry.app,
        recipient: entry.recipient,
        owner: entry.owner.trim().to_owned(),
        reason: entry.reason.trim().to_owned(),
        expires: (day.year, day.month, day.day),
    })
}

impl Suppression {
    /// Whether its time is over.
    pub fn is_over(&self, today: Date) -> bool {
        today > self.expires
    }

    /// Whether it is about a finding: all that it names must fit.
    pub fn fits(&self, app: &AppReport, finding: &JudgedFinding) -> bool {
        let is = |wanted: &Option<String>, fits: &dyn Fn(&str) -> bool| {
            wanted.as_deref().is_none_or(fits)
        };
        let is_app = |name: &str| {
            app.id.as_ref().is_some_and(|id| id.as_str() == name)
                || app.packages.iter().any(|package| package == name)
                || app.names.iter().any(|known| known == name)
        };
        let is_recipient = |name: &str| {
            is_below(&finding.recipient.host, name) || finding.company.as_deref() == Some(name)
        };
        is(&self.finding, &|id| finding.id == id)
            && is(&self.rule, &|rule| *finding.rule == *rule)
            && is(&self.app, &is_app)
            && is(&self.recipient, &is_recipient)
    }

    /// The last day on which it holds, as it is written.
    pub fn last_day(&self) -> String {
        let (year, month, day) = self.expires;
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// What it is about, for messages.
    pub fn about(&self) -> String {
        let named = [
            ("finding", &self.finding),
            ("rule", &self.rule),
            ("app", &self.app),
            ("recipient", &self.recipient),
        ];
        let words = named
            .iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
        format!(
            "{} ({}, until {})",
            words.collect::<Vec<_>>().join(", "),
            self.owner,
            self.last_day()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &str = "owner = \"IT\"\nreason = \"tested\"\nexpires = 2027-01-31\n";

    #[test]
    fn a_suppression_says_who_why_and_until_when() {
        let text =
            format!("organisation = \"x\"\n[[suppression]]\nrule = \"cleartext-http\"\n{WHO}");
        let read = parse(&text).unwrap();
        assert_eq!(read.len(), 1);
        assert!(!read[0].is_over((2027, 1, 31)) && read[0].is_over((2027, 2, 1)));
        assert_eq!(
            read[0].about(),
            "rule cleartext-http (IT, until 2027-01-31)"
        );
        assert_eq!(parse("[app]\nx = 1\n").unwrap(), []);
    }

    #[test]
    fn what_is_missing_or_misspelled_is_refused() {
        let refused = |text: &str| parse(&format!("[[suppression]]\n{text}")).unwrap_err();
        assert!(refused(WHO).contains("names no finding"));
        assert!(refused("rule = \"a\"\nowner = \"b\"\nreason = \"c\"\n").contains("expires"));
        assert!(refused(&format!("rules = \"a\"\n{WHO}")).starts_with("line 2"));
        let empty = "rule = \"a\"\nowner = \"b\"\nreason = \" \"\nexpires = 2027-01-01\n";
        assert!(refused(empty).contains("reason is empty"));
        let hour = "rule = \"a\"\nowner = \"b\"\nreason = \"c\"\nexpires = 10:00:00\n";
        assert!(refused(hour).contains("not a day"));
    }
}
