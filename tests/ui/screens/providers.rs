//! Providers: how each account stands, what can be done with it, and adding one.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, SettingsChange, Snapshot};
use model_orchestrator::ui::action::{Action, Screen};
use model_orchestrator::ui::screens::providers::Providers;

use super::accounts::{account, change_account, change_look, failing, found, id, report, round, seven, vital};
use super::scene::{FLASH, Scene, minutes, model, now};
use super::{
    NARROW, Stage, WIDE, change, changes, control, fits, key, long_name, read_out, says, settle, stage, told, write,
};

const TALL: [f32; 2] = [1104.0, 1500.0];

/// A dialog finds its place in the frames after the one in which it opens.
fn click(harness: &mut Harness<'_, Stage<Providers>>, label: &str) {
    control(harness, label).click();
    settle(harness);
    settle(harness);
}

fn open(scene: Scene, size: [f32; 2]) -> Harness<'static, Stage<Providers>> {
    stage(Providers::default(), Providers::ui, scene, size)
}

fn put(harness: &Harness<'_, Stage<Providers>>) -> Vec<ProviderAccount> {
    let put = |change| match change {
        SettingsChange::PutAccount(account) => Some(*account),
        _ => None,
    };
    changes(harness).into_iter().filter_map(put).collect()
}

/// The focus is on the card of that account.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method alone is not general enough in its lifetime")]
fn stands_on(harness: &Harness<'_, Stage<Providers>>, name: &str) -> bool {
    harness
        .get_all_by(|node| node.is_focused())
        .any(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(name)))
}

/// Puts the keyboard on the first card.
fn arrive(harness: &mut Harness<'_, Stage<Providers>>) {
    harness.state_mut().view.take_focus();
    settle(harness);
}

#[test]
fn every_account_says_how_it_stands_and_what_comes_next() {
    let screen = open(seven(), TALL);
    let cards = [
        "Claude, Up. Serves Opus",
        "DeepSeek, Up. Serves",
        "Google Gemini, Strained. Serves, but 85% of “requests daily, gemini-3-flash” is used",
        "Kimi, Strained. Serves, but 93% of “weekly” is used",
        "MiniMax, Out of credits. Balance empty — MiniMax API credits need a top-up. Top up, or move its crons for good",
        "Z.ai GLM, Limit hit. Quota limit hit — resets on 23 Nov 2026 09:00. Next try at 09:01 by itself, in 2 h",
        "OpenAI, Not set up. The gateway lists no model of this account. It is skipped, and not counted as down",
    ];
    for card in cards {
        assert!(says(&screen, card), "{card}: {:?}", read_out(&screen));
    }
    for said in [
        "7 accounts, 2 down, 1 not set up",
        "weekly: 93% used, resets 19:00, in 12 h. Kimi, 1 min ago",
        "requests daily, gemini-3-flash: 85% used: 213 of 250 requests, resets about tomorrow 09:00, in 1 d",
        "gemini-3-pro: Rate limited — temporary, resets at 07:01:00",
        "Balance 12.30 USD · DeepSeek, 3 min ago",
        "Max plan, $100 a month · The gateway has its key",
        "paid by the token: Flash 3 $0.50 in, $3 out",
        "Key …9f3c from the environment variable DEEPSEEK_API_KEY",
        "checked 1 min ago, next in 4 min",
    ] {
        assert!(says(&screen, said), "{said}: {:?}", read_out(&screen));
    }
}

#[test]
fn no_word_of_money_stands_on_the_card_of_a_plan_and_the_providers_own_are_quoted_in_the_details_alone() {
    let mut screen = open(seven(), TALL);
    let of_zai = |said: &String| said.contains("Z.ai") || said.contains("余额不足");
    for said in read_out(&screen).into_iter().filter(of_zai) {
        for money in ["余额", "balance", "Balance", "credit", "top up", "recharge"] {
            assert!(!said.contains(money), "{said}");
        }
    }
    click(&mut screen, "More for Z.ai GLM");
    click(&mut screen, "Details");
    assert!(says(&screen, "“余额不足或无可用资源包,请充值。”"));
    assert!(says(&screen, "In the provider's own words (HTTP 429, 1113), which are not ours"));
    assert!(says(&screen, "Asked whether jobs can run: answered 200 in 0.4 s, free"));
    assert!(says(&screen, "Not asked a job of one token: it costs tokens, and nobody allowed that"));
}

