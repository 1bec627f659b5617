//! Two directions of lines that may turn into TLS halfway (STARTTLS, RFC 3207, 2595, 4217), as mail and FTP have them.

use super::line::Lines;
use super::{Chunk, Hint, Output};
use crate::model::Side;

/// The lines of both sides, until TLS takes over.
#[derive(Debug, Default)]
pub(super) struct Session {
    client: Lines,
    server: Lines,
    is_handed_on: bool,
}

impl Session {
    pub(super) fn lines(&mut self, side: Side) -> &mut Lines {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Takes bytes in; `false` once TLS has taken over, which then got them.
    pub(super) fn take(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) -> bool {
        if self.is_handed_on {
            emit(Output::Inner(chunk, Hint::Secured));
            return false;
        }
        self.lines(chunk.side).push(chunk.bytes);
        true
    }

    /// From here on TLS speaks; what already waits of this side is its beginning.
    pub(super) fn hand_on(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>)) {
        self.is_handed_on = true;
        let rest = self.lines(chunk.side).rest();
        if !rest.is_empty() {
            let inner = Chunk {
                bytes: rest,
                ..chunk
            };
            emit(Output::Inner(inner, Hint::Secured));
        }
        self.client.clear();
        self.server.clear();
    }

    /// Bytes of one side are missing; `false` if that is the business of TLS by now.
    pub(super) fn lose(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>)) -> bool {
        if self.is_handed_on {
            emit(Output::InnerGap(side, lost));
            return false;
        }
        self.lines(side).lose();
        true
    }
}
