//! The only room that acts: takes commands and news, keeps the world, runs effects, publishes
//! snapshots. It decides nothing by itself; `policy` does.

mod command;
mod event;
mod handle;
mod snapshot;

pub use command::*;
pub use event::*;
pub use handle::*;
pub use snapshot::*;
