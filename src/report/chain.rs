//! Chains and clocks in words.

use super::merged::is_shown;
use super::portrait::{limited, users};
use super::prose::Prose;
use super::text;
use crate::model::{AppReport, Contradiction, DataChain, DeviceReport, LabelState, Timestamp};

/// A line for each chain that says more than findings and permissions do: something was read, a label speaks, or links do not
/// fit.
pub(super) fn lines(prose: &Prose<'_>, app: &AppReport) -> Vec<String> {
    let is_telling = |chain: &&DataChain| {
        chain.reads.is_some()
            || !chain.contradictions.is_empty()
            || (chain.label != LabelState::Unknown && chain.sent.is_some())
    };
    app.chains
        .iter()
        .filter(is_telling)
        .map(|chain| line(prose, app, chain))
        .collect()
}

fn line(prose: &Prose<'_>, app: &AppReport, chain: &DataChain) -> String {
    let language = prose.language;
    let mut links = Vec::new();
    if !chain.declared.is_empty() {
        links.push(language.pick("asked for", "verlangt").to_owned());
    }
    if !chain.granted.is_empty() {
        let granted = language.pick("granted", "erteilt");
        let mut grants = app.grants.iter();
        let grant =
            grants.find(|grant| chain.granted.iter().any(|name| **name == *grant.permission));
        let users = grant.and_then(|grant| users(prose, grant));
        let limited = grant.and_then(|grant| limited(prose, grant));
        let words = [Some(granted), users.as_deref(), limited];
        links.push(words.into_iter().flatten().collect::<Vec<_>>().join(" "));
    } else if !chain.refused.is_empty() {
        links.push(language.pick("refused", "verweigert").to_owned());
    }
    if let Some(reads) = &chain.reads {
        let mut link = if reads.count == 0 {
            language.pick("not read", "nicht gelesen").to_owned()
        } else {
            format!("{} {}×", language.pick("read", "gelesen"), reads.count)
        };
        let mut details = Vec::new();
        if reads.in_background > 0 {
            let words = language.pick("in the background", "im Hintergrund");
            details.push(format!("{}× {words}", reads.in_background));
        }
        if reads.refused > 0 {
            let words = language.pick("refused", "verweigert");
            details.push(format!("{}× {words}", reads.refused));
        }
        details.extend(language.users(&reads.users));
        if reads.last != Timestamp::default() {
            let words = language.pick("last", "zuletzt");
            let time = minute(reads.last);
            details.push(if reads.has_local_times {
                format!("{words} {time} {}", language.local_time())
            } else {
                format!("{words} {time}")
            });
        }
        if !details.is_empty() {
            link = format!("{link} ({})", details.join(", "));
        }
        links.push(link);
    }
    if let Some(sent) = &chain.sent {
        let (one, many) = (
            language.pick("recipient", "Empfänger"),
            language.pick("recipients", "Empfänger"),
        );
        let recipients = language.counted(sent.recipients, one, many);
        let mut link = language.grade(sent.grade).to_owned();
        let is_refused = !chain.refused.is_empty() && chain.granted.is_empty();
        let contradicts = Contradiction::SentWithoutPermission;
        if is_refused && sent.grade.is_transmitted() && !chain.contradictions.contains(&contradicts)
        {
            let words = language.pick(
                "what needs no such permission",
                "was diese Berechtigung nicht braucht",
            );
            link = format!("{link}, {words}");
        }
        link = format!("{link} ({recipients}");
        if sent.first != Timestamp::default() {
            let words = language.pick("first", "zuerst");
            link = format!("{link}, {words} {}", minute(sent.first));
        }
        links.push(format!("{link})"));
    }
    let mut line = format!(
        "{}: {}",
        language.category(chain.category),
        links.join(" → ")
    );
    let label = language.label_state(chain.label);
    if !label.is_empty() {
        line = format!("{line} · {label}");
    }
    for contradiction in &chain.contradictions {
        line = format!("{line} · ! {}", language.contradiction(*contradiction));
    }
    line
}

/// A time to the minute.
pub(super) fn minute(time: Timestamp) -> String {
    let shown = time.to_string();
    let minute = shown.get(..16).map(|minute| minute.replace('T', " "));
    minute.unwrap_or(shown)
}

