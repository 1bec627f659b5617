//! One HAR entry → the exchange that it tells of, and the `WebSocket` messages behind it.
//!
//! Writers differ; nothing but a request with a URL is taken for granted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::body::{decoded, drop_undone_encoding, posted, sized, without_base64};
use crate::intake::clock::{has_zone, timestamp, timestamp_of_seconds};
use crate::intake::pirogue::of_process;
use crate::limits::{BODY_BYTES, HEADERS};
use crate::model::{
    Body, ContentState, Event, Exchange, FlowKey, Handshake, Header, Message, Origin, Owner,
    Request, Response, ServerName, Sighting, Traffic, Transport,
};

/// What an entry tells; `None` if it has no request with a URL.
pub(super) fn sightings(entry: &Value, mut origin: Origin) -> Option<Vec<Sighting>> {
    let request = entry.get("request")?;
    let url = Url::of(text(request, "url")?)?;
    if let Some(time) = text(entry, "startedDateTime").and_then(timestamp) {
        origin.time = time;
    }
    let exchange = Exchange {
        request: request_of(request, &url),
        response: entry.get("response").and_then(|response| {
            let is_head = text(request, "method") == Some("HEAD");
            response_of(response, is_head)
        }),
        is_protected: url.is_protected,
    };
    let is_address = url.host.parse::<IpAddr>().is_ok();
    let server = (!is_address).then(|| ServerName::Asked(Arc::from(url.host.as_str())));
    let flow = flow(entry, &url);
    let owner = owner(entry);
    let sighting = |origin, event| Sighting {
        origin,
        flow,
        server: server.clone(),
        owner: owner.clone(),
        event,
    };
    let path: Arc<str> = Arc::from(exchange.request.path());
    let mut sightings = vec![sighting(origin, Event::Exchange(exchange))];
    for message in list(entry, "_webSocketMessages") {
        let time = message
            .get("time")
            .and_then(Value::as_f64)
            .and_then(timestamp_of_seconds);
        let origin = Origin {
            time: time.unwrap_or(origin.time),
            ..origin
        };
        sightings.push(sighting(
            origin,
            Event::Message(Message {
                path: Arc::clone(&path),
                ..web_socket(message, url.is_protected)
            }),
        ));
    }
    Some(sightings)
}

/// Whether the time of an entry says no zone, though HAR asks for one (HAR 1.2, `startedDateTime`). What is no time is not local.
pub(super) fn is_local(entry: &Value) -> bool {
    let time = text(entry, "startedDateTime").filter(|time| timestamp(time).is_some());
    time.is_some_and(|time| !has_zone(time))
}

/// Puts bodies that lie beside the file (`_file`, as Playwright writes them) in their places.
pub(super) fn attach(entry: &mut Value, read: &mut dyn FnMut(&str) -> Option<Vec<u8>>) {
    for place in ["/request/postData", "/response/content"] {
        let Some(Value::Object(holder)) = entry.pointer_mut(place) else {
            continue;
        };
        let file = holder.get("_file").and_then(Value::as_str);
        if let Some(bytes) = file
            .filter(|_| !holder.contains_key("text"))
            .and_then(&mut *read)
        {
            let text = STANDARD.encode(bytes);
            holder.insert("text".to_owned(), text.into());
            holder.insert("encoding".to_owned(), "base64".into());
        }
    }
}

/// Whose call on the socket it was, where a trace of the phone was joined in (`_stacktrace` of pcapng-utils).
fn owner(entry: &Value) -> Owner {
    let process = ["request", "response"]
        .iter()
        .filter_map(|side| text(entry.get(side)?.get("_stacktrace")?, "process"))
        .find(|process| !process.is_empty());
    process.map(of_process).unwrap_or_default()
}

/// A connection that the proxy could not look into (`_tlsErrors` of HTTP Toolkit), and why, in words free of captured values.
pub(super) fn tls_error(error: &Value, mut origin: Origin) -> Option<(Vec<Sighting>, String)> {
    const CAUSES: [&str; 5] = [
        "closed",
        "reset",
        "cert-rejected",
        "no-shared-cipher",
        "handshake-timeout",
    ];
    let host = text(error, "hostname")?
        .trim_end_matches('.')
        .to_lowercase();
    if let Some(time) = text(error, "startedDateTime").and_then(timestamp) {
        origin.time = time;
    }
    let is_address = host.parse::<IpAddr>().is_ok();
    let handshake = Handshake {
        sni: (!is_address).then(|| host.clone()),
        ..Handshake::default()
    };
    let traffic = Traffic {
        protocol: "tls",
        content: ContentState::NoKey,
        ..Traffic::none(origin)
    };
    let sightings = [Event::Handshake(handshake), Event::Traffic(traffic)].map(|event| Sighting {
        origin,
        flow: None,
        server: Some(ServerName::Asked(Arc::from(host.as_str()))),
        owner: Owner::default(),
        event,
    });
    let cause = text(error, "cause")
        .and_then(|cause| CAUSES.iter().find(|known| **known == cause))
        .map_or("unknown", |cause| cause);
    let detail = format!("an app refused the proxy's TLS certificate ({cause})");
    Some((sightings.to_vec(), detail))
}

