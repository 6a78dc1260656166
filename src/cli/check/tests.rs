//! What `check` prints and ends with, of pictures made by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Before, document, exit, reached, shown, text};
use crate::cli::exit::Exit;
use crate::cli::session::Context;
use crate::domain::*;
use crate::engine::{Snapshot, World};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn now() -> Timestamp {
    at("2026-11-23T06:00:00Z")
}

fn before() -> Before {
    Before { at: now(), tokens_spent: 3 }
}

fn vital(health: Health) -> Vital {
    let (since, observed_at) = (Some(at("2026-11-23T04:04:00Z")), Some(at("2026-11-23T05:57:00Z")));
    let breaker = match health {
        Health::LimitHit { resets_at } => Breaker::Open { since: now(), retry_at: resets_at, conclusive: true },
        _ => Breaker::default(),
    };
    Vital { health, breaker, since, observed_at, source: Source::Run, ..Vital::default() }
}

fn said(finding: Finding, account: &ProviderAccount) -> Diagnosis {
    let profile = finding.profile();
    Diagnosis {
        service: account.service,
        provider: account.id.to_string(),
        billing: account.billing,
        state: profile.state,
        temporary: profile.temporary,
        finding,
        reason: profile.reason.to_owned(),
        scope: profile.scope,
        model: None,
        reset_at: None,
        reset_confidence: ResetConfidence::Unknown,
        retry_at: None,
        advice: profile.advice,
        windows: Vec::new(),
        money: None,
        plan: None,
        models: Vec::new(),
        local_models: None,
        http_status: Some(429),
        provider_code: Some("1113".to_owned()),
        quote: Some("余额不足或无可用资源包,请充值。".to_owned()),
    }
}

fn report(account: &str, checked_at: Timestamp, tokens_spent: u64) -> CheckReport {
    let asked = |purpose, cost| Asked {
        purpose,
        url: format!("https://api.{account}.example/v1/models"),
        status: Some(200),
        transport_error: None,
        took: Duration::from_millis(120),
        cost,
        retry_at: None,
    };
    CheckReport {
        account: AccountId::new(account),
        checked_at,
        diagnosis: None,
        proof: Proof::Jobs,
        windows: Vec::new(),
        money: None,
        plan: None,
        quota_trouble: None,
        host_answers: Some(true),
        key_belongs_to: None,
        retry_at: None,
        requests: vec![asked(Purpose::Health, Cost::Free), asked(Purpose::LastResort, Cost::Paid)],
        not_asked: vec![NotAsked { purpose: Purpose::Quota, why: Withheld::SwitchedOff }],
        tokens_spent,
    }
}

/// A gateway that lists a model of each of these accounts, and what is known of them.
struct Scene(Snapshot);

impl Scene {
    fn new(accounts: &[(&str, Health)]) -> Self {
        let mut snapshot = World::new(PathBuf::from("unused"), now()).snapshot(now());
        let ids = accounts.iter().map(|(id, _)| AccountId::new(id));
        snapshot.accounts = Arc::new(ids.map(|id| (id.clone(), ProviderAccount::implied(id))).collect());
        let models = accounts.iter().map(|(id, _)| ModelRef::of(id, "one"));
        let catalog = Catalog { models: models.map(|id| (id.clone(), Model::new(id))).collect(), ..Catalog::default() };
        snapshot.catalog = Arc::new(catalog);
        let known = accounts.iter().map(|(id, health)| (AccountId::new(id), vital(health.clone())));
        snapshot.fleet = Arc::new(Fleet { accounts: known.collect(), ..Fleet::default() });
        Self(snapshot)
    }

    fn fleet(mut self, change: impl FnOnce(&mut Fleet)) -> Self {
        change(Arc::make_mut(&mut self.0.fleet));
        self
    }

    fn looks(mut self, change: impl FnOnce(&mut Looks)) -> Self {
        change(Arc::make_mut(&mut self.0.looks));
        self
    }

    fn account(mut self, id: &str, change: impl FnOnce(&mut ProviderAccount)) -> Self {
        change(Arc::make_mut(&mut self.0.accounts).get_mut(id).expect("is there"));
        self
    }

