//! The one place that makes captured text safe to show and that hides personal values.
//!
//! [`safe`] takes away what a terminal or a reader's eye could fall for: control characters, escape sequences, invisible and
//! direction-changing characters, endless strings. [`Masks`] gives each captured value a label that stays the same within one
//! report. [`host`] and [`path`] decide how much of a name may be read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use ring::hmac;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::model::{
    Audit, Category, Evidence, FieldPath, JudgedFinding, PathStep, Recipient, Sensitive,
};

/// Longest text shown in one place, in characters; what is longer ends in `…`.
const SHOWN_CHARACTERS: usize = 200;
/// Bytes of a label that is the same in all reports of one key: 48 bits keep millions of values apart.
const PSEUDONYM_BYTES: usize = 6;
/// Combining marks shown after one character; more are a way to draw over other lines.
const COMBINING_MARKS: usize = 2;

/// A text without anything that moves the cursor, changes direction or hides. What is taken away is written as `\u{…}`.
pub fn safe(text: &str) -> String {
    safe_up_to(text, SHOWN_CHARACTERS)
}

/// [`safe`], but at most `longest` characters.
pub(super) fn safe_up_to(text: &str, longest: usize) -> String {
    if text.len() <= longest && is_plain(text) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len().min(longest));
    let mut marks = 0_usize;
    for (position, character) in text.chars().enumerate() {
        if position >= longest {
            shown.push('…');
            break;
        }
        marks = if is_combining(character) {
            marks.saturating_add(1)
        } else {
            0
        };
        if is_unsafe(character) || marks > COMBINING_MARKS {
            let _infallible = write!(shown, "\\u{{{:x}}}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A text in at most so many columns; wide letters take two.
pub(super) fn in_columns(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut shown: String = text
        .chars()
        .take_while(|character| {
            let room = left.checked_sub(character.width().unwrap_or(0));
            left = room.unwrap_or(0);
            room.is_some()
        })
        .collect();
    shown.push('…');
    shown
}

/// Characters of a long word behind which it may be broken.
fn is_joint(character: char) -> bool {
    matches!(character, '-' | '/' | '.' | '_')
}

/// Columns of the widest part of a text that is not to be broken.
pub(super) fn widest_part(text: &str) -> usize {
    let parts = text.split(|character: char| character.is_whitespace());
    let parts = parts.flat_map(|word| word.split_inclusive(is_joint));
    parts.map(str::width).max().unwrap_or(0)
}

/// A text with a space where a word that is wider than so many columns is to be broken: behind a hyphen, stroke or point. What
/// lays out the text breaks it there instead of anywhere.
pub(super) fn with_joints(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        if word.trim_end().width() <= columns {
            out.push_str(word);
            continue;
        }
        let mut used = 0_usize;
        for part in word.split_inclusive(is_joint) {
            let width = part.trim_end().width();
            if used > 0 && used.saturating_add(width) > columns {
                out.push(' ');
                used = 0;
            }
            out.push_str(part);
            used = used.saturating_add(width);
        }
    }
    out
}

/// A text whose lines are at most so many columns: longer ones are broken between words, and go on below their beginning, a
/// little further in.
pub fn wrapped(text: &str, columns: u16) -> String {
    let columns = usize::from(columns);
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if line.width() <= columns {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let body = line.trim_start();
        let indent = line.width().saturating_sub(body.width()).min(columns / 2);
        out.push_str(&" ".repeat(indent));
        let mut used = indent;
        for (position, word) in body.split(' ').enumerate() {
            let begins = position == 0;
            let needed = word.width().saturating_add(usize::from(!begins));
            if !begins && used.saturating_add(needed) > columns {
                let deeper = indent.saturating_add(2);
                out.push('\n');
                out.push_str(&" ".repeat(deeper));
                used = deeper;
            } else if !begins {
                out.push(' ');
                used = used.saturating_add(1);
            }
            for character in word.chars() {
                let width = character.width().unwrap_or(0);
                if used.saturating_add(width) > columns {
                    let deeper = indent.saturating_add(2);
                    out.push('\n');
                    out.push_str(&" ".repeat(deeper));
                    used = deeper;
                }
                out.push(character);
                used = used.saturating_add(width);
            }
        }
        out.push('\n');
    }
    out
}

/// Whether a text has nothing but printable ASCII, as most have: none of it is unsafe, and that is soon seen.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Characters that a terminal obeys, or that a reader cannot see.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{fffe}' | '\u{ffff}' | '\u{e000}'..='\u{f8ff}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
        || (character.is_whitespace() && character != ' ')
}

/// Whether a text has nothing that [`safe`] takes away. What the program itself says may have line breaks and fixed spaces.
pub(super) fn is_shown(text: &str) -> bool {
    let is_ours = |character| matches!(character, '\n' | '\u{a0}' | '\u{202f}');
    is_plain(text)
        || !text
            .chars()
            .any(|character| is_unsafe(character) && !is_ours(character))
}

/// Characters that are drawn over the one before them.
fn is_combining(character: char) -> bool {
    character.width() == Some(0)
}

/// A host name or address as a recipient: only characters that host names have, so that no look-alike letter passes for
/// another. Labels that look like a person's or a device's own (a number, a long identifier) are shown as `*`.
pub(super) fn host(recipient: &Recipient) -> String {
    host_name(&recipient.host)
}

/// [`host`] for a bare name.
pub(super) fn host_name(name: &str) -> String {
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name.to_owned();
    }
    let is_named_by_its_owner = is_named_by_its_owner(name);
    let labels: Vec<&str> = name.split('.').collect();
    let public_labels = if is_named_by_its_owner { 1 } else { 2 };
    let first_public = labels.len().saturating_sub(public_labels);
    let shown: Vec<String> = labels
        .iter()
        .enumerate()
        .map(|(position, label)| {
            let may_be_personal =
                position < first_public && (is_named_by_its_owner || looks_personal(label));
            if may_be_personal {
                "*".to_owned()
            } else {
                host_label(label)
            }
        })
        .collect();
    safe(&shown.join("."))
}

