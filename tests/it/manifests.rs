//! Real manifests, packages and dumps against what other readers made of them; skipped, visibly, where they are absent.
//! Forged ones with the tricks of packers are in [`tricks`].

mod tricks;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use phonehome::manifest;
use phonehome::model::{Declaration, InstalledApp};
use regex::Regex;
use serde_json::Value;

/// Where other readers are wrong or fail, and why ours is right: part of the file's name, field, reason.
const REASONS: &[(&str, &str, &str)] = &[
    (
        "AndroidManifestLiapp",
        "allowBackup",
        "its name is scrambled and only the resource id says what it is",
    ),
    (
        "AndroidManifestLiapp",
        "components",
        "names are scrambled and only resource ids say what they are",
    ),
    (
        "AndroidManifestLiapp",
        "components of theirs",
        "names are scrambled and only resource ids say what they are",
    ),
    (
        "InvalidCharsInAttribute",
        "versionName",
        "androguard replaces control characters; reports do that here",
    ),
    (
        "issue3366",
        "label",
        "aapt fails on the table and androguard has no label",
    ),
    (
        "issue3705",
        "label",
        "neither aapt nor androguard reads compact entries",
    ),
];

/// Files that no reference reads, and why ours does.
const BEYOND: &[(&str, &str)] = &[
    (
        "WrongFilesize",
        "aapt and androguard believe the size in the header",
    ),
    (
        "StringNotTerminated",
        "aapt crashes and androguard gives up at the string",
    ),
];

/// Files that hold no manifest of an app, and what they hold instead.
const NO_MANIFEST: &[(&str, &str)] = &[
    ("CertChain.apk", "a package without AndroidManifest.xml"),
    ("multidex.apk", "a package without AndroidManifest.xml"),
    ("test1.xml", "the layout of a screen"),
    ("androidbinary_fuzz", "text around fuzzed bytes"),
];

fn reason<'r>(path: &Path, reasons: &'r [(&str, &str)]) -> Option<&'r str> {
    let name = path.file_name().unwrap().to_string_lossy();
    let known = reasons.iter().find(|(part, _)| name.contains(part));
    known.map(|(_, reason)| *reason)
}

fn samples(folder: &str) -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/manifests")
        .join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: ../shared is absent");
        return None;
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_string_lossy().ends_with(".gt.json"))
        .collect();
    paths.sort();
    Some(paths)
}

