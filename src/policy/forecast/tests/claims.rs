//! What is claimed, from what, and when nothing is.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{DAYS, LARGE, LIFE, Life, cron, crons, mins, model, near, now, observe, only, pattern, run, told};
use crate::domain::{
    Claim, Cron, CronId, Health, Learning, Metric, ModelScope, PastRun, QuotaSample, QuotaWindow, Schedule, Settings,
    Silence, Source, Span, Unit, UsageHistory, WindowHistory, WindowStart,
};
use crate::policy::{forecast, learn, plan};

/// Runs that take 0.5 % each: 168 of them have been, 120 are to come, 200 use it up.
const HEAVY: Life = Life { ratio: 0.005, ..LIFE };

fn claim(crons: Vec<Cron>, windows: Vec<QuotaWindow>, history: &UsageHistory) -> Claim {
    only(&told(history, &observe(crons, windows))).claim.clone()
}

#[test]
fn a_window_that_the_runs_to_come_use_up_says_when() {
    let told = told(&HEAVY.history(), &observe(crons(), vec![HEAVY.window()]));
    let window = only(&told);
    let Claim::RunsOut { early, likely, late, chance } = window.claim else { panic!("{:?}", window.claim) };
    // 168 runs until 13:55, and 32 more use it up: from 14:05 on, as nobody has seen one begin right now.
    assert!(near(likely.duration_since(mins(160)).as_secs_f64(), 0.0, 600.0), "{likely}");
    assert!(early < likely && late.is_some_and(|late| likely < late) && chance > 0.95);
    assert!(late.is_some_and(|late| late.duration_since(early) < SignedDuration::from_mins(80)), "{early} to {late:?}");
    assert_eq!(told.first_to_run_out().map(|first| first.label.as_str()), Some("Daily"));

    assert!(near(window.growth.scheduled_ratio, 0.6, 0.02) && near(window.growth.other_ratio, 0.0, 0.02));
    // From 14:05 up to and including midnight: a start at the very end still belongs to it.
    assert_eq!((window.growth.n_runs, window.growth.n_variable, window.growth.by_cron.len()), (120, 0, 12));
    assert_eq!(window.growth.by_cron[0].n_runs, 10);
    assert!(near(window.growth.by_cron[0].ratio, 0.05, 0.002));
    assert_eq!((window.basis.unit, window.starts), (Unit::MillionTokens, WindowStart::AtReset));
    assert!(near(window.basis.ratio_per_unit.expect("learned"), 0.05, 0.002), "a million tokens are ten runs");
    assert_eq!(window.started_at, Some(now() - SignedDuration::from_hours(14)));
    assert_eq!(window.past.len(), DAYS as usize);
}

#[test]
fn the_band_goes_from_now_to_the_reset_and_never_back() {
    let told = told(&LIFE.history(), &observe(crons(), vec![LIFE.window()]));
    let window = only(&told);
    assert_eq!((window.band[0].at, window.band[window.band.len() - 1].at), (now(), mins(600)));
    for two in window.band.windows(2) {
        assert!(two[0].low <= two[1].low && two[0].likely <= two[1].likely && two[0].high <= two[1].high);
    }
    for point in &window.band {
        assert!(point.low <= point.likely && point.likely <= point.high, "{point:?}");
    }
    let expected = window.expected(mins(300)).expect("within the band");
    assert!(near(expected.likely, 0.56 + 60.0 / 300.0, 0.02), "{expected:?}");
    assert_eq!(window.expected(mins(601)), None, "nothing beyond the reset");
}

#[test]
fn a_window_that_lasts_says_where_it_will_be() {
    let Claim::Lasts { at_reset, chance, .. } = claim(crons(), vec![LIFE.window()], &LIFE.history()) else {
        panic!("96 % are used at midnight");
    };
    assert!(near(at_reset.likely, 0.96, 0.02) && chance < 0.5, "{at_reset:?} {chance}");
}

