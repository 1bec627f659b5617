//! The outline of a message: its paths with the numbers of elements left out. What depends on names alone is the same for all
//! elements of a list, and is asked once for the branch of the outline that they are on.

use std::collections::BTreeMap;

use super::{NameId, PathId, Step};

/// What paths have in common that differ in the numbers of elements only; by default the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch(u32);

impl Branch {
    #[inline]
    fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A branch, by the one that it goes on from.
#[derive(Clone, Copy, Debug, Default)]
struct Twig {
    above: Branch,
    /// `None` of elements, and of the root.
    name: Option<NameId>,
    /// The branch of its own elements.
    elements: Option<Branch>,
    /// The last of its paths that is an object, and what that one goes on from.
    last: PathId,
    last_place: (PathId, u32),
}

/// The branches of one message, made as its paths are.
#[derive(Debug)]
pub struct Outline {
    twigs: Vec<Twig>,
    /// By names, the branch that each went on from last, and the one that it made. Most go on from one only.
    lately: Vec<Option<(Branch, Branch)>>,
    others: BTreeMap<(Branch, NameId), Branch>,
    may_repeat: bool,
}

impl Default for Outline {
    fn default() -> Self {
        Self {
            twigs: vec![Twig::default()],
            lately: Vec::new(),
            others: BTreeMap::new(),
            may_repeat: false,
        }
    }
}

/// Something of each branch.
#[derive(Debug, Default)]
pub struct OfBranches<T>(Vec<T>);

impl<T> OfBranches<T> {
    /// What is of a branch.
    #[inline]
    pub fn get(&self, branch: Branch) -> Option<&T> {
        self.0.get(branch.position())
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, branch: Branch) -> Option<&mut T> {
        self.0.get_mut(branch.position())
    }
}

impl Outline {
    /// One more name may go on from branches.
    pub(super) fn add_name(&mut self) {
        self.lately.push(None);
    }

    /// The branch that goes on from another by a step.
    #[inline]
    pub(super) fn below(&mut self, above: Branch, step: Step) -> Branch {
        match step {
            Step::Index(_) => self.elements(above),
            Step::Name(name) => match self.lately.get(name.position()) {
                Some(Some((same, branch))) if *same == above => *branch,
                _ => self.named(above, name),
            },
        }
    }

    /// The branch of a name that went on from another one lately, or from none.
    #[cold]
    fn named(&mut self, above: Branch, name: NameId) -> Branch {
        let lately = self.lately.get(name.position()).copied().flatten();
        if let Some((other, branch)) = lately {
            self.others.entry((other, name)).or_insert(branch);
        }
        let known = self.others.get(&(above, name)).copied();
        let branch = known.unwrap_or_else(|| self.add(above, Some(name)));
        if let Some(lately) = self.lately.get_mut(name.position()) {
            *lately = Some((above, branch));
        }
        branch
    }

    fn add(&mut self, above: Branch, name: Option<NameId>) -> Branch {
        let branch = Branch(u32::try_from(self.twigs.len()).unwrap_or(u32::MAX));
        self.twigs.push(Twig {
            above,
            name,
            ..Twig::default()
        });
        branch
    }

    fn elements(&mut self, above: Branch) -> Branch {
        let twig = self.twigs.get(above.position());
        if let Some(known) = twig.and_then(|twig| twig.elements) {
            return known;
        }
        let branch = self.add(above, None);
        if let Some(twig) = self.twigs.get_mut(above.position()) {
            twig.elements = Some(branch);
        }
        branch
    }

    /// Notes a path on a branch that is an object: an element, or what others go on from. `place` is what it goes on from itself,
    /// and its number there. No object comes again where each on a branch goes on from a later one than those before it, or is a
    /// later element of the same.
    #[inline]
    pub(super) fn see_object(&mut self, branch: Branch, path: PathId, place: (PathId, u32)) {
        let Some(twig) = self.twigs.get_mut(branch.position()) else {
            return;
        };
        let last = std::mem::replace(&mut twig.last, path);
        if last == path {
            return;
        }
        let last_place = std::mem::replace(&mut twig.last_place, place);
        self.may_repeat |= last != PathId::default() && last_place >= place;
    }

    /// An object was taken back, and its number goes to another: nobody knows any longer which come again.
    #[cold]
    pub(super) fn forget_objects(&mut self) {
        self.may_repeat = true;
    }

    /// Whether two paths may be the same object.
    pub fn may_repeat(&self) -> bool {
        self.may_repeat
    }

    /// The names on a branch, from the last on.
    pub fn names_back(&self, branch: Branch) -> impl Iterator<Item = NameId> + Clone + '_ {
        let mut at = branch;
        let twigs = std::iter::from_fn(move || {
            let twig = self
                .twigs
                .get(at.position())
                .filter(|_| at != Branch::default())?;
            at = twig.above;
            Some(twig)
        });
        twigs.filter_map(|twig| twig.name)
    }

    /// What is said of each branch: of the root, and by the name that another goes on with, beside what is said before it.
    pub fn told<T: Clone>(&self, root: T, mut next: impl FnMut(&T, NameId) -> T) -> OfBranches<T> {
        let mut all: Vec<T> = Vec::with_capacity(self.twigs.len());
        for twig in &self.twigs {
            let above = all.get(twig.above.position()).unwrap_or(&root);
            let own = twig
                .name
                .map_or_else(|| above.clone(), |name| next(above, name));
            all.push(own);
        }
        OfBranches(all)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::model::Paths;

    pub(crate) fn steps() -> impl Strategy<Value = Vec<(usize, bool, u32)>> {
        proptest::collection::vec((0..12_usize, any::<bool>(), 0..4_u32), 0..12)
    }

    fn paths(steps: &[(usize, bool, u32)]) -> Paths {
        let mut paths = Paths::default();
        let names = ["a", "b", "c"].map(|name| paths.add_name(Arc::from(name)));
        let mut all = vec![PathId::default()];
        for (parent, is_name, number) in steps {
            let parent = all[parent % all.len()];
            let step = if *is_name {
                Step::Name(names[*number as usize % names.len()])
            } else {
                Step::Index(*number)
            };
            all.push(paths.add(parent, step));
        }
        paths
    }

    proptest! {
        #[test]
        fn paths_on_a_branch_have_the_same_names(steps in steps()) {
            let paths = paths(&steps);
            let outline = paths.outline();
            let bare = |id: PathId| -> Vec<Option<String>> {
                paths.path(id).steps_back().map(|step| step.ok().map(str::to_owned)).collect()
            };
            for one in paths.ids() {
                for other in paths.ids() {
                    prop_assert_eq!(paths.branch(one) == paths.branch(other), bare(one) == bare(other));
                }
                let names: Vec<NameId> = outline.names_back(paths.branch(one)).collect();
                let expected: Vec<NameId> = paths.steps_back(one).filter_map(|step| match step {
                    Step::Name(name) => Some(name),
                    Step::Index(_) => None,
                }).collect();
                prop_assert_eq!(names, expected);
            }
        }

        #[test]
        fn an_object_that_comes_again_is_seen(steps in steps()) {
            let paths = paths(&steps);
            let outline = paths.outline();
            let is_object = |id: &PathId| {
                let goes_on = paths.iter().any(|(parent, _)| parent == *id);
                goes_on || !matches!(paths.split(*id), Some((_, Step::Name(_))))
            };
            let objects: Vec<PathId> = paths.ids().filter(is_object).collect();
            let comes_again = objects.iter().any(|one| objects.iter().any(|other| one < other && paths.path(*one) == paths.path(*other)));
            prop_assert!(!comes_again || outline.may_repeat());
        }
    }
}
