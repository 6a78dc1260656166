//! An outage in the whole window: banner, crisis screen, the way back, the report, and closing meanwhile.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, Edit, SettingsChange, Snapshot};
use model_orchestrator::ui::action::{Action, Screen};

use crate::screens::scene::{Scene, connected, minutes, now};
use crate::shell::{Window, click, sized, tap, window};

fn open(scene: Scene) -> Harness<'static, Window> {
    window(scene.snapshot)
}

fn change(harness: &mut Harness<'_, Window>, change: impl FnOnce(&mut Snapshot)) {
    let snapshot = &mut harness.state_mut().snapshot;
    change(snapshot);
    snapshot.revision += 1;
    harness.run_steps(4);
}

fn says(harness: &Harness<'_, Window>, text: &str) -> bool {
    let said = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        [node.label(), node.value(), node.description()]
    };
    harness.root().children_recursive().flat_map(said).flatten().any(|said| said.contains(text))
}

fn key(harness: &mut Harness<'_, Window>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(4);
}

/// What the engine was told, the wishes of the board and the drawer for more to read left out.
fn told(harness: &Harness<'_, Window>) -> Vec<Command> {
    let command = |wish: &Action| match wish {
        Action::Tell(command) => Some(command.clone()),
        _ => None,
    };
    harness.state().wishes.iter().filter_map(command).collect()
}

/// Long enough that a press is meant for what is on screen.
fn rest(harness: &mut Harness<'_, Window>) {
    harness.run_steps(8);
}

fn ids(names: &[&str]) -> Vec<CronId> {
    names.iter().map(CronId::new).collect()
}

fn with_access(access: Access) -> impl FnOnce(&mut Snapshot) {
    move |snapshot| snapshot.connection = connected(access)
}

#[test]
fn the_banner_says_what_is_down_and_what_crisis_mode_would_do() {
    let harness = open(Scene::crisis());
    for said in [
        "2 providers are down: Kimi and Google.",
        "3 crons move to MiniMax, 1 pauses until 18:00, critical ones keep running.",
        "Crisis, providers are down",
    ] {
        assert!(says(&harness, said), "{said}");
    }
    assert!(harness.query_by_label("Review plan").is_none(), "the banner asks, and nothing else");
    let calm = open(Scene::planned());
    assert!(calm.query_by_label("Enter crisis mode").is_none());
    assert!(calm.query_by_label("Review plan").is_some());
}

#[test]
fn the_banner_of_the_board_says_all_of_it_however_little_room_there_is() {
    let mut harness = sized(Scene::crisis().snapshot, [1024.0, 700.0], egui::Theme::Dark);
    harness.run_steps(4);
    let said = harness.get_by_label_contains("Crisis mode: ");
    let text = said.accesskit_node().label().or(said.accesskit_node().value()).unwrap_or_default();
    let font = model_orchestrator::ui::theme::text_font();
    let color = egui::Color32::PLACEHOLDER;
    let whole = harness.ctx.fonts_mut(|fonts| fonts.layout_no_wrap(text, font, color).size());
    let lines = (said.rect().height() / whole.y).round();
    assert!(said.rect().width() * lines >= whole.x, "{:?} for {whole:?}", said.rect());
    let below = harness.get_by_label_contains("Only re-route: ").rect();
    assert!(said.rect().bottom() <= below.top());
    let search = harness.get_by_label_contains("Search").rect();
    assert!(below.bottom() < search.top(), "{below:?} reaches into the board at {search:?}");
}

#[test]
fn other_screens_say_it_in_one_line_that_leads_to_the_crisis() {
    for digit in [Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num7, Key::Num8] {
        let mut harness = open(Scene::crisis());
        key(&mut harness, Modifiers::COMMAND, digit);
        assert!(says(&harness, "2 providers are down: Kimi and Google."), "{digit:?}");
        assert!(harness.query_by_label("Enter crisis mode").is_none(), "{digit:?}");
        click(&mut harness, "Show");
        assert_eq!(harness.state().shell.screen(), Screen::Crisis, "{digit:?}");
    }
}

