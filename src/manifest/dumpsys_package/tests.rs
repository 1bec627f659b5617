use proptest::prelude::*;

use super::dumpsys_package;
use crate::model::{InstalledApp, PermissionState, Platform};

/// Android 11: runtime permissions inside each user.
const NESTED: &str = "\
Activity Resolver Table:
  Schemes:
      geo:
        1a2b3c com.example.maps/.Main

Packages:
  Package [com.example.maps] (ca27354):
    userId=10153
    codePath=/data/app/com.example.maps
    versionCode=18093 minSdk=18 targetSdk=29
    versionName=3.9 (a=b)
    flags=[ HAS_CODE ALLOW_BACKUP ]
    usesLibraries:
      android.test.base
    installerPackageName=com.android.vending
    pkgFlags=[ HAS_CODE ]
    declared permissions:
      com.example.maps.C2D: prot=signature, INSTALLED
    requested permissions:
      android.permission.INTERNET
      android.permission.CAMERA
      android.permission.ACCESS_FINE_LOCATION
      android.permission.READ_EXTERNAL_STORAGE: restricted=true
    install permissions:
      android.permission.INTERNET: granted=true
    User 0: ceDataInode=392616 installed=true hidden=false enabled=0 instant=false virtual=false
      lastDisabledCaller: com.android.packageinstaller
      gids=[3003]
      runtime permissions:
        android.permission.CAMERA: granted=true, flags=[ USER_SET|REVOKED_COMPAT]
        android.permission.ACCESS_FINE_LOCATION: granted=true, flags=[ POLICY_FIXED USER_SET ]
        android.permission.READ_EXTERNAL_STORAGE: granted=false
      disabledComponents:
        com.example.maps.Off
    User 10: ceDataInode=0 installed=true hidden=false
      runtime permissions:
        android.permission.CAMERA: granted=false, flags=[ USER_FIXED]
    User 11: ceDataInode=0 installed=false hidden=false
      runtime permissions:
        android.permission.CAMERA: granted=true

Queries:
  system apps queryable: false
";

/// Android 15 of one maker: users first, then grants; with a shared user and a factory version.
const AFTERWARDS: &str = "\
Packages:
  Package [com.example.dialer] (1):
    appId=1001
    sharedUser=SharedUserSetting{cb92b86 com.example.uid.phone/1001}
    versionCode=5 minSdk=30 targetSdk=35
    versionName=null
    pkgFlags=[ SYSTEM HAS_CODE ]
    requested permissions:
      android.permission.READ_CONTACTS
    User 0: ceDataInode=1 deDataInode=2 installed=true quarantined=false
      installReason=0
      firstInstallTime=2024-01-01 00:00:00
    User 10: ceDataInode=3 deDataInode=4 installed=true quarantined=false
  Package [com.example.notes] (2):
    appId=10200
    User 0: ceDataInode=1 installed=true
    User 10: ceDataInode=1 installed=true
    install permissions:
      android.permission.INTERNET: granted=true
      android.permission.VIBRATE: granted=true
      android.permission.VIBRATE: granted=false, userId=10
    User 0:
      gids=[3003]
      runtime permissions:
        android.permission.CAMERA: granted=true, flags=[ USER_SET]
    User 10:
      gids=[3003]
      runtime permissions:
        android.permission.CAMERA: granted=false, flags=[ USER_SET]

Hidden system packages:
  Package [com.example.notes] (3):
    appId=10200
    versionName=factory
    User 0: installed=true
      runtime permissions:
        android.permission.SEND_SMS: granted=true
  Package [com.example.ghost] (4):
    appId=10201

Shared users:
  SharedUser [com.example.uid.phone] (5):
    appId=1001
    Packages
      PackageSetting{6 com.example.dialer/1001}
    install permissions:
      android.permission.INTERNET: granted=true
    User 0:
      gids=[1]
      runtime permissions:
        android.permission.READ_CONTACTS: granted=true, flags=[ SYSTEM_FIXED]
    User 10:
      runtime permissions:
        android.permission.READ_CONTACTS: granted=false
";

fn read(text: &str) -> Vec<(String, InstalledApp)> {
    let read = dumpsys_package(text.as_bytes());
    assert_eq!(read.damage, Vec::<String>::new());
    assert_eq!(read.value.platform, Some(Platform::Android));
    read.value.apps.into_iter().collect()
}

fn state(app: &InstalledApp, user: u32, permission: &str) -> Option<bool> {
    let key = (user, format!("android.permission.{permission}"));
    app.permissions.get(&key).map(|state| state.is_granted)
}

