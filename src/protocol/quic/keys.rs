//! Initial keys (RFC 9001 §5.2) and the removal of packet protection (RFC 9001 §5.3, §5.4). They are derived from what is on
//! the wire, so that this decrypts for anybody.

use ring::aead::quic::{AES_128, HeaderProtectionKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{self, HKDF_SHA256, KeyType, Prk};

use super::version::Salt;

/// Bytes from the beginning of the packet number to the sample (RFC 9001 §5.4.2).
const SAMPLE_OFFSET: usize = 4;
const SAMPLE_BYTES: usize = 16;

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
            let secret: [u8; 32] = expand(&secret, label)?;
            Keys::derive(salt, &Prk::new_less_safe(HKDF_SHA256, &secret))
        };
        Some(Self {
            client: side(b"tls13 client in")?,
            server: side(b"tls13 server in")?,
        })
    }
}

/// Keys of one side.
pub(super) struct Keys {
    packet: LessSafeKey,
    iv: [u8; NONCE_LEN],
    header: HeaderProtectionKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys")
    }
}

impl Keys {
    fn derive(salt: &Salt, secret: &Prk) -> Option<Self> {
        let [key, iv, header] = salt.labels;
        let key: [u8; 16] = expand(secret, key)?;
        let header: [u8; 16] = expand(secret, header)?;
        Some(Self {
            packet: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?),
            iv: expand(secret, iv)?,
            header: HeaderProtectionKey::new(&AES_128, &header).ok()?,
        })
    }

    /// Removes the protection of an Initial packet whose number begins at `number_at`. Returns number and payload, or `None`
    /// if it is not authentic under these keys.
    pub(super) fn open(
        &self,
        packet: &[u8],
        number_at: usize,
        largest: Option<u64>,
    ) -> Option<(u64, Vec<u8>)> {
        let sample = packet
            .get(number_at.checked_add(SAMPLE_OFFSET)?..)?
            .get(..SAMPLE_BYTES)?;
        let [mask_first, mask_number @ ..] = self.header.new_mask(sample).ok()?;
        let mut header = packet.get(..number_at)?.to_vec();
        let first = header.first_mut()?;
        *first ^= mask_first & 0x0f;
        let number_len = usize::from(*first & 0x03).saturating_add(1);
        let (number, payload) = packet.get(number_at..)?.split_at_checked(number_len)?;
        let mut truncated = 0_u64;
        for (byte, mask) in number.iter().zip(mask_number) {
            header.push(byte ^ mask);
            truncated = truncated << 8 | u64::from(byte ^ mask);
        }
        let number = packet_number(largest, truncated, number_len);
        let mut payload = payload.to_vec();
        let nonce = Nonce::assume_unique_for_key(self.nonce(number));
        let len = self
            .packet
            .open_in_place(nonce, Aad::from(&header), &mut payload)
            .ok()?
            .len();
        payload.truncate(len);
        Some((number, payload))
    }

    fn nonce(&self, number: u64) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let (_, low) = nonce.split_at_mut(NONCE_LEN.saturating_sub(8));
        for (byte, number) in low.iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }

    #[cfg(test)]
    /// Protects a packet, as a sender does. `header` ends with the packet number.
    pub(super) fn seal(&self, header: &[u8], number_len: usize, payload: &[u8]) -> Vec<u8> {
        let (_, number_bytes) = header.split_at(header.len() - number_len);
        let number = number_bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        let mut sealed = payload.to_vec();
        let nonce = Nonce::assume_unique_for_key(self.nonce(number));
        self.packet
            .seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed)
            .unwrap();
        let mut packet = [header, &sealed].concat();
        let number_at = header.len() - number_len;
        let sample = &packet[number_at + SAMPLE_OFFSET..][..SAMPLE_BYTES];
        let mask = self.header.new_mask(sample).unwrap();
        packet[0] ^= mask[0] & 0x0f;
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
fn expand<const N: usize>(secret: &Prk, label: &[u8]) -> Option<[u8; N]> {
    let len = u16::try_from(N).ok()?.to_be_bytes();
    let label_len = [u8::try_from(label.len()).ok()?];
    let mut output = [0; N];
    secret
        .expand(&[&len, &label_len, label, &[0]], Length(N))
        .ok()?
        .fill(&mut output)
        .ok()?;
    Some(output)
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
