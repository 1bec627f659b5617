//! Real manifests, packages and dumps against what other readers made of them. Skipped, visibly, where they are absent.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use phonehome::manifest;
use phonehome::model::{Declaration, Dossier};
use serde_json::Value;

/// Where other readers are wrong or fail, and why ours is right: part of the file's name, field, reason.
const REASONS: &[(&str, &str, &str)] = &[];

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

    fn print(&self, what: &str) {
        println!(
            "{what}: {} of {} files read; {} of {} fields right",
            self.read, self.files, self.right, self.fields
        );
        for difference in &self.unexplained {
            println!("  {difference}");
        }
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
    if truth.get("aapt").is_some() {
        let theirs = either(&[&aapt["label"], &androguard["label"]]);
        score.field(path, "label", &known(&ours.label), &theirs);
    }
}

#[test]
fn packages_read_as_the_platform_reads_them() {
    let Some(paths) = samples("apk") else { return };
    let mut score = Score::default();
    for path in paths {
        let truth = truth(&path).unwrap();
        let mut input = BufReader::new(File::open(&path).unwrap());
        let read = manifest::apk(&mut input);
        score.files += 1;
        match read.value {
            Some(declaration) => {
                score.read += 1;
                if !declaration.oddities.is_empty() || !read.damage.is_empty() {
                    let name = path.file_name().unwrap();
                    println!("{name:?}: {:?} {:?}", declaration.oddities, read.damage);
                }
                compare(&mut score, &path, &declaration, &truth);
            }
            None => println!("{path:?}: not read: {:?}", read.damage),
        }
    }
    score.print("apk");
}

#[test]
fn binary_manifests_read_in_spite_of_their_tricks() {
    let Some(paths) = samples("axml") else { return };
    let mut score = Score::default();
    for path in paths {
        let truth = truth(&path).unwrap();
        let read = manifest::binary_xml(&fs::read(&path).unwrap());
        score.files += 1;
        match read.value {
            Some(declaration) => {
                score.read += 1;
                if !declaration.oddities.is_empty() || !read.damage.is_empty() {
                    let name = path.file_name().unwrap();
                    println!("{name:?}: {:?} {:?}", declaration.oddities, read.damage);
                }
                compare(&mut score, &path, &declaration, &truth);
            }
            None => println!("{path:?}: not read: {:?}", read.damage),
        }
    }
    score.print("axml");
}

#[test]
fn text_manifests_are_read() {
    let Some(paths) = samples("manifest-text") else {
        return;
    };
    for path in paths {
        let read = manifest::text_xml(&fs::read(&path).unwrap());
        println!("{path:?} {read:?}");
    }
}

#[test]
fn property_lists_read_as_written() {
    let Some(paths) = samples("ios-plist") else {
        return;
    };
    for path in paths {
        let read = manifest::info_plist(&fs::read(&path).unwrap());
        println!("{path:?} {read:?}");
    }
}

#[test]
fn device_dumps_read_as_other_readers_do() {
    let Some(paths) = samples("dumpsys") else {
        return;
    };
    for path in paths {
        let read = manifest::dumpsys_package(&fs::read(&path).unwrap());
        let dossier: Dossier = read.value;
        println!("{path:?} {:#?} {:?}", dossier.apps, read.damage);
    }
}
