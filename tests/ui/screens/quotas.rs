//! Quotas and resets: what is claimed of each window, as a timeline and as a table, by pointer and by keyboard.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Pos2, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, Foresight, SettingsChange, Snapshot};
use model_orchestrator::ui::action::{Action, Pick, Screen};
use model_orchestrator::ui::screens::quotas::Quotas;

use super::scene::{FLASH, KIMI, Scene, minutes, model, now};
use super::{NARROW, Stage, WIDE, click, control, fits, key, read_out, says, settle, stage, told};

/// The screen with what is foreseen of its scene.
struct Scenery {
    quotas: Quotas,
    outlook: Option<Outlook>,
}

fn draw(view: &mut Scenery, ui: &mut Ui, snapshot: &Snapshot, zone: &TimeZone) -> Vec<Action> {
    view.quotas.ui(ui, snapshot, view.outlook.as_ref(), zone)
}

fn open(forecast: Option<Forecast>, size: [f32; 2]) -> Harness<'static, Stage<Scenery>> {
    advised(
        forecast.map(|forecast| Outlook {
            forecast,
            advice: Vec::new(),
            costs: costs(),
            overloads: Vec::new(),
            planned: Vec::new(),
        }),
        size,
    )
}

fn advised(outlook: Option<Outlook>, size: [f32; 2]) -> Harness<'static, Stage<Scenery>> {
    stage(Scenery { quotas: Quotas::default(), outlook }, draw, scene(), size)
}

/// Google and Kimi have windows, MiniMax has money.
fn scene() -> Scene {
    Scene::new().with(|snapshot| {
        let accounts = ["google", "kimi", "minimax"].map(AccountId::new);
        let implied = accounts.map(|id| (id.clone(), ProviderAccount::implied(id)));
        snapshot.accounts = Arc::new(implied.into());
        let minimax = Arc::make_mut(&mut snapshot.accounts).get_mut("minimax").expect("it is there");
        minimax.billing = Billing::PrepaidCredits;
    })
}

fn point(hours: i64, low: f64, likely: f64, high: f64) -> BandPoint {
    BandPoint { at: now() + minutes(60 * hours), low, likely, high }
}

fn window(account: &str, label: &str, used_ratio: f64, hours_left: i64, claim: Claim) -> WindowForecast {
    WindowForecast {
        account: account.into(),
        label: label.to_owned(),
        span: None,
        metric: None,
        covers: ModelScope::All,
        used_ratio,
        observed_at: now() - minutes(2),
        source: Source::UsageStatus,
        resets_at: Some(now() + minutes(60 * hours_left)),
        started_at: Some(now() - minutes(60 * 4)),
        starts: WindowStart::AtReset,
        claim,
        band: vec![point(0, used_ratio, used_ratio, used_ratio), point(hours_left, 0.9, 1.0, 1.1)],
        growth: Growth { scheduled_ratio: 0.3, n_runs: 31, ..Growth::default() },
        basis: Basis { confidence: Confidence::Good, n_stretches: 90, n_runs: 400, ..Basis::default() },
        past: vec![Block {
            started_at: now() - minutes(60 * 9),
            ended_at: now() - minutes(60 * 4),
            peak_ratio: 0.6,
            used_up_at: None,
            end: BlockEnd::AsTold,
            n_samples: 9,
        }],
        next: Vec::new(),
    }
}

