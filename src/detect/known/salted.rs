//! Digests of known values with what messages mix into them: made when a salt is met, within bounds, and kept for the next message
//! with the same one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, MutexGuard, PoisonError};

use super::digest::{FUNCTIONS, GUESSED, Mixture, OTHERS, RARE, SALTED, USUAL};
use super::index::{Budget, Index};
use super::recipe::{Digests, Recipe, digest_table};
use super::salt::SaltName;
use super::scan::Hit;
use crate::limits;
use crate::model::DecodeStep;

/// Digests with salts that were met in messages.
#[derive(Debug, Default)]
pub(super) struct Salted {
    /// Of the last salts, in the order of meeting them, of the usual functions or of others that give so many bytes.
    by_salt: VecDeque<(Vec<u8>, Option<usize>, Arc<Digests>)>,
    /// How many were made so far.
    made: u64,
    /// The same with what may be a salt and has no name.
    guessed: u64,
    /// Salts that were exchanged with hosts, the last ones, with what their names say.
    told: BTreeMap<String, VecDeque<(SaltName, Vec<u8>)>>,
    /// Salts that were met and not tried, or only as others were.
    untried: u64,
    /// What was undone to find values with salts.
    proven: BTreeSet<Vec<DecodeStep>>,
}

impl Salted {
    /// The recipes to try when so many digests were made of so many at most: all of them, and beyond that, up to half as much again,
    /// those that found values before. So a feed of digests with a salt each is read to its end.
    fn worth_trying(&mut self, recipes: Vec<Recipe>, made: u64, most: u64) -> Option<Vec<Recipe>> {
        if made < most {
            return Some(recipes);
        }
        self.untried = self.untried.saturating_add(1);
        let is_left = made < most.saturating_add(most / 2);
        let is_proven = |recipe: &Recipe| is_left && self.proven.contains(&recipe.steps());
        let proven: Vec<Recipe> = recipes.into_iter().filter(is_proven).collect();
        (!proven.is_empty()).then_some(proven)
    }
}

impl Index {
    /// Salts of messages that were not tried: beyond [`limits::SALTED_DIGESTS`] or [`limits::SALTS_PER_MESSAGE`], or of a list
    /// beyond [`limits::SALTED_VALUES`].
    pub fn untried_salts(&self) -> u64 {
        self.salted().untried
    }

    /// As if so many digests were made.
    #[cfg(test)]
    pub(super) fn spend(&self, digests: u64) {
        self.salted().made = digests;
    }

    /// As if so many digests were made with what may be a salt.
    #[cfg(test)]
    pub(super) fn spend_guesses(&self, digests: u64) {
        self.salted().guessed = digests;
    }

    /// Counts salts that are not tried.
    pub(super) fn leave_out(&self, salts: usize) {
        let mut salted = self.salted();
        salted.untried = salted.untried.saturating_add(salts as u64);
    }

    /// Another thread that panicked while it held this has left it whole: entries are put in at once.
    fn salted(&self) -> MutexGuard<'_, Salted> {
        self.salted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Salts that were exchanged with this host before.
    pub(super) fn told_salts(&self, host: &str) -> Vec<(SaltName, Vec<u8>)> {
        let salted = self.salted();
        let told = salted.told.get(host).into_iter().flatten();
        told.cloned().collect()
    }

    /// Remembers a salt that was exchanged with a host, for the requests that come after: before others those whose names say so.
    pub(super) fn learn_salt(&self, host: &str, name: SaltName, salt: Vec<u8>) {
        let mut salted = self.salted();
        let salted = &mut *salted;
        if !salted.told.contains_key(host) && salted.told.len() >= limits::SALT_HOSTS {
            salted.untried = salted.untried.saturating_add(1);
            return;
        }
        let told = salted.told.entry(host.to_owned()).or_default();
        told.retain(|(_, known)| *known != salt);
        if told.len() >= limits::SALTS_PER_MESSAGE {
            let mut names = told.iter().map(|(name, _)| *name);
            let Some(oldest) = names.position(|known| known >= name) else {
                salted.untried = salted.untried.saturating_add(1);
                return;
            };
            told.remove(oldest);
        }
        told.push_back((name, salt));
    }

