//! MQTT 3.1.1 packets (OASIS standard of 2014, §2 and §3) of a client that connects and publishes.

/// The server's answer to [`connect`] (§3.2): accepted.
pub(crate) const ACCEPTED: [u8; 4] = [0x20, 2, 0, 0];

/// Opens a clean session (§3.1).
pub(crate) fn connect(client: &str) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend([4, 2, 0, 60]);
    body.extend(text(client));
    packet(0x10, &body)
}

/// A message that asks for no receipt (§3.3).
pub(crate) fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    body.extend(payload);
    packet(0x30, &body)
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// The first byte, the length in groups of seven bits, the rest.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    while length > 0x7f {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend(body);
    bytes
}
