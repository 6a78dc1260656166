//! Taking switches back, as a plan like any other.
//!
//! Invariant: only a field that still holds what we wrote goes back; what somebody changed since is theirs. What this
//! program itself changed once more, by another plan, does not hold it any more, whatever it looks like.

use std::collections::BTreeMap;

use super::ground::Ground;
use super::plan::{Scene, asked_for, plan_id, sort_changes};
use crate::domain::{
    Cause, Change, ChangeKind, ChangeMark, Cron, CronId, Decision, Fields, MadeBy, Observation, Plan, PlanId,
    PlanOrigin, Reason, Schedule, ScheduleEdit, Settings, Switch,
};
use crate::fault::{self, Fault};

/// A plan that gives back what the named plan's switches changed; those of later plans are among `switches`, too. Its decisions are those of the
/// crons it names; crons that are gone, or hold nothing of ours any more, are not in it.
#[must_use]
pub fn undo_plan(switches: &[Switch], of: &PlanId, obs: &Observation, settings: &Settings) -> Plan {
    let ground = Ground::new(obs, settings);
    let scene = Scene::new(&ground, obs.mode);
    let mut changes: Vec<Change> = spans(switches, of)
        .into_iter()
        .filter_map(|(id, span)| take_back(&scene, obs.crons.get(&id)?, &span, of))
        .collect();
    let mut decisions: Vec<Decision> = changes.iter().map(asked_for).collect();
    decisions.sort_by(|a, b| a.cron.cmp(&b.cron));
    sort_changes(&mut changes);
    Plan {
        id: plan_id(&changes),
        at: obs.at,
        origin: PlanOrigin::Undo { of: of.clone() },
        outage: scene.outage.clone(),
        changes,
        decisions,
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

/// What the plan did to one cron, from its first standing switch to its last.
struct Span {
    from: Fields,
    to: Fields,
    /// The schedule that the first of them found and the one that the last of them left.
    schedule: Option<ScheduleEdit>,
    /// Fields that a later plan has changed since.
    later: Later,
}

#[derive(Clone, Copy, Default)]
struct Later {
    model: bool,
    fallbacks: bool,
    enabled: bool,
    schedule: bool,
}

impl Later {
    /// A later plan counts where it left something else than this one: what went and came back since is as it was left.
    /// What was taken back, and what took it back, changed nothing.
    fn of(last: &Switch, switches: &[Switch]) -> Self {
        let since = |switch: &&Switch| {
            let counts = switch.undone_by.is_none() && switch.cause != Cause::Undo;
            switch.cron == last.cron && switch.plan != last.plan && switch.at >= last.at && counts
        };
        let newest = |touched: fn(&Switch) -> bool| {
            switches.iter().filter(since).filter(|switch| touched(switch)).max_by_key(|switch| (switch.at, &switch.id))
        };
        let left = |schedule: &Option<ScheduleEdit>| schedule.as_ref().map(|edit| edit.to.clone());
        Self {
            model: newest(|switch| switch.from.model != switch.to.model)
                .is_some_and(|newest| newest.to.model != last.to.model),
            fallbacks: newest(|switch| switch.from.fallbacks != switch.to.fallbacks)
                .is_some_and(|newest| newest.to.fallbacks != last.to.fallbacks),
            enabled: newest(|switch| switch.from.enabled != switch.to.enabled)
                .is_some_and(|newest| newest.to.enabled != last.to.enabled),
            schedule: newest(|switch| switch.schedule.is_some())
                .is_some_and(|newest| left(&newest.schedule) != left(&last.schedule)),
        }
    }
}

fn spans(switches: &[Switch], of: &PlanId) -> BTreeMap<CronId, Span> {
    let mut standing: Vec<&Switch> =
        switches.iter().filter(|switch| switch.plan == *of && switch.undone_by.is_none()).collect();
    standing.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
    let mut spans: BTreeMap<CronId, Span> = BTreeMap::new();
    for switch in standing {
        let span = spans.entry(switch.cron.clone()).or_insert_with(|| Span {
            from: switch.from.clone(),
            to: switch.to.clone(),
            schedule: None,
            later: Later::default(),
        });
        span.to = switch.to.clone();
        if let Some(edit) = &switch.schedule {
            let from = span.schedule.take().map_or_else(|| edit.from.clone(), |first| first.from);
            span.schedule = Some(ScheduleEdit { from, to: edit.to.clone() });
        }
        span.later = Later::of(switch, switches);
    }
    spans
}

fn take_back(scene: &Scene<'_>, cron: &Cron, span: &Span, of: &PlanId) -> Option<Change> {
    if !cron.routable() || scene.obs.busy.contains(&cron.id) {
        return None;
    }
    let from = cron.fields();
    let to = Fields {
        model: given_back(&from.model, &span.to.model, &span.from.model, span.later.model),
        fallbacks: given_back(&from.fallbacks, &span.to.fallbacks, &span.from.fallbacks, span.later.fallbacks),
        enabled: given_back(&from.enabled, &span.to.enabled, &span.from.enabled, span.later.enabled),
    };
    let schedule = former_schedule(&cron.schedule, span);
    if to == from && schedule.is_none() {
        return None;
    }
    let entry = scene.obs.tiers.get(&cron.id);
    let before = scene.own_of(from.model.as_deref(), cron.agent.as_deref());
    let after = scene.own_of(to.model.as_deref(), cron.agent.as_deref());
    let agent_made = cron.made_by == MadeBy::Agent;
    let marks = [(agent_made, ChangeMark::AgentMade), (stops_a_run(cron, &to), ChangeMark::Running)];
    Some(Change {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        tier: entry.map(|entry| entry.tier),
        critical: entry.is_some_and(|entry| entry.critical),
        revision: cron.revision.clone(),
        from,
        to,
        schedule,
        from_model: before.model,
        to_model: after.model,
        to_route: after.route,
        kind: ChangeKind::Undo,
        reason: Reason::Undone { of: of.clone() },
        cause: Cause::Undo,
        next_run_at: cron.next_run_at,
        running_since: cron.running_since,
        marks: marks.into_iter().filter(|(applies, _)| *applies).map(|(_, mark)| mark).collect(),
        ticked: !agent_made || entry.is_some_and(|entry| entry.edit_agent_made),
    })
}

/// `before` where `now` still is what we `wrote`, and wrote last, else what it is now.
fn given_back<T: Clone + PartialEq>(now: &T, wrote: &T, before: &T, later: bool) -> T {
    if now == wrote && !later || fault::on(Fault::UndoesTheUsersField) { before.clone() } else { now.clone() }
}

/// The schedule that it had, while it still has the one that it was given.
fn former_schedule(now: &Schedule, span: &Span) -> Option<ScheduleEdit> {
    let wrote = span.schedule.as_ref().filter(|edit| edit.to == *now && !span.later.schedule)?;
    Some(ScheduleEdit { from: now.clone(), to: wrote.from.with_stagger_said() })
}

fn stops_a_run(cron: &Cron, to: &Fields) -> bool {
    cron.running_since.is_some() && cron.enabled && !to.enabled
}

#[cfg(test)]
mod tests;