#[test]
fn crons_that_are_off_gone_or_elsewhere_use_nothing_more() {
    let change = |change: &dyn Fn(&mut Cron)| {
        let mut crons = crons();
        crons.iter_mut().for_each(change);
        crons
    };
    let elsewhere = cron("x", "other/large", pattern("0 * * * *"));
    let cases = [
        (change(&|cron| cron.enabled = false), "off"),
        (Vec::new(), "gone"),
        (change(&|cron| cron.payload = elsewhere.payload.clone()), "on another account"),
        (change(&|cron| cron.schedule = pattern("0 9 1 1 *")), "not before the reset"),
    ];
    for (crons, why) in cases {
        let told = told(&HEAVY.history(), &observe(crons, vec![HEAVY.window()]));
        let window = only(&told);
        assert!(matches!(window.claim, Claim::Lasts { .. }), "{why}: {:?}", window.claim);
        assert!(near(window.growth.scheduled_ratio, 0.0, 1e-9) && window.growth.n_runs == 0, "{why}");
    }
}

#[test]
fn what_else_uses_the_account_is_told_from_the_runs() {
    // The crons rested every other hour, so that time and runs can be told apart.
    let life = Life { ratio: 0.002, rest: 0.015, ..LIFE };
    let rests = |at: Timestamp| at.as_second().rem_euclid(7_200) < 3_600;
    let mut history = life.history();
    let missing: Vec<Timestamp> = history.runs.iter().map(|run| run.at).filter(|at| rests(*at)).collect();
    history.runs.retain(|run| !rests(run.at));
    for past in history.windows.values_mut() {
        for sample in &mut past.samples {
            let midnight = sample.at.as_second().div_euclid(86_400) * 86_400;
            let before = missing.iter().filter(|at| midnight <= at.as_second() && **at < sample.at).count();
            sample.used_ratio -= before as f64 * life.ratio;
        }
    }
    let told = told(&history, &observe(crons(), vec![life.window()]));
    let window = only(&told);
    assert!(near(window.basis.ratio_per_unit.expect("learned"), 0.02, 0.004), "{:?}", window.basis);
    assert!(near(window.growth.other_ratio, 0.15, 0.03), "ten hours of 1.5 %: {:?}", window.growth);
}

#[test]
fn runs_that_nobody_can_foretell_count_as_other_use() {
    let mut crons = crons();
    for cron in &mut crons {
        cron.conditional = true;
    }
    let told = told(&HEAVY.history(), &observe(crons, vec![HEAVY.window()]));
    let window = only(&told);
    assert_eq!((window.growth.n_runs, window.growth.n_variable), (0, 12));
    assert!(near(window.growth.other_ratio, 0.6, 0.05), "{:?}", window.growth);
    assert!(matches!(window.claim, Claim::RunsOut { .. }), "by the pace of a long window");
}

#[test]
fn a_window_of_some_models_counts_their_runs_alone() {
    let covers = |on: &str| {
        let covers = ModelScope::Models(vec![model(on)]);
        let mut history = HEAVY.history();
        history.windows.values_mut().for_each(|past| past.covers = covers.clone());
        let told = told(&history, &observe(crons(), vec![QuotaWindow { covers, ..HEAVY.window() }]));
        only(&told).growth.n_runs
    };
    assert_eq!((covers(LARGE), covers("acme/small")), (120, 0));

    let mut crons = crons();
    crons.push(cron("small", "acme/small", pattern("* * * * *")));
    let mut history = HEAVY.history();
    let covers = ModelScope::Models(vec![model(LARGE)]);
    history.windows.values_mut().for_each(|past| past.covers = covers.clone());
    let told = told(&history, &observe(crons, vec![QuotaWindow { covers, ..HEAVY.window() }]));
    assert!(near(only(&told).growth.scheduled_ratio, 0.6, 0.02), "another model each minute takes nothing of it");
}

#[test]
fn a_cron_that_fails_now_and_then_is_expected_to_use_less() {
    let mut history = HEAVY.history();
    let first = |run: &&mut PastRun| run.cron.as_str() == "c00" && run.at.as_second().rem_euclid(10_800) == 0;
    for run in history.runs.iter_mut().filter(first) {
        (run.well, run.tokens) = (false, None);
    }
    let told = told(&history, &observe(crons(), vec![HEAVY.window()]));
    let share = |id: &str| only(&told).growth.by_cron.iter().find(|one| one.cron.as_str() == id).map(|one| one.ratio);
    let part = share("c00").expect("listed") / share("c01").expect("listed");
    assert!(near(part, 0.7, 0.03), "one in three failed, four good ones are assumed: {part}");
}

