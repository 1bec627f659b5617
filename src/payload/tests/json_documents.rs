//! JSON in bodies: as it should be, and as apps send it.

use super::*;

#[test]
fn json_keeps_numbers_as_sent_and_duplicate_keys() {
    let event = post(
        "application/json",
        "",
        br#"{"lat":52.520008000000001,"id":18446744073709551617,"id":1e400,"on":true,"none":null,"list":["a",{"b":"c"}]}"#,
    );
    assert_eq!(
        body_lines(&event),
        [
            "lat|json|52.520008000000001",
            "id|json|18446744073709551617",
            "id|json|1e400",
            "on|json|true",
            "list[0]|json|a",
            "list[1].b|json|c",
        ]
    );
}

#[test]
fn json_escapes_are_undone() {
    let event = post(
        "application/json",
        "",
        br#"{"text":"a\"b\\c\/d\n\u00fc\ud83d\ude00\ud800x","k\u0065y":"v"}"#,
    );
    assert_eq!(
        body_lines(&event),
        ["text|json|a\"b\\c/d\nü😀\u{fffd}x", "key|json|v"]
    );
}

#[test]
fn escapes_outside_a_document_are_undone() {
    for body in [
        r#"{"v":"erika\\u0040post.example"}"#,
        r#"{"v":"erika&#64;post.example"}"#,
        r#"{"v":"erika&#x40;post.example"}"#,
    ] {
        let decoded = body_lines(&post("application/json", "", body.as_bytes()));
        assert!(
            decoded
                .iter()
                .any(|line| line.contains("erika@post.example")),
            "{body}: {decoded:?}"
        );
    }
}

#[test]
fn json_documents_in_a_row_are_all_read() {
    for body in [
        &b"{\"a\":\"1\"}\n{\"a\":\"2\"}\n"[..],
        b"\x1e{\"a\":\"1\"}\n\x1e{\"a\":\"2\"}\n",
        b"{\"a\":\"1\"}{\"a\":\"2\"}",
        b"\xef\xbb\xbf{\"a\":\"1\"},\r\n{\"a\":\"2\"}",
    ] {
        assert_eq!(
            body_lines(&post("", "", body)),
            ["[0].a|json|1", "[1].a|json|2"],
            "{body:?}"
        );
    }
}

#[test]
fn a_json_document_on_lines_of_its_own_is_one() {
    for body in [
        "[\n{\"a\":\"1\"},\n{\"a\":\"2\"}\n]",
        "{\"a\":\"}{\"}\n",
        "{\"a\":\n{\"b\":\"1\"}\n}\n;",
    ] {
        let lines = body_lines(&post("application/json", "", body.as_bytes()));
        let is_one = lines
            .iter()
            .all(|line| !line.starts_with("[1][") && !line.starts_with("[0].a.b"));
        assert!(is_one && !lines.is_empty(), "{body:?}: {lines:?}");
    }
}

#[test]
fn json_behind_guards_and_callbacks_is_read() {
    for body in [
        &b")]}',\n{\"a\":\"1\"}"[..],
        b"while(1);{\"a\":\"1\"}",
        b"for(;;);{\"a\":\"1\"}",
        b"{}&&{\"a\":\"1\"}",
        b"my.callback_1({\"a\":\"1\"});",
        b"42{\"a\":\"1\"}",
    ] {
        let event = post("application/javascript", "", body);
        assert_eq!(body_lines(&event), ["a|json|1"], "{body:?}");
    }
}

#[test]
fn damage_in_one_json_line_does_not_hide_the_next() {
    let event = post(
        "application/x-ndjson",
        "",
        b"{\"a\":\"1\"}\n{\"b\":oops}\n{\"c\":\"3\"}\n",
    );
    assert_eq!(body_lines(&event), ["[0].a|json|1", "[2].c|json|3"]);
    assert_eq!(decode(&event).shortfalls[0].0, Shortfall::DamagedBody);
}

#[test]
fn json_labelled_as_form_is_read_as_json() {
    let event = post("application/x-www-form-urlencoded", "", br#"{"a":"b=c"}"#);
    assert_eq!(body_lines(&event), ["a|json|b=c"]);
}
