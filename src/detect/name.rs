//! What a field's name says by itself. Few different names stand before many values, so each is looked at once a thread.

use std::cell::RefCell;
use std::rc::Rc;

use hashbrown::HashMap;

use super::identifier::without_x;
use super::known::{self, NamePart, SaltName};
use super::{contact, location, value};
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
    pub(super) normalised: Rc<str>,
    /// As it is written, without numbering at its end.
    pub(super) stem: Box<str>,
    /// It may itself be a phone number, an e-mail address or a digest.
    pub(super) may_be_contact: bool,
    /// It may itself be a value, as the key of a map: it has more digits than names have, is an address, or has what names have not.
    pub(super) may_be_value: bool,
    /// It is itself a hardware address.
    pub(super) is_hardware_address: bool,
    /// What is below it are contacts.
    pub(super) speaks_of_contacts: bool,
    /// Its value says what the message is for.
    pub(super) is_action: bool,
    /// Digests below it, or below others of its numbering, are of people.
    pub(super) lists_digests: bool,
    /// Phone numbers are below it, or below others of its numbering, also written as bare digits.
    pub(super) names_numbers: bool,
    /// These numbers are phones' in so many words.
    pub(super) names_phones: bool,
    /// Its value is an id, or its elements are.
    pub(super) is_of_ids: bool,
    /// Its value tells a state of what it stands beside from an earlier one, or a picture from another.
    pub(super) is_of_state: bool,
    /// Its value is a number of the kind that names above it say.
    pub(super) is_number: bool,
    /// Numbers below it are of something else than phones.
    pub(super) names_other_numbers: bool,
    /// Its value is the id of a message, which looks like an address.
    pub(super) is_of_mail: bool,
    /// Its value tells one request or session from another.
    pub(super) is_of_request: bool,
    /// It is a list of what people are reached by, or of digests of that.
    pub(super) lists_reachable: bool,
    /// Its value is the country code of a number beside it.
    pub(super) is_country_code: bool,
    /// Its value is a person's name.
    pub(super) is_person: bool,
    /// See [`contact::may_be_part_of_person`].
    pub(super) may_be_part_of_person: bool,
    /// Its value is a part of a person's name.
    pub(super) part_of_person: Option<NamePart>,
    /// Its value is in it as that of the member above, as in `{"latitude": {"value": 52.52}}`.
    pub(super) is_wrapper: bool,
    /// Its value is half of a position, and the rest of the name.
    pub(super) axis: Option<(location::Axis, Rc<str>)>,
    /// The same of a position in integers; the rest has the scale at its end.
    pub(super) integer_axis: Option<(location::Axis, Rc<str>)>,
    /// Its value is half of a position where a name above is of one, and the rest of the name.
    pub(super) short_axis: Option<(location::Axis, Box<str>)>,
    /// Its value may be an encoded way.
    pub(super) holds_way: bool,
    /// Its rows may hold times and positions.
    pub(super) holds_track: bool,
    /// Its value holds both coordinates.
    pub(super) holds_pair: bool,
    /// What is below it, or beside it, is about where something is.
    pub(super) is_of_position: bool,
    /// What is below it was measured on a screen or by a sensor.
    pub(super) is_of_measure: bool,
    /// Its value may be mixed into digests.
    pub(super) salt: Option<SaltName>,
    /// It, or the value in it, may be a position or a part of one.
    pub(super) may_be_position: bool,
    /// It, or the end of the path that it is, may name a kind of data.
    pub(super) names_identifier: bool,
    /// The kinds of data that it names.
    pub(super) identifiers: NamedIdentifiers,
    /// Of a name that says nothing and is a path with dots: what its last part names, and the parts before, from the last on.
    pub(super) flat: Option<(NamedIdentifiers, Box<[Box<str>]>)>,
}

/// The names that a thread knows, by the rules that they were looked up in.
#[derive(Default)]
struct Known {
    rules: String,
    /// With the last message that each was in.
    names: HashMap<Box<str>, (Rc<Name>, u64)>,
    message: u64,
}

/// Names, normalised, of values with a check digit.
const CHECKED: [&str; 2] = ["imei", "iccid"];

/// Digits that names have not.
const VALUE_DIGITS: usize = 5;
/// Fewest bytes of a value that has what names have not.
const VALUE_BYTES: usize = 6;

/// Whether names of fields have no such character.
fn is_of_no_name(letter: char) -> bool {
    !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '.' | '$')
}

/// What a name says of salts, also without the X of a header that an application made up.
fn salt_name(name: &str, normalised: &str) -> Option<SaltName> {
    let bare = || without_x(name).map(normalise_name);
    known::salt_name(normalised).or_else(|| known::salt_name(&bare()?))
}

