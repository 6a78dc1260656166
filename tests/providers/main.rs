//! Answers of providers and what they mean: recorded cases, variants of them, and laws.

mod case;
mod derived;
mod gateway;
mod laws;
mod program;
mod table;
mod variants;
