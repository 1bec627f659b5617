//! Connections that go on under other addresses (RFC 9000 §9): which flow reads the datagrams for a connection id.

use std::collections::BTreeMap;

use crate::limits;
use crate::model::Side;

/// Ids that dissectors have named, for the flows of one device.
#[derive(Debug, Default)]
pub(super) struct Connections {
    /// Connection and receiving side by id.
    by_id: BTreeMap<Box<[u8]>, (usize, Side)>,
    /// Lengths of these ids, a bit each.
    lengths: u32,
    /// Where each connection is read now.
    places: Vec<u32>,
}

impl Connections {
    /// Whether there are none, as without a key log.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Notes an id. `connection` is what this returned for the flow before. Ids beyond [`limits::FLOW_CONNECTION_IDS`] are not noted.
    pub(super) fn add(
        &mut self,
        connection: Option<usize>,
        place: u32,
        id: &[u8],
        side: Side,
    ) -> Option<usize> {
        let is_usable = (limits::FLOW_CONNECTION_ID_BYTES..32).contains(&id.len());
        if !is_usable || self.by_id.len() >= limits::FLOW_CONNECTION_IDS {
            return connection;
        }
        let connection = connection.unwrap_or_else(|| {
            self.places.push(place);
            self.places.len().saturating_sub(1)
        });
        self.lengths |= 1_u32.wrapping_shl(u32::try_from(id.len()).unwrap_or_default());
        self.by_id.insert(id.into(), (connection, side));
        Some(connection)
    }

    /// The connection that a datagram belongs to, where it is read, and who receives it. Long headers open connections and
    /// do not migrate.
    pub(super) fn of(&self, datagram: &[u8]) -> Option<(usize, u32, Side)> {
        let (first, rest) = datagram.split_first()?;
        if first & 0x80 != 0 {
            return None;
        }
        let (connection, side) = (limits::FLOW_CONNECTION_ID_BYTES..32)
            .filter(|length| {
                self.lengths
                    .wrapping_shr(u32::try_from(*length).unwrap_or_default())
                    & 1
                    != 0
            })
            .find_map(|length| self.by_id.get(rest.get(..length)?))?;
        Some((*connection, *self.places.get(*connection)?, *side))
    }

    /// A connection is read elsewhere from now on.
    pub(super) fn move_to(&mut self, connection: usize, place: u32) {
        if let Some(known) = self.places.get_mut(connection) {
            *known = place;
        }
    }
}