/// The parts of a URL that matter here.
struct Url {
    /// Lower case, without port and brackets.
    host: String,
    port: u16,
    /// From the path on, without fragment.
    target: String,
    is_protected: bool,
}

impl Url {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let is_protected = scheme == "https" || scheme == "wss";
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end)?;
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, authority)| authority);
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']')?;
                (host, port.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let target = match target.strip_prefix('/') {
            Some(_) => target.to_owned(),
            None => format!("/{target}"),
        };
        Some(Self {
            host: host.trim_end_matches('.').to_lowercase(),
            port: port
                .and_then(|port| port.parse().ok())
                .unwrap_or(if is_protected { 443 } else { 80 }),
            target,
            is_protected,
        })
    }
}

/// The flow, if the entry says enough to tell it from others: the server's address, and the client's port, or a number of the
/// connection, as `connection`.
fn flow(entry: &Value, url: &Url) -> Option<FlowKey> {
    let address = text(entry, "serverIPAddress")?;
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let number: u64 = text(entry, "connection")?.parse().ok()?;
    let port = u16::try_from(number % 65_536).ok()?;
    // Some writers give the server's port, which tells no connection from another.
    if port == url.port {
        return None;
    }
    let unspecified = match address {
        IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    Some(FlowKey {
        transport: Transport::Tcp,
        client: SocketAddr::new(unspecified, port),
        server: SocketAddr::new(address, url.port),
    })
}

fn request_of(request: &Value, url: &Url) -> Request {
    let mut headers = headers_of(request);
    add_cookies(request, &mut headers);
    let body = if let Some(data) = request.get("postData").filter(|data| data.is_object()) {
        let body = posted(data, &mut headers);
        let mut body = sized(body, request, &headers);
        body.is_cut |= body.bytes.is_empty() && data.get("_file").is_some();
        body
    } else {
        // Bodies of requests that HAR has no place for, as pcapng-utils and HTTP Toolkit write them.
        let content = request
            .get("_content")
            .and_then(|content| decoded(content, "text"));
        let mut body = sized(content, request, &headers);
        // Too large, or not to be decoded.
        body.is_cut |= body.bytes.is_empty()
            && text(request, "_requestBodyStatus").is_some_and(|it| it.starts_with("discarded"));
        body
    };
    drop_undone_encoding(&mut headers, &body.bytes);
    Request {
        method: text(request, "method").unwrap_or("GET").to_owned(),
        target: url.target.clone(),
        host: (!url.host.is_empty()).then(|| url.host.clone()),
        headers,
        body,
    }
}

/// `None` if no response came: writers give status 0 then, or no response at all.
fn response_of(response: &Value, is_head: bool) -> Option<Response> {
    let status = response.get("status").and_then(Value::as_u64);
    let status = status
        .and_then(|status| u16::try_from(status).ok())
        .unwrap_or(0);
    let mut headers = headers_of(response);
    let content = response
        .get("content")
        .filter(|content| content.is_object());
    let bytes = content.and_then(|content| decoded(content, "text"));
    if status == 0 && headers.is_empty() && bytes.is_none() {
        return None;
    }
    let size = content
        .and_then(|content| content.get("size"))
        .and_then(Value::as_u64)
        .unwrap_or(0);
    // Answers to HEAD, and those that say that nothing changed, tell the length of a body that they do not have (RFC 9110 §8.6).
    let has_none = is_head || matches!(status, 204 | 304);
    let told: &[Header] = if has_none { &[] } else { &headers };
    let mut body = sized(bytes, response, told);
    // Many writers leave bodies out and tell their size.
    let has_file = || content.is_some_and(|content| content.get("_file").is_some());
    body.is_cut |= body.bytes.is_empty() && (size > 0 || has_file()) && !has_none;
    if body.is_cut {
        body.wire_len = body.wire_len.max(size);
    }
    drop_undone_encoding(&mut headers, &body.bytes);
    Some(Response {
        status,
        headers,
        body,
    })
}

fn headers_of(message: &Value) -> Vec<Header> {
    list(message, "headers")
        .filter_map(|header| {
            let name = text(header, "name")?;
            // Pseudo-headers of HTTP/2 say again what URL and status say.
            (!name.starts_with(':') && !name.is_empty()).then(|| Header {
                name: name.to_owned(),
                value: text(header, "value").unwrap_or_default().to_owned(),
            })
        })
        .take(HEADERS)
        .collect()
}

/// Some writers list cookies and leave the header out.
fn add_cookies(request: &Value, headers: &mut Vec<Header>) {
    if has_header(headers, "cookie") {
        return;
    }
    let cookies: Vec<String> = list(request, "cookies")
        .filter_map(|cookie| {
            Some(format!(
                "{}={}",
                text(cookie, "name")?,
                text(cookie, "value")?
            ))
        })
        .take(HEADERS)
        .collect();
    if !cookies.is_empty() {
        headers.push(Header {
            name: "Cookie".to_owned(),
            value: cookies.join("; "),
        });
    }
}

fn web_socket(message: &Value, is_protected: bool) -> Message {
    let is_binary = message.get("opcode").and_then(Value::as_u64) == Some(2);
    let data = text(message, "data").unwrap_or_default();
    // Binary data are written in base64.
    let mut bytes = if is_binary {
        without_base64(data)
    } else {
        data.as_bytes().to_vec()
    };
    let wire_len = bytes.len() as u64;
    let is_cut = bytes.len() > BODY_BYTES;
    bytes.truncate(BODY_BYTES);
    Message {
        protocol: "websocket",
        kind: if is_binary { "binary" } else { "text" }.to_owned(),
        body: Body {
            bytes,
            wire_len,
            is_cut,
        },
        from_client: matches!(text(message, "type"), Some("send" | "request")),
        is_protected,
        ..Message::default()
    }
}

pub(super) fn has_header(headers: &[Header], name: &str) -> bool {
    headers
        .iter()
        .any(|header| header.name.eq_ignore_ascii_case(name))
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_time_can_be_local() {
        let is_local = |time: &str| is_local(&json!({ "startedDateTime": time }));
        assert!(is_local("2026-01-01T10:00:00.000"));
        for other in [
            "2026-01-01T10:00:00.000+01:00",
            "2026-01-01T10:00:00Z",
            "",
            "soon",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }

    fn exchange(entry: &Value) -> Exchange {
        let sightings = sightings(entry, Origin::default()).unwrap();
        match sightings.into_iter().next().unwrap().event {
            Event::Exchange(exchange) => exchange,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn urls_give_host_port_and_target() {
        let parts =
            |url| Url::of(url).map(|url| (url.host, url.port, url.target, url.is_protected));
        let expected = |host: &str, port, target: &str, protected| {
            Some((host.to_owned(), port, target.to_owned(), protected))
        };
        assert_eq!(
            parts("https://u:p@API.Example.:8443/a/b?c=d#e"),
            expected("api.example", 8443, "/a/b?c=d", true)
        );
        assert_eq!(
            parts("http://[2001:DB8::1]?q"),
            expected("2001:db8::1", 80, "/?q", false)
        );
        assert_eq!(
            parts("wss://x.example"),
            expected("x.example", 443, "/", true)
        );
        assert_eq!(parts("data:text/plain,x"), None);
    }

    #[test]
    fn bodies_come_as_text_base64_or_parameters() {
        let body = |data: Value| {
            let entry = json!({"request": {"url": "https://a.example/", "postData": data}});
            let request = exchange(&entry).request;
            (
                String::from_utf8(request.body.bytes.clone()).unwrap(),
                request
                    .header("content-type")
                    .unwrap_or_default()
                    .to_owned(),
            )
        };
        assert_eq!(body(json!({"text": "a=1"})).0, "a=1");
        assert_eq!(
            body(json!({"text": "YT0x\nIQ", "encoding": "base64"})).0,
            "a=1!"
        );
        let form = json!({"mimeType": "application/x-www-form-urlencoded", "text": "",
            "params": [{"name": "e mail", "value": "a+b@c.example"}, {"name": "n"}]});
        assert_eq!(
            body(form),
            (
                "e%20mail=a%2Bb%40c.example&n=".to_owned(),
                "application/x-www-form-urlencoded".to_owned()
            )
        );
        let multipart = json!({"mimeType": "multipart/form-data; boundary=XX",
            "params": [{"name": "f", "fileName": "p.vcf", "contentType": "text/vcard", "value": "BEGIN:VCARD"}, {"name": "g", "value": "1"}]});
        assert_eq!(
            body(multipart).0,
            "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"p.vcf\"\r\nContent-Type: text/vcard\r\n\r\nBEGIN:VCARD\r\n\
             --XX\r\nContent-Disposition: form-data; name=\"g\"\r\n\r\n1\r\n--XX--\r\n"
        );
    }

    #[test]
    fn an_encoding_that_the_writer_has_undone_is_not_claimed_any_more() {
        let encoding = |content: Value| {
            let entry = json!({"request": {"url": "https://a.example/"}, "response": {"status": 200,
                "headers": [{"name": "Content-Encoding", "value": "gzip"}], "content": content}});
            let response = exchange(&entry).response.unwrap();
            response.header("content-encoding").map(str::to_owned)
        };
        assert_eq!(encoding(json!({"text": "{}"})), None);
        assert_eq!(
            encoding(json!({"text": "H4sIAAAA", "encoding": "base64"})),
            Some("gzip".to_owned())
        );
    }

    #[test]
    fn a_body_that_was_left_out_is_said_to_be_cut() {
        let entry = json!({"request": {"url": "https://a.example/", "bodySize": 12},
            "response": {"status": 200, "content": {"size": 99}}});
        let exchange = exchange(&entry);
        assert!(exchange.request.body.is_cut && exchange.request.body.wire_len == 12);
        assert!(exchange.response.unwrap().body.is_cut);
    }

    /// As pcapng-utils writes what `PiRogue` traced on the phone.
    #[test]
    fn a_process_traced_on_the_phone_owns_its_exchange() {
        let owner = |request: Value, response: Value| {
            let entry = json!({"request": {"url": "https://a.example/", "_stacktrace": request},
                "response": {"status": 200, "_stacktrace": response}});
            let owner = sightings(&entry, Origin::default())
                .unwrap()
                .remove(0)
                .owner;
            (owner.package, owner.process)
        };
        let trace = |process: &str| json!({"process": process, "pid": 7, "stack": null});
        let (package, process) = (
            Some(Arc::from("org.example.chat")),
            Some(Arc::from("zygote")),
        );
        assert_eq!(
            owner(trace("org.example.chat:push"), Value::Null),
            (package.clone(), None)
        );
        assert_eq!(
            owner(Value::Null, trace("org.example.chat")),
            (package, None)
        );
        assert_eq!(owner(trace("zygote"), Value::Null), (None, process));
        assert_eq!(owner(Value::Null, Value::Null), (None, None));
    }

    #[test]
    fn a_body_that_the_writer_discarded_is_said_to_be_cut() {
        let body = |request: Value| exchange(&json!({"request": request})).request.body;
        let lost =
            body(json!({"url": "https://a.example/", "_requestBodyStatus": "discarded:too-large"}));
        assert!(lost.is_cut && lost.bytes.is_empty());
        let kept = body(
            json!({"url": "https://a.example/", "_requestBodyStatus": "discarded:not-representable",
            "_content": {"text": "//4AAQ==", "size": 4, "encoding": "base64"}}),
        );
        assert!(!kept.is_cut && kept.bytes == [0xff, 0xfe, 0, 1]);
    }

    #[test]
    fn no_response_is_none_and_pseudo_headers_are_left_out() {
        let entry = json!({"request": {"url": "http://a.example/", "cookies": [{"name": "s", "value": "1"}],
            "headers": [{"name": ":authority", "value": "a.example"}, {"name": "X", "value": "y"}]},
            "response": {"status": 0, "content": {}}});
        let exchange = exchange(&entry);
        assert!(exchange.response.is_none() && !exchange.is_protected);
        let names: Vec<&str> = exchange
            .request
            .headers
            .iter()
            .map(|header| header.name.as_str())
            .collect();
        assert_eq!(names, ["X", "Cookie"]);
        assert_eq!(exchange.request.header("cookie"), Some("s=1"));
    }

    #[test]
    fn web_socket_messages_follow_their_exchange() {
        let entry = json!({"startedDateTime": "2026-01-01T00:00:00Z", "serverIPAddress": "192.0.2.7", "connection": "40123",
            "request": {"url": "wss://a.example/ws"}, "response": {"status": 101},
            "_webSocketMessages": [{"type": "send", "time": 1_767_225_601.5, "opcode": 1, "data": "hello"}]});
        let sightings = sightings(&entry, Origin::default()).unwrap();
        assert_eq!(sightings.len(), 2);
        assert_eq!(
            sightings[1].origin.time.to_string(),
            "2026-01-01T00:00:01.500Z"
        );
        assert_eq!(sightings[1].flow.unwrap().client.port(), 40123);
        assert!(matches!(&sightings[1].event, Event::Message(message)
            if message.from_client && message.body.bytes == b"hello" && &*message.path == "/ws"));
    }
}
