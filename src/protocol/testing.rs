//! What tests of dissectors share: how they are fed, and what comes out in words.

use super::{Chunk, Dissector, Output};
use crate::model::{Body, Event, Origin, Side};

/// What is fed: bytes of a side, or a gap in it.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Client(Vec<u8>),
    Server(Vec<u8>),
    Gap(Side, u64),
}

/// Feeds all of it and ends the flow. Each piece comes in a packet of its own.
pub(super) fn feed(
    dissector: &mut dyn Dissector,
    inputs: &[Input],
    note: &mut dyn FnMut(Output<'_>),
) {
    for (input, frame) in inputs.iter().zip(1..) {
        let (side, bytes) = match input {
            Input::Client(bytes) => (Side::Client, bytes),
            Input::Server(bytes) => (Side::Server, bytes),
            Input::Gap(side, lost) => {
                dissector.gap(*side, *lost, note);
                continue;
            }
        };
        let origin = Origin {
            frame,
            ..Origin::default()
        };
        let chunk = Chunk {
            side,
            bytes,
            origin,
        };
        dissector.feed(chunk, note);
    }
    dissector.finish(note);
}

/// An output of HTTP; bodies that are cut end with `…`.
pub(super) fn describe(output: &Output<'_>) -> String {
    let body = |body: &Body| {
        let cut = if body.is_cut { "…" } else { "" };
        String::from_utf8_lossy(&body.bytes).into_owned() + cut
    };
    match output {
        Output::Event(Event::Exchange(exchange), _) => {
            let request = &exchange.request;
            let response = exchange
                .response
                .as_ref()
                .map_or_else(String::new, |response| {
                    format!(" -> {} [{}]", response.status, body(&response.body))
                });
            format!(
                "{} {} {} [{}]{response}",
                request.method,
                request.host.as_deref().unwrap_or("?"),
                request.target,
                body(&request.body),
            )
        }
        Output::Event(Event::Message(message), _) => {
            format!("{} {:?}", message.kind, message.fields)
        }
        Output::Server(name) => format!("server {name}"),
        Output::Shortfall(shortfall, bytes, _) => format!("{} {bytes}", shortfall.as_str()),
        Output::Inner(chunk, _) | Output::InnerStream(_, chunk, _) => {
            format!("{:?}: {}", chunk.side, String::from_utf8_lossy(chunk.bytes))
        }
        other => format!("{other:?}"),
    }
}
