//! Health and outage in words that lead to the right action.
//!
//! Invariant: a money word is said of a prepaid account only. On a plan or a rate tier the same
//! answer of a provider is a limit that resets, whatever the provider calls it.

use jiff::{SignedDuration, Timestamp};

use super::{Speech, clock, clock_with_day, vendor_name};
use crate::domain::{AccountId, Billing, Health, Outage, OutageLevel, RouteKey, VendorDown, VendorId, vendor_of};

/// A limit that ends within this time is a passing rate limit.
const PASSING: SignedDuration = SignedDuration::from_mins(10);

/// "Healthy", "Degraded", "Crisis".
pub fn level(level: OutageLevel) -> &'static str {
    match level {
        OutageLevel::Healthy => "Healthy",
        OutageLevel::Degraded => "Degraded",
        OutageLevel::Crisis => "Crisis",
    }
}

/// The sentence beside the pill: "MiniMax: out of credits since 21:04", or that nothing is down.
pub fn outage(outage: &Outage, speech: &Speech<'_>) -> String {
    match (outage.down.is_empty(), outage.level) {
        (true, OutageLevel::Healthy) => return "No provider is down".to_owned(),
        // While the gateway is away the level stays what it was, and nobody can say who is behind it.
        (true, _) => return "as it was when the gateway was last there".to_owned(),
        (false, _) => {}
    }
    let each: Vec<_> = outage.down.iter().map(|down| vendor_down(down, speech)).collect();
    each.join(" · ")
}

/// "Kimi: quota limit hit — resets today 18:00".
pub fn vendor_down(down: &VendorDown, speech: &Speech<'_>) -> String {
    let health = match &down.health {
        Health::LimitHit { resets_at } => Health::LimitHit { resets_at: down.resets_at.or(*resets_at) },
        other => other.clone(),
    };
    let said = state_since(&health, down.since, vendor_is_prepaid(&down.vendor, speech), speech);
    format!("{}: {said}", vendor_name(&down.vendor))
}

/// "quota limit hit — resets today 18:00": never a money word unless the account is prepaid.
pub fn health(health: &Health, account: &AccountId, speech: &Speech<'_>) -> String {
    state(health, is_prepaid(account, speech), speech)
}

