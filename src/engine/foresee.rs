//! What a snapshot lets foresee: the forecast of every quota window, for whichever face asks.
//!
//! Pure, and for another thread than a window's: learning from months takes tens of milliseconds. What was learned
//! is kept as long as nothing new was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Snapshot;
use super::imagine::Today;
use crate::domain::{
    Cause, CronId, Forecast, Observation, OutageLevel, Outlook, Overload, Plan, PlanMode, Switch, TrackRecord,
    UsageHistory, VendorId,
};
use crate::policy::{self, Learned};

/// Keeps what was learned between two questions.
#[derive(Debug, Default)]
pub struct Foresight {
    known: Option<Known>,
    pub(super) today: Option<Today>,
}

#[derive(Debug)]
pub(super) struct Known {
    history: Arc<UsageHistory>,
    pub learned: Learned,
    pub record: TrackRecord,
}

impl Foresight {
    /// From the moment of the snapshot until `until`; `after`: once that plan is carried out.
    pub fn forecast(&mut self, seen: &Snapshot, after: Option<&Plan>, until: Timestamp) -> Forecast {
        let obs = seen.observation();
        let known = self.known_of(seen, &obs);
        let forecast = policy::forecast(&known.learned, &obs, &seen.settings, after, until);
        Forecast { record: known.record.clone(), ..forecast }
    }

    /// As things are, with what to do about it.
    pub fn outlook(&mut self, seen: &Snapshot, until: Timestamp) -> Outlook {
        let obs = seen.observation();
        let known = self.known_of(seen, &obs);
        let forecast = policy::forecast(&known.learned, &obs, &seen.settings, None, until);
        let since = seen.models_since();
        let advice = policy::advise(&known.learned, &seen.history, &obs, &seen.settings, &forecast, &since);
        let costs = policy::costs(&seen.history, &seen.settings, obs.at, &forecast);
        let overloads = overloads(&known.learned, seen, &obs);
        let planned = policy::overloads(&known.learned, &obs, &seen.settings, &seen.plan);
        Outlook { forecast: Forecast { record: known.record.clone(), ..forecast }, advice, costs, overloads, planned }
    }

    /// Windows that would be used up before their reset by what a crisis moves to them.
    pub fn overloads(&mut self, seen: &Snapshot) -> Vec<Overload> {
        let obs = seen.observation();
        overloads(&self.known_of(seen, &obs).learned, seen, &obs)
    }

    /// Learns where something new was read.
    pub(super) fn known_of(&mut self, seen: &Snapshot, obs: &Observation) -> &Known {
        let known = match self.known.take() {
            Some(known) if Arc::ptr_eq(&known.history, &seen.history) => known,
            _ => Known {
                history: seen.history.clone(),
                learned: policy::learn(&seen.history, obs),
                record: policy::track_record(&seen.history, obs, &seen.settings),
            },
        };
        self.known.insert(known)
    }
}

/// Of the crisis plan on offer, or the one that is in force; none outside a crisis.
fn overloads(learned: &Learned, seen: &Snapshot, obs: &Observation) -> Vec<Overload> {
    let view = &seen.crisis;
    let in_crisis = seen.level() == OutageLevel::Crisis || view.state.mode.is_some();
    let plan = view.enter.as_deref().or(Some(&*seen.plan)).filter(|_| in_crisis);
    plan.map(|plan| policy::overloads(learned, obs, &seen.settings, plan)).unwrap_or_default()
}

impl Snapshot {
    /// What the policy may know of this moment, as far as faces know it, too: nothing is busy.
    #[must_use]
    pub fn observation(&self) -> Observation {
        let edits = self.plan.changes.iter().filter(|change| change.cause == Cause::Edit);
        Observation {
            at: self.at,
            gateway_reachable: self.connection.info().is_some() && self.crons_as_of.is_some(),
            crons: self.crons.clone(),
            catalog: self.catalog.clone(),
            fleet: self.fleet.clone(),
            tiers: self.tiers.clone(),
            ledger: self.ledger.clone(),
            edited: Arc::new(edits.map(|change| change.cron.clone()).collect()),
            down_since: self.plan.outage.down.iter().map(|down| (down.vendor.clone(), Timestamp::MIN)).collect(),
            previous_level: self.plan.outage.level,
            busy: Arc::default(),
            mode: self.plan_mode(),
        }
    }

