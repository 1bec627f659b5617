//! Removes the protection of records: AEAD (RFC 5288, 6655, 7905, 8446 §5.2), block and stream ciphers with MAC (RFC 5246
//! §6.2.3, RFC 7366), and of SSL 3.0 (RFC 6101 §5.2.3). Nothing is handed out that is not authentic.

use std::ops::Range;

use aes::{Aes128, Aes256};
use camellia::{Camellia128, Camellia256};
use cbc::cipher::array::{Array, ArraySize};
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyIvInit as _, StreamCipher as _};
use ccm::aead::AeadInOut;
use ccm::consts::{U8, U12, U16};
use ccm::{Ccm, KeyInit};
use rc4::Rc4;
use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use zeroize::Zeroizing;

use super::schedule::{Derivation, SSL_3, Secret, expand_label, hmac, plain_hash};
use super::suite::{Bulk, Hash, Suite};

/// TLS 1.0, the last version whose CBC records begin with the end of the record before.
const TLS_1_0: u16 = 0x0301;
/// Bytes of a nonce that are fixed, with AES in TLS 1.2.
const SALT_BYTES: usize = 4;
/// Bytes of the nonce that a record of TLS 1.2 carries, with AES.
const EXPLICIT_BYTES: usize = 8;
/// Bytes of a MAC where both sides agreed to truncate it (RFC 6066 §7).
const TRUNCATED_BYTES: usize = 10;

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Content type.
    pub(super) kind: u8,
    /// Version on the record.
    pub(super) version: [u8; 2],
    /// Bytes behind the header.
    pub(super) len: u16,
}

/// A record that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// Its number.
    pub(super) sequence: u64,
    /// Content type, of TLS 1.3 the hidden one.
    pub(super) kind: u8,
    /// Where the plaintext lies.
    pub(super) plaintext: Range<usize>,
}

/// The protection of one side's records, from one change of keys to the next.
pub(super) struct Protection {
    version: u16,
    cipher: Cipher,
}

enum Cipher {
    Aead {
        key: Key,
        iv: Secret,
        style: NonceStyle,
    },
    Block {
        bulk: Bulk,
        key: Secret,
        mac: MacKey,
        /// Last block of the record before, up to TLS 1.0; empty where records carry their own.
        iv: Vec<u8>,
        encrypts_then_mac: bool,
    },
    Stream {
        state: Option<Box<Rc4>>,
        mac: MacKey,
    },
}

/// How a nonce is made of IV, record number and record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NonceStyle {
    /// The record's number is combined with the IV.
    Combined,
    /// The record carries the second part.
    Carried,
}

enum Key {
    Ring(Box<LessSafeKey>),
    Ccm128(Box<Ccm<Aes128, U16, U12>>),
    Ccm128Short(Box<Ccm<Aes128, U8, U12>>),
    Ccm256(Box<Ccm<Aes256, U16, U12>>),
    Ccm256Short(Box<Ccm<Aes256, U8, U12>>),
}

struct MacKey {
    hash: Hash,
    key: Secret,
    len: usize,
}

impl std::fmt::Debug for Protection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Protection")
    }
}

/// What both sides agreed on beside the suite, up to TLS 1.2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agreement<'a> {
    /// Suite.
    pub(super) suite: Suite,
    /// Version.
    pub(super) version: u16,
    /// Random of the client.
    pub(super) client_random: &'a [u8],
    /// Random of the server.
    pub(super) server_random: &'a [u8],
    /// RFC 7366.
    pub(super) encrypts_then_mac: bool,
    /// RFC 6066 §7.
    pub(super) truncates_mac: bool,
}

