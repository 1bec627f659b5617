//! Phones beside those that have inputs of their own: lists of a device management name those of a whole fleet, and captures of a
//! network show its clients. Each becomes a device, or is put to the one that is there.

use std::collections::BTreeMap;

use super::Streamed;
use super::reader::Client;
use crate::attribute::resolve_names;
use crate::intake::{Case, Input, plain_name};
use crate::model::{DeviceId, Dossier, PermissionPolicy};
use crate::rules::Rules;

/// The clients of all networks of a case, which are devices behind those of the case.
#[derive(Debug)]
pub(super) struct Clients {
    /// Number of devices of the case.
    before: usize,
    by_key: BTreeMap<(DeviceId, String), usize>,
    /// The hardware address behind an IP address, as captures show it; none where they show several.
    by_address: BTreeMap<(DeviceId, String), Option<String>>,
    all: Vec<(DeviceId, Client)>,
}

impl Clients {
    /// None yet, behind so many devices of the case.
    pub(super) fn new(before: usize) -> Self {
        Self {
            before,
            by_key: BTreeMap::new(),
            by_address: BTreeMap::new(),
            all: Vec::new(),
        }
    }

    /// Learns from a capture which addresses its clients have, by which records of the same network know them.
    pub(super) fn learn(&mut self, network: DeviceId, streamed: &Streamed) {
        for (address, place) in &streamed.addresses {
            let Some(client) = streamed.clients.get(*place) else {
                continue;
            };
            let known = self.by_address.entry((network, address.to_string()));
            known
                .and_modify(|known| {
                    if known.as_ref() != Some(&client.key) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(client.key.clone()));
        }
    }

    /// Puts what a capture of a network showed to the phones that its clients are, and says which these are.
    pub(super) fn take_over(
        &mut self,
        network: DeviceId,
        streamed: &mut Streamed,
    ) -> Vec<DeviceId> {
        let mut devices = vec![network];
        for client in streamed.clients.iter().skip(1) {
            let next = self.all.len();
            let mut client = client.clone();
            let own = (network, client.key.clone());
            if let Some(Some(key)) = self.by_address.get(&own) {
                client.key.clone_from(key);
            }
            let key = (network, client.key.clone());
            let at = *self.by_key.entry(key).or_insert(next);
            match self.all.get_mut(at) {
                Some((_, known)) => known.name = known.name.take().or(client.name),
                None => self.all.push((network, client)),
            }
            let device = self.before.saturating_add(at);
            devices.push(DeviceId(u32::try_from(device).unwrap_or(u32::MAX)));
        }
        let tally = std::mem::take(&mut streamed.tally);
        streamed.tally = tally.put_to(|local| {
            let device = devices.get(local.0 as usize);
            device.copied().unwrap_or(network)
        });
        devices
    }

    /// All of them with their names and what is known of the networks; those of several networks are named after these too.
    pub(super) fn named(self, names: &[String], networks: &[Dossier]) -> Vec<(String, Dossier)> {
        let is_one = names.len() == 1;
        let name = |(network, client): (DeviceId, Client)| {
            let place = network.0 as usize;
            let title = match names.get(place) {
                Some(name) if !is_one => format!("{name}: {}", client.title()),
                _ => client.title(),
            };
            (title, networks.get(place).cloned().unwrap_or_default())
        };
        self.all.into_iter().map(name).collect()
    }
}

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
    // By their ids however these are spelled.
    let mut listed: BTreeMap<String, (String, Dossier)> = BTreeMap::new();
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
            let (_, known) = listed
                .entry(plain_name(&id))
                .or_insert_with(|| (id, Dossier::default()));
            known.merge(other);
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
                .map(move |alias| (plain_name(alias), place))
        })
        .collect();
    let mut new: Vec<(String, Dossier)> = Vec::new();
    for (id, other) in listed.into_values() {
        let place = other
            .aliases
            .iter()
            .find_map(|alias| places.get(&plain_name(alias)));
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
    for (dossier, name) in dossiers.iter_mut().zip(&names) {
        // What the user says goes before what a dump says.
        let said = case.policy.device(name);
        if let Some(zone) = said.and_then(|device| device.time_zone.as_ref()) {
            dossier.time_zone = Some(zone.clone());
        }
        resolve_names(rules, dossier);
        dossier.apply_policy(&policies);
    }
    Phones {
        names,
        dossiers,
        is_list,
    }
}
