//! One file or folder for each screen. Each owns only what may be forgotten when the window closes.

pub mod activity;
pub mod board;
pub mod crisis;
pub mod drawer;
mod guard;
mod job;
mod notes;
pub mod plan;
pub mod preview;
pub mod providers;
pub mod quotas;
pub mod settings;
mod tables;
mod ticks;
pub mod transfer;
pub mod welcome;
pub mod what_if;
