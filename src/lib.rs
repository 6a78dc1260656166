//! Model Orchestrator keeps scheduled AI jobs running by spreading them over AI providers.
//!
//! Modules in reading order: what exists, what should be, how it is said, where it is kept, who is
//! spoken to, what acts, and the faces. See `ARCHITECTURE.md` for what each may touch.

mod fault;

pub mod domain;
pub mod policy;
pub mod providers;
pub mod words;

pub mod gateway;
pub mod state;

pub mod engine;
pub mod sim;

pub mod cli;
pub mod demo;
pub mod ui;
