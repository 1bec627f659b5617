//! Which paths of a message are the same object: documents may name a member twice, and forms begin anew for each field.

use hashbrown::HashMap;

use crate::model::{PathId, Paths, Step};

/// For each path, the first one with the same steps. Only of elements, and of paths that others go on from.
pub(super) fn objects(paths: &Paths) -> Vec<PathId> {
    let mut goes_on = vec![false; paths.len().saturating_add(1)];
    for (parent, _) in paths.iter() {
        if let Some(goes_on) = goes_on.get_mut(parent.position()) {
            *goes_on = true;
        }
    }
    let names = first_names(paths);
    let mut objects: Vec<PathId> = Vec::with_capacity(goes_on.len());
    let mut first: HashMap<(PathId, bool, u32), PathId> = HashMap::new();
    objects.push(PathId::default());
    for (id, (parent, step)) in paths.ids().skip(1).zip(paths.iter()) {
        let goes_on = goes_on.get(id.position()).copied().unwrap_or_default();
        let (is_name, number) = match step {
            Step::Name(name) => (
                true,
                names.get(name.position()).copied().unwrap_or_default(),
            ),
            Step::Index(index) => (false, index),
        };
        if is_name && !goes_on {
            objects.push(id);
            continue;
        }
        let parent = objects.get(parent.position()).copied();
        let key = (parent.unwrap_or_default(), is_name, number);
        objects.push(*first.entry(key).or_insert(id));
    }
    objects
}

/// For each name, the number of the first with the same text.
fn first_names(paths: &Paths) -> Vec<u32> {
    let mut first: HashMap<&str, u32> = HashMap::with_capacity(paths.names().len());
    let names = (0..).zip(paths.names());
    names
        .map(|(number, name)| *first.entry(name).or_insert(number))
        .collect()
}