fn forecast() -> Forecast {
    let at = |hours: f64| now() + SignedDuration::from_secs_f64(hours * 3600.0);
    let runs_out = Claim::RunsOut { early: at(5.0), likely: at(5.5), late: Some(at(6.5)), chance: 0.9 };
    let lasts = Claim::Lasts { at_reset: point(3, 0.3, 0.35, 0.4), at_worst: None, chance: 0.01 };
    let crons = [("backup", FLASH), ("invoice", KIMI)];
    let crons = crons.map(|(cron, on)| ComingCron {
        cron: cron.into(),
        model: model(on),
        account: model(on).account(),
        foretold: Foretold::Told,
        n_starts: 96,
        tokens: None,
    });
    let starts = (0..96).flat_map(|half_hour| [0, 1].map(|cron| Start { after_secs: half_hour * 1800, cron }));
    let cluster = |minutes_on| Cluster {
        account: "kimi".into(),
        minute: 0,
        n_together: 31,
        at: now() + minutes(minutes_on),
        n_crons: 31,
    };
    let windows = vec![
        window("google", "Day", 0.71, 27, runs_out),
        window("kimi", "5h", 0.22, 3, lasts),
        window("kimi", "Week", 0.4, 70, Claim::Learning(Learning::Readings { seen: 3, needed: 8 })),
    ];
    let coming = ComingRuns {
        from: now(),
        until: at(48.0),
        crons: crons.to_vec(),
        starts: starts.collect(),
        clusters: vec![cluster(60), cluster(30)],
    };
    Forecast { at: now(), until: at(48.0), windows, coming, record: TrackRecord::default() }
}

#[test]
fn every_window_says_what_will_become_of_it() {
    let quotas = open(Some(forecast()), NARROW);
    for said in [
        "Google, Day: 71% used, resets tomorrow 10:00; runs out 12:30 (12:00–13:30), 22 h before its reset, 90% likely",
        "Kimi, 5h: 22% used, resets 10:00; lasts until its reset, 35% (30–40%) used then; gateway, 2 min ago",
        "3 of 8 stretches between two readings were seen",
        "MiniMax, credits: ",
        "31 runs start together on Kimi at :00 and :30.",
        "Forecast from scheduled runs and their measured tokens",
        "still learning 1 window",
    ] {
        assert!(says(&quotas, said), "{said}: {:#?}", read_out(&quotas));
    }
    fits(&quotas, NARROW, &["24 h", "48 h", "7 d", "30 d", "Table", "Export"]);
}

#[test]
fn the_table_has_a_row_for_each_window_and_leads_back() {
    let mut quotas = open(Some(forecast()), NARROW);
    click(&mut quotas, "Table");
    let rows: Vec<_> = quotas.get_all_by_role(Role::Row).filter_map(|row| row.accesskit_node().label()).collect();
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows[0].starts_with("Google, Day: 71% used"), "{rows:?}");
    assert!(says(&quotas, "Runs out 12:30 (12:00–13:30), 22 h before its reset, 90% likely"));
    assert!(quotas.query_by_label("24 h").is_none(), "a table has no axis");
    click(&mut quotas, "Timeline");
    assert_eq!(quotas.get_all_by_role(Role::ListItem).count(), 4);
}

/// What the bars below are counted in tells how much time is seen, and how far a forecast has to reach.
#[test]
fn spans_and_keys_change_how_much_time_is_seen() {
    let mut quotas = open(Some(forecast()), WIDE);
    let hours = |quotas: &Harness<'_, Stage<Scenery>>| quotas.state().view.quotas.ahead().as_hours();
    let is_on = |quotas: &Harness<'_, Stage<Scenery>>, span| {
        control(quotas, span).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True)
    };
    assert!(is_on(&quotas, "48 h"));
    click(&mut quotas, "7 d");
    assert_eq!(hours(&quotas), 7 * 24);
    assert!(is_on(&quotas, "7 d") && !is_on(&quotas, "48 h"));

    for (pressed, reach, why) in [
        (Key::Plus, 7 * 24, "closer, around now"),
        (Key::Minus, 7 * 24, "and back"),
        (Key::ArrowRight, 7 * 24, "a tenth on"),
        (Key::Home, 7 * 24, "now"),
    ] {
        key(&mut quotas, pressed);
        assert_eq!(hours(&quotas), reach, "{why}");
        assert_eq!(is_on(&quotas, "7 d"), matches!(pressed, Key::Minus | Key::Home), "{why}");
    }
    click(&mut quotas, "24 h");
    for _ in 0..20 {
        key(&mut quotas, Key::ArrowRight);
    }
    assert_eq!(hours(&quotas), 7 * 24, "what is panned to has to be foreseen, too");
}

