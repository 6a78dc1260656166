//! A crisis in the short lines of board and banner.

use super::{Speech, clock, list, model_name, pause_ends, vendor_name};
use crate::domain::{Change, ChangeKind, CrisisView, Plan, Reason, Tier, TierMap, Verdict};

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

/// What crisis mode does with the crons of a tier, or has done, below the title of its column: "all move to MiniMax, the
/// cheapest that serves", "2 move to Kimi", "not critical: pause until 18:00"; `None` when it leaves them as they are.
#[must_use]
pub fn tier_in_crisis(plan: &Plan, tiers: &TierMap, tier: Tier, speech: &Speech<'_>) -> Option<String> {
    let members = Members::of(plan, tiers, tier);
    let ticked = || plan.changes.iter().filter(move |change| change.tier == Some(tier) && change.ticked);
    let pauses: Vec<&Change> = ticked().filter(|change| change.kind == ChangeKind::Pause).collect();
    let moves: Vec<&Change> = ticked().filter(|change| change.kind == ChangeKind::Move).collect();
    if !pauses.is_empty() {
        let ends = pauses.iter().map(|change| pause_ends(&change.reason)).collect::<Option<Vec<_>>>();
        let until = ends.and_then(|ends| ends.into_iter().max()).map(|at| format!(" until {}", clock(at, speech)));
        return Some(members.pausing(pauses.len(), ["pauses", "pause"], &until.unwrap_or_default()));
    }
    let Some(first) = moves.first() else {
        return (members.paused > 0).then(|| members.pausing(members.paused, ["is paused", "are paused"], ""));
    };
    let who = if moves.len() >= members.total { "all".to_owned() } else { moves.len().to_string() };
    let verb = if who == "1" { "moves" } else { "move" };
    let to = first.to_model.as_ref().filter(|to| moves.iter().all(|change| change.to_model.as_ref() == Some(*to)));
    Some(match to {
        Some(to) => {
            let cheapest = if moves.iter().all(|change| is_cheapest(&change.reason)) { CHEAPEST } else { "" };
            format!("{who} {verb} to {}{cheapest}", model_name(to, speech))
        }
        None => format!("{who} {verb} to what serves"),
    })
}

const CHEAPEST: &str = ", the cheapest that serves";

/// The target was chosen for its price.
fn is_cheapest(reason: &Reason) -> bool {
    matches!(reason, Reason::CheapestInCrisis { .. } | Reason::CheapestForCritical { .. })
}

/// The crons of a tier that are ours to change.
struct Members {
    total: usize,
    ordinary: usize,
    /// Paused by us already.
    paused: usize,
}

impl Members {
    fn of(plan: &Plan, tiers: &TierMap, tier: Tier) -> Self {
        let mut members = Self { total: 0, ordinary: 0, paused: 0 };
        for decision in plan.decisions.iter().filter(|decision| decision.verdict != Verdict::LeftAlone) {
            let Some(entry) = tiers.get(&decision.cron).filter(|entry| entry.tier == tier) else { continue };
            members.total += 1;
            members.ordinary += usize::from(!entry.critical);
            let paused = matches!(decision.reason, Reason::StillPaused | Reason::PausedInCrisis { .. });
            members.paused += usize::from(paused && decision.verdict != Verdict::Change);
        }
        members
    }

