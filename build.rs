//! Writes the embedded rules as JSON, too: read at each start, in a fifth of the time that TOML takes. And their checksum.
//!
//! Of a table with many entries, of which one run needs few, each entry is a line: its name, a tab, its JSON. The lines are in the
//! order of the names, so that an entry is found without reading the others.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// Files and their tables that are written as lines.
const LINES: [(&str, &str); 1] = [("permissions.toml", "permission")];

#[path = "src/rules/digest.rs"]
mod digest;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=src/rules/digest.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir("rules")? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = fs::read_to_string(&path)?;
            let mut rules: toml::Table =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or("a file has a name")?;
            for (_, table) in LINES.iter().filter(|(file, _)| *file == name) {
                let entries = rules.remove(*table).ok_or("a table of lines is there")?;
                let date = rules.get("as_of").ok_or("a file has a date")?;
                fs::write(out.join(format!("{table}.lines")), lines(&entries, date)?)?;
            }
            let json = out.join(name).with_extension("json");
            fs::write(json, serde_json::to_string(&rules)?)?;
            texts.insert(name.to_owned(), text);
        }
    }
    let files = texts.iter().map(|(name, text)| (&**name, &**text));
    fs::write(out.join("rules.sha256"), digest::sha256(files))?;
    Ok(())
}

/// The date of the file is that of entries without one.
fn lines(entries: &toml::Value, date: &toml::Value) -> Result<String, Box<dyn Error>> {
    let mut lines = BTreeMap::new();
    for entry in entries.as_array().into_iter().flatten() {
        let mut entry = entry.as_table().ok_or("an entry is a table")?.clone();
        entry.entry("as_of").or_insert_with(|| date.clone());
        let name = entry.get("name").and_then(toml::Value::as_str);
        let name = name.ok_or("an entry has a name")?.to_owned();
        let line = format!("{name}\t{}\n", serde_json::to_string(&entry)?);
        lines.insert(name, line);
    }
    Ok(lines.into_values().collect())
}
