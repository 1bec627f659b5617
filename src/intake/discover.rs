//! What the user names → recognised inputs, by device.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::document::{self, PACKAGE_SET};
use unicode_normalization::UnicodeNormalization as _;

use super::policy::{self, Said};
use super::recognise::{Bytes, Columns, Recognised, recognise, recognise_file};
use super::{Case, Content, DeviceInputs, Input, app_folder, archive, attachment, har};
use crate::limits::{FOLDER_DEPTH, INPUT_FILES};
use crate::model::{InputId, Shortfall};
use crate::{Error, Result};

/// Bytes of standard input that are looked at until it is given up: a zstd block is at most 128 KiB.
const STDIN_BYTES: usize = 256 << 10;

/// Endings of names that captures have: a file that is called so, and is none, is missed by somebody.
const CAPTURE_ENDINGS: [&str; 4] = [".pcap", ".pcapng", ".cap", ".har"];

/// A file that the user named, or that lies below a folder that he named.
struct Found {
    path: PathBuf,
    display: String,
    /// First folder below the named one; `None` if it lies straight in it.
    folder: Option<String>,
}

/// What a named folder holds, as far as it is an input.
#[derive(Default)]
struct Folder {
    straight: Vec<Input>,
    below: BTreeMap<String, Vec<Input>>,
}

/// Finds, recognises and groups the inputs below `paths`.
///
/// A device is a folder straight below a named one, with all that lies in it. A named folder that holds inputs itself is a
/// device too, and takes in its folders that have no traffic of their own. Named files are one device. Archives beside each
/// other that hold a phone each are devices.
pub fn discover(paths: &[PathBuf]) -> Result<Case> {
    let Some(first) = paths.first() else {
        return Err(Error::Usage("no input".to_owned()));
    };
    let (search, devices) = search(paths)?;
    if devices.is_empty() {
        return Err(search.into_error(first));
    }
    Ok(case(paths, search, devices))
}

/// Like [`discover`], also where there is nothing to audit: says what everything is.
pub fn survey(paths: &[PathBuf]) -> Result<Case> {
    let (search, devices) = search(paths)?;
    Ok(case(paths, search, devices))
}

fn search(paths: &[PathBuf]) -> Result<(Search, BTreeMap<String, Vec<Input>>)> {
    let mut search = Search::default();
    let mut devices: BTreeMap<String, Vec<Input>> = BTreeMap::new();
    let mut named_files = Vec::new();
    let has_several = paths.len() > 1;
    for path in paths {
        if path.as_os_str() == Input::STDIN || path.as_os_str() == "/dev/stdin" {
            named_files.extend(search.stdin());
        } else if path.is_dir() && !app_folder::is_app(path) {
            let name = folder_name(path);
            let prefix = if has_several {
                format!("{name}/")
            } else {
                String::new()
            };
            let folder = search.folder(path, &prefix)?;
            for (device, inputs) in folder.into_devices(&name) {
                devices
                    .entry(free_name(&devices, &device))
                    .or_insert(inputs);
            }
        } else {
            let mut folder = Folder::default();
            folder.add_file(search.named_file(path));
            let name = stem(path);
            if folder.below.is_empty() {
                named_files.extend(folder.straight);
                continue;
            }
            for (device, inputs) in folder.into_devices(&name) {
                devices
                    .entry(free_name(&devices, &device))
                    .or_insert(inputs);
            }
        }
    }
    for (device, inputs) in archive::take_phones(&mut named_files, true) {
        devices
            .entry(free_name(&devices, &device))
            .or_insert(inputs);
    }
    if !named_files.is_empty() {
        let name = name_of_files(&named_files);
        devices
            .entry(free_name(&devices, &name))
            .or_insert(named_files);
    }
    Ok((search, devices))
}

