//! One integration binary: one link step.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that panics has done its work, and what it reads was forged by itself"
)]

mod accuracy;
mod archives;
mod cli;
mod compare;
mod comparing;
mod contents;
mod corpus;
mod declared;
mod decryption;
mod detection;
mod device_logs;
mod documents;
mod file_transfer;
mod flows;
mod forge;
mod fuzz_seeds;
mod gates;
mod html;
mod http2;
mod http2_peers;
mod injection;
mod intake;
mod inventories;
mod join;
mod layers;
mod live;
mod manifests;
mod narrow;
mod networks;
mod on_disk;
mod payloads;
mod peer;
mod phone_logs;
mod plain;
mod proxies;
mod quic;
mod reports;
mod rules;
mod same_records;
mod same_traffic;
mod samples;
mod sensors;
mod sources;
mod talks;
mod websocket_corpus;
mod what_if;
