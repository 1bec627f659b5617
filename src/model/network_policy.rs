//! An app's own rules for its connections: Android's network security configuration
//! (developer.android.com/privacy-and-security/security-config).

use std::collections::BTreeSet;

/// Whom an app trusts, and for how long it insists on certain keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkRules {
    /// `cleartextTrafficPermitted`, if it is said.
    pub cleartext: Option<bool>,
    /// Sources of the certificates that it trusts (`system`, `user`, a resource), if they are said.
    pub trust_anchors: Option<BTreeSet<String>>,
    /// Digests of public keys that it insists on; empty means any.
    pub pins: BTreeSet<String>,
    /// Day after which the pins no longer hold (`yyyy-MM-dd`).
    pub pins_expire: Option<String>,
}

/// Rules for some hosts. What they leave unsaid, the rules around them say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainRules {
    /// Hosts in lower case, and whether those below them are meant, too.
    pub domains: Vec<(String, bool)>,
    /// The rules.
    pub rules: NetworkRules,
    /// Position in [`NetworkPolicy::domains`] of the rules around these.
    pub around: Option<usize>,
}

/// A network security configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkPolicy {
    /// For all hosts (`base-config`).
    pub base: NetworkRules,
    /// For some hosts (`domain-config`), in the order of the file.
    pub domains: Vec<DomainRules>,
    /// Only in debuggable builds (`debug-overrides`).
    pub debug: Option<NetworkRules>,
}

impl NetworkPolicy {
    /// The rules for a host: the longest matching domain wins (`NetworkSecurityConfig` of AOSP).
    fn domain_rules(&self, host: &str) -> Option<usize> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let matching = self.domains.iter().enumerate().flat_map(|(at, rules)| {
            let domains = rules.domains.iter();
            let host = host.as_str();
            domains
                .filter(move |(domain, with_subdomains)| {
                    let below = host
                        .strip_suffix(domain.as_str())
                        .is_some_and(|rest| rest.ends_with('.'));
                    host == domain || (*with_subdomains && below)
                })
                .map(move |(domain, _)| (domain.len(), at))
        });
        // Of two alike, the first in the file.
        matching
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, at)| at)
    }

    /// A rule for a host from the innermost configuration that says something.
    fn inherited<T>(&self, host: &str, rule: impl Fn(&NetworkRules) -> Option<T>) -> Option<T> {
        let mut at = self.domain_rules(host);
        // Rules around rules stand before them, so this ends.
        while let Some(rules) = at.and_then(|at| self.domains.get(at)) {
            if let Some(value) = rule(&rules.rules) {
                return Some(value);
            }
            at = rules.around.filter(|around| Some(*around) < at);
        }
        rule(&self.base)
    }

    /// The rules of a `domain-config` with what it takes over from those around it: everything that it does not say itself.
    pub fn with_those_around(&self, at: usize) -> NetworkRules {
        let mut all = NetworkRules::default();
        let mut next = Some(at);
        while let Some((at, domain)) = next.and_then(|at| Some((at, self.domains.get(at)?))) {
            let rules = &domain.rules;
            all.cleartext = all.cleartext.or(rules.cleartext);
            all.trust_anchors = all.trust_anchors.or_else(|| rules.trust_anchors.clone());
            if all.pins.is_empty() {
                all.pins.clone_from(&rules.pins);
                all.pins_expire.clone_from(&rules.pins_expire);
            }
            // Rules around rules stand before them, so this ends.
            next = domain.around.filter(|around| *around < at);
        }
        all
    }

    /// Whether clear text is allowed to a host; `None` if the configuration does not say, so that the platform's default
    /// for the target API level holds.
    pub fn is_cleartext_allowed(&self, host: &str) -> Option<bool> {
        self.inherited(host, |rules| rules.cleartext)
    }

    /// Whether certificates that the user installed are trusted for a host; `None` if the default holds.
    pub fn trusts_user(&self, host: &str) -> Option<bool> {
        self.inherited(host, |rules| {
            let anchors = rules.trust_anchors.as_ref()?;
            Some(anchors.contains("user"))
        })
    }

    /// Whether user certificates are trusted for any host in a released build.
    pub fn trusts_user_anywhere(&self) -> bool {
        let all = self.domains.iter().map(|domain| &domain.rules);
        all.chain([&self.base]).any(|rules| {
            let anchors = rules.trust_anchors.as_ref();
            anchors.is_some_and(|anchors| anchors.contains("user"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(cleartext: Option<bool>) -> NetworkRules {
        NetworkRules {
            cleartext,
            ..NetworkRules::default()
        }
    }

    fn domain(name: &str, with_subdomains: bool, cleartext: Option<bool>) -> DomainRules {
        DomainRules {
            domains: vec![(name.to_owned(), with_subdomains)],
            rules: rules(cleartext),
            around: None,
        }
    }

    #[test]
    fn nested_rules_take_over_what_they_do_not_say() {
        let mut outer = domain("app.example", true, Some(true));
        outer.rules.pins.insert("SHA-256:x".to_owned());
        outer.rules.pins_expire = Some("2030-01-01".to_owned());
        let mut inner = domain("api.app.example", false, Some(false));
        inner.around = Some(0);
        let policy = NetworkPolicy {
            domains: vec![outer, inner],
            ..NetworkPolicy::default()
        };
        let rules = policy.with_those_around(1);
        assert_eq!((rules.cleartext, rules.pins.len()), (Some(false), 1));
        assert_eq!(rules.pins_expire.as_deref(), Some("2030-01-01"));
    }

    #[test]
    fn the_longest_domain_wins_and_says_whether_it_takes_in_what_is_below() {
        let policy = NetworkPolicy {
            base: rules(Some(false)),
            domains: vec![
                domain("app.example", true, Some(true)),
                domain("safe.app.example", false, Some(false)),
            ],
            debug: None,
        };
        assert_eq!(policy.is_cleartext_allowed("app.example"), Some(true));
        assert_eq!(policy.is_cleartext_allowed("A.app.example."), Some(true));
        assert_eq!(policy.is_cleartext_allowed("safe.app.example"), Some(false));
        assert_eq!(
            policy.is_cleartext_allowed("x.safe.app.example"),
            Some(true)
        );
        assert_eq!(policy.is_cleartext_allowed("myapp.example"), Some(false));
    }

    #[test]
    fn what_is_unsaid_comes_from_around() {
        let mut inner = domain("cdn.app.example", false, None);
        inner.around = Some(0);
        let policy = NetworkPolicy {
            domains: vec![domain("app.example", false, Some(true)), inner],
            ..NetworkPolicy::default()
        };
        assert_eq!(policy.is_cleartext_allowed("cdn.app.example"), Some(true));
        assert_eq!(policy.is_cleartext_allowed("other.example"), None);
    }
}
