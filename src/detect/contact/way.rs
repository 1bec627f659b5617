//! The names on the ways to values, and what they say of these.

use std::cell::OnceCell;

use hashbrown::HashMap;

use crate::detect::Scene;
use crate::detect::name::Name;
use crate::model::{PathId, Step};

/// The names on the way to a value, without indexes and numbering: what all elements of a list share, also where it is an object
/// keyed by contact id (`{"17": ["+49…"], "18": ["+49…"]}`) or a form of `phone1`, `phone2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Way(u32);

/// The ways of one message; made once one is asked for.
pub(super) struct Ways<'a> {
    scene: &'a Scene<'a>,
    all: OnceCell<All<'a>>,
}

struct All<'a> {
    /// The way before the last name, and that name.
    steps: Vec<(Way, &'a str)>,
    of_path: Vec<Way>,
}

impl<'a> All<'a> {
    fn of(scene: &'a Scene<'a>) -> Self {
        let mut first: HashMap<&str, u32> = HashMap::new();
        let names = (0..).zip(&scene.names);
        let stems: Vec<(u32, &'a str)> = names
            .map(|(number, name)| (*first.entry(&name.stem).or_insert(number), &*name.stem))
            .collect();
        let paths = &scene.fields.paths;
        let mut ways = Vec::new();
        let mut of_path: Vec<Way> = Vec::with_capacity(paths.len().saturating_add(1));
        let mut by_step: HashMap<(Way, u32), Way> = HashMap::new();
        of_path.push(Way::default());
        for (parent, step) in paths.iter() {
            let before = of_path.get(parent.position()).copied().unwrap_or_default();
            let own = match step {
                Step::Name(name) => stems.get(name.position()),
                Step::Index(_) => None,
            };
            of_path.push(own.map_or(before, |(number, stem)| {
                *by_step.entry((before, *number)).or_insert_with(|| {
                    ways.push((before, *stem));
                    Way(u32::try_from(ways.len()).unwrap_or(u32::MAX))
                })
            }));
        }
        Self {
            steps: ways,
            of_path,
        }
    }
}

impl<'a> Ways<'a> {
    pub(super) fn of(scene: &'a Scene<'a>) -> Self {
        Self {
            scene,
            all: OnceCell::new(),
        }
    }

    fn all(&self) -> &All<'a> {
        self.all.get_or_init(|| All::of(self.scene))
    }

    pub(super) fn of_path(&self, path: PathId) -> Way {
        let all = &self.all().of_path;
        all.get(path.position()).copied().unwrap_or_default()
    }

    fn step(&self, way: Way) -> Option<(Way, &'a str)> {
        let position = usize::try_from(way.0).ok()?.checked_sub(1)?;
        self.all().steps.get(position).copied()
    }

    /// The same without the last name.
    pub(super) fn before(&self, way: Way) -> Way {
        self.step(way).map_or(way, |(before, _)| before)
    }

    /// The way to the object that a value is a member of.
    pub(super) fn object(&self, path: PathId) -> Way {
        let way = self.of_path(path);
        // An element of `["Anna Beispiel", "4930…"]` has no name of its own.
        match self.scene.fields.paths.split(path) {
            Some((_, Step::Name(_))) => self.before(way),
            _ => way,
        }
    }

    pub(super) fn names(&self, way: Way) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut at = way;
        while let Some((before, name)) = self.step(at) {
            names.push(name);
            at = before;
        }
        names.reverse();
        names
    }
}

/// What the names on the way to a value say of it.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "answers to questions that do not depend on each other"
)]
pub(super) struct Below {
    pub(super) contacts: bool,
    pub(super) digests: bool,
    pub(super) numbers: bool,
    /// Names say that these numbers are phones'.
    pub(super) phones: bool,
}

/// What the names of a message say, by path; nothing, as nearly always, where no name says anything.
pub(super) struct Names(Vec<Below>);

impl Names {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let says = |name: &Name| Below {
            contacts: name.speaks_of_contacts,
            digests: name.lists_digests,
            numbers: name.names_numbers,
            phones: name.names_phones,
        };
        let mut names = scene.names.iter().map(|name| says(name));
        if !names.any(|below| below.contacts || below.digests || below.numbers) {
            return Self(Vec::new());
        }
        let paths = &scene.fields.paths;
        let mut all = Vec::with_capacity(paths.len().saturating_add(1));
        all.push(Below::default());
        for (parent, step) in paths.iter() {
            let mut below: Below = all.get(parent.position()).copied().unwrap_or_default();
            if let Step::Name(name) = step
                && let Some(name) = scene.names.get(name.position())
            {
                let own = says(name);
                below.contacts |= own.contacts;
                below.digests |= own.digests;
                below.numbers |= own.numbers;
                below.phones |= own.phones;
            }
            all.push(below);
        }
        Self(all)
    }

    pub(super) fn of_path(&self, path: PathId) -> Below {
        self.0.get(path.position()).copied().unwrap_or_default()
    }
}