impl Agreement<'_> {
    /// The protections of client and server under a master secret (RFC 5246 §6.3).
    pub(super) fn protections(&self, master: &[u8]) -> Option<[Protection; 2]> {
        let Suite { bulk, mac, .. } = self.suite;
        let mac_len = if bulk.is_aead() { 0 } else { mac.len() };
        let key_len = bulk.key_len();
        let iv_len = match (bulk, bulk.block_len()) {
            (Bulk::ChaCha20, _) => NONCE_LEN,
            (Bulk::AesGcm(_) | Bulk::AesCcm(..), _) => SALT_BYTES,
            (_, Some(block)) if self.version <= TLS_1_0 => block,
            _ => 0,
        };
        let lens = [mac_len, mac_len, key_len, key_len, iv_len, iv_len];
        let block = self.derivation().derive(
            master,
            b"key expansion",
            &[self.server_random, self.client_random],
            lens.iter().sum(),
        )?;
        let mut rest = block.as_slice();
        let mut next = |len: usize| {
            let (taken, behind) = rest.split_at_checked(len)?;
            rest = behind;
            Some(taken)
        };
        let (client_mac, server_mac) = (next(mac_len)?, next(mac_len)?);
        let (client_key, server_key) = (next(key_len)?, next(key_len)?);
        let (client_iv, server_iv) = (next(iv_len)?, next(iv_len)?);
        Some([
            self.protection(client_mac, client_key, client_iv)?,
            self.protection(server_mac, server_key, server_iv)?,
        ])
    }

    /// How keys are derived.
    pub(super) fn derivation(&self) -> Derivation {
        Derivation {
            version: self.version,
            hash: self.suite.derivation,
        }
    }

    fn protection(&self, mac: &[u8], key: &[u8], iv: &[u8]) -> Option<Protection> {
        let Suite {
            bulk, mac: hash, ..
        } = self.suite;
        let mac = MacKey {
            hash,
            key: Zeroizing::new(mac.to_vec()),
            len: if self.truncates_mac {
                TRUNCATED_BYTES
            } else {
                hash.len()
            },
        };
        let cipher = match bulk {
            Bulk::Null => Cipher::Stream { state: None, mac },
            Bulk::Rc4 => Cipher::Stream {
                state: Some(Box::new(Rc4::new_from_slice(key).ok()?)),
                mac,
            },
            Bulk::TripleDesCbc | Bulk::AesCbc(_) | Bulk::CamelliaCbc(_) => Cipher::Block {
                bulk,
                key: Zeroizing::new(key.to_vec()),
                mac,
                iv: iv.to_vec(),
                encrypts_then_mac: self.encrypts_then_mac,
            },
            Bulk::AesGcm(_) | Bulk::AesCcm(..) | Bulk::ChaCha20 => Cipher::Aead {
                key: Key::new(bulk, key)?,
                iv: Zeroizing::new(iv.to_vec()),
                style: if iv.len() == NONCE_LEN {
                    NonceStyle::Combined
                } else {
                    NonceStyle::Carried
                },
            },
        };
        Some(Protection {
            version: self.version,
            cipher,
        })
    }
}

impl Protection {
    /// The protection under a traffic secret of TLS 1.3 (RFC 8446 §7.3).
    pub(super) fn of_traffic_secret(suite: Suite, secret: &[u8]) -> Option<Self> {
        let key = expand_label(suite.derivation, secret, b"key", suite.bulk.key_len())?;
        Some(Self {
            version: 0x0304,
            cipher: Cipher::Aead {
                key: Key::new(suite.bulk, &key)?,
                iv: expand_label(suite.derivation, secret, b"iv", NONCE_LEN)?,
                style: NonceStyle::Combined,
            },
        })
    }

    /// Opens a record in `work`, trying these numbers in turn. For more than one, `original` must hold the record.
    pub(super) fn open(
        &mut self,
        head: Head,
        sequences: Range<u64>,
        original: &[u8],
        work: &mut [u8],
    ) -> Option<Opened> {
        let version = self.version;
        match &mut self.cipher {
            Cipher::Aead { key, iv, style } => {
                let first = sequences.start;
                for sequence in sequences {
                    if sequence != first {
                        work.get_mut(..original.len())?.copy_from_slice(original);
                    }
                    if let Some(plaintext) =
                        open_aead(key, iv, *style, version, head, sequence, work)
                    {
                        return opened(version, head, sequence, plaintext, work);
                    }
                }
                None
            }
            Cipher::Stream { state, mac } => {
                if let Some(state) = state {
                    state.apply_keystream(work);
                }
                let len = work.len().checked_sub(mac.len)?;
                let (content, tag) = work.split_at_checked(len)?;
                let sequence = mac.find(version, head, sequences, content, tag)?;
                opened(version, head, sequence, 0..len, work)
            }
            Cipher::Block { .. } => self.open_block(head, sequences, work),
        }
    }

    /// The key stream of that many bytes was used by a record that is lost.
    pub(super) fn skip(&mut self, len: usize) {
        if let Cipher::Stream {
            state: Some(state), ..
        } = &mut self.cipher
        {
            state.apply_keystream(&mut vec![0; len]);
        }
    }

    /// Whether records can still be opened after an unknown number of them was lost.
    pub(super) fn survives_loss(&self) -> bool {
        !matches!(self.cipher, Cipher::Stream { state: Some(_), .. })
    }

