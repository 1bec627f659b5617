//! MQTT: who publishes and listens to what.

use super::*;

fn mqtt_text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

fn mqtt_packet(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    assert!(body.len() < 128 * 128);
    let mut packet = vec![first];
    if body.len() < 128 {
        packet.push(u8::try_from(body.len()).unwrap());
    } else {
        packet.push(u8::try_from(body.len() % 128).unwrap() | 0x80);
        packet.push(u8::try_from(body.len() / 128).unwrap());
    }
    packet.extend_from_slice(&body);
    packet
}

#[test]
fn mqtt_gives_login_topics_and_payload() {
    let [client, user, password, topic] = ["phone-7", "erika", "secret", "fleet/7"].map(mqtt_text);
    let long = format!("{{\"lat\":52.5,\"pad\":\"{}\"}}", "x".repeat(200));
    let connect = mqtt_packet(
        0x10,
        &[b"\0\x04MQTT\x04\xc2\0\x3c", &client, &user, &password],
    );
    let subscribe = mqtt_packet(0x82, &[b"\0\x01", &topic, b"\x01"]);
    let publish = mqtt_packet(0x32, &[&topic, b"\0\x02", long.as_bytes()]);
    let binary = mqtt_packet(0x30, &[&topic, b"\xff\0"]);
    let said = [connect, subscribe, publish, binary].concat();
    assert_eq!(
        tcp(1883, &[(CLIENT, said.as_slice())]).lines(),
        [
            "> mqtt CONNECT | client-id=phone-7 | user=erika | password=secret".to_owned(),
            "> mqtt SUBSCRIBE | topic=fleet/7".into(),
            format!(
                "> mqtt PUBLISH | topic=fleet/7 | payload={}",
                long.escape_debug()
            ),
            "> mqtt PUBLISH | topic=fleet/7 | body ff00".into(),
        ]
    );
}

#[test]
fn mqtt_5_has_properties_and_old_ones_another_name() {
    let [client, name, value, topic, kind] =
        ["c", "model", "X1", "t", "application/json"].map(mqtt_text);
    let property = [b"\x26".as_slice(), &name, &value].concat();
    let length = [u8::try_from(property.len()).unwrap()];
    let connect = mqtt_packet(
        0x10,
        &[b"\0\x04MQTT\x05\0\0\x3c", &length, &property, &client],
    );
    let typed = [b"\x03".as_slice(), &kind].concat();
    let length = [u8::try_from(typed.len()).unwrap()];
    let publish = mqtt_packet(0x30, &[&topic, &length, &typed, b"{}"]);
    // a topic gets a number, which stands for it from then on, for its side alone
    let numbered = mqtt_packet(0x30, &[&topic, b"\x03\x23\0\x07", b"1"]);
    let later = mqtt_packet(0x30, &[b"\0\0", b"\x03\x23\0\x07", b"2"]);
    let said = [connect, publish, numbered, later.clone()].concat();
    let talk = [(CLIENT, said.as_slice()), (SERVER, later.as_slice())];
    assert_eq!(
        tcp(8000, &talk).lines(),
        [
            "> mqtt CONNECT | user-property.model=X1 | client-id=c",
            "> mqtt PUBLISH | topic=t | content-type=application/json | payload={}",
            "> mqtt PUBLISH | topic=t | payload=1",
            "> mqtt PUBLISH | topic=t | payload=2",
            "< mqtt PUBLISH | topic= | payload=2",
        ]
    );
    let old = mqtt_packet(0x10, &[b"\0\x06MQIsdp\x03\0\0\x3c", &client]);
    assert_eq!(
        tcp(8000, &[(CLIENT, old.as_slice())]).lines(),
        ["> mqtt CONNECT | client-id=c"]
    );
}

#[test]
fn what_is_published_in_binary_is_kept_as_a_body() {
    let talk = [(
        CLIENT,
        &b"\x10\x0d\0\x04MQTT\x04\0\0\x3c\0\x01a\x30\x06\0\x01t\x08\xff\0"[..],
    )];
    assert_eq!(
        tcp(1883, &talk).lines(),
        [
            "> mqtt CONNECT | client-id=a",
            "> mqtt PUBLISH | topic=t | body 08ff00",
        ]
    );
    let meta = [(
        CLIENT,
        &b"\x10\x10\0\x06MQTToT\x03\xc2\0\x3c\x78\xda\x03\0"[..],
    )];
    assert_eq!(
        tcp(443, &meta).lines(),
        ["> mqtt CONNECT | signature=mqtt-meta | body 78da0300"]
    );
}
