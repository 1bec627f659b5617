//! Each piece of evidence names the field in which its value stands.

use std::collections::BTreeSet;

use phonehome::detect::known::Index;
use phonehome::model::{
    Evidence, FieldPath, Fields, Grade, KnownKind, KnownValue, PathStep, Sensitive, Tally,
};
use phonehome::payload;
use phonehome::rules::Rules;

use super::{known_tally, post, tally};

/// The ways that a piece of evidence names: one, or two of one value (`device.geo.lat+lon`).
fn ways(path: &FieldPath) -> Vec<FieldPath> {
    let Some(at) = path.0.iter().position(|step| *step == PathStep::And) else {
        return vec![path.clone()];
    };
    let (first, second) = (&path.0[..at], &path.0[at + 1..]);
    let prefixes = (0..first.len()).map(|shared| [&first[..shared], second].concat());
    let first = FieldPath(first.to_vec());
    std::iter::once(first)
        .chain(prefixes.map(FieldPath))
        .collect()
}

/// What stands at the ways that evidence names, names on them included, for people may be keys.
fn standing(fields: &Fields<'_>, evidence: &Evidence) -> Vec<String> {
    let ways = ways(&evidence.path);
    let there = fields.iter().filter(|field| {
        let path = fields.path(field).to_field_path();
        Some(field.place) == evidence.place && ways.contains(&path)
    });
    let values = there.map(|field| field.value.to_string());
    let names = evidence.path.0.iter().filter_map(|step| match step {
        PathStep::Name(name) => Some(name.to_string()),
        _ => None,
    });
    values.chain(names).collect()
}

/// Whether what was reported is what stands there, but for case and for what groups letters and digits; of numbers the country code
/// may have been added, and of a position each half is looked for.
fn is_derived(value: &str, standing: &[String]) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let standing: Vec<String> = standing.iter().map(|text| plain(text)).collect();
    let holds = |wanted: &str| standing.iter().any(|text| text.contains(wanted));
    let halves: Vec<&str> = value.split(',').collect();
    if let [one, other] = halves[..]
        && let (Ok(_), Ok(_)) = (one.parse::<f64>(), other.parse::<f64>())
    {
        return [one, other].iter().all(|half| holds(&plain(half)));
    }
    let value = plain(value);
    let national = value
        .len()
        .checked_sub(7)
        .and_then(|start| value.get(start..));
    holds(&value) || value.bytes().all(|byte| byte.is_ascii_digit()) && national.is_some_and(holds)
}

fn phones(numbers: &[&str]) -> Index {
    let numbers = numbers
        .iter()
        .map(|number| KnownValue::of_contact(KnownKind::Phone, number));
    Index::new(numbers.collect(), &[], &Rules::embedded(), 1)
}

/// Looks at all evidence of one message; how many pieces have a value.
fn check(body: &str, path: &str, content_type: &str, known: Option<&Index>) -> usize {
    let observation = post(path, content_type, body);
    let observations = [observation];
    let tally: Tally = match known {
        Some(known) => known_tally(&observations, known),
        None => tally(&observations),
    };
    let decoded = payload::decode(&observations[0].sighting.event);
    let mut checked = 0;
    for (key, occurrences) in &tally.findings {
        for evidence in &occurrences.evidence {
            let Some(value) = &evidence.value else {
                continue;
            };
            let value = value.reveal();
            let standing = standing(&decoded.fields, evidence);
            assert!(
                is_derived(value, &standing),
                "{}: {value} does not stand at {} of {path} {body}, but {standing:?}",
                key.rule,
                evidence.path,
            );
            checked += 1;
        }
    }
    checked
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Lists whose first value is not the one that sorts first.
const MESSAGES: [(&str, &str, &str); 17] = [
    (
        "/v1/friends/find",
        JSON,
        r#"{"contacts":[{"name":"Erika Muster","phone":"+49 30 901820"},
        {"name":"Max Beispiel","phone":"0171 3920014"},{"name":"Ida Probe","phone":"+49 171 3920014"}]}"#,
    ),
    (
        "/v1/friends/find",
        JSON,
        r#"{"contacts":[{"name":"Erika Muster","email":"Zoe@muster.example"},
        {"name":"Max Beispiel","phone":"+49 30 901820","email":"anna@muster.example"}]}"#,
    ),
    (
        "/v1/contacts/sync",
        JSON,
        r#"{"phones":["+49 89 2330","+49 40 428280","+49 221 2210"]}"#,
    ),
    (
        "/v1/contacts/sync",
        JSON,
        r#"{"phones":"+49 89 233000,+49 40 428280,+49 221 2210"}"#,
    ),
    (
        "/v1/contacts/sync",
        JSON,
        r#"{"numbers":["4917139200149","4915121003307","4916021003307"]}"#,
    ),
    (
        "/v1/contacts/sync",
        JSON,
        r#"{"emails":["zoe@muster.example","Anna@muster.example","max@muster.example"]}"#,
    ),
    (
        "/ocs/lookup",
        JSON,
        r#"{"search":{"17":["+4989901820"],"18":["+4940428280"],"21":["+49302330000"]}}"#,
    ),
    (
        "/v1/state",
        JSON,
        r#"{"contacts":{"+4989901820":{"name":"Erika Muster"},"+4940428280":{"name":"Max Beispiel"},"+49302330000":{"name":"Ida Probe"}}}"#,
    ),
    (
        "/v1/contacts/sync",
        FORM,
        "phone=%2B49+89+233000&phone=%2B49+40+428280&phone=%2B49+221+2210",
    ),
    (
        "/v1/track",
        JSON,
        r#"{"device":{"geo":{"lat":53.54612,"lon":9.99371,"accuracy":12},"ifa":"7c4f1a0e-3b52-4d8e-9a61-5f0c2b7d4e93"}}"#,
    ),
    ("/v1/track", JSON, r#"{"coordinates":[9.99371,53.54612]}"#),
    (
        "/v1/track",
        JSON,
        r#"{"geometry":{"type":"Point","coordinates":[9.99371,53.54612]}}"#,
    ),
    ("/v1/track", JSON, r#"{"location":"53.54612,9.99371"}"#),
    (
        "/v1/track",
        JSON,
        r#"{"latitude":{"value":53.54612},"longitude":{"value":9.99371}}"#,
    ),
    (
        "/v1/track",
        FORM,
        "lat=53.54612&lon=9.99371&imei=490154203237518",
    ),
    ("/forecast/53.54612/9.99371", JSON, "{}"),
    (
        "/v1/scan",
        JSON,
        r#"{"wifi":[{"bssid":"f4:5a:b4:01:02:03","rssi":-61},{"bssid":"3c:5a:b4:01:02:04","rssi":-70}],
        "installed_apps":["org.telegram.messenger","com.example.a","com.whatsapp"]}"#,
    ),
];