#[test]
fn runs_that_last_long_leave_the_moment_open() {
    let between = |secs: i64| {
        let mut history = HEAVY.history();
        history.runs.iter_mut().for_each(|run| run.duration = Some(SignedDuration::from_secs(secs)));
        match claim(crons(), vec![HEAVY.window()], &history) {
            Claim::RunsOut { early, late: Some(late), .. } => late.duration_since(early).as_mins(),
            other => panic!("{other:?}"),
        }
    };
    assert!(between(900) >= between(20) + 10, "{} {}", between(900), between(20));
}

#[test]
fn a_window_that_waits_for_its_first_use_says_so() {
    // Three turns with pauses between them, and since then five hours to go at every reading.
    let turn = |ago: i64| (0..30).map(move |step| (ago - step * 10, 0.02 + step as f64 * 0.01, Some(ago - 300)));
    let waits = (0..6).map(|step| (60 - step * 10, 0.0, Some(60 - step * 10 - 300)));
    let readings = [2_000, 1_500, 800].into_iter().flat_map(turn).chain(waits);
    let sample = |(ago, used_ratio, resets): (i64, f64, Option<i64>)| {
        let resets_at = resets.map(|ago| mins(-ago));
        QuotaSample { at: mins(-ago), used_ratio, resets_at, source: Source::UsageStatus }
    };
    let mut history = HEAVY.history();
    let ((account, _), past) = history.windows.pop_first().expect("one");
    let past = WindowHistory { span: Some(Span::Hours(5)), samples: readings.map(sample).collect(), ..past };
    history.windows.insert((account, "5h".to_owned()), past);
    let shown = |resets_at: Option<Timestamp>| QuotaWindow {
        resets_at,
        ..QuotaWindow::new("5h", 0.0, mins(-1), Source::UsageStatus)
    };
    for resets_at in [Some(mins(299)), None] {
        let told = told(&history, &observe(crons(), vec![shown(resets_at)]));
        assert_eq!(only(&told).starts, WindowStart::AtFirstUse);
        assert_eq!(only(&told).claim, Claim::Silent(Silence::NotStarted), "{resets_at:?}");
    }
}

#[test]
fn windows_in_requests_and_runs_without_tokens_are_counted_by_runs() {
    let mut requests = HEAVY.history();
    requests.windows.values_mut().for_each(|past| past.metric = Some(Metric::Requests));
    let mut untold = HEAVY.history();
    untold.runs.iter_mut().for_each(|run| run.tokens = None);
    let windows = [QuotaWindow { metric: Some(Metric::Requests), ..HEAVY.window() }, HEAVY.window()];
    for (history, window) in [requests, untold].iter().zip(windows) {
        let told = told(history, &observe(crons(), vec![window]));
        assert_eq!(only(&told).basis.unit, Unit::Run);
        assert!(near(only(&told).basis.ratio_per_unit.expect("learned"), 0.005, 0.0003));
        assert!(matches!(only(&told).claim, Claim::RunsOut { .. }));
    }
}

#[test]
fn what_ran_since_the_reading_and_what_runs_now_is_counted() {
    let read_at = now() - SignedDuration::from_mins(61);
    let reading = QuotaWindow { used_ratio: HEAVY.used(read_at), observed_at: read_at, ..HEAVY.window() };
    let told = told(&HEAVY.history(), &observe(crons(), vec![reading.clone()]));
    let [first, ..] = only(&told).band.as_slice() else { panic!("a band") };
    assert!(near(first.likely, reading.used_ratio + 12.0 * 0.005, 0.004), "{first:?} after {}", reading.used_ratio);

    let growth = |running: Option<Timestamp>| {
        let mut crons = crons();
        crons[11].running_since = running;
        let told = super::told(&HEAVY.history(), &observe(crons, vec![HEAVY.window()]));
        only(&told).growth.scheduled_ratio
    };
    assert!(near(growth(Some(mins(-1))) - growth(None), 0.005, 0.0005));
}

