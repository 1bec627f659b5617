//! Cipher suites (IANA, “TLS Cipher Suites”): by which cipher, MAC and hash a suite protects records. The key exchange does not
//! matter to a reader who has the secrets.

/// Cipher of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bulk {
    /// None: records are only authenticated.
    Null,
    /// RC4 with 128 bits.
    Rc4,
    /// 3DES in CBC mode.
    TripleDesCbc,
    /// AES in CBC mode, with the bytes of its key.
    AesCbc(usize),
    /// Camellia in CBC mode, with the bytes of its key.
    CamelliaCbc(usize),
    /// AES-GCM, with the bytes of its key.
    AesGcm(usize),
    /// AES-CCM, with the bytes of its key and of its tag.
    AesCcm(usize, usize),
    /// ChaCha20-Poly1305.
    ChaCha20,
}

impl Bulk {
    /// Bytes of the key.
    pub(super) fn key_len(self) -> usize {
        match self {
            Self::Null => 0,
            Self::Rc4 => 16,
            Self::TripleDesCbc => 24,
            Self::AesCbc(len)
            | Self::CamelliaCbc(len)
            | Self::AesGcm(len)
            | Self::AesCcm(len, _) => len,
            Self::ChaCha20 => 32,
        }
    }

    /// Bytes of a block of CBC mode.
    pub(super) fn block_len(self) -> Option<usize> {
        match self {
            Self::TripleDesCbc => Some(8),
            Self::AesCbc(_) | Self::CamelliaCbc(_) => Some(16),
            _ => None,
        }
    }

    /// Whether the cipher authenticates by itself.
    pub(super) fn is_aead(self) -> bool {
        matches!(self, Self::AesGcm(_) | Self::AesCcm(..) | Self::ChaCha20)
    }
}

/// Hash of the MAC of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
}

impl Hash {
    /// Bytes of its output.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// How records are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    /// Cipher.
    pub(super) bulk: Bulk,
    /// Hash of the MAC, of use with ciphers that do not authenticate.
    pub(super) mac: Hash,
    /// Hash of the key derivation from TLS 1.2 on.
    pub(super) derivation: Hash,
}

