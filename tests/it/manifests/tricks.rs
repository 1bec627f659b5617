//! Forged manifests and packages with the tricks by which packers mislead analysers, and laws that hold for any bytes.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use phonehome::manifest;
use phonehome::model::Declaration;
use proptest::prelude::*;

use crate::forge::app;
use crate::forge::archive::{self, Entry};
use crate::forge::axml::{self, Element, Style, Value};

const CAMERA: &str = "android.permission.CAMERA";
const CONTACTS: &str = "android.permission.READ_CONTACTS";
const PACKAGE: &str = "com.example.notes";

/// A manifest as most tests need it: identity, SDK levels and permissions.
fn manifest_of<'a>(package: &'a str, permissions: &[&'a str]) -> Element<'a> {
    let sdk = Element::new("uses-sdk")
        .with("minSdkVersion", Value::Number(26))
        .with("targetSdkVersion", Value::Number(34));
    let root = Element::new("manifest")
        .with("package", Value::Text(package))
        .with("versionCode", Value::Number(7))
        .with("versionName", Value::Text("1.2.3"))
        .child(sdk);
    permissions.iter().fold(root, |root, name| {
        root.child(Element::new("uses-permission").with("name", Value::Text(name)))
    })
}

fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    archive::zip_of(entries, &[])
}

fn with_method<'a>(entry: &Entry<'a>, method: u16) -> Entry<'a> {
    Entry {
        method,
        ..entry.clone()
    }
}

fn with_extra<'a>(entry: &Entry<'a>) -> Entry<'a> {
    Entry {
        claimed_extra: 500,
        ..entry.clone()
    }
}

fn plain() -> Vec<u8> {
    axml::document(&manifest_of(PACKAGE, &[CAMERA, CONTACTS]))
}

fn read(bytes: &[u8]) -> Declaration {
    manifest::binary_xml(bytes).value.expect("a manifest")
}

fn read_apk(bytes: Vec<u8>) -> manifest::Read<Option<Declaration>> {
    manifest::apk(&mut Cursor::new(bytes))
}

fn assert_whole(declaration: &Declaration) {
    assert_eq!(declaration.package, PACKAGE);
    let names: Vec<&str> = declaration.permissions.keys().map(String::as_str).collect();
    assert_eq!(names, [CAMERA, CONTACTS]);
    assert_eq!(declaration.version.as_deref(), Some("1.2.3"));
    assert_eq!(declaration.version_code.as_deref(), Some("7"));
    assert_eq!(declaration.min_sdk.as_deref(), Some("26"));
    assert_eq!(declaration.target_sdk.as_deref(), Some("34"));
}

fn has_oddity(declaration: &Declaration, part: &str) -> bool {
    declaration.oddities.iter().any(|odd| odd.contains(part))
}

/// Offset of the first chunk of a kind.
fn find_chunk(bytes: &[u8], kind: u16) -> usize {
    let mut position = 8;
    loop {
        let header: [u8; 8] = bytes[position..position + 8].try_into().unwrap();
        let [low, high, _, _, size @ ..] = header;
        if u16::from_le_bytes([low, high]) == kind {
            return position;
        }
        position += usize::try_from(u32::from_le_bytes(size)).unwrap();
    }
}

