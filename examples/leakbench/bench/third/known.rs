//! A value that is on the phone, in the place and form in which an SDK sends it.

use serde_json::{Map, Value, json};

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Dice, Person, World};
use super::{envelope, habit, location, moment};

/// What is planted: its name in the bench, its categories, words that name it, and its text.
struct Planted {
    what: &'static str,
    categories: &'static [&'static str],
    names: &'static [&'static [&'static str]],
    text: String,
    /// What is hashed where it is hashed.
    plain: String,
}

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    if dice.one_in(7) {
        let place = world.places[dice.below(world.places.len())];
        case.says(Label::Known(&["location"]), "position", "");
        location::position(case, place, true, dice);
        return;
    }
    let planted = value(world, dice);
    let (encoding, text) = disguise(&planted, dice);
    case.says(Label::Known(planted.categories), planted.what, encoding);
    let name = habit(planted.names[dice.below(planted.names.len())], dice);
    let is_number =
        encoding == "plain" && text.len() < 17 && !text.starts_with('0') && dice.one_in(4);
    let value = match text.parse::<i64>() {
        Ok(number) if is_number => json!(number),
        _ => json!(text),
    };
    match dice.below(12) {
        0 => path(case, &text, dice),
        1 => log(case, &name, &text, dice),
        _ => {
            let document = template(&name, value, dice);
            envelope::send_any(case, &document, dice);
        }
    }
}

const CONTACT: &[&str] = &["contacts"];
const ACCOUNT: &[&str] = &["account"];
const DEVICE: &[&str] = &["device"];

fn value(world: &World, dice: &mut Dice) -> Planted {
    let device = &world.device;
    let is_own = dice.one_in(3);
    let person = if is_own {
        &world.own
    } else {
        &world.contacts[dice.below(world.contacts.len())]
    };
    let of_person = if is_own { ACCOUNT } else { CONTACT };
    let bare = |text: &str| text.replace([':', '-'], "");
    let spelled = |text: &str, dice: &mut Dice| match dice.below(5) {
        0 => text.to_uppercase(),
        1 => bare(text),
        2 => bare(text).to_uppercase(),
        3 => text.replace(':', "-"),
        _ => text.to_owned(),
    };
    let (what, categories, names, text, plain): (_, _, &[&[&str]], String, String) =
        match dice.below(17) {
            0..3 => {
                let (text, plain) = number(person, dice);
                (
                    "phone",
                    of_person,
                    &[
                        &["phone"],
                        &["telefon", "no"],
                        &["cep"],
                        &["msisdn"],
                        &["cellulare"],
                        &["to"],
                        &["shouji"],
                    ],
                    text,
                    plain,
                )
            }
            3..5 => {
                let text = match dice.below(4) {
                    0 => person.email.to_uppercase(),
                    1 => format!("mailto:{}", person.email),
                    _ => person.email.clone(),
                };
                (
                    "email",
                    of_person,
                    &[
                        &["email"],
                        &["e", "posta"],
                        &["courriel"],
                        &["user", "mail"],
                        &["em"],
                        &["login"],
                    ],
                    text,
                    person.email.clone(),
                )
            }
            5 => {
                let text = match dice.below(4) {
                    0 => format!("{}, {}", person.family, person.given),
                    1 => person.name().to_uppercase(),
                    2 => format!("{} {}", person.family, person.given),
                    _ => person.name(),
                };
                (
                    "name",
                    of_person,
                    &[
                        &["full", "name"],
                        &["display", "name"],
                        &["ad", "soyad"],
                        &["nom"],
                        &["subject"],
                    ],
                    text,
                    person.name().to_lowercase(),
                )
            }
            6 | 7 => {
                let text = spelled(&device.advertising_id, dice);
                (
                    "advertising-id",
                    DEVICE,
                    &[
                        &["gps", "adid"],
                        &["google", "aid"],
                        &["ifa"],
                        &["rdid"],
                        &["advertiser", "id"],
                        &["x1"],
                    ],
                    text,
                    device.advertising_id.clone(),
                )
            }
            8 => (
                "imei",
                DEVICE,
                &[&["imei"], &["device", "no"], &["did"], &["terminal", "id"]],
                device.imei.clone(),
                device.imei.clone(),
            ),
            9 => (
                "imsi",
                DEVICE,
                &[&["imsi"], &["subscriber"], &["sim"]],
                device.imsi.clone(),
                device.imsi.clone(),
            ),
            10 => (
                "iccid",
                DEVICE,
                &[&["iccid"], &["sim", "serial"], &["card"]],
                device.iccid.clone(),
                device.iccid.clone(),
            ),
            11 => (
                "serial",
                DEVICE,
                &[&["serial"], &["sn"], &["seri", "no"], &["numer"]],
                device.serial.clone(),
                device.serial.clone(),
            ),
            12 => {
                let text = spelled(&device.mac, dice);
                (
                    "mac",
                    DEVICE,
                    &[&["mac"], &["wlan", "mac"], &["hw", "addr"], &["m2"]],
                    text,
                    device.mac.clone(),
                )
            }
            13 => {
                let text = if dice.one_in(3) {
                    device.device_id.to_uppercase()
                } else {
                    device.device_id.clone()
                };
                (
                    "device-id",
                    DEVICE,
                    &[&["android", "id"], &["ssaid"], &["device", "id"], &["udid"]],
                    text,
                    device.device_id.clone(),
                )
            }
            14 => (
                "account-id",
                ACCOUNT,
                &[
                    &["user", "id"],
                    &["customer", "user", "id"],
                    &["distinct", "id"],
                    &["external", "id"],
                    &["kullanici"],
                ],
                device.account.clone(),
                device.account.clone(),
            ),
            15 => {
                let text = spelled(&device.bssid, dice);
                (
                    "bssid",
                    &["location", "device"],
                    &[&["bssid"], &["ap", "mac"], &["router"], &["mac", "address"]],
                    text,
                    device.bssid.clone(),
                )
            }
            _ => (
                "ssid",
                &["location", "device"],
                &[&["ssid"], &["wifi", "name"], &["ag", "adi"], &["reseau"]],
                device.ssid.clone(),
                device.ssid.clone(),
            ),
        };
    Planted {
        what,
        categories,
        names,
        text,
        plain,
    }
}

