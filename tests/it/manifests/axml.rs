//! Compiled Android manifests (`ResXMLTree`), as aapt2 writes them.

/// Value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Integer(u32),
    Boolean(bool),
    Reference(u32),
}

/// An element.
#[derive(Clone, Debug)]
pub(super) struct Element<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, Value<'a>)>,
    children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// With an attribute: `android:…` is put into the namespace and gets its resource id, anything else neither.
    /// Names of elements may have the prefix, too.
    pub(super) fn with(mut self, name: &'a str, value: Value<'a>) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// With an attribute that is a string.
    pub(super) fn text(self, name: &'a str, text: &'a str) -> Self {
        self.with(name, Value::Text(text))
    }

    /// With an element inside.
    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }
}

/// A manifest as most tests need it: identity, SDK levels and permissions.
pub(super) fn manifest<'a>(package: &'a str, permissions: &[&'a str]) -> Element<'a> {
    let root = Element::new("manifest")
        .text("package", package)
        .with("android:versionCode", Value::Integer(7))
        .text("android:versionName", "1.2.3")
        .child(
            Element::new("uses-sdk")
                .with("android:minSdkVersion", Value::Integer(26))
                .with("android:targetSdkVersion", Value::Integer(34)),
        );
    permissions.iter().fold(root, |root, name| {
        root.child(Element::new("uses-permission").text("android:name", name))
    })
}

const ANDROID: &str = "http://schemas.android.com/apk/res/android";

/// Resource ids of `android.R.attr`.
const RESOURCE_IDS: &[(&str, u32)] = &[
    ("label", 0x0101_0001),
    ("name", 0x0101_0003),
    ("permission", 0x0101_0006),
    ("debuggable", 0x0101_000f),
    ("exported", 0x0101_0010),
    ("minSdkVersion", 0x0101_020c),
    ("versionCode", 0x0101_021b),
    ("versionName", 0x0101_021c),
    ("targetSdkVersion", 0x0101_0270),
    ("maxSdkVersion", 0x0101_0271),
    ("allowBackup", 0x0101_0280),
    ("usesCleartextTraffic", 0x0101_04ec),
    ("networkSecurityConfig", 0x0101_0527),
    ("versionCodeMajor", 0x0101_0576),
];

const NONE: u32 = u32::MAX;

/// How the file is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// Strings in UTF-8 instead of UTF-16.
    pub(super) utf8: bool,
    /// Names of attributes with a resource id are blanked, as packers do.
    pub(super) blank_names: bool,
    /// No resource map: attributes have nothing but their names.
    pub(super) no_resource_map: bool,
}

/// The file, in UTF-16 with resource ids.
pub(super) fn binary_xml(root: &Element<'_>) -> Vec<u8> {
    styled(root, Style::default())
}

/// The file in another style.
pub(super) fn styled(root: &Element<'_>, style: Style) -> Vec<u8> {
    let mut writer = Writer::new(style);
    let (prefix, uri) = (writer.string("android"), writer.string(ANDROID));
    let namespace = |kind: u16| node(kind, &words(&[prefix, uri]));
    let mut nodes = namespace(0x0100);
    writer.element(root, &mut nodes);
    nodes.extend(namespace(0x0101));

    let mut body = writer.string_pool();
    if !style.no_resource_map {
        let ids: Vec<u32> = RESOURCE_IDS.iter().map(|(_, id)| *id).collect();
        body.extend(chunk(0x0180, 8, &words(&ids)));
    }
    body.extend(nodes);
    chunk(0x0003, 8, &body)
}

struct Writer {
    style: Style,
    /// The first ones are the names with a resource id, because the resource map goes by index.
    strings: Vec<String>,
}

impl Writer {
    fn new(style: Style) -> Self {
        let name = |(name, _): &(&str, u32)| {
            if style.blank_names {
                String::new()
            } else {
                (*name).to_owned()
            }
        };
        Self {
            style,
            strings: RESOURCE_IDS.iter().map(name).collect(),
        }
    }

