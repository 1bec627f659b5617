//! Stands in for `live.rs` in builds without the feature `live`: says that it is missing.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Source;
use crate::model::InputId;
use crate::{Error, Result};

/// Captures from an interface until `stop` is set; needs the feature `live`.
pub fn open_interface(
    _name: &str,
    _filter: Option<&str>,
    _input: InputId,
    _stop: Arc<AtomicBool>,
) -> Result<Box<dyn Source>> {
    Err(Error::NoLive {
        flag: "--interface",
    })
}

/// Leaves only the packets of a source that match; needs the feature `live`.
pub fn filtered(_source: Box<dyn Source>, _filter: &str) -> Result<Box<dyn Source>> {
    Err(Error::NoLive { flag: "--filter" })
}
