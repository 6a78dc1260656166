//! What exists: crons, tiers, routes, health, plans, ledger entries, settings.
//!
//! Plain data with public fields unless an invariant asks otherwise. Knows no other room, no clock,
//! no file and no socket. Serde here serves our own history and golden files only; every promised
//! format has its own shapes in the room that owns it.

mod account;
mod bundle;
mod catalog;
mod check;
mod coded;
mod connection;
mod crisis;
mod cron;
mod dashboard;
mod demo;
mod diagnosis;
mod finding;
mod forecast;
mod health;
mod ids;
mod job;
mod ledger;
mod letters;
mod looks;
mod loopback;
mod notice;
mod observation;
mod owner;
mod plan;
mod probe;
mod problem;
mod provider_account;
mod quotation;
mod route;
mod secret;
mod service;
mod settings;
mod suggestion;
mod switch;
mod temporary;
mod tier;
mod triage;
mod unit;
mod usage_history;

use coded::coded;

pub use account::*;
pub use bundle::*;
pub use catalog::*;
pub use check::*;
pub use connection::*;
pub use crisis::*;
pub use cron::*;
pub use dashboard::*;
pub use demo::*;
pub use diagnosis::*;
pub use finding::*;
pub use forecast::*;
pub use health::*;
pub use ids::*;
pub use job::*;
pub use ledger::*;
pub use letters::*;
pub use looks::*;
pub use loopback::*;
pub use notice::*;
pub use observation::*;
pub use owner::*;
pub use plan::*;
pub use probe::*;
pub use problem::*;
pub use provider_account::*;
pub use quotation::*;
pub use route::*;
pub use secret::*;
pub use service::*;
pub use settings::*;
pub use suggestion::*;
pub use switch::*;
pub use temporary::*;
pub use tier::*;
pub use triage::*;
pub use unit::*;
pub use usage_history::*;
