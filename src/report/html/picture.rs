//! Pictures as SVG: what they share, the risk matrix, the timeline and the bars of coverage.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::markup::Markup;
use crate::model::{ContentState, Grade, RiskLevel, Timestamp, Volume};
use crate::report::chain::minute;
use crate::report::merged::{self, MergedApp};
use crate::report::prose::Prose;
use crate::report::text;

/// Apps in a timeline and in the bars of coverage.
const ROWS: usize = 16;
/// Widest picture.
const WIDTH: f64 = 980.0;
/// Left edge of what stands beside names of apps.
const LEFT: f64 = 200.0;
/// Height of one row.
const ROW: f64 = 26.0;

/// Where a picture is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Canvas {
    /// In the page: it has the page's colours, and filters.
    Page,
    /// In a file of its own.
    File,
}

/// How pictures look.
pub(super) const STYLE: &str = include_str!("picture.css");
/// Colours of pictures in files of their own, as the page has them in light.
const COLORS: [(&str, &str); 11] = [
    ("ink", "#1d2530"),
    ("soft", "#5a6472"),
    ("line", "#dfe3e8"),
    ("card", "#fff"),
    ("accent", "#1f6f8b"),
    ("warm", "#a8681c"),
    ("none-bg", "#eceef1"),
    ("low-bg", "#d7ebdf"),
    ("medium-bg", "#f5e8b8"),
    ("high-bg", "#f6cfa5"),
    ("very-high-bg", "#eeb0b0"),
];
/// How pictures in files look: without variables, which word processors and most viewers do not know.
static FILE_STYLE: LazyLock<String> = LazyLock::new(|| {
    let style = COLORS
        .iter()
        .fold(STYLE.to_owned(), |style, (name, color)| {
            style.replace(&format!("var(--{name})"), color)
        });
    format!("{style}.paper{{fill:#fff}}.picture .headline{{font-size:16px;font-weight:650}}\n")
});
/// Room for the title above a picture in a file.
const HEADLINE: f64 = 34.0;

/// A number to draw with.
pub(super) fn real(number: impl TryInto<u64>) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture shows no difference in the sixteenth digit"
    )]
    number.try_into().map_or(0.0, |number: u64| number as f64)
}

/// A drawing with its title and description for those who do not see it.
pub(super) fn svg(
    canvas: Canvas,
    (width, height): (f64, f64),
    (title, about): (&str, &str),
    draw: impl FnOnce(&mut Markup),
) -> Markup {
    let mut out = Markup::default();
    let top = if canvas == Canvas::File {
        HEADLINE
    } else {
        0.0
    };
    let height = height + top;
    let view = format!("0 {:.0} {width:.0} {height:.0}", -top);
    let (width, height) = (format!("{width:.0}"), format!("{height:.0}"));
    let label = format!("{title}. {about}");
    // Links inside must stay reachable, so a picture with some is a group.
    let mut attributes: Vec<(&'static str, &dyn std::fmt::Display)> = vec![
        ("viewBox", &view),
        ("width", &width),
        ("height", &height),
        ("class", &"picture"),
        ("role", &"group"),
        ("aria-label", &label),
    ];
    if canvas == Canvas::File {
        attributes.push(("xmlns", &"http://www.w3.org/2000/svg"));
    }
    out.open("svg", &attributes);
    out.element("title", &[], &title);
    out.element("desc", &[], &about);
    if canvas == Canvas::File {
        out.open("style", &[]);
        out.fixed(&FILE_STYLE);
        out.close();
        out.element(
            "rect",
            &[
                ("class", &"paper"),
                ("y", &-top),
                ("width", &width),
                ("height", &height),
            ],
            &"",
        );
        let y = format!("{:.0}", 22.0 - top);
        out.element(
            "text",
            &[("class", &"headline"), ("x", &"12"), ("y", &y)],
            &title,
        );
    }
    out.line();
    draw(&mut out);
    out.close();
    out
}

/// What is drawn as a link that filters the page.
pub(super) fn link(
    canvas: Canvas,
    key: &'static str,
    value: &str,
    out: &mut Markup,
    draw: impl FnOnce(&mut Markup),
) {
    if canvas == Canvas::File {
        draw(out);
        return;
    }
    let target = fragment(key, value);
    out.within(
        "a",
        &[
            ("href", &target),
            ("class", &"filter"),
            ("data-key", &key),
            ("data-value", &value),
        ],
        draw,
    );
}

