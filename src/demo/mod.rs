//! A believable gateway with its providers inside the program, on loopback, spoken to over the real wires.
//!
//! [`World`] is the pure heart: a request and a moment go in, an answer and events come out, so it
//! can be tested by values. [`Demo`] puts it behind a WebSocket, and its providers behind HTTP, on a thread
//! of its own. Whoever talks to it uses the same clients as for real ones; nothing here is reached past the
//! wires except the outage switches, the configuration and what tests need to see.
//!
//! Invariants: listens on 127.0.0.1 only, with a fresh token and fresh keys; keeps nothing on disk; polls
//! nothing, it sleeps until the next run is due.

mod connection;
mod handshake;
mod options;
mod providers;
mod schedule;
mod seed;
mod server;
mod wire;
mod world;

pub use crate::domain::DemoOutage;
pub use options::{DemoClock, DemoOptions};
pub use providers::provider_ids;
pub use seed::{Month, cron_id, seed_state};
pub use server::Demo;
pub use wire::{Caller, Event, Fault, Reply, Request};
pub use world::World;
