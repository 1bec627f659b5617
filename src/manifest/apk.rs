//! APK → `AndroidManifest.xml` (and what it needs of `resources.arsc`) → declaration.

use std::collections::BTreeSet;
use std::io;

use super::Read;
use super::android_manifest::{Resources, network_security_path, references};
use super::binary_xml::{self, Tree};
use super::network_security::{is_text, network_security_config};
use super::resource_table::ResourceTable;
use super::signing::signers;
use super::text_xml::text_xml;
use super::zip_archive::Archive;
use crate::limits;
use crate::model::{Declaration, NetworkPolicy};

const MANIFEST: &[u8] = b"AndroidManifest.xml";
const RESOURCES: &[u8] = b"resources.arsc";

/// An APK, of which only the directory, the manifest and, where it is needed, the resource table are read.
pub fn apk<I: io::Read + io::Seek>(input: &mut I) -> Read<Option<Declaration>> {
    let mut archive = Archive::open(input);
    let manifests: Vec<_> = archive
        .entries
        .iter()
        .filter(|entry| entry.name == MANIFEST)
        .cloned()
        .collect();
    if manifests.len() > 1 {
        archive
            .oddities
            .push("AndroidManifest.xml more than once in the ZIP archive".to_owned());
    }
    let mut read = Read::default();
    // The platform takes the first; a decoy that is no manifest must not hide the other.
    let damage_before = archive.damage.len();
    let mut said_first = None;
    'found: for entry in &manifests {
        for method in entry.methods() {
            let content = archive.content(entry, method, limits::MANIFEST_BYTES);
            let attempt = content.map(|content| manifest(&content, &mut archive));
            let mut attempt = attempt.unwrap_or_default();
            if attempt.value.is_some() {
                read = attempt;
                break 'found;
            }
            // What is said of a method that was merely tried is of no use.
            let mut said = archive.damage.split_off(damage_before);
            said.append(&mut attempt.damage);
            said_first.get_or_insert(said);
        }
    }
    if read.value.is_none() {
        read.damage = said_first.unwrap_or_default();
    }
    if manifests.is_empty() {
        read.damage
            .push("a ZIP archive without AndroidManifest.xml".to_owned());
    }
    if let Some(declaration) = &mut read.value {
        declaration.signers = signers(&mut archive);
        declaration.oddities.extend(archive.oddities);
    }
    archive.damage.append(&mut read.damage);
    read.damage = archive.damage;
    read
}

fn manifest<I: io::Read + io::Seek>(
    content: &[u8],
    archive: &mut Archive<'_, I>,
) -> Read<Option<Declaration>> {
    if is_text(content) {
        let mut read = text_xml(content);
        if let Some(declaration) = &mut read.value {
            declaration
                .oddities
                .insert("the manifest is text, which no phone installs".to_owned());
        }
        return read;
    }
    let tree = binary_xml::tree(content);
    let resources = resources(&tree, archive);
    let mut declaration = tree.declaration(&resources);
    if let Some(declaration) = &mut declaration
        && declaration.has_network_security_config
    {
        declaration.network_policy =
            network_policy(&tree, &resources, archive, &mut declaration.oddities);
    }
    tree.read(declaration)
}

/// The network security configuration that the manifest names, if it lies in this package.
fn network_policy<I: io::Read + io::Seek>(
    tree: &Tree,
    resources: &Resources,
    archive: &mut Archive<'_, I>,
    oddities: &mut BTreeSet<String>,
) -> Option<NetworkPolicy> {
    let path = network_security_path(&tree.elements, resources);
    let entry = path.and_then(|path| archive.entry(path.as_bytes()).cloned());
    let Some(entry) = entry else {
        oddities.insert("the network security configuration is not in the package".to_owned());
        return None;
    };
    let [method, _] = entry.methods();
    let content = archive.content(&entry, method, limits::MANIFEST_BYTES)?;
    let read = network_security_config(&content);
    archive.damage.extend(
        read.damage
            .into_iter()
            .map(|what| format!("network security configuration: {what}")),
    );
    read.value
}

/// Values of the resources that the manifest refers to. A table that cannot be read costs the label, not the manifest.
fn resources<I: io::Read + io::Seek>(tree: &Tree, archive: &mut Archive<'_, I>) -> Resources {
    let mut ids: Vec<u32> = references(&tree.elements).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > limits::RESOURCE_LOOKUPS {
        archive
            .damage
            .push("the manifest refers to more resources than the bound".to_owned());
        ids.truncate(limits::RESOURCE_LOOKUPS);
    }
    let mut resources = Resources::new();
    let entry = archive.entry(RESOURCES).cloned();
    let Some(entry) = entry.filter(|_| !ids.is_empty()) else {
        return resources;
    };
    let [method, _] = entry.methods();
    if let Some(content) = archive.content(&entry, method, limits::RESOURCE_TABLE_BYTES) {
        let table = ResourceTable::parse(&content);
        resources.extend(
            ids.into_iter()
                .filter_map(|id| Some((id, table.value(id)?))),
        );
    }
    resources
}
