//! Hellos of SSL 2.0: of clients that offer a later version in them (RFC 5246 appendix E.2), and of SSL 2.0 itself.

use super::certificate::{self, Names};
use super::hello::{ClientHello, ServerHello};
use crate::protocol::cursor::Cursor;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 4;

/// SSL 2.0.
const SSL_2: u16 = 0x0002;

/// A hello of either side.
#[derive(Debug)]
pub(super) enum Hello {
    /// The client's.
    Client(ClientHello),
    /// The server's, which carries its certificate.
    Server(ServerHello, Names),
}

/// What a piece of a stream's beginning is.
#[derive(Debug)]
pub(super) enum Piece {
    /// No hello of SSL 2.0.
    Other,
    /// It may become one.
    Unfinished,
    /// One; it ends with these bytes.
    Hello(Box<Hello>),
}

/// Reads the beginning of one side's stream, called again with each further byte.
pub(super) fn read(bytes: &[u8]) -> Piece {
    let mut cursor = Cursor::new(bytes);
    let Some(header) = cursor.u16() else {
        return match bytes.first() {
            Some(first) if first & 0x80 == 0 => Piece::Other,
            _ => Piece::Unfinished,
        };
    };
    let len = usize::from(header & 0x7fff);
    if header & 0x8000 == 0 || len < 11 {
        return Piece::Other;
    }
    let message = cursor.rest();
    let mut ahead = Cursor::new(message);
    match ahead.u8() {
        None => return Piece::Unfinished,
        Some(CLIENT_HELLO) => match ahead.u16() {
            None => return Piece::Unfinished,
            Some(SSL_2 | 0x0300..=0x0304) => {}
            Some(_) => return Piece::Other,
        },
        Some(SERVER_HELLO) => match (ahead.u8(), ahead.u8(), ahead.u16()) {
            (Some(0 | 1), Some(0 | 1), Some(SSL_2)) => {}
            (Some(0 | 1) | None, Some(0 | 1) | None, None) => return Piece::Unfinished,
            _ => return Piece::Other,
        },
        Some(_) => return Piece::Other,
    }
    let Some(message) = message.get(..len) else {
        return Piece::Unfinished;
    };
    match client(message).or_else(|| server(message)) {
        Some(hello) => Piece::Hello(Box::new(hello)),
        None => Piece::Other,
    }
}

fn client(message: &[u8]) -> Option<Hello> {
    let mut cursor = Cursor::new(message);
    if cursor.u8()? != CLIENT_HELLO {
        return None;
    }
    let version = cursor.u16()?;
    let [specifications, session, challenge] = [cursor.u16()?, cursor.u16()?, cursor.u16()?];
    if specifications % 3 != 0 || !matches!(session, 0 | 16) || !matches!(challenge, 16..=32) {
        return None;
    }
    let (triples, _) = cursor.take(usize::from(specifications))?.as_chunks::<3>();
    let cipher_suites = triples
        .iter()
        .filter(|[kind, ..]| *kind == 0)
        .map(|[_, high, low]| u16::from_be_bytes([*high, *low]))
        .collect();
    Some(Hello::Client(ClientHello {
        version,
        cipher_suites,
        is_whole: true,
        ..ClientHello::default()
    }))
}

fn server(message: &[u8]) -> Option<Hello> {
    let mut cursor = Cursor::new(message);
    if cursor.u8()? != SERVER_HELLO {
        return None;
    }
    let _flags = cursor.u16()?;
    let version = cursor.u16()?;
    let certificate = usize::from(cursor.u16()?);
    let _lengths = cursor.u32()?;
    Some(Hello::Server(
        ServerHello {
            version,
            ..ServerHello::default()
        },
        certificate::read(cursor.take(certificate)?),
    ))
}