#[test]
fn a_check_is_asked_for_by_button_and_by_key_and_rests_while_it_must() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "Check MiniMax");
    arrive(&mut screen);
    key(&mut screen, Key::C);
    click(&mut screen, "Check all now");
    let asked: Vec<_> = told(&screen)
        .into_iter()
        .map(|command| match command {
            Command::Check { accounts } => accounts,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, [Some(vec![id("minimax")]), Some(vec![id("anthropic")]), None]);

    change(&mut screen, |snapshot| {
        Arc::make_mut(&mut snapshot.looks).round = Some(round(&["anthropic", "kimi", "zai"], &["anthropic"]));
        change_look(snapshot, "minimax", |look| look.not_before = Some(now() + minutes(7)));
    });
    assert!(says(&screen, "2 of 3 answered"));
    for resting in ["Check MiniMax", "Check Claude"] {
        assert!(control(&screen, resting).accesskit_node().is_disabled(), "{resting}");
        control(&screen, resting).click();
        settle(&mut screen);
    }
    key(&mut screen, Key::C);
    assert_eq!(told(&screen).len(), 3, "nobody is asked again before");
    assert!(!control(&screen, "Check Kimi").accesskit_node().is_disabled(), "its answer is in");
}

#[test]
fn the_keyboard_walks_the_cards_and_opens_their_menu() {
    let mut screen = open(seven(), WIDE);
    arrive(&mut screen);
    let walk = [
        (Key::ArrowRight, "DeepSeek"),
        (Key::ArrowDown, "MiniMax"),
        (Key::ArrowLeft, "Kimi"),
        (Key::End, "OpenAI"),
        (Key::ArrowDown, "OpenAI"),
        (Key::Home, "Claude"),
    ];
    for (pressed, name) in walk {
        key(&mut screen, pressed);
        assert!(stands_on(&screen, name), "{pressed:?} leads to {name}");
    }
    key(&mut screen, Key::Enter);
    key(&mut screen, Key::Enter);
    assert!(says(&screen, "Claude subscription"), "the first item is the details: {:?}", read_out(&screen));
}

#[test]
fn an_account_is_treated_as_down_or_set_aside_and_no_longer() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "More for Kimi");
    click(&mut screen, "Treat as down until…");
    assert!(told(&screen).is_empty(), "it is asked how long first");
    click(&mut screen, "For one hour, until today 08:00");
    click(&mut screen, "More for Z.ai GLM");
    click(&mut screen, "Set aside until…");
    click(&mut screen, "To its reset, until today 09:00");
    click(&mut screen, "More for MiniMax");
    click(&mut screen, "Set aside until…");
    write(&mut screen, "Until when", "2026-12-24 08:00");
    click(&mut screen, "Until then");
    let put = put(&screen);
    let said: Vec<_> =
        put.iter().map(|account| (account.id.as_str(), account.down_until, account.set_aside_until)).collect();
    assert_eq!(
        said,
        [
            ("kimi", Some(now() + minutes(60)), None),
            ("zai", None, Some(now() + minutes(120))),
            ("minimax", None, Some(super::accounts::at("2026-12-24T07:00:00Z"))),
        ]
    );

    change(&mut screen, |snapshot| {
        change_account(snapshot, "kimi", |kimi| kimi.down_until = Some(now() + minutes(60)));
    });
    assert!(says(&screen, "Kimi, Down by hand. Treated as down until today 08:00"));
    click(&mut screen, "More for Kimi");
    click(&mut screen, "No longer treat as down (until 08:00)");
    assert_eq!(self::put(&screen).last().map(|kimi| kimi.down_until), Some(None));
}

#[test]
fn a_dashboard_opens_in_the_browser() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "Dashboard of MiniMax");
    let Some(Action::Browse(url)) = screen.state().wishes.first() else { panic!("{:?}", screen.state().wishes) };
    assert_eq!(url, "https://platform.minimax.io/user-center/payment/balance");
}