/// Domains in which names are those of devices at home, and often of their owners; the last two are what routers hand out.
const HOME_DOMAINS: [&str; 9] = [
    "local",
    "lan",
    "home",
    "internal",
    "localdomain",
    "arpa",
    "home.arpa",
    "fritz.box",
    "speedport.ip",
];

fn is_named_by_its_owner(name: &str) -> bool {
    let is_below = |domain: &str| {
        let rest = name
            .strip_suffix(domain)
            .and_then(|rest| rest.strip_suffix('.'));
        rest.is_some_and(|rest| !rest.is_empty())
    };
    HOME_DOMAINS.iter().any(|domain| is_below(domain))
}

fn host_label(label: &str) -> String {
    let mut shown = String::with_capacity(label.len());
    for character in label.chars() {
        if character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '*') {
            shown.push(character);
        } else {
            let _infallible = write!(shown, "\\u{{{:x}}}", u32::from(character));
        }
    }
    shown
}

/// Whether a host label or a member name may itself be somebody's data: an e-mail address, a number of the length of a phone
/// number, an identifier.
fn looks_personal(label: &str) -> bool {
    let digits = label.chars().filter(char::is_ascii_digit).count();
    let hexadecimal = label.chars().filter(char::is_ascii_hexdigit).count();
    let is_identifier = label.len() >= 20
        && digits >= 4
        && hexadecimal.saturating_mul(10) >= label.len().saturating_mul(8);
    label.contains('@')
        || longest_run_of_digits(label) >= 7
        || digits >= 9
        || is_identifier
        || is_digest(label)
        || label.len() > 40
}

