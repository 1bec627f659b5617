//! Connections that others have agreed on, as FTP does for its files: who reads them is known before they open.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::internet::ip_address;
use super::orientation::End;
use crate::limits;
use crate::model::{FlowKey, Side, Timestamp};
use crate::protocol::Started;

/// Who opens the connection, and the end that is listening.
type Ends = (IpAddr, IpAddr, u16);

/// A connection that is expected.
struct Expectation {
    /// The flow that agreed on it, with which it ends.
    control: FlowKey,
    /// When that was.
    since: Timestamp,
    listener: Side,
    started: Started,
}

/// What is expected.
#[derive(Default)]
pub(super) struct Expected {
    by_ends: BTreeMap<Ends, Expectation>,
    /// The ends, the oldest first.
    order: VecDeque<Ends>,
}

impl Expected {
    /// Notes that `listener` of a flow waits on a port for the other side. Of more than [`limits::EXPECTED_CONNECTIONS`] the
    /// oldest is forgotten.
    pub(super) fn add(
        &mut self,
        control: FlowKey,
        since: Timestamp,
        (listener, port): (Side, u16),
        started: Started,
    ) {
        let (opener, waiting) = match listener {
            Side::Client => (control.server, control.client),
            Side::Server => (control.client, control.server),
        };
        let ends = (opener.ip(), waiting.ip(), port);
        let expectation = Expectation {
            control,
            since,
            listener,
            started,
        };
        if self.by_ends.insert(ends, expectation).is_none() {
            self.order.push_back(ends);
        }
        if self.order.len() > limits::EXPECTED_CONNECTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_ends.remove(&oldest);
        }
    }

    /// Who reads a connection that one end opens to another, unless it speaks for itself; and which side of the flow that agreed
    /// on it is listening there.
    #[inline]
    pub(super) fn take(
        &mut self,
        [opener, listener]: [End; 2],
        now: Timestamp,
    ) -> Option<(Side, Started)> {
        if self.by_ends.is_empty() {
            return None;
        }
        let ends = (
            ip_address(opener.address),
            ip_address(listener.address),
            listener.port,
        );
        let found = self.by_ends.remove(&ends)?;
        self.order.retain(|other| *other != ends);
        let is_recent = now.since(found.since) <= limits::EXPECTATION_LIFETIME;
        is_recent.then_some((found.listener, found.started))
    }

    /// Forgets what a flow that ends has agreed on.
    #[inline]
    pub(super) fn end(&mut self, control: FlowKey) {
        if self.by_ends.is_empty() {
            return;
        }
        let known = &mut self.by_ends;
        known.retain(|_, expectation| expectation.control != control);
        self.order.retain(|ends| known.contains_key(ends));
    }
}
