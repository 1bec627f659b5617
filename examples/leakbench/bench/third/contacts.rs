//! Address books as they are synchronised, matched and imported.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Dice, Person, World};
use super::{envelope, habit, moment, person};
use crate::forge::record::Exchange;

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    let count = 3 + dice.below(18);
    let people = person::several(count, world, dice);
    case.says(Label::Shape("contacts"), "contacts", "");
    let (encoding, document) = match dice.below(17) {
        0..3 => ("records", records(&people, dice)),
        3 => ("numbers", numbers(&people, dice)),
        4 => ("addresses", addresses(&people, dice)),
        5 => ("hashes", hashes(&people, dice)),
        6 => return file(case, &people, dice),
        7 => ("by number", by_number(&people, dice)),
        8 => ("tuples", tuples(&people, dice)),
        9 => ("jcard", jcards(&people)),
        10 => return stanza(case, &people, dice),
        11 => return one_by_one(case, &people, dice),
        12 => return batches(case, &people, dice),
        13 => return exchange(case, &people),
        14 => return telegram(case, &people, dice),
        15 => ("invitations", invitations(&people, dice)),
        _ => ("calls", calls(&people, dice)),
    };
    encoding.clone_into(&mut case.encoding);
    envelope::send(case, &document, dice);
}

/// Given name, family name, number in several languages.
const NAMES: [[&[&str]; 3]; 12] = [
    [&["first", "name"], &["last", "name"], &["phone", "number"]],
    [&["given", "name"], &["family", "name"], &["mobile"]],
    [&["ad"], &["soyad"], &["cep", "telefonu"]],
    [&["isim"], &["soyisim"], &["telefon"]],
    [&["imie"], &["nazwisko"], &["telefon"]],
    [&["prenom"], &["nom"], &["portable"]],
    [&["nome"], &["cognome"], &["cellulare"]],
    [&["imya"], &["familiya"], &["nomer", "telefona"]],
    [&["ming"], &["xing"], &["shouji", "hao"]],
    [&["vorname"], &["nachname"], &["rufnummer"]],
    [&["nombre"], &["apellido"], &["movil"]],
    [&["fn"], &["ln"], &["p"]],
];

/// Where a list stands.
fn under(list: Value, dice: &mut Dice) -> Value {
    let name = habit(
        [
            &["contacts"] as &[&str],
            &["address", "book"],
            &["rehber"],
            &["kontakte"],
            &["contact", "list"],
            &["rubrica"],
            &["entries"],
            &["kontakty"],
        ][dice.below(8)],
        dice,
    );
    match dice.below(4) {
        0 => json!({"method": "contacts.import", "params": {name: list}}),
        1 => json!({name: list, "full_sync": true, "rev": moment(dice)}),
        2 => json!({"data": {"device_contacts": {name: list}}}),
        _ => json!({name: list}),
    }
}

fn records(people: &[Person], dice: &mut Dice) -> Value {
    let names = NAMES[dice.below(NAMES.len())];
    let [given, family, number] = names.map(|words| {
        let mut same = dice.clone();
        habit(words, &mut same)
    });
    let form = dice.below(5);
    let list: Vec<Value> = people
        .iter()
        .enumerate()
        .map(|(at, person)| {
            let phone = person::number(person, dice);
            match form {
                0 => json!({"displayName": person.name(), "phoneNumbers": [{"number": phone, "label": "mobile"}], "recordId": at}),
                1 => json!({"name": {"first": person.given, "last": person.family}, "emails": [{"value": person.email}], "phones": [{"value": phone}]}),
                2 => json!({"n": person.name(), "p": [phone], "id": at}),
                3 => json!({given.clone(): person.given, family.clone(): person.family, number.clone(): phone, "fav": at % 5 == 0}),
                _ => json!({given.clone(): person.given, family.clone(): person.family, number.clone(): phone}),
            }
        })
        .collect();
    under(json!(list), dice)
}

