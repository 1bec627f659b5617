//! Names that stand beside their values, and values in objects that say their type → the same values under these names, as
//! detection looks for them: `{"key": "lat", "value": {"doubleValue": 52.52}}` is also `lat`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::limits;
use crate::model::{
    ChainId, DecodeChain, DecodeStep, FieldPath, Fields, PathId, PathStep, Place, Step,
};

/// What holds a name, and what holds its value, in lower case.
const PAIRS: [(&str, &str); 23] = [
    ("key", "value"),
    ("key", "val"),
    ("k", "v"),
    ("name", "value"),
    ("name", "val"),
    // Parameters of events of Firebase, attributes of protocol buffers in JSON.
    ("name", "string_value"),
    ("name", "stringvalue"),
    ("name", "double_value"),
    ("name", "doublevalue"),
    ("key", "string_value"),
    ("key", "stringvalue"),
    ("key", "double_value"),
    ("key", "doublevalue"),
    ("n", "v"),
    ("field", "value"),
    ("field", "data"),
    ("param", "value"),
    ("id", "value"),
    ("type", "value"),
    ("type", "data"),
    ("type", "id"),
    ("idtype", "id"),
    ("deviceidtype", "deviceid"),
];

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

/// What holds the names of columns, and what holds the rows, in lower case; under another name rows are those that have as many
/// cells as there are names.
const HEADS: [&str; 7] = [
    "headers", "header", "columns", "cols", "fields", "schema", "names",
];
const ROWS: [&str; 7] = [
    "rows", "data", "values", "records", "items", "points", "events",
];

/// Bytes of the longest of all these.
const LONGEST: usize = 14;

/// Steps that say the type of what is below: Firestore, OTLP (`stringValue`), `BigQuery` (`string_value`), `DynamoDB` (`S`), XML-RPC.
const TYPES: [&str; 17] = [
    "stringValue",
    "integerValue",
    "intValue",
    "doubleValue",
    "booleanValue",
    "boolValue",
    "timestampValue",
    "string_value",
    "int_value",
    "double_value",
    "string",
    "double",
    "i4",
    "S",
    "N",
    "SS",
    "NS",
];

/// The same of maps and lists, of which a typed value is inside.
const HOLDERS: [&str; 8] = [
    "mapValue",
    "fields",
    "arrayValue",
    "kvlistValue",
    "values",
    "M",
    "L",
    "struct",
];

/// What a name may be: which of [`PAIRS`] it may be the first and the second of, a bit for each, and whether it says a type.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Role {
    keys: u32,
    values: u32,
    is_type: bool,
    is_head: bool,
    is_rows: bool,
}

impl Role {
    pub(super) fn of(name: &str) -> Self {
        if name.len() > LONGEST {
            return Self::default();
        }
        let is_one_of = |words: &[&str]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
        let mut role = Self {
            is_type: TYPES.contains(&name),
            is_head: is_one_of(&HEADS),
            is_rows: is_one_of(&ROWS),
            ..Self::default()
        };
        for (bit, (key, value)) in PAIRS.iter().enumerate() {
            role.keys |= u32::from(name.eq_ignore_ascii_case(key)) << bit;
            role.values |= u32::from(name.eq_ignore_ascii_case(value)) << bit;
        }
        role
    }

    fn and(self, other: Self) -> Self {
        Self {
            keys: self.keys | other.keys,
            values: self.values | other.values,
            is_type: self.is_type || other.is_type,
            is_head: self.is_head || other.is_head,
            is_rows: self.is_rows || other.is_rows,
        }
    }
}

/// Names of a message that need no room of their own.
const USUAL_NAMES: usize = 4096;

/// What tells, while a message is read, whether it may have names and bytes that are looked for here; most have none.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Of the names, by their positions, and of all of them.
    roles: Vec<Role>,
    all: Role,
    has_pairs: bool,
    has_long_lists: bool,
}

impl Signs {
    /// Nothing was read yet; room for as many names as messages usually have stays.
    pub(super) fn clear(&mut self) {
        self.roles.clear();
        self.roles.shrink_to(USUAL_NAMES);
        *self = Self {
            roles: std::mem::take(&mut self.roles),
            ..Self::default()
        };
    }

    /// One more name.
    pub(super) fn add_name(&mut self, role: Role) {
        self.roles.push(role);
        self.all = self.all.and(role);
    }

    /// A value that is an element, with the last step to its list and what was undone last.
    pub(super) fn add_element(
        &mut self,
        position: u32,
        list: Option<Step>,
        undone: Option<DecodeStep>,
    ) {
        let is_in_list = matches!(list, Some(Step::Index(_)));
        self.has_pairs |= is_in_list || undone == Some(DecodeStep::Protobuf);
        self.has_long_lists |= usize::try_from(position).is_ok_and(|last| last >= FEWEST_BYTES - 1);
    }

