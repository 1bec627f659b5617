//! IMAP4 (RFC 9051, 3501): login, client identification, and messages that are fetched or stored.

use super::mail::Mail;
use super::message::Draft;
use super::sasl::Authentication;
use super::session::Session;
use super::{Chunk, Dissector, Output, Probe, Protocol, Verdict};
use crate::limits;
use crate::model::{ContentState, Origin, Side, Transport};

const NAME: &str = "imap";

/// IMAP.
pub(super) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe,
    start: |_| Box::new(Imap::default()),
    content: ContentState::Clear,
};

fn probe(probe: &Probe<'_>) -> Verdict {
    if probe.transport != Transport::Tcp {
        return Verdict::No;
    }
    let is_greeted = [&b"* OK"[..], b"* PREAUTH", b"* BYE"]
        .iter()
        .any(|greeting| probe.server.starts_with(greeting));
    let line: Vec<u8> = probe
        .client
        .iter()
        .take_while(|byte| **byte != b'\r')
        .take(64)
        .map(u8::to_ascii_uppercase)
        .collect();
    let mut words = line.split(|byte| *byte == b' ');
    let is_tag = words.next().is_some_and(|tag| {
        (1..=16).contains(&tag.len())
            && tag
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
    });
    let is_command = is_tag
        && words.next().is_some_and(|command| {
            matches!(
                command,
                b"LOGIN"
                    | b"CAPABILITY"
                    | b"AUTHENTICATE"
                    | b"STARTTLS"
                    | b"ID"
                    | b"NOOP"
                    | b"LOGOUT"
                    | b"SELECT"
                    | b"UID"
                    | b"FETCH"
                    | b"LIST"
                    | b"EXAMINE"
            )
        });
    match (is_greeted, is_command, probe.server_port == 143) {
        (true, true, _) | (true, _, true) => Verdict::Yes,
        (false, true, true) if probe.server.is_empty() => Verdict::Yes,
        (true, false, false) if probe.client.is_empty() => Verdict::More,
        _ => Verdict::No,
    }
}

#[derive(Default)]
struct Imap {
    session: Session,
    client: Half,
    server: Half,
    authentication: Option<Authentication>,
    /// Tag of a STARTTLS that is not yet answered.
    tls_tag: Option<String>,
    origin: Origin,
}

/// One side's line in the making: literals (RFC 9051 §4.3) belong to it.
#[derive(Default)]
struct Half {
    tokens: Vec<String>,
    literal: Option<Literal>,
}

struct Literal {
    left: usize,
    content: Content,
}

enum Content {
    /// An argument, as far as it is kept.
    Argument(Vec<u8>),
    Mail(Box<Mail>),
}

impl Dissector for Imap {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.origin = chunk.origin;
        if !self.session.take(chunk, emit) {
            return;
        }
        loop {
            if !self.literal(chunk.side, chunk.origin, emit) {
                return;
            }
            let Some(line) = self.session.lines(chunk.side).next_line() else {
                return;
            };
            if self.line(chunk.side, &line, chunk.origin, emit) {
                self.session.hand_on(chunk, emit);
                return;
            }
        }
    }

    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) {
        if !self.session.lose(side, lost, emit) {
            return;
        }
        self.authentication = None;
        let half = self.half(side);
        match half.literal.take() {
            Some(Literal { left, content })
                if usize::try_from(lost).is_ok_and(|lost| lost < left) =>
            {
                let lost = usize::try_from(lost).unwrap_or(left);
                half.literal = Some(Literal {
                    left: left.saturating_sub(lost),
                    content,
                });
                self.session.lines(side).clear();
            }
            _ => half.tokens.clear(),
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        for half in [&mut self.client, &mut self.server] {
            if let Some(Literal {
                content: Content::Mail(mail),
                ..
            }) = half.literal.take()
            {
                mail.end(self.origin, emit);
            }
        }
    }
}

