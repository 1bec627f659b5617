//! Protocols of messengers and of push services.

use super::*;

#[test]
fn whatsapp_today_shows_its_prologue_only() {
    let talk = [(CLIENT, &b"WA\x06\x03\0\0\x24\x12\x22\x0a\x20noise"[..])];
    assert_eq!(
        tcp(443, &talk).lines(),
        [
            "> whatsapp prologue | version=6.3 | signature=whatsapp-noise",
            "opaque encrypted-own-protocol"
        ]
    );
    let talk = [(
        CLIENT,
        &b"ED\0\x01\0\0\x04\x08\x05\x08\x02WA\x06\x03\0\0\x24\x12"[..],
    )];
    assert_eq!(
        tcp(5222, &talk).lines()[0],
        "> whatsapp prologue | version=6.3 | signature=whatsapp-edge-routing"
    );
}

#[test]
fn whatsapp_of_old_told_number_and_client() {
    let stream = [&b"\xf8\x05\x01\xa5\x91\x89\xfc\x0f"[..], b"Android-2.12.84"].concat();
    let plain = [
        &b"\xf8\x06\x0c\x56\xbf\xb5\xfc\x0b"[..],
        b"15555550123",
        b"\xfc\x02\xff\xfe",
    ]
    .concat();
    // the same eleven digits, packed
    let packed = b"\xf8\x08\x0c\xb5\xff\x86\x15\x55\x55\x50\x12\x3f\x51".to_vec();
    for login in [plain, packed] {
        let mut said = b"WA\x01\x05".to_vec();
        for frame in [&stream, &login] {
            said.extend_from_slice(&[0, 0, u8::try_from(frame.len()).unwrap()]);
            said.extend_from_slice(frame);
        }
        said.extend_from_slice(b"\x80\0\x02\xab\xcd");
        assert_eq!(
            tcp(5222, &[(CLIENT, said.as_slice())]).lines(),
            [
                "> whatsapp stream | signature=whatsapp-noise-old | platform=Android-2.12.84 | phone-number=15555550123",
                "opaque encrypted-own-protocol"
            ]
        );
    }
}

/// The opening of an obfuscated Telegram connection and what follows it, as a client makes them.
fn obfuscated(tag: u8, data_centre: i16, messages: &[u8]) -> Vec<u8> {
    use ctr::cipher::{KeyIvInit, StreamCipher};
    let mut opening: Vec<u8> = (0..64_u8)
        .map(|position| position.wrapping_mul(37) ^ 0x5a)
        .collect();
    opening[56..60].fill(tag);
    opening[60..62].copy_from_slice(&data_centre.to_le_bytes());
    let mut cipher =
        ctr::Ctr128BE::<aes::Aes256>::new_from_slices(&opening[8..40], &opening[40..56]).unwrap();
    let mut encrypted = opening.clone();
    cipher.apply_keystream(&mut encrypted);
    opening[56..].copy_from_slice(&encrypted[56..]);
    let mut messages = messages.to_vec();
    cipher.apply_keystream(&mut messages);
    [opening, messages].concat()
}

#[test]
fn the_key_id_of_telegram_is_read_also_through_its_obfuscation() {
    let message = [&[0x0a][..], b"KEYID--8", &[7; 32]].concat();
    let said = obfuscated(0xef, 2, &message);
    let told = "> telegram signature | transport=abridged | obfuscated=yes | data-centre=2 | auth-key-id=4b455949442d2d38 \
        | signature=telegram-mtproto";
    assert_eq!(
        tcp(443, &[(CLIENT, &said)]).lines(),
        [told, "opaque encrypted-own-protocol"]
    );
    let padded = [&[0x28, 0, 0, 0][..], &[0; 8], &[7; 32]].concat();
    let said = obfuscated(0xdd, -4, &padded);
    assert_eq!(
        tcp(5222, &[(CLIENT, &said)]).lines()[0],
        "> telegram signature | transport=padded intermediate | obfuscated=yes | data-centre=-4 | step=key agreement \
         | signature=telegram-mtproto"
    );
    let mut other = said;
    other[20] ^= 1;
    assert!(tcp(5222, &[(CLIENT, &other)]).protocol().is_none());
}

