//! FTP control connections (RFC 959, 4217): who logs in, with which password, and what is moved.

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
}

impl Dissector for Ftp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.session.take(chunk, emit) {
            return;
        }
        while let Some(line) = self.session.lines(chunk.side).next_line() {
            if chunk.side == Side::Client {
                self.command(&line, chunk.origin, emit);
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
            "STOR" | "STOU" | "APPE" | "RETR" => draft.add("file", rest),
            "AUTH" => {
                self.wants_tls = true;
                return;
            }
            _ => return,
        }
        draft.emit(origin, emit);
    }
}