fn numbers(people: &[Person], dice: &mut Dice) -> Value {
    let form = dice.below(4);
    let list: Vec<String> = people
        .iter()
        .map(|person| match form {
            0 => person.phone.digits(),
            1 => person.phone.grouped(dice),
            2 => format!("tel:{}", person.phone.e164()),
            _ => person.phone.e164(),
        })
        .collect();
    let name = habit(
        [
            &["phones"] as &[&str],
            &["msisdns"],
            &["phone", "numbers"],
            &["numaralar"],
            &["rufnummern"],
            &["numeri"],
        ][dice.below(6)],
        dice,
    );
    if dice.one_in(4) {
        json!({name: list.join(",")})
    } else {
        json!({name: list})
    }
}

fn addresses(people: &[Person], dice: &mut Dice) -> Value {
    let list: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
    let name = habit(
        [
            &["emails"] as &[&str],
            &["email", "addresses"],
            &["invitees"],
            &["courriels"],
            &["mails"],
        ][dice.below(5)],
        dice,
    );
    match dice.below(3) {
        0 => json!({name: list.join(";")}),
        1 => {
            let list: Vec<Value> = list
                .iter()
                .map(|address| json!({"address": address, "kind": "home"}))
                .collect();
            json!({name: list})
        }
        _ => json!({name: list}),
    }
}

/// As directories of messengers take them: whole or cut, in hex or base64.
fn hashes(people: &[Person], dice: &mut Dice) -> Value {
    let function = ["sha256", "sha1", "md5"][dice.below(3)];
    let form = dice.below(4);
    let list: Vec<String> = people
        .iter()
        .map(|person| {
            let digest = encode::hash(function, person.phone.e164().as_bytes());
            match form {
                0 => BASE64_STANDARD.encode(&digest),
                1 => BASE64_STANDARD.encode(&digest[..10]).replace('=', ""),
                _ => encode::hex(&digest),
            }
        })
        .collect();
    let name = habit(
        [
            &["phone", "hashes"] as &[&str],
            &["contact", "hashes"],
            &["hashed", "contacts"],
            &["hashed", "phone", "numbers"],
            &["contacts"],
            &["address", "book", "hashes"],
        ][dice.below(6)],
        dice,
    );
    match dice.below(3) {
        0 => {
            let list: Vec<Value> = list
                .iter()
                .map(|hash| json!({"hash": hash, "source": "addressbook"}))
                .collect();
            json!({name: list})
        }
        _ => json!({name: list, "algo": function}),
    }
}

fn by_number(people: &[Person], dice: &mut Dice) -> Value {
    let is_by_name = dice.one_in(3);
    let map: serde_json::Map<String, Value> = people
        .iter()
        .map(|person| {
            let number = person.phone.e164();
            if is_by_name {
                (person.name(), json!(number))
            } else {
                (number, json!(person.name()))
            }
        })
        .collect();
    under(Value::Object(map), dice)
}

fn tuples(people: &[Person], dice: &mut Dice) -> Value {
    let list: Vec<Value> = people
        .iter()
        .map(|person| json!([person.name(), person.phone.e164(), 0]))
        .collect();
    under(json!(list), dice)
}

/// RFC 7095.
fn jcards(people: &[Person]) -> Value {
    let list: Vec<Value> = people
        .iter()
        .map(|person| json!(["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", person.name()], ["tel", {"type": "cell"}, "uri", format!("tel:{}", person.phone.e164())]]]))
        .collect();
    json!({"cards": list})
}

fn invitations(people: &[Person], dice: &mut Dice) -> Value {
    let list: Vec<Value> = people.iter().map(|person| json!({"recipient": {"name": person.given, "msisdn": person.phone.digits()}, "channel": "sms"})).collect();
    json!({habit(&["invites"], dice): list, "template": 7})
}

