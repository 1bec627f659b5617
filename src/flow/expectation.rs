//! Connections that others have agreed on, as FTP does for its files: who reads them is known before they open.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::internet::ip_address;
use super::orientation::End;
use crate::limits;
use crate::model::{FlowKey, Side};
use crate::protocol::Started;

/// What is expected, by the end that is listening.
#[derive(Default)]
pub(super) struct Expected {
    by_listener: BTreeMap<(IpAddr, u16), (Side, Started)>,
    /// The ends, the oldest first.
    order: VecDeque<(IpAddr, u16)>,
}

impl Expected {
    /// Notes that `listener` of a flow waits on a port. Of more than [`limits::EXPECTED_CONNECTIONS`] the oldest is forgotten.
    pub(super) fn add(&mut self, flow: FlowKey, listener: Side, port: u16, started: Started) {
        let address: SocketAddr = match listener {
            Side::Client => flow.client,
            Side::Server => flow.server,
        };
        let end = (address.ip(), port);
        if self.by_listener.insert(end, (listener, started)).is_none() {
            self.order.push_back(end);
        }
        if self.order.len() > limits::EXPECTED_CONNECTIONS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_listener.remove(&oldest);
        }
    }

    /// Who reads a connection to that end; and which side of the flow that agreed on it is listening there.
    #[inline]
    pub(super) fn take(&mut self, listener: End) -> Option<(Side, Started)> {
        if self.by_listener.is_empty() {
            return None;
        }
        let end = (ip_address(listener.address), listener.port);
        let found = self.by_listener.remove(&end)?;
        self.order.retain(|other| *other != end);
        Some(found)
    }
}
