//! TLS with keys: what was sent is found byte for byte.

mod corpus;
mod plaintext;
