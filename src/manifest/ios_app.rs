//! IPA (a ZIP archive around an iOS app) → `Info.plist`, entitlements, privacy manifests, embedded parts → declaration.

use std::io;

use memchr::memmem;

use super::Read;
use super::info_plist::{entitlements as add_entitlements, info_plist};
use super::mach_o::{entitlements, first_slice, mach_o};
use super::privacy_manifest::privacy_manifest;
use super::property_list::{Property, property_list};
use super::zip_archive::{Archive, Entry};
use crate::limits;
use crate::model::Declaration;

/// An IPA.
pub fn ios_app<I: io::Read + io::Seek>(input: &mut I) -> Read<Option<Declaration>> {
    let mut archive = Archive::open(input);
    let mut read: Read<Option<Declaration>> = Read::default();
    let Some(root) = root(&archive) else {
        read.damage
            .push("an archive without an app in Payload".to_owned());
        read.damage.append(&mut archive.damage);
        return read;
    };
    let mut app = App {
        archive: &mut archive,
        root,
        damage: Vec::new(),
    };
    read.value = app.declaration();
    read.damage.append(&mut app.damage);
    if let Some(declaration) = &mut read.value {
        declaration.oddities.extend(archive.oddities);
    }
    read.damage.append(&mut archive.damage);
    read
}

/// The folder of the app, with a slash at its end.
fn root<I>(archive: &Archive<'_, I>) -> Option<String> {
    archive.entries.iter().find_map(|entry| {
        let path = std::str::from_utf8(&entry.name).ok()?;
        let folder = path.strip_suffix("Info.plist")?;
        let app = folder.strip_prefix("Payload/")?.strip_suffix(".app/")?;
        (!app.contains('/')).then(|| folder.to_owned())
    })
}

struct App<'a, 'i, I> {
    archive: &'a mut Archive<'i, I>,
    root: String,
    damage: Vec<String>,
}

impl<I: io::Read + io::Seek> App<'_, '_, I> {
    fn declaration(&mut self) -> Option<Declaration> {
        let info = self.file("Info.plist")?;
        let read = info_plist(&info);
        self.damage.extend(read.damage);
        let mut declaration = read.value?;
        let executable = property_list(&info, &mut Vec::new()).and_then(|root| {
            let name = root.key("CFBundleExecutable")?.text()?;
            Some(name.to_owned())
        });
        self.parts(&mut declaration);
        let has_entitlements = executable
            .and_then(|name| self.executable(&name, &mut declaration))
            .is_some();
        if !has_entitlements {
            self.other_entitlements(&mut declaration);
        }
        Some(declaration)
    }

    fn file(&mut self, path: &str) -> Option<Vec<u8>> {
        let path = format!("{}{path}", self.root);
        let entry = self.archive.entry(path.as_bytes()).cloned()?;
        self.content(&entry)
    }

    fn content(&mut self, entry: &Entry) -> Option<Vec<u8>> {
        let [method, _] = entry.methods();
        self.archive.content(entry, method, limits::MANIFEST_BYTES)
    }

    /// Frameworks, bundles and extensions, with what they say.
    fn parts(&mut self, declaration: &mut Declaration) {
        let files: Vec<(String, Entry)> = self
            .archive
            .entries
            .iter()
            .filter_map(|entry| {
                let path = String::from_utf8_lossy(&entry.name);
                let inside = path.strip_prefix(self.root.as_str())?;
                Some((inside.to_owned(), entry.clone()))
            })
            .collect();
        let mut left = limits::APP_PARTS;
        for (path, entry) in files {
            for folder in path.split('/') {
                let is_part = [".framework", ".appex", ".bundle"]
                    .iter()
                    .any(|ending| folder.ends_with(ending));
                if is_part && declaration.parts.len() < limits::APP_PARTS {
                    declaration.parts.insert(folder.to_owned());
                }
            }
            let is_label = path.ends_with("PrivacyInfo.xcprivacy");
            let is_extension = path.ends_with(".appex/Info.plist");
            if !is_label && !is_extension {
                continue;
            }
            let Some(next) = left.checked_sub(1) else {
                self.damage
                    .push("more embedded parts than the bound".to_owned());
                break;
            };
            left = next;
            let content = self.content(&entry).unwrap_or_default();
            if is_label {
                let read = privacy_manifest(&content, &path);
                self.damage.extend(read.damage);
                declaration.labels.extend(read.value);
            } else if let Some(mut extension) = info_plist(&content).value {
                // What an extension may do, its app does; its name and version are its own.
                extension.split = Some(extension.package.clone());
                declaration.merge(extension);
            }
        }
    }

    /// Entitlements in the signature of the executable, and whether its code is encrypted.
    fn executable(&mut self, name: &str, declaration: &mut Declaration) -> Option<()> {
        let path = format!("{}{name}", self.root);
        let entry = self.archive.entry(path.as_bytes()).cloned()?;
        let mut start = 0;
        let mut head = self
            .archive
            .part(&entry, start, limits::MACH_O_HEADER_BYTES)?;
        let slice = first_slice(&head);
        if slice > 0 {
            start = slice;
            head = self
                .archive
                .part(&entry, start, limits::MACH_O_HEADER_BYTES)?;
        }
        let found = mach_o(&head, start)?;
        let (at, length) = found.signature?;
        let signature = self
            .archive
            .part(&entry, at, length.min(limits::CODE_SIGNATURE_BYTES))?;
        let list = entitlements(&signature)?;
        let root = property_list(list, &mut self.damage)?;
        add_entitlements(&root, declaration);
        Some(())
    }

    /// Where the signature has none: the provisioning profile (CMS around a property list), or the build's own file.
    fn other_entitlements(&mut self, declaration: &mut Declaration) {
        if let Some(list) = self.file("archived-expanded-entitlements.xcent")
            && let Some(root) = property_list(&list, &mut self.damage)
        {
            add_entitlements(&root, declaration);
            return;
        }
        let Some(profile) = self.file("embedded.mobileprovision") else {
            return;
        };
        let start = memmem::find(&profile, b"<?xml");
        let end = memmem::rfind(&profile, b"</plist>");
        let list = start
            .zip(end)
            .and_then(|(start, end)| profile.get(start..end.saturating_add(8)));
        let root = list.and_then(|list| property_list(list, &mut self.damage));
        match root.as_ref().and_then(|root| root.key("Entitlements")) {
            Some(list @ Property::Dictionary(_)) => add_entitlements(list, declaration),
            _ => self
                .damage
                .push("a provisioning profile without entitlements".to_owned()),
        }
    }
}
