//! A connection for one file or listing (RFC 959 §5.2).

use std::cell::RefCell;
use std::rc::Rc;

use crate::limits;
use crate::model::{Body, ContentState, Event, Origin, Shortfall, Side};
use crate::protocol::message::Draft;
use crate::protocol::{Chunk, Dissector, Output, Protocol, Started, Verdict};

const NAME: &str = "ftp-data";

/// Connections for data. Never told by their bytes: the control connection announces them.
pub(in crate::protocol) const PROTOCOL: Protocol = Protocol {
    name: NAME,
    probe: |_| Verdict::No,
    start: |_| Box::<Data>::default(),
    content: ContentState::Clear,
};

/// What is moved: the control connection may say so before or after the connection for it opens.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfer {
    command: Rc<RefCell<Option<(String, String)>>>,
}

impl Transfer {
    /// Notes the command, and what it names.
    pub(super) fn name(&self, verb: &str, file: &str) {
        let command = (verb.to_owned(), file.to_owned());
        self.command.replace(Some(command));
    }

    /// What reads the connection.
    pub(super) fn start(&self) -> Started {
        Started {
            protocol: NAME,
            dissector: Box::new(Data {
                transfer: self.clone(),
                ..Data::default()
            }),
        }
    }
}

#[derive(Debug, Default)]
struct Data {
    transfer: Transfer,
    client: Body,
    server: Body,
    origin: Origin,
}

impl Data {
    fn body(&mut self, side: Side) -> &mut Body {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Dissector for Data {
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.origin = chunk.origin;
        let body = self.body(chunk.side);
        let room = limits::BODY_BYTES.saturating_sub(body.bytes.len());
        let left_out = body.add(chunk.bytes, room);
        if left_out > 0 {
            let what = "file longer than is kept";
            emit(Output::Shortfall(Shortfall::MessageLimit, left_out, what));
        }
    }

    fn gap(&mut self, side: Side, lost: u64, _emit: &mut dyn FnMut(Output<'_>)) {
        self.body(side).lose(lost);
    }

    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>)) {
        let command = self.transfer.command.take();
        let (verb, file) = command.unwrap_or_else(|| ("data".to_owned(), String::new()));
        for side in [Side::Client, Side::Server] {
            let body = std::mem::take(self.body(side));
            if body.wire_len == 0 {
                continue;
            }
            let mut draft = Draft::new(NAME, verb.as_str(), side);
            if !file.is_empty() {
                draft.add("file", &file);
            }
            let mut message = draft.into_message();
            message.body = body;
            emit(Output::Event(Event::Message(message), self.origin));
        }
    }
}
