//! A world to break the engine in: its real `step` among a simulated gateway, simulated providers, people and mishaps.
//!
//! Everything follows from a seed. Time is a value, so a week takes a second. After every step the laws are asked
//! whether what must always hold still does.
//!
//! ```text
//! seed ─► weather, people ─┐
//!                          ├─► World ─► step(engine's world, input, now) ─► effects ─► gateway, disk ─► inputs later
//! answers, news, time ─────┘      └─► happenings ─► laws
//! ```

mod computer;
mod disk;
mod drive;
mod effects;
mod first;
mod gateway;
mod happening;
mod laws;
mod outcome;
mod people;
mod rehearsal;
mod shrink;
mod vendor;
mod weather;

pub use disk::{Disk, Journal, JournalLine};
pub use drive::simulate;
pub use gateway::{Gateway, own_cron, schedule};
pub use happening::{Call, Computer, Desk, Hand, Happening, Method, Scene, Verdict};
pub use laws::{Law, Laws};
pub use outcome::{Breach, Counts, MISHAPS_DROPPED, Outcome, Trial};
pub use rehearsal::rehearse;
pub use shrink::shrink;
pub use vendor::{Vendor, Vendors};

#[cfg(test)]
mod tests;
