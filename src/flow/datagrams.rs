//! Flows of packets that stand for themselves: UDP, and protocols without ports.

use super::internet::Datagram;
use super::orientation::{End, sender_is_client};
use super::sink::FlowSink;
use super::table::{Class, Flow, Key};
use super::{Arrival, Flows, keep, own, setting};
use crate::model::{Coverage, Side, Sighting, Transport};
use crate::protocol::Chunk;

impl Flows {
    /// Takes a datagram that stands for itself.
    pub(super) fn whole(
        &mut self,
        datagram: Datagram<'_>,
        [sender, receiver]: [End; 2],
        arrival: Arrival<'_>,
        coverage: &mut Coverage,
        emit: &mut dyn FnMut(Sighting),
    ) {
        let (key, sender_is_low) = Key::new(datagram.protocol, sender, receiver);
        let time = arrival.origin.time;
        let found = self.table.find(&key);
        let index = match found.and_then(|index| Some((index, self.table.get_mut(index)?))) {
            Some((index, flow)) if !flow.is_expired(time) => index,
            stale => {
                if let Some((index, _)) = stale {
                    self.end(index, coverage, emit);
                }
                let transport = key.transport();
                let sender_opened =
                    sender_is_client(transport, sender, receiver, arrival.direction);
                let class = match transport {
                    Transport::Udp => Class::Udp,
                    Transport::Tcp | Transport::Other(_) => Class::Other,
                };
                let mut flow =
                    Flow::new(key, class, sender_is_low == sender_opened, arrival.origin);
                if transport == Transport::Udp {
                    flow.live = Some(Box::default());
                }
                self.open_flow(flow, coverage, emit)
            }
        };
        if !self.connections.is_empty() {
            self.follow(index, sender_is_low, datagram.payload);
        }
        let bytes = (datagram.payload.len() as u64).saturating_add(u64::from(datagram.missing));
        let Some(flow) = self.table.get_mut(index) else {
            return;
        };
        let side = flow.side(sender_is_low);
        flow.count(side, bytes, arrival.origin);
        flow.is_cut |= datagram.missing > 0;
        if flow.owner.is_none() {
            flow.owner = own(&mut self.owners, &arrival);
        }
        if datagram.payload.is_empty() {
            return;
        }
        let Some(mut live) = flow.live.take() else {
            return;
        };
        let setting = setting((&self.keys, &self.resumptions), self.protocols, flow);
        let mut sink = FlowSink::new(
            flow,
            (&mut self.names, &mut self.expected),
            arrival.origin,
            coverage,
            emit,
        );
        live.stage.feed(
            setting,
            Chunk {
                side,
                bytes: datagram.payload,
                origin: arrival.origin,
            },
            &mut sink,
        );
        if datagram.missing > 0 {
            live.stage
                .gap(setting, side, u64::from(datagram.missing), &mut sink);
        }
        for (id, side) in std::mem::take(&mut sink.connection_ids) {
            live.connection = self.connections.add(live.connection, index, &id, side);
        }
        keep(flow, live);
    }

    /// Lets a flow go on with the connection that a datagram belongs to, if that was read in another flow so far.
    fn follow(&mut self, index: u32, sender_is_low: bool, datagram: &[u8]) {
        let Some((connection, place, receiver)) = self.connections.of(datagram) else {
            return;
        };
        let is_free = self.table.get_mut(index).is_some_and(|flow| {
            let live = flow.live.as_ref();
            flow.class == Class::Udp && live.is_none_or(|live| live.stage.is_probing())
        });
        if place == index || !is_free {
            return;
        }
        let Some(former) = self.table.get_mut(place) else {
            return;
        };
        let Some(live) = former
            .live
            .take_if(|live| live.connection == Some(connection))
        else {
            return;
        };
        former.outcome = live.stage.outcome();
        let (server, owner) = (former.server.clone(), former.owner.clone());
        if let Some(flow) = self.table.get_mut(index) {
            if flow.packets == [0, 0] {
                flow.client_is_low = sender_is_low == (receiver == Side::Server);
            }
            flow.server = server;
            flow.owner = flow.owner.take().or(owner);
            flow.live = Some(live);
            self.connections.move_to(connection, index);
        }
    }
}
