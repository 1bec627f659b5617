//! Versions of QUIC: how their long headers and Initial keys differ.

/// QUIC version 2 (RFC 9369).
pub(super) const V2: u32 = 0x6b33_43cf;

/// What Initial keys are derived with (RFC 9001 §5.2 and its drafts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Salt {
    /// Salt of the extraction.
    pub(super) bytes: [u8; 20],
    /// Labels of the keys.
    pub(super) labels: Labels,
}

/// With which labels keys are expanded from secrets (RFC 9001 §5.1, §6.1; RFC 9369 §3.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct Labels {
    /// Key of packets.
    pub(in crate::protocol) key: &'static [u8],
    /// IV of packets.
    pub(in crate::protocol) iv: &'static [u8],
    /// Key of headers.
    pub(in crate::protocol) header: &'static [u8],
    /// Secret behind a key update.
    pub(in crate::protocol) update: &'static [u8],
}

const LABELS: Labels = Labels {
    key: b"tls13 quic key",
    iv: b"tls13 quic iv",
    header: b"tls13 quic hp",
    update: b"tls13 quic ku",
};

const LABELS_2: Labels = Labels {
    key: b"tls13 quicv2 key",
    iv: b"tls13 quicv2 iv",
    header: b"tls13 quicv2 hp",
    update: b"tls13 quicv2 ku",
};

/// The labels of a version.
pub(super) fn labels(version: u32) -> &'static Labels {
    match version {
        V2 => &LABELS_2,
        _ => &LABELS,
    }
}

/// Drafts 33 and 34, and version 1 (RFC 9001 §5.2).
const SALT_1: Salt = Salt {
    bytes: [
        0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c,
        0xad, 0xcc, 0xbb, 0x7f, 0x0a,
    ],
    labels: LABELS,
};

/// Version 2 (RFC 9369 §3.3).
const SALT_2: Salt = Salt {
    bytes: [
        0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d,
        0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
    ],
    labels: LABELS_2,
};

/// Drafts 29 to 32.
const SALT_DRAFT_29: Salt = Salt {
    bytes: [
        0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11,
        0xe0, 0x43, 0x90, 0xa8, 0x99,
    ],
    labels: LABELS,
};

/// Drafts 23 to 28.
const SALT_DRAFT_23: Salt = Salt {
    bytes: [
        0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63,
        0x65, 0xbe, 0xf9, 0xf5, 0x02,
    ],
    labels: LABELS,
};

/// Drafts 21 and 22.
const SALT_DRAFT_22: Salt = Salt {
    bytes: [
        0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e,
        0xbd, 0x7a, 0x02, 0x64, 0x4a,
    ],
    labels: LABELS,
};

/// Google's `Q050`.
const SALT_Q050: Salt = Salt {
    bytes: [
        0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7,
        0xf0, 0xd3, 0xb5, 0x6b, 0x45,
    ],
    labels: LABELS,
};

/// Google's `T050`: TLS instead of Google's own handshake.
const SALT_T050: Salt = Salt {
    bytes: [
        0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36,
        0x7c, 0x60, 0x48, 0x83, 0x10,
    ],
    labels: LABELS,
};

/// Google's `T051`.
const SALT_T051: Salt = Salt {
    bytes: [
        0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8,
        0xcc, 0xda, 0x6e, 0x03, 0x3d,
    ],
    labels: LABELS,
};

/// The salts that a version's Initial keys may have. For versions of unknown make (private ones, Facebook's `faceb0..`, and
/// those that are reserved to be refused, RFC 9000 §15) all are tried: authentication tells which it is.
pub(super) fn salts(version: u32) -> &'static [Salt] {
    match version {
        1 | 0xff00_0021..=0xff00_0022 => &[SALT_1],
        V2 => &[SALT_2],
        0xff00_001d..=0xff00_0020 => &[SALT_DRAFT_29],
        0xff00_0017..=0xff00_001c => &[SALT_DRAFT_23],
        0xff00_0015..=0xff00_0016 => &[SALT_DRAFT_22],
        _ => match &version.to_be_bytes() {
            b"Q050" => &[SALT_Q050],
            b"T050" => &[SALT_T050],
            b"T051" => &[SALT_T051],
            _ => &[SALT_1, SALT_DRAFT_29, SALT_DRAFT_23, SALT_DRAFT_22],
        },
    }
}

/// Whether a version is one of ours rather than a number that happens to stand there.
pub(super) fn is_known(version: u32) -> bool {
    matches!(version, 1 | V2 | 0xff00_0015..=0xff00_0022)
        || version & 0x0f0f_0f0f == 0x0a0a_0a0a
        || version & 0xffff_ff00 == 0xface_b000
        || is_google(version)
}

/// Google's own versions: `Q`, or `T` with TLS, and three digits.
pub(super) fn is_google(version: u32) -> bool {
    matches!(version.to_be_bytes(), [b'Q' | b'T', b'0', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit())
}
