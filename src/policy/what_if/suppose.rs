//! What is supposed, laid over what is known. The rules of health see it as if it had been found so.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::later::{carried_to, serve};
use crate::domain::{
    AccountId, Breaker, Catalog, Chain, ChainOrder, Fleet, Health, Hypothesis, ModelRef, Observation, QuotaWindow,
    Settings, Source, Supposed, TierEntry, TierMap, VendorId, Vital,
};
use crate::policy::forecast::Learned;
use crate::policy::outage::vendors_failing_at;
use crate::policy::standing::{OUTAGE_AFTER, Standing, Weight, current, standing};
use crate::policy::windows::strain;

/// Everything that a plan is made of, as it is supposed.
#[derive(Clone, Debug)]
pub struct Variant {
    pub obs: Observation,
    pub settings: Settings,
}

/// What is known, at the moment and with the changes of `hypothesis`. `obs` and `settings` stay as they are.
#[must_use]
pub fn supposed(learned: &Learned, obs: &Observation, settings: &Settings, hypothesis: &Hypothesis) -> Variant {
    let obs = carried_to(learned, obs, settings, hypothesis.moment(obs.at));
    let mut variant = Variant { obs, settings: settings.clone() };
    if hypothesis.is_empty() {
        return variant;
    }
    variant.sort(hypothesis);
    variant.reorder(hypothesis);
    variant.fill(hypothesis);
    for (account, _) in hypothesis.accounts.iter().filter(|(_, how)| **how == Supposed::Back) {
        variant.bring_back(account, hypothesis);
    }
    let down = hypothesis.accounts.iter().filter(|(_, how)| **how == Supposed::Down);
    let down: Vec<&AccountId> = down.map(|(account, _)| account).collect();
    for account in &down {
        variant.take_down(account);
    }
    variant.count(&down);
    variant
}

impl Variant {
    fn sort(&mut self, hypothesis: &Hypothesis) {
        let routable = |id| self.obs.crons.get(id).is_some_and(|cron| cron.routable());
        let sorted: Vec<_> = hypothesis.tiers.iter().filter(|(id, _)| routable(*id)).collect();
        for (id, tier) in sorted {
            let old = self.obs.tiers.get(id);
            let entry = TierEntry::sorted(old, *tier);
            if old != Some(&entry) {
                Arc::make_mut(&mut self.obs.tiers).insert(id.clone(), entry);
                Arc::make_mut(&mut self.obs.edited).insert(id.clone());
            }
        }
    }

    fn reorder(&mut self, hypothesis: &Hypothesis) {
        for (tier, routes) in &hypothesis.chains {
            let chain = Chain { order: ChainOrder::Listed, routes: routes.clone() };
            if *self.settings.chain(*tier) == chain {
                continue;
            }
            self.settings.chains.insert(*tier, chain);
            let tiers: &TierMap = &self.obs.tiers;
            let of_tier = tiers.iter().filter(|(_, entry)| entry.tier == *tier).map(|(id, _)| id.clone());
            Arc::make_mut(&mut self.obs.edited).extend(of_tier);
        }
    }

    /// Puts windows to their levels. A limit that none of them explains any more is over.
    fn fill(&mut self, hypothesis: &Hypothesis) {
        let at = self.obs.at;
        let fleet = Arc::make_mut(&mut self.obs.fleet);
        let mut touched = BTreeSet::new();
        for ((account, label), level) in &hypothesis.windows {
            let windows = fleet.windows.get_mut(account).into_iter().flatten();
            for window in windows.filter(|window| window.label == *label) {
                window.used_ratio = level.clamp(0.0, 1.0);
                window.used = window.limit.map(|limit| limit * window.used_ratio);
                window.observed_at = at;
                touched.insert(account);
            }
        }
        for account in touched {
            let windows = fleet.windows.get(account).map_or(&[][..], Vec::as_slice);
            let limits = &self.settings.thresholds;
            let full = |window: &&QuotaWindow| window.used_ratio >= 1.0 && current(window, limits, at);
            let explained = |model: Option<&ModelRef>| {
                windows.iter().filter(full).any(|window| model.is_none_or(|model| window.covers.covers(model)))
            };
            let limited = |vital: &Vital| matches!(vital.health, Health::LimitHit { .. });
            let account_free = !explained(None);
            let of_account = |model: &ModelRef| model.provider() == account.as_str();
            let models: Vec<ModelRef> =
                fleet.models.keys().filter(|model| of_account(model) && !explained(Some(model))).cloned().collect();
            if let Some(vital) = fleet.accounts.get_mut(account).filter(|vital| account_free && limited(vital)) {
                serve(vital, at);
            }
            for model in models {
                if let Some(vital) = fleet.models.get_mut(&model).filter(|vital| limited(vital)) {
                    serve(vital, at);
                }
            }
            strain(fleet, account, limits, at);
        }
    }