/// Whether a label is a hardware address, or a digest, also a shortened one, in hexadecimal digits or base64.
fn is_digest(label: &str) -> bool {
    let of_hexadecimal = |label: &str| {
        let has_digit = label.contains(|one: char| one.is_ascii_digit());
        has_digit && label.chars().all(|one| one.is_ascii_hexdigit())
    };
    let mut pairs = label.split([':', '-']);
    let is_address = label.len() == 17
        && pairs.all(|pair| pair.len() == 2 && pair.chars().all(|one| one.is_ascii_hexdigit()));
    let digits = label.chars().filter(char::is_ascii_digit).count();
    let marks = label.contains(['+', '/', '=']);
    let is_base64 = label.len() >= 16
        && label
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || "+/=-_".contains(one))
        && label.contains(|one: char| one.is_ascii_uppercase())
        && label.contains(|one: char| one.is_ascii_lowercase())
        && (marks || digits >= 3);
    is_address || label.len() >= 12 && of_hexadecimal(label) || is_base64
}

fn longest_run_of_digits(text: &str) -> usize {
    text.split(|character: char| !character.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or_default()
}

/// A path to a field. Member names that may themselves be somebody's data (`{"+49…": true}`) are shown as `*`.
pub(super) fn path(path: &FieldPath) -> String {
    let masked = FieldPath(
        path.0
            .iter()
            .map(|step| match step {
                PathStep::Name(name) if looks_personal(name) || name.contains(' ') => {
                    PathStep::Name("*".into())
                }
                other => other.clone(),
            })
            .collect(),
    );
    safe_up_to(&masked.to_string(), 80)
}

/// Labels for captured values: the same value has the same label everywhere in one report.
#[derive(Debug, Default)]
pub(super) struct Masks {
    /// By value as it was reported.
    labels: BTreeMap<Sensitive, String>,
    /// By kind, and value without what spellings differ in.
    spelled: BTreeMap<(&'static str, Sensitive), String>,
    next: BTreeMap<&'static str, u32>,
    show_values: bool,
    /// Makes labels that stay the same over reports.
    key: Option<hmac::Key>,
}

impl Masks {
    /// Labels in the order of appearance in a report; with `show_values`, the values themselves.
    pub(super) fn of(audit: &Audit, show_values: bool, key: Option<&[u8]>) -> Self {
        let mut masks = Self::new(show_values);
        masks.key = key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key));
        let apps = || audit.devices.iter().flat_map(|device| &device.apps);
        let findings = || apps().flat_map(|app| &app.findings);
        // Findings about circumstances point to values of other findings, which say better what these are.
        let (circumstances, data): (Vec<&JudgedFinding>, Vec<&JudgedFinding>) = findings()
            .partition(|finding| {
                matches!(
                    finding.category,
                    Category::Transport | Category::Recipient | Category::Permission
                )
            });
        for finding in data.into_iter().chain(circumstances) {
            for evidence in &finding.occurrences.evidence {
                masks.learn(finding.category, evidence);
            }
        }
        masks
    }

    /// No labels yet.
    pub(super) fn new(show_values: bool) -> Self {
        Self {
            show_values,
            ..Self::default()
        }
    }

    /// How many values have a label.
    pub(super) fn len(&self) -> usize {
        self.spelled.len()
    }

    fn learn(&mut self, category: Category, evidence: &Evidence) {
        if let Some(value) = &evidence.value {
            self.label(category, value);
        }
    }

    /// The label of a value, a new one if it has not been seen.
    pub(super) fn label(&mut self, category: Category, value: &Sensitive) -> &str {
        let (next, key, spelled) = (&mut self.next, &self.key, &mut self.spelled);
        self.labels.entry(value.clone()).or_insert_with(|| {
            let kind = kind(category, value.reveal());
            let plain = without_spelling(kind, value.reveal());
            let entry = spelled.entry((kind, Sensitive::new(&plain)));
            let label = entry.or_insert_with(|| {
                if let Some(key) = key {
                    let tag = hmac::sign(key, plain.as_bytes());
                    let short = tag.as_ref().get(..PSEUDONYM_BYTES).unwrap_or_default();
                    return format!("{kind}#{}", HEXLOWER.encode(short));
                }
                let number = next.entry(kind).or_insert(0);
                *number = number.saturating_add(1);
                format!("{kind}#{number}")
            });
            label.clone()
        })
    }

    /// What to print for a value: its label, or the value if the user asked for values.
    pub(super) fn show(&self, value: &Sensitive) -> String {
        if self.show_values {
            return safe(value.reveal());
        }
        self.labels
            .get(value)
            .cloned()
            .unwrap_or_else(|| "…".to_owned())
    }
}

