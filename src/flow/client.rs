//! Whose packet it is on a network that several phones share: by hardware address where the link has them, else by IP address.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::link;
use crate::limits::{CLIENT_ADDRESSES, LIVE_CLIENTS};
use crate::model::{LinkType, Packet};

/// A hardware address (EUI-48).
type Mac = [u8; 6];

/// One end of a packet.
#[derive(Clone, Copy, Debug)]
struct Party {
    mac: Option<Mac>,
    address: IpAddr,
}

/// By what a client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKey {
    /// Its hardware address.
    Mac([u8; 6]),
    /// Its IP address.
    Address(IpAddr),
    /// The computer that captures, and what is no client's.
    Own,
}

impl std::fmt::Display for ClientKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mac(mac) => {
                for (at, byte) in mac.iter().enumerate() {
                    let colon = if at == 0 { "" } else { ":" };
                    write!(formatter, "{colon}{byte:02x}")?;
                }
                Ok(())
            }
            Self::Address(address) => write!(formatter, "{address}"),
            Self::Own => formatter.write_str("this computer"),
        }
    }
}

/// The clients of a network, in the order in which they were first seen, from 1; 0 is the computer that captures.
#[derive(Debug)]
pub struct Clients {
    own: HashSet<IpAddr>,
    /// Hardware addresses that forward for others: what comes from there is not theirs.
    routers: HashSet<Mac>,
    numbers: HashMap<ClientKey, usize>,
    keys: Vec<ClientKey>,
    /// Which client has used an IP address, where its hardware address is known; none if several have.
    addresses: BTreeMap<IpAddr, Option<usize>>,
}

impl Clients {
    /// No clients yet; `own` are the addresses of the capturing computer.
    pub fn new(own: impl IntoIterator<Item = IpAddr>) -> Self {
        Self {
            own: own
                .into_iter()
                .map(|address| address.to_canonical())
                .collect(),
            routers: HashSet::new(),
            numbers: HashMap::from([(ClientKey::Own, 0)]),
            keys: vec![ClientKey::Own],
            addresses: BTreeMap::new(),
        }
    }

    /// The IP addresses that one client alone has used, with its number; only where hardware addresses tell clients.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, usize)> {
        let all = self.addresses.iter();
        all.filter_map(|(address, number)| Some((*address, (*number)?)))
    }

    /// By what the client with this number is known.
    pub fn key(&self, number: usize) -> Option<ClientKey> {
        self.keys.get(number).copied()
    }

    /// Number of the client with an address, as logs and proxies give it; `None` if it is one too many.
    pub fn of_address(&mut self, address: IpAddr) -> Option<usize> {
        let address = address.to_canonical();
        if address.is_unspecified() || self.own.contains(&address) {
            return Some(0);
        }
        self.number(ClientKey::Address(address))
    }

    /// Number of the client that sent a packet or is sent it; both directions of a flow have the same. `None` if the client is
    /// one too many.
    pub fn of(&mut self, packet: &Packet<'_>) -> Option<usize> {
        let Some([source, destination]) = parties(packet) else {
            return Some(0);
        };
        self.learn(source);
        let known = |party: Party| self.numbers.get(&key(party)).copied();
        let candidates: Vec<Party> = [source, destination]
            .into_iter()
            .filter(|party| self.may_be_client(*party))
            .collect();
        match candidates.as_slice() {
            [] => self.number(ClientKey::Own),
            [one] => {
                let number = self.number(key(*one))?;
                self.note_address(*one, number);
                Some(number)
            }
            // Between two clients: whichever was there first, so that both directions go to one.
            [first, second, ..] => match (known(*first), known(*second)) {
                (Some(first), Some(second)) => Some(first.min(second)),
                (None, Some(number)) | (Some(number), None) => Some(number),
                (None, None) => self.number(key(*first)),
            },
        }
    }

    /// A hardware address that sends for a public IPv4 address or for the capturing computer is a router's.
    fn learn(&mut self, source: Party) {
        let Some(mac) = source.mac else { return };
        let is_public = matches!(source.address, IpAddr::V4(address) if !is_private(address) && !address.is_unspecified());
        if (is_public || self.own.contains(&source.address)) && self.routers.len() < LIVE_CLIENTS {
            self.routers.insert(mac);
        }
    }

    fn note_address(&mut self, party: Party, number: usize) {
        if party.mac.is_none() || party.address.is_unspecified() {
            return;
        }
        let is_full = self.addresses.len() >= CLIENT_ADDRESSES;
        match self.addresses.entry(party.address.to_canonical()) {
            Entry::Occupied(mut known) if *known.get() != Some(number) => {
                known.insert(None);
            }
            Entry::Vacant(new) if !is_full => {
                new.insert(Some(number));
            }
            _ => {}
        }
    }

    fn may_be_client(&self, party: Party) -> bool {
        if self.own.contains(&party.address) || is_for_many(party.address) {
            return false;
        }
        match (party.address, party.mac) {
            (_, Some(mac)) if mac[0] & 1 == 1 || self.routers.contains(&mac) => false,
            // Before a phone has an address it asks by hardware address.
            (IpAddr::V4(address), Some(_)) => is_private(address) || address.is_unspecified(),
            (IpAddr::V4(address), None) => is_private(address),
            (IpAddr::V6(_), Some(_)) => true,
            (IpAddr::V6(address), None) => {
                !address.is_unspecified()
                    && (address.is_unique_local()
                        || address.is_unicast_link_local()
                        || self.numbers.contains_key(&key(party))
                        || self.keys.len() == 1)
            }
        }
    }

    fn number(&mut self, key: ClientKey) -> Option<usize> {
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        if self.keys.len() > LIVE_CLIENTS {
            return None;
        }
        let number = self.keys.len();
        self.numbers.insert(key, number);
        self.keys.push(key);
        Some(number)
    }
}

