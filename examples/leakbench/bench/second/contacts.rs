//! Address books, and what is drawn out of them.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::super::case::{Case, Label};
use super::super::encode;
use super::super::world::{Dice, Person, World};
use super::{send, spelled_phone};

pub(super) fn draw(case: &mut Case, world: &World, dice: &mut Dice) {
    let count = 4 + dice.below(20);
    let from = dice.below(world.strangers.len() - count);
    let people = &world.strangers[from..from + count];
    let international = |person: &Person| person.phone.e164();
    let choice = dice.below(17);
    let names: Vec<String> = people.iter().map(Person::name).collect();
    let (encoding, document) = match choice {
        0 => (
            "parallel-arrays",
            json!({"n": names, "t": people.iter().map(international).collect::<Vec<_>>()}),
        ),
        1 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!([person.name(), person.phone.digits()]))
                .collect();
            ("rows-of-two", json!({"rows": rows}))
        }
        2 => {
            let map: Map<String, Value> = people
                .iter()
                .map(|person| (person.name(), json!(international(person))))
                .collect();
            ("name-to-number", json!({"d": map}))
        }
        3 => {
            let map: Map<String, Value> = people
                .iter()
                .map(|person| (international(person), json!(person.given)))
                .collect();
            ("number-to-name", json!({"d": map}))
        }
        4 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!({"prénom": person.given, "nom": person.family, "téléphone": person.phone.grouped(dice), "courriel": person.email}))
                .collect();
            ("french", json!({"carnet": rows}))
        }
        5 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!({"nombre": person.name(), "telefono": person.phone.digits(), "correo": person.email}))
                .collect();
            ("spanish", json!({"agenda": rows}))
        }
        6 => {
            let rows: Vec<Value> = people
                .iter()
                .map(|person| json!({"id": dice.digits(3), "lbl": person.name(), "vals": [{"ty": 2, "v": spelled_phone(person, dice)}, {"ty": 3, "v": person.email}]}))
                .collect();
            ("nested-values", json!({"c": rows}))
        }
        7 => {
            let digests: Vec<String> = people
                .iter()
                .map(|person| {
                    encode::hex(&encode::hash("sha256", international(person).as_bytes()))
                })
                .collect();
            let name = dice.pick(&[
                "phoneNumberHashes",
                "contactDigests",
                "addressBookHashes",
                "sha256Phones",
                "hashedPhoneNumbers",
            ]);
            ("hashes", json!({name: digests}))
        }
        8 => {
            let digests: Vec<Value> = people
                .iter()
                .map(|person| {
                    json!({
                        "p": BASE64_STANDARD.encode(encode::hash("sha1", international(person).as_bytes())),
                        "e": BASE64_STANDARD.encode(encode::hash("sha1", person.email.as_bytes())),
                    })
                })
                .collect();
            ("mixed-hashes", json!({"hashed_contacts": digests}))
        }
        9 => {
            let mut csv = "Name;Telefon;E-Mail\r\n".to_owned();
            for person in people {
                csv.push_str(&format!(
                    "{};{};{}\r\n",
                    person.name(),
                    person.phone.national(),
                    person.email
                ));
            }
            case.says(Label::Shape("contacts"), "contacts", "csv-upload");
            case.format = "multipart-file";
            let body = format!(
                "--q1w2e3r4t5\r\nContent-Disposition: form-data; name=\"f\"; filename=\"export.csv\"\r\nContent-Type: text/csv\r\n\r\n{csv}\r\n--q1w2e3r4t5--\r\n"
            );
            case.requests.push(case.post(
                "/up",
                "multipart/form-data; boundary=q1w2e3r4t5",
                body.into_bytes(),
            ));
            return;
        }
        10 => {
            let mut cards = String::new();
            for person in people {
                cards.push_str(&format!("BEGIN:VCARD\nVERSION:4.0\nN:{};{};;;\nFN:{}\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:{}\nEND:VCARD\n", person.family, person.given, person.name(), international(person)));
            }
            case.says(Label::Shape("contacts"), "contacts", "vcard-put");
            case.format = "vcard";
            let mut request = case.post(
                "/dav/ab/1.vcf",
                "text/vcard; charset=utf-8",
                cards.into_bytes(),
            );
            request.method = "PUT";
            case.requests.push(request);
            return;
        }
        11 => {
            let mut form = String::from("v=2");
            for (position, person) in people.iter().enumerate() {
                form.push_str(&format!(
                    "&contact%5B{position}%5D%5Bname%5D={}&contact%5B{position}%5D%5Bnum%5D={}",
                    encode::percent(&person.name()),
                    encode::percent(&person.phone.national())
                ));
            }
            case.says(Label::Shape("contacts"), "contacts", "form-array");
            case.format = "form";
            case.requests.push(case.post(
                "/r.php",
                "application/x-www-form-urlencoded",
                form.into_bytes(),
            ));
            return;
        }
        12 => {
            // One in each request, under a name that says nothing.
            case.says(Label::Shape("contacts"), "contacts", "one-by-one-path");
            case.format = "path";
            for person in people {
                case.requests.push(case.get(
                    format!("/exists/{}", encode::percent(&international(person))),
                    Vec::new(),
                ));
            }
            return;
        }
        13 => {
            case.says(Label::Shape("contacts"), "contacts", "hash-one-by-one");
            case.format = "query";
            for person in people {
                let digest = encode::hash("sha1", international(person).as_bytes());
                let token = BASE64_URL_SAFE_NO_PAD.encode(&digest[..10]);
                case.requests.push(case.get(
                    format!("/v1/directory/{token}?r={}", dice.digits(6)),
                    Vec::new(),
                ));
            }
            return;
        }
        14 => {
            let mut body = Vec::new();
            for person in people {
                let (name, number) = (person.name(), international(person));
                let mut inner = vec![0x0a, name.len() as u8];
                inner.extend(name.as_bytes());
                inner.extend([0x12, number.len() as u8]);
                inner.extend(number.as_bytes());
                body.extend([0x0a, inner.len() as u8]);
                body.extend(inner);
            }
            case.says(Label::Shape("contacts"), "contacts", "protobuf");
            case.format = "protobuf";
            case.requests
                .push(case.post("/pb", "application/x-protobuf", body));
            return;
        }
        15 => {
            case.says(Label::Shape("contacts"), "contacts", "mail-one-by-one");
            case.format = "json";
            for person in people {
                let document = json!({"check": person.email, "t": dice.below(99_999)});
                case.requests.push(case.post(
                    "/q",
                    "application/json",
                    document.to_string().into_bytes(),
                ));
            }
            return;
        }
        _ => {
            let inputs: Vec<String> = people
                .iter()
                .map(|person| {
                    format!(
                        "{{fullName: \"{}\", phone: \"{}\"}}",
                        person.name(),
                        international(person)
                    )
                })
                .collect();
            case.says(Label::Shape("contacts"), "contacts", "graphql-literal");
            case.format = "graphql";
            let document = json!({"query": format!("mutation {{ importPeople(list: [{}]) {{ ok }} }}", inputs.join(", "))});
            case.requests.push(case.post(
                "/graphql",
                "application/json",
                document.to_string().into_bytes(),
            ));
            return;
        }
    };
    case.says(Label::Shape("contacts"), "contacts", encoding);
    send(case, &document, dice);
}

// ---------------------------------------------------------------------------------------------------- location
