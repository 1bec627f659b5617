//! Laws of decoding as a whole: what was put into documents and encodings is found, and nothing else happens.

use proptest::prelude::*;

use super::*;
use crate::model::DecodeStep;

fn cut(event: &Event, length: usize) -> Event {
    let mut event = event.clone();
    if let Event::Exchange(exchange) = &mut event {
        exchange.request.body.bytes.truncate(length);
        exchange.request.body.is_cut = true;
    }
    event
}

/// A document of names and values.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(Leaf),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// A value and the encodings put around it, innermost first.
#[derive(Clone, Debug)]
struct Leaf {
    value: String,
    around: Vec<Around>,
}

#[derive(Clone, Copy, Debug)]
enum Around {
    Base64,
    Base64Url,
    GzipInBase64,
    JsonObject,
    JsonString,
    Percent,
    Form,
    Hex,
}

impl Leaf {
    /// The encoded text, the path below it and the chain that leads to the value, outermost first.
    fn encode(&self) -> (String, String, Vec<DecodeStep>) {
        let mut text = self.value.clone();
        let mut path = String::new();
        let mut chain = Vec::new();
        for around in &self.around {
            let (next, steps): (String, &[DecodeStep]) = match around {
                Around::Base64 => (STANDARD.encode(&text), &[DecodeStep::Base64]),
                Around::Base64Url => (URL_SAFE_NO_PAD.encode(&text), &[DecodeStep::Base64]),
                Around::GzipInBase64 => (
                    STANDARD.encode(gzip(
                        format!("{{\"z\":{}}}", serde_json::json!(text)).as_bytes(),
                    )),
                    &[DecodeStep::Base64, DecodeStep::Gzip, DecodeStep::Json],
                ),
                Around::JsonObject => (
                    serde_json::json!({ "in": text }).to_string(),
                    &[DecodeStep::Json],
                ),
                Around::JsonString => (serde_json::json!(text).to_string(), &[DecodeStep::Json]),
                Around::Percent => {
                    let set = percent_encoding::NON_ALPHANUMERIC;
                    let encoded = percent_encoding::utf8_percent_encode(&text, set).to_string();
                    let steps: &[DecodeStep] = if encoded == text {
                        &[]
                    } else {
                        &[DecodeStep::Percent]
                    };
                    (encoded, steps)
                }
                Around::Form => {
                    let set = percent_encoding::NON_ALPHANUMERIC;
                    let encoded = percent_encoding::utf8_percent_encode(&text, set);
                    (format!("n=1&f={encoded}"), &[DecodeStep::Form])
                }
                Around::Hex => {
                    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
                    if digits.len() < 40 && digits.bytes().all(|digit| digit.is_ascii_digit()) {
                        // reads as a number
                        (text.clone(), &[])
                    } else {
                        (digits, &[DecodeStep::Hex])
                    }
                }
            };
            let inner = match around {
                Around::GzipInBase64 => ".z",
                Around::JsonObject => ".in",
                Around::Form => ".f",
                _ => "",
            };
            text = next;
            path.insert_str(0, inner);
            chain.splice(0..0, steps.iter().copied());
        }
        (text, path, chain)
    }
}

impl Tree {
    fn to_json(&self) -> String {
        match self {
            Self::Leaf(leaf) => serde_json::json!(leaf.encode().0).to_string(),
            Self::List(list) => {
                let items: Vec<_> = list.iter().map(Self::to_json).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Map(map) => {
                let items: Vec<_> = map
                    .iter()
                    .map(|(key, value)| format!("{}: {}", serde_json::json!(key), value.to_json()))
                    .collect();
                format!("{{{}}}", items.join(","))
            }
        }
    }

    /// Leaves with the path that our [`FieldPath`] prints, and with the path of a form key.
    fn leaves(&self, path: &str, key: &str, into: &mut Vec<(String, String, Leaf)>) {
        match self {
            Self::Leaf(leaf) => into.push((path.to_owned(), key.to_owned(), leaf.clone())),
            Self::List(list) => {
                for (position, value) in list.iter().enumerate() {
                    value.leaves(
                        &format!("{path}[{position}]"),
                        &format!("{key}[{position}]"),
                        into,
                    );
                }
            }
            Self::Map(map) => {
                for (name, value) in map {
                    let (path, key) = if path.is_empty() {
                        (name.clone(), name.clone())
                    } else {
                        (format!("{path}.{name}"), format!("{key}[{name}]"))
                    };
                    value.leaves(&path, &key, into);
                }
            }
        }
    }
}

fn leaf() -> impl Strategy<Value = Tree> {
    let value = prop_oneof![
        "[a-z]{3,8}@[a-z]{3,8}[.]example",
        "-?[1-9][0-9]{1,2}[.][0-9]{9,15}",
        "[A-Z][a-z]{5,9} [A-Z][a-zäöü]{6,9}, [A-Z]ß",
    ];
    let around = prop_oneof![
        Just(Around::Base64),
        Just(Around::Base64Url),
        Just(Around::GzipInBase64),
        Just(Around::JsonObject),
        Just(Around::JsonString),
        Just(Around::Percent),
        Just(Around::Form),
        Just(Around::Hex),
    ];
    (value, prop::collection::vec(around, 0..4)).prop_map(|(value, mut around)| {
        // one level is for the document, one for its compression
        let mut levels = 0;
        around.retain(|around| {
            levels += if matches!(around, Around::GzipInBase64) {
                3
            } else {
                1
            };
            levels <= limits::DECODE_DEPTH - 2
        });
        Tree::Leaf(Leaf { value, around })
    })
}

fn tree() -> impl Strategy<Value = Tree> {
    let node = leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Tree::List),
            prop::collection::vec(("[a-z]{2,6}", inner), 1..4).prop_map(Tree::Map),
        ]
    });
    prop::collection::vec(("[a-z]{2,6}", node), 1..4).prop_map(Tree::Map)
}