    fn string(&mut self, text: &str) -> u32 {
        let searched = self.strings.iter().skip(RESOURCE_IDS.len());
        let known = searched.into_iter().position(|known| known == text);
        let index = known.map_or(self.strings.len(), |at| at + RESOURCE_IDS.len());
        if known.is_none() {
            self.strings.push(text.to_owned());
        }
        u32::try_from(index).unwrap()
    }

    fn element(&mut self, element: &Element<'_>, out: &mut Vec<u8>) {
        let local_name = element.name.strip_prefix("android:");
        let namespace = local_name.map_or(NONE, |_| self.string(ANDROID));
        let name = self.string(local_name.unwrap_or(element.name));
        let mut attributes: Vec<_> = element
            .attributes
            .iter()
            .map(|(name, value)| self.attribute(name, *value))
            .collect();
        // aapt2 sorts by resource id, and the platform relies on it.
        attributes.sort_by_key(|(id, _)| *id);
        let mut body = words(&[namespace, name]);
        let count = u16::try_from(attributes.len()).unwrap();
        for half in [20, 20, count, 0, 0, 0] {
            body.extend(half.to_le_bytes());
        }
        body.extend(attributes.into_iter().flat_map(|(_, bytes)| bytes));
        out.extend(node(0x0102, &body));
        for child in &element.children {
            self.element(child, out);
        }
        out.extend(node(0x0103, &words(&[namespace, name])));
    }

    /// Resource id and the attribute's twenty bytes.
    fn attribute(&mut self, name: &str, value: Value<'_>) -> (u32, Vec<u8>) {
        let known = name.strip_prefix("android:").map(|local| {
            let index = RESOURCE_IDS.iter().position(|(known, _)| *known == local);
            index.unwrap_or_else(|| panic!("no resource id for {local}"))
        });
        let (namespace, index, id) = match known {
            Some(index) => (
                self.string(ANDROID),
                u32::try_from(index).unwrap(),
                RESOURCE_IDS[index].1,
            ),
            None => (NONE, self.string(name), NONE),
        };
        let (raw, kind, data) = match value {
            Value::Text(text) => {
                let text = self.string(text);
                (text, 0x03_u8, text)
            }
            Value::Integer(number) => (NONE, 0x10, number),
            Value::Boolean(value) => (NONE, 0x12, if value { NONE } else { 0 }),
            Value::Reference(id) => (NONE, 0x01, id),
        };
        let mut bytes = words(&[namespace, index, raw]);
        bytes.extend([8, 0, 0, kind]);
        bytes.extend(data.to_le_bytes());
        (id, bytes)
    }

    fn string_pool(&self) -> Vec<u8> {
        let mut offsets = Vec::new();
        let mut data = Vec::new();
        for string in &self.strings {
            offsets.push(u32::try_from(data.len()).unwrap());
            let units: Vec<u16> = string.encode_utf16().collect();
            if self.style.utf8 {
                for length in [units.len(), string.len()] {
                    let length = u16::try_from(length).unwrap();
                    let [high, low] = length.to_be_bytes();
                    if length > 0x7f {
                        data.push(high | 0x80);
                    }
                    data.push(low);
                }
                data.extend(string.bytes());
                data.push(0);
            } else {
                data.extend(u16::try_from(units.len()).unwrap().to_le_bytes());
                data.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
                data.extend([0, 0]);
            }
        }
        data.resize(data.len().next_multiple_of(4), 0);
        let flags = if self.style.utf8 { 1 << 8 } else { 0 };
        let count = u32::try_from(self.strings.len()).unwrap();
        let mut body = words(&[count, 0, flags, 28 + count * 4, 0]);
        body.extend(words(&offsets));
        body.extend(data);
        chunk(0x0001, 28, &body)
    }
}

/// A chunk whose header is followed by `body`; the body may hold the rest of a longer header.
pub(super) fn chunk(kind: u16, header_bytes: u16, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(8 + body.len()).unwrap();
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(header_bytes.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// A node: line number and comment, then the body.
pub(super) fn node(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut node = words(&[1, NONE]);
    node.extend(body);
    chunk(kind, 16, &node)
}

fn words(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}