fn put(bytes: &mut [u8], offset: usize, value: u32) {
    bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn an_honest_manifest_has_no_oddities() {
    for is_utf8 in [false, true] {
        let style = Style {
            is_utf8,
            ..Style::default()
        };
        let manifest = manifest_of(PACKAGE, &[CAMERA, CONTACTS]);
        let declaration = read(&axml::styled_document(&manifest, style));
        assert_whole(&declaration);
        assert!(declaration.oddities.is_empty());
    }
}

#[test]
fn attributes_are_known_by_id_when_their_names_are_blank() {
    let style = Style {
        has_blank_names: true,
        ..Style::default()
    };
    let manifest = manifest_of(PACKAGE, &[CAMERA, CONTACTS]);
    assert_whole(&read(&axml::styled_document(&manifest, style)));
}

#[test]
fn attributes_are_known_by_name_where_there_are_no_ids() {
    let style = Style {
        has_no_ids: true,
        ..Style::default()
    };
    let manifest = manifest_of(PACKAGE, &[CAMERA, CONTACTS]);
    assert_whole(&read(&axml::styled_document(&manifest, style)));
}

/// An attribute called `name` without the id of `android:name` is invisible to the platform.
#[test]
fn a_decoy_with_the_right_name_and_no_id_does_not_win() {
    let decoy = Element::new("uses-permission")
        .with(":name", Value::Text(CONTACTS))
        .with("name", Value::Text(CAMERA));
    let bytes = axml::document(&manifest_of(PACKAGE, &[]).child(decoy));
    let names: Vec<String> = read(&bytes).permissions.into_keys().collect();
    assert_eq!(names, [CAMERA]);
}

#[test]
fn a_false_file_size_hides_nothing() {
    for size in [0, 9, 0x7fff_fff0, u32::MAX] {
        let mut bytes = plain();
        put(&mut bytes, 4, size);
        let declaration = read(&bytes);
        assert_whole(&declaration);
        assert!(has_oddity(&declaration, "size in its header"), "{size}");
    }
}

#[test]
fn chunks_of_size_zero_neither_loop_nor_hide_what_follows() {
    for kind in [0x0100, 0x0101, 0x0103] {
        let mut bytes = plain();
        let at = find_chunk(&bytes, kind);
        put(&mut bytes, at + 4, 0);
        let declaration = read(&bytes);
        assert_whole(&declaration);
        assert!(has_oddity(&declaration, "smaller than its content"));
    }
}

#[test]
fn chunks_larger_than_the_file_are_measured_by_their_content() {
    let mut bytes = plain();
    let at = find_chunk(&bytes, 0x0102);
    put(&mut bytes, at + 4, u32::MAX - 3);
    let declaration = read(&bytes);
    assert_whole(&declaration);
    assert!(has_oddity(&declaration, "larger than the file"));
}

#[test]
fn a_manifest_that_is_merely_cut_is_not_called_malformed() {
    let whole = plain();
    // Cut just before the last chunk it is whole but for its size.
    let last = find_chunk(&whole, 0x0101);
    for length in (8..whole.len()).filter(|length| *length != last) {
        let read = manifest::binary_xml(&whole[..length]);
        assert!(!read.damage.is_empty(), "{length}");
        if let Some(declaration) = read.value {
            let malformed = |odd: &&String| odd.contains("malformed");
            assert_eq!(
                declaration.oddities.iter().find(malformed),
                None,
                "{length}"
            );
        }
    }
}

#[test]
fn a_split_of_an_app_says_so() {
    let root = manifest_of(PACKAGE, &[]).with("split", Value::Text("config.de"));
    let declaration = read(&axml::document(&root));
    assert_eq!(declaration.split.as_deref(), Some("config.de"));
}

#[test]
fn junk_before_the_string_pool_is_passed_over() {
    for junk in [&[0xee; 13][..], &[0; 64], &[0x02, 0x01, 0, 0, 0, 0, 0, 0]] {
        let mut bytes = plain();
        bytes.splice(8..8, junk.iter().copied());
        assert_whole(&read(&bytes));
    }
}

#[test]
fn unknown_chunks_and_text_are_passed_over() {
    let mut bytes = plain();
    let at = find_chunk(&bytes, 0x0102);
    let text = axml::node(0x0104, &[0xff; 12]);
    let unknown = axml::chunk(0x7777, &[], &[1, 2, 3, 4]);
    bytes.splice(at..at, [text, unknown].concat());
    assert_whole(&read(&bytes));
}

#[test]
fn a_string_pool_that_leads_nowhere_costs_the_strings_not_the_reader() {
    let mut bytes = plain();
    put(&mut bytes, 8 + 20, 0x00ff_fff0);
    let read = manifest::binary_xml(&bytes);
    assert!(read.value.is_none());
    assert!(!read.damage.is_empty());
}

#[test]
fn names_padded_with_nul_are_cut() {
    let padded = format!("{CAMERA}\0\0\0");
    let bytes = axml::document(&manifest_of(PACKAGE, &[&padded, CONTACTS]));
    let declaration = read(&bytes);
    assert_whole(&declaration);
    assert!(has_oddity(&declaration, "NUL"));
}

#[test]
fn a_second_root_and_what_it_asks_for_do_not_count() {
    let mut bytes = plain();
    let at = find_chunk(&bytes, 0x0101);
    let other = axml::document(&manifest_of(PACKAGE, &["android.permission.SEND_SMS"]));
    let (from, to) = (find_chunk(&other, 0x0102), find_chunk(&other, 0x0101));
    bytes.splice(at..at, other[from..to].iter().copied());
    assert_eq!(read(&bytes).permissions.len(), 2);
}

#[test]
fn elements_mean_what_the_platform_makes_of_them() {
    let service = Element::new("service")
        .with("name", Value::Text(".Watcher"))
        .with(
            "permission",
            Value::Text("android.permission.BIND_ACCESSIBILITY_SERVICE"),
        );
    let application = Element::new("application")
        .with("label", Value::Text("Notes"))
        .with("allowBackup", Value::Flag(false))
        .with("usesCleartextTraffic", Value::Flag(true))
        .with(
            "android:networkSecurityConfig",
            Value::Reference(0x7f01_0000),
        )
        .with("debuggable", Value::Flag(true))
        .child(service)
        // Not a child of the manifest, so nobody asks for it.
        .child(
            Element::new("uses-permission")
                .with("name", Value::Text("android.permission.SEND_SMS")),
        );
    let asks = |element: &'static str, name: &'static str| {
        Element::new(element).with("name", Value::Text(name))
    };
    let root = Element::new("manifest")
        .with("package", Value::Text(PACKAGE))
        .with("versionCode", Value::Number(5))
        .with("versionCodeMajor", Value::Number(1))
        .child(asks("android:uses-permission", "android.permission.CAMERA"))
        .child(asks("uses-permission-sdk-23", CONTACTS))
        .child(
            asks(
                "uses-permission",
                "android.permission.WRITE_EXTERNAL_STORAGE",
            )
            .with("maxSdkVersion", Value::Number(28)),
        )
        .child(
            asks("uses-permission", "android.permission.BLUETOOTH")
                .with("maxSdkVersion", Value::Number(30)),
        )
        .child(asks("uses-permission", "android.permission.BLUETOOTH"))
        .child(application);
    let declaration = read(&axml::document(&root));

    let bounds: Vec<(&str, Option<u32>)> = declaration
        .permissions
        .iter()
        .map(|(name, permission)| (name.as_str(), permission.max_sdk))
        .collect();
    assert_eq!(
        bounds,
        [
            ("android.permission.BLUETOOTH", None),
            (CAMERA, None),
            (CONTACTS, None),
            ("android.permission.WRITE_EXTERNAL_STORAGE", Some(28)),
        ]
    );
    let bound: Vec<&str> = declaration
        .bound_permissions
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(bound, ["android.permission.BIND_ACCESSIBILITY_SERVICE"]);
    assert_eq!(declaration.version_code.as_deref(), Some("4294967301"));
    assert_eq!(declaration.label.as_deref(), Some("Notes"));
    assert_eq!(declaration.backup_allowed, Some(false));
    assert_eq!(declaration.cleartext_allowed, Some(true));
    assert_eq!(declaration.debuggable, Some(true));
    assert!(declaration.has_network_security_config);
    assert_eq!(declaration.min_sdk.as_deref(), Some("1"));
    assert_eq!(declaration.target_sdk.as_deref(), Some("1"));
}

#[test]
fn a_target_that_is_missing_is_the_minimum_and_codenames_stay() {
    let sdk = Element::new("uses-sdk").with("minSdkVersion", Value::Text("VanillaIceCream"));
    let root = Element::new("manifest")
        .with("package", Value::Text(PACKAGE))
        .child(sdk);
    let declaration = read(&axml::document(&root));
    assert_eq!(declaration.min_sdk.as_deref(), Some("VanillaIceCream"));
    assert_eq!(declaration.target_sdk.as_deref(), Some("VanillaIceCream"));
    assert_eq!(declaration.cleartext_allowed, None);
}

#[test]
fn packages_with_damaged_archives_read_as_phones_read_them() {
    let manifest = plain();
    let deflated = Entry::deflated("AndroidManifest.xml", &manifest);
    let stored = Entry::stored("AndroidManifest.xml", &manifest);
    let decoy = Entry::stored("AndroidManifest.xml", b"decoy");
    let other = Entry::stored("classes.dex", b"dex\n035\0");
    let encrypted = Entry {
        flags: 1,
        ..deflated.clone()
    };
    let utf8 = Entry {
        flags: 0x0800,
        ..deflated.clone()
    };
    let of_size = |size: usize| Entry {
        size,
        ..deflated.clone()
    };
    let honest = zip(&[deflated.clone(), other.clone()]);
    let mut dex_in_front = b"dex\n035\0".to_vec();
    dex_in_front.resize(500, 7);
    dex_in_front.extend(&honest);
    let mut junk_behind = honest.clone();
    junk_behind.extend([0; 1026]);
    let comment = vec![b'x'; 65_535];

    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("", honest),
        ("", zip(std::slice::from_ref(&stored))),
        ("", zip(&[utf8])),
        ("", zip(&[of_size(0)])),
        ("", zip(&[of_size(manifest.len() / 2)])),
        ("", zip(&[of_size(manifest.len() + 99)])),
        ("", zip(&[of_size(usize::from(u16::MAX) << 15)])),
        (
            "",
            archive::zip_of(std::slice::from_ref(&deflated), &comment),
        ),
        ("unknown compression", zip(&[with_method(&stored, 30208)])),
        ("unknown compression", zip(&[with_method(&deflated, 30208)])),
        ("marked as encrypted", zip(&[encrypted])),
        (
            "false lengths",
            zip(&[with_extra(&deflated), other.clone()]),
        ),
        (
            "false lengths",
            zip(&[with_extra(&other), deflated.clone()]),
        ),
        ("more than once", zip(&[deflated.clone(), decoy.clone()])),
        ("more than once", zip(&[decoy, deflated])),
        ("Janus", dex_in_front),
        ("bytes after the end", junk_behind),
    ];
    for (oddity, bytes) in cases {
        let read = read_apk(bytes);
        let declaration = read.value.unwrap_or_else(|| panic!("{oddity}: not read"));
        assert_whole(&declaration);
        assert_eq!(read.damage, Vec::<String>::new(), "{oddity}");
        if oddity.is_empty() {
            assert!(declaration.oddities.is_empty());
        } else {
            assert!(has_oddity(&declaration, oddity), "{oddity}");
        }
    }
}

