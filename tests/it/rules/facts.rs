//! What was found out about apps, endpoints and law, against the rules: nothing of it is forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::rules;

/// Ids in a table of the research facts, in our spelling.
fn fact_ids(file: &toml::Table, table: &str, key: &str) -> BTreeSet<String> {
    file.get(table)
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get(key)?.as_str())
        .map(|id| id.replace('_', "-"))
        .collect()
}

/// Which of `wanted` are not in `ours`.
fn missing<'a>(
    what: &str,
    wanted: BTreeSet<String>,
    ours: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    assert!(!wanted.is_empty(), "no {what} were read");
    let ours: BTreeSet<&str> = ours.into_iter().collect();
    wanted
        .into_iter()
        .filter(|id| !ours.contains(id.as_str()))
        .map(|id| format!("{what} {id}"))
        .collect()
}

/// A file of the research facts; `None`, and said so, where they are absent.
fn facts(file: &str) -> Option<toml::Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/facts");
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        println!("skipped: ../shared is absent");
        return None;
    };
    Some(text.parse().unwrap())
}

/// Number of entries of a list in a table of the research facts.
fn fact_count(file: &toml::Table, table: &str) -> usize {
    file[table].as_array().unwrap().len()
}

/// Keys of a table inside a table of the research facts.
fn fact_keys(file: &toml::Table, outer: &str, inner: &str) -> BTreeSet<String> {
    let table = file[outer][inner].as_table().unwrap();
    table.keys().cloned().collect()
}

