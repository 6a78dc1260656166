//! The way out of a crisis: what would be given back, when, and in which steps.
//!
//! Invariants: what is given back is what the ledger shows and nothing else; vendors that fail again are trusted
//! later each time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::crisis::expected_end;
use super::fires::next_fire;
use super::ground::Ground;
use super::outage::failing_accounts;
use super::plan::plan_id;
use super::standing::later;
use crate::domain::{
    AccountId, Change, Crisis, Cron, LongAway, Observation, Outage, OutageLevel, Plan, PlanMode, PlanOrigin, Readiness,
    Reason, Route, Settings, VendorId,
};

/// Relapses count for so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// However often a vendor failed again, it is not waited for longer than this.
const MOST_PATIENCE: SignedDuration = SignedDuration::from_hours(4);
/// More doublings change nothing.
const RELAPSES_KEPT: usize = 16;
/// A vendor that is away for longer is better set aside than waited for.
const LONG: SignedDuration = SignedDuration::from_hours(24);

/// What entering crisis mode would write now.
#[must_use]
pub fn enter_plan(obs: &Observation, settings: &Settings) -> Plan {
    Ground::new(obs, settings).enter_plan()
}

/// What leaving it would write now: every cron of the ledger as ordinary distribution has it, which gives back
/// what was there before where that serves; and those the gateway switched off meanwhile, on offer.
#[must_use]
pub fn recover_plan(obs: &Observation, settings: &Settings) -> Plan {
    Ground::new(obs, settings).recover_plan()
}

impl Ground<'_> {
    /// As [`enter_plan`].
    #[must_use]
    pub fn enter_plan(&self) -> Plan {
        self.plan(PlanMode::Crisis)
    }

    /// As [`recover_plan`].
    #[must_use]
    pub fn recover_plan(&self) -> Plan {
        let obs = self.obs;
        let concerns = |cron: &Cron| obs.ledger.contains_key(&cron.id) || cron.auto_disabled.is_some();
        let mut whole = self.plan_of(PlanMode::Ordinary, concerns);
        let offered = |reason: &Reason| matches!(reason, Reason::SwitchedOffInOutage { .. });
        whole.changes.retain(|change| obs.ledger.contains_key(&change.cron) || offered(&change.reason));
        whole.decisions.retain(|said| obs.ledger.contains_key(&said.cron) || offered(&said.reason));
        whole.notes.clear();
        for change in &mut whole.changes {
            // A cron that is off has no next run at the gateway.
            let schedule = obs.crons.get(&change.cron).map(|cron| &cron.schedule);
            change.next_run_at = change.next_run_at.or_else(|| next_fire(schedule?, obs.at));
        }
        // The one that fires soonest is the first to show whether it works.
        whole.changes.sort_by(|a, b| soonest(a).cmp(&soonest(b)));
        Plan { id: plan_id(&whole.changes), origin: PlanOrigin::Recovery, ..whole }
    }
}

fn soonest(change: &Change) -> (Timestamp, &str, &str) {
    (change.next_run_at.unwrap_or(Timestamp::MAX), &change.name, change.cron.as_str())
}

/// In which stage each of so many lines is given back: one, a quarter, the rest.
#[must_use]
pub fn stages(n_lines: usize) -> Vec<u8> {
    let quarter = n_lines.div_ceil(4);
    let stage = |line| match line {
        0 => 0,
        line if line <= quarter => 1,
        _ => 2,
    };
    (0..n_lines).map(stage).collect()
}

/// How long a vendor must have served before anything returns to it: doubled with each relapse of the last day.
#[must_use]
pub fn patience(crisis: &Crisis, settings: &Settings, now: Timestamp) -> SignedDuration {
    let settle = settings.thresholds.settle;
    let doublings = recent_relapses(crisis, now);
    let wait = (0..doublings).fold(settle, |wait, _| wait.saturating_mul(2).min(MOST_PATIENCE));
    wait.max(settle)
}

fn recent_relapses(crisis: &Crisis, now: Timestamp) -> usize {
    let recent = |at: &&Timestamp| later(**at, REMEMBERED) > now;
    crisis.relapses.iter().filter(recent).count().min(RELAPSES_KEPT)
}