    fn listed(mut self, change: impl FnOnce(&mut Catalog)) -> Self {
        change(Arc::make_mut(&mut self.0.catalog));
        self
    }

    fn document(self) -> Value {
        serde_json::to_value(document(None, &before(), &Context::of(self.0))).expect("a document")
    }

    fn exit(self) -> Exit {
        exit(&document(None, &before(), &Context::of(self.0)), false)
    }

    fn text(self) -> String {
        let context = Context::of(self.0);
        text::all(&shown(None, &context), now(), 9, &context)
    }
}

fn limit(resets_at: &str) -> Health {
    Health::LimitHit { resets_at: Some(at(resets_at)) }
}

#[test]
fn the_document_says_of_each_account_how_it_stands_and_what_was_asked() {
    let answer = said(Finding::LimitHit, &ProviderAccount::implied(AccountId::new("zai")));
    let answer = Diagnosis { reset_at: Some(at("2026-11-23T18:00:00Z")), ..answer };
    let answer = Diagnosis { reset_confidence: ResetConfidence::Exact, ..answer };
    let window = QuotaWindow {
        resets_at: Some(at("2026-11-23T18:00:00Z")),
        ..QuotaWindow::new("5h", 1.0, now(), Source::UsageStatus)
    };
    let scene = Scene::new(&[("zai", limit("2026-11-23T18:00:00Z")), ("openai", Health::Up)])
        .fleet(|fleet| {
            fleet.accounts.get_mut("zai").expect("is there").said = Some(Arc::new(answer));
            fleet.windows.insert(AccountId::new("zai"), vec![window]);
        })
        .looks(|looks| {
            let look = Look {
                report: Some(Arc::new(report("zai", now(), 9))),
                due_at: Some(at("2026-11-23T18:01:00Z")),
                not_before: None,
                key: KeyState::Ready { ending: "c0de".to_owned() },
            };
            looks.accounts.insert(AccountId::new("zai"), look);
            looks.tokens_spent = 12;
        });
    let found = scene.document();
    assert_eq!(
        (&found["level"], &found["offline"], &found["tokens_spent"]),
        (&json!("healthy"), &json!(false), &json!(9))
    );
    let zai = found["accounts"].as_array().expect("rows").iter().find(|row| row["id"] == "zai").expect("its row");
    for (key, expected) in [
        ("label", json!("Z.ai")),
        ("service", json!("zai")),
        ("billing", json!("quota_plan")),
        ("set_up", json!(true)),
        ("health", json!("quota_exhausted")),
        ("temporary", json!(true)),
        ("reason", json!("quota_limit")),
        ("scope", json!("account")),
        ("reset_at", json!("2026-11-23T18:00:00Z")),
        ("reset_confidence", json!("exact")),
        ("headline", json!("Quota limit hit — resets on 23 Nov 2026 18:00")),
        ("action", json!("wait")),
        ("source", json!("run")),
        ("observed_at", json!("2026-11-23T05:57:00Z")),
        ("breaker", json!("open")),
        ("key", json!("ready")),
        ("tokens_spent", json!(9)),
        ("checked_at", json!("2026-11-23T06:00:00Z")),
        ("next_check_at", json!("2026-11-23T18:01:00Z")),
        ("provider_code", json!("1113")),
    ] {
        assert_eq!(zai[key], expected, "{key}");
    }
    let window = &zai["windows"][0];
    for (key, expected) in [
        ("id", json!("5h")),
        ("used_percent", json!(100.0)),
        ("scope", json!("account")),
        ("source", json!("usage_status")),
        ("stale", json!(false)),
    ] {
        assert_eq!(window[key], expected, "{key}");
    }
    let asked = zai["asked"].as_array().expect("what was asked");
    let costs: Vec<_> = asked.iter().map(|asked| (&asked["purpose"], &asked["ms"], &asked["tokens"])).collect();
    assert_eq!(costs, [(&json!("health"), &json!(120), &json!(0)), (&json!("last_resort"), &json!(120), &json!(9))]);
    assert_eq!(zai["not_asked"], json!([{ "purpose": "quota", "why": "switched_off", "until": null }]));
    assert!(!found.to_string().contains("c0de"), "nothing of a key is shown");
}