#[test]
fn a_package_without_its_end_still_has_its_manifest() {
    let member = Entry::deflated("AndroidManifest.xml", &plain());
    let mut bytes = zip(&[member]);
    bytes.truncate(bytes.len() - 30);
    let read = read_apk(bytes);
    assert_whole(&read.value.unwrap());
    assert!(read.damage[0].contains("no directory"));
}

#[test]
fn a_package_that_is_a_bomb_is_stopped() {
    let zeros = vec![0; 40 << 20];
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&zeros).unwrap();
    let bomb = Entry::deflated("AndroidManifest.xml", b"").packed(encoder.finish().unwrap());
    let read = read_apk(zip(&[bomb]));
    assert!(read.value.is_none());
    assert!(!read.damage.is_empty());
}

#[test]
fn what_is_wrong_with_a_manifest_is_said_of_its_true_form() {
    let entry = Entry::deflated("AndroidManifest.xml", &plain()).packed(vec![0xff; 40]);
    let read = read_apk(zip(&[entry]));
    assert!(read.value.is_none());
    assert!(
        read.damage[0].contains("does not decompress"),
        "{:?}",
        read.damage
    );
}

/// A split that asks for one permission more.
fn split() -> Vec<u8> {
    let root = manifest_of(PACKAGE, &[CONTACTS]).with("split", Value::Text("config.de"));
    let manifest = axml::document(&root);
    zip(&[Entry::stored("AndroidManifest.xml", &manifest)])
}

