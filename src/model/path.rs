//! The paths of one message's fields as a tree: each name is there once, and a path costs one node below another's.

use std::fmt;
use std::sync::Arc;

use super::{Branch, FieldPath, Outline, PathStep};

/// A name on the paths of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

impl NameId {
    /// Its position among [`Paths::names`].
    #[inline]
    pub fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A path of one message. The default is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(u32);

impl PathId {
    /// A number for tables with an entry for each path, from 0 (the empty path) to [`Paths::len`].
    #[inline]
    pub fn position(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// One step of a [`Path`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// As [`PathStep::Name`].
    Name(NameId),
    /// As [`PathStep::Index`].
    Index(u32),
}

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: PathId,
    step: Step,
    branch: Branch,
}

impl Node {
    /// The path before the last step, and the number of an element.
    #[inline]
    fn place(self) -> (PathId, u32) {
        match self.step {
            Step::Index(index) => (self.parent, index),
            Step::Name(_) => (self.parent, 0),
        }
    }
}

/// All paths of one message.
#[derive(Debug, Default)]
pub struct Paths {
    names: Vec<Arc<str>>,
    nodes: Vec<Node>,
    outline: Outline,
    /// What the last path goes on from, and its branch: as a rule, the next does, too.
    above: (PathId, Branch),
}

impl Paths {
    /// Adds a name; there may be several of the same text, but it should not be so.
    pub fn add_name(&mut self, name: Arc<str>) -> NameId {
        let id = NameId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name);
        self.outline.add_name();
        id
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, count: usize) {
        self.nodes.reserve(count);
    }

    /// Adds the path that goes one step on from another.
    #[inline]
    pub fn add(&mut self, parent: PathId, step: Step) -> PathId {
        if parent != self.above.0 {
            self.go_on_from(parent);
        }
        let branch = self.outline.below(self.above.1, step);
        let node = Node {
            parent,
            step,
            branch,
        };
        self.nodes.push(node);
        let id = PathId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        if matches!(step, Step::Index(_)) {
            self.outline.see_object(branch, id, node.place());
        }
        id
    }

    /// Paths are to go on from another than before.
    fn go_on_from(&mut self, parent: PathId) {
        self.above = (parent, self.branch(parent));
        if let Some(node) = self.node(parent) {
            self.outline.see_object(node.branch, parent, node.place());
        }
    }

    /// Takes back the paths that were added last, down to `kept` of them.
    #[inline]
    pub fn take_back(&mut self, kept: usize) {
        if self.nodes.len() <= kept {
            return;
        }
        let is_element = |node: &Node| matches!(node.step, Step::Index(_));
        let mut taken = self.nodes.drain(kept..);
        let has_element = taken.any(|node| is_element(&node));
        drop(taken);
        if has_element || self.above.0.position() > kept {
            self.above = <(PathId, Branch)>::default();
            self.outline.forget_objects();
        }
    }

    /// The branch of the outline that a path is on.
    #[inline]
    pub fn branch(&self, path: PathId) -> Branch {
        self.node(path)
            .map_or_else(Branch::default, |node| node.branch)
    }

    /// The outline of all paths.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// How many paths there are beside the empty one.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none but the empty one.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All names.
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Which of [`Self::names`] stand in a path that is kept: those of empty objects do not.
    pub fn names_in_use(&self) -> Vec<bool> {
        let mut in_use = vec![false; self.names.len()];
        for node in &self.nodes {
            if let Step::Name(name) = node.step
                && let Some(is_used) = in_use.get_mut(name.position())
            {
                *is_used = true;
            }
        }
        in_use
    }

    /// All paths but the empty one, in the order of adding them, which is that of [`PathId::position`]: the path before the last
    /// step, and that step.
    pub fn iter(&self) -> impl Iterator<Item = (PathId, Step)> + '_ {
        self.nodes.iter().map(|node| (node.parent, node.step))
    }

    /// All paths, the empty one first.
    pub fn ids(&self) -> impl Iterator<Item = PathId> + use<> {
        let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        (0..=count).map(PathId)
    }

    #[inline]
    fn node(&self, path: PathId) -> Option<Node> {
        self.nodes.get(path.position().checked_sub(1)?).copied()
    }

    /// The path without its last step, and that step; `None` for the empty one.
    #[inline]
    pub fn split(&self, path: PathId) -> Option<(PathId, Step)> {
        self.node(path).map(|node| (node.parent, node.step))
    }

    /// The last name on a path, skipping indexes.
    #[inline]
    pub fn last_name(&self, path: PathId) -> Option<NameId> {
        self.steps_back(path).find_map(|step| match step {
            Step::Name(name) => Some(name),
            Step::Index(_) => None,
        })
    }

    /// The steps from the last to the first.
    #[inline]
    pub fn steps_back(&self, path: PathId) -> impl Iterator<Item = Step> + Clone + '_ {
        let mut at = path;
        std::iter::from_fn(move || {
            let (parent, step) = self.split(at)?;
            at = parent;
            Some(step)
        })
    }

    /// The text of a name.
    #[inline]
    pub fn text(&self, name: NameId) -> &str {
        self.names.get(name.position()).map_or("", |name| name)
    }

    /// A path with what it needs to be read.
    pub fn path(&self, id: PathId) -> Path<'_> {
        Path { paths: self, id }
    }
}

/// A path of a message, to be read. Printed as [`FieldPath`].
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    paths: &'a Paths,
    id: PathId,
}

impl<'a> Path<'a> {
    /// Number of steps.
    pub fn depth(self) -> usize {
        self.paths.steps_back(self.id).count()
    }

    /// The steps from the last to the first: names or indexes.
    pub fn steps_back(self) -> impl Iterator<Item = Result<&'a str, u32>> + Clone {
        self.paths.steps_back(self.id).map(move |step| match step {
            Step::Name(name) => Ok(self.paths.text(name)),
            Step::Index(index) => Err(index),
        })
    }

    /// The names from the last to the first.
    pub fn names_back(self) -> impl Iterator<Item = &'a str> + Clone {
        self.steps_back().filter_map(Result::ok)
    }

    /// Whether it goes through an element of a list.
    pub fn has_index(self) -> bool {
        self.steps_back().any(|step| step.is_err())
    }

    /// The last name: the key that says what the value is; empty for a bare list or text.
    pub fn name(self) -> &'a str {
        self.names_back().next().unwrap_or_default()
    }

    /// A copy that outlives the message.
    pub fn to_field_path(self) -> FieldPath {
        let mut steps: Vec<PathStep> = self
            .paths
            .steps_back(self.id)
            .map(|step| match step {
                Step::Name(name) => PathStep::Name(
                    self.paths
                        .names
                        .get(name.position())
                        .cloned()
                        .unwrap_or_default(),
                ),
                Step::Index(index) => PathStep::Index(index),
            })
            .collect();
        steps.reverse();
        FieldPath(steps)
    }
}

impl PartialEq for Path<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.steps_back().eq(other.steps_back())
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_field_path().fmt(formatter)
    }
}