#[test]
fn what_an_earlier_look_asked_was_not_asked_now() {
    let earlier = report("kimi", at("2026-11-23T05:00:00Z"), 9);
    let look =
        Look { report: Some(Arc::new(earlier)), not_before: Some(at("2026-11-23T06:05:00Z")), ..Look::default() };
    let scene = Scene::new(&[("kimi", Health::Up)]).looks(|looks| {
        looks.accounts.insert(AccountId::new("kimi"), look);
    });
    let kimi = &scene.document()["accounts"][0];
    assert_eq!((&kimi["asked"], &kimi["tokens_spent"]), (&json!([]), &json!(0)));
    assert_eq!(
        (&kimi["checked_at"], &kimi["not_before"]),
        (&json!("2026-11-23T05:00:00Z"), &json!("2026-11-23T06:05:00Z"))
    );
}

#[test]
fn no_money_is_said_of_an_account_that_is_not_prepaid() {
    let money = MoneyRead {
        money: Money { available: Some(0.0), currency: Some("CNY".to_owned()), extra_usage_left: None },
        observed_at: now(),
        source: Source::Probe,
    };
    let scene = || {
        Scene::new(&[("zai", Health::OutOfBalance), ("minimax", Health::OutOfBalance)]).fleet(|fleet| {
            for id in ["zai", "minimax"] {
                fleet.money.insert(AccountId::new(id), money.clone());
            }
        })
    };
    let found = scene().document();
    let health: Vec<_> = found["accounts"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["id"], &row["health"], &row["action"]))
        .collect();
    assert_eq!(
        health,
        [
            (&json!("minimax"), &json!("balance_empty"), &json!("top_up")),
            (&json!("zai"), &json!("quota_exhausted"), &json!("open_dashboard"))
        ]
    );
    let said = scene().text();
    let of = |label: &str| -> String {
        said.lines().filter(|line| line.starts_with(label)).map(|line| line.to_lowercase() + "\n").collect()
    };
    assert!(of("MiniMax").contains("balance 0.00 cny"), "{said}");
    for word in ["balance", "credit", "top up", "cny"] {
        assert!(!of("Z.ai").contains(word), "{word}: {said}");
    }
}

#[test]
fn a_model_that_is_worse_off_than_its_account_has_a_row_of_its_own() {
    let [flash, pro, fine] = ["one", "pro", "fine"].map(|id| ModelRef::of("google", id));
    let covers = |model: &ModelRef| ModelScope::Models(vec![model.clone()]);
    let window = |model, used, span, resets_at: &str| QuotaWindow {
        covers: covers(model),
        span: Some(span),
        resets_at: Some(at(resets_at)),
        ..QuotaWindow::new("Day", used, now(), Source::Probe)
    };
    let scene = Scene::new(&[("google", Health::Up)])
        .listed(|catalog| {
            for id in [&pro, &ModelRef::of("google", "retired"), &fine] {
                catalog.models.insert(id.clone(), Model::new(id.clone()));
            }
        })
        .fleet(|fleet| {
            let windows = vec![
                window(&pro, 1.0, Span::Daily, "2026-11-24T08:00:00Z"),
                window(&flash, 1.0, Span::Minute, "2026-11-23T06:01:00Z"),
                window(&fine, 0.9, Span::Daily, "2026-11-24T08:00:00Z"),
            ];
            fleet.windows.insert(AccountId::new("google"), windows);
            fleet.models.insert(ModelRef::of("google", "retired"), vital(Health::Unreachable));
        });
    let google = &scene.document()["accounts"][0];
    assert_eq!(google["health"], "up");
    let models: Vec<_> = google["models"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["model"], &row["health"], &row["reset_at"]))
        .collect();
    assert_eq!(
        models,
        [
            (&json!("google/one"), &json!("rate_limited"), &json!("2026-11-23T06:01:00Z")),
            (&json!("google/pro"), &json!("quota_exhausted"), &json!("2026-11-24T08:00:00Z")),
            (&json!("google/retired"), &json!("down"), &Value::Null),
        ]
    );
}