/// Apps of a phone that are not shown by themselves and may read what, as a log would have shown, they have not.
pub(super) fn granted_in_vain(prose: &Prose<'_>, device: &DeviceReport) -> Option<String> {
    /// Apps that are named.
    const NAMES: usize = 8;
    let kinds = |app: &AppReport| {
        let chains = app.chains.iter();
        let vain = chains.filter(|chain| {
            let contradictions = &chain.contradictions;
            contradictions.contains(&Contradiction::GrantedNotNeeded)
        });
        let kinds: Vec<&str> = vain
            .map(|chain| prose.language.category(chain.category))
            .collect();
        (!kinds.is_empty()).then(|| format!("{} ({})", prose.app(app), kinds.join(", ")))
    };
    let others = device.apps.iter().filter(|app| !is_shown(device, app));
    let apps: Vec<String> = others.filter_map(kinds).collect();
    if apps.is_empty() {
        return None;
    }
    let phone = text::safe_up_to(&device.name, 40);
    let words = prose
        .language
        .contradiction(Contradiction::GrantedNotNeeded);
    Some(format!("{phone}: {words}: {}.", prose.first(apps, NAMES)))
}

/// A sentence for each two phones that may be one.
fn alike(prose: &Prose<'_>) -> Vec<String> {
    /// Pairs that are named.
    const PAIRS: usize = 8;
    let name = |name: &str| text::safe_up_to(name, 40);
    let words = prose.language.pick(
        "are maybe one phone under two names; give both one folder, or one name in the list",
        "sind vielleicht ein Telefon unter zwei Namen; beiden einen Ordner geben, oder in der Liste einen Namen",
    );
    let and = prose.language.pick("and", "und");
    let pairs = prose.phones_alike().into_iter().take(PAIRS);
    let sentence = |(one, other)| format!("“{}” {and} “{}” {words}.", name(one), name(other));
    pairs.map(sentence).collect()
}

/// Sentences on phones: which may be one, and for each whose clock could be compared with that of a capture how it goes.
pub(super) fn of_phones(prose: &Prose<'_>) -> Vec<String> {
    let language = prose.language;
    let clock = |device: &DeviceReport| {
        let shift = device.clock?;
        let seconds = |nanoseconds: i64| {
            let tenths = nanoseconds.saturating_abs() / 100_000_000;
            format!("{}.{} s", tenths / 10, tenths % 10)
        };
        let side = if shift.median < 0 {
            language.pick("behind", "hinter")
        } else {
            language.pick("ahead of", "vor")
        };
        let phone = text::safe_up_to(&device.name, 40);
        let (median, spread) = (seconds(shift.median), seconds(shift.spread));
        let events = shift.events;
        let zone = if is_of_zone(shift.median) {
            language.pick(
                "; as much as zones differ: one of the files may say no time zone",
                "; so viel, wie Zeitzonen auseinanderliegen: Eine der Dateien nennt vielleicht keine Zeitzone",
            )
        } else {
            ""
        };
        Some(match language {
            super::Language::English => format!(
                "{phone}: the phone's clock is {median} {side} that of the capture (median of {events} events that both saw, spread {spread}); \
                 times are shown as written{zone}"
            ),
            super::Language::German => format!(
                "{phone}: Die Uhr des Telefons geht {median} {side} der des Mitschnitts (Median aus {events} Ereignissen, die beide sahen, Streuung {spread}); \
                 Zeiten stehen da wie geschrieben{zone}"
            ),
        })
    };
    let clocks = prose.audit.devices.iter().filter_map(clock);
    alike(prose).into_iter().chain(clocks).collect()
}

/// Whether a shift, in nanoseconds, is one of quarters of an hour, by which time zones differ, within half a minute.
fn is_of_zone(shift: i64) -> bool {
    const SECOND: u64 = 1_000_000_000;
    const QUARTER: u64 = 900 * SECOND;
    let shift = shift.unsigned_abs();
    let beyond = shift % QUARTER;
    shift > 2 * QUARTER - 30 * SECOND && beyond.min(QUARTER.saturating_sub(beyond)) <= 30 * SECOND
}
