//! Lists of a device management name the phones of a whole fleet: each becomes a device, or is put to the one that is there.

use std::collections::BTreeMap;

use crate::attribute::resolve_names;
use crate::intake::{Case, Input};
use crate::model::{Dossier, PermissionPolicy};
use crate::rules::Rules;

/// All phones of a case: those that have inputs of their own, in the order of the case, then those that lists name.
#[derive(Debug, Default)]
pub(super) struct Phones {
    pub(super) names: Vec<String>,
    pub(super) dossiers: Vec<Dossier>,
    /// Nothing but lists of other phones: no phone to report on.
    pub(super) is_list: Vec<bool>,
}

/// Sorts what lists say to the phones that they name. `dossiers` are those of the case's devices.
pub(super) fn spread(case: &Case, mut dossiers: Vec<Dossier>, rules: &Rules) -> Phones {
    let mut policies: BTreeMap<String, PermissionPolicy> = BTreeMap::new();
    let mut listed: BTreeMap<String, Dossier> = BTreeMap::new();
    let mut is_list = Vec::new();
    for (device, dossier) in case.devices.iter().zip(&mut dossiers) {
        policies.append(&mut dossier.policies);
        let mut others = std::mem::take(&mut dossier.others);
        let has_traffic = device.inputs.iter().any(Input::has_traffic);
        let is_phone = has_traffic || !dossier.is_empty();
        // A list of one phone that lies with that phone is about it.
        if is_phone
            && others.len() == 1
            && let Some((_, only)) = others.pop_first()
        {
            dossier.merge(only);
        }
        is_list.push(!is_phone && !others.is_empty());
        for (id, other) in others {
            listed.entry(id).or_default().merge(other);
        }
    }
    let mut names: Vec<String> = case
        .devices
        .iter()
        .map(|device| device.name.clone())
        .collect();
    // Before any is added: lists name phones by many names, and only the folders' are the user's.
    let places: BTreeMap<String, usize> = names
        .iter()
        .zip(&dossiers)
        .enumerate()
        .flat_map(|(place, (name, dossier))| {
            let aliases = dossier.aliases.iter();
            aliases
                .chain(std::iter::once(name))
                .map(move |alias| (alias.to_lowercase(), place))
        })
        .collect();
    let mut new: Vec<(String, Dossier)> = Vec::new();
    for (id, other) in listed {
        let place = other
            .aliases
            .iter()
            .find_map(|alias| places.get(&alias.to_lowercase()));
        match place.and_then(|place| Some((dossiers.get_mut(*place)?, is_list.get_mut(*place)?))) {
            Some((dossier, is_list)) => {
                dossier.merge(other);
                *is_list = false;
            }
            None => new.push((id, other)),
        }
    }
    for (id, other) in new {
        let name = other.name.clone().unwrap_or_else(|| id.clone());
        // Two phones of one name are told apart by their ids.
        let name = if names.contains(&name) {
            format!("{name} ({id})")
        } else {
            name
        };
        names.push(name);
        dossiers.push(other);
        is_list.push(false);
    }
    for dossier in &mut dossiers {
        resolve_names(rules, dossier);
        dossier.apply_policy(&policies);
    }
    Phones {
        names,
        dossiers,
        is_list,
    }
}
