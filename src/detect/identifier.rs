//! Names and shapes of personal data in single fields, as `rules/identifiers.toml` and the layouts of known SDKs describe them.
//! Lists of contacts and positions have detectors of their own.

mod fit;
mod form;
mod header;
mod segment;

use std::borrow::Cow;
use std::collections::BTreeSet;

pub(super) use self::fit::fits;
use self::form::{GEOHASH, may_be_push_token, told_by_form};
pub(super) use self::header::without_x;
use self::header::{is_beside_headers_of_device, is_own_header};
use self::segment::of_segment;
use super::name::Name;
use super::{Scene, access_point, contact, value};
use crate::model::{
    Branch, Category, DecodeStep, Event, Field, Grade, Look, NameId, OfBranches, PathId, Place,
    Sensitive, Step, Tally,
};
use crate::rules::{Identifier, NameStrength, PayloadLayout, Rules, Validator};

/// The rule of Wi-Fi access points.
const ACCESS_POINTS: &str = "wifi-bssid";

/// The rule of push tokens.
const PUSH_TOKEN: &str = "push-token";

/// Cells of a map that are where somebody is, at most: more are of the map.
const OWN_CELLS: usize = 2;

/// Longest value that can be an identifier by its shape alone.
const TELLING_BYTES: usize = 320;
/// So many different accounts in one message are an address book rather than the user's own account.
const OWN_ACCOUNTS: usize = 3;

/// Push tokens of one phone in a message: of several services.
const OWN_TOKENS: usize = 3;

/// Shortest identifier that is still one without what parts its groups.
const SHORTEST_IN_GROUPS: usize = 12;

/// Longest name of an account.
const LONGEST_ACCOUNT: usize = 64;

/// What one message tells under one rule.
struct Hit<'a> {
    rule: &'a Identifier,
    grade: Grade,
    is_opted_out: bool,
    /// As they come, until all fields have been looked at.
    values: Vec<&'a str>,
    /// Where they stood, of attributes of which several make a fingerprint.
    paths: Vec<PathId>,
    first: &'a Field<'a>,
    /// What stood there.
    first_value: &'a str,
}

/// What one message tells, by rule, grade and whether it is an opt-out: few of these.
type Hits<'a> = Vec<Hit<'a>>;

