//! How much of its tokens a cron reads and how much it writes, which have prices of their own.
//!
//! What its own runs of four weeks did, on whatever model. Of a cron without any the runs of all crons that are asked about stand
//! for it, and where there are none either nine tenths are read: jobs read much more than they write.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{CronId, PastRun, Price, UsageHistory, Usd};

const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(28 * 24);
/// Where no run tells.
const READ: f64 = 0.9;

/// Tokens of runs that told how many were read and how many written.
#[derive(Clone, Copy, Debug, Default)]
struct Mix {
    read: f64,
    written: f64,
    /// Both, and what is counted apart from them.
    all: f64,
}

/// Of each cron that somebody asks about, and of all of them.
#[derive(Debug)]
pub(super) struct Mixes<'a> {
    own: BTreeMap<&'a CronId, Mix>,
    whole: Mix,
}

impl<'a> Mixes<'a> {
    pub fn of(crons: impl Iterator<Item = &'a CronId>, history: &UsageHistory, now: Timestamp) -> Self {
        let mut own: BTreeMap<&CronId, Mix> = crons.map(|cron| (cron, Mix::default())).collect();
        let mut whole = Mix::default();
        if own.is_empty() {
            return Self { own, whole };
        }
        let oldest = now.checked_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
        let first = history.runs.partition_point(|run| run.at < oldest);
        for run in history.runs[first..].iter().take_while(|run| run.at <= now) {
            if let Some(mix) = own.get_mut(&run.cron) {
                mix.note(run);
                whole.note(run);
            }
        }
        Self { own, whole }
    }

    /// What so many tokens of a cron cost.
    pub fn cost(&self, cron: &CronId, tokens: f64, price: Price) -> Usd {
        let own = self.own.get(cron).and_then(Mix::parts);
        let (read, written) = own.or_else(|| self.whole.parts()).unwrap_or((READ, 1.0 - READ));
        Usd(tokens * (read * price.input.0 + written * price.output.0) / 1e6)
    }
}

impl Mix {
    fn note(&mut self, run: &PastRun) {
        let Some(tokens) = run.tokens.filter(|tokens| tokens.input + tokens.output > 0) else { return };
        self.read += tokens.input as f64;
        self.written += tokens.output as f64;
        self.all += tokens.total.max(tokens.input + tokens.output) as f64;
    }

    fn parts(&self) -> Option<(f64, f64)> {
        (self.all > 0.0).then(|| (self.read / self.all, self.written / self.all))
    }
}
