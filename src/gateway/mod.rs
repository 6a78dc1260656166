//! OpenClaw over WebSocket: handshake, calls, events. Wire types end here, domain types leave.
//!
//! One task owns a connection's socket; [`Client`] is a cheap handle on it and [`News`] is what it
//! hears. Nothing is written to the gateway on connecting, nothing is retried, and nothing decides
//! when to connect again: that is the engine's, with [`backoff()`] as its measure.
//!
//! Invariants: a token reaches the gateway it belongs to and nothing else, neither a log nor an error;
//! no byte is sent over a plain connection beyond loopback and private networks.

mod connect;

mod client;
mod news;

mod attempts;
mod hearing;

mod convert;
mod error;

mod address;
mod discover;
mod identity;
mod tls;

mod backoff;
mod frame;
mod scrub;
mod socket;

pub use address::Address;
pub use backoff::backoff;
pub use client::{Client, CronList, OneShot, RunAsked, Usage};
pub use connect::{Connected, Endpoint, Hello, Patience, connect, connect_with};
pub use convert::{catalog_from, cron_from, crons_from, probe_from, run_from, usage_from};
pub use discover::{Env, configuration_of, discover};
pub use error::GatewayError;
pub use hearing::{Heard, Hearing};
pub use identity::{DeviceIdentity, IdentityError};
pub use news::News;
