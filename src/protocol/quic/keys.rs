//! Keys out of secrets (RFC 9001 §5.1, §5.2), and the removal of packet protection (RFC 9001 §5.3, §5.4). Secrets of Initial
//! packets are derived from what is on the wire, so that these decrypt for anybody; others come from key logs.

use ring::aead::quic::{self, AES_128, AES_256, CHACHA20, HeaderProtectionKey};
use ring::aead::{
    self, AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce,
    UnboundKey,
};
use ring::hkdf::{self, HKDF_SHA256, HKDF_SHA384, KeyType, Prk};
use zeroize::Zeroizing;

use super::version::{Labels, Salt};

/// Bytes from the beginning of the packet number to the sample (RFC 9001 §5.4.2).
const SAMPLE_OFFSET: usize = 4;
const SAMPLE_BYTES: usize = 16;

/// Longest key of the suites.
const KEY_BYTES: usize = 32;

/// A secret; wiped when it is dropped.
pub(in crate::protocol) type Secret = Zeroizing<Vec<u8>>;

/// The cipher suites of TLS 1.3 that QUIC uses (RFC 9001 §5.3). `TLS_AES_128_CCM_SHA256` is not among them: no implementation
/// of QUIC in the field offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Suite {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

impl Suite {
    /// Their numbers (RFC 8446 appendix B.4).
    pub(super) const NUMBERS: std::ops::RangeInclusive<u16> = 0x1301..=0x1303;

    /// All, in the order in which they are tried where it is not known which it is.
    pub(super) const ALL: [Self; 3] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::ChaCha20Poly1305];

    /// By its number (RFC 8446 appendix B.4).
    pub(in crate::protocol) fn of(number: u16) -> Option<Self> {
        match number {
            0x1301 => Some(Self::Aes128Gcm),
            0x1302 => Some(Self::Aes256Gcm),
            0x1303 => Some(Self::ChaCha20Poly1305),
            _ => None,
        }
    }

    fn hash(self) -> hkdf::Algorithm {
        match self {
            Self::Aes128Gcm | Self::ChaCha20Poly1305 => HKDF_SHA256,
            Self::Aes256Gcm => HKDF_SHA384,
        }
    }

    fn ciphers(self) -> (&'static aead::Algorithm, &'static quic::Algorithm) {
        match self {
            Self::Aes128Gcm => (&AES_128_GCM, &AES_128),
            Self::Aes256Gcm => (&AES_256_GCM, &AES_256),
            Self::ChaCha20Poly1305 => (&CHACHA20_POLY1305, &CHACHA20),
        }
    }

    /// Whether a secret is as long as those of this suite.
    pub(in crate::protocol) fn fits(self, secret: &[u8]) -> bool {
        secret.len() == self.hash().len()
    }

    fn prk(self, secret: &[u8]) -> Prk {
        Prk::new_less_safe(self.hash(), secret)
    }

    /// The secret that follows a key update (RFC 9001 §6.1).
    pub(in crate::protocol) fn next_secret(self, labels: &Labels, secret: &[u8]) -> Option<Secret> {
        let mut next = Zeroizing::new(vec![0; self.hash().len()]);
        expand(&self.prk(secret), labels.update, &mut next)?;
        Some(next)
    }
}

/// Keys of both sides.
#[derive(Debug)]
pub(super) struct InitialKeys {
    /// For what the client sends.
    pub(super) client: Keys,
    /// For what the server sends.
    pub(super) server: Keys,
}

impl InitialKeys {
    /// Derives the keys from the connection id that the client first addressed.
    pub(super) fn derive(salt: &Salt, destination: &[u8]) -> Option<Self> {
        let secret = hkdf::Salt::new(HKDF_SHA256, &salt.bytes).extract(destination);
        let side = |label| {
            let mut side = [0; 32];
            expand(&secret, label, &mut side)?;
            Keys::derive(Suite::Aes128Gcm, &salt.labels, &side)
        };
        Some(Self {
            client: side(b"tls13 client in")?,
            server: side(b"tls13 server in")?,
        })
    }
}

