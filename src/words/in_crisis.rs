//! A crisis in the short lines of board and banner.

use super::{Speech, clock, list, model_name, pause_ends, vendor_name};
use crate::domain::{Change, ChangeKind, CrisisView, Plan, Tier, TierMap, Verdict};

/// "Kimi and Google are back.": what makes recovery possible.
#[must_use]
pub fn returned(view: &CrisisView) -> String {
    let names: Vec<_> = view.state.came_back.keys().map(vendor_name).collect();
    match names.len() {
        0 => "The providers are back.".to_owned(),
        1 => format!("{} is back.", names[0]),
        _ => format!("{} are back.", list(&names)),
    }
}

/// What a plan of crisis mode does with the crons of a tier, below the title of its column: "all move to MiniMax, the
/// cheapest that serves", "not critical: pause until 18:00"; `None` when it leaves them as they are.
#[must_use]
pub fn tier_in_crisis(plan: &Plan, tiers: &TierMap, tier: Tier, speech: &Speech<'_>) -> Option<String> {
    let changes = || plan.changes.iter().filter(move |change| change.tier == Some(tier));
    let pauses: Vec<&Change> = changes().filter(|change| change.kind == ChangeKind::Pause).collect();
    let moves: Vec<&Change> = changes().filter(|change| change.kind == ChangeKind::Move).collect();
    let ours = |cron: &crate::domain::CronId| tiers.get(cron).filter(|entry| entry.tier == tier);
    let members = plan.decisions.iter().filter(|decision| decision.verdict != Verdict::LeftAlone);
    let members: Vec<bool> = members.filter_map(|decision| Some(ours(&decision.cron)?.critical)).collect();
    if !pauses.is_empty() {
        let until = pauses.iter().map(|change| pause_ends(&change.reason)).collect::<Option<Vec<_>>>();
        let until = until.and_then(|ends| ends.into_iter().max()).map(|at| format!(" until {}", clock(at, speech)));
        let until = until.unwrap_or_default();
        let ordinary = members.iter().filter(|critical| !**critical).count();
        return Some(match () {
            () if pauses.len() >= members.len() => format!("all pause{until}"),
            () if pauses.len() < ordinary => format!("{} pause{until}, the others keep running", pauses.len()),
            () if until.is_empty() => "only critical ones keep running".to_owned(),
            () => format!("not critical: pause{until}"),
        });
    }
    let first = moves.first()?.to_model.as_ref();
    let who = if moves.len() >= members.len() { "all".to_owned() } else { moves.len().to_string() };
    let verb = if moves.len() == 1 && who != "all" { "moves" } else { "move" };
    match first.filter(|to| moves.iter().all(|change| change.to_model.as_ref() == Some(*to))) {
        Some(to) => Some(format!("{who} {verb} to {}, the cheapest that serves", model_name(to, speech))),
        None => Some(format!("{who} {verb} to what serves")),
    }
}
