//! What is known of a phone's address book, and whose the data in a finding is.

use super::{Distinct, Sensitive};

/// What the auditor has said of a phone's user and of the entries of the address book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressBook {
    /// The user's own numbers (E.164) and addresses (lower case), as detectors report them.
    pub own: Vec<Sensitive>,
    /// Whether a number of the user's own is among them.
    pub has_own_number: bool,
    /// Whether an address of the user's own is among them.
    pub has_own_email: bool,
    /// Different numbers of others that are known to be on the phone.
    pub numbers: u64,
}

impl AddressBook {
    /// How many of the values are the user's own.
    pub fn own_among(&self, values: &Distinct) -> u64 {
        let own = self.own.iter().filter(|value| values.contains(value));
        own.count().try_into().unwrap_or(u64::MAX)
    }
}

/// Of how many people data left the phone, beside its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct People {
    /// Different values that are not the user's own. Where these are not known, one may be.
    pub others: u64,
    /// Whether the user's own values are known, or the values to be others'.
    pub is_owner_known: bool,
}