#[test]
fn dragging_pans_and_the_arrows_walk_the_windows() {
    let mut quotas = open(Some(forecast()), WIDE);
    quotas.drag_at(Pos2::new(700.0, 200.0));
    quotas.hover_at(Pos2::new(500.0, 200.0));
    quotas.step();
    quotas.drop_at(Pos2::new(500.0, 200.0));
    settle(&mut quotas);
    let toggled = control(&quotas, "48 h").accesskit_node().toggled();
    assert_eq!(toggled, Some(egui::accesskit::Toggled::False), "it is another part of time now");

    quotas.state_mut().view.quotas.take_focus();
    settle(&mut quotas);
    let focused = |quotas: &Harness<'_, Stage<Scenery>>| {
        let mut items = quotas.get_all_by_role(Role::ListItem);
        items.find(egui_kittest::Node::is_focused).and_then(|item| item.accesskit_node().label()).unwrap_or_default()
    };
    assert!(focused(&quotas).starts_with("Google, Day"));
    key(&mut quotas, Key::ArrowDown);
    key(&mut quotas, Key::ArrowDown);
    assert!(focused(&quotas).starts_with("Kimi, Week"), "{}", focused(&quotas));
    key(&mut quotas, Key::ArrowUp);
    assert!(focused(&quotas).starts_with("Kimi, 5h"));
}

#[test]
fn the_pointer_is_told_the_number_who_read_it_and_how_sure_it_is() {
    let mut quotas = open(Some(forecast()), WIDE);
    let lane = quotas.get_by_label_contains("Google, Day").rect();
    quotas.hover_at(Pos2::new(lane.left() + 520.0, lane.center().y));
    quotas.run_steps(30);
    for said in
        ["expected", "71% used: gateway, 2 min ago", "31 scheduled runs take 30%", "Good confidence, from 90 readings"]
    {
        assert!(says(&quotas, said), "{said}: {:#?}", read_out(&quotas));
    }
}

#[test]
fn the_numbers_are_exported_as_a_table_for_other_programs() {
    let mut quotas = open(Some(forecast()), WIDE);
    click(&mut quotas, "Export");
    let picked = quotas.state().wishes.iter().find_map(|wish| match wish {
        Action::Pick(pick) => Some(pick.clone()),
        _ => None,
    });
    let Some(Pick::ExportText { name, text }) = picked else { panic!("{picked:?}") };
    assert_eq!(name, "quotas.csv");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[1].starts_with("Google,Day,71.0,2026-11-24T09:00:00Z,"), "{text}");
    assert!(lines[1].contains("2026-11-23T11:30:00Z,2026-11-23T12:30:00Z,90.0,"), "{text}");
    let columns = |line: &str| line.split('"').step_by(2).map(|outside| outside.matches(',').count()).sum::<usize>();
    assert!(lines.iter().all(|line| columns(line) == 14), "{text}");
}

/// A plan, and an account that is paid by the token.
fn costs() -> Costs {
    let used = |money| Used { n_runs: 40, tokens: 300_000.0, money: Usd(money), n_unpriced: 0 };
    let cost = |account: &str, pays, money| AccountCost {
        account: account.into(),
        pays,
        flat: None,
        past: used(money),
        coming: used(2.0 * money),
    };
    let accounts = vec![cost("kimi", Pays::Flat, 0.0), cost("minimax", Pays::ByToken, 0.3)];
    Costs { until: now() + minutes(60 * 24 * 7), accounts }
}