fn calls(people: &[Person], dice: &mut Dice) -> Value {
    let list: Vec<Value> = people
        .iter()
        .map(|person| json!({"number": person.phone.e164(), "cachedName": person.name(), "duration": dice.below(900), "date": moment(dice), "type": 1 + dice.below(3)}))
        .collect();
    json!({habit(&["call", "log"], dice): list})
}

/// vCards, CSV, LDIF, SyncML.
fn file(case: &mut Case, people: &[Person], dice: &mut Dice) {
    let card = |person: &Person| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:{};{};;;\r\nFN:{}\r\nTEL;TYPE=CELL:{}\r\nEMAIL:{}\r\nEND:VCARD\r\n",
            person.family,
            person.given,
            person.name(),
            person.phone.e164(),
            person.email
        )
    };
    let (encoding, media_type, body) = match dice.below(5) {
        0 => (
            "vcards",
            "text/vcard",
            people.iter().map(card).collect::<String>(),
        ),
        1 => {
            let rows: String = people
                .iter()
                .map(|person| {
                    format!(
                        "{},{},{}\n",
                        person.name(),
                        person.phone.e164(),
                        person.email
                    )
                })
                .collect();
            (
                "csv",
                "text/csv",
                format!("Name,Phone 1 - Value,E-mail 1 - Value\n{rows}"),
            )
        }
        2 => {
            let rows: String = people
                .iter()
                .map(|person| format!("{}\t{}\n", person.name(), person.phone.e164()))
                .collect();
            ("tsv without head", "text/tab-separated-values", rows)
        }
        3 => {
            let entries: String = people
                .iter()
                .map(|person| {
                    format!(
                        "dn: cn={0}\ncn: {0}\nmobile: {1}\nmail: {2}\n\n",
                        person.given,
                        person.phone.e164(),
                        person.email
                    )
                })
                .collect();
            ("ldif", "text/plain", entries)
        }
        _ => {
            let items: String = people
                .iter()
                .zip(1..)
                .map(|(person, at)| format!("<Add><CmdID>{at}</CmdID><Meta><Type>text/x-vcard</Type></Meta><Item><Data><![CDATA[{}]]></Data></Item></Add>", card(person)))
                .collect();
            (
                "syncml",
                "application/vnd.syncml+xml",
                format!("<SyncML><SyncBody><Sync>{items}</Sync></SyncBody></SyncML>"),
            )
        }
    };
    encoding.clone_into(&mut case.encoding);
    case.format = "file";
    let mut request = case.post("/dav/import", media_type, body.into_bytes());
    if dice.one_in(3) {
        request.body = encode::gzip(&request.body);
        request
            .headers
            .push(("Content-Encoding", "gzip".to_owned()));
    }
    case.requests.push(request);
}

/// As XMPP messengers ask which numbers have an account.
fn stanza(case: &mut Case, people: &[Person], dice: &mut Dice) {
    let has_accounts = dice.one_in(2);
    let users: String = people
        .iter()
        .map(|person| {
            if has_accounts {
                format!(
                    "<user jid=\"{}@s.whatsapp.net\"><contact>{}</contact></user>",
                    person.phone.digits(),
                    person.phone.e164()
                )
            } else {
                format!("<user><contact>{}</contact></user>", person.phone.e164())
            }
        })
        .collect();
    "stanza".clone_into(&mut case.encoding);
    case.format = "xml";
    let body = format!(
        "<iq to='s.whatsapp.net' type='get' xmlns='usync' id='{}'><usync mode='full' context='registration'><query><contact/></query><list>{users}</list></usync></iq>",
        dice.hex(4)
    );
    case.requests
        .push(case.post("/bosh", "text/xml", body.into_bytes()));
}

