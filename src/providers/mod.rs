//! What providers say, understood: evidence in, a diagnosis out.
//!
//! Pure. Data comes in through `customs` (bodies, wrappers, the gateway's prose), then the table of
//! the service reads it, codes before status, then the words that several APIs share, then the
//! status. No message is known by heart: tables match codes, and the opening words of a sentence
//! only where there is no code.
//!
//! `requests` says what an account may be asked, as data; `http` sends it and `check` puts one
//! account's questions in order: those two wait for others, the rest of the room is pure.

mod dashboard;
mod diagnose;
mod evidence;
mod run;
mod written;

mod customs;
mod fault;
mod headers;
mod json;
mod moment;
mod prose;
mod repr;

mod reading;
mod reset;
mod ruling;

mod shared;
mod status;
mod transport;

mod alibaba;
mod anthropic;
mod codex;
mod copilot;
mod deepseek;
mod google;
mod groq;
mod kimi;
mod local;
mod minimax;
mod mistral;
mod moonshot;
mod ollama_cloud;
mod openai;
mod openrouter;
mod xai;
mod zai;

mod check;
mod http;
mod keys;
mod offer;
mod requests;

#[cfg(test)]
mod tests;

pub use check::{Check, PATIENCE, Paid, check};
pub use dashboard::*;
pub use diagnose::diagnose;
pub use evidence::*;
pub use http::{Http, NotSent, Reply};
pub use keys::{KeyTrouble, address_in_config, key_in_config};
pub use offer::*;
pub use requests::{Ask, AuthScheme, Method, Needed, Questions, address_of, may_see_key, questions};
pub use run::{diagnose_probe, diagnose_run};
pub use written::*;
