//! What a report changes in the file, and what it leaves alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::domain::{
    AccountId, Asked, CheckReport, Cost, Health, HealthState, Metric, ModelScope, Money, MoneyRead, NotAsked,
    OutageLevel, Proof, Purpose, QuotaWindow, ResetConfidence, Source, Span, TemporaryModel, Tier, VendorId, Withheld,
};
use crate::state::status::Said;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn account(id: &str, state: HealthState, word: &'static str) -> AccountReport {
    AccountReport {
        account: AccountId::new(id),
        health: Health::Unknown,
        state,
        word,
        observed_at: Some(at("2026-11-23T06:59:00.7Z")),
        source: Source::Run,
        reason: (state != HealthState::Up).then(|| "zai_1308".to_owned()),
        said: Said::default(),
        model: ModelRef::parse("a/new"),
        tiers: vec![Tier::T1, Tier::T3],
        plan: None,
        windows: Vec::new(),
        money: None,
        check: None,
        retry_at: None,
    }
}

fn vendor(best: Option<AccountReport>, others: Vec<AccountReport>) -> VendorReport {
    VendorReport { best, others, model: ModelRef::parse("a/new"), tiers: vec![Tier::T2] }
}

fn report(vendors: Vec<(&str, VendorReport)>) -> StatusReport {
    StatusReport {
        checked_at: at("2026-11-23T07:00:00Z"),
        mode: OutageLevel::Crisis,
        vendors: vendors.into_iter().map(|(id, seen)| (VendorId::new(id), seen)).collect(),
        tier_models: BTreeMap::from([(Tier::T1, None), (Tier::T2, ModelRef::parse("a/b"))]),
    }
}

#[test]
fn providers_with_news_change_and_all_others_stay() {
    let root = json!({
        "schema_version": SCHEMA, "tier_assignments": {"t1": "x", "t3": "y"}, "available_count": 9,
        "providers": {
            "kimi": {
                "status": "up", "primary_model": "kimi/k2", "quota": {"weekly": 40}, "last_success_at": "before",
                "failure_reason": "1113 余额不足", "tier_hint": "T2 and more", "notes": ["mine"], "checks": {"chat": "ok"}
            },
            "glm": {"status": "up", "checked_at": "long ago"},
            "mistral": {"status": "configured", "signal": "manual_assignment_only", "tier_hint": "t1_t2"}
        }
    });
    let mut kimi = account("kimi", HealthState::QuotaExhausted, "rate_limited");
    kimi.said.headline = Some("Quota limit hit — resets on 24 Nov".to_owned());
    let seen = report(vec![
        ("kimi", vendor(Some(kimi), vec![])),
        ("minimax", vendor(Some(account("minimax", HealthState::Up, "up")), vec![])),
        ("zai", vendor(Some(account("zai", HealthState::Unknown, "unknown")), vec![])),
        ("openai", vendor(None, vec![])),
        ("mistral", vendor(Some(account("mistral", HealthState::Up, "up")), vec![])),
    ]);
    let after = patched(&root, &seen);
    let kimi = &after["providers"]["kimi"];
    let expected = json!({
        "status": "rate_limited", "primary_model": "kimi/k2", "quota": {"weekly": 40}, "last_success_at": "before",
        "failure_reason": "Quota limit hit — resets on 24 Nov (zai_1308)", "tier_hint": "T2 and more",
        "notes": ["mine"], "checks": {"chat": "ok"}, "account": "kimi", "signal": "quota_or_provider_limit",
        "last_failure_at": "2026-11-23T06:59:00Z", "source": {"type": "run"}, "checked_at": "2026-11-23T06:59:00Z"
    });
    assert_eq!(*kimi, expected);
    for kept in ["glm", "mistral"] {
        assert_eq!(after["providers"][kept], root["providers"][kept], "{kept}");
    }
    assert_eq!(after["providers"].get("openai"), None, "not set up, not in the file");
    let minimax = &after["providers"]["minimax"];
    assert_eq!((&minimax["tier_hint"], &minimax["failure_reason"]), (&json!("t2"), &Value::Null));
    assert_eq!(after["tier_assignments"], json!({"t1": "NONE", "t3": "y", "t2": "a/b"}));
    assert_eq!((&after["mode"], &after["available_count"]), (&json!("crisis"), &json!(2)));
    assert_eq!(patched(&after, &seen), after, "the same again changes nothing");
}

