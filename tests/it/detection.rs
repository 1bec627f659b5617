//! What detectors conclude from whole messages, through the real chain of decoding and detection.

mod digests;
mod evidence;
mod hardware;
mod identifiers;
mod lists;
mod places;
mod positions;
mod talks;

use phonehome::detect::known::Index;
use phonehome::model::{Dossier, Grade, KnownKind, KnownValue, Observation, Tally};
use phonehome::rules::Rules;
use phonehome::{detect, payload};

use crate::forge::{observation, protobuf};

/// A clear-text POST to an invented server.
fn post(path: &str, content_type: &str, body: &str) -> Observation {
    let headers = [("Content-Type", content_type)];
    let body = body.as_bytes().to_vec();
    observation::post("collector.example", path, &headers, body, false)
}

fn tally(observations: &[Observation]) -> Tally {
    known_tally(observations, &Index::default())
}

/// The same on a phone of which values are known.
fn known_tally(observations: &[Observation], known: &Index) -> Tally {
    let rules = Rules::embedded();
    let mut tally = Tally::default();
    for observation in observations {
        let decoded = payload::decode(&observation.sighting.event);
        detect::inspect(
            observation,
            &decoded,
            detect::Device {
                rules: &rules,
                dossier: &Dossier::default(),
                known,
            },
            &mut tally,
        );
    }
    tally
}

/// Rule, most items in one message, distinct values: without the transport's own findings.
fn found(observations: &[Observation]) -> Vec<(String, u64, u64)> {
    tally(observations)
        .findings
        .iter()
        .filter(|(key, _)| &*key.rule != "cleartext-http")
        .map(|(key, occurrences)| {
            (
                key.rule.to_string(),
                occurrences.most_items,
                occurrences.distinct.count(),
            )
        })
        .collect()
}

/// Whether a rule is among the findings, with so many items.
fn has(found: &[(String, u64, u64)], rule: &str, items: u64) -> bool {
    found
        .iter()
        .any(|(known, most, _)| known == rule && *most == items)
}

fn json(path: &str, body: &str) -> Vec<(String, u64, u64)> {
    found(&[post(path, "application/json", body)])
}

#[test]
fn a_list_of_contact_records_is_one_finding_with_its_size() {
    let body = r#"{"contacts":[{"name":"Erika Muster","phone":"+49 30 901820"},{"name":"Max Beispiel","phone":"+49 40 428280"},
        {"name":"Ida Probe","phone":"+49 89 2330"},{"name":"Ole Test","phone":"+49 221 2210"}]}"#;
    assert_eq!(
        json("/sync", body),
        [("contact-name-phone-record".to_owned(), 4, 4)]
    );
}

#[test]
fn lists_of_one_message_are_one_finding() {
    let body = r#"{"contacts":[{"name":"Erika Muster","phone":"+49 30 901820","email":"erika@muster.example"},
        {"name":"Max Beispiel","phone":"+49 40 428280","email":"max@beispiel.example"}]}"#;
    let tally = tally(&[post("/sync", "application/json", body)]);
    let counts: Vec<(u64, u64)> = tally
        .findings
        .iter()
        .filter(|(key, _)| &*key.rule == "contact-name-phone-record")
        .map(|(_, occurrences)| (occurrences.count, occurrences.most_items))
        .collect();
    assert_eq!(counts, [(1, 2)], "two people, whatever they are reached by");
}

