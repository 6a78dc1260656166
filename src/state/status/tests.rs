//! What an account's health becomes in the words of the skill, and in which shape it is written.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::domain::{Advice, Look, Model, Money, ResetConfidence, Service};

fn now() -> Timestamp {
    "2026-11-23T07:00:00.5Z".parse().unwrap()
}

/// What an answer of this kind leaves of an account.
fn vital(finding: Finding) -> Vital {
    let said = diagnosis(finding);
    let health = said.health().unwrap_or_default();
    Vital { health, said: Some(Arc::new(said)), observed_at: Some(now()), source: Source::Probe, ..Vital::default() }
}

fn diagnosis(finding: Finding) -> Diagnosis {
    let profile = finding.profile();
    Diagnosis {
        service: Service::Other,
        provider: "somebody".to_owned(),
        billing: Billing::RateTier,
        state: profile.state,
        temporary: profile.temporary,
        finding,
        reason: format!("{}_1308", profile.reason),
        scope: profile.scope,
        model: None,
        reset_at: None,
        reset_confidence: ResetConfidence::Unknown,
        retry_at: None,
        advice: Advice::None,
        windows: Vec::new(),
        money: None,
        plan: None,
        models: Vec::new(),
        local_models: None,
        http_status: None,
        provider_code: None,
        quote: Some("余额不足".to_owned()),
    }
}

fn of_health(health: Health) -> Vital {
    Vital { health, observed_at: Some(now()), source: Source::Run, ..Vital::default() }
}

struct World {
    fleet: Fleet,
    settings: Settings,
    catalog: Catalog,
    accounts: BTreeMap<AccountId, ProviderAccount>,
    looks: Looks,
    said: BTreeMap<AccountId, Said>,
}

/// A gateway that lists one model of each of these accounts.
fn world(listed: &[(&str, Vital)]) -> World {
    let model = |(id, _): &(&str, Vital)| {
        let id = ModelRef::of(id, "m");
        (id.clone(), Model::new(id))
    };
    let vitals = listed.iter().map(|(id, vital)| (AccountId::new(id), vital.clone()));
    let accounts = listed.iter().map(|(id, _)| (AccountId::new(id), ProviderAccount::implied(AccountId::new(id))));
    World {
        fleet: Fleet { accounts: vitals.collect(), ..Fleet::default() },
        settings: Settings::default(),
        catalog: Catalog { models: listed.iter().map(model).collect(), ..Catalog::default() },
        accounts: accounts.collect(),
        looks: Looks::default(),
        said: BTreeMap::new(),
    }
}

impl World {
    fn report(&self) -> StatusReport {
        let sight = Sight {
            fleet: &self.fleet,
            settings: &self.settings,
            catalog: &self.catalog,
            accounts: &self.accounts,
            looks: &self.looks,
            mode: OutageLevel::Degraded,
            tier_models: &BTreeMap::new(),
            said: &self.said,
        };
        StatusReport::of(&sight, now())
    }
}

fn word_of(vital: Vital) -> (&'static str, HealthState) {
    let report = world(&[("kimi", vital)]).report();
    let best = report.vendors["kimi"].best.clone().unwrap();
    (best.word, best.state)
}

#[test]
fn every_finding_becomes_a_word_of_the_skill_by_its_state() {
    for finding in Finding::ALL {
        let (word, state) = word_of(vital(*finding));
        let said = diagnosis(*finding);
        let expected = match said.state {
            _ if said.health().is_none()
                || said.scope == DiagnosisScope::Model && said.state != HealthState::Overloaded =>
            {
                "unknown"
            }
            HealthState::Up => "up",
            _ if said.scope == DiagnosisScope::Request => "unknown",
            HealthState::RateLimited | HealthState::QuotaExhausted => "rate_limited",
            HealthState::Overloaded => "overloaded",
            HealthState::Auth => "session_expired",
            HealthState::BalanceEmpty
            | HealthState::PlanInactive
            | HealthState::Blocked
            | HealthState::Misconfigured
            | HealthState::ModelUnavailable => "down",
            HealthState::Down if matches!(finding, Finding::ServerError | Finding::GatewayPage) => "down",
            HealthState::Down => "unreachable",
            HealthState::Unknown | HealthState::NoKey => "unknown",
        };
        assert_eq!(word, expected, "{finding:?} is {state:?}");
    }
    let coarse = [
        (Health::Unknown, "unknown"),
        (Health::Strained, "up"),
        (Health::LimitHit { resets_at: None }, "rate_limited"),
        (Health::RateLimited, "rate_limited"),
        (Health::Overloaded, "overloaded"),
        (Health::RefusedKey, "session_expired"),
        (Health::OutOfBalance, "down"),
        (Health::Unreachable, "unreachable"),
    ];
    for (health, word) in coarse {
        assert_eq!(word_of(of_health(health.clone())).0, word, "without a diagnosis: {health:?}");
    }
    // A plan that ended is a refused key to the policy; the file says what it is.
    assert_eq!(word_of(vital(Finding::PlanEnded)).0, "down");
    // An answer that no longer explains the health says nothing of it.
    let mended = Vital { health: Health::Up, ..vital(Finding::InvalidKey) };
    assert_eq!(word_of(mended).0, "up");
}

