//! Names that stand beside their values, and values in objects that say their type → the same values under these names, as
//! detection looks for them: `{"key": "lat", "value": {"doubleValue": 52.52}}` is also `lat`.

mod bytes;
mod rows;
mod sign;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) use self::bytes::lists_of_bytes;
use self::rows::in_rows;
use self::sign::{HOLDERS, PAIRS, TYPES};
pub(super) use self::sign::{Role, Signs};
use crate::limits;
use crate::model::{DecodeChain, DecodeStep, FieldPath, Fields, PathStep, Place, Step};

/// Parts of the types of identifiers. Where a type stands beside an id (`{"type": "gaid", "id": …}`), most are kinds of documents.
const TYPES_OF_IDS: [&str; 17] = [
    "gaid",
    "aaid",
    "idfa",
    "idfv",
    "adid",
    "oaid",
    "ifa",
    "imei",
    "imsi",
    "iccid",
    "meid",
    "udid",
    "androidid",
    "ssaid",
    "advertisingid",
    "vendorid",
    "macaddress",
];

/// A field with its path as a list, of those that hold names, or may be named by others.
struct Listed<'f> {
    /// Position among the fields.
    at: usize,
    place: Place,
    path: FieldPath,
    is_xml: bool,
    value: &'f str,
}

impl Listed<'_> {
    fn name(&self) -> &str {
        self.path.last_name().unwrap_or_default()
    }
}

/// The fields that have another name than the one on their path, by their positions, and their paths under that.
pub(super) fn otherwise_named(fields: &Fields<'_>, signs: &Signs) -> Vec<(usize, Vec<PathStep>)> {
    let all = signs.all;
    let is_xml = |chain: &DecodeChain| chain.0.last() == Some(&DecodeStep::Xml);
    let has_xml = all.keys != 0 && fields.chains().iter().any(is_xml);
    let mut found = Vec::new();
    if signs.has_pairs {
        found = in_pairs(fields);
    }
    if all.is_head {
        found.extend(in_rows(fields, signs));
    }
    // Few messages have names of both at all.
    if all.keys & all.values == 0 && !all.is_type && !has_xml {
        return found;
    }
    let listed = listed(fields, signs);
    let keys = keys(&listed);
    for (number, field) in listed.iter().enumerate() {
        let other = beside(&keys, &listed, number);
        let way = other.as_ref().unwrap_or(&field.path.0);
        if let Some(path) = without_types(way).or(other) {
            found.push((field.at, path));
        }
    }
    found
}

/// The second values of lists of two whose first is a name, in a list of such (`[["gaid", "…"], ["os", "14"]]`), and of the entries of
/// maps in protocol buffers, which are messages of two fields.
fn in_pairs(fields: &Fields<'_>) -> Vec<(usize, Vec<PathStep>)> {
    let paths = &fields.paths;
    let mut found = Vec::new();
    let mut all = fields.iter().enumerate().peekable();
    while let Some((_, key)) = all.next() {
        let Some((at, value)) = all.peek() else { break };
        let (Some((pair, Step::Index(first))), Some((other, Step::Index(second)))) =
            (paths.split(key.path), paths.split(value.path))
        else {
            continue;
        };
        let is_pair = pair == other && key.chain == value.chain && is_key(&key.value);
        if !is_pair {
            continue;
        }
        let is_message = fields.chain(key.chain).0.last() == Some(&DecodeStep::Protobuf);
        let is_in_list = matches!(paths.split(pair), Some((_, Step::Index(_))));
        let is_alone = fields.get(at.saturating_add(1)).is_none_or(|next| {
            paths
                .split(next.path)
                .is_none_or(|(third, _)| third != pair)
        });
        let numbers = if is_message { (1, 2) } else { (0, 1) };
        if (first, second) == numbers && (is_message || is_in_list) && is_alone {
            let mut path = paths.path(pair).to_field_path().0;
            if !is_message {
                path.pop();
            }
            path.push(name_step(&key.value));
            found.push((*at, path));
        }
    }
    found
}

/// Whether a text may be the key of an entry: a name as programs have them, not one of people.
fn is_key(text: &str) -> bool {
    let has_small = || text.bytes().any(|letter| letter.is_ascii_lowercase());
    text.starts_with(|first: char| {
        first.is_ascii_lowercase() || first.is_ascii_uppercase() && !has_small()
    }) && text.is_ascii()
        && !matches!(text, "true" | "false" | "null")
        && is_name(text)
}

/// The fields that hold names, those below what may hold a value or a type, and all of XML.
fn listed<'f>(fields: &'f Fields<'_>, signs: &Signs) -> Vec<Listed<'f>> {
    let paths = &fields.paths;
    // Of each path, whether a name on it may hold a value or a type.
    let mut may_hold = Vec::with_capacity(paths.len().saturating_add(1));
    may_hold.push(false);
    for (parent, step) in paths.iter() {
        let role = signs.of(step);
        let of_parent = may_hold.get(parent.position()).copied().unwrap_or_default();
        may_hold.push(of_parent || role.values != 0 || role.is_type);
    }
    let all = fields.iter().enumerate();
    all.filter_map(|(at, field)| {
        let is_xml = fields.chain(field.chain).0.last() == Some(&DecodeStep::Xml);
        let is_key = || {
            paths
                .split(field.path)
                .is_some_and(|(_, step)| signs.of(step).keys != 0)
        };
        let is_below = may_hold
            .get(field.path.position())
            .copied()
            .unwrap_or_default();
        (is_below || is_xml || is_key()).then(|| Listed {
            at,
            place: field.place,
            path: fields.path(field).to_field_path(),
            is_xml,
            value: &field.value,
        })
    })
    .collect()
}

