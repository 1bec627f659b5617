//! Names looked up: weaker than a contact, since a lookup alone does not show that a connection followed.

use std::sync::Arc;

use super::{Lookups, Scene};
use crate::model::{Category, Event, Grade, Lookup, Protection, Recipient, RecipientKind, Tally};

/// Reports lookups of names on the internet, with the looked-up host as recipient.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    let Event::Lookup(lookup) = &scene.observation.sighting.event else {
        return;
    };
    if let Some(host) = of_host(scene, lookup) {
        host.report(
            tally,
            host.circumstance("name-lookup", Category::Recipient, Grade::Inferred),
        );
    }
}

/// The lookup of a name on the internet, with the looked-up host as recipient.
pub(super) fn of_host<'a>(scene: &Scene<'a>, lookup: &Lookup) -> Option<Scene<'a>> {
    // 12 is PTR: the name is an address written backwards.
    if lookup.is_local
        || lookup.is_response
        || lookup.record_type == 12
        || !lookup.name.contains('.')
    {
        return None;
    }
    Some(Scene {
        recipient: Recipient {
            kind: RecipientKind::Remote,
            host: Arc::from(lookup.name.as_str()),
        },
        protection: Protection::Unknown,
        names: Vec::new(),
        found: Lookups::default(),
        ..*scene
    })
}
