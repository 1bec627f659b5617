//! Who received something, and how much, as the JSON report has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::archive::{Result, shared, time as moment, word};
use super::{Word, time};
use crate::model::{ContentState, Origin, Recipient, RecipientKind, RecipientReport, Volume};

/// Who received something.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct ReceiverView {
    /// `remote`, `local`, `company`, `none`.
    #[schemars(extend("enum" = RecipientKind::ALL.map(RecipientKind::as_str)))]
    kind: Word,
    /// Host or address, with personal-looking labels as `*`; the company's name for `company`.
    host: String,
    /// Company.
    pub(super) company: Option<String>,
    /// Seat of the company, ISO 3166-1 alpha-2.
    pub(super) country: Option<String>,
}

/// A recipient of an app's traffic.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct RecipientView {
    /// Who.
    #[serde(flatten)]
    receiver: ReceiverView,
    /// Ultimate parent.
    parent: Option<String>,
    /// Role.
    role: Option<String>,
    /// Service.
    service: Option<String>,
    /// Traffic by readability.
    traffic: Vec<VolumeView>,
}

/// Traffic in one state of readability.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct VolumeView {
    /// State of the contents.
    #[schemars(extend("enum" = ContentState::ALL.map(ContentState::as_str)))]
    content: Word,
    /// Flows.
    flows: u64,
    /// Bytes from the phone.
    sent_bytes: u64,
    /// Bytes to the phone.
    received_bytes: u64,
    /// Time of the first packet (RFC 3339, UTC).
    first: Option<String>,
    /// Time of the last packet.
    last: Option<String>,
    /// Of the flows, how many were of which Android user, where others than the owner (0) did something on the phone: 10 is often the work profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    users: BTreeMap<u32, u64>,
}

impl ReceiverView {
    pub(super) fn of(
        recipient: &Recipient,
        company: Option<&Arc<str>>,
        country: Option<&Arc<str>>,
    ) -> Self {
        Self {
            kind: recipient.kind.as_str().into(),
            host: recipient.host.to_string(),
            company: company.map(ToString::to_string),
            country: country.map(ToString::to_string),
        }
    }

    pub(super) fn recipient(&self) -> Result<Recipient> {
        Ok(Recipient {
            kind: word(RecipientKind::from_id, &self.kind)?,
            host: Arc::from(self.host.as_str()),
        })
    }
}

impl RecipientView {
    pub(super) fn of(report: &RecipientReport) -> Self {
        let words = |text: &Option<Arc<str>>| text.as_ref().map(ToString::to_string);
        Self {
            receiver: ReceiverView::of(
                &report.recipient,
                report.company.as_ref(),
                report.country.as_ref(),
            ),
            parent: words(&report.parent),
            role: words(&report.role),
            service: words(&report.service),
            traffic: volumes(&report.volumes),
        }
    }

    pub(super) fn report(self) -> Result<RecipientReport> {
        Ok(RecipientReport {
            recipient: self.receiver.recipient()?,
            company: shared(self.receiver.company),
            parent: shared(self.parent),
            country: shared(self.receiver.country),
            role: shared(self.role),
            service: shared(self.service),
            volumes: read_volumes(&self.traffic)?,
        })
    }
}

/// Traffic by readability, in the order of the states.
pub(super) fn volumes(volumes: &BTreeMap<ContentState, Volume>) -> Vec<VolumeView> {
    let view = |content: ContentState| {
        let volume = volumes.get(&content)?;
        Some(VolumeView {
            content: content.as_str().into(),
            flows: volume.flows,
            sent_bytes: volume.sent_bytes,
            received_bytes: volume.received_bytes,
            first: time(volume.first.time),
            last: time(volume.last),
            users: volume.users.iter().collect(),
        })
    };
    ContentState::ALL.into_iter().filter_map(view).collect()
}

/// The same back.
pub(super) fn read_volumes(views: &[VolumeView]) -> Result<BTreeMap<ContentState, Volume>> {
    let volume = |view: &VolumeView| {
        let content = word(ContentState::from_id, &view.content)?;
        let volume = Volume {
            flows: view.flows,
            sent_bytes: view.sent_bytes,
            received_bytes: view.received_bytes,
            of_content: 0,
            has_gap: false,
            first: Origin {
                time: moment(view.first.as_deref())?,
                ..Origin::default()
            },
            last: moment(view.last.as_deref())?,
            users: view.users.clone().into_iter().collect(),
        };
        Ok((content, volume))
    };
    views.iter().map(volume).collect()
}
