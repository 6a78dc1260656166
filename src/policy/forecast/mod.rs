//! What will happen to the quota windows: what was learned from the past, put to what the schedules tell.
//!
//! A window grows by the runs that will start, each with what its cron usually uses, and by the rest of the account at
//! its usual pace for the hour of the week. How far off that was before is how wide the band is. In reading order:
//! who runs on what, when they start, what was seen, what is learned of it, where it leads, what may be claimed.

mod carried;
mod coming;
mod returns;
mod starts;

mod facts;
mod spread;
mod turns;

mod fit;
mod learn;
mod pace;

mod ahead;
mod claim;
mod foretell;
mod rate;
mod way;

mod record;

pub use claim::stale_at;
pub use foretell::forecast;
pub use learn::{Learned, learn};
pub use record::track_record;

pub(super) use ahead::windows_at;
pub(super) use carried::{Carried, carried};
pub(super) use rate::Rate;
pub(super) use turns::length;

#[cfg(test)]
mod tests;