#[test]
fn an_account_is_added_in_three_steps_and_its_key_goes_to_the_keychain_alone() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "Add account…");
    write(&mut screen, "Search services", "openr");
    control(&screen, "OpenRouter").click();
    settle(&mut screen);
    click(&mut screen, "Next");
    click(&mut screen, "The keychain");
    write(&mut screen, "Key", "sk-or-very-secret");
    click(&mut screen, "Next");
    assert!(says(&screen, "Save without a test"));
    click(&mut screen, "Test now");
    let [Command::TestAccount { account: tested, key }] = &told(&screen)[..] else { panic!("{:?}", told(&screen)) };
    assert_eq!((tested.service, &tested.key), (Service::OpenRouter, &KeySource::Keychain));
    assert_eq!(key.as_ref().map(Secret::reveal), Some("sk-or-very-secret"));

    change(&mut screen, |snapshot| {
        let account = account("openrouter", Service::OpenRouter, "OpenRouter");
        let mut report = report(&account, Some(found(&account, Finding::InvalidKey)), 0);
        report.tokens_spent = 0;
        let key = KeyState::Ready { ending: "cret".to_owned() };
        Arc::make_mut(&mut snapshot.looks).test = Some(AccountTest::Done { report: Arc::new(report), key });
    });
    for said in ["It does not work yet", "Key rejected by OpenRouter — check the API key", "No tokens were spent"] {
        assert!(says(&screen, said), "{said}");
    }
    click(&mut screen, "Save all the same");
    let rest = &told(&screen)[1..];
    let [Command::Settings(SettingsChange::PutAccount(saved)), Command::KeepKey { account, key }, Command::DismissTest] =
        rest
    else {
        panic!("{rest:?}");
    };
    assert_eq!((saved.id.as_str(), account.as_str()), ("openrouter", "openrouter"));
    assert_eq!(key.as_ref().map(Secret::reveal), Some("sk-or-very-secret"));
    let everything = format!("{:?} {:?}", screen.state().wishes, screen.state().view);
    assert!(!everything.contains("very-secret"));
    assert!(!says(&screen, "very-secret"));
}

#[test]
fn a_good_test_says_so_until_something_is_changed() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "More for DeepSeek");
    click(&mut screen, "Edit account…");
    click(&mut screen, "3 Test");
    click(&mut screen, "Test now");
    assert!(says(&screen, "Asking…"));
    change(&mut screen, |snapshot| {
        let deepseek = snapshot.accounts["deepseek"].clone();
        let report = report(&deepseek, Some(found(&deepseek, Finding::Serves)), 0);
        let done = AccountTest::Done { report: Arc::new(report), key: KeyState::OfGateway };
        Arc::make_mut(&mut snapshot.looks).test = Some(done);
    });
    assert!(says(&screen, "It works"));
    click(&mut screen, "2 Key and plan");
    write(&mut screen, "Plan", "Trial");
    click(&mut screen, "3 Test");
    assert!(says(&screen, "Changed since the test"), "{:?}", read_out(&screen));
    click(&mut screen, "Save all the same");
    assert_eq!(put(&screen).last().and_then(|deepseek| deepseek.plan.clone()).as_deref(), Some("Trial"));
}

#[test]
fn what_is_not_documented_is_asked_only_when_somebody_says_so() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "More for Claude");
    click(&mut screen, "Edit account…");
    assert!(says(&screen, "It may change or refuse at any time"));
    click(&mut screen, "Ask endpoints that are not documented");
    click(&mut screen, "Save");
    assert_eq!(put(&screen).last().map(|claude| claude.undocumented), Some(Undocumented::On));
    click(&mut screen, "More for Kimi");
    click(&mut screen, "Edit account…");
    assert!(!says(&screen, "It may change or refuse at any time"), "its endpoints are documented");
}

#[test]
fn a_limit_is_written_down_by_hand() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "More for OpenAI");
    click(&mut screen, "Edit account…");
    click(&mut screen, "Add a limit");
    write(&mut screen, "Size of limit 1", "500");
    write(&mut screen, "Percent used of limit 1", "lots");
    assert!(says(&screen, "weekly: what is used is a number"));
    assert!(control(&screen, "Save").accesskit_node().is_disabled());
    control(&screen, "Percent used of limit 1").focus();
    screen.key_press_modifiers(Modifiers::COMMAND, Key::A);
    settle(&mut screen);
    write(&mut screen, "Percent used of limit 1", "40");
    click(&mut screen, "Save");
    let limits = put(&screen).last().map(|openai| openai.by_hand.clone()).expect("it was saved");
    let [limit] = limits.as_slice() else { panic!("{limits:?}") };
    assert_eq!((limit.limit, limit.used_percent, limit.span), (Some(500.0), Some(40.0), Span::Weekly));
}