/// The address of a filter.
pub(super) fn fragment(key: &str, value: &str) -> String {
    format!("#{key}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
}

/// A label with its end cut off where it would be wider than so many pixels.
pub(super) fn fitted(text: &str, pixels: f64) -> String {
    let widths = |text: &str| text.chars().map(width).sum::<f64>();
    let all = text::in_columns(text, LONGEST_LABEL);
    if widths(&all) <= pixels {
        return all;
    }
    let mut left = pixels - width('…');
    let mut shown: String = text
        .chars()
        .take_while(|character| {
            left -= width(*character);
            left >= 0.0
        })
        .collect();
    shown.truncate(shown.trim_end().len());
    shown.push('…');
    shown
}

/// Columns of the longest label.
const LONGEST_LABEL: usize = 60;

/// Pixels of a character at the size of labels, in the widest of the usual fonts (`DejaVu` Sans).
fn width(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | 'I' | 'J' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' => 4.1,
        'f' | 't' | 'r' | '(' | ')' | '-' | '/' => 5.2,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '–' => 12.3,
        _ if character.is_uppercase() => 9.0,
        _ if character.is_ascii() || character.is_lowercase() => 7.7,
        _ => 12.5,
    }
}

fn place(number: f64) -> String {
    format!("{number:.1}")
}

fn label(out: &mut Markup, class: &'static str, (x, y): (f64, f64), anchor: &str, text: &str) {
    let (x, y) = (place(x), place(y));
    out.element(
        "text",
        &[
            ("class", &class),
            ("x", &x),
            ("y", &y),
            ("text-anchor", &anchor),
        ],
        &text,
    );
}

fn bar(
    out: &mut Markup,
    class: &str,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    words: &str,
) {
    let (x, y, width, height) = (place(x), place(y), place(width), place(height));
    out.within(
        "rect",
        &[
            ("class", &class),
            ("x", &x),
            ("y", &y),
            ("width", &width),
            ("height", &height),
        ],
        |bar| {
            if !words.is_empty() {
                bar.element("title", &[], &words);
            }
        },
    );
}

