//! A tier's chain as it stands right now, worked out once and compared with many crons.
//!
//! Invariant: everything that depends on the tier alone is computed here, so that planning is
//! linear in crons.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::matching::unanswered;
use super::standing::{Standing, later, set_aside, standing};
use crate::domain::{ChainOrder, ModelRef, Observation, Route, RouteKey, Settings, SkipReason, Skipped, Tier, Usd};

/// One route of a chain, with everything that speaks for and against it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub key: RouteKey,
    /// `None` when the route is not set up.
    pub model: Option<ModelRef>,
    /// Several models may be meant, and the user has not said which.
    pub asks: bool,
    pub standing: Standing,
    /// Why it may not be used at all, whatever its health.
    pub barred: Option<SkipReason>,
    pub output_price: Option<Usd>,
    capability: Option<u8>,
}

impl Link {
    /// Set up, not set aside and within the guard.
    pub(super) fn usable(&self) -> bool {
        self.barred.is_none()
    }

    pub(super) fn set_up(&self) -> bool {
        self.model.is_some()
    }

    pub(super) fn serves(&self) -> bool {
        self.usable() && self.standing.serves()
    }

    pub(super) fn unknown(&self) -> bool {
        self.usable() && self.standing == Standing::Unknown
    }

    /// When a cron may return to it; the start of time when that moment was not seen.
    pub(super) fn settled_at(&self, settings: &Settings) -> Option<Timestamp> {
        match self.standing {
            Standing::Serving { since } if self.usable() => {
                Some(since.map_or(Timestamp::MIN, |since| later(since, settings.thresholds.settle)))
            }
            _ => None,
        }
    }
}

/// A ranked chain under one cost guard.
#[derive(Clone, Debug)]
pub(super) struct ChainNow {
    pub links: Vec<Link>,
    pub any_set_up: bool,
    /// Some set-up route is known not to serve.
    pub any_failing: bool,
    pub first_serving: Option<usize>,
    /// The first that has served for `settle`.
    pub first_settled: Option<usize>,
    /// The first that serves or may serve.
    pub first_open: Option<usize>,
    pub first_unknown: Option<usize>,
    /// The first whose model only the user can name.
    pub first_asked: Option<usize>,
    /// The cheapest that serves, and the cheapest that has for `settle`.
    pub cheapest_serving: Option<usize>,
    pub cheapest_settled: Option<usize>,
    /// When the first of its failing routes is expected back.
    pub expected_return: Option<Timestamp>,
    /// For critical crons: the cheapest serving route of any chain within this tier's guard.
    pub cheapest_anywhere: Option<Link>,
    lists: Lists,
}

impl ChainNow {
    /// Where `model` stands in the chain, if it may be used there.
    pub(super) fn position(&self, model: &ModelRef) -> Option<usize> {
        self.links.iter().position(|link| link.usable() && link.model.as_ref() == Some(model))
    }

    /// What travels with a cron on `model`: the routes after it, then those before it, whatever
    /// their health now.
    pub(super) fn fallbacks(&self, model: &ModelRef) -> Arc<[String]> {
        let own = self.links.iter().position(|link| link.model.as_ref() == Some(model));
        let lists = &self.lists;
        Arc::clone(own.map_or(&lists.fallbacks_of_others, |own| &lists.fallbacks[own]))
    }

    /// Why each route but `chosen` was passed over.
    pub(super) fn skipped(&self, chosen: Option<usize>) -> Arc<[Skipped]> {
        Arc::clone(chosen.map_or(&self.lists.all_skipped, |chosen| &self.lists.skipped[chosen]))
    }

    /// Only the routes before `chosen`.
    pub(super) fn ahead(&self, chosen: usize) -> Arc<[Skipped]> {
        Arc::clone(&self.lists.ahead[chosen])
    }
}

