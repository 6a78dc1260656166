//! What must hold whatever the bytes are: the bodies of the fuzzers, shared with the replay of what they found.
//!
//! Over the front doors of the rooms, like any other test. A body never expects sense of its input: what is no
//! text, no JSON, no schedule is let go. A law that is broken is a panic.

pub mod answers;
pub mod frames;
pub mod state;
pub mod times;

mod lawful;
mod secret;

/// What a fuzzer does with an input.
pub type Body = fn(&[u8]);

/// Each fuzzer: the folder of its kept corpus, and its body.
#[allow(dead_code, reason = "a fuzzer runs one of them, the replay all")]
pub const TARGETS: [(&str, Body); 4] =
    [("state", state::run), ("frames", frames::run), ("answers", answers::run), ("times", times::run)];