fn number(person: &Person, dice: &mut Dice) -> (String, String) {
    let phone = &person.phone;
    let text = match dice.below(8) {
        0 => phone.digits(),
        1 => format!("00{}", phone.digits()),
        2 => phone.grouped(dice),
        3 => format!("tel:{}", phone.e164()),
        4 => format!("{}@s.whatsapp.net", phone.digits()),
        _ => phone.e164(),
    };
    let plain = if dice.one_in(2) {
        phone.e164()
    } else {
        phone.digits()
    };
    (text, plain)
}

/// Plain most often; hashed as advertising networks ask for it; encoded.
fn disguise(planted: &Planted, dice: &mut Dice) -> (&'static str, String) {
    if planted.what == "ssid" && dice.one_in(2) {
        return ("quoted", format!("\"{}\"", planted.text));
    }
    match dice.below(9) {
        0 => (
            "sha256",
            encode::hex(&encode::hash("sha256", planted.plain.as_bytes())),
        ),
        1 => {
            let function = ["md5", "sha1"][dice.below(2)];
            let spelled = if planted.what == "advertising-id" || planted.what == "mac" {
                [planted.plain.to_uppercase(), planted.plain.clone()][dice.below(2)].clone()
            } else {
                planted.plain.clone()
            };
            let digest = encode::hash(function, spelled.as_bytes());
            (
                function,
                encode::digest_text(&digest, dice).replace("sha256:", ""),
            )
        }
        2 => ("base64", encode::base64(planted.text.as_bytes(), dice)),
        3 => ("percent", encode::percent(&planted.text)),
        4 => {
            let inner = format!("v1|{}|{}|{}", dice.below(99), planted.text, moment(dice));
            ("joined", inner)
        }
        _ => ("plain", planted.text.clone()),
    }
}

