//! Reading an app package: whole processes, beside androguard and aapt2 where they are installed.
//!
//! `cargo bench --bench manifest` takes all packages of `../shared/manifests/apk`; `-- FILE …` takes others. What is compared:
//!
//! - manifest and classes: `phonehome audit FILE -f json` (it also reads signers and weighs what it finds) beside a Python
//!   process in which androguard reads the manifest and the names of all classes
//! - the manifest alone: `phonehome audit AndroidManifest.xml -f json` of the one in the package beside
//!   `aapt2 dump xmltree FILE --file AndroidManifest.xml`
//!
//! `PHONEHOME_PYTHON` names a Python that has androguard.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark ends where it cannot go on"
)]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs of each program on each file; the best counts, for the machine is not ours alone.
const RUNS: usize = 5;
/// Files of the folder that are taken, the largest first: small ones measure the start of a process alone.
const FILES: usize = 6;

const ANDROGUARD: &str = "
import sys
from loguru import logger
logger.remove()
from androguard.core.apk import APK
from androguard.core.dex import DEX
a = APK(sys.argv[1])
a.get_permissions()
for d in a.get_all_dex():
    for c in DEX(d).get_classes():
        c.get_name()
";

fn time(program: &str, arguments: &[&str]) -> Option<Duration> {
    let mut best: Option<Duration> = None;
    for _ in 0..RUNS {
        let start = Instant::now();
        let status = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        if status.code().is_none_or(|code| code > 1) {
            return None;
        }
        let time = start.elapsed();
        best = Some(best.map_or(time, |best| best.min(time)));
    }
    best
}

fn files() -> Vec<PathBuf> {
    let named: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .map(PathBuf::from)
        .collect();
    if !named.is_empty() {
        return named;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/manifests/apk");
    let Ok(entries) = fs::read_dir(folder) else {
        println!("skipped: ../shared is absent, and no file was named");
        return Vec::new();
    };
    let mut files: Vec<(u64, PathBuf)> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "apk"))
        .map(|path| (fs::metadata(&path).unwrap().len(), path))
        .collect();
    files.sort();
    files
        .into_iter()
        .rev()
        .map(|(_, path)| path)
        .take(FILES)
        .collect()
}

/// The manifest of a package, unpacked.
fn manifest(package: &Path) -> Option<PathBuf> {
    let mut archive = zip::ZipArchive::new(fs::File::open(package).ok()?).ok()?;
    let mut bytes = Vec::new();
    archive
        .by_name("AndroidManifest.xml")
        .ok()?
        .read_to_end(&mut bytes)
        .ok()?;
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-AndroidManifest.xml");
    fs::write(&path, bytes).ok()?;
    Some(path)
}

fn main() {
    let ours = env!("CARGO_BIN_EXE_phonehome");
    let python = std::env::var("PHONEHOME_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_androguard = time(&python, &["-c", "import androguard"]).is_some();
    let has_aapt2 = Command::new("aapt2")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok();
    if !has_androguard {
        println!("skipped: androguard is not installed (see PHONEHOME_PYTHON)");
    }
    if !has_aapt2 {
        println!("skipped: aapt2 is not installed");
    }
    for path in files() {
        let file = path.to_str().unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        println!("{name}, {} bytes", fs::metadata(&path).unwrap().len());
        let whole = time(ours, &["audit", "-q", "-f", "json", file]).unwrap();
        compare("manifest and classes", whole, "androguard", || {
            has_androguard.then(|| time(&python, &["-c", ANDROGUARD, file]))?
        });
        if let Some(manifest) = manifest(&path) {
            let manifest = manifest.to_str().unwrap();
            let alone = time(ours, &["audit", "-q", "-f", "json", manifest]).unwrap();
            compare("manifest alone", alone, "aapt2", || {
                let arguments = ["dump", "xmltree", file, "--file", "AndroidManifest.xml"];
                has_aapt2.then(|| time("aapt2", &arguments))?
            });
        }
    }
}

fn compare(what: &str, ours: Duration, peer: &str, theirs: impl Fn() -> Option<Duration>) {
    match theirs() {
        Some(theirs) => println!(
            "  {what}: {ours:.1?}, {peer} {theirs:.1?}: {:.1} times",
            theirs.as_secs_f64() / ours.as_secs_f64()
        ),
        None => println!("  {what}: {ours:.1?}; {peer} absent or refuses it"),
    }
}
