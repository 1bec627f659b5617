//! Which paths of a message are the same object, and which names stand in it: documents may name a member twice, and forms begin
//! anew for each field.

use hashbrown::{HashMap, HashSet};

use crate::model::{Field, Fields, NameId, PathId, Paths, Place, Step};

/// For each path, the first one with the same steps; none at all, as nearly always, where each is the first. Only of elements,
/// and of paths that others go on from.
pub(super) fn objects(paths: &Paths) -> Vec<PathId> {
    let mut goes_on = vec![false; paths.len().saturating_add(1)];
    for (parent, _) in paths.iter() {
        if let Some(goes_on) = goes_on.get_mut(parent.position()) {
            *goes_on = true;
        }
    }
    let goes_on = |path: PathId| goes_on.get(path.position()).copied().unwrap_or_default();
    let names = first_names(paths);
    let name = |name: NameId| names.get(name.position()).copied().unwrap_or_default();
    if !may_repeat(paths, goes_on, name) {
        return Vec::new();
    }
    let mut objects: Vec<PathId> = Vec::with_capacity(paths.len().saturating_add(1));
    let mut first: HashMap<(PathId, bool, u32), PathId> = HashMap::new();
    objects.push(PathId::default());
    for (id, (parent, step)) in paths.ids().skip(1).zip(paths.iter()) {
        let (is_name, number) = match step {
            Step::Name(own) => (true, name(own)),
            Step::Index(index) => (false, index),
        };
        if is_name && !goes_on(id) {
            objects.push(id);
            continue;
        }
        let parent = objects.get(parent.position()).copied();
        let key = (parent.unwrap_or_default(), is_name, number);
        objects.push(*first.entry(key).or_insert(id));
    }
    objects
}

/// What stands below a path.
#[derive(Clone, Copy, Default)]
struct Below {
    /// Behind the elements so far.
    next: u32,
    /// The first name that others go on from.
    name: Option<u32>,
}

/// Whether an element does not stand behind those before it, or something goes on from a name that did so before.
fn may_repeat(
    paths: &Paths,
    goes_on: impl Fn(PathId) -> bool,
    name: impl Fn(NameId) -> u32,
) -> bool {
    let mut below = vec![Below::default(); paths.len().saturating_add(1)];
    // Most objects have one name at most that others go on from.
    let mut others: HashSet<(PathId, u32)> = HashSet::new();
    let mut steps = paths.ids().skip(1).zip(paths.iter());
    steps.any(|(id, (parent, step))| {
        let Some(below) = below.get_mut(parent.position()) else {
            return true;
        };
        match step {
            Step::Index(index) => {
                let is_behind = index >= below.next;
                below.next = index.saturating_add(1);
                !is_behind
            }
            Step::Name(own) if goes_on(id) => match below.name {
                None => {
                    below.name = Some(name(own));
                    false
                }
                Some(first) => first == name(own) || !others.insert((parent, name(own))),
            },
            Step::Name(_) => false,
        }
    })
}

/// For each name, the number of the first with the same text.
fn first_names(paths: &Paths) -> Vec<u32> {
    let mut first: HashMap<&str, u32> = HashMap::with_capacity(paths.names().len());
    let names = (0..).zip(paths.names());
    names
        .map(|(number, name)| *first.entry(name).or_insert(number))
        .collect()
}

/// The names in each object; those that stand in it in several parts of a message are there for each.
#[derive(Debug)]
pub(super) struct Members {
    /// Where the names of each object end.
    ends: Vec<usize>,
    names: Vec<(Place, NameId)>,
}

