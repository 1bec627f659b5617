//! What a field's name says by itself. Few different names stand before many values, so each is looked at once a thread.

use std::cell::RefCell;
use std::rc::Rc;

use hashbrown::HashMap;

use super::known::{self, SaltName};
use super::{contact, location};
use crate::limits;
use crate::model::Paths;
use crate::rules::{NamedIdentifiers, Rules, normalise_name};

/// What detectors ask of a name, whatever its value.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
pub(super) struct Name {
    /// Without what spellings differ in.
    pub(super) normalised: Box<str>,
    /// As it is written, without numbering at its end.
    pub(super) stem: Box<str>,
    /// It may itself be a phone number or an e-mail address.
    pub(super) may_be_contact: bool,
    /// What is below it are contacts.
    pub(super) speaks_of_contacts: bool,
    /// Its value says what the message is for.
    pub(super) is_action: bool,
    /// Digests below it, or below others of its numbering, are of people.
    pub(super) lists_digests: bool,
    /// Phone numbers are below it, or below others of its numbering, also written as bare digits.
    pub(super) names_numbers: bool,
    /// Its value tells one request or session from another.
    pub(super) is_of_request: bool,
    /// Its value is a person's name.
    pub(super) is_person: bool,
    /// Its value is half of a position, and the rest of the name.
    pub(super) axis: Option<(location::Axis, Rc<str>)>,
    /// The same of a position in integers; the rest has the scale at its end.
    pub(super) integer_axis: Option<(location::Axis, Rc<str>)>,
    /// Its value may be an encoded way.
    pub(super) holds_way: bool,
    /// Its value holds both coordinates.
    pub(super) holds_pair: bool,
    /// Its value may be mixed into digests.
    pub(super) salt: Option<SaltName>,
    /// The kinds of data that it names.
    pub(super) identifiers: NamedIdentifiers,
}

/// The names that a thread knows, by the rules that they were looked up in.
#[derive(Default)]
struct Known {
    rules: String,
    names: HashMap<Box<str>, Rc<Name>>,
}

impl Name {
    fn new(name: &str, rules: &Rules) -> Self {
        let normalised = normalise_name(name);
        let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
        let bare = normalise_name(stem);
        let shared = |(axis, rest): (location::Axis, String)| (axis, Rc::from(rest));
        Self {
            may_be_contact: name.starts_with('+') || name.contains('@'),
            speaks_of_contacts: contact::speaks_of_contacts(&normalised),
            is_action: contact::is_action(&normalised),
            lists_digests: contact::lists_digests(&bare),
            names_numbers: contact::names_numbers(&bare),
            is_of_request: contact::is_of_request(&normalised),
            is_person: contact::is_person_name(&normalised),
            axis: location::axis(&normalised).map(|(axis, rest)| (axis, Rc::from(rest))),
            integer_axis: location::integer_axis(&normalised).map(shared),
            holds_way: location::holds_way(&normalised),
            holds_pair: location::holds_pair(&normalised),
            salt: known::salt_name(&normalised),
            identifiers: rules.identifiers_named(name),
            stem: stem.into(),
            normalised: normalised.into(),
        }
    }

    /// What the names of a message say, in their order.
    pub(super) fn all(paths: &Paths, rules: &Rules) -> Vec<Rc<Self>> {
        thread_local! {
            static KNOWN: RefCell<Known> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if known.rules != rules.sha256 {
                known.rules.clone_from(&rules.sha256);
                known.names.clear();
            }
            let known = &mut known.names;
            let of_name = |name: &std::sync::Arc<str>| {
                if let Some(name) = known.get(&**name) {
                    return Rc::clone(name);
                }
                if known.len() >= limits::KNOWN_NAMES {
                    known.clear();
                }
                let said = Rc::new(Self::new(name, rules));
                known.insert(Box::from(&**name), Rc::clone(&said));
                said
            };
            paths.names().iter().map(of_name).collect()
        })
    }
}