#[test]
fn states_have_the_signals_of_the_skill() {
    let cases = [
        (HealthState::Up, "live_check"),
        (HealthState::RateLimited, "quota_or_provider_limit"),
        (HealthState::BalanceEmpty, "quota_or_provider_limit"),
        (HealthState::Auth, "auth_or_config"),
        (HealthState::PlanInactive, "auth_or_config"),
        (HealthState::Misconfigured, "auth_or_config"),
        (HealthState::Down, "connectivity_or_provider_error"),
    ];
    for (state, signal) in cases {
        let seen = report(vec![("kimi", vendor(Some(account("kimi", state, "x")), vec![]))]);
        assert_eq!(patched(&json!({}), &seen)["providers"]["kimi"]["signal"], signal, "{state:?}");
    }
    let by_hand = Health::ByHand { until: at("2026-11-24T00:00:00Z") };
    let kimi = AccountReport { health: by_hand, ..account("kimi", HealthState::Down, "down") };
    let after = patched(&json!({}), &report(vec![("kimi", vendor(Some(kimi), vec![]))]));
    assert_eq!(after["providers"]["kimi"]["signal"], "manual_assignment_only", "its owner says so");
}

fn window(label: &str, percent: f64, source: Source) -> QuotaWindow {
    QuotaWindow::new(label, percent / 100.0, at("2026-11-23T06:50:00Z"), source)
}

#[test]
fn windows_are_told_each_with_its_source_and_age() {
    let week = QuotaWindow {
        resets_at: Some(at("2026-11-24T01:00:00Z")),
        reset_confidence: ResetConfidence::Exact,
        limit: Some(1500.0),
        metric: Some(Metric::PlanCredits),
        ..window("Week", 72.04, Source::UsageStatus)
    };
    let of_model = QuotaWindow {
        covers: ModelScope::Models(vec![ModelRef::of("anthropic", "claude-opus-4.5")]),
        ..window("weekly", 10.0, Source::Probe)
    };
    let add_on = QuotaWindow {
        covers: ModelScope::Feature("web-search".to_owned()),
        span: Some(Span::Monthly),
        ..window("Search", 100.0, Source::Page)
    };
    let minute = |metric| QuotaWindow {
        span: Some(Span::Minute),
        metric: Some(metric),
        ..window("per minute", 1.0, Source::Probe)
    };
    let mut kimi = account("kimi", HealthState::Unknown, "unknown");
    kimi.source = Source::Nothing;
    kimi.windows = vec![week, of_model, add_on, minute(Metric::Tokens), minute(Metric::Requests)];
    kimi.said.usage = Some("72% of the week".to_owned());
    let money = Money { available: Some(4.5), currency: Some("USD".to_owned()), ..Money::default() };
    kimi.money = Some(MoneyRead { money, observed_at: at("2026-11-23T06:00:00Z"), source: Source::Probe });
    let old = json!({"used_pct": 5, "source": "probe", "observed_at": "2026-01-01T00:00:00Z"});
    let root = json!({"providers": {"kimi": {"status": "up", "quota": {"daily": old, "weekly_usage_pct": 70}}}});
    let seen = report(vec![("kimi", vendor(Some(kimi), vec![]))]);
    let after = patched(&root, &seen);
    let entry = &after["providers"]["kimi"];
    let plain = |used: i64, source: &str| {
        json!({
            "used_pct": used, "resets_at": null, "source": source, "observed_at": "2026-11-23T06:50:00Z",
            "confidence": "unknown"
        })
    };
    let with = |mut value: Value, key: &str, more: &str| {
        value[key] = more.into();
        value
    };
    let expected = json!({
        "weekly_usage_pct": 70,
        "weekly": {
            "used_pct": 72, "resets_at": "2026-11-24T01:00:00Z", "source": "gateway",
            "observed_at": "2026-11-23T06:50:00Z", "confidence": "exact", "metric": "plan_credits", "limit": 1500
        },
        "weekly_claude_opus_4_5": with(plain(10, "probe"), "scope", "models:anthropic/claude-opus-4.5"),
        "monthly_web_search": with(plain(100, "page"), "scope", "feature:web-search"),
        "minute_tokens": with(plain(1, "probe"), "metric", "tokens"),
        "minute_requests": with(plain(1, "probe"), "metric", "requests"),
        "balance": {"available": 4.5, "currency": "USD", "source": "probe", "observed_at": "2026-11-23T06:00:00Z"}
    });
    assert_eq!(entry["quota"], expected);
    assert_eq!(entry["usage_summary"], "72% of the week");
    assert_eq!(entry["status"], "up", "windows alone say nothing of its health");
    assert_eq!(entry["source"]["quota_file"], "kimi-quota.json");
    assert_eq!(patched(&after, &seen), after, "the same again changes nothing");
}