#[test]
fn crisis_mode_is_entered_in_two_clicks_with_what_is_ticked() {
    let mut harness = open(Scene::crisis());
    click(&mut harness, "Enter crisis mode");
    assert!(told(&harness).is_empty(), "the banner only prepares");
    assert_eq!(harness.state().shell.screen(), Screen::Crisis);
    rest(&mut harness);
    click(&mut harness, "Enter crisis mode");
    let told = told(&harness);
    let [Command::EnterCrisis { plan, crons }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*plan, PlanId::new("enter-1"));
    assert_eq!(*crons, ids(&["backup", "heartbeat", "cleanup", "invoice"]), "the one made by an agent is left out");
}

#[test]
fn a_double_click_on_the_banner_enters_nothing() {
    let mut harness = open(Scene::crisis());
    click(&mut harness, "Review 5 changes");
    let button = harness.get_by_label("Enter crisis mode").rect().center();
    tap(harness.input_mut(), button);
    harness.step();
    let mut again = open(Scene::crisis());
    again.get_by_label("Enter crisis mode").click();
    again.step();
    again.step();
    tap(again.input_mut(), button);
    again.step();
    assert!(told(&again).is_empty(), "the second half of a double click");
}

#[test]
fn rows_are_unticked_one_by_one_or_by_group() {
    let mut harness = open(Scene::crisis());
    click(&mut harness, "Review 5 changes");
    for said in ["Move: 4 crons", "Pause: 1 cron", "Held back: 1 cron"] {
        assert!(says(&harness, said), "{said}");
    }
    assert!(says(&harness, "Log rotation report"), "what is held is named");
    click(&mut harness, "Apply to Heartbeat ping");
    click(&mut harness, "All of: Pause");
    rest(&mut harness);
    key(&mut harness, Modifiers::COMMAND, Key::Enter);
    let told = told(&harness);
    let [Command::EnterCrisis { crons, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(*crons, ids(&["backup", "cleanup"]));
}

#[test]
fn only_re_routing_applies_the_ordinary_plan_without_its_pauses() {
    let mut harness = open(Scene::crisis());
    click(&mut harness, "Only re-route");
    assert!(says(&harness, "none pauses"));
    rest(&mut harness);
    click(&mut harness, "Re-route 3 crons");
    let told = told(&harness);
    let [Command::Apply { plan, crons }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((plan, crons), (&PlanId::new("plan-1"), &ids(&["backup", "heartbeat", "cleanup"])));
}

#[test]
fn both_plans_stand_side_by_side_and_the_keyboard_chooses() {
    let mut harness = open(Scene::crisis());
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    let cards = || harness.get_all_by_role(egui::accesskit::Role::RadioButton);
    assert_eq!(cards().count(), 2);
    let other = harness.get_by_label_contains("Only re-route: ");
    other.focus();
    harness.run_steps(2);
    key(&mut harness, Modifiers::NONE, Key::Enter);
    rest(&mut harness);
    key(&mut harness, Modifiers::COMMAND, Key::Enter);
    assert!(matches!(told(&harness).as_slice(), [Command::Apply { .. }]));
}

#[test]
fn a_plan_that_changes_under_the_finger_waits() {
    let mut harness = open(Scene::crisis());
    click(&mut harness, "Enter crisis mode");
    rest(&mut harness);
    let snapshot = &mut harness.state_mut().snapshot;
    let plan = Arc::make_mut(Arc::make_mut(&mut snapshot.crisis).enter.as_mut().expect("an offer"));
    plan.id = PlanId::new("enter-2");
    plan.changes[1].to.model = Some(crate::screens::scene::OPUS.to_owned());
    snapshot.revision += 1;
    harness.step();
    harness.get_by_label("Enter crisis mode").click();
    harness.step();
    assert!(told(&harness).is_empty(), "the press was meant for the plan before");
    assert!(says(&harness, "The plan has just changed: 1 line is new"));
}

#[test]
fn without_the_right_to_write_one_looks_and_presses_nothing() {
    let away = Connection::Waiting {
        name: "home-mini".into(),
        url: "ws://x".into(),
        trouble: Trouble::Restarting,
        retry_at: now() + minutes(1),
    };
    for (connection, why) in [(connected(Access::ReadOnlyScopes), "right to read only"), (away, "gateway is away")] {
        let mut harness = open(Scene::crisis().with(|snapshot| snapshot.connection = connection));
        for label in ["Enter crisis mode", "Only re-route"] {
            assert!(harness.get_by_label(label).accesskit_node().is_disabled(), "{label}, {why}");
        }
        click(&mut harness, "Review 5 changes");
        rest(&mut harness);
        assert!(says(&harness, why), "{why}");
        click(&mut harness, "Enter crisis mode");
        key(&mut harness, Modifiers::COMMAND, Key::Enter);
        assert!(told(&harness).is_empty(), "{why}");
    }
}

#[test]
fn while_it_is_on_the_banner_says_since_when_until_when_and_what_is_paused() {
    let harness = open(Scene::in_crisis());
    for said in [
        "Crisis mode since 04:02, entered by you",
        "1 cron is paused by this program, 3 run on another model than before",
        "Expected to end at about 18:00, in 12 h",
        "Crisis, crisis mode is on",
    ] {
        assert!(says(&harness, said), "{said}");
    }
}

#[test]
fn what_the_crisis_wants_further_is_reviewed_and_applied() {
    let mut harness = open(Scene::in_crisis().with(|snapshot| {
        let more = Scene::crisis().snapshot.crisis.enter.clone().expect("an offer").changes[1].clone();
        Arc::make_mut(&mut snapshot.plan).changes.push(more);
    }));
    click(&mut harness, "Review 1 change");
    rest(&mut harness);
    click(&mut harness, "Apply 1 change");
    assert!(matches!(told(&harness).as_slice(), [Command::Apply { plan, .. }] if *plan == PlanId::new("plan-2")));
}

#[test]
fn recovery_takes_two_clicks() {
    let mut harness = open(Scene::can_recover());
    for said in ["Kimi is back.", "4 crons get back what they had."] {
        assert!(says(&harness, said), "{said}");
    }
    click(&mut harness, "Recover");
    rest(&mut harness);
    click(&mut harness, "Give back 4 crons");
    let told = told(&harness);
    let [Command::Recover { plan, crons }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((plan, crons.len()), (&PlanId::new("recover-1"), 4));
}

#[test]
fn a_crisis_that_changed_nothing_can_be_left() {
    let mut harness = open(Scene::can_recover().with(|snapshot| {
        let view = Arc::make_mut(&mut snapshot.crisis);
        Arc::make_mut(view.recover.as_mut().expect("a plan")).changes.clear();
    }));
    click(&mut harness, "Recover");
    rest(&mut harness);
    click(&mut harness, "Leave crisis mode");
    assert!(matches!(told(&harness).as_slice(), [Command::Recover { crons, .. }] if crons.is_empty()));
}

#[test]
fn while_it_is_given_back_one_can_go_on_or_go_back() {
    for from in [Screen::Board, Screen::Crisis] {
        let mut harness = open(Scene::recovering());
        harness.state_mut().shell.go(from);
        harness.run_steps(4);
        assert!(says(&harness, "Giving back 1 of 4"), "{from:?}");
        click(&mut harness, "Give back the rest now");
        click(&mut harness, "Stay in crisis mode");
        assert!(matches!(told(&harness).as_slice(), [Command::GoOn, Command::StayInCrisis]), "{from:?}");
    }
    let mut harness = open(Scene::recovering());
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    for said in ["Safe already: 1 cron", "Next: 3 crons", "waits for a run of what was given back"] {
        assert!(says(&harness, said), "{said}");
    }
}

#[test]
fn a_recovery_that_was_stopped_goes_on_or_goes_back() {
    let stopped = |keeps_job: bool| {
        Scene::recovering().with(|snapshot| {
            let job = snapshot.job.take().expect("a job");
            let ended = Job { phase: JobPhase::Stopped, ended_at: Some(now()), ..(*job).clone() };
            snapshot.job = keeps_job.then(|| Arc::new(ended));
            Arc::make_mut(&mut snapshot.crisis).readiness = Readiness::Ready;
        })
    };
    for keeps_job in [true, false] {
        let mut harness = open(stopped(keeps_job));
        assert!(says(&harness, "4 crons get back what they had."), "{keeps_job}");
        click(&mut harness, "Recover");
        rest(&mut harness);
        click(&mut harness, "Give back 4 crons");
        let told = told(&harness);
        assert!(matches!(told.as_slice(), [Command::Recover { crons, .. }] if crons.len() == 4), "{told:?}");
    }
    for (keeps_job, from) in [(true, Screen::Crisis), (false, Screen::Crisis), (false, Screen::Board)] {
        let mut harness = open(stopped(keeps_job));
        harness.state_mut().shell.go(from);
        harness.run_steps(4);
        click(&mut harness, "Stay in crisis mode");
        assert!(matches!(told(&harness).as_slice(), [Command::StayInCrisis]), "{keeps_job} {from:?}");
    }
}

#[test]
fn what_was_written_is_taken_back_on_the_screen_of_the_plan() {
    use LineOutcome::{LeftOut, Verified};
    let mut harness = open(Scene::in_crisis().with(|snapshot| {
        let mut scene = Scene::crisis();
        scene.snapshot.plan = scene.snapshot.crisis.enter.clone().expect("an offer");
        let outcomes = [Verified, Verified, Verified, LeftOut, Verified];
        snapshot.job = scene.job(JobPhase::Done, &outcomes).snapshot.job;
    }));
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    assert!(says(&harness, "Recover: 4 crons get back what they had."), "the way back stands below the results");
    click(&mut harness, "Undo these 4 changes");
    assert!(matches!(told(&harness).as_slice(), [Command::PrepareUndo(_)]));
    assert_eq!(harness.state().shell.screen(), Screen::Plan);
}

#[test]
fn what_a_person_should_know_beside_the_changes_stands_there_too() {
    let mut harness = open(Scene::crisis().with(|snapshot| {
        let plan = Arc::make_mut(Arc::make_mut(&mut snapshot.crisis).enter.as_mut().expect("an offer"));
        plan.notes = vec![PlanNote::PinnedCritical { cron: CronId::new("backup"), name: "Backup verify".into() }];
    }));
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    assert!(says(&harness, "1 cron was made by an agent"));
    click(&mut harness, "Unpin Backup verify");
    let unpinned = |command: &Command| matches!(command, Command::Edit(Edit::SetPin { pin: None, .. }));
    assert!(told(&harness).iter().all(unpinned) && !told(&harness).is_empty());
}

#[test]
fn a_cron_that_runs_pauses_after_or_now() {
    use LineOutcome::{Draining, LeftOut, Verified};
    let mut harness = open(Scene::in_crisis().with(|snapshot| {
        let enter = Scene::crisis().snapshot.crisis.enter.clone().expect("an offer");
        let outcomes = [Verified, Verified, Verified, LeftOut, Draining { since: now() - minutes(1) }];
        let mut scene = Scene::crisis();
        scene.snapshot.plan = enter;
        snapshot.job = scene.job(JobPhase::Draining, &outcomes).snapshot.job;
    }));
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    assert!(says(&harness, "Run now, pause after: 1 cron"));
    click(&mut harness, "Pause Invoice chaser now, ending its run");
    assert!(matches!(told(&harness).as_slice(), [Command::PauseNow { cron }] if cron.as_str() == "invoice"));
}

#[test]
fn the_report_is_shown_run_and_dismissed() {
    let mut harness = open(Scene::recovered());
    assert!(says(&harness, "3 crons were given back since 05:57, 2 of them identical to before; 4 runs were missed"));
    click(&mut harness, "Show");
    for said in ["definition identical to before", "missed 3 runs, the last at 05:30", "not identical to before"] {
        assert!(says(&harness, said), "{said}");
    }
    assert!(harness.query_by_label("Run Backup verify now").is_none(), "it missed nothing");
    click(&mut harness, "Run Invoice chaser now");
    click(&mut harness, "Run all 2 now");
    click(&mut harness, "Dismiss");
    let told = told(&harness);
    let [Command::RunNow { crons: one }, Command::RunNow { crons: all }, Command::DismissReport] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((one, all), (&ids(&["invoice"]), &ids(&["invoice", "rotation"])));
}

#[test]
fn a_cron_that_was_run_after_all_is_not_offered_again() {
    let mut harness = open(Scene::recovered());
    click(&mut harness, "Show");
    change(&mut harness, |snapshot| {
        let state = Arc::make_mut(&mut Arc::make_mut(&mut snapshot.crisis).state);
        state.report.as_mut().expect("a report").lines[1].ran_at = Some(now());
    });
    assert!(harness.query_by_label("Run Invoice chaser now").is_none());
    click(&mut harness, "Run all 1 now");
    assert!(matches!(told(&harness).as_slice(), [Command::RunNow { crons }] if *crons == ids(&["rotation"])));
}

#[test]
fn the_way_back_names_resets_checks_and_what_may_be_set_aside() {
    let mut harness = open(Scene::crisis().with(|snapshot| {
        let until = now() + minutes(60 * 24 * 6);
        let google = AccountId::new("google");
        Arc::make_mut(&mut snapshot.accounts).insert(google.clone(), google_account());
        let view = Arc::make_mut(&mut snapshot.crisis);
        view.away = vec![LongAway { vendor: VendorId::new("google"), accounts: vec![google], until }];
        let check = RecoveryCheck { at: now() + minutes(721), cron: Some(CronId::new("check")) };
        view.checks.insert(AccountId::new("kimi"), check);
    }));
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    for said in ["resets today 18:00", "looked at again at 18:01"] {
        assert!(says(&harness, said), "{said}");
    }
    click(&mut harness, "Set aside until Sun 06:00");
    let told = told(&harness);
    let [Command::Settings(SettingsChange::PutAccount(account))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(account.set_aside_until, Some(now() + minutes(60 * 24 * 6)));
}

fn google_account() -> ProviderAccount {
    crate::screens::accounts::account("google", Service::Gemini, "Google")
}

#[test]
fn without_an_outage_crisis_mode_is_explained_and_still_offered() {
    let mut harness = open(Scene::crisis().with(|snapshot| {
        Arc::make_mut(&mut snapshot.plan).outage = Outage::default();
        Arc::make_mut(&mut snapshot.crisis).expected_end = None;
    }));
    assert!(harness.query_by_label("Enter crisis mode").is_none(), "no banner");
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    assert!(says(&harness, "No provider is down."));
    rest(&mut harness);
    click(&mut harness, "Enter crisis mode");
    assert!(matches!(told(&harness).as_slice(), [Command::EnterCrisis { .. }]));
}

#[test]
fn loading_and_nothing_to_plan_are_states_of_their_own() {
    let mut harness = open(Scene::crisis());
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    change(&mut harness, |snapshot| snapshot.crons_as_of = None);
    assert!(says(&harness, "What a crisis would change follows as soon as the list is complete."));
    change(&mut harness, |snapshot| {
        snapshot.crons_as_of = Some(now());
        let plan = Arc::make_mut(Arc::make_mut(&mut snapshot.crisis).enter.as_mut().expect("an offer"));
        (plan.changes, plan.decisions) = (Vec::new(), Vec::new());
    });
    assert!(says(&harness, "Every cron is where crisis mode would have it."));
}

#[test]
fn closing_while_crons_are_paused_by_us_asks() {
    for (label, expected) in
        [("Keep running, minimised", Some("Minimise")), ("Close anyway", Some("Close")), ("Cancel", None)]
    {
        let mut harness = open(Scene::in_crisis());
        let Window { shell, snapshot, .. } = harness.state_mut();
        assert!(shell.asks_before_closing(snapshot));
        harness.run_steps(4);
        assert!(says(&harness, "1 cron stays paused until this program is started again"));
        click(&mut harness, label);
        let wishes: Vec<String> = harness.state().wishes.iter().map(|wish| format!("{wish:?}")).collect();
        assert_eq!(wishes.last().map(String::as_str), expected);
        assert!(harness.query_by_label("Close anyway").is_none(), "the question has closed");
    }
}

#[test]
fn before_the_crons_are_listed_every_pause_counts_for_closing() {
    let not_reached = |snapshot: &mut Snapshot| {
        snapshot.crons = Arc::default();
        snapshot.crons_as_of = None;
    };
    let no_answer = |snapshot: &mut Snapshot| {
        for debt in Arc::make_mut(&mut snapshot.ledger).values_mut().filter(|debt| debt.paused()) {
            debt.held = Some(debt.wrote.clone());
            debt.wrote = debt.before.clone();
        }
    };
    for (scene, why) in [
        (Scene::in_crisis().with(not_reached), "the gateway was not reached since the start"),
        (Scene::in_crisis().with(no_answer), "a resume that got no answer, and did not arrive"),
    ] {
        let mut harness = open(scene);
        let Window { shell, snapshot, .. } = harness.state_mut();
        assert!(shell.asks_before_closing(snapshot), "{why}");
        harness.run_steps(4);
        assert!(says(&harness, "1 cron stays paused until this program is started again"), "{why}");
    }
}

#[test]
fn closing_asks_nothing_when_nothing_is_left_alone() {
    let held = |snapshot: &mut Snapshot| {
        snapshot.folder.as_mut().expect("a folder").held_by = Some("nas".into());
    };
    let cases = [
        (Scene::planned(), "nothing is paused"),
        (Scene::in_crisis().with(held), "another program acts"),
        (Scene::in_crisis().with(|snapshot| snapshot.connection = Connection::None), "no gateway"),
        (Scene::in_crisis().with(|snapshot| snapshot.ended = Some("a panic".into())), "nobody acts any more"),
    ];
    for (scene, why) in cases {
        let mut harness = open(scene);
        let Window { shell, snapshot, .. } = harness.state_mut();
        assert!(!shell.asks_before_closing(snapshot), "{why}");
    }
}

#[test]
fn the_board_shows_what_the_crisis_would_do() {
    let harness = open(Scene::crisis());
    for said in ["planned: paused", "planned: MiniMax", "keeps running"] {
        assert!(says(&harness, said), "{said}");
    }
    let mut harness = open(Scene::in_crisis());
    assert!(says(&harness, "paused in the crisis"));
    change(&mut harness, |snapshot| {
        let mut left_out = Scene::crisis().snapshot.crisis.enter.clone().expect("an offer").changes[3].clone();
        left_out.ticked = false;
        Arc::make_mut(&mut snapshot.plan).changes.push(left_out);
    });
    key(&mut harness, Modifiers::COMMAND, Key::Num6);
    assert!(harness.query_by_label("Give back 4 crons").is_none(), "the way back waits to be chosen");
    let calm = open(Scene::planned());
    assert!(!says(&calm, "keeps running"));
}

#[test]
fn everything_fits_a_small_window_and_an_idle_one_rests() {
    let scenes = [Scene::crisis(), Scene::in_crisis(), Scene::can_recover(), Scene::recovered()];
    for (at, scene) in scenes.into_iter().enumerate() {
        let mut harness = sized(scene.snapshot, [1024.0, 700.0], egui::Theme::Light);
        let room = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1024.0, 700.0));
        for screen in [Screen::Board, Screen::Crisis] {
            harness.state_mut().shell.go(screen);
            harness.run_steps(40);
            for node in harness.get_all_by_role(egui::accesskit::Role::Button) {
                let (label, rect) = (node.accesskit_node().label(), node.rect());
                assert!(room.contains_rect(rect), "{label:?} at {rect:?} in scene {at} on {screen:?}");
            }
            let delays = harness.output().viewport_output.values().map(|viewport| viewport.repaint_delay);
            let soonest = delays.min().expect("one viewport");
            assert!(soonest.as_secs() >= 1, "scene {at} on {screen:?} asks again in {soonest:?}");
        }
    }
}

#[test]
fn read_only_rights_leave_the_report_to_be_read() {
    let mut harness = open(Scene::recovered().with(with_access(Access::ReadOnlyScopes)));
    click(&mut harness, "Show");
    click(&mut harness, "Run all 2 now");
    click(&mut harness, "Run Invoice chaser now");
    assert!(told(&harness).is_empty());
}