#[test]
fn the_week_is_said_in_money_on_one_line_and_by_account_in_the_table() {
    let mut quotas = open(Some(forecast()), NARROW);
    let line = "Last 7 days: $0.30 by the token (MiniMax $0.30), about $0.60 in the next 7 days · plans: Kimi, 40 runs";
    assert!(says(&quotas, line), "{:#?}", read_out(&quotas));
    click(&mut quotas, "Table");
    for said in ["by the token", "$0.30, 40 runs, 300 k tokens", "$0.60, 40 runs, 300 k tokens", "plan"] {
        assert!(says(&quotas, said), "{said}: {:#?}", read_out(&quotas));
    }
}

/// Google's day runs out, and two crons go to Kimi.
fn advice() -> RunsOut {
    let level = |account: &str, label: &str, before, after| Level {
        account: account.into(),
        label: label.to_owned(),
        before,
        after,
        at: now() + minutes(60 * 27),
    };
    let changes = ["backup", "invoice"].map(|id| scene().change(id, KIMI, 20, Vec::new()));
    let changes = changes.map(|change| Change { to_route: Some(RouteKey::new("kimi")), ..change });
    let detour = Detour { route: RouteKey::new("kimi"), until: now() + minutes(60 * 27) };
    RunsOut {
        account: "google".into(),
        label: "Day".to_owned(),
        at: now() + minutes(60 * 5 + 30),
        resets_at: now() + minutes(60 * 27),
        reserve: 0.0,
        level: level("google", "Day", 1.2, 0.8),
        others: vec![level("kimi", "5h", 0.35, 0.5)],
        detours: changes.each_ref().map(|change| (change.cron.clone(), detour.clone())).into(),
        helps: Helps::Below(0.85),
        plan: Plan { origin: PlanOrigin::Advice, ..super::scene::plan("advice", changes.to_vec()) },
    }
}

