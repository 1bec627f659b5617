//! From permission to transmission, with what does not fit.

use super::*;

/// A label that answers, and names these kinds of data.
fn label(named: &[&str]) -> crate::model::DataLabel {
    let mut label = crate::model::DataLabel::new(crate::model::LabelForm::DataSafety, "label.csv");
    label.is_collecting = Some(!named.is_empty());
    label.is_encrypted = Some(true);
    for name in named {
        let data = crate::model::CollectedData {
            is_collected: true,
            ..crate::model::CollectedData::default()
        };
        label.collected.insert((*name).to_owned(), data);
    }
    label
}

const NOTES: &str = "com.example.notes";

impl Phone {
    fn granted(&mut self, package: &str, permission: &str) -> &mut Self {
        let app = self.dossier.apps.entry(package.to_owned()).or_default();
        let permission = format!("android.permission.{permission}");
        let state = PermissionState {
            is_granted: true,
            is_policy_fixed: false,
            ..PermissionState::default()
        };
        app.requested.push(permission.clone());
        app.permissions.insert((0, permission), state);
        self
    }

    fn labelled(&mut self, package: &str, named: &[&str]) -> &mut Self {
        let labels = self.dossier.labels.entry(package.to_owned()).or_default();
        labels.push((label(named), Origin::default()));
        self
    }

    fn chain(&self, app: &str, category: Category) -> Option<crate::model::DataChain> {
        let chains = self.app(app).chains;
        chains.into_iter().find(|chain| chain.category == category)
    }
}

#[test]
fn a_chain_leads_from_permission_to_transmission_and_names_what_does_not_fit() {
    use crate::model::{Contradiction, LabelState};
    let app = known(NOTES);
    let mut phone = Phone::new();
    phone
        .installed(NOTES, Some(true))
        .labelled(NOTES, &["PSL_APPROX_LOCATION"])
        .read(&app, "contacts", 1)
        .found(
            &app,
            &remote("api.example"),
            "contact-phone-list",
            Protection::Cleartext,
            &[
                "+4930231250011",
                "+4930231250012",
                "+4930231250013",
                "+4930231250014",
                "+4930231250015",
            ],
        );
    let chain = phone.chain(NOTES, Category::Contacts).unwrap();
    assert_eq!(chain.granted, [READ_CONTACTS.into()]);
    assert_eq!(chain.label, LabelState::NotNamed);
    assert_eq!(chain.reads.as_ref().map(|reads| reads.count), Some(2));
    let sent = chain.sent.unwrap();
    assert!(sent.grade.is_transmitted() && sent.is_in_clear);
    assert_eq!(sent.recipients, 1);
    assert_eq!(
        chain.contradictions,
        [
            Contradiction::SentNotDeclared,
            Contradiction::LabelSaysEncrypted,
            Contradiction::ReadInBackground,
        ]
    );
}

#[test]
fn what_labels_name_or_deny_changes_the_contradictions() {
    use crate::model::Contradiction;
    let app = known(NOTES);
    let contradictions = |named: &[&str], granted| {
        let mut phone = Phone::new();
        phone
            .installed(NOTES, granted)
            .labelled(NOTES, named)
            .found(
                &app,
                &remote("api.example"),
                "contact-phone-list",
                Protection::Encrypted,
                &[
                    "+4930231250011",
                    "+4930231250012",
                    "+4930231250013",
                    "+4930231250014",
                    "+4930231250015",
                ],
            );
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions
    };
    assert_eq!(contradictions(&["PSL_CONTACTS"], Some(true)), []);
    assert_eq!(
        contradictions(&[], Some(false)),
        [
            Contradiction::LabelSaysNotCollected,
            Contradiction::SentWithoutPermission
        ]
    );
}

