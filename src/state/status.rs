//! What both status files say of the providers, as this program sees it.
//!
//! A vendor is the better of its accounts. Sentences are not made here: whoever asks for the report
//! brings them along.

mod compact;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

pub use compact::{patched, read};

use crate::domain::{
    AccountId, Billing, Catalog, CheckReport, Diagnosis, DiagnosisScope, Finding, Fleet, Health, HealthState, KeyState,
    Looks, ModelRef, MoneyRead, OutageLevel, ProviderAccount, QuotaWindow, RouteKey, Settings, Source, Tier, VendorId,
    Vital, vendor_of,
};

/// What is known of the providers, and what is said about it.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    pub fleet: &'a Fleet,
    pub settings: &'a Settings,
    pub catalog: &'a Catalog,
    /// Those that the user described, the gateway lists, or a route leads to.
    pub accounts: &'a BTreeMap<AccountId, ProviderAccount>,
    pub looks: &'a Looks,
    pub mode: OutageLevel,
    /// Where each tier's crons go now, as the policy finds; `None`: they pause.
    pub tier_models: &'a BTreeMap<Tier, Option<ModelRef>>,
    pub said: &'a BTreeMap<AccountId, Said>,
}

/// Sentences about one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What is wrong; not looked at while the account serves.
    pub headline: Option<String>,
    /// How much of which quota is used.
    pub usage: Option<String>,
}

/// What both status files say.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusReport {
    pub checked_at: Timestamp,
    pub mode: OutageLevel,
    pub vendors: BTreeMap<VendorId, VendorReport>,
    /// The model that each tier's crons go to; `None`: they pause.
    pub tier_models: BTreeMap<Tier, Option<ModelRef>>,
}

/// One vendor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VendorReport {
    /// The account that serves best; `None`: none is set up.
    pub best: Option<AccountReport>,
    /// Its other accounts that are set up.
    pub others: Vec<AccountReport>,
    pub model: Option<ModelRef>,
    pub tiers: Vec<Tier>,
}

/// One account.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountReport {
    pub account: AccountId,
    pub health: Health,
    /// The same in finer terms.
    pub state: HealthState,
    /// That of the skill's files.
    pub word: &'static str,
    /// The newest evidence of its health, and where it comes from.
    pub observed_at: Option<Timestamp>,
    pub source: Source,
    /// The machine word of what is wrong.
    pub reason: Option<String>,
    pub said: Said,
    pub model: Option<ModelRef>,
    pub tiers: Vec<Tier>,
    pub plan: Option<String>,
    pub windows: Vec<QuotaWindow>,
    /// Only of an account that is billed from prepaid credits.
    pub money: Option<MoneyRead>,
    /// The last look at it.
    pub check: Option<Arc<CheckReport>>,
    pub retry_at: Option<Timestamp>,
}

/// The vendors of the skill, by the names it gives them, in its order.
const SKILL_NAMES: [(&str, &str); 6] = [
    ("minimax", "minimax"),
    ("google", "gemini_flash"),
    ("zai", "glm"),
    ("kimi", "kimi"),
    ("anthropic", "anthropic"),
    ("openai", "openai"),
];

/// The name a vendor has in the skill's files.
#[must_use]
pub fn skill_name(vendor: &VendorId) -> &str {
    SKILL_NAMES.iter().find(|(id, _)| *id == vendor.as_str()).map_or(vendor.as_str(), |(_, name)| name)
}

/// The skill's six in its order, then the others by name.
pub(super) fn in_skill_order<T>(vendors: &BTreeMap<VendorId, T>) -> Vec<(&VendorId, &T)> {
    let place = |vendor: &VendorId| SKILL_NAMES.iter().position(|(id, _)| *id == vendor.as_str()).unwrap_or(usize::MAX);
    let mut ordered: Vec<_> = vendors.iter().collect();
    ordered.sort_by_key(|(vendor, _)| place(vendor));
    ordered
}

