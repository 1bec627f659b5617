//! `WebSocket` frames (RFC 6455 §5) and the handshake that opens them (§4).

use phonehome::model::Side;

use super::http;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;

/// The handshake: what the client asks, and the server's answer.
pub(crate) fn handshake(host: &str, target: &str, agreed: &[(&str, &str)]) -> (Vec<u8>, Vec<u8>) {
    let asked = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];
    let mut answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            .to_owned();
    for (name, value) in agreed {
        answer.extend([name, ": ", value, "\r\n"]);
    }
    answer.push_str("\r\n");
    let request = http::request("GET", host, target, &asked, b"");
    (request, answer.into_bytes())
}

/// A frame of up to 64 KiB; a client's is masked.
pub(crate) fn frame(side: Side, first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let masked = if side == Side::Client { 0x80 } else { 0 };
    let mut bytes = vec![first];
    if let Ok(len @ 0..126) = u8::try_from(payload.len()) {
        bytes.push(masked | len);
    } else {
        bytes.push(masked | 0x7e);
        bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    }
    if side == Side::Client {
        bytes.extend(MASK);
        let masked = payload.iter().zip(MASK.iter().cycle());
        bytes.extend(masked.map(|(byte, key)| byte ^ key));
    } else {
        bytes.extend(payload);
    }
    bytes
}
