//! `sdks.toml`: third parties' code inside apps, by the names of classes and frameworks; and the list of trackers that a user
//! brings along (ETIP and Exodus Privacy, JSON).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use hashbrown::HashMap;
use serde::Deserialize;

use super::{Part, Problems, Role, Rules, load};
use crate::model::EmbeddedCode;
use crate::{Error, Result, limits};

/// Third parties' code that apps embed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sdk {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The company behind it, as `endpoints.toml` names it.
    pub company: Arc<str>,
    /// What it does.
    pub role: Role,
    /// Packages of its classes (`com.facebook.appevents`), and all below them.
    #[serde(default)]
    pub classes: Vec<String>,
    /// Names of its iOS frameworks and bundles, without ending.
    #[serde(default)]
    pub frameworks: Vec<String>,
    /// Where this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// A switch of an SDK in manifests (`meta-data`, `Info.plist`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdkSetting {
    /// Its name, as the vendor writes it.
    pub name: Arc<str>,
    /// Id of the SDK.
    pub sdk: Arc<str>,
    /// The value with which the SDK does not collect by itself from the start; without it, it does. None if the switch is about
    /// a part of what it collects.
    pub holds_back: Option<bool>,
    /// Where this is known from.
    pub source: String,
}

/// `sdks.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SdkFile {
    as_of: Arc<str>,
    #[serde(default, rename = "sdk")]
    sdks: Vec<Sdk>,
    #[serde(default, rename = "setting")]
    settings: Vec<SdkSetting>,
}

/// SDKs with their indexes, which point into `entries`.
#[derive(Debug, Default)]
pub(super) struct Sdks {
    entries: Vec<Sdk>,
    settings: Vec<SdkSetting>,
    /// By package with slashes; bytes, as names of classes are.
    by_package: HashMap<Vec<u8>, usize>,
    by_framework: HashMap<String, usize>,
    /// Names of the user's list, and what finds them in the name of a class.
    trackers: Option<(Vec<String>, AhoCorasick, Vec<usize>)>,
}

impl Part for Sdks {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        const FILE: &str = "sdks.toml";
        let file: SdkFile = load::parse(FILE, rules, problems);
        problems.unique(FILE, "sdk", file.sdks.iter().map(|sdk| &sdk.id));
        let mut sdks = Self::default();
        for (position, mut sdk) in file.sdks.into_iter().enumerate() {
            if sdk.as_of.is_empty() {
                sdk.as_of = file.as_of.clone();
            }
            for package in &sdk.classes {
                let slashes = package.replace('.', "/").into_bytes();
                if sdks.by_package.insert(slashes, position).is_some() {
                    problems.duplicate(FILE, "classes", package);
                }
            }
            for framework in &sdk.frameworks {
                if sdks
                    .by_framework
                    .insert(framework.clone(), position)
                    .is_some()
                {
                    problems.duplicate(FILE, "frameworks", framework);
                }
            }
            sdks.entries.push(sdk);
        }
        let names = file.settings.iter().map(|setting| &setting.name);
        problems.unique(FILE, "setting", names);
        sdks.settings = file.settings;
        sdks
    }
}

impl Sdks {
    /// The entry of a package, or of the longest one around it.
    fn of_package(&self, name: &[u8]) -> Option<usize> {
        let mut rest = name;
        loop {
            if let Some(position) = self.by_package.get(rest) {
                return Some(*position);
            }
            rest = package(rest)?;
        }
    }
}

/// What a class or package lies in.
fn package(name: &[u8]) -> Option<&[u8]> {
    name.get(..memchr::memrchr(b'/', name)?)
}

/// An entry of the user's list; the other members do not matter here.
#[derive(Debug, Deserialize)]
struct Tracker {
    name: String,
    #[serde(default)]
    code_signature: String,
}

/// Exodus writes an object by number, ETIP a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Trackers {
    ById(BTreeMap<String, Tracker>),
    List(Vec<Tracker>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TrackerFile {
    Wrapped { trackers: Trackers },
    Bare(Trackers),
}

impl Rules {
    /// Adds a list of trackers that the user brings along (JSON of ETIP or Exodus Privacy).
    pub fn load_trackers(&mut self, path: &Path) -> Result<()> {
        let read = |source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let refuse = |reason: String| Error::Rule {
            file: path.display().to_string(),
            reason,
        };
        let length = std::fs::metadata(path).map_err(read)?.len();
        if length > limits::RULE_FILE_BYTES {
            return Err(refuse(format!(
                "{length} bytes are more than a list of trackers may have"
            )));
        }
        let text = std::fs::read_to_string(path).map_err(read)?;
        self.add_trackers(&text).map_err(refuse)
    }

    /// As [`Rules::load_trackers`], from the text of the file; the error says in words what is wrong.
    ///
    /// Signatures are names of packages joined by `|`, of which no list uses another operator of regular expressions. They are
    /// searched anywhere in the name of a class, as Exodus does, with dots as they stand in names.
    pub fn add_trackers(&mut self, text: &str) -> std::result::Result<(), String> {
        let file: TrackerFile =
            serde_json::from_str(text).map_err(|error| format!("no list of trackers: {error}"))?;
        let (TrackerFile::Wrapped { trackers } | TrackerFile::Bare(trackers)) = file;
        let trackers = match trackers {
            Trackers::ById(by_id) => by_id.into_values().collect(),
            Trackers::List(list) => list,
        };
        let mut names = Vec::new();
        let mut patterns: Vec<String> = Vec::new();
        let mut owners = Vec::new();
        for tracker in trackers {
            let signatures = tracker.code_signature.split('|').map(str::trim);
            for signature in signatures.filter(|signature| signature.len() > 3) {
                patterns.push(signature.replace("\\.", ".").replace('.', "/"));
                owners.push(names.len());
            }
            names.push(tracker.name);
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&patterns)
            .map_err(|error| error.to_string())?;
        self.sdks.get(self);
        if let Some(sdks) = self.sdks.get_mut() {
            sdks.trackers = Some((names, finder, owners));
        }
        Ok(())
    }

    /// Switches of SDKs, in the order of the file.
    pub fn sdk_settings(&self) -> &[SdkSetting] {
        &self.sdks.get(self).settings
    }

    /// All SDKs, in the order of the file.
    pub fn sdks(&self) -> &[Sdk] {
        &self.sdks.get(self).entries
    }

    /// The SDK of that id.
    pub fn sdk(&self, id: &str) -> Option<&Sdk> {
        self.sdks().iter().find(|sdk| &*sdk.id == id)
    }

    /// A collector for the names in one app's code.
    pub fn embedded_code(&self) -> CodeMatcher<'_> {
        CodeMatcher {
            rules: self,
            last: (Vec::new(), None),
            found: BTreeMap::new(),
        }
    }
}

