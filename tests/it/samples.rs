//! The forged case in `samples/case`: that it is what its forge makes, and what an audit of it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::forge::case;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/case")
}

/// All files below a folder, as paths relative to it.
fn files_below(folder: &Path, root: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, root, found);
        } else {
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(relative.replace('\\', "/"));
        }
    }
}

/// With `PHONEHOME_FORGE=1` in the environment the files are written instead of compared.
#[test]
fn samples_are_reproduced_byte_for_byte() {
    let is_writing = std::env::var_os("PHONEHOME_FORGE").is_some();
    let forged = case::files();
    for (path, bytes) in &forged {
        let path = folder().join(path);
        if is_writing {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
        }
        assert!(
            fs::read(&path).is_ok_and(|found| found == *bytes),
            "{} is not what the forge makes; PHONEHOME_FORGE=1 cargo test samples_are writes it anew",
            path.display()
        );
    }
    let mut found = BTreeSet::new();
    files_below(&folder(), &folder(), &mut found);
    let expected: BTreeSet<String> = forged.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_forge_depends_on_neither_clock_nor_chance() {
    assert_eq!(case::files(), case::files());
}

#[test]
fn samples_stay_small() {
    let bytes: usize = case::files().iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes");
}