fn case(paths: &[PathBuf], search: Search, devices: BTreeMap<String, Vec<Input>>) -> Case {
    let mut left_out = search.left_out;
    left_out.sort();
    let mut for_people = search.for_people;
    for_people.sort();
    Case {
        name: search
            .said
            .policy
            .organisation
            .clone()
            .unwrap_or_else(|| name_of_case(paths)),
        policy_file: search.policy,
        policy_sha256: search.said.sha256,
        policy: search.said.policy,
        mentions: search.said.mentions,
        devices: numbered(devices),
        left_out,
        left_paths: search.left_paths,
        for_people,
    }
}

/// What an input was called before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its path.
    pub path: String,
    /// Its phone.
    pub device: String,
}

impl Case {
    /// The same inputs by the names that they had before; `names` are by the paths of now. A phone gets its
    /// name back if all of its inputs had the same one.
    #[must_use]
    pub fn under_names(mut self, names: &BTreeMap<String, Named>) -> Self {
        let before = |input: &Input| names.get(&input.display);
        let mut devices: BTreeMap<String, Vec<Input>> = BTreeMap::new();
        for mut device in self.devices {
            let known: BTreeSet<&str> = device
                .inputs
                .iter()
                .filter_map(|input| Some(before(input)?.device.as_str()))
                .collect();
            let name = match known.len() {
                1 => known.first().map_or_else(String::new, ToString::to_string),
                _ => device.name,
            };
            for input in &mut device.inputs {
                if let Some(named) = names.get(&input.display) {
                    input.display.clone_from(&named.path);
                }
            }
            devices
                .entry(free_name(&devices, &name))
                .or_insert(device.inputs);
        }
        for (display, ..) in &mut self.left_out {
            if let Some(named) = names.get(display) {
                let path = self.left_paths.remove(display);
                self.left_paths
                    .extend(path.map(|path| (named.path.clone(), path)));
                display.clone_from(&named.path);
            }
        }
        self.left_out.sort();
        self.devices = numbered(devices);
        self
    }
}

/// Inputs in the order of their paths, numbered over all devices.
fn numbered(devices: BTreeMap<String, Vec<Input>>) -> Vec<DeviceInputs> {
    let mut next = 0_u32;
    devices
        .into_iter()
        .map(|(name, mut inputs)| {
            inputs.sort_by(|a, b| a.display.cmp(&b.display));
            for input in &mut inputs {
                input.id = InputId(next);
                next = next.saturating_add(1);
            }
            DeviceInputs { name, inputs }
        })
        .collect()
}

impl Folder {
    /// The inputs that a file straight in the folder is or holds: an archive may hold the folders of several phones.
    fn add_file(&mut self, inputs: Vec<Input>) {
        for (phone, inputs) in archive::by_phone(inputs) {
            match phone {
                Some(name) => self.below.entry(name).or_default().extend(inputs),
                None => self.straight.extend(inputs),
            }
        }
    }

    fn into_devices(mut self, name: &str) -> BTreeMap<String, Vec<Input>> {
        for (phone, inputs) in archive::take_phones(&mut self.straight, true) {
            self.below.entry(phone).or_default().extend(inputs);
        }
        for (folder, mut inputs) in std::mem::take(&mut self.below) {
            for (phone, inputs) in archive::take_phones(&mut inputs, false) {
                let name = free_name(&self.below, &format!("{folder} {phone}"));
                self.below.insert(name, inputs);
            }
            if !inputs.is_empty() {
                self.below.entry(folder).or_default().extend(inputs);
            }
        }
        if self.straight.is_empty() {
            return self.below;
        }
        let mut devices = BTreeMap::new();
        for (folder, inputs) in self.below {
            if inputs.iter().any(Input::has_traffic) {
                devices.insert(folder, inputs);
            } else {
                self.straight.extend(inputs);
            }
        }
        let own = free_name(&devices, name);
        devices.insert(own, self.straight);
        devices
    }
}

