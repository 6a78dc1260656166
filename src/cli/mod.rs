//! The same engine from a shell: text or JSON, exit codes.
//!
//! Results go to standard output and nothing else does; what went wrong goes to standard error. The
//! token is read from a file, the environment, the configuration or the keychain, never from an
//! argument, and is never printed.

mod args;
mod consent;
mod exit;
mod log;
mod run;

mod accounts;
mod apply;
mod names;
mod output;
mod print;
mod quota;
mod session;
mod signal;
mod standing;
mod table;
mod target;

mod check;
mod crisis;
mod demo;
mod diagnose;
mod distribute;
mod doctor;
mod explain;
mod export;
mod forecast;
mod import;
mod orchestrate;
mod plan;
mod recover;
mod rehearse;
mod scrape_quota;
mod serve;
mod simulate;
mod status;
mod stop;
mod take_over;
mod tier;
mod undo;
mod what_if;
mod window;

pub use exit::Exit;
pub use run::run;
pub use window::{NoWindow, OpenWindow};