#[test]
fn the_first_advice_stands_below_the_windows_with_the_way_to_its_plan() {
    let together =
        Together { account: "kimi".into(), n_together: 31, n_crons: 31, at: now() + minutes(60), apart: None };
    let advice = vec![QuotaAdvice::RunsOut(Box::new(advice())), QuotaAdvice::Together(together)];
    for size in [NARROW, WIDE] {
        let mut quotas = advised(
            Some(Outlook {
                forecast: forecast(),
                advice: advice.clone(),
                costs: costs(),
                overloads: Vec::new(),
                planned: Vec::new(),
            }),
            size,
        );
        for said in ["Google's daily quota runs out at 12:30, 22 h before its reset.", "Google Day 120% → 80%"] {
            assert!(says(&quotas, said), "{said}: {:#?}", read_out(&quotas));
        }
        fits(&quotas, size, &["Show the plan", "1 of 2"]);
        click(&mut quotas, "Show the plan");
        let told = told(&quotas);
        let [Command::PrepareAdvice(detours)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(detours.len(), 2);
        assert!(quotas.state().wishes.iter().any(|wish| matches!(wish, Action::Go(Screen::Plan))));
        click(&mut quotas, "1 of 2");
        assert!(says(&quotas, "31 runs start together on Kimi at 08:00."), "{:#?}", read_out(&quotas));
        assert!(quotas.query_by_label("Show the plan").is_none(), "there is nothing to be applied");
        click(&mut quotas, "2 of 2");
        assert!(says(&quotas, "Google's daily quota runs out"));
    }
}

#[test]
fn a_stagger_is_allowed_first_and_then_offered_like_any_plan() {
    let staggers: Staggers = [("c1".into(), minutes(10)), ("c2".into(), minutes(10))].into();
    let apart = Some(Apart { staggers: staggers.clone(), n_together: 4, latest: minutes(9) });
    let together = Together { account: "kimi".into(), n_together: 31, n_crons: 31, at: now() + minutes(60), apart };
    let outlook = Outlook {
        forecast: forecast(),
        advice: vec![QuotaAdvice::Together(together)],
        costs: costs(),
        overloads: Vec::new(),
        planned: Vec::new(),
    };
    let mut quotas = advised(Some(outlook), NARROW);
    assert!(says(&quotas, "Letting 2 of its crons start up to 9 min later"), "{:#?}", read_out(&quotas));
    fits(&quotas, NARROW, &["Allow and show"]);
    click(&mut quotas, "Allow and show");
    let told = told(&quotas);
    let [Command::Settings(SettingsChange::SetEditsSchedules(true)), Command::PrepareApart(prepared)] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(*prepared, staggers);
    assert!(quotas.state().wishes.iter().any(|wish| matches!(wish, Action::Go(Screen::Plan))));
}

#[test]
fn where_nothing_is_advised_a_quiet_line_says_so() {
    let mut forecast = forecast();
    forecast.windows.remove(0);
    let quotas = open(Some(forecast), NARROW);
    assert!(says(&quotas, "Nothing runs out before its reset"), "{:#?}", read_out(&quotas));
    assert!(quotas.query_by_label("Show the plan").is_none());
}

#[test]
fn what_is_not_there_yet_is_said_with_what_helps() {
    let waiting = open(None, NARROW);
    assert!(says(&waiting, "Working out the forecast…"));

    let nothing = || Some(Forecast { windows: Vec::new(), ..forecast() });
    let mut quotas = open(nothing(), NARROW);
    super::change(&mut quotas, |snapshot| snapshot.accounts = Arc::default());
    assert!(says(&quotas, "No provider has told a quota yet"));
    click(&mut quotas, "Ask the providers");
    assert!(matches!(told(&quotas).as_slice(), [Command::Check { accounts: None }]));

    super::change(&mut quotas, |snapshot| {
        let (name, url) = ("home-mini".to_owned(), "ws://x".to_owned());
        snapshot.connection = Connection::Connecting { name, url, attempt: 1 };
    });
    assert!(says(&quotas, "Not connected"));
    assert!(quotas.query_by_label("Ask the providers").is_none());
}

/// The same by what the engine foresees of a snapshot, which is what the window really draws.
#[test]
fn a_first_connection_shows_its_windows_and_that_it_is_learning() {
    let scene = scene();
    let foretold = Foresight::default().forecast(&scene.snapshot, None, now() + minutes(48 * 60));
    let quotas = open(Some(foretold), NARROW);
    assert!(says(&quotas, "Google, Day: 71% used"), "{:#?}", read_out(&quotas));
    assert!(says(&quotas, "no claim could be judged yet"));
}

/// The window asks for it by itself, on another thread.
#[test]
fn opening_the_screen_is_enough_to_get_a_forecast() {
    let mut harness = crate::shell::window(scene().snapshot);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::Num2);
    harness.run_steps(3);
    let asked = std::time::Instant::now();
    while harness.query_by_label_contains("Google, Day: 71% used").is_none() {
        assert!(asked.elapsed().as_secs() < 30, "no answer came");
        std::thread::yield_now();
        harness.step();
    }
}

