//! What the fuzz targets call. The file lies with the tests, which call the same functions on the stable compiler.

#[path = "../../tests/it/fuzz_seeds/targets.rs"]
mod targets;

pub use targets::*;