#[test]
fn nothing_is_claimed_where_it_could_mislead() {
    let reset = now() + SignedDuration::from_hours(10);
    let with = |change: &dyn Fn(&mut QuotaWindow)| {
        let mut window = HEAVY.window();
        change(&mut window);
        window
    };
    let age = SignedDuration::from_mins(200);
    let cases = [
        (with(&|w| w.used_ratio = 0.02), Silence::BarelyBegun, "2 % are used"),
        (with(&|w| w.resets_at = Some(mins(24 * 60 - 40))), Silence::BarelyBegun, "40 minutes of 24 hours are over"),
        (with(&|w| w.observed_at = now() - age), Silence::Stale { age }, "read three hours ago"),
        (with(&|w| w.resets_at = Some(mins(0))), Silence::RolledOver, "its reset has passed"),
        (with(&|w| w.resets_at = None), Silence::NoReset, "nobody tells its reset"),
        (with(&|w| (w.resets_at, w.used_ratio) = (None, 0.0)), Silence::NotStarted, "told once, and nothing used now"),
        (with(&|w| w.covers = ModelScope::Feature("search".into())), Silence::NotOfRuns, "no run waits for it"),
        (with(&|w| w.span = Some(Span::Minute)), Silence::NotOfRuns, "a limit of a minute"),
    ];
    for (window, why_silent, why) in cases {
        let mut history = HEAVY.history();
        if why_silent == Silence::BarelyBegun && window.used_ratio > 0.03 {
            // A turn that began so late was not seen before.
            history.windows.values_mut().for_each(|past| past.samples.truncate(2_000));
        }
        let told = told(&history, &observe(crons(), vec![window]));
        assert_eq!(only(&told).claim, Claim::Silent(why_silent), "{why}");
        assert!(only(&told).band.is_empty(), "{why}");
    }
    let used_up = with(&|w| (w.used_ratio, w.observed_at) = (1.0, now() - age));
    assert_eq!(claim(crons(), vec![used_up], &HEAVY.history()), Claim::UsedUp, "however old: until {reset}");
}

#[test]
fn a_reading_may_be_older_for_those_who_look_rarely() {
    let settings = |every: i64| {
        let mut settings = Settings::default();
        settings.checks.every = SignedDuration::from_mins(every);
        settings
    };
    let read_at = now() - SignedDuration::from_mins(200);
    let obs = observe(crons(), vec![QuotaWindow { observed_at: read_at, ..HEAVY.window() }]);
    let learned = learn(&HEAVY.history(), &obs);
    let silent = |every: i64| {
        let told = forecast(&learned, &obs, &settings(every), None, mins(60));
        matches!(only(&told).claim, Claim::Silent(Silence::Stale { .. }))
    };
    assert!(silent(5) && silent(60) && !silent(120));
}

#[test]
fn it_says_that_it_still_learns() {
    let mut history = HEAVY.history();
    history.windows.values_mut().for_each(|past| {
        let first = past.samples.len() - 84;
        past.samples.drain(..first);
    });
    let learning = Claim::Learning(Learning::Readings { seen: 5, needed: 8 });
    assert_eq!(
        claim(crons(), vec![HEAVY.window()], &history),
        learning,
        "seven hours in stretches of 90 minutes, the last one shorter"
    );
    let nothing = UsageHistory::default();
    let learning = Claim::Learning(Learning::Readings { seen: 0, needed: 8 });
    assert_eq!(claim(crons(), vec![HEAVY.window()], &nothing), learning, "nothing was ever read");
}

