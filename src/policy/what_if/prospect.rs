//! What the rules would do at one moment, and what would come of it.

use jiff::Timestamp;

use super::failing::failing_runs;
use super::suppose::Variant;
use crate::domain::{Crisis, OutageLevel, Plan, PlanMode, Prospect, UsageHistory};
use crate::policy::costs::costs;
use crate::policy::crisis::expected_end;
use crate::policy::forecast::{Learned, forecast};
use crate::policy::ground::Ground;

/// The plan of the moment and its consequences up to `until`. `crisis` is crisis mode as it stands now, at `now`.
///
/// The record is left empty: see [`super::super::track_record`].
#[must_use]
pub fn prospect(
    learned: &Learned,
    history: &UsageHistory,
    variant: &Variant,
    crisis: &Crisis,
    now: Timestamp,
    until: Timestamp,
) -> Prospect {
    let Variant { obs, settings } = variant;
    let ground = Ground::new(obs, settings);
    let plan = planned(&ground, crisis);
    let forecast = forecast(learned, obs, settings, Some(&plan), until);
    Prospect {
        at: obs.at,
        costs: costs(history, settings, now, &forecast),
        expected_end: expected_end(&plan.outage, settings),
        failing: failing_runs(&ground),
        forecast,
        plan,
    }
}

/// As somebody would decide who does at each level what the program proposes.
fn planned(ground: &Ground<'_>, crisis: &Crisis) -> Plan {
    match (ground.outage.level, &crisis.mode) {
        (OutageLevel::Crisis, _) => ground.enter_plan(),
        (_, Some(_)) => ground.recover_plan(),
        (_, None) => ground.plan(PlanMode::Ordinary),
    }
}