fn assert_nested(apps: &[(String, InstalledApp)]) {
    let [(name, app)] = apps else {
        panic!("{} apps", apps.len())
    };
    assert_eq!(name, "com.example.maps");
    assert_eq!(app.app_id, Some(10153));
    assert_eq!(app.version.as_deref(), Some("3.9 (a=b)"));
    assert_eq!(app.target_sdk.as_deref(), Some("29"));
    assert_eq!(app.installer.as_deref(), Some("com.android.vending"));
    assert!(!app.is_system);
    assert_eq!(app.users, [0, 10]);
    assert_eq!(
        app.requested,
        [
            "android.permission.ACCESS_FINE_LOCATION",
            "android.permission.CAMERA",
            "android.permission.INTERNET",
            "android.permission.READ_EXTERNAL_STORAGE",
        ]
    );
    // Granted, but the app gets nothing.
    assert_eq!(state(app, 0, "CAMERA"), Some(false));
    assert_eq!(state(app, 10, "CAMERA"), Some(false));
    // Not installed for that user.
    assert_eq!(state(app, 11, "CAMERA"), None);
    assert_eq!(state(app, 0, "INTERNET"), Some(true));
    assert_eq!(state(app, 10, "INTERNET"), Some(true));
    assert_eq!(state(app, 0, "READ_EXTERNAL_STORAGE"), Some(false));
    let key = (0, "android.permission.ACCESS_FINE_LOCATION".to_owned());
    assert_eq!(
        app.permissions.get(&key),
        Some(&PermissionState {
            is_granted: true,
            is_policy_fixed: true,
            ..PermissionState::default()
        })
    );
    assert_eq!(app.permissions.len(), 6);
}

#[test]
fn grants_inside_each_user_are_read() {
    let apps = read(NESTED);
    assert_nested(&apps);
    assert_eq!(apps[0].1.source.unwrap().frame, 7);
}

/// Android 5: what is granted holds for all users, and a shared user may hold it.
const WITHOUT_CHOICE: &str = "\
Packages:
  Package [com.example.maps] (15705ed4):
    userId=10053 gids=[3003, 1028]
    pkg=Package{1 com.example.maps}
    versionCode=7 targetSdk=22
    versionName=1.0
    signatures=PackageSignatures{1 [2]}
    permissionsFixed=true haveGids=true installStatus=1
    pkgFlags=[ HAS_CODE ]
    User 0:  installed=true hidden=false stopped=false notLaunched=false enabled=0
      lastDisabledCaller: shell:0
    User 10:  installed=false hidden=false stopped=true notLaunched=true enabled=0
    grantedPermissions:
      android.permission.READ_CONTACTS
      android.permission.INTERNET
  Package [com.example.dialer] (2):
    userId=10002
    sharedUser=SharedUserSetting{3 com.example.uid.phone/10002}
    User 0:  installed=true hidden=false

Shared users:
  SharedUser [com.example.uid.phone] (4):
    userId=10002 gids=[3003]
    grantedPermissions:
      android.permission.CALL_PHONE
";

#[test]
fn grants_of_android_5_are_read() {
    let apps = read(WITHOUT_CHOICE);
    let (dialer, maps) = (&apps[0].1, &apps[1].1);
    assert_eq!((maps.app_id, &maps.users[..]), (Some(10053), &[0][..]));
    assert_eq!(state(maps, 0, "READ_CONTACTS"), Some(true));
    assert_eq!(state(maps, 0, "INTERNET"), Some(true));
    assert_eq!(maps.permissions.len(), 2);
    assert_eq!(state(dialer, 0, "CALL_PHONE"), Some(true));
}

#[test]
fn a_permission_that_is_held_in_name_only_has_an_older_word() {
    assert_nested(&read(
        &NESTED.replace("REVOKED_COMPAT", "REVOKE_ON_UPGRADE"),
    ));
}

#[test]
fn line_ends_of_old_adb_change_nothing() {
    assert_nested(&read(
        &NESTED.replace("REVOKED_COMPAT", "REVOKE_ON_UPGRADE"),
    ));
    assert_nested(&read(&NESTED.replace('\n', "\r\n")));
    assert_nested(&read(&NESTED.replace('\n', "\r\r\n")));
}

