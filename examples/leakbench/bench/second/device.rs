//! What tells a phone from others.

use serde_json::json;

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Device, Dice};
use super::{among, send};

pub(super) fn draw(case: &mut Case, dice: &mut Dice) {
    let device = Device::draw(dice);
    let (encoding, names, value): (&str, &[&'static str], String) = match dice.below(9) {
        0 => (
            "imei",
            &[
                "imeiNumber",
                "IMEI1",
                "device-imei",
                "phone_imei",
                "imeis",
                "imei_no",
            ],
            device.imei,
        ),
        1 => (
            "android-id",
            &[
                "android-id",
                "androidid",
                "androidDeviceId",
                "ANDROIDID",
                "device_android_id",
                "secureAndroidId",
            ],
            device.device_id,
        ),
        2 => (
            "idfv",
            &[
                "identifier_for_vendor",
                "ios_idfv",
                "device_idfv",
                "vendor_id",
            ],
            device.advertising_id.to_uppercase(),
        ),
        3 => (
            "gaid",
            &[
                "google_aid",
                "gps_adid",
                "advertId",
                "ad_identifier",
                "deviceAdId",
                "gaId",
                "adid",
                "idfa_value",
            ],
            device.advertising_id,
        ),
        4 => (
            "mac",
            &[
                "wlan_mac",
                "macaddr",
                "mac_wifi",
                "bt_mac",
                "deviceMacAddress",
                "wifiMacAddress",
                "hwaddr",
            ],
            device.mac.to_uppercase(),
        ),
        5 => (
            "serial",
            &[
                "serialNo",
                "serial_number",
                "deviceSerialNumber",
                "hardware_serial",
                "numero_serie",
                "build_serial",
            ],
            device.serial,
        ),
        6 => (
            "imsi",
            &[
                "sim_imsi",
                "imsi_number",
                "subscriber_id",
                "simSubscriberId",
            ],
            device.imsi,
        ),
        7 => (
            "iccid",
            &["sim_serial", "iccId", "sim_iccid", "simCardSerial"],
            device.iccid,
        ),
        _ => (
            "ssid",
            &[
                "wifi_ssid",
                "currentSsid",
                "ssid_name",
                "connectedSSID",
                "wlan_ssid",
            ],
            format!("\"{}\"", device.ssid),
        ),
    };
    let class = if encoding == "ssid" {
        "location"
    } else {
        "device"
    };
    case.says(Label::Shape(class), class, encoding);
    let name = names[dice.below(names.len())];
    match dice.below(6) {
        0 => {
            case.format = "query";
            let target = format!("/track?e=open&{name}={}", encode::percent(&value));
            case.requests.push(case.get(target, Vec::new()));
        }
        1 if !value.contains('"') => {
            case.format = "cookie";
            case.requests.push(case.get(
                "/a".to_owned(),
                vec![("Cookie", format!("sess=1; {name}={value}"))],
            ));
        }
        2 if !value.contains('"') => {
            case.format = "form";
            case.requests.push(case.post(
                "/r.php",
                "application/x-www-form-urlencoded",
                format!("os=x&{name}={}", encode::percent(&value)).into_bytes(),
            ));
        }
        _ => {
            let document = among("hw", json!({name: value}), dice);
            send(case, &document, dice);
        }
    }
}

// ---------------------------------------------------------------------------------------------------- decoys
