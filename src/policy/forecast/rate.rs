//! What one window loses to one run and to the rest of the account: for whoever weighs other ways than a whole forecast.

use jiff::Timestamp;

use super::fit::Fit;
use super::learn::{Learned, LearnedWindow};
use crate::domain::{AccountId, CronId};

/// Fewer runs on a window do not tell what one takes of it.
const FEWEST_RUNS: u32 = 5;

/// What was learned of one window.
#[derive(Clone, Copy)]
pub(in crate::policy) struct Rate<'a> {
    learned: &'a Learned,
    window: &'a LearnedWindow,
    fit: &'a Fit,
}

impl Learned {
    /// `None` while too little was seen to tell runs and rest apart there.
    pub(in crate::policy) fn rate(&self, account: &AccountId, label: &str) -> Option<Rate<'_>> {
        let window = self.windows.get(&(account.clone(), label.to_owned()))?;
        let fit = window.fit.as_ref().filter(|fit| window.n_runs >= FEWEST_RUNS && fit.per_unit > 0.0)?;
        Some(Rate { learned: self, window, fit })
    }
}

impl Rate<'_> {
    /// What one run of a cron is likely to take, wherever it runs now.
    pub(in crate::policy) fn takes(&self, cron: &CronId) -> f64 {
        self.learned.of(cron).units(self.window.unit) * self.fit.per_unit
    }

    /// What the rest of the account is likely to take.
    pub(in crate::policy) fn other(&self, from: Timestamp, to: Timestamp) -> f64 {
        self.fit.pace.between(from.as_second(), to.as_second())
    }
}