#[test]
fn own_protocols_are_recognised_by_their_form() {
    let random: Vec<u8> = (0..200_u32)
        .map(|position| (position.wrapping_mul(167) >> 1 ^ position) as u8)
        .collect();
    let abridged = [&b"\xef\x0a\0\0\0\0\0\0\0\0"[..], &random[..32]].concat();
    let intermediate = [&b"\xee\xee\xee\xee\x28\0\0\0"[..], &random[..40]].concat();
    let reflector = [
        &random[..16],
        &[0xff; 12],
        b"\xfe\xff\xff\xff",
        &random[..8],
    ]
    .concat();
    let viber = b"\x0b\0\0\0\0\0\xfc\xff\0\x80\0".to_vec();
    let loco = [&b"\0\x01\0\0\x0c\0\0\0\x02\0\0\0"[..], &random, &random].concat();
    let discovery = [&b"\0\x01\0\x46\0\0\0\x07"[..], &[0; 66]].concat();
    for (talk, protocol) in [
        (
            tcp(443, &[(CLIENT, abridged.as_slice())]),
            "telegram signature | transport=abridged | obfuscated=no | step=key agreement | signature=telegram-mtproto",
        ),
        (
            tcp(443, &[(CLIENT, intermediate.as_slice())]),
            "telegram signature | transport=intermediate | obfuscated=no | auth-key-id=0052a5f94aa4f34f | signature=telegram-mtproto",
        ),
        (
            udp(533, &[(CLIENT, reflector.as_slice())]),
            "telegram signature | signature=telegram-udp",
        ),
        (
            tcp(5222, &[(CLIENT, &random[..48]), (SERVER, &random[50..130])]),
            "threema signature | signature=threema-handshake",
        ),
        (
            tcp(5242, &[(CLIENT, viber.as_slice())]),
            "viber signature | signature=viber-tcp",
        ),
        (
            udp(50_001, &[(CLIENT, discovery.as_slice())]),
            "discord signature | signature=discord-voice",
        ),
        (
            tcp(8080, &[(CLIENT, b"\x16\xf1\x04\0\x80rest")]),
            "wechat signature | signature=wechat-mmtls",
        ),
        (
            tcp(5228, &[(CLIENT, loco.as_slice())]),
            "kakaotalk signature | signature=kakaotalk-loco",
        ),
    ] {
        assert_eq!(
            talk.lines(),
            [
                format!("> {protocol}"),
                "opaque encrypted-own-protocol".into()
            ]
        );
    }
}

#[test]
fn xiaomi_push_tells_the_phone() {
    let body = b"\x08\x6a\x12\x05Phone\x1a\x03V12\x2a\x06a-0a1b\x32\x04wifi\x42\x05de_DE\x50\x1e";
    let header = b"\x08\x00\x1a\x0axiaomi.com\x2a\x04CONN\x48\x00";
    let sizes = [0, 2, 0, header.len() as u8, 0, 0, 0, body.len() as u8];
    let message = [&sizes[..], header, body, b"\x01\x02\x03\x04"].concat();
    let length = [0, 0, 0, message.len() as u8];
    let said = [
        &b"\xc2\xfe\0\x05"[..],
        &length,
        &message,
        b"\xc2\xfe\0\x05\0\0\x03\x94secret",
    ]
    .concat();
    assert_eq!(
        tcp(5222, &[(CLIENT, said.as_slice())]).lines(),
        [
            "> xiaomi-push CONN | signature=xiaomi-push | model=Phone | system-version=V12 | device-id=a-0a1b | connection=wifi | locale=de_DE",
            "opaque encrypted-own-protocol"
        ]
    );
}
