//! Packets → contiguous bytes per direction → sightings.
//!
//! Link and network layers, fragments, tunnels, TCP reassembly, UDP flows, passive DNS names. What the bytes mean is the
//! business of [`crate::protocol`]; this room probes, starts and stacks dissectors and never looks into a message itself.

use crate::model::{Coverage, Packet, Sighting};

/// The flows of one capture.
#[derive(Debug, Default)]
pub struct Flows {}

impl Flows {
    /// No flows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one packet; `emit` gets everything that it completes.
    pub fn packet(
        &mut self,
        _packet: &Packet<'_>,
        _coverage: &mut Coverage,
        _emit: &mut dyn FnMut(Sighting),
    ) {
    }

    /// Ends all flows: pending messages and the traffic of each flow.
    pub fn finish(&mut self, _coverage: &mut Coverage, _emit: &mut dyn FnMut(Sighting)) {}
}