#[test]
fn a_limit_that_only_a_window_explains_is_of_its_kind() {
    let minute = QuotaWindow {
        resets_at: Some(at("2026-11-23T06:01:00Z")),
        reset_confidence: ResetConfidence::Exact,
        ..QuotaWindow::new("Per minute", 1.0, now(), Source::UsageStatus)
    };
    let daily = QuotaWindow {
        resets_at: Some(at("2026-11-24T08:00:00Z")),
        reset_confidence: ResetConfidence::Exact,
        ..QuotaWindow::new("Daily", 1.0, now(), Source::UsageStatus)
    };
    for (window, expected) in [(minute, "rate_limited"), (daily, "quota_exhausted")] {
        let health = Health::LimitHit { resets_at: window.resets_at };
        let scene = Scene::new(&[("google", health)]).fleet(|fleet| {
            fleet.windows.insert(AccountId::new("google"), vec![window]);
        });
        let google = &scene.document()["accounts"][0];
        assert_eq!((&google["health"], &google["reset_confidence"]), (&json!(expected), &json!("exact")), "{google:#}");
    }
}

#[test]
fn where_nobody_can_be_reached_nothing_was_checked_and_nobody_is_called_down() {
    let context = |offline| {
        let scene = Scene::new(&[("kimi", Health::Up)]).looks(|looks| looks.offline_since = offline);
        Context::of(scene.0)
    };
    let offline = context(Some(at("2026-11-23T05:50:00Z")));
    let found = document(None, &before(), &offline);
    assert_eq!((found.offline, found.accounts[0].health), (true, "up"));
    let failure = reached(&offline).expect_err("is a failure of the check");
    assert_eq!((failure.exit, failure.what.lines().count()), (Exit::NotConnected, 1), "{}", failure.what);
    let online = context(None);
    assert!(reached(&online).is_ok());
}

#[test]
fn a_question_that_the_gateway_put_is_told_of() {
    let scene = Scene::new(&[("kimi", Health::Up)]).fleet(|fleet| {
        let kimi = fleet.accounts.get_mut("kimi").expect("is there");
        (kimi.source, kimi.observed_at) = (Source::GatewayProbe, Some(at("2026-11-23T06:00:02Z")));
    });
    let asked = scene.document()["accounts"][0]["asked"].clone();
    assert_eq!((asked.as_array().map(Vec::len), &asked[0]["purpose"]), (Some(1), &json!("gateway_probe")));
}

