//! What can go wrong that a user can act on. Damage *inside* a capture is not an error but a [`crate::model::Shortfall`].

use std::path::PathBuf;

/// An error with its place; [`Error::hint`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input could not be opened or read.
    #[error("cannot read {path}")]
    Read {
        /// The input.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is of no known format, or damaged from its beginning.
    #[error("{path} is not a file that phonehome can read: {reason}")]
    Format {
        /// The input.
        path: PathBuf,
        /// What is wrong, where.
        reason: String,
    },
    /// A file or folder of a case could not be looked at.
    #[error("{path} is left out: {reason}")]
    LeftOut {
        /// The file or folder, as reports name it.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The inputs hold nothing to audit.
    #[error("nothing to audit in {path}")]
    Empty {
        /// The input.
        path: PathBuf,
    },
    /// A rule file does not hold.
    #[error("rule file {file}: {reason}")]
    Rule {
        /// File in the rules folder.
        file: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// Live capture or a BPF filter was asked for, and this build has none.
    #[error("this build of phonehome has no live capture and no packet filters ({flag})")]
    NoLive {
        /// The flag that needs it.
        flag: &'static str,
    },
    /// `phonehome.toml` does not hold.
    #[error("{path} does not hold: {reason}")]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong, in which line.
        reason: String,
    },
    /// libpcap refused.
    #[error("libpcap: {reason}")]
    Live {
        /// What libpcap said.
        reason: String,
    },
    /// The system does not let this user capture.
    #[error("no right to capture: {reason}")]
    NoPrivilege {
        /// What libpcap said.
        reason: String,
    },
    /// A packet filter that libpcap does not understand.
    #[error("the packet filter {filter:?} does not hold: {reason}")]
    Filter {
        /// The filter.
        filter: String,
        /// What libpcap said.
        reason: String,
    },
    /// A report could not be written to standard output.
    #[error("cannot write the report")]
    Write(#[from] std::io::Error),
    /// A report could not be written to its file.
    #[error("cannot write {path}")]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An argument does not fit.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// The next step for the user, if there is an obvious one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoLive { .. } => Some(
                "install libpcap (Debian and Ubuntu: sudo apt-get install libpcap-dev; Fedora: sudo dnf install libpcap-devel; \
                 macOS has it; Windows: Npcap SDK), then build with: cargo install --path . --features live",
            ),
            Self::Live { .. } => Some("the interfaces are listed by: phonehome interfaces"),
            Self::NoPrivilege { .. } => Some(
                "capturing needs privileges: run as root, or give the binary the right with: sudo setcap cap_net_raw,cap_net_admin+eip \
                 \"$(command -v phonehome)\"",
            ),
            Self::Empty { .. } => Some(
                "name a capture (pcap, pcapng), an app package, or a case folder with one folder per phone",
            ),
            Self::Filter { .. } => Some(
                "filters are written as for tcpdump, for instance: host 192.0.2.7 and tcp port 443",
            ),
            Self::Rule { .. } => {
                Some("check a rules folder with: phonehome rules check --rules DIR")
            }
            Self::Policy { .. } => {
                Some("a commented phonehome.toml to compare with is written by: phonehome init DIR")
            }
            Self::Read { .. }
            | Self::Format { .. }
            | Self::LeftOut { .. }
            | Self::Write(_)
            | Self::WriteFile { .. }
            | Self::Usage(_) => None,
        }
    }
}