/// A value without what spellings of one number or address differ in: what groups digits, how the way abroad is dialled, case.
fn without_spelling<'a>(kind: &str, value: &'a str) -> Cow<'a, str> {
    match kind {
        "phone" => {
            let is_said = |character: &char| character.is_ascii_digit() || *character == '+';
            let said: String = value.chars().filter(is_said).collect();
            match said.strip_prefix("00") {
                Some(abroad) => Cow::Owned(["+", abroad].concat()),
                None => Cow::Owned(said),
            }
        }
        "e-mail" => Cow::Owned(value.trim().to_lowercase()),
        _ => Cow::Borrowed(value),
    }
}

/// What kind of value it is, as the first part of its label.
fn kind(category: Category, value: &str) -> &'static str {
    let trimmed = value.trim();
    let has_phone_shape = (6..=20).contains(&trimmed.len())
        && trimmed.chars().filter(char::is_ascii_digit).count() >= 6
        && trimmed
            .chars()
            .all(|character| character.is_ascii_digit() || "+ ()-./".contains(character));
    match category {
        _ if trimmed
            .split_once('@')
            .is_some_and(|(_, domain)| domain.contains('.')) =>
        {
            "e-mail"
        }
        Category::Contacts | Category::Account | Category::MessageMetadata if has_phone_shape => {
            "phone"
        }
        Category::Contacts => "contact",
        Category::Location => "place",
        Category::Device => "device",
        Category::Account => "account",
        Category::MessageMetadata | Category::MessageContent => "message",
        Category::Credentials => "secret",
        Category::Media
        | Category::Transport
        | Category::Recipient
        | Category::Usage
        | Category::Permission => "value",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::RecipientKind;

    #[test]
    fn names_that_are_data_are_not_shown() {
        for name in [
            "+4915112345678",
            "anna@example.org",
            "tDBiW1ZMwWOERkDffJ44QX+BOME=",
            "ewAnFUpqOEa1Y2VfBcZjOQ==",
            "0219a0fa3cfd4bd8",
            "aa:bb:cc:d2:e4:f6",
            "AA-BB-CC-DD-EE-FF",
        ] {
            assert!(looks_personal(name), "{name}");
        }
        for name in [
            "contacts",
            "advertisingIdentifier",
            "firebaseInstanceIdV2Token",
            "device_fingerprint_v2",
            "sha256",
            "access-control-12",
            "com.example.notes",
        ] {
            assert!(!looks_personal(name), "{name}");
        }
    }

    #[test]
    fn long_words_are_broken_where_readers_expect_it() {
        assert_eq!(
            with_joints("com.example.werkzeug.kalender oder b", 22),
            "com.example.werkzeug. kalender oder b"
        );
        assert_eq!(with_joints("Ende-zu-Ende", 12), "Ende-zu-Ende");
        assert_eq!(with_joints("Ende-zu-Ende\nx", 8), "Ende-zu- Ende\nx");
        assert_eq!(with_joints("unteilbarlang", 5), "unteilbarlang");
        assert_eq!(widest_part("Ende-zu-Ende ist\nunteilbar"), 9);
    }

    #[test]
    fn escapes_and_invisible_characters_become_visible() {
        assert_eq!(safe("a\u{1b}[2Jb\u{9b}1mc"), "a\\u{1b}[2Jb\\u{9b}1mc");
        assert_eq!(safe("user\u{202e}gnp.exe"), "user\\u{202e}gnp.exe");
        assert_eq!(
            safe("a\u{200b}b\u{feff}c\nd"),
            "a\\u{200b}b\\u{feff}c\\u{a}d"
        );
        assert_eq!(
            safe("z\u{300}\u{301}\u{302}\u{303}"),
            "z\u{300}\u{301}\\u{302}\\u{303}"
        );
        assert_eq!(
            safe("\u{915}\u{941}\u{941}\u{941}"),
            "\u{915}\u{941}\u{941}\\u{941}"
        );
        assert_eq!(safe("Müller 日本"), "Müller 日本");
    }

    #[test]
    fn long_texts_end() {
        let shown = safe(&"x".repeat(10_000));
        assert_eq!(shown.chars().count(), SHOWN_CHARACTERS + 1);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn long_lines_go_on_below() {
        let text = "short\n  one two three\n\nabcdefghijkl\n";
        assert_eq!(
            wrapped(text, 10),
            "short\n  one two\n    three\n\nabcdefghij\n  kl\n"
        );
        assert_eq!(wrapped(text, 80), text);
    }

    proptest! {
        #[test]
        fn wrapped_lines_fit(text in any::<String>(), columns in 40_u16..100) {
            let shown = wrapped(&safe(&text), columns);
            prop_assert!(shown.lines().all(|line| line.width() <= usize::from(columns)), "{shown}");
        }

        #[test]
        fn nothing_that_a_terminal_obeys_survives(text in any::<String>()) {
            let shown = safe(&text);
            prop_assert!(shown.chars().all(|character| !character.is_control() && !is_unsafe(character)));
        }
    }

    fn remote(name: &str) -> Recipient {
        Recipient {
            kind: RecipientKind::Remote,
            host: name.into(),
        }
    }

    #[test]
    fn hosts_are_shown_but_personal_labels_are_not() {
        assert_eq!(host(&remote("graph.facebook.com")), "graph.facebook.com");
        assert_eq!(host(&remote("192.0.2.7")), "192.0.2.7");
        assert_eq!(
            host(&remote("491711234567.sync.vendor.example")),
            "*.sync.vendor.example"
        );
        assert_eq!(
            host(&remote(
                "0a1b2c3d4e5f60718293a4b5c6d7e8f9.cdn.vendor.example"
            )),
            "*.cdn.vendor.example"
        );
        assert_eq!(
            host(&remote("mmg-fna.whatsapp.net")),
            "mmg-fna.whatsapp.net"
        );
        assert_eq!(host(&remote("frau-beispiel-phone.local")), "*.local");
        assert_eq!(host(&remote("frau-beispiel.fritz.box")), "*.*.box");
        let own = Recipient {
            kind: RecipientKind::Local,
            host: "chat.firma.example".into(),
        };
        assert_eq!(host(&own), "chat.firma.example");
        assert_eq!(host(&remote("аpple.example")), "\\u{430}pple.example");
        assert_eq!(
            host(&remote("a\u{1b}[31m.example")),
            "a\\u{1b}\\u{5b}31m.example"
        );
    }

    #[test]
    fn paths_hide_member_names_that_are_data() {
        let steps = |names: &[&str]| {
            FieldPath(
                names
                    .iter()
                    .map(|name| PathStep::Name((*name).into()))
                    .collect(),
            )
        };
        assert_eq!(path(&steps(&["user", "phone_number"])), "user.phone_number");
        assert_eq!(path(&steps(&["contacts", "+491711234567"])), "contacts.*");
        assert_eq!(path(&steps(&["erika@mail.example", "name"])), "*.name");
    }

    #[test]
    fn the_same_value_has_the_same_label() {
        let mut masks = Masks::new(false);
        let (one, two) = (
            Sensitive::new("+49 171 1234567"),
            Sensitive::new("erika@mail.example"),
        );
        assert_eq!(masks.label(Category::Contacts, &one), "phone#1");
        assert_eq!(masks.label(Category::Contacts, &two), "e-mail#1");
        assert_eq!(masks.label(Category::Account, &one), "phone#1");
        assert_eq!(masks.show(&one), "phone#1");
        assert!(!masks.show(&Sensitive::new("never seen")).contains("never"));
        let mut open = Masks::new(true);
        open.label(Category::Contacts, &one);
        assert_eq!(open.show(&one), "+49 171 1234567");
    }
}
