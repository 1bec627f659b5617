//! A real XMPP server (prosody) and a client that begins TLS by STARTTLS (openssl), recorded by a relay between them.
//!
//! Skipped where one of them is not installed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{Audit, ContentState, LinkType, Side};
use phonehome::rules::Rules;

use super::{OPENING, phone, server};
use crate::forge::capture::{Pcap, Record};
use crate::forge::pem;
use crate::forge::stream::Connection;
use crate::peer::{Peer, free_port, is_installed, wait_until};

/// What the client says, and what it waits for before it goes on.
const SAID: [(&str, &str); 4] = [
    (
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGVyaWthAHNlY3JldA==</auth>",
        "<success",
    ),
    (OPENING, "xmpp-bind"),
    (
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>\
         <iq type='set' id='r1'><query xmlns='jabber:iq:roster'><item jid='otto@chat.example' name='Otto'/></query></iq>\
         <iq type='get' id='r2'><query xmlns='jabber:iq:roster'/></iq>",
        "otto@chat.example",
    ),
    (
        "<message to='otto@chat.example' type='chat'><body>Treffen um neun?</body></message>\
         <iq type='get' id='last'><ping xmlns='urn:xmpp:ping'/></iq>",
        "id='last'",
    ),
];

/// Bytes as they passed the relay.
type Tape = Arc<Mutex<Vec<(Side, Vec<u8>)>>>;

/// Starts a server for `chat.example` with one user in an empty folder.
fn serve(folder: &Path, port: u16) -> Peer {
    let certified = rcgen::generate_simple_self_signed(["chat.example".to_owned()]).unwrap();
    let certificate = pem("CERTIFICATE", certified.cert.der());
    fs::write(folder.join("cert.pem"), certificate).unwrap();
    let key = pem("PRIVATE KEY", &certified.signing_key.serialize_der());
    fs::write(folder.join("key.pem"), key).unwrap();
    let accounts = folder.join("data/chat%2eexample/accounts");
    fs::create_dir_all(&accounts).unwrap();
    fs::write(
        accounts.join("erika.dat"),
        "return { [\"password\"] = \"secret\"; };",
    )
    .unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let configuration = format!(
        r#"run_as_root = true
pidfile = "{}"
data_path = "{}"
log = {{ error = "*console" }}
modules_enabled = {{ "roster", "saslauth", "tls", "ping" }}
modules_disabled = {{ "s2s", "http", "admin_shell", "offline" }}
c2s_ports = {{ {port} }}
c2s_interfaces = {{ "127.0.0.1" }}
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
VirtualHost "chat.example"
ssl = {{ key = "{}", certificate = "{}" }}
"#,
        at("pid"),
        at("data"),
        at("key.pem"),
        at("cert.pem")
    );
    let file = folder.join("prosody.cfg.lua");
    fs::write(&file, configuration).unwrap();
    let child = Command::new("prosody")
        .arg("--config")
        .arg(&file)
        .arg("-F")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Peer(child)
}

/// Passes one connection on to the server and keeps what passes.
fn relay(port: u16) -> (SocketAddr, Tape) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let tape = Tape::default();
    let kept = Arc::clone(&tape);
    thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let pump = |side: Side, mut from: TcpStream, mut to: TcpStream, tape: Tape| {
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length @ 1..) = from.read(&mut buffer) {
                    tape.lock().unwrap().push((side, buffer[..length].to_vec()));
                    if to.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                let _closed = to.shutdown(Shutdown::Write);
            })
        };
        let (client_again, server_again) =
            (client.try_clone().unwrap(), server.try_clone().unwrap());
        pump(Side::Client, client_again, server_again, Arc::clone(&kept));
        pump(Side::Server, server, client, kept);
    });
    (address, tape)
}

/// Speaks as the client; `false` if the server did not answer in time.
fn talk(relay: SocketAddr, key_log: &Path) -> bool {
    let mut child = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-starttls",
            "xmpp",
            "-xmpphost",
            "chat.example",
        ])
        .args(["-connect", &relay.to_string(), "-keylogfile"])
        .arg(key_log)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&output);
    let mut stdout = child.stdout.take().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = stdout.read(&mut buffer) {
            sink.lock()
                .unwrap()
                .push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    });
    let mut stdin = child.stdin.take().unwrap();
    let mut peer = Peer(child);
    let mut say = |text: &str, awaited: &str| {
        let before = output.lock().unwrap().len();
        stdin.write_all(text.as_bytes()).is_ok()
            && stdin.write_all(b"\n").is_ok()
            && stdin.flush().is_ok()
            && wait_until(|| output.lock().unwrap()[before..].contains(awaited))
    };
    // openssl is silent until it has negotiated; the server keeps what comes early
    let begun = wait_until(|| fs::metadata(key_log).is_ok_and(|data| data.len() > 0));
    let is_done = begun
        && say(OPENING, "</stream:features>")
        && SAID.iter().all(|(text, awaited)| say(text, awaited));
    let _ended = peer.0.kill();
    is_done
}

/// The recorded connection as a capture, at invented addresses.
fn capture(tape: &Tape) -> Vec<u8> {
    let mut connection = Connection::open(phone(40_000), server(5222));
    for (side, bytes) in tape.lock().unwrap().iter() {
        connection.send_in(*side, bytes, 1400);
    }
    connection.close();
    let records: Vec<Record> = (1_760_000_000_u64..)
        .zip(connection.packets)
        .map(|(second, sent)| Record::at(second * 1_000_000_000, sent.ip))
        .collect();
    Pcap::new(LinkType::RAW).write(&records)
}

fn audited(folder: &Path) -> Audit {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded();
    audit::run(&case, &rules, &Options::default(), &Progress::default())
        .unwrap()
        .audit
}

/// Rules that were found and states of contents.
fn summary(audit: &Audit) -> (BTreeSet<String>, Vec<ContentState>) {
    let device = &audit.devices[0];
    let findings = device.apps.iter().flat_map(|app| &app.findings);
    let rules = findings.map(|finding| finding.rule.to_string()).collect();
    (rules, device.traffic.keys().copied().collect())
}

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("phonehome-xmpp-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_real_chat_is_read_behind_starttls_with_its_keys_and_only_with_them() {
    if !is_installed("openssl", "version") || !is_installed("prosodyctl", "--help") {
        println!("skipped: prosody or openssl is not installed");
        return;
    }
    let folder = Folder::new();
    let port = free_port();
    let _server = serve(&folder.0, port);
    assert!(
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok()),
        "the server does not start"
    );
    let (address, tape) = relay(port);
    let key_log = folder.0.join("recorded.log");
    assert!(talk(address, &key_log), "the conversation broke off");

    let device = folder.0.join("phone");
    fs::create_dir_all(&device).unwrap();
    fs::write(device.join("capture.pcap"), capture(&tape)).unwrap();
    let (rules, states) = summary(&audited(&device));
    assert_eq!(states, [ContentState::NoKey]);
    assert!(!rules.contains("contact-roster"), "{rules:?}");

    fs::copy(&key_log, device.join("keys.log")).unwrap();
    let (rules, states) = summary(&audited(&device));
    assert_eq!(states, [ContentState::Decrypted]);
    for rule in ["contact-roster", "xmpp-jid", "message-content-visible"] {
        assert!(rules.contains(rule), "{rule}: {rules:?}");
    }
}
