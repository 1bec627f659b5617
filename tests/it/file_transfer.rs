//! FTP: files go over connections that the control connection announces, and are found with their names.

use std::net::SocketAddr;

use phonehome::flow::Flows;
use phonehome::model::{ContentState, Coverage, Event, LinkType, Origin, Packet, Side, Timestamp};

use crate::forge::http;
use crate::forge::stream::{Connection, Sent};

const PHONE: [u8; 4] = [192, 0, 2, 7];
const SERVER: [u8; 4] = [198, 51, 100, 21];

fn control() -> Connection {
    let mut control = Connection::open((PHONE, 40_000).into(), (SERVER, 21).into());
    control
        .send(Side::Server, b"220 ready\r\n")
        .send(Side::Client, b"USER erika\r\n")
        .send(Side::Server, b"331 password\r\n")
        .send(Side::Client, b"PASS secret\r\n")
        .send(Side::Server, b"230 in\r\n");
    control
}

/// Files that were found, as `who verb name: contents`, and protocols and states of flows.
fn seen(packets: &[Sent]) -> (Vec<String>, Vec<String>) {
    seen_with_pause(packets, packets.len())
}

/// The same, with some minutes before the packet at a place.
fn seen_with_pause(packets: &[Sent], pause_at: usize) -> (Vec<String>, Vec<String>) {
    let mut flows = Flows::new();
    let mut coverage = Coverage::default();
    let (mut files, mut states) = (Vec::new(), Vec::new());
    let mut take = |sighting: phonehome::model::Sighting| {
        let flow = sighting.flow.unwrap();
        assert_eq!(flow.client.ip(), SocketAddr::from((PHONE, 0)).ip());
        match sighting.event {
            Event::Message(message) if message.protocol == "ftp-data" => {
                let name = message.fields.first().map_or("-", |(_, name)| name);
                files.push(format!(
                    "{} {} {name}: {}{}",
                    if message.from_client {
                        "phone"
                    } else {
                        "server"
                    },
                    message.kind,
                    String::from_utf8_lossy(&message.body.bytes),
                    if message.body.is_cut { "…" } else { "" },
                ));
            }
            Event::Traffic(traffic) => {
                states.push(format!("{} {}", traffic.protocol, traffic.content.as_str()));
            }
            _ => {}
        }
    };
    for (frame, sent) in (1_u64..).zip(packets) {
        let pause = u64::from(frame > pause_at as u64) * 300_000;
        let packet = Packet {
            origin: Origin {
                frame,
                time: Timestamp(i64::try_from(frame + pause).unwrap() * 1_000_000),
                ..Origin::default()
            },
            link: LinkType::RAW,
            data: &sent.ip,
            direction: None,
            wire_len: u32::try_from(sent.ip.len()).unwrap(),
            owner: None,
        };
        flows.packet(&packet, &mut coverage, &mut take);
    }
    flows.finish(&mut coverage, &mut take);
    (files, states)
}

#[test]
fn an_upload_is_found_with_its_name_whenever_the_command_comes() {
    for is_command_first in [true, false] {
        for (ask, reply) in [
            ("PASV", "227 Entering Passive Mode (10,0,0,1,195,80)."),
            ("EPSV", "229 Entering Extended Passive Mode (|||50000|)"),
        ] {
            let mut control = control();
            control
                .send(Side::Client, format!("{ask}\r\n").as_bytes())
                .send(Side::Server, format!("{reply}\r\n").as_bytes());
            let mut data = Connection::open((PHONE, 40_001).into(), (SERVER, 50_000).into());
            let opening = std::mem::take(&mut data.packets);
            if !is_command_first {
                control.packets.extend(opening.clone());
            }
            control.send(Side::Client, b"STOR contacts.vcf\r\n");
            if is_command_first {
                control.packets.extend(opening);
            }
            data.send_in(Side::Client, b"BEGIN:VCARD FN:Erika", 7)
                .close();
            control.packets.extend(data.packets);
            control.send(Side::Server, b"226 done\r\n").close();
            let (files, states) = seen(&control.packets);
            assert_eq!(files, ["phone STOR contacts.vcf: BEGIN:VCARD FN:Erika"]);
            let clear = ContentState::Clear.as_str();
            assert_eq!(
                states,
                [format!("ftp {clear}"), format!("ftp-data {clear}")]
            );
        }
    }
}