#[test]
fn every_researched_app_and_signature_has_its_place() {
    let Some(facts) = facts("apps.toml") else {
        return;
    };
    let rules = rules();
    let mut gone = missing(
        "app",
        fact_ids(&facts, "app", "id"),
        rules.apps().iter().map(|entry| &*entry.id),
    );
    // told apart by app in our rules: stun-realm-facebook, -telegram, -viber, -google
    let signatures = fact_ids(&facts, "signature", "id")
        .into_iter()
        .filter(|id| id != "stun-realm-other")
        .collect();
    gone.extend(missing(
        "signature",
        signatures,
        rules.signatures().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "address set",
        fact_ids(&facts, "cidr_set", "id"),
        rules.address_sets().iter().map(|entry| &*entry.id),
    ));
    for app in facts["app"].as_array().unwrap() {
        let ours = rules.app(app["id"].as_str().unwrap()).unwrap();
        let packages = [&ours.android[..], &ours.ios[..]].concat();
        for package in app["android"]
            .as_array()
            .unwrap()
            .iter()
            .chain(app["ios"].as_array().unwrap())
        {
            if !packages
                .iter()
                .any(|known| &**known == package.as_str().unwrap())
            {
                gone.push(format!("package {package}"));
            }
        }
        for host in app["hosts"].as_array().unwrap() {
            let host = host.as_str().unwrap();
            let is_named = ours
                .hosts
                .iter()
                .chain(&ours.shared_hosts)
                .any(|known| &**known == host);
            if !is_named
                && !ours
                    .host_roles
                    .iter()
                    .any(|role| role.host.starts_with("lyncdiscover."))
            {
                gone.push(format!("{}: host {host}", ours.id));
            }
        }
    }
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

#[test]
fn every_researched_endpoint_has_its_place() {
    let Some(facts) = facts("vendors.toml") else {
        return;
    };
    let rules = rules();
    for row in facts["endpoint"].as_array().unwrap() {
        let ours = rules.endpoint(row["suffix"].as_str().unwrap()).unwrap();
        assert_eq!(&*ours.suffix, row["suffix"].as_str().unwrap());
        assert_eq!(&*ours.company, row["company"].as_str().unwrap());
        assert_eq!(ours.role.as_str(), row["role"].as_str().unwrap());
        let country = row["country"]
            .as_str()
            .filter(|country| !country.is_empty());
        assert_eq!(ours.country.as_deref(), country, "{}", ours.suffix);
    }
}

#[test]
fn every_researched_identifier_and_sdk_has_its_place() {
    let Some(facts) = facts("detectors.toml") else {
        return;
    };
    let rules = rules();
    let mut gone = missing(
        "identifier",
        fact_ids(&facts, "identifier", "id"),
        rules.identifiers().iter().map(|entry| &*entry.id),
    );
    gone.extend(missing(
        "encoding",
        fact_ids(&facts, "encoding", "id"),
        rules.encodings().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "hash",
        fact_ids(&facts, "hash", "id"),
        rules.hashes().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "heuristic",
        fact_ids(&facts, "flow_heuristic", "id"),
        rules.flow_heuristics().iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "sdk",
        fact_ids(&facts, "sdk", "id"),
        rules.all_layouts().iter().map(|entry| &*entry.id),
    ));
    assert!(gone.is_empty(), "{}", gone.join("\n"));
    assert_eq!(
        rules.precisions().len(),
        fact_count(&facts, "coordinate_precision")
    );
    assert_eq!(rules.validators().len(), fact_count(&facts, "validator"));
}

#[test]
fn every_researched_legal_fact_has_its_place() {
    let Some(facts) = facts("legal.toml") else {
        return;
    };
    let rules = rules();
    let law = rules.legal();
    let mut gone = missing(
        "provision",
        fact_ids(&facts, "provision", "id"),
        law.provisions.iter().map(|entry| &*entry.id),
    );
    gone.extend(missing(
        "observation",
        fact_ids(&facts, "observation", "id"),
        law.observations.iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "authority",
        fact_ids(&facts, "authority", "id"),
        law.authorities.iter().map(|entry| &*entry.id),
    ));
    gone.extend(missing(
        "mitigation",
        fact_ids(&facts, "mitigation", "id"),
        law.mitigations.iter().map(|entry| &*entry.id),
    ));
    assert!(gone.is_empty(), "{}", gone.join("\n"));
    assert_eq!(law.adequacy.len(), fact_count(&facts, "adequacy"));
    assert_eq!(
        law.dpia.criteria.len(),
        facts["dpia"]["criterion"].as_array().unwrap().len()
    );
    assert_eq!(
        law.eea().len(),
        facts["eea"]["countries"].as_array().unwrap().len()
    );
    let rows = |key: &str| facts["scoring"][key].as_array().unwrap().len();
    let scoring = &law.scoring;
    assert_eq!(scoring.modifiers.len(), rows("likelihood"));
    // Conclusions from what nobody has confirmed weigh less; the research does not tell them apart.
    assert_eq!(scoring.evidence.len(), rows("evidence") + 1);
    assert_eq!(scoring.levels.len(), rows("level"));
    assert_eq!(scoring.examples.len(), rows("example"));
    for provision in facts["provision"].as_array().unwrap() {
        let ours = law.provision(provision["id"].as_str().unwrap()).unwrap();
        for trigger in provision["when"].as_array().unwrap() {
            let id = trigger.as_str().unwrap().replace('_', "-");
            let has_place = match id.as_str() {
                "always" => ours.is_always_touched,
                "never-automatic" => ours.touched_by.is_empty(),
                _ => ours.touched_by.iter().any(|known| **known == *id),
            };
            assert!(has_place, "{}: {id}", ours.id);
        }
    }
}

#[test]
fn every_researched_permission_has_its_place() {
    let Some(facts) = facts("permissions.toml") else {
        return;
    };
    let rules = rules();
    let names = || rules.all_permissions().map(|entry| &*entry.name);
    let android = facts["android"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let mut gone = missing("permission", android, names());
    for table in ["info_plist", "entitlement"] {
        gone.extend(missing("iOS key", fact_keys(&facts, "ios", table), names()));
    }
    for (system, table) in [
        ("ios", "collected_data_type"),
        ("ios", "required_reason"),
        ("play_data_safety", "type"),
        ("play_data_safety", "purposes"),
    ] {
        let labels = rules.privacy_labels().iter().map(|entry| &*entry.name);
        gone.extend(missing(
            "privacy label",
            fact_keys(&facts, system, table),
            labels,
        ));
    }
    assert!(gone.is_empty(), "{}", gone.join("\n"));
}

#[test]
fn every_adapter_of_trackhar_has_its_place() {
    let Some(facts) = facts("trackhar.toml") else {
        return;
    };
    let rules = rules();
    assert!(rules.layout_credit().contains("TrackHAR"));
    for adapter in facts["adapter"].as_array().unwrap() {
        let source = format!("TrackHAR {}", adapter["id"].as_str().unwrap());
        let layout = rules
            .all_layouts()
            .iter()
            .find(|layout| layout.source == source);
        let layout = layout.unwrap_or_else(|| panic!("{source} has no layout"));
        for property in adapter["paths"].as_table().unwrap().keys() {
            let id: String = property
                .chars()
                .flat_map(|character| {
                    let hyphen = character.is_ascii_uppercase().then_some('-');
                    hyphen.into_iter().chain(character.to_lowercase())
                })
                .collect();
            assert!(rules.property(&id).is_some(), "{id}");
            let is_laid_out = layout.fields().iter().any(|field| *field.property == *id)
                || layout
                    .conditional_fields
                    .iter()
                    .any(|(property, _)| **property == *id);
            assert!(is_laid_out, "{source}: {id}");
        }
    }
}
