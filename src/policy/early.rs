//! Acting before the gateway does: it switches a cron off after ten failures in a row.
//!
//! Only failures of providers count here. A job that fails by its own fault is not helped by another model.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::chain::ChainNow;
use super::distribute::{Case, Draft, dressed, move_to};
use super::pause::{settled_at, what_goes_back};
use super::plan::{Decided, Own, Scene};
use crate::domain::{
    Cause, ChangeKind, Cron, CronId, Fields, LedgerEntry, Owner, Reason, RunStatus, Schedule, Trigger,
};
use crate::fault::{self, Fault};

/// So many failures in a row, and the next one would be the last.
const NEAR: u32 = 9;
/// What the gateway calls a failure that its provider caused.
const BY_PROVIDER: &[&str] = &[
    "rate_limit",
    "overloaded",
    "billing",
    "auth",
    "auth_permanent",
    "server_error",
    "timeout",
    "session_expired",
    "model_not_found",
];
/// The gateway notes the end of a run as a change of the cron, a little after the run itself.
const NOTED_WITHIN: SignedDuration = SignedDuration::from_secs(5);

/// Crons of the user that run by a schedule and are one failure away from being switched off.
pub fn nearly_off(crons: &BTreeMap<CronId, Arc<Cron>>) -> impl Iterator<Item = &Cron> {
    let recurring = |cron: &&Cron| matches!(cron.schedule, Schedule::Cron { .. } | Schedule::Every { .. });
    let ours = |cron: &&Cron| cron.enabled && cron.owner() == Owner::User && near_off(cron);
    crons.values().map(|cron| &**cron).filter(recurring).filter(ours)
}

/// One failure away from being switched off.
pub(super) fn near_off(cron: &Cron) -> bool {
    cron.consecutive_errors >= NEAR
}

/// One more failure would switch it off, its provider caused the last, and another route of its chain serves:
/// it moves there, although its own is not known to fail yet.
pub(super) fn last_chance(scene: &Scene<'_>, case: &Case<'_>, own: &Own, chain: &ChainNow) -> Option<Decided> {
    let cron = case.cron;
    if !near_off(cron) || !failed_by_provider(cron) || changed_since_its_run(cron) {
        return None;
    }
    let other = |index: &usize| chain.links[*index].serves() && chain.links[*index].model != own.model;
    let index = (0..chain.links.len()).find(other)?;
    let link = &chain.links[index];
    let reason = Reason::LastChance { route: link.key.clone(), n_errors: cron.consecutive_errors };
    Some(move_to(scene, case, own, link, Some(index), reason))
}

/// The gateway switched it off after failures of its provider, which has come back since: it is offered to be
/// switched on again, and never ticked by itself.
/// What a crisis changed of it goes back with that.
pub(super) fn offer_switched_off(scene: &Scene<'_>, case: &Case<'_>, debt: Option<&LedgerEntry>) -> Option<Decided> {
    let cron = case.cron;
    let off = cron.auto_disabled.as_ref()?;
    if !failed_by_provider(cron) {
        return None;
    }
    let back = debt.map_or_else(|| cron.fields(), |debt| what_goes_back(debt, cron));
    let there = scene.own_of(back.model.as_deref(), cron.agent.as_deref());
    let returned = there.since() >= off.at || debt.is_some();
    if !(there.serves() && returned && settled_at(scene, &there)? <= scene.obs.at) {
        return None;
    }
    let to = Fields { enabled: true, ..back };
    let draft = Draft { kind: ChangeKind::Resume, to, to_model: there.model.clone(), to_route: there.route.clone() };
    let reason = Reason::SwitchedOffInOutage { at: off.at };
    let mut decided = dressed(cron, Some(case.entry), Cause::Health, &there, draft, reason, Trigger::TheUser);
    if let Some(change) = &mut decided.change {
        change.ticked = fault::on(Fault::TicksWhatIsOffered);
    }
    Some(decided)
}

fn failed_by_provider(cron: &Cron) -> bool {
    let failed = cron.last_run.as_ref().filter(|run| run.status == RunStatus::Error);
    let reason = failed.and_then(|run| run.error_reason.as_deref());
    reason.is_some_and(|reason| BY_PROVIDER.contains(&reason))
}

/// Somebody edited it after its last run: whether that helped is not known yet.
fn changed_since_its_run(cron: &Cron) -> bool {
    let ended = cron.last_run.as_ref().and_then(|run| run.at.checked_add(run.duration? + NOTED_WITHIN).ok());
    match (cron.updated_at, ended) {
        (Some(updated), Some(ended)) => updated > ended,
        _ => true,
    }
}
