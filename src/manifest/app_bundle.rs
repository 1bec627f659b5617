//! Android app bundles (AAB): the manifest of each module as a protocol buffer.

use std::io;

use super::Read;
use super::proto_xml::proto_xml;
use super::signing::signers;
use super::zip_archive::Archive;
use crate::limits;
use crate::model::Declaration;

const MANIFEST: &[u8] = b"/manifest/AndroidManifest.xml";

/// An app bundle: the declaration of its base module with those of the others.
pub fn app_bundle<I: io::Read + io::Seek>(input: &mut I) -> Read<Option<Declaration>> {
    let mut archive = Archive::open(input);
    let mut modules: Vec<Vec<u8>> = archive
        .entries
        .iter()
        .filter_map(|entry| entry.name.strip_suffix(MANIFEST))
        .filter(|module| !module.contains(&b'/'))
        .take(limits::NESTED_PACKAGES)
        .map(<[u8]>::to_vec)
        .collect();
    modules.sort_by_key(|module| (module != b"base", module.clone()));
    let mut bundle: Read<Option<Declaration>> = Read::default();
    for module in modules {
        let mut file = |name: &[u8], bound| {
            let path = [&module, name].concat();
            let entry = archive.entry(&path).cloned()?;
            let [method, _] = entry.methods();
            archive.content(&entry, method, bound)
        };
        let Some(manifest) = file(MANIFEST, limits::MANIFEST_BYTES) else {
            continue;
        };
        let resources = file(b"/resources.pb", limits::RESOURCE_TABLE_BYTES);
        let read = proto_xml(&manifest, &resources.unwrap_or_default());
        let name = String::from_utf8_lossy(&module);
        bundle.damage.extend(
            read.damage
                .into_iter()
                .map(|what| format!("{name}: {what}")),
        );
        match (&mut bundle.value, read.value) {
            (Some(base), Some(mut module)) => {
                module.split.get_or_insert_with(|| name.into_owned());
                base.merge(module);
            }
            (None, Some(base)) => bundle.value = Some(base),
            (_, None) => {}
        }
    }
    if let Some(declaration) = &mut bundle.value {
        declaration.signers = signers(&mut archive);
        declaration
            .oddities
            .append(&mut archive.oddities.drain(..).collect());
    }
    bundle.damage.append(&mut archive.damage);
    bundle
}