#[test]
fn a_window_leads_to_its_crons_and_says_how_much_of_it_is_kept_free() {
    let mut quotas = open(Some(forecast()), NARROW);
    fits(&quotas, NARROW, &["What to do with Google Day"]);
    click(&mut quotas, "What to do with Kimi 5h");
    quotas.get_by_label_contains("Show its crons on the board").click();
    settle(&mut quotas);
    let led = |quotas: &Harness<'_, Stage<Scenery>>| {
        let led = |wish: &Action| match wish {
            Action::ShowCrons { account, window } => Some((account.to_string(), window.clone())),
            _ => None,
        };
        quotas.state().wishes.iter().filter_map(led).collect::<Vec<_>>()
    };
    assert_eq!(led(&quotas), [("kimi".to_owned(), "5h".to_owned())]);

    quotas.get_by_label_contains("Kimi, Week").click_secondary();
    settle(&mut quotas);
    click(&mut quotas, "20%");
    let told = told(&quotas);
    let [Command::Settings(SettingsChange::PutAccount(account))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((account.id.as_str(), account.reserve_ratio), ("kimi", 0.2));
    super::change(&mut quotas, |snapshot| {
        let kimi = Arc::make_mut(&mut snapshot.accounts).get_mut("kimi").expect("it is there");
        kimi.reserve_ratio = 0.2;
    });
    let lane = quotas.get_by_label_contains("Kimi, 5h").rect();
    quotas.hover_at(Pos2::new(lane.left() + 40.0, lane.center().y));
    quotas.run_steps(30);
    assert!(says(&quotas, "20% of each quota is kept free for you"), "{:#?}", read_out(&quotas));

    // By keyboard: the menu key opens the same, arrows reach all of it, and Enter leads to the crons at once.
    quotas.state_mut().view.quotas.take_focus();
    settle(&mut quotas);
    quotas.key_press_modifiers(egui::Modifiers::SHIFT, Key::F10);
    settle(&mut quotas);
    assert!(quotas.get_by_label_contains("Show its crons on the board").is_focused());
    key(&mut quotas, Key::Escape);
    quotas.state_mut().view.quotas.take_focus();
    settle(&mut quotas);
    key(&mut quotas, Key::Enter);
    assert_eq!(led(&quotas).last(), Some(&("google".to_owned(), "Day".to_owned())));
}

#[test]
fn arrows_reach_all_that_a_windows_menu_offers_and_enter_chooses() {
    let mut quotas = open(Some(forecast()), NARROW);
    quotas.state_mut().view.quotas.take_focus();
    settle(&mut quotas);
    quotas.key_press_modifiers(egui::Modifiers::SHIFT, Key::F10);
    settle(&mut quotas);
    let all = ["nothing", "5%", "10%", "20%", "30%", "50%"];
    for (arrow, item) in [Key::ArrowDown].into_iter().chain([Key::ArrowRight; 5]).zip(all) {
        key(&mut quotas, arrow);
        assert!(control(&quotas, item).is_focused(), "{item}");
    }
    for item in ["30%", "20%"] {
        key(&mut quotas, Key::ArrowLeft);
        assert!(control(&quotas, item).is_focused(), "{item}");
    }
    key(&mut quotas, Key::Enter);
    let told = told(&quotas);
    let [Command::Settings(SettingsChange::PutAccount(account))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((account.id.as_str(), account.reserve_ratio), ("google", 0.2));
    assert!(quotas.query_by_label("20%").is_none(), "it is closed");
}

#[test]
fn a_view_that_was_moved_away_from_now_leads_back() {
    let mut quotas = open(Some(forecast()), WIDE);
    for by_key in [false, true] {
        assert!(quotas.query_by_label("now").is_none(), "now is seen");
        for _ in 0..4 {
            key(&mut quotas, Key::ArrowRight);
        }
        fits(&quotas, WIDE, &["now", "24 h"]);
        if by_key {
            key(&mut quotas, Key::Home);
        } else {
            click(&mut quotas, "now");
        }
    }
    assert!(quotas.query_by_label("now").is_none());
}

#[test]
fn who_read_a_number_is_not_cut_beside_free_room() {
    let mut quotas = open(Some(forecast()), WIDE);
    click(&mut quotas, "Table");
    let read = quotas.get_all_by_label("gateway, 2 min ago").next().expect("who read it").rect();
    let whole = quotas.ctx.fonts_mut(|fonts| {
        let font = model_orchestrator::ui::theme::text_font();
        fonts.layout_no_wrap("gateway, 2 min ago".to_owned(), font, egui::Color32::PLACEHOLDER).size().x
    });
    assert!(read.width() > whole - 1.0, "{} of {whole}", read.width());
}
