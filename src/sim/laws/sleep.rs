//! A program whose time has come, and that does nothing with it, is not woken for the same again and again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::happening::Computer;
use super::{Broken, Law};

/// So often in a row for one deadline: one may have been read just before it.
const MOST: u32 = 5;
/// A job at full speed waits for its gateway, not for its clock.
const MOST_IN_A_MINUTE: u32 = 120;

#[derive(Debug, Default)]
pub(super) struct Sleeps {
    /// The deadline that stood after the last wake, and how often it did so.
    woken: BTreeMap<Computer, (Option<Timestamp>, u32)>,
    /// The minute of the last wake, and how many it had.
    minutes: BTreeMap<Computer, (i64, u32)>,
}

impl Sleeps {
    pub(super) fn judge(&mut self, computer: Computer, due: Option<Timestamp>, now: Timestamp) -> Option<Broken> {
        let minute = now.as_second().div_euclid(60);
        let (last, n_wakes) = self.minutes.entry(computer).or_default();
        *n_wakes = if *last == minute { *n_wakes + 1 } else { 1 };
        *last = minute;
        if *n_wakes > MOST_IN_A_MINUTE {
            let seen = format!("computer {computer} is woken {n_wakes} times in a minute");
            return Some((Law::SleepsWhenIdle, seen));
        }
        let (known, n_times) = self.woken.entry(computer).or_default();
        *n_times = if due.is_some() && due == *known { *n_times + 1 } else { 0 };
        *known = due;
        (*n_times > MOST).then(|| {
            let seen = format!("computer {computer} is woken again and again for {due:?}, and does nothing");
            (Law::SleepsWhenIdle, seen)
        })
    }
}
