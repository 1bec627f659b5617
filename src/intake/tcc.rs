//! `TCC.db` of an iOS backup: which app was granted or refused contacts, photos, camera and the like. Location is decided
//! elsewhere and does not stand in it.

use super::document::{notes, read_whole};
use super::sqlite::{Database, has_names};
use super::{Format, Gathered, Input, Sample};
use crate::Result;
use crate::limits::{DOCUMENT_BYTES, LOGGED_EVENTS};
use crate::model::{Dossier, InstalledApp, PermissionState, Platform, Timestamp};

/// The database.
pub(super) const FORMAT: Format = Format {
    name: "ios-permissions",
    sniff: |sample: &Sample<'_>| has_names(sample, &["client_type", "service"]),
    gather: Some(gather),
    open: None,
};

/// `client` is a bundle id, not the path of a program of the system.
const BUNDLE: i64 = 0;
/// Since iOS 14: 0 denied, 1 not decided, 2 allowed, 3 allowed for a selection.
const UNDECIDED: i64 = 1;
const LIMITED: i64 = 3;
/// `last_modified` counts seconds since 1970.
const SECOND: i64 = 1_000_000_000;

/// Services, and the key by which an app declares that it will ask for them.
const SERVICES: &[(&str, &str)] = &[
    ("kTCCServiceAddressBook", "NSContactsUsageDescription"),
    (
        "kTCCServiceBluetoothAlways",
        "NSBluetoothAlwaysUsageDescription",
    ),
    ("kTCCServiceCalendar", "NSCalendarsUsageDescription"),
    ("kTCCServiceCamera", "NSCameraUsageDescription"),
    ("kTCCServiceFaceID", "NSFaceIDUsageDescription"),
    ("kTCCServiceMediaLibrary", "NSAppleMusicUsageDescription"),
    ("kTCCServiceMicrophone", "NSMicrophoneUsageDescription"),
    ("kTCCServiceMotion", "NSMotionUsageDescription"),
    ("kTCCServicePhotos", "NSPhotoLibraryUsageDescription"),
    ("kTCCServicePhotosAdd", "NSPhotoLibraryAddUsageDescription"),
    ("kTCCServiceReminders", "NSRemindersUsageDescription"),
    (
        "kTCCServiceSpeechRecognition",
        "NSSpeechRecognitionUsageDescription",
    ),
    ("kTCCServiceUserTracking", "NSUserTrackingUsageDescription"),
    ("kTCCServiceWillow", "NSHomeKitUsageDescription"),
];

fn gather(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut dossier = Dossier {
        platform: Some(Platform::Ios),
        ..Dossier::default()
    };
    let mut damage = Vec::new();
    match Database::open(&bytes) {
        Some(mut database) => {
            list(&mut database, input, &mut dossier);
            damage.extend(database.damage.iter().map(|detail| (*detail).to_owned()));
        }
        None => damage.push("a damaged header of the database".to_owned()),
    }
    Ok((dossier, notes(cut, damage)))
}

fn list(database: &mut Database<'_>, input: &Input, dossier: &mut Dossier) {
    let table = database.table("access", LOGGED_EVENTS).unwrap_or_default();
    for row in &table.rows {
        let cell = |column| table.cell(row, column);
        let number = |column| cell(column).and_then(|cell| cell.integer());
        let is_granted = match (number("auth_value"), number("allowed")) {
            (Some(UNDECIDED), _) | (None, None) => continue,
            (Some(value), _) => value > UNDECIDED,
            (None, Some(allowed)) => allowed != 0,
        };
        let (Some(service), Some(client)) = (cell("service"), cell("client")) else {
            continue;
        };
        let known = SERVICES
            .iter()
            .find(|(name, _)| service.text() == Some(name));
        let (Some((_, key)), Some(bundle)) = (known, client.text()) else {
            continue;
        };
        if number("client_type") != Some(BUNDLE) || bundle.is_empty() {
            continue;
        }
        let app = dossier
            .apps
            .entry(bundle.to_owned())
            .or_insert_with(|| InstalledApp {
                source: Some(input.origin()),
                ..InstalledApp::default()
            });
        let decided = number("last_modified").filter(|seconds| *seconds > 0);
        let state = PermissionState {
            is_granted,
            is_limited: number("auth_value") == Some(LIMITED),
            decided: decided.map(|seconds| Timestamp(seconds.saturating_mul(SECOND))),
            ..PermissionState::default()
        };
        app.permissions.insert((0, (*key).to_owned()), state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{InputId, Shortfall};

    /// Forged by `sqlite3` with the columns that iOS has.
    const FORGED: &[u8] = include_bytes!("../../tests/it/forge/tcc.sqlite");

    fn read(bytes: &[u8]) -> (Vec<String>, Vec<Shortfall>) {
        let input = Input::in_memory(InputId(0), FORMAT.name, bytes);
        let (dossier, notes) = gather(&input).unwrap();
        let mut lines = Vec::new();
        for (package, app) in dossier.apps {
            for ((_, name), state) in app.permissions {
                let mut line = format!("{package} {name} {}", state.is_granted);
                if state.is_limited {
                    line.push_str(" limited");
                }
                if let Some(decided) = state.decided {
                    line = format!("{line} {decided}");
                }
                lines.push(line);
            }
        }
        let notes = notes.into_iter().map(|(shortfall, _)| shortfall);
        (lines, notes.collect())
    }

    #[test]
    fn what_was_granted_and_refused_is_told_and_what_was_not_asked_is_not() {
        let (lines, notes) = read(FORGED);
        assert_eq!(
            lines,
            [
                "org.example.chat NSCameraUsageDescription false 2025-10-09T08:53:22.000Z",
                "org.example.chat NSContactsUsageDescription true 2025-10-09T08:53:20.000Z",
                "org.example.chat NSPhotoLibraryUsageDescription true limited 2025-10-09T08:53:21.000Z",
            ]
        );
        assert_eq!(notes, []);
    }

    /// Before iOS 14 there was `allowed` in place of `auth_value`.
    #[test]
    fn the_older_form_is_read() {
        let old = include_bytes!("../../tests/it/forge/tcc_old.sqlite");
        let (lines, _) = read(old);
        assert_eq!(
            lines,
            [
                "org.example.chat NSContactsUsageDescription true",
                "org.example.chat NSMicrophoneUsageDescription false",
            ]
        );
    }

    proptest! {
        #[test]
        fn changed_and_cut_databases_are_survived(changes in prop::collection::vec((0..FORGED.len(), any::<u8>()), 0..8), end in 0..FORGED.len()) {
            let mut bytes = FORGED.to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            let _ = (read(&bytes), read(&bytes[..end]));
        }
    }
}
