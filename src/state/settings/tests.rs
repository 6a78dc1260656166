//! Every value read on its own, and only differences written.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::domain::{
    AccountId, Automation, Chain, ModelFacts, ModelRef, Price, Route, RouteKey, Settings, Tier, Usd, VendorId,
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
    settings.thresholds.crisis_vendors = 3;
    settings.thresholds.settle = SignedDuration::from_secs(90);
    settings.thresholds.strained_ratio = 0.28;
    settings.thresholds.proof_lasts = SignedDuration::from_hours(6);
    settings.automation = Automation { level: AutomationLevel::ActWithinLimits, max_ratio: 0.07, max_crons: 5 };
    settings.window.theme = ThemeChoice::Dark;
    settings.window.compact_cards = true;
    settings
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
        "thresholds": {"settle_minutes": "ten", "crisis_vendors": 3, "strained_percent": 180},
        "automation": [],
        "window": {"theme": "dark", "compact_cards": 1}
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
        "thresholds.settle_minutes",
        "thresholds.strained_percent",
        "automation",
        "window.compact_cards",
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
    for key in ["routes", "chains", "prices", "cost_guard_usd", "billing", "thresholds", "automation", "window"] {
        for shape in &shapes {
            let root: Value = json!({ key: shape });
            let (settings, _) = read(&root);
            assert_eq!(patched(&root, &settings), root, "{root}");
            assert_eq!(read(&patched(&root, &unusual())).0, unusual(), "a change finds its place in {root}");
        }
    }
}