#[test]
fn a_pasted_page_is_shown_as_it_was_read_and_kept_when_somebody_says_so() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "More for Kimi");
    click(&mut screen, "Paste what the dashboard says…");
    assert!(control(&screen, "Use these numbers").accesskit_node().is_disabled());
    write(&mut screen, "What the page says", "Nothing of use");
    assert!(says(&screen, "Nothing here looks like a quota"), "{:?}", read_out(&screen));
    write(&mut screen, "What the page says", "\nWeekly limit 64% used, resets in 3 days");
    assert!(says(&screen, "weekly 64% used, resets on 26 Nov 2026"), "{:?}", read_out(&screen));
    assert!(told(&screen).is_empty(), "nothing is kept by reading");
    click(&mut screen, "Use these numbers");
    let [Command::KeepReading { account, reading }] = &told(&screen)[..] else { panic!("{:?}", told(&screen)) };
    assert_eq!((account.as_str(), reading.windows[0].used_percent), ("kimi", Some(64.0)));
    assert!(!says(&screen, "Use these numbers"), "it is closed");
}

#[test]
fn failing_crons_stand_below_each_with_the_way_to_what_mends_it() {
    let scene = seven().with(|snapshot| {
        let planned = Planned::Moves { to: Some(model(FLASH)) };
        let mut refused = failing("invoice", TriageKind::Auth, Some("kimi"), Planned::Nothing { why: None });
        refused.said = Some(Arc::new(found(&snapshot.accounts["kimi"], Finding::InvalidKey)));
        snapshot.triage = Arc::new(vec![refused, failing("heartbeat", TriageKind::Limit, Some("minimax"), planned)]);
    });
    let mut screen = open(scene, TALL);
    assert!(says(&screen, "Failing crons: 2") && says(&screen, "Key rejected by Kimi — check the API key"));
    click(&mut screen, "Open Invoice chaser");
    click(&mut screen, "See the plan: Heartbeat ping");
    let wishes = &screen.state().wishes;
    assert!(
        matches!(&wishes[..], [Action::Open(cron), Action::Go(Screen::Plan)] if cron.as_str() == "invoice"),
        "{wishes:?}"
    );
    click(&mut screen, "Edit account…: Invoice chaser");
    assert!(says(&screen, "Edit Kimi"));
    key(&mut screen, Key::Escape);
    click(&mut screen, "Failing crons: 2");
    assert!(!says(&screen, "Open Invoice chaser"), "it is folded");
    assert!(!says(&open(seven(), TALL), "Failing crons"), "nothing is said while nothing fails");
}

#[test]
fn a_temporary_model_is_added_changed_and_removed() {
    let trial = TemporaryModel {
        id: "trial".to_owned(),
        model: Some(model(FLASH)),
        is_standby: false,
        tiers: vec![Tier::T1],
        expires_at: Some(now() + minutes(60 * 30)),
    };
    let kept = trial.clone();
    let mut screen = open(seven().with(move |snapshot| snapshot.temporary = Arc::new(vec![kept])), TALL);
    assert!(
        says(&screen, "Flash 3 · trial") && says(&screen, "goes tomorrow 13:00, in 1 d"),
        "{:?}",
        read_out(&screen)
    );
    click(&mut screen, "Add a model for a while…");
    click(&mut screen, "Temporary model");
    write(&mut screen, "Search models", "glm");
    click(&mut screen, "zai/glm-5.1");
    assert!(control(&screen, "Add it").accesskit_node().is_disabled(), "no tier yet");
    click(&mut screen, "T2");
    click(&mut screen, "Add it");
    click(&mut screen, "Change trial");
    click(&mut screen, "Standby: listed, and never chosen by itself");
    click(&mut screen, "Save");
    click(&mut screen, "Remove trial");
    let told = told(&screen);
    let [
        Command::PutTemporary { id: new, model: Some(added) },
        Command::PutTemporary { model: Some(changed), .. },
        Command::PutTemporary { id: gone, model: None },
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(
        (new.as_str(), added.model.clone(), &added.tiers),
        ("glm-5.1", Some(model("zai/glm-5.1")), &vec![Tier::T2])
    );
    assert_eq!(*changed, TemporaryModel { is_standby: true, ..trial });
    assert_eq!(gone, "trial");
}

#[test]
fn an_account_is_forgotten_after_a_question_and_its_key_with_it() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "More for Kimi");
    click(&mut screen, "Forget this account…");
    assert!(told(&screen).is_empty());
    click(&mut screen, "Forget it");
    let told = told(&screen);
    assert!(
        matches!(
            &told[..],
            [Command::KeepKey { key: None, .. }, Command::Settings(SettingsChange::RemoveAccount { id })] if id.as_str() == "kimi"
        ),
        "{told:?}"
    );
}

