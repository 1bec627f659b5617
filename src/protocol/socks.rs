//! SOCKS 4, 4a and 5 (RFC 1928, 1929): who logs in at the proxy, the real server, and the protocol inside.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::cursor::Cursor;
use super::message::{Draft, text};
use super::{Chunk, Dissector, Hint, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Shortfall, Side, Transport};

const NAME: &str = "socks";

/// SOCKS.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Socks::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    let is_port = matches!(probe.server_port, 1080 | 9050 | 9150);
    match (probe.client, probe.server) {
        // version 5: methods fill the greeting, and the server answers with one of them
        ([5, count @ 1..=8, methods @ ..], server) if methods.len() >= usize::from(*count) => {
            let offered = methods.get(..usize::from(*count)).unwrap_or_default();
            match server {
                [5, chosen, ..] if offered.contains(chosen) || *chosen == 0xff => Verdict::Yes,
                [] | [5] if methods.len() == usize::from(*count) => Verdict::More,
                _ => Verdict::No,
            }
        }
        ([5] | [5, 1..=8, ..], []) => Verdict::More,
        ([4, 1, _, _, _, _, _, _, user @ ..], server) => match server {
            [0, 90..=93, ..] => Verdict::Yes,
            [] if user.contains(&0) || is_port => Verdict::More,
            _ => Verdict::No,
        },
        _ => Verdict::No,
    }
}

#[derive(Default)]
struct Socks {
    client: Vec<u8>,
    server: Vec<u8>,
    state: State,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Greeting,
    /// The server chooses a method.
    Method,
    Login,
    LoginAnswer,
    Request,
    Answer,
    /// The target's own protocol.
    Inside,
    /// Refused, or no SOCKS after all.
    Over,
}

impl Dissector for Socks {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        match self.state {
            State::Inside => emit(Output::Inner(chunk, Hint::Probe)),
            State::Over => {}
            _ => {
                self.bytes(chunk.side).extend_from_slice(chunk.bytes);
                while self.step(chunk.origin, emit).is_some() {}
                if self.state == State::Inside {
                    for side in [Side::Client, Side::Server] {
                        let rest = std::mem::take(self.bytes(side));
                        if !rest.is_empty() {
                            let inner = Chunk {
                                side,
                                bytes: &rest,
                                origin: chunk.origin,
                            };
                            emit(Output::Inner(inner, Hint::Probe));
                        }
                    }
                } else if self.bytes(chunk.side).len() > limits::SOCKS_BYTES {
                    let lost = u64::try_from(self.bytes(chunk.side).len()).unwrap_or(u64::MAX);
                    self.over();
                    emit(Output::Shortfall(
                        Shortfall::MalformedMessage,
                        lost,
                        "SOCKS goes on with bytes that are none of it",
                    ));
                }
            }
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if self.state == State::Inside {
            emit(Output::InnerGap(side, lost));
        } else {
            self.over();
        }
    }

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

impl Socks {
    fn bytes(&mut self, side: Side) -> &mut Vec<u8> {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn over(&mut self) {
        self.state = State::Over;
        self.client = Vec::new();
        self.server = Vec::new();
    }

    /// Reads the next message if it is whole.
    fn step(&mut self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) -> Option<()> {
        let side = match self.state {
            State::Greeting | State::Login | State::Request => Side::Client,
            State::Method | State::LoginAnswer | State::Answer => Side::Server,
            State::Inside | State::Over => return None,
        };
        let state = self.state;
        let bytes = std::mem::take(self.bytes(side));
        let mut cursor = Cursor::new(&bytes);
        let next = match state {
            State::Greeting => greeting(&mut cursor, origin, emit),
            State::Method => method(&mut cursor),
            State::Login => login(&mut cursor, origin, emit),
            State::LoginAnswer => login_answer(&mut cursor),
            State::Request => request(&mut cursor, emit),
            State::Answer => answer(&mut cursor),
            State::Inside | State::Over => None,
        };
        let rest = if next.is_some() {
            cursor.rest()
        } else {
            &bytes
        };
        let rest = rest.to_vec();
        *self.bytes(side) = rest;
        self.state = next?;
        Some(())
    }
}

fn greeting(
    cursor: &mut Cursor<'_>,
    origin: Origin,
    emit: &mut dyn FnMut(Output<'_>),
) -> Option<State> {
    match cursor.u8()? {
        5 => {
            cursor.vector8()?;
            Some(State::Method)
        }
        4 => {
            cursor.u8()?;
            let port = cursor.u16()?;
            let address = cursor.u32()?;
            let user = zero_ended(cursor)?;
            let host = if address != 0 && address < 256 {
                // 4a: the address is not known, a name follows
                text(zero_ended(cursor)?)
            } else {
                Ipv4Addr::from(address).to_string()
            };
            if !user.is_empty() {
                Draft::new(NAME, "AUTH", Side::Client)
                    .with("user", &text(user))
                    .emit(origin, emit);
            }
            let _ = port;
            emit(Output::Server(&host));
            Some(State::Answer)
        }
        _ => Some(State::Over),
    }
}

fn zero_ended<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = memchr::memchr(0, cursor.rest())?;
    let taken = cursor.take(length)?;
    cursor.u8()?;
    Some(taken)
}

fn method(cursor: &mut Cursor<'_>) -> Option<State> {
    let (version, method) = (cursor.u8()?, cursor.u8()?);
    Some(match (version, method) {
        (5, 0) => State::Request,
        (5, 2) => State::Login,
        _ => State::Over,
    })
}

fn login(
    cursor: &mut Cursor<'_>,
    origin: Origin,
    emit: &mut dyn FnMut(Output<'_>),
) -> Option<State> {
    cursor.u8()?;
    let user = cursor.vector8()?;
    let password = cursor.vector8()?;
    Draft::new(NAME, "AUTH", Side::Client)
        .with("user", &text(user))
        .with("password", &text(password))
        .emit(origin, emit);
    Some(State::LoginAnswer)
}

fn login_answer(cursor: &mut Cursor<'_>) -> Option<State> {
    let (_, status) = (cursor.u8()?, cursor.u8()?);
    Some(if status == 0 {
        State::Request
    } else {
        State::Over
    })
}

/// CONNECT names the target; other commands open no stream that could be read here.
fn request(cursor: &mut Cursor<'_>, emit: &mut dyn FnMut(Output<'_>)) -> Option<State> {
    let (version, command, _) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let host = address(cursor)?;
    cursor.u16()?;
    if (version, command) != (5, 1) {
        return Some(State::Over);
    }
    emit(Output::Server(&host));
    Some(State::Answer)
}

fn answer(cursor: &mut Cursor<'_>) -> Option<State> {
    let (version, status) = (cursor.u8()?, cursor.u8()?);
    let is_granted = if version == 5 {
        cursor.u8()?;
        address(cursor)?;
        cursor.u16()?;
        status == 0
    } else {
        cursor.take(6)?;
        status == 90
    };
    Some(if is_granted {
        State::Inside
    } else {
        State::Over
    })
}

/// RFC 1928 §5.
fn address(cursor: &mut Cursor<'_>) -> Option<String> {
    match cursor.u8()? {
        1 => Some(Ipv4Addr::from(cursor.u32()?).to_string()),
        3 => Some(text(cursor.vector8()?).to_ascii_lowercase()),
        4 => {
            let octets = cursor.take(16)?.first_chunk::<16>()?;
            Some(Ipv6Addr::from(*octets).to_string())
        }
        _ => None,
    }
}
