#![no_main]
//! See `tests/fuzz/frames.rs`.

#[path = "../../tests/fuzz/mod.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::frames::run(bytes));
