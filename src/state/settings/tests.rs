//! Every value read on its own, and only differences written.

use jiff::SignedDuration;
use jiff::civil::time;
use serde_json::{Value, json};

use super::*;
use crate::domain::{
    AccountId, Automation, Chain, CheckSettings, FlatPrice, HandWindow, KeySource, Metric, ModelFacts, ModelRef,
    Notifications, Price, ProviderAccount, QuietHours, ResetRule, Route, RouteKey, Service, Settings, Span, Tier,
    Undocumented, Usd, VendorId,
};

fn price(input: f64, output: f64) -> Price {
    Price { input: Usd(input), output: Usd(output) }
}

/// Settings that differ from the defaults in everything.
fn unusual() -> Settings {
    let mut settings = Settings::default();
    settings.routes.remove("sonnet");
    let kimi = settings.routes.get_mut("kimi").unwrap();
    kimi.model = ModelRef::parse("kimi/k3");
    kimi.price = Some(price(0.0, 0.4));
    kimi.set_aside_until = Some("2026-12-01T00:00:00Z".parse().unwrap());
    let local = Route {
        label: "余".into(),
        vendor: VendorId::new("local"),
        model: ModelRef::parse("ollama/qwen"),
        price: None,
        set_aside_until: None,
    };
    settings.routes.insert(RouteKey::new("mine"), local);
    settings.chains.insert(Tier::T1, Chain { order: ChainOrder::Cheapest, routes: vec![RouteKey::new("mine")] });
    settings.chains.insert(Tier::T3, Chain { order: ChainOrder::Smartest, routes: vec![] });
    settings.prices.as_of = "2027-01-02".parse().unwrap();
    settings.prices.models.retain(|facts| facts.pattern != "haiku");
    settings.prices.models[0].price = price(4.0, 20.5);
    let qwen =
        ModelFacts { pattern: "qwen".into(), vendor: VendorId::new("local"), price: price(0.0, 0.0), capability: 40 };
    settings.prices.models.push(qwen);
    settings.cost_guard.remove(&Tier::T1);
    settings.cost_guard.insert(Tier::T3, Usd(30.0));
    settings.account_mut(&AccountId::new("minimax")).billing = Billing::QuotaPlan;
    settings.account_mut(&AccountId::new("zai"));
    settings.accounts.insert(AccountId::new("work"), account());
    settings.checks = CheckSettings { every: SignedDuration::from_mins(30), paid_per_day: 0 };
    settings.thresholds.crisis_vendors = 3;
    settings.thresholds.settle = SignedDuration::from_secs(90);
    settings.thresholds.strained_ratio = 0.28;
    settings.thresholds.proof_lasts = SignedDuration::from_hours(6);
    let quiet = Some(QuietHours { from: time(23, 30, 0, 0), to: time(6, 15, 0, 0) });
    settings.automation = Automation { level: AutomationLevel::ActWithinLimits, max_ratio: 0.07, max_crons: 5, quiet };
    settings.notifications = Notifications { outage: false, recovery: false, attention: false };
    settings.history.keep_days = 400;
    settings.window.theme = ThemeChoice::Dark;
    settings.window.compact_cards = true;
    settings.window.quota_strip = true;
    settings
}

/// An account of which everything is said.
fn account() -> ProviderAccount {
    let at = |text: &str| text.parse().unwrap();
    let window = HandWindow {
        label: "Kontingent 余".into(),
        span: Span::Monthly,
        metric: Metric::PlanCredits,
        limit: Some(1500.0),
        used_percent: Some(12.5),
        seen_at: at("2026-11-20T08:00:00Z"),
        resets: ResetRule::EverySpanFrom(at("2026-11-05T00:00:00Z")),
    };
    ProviderAccount {
        label: "Work \"余\" ".into(),
        billing: Billing::PrepaidCredits,
        plan: Some("Coding Max".into()),
        flat_price: Some(FlatPrice { price: Usd(360.0), per: Period::Year }),
        region: Region::China,
        base_url: Some("https://open.bigmodel.cn/api".into()),
        key: KeySource::Environment("WORK_API_KEY".into()),
        workspace: crate::domain::Workspace { organization: Some("org-1".into()), project: Some(String::new()) },
        undocumented: Undocumented::On,
        reserve_ratio: 0.15,
        down_until: Some(at("2026-12-01T00:00:00.123456789Z")),
        set_aside_until: Some(at("2026-12-02T00:00:00Z")),
        by_hand: vec![window.clone(), HandWindow { resets: ResetRule::Unknown, ..window }],
        ..ProviderAccount::new(AccountId::new("work"), Service::Zai)
    }
}

