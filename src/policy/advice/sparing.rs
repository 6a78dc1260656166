//! Where distribution sends crons by itself for a while, so that no window runs out.
//!
//! What it weighs is the forecast of its own plan: a cron that leaves a dead route brings its load to where it goes.
//! One window after the other, the first to run out first; what was decided for one counts for the next.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::moves::{Due, Scenery, To, choose, helps, running_out};
use super::plan::with_detours;
use crate::domain::{AccountId, Detours, Forecast, Observation, Plan, Reason, Settings};
use crate::policy::forecast::{Learned, forecast};
use crate::policy::ground::Ground;

/// No more windows than this are kept from running out at a time.
const MOST_WINDOWS: usize = 6;

/// Which crons go where, each to the cheapest route of its chain that serves and has room until the window comes back.
/// Of windows that nothing helps, or that would only make another run out, nothing is said.
///
/// `until`: how far ahead the turns of windows must have room.
#[must_use]
pub fn sparing(learned: &Learned, obs: &Observation, settings: &Settings, until: Timestamp) -> Detours {
    let foresee = |detours: &Detours| Outlook::of(detours, learned, obs, settings, until);
    let mut detours = Detours::new();
    let mut now = foresee(&detours);
    let mut seen: BTreeSet<(AccountId, String)> = BTreeSet::new();
    while let Some((key, more)) = now.first_helped(&mut seen, learned, settings) {
        let all: Detours = detours.iter().map(|(id, to)| (id.clone(), to.clone())).chain(more).collect();
        let then = foresee(&all);
        if now.is_helped_by(&then, &key, settings) {
            (detours, now) = (all, then);
        }
    }
    // What the rules do not follow is no detour.
    detours.retain(|id, _| now.plan.decision(id).is_some_and(|said| matches!(said.reason, Reason::Detour { .. })));
    detours
}

/// The plan under some detours, and what is foretold once it is carried out.
struct Outlook {
    obs: Observation,
    plan: Plan,
    forecast: Forecast,
}

impl Outlook {
    fn of(detours: &Detours, learned: &Learned, obs: &Observation, settings: &Settings, until: Timestamp) -> Self {
        let obs = Observation { tiers: with_detours(detours, &obs.tiers), ..obs.clone() };
        let plan = Ground::new(&obs, settings).plan(obs.mode);
        let forecast = forecast(learned, &obs, settings, Some(&plan), until);
        Self { obs, plan, forecast }
    }

    /// The first window to run out that was not looked at yet and for which crons may go elsewhere.
    fn first_helped(
        &self,
        seen: &mut BTreeSet<(AccountId, String)>,
        learned: &Learned,
        settings: &Settings,
    ) -> Option<((AccountId, String), Detours)> {
        let due = running_out(&self.forecast, settings);
        if due.is_empty() {
            return None;
        }
        let ground = Ground::new(&self.obs, settings);
        let scene = Scenery { learned, ground: &ground, forecast: &self.forecast, to: To::Cheapest };
        due.iter().find_map(|due| {
            let key = due.key();
            (seen.len() < MOST_WINDOWS && seen.insert(key.clone())).then_some(())?;
            Some((key, choose(&scene, due).ok()?.detours))
        })
    }

    /// Whether a window lasts longer then, and no other runs out that lasted before.
    fn is_helped_by(&self, then: &Self, key: &(AccountId, String), settings: &Settings) -> bool {
        let (before, after) = (running_out(&self.forecast, settings), running_out(&then.forecast, settings));
        let of = |due: &[Due<'_>], key: &(AccountId, String)| due.iter().find(|due| due.key() == *key).map(Due::at);
        let helped = of(&before, key).is_some_and(|was| of(&after, key).is_none_or(|at| helps(was, at)));
        helped && after.iter().all(|due| due.key() == *key || of(&before, &due.key()).is_some())
    }
}
