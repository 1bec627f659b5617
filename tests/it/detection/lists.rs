//! Lists of people by what they are reached by, without a telling name or a plus; and what only looks like them.

use super::{contacts, found, hash_of, json, post};
use crate::forge::{observation, protobuf};
use phonehome::model::{Body, Event, Message};

/// Numbers of mobile phones with their country code, as digits alone.
fn mobiles(count: u64) -> Vec<String> {
    let operators = [4_915_121_003_307, 4_917_021_003_307, 4_916_021_003_307];
    let number = |(at, first): (u64, u64)| (first + at * 372_517).to_string();
    let numbers = (0..count).zip(operators.into_iter().cycle());
    numbers.map(number).collect()
}

fn quoted(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    texts.join(",")
}

fn has(found: &[(String, u64, u64)], rule: &str, items: u64) -> bool {
    let mut found = found.iter();
    found.any(|(known, most, _)| known == rule && *most == items)
}

/// `tag` and length before a text, as protobuf has them.
fn text_field(tag: u8, text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    [&[tag << 3 | 2, length], text.as_bytes()].concat()
}

#[test]
fn ids_invoices_and_articles_are_no_phone_numbers() {
    let drawn = |first: u64, step: u64| -> String {
        let texts = (0..25_u64).map(|at| (first + at * step).to_string());
        texts.collect::<Vec<_>>().join(",")
    };
    for body in [
        format!(r#"{{"contact_ids":[{}]}}"#, drawn(4_319_015, 91_373)),
        format!(r#"{{"phone_ids":[{}]}}"#, drawn(51_609_736, 1_373_919)),
        format!(r#"{{"numbers":[{}]}}"#, drawn(1_480_841, 91_373)),
        format!(r#"{{"kontaktnummern":[{}]}}"#, drawn(1_480_841, 91_373)),
        format!(r#"{{"numbers":[{}]}}"#, drawn(4_006_381_333_931, 10_123_457_113)),
        r#"{"numbers":["6422/82201","5572/76246","4865/14720","6073/10948"]}"#.to_owned(),
        r#"{"calls":[{"id":5558541376,"method":"get"},{"id":4948342427,"method":"get"},{"id":4954604468,"method":"get"}]}"#.to_owned(),
        r#"{"calls":[1790053448,1790495871,1790338811]}"#.to_owned(),
        r#"{"customers":["009604919374","008400398172","004415756195","003434104671","004917604069012"]}"#.to_owned(),
        // given out one after the other
        format!(r#"{{"ab":[{}]}}"#, drawn(4_915_121_003_307, 3)),
        format!(r#"{{"rows":[{}]}}"#, (0..12_u64).map(|at| format!(r#"{{"k":{}}}"#, 919_812_345_678 + at * 150_000)).collect::<Vec<_>>().join(",")),
        format!(r#"{{"contacts":{{"etags":["{}","{}","{}"]}}}}"#, &hash_of("1")[..32], &hash_of("2")[..32], &hash_of("3")[..32]),
        r#"{"help":[{"name":"Support DE","phone":"+49 800 1234567"},{"name":"Support AT","phone":"+43 800 123456"},
            {"name":"Support FR","phone":"+33 800 123456"}]}"#.to_owned(),
    ] {
        let found = json("/v1/state", &body);
        let is_of_people =
            |(rule, ..): &(String, u64, u64)| rule.starts_with("contact-") || rule == "call-log";
        assert!(!found.iter().any(is_of_people), "{body}: {found:?}");
    }
}

#[test]
fn digits_alone_are_phone_numbers_where_nearly_all_are() {
    let numbers = mobiles(8);
    let bare = numbers.join(",");
    let keys: Vec<String> = numbers
        .iter()
        .map(|number| format!(r#""{number}":{{"n":"Svea"}}"#))
        .collect();
    let of_poland: Vec<String> = (0..8_u64)
        .map(|at| (512_311_336 + at * 123_457).to_string())
        .collect();
    let objects = |name: &str, numbers: &[String]| -> String {
        let objects = numbers
            .iter()
            .map(|number| format!(r#"{{"{name}":{number}}}"#));
        objects.collect::<Vec<_>>().join(",")
    };
    for body in [
        format!(r#"{{"ab":[{bare}]}}"#),
        format!(r#"{{"contact_ids":[{bare}]}}"#),
        format!(r#"{{"numbers":[{bare}]}}"#),
        format!(r#"{{"items":{{{}}}}}"#, keys.join(",")),
        format!(r#"{{"contacts":[{}]}}"#, quoted(&of_poland)),
        format!(r#"{{"contacts":[{}]}}"#, objects("phone_id", &numbers)),
        format!(r#"{{"contacts":[{}]}}"#, objects("phone_id", &of_poland)),
        format!(r#"{{"contacts":[{}]}}"#, objects("grid", &of_poland)),
    ] {
        let found = json("/v1/state", &body);
        assert!(has(&found, "contact-phone-list", 8), "{body}: {found:?}");
    }
    let log = r#"{"sms":[{"number":"4915121003307","date":1790037059241},{"number":"4915127654321","date":1790037159241},
        {"number":"4915125252525","date":1790037259241}]}"#;
    let found_log = json("/v1/state", log);
    assert!(has(&found_log, "contact-phone-list", 3), "{found_log:?}");
    let form: Vec<String> = (0..8)
        .zip(&numbers)
        .map(|(at, number)| format!("c.{at}.p={number}"))
        .collect();
    let form = found(&[post(
        "/v1/state",
        "application/x-www-form-urlencoded",
        &form.join("&"),
    )]);
    assert!(has(&form, "contact-phone-list", 8), "{form:?}");
    let body: Vec<u8> = numbers
        .iter()
        .flat_map(|number| text_field(3, number))
        .collect();
    let headers = [("Content-Type", "application/x-protobuf")];
    let packed = observation::post("collector.example", "/v1/state", &headers, body, false);
    let packed = found(&[packed]);
    assert!(has(&packed, "contact-phone-list", 8), "{packed:?}");
}

#[test]
fn numbers_with_and_without_a_country_code_are_one_address_book() {
    let drawn = |first: u64, count: u64| -> Vec<String> {
        (0..count)
            .map(|at| (first + at * 7_321).to_string())
            .collect()
    };
    for (full, of_country, least) in [(300, 70, 300), (40, 70, 110)] {
        let numbers = [
            drawn(4_915_112_345_678, full),
            drawn(15_112_345_678 + 5_000_000, of_country),
        ]
        .concat();
        let body = format!(r#"{{"contacts":[{}]}}"#, quoted(&numbers));
        let found = json("/v1/state", &body);
        assert!(
            has(&found, "contact-phone-list", least),
            "{full}: {found:?}"
        );
    }
}

#[test]
fn lines_of_people_are_an_address_book() {
    let people = ["Wiebke Haberstroh", "Joris Sauerwein", "Svea Brandhuber"];
    let lines = |line: &dyn Fn(&str, &str) -> String| -> String {
        let lines = people
            .iter()
            .zip(mobiles(3))
            .map(|(name, number)| line(name, &number));
        lines.collect::<Vec<_>>().join("\n")
    };
    let first = |name: &str| name.split(' ').next().unwrap_or(name).to_lowercase();
    for (text, rules) in [
        (
            lines(&|name, number| format!("{name} <{}@post.example> +{number}", first(name))),
            &["contact-email-list", "contact-phone-list"][..],
        ),
        (
            lines(&|name, number| format!("{name} +{number}")),
            &["contact-phone-list"],
        ),
        (
            lines(&|name, number| format!("{name};{number}")),
            &["contact-phone-list"],
        ),
    ] {
        let found = found(&[post("/v1/state", "text/plain", &text)]);
        for rule in rules {
            assert!(has(&found, rule, 3), "{text}: {found:?}");
        }
    }
}

#[test]
fn numbers_of_north_america_dialled_from_abroad_spoil_no_list() {
    let numbers = [
        "0012014379843",
        "0012019324845",
        "004915121003307",
        "004915127654321",
        "004915125252525",
    ];
    let found = found(&[post("/v1/state", "text/plain", &numbers.join(","))]);
    assert!(has(&found, "contact-phone-list", 3), "{found:?}");
}

#[test]
fn beginnings_of_digests_are_of_people_where_there_are_many_of_contacts() {
    let digests = |count: u32| -> Vec<String> {
        let digest = |at: u32| hash_of(&at.to_string())[..16].to_owned();
        (0..count).map(digest).collect()
    };
    let body = |count| format!(r#"{{"contacts":[{}]}}"#, quoted(&digests(count)));
    assert!(has(&json("/v1/state", &body(12)), "contact-hash-list", 12));
    assert_eq!(json("/v1/state", &body(4)), []);
    let revisions: Vec<String> = digests(12)
        .iter()
        .map(|digest| format!(r#"{{"rev":"{digest}"}}"#))
        .collect();
    let body_of_revisions = format!(r#"{{"contacts":[{}]}}"#, revisions.join(","));
    assert_eq!(json("/v1/state", &body_of_revisions), []);
    let texts = "bi9sGO2wFQA ssyWZOlLzX4 bG24hurvamI 9wRxk59D5nU GZ_qXSo2XQE hVkfeEde2bk ZJuW412L8W4 QqZ3RUCR01M";
    let texts: Vec<String> = texts.split(' ').map(str::to_owned).collect();
    let body = format!(r#"{{"d":[{}]}}"#, quoted(&texts));
    assert!(has(
        &json("/v1/contacts/discover", &body),
        "contact-hash-list",
        8
    ));
    assert_eq!(json("/v1/films/discover", &body), []);
    let named = body.replace(r#""d""#, r#""hashed_emails""#);
    assert!(has(&json("/v1/state", &named), "contact-hash-list", 8));
}

#[test]
fn a_short_id_among_digests_of_people_spoils_none_of_them() {
    let mut digests: Vec<String> = (0..30).map(|at| hash_of(&at.to_string())).collect();
    digests.push("1a2b3c4d5e6f7081".to_owned());
    let body = format!(r#"{{"contacts":[{}]}}"#, quoted(&digests));
    let found = json("/v1/state", &body);
    assert!(has(&found, "contact-hash-list", 30), "{found:?}");
}

#[test]
fn a_digest_under_the_name_of_a_number_is_one_of_a_number() {
    let requests: Vec<(String, String)> = (0..12)
        .map(|at| {
            (
                "/v1/check".to_owned(),
                format!(r#"{{"phone":"{}"}}"#, hash_of(&at.to_string())),
            )
        })
        .collect();
    assert_eq!(contacts(&requests), []);
    let found = json("/v1/check", &requests[0].1);
    assert!(has(&found, "email-or-phone-hash", 1), "{found:?}");
}

#[test]
fn digests_on_a_socket_are_of_people_where_its_path_looks_them_up() {
    let digests: Vec<String> = (0..5).map(|at| hash_of(&at.to_string())).collect();
    let body = format!(r#"{{"hashes":[{}]}}"#, quoted(&digests));
    let over = |path: &str| {
        let mut observation = post("/", "", "");
        observation.sighting.event = Event::Message(Message {
            protocol: "websocket",
            kind: "text".to_owned(),
            path: path.into(),
            body: Body {
                wire_len: body.len() as u64,
                bytes: body.clone().into_bytes(),
                is_cut: false,
            },
            from_client: true,
            ..Message::default()
        });
        found(&[observation])
    };
    assert!(has(&over("/v1/contacts/discover"), "contact-hash-list", 5));
    assert_eq!(over("/v1/files"), []);
}

#[test]
fn packed_numbers_of_a_protobuf_are_a_list() {
    let numbers: Vec<u64> = mobiles(12)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let fixed: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    let varints: Vec<u8> = numbers
        .iter()
        .flat_map(|number| {
            let groups =
                (0..7).map(move |group| u8::try_from(number >> (7 * group) & 0x7f).unwrap());
            groups
                .enumerate()
                .map(|(at, bits)| if at < 6 { bits | 0x80 } else { bits })
        })
        .collect();
    let plain: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    let headers = [("Content-Type", "application/octet-stream")];
    let sent = observation::post(
        "collector.example",
        "/contacts/match",
        &headers,
        plain,
        false,
    );
    assert!(has(&found(&[sent]), "contact-phone-list", 12));
    for packed in [fixed, varints] {
        let length = u8::try_from(packed.len()).unwrap();
        let message = [vec![0x0a, length], packed, vec![0x10, 1]].concat();
        let headers = [("Content-Type", "application/x-protobuf")];
        let sent = observation::post("collector.example", "/api/x", &headers, message, false);
        assert!(has(&found(&[sent]), "contact-phone-list", 12));
    }
}

#[test]
fn numbers_with_their_country_code_beside_them_are_an_address_book() {
    let people = |code: &str, numbers: &[&str]| -> String {
        let person = |number: &&str| {
            format!(r#"{{"cc":"{code}","num":"{number}","first":"Anna","last":"Beispiel"}}"#)
        };
        let people: Vec<String> = numbers.iter().map(person).collect();
        format!(r#"{{"list":[{}]}}"#, people.join(","))
    };
    let german = ["1722837832", "015161113930", "1600110843"];
    let brazilian = ["21994363363", "31983227501", "11967802345"];
    for body in [people("49", &german), people("+55", &brazilian)] {
        let found = found(&[post("/v1/track", "application/json", &body)]);
        assert!(has(&found, "contact-name-phone-record", 3), "{found:?}");
    }
    // The zero of Italy is dialled from abroad, too.
    let italian = people("39", &["0669812345", "0669823456", "0669834567"]);
    let landlines = json("/v1/track", &italian);
    assert!(
        has(&landlines, "contact-name-phone-record", 3),
        "{landlines:?}"
    );
    // of no plan, of no country, and the pages of a list
    for body in [
        people("49", &["0000000", "1111111111111", "9999999"]),
        people("DE", &["4711081", "4711082", "4711083"]),
        r#"{"items":[{"first":"Anna","last":"Zoe","cc":"49"},{"first":"B","last":"C","cc":"49"},{"first":"D","last":"E","cc":"49"}]}"#.to_owned(),
    ] {
        assert_eq!(found(&[post("/v1/track", "application/json", &body)]), [], "{body}");
    }
}

#[test]
fn shops_are_no_people_and_one_person_hides_no_list() {
    let of = |body: &str| json("/v1/x", body);
    let shops = of(
        r#"{"magasins":[{"nom":"Papeterie A","telephone":"+33144093000"},{"nom":"Papeterie B","telephone":"+33140414000"},{"nom":"Papeterie C","telephone":"+33158103000"}]}"#,
    );
    assert!(!has(&shops, "contact-name-phone-record", 3), "{shops:?}");
    let people = of(
        r#"{"gens":[{"nom":"Exemple","prenom":"Anne","telephone":"+33144093000"},{"nom":"Modèle","prenom":"Luc","telephone":"+33140414000"},{"nom":"Essai","prenom":"Zoé","telephone":"+33158103000"}]}"#,
    );
    assert!(has(&people, "contact-name-phone-record", 3), "{people:?}");
    let addresses = r#"["anna@firma.example","ben@firma.example","cem@firma.example"]"#;
    for name in ["last", "name"] {
        let body = format!(r#"{{"contacts":[{{"{name}":"Vorlage","emails":{addresses}}}]}}"#);
        let found = of(&body);
        assert!(has(&found, "contact-email-list", 3), "{found:?}");
    }
}

#[test]
fn numbers_with_spaces_between_them_are_a_list() {
    let numbers: Vec<String> = mobiles(12)
        .iter()
        .map(|number| format!("+{number}"))
        .collect();
    let found = found(&[post("/v1/e", "text/plain", &numbers.join(" "))]);
    assert!(has(&found, "contact-phone-list", 12), "{found:?}");
    // Groups of one number are no numbers.
    let found = json("/v1/e", r#"{"x": "+49 30 9018 2000 +7"}"#);
    assert!(
        !found.iter().any(|(rule, ..)| rule == "contact-phone-list"),
        "{found:?}"
    );
}

#[test]
fn contacts_around_a_document_are_a_list() {
    let cards: Vec<String> = (0..5)
        .map(|number| {
            format!("BEGIN:VCARD\nFN:Ada Brix {number}\nTEL:+49151{number}1003307\nX-APP:{{\"id\":1}}\nEND:VCARD\n")
        })
        .collect();
    let found = found(&[post("/v1/e", "text/vcard", &cards.concat())]);
    assert!(has(&found, "contact-vcard", 5), "{found:?}");
    let mails = r#"ada@mail-a.example, bela@mail-b.example, carla@mail-c.example; ctx={"a":"b"}"#;
    let body = serde_json::json!({ "contacts": mails }).to_string();
    assert!(has(&json("/v1/e", &body), "contact-email-list", 3));
}

#[test]
fn numbers_that_are_looked_for_beside_their_country_are_of_people() {
    let asked_of = |host: &str, numbers: &[String], beside: &str| {
        let query = |number: &String| {
            let target = format!("/v2/search?q={number}&{beside}");
            observation::post(host, &target, &[], Vec::new(), false)
        };
        found(&numbers.iter().map(query).collect::<Vec<_>>())
    };
    let asked = |numbers: &[String], beside: &str| asked_of("who-calls.example", numbers, beside);
    let is_list =
        |(rule, _, distinct): &(String, u64, u64)| rule == "contact-phone-list" && *distinct > 3;
    assert!(
        asked(&mobiles(6), "countryCode=DE&type=4")
            .iter()
            .any(is_list)
    );
    assert!(!asked(&mobiles(6), "page=2").iter().any(is_list));
    let articles = [
        "4006381333931",
        "4005808262816",
        "4008400402222",
        "4011100003736",
    ];
    let articles = articles.map(str::to_owned);
    assert!(!asked(&articles, "countryCode=DE").iter().any(is_list));
    // numbers of parts and parcels
    let shop = |beside: &str| asked_of("parts.example", &mobiles(6), beside);
    assert!(shop("countryCode=DE&type=4").iter().any(is_list));
    assert!(!shop("countryCode=DE").iter().any(is_list));
}

#[test]
fn numbers_behind_their_count_are_a_list_where_the_request_is_of_contacts() {
    let numbers: Vec<u64> = mobiles(12)
        .iter()
        .map(|number| number.parse().unwrap())
        .collect();
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    let sent = |count: u32| {
        let headers = [("Content-Type", "application/octet-stream")];
        let body = [&count.to_be_bytes()[..], &bytes].concat();
        found(&[observation::post(
            "find.example",
            "/v1/contacts/discover",
            &headers,
            body,
            false,
        )])
    };
    assert!(has(&sent(12), "contact-phone-list", 12));
    assert!(!has(&sent(13), "contact-phone-list", 12));
}

#[test]
fn people_in_elements_with_short_names_are_an_address_book() {
    let rows = |name: &str| {
        let numbers = [
            "0151 21003307",
            "0170 21003307",
            "0160 21003307",
            "0152 21375824",
        ];
        let numbers = numbers.iter().zip(["a", "b", "c", "d"]);
        let rows = numbers.map(|(number, letter)| {
            let number = number.replace(' ', "");
            format!("<p><n>{}</n><t>{number}</t></p>", name.replace('#', letter))
        });
        let body = format!("<r><people>{}</people></r>", rows.collect::<String>());
        found(&[post("/x", "application/xml", &body)])
    };
    assert!(has(&rows("Anna Beispiel#"), "contact-phone-list", 4));
    assert!(!has(&rows("article #"), "contact-phone-list", 4));
}

/// Four people who are no contacts of anybody.
const ADDRESSES: [&str; 4] = [
    "anna.beispiel@kunde.example",
    "ben.muster@lieferant.example",
    "cem.vorlage@verein.example",
    "dora.exempel@schule.example",
];

#[test]
fn addresses_in_one_value_are_a_list_whatever_parts_them() {
    for between in [" ", ",", ";", ", ", " ; ", "\\n", "|"] {
        let body = format!(r#"{{"to":"{}"}}"#, ADDRESSES.join(between));
        assert!(
            has(&json("/v1/x", &body), "contact-email-list", 4),
            "{body}"
        );
    }
    let marked = format!(r#"{{"to":"<{}>"}}"#, ADDRESSES.join("> <"));
    assert!(has(&json("/v1/x", &marked), "contact-email-list", 4));
    let text = format!(r#"{{"text":"ask {} or {}"}}"#, ADDRESSES[0], ADDRESSES[1]);
    assert!(!has(&json("/v1/x", &text), "contact-email-list", 2));
}

#[test]
fn ids_of_messages_are_no_addresses_of_people() {
    let ids = |id: &dyn Fn(u64) -> String| {
        let ids: Vec<String> = (0..8).map(id).collect();
        json("/v1/ack", &format!(r#"{{"ack":[{}]}}"#, quoted(&ids)))
    };
    for found in [
        ids(&|at| {
            format!(
                "<{}.{at}@mail.nordlicht.example>",
                98_253_299_985_346 + at * 7919
            )
        }),
        ids(&|at| format!("39640527718{at}.3.JavaMail.app@srv1.nordlicht.example")),
        ids(&|at| format!("<CAF+d1ZkQ8nRw7Xb{at}@mail.nordlicht.example>")),
        ids(&|at| format!("2026112408183{at}.4A1B2C3D@mail.nordlicht.example")),
        ids(&|at| format!("3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b{at}@nordlicht.example")),
    ] {
        assert_eq!(found, []);
    }
    let people = ids(&|at| format!("<{at}.{}>", ADDRESSES[0]));
    assert!(has(&people, "contact-email-list", 8), "{people:?}");
}

#[test]
fn elements_that_are_called_items_are_a_list_of_what_holds_them() {
    let sent = |body: &str| found(&[post("/v1/x", "text/xml", body)]);
    let digests: Vec<String> = ADDRESSES
        .iter()
        .map(|address| hash_of(address).get(..32).unwrap().to_owned())
        .collect();
    for item in ["item", "h", "Item"] {
        let items = digests
            .iter()
            .map(|digest| format!("<{item}>{digest}</{item}>"));
        let body = format!("<r><emails>{}</emails></r>", items.collect::<String>());
        assert!(has(&sent(&body), "contact-hash-list", 4), "{body}");
    }
    let number = "<r><imeis><item>356938035643809</item></imeis></r>";
    assert!(has(&sent(number), "hardware-id", 1));
    let beacon = "<r><beacons><item><uuid>3F2B8C1E-5A47-4D09-9E6B-7C1D20F4A8B3</uuid><major>1</major></item></beacons></r>";
    assert!(has(&sent(beacon), "bluetooth-beacon", 1));
    // with attributes it is something of its own
    let feed = "<rss><emails><item guid='1'>3f2b8c1e5a474d099e6b7c1d20f4a8b3</item></emails></rss>";
    assert_eq!(sent(feed), []);
}

#[test]
fn few_packed_numbers_are_a_list_where_a_request_looks_people_up() {
    let sent = |path: &str, numbers: &[String]| {
        let numbers = numbers
            .iter()
            .map(|number| protobuf::varint(number.parse().unwrap()));
        let packed = numbers.collect::<Vec<_>>().concat();
        let length = u8::try_from(packed.len()).unwrap();
        let body = [&[8, 1, 0x1a, length], packed.as_slice()].concat();
        let headers = [("Content-Type", "application/x-protobuf")];
        found(&[observation::post(
            "collector.example",
            path,
            &headers,
            body,
            false,
        )])
    };
    assert!(has(
        &sent("/friends/find", &mobiles(5)),
        "contact-phone-list",
        5
    ));
    assert!(has(
        &sent("/users/lookup", &mobiles(5)),
        "contact-phone-list",
        5
    ));
    assert_eq!(sent("/v1/x", &mobiles(5)), []);
    // times, and ids
    let times: Vec<String> = (0..5)
        .map(|at| (1_790_000_000_123_u64 + at * 7).to_string())
        .collect();
    assert_eq!(sent("/friends/find", &times), []);
    let ids: Vec<String> = (0..5)
        .map(|at| (100_012_345_678_901 + at * 77_000_003_u64).to_string())
        .collect();
    assert_eq!(sent("/friends/find", &ids), []);
}
