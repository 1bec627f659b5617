//! HTTP/1.1 messages (RFC 9112) with `Content-Length`.

use std::fmt::Write as _;

/// A request. A body gets its length; `Host` comes first.
pub(crate) fn request(
    method: &str,
    host: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let first = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    message(first, headers, body, !body.is_empty())
}

/// A response.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let reason = match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        _ => "Unnamed",
    };
    let first = format!("HTTP/1.1 {status} {reason}\r\n");
    message(first, headers, body, status != 204)
}

fn message(mut head: String, headers: &[(&str, &str)], body: &[u8], has_length: bool) -> Vec<u8> {
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if has_length {
        write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend(body);
    bytes
}