    fn pausing(&self, n: usize, [one, many]: [&str; 2], until: &str) -> String {
        match () {
            () if n >= self.total => format!("all {many}{until}"),
            () if n >= self.ordinary => format!("not critical: {many}{until}"),
            () if n == 1 => format!("1 {one}{until}"),
            () => format!("{n} {many}{until}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::{at, world};
    use super::tier_in_crisis;
    use crate::domain::*;

    fn change(id: &str, to: &str, kind: ChangeKind, reason: Reason) -> Change {
        let fields = Fields { model: Some(to.to_owned()), fallbacks: None, enabled: true };
        Change {
            cron: CronId::new(id),
            name: id.to_owned(),
            tier: Some(Tier::T1),
            critical: false,
            revision: None,
            from: fields.clone(),
            to: fields,
            schedule: None,
            from_model: None,
            to_model: ModelRef::parse(to),
            to_route: None,
            kind,
            reason,
            cause: Cause::Health,
            next_run_at: None,
            running_since: None,
            marks: Vec::new(),
            ticked: true,
        }
    }

    fn decision(id: &str, verdict: Verdict, reason: Reason) -> Decision {
        let cron = CronId::new(id);
        let skipped = Arc::default();
        Decision { cron, verdict, chosen: None, model: None, skipped, reason, since: None, would_change: None }
    }

    #[test]
    fn the_line_below_a_column_says_what_the_crisis_does_to_it() {
        use ChangeKind::{Move, Pause};
        const KIMI: &str = "kimi/k2";
        const OPUS: &str = "anthropic/claude-opus-4-6";
        let route = || RouteKey::new("kimi");
        let (cheap, rescue) =
            (|| Reason::CheapestInCrisis { route: route() }, || Reason::CheapestForCritical { route: route() });
        let dear = || Reason::UsersEdit { route: route() };
        let off = || Reason::PausedInCrisis { expected_return: Some(at("2026-11-23 18:00")) };
        // "star" is critical.
        let cases = [
            (
                vec![("a", KIMI, Move, dear()), ("b", KIMI, Move, cheap()), ("star", KIMI, Move, cheap())],
                Some("all move to Kimi"),
                "one of them goes there for another reason than its price",
            ),
            (
                vec![("a", KIMI, Move, cheap()), ("star", KIMI, Move, rescue())],
                Some("2 move to Kimi, the cheapest that serves"),
                "one target, chosen for its price",
            ),
            (vec![("a", KIMI, Move, dear())], Some("1 moves to Kimi"), "one of three"),
            (
                vec![("a", KIMI, Move, cheap()), ("b", OPUS, Move, cheap())],
                Some("2 move to what serves"),
                "several targets",
            ),
            (
                vec![("a", "", Pause, off()), ("b", "", Pause, off())],
                Some("not critical: pause until 18:00"),
                "the critical one runs on",
            ),
            (vec![("a", "", Pause, off())], Some("1 pauses until 18:00"), "the others are held"),
            (vec![], None, "nothing happens to it"),
        ];
        let world = world();
        let tiers: TierMap = ["a", "b", "star"]
            .map(|id| (CronId::new(id), TierEntry { critical: id == "star", ..TierEntry::new(Tier::T1) }))
            .into();
        let decisions = |verdict, reason: &Reason| ["a", "b", "star"].map(|id| decision(id, verdict, reason.clone()));
        let plan = |changes: Vec<Change>, reason: &Reason| Plan {
            id: PlanId::new("p"),
            at: at("2026-11-23 06:00"),
            origin: PlanOrigin::Crisis,
            outage: Outage::default(),
            changes,
            decisions: decisions(Verdict::Waiting, reason).into(),
            notes: Vec::new(),
            daily_cost: None,
            writes: None,
        };
        for (changes, said, why) in cases {
            let changes = changes.into_iter().map(|(id, to, kind, reason)| change(id, to, kind, reason)).collect();
            let line = tier_in_crisis(&plan(changes, &Reason::NoEvidence), &tiers, Tier::T1, &world.speech());
            assert_eq!(line.as_deref(), said, "{why}");
        }
        let unticked = Change { ticked: false, ..change("a", KIMI, Move, cheap()) };
        let left_out = plan(vec![unticked], &Reason::StillPaused);
        let line = tier_in_crisis(&left_out, &tiers, Tier::T1, &world.speech());
        assert_eq!(line.as_deref(), Some("all are paused"), "what is left out is not said, what was done is");
    }
}
