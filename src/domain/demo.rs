//! What the built-in demo can be told, so that the engine and the demo need not know each other's words.

/// What a demo provider answers from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoOutage {
    Serving,
    QuotaExhausted,
    OutOfCredits,
    Overloaded,
    RefusedKey,
    RateLimited,
}
