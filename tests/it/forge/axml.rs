//! Android's binary XML, as `aapt2` lays out a manifest: string pool, resource map, namespace, elements.

/// The namespace of Android's attributes.
const NAMESPACE: &str = "http://schemas.android.com/apk/res/android";
/// No string.
const NONE: u32 = u32::MAX;

/// Attributes by name and resource id; those with an id come first in the string pool, so that the resource map fits.
const RESOURCES: &[(&str, u32)] = &[
    ("label", 0x0101_0001),
    ("name", 0x0101_0003),
    ("permission", 0x0101_0006),
    ("debuggable", 0x0101_000f),
    ("exported", 0x0101_0010),
    ("authorities", 0x0101_0018),
    ("scheme", 0x0101_0027),
    ("host", 0x0101_0028),
    ("minSdkVersion", 0x0101_020c),
    ("versionCode", 0x0101_021b),
    ("versionName", 0x0101_021c),
    ("targetSdkVersion", 0x0101_0270),
    ("maxSdkVersion", 0x0101_0271),
    ("allowBackup", 0x0101_0280),
    ("usesCleartextTraffic", 0x0101_04ec),
    ("networkSecurityConfig", 0x0101_0527),
    ("versionCodeMajor", 0x0101_0576),
    ("foregroundServiceType", 0x0101_0599),
];

/// A value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(u32),
    Flag(bool),
    Reference(u32),
}

/// An element; `android:` before its name puts it into that namespace. Attributes named in [`RESOURCES`] are Android's, others
/// (`package`) have no namespace; `:` before a name makes it one of the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element<'a> {
    pub(crate) name: &'a str,
    pub(crate) attributes: Vec<(&'a str, Value<'a>)>,
    pub(crate) children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    pub(crate) fn new(name: &'a str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// With an attribute.
    pub(crate) fn with(mut self, name: &'a str, value: Value<'a>) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// With an element inside.
    pub(crate) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }
}

/// How packers and other tools than `aapt2` write it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    /// Strings in UTF-8.
    pub(crate) is_utf8: bool,
    /// Names of Android's attributes are blank.
    pub(crate) has_blank_names: bool,
    /// No resource map: attributes have nothing but their names.
    pub(crate) has_no_ids: bool,
}

/// A document with that root.
pub(crate) fn document(root: &Element<'_>) -> Vec<u8> {
    styled_document(root, Style::default())
}

/// The document in another style.
pub(crate) fn styled_document(root: &Element<'_>, style: Style) -> Vec<u8> {
    let mut strings: Vec<String> = RESOURCES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    intern(&mut strings, "android");
    intern(&mut strings, NAMESPACE);
    collect(&mut strings, root);

    let namespace = [
        index(&strings, "android").to_le_bytes(),
        index(&strings, NAMESPACE).to_le_bytes(),
    ]
    .concat();
    let mut nodes = node(0x0100, &namespace);
    element(&mut nodes, &strings, root);
    nodes.extend(node(0x0101, &namespace));

    if style.has_blank_names {
        for name in strings.iter_mut().take(RESOURCES.len()) {
            name.clear();
        }
    }
    let mut body = string_pool(&strings, style.is_utf8);
    if !style.has_no_ids {
        let ids: Vec<u8> = RESOURCES
            .iter()
            .flat_map(|(_, id)| id.to_le_bytes())
            .collect();
        body.extend(chunk(0x0180, &[], &ids));
    }
    body.extend(nodes);
    chunk(0x0003, &[], &body)
}

fn intern(strings: &mut Vec<String>, text: &str) {
    if !strings.iter().any(|known| known == text) {
        strings.push(text.to_owned());
    }
}

/// The pool has one string twice where an attribute of no namespace has the name of one of Android's.
fn intern_other(strings: &mut Vec<String>, name: &str) {
    if !strings
        .iter()
        .skip(RESOURCES.len())
        .any(|known| known == name)
    {
        strings.push(name.to_owned());
    }
}

fn collect(strings: &mut Vec<String>, element: &Element<'_>) {
    intern(strings, local_name(element));
    for (name, value) in &element.attributes {
        match name.strip_prefix(':') {
            Some(other) => intern_other(strings, other),
            None => intern(strings, name),
        }
        if let Value::Text(text) = value {
            intern(strings, text);
        }
    }
    for child in &element.children {
        collect(strings, child);
    }
}

