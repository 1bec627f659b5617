//! The section of the phones of a case.

use super::Page;
use super::app::badge;
use super::markup::Markup;
use super::section::{LINES, count, row_head, section, table};
use crate::model::{DeviceReport, RiskLevel};
use crate::report::{chain, text};

impl Page<'_> {
    pub(super) fn phones(&self, out: &mut Markup) {
        let (texts, language) = (self.prose.texts, self.prose.language);
        let devices = &self.prose.audit.devices;
        if devices.is_empty() {
            return;
        }
        let highest =
            |device: &DeviceReport| device.apps.iter().map(|app| app.risk).max().unwrap_or(0);
        let mut by_risk: Vec<&DeviceReport> = devices.iter().collect();
        by_risk.sort_by_key(|device| std::cmp::Reverse(highest(device)));
        let heads = [
            texts.column_phone,
            language.pick("System and model", "System und Modell"),
            language.pick("Highest risk", "Höchstes Risiko"),
            "Apps",
            language.pick("Findings", "Befunde"),
            texts.column_sent,
        ];
        let title = language.pick("Phones", "Telefone");
        section("phones", title, out, |out| {
            table(
                "stack",
                language.pick("Phones of the case", "Telefone des Falls"),
                &heads,
                out,
                |out| {
                    for device in by_risk.iter().take(LINES) {
                        let risk = highest(device);
                        let level = device
                            .apps
                            .iter()
                            .map(|app| app.level)
                            .max()
                            .unwrap_or(RiskLevel::None);
                        let findings = device
                            .apps
                            .iter()
                            .map(|app| app.findings.len())
                            .fold(0, usize::saturating_add);
                        let sent = device
                            .traffic
                            .values()
                            .map(|volume| volume.sent_bytes)
                            .fold(0, u64::saturating_add);
                        let apps = count(device.apps.len()).saturating_add(device.silent_apps);
                        let system = device.platform.map(|platform| platform.as_str().to_owned());
                        let model = device
                            .model
                            .as_deref()
                            .map(|model| text::safe_up_to(model, 60));
                        let system: Vec<String> = system.into_iter().chain(model).collect();
                        out.within("tr", &[("class", &"of-phone")], |out| {
                            row_head(out, |out| out.text(&text::safe_up_to(&device.name, 60)));
                            out.element(
                                "td",
                                &[],
                                &if system.is_empty() {
                                    "–".to_owned()
                                } else {
                                    system.join(", ")
                                },
                            );
                            out.within("td", &[], |out| badge(self, level, risk, out));
                            out.element("td", &[("data-label", &"Apps")], &apps);
                            out.element(
                                "td",
                                &[("data-label", &language.pick("Findings", "Befunde"))],
                                &findings,
                            );
                            out.element(
                                "td",
                                &[("data-label", &texts.column_sent)],
                                &if sent == 0 && !self.prose.is_captured(device) {
                                    "–".to_owned()
                                } else {
                                    language.bytes(sent)
                                },
                            );
                        });
                        out.line();
                    }
                },
            );
            self.rest(devices.len(), out);
            let in_vain = |device| chain::granted_in_vain(&self.prose, device);
            let in_vain = devices.iter().filter_map(in_vain);
            for sentence in chain::of_phones(&self.prose)
                .into_iter()
                .chain(in_vain)
                .take(20)
            {
                out.element("p", &[("class", &"soft")], &sentence);
            }
        });
    }
}
