//! What detectors conclude from whole messages, through the real chain of decoding and detection.

mod digests;
mod hardware;
mod lists;
mod places;

use phonehome::detect::known::Index;
use phonehome::model::{
    Dossier, Event, Grade, KnownKind, KnownValue, Message, Observation, Tally, Timestamp,
};
use phonehome::rules::Rules;
use phonehome::{detect, payload};

use crate::forge::observation;

/// A clear-text POST to an invented server.
fn post(path: &str, content_type: &str, body: &str) -> Observation {
    let headers = [("Content-Type", content_type)];
    let body = body.as_bytes().to_vec();
    observation::post("collector.example", path, &headers, body, false)
}

fn tally(observations: &[Observation]) -> Tally {
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
                known: &Index::default(),
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

#[test]
fn words_and_sizes_are_no_positions() {
    for body in [
        r#"{"route":"HOME","track":"SETTINGS"}"#,
        r#"{"stats":{"latest":4500000,"longest":8600000}}"#,
        r#"{"lat":12000,"long":15000}"#,
    ] {
        assert_eq!(json("/state", body), [], "{body}");
    }
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

#[test]
fn identities_of_networks_and_rooms_are_no_address_book() {
    for domain in [
        "ims.mnc001.mcc262.3gppnetwork.org",
        "nai.epc.mnc001.mcc262.pub.3gppnetwork.org",
        "conference.chat.example",
    ] {
        for (path, name) in [("/v1/registration", "user"), ("/v1/contacts/sync", "email")] {
            let one = |n: u32| {
                let body = format!(r#"{{"{name}":"26201123456789{n}@{domain}"}}"#);
                (path.to_owned(), body)
            };
            assert_eq!(contacts(&[1, 2, 3, 4].map(one)), [], "{domain} {path}");
            let all = [1, 2, 3, 4].map(|n| format!(r#""26201123456789{n}@{domain}""#));
            let list = (
                path.to_owned(),
                format!(r#"{{"{name}":[{}]}}"#, all.join(",")),
            );
            assert_eq!(contacts(&[list]), [], "{domain} {path}");
        }
    }
}

/// What is the same on all phones links nobody, at however many recipients it is.
#[test]
fn keys_and_builds_of_an_app_are_no_lasting_ids() {
    for name in [
        "api_key",
        "app_id",
        "appId",
        "client_id",
        "build_id",
        "commit",
        "etag",
        "project_id",
        "sdk_key",
        "write_key",
        "public_token",
        "client_token",
        "tenant",
        "tenant_id",
        "x-api-key",
        "application_id",
        "asset_hash",
        "build_hash",
        "workspace_id",
        "organization_id",
        "team_id",
        "vid",
        "cid",
        "gid",
        "app_build_id",
        "x_client_id",
    ] {
        for value in [
            "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
            "a3f1c29b7e045d86a3f1c29b7e045d17",
            "a3f1c29b7e045d86a3f1c29b7e045d86a3f1c29b",
            "a3f1c29b7e045d86",
        ] {
            let body = format!(r#"{{"{name}":"{value}","ts":1791187200}}"#);
            assert_eq!(json("/v1/event", &body), [], "{name} {value}");
            let query = format!("/v1/event?{name}={value}");
            assert_eq!(json(&query, "{}"), [], "{name} {value}");
        }
    }
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

#[test]
fn the_precision_of_a_position_is_that_of_its_coarser_half() {
    let tally = tally(&[post(
        "/p",
        "application/json",
        r#"{"lat":52.52,"lon":13.404954}"#,
    )]);
    let precision: Vec<_> = tally
        .findings
        .iter()
        .filter(|(key, _)| &*key.rule == "coordinates")
        .map(|(_, occurrences)| occurrences.precision_metres)
        .collect();
    assert_eq!(precision, [Some(1110)]);
}

#[test]
fn the_precision_of_minutes_and_seconds_is_that_of_their_last_digit() {
    for (body, metres) in [
        (r#"{"where":"52°31'12\"N 13°24'17\"E"}"#, 31),
        (r#"{"where":"52°31'12.0\"N 13°24'17.0\"E"}"#, 3),
        (r#"{"where":"52°31'N 13°24'E"}"#, 1855),
        (r#"{"latitude":"-33:52:07","longitude":"151:12:33.48"}"#, 31),
        (r#"{"latitude":"52.52","longitude":"13°24'17\"E"}"#, 1110),
    ] {
        let tally = tally(&[post("/p", "application/json", body)]);
        let mut found = tally.findings.iter();
        let precision = found
            .find(|(key, _)| &*key.rule == "coordinates")
            .and_then(|(_, occurrences)| occurrences.precision_metres);
        assert_eq!(precision, Some(metres), "{body}");
    }
}

#[test]
fn positions_are_found_in_queries_pairs_and_geojson() {
    for target in ["/p?lat=52.5200&lon=13.4050", "/p?ll=52.5200,13.4050"] {
        assert!(
            found(&[post(target, "text/plain", "")])
                .iter()
                .any(|(rule, ..)| rule == "coordinates"),
            "{target}"
        );
    }
    assert!(
        json(
            "/p",
            r#"{"geometry":{"type":"Point","coordinates":[13.4050,52.5200]}}"#
        )
        .iter()
        .any(|(rule, ..)| rule == "coordinates")
    );
    assert!(
        !json("/p", r#"{"lat":0.0,"lon":0.0}"#)
            .iter()
            .any(|(rule, ..)| rule == "coordinates")
    );
    assert!(
        !json("/p", r#"{"platform":5.5,"belong":7.5}"#)
            .iter()
            .any(|(rule, ..)| rule == "coordinates")
    );
}

/// Findings of a rule by grade.
fn grades(observation: Observation, rule: &str) -> Vec<Grade> {
    let tally = tally(&[observation]);
    let of_rule = tally.findings.keys().filter(|key| &*key.rule == rule);
    of_rule.map(|key| key.grade).collect()
}

#[test]
fn two_numbers_are_a_position_where_something_says_so() {
    let graded = |body: &str| grades(post("/p", "application/json", body), "coordinates");
    for body in [
        r#"{"gps":"52.5200,13.4050"}"#,
        r#"{"geo":{"v":"52.5200,13.4050"}}"#,
        r#"{"v":"52.5200,13.4050","accuracy":12.5}"#,
        r#"{"sensors":{"location":"52.5200,13.4050"}}"#,
        r#"{"position":[52.5200,13.4050]}"#,
        r#"{"near":"52.52,13.40"}"#,
    ] {
        assert_eq!(graded(body), [Grade::Decoded], "{body}");
    }
    assert_eq!(graded(r#"{"v":"52.5200,13.4050"}"#), [Grade::Shape]);
    for body in [
        r#"{"accel":"0.1234,9.8123"}"#,
        r#"{"accel":[0.1234,9.8123]}"#,
        r#"{"sensors":{"gyroscope":{"v":"1.2345 -2.3456"}}}"#,
        r#"{"aspect_ratio":"1.7778,2.1654"}"#,
        r#"{"touch":{"position":[120.5,33.25]}}"#,
        r#"{"position":[0.2512,0.7512]}"#,
        r#"{"center":[120.5,33.25]}"#,
        r#"{"bbox":{"center":"12.3456,45.6789"}}"#,
    ] {
        assert_eq!(graded(body), [], "{body}");
    }
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
    let query = format!("/v1/discover?{}", digests.join("&"));
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
        ("/v1/discovery", &*tokens),
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

#[test]
fn positions_are_found_as_many_apps_write_them() {
    for body in [
        r#"{"breitengrad":"52,520008","laengengrad":"13,404954"}"#,
        r#"{"coords":{"latitude":{"value":"52.520008"},"longitude":{"value":"13.404954"}}}"#,
        r#"{"locationInfo":"52.520008|13.404954|15.0"}"#,
        r#"{"lat":"52.520008N","lon":"13.404954E"}"#,
        r#"{"lat":"S52.520008","lon":"W13.404954"}"#,
        r#"{"lat":"52.520008°","lon":"13.404954°"}"#,
        r#"{"GPSLatitude":"52, 31, 12.03","GPSLongitude":"13, 24, 17.83"}"#,
        r#"{"loc":"<+52.520008,+13.404954> +/- 5.00m (speed -1.00 mps / course -1.00)"}"#,
        r#"{"l":"Location[fused 52.520008,13.404954 hAcc=12.0]"}"#,
        r#"{"gps":"52,520008,13,404954"}"#,
        r#"{"gps":"52,520008 13,404954"}"#,
        r#"{"track":[["52.520008","13.404954",1],["52.521008","13.404954",2]]}"#,
        r#"{"fixes":[{"t":1,"la":52.520008,"lo":13.404954}]}"#,
    ] {
        let found = grades(post("/p", "application/json", body), "coordinates");
        assert_eq!(found, [Grade::Decoded], "{body}");
    }
    for body in ["loc=+16.4675-100.9254/", "loc=+52.5200+013.4050/"] {
        let kind = "application/x-www-form-urlencoded";
        let found = grades(post("/p", kind, body), "coordinates");
        assert_eq!(found, [Grade::Decoded], "{body}");
    }
    let headers = [("X-Latitude", "52.520008"), ("X-Longitude", "13.404954")];
    let sent = observation::post("collector.example", "/p", &headers, Vec::new(), false);
    assert_eq!(grades(sent, "coordinates"), [Grade::Decoded]);
    for body in [
        r#"{"anchor":"0.5000,0.5000","pivot":"12.5000,24.7500"}"#,
        r#"{"p":"50.0000 95.0000"}"#,
        r#"{"fx":"1.0945,0.8533"}"#,
        r#"{"tilt":"12.3456,45.1234"}"#,
        r#"{"positions":[12.3456,45.1234,7.1234,22.3456,15.1234,9.1234]}"#,
        r#"{"acc":"0.1234,9.8123,0.4321"}"#,
        r#"{"fx":"1234,5678,9012"}"#,
        r#"{"la":12,"lo":15}"#,
    ] {
        let found = grades(post("/p", "application/json", body), "coordinates");
        assert_eq!(found, [], "{body}");
    }
}

/// Positions of one message, as the pieces of evidence have them.
fn positions(observation: Observation) -> Vec<String> {
    let tally = tally(&[observation]);
    let mut found = tally
        .findings
        .iter()
        .filter(|(key, _)| &*key.rule == "coordinates");
    let evidence = found
        .by_ref()
        .flat_map(|(_, occurrences)| &occurrences.evidence);
    let values = evidence.filter_map(|piece| piece.value.as_ref());
    values.map(|value| value.reveal().to_owned()).collect()
}

#[test]
fn the_order_of_coordinates_is_that_of_the_name() {
    let body = |name: &str| format!(r#"{{"{name}":[52.520008,13.404954]}}"#);
    for name in ["latlng", "track", "waypoints"] {
        let found = positions(post("/p", "application/json", &body(name)));
        assert_eq!(found, ["52.520008,13.404954"], "{name}");
    }
    for name in ["coordinates", "lnglat", "center", "location", "geopoint"] {
        let found = positions(post("/p", "application/json", &body(name)));
        assert_eq!(found, ["13.404954,52.520008"], "{name}");
    }
    let kml = "<kml><Placemark><LineString><coordinates>13.404954,52.520008,34 13.405954,52.521008,34</coordinates></LineString></Placemark></kml>";
    let found = positions(post("/p", "application/vnd.google-earth.kml+xml", kml));
    assert_eq!(found, ["52.520008,13.404954", "52.521008,13.405954"]);
}

#[test]
fn positions_in_columns_and_rows_with_times_are_each_found() {
    for body in [
        r#"{"lats":[52.520008,52.521008],"lons":[13.404954,13.405954]}"#,
        r#"{"latitude":[52.520008,52.521008],"longitude":[13.404954,13.405954]}"#,
        r#"{"track":[[1772438400,52.520008,13.404954],[1772438430,52.521008,13.405954]]}"#,
        r#"{"latitude":"52.520008,52.521008","longitude":"13.404954,13.405954"}"#,
    ] {
        let found = positions(post("/p", "application/json", body));
        assert_eq!(
            found,
            ["52.520008,13.404954", "52.521008,13.405954"],
            "{body}"
        );
    }
    let picture = r#"{"GPSLatitude":[52,30,36],"GPSLongitude":[13,15,36]}"#;
    assert_eq!(
        positions(post("/p", "application/json", picture)),
        ["52.51,13.26"]
    );
    let uneven = r#"{"lats":[52.520008,52.521008],"lons":[13.404954]}"#;
    assert_eq!(positions(post("/p", "application/json", uneven)), [""; 0]);
}

#[test]
fn positions_are_found_in_paths_and_planes() {
    let path = |path: &str| {
        grades(
            observation::post("collector.example", path, &[], Vec::new(), false),
            "coordinates",
        )
    };
    assert_eq!(path("/v1/forecast/52.5163/13.3777"), [Grade::Decoded]);
    assert_eq!(
        path("/route/13.37771,52.51632;13.41053,52.52437"),
        [Grade::Shape]
    );
    assert_eq!(path("/places/13.37771,52.51632.json"), [Grade::Shape]);
    for version in [
        "/v1.2/3.4",
        "/sdk/12.1000/13.2000",
        "/a/1.2345/0.1234",
        "/doi/10.1038/37.5512",
        "/statement/11.2026/12.2026",
        "/quotes/48.1250/48.1310",
    ] {
        assert_eq!(path(version), [], "{version}");
    }
    for (body, grades_of) in [
        (
            r#"{"cCrd":{"x":13377710,"y":52516320}}"#,
            &[Grade::Decoded][..],
        ),
        (
            r#"{"geometry":{"x":13.37771,"y":52.51632,"wkid":4326}}"#,
            &[Grade::Decoded],
        ),
        (r#"{"coord":{"x":13.37771,"y":52.51632,"z":4.2}}"#, &[]),
        (r#"{"touch":{"x":13.37771,"y":52.51632}}"#, &[]),
        (r#"{"geometry":{"x":113.5,"y":52.25}}"#, &[]),
        (r#"{"location":{"x":123.333333,"y":45.666667}}"#, &[]),
        (r#"{"shape":"kkChniTaVW"}"#, &[]),
        (
            r#"{"positions":[["AAPL",48.1234,52.3311],["SAP",12.1234,22.3311]]}"#,
            &[],
        ),
        (
            r#"{"track":[[200,23.1234,45.1234],[216,23.2345,45.2345]]}"#,
            &[],
        ),
    ] {
        let found = grades(post("/p", "application/json", body), "coordinates");
        assert_eq!(found, grades_of, "{body}");
    }
}

#[test]
fn neighbours_in_a_protobuf_are_a_position_where_the_request_is_about_one() {
    let fixed =
        |number: u8, value: f64| [vec![number << 3 | 1], value.to_le_bytes().to_vec()].concat();
    let message = [fixed(1, 52.520_008), fixed(2, 13.404_954)].concat();
    let headers = [("Content-Type", "application/x-protobuf")];
    let sent = |path: &str, message: &[u8]| {
        let sent = observation::post("collector.example", path, &headers, message.to_vec(), false);
        positions(sent)
    };
    assert_eq!(sent("/v1/location", &message), ["52.520008,13.404954"]);
    for other in [
        "/v1/metrics",
        "/v1/allocation",
        "/fonts/georgia",
        "/location/metrics",
    ] {
        assert_eq!(sent(other, &message), [""; 0], "{other}");
    }
    let apart = [fixed(1, 52.520_008), fixed(4, 13.404_954)].concat();
    assert_eq!(sent("/v1/location", &apart), [""; 0]);
}

/// From 100° east on, ten millionths of a degree are as long as Unix times.
#[test]
fn longitudes_of_the_far_east_are_no_times_and_times_no_longitudes() {
    let varint = |number: u8, mut value: u64| {
        let mut bytes = vec![number << 3];
        while value >= 128 {
            bytes.push(u8::try_from(value & 127).unwrap() | 128);
            value >>= 7;
        }
        bytes.push(u8::try_from(value).unwrap());
        bytes
    };
    let fixed =
        |number: u8, value: u32| [vec![number << 3 | 5], value.to_le_bytes().to_vec()].concat();
    let headers = [("Content-Type", "application/x-protobuf")];
    let sent = |message: Vec<u8>| {
        let path = "/v1/location";
        let mut sent = observation::post("collector.example", path, &headers, message, false);
        sent.sighting.origin.time = Timestamp::from_parts(1_790_000_000, 0);
        positions(sent)
    };
    let tokyo = ["35.6812345,139.7671248"];
    assert_eq!(
        sent([varint(1, 356_812_345), varint(2, 1_397_671_248)].concat()),
        tokyo
    );
    assert_eq!(
        sent([fixed(1, 356_812_345), fixed(2, 1_397_671_248)].concat()),
        tokyo
    );
    for (count, time) in [
        (356_812_345, 1_789_999_000),   // a counter, now
        (52_437_191, 1_768_000_123),    // bytes of a file, of this year
        (52_428_800, 1_397_671_248),    // whole pages, of some years ago
        (25_000_000, 1_397_671_248),    // a round count
        (1_397_671_248, 1_397_671_250), // begin and end
        (17, 1_397_671_248),
    ] {
        let message = [varint(1, count), varint(2, time)].concat();
        assert_eq!(sent(message), [""; 0], "{count} {time}");
    }
    let apart = [varint(1, 356_812_345), varint(3, 1_397_671_248)].concat();
    assert_eq!(sent(apart), [""; 0]);
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
fn kinds_of_documents_are_no_names_of_their_ids() {
    for body in [
        r#"{"type":"product","id":"4711"}"#,
        r#"{"type":"religion","id":"7"}"#,
        r#"{"type":"phone","id":"33458333730"}"#,
        r#"{"type":"city","id":"4021"}"#,
    ] {
        assert_eq!(items_of(body, &[""]), [], "{body}");
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

#[test]
fn a_segment_behind_devices_may_be_their_number() {
    let path = |path: &str| {
        let sent = observation::post("collector.example", path, &[], Vec::new(), false);
        grades(sent, "hardware-id")
    };
    assert_eq!(path("/v1/devices/490154203237518/state"), [Grade::Decoded]);
    for other in [
        "/v1/devices/490154203237519/state",
        "/v1/orders/490154203237518",
    ] {
        assert_eq!(path(other), [], "{other}");
    }
}

#[test]
fn an_identifier_is_the_same_however_it_is_spelled() {
    for (name, one, other) in [
        (
            "gaid",
            "3f2b8c1e-5a47-4d09-9e6b-7c1d20f4a8b3",
            "3F2B8C1E-5A47-4D09-9E6B-7C1D20F4A8B3",
        ),
        ("email", "Anna@Post.example", "anna@post.example"),
        ("phone", "+493023125111", "493023125111"),
        ("wifi_mac", "3c:5a:b4:01:02:03", "3C5AB4010203"),
        ("imei", "490154203237518", "49-015420-323751-8"),
    ] {
        let bodies = [one, other].map(|value| {
            post(
                "/v1/e",
                "application/json",
                &format!(r#"{{"{name}":"{value}"}}"#),
            )
        });
        let distinct: Vec<u64> = found(&bodies)
            .into_iter()
            .map(|(.., distinct)| distinct)
            .collect();
        let is_one = distinct.iter().all(|distinct| *distinct == 1);
        assert!(is_one && !distinct.is_empty(), "{name}: {distinct:?}");
    }
}

#[test]
fn identifiers_are_found_with_any_separators() {
    for (body, rule) in [
        (r#"{"deviceImei":"49-015420-323751-8"}"#, "hardware-id"),
        (r#"{"IMEI1":"490154 20 323751 8"}"#, "hardware-id"),
        (r#"{"geraeteImei":"490154203237518"}"#, "hardware-id"),
        (r#"{"mac":"0200.5e10.0001"}"#, "mac-address"),
        (
            r#"{"idfa":"384000008cf041bdb23e10b96e40000d"}"#,
            "advertising-id",
        ),
        (
            r#"{"adId":"{38400000-8cf0-41bd-b23e-10b96e40000d}"}"#,
            "advertising-id",
        ),
        (
            r#"{"idForVendor":"38400000-8CF0-41BD-B23E-10B96E40000D"}"#,
            "vendor-scoped-id",
        ),
        (r#"{"wlanName":"Nordlicht Lager"}"#, "wifi-ssid"),
        (r#"{"imsi":"262 02 8955597971"}"#, "sim-id"),
        (r#"{"mac":"02_00_5e_10_00_01"}"#, "mac-address"),
        (r#"{"ether":"02:00:5e:10:00:01"}"#, "mac-address"),
        (r#"{"cgi":"262-02-5126-26177"}"#, "cell-tower"),
        (
            r#"{"mcc":262,"mnc":2,"tac":1234,"nci":26177303123}"#,
            "cell-tower",
        ),
        (
            r#"{"bssid_list":["3c:84:6a:1e:6f:93","3c:84:6a:00:11:22"]}"#,
            "wifi-bssid",
        ),
    ] {
        let found = grades(post("/p", "application/json", body), rule);
        assert_eq!(found, [Grade::Decoded], "{body}");
    }
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
fn a_zeroed_advertising_id_is_an_opt_out_honoured() {
    let tally = tally(&[post(
        "/e",
        "application/json",
        r#"{"advertising_id":"00000000-0000-0000-0000-000000000000"}"#,
    )]);
    let opted_out: Vec<_> = tally
        .findings
        .keys()
        .filter(|key| &*key.rule == "advertising-id")
        .map(|key| key.is_opted_out)
        .collect();
    assert_eq!(opted_out, [true]);
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

/// A message of a protocol other than HTTP.
fn message(
    protocol: &'static str,
    kind: &str,
    is_protected: bool,
    from_client: bool,
    fields: &[(&str, &str)],
) -> Vec<(String, u64, u64)> {
    let mut observation = post("/", "", "");
    observation.sighting.event = Event::Message(Message {
        protocol,
        kind: kind.to_owned(),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        from_client,
        is_protected,
        ..Message::default()
    });
    found(&[observation])
}

/// Whether a rule is among the findings, with so many items.
fn has(found: &[(String, u64, u64)], rule: &str, items: u64) -> bool {
    found
        .iter()
        .any(|(known, most, _)| known == rule && *most == items)
}

const ROSTER: &[(&str, &str)] = &[
    ("type", "result"),
    ("query.xmlns", "jabber:iq:roster"),
    ("query.item.jid", "otto@chat.example"),
    ("query.item.name", "Otto"),
    ("query.item.jid", "ida@chat.example"),
    ("query.item.name", "Ida"),
    ("query.item.group", "Work"),
];

#[test]
fn a_roster_is_a_contact_list_also_inside_tls() {
    for is_protected in [false, true] {
        let found = message("xmpp", "iq", is_protected, false, ROSTER);
        assert!(has(&found, "contact-roster", 2), "{found:?}");
    }
}

#[test]
fn who_writes_to_whom_is_metadata_and_an_unprotected_text_content() {
    let fields = [
        ("from", "erika@chat.example/phone"),
        ("to", "otto@chat.example"),
        ("body", "Treffen um neun?"),
        ("encryption", "none"),
    ];
    let clear = message("xmpp", "message", false, false, &fields);
    assert!(has(&clear, "xmpp-jid", 2), "{clear:?}");
    assert!(has(&clear, "message-content-cleartext", 1), "{clear:?}");
    let inside_tls = message("xmpp", "message", true, true, &fields);
    assert!(has(&inside_tls, "xmpp-jid", 2), "{inside_tls:?}");
    assert!(
        has(&inside_tls, "message-content-visible", 1),
        "{inside_tls:?}"
    );
    assert!(
        !has(&inside_tls, "message-content-cleartext", 1),
        "{inside_tls:?}"
    );
}

#[test]
fn what_is_encrypted_from_end_to_end_is_a_safeguard_and_no_content() {
    for (encryption, rule, text) in [
        ("omemo", "omemo-marker", "Your client cannot read this"),
        ("openpgp", "openpgp-marker", "Encrypted"),
        ("otr", "otr-marker", "?OTR:AAMDJ+MVmSfjFZcAAAAAAQAAAAI=."),
    ] {
        for is_protected in [false, true] {
            let fields = [
                ("to", "otto@chat.example"),
                ("payload", text),
                ("encryption", encryption),
            ];
            let found = message("xmpp", "message", is_protected, true, &fields);
            assert!(has(&found, rule, 1), "{found:?}");
            assert!(
                found
                    .iter()
                    .all(|(rule, ..)| !rule.starts_with("message-content")),
                "{found:?}"
            );
        }
    }
}

#[test]
fn servers_and_rooms_without_people_are_nobody() {
    let fields = [("from", "chat.example"), ("to", "erika@chat.example")];
    let found = message("xmpp", "presence", true, false, &fields);
    assert!(has(&found, "xmpp-jid", 1), "{found:?}");
    let found = message(
        "xmpp",
        "iq",
        true,
        true,
        &[("to", "chat.example"), ("type", "get")],
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn cards_positions_pushes_and_devices_of_xmpp_are_found() {
    let card = [
        ("type", "set"),
        ("vcard.xmlns", "vcard-temp"),
        ("vcard.fn", "Erika Muster"),
        ("vcard.tel.number", "+49 30 901820"),
    ];
    let found = message("xmpp", "iq", true, true, &card);
    assert!(has(&found, "profile-published", 2), "{found:?}");
    let fetched = [
        ("type", "result"),
        ("from", "otto@chat.example"),
        ("vcard.tel.number", "+49 40 428280"),
    ];
    let found = message("xmpp", "iq", true, false, &fetched);
    assert!(has(&found, "contact-vcard", 1), "{found:?}");
    let place = [
        ("type", "set"),
        ("pubsub.publish.node", "http://jabber.org/protocol/geoloc"),
        ("pubsub.publish.item.geoloc.lat", "52.520008"),
        ("pubsub.publish.item.geoloc.lon", "13.404954"),
    ];
    let found = message("xmpp", "iq", true, true, &place);
    assert!(has(&found, "coordinates", 1), "{found:?}");
    let push = [
        ("type", "set"),
        ("enable.xmlns", "urn:xmpp:push:0"),
        ("enable.jid", "push.chat.example"),
        ("enable.node", "yxs32uqsflafdk3iuqo"),
    ];
    let found = message("xmpp", "iq", true, true, &push);
    assert!(has(&found, "push-token", 1), "{found:?}");
    let agent = [("software", "Chat"), ("device-model", "Pixel 8")];
    let found = message("xmpp", "user-agent", true, true, &agent);
    assert!(has(&found, "device-model", 1), "{found:?}");
}

#[test]
fn calls_and_mail_say_who_with_whom() {
    let invite = [
        ("from", "\"Erika\" <sip:erika@a.example>;tag=1"),
        ("from.uri", "sip:erika@a.example"),
        ("to.uri", "tel:+4930901820"),
    ];
    let found = message("sip", "INVITE", true, true, &invite);
    assert!(has(&found, "message-metadata-seen", 2), "{found:?}");
    let mail = [
        ("from", "Erika <erika@a.example>"),
        ("to", "o@b.example, i@b.example"),
    ];
    let found = message("imap", "FETCH", true, false, &mail);
    assert!(has(&found, "message-metadata-seen", 3), "{found:?}");
    let relay = [("peer-address", "198.51.100.7"), ("signature", "stun")];
    let found = message("stun", "create-permission-request", false, true, &relay);
    assert!(has(&found, "call-peer", 1), "{found:?}");
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
    let mut groups = Vec::new();
    for mut number in numbers {
        while number > 0x7f {
            groups.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        groups.push(number.to_le_bytes()[0]);
    }
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
