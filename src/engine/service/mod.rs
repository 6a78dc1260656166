//! The engine where no window is open, and what watches it: a socket for this user alone, pictures outward, commands
//! inward.
//!
//! Both ends of the wire are here and nobody else knows it: `perform` holds the watcher's end, `serve` is one more
//! face of the engine beside it. Neither end ever makes an engine wait. On systems without such sockets a program in
//! the background still acts, and others look at its folder.
//!
//! ```text
//! service:  Hello ─►                          watcher:  Hello ─►
//!           Picture (the whole) ─►
//!           Picture (what is new) | Event ─►            Ask { ticket, command } ─►
//! ```

#[cfg(unix)]
mod door;
#[cfg(unix)]
mod frame;
mod growth;
pub(in crate::engine) mod key;
#[cfg(not(unix))]
mod nowhere;
mod picture;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod watch;
#[cfg_attr(not(unix), allow(dead_code, reason = "nobody is watched on this system"))]
mod wire;

#[cfg(unix)]
pub(in crate::engine) use door::Door;
#[cfg(not(unix))]
pub(in crate::engine) use nowhere::{Door, watch};
pub use picture::Changes;
#[cfg(unix)]
pub(in crate::engine) use serve::start;
#[cfg(unix)]
pub(in crate::engine) use watch::watch;
pub use wire::NotWatched;
pub(in crate::engine) use wire::this;
