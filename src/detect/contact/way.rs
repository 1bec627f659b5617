//! The names on the ways to values, and what they say of these.

use std::cell::OnceCell;

use hashbrown::HashMap;

use crate::detect::Scene;
use crate::model::{OfBranches, PathId, Paths, Step};

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
    of_branch: OfBranches<Way>,
}

impl<'a> All<'a> {
    fn of(scene: &'a Scene<'a>) -> Self {
        let mut first: HashMap<&str, u32> = HashMap::with_capacity(scene.names.len());
        let names = (0..).zip(&scene.names);
        let stems: Vec<(u32, &'a str)> = names
            .map(|(number, name)| (*first.entry(&name.stem).or_insert(number), &*name.stem))
            .collect();
        let mut ways = Vec::new();
        let mut by_step: HashMap<(Way, u32), Way> = HashMap::with_capacity(scene.names.len());
        let of_branch = scene.outline.told(Way::default(), |before, name| {
            let Some((number, stem)) = stems.get(name.position()) else {
                return *before;
            };
            *by_step.entry((*before, *number)).or_insert_with(|| {
                ways.push((*before, *stem));
                Way(u32::try_from(ways.len()).unwrap_or(u32::MAX))
            })
        });
        Self {
            steps: ways,
            of_branch,
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
        let branch = self.scene.fields.paths.branch(path);
        self.all()
            .of_branch
            .get(branch)
            .copied()
            .unwrap_or_default()
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
    /// Digests of people may be there, by all that or by the last name.
    pub(super) may_be_digests: bool,
    /// The last name is of a person's name or a part of one.
    pub(super) may_be_person: bool,
}

impl Below {
    /// Whether nothing is said of numbers, addresses and digests.
    #[inline]
    pub(super) fn is_silent(self) -> bool {
        !self.contacts && !self.may_be_digests && !self.numbers && !self.phones
    }
}

/// What the names of a message say.
pub(super) struct Names<'a> {
    paths: &'a Paths,
    of_branch: OfBranches<Below>,
}

impl<'a> Names<'a> {
    pub(super) fn of(scene: &'a Scene<'_>) -> Self {
        let of_branch = scene.outline.told(Below::default(), |above, name| {
            let Some(name) = scene.names.get(name.position()) else {
                return *above;
            };
            let contacts = above.contacts || name.speaks_of_contacts;
            let digests = above.digests || name.lists_digests;
            Below {
                contacts,
                digests,
                may_be_digests: contacts || digests || name.lists_reachable,
                numbers: above.numbers || name.names_numbers,
                phones: above.phones || name.names_phones,
                may_be_person: name.is_person || name.may_be_part_of_person,
            }
        });
        Self {
            paths: &scene.fields.paths,
            of_branch,
        }
    }

    #[inline]
    pub(super) fn of_path(&self, path: PathId) -> Below {
        let branch = self.paths.branch(path);
        self.of_branch.get(branch).copied().unwrap_or_default()
    }
}
