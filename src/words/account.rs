//! How one account stands, in words: a word for the pill, what is the matter, and what comes next.
//!
//! The hand of its owner comes first, then what the newest answer meant where that explains the
//! health, then the coarse health alone. Invariant: words of money are said of an account that is
//! billed from prepaid credits now, and of no other, whatever it was when it answered.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::text::capitalised;
use super::{Speech, clock, clock_with_day, count, diagnosis_advice, diagnosis_headline, list, relative, usd};
use crate::domain::{
    Advice, Billing, Breaker, Diagnosis, FlatPrice, Health, HealthState, KeySource, KeyState, Look, ModelScope, Period,
    ProviderAccount, QuotaWindow, ResetConfidence, Route, Vital,
};

/// What is known of one account, from all sides.
#[derive(Clone, Copy, Debug)]
pub struct AccountSeen<'a> {
    pub account: &'a ProviderAccount,
    pub vital: Option<&'a Vital>,
    pub look: Option<&'a Look>,
    pub windows: &'a [QuotaWindow],
    /// The gateway lists models of it.
    pub set_up: bool,
}

/// How an account stands, in the one word that a pill has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Up,
    Strained,
    RateLimited,
    LimitHit,
    Overloaded,
    OutOfCredits,
    KeyRefused,
    PlanEnded,
    Blocked,
    NoModel,
    WrongEndpoint,
    Unreachable,
    Untested,
    NotSetUp,
    SetAside,
    DownByHand,
}

impl Standing {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "Up",
            Self::Strained => "Strained",
            Self::RateLimited => "Rate limited",
            Self::LimitHit => "Limit hit",
            Self::Overloaded => "Overloaded",
            Self::OutOfCredits => "Out of credits",
            Self::KeyRefused => "Key refused",
            Self::PlanEnded => "Plan ended",
            Self::Blocked => "Blocked",
            Self::NoModel => "No model",
            Self::WrongEndpoint => "Wrong endpoint",
            Self::Unreachable => "Unreachable",
            Self::Untested => "Untested",
            Self::NotSetUp => "Not set up",
            Self::SetAside => "Set aside",
            Self::DownByHand => "Down by hand",
        }
    }

    /// Whether it is told of as down. A short rate limit and a busy hour are not, nor is what nobody set up.
    #[must_use]
    pub const fn is_down(self) -> bool {
        match self {
            Self::Up
            | Self::Strained
            | Self::RateLimited
            | Self::Overloaded
            | Self::Untested
            | Self::NotSetUp
            | Self::SetAside => false,
            Self::LimitHit
            | Self::OutOfCredits
            | Self::KeyRefused
            | Self::PlanEnded
            | Self::Blocked
            | Self::NoModel
            | Self::WrongEndpoint
            | Self::Unreachable
            | Self::DownByHand => true,
        }
    }

    const fn of_state(state: HealthState, billing: Billing) -> Self {
        match state {
            HealthState::Up => Self::Up,
            HealthState::RateLimited => Self::RateLimited,
            HealthState::BalanceEmpty if matches!(billing, Billing::PrepaidCredits) => Self::OutOfCredits,
            HealthState::QuotaExhausted | HealthState::BalanceEmpty => Self::LimitHit,
            HealthState::Overloaded => Self::Overloaded,
            HealthState::Auth => Self::KeyRefused,
            HealthState::PlanInactive => Self::PlanEnded,
            HealthState::Blocked => Self::Blocked,
            HealthState::ModelUnavailable => Self::NoModel,
            HealthState::Misconfigured => Self::WrongEndpoint,
            HealthState::Down => Self::Unreachable,
            HealthState::Unknown | HealthState::NoKey => Self::Untested,
        }
    }
}

/// One account in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSaid {
    pub standing: Standing,
    /// "Quota limit hit — resets on 24 Nov 2026 03:40".
    pub headline: String,
    /// "Next try at 03:41 by itself", or what helps.
    pub next: Option<String>,
}