#[test]
fn a_base_package_and_its_splits_are_one_app_however_they_are_packed() {
    let base = axml::document(&manifest_of(PACKAGE, &[CAMERA]));
    let base = zip(&[Entry::stored("AndroidManifest.xml", &base)]);
    let split = split();
    let other = axml::document(&manifest_of("com.example.other", &[]));
    let other = zip(&[Entry::stored("AndroidManifest.xml", &other)]);
    for pack in [Entry::stored, Entry::deflated] {
        let set = zip(&[
            pack("config.de.apk", &split),
            pack("base.apk", &base),
            pack("icon.png", b"x"),
        ]);
        let read = manifest::package_set(&mut Cursor::new(set));
        assert_eq!(read.damage, Vec::<String>::new());
        let declaration = read.value.unwrap();
        assert_eq!(declaration.split, None);
        assert_eq!(declaration.version.as_deref(), Some("1.2.3"));
        assert!(declaration.permissions.contains_key(CAMERA));
        assert!(declaration.permissions.contains_key(CONTACTS));
        assert!(declaration.parts.contains("config.de"));
        let mixed = zip(&[pack("base.apk", &base), pack("other.apk", &other)]);
        let read = manifest::package_set(&mut Cursor::new(mixed));
        assert!(read.damage[0].contains("another app"), "{:?}", read.damage);
        assert_eq!(read.value.unwrap().package, PACKAGE);
    }
}

