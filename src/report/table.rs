//! The report for a terminal: overview, findings per app, questions, what was not seen. The only home of comfy-table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table,
    Width,
};

use super::chain;
use super::group::{self, Group};
use super::language::fill;
use super::merged::{self, is_shown};
use super::portrait;
use super::presentable::Presentable;
use super::prose::Prose;
use super::{Format, Options, remedy, text};
use crate::model::{
    AppReport, ContentState, DeviceReport, RecipientKind, RecipientReport, RiskLevel, Volume,
};
use crate::parallel::in_parallel;
use crate::rules::Rules;

/// The terminal report.
pub(super) const FORMAT: Format = Format {
    name: "table",
    endings: &["txt"],
    write,
};

/// Columns from which on the overview names more findings.
const WIDE: u16 = 100;
/// Columns below which the overview leaves out the recipients.
const NARROW: u16 = 72;
/// Spaces between columns.
pub(super) const GAP: u16 = 2;
/// Before apps, below their phone: spaces at which no line is broken.
const INDENT: &str = "\u{a0}\u{a0}";
/// Measures of one app; JSON has all.
const REMEDIES: usize = 3;
/// Names in one sentence; the rest is counted.
const NAMES: usize = 8;

fn write(
    report: &Presentable,
    rules: &Rules,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = Page {
        prose: &Prose::new(report, rules, options),
        options,
        shows_values: report.shows_values,
        out: Vec::new(),
    };
    // Laying out tables is most of the work, and each is laid out by itself.
    for section in in_parallel(&Page::SECTIONS, 0, |section| page.part(section)) {
        out.write_all(&section?)?;
    }
    Ok(())
}

/// The page being written, or a part of it.
struct Page<'a> {
    prose: &'a Prose<'a>,
    options: Options,
    shows_values: bool,
    out: Vec<u8>,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Bold,
    Dim,
    Level(RiskLevel),
}

fn styled(text: impl Into<String>, look: Look) -> Cell {
    let cell = Cell::new_owned(text.into());
    match look {
        Look::Plain => cell,
        Look::Bold => cell.add_attribute(Attribute::Bold),
        Look::Dim | Look::Level(RiskLevel::None) => cell.add_attribute(Attribute::Dim),
        Look::Level(RiskLevel::VeryHigh) => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Look::Level(RiskLevel::High) => cell.fg(Color::Red),
        Look::Level(RiskLevel::Medium) => cell.fg(Color::Yellow),
        Look::Level(RiskLevel::Low) => cell.fg(Color::Green),
    }
}