#[test]
fn the_last_look_is_told_in_machine_words_without_addresses() {
    let asked = Asked {
        purpose: Purpose::LastResort,
        url: "https://api.example/secret-path".to_owned(),
        status: None,
        transport_error: Some("could not reach https://api.example".to_owned()),
        took: Duration::from_micros(1_234_567),
        cost: Cost::Paid,
        retry_at: None,
    };
    let until = at("2026-11-23T07:30:00Z");
    let check = CheckReport {
        account: AccountId::new("kimi"),
        checked_at: at("2026-11-23T06:58:00Z"),
        diagnosis: None,
        proof: Proof::Nothing,
        windows: Vec::new(),
        money: None,
        plan: None,
        quota_trouble: None,
        host_answers: None,
        key_belongs_to: Some("https://api.example/other".to_owned()),
        retry_at: None,
        requests: vec![Asked { purpose: Purpose::Health, status: Some(200), ..asked.clone() }, asked],
        not_asked: vec![NotAsked { purpose: Purpose::Quota, why: Withheld::TooSoon { until } }],
        tokens_spent: 8,
    };
    let mut kimi = account("kimi", HealthState::Unknown, "unknown");
    (kimi.check, kimi.retry_at) = (Some(Arc::new(check)), Some(until));
    let seen = report(vec![("kimi", vendor(Some(kimi), vec![]))]);
    let after = patched(&json!({"providers": {"kimi": {"checks": {"chat": "ok"}}}}), &seen);
    let expected = json!({
        "chat": "ok", "checked_at": "2026-11-23T06:58:00Z",
        "requests": [
            {"purpose": "health", "status": 200, "ms": 1234}, {"purpose": "last_resort", "status": null, "ms": 1234}
        ],
        "tokens_spent": 8,
        "not_asked": [{"purpose": "quota", "why": "too_soon", "until": "2026-11-23T07:30:00Z"}],
        "retry_at": "2026-11-23T07:30:00Z", "quota_trouble": null
    });
    assert_eq!(after["providers"]["kimi"]["checks"], expected);
    assert!(!after.to_string().contains("api.example"));
}

#[test]
fn each_further_account_has_an_entry_and_counts_once_with_its_vendor() {
    let up = |id| account(id, HealthState::Up, "up");
    let limited = |id| account(id, HealthState::RateLimited, "rate_limited");
    let seen = |best, other| report(vec![("kimi", vendor(Some(best), vec![other])), ("zai", vendor(None, vec![]))]);
    let first = patched(&json!({}), &seen(up("kimi"), limited("moonshot")));
    let said = |root: &Value| -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let providers = root["providers"].as_object().unwrap().iter();
        providers.map(|(id, entry)| (id.clone(), text(&entry["account"]), text(&entry["status"]))).collect()
    };
    let line = |id: &str, account: &str, word: &str| (id.to_owned(), account.to_owned(), word.to_owned());
    assert_eq!(said(&first), [line("kimi", "kimi", "up"), line("moonshot", "moonshot", "rate_limited")]);
    assert_eq!((&first["available_count"], &first["providers"]["moonshot"]["vendor"]), (&json!(1), &json!("kimi")));
    assert_eq!(first["providers"]["moonshot"]["tier_hint"], "t1_t3", "its own tiers");

    let second = patched(&first, &seen(up("moonshot"), limited("kimi")));
    let expected = [
        line("kimi", "moonshot", "up"),
        line("moonshot", "moonshot", "up"),
        line("kimi.account", "kimi", "rate_limited"),
    ];
    assert_eq!(said(&second), expected);
    assert_eq!(second["available_count"], 1);
}

