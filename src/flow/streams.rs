//! Flows of TCP: which connection a segment belongs to, and its bytes in their order.

use super::dissection::{Setting, Sink, Stage};
use super::internet::Datagram;
use super::orientation::{End, sender_is_client};
use super::sink::FlowSink;
use super::table::{Class, Flow, Key, Live};
use super::tcp::{Delivery, Segment};
use super::{Arrival, Flows, keep, own, setting};
use crate::limits;
use crate::model::{Coverage, Origin, Shortfall, Side, Sighting, Timestamp, Transport};

impl Flows {
    pub(super) fn tcp(
        &mut self,
        datagram: Datagram<'_>,
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) -> Result<(), &'static str> {
        let ([source, destination], segment) = Segment::read(datagram.payload, datagram.missing)?;
        let sender = End {
            address: datagram.source,
            port: source,
        };
        let receiver = End {
            address: datagram.destination,
            port: destination,
        };
        let (key, sender_is_low) = Key::new(6, sender, receiver);
        let found = self.table.find(&key);
        let index = match found.and_then(|index| Some((index, self.table.get_mut(index)?))) {
            Some((index, flow)) if !is_over(flow, &segment, sender_is_low, arrival.origin.time) => {
                index
            }
            stale => {
                if let Some((index, _)) = stale {
                    self.end(index, coverage, emit);
                }
                let sender_opened = match (segment.is_syn, segment.acknowledgement) {
                    (true, None) => true,
                    (true, Some(_)) => false,
                    _ => sender_is_client(Transport::Tcp, sender, receiver, arrival.direction),
                };
                let client_is_low = sender_is_low == sender_opened;
                let mut flow = Flow::new(key, Class::Tcp, client_is_low, arrival.origin);
                flow.first_sequence = match (segment.is_syn, segment.acknowledgement) {
                    (true, None) => Some(segment.sequence),
                    (true, Some(acknowledgement)) => Some(acknowledgement.wrapping_sub(1)),
                    _ => None,
                };
                let ends = if sender_opened {
                    [sender, receiver]
                } else {
                    [receiver, sender]
                };
                flow.live = Some(Box::default());
                let now = arrival.origin.time;
                if let Some((listener, started)) = self.expected.take(ends, now) {
                    if listener == Side::Client {
                        flow.client_is_low = !client_is_low;
                        flow.opener = Side::Server;
                    }
                    flow.live = Some(Box::new(Live {
                        stage: Stage::expecting(started),
                        ..Live::default()
                    }));
                }
                self.open_flow(flow, coverage, emit)
            }
        };
        let Some(flow) = self.table.get_mut(index) else {
            return Ok(());
        };
        let side = flow.side(sender_is_low);
        let [client, server] = &mut flow.sent;
        let sent = match side {
            Side::Client => client,
            Side::Server => server,
        };
        let bytes = sent.new_bytes(&segment);
        flow.count(side, bytes, arrival.origin);
        flow.is_cut |= segment.missing > 0;
        if flow.owner.is_none() {
            flow.owner = own(&mut self.owners, &arrival);
        }
        if flow.live.is_some() {
            self.stream(index, side, &segment, arrival.origin, coverage, emit);
        }
        if segment.is_fin || segment.is_rst {
            self.note_end(index, side, segment.is_rst);
        }
        Ok(())
    }

    /// A connection that both sides have ended, or one has reset, is kept only for stragglers.
    fn note_end(&mut self, index: u32, side: Side, is_reset: bool) {
        let Some(flow) = self.table.get_mut(index) else {
            return;
        };
        match side {
            Side::Client => flow.fins = [true, flow.fins[1]],
            Side::Server => flow.fins = [flow.fins[0], true],
        }
        if is_reset || flow.fins == [true, true] {
            self.expected.end(flow.flow_key());
            self.table.reclassify(index, Class::Ending);
        }
    }

    /// Reassembles a segment of a flow whose payload is still of interest.
    fn stream(
        &mut self,
        index: u32,
        side: Side,
        segment: &Segment<'_>,
        origin: Origin,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let Some(flow) = self.table.get_mut(index) else {
            return;
        };
        let Some(mut live) = flow.live.take() else {
            return;
        };
        if flow.first_sequence.is_none() && !flow.is_late && segment.wire_payload() > 0 {
            flow.is_late = true;
            coverage.add(
                origin.input,
                Shortfall::StartedBefore,
                Some(origin),
                0,
                || "TCP connection without its beginning".to_owned(),
            );
        }
        let setting = setting((&self.keys, &self.resumptions), self.protocols, flow);
        let mut sink = FlowSink::new(
            flow,
            (&mut self.names, &mut self.expected),
            origin,
            coverage,
            emit,
        );
        let Live {
            conversation,
            stage,
            ..
        } = live.as_mut();
        self.held_bytes = self.held_bytes.saturating_sub(conversation.held_bytes());
        conversation.segment(side, segment, origin, &mut |delivery| {
            take(stage, setting, delivery, &mut sink);
        });
        let held_bytes = self.held_bytes.saturating_add(conversation.held_bytes());
        if held_bytes.saturating_add(self.others.held_bytes) > limits::REORDER_BYTES_ALL {
            take(stage, setting, Delivery::Limit, &mut sink);
            conversation.finish(&mut |delivery| take(stage, setting, delivery, &mut sink));
        }
        if conversation.is_complete() && !stage.is_closed() {
            stage.finish(setting, &mut sink);
            flow.outcome = stage.outcome();
            return;
        }
        if !stage.is_closed() {
            self.held_bytes = self.held_bytes.saturating_add(conversation.held_bytes());
        }
        keep(flow, live);
    }
}

/// Whether a packet with the addresses and ports of a flow belongs to a later one: after long silence, or by a SYN that
/// begins elsewhere (RFC 9293 §3.6.1).
fn is_over(flow: &Flow, segment: &Segment<'_>, sender_is_low: bool, now: Timestamp) -> bool {
    if segment.is_syn && segment.acknowledgement.is_none() {
        let side = flow.side(sender_is_low);
        if side == flow.opener {
            return flow.first_sequence != Some(segment.sequence);
        }
        // both ends may open at once
        let [client, server] = flow.packets;
        return (if side == Side::Client { client } else { server }) > 0;
    }
    flow.is_expired(now)
}

/// Hands a delivery of the reassembly to the dissectors.
pub(super) fn take(
    stage: &mut Stage,
    setting: Setting<'_>,
    delivery: Delivery<'_>,
    sink: &mut dyn Sink,
) {
    if stage.is_closed() {
        return;
    }
    match delivery {
        Delivery::Bytes(chunk) => stage.feed(setting, chunk, sink),
        Delivery::Gap(side, lost) => {
            sink.shortfall(Shortfall::StreamGap, lost, &"TCP bytes not captured");
            stage.gap(setting, side, lost, sink);
        }
        Delivery::Limit => {
            sink.shortfall(
                Shortfall::ReorderLimit,
                0,
                &"too many TCP bytes out of order",
            );
        }
    }
}
