//! Android's network security configuration (binary or text XML) → network policy.

use std::collections::BTreeSet;

use super::Read;
use super::binary_xml;
use super::element::{Attribute, Element, Tag, Value};
use super::text_xml;
use crate::model::{DomainRules, NetworkPolicy, NetworkRules};

/// A network security configuration, as it lies in a package or as text. `None` without its root element.
pub fn network_security_config(bytes: &[u8]) -> Read<Option<NetworkPolicy>> {
    let mut damage = Vec::new();
    let elements = if is_text(bytes) {
        text_xml::elements(&text_xml::decode(bytes), &mut damage)
    } else {
        let tree = binary_xml::tree(bytes);
        damage.extend(tree.damage);
        tree.elements
    };
    let value = policy(&elements);
    if value.is_none() {
        damage.push("no network security configuration".to_owned());
    }
    Read { value, damage }
}

/// Whether this is XML as text and not in binary form.
pub(super) fn is_text(content: &[u8]) -> bool {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    text.trim_ascii_start().starts_with(b"<")
}

/// Which rules an element speaks about.
#[derive(Clone, Copy)]
enum Target {
    Base,
    Debug,
    Domain(usize),
}

fn policy(elements: &[Element]) -> Option<NetworkPolicy> {
    let start = elements
        .iter()
        .position(|element| element.tag == Tag::NetworkConfig)?;
    let (root, inside) = elements.get(start..)?.split_first()?;
    let mut policy = NetworkPolicy::default();
    // The configurations around the current element, innermost last, with their depths.
    let mut open: Vec<(usize, Target)> = Vec::new();
    for element in inside
        .iter()
        .take_while(|element| element.depth > root.depth)
    {
        while open
            .last()
            .is_some_and(|(depth, _)| *depth >= element.depth)
        {
            open.pop();
        }
        let around = open.last().map(|(_, target)| *target);
        let target = match element.tag {
            Tag::BaseConfig => Target::Base,
            Tag::DebugOverrides => {
                policy.debug.get_or_insert_default();
                Target::Debug
            }
            Tag::DomainConfig => {
                policy.domains.push(DomainRules {
                    around: match around {
                        Some(Target::Domain(at)) => Some(at),
                        _ => None,
                    },
                    ..DomainRules::default()
                });
                Target::Domain(policy.domains.len().saturating_sub(1))
            }
            _ => {
                if let Some(target) = around {
                    detail(element, target, &mut policy);
                }
                continue;
            }
        };
        open.push((element.depth, target));
        if let Some(rules) = rules(target, &mut policy) {
            rules.cleartext = element
                .value(Attribute::ClearTextTrafficPermitted)
                .and_then(Value::boolean);
        }
    }
    Some(policy)
}

fn rules(target: Target, policy: &mut NetworkPolicy) -> Option<&mut NetworkRules> {
    match target {
        Target::Base => Some(&mut policy.base),
        Target::Debug => policy.debug.as_mut(),
        Target::Domain(at) => policy.domains.get_mut(at).map(|domain| &mut domain.rules),
    }
}

fn detail(element: &Element, target: Target, policy: &mut NetworkPolicy) {
    let text = || element.text.as_deref().map(str::trim).unwrap_or_default();
    if element.tag == Tag::Domain {
        if let Target::Domain(at) = target
            && let Some(domain) = policy.domains.get_mut(at)
            && !text().is_empty()
        {
            let with_subdomains = element
                .value(Attribute::IncludeSubdomains)
                .and_then(Value::boolean);
            domain.domains.push((
                text().to_ascii_lowercase(),
                with_subdomains.unwrap_or(false),
            ));
        }
        return;
    }
    let Some(rules) = rules(target, policy) else {
        return;
    };
    match element.tag {
        Tag::PinSet => {
            rules.pins_expire = element.value(Attribute::Expiration).and_then(Value::text);
        }
        Tag::Pin => {
            let digest = element.value(Attribute::Digest).and_then(Value::text);
            let digest = digest.unwrap_or_default();
            rules.pins.insert(format!("{digest}:{}", text()));
        }
        Tag::TrustAnchors => {
            rules.trust_anchors.get_or_insert_with(BTreeSet::new);
        }
        Tag::Certificates => {
            let source = match element.value(Attribute::Src) {
                Some(Value::Reference(_)) => Some("resource".to_owned()),
                source => source.and_then(Value::text),
            };
            rules
                .trust_anchors
                .get_or_insert_with(BTreeSet::new)
                .extend(source);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> NetworkPolicy {
        let text = format!("<network-security-config>{body}</network-security-config>");
        let read = network_security_config(text.as_bytes());
        assert_eq!(read.damage, Vec::<String>::new());
        read.value.unwrap()
    }

    #[test]
    fn each_host_gets_the_rules_that_hold_for_it() {
        let policy = read(
            "<base-config cleartextTrafficPermitted=\"false\"><trust-anchors>\
             <certificates src=\"system\"/><certificates src=\"user\"/></trust-anchors></base-config>\
             <domain-config cleartextTrafficPermitted=\"true\">\
             <domain includeSubdomains=\"true\"> Ads.Example </domain><domain>media.example</domain>\
             <domain-config><domain>pinned.ads.example</domain>\
             <pin-set expiration=\"2030-01-01\"><pin digest=\"SHA-256\">AAAA=</pin></pin-set>\
             <trust-anchors><certificates src=\"@raw/own\"/></trust-anchors></domain-config>\
             </domain-config>\
             <debug-overrides><trust-anchors><certificates src=\"user\"/></trust-anchors></debug-overrides>",
        );
        assert_eq!(policy.is_cleartext_allowed("x.ads.example"), Some(true));
        assert_eq!(policy.is_cleartext_allowed("x.media.example"), Some(false));
        assert_eq!(
            policy.is_cleartext_allowed("pinned.ads.example"),
            Some(true)
        );
        assert_eq!(policy.trusts_user("x.ads.example"), Some(true));
        assert_eq!(policy.trusts_user("pinned.ads.example"), Some(false));
        assert_eq!(policy.domains.len(), 2);
        let pinned = &policy.domains[1].rules;
        assert!(pinned.pins.contains("SHA-256:AAAA="));
        assert_eq!(pinned.pins_expire.as_deref(), Some("2030-01-01"));
        assert!(policy.trusts_user_anywhere());
        assert!(policy.debug.is_some());
    }

    #[test]
    fn an_empty_configuration_leaves_all_to_the_platform() {
        let policy = read("");
        assert_eq!(policy, NetworkPolicy::default());
        assert!(network_security_config(b"<a/>").value.is_none());
    }
}