/// Five-hour windows, the last of which began an hour ago, with a burst in the second hour of each; runs in every
/// other hour of the day take `of_runs` each.
fn bursts(burst: f64, of_runs: f64) -> (UsageHistory, QuotaWindow, Vec<Cron>) {
    let mut history = HEAVY.history();
    history.runs.retain(|run| run.at.as_second().rem_euclid(7_200) < 3_600);
    let began = now().as_second() - 3_600;
    let sample = |step: i64| {
        let at = now() - SignedDuration::from_mins(24 * 60 * (DAYS - 1) - step * 5 + 2);
        let secs = (at.as_second() - began).rem_euclid(5 * 3_600);
        let begins = at - SignedDuration::from_secs(secs);
        let of_turn = |run: &&PastRun| begins <= run.at && run.at < at;
        let n_runs = history.runs.iter().filter(of_turn).count();
        let burst = ((secs as f64 - 3_600.0) / 3_600.0).clamp(0.0, 1.0) * burst;
        let resets_at = Some(begins + SignedDuration::from_hours(5));
        QuotaSample { at, used_ratio: burst + n_runs as f64 * of_runs, resets_at, source: Source::UsageStatus }
    };
    let samples: Vec<QuotaSample> = (0..=(DAYS - 1) * 24 * 12).map(sample).collect();
    let last = samples[samples.len() - 1];
    let ((account, _), past) = history.windows.pop_first().expect("one");
    let past = WindowHistory { span: Some(Span::Hours(5)), samples, ..past };
    history.windows.insert((account, "5h".to_owned()), past);
    let window =
        QuotaWindow { resets_at: last.resets_at, ..QuotaWindow::new("5h", 0.45, last.at, Source::UsageStatus) };
    let even = |index: usize| cron(&format!("c{index:02}"), LARGE, pattern(&format!("{} */2 * * *", index * 5)));
    (history, window, (0..12).map(even).collect())
}

#[test]
fn a_short_window_whose_bursts_are_not_of_the_schedule_is_not_said_to_run_out() {
    let of = |burst: f64, of_runs: f64| {
        let (history, window, crons) = bursts(burst, of_runs);
        let told = told(&history, &observe(crons, vec![window]));
        let window = only(&told);
        (window.claim.clone(), window.band.is_empty())
    };
    assert_eq!(of(0.7, 0.001), (Claim::Silent(Silence::PaceAlone), false), "where it may go is shown");
    let (claim, _) = of(0.0, 0.03);
    assert!(matches!(claim, Claim::RunsOut { .. }), "a schedule is no burst: {claim:?}");
}

#[test]
fn a_plan_that_is_carried_out_first_moves_its_runs() {
    let obs = observe(crons(), vec![HEAVY.window()]);
    let learned = learn(&HEAVY.history(), &obs);
    let mut plan = plan(&obs, &Settings::default());
    let move_to = |index: usize| {
        let id = CronId::new(format!("c{index:02}"));
        let cron = &obs.crons[&id];
        let mut to = cron.fields();
        to.model = Some("other/large".to_owned());
        crate::domain::Change {
            cron: id,
            name: cron.name.clone(),
            tier: None,
            critical: false,
            revision: None,
            from: cron.fields(),
            to,
            schedule: None,
            from_model: Some(model(LARGE)),
            to_model: Some(model("other/large")),
            to_route: None,
            kind: crate::domain::ChangeKind::Move,
            reason: crate::domain::Reason::GivenBack,
            cause: crate::domain::Cause::Edit,
            next_run_at: None,
            running_since: None,
            marks: Vec::new(),
            ticked: index != 11,
        }
    };
    plan.changes = (0..12).map(move_to).collect();
    let after = forecast(&learned, &obs, &Settings::default(), Some(&plan), mins(60));
    assert!(matches!(only(&after).claim, Claim::Lasts { .. }), "{:?}", only(&after).claim);
    assert_eq!(only(&after).growth.n_runs, 10, "the one that is not ticked stays");
}

#[test]
fn a_cron_of_which_nothing_is_known_leans_on_those_like_it() {
    let mut crons = crons();
    crons.push(cron("new", LARGE, Schedule::Every { every: SignedDuration::from_mins(10), anchor: Some(now()) }));
    let told = told(&HEAVY.history(), &observe(crons, vec![HEAVY.window()]));
    let new = told.coming.crons.iter().find(|one| one.cron.as_str() == "new").expect("it is carried");
    let tokens = new.tokens.expect("as the others");
    assert!(near(tokens.mean, 100_000.0, 1.0) && tokens.n_runs == 0, "{tokens:?}");
    assert!(near(only(&told).growth.scheduled_ratio, 0.6 + 0.3, 0.03));
}

