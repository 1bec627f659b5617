#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| phonehome_fuzz::recognised(bytes));