/// Each of these took a look at all fields for each field: minutes, where a message takes a fraction of a second.
#[test]
fn messages_of_many_like_fields_are_looked_through_once() {
    let repeated = |text: &str, count: usize| vec![text; count].join(",");
    let bodies = [
        format!("[{}]", repeated(r#"{"breite":1.5}"#, 40_000)),
        format!("[{}]", repeated(r#"{"device_model":"Pixel 7"}"#, 40_000)),
        format!("\"{}\"", "1+".repeat(200_000)),
    ];
    for body in &bodies {
        json("/state", body);
    }
    let path = format!("/{}", repeated("a", 40_000).replace(',', "/"));
    json(&path, "{}");
}

#[test]
fn an_object_keyed_by_contact_is_a_list() {
    let body = r#"{"location":"DE","search":{"17":["+4930901820"],"18":["+4940428280"],"21":["+49892330000"]}}"#;
    assert!(json("/ocs/lookup", body).contains(&("contact-phone-list".to_owned(), 3, 3)));
}

#[test]
fn one_contact_per_request_adds_up() {
    let requests: Vec<_> = ["+4930901820", "+4940428280", "+492212210"]
        .iter()
        .map(|number| {
            post(
                "/v1/contacts/add",
                "application/json",
                &format!(r#"{{"contact":{{"number":"{number}"}}}}"#),
            )
        })
        .collect();
    assert!(found(&requests).contains(&("contact-phone-list".to_owned(), 1, 3)));
}

/// Findings on contacts over requests, with their distinct values.
fn contacts(requests: &[(String, String)]) -> Vec<(String, u64)> {
    let observations: Vec<_> = requests
        .iter()
        .map(|(path, body)| post(path, "application/json", body))
        .collect();
    let found = found(&observations).into_iter();
    found
        .filter(|(rule, ..)| rule.starts_with("contact-"))
        .map(|(rule, _, distinct)| (rule, distinct))
        .collect()
}

#[test]
fn one_contact_per_request_is_counted_whatever_its_name_and_place() {
    let numbers = ["+4930901820", "+4940428280", "+492212210"];
    let in_body = numbers.map(|number| ("/q".to_owned(), format!(r#"{{"v":"{number}"}}"#)));
    let in_path = numbers.map(|number| (format!("/exists/{number}"), String::new()));
    let keyed = numbers.map(|number| ("/q".to_owned(), format!(r#"{{"{number}":1}}"#)));
    for requests in [in_body, in_path, keyed] {
        let expected = [("contact-phone-list".to_owned(), 3)];
        assert_eq!(contacts(&requests), expected, "{requests:?}");
    }
    let tokens = ["xNG0OldtWfQiTQ", "q7ZfW0sXb1KdEw", "tG9yVb0QhCwLkA"];
    let looked_up = tokens.map(|token| (format!("/v1/directory/{token}"), String::new()));
    assert_eq!(contacts(&looked_up), [("contact-hash-list".to_owned(), 3)]);
}

/// What else a message says of numbers does not hide the one that is another in each.
#[test]
fn one_contact_per_request_is_counted_beside_a_number_of_another_object() {
    for (path, beside) in [
        ("/q", r#","b":{"support":"+49 89 2330111"}"#),
        ("/q?cb=%2B49892330111", ""),
    ] {
        let numbers = ["+4930901820", "+4940428280", "+492212210"];
        let requests = numbers.map(|number| {
            let body = format!(r#"{{"a":{{"caller":"{number}"}}{beside}}}"#);
            (path.to_owned(), body)
        });
        let expected = [("contact-phone-list".to_owned(), 4)];
        assert_eq!(contacts(&requests), expected, "{path} {beside}");
    }
}

#[test]
fn an_account_in_base64_is_no_hash_of_a_contact() {
    // `account-01` and so on
    let accounts = ["YWNjb3VudC0wMQ", "YWNjb3VudC0wMg", "YWNjb3VudC0wMw"];
    let looked_up = accounts.map(|text| (format!("/v1/people/{text}"), String::new()));
    assert_eq!(contacts(&looked_up), []);
}

#[test]
fn what_is_new_in_each_request_is_no_contact_by_that() {
    for (path, body) in [
        ("/order", r#"{"order":"49309018N0","at":17000000N0}"#),
        (
            "/log",
            r#"{"digest":"9f86d081884c7d659a2feaa0c55ad015a3bf4fN0"}"#,
        ),
        ("/position", r#"{"lat":52.52N0,"lon":13.40N0}"#),
        (
            "/v1/directory",
            r#"{"requestId":"9f86d081884c7d659a2feaa0c55ad015a3bf4fN0"}"#,
        ),
        (
            "/contacts/list",
            r#"{"session_token":"9f86d081884c7d659a2feaa0c55ad015a3bf4fN0"}"#,
        ),
    ] {
        let requests: Vec<_> = (1..6)
            .map(|number| (path.to_owned(), body.replace('N', &number.to_string())))
            .collect();
        assert_eq!(contacts(&requests), [], "{path} {body}");
    }
}

#[test]
fn numbers_beside_names_of_people_need_no_telling_name() {
    let body = r#"{"c":[{"a":"Anna Beispiel","b":"4930901820"},{"a":"Ben Muster","b":"4940428280"},{"a":"Cem Vorlage","b":"492212210"}]}"#;
    assert!(json("/q", body).contains(&("contact-phone-list".to_owned(), 3, 3)));
    let goods = r#"{"c":[{"a":"Blauer Becher","b":"4006381333931"},{"a":"Roter Teller","b":"4006381333948"},{"a":"Gelber Krug","b":"4006381333955"}]}"#;
    assert_eq!(json("/q", goods), []);
}

#[test]
fn hashes_under_a_name_that_speaks_of_contacts_are_a_list() {
    let digest = |seed: u8| {
        format!("{seed:02x}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f041")
    };
    let body = format!(
        r#"{{"phoneHashes":["{}","{}","{}"]}}"#,
        digest(1),
        digest(2),
        digest(3)
    );
    assert_eq!(
        json("/discover", &body),
        [("contact-hash-list".to_owned(), 3, 3)]
    );
}

#[test]
fn order_numbers_times_and_counters_are_no_contacts() {
    for body in [
        r#"{"orders":["4930901820","4940428280","4989233000"]}"#,
        r#"{"times":[1700000000,1700000001,1700000002]}"#,
        r#"{"contacts_synced_at":[1700000000123,1700000000124,1700000000125]}"#,
        r#"{"values":[52.520008,13.404954,48.137154]}"#,
    ] {
        let rules: Vec<_> = json("/api", body)
            .into_iter()
            .filter(|(rule, ..)| rule.starts_with("contact-"))
            .collect();
        assert!(rules.is_empty(), "{body}: {rules:?}");
    }
}

#[test]
fn an_address_in_a_document_in_a_document_is_one() {
    let inner = r#"{"hint":"+49 123 456789","placeholder":"max.mustermann@post.example"}"#;
    let middle = format!("<r><i>1</i><d>{inner}</d></r>");
    let body = serde_json::json!({"data": middle, "e": 1}).to_string();
    let found = json("/collect", &body);
    let most = found.iter().map(|(_, items, _)| *items).max();
    assert_eq!(most, Some(1), "{found:?}");
}

#[test]
fn each_json_document_of_a_body_has_its_own_objects() {
    let line = |number: u32| {
        format!(
            r#"{{"name":"Person {number}","lat":52.5{number}12,"lon":13.4{number}12,"mail":"p{number}@post.example"}}"#
        )
    };
    for between in ["\n", "", "\r\n", "\n\x1e"] {
        let lines: Vec<String> = (1..=6).map(line).collect();
        let found = found(&[post("/batch", "application/x-ndjson", &lines.join(between))]);
        let expected = [
            ("contact-name-phone-record".to_owned(), 6, 6),
            ("coordinates".to_owned(), 1, 6),
        ];
        assert_eq!(found, expected, "{between:?}");
    }
}

/// Findings of a rule by grade.
fn grades(observation: Observation, rule: &str) -> Vec<Grade> {
    let tally = tally(&[observation]);
    let of_rule = tally.findings.keys().filter(|key| &*key.rule == rule);
    of_rule.map(|key| key.grade).collect()
}

#[test]
fn members_with_meanings_of_their_own_are_no_address_book() {
    let digests = ["commit", "asset", "css"].map(|name| {
        let digest = format!("{:0<40}", hash_of(name));
        format!("{name}={digest}")
    });
    let query = format!("/v1/discover?{}", digests.join("&"));
    let imprint = r#"{"from":"anna@kunde.example","to":"ben@lieferant.example","support":"cem@verein.example"}"#;
    let numbers = r#"{"hotline":"+49 30 901820","sales":"+49 40 428280","fax":"+49 89 2330111"}"#;
    for (path, body) in [(&*query, ""), ("/mail", imprint), ("/imprint", numbers)] {
        let found = contacts(&[(path.to_owned(), body.to_owned())]);
        assert_eq!(found, [], "{path} {body}");
    }
    let keyed = r#"{"Anna":"+49 30 901820","Ben":"+49 40 428280","Cem":"+49 89 2330111"}"#;
    let list = [("contact-phone-list".to_owned(), 3)];
    assert_eq!(contacts(&[("/q".to_owned(), keyed.to_owned())]), list);
    let digests = ["a", "b", "c"].map(|name| format!("h={:0<40}", hash_of(name)));
    let query = format!("/v1/people?{}", digests.join("&"));
    let list = [("contact-hash-list".to_owned(), 3)];
    assert_eq!(contacts(&[(query, String::new())]), list);
}

#[test]
fn address_books_are_found_as_many_apps_write_them() {
    let tokens: Vec<String> = ["a", "b", "c"]
        .iter()
        .map(|name| format!("{0}{0}", hash_of(name)))
        .collect();
    let [first, second, third] = &tokens[..] else {
        unreachable!("three of them");
    };
    let keyed = serde_json::json!({ "contacts": { first: 1, second: 1, third: 2 } }).to_string();
    let marked: Vec<String> = tokens
        .iter()
        .map(|digest| format!("sha256:{digest}"))
        .collect();
    let marked = serde_json::json!({ "contacts": marked }).to_string();
    let short: Vec<&str> = tokens.iter().map(|digest| &digest[..16]).collect();
    let short = serde_json::json!({ "hashedContacts": short }).to_string();
    let tokens = serde_json::json!({ "tokens": tokens }).to_string();
    for (path, body) in [
        (
            "/q",
            r#"{"list":["004930901820","004940428280","0049892330000"]}"#,
        ),
        (
            "/q",
            r#"{"peers":{"+4930901820":{"nick":"Anna"},"+4940428280":{"nick":"Ben"},"+49892330000":{"nick":"Cem"}}}"#,
        ),
        (
            "/q",
            r#"{"people":[{"fullName":"Anna Beispiel","cell":"(415) 555-2671"},{"fullName":"Ben Muster","cell":"(415) 555-2672"},{"fullName":"Cem Vorlage","cell":"(415) 555-2679"}]}"#,
        ),
        ("/v1/directory", &*tokens),
        ("/q", &*keyed),
        ("/q", &*marked),
        ("/q", &*short),
        (
            "/q",
            r#"{"to":["Anna Beispiel <anna@post.example>","Ben Muster <ben@netz.example>","Cem Vorlage <cem@kunde.example>"]}"#,
        ),
        (
            "/q",
            r#"{"links":["https://wa.me/4930901820","https://wa.me/4940428280","https://wa.me/49892330000"]}"#,
        ),
        (
            "/q",
            "{\"contacts\":[\"\u{202a}+49\u{a0}30\u{a0}901820\u{202c}\",\"+49\u{2011}40\u{2011}428280\",\"+49 89 2330000\"]}",
        ),
    ] {
        let found = contacts(&[(path.to_owned(), body.to_owned())]);
        assert!(
            found.iter().any(|(_, values)| *values >= 3),
            "{body}: {found:?}"
        );
    }
}

#[test]
fn a_list_of_numbers_in_a_cookie_is_an_address_book() {
    let sent = |cookie: &str| {
        let headers = [("Cookie", cookie)];
        found(&[observation::post(
            "collector.example",
            "/q",
            &headers,
            Vec::new(),
            false,
        )])
    };
    let list = sent("msisdns=tel:+4930901820,tel:+4940428280,tel:+49892330000");
    assert!(has(&list, "contact-phone-list", 3), "{list:?}");
    let own = sent("msisdn=+4930901820; theme=dark");
    assert!(!has(&own, "contact-phone-list", 1), "{own:?}");
}

#[test]
fn addresses_of_companies_and_scores_are_no_address_book() {
    for body in [
        r#"{"contactUs":{"emails":["support@shop.example","info@shop.example","presse@shop.example"]}}"#,
        r#"{"mails":["sales@shop.example","jobs@shop.example","hello@shop.example"]}"#,
        r#"{"scores":[{"name":"Level Eins","value":4930901},{"name":"Level Zwei","value":4930902},{"name":"Level Drei","value":4930909}]}"#,
        r#"{"days":["02-03-2026","05-03-2026","09-03-2026"]}"#,
        r#"{"days":["02/03/2026","05/03/2026","09/03/2026"]}"#,
        r#"{"isbn":["0-306-40615-2","0-19-853453-1","0-201-53082-1"]}"#,
        r#"{"upc":["0 36000 29145 2","0 12345 67890 5","0 72785 10357 9"]}"#,
        r#"{"tickets":["2956-359964","0367-377798","5996-110880","0421-449964","4609-689937","0239-147323","7922-362899"]}"#,
        r#"{"ids":["0012025550123","0012125550188","0013105550142"]}"#,
        r#"{"parcels":["00340434161094021501","00340434161094021518","00340434161094021525"]}"#,
    ] {
        let found = contacts(&[("/q".to_owned(), body.to_owned())]);
        assert_eq!(found, [], "{body}");
    }
}

/// The findings of some rules, by items.
fn items_of(body: &str, rules: &[&str]) -> Vec<(String, u64)> {
    let found = json("/v1/e", body).into_iter();
    let wanted = found.filter(|(rule, ..)| rules.iter().any(|start| rule.starts_with(start)));
    wanted.map(|(rule, items, _)| (rule, items)).collect()
}

#[test]
fn ids_of_messages_and_members_are_no_addresses_of_people() {
    for body in [
        r#"{"messageIds":["<a10221c5.1@mx.post.example>","<6e9ce8bf.2@mx.post.example>","<999b6859.3@mx.post.example>"]}"#,
        r#"{"headers":{"Message-ID":"<a1.b2@mx.post.example>","In-Reply-To":"<c3.d4@mx.post.example>"}}"#,
        r#"{"members":[{"id":"14501846373","name":"Anna Beispiel"},{"id":"14767036736","name":"Ben Muster"},{"id":"14730044383","name":"Cem Vorlage"},{"id":"15756834567","name":"Dora Probe"}]}"#,
    ] {
        assert_eq!(items_of(body, &["contact-", "own-email"]), [], "{body}");
    }
}

#[test]
fn numbers_are_found_as_keys_however_they_are_dialled() {
    for numbers in [
        ["0171 5632729", "0172 5232792", "0177 7486257"],
        ["00491715632729", "00491725232792", "00491777486257"],
        ["491715632729", "491725232792", "491777486257"],
    ] {
        let [one, two, three] = numbers;
        let body = format!(
            r#"{{"people":{{"{one}":"Anna Beispiel","{two}":"Ben Muster","{three}":"Cem Vorlage"}}}}"#
        );
        let expected = [("contact-phone-list".to_owned(), 3)];
        assert_eq!(items_of(&body, &["contact-"]), expected, "{body}");
    }
}

#[test]
fn digests_are_of_people_under_names_of_what_these_are_reached_by() {
    let digests: Vec<String> = (0..5)
        .map(|number| hash_of(&format!("+4917156327{number}")))
        .collect();
    let list = serde_json::to_string(&digests).unwrap();
    for name in [
        "phones",
        "phone_numbers",
        "numbers",
        "emails",
        "mails",
        "emailAddresses",
    ] {
        let body = format!(r#"{{"{name}":{list}}}"#);
        let expected = [("contact-hash-list".to_owned(), 5)];
        assert_eq!(items_of(&body, &["contact-"]), expected, "{name}");
    }
    for name in [
        "identifiers",
        "assets",
        "blocks",
        "phoneModels",
        "phone_cases",
    ] {
        let body = format!(r#"{{"{name}":{list}}}"#);
        assert_eq!(items_of(&body, &["contact-", "push-token"]), [], "{name}");
    }
}

#[test]
fn what_lies_below_a_list_of_addresses_is_no_list_of_them() {
    let digest = |number: u32| hash_of(&format!("picture {number}"));
    let pictures: Vec<String> = (0..4)
        .map(|number| {
            format!(
                r#"{{"sha256":"{}","etag":"{}"}}"#,
                digest(number),
                digest(number + 9)
            )
        })
        .collect();
    let ids = [
        "65f1a2b3c4d5e6f708192a3b",
        "65f1a2b3c4d5e6f708192a3c",
        "65f1a2b3c4d5e6f708192a3d",
    ];
    for body in [
        format!(r#"{{"phones":[{}]}}"#, pictures.join(",")),
        format!(r#"{{"mails":[{}]}}"#, pictures.join(",")),
        format!(r#"{{"op":"archive","emails":["{}"]}}"#, ids.join(r#"",""#)),
    ] {
        assert_eq!(items_of(&body, &["contact-"]), [], "{body}");
    }
}

#[test]
fn people_are_counted_and_not_what_they_are_reached_by() {
    let body = r#"{"contacts":[
        {"name":"Anna Beispiel","phones":["+491715632729","+493023125111"],"email":"anna@post.example"},
        {"name":"Ben Muster","phones":["+491725232792","+493023125222"],"email":"ben@post.example"},
        {"name":"Cem Vorlage","phones":["+491777486257","+493023125333"],"email":"cem@post.example"}]}"#;
    let expected = [("contact-name-phone-record".to_owned(), 3)];
    assert_eq!(items_of(body, &["contact-"]), expected);
}

#[test]
fn numbers_of_articles_and_invoices_are_no_phones() {
    for name in ["belegnr", "rechnungen", "artikelnummer", "codes", "sku"] {
        let body = format!(
            r#"{{"{name}":["0171/5632729","0172/5232792","0177/7486257","0160/1234567"]}}"#
        );
        assert_eq!(items_of(&body, &["contact-"]), [], "{body}");
    }
    let body = r#"{"rufnummern":["0171/5632729","0172/5232792","0177/7486257"]}"#;
    assert_eq!(items_of(body, &["contact-"]).len(), 1);
}

#[test]
fn access_points_are_told_by_how_strongly_they_are_received() {
    for body in [
        r#"{"w":{"3c:5a:b4:01:02:03":-61,"3c:5a:b4:01:02:04":-70}}"#,
        r#"{"t":"3c:5a:b4:01:02:03\t2412\t-61\t[WPA2]\tWerkstatt\n3c:5a:b4:01:02:04\t2437\t-70\t[WPA2]\tLager"}"#,
        r#"{"found":["3c:5a:b4:01:02:03,-61,Werkstatt","3c:5a:b4:01:02:04,-70,Lager"]}"#,
        r#"{"found":[["3c:5a:b4:01:02:03",-61],["3c:5a:b4:01:02:04",-70]]}"#,
    ] {
        let expected = [("wifi-bssid".to_owned(), 2)];
        assert_eq!(items_of(body, &["wifi-", "mac-"]), expected, "{body}");
    }
    for body in [
        r#"{"w":{"3c:5a:b4:01:02:03":61,"3c:5a:b4:01:02:04":70}}"#,
        r#"{"w":{"3c:5a:b4:01:02:03":-61}}"#,
        r#"{"w":{"00:01:12:10:20:30":-61,"00:01:13:10:20:30":-70}}"#,
        r#"{"freezers":{"3c:5a:b4:01:02:03":-21,"3c:5a:b4:01:02:04":-18}}"#,
        r#"{"sensors":[["3c:5a:b4:01:02:03",-61],["3c:5a:b4:01:02:04",-70]]}"#,
        r#"{"found":["3c:5a:b4:01:02:03,offen","3c:5a:b4:01:02:04,offen"]}"#,
    ] {
        assert_eq!(items_of(body, &["wifi-"]), [], "{body}");
    }
}

#[test]
fn hardware_addresses_of_what_is_around_are_no_own_ones() {
    let scan = |name: &str, address: &str| {
        let points: Vec<String> = (1..=5)
            .map(|number| {
                format!(r#"{{"{address}":"3c:5a:b4:01:02:0{number}","rssi":-6{number}}}"#)
            })
            .collect();
        format!(r#"{{"{name}":[{}]}}"#, points.join(","))
    };
    for (name, address) in [
        ("networks", "macAddress"),
        ("scan", "macAddress"),
        ("found", "mac"),
    ] {
        let expected = [("wifi-bssid".to_owned(), 5)];
        let found = items_of(&scan(name, address), &["wifi-", "mac-"]);
        assert_eq!(found, expected, "{name}");
    }
    let beacons = items_of(
        &scan("bluetoothDevices", "address"),
        &["blue", "wifi-", "mac-"],
    );
    assert_eq!(beacons, [("bluetooth-beacon".to_owned(), 5)]);
    let row = r#"{"macs":"3c:5a:b4:01:02:03,-61,Werkstatt|3c:5a:b4:01:02:04,-70,Lager"}"#;
    assert_eq!(items_of(row, &["wifi-"]), [("wifi-bssid".to_owned(), 2)]);
    for body in [
        r#"{"device":{"macs":["3c:5a:b4:01:02:03","3c:5a:b4:01:02:04"]}}"#,
        r#"{"device":{"wifi":"3c:5a:b4:01:02:03","bt":"3c:5a:b4:01:02:04"}}"#,
        r#"{"networks":[{"name":"wlan0","mac":"3c:5a:b4:01:02:03"},{"name":"eth0","mac":"3c:5a:b4:01:02:04"}]}"#,
    ] {
        assert_eq!(items_of(body, &["wifi-"]), [], "{body}");
    }
    let own = items_of(
        r#"{"wifi":{"mac":"3c:5a:b4:01:02:03","ssid":"Werkstatt"}}"#,
        &["mac-"],
    );
    assert_eq!(own, [("mac-address".to_owned(), 1)]);
}

/// Some hexadecimal digits.
fn hash_of(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!(
        "{:016x}{:016x}",
        hasher.finish(),
        hasher.finish().rotate_left(21)
    )
}

/// A list of contacts without a name at the top of a document that is no text.
#[test]
fn contacts_at_the_top_of_packed_documents_are_a_list() {
    let people = [
        ("Anna Beispiel", "+4930901820"),
        ("Ben Muster", "+4940428280"),
        ("Cem Vorlage", "+492212210"),
    ];
    let records: Vec<_> = people
        .iter()
        .map(|(name, phone)| serde_json::json!({"name": name, "phone": phone}))
        .collect();
    let numbers: Vec<_> = people.iter().map(|(_, phone)| *phone).collect();
    let documents = [
        (serde_json::json!(records), "contact-name-phone-record"),
        (serde_json::json!(numbers), "contact-phone-list"),
        (serde_json::json!(people), "contact-phone-list"),
    ];
    for (document, rule) in &documents {
        let mut cbor = Vec::new();
        ciborium::into_writer(document, &mut cbor).unwrap();
        let packed = rmp_serde::to_vec_named(document).unwrap();
        for (kind, body) in [
            ("application/cbor", cbor.clone()),
            ("application/msgpack", packed.clone()),
            ("application/octet-stream", cbor),
            ("application/octet-stream", packed),
        ] {
            let headers = [("Content-Type", kind)];
            let sent = observation::post("collector.example", "/v1/q", &headers, body, false);
            let found = found(&[sent]);
            assert!(has(&found, rule, 3), "{kind} {document}: {found:?}");
        }
    }
}

#[test]
fn merging_tallies_in_any_order_gives_the_same() {
    let parts: Vec<Tally> = (0..20)
        .map(|number| tally(&[post("/v1/contacts", "application/json", &format!(r#"{{"contact":{{"number":"+49309018{number:02}"}},"lat":52.5{number},"lon":13.4}}"#))]))
        .collect();
    let mut forwards = Tally::default();
    let mut backwards = Tally::default();
    for (part, mirrored) in parts.iter().zip(parts.iter().rev()) {
        forwards.merge(part.clone());
        backwards.merge(mirrored.clone());
    }
    assert_eq!(forwards, backwards);
}

/// A message of protobuf with a text and one field of bytes.
fn with_bytes(bytes: &[u8]) -> Vec<(String, u64, u64)> {
    let length = u8::try_from(bytes.len()).unwrap();
    let body = [&[0x0a, 3], b"abc".as_slice(), &[0x12, length], bytes].concat();
    let headers = [("Content-Type", "application/x-protobuf")];
    let host = "collector.example";
    found(&[observation::post(
        host,
        "/contacts/sync",
        &headers,
        body,
        false,
    )])
}

#[test]
fn packed_fields_of_protobuf_are_lists_of_numbers() {
    let numbers = [
        4_930_901_820_u64,
        4_940_428_280,
        498_923_300,
        492_212_210,
        12_128_036_130,
    ];
    let groups = numbers.map(protobuf::varint).concat();
    let eights: Vec<u8> = numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
    for packed in [&groups, &eights] {
        assert_eq!(
            with_bytes(packed),
            [("contact-phone-list".to_owned(), 5, 5)]
        );
    }
    let random: Vec<u8> = (1..=70_u8).map(|it| it.wrapping_mul(0x9d)).collect();
    assert_eq!(with_bytes(&random), []);
}

/// What the auditor knows goes before what a name says.
#[test]
fn the_number_of_a_known_contact_is_not_the_owners() {
    let rules = Rules::embedded();
    let message = post(
        "/v1/e",
        "application/json",
        r#"{"phone": "+49 30 901820", "email": "Erika@muster.example"}"#,
    );
    let found = |values: Vec<KnownValue>| {
        let mut tally = Tally::default();
        let device = detect::Device {
            rules: &rules,
            dossier: &Dossier::default(),
            known: &Index::new(values, &[], &rules, 1),
        };
        let decoded = payload::decode(&message.sighting.event);
        detect::inspect(&message, &decoded, device, &mut tally);
        let own = tally
            .findings
            .keys()
            .filter(|key| key.rule.starts_with("own-"));
        own.map(|key| (key.rule.to_string(), key.grade))
            .collect::<Vec<_>>()
    };
    let contact = |kind, text| KnownValue::of_contact(kind, text);
    let both = vec![
        contact(KnownKind::Phone, "+4930901820"),
        contact(KnownKind::Email, "erika@muster.example"),
    ];
    assert_eq!(found(both.clone()), []);
    let named = |grade| ["own-email", "own-msisdn"].map(|rule| (rule.to_owned(), grade));
    assert_eq!(found(Vec::new()), named(Grade::Decoded));
    // Who is on both lists is the owner.
    let own = vec![
        KnownValue::own(KnownKind::Phone, "+4930901820"),
        KnownValue::own(KnownKind::Email, "erika@muster.example"),
    ];
    let found = found([both, own].concat());
    assert!(named(Grade::Decoded).iter().all(|it| found.contains(it)));
}
