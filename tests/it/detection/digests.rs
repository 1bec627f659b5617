//! Lists of digests: those of people, and those of everything else that is hashed.

use super::{found, grades, hash_of, post};
use crate::forge::observation;
use phonehome::model::Grade;

const RULE: &str = "contact-hash-list";

fn digests(count: u32) -> Vec<String> {
    (0..count)
        .map(|number| digest(&format!("+49151210033{number:02}")))
        .collect()
}

/// As long as SHA-256.
fn digest(text: &str) -> String {
    [hash_of(text), hash_of(&text.to_uppercase().repeat(2))].concat()
}

fn of(path: &str, body: &str) -> Vec<Grade> {
    grades(post(path, "application/json", body), RULE)
}

#[test]
fn many_digests_are_of_people_where_something_says_so() {
    let list = serde_json::to_string(&digests(12)).unwrap();
    let objects = |names: [&str; 2]| -> String {
        let pairs = digests(12);
        let objects = pairs.iter().map(|digest| {
            let (one, other) = (names[0], names[1]);
            format!(
                r#"{{"{one}":"{digest}","{other}":"{}"}}"#,
                self::digest(digest)
            )
        });
        objects.collect::<Vec<_>>().join(",")
    };
    for (path, body) in [
        ("/find", format!(r#"{{"users":{list}}}"#)),
        ("/v1/x", format!(r#"{{"friends":{{"hashes":{list}}}}}"#)),
        ("/users/match", format!(r#"{{"hashes":{list}}}"#)),
        (
            "/match",
            format!(r#"{{"users":[{}]}}"#, objects(["e", "p"])),
        ),
        (
            "/v1/x",
            format!(r#"{{"rows":[{}]}}"#, objects(["email", "phone"])),
        ),
        (
            "/v1/x",
            format!(r#"{{"emails":[{}]}}"#, objects(["hash", "sha256"])),
        ),
    ] {
        assert_eq!(of(path, &body), [Grade::Shape], "{path} {body}");
    }
    let form: Vec<String> = digests(12)
        .iter()
        .map(|digest| format!("hash[]={digest}"))
        .collect();
    let joined = format!("hashes={}", digests(12).join(","));
    for body in [form.join("&"), joined] {
        let form = post("/people/find", "application/x-www-form-urlencoded", &body);
        assert_eq!(grades(form, RULE), [Grade::Shape], "{body}");
    }
    let told = of("/v1/contacts/sync", &format!(r#"{{"contacts":{list}}}"#));
    assert_eq!(told, [Grade::Decoded]);
}

#[test]
fn digests_in_the_bytes_of_a_protobuf_are_of_people_where_the_request_looks_people_up() {
    let bytes = |digest: &String| -> Vec<u8> {
        let pairs = digest.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        pairs.map(byte).collect()
    };
    let message: Vec<u8> = digests(12)
        .iter()
        .flat_map(|digest| [vec![0x0a, 32], bytes(digest)].concat())
        .collect();
    let headers = [("Content-Type", "application/x-protobuf")];
    let sent = |path: &str| {
        let sent = observation::post("collector.example", path, &headers, message.clone(), false);
        grades(sent, RULE)
    };
    assert_eq!(sent("/x.People/Match"), [Grade::Shape]);
    assert_eq!(sent("/v2/discovery"), [Grade::Shape]);
    assert_eq!(sent("/x.Discovery/Match"), []);
    assert_eq!(sent("/x.Files/Chunks"), []);
    assert_eq!(sent("/v1/x"), []);
}

#[test]
fn digests_of_files_code_and_pictures_are_none_of_people() {
    let each = |object: &dyn Fn(u32, &str) -> String| -> String {
        let objects = (0_u32..).zip(digests(12));
        let objects = objects.map(|(number, digest)| object(number, &digest));
        objects.collect::<Vec<_>>().join(",")
    };
    let list = serde_json::to_string(&digests(12)).unwrap();
    let files = each(&|at, digest| format!(r#"{{"name":"a{at}.jpg","hash":"{digest}"}}"#));
    let sized = each(&|at, digest| format!(r#"{{"hash":"{digest}","size":{at}}}"#));
    let built = each(&|at, digest| format!(r#""js/{at}.chunk.js":"{digest}""#));
    let uuids: Vec<String> = (10..22)
        .map(|at| format!("{at}b8f0104b6a4c1d8a3f2c5d6e7f80{at}"))
        .collect();
    let uuids = serde_json::to_string(&uuids).unwrap();
    for (path, body) in [
        ("/contacts/avatars", format!(r#"{{"files":[{files}]}}"#)),
        ("/contacts/avatars", format!(r#"{{"rows":[{files}]}}"#)),
        ("/friends/feed", format!(r#"{{"avatars":{list}}}"#)),
        ("/friends/feed", format!(r#"{{"media":[{sized}]}}"#)),
        ("/v1/x", format!(r#"{{"rows":[{sized}]}}"#)),
        ("/objects/batch", format!(r#"{{"objects":[{sized}]}}"#)),
        ("/bundle", format!(r#"{{"manifest":{{{built}}}}}"#)),
        (
            "/rpc",
            format!(r#"{{"method":"getblocks","params":[{list}]}}"#),
        ),
        ("/v1/x", format!(r#"{{"pins":{list}}}"#)),
        ("/v1/x", format!(r#"{{"seen_ads":{list}}}"#)),
        ("/v1/x", format!(r#"{{"ids":{list}}}"#)),
        ("/v1/x", format!(r#"{{"d":{list}}}"#)),
        (
            "/v1/x",
            format!(r#"{{"contacts":[{{"photo":{{"hashes":{list}}}}}]}}"#),
        ),
        ("/v1/x", format!(r#"{{"users":{uuids}}}"#)),
    ] {
        assert_eq!(of(path, &body), [], "{path} {body}");
    }
    // too few to be told by that
    let few = serde_json::to_string(&digests(5)).unwrap();
    assert_eq!(of("/v1/x", &format!(r#"{{"hashes":{few}}}"#)), []);
}

#[test]
fn lists_of_ids_and_tokens_are_no_contacts() {
    let cut = |length: usize| -> String {
        let cut = digests(12)
            .into_iter()
            .map(|digest| digest[..length].to_owned());
        serde_json::to_string(&cut.collect::<Vec<_>>()).unwrap()
    };
    // As KSUIDs are: letters up to `z`.
    let in_base62 = cut(27).replace('a', "z").replace('3', "K");
    let (whole, short, sha1) = (cut(64), cut(32), cut(40));
    let rows: Vec<String> = digests(12)
        .iter()
        .map(|digest| format!(r#"{{"k":"{}","n":0}}"#, &digest[..32]))
        .collect();
    for (path, body) in [
        ("/api/search", format!(r#"{{"exclude":{short}}}"#)),
        ("/v1/sync", format!(r#"{{"removed":{short}}}"#)),
        ("/v1/sync", format!(r#"{{"known":{sha1}}}"#)),
        ("/v1/sync", format!("[{}]", rows.join(","))),
        ("/v1/groups", format!(r#"{{"members":{in_base62}}}"#)),
        ("/v1/users/find", format!(r#"{{"users":{in_base62}}}"#)),
        ("/v1/users/find", format!(r#"{{"users":{short}}}"#)),
        ("/v1/hashes:find", format!(r#"{{"hashes":{whole}}}"#)),
        ("/v1/telemetry", format!(r#"{{"tokens":{whole}}}"#)),
        ("/v1/chats", format!(r#"{{"participants":{short}}}"#)),
        ("/v1/discover", format!(r#"{{"seen":{whole}}}"#)),
        ("/v1/events", format!(r#"{{"event_hash":{short}}}"#)),
        ("/v1/x", format!(r#"{{"hashes":{whole}}}"#)),
        ("/v1/x", format!(r#"{{"users":{whole}}}"#)),
        ("/match", format!(r#"{{"h":{whole}}}"#)),
    ] {
        assert_eq!(of(path, &body), [], "{path} {body}");
    }
    let query: Vec<String> = digests(12)
        .iter()
        .map(|digest| format!("f={}", &digest[..32]))
        .collect();
    let form = post(
        "/search",
        "application/x-www-form-urlencoded",
        &query.join("&"),
    );
    assert_eq!(grades(form, RULE), []);
}

#[test]
fn digests_in_paths_and_queries_are_of_people_who_are_looked_up() {
    let asked = |before: &str, behind: &str| -> Vec<u64> {
        let asked = |number: u32| {
            let path = format!("{before}{}{behind}", digest(&number.to_string()));
            observation::post("collector.example", &path, &[], Vec::new(), false)
        };
        let asked: Vec<_> = (0..14).map(asked).collect();
        let hashes = found(&asked).into_iter();
        let hashes = hashes.filter(|(rule, ..)| rule == "contact-hash-list");
        hashes.map(|(.., distinct)| distinct).collect()
    };
    for path in ["/v1/discover/", "/v1/users/hash/", "/v1/users?hash="] {
        assert_eq!(asked(path, ""), [14], "{path}");
    }
    for (before, behind) in [
        ("/v1/files/", ""),
        ("/v1/lookup/", ""),
        ("/v1/packages/hash/", ""),
        ("/v1/discover/images/", ""),
        ("/v1/images/discover/", ""),
        ("/v1/users/", "/avatar"),
        ("/v1/apps?hash=", ""),
    ] {
        assert_eq!(asked(before, behind), [0; 0], "{before}");
    }
}

#[test]
fn tokens_as_discovery_takes_them_are_of_people_and_all_of_them_count() {
    // Ten bytes of digests, of which some have no digit in base64, by chance.
    let tokens = [
        "Rwif2yF+lat55w",
        "/mFOAafz9R9gow",
        "UZJEXThwQsisiQ",
        "cb5gkw9Ik6YkiA",
        "qn2YVR0F+HI3Jw",
        "wJCe1l9PCpZadA",
        "cm0KuuXdJC2FgA",
        "/UW4NcEhRgCSuA",
        "FabFYyGTk7v9OA",
        "wWNJWQ45T0nTIw",
    ];
    let list = serde_json::to_string(&tokens).unwrap();
    let counted = |path: &str, name: &str| {
        let body = format!(r#"{{"{name}":{list}}}"#);
        let found = found(&[post(path, "application/json", &body)]).into_iter();
        let hashes = found.filter(|(rule, ..)| rule == RULE);
        hashes.map(|(_, most, _)| most).collect::<Vec<_>>()
    };
    for (path, name) in [
        ("/v1/contacts/sync", "contacts"),
        ("/v2/discovery", "phones"),
        ("/v2/discovery", "tokens"),
        ("/v2/discovery", "hashes"),
        ("/users/lookup", "hashes"),
        ("/users/lookup", "tokens"),
        ("/v1/directory", "tokens"),
        ("/identity/match", "hashes"),
    ] {
        assert_eq!(counted(path, name), [10], "{path} {name}");
    }
    for (path, name) in [
        ("/v2/discovery", "seen"),
        ("/v2/discovery", "page_token"),
        ("/users/lookup", "ids"),
        ("/account/settings", "tokens"),
        ("/friends/feed", "videos"),
        ("/users/lookup", "users"),
        ("/users/lookup", "photos"),
        ("/v1/files/lookup", "hashes"),
        ("/users/avatars/lookup", "hashes"),
        ("/v1/x", "tokens"),
    ] {
        assert_eq!(counted(path, name), [0; 0], "{path} {name}");
    }
}

#[test]
fn digests_one_by_one_in_bodies_are_of_people_who_are_looked_up() {
    let asked = |path: &str, name: &str| -> Vec<u64> {
        let asked = |number: u32| {
            let body = format!("{name}={}&v=3", digest(&number.to_string()));
            post(path, "application/x-www-form-urlencoded", &body)
        };
        let asked: Vec<_> = (0..14).map(asked).collect();
        let hashes = found(&asked).into_iter();
        let hashes = hashes.filter(|(rule, ..)| rule == RULE);
        hashes.map(|(.., distinct)| distinct).collect()
    };
    for (path, name) in [
        ("/v1/users/exists", "hash"),
        ("/v1/users/exists", "q"),
        ("/v1/users/lookup", "hash"),
        ("/v1/users/by-hash", "sha256"),
        ("/v1/account/check", "hash"),
        ("/v1/discover", "hash"),
    ] {
        assert_eq!(asked(path, name), [14], "{path} {name}");
    }
    for (path, name) in [
        ("/v1/users/login", "hash"),
        ("/v1/users/exists", "signature"),
        ("/v1/files/exists", "hash"),
        ("/v1/users/avatars/exists", "hash"),
    ] {
        assert_eq!(asked(path, name), [0; 0], "{path} {name}");
    }
}

#[test]
fn pictures_by_the_digest_of_an_address_are_of_people() {
    let asked = |host: &str, path: &str| {
        let query = |name: &str| {
            let target = path.replace("DIGEST", &hash_of(name));
            observation::post(host, &target, &[], Vec::new(), false)
        };
        found(&["anna", "ben", "cem"].map(query))
    };
    for (host, path) in [
        ("pictures.example", "/avatar/DIGEST?s=80&d=404"),
        ("secure.gravatar.com", "/avatar/DIGEST"),
    ] {
        assert_eq!(asked(host, path), [(RULE.to_owned(), 1, 3)], "{host}");
    }
    for other in [
        "/avatar/DIGEST?s=80",
        "/avatar/DIGEST?d=1772355600",
        "/avatar/DIGEST?d=200x200",
        "/avatars/7/DIGEST?d=404",
        "/img/DIGEST?d=404",
    ] {
        let found = asked("pictures.example", other);
        assert!(
            found.iter().all(|(rule, ..)| rule != RULE),
            "{other}: {found:?}"
        );
    }
}

#[test]
fn digests_are_of_people_where_a_message_says_that_it_is_for_finding_them() {
    let peers: Vec<String> = digests(12)
        .iter()
        .map(|digest| format!(r#"{{"u":"{digest}"}}"#))
        .collect();
    let body = |kind: &str| format!(r#"{{"peers":[{}],"kind":"{kind}"}}"#, peers.join(","));
    assert_eq!(of("/p", &body("contact_discovery")), [Grade::Decoded]);
    assert_eq!(of("/p", &body("block_announcement")), []);
    let items = format!(
        r#"{{"kind":"contact","items":["{}"]}}"#,
        digests(12).join("\",\"")
    );
    assert_eq!(of("/p", &items), []);
}