/// Puts the names in an app's code to the SDKs that they belong to.
#[derive(Debug)]
pub struct CodeMatcher<'a> {
    rules: &'a Rules,
    /// The last class's package, and its entry: a DEX file names types in the order of their names.
    last: (Vec<u8>, Option<usize>),
    /// First example and count by id.
    found: BTreeMap<String, (String, u64)>,
}

impl<'a> CodeMatcher<'a> {
    /// A manifest alone has no code: then the file need not be read.
    fn sdks(&self) -> &'a Sdks {
        self.rules.sdks.get(self.rules)
    }

    /// A class, with slashes.
    pub fn class(&mut self, name: &[u8]) {
        let sdks = self.sdks();
        let position = sdks.by_package.get(name).copied();
        let position = position.or_else(|| self.around(sdks, package(name)?));
        if position.is_none() && sdks.trackers.is_none() {
            return;
        }
        let Ok(name) = std::str::from_utf8(name) else {
            return;
        };
        if let Some(sdk) = position.and_then(|position| sdks.entries.get(position)) {
            self.count(&sdk.id, name);
        }
        if let Some((names, finder, owners)) = &sdks.trackers {
            let mut seen = Vec::new();
            for hit in finder.find_overlapping_iter(name) {
                let Some(owner) = owners.get(hit.pattern().as_usize()) else {
                    continue;
                };
                if !seen.contains(owner)
                    && let Some(tracker) = names.get(*owner)
                {
                    seen.push(*owner);
                    self.count(tracker, name);
                }
            }
        }
    }

    /// The entry of a class's package.
    fn around(&mut self, sdks: &Sdks, package: &[u8]) -> Option<usize> {
        let (last, position) = &mut self.last;
        if last != package {
            package.clone_into(last);
            *position = sdks.of_package(package);
        }
        *position
    }

    /// A framework or bundle of an iOS app, without its ending.
    pub fn framework(&mut self, name: &str) {
        let sdks = self.sdks();
        let sdk = sdks.by_framework.get(name);
        if let Some(sdk) = sdk.and_then(|position| sdks.entries.get(*position)) {
            self.count(&sdk.id, name);
        }
    }

    fn count(&mut self, id: &str, example: &str) {
        match self.found.get_mut(id) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => {
                self.found
                    .insert(id.to_owned(), (example.replace('/', "."), 1));
            }
        }
    }

    /// What was found, by id.
    pub fn finish(self) -> Vec<EmbeddedCode> {
        let found = self.found.into_iter();
        found
            .map(|(id, (example, count))| EmbeddedCode { id, example, count })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(rules: &Rules, classes: &[&str]) -> Vec<(String, u64)> {
        let mut matcher = rules.embedded_code();
        for class in classes {
            matcher.class(class.as_bytes());
        }
        let found = matcher.finish().into_iter();
        found.map(|code| (code.id, code.count)).collect()
    }

    #[test]
    fn classes_belong_to_the_longest_package_at_a_boundary() {
        let rules = Rules::embedded();
        let found = ids(
            &rules,
            &[
                "com/google/ads/interactivemedia/A",
                "com/adjust/sdk/Adjust",
                "com/adjust/sdk/Adjust$1",
                "com/adjust/sdkless/A",
                "a/b/c",
            ],
        );
        assert_eq!(
            found,
            [("adjust".to_owned(), 2), ("google-ima".to_owned(), 1)]
        );
        let mut matcher = rules.embedded_code();
        matcher.framework("FirebaseAnalytics");
        assert_eq!(matcher.finish()[0].id, "firebase-analytics");
    }

    #[test]
    fn a_list_of_the_users_is_searched_as_exodus_searches() {
        let mut rules = Rules::embedded();
        let list = r#"{"trackers": {"1": {"id": 1, "name": "Example Track", "code_signature": "com.example.track.|org.other\\.sdk", "network_signature": "x"},
            "2": {"name": "Nothing", "code_signature": "NC"}}}"#;
        rules.add_trackers(list).unwrap();
        let found = ids(
            &rules,
            &["shaded/com/example/track/A", "org/other/sdk/B", "NC/A"],
        );
        assert_eq!(found, [("Example Track".to_owned(), 2)]);
        rules
            .add_trackers(r#"[{"name": "A", "code_signature": "com.a.b"}]"#)
            .unwrap();
        assert_eq!(ids(&rules, &["com/a/b/C"]), [("A".to_owned(), 1)]);
        assert!(rules.add_trackers("7").is_err());
    }
}
