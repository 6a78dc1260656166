//! What providers say, understood: evidence in, a diagnosis out.
//!
//! Pure. Data comes in through `customs` (bodies, wrappers, the gateway's prose), then the table of
//! the service reads it, codes before status, then the words that several APIs share, then the
//! status. No message is known by heart: tables match codes, and the opening words of a sentence
//! only where there is no code. Requests to providers will join this room in files of their own.

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

pub use diagnose::diagnose;
pub use evidence::*;
pub use run::diagnose_run;
pub use written::*;