#[test]
fn everything_comes_back_and_nothing_is_written_twice() {
    let written = patched(&json!({}), &unusual());
    assert_eq!(read(&written), (unusual(), vec![]));
    assert_eq!(patched(&written, &unusual()), written);
    let back = patched(&written, &Settings::default());
    let (restored, bad) = read(&back);
    assert_eq!(bad, vec![]);
    let mut expected = Settings::default();
    // A model that was taken out of the table comes back at its end: only its facts matter.
    let key = |facts: &ModelFacts| facts.pattern.clone();
    expected.prices.models.sort_by_key(key);
    let mut restored = restored;
    restored.prices.models.sort_by_key(key);
    assert_eq!(restored, expected);
}

#[test]
fn defaults_leave_an_empty_file_empty() {
    assert_eq!(patched(&json!({}), &Settings::default()), json!({}));
}

#[test]
fn only_the_field_that_differs_is_written() {
    let root = json!({"later": {"x": 1}, "thresholds": {"settle_minutes": 10.0, "later": 2}});
    let mut settings = Settings::default();
    settings.thresholds.settle = SignedDuration::from_mins(20);
    settings.routes.get_mut("kimi").unwrap().model = ModelRef::parse("kimi/k3");
    let expected = json!({
        "later": {"x": 1},
        "thresholds": {"settle_minutes": 20, "later": 2},
        "routes": {"kimi": {"model": "kimi/k3"}}
    });
    assert_eq!(patched(&root, &settings), expected);
}

#[test]
fn a_bad_value_costs_only_itself_and_stays_until_it_is_changed() {
    let root = json!({
        "routes": {"kimi": {"model": "no-slash", "label": "K"}, "opus": 4},
        "chains": {"T1": {"order": "best", "routes": ["kimi"]}, "T9": {}},
        "prices": {"as_of": "soon", "models": {"new": {"input": 1}, "opus": {"output": -1}}},
        "cost_guard_usd": {"T2": "five"},
        "billing": {"kimi": "barter"},
        "checks": {"every_minutes": 0.5, "paid_per_day": -1},
        "thresholds": {"settle_minutes": "ten", "crisis_vendors": 3, "strained_percent": 180},
        "automation": [],
        "history": {"keep_days": 6},
        "window": {"theme": "dark", "compact_cards": 1, "quota_strip": "on"}
    });
    let (settings, bad) = read(&root);
    let paths: Vec<_> = bad.iter().map(|bad| bad.path.as_str()).collect();
    let expected = [
        "routes.kimi.model",
        "routes.opus",
        "chains.T1.order",
        "chains.T9",
        "prices.as_of",
        "prices.models.new",
        "prices.models.opus.output",
        "cost_guard_usd.T2",
        "billing.kimi",
        "checks.every_minutes",
        "checks.paid_per_day",
        "thresholds.settle_minutes",
        "thresholds.strained_percent",
        "automation",
        "history.keep_days",
        "window.compact_cards",
        "window.quota_strip",
    ];
    assert_eq!(paths, expected);
    assert_eq!(settings.routes["kimi"].label, "K");
    assert_eq!(settings.chain(Tier::T1).routes, [RouteKey::new("kimi")]);
    assert_eq!((settings.thresholds.crisis_vendors, settings.window.theme), (3, ThemeChoice::Dark));
    assert_eq!(settings.thresholds.settle, Settings::default().thresholds.settle);
    assert_eq!(patched(&root, &settings), root, "saving what was read changes nothing");
}

#[test]
fn wrong_shapes_everywhere_never_panic() {
    let shapes = [json!(null), json!(1), json!("x"), json!([]), json!({}), json!({"T1": []}), json!({"opus": null})];
    let sections = ["routes", "chains", "prices", "cost_guard_usd", "billing", "accounts", "checks"];
    for key in sections.into_iter().chain(["thresholds", "automation", "notifications", "history", "window"]) {
        for shape in &shapes {
            let root: Value = json!({ key: shape });
            let (settings, _) = read(&root);
            assert_eq!(patched(&root, &settings), root, "{root}");
            assert_eq!(read(&patched(&root, &unusual())).0, unusual(), "a change finds its place in {root}");
        }
    }
}

