//! What the operating system logged: an app read contacts, location, photos, the microphone.

use super::Scene;
use crate::model::{Category, Event, Grade, Sensitive, Tally};

/// Reports reads of protected data. They prove the read, not that anything left the phone.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    let Event::Access(access) = &scene.observation.sighting.event else {
        return;
    };
    if access.is_refused {
        return;
    }
    let (rule, category) = match access.resource.as_str() {
        "contacts" => ("access-contacts", Category::Contacts),
        "location" => ("access-location", Category::Location),
        "network" => return,
        _ => ("access-other", Category::Usage),
    };
    let mut finding = scene.circumstance(rule, category, Grade::Inferred);
    finding.items = access.count.max(1);
    finding.values = vec![Sensitive::new(&access.resource)];
    scene.report(tally, finding);
}
