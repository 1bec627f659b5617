//! What a connection is for: its streams, read as HTTP/3, or handed on one by one.

use super::Emit;
use super::streams::{Piece, Streams};
use crate::model::{Event, Shortfall};
use crate::protocol::http3::{Http3, Place};
use crate::protocol::{Chunk, Hint, Output};

/// What speaks in the streams.
#[derive(Debug)]
enum Spoken {
    Http3(Box<Http3>),
    /// Something that has a conversation per stream.
    Each(Hint),
}

impl Spoken {
    /// By the protocol that was negotiated (RFC 9114 §3.1, RFC 9250 §4.1).
    fn of(protocol: Option<&[u8]>) -> Self {
        let name = protocol.unwrap_or_default();
        if name == b"h3" || name.starts_with(b"h3-2") || name.starts_with(b"h3-3") {
            Self::Http3(Box::default())
        } else if name.starts_with(b"doq") {
            Self::Each(Hint::Protocol("dns-tcp"))
        } else {
            Self::Each(Hint::Probe)
        }
    }
}

/// The application's part of a connection.
#[derive(Debug, Default)]
pub(super) struct Application {
    streams: Streams,
    /// Known from its first bytes on.
    spoken: Option<Spoken>,
    /// Datagram frames (RFC 9221), and their bytes.
    datagrams: (u64, u64),
}

impl Application {
    /// Takes a piece of a stream. `protocol` is what was negotiated.
    pub(super) fn stream(
        &mut self,
        place: Place,
        (offset, bytes, is_last): (u64, &[u8], bool),
        protocol: Option<&[u8]>,
        emit: Emit<'_>,
    ) {
        let spoken = self.spoken.get_or_insert_with(|| Spoken::of(protocol));
        self.streams
            .push(place, offset, bytes, is_last, &mut |place, piece| {
                hand_on(spoken, place, &piece, emit);
            });
    }

    /// A sender broke a stream off.
    pub(super) fn reset(&mut self, place: Place, size: u64, emit: Emit<'_>) {
        if let Some(spoken) = &mut self.spoken {
            self.streams.reset(place, size, &mut |place, piece| {
                hand_on(spoken, place, &piece, emit);
            });
        }
    }

    /// Bytes without a stream: what they mean is the application's own.
    pub(super) fn datagram(&mut self, bytes: usize) {
        let (count, sum) = &mut self.datagrams;
        *count = count.saturating_add(1);
        *sum = sum.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// The connection ended.
    pub(super) fn finish(&mut self, emit: Emit<'_>) {
        if let Some(spoken) = &mut self.spoken {
            self.streams.flush(&mut |place, piece| {
                hand_on(spoken, place, &piece, emit);
            });
            if let Spoken::Http3(http3) = spoken {
                http3.finish(&mut |output| emit_protected(output, emit));
            }
        }
        let (count, bytes) = std::mem::take(&mut self.datagrams);
        if count > 0 {
            let what = "QUIC datagrams, whose contents are not read";
            emit(Output::Shortfall(Shortfall::UnknownEncoding, bytes, what));
        }
    }
}

fn hand_on(spoken: &mut Spoken, place: Place, piece: &Piece<'_>, emit: Emit<'_>) {
    match piece {
        Piece::Gap(lost) => {
            let what = "QUIC stream bytes not captured";
            emit(Output::Shortfall(Shortfall::StreamGap, *lost, what));
        }
        Piece::Limit => {
            let what = "too many QUIC stream bytes out of order";
            emit(Output::Shortfall(Shortfall::ReorderLimit, 0, what));
        }
        Piece::Bytes(_) | Piece::End(_) | Piece::Closed => {}
    }
    match spoken {
        Spoken::Http3(http3) => {
            let emit: Emit<'_> = &mut |output| emit_protected(output, emit);
            match piece {
                Piece::Bytes(bytes) => http3.feed(place, bytes, emit),
                Piece::Gap(lost) => http3.gap(place, *lost, emit),
                Piece::End(is_cut) => http3.end(place, *is_cut, emit),
                Piece::Closed | Piece::Limit => {}
            }
        }
        Spoken::Each(hint) => match piece {
            Piece::Bytes(bytes) => {
                let chunk = Chunk {
                    side: place.side,
                    bytes,
                    origin: place.origin,
                };
                emit(Output::InnerStream(place.stream, chunk, *hint));
            }
            Piece::Gap(lost) => {
                emit(Output::InnerStreamGap(place.stream, place.side, *lost));
            }
            Piece::Closed => emit(Output::InnerStreamEnd(place.stream)),
            Piece::End(_) | Piece::Limit => {}
        },
    }
}

/// Exchanges, and messages in them, were protected on the wire.
fn emit_protected(mut output: Output<'_>, emit: Emit<'_>) {
    match &mut output {
        Output::Event(Event::Exchange(exchange), _) => exchange.is_protected = true,
        Output::Event(Event::Message(message), _) => message.is_protected = true,
        _ => {}
    }
    emit(output);
}
