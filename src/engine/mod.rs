//! The only room that acts: takes commands and news, keeps the world, runs effects, publishes
//! snapshots. It decides nothing by itself; `policy` does.
//!
//! ```text
//! Command, news, result ─► Input + now ─► step(&mut World, input, now) ─► Vec<Effect> ─► perform
//!                                              └─► Snapshot, Event
//! ```

mod command;
mod effect;
mod event;
mod foresee;
mod handle;
mod imagine;
mod input;
mod perform;
mod run;
mod service;
mod snapshot;
mod step;
mod unit;
mod world;

pub use crate::gateway::Address;
pub use crate::providers::{DashboardError, DashboardPage, Offer, dashboard_of, offer, read_dashboard};
pub use command::*;
pub use effect::{Effect, Fetch, Look, Served, StoreOp, UnitOp};
pub use event::*;
pub use foresee::Foresight;
pub use handle::*;
pub use imagine::{command_of, is_so, supposed_world, wishes};
pub use input::*;
pub use perform::{keychain_answers, load_token, notifications_answer, remember_month, save_token, service_standing};
pub use run::*;
pub use service::{Changes, NotWatched};
pub use snapshot::*;
pub use step::{settle, step};
pub use unit::{unit_name, unit_text};
pub use world::World;
