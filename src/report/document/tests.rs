use std::collections::BTreeSet;

use super::*;

/// The code of this room, to see which words it takes from `rules/documents.toml`.
const CODE: [&str; 6] = [
    include_str!("mod.rs"),
    include_str!("basis.rs"),
    include_str!("flow.rs"),
    include_str!("impact.rs"),
    include_str!("messenger.rs"),
    include_str!("record.rs"),
];

fn words() -> BTreeSet<String> {
    let file = include_str!("../../../rules/documents.toml");
    let table: toml::Table = toml::from_str(file).unwrap();
    table["words"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn every_word_of_the_file_is_used() {
    let words = words();
    let states = crate::model::CriterionState::ALL.map(crate::model::CriterionState::as_str);
    let quoted: BTreeSet<&str> = CODE
        .iter()
        .flat_map(|code| code.split('"').skip(1).step_by(2))
        .chain(states)
        .collect();
    let unused: Vec<&String> = words
        .iter()
        .filter(|word| !quoted.contains(&***word))
        .collect();
    assert!(unused.is_empty(), "never used: {unused:?}");
}

#[test]
fn every_kind_has_its_entry() {
    let rules = Rules::embedded();
    for id in crate::rules::DOCUMENTS {
        assert!(
            rules
                .document(id)
                .is_some_and(|rule| rule.sections.len() > 2),
            "{id}"
        );
    }
    assert!(rules.messenger_options().len() >= 5);
}
