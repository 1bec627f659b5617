//! permessage-deflate (RFC 7692): what was agreed on, and the state of one direction.

use flate2::{Decompress, FlushDecompress, Status};

use crate::limits;
use crate::model::Side;

/// What the handshake agreed on. Window sizes do not matter to a reader: the largest window reads all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Each message of the client stands alone.
    client_stands_alone: bool,
    /// Each message of the server stands alone.
    server_stands_alone: bool,
}

impl Parameters {
    /// Reads the server's `Sec-WebSocket-Extensions`.
    pub(super) fn parse(header: &str) -> Self {
        let mut parameters = Self::default();
        let accepted = header
            .split(',')
            .map(|extension| extension.split(';').map(str::trim))
            .find_map(|mut parts| (parts.next() == Some("permessage-deflate")).then_some(parts));
        for parameter in accepted.into_iter().flatten() {
            match parameter {
                "client_no_context_takeover" => parameters.client_stands_alone = true,
                "server_no_context_takeover" => parameters.server_stands_alone = true,
                _ => {}
            }
        }
        parameters
    }
}

/// A decompressed message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inflated {
    pub(super) bytes: Vec<u8>,
    /// It is damaged from there on, or refers to messages that are not in the capture.
    pub(super) is_damaged: bool,
    /// More bytes came out than are kept.
    pub(super) left_out: u64,
}

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Inflater {
    stands_alone: bool,
    state: Decompress,
}

impl Inflater {
    pub(super) fn new(side: Side, parameters: Parameters) -> Self {
        Self {
            stands_alone: match side {
                Side::Client => parameters.client_stands_alone,
                Side::Server => parameters.server_stands_alone,
            },
            state: Decompress::new(false),
        }
    }

    /// Messages are missing. What is known of the window from now on is contiguous again, so that what refers to no more
    /// than that is read right, and the rest shows as damage.
    pub(super) fn forget(&mut self) {
        self.state.reset(false);
    }

    /// Decompresses a message (RFC 7692 §7.2.2).
    pub(super) fn inflate(&mut self, message: &[u8]) -> Inflated {
        let mut inflated = Inflated {
            bytes: Vec::new(),
            is_damaged: false,
            left_out: 0,
        };
        let mut total = 0_usize;
        for part in [message, &[0, 0, 0xff, 0xff]] {
            if !self.part(part, &mut total, &mut inflated) {
                inflated.is_damaged = true;
                break;
            }
        }
        if self.stands_alone || inflated.is_damaged {
            self.forget();
        }
        inflated
    }

    /// Whether all of it decompressed. A final block may end the stream inside a message (RFC 7692 §7.2.3.4).
    fn part(&mut self, mut input: &[u8], total: &mut usize, inflated: &mut Inflated) -> bool {
        let mut output = Vec::with_capacity(STEP);
        loop {
            output.clear();
            let before = self.state.total_in();
            let result = self
                .state
                .decompress_vec(input, &mut output, FlushDecompress::Sync);
            let taken = self.state.total_in().saturating_sub(before);
            let taken = usize::try_from(taken).unwrap_or(usize::MAX);
            input = input.get(taken..).unwrap_or_default();
            *total = total.saturating_add(output.len());
            let room = limits::BODY_BYTES.saturating_sub(inflated.bytes.len());
            let (kept, left_out) = output.split_at(room.min(output.len()));
            inflated.bytes.extend_from_slice(kept);
            let left_out = u64::try_from(left_out.len()).unwrap_or(u64::MAX);
            inflated.left_out = inflated.left_out.saturating_add(left_out);
            match result {
                Err(_) => return false,
                Ok(_) if *total > limits::INFLATE_BYTES => return false,
                Ok(Status::StreamEnd) => {
                    self.state.reset(false);
                    if input.is_empty() {
                        return true;
                    }
                }
                Ok(_) if input.is_empty() && output.len() < STEP => return true,
                Ok(_) if taken == 0 && output.is_empty() => return input.is_empty(),
                Ok(_) => {}
            }
        }
    }
}

/// Bytes that are decompressed at a time.
const STEP: usize = 16 << 10;
