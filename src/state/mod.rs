//! The state folder: reads every shape it ever had, rewrites a file in the shape it was found in,
//! loses nothing.
//!
//! Invariants: a file is replaced at once or not at all; fields nobody here knows, the order of
//! keys and untouched bytes stay; a file that does not parse is set aside, never overwritten; only
//! the holder of the lease writes. Blocking, and no clock: the moment is an argument.

pub mod atomic;
mod bad_value;
pub mod document;
mod error;
mod files;
pub mod gateways;
pub mod lease;
mod section;
mod writer;

pub mod ledger;
pub mod owner;
pub mod scraped;
pub mod settings;
pub mod status;
pub mod switch_log;
pub mod tiers;
pub mod tracking;

pub mod history;

mod bundle;
mod folder;
mod watch;

pub use bad_value::BadValue;
pub use error::StateError;
pub use files::Known;
pub use folder::{Folder, Loaded, names};
pub use history::{InterruptedJob, Record};
pub use watch::Watch;
