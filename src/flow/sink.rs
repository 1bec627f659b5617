//! What dissectors hand out becomes sightings of a flow.

use std::fmt;
use std::sync::Arc;

use super::dissection::Sink;
use super::expectation::Expected;
use super::names::{self, Names};
use super::table::Flow;
use crate::model::{
    Coverage, Event, FlowKey, Origin, Owner, ServerName, Shortfall, Side, Sighting,
};
use crate::protocol::Started;

/// What is behind records that stay closed.
const CUT: &str = "; packets were cut by the capture (snaplen)";

/// Turns what dissectors hand out into sightings of one flow.
pub(super) struct FlowSink<'s> {
    key: FlowKey,
    server: &'s mut Option<ServerName>,
    has_gap: &'s mut bool,
    is_cut: bool,
    owner: Option<&'s Owner>,
    names: &'s mut Names,
    /// The packet at hand.
    origin: Origin,
    coverage: &'s mut Coverage,
    emit: &'s mut dyn FnMut(Sighting),
    /// Ids by which the flow can be found again, with the side that receives them.
    pub(super) connection_ids: Vec<(Box<[u8]>, Side)>,
    expected: &'s mut Expected,
}

impl<'s> FlowSink<'s> {
    pub(super) fn new(
        flow: &'s mut Flow,
        (names, expected): (&'s mut Names, &'s mut Expected),
        origin: Origin,
        coverage: &'s mut Coverage,
        emit: &'s mut dyn FnMut(Sighting),
    ) -> Self {
        Self {
            key: flow.flow_key(),
            server: &mut flow.server,
            has_gap: &mut flow.has_gap,
            is_cut: flow.is_cut,
            owner: flow.owner.as_deref(),
            names,
            origin,
            coverage,
            emit,
            connection_ids: Vec::new(),
            expected,
        }
    }
}

impl Sink for FlowSink<'_> {
    fn event(&mut self, event: Event, origin: Origin) {
        if let Event::Lookup(lookup) = &event {
            self.names.learn(self.key.client.ip(), lookup, origin.time);
        }
        (self.emit)(Sighting {
            origin,
            flow: Some(self.key),
            server: self.server.clone(),
            owner: self.owner.cloned().unwrap_or_default(),
            event,
        });
    }

    fn server(&mut self, name: &str) {
        let name = names::tidy(name);
        let is_known = matches!(&self.server, Some(ServerName::Asked(known)) if **known == *name);
        if !name.is_empty() && !is_known {
            *self.server = Some(ServerName::Asked(Arc::from(name)));
        }
    }

    fn connection_id(&mut self, id: &[u8], side: Side) {
        self.connection_ids.push((id.into(), side));
    }

    fn expect(&mut self, listener: Side, port: u16, started: Started) {
        let since = self.origin.time;
        self.expected
            .add(self.key, since, (listener, port), started);
    }

    fn shortfall(&mut self, shortfall: Shortfall, bytes: u64, detail: &dyn fmt::Display) {
        let origin = self.origin;
        *self.has_gap |= shortfall == Shortfall::StreamGap;
        let is_cut = self.is_cut && shortfall == Shortfall::UndecryptedRecords;
        let cause = if is_cut { CUT } else { "" };
        self.coverage
            .add(origin.input, shortfall, Some(origin), bytes, || {
                format!("{detail}{cause}")
            });
    }
}
