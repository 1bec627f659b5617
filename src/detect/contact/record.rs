//! Records of people: objects with a name and what somebody is reached by.

use std::cell::LazyCell;

use hashbrown::{HashMap, HashSet};

use super::is_content;
use super::list::Value;
use super::part::{WRITTEN_AS_NUMBER, is_written_as_number};
use super::split::Split;
use super::way::Names;
use super::words::is_part_of_person;
use crate::detect::name::Name;
use crate::detect::{Scene, value};
use crate::model::{Field, Look, PathId, Step};

/// Numbers and addresses of one person in an address book, at most, on average.
pub(super) const VALUES_OF_PERSON: usize = 6;

/// The rule of records: people by name, with what they are reached by.
pub(super) const RECORDS: &str = "contact-name-phone-record";

/// Objects that hold both a name and a phone number or e-mail address: those of the longest list of them.
#[derive(Default)]
pub(super) struct Records {
    pub(super) count: usize,
    pub(super) list: Option<PathId>,
}

impl Records {
    /// The values, of each object only one: it is people that are counted, not what they are reached by. An object with more than
    /// people have is no person but holds several.
    pub(super) fn one_each(&self, scene: &Scene<'_>, values: Vec<Value>) -> Vec<Value> {
        if values.len() > self.count.saturating_mul(VALUES_OF_PERSON) {
            return values;
        }
        let mut seen: HashSet<PathId> = HashSet::new();
        let is_first = |(_, path): &Value| {
            let record = self.list.and_then(|list| record_in(scene, list, *path));
            record.is_none_or(|record| seen.insert(record))
        };
        let mut values = values;
        values.sort_unstable();
        values.into_iter().filter(is_first).collect()
    }

    pub(super) fn of(scene: &Scene<'_>, names: &Names<'_>, split: &Split<'_>) -> Self {
        let is_name = |field: &Field<'_>| {
            scene.name(field).is_some_and(|name| {
                name.is_person || name.may_be_part_of_person && is_whole_beside(scene, field, name)
            }) && !field.look.has(Look::AT)
                && field.value.chars().any(char::is_alphabetic)
        };
        // Reading phone numbers is expensive, and without a name nothing is a record.
        let mut all = scene.names.iter();
        let has_person = all.any(|name| name.is_person || name.may_be_part_of_person);
        if !has_person {
            return Self::default();
        }
        let paths = &scene.fields.paths;
        // In their order, and what of the two each holds.
        let mut records: Vec<PathId> = Vec::new();
        let mut held: Vec<Option<(bool, bool)>> = vec![None; paths.len().saturating_add(1)];
        for field in scene.fields {
            let below = names.of_path(field.path);
            let is_name = below.may_be_person && is_name(field);
            let names_numbers = below.numbers;
            let may_be_reachable = field.look.has(Look::AT)
                || field.look.has(Look::DIGIT)
                    && (names_numbers || !split.is_empty() || field.look.has(WRITTEN_AS_NUMBER));
            if !is_name && !may_be_reachable || !is_content(scene, field) {
                continue;
            }
            let is_reachable = LazyCell::new(|| {
                let text = field.value.trim();
                let may_be_number = || names_numbers || is_written_as_number(text);
                split.number(scene, field).is_some()
                    || ((text.contains('@') && value::is_email(text))
                        || may_be_number()
                            && value::phone(text)
                                .is_some_and(|number| number.line != value::Line::Service))
            });
            // Every element of an array that the field lies in may be the record.
            let mut at = field.path;
            while let Some((parent, step)) = paths.split(at) {
                if matches!(step, Step::Index(_)) {
                    let record = scene.first_of(at);
                    if let Some(held) = held.get_mut(record.position()) {
                        if held.is_none() {
                            records.push(record);
                        }
                        let (has_name, has_reachable) = held.get_or_insert_default();
                        *has_name |= is_name;
                        *has_reachable = *has_reachable || *is_reachable;
                    }
                }
                at = parent;
            }
        }
        let mut by_list: HashMap<PathId, usize> = HashMap::new();
        let mut most = Self::default();
        for record in records {
            if held.get(record.position()) == Some(&Some((true, true)))
                && let Some((list, _)) = paths.split(record)
            {
                let list = scene.first_of(list);
                let count = by_list.entry(list).or_default();
                *count = count.saturating_add(1);
                if *count > most.count {
                    most = Self {
                        count: *count,
                        list: Some(list),
                    };
                }
            }
        }
        most
    }
}

/// Whether other parts of a person's name stand beside one.
fn is_whole_beside(scene: &Scene<'_>, field: &Field<'_>, name: &Name) -> bool {
    let mut beside = scene.names_beside(field);
    beside.any(|other| is_part_of_person(&name.normalised, &other.normalised))
}

/// The element of a list that a path goes through.
pub(super) fn record_in(scene: &Scene<'_>, list: PathId, path: PathId) -> Option<PathId> {
    let mut at = path;
    while let Some((parent, step)) = scene.fields.paths.split(at) {
        if matches!(step, Step::Index(_)) && scene.first_of(parent) == list {
            return Some(scene.first_of(at));
        }
        at = parent;
    }
    None
}
