//! The plan that sends crons elsewhere for a while: the ordinary rules, as if the mapping said so already.

use std::sync::Arc;

use crate::domain::{Change, Decision, Detours, Observation, Plan, PlanOrigin, Settings, TierMap};
use crate::policy::distribute::decide;
use crate::policy::ground::Ground;
use crate::policy::plan::{Scene, plan_id, sort_changes};

/// What would be written when these crons were sent there. One that is pinned, held, or may not run on that route for
/// whatever reason is not in it: sending a cron somewhere overrules nothing.
#[must_use]
pub fn advised_plan(detours: &Detours, obs: &Observation, settings: &Settings) -> Plan {
    let sent = Observation { tiers: with_detours(detours, &obs.tiers), ..obs.clone() };
    let ground = Ground::new(&sent, settings);
    let mut scene = Scene::new(&ground, sent.mode);
    let (mut changes, mut decisions): (Vec<Change>, Vec<Decision>) = (Vec::new(), Vec::new());
    for (id, detour) in detours {
        let Some(cron) = sent.crons.get(id) else { continue };
        let decided = decide(&mut scene, cron);
        let goes = |change: &Change| change.to_route.as_ref() == Some(&detour.route);
        if let Some(change) = decided.change.filter(goes) {
            changes.push(change);
            decisions.push(decided.decision);
        }
    }
    sort_changes(&mut changes);
    Plan {
        id: plan_id(&changes),
        at: obs.at,
        origin: PlanOrigin::Advice,
        outage: ground.outage.clone(),
        changes,
        decisions,
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

/// The mapping as if these crons were sent there. What has no tier is sent nowhere.
#[must_use]
pub fn with_detours(detours: &Detours, tiers: &Arc<TierMap>) -> Arc<TierMap> {
    let mut sent = TierMap::clone(tiers);
    for (id, detour) in detours {
        if let Some(entry) = sent.get_mut(id) {
            entry.detour = Some(detour.clone());
        }
    }
    Arc::new(sent)
}
