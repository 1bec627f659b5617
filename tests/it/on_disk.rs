//! Cases as users give them: folders of files, and the audit of one.

use std::fs;
use std::path::{Path, PathBuf};

use phonehome::audit::{self, Options, Progress};
use phonehome::intake;
use phonehome::model::Audit;
use phonehome::rules::Rules;

/// A folder of a test's own with these files, whose names may go through other folders.
pub(crate) fn folder(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// The audit of a folder, all of which can be read.
pub(crate) fn audited(folder: &Path) -> Audit {
    let case = intake::discover(&[folder.to_owned()]).unwrap();
    let rules = Rules::embedded();
    let outcome = audit::run(&case, &rules, &Options::default(), &Progress::default()).unwrap();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    outcome.audit
}