/// Follows the vendors of an outage as they fail, return and fail again.
///
/// `serving` are the vendors with a route that serves; `owed` says whether anything is to be given back.
#[must_use]
pub fn follow(
    crisis: &Crisis,
    outage: &Outage,
    serving: &BTreeMap<VendorId, Timestamp>,
    counted: &BTreeSet<VendorId>,
    owed: bool,
    now: Timestamp,
) -> Crisis {
    let mut next = crisis.clone();
    let tracked = next.mode.is_some() || owed;
    let recent = |at: Timestamp| later(at, REMEMBERED) > now;
    next.relapses.retain(|at| recent(*at));
    for vendor in &outage.down {
        if next.came_back.remove(&vendor.vendor).is_some_and(recent) {
            next.relapses.push(now);
        }
        if tracked {
            next.away.insert(vendor.vendor.clone());
        }
    }
    let surplus = next.relapses.len().saturating_sub(RELAPSES_KEPT);
    next.relapses.drain(..surplus);
    let returned: Vec<VendorId> = next.away.iter().filter(|vendor| serving.contains_key(*vendor)).cloned().collect();
    for vendor in returned {
        next.away.remove(&vendor);
        next.came_back.insert(vendor, now);
    }
    // One that no chain uses any more, or that was set aside, is not waited for.
    next.away.retain(|vendor| tracked && counted.contains(vendor));
    next.came_back.retain(|vendor, at| counted.contains(vendor) && (next.mode.is_some() || recent(*at)));
    next
}

/// Whether nothing is given back before this account, or another way to its vendor, is known to serve.
///
/// After a crisis nobody's runs may be left there to show that it does.
#[must_use]
pub fn awaits(crisis: &Crisis, owed: bool, settings: &Settings, account: &AccountId) -> bool {
    let waits_for = |vendor: &VendorId| crisis.away.contains(vendor) || crisis.came_back.contains_key(vendor);
    let leads_to_it = |route: &&Route| route.account().as_ref() == Some(account);
    let mut routes = settings.routes.values().filter(leads_to_it);
    (crisis.mode.is_some() || owed) && routes.any(|route| waits_for(&route.vendor))
}

/// Whether what was changed may be given back now, and if not, why.
#[must_use]
pub fn readiness(
    crisis: &Crisis,
    obs: &Observation,
    settings: &Settings,
    outage: &Outage,
    serving: &BTreeMap<VendorId, Timestamp>,
    n_to_give_back: usize,
) -> Readiness {
    let owed = !obs.ledger.is_empty();
    if crisis.recovering().is_some() {
        return Readiness::Recovering;
    }
    if crisis.mode.is_none() && !owed {
        return Readiness::NothingOwed;
    }
    if outage.level == OutageLevel::Crisis {
        let vendors = outage.down.iter().map(|down| down.vendor.clone()).collect();
        return Readiness::StillDown { vendors, expected: expected_end(outage, settings) };
    }
    let wait = patience(crisis, settings, obs.at);
    let gone: Vec<VendorId> =
        crisis.came_back.keys().filter(|vendor| !serving.contains_key(*vendor)).cloned().collect();
    if !gone.is_empty() {
        // It came back, and fails again or has not been seen for long: neither down nor proof.
        return Readiness::StillDown { vendors: gone, expected: None };
    }
    let back = |(vendor, at): (&VendorId, &Timestamp)| Some(later((*serving.get(vendor)?).max(*at), wait));
    let settled = crisis.came_back.iter().filter_map(back);
    if let Some(until) = settled.max().filter(|until| *until > obs.at) {
        let n_relapses = u32::try_from(recent_relapses(crisis, obs.at)).unwrap_or(u32::MAX);
        return Readiness::Settling { until, n_relapses };
    }
    let nobody_back = crisis.came_back.is_empty() && !crisis.away.is_empty();
    if nobody_back || (crisis.mode.is_none() && n_to_give_back == 0) {
        let resets = outage.down.iter().filter_map(|down| down.resets_at);
        return Readiness::StillDown { vendors: crisis.away.iter().cloned().collect(), expected: resets.min() };
    }
    Readiness::Ready
}

/// Vendors that are down for longer than a day: waiting for them would pause crons without an end.
#[must_use]
pub fn long_away(obs: &Observation, settings: &Settings, outage: &Outage) -> Vec<LongAway> {
    let far = |down: &&crate::domain::VendorDown| down.resets_at.is_some_and(|at| at > later(obs.at, LONG));
    let mut accounts = failing_accounts(obs, settings);
    let of = |down: &crate::domain::VendorDown| {
        let accounts = accounts.remove(&down.vendor).unwrap_or_default();
        Some(LongAway { vendor: down.vendor.clone(), accounts: accounts.into_iter().collect(), until: down.resets_at? })
    };
    outage.down.iter().filter(far).filter_map(of).collect()
}