#[test]
fn a_vendor_is_the_better_of_its_accounts_and_the_others_are_told_beside_it() {
    let world = world(&[
        ("anthropic", vital(Finding::NoBalance)),
        ("claude-cli", vital(Finding::RateHit)),
        ("claude-max", of_health(Health::Unknown)),
    ]);
    let report = world.report();
    let anthropic = &report.vendors["anthropic"];
    let id = |account: &AccountReport| account.account.to_string();
    assert_eq!(anthropic.best.as_ref().map(id).as_deref(), Some("claude-max"), "unknown is better than known to fail");
    assert_eq!(anthropic.others.iter().map(id).collect::<Vec<_>>(), ["anthropic", "claude-cli"]);
    assert_eq!(anthropic.tiers, [Tier::T3]);
}

#[test]
fn an_account_without_a_key_is_not_set_up_until_something_is_heard_of_it() {
    let mut world = world(&[]);
    let id = AccountId::new("mistral");
    world.accounts.insert(id.clone(), ProviderAccount::implied(id.clone()));
    let set_up = |world: &World| world.report().vendors.get("mistral").is_some_and(|vendor| vendor.best.is_some());
    assert!(!set_up(&world));
    let missing = KeyState::Missing { why: "no such variable".to_owned() };
    for (key, expected) in [(missing, false), (KeyState::Ready { ending: "abcd".to_owned() }, true)] {
        world.looks.accounts.insert(id.clone(), Look { key, ..Look::default() });
        assert_eq!(set_up(&world), expected);
    }
    world.looks = Looks::default();
    world.fleet.accounts.insert(id, of_health(Health::RefusedKey));
    assert!(set_up(&world));
    assert_eq!(patched(&json!({}), &world.report())["mistral"], "session_expired");
}

#[test]
fn what_its_owner_says_of_an_account_counts_more_than_what_is_seen_until_it_ends() {
    let mut world = world(&[("minimax", of_health(Health::Up)), ("kimi", of_health(Health::Up))]);
    let (later, earlier) = (now() + SignedDuration::from_hours(1), now() - SignedDuration::from_hours(1));
    let account = world.accounts.get_mut("minimax").unwrap();
    account.down_until = Some(later);
    let report = world.report();
    let best = report.vendors["minimax"].best.as_ref().unwrap();
    assert_eq!((best.word, best.reason.as_deref(), best.source), ("down", Some("by_hand"), Source::Hand));
    for (down, aside, word) in [(Some(earlier), None, "up"), (None, Some(later), "up"), (None, None, "up")] {
        let account = world.accounts.get_mut("minimax").unwrap();
        (account.down_until, account.set_aside_until) = (down, aside);
        assert_eq!(world.report().vendors["minimax"].best.as_ref().unwrap().word, word);
    }
}

#[test]
fn an_account_is_limited_when_every_model_that_is_used_of_it_is_and_never_for_one_that_is_gone() {
    let mut world = world(&[("kimi", of_health(Health::Up))]);
    world.settings.routes.get_mut("kimi").unwrap().model = ModelRef::parse("kimi/m");
    for (finding, word) in [(Finding::LimitHit, "rate_limited"), (Finding::UnknownModel, "up")] {
        world.fleet.models.insert(ModelRef::of("kimi", "m"), vital(finding));
        assert_eq!(world.report().vendors["kimi"].best.as_ref().unwrap().word, word, "{finding:?}");
    }
}

