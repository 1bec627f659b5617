//! The nine criteria of an impact assessment.

use super::*;
use crate::model::CriterionState::{Met, NotMet, ToBeAsked};
use crate::model::{CriterionState, Screened};

fn state(screening: &[Screened], number: u8) -> CriterionState {
    screening
        .iter()
        .find(|one| one.number == number)
        .unwrap()
        .state
}

#[test]
fn nine_criteria_are_met_not_met_or_to_be_asked() {
    let mut phone = Phone::new();
    let app = known("com.example.map");
    let here = remote("api.example");
    phone.flows(&app, &here, ContentState::Clear, 1);
    let places = ["52.5,13.4", "52.6,13.4", "52.7,13.4"];
    phone.found(&app, &here, "coordinates", Protection::Encrypted, &places);
    let screening = phone.app("com.example.map").screening;
    let states: Vec<CriterionState> = screening.iter().map(|one| one.state).collect();
    let expected = [
        NotMet, ToBeAsked, Met, Met, ToBeAsked, NotMet, Met, ToBeAsked, ToBeAsked,
    ];
    assert_eq!(states, expected);
    assert_eq!(phone.app("com.example.map").dpia_criteria, [3, 4, 7]);
    let because: Vec<&str> = screening[2].because.iter().map(|id| &**id).collect();
    assert_eq!(because, ["location-precise"]);
}

#[test]
fn what_could_not_be_read_is_asked_and_staff_alone_is_no_reason() {
    let mut phone = Phone::new();
    let app = known("com.example.map");
    phone.flows(&app, &remote("api.example"), ContentState::NoKey, 1);
    let app = phone.app("com.example.map");
    for (number, expected) in [
        (1, NotMet),
        (3, ToBeAsked),
        (4, ToBeAsked),
        (6, ToBeAsked),
        (7, Met),
    ] {
        assert_eq!(state(&app.screening, number), expected, "{number}");
    }
    assert!(app.dpia_criteria.is_empty());
    let mut system = Phone::new();
    let system_app = Attributed::Known {
        app: AppId::new(AppId::SYSTEM),
        by: Basis::System,
    };
    system.flows(&system_app, &remote("time.example"), ContentState::Clear, 1);
    assert!(system.app(AppId::SYSTEM).screening.is_empty());
}

#[test]
fn one_app_with_contacts_on_fifty_phones_is_large_in_scale() {
    let rules = Rules::embedded();
    let screened = |phones: u32| {
        let mut tally = Tally::default();
        let mut devices = Vec::new();
        for id in 0..phones {
            let mut phone = Phone::new();
            phone.installed("com.whatsapp", Some(true));
            phone.flows(
                &known("whatsapp"),
                &remote("g.whatsapp.net"),
                ContentState::NoKey,
                1,
            );
            devices.push((format!("phone {id}"), phone.dossier));
            for (mut key, volume) in phone.tally.traffic {
                key.device = DeviceId(id);
                tally.traffic.insert(key, volume);
            }
        }
        let reports = assess(&rules, (&Policy::default(), None), &devices, &tally);
        let apps = reports.into_iter().flat_map(|device| device.apps);
        apps.map(|app| (state(&app.screening, 5), app.dpia_criteria))
            .collect::<Vec<_>>()
    };
    assert!(
        screened(49)
            .iter()
            .all(|(state, met)| *state == ToBeAsked && !met.contains(&5))
    );
    assert!(
        screened(50)
            .iter()
            .all(|(state, met)| *state == Met && met.contains(&5))
    );
}