/// The path without the steps that say types; `None` if there are none.
fn without_types(path: &[PathStep]) -> Option<Vec<PathStep>> {
    let is_one_of = |step: &PathStep, words: &[&str]| match step {
        PathStep::Name(name) => words.contains(&&**name),
        PathStep::Index(_) | PathStep::And => false,
    };
    let (last, way) = path.split_last()?;
    let is_typed = way
        .iter()
        .any(|step| matches!(step, PathStep::Name(name) if !HOLDERS.contains(&&**name)));
    let is_list = matches!(last, PathStep::Index(_))
        && way.last().is_some_and(|step| is_one_of(step, &TYPES));
    if !is_typed || !is_list && !is_one_of(last, &TYPES) {
        return None;
    }
    let kept = path
        .iter()
        .filter(|step| !is_one_of(step, &TYPES) && !is_one_of(step, &HOLDERS));
    Some(kept.cloned().collect())
}

/// The fields that hold names, by the object that they are in.
type Keys<'f> = BTreeMap<(Place, &'f [PathStep]), Vec<usize>>;

fn keys<'f>(fields: &'f [Listed<'_>]) -> Keys<'f> {
    let mut keys = Keys::new();
    for (at, field) in fields.iter().enumerate() {
        if let [object @ .., PathStep::Name(last)] = field.path.0.as_slice()
            && PAIRS.iter().any(|(key, _)| last.eq_ignore_ascii_case(key))
            && is_name(field.value)
        {
            keys.entry((field.place, object)).or_default().push(at);
        }
    }
    keys
}

/// Whether a text may be the name of a field.
fn is_name(text: &str) -> bool {
    text.len() <= limits::NAME_BYTES.min(64)
        && text.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$'))
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || "_-.$:[]".contains(letter))
}

fn is_type_of_id(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    TYPES_OF_IDS.iter().any(|kind| name.contains(kind))
}

fn name_step(name: &str) -> PathStep {
    PathStep::Name(Arc::from(name))
}