/// A request for each contact.
fn one_by_one(case: &mut Case, people: &[Person], dice: &mut Dice) {
    "one by one".clone_into(&mut case.encoding);
    case.format = "several requests";
    let form = dice.below(5);
    for person in people {
        let (name, number, email) = (person.name(), person.phone.e164(), &person.email);
        let request: Exchange = match form {
            0 => case.get(
                format!("/v1/registered?phone={}", encode::percent(&number)),
                Vec::new(),
            ),
            1 => case.post(
                "/contacts",
                "application/json",
                json!({"name": name, "phone": number})
                    .to_string()
                    .into_bytes(),
            ),
            2 => {
                let card = format!(
                    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{name}\r\nTEL:{number}\r\nEND:VCARD\r\n"
                );
                let mut request = case.post(
                    &format!("/carddav/default/{}.vcf", dice.uuid()),
                    "text/vcard",
                    card.into_bytes(),
                );
                request.method = "PUT";
                request
            }
            3 => case.get(format!("/2/avatar/{}", encode::percent(email)), Vec::new()),
            _ => case.post(
                "/crm/create",
                "application/x-www-form-urlencoded",
                format!(
                    "full_name={}&tel={}",
                    encode::percent(&name),
                    encode::percent(&number)
                )
                .into_bytes(),
            ),
        };
        case.requests.push(request);
    }
}

/// Some contacts in each message.
fn batches(case: &mut Case, people: &[Person], dice: &mut Dice) {
    "batches".clone_into(&mut case.encoding);
    let is_socket = dice.one_in(2);
    case.format = if is_socket {
        "websocket"
    } else {
        "several requests"
    };
    for chunk in people.chunks(3) {
        let list: Vec<Value> = chunk
            .iter()
            .map(|person| json!({"name": person.name(), "phone": person.phone.e164()}))
            .collect();
        let body = json!({"op": "contacts/add", "items": list}).to_string();
        let request = case.post("/live", "application/json", body.into_bytes());
        case.requests.push(request);
    }
    if is_socket {
        case.transport = super::super::case::Transport::WebSocket;
    }
}

/// Exchange `ActiveSync`, its XML before it is made binary.
fn exchange(case: &mut Case, people: &[Person]) {
    let items: String = people
        .iter()
        .zip(1..)
        .map(|(person, at)| {
            format!(
                "<Add><ClientId>{at}</ClientId><ApplicationData><contacts:FirstName>{}</contacts:FirstName><contacts:LastName>{}</contacts:LastName>\
                 <contacts:MobilePhoneNumber>{}</contacts:MobilePhoneNumber></ApplicationData></Add>",
                person.given, person.family, person.phone.e164()
            )
        })
        .collect();
    "activesync".clone_into(&mut case.encoding);
    case.format = "xml";
    let body = format!(
        "<Sync xmlns=\"AirSync\" xmlns:contacts=\"Contacts\"><Collections><Collection><Class>Contacts</Class><Commands>{items}</Commands></Collection></Collections></Sync>"
    );
    case.requests.push(case.post(
        "/Microsoft-Server-ActiveSync?Cmd=Sync",
        "text/xml",
        body.into_bytes(),
    ));
}

/// `contacts.importContacts` in the binary language of Telegram: a vector of `inputPhoneContact`.
fn telegram(case: &mut Case, people: &[Person], dice: &mut Dice) {
    fn string(text: &str, into: &mut Vec<u8>) {
        into.push(text.len() as u8);
        into.extend(text.bytes());
        while into.len() % 4 != 0 {
            into.push(0);
        }
    }
    let mut body = 0x2c80_0be5_u32.to_le_bytes().to_vec();
    body.extend(0x1cb5_c415_u32.to_le_bytes());
    body.extend((people.len() as u32).to_le_bytes());
    for person in people {
        body.extend(0xf392_b7f4_u32.to_le_bytes());
        body.extend(dice.bytes(8));
        string(&person.phone.digits(), &mut body);
        string(person.given, &mut body);
        string(&person.family, &mut body);
    }
    "type language".clone_into(&mut case.encoding);
    case.format = "binary";
    case.requests
        .push(case.post("/api", "application/octet-stream", body));
}
