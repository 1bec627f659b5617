//! SMTP submission and transfer (RFC 5321): login, envelope and the message itself.

use super::mail::Mail;
use super::message::Draft;
use super::sasl::Authentication;
use super::session::Session;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "smtp";

/// SMTP.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Smtp::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    let greets = |bytes: &[u8]| {
        let start: Vec<u8> = bytes.iter().take(5).map(u8::to_ascii_uppercase).collect();
        matches!(start.as_slice(), b"EHLO " | b"HELO " | b"LHLO ")
    };
    if greets(probe.client) {
        return Verdict::Yes;
    }
    // `220` is also how FTP greets: the client's word tells, or the port
    let is_greeted = probe.server.starts_with(b"220 ") || probe.server.starts_with(b"220-");
    let is_port = matches!(probe.server_port, 25 | 465 | 587 | 2525);
    match (is_greeted, is_port) {
        (true, true) => Verdict::Yes,
        (true, false) if probe.client.len() < 5 => Verdict::More,
        _ if !probe.client.is_empty() && probe.client.len() < 5 => {
            let start = probe.client.to_ascii_uppercase();
            let is_prefix = [&b"EHLO "[..], b"HELO ", b"LHLO "]
                .iter()
                .any(|word| word.starts_with(&start));
            if is_prefix {
                Verdict::More
            } else {
                Verdict::No
            }
        }
        _ => Verdict::No,
    }
}

#[derive(Default)]
struct Smtp {
    session: Session,
    /// What the client's next line is.
    mode: Mode,
    wants_tls: bool,
    origin: Origin,
}

#[derive(Default)]
enum Mode {
    #[default]
    Command,
    /// Responses of an authentication.
    Authentication(Authentication),
    /// The message, until a line with a dot.
    Data(Box<Mail>),
    /// That many bytes of the message (RFC 3030); whether they are its last.
    Chunk(Box<Mail>, usize, bool),
}

impl Dissector for Smtp {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.origin = chunk.origin;
        if !self.session.take(chunk, emit) {
            return;
        }
        match chunk.side {
            Side::Client => self.client(chunk.origin, emit),
            Side::Server => self.server(chunk, emit),
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.session.lose(side, lost, emit) || side == Side::Server {
            return;
        }
        self.mode = match std::mem::take(&mut self.mode) {
            Mode::Chunk(mail, left, is_last) => {
                let left = left.saturating_sub(usize::try_from(lost).unwrap_or(usize::MAX));
                Mode::Chunk(mail, left, is_last)
            }
            Mode::Data(mail) => Mode::Data(mail),
            Mode::Command | Mode::Authentication(_) => Mode::Command,
        };
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        if let Mode::Data(mail) | Mode::Chunk(mail, ..) = std::mem::take(&mut self.mode) {
            mail.end(self.origin, emit);
        }
    }
}

impl Smtp {
    fn client(&mut self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        loop {
            self.mode = match std::mem::take(&mut self.mode) {
                Mode::Chunk(mut mail, left, is_last) => {
                    let taken = self.session.lines(Side::Client).take(left);
                    let left = left.saturating_sub(taken.len());
                    mail.feed(taken, origin, emit);
                    if left > 0 {
                        self.mode = Mode::Chunk(mail, left, is_last);
                        return;
                    }
                    if is_last {
                        mail.end(origin, emit);
                        Mode::Command
                    } else {
                        // the next BDAT goes on with it
                        Mode::Data(mail)
                    }
                }
                mode => {
                    let Some(line) = self.session.lines(Side::Client).next_line() else {
                        self.mode = mode;
                        return;
                    };
                    self.line(mode, &line, origin, emit)
                }
            };
        }
    }

    fn line(
        &mut self,
        mode: Mode,
        line: &str,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) -> Mode {
        match mode {
            Mode::Authentication(authentication) => respond(authentication, line, origin, emit),
            Mode::Data(mut mail) => {
                if line == "." {
                    mail.end(origin, emit);
                    return Mode::Command;
                }
                if let Some((left, is_last)) = chunk_size(line) {
                    return Mode::Chunk(mail, left, is_last);
                }
                let line = line.strip_prefix('.').unwrap_or(line);
                mail.feed(line.as_bytes(), origin, emit);
                mail.feed(b"\r\n", origin, emit);
                Mode::Data(mail)
            }
            Mode::Command | Mode::Chunk(..) => self.command(line, origin, emit),
        }
    }

    fn command(&mut self, line: &str, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) -> Mode {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let verb = verb.to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" | "LHLO" => {
                Draft::new(NAME, verb, Side::Client)
                    .with("helo", rest)
                    .emit(origin, emit);
            }
            "MAIL" | "RCPT" => {
                let name = if verb == "MAIL" { "from" } else { "to" };
                let path = rest.split_once(':').map_or("", |(_, path)| path.trim());
                let address = path
                    .strip_prefix('<')
                    .and_then(|path| path.split_once('>'))
                    .map_or(path, |(address, _)| address);
                Draft::new(NAME, verb, Side::Client)
                    .with(name, address)
                    .emit(origin, emit);
            }
            "AUTH" => {
                let (mechanism, initial) = rest
                    .split_once(' ')
                    .map_or((rest, None), |(mechanism, initial)| {
                        (mechanism, Some(initial))
                    });
                let authentication = Authentication::new(mechanism, initial);
                return settle(authentication, origin, emit);
            }
            "STARTTLS" => self.wants_tls = true,
            "DATA" => return Mode::Data(Box::new(Mail::new(NAME, "DATA", Side::Client))),
            "BDAT" => {
                if let Some((left, is_last)) = chunk_size(line) {
                    let mail = Box::new(Mail::new(NAME, "DATA", Side::Client));
                    return Mode::Chunk(mail, left, is_last);
                }
            }
            _ => {}
        }
        Mode::Command
    }

    fn server(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        while let Some(line) = self.session.lines(Side::Server).next_line() {
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            if !is_last {
                continue;
            }
            if self.wants_tls {
                self.wants_tls = false;
                if line.starts_with("220") {
                    self.session.hand_on(chunk, emit);
                    return;
                }
            }
            // refused: what looks like the message's beginning would be the next command
            if line.starts_with(['4', '5'])
                && matches!(&self.mode, Mode::Data(mail) if mail.is_untouched())
            {
                self.mode = Mode::Command;
            }
        }
    }
}

/// `BDAT 1000 LAST`.
fn chunk_size(line: &str) -> Option<(usize, bool)> {
    let mut words = line.split_ascii_whitespace();
    if !words.next()?.eq_ignore_ascii_case("BDAT") {
        return None;
    }
    let size = words.next()?.parse().ok()?;
    let is_last = words
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("LAST"));
    Some((size, is_last))
}

fn respond(
    mut authentication: Authentication,
    line: &str,
    origin: Origin,
    emit: &mut dyn FnMut(Output<'_>),
) -> Mode {
    if line == "*" {
        return Mode::Command;
    }
    authentication.push(line);
    settle(authentication, origin, emit)
}

/// Hands out an authentication that is complete, or waits for more of it.
fn settle(
    authentication: Authentication,
    origin: Origin,
    emit: &mut dyn FnMut(Output<'_>),
) -> Mode {
    let waiting = authentication.settle(NAME, origin, emit);
    waiting.map_or(Mode::Command, Mode::Authentication)
}