#[test]
fn evidence_names_the_field_in_which_its_value_stands() {
    for (path, content_type, body) in MESSAGES {
        assert!(check(body, path, content_type, None) > 0, "{path} {body}");
    }
}

#[test]
fn evidence_of_known_values_does_too() {
    let known = phones(&["+49 171 3920014", "+49 30 901820"]);
    for (path, content_type, body) in MESSAGES {
        check(body, path, content_type, Some(&known));
    }
}

#[test]
fn both_halves_of_a_position_are_named() {
    let path_of = |path: &str, body: &str| {
        let tally = tally(&[post(path, JSON, body)]);
        let mut found = tally.findings.iter();
        let (_, places) = found.find(|(key, _)| &*key.rule == "coordinates").unwrap();
        places.evidence.first().unwrap().path.to_string()
    };
    for (path, body, named) in [
        (
            "/t",
            r#"{"device":{"geo":{"lat":53.54612,"lon":9.99371}}}"#,
            "device.geo.lat+lon",
        ),
        ("/t", r#"{"lat":53.54612,"lon":9.99371}"#, "lat+lon"),
        (
            "/t",
            r#"{"coordinates":[9.99371,53.54612]}"#,
            "coordinates[0]+[1]",
        ),
        ("/t", r#"{"location":"53.54612,9.99371"}"#, "location"),
        ("/forecast/53.54612/9.99371", "{}", "[1]+[2]"),
    ] {
        assert_eq!(path_of(path, body), named);
    }
}

#[test]
fn a_known_number_has_the_form_that_it_has_unknown() {
    let known = phones(&["0049 171/392 00 14"]);
    let body = r#"{"contacts":[{"name":"Max Beispiel","phone":"+49 30 901820"},{"name":"Ida Probe","phone":"0171 3920014"}]}"#;
    let tally = known_tally(&[post("/v1/contacts/sync", JSON, body)], &known);
    let mut found = tally.findings.iter();
    let (_, known) = found
        .find(|(key, _)| key.grade == Grade::KnownValue)
        .unwrap();
    let values = known
        .evidence
        .iter()
        .filter_map(|evidence| evidence.value.as_ref());
    let values: BTreeSet<&str> = values.map(Sensitive::reveal).collect();
    assert_eq!(values, BTreeSet::from(["+491713920014"]));
}

#[test]
fn both_halves_of_a_known_position_are_named() {
    let values = vec![KnownValue::own(KnownKind::Position, "53.54612,9.99371")];
    let known = Index::new(values, &[], &Rules::embedded(), 1);
    let body = r#"{"device":{"geo":{"lat":53.54612,"lon":9.99371}}}"#;
    let tally = known_tally(&[post("/t", JSON, body)], &known);
    let mut found = tally.findings.iter();
    let (_, known) = found
        .find(|(key, _)| key.grade == Grade::KnownValue)
        .unwrap();
    let path = &known.evidence.first().unwrap().path;
    assert_eq!(path.to_string(), "device.geo.lat+lon");
}
