//! `signatures.toml`: how apps look on the wire, and which address ranges their vendors announce.
//!
//! What a signature *is* stands here for readers and for attribution; the code that recognises it is in `protocol`.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Deserialize;

use super::{App, Part, Pattern, Problems, Rules, Text, load};

/// How sure a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// A hint.
    Low,
    /// Seldom wrong.
    Medium,
    /// As good as never wrong.
    High,
}

/// A wire signature: what is set must hold together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Kebab-case id; [`crate::model::Message::protocol`] where `protocol` reports it.
    pub id: Arc<str>,
    /// `tcp`, `udp`, `tls`; several where it may be any of them.
    pub transports: Vec<Arc<str>>,
    /// What it means.
    pub meaning: Text,
    /// Usual server ports.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// First bytes of the client, hexadecimal; one of them.
    #[serde(default)]
    pub client_bytes: Vec<String>,
    /// First text of the client; one of them.
    #[serde(default)]
    pub client_text: Vec<String>,
    /// Text that occurs in the first bytes.
    pub contains: Option<String>,
    /// Lengths of the first payloads, alternating from the client on.
    #[serde(default)]
    pub payload_lengths: Vec<u32>,
    /// STUN message types (RFC 8489 §5).
    #[serde(default)]
    pub stun_message_types: Vec<u16>,
    /// STUN attributes (RFC 8489 §14); one of them.
    #[serde(default)]
    pub stun_attributes: Vec<u16>,
    /// Words in the STUN realm; one of them.
    #[serde(default)]
    pub stun_realms: Vec<String>,
    /// Address ranges of the server.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// TLS application protocols (RFC 7301); one of them.
    #[serde(default)]
    pub alpn: Vec<String>,
    /// DNS service name (RFC 2782).
    pub service_record: Option<String>,
    /// TLS server names; one of them.
    #[serde(default)]
    pub server_names: Vec<String>,
    /// Pattern of the TLS server name.
    pub server_name_pattern: Option<Pattern>,
    /// HTTP paths, readable only in decrypted traffic.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What cannot be said with the fields above.
    pub condition: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// An address range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether `address` lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differing = ours.to_bits() ^ theirs.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differing = ours.to_bits() ^ theirs.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V4(_), IpAddr::V6(theirs)) => theirs
                .to_ipv4_mapped()
                .is_some_and(|theirs| self.contains(IpAddr::V4(theirs))),
            (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let invalid = || format!("{text:?} is not an address range such as 192.0.2.0/24");
        let (address, prefix) = text.split_once('/').ok_or_else(invalid)?;
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let prefix: u8 = prefix.parse().map_err(|_| invalid())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if prefix > longest {
            return Err(invalid());
        }
        Ok(Self { address, prefix })
    }
}

/// Address ranges that one vendor announces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressSet {
    /// Kebab-case id.
    pub id: Arc<str>,
    /// Who announces them, in words.
    pub announced_by: String,
    /// The ranges.
    pub networks: Vec<Network>,
    /// Where this is known from.
    pub source: String,
    /// When it was last looked up; by default the date of the file.
    #[serde(default)]
    pub as_of: Arc<str>,
}

/// `signatures.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureFile {
    as_of: Arc<str>,
    #[serde(default, rename = "signature")]
    pub(super) signatures: Vec<Signature>,
    #[serde(default, rename = "address_set")]
    pub(super) address_sets: Vec<AddressSet>,
}

impl Part for SignatureFile {
    fn read(rules: &Rules, problems: &mut Problems) -> Self {
        let mut all: Self = load::parse("signatures.toml", rules, problems);
        for signature in &mut all.signatures {
            if signature.as_of.is_empty() {
                signature.as_of = all.as_of.clone();
            }
        }
        for set in &mut all.address_sets {
            if set.as_of.is_empty() {
                set.as_of = all.as_of.clone();
            }
        }
        problems.unique(
            "signatures.toml",
            "signature",
            all.signatures.iter().map(|signature| &signature.id),
        );
        problems.unique(
            "signatures.toml",
            "address_set",
            all.address_sets.iter().map(|set| &set.id),
        );
        all
    }
}

impl Rules {
    /// All wire signatures, in the order of the file.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures.get(self).signatures
    }

    /// The signature of that id.
    pub fn signature(&self, id: &str) -> Option<&Signature> {
        self.signatures()
            .iter()
            .find(|signature| &*signature.id == id)
    }

    /// The apps that a TLS handshake tells by the protocols it offers or by the form of its server's name.
    pub fn apps_of_handshake(&self, offered: &[String], server_name: Option<&str>) -> Vec<&App> {
        self.apps_where(|signature| {
            let is_offered = signature
                .alpn
                .iter()
                .any(|protocol| offered.contains(protocol));
            let is_named = server_name
                .zip(signature.server_name_pattern.as_ref())
                .is_some_and(|(name, pattern)| pattern.is_match(name));
            is_offered || is_named
        })
    }

    /// The apps that an HTTP path tells, by its beginning; and by the host, where others have such a path too.
    pub fn apps_of_path(&self, path: &str, host: Option<&str>) -> Vec<&App> {
        self.apps_where(|signature| {
            let is_of_host = signature
                .server_name_pattern
                .as_ref()
                .is_none_or(|pattern| host.is_some_and(|host| pattern.is_match(host)));
            is_of_host && signature.paths.iter().any(|start| path.starts_with(start))
        })
    }

    fn apps_where(&self, is_shown: impl Fn(&Signature) -> bool) -> Vec<&App> {
        self.signatures()
            .iter()
            .filter(|signature| is_shown(signature))
            .flat_map(|signature| self.apps_of_signature(&signature.id))
            .collect()
    }

    /// All address sets, in the order of the file.
    pub fn address_sets(&self) -> &[AddressSet] {
        &self.signatures.get(self).address_sets
    }

    /// The set that announces `address`. A few hundred ranges are compared: call it once a flow, not once a packet.
    pub fn address_set_of(&self, address: IpAddr) -> Option<&AddressSet> {
        self.address_sets()
            .iter()
            .find(|set| set.networks.iter().any(|network| network.contains(address)))
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn a_network_ends_at_its_prefix() {
        let network = Network::try_from("192.0.2.128/25".to_owned()).unwrap();
        assert!(network.contains("192.0.2.200".parse().unwrap()));
        assert!(network.contains("::ffff:192.0.2.200".parse().unwrap()));
        assert!(!network.contains("192.0.2.100".parse().unwrap()));
        assert!(!network.contains("2001:db8::1".parse().unwrap()));
        let everything = Network::try_from("::/0".to_owned()).unwrap();
        assert!(everything.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for text in [
            "192.0.2.0",
            "192.0.2.0/33",
            "2001:db8::/129",
            "example/8",
            "",
        ] {
            assert!(Network::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
