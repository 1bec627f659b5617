//! What an app's package says, from the file on disk to the report.

use std::fs;
use std::path::Path;

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::{AppReport, DeclaredFact, DeclaredKind, Grade, RiskLevel};
use phonehome::rules::Rules;

use crate::forge::axml::{self, Element, Value};
use crate::forge::{app, archive};
use crate::on_disk;

/// An app that embeds an attribution service and is open where it need not be.
fn package() -> Vec<u8> {
    let name = |kind, name| Element::new(kind).with("name", Value::Text(name));
    let provider = name("provider", ".Data").with("exported", Value::Flag(true));
    let application = Element::new("application")
        .with("allowBackup", Value::Flag(true))
        .with("debuggable", Value::Flag(true))
        .with("networkSecurityConfig", Value::Text("res/net.xml"))
        .child(provider);
    let sdk = Element::new("uses-sdk").with("targetSdkVersion", Value::Number(34));
    let root = Element::new("manifest")
        .with("package", Value::Text("com.example.notes"))
        .child(sdk)
        .child(name("uses-permission", "android.permission.READ_CONTACTS"))
        .child(application);
    let certificates = Element::new("certificates").with("src", Value::Text("user"));
    let base = Element::new("base-config")
        .with("cleartextTrafficPermitted", Value::Flag(true))
        .child(Element::new("trust-anchors").child(certificates));
    let config = Element::new("network-security-config").child(base);
    archive::zip(&[
        ("AndroidManifest.xml", &axml::document(&root)),
        ("res/net.xml", &axml::document(&config)),
        ("classes.dex", &app::dex(&["com/example/notes/A"])),
        (
            "classes2.dex",
            &app::dex(&["com/adjust/sdk/Adjust", "org/brought/along/B"]),
        ),
    ])
}

fn report(folder: &str, rules: &Rules) -> AppReport {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(place.join("phone")).unwrap();
    fs::write(place.join("phone/notes.apk"), package()).unwrap();
    let case = intake::discover(&[place]).unwrap();
    let outcome = audit::run(&case, rules, &Options::default(), &Progress::default()).unwrap();
    let mut apps = outcome
        .audit
        .devices
        .into_iter()
        .flat_map(|device| device.apps);
    apps.next().unwrap()
}

#[test]
fn a_permission_that_no_phone_is_asked_for_is_no_permission_of_interest() {
    let manifest = |min_sdk: u32| {
        format!(
            r#"<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="com.example.notes">
            <uses-sdk android:minSdkVersion="{min_sdk}" android:targetSdkVersion="34"/>
            <uses-permission android:name="android.permission.READ_CONTACTS" android:maxSdkVersion="27"/><application/></manifest>"#
        )
    };
    let of = |min_sdk: u32| {
        let text = manifest(min_sdk);
        let files: [(&str, &[u8]); 1] = [("AndroidManifest.xml", text.as_bytes())];
        let folder = on_disk::folder(&format!("declared-never-asked-{min_sdk}"), &files);
        let mut audit = on_disk::audited(&folder);
        let app = audit.devices[0].apps.remove(0);
        let mut facts = app.declared.into_iter();
        let fact = facts.find(|fact| fact.kind == DeclaredKind::Permission);
        (app.grants.len(), fact.unwrap().values)
    };
    assert_eq!(of(26), (1, vec!["maxSdkVersion=27".to_owned()]));
    let never = ["maxSdkVersion=27", "never-asked"].map(str::to_owned);
    assert_eq!(of(28), (0, never.into()));
}

#[test]
fn an_ios_app_says_the_same_as_a_folder_and_as_an_archive() {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("app-folder");
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(place.join("archive")).unwrap();
    let package = app::ipa("com.example.notes");
    fs::write(place.join("archive/notes.ipa"), &package).unwrap();
    let mut unpacked = zip::ZipArchive::new(std::io::Cursor::new(package)).unwrap();
    unpacked.extract(place.join("unpacked")).unwrap();
    let folder = place.join("unpacked/Payload/Notes.app");
    let declared = |path: &Path| {
        let case = intake::discover(&[path.to_owned()]).unwrap();
        let [device] = case.devices.as_slice() else {
            panic!("one device");
        };
        let [input] = device.inputs.as_slice() else {
            panic!("one input: {:?}", device.inputs);
        };
        assert_eq!(input.format, "ipa");
        let (dossier, notes) = input.gather().unwrap().unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        let mut names = Vec::new();
        let damage = input.code_names(&mut |name| names.push(format!("{name:?}")));
        assert!(damage.unwrap().is_empty());
        assert!(input.digest().unwrap().is_some());
        (dossier.declarations, names)
    };
    let expected = declared(&place.join("archive"));
    let declaration = &expected.0["com.example.notes"].0;
    assert!(!declaration.labels.is_empty() && !declaration.parts.is_empty());
    assert_eq!(declared(&place.join("unpacked")), expected);
    assert_eq!(declared(&folder), expected);
}

fn of(report: &AppReport, kind: DeclaredKind) -> Vec<&DeclaredFact> {
    let facts = report.declared.iter();
    facts.filter(|fact| fact.kind == kind).collect()
}

#[test]
fn a_package_alone_is_reported_with_what_it_contains_and_allows() {
    let mut rules = Rules::embedded();
    let report_without = report("declared-own", &rules);
    let [sdk] = of(&report_without, DeclaredKind::Sdk)[..] else {
        panic!("{:?}", report_without.declared);
    };
    assert_eq!(
        (sdk.name.as_str(), sdk.is_contacted),
        ("Adjust", Some(false))
    );
    assert_eq!(sdk.values, ["Adjust", "com.adjust.sdk.Adjust", "1"]);
    let [provider] = of(&report_without, DeclaredKind::Component)[..] else {
        panic!("{:?}", report_without.declared);
    };
    assert_eq!(provider.name, "com.example.notes.Data");
    assert_eq!(provider.values, ["provider", "exported", "unguarded"]);

    let mut found: Vec<&str> = report_without
        .findings
        .iter()
        .map(|finding| {
            assert_eq!(finding.grade, Grade::Declared);
            &*finding.rule
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "backup-permitted",
            "cleartext-permitted",
            "debuggable-build",
            "provider-unguarded",
            "user-certificates-trusted",
        ]
    );
    let of_provider = report_without
        .findings
        .iter()
        .find(|finding| &*finding.rule == "provider-unguarded");
    let reasons = of_provider.map(|finding| &finding.reasons);
    let names: Vec<&str> = reasons.into_iter().flatten().map(|name| &**name).collect();
    assert_eq!(names, ["com.example.notes", "com.example.notes.Data"]);
    // What is only declared sets no level.
    assert_eq!(report_without.level, RiskLevel::None);

    rules
        .add_trackers(r#"{"trackers": {"9": {"name": "Brought Along", "code_signature": "org.brought.along."}}}"#)
        .unwrap();
    let with_list = report("declared-list", &rules);
    let names: Vec<&str> = of(&with_list, DeclaredKind::Sdk)
        .iter()
        .map(|fact| fact.name.as_str())
        .collect();
    assert_eq!(names, ["Adjust", "Brought Along"]);
}
