//! Real connections between `openssl s_server` and `openssl s_client` on loopback, recorded by a relay between them.
//!
//! Skipped where openssl is not installed; suites that its build does not have are named and passed over.

mod dtls;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use phonehome::model::{ContentState, Side};

use super::plaintext::{Plaintext, read_packets};
use crate::forge::stream::Connection;
use crate::peer::wait_until;

/// What the client and the server say.
const SAID: &str = "do you have 52.520008,13.404954 in your records";
const ANSWERED: &str = "we do not";

/// One connection to be made.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    both: Vec<String>,
    client: Vec<String>,
    server: Vec<String>,
    /// A command to the client between two things said: `K` for new keys, `R` for a new handshake.
    command: Option<&'static str>,
    content: ContentState,
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

impl Case {
    fn new(both: &str) -> Self {
        Self {
            name: both.to_owned(),
            both: words(both),
            client: Vec::new(),
            server: Vec::new(),
            command: None,
            content: ContentState::Decrypted,
        }
    }

    fn client(mut self, options: &str) -> Self {
        self.name = format!("{} {options}", self.name);
        self.client.extend(words(options));
        self
    }

    fn server(mut self, options: &str) -> Self {
        self.name = format!("{} {options}", self.name);
        self.server.extend(words(options));
        self
    }

    fn command(mut self, command: &'static str) -> Self {
        self.name = format!("{} ({command})", self.name);
        self.command = Some(command);
        self
    }

    fn content(self, content: ContentState) -> Self {
        Self { content, ..self }
    }
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256",
    ]
    .iter()
    .map(|suite| Case::new(&format!("-tls1_3 -ciphersuites {suite}")))
    .collect();
    for suite in ["ECDHE-RSA-AES256-SHA384", "AES128-SHA", "AES256-SHA256"] {
        let case = Case::new(&format!("-tls1_2 -cipher {suite}:@SECLEVEL=0"));
        cases.push(case.client("-no_etm"));
    }
    for version in ["-tls1", "-tls1_1"] {
        for suite in ["ECDHE-RSA-AES128-SHA", "AES256-SHA", "ECDHE-RSA-NULL-SHA"] {
            let case = Case::new(&format!("{version} -cipher {suite}:@SECLEVEL=0"));
            cases.push(case.clone());
            cases.push(case.client("-no_etm"));
        }
    }
    cases.push(Case::new("-tls1_3").command("K"));
    cases.push(Case::new("-tls1_3").command("k"));
    cases.push(
        Case::new("-tls1_3")
            .client("-groups P-256:X25519")
            .server("-groups X25519"),
    );
    cases.push(Case::new("-tls1_3").client("-record_padding 512"));
    cases.push(
        Case::new("-tls1_2")
            .server("-client_renegotiation")
            .command("R"),
    );
    cases.push(
        Case::new("-tls1_2 -cipher AES128-SHA:@SECLEVEL=0")
            .server("-client_renegotiation")
            .command("R"),
    );
    cases
}

/// Every suite of TLS 1.2 that this openssl has with the certificates at hand, a key known to both, or neither.
fn suites() -> Vec<Case> {
    let mut command = Command::new("openssl");
    command.args(["ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]);
    let listed = command.output().unwrap().stdout;
    let mut cases = Vec::new();
    for line in String::from_utf8_lossy(&listed).lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, "-", name, version, _, authentication, cipher, ..] = columns.as_slice() else {
            continue;
        };
        let key = match *authentication {
            _ if *version == "TLSv1.3" => continue,
            _ if name.contains("PSK") => " -psk 0123456789abcdef",
            "Au=RSA" | "Au=ECDSA" | "Au=None" if !name.contains("SRP") => "",
            _ => {
                println!("skipped: no certificate or password for {name}");
                continue;
            }
        };
        let is_unknown = cipher.contains("ARIA");
        cases.push(
            Case::new(&format!("-tls1_2 -cipher {name}:@SECLEVEL=0{key}")).content(if is_unknown {
                ContentState::UnsupportedCipher
            } else {
                ContentState::Decrypted
            }),
        );
    }
    cases
}

