//! What looks alike and is nobody's data, or not that of this phone.

use serde_json::{Value, json};

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Device, Dice, World};
use super::{envelope, location, moment, person};

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    if dice.one_in(4) {
        return others(case, world, dice);
    }
    if dice.one_in(4) {
        return in_response(case, world, dice);
    }
    let (what, document) = alike(dice);
    case.says(Label::Decoy, what, "");
    envelope::send(case, &document, dice);
}

fn many(dice: &mut Dice, mut item: impl FnMut(&mut Dice) -> Value) -> Vec<Value> {
    let count = 4 + dice.below(12);
    (0..count).map(|_| item(dice)).collect()
}

fn fraction(dice: &mut Dice, bound: usize) -> f64 {
    dice.below(bound * 1000) as f64 / 1000.0
}

fn alike(dice: &mut Dice) -> (&'static str, Value) {
    match dice.below(34) {
        0 => (
            "orders",
            json!({"orders": many(dice, |dice| json!({"order_no": dice.digits(10), "total": fraction(dice, 300)}))}),
        ),
        1 => (
            "order of fifteen digits",
            json!({"orderReference": format!("35{}", dice.digits(13)), "state": "paid"}),
        ),
        2 => (
            "timestamps",
            json!({"ticks": many(dice, |dice| json!(moment(dice))), "marks": many(dice, |dice| json!(moment(dice) / 1000))}),
        ),
        3 => (
            "prices",
            json!({"basket": many(dice, |dice| json!({"sku": dice.letters(6), "price": fraction(dice, 80), "was": fraction(dice, 99)}))}),
        ),
        4 => (
            "versions",
            json!({"modules": many(dice, |dice| json!({"name": dice.letters(7), "version": format!("{}.{}.{}", dice.below(60), dice.below(30), dice.below(900))}))}),
        ),
        5 => (
            "eans",
            json!({"scanned": many(dice, |dice| json!(format!("40{}", dice.digits(11))))}),
        ),
        6 => (
            "parcels",
            json!({"tracking": many(dice, |dice| json!(format!("00340434{}", dice.digits(12)))), "carrier_code": "dhl"}),
        ),
        7 => (
            "file hashes",
            json!({"files": many(dice, |dice| json!({"path": format!("img/{}.webp", dice.letters(5)), "sha256": location::digest(dice)}))}),
        ),
        8 => (
            "blobs missing",
            json!({"missing_chunks": many(dice, |dice| json!(location::digest(dice)))}),
        ),
        9 => (
            "articles",
            json!({"seen": many(dice, |dice| json!({"articleId": dice.uuid(), "progress": fraction(dice, 1)}))}),
        ),
        10 => (
            "chart",
            json!({"series": [{"label": "temp", "points": many(dice, |dice| json!([dice.below(90), fraction(dice, 60)]))}]}),
        ),
        11 => (
            "embedding",
            json!({"model_version": "e5", "embedding": many(dice, |dice| json!(fraction(dice, 2) - 1.0))}),
        ),
        12 => (
            "features",
            json!({"features": many(dice, |dice| json!(fraction(dice, 90))), "score": fraction(dice, 1)}),
        ),
        13 => (
            "view geometry",
            json!({"view": {"x": fraction(dice, 80), "y": fraction(dice, 90), "width": 320.5, "height": 48.25}}),
        ),
        14 => (
            "touches",
            json!({"taps": many(dice, |dice| json!({"x": fraction(dice, 80), "y": fraction(dice, 90), "t": dice.below(9000)}))}),
        ),
        15 => (
            "hotline",
            json!({"config": {"supportHotline": format!("+49800{}", dice.digits(7)), "open": "8-20"}}),
        ),
        16 => (
            "account numbers",
            json!({"transfers": many(dice, |dice| json!({"iban": format!("DE{}", dice.digits(20)), "amount": fraction(dice, 500)}))}),
        ),
        17 => (
            "experiments",
            json!({"experiments": many(dice, |dice| json!({"id": format!("exp_{}", dice.digits(8)), "variant": dice.below(3)}))}),
        ),
        18 => (
            "sizes",
            json!({"sizes": many(dice, |dice| json!(4_915_000_000_u64 + dice.below(90_000_000) as u64))}),
        ),
        19 => (
            "snowflakes",
            json!({"read": many(dice, |dice| json!(format!("1{}", dice.digits(18))))}),
        ),
        20 => (
            "random",
            json!({"nonce": encode::base64(&dice.bytes(48), dice), "sig": encode::base64(&dice.bytes(64), dice)}),
        ),
        21 => (
            "certificate",
            json!({"pins": many(dice, |dice| { let digest = dice.hex(40).to_uppercase(); let pairs: Vec<&str> = (0..20).map(|at| &digest[at * 2..at * 2 + 2]).collect(); json!(pairs.join(":")) })}),
        ),
        22 => (
            "players",
            json!({"squad": many(dice, |dice| json!({"name": dice.letters(8), "number": 1 + dice.below(99), "rating": fraction(dice, 10)}))}),
        ),
        23 => (
            "songs",
            json!({"played": many(dice, |dice| json!({"title": dice.letters(9), "isrc": format!("DEA{}", dice.digits(9)), "ms": dice.below(400_000)}))}),
        ),
        24 => (
            "invoice",
            json!({"invoice_number": format!("2026{}", dice.digits(7)), "customer_class": "B", "vat_id": format!("DE{}", dice.digits(9))}),
        ),
        25 => (
            "matrix",
            json!({"transform": many(dice, |dice| json!(fraction(dice, 3)))}),
        ),
        26 => (
            "histogram",
            json!({"metrics": [{"name": "frame_ms", "p50": fraction(dice, 20), "p90": fraction(dice, 50), "p99": fraction(dice, 90)}]}),
        ),
        27 => (
            "traces",
            json!({"spans": many(dice, |dice| json!({"traceId": dice.hex(32), "spanId": dice.hex(16), "name": "GET"}))}),
        ),
        28 => (
            "tickets",
            json!({"tickets": many(dice, |dice| json!(format!("{}-{}", dice.digits(4), dice.digits(6))))}),
        ),
        29 => (
            "bounds of a picture",
            json!({"crop": {"left": fraction(dice, 40), "top": fraction(dice, 40), "right": fraction(dice, 90), "bottom": fraction(dice, 90)}}),
        ),
        30 => (
            "exchange rates",
            json!({"base": "EUR", "rates": {"TRY": fraction(dice, 50), "PLN": fraction(dice, 6), "USD": fraction(dice, 2)}}),
        ),
        31 => (
            "colours",
            json!({"palette": many(dice, |dice| json!(format!("#{}", dice.hex(6)))), "alpha": fraction(dice, 1)}),
        ),
        32 => (
            "counts",
            json!({"contacts_count": dice.below(400), "has_contacts_permission": false, "location_enabled": false}),
        ),
        _ => (
            "isbns",
            json!({"books": many(dice, |dice| json!({"title": dice.letters(10), "isbn": format!("978{}", dice.digits(10))}))}),
        ),
    }
}