/// Reports identifiers.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    let layouts = match &scene.observation.sighting.event {
        Event::Exchange(_) => scene.rules.layouts(scene.host(), scene.request_path()),
        Event::Message(_) => Vec::new(),
        _ => return,
    };
    let is_sdk = !layouts.is_empty() || scene.rules.is_sdk_host(scene.host());
    let shapes = scene.rules.shapes();
    let mut hits = Hits::new();
    let mut named = NamedRules::of(scene);
    let mut rules = Vec::new();
    for (position, field) in scene.fields.iter().enumerate() {
        let called = named.of_field(scene, field);
        let is_called = !called.is_empty()
            || !layouts.is_empty()
            || field.place == Place::Path
            || is_own_header(scene, field);
        let may_tell = shapes.may_tell(field.value.len(), field.look)
            || field.place == Place::Body && shapes.may_be_in_body(field.value.len(), field.look)
            || may_be_push_token(field)
            || value::is_h3_cell(&field.value);
        if !is_called && !may_tell {
            continue;
        }
        let text = value::trimmed(&field.value, field.look);
        if is_empty(text) {
            continue;
        }
        let mut is_known = false;
        rules.clear();
        if is_called {
            rules_of_field(scene, called, &layouts, is_sdk, field, &mut rules);
        }
        for rule in rules.iter().copied() {
            if &*rule.id == ACCESS_POINTS
                && field.look.has(IN_ONE_VALUE)
                && !fits(scene, rule, field, text)
            {
                for address in access_point::of_named(text) {
                    if fits(scene, rule, field, address) {
                        add(&mut hits, rule, Grade::Decoded, false, field, address);
                        is_known = true;
                    }
                }
            } else if &*rule.id == ACCESS_POINTS && !is_of_scan(scene, position, field) {
                // `{"wifi": "3c:5a:b4:01:02:03"}` is the phone's own.
            } else if rule.is_opted_out(text) {
                add(&mut hits, rule, Grade::Decoded, true, field, text);
                is_known = true;
            } else if fits(scene, rule, field, text) {
                let grade = segment::grade(scene, rule, field);
                add(&mut hits, rule, grade, false, field, text);
                is_known = true;
            }
        }
        if !is_known && let Some((rule, grade)) = told_by_form(scene, text, field.look) {
            add(&mut hits, rule, grade, false, field, text);
            is_known = true;
        }
        if !is_known && text.len() <= TELLING_BYTES {
            let bare = value::bare(text, field.look);
            for rule in shapes.telling(bare, field.look, &rules) {
                if fits(scene, rule, field, text) && is_of_person(scene, rule, field, text) {
                    add(&mut hits, rule, Grade::Shape, false, field, text);
                }
            }
        }
        if matches!(field.place, Place::Body) {
            for rule in shapes.in_body(text, field.look) {
                let found = rule.body.as_ref().and_then(|body| body.regex()?.find(text));
                if let Some(found) = found.filter(|_| !has_detector_of_its_own(rule)) {
                    add(
                        &mut hits,
                        rule,
                        Grade::Decoded,
                        false,
                        field,
                        found.as_str(),
                    );
                }
            }
        }
    }
    hits.sort_by_key(|hit| (&hit.rule.id, hit.grade, hit.is_opted_out));
    for mut hit in hits {
        hit.values.sort_unstable();
        hit.values.dedup();
        // A login is the user's own, even where a list of contacts or colleagues holds it.
        if !scene.name(hit.first).is_some_and(is_of_own_account) {
            hit.values
                .retain(|value| !is_known_of_contact(scene, hit.rule, value));
        }
        if hit.values.len() as u64 >= u64::from(hit.rule.min_items) {
            report(scene, tally, &hit);
        }
    }
}

/// Whether a name says that a value is of the account that the phone's user has.
fn is_of_own_account(name: &Name) -> bool {
    const WORDS: [&str; 5] = ["username", "useremail", "login", "account", "upn"];
    WORDS.iter().any(|word| name.normalised.contains(word))
}

/// Whether what a name calls the user's own is, as the auditor knows, a contact's: it is found as that.
fn is_known_of_contact(scene: &Scene<'_>, rule: &Identifier, value: &str) -> bool {
    match &*rule.id {
        "own-email" => scene.known.is_of_contact(value),
        "own-msisdn" if !scene.known.is_empty() => {
            value::phone_e164(value).is_some_and(|number| scene.known.is_of_contact(&number))
        }
        _ => false,
    }
}

/// Rules that the names on a way call for.
#[derive(Clone, Debug, Default)]
enum Called<'a> {
    /// None of them.
    #[default]
    None,
    /// Some, perhaps: they are looked up when a value is there.
    Unasked,
    /// These, and kinds of characters of which a value has one that any of them takes.
    Rules(Vec<(&'a Identifier, NameStrength)>, u16),
}

/// The rules that names call for, by the branches that they are on.
struct NamedRules<'a>(OfBranches<Called<'a>>);

impl<'a> NamedRules<'a> {
    fn of(scene: &Scene<'_>) -> Self {
        let told = |_: &_, name: NameId| {
            let name = scene.names.get(name.position());
            match name {
                Some(name) if name.names_identifier || name.is_wrapper => Called::Unasked,
                _ => Called::None,
            }
        };
        Self(scene.outline.told(Called::None, told))
    }

