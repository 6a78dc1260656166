//! Everything that needs neither a window nor npm: laws, golden cases, formats, wire, journeys.

#[path = "../support/mod.rs"]
mod support;

#[path = "../fuzz/mod.rs"]
mod fuzz;

mod cli;
mod compat;
mod corpora;
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
mod what_if;
mod wire;