impl Imap {
    fn half(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Goes on with an open literal; `false` if it waits for more bytes.
    fn literal(&mut self, side: Side, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) -> bool {
        let Some(Literal { left, mut content }) = self.half(side).literal.take() else {
            return true;
        };
        let taken = self.session.lines(side).take(left);
        let left = left.saturating_sub(taken.len());
        match &mut content {
            Content::Mail(mail) => mail.feed(taken, origin, emit),
            Content::Argument(bytes) => {
                let room = limits::PROTOCOL_LINE_BYTES.saturating_sub(bytes.len());
                bytes.extend_from_slice(taken.get(..room).unwrap_or(taken));
            }
        }
        if left > 0 {
            self.half(side).literal = Some(Literal { left, content });
            return false;
        }
        match content {
            Content::Mail(mail) => mail.end(origin, emit),
            Content::Argument(bytes) => {
                let argument = super::message::text(&bytes);
                self.half(side).tokens.push(argument);
            }
        }
        true
    }

    /// Takes a line; `true` if TLS begins behind it.
    fn line(
        &mut self,
        side: Side,
        line: &str,
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) -> bool {
        if side == Side::Client
            && let Some(mut authentication) = self.authentication.take()
        {
            if line != "*" {
                authentication.push(line);
                self.authentication = authentication.settle(NAME, origin, emit);
            }
            return false;
        }
        let (line, announced) = announced_literal(line);
        let half = self.half(side);
        for token in tokens(line) {
            if half.tokens.len() < limits::MESSAGE_FIELDS {
                half.tokens.push(token);
            }
        }
        if let Some(left) = announced {
            let is_mail = is_message(side, &half.tokens);
            half.literal = Some(Literal {
                left,
                content: if is_mail {
                    let kind = if side == Side::Client {
                        "APPEND"
                    } else {
                        "FETCH"
                    };
                    Content::Mail(Box::new(Mail::new(NAME, kind, side)))
                } else {
                    Content::Argument(Vec::new())
                },
            });
            return false;
        }
        let tokens = std::mem::take(&mut half.tokens);
        match side {
            Side::Client => {
                self.command(&tokens, origin, emit);
                false
            }
            Side::Server => self.response(&tokens, origin, emit),
        }
    }

    fn command(&mut self, tokens: &[String], origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        let [tag, command, arguments @ ..] = tokens else {
            return;
        };
        match (command.to_ascii_uppercase().as_str(), arguments) {
            ("LOGIN", [user, rest @ ..]) => {
                let mut draft = Draft::new(NAME, "LOGIN", Side::Client).with("user", user);
                draft.add_some("password", rest.first().map(String::as_str));
                draft.emit(origin, emit);
            }
            ("AUTHENTICATE", [mechanism, rest @ ..]) => {
                let initial = rest.first().map(String::as_str);
                let authentication = Authentication::new(mechanism, initial);
                self.authentication = authentication.settle(NAME, origin, emit);
            }
            // RFC 2971: the client names itself
            ("ID", arguments) => {
                let mut draft = Draft::new(NAME, "ID", Side::Client);
                let values: Vec<&String> = arguments
                    .iter()
                    .filter(|token| !matches!(token.as_str(), "(" | ")" | "NIL"))
                    .collect();
                for pair in values.chunks_exact(2) {
                    if let [name, value] = pair {
                        draft.add(name, value);
                    }
                }
                if !draft.is_empty() {
                    draft.emit(origin, emit);
                }
            }
            ("STARTTLS", _) => self.tls_tag = Some(tag.clone()),
            ("SEARCH", criteria) => search(criteria, origin, emit),
            ("UID", [search_command, criteria @ ..])
                if search_command.eq_ignore_ascii_case("SEARCH") =>
            {
                search(criteria, origin, emit);
            }
            _ => {}
        }
    }

    fn response(
        &mut self,
        tokens: &[String],
        origin: Origin,
        emit: &mut dyn FnMut(Output<'_>),
    ) -> bool {
        let [tag, rest @ ..] = tokens else {
            return false;
        };
        if self.tls_tag.as_deref() == Some(tag) {
            self.tls_tag = None;
            return rest
                .first()
                .is_some_and(|status| status.eq_ignore_ascii_case("OK"));
        }
        if tag == "*"
            && rest
                .get(1)
                .is_some_and(|word| word.eq_ignore_ascii_case("FETCH"))
        {
            envelope(rest, origin, emit);
        }
        false
    }
}

/// Keys of a search that a text follows (RFC 9051 §6.4.4).
const SEARCHED: [&str; 7] = ["from", "to", "cc", "bcc", "subject", "body", "text"];

/// What the user looks for in mail.
fn search(criteria: &[String], origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
    let mut draft = Draft::new(NAME, "SEARCH", Side::Client);
    for pair in criteria.windows(2) {
        if let [key, wanted] = pair {
            let key = key.to_ascii_lowercase();
            if SEARCHED.contains(&key.as_str()) {
                draft.add(&key, wanted);
            }
        }
    }
    for header in criteria.windows(3) {
        if let [key, name, wanted] = header
            && key.eq_ignore_ascii_case("HEADER")
        {
            draft.add(&name.to_ascii_lowercase(), wanted);
        }
    }
    if !draft.is_empty() {
        draft.emit(origin, emit);
    }
}

/// Whether a literal at this point of a line is a message or a part of one.
fn is_message(side: Side, tokens: &[String]) -> bool {
    let word = |position: usize| tokens.get(position).map(|token| token.to_ascii_uppercase());
    match side {
        Side::Client => word(1).as_deref() == Some("APPEND"),
        Side::Server => {
            let last = tokens
                .last()
                .map(|token| token.to_ascii_uppercase())
                .unwrap_or_default();
            // `BODY[HEADER.FIELDS (FROM)]` is split at its brackets
            let is_part =
                last.starts_with("BODY[") || last.starts_with("RFC822") || last.ends_with(']');
            word(2).as_deref() == Some("FETCH") && is_part
        }
    }
}

/// Date, subject and addresses of an ENVELOPE (RFC 9051 §7.5.2): an address is a list of four strings.
fn envelope(tokens: &[String], origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
    let Some(start) = tokens
        .iter()
        .position(|token| token.eq_ignore_ascii_case("ENVELOPE"))
    else {
        return;
    };
    let Some([_open, date, subject, rest @ ..]) = tokens.get(start.saturating_add(1)..) else {
        return;
    };
    let mut draft = Draft::new(NAME, "FETCH", Side::Server);
    for (name, value) in [("date", date), ("subject", subject)] {
        if value != "NIL" {
            draft.add(name, value);
        }
    }
    for group in rest.windows(6) {
        if let [open, name, _route, mailbox, host, close] = group
            && open == "("
            && close == ")"
            && mailbox != "NIL"
            && host != "NIL"
        {
            let address = format!("{mailbox}@{host}");
            if name == "NIL" {
                draft.add("address", &address);
            } else {
                draft.add("address", &format!("{name} <{address}>"));
            }
        }
    }
    draft.emit(origin, emit);
}

/// `{12}` or `{12+}` at the end of a line announces a literal of that many bytes.
fn announced_literal(line: &str) -> (&str, Option<usize>) {
    let announced = line
        .strip_suffix('}')
        .and_then(|line| line.rsplit_once('{'))
        .and_then(|(line, size)| {
            let size = size.strip_suffix('+').unwrap_or(size).parse().ok()?;
            Some((line, Some(size)))
        });
    announced.unwrap_or((line, None))
}

/// Atoms, quoted strings without their quotes, and parentheses.
fn tokens(line: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut characters = line.chars().peekable();
    while let Some(first) = characters.next() {
        match first {
            ' ' => {}
            '(' | ')' => tokens.push(first.to_string()),
            '"' => {
                let mut token = String::new();
                while let Some(character) = characters.next() {
                    match character {
                        '"' => break,
                        '\\' => token.extend(characters.next()),
                        _ => token.push(character),
                    }
                }
                tokens.push(token);
            }
            _ => {
                let mut token = String::from(first);
                while let Some(character) =
                    characters.next_if(|next| !matches!(next, ' ' | '(' | ')'))
                {
                    token.push(character);
                }
                tokens.push(token);
            }
        }
    }
    tokens
}