impl Page<'_> {
    /// All parts, in their order.
    const SECTIONS: [fn(&mut Self) -> io::Result<()>; 7] = [
        Self::title,
        Self::overview,
        Self::findings,
        Self::shadow,
        Self::questions,
        Self::coverage,
        Self::reading,
    ];

    /// What something writes on a page of its own that looks the same.
    fn part(&self, write: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<Vec<u8>> {
        let mut part = Self {
            out: Vec::new(),
            ..*self
        };
        write(&mut part)?;
        Ok(part.out)
    }

    fn title(&mut self) -> io::Result<()> {
        let (audit, texts, language) = (self.prose.audit, self.prose.texts, self.prose.language);
        let case = if audit.case == "-" {
            texts.standard_input.to_owned()
        } else {
            audit.case.clone()
        };
        // Files that were left out are named further down.
        let mut facts = vec![
            language.counted(count(audit.devices.len()), texts.phone, texts.phones),
            language.counted(count(audit.read_inputs()), texts.input, texts.inputs),
        ];
        facts.extend(self.prose.period());
        self.paragraph(&format!("{}: {case}", texts.title), Look::Bold)?;
        self.paragraph(&facts.join(" · "), Look::Dim)?;
        let suppressed: Vec<String> = self.prose.suppressed().collect();
        self.list(&suppressed, Look::Plain)?;
        if self.shows_values {
            self.paragraph(texts.confidential, Look::Level(RiskLevel::VeryHigh))?;
        }
        Ok(())
    }

    fn overview(&mut self) -> io::Result<()> {
        let (audit, texts) = (self.prose.audit, self.prose.texts);
        self.heading(texts.overview)?;
        let is_narrow = self.options.width < NARROW;
        let mut header = vec![texts.column_app, texts.column_risk, texts.column_findings];
        header.extend((!is_narrow).then_some(texts.column_recipients));
        let mut table = self.table(&header);
        let app = self.app_column();
        let risk = self.risk_column();
        fix(
            &mut table,
            &[app, risk, 0, if is_narrow { 0 } else { 12 }],
            self.options.width,
        );
        let mut is_empty = true;
        for device in &audit.devices {
            table.add_row(vec![styled(text::safe_up_to(&device.name, 40), Look::Dim)]);
            for app in device.apps.iter().filter(|app| is_shown(device, app)) {
                is_empty = false;
                let mut row = self.overview_row(app);
                row.truncate(header.len());
                table.add_row(row);
            }
        }
        if is_empty {
            self.paragraph(texts.no_apps, Look::Plain)?;
        } else {
            self.print(table)?;
        }
        for device in &audit.devices {
            self.unremarkable(device)?;
        }
        Ok(())
    }

    fn overview_row(&self, app: &AppReport) -> Vec<Cell> {
        let (telling, _) = group::groups(app, self.prose.rules);
        let mut labels: Vec<String> = Vec::new();
        for group in &telling {
            let label = group.headline(self.prose);
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let most = if self.options.width < WIDE { 2 } else { 3 };
        let more = labels.len().saturating_sub(most);
        labels.truncate(most);
        let taken = self.app_column().saturating_add(self.risk_column());
        let taken = taken.saturating_add(if self.options.width < NARROW { 0 } else { 12 });
        let room = self.options.width.saturating_sub(taken).saturating_sub(GAP);
        for label in &mut labels {
            *label = text::with_joints(label, room.into());
        }
        if more > 0 {
            labels.push(fill(self.prose.texts.more, &[("count", &more.to_string())]));
        }
        // Counters of the system tell how much was sent, not to whom.
        let is_named = |known: &&RecipientReport| known.recipient.kind != RecipientKind::None;
        let recipients = match app.recipients.iter().filter(is_named).count() {
            0 => "–".to_owned(),
            some => format!("{some}: {}", Prose::countries(app).join(" ")),
        };
        vec![
            styled(self.indented(&self.prose.app(app)), Look::Bold),
            styled(self.level(app), Look::Level(app.level)),
            styled(
                if labels.is_empty() {
                    "–".to_owned()
                } else {
                    labels.join("\n")
                },
                Look::Plain,
            ),
            styled(recipients.trim_end_matches(": "), Look::Plain),
        ]
    }

    /// An app's name below its phone, each of its lines as far in.
    fn indented(&self, name: &str) -> String {
        let room = self.app_column().saturating_sub(GAP.saturating_mul(2));
        let name = text::with_joints(name, room.into());
        let lines = text::wrapped(&name, room);
        let lines: Vec<String> = lines
            .lines()
            .map(|line| format!("{INDENT}{}", line.trim_start()))
            .collect();
        lines.join("\n")
    }

    /// Width of the column of apps in the overview.
    fn app_column(&self) -> u16 {
        (self.options.width / 4).saturating_add(4).clamp(16, 36)
    }

    /// Width of the column of risks in the overview.
    fn risk_column(&self) -> u16 {
        if self.options.width < WIDE { 15 } else { 19 }
    }

    fn level(&self, app: &AppReport) -> String {
        let level = self.prose.language.level(app.level);
        if app.risk == 0 {
            level.to_owned()
        } else {
            format!("{level} {}", app.risk)
        }
    }

    /// Apps of a device that are not in the overview, in a sentence.
    fn unremarkable(&mut self, device: &DeviceReport) -> io::Result<()> {
        let texts = self.prose.texts;
        let others = device.apps.iter().filter(|app| !is_shown(device, app));
        let (with_permissions, silent): (Vec<&AppReport>, Vec<&AppReport>) =
            others.partition(|app| !app.grants.is_empty() || !app.findings.is_empty());
        let silent = device.silent_apps.saturating_add(count(silent.len()));
        let phone = text::safe_up_to(&device.name, 40);
        if !with_permissions.is_empty() {
            let names = with_permissions.iter().map(|app| self.prose.app(app));
            let names = self.prose.first(names.collect(), NAMES);
            let count = with_permissions.len().to_string();
            let sentence = fill(
                texts.only_permissions,
                &[
                    ("traffic", self.prose.traffic_known(device)),
                    ("count", &count),
                    ("names", &names),
                ],
            );
            self.paragraph(&format!("{phone} – {sentence}"), Look::Dim)?;
        }
        if let Some(sentence) = chain::granted_in_vain(self.prose, device) {
            self.paragraph(&sentence, Look::Dim)?;
        }
        if silent > 0 {
            let values = [
                ("traffic", self.prose.traffic_known(device)),
                ("permissions", self.prose.permissions_known(device)),
                ("count", &silent.to_string()),
            ];
            let sentence = fill(texts.silent_apps, &values);
            self.paragraph(&format!("{phone} – {sentence}"), Look::Dim)?;
        }
        Ok(())
    }

    fn findings(&mut self) -> io::Result<()> {
        let devices = self.prose.audit.devices.iter();
        let apps = devices.flat_map(|device| device.apps.iter().map(move |app| (device, app)));
        let shown: Vec<_> = apps.filter(|(device, app)| is_shown(device, app)).collect();
        if !shown.is_empty() {
            self.heading(self.prose.texts.findings)?;
        }
        let page = &*self;
        let parts = in_parallel(&shown, 0, |(device, app)| {
            page.part(|page| page.app(device, app))
        });
        for part in parts {
            self.out.extend(part?);
        }
        Ok(())
    }

    fn app(&mut self, device: &DeviceReport, app: &AppReport) -> io::Result<()> {
        let texts = self.prose.texts;
        let mut table = self.bare_table();
        let name = format!(
            "{} › {}",
            text::safe_up_to(&device.name, 40),
            self.prose.app(app)
        );
        table.add_row(vec![
            styled(name, Look::Bold),
            styled(self.level(app), Look::Level(app.level)).set_alignment(CellAlignment::Right),
        ]);
        if let Some(column) = table.column_mut(1) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        writeln!(self.out)?;
        self.print(table)?;
        self.paragraph(&portrait::identity(self.prose, &[app], NAMES), Look::Dim)?;
        if let Some(note) = self.prose.app_note(app) {
            self.paragraph(note, Look::Dim)?;
        }
        self.list(&portrait::standing(self.prose, app), Look::Dim)?;
        let (telling, weak) = group::groups(app, self.prose.rules);
        if telling.is_empty() {
            self.paragraph(texts.no_findings, Look::Plain)?;
        }
        self.finding_table(&telling)?;
        if !weak.is_empty() {
            self.paragraph(texts.unproven, Look::Plain)?;
            let lines: Vec<String> = weak
                .iter()
                .map(|group| group.short_line(self.prose))
                .collect();
            self.list(&lines, Look::Dim)?;
        }
        for (title, lines) in portrait::parts(self.prose, &[app], NAMES) {
            self.paragraph(title, Look::Plain)?;
            self.list(&lines, Look::Dim)?;
        }
        if !app.dpia_criteria.is_empty() {
            let criteria = self.prose.criteria(&app.dpia_criteria);
            self.paragraph(&fill(texts.dpia, &[("criteria", &criteria)]), Look::Plain)?;
        }
        if let Some(screening) = self.prose.screening(app) {
            self.paragraph(&screening, Look::Dim)?;
        }
        let remedies = remedy::of_app(self.prose, &device.name, app);
        if !remedies.is_empty() {
            self.paragraph(texts.remedies, Look::Plain)?;
            let lines = remedies.iter().take(REMEDIES);
            let lines: Vec<String> = lines.map(|one| one.line(self.prose)).collect();
            self.list(&lines, Look::Plain)?;
        }
        Ok(())
    }

    /// Apps that the company does not know or does not allow, phone by phone, with what to offer instead.
    fn shadow(&mut self) -> io::Result<()> {
        let (audit, texts) = (self.prose.audit, self.prose.texts);
        if audit.devices.iter().all(|device| device.shadow.is_empty()) {
            return Ok(());
        }
        self.heading(texts.shadow)?;
        self.paragraph(texts.shadow_note, Look::Plain)?;
        for device in &audit.devices {
            if device.shadow.is_empty() {
                continue;
            }
            self.paragraph(&text::safe_up_to(&device.name, 40), Look::Bold)?;
            let lines: Vec<String> = device
                .shadow
                .iter()
                .map(|app| portrait::shadow(self.prose, device, app))
                .collect();
            self.list(&lines, Look::Plain)?;
        }
        if let Some(advice) = portrait::shadow_advice(self.prose) {
            self.paragraph(&advice, Look::Plain)?;
        }
        Ok(())
    }

    fn finding_table(&mut self, groups: &[Group<'_>]) -> io::Result<()> {
        let mut table = self.bare_table();
        for group in groups {
            let (Some(first), Some(score)) = (group.first(), group.score()) else {
                continue;
            };
            let grade = self.prose.language.grade(first.grade);
            table.add_row(vec![
                styled(format!("{:>2}", score.risk), Look::Level(score.level)),
                styled(group.title(self.prose), Look::Bold),
                styled(grade, Look::Plain).set_alignment(CellAlignment::Right),
            ]);
            let lines = [
                (group.recipient_lines(self.prose), Look::Plain),
                (group.detail_lines(self.prose), Look::Dim),
            ];
            for (lines, look) in lines.into_iter().filter(|(lines, _)| !lines.is_empty()) {
                table.add_row(vec![
                    styled("", Look::Plain),
                    styled(lines.join("\n"), look),
                    styled("", Look::Plain),
                ]);
            }
        }
        fix(&mut table, &[4, 0, 13], self.options.width);
        self.print(table)
    }

    fn questions(&mut self) -> io::Result<()> {
        let asked = self.prose.questions();
        if asked.is_empty() {
            return Ok(());
        }
        self.heading(self.prose.texts.questions)?;
        self.list(&asked, Look::Plain)
    }

    fn coverage(&mut self) -> io::Result<()> {
        let texts = self.prose.texts;
        self.heading(texts.coverage)?;
        self.contents()?;
        if let Some(readable) = self.prose.readable() {
            self.paragraph(&readable, Look::Plain)?;
        }
        let lines = self.prose.shortfalls();
        if lines.is_empty() {
            self.paragraph(texts.coverage_complete, Look::Plain)?;
        } else {
            self.paragraph(texts.shortfalls, Look::Plain)?;
            self.list(&lines, Look::Plain)?;
        }
        let clocks = chain::of_phones(self.prose);
        self.list(&clocks, Look::Plain)?;
        self.paragraph(texts.not_clean, Look::Plain)
    }

    /// How readable the traffic was: of all phones, then of each app.
    fn contents(&mut self) -> io::Result<()> {
        let (audit, texts) = (self.prose.audit, self.prose.texts);
        let all = merged::traffic(audit);
        if all.is_empty() {
            return Ok(());
        }
        let numbers = [texts.column_flows, texts.column_sent, texts.column_received];
        let mut table = self.table(&[&[texts.column_contents], &numbers[..]].concat());
        for row in self.volumes(&all) {
            table.add_row(row);
        }
        self.print(table)?;
        writeln!(self.out)?;
        let mut table =
            self.table(&[&[texts.column_app, texts.column_contents], &numbers[..]].concat());
        for device in &audit.devices {
            for app in &device.apps {
                let mut name = self.prose.app(app);
                if audit.devices.len() > 1 {
                    name = format!("{} › {name}", text::safe_up_to(&device.name, 40));
                }
                // About what is left for names beside the numbers.
                name = text::with_joints(&name, usize::from(self.options.width / 4));
                for row in self.volumes(&app.traffic()) {
                    // the name once, before its first row
                    let name = Cell::new_owned(std::mem::take(&mut name));
                    table.add_row([vec![name], row].concat());
                }
            }
        }
        if table.row_count() > 0 {
            self.print(table)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// One row of cells for each state of contents.
    fn volumes(&self, volumes: &BTreeMap<ContentState, Volume>) -> Vec<Vec<Cell>> {
        let language = self.prose.language;
        let right = |text: String| Cell::new_owned(text).set_alignment(CellAlignment::Right);
        let row = |content: ContentState| {
            let volume = volumes.get(&content)?;
            let mut state = language.content_of(content, volume).to_owned();
            let users = language.users(&volume.users);
            if !users.is_empty() {
                state = format!("{state} ({})", users.join(", "));
            }
            Some(vec![
                Cell::new_owned(state),
                right(volume.flows.to_string()),
                right(language.size(volume, volume.sent_bytes)),
                right(language.size(volume, volume.received_bytes)),
            ])
        };
        ContentState::ALL.into_iter().filter_map(row).collect()
    }

    fn reading(&mut self) -> io::Result<()> {
        self.heading(self.prose.texts.reading)?;
        for line in self.prose.reading(self.shows_values) {
            self.paragraph(&line, Look::Dim)?;
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.paragraph(&text.to_uppercase(), Look::Bold)
    }

    /// Text over the whole width.
    fn paragraph(&mut self, text: &str, look: Look) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let mut table = self.bare_table();
        table.add_row(vec![styled(text, look)]);
        self.print(table)
    }

    /// Texts with a mark before each.
    fn list(&mut self, lines: &[String], look: Look) -> io::Result<()> {
        let mut table = self.bare_table();
        for line in lines {
            table.add_row(vec![styled("–", look), styled(line, look)]);
        }
        self.print(table)
    }

    /// A table with a header and a line below it.
    fn table(&self, header: &[&str]) -> Table {
        let mut table = self.bare_table();
        table.load_style(NOTHING.header_separator(LineStyle::none().fill('─')));
        table.set_header(header.iter().map(|title| styled(*title, Look::Dim)));
        table
    }

    /// A table without any lines, as wide as the page at most.
    fn bare_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(self.options.width);
        if self.options.color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table
    }

    /// Prints a table with two spaces between columns and none around.
    fn print(&mut self, mut table: Table) -> io::Result<()> {
        let last = table.column_count().saturating_sub(1);
        for (position, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if position < last { GAP } else { 0 }));
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// The lines of a table whose first column has a fixed width and whose others share what is left of the page; without a header
/// if that is empty.
pub(super) fn columns(
    header: &[String],
    rows: &[Vec<String>],
    first: u16,
    options: Options,
) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if !header.is_empty() {
        table.load_style(NOTHING.header_separator(LineStyle::none().fill('─')));
        table.set_header(header.iter().map(|title| styled(title, Look::Bold)));
    }
    if options.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let count = header
        .len()
        .max(rows.iter().map(Vec::len).max().unwrap_or(0));
    let others = u16::try_from(count.saturating_sub(1)).unwrap_or(u16::MAX);
    let share = options.width.saturating_sub(first).checked_div(others);
    for row in rows {
        let cells = row.iter().enumerate().map(|(position, text)| {
            let width = if position == 0 {
                first
            } else {
                share.unwrap_or_default()
            };
            let room = usize::from(width.saturating_sub(GAP));
            styled(text::with_joints(text, room), Look::Plain)
        });
        table.add_row(cells);
    }
    for (position, column) in table.column_iter_mut().enumerate() {
        let width = if position == 0 {
            first
        } else {
            share.unwrap_or_default()
        };
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        let is_last = position.saturating_add(1) == count;
        column.set_padding((0, if is_last { 0 } else { GAP }));
    }
    let lines = table.lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// Gives columns their widths, the gaps behind them included; the one with none gets what is left of the page.
fn fix(table: &mut Table, widths: &[u16], page: u16) {
    let taken = widths
        .iter()
        .fold(0_u16, |sum, width| sum.saturating_add(*width));
    let rest = page.saturating_sub(taken);
    for (column, width) in table.column_iter_mut().zip(widths) {
        let width = if *width == 0 { rest } else { *width };
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