#[test]
fn columns_do_not_matter() {
    let wider: Vec<String> = NESTED
        .lines()
        .map(|line| {
            let content = line.trim_start();
            let indent = line.len() - content.len();
            format!("{}{content}\n", " ".repeat(indent * 2))
        })
        .collect();
    assert_nested(&read(&wider.concat()));
}

#[test]
fn grants_after_all_users_are_read_and_factory_versions_are_not() {
    let apps = read(AFTERWARDS);
    let names: Vec<&str> = apps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["com.example.dialer", "com.example.notes"]);
    let notes = &apps[1].1;
    assert_eq!(notes.version, None);
    assert_eq!(state(notes, 0, "CAMERA"), Some(true));
    assert_eq!(state(notes, 10, "CAMERA"), Some(false));
    assert_eq!(state(notes, 0, "VIBRATE"), Some(true));
    assert_eq!(state(notes, 10, "VIBRATE"), Some(false));
    assert_eq!(state(notes, 0, "SEND_SMS"), None);
}

#[test]
fn grants_of_a_shared_user_are_those_of_its_packages() {
    let apps = read(AFTERWARDS);
    let dialer = &apps[0].1;
    assert_eq!(dialer.shared_user.as_deref(), Some("com.example.uid.phone"));
    assert_eq!(dialer.app_id, Some(1001));
    assert!(dialer.is_system);
    assert_eq!(dialer.version, None);
    assert_eq!(state(dialer, 0, "READ_CONTACTS"), Some(true));
    assert_eq!(state(dialer, 10, "READ_CONTACTS"), Some(false));
    assert_eq!(state(dialer, 10, "INTERNET"), Some(true));
}

#[test]
fn only_the_package_service_of_a_bug_report_counts() {
    let report = format!(
        "== dumpstate: 2024-01-01 00:00:00\n\
         DUMP OF SERVICE appops:\nPackages:\n  Package [com.example.decoy] (1):\n    userId=1\n\
         --------- 0.1s was the duration of dumpsys appops\n\
         DUMP OF SERVICE HIGH package:\n{NESTED}\
         --------- 0.1s was the duration of dumpsys package\n\
         DUMP OF SERVICE usagestats:\nPackages:\n  Package [com.example.decoy] (1):\n    userId=1\n"
    );
    assert_nested(&read(&report));
}

#[test]
fn what_no_user_has_is_removed() {
    let dump = |users: &str| {
        let text =
            format!("Packages:\n  Package [com.example.maps] (1):\n    userId=10103\n{users}");
        dumpsys_package(text.as_bytes()).value.apps["com.example.maps"].is_removed
    };
    assert!(dump(
        "    User 0: installed=false\n    User 10: installed=false\n"
    ));
    assert!(!dump(
        "    User 0: installed=false\n    User 10: installed=true\n"
    ));
    // A dump that is cut before the users.
    assert!(!dump(""));
}

#[test]
fn a_cut_dump_says_where_and_keeps_what_it_has() {
    let (cut, _) = NESTED.split_once("    User 0:").unwrap();
    let read = dumpsys_package(cut.as_bytes());
    assert!(read.damage[0].contains("com.example.maps"));
    let app = &read.value.apps["com.example.maps"];
    assert_eq!(state(app, 0, "INTERNET"), Some(true));
    assert!(app.users.is_empty());

    let (cut, _) = NESTED.split_once("granted=false\n").unwrap();
    assert!(!dumpsys_package(cut.as_bytes()).damage.is_empty());
}

#[test]
fn a_dump_without_packages_is_said_to_be_none() {
    let read = dumpsys_package(b"Permissions:\n  Permission [x] (1):\n");
    assert_eq!(read.value.platform, None);
    assert_eq!(read.damage.len(), 1);
}

proptest! {
    #[test]
    fn a_dump_cut_anywhere_invents_nothing(cut in 0..AFTERWARDS.len(), byte in any::<u8>()) {
        let mut bytes = AFTERWARDS.as_bytes()[..cut].to_vec();
        bytes.push(byte);
        let read = dumpsys_package(&bytes);
        prop_assert!(read.value.apps.len() <= 2);
        for app in read.value.apps.values() {
            prop_assert!(app.permissions.len() <= 6);
        }
    }

    #[test]
    fn lines_in_any_order_are_read_without_panic(
        lines in proptest::collection::vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let known: Vec<&str> = NESTED.lines().chain(AFTERWARDS.lines()).collect();
        let text: Vec<&str> = lines.iter().map(|line| *line.get(&known)).collect();
        dumpsys_package(text.join("\n").as_bytes());
    }
}
