//! Everything that needs neither a window nor npm: laws, golden cases, formats, wire, journeys.

mod cli;
mod compat;
mod crash;
mod demo;
mod golden;
mod house_rules;
mod journeys;
mod laws;
mod wire;
