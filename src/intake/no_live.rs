//! Stands in for `live.rs` in builds without the feature `live`: says that it is missing.

use std::convert::Infallible;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Item, Source};
use crate::model::InputId;
use crate::{Error, Result};

/// An interface as the system lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceInfo {
    /// Its name, for `--interface`.
    pub name: String,
    /// What the system says about it.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Switched on and connected.
    pub is_up: bool,
    /// Reaches this computer alone.
    pub is_loopback: bool,
    /// Wireless.
    pub is_wireless: bool,
}

/// All interfaces that can be captured from; needs the feature `live`.
pub fn interfaces() -> Result<Vec<InterfaceInfo>> {
    Err(Error::NoLive { flag: "interfaces" })
}

/// What waiting for a packet came to.
#[derive(Debug)]
pub enum Poll<'a> {
    /// A packet, or something that could not be captured.
    Item(Item<'a>),
    /// Nothing for now.
    Idle,
    /// It was told to stop, or the interface is gone.
    End,
}

/// An interface that is captured from: there is none without the feature `live`.
#[derive(Debug)]
pub struct Interface(Infallible);

impl Interface {
    /// Addresses of this computer.
    pub fn addresses(&self) -> &[IpAddr] {
        match self.0 {}
    }

    /// Waits for a packet, but not for long.
    pub fn poll(&mut self) -> Result<Poll<'_>> {
        match self.0 {}
    }
}

/// Captures from an interface until `stop` is set; needs the feature `live`.
pub fn open_interface(
    _name: &str,
    _filter: Option<&str>,
    _write: Option<&Path>,
    _input: InputId,
    _stop: Arc<AtomicBool>,
) -> Result<Interface> {
    Err(Error::NoLive {
        flag: "--interface",
    })
}

/// Gives up the right to capture; there is none.
pub fn drop_privileges() -> Result<()> {
    Ok(())
}

/// Leaves only the packets of a source that match; needs the feature `live`.
pub fn filtered(_source: Box<dyn Source>, _filter: &str) -> Result<Box<dyn Source>> {
    Err(Error::NoLive { flag: "--filter" })
}
