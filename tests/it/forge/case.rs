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

const ORGANISATION: &str = r#"# What the organisation that audits its phones has decided. It is invented, as is everything else in this folder.
organisation = "Nordlicht Logistik GmbH"
country = "DE"
works_council = true

[retention]
captures_days = 30
reports_days = 1095

[own_servers]
hosts = ["nordlicht.example"]

[[device]]
folder = "private-*"
kind = "private"
role = "drivers"
minors = true

[[device]]
folder = "managed-*"
kind = "company"
work_profile = true
role = "dispatch"

[[device]]
folder = "*"
kind = "company"
role = "field staff"

[[app]]
id = "mattermost"
status = "required"
since = 2025-03-01
purpose = [{ text = "Messages among staff", legal_basis = "contract" }]

[[app]]
id = "signal"
status = "approved"
devices = ["managed-*"]
purpose = [{ text = "Confidential calls", legal_basis = "legitimate-interests" }]

[[app]]
id = "com.example.blattscan"
status = "approved"
own_app = true
purpose = [{ text = "Delivery notes", legal_basis = "contract" }]

[[app]]
id = "jira"
status = "approved"
purpose = [{ text = "Tickets" }]

[[app]]
id = "whatsapp"
status = "forbidden"
business_channel = true

[[processor]]
company = "Atlassian"
contract = 2024-06-01
transfer_tool = "scc"
transfer_assessment = 2025-01-15

[[exception]]
app = "whatsapp"
devices = ["company-*"]
owner = "Head of customer service"
reason = "Customers write first; they are moved to a new channel"
expires = 2026-06-30
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