#[test]
fn archives_that_hold_themselves_end() {
    let mut archive = split();
    for _ in 0..20 {
        archive = zip(&[Entry::stored("base.apk", &archive)]);
    }
    let read = manifest::package_set(&mut Cursor::new(archive));
    assert!(read.value.is_none());
    assert!(!read.damage.is_empty());
}

#[test]
fn components_are_open_as_the_platform_has_them() {
    let filter = Element::new("intent-filter")
        .child(Element::new("action").with("name", Value::Text("android.intent.action.VIEW")))
        .child(
            Element::new("category").with("name", Value::Text("android.intent.category.BROWSABLE")),
        )
        .child(
            Element::new("data")
                .with("scheme", Value::Text("notes"))
                .with("host", Value::Text("open")),
        );
    let component = |kind, name| Element::new(kind).with("name", Value::Text(name));
    let application = Element::new("application")
        .child(component("activity", ".Page").child(filter.clone()))
        .child(
            component("activity", "Closed")
                .with("exported", Value::Flag(false))
                .child(filter),
        )
        .child(component("meta-data", "com.example.KEY"))
        .child(component("provider", "com.example.Data").with("exported", Value::Flag(true)))
        .child(
            component("service", ".Track").with("foregroundServiceType", Value::Number(8 | 128)),
        );
    let root = manifest_of(PACKAGE, &[]).child(application);
    let declaration = read(&axml::document(&root));
    let exported: Vec<&str> = declaration
        .exported()
        .map(|component| component.name.as_str())
        .collect();
    assert_eq!(exported, ["com.example.notes.Page", "com.example.Data"]);
    assert_eq!(declaration.components[1].name, "com.example.notes.Closed");
    let links = &declaration.components[0].filters[0];
    assert!(
        links.is_deep_link() && links.schemes.contains("notes") && links.hosts.contains("open")
    );
    assert!(declaration.metadata.contains_key("com.example.KEY"));
    let types: Vec<&String> = declaration.components[3].foreground_types.iter().collect();
    assert_eq!(types, ["location", "microphone"]);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        manifest::binary_xml(&bytes);
        manifest::text_xml(&bytes);
        manifest::info_plist(&bytes);
        manifest::dumpsys_package(&bytes);
        read_apk(bytes);
    }

    #[test]
    fn changed_manifests_are_read_without_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        is_utf8 in any::<bool>(),
    ) {
        let style = Style { is_utf8, ..Style::default() };
        let mut bytes = axml::styled_document(&manifest_of(PACKAGE, &[CAMERA, CONTACTS]), style);
        for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        manifest::binary_xml(&bytes);
        let apk = zip(&[Entry::deflated("AndroidManifest.xml", &bytes)]);
        read_apk(apk[..cut.index(apk.len())].to_vec());
        bytes.truncate(cut.index(bytes.len()));
        let read = manifest::binary_xml(&bytes);
        // Nothing is invented: names come from the file.
        if let Some(declaration) = read.value {
            prop_assert!(declaration.permissions.len() <= 2);
        }
    }

    #[test]
    fn changed_packages_are_read_without_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let members = [Entry::deflated("AndroidManifest.xml", &plain()), Entry::stored("a", b"b")];
        let mut bytes = zip(&members);
        for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        read_apk(bytes);
    }
}

