//! The plan: one decision for every cron, and the changes in the order they should be written.
//!
//! Linear in crons: chains and the standing of models are worked out once. Order: critical first,
//! then what fires soonest, then by name and id; in a crisis last of all what only becomes cheaper.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::chain::ChainsNow;
use super::crisis::CrisisNow;
use super::distribute::decide;
use super::ground::Ground;
use super::standing::{Standing, standing};
use crate::domain::{
    Breaker, Change, Cron, CronId, Decision, ModelRef, Observation, Outage, Plan, PlanId, PlanMode, PlanNote,
    PlanOrigin, Reason, RouteKey, Settings, Tier, Trigger, Verdict, Vital,
};

/// What would bring every cron to where it should be.
///
/// While the gateway is away nothing is planned and the outage level stays what it was.
#[must_use]
pub fn plan(obs: &Observation, settings: &Settings) -> Plan {
    Ground::new(obs, settings).plan(obs.mode)
}

impl Ground<'_> {
    /// As [`plan`], in the mode that is asked for.
    #[must_use]
    pub fn plan(&self, mode: PlanMode) -> Plan {
        self.plan_of(mode, |_| true)
    }

    /// The same for some of the crons, as if there were no others.
    pub(super) fn plan_of(&self, mode: PlanMode, concerns: impl Fn(&Cron) -> bool) -> Plan {
        let mut scene = Scene::new(self, mode);
        let mut drafts = Drafts::default();
        for cron in self.obs.crons.values().filter(|cron| concerns(cron)) {
            let decided = decide(&mut scene, cron);
            drafts.take(decided, cron, &mut scene);
        }
        drafts.finish(&scene)
    }
}

/// What [`plan`] would say of one cron: its decision, and the change if it needs one. `None` when there
/// is no such cron.
#[must_use]
pub fn plan_one(obs: &Observation, settings: &Settings, cron: &CronId) -> Option<(Decision, Option<Change>)> {
    let ground = Ground::new(obs, settings);
    let decided = decide(&mut Scene::new(&ground, obs.mode), obs.crons.get(cron)?);
    Some((decided.decision, decided.change))
}

/// What the policy makes of one cron.
#[derive(Debug)]
pub(super) struct Decided {
    pub decision: Decision,
    pub change: Option<Change>,
    pub note: Option<PlanNote>,
}

/// Everything that is the same for many crons.
pub(super) struct Scene<'a> {
    pub obs: &'a Observation,
    pub settings: &'a Settings,
    pub chains: &'a ChainsNow<'a>,
    pub outage: &'a Outage,
    /// The rules of a crisis, while they hold.
    pub crisis: Option<CrisisNow>,
    by_model: &'a BTreeMap<&'a ModelRef, &'a RouteKey>,
    owns: Vec<Arc<Own>>,
    own_index: BTreeMap<(Option<&'a str>, Option<&'a str>), usize>,
}

/// What a cron's stored model name runs as, and how that stands.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub model: Option<ModelRef>,
    /// The first route of the settings with that model.
    pub route: Option<RouteKey>,
    pub state: OwnState,
}

#[derive(Clone, Debug)]
pub(super) enum OwnState {
    Known(Standing),
    /// A name is stored and the gateway lists nothing of the kind: its runs fail.
    Unlisted,
}

impl Own {
    /// Known not to serve.
    pub(super) fn fails(&self) -> bool {
        match &self.state {
            OwnState::Known(standing) => standing.fails(),
            OwnState::Unlisted => true,
        }
    }

    pub(super) fn is_unlisted(&self) -> bool {
        matches!(self.state, OwnState::Unlisted)
    }

    pub(super) fn serves(&self) -> bool {
        matches!(&self.state, OwnState::Known(standing) if standing.serves())
    }

    /// When its standing became what it is.
    pub(super) fn since(&self) -> Option<Timestamp> {
        match &self.state {
            OwnState::Known(Standing::Serving { since }) => *since,
            OwnState::Known(Standing::Failing(failure)) => failure.since,
            _ => None,
        }
    }

    pub(super) fn back_at(&self) -> Option<Timestamp> {
        match &self.state {
            OwnState::Known(Standing::Failing(failure)) => failure.back_at,
            _ => None,
        }
    }
}

