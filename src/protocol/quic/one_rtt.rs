//! 1-RTT packets of one side: keys that are updated on the way (RFC 9001 §6).

use super::keys::{HeaderKey, Keys, PacketKeys, Secret, Suite};
use super::version::Labels;
use crate::limits;

/// The bit of the first byte that turns over with each key update (RFC 9000 §17.3.1).
const KEY_PHASE: u8 = 0x04;

/// What opens the 1-RTT packets of one side.
pub(super) struct OneRtt {
    suite: Suite,
    labels: &'static Labels,
    header: HeaderKey,
    /// For packets that come late.
    previous: Option<PacketKeys>,
    current: PacketKeys,
    next: PacketKeys,
    /// From which those after `next` follow.
    next_secret: Secret,
    /// The key phase of `current`.
    phase: bool,
    largest: Option<u64>,
    /// Packets that none of the keys opened.
    failures: usize,
}

impl std::fmt::Debug for OneRtt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OneRtt")
    }
}

impl OneRtt {
    /// Begins with the first secret.
    pub(super) fn new(suite: Suite, labels: &'static Labels, secret: &[u8]) -> Option<Self> {
        let Keys { header, packet } = Keys::derive(suite, labels, secret)?;
        let next_secret = suite.next_secret(labels, secret)?;
        Some(Self {
            suite,
            labels,
            header,
            previous: None,
            current: packet,
            next: PacketKeys::derive(suite, labels, &next_secret)?,
            next_secret,
            phase: false,
            largest: None,
            failures: 0,
        })
    }

    /// The other side has acknowledged a packet: numbers go on from there.
    pub(super) fn note_acknowledged(&mut self, number: u64) {
        if self.largest.is_some() {
            self.largest = self.largest.max(Some(number));
        }
    }

    /// Numbers are shared with 0-RTT packets (RFC 9000 §12.3).
    pub(super) fn note_early(&mut self, number: u64) {
        self.largest = self.largest.max(Some(number));
    }

    /// Removes the protection of a packet whose number begins at `number_at`.
    pub(super) fn open(&mut self, packet: &[u8], number_at: usize) -> Option<Vec<u8>> {
        let header = self.header.open(packet, number_at)?;
        let number = header.number(self.largest);
        let is_same_phase = (header.first & KEY_PHASE != 0) == self.phase;
        let payload = if is_same_phase {
            self.current.open(&header, number)
        } else if let Some(payload) = self.next.open(&header, number) {
            self.update()?;
            Some(payload)
        } else {
            self.previous
                .as_ref()
                .and_then(|previous| previous.open(&header, number))
        };
        let payload = payload.or_else(|| {
            // All packets of a phase or two may be missing from the capture.
            self.failures = self.failures.saturating_add(1);
            if self.failures > limits::QUIC_KEY_SEARCHES {
                return None;
            }
            let (updates, payload) = self.search(|keys| keys.open(&header, number))?;
            for _ in 0..updates {
                self.update()?;
            }
            self.failures = 0;
            Some(payload)
        })?;
        self.largest = self.largest.max(Some(number));
        Some(payload)
    }

    /// Moves on by one key update.
    fn update(&mut self) -> Option<()> {
        let secret = self.suite.next_secret(self.labels, &self.next_secret)?;
        let next = PacketKeys::derive(self.suite, self.labels, &secret)?;
        let current = std::mem::replace(&mut self.next, next);
        self.previous = Some(std::mem::replace(&mut self.current, current));
        self.next_secret = secret;
        self.phase = !self.phase;
        Some(())
    }

    /// Tries the keys behind the next ones. Returns how many updates lead there.
    fn search(
        &self,
        mut attempt: impl FnMut(&PacketKeys) -> Option<Vec<u8>>,
    ) -> Option<(usize, Vec<u8>)> {
        let mut secret = self.next_secret.clone();
        for updates in 2..=limits::QUIC_KEY_UPDATES {
            secret = self.suite.next_secret(self.labels, &secret)?;
            let keys = PacketKeys::derive(self.suite, self.labels, &secret)?;
            if let Some(payload) = attempt(&keys) {
                return Some((updates, payload));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::quic::version::{self, V2};

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text
            .chars()
            .map(|digit| digit.to_digit(16).unwrap())
            .collect();
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
            .collect()
    }

    const SECRET: &str = "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b";

    #[test]
    fn packets_are_those_of_rfc_9001_and_rfc_9369_appendix_a_5() {
        for (version, update, packet) in [
            (
                1,
                "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9",
                "4cfe4189655e5cd55c41f69080575d7999c25a5bfb",
            ),
            (
                V2,
                "c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88",
                "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba",
            ),
        ] {
            let suite = Suite::ChaCha20Poly1305;
            let labels = version::labels(version);
            let secret = hex(SECRET);
            let next = suite.next_secret(labels, &secret).unwrap();
            assert_eq!(*next, hex(update));
            let mut side = OneRtt::new(suite, labels, &secret).unwrap();
            side.largest = Some(654_360_563);
            assert_eq!(side.open(&hex(packet), 1), Some(vec![1]));
            assert_eq!(side.largest, Some(654_360_564));
        }
    }

    /// A packet of a key phase, under the keys that so many updates lead to.
    fn packet(updates: usize, number: u8) -> Vec<u8> {
        let (suite, labels) = (Suite::Aes256Gcm, version::labels(1));
        let first = [7; 48];
        let mut keys = Keys::derive(suite, labels, &first).unwrap();
        let mut secret = Secret::new(first.to_vec());
        for _ in 0..updates {
            secret = suite.next_secret(labels, &secret).unwrap();
            keys.packet = PacketKeys::derive(suite, labels, &secret).unwrap();
        }
        let phase = u8::try_from(updates % 2).unwrap() << 2;
        keys.seal(&[0x40 | phase, number], 1, &[number; 20])
    }

    fn side() -> OneRtt {
        OneRtt::new(Suite::Aes256Gcm, version::labels(1), &[7; 48]).unwrap()
    }

    #[test]
    fn keys_are_updated_on_the_way_and_late_packets_read() {
        let mut side = side();
        for (updates, number) in [
            (0, 0),
            (0, 2),
            (1, 3),
            (0, 1),
            (1, 5),
            (2, 6),
            (1, 4),
            (2, 7),
        ] {
            let opened = side.open(&packet(updates, number), 1);
            assert_eq!(opened, Some(vec![number; 20]), "{updates} {number}");
        }
    }

    #[test]
    fn whole_phases_may_be_missing_but_not_too_many() {
        let mut side = side();
        let most = limits::QUIC_KEY_UPDATES;
        assert!(side.open(&packet(2, 9), 1).is_some());
        assert!(side.open(&packet(2 + most, 10), 1).is_some());
        assert!(side.open(&packet(2 * most + 4, 11), 1).is_none());
        assert!(side.open(&packet(2 + most, 12), 1).is_some());
    }

    #[test]
    fn what_is_not_authentic_is_not_read() {
        let mut side = side();
        let mut damaged = packet(0, 1);
        damaged[9] ^= 1;
        assert_eq!(side.open(&damaged, 1), None);
        assert_eq!(side.open(&damaged[..12], 1), None);
        assert!(side.open(&packet(0, 1), 1).is_some());
    }
}
