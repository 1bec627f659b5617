//! Who may import whom: reads every path that starts at the crate's root and compares it with the tables of
//! `ARCHITECTURE.md`. The tables there are the only copy; this file knows just how to read them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Source files as path relative to `src` (with `/`) and text without comments and literals.
fn sources() -> Vec<(String, String)> {
    let mut folders = vec![root().join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (relative(&path), without_comments_and_literals(&text))
        })
        .collect()
}

fn relative(path: &Path) -> String {
    let path: PathBuf = path.strip_prefix(root().join("src")).unwrap().into();
    path.to_str().unwrap().replace('\\', "/")
}

/// Rows of the Markdown table between `<!-- name -->` and `<!-- /name -->`, backticks removed.
fn table(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, after) = text
        .split_once(&format!("<!-- {name} -->"))
        .unwrap_or_else(|| panic!("ARCHITECTURE.md has no table {name}"));
    let (body, _) = after.split_once(&format!("<!-- /{name} -->")).unwrap();
    body.lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.replace('`', "").trim().to_owned())
                .collect()
        })
        .collect()
}

fn words(cell: &str) -> BTreeSet<String> {
    cell.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty() && *word != "—")
        .map(str::to_owned)
        .collect()
}

/// The room of a file: the folder or file right below `src`.
fn room(file: &str) -> &str {
    let first = file.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Blanks comments, strings and character literals, so that what is left is code.
fn without_comments_and_literals(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let length = comment_length(rest)
            .or_else(|| raw_string_length(rest, code.chars().last()))
            .or_else(|| string_length(rest))
            .or_else(|| character_length(rest));
        if let Some(length) = length {
            code.push(' ');
            at += length;
        } else {
            code.push(characters[at]);
            at += 1;
        }
    }
    code
}

fn comment_length(rest: &[char]) -> Option<usize> {
    if rest.starts_with(&['/', '/']) {
        return Some(rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with(&['/', '*']) {
        return None;
    }
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    Some(rest.len())
}

fn raw_string_length(rest: &[char], before: Option<char>) -> Option<usize> {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_') && before != Some('b');
    if in_word || rest.first() != Some(&'r') {
        return None;
    }
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let body = 2 + hashes;
    let close = rest[body..]
        .windows(end.len())
        .position(|window| window == end)?;
    Some(body + close + end.len())
}

fn string_length(rest: &[char]) -> Option<usize> {
    if rest.first() != Some(&'"') {
        return None;
    }
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    Some(at + 1)
}

/// A character literal; a lifetime has no closing quote.
fn character_length(rest: &[char]) -> Option<usize> {
    match rest {
        ['\'', '\\', ..] => Some(3 + rest[3..].iter().position(|c| *c == '\'')?),
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// First segments behind each `start::`, groups opened: `crate::{a::B, c}` gives `a` and `c`.
fn first_segments(code: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (position, _) in code.match_indices(start) {
        let before = code[..position].chars().next_back();
        let after = code[position + start.len()..].trim_start();
        let Some(after) = after.strip_prefix("::") else {
            continue;
        };
        if before.is_some_and(|c| is_word(c) || c == ':' || c == '$') {
            continue;
        }
        found.extend(heads(after.trim_start()));
    }
    found
}

fn heads(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![path.chars().take_while(|c| is_word(*c)).collect()];
    };
    let mut found = Vec::new();
    let mut depth = 0;
    let mut expects_head = true;
    let mut rest = group;
    while let Some(character) = rest.chars().next() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_head = true,
            character if expects_head && is_word(character) => {
                found.push(rest.chars().take_while(|c| is_word(*c)).collect());
                expects_head = false;
            }
            _ => {}
        }
        rest = &rest[character.len_utf8()..];
    }
    found
}

/// The room in which an item of the crate's root lives.
fn room_of_item(item: &str) -> &str {
    match item {
        "Error" | "Result" => "error",
        room => room,
    }
}

/// How many `super` a path at the top of a file may chain before it leaves its room.
fn depth_in_room(file: &str) -> usize {
    let below = file.split('/').count();
    if file.ends_with("/mod.rs") {
        below - 1
    } else {
        below
    }
}

/// The longest chain of `super::` outside all braces.
fn longest_super_chain(code: &str) -> usize {
    let mut top = String::new();
    let mut depth = 0_usize;
    for character in code.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            character if depth == 0 && !character.is_whitespace() => top.push(character),
            _ => {}
        }
    }
    let mut longest = 0;
    while top.contains(&"super::".repeat(longest + 1)) {
        longest += 1;
    }
    longest
}

