//! An input → packets, sightings and dossier parts.
//!
//! Formats are recognised by content, never by name. A new format is a file here and one line in [`FORMATS`].
//! Readers never fail on damage: they yield what lies before it and a shortfall.

mod app_folder;
mod appops;
mod archive;
mod attachment;
mod bug_report;
mod classic;
mod clock;
mod connection_list;
mod data_usage;
mod discover;
mod document;
mod har;
mod inventory;
mod json;
mod key_log;
mod known_values;
mod ledger;
mod lines;
#[cfg(feature = "live")]
mod live;
#[cfg(not(feature = "live"))]
#[path = "no_live.rs"]
mod live;
mod log;
mod mitmproxy;
mod network_log;
mod order;
mod pcapng;
mod pirogue;
mod policy;
mod privacy_report;
mod recognise;
mod sensor;
mod snoop;
mod sqlite;
mod suricata;
mod tcc;
mod tracker_control;
mod utf16;
mod window;
mod wrapping;
mod zeek;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use clock::{Zone, consent};
pub use discover::{Named, discover, plain_name, survey};
pub use key_log::read_key_log;
pub use known_values::{Unusable, read_known_values};
pub use live::{
    Interface, InterfaceInfo, Poll, drop_privileges, filtered, interfaces, open_interface,
};
pub use policy::{Mention, Mentioned, TEMPLATE_DE, TEMPLATE_EN};
pub use recognise::Sample;
pub use wrapping::Wrapping;

use data_encoding::HEXLOWER;

use crate::manifest::CodeName;
use crate::manifest::{Column, ZipEntry};
use crate::model::{Dossier, InputId, Origin, Packet, Policy, Shortfall, Sighting};
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
        /// How often; more than once where a reader sums up (packets cut, packets dropped).
        count: u64,
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
    /// Name of its format in [`FORMATS`]; `har-body` for what lies beside a HAR and is read with it.
    pub format: &'static str,
    /// The compression that it comes in.
    pub wrapping: Option<&'static Wrapping>,
    /// Size in bytes; 0 for pipes.
    pub bytes: u64,
    content: Content,
    /// What the columns of a list of apps mean that the user described in `phonehome.toml`.
    columns: Arc<BTreeMap<Column, String>>,
}

/// Where the bytes of an input come from.
#[derive(Clone, Debug)]
enum Content {
    /// The file of that path.
    File,
    /// Standard input, with what was read of it to recognise it. Can be read only once.
    Stdin(Arc<[u8]>),
    /// Bytes at hand.
    Memory(Arc<[u8]>),
    /// A file in the ZIP archive of that path.
    Entry(ZipEntry),
    /// All files of a folder, laid out as an archive.
    Folder(Arc<app_folder::Layout>),
}

impl Input {
    /// Name under which a user names standard input.
    pub const STDIN: &str = "-";

    /// An input of bytes at hand, in a format of [`FORMATS`]: for tests, fuzzing, and programs that have no file.
    pub fn in_memory(id: InputId, format: &'static str, bytes: &[u8]) -> Self {
        Self {
            id,
            path: PathBuf::new(),
            display: "memory".to_owned(),
            format,
            wrapping: None,
            bytes: bytes.len() as u64,
            content: Content::Memory(Arc::from(bytes)),
            columns: Arc::default(),
        }
    }

