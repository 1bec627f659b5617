//! A real web server (nginx) and client (curl) on loopback, recorded by tcpdump. Skipped, and said so, where one of them is
//! not installed or recording is not allowed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use phonehome::model::{ContentState, Event, Exchange};

use super::plaintext::sightings_of_file;
use crate::forge::pem;
use crate::peer::{PATIENCE, Peer, free_port, is_installed, wait_until};

/// What the server answers.
const ANSWER: &str = "noted, thank you";

/// A server with a certificate of its own, in an empty folder; it answers on the second port in clear.
fn serve(folder: &Path, port: u16, behind: u16) -> Peer {
    let certified = rcgen::generate_simple_self_signed(["web.example".to_owned()]).unwrap();
    let certificate = pem("CERTIFICATE", certified.cert.der());
    fs::write(folder.join("cert.pem"), certificate).unwrap();
    let key = pem("PRIVATE KEY", &certified.signing_key.serialize_der());
    fs::write(folder.join("key.pem"), key).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
        .concat();
    let configuration = format!(
        r#"daemon off;
master_process off;
pid {};
error_log stderr;
events {{}}
http {{
access_log off;
{temporary}
server {{
listen 127.0.0.1:{port} ssl http2;
ssl_certificate {};
ssl_certificate_key {};
ssl_protocols TLSv1.2 TLSv1.3;
# behind a proxy, so that the request is read to its end before it is answered
location / {{ proxy_pass http://127.0.0.1:{behind}; }}
}}
server {{
listen 127.0.0.1:{behind};
location / {{ return 200 "{ANSWER}"; }}
}}
}}
"#,
        at("pid"),
        at("cert.pem"),
        at("key.pem"),
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).arg("-c").arg(&file);
    let child = command.stderr(Stdio::null()).spawn().unwrap();
    Peer(child)
}

/// Begins to record; `None` if that is not allowed.
fn record(port: u16, file: &Path) -> Option<Peer> {
    let mut command = Command::new("tcpdump");
    // Each packet takes room for the longest one: the usual buffer holds eight.
    command.args(["-i", "lo", "-U", "--immediate-mode", "-B", "65536", "-w"]);
    command.arg(file).arg(format!("tcp port {port}"));
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let stderr = child.stderr.take().unwrap();
    let (said, told) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _read = said.send(line);
        }
    });
    let peer = Peer(child);
    while let Ok(line) = told.recv_timeout(PATIENCE) {
        if line.contains("listening on") {
            return Some(peer);
        }
    }
    None
}

/// What one request was, and what it left behind.
struct Made {
    capture: PathBuf,
    key_log: String,
}

/// Makes a request with curl; `None` where recording is not allowed.
fn make(folder: &Path, port: u16, options: [&str; 4], body: &[u8]) -> Option<Made> {
    let name = options.join("");
    let capture = folder.join(format!("{name}.pcap"));
    let recorder = record(port, &capture)?;
    let keys = folder.join(format!("{name}.keys"));
    fs::write(folder.join("body"), body).unwrap();
    let status = Command::new("curl")
        .env("SSLKEYLOGFILE", &keys)
        .args(["-s", "-k", "--noproxy", "*", "--max-time", "20", "-o"])
        .arg(folder.join("answer"))
        .args(options)
        .args(["-H", "Content-Type: text/plain", "-H", "Expect:"])
        .arg("--data-binary")
        .arg(format!("@{}", folder.join("body").display()))
        .arg(format!("https://127.0.0.1:{port}/up?lat=52.5"))
        .status()
        .unwrap();
    assert!(status.success(), "{options:?}");
    let answer = fs::read_to_string(folder.join("answer")).unwrap();
    assert_eq!(answer, ANSWER);
    let key_log = fs::read_to_string(keys).unwrap();
    // the recorder may be behind
    wait_until(|| {
        let (exchanges, contents) = found(&capture, &key_log);
        let has_answer = |exchange: &Exchange| {
            let response = exchange.response.as_ref();
            response.is_some_and(|response| response.body.bytes == ANSWER.as_bytes())
        };
        contents == [ContentState::Decrypted] && exchanges.iter().any(has_answer)
    });
    drop(recorder);
    Some(Made { capture, key_log })
}

/// Exchanges and states of flows.
fn found(capture: &Path, key_log: &str) -> (Vec<Exchange>, Vec<ContentState>) {
    let (mut exchanges, mut states) = (Vec::new(), Vec::new());
    for sighting in sightings_of_file(capture, key_log.as_bytes()) {
        match sighting.event {
            Event::Exchange(exchange) => exchanges.push(exchange),
            // The end of a connection from before the recording, as that which asked whether the server is up, says nothing.
            Event::Traffic(traffic) if traffic.client_bytes > 0 => states.push(traffic.content),
            _ => {}
        }
    }
    (exchanges, states)
}

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_curl_says_to_nginx_is_found_byte_for_byte() {
    for tool in ["nginx", "curl", "tcpdump"] {
        if !is_installed(tool, "--help") {
            println!("skipped: {tool} is not installed");
            return;
        }
    }
    let name = format!("phonehome-nginx-{}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir_all(&folder.0).unwrap();
    let port = free_port();
    let _server = serve(&folder.0, port, free_port());
    assert!(
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok()),
        "the server does not start"
    );
    let body: Vec<u8> = (0..50_000_u32)
        .map(|at| b'a' + u8::try_from(at * 7 % 26).unwrap())
        .collect();
    for http in ["--http1.1", "--http2"] {
        for (version, line) in [("1.2", "CLIENT_RANDOM"), ("1.3", "CLIENT_TRAFFIC_SECRET_0")] {
            let options = [http, "--tlsv1.2", "--tls-max", version];
            let Some(made) = make(&folder.0, port, options, &body) else {
                println!("skipped: tcpdump may not record");
                return;
            };
            let (exchanges, states) = found(&made.capture, &made.key_log);
            assert_eq!(states, [ContentState::Decrypted], "{options:?}");
            let [exchange] = exchanges.as_slice() else {
                panic!("one exchange: {options:?} {}", exchanges.len());
            };
            assert_eq!(exchange.request.method, "POST");
            assert_eq!(exchange.request.target, "/up?lat=52.5");
            assert!(exchange.request.body.bytes == body, "{options:?}");
            let response = exchange.response.as_ref().unwrap();
            assert_eq!(response.body.bytes, ANSWER.as_bytes());

            let lines = made.key_log.lines();
            let rest: Vec<&str> = lines.filter(|known| !known.starts_with(line)).collect();
            let (exchanges, states) = found(&made.capture, &rest.join("\n"));
            assert_eq!(states, [ContentState::NoKey], "{options:?}");
            let mut requests = exchanges.iter().map(|exchange| &exchange.request);
            assert!(requests.all(|request| request.body.bytes.is_empty()));
        }
    }
}