impl<'a> Scene<'a> {
    pub(super) fn new(ground: &'a Ground<'a>, mode: PlanMode) -> Self {
        let Ground { obs, settings, chains, outage, by_model } = ground;
        let crisis = CrisisNow::of(obs, mode, settings, outage);
        Self { obs, settings, chains, outage, crisis, by_model, owns: Vec::new(), own_index: BTreeMap::new() }
    }

    /// How what `cron` would run on now stands; each distinct name is looked up once.
    pub(super) fn own(&mut self, cron: &'a Cron) -> Arc<Own> {
        let stored = cron.turn().and_then(|turn| turn.model.as_deref());
        let agent = cron.agent.as_deref();
        if let Some(index) = self.own_index.get(&(stored, agent)) {
            return Arc::clone(&self.owns[*index]);
        }
        let own = Arc::new(self.own_of(stored, agent));
        self.own_index.insert((stored, agent), self.owns.len());
        self.owns.push(Arc::clone(&own));
        own
    }

    /// The same for a name that no cron holds yet.
    pub(super) fn own_of(&self, stored: Option<&str>, agent: Option<&str>) -> Own {
        let model = self.obs.catalog.resolve(stored, agent);
        let listed = model.as_ref().is_some_and(|model| self.obs.catalog.lists(model));
        let state = match &model {
            Some(model) if listed => OwnState::Known(self.standing(model)),
            None if stored.is_none() => OwnState::Known(Standing::Unknown),
            _ => OwnState::Unlisted,
        };
        Own { route: model.as_ref().and_then(|model| self.route_of(model)), model, state }
    }

    pub(super) fn route_of(&self, model: &ModelRef) -> Option<RouteKey> {
        self.by_model.get(model).map(|route| (*route).clone())
    }

    /// Nothing speaks against it: nobody saw it, or its account, fail since they last served.
    pub(super) fn never_failed(&self, own: &Own) -> bool {
        let clean = |vital: Option<&Vital>| vital.is_none_or(|vital| vital.breaker == Breaker::default());
        own.model.as_ref().is_none_or(|model| {
            clean(self.obs.fleet.models.get(model)) && clean(self.obs.fleet.accounts.get(&model.account()))
        })
    }

    fn standing(&self, model: &ModelRef) -> Standing {
        standing(model, &self.obs.catalog, &self.obs.fleet, self.settings, self.obs.at)
    }
}

#[derive(Default)]
struct Drafts {
    changes: Vec<Change>,
    decisions: Vec<Decision>,
    notes: Vec<PlanNote>,
    tiers: BTreeSet<Tier>,
    n_waiting: usize,
    waiting_until: Option<Timestamp>,
    unsorted_failing: Vec<CronId>,
    /// Moved in a crisis although their own route serves.
    only_cheaper: BTreeSet<CronId>,
}

impl Drafts {
    fn take<'a>(&mut self, decided: Decided, cron: &'a Cron, scene: &mut Scene<'a>) {
        let decision = &decided.decision;
        if let Reason::ChainNotSetUp { tier } = decision.reason {
            self.tiers.insert(tier);
        }
        if decision.verdict == Verdict::Waiting {
            self.n_waiting += 1;
            if let Reason::RunsAfterReturn { expected_return } = decision.reason {
                self.waiting_until =
                    Some(self.waiting_until.map_or(expected_return, |known| known.min(expected_return)));
            }
        }
        if decision.reason == Reason::Unsorted && cron.enabled && scene.own(cron).fails() {
            self.unsorted_failing.push(cron.id.clone());
        }
        if matches!(decision.reason, Reason::CheapestInCrisis { .. }) && cron.enabled && !scene.own(cron).fails() {
            self.only_cheaper.insert(cron.id.clone());
        }
        self.decisions.push(decided.decision);
        self.changes.extend(decided.change);
        self.notes.extend(decided.note);
    }

    fn finish(mut self, scene: &Scene<'_>) -> Plan {
        let (obs, settings) = (scene.obs, scene.settings);
        sort_changes(&mut self.changes);
        // Nothing of these fails: those on dead routes go first.
        self.changes.sort_by_key(|change| self.only_cheaper.contains(&change.cron));
        let mut notes: Vec<PlanNote> = self.tiers.iter().map(|tier| PlanNote::ChainNotSetUp { tier: *tier }).collect();
        notes.extend(unmatched(settings));
        notes.append(&mut self.notes);
        if self.n_waiting > 0 {
            notes.push(PlanNote::Waiting { n_crons: self.n_waiting, expected_return: self.waiting_until });
        }
        if !self.unsorted_failing.is_empty() {
            let crons = self.unsorted_failing;
            notes.push(PlanNote::UnsortedFailing { n_crons: crons.len(), crons });
        }
        Plan {
            id: plan_id(&self.changes),
            at: obs.at,
            origin: if scene.crisis.is_some() { PlanOrigin::Crisis } else { PlanOrigin::Distribution },
            outage: scene.outage.clone(),
            changes: self.changes,
            decisions: self.decisions,
            notes,
            daily_cost: None,
            writes: None,
        }
    }
}