#[test]
fn positions_of_an_app_that_gets_rough_ones_only_are_not_held_against_the_label() {
    use crate::model::Contradiction;
    let is_too_precise = |permissions: &[&str]| {
        let mut phone = Phone::new();
        phone
            .installed(NOTES, None)
            .labelled(NOTES, &["PSL_APPROX_LOCATION"])
            .found(
                &known(NOTES),
                &remote("api.example"),
                "coordinates",
                Protection::Encrypted,
                &["52.5,13.4"],
            );
        for permission in permissions {
            phone.granted(NOTES, permission);
        }
        for occurrences in phone.tally.findings.values_mut() {
            occurrences.precision_metres = Some(1);
        }
        let chain = phone.chain(NOTES, Category::Location).unwrap();
        chain
            .contradictions
            .contains(&Contradiction::SentMorePrecisely)
    };
    let both = ["ACCESS_COARSE_LOCATION", "ACCESS_FINE_LOCATION"];
    assert!(is_too_precise(&[]) && is_too_precise(&both));
    assert!(!is_too_precise(&both[..1]));
}

#[test]
fn a_read_that_was_refused_is_no_use_and_files_are_a_use_of_all_files() {
    let is_asked = |permission: &str, resource: &str, count: u64| {
        let mut phone = Phone::new();
        phone
            .installed(NOTES, None)
            .granted(NOTES, permission)
            .read(&known(NOTES), resource, 0);
        for reads in phone.tally.reads.values_mut() {
            reads.count = count;
        }
        let questions = phone.app(NOTES).questions;
        questions.iter().any(|one| &*one.id == "permission-unused")
    };
    for (permission, resource) in [("CAMERA", "camera"), ("MANAGE_EXTERNAL_STORAGE", "files")] {
        assert!(is_asked(permission, resource, 0), "{permission}");
        assert!(!is_asked(permission, resource, 1), "{permission}");
    }
    assert!(is_asked("CAMERA", "microphone", 1));
}

#[test]
fn positions_are_held_against_the_precision_that_labels_name() {
    use crate::model::Contradiction;
    let contradictions = |named: &[&str], metres: u32| {
        let mut phone = Phone::new();
        phone.installed(NOTES, None).labelled(NOTES, named).found(
            &known(NOTES),
            &remote("api.example"),
            "coordinates",
            Protection::Encrypted,
            &["52.5,13.4"],
        );
        for occurrences in phone.tally.findings.values_mut() {
            occurrences.precision_metres = Some(metres);
        }
        phone
            .chain(NOTES, Category::Location)
            .unwrap()
            .contradictions
    };
    let too_precise = [Contradiction::SentMorePrecisely];
    assert_eq!(contradictions(&["PSL_APPROX_LOCATION"], 1), too_precise);
    assert_eq!(contradictions(&["PSL_APPROX_LOCATION"], 1110), []);
    let coarse = "NSPrivacyCollectedDataTypeCoarseLocation";
    assert_eq!(contradictions(&[coarse], 111), too_precise);
    assert_eq!(contradictions(&[coarse], 1110), []);
    let both = ["PSL_APPROX_LOCATION", "PSL_PRECISE_LOCATION"];
    assert_eq!(contradictions(&both, 1), []);
}

#[test]
fn a_granted_permission_is_unneeded_only_where_a_log_would_have_shown_its_use() {
    use crate::model::Contradiction;
    let mut phone = Phone::new();
    phone.installed(NOTES, Some(true));
    assert_eq!(
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions,
        []
    );
    phone.read(&known("com.example.other"), "location", 0);
    assert_eq!(
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions,
        [Contradiction::GrantedNotNeeded]
    );
    phone.read(&known(NOTES), "contacts", 0);
    assert_eq!(
        phone
            .chain(NOTES, Category::Contacts)
            .unwrap()
            .contradictions,
        []
    );
}

#[test]
fn apps_that_cannot_be_told_apart_have_no_chains() {
    let app = Attributed::Shared {
        apps: vec![AppId::new("a.b"), AppId::new("a.c")],
        by: Basis::DumpsysUid,
    };
    let mut phone = Phone::new();
    phone.read(&app, "contacts", 1);
    let device = phone.assess();
    assert!(device.apps.iter().all(|app| app.chains.is_empty()));
}
