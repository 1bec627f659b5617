//! Key logs beside captures and before them.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use phonehome::model::{LinkType, Side};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::Value;

use super::{folder, json, phonehome};
use crate::forge::archive;
use crate::forge::capture::{Pcap, Pcapng, Record};
use crate::forge::stream::Connection;
use crate::forge::tls::{Session, Settings};

/// A connection and the secrets to it.
fn protected() -> (Connection, String) {
    let mut session = Session::new(&Settings::new("ads.example", 3));
    let mut connection = Connection::open(
        "192.0.2.7:40000".parse().unwrap(),
        "203.0.113.80:443".parse().unwrap(),
    );
    for (side, bytes) in session.handshake() {
        connection.send(side, &bytes);
    }
    let request = session.send(Side::Client, b"GET / HTTP/1.1\r\nHost: ads.example\r\n\r\n");
    connection.send(Side::Client, &request);
    let answer = session.send(Side::Server, b"HTTP/1.1 204 No Content\r\n\r\n");
    connection.send(Side::Server, &answer).close();
    (connection, session.key_log())
}

#[test]
fn key_logs_are_read_however_tools_wrote_them() {
    let (connection, log) = protected();
    let records: Vec<Record> = (1..)
        .zip(&connection.packets)
        .map(|(second, sent)| Record::at(second * 1_000_000_000, sent.ip.clone()))
        .collect();
    let capture = Pcap::new(LinkType::RAW).write(&records);
    let utf16: Vec<u8> = log.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let texts = [
        log.clone().into_bytes(),
        log.replace(' ', "\t").into_bytes(),
        log.replace(' ', "  ").replace('\n', "\r\n").into_bytes(),
        format!("  {}", log.replace('\n', "\n  ")).into_bytes(),
        format!("; from a phone\n\nnot a line of a key log\n{log}").into_bytes(),
        format!("\u{feff}{log}\0\0\0\0\0\0").into_bytes(),
        // The beginning of a rotated file.
        format!("0123456789abcdef\n{log}CLIENT_RANDOM 0011").into_bytes(),
        [&[0xff, 0xfe][..], &utf16].concat(),
        archive::gzip(log.as_bytes()),
        compress_to_vec(log.as_bytes(), CompressionLevel::Fastest),
    ];
    for (number, text) in texts.iter().enumerate() {
        let inside = folder(&format!("keys-inside-{number}"));
        let beside = folder(&format!("keys-beside-{number}"));
        let keys = beside.join("keys.txt");
        fs::write(inside.join("phone.pcap"), &capture).unwrap();
        fs::write(inside.join("keys.txt"), text).unwrap();
        fs::write(&keys, text).unwrap();
        let capture = inside.join("phone.pcap").display().to_string();
        let [inside, keys] = [inside, keys].map(|path| path.display().to_string());
        for arguments in [
            vec!["audit", &inside, "-f", "json"],
            vec!["audit", &capture, "--keylog", &keys, "-f", "json"],
        ] {
            let report = json(&arguments);
            let content = &report["devices"][0]["traffic"][0]["content"];
            assert_eq!(content, "decrypted", "{number} {arguments:?}");
        }
    }
}

#[test]
fn keys_at_the_beginning_of_standard_input_are_used() {
    let (connection, log) = protected();
    for (is_in_front, content) in [(true, "decrypted"), (false, "encrypted-no-key")] {
        let mut file = Pcapng::new();
        let interface = file.interface(LinkType::RAW, None);
        if is_in_front {
            file.secrets(&log);
        }
        for (second, sent) in (1..).zip(&connection.packets) {
            let record = Record::at(second * 1_000_000_000, sent.ip.clone());
            file.packet(interface, &record, &[]);
        }
        if !is_in_front {
            // Far behind what is looked at to recognise the input.
            file.block(0x0bad_cafe, &vec![0; 1 << 20]);
            file.secrets(&log);
        }
        let mut child = phonehome()
            .args(["audit", "-", "-f", "json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&file.bytes).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = report.to_string();
        assert!(
            text.contains(&format!("\"{content}\"")),
            "{is_in_front} {text}"
        );
        assert_eq!(
            text.contains("a pipe is read only once"),
            !is_in_front,
            "{text}"
        );
    }
}
