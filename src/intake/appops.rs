//! Output of `dumpsys appops`: which app read contacts, location and the like, when, and whether anyone was looking.

use std::sync::Arc;

use super::clock::timestamp;
use super::document::read_whole;
use super::log::Listed;
use super::{Format, Input, Sample, Source};
use crate::Result;
use crate::limits::DOCUMENT_BYTES;
use crate::manifest::{self, AppOperation, OperationAccess};
use crate::model::{Access, Event, Origin, Owner, Shortfall, Timestamp, user_of};

/// The dump of the service alone.
pub(super) const FORMAT: Format = Format {
    name: "dumpsys-appops",
    sniff,
    gather: None,
    open: Some(open),
};

/// Operations that read what matters, and what App Privacy Reports call it (`AppOpsManager.OP_…`).
const RESOURCES: [(&str, &str); 38] = [
    ("READ_CONTACTS", "contacts"),
    ("FINE_LOCATION", "location"),
    ("COARSE_LOCATION", "location"),
    ("GPS", "location"),
    ("MONITOR_LOCATION", "location"),
    ("MONITOR_HIGH_POWER_LOCATION", "location"),
    ("NEIGHBORING_CELLS", "location"),
    ("WIFI_SCAN", "wifi-scan"),
    ("BLUETOOTH_SCAN", "bluetooth-scan"),
    ("NEARBY_WIFI_DEVICES", "wifi-scan"),
    ("UWB_RANGING", "nearby-devices"),
    ("READ_CALL_LOG", "call-log"),
    ("READ_SMS", "sms"),
    ("RECEIVE_SMS", "sms"),
    ("RECEIVE_MMS", "sms"),
    ("READ_ICC_SMS", "sms"),
    ("READ_CALENDAR", "calendar"),
    ("CAMERA", "camera"),
    ("PHONE_CALL_CAMERA", "camera"),
    ("RECORD_AUDIO", "microphone"),
    ("PHONE_CALL_MICROPHONE", "microphone"),
    ("RECORD_AUDIO_HOTWORD", "microphone"),
    ("READ_MEDIA_IMAGES", "photos"),
    ("READ_MEDIA_VIDEO", "photos"),
    ("READ_MEDIA_VISUAL_USER_SELECTED", "photos"),
    ("ACCESS_MEDIA_LOCATION", "media-location"),
    ("READ_MEDIA_AUDIO", "mediaLibrary"),
    ("READ_EXTERNAL_STORAGE", "files"),
    ("READ_PHONE_STATE", "phone-state"),
    ("READ_PHONE_NUMBERS", "phone-number"),
    ("READ_DEVICE_IDENTIFIERS", "device-identifiers"),
    ("GET_ACCOUNTS", "accounts"),
    ("READ_CLIPBOARD", "clipboard"),
    ("BODY_SENSORS", "body-sensors"),
    ("ACTIVITY_RECOGNITION", "activity-recognition"),
    ("GET_USAGE_STATS", "usage-stats"),
    ("PROJECT_MEDIA", "screenRecording"),
    ("ACCESS_NOTIFICATIONS", "notifications"),
];

fn sniff(sample: &Sample<'_>) -> bool {
    sample.dump().is_some_and(|text| {
        text.trim_start()
            .starts_with("Current AppOps Service state:")
    })
}

fn open(input: &Input) -> Result<Box<dyn Source>> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut listed = Listed::default();
    let is_long = cut.is_some();
    if let Some(detail) = cut {
        listed
            .at(input.origin())
            .note(Shortfall::InputLimit, &detail);
    }
    if !is_long && !bytes.ends_with(b"\n") {
        let detail = "the log ends in the middle of a line";
        listed.at(input.origin()).note(Shortfall::Truncated, detail);
    }
    list(&bytes, 0, None, input.origin(), &mut listed);
    Ok(Box::new(listed))
}

/// Lists what a dump tells. `lines_before` it stand in the same file; `now` is when it was made, in the time of the phone.
pub(super) fn list(
    dump: &[u8],
    lines_before: u64,
    now: Option<Timestamp>,
    origin: Origin,
    listed: &mut Listed,
) {
    let read = manifest::appops(dump);
    for detail in &read.damage {
        listed.at(origin).note(Shortfall::DamagedManifest, detail);
    }
    let now = now.or_else(|| made(&read.value));
    let mut has_local_times = false;
    for operation in read.value {
        let resource = RESOURCES
            .iter()
            .find(|(name, _)| *name == operation.operation)
            .map(|(_, resource)| *resource);
        let Some(resource) = resource else {
            continue;
        };
        let own = operation.accesses.iter();
        for access in own.filter(|access| !access.is_of_another) {
            let time = time_of(access, now);
            has_local_times |= time != Timestamp::default();
            let mut told = listed.at(Origin {
                frame: access.line.saturating_add(lines_before),
                time,
                ..origin
            });
            let owner = Owner {
                package: Some(Arc::from(operation.package.as_str())),
                ..Owner::default()
            };
            told.tell(
                owner,
                Event::Access(Access {
                    resource: resource.to_owned(),
                    count: 1,
                    in_background: access.in_background(),
                    user: operation.uid.and_then(user_of),
                    tag: access.tag.as_deref().map(Arc::from),
                    is_refused: access.is_refused,
                    ..Access::default()
                }),
            );
        }
    }
    if has_local_times {
        listed
            .at(origin)
            .note(Shortfall::LocalTime, "dumpsys appops");
    }
}

/// When a dump was made: an access of which time and age are written tells.
fn made(operations: &[AppOperation]) -> Option<Timestamp> {
    let mut accesses = operations.iter().flat_map(|operation| &operation.accesses);
    accesses.find_map(|access| {
        let time = timestamp(&access.time)?;
        Some(Timestamp(time.0.saturating_add(age(&access.age)?)))
    })
}

