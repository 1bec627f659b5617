//! The same on datagrams: DTLS.

use std::net::UdpSocket;

use super::*;
use crate::forge::packet;

const SUITES: [&str; 7] = [
    "-dtls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256",
    "-dtls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384",
    "-dtls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305",
    "-dtls1_2 -cipher ECDHE-ECDSA-AES128-CCM8",
    "-dtls1_2 -cipher ECDHE-RSA-AES256-SHA384",
    "-dtls1_2 -cipher AES128-SHA",
    "-dtls1 -cipher ECDHE-RSA-AES256-SHA:@SECLEVEL=0",
];

/// What passed, in order.
type Datagrams = Vec<(Side, Vec<u8>)>;

/// Passes the datagrams of one client on and records them.
fn relay(server: SocketAddr, recording: &Recording) -> SocketAddr {
    let front = UdpSocket::bind("127.0.0.1:0").unwrap();
    let back = UdpSocket::bind("127.0.0.1:0").unwrap();
    back.connect(server).unwrap();
    let address = front.local_addr().unwrap();
    let recording = Arc::clone(recording);
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        let Ok((_, client)) = front.peek_from(&mut buffer) else {
            return;
        };
        let (answers, back_again) = (front.try_clone().unwrap(), back.try_clone().unwrap());
        let record = move |side: Side, bytes: &[u8]| {
            recording.lock().unwrap().push((side, bytes.to_vec()));
        };
        let record_again = record.clone();
        thread::spawn(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(length) = back_again.recv(&mut buffer) {
                record_again(Side::Server, &buffer[..length]);
                let _sent = answers.send_to(&buffer[..length], client);
            }
        });
        while let Ok((length, _)) = front.recv_from(&mut buffer) {
            record(Side::Client, &buffer[..length]);
            let _sent = back.send(&buffer[..length]);
        }
    });
    address
}

/// Makes one connection; `None` if this openssl does not.
fn make(options: &str, number: usize, folder: &Path) -> Option<(Datagrams, String)> {
    let port = {
        let free = UdpSocket::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let log = format!("keys-{number}.txt");
    let _old = fs::remove_file(folder.join(&log));
    let server = format!(
        "s_server -accept 127.0.0.1:{port} -cert rsa.crt -key rsa.key -dcert ec.crt -dkey ec.key {options}"
    );
    let mut server = Peer::start(&words(&server), folder);
    let is_dead = |peer: &mut Peer| !matches!(peer.child.try_wait(), Ok(None));
    if !wait_until(|| server.has_said("ACCEPT", 1) || is_dead(&mut server)) {
        return None;
    }
    let recording = Recording::default();
    let address = relay(SocketAddr::from(([127, 0, 0, 1], port)), &recording);
    let client = format!("s_client -connect {address} -keylogfile {log} {options}");
    let mut client = Peer::start(&words(&client), folder);
    client.say(SAID);
    if !wait_until(|| server.has_said(SAID, 1) || is_dead(&mut client)) || is_dead(&mut client) {
        return None;
    }
    server.say(ANSWERED);
    if !wait_until(|| client.has_said(ANSWERED, 1)) {
        return None;
    }
    drop(client);
    let recorded = recording.lock().unwrap().clone();
    let key_log = fs::read_to_string(folder.join(log)).unwrap();
    Some((recorded, key_log))
}

fn read(recorded: &[(Side, Vec<u8>)], key_log: &str) -> Plaintext {
    let client: SocketAddr = "192.0.2.7:40000".parse().unwrap();
    let server: SocketAddr = "198.51.100.1:4433".parse().unwrap();
    let packets: Vec<Vec<u8>> = recorded
        .iter()
        .map(|(side, bytes)| match side {
            Side::Client => packet::udp(client, server, bytes),
            Side::Server => packet::udp(server, client, bytes),
        })
        .collect();
    read_packets(&packets, key_log.as_bytes()).pop().unwrap()
}

#[test]
fn what_openssl_peers_say_in_datagrams_is_found_byte_for_byte() {
    let Some(folder) = tools("dtls") else {
        return;
    };
    let mut proved = 0;
    for (number, options) in SUITES.into_iter().enumerate() {
        let Some((recorded, key_log)) = make(options, number, &folder) else {
            println!("skipped: this openssl does not do {options}");
            continue;
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let found = read(&recorded, &key_log);
        assert_eq!(text(&found.client), format!("{SAID}\n"), "{options}");
        assert_eq!(text(&found.server), format!("{ANSWERED}\n"), "{options}");
        assert_eq!(found.content, Some(ContentState::Decrypted), "{options}");

        let without = read(&recorded, "# no line\n");
        assert_eq!(without.content, Some(ContentState::NoKey), "{options}");
        assert!(without.client.is_empty() && without.server.is_empty());

        // What the server said is damaged on its way.
        let mut damaged = recorded.clone();
        let last = damaged
            .iter()
            .rposition(|(side, bytes)| *side == Side::Server && bytes.first() == Some(&23))
            .unwrap();
        *damaged[last].1.last_mut().unwrap() ^= 1;
        let partly = read(&damaged, &key_log);
        assert_eq!(
            partly.content,
            Some(ContentState::PartlyDecrypted),
            "{options}"
        );
        assert_eq!(text(&partly.client), format!("{SAID}\n"), "{options}");
        assert!(partly.server.is_empty());
        println!("{options}");
        proved += 1;
    }
    assert!(proved > 0, "openssl made no connection at all");
}