pub(super) fn mode_word(mode: OutageLevel) -> &'static str {
    match mode {
        OutageLevel::Healthy => "healthy",
        OutageLevel::Degraded => "degraded",
        OutageLevel::Crisis => "crisis",
    }
}

/// A moment as the files carry it: to the second.
pub(super) fn moment_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl StatusReport {
    /// Gathers what is known. The skill's own six and the vendors of the routes are always in it,
    /// others when an account of theirs is set up.
    #[must_use]
    pub fn of(sight: &Sight<'_>, now: Timestamp) -> Self {
        let mut vendors: BTreeMap<VendorId, VendorReport> = BTreeMap::new();
        for vendor in SKILL_NAMES.iter().map(|(id, _)| VendorId::new(id)).chain(sight.route_vendors()) {
            vendors.entry(vendor).or_default();
        }
        let ids: BTreeSet<AccountId> = sight.accounts.keys().cloned().chain(sight.catalog.accounts()).collect();
        for id in ids.iter().filter(|id| sight.is_set_up(id)) {
            vendors.entry(sight.vendor(id)).or_default().others.push(sight.account(id, now));
        }
        for (vendor, report) in &mut vendors {
            let best = report.others.iter().enumerate().min_by_key(|(_, account)| rank(account)).map(|(at, _)| at);
            report.best = best.map(|at| report.others.remove(at));
            let own = report.best.as_ref().and_then(|best| best.model.clone());
            report.model = own.or_else(|| {
                sight.settings.routes.values().find_map(|route| route.model.clone().filter(|_| route.vendor == *vendor))
            });
            report.tiers = sight.tiers(|route| sight.settings.routes.get(route).is_some_and(|r| r.vendor == *vendor));
        }
        Self { checked_at: now, mode: sight.mode, vendors, tier_models: sight.tier_models.clone() }
    }
}

/// Better first.
fn rank(account: &AccountReport) -> u8 {
    match account.state {
        HealthState::Up if account.health == Health::Strained => 1,
        HealthState::Up => 0,
        HealthState::Unknown => 2,
        HealthState::Overloaded => 3,
        HealthState::RateLimited => 4,
        HealthState::QuotaExhausted => 5,
        HealthState::Down | HealthState::ModelUnavailable => 6,
        HealthState::Auth => 7,
        HealthState::Misconfigured | HealthState::Blocked | HealthState::PlanInactive => 8,
        HealthState::BalanceEmpty => 9,
        HealthState::NoKey => 10,
    }
}

