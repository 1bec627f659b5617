//! POP3 (RFC 1939, 5034, 2595): login, and the messages that are fetched.

use std::collections::VecDeque;

use super::mail::Mail;
use super::message::Draft;
use super::sasl::Authentication;
use super::session::Session;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "pop3";

/// POP3.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Pop3::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    let is_port = probe.server_port == 110;
    let verb: Vec<u8> = probe
        .client
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .take(8)
        .map(u8::to_ascii_uppercase)
        .collect();
    let is_verb = matches!(
        verb.as_slice(),
        b"USER"
            | b"PASS"
            | b"APOP"
            | b"AUTH"
            | b"CAPA"
            | b"STLS"
            | b"STAT"
            | b"LIST"
            | b"UIDL"
            | b"RETR"
            | b"TOP"
            | b"QUIT"
            | b"NOOP"
            | b"DELE"
    );
    let is_greeted = probe.server.starts_with(b"+OK");
    match (is_greeted, is_verb, is_port) {
        (true, true, _) | (true, _, true) => Verdict::Yes,
        (false, true, true) if probe.server.is_empty() => Verdict::Yes,
        (true, false, false) if probe.client.is_empty() => Verdict::More,
        _ => Verdict::No,
    }
}

/// What the server's next status line answers.
#[derive(Clone, Copy)]
enum Asked {
    /// One line.
    Line,
    /// Lines up to a dot.
    List,
    /// A message.
    Mail,
    Tls,
}

#[derive(Default)]
enum Answer {
    #[default]
    Status,
    List,
    Mail(Box<Mail>),
}

struct Pop3 {
    session: Session,
    asked: VecDeque<Asked>,
    answer: Answer,
    user: Option<String>,
    authentication: Option<Authentication>,
    origin: Origin,
}

impl Default for Pop3 {
    fn default() -> Self {
        Self {
            session: Session::default(),
            // the greeting
            asked: VecDeque::from([Asked::Line]),
            answer: Answer::default(),
            user: None,
            authentication: None,
            origin: Origin::default(),
        }
    }
}

impl Dissector for Pop3 {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.origin = chunk.origin;
        if !self.session.take(chunk, emit) {
            return;
        }
        while let Some(line) = self.session.lines(chunk.side).next_line() {
            match chunk.side {
                Side::Client => self.command(&line, chunk.origin, emit),
                Side::Server => {
                    if self.reply(&line, chunk.origin, emit) {
                        self.session.hand_on(chunk, emit);
                        return;
                    }
                }
            }
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if self.session.lose(side, lost, emit) {
            self.authentication = None;
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        if let Answer::Mail(mail) = std::mem::take(&mut self.answer) {
            mail.end(self.origin, emit);
        }
    }
}

impl Pop3 {
    fn command(&mut self, line: &str, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        if let Some(authentication) = self.authentication.take() {
            self.authenticate(authentication, Some(line), origin, emit);
            return;
        }
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let mut asked = Asked::Line;
        match verb.to_ascii_uppercase().as_str() {
            "USER" => {
                self.user = Some(rest.to_owned());
                Draft::new(NAME, "USER", Side::Client)
                    .with("user", rest)
                    .emit(origin, emit);
            }
            "PASS" => {
                let mut draft = Draft::new(NAME, "PASS", Side::Client);
                draft.add_some("user", self.user.as_deref());
                draft.with("password", rest).emit(origin, emit);
            }
            "APOP" => {
                let user = rest.split(' ').next().unwrap_or_default();
                Draft::new(NAME, "APOP", Side::Client)
                    .with("user", user)
                    .emit(origin, emit);
            }
            "AUTH" if !rest.is_empty() => {
                let (mechanism, initial) = rest
                    .split_once(' ')
                    .map_or((rest, None), |(mechanism, initial)| {
                        (mechanism, Some(initial))
                    });
                let authentication = Authentication::new(mechanism, initial);
                self.authenticate(authentication, None, origin, emit);
            }
            "RETR" | "TOP" => asked = Asked::Mail,
            "STLS" => asked = Asked::Tls,
            "CAPA" | "AUTH" => asked = Asked::List,
            "LIST" | "UIDL" if rest.is_empty() => asked = Asked::List,
            _ => {}
        }
        if self.asked.len() < limits::PIPELINED_COMMANDS {
            self.asked.push_back(asked);
        }
    }

    fn authenticate(
        &mut self,
        mut authentication: Authentication,
        line: Option<&str>,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) {
        match line {
            Some("*") => return,
            Some(line) => authentication.push(line),
            None => {}
        }
        self.authentication = authentication.settle(NAME, origin, emit);
    }

    /// Takes a line of the server; `true` if TLS begins behind it.
    fn reply(&mut self, line: &str, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) -> bool {
        match &mut self.answer {
            Answer::List => {
                if line == "." {
                    self.answer = Answer::Status;
                }
                return false;
            }
            Answer::Mail(mail) => {
                if line == "." {
                    if let Answer::Mail(mail) = std::mem::take(&mut self.answer) {
                        mail.end(origin, emit);
                    }
                } else {
                    let line = line.strip_prefix('.').unwrap_or(line);
                    mail.feed(line.as_bytes(), origin, emit);
                    mail.feed(b"\r\n", origin, emit);
                }
                return false;
            }
            Answer::Status => {}
        }
        // `+ ` asks for the next response of an authentication and answers nothing
        if !line.starts_with("+OK") && !line.starts_with("-ERR") {
            return false;
        }
        let asked = self.asked.pop_front().unwrap_or(Asked::Line);
        if line.starts_with("-ERR") {
            self.authentication = None;
            return false;
        }
        match asked {
            Asked::Line => {}
            Asked::List => self.answer = Answer::List,
            Asked::Mail => {
                self.answer = Answer::Mail(Box::new(Mail::new(NAME, "RETR", Side::Server)));
            }
            Asked::Tls => return true,
        }
        false
    }
}
