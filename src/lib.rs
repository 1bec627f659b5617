//! `phonehome` shows a company what the apps on its phones send home.
//!
//! One way, from left to right; the rooms and their borders are in `ARCHITECTURE.md`:
//!
//! - [`intake`]: an input → packets, sightings, dossier parts
//! - [`flow`]: packets → contiguous bytes per direction → sightings
//! - [`protocol`]: bytes → events, one file a protocol
//! - [`payload`]: an event's message → fields
//! - [`manifest`]: app packages and device dumps → declarations and installed apps
//! - [`attribute`]: which app a sighting belongs to
//! - [`rules`]: `rules/*.toml` → validated, compiled rules
//! - [`detect`]: observation + fields + rules → findings
//! - [`assess`]: findings, permissions and law → one report per app
//! - [`report`]: an audit → bytes
//! - [`gate`]: an audit → whether it passes in continuous integration
//! - [`diff`]: two audits → what changed
//! - [`signature`]: minisign signatures of reports
//! - [`verify`]: a saved audit, a new one → whether it holds
//! - [`audit`]: the pipeline, the one place where the stages meet
//! - [`model`]: the values that cross these borders

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "tests count what they forged themselves; outside of them the lints hold"
    )
)]

pub mod assess;
pub mod attribute;
pub mod audit;
pub mod detect;
pub mod diff;
mod error;
pub mod flow;
pub mod gate;
pub mod intake;
mod likeness;
pub mod limits;
pub mod manifest;
pub mod model;
mod parallel;
pub mod payload;
pub mod protocol;
pub mod report;
pub mod rules;
pub mod signature;
pub mod verify;

pub use error::Error;

/// Result with the library's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