    /// The rules that the names on the way to a field call for, if its value may be one that they take.
    #[inline]
    fn of_field(
        &mut self,
        scene: &Scene<'a>,
        field: &Field<'_>,
    ) -> &[(&'a Identifier, NameStrength)] {
        let branch = scene.branch(field);
        let Some(named) = self.0.get_mut(branch) else {
            return &[];
        };
        if matches!(named, Called::Unasked) {
            let rules = called(scene, branch);
            let kinds = rules.iter().map(|(rule, _)| rule.kinds_of_named());
            let kinds = kinds.fold(0, |all, kinds| all | kinds);
            *named = Called::Rules(rules, kinds);
        }
        match named {
            Called::Rules(rules, kinds) if field.look.has(*kinds) => rules,
            _ => &[],
        }
    }
}

fn called<'a>(scene: &Scene<'a>, branch: Branch) -> Vec<(&'a Identifier, NameStrength)> {
    let mut called = Vec::new();
    let mut names = scene.outline.names_back(branch);
    let name = names
        .next()
        .and_then(|name| scene.names.get(name.position()));
    // `{"gpsAdId": {"value": "3f2b…"}}`: what holds the value has its name.
    let name = match name.filter(|name| name.is_wrapper && !name.names_identifier) {
        Some(_) => names
            .next()
            .and_then(|name| scene.names.get(name.position())),
        None => name,
    };
    let Some(name) = name else {
        return called;
    };
    let take = |rule, strength| called.push((rule, strength));
    let before = names.map(|name| scene.fields.paths.text(name));
    let all = scene.rules;
    all.identifiers_of_names(&name.identifiers, &before, take);
    if let (true, Some((last, way))) = (called.is_empty(), &name.flat) {
        let way = way.iter().map(|part| &**part);
        all.identifiers_of_names(last, &way, |rule, strength| called.push((rule, strength)));
    }
    called.retain(|(rule, _)| !has_detector_of_its_own(rule));
    called
}

/// The rules that a field's name, or the layout of the SDK that it was sent to, calls for.
fn rules_of_field<'a>(
    scene: &Scene<'a>,
    called: &[(&'a Identifier, NameStrength)],
    layouts: &[&'a PayloadLayout],
    is_sdk: bool,
    field: &Field<'_>,
    rules: &mut Vec<&'a Identifier>,
) {
    let all = scene.rules;
    let path = scene.fields.path(field);
    // What a protocol calls a field has one meaning, however short the name.
    let is_strong = |strength| {
        strength == NameStrength::Strong
            || is_sdk
            || *scene.fields.chain(field.chain).0 == [DecodeStep::Protocol]
    };
    for (rule, strength) in called {
        if is_strong(*strength)
            || rule.is_fingerprint && has_attributes_beside(scene, field)
            || !rule.weak_beside.is_empty() && scene.has_name_beside(field, &rule.weak_beside)
        {
            rules.push(rule);
        }
    }
    // `X-Modelo: FP5`: what an application calls a header of its own, where others tell attributes of the device, too.
    if is_own_header(scene, field)
        && let Some(bare) = without_x(scene.fields.name(field))
        && is_beside_headers_of_device(scene, field)
    {
        let none = std::iter::empty();
        let name = Name::of(bare, all);
        all.identifiers_of_names(&name.identifiers, &none, |rule, _| {
            if rule.is_fingerprint && rules.iter().all(|known| known.id != rule.id) {
                rules.push(rule);
            }
        });
    }
    of_segment(scene, field, rules);
    let chain = scene.fields.chain(field.chain);
    let is_protobuf = chain.0.contains(&DecodeStep::Protobuf);
    for layout in layouts {
        let by_layout = layout
            .field(field.place, path)
            .filter(|way| is_protobuf || !way.path.is_of_numbers())
            .and_then(|field| scene.rules.identifier_of_field(field));
        if let Some(rule) = by_layout.filter(|rule| rules.iter().all(|known| known.id != rule.id)) {
            rules.push(rule);
        }
    }
    if !layouts.is_empty() {
        rules.retain(|rule| !has_detector_of_its_own(rule));
    }
}

/// Attributes of a device that stand in one object, so that what else has the name of one there is one, too.
const ATTRIBUTES_BESIDE: usize = 2;

/// What a name says that it is of a device's attributes.
fn attribute<'a>(rules: &'a Rules, name: &Name) -> Option<&'a Identifier> {
    let mut attribute = None;
    let none = std::iter::empty();
    rules.identifiers_of_names(&name.identifiers, &none, |rule, strength| {
        if rule.is_fingerprint && strength == NameStrength::Strong {
            attribute = Some(rule);
        }
    });
    attribute
}