/// What an SDK sends around it.
fn template(name: &str, value: Value, dice: &mut Dice) -> Value {
    let time = moment(dice);
    let mut inner = Map::new();
    inner.insert(name.to_owned(), value);
    let inner = Value::Object(inner);
    let with = |mut outer: Value| {
        for (name, value) in inner.as_object().unwrap() {
            outer[name] = value.clone();
        }
        outer
    };
    match dice.below(14) {
        // Adjust
        0 => with(
            json!({"app_token": dice.letters(12), "environment": "production", "event_count": dice.below(40), "created_at": time, "needs_response_details": 1, "attribution_deeplink": 1}),
        ),
        // AppsFlyer
        1 => with(
            json!({"af_events_api": "1", "counter": dice.below(300), "date1": "2026-02-27_081522", "iaecounter": 3, "isFirstCall": "false", "tokenRefreshConfigured": false, "af_timestamp": time}),
        ),
        // Segment
        2 => {
            json!({"batch": [{"type": "track", "event": "Order Completed", "messageId": dice.uuid(), "context": {"app": {"build": "412"}, "traits": inner}, "properties": {"total": 47.11}}], "sentAt": "2026-03-02T08:12:00.000Z"})
        }
        // Amplitude
        3 => {
            json!({"api_key": dice.hex(32), "events": [{"event_type": "open", "time": time, "session_id": time, "event_properties": {"screen": "home"}, "user_properties": inner}]})
        }
        // Mixpanel
        4 => json!([{"$token": dice.hex(32), "$time": time, "$set": inner}]),
        // Braze
        5 => {
            json!({"api_key": dice.uuid(), "time": time / 1000, "respond_with": {"config": 1}, "attributes": [inner]})
        }
        // OneSignal
        6 => with(json!({"app_id": dice.uuid(), "notification_types": 1, "tags": {"level": "7"}})),
        // Sentry
        7 => {
            json!({"event_id": dice.hex(32), "level": "error", "breadcrumbs": {"values": [{"category": "net", "data": inner, "message": "GET 200"}]}, "exception": {"values": [{"type": "IllegalState", "value": "closed"}]}})
        }
        // OpenRTB
        8 => {
            json!({"id": dice.uuid(), "at": 1, "tmax": 300, "imp": [{"id": "1", "bidfloor": 0.35, "banner": {"w": 320, "h": 50}}], "device": inner, "app": {"bundle": "org.example.app"}})
        }
        // Unity, ironSource
        9 => with(
            json!({"coppa": false, "placement": "rewarded", "connected": 1, "ts": time, "sdkBuild": 4120}),
        ),
        // AppMetrica, Umeng
        10 => {
            json!({"header": with(json!({"appkey": dice.hex(24), "channel": "Umeng"})), "sessions": [{"id": dice.hex(32).to_uppercase(), "duration": dice.below(900)}]})
        }
        // JSON-RPC
        11 => {
            json!({"jsonrpc": "2.0", "id": dice.below(900), "method": "state.put", "params": [{"rev": 3, "state": inner}]})
        }
        // CleverTap and chats
        12 => {
            json!({"d": [{"type": "profile", "ts": time / 1000, "profile": inner}], "g": dice.hex(32)})
        }
        _ => with(json!({"v": 2, "tid": dice.hex(8), "n": dice.below(1000)})),
    }
}

fn path(case: &mut Case, text: &str, dice: &mut Dice) {
    case.format = "path";
    let segment = encode::percent(text);
    let target = match dice.below(4) {
        0 => format!("/v1/users/{segment}/settings"),
        1 => format!("/lookup/{segment}"),
        2 => format!("/s;sid={};u={segment}", dice.hex(8)),
        _ => format!(
            "/pixel.gif?r=https%3A%2F%2Fapp.example%2F%3Fu%3D{}",
            encode::percent(&segment)
        ),
    };
    case.requests
        .push(case.get(target, vec![("Accept", "*/*".to_owned())]));
}

/// Lines of a log that is sent in.
fn log(case: &mut Case, name: &str, text: &str, dice: &mut Dice) {
    case.format = "log";
    let lines = match dice.below(3) {
        0 => format!(
            "time=2026-03-02T08:12:00Z level=info msg=start\ntime=2026-03-02T08:12:04Z level=warn {name}={text} retry=2\n"
        ),
        1 => format!(
            "03-02 08:12:00.133  1432  1432 I Net: open\n03-02 08:12:01.020  1432  1440 W Auth: {name}: {text}\n"
        ),
        _ => format!(
            "id,name,content\n1,start,0\n2,{name},\"{}\"\n",
            text.replace('"', "\"\"")
        ),
    };
    case.requests
        .push(case.post("/logs", "text/plain", lines.into_bytes()));
}