/// What servers say is not what the phone sends.
fn in_response(case: &mut Case, world: &World, dice: &mut Dice) {
    let (latitude, longitude) = world.elsewhere[dice.below(world.elsewhere.len())];
    let device = Device::draw(dice);
    let people = person::several(6, world, dice);
    let (what, target, answer) = match dice.below(6) {
        0 => (
            "shops answered",
            "/shops?page=1",
            json!({"shops": many(dice, |dice| json!({"name": dice.letters(6), "lat": latitude + fraction(dice, 1), "lng": longitude, "phone": format!("+49800{}", dice.digits(7))}))}),
        ),
        1 => (
            "tile answered",
            "/tiles/base.json",
            json!({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[longitude, latitude], [longitude + 0.01, latitude]]}}]}),
        ),
        2 => {
            let people: Vec<Value> = people.iter().map(|person| json!({"name": person.name(), "phone": person.phone.e164(), "email": person.email})).collect();
            (
                "directory answered",
                "/directory?dept=7",
                json!({"employees": people}),
            )
        }
        3 => (
            "identifier answered",
            "/register/state",
            json!({"device": {"imei": device.imei, "advertising_id": device.advertising_id, "mac": device.mac}}),
        ),
        4 => (
            "events answered",
            "/stream",
            json!({"driver": {"lat": latitude, "lon": longitude}, "eta": 4}),
        ),
        _ => (
            "own data answered",
            "/profile",
            json!({"email": world.own.email, "phone": world.own.phone.e164(), "name": world.own.name()}),
        ),
    };
    case.says(Label::Decoy, what, "");
    case.format = "response";
    let mut request = case.get(
        target.to_owned(),
        vec![("If-None-Match", format!("\"{}\"", dice.hex(32)))],
    );
    request.response = answer.to_string().into_bytes();
    if dice.one_in(4) {
        case.transport = super::super::case::Transport::WebSocket;
        request.body = b"{\"subscribe\":\"all\"}".to_vec();
    }
    case.requests.push(request);
}

/// Data of others: that it is such may be told, but nothing of it is known.
fn others(case: &mut Case, world: &World, dice: &mut Dice) {
    let stranger = person::someone(world, dice);
    let device = Device::draw(dice);
    let known = &world.contacts[dice.below(world.contacts.len())];
    let document = match dice.below(6) {
        0 => json!({"to": stranger.phone.e164(), "name": stranger.name()}),
        1 => {
            json!({"em": encode::hex(&encode::hash("sha256", stranger.email.as_bytes())), "ph": encode::hex(&encode::hash("sha256", stranger.phone.digits().as_bytes()))})
        }
        2 => {
            json!({"imei": device.imei, "mac": device.mac, "gaid": device.advertising_id, "serial": device.serial})
        }
        // One digit more than a known number, and an address that ends as a known one does.
        3 => {
            json!({"reference": format!("{}7", known.phone.e164()), "mail": format!("x{}", known.email)})
        }
        4 => {
            let (latitude, longitude) = world.elsewhere[dice.below(world.elsewhere.len())];
            json!({"lat": latitude, "lon": longitude})
        }
        _ => {
            json!({"reply_to": stranger.email, "user": format!("nutzer-{}{}", dice.letters(4), dice.digits(5))})
        }
    };
    case.says(Label::Others, "of others", "");
    envelope::send_any(case, &document, dice);
}
