//! Weighed findings as programs for continuous integration take them: one entry per phone, app and finding, with the first
//! place where it can be seen.

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

use super::prose::Prose;
use crate::gate::Exemption;
use crate::model::{
    AppReport, DeviceReport, Evidence, Grade, InputReport, JudgedFinding, RiskLevel, Score,
};

/// One weighed finding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alert<'a> {
    pub(super) device: &'a DeviceReport,
    pub(super) app: &'a AppReport,
    pub(super) finding: &'a JudgedFinding,
    pub(super) score: &'a Score,
    /// The level that it gives its app; `None` if its evidence does not suffice to set one.
    pub(super) level: RiskLevel,
    /// Why it does not count.
    pub(super) exemption: Option<&'a Exemption>,
}

/// All weighed findings, in the order of reports. Opt-outs that were honoured are none.
pub(super) fn alerts<'a>(prose: &Prose<'a>) -> impl Iterator<Item = Alert<'a>> {
    let devices = prose.audit.devices.iter();
    let apps = devices.flat_map(|device| device.apps.iter().map(move |app| (device, app)));
    apps.flat_map(|(device, app)| alerts_of(prose, device, app))
}

/// The weighed findings of one app.
pub(super) fn alerts_of<'a>(
    prose: &Prose<'a>,
    device: &'a DeviceReport,
    app: &'a AppReport,
) -> impl Iterator<Item = Alert<'a>> + use<'a> {
    let least = prose.rules.legal().scoring.level_needs_percent;
    let exemptions = prose.exemptions;
    let findings = app.findings.iter().filter(|finding| !finding.is_opted_out);
    findings.filter_map(move |finding| {
        let score = finding.score.as_ref()?;
        let is_telling = finding.grade != Grade::Declared && score.evidence_percent >= least;
        Some(Alert {
            device,
            app,
            finding,
            score,
            level: if is_telling {
                score.level
            } else {
                RiskLevel::None
            },
            exemption: exemptions.of(&device.name, &finding.id),
        })
    })
}

impl<'a> Alert<'a> {
    /// The first place in traffic, else in a document.
    pub(super) fn place(&self, prose: &Prose<'a>) -> Option<(&'a Evidence, &'a InputReport)> {
        let evidence = prose.first_evidence(self.finding);
        evidence
            .into_iter()
            .find_map(|evidence| Some((evidence, prose.input(evidence)?)))
    }

    /// What was found, where it went and how that is known, in one line.
    pub(super) fn message(&self, prose: &Prose<'_>) -> String {
        let mut parts = vec![format!(
            "{}: {} ({})",
            prose.app(self.app),
            prose.title(self.finding),
            prose.language.grade(self.finding.grade)
        )];
        for part in [prose.recipient(self.finding), prose.amount(self.finding)] {
            if !part.is_empty() {
                parts.push(part);
            }
        }
        parts.push(format!(
            "{}, {}",
            self.device.name,
            prose.risk(self.score.level, self.score.risk)
        ));
        parts.join(" · ")
    }

    /// The finding's id with its phone, as a digest: the same in each report of the same case.
    pub(super) fn fingerprint(&self) -> String {
        let text = format!("{}\0{}", self.device.name, self.finding.id);
        HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
    }
}
