//! What names of a message say of it while it is read: whether they, or values, are named by others.

use super::bytes::FEWEST_BYTES;
use crate::model::{DecodeStep, Step};

/// What holds a name, and what holds its value, in lower case.
pub(super) const PAIRS: [(&str, &str); 23] = [
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
pub(super) const TYPES: [&str; 17] = [
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
pub(super) const HOLDERS: [&str; 8] = [
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
pub(in crate::payload) struct Role {
    pub(super) keys: u32,
    pub(super) values: u32,
    pub(super) is_type: bool,
    pub(super) is_head: bool,
    pub(super) is_rows: bool,
}

impl Role {
    pub(in crate::payload) fn of(name: &str) -> Self {
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
pub(in crate::payload) struct Signs {
    /// Of the names, by their positions, and of all of them.
    roles: Vec<Role>,
    pub(super) all: Role,
    pub(super) has_pairs: bool,
    pub(super) has_long_lists: bool,
}

impl Signs {
    /// Nothing was read yet; room for as many names as messages usually have stays.
    pub(in crate::payload) fn clear(&mut self) {
        self.roles.clear();
        self.roles.shrink_to(USUAL_NAMES);
        *self = Self {
            roles: std::mem::take(&mut self.roles),
            ..Self::default()
        };
    }

    /// One more name.
    pub(in crate::payload) fn add_name(&mut self, role: Role) {
        self.roles.push(role);
        self.all = self.all.and(role);
    }

    /// A value that is an element, with the last step to its list and what was undone last.
    pub(in crate::payload) fn add_element(
        &mut self,
        position: u32,
        list: Option<Step>,
        undone: Option<DecodeStep>,
    ) {
        let is_in_list = matches!(list, Some(Step::Index(_)));
        self.has_pairs |= is_in_list || undone == Some(DecodeStep::Protobuf);
        self.has_long_lists |= usize::try_from(position).is_ok_and(|last| last >= FEWEST_BYTES - 1);
    }

    pub(super) fn of(&self, step: Step) -> Role {
        match step {
            Step::Name(name) => self.roles.get(name.position()).copied().unwrap_or_default(),
            Step::Index(_) => Role::default(),
        }
    }
}
