//! Secrets of TLS and QUIC connections, from NSS key logs (RFC 9850, `SSLKEYLOGFILE`), found by the client's random.
//!
//! Key material is held in one place, wiped when it is dropped, and shown by no `Debug`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::rc::Rc;

use hashbrown::{DefaultHashBuilder, HashTable};
use zeroize::{Zeroize, Zeroizing};

use crate::limits;

/// Which secret a line holds. `QUIC_…` lines of older logs hold the same secrets as those without the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Label {
    /// `CLIENT_RANDOM`: the master secret up to TLS 1.2.
    ClientRandom,
    /// `PMS_CLIENT_RANDOM`: the premaster secret up to TLS 1.2, as Wireshark takes it.
    PremasterClientRandom,
    /// `RSA`: the premaster secret, found by the first eight bytes of its encryption instead of the client's random.
    RsaPremaster,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`: of 0-RTT data.
    ClientEarlyTraffic,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`.
    ClientHandshakeTraffic,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`.
    ServerHandshakeTraffic,
    /// `CLIENT_TRAFFIC_SECRET_0`: of the client's application data.
    ClientTraffic0,
    /// `SERVER_TRAFFIC_SECRET_0`: of the server's application data.
    ServerTraffic0,
    /// `EXPORTER_SECRET`.
    Exporter,
    /// `EARLY_EXPORTER_SECRET`.
    EarlyExporter,
}

impl Label {
    fn read(word: &[u8]) -> Option<Self> {
        Some(match word.strip_prefix(b"QUIC_").unwrap_or(word) {
            b"CLIENT_RANDOM" => Self::ClientRandom,
            b"PMS_CLIENT_RANDOM" => Self::PremasterClientRandom,
            b"RSA" => Self::RsaPremaster,
            b"CLIENT_EARLY_TRAFFIC_SECRET" => Self::ClientEarlyTraffic,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Self::ClientHandshakeTraffic,
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => Self::ServerHandshakeTraffic,
            b"CLIENT_TRAFFIC_SECRET_0" => Self::ClientTraffic0,
            b"SERVER_TRAFFIC_SECRET_0" => Self::ServerTraffic0,
            b"EXPORTER_SECRET" => Self::Exporter,
            b"EARLY_EXPORTER_SECRET" => Self::EarlyExporter,
            _ => return None,
        })
    }

    /// Whether such secrets are so long: a line may have been cut.
    fn has_length(self, bytes: u16) -> bool {
        match self {
            Self::ClientRandom | Self::RsaPremaster => bytes == MASTER_BYTES,
            // As long as the group of the key exchange makes it.
            Self::PremasterClientRandom => bytes > 0,
            // As long as the hash of the suite (RFC 8446 §7.1).
            _ => matches!(bytes, 32 | 48),
        }
    }
}

/// Bytes of the master secret, and of premaster secrets under RSA (RFC 5246 §8.1, §7.4.7.1).
const MASTER_BYTES: u16 = 48;

/// Bytes of a client's random.
const RANDOM_BYTES: usize = 32;
/// Bytes by which an `RSA` line names the encrypted premaster secret.
const ENCRYPTED_BYTES: usize = 8;

/// Where the secret of one line lies.
struct Entry {
    /// The client's random; for `RSA` lines eight bytes of the encrypted premaster secret, then zeros.
    id: [u8; RANDOM_BYTES],
    label: Label,
    len: u16,
    offset: u32,
}

/// The secrets of one device.
#[derive(Default)]
pub struct KeyLog {
    /// All secrets, one behind the other. It never grows in place: a moved copy would not be wiped.
    secrets: Zeroizing<Vec<u8>>,
    entries: Vec<Entry>,
    /// Positions in `entries` by their id.
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    unreadable: u64,
    has_premasters: bool,
}

impl std::fmt::Debug for KeyLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KeyLog")
            .field("entries", &self.entries.len())
            .field("unreadable", &self.unreadable)
            .finish_non_exhaustive()
    }
}

impl KeyLog {
    /// Adds the lines of a log. Blank lines, comments and labels that are not known are passed over; of two lines with the
    /// same label and id the later one holds. Says whether there was any secret.
    pub fn read(&mut self, text: &[u8]) -> bool {
        let mut has_secrets = false;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for line in text.split(|byte| *byte == b'\n') {
            match self.line(line) {
                Some(is_secret) => has_secrets |= is_secret,
                None => self.unreadable = self.unreadable.saturating_add(1),
            }
        }
        has_secrets
    }

    /// As [`Self::read`], and wipes the text.
    pub fn take(&mut self, mut text: Vec<u8>) {
        self.read(&text);
        text.zeroize();
    }

    /// The secret of that label for the connection with that client random.
    pub fn secret(&self, label: Label, client_random: &[u8; RANDOM_BYTES]) -> Option<&[u8]> {
        let entry = self.entry(label, client_random)?;
        let offset = usize::try_from(entry.offset).ok()?;
        self.secrets.get(offset..)?.get(..usize::from(entry.len))
    }

    /// The premaster secret whose encryption by RSA begins with these bytes.
    pub fn premaster(&self, encrypted: [u8; ENCRYPTED_BYTES]) -> Option<&[u8]> {
        self.secret(Label::RsaPremaster, &rsa_id(encrypted))
    }

    /// Whether there is any secret for that client random.
    pub fn has(&self, client_random: &[u8; RANDOM_BYTES]) -> bool {
        let hash = self.hasher.hash_one(client_random);
        let same = |position: &u32| self.at(*position).is_some_and(|e| e.id == *client_random);
        self.index.find(hash, same).is_some()
    }

    /// Whether there are `RSA` lines, by which connections are found only in the middle of their handshake.
    pub fn has_premasters(&self) -> bool {
        self.has_premasters
    }

    /// Whether there is no secret at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Lines that are neither secret, comment nor of an unknown label.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    fn at(&self, position: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(position).ok()?)
    }

    fn position(&self, label: Label, id: &[u8; RANDOM_BYTES]) -> Option<u32> {
        let is_it = |position: &u32| {
            self.at(*position)
                .is_some_and(|entry| entry.label == label && entry.id == *id)
        };
        self.index.find(self.hasher.hash_one(id), is_it).copied()
    }

    fn entry(&self, label: Label, id: &[u8; RANDOM_BYTES]) -> Option<&Entry> {
        self.at(self.position(label, id)?)
    }

    /// Reads one line and says whether it held a secret; `None` if it makes no sense.
    fn line(&mut self, line: &[u8]) -> Option<bool> {
        // Files that were allocated ahead end with zeros.
        let mut words = line
            .split(|byte| byte.is_ascii_whitespace() || *byte == 0)
            .filter(|word| !word.is_empty());
        let is_comment = |word: &&[u8]| word.starts_with(b"#") || word.starts_with(b";");
        let Some(label) = words.next().filter(|word| !is_comment(word)) else {
            return Some(false);
        };
        let (id, secret) = (words.next()?, words.next()?);
        let Some(label) = Label::read(label) else {
            return is_label(label).then_some(false);
        };
        let id = match label {
            Label::RsaPremaster => {
                self.has_premasters = true;
                rsa_id(hex_array(id)?)
            }
            _ => hex_array(id)?,
        };
        let is_whole = words.next().is_none() && secret.len() % 2 == 0 && !secret.is_empty();
        let len = u16::try_from(secret.len() / 2)
            .ok()
            .filter(|len| is_whole && label.has_length(*len))?;
        self.reserve(usize::from(len));
        let offset = u32::try_from(self.secrets.len()).ok()?;
        let before = self.secrets.len();
        let (pairs, _) = secret.as_chunks::<2>();
        for pair in pairs {
            let Some(byte) = hex_byte(*pair) else {
                self.secrets.truncate(before);
                return None;
            };
            self.secrets.push(byte);
        }
        self.insert(Entry {
            id,
            label,
            len,
            offset,
        })?;
        Some(true)
    }

    /// Makes room for a secret. The old buffer is wiped.
    fn reserve(&mut self, len: usize) {
        let needed = self.secrets.len().saturating_add(len);
        if needed <= self.secrets.capacity() {
            return;
        }
        let mut larger = Vec::with_capacity(needed.max(self.secrets.capacity().saturating_mul(2)));
        larger.extend_from_slice(&self.secrets);
        self.secrets = Zeroizing::new(larger);
    }

    fn insert(&mut self, entry: Entry) -> Option<()> {
        if let Some(known) = self.position(entry.label, &entry.id) {
            *self.entries.get_mut(usize::try_from(known).ok()?)? = entry;
            return Some(());
        }
        let position = u32::try_from(self.entries.len()).ok()?;
        let Self {
            entries,
            index,
            hasher,
            ..
        } = self;
        let hash = hasher.hash_one(entry.id);
        entries.push(entry);
        index.insert_unique(hash, position, |position| {
            let entry = usize::try_from(*position)
                .ok()
                .and_then(|position| entries.get(position));
            entry.map_or(0, |entry| hasher.hash_one(entry.id))
        });
        Some(())
    }
}

type Sessions = HashMap<Vec<u8>, Zeroizing<Vec<u8>>>;

/// Master secrets of the sessions seen, by what a client resumes them with: id or ticket (up to TLS 1.2). One per device; copies
/// share what they learn.
#[derive(Clone, Default)]
pub struct Resumptions {
    sessions: Rc<RefCell<Sessions>>,
}

impl std::fmt::Debug for Resumptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Resumptions")
    }
}

impl Resumptions {
    /// Remembers a session; beyond the bound, none.
    pub(super) fn learn(&self, id: &[u8], master: &[u8]) {
        let mut sessions = self.sessions.borrow_mut();
        if sessions.len() < limits::TLS_SESSIONS {
            sessions.insert(id.to_vec(), Zeroizing::new(master.to_vec()));
        }
    }

    /// The master secret of a session.
    pub(super) fn find(&self, id: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.sessions.borrow().get(id).cloned()
    }
}

fn rsa_id(encrypted: [u8; ENCRYPTED_BYTES]) -> [u8; RANDOM_BYTES] {
    let mut id = [0; RANDOM_BYTES];
    for (to, from) in id.iter_mut().zip(encrypted) {
        *to = from;
    }
    id
}

fn is_label(word: &[u8]) -> bool {
    word.iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

fn hex_array<const N: usize>(word: &[u8]) -> Option<[u8; N]> {
    let (pairs, []) = word.as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok()?;
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = hex_byte(*pair)?;
    }
    Some(bytes)
}

fn hex_byte([high, low]: [u8; 2]) -> Option<u8> {
    Some(hex_digit(high)? << 4 | hex_digit(low)?)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit & 0x0f),
        b'a'..=b'f' | b'A'..=b'F' => (digit & 0x0f).checked_add(9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    #[test]
    fn every_label_has_its_secret() {
        let random = [0x5a; 32];
        let labels = [
            ("CLIENT_RANDOM", Label::ClientRandom),
            ("PMS_CLIENT_RANDOM", Label::PremasterClientRandom),
            ("CLIENT_EARLY_TRAFFIC_SECRET", Label::ClientEarlyTraffic),
            (
                "QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                Label::ClientHandshakeTraffic,
            ),
            (
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                Label::ServerHandshakeTraffic,
            ),
            ("CLIENT_TRAFFIC_SECRET_0", Label::ClientTraffic0),
            ("QUIC_SERVER_TRAFFIC_SECRET_0", Label::ServerTraffic0),
            ("EXPORTER_SECRET", Label::Exporter),
            ("EARLY_EXPORTER_SECRET", Label::EarlyExporter),
        ];
        let mut lines = vec!["# SSL/TLS secrets log file".to_owned(), String::new()];
        for (position, (word, _)) in labels.iter().enumerate() {
            let secret = [u8::try_from(position).unwrap(); 48];
            let random = hex(&random).to_uppercase();
            lines.push(format!("{word} {random} {}", hex(&secret)));
        }
        lines.push(format!("RSA {} {}", hex(&[1; 8]), hex(&[0xee; 48])));
        let text = lines.join("\r\n");
        let mut keys = KeyLog::default();
        assert!(keys.is_empty());
        keys.take(text.into_bytes());
        for (position, (_, label)) in labels.iter().enumerate() {
            let secret = [u8::try_from(position).unwrap(); 48];
            assert_eq!(keys.secret(*label, &random), Some(&secret[..]));
        }
        assert_eq!(keys.premaster([1; 8]), Some(&[0xee; 48][..]));
        assert_eq!(keys.premaster([2; 8]), None);
        assert!(keys.has(&random) && !keys.has(&[0; 32]));
        assert_eq!(keys.unreadable(), 0);
    }

    #[test]
    fn lines_are_read_however_tools_write_them() {
        let [random, secret] = [hex(&[7; 32]), hex(&[0x42; 48])];
        let line = format!("CLIENT_RANDOM {random} {secret}");
        for text in [
            format!("CLIENT_RANDOM\t{random}\t{secret}"),
            format!("  CLIENT_RANDOM  {random}  {secret}  "),
            format!("\u{feff}{line}"),
            format!("; a comment\r\n# another\r\n\r\n{line}\r\n"),
            format!("{line}\n\0\0\0\0"),
            format!("{line}\0\0\0\0"),
        ] {
            let mut keys = KeyLog::default();
            assert!(keys.read(text.as_bytes()));
            assert_eq!(keys.unreadable(), 0, "{text}");
            let found = keys.secret(Label::ClientRandom, &[7; 32]);
            assert_eq!(found, Some(&[0x42; 48][..]));
        }
    }

    #[test]
    fn a_line_that_was_cut_is_no_shorter_secret() {
        let random = hex(&[7; 32]);
        for (label, whole) in [
            ("CLIENT_RANDOM", &[48][..]),
            ("SERVER_TRAFFIC_SECRET_0", &[32, 48]),
            ("QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET", &[32, 48]),
        ] {
            let line = format!("{label} {random} {}", hex(&[0x42; 48]));
            for len in 0..=line.len() {
                let mut keys = KeyLog::default();
                let is_read = keys.read(&line.as_bytes()[..len]);
                let is_whole = whole
                    .iter()
                    .any(|bytes| len == label.len() + 1 + 64 + 1 + bytes * 2);
                assert_eq!(is_read, is_whole, "{label} {len}");
                assert_eq!(keys.unreadable(), u64::from(!is_whole && len > 0));
            }
        }
    }

    #[test]
    fn damaged_lines_are_counted_and_passed_over() {
        let random = hex(&[7; 32]);
        let [one, other] = [hex(&[0xaa; 48]), hex(&[0xcc; 48])];
        let text = [
            format!("CLIENT_RANDOM {random} abc"),
            format!("CLIENT_RANDOM {random} abxx"),
            format!("CLIENT_RANDOM {random}"),
            format!("CLIENT_RANDOM {} {one}", "00".repeat(31)),
            "nothing of the kind".to_owned(),
            format!("CLIENT_TRAFFIC_SECRET_1 {random} aabb"),
            format!("CLIENT_RANDOM {random} {one}"),
            format!("CLIENT_RANDOM {random} {other}"),
        ]
        .join("\n");
        let mut keys = KeyLog::default();
        keys.read(text.as_bytes());
        assert_eq!(keys.unreadable(), 5);
        assert_eq!(
            keys.secret(Label::ClientRandom, &[7; 32]),
            Some(&[0xcc; 48][..])
        );
    }

    #[test]
    fn nothing_secret_is_shown() {
        let mut keys = KeyLog::default();
        keys.read(format!("CLIENT_RANDOM {} {}", hex(&[7; 32]), hex(&[0x42; 48])).as_bytes());
        assert_eq!(
            format!("{keys:?}"),
            "KeyLog { entries: 1, unreadable: 0, .. }"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "([A-Z_]{0,3}|CLIENT_RANDOM|RSA|[ \t\r\n#]|[0-9a-fA-F]{0,70}){0,40}") {
            KeyLog::default().read(text.as_bytes());
        }

        /// All lines are found again, however many there are and in whatever pieces they came.
        #[test]
        fn every_line_is_found(ids in proptest::collection::vec(any::<[u8; 32]>(), 0..200), at in 1_usize..50) {
            let mut keys = KeyLog::default();
            for part in ids.chunks(at) {
                let lines: Vec<String> = part
                    .iter()
                    .map(|id| format!("SERVER_TRAFFIC_SECRET_0 {} {}", hex(id), hex(id)))
                    .collect();
                keys.take(lines.join("\n").into_bytes());
            }
            for id in &ids {
                prop_assert_eq!(keys.secret(Label::ServerTraffic0, id), Some(&id[..]));
            }
        }
    }
}