/// Whether several attributes of a device stand beside a field under names that say so.
fn has_attributes_beside(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    if is_own_header(scene, field) {
        return is_beside_headers_of_device(scene, field);
    }
    let attributes = scene.names_beside(field);
    let attributes = attributes.filter(|name| attribute(scene.rules, name).is_some());
    attributes.take(ATTRIBUTES_BESIDE).count() == ATTRIBUTES_BESIDE
}

/// Whether the name of a field speaks for a hardware address there: a rule of the name takes it, or is of access points.
pub(super) fn takes_address(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    let layouts = match &scene.observation.sighting.event {
        Event::Exchange(_) => scene.rules.layouts(scene.host(), scene.request_path()),
        _ => Vec::new(),
    };
    let is_sdk = !layouts.is_empty() || scene.rules.is_sdk_host(scene.host());
    let text = value::trimmed(&field.value, field.look);
    let called = called(scene, scene.branch(field));
    let mut rules = Vec::new();
    rules_of_field(scene, &called, &layouts, is_sdk, field, &mut rules);
    rules.iter().any(|rule| {
        &*rule.id == ACCESS_POINTS || rule.is_opted_out(text) || fits(scene, rule, field, text)
    })
}

/// Rules whose data only show in several fields together.
fn has_detector_of_its_own(rule: &Identifier) -> bool {
    rule.id.starts_with("contact-") || rule.validator == Some(Validator::CoordinatePair)
}

/// Kinds of characters of which a list of access points in one value has one.
const IN_ONE_VALUE: u16 = Look::LIST | Look::COLON;

/// Whether a hardware address under a name of access points is one's: the name says no more than that it is about Wi-Fi where it
/// stands alone, but in a row something stands beside it, and a phone has not several of its own.
fn is_of_scan(scene: &Scene<'_>, position: usize, field: &Field<'_>) -> bool {
    const OTHERS: usize = 2;
    const MUTE: [&str; 10] = [
        "wifi", "wlan", "wifis", "macs", "wifimacs", "aps", "ap", "networks", "routers", "hotspots",
    ];
    let name = scene.name(field).map_or("", |name| &name.normalised);
    if !MUTE.contains(&name) {
        return true;
    }
    let paths = &scene.fields.paths;
    let above = |path| match paths.split(path)? {
        (parent, Step::Index(_)) => Some(parent),
        _ => None,
    };
    let Some(list) = above(field.path) else {
        return false;
    };
    let is_address = |text: &str| {
        value::is_hardware_address(text) || text.len() == SHORTEST_IN_GROUPS && value::is_hex(text)
    };
    let is_beside = |other: &&Field<'_>| {
        above(other.path) == Some(list) && is_address(&other.value) && other.value != field.value
    };
    let near = position.saturating_sub(OTHERS)..=position.saturating_add(OTHERS);
    let near = near.filter_map(|at| scene.fields.get(at));
    above(list).is_some() || near.filter(is_beside).count() >= OTHERS
}

/// Whether how strong it is received stands beside a hardware address.
fn is_received(scene: &Scene<'_>, field: &Field<'_>) -> bool {
    const SIGNALS: [&str; 11] = [
        "rssi",
        // as HERE's positioning service takes it, and took it before
        "rss",
        "powrx",
        // as Google's positioning service takes it
        "ss",
        "signal",
        "signalstrength",
        "level",
        "dbm",
        "rxlevel",
        "channel",
        "frequency",
    ];
    scene.has_name_beside(field, &SIGNALS)
}

/// Whether an address that its name does not tell is a person's, rather than that of a desk or the id of a message.
fn is_of_person(scene: &Scene<'_>, rule: &Identifier, field: &Field<'_>, text: &str) -> bool {
    let is_message_id = || {
        let name = scene.name(field);
        name.is_some_and(|name| name.is_of_message_id(text)) || value::is_message_id(&field.value)
    };
    rule.validator != Some(Validator::Email) || !value::is_role_address(text) && !is_message_id()
}