#[test]
fn the_phone_stays_the_client_where_the_server_opens_the_connection() {
    let mut control = control();
    control
        .send(Side::Client, b"PORT 192,0,2,7,195,81\r\n")
        .send(Side::Server, b"200 ok\r\n")
        .send(Side::Client, b"STOR log.txt\r\n");
    let mut data = Connection::open((SERVER, 20).into(), (PHONE, 50_001).into());
    // the packet that opens it comes twice
    control.packets.push(data.packets[0].clone());
    data.send(Side::Server, b"52.520008,13.404954").close();
    control.packets.extend(data.packets);
    control.send(
        Side::Client,
        b"EPRT |1|192.0.2.7|50002|\r\nRETR answer.txt\r\n",
    );
    let mut data = Connection::open((SERVER, 20).into(), (PHONE, 50_002).into());
    data.send(Side::Client, b"thanks").close();
    control.packets.extend(data.packets);
    let (files, _) = seen(&control.packets);
    assert_eq!(
        files,
        [
            "phone STOR log.txt: 52.520008,13.404954",
            "server RETR answer.txt: thanks",
        ]
    );
}

#[test]
fn what_was_not_announced_or_is_protected_is_no_file() {
    for talk in ["", "PBSZ 0\r\nPROT P\r\n"] {
        let mut control = control();
        if !talk.is_empty() {
            control
                .send(Side::Client, talk.as_bytes())
                .send(Side::Client, b"PASV\r\n")
                .send(Side::Server, b"227 (10,0,0,1,195,80)\r\n");
        }
        control.send(Side::Client, b"STOR contacts.vcf\r\n");
        let mut data = Connection::open((PHONE, 40_001).into(), (SERVER, 50_000).into());
        data.send(Side::Client, b"\x01\x02\x03\x04 nobody knows")
            .close();
        control.packets.extend(data.packets);
        let (files, states) = seen(&control.packets);
        assert_eq!(files, Vec::<String>::new());
        assert_eq!(states[1], " not-examined");
    }
}

/// A request to the port that was announced.
fn request() -> Connection {
    let mut web = Connection::open((PHONE, 40_002).into(), (SERVER, 50_000).into());
    web.send(
        Side::Client,
        &http::request("GET", "app.example", "/", &[], b""),
    )
    .send(Side::Server, &http::response(200, &[], b"ok"))
    .close();
    web
}

#[test]
fn what_comes_later_or_speaks_for_itself_is_no_file() {
    let announced = || {
        let mut control = control();
        control
            .send(Side::Client, b"PASV\r\n")
            .send(Side::Server, b"227 (10,0,0,1,195,80)\r\n")
            .send(Side::Client, b"STOR contacts.vcf\r\n");
        control
    };
    let clear = ContentState::Clear.as_str();
    let unknown = " not-examined".to_owned();
    // At once, after minutes, and after the control connection.
    let mut at_once = announced();
    at_once.packets.extend(request().packets);
    let expected = [format!("ftp {clear}"), format!("http {clear}")];
    assert_eq!(seen(&at_once.packets).1, expected);
    let opaque = |control: &mut Connection| {
        let at = control.packets.len();
        let mut data = Connection::open((PHONE, 40_001).into(), (SERVER, 50_000).into());
        data.send(Side::Client, b"\x01\x02\x03 nobody knows")
            .close();
        control.packets.extend(data.packets);
        at
    };
    let mut later = announced();
    let at = opaque(&mut later);
    assert_eq!(seen_with_pause(&later.packets, at).1[1], unknown);
    assert_eq!(seen(&later.packets).1[1], format!("ftp-data {clear}"));
    let mut after = announced();
    after.close();
    opaque(&mut after);
    assert_eq!(seen(&after.packets).1[1], unknown);
}

#[test]
fn a_file_with_a_hole_is_said_to_be_cut() {
    let mut control = control();
    control
        .send(Side::Client, b"PASV\r\n")
        .send(Side::Server, b"227 (10,0,0,1,195,80)\r\n")
        .send(Side::Client, b"STOR a.txt\r\n");
    let mut data = Connection::open((PHONE, 40_001).into(), (SERVER, 50_000).into());
    data.send(Side::Client, b"first ");
    let lost = data.packets.len();
    data.send(Side::Client, b"second ");
    data.packets.remove(lost);
    data.send(Side::Client, b"third").close();
    control.packets.extend(data.packets);
    let (files, _) = seen(&control.packets);
    assert_eq!(files, ["phone STOR a.txt: first …"]);
}