fn key(party: Party) -> ClientKey {
    match party.mac {
        Some(mac) => ClientKey::Mac(mac),
        None => ClientKey::Address(party.address),
    }
}

fn is_private(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_link_local()
        || address.is_loopback()
        || (first == 100 && (64..128).contains(&second))
}

fn is_for_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_multicast() || address.is_broadcast() || address.octets()[3] == 255
        }
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// Sender and receiver of an IP packet.
fn parties(packet: &Packet<'_>) -> Option<[Party; 2]> {
    let ip = link::peel(packet.link, packet.data).ok()?.packet;
    let [source, destination] = addresses(ip)?;
    let [to, from] = match packet.link {
        LinkType::ETHERNET => macs(packet.data),
        _ => [None, None],
    };
    Some([
        Party {
            mac: from,
            address: source,
        },
        Party {
            mac: to,
            address: destination,
        },
    ])
}

/// Receiver and sender; none where the link only pretends to be Ethernet (loopback, `PCAPdroid`).
fn macs(frame: &[u8]) -> [Option<Mac>; 2] {
    let Some((to, rest)) = frame.split_first_chunk::<6>() else {
        return [None, None];
    };
    let Some((from, _)) = rest.split_first_chunk::<6>() else {
        return [None, None];
    };
    if *from == [0; 6] {
        return [None, None];
    }
    [Some(*to), Some(*from)]
}