#[test]
fn quiet_hours_hold_although_an_end_cannot_be_read() {
    let quiet = |from, to| Some(QuietHours { from: time(from, 0, 0, 0), to: time(to, 0, 0, 0) });
    let cases = [
        (json!(null), None, vec![]),
        (json!({"from": "21:00", "to": "08:00"}), quiet(21, 8), vec![]),
        (json!({"from": "21:00:00", "to": "08:00", "days": ["Mon"]}), quiet(21, 8), vec![]),
        (json!({}), quiet(22, 7), vec![]),
        (json!({"from": "25:00", "to": "08:00"}), quiet(22, 8), vec!["from"]),
        (json!({"from": 21, "to": "late"}), quiet(22, 7), vec!["from", "to"]),
    ];
    for (said, expected, complaints) in cases {
        let root = json!({"automation": {"quiet_hours": said}});
        let (settings, bad) = read(&root);
        let paths: Vec<_> = bad.iter().filter_map(|bad| bad.path.strip_prefix("automation.quiet_hours.")).collect();
        assert_eq!((settings.automation.quiet, paths), (expected, complaints), "{root}");
        assert_eq!(patched(&root, &settings), root);
    }
    let (settings, bad) = read(&json!({"automation": {"quiet_hours": true}}));
    assert_eq!((settings.automation.quiet, &*bad[0].path), (None, "automation.quiet_hours"));

    let root = json!({"automation": {"quiet_hours": {"days": ["Mon"], "to": "08:00", "from": "21:00"}, "later": 1}});
    let mut settings = read(&root).0;
    settings.automation.quiet = quiet(21, 9);
    let written = patched(&root, &settings);
    let expected = root.to_string().replace("08:00", "09:00");
    assert_eq!(written.to_string(), expected, "only the end that moved");
    settings.automation.quiet = None;
    assert_eq!(patched(&written, &settings), json!({"automation": {"quiet_hours": null, "later": 1}}));
}

#[test]
fn each_kind_of_notification_is_read_on_its_own() {
    let (settings, bad) = read(&json!({"notifications": {"outage": false, "recovery": "no", "noise": true}}));
    let expected = Notifications { outage: false, recovery: true, attention: true };
    assert_eq!((settings.notifications, &*bad[0].path, bad.len()), (expected, "notifications.recovery", 1));
}

#[test]
fn an_account_is_written_as_what_its_owner_says_otherwise() {
    let mut settings = Settings::default();
    let bare = AccountId::new("anthropic");
    settings.account_mut(&bare);
    settings.accounts.insert(AccountId::new("work"), ProviderAccount::new(AccountId::new("work"), Service::Zai));
    settings.account_mut(&AccountId::new("kimi")).plan = Some("Allegretto".into());
    let root = json!({"accounts": {"kimi": {"colour": "green"}}});
    let expected = json!({"accounts": {
        "kimi": {"colour": "green", "plan": "Allegretto"}, "anthropic": {}, "work": {"service": "zai"}
    }});
    let written = patched(&root, &settings);
    assert_eq!(written, expected);
    settings.account_mut(&AccountId::new("kimi")).plan = None;
    settings.accounts.remove(&bare);
    let expected = json!({"accounts": {"kimi": {"colour": "green"}, "work": {"service": "zai"}}});
    assert_eq!(patched(&written, &settings), expected);
}

#[test]
fn a_service_decides_what_goes_without_saying() {
    let (settings, bad) = read(&json!({"accounts": {"work": {"service": "zai"}, "mine": {}}}));
    assert_eq!(bad, vec![]);
    let work = &settings.accounts["work"];
    assert_eq!((work.label.as_str(), work.billing), ("Z.ai", Billing::QuotaPlan));
    assert_eq!(settings.accounts["mine"], ProviderAccount::implied(AccountId::new("mine")));
}

#[test]
fn the_older_section_of_billing_is_read_and_leaves_no_second_truth() {
    let root = json!({"billing": {"minimax": "quota_plan", "openai": "prepaid_credits", "kimi": "rate_tier"}});
    let (mut settings, bad) = read(&root);
    assert_eq!((settings.billing(&AccountId::new("openai")), bad), (Billing::PrepaidCredits, vec![]));
    assert_eq!(patched(&root, &settings), root, "what it says already is not said twice");

    settings.account_mut(&AccountId::new("minimax")).label = "Mini".into();
    settings.account_mut(&AccountId::new("openai")).billing = Billing::RateTier;
    settings.accounts.remove("kimi");
    let written = patched(&root, &settings);
    let expected =
        json!({"billing": {"minimax": "quota_plan"}, "accounts": {"minimax": {"label": "Mini"}, "openai": {}}});
    assert_eq!(written, expected);
    assert_eq!(read(&written), (settings.clone(), vec![]));
    settings.account_mut(&AccountId::new("minimax")).billing = Billing::Local;
    let said = json!({"label": "Mini", "billing": "local"});
    assert_eq!(patched(&written, &settings), json!({"accounts": {"minimax": said, "openai": {}}}));

    let both = json!({"billing": {"x": "local"}, "accounts": {"x": {"billing": "quota_plan"}}});
    assert_eq!(read(&both).0.billing(&AccountId::new("x")), Billing::QuotaPlan);
}