    /// Which rules plan: those of a crisis wane while it is not known of each vendor of it whether it serves.
    /// Since when each cron has the model that it has now, where this program gave it that one.
    fn models_since(&self) -> BTreeMap<CronId, Timestamp> {
        let mut newest: BTreeMap<&CronId, &Switch> = BTreeMap::new();
        for switch in self.switches.iter().filter(|switch| switch.to.model != switch.from.model) {
            newest.entry(&switch.cron).or_insert(switch);
        }
        // What somebody gave it after that is not known from when on.
        let stands = |(id, switch): &(&CronId, &Switch)| {
            self.crons.get(*id).is_some_and(|cron| cron.fields().model == switch.to.model)
        };
        newest.into_iter().filter(stands).map(|(id, switch)| (id.clone(), switch.at)).collect()
    }

    fn plan_mode(&self) -> PlanMode {
        let down = |vendor: &VendorId| self.plan.outage.down.iter().any(|down| down.vendor == *vendor);
        match self.crisis.state.plan_mode() {
            PlanMode::Crisis if !self.crisis.state.away.iter().all(down) => PlanMode::Waning,
            mode => mode,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;
    use crate::domain::{
        AgentTurn, Crisis, CrisisMode, CrisisView, Cron, Fields, Health, Payload, Schedule, StartedBy, VendorDown,
    };
    use crate::engine::World;

    #[test]
    fn what_somebody_else_gave_a_cron_is_not_dated_by_an_older_switch() {
        let now: Timestamp = "2026-11-27T10:00:00Z".parse().expect("a moment");
        let turn =
            |model: &str| Payload::AgentTurn(AgentTurn { model: Some(model.to_owned()), ..AgentTurn::default() });
        let cron = Cron::new(CronId::new("a"), "a", Schedule::At { at: now }, turn("kimi/k2"));
        let fields = |model: &str| Fields { model: Some(model.to_owned()), ..cron.fields() };
        let since = |to: &str| {
            let mut seen = World::new(PathBuf::new(), now).snapshot(now);
            seen.crons = Arc::new([(cron.id.clone(), Arc::new(cron.clone()))].into());
            seen.switches = Arc::new(vec![crate::domain::Switch {
                id: "s".into(),
                plan: "p".into(),
                at: now,
                cron: cron.id.clone(),
                name: "a".to_owned(),
                from: fields("google/flash"),
                to: fields(to),
                schedule: None,
                revision_before: None,
                revision_after: None,
                reason: crate::domain::Reason::ChainEdited,
                cause: Cause::Health,
                confirmation: crate::domain::Confirmation::Waiting,
                undone_by: None,
                by: StartedBy::Hand,
                seal: None,
            }]);
            seen.models_since()
        };
        assert_eq!(since("kimi/k2"), BTreeMap::from([(cron.id.clone(), now)]));
        assert_eq!(since("openai/gpt"), BTreeMap::new(), "its user chose another since");
    }

    #[test]
    fn a_crisis_wanes_while_it_is_not_known_of_each_of_its_vendors_that_it_is_down() {
        let now: Timestamp = "2026-11-27T10:00:00Z".parse().expect("a moment");
        let vendor = VendorId::new("kimi");
        let mut seen = World::new(PathBuf::new(), now).snapshot(now);
        assert_eq!(seen.observation().mode, PlanMode::Ordinary);
        let mode = CrisisMode { since: now, by: StartedBy::Hand, recovering: None };
        let state = Crisis { mode: Some(mode), away: BTreeSet::from([vendor.clone()]), ..Crisis::default() };
        seen.crisis = Arc::new(CrisisView { state: Arc::new(state), ..CrisisView::default() });
        assert_eq!(seen.observation().mode, PlanMode::Waning, "its reset has passed, and nobody has looked yet");
        let down = VendorDown { vendor: vendor.clone(), health: Health::RefusedKey, since: None, resets_at: None };
        Arc::make_mut(&mut seen.plan).outage.down.push(down);
        let seen = seen.observation();
        assert_eq!(seen.mode, PlanMode::Crisis);
        assert!(seen.down_since.contains_key(&vendor), "it has been away for long enough, as the engine saw it");
    }
}