    fn open_block(&mut self, head: Head, sequences: Range<u64>, work: &mut [u8]) -> Option<Opened> {
        let version = self.version;
        let Cipher::Block {
            bulk,
            key,
            mac,
            iv,
            encrypts_then_mac,
        } = &mut self.cipher
        else {
            return None;
        };
        let block = bulk.block_len()?;
        let mut sequence = None;
        let mut len = work.len();
        if *encrypts_then_mac {
            len = len.checked_sub(mac.len)?;
            let (sealed, tag) = work.split_at_checked(len)?;
            sequence = Some(mac.find(version, head, sequences.clone(), sealed, tag)?);
        }
        let sealed = work.get_mut(..len)?;
        let is_carried = iv.is_empty();
        let start = if is_carried { block } else { 0 };
        let (first, body) = sealed.split_at_mut_checked(start)?;
        if body.is_empty() || !body.len().is_multiple_of(block) {
            return None;
        }
        let next = body.get(body.len().checked_sub(block)?..)?.to_vec();
        let vector: &[u8] = if is_carried { first } else { iv };
        match bulk {
            Bulk::AesCbc(16) => decrypt_cbc::<Aes128>(key, vector, body),
            Bulk::AesCbc(_) => decrypt_cbc::<Aes256>(key, vector, body),
            Bulk::CamelliaCbc(16) => decrypt_cbc::<Camellia128>(key, vector, body),
            Bulk::CamelliaCbc(_) => decrypt_cbc::<Camellia256>(key, vector, body),
            _ => decrypt_cbc::<des::TdesEde3>(key, vector, body),
        }?;
        if !is_carried {
            *iv = next;
        }
        let padding = usize::from(*body.last()?).checked_add(1)?;
        let content = body.len().checked_sub(padding)?;
        if version != SSL_3 {
            let (_, tail) = body.split_at_checked(content)?;
            let last = tail.last()?;
            if tail.iter().any(|byte| byte != last) {
                return None;
            }
        }
        if let Some(sequence) = sequence {
            let end = start.checked_add(content)?;
            return opened(version, head, sequence, start..end, work);
        }
        let content_len = content.checked_sub(mac.len)?;
        let (plain, tag) = body.get(..content)?.split_at_checked(content_len)?;
        let sequence = mac.find(version, head, sequences, plain, tag)?;
        let end = start.checked_add(content_len)?;
        opened(version, head, sequence, start..end, work)
    }
}

/// Of TLS 1.3 the content type is the last byte that is not zero (RFC 8446 §5.2).
fn opened(
    version: u16,
    head: Head,
    sequence: u64,
    plaintext: Range<usize>,
    work: &[u8],
) -> Option<Opened> {
    if version < 0x0304 {
        return Some(Opened {
            sequence,
            kind: head.kind,
            plaintext,
        });
    }
    let inner = work.get(plaintext.clone())?;
    let at = inner.iter().rposition(|byte| *byte != 0)?;
    Some(Opened {
        sequence,
        kind: *inner.get(at)?,
        plaintext: plaintext.start..plaintext.start.checked_add(at)?,
    })
}

fn open_aead(
    key: &Key,
    iv: &[u8],
    style: NonceStyle,
    version: u16,
    head: Head,
    sequence: u64,
    work: &mut [u8],
) -> Option<Range<usize>> {
    let mut nonce = [0; NONCE_LEN];
    let (salt, low) = nonce.split_at_mut(SALT_BYTES);
    let start = match style {
        NonceStyle::Combined => {
            nonce.copy_from_slice(iv.get(..NONCE_LEN)?);
            for (byte, number) in nonce
                .iter_mut()
                .skip(NONCE_LEN.saturating_sub(8))
                .zip(sequence.to_be_bytes())
            {
                *byte ^= number;
            }
            0
        }
        NonceStyle::Carried => {
            salt.copy_from_slice(iv.get(..SALT_BYTES)?);
            low.copy_from_slice(work.get(..EXPLICIT_BYTES)?);
            EXPLICIT_BYTES
        }
    };
    let sealed = work.get_mut(start..)?;
    let len = sealed.len().checked_sub(key.tag_len())?;
    let mut additional = Vec::with_capacity(13);
    let wire_len = if version >= 0x0304 {
        head.len
    } else {
        additional.extend_from_slice(&sequence.to_be_bytes());
        u16::try_from(len).ok()?
    };
    additional.push(head.kind);
    additional.extend_from_slice(&head.version);
    additional.extend_from_slice(&wire_len.to_be_bytes());
    key.open(nonce, &additional, sealed)?;
    Some(start..start.checked_add(len)?)
}