#[test]
fn a_route_names_the_vendor_of_the_account_it_leads_to() {
    let mut world = world(&[("work", of_health(Health::Up))]);
    let route = world.settings.routes.get_mut("kimi").unwrap();
    route.model = ModelRef::parse("work/m");
    assert_eq!(world.report().vendors["kimi"].best.as_ref().map(|best| best.account.as_str()), Some("work"));
}

#[test]
fn money_is_told_of_prepaid_accounts_only() {
    let mut world = world(&[("minimax", of_health(Health::Up)), ("kimi", of_health(Health::Up))]);
    for id in ["minimax", "kimi"] {
        let money = Money { available: Some(3.0), ..Money::default() };
        let read = MoneyRead { money, observed_at: now(), source: Source::Probe };
        world.fleet.money.insert(AccountId::new(id), read);
    }
    let report = world.report();
    let has_money = |vendor: &str| report.vendors[vendor].best.as_ref().unwrap().money.is_some();
    assert_eq!((has_money("minimax"), has_money("kimi")), (true, false));
}

fn report(words: &[(&str, Option<Vital>)]) -> StatusReport {
    let known: Vec<_> = words.iter().filter_map(|(id, vital)| Some((*id, vital.clone()?))).collect();
    let mut report = world(&known).report();
    let is_named = |vendor: &VendorId| words.iter().any(|(id, _)| vendor_of(&AccountId::new(id)) == *vendor);
    report.vendors.retain(|vendor, _| is_named(vendor));
    report.tier_models = BTreeMap::from([
        (Tier::T1, Some(ModelRef::of("kimi", "k3"))),
        (Tier::T2, None),
        (Tier::T3, Some(ModelRef::of("anthropic", "opus"))),
    ]);
    for (vendor, seen) in &mut report.vendors {
        seen.model = Some(ModelRef::of(vendor.as_str(), "new"));
    }
    report
}

#[test]
fn the_flat_shape_stays_flat_and_keeps_what_is_unknown() {
    let root = json!({
        "minimax": "up", "gemini_flash": "assumed_up", "glm": "up", "other": "up", "available_count": 4,
        "tier1_model": "x", "checked_at": "2026-01-01T00:00:00Z", "mode": "healthy", "host": "mini"
    });
    let seen = [
        ("minimax", Some(of_health(Health::OutOfBalance))),
        ("google", Some(of_health(Health::Unknown))),
        ("zai", Some(vital(Finding::LimitHit))),
        ("openai", None),
        ("kimi", Some(of_health(Health::Strained))),
    ];
    let expected = json!({
        "minimax": "down", "gemini_flash": "assumed_up", "glm": "rate_limited", "other": "up", "available_count": 3,
        "tier1_model": "kimi/k3", "checked_at": "2026-11-23T07:00:00Z", "mode": "degraded", "host": "mini",
        "kimi": "up", "tier2_model": "NONE", "tier3_model": "anthropic/opus"
    });
    assert_eq!(patched(&root, &report(&seen)), expected);
}

#[test]
fn the_older_nested_shape_stays_nested() {
    let root = json!({
        "minimax": {"status": "up", "model": "old", "latency": 3}, "kimi": {"status": "assumed_up", "model": "k"},
        "lastCheck": "2026-01-01T00:00:00Z", "availableCount": 2
    });
    let seen = [
        ("minimax", Some(of_health(Health::RefusedKey))),
        ("kimi", Some(of_health(Health::Unknown))),
        ("zai", Some(of_health(Health::Up))),
    ];
    let expected = json!({
        "minimax": {"status": "session_expired", "model": "minimax/new", "latency": 3},
        "kimi": {"status": "assumed_up", "model": "k"},
        "lastCheck": "2026-11-23T07:00:00Z", "availableCount": 2,
        "glm": {"status": "up", "model": "zai/new"}
    });
    assert_eq!(patched(&root, &report(&seen)), expected);
}

#[test]
fn every_word_is_known_again_when_the_file_is_read() {
    for finding in Finding::ALL {
        let (word, _) = word_of(vital(*finding));
        assert_eq!(read(&json!({ "kimi": word })).len(), 1, "{word}");
    }
    assert_eq!(read(&json!({"kimi": NOT_SET_UP, "mode": "healthy", "host": "mini"})).len(), 1);
    assert_eq!(read(&Value::Null).len(), 0);
}
