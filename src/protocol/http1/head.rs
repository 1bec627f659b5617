//! What a head says: start line, headers, host and framing (RFC 9112 §3, §5, §6).

use super::half::Framing;
use super::start_line;
use crate::limits;
use crate::model::{Header, Request, Response};
use crate::protocol::http::without_port;
use crate::protocol::message::text;

/// Reads a request's head; also one that is cut, be it in its first line.
pub(in crate::protocol) fn request(head: &[u8]) -> Option<Request> {
    let (line, lines) = split_start(head);
    let line = start_line::request(line).or_else(|| {
        lines
            .is_empty()
            .then(|| start_line::cut_request(line))
            .flatten()
    })?;
    let mut request = Request {
        method: text(line.method),
        target: text(line.target),
        headers: headers(lines),
        ..Request::default()
    };
    request.host = host(&request);
    Some(request)
}

/// Reads a response's head.
pub(super) fn response(head: &[u8]) -> Option<Response> {
    let (line, lines) = split_start(head);
    Some(Response {
        status: start_line::status(line)?,
        headers: headers(lines),
        ..Response::default()
    })
}

fn split_start(head: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', head).unwrap_or(head.len());
    let (line, rest) = head.split_at(end);
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Header lines; a line that begins with a blank goes on with the value before it (RFC 9112 §5.2), a line without a colon is
/// left out.
fn headers(lines: &[u8]) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    for line in lines.split(|byte| *byte == b'\n') {
        if let [b' ' | b'\t', ..] = line {
            if let Some(last) = headers.last_mut() {
                last.value.push(' ');
                last.value.push_str(&text(line.trim_ascii()));
            }
            continue;
        }
        let Some((name, value)) =
            memchr::memchr(b':', line).and_then(|colon| line.split_at_checked(colon))
        else {
            continue;
        };
        if headers.len() >= limits::HEADERS {
            break;
        }
        let value = value.strip_prefix(b":").unwrap_or(value);
        headers.push(Header {
            name: text(name.trim_ascii()),
            value: text(value.trim_ascii()),
        });
    }
    headers
}

/// The host: of an absolute or authority target, else of the Host header.
fn host(request: &Request) -> Option<String> {
    let authority = match request.target.split_once("://") {
        Some((_, rest)) if !request.target.starts_with('/') => {
            rest.split(['/', '?', '#']).next().unwrap_or_default()
        }
        _ if request.method == "CONNECT" => &request.target,
        _ => request.header("host")?,
    };
    without_port(authority)
}

/// The framing of a request's body (RFC 9112 §6.3).
pub(super) fn request_framing(request: &Request) -> Framing {
    if is_chunked(&request.headers) {
        Framing::Chunked
    } else {
        content_length(&request.headers).map_or(Framing::Empty, Framing::Length)
    }
}

/// The framing of a response's body (RFC 9112 §6.3); `to_head` if it answers a HEAD request.
pub(super) fn response_framing(response: &Response, to_head: bool) -> Framing {
    if to_head || matches!(response.status, 100..=199 | 204 | 304) {
        Framing::Empty
    } else if is_chunked(&response.headers) {
        Framing::Chunked
    } else {
        content_length(&response.headers).map_or(Framing::UntilClose, Framing::Length)
    }
}

/// Whether the last transfer coding is `chunked`; it wins over a length.
fn is_chunked(headers: &[Header]) -> bool {
    headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("transfer-encoding"))
        .flat_map(|header| header.value.split(','))
        .next_back()
        .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

/// The first length; a list of equal lengths is one length (RFC 9110 §8.6), contradicting ones cannot be decided here.
fn content_length(headers: &[Header]) -> Option<u64> {
    headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("content-length"))
        .flat_map(|header| header.value.split(','))
        .map(str::trim)
        .find(|length| !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_that_of_the_target_or_the_header() {
        for (head, host) in [
            (
                "GET / HTTP/1.1\r\nhOST:  API.Example:8080 \r\n\r\n",
                Some("api.example"),
            ),
            (
                "GET http://u:p@a.example:81/x HTTP/1.1\r\nHost: b.example\r\n\r\n",
                Some("a.example"),
            ),
            (
                "CONNECT a.example:443 HTTP/1.1\nHost: b.example\n\n",
                Some("a.example"),
            ),
            (
                "M-SEARCH * HTTP/1.1\r\nHOST: [FF02::C]:1900\r\n\r\n",
                Some("ff02::c"),
            ),
            (
                "GET /?u=http://x.example/ HTTP/1.1\r\nHost: b.example.\r\n\r\n",
                Some("b.example"),
            ),
            ("GET / HTTP/1.0\r\n\r\n", None),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", None),
        ] {
            assert_eq!(
                request(head.as_bytes()).unwrap().host.as_deref(),
                host,
                "{head}"
            );
        }
    }

    #[test]
    fn values_may_be_folded_and_latin_1() {
        let request =
            request(b"GET /\xe9 HTTP/1.1\r\nA: one\r\n two\r\nno colon\r\nB: M\xfcller\r\n")
                .unwrap();
        assert_eq!(request.target, "/é");
        assert_eq!(request.header("a"), Some("one two"));
        assert_eq!(request.header("b"), Some("Müller"));
        assert_eq!(request.headers.len(), 2);
    }

    #[test]
    fn chunked_wins_over_a_length() {
        let both =
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n";
        assert_eq!(request_framing(&request(both).unwrap()), Framing::Chunked);
        let twice = b"POST / HTTP/1.1\r\nContent-Length: x\r\nContent-Length: 3, 3\r\n\r\n";
        assert_eq!(
            request_framing(&request(twice).unwrap()),
            Framing::Length(3)
        );
        let none = b"HTTP/1.0 200 OK\r\n\r\n";
        let none = response(none).unwrap();
        assert_eq!(response_framing(&none, false), Framing::UntilClose);
        assert_eq!(response_framing(&none, true), Framing::Empty);
    }
}
