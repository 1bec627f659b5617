//! Data that shows by its structure, without known values: address books, positions, identifiers of devices.

use serde_json::{Map, Value, json};

use super::body::{self, around};
use super::case::{Case, Label, Transport, finish, phone};
use super::world::{Device, Dice, Person, World};
use super::{encode, geo};

pub(crate) fn draw(host: String, world: &World, dice: &mut Dice) -> Case {
    let mut case = Case {
        host,
        label: Label::Decoy,
        what: String::new(),
        encoding: String::new(),
        format: "",
        depth: 0,
        transport: Transport::Http,
        requests: Vec::new(),
    };
    let (class, what, document) = match dice.below(3) {
        0 => {
            let (what, document) = contacts(&mut case, world, dice);
            ("contacts", what, document)
        }
        1 => {
            let (what, document) = location(world, dice);
            ("location", what, document)
        }
        _ => {
            let (what, document) = device(dice);
            ("device", what, document)
        }
    };
    case.label = Label::Shape(class);
    class.clone_into(&mut case.what);
    what.clone_into(&mut case.encoding);
    if case.requests.is_empty() {
        finish(&mut case, document, dice);
    }
    case
}

const LISTS: [&str; 10] = [
    "contacts",
    "addressBook",
    "kontakte",
    "contact_list",
    "phonebook",
    "telefonbuch",
    "people",
    "entries",
    "data",
    "ContactList",
];
const PHONES: [&str; 10] = [
    "phone",
    "phoneNumber",
    "tel",
    "mobile",
    "msisdn",
    "number",
    "telefonnummer",
    "handy",
    "rufnummer",
    "phone_number",
];
const NAMES: [&str; 6] = [
    "name",
    "displayName",
    "display_name",
    "fn",
    "fullName",
    "anzeigename",
];
const EMAILS: [&str; 4] = ["email", "e_mail", "mail", "emailAddress"];

fn contacts(case: &mut Case, world: &World, dice: &mut Dice) -> (&'static str, Value) {
    let count = 4 + dice.below(25);
    let from = dice.below(world.strangers.len() - count);
    let people: Vec<&Person> = world.strangers[from..from + count].iter().collect();
    let numbers: Vec<String> = people.iter().map(|person| phone(person, dice)).collect();
    let international: Vec<String> = people.iter().map(|person| person.phone.e164()).collect();
    let list = dice.pick(&LISTS);
    let plural = dice.pick(&[
        "phones",
        "phoneNumbers",
        "numbers",
        "msisdns",
        "contacts",
        "nummern",
        "rufnummern",
        "tels",
    ]);
    let (what, document) = match dice.below(12) {
        0..3 => {
            let (name, tel, mail) = (dice.pick(&NAMES), dice.pick(&PHONES), dice.pick(&EMAILS));
            let has_email = dice.one_in(2);
            let records = people.iter().zip(&numbers).map(|(person, number)| {
                let mut record = Map::new();
                record.insert(name.to_owned(), json!(person.name()));
                record.insert(tel.to_owned(), json!(number));
                if has_email {
                    record.insert(mail.to_owned(), json!(person.email));
                }
                Value::Object(record)
            });
            ("records", json!({list: records.collect::<Vec<_>>()}))
        }
        3 => {
            let records = people.iter().zip(&numbers).map(|(person, number)| {
                json!({"vorname": person.given, "nachname": person.family, "nummern": [{"art": "mobil", "wert": number}]})
            });
            ("nested-records", json!({list: records.collect::<Vec<_>>()}))
        }
        4 => ("numbers", json!({plural: numbers})),
        5 => {
            let separator = dice.pick(&[";", ",", "|", "\n"]);
            (
                "number-text",
                json!({plural: international.join(separator)}),
            )
        }
        6 => {
            let numbers: Vec<u64> = people
                .iter()
                .map(|person| person.phone.digits().parse().unwrap())
                .collect();
            ("number-integers", json!({plural: numbers}))
        }
        7 => {
            let emails: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
            let name = dice.pick(&["emails", "addresses", "invite", "empfaenger", "mailList"]);
            match dice.below(2) {
                0 => ("emails", json!({name: emails})),
                _ => ("email-text", json!({name: emails.join(";")})),
            }
        }
        8 => {
            let mut cards = String::new();
            for (person, number) in people.iter().zip(&numbers) {
                cards.push_str(&format!(
                    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{}\r\nTEL;TYPE=CELL:{number}\r\nEMAIL:{}\r\nEND:VCARD\r\n",
                    person.name(),
                    person.email
                ));
            }
            ("vcards", json!({"file": cards}))
        }
        9 => {
            let function = dice.pick(&["sha256", "sha1", "md5"]);
            let cut = if dice.one_in(3) { 10 } else { 64 };
            let is_hex = dice.one_in(2);
            let digests: Vec<String> = international
                .iter()
                .map(|number| {
                    let mut digest = encode::hash(function, number.as_bytes());
                    digest.truncate(cut);
                    if is_hex {
                        encode::hex(&digest)
                    } else {
                        base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &digest)
                    }
                })
                .collect();
            let name = dice.pick(&[
                "phoneHashes",
                "hashedNumbers",
                "contact_hashes",
                "mobileNoHashes",
                "hashes",
                "hashedContacts",
            ]);
            (
                "hashes",
                match name {
                    "hashes" => json!({"contacts": {"hashes": digests}}),
                    name => json!({name: digests}),
                },
            )
        }
        10 => {
            let mut keyed = Map::new();
            for (number, person) in numbers.iter().zip(&people) {
                keyed.insert(dice.digits(4), json!({"n": number, "m": person.email}));
            }
            ("keyed", json!({list: keyed}))
        }
        _ => {
            // One person in each request.
            let name = dice.pick(&PHONES);
            for number in international.iter().take(12) {
                let document = json!({"contact": {name: number}});
                let request =
                    body::request("json", &case.host, "/v1/contacts/add", &document, dice);
                case.requests.push(request);
            }
            case.format = "json";
            return ("one-by-one", Value::Null);
        }
    };
    (
        what,
        match dice.below(2) {
            0 => document,
            _ => around("sync", document, dice),
        },
    )
}

