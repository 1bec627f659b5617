//! A header section with pseudo-headers → a request, a response, or trailers (RFC 9113 §8, RFC 9114 §4).

use super::without_port;
use crate::model::{Header, Request, Response};

/// A decoded header section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::protocol) struct Section {
    /// Field lines in order, pseudo-headers among them. A name that is not known (see `is_partial`) is empty.
    pub(in crate::protocol) lines: Vec<Header>,
    /// Lines are missing, or names or values of them: they refer to what was sent before the capture or in a gap.
    pub(in crate::protocol) is_partial: bool,
}

impl Section {
    /// The value of a pseudo-header, named with its colon.
    pub(in crate::protocol) fn pseudo(&self, name: &str) -> Option<&str> {
        self.lines
            .iter()
            .find(|line| line.name == name)
            .map(|line| line.value.as_str())
    }

    /// The lines that are not pseudo-headers.
    pub(in crate::protocol) fn headers(self) -> Vec<Header> {
        let mut lines = self.lines;
        lines.retain(|line| !line.name.starts_with(':'));
        lines
    }

    /// The status of a response; `None` for trailers.
    pub(in crate::protocol) fn status(&self) -> Option<u16> {
        self.pseudo(":status")?.parse().ok()
    }

    /// As the head of a request. What is not known stays empty.
    pub(in crate::protocol) fn request(self) -> Request {
        let authority = self.pseudo(":authority").map(str::to_owned);
        let method = self.pseudo(":method").unwrap_or_default().to_owned();
        let target = match self.pseudo(":path") {
            Some(path) => path.to_owned(),
            // A plain CONNECT has an authority only (RFC 9113 §8.5).
            None if method == "CONNECT" => authority.clone().unwrap_or_default(),
            None => String::new(),
        };
        let mut request = Request {
            method,
            target,
            headers: self.headers(),
            ..Request::default()
        };
        request.host = authority
            .as_deref()
            .or_else(|| request.header("host"))
            .and_then(without_port);
        request
    }

    /// As the head of a response; status 0 if it is not known.
    pub(in crate::protocol) fn response(self) -> Response {
        Response {
            status: self.status().unwrap_or_default(),
            headers: self.headers(),
            ..Response::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(lines: &[(&str, &str)]) -> Section {
        let lines = lines.iter().map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        Section {
            lines: lines.collect(),
            is_partial: false,
        }
    }

    #[test]
    fn pseudo_headers_make_the_start_line() {
        let request = section(&[
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "API.example:8443"),
            (":path", "/v1?a=1"),
            ("accept", "*/*"),
        ])
        .request();
        assert_eq!(request.method, "POST");
        assert_eq!(request.target, "/v1?a=1");
        assert_eq!(request.host.as_deref(), Some("api.example"));
        assert_eq!(request.headers.len(), 1);
    }

    #[test]
    fn the_host_header_stands_in_for_the_authority() {
        let from_http_1 = section(&[(":method", "GET"), (":path", "/"), ("host", "b.example")]);
        assert_eq!(from_http_1.request().host.as_deref(), Some("b.example"));
        let tunnel = section(&[(":method", "CONNECT"), (":authority", "c.example:443")]).request();
        assert_eq!(tunnel.target, "c.example:443");
        assert_eq!(tunnel.host.as_deref(), Some("c.example"));
    }

    #[test]
    fn a_section_without_status_is_trailers() {
        assert_eq!(section(&[("grpc-status", "0")]).status(), None);
        assert_eq!(section(&[(":status", "204")]).response().status, 204);
    }
}
