//! Which runs would fail if nothing was done.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Cron, FailingRuns, PlanMode};
use crate::policy::fires::missed;
use crate::policy::ground::Ground;
use crate::policy::plan::Scene;
use crate::policy::standing::later;

/// Runs later than this are not counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Of the day that follows, as long as what their crons run on is not back.
pub(super) fn failing_runs(ground: &Ground<'_>) -> FailingRuns {
    let obs = ground.obs;
    let mut scene = Scene::new(ground, PlanMode::Ordinary);
    let mut found = FailingRuns::default();
    for cron in obs.crons.values().filter(|cron| cron.enabled && cron.routable()) {
        let own = scene.own(cron);
        if !own.fails() || falls_over(&scene, cron) {
            continue;
        }
        let day = later(obs.at, DAY);
        let until: Timestamp = own.back_at().map_or(day, |back_at| back_at.min(day));
        // A run that cannot be foretold is none that would be missed in silence: its cron counts.
        match missed(cron, obs.at, until) {
            Some(missed) if missed.n_runs == 0 => {}
            missed => {
                found.n_crons += 1;
                found.n_runs += missed.map_or(0, |missed| missed.n_runs);
            }
        }
    }
    found
}

/// The gateway has a fallback for it that is not known to fail.
fn falls_over(scene: &Scene<'_>, cron: &Cron) -> bool {
    let fallbacks = cron.turn().and_then(|turn| turn.fallbacks.as_deref()).unwrap_or_default();
    fallbacks.iter().any(|model| !scene.own_of(Some(model), None).fails())
}
