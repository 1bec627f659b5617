//! What looks like any of these and is not.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Dice, World};
use super::send;

fn list(many: usize, draw: &mut dyn FnMut() -> Value) -> Value {
    (0..many).map(|_| draw()).collect()
}

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    let many = 4 + dice.below(12);
    let stranger = world.strangers[dice.below(world.strangers.len())].clone();
    let (is_clean, what, document): (bool, &str, Value) = match dice.below(22) {
        0 => (
            true,
            "goods-with-ean",
            json!({"cart": list(many, &mut || json!({"title": format!("{} {}", ["Blauer", "Roter"][dice.below(2)], ["Becher", "Teller", "Krug"][dice.below(3)]), "ean": format!("40{}", dice.digits(11)), "qty": 1 + dice.below(3)}))}),
        ),
        1 => (
            true,
            "invoices",
            json!({"invoices": list(many, &mut || json!({"no": format!("RE-2026-{}", dice.digits(6)), "customer_no": dice.digits(8), "sum": format!("{}.{}", dice.below(900), dice.digits(2))}))}),
        ),
        2 => (
            true,
            "ibans",
            json!({"accounts": list(many, &mut || json!({"iban": format!("DE{} {} {} {} {} {}", dice.digits(2), dice.digits(4), dice.digits(4), dice.digits(4), dice.digits(4), dice.digits(2))}))}),
        ),
        3 => (
            true,
            "milliseconds",
            json!({"marks": list(many, &mut || json!(1_764_000_000_000_u64 + dice.below(900_000_000) as u64)), "since": "1764000000"}),
        ),
        4 => (
            true,
            "prices",
            json!({"prices": list(many, &mut || json!({"x": dice.below(18000) as f64 / 100.0, "y": dice.below(9000) as f64 / 100.0}))}),
        ),
        5 => (
            true,
            "content-guids",
            json!({"articles": list(many, &mut || json!({"guid": dice.uuid(), "headline": "Wetter morgen"}))}),
        ),
        6 => (
            true,
            "file-hashes",
            json!({"files": list(many, &mut || json!({"path": format!("assets/{}.webp", dice.letters(5)), "sha1": dice.hex(40)}))}),
        ),
        7 => (
            true,
            "resource-digests",
            json!({"resources": list(many, &mut || json!(dice.hex(64))), "integrity": format!("sha256-{}", BASE64_STANDARD.encode(dice.bytes(32)))}),
        ),
        8 => (
            true,
            "versions",
            json!({"libs": list(many, &mut || json!(format!("{}.{}.{}", dice.below(30), dice.below(30), dice.below(200)))), "fw": "20.3.0.118"}),
        ),
        9 => (
            true,
            "screen",
            json!({"frame": [0.0, 44.5, 390.25, 812.75], "scale": 3.0, "center_x": 195.125, "center_y": 422.375}),
        ),
        10 => (
            true,
            "chart",
            json!({"chart": {"points": list(many, &mut || json!([dice.below(100) as f64 / 4.0, dice.below(100) as f64 / 8.0])), "type": "line"}}),
        ),
        11 => (
            true,
            "order-refs",
            json!({"orders": list(many, &mut || json!({"order": format!("49{}", dice.digits(10)), "state": "paid"}))}),
        ),
        12 => (
            true,
            "support",
            json!({"app": {"support_phone": "0800 3301000", "support_mail": "noreply@zweit.example"}}),
        ),
        13 => (
            true,
            "trace-headers",
            json!({"traceparent": format!("00-{}-{}-01", dice.hex(32), dice.hex(16)), "requestId": dice.uuid(), "correlation_id": dice.hex(24)}),
        ),
        14 => (
            true,
            "parcel",
            json!({"parcels": list(many, &mut || json!({"carrier": "dhl", "tracking": format!("00340{}", dice.digits(15))}))}),
        ),
        15 => (
            true,
            "colours",
            json!({"palette": list(many, &mut || json!(format!("#{}", dice.hex(6)))), "gradient": [0.25, 0.75]}),
        ),
        16 => (
            true,
            "documentation",
            json!({"servers": ["192.0.2.53", "198.51.100.7", "2001:db8::53"], "mac_vendor_prefix": "00:00:5e", "sample": "user@example.com"}),
        ),
        17 => (
            true,
            "counts-of-contacts",
            json!({"contacts_total": dice.below(900), "contacts_synced": true, "contacts_hash_version": 3, "last": 1_764_000_000 + dice.below(9_000_000)}),
        ),
        18 => (false, "neighbour-number", {
            let contact = &world.contacts[dice.below(world.contacts.len())];
            let number: u64 = contact.phone.digits().parse().unwrap();
            json!({"q": format!("+{}", number ^ 1)})
        }),
        19 => (
            false,
            "hash-of-stranger",
            json!({"h": encode::hex(&encode::hash("sha256", stranger.phone.e164().as_bytes())), "crc": list(8, &mut || json!(dice.hex(8)))}),
        ),
        20 => {
            case.says(Label::Others, "random-packed", "decoy");
            case.format = "binary";
            let body = dice.bytes(2000);
            case.requests
                .push(case.post("/blob", "application/octet-stream", body));
            return;
        }
        _ => (
            false,
            "strangers-mail",
            json!({"to": stranger.email, "name": stranger.name()}),
        ),
    };
    let label = if is_clean {
        Label::Decoy
    } else {
        Label::Others
    };
    case.says(label, what, "decoy");
    if what == "order-refs" && dice.one_in(2) {
        // One in each request: still no contacts.
        case.format = "json";
        for _ in 0..8 {
            let document = json!({"order": format!("49{}", dice.digits(10)), "at": 1_764_000_000 + dice.below(9_000_000), "digest": dice.hex(40)});
            case.requests.push(case.post(
                "/order",
                "application/json",
                document.to_string().into_bytes(),
            ));
        }
        return;
    }
    send(case, &document, dice);
}
