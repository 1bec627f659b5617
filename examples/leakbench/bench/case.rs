//! Labelled cases: each has a host of its own, so that a finding tells which case it belongs to.

use serde_json::{Value, json};

use super::body::{self, FORMATS, around};
use super::encode::{self, HASHES, LEAVES};
use super::world::{Dice, Person, World};
use super::{geo, shape};
use crate::forge::record::Exchange;

/// What a case is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// A known value is in it, of these categories.
    Known(&'static [&'static str]),
    /// Data of this class is in it that shows without known values.
    Shape(&'static str),
    /// Nobody's data.
    Decoy,
    /// Data of others: nothing known, but what it is may well be told.
    Others,
}

/// Requests to one host and what is in them.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) host: String,
    pub(crate) label: Label,
    /// What was planted, in a word.
    pub(crate) what: String,
    /// How it was disguised.
    pub(crate) encoding: String,
    pub(crate) format: &'static str,
    pub(crate) depth: usize,
    pub(crate) transport: Transport,
    pub(crate) requests: Vec<Exchange>,
}

/// How the requests of a case travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Each by itself.
    #[default]
    Http,
    /// Over one connection: the first target opens it, bodies are messages of the client, responses the server's.
    WebSocket,
    /// Targets are topics, bodies are published.
    Mqtt,
}

impl Case {
    /// Without requests yet.
    pub(crate) fn new(host: String) -> Self {
        Self {
            host,
            label: Label::Decoy,
            what: String::new(),
            encoding: String::new(),
            format: "",
            depth: 0,
            transport: Transport::Http,
            requests: Vec::new(),
        }
    }

    pub(crate) fn says(&mut self, label: Label, what: &str, encoding: &str) {
        self.label = label;
        what.clone_into(&mut self.what);
        encoding.clone_into(&mut self.encoding);
    }

    pub(crate) fn post(&self, path: &str, media_type: &str, body: Vec<u8>) -> Exchange {
        Exchange {
            method: "POST",
            host: self.host.clone(),
            target: path.to_owned(),
            headers: vec![
                ("Accept", "*/*".to_owned()),
                ("Content-Type", media_type.to_owned()),
            ],
            body,
            response: b"ok".to_vec(),
        }
    }