fn location(world: &World, dice: &mut Dice) -> (&'static str, Value) {
    let (latitude, longitude) = world.elsewhere[dice.below(world.elsewhere.len())];
    let decimals = 3 + dice.below(5);
    let text = |degrees: f64| format!("{degrees:.decimals$}");
    let number = |degrees: f64| -> Value { json!(text(degrees).parse::<f64>().unwrap()) };
    let scaled = |degrees: f64, by: f64| json!((degrees * by).round() as i64);
    let (what, value) = match dice.below(12) {
        0..3 => {
            let [first, second] = [
                ["lat", "lon"],
                ["lat", "lng"],
                ["latitude", "longitude"],
                ["geo_lat", "geo_lon"],
                ["userLat", "userLng"],
                ["gpsLatitude", "gpsLongitude"],
                ["breitengrad", "laengengrad"],
                ["LATITUDE", "LONGITUDE"],
                ["lat", "long"],
                ["breite", "laenge"],
            ][dice.below(10)];
            (
                "degrees",
                match dice.below(2) {
                    0 => json!({first: number(latitude), second: number(longitude), "acc": 12}),
                    _ => json!({first: text(latitude), second: text(longitude)}),
                },
            )
        }
        3 => match dice.below(2) {
            0 => (
                "e7",
                json!({"latitudeE7": scaled(latitude, 1e7), "longitudeE7": scaled(longitude, 1e7)}),
            ),
            _ => (
                "e6",
                json!({"lat_e6": scaled(latitude, 1e6), "lng_e6": scaled(longitude, 1e6)}),
            ),
        },
        4 => {
            let separator = dice.pick(&[",", ";", ", ", " "]);
            let name = dice.pick(&[
                "ll",
                "loc",
                "latlng",
                "position",
                "standort",
                "coords",
                "lastLocation",
                "gps",
                "near",
            ]);
            (
                "pair-text",
                json!({name: format!("{}{separator}{}", text(latitude), text(longitude))}),
            )
        }
        5 => (
            "geojson",
            json!({"geometry": {"type": "Point", "coordinates": [number(longitude), number(latitude)]}}),
        ),
        6 => {
            let name = dice.pick(&["position", "location", "coords", "standort", "dms"]);
            (
                "dms",
                json!({name: format!("{} {}", geo::sexagesimal(latitude, 'N', 'S'), geo::sexagesimal(longitude, 'E', 'W'))}),
            )
        }
        7 => {
            let name = dice.pick(&["geohash", "geoHash", "geo_hash"]);
            (
                "geohash",
                json!({name: geo::geohash(latitude, longitude, 8)}),
            )
        }
        8 => {
            let name = dice.pick(&["plus_code", "plusCode"]);
            (
                "plus-code",
                json!({name: geo::plus_code(latitude, longitude)}),
            )
        }
        9 => {
            let name = dice.pick(&["location", "point", "geom", "position"]);
            (
                "wkt",
                json!({name: format!("POINT({} {})", text(longitude), text(latitude))}),
            )
        }
        10 => {
            let scan: Vec<Value> = (0..4 + dice.below(6))
                .map(|_| {
                    let device = Device::draw(dice);
                    json!({"bssid": device.bssid, "ssid": device.ssid, "rssi": -40})
                })
                .collect();
            (
                "wifi-scan",
                json!({dice.pick(&["wifi", "wifiAccessPoints", "scan", "aps"]): scan}),
            )
        }
        _ => {
            let trail: Vec<Value> = (0..5)
                .map(|step| json!({"lat": number(latitude + f64::from(step) * 0.001), "lng": number(longitude), "t": 1_700_000_000 + step}))
                .collect();
            ("trail", json!({"points": trail}))
        }
    };
    (what, around("ctx", value, dice))
}