/// How an account stands, what is the matter, and what comes next or helps.
#[must_use]
pub fn account_state(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> AccountSaid {
    by_hand(seen, speech).or_else(|| not_set_up(seen, speech)).unwrap_or_else(|| by_evidence(seen, speech))
}

/// What its owner said of it stands above everything that was seen.
fn by_hand(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> Option<AccountSaid> {
    let ahead = |until: Option<Timestamp>| until.filter(|until| *until > speech.now);
    if let Some(until) = ahead(seen.account.down_until) {
        return Some(by_word(until, speech));
    }
    let until = ahead(seen.account.set_aside_until)?;
    Some(AccountSaid {
        standing: Standing::SetAside,
        headline: format!("Set aside until {}", clock_with_day(until, speech)),
        next: Some("It is skipped, and not counted as down".to_owned()),
    })
}

fn by_word(until: Timestamp, speech: &Speech<'_>) -> AccountSaid {
    AccountSaid {
        standing: Standing::DownByHand,
        headline: format!("Treated as down until {}", clock_with_day(until, speech)),
        next: Some("You said so: what checks find changes nothing before".to_owned()),
    }
}

fn not_set_up(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> Option<AccountSaid> {
    if seen.set_up {
        return None;
    }
    let found = seen.look.and_then(|look| look.report.as_ref()?.diagnosis.as_ref());
    let found = found.filter(|found| !matches!(found.state, HealthState::Unknown | HealthState::NoKey));
    let mut next = "It is skipped, and not counted as down".to_owned();
    if let Some(found) = found {
        let found = as_billed(found, seen.account.billing);
        next = format!("{next}. The last check from here: {}", diagnosis_headline(&found, speech));
    }
    let listed = speech.catalog.models.keys().any(|model| model.provider() == seen.account.id.as_str());
    let headline = if listed {
        "The gateway lists models of this account and has no way to it"
    } else {
        "The gateway lists no model of this account"
    };
    Some(AccountSaid { standing: Standing::NotSetUp, headline: headline.to_owned(), next: Some(next) })
}

fn by_evidence(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> AccountSaid {
    let billing = seen.account.billing;
    let unknown = Health::Unknown;
    let health = seen.vital.map_or(&unknown, |vital| &vital.health);
    match health {
        Health::Up => return serves(Standing::Up, serving(seen, speech)),
        Health::Strained => return serves(Standing::Strained, strained(seen, speech)),
        Health::Unknown => return untested(seen, speech),
        Health::ByHand { until } => return by_word(*until, speech),
        _ => {}
    }
    if let Some(said) = seen.vital.and_then(Vital::explained) {
        let said = with_reset(as_billed(said, billing), health, seen.windows);
        let passed = said.reset_at.is_some_and(|at| at <= speech.now);
        let headline = if passed { coarse(health, billing, speech) } else { diagnosis_headline(&said, speech) };
        let next = next_try(seen, Some(&said), speech).or_else(|| {
            let told = SAID_ALREADY.iter().any(|(advice, tail)| said.advice == *advice && headline.ends_with(tail));
            advice(seen.account, &said, speech).filter(|_| !told)
        });
        return AccountSaid { standing: Standing::of_state(said.state, billing), headline, next };
    }
    let headline = coarse(health, billing, speech);
    let standing = if headline.starts_with("Rate limited") {
        Standing::RateLimited
    } else {
        Standing::of_state(health.state(), billing)
    };
    let next = next_try(seen, None, speech).or_else(|| coarse_advice(seen.account, health));
    AccountSaid { standing, headline, next }
}

/// Headlines that end with what helps.
const SAID_ALREADY: [(Advice, &str); 3] = [
    (Advice::OpenDashboard, "open the dashboard"),
    (Advice::RenewPlan, "renew the plan"),
    (Advice::Reauth, "sign in again"),
];

fn serves(standing: Standing, headline: String) -> AccountSaid {
    AccountSaid { standing, headline, next: None }
}

/// "Serves Opus and Sonnet", by the names of the routes that lead to it.
fn serving(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> String {
    let routes = account_routes(seen.account, speech);
    let names: Vec<_> = routes.iter().map(|route| route.label.as_str()).collect();
    match names.as_slice() {
        [] => "Serves".to_owned(),
        names if names.len() > 4 => format!("Serves {}", count(names.len(), "route")),
        names => format!("Serves {}", list(names)),
    }
}

/// "Serves, but 93% of “weekly” is used".
fn strained(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> String {
    let of_chat = |window: &&QuotaWindow| !matches!(window.covers, ModelScope::Feature(_));
    let rolled = |window: &&QuotaWindow| window.resets_at.is_some_and(|at| at <= speech.now);
    let fullest =
        seen.windows.iter().filter(|window| window.used_ratio.is_finite() && of_chat(window) && !rolled(window));
    match fullest.max_by(|a, b| a.used_ratio.total_cmp(&b.used_ratio)) {
        Some(window) => {
            format!("Serves, but {:.0}% of “{}” is used", window.used_ratio * 100.0, super::window_name(window))
        }
        None => "Serves, but a quota window is nearly used".to_owned(),
    }
}

/// Neither down nor proof; what the last check could not make out is said.
fn untested(seen: &AccountSeen<'_>, speech: &Speech<'_>) -> AccountSaid {
    let report = seen.look.and_then(|look| look.report.as_deref());
    let said = report.and_then(|report| report.diagnosis.as_ref());
    let (headline, next) = match (said, seen.look.map(|look| &look.key)) {
        (Some(said), _) if said.state == HealthState::Unknown => {
            (diagnosis_headline(said, speech), advice(seen.account, said, speech))
        }
        (Some(said), _) if said.state == HealthState::NoKey => {
            (diagnosis_headline(said, speech), advice(seen.account, said, speech))
        }
        (_, Some(KeyState::OfGateway)) => (
            "Not tested yet".to_owned(),
            Some("The gateway keeps its key: a run, or the gateway itself, will tell".to_owned()),
        ),
        (_, Some(KeyState::Missing { why })) => ("Not tested yet".to_owned(), Some(capitalised(why))),
        _ => ("Not tested yet".to_owned(), None),
    };
    AccountSaid { standing: Standing::Untested, headline, next }
}

/// A diagnosis as the account bills now: an answer in money words is a limit on anything but credits.
fn as_billed(said: &Diagnosis, billing: Billing) -> Cow<'_, Diagnosis> {
    let prepaid = billing == Billing::PrepaidCredits;
    let of_money = said.state == HealthState::BalanceEmpty || said.advice == Advice::TopUp;
    if said.billing == billing && (prepaid || !of_money) {
        return Cow::Borrowed(said);
    }
    let mut said = Diagnosis { billing, ..said.clone() };
    if of_money && !prepaid {
        (said.state, said.advice) = (HealthState::QuotaExhausted, Advice::OpenDashboard);
    }
    Cow::Owned(said)
}

/// The reset that was learned after the answer, where the answer itself named none, or was less sure of it.
fn with_reset<'a>(said: Cow<'a, Diagnosis>, health: &Health, windows: &[QuotaWindow]) -> Cow<'a, Diagnosis> {
    let Health::LimitHit { resets_at: Some(at) } = health else { return said };
    // Two sources round the same reset differently.
    let near = |reset: Timestamp| reset.duration_since(*at).abs() <= SignedDuration::from_mins(2);
    let read = windows.iter().filter(|window| window.resets_at.is_some_and(near)).map(|window| window.reset_confidence);
    let own = if said.reset_at == Some(*at) { said.reset_confidence } else { ResetConfidence::Derived };
    let confidence = read.fold(own, |best, read| if read == ResetConfidence::Exact { read } else { best });
    if said.reset_at == Some(*at) && said.reset_confidence == confidence {
        return said;
    }
    Cow::Owned(Diagnosis { reset_at: Some(*at), reset_confidence: confidence, ..said.into_owned() })
}

fn coarse(health: &Health, billing: Billing, speech: &Speech<'_>) -> String {
    capitalised(&super::health::state(health, billing == Billing::PrepaidCredits, speech))
}

/// "Next try at 08:01 by itself": only where time alone helps.
fn next_try(seen: &AccountSeen<'_>, said: Option<&Diagnosis>, speech: &Speech<'_>) -> Option<String> {
    let vital = seen.vital?;
    let passes = match said {
        Some(said) => said.temporary,
        None => matches!(
            vital.health,
            Health::LimitHit { .. } | Health::RateLimited | Health::Overloaded | Health::Unreachable
        ),
    };
    let of_breaker = match &vital.breaker {
        Breaker::Open { retry_at, .. } => *retry_at,
        Breaker::Closed { .. } | Breaker::HalfOpen { .. } => None,
    };
    let known = of_breaker.or(said.and_then(|said| said.retry_at)).or(seen.look.and_then(|look| look.due_at));
    let at = known.filter(|at| passes && *at > speech.now)?;
    Some(format!("Next try at {} by itself, {}", clock(at, speech), relative(at, speech.now)))
}

const TOP_UP: &str = "Top up, or move its crons for good";

/// What helps, with the place where the key and the address of this account are kept.
fn advice(account: &ProviderAccount, said: &Diagnosis, speech: &Speech<'_>) -> Option<String> {
    match said.advice {
        Advice::FixKey => Some(fix_key(&account.key)),
        Advice::TopUp => Some(TOP_UP.to_owned()),
        Advice::FixEndpoint if account.base_url.is_some() => Some("Correct the base URL of this account".to_owned()),
        _ => diagnosis_advice(said, speech),
    }
}

fn coarse_advice(account: &ProviderAccount, health: &Health) -> Option<String> {
    Some(match health {
        Health::OutOfBalance if account.billing == Billing::PrepaidCredits => TOP_UP.to_owned(),
        Health::LimitHit { .. } | Health::OutOfBalance => "Open its dashboard to learn when it resets".to_owned(),
        Health::Overloaded | Health::RateLimited => "Nothing to do: it is tried again after growing pauses".to_owned(),
        Health::RefusedKey => fix_key(&account.key),
        Health::Unreachable => "Check the network connection, or wait: it is tried again".to_owned(),
        Health::Unknown | Health::Up | Health::Strained | Health::ByHand { .. } => return None,
    })
}

fn fix_key(key: &KeySource) -> String {
    match key {
        KeySource::Gateway => "Check the API key where the gateway keeps it".to_owned(),
        KeySource::Keychain => "Put a key that is taken into the keychain: edit this account".to_owned(),
        KeySource::Environment(name) => format!("Check the API key in the environment variable {name}"),
        KeySource::OpenClaw(id) => format!("Check the API key of “{id}” in OpenClaw's configuration"),
    }
}

/// Where the key is, and whether it is there. Never more of it than its last four characters.
#[must_use]
pub fn key_state(key: &KeyState, source: &KeySource) -> String {
    match (key, source) {
        (KeyState::OfGateway, _) | (KeyState::NotLookedFor, KeySource::Gateway) => "The gateway has its key".to_owned(),
        (KeyState::NotNeeded, _) => "It needs no key".to_owned(),
        (KeyState::NotLookedFor, source) => format!("Its key is in {}, not looked for yet", key_place(source)),
        (KeyState::Ready { ending }, source) => format!("Key …{ending} from {}", key_place(source)),
        (KeyState::Missing { why }, source) => format!("No key in {}: {why}", key_place(source)),
    }
}

/// "the keychain", or which environment variable.
#[must_use]
pub fn key_place(source: &KeySource) -> String {
    match source {
        KeySource::Gateway => "the gateway".to_owned(),
        KeySource::Keychain => "the keychain".to_owned(),
        KeySource::Environment(name) => format!("the environment variable {name}"),
        KeySource::OpenClaw(id) => format!("OpenClaw's configuration, “{id}”"),
    }
}

/// "tried again at 10:42", "tried carefully: 1 good answer so far"; `None` while it is trusted.
#[must_use]
pub fn breaker(breaker: &Breaker, speech: &Speech<'_>) -> Option<String> {
    Some(match breaker {
        Breaker::Closed { failures: 0 } => return None,
        Breaker::Closed { failures: 1 } => "one failure: another opens the breaker".to_owned(),
        Breaker::Closed { failures } => format!("{failures} failures"),
        Breaker::Open { retry_at: Some(at), .. } if *at > speech.now => {
            format!("not tried before {}", clock(*at, speech))
        }
        Breaker::Open { .. } => "not tried until an answer is good again".to_owned(),
        Breaker::HalfOpen { good: 0 } => "tried carefully".to_owned(),
        Breaker::HalfOpen { good } => format!("tried carefully, {} so far", count(*good as usize, "good answer")),
    })
}

/// "gateway waits until 10:42", while it does.
#[must_use]
pub fn gateway_waits(until: Option<Timestamp>, speech: &Speech<'_>) -> Option<String> {
    let until = until.filter(|until| *until > speech.now)?;
    Some(format!("gateway waits until {}", clock(until, speech)))
}

/// "plan with windows", "paid by the token", "prepaid credits", "on this computer".
#[must_use]
pub const fn billing_name(billing: Billing) -> &'static str {
    match billing {
        Billing::QuotaPlan => "plan with windows",
        Billing::RateTier => "paid by the token",
        Billing::PrepaidCredits => "prepaid credits",
        Billing::Local => "on this computer",
    }
}

/// What a billing kind means for what is said and done.
#[must_use]
pub const fn billing_meaning(billing: Billing) -> &'static str {
    match billing {
        Billing::QuotaPlan => {
            "A flat price with windows, such as 5 hours and a week. Used up means: quota limit hit, until it resets."
        }
        Billing::RateTier => "Metered, with limits per minute or day. Used up means: quota limit hit, until it resets.",
        Billing::PrepaidCredits => "Money is paid in first. Only such an account can be out of credits.",
        Billing::Local => "A program on this computer. It has no quota, and is up while it runs.",
    }
}

/// "coding max plan, $30 a month", "paid by the token: MiniMax $0.30 in, $1.20 out".
#[must_use]
pub fn account_price(account: &ProviderAccount, plan: Option<&str>, speech: &Speech<'_>) -> String {
    let named = plan.or(account.plan.as_deref()).map(str::trim).filter(|plan| !plan.is_empty());
    let kind = match named {
        Some(plan) if plan.to_lowercase().contains("plan") => plan.to_owned(),
        Some(plan) => format!("{plan} plan"),
        None => billing_name(account.billing).to_owned(),
    };
    if let Some(flat) = account.flat_price {
        return format!("{kind}, {}", flat_price(flat));
    }
    if matches!(account.billing, Billing::QuotaPlan | Billing::Local) {
        return kind;
    }
    let prices: Vec<_> =
        account_routes(account, speech).iter().filter_map(|route| route_price(route, speech)).collect();
    match prices.as_slice() {
        [] => kind,
        prices => format!("{kind}: {}", prices.join("; ")),
    }
}

/// "$30 a month".
#[must_use]
pub fn flat_price(flat: FlatPrice) -> String {
    format!("{} {}", usd(flat.price), period(flat.per))
}

/// "a month".
#[must_use]
pub const fn period(period: Period) -> &'static str {
    match period {
        Period::Week => "a week",
        Period::Month => "a month",
        Period::Quarter => "a quarter",
        Period::Year => "a year",
    }
}

fn route_price(route: &Route, speech: &Speech<'_>) -> Option<String> {
    let price = speech.settings.price(route)?;
    Some(format!("{} {} in, {} out", route.label, usd(price.input), usd(price.output)))
}

fn account_routes<'a>(account: &ProviderAccount, speech: &Speech<'a>) -> Vec<&'a Route> {
    let of_account = |route: &&Route| route.account().as_ref() == Some(&account.id);
    speech.settings.routes.values().filter(of_account).collect()
}

#[cfg(test)]
mod tests;
