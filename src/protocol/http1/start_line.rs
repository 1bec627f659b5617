//! Request and status lines (RFC 9112 §3, §4): recognised, read, and found again in a stream that lost its thread.

use crate::model::Side;

/// Longest method read; the longest registered one is `UPDATEREDIRECTREF`.
const METHOD_BYTES: usize = 24;

/// Methods by which a request line is told before its end is seen, and found in the middle of other bytes (RFC 9110, `WebDAV`,
/// `UPnP`, caches, old Windows services).
const METHODS: [&str; 42] = [
    "GET",
    "POST",
    "PUT",
    "HEAD",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "CONNECT",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "CHECKOUT",
    "CHECKIN",
    "MKACTIVITY",
    "MKCALENDAR",
    "MERGE",
    "ACL",
    "BIND",
    "REBIND",
    "UNBIND",
    "LABEL",
    "VERSION-CONTROL",
    "UNCHECKOUT",
    "UPDATE",
    "M-SEARCH",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "POLL",
    "PURGE",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "BITS_POST",
    "CCM_POST",
    "QUERY",
];

/// A request line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestLine<'a> {
    /// Method.
    pub(super) method: &'a [u8],
    /// Target. Some clients send blanks in it.
    pub(super) target: &'a [u8],
}

/// Reads a line without its end as a request line.
pub(super) fn request(line: &[u8]) -> Option<RequestLine<'_>> {
    let line = line.trim_ascii_end();
    let space = memchr::memchr(b' ', line.get(..METHOD_BYTES).unwrap_or(line))?;
    let (method, rest) = line.split_at_checked(space)?;
    let (target, version) = rest.split_at_checked(memchr::memrchr(b' ', rest)?)?;
    let target = target.trim_ascii();
    let is_request = is_version(version.trim_ascii_start())
        && !method.is_empty()
        && method.iter().copied().all(is_method_byte)
        && !target.is_empty();
    is_request.then_some(RequestLine { method, target })
}

/// Reads a line without its end as a status line; returns the status code.
pub(super) fn status(line: &[u8]) -> Option<u16> {
    let (version, rest) = line.split_at_checked(8)?;
    let code = rest.trim_ascii_start();
    if !is_version(version) || code.len() == rest.len() {
        return None;
    }
    let (code, behind) = code.split_first_chunk::<3>()?;
    if behind
        .first()
        .is_some_and(|byte| !byte.is_ascii_whitespace())
    {
        return None;
    }
    std::str::from_utf8(code)
        .ok()
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()
        .filter(|code| *code >= 100)
}

/// Whether a line begins a message of that side.
pub(super) fn is_start(side: Side, line: &[u8]) -> bool {
    match side {
        Side::Client => request(line).is_some(),
        Side::Server => status(line).is_some(),
    }
}

/// Where in a line a message of that side begins: the line may be the end of a body with the next message behind it.
pub(super) fn find_start(side: Side, line: &[u8]) -> Option<usize> {
    if is_start(side, line) && side == Side::Server {
        return Some(0);
    }
    match side {
        Side::Server => memchr::memmem::find_iter(line, b"HTTP/1.")
            .find(|at| line.get(*at..).is_some_and(|line| status(line).is_some())),
        Side::Client => {
            let line = line.trim_ascii_end();
            let before = line.get(..memchr::memrchr(b' ', line)?)?;
            let before = before.trim_ascii_end();
            let before = before.get(..memchr::memrchr(b' ', before)?)?;
            let method = METHODS
                .iter()
                .filter(|method| before.ends_with(method.as_bytes()))
                .max_by_key(|method| method.len())?;
            let at = before.len().checked_sub(method.len())?;
            line.get(at..)
                .is_some_and(|line| request(line).is_some())
                .then_some(at)
        }
    }
}

/// Reads a request line whose end is missing: a known method and the beginning of a target.
pub(super) fn cut_request(line: &[u8]) -> Option<RequestLine<'_>> {
    let space = memchr::memchr(b' ', line.get(..METHOD_BYTES).unwrap_or(line))?;
    let (method, target) = line.split_at_checked(space)?;
    let target = target.trim_ascii();
    let is_request = METHODS.iter().any(|known| known.as_bytes() == method)
        && (target.starts_with(b"/") || target.starts_with(b"http://"))
        && !target.iter().any(u8::is_ascii_control);
    is_request.then_some(RequestLine { method, target })
}

/// Whether a line that has not ended yet may become a request line of a known method.
pub(super) fn may_become_request(line: &[u8]) -> bool {
    let head = line.get(..METHOD_BYTES).unwrap_or(line);
    match memchr::memchr(b' ', head) {
        None => METHODS
            .iter()
            .any(|method| method.as_bytes().starts_with(head)),
        Some(space) => {
            let (method, target) = line.split_at(space);
            METHODS.iter().any(|known| known.as_bytes() == method)
                && target.iter().all(|byte| !byte.is_ascii_control())
        }
    }
}

/// Whether a line that has not ended yet may become a status line.
pub(super) fn may_become_status(line: &[u8]) -> bool {
    let prefix = b"HTTP/1.";
    line.iter()
        .zip(prefix)
        .all(|(byte, expected)| byte == expected)
}

fn is_version(bytes: &[u8]) -> bool {
    matches!(bytes, [b'H', b'T', b'T', b'P', b'/', b'1', b'.', digit] if digit.is_ascii_digit())
}

fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines_are_read_with_tolerance() {
        for (line, method, target) in [
            ("GET / HTTP/1.1", "GET", "/"),
            ("M-SEARCH * HTTP/1.1 ", "M-SEARCH", "*"),
            ("GET  /a b HTTP/1.0", "GET", "/a b"),
            (
                "brew http://tea.example/ HTTP/1.1",
                "brew",
                "http://tea.example/",
            ),
        ] {
            let read = request(line.as_bytes()).unwrap();
            assert_eq!(
                (read.method, read.target),
                (method.as_bytes(), target.as_bytes())
            );
        }
        for line in [
            "GET /",
            "REGISTER sip:a.example SIP/2.0",
            "GET / HTTP/2.0",
            "GET HTTP/1.1",
            " / HTTP/1.1",
            "\u{1}A / HTTP/1.1",
        ] {
            assert_eq!(request(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn status_lines_are_read_with_tolerance() {
        assert_eq!(status(b"HTTP/1.1 200 OK"), Some(200));
        assert_eq!(status(b"HTTP/1.0  404"), Some(404));
        for line in [
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
            "HTTP/1.1200 OK",
            "HTTP/2 200",
            "ICY 200 OK",
            "HTTP/1.1 099 x",
        ] {
            assert_eq!(status(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_request_line_is_told_before_its_end() {
        let cut = cut_request(b"POST /a?b").unwrap();
        assert_eq!((cut.method, cut.target), (&b"POST"[..], &b"/a?b"[..]));
        for line in ["GET", "GET ", "BREW /", "OPTIONS rtsp://a", "GET /\u{1}"] {
            assert_eq!(cut_request(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_start_behind_the_rest_of_a_body_is_found() {
        assert_eq!(
            find_start(Side::Client, b"\x00\xffXGET /a HTTP/1.1"),
            Some(3)
        );
        assert_eq!(
            find_start(Side::Client, b"UNSUBSCRIBE /a HTTP/1.1"),
            Some(0)
        );
        assert_eq!(find_start(Side::Client, b"{\"a\": 1}"), None);
        assert_eq!(find_start(Side::Server, b"</html>HTTP/1.1 304 x"), Some(7));
        assert_eq!(find_start(Side::Server, b"HTTP/1. HTTP/1.1 200"), Some(8));
    }
}
