#![no_main]
//! See `tests/fuzz/state.rs`.

#[path = "../../tests/fuzz/mod.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::state::run(bytes));