impl Key {
    fn new(bulk: Bulk, key: &[u8]) -> Option<Self> {
        let ring = |algorithm| {
            let key = UnboundKey::new(algorithm, key).ok()?;
            Some(Self::Ring(Box::new(LessSafeKey::new(key))))
        };
        match bulk {
            Bulk::AesGcm(16) => ring(&AES_128_GCM),
            Bulk::AesGcm(_) => ring(&AES_256_GCM),
            Bulk::ChaCha20 => ring(&CHACHA20_POLY1305),
            Bulk::AesCcm(16, 16) => Some(Self::Ccm128(Box::new(Ccm::new_from_slice(key).ok()?))),
            Bulk::AesCcm(16, _) => {
                Some(Self::Ccm128Short(Box::new(Ccm::new_from_slice(key).ok()?)))
            }
            Bulk::AesCcm(_, 16) => Some(Self::Ccm256(Box::new(Ccm::new_from_slice(key).ok()?))),
            Bulk::AesCcm(..) => Some(Self::Ccm256Short(Box::new(Ccm::new_from_slice(key).ok()?))),
            Bulk::Null
            | Bulk::Rc4
            | Bulk::TripleDesCbc
            | Bulk::AesCbc(_)
            | Bulk::CamelliaCbc(_) => None,
        }
    }

    fn tag_len(&self) -> usize {
        match self {
            Self::Ring(_) | Self::Ccm128(_) | Self::Ccm256(_) => 16,
            Self::Ccm128Short(_) | Self::Ccm256Short(_) => 8,
        }
    }

    fn open(&self, nonce: [u8; NONCE_LEN], additional: &[u8], sealed: &mut [u8]) -> Option<()> {
        match self {
            Self::Ring(key) => {
                let nonce = Nonce::assume_unique_for_key(nonce);
                let opened = key.open_in_place(nonce, Aad::from(additional), sealed);
                opened.ok().map(|_| ())
            }
            Self::Ccm128(key) => open_ccm::<_, 16>(key.as_ref(), nonce, additional, sealed),
            Self::Ccm128Short(key) => open_ccm::<_, 8>(key.as_ref(), nonce, additional, sealed),
            Self::Ccm256(key) => open_ccm::<_, 16>(key.as_ref(), nonce, additional, sealed),
            Self::Ccm256Short(key) => open_ccm::<_, 8>(key.as_ref(), nonce, additional, sealed),
        }
    }
}

fn open_ccm<C: AeadInOut<NonceSize = U12>, const TAG: usize>(
    key: &C,
    nonce: [u8; NONCE_LEN],
    additional: &[u8],
    sealed: &mut [u8],
) -> Option<()> {
    let len = sealed.len().checked_sub(TAG)?;
    let (body, tag) = sealed.split_at_mut_checked(len)?;
    let tag = Array::try_from(&*tag).ok()?;
    key.decrypt_inout_detached(&Array(nonce), additional, body.into(), &tag)
        .ok()
}

fn decrypt_cbc<C>(key: &[u8], iv: &[u8], body: &mut [u8]) -> Option<()>
where
    C: BlockCipherDecrypt + KeyInit,
    C::BlockSize: ArraySize,
{
    let mut mode = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    let (blocks, _) = Array::slice_as_chunks_mut(body);
    mode.decrypt_blocks(blocks);
    Some(())
}

impl MacKey {
    /// The number under which the MAC holds.
    fn find(
        &self,
        version: u16,
        head: Head,
        mut sequences: Range<u64>,
        content: &[u8],
        tag: &[u8],
    ) -> Option<u64> {
        sequences.find(|sequence| {
            let mac = self.mac(version, head, *sequence, content);
            mac.as_deref()
                .and_then(|mac| mac.get(..self.len))
                .is_some_and(|mac| mac == tag)
        })
    }

    fn mac(&self, version: u16, head: Head, sequence: u64, content: &[u8]) -> Option<Secret> {
        let sequence = sequence.to_be_bytes();
        let len = u16::try_from(content.len()).ok()?.to_be_bytes();
        let kind = [head.kind];
        if version != SSL_3 {
            let parts = [&sequence[..], &kind, &head.version, &len, content];
            return hmac(self.hash, &self.key, &parts);
        }
        // RFC 6101 §5.2.3.1
        let padding = if self.hash == Hash::Md5 { 48 } else { 40 };
        let (inner, outer) = (vec![0x36; padding], vec![0x5c; padding]);
        let parts = [&self.key, &inner[..], &sequence, &kind, &len, content];
        let hash = plain_hash(self.hash, &parts);
        Some(plain_hash(self.hash, &[&self.key, &outer, &hash]))
    }
}