#[test]
fn how_often_is_a_setting_behind_the_next_check() {
    let mut screen = open(seven(), TALL);
    click(&mut screen, "How often: next check in 4 min");
    click(&mut screen, "Every 30 minutes");
    let every = changes(&screen).into_iter().find_map(|change| match change {
        SettingsChange::SetChecks(checks) => Some(checks.every),
        _ => None,
    });
    assert_eq!(every, Some(minutes(30)));
}

#[test]
fn a_demo_provider_can_be_let_fail_where_its_card_is() {
    let mut screen = open(seven().with(|snapshot| snapshot.demo = true), TALL);
    click(&mut screen, "More for Kimi");
    click(&mut screen, "Demo: let it fail");
    click(&mut screen, "Quota limit hit");
    let told = told(&screen);
    assert!(
        matches!(&told[..], [Command::DemoOutage { provider, outage: DemoOutage::QuotaExhausted }] if provider == "kimi"),
        "{told:?}"
    );
}

#[test]
fn a_window_that_only_looks_changes_nothing() {
    let held = |snapshot: &mut Snapshot| {
        let folder = snapshot.folder.as_mut().expect("a folder");
        folder.held_by = Some("model-orchestrator on home-mini".to_owned());
    };
    let mut screen = open(seven().with(held), TALL);
    assert!(control(&screen, "Add account…").accesskit_node().is_disabled());
    assert!(control(&screen, "Add a model for a while…").accesskit_node().is_disabled());
    click(&mut screen, "More for Kimi");
    for item in ["Edit account…", "Paste what the dashboard says…", "Treat as down until…", "Forget this account…"]
    {
        assert!(control(&screen, item).accesskit_node().is_disabled(), "{item}");
    }
    assert!(!control(&screen, "Details").accesskit_node().is_disabled());
}

#[test]
fn without_accounts_it_says_why_and_what_to_do() {
    let loading = open(Scene::new().with(|snapshot| snapshot.crons_as_of = None), WIDE);
    assert!(says(&loading, "Reading the gateway…"));
    let mut empty = open(Scene::new(), WIDE);
    assert!(says(&empty, "No accounts yet"));
    click(&mut empty, "Add an account…");
    assert!(says(&empty, "Choose the service that this account belongs to"));
}

#[test]
fn everything_has_room_at_1024_by_700_whatever_things_are_called() {
    let scene = seven().with(|snapshot| {
        change_account(snapshot, "anthropic", |claude| claude.label = long_name());
    });
    let screen = open(scene, NARROW);
    fits(&screen, NARROW, &["Add account…", "Check all now", "Check DeepSeek", "Dashboard of DeepSeek"]);
    for name in [long_name().trim(), "DeepSeek"] {
        let more = control(&screen, &format!("More for {name}")).rect();
        assert!(more.left() > 0.0 && more.right() < NARROW[0], "{name}: {more:?}");
    }
}

#[test]
fn what_was_read_long_ago_looks_and_reads_old() {
    let mut screen = open(seven(), TALL);
    change(&mut screen, |snapshot| snapshot.at = now() + minutes(70));
    assert!(says(&screen, "rolled over today 08:00, use since then not known"), "{:?}", read_out(&screen));
    assert!(says(&screen, "Kimi, 1 h ago, old"));
    assert!(!says(&screen, "gemini-3-pro: Rate limited"), "that limit has passed");
}

#[test]
fn what_a_check_with_our_own_key_found_is_told_apart_from_how_jobs_run() {
    let scene = seven().with(|snapshot| {
        let kimi = snapshot.accounts["kimi"].clone();
        let refused = report(&kimi, Some(found(&kimi, Finding::InvalidKey)), 1);
        change_look(snapshot, "kimi", |look| look.report = Some(Arc::new(refused)));
        let fleet = Arc::make_mut(&mut snapshot.fleet);
        fleet.accounts.insert(id("kimi"), vital(found(&kimi, Finding::Serves)));
    });
    let screen = open(scene, TALL);
    assert!(says(&screen, "Kimi, Up"), "runs with the gateway's key serve");
    assert!(says(&screen, "With the key here: Key rejected by Kimi — check the API key"));
}