/// What many crons of a chain have in common, by the place of the route they are on: made once and shared.
#[derive(Clone, Debug)]
struct Lists {
    fallbacks: Vec<Arc<[String]>>,
    fallbacks_of_others: Arc<[String]>,
    skipped: Vec<Arc<[Skipped]>>,
    all_skipped: Arc<[Skipped]>,
    ahead: Vec<Arc<[Skipped]>>,
}

impl Lists {
    fn new(links: &[Link], settings: &Settings, at: Timestamp) -> Self {
        let objections: Vec<SkipReason> = links.iter().map(|link| objection(link, settings, at)).collect();
        let skip = |index: usize, why: &SkipReason| Skipped { route: links[index].key.clone(), why: why.clone() };
        let ahead = |end: usize| objections[..end].iter().enumerate().map(move |(index, why)| skip(index, why));
        let after = |chosen: usize| (chosen + 1..links.len()).map(|index| skip(index, &SkipReason::NotNeeded));
        let each = 0..links.len();
        Self {
            fallbacks: each
                .clone()
                .map(|own| fallbacks(&links[own + 1..], &links[..own], links[own].model.as_ref()))
                .collect(),
            fallbacks_of_others: fallbacks(links, &[], None),
            skipped: each.clone().map(|chosen| ahead(chosen).chain(after(chosen)).collect()).collect(),
            all_skipped: ahead(links.len()).collect(),
            ahead: each.map(|chosen| ahead(chosen).collect()).collect(),
        }
    }
}

/// The usable models of `after`, then of `before`, each once and never the cron's own.
fn fallbacks(after: &[Link], before: &[Link], own: Option<&ModelRef>) -> Arc<[String]> {
    let mut fallbacks: Vec<String> = Vec::with_capacity(after.len() + before.len());
    for link in after.iter().chain(before).filter(|link| link.usable()) {
        let Some(other) = link.model.as_ref().filter(|other| own != Some(other)) else { continue };
        if !fallbacks.iter().any(|known| known == other.as_str()) {
            fallbacks.push(other.as_str().to_owned());
        }
    }
    fallbacks.into()
}

fn objection(link: &Link, settings: &Settings, at: Timestamp) -> SkipReason {
    if let Some(barred) = &link.barred {
        return barred.clone();
    }
    match &link.standing {
        Standing::Failing(failure) => failure.why.clone(),
        Standing::Unknown => SkipReason::Untested,
        Standing::Serving { .. } => match link.settled_at(settings) {
            Some(until) if until > at => SkipReason::Settling { until },
            _ => SkipReason::NotNeeded,
        },
    }
}

/// The chains of all tiers, with and without their guard: each is ranked when the first cron asks for it.
#[derive(Debug)]
pub(super) struct ChainsNow<'a> {
    survey: Survey<'a>,
    guarded: [OnceCell<ChainNow>; 3],
    unguarded: [OnceCell<ChainNow>; 3],
}

impl<'a> ChainsNow<'a> {
    pub(super) fn new(obs: &Observation, settings: &'a Settings) -> Self {
        Self { survey: Survey::new(obs, settings), guarded: Default::default(), unguarded: Default::default() }
    }

    /// The chain a cron of that tier goes by; `above_guard` is what the user allowed a critical one.
    pub(super) fn of(&self, tier: Tier, above_guard: bool) -> &ChainNow {
        let guard = self.survey.settings.cost_guard.get(&tier).copied().filter(|_| !above_guard);
        let chains = if above_guard { &self.unguarded } else { &self.guarded };
        chains[tier as usize].get_or_init(|| self.survey.chain(tier, guard))
    }
}

/// The model that each tier's crons go to now: of the first route of its chain that serves, or of which
/// nothing is known. `None`: they pause.
#[must_use]
pub fn tier_models(obs: &Observation, settings: &Settings) -> BTreeMap<Tier, Option<ModelRef>> {
    let chains = ChainsNow::new(obs, settings);
    let first = |tier: Tier| {
        let chain = chains.of(tier, false);
        chain.first_open.and_then(|at| chain.links[at].model.clone())
    };
    Tier::ALL.into_iter().map(|tier| (tier, first(tier))).collect()
}

