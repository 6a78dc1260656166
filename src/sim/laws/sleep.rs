//! A program whose time has come, and that does nothing with it, is not woken for the same again and again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::happening::Computer;
use super::{Broken, Law};

/// So often in a row for one deadline: one may have been read just before it.
const MOST: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Sleeps {
    /// The deadline that stood after the last wake, and how often it did so.
    woken: BTreeMap<Computer, (Option<Timestamp>, u32)>,
}

impl Sleeps {
    pub(super) fn judge(&mut self, computer: Computer, due: Option<Timestamp>) -> Option<Broken> {
        let (known, n_times) = self.woken.entry(computer).or_default();
        *n_times = if due.is_some() && due == *known { *n_times + 1 } else { 0 };
        *known = due;
        (*n_times > MOST).then(|| {
            let seen = format!("computer {computer} is woken again and again for {due:?}, and does nothing");
            (Law::SleepsWhenIdle, seen)
        })
    }
}