/// Each leaf is among the fields, with its path and chain.
fn assert_found(event: &Event, outer: &[DecodeStep], leaves: &[(String, String, Leaf)]) {
    let decoded = decode(event);
    assert_eq!(decoded.shortfalls, []);
    for (path, _, leaf) in leaves {
        let (_, below, chain) = leaf.encode();
        let path = format!("{path}{below}");
        let chain: Vec<_> = outer.iter().copied().chain(chain).collect();
        let is_found = decoded.fields.iter().any(|field| {
            field.value == leaf.value
                && decoded.fields.path(field).to_string() == path
                && decoded.fields.chain(field.chain).0.as_ref() == chain.as_slice()
        });
        assert!(
            is_found,
            "{path} {chain:?} {leaf:?} in {:?}",
            decoded.fields
        );
    }
}

/// The document as JSON, form and multipart, as body and content type.
fn written(
    tree: &Tree,
    leaves: &[(String, String, Leaf)],
) -> [(DecodeStep, &'static str, Vec<u8>); 3] {
    let form: Vec<String> = leaves
        .iter()
        .map(|(_, key, leaf)| {
            let set = percent_encoding::NON_ALPHANUMERIC;
            let text = leaf.encode().0;
            format!(
                "{key}={}",
                percent_encoding::utf8_percent_encode(&text, set)
            )
        })
        .collect();
    let mut parts: String = leaves
        .iter()
        .map(|(path, _, leaf)| {
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"{path}\"\r\n\r\n{}\r\n",
                leaf.encode().0
            )
        })
        .collect();
    parts.push_str("--b--\r\n");
    [
        (
            DecodeStep::Json,
            "application/json",
            tree.to_json().into_bytes(),
        ),
        (
            DecodeStep::Form,
            "application/x-www-form-urlencoded",
            form.join("&").into_bytes(),
        ),
        (
            DecodeStep::Multipart,
            "multipart/form-data; boundary=b",
            parts.into_bytes(),
        ),
    ]
}

proptest! {
    #[test]
    fn what_was_encoded_is_found_with_path_and_chain(tree in tree(), compression in 0_u8..4) {
        let mut leaves = Vec::new();
        tree.leaves("", "", &mut leaves);
        for (step, content_type, body) in written(&tree, &leaves) {
            let (outer, encoding, body) = match compression {
                0 => (vec![step], "", body),
                1 => (vec![DecodeStep::Gzip, step], "gzip", gzip(&body)),
                2 => (vec![DecodeStep::Brotli, step], "br", brotli(&body)),
                _ => (vec![DecodeStep::Zstd, step], "zstd", zstd(&body)),
            };
            assert_found(&post(content_type, encoding, &body), &outer, &leaves);
        }
    }

    #[test]
    fn a_cut_body_gives_the_fields_before_the_cut(tree in tree(), at in any::<prop::sample::Index>(), is_gzip in any::<bool>()) {
        let mut leaves = Vec::new();
        tree.leaves("", "", &mut leaves);
        for (_, content_type, body) in written(&tree, &leaves) {
            let (encoding, body) = if is_gzip { ("gzip", gzip(&body)) } else { ("", body) };
            let whole = post(content_type, encoding, &body);
            let part = cut(&whole, at.index(body.len() + 1));
            let (whole, part) = (body_lines(&whole), body_lines(&part));
            prop_assert!(whole.starts_with(&part), "{content_type} {part:?} is no prefix of {whole:?}");
        }
    }

    #[test]
    fn any_bytes_give_no_panic_and_bounded_fields(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        content_type in "(application/json|application/x-www-form-urlencoded|multipart/form-data; boundary=a|text/xml|text/plain|)",
        encoding in "(gzip|deflate|br|zstd|base64|quoted-printable|)",
    ) {
        let event = post(&content_type, &encoding, &bytes);
        prop_assert!(decode(&event).fields.len() <= limits::FIELDS);
    }

    #[test]
    fn any_text_gives_no_panic(target in any::<String>(), header in any::<String>(), value in any::<String>(), body in "[\\PC{}\\[\\]\",:<>/&=%a\\\\\r\n-]{0,80}") {
        let event = get(&target, &[(&header, &value), ("Cookie", &value), ("Authorization", &value), ("Authorization", &format!("Basic {value}"))]);
        let _ = decode(&event);
        for content_type in ["application/json", "text/xml", "", "multipart/form-data; boundary=a", "application/x-www-form-urlencoded"] {
            let event = post(content_type, "", body.as_bytes());
            let _ = decode(&event);
            for length in 0..body.len() {
                let _ = decode(&cut(&event, length));
            }
        }
    }
}