impl Sight<'_> {
    fn route_vendors(&self) -> impl Iterator<Item = VendorId> {
        self.settings.routes.values().map(|route| route.vendor.clone())
    }

    /// As the routes to it say, else as its id says.
    fn vendor(&self, id: &AccountId) -> VendorId {
        let to_it = self.settings.routes.values().find(|route| route.account().as_ref() == Some(id));
        to_it.map_or_else(|| vendor_of(id), |route| route.vendor.clone())
    }

    /// The gateway has it set up, there is a key for it, or something was heard of it.
    fn is_set_up(&self, id: &AccountId) -> bool {
        let key = self.looks.accounts.get(id).map(|look| &look.key);
        let heard_of = self.fleet.accounts.get(id).is_some_and(|vital| vital.health != Health::Unknown);
        let has_key = matches!(key, Some(KeyState::OfGateway | KeyState::NotNeeded | KeyState::Ready { .. }));
        heard_of || has_key || self.catalog.sets_up_account(id)
    }

    /// What is known, unless its owner says that it is down.
    fn account(&self, id: &AccountId, now: Timestamp) -> AccountReport {
        let of_used = self.fleet.vital_of(id, self.settings.routed(id)).filter(|vital| !lacks_model(vital));
        let seen = of_used.or_else(|| self.fleet.accounts.get(id)).cloned().unwrap_or_default();
        let by_hand = self.down_by_hand(id, now).map(|until| Vital {
            health: Health::ByHand { until },
            source: Source::Hand,
            observed_at: Some(now),
            ..Vital::default()
        });
        let vital = by_hand.unwrap_or(seen);
        let look = self.looks.accounts.get(id);
        let described = self.accounts.get(id);
        let billing = described.map_or_else(|| self.settings.billing(id), |account| account.billing);
        let state = state_of(&vital);
        let routes = || self.settings.routes.values().filter(|route| route.account().as_ref() == Some(id));
        let leads_here =
            |key: &RouteKey| self.settings.routes.get(key).is_some_and(|route| route.account().as_ref() == Some(id));
        AccountReport {
            account: id.clone(),
            state,
            word: word(state, &vital),
            observed_at: vital.observed_at,
            source: vital.source,
            reason: reason(state, &vital),
            health: vital.health,
            said: self.said.get(id).cloned().unwrap_or_default(),
            model: routes().find_map(|route| route.model.clone()),
            tiers: self.tiers(leads_here),
            plan: self.fleet.plans.get(id).cloned().or_else(|| described?.plan.clone()),
            windows: self.fleet.windows.get(id).cloned().unwrap_or_default(),
            money: self.fleet.money.get(id).filter(|_| billing == Billing::PrepaidCredits).cloned(),
            check: look.and_then(|look| look.report.clone()),
            retry_at: look.and_then(|look| look.not_before.or_else(|| look.report.as_ref()?.retry_at)),
        }
    }

    /// Those whose chain names such a route.
    fn tiers(&self, is_one: impl Fn(&RouteKey) -> bool) -> Vec<Tier> {
        Tier::ALL.into_iter().filter(|tier| self.settings.chain(*tier).routes.iter().any(&is_one)).collect()
    }

    fn down_by_hand(&self, id: &AccountId, now: Timestamp) -> Option<Timestamp> {
        self.accounts.get(id)?.down_until.filter(|until| *until > now)
    }
}

fn state_of(vital: &Vital) -> HealthState {
    if lacks_model(vital) { HealthState::Unknown } else { vital.state() }
}

/// A model that is not to be had says nothing of its account.
fn lacks_model(vital: &Vital) -> bool {
    let of_model = |said: &Diagnosis| said.scope == DiagnosisScope::Model;
    vital.state() == HealthState::ModelUnavailable && vital.explained().is_some_and(of_model)
}

/// The machine word of what is wrong; `None` while it serves.
fn reason(state: HealthState, vital: &Vital) -> Option<String> {
    match (&vital.health, vital.explained()) {
        _ if state == HealthState::Up => None,
        (Health::ByHand { .. }, _) => Some("by_hand".to_owned()),
        (_, Some(said)) if said.state == state => Some(said.reason.clone()),
        _ => Some(state.code().to_owned()),
    }
}

/// The word of the skill's files.
fn word(state: HealthState, vital: &Vital) -> &'static str {
    match state {
        HealthState::Up => "up",
        HealthState::RateLimited | HealthState::QuotaExhausted => "rate_limited",
        HealthState::Overloaded => "overloaded",
        HealthState::Auth => "session_expired",
        HealthState::BalanceEmpty
        | HealthState::PlanInactive
        | HealthState::Blocked
        | HealthState::Misconfigured
        | HealthState::ModelUnavailable => "down",
        // Its owner says so, or something answers, and it is broken.
        HealthState::Down if matches!(vital.health, Health::ByHand { .. }) || answers(vital) => "down",
        HealthState::Down => "unreachable",
        HealthState::Unknown => "unknown",
        HealthState::NoKey => NOT_SET_UP,
    }
}

fn answers(vital: &Vital) -> bool {
    let finding = vital.explained().map(|said| said.finding);
    matches!(finding, Some(Finding::ServerError | Finding::GatewayPage))
}

/// The word for a vendor without an account.
pub(super) const NOT_SET_UP: &str = "no_key";

pub(super) fn is_available(word: &str) -> bool {
    matches!(word, "up" | "assumed_up")
}
