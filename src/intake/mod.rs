//! An input → packets, sightings and dossier parts.
//!
//! Formats are recognised by content, never by name. A new format is a file here and one line in [`FORMATS`].
//! Readers never fail on damage: they yield what lies before it and a shortfall.

use std::path::PathBuf;

use crate::model::{Dossier, InputId, Origin, Packet, Shortfall, Sighting};
use crate::{Error, Result};

/// One thing that a stream of an input yields.
#[derive(Debug)]
pub enum Item<'a> {
    /// A captured packet.
    Packet(Packet<'a>),
    /// Something already decoded: a HAR entry, a log line.
    Sighting(Box<Sighting>),
    /// Something that could not be read.
    Shortfall {
        /// What kind.
        shortfall: Shortfall,
        /// Where.
        origin: Option<Origin>,
        /// Bytes concerned.
        bytes: u64,
        /// In words, free of captured values.
        detail: String,
    },
}

/// A stream of items. Items are lent: the reader reuses its buffer.
pub trait Source {
    /// The next item; `None` at the end.
    fn next_item(&mut self) -> Result<Option<Item<'_>>>;
}

/// An input file as found.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its number.
    pub id: InputId,
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// How reports name it: relative to what the user named, with `/`.
    pub display: String,
    /// Name of its format in [`FORMATS`].
    pub format: &'static str,
    /// Size in bytes; 0 for pipes.
    pub bytes: u64,
}

/// The inputs of one phone.
#[derive(Clone, Debug, Default)]
pub struct DeviceInputs {
    /// Its name.
    pub name: String,
    /// Its inputs, in the order of their paths.
    pub inputs: Vec<Input>,
}

/// Everything found under what the user named.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// `phonehome.toml` at the root, if there is one.
    pub policy: Option<PathBuf>,
    /// Phones by name.
    pub devices: Vec<DeviceInputs>,
    /// Files left out, with the reason (path as displayed).
    pub left_out: Vec<(String, Shortfall, String)>,
}

/// A format of input files.
#[derive(Debug)]
pub struct Format {
    /// Its name in reports.
    pub name: &'static str,
    /// What phase 1 learns from it about the device; `None` if nothing.
    pub gather: Option<fn(&Input) -> Result<(Dossier, Vec<(Shortfall, String)>)>>,
    /// How phase 2 streams it; `None` if there is nothing to stream.
    pub open: Option<fn(&Input) -> Result<Box<dyn Source>>>,
}

/// All formats.
pub const FORMATS: &[Format] = &[];

/// Finds, recognises and groups the inputs below `paths`.
pub fn discover(paths: &[PathBuf]) -> Result<Case> {
    let Some(path) = paths.first() else {
        return Err(Error::Usage("no input".to_owned()));
    };
    Err(Error::Empty { path: path.clone() })
}