/// Every route of the settings with its standing, before any guard.
#[derive(Debug)]
struct Survey<'a> {
    settings: &'a Settings,
    at: Timestamp,
    links: BTreeMap<RouteKey, Link>,
}

impl<'a> Survey<'a> {
    fn new(obs: &Observation, settings: &'a Settings) -> Self {
        let asked = unanswered(settings, &obs.catalog);
        let survey = |(key, route): (&RouteKey, &Route)| (key.clone(), link(key, route, &asked, obs, settings));
        Self { settings, at: obs.at, links: settings.routes.iter().map(survey).collect() }
    }

    fn chain(&self, tier: Tier, guard: Option<Usd>) -> ChainNow {
        let chain = self.settings.chain(tier);
        let mut links = self.under_guard(&chain.routes, guard);
        rank(&mut links, chain.order);
        let settled = |link: &Link| link.settled_at(self.settings).is_some_and(|from| from <= self.at);
        ChainNow {
            any_set_up: links.iter().any(Link::set_up),
            any_failing: links.iter().any(|link| link.set_up() && link.standing.fails()),
            first_serving: links.iter().position(Link::serves),
            first_settled: links.iter().position(settled),
            first_open: links.iter().position(|link| link.serves() || link.unknown()),
            first_unknown: links.iter().position(Link::unknown),
            first_asked: links.iter().position(|link| link.asks),
            expected_return: links.iter().filter(|link| link.usable()).filter_map(back_at).min(),
            cheapest_serving: cheapest(&links, Link::serves),
            cheapest_settled: cheapest(&links, settled),
            cheapest_anywhere: self.cheapest_anywhere(guard),
            lists: Lists::new(&links, self.settings, self.at),
            links,
        }
    }

    fn under_guard(&self, routes: &[RouteKey], guard: Option<Usd>) -> Vec<Link> {
        let known = routes.iter().filter_map(|key| self.links.get(key).cloned());
        known.map(|link| guarded(link, guard)).collect()
    }

    fn cheapest_anywhere(&self, guard: Option<Usd>) -> Option<Link> {
        let all = Tier::ALL.into_iter().flat_map(|tier| &self.settings.chain(tier).routes);
        let serving = all.filter_map(|key| self.links.get(key).filter(|link| link.serves()));
        let allowed = serving.filter(|link| above_guard(link, guard).is_none());
        allowed.min_by(|a, b| cheaper(a.output_price, b.output_price)).cloned()
    }
}

fn link(key: &RouteKey, route: &Route, asked: &BTreeSet<RouteKey>, obs: &Observation, settings: &Settings) -> Link {
    let model = route.model.clone().filter(|model| obs.catalog.sets_up(model));
    let standing =
        model.as_ref().map_or(Standing::Unknown, |model| standing(model, &obs.catalog, &obs.fleet, settings, obs.at));
    let barred = match set_aside(route, settings, obs.at) {
        _ if model.is_none() => Some(SkipReason::NotSetUp),
        Some(until) => Some(SkipReason::SetAside { until }),
        None => None,
    };
    let facts = route.model.as_ref().and_then(|model| settings.prices.facts(model));
    let price = route.price.or_else(|| Some(facts?.price));
    Link {
        key: key.clone(),
        model,
        asks: asked.contains(key),
        standing,
        barred,
        output_price: price.map(|price| price.output),
        capability: facts.map(|facts| facts.capability),
    }
}

fn guarded(mut link: Link, guard: Option<Usd>) -> Link {
    if link.usable() {
        link.barred = above_guard(&link, guard);
    }
    link
}

/// Why the guard keeps a route from being used, if it does.
fn above_guard(link: &Link, guard: Option<Usd>) -> Option<SkipReason> {
    let guard = guard?;
    match link.output_price {
        Some(price) if price <= guard => None,
        Some(price) => Some(SkipReason::AboveGuard { price, guard }),
        None => Some(SkipReason::PriceUnknown { guard }),
    }
}

