//! How each tier's chain stands, read off the plan's decisions: which route serves, which are
//! skipped and why.
//!
//! Nothing is decided here: where no decision speaks of a route, only what is plainly known of its
//! account is shown.

use std::collections::BTreeMap;

use crate::domain::{
    Chain, ChainOrder, Decision, MatchCertainty, ModelRef, Route, RouteKey, SkipReason, Tier, VendorId, Vital,
};
use crate::engine::Snapshot;
use crate::ui::screens::preview::shown_plan;
use crate::ui::widgets::vendor_of_model;

/// A tier's chain in the order it is tried.
#[derive(Clone, Debug, Default)]
pub struct ChainView {
    pub chain: Chain,
    pub routes: Vec<RouteView>,
}

#[derive(Clone, Debug)]
pub struct RouteView {
    pub key: RouteKey,
    pub vendor: Option<VendorId>,
    pub model: Option<ModelRef>,
    pub state: RouteState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RouteState {
    /// Most crons of the tier belong here now.
    Serving,
    /// Next in line.
    Ready,
    /// It serves, and its crons are sent elsewhere to spare it.
    Spared(SkipReason),
    Skipped(SkipReason),
}

impl RouteState {
    fn passed_over(why: SkipReason) -> Self {
        if matches!(why, SkipReason::Spared { .. }) { Self::Spared(why) } else { Self::Skipped(why) }
    }

    /// Why it is passed over, if it is.
    #[must_use]
    pub fn why(&self) -> Option<&SkipReason> {
        match self {
            Self::Serving | Self::Ready => None,
            Self::Spared(why) | Self::Skipped(why) => Some(why),
        }
    }
}

/// The chains of the three tiers, in order.
#[must_use]
pub fn chain_views(snapshot: &Snapshot) -> [ChainView; 3] {
    let votes = votes(snapshot);
    Tier::ALL.map(|tier| chain_view(snapshot, tier, votes.get(&tier)))
}

/// What the decisions of one tier say about its routes.
#[derive(Default)]
struct Votes<'a> {
    chosen: BTreeMap<&'a RouteKey, usize>,
    skipped: BTreeMap<&'a RouteKey, &'a SkipReason>,
}

fn votes(snapshot: &Snapshot) -> BTreeMap<Tier, Votes<'_>> {
    let mut votes: BTreeMap<Tier, Votes<'_>> = BTreeMap::new();
    let mut decisions = shown_plan(snapshot).decisions.iter().peekable();
    for (id, entry) in snapshot.tiers.iter().filter(|(_, entry)| entry.pinned.is_none()) {
        while decisions.next_if(|decision| decision.cron < *id).is_some() {}
        if let Some(decision) = decisions.next_if(|decision| decision.cron == *id) {
            count(votes.entry(entry.tier).or_default(), decision);
        }
    }
    votes
}

fn count<'a>(votes: &mut Votes<'a>, decision: &'a Decision) {
    if let Some(route) = &decision.chosen {
        *votes.chosen.entry(route).or_default() += 1;
    }
    for skipped in decision.skipped.iter().filter(|skipped| keeps_off(&skipped.why)) {
        let why = votes.skipped.entry(&skipped.route).or_insert(&skipped.why);
        // Where it fails for one cron, it is not only spared.
        if matches!(why, SkipReason::Spared { .. }) {
            *why = &skipped.why;
        }
    }
}

/// Whether a reason speaks against the route itself and not for a better one.
fn keeps_off(why: &SkipReason) -> bool {
    !matches!(why, SkipReason::NotNeeded | SkipReason::Untested)
}

fn chain_view(snapshot: &Snapshot, tier: Tier, votes: Option<&Votes<'_>>) -> ChainView {
    let chain = snapshot.settings.chain(tier).clone();
    let mut routes: Vec<_> = in_order(snapshot, &chain)
        .into_iter()
        .map(|key| {
            let route = snapshot.settings.routes.get(&key);
            let model = route.and_then(|route| model_of(snapshot, &key, route));
            let said = votes.and_then(|votes| votes.skipped.get(&key)).map(|why| (*why).clone());
            let state = said
                .or_else(|| known(snapshot, route, model.as_ref()))
                .map_or(RouteState::Ready, RouteState::passed_over);
            // The mark that its cards have, also where it was matched to a model of another vendor.
            let vendor = model.as_ref().map(vendor_of_model).or_else(|| Some(route?.vendor.clone()));
            RouteView { key, vendor, model, state }
        })
        .collect();
    let most = votes.and_then(|votes| votes.chosen.iter().max_by_key(|(_, count)| **count)).map(|(key, _)| *key);
    let serving = most
        .and_then(|key| routes.iter().position(|route| route.key == *key))
        .or_else(|| routes.iter().position(|route| route.state == RouteState::Ready));
    if let Some(serving) = serving {
        routes[serving].state = RouteState::Serving;
    }
    ChainView { chain, routes }
}

/// The model a route stands for on this gateway, set by the user or surely matched.
fn model_of(snapshot: &Snapshot, key: &RouteKey, route: &Route) -> Option<ModelRef> {
    let sure = |certainty| matches!(certainty, MatchCertainty::Confirmed | MatchCertainty::Sure);
    let matched = || snapshot.matches.iter().find(|found| found.route == *key && sure(found.certainty));
    route.model.clone().or_else(|| matched()?.model.clone()).filter(|model| snapshot.catalog.lists(model))
}

fn known(snapshot: &Snapshot, route: Option<&Route>, model: Option<&ModelRef>) -> Option<SkipReason> {
    let (Some(route), Some(model)) = (route, model) else { return Some(SkipReason::NotSetUp) };
    if let Some(until) = route.set_aside_until.filter(|until| *until > snapshot.at) {
        return Some(SkipReason::SetAside { until });
    }
    let fleet = &snapshot.fleet;
    let vitals = [fleet.accounts.get(&model.account()), fleet.models.get(model)];
    vitals.into_iter().flatten().find_map(|vital| ill(vital, snapshot))
}

fn ill(vital: &Vital, snapshot: &Snapshot) -> Option<SkipReason> {
    if let Some(until) = vital.gateway_waits_until.filter(|until| *until > snapshot.at) {
        return Some(SkipReason::GatewayWaits { until });
    }
    vital.health.fails().then(|| SkipReason::Down { health: vital.health.clone(), since: vital.since })
}

/// A ranked chain is tried by price or strength, a listed one as it stands.
fn in_order(snapshot: &Snapshot, chain: &Chain) -> Vec<RouteKey> {
    let settings = &snapshot.settings;
    let route = |key: &RouteKey| {
        let route = settings.routes.get(key)?;
        Some(Route { model: model_of(snapshot, key, route), ..route.clone() })
    };
    let mut keys = chain.routes.clone();
    match chain.order {
        ChainOrder::Listed => {}
        ChainOrder::Cheapest => keys.sort_by(|a, b| {
            let price =
                |key| route(key).and_then(|route| settings.price(&route)).map_or(f64::MAX, |price| price.output.0);
            price(a).total_cmp(&price(b))
        }),
        ChainOrder::Smartest => keys.sort_by_key(|key| {
            let facts = route(key).and_then(|route| Some(settings.prices.facts(route.model.as_ref()?)?.capability));
            std::cmp::Reverse(facts.unwrap_or(0))
        }),
    }
    keys
}
