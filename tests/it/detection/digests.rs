//! Lists of digests: those of people, and those of everything else that is hashed.

use super::{grades, hash_of, post};
use crate::forge::observation;
use phonehome::model::Grade;

const RULE: &str = "contact-hash-list";

fn digests(count: u32) -> Vec<String> {
    (0..count)
        .map(|number| hash_of(&format!("+49151210033{number:02}")))
        .collect()
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
            format!(r#"{{"{one}":"{digest}","{other}":"{}"}}"#, hash_of(digest))
        });
        objects.collect::<Vec<_>>().join(",")
    };
    for (path, body) in [
        ("/v1/x", format!(r#"{{"hashes":{list}}}"#)),
        ("/v1/x", format!(r#"{{"users":{list}}}"#)),
        ("/match", format!(r#"{{"h":{list}}}"#)),
        (
            "/match",
            format!(r#"{{"users":[{}]}}"#, objects(["e", "p"])),
        ),
        (
            "/v1/x",
            format!(r#"{{"rows":[{}]}}"#, objects(["email", "phone"])),
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
        let form = post("/find", "application/x-www-form-urlencoded", &body);
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
        .flat_map(|digest| [vec![0x0a, 16], bytes(digest)].concat())
        .collect();
    let headers = [("Content-Type", "application/x-protobuf")];
    let sent = |path: &str| {
        let sent = observation::post("collector.example", path, &headers, message.clone(), false);
        grades(sent, RULE)
    };
    assert_eq!(sent("/x.Discovery/Match"), [Grade::Shape]);
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
