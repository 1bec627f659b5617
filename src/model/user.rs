//! The users of an Android phone: its owner, a work profile, a private space.

use std::collections::BTreeMap;

use crate::limits::USERS;

/// The Android user in a uid (`android.os.UserHandle.PER_USER_RANGE`): 0 is the owner, others are profiles. `None` for -1, which
/// stands for no uid.
pub fn user_of(uid: u32) -> Option<u32> {
    (uid < 1 << 31).then_some(uid / 100_000)
}

/// How often which user of the phone did something (10 is often the work profile), where that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Users(BTreeMap<u32, u64>);

impl Users {
    /// One user, who did it so often; nobody where nobody is known.
    pub fn of(user: Option<u32>, count: u64) -> Self {
        user.map(|user| (user, count)).into_iter().collect()
    }

    /// Adds others. The bound keeps the lowest, so that the order does not matter.
    pub fn merge(&mut self, other: &Self) {
        for (user, count) in &other.0 {
            let sum = self.0.entry(*user).or_default();
            *sum = sum.saturating_add(*count);
        }
        while self.0.len() > USERS {
            self.0.pop_last();
        }
    }

    /// Takes what several findings of the same messages have together for that of one.
    pub fn cap(&mut self, most: u64) {
        for count in self.0.values_mut() {
            *count = (*count).min(most);
        }
    }

    /// Whether there is another than the owner: else there is nothing to tell apart.
    pub fn has_others(&self) -> bool {
        self.0.keys().any(|user| *user != 0)
    }

    /// Users and how often, by user.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.iter().map(|(user, count)| (*user, *count))
    }
}

impl FromIterator<(u32, u64)> for Users {
    fn from_iter<T: IntoIterator<Item = (u32, u64)>>(users: T) -> Self {
        Self(users.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_those_of_uids() {
        let of = [0, 10_103, 1_010_103, u32::MAX].map(user_of);
        assert_eq!(of, [Some(0), Some(0), Some(10), None]);
    }

    #[test]
    fn the_lowest_users_are_kept_and_counts_capped() {
        let mut users = Users::of(None, 1);
        assert!(!users.has_others());
        users.merge(&(0..100).rev().map(|user| (user, 3)).collect());
        users.merge(&Users::of(Some(1), 4));
        users.cap(5);
        let kept: Vec<(u32, u64)> = users.iter().collect();
        assert_eq!(kept.len(), USERS);
        assert_eq!(kept.first_chunk(), Some(&[(0, 3), (1, 5), (2, 3)]));
        assert!(users.has_others());
    }
}