    /// A file of which nothing is known yet.
    fn file_at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            content: Content::File,
            ..Self::in_memory(InputId::default(), "", &[])
        }
    }

    /// Whether it is standard input, which can be read only once.
    pub fn is_stdin(&self) -> bool {
        matches!(self.content, Content::Stdin(_))
    }

    /// Its line in [`FORMATS`].
    pub fn format(&self) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.name == self.format)
    }

    /// Whether there is something to stream: packets, or entries of a log.
    pub fn has_traffic(&self) -> bool {
        self.format().is_some_and(|format| format.open.is_some())
    }

    /// Whether it lists connections beside what was seen in them, so that an exchange of its is no traffic of its own.
    pub fn lists_connections(&self) -> bool {
        [zeek::FORMAT.name, suricata::FORMAT.name].contains(&self.format)
    }

    /// Whether it is an app package, which has code beside its declaration.
    pub fn is_package(&self) -> bool {
        document::is_package(self.format)
    }

    /// Whether it holds packets.
    pub fn has_packets(&self) -> bool {
        [
            classic::FORMAT.name,
            pcapng::FORMAT.name,
            snoop::FORMAT.name,
        ]
        .contains(&self.format)
    }

    /// Whether its times are those that the phone's clock showed, without a zone.
    pub fn has_local_times(&self) -> bool {
        [
            appops::FORMAT.name,
            bug_report::FORMAT.name,
            bug_report::ALL_SERVICES.name,
        ]
        .contains(&self.format)
    }

    /// Whether it is what the system or a tool on the phone logged: such logs overlap.
    pub fn is_phone_log(&self) -> bool {
        [
            privacy_report::FORMAT.name,
            appops::FORMAT.name,
            bug_report::FORMAT.name,
            bug_report::ALL_SERVICES.name,
            network_log::FORMAT.name,
            tracker_control::FORMAT.name,
            tracker_control::DATABASE.name,
            data_usage::FORMAT.name,
        ]
        .contains(&self.format)
    }

    /// What phase 1 learns from it about the device; `None` if its format tells nothing.
    pub fn gather(&self) -> Result<Option<Gathered>> {
        let gather = self.format().and_then(|format| format.gather);
        gather.map(|gather| gather(self)).transpose()
    }

    /// Hands out the names in the code of an app package; nothing for other formats.
    pub fn code_names(
        &self,
        visit: &mut dyn FnMut(CodeName<'_>),
    ) -> Result<Vec<(Shortfall, String)>> {
        document::code_names(self, visit)
    }

    /// Its stream; `None` if its format has nothing to stream.
    pub fn open(&self) -> Result<Option<Box<dyn Source>>> {
        let open = self.format().and_then(|format| format.open);
        open.map(|open| open(self)).transpose()
    }

    /// The input as a whole: no frame, no time.
    fn origin(&self) -> Origin {
        Origin {
            input: self.id,
            ..Origin::default()
        }
    }

    /// Its bytes as they lie there.
    fn raw_reader(&self) -> Result<Box<dyn Read>> {
        Ok(match &self.content {
            Content::File => Box::new(self.file()?),
            Content::Stdin(prefix) => {
                Box::new(io::Cursor::new(Arc::clone(prefix)).chain(io::stdin()))
            }
            Content::Memory(bytes) => Box::new(io::Cursor::new(Arc::clone(bytes))),
            Content::Entry(entry) => entry.open(self.file()?).map_err(|source| Error::Read {
                path: self.path.clone(),
                source,
            })?,
            Content::Folder(layout) => Box::new(app_folder::Reader::new(layout)),
        })
    }

    fn file(&self) -> Result<File> {
        File::open(&self.path).map_err(|source| Error::Read {
            path: self.path.clone(),
            source,
        })
    }

    /// Its bytes, unwrapped.
    fn reader(&self) -> Result<Box<dyn Read>> {
        let reader = self.raw_reader()?;
        Ok(match self.wrapping {
            Some(wrapping) => wrapping.unwrap(reader),
            None => reader,
        })
    }

    /// What can be read of it without using it up: all, or of standard input what was read to recognise it.
    fn preview(&self) -> Result<Box<dyn Read>> {
        let Content::Stdin(prefix) = &self.content else {
            return self.reader();
        };
        let reader = Box::new(io::Cursor::new(Arc::clone(prefix)));
        Ok(match self.wrapping {
            Some(wrapping) => wrapping.unwrap(reader),
            None => reader,
        })
    }

    /// SHA-256 of the file as it lies there, in hexadecimal, and its size; `None` for standard input.
    pub fn digest(&self) -> Result<Option<(String, u64)>> {
        if self.is_stdin() {
            return Ok(None);
        }
        let mut window = window::Window::new(self.raw_reader()?, 0);
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        loop {
            let is_there = window.fill(1).map_err(|source| Error::Read {
                path: self.path.clone(),
                source,
            })?;
            if !is_there {
                break;
            }
            let range = window.take(usize::MAX);
            context.update(window.at(range));
        }
        Ok(Some((
            HEXLOWER.encode(context.finish().as_ref()),
            window.offset(),
        )))
    }
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
    /// The organisation that `phonehome.toml` names, else the folder's name.
    pub name: String,
    /// `phonehome.toml` at the root, if there is one.
    pub policy_file: Option<PathBuf>,
    /// SHA-256 of that file, in hexadecimal: a report depends on it as on its inputs.
    pub policy_sha256: Option<String>,
    /// What it says.
    pub policy: Policy,
    /// Names in it that may be misspelled.
    pub mentions: Vec<Mention>,
    /// Phones by name.
    pub devices: Vec<DeviceInputs>,
    /// Files left out, with the reason (path as displayed).
    pub left_out: Vec<(String, Shortfall, String)>,
    /// Where those lie that are no part of an archive, by path as displayed.
    left_paths: BTreeMap<String, PathBuf>,
    /// Texts for people, such as a README, which no audit needs.
    pub for_people: Vec<String>,
}