#[test]
fn no_key_is_taken_shown_or_written() {
    let keys = [
        "sk-ant-1",
        "env:sk-ant-1",
        "openclaw:sk-1",
        "env:AIzaSyD4exampleexampleexample12345",
        "openclaw:4f1e2d3c4b5a69788796a5b4c3d2e1f0.Zx9",
        "env:",
        "env:1ST",
        "hunter2",
    ];
    for key in keys {
        let mut root = json!({"accounts": {"zai": {"key": key, "label": "Z"}}});
        let (settings, bad) = read(&root);
        let [told] = &bad[..] else { panic!("{key}: {bad:?}") };
        assert_eq!(told.path, "accounts.zai.key");
        assert!(!told.detail.contains(key.trim_start_matches("env:")) || key == "env:", "{}", told.detail);
        assert_eq!((&settings.accounts["zai"].key, &*settings.accounts["zai"].label), (&KeySource::Gateway, "Z"));
        drop_literal_keys(&mut root);
        assert_eq!(root, json!({"accounts": {"zai": {"label": "Z"}}}), "it does not leave the folder");
    }
    let mut settings = Settings::default();
    settings.account_mut(&AccountId::new("zai")).key = KeySource::Environment("sk-ant-api03-abc".into());
    assert_eq!(patched(&json!({}), &settings), json!({"accounts": {"zai": {}}}), "nor does a key reach the file");
    for key in ["gateway", "keychain", "env:ZAI_API_KEY", "openclaw:zai-coding-plan/2"] {
        let mut root = json!({"accounts": {"zai": {"key": key}}});
        assert_eq!(read(&root).1, vec![], "{key}");
        drop_literal_keys(&mut root);
        assert_eq!(root["accounts"]["zai"]["key"], key);
    }
}

#[test]
fn a_bad_value_of_an_account_or_its_window_costs_only_itself() {
    let root = json!({"accounts": {
        "kimi": {
            "service": "moon", "label": 4, "billing": "barter", "flat_price_usd": {"price": 20}, "region": "mars",
            "undocumented": "yes", "down_until": "soon", "plan": "Allegretto",
            "windows": [
                5, {"label": "Week", "used_percent": 40}, {"label": "5h", "limit": -1, "metric": "sheep"},
                {"span": "total", "used_percent": 140, "seen_at": "2026-11-20T08:00:00Z", "note": "mine"}
            ]
        },
        "opus": []
    }});
    let (settings, bad) = read(&root);
    let paths: Vec<_> = bad.iter().map(|bad| bad.path.strip_prefix("accounts.").unwrap()).collect();
    let expected = [
        "kimi.service",
        "kimi.label",
        "kimi.billing",
        "kimi.flat_price_usd",
        "kimi.region",
        "kimi.undocumented",
        "kimi.down_until",
        "kimi.windows.0",
        "kimi.windows.1.seen_at",
        "kimi.windows.2.metric",
        "kimi.windows.2.limit",
        "kimi.windows.3.used_percent",
        "opus",
    ];
    assert_eq!(paths, expected);
    let kimi = &settings.accounts["kimi"];
    assert_eq!((kimi.plan.as_deref(), kimi.service), (Some("Allegretto"), Service::Kimi));
    let said: Vec<_> = kimi.by_hand.iter().map(|window| (&*window.label, window.span, window.used_percent)).collect();
    assert_eq!(said, [("Week", Span::Weekly, None), ("5h", Span::Hours(5), None), ("total", Span::Endless, None)]);
    assert_eq!(patched(&root, &settings), root, "saving what was read changes nothing");

    let mut settings = settings;
    let kimi = settings.account_mut(&AccountId::new("kimi"));
    kimi.by_hand.remove(0);
    kimi.by_hand[1].used_percent = Some(90.0);
    let windows = &patched(&root, &settings)["accounts"]["kimi"]["windows"];
    assert_eq!((&windows[0], &windows[2]), (&root["accounts"]["kimi"]["windows"][2], &json!(5)), "kept as found");
    assert_eq!((&windows[1]["note"], &windows[1]["used_percent"]), (&json!("mine"), &json!(90)));
}