/// Routes that a chain names and nobody has matched to a model yet, each once.
fn unmatched(settings: &Settings) -> Vec<PlanNote> {
    let named: BTreeSet<&RouteKey> = Tier::ALL.into_iter().flat_map(|tier| &settings.chain(tier).routes).collect();
    let missing = named.into_iter().filter(|key| settings.routes.get(*key).is_none_or(|route| route.model.is_none()));
    missing.map(|key| PlanNote::RouteNotMatched { route: key.clone() }).collect()
}

/// The decision behind a line that somebody asked for.
pub(super) fn asked_for(change: &Change) -> Decision {
    Decision {
        cron: change.cron.clone(),
        verdict: Verdict::Change,
        chosen: change.to_route.clone(),
        model: change.to_model.clone(),
        skipped: Arc::default(),
        reason: change.reason.clone(),
        since: None,
        would_change: Some(Trigger::TheUser),
    }
}

/// Critical first, then what fires soonest, then by name and id.
pub(super) fn sort_changes(changes: &mut [Change]) {
    changes.sort_by(|a, b| {
        let next = |change: &Change| change.next_run_at.unwrap_or(Timestamp::MAX);
        (b.critical.cmp(&a.critical))
            .then_with(|| next(a).cmp(&next(b)))
            .then_with(|| a.name.cmp(&b.name))
            .then_with(|| a.cron.cmp(&b.cron))
    });
}

/// Model, fallbacks and enabled flag.
type Written<'a> = (Option<&'a str>, Option<&'a [String]>, bool);

/// A short hash of what would be written, whatever the order: equal plans have equal ids.
///
/// Many lines write the same fields, so those are hashed once and then named by their number.
pub(super) fn plan_id(changes: &[Change]) -> PlanId {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by(|a, b| a.cron.cmp(&b.cron));
    let mut hash = Sha256::new();
    let mut seen: BTreeMap<Written<'_>, u64> = BTreeMap::new();
    for change in sorted {
        let to: Written<'_> = (change.to.model.as_deref(), change.to.fallbacks.as_deref(), change.to.enabled);
        let next = seen.len() as u64;
        let number = *seen.entry(to).or_insert_with(|| {
            hash_written(&mut hash, to);
            next
        });
        let revision = change.revision.as_ref().map_or("", |revision| revision.as_str());
        hash_text(&mut hash, change.cron.as_str());
        hash_text(&mut hash, revision);
        hash.update(number.to_le_bytes());
        hash.update([change.kind as u8]);
        if let Some(edit) = &change.schedule {
            hash_text(&mut hash, &serde_json::to_string(&edit.to).unwrap_or_default());
        }
    }
    let mut id = String::with_capacity(12);
    for byte in hash.finalize().iter().take(6) {
        write!(id, "{byte:02x}").expect("writing to a string cannot fail");
    }
    PlanId::from(id)
}

fn hash_written(hash: &mut Sha256, (model, fallbacks, enabled): Written<'_>) {
    hash.update([u8::from(enabled), u8::from(model.is_some()), u8::from(fallbacks.is_some())]);
    if let Some(model) = model {
        hash_text(hash, model);
    }
    if let Some(fallbacks) = fallbacks {
        hash.update((fallbacks.len() as u64).to_le_bytes());
        for fallback in fallbacks {
            hash_text(hash, fallback);
        }
    }
}

/// With its length, so that no two contents look alike.
fn hash_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}
