//! The outline of a message: its paths with the numbers of elements left out. What depends on names alone is the same for all
//! elements of a list, and is asked once for the branch of the outline that they are on.

use hashbrown::HashMap;

use crate::model::{NameId, PathId, Paths, Step};

/// What paths have in common that differ in the numbers of elements only; by default the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Branch(u32);

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
    /// The last of its paths that is an object.
    last: PathId,
}

/// The branches of one message.
#[derive(Debug, Default)]
pub(super) struct Outline {
    twigs: Vec<Twig>,
    of_path: Vec<Branch>,
    may_repeat: bool,
}

/// Something of each branch.
#[derive(Debug, Default)]
pub(super) struct OfBranches<T>(Vec<T>);

impl<T> OfBranches<T> {
    #[inline]
    pub(super) fn get(&self, branch: Branch) -> Option<&T> {
        self.0.get(branch.position())
    }

    #[inline]
    pub(super) fn get_mut(&mut self, branch: Branch) -> Option<&mut T> {
        self.0.get_mut(branch.position())
    }
}

impl Outline {
    /// Of some paths; whether a name may be among theirs twice.
    pub(super) fn of(paths: &Paths, has_name_twice: bool) -> Self {
        let mut outline = Self {
            twigs: vec![Twig::default()],
            of_path: Vec::with_capacity(paths.len().saturating_add(1)),
            may_repeat: has_name_twice,
        };
        outline.of_path.push(Branch::default());
        // Most names go on from one branch only.
        let mut lately: Vec<Option<(Branch, Branch)>> = vec![None; paths.names().len()];
        let mut others: HashMap<(Branch, NameId), Branch> = HashMap::new();
        // Most paths go on from the same as the one before.
        let (mut before, mut above) = (PathId::default(), Branch::default());
        for (id, (parent, step)) in paths.ids().skip(1).zip(paths.iter()) {
            if parent != before {
                (before, above) = (parent, outline.branch(parent));
                outline.see_object(paths, parent);
            }
            let branch = match step {
                Step::Index(_) => outline.elements(above),
                Step::Name(name) => match lately.get_mut(name.position()) {
                    Some(Some((same, branch))) if *same == above => *branch,
                    Some(lately) => {
                        if let Some((other, branch)) = *lately {
                            others.entry((other, name)).or_insert(branch);
                        }
                        let known = others.get(&(above, name)).copied();
                        let branch = known.unwrap_or_else(|| outline.add(above, Some(name)));
                        *lately = Some((above, branch));
                        branch
                    }
                    None => above,
                },
            };
            outline.of_path.push(branch);
            if matches!(step, Step::Index(_)) {
                outline.see_object(paths, id);
            }
        }
        outline
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
        if let Some(known) = self
            .twigs
            .get(above.position())
            .and_then(|twig| twig.elements)
        {
            return known;
        }
        let branch = self.add(above, None);
        if let Some(twig) = self.twigs.get_mut(above.position()) {
            twig.elements = Some(branch);
        }
        branch
    }

    /// Notes a path that is an object: an element, or what others go on from. No object comes again where each on a branch goes on
    /// from a later one than those before it, or is a later element of the same.
    #[inline]
    fn see_object(&mut self, paths: &Paths, path: PathId) {
        let branch = self.branch(path);
        let Some(twig) = self.twigs.get_mut(branch.position()) else {
            return;
        };
        let last = std::mem::replace(&mut twig.last, path);
        if last == path || last == PathId::default() {
            return;
        }
        let place = |path: PathId| match paths.split(path) {
            Some((parent, Step::Index(index))) => (parent, index),
            Some((parent, Step::Name(_))) => (parent, 0),
            None => (PathId::default(), 0),
        };
        self.may_repeat |= place(last) >= place(path);
    }

    /// Whether two paths may be the same object.
    pub(super) fn may_repeat(&self) -> bool {
        self.may_repeat
    }

    /// The branch that a path is on.
    #[inline]
    pub(super) fn branch(&self, path: PathId) -> Branch {
        self.of_path
            .get(path.position())
            .copied()
            .unwrap_or_default()
    }

    /// The names on a branch, from the last on.
    pub(super) fn names_back(&self, branch: Branch) -> impl Iterator<Item = NameId> + Clone + '_ {
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
    pub(super) fn told<T: Clone>(
        &self,
        root: T,
        mut next: impl FnMut(&T, NameId) -> T,
    ) -> OfBranches<T> {
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
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::detect::object::tests::steps;

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
            let outline = Outline::of(&paths, false);
            let bare = |id: PathId| -> Vec<Option<String>> {
                paths.path(id).steps_back().map(|step| step.ok().map(str::to_owned)).collect()
            };
            for one in paths.ids() {
                for other in paths.ids() {
                    prop_assert_eq!(outline.branch(one) == outline.branch(other), bare(one) == bare(other));
                }
                let names: Vec<NameId> = outline.names_back(outline.branch(one)).collect();
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
            let outline = Outline::of(&paths, false);
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