#[test]
fn an_ios_app_is_read_with_its_parts() {
    let read = manifest::ios_app(&mut Cursor::new(app::ipa("com.example.notes")));
    assert_eq!(read.damage, Vec::<String>::new());
    let declaration = read.value.unwrap();
    assert_eq!(declaration.package, PACKAGE);
    assert_eq!(declaration.entitlements["aps-environment"], "production");
    assert!(
        declaration
            .permissions
            .contains_key("NSCameraUsageDescription")
    );
    assert!(declaration.url_schemes.contains("notes") && declaration.queries.contains("other"));
    assert!(declaration.metadata.contains_key("TrackerToken"));
    let parts: Vec<&String> = declaration.parts.iter().collect();
    assert_eq!(
        parts,
        ["Share.appex", "Track.framework", "com.example.notes.share"]
    );
    assert_eq!(declaration.labels.len(), 1);
    assert_eq!(
        declaration.labels[0].part.as_deref(),
        Some("Track.framework")
    );
}

#[test]
fn an_app_bundle_is_read_with_its_modules() {
    let bytes = app::bundle(PACKAGE);
    let read = manifest::app_bundle(&mut Cursor::new(&bytes));
    assert_eq!(read.damage, Vec::<String>::new());
    let declaration = read.value.unwrap();
    assert_eq!(declaration.package, PACKAGE);
    assert!(declaration.permissions.contains_key(CAMERA));
    assert!(declaration.parts.contains("maps"));
    let mut classes = Vec::new();
    manifest::code_names(&mut Cursor::new(&bytes), &mut |name| {
        if let manifest::CodeName::Class(class) = name {
            classes.push(String::from_utf8_lossy(class.name).into_owned());
        }
    });
    assert_eq!(classes, ["com/example/bundle/A"]);
}

/// A certificate of that name.
fn certificate(name: &str) -> rcgen::Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    parameters.self_signed(&key).unwrap()
}

/// Names of signers with the schemes that name them.
fn signers(package: Vec<u8>) -> Vec<String> {
    let signers = read_apk(package).value.unwrap().signers.into_iter();
    signers
        .map(|signer| {
            let schemes: Vec<&str> = signer.schemes.into_iter().collect();
            format!("{} {}", signer.subject, schemes.join(" "))
        })
        .collect()
}