fn truth(path: &Path) -> Option<Value> {
    let mut name = path.file_name()?.to_owned();
    name.push(".gt.json");
    let text = fs::read_to_string(path.with_file_name(name)).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Fields that agree with the references, and those that do not.
#[derive(Default)]
struct Score {
    files: usize,
    read: usize,
    fields: usize,
    right: usize,
    unexplained: Vec<String>,
}

impl Score {
    fn field<T: PartialEq + std::fmt::Debug>(
        &mut self,
        path: &Path,
        field: &str,
        ours: &T,
        theirs: &T,
    ) {
        self.fields += 1;
        if ours == theirs {
            self.right += 1;
            return;
        }
        let name = path.file_name().unwrap().to_string_lossy();
        let reason = REASONS
            .iter()
            .find(|(part, known, _)| name.contains(part) && *known == field);
        match reason {
            Some((_, _, reason)) => {
                println!("{name}: {field}: {reason}");
                self.right += 1;
            }
            None => self
                .unexplained
                .push(format!("{name}: {field}: {ours:?}, not {theirs:?}")),
        }
    }

    /// Takes one file: read, or rightly not.
    fn declaration(
        &mut self,
        path: &Path,
        read: &manifest::Read<Option<Declaration>>,
    ) -> Option<Declaration> {
        self.files += 1;
        let name = path.file_name().unwrap().to_string_lossy();
        let oddities = read.value.as_ref().map(|ours| &ours.oddities);
        if oddities.is_some_and(|oddities| !oddities.is_empty()) || !read.damage.is_empty() {
            println!("{name}: {oddities:?} {:?}", read.damage);
        }
        if read.value.is_none() {
            match reason(path, NO_MANIFEST) {
                Some(reason) => {
                    println!("{name}: nothing to read: {reason}");
                    self.files -= 1;
                }
                None => self.unexplained.push(format!("{name}: not read")),
            }
        } else {
            self.read += 1;
        }
        read.value.clone()
    }

    fn finish(&self, what: &str) {
        println!(
            "{what}: {} of {} files read; {} of {} fields right",
            self.read, self.files, self.right, self.fields
        );
        assert!(
            self.unexplained.is_empty(),
            "{what}: {}",
            self.unexplained.join("\n")
        );
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first reference that says something.
fn either(values: &[&Value]) -> Option<String> {
    values.iter().find_map(|value| text(value))
}

fn names(list: &Value) -> BTreeSet<String> {
    let name = |item: &Value| text(item).or_else(|| text(&item["name"]));
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(name)
        .collect()
}

/// What aapt lists; it leaves out what the platform adds by itself. Where it failed, what androguard lists.
fn permissions(aapt: &Value, androguard: &Value) -> BTreeSet<String> {
    let theirs = names(&aapt["permissions"]);
    if aapt["rc"] == 0 || !theirs.is_empty() {
        return theirs;
    }
    let mut theirs = names(&androguard["uses_permission"]);
    theirs.extend(names(&androguard["uses_permission_sdk_23"]));
    theirs
}

fn compare(score: &mut Score, path: &Path, ours: &Declaration, truth: &Value) {
    let (aapt, aapt2, androguard) = (&truth["aapt"], &truth["aapt2"], &truth["androguard"]);
    let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let package = either(&[&aapt["package"], &aapt2["package"], &androguard["package"]]);
    if let Some(reason) = reason(path, BEYOND) {
        println!("{}: no reference reads it: {reason}", path.display());
        assert!(!ours.package.is_empty() && package.is_none());
        return;
    }
    score.field(path, "package", &Some(ours.package.clone()), &package);
    let pairs = [
        ("versionCode", &ours.version_code),
        ("versionName", &ours.version),
    ];
    for (field, ours) in pairs {
        let theirs = either(&[&aapt[field], &aapt2[field], &androguard[field]]);
        score.field(path, field, &known(ours), &theirs);
    }
    let min_sdk = either(&[&aapt["minSdk"], &androguard["minSdk"]]).unwrap_or("1".to_owned());
    let target_sdk = either(&[&aapt["targetSdk"], &androguard["targetSdk"]]);
    score.field(path, "minSdk", &ours.min_sdk, &Some(min_sdk.clone()));
    score.field(
        path,
        "targetSdk",
        &ours.target_sdk,
        &Some(target_sdk.unwrap_or(min_sdk)),
    );
    let ours_permissions: BTreeSet<String> = ours.permissions.keys().cloned().collect();
    score.field(
        path,
        "permissions",
        &ours_permissions,
        &permissions(aapt, androguard),
    );
    if androguard["valid"] != true {
        return;
    }
    for permission in androguard["uses_permission"].as_array().unwrap() {
        let name = permission["name"].as_str().unwrap_or_default();
        let theirs = text(&permission["maxSdkVersion"]).and_then(|max| max.parse().ok());
        let ours = ours.permissions.get(name).and_then(|ours| ours.max_sdk);
        score.field(path, "maxSdkVersion", &ours, &theirs);
    }
    let truths = [
        ("debuggable", ours.debuggable),
        ("allowBackup", ours.backup_allowed),
        ("usesCleartextTraffic", ours.cleartext_allowed),
    ];
    for (field, ours) in truths {
        let theirs = text(&androguard[field]).map(|text| text == "true");
        score.field(path, field, &ours, &theirs);
    }
    score.field(
        path,
        "networkSecurityConfig",
        &ours.has_network_security_config,
        &text(&androguard["networkSecurityConfig"]).is_some(),
    );
    compare_components(score, path, ours, androguard);
    if truth.get("aapt").is_some() {
        // androguard prints references that it cannot resolve; a reference is no label.
        let theirs =
            either(&[&aapt["label"], &androguard["label"]]).filter(|label| !label.starts_with('@'));
        score.field(path, "label", &known(&ours.label), &theirs);
    }
}

/// References print names as written; the platform puts short ones into the package.
fn class_name(name: &str, package: &str) -> String {
    match name.find('.') {
        Some(0) => format!("{package}{name}"),
        None => format!("{package}.{name}"),
        Some(_) => name.to_owned(),
    }
}

/// A component: kind, name, exported, permission, filters.
type Row = (String, String, Option<String>, Option<String>, usize);

/// Components and what stands around them; only androguard lists these.
fn compare_components(score: &mut Score, path: &Path, ours: &Declaration, androguard: &Value) {
    let shared_user = text(&androguard["sharedUserId"]);
    score.field(path, "sharedUserId", &ours.shared_user, &shared_user);
    let list = |name: &str| androguard[name].as_array().cloned().unwrap_or_default();
    let mut theirs: Vec<Row> = list("components")
        .iter()
        .map(|component| {
            (
                text(&component["type"]).unwrap_or_default(),
                class_name(&text(&component["name"]).unwrap_or_default(), &ours.package),
                text(&component["exported"]),
                text(&component["permission"]),
                usize::try_from(component["intent_filters"].as_u64().unwrap()).unwrap(),
            )
        })
        .collect();
    let mut components: Vec<Row> = ours
        .components
        .iter()
        .map(|component| {
            (
                component.kind.as_str().to_owned(),
                component.name.clone(),
                component.exported.map(|exported| exported.to_string()),
                component.permission.clone(),
                component.filters.len(),
            )
        })
        .collect();
    theirs.sort();
    components.sort();
    // Only counts are printed where they differ.
    let differing = |ones: &[Row], others: &[Row]| {
        let new = ones.iter().filter(|row| !others.contains(row));
        (ones.len(), new.count())
    };
    let ours_counts = differing(&components, &theirs);
    let theirs_counts = differing(&theirs, &components);
    score.field(path, "components", &ours_counts, &(theirs.len(), 0));
    score.field(
        path,
        "components of theirs",
        &theirs_counts,
        &(components.len(), 0),
    );
    let defined: BTreeSet<String> = ours.defined_permissions.keys().cloned().collect();
    let theirs = names(&androguard["defined_permissions"]);
    score.field(path, "defined permissions", &defined, &theirs);
    let sdk_23: BTreeSet<String> = ours
        .permissions
        .iter()
        .filter(|(_, permission)| permission.min_sdk == Some(23))
        .map(|(name, _)| name.clone())
        .collect();
    // Asked for by both elements, it is asked for on every level.
    let always = names(&androguard["uses_permission"]);
    let theirs = &names(&androguard["uses_permission_sdk_23"]) - &always;
    score.field(path, "permissions from level 23", &sdk_23, &theirs);
    let queries: BTreeSet<String> = names(&androguard["queries"]);
    score.field(path, "queries", &ours.queries, &queries);
    let metadata: BTreeSet<String> = list("metadata")
        .iter()
        .filter_map(|data| text(&data["name"]))
        .collect();
    let ours: BTreeSet<String> = ours.metadata.keys().cloned().collect();
    score.field(path, "metadata", &ours, &metadata);
}

#[test]
fn packages_read_as_the_platform_reads_them() {
    let Some(paths) = samples("apk") else { return };
    let mut score = Score::default();
    for path in paths {
        let mut input = BufReader::new(File::open(&path).unwrap());
        let read = manifest::apk(&mut input);
        if let Some(ours) = score.declaration(&path, &read) {
            compare(&mut score, &path, &ours, &truth(&path).unwrap());
        }
    }
    assert!(score.read >= 69, "{} read", score.read);
    score.finish("apk");
}

#[test]
fn binary_manifests_read_in_spite_of_their_tricks() {
    let Some(paths) = samples("axml") else { return };
    let mut score = Score::default();
    for path in paths {
        let read = manifest::binary_xml(&fs::read(&path).unwrap());
        if let Some(ours) = score.declaration(&path, &read) {
            compare(&mut score, &path, &ours, &truth(&path).unwrap());
        }
    }
    assert!(score.read >= 14, "{} read", score.read);
    score.finish("axml");
}

/// There is no reference for these, so the permissions are counted by another way: a pattern over the text.
#[test]
fn text_manifests_name_the_permissions_that_a_search_finds() {
    let Some(paths) = samples("manifest-text") else {
        return;
    };
    let comment = Regex::new("(?s)<!--.*?-->").unwrap();
    let element = Regex::new("<uses-permission(?:-sdk-23|-sdk-m)?\\s[^>]*>").unwrap();
    let name = Regex::new("android:name\\s*=\\s*\"([^\"]+)\"").unwrap();
    let package = Regex::new("<manifest[^>]*\\spackage\\s*=\\s*\"([^\"]+)\"").unwrap();
    let mut score = Score::default();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        let read = manifest::text_xml(&bytes);
        let Some(ours) = score.declaration(&path, &read) else {
            continue;
        };
        let text = comment.replace_all(std::str::from_utf8(&bytes).unwrap(), "");
        let searched: BTreeSet<String> = element
            .find_iter(&text)
            .filter(|element| !element.as_str().contains("tools:node=\"remove\""))
            .map(|element| name.captures(element.as_str()).unwrap()[1].to_owned())
            .collect();
        let permissions = ours.permissions.keys().cloned().collect();
        score.field(&path, "permissions", &searched, &permissions);
        let package = package.captures(&text);
        let package = package.map_or(String::new(), |found| found[1].to_owned());
        score.field(&path, "package", &ours.package, &package);
    }
    score.finish("manifest-text");
}

#[test]
fn property_lists_read_as_written() {
    let Some(paths) = samples("ios-plist") else {
        return;
    };
    let mut score = Score::default();
    for path in paths {
        let truth = &truth(&path).unwrap()["plist"];
        let read = manifest::info_plist(&fs::read(&path).unwrap());
        let package = text(&truth["CFBundleIdentifier"]);
        score.field(
            &path,
            "read",
            &read.value.as_ref().map(|ours| ours.package.clone()),
            &package,
        );
        let Some(ours) = read.value else { continue };
        score.files += 1;
        score.read += 1;
        let label = either(&[&truth["CFBundleDisplayName"], &truth["CFBundleName"]]);
        let pairs = [
            ("label", &ours.label, label),
            (
                "version",
                &ours.version,
                text(&truth["CFBundleShortVersionString"]),
            ),
            ("build", &ours.version_code, text(&truth["CFBundleVersion"])),
            ("minimum", &ours.min_sdk, text(&truth["MinimumOSVersion"])),
        ];
        for (field, ours, theirs) in pairs {
            score.field(&path, field, ours, &theirs);
        }
        let usage: BTreeMap<String, Option<String>> = truth
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| key.ends_with("UsageDescription"))
            .map(|(key, text)| (key.clone(), text.as_str().map(str::to_owned)))
            .collect();
        let permissions = ours
            .permissions
            .iter()
            .map(|(key, permission)| (key.clone(), permission.usage_text.clone()))
            .collect();
        score.field(&path, "usage texts", &permissions, &usage);
        let modes = names(&truth["UIBackgroundModes"]);
        score.field(&path, "background modes", &ours.background_modes, &modes);
        let arbitrary = truth["NSAppTransportSecurity"]["NSAllowsArbitraryLoads"].as_bool();
        score.field(
            &path,
            "ATS said",
            &ours.cleartext_allowed.is_some(),
            &arbitrary.is_some(),
        );
    }
    assert!(score.read >= 15, "{} read", score.read);
    score.finish("ios-plist");
}

#[test]
fn device_dumps_read_as_other_readers_do() {
    let Some(paths) = samples("dumpsys") else {
        return;
    };
    let mut score = Score::default();
    for path in paths {
        let read = manifest::dumpsys_package(&fs::read(&path).unwrap());
        let truth = truth(&path).unwrap_or_default();
        let packages = truth["mvt_packages"].as_array();
        let expected = packages.map_or(0, Vec::len);
        score.field(&path, "packages", &read.value.apps.len(), &expected);
        score.files += usize::from(packages.is_some());
        score.read += usize::from(!read.value.apps.is_empty());
        for package in packages.into_iter().flatten() {
            let name = package["package_name"].as_str().unwrap();
            let Some(app) = read.value.apps.get(name) else {
                score.field(&path, name, &false, &true);
                continue;
            };
            compare_app(&mut score, &path, app, package);
        }
    }
    assert!(score.read >= 3, "{} read", score.read);
    score.finish("dumpsys");
}

fn compare_app(score: &mut Score, path: &Path, app: &InstalledApp, truth: &Value) {
    let app_id = app.app_id.map(|id| id.to_string());
    let pairs = [
        ("app id", &app_id, "app_id"),
        ("version", &app.version, "version_name"),
        ("target", &app.target_sdk, "target_sdk"),
        ("installer", &app.installer, "installer"),
    ];
    for (field, ours, key) in pairs {
        score.field(path, field, ours, &text(&truth[key]));
    }
    score.field(
        path,
        "system",
        &Some(app.is_system),
        &truth["system"].as_bool(),
    );
    let requested = truth["requested_permissions"].as_array().unwrap().iter();
    let requested: BTreeSet<&str> = requested
        .map(|name| name.as_str().unwrap().trim_end_matches(": restricted=true"))
        .collect();
    let ours = app.requested.iter().map(String::as_str).collect();
    score.field(path, "requested", &requested, &ours);

    let row = |user: u32, row: &Value| {
        let name = row["name"].as_str().unwrap().to_owned();
        let flags = names(&row["flags"]);
        let granted = row["granted"].as_bool()? && !flags.contains("REVOKED_COMPAT");
        Some(((user, name), granted))
    };
    let mut states = BTreeMap::new();
    for user in truth["users"].as_array().unwrap() {
        let id = u32::try_from(user["user_id"].as_u64().unwrap()).unwrap();
        score.field(
            path,
            "installed",
            &Some(app.users.contains(&id)),
            &user["installed"].as_bool(),
        );
        let install = truth["permissions"].as_array().unwrap();
        let runtime = user["permissions"].as_array().unwrap();
        states.extend(install.iter().chain(runtime).filter_map(|r| row(id, r)));
    }
    let ours = app
        .permissions
        .iter()
        .map(|(key, state)| (key.clone(), state.is_granted))
        .collect();
    score.field(path, "grants", &states, &ours);
}

#[test]
fn classes_are_those_that_other_readers_find() {
    let Some(paths) = samples("apk") else { return };
    let mut score = Score::default();
    let mut without_code = 0;
    for path in paths {
        let truth = &truth(&path).unwrap()["dex"];
        let Some(classes) = truth["classes"].as_u64() else {
            without_code += 1;
            continue;
        };
        score.files += 1;
        let mut defined = Vec::new();
        let mut input = BufReader::new(File::open(&path).unwrap());
        let damage = manifest::code_names(&mut input, &mut |name| {
            if let manifest::CodeName::Class(class) = name
                && class.is_defined
            {
                defined.push([b"L", class.name, b";"].concat());
            }
        });
        if !damage.is_empty() {
            println!("{}: {damage:?}", path.display());
        }
        score.read += 1;
        score.field(&path, "classes", &(defined.len() as u64), &classes);
        defined.sort();
        let digest = ring::digest::digest(&ring::digest::SHA256, &defined.join(&b'\n'));
        let digest = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
        let theirs = text(&truth["classes_sha256"]);
        score.field(&path, "names of classes", &Some(digest.collect()), &theirs);
    }
    println!("{without_code} without code");
    assert!(score.read >= 40, "{} read", score.read);
    score.finish("dex");
}

#[test]
fn packages_for_phones_and_stores_are_read() {
    let Some(paths) = samples("ipa") else { return };
    let mut score = Score::default();
    for path in paths {
        score.files += 1;
        let truth = truth(&path).unwrap();
        let read = manifest::ios_app(&mut BufReader::new(File::open(&path).unwrap()));
        println!("{}: {:?}", path.display(), read.damage);
        let Some(ours) = read.value else {
            score
                .unexplained
                .push(format!("{}: not read", path.display()));
            continue;
        };
        score.read += 1;
        let info = &truth["Info.plist"];
        let bundle = text(&info["CFBundleIdentifier"]);
        score.field(&path, "bundle id", &Some(ours.package.clone()), &bundle);
        let version = text(&info["CFBundleShortVersionString"]);
        score.field(&path, "version", &ours.version, &version);
        let entitlements = truth["mobileprovision"]["Entitlements"].as_object();
        let keys: BTreeSet<&String> = entitlements
            .into_iter()
            .flat_map(|list| list.keys())
            .collect();
        let missing = keys
            .iter()
            .filter(|key| !ours.entitlements.contains_key(**key));
        // The signature may claim fewer than the profile allows, but these claim all or none.
        println!(
            "{}: {} entitlements, {} of the profile's are missing",
            path.display(),
            ours.entitlements.len(),
            missing.count()
        );
        score.field(
            &path,
            "has entitlements",
            &ours.entitlements.is_empty(),
            &keys.is_empty(),
        );
    }
    score.finish("ipa");
    let mut score = Score::default();
    for path in samples("aab").unwrap_or_default() {
        let read = manifest::app_bundle(&mut BufReader::new(File::open(&path).unwrap()));
        if let Some(ours) = score.declaration(&path, &read) {
            println!(
                "{}: {} permissions, {} components, {} parts, {} signers",
                path.display(),
                ours.permissions.len(),
                ours.components.len(),
                ours.parts.len(),
                ours.signers.len()
            );
            score.field(&path, "named", &ours.package.is_empty(), &false);
            score.field(&path, "levelled", &ours.min_sdk.is_some(), &true);
        }
    }
    score.finish("aab");
}

/// The label that a truth's property list stands for, as name → (linked, tracking, purposes).
type Kinds = BTreeMap<String, (Option<bool>, Option<bool>, BTreeSet<String>)>;

#[test]
fn privacy_manifests_read_as_written() {
    let Some(paths) = samples("ios-plist") else {
        return;
    };
    let mut score = Score::default();
    for path in paths {
        if !path.to_string_lossy().ends_with(".xcprivacy") {
            continue;
        }
        score.files += 1;
        let truth = &truth(&path).unwrap()["plist"];
        let read = manifest::privacy_manifest(&fs::read(&path).unwrap(), "PrivacyInfo.xcprivacy");
        let Some(ours) = read.value else {
            score
                .unexplained
                .push(format!("{}: not read", path.display()));
            continue;
        };
        score.read += 1;
        let tracking = truth["NSPrivacyTracking"].as_bool();
        score.field(&path, "tracking", &ours.is_tracking, &tracking);
        let domains = names(&truth["NSPrivacyTrackingDomains"]);
        score.field(&path, "domains", &ours.tracking_domains, &domains);
        let list = |name: &str| truth[name].as_array().cloned().unwrap_or_default();
        let mut kinds = Kinds::new();
        for kind in list("NSPrivacyCollectedDataTypes") {
            let name = kind["NSPrivacyCollectedDataType"].as_str().unwrap();
            let said = (
                kind["NSPrivacyCollectedDataTypeLinked"].as_bool(),
                kind["NSPrivacyCollectedDataTypeTracking"].as_bool(),
                names(&kind["NSPrivacyCollectedDataTypePurposes"]),
            );
            kinds.insert(name.to_owned(), said);
        }
        let collected = ours.collected.into_iter().map(|(name, data)| {
            let said = (data.is_linked, data.is_tracking, data.purposes);
            (name, said)
        });
        score.field(&path, "kinds", &collected.collect::<Kinds>(), &kinds);
        let reasons: BTreeMap<String, BTreeSet<String>> = list("NSPrivacyAccessedAPITypes")
            .iter()
            .map(|interface| {
                let name = interface["NSPrivacyAccessedAPIType"].as_str().unwrap();
                let reasons = names(&interface["NSPrivacyAccessedAPITypeReasons"]);
                (name.to_owned(), reasons)
            })
            .collect();
        score.field(&path, "reasons", &ours.required_reasons, &reasons);
    }
    assert!(score.read >= 5, "{} read", score.read);
    score.finish("xcprivacy");
}

#[test]
fn data_safety_forms_read_as_answered() {
    let Some(paths) = samples("play-data-safety") else {
        return;
    };
    let mut score = Score::default();
    for path in paths {
        score.files += 1;
        let truth = truth(&path).unwrap();
        let read = manifest::data_safety(&fs::read(&path).unwrap(), "form.csv");
        let ours = read.value.unwrap();
        score.read += 1;
        let kinds: BTreeSet<String> = ours.collected.keys().cloned().collect();
        score.field(&path, "kinds", &kinds, &names(&truth["types"]));
        for (kind, data) in &ours.collected {
            let usage = &truth["usage"][kind];
            let chosen = |question: &str| -> BTreeSet<String> {
                let answers = usage[question].as_array().into_iter().flatten();
                answers
                    .filter(|answer| answer[1] == "true")
                    .map(|answer| answer[0].as_str().unwrap().to_owned())
                    .collect()
            };
            let handling = chosen("PSL_DATA_USAGE_COLLECTION_AND_SHARING");
            let collected = handling.contains("PSL_DATA_USAGE_ONLY_COLLECTED");
            score.field(&path, "collected", &data.is_collected, &collected);
            let shared = handling.contains("PSL_DATA_USAGE_ONLY_SHARED");
            score.field(&path, "shared", &(data.is_shared == Some(true)), &shared);
            let mut purposes = chosen("DATA_USAGE_COLLECTION_PURPOSE");
            purposes.extend(chosen("DATA_USAGE_SHARING_PURPOSE"));
            score.field(&path, "purposes", &data.purposes, &purposes);
            let optional =
                chosen("DATA_USAGE_USER_CONTROL").contains("PSL_DATA_USAGE_USER_CONTROL_OPTIONAL");
            score.field(
                &path,
                "optional",
                &(data.is_optional == Some(true)),
                &optional,
            );
        }
    }
    assert!(score.read >= 1, "{} read", score.read);
    score.finish("data-safety");
}