impl Suite {
    /// The suite of that number, if it can be read.
    pub(super) fn of(number: u16) -> Option<Self> {
        use Bulk::{AesCbc, AesCcm, AesGcm, CamelliaCbc, ChaCha20, Null, Rc4, TripleDesCbc};
        use Hash::{Md5, Sha1, Sha256, Sha384};

        let (bulk, mac) = match number {
            0x0001 => (Null, Md5),
            0x0002 | 0x002c..=0x002e | 0xc001 | 0xc006 | 0xc00b | 0xc010 | 0xc015 | 0xc039 => {
                (Null, Sha1)
            }
            0x003b | 0x00b0 | 0x00b4 | 0x00b8 | 0xc03a => (Null, Sha256),
            0x00b1 | 0x00b5 | 0x00b9 | 0xc03b => (Null, Sha384),
            0x0004 | 0x0018 => (Rc4, Md5),
            0x0005 | 0x008a | 0x008e | 0x0092 | 0xc002 | 0xc007 | 0xc00c | 0xc011 | 0xc016
            | 0xc033 => (Rc4, Sha1),
            0x000a
            | 0x000d
            | 0x0010
            | 0x0013
            | 0x0016
            | 0x001b
            | 0x008b
            | 0x008f
            | 0x0093
            | 0xc003
            | 0xc008
            | 0xc00d
            | 0xc012
            | 0xc017
            | 0xc01a..=0xc01c
            | 0xc034 => (TripleDesCbc, Sha1),
            0x002f..=0x0034
            | 0x008c
            | 0x0090
            | 0x0094
            | 0xc004
            | 0xc009
            | 0xc00e
            | 0xc013
            | 0xc018
            | 0xc01d..=0xc01f
            | 0xc035 => (AesCbc(16), Sha1),
            0x0035..=0x003a
            | 0x008d
            | 0x0091
            | 0x0095
            | 0xc005
            | 0xc00a
            | 0xc00f
            | 0xc014
            | 0xc019
            | 0xc020..=0xc022
            | 0xc036 => (AesCbc(32), Sha1),
            0x003c
            | 0x003e..=0x0040
            | 0x0067
            | 0x006c
            | 0x00ae
            | 0x00b2
            | 0x00b6
            | 0xc023
            | 0xc025
            | 0xc027
            | 0xc029
            | 0xc037 => (AesCbc(16), Sha256),
            0x003d | 0x0068..=0x006b | 0x006d => (AesCbc(32), Sha256),
            0x00af | 0x00b3 | 0x00b7 | 0xc024 | 0xc026 | 0xc028 | 0xc02a | 0xc038 => {
                (AesCbc(32), Sha384)
            }
            0x0041..=0x0046 => (CamelliaCbc(16), Sha1),
            0x0084..=0x0089 => (CamelliaCbc(32), Sha1),
            0x00ba..=0x00bf
            | 0xc072
            | 0xc074
            | 0xc076
            | 0xc078
            | 0xc094
            | 0xc096
            | 0xc098
            | 0xc09a => (CamelliaCbc(16), Sha256),
            0x00c0..=0x00c5 => (CamelliaCbc(32), Sha256),
            0xc073 | 0xc075 | 0xc077 | 0xc079 | 0xc095 | 0xc097 | 0xc099 | 0xc09b => {
                (CamelliaCbc(32), Sha384)
            }
            0x009c | 0x009e | 0x00a0 | 0x00a2 | 0x00a4 | 0x00a6 | 0x00a8 | 0x00aa | 0x00ac
            | 0xc02b | 0xc02d | 0xc02f | 0xc031 | 0xd001 | 0x1301 => (AesGcm(16), Sha256),
            0x009d | 0x009f | 0x00a1 | 0x00a3 | 0x00a5 | 0x00a7 | 0x00a9 | 0x00ab | 0x00ad
            | 0xc02c | 0xc02e | 0xc030 | 0xc032 | 0xd002 | 0x1302 => (AesGcm(32), Sha384),
            0xcca8..=0xccae | 0x1303 => (ChaCha20, Sha256),
            0xc09c | 0xc09e | 0xc0a4 | 0xc0a6 | 0xc0ac | 0xd005 | 0x1304 => {
                (AesCcm(16, 16), Sha256)
            }
            0xc09d | 0xc09f | 0xc0a5 | 0xc0a7 | 0xc0ad => (AesCcm(32, 16), Sha256),
            0xc0a0 | 0xc0a2 | 0xc0a8 | 0xc0aa | 0xc0ae | 0xd003 | 0x1305 => (AesCcm(16, 8), Sha256),
            0xc0a1 | 0xc0a3 | 0xc0a9 | 0xc0ab | 0xc0af => (AesCcm(32, 8), Sha256),
            _ => return None,
        };
        Some(Self {
            bulk,
            mac,
            derivation: if mac == Sha384 { Sha384 } else { Sha256 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_those_of_the_registry() {
        let of = |number| Suite::of(number).map(|suite| (suite.bulk, suite.mac, suite.derivation));
        assert_eq!(
            of(0x002f),
            Some((Bulk::AesCbc(16), Hash::Sha1, Hash::Sha256))
        );
        assert_eq!(
            of(0xc028),
            Some((Bulk::AesCbc(32), Hash::Sha384, Hash::Sha384))
        );
        assert_eq!(
            of(0xc030),
            Some((Bulk::AesGcm(32), Hash::Sha384, Hash::Sha384))
        );
        assert_eq!(
            of(0x1305),
            Some((Bulk::AesCcm(16, 8), Hash::Sha256, Hash::Sha256))
        );
        assert_eq!(
            of(0xc077),
            Some((Bulk::CamelliaCbc(32), Hash::Sha384, Hash::Sha384))
        );
        assert_eq!(of(0xc060), None, "ARIA");
        assert_eq!(of(0x0a0a), None, "GREASE");
    }
}