/// Values that stand for nothing.
fn is_empty(text: &str) -> bool {
    matches!(
        text,
        "" | "null"
            | "nil"
            | "undefined"
            | "unknown"
            | "none"
            | "N/A"
            | "n/a"
            | "(null)"
            | "\"\""
            | "{}"
            | "[]"
    )
}

fn add<'a>(
    hits: &mut Hits<'a>,
    rule: &'a Identifier,
    grade: Grade,
    is_opted_out: bool,
    field: &'a Field<'a>,
    text: &'a str,
) {
    let value = value::bare(text, field.look);
    let known = hits.iter_mut().find(|hit| {
        (hit.grade, hit.is_opted_out) == (grade, is_opted_out) && hit.rule.id == rule.id
    });
    let path = rule.is_fingerprint.then_some(field.path);
    if let Some(hit) = known {
        hit.values.push(value);
        hit.paths.extend(path);
        return;
    }
    hits.push(Hit {
        rule,
        grade,
        is_opted_out,
        values: vec![value],
        paths: path.into_iter().collect(),
        first: field,
        first_value: value,
    });
}

/// A value without what spellings of it differ in, so that it is the same at several recipients: how a number is dialled, and of
/// addresses and hexadecimal ids the case and what parts groups. Names of networks differ in their case.
pub(super) fn canonical<'a>(rule: &Identifier, value: &'a str) -> Cow<'a, str> {
    let is_number = matches!(
        rule.validator,
        Some(Validator::PhonePossible | Validator::PhoneValid)
    );
    if let Some(number) = value::phone_e164(value).filter(|_| is_number) {
        return Cow::Owned(number.to_string());
    }
    let is_mark = |byte: u8| b" :-._{}".contains(&byte);
    let is_hex = value
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || is_mark(byte));
    if is_hex {
        let bare: String = value.chars().filter(char::is_ascii_hexdigit).collect();
        if bare.len() >= SHORTEST_IN_GROUPS {
            return Cow::Owned(bare.to_ascii_lowercase());
        }
    }
    if value.contains('@') || value::is_ip_address(value) {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

fn report(scene: &Scene<'_>, tally: &mut Tally, hit: &Hit<'_>) {
    // What holds the others in an encoding is no account.
    let is_account =
        |value: &&&str| value.len() <= LONGEST_ACCOUNT && !value.starts_with(['{', '[']);
    let accounts = hit.values.iter().filter(is_account).count();
    let is_address_book = hit.rule.category == Category::Account
        && (accounts >= OWN_ACCOUNTS || contact::speaks_of_contacts_path(scene, hit.first.path));
    // A phone has one of these for each app and service: a list of them is of something else.
    let is_list = &*hit.rule.id == PUSH_TOKEN && hit.values.len() > OWN_TOKENS;
    // A map asks for the cells that it shows.
    let is_map =
        &*hit.rule.id == GEOHASH && hit.grade == Grade::Shape && hit.values.len() > OWN_CELLS;
    if is_address_book || is_list || is_map {
        return;
    }
    // Several that are received are of what is around the phone.
    let is_scan = hit.rule.id.starts_with("mac-") && hit.values.len() > 1;
    let surroundings = (is_scan && is_received(scene, hit.first))
        .then(|| scene.rules.identifier(ACCESS_POINTS))
        .flatten();
    let rule = surroundings.unwrap_or(hit.rule);
    let mut finding = scene.finding(rule, hit.grade, hit.first, hit.first_value);
    let values = hit.values.iter();
    let values: BTreeSet<_> = values.map(|value| canonical(hit.rule, value)).collect();
    // Of attributes the names count: one that is told three times is one.
    let names = hit.paths.iter();
    let names: BTreeSet<_> = names
        .map(|path| scene.fields.paths.last_name(*path))
        .collect();
    finding.items = if hit.rule.is_fingerprint {
        names.len() as u64
    } else {
        values.len() as u64
    };
    finding.values = values.iter().map(|value| Sensitive::new(value)).collect();
    finding.is_opted_out = hit.is_opted_out;
    scene.report(tally, finding);
}