impl Case {
    fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.devices.iter().flat_map(|device| &device.inputs)
    }

    /// The input for what concerns all of them.
    pub(crate) fn first_input(&self) -> Option<InputId> {
        self.inputs().next().map(|input| input.id)
    }

    /// Checksum and size of a file that was left out, as far as it can be read.
    pub(crate) fn digest_of_left_out(&self, display: &str) -> (String, u64) {
        let path = self.left_paths.get(display).filter(|path| path.is_file());
        let digest = path.map(|path| Input::file_at(path).digest());
        let size = || path.and_then(|path| Some(path.metadata().ok()?.len()));
        match digest {
            Some(Ok(Some(digest))) => digest,
            _ => (String::new(), size().unwrap_or_default()),
        }
    }

    /// Whether any input has something to stream.
    pub fn has_traffic(&self) -> bool {
        self.inputs().any(Input::has_traffic)
    }

    /// Whether any input is an app package, which has code.
    pub fn has_packages(&self) -> bool {
        self.inputs().any(Input::is_package)
    }
}

/// What phase 1 learnt from one input, and what it could not read of it.
pub type Gathered = (Dossier, Vec<(Shortfall, String)>);
/// Reads what phase 1 needs.
pub type Gather = fn(&Input) -> Result<Gathered>;
/// Opens the stream of phase 2.
pub type Open = fn(&Input) -> Result<Box<dyn Source>>;

/// A format of input files.
#[derive(Debug)]
pub struct Format {
    /// Its name in reports.
    pub name: &'static str,
    /// Whether these bytes are it.
    pub sniff: fn(&Sample<'_>) -> bool,
    /// What phase 1 learns from it about the device; `None` if nothing.
    pub gather: Option<Gather>,
    /// How phase 2 streams it; `None` if there is nothing to stream.
    pub open: Option<Open>,
}

/// All formats, in the order of recognition: the first whose `sniff` says yes.
pub const FORMATS: &[Format] = &[
    classic::FORMAT,
    pcapng::FORMAT,
    snoop::FORMAT,
    document::APK,
    document::APP_BUNDLE,
    document::PACKAGE_SET,
    document::IOS_APP,
    document::BINARY_MANIFEST,
    document::INFO_PLIST,
    document::PRIVACY_MANIFEST,
    document::TEXT_MANIFEST,
    bug_report::FORMAT,
    bug_report::ALL_SERVICES,
    document::DUMPSYS_PACKAGE,
    document::DATA_SAFETY,
    key_log::FORMAT,
    known_values::FORMAT,
    pirogue::SOCKET_TRACE,
    pirogue::AES_TRACE,
    pirogue::EXPERIMENT,
    pirogue::PROPERTIES,
    pirogue::ADVERTISING,
    connection_list::FORMAT,
    zeek::FORMAT,
    suricata::FORMAT,
    har::FORMAT,
    mitmproxy::FORMAT,
    privacy_report::FORMAT,
    appops::FORMAT,
    network_log::FORMAT,
    tracker_control::FORMAT,
    tracker_control::DATABASE,
    data_usage::FORMAT,
    tcc::FORMAT,
    inventory::PACKAGE_LIST,
    inventory::APPLE_ANSWER,
    inventory::XML,
    inventory::CSV,
    inventory::JSON,
    known_values::TABLE,
];
