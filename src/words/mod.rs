//! How it is said to a person: the one place for all wording beyond plain labels.
//!
//! Pure: domain values in, sentences out. Times are said in the zone of the [`Speech`].

mod account;
mod advice;
mod automation;
mod check;
mod cost;
mod crisis;
mod cron_expr;
mod dashboard;
mod demo;
mod diagnosis;
mod drawn;
mod forecast;
mod fresh;
mod health;
mod in_crisis;
mod job;
mod model;
mod owner;
mod plan;
mod problem;
mod reason;
mod rehearsal;
mod schedule;
mod service;
mod temporary;
mod text;
mod time;
mod triage;
mod unit;
mod what_if;
mod window;

#[cfg(test)]
mod testing;

pub use account::*;
pub use advice::*;
pub use automation::*;
pub use check::*;
pub use cost::*;
pub use crisis::*;
pub use dashboard::*;
pub use demo::*;
pub use diagnosis::*;
pub use drawn::*;
pub use forecast::*;
pub use fresh::*;
pub use health::*;
pub use in_crisis::*;
pub use job::*;
pub use model::*;
pub use owner::*;
pub use plan::*;
pub use problem::*;
pub use reason::*;
pub use rehearsal::*;
pub use schedule::*;
pub use service::*;
pub use temporary::*;
pub use text::*;
pub use time::*;
pub use triage::*;
pub use unit::*;
pub use what_if::*;
pub use window::*;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::{Catalog, Settings};

/// What every sentence may lean on.
#[derive(Clone, Copy, Debug)]
pub struct Speech<'a> {
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    pub settings: &'a Settings,
    pub catalog: &'a Catalog,
}

/// What happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub what: String,
    pub remedy: Option<String>,
}