    fn of(&self, step: Step) -> Role {
        match step {
            Step::Name(name) => self.roles.get(name.position()).copied().unwrap_or_default(),
            Step::Index(_) => Role::default(),
        }
    }
}

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

/// Bytes that a list of numbers is.
pub(super) struct ListOfBytes {
    pub(super) place: Place,
    pub(super) path: PathId,
    pub(super) chain: ChainId,
    pub(super) bytes: Vec<u8>,
}

/// Fewest numbers that are believed to be bytes: those of a digest.
const FEWEST_BYTES: usize = 16;

/// All lists of nothing but numbers as large as bytes, most of them of two digits and more.
pub(super) fn lists_of_bytes(fields: &Fields<'_>, signs: &Signs) -> Vec<ListOfBytes> {
    if !signs.has_long_lists {
        return Vec::new();
    }
    let (mut lists, mut open): (Vec<ListOfBytes>, Option<ListOfBytes>) = (Vec::new(), None);
    for field in fields {
        let next = match fields.paths.split(field.path) {
            Some((list, Step::Index(position))) => byte(&field.value)
                .zip(usize::try_from(position).ok())
                .map(|(byte, position)| (byte, list, position)),
            _ => None,
        };
        match (next, &mut open) {
            (Some((byte, list, position)), Some(open))
                if open.path == list && open.bytes.len() == position =>
            {
                open.bytes.push(byte);
            }
            (next, _) => {
                lists.extend(open.take().filter(ListOfBytes::is_believed));
                open = next
                    .filter(|(.., position)| *position == 0)
                    .map(|(byte, list, _)| ListOfBytes {
                        place: field.place,
                        path: list,
                        chain: field.chain,
                        bytes: vec![byte],
                    });
            }
        }
    }
    lists.extend(open.filter(ListOfBytes::is_believed));
    lists
}

impl ListOfBytes {
    /// Small numbers alone are counts.
    fn is_believed(&self) -> bool {
        let large = self.bytes.iter().filter(|byte| **byte >= 64).count();
        self.bytes.len() >= FEWEST_BYTES && large.saturating_mul(2) >= self.bytes.len()
    }
}

/// A number from -128 to 255.
fn byte(text: &str) -> Option<u8> {
    if text.len() > 4 || !text.as_bytes().last()?.is_ascii_digit() {
        return None;
    }
    let number: i16 = text.parse().ok()?;
    u8::try_from(number)
        .ok()
        .or_else(|| i8::try_from(number).ok().map(i8::cast_unsigned))
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

/// Columns of rows that no name tells, at least: corners of maps and conditions have two numbers.
const FEWEST_COLUMNS: usize = 3;

/// Whether a name is of what is asked for, rather than of rows.
fn is_of_query(name: &str) -> bool {
    const PARTS: [&str; 9] = [
        "bbox", "bound", "range", "default", "filter", "where", "sort", "order", "extent",
    ];
    let name = name.to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part))
}

/// The cells of tables whose columns are named in a list beside them: `{"columns": ["lat", "lon"], "rows": [[52.52, 13.40]]}`.
fn in_rows(fields: &Fields<'_>, signs: &Signs) -> Vec<(usize, Vec<PathStep>)> {
    let paths = &fields.paths;
    // By place and object.
    let mut heads: BTreeMap<(Place, PathId), BTreeMap<u32, &str>> = BTreeMap::new();
    for field in fields {
        if let Some((list, Step::Index(column))) = paths.split(field.path)
            && let Some((object, name)) = paths.split(list)
            && signs.of(name).is_head
            && is_name(&field.value)
        {
            let head = heads.entry((field.place, object)).or_default();
            head.entry(column).or_insert(&field.value);
        }
    }
    heads.retain(|_, head| head.len() > 1);
    if heads.is_empty() {
        return Vec::new();
    }
    // The cells of each row.
    let mut cells: HashMap<PathId, usize> = HashMap::new();
    for field in fields {
        if let Some((row, Step::Index(_))) = paths.split(field.path) {
            let cells = cells.entry(row).or_default();
            *cells = cells.saturating_add(1);
        }
    }
    let all = fields.iter().enumerate();
    all.filter_map(|(at, field)| {
        let (row, Step::Index(column)) = paths.split(field.path)? else {
            return None;
        };
        let (rows, Step::Index(_)) = paths.split(row)? else {
            return None;
        };
        let (object, name) = paths.split(rows)?;
        let head = heads.get(&(field.place, object))?;
        let is_row = signs.of(name).is_rows
            || head.len() >= FEWEST_COLUMNS
                && cells.get(&row) == Some(&head.len())
                && matches!(name, Step::Name(name) if !is_of_query(paths.text(name)));
        let name = name_step(head.get(&column).filter(|_| is_row)?);
        let mut path = paths.path(row).to_field_path().0;
        path.push(name);
        Some((at, path))
    })
    .collect()
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
        PathStep::Index(_) => false,
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
        let mut signs = Signs {
            has_pairs: true,
            ..Signs::default()
        };
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
