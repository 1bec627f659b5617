//! Which app something belongs to, and how that is known.

use std::fmt;
use std::sync::Arc;

/// Identity of an app on a device: the id of a profile in `rules/apps.toml` where the package belongs to one, else the
/// package or bundle id, else (if nothing better is known) the label that the capture carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub Arc<str>);

impl AppId {
    /// Traffic of the operating system itself: push, captive portal, time, updates.
    pub const SYSTEM: &str = "operating-system";

    /// From any string.
    pub fn new(id: &str) -> Self {
        Self(Arc::from(id))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

ids! {
    /// How an app was recognised, strongest first.
    Basis {
        /// The user said so (`--app`).
        Option = "option",
        /// The capture names the package itself (`PCAPdroid` UID map, PKTAP process), or a list or trace of sockets beside it does.
        Capture = "capture",
        /// The capture names the uid and `dumpsys package` names the package.
        DumpsysUid = "dumpsys-uid",
        /// The capture names the label (`PCAPdroid` trailer).
        Label = "label",
        /// The app names itself in a request (User-Agent, X-Requested-With, bundle id in a payload).
        UserAgent = "user-agent",
        /// A log of the phone names the app, also for what was captured of the same host at that time.
        PhoneLog = "phone-log",
        /// Only this app's vendor uses this endpoint or wire signature.
        Endpoint = "endpoint",
        /// The endpoint belongs to the operating system.
        System = "system",
        /// A list of installed apps has its name alone, and that is the name of a known app.
        Name = "name",
        /// A log or a manifest, not traffic.
        Document = "document",
    }
}

/// Which app an observation belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attributed {
    /// Exactly one app.
    Known {
        /// The app.
        app: AppId,
        /// How we know.
        by: Basis,
    },
    /// One of several apps that share a uid, an endpoint or a label.
    Shared {
        /// The candidates, sorted.
        apps: Vec<AppId>,
        /// How we know.
        by: Basis,
    },
    /// Nothing tells.
    Unknown,
}