impl Members {
    /// Of fields whose objects `object` tells.
    pub(super) fn of(fields: &Fields<'_>, object: impl Fn(&Field<'_>) -> PathId) -> Self {
        let paths = &fields.paths;
        let entries = fields.iter().filter_map(|field| {
            let name = paths.last_name(field.path)?;
            Some((object(field).position(), (field.place, name)))
        });
        let entries: Vec<(usize, (Place, NameId))> = entries.collect();
        // The names of one object behind those of another: counted first, then put into their places.
        let mut starts = vec![0_usize; paths.len().saturating_add(2)];
        for (object, _) in &entries {
            if let Some(count) = starts.get_mut(object.saturating_add(1)) {
                *count = count.saturating_add(1);
            }
        }
        let mut before = 0_usize;
        for start in &mut starts {
            before = before.saturating_add(*start);
            *start = before;
        }
        let mut in_order: Vec<Option<(Place, NameId)>> = vec![None; entries.len()];
        for (object, name) in &entries {
            if let Some(at) = starts.get_mut(*object)
                && let Some(place) = in_order.get_mut(*at)
            {
                *place = Some(*name);
                *at = at.saturating_add(1);
            }
        }
        // By now each start is an end. Names that an object has more than once are left out.
        let mut last: Vec<Option<(usize, Place)>> = vec![None; paths.names().len()];
        let (mut names, mut from) = (Vec::with_capacity(entries.len()), 0_usize);
        for (object, end) in starts.iter_mut().enumerate() {
            let own = in_order.get(from..*end).unwrap_or_default();
            from = *end;
            for (place, name) in own.iter().copied().flatten() {
                let last = last.get_mut(name.position());
                if last.is_some_and(|last| last.replace((object, place)) != Some((object, place))) {
                    names.push((place, name));
                }
            }
            *end = names.len();
        }
        Self {
            ends: starts,
            names,
        }
    }

    /// The names in an object.
    pub(super) fn names(&self, object: PathId, place: Place) -> impl Iterator<Item = NameId> {
        let end = |position: usize| self.ends.get(position).copied().unwrap_or_default();
        let start = object.position().checked_sub(1).map_or(0, end);
        let names = self.names.get(start..end(object.position()));
        let names = names.unwrap_or_default().iter();
        names.filter_map(move |(own, name)| (*own == place).then_some(*name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{ChainId, Look, steps};

    /// Paths that each go one step on from one before them.
    fn fields(steps: &[(usize, bool, u32)]) -> Fields<'static> {
        let mut fields = Fields::default();
        let names: Vec<NameId> = ["a", "b", "a"]
            .map(|name| fields.paths.add_name(Arc::from(name)))
            .to_vec();
        let chain: ChainId = fields.add_chain(&[]);
        let mut paths = vec![PathId::default()];
        for (parent, is_name, number) in steps {
            let parent = paths[parent % paths.len()];
            let step = if *is_name {
                Step::Name(names[*number as usize % names.len()])
            } else {
                Step::Index(*number)
            };
            let path = fields.paths.add(parent, step);
            paths.push(path);
            fields.push(Field {
                place: if parent == PathId::default() {
                    Place::Query
                } else {
                    Place::Body
                },
                look: Look::default(),
                path,
                chain,
                value: "".into(),
            });
        }
        fields
    }

    proptest! {
        #[test]
        fn the_first_of_an_object_has_the_same_steps(steps in steps()) {
            let fields = fields(&steps);
            let paths = &fields.paths;
            let objects = objects(paths);
            let is_object = |id: PathId| {
                let goes_on = paths.iter().any(|(parent, _)| parent == id);
                goes_on || !matches!(paths.split(id), Some((_, Step::Name(_))))
            };
            for id in paths.ids().filter(|id| is_object(*id)) {
                let first = paths.ids().filter(|other| is_object(*other)).find(|other| paths.path(*other) == paths.path(id));
                let found = objects.get(id.position()).copied().unwrap_or(id);
                prop_assert_eq!(Some(found), first, "{}", paths.path(id));
            }
        }

        #[test]
        fn members_of_an_object_are_the_names_of_its_fields(steps in steps()) {
            let fields = fields(&steps);
            let object = |field: &Field<'_>| fields.paths.split(field.path).unwrap_or((PathId::default(), Step::Index(0))).0;
            let members = Members::of(&fields, object);
            for field in &fields {
                let beside = |other: &&Field<'_>| other.place == field.place && object(other) == object(field);
                let expected: BTreeSet<NameId> = fields.iter().filter(beside).filter_map(|other| fields.paths.last_name(other.path)).collect();
                let found: Vec<NameId> = members.names(object(field), field.place).collect();
                prop_assert_eq!(found.len(), expected.len());
                prop_assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
            }
        }
    }
}
