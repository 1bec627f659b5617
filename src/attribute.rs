//! Which app a sighting belongs to, how we know, and how sure.

use crate::model::{AppId, Attributed, Dossier, Sighting};
use crate::rules::Rules;

/// Attribution for one device.
#[derive(Debug)]
pub struct Attributor<'a> {
    rules: &'a Rules,
    dossier: &'a Dossier,
    only: Option<AppId>,
}

impl<'a> Attributor<'a> {
    /// For one device; `only` is the app that the user named (`--app`).
    pub fn new(rules: &'a Rules, dossier: &'a Dossier, only: Option<AppId>) -> Self {
        Self {
            rules,
            dossier,
            only,
        }
    }

    /// The app of a sighting.
    pub fn attribute(&mut self, _sighting: &Sighting) -> Attributed {
        let _ = (self.rules, self.dossier, &self.only);
        Attributed::Unknown
    }
}