/// The path of a value whose name stands beside it, with that in place of what holds both.
fn beside(keys: &Keys<'_>, fields: &[Listed<'_>], at: usize) -> Option<Vec<PathStep>> {
    let field = fields.get(at).filter(|_| !keys.is_empty())?;
    let path = &field.path.0;
    let key_of = |object: &[PathStep], fits: &dyn Fn(&str, &str) -> bool| {
        let candidates = keys.get(&(field.place, object))?;
        let fits = |key: &&usize| {
            let (name, text) = fields
                .get(**key)
                .map_or(("", ""), |field| (field.name(), field.value));
            let mut pairs = PAIRS.iter();
            **key != at
                && pairs.any(|(key, value)| {
                    fits(key, value)
                        && name.eq_ignore_ascii_case(key)
                        && (!value.ends_with("id") || is_type_of_id(text))
                })
        };
        // Elements of one name have one path: the name before a value is its own.
        let before = candidates.iter().rev().filter(|key| **key < at).find(fits);
        before.or_else(|| candidates.iter().find(fits)).copied()
    };
    let with_name = |key: usize, holder: &[PathStep], below: &[PathStep]| {
        let text = fields.get(key)?.value;
        let mut way = holder.to_vec();
        // A name with dots or brackets is a path of its own.
        way.extend(
            text.split(['.', '[', ']'])
                .filter(|part| !part.is_empty())
                .map(name_step),
        );
        way.extend_from_slice(below);
        Some(way)
    };
    // The nearest name is the value's own; one further out may be that of an envelope (`{"type": "batch", "data": …}`).
    for (position, step) in path.iter().enumerate().rev() {
        let PathStep::Name(holds) = step else {
            continue;
        };
        let (object, below) = path.split_at_checked(position)?;
        let fits = |_: &str, value: &str| holds.eq_ignore_ascii_case(value);
        if let Some(key) = key_of(object, &fits) {
            let holder = match object.split_last() {
                Some((PathStep::Index(_), list)) => list,
                _ => object,
            };
            return with_name(key, holder, below.get(1..)?);
        }
    }
    // `<param name="imei">…</param>`
    if !field.is_xml {
        return None;
    }
    let key = key_of(path, &|key, _| key == "name" || key == "key")?;
    with_name(key, path.split_last()?.1, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(json: &str) -> Vec<String> {
        let mut collector = super::super::collector::Collector::new(Place::Body);
        super::super::json::documents(json.as_bytes(), super::super::copied, &mut collector);
        let fields = collector.finish().fields;
        let mut signs = Signs::default();
        signs.has_pairs = true;
        for name in fields.paths.names() {
            signs.add_name(Role::of(name));
        }
        let named = otherwise_named(&fields, &signs).into_iter();
        let shown = |(at, path): (usize, Vec<PathStep>)| {
            format!("{}={}", FieldPath(path), fields.get(at).unwrap().value)
        };
        named.map(shown).collect()
    }

    #[test]
    fn a_value_is_also_found_under_the_name_beside_it() {
        assert_eq!(
            named(
                r#"{"params": [{"value": 52.52, "Key": "geo.lat"}, {"Key": "geo.lon", "value": 13.4}]}"#
            ),
            ["params.geo.lat=52.52", "params.geo.lon=13.4"]
        );
        assert_eq!(
            named(r#"[{"key": "imei", "value": {"stringValue": "1"}}]"#),
            ["imei=1"]
        );
        assert_eq!(
            named(r#"{"type": "batch", "data": {"params": [{"key": "imei", "value": "1"}]}}"#),
            [
                "batch.params[0].key=imei",
                "data.params.imei=1",
                "batch.params.imei=1"
            ],
            "the nearest name counts, and that is in the envelope, too"
        );
        assert_eq!(
            named(r#"[{"key": "ctx[salt]", "value": "1"}]"#),
            ["ctx.salt=1"]
        );
        assert_eq!(
            named(r#"{"ids": [{"type": "gaid", "id": "1"}]}"#),
            ["ids.gaid=1"]
        );
        assert_eq!(
            named(r#"{"type": "latlng", "data": [[52.5, 13.4]]}"#),
            ["latlng[0][0]=52.5", "latlng[0][1]=13.4"]
        );
    }

    #[test]
    fn cells_have_the_names_of_their_columns() {
        assert_eq!(
            named(r#"{"columns": ["t", "lat"], "rows": [[7, 52.52], [8, 52.53]]}"#),
            [
                "rows[0].t=7",
                "rows[0].lat=52.52",
                "rows[1].t=8",
                "rows[1].lat=52.53"
            ]
        );
        assert_eq!(
            named(r#"{"pings": [[7, 52.52, 5]], "odd": [[7]], "schema": ["t", "lat", "acc"]}"#),
            ["pings[0].t=7", "pings[0].lat=52.52", "pings[0].acc=5"],
            "rows of any name that have as many cells"
        );
        for other in [
            r#"{"fields": ["lat", "lon"], "bbox": [[52.51, 13.37], [52.53, 13.41]]}"#,
            r#"{"columns": ["name", "email", "phone"], "defaults": [["Anna", "a@b.example", "1"]]}"#,
            r#"{"fields": ["name", "phone", "mail"], "filters": [["name", "eq", "1"]]}"#,
        ] {
            assert_eq!(named(other), [""; 0], "{other}");
        }
        assert_eq!(
            named(r#"{"columns": [1, 2], "rows": [[7, 52.52]]}"#),
            [""; 0]
        );
    }

    #[test]
    fn members_of_pairs_have_the_names_before_them() {
        assert_eq!(
            named(r#"{"props": [["gaid", "1"], ["os", "14"], ["a", "b", "c"], ["Anna", "x"]]}"#),
            ["props.gaid=1", "props.os=14"]
        );
        assert_eq!(named(r#"["gaid", "1"]"#), [""; 0]);
        assert_eq!(
            named(r#"{"props": [{"name": "gaid", "string_value": "1"}]}"#),
            ["props.gaid=1"]
        );
        assert_eq!(
            named(r#"{"p": [{"key": "gaid", "value": {"string_value": "1"}}]}"#),
            ["p.gaid=1"]
        );
    }

    #[test]
    fn members_of_structures_of_xml_rpc_have_their_names() {
        let text = "<methodCall><params><param><value><struct><member><name>salt</name>\
            <value><string>x</string></value></member></struct></value></param></params></methodCall>";
        let mut collector = super::super::collector::Collector::new(Place::Body);
        collector.undoing(DecodeStep::Xml, |collector| {
            super::super::xml::document(text, collector);
        });
        let fields = collector.finish().fields;
        assert!(
            fields
                .iter()
                .any(|field| fields.name(field) == "salt" && field.value == "x")
        );
    }

    #[test]
    fn types_are_no_names() {
        assert_eq!(
            named(
                r#"{"fields": {"lat": {"doubleValue": 52.52}, "p": {"mapValue": {"fields": {"a": {"stringValue": "x"}}}}}}"#
            ),
            ["lat=52.52", "p.a=x"]
        );
        assert_eq!(
            named(r#"{"Item": {"lat": {"N": "52.52"}}}"#),
            ["Item.lat=52.52"]
        );
    }

    #[test]
    fn what_has_a_name_of_its_own_keeps_it() {
        assert_eq!(
            named(r#"{"name": "Anna Beispiel", "value": 3, "S": 1}"#),
            [""; 0]
        );
        assert_eq!(named(r#"{"string": "x", "values": [1]}"#), [""; 0]);
    }
}