#[test]
fn a_cron_with_few_runs_of_its_own_counts_them_with_those_of_others() {
    let mut history = HEAVY.history();
    history.runs.extend((0..3).map(|index| run("new", mins(-3 + index), 200_000)));
    let mut crons = crons();
    crons.push(cron("new", LARGE, pattern("0 * * * *")));
    let told = told(&history, &observe(crons, vec![HEAVY.window()]));
    let new = told.coming.crons.iter().find(|one| one.cron.as_str() == "new").expect("it is carried");
    let tokens = new.tokens.expect("known");
    assert!(
        near(tokens.mean, 150_000.0, 3_000.0) && tokens.n_runs == 3,
        "three of its own, three of the others: {tokens:?}"
    );
}

#[test]
fn turns_after_the_reset_are_drawn_and_nothing_is_claimed_of_them() {
    let blocks = |span: Span, resets_at: i64, days: i64| {
        let window = QuotaWindow { span: Some(span), resets_at: Some(mins(resets_at)), ..HEAVY.window() };
        let obs = observe(crons(), vec![window]);
        let learned = learn(&UsageHistory::default(), &obs);
        let told = forecast(&learned, &obs, &Settings::default(), None, mins(days * 24 * 60));
        only(&told).next.iter().map(|block| (block.starts_at, block.ends_at)).collect::<Vec<_>>()
    };
    assert_eq!(blocks(Span::Hours(5), 60, 0), [], "none begins before the end of the picture");
    assert_eq!(blocks(Span::Daily, 600, 2), [(mins(600), mins(2_040)), (mins(2_040), mins(3_480))]);
    let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
    assert_eq!(blocks(Span::Monthly, 24 * 60, 20), [(at("2026-11-28T14:00:00Z"), at("2026-12-28T14:00:00Z"))]);
    assert_eq!(blocks(Span::Hours(1), 60, 32).len(), 400, "no more than can be drawn");
}

#[test]
fn equal_worlds_give_equal_forecasts() {
    let obs = observe(crons(), vec![HEAVY.window()]);
    assert_eq!(told(&HEAVY.history(), &obs), told(&HEAVY.history(), &obs));
    let mut shuffled = obs.clone();
    shuffled.crons = Arc::new(obs.crons.iter().rev().map(|(id, cron)| (id.clone(), Arc::clone(cron))).collect());
    assert_eq!(told(&HEAVY.history(), &shuffled), told(&HEAVY.history(), &obs));
}

/// What runs elsewhere right now is no use of this window, although it covers all models.
#[test]
fn a_run_under_way_on_another_account_uses_nothing_of_this_one() {
    let other = |running_since| {
        let mut all = crons();
        let elsewhere = cron("elsewhere", "other/large", pattern("0 3 * * *"));
        all.push(Cron { running_since, ..elsewhere });
        let obs = observe(all, vec![LIFE.window()]);
        let mut history = LIFE.history();
        history.keep_run(run("elsewhere", mins(-60), 90_000_000));
        only(&told(&history, &obs)).clone()
    };
    assert_eq!(other(Some(mins(-5))), other(None));
}

#[test]
fn an_account_that_is_down_for_nobody_knows_how_long_uses_nothing() {
    let of = |health| {
        let mut obs = observe(crons(), vec![LIFE.window()]);
        let vital = crate::domain::Vital { health, ..crate::domain::Vital::default() };
        Arc::make_mut(&mut obs.fleet).accounts.insert(crate::domain::AccountId::new("acme"), vital);
        only(&told(&LIFE.history(), &obs)).claim.clone()
    };
    assert!(matches!(of(Health::Up), Claim::Lasts { .. }));
    assert_eq!(of(Health::RefusedKey), Claim::Silent(Silence::Down));
    assert!(
        matches!(of(Health::LimitHit { resets_at: Some(mins(30)) }), Claim::Lasts { .. }),
        "it is back in half an hour"
    );
}