/// The same in a word or three, for a pill: "Up", "Limit hit", "Out of credits".
pub fn health_label(health: &Health, account: &AccountId, speech: &Speech<'_>) -> &'static str {
    match health {
        Health::Unknown => "Untested",
        Health::Up => "Up",
        Health::Strained => "Strained",
        Health::LimitHit { resets_at } if passing(*resets_at, speech) => "Rate limited",
        Health::OutOfBalance if is_prepaid(account, speech) => "Out of credits",
        Health::LimitHit { .. } | Health::OutOfBalance => "Limit hit",
        Health::Overloaded => "Overloaded",
        Health::RefusedKey => "Key refused",
        Health::Unreachable => "Unreachable",
        Health::RateLimited => "Rate limited",
        Health::ByHand { .. } => "Down by hand",
    }
}

/// How a health reads after a colon.
pub(super) fn state(health: &Health, prepaid: bool, speech: &Speech<'_>) -> String {
    match health {
        Health::Unknown => "not tested yet".to_owned(),
        Health::Up => "serves".to_owned(),
        Health::Strained => "serves, a quota window is nearly used".to_owned(),
        Health::LimitHit { resets_at: Some(at) } if passing(Some(*at), speech) => {
            format!("rate limited — temporary, until {}", clock(*at, speech))
        }
        Health::LimitHit { resets_at } => limit_hit(*resets_at, speech),
        Health::OutOfBalance if prepaid => "out of credits".to_owned(),
        Health::OutOfBalance => limit_hit(None, speech),
        Health::Overloaded => "overloaded".to_owned(),
        Health::RefusedKey => "key refused".to_owned(),
        Health::Unreachable => "unreachable".to_owned(),
        Health::RateLimited => "rate limited — temporary".to_owned(),
        Health::ByHand { until } => format!("treated as down until {}", clock_with_day(*until, speech)),
    }
}

/// How a health reads as the predicate of a route: "is out of credits".
pub(super) fn predicate(health: &Health, prepaid: bool, speech: &Speech<'_>) -> String {
    match health {
        Health::Unknown => "is untested".to_owned(),
        Health::Up | Health::Strained => "serves".to_owned(),
        Health::LimitHit { resets_at } if passing(*resets_at, speech) => "is rate limited".to_owned(),
        Health::LimitHit { resets_at: Some(at) } if *at > speech.now => {
            format!("has hit its quota limit until {}", clock(*at, speech))
        }
        Health::OutOfBalance if prepaid => "is out of credits".to_owned(),
        Health::LimitHit { .. } | Health::OutOfBalance => "has hit its quota limit".to_owned(),
        Health::Overloaded => "is overloaded".to_owned(),
        Health::RefusedKey => "refuses its key".to_owned(),
        Health::Unreachable => "cannot be reached".to_owned(),
        Health::RateLimited => "is rate limited".to_owned(),
        Health::ByHand { until } => format!("is treated as down until {}", clock_with_day(*until, speech)),
    }
}

fn limit_hit(resets_at: Option<Timestamp>, speech: &Speech<'_>) -> String {
    match resets_at {
        Some(at) if at > speech.now => format!("quota limit hit — resets {}", clock_with_day(at, speech)),
        Some(at) => format!("quota limit hit — reset was due {}", clock_with_day(at, speech)),
        None => "quota limit hit — reset date not reported yet".to_owned(),
    }
}

fn passing(resets_at: Option<Timestamp>, speech: &Speech<'_>) -> bool {
    resets_at.is_some_and(|at| at > speech.now && at.duration_since(speech.now) <= PASSING)
}

/// "out of credits since 21:04"; a limit whose end is known says that instead.
pub(super) fn state_since(health: &Health, since: Option<Timestamp>, prepaid: bool, speech: &Speech<'_>) -> String {
    let said = state(health, prepaid, speech);
    let comma = if said.contains(" — ") { "," } else { "" };
    match (health, since) {
        (Health::LimitHit { resets_at: Some(_) }, _) | (_, None) => said,
        (_, Some(at)) => format!("{said}{comma} since {}", clock(at, speech)),
    }
}

pub(super) fn is_prepaid(account: &AccountId, speech: &Speech<'_>) -> bool {
    speech.settings.billing(account) == Billing::PrepaidCredits
}

/// Whether the account behind a route pays from credits.
pub(super) fn route_is_prepaid(route: &RouteKey, speech: &Speech<'_>) -> bool {
    let Some(route) = speech.settings.routes.get(route) else { return false };
    route.account().map_or_else(|| vendor_is_prepaid(&route.vendor, speech), |account| is_prepaid(&account, speech))
}

/// Whether every known account of the vendor pays from credits: in doubt no money word is said.
fn vendor_is_prepaid(vendor: &VendorId, speech: &Speech<'_>) -> bool {
    let routed = speech.settings.routes.values().filter(|route| route.vendor == *vendor);
    let mut accounts: Vec<_> = routed.filter_map(crate::domain::Route::account).collect();
    if accounts.is_empty() {
        accounts.extend(speech.catalog.accounts().into_iter().filter(|account| vendor_of(account) == *vendor));
    }
    if accounts.is_empty() {
        accounts.push(AccountId::new(vendor.as_str()));
    }
    accounts.iter().all(|account| is_prepaid(account, speech))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, world};
    use super::{health, health_label, level, outage, vendor_down};
    use crate::domain::{AccountId, Billing, Health, Outage, OutageLevel, VendorDown, VendorId};

    fn limit(resets: &str) -> Health {
        Health::LimitHit { resets_at: Some(at(resets)) }
    }

    #[test]
    fn the_billing_kind_decides_the_words() {
        let world = world();
        let unknown_reset = Health::LimitHit { resets_at: None };
        let cases = [
            ("minimax", Health::OutOfBalance, "out of credits", "Out of credits"),
            ("zai", Health::OutOfBalance, "quota limit hit — reset date not reported yet", "Limit hit"),
            ("minimax-plan", Health::OutOfBalance, "quota limit hit — reset date not reported yet", "Limit hit"),
            ("kimi", limit("2026-11-23 18:00"), "quota limit hit — resets today 18:00", "Limit hit"),
            ("google", limit("2026-11-24 09:00"), "quota limit hit — resets tomorrow 09:00", "Limit hit"),
            ("google", limit("2026-11-23 05:00"), "quota limit hit — reset was due today 05:00", "Limit hit"),
            ("google", limit("2026-11-23 06:04"), "rate limited — temporary, until 06:04", "Rate limited"),
            ("google", unknown_reset, "quota limit hit — reset date not reported yet", "Limit hit"),
            ("openai", Health::RefusedKey, "key refused", "Key refused"),
            ("openai", Health::Overloaded, "overloaded", "Overloaded"),
            ("openai", Health::Unreachable, "unreachable", "Unreachable"),
            ("openai", Health::Unknown, "not tested yet", "Untested"),
            ("openai", Health::Up, "serves", "Up"),
            ("openai", Health::Strained, "serves, a quota window is nearly used", "Strained"),
        ];
        for (account, state, said, label) in cases {
            let account = AccountId::new(account);
            assert_eq!(health(&state, &account, &world.speech()), said, "{account}");
            assert_eq!(health_label(&state, &account, &world.speech()), label, "{account}");
        }
    }

    #[test]
    fn no_money_word_is_said_of_a_plan_or_a_rate_tier() {
        let mut world = world();
        world.settings.account_mut(&AccountId::new("minimax")).billing = Billing::QuotaPlan;
        let states = [Health::OutOfBalance, Health::LimitHit { resets_at: None }, limit("2026-11-23 18:00")];
        for account in ["minimax", "zai", "anthropic", "openai", "google", "kimi"] {
            for state in &states {
                let said = health(state, &AccountId::new(account), &world.speech()).to_lowercase();
                for money in ["credit", "balance", "billing", "top up", "paid"] {
                    assert!(!said.contains(money), "{account}: {said}");
                }
            }
        }
    }

    #[test]
    fn the_sentence_beside_the_pill_names_every_vendor_that_is_down() {
        let world = world();
        let down = |vendor: &str, health, since: &str| VendorDown {
            vendor: VendorId::new(vendor),
            health,
            since: Some(at(since)),
            resets_at: None,
        };
        let minimax = down("minimax", Health::OutOfBalance, "2026-11-23 05:04");
        let kimi = down("kimi", limit("2026-11-23 18:00"), "2026-11-23 05:00");
        let google = down("google", Health::LimitHit { resets_at: None }, "2026-11-22 21:04");
        let cases = [
            (vec![], "as it was when the gateway was last there"),
            (vec![minimax.clone()], "MiniMax: out of credits since 05:04"),
            (
                vec![kimi, google],
                "Kimi: quota limit hit — resets today 18:00 · \
                 Google: quota limit hit — reset date not reported yet, since yesterday 21:04",
            ),
        ];
        for (down, said) in cases {
            assert_eq!(outage(&Outage { level: OutageLevel::Degraded, down }, &world.speech()), said);
        }
        let healthy = Outage { level: OutageLevel::Healthy, down: vec![] };
        assert_eq!(outage(&healthy, &world.speech()), "No provider is down");
        let with_reset = VendorDown {
            health: Health::LimitHit { resets_at: None },
            resets_at: Some(at("2026-11-27 08:00")),
            ..minimax
        };
        assert_eq!(vendor_down(&with_reset, &world.speech()), "MiniMax: quota limit hit — resets Fri 08:00");
    }

    #[test]
    fn levels_have_names() {
        let all = [OutageLevel::Healthy, OutageLevel::Degraded, OutageLevel::Crisis];
        assert_eq!(all.map(level), ["Healthy", "Degraded", "Crisis"]);
    }
}