/// A name of a phone as it is compared: whatever its case, and whether its letters are composed (UAX #15) or, as macOS writes
/// names of files, decomposed.
pub fn plain_name(name: &str) -> String {
    name.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// A name that no device has yet.
fn free_name(devices: &BTreeMap<String, Vec<Input>>, name: &str) -> String {
    let mut free = name.to_owned();
    let mut number = 1_u32;
    while devices.contains_key(&free) {
        number = number.saturating_add(1);
        free = format!("{name} ({number})");
    }
    free
}

/// Of the one file with traffic, else of the archive or folder that all lie in, else of the first.
fn name_of_files(files: &[Input]) -> String {
    let with_traffic: Vec<&Input> = files.iter().filter(|input| input.has_traffic()).collect();
    if let ([only], _) | ([], [only]) = (&*with_traffic, &*files.iter().collect::<Vec<_>>()) {
        return stem(&only.path);
    }
    let mut paths = files.iter().map(|file| &file.path);
    if let Some(archive) = paths.next()
        && paths.all(|other| other == archive)
    {
        return stem(archive);
    }
    let mut folders = files.iter().map(|file| file.path.parent());
    match folders.next().flatten() {
        Some(folder) if folders.all(|other| other == Some(folder)) => folder_name(folder),
        _ => files
            .first()
            .map(|file| stem(&file.path))
            .unwrap_or_default(),
    }
}

fn name_of_case(paths: &[PathBuf]) -> String {
    let mut parents = paths.iter().map(|path| path.parent());
    match (paths, parents.next().flatten()) {
        ([path], _) if path.is_dir() => folder_name(path),
        ([path], _) => stem(path),
        (_, Some(parent)) if parents.all(|other| other == Some(parent)) => folder_name(parent),
        ([first, ..], _) => stem(first),
        ([], _) => String::new(),
    }
}

/// The file's name without its ending, also without a second one (`.pcap.gz`).
fn stem(path: &Path) -> String {
    if path.as_os_str() == Input::STDIN {
        return "stdin".to_owned();
    }
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    let stem = match path.extension() {
        Some(ending) if ending == "gz" || ending == "zst" => {
            Path::new(stem).file_stem().unwrap_or(stem)
        }
        _ => stem,
    };
    stem.to_string_lossy().into_owned()
}

/// The folder's own name, also where it was named `.` or `..`.
fn folder_name(path: &Path) -> String {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = fs::canonicalize(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

#[derive(Default)]
struct Search {
    policy: Option<PathBuf>,
    /// What it says.
    said: Said,
    left_out: Vec<(String, Shortfall, String)>,
    /// Where those lie that are no part of an archive.
    left_paths: BTreeMap<String, PathBuf>,
    for_people: Vec<String>,
    /// Files and folders by their real paths, so that nothing is read twice and links cannot lead in circles.
    seen: BTreeSet<PathBuf>,
    /// The named folder that is walked, by its real path.
    root: PathBuf,
    files: usize,
    /// Why the first unreadable input cannot be read.
    failure: Option<(PathBuf, io::Error)>,
}

impl Search {
    fn is_new(&mut self, path: &Path) -> bool {
        match fs::canonicalize(path) {
            Ok(real) => self.seen.insert(real),
            // Opening it will say why.
            Err(_) => true,
        }
    }

    /// Whether it is a symbolic link to something outside of the folder that is walked.
    fn leads_out(&self, path: &Path) -> bool {
        let is_link = fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
        is_link && fs::canonicalize(path).is_ok_and(|real| !real.starts_with(&self.root))
    }

    fn leave_out(&mut self, display: &str, shortfall: Shortfall, reason: String) {
        self.left_out.push((display.to_owned(), shortfall, reason));
    }

    fn leave_unreadable(&mut self, display: &str, path: &Path, error: io::Error) {
        self.leave_out(display, Shortfall::Unreadable, error.to_string());
        self.left_paths.insert(display.to_owned(), path.to_owned());
        self.failure.get_or_insert((path.to_owned(), error));
    }

    fn stdin(&mut self) -> Option<Input> {
        let found = Found {
            path: PathBuf::from(Input::STDIN),
            display: Input::STDIN.to_owned(),
            folder: None,
        };
        let mut prefix = Vec::new();
        loop {
            let seen = prefix.len();
            // One read at a time: a live capture through a pipe is recognised with its first packet.
            let mut piece = vec![0; STDIN_BYTES.saturating_sub(seen)];
            match io::stdin().read(&mut piece) {
                Ok(length) => prefix.extend(piece.iter().take(length)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.leave_unreadable(Input::STDIN, &found.path, error);
                    return None;
                }
            }
            let is_all = prefix.len() == seen || prefix.len() >= STDIN_BYTES;
            match recognise(
                &found.path,
                &found.display,
                Bytes::Prefix(&prefix),
                &Columns::default(),
            ) {
                Recognised::Input(input) => {
                    return Some(Input {
                        content: Content::Stdin(Arc::from(prefix)),
                        ..input
                    });
                }
                other if is_all => return self.input(&found, other, true),
                Recognised::LeftOut(..) | Recognised::Archive | Recognised::Quiet => {}
            }
        }
    }

    fn named_file(&mut self, path: &Path) -> Vec<Input> {
        let display = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let found = Found {
            path: path.to_owned(),
            display,
            folder: None,
        };
        if !self.is_new(path) {
            return Vec::new();
        }
        self.file(&found, true)
    }

    /// The inputs that a file is or, if it is an archive, holds.
    fn file(&mut self, found: &Found, is_named: bool) -> Vec<Input> {
        if found.path.is_dir() {
            return match app_folder::input(&found.path, &found.display) {
                Ok(input) => vec![input],
                Err(error) => {
                    self.leave_unreadable(&found.display, &found.path, error);
                    Vec::new()
                }
            };
        }
        match recognise_file(&found.path, &found.display, &self.said.columns) {
            Ok(Recognised::Archive) => self.archive(found),
            Ok(recognised) => {
                let input = self.input(found, recognised, is_named);
                let mut inputs: Vec<Input> = input.into_iter().collect();
                // An archive of anything may have an app package at its root.
                if inputs.iter().any(|input| input.format == PACKAGE_SET.name) {
                    let columns = &self.said.columns;
                    let held = archive::look(&found.path, &found.display, columns);
                    let others = held.inputs.into_iter();
                    inputs.extend(others.filter(|input| !document::is_package(input.format)));
                }
                inputs
            }
            Err(error) => {
                self.leave_unreadable(&found.display, &found.path, error);
                Vec::new()
            }
        }
    }

    fn leave_file(&mut self, found: &Found, shortfall: Shortfall, reason: String) {
        let shortfall = match shortfall {
            Shortfall::UnknownFormat if is_called_capture(&found.display) => Shortfall::Unreadable,
            other => other,
        };
        self.left_paths
            .insert(found.display.clone(), found.path.clone());
        self.leave_out(&found.display, shortfall, reason);
    }

    fn archive(&mut self, found: &Found) -> Vec<Input> {
        let held = archive::look(&found.path, &found.display, &self.said.columns);
        self.left_out.extend(held.left_out);
        self.for_people.extend(held.for_people);
        held.inputs
    }

    fn input(&mut self, found: &Found, recognised: Recognised, is_named: bool) -> Option<Input> {
        match recognised {
            Recognised::Input(input) => return Some(input),
            Recognised::LeftOut(shortfall, reason) => self.leave_file(found, shortfall, reason),
            Recognised::Quiet if is_named || is_called_capture(&found.display) => {
                let reason = "text of no known format".to_owned();
                self.leave_file(found, Shortfall::UnknownFormat, reason);
            }
            // Only files are looked into.
            Recognised::Archive => {}
            Recognised::Quiet => self.for_people.push(found.display.clone()),
        }
        None
    }

    fn folder(&mut self, root: &Path, prefix: &str) -> Result<Folder> {
        let policy = root.join("phonehome.toml");
        if policy.is_file() && self.policy.is_none() {
            self.said = policy::read(&policy)?;
            self.policy = Some(policy);
        }
        let mut found = Vec::new();
        self.root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        self.walk(root, prefix, None, 0, &mut found);
        let mut folder = Folder::default();
        let mut seen: Vec<Input> = Vec::new();
        // Folders whose names are one however they are spelled are one phone.
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        // Which of them are bodies is known once there is a HAR beside them.
        let (bodies, files): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|found| attachment::is_named_so(&found.display));
        for found in files.into_iter().chain(bodies) {
            let is_body = attachment::is_named_so(&found.display)
                && attachment::is_beside_har(&found.display, &seen);
            let inputs = if is_body {
                vec![Input {
                    display: found.display.clone(),
                    format: attachment::NAME,
                    bytes: fs::metadata(&found.path).map_or(0, |file| file.len()),
                    ..Input::file_at(&found.path)
                }]
            } else {
                self.file(&found, false)
            };
            seen.extend(
                inputs
                    .iter()
                    .filter(|input| input.format == har::FORMAT.name)
                    .cloned(),
            );
            if inputs.is_empty() {
                continue;
            }
            match found.folder {
                None => folder.add_file(inputs),
                Some(name) => {
                    let name = names.entry(plain_name(&name)).or_insert(name);
                    let inside = folder.below.entry(name.clone());
                    inside.or_default().extend(inputs);
                }
            }
        }
        Ok(folder)
    }

    fn walk(
        &mut self,
        path: &Path,
        prefix: &str,
        folder: Option<&str>,
        depth: usize,
        found: &mut Vec<Found>,
    ) {
        let name = prefix.trim_end_matches('/');
        if depth > FOLDER_DEPTH {
            let reason = format!("more than {FOLDER_DEPTH} folders deep");
            return self.leave_out(name, Shortfall::InputLimit, reason);
        }
        if !self.is_new(path) {
            return;
        }
        let entries = match sorted_entries(path) {
            Ok(entries) => entries,
            Err(error) => return self.leave_unreadable(name, path, error),
        };
        for (name, path) in entries {
            let display = format!("{prefix}{name}");
            if self.leads_out(&path) {
                let reason = "a link that leads out of the named folder".to_owned();
                self.leave_out(&display, Shortfall::LinkOut, reason);
                continue;
            }
            if path.is_dir() && !app_folder::is_app(&path) {
                let folder = folder.unwrap_or(&name);
                self.walk(
                    &path,
                    &format!("{display}/"),
                    Some(folder),
                    depth.saturating_add(1),
                    found,
                );
                continue;
            }
            if (depth == 0 && name == "phonehome.toml") || !self.is_new(&path) {
                continue;
            }
            if self.files >= INPUT_FILES {
                let reason = format!("more than {INPUT_FILES} files");
                return self.leave_out(&display, Shortfall::InputLimit, reason);
            }
            self.files = self.files.saturating_add(1);
            found.push(Found {
                path,
                display,
                folder: folder.map(str::to_owned),
            });
        }
    }

    /// Why there is nothing to audit, as exactly as can be said.
    fn into_error(self, first: &Path) -> Error {
        if let Some((path, source)) = self.failure {
            return Error::Read { path, source };
        }
        match self.left_out.into_iter().next() {
            Some((_, _, reason)) if !first.is_dir() => Error::Format {
                path: first.to_owned(),
                reason,
            },
            _ => Error::Empty {
                path: first.to_owned(),
            },
        }
    }
}

/// Whether a name says that a file is a capture, compressed or not.
fn is_called_capture(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let bare = [".gz", ".zst"]
        .iter()
        .find_map(|end| name.strip_suffix(end));
    let bare = bare.unwrap_or(&name);
    CAPTURE_ENDINGS.iter().any(|end| bare.ends_with(end))
}

/// Names and paths in a folder, sorted, without hidden ones.
fn sorted_entries(path: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)?.take(INPUT_FILES.saturating_add(1)) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((name, entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}
