//! The case in `samples/case`: a forged company with three phones. Each phone is a file here that tells what happens on it.

mod company_phone;
mod dumpsys;
mod managed_phone;
mod private_phone;

use super::http;
use super::phone::Exchange;

/// A file of the case: path below `samples/case`, contents.
pub(crate) type SampleFile = (&'static str, Vec<u8>);

/// All files of the case, in the order of their paths.
pub(crate) fn files() -> Vec<SampleFile> {
    let mut files = vec![("phonehome.toml", ORGANISATION.as_bytes().to_vec())];
    files.extend(company_phone::files());
    files.extend(managed_phone::files());
    files.extend(private_phone::files());
    files.sort();
    files
}

const ORGANISATION: &str = r#"# The organisation that audits its phones. It is invented, as is everything else in this folder.
organisation = "Nordlicht Logistik GmbH"
"#;

/// The Android that all phones run, as requests name it.
const AGENT: &str = "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A.240805.005)";

/// A POST of JSON and its answer.
fn post_json(host: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Exchange {
    let headers: Vec<(&str, &str)> = [("Content-Type", "application/json")]
        .into_iter()
        .chain(headers.iter().copied())
        .collect();
    Exchange {
        request: http::request("POST", host, path, &headers, body),
        response: http::response(
            200,
            &[("Content-Type", "application/json")],
            b"{\"ok\":true}",
        ),
    }
}

/// A GET and so many bytes of answer.
fn get(host: &str, path: &str, answer: &[u8]) -> Exchange {
    Exchange {
        request: http::request("GET", host, path, &[("User-Agent", AGENT)], b""),
        response: http::response(200, &[("Content-Type", "application/octet-stream")], answer),
    }
}
