//! Answers and pages of providers and what they mean: recorded cases, variants of them, and laws.

mod case;
mod dashboards;
mod derived;
mod gateway;
#[path = "../fuzz/lawful.rs"]
mod lawful;
mod laws;
mod program;
mod scrape_program;
mod table;
mod variants;