fn back_at(link: &Link) -> Option<Timestamp> {
    match &link.standing {
        Standing::Failing(failure) => failure.back_at,
        _ => None,
    }
}

/// Sorts by the chain's order; what is unknown comes last, and ties keep the listing.
fn rank(links: &mut [Link], order: ChainOrder) {
    match order {
        ChainOrder::Listed => {}
        ChainOrder::Cheapest => links.sort_by(|a, b| cheaper(a.output_price, b.output_price)),
        ChainOrder::Smartest => links.sort_by_key(|link| std::cmp::Reverse(link.capability)),
    }
}

/// The cheapest of those that fit; of equals the first.
fn cheapest(links: &[Link], fits: impl Fn(&Link) -> bool) -> Option<usize> {
    let fitting = links.iter().enumerate().filter(|(_, link)| fits(link));
    fitting.min_by(|(_, a), (_, b)| cheaper(a.output_price, b.output_price)).map(|(index, _)| index)
}

pub(super) fn cheaper(a: Option<Usd>, b: Option<Usd>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.0.total_cmp(&b.0),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::{AccountId, Catalog, Fleet, Health, Model, OutageLevel, QuotaWindow, Source, Vital};

    #[test]
    fn a_tier_goes_to_the_first_route_that_its_crons_would_go_to() {
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().expect("a moment");
        let later = now + SignedDuration::from_hours(1);
        let mut settings = Settings::default();
        for (route, model) in [("minimax", "minimax/MiniMax-M3"), ("kimi", "kimi/kimi-k2")] {
            let route = settings.routes.get_mut(&RouteKey::new(route)).expect("a default");
            route.model = ModelRef::parse(model);
        }
        let listed = ["minimax/MiniMax-M3", "kimi/kimi-k2"].map(|id| ModelRef::parse(id).expect("a reference"));
        let models = listed.into_iter().map(|id| (id.clone(), Model::new(id))).collect();
        let catalog = Arc::new(Catalog { models, ..Catalog::default() });
        let minimax = AccountId::new("minimax");
        let goes_to = |settings: &Settings, fleet: Fleet| {
            let obs = Observation {
                at: now,
                gateway_reachable: true,
                crons: Arc::default(),
                catalog: catalog.clone(),
                fleet: Arc::new(fleet),
                tiers: Arc::default(),
                ledger: Arc::default(),
                edited: Arc::default(),
                down_since: BTreeMap::new(),
                previous_level: OutageLevel::Healthy,
                busy: Arc::default(),
                mode: crate::domain::PlanMode::Ordinary,
            };
            tier_models(&obs, settings)[&Tier::T1].as_ref().map(ToString::to_string)
        };
        assert_eq!(goes_to(&settings, Fleet::default()).as_deref(), Some("minimax/MiniMax-M3"), "unknown may serve");
        let full = QuotaWindow { resets_at: Some(later), ..QuotaWindow::new("5h", 1.0, now, Source::Probe) };
        let used_up = Fleet { windows: [(minimax.clone(), vec![full])].into(), ..Fleet::default() };
        assert_eq!(goes_to(&settings, used_up).as_deref(), Some("kimi/kimi-k2"), "a window is used up");
        let refused = Vital { health: Health::RefusedKey, ..Vital::default() };
        let refused = Fleet { accounts: [(minimax.clone(), refused)].into(), ..Fleet::default() };
        assert_eq!(goes_to(&settings, refused).as_deref(), Some("kimi/kimi-k2"));
        for by_hand in [true, false] {
            let mut told = settings.clone();
            let own = told.account_mut(&minimax);
            let until = if by_hand { &mut own.down_until } else { &mut own.set_aside_until };
            *until = Some(later);
            assert_eq!(goes_to(&told, Fleet::default()).as_deref(), Some("kimi/kimi-k2"), "its owner's word");
        }
    }
}
