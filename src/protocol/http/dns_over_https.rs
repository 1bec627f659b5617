//! DNS over HTTPS: messages in exchanges (RFC 8484), and the JSON form that public resolvers offer beside it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::is_of_type;
use crate::limits;
use crate::model::{Answer, Event, Exchange, Lookup, Origin, Request, Side};
use crate::protocol::{Output, dns};

type Emit<'e> = &'e mut dyn FnMut(Output<'_>);

/// Its media type (RFC 8484 §6).
const MESSAGE: &str = "application/dns-message";

/// Hands out the lookups that an exchange holds, if it is one with a resolver.
pub(super) fn lookups(exchange: &Exchange, origin: Origin, emit: Emit<'_>) {
    let request = &exchange.request;
    if let Some(message) = question(request) {
        dns::read_message(&message, Side::Client, origin, None, emit);
        let answer = exchange.response.as_ref().filter(|response| {
            !response.body.is_cut && is_of_type(response.header("content-type"), MESSAGE)
        });
        if let Some(answer) = answer {
            dns::read_message(&answer.body.bytes, Side::Server, origin, None, emit);
        }
    } else if let Some(asked) = json_question(request) {
        let answers = exchange
            .response
            .as_ref()
            .and_then(|response| serde_json::from_slice::<Value>(&response.body.bytes).ok())
            .map(|document| json_answers(&document));
        emit(Output::Event(Event::Lookup(asked.clone()), origin));
        if let Some(answers) = answers {
            let answered = Lookup {
                answers,
                is_response: true,
                ..asked
            };
            emit(Output::Event(Event::Lookup(answered), origin));
        }
    }
}

/// The message of a request: its body, or the parameter `dns` (RFC 8484 §4.1).
fn question(request: &Request) -> Option<Vec<u8>> {
    if is_of_type(request.header("content-type"), MESSAGE) {
        return (!request.body.is_cut).then(|| request.body.bytes.clone());
    }
    let encoded = parameter(request, "dns")?;
    let message = URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?;
    let is_announced = is_of_type(request.header("accept"), MESSAGE);
    (is_announced || dns::is_unmistakable(&message)).then_some(message)
}

fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// `GET /resolve?name=example.com&type=AAAA`, or another path if the client accepts the type.
fn json_question(request: &Request) -> Option<Lookup> {
    let is_announced = is_of_type(request.header("accept"), "application/dns-json");
    if request.method != "GET" || !(is_announced || request.path() == "/resolve") {
        return None;
    }
    let name = percent_encoding::percent_decode_str(parameter(request, "name")?)
        .decode_utf8()
        .ok()?
        .trim_end_matches('.')
        .to_lowercase();
    let is_name = (1..=limits::DNS_NAME_BYTES).contains(&name.len())
        && name.contains('.')
        && !name.contains(char::is_whitespace);
    let record_type = match parameter(request, "type").unwrap_or("1") {
        named if named.eq_ignore_ascii_case("a") => 1,
        named if named.eq_ignore_ascii_case("aaaa") => 28,
        named if named.eq_ignore_ascii_case("cname") => 5,
        named if named.eq_ignore_ascii_case("ptr") => 12,
        named if named.eq_ignore_ascii_case("txt") => 16,
        named if named.eq_ignore_ascii_case("https") => 65,
        number => number.parse().unwrap_or_default(),
    };
    is_name.then_some(Lookup {
        name,
        record_type,
        ..Lookup::default()
    })
}

fn json_answers(document: &Value) -> Vec<Answer> {
    let records = document.get("Answer").and_then(Value::as_array);
    records
        .into_iter()
        .flatten()
        .filter_map(|record| {
            let data = record.get("data")?.as_str()?;
            match record.get("type")?.as_u64()? {
                1 | 28 => data.parse().ok().map(Answer::Address),
                5 | 12 => Some(Answer::Name(data.trim_end_matches('.').to_lowercase())),
                _ => None,
            }
        })
        .take(limits::DNS_ANSWERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Header, Response};

    /// The query of RFC 8484 §4.1.1: `www.example.com`, A.
    const QUERY: &[u8] = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01";

    fn header(name: &str, value: &str) -> Header {
        Header {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    fn body(bytes: &[u8]) -> Body {
        Body {
            bytes: bytes.to_vec(),
            ..Body::default()
        }
    }

    fn seen(exchange: &Exchange) -> Vec<Lookup> {
        let mut seen = Vec::new();
        lookups(exchange, Origin::default(), &mut |output| {
            if let Output::Event(Event::Lookup(lookup), _) = output {
                seen.push(lookup);
            }
        });
        seen
    }

    fn get(target: &str, accept: &str) -> Request {
        Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: vec![header("accept", accept)],
            ..Request::default()
        }
    }

    #[test]
    fn get_and_post_of_rfc_8484_are_lookups() {
        let answer = [
            b"\0\0\x81\x80\0\x01\0\x01\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01",
            &b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x07"[..],
        ]
        .concat();
        let response = Response {
            status: 200,
            headers: vec![header("content-type", MESSAGE)],
            body: body(&answer),
        };
        let target = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";
        let post = Request {
            method: "POST".to_owned(),
            headers: vec![header("Content-Type", MESSAGE)],
            body: body(QUERY),
            ..Request::default()
        };
        for request in [get(target, MESSAGE), get(target, "*/*"), post] {
            let seen = seen(&Exchange {
                request,
                response: Some(response.clone()),
                is_protected: false,
            });
            assert_eq!(seen.len(), 2);
            assert!(seen.iter().all(|lookup| lookup.name == "www.example.com"));
            assert!(seen[0].answers.is_empty() && !seen[0].is_response);
            let address = "192.0.2.7".parse().unwrap();
            assert_eq!(seen[1].answers, [Answer::Address(address)]);
        }
    }

    #[test]
    fn the_json_form_is_a_lookup() {
        let document = br#"{"Status":0,"Answer":[
            {"name":"a.example.","type":5,"data":"b.example."},
            {"name":"b.example.","type":28,"data":"2001:db8::7"}]}"#;
        let seen = seen(&Exchange {
            request: get("/resolve?name=A.example.&type=AAAA", "*/*"),
            response: Some(Response {
                status: 200,
                headers: Vec::new(),
                body: body(document),
            }),
            is_protected: false,
        });
        assert_eq!(seen[0].name, "a.example");
        assert_eq!(seen[1].record_type, 28);
        assert_eq!(
            seen[1].answers,
            [
                Answer::Name("b.example".to_owned()),
                Answer::Address("2001:db8::7".parse().unwrap()),
            ]
        );
    }

    #[test]
    fn other_requests_are_none() {
        for target in [
            "/?dns=abcd",
            "/a?name=b.example",
            "/resolve?name=x",
            "/resolve",
        ] {
            let exchange = Exchange {
                request: get(target, "*/*"),
                ..Exchange::default()
            };
            assert_eq!(seen(&exchange), [], "{target}");
        }
    }
}
