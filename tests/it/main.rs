//! Everything that needs neither a window nor npm: laws, golden cases, formats, wire, journeys.

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod compat;
mod crash;
mod demo;
mod golden;
mod house_rules;
#[cfg(unix)]
mod install;
mod journeys;
mod laws;
mod owner;
#[cfg(unix)]
mod service;
mod wire;
