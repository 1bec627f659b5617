//! FTP (RFC 959, 2428, 4217): who logs in, with which password, and what is moved, on the connections agreed on for it.

mod data;

pub(super) use self::data::PROTOCOL as DATA;
use self::data::Transfer;
use super::message::Draft;
use super::session::Session;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "ftp";

/// FTP.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Ftp::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    let is_port = probe.server_port == 21;
    let is_greeted = probe.server.starts_with(b"220 ") || probe.server.starts_with(b"220-");
    let verb: Vec<u8> = probe
        .client
        .iter()
        .take(5)
        .map(u8::to_ascii_uppercase)
        .collect();
    let is_verb = verb.starts_with(b"USER ") || verb.starts_with(b"AUTH ");
    match (is_greeted, is_verb, is_port) {
        (true, true, _) | (true, _, true) | (_, true, true) => Verdict::Yes,
        (true, false, false) if probe.client.len() < 5 => Verdict::More,
        _ => Verdict::No,
    }
}

#[derive(Default)]
struct Ftp {
    session: Session,
    user: Option<String>,
    wants_tls: bool,
    /// Files go under TLS (RFC 4217 §9).
    protects_data: bool,
    /// On the connection for data that was agreed on last.
    transfer: Transfer,
}

impl Dissector for Ftp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.session.take(chunk, emit) {
            return;
        }
        while let Some(line) = self.session.lines(chunk.side).next_line() {
            if chunk.side == Side::Client {
                self.command(&line, chunk.origin, emit);
            } else if let Some(port) = passive_port(&line) {
                self.expect(Side::Server, port, emit);
            } else if self.wants_tls && line.as_bytes().get(3) != Some(&b'-') {
                self.wants_tls = false;
                if line.starts_with("234") {
                    self.session.hand_on(chunk, emit);
                    return;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        self.session.lose(side, lost, emit);
    }

    fn finish(&mut self, _emit: &mut dyn FnMut(Output<'_>)) {}
}

impl Ftp {
    fn command(&mut self, line: &str, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let verb = verb.to_ascii_uppercase();
        let mut draft = Draft::new(NAME, verb.as_str(), Side::Client);
        match verb.as_str() {
            "USER" => {
                self.user = Some(rest.to_owned());
                draft.add("user", rest);
            }
            "PASS" => {
                draft.add_some("user", self.user.as_deref());
                draft.add("password", rest);
            }
            "ACCT" => draft.add("account", rest),
            "CLNT" => draft.add("user-agent", rest),
            "STOR" | "STOU" | "APPE" | "RETR" => {
                self.transfer.name(&verb, rest);
                draft.add("file", rest);
            }
            "LIST" | "NLST" | "MLSD" => {
                self.transfer.name(&verb, rest);
                return;
            }
            "PORT" | "EPRT" => {
                if let Some(port) = active_port(&verb, rest) {
                    self.expect(Side::Client, port, emit);
                }
                return;
            }
            "PROT" => {
                self.protects_data = rest.eq_ignore_ascii_case("p");
                return;
            }
            "AUTH" => {
                self.wants_tls = true;
                return;
            }
            _ => return,
        }
        draft.emit(origin, emit);
    }

    /// The next file goes over a connection to that port.
    fn expect(&mut self, listener: Side, port: u16, emit: &mut dyn FnMut(Output<'_>)) {
        self.transfer = Transfer::default();
        if !self.protects_data {
            emit(Output::Expect(listener, port, self.transfer.start()));
        }
    }
}

/// The port of a reply to `PASV` or `EPSV` (RFC 959 §4.1.2, RFC 2428 §3). The address beside it is the server's own, or that
/// of a server behind a translator: the connection's counts.
fn passive_port(line: &str) -> Option<u16> {
    if line.starts_with("227 ") {
        let (_, rest) = line.split_once(['(', '='])?;
        port_of_six(rest)
    } else if line.starts_with("229 ") {
        let (_, rest) = line.split_once("|||")?;
        rest.split('|').next()?.parse().ok()
    } else {
        None
    }
}

/// The port of `PORT` or `EPRT`.
fn active_port(verb: &str, rest: &str) -> Option<u16> {
    if verb == "PORT" {
        port_of_six(rest)
    } else {
        let delimiter = rest.chars().next()?;
        rest.split(delimiter).nth(3)?.parse().ok()
    }
}

/// Of six numbers, four for the address and two for the port.
fn port_of_six(text: &str) -> Option<u16> {
    let mut numbers = text
        .split(|character: char| !character.is_ascii_digit())
        .skip_while(|number| number.is_empty())
        .skip(4);
    let mut next = || numbers.next()?.parse::<u8>().ok();
    Some(u16::from_be_bytes([next()?, next()?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_in_all_notations() {
        for (line, port) in [
            (
                "227 Entering Passive Mode (192,0,2,1,195,80).",
                Some(50_000),
            ),
            ("227 =192,0,2,1,4,1", Some(1025)),
            ("229 Entering Extended Passive Mode (|||6446|)", Some(6446)),
            ("229 (|||66000|)", None),
            ("227 Entering Passive Mode (192,0,2,1,300,80)", None),
            ("227 (192,0,2)", None),
            ("226 done (1,2,3,4,5,6)", None),
        ] {
            assert_eq!(passive_port(line), port, "{line}");
        }
        assert_eq!(active_port("PORT", "192,0,2,7,195,81"), Some(50_001));
        assert_eq!(active_port("EPRT", "|2|2001:db8::7|5282|"), Some(5282));
        assert_eq!(active_port("EPRT", ""), None);
    }
}