/// Keys for what one side sends: that of the header and those of the packet.
pub(in crate::protocol) struct Keys {
    /// It stays the same through key updates.
    pub(in crate::protocol) header: HeaderKey,
    pub(in crate::protocol) packet: PacketKeys,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys")
    }
}

impl Keys {
    /// Derives the keys from a secret.
    pub(in crate::protocol) fn derive(
        suite: Suite,
        labels: &Labels,
        secret: &[u8],
    ) -> Option<Self> {
        let (_, header) = suite.ciphers();
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let key = key.get_mut(..header.key_len())?;
        expand(&suite.prk(secret), labels.header, key)?;
        Some(Self {
            header: HeaderKey(HeaderProtectionKey::new(header, key).ok()?),
            packet: PacketKeys::derive(suite, labels, secret)?,
        })
    }

    /// Removes the protection of a packet with a long header whose number begins at `number_at`. Returns number and payload,
    /// or `None` if it is not authentic under these keys.
    pub(super) fn open(
        &self,
        packet: &[u8],
        number_at: usize,
        largest: Option<u64>,
    ) -> Option<(u64, Vec<u8>)> {
        let opened = self.header.open(packet, number_at)?;
        let number = opened.number(largest);
        Some((number, self.packet.open(&opened, number)?))
    }
}

/// The key of the header.
pub(in crate::protocol) struct HeaderKey(HeaderProtectionKey);

impl HeaderKey {
    /// Removes the protection of the header.
    pub(super) fn open<'p>(&self, packet: &'p [u8], number_at: usize) -> Option<OpenedHeader<'p>> {
        let sample = packet
            .get(number_at.checked_add(SAMPLE_OFFSET)?..)?
            .get(..SAMPLE_BYTES)?;
        let [mask_first, mask_number @ ..] = self.0.new_mask(sample).ok()?;
        let mut header = packet.get(..number_at)?.to_vec();
        let first = header.first_mut()?;
        let protected = if *first & 0x80 == 0 { 0x1f } else { 0x0f };
        *first ^= mask_first & protected;
        let first = *first;
        let number_len = usize::from(first & 0x03).saturating_add(1);
        let (number, payload) = packet.get(number_at..)?.split_at_checked(number_len)?;
        let mut truncated = 0_u64;
        for (byte, mask) in number.iter().zip(mask_number) {
            header.push(byte ^ mask);
            truncated = truncated << 8 | u64::from(byte ^ mask);
        }
        Some(OpenedHeader {
            first,
            bytes: header,
            truncated,
            number_len,
            payload,
        })
    }

    /// Removes the protection of the number in a record of DTLS 1.3, which stands behind the first byte of its header (RFC 9147
    /// §4.2.3).
    pub(in crate::protocol) fn open_record<'p>(
        &self,
        header: &[u8],
        number_len: usize,
        payload: &'p [u8],
    ) -> Option<OpenedHeader<'p>> {
        let mask = self.0.new_mask(payload.get(..SAMPLE_BYTES)?).ok()?;
        let mut bytes = header.to_vec();
        let mut truncated = 0_u64;
        for (byte, mask) in bytes.get_mut(1..)?.iter_mut().take(number_len).zip(mask) {
            *byte ^= mask;
            truncated = truncated << 8 | u64::from(*byte);
        }
        Some(OpenedHeader {
            first: *header.first()?,
            bytes,
            truncated,
            number_len,
            payload,
        })
    }
}

/// A header without protection, and the payload behind it that still has its.
pub(in crate::protocol) struct OpenedHeader<'p> {
    /// Its first byte.
    pub(super) first: u8,
    bytes: Vec<u8>,
    truncated: u64,
    number_len: usize,
    payload: &'p [u8],
}

impl OpenedHeader<'_> {
    /// The packet's number, given the largest that came before.
    pub(in crate::protocol) fn number(&self, largest: Option<u64>) -> u64 {
        packet_number(largest, self.truncated, self.number_len)
    }
}