    pub(crate) fn get(&self, target: String, headers: Vec<(&'static str, String)>) -> Exchange {
        Exchange {
            method: "GET",
            host: self.host.clone(),
            target,
            headers,
            body: Vec::new(),
            response: b"ok".to_vec(),
        }
    }
}

/// A case of its own number.
pub(crate) fn draw(number: usize, world: &World, dice: &mut Dice) -> Case {
    let host = format!("c{number:06}.bench.example");
    match dice.below(10) {
        0..5 => known(host, world, dice),
        5..8 => shape::draw(host, world, dice),
        _ => decoy(host, world, dice),
    }
}

const CONTACT: &[&str] = &["contacts"];
const ACCOUNT: &[&str] = &["account"];
const DEVICE: &[&str] = &["device"];
const LOCATION: &[&str] = &["location", "device"];
const TEXT: &[&str] = &["message-content"];

/// A value that is on the phone: what it is, its categories, and a spelling of it.
fn value(world: &World, dice: &mut Dice) -> (&'static str, &'static [&'static str], String) {
    let is_own = dice.one_in(6);
    let (person, of_person) = if is_own {
        (&world.own, ACCOUNT)
    } else {
        (&world.contacts[dice.below(world.contacts.len())], CONTACT)
    };
    let device = &world.device;
    match dice.below(16) {
        0..4 => ("phone", of_person, phone(person, dice)),
        4..6 => {
            let text = match dice.below(3) {
                0 => person.email.to_uppercase(),
                _ => person.email.clone(),
            };
            ("email", of_person, text)
        }
        6..8 => {
            let text = match dice.below(3) {
                0 => format!("{}, {}", person.family, person.given),
                1 => person.name().to_uppercase(),
                _ => person.name(),
            };
            ("name", of_person, text)
        }
        8 => ("imei", DEVICE, device.imei.clone()),
        9 => {
            let text = [&device.imsi, &device.iccid][dice.below(2)].clone();
            ("sim", DEVICE, text)
        }
        10 => ("serial", DEVICE, device.serial.clone()),
        11 => {
            let text = match dice.below(4) {
                0 => device.mac.to_uppercase(),
                1 => device.mac.replace(':', ""),
                2 => device.mac.replace(':', "-"),
                _ => device.mac.clone(),
            };
            ("mac", DEVICE, text)
        }
        12 => match dice.below(2) {
            0 => ("ssid", LOCATION, device.ssid.clone()),
            _ => ("bssid", LOCATION, device.bssid.clone()),
        },
        13 => {
            let text = match dice.below(3) {
                0 => device.advertising_id.to_uppercase(),
                1 => device.advertising_id.replace('-', ""),
                _ => device.advertising_id.clone(),
            };
            ("advertising-id", DEVICE, text)
        }
        14 => match dice.below(2) {
            0 => ("device-id", DEVICE, device.device_id.clone()),
            _ => ("account-id", ACCOUNT, device.account.clone()),
        },
        _ => ("text", TEXT, device.text.clone()),
    }
}

pub(crate) fn phone(person: &Person, dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => person.phone.digits(),
        1 => format!("00{}", person.phone.digits()),
        // Without its trunk prefix an American number is any number of ten digits.
        2 if person.phone.trunk == "0" && person.phone.national().len() >= 11 => {
            person.phone.national()
        }
        3 => person.phone.grouped(dice),
        _ => person.phone.e164(),
    }
}

const NEUTRAL: [&str; 10] = [
    "v", "q", "value", "d1", "item", "x_val", "blob", "arg0", "feld", "token",
];

fn known(host: String, world: &World, dice: &mut Dice) -> Case {
    if dice.one_in(6) {
        return position(host, world, dice);
    }
    let (what, categories, text) = value(world, dice);
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let mut beside = Vec::new();
    let (encoding, written) = match dice.below(10) {
        0..4 => hashed(world, what, &text, dice, &mut beside),
        4 if is_digits && !text.starts_with('0') && text.len() < 17 => (
            "integer".to_owned(),
            Value::from(text.parse::<u64>().unwrap()),
        ),
        _ => {
            let name = dice.pick(&LEAVES);
            (
                name.to_owned(),
                Value::from(encode::leaf(name, &text, dice)),
            )
        }
    };
    let depth_of_leaf = match encoding.as_str() {
        "plain" | "in-text" | "integer" | "reversed" => 0,
        "percent-twice" | "utf16-base64" | "utf16-hex" | "json-escaped" | "xml-escaped" => 2,
        _ => 1,
    };
    let mut case = Case {
        host,
        label: Label::Known(categories),
        what: what.to_owned(),
        encoding,
        format: "",
        depth: depth_of_leaf,
        transport: Transport::Http,
        requests: Vec::new(),
    };
    let mut document = around(dice.pick(&NEUTRAL), written, dice);
    for (name, value) in beside {
        document[name] = Value::from(value);
    }
    finish(&mut case, document, dice);
    case
}

fn hashed(
    world: &World,
    what: &str,
    text: &str,
    dice: &mut Dice,
    beside: &mut Vec<(&'static str, String)>,
) -> (String, Value) {
    // People who hash normalise first.
    let text = match what {
        "name" | "text" | "ssid" if dice.one_in(2) => text.to_lowercase(),
        _ => text.to_owned(),
    };
    let text = match what {
        "phone" if text.contains([' ', '-', '(']) => text
            .chars()
            .filter(|character| character.is_ascii_digit() || *character == '+')
            .collect(),
        "name" => match text.split_once(", ") {
            Some((family, given)) => format!("{given} {family}").to_lowercase(),
            None => text.to_lowercase(),
        },
        _ => text,
    };
    let salt = dice.hex(10);
    match dice.below(10) {
        0 => {
            let cut = [10, 12, 16, 20][dice.below(4)];
            let function = dice.pick(&["sha1", "sha256", "sha512"]);
            let digest = encode::hash(function, text.as_bytes());
            let written = if dice.one_in(2) {
                encode::hex(&digest[..cut])
            } else {
                encode::base64(&digest[..cut], dice)
            };
            ("hash-cut".to_owned(), Value::from(written))
        }
        1 => {
            beside.push((
                dice.pick(&["salt", "hash_salt", "saltValue", "nonce"]),
                salt.clone(),
            ));
            let salted = if dice.one_in(2) {
                format!("{salt}{text}")
            } else {
                format!("{text}{salt}")
            };
            let function = dice.pick(&["md5", "sha1", "sha256"]);
            let digest = encode::hash(function, salted.as_bytes());
            (
                "hash-salted".to_owned(),
                Value::from(encode::digest_text(&digest, dice)),
            )
        }
        2 => {
            beside.push((
                dice.pick(&["hmac_key", "key", "hashKey", "secret"]),
                salt.clone(),
            ));
            let digest = encode::hmac(salt.as_bytes(), text.as_bytes());
            (
                "hmac".to_owned(),
                Value::from(encode::digest_text(&digest, dice)),
            )
        }
        3 => {
            let peppered = format!("{}{text}", world.pepper);
            let digest = encode::hash("sha256", peppered.as_bytes());
            (
                "hash-peppered".to_owned(),
                Value::from(encode::digest_text(&digest, dice)),
            )
        }
        _ => {
            let function = dice.pick(&HASHES);
            let digest = encode::hash(function, text.as_bytes());
            let written = match dice.below(5) {
                0 => format!("{}:{}", function.replace('-', ""), encode::hex(&digest)),
                _ => encode::digest_text(&digest, dice),
            };
            (function.to_owned(), Value::from(written))
        }
    }
}

/// A known position, in one of the forms in which coordinates travel.
fn position(host: String, world: &World, dice: &mut Dice) -> Case {
    let place = world.places[dice.below(world.places.len())];
    let (encoding, value) = geo::written(place, dice);
    let document = around(dice.pick(&["p", "here", "geo", "standort"]), value, dice);
    let mut case = Case {
        host,
        label: Label::Known(&["location"]),
        what: "position".to_owned(),
        encoding: encoding.to_owned(),
        format: "",
        depth: 0,
        transport: Transport::Http,
        requests: Vec::new(),
    };
    finish(&mut case, document, dice);
    case
}

/// Puts layers around the document, and the whole into a request.
pub(crate) fn finish(case: &mut Case, document: Value, dice: &mut Dice) {
    let most = 6_usize.saturating_sub(case.depth);
    let wanted = if dice.one_in(2) {
        0
    } else {
        dice.below(most + 1)
    };
    let mut document = document;
    let mut layers = 0;
    let mut text = None;
    while layers < wanted {
        let inner = text.take().unwrap_or_else(|| document.to_string());
        // The document as a text within a value is an encoding of its own.
        let own = usize::from(layers == 0);
        let (outer, _, count) = encode::layer(&inner, dice);
        if layers + own + count > most {
            text = Some(inner);
            break;
        }
        layers += own + count;
        text = Some(outer);
    }
    if layers > 0 {
        document = json!({"e": 1, "data": text.unwrap_or_default()});
    }
    case.depth += layers;
    let mut format = dice.pick(&FORMATS);
    let is_long = document.to_string().len() > 3000;
    if is_long && matches!(format, "query" | "header") {
        format = "json";
    }
    // Headers are ASCII.
    if format == "header" && !document.to_string().is_ascii() {
        format = "form";
    }
    // Of a protobuf the names are not known.
    if format == "protobuf" && matches!(case.label, Label::Shape(_)) && layers == 0 {
        format = "msgpack";
    }
    // The names of a hash's salt are not in a protobuf either, and a body in a form is one more layer.
    if format == "protobuf"
        && matches!(case.encoding.as_str(), "hash-salted" | "hmac")
        && layers == 0
    {
        format = "cbor";
    }
    if format == "form-json" && case.depth >= 6 {
        format = "form";
    }
    case.format = FORMATS.iter().find(|known| **known == format).unwrap();
    let path = dice.pick(&["/v1/e", "/collect", "/api/2/batch", "/s"]);
    let mut request = body::request(format, &case.host, path, &document, dice);
    if case.depth >= 6 {
        // Content encodings are layers too.
        let is_packed = request
            .headers
            .iter()
            .any(|(name, _)| *name == "Content-Encoding");
        while is_packed
            && request
                .headers
                .iter()
                .any(|(name, _)| *name == "Content-Encoding")
        {
            request = body::request(format, &case.host, path, &document, dice);
        }
    }
    case.requests.push(request);
}

fn list(many: usize, dice: &mut Dice, draw: &mut dyn FnMut(&mut Dice) -> Value) -> Value {
    (0..many).map(|_| draw(dice)).collect()
}

/// What only looks alike.
fn decoy(host: String, world: &World, dice: &mut Dice) -> Case {
    let stranger = &world.strangers[dice.below(world.strangers.len())];
    let contact = &world.contacts[dice.below(world.contacts.len())];
    let many = 3 + dice.below(20);
    let choice = dice.below(30);
    let (what, is_clean, document) = match choice {
        0 => (
            "order-numbers",
            true,
            json!({"orders": list(many, dice, &mut |dice| json!(format!("{}", 4_711_000_000_u64 + dice.below(99_999_999) as u64)))}),
        ),
        1 => (
            "order-numbers",
            true,
            json!({"bestellungen": list(many, dice, &mut |dice| json!(4_930_000_000_u64 + dice.below(900_000_000) as u64))}),
        ),
        2 => (
            "times",
            true,
            json!({"times": list(many, dice, &mut |dice| json!(1_700_000_000 + dice.below(90_000_000)))}),
        ),
        3 => (
            "times",
            true,
            json!({"ts_ms": list(many, dice, &mut |dice| json!(1_700_000_000_000_u64 + dice.below(90_000_000_000) as u64))}),
        ),
        4 => (
            "times",
            true,
            json!({"contacts_synced_at": 1_700_000_000 + dice.below(90_000_000), "contact_count": dice.below(500)}),
        ),
        5 => (
            "build-hashes",
            true,
            json!({"assets": list(many, dice, &mut |dice| json!({"name": format!("{}.js", dice.letters(6)), "sha256": dice.hex(64)}))}),
        ),
        6 => (
            "build-hashes",
            true,
            json!({"etag": dice.hex(32), "commit": dice.hex(40), "parts": list(many, dice, &mut |dice| json!(dice.hex(64)))}),
        ),
        7 => (
            "request-ids",
            true,
            json!({"request_id": dice.uuid(), "trace": dice.hex(32), "span": dice.hex(16)}),
        ),
        8 => (
            "documentation-addresses",
            true,
            json!({"peer": format!("192.0.2.{}", dice.below(255)), "alt": "2001:db8::7", "gw": "198.51.100.1"}),
        ),
        9 => (
            "test-values",
            true,
            json!({"placeholder": "max.mustermann@example.com", "hint": "+49 123 456789"}),
        ),
        10 => (
            "goods",
            true,
            json!({"items": list(many, dice, &mut |dice| json!({"name": dice.letters(8), "price": 9.99, "sku": dice.digits(10), "ean": format!("4006381{}", dice.digits(6))}))}),
        ),
        11 => (
            "sizes",
            true,
            json!({"rect": {"x": 12.5, "y": 33.25, "width": 320.5, "height": 44.0}, "color": [0.12, 0.55, 0.9]}),
        ),
        12 => (
            "near-words",
            true,
            json!({"platform_flat": 5.5, "latency": 12.25, "long_press": 3.5, "lateral": 7.5, "lonely": 8.25, "translation": [12.5, 13.25]}),
        ),
        13 => (
            "versions",
            true,
            json!({"versions": list(many, dice, &mut |dice| json!(format!("{}.{}.{}.{}", dice.below(20), dice.below(20), dice.below(99), dice.below(99))))}),
        ),
        14 => (
            "amounts",
            true,
            json!({"amounts": list(many, dice, &mut |dice| json!(format!("{}.{:02}", dice.below(180), dice.below(100))))}),
        ),
        15 => (
            "account-numbers",
            true,
            json!({"iban": format!("DE{}", dice.digits(20)), "tracking": format!("0034{}", dice.digits(16)), "order_id": dice.digits(15)}),
        ),
        16 => (
            "binary",
            true,
            json!({"blob": encode::base64(&dice.bytes(300), dice), "sig": encode::base64(&dice.bytes(64), dice)}),
        ),
        17 => (
            "near-ids",
            true,
            json!({"color": "deadbeef", "mask": "255:255:255:0", "rev": dice.hex(12), "elapsed": "01:02:03"}),
        ),
        18 => (
            "float-pairs",
            true,
            json!({"series": list(many, dice, &mut |dice| json!([dice.below(1000), dice.below(100)])), "stats": {"mean": 52.1, "p95": 13.9}}),
        ),
        19 => (
            "counters",
            true,
            json!({"counts": list(many, dice, &mut |dice| json!(dice.below(10_000_000)))}),
        ),
        20 => {
            // One digit of a known number changed.
            let digits = contact.phone.digits();
            let last = digits.bytes().last().unwrap() - b'0';
            let near = format!(
                "+{}{}",
                &digits[..digits.len() - 1],
                (last + 1 + u8::try_from(dice.below(8)).unwrap()) % 10
            );
            ("one-digit-changed", false, json!({"q": near, "n": 1}))
        }
        21 => {
            let mut digits = world.device.imei.clone().into_bytes();
            digits[7] = b'0' + (digits[7] - b'0' + 1) % 10;
            (
                "one-digit-changed",
                false,
                json!({"q": String::from_utf8(digits).unwrap()}),
            )
        }
        22 => (
            "others",
            false,
            json!({"q": stranger.email, "r": stranger.phone.e164(), "s": stranger.name()}),
        ),
        23 => {
            let function = dice.pick(&HASHES);
            (
                "hashes-of-others",
                false,
                json!({"h": encode::digest_text(&encode::hash(function, stranger.phone.e164().as_bytes()), dice), "salt": dice.hex(8)}),
            )
        }
        24 => (
            "longer-words",
            false,
            json!({"q": format!("x{}", contact.email), "r": format!("{}1", contact.phone.digits()), "s": format!("{}x", contact.email)}),
        ),
        25 => {
            let place = world.elsewhere[dice.below(world.elsewhere.len())];
            let (_, value) = geo::written(place, dice);
            ("other-places", false, json!({"p": value}))
        }
        26 => (
            "half-a-name",
            false,
            json!({"q": contact.given, "r": format!("{} {}", contact.given, stranger.given)}),
        ),
        27 => (
            "random-ids",
            false,
            json!({"q": dice.uuid(), "r": dice.hex(16), "s": format!("02:{}", "a1:b2:c3:d4:e5")}),
        ),
        28 => {
            let latitude = world.places[0].0;
            (
                "half-a-place",
                false,
                json!({"q": latitude, "speed": latitude, "r": [latitude, latitude]}),
            )
        }
        _ => (
            "random-digests",
            false,
            json!({"q": list(many, dice, &mut |dice| json!(dice.hex(64))), "r": list(many, dice, &mut |dice| json!(dice.hex(8)))}),
        ),
    };
    let label = if is_clean {
        Label::Decoy
    } else {
        Label::Others
    };
    let mut case = Case {
        host,
        label,
        what: what.to_owned(),
        encoding: "decoy".to_owned(),
        format: "",
        depth: 0,
        transport: Transport::Http,
        requests: Vec::new(),
    };
    finish(&mut case, document, dice);
    case
}
