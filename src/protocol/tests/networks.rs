//! What devices tell the network, and the ways through it.

use super::*;

#[test]
fn netbios_names_of_devices_are_read() {
    let mut message = vec![0x12, 0x34, 0x29, 0x10, 0, 1, 0, 0, 0, 0, 0, 1, 32];
    for byte in b"ERIKAS-PHONE   \0" {
        message.push(b'A' + (byte >> 4));
        message.push(b'A' + (byte & 0x0f));
    }
    message.extend_from_slice(&[0, 0, 0x20, 0, 1]);
    assert_eq!(
        udp(137, &[(CLIENT, &message)]).lines(),
        ["> netbios-ns registration | hostname=ERIKAS-PHONE"]
    );
}

#[test]
fn dhcp_gives_names_and_addresses() {
    let mut message = vec![1, 1, 6, 0];
    message.resize(28, 0);
    message.extend_from_slice(b"\x02\0\x5e\x10\0\x01");
    message.resize(236, 0);
    message.extend_from_slice(b"\x63\x82\x53\x63\x35\x01\x03\x0c\x0cerikas-phone\x3c\x06dhcpcd\x3d\x07\x01\x02\0\x5e\x10\0\x01\x32\x04\xc0\0\x02\x07\x37\x02\x01\x03\xff");
    assert_eq!(
        udp(67, &[(CLIENT, message.as_slice())]).lines(),
        [
            "> dhcp REQUEST | mac=02:00:5e:10:00:01 | hostname=erikas-phone | vendor-class=dhcpcd | client-id=02:00:5e:10:00:01 \
            | requested-address=192.0.2.7 | parameter-list=1,3"
        ]
    );
    // an answer that reaches the port from the other side is still the server's
    message[0] = 2;
    assert!(udp(67, &[(CLIENT, message.as_slice())]).lines()[0].starts_with("< dhcp REQUEST"));
}

#[test]
fn dhcpv6_gives_name_and_hardware() {
    let said = b"\x01\xaa\xbb\xcc\0\x01\0\x0e\0\x01\0\x01\x12\x34\x56\x78\x02\0\x5e\x10\0\x01\0\x27\0\x07\0\x05phone";
    let said = [&said[..], b"\0"].concat();
    let said = &said[..said.len() - 1];
    assert_eq!(
        udp(547, &[(CLIENT, said)]).lines(),
        [
            "> dhcpv6 SOLICIT | client-id=000100011234567802005e100001 | mac=02:00:5e:10:00:01 | fqdn=phone"
        ]
    );
}

#[test]
fn gtp_gives_subscriber_and_place() {
    let first = b"\x32\x10\0\x2d\0\0\0\0\0\x01\0\0\x02\x00\x01\x01\x21\x43\x65\x87\xf9\x03\x00\xf1\x10\x12\x34\x05\x86\0\x07\x91\x94\x71\x10\x32\x54\xf6\x83\0\x08\x03web\x03net";
    assert_eq!(
        udp(2123, &[(CLIENT, first.as_slice())]).lines(),
        ["> gtp-c 16 | version=1 | imsi=001010123456789 | rai=mcc=001 mnc=01 lac=4660 rac=5 | msisdn=4917012345 6 | apn=web.net".replace("45 6", "456")]
    );
    let second = b"\x48\x20\0\x2b\0\0\0\0\0\0\x01\0\x01\0\x08\0\x00\x01\x01\x21\x43\x65\x87\xf9\x56\0\x0d\0\x18\x00\xf1\x10\x12\x34\x00\xf1\x10\0\x12\x34\x56\x4c\0\x02\0\x94\x71";
    assert_eq!(
        udp(2123, &[(CLIENT, second.as_slice())]).lines(),
        [
            "> gtp-c 32 | version=2 | imsi=001010123456789 | tai=mcc=001 mnc=01 tac=4660 | ecgi=mcc=001 mnc=01 eci=1193046 | msisdn=4917"
        ]
    );
}

#[test]
fn socks_names_the_target_and_hands_on() {
    let talk = [
        (CLIENT, &b"\x05\x01\x02"[..]),
        (SERVER, b"\x05\x02"),
        (CLIENT, b"\x01\x05erika\x06secret"),
        (SERVER, b"\x01\0"),
        (CLIENT, b"\x05\x01\0\x03\x0bWww.Example\x01\xbb"),
        (SERVER, b"\x05\0\0\x01\0\0\0\0\0\0"),
        (CLIENT, b"\x16\x03\x01"),
        (SERVER, b"\x16\x03\x03"),
    ];
    assert_eq!(
        tcp(1080, &talk).lines(),
        [
            "> socks AUTH | user=erika | password=secret",
            "server www.example",
            "inner > 160301",
            "inner < 160303",
        ]
    );
    let talk = [
        (CLIENT, &b"\x04\x01\0\x50\0\0\0\x01erika\0a.example\0"[..]),
        (SERVER, b"\0\x5a\0\0\0\0\0\0"),
        (CLIENT, b"GET / HTTP/1.1\r\n"),
    ];
    assert_eq!(
        tcp(1080, &talk).lines()[..2],
        ["> socks AUTH | user=erika", "server a.example"]
    );
}