fn device(dice: &mut Dice) -> (&'static str, Value) {
    let device = Device::draw(dice);
    let case = |text: &str, dice: &mut Dice| {
        if dice.one_in(3) {
            text.to_uppercase()
        } else {
            text.to_owned()
        }
    };
    let (what, name, value) = match dice.below(8) {
        0 | 1 => (
            "advertising-id",
            dice.pick(&[
                "gaid",
                "advertisingId",
                "idfa",
                "ifa",
                "adId",
                "rdid",
                "google_ad_id",
                "aaid",
                "advertising_id",
                "oaid",
                "IDFA",
                "googleAdvertisingId",
                "werbeId",
            ]),
            case(&device.advertising_id, dice),
        ),
        2 => (
            "device-id",
            dice.pick(&[
                "android_id",
                "androidId",
                "ANDROID_ID",
                "ssaid",
                "deviceId",
                "device_id",
                "geraeteId",
                "uniqueDeviceId",
                "androidID",
            ]),
            case(&device.device_id, dice),
        ),
        3 => (
            "imei",
            dice.pick(&["imei", "IMEI", "deviceImei", "imei1", "device_imei"]),
            device.imei,
        ),
        4 => (
            "serial",
            dice.pick(&[
                "serial",
                "serialNumber",
                "serialno",
                "seriennummer",
                "deviceSerial",
            ]),
            device.serial,
        ),
        5 => {
            let text = match dice.below(3) {
                0 => device.mac.replace(':', ""),
                1 => device.mac.replace(':', "-"),
                _ => device.mac,
            };
            (
                "mac",
                dice.pick(&[
                    "mac",
                    "macAddress",
                    "wifiMac",
                    "wifi_mac",
                    "bluetoothMac",
                    "mac_addr",
                    "deviceMac",
                ]),
                case(&text, dice),
            )
        }
        6 => (
            "vendor-id",
            dice.pick(&[
                "idfv",
                "IDFV",
                "identifierForVendor",
                "vendorId",
                "appSetId",
                "app_set_id",
            ]),
            case(&device.advertising_id, dice),
        ),
        _ => match dice.below(2) {
            0 => (
                "imsi",
                dice.pick(&["imsi", "IMSI", "subscriberId", "simImsi"]),
                device.imsi,
            ),
            _ => (
                "iccid",
                dice.pick(&["iccid", "ICCID", "simSerial", "simSerialNumber"]),
                device.iccid,
            ),
        },
    };
    let document = match dice.below(3) {
        0 => json!({"device": {name: value}}),
        _ => json!({name: value}),
    };
    (what, around("info", document, dice))
}