fn index(strings: &[String], text: &str) -> u32 {
    let position = strings.iter().position(|known| known == text).unwrap();
    u32::try_from(position).unwrap()
}

fn index_other(strings: &[String], text: &str) -> u32 {
    let others = strings.iter().skip(RESOURCES.len());
    let position = others.into_iter().position(|known| known == text).unwrap();
    u32::try_from(RESOURCES.len() + position).unwrap()
}

fn local_name<'a>(element: &Element<'a>) -> &'a str {
    element
        .name
        .strip_prefix("android:")
        .unwrap_or(element.name)
}

fn element(body: &mut Vec<u8>, strings: &[String], element_: &Element<'_>) {
    let name = index(strings, local_name(element_));
    let namespace = match element_.name.strip_prefix("android:") {
        Some(_) => index(strings, NAMESPACE),
        None => NONE,
    };
    let mut start = Vec::new();
    start.extend(namespace.to_le_bytes());
    start.extend(name.to_le_bytes());
    // Attributes begin 20 bytes behind here and are 20 bytes long.
    start.extend([20, 0, 20, 0]);
    start.extend(
        u16::try_from(element_.attributes.len())
            .unwrap()
            .to_le_bytes(),
    );
    start.extend([0; 6]);
    for (name, value) in &element_.attributes {
        let is_android = RESOURCES.iter().any(|(known, _)| known == name);
        let (namespace, name) = match name.strip_prefix(':') {
            Some(other) => (NONE, index_other(strings, other)),
            None if is_android => (index(strings, NAMESPACE), index(strings, name)),
            None => (NONE, index(strings, name)),
        };
        let (raw, kind, data) = match value {
            Value::Text(text) => (index(strings, text), 0x03, index(strings, text)),
            Value::Number(number) => (NONE, 0x10, *number),
            Value::Flag(flag) => (NONE, 0x12, if *flag { NONE } else { 0 }),
            Value::Reference(id) => (NONE, 0x01, *id),
        };
        start.extend(namespace.to_le_bytes());
        start.extend(name.to_le_bytes());
        start.extend(raw.to_le_bytes());
        start.extend([8, 0, 0, kind]);
        start.extend(data.to_le_bytes());
    }
    body.extend(node(0x0102, &start));
    for child in &element_.children {
        element(body, strings, child);
    }
    let end = [namespace.to_le_bytes(), name.to_le_bytes()].concat();
    body.extend(node(0x0103, &end));
}

/// A chunk of the tree: line number 1, no comment.
pub(crate) fn node(kind: u16, body: &[u8]) -> Vec<u8> {
    let header = [1_u32.to_le_bytes(), NONE.to_le_bytes()].concat();
    chunk(kind, &header, body)
}

/// A chunk: the rest of its header, and its body.
pub(crate) fn chunk(kind: u16, header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(u16::try_from(8 + header.len()).unwrap().to_le_bytes());
    bytes.extend(
        u32::try_from(8 + header.len() + body.len())
            .unwrap()
            .to_le_bytes(),
    );
    bytes.extend(header);
    bytes.extend(body);
    bytes
}

/// A pool of strings without styles.
fn string_pool(strings: &[String], is_utf8: bool) -> Vec<u8> {
    let (mut offsets, mut data) = (Vec::new(), Vec::new());
    for text in strings {
        offsets.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        let units: Vec<u16> = text.encode_utf16().collect();
        if is_utf8 {
            for length in [units.len(), text.len()] {
                let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
                if length > 0x7f {
                    data.push(high | 0x80);
                }
                data.push(low);
            }
            data.extend(text.bytes());
            data.push(0);
        } else {
            data.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
            data.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
            data.extend([0, 0]);
        }
    }
    while !data.len().is_multiple_of(4) {
        data.push(0);
    }
    let mut header = Vec::new();
    header.extend(u32::try_from(strings.len()).unwrap().to_le_bytes());
    header.extend([0; 4]); // no styles
    header.extend((u32::from(is_utf8) << 8).to_le_bytes());
    header.extend(u32::try_from(28 + offsets.len()).unwrap().to_le_bytes());
    header.extend([0; 4]);
    offsets.extend(data);
    chunk(0x0001, &header, &offsets)
}
