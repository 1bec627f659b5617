//! Server-sent events: the messages of a response that goes on (HTML Living Standard, "Server-sent events").

use crate::limits;
use crate::model::{Exchange, Origin, Shortfall, Side};
use crate::protocol::Output;
use crate::protocol::message::{Draft, text};

const NAME: &str = "server-sent-events";
/// Its media type.
const STREAM: &str = "text/event-stream";

/// Hands out the events of a response, if it is a stream of them.
pub(super) fn events(exchange: &Exchange, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
    let Some(response) = exchange.response.as_ref() else {
        return;
    };
    let is_stream = super::is_of_type(response.header("content-type"), STREAM);
    if !is_stream || response.header("content-encoding").is_some() {
        return;
    }
    let stream = text(&response.body.bytes);
    let mut event = Pending::default();
    let mut count = 0_usize;
    for line in lines(stream.strip_prefix('\u{feff}').unwrap_or(&stream)) {
        if !line.is_empty() {
            event.take(line);
            continue;
        }
        if !event.data.is_empty() {
            count = count.saturating_add(1);
            if count > limits::SERVER_SENT_EVENTS {
                let what = "more server-sent events in one response than the bound";
                emit(Output::Shortfall(Shortfall::MessageLimit, 0, what));
                return;
            }
            event.emit(origin, emit);
        }
        // the id holds on
        event = Pending {
            id: event.id,
            ..Pending::default()
        };
    }
}

/// Lines end in CR, LF or both.
fn lines(stream: &str) -> impl Iterator<Item = &str> {
    stream
        .split_inclusive(['\r', '\n'])
        .scan(false, |was_cr, piece| {
            let is_second_half = *was_cr && piece == "\n";
            *was_cr = piece.ends_with('\r');
            Some((!is_second_half).then(|| piece.trim_end_matches(['\r', '\n'])))
        })
        .flatten()
}

/// An event whose end has not come.
#[derive(Debug, Default)]
struct Pending<'a> {
    kind: Option<&'a str>,
    id: Option<&'a str>,
    data: Vec<&'a str>,
}

impl<'a> Pending<'a> {
    /// Takes a line; those that begin with a colon are comments.
    fn take(&mut self, line: &'a str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.kind = Some(value),
            "id" => self.id = Some(value),
            "data" => self.data.push(value),
            _ => {}
        }
    }

    fn emit(&self, origin: Origin, emit: &mut dyn FnMut(Output<'_>)) {
        let mut draft = Draft::new(NAME, self.kind.unwrap_or("message"), Side::Server);
        draft.add_some("id", self.id);
        draft.set_body(self.data.join("\n").as_bytes());
        draft.emit(origin, emit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Event, Header, Response};

    fn read(stream: &str) -> Vec<String> {
        let exchange = Exchange {
            response: Some(Response {
                headers: vec![Header {
                    name: "Content-Type".to_owned(),
                    value: "text/event-stream;charset=utf-8".to_owned(),
                }],
                body: Body {
                    bytes: stream.as_bytes().to_vec(),
                    ..Body::default()
                },
                ..Response::default()
            }),
            ..Exchange::default()
        };
        let mut read = Vec::new();
        events(&exchange, Origin::default(), &mut |output| {
            if let Output::Event(Event::Message(message), _) = output {
                assert!(!message.from_client);
                let id = message.fields.first().map_or("-", |(_, id)| id.as_str());
                let data = String::from_utf8_lossy(&message.body.bytes).into_owned();
                read.push(format!("{} {id} {data}", message.kind));
            }
        });
        read
    }

    proptest::proptest! {
        #[test]
        fn any_stream_is_survived(stream in "(data|id|event|[: a\r\n\u{feff}]){0,60}") {
            for event in read(&stream) {
                proptest::prop_assert!(!event.is_empty());
            }
        }
    }

    #[test]
    fn events_are_those_of_the_standard() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ": hello\n\ndata: YHOO\ndata: +2\ndata:10\n\nevent: add\nid: 7\ndata:  x\n\n\
                          event: empty\n\ndata\ndata\n\nretry: 5\ndata: cut off";
            assert_eq!(
                read(&stream.replace('\n', end)),
                ["message - YHOO\n+2\n10", "add 7  x", "message 7 \n"],
                "{end:?}"
            );
        }
    }
}
