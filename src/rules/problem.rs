//! What is wrong with rule files: collected, so that one run of `phonehome rules check` names everything.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// One thing that is wrong with a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File in the rules folder.
    pub file: &'static str,
    /// What is wrong; for syntax, with line, column and the line itself.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.file, self.reason)
    }
}

/// All problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    problems: Vec<Problem>,
    syntax_errors: Vec<Problem>,
}

impl Problems {
    pub(super) fn add(&mut self, file: &'static str, reason: String) {
        self.problems.push(Problem { file, reason });
    }

    pub(super) fn add_syntax(&mut self, file: &'static str, reason: String) {
        self.syntax_errors.push(Problem { file, reason });
    }

    pub(super) fn duplicate(&mut self, file: &'static str, kind: &str, id: &str) {
        self.add(file, format!("{kind} {id} is there twice"));
    }

    pub(super) fn dangling(&mut self, file: &'static str, entry: &str, kind: &str, id: &str) {
        self.add(
            file,
            format!("{entry} names the {kind} {id}, which does not exist"),
        );
    }

    /// Every id is there once.
    pub(super) fn unique<'a>(
        &mut self,
        file: &'static str,
        kind: &str,
        ids: impl Iterator<Item = &'a Arc<str>>,
    ) {
        let mut seen = BTreeSet::new();
        for id in ids {
            if !seen.insert(id) {
                self.duplicate(file, kind, id);
            }
        }
    }

    /// The problems; where files do not parse, only that: the others may merely follow from it.
    pub(super) fn into_vec(self) -> Vec<Problem> {
        if self.syntax_errors.is_empty() {
            self.problems
        } else {
            self.syntax_errors
        }
    }
}