impl Name {
    fn new(name: &str, rules: &Rules) -> Self {
        let normalised = normalise_name(name);
        // Of a path in one name the end says the axis, and the whole what belongs together.
        let (way, last) = name.rsplit_once('.').unwrap_or(("", name));
        let last_alone = normalise_name(last);
        let identifiers = rules.identifiers_named(name);
        // Values with a check digit tell whether the word in front of the name changes its meaning.
        let checked = CHECKED.iter().find(|word| normalised.ends_with(*word));
        let identifiers = match checked.filter(|_| identifiers.is_empty()) {
            Some(word) => rules.identifiers_named(word),
            None => identifiers,
        };
        let is_flat = !way.is_empty() && identifiers.is_empty();
        let flat = is_flat.then(|| {
            let way = way.rsplit('.').map(Box::from).collect();
            (rules.identifiers_named(last), way)
        });
        let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
        let bare = normalise_name(stem);
        let ends_in_name = |(last, _): &(NamedIdentifiers, _)| !last.is_empty();
        let names_identifier = !identifiers.is_empty() || flat.as_ref().is_some_and(ends_in_name);
        let belongs = |(axis, rest): (location::Axis, &str)| (axis, Rc::from([way, rest].concat()));
        let axis = location::axis(&last_alone).map(belongs);
        let integer_axis = location::integer_axis(&last_alone);
        let integer_axis = integer_axis.map(|(axis, rest)| belongs((axis, &rest)));
        let short_axis = location::short_axis(&normalised);
        let short_axis = short_axis.map(|(axis, rest)| (axis, Box::from(rest)));
        let is_wrapper = location::is_wrapper(&normalised);
        let holds_way = location::holds_way(&normalised);
        let holds_track = location::holds_track(&normalised);
        let holds_pair = location::holds_pair(&normalised);
        let has_axis = axis.is_some() || integer_axis.is_some() || short_axis.is_some();
        let may_be_position = has_axis || is_wrapper || holds_way || holds_track || holds_pair;
        Self {
            may_be_contact: name.contains('@')
                || contact::may_be_number(name)
                || value::is_cut_digest(name)
                || value::is_base64_digest(name),
            may_be_value: name.contains('@')
                || name.bytes().filter(u8::is_ascii_digit).count() >= VALUE_DIGITS
                || name.len() >= VALUE_BYTES && name.contains(is_of_no_name),
            is_hardware_address: value::is_hardware_address(name),
            speaks_of_contacts: contact::speaks_of_contacts(&normalised),
            is_action: contact::is_action(&normalised),
            lists_digests: contact::lists_digests(&bare),
            names_numbers: contact::names_numbers(&bare),
            names_phones: contact::names_phones(&bare),
            is_of_ids: contact::is_of_ids(name),
            is_of_state: contact::is_of_state(&normalised),
            is_number: contact::is_number(&bare),
            names_other_numbers: contact::names_other_numbers(&normalised),
            is_of_mail: contact::is_of_mail(&normalised),
            is_of_request: contact::is_of_request(&normalised),
            lists_reachable: contact::lists_reachable(&bare),
            is_country_code: contact::is_country_code(&normalised),
            is_person: contact::is_person_name(&normalised),
            may_be_part_of_person: contact::may_be_part_of_person(&normalised),
            part_of_person: known::name_part(&normalised),
            axis,
            integer_axis,
            is_wrapper,
            short_axis,
            holds_way,
            holds_track,
            holds_pair,
            is_of_position: location::is_of_position(&normalised),
            is_of_measure: location::is_of_measure(&normalised),
            salt: salt_name(name, &normalised),
            may_be_position,
            names_identifier,
            identifiers,
            flat,
            stem: stem.into(),
            normalised: normalised.into(),
        }
    }

    /// What the names of a message say, in their order, nothing of those that no field is below; and whether one may be there twice.
    pub(super) fn all(paths: &Paths, rules: &Rules) -> (Vec<Rc<Self>>, bool) {
        Self::with_known(rules, |known| {
            known.message = known.message.wrapping_add(1);
            let (message, none) = (known.message, known.of("", rules).0);
            let mut is_twice = false;
            let names = paths.names().iter().zip(paths.names_in_use());
            let names = names.map(|(name, is_used)| {
                if !is_used {
                    return Rc::clone(&none);
                }
                let (said, before) = known.of(name, rules);
                is_twice |= before == message;
                said
            });
            let names = names.collect();
            // Where room was made meanwhile, nobody knows.
            (names, is_twice || known.message != message)
        })
    }

    /// Whether its value is the id of a message: by the name, or in angle brackets under one that applications use, too.
    pub(super) fn is_of_message_id(&self, value: &str) -> bool {
        self.is_of_mail || value.starts_with('<') && *self.normalised == *"references"
    }

    /// What a name says that is none of a field's.
    pub(super) fn of(name: &str, rules: &Rules) -> Rc<Self> {
        Self::with_known(rules, |known| known.of(name, rules).0)
    }

    fn with_known<R>(rules: &Rules, act: impl FnOnce(&mut Known) -> R) -> R {
        thread_local! {
            static KNOWN: RefCell<Known> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if known.rules != rules.sha256() {
                rules.sha256().clone_into(&mut known.rules);
                known.names.clear();
            }
            act(known)
        })
    }
}

impl Known {
    /// What a name says, and the message that it was in before this one.
    fn of(&mut self, name: &str, rules: &Rules) -> (Rc<Name>, u64) {
        if let Some((said, message)) = self.names.get_mut(name) {
            return (Rc::clone(said), std::mem::replace(message, self.message));
        }
        if self.names.len() >= limits::KNOWN_NAMES {
            self.names.clear();
            self.message = self.message.wrapping_add(1);
        }
        let said = Rc::new(Name::new(name, rules));
        let known = (Rc::clone(&said), self.message);
        self.names.insert(Box::from(name), known);
        (said, 0)
    }
}