#[test]
fn a_script_learns_whether_all_that_is_set_up_serves() {
    let aside = |account: &mut ProviderAccount| account.set_aside_until = Some(at("2026-11-30T00:00:00Z"));
    let by_hand = |account: &mut ProviderAccount| account.down_until = Some(at("2026-11-30T00:00:00Z"));
    let cases = [
        (Scene::new(&[("kimi", Health::Up), ("zai", Health::Strained)]), Exit::Done, "all serve"),
        (Scene::new(&[("kimi", Health::Up), ("zai", limit("2026-11-23T18:00:00Z"))]), Exit::Passing, "a limit passes"),
        (
            Scene::new(&[("kimi", limit("2026-11-23T18:00:00Z")), ("minimax", Health::OutOfBalance)]),
            Exit::NeedsPerson,
            "what a person must mend goes first",
        ),
        (Scene::new(&[("kimi", Health::Up), ("openai", Health::RefusedKey)]), Exit::NeedsPerson, "a key"),
        (Scene::new(&[("kimi", Health::Up), ("openai", Health::Unknown)]), Exit::NotTold, "unknown is no proof"),
        (
            Scene::new(&[("kimi", Health::Unknown), ("openai", Health::Overloaded)]),
            Exit::Passing,
            "what fails tells more than what is unknown",
        ),
        (
            Scene::new(&[("kimi", Health::Up), ("openai", Health::RefusedKey)]).account("openai", aside),
            Exit::Done,
            "set aside is never counted",
        ),
        (Scene::new(&[("kimi", Health::Up)]).account("kimi", by_hand), Exit::Passing, "down by hand ends by itself"),
        (
            Scene::new(&[("kimi", Health::Up), ("openai", Health::RefusedKey)])
                .listed(|catalog| catalog.models.retain(|id, _| id.provider() != "openai")),
            Exit::Done,
            "not set up is not counted",
        ),
        (Scene::new(&[]), Exit::NotTold, "nothing set up is no good news"),
        (
            Scene::new(&[("google", Health::Up)]).fleet(|fleet| {
                fleet.models.insert(ModelRef::of("google", "one"), vital(limit("2026-11-24T08:00:00Z")));
            }),
            Exit::Passing,
            "a model of it does not serve",
        ),
    ];
    for (scene, expected, why) in cases {
        assert_eq!(scene.exit(), expected, "{why}");
    }
    let gone = Scene::new(&[("openai", Health::RefusedKey)]).listed(|catalog| catalog.models.clear());
    let named = document(Some(&AccountId::new("openai")), &before(), &Context::of(gone.0));
    assert_eq!(exit(&named, true), Exit::NeedsPerson, "an account that was named counts, set up or not");
}

#[test]
fn the_table_lines_up_and_ends_with_the_level() {
    let window = QuotaWindow {
        resets_at: Some(at("2026-11-23T18:00:00Z")),
        ..QuotaWindow::new("5h", 0.63, now(), Source::UsageStatus)
    };
    let said = Scene::new(&[("kimi", Health::Up), ("zai", limit("2026-11-24T09:00:00Z")), ("xai", Health::Unknown)])
        .fleet(|fleet| {
            fleet.windows.insert(AccountId::new("kimi"), vec![window]);
        })
        .looks(|looks| {
            let look = Look { report: Some(Arc::new(report("kimi", now(), 9))), ..Look::default() };
            looks.accounts.insert(AccountId::new("kimi"), look);
        })
        .text();
    let expected = "\
Kimi  Serves                                   5h 63%  18:00, in 12 h          from runs, 3 min ago  2 questions, 9 tokens
xAI   Not tested yet                                                           from runs, 3 min ago  nothing
Z.ai  Quota limit hit — resets tomorrow 09:00          tomorrow 09:00, in 1 d  from runs, 3 min ago  nothing

Z.ai: Next try at tomorrow 09:00 by itself, in 1 d

Healthy · No provider is down
This check cost 9 tokens
";
    assert_eq!(said, expected);
}

#[test]
fn one_account_says_all_there_is_to_say() {
    let window = QuotaWindow {
        resets_at: Some(at("2026-11-23T18:00:00Z")),
        ..QuotaWindow::new("5h", 1.0, at("2026-11-23T05:00:00Z"), Source::Page)
    };
    let scene = Scene::new(&[("kimi", limit("2026-11-23T18:00:00Z"))])
        .fleet(|fleet| {
            fleet.windows.insert(AccountId::new("kimi"), vec![window]);
        })
        .looks(|looks| {
            let look = Look { report: Some(Arc::new(report("kimi", now(), 9))), ..Look::default() };
            looks.accounts.insert(AccountId::new("kimi"), look);
        });
    let context = Context::of(scene.0);
    let said = text::one(&shown(None, &context)[0], now(), &context);
    for line in [
        "Kimi · kimi · plan with windows",
        "Quota limit hit — resets today 18:00",
        "Last evidence: from runs, 3 min ago",
        "  5h 100% used, resets about 18:00, in 12 h · read off its page, 1 h ago, old",
        "Asked whether jobs can run: answered 200 in 0.1 s, free",
        "Not asked how much of the quota is used: its endpoint is undocumented, and those are switched off",
        "About 9 tokens were spent",
        "Healthy · No provider is down",
    ] {
        assert!(said.lines().any(|found| found == line), "{line}\n{said}");
    }
}