#[test]
fn every_import_is_allowed_by_the_table() {
    let allowed: BTreeMap<String, BTreeSet<String>> = table("imports")
        .into_iter()
        .flat_map(|row| {
            let uses = words(&row[2]);
            words(&row[1])
                .into_iter()
                .map(move |room| (room, uses.clone()))
        })
        .collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (file, code) in sources() {
        let from = room(&file);
        if from == "lib" {
            continue;
        }
        let Some(uses) = allowed.get(from) else {
            wrong.push(format!("{file}: room {from} is not in the table"));
            continue;
        };
        let is_binary = uses.contains("the library");
        if longest_super_chain(&code) >= depth_in_room(&file) {
            wrong.push(format!("{file}: super:: leaves the room; write crate::"));
        }
        let mut imports = first_segments(&code, "crate");
        if is_binary {
            // The binary reaches the library by its name and has three files of its own.
            imports.retain(|item| !["cli", "command"].contains(&item.as_str()));
        } else {
            imports.extend(first_segments(&code, "phonehome"));
        }
        for item in imports {
            let to = room_of_item(&item);
            seen += 1;
            if to != from && !uses.contains(to) {
                wrong.push(format!("{file}: {from} may not use {to}"));
            }
        }
    }
    assert!(
        seen > 10,
        "only {seen} imports were read: the reader is broken"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_of_the_table_exists() {
    let rooms: BTreeSet<String> = sources()
        .iter()
        .map(|(file, _)| room(file).to_owned())
        .collect();
    for row in table("imports").iter().filter(|row| row[0] != "5") {
        for room in words(&row[1]) {
            assert!(rooms.contains(&room), "{room} is in the table only");
        }
    }
}

#[test]
fn each_foreign_crate_has_one_home() {
    let mut wrong = Vec::new();
    for row in table("homes") {
        let name = row[0].replace('-', "_");
        let homes = words(&row[1]);
        for (file, code) in sources() {
            let at_home = homes
                .iter()
                .any(|home| file == *home || (home.ends_with('/') && file.starts_with(home)));
            if !at_home && mentions_crate(&code, &name) {
                wrong.push(format!("{file} uses {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_model_uses_no_foreign_crate() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let crates: Vec<String> = manifest["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .map(|name| name.replace('-', "_"))
        .collect();
    assert!(crates.len() > 10);
    for (file, code) in sources() {
        for name in &crates {
            assert!(
                room(&file) != "model" || !mentions_crate(&code, name),
                "{file} uses {name}"
            );
        }
    }
}

/// Whether a path starts at that crate. In a file that has a module of the same name, such paths mean that.
fn mentions_crate(code: &str, name: &str) -> bool {
    let is_module = code.contains(&format!("mod {name};"));
    let has_path = !first_segments(code, name).is_empty();
    has_path && !is_module
        || code.contains(&format!("use {name};"))
        || code.contains(&format!("use ::{name}"))
}

#[test]
fn the_reader_of_imports_sees_groups_and_ignores_comments() {
    let code = without_comments_and_literals(
        "use crate::{model::{Field, Packet}, Result, rules};\n// crate::report\n/* crate::audit /* */ */\n\
         let a = \"crate::flow\"; let b = r#\"crate::cli\"#; let c = '\"'; let d: &'static str; crate::limits::FIELDS;\n",
    );
    assert_eq!(
        first_segments(&code, "crate"),
        ["model", "Result", "rules", "limits"]
    );
    assert!(mentions_crate("clap::Parser", "clap"));
    assert!(mentions_crate("use ::clap::Parser;", "clap"));
    assert!(!mentions_crate("self::clap::Parser", "clap"));
    assert!(!mentions_crate("mod pcap; pcap::FORMAT", "pcap"));
    assert_eq!(
        longest_super_chain("use super::super::X; mod a { use super::super::super::Y; }"),
        2
    );
    assert_eq!(depth_in_room("flow/mod.rs"), 1);
    assert_eq!(depth_in_room("flow/tcp.rs"), 2);
    assert_eq!(depth_in_room("audit.rs"), 1);
}

/// A file that no `mod` names is neither compiled nor run.
#[test]
fn every_file_of_source_is_a_module() {
    let sources = sources();
    let is_named = |file: &str| {
        let path = Path::new(file).with_extension("");
        let (folder, name) = (path.parent().unwrap(), path.file_name().unwrap());
        let (folder, name) = match name.to_str().unwrap() {
            // whether there is the feature `live`
            "main" | "lib" | "no_live" => return true,
            "mod" => (folder.parent().unwrap(), folder.file_name().unwrap()),
            _ => (folder, name),
        };
        let declared = format!("mod {};", name.to_str().unwrap());
        let folder = folder.to_str().unwrap();
        let homes = match folder {
            "" => ["lib.rs".to_owned(), "main.rs".to_owned()],
            _ => [format!("{folder}.rs"), format!("{folder}/mod.rs")],
        };
        let homes = sources.iter().filter(|(home, _)| homes.contains(home));
        homes.into_iter().any(|(_, code)| code.contains(&declared))
    };
    let lost = sources.iter().map(|(file, _)| file);
    let lost: Vec<&String> = lost.filter(|file| !is_named(file)).collect();
    assert_eq!(lost, <[&String; 0]>::default());
}
