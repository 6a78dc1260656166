//! Where the windows will be read at a later moment, if crons run until then as they do now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::carried::carried;
use super::foretell::{Ground, each_window};
use super::learn::{Learned, LearnedWindow};
use super::returns::with_returns;
use crate::domain::{
    AccountId, ComingBlock, Observation, QuotaWindow, ResetConfidence, Settings, WindowStart, same_reset,
};
use crate::policy::standing::later;

/// As they would be read at `at`, which is after `obs.at`: one whose reset has passed is in the turn that holds then.
pub(in crate::policy) fn windows_at(
    learned: &Learned,
    obs: &Observation,
    settings: &Settings,
    at: Timestamp,
) -> BTreeMap<AccountId, Vec<QuotaWindow>> {
    let carried = with_returns(carried(obs, None), obs, settings, None);
    let mut read: BTreeMap<AccountId, Vec<QuotaWindow>> = BTreeMap::new();
    let turns_until = later(at, SignedDuration::from_secs(1));
    each_window(learned, obs, settings, &carried, (at, turns_until), |ground, account, window, known| {
        read.entry(account.clone()).or_default().push(ground.read_at(window, known, at));
    });
    read
}

impl Ground<'_> {
    fn read_at(&self, window: &QuotaWindow, known: Option<&LearnedWindow>, at: Timestamp) -> QuotaWindow {
        let starts = known.map_or(WindowStart::Unknown, |known| known.starts);
        // One that waits for its first use begins with the first run that uses it.
        let waits = starts == WindowStart::AtFirstUse && window.used_ratio <= 0.0;
        let over = window.resets_at.or_else(|| waits.then_some(self.obs.at)).filter(|reset| *reset <= at);
        let Some(over) = over else {
            let way = window.resets_at.zip(known).and_then(|(reset, known)| self.way(window, known, reset));
            let likely = way.map_or(window.used_ratio, |way| way.point(at).likely);
            return read(window, likely.min(window.used_ratio.max(1.0)), window.resets_at, at);
        };
        let begins = QuotaWindow { resets_at: Some(over), ..window.clone() };
        let holds = |block: &ComingBlock| block.starts_at <= at && at < block.ends_at;
        let Some(block) = self.next_blocks(&begins, starts).into_iter().find(holds) else {
            return read(window, 0.0, None, at);
        };
        let way = known.and_then(|known| self.way(window, known, block.ends_at));
        let used = way.map_or(0.0, |way| way.likely_between(block.starts_at, at));
        read(window, used.min(1.0), Some(block.ends_at), at)
    }
}

fn read(window: &QuotaWindow, used_ratio: f64, resets_at: Option<Timestamp>, at: Timestamp) -> QuotaWindow {
    let reset_confidence = match resets_at {
        None => ResetConfidence::Unknown,
        reset if same_reset(reset, window.resets_at) => window.reset_confidence,
        Some(_) => ResetConfidence::Estimated,
    };
    QuotaWindow {
        used_ratio,
        resets_at,
        reset_confidence,
        used: window.limit.map(|limit| limit * used_ratio),
        observed_at: at,
        ..window.clone()
    }
}
