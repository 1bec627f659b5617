//! TLS with keys: what was sent is found byte for byte.

mod corpus;
mod dtls13;
mod forged;
mod inside;
mod live;
mod nginx;
mod old_peers;
mod plaintext;
