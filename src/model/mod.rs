//! The values that cross the borders between rooms. No I/O, no serde, no foreign crates.
//!
//! A value lives here when more than one room needs it; what only one room needs lives in that room.

#[macro_use]
mod ids;

mod address_book;
mod app;
mod audit;
mod chain;
mod component;
mod connection;
mod consent;
mod coverage;
mod declaration;
mod declared;
mod dossier;
mod event;
mod field;
mod finding;
mod known;
mod label;
mod look;
mod network_policy;
mod origin;
mod outline;
mod packet;
mod path;
mod phone_log;
mod plaintext;
mod policy;
mod sensitive;
mod tally;
mod user;

pub use address_book::{AddressBook, People};
pub use app::{AppId, Attributed, Basis};
pub use audit::{
    AppReport, Audit, CriterionState, DeviceReport, Grant, InputReport, JudgedFinding, Likelihood,
    Modifier, Question, RecipientReport, RiskLevel, Score, Screened, TrafficReport,
};
pub use chain::{ClockShift, Contradiction, DataChain, LabelState, Reads, Sent};
pub use component::{Component, ComponentKind, IntentFilter, Opening};
pub use connection::{ConnectionNote, Connections, Recorded};
pub use consent::Consent;
pub use coverage::{Coverage, Shortfall, ShortfallCount};
pub use declaration::{Declaration, DeclaredPermission, EmbeddedCode, Platform, Signer};
pub use declared::{DeclaredFact, DeclaredKind};
pub use dossier::{Dossier, InstalledApp, PermissionPolicy, PermissionState};
pub use event::{
    Access, Answer, Body, ContentState, Event, Exchange, Handshake, Header, Lookup, Message,
    Observation, Request, Response, Sighting, Traffic,
};
pub use field::{ChainId, DecodeChain, DecodeStep, Field, FieldPath, Fields, PathStep, Place};
pub use finding::{Category, Evidence, Finding, Grade, Protection, Recipient, RecipientKind};
pub use known::{KnownKind, KnownValue};
pub use label::{CollectedData, DataLabel, LabelForm, is_at};
pub use look::Look;
pub use network_policy::{DomainRules, NetworkPolicy, NetworkRules};
pub(crate) use origin::days_from_civil;
pub use origin::{DeviceId, InputId, Origin, Timestamp};
#[cfg(test)]
pub(crate) use outline::tests::steps;
pub use outline::{Branch, OfBranches, Outline};
pub use packet::{CaptureDirection, FlowKey, LinkType, Owner, Packet, ServerName, Side, Transport};
pub use path::{NameId, Path, PathId, Paths, Step};
pub use phone_log::{ContactTime, LoggedApp, PhoneLog};
pub use plaintext::Plaintexts;
pub use policy::{
    AppPolicy, AppStatus, Controller, Day, DeviceKind, DevicePolicy, Exception, ExceptionState,
    InternalRecipient, LegalBasis, Policy, Processor, Purpose, Retention, ShadowApp, Standing,
    Subnet, TransferTool, is_below, is_company, line_after, matches, written_day,
};
pub use sensitive::Sensitive;
pub use tally::{
    Burst, BurstKey, Distinct, FindingKey, Moment, Occurrences, ReadKey, Tally, TrafficKey, Volume,
};
pub use user::{Users, user_of};