/// When it was, as the dump says; from its age where only that is written and it is known when the dump was made.
fn time_of(access: &OperationAccess, now: Option<Timestamp>) -> Timestamp {
    timestamp(&access.time)
        .or_else(|| {
            let age = age(&access.age)?;
            Some(Timestamp(now?.0.saturating_sub(age)))
        })
        .unwrap_or_default()
}

/// `-22d4h22m19s762ms` in nanoseconds, whatever its sign (`TimeUtils.formatDuration`).
fn age(text: &str) -> Option<i64> {
    let mut rest = text.trim_start_matches(['+', '-']);
    let mut sum = 0_i64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after
            .find(|character: char| character.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let nanoseconds: i64 = match unit {
            "d" => 86_400_000_000_000,
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => 1_000_000_000,
            "ms" => 1_000_000,
            _ => return None,
        };
        sum = sum.saturating_add(number.parse::<i64>().ok()?.saturating_mul(nanoseconds));
        rest = after;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::super::Item;
    use super::super::log::drain;
    use super::*;
    use crate::model::InputId;

    #[test]
    fn ages_are_read() {
        assert_eq!(age("-1d2h3m4s5ms"), Some(93_784_005_000_000));
        assert_eq!(age("+27s"), Some(27_000_000_000));
        assert_eq!([age(""), age("+"), age("5x"), age("5")], [None; 4]);
    }

    #[test]
    fn only_what_reads_data_is_told_and_the_missing_zone_is_said() {
        let dump = "Current AppOps Service state:\n  Uid u0a103:\n    Package org.example.chat:\n      READ_CONTACTS (allow):\n          \
            Access: [bg-s] 2026-01-02 03:04:05.000 (-1h)\n      WAKE_LOCK (allow):\n          Access: [bg-s] 2026-01-02 03:04:05.000 (-1h)\n";
        let mut listed = Listed::default();
        list(dump.as_bytes(), 100, None, Origin::default(), &mut listed);
        let (sightings, shortfalls) = drain(listed);
        assert_eq!(shortfalls, [Shortfall::LocalTime]);
        let [contacts] = sightings.as_slice() else {
            panic!("{sightings:?}");
        };
        assert_eq!(contacts.origin.frame, 105);
        assert_eq!(contacts.origin.time.to_string(), "2026-01-02T03:04:05.000Z");
        assert_eq!(contacts.owner.package.as_deref(), Some("org.example.chat"));
        assert!(
            matches!(&contacts.event, Event::Access(access) if access.resource == "contacts" && access.in_background == Some(true))
        );
    }

    #[test]
    fn an_access_with_time_and_age_tells_when_the_dump_was_made() {
        let dump = "Current AppOps Service state:\n  Uid u0a103:\n    Package org.example.chat:\n      READ_CONTACTS (allow): time=+2h ago; duration=+12ms\n      \
            CAMERA (allow):\n          Access: fg = 2026-01-02 03:04:05.000 (-1h)\n";
        let mut listed = Listed::default();
        list(dump.as_bytes(), 0, None, Origin::default(), &mut listed);
        let (sightings, _) = drain(listed);
        let times: Vec<String> = sightings
            .iter()
            .map(|sighting| sighting.origin.time.to_string())
            .collect();
        assert_eq!(
            times,
            ["2026-01-02T02:04:05.000Z", "2026-01-02T03:04:05.000Z"]
        );
    }

    #[test]
    fn a_dump_without_its_end_is_told() {
        let whole = "Current AppOps Service state:\n  Uid u0a103:\n    Package org.example.chat:\n      CAMERA (allow):\n          \
            Access: [fg-s] 2026-01-02 03:04:05.000 (-1h)\n";
        let noted = |text: &str| {
            let input = Input::in_memory(InputId(0), FORMAT.name, text.as_bytes());
            let mut source = open(&input).unwrap();
            let mut noted = Vec::new();
            while let Some(item) = source.next_item().unwrap() {
                if let Item::Shortfall { shortfall, .. } = item {
                    noted.push(shortfall);
                }
            }
            noted
        };
        assert_eq!(noted(whole), [Shortfall::LocalTime]);
        let (cut, _) = whole.split_at(whole.len() - 5);
        assert_eq!(noted(cut), [Shortfall::Truncated, Shortfall::LocalTime]);
    }

    /// The provider of contacts reads them for apps: the read is theirs.
    #[test]
    fn a_read_through_a_provider_counts_once() {
        let dump = "Current AppOps Service state:\n  Uid u0a60:\n    Package com.android.providers.contacts:\n      \
            READ_CONTACTS (allow):\n          Access: [cch-tp] 2026-01-02 03:04:05.000 (-1h)\n  \
            Uid u0a103:\n    Package org.example.chat:\n      \
            READ_CONTACTS (allow):\n          Access: [bg-tpd] 2026-01-02 03:04:05.000 (-1h)\n";
        let mut listed = Listed::default();
        list(dump.as_bytes(), 0, None, Origin::default(), &mut listed);
        let (sightings, _) = drain(listed);
        let packages = sightings.iter().map(|told| told.owner.package.as_deref());
        assert_eq!(packages.collect::<Vec<_>>(), [Some("org.example.chat")]);
    }

    #[test]
    fn an_age_alone_needs_the_time_of_the_dump() {
        let access = OperationAccess {
            age: "+1h".to_owned(),
            ..OperationAccess::default()
        };
        let now = Timestamp::from_parts(7200, 0);
        assert_eq!(time_of(&access, Some(now)), Timestamp::from_parts(3600, 0));
        assert_eq!(time_of(&access, None), Timestamp::default());
    }
}