    /// It does not answer, which says nothing of when it will: no limit or balance is invented. What is known to
    /// keep it down already, and counts, stays what it is; then the end that was told is known as well.
    fn take_down(&mut self, account: &AccountId) {
        let Self { obs, settings } = self;
        let counts = |model: &ModelRef| match standing(model, &obs.catalog, &obs.fleet, settings, obs.at) {
            Standing::Failing(failure) => failure.weight != Weight::Never,
            _ => false,
        };
        let mut models = settings.routed(account).peekable();
        if models.peek().is_some() && models.all(counts) {
            return;
        }
        let since = obs.at.checked_sub(OUTAGE_AFTER).unwrap_or(obs.at);
        let vital = Vital {
            health: Health::Unreachable,
            breaker: Breaker::Open { since, retry_at: None, conclusive: false },
            since: Some(since),
            observed_at: Some(obs.at),
            source: Source::Hand,
            ..Vital::default()
        };
        Arc::make_mut(&mut obs.fleet).accounts.insert(account.clone(), vital);
    }

    /// It serves, has for long enough, and nothing holds its models back.
    fn bring_back(&mut self, account: &AccountId, hypothesis: &Hypothesis) {
        let at = self.obs.at;
        if let Some(own) = self.settings.accounts.get_mut(account) {
            own.down_until = None;
            own.set_aside_until = None;
        }
        for route in self.settings.routes.values_mut().filter(|route| route.account().as_ref() == Some(account)) {
            route.set_aside_until = None;
        }
        cool(Arc::make_mut(&mut self.obs.catalog), account);
        let fleet: &mut Fleet = Arc::make_mut(&mut self.obs.fleet);
        serve(fleet.accounts.entry(account.clone()).or_default(), at);
        fleet.models.retain(|model, _| model.provider() != account.as_str());
        for window in fleet.windows.get_mut(account).into_iter().flatten() {
            let levelled = hypothesis.windows.contains_key(&(account.clone(), window.label.clone()));
            if window.used_ratio >= 1.0 && !levelled {
                window.used_ratio = 0.0;
                window.used = window.limit.map(|_| 0.0);
                window.observed_at = at;
            }
        }
        strain(fleet, account, &self.settings.thresholds, at);
    }

    /// Vendors of which nothing serves because of what is supposed have been away for long enough.
    fn count(&mut self, down: &[&AccountId]) {
        let failing = vendors_failing_at(&self.obs, &self.settings);
        let routes = self.settings.routes.values();
        let supposed: BTreeSet<&VendorId> = routes
            .filter(|route| route.account().is_some_and(|account| down.contains(&&account)))
            .map(|route| &route.vendor)
            .collect();
        let since = self.obs.at.checked_sub(OUTAGE_AFTER).unwrap_or(self.obs.at);
        self.obs.down_since.retain(|vendor, _| failing.contains(vendor));
        for vendor in failing.into_iter().filter(|vendor| supposed.contains(vendor)) {
            let known = self.obs.down_since.entry(vendor).or_insert(since);
            *known = since.min(*known);
        }
    }
}

/// The gateway does not wait for it.
fn cool(catalog: &mut Catalog, account: &AccountId) {
    let waits =
        catalog.models.values_mut().filter(|model| model.id.provider() == account.as_str() && model.reachable());
    for model in waits {
        model.available = true;
        model.unavailable_until = None;
        model.unavailable_reason = None;
    }
}
