//! What the user can set. Every field has a default, so that one bad value costs only itself.

use std::collections::BTreeMap;

use jiff::civil::{Time, date, time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AccountId, Billing, Chain, ChainOrder, Chains, ModelFacts, ModelRef, Pays, Price, PriceTable, ProviderAccount,
    Route, RouteKey, Tier, Usd, VendorId,
};

/// Everything in `settings.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub routes: BTreeMap<RouteKey, Route>,
    pub chains: Chains,
    pub prices: PriceTable,
    /// The highest price per million output tokens a tier may reach; absent: no limit.
    pub cost_guard: BTreeMap<Tier, Usd>,
    /// Accounts of which the user has said something; the gateway may list others.
    pub accounts: BTreeMap<AccountId, ProviderAccount>,
    pub checks: CheckSettings,
    pub thresholds: Thresholds,
    pub distribution: Distribution,
    pub automation: Automation,
    pub notifications: Notifications,
    pub history: HistorySettings,
    pub window: WindowSettings,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// Vendors down from which the outage level is Crisis.
    pub crisis_vendors: u32,
    /// How long a better route must have served before a cron returns to it.
    pub settle: SignedDuration,
    /// A window used this much makes its account strained.
    pub strained_ratio: f64,
    /// Evidence of serving older than this proves nothing any more.
    pub proof_lasts: SignedDuration,
}

/// What distribution looks at beside health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Crons are sent elsewhere for a while when a window is foretold to run out.
    pub quota_aware: bool,
    /// Schedules may get a stagger, where somebody asks for that.
    pub edits_schedules: bool,
}

/// How often the providers are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckSettings {
    /// Between two looks at an account that is well; zero: only on demand.
    pub every: SignedDuration,
    /// How many questions that cost tokens (eight or so each) may be asked a day, of all accounts together. Three accounts
    /// that are away for a day need some forty: with fewer nobody would be asked when they are back.
    pub paid_per_day: u32,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self { every: SignedDuration::from_mins(5), paid_per_day: 48 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Automation {
    pub level: AutomationLevel,
    /// At most this share of the crons…
    pub max_ratio: f64,
    /// …or this many, whichever is more, in any hour. What it gives back does not count.
    pub max_crons: u32,
    /// Nothing is changed by automation then, by the time of this computer.
    pub quiet: Option<QuietHours>,
}

/// From one time of the day to another; over midnight where the end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    pub from: Time,
    pub to: Time,
}

impl Default for QuietHours {
    /// What is offered when they are switched on: the night.
    fn default() -> Self {
        Self { from: time(22, 0, 0, 0), to: time(7, 0, 0, 0) }
    }
}

/// What a person who does not look at the window is told on the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notifications {
    /// An outage has begun, or what automation did about it.
    pub outage: bool,
    /// What was changed can be given back, or was.
    pub recovery: bool,
    /// Something needs a hand: a cron about to be switched off, a relapse.
    pub attention: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { outage: true, recovery: true, attention: true }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutomationLevel {
    /// Watches and shows; puts nothing on the gateway that was not asked for, not even a wake-up.
    Observe,
    /// Offers what should be done.
    #[default]
    Ask,
    /// Does what health alone causes, within the limits.
    ActWithinLimits,
}

/// What is remembered of quotas, runs and health.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistorySettings {
    /// Older runs, readings, health changes and definitions are dropped.
    pub keep_days: u32,
}

impl HistorySettings {
    /// Less than the gateway itself keeps would be fetched anew at every start.
    pub const LEAST_DAYS: u32 = 7;
    pub const MOST_DAYS: u32 = 3_650;

    /// Before this everything may be forgotten.
    #[must_use]
    pub fn oldest(self, now: Timestamp) -> Timestamp {
        let kept = SignedDuration::from_hours(24 * i64::from(self.keep_days));
        now.checked_sub(kept).unwrap_or(Timestamp::MIN)
    }
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { keep_days: 180 }
    }
}

/// What the window remembers beyond its own size and place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSettings {
    pub theme: ThemeChoice,
    pub compact_cards: bool,
    /// The quotas are shown at the foot of the board.
    pub quota_strip: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    #[default]
    System,
    Light,
    Dark,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            routes: default_routes(),
            chains: default_chains(),
            prices: default_prices(),
            cost_guard: BTreeMap::from([(Tier::T1, Usd(5.0)), (Tier::T2, Usd(5.0))]),
            accounts: BTreeMap::new(),
            checks: CheckSettings::default(),
            thresholds: Thresholds::default(),
            distribution: Distribution::default(),
            automation: Automation::default(),
            notifications: Notifications::default(),
            history: HistorySettings::default(),
            window: WindowSettings::default(),
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            crisis_vendors: 2,
            settle: SignedDuration::from_mins(10),
            strained_ratio: 0.8,
            proof_lasts: SignedDuration::from_hours(24),
        }
    }
}

impl Default for Automation {
    fn default() -> Self {
        Self { level: AutomationLevel::Ask, max_ratio: 0.25, max_crons: 20, quiet: None }
    }
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { theme: ThemeChoice::System, compact_cards: false, quota_strip: false }
    }
}