fn trial() -> TemporaryModel {
    TemporaryModel {
        id: "trial".to_owned(),
        model: ModelRef::parse("mistral/large"),
        is_standby: false,
        tiers: vec![Tier::T1, Tier::T2],
        expires_at: Some(at("2026-12-01T00:00:00Z")),
    }
}

#[test]
fn temporary_models_say_which_tiers_they_serve() {
    let root = json!({"providers": {
        "a": {"status": "configured", "tier_hint": "t1_t2", "primary_model": "x/y", "expires_at": "2026-12-01T00:00:00Z"},
        "b": {"status": "standby", "tier_hint": "emergency_only"},
        "c": {"status": "up", "tier_hint": "t1"}
    }});
    let found = temporary_models(&root);
    let said: Vec<_> = found.iter().map(|model| (&*model.id, model.is_standby, model.tiers.clone())).collect();
    assert_eq!(said, [("a", false, vec![Tier::T1, Tier::T2]), ("b", true, vec![])]);
    assert_eq!(found[0].expires_at, "2026-12-01T00:00:00Z".parse().ok());
}

#[test]
fn a_temporary_model_is_added_changed_and_taken_out() {
    let root = json!({"later": 1, "providers": {"kimi": {"status": "up"}}});
    let added = with_temporary(&root, "trial", Some(&trial())).unwrap();
    let expected = json!({
        "provider": "mistral", "status": "configured", "signal": "manual_assignment_only",
        "primary_model": "mistral/large", "tier_hint": "t1_t2", "expires_at": "2026-12-01T00:00:00Z"
    });
    assert_eq!(added["providers"]["trial"], expected);
    assert_eq!(temporary_models(&added), [trial()]);
    assert_eq!(with_temporary(&added, "trial", Some(&trial())), Some(added.clone()));

    let changed = TemporaryModel { is_standby: true, tiers: vec![], expires_at: None, model: None, ..trial() };
    let standby = with_temporary(&added, "trial", Some(&changed)).unwrap();
    assert_eq!(temporary_models(&standby), [changed]);
    assert_eq!(standby["providers"]["trial"]["tier_hint"], "emergency_only");
    assert_eq!(with_temporary(&added, "trial", None), Some(root.clone()));
    assert_eq!(temporary_models(&with_temporary(&json!({}), "trial", Some(&trial())).unwrap()), [trial()]);
}

#[test]
fn a_temporary_model_keeps_what_its_entry_says_otherwise_and_never_takes_a_providers_place() {
    let entry = json!({
        "notes": ["free until December"], "status": "standby", "tier_hint": "T1, T2", "expires": "2026-12-01T00:00:00Z",
        "primary_model": "mistral/large", "provider": "mine"
    });
    let root = json!({"providers": {"kimi": {"status": "up"}, "trial": entry}});
    let after = with_temporary(&root, "trial", Some(&trial())).unwrap();
    let mut expected = entry;
    (expected["status"], expected["signal"]) = (json!("configured"), json!("manual_assignment_only"));
    assert_eq!(after["providers"]["trial"], expected, "only what it says otherwise");
    let later = TemporaryModel { expires_at: Some(at("2027-01-01T00:00:00Z")), ..trial() };
    let entry = with_temporary(&after, "trial", Some(&later)).unwrap()["providers"]["trial"].clone();
    assert_eq!((&entry["expires"], entry.get("expires_at")), (&json!("2027-01-01T00:00:00Z"), None));

    assert_eq!(with_temporary(&root, "kimi", Some(&trial())), None);
    assert_eq!(with_temporary(&root, "kimi", None), Some(root.clone()), "a provider is not taken out");
    assert_eq!(with_temporary(&root, " ", Some(&trial())), None);
    assert_eq!(with_temporary(&root, "unheard-of", None), Some(root));
}