/// The keys of the payload.
pub(in crate::protocol) struct PacketKeys {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
}

impl PacketKeys {
    /// Derives them from a secret.
    pub(in crate::protocol) fn derive(
        suite: Suite,
        labels: &Labels,
        secret: &[u8],
    ) -> Option<Self> {
        let (packet, _) = suite.ciphers();
        let prk = suite.prk(secret);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let key = key.get_mut(..packet.key_len())?;
        expand(&prk, labels.key, key)?;
        let mut iv = [0; NONCE_LEN];
        expand(&prk, labels.iv, &mut iv)?;
        Some(Self {
            key: LessSafeKey::new(UnboundKey::new(packet, key).ok()?),
            iv,
        })
    }

    /// The payload, or `None` if it is not authentic.
    pub(in crate::protocol) fn open(
        &self,
        header: &OpenedHeader<'_>,
        number: u64,
    ) -> Option<Vec<u8>> {
        let mut payload = header.payload.to_vec();
        let nonce = Nonce::assume_unique_for_key(self.nonce(number));
        let len = self
            .key
            .open_in_place(nonce, Aad::from(&header.bytes), &mut payload)
            .ok()?
            .len();
        payload.truncate(len);
        Some(payload)
    }

    fn nonce(&self, number: u64) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let (_, low) = nonce.split_at_mut(NONCE_LEN.saturating_sub(8));
        for (byte, number) in low.iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }
}

#[cfg(test)]
impl Keys {
    /// Protects a packet, as a sender does. `header` ends with the packet number.
    pub(super) fn seal(&self, header: &[u8], number_len: usize, payload: &[u8]) -> Vec<u8> {
        let (_, number_bytes) = header.split_at(header.len() - number_len);
        let number = number_bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let mut sealed = payload.to_vec();
        let nonce = Nonce::assume_unique_for_key(self.packet.nonce(number));
        self.packet
            .key
            .seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed)
            .unwrap();
        let mut packet = [header, &sealed].concat();
        let number_at = header.len() - number_len;
        let sample = &packet[number_at + SAMPLE_OFFSET..][..SAMPLE_BYTES];
        let mask = self.header.0.new_mask(sample).unwrap();
        packet[0] ^= mask[0] & if packet[0] & 0x80 == 0 { 0x1f } else { 0x0f };
        for (byte, mask) in packet[number_at..][..number_len].iter_mut().zip(&mask[1..]) {
            *byte ^= mask;
        }
        packet
    }
}

/// The whole packet number (RFC 9000 appendix A.3).
fn packet_number(largest: Option<u64>, truncated: u64, len: usize) -> u64 {
    let expected = largest.map_or(0, |largest| largest.saturating_add(1));
    let bits = u32::try_from(len.saturating_mul(8)).unwrap_or(32);
    let window = 1_u64 << bits.min(32);
    let half = window >> 1;
    let candidate = (expected & !window.saturating_sub(1)) | truncated;
    if candidate.saturating_add(half) <= expected {
        candidate.saturating_add(window)
    } else if candidate > expected.saturating_add(half) && candidate >= window {
        candidate.saturating_sub(window)
    } else {
        candidate
    }
}

/// Length of the output of HKDF-Expand.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1); `label` has its prefix.
fn expand(secret: &Prk, label: &[u8], output: &mut [u8]) -> Option<()> {
    let len = u16::try_from(output.len()).ok()?.to_be_bytes();
    let label_len = [u8::try_from(label.len()).ok()?];
    secret
        .expand(&[&len, &label_len, label, &[0]], Length(output.len()))
        .ok()?
        .fill(output)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packet_numbers_are_those_of_rfc_9000_appendix_a() {
        assert_eq!(packet_number(Some(0xa82f_30ea), 0x9b32, 2), 0xa82f_9b32);
        assert_eq!(packet_number(None, 2, 1), 2);
        assert_eq!(packet_number(Some(0xff), 0, 1), 0x100);
        assert_eq!(packet_number(Some(0x100), 0xff, 1), 0xff);
    }
}