    /// Remembers how digests with salts were made in which values were found.
    pub(super) fn prove<'h>(&self, hits: impl Iterator<Item = &'h Hit>) {
        let is_salted = |hit: &&Hit| {
            let mut steps = hit.steps.iter();
            steps.any(|step| matches!(step, DecodeStep::Salted | DecodeStep::Hmac))
        };
        let mut hits = hits.filter(is_salted).peekable();
        if hits.peek().is_some() {
            let steps = hits.map(|hit| hit.steps.clone());
            self.salted().proven.extend(steps);
        }
    }

    /// Digests of all values with a salt that a message carries, of the usual functions or of others that give so many bytes.
    /// `None` once too many digests were made, or for too many values.
    pub(super) fn with_salt(&self, salt: &[u8], bytes: Option<usize>) -> Option<Arc<Digests>> {
        let functions = match bytes {
            None => 0..USUAL,
            Some(_) => USUAL..SALTED,
        };
        let gives = |function: &usize| {
            let function = FUNCTIONS.get(*function).map(|function| function.bytes);
            bytes.is_none() || function == bytes
        };
        let functions = functions.filter(gives);
        let usual = salted_recipes(functions.clone(), &GUESSED, salt);
        let rare = bytes.is_none().then_some(&RARE).into_iter();
        let rare = rare.flat_map(|rare| salted_recipes(0..USUAL, rare, salt));
        let others = salted_recipes(functions, &OTHERS, salt);
        let recipes: Vec<Recipe> = usual.chain(others).chain(rare).collect();
        if recipes.is_empty() {
            return None;
        }
        let mut salted = self.salted();
        let mut all = salted.by_salt.iter();
        if let Some((.., known)) = all.find(|(known, of, _)| known == salt && *of == bytes) {
            return Some(Arc::clone(known));
        }
        if self.is_too_long_for_salts() {
            salted.untried = salted.untried.saturating_add(1);
            return None;
        }
        let made = salted.made;
        let recipes = salted.worth_trying(recipes, made, limits::SALTED_DIGESTS)?;
        let (digests, made) = self.salted_digests(recipes);
        salted.made = salted.made.saturating_add(made);
        if salted.by_salt.len() >= limits::SALTS {
            salted.by_salt.pop_front();
        }
        salted
            .by_salt
            .push_back((salt.to_vec(), bytes, Arc::clone(&digests)));
        Some(digests)
    }

    /// The same with what may be a salt, of functions that give so many bytes. It is another one in each message and not kept.
    pub(super) fn with_guessed_salt(&self, salt: &[u8], bytes: &[usize]) -> Option<Arc<Digests>> {
        let mut salted = self.salted();
        if self.is_too_long_for_salts() {
            salted.untried = salted.untried.saturating_add(1);
            return None;
        }
        let functions = (0..SALTED).zip(FUNCTIONS);
        let functions = functions.filter(|(_, function)| bytes.contains(&function.bytes));
        let functions = functions.map(|(position, _)| position);
        let recipes = salted_recipes(functions, &GUESSED, salt).collect();
        let made = salted.guessed;
        let recipes = salted.worth_trying(recipes, made, limits::GUESSED_DIGESTS)?;
        let (digests, made) = self.salted_digests(recipes);
        salted.guessed = salted.guessed.saturating_add(made);
        Some(digests)
    }

    fn is_too_long_for_salts(&self) -> bool {
        self.values.len() > limits::SALTED_VALUES
    }

    /// Digests of all values, and how many were made.
    fn salted_digests(&self, recipes: Vec<Recipe>) -> (Arc<Digests>, u64) {
        let by_start = digest_table(&[], &self.spelled, &recipes, &mut Budget::default());
        let all = self.spelled.iter();
        let hashed = all.filter(|(_, _, spelling)| spelling.is_hashed);
        let made = hashed.count().saturating_mul(recipes.len());
        (Arc::new(Digests { recipes, by_start }), made as u64)
    }
}

/// With a salt: some functions in some mixtures.
pub(super) fn salted_recipes(
    functions: impl Iterator<Item = usize>,
    mixtures: &'static [Mixture],
    salt: &[u8],
) -> impl Iterator<Item = Recipe> {
    let known = functions.filter_map(|position| Some((position, FUNCTIONS.get(position)?)));
    known.flat_map(move |(function, known)| {
        let mixtures = mixtures.iter().filter(|mixture| known.takes(mixture));
        mixtures.map(move |mixture| Recipe {
            function,
            mixture: mixture.clone(),
            salt: salt.to_vec(),
        })
    })
}
