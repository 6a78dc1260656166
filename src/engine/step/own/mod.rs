//! What this program places on the gateway for itself: the mark that says who acts there, and the one-shots that
//! wake it when an account is expected back.
//!
//! Invariant: whoever writes asks [`mark::ours`] right before each call, and never calls while it says no.
//!
//! Why two never both write. A mark is only ever put where there is none, which the gateway does as one step: of two
//! who put theirs at once the first stays, and the second reads back the first's. Another's mark is replaced only when
//! a person says so, and only as it was seen: of two who take over at once one is told that it changed. Whoever is
//! replaced hears of it before the answer to its next call, and calls no more: what was on its way by then, one line
//! of a job, is all that two can have written at the same time. Should a gateway ever let the last one stay, the first
//! one is told of the change in the same way.

pub mod mark;
mod one_shots;
mod standing;

pub use one_shots::{OwnChecks, after, checks, gone, has_run, keep, listed, next_wake, placed, removed, tick};
pub use standing::{Mark, Standing};
