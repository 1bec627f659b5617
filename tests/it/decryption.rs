//! TLS with keys: what was sent is found byte for byte.

mod corpus;
mod forged;
mod live;
mod old_peers;
mod plaintext;