/// A child that ends with the test.
struct Peer {
    child: Child,
    output: Arc<Mutex<Vec<u8>>>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Peer {
    fn start(arguments: &[String], folder: &Path) -> Self {
        let mut child = Command::new("openssl")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = Arc::new(Mutex::new(Vec::new()));
        let mut stdout = child.stdout.take().unwrap();
        let sink = Arc::clone(&output);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                sink.lock().unwrap().extend(&buffer[..length]);
            }
        });
        Self { child, output }
    }

    fn say(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        let _sent = stdin.write_all(format!("{text}\n").as_bytes());
        let _flushed = stdin.flush();
    }

    fn has_said(&self, text: &str, times: usize) -> bool {
        let output = self.output.lock().unwrap();
        String::from_utf8_lossy(&output).matches(text).count() >= times
    }
}

type Recording = Arc<Mutex<Vec<(Side, Vec<u8>)>>>;

/// Passes connections on to `server` and records what passes.
fn relay(server: SocketAddr, recording: &Recording) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let recording = Arc::clone(recording);
    thread::spawn(move || {
        let Ok((client, _)) = listener.accept() else {
            return;
        };
        let Ok(server) = TcpStream::connect(server) else {
            return;
        };
        for (side, from, to) in [
            (Side::Client, &client, &server),
            (Side::Server, &server, &client),
        ] {
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let recording = Arc::clone(&recording);
            thread::spawn(move || {
                let mut buffer = [0; 16 << 10];
                while let Ok(length @ 1..) = from.read(&mut buffer) {
                    recording
                        .lock()
                        .unwrap()
                        .push((side, buffer[..length].to_vec()));
                    if to.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
                let _closed = to.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    address
}

/// Certificates of both kinds, in a folder of their own.
fn certificates(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("live-tls")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    for (name, kind) in [("rsa", "rsa:2048"), ("ec", "ec")] {
        let mut command = Command::new("openssl");
        command.args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=live.example",
        ]);
        command.args(["-newkey", kind]);
        if kind == "ec" {
            command.args(["-pkeyopt", "ec_paramgen_curve:P-256"]);
        }
        command.args([
            "-keyout",
            &format!("{name}.key"),
            "-out",
            &format!("{name}.crt"),
        ]);
        command
            .current_dir(&folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if !command.status().is_ok_and(|status| status.success()) {
            return None;
        }
    }
    Some(folder)
}

/// What a connection left behind.
struct Made {
    recorded: Vec<(Side, Vec<u8>)>,
    key_log: String,
    said: String,
    answered: String,
}

/// Makes one connection; `None` if this openssl does not.
fn make(case: &Case, number: usize, folder: &Path) -> Option<Made> {
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let log = format!("keys-{number}.txt");
    let _old = fs::remove_file(folder.join(&log));
    let mut server = words(&format!(
        "s_server -accept 127.0.0.1:{port} -naccept 1 -cert rsa.crt -key rsa.key -dcert ec.crt -dkey ec.key"
    ));
    server.extend(case.both.iter().chain(&case.server).cloned());
    let mut server = Peer::start(&server, folder);
    if !wait_until(|| server.has_said("ACCEPT", 1) || !matches!(server.child.try_wait(), Ok(None)))
    {
        return None;
    }
    let recording = Recording::default();
    let address = relay(SocketAddr::from(([127, 0, 0, 1], port)), &recording);
    let mut client = words(&format!("s_client -connect {address} -keylogfile {log}"));
    client.extend(case.both.iter().chain(&case.client).cloned());
    let mut client = Peer::start(&client, folder);

    let is_dead = |peer: &mut Peer| !matches!(peer.child.try_wait(), Ok(None));
    let (mut said, mut answered) = (String::new(), String::new());
    let rounds = if case.command.is_some() { 2 } else { 1 };
    for round in 1..=rounds {
        client.say(SAID);
        said.extend([SAID, "\n"]);
        if !wait_until(|| server.has_said(SAID, round) || is_dead(&mut client))
            || is_dead(&mut client)
        {
            return None;
        }
        server.say(ANSWERED);
        answered.extend([ANSWERED, "\n"]);
        if !wait_until(|| client.has_said(ANSWERED, round)) {
            return None;
        }
        if let Some(command) = case.command.filter(|_| round == 1) {
            let before = recording.lock().unwrap().len();
            client.say(command);
            // A new handshake has two flights of each side, new keys one record.
            let pieces = if command == "R" { 4 } else { 1 };
            wait_until(|| recording.lock().unwrap().len() >= before + pieces);
            thread::sleep(Duration::from_millis(200));
        }
    }
    client.say("Q");
    wait_until(|| is_dead(&mut client));
    drop(server);
    let recorded = recording.lock().unwrap().clone();
    let key_log = fs::read_to_string(folder.join(log)).unwrap();
    Some(Made {
        recorded,
        key_log,
        said,
        answered,
    })
}

/// Makes two connections to one server, the second of which resumes the first; the client may say `early` before all else.
fn resume(
    both: &str,
    server_options: &str,
    early: Option<&str>,
    folder: &Path,
) -> Option<[Made; 2]> {
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let _old = fs::remove_file(folder.join("session.pem"));
    let mut server = Peer::start(
        &words(&format!(
            "s_server -accept 127.0.0.1:{port} -naccept 2 -cert rsa.crt -key rsa.key {both} {server_options}"
        )),
        folder,
    );
    if !wait_until(|| server.has_said("ACCEPT", 1) || !matches!(server.child.try_wait(), Ok(None)))
    {
        return None;
    }
    let mut made = Vec::new();
    for round in 1..=2 {
        let recording = Recording::default();
        let address = relay(SocketAddr::from(([127, 0, 0, 1], port)), &recording);
        let log = format!("keys-resumed-{round}.txt");
        let _old = fs::remove_file(folder.join(&log));
        let session = if round == 1 {
            "-sess_out session.pem"
        } else {
            "-sess_in session.pem"
        };
        let mut options = words(&format!(
            "s_client -connect {address} -keylogfile {log} {both} {session}"
        ));
        let mut said = String::new();
        if let Some(early) = early.filter(|_| round == 2) {
            fs::write(folder.join("early.txt"), early).unwrap();
            options.extend(words("-early_data early.txt"));
            said += early;
        }
        let mut client = Peer::start(&options, folder);
        client.say(SAID);
        said.extend([SAID, "\n"]);
        if !wait_until(|| server.has_said(SAID, round)) {
            return None;
        }
        server.say(ANSWERED);
        if !wait_until(|| client.has_said(ANSWERED, 1)) {
            return None;
        }
        client.say("Q");
        wait_until(|| !matches!(client.child.try_wait(), Ok(None)));
        // The relay sees the end of the client only now.
        thread::sleep(Duration::from_millis(50));
        made.push(Made {
            recorded: recording.lock().unwrap().clone(),
            key_log: fs::read_to_string(folder.join(log)).unwrap(),
            said,
            answered: format!("{ANSWERED}\n"),
        });
    }
    made.try_into().ok()
}

#[test]
fn resumed_connections_are_read_by_the_line_of_the_first() {
    let Some(folder) = tools("resumed") else {
        return;
    };
    for (name, server) in [("ticket", ""), ("session id", "-no_ticket")] {
        let Some([first, second]) = resume("-tls1_2", server, None, &folder) else {
            println!("skipped: this openssl does not resume by {name}");
            continue;
        };
        let packets = [
            packets(&first.recorded, 40_000),
            packets(&second.recorded, 40_001),
        ]
        .concat();
        let found = read_packets(&packets, first.key_log.as_bytes());
        assert_eq!(found.len(), 2);
        for flow in found {
            assert_eq!(flow.content, Some(ContentState::Decrypted), "{name}");
            assert_eq!(String::from_utf8_lossy(&flow.client), first.said, "{name}");
            assert_eq!(
                String::from_utf8_lossy(&flow.server),
                first.answered,
                "{name}"
            );
        }
        // Without the first connection nothing is known of the second.
        let alone = decrypt(&second.recorded, &first.key_log);
        assert_eq!(alone.content, Some(ContentState::NoKey), "{name}");
    }
}

#[test]
fn early_data_are_found() {
    let Some(folder) = tools("early") else {
        return;
    };
    let Some([_, second]) = resume("-tls1_3", "-early_data", Some("do hurry\n"), &folder) else {
        println!("skipped: this openssl has no early data");
        return;
    };
    assert!(second.key_log.contains("CLIENT_EARLY_TRAFFIC_SECRET"));
    let found = decrypt(&second.recorded, &second.key_log);
    assert_eq!(String::from_utf8_lossy(&found.client), second.said);
    assert_eq!(String::from_utf8_lossy(&found.server), second.answered);
    assert_eq!(found.content, Some(ContentState::Decrypted));
}

fn packets(recorded: &[(Side, Vec<u8>)], port: u16) -> Vec<Vec<u8>> {
    let client = SocketAddr::from(([192, 0, 2, 7], port));
    let server: SocketAddr = "198.51.100.1:443".parse().unwrap();
    let mut connection = Connection::open(client, server);
    for (side, bytes) in recorded {
        connection.send(*side, bytes);
    }
    connection.close();
    connection.packets.into_iter().map(|sent| sent.ip).collect()
}

/// A folder with certificates, if openssl is there to make them.
fn tools(name: &str) -> Option<PathBuf> {
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: openssl is not installed");
        return None;
    }
    let folder = certificates(name);
    if folder.is_none() {
        println!("skipped: openssl makes no certificates");
    }
    folder
}

fn decrypt(recorded: &[(Side, Vec<u8>)], key_log: &str) -> Plaintext {
    read_packets(&packets(recorded, 40_000), key_log.as_bytes())
        .pop()
        .unwrap()
}

/// Makes the connections and looks for what was said in them; without one line of the log they are closed.
fn prove(cases: &[Case], folder: &Path) {
    let mut proved = 0;
    for (number, case) in cases.iter().enumerate() {
        let Some(made) = make(case, number, folder) else {
            println!("skipped: this openssl does not do {}", case.name);
            continue;
        };
        let found = decrypt(&made.recorded, &made.key_log);
        assert_eq!(found.content, Some(case.content), "{}", case.name);
        if case.content == ContentState::Decrypted {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(text(&found.client), made.said, "{}", case.name);
            assert_eq!(text(&found.server), made.answered, "{}", case.name);
            assert_eq!(found.gaps, 0, "{}", case.name);
        }
        // openssl logs the premaster secret of an RSA key exchange as well
        let is_deciding = |line: &str| {
            ["CLIENT_RANDOM ", "RSA ", "CLIENT_TRAFFIC_SECRET_0 "]
                .iter()
                .any(|label| line.starts_with(label))
        };
        let lines = made.key_log.lines();
        let rest: Vec<&str> = lines.filter(|line| !is_deciding(line)).collect();
        let without = decrypt(&made.recorded, &rest.join("\n"));
        assert_eq!(without.content, Some(ContentState::NoKey), "{}", case.name);
        assert!(without.client.is_empty(), "{}", case.name);
        println!("{}: {:?}", case.name, case.content);
        proved += 1;
    }
    assert!(proved > 0, "openssl made no connection at all");
}

#[test]
fn what_openssl_peers_say_is_found_byte_for_byte() {
    if let Some(folder) = tools("versions") {
        prove(&cases(), &folder);
    }
}

#[test]
fn every_suite_that_openssl_has_is_read_or_named() {
    if let Some(folder) = tools("suites") {
        prove(&suites(), &folder);
    }
}