#[test]
fn a_package_of_the_first_scheme_alone_has_its_signer() {
    let (vendor, authority) = (certificate("Vendor"), certificate("Other"));
    for (file, certificates) in [
        ("META-INF/CERT.RSA", vec![vendor.der().as_ref()]),
        ("META-INF/vendor.ec", vec![vendor.der().as_ref()]),
        (
            "META-INF/A.DSA",
            vec![vendor.der().as_ref(), authority.der().as_ref()],
        ),
    ] {
        let signature = app::pkcs7(&certificates);
        let package = zip(&[
            Entry::stored("AndroidManifest.xml", &plain()),
            Entry::deflated(file, &signature),
            Entry::deflated("META-INF/sub/CERT.RSA", b"not a signature"),
        ]);
        let found = signers(package);
        assert_eq!(found.first().unwrap(), "CN=Vendor v1", "{file}");
        assert_eq!(found.len(), certificates.len(), "{file}");
    }
}

/// After a rotation (scheme v3.1) old phones see the old certificate, new ones the new.
#[test]
fn a_rotated_certificate_stands_beside_the_old_one() {
    let (old, new) = (certificate("Old"), certificate("New"));
    let pairs = [
        app::signing_pair(app::V2, old.der()),
        app::signing_pair(app::V3, old.der()),
        app::signing_pair(app::V3_1, new.der()),
    ]
    .concat();
    let signature = app::pkcs7(&[old.der().as_ref()]);
    let package = zip(&[
        Entry::stored("AndroidManifest.xml", &plain()),
        Entry::deflated("META-INF/CERT.RSA", &signature),
    ]);
    let found = signers(app::signed(&package, &pairs));
    assert_eq!(found, ["CN=Old v1 v2 v3", "CN=New v3.1"]);
}

#[test]
fn a_certificate_is_told_by_its_digest_under_all_schemes() {
    let certificate = certificate("Example Notes");
    let package = zip(&[Entry::stored("AndroidManifest.xml", &plain())]);
    let package = app::signed(&package, &app::signing_pairs(certificate.der()));
    let declaration = read_apk(package).value.unwrap();
    let [signer] = declaration.signers.as_slice() else {
        panic!("{:?}", declaration.signers);
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate.der());
    let digest = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let digest = digest.collect::<Vec<_>>().concat();
    assert_eq!(signer.sha256, digest);
    assert!(
        signer.subject.contains("CN=Example Notes"),
        "{}",
        signer.subject
    );
    assert_eq!(
        signer.schemes.iter().copied().collect::<Vec<_>>(),
        ["v2", "v3"]
    );
}

#[test]
fn a_network_security_configuration_is_read_from_the_package() {
    let config = Element::new("network-security-config").child(
        Element::new("base-config")
            .with("cleartextTrafficPermitted", Value::Flag(true))
            .child(
                Element::new("trust-anchors")
                    .child(Element::new("certificates").with("src", Value::Text("user"))),
            ),
    );
    let application = Element::new("application")
        .with("usesCleartextTraffic", Value::Flag(false))
        .with("networkSecurityConfig", Value::Text("res/xml/net.xml"));
    let root = manifest_of(PACKAGE, &[]).child(application);
    let (manifest, config) = (axml::document(&root), axml::document(&config));
    let whole = zip(&[
        Entry::stored("AndroidManifest.xml", &manifest),
        Entry::deflated("res/xml/net.xml", &config),
    ]);
    let declaration = read_apk(whole).value.unwrap();
    // The configuration rules over the attribute.
    assert_eq!(declaration.is_cleartext_allowed("api.example"), Some(true));
    assert!(declaration.network_policy.unwrap().trusts_user_anywhere());
    let without = zip(&[Entry::stored("AndroidManifest.xml", &manifest)]);
    let declaration = read_apk(without).value.unwrap();
    assert_eq!(declaration.is_cleartext_allowed("api.example"), None);
    assert!(
        declaration
            .oddities
            .iter()
            .any(|what| what.contains("configuration"))
    );
}