fn addresses(ip: &[u8]) -> Option<[IpAddr; 2]> {
    match ip.first()? >> 4 {
        4 => {
            let at = |range: std::ops::Range<usize>| {
                let octets: [u8; 4] = ip.get(range)?.try_into().ok()?;
                Some(IpAddr::from(Ipv4Addr::from(octets)))
            };
            Some([at(12..16)?, at(16..20)?])
        }
        6 => {
            let at = |range: std::ops::Range<usize>| {
                let octets: [u8; 16] = ip.get(range)?.try_into().ok()?;
                Some(IpAddr::from(Ipv6Addr::from(octets)))
            };
            Some([at(8..24)?, at(24..40)?])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Origin;

    const GATEWAY: Mac = [2, 0, 0, 0, 0, 1];
    const ANNA: Mac = [2, 0, 0, 0, 0, 10];
    const BERND: Mac = [2, 0, 0, 0, 0, 11];

    fn ipv4(from: [u8; 4], to: [u8; 4]) -> Vec<u8> {
        let mut ip = vec![0x45, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0];
        ip.extend(from);
        ip.extend(to);
        ip
    }

    fn ipv6(from: &str, to: &str) -> Vec<u8> {
        let mut ip = vec![0x60, 0, 0, 0, 0, 0, 17, 64];
        for address in [from, to] {
            ip.extend(address.parse::<Ipv6Addr>().unwrap().octets());
        }
        ip
    }

    fn ethernet(from: Mac, to: Mac, ip: &[u8]) -> Vec<u8> {
        let kind = if ip[0] >> 4 == 4 {
            [8, 0]
        } else {
            [0x86, 0xdd]
        };
        [to.as_slice(), &from, &kind, ip].concat()
    }

    fn of(clients: &mut Clients, link: LinkType, data: &[u8]) -> Option<ClientKey> {
        let number = clients.of(&Packet {
            origin: Origin::default(),
            link,
            wire_len: 0,
            data,
            owner: None,
            direction: None,
        })?;
        clients.key(number)
    }

    #[test]
    fn phones_are_told_by_their_hardware_address_in_both_directions() {
        let mut clients = Clients::new(["192.168.1.1".parse().unwrap()]);
        let server = [198, 51, 100, 4];
        let mut on =
            |from, to, ip: &[u8]| of(&mut clients, LinkType::ETHERNET, &ethernet(from, to, ip));
        let anna = Some(ClientKey::Mac(ANNA));
        let bernd = Some(ClientKey::Mac(BERND));
        assert_eq!(on(ANNA, GATEWAY, &ipv4([192, 168, 1, 10], server)), anna);
        assert_eq!(on(GATEWAY, ANNA, &ipv4(server, [192, 168, 1, 10])), anna);
        // Before it has an address, and to the gateway itself.
        assert_eq!(on(BERND, [255; 6], &ipv4([0; 4], [255; 4])), bernd);
        assert_eq!(
            on(GATEWAY, BERND, &ipv4([192, 168, 1, 1], [192, 168, 1, 11])),
            bernd
        );
        // Version 6, where all addresses are public.
        assert_eq!(
            on(BERND, GATEWAY, &ipv6("2001:db8:1::11", "2001:db8:2::1")),
            bernd
        );
        assert_eq!(
            on(GATEWAY, BERND, &ipv6("2001:db8:2::1", "2001:db8:1::11")),
            bernd
        );
        // Between the two: one of them, the same for both directions.
        assert_eq!(
            on(BERND, ANNA, &ipv4([192, 168, 1, 11], [192, 168, 1, 10])),
            anna
        );
        assert_eq!(
            on(ANNA, BERND, &ipv4([192, 168, 1, 10], [192, 168, 1, 11])),
            anna
        );
        assert_eq!(
            on(GATEWAY, [255; 6], &ipv4([192, 168, 1, 1], server)),
            Some(ClientKey::Own)
        );
        assert_eq!(ClientKey::Mac(ANNA).to_string(), "02:00:00:00:00:0a");
    }

    #[test]
    fn without_hardware_addresses_the_private_address_tells() {
        let mut clients = Clients::new(["10.8.0.1".parse().unwrap()]);
        let mut on = |ip: &[u8]| of(&mut clients, LinkType::RAW, ip);
        let phone = Some(ClientKey::Address("10.8.0.7".parse().unwrap()));
        assert_eq!(on(&ipv4([10, 8, 0, 7], [198, 51, 100, 4])), phone);
        assert_eq!(on(&ipv4([198, 51, 100, 4], [10, 8, 0, 7])), phone);
        assert_eq!(on(&ipv4([10, 8, 0, 1], [10, 8, 0, 7])), phone);
        assert_eq!(on(&[0; 3]), Some(ClientKey::Own));
    }
}
