//! Identifiers of phones under the names that SDKs give them.

use serde_json::{Map, Value, json};

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Device, Dice};
use super::{envelope, habit, moment};

pub(super) fn draw(case: &mut Case, dice: &mut Dice) {
    let device = Device::draw(dice);
    if dice.one_in(5) {
        let (what, document) = vendor(&device, dice);
        case.says(Label::Shape("device"), what, "vendor");
        return envelope::send(case, &document, dice);
    }
    let (what, words, text) = identifier(&device, dice);
    case.says(Label::Shape("device"), what, "named");
    let name = habit(words, dice);
    let mut inner = Map::new();
    inner.insert(name, json!(text));
    let document = match dice.below(5) {
        0 => json!({"client": inner, "events": [{"n": "start", "at": moment(dice)}]}),
        1 => json!({"header": {"ids": inner}, "seq": dice.below(99)}),
        2 => json!([{"event": "boot", "params": inner}]),
        _ => {
            inner.insert("counter".to_owned(), json!(dice.below(999)));
            Value::Object(inner)
        }
    };
    envelope::send(case, &document, dice);
}

fn digest(function: &str, text: &str) -> String {
    encode::hex(&encode::hash(function, text.as_bytes()))
}

fn identifier(device: &Device, dice: &mut Dice) -> (&'static str, &'static [&'static str], String) {
    let aid = device.advertising_id.clone();
    let mac = device.mac.clone();
    let bare = mac.replace(':', "").to_uppercase();
    match dice.below(44) {
        0 => ("advertising-id", &["gps", "adid"], aid),
        1 => ("advertising-id", &["google", "aid"], aid),
        2 => ("advertising-id", &["advertiser", "id"], aid),
        3 => (
            "advertising-id",
            &["advertising", "identifier"],
            aid.to_uppercase(),
        ),
        4 => ("advertising-id", &["idfa"], aid.to_uppercase()),
        5 => ("advertising-id", &["ifa"], aid),
        6 => ("advertising-id", &["aaid"], aid),
        7 => ("advertising-id", &["gaid"], aid),
        8 => ("advertising-id", &["rdid"], aid),
        9 => (
            "advertising-id",
            &["udid"],
            format!("ifa:{}", aid.to_uppercase()),
        ),
        10 => ("advertising-id", &["oaid"], aid),
        11 => ("advertising-id", &["oaid"], dice.hex(64)),
        12 => ("advertising-id", &["fire", "adid"], aid),
        13 => ("advertising-id", &["amazon", "advertising", "id"], aid),
        14 => ("advertising-id-hash", &["ifa", "md5"], digest("md5", &aid)),
        15 => ("vendor-id", &["idfv"], aid.to_uppercase()),
        16 => (
            "vendor-id",
            &["identifier", "for", "vendor"],
            aid.to_uppercase(),
        ),
        17 => ("android-id", &["android", "id"], device.device_id.clone()),
        18 => ("android-id", &["ssaid"], device.device_id.clone()),
        19 => ("android-id", &["device", "id"], device.device_id.clone()),
        20 => (
            "android-id-hash",
            &["dpidsha1"],
            digest("sha1", &device.device_id),
        ),
        21 => (
            "android-id-hash",
            &["dpid", "md5"],
            digest("md5", &device.device_id),
        ),
        22 => ("android-id", &["openudid"], dice.hex(40)),
        23 => ("imei", &["imei"], device.imei.clone()),
        24 => ("imei", &["imei1"], device.imei.clone()),
        25 => ("imei", &["telefon", "imei"], device.imei.clone()),
        26 => ("imei-hash", &["imei", "md5"], digest("md5", &device.imei)),
        27 => ("imei-hash", &["didsha1"], digest("sha1", &device.imei)),
        28 => ("imsi", &["imsi"], device.imsi.clone()),
        29 => ("imsi", &["subscriber", "id"], device.imsi.clone()),
        30 => ("iccid", &["iccid"], device.iccid.clone()),
        31 => ("iccid", &["sim", "serial", "number"], device.iccid.clone()),
        32 => ("serial", &["serial", "number"], device.serial.clone()),
        33 => ("serial", &["seriennummer"], device.serial.clone()),
        34 => ("serial", &["numero", "serie"], device.serial.clone()),
        35 => ("mac", &["mac", "address"], mac),
        36 => ("mac", &["wifi", "mac"], bare),
        37 => ("mac", &["bluetooth", "address"], mac.to_uppercase()),
        38 => ("mac-hash", &["mac", "sha1"], digest("sha1", &bare)),
        39 => (
            "push-token",
            &["fcm", "token"],
            format!("{}:APA91b{}", dice.letters(22), dice.letters(134)),
        ),
        40 => ("push-token", &["apns", "token"], dice.hex(64)),
        41 => (
            "push-token",
            &["registration", "id"],
            format!("{}:APA91b{}", dice.letters(22), dice.letters(134)),
        ),
        42 => ("installation-id", &["installation", "id"], aid),
        _ => (
            "installation-id",
            &["appsflyer", "id"],
            format!("17640000{}-{}", dice.digits(5), dice.digits(19)),
        ),
    }
}

/// Whole requests of vendors, shortened to what identifies.
fn vendor(device: &Device, dice: &mut Dice) -> (&'static str, Value) {
    let aid = &device.advertising_id;
    match dice.below(7) {
        0 => (
            "openrtb",
            json!({"id": dice.uuid(), "imp": [{"id": "1", "tagid": "top"}], "device": {"ifa": aid, "lmt": 0, "dnt": 0}, "app": {"bundle": "org.example.app"}}),
        ),
        1 => (
            "appmetrica",
            json!({"deviceid": dice.hex(32), "uuid": dice.hex(32), "google_aid": aid, "limit_ad_tracking": 0}),
        ),
        2 => (
            "umeng",
            json!({"header": {"appkey": dice.hex(24), "idmd5": digest("md5", &device.imei), "mc": device.mac, "oaid": dice.hex(16)}}),
        ),
        3 => (
            "beacon",
            json!({"common": {"A3": dice.hex(36), "qimei": dice.hex(16), "A2": device.imei}}),
        ),
        4 => (
            "segment",
            json!({"context": {"device": {"id": device.device_id, "advertisingId": aid, "adTrackingEnabled": true}}, "type": "identify"}),
        ),
        5 => (
            "branch",
            json!({"hardware_id": device.device_id, "is_hardware_id_real": true, "google_advertising_id": aid, "branch_key": "key_live_x"}),
        ),
        _ => (
            "mdm",
            json!({"UDID": dice.hex(40), "SerialNumber": device.serial, "IMEI": device.imei, "WiFiMAC": device.mac}),
        ),
    }
}
