//! What the operating system logged: an app read contacts, location, photos, the microphone, or contacted trackers.

use super::Scene;
use crate::model::{Access, Category, Event, Grade, Sensitive, Tally};

/// What logs call a thing that is read, the rule for it, and the kind of data.
const RULES: [(&str, &str, Category); 13] = [
    ("contacts", "access-contacts", Category::Contacts),
    ("location", "access-location", Category::Location),
    ("call-log", "access-call-log", Category::Contacts),
    ("sms", "access-messages", Category::MessageContent),
    ("notifications", "access-messages", Category::MessageContent),
    ("camera", "access-camera", Category::Media),
    ("microphone", "access-microphone", Category::Media),
    ("photos", "access-media", Category::Media),
    (
        "media-location",
        "access-media-location",
        Category::Location,
    ),
    ("mediaLibrary", "access-media", Category::Media),
    ("files", "access-media", Category::Media),
    ("screenRecording", "access-screen", Category::Media),
    ("clipboard", "access-clipboard", Category::Usage),
];

/// Reports reads of protected data. They prove the read, not that anything left the phone.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    let Event::Access(access) = &scene.observation.sighting.event else {
        return;
    };
    if access.is_refused {
        return;
    }
    let resource = access.resource.as_str();
    if resource == "network" {
        return inspect_contact(scene, access, tally);
    }
    let (rule, category) = RULES
        .iter()
        .find(|(name, ..)| *name == resource)
        .map_or(("access-other", Category::Usage), |(_, rule, category)| {
            (*rule, *category)
        });
    let mut finding = scene.circumstance(rule, category, Grade::Inferred);
    finding.items = access.count.max(1);
    finding.values = vec![Sensitive::new(&access.resource)];
    scene.report(tally, finding);
}

/// Reports trackers that the rules do not know: of those that they do, their role says more.
fn inspect_contact(scene: &Scene<'_>, access: &Access, tally: &mut Tally) {
    let host = access.host.as_deref();
    if !access.is_tracker || host.is_none_or(|host| scene.rules.endpoint(host).is_some()) {
        return;
    }
    let rule = if access.is_of_content {
        "logged-tracker-in-content"
    } else {
        "logged-tracker-contacted"
    };
    let mut finding = scene.circumstance(rule, Category::Recipient, Grade::Contacted);
    finding.items = access.count.max(1);
    scene.report(tally, finding);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn a_read_is_of_the_data_that_its_permission_opens() {
        let rules = Rules::embedded();
        for (resource, rule, category) in RULES {
            assert_eq!(
                rules.circumstance(rule).unwrap().category,
                category,
                "{rule}"
            );
            if let Some(permission) = rules.permission_category_of(resource) {
                assert_eq!(permission.data, Some(category), "{resource}");
            }
        }
    }
}