/// How many findings there are of each severity and likelihood.
pub(super) fn risk_matrix(prose: &Prose<'_>, apps: &[MergedApp<'_>], canvas: Canvas) -> Markup {
    const CELL: (f64, f64) = (104.0, 58.0);
    let language = prose.language;
    let mut cells: BTreeMap<(u8, u8), (u64, RiskLevel)> = BTreeMap::new();
    for merged in apps.iter().flat_map(|app| &app.findings) {
        if let Some(score) = merged.finding.score.as_ref().filter(|_| merged.is_telling) {
            let key = (score.severity, score.likelihood.value);
            let cell = cells.entry(key).or_insert((0, score.level));
            cell.0 = cell.0.saturating_add(1);
        }
    }
    let title = language.pick("Risk matrix", "Risikomatrix");
    let about = language.pick(
        "Number of different findings for each severity and likelihood, both from 1 to 4.",
        "Zahl verschiedener Befunde je Schwere und Wahrscheinlichkeit, beide von 1 bis 4.",
    );
    let likelihood = capital(prose.texts.likelihood);
    let severity = capital(prose.texts.severity);
    svg(canvas, (508.0, 306.0), (title, about), |out| {
        label(out, "head", (74.0, 14.0), "start", &format!("{severity} ↑"));
        for severity in (1..=4_u8).rev() {
            let y = 24.0 + real(4_u8.saturating_sub(severity)) * (CELL.1 + 3.0);
            label(out, "axis", (62.0, y + 34.0), "end", &severity.to_string());
            for likelihood in 1..=4_u8 {
                let x = 74.0 + real(likelihood.saturating_sub(1)) * (CELL.0 + 3.0);
                let risk = severity.saturating_mul(likelihood);
                let level = prose.rules.legal().scoring.level(risk);
                let level = level.map_or(RiskLevel::None, |level| level.id);
                let count = cells.get(&(severity, likelihood)).map_or(0, |cell| cell.0);
                let draw = |out: &mut Markup| {
                    let used = if count == 0 { " none" } else { "" };
                    let class = format!("cell level-{}{used}", level.as_str());
                    bar(out, &class, (x, y), CELL, "");
                    let middle = x + CELL.0 / 2.0;
                    if count > 0 {
                        label(
                            out,
                            "count",
                            (middle, y + 30.0),
                            "middle",
                            &count.to_string(),
                        );
                    }
                    let words = format!("{risk} · {}", language.level(level));
                    label(out, "small", (middle, y + 48.0), "middle", &words);
                };
                if count > 0 {
                    let value = format!("{severity}x{likelihood}");
                    link(canvas, "cell", &value, out, draw);
                } else {
                    draw(out);
                }
            }
        }
        for likelihood in 1..=4_u8 {
            let x = 74.0 + real(likelihood.saturating_sub(1)) * (CELL.0 + 3.0) + CELL.0 / 2.0;
            label(out, "axis", (x, 284.0), "middle", &likelihood.to_string());
        }
        label(
            out,
            "head",
            (500.0, 298.0),
            "end",
            &format!("{likelihood} →"),
        );
    })
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next();
    first.map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// From when to when, how sure, and in words.
type Mark = (Timestamp, Timestamp, Grade, String);

/// When apps transmitted, or contacted somebody.
pub(super) fn timeline(
    prose: &Prose<'_>,
    apps: &[MergedApp<'_>],
    canvas: Canvas,
) -> Option<Markup> {
    let mut rows: Vec<(&MergedApp<'_>, Vec<Mark>)> = Vec::new();
    for app in apps.iter().filter(|app| app.is_shown) {
        let flows = app.findings.iter().filter(|merged| merged.is_flow());
        let mut marks: Vec<_> = flows
            .flat_map(|merged| {
                let title = format!(
                    "{} → {}",
                    prose.headline(merged.finding),
                    prose.recipient(merged.finding)
                );
                // Of each phone one: between the last time on one and the first on another there was nothing.
                let on_phones = merged
                    .same
                    .iter()
                    .filter_map(|finding| merged::period(finding));
                let mark = move |(first, last)| (first, last, merged.finding.grade, title.clone());
                on_phones.map(mark).collect::<Vec<_>>()
            })
            .collect();
        // What is surest is drawn last, so that it lies on top.
        marks.sort_by_key(|(first, last, grade, _)| (std::cmp::Reverse(*grade), *first, *last));
        if !marks.is_empty() {
            rows.push((app, marks));
        }
    }
    rows.truncate(ROWS);
    let all = || rows.iter().flat_map(|(_, marks)| marks);
    let first = all().map(|mark| mark.0).min()?;
    let last = all().map(|mark| mark.1).max()?;
    let language = prose.language;
    let title = language.pick("Timeline of transmissions", "Zeitlicher Verlauf");
    let about = language.pick(
        "For each app, from the first to the last time that each finding was seen on a phone, in UTC.",
        "Je App vom ersten bis zum letzten Mal, das ein Befund auf einem Telefon zu sehen war, in UTC.",
    );
    let width = WIDTH - LEFT - 30.0;
    let span = real(last.0.saturating_sub(first.0)).max(1.0);
    let x = |time: Timestamp| LEFT + real(time.0.saturating_sub(first.0)) / span * width;
    let height = 34.0 + real(rows.len()) * ROW + 34.0;
    let bottom = height - 34.0;
    Some(svg(canvas, (WIDTH, height), (title, about), |out| {
        for step in 0..=4_i64 {
            let part = last.0.saturating_sub(first.0) / 4;
            let time = if step == 4 {
                last
            } else {
                Timestamp(first.0.saturating_add(part.saturating_mul(step)))
            };
            let at = x(time);
            bar(out, "grid", (at, 24.0), (1.0, bottom - 20.0), "");
            let anchor = match step {
                0 => "start",
                4 => "end",
                _ => "middle",
            };
            label(out, "axis", (at, 14.0), anchor, &minute(time));
        }
        for (position, (app, marks)) in rows.iter().enumerate() {
            let y = 30.0 + real(position) * ROW;
            link(canvas, "app", &app.name, out, |out| {
                let name = fitted(&app.name, LEFT - 14.0);
                label(out, "name", (LEFT - 10.0, y + 16.0), "end", &name);
            });
            for (first, last, grade, words) in marks.iter().rev().take(40).rev() {
                let class = match grade {
                    Grade::Contacted => "mark contacted",
                    Grade::Inferred | Grade::Declared => "mark inferred",
                    _ => "mark sent",
                };
                let long = (x(*last) - x(*first)).max(7.0);
                let words = format!("{words} · {} – {}", minute(*first), minute(*last));
                let start = (x(*first) - 3.5).max(LEFT - 3.5);
                bar(out, class, (start, y + 6.0), (long, 13.0), &words);
            }
            out.line();
        }
        let mut at = LEFT;
        for (class, words) in [
            ("mark sent", language.pick("transmitted", "übertragen")),
            ("mark contacted", language.pick("contacted", "kontaktiert")),
            ("mark inferred", language.pick("inferred", "gefolgert")),
        ] {
            bar(out, class, (at, bottom + 14.0), (20.0, 11.0), "");
            label(out, "key", (at + 27.0, bottom + 23.0), "start", words);
            at += 27.0 + real(words.chars().count()) * 6.6 + 24.0;
        }
    }))
}

/// How much of the traffic could be read: bytes for each state of contents, of all and of each app.
pub(super) fn coverage(
    prose: &Prose<'_>,
    apps: &[MergedApp<'_>],
    canvas: Canvas,
) -> Option<Markup> {
    let language = prose.language;
    let all = merged::traffic(prose.audit);
    let bytes = |volume: &Volume| volume.sent_bytes.saturating_add(volume.received_bytes);
    let sum = |traffic: &BTreeMap<ContentState, Volume>| {
        traffic.values().map(bytes).fold(0_u64, u64::saturating_add)
    };
    if sum(&all) == 0 {
        return None;
    }
    let mut rows: Vec<(String, &BTreeMap<ContentState, Volume>)> = Vec::new();
    rows.push((
        language.pick("All traffic", "Aller Verkehr").to_owned(),
        &all,
    ));
    let mut busy: Vec<&MergedApp<'_>> = apps.iter().filter(|app| sum(&app.traffic) > 0).collect();
    busy.sort_by_key(|app| std::cmp::Reverse(sum(&app.traffic)));
    rows.extend(
        busy.iter()
            .take(ROWS)
            .map(|app| (app.name.clone(), &app.traffic)),
    );
    let states: Vec<ContentState> = ContentState::ALL
        .into_iter()
        .filter(|state| all.contains_key(state))
        .collect();
    let title = language.pick("How much could be read", "Wie viel lesbar war");
    let about = language.pick(
        "Bytes of traffic by readability, as parts of each app's traffic.",
        "Bytes des Verkehrs nach Lesbarkeit, als Anteile am Verkehr jeder App.",
    );
    let width = WIDTH - LEFT - 90.0;
    let bottom = 12.0 + real(rows.len()) * ROW;
    let lines = states.len().div_ceil(3);
    let height = bottom + 14.0 + real(lines) * 22.0;
    Some(svg(canvas, (WIDTH, height), (title, about), |out| {
        for (position, (name, traffic)) in rows.iter().enumerate() {
            let y = 6.0 + real(position) * ROW;
            let total = sum(traffic);
            let class = if position == 0 { "head" } else { "name" };
            let shown = fitted(name, LEFT - 14.0);
            label(out, class, (LEFT - 10.0, y + 16.0), "end", &shown);
            let mut x = LEFT;
            for state in &states {
                let part = traffic.get(state).map_or(0, bytes);
                let long = real(part) / real(total).max(1.0) * width;
                if part > 0 {
                    let class = format!("part content-{}", state.as_str());
                    let words = format!("{}: {}", language.content(*state), language.bytes(part));
                    bar(out, &class, (x, y + 3.0), (long.max(0.5), 17.0), &words);
                }
                x += long;
            }
            let total = language.bytes(total);
            label(out, "axis", (WIDTH - 4.0, y + 16.0), "end", &total);
            out.line();
        }
        for (position, state) in states.iter().enumerate() {
            let x = LEFT + real(position % 3) * 258.0;
            let y = bottom + 14.0 + real(position / 3) * 22.0;
            let class = format!("part content-{}", state.as_str());
            bar(out, &class, (x, y), (14.0, 12.0), "");
            label(
                out,
                "key",
                (x + 21.0, y + 10.5),
                "start",
                language.content(*state),
            );
        }
    }))
}
