//! What the user asked for beside the inputs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::intake::Case;
use crate::model::{AppId, Consent};

/// What the user asked for beside the inputs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The app that all traffic belongs to (`--app`), but for that of the operating system.
    pub app: Option<AppId>,
    /// Key logs of all devices (`--keylog`), beside those that lie among the inputs.
    pub key_logs: Vec<PathBuf>,
    /// Lists of known values of all devices (`--known`), beside those that lie among the inputs.
    pub known: Vec<PathBuf>,
    /// Secrets that vendors mix into digests (`--pepper`).
    pub peppers: Vec<Vec<u8>>,
    /// BPF expression that packets must match (`--filter`); needs the feature `live`.
    pub filter: Option<String>,
    /// Code in app packages is also told by a list of trackers (`--trackers`), which the rules have in them.
    pub has_trackers: bool,
    /// Labels of values are made with a key (`--pseudonym-key`), which only reports need.
    pub has_pseudonyms: bool,
    /// Each client of a network is a phone of its own in captures and records of its traffic (`--split-clients`).
    pub has_split_clients: bool,
    /// When the people at the phones agreed (`--consent-at`), where `phonehome.toml` says nothing of a phone.
    pub consent: Option<Consent>,
    /// Captures of the same phones without contacts on them (`--baseline-capture`).
    pub baseline: Vec<PathBuf>,
    /// Inputs read at once; 0 means one per core.
    pub jobs: usize,
}

impl Options {
    /// What decides about the result, by the names of the flags: nothing of the machine, no secret, no path.
    pub(super) fn named(&self, case: &Case) -> BTreeMap<String, String> {
        let text = |text: &Option<String>| text.clone();
        let count = |count: usize| (count > 0).then(|| count.to_string());
        let all = [
            ("app", self.app.as_ref().map(ToString::to_string)),
            ("baseline-capture", count(self.baseline.len())),
            (
                "consent-at",
                self.consent.map(|consent| consent.to_string()),
            ),
            ("filter", text(&self.filter)),
            ("keylog", count(self.key_logs.len())),
            ("known", count(self.known.len())),
            ("pepper", count(self.peppers.len())),
            ("policy", case.policy_sha256.clone()),
            ("pseudonym-key", count(usize::from(self.has_pseudonyms))),
            ("split-clients", count(usize::from(self.has_split_clients))),
            ("trackers", count(usize::from(self.has_trackers))),
        ];
        let named = all.into_iter();
        named
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    /// Takes over from a saved report what it names and the user did not.
    pub fn take_over(&mut self, named: &BTreeMap<String, String>) {
        if self.app.is_none() {
            self.app = named.get("app").map(|app| AppId::new(app));
        }
        if self.consent.is_none() {
            let consent = named.get("consent-at");
            self.consent = consent.and_then(|text| Consent::parse(text));
        }
        if self.filter.is_none() {
            self.filter = named.get("filter").cloned();
        }
        self.has_split_clients |= named.contains_key("split-clients");
    }
}
