//! Every bound of the tool, with its reason. Hitting one is counted in [`crate::model::Coverage`], never silent.

/// Distinct values counted exactly per finding; beyond, the number is an estimate (k minimum values, about 3 % off).
pub const DISTINCT_VALUES: usize = 1024;
/// Pieces of evidence kept per finding.
pub const EVIDENCE_PER_FINDING: usize = 5;
/// Distinct findings, and distinct traffic lines, per audit.
pub const DISTINCT_FINDINGS: usize = 200_000;

/// Body bytes kept per HTTP message; the rest is counted, not kept.
pub const BODY_BYTES: usize = 8 << 20;
/// Bytes of an HTTP head (request line and headers).
pub const HEAD_BYTES: usize = 64 << 10;
/// Headers of an HTTP message.
pub const HEADERS: usize = 200;
/// Bytes of a TLS handshake message that is put together (certificates with many names are the longest).
pub const HANDSHAKE_BYTES: usize = 128 << 10;
/// Names read from one certificate (content networks put a hundred or so into one).
pub const CERTIFICATE_NAMES: usize = 256;
/// Encrypted bytes that a TLS flow passes over while the other side's hello may still come (early data is bounded likewise).
pub const TLS_ENCRYPTED_BYTES: usize = 64 << 10;
/// Bytes of QUIC CRYPTO data per connection.
pub const QUIC_CRYPTO_BYTES: usize = 64 << 10;

/// Nested encodings undone (body → gzip → JSON → base64 → JSON is four).
pub const DECODE_DEPTH: usize = 6;
/// Bytes that one message may decompress to, all levels together.
pub const INFLATE_BYTES: usize = 32 << 20;
/// Fields per message.
pub const FIELDS: usize = 20_000;
/// Bytes of one field's value that are looked at.
pub const FIELD_BYTES: usize = 256 << 10;
