//! The customs: JSON of the gateway in, values of the domain out.
//!
//! Pure and lenient. Results carry fields that no schema lists, so nothing is refused for being unknown,
//! and one thing that cannot be read never costs the others.

mod attempt;
mod job;
mod model;
mod own;
mod probe;
mod run;
mod usage;
mod value;

pub use job::{cron_from, crons_from};
pub use model::catalog_from;
pub use probe::probe_from;
pub use run::run_from;
pub use usage::usage_from;

pub(crate) use attempt::{Refusal, refusal_from};
pub(crate) use job::patch_to;
pub(crate) use own::{mark_to, one_shot_to, run_asked_from};
pub(crate) use value::{moment, span_millis, text};