impl Settings {
    #[must_use]
    pub fn chain(&self, tier: Tier) -> &Chain {
        const EMPTY: &Chain = &Chain { order: ChainOrder::Listed, routes: Vec::new() };
        self.chains.get(&tier).unwrap_or(EMPTY)
    }

    /// The user's own price, else the table's, else unknown.
    #[must_use]
    pub fn price(&self, route: &Route) -> Option<Price> {
        let from_table = || Some(self.prices.facts(route.model.as_ref()?)?.price);
        route.price.or_else(from_table)
    }

    /// What a model costs, whatever route leads to it: as [`Settings::price`].
    #[must_use]
    pub fn price_of(&self, model: &ModelRef) -> Option<Price> {
        let own =
            self.routes.values().filter(|route| route.model.as_ref() == Some(model)).find_map(|route| route.price);
        own.or_else(|| Some(self.prices.facts(model)?.price))
    }

    #[must_use]
    pub fn billing(&self, account: &AccountId) -> Billing {
        self.accounts.get(account).map_or_else(|| super::default_billing(account), |known| known.billing)
    }

    /// Whether use of an account costs money by itself.
    #[must_use]
    pub fn pays(&self, account: &AccountId) -> Pays {
        let known = self.accounts.get(account);
        let has_plan = known.is_some_and(|known| known.flat_price.is_some() || known.plan.is_some());
        match self.billing(account) {
            Billing::Local => Pays::Nothing,
            Billing::QuotaPlan => Pays::Flat,
            Billing::RateTier if has_plan => Pays::Flat,
            Billing::PrepaidCredits | Billing::RateTier => Pays::ByToken,
        }
    }

    /// Share of an account's windows that its owner keeps free.
    #[must_use]
    pub fn reserve(&self, account: &AccountId) -> f64 {
        self.accounts.get(account).map_or(0.0, |known| known.reserve_ratio)
    }

    /// The models of an account that routes lead to.
    pub fn routed<'a>(&'a self, account: &'a AccountId) -> impl Iterator<Item = &'a ModelRef> + 'a {
        self.routes.values().filter_map(|route| route.model.as_ref()).filter(move |model| model.account() == *account)
    }

    /// The account's entry, made when its owner has said nothing of it yet.
    pub fn account_mut(&mut self, id: &AccountId) -> &mut ProviderAccount {
        self.accounts.entry(id.clone()).or_insert_with(|| ProviderAccount::implied(id.clone()))
    }

    /// The account as its owner described it, else what its id says.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> ProviderAccount {
        self.accounts.get(id).cloned().unwrap_or_else(|| ProviderAccount::implied(id.clone()))
    }
}

fn default_routes() -> BTreeMap<RouteKey, Route> {
    let route = |key: &str, label: &str, vendor: &str| {
        let route = Route {
            label: label.to_owned(),
            vendor: VendorId::new(vendor),
            model: None,
            price: None,
            set_aside_until: None,
        };
        (RouteKey::new(key), route)
    };
    BTreeMap::from([
        route("minimax", "MiniMax", "minimax"),
        route("gemini_flash", "Flash 3", "google"),
        route("kimi", "Kimi", "kimi"),
        route("opus", "Opus", "anthropic"),
        route("sonnet", "Sonnet", "anthropic"),
    ])
}

fn default_chains() -> Chains {
    let chain =
        |routes: &[&str]| Chain { order: ChainOrder::Listed, routes: routes.iter().map(RouteKey::new).collect() };
    BTreeMap::from([
        (Tier::T1, chain(&["minimax", "gemini_flash", "kimi"])),
        (Tier::T2, chain(&["gemini_flash", "kimi", "minimax"])),
        (Tier::T3, chain(&["opus", "sonnet", "kimi", "gemini_flash"])),
    ])
}

/// List prices in US dollars per million tokens, looked up on the day named; the user corrects them.
fn default_prices() -> PriceTable {
    let facts = |pattern: &str, vendor: &str, input: f64, output: f64, capability: u8| ModelFacts {
        pattern: pattern.to_owned(),
        vendor: VendorId::new(vendor),
        price: Price { input: Usd(input), output: Usd(output) },
        capability,
    };
    PriceTable {
        as_of: date(2026, 11, 22),
        models: vec![
            facts("opus", "anthropic", 5.0, 25.0, 95),
            facts("sonnet", "anthropic", 3.0, 15.0, 88),
            facts("haiku", "anthropic", 1.0, 5.0, 70),
            facts("gemini-3-pro", "google", 2.0, 12.0, 90),
            facts("gemini-3-flash", "google", 0.5, 3.0, 78),
            facts("flash", "google", 0.5, 3.0, 75),
            facts("flash-lite", "google", 0.1, 0.4, 60),
            facts("kimi", "kimi", 0.6, 2.5, 80),
            facts("minimax", "minimax", 0.3, 1.2, 72),
            facts("glm", "zai", 0.6, 2.2, 79),
            facts("gpt-5", "openai", 1.25, 10.0, 90),
            facts("gpt-5-mini", "openai", 0.25, 2.0, 72),
            facts("deepseek", "deepseek", 0.28, 0.42, 74),
            facts("grok", "xai", 3.0, 15.0, 85),
        ],
    }
}
