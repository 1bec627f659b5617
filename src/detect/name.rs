//! What a field's name says by itself. Few different names stand before many values, so each is looked at once a thread.

use std::cell::RefCell;
use std::rc::Rc;

use hashbrown::HashMap;

use super::{contact, location};
use crate::limits;
use crate::rules::normalise_name;

/// What detectors ask of a name, whatever its value.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
pub(super) struct Name {
    /// Without what spellings differ in.
    pub(super) normalised: Box<str>,
    /// What is below it are contacts.
    pub(super) speaks_of_contacts: bool,
    /// Its value says what the message is for.
    pub(super) is_action: bool,
    /// Digests below it are of people.
    pub(super) lists_digests: bool,
    /// Phone numbers are below it, also written as bare digits.
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
}

impl Name {
    fn new(name: &str) -> Self {
        // Of a path in one name the end says the axis, and the whole what belongs together.
        let (way, last) = name.rsplit_once('.').unwrap_or(("", name));
        let last = normalise_name(last);
        let belongs = |(axis, rest): (location::Axis, &str)| (axis, Rc::from([way, rest].concat()));
        let name = normalise_name(name);
        Self {
            speaks_of_contacts: contact::speaks_of_contacts(&name),
            is_action: contact::is_action(&name),
            lists_digests: contact::lists_digests(&name),
            names_numbers: contact::names_numbers(&name),
            is_of_request: contact::is_of_request(&name),
            is_person: contact::is_person_name(&name),
            axis: location::axis(&last).map(belongs),
            integer_axis: location::integer_axis(&last).map(|(axis, rest)| belongs((axis, &rest))),
            holds_way: location::holds_way(&name),
            holds_pair: location::holds_pair(&name),
            normalised: name.into(),
        }
    }

    /// What `name` says.
    pub(super) fn of(name: &str) -> Rc<Self> {
        thread_local! {
            static KNOWN: RefCell<HashMap<Box<str>, Rc<Name>>> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if let Some(name) = known.get(name) {
                return Rc::clone(name);
            }
            if known.len() >= limits::KNOWN_NAMES {
                known.clear();
            }
            let said = Rc::new(Self::new(name));
            known.insert(Box::from(name), Rc::clone(&said));
            said
        })
    }
}
