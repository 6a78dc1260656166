//! What is remembered of quotas and runs, and how what nobody heard of is filled in.

use super::outside::run_on;
use super::*;
use crate::engine::input::Remembrance;
use crate::engine::step::settle;
use crate::gateway::News;

fn flash() -> ModelRef {
    ModelRef::of("b", "two")
}

/// It ended so many minutes before now.
fn run(minutes_ago: i64) -> RunRecord {
    run_on(&flash(), "1", at(-60 * minutes_ago), None)
}

fn remembers(world: &mut World, usage: UsageHistory, whole: Option<Timestamp>) -> Vec<Effect> {
    let result = Ok(Remembrance { usage, whole });
    step(world, Input::HistoryRead { path: PathBuf::from("unused"), result }, NOW)
}

fn page(world: &mut World, minutes_ago: std::ops::Range<i64>, offset: u32, more: bool) -> Vec<Effect> {
    let runs = minutes_ago.map(run).collect();
    let (session, what) = (world.session, Fetched::Runs { cron: None, runs, offset, more });
    step(world, Input::Fetched { session, what }, NOW)
}

fn ends(world: &mut World, minutes_ago: i64) -> Vec<Effect> {
    hears(world, News::RunFinished(run(minutes_ago), cron("1", "b/two")))
}

fn hears(world: &mut World, news: News) -> Vec<Effect> {
    let session = world.session;
    step(world, Input::News { session, news }, NOW)
}

/// The page that is asked for.
fn asked(effects: &[Effect]) -> Option<u32> {
    effects.iter().find_map(|effect| match effect {
        Effect::Fetch { what: Fetch::Runs { cron: None, offset, .. }, .. } => Some(*offset),
        _ => None,
    })
}

/// How many runs go to the disk, and up to when all are known then.
fn kept(effects: &[Effect]) -> Vec<(usize, Option<Timestamp>)> {
    let kept = |effect: &Effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::RememberRuns { runs, whole } => Some((runs.len(), *whole)),
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(kept).collect()
}

fn minutes_ago(minutes: i64) -> Timestamp {
    at(-60 * minutes)
}

#[test]
fn runs_that_ended_unheard_are_fetched_back_to_what_was_known() {
    let mut world = world(&[cron("1", "b/two")], Vec::new());
    let effects = page(&mut world, 1..201, 0, true);
    assert_eq!((asked(&effects), kept(&effects)), (None, vec![(200, None)]), "what is known is still being read");
    let effects = remembers(&mut world, UsageHistory::default(), Some(minutes_ago(500)));
    assert_eq!(asked(&effects), Some(200));
    let effects = page(&mut world, 201..401, 200, true);
    assert_eq!((asked(&effects), kept(&effects)), (Some(400), vec![(200, None)]));
    assert_eq!(asked(&page(&mut world, 201..401, 200, true)), None, "nobody waits for that page");
    let effects = ends(&mut world, 0);
    assert_eq!(kept(&effects), [(1, None)], "as long as some are missing");
    // One more has ended, so the page begins with one that is known.
    let effects = page(&mut world, 400..600, 400, true);
    assert_eq!((asked(&effects), kept(&effects)), (None, vec![(199, None), (0, Some(NOW))]), "now all are known");
    assert_eq!(world.past.usage.runs.len(), 600);
    assert_eq!(kept(&ends(&mut world, -1)), [(1, Some(minutes_ago(-1)))], "from now on nothing is missed");
    hears(&mut world, News::Gap);
    assert_eq!(kept(&ends(&mut world, -2)), [(1, None)], "until something may be");
    let effects = page(&mut world, -2..198, 0, true);
    assert_eq!((asked(&effects), kept(&effects)), (None, vec![(0, Some(minutes_ago(-2)))]), "which it was not");
}

#[test]
fn everything_that_the_gateway_tells_is_fetched_where_nothing_is_known() {
    let mut one = world(&[cron("1", "b/two")], Vec::new());
    remembers(&mut one, UsageHistory::default(), None);
    assert_eq!(asked(&page(&mut one, 1..201, 0, true)), Some(200));
    let effects = page(&mut one, 201..300, 200, false);
    assert_eq!((asked(&effects), kept(&effects)[1]), (None, (0, Some(minutes_ago(1)))), "there are no more");
    let mut other = world(&[cron("1", "b/two")], Vec::new());
    remembers(&mut other, UsageHistory::default(), None);
    let effects = page(&mut other, 13_000..13_200, 0, true);
    assert_eq!(asked(&effects), None, "older ones are on their way out, and may be gone while they are read");
}

#[test]
fn a_page_that_could_not_be_had_is_asked_for_again() {
    let mut world = world(&[cron("1", "b/two")], Vec::new());
    remembers(&mut world, UsageHistory::default(), None);
    let fails = |world: &mut World| {
        let what = Fetched::Failed { what: "runs", detail: "busy".to_owned() };
        let session = world.session;
        assert_eq!(asked(&step(world, Input::Fetched { session, what }, NOW)), None);
    };
    fails(&mut world);
    let effects = step(&mut world, Input::Tick, at(60));
    assert_eq!(asked(&effects), Some(0), "even the first one");
    page(&mut world, 1..201, 0, true);
    fails(&mut world);
    assert_eq!(asked(&step(&mut world, Input::Tick, at(59))), None);
    assert_eq!(asked(&step(&mut world, Input::Tick, at(60))), Some(200));
    assert_eq!(asked(&step(&mut world, Input::Tick, at(120))), None, "it is on its way");
}

#[test]
fn what_the_folder_remembers_is_shown_with_what_was_heard_while_it_was_read() {
    let mut world = world(&[cron("1", "b/two")], Vec::new());
    ends(&mut world, 1);
    let mut usage = UsageHistory::default();
    for minutes in [3, 1] {
        usage.keep_run(PastRun::of(&run(minutes)));
    }
    usage.keep_reading(&"b".into(), &QuotaWindow::new("Week", 0.3, at(-7200), Source::Probe));
    remembers(&mut world, usage.clone(), None);
    assert_eq!(*world.snapshot(NOW).history, usage);
    let other = Remembrance { usage: UsageHistory::default(), whole: None };
    step(&mut world, Input::HistoryRead { path: PathBuf::from("other"), result: Ok(other) }, NOW);
    assert_eq!(*world.snapshot(NOW).history, usage, "that of a folder which was left is nobody's");
}

#[test]
fn a_reading_is_remembered_when_it_says_something_new() {
    let mut world = world(&[cron("1", "b/two")], Vec::new());
    remembers(&mut world, UsageHistory::default(), None);
    let mut reads = |ratio: f64, seconds: i64| {
        let window = QuotaWindow::new("Week", ratio, at(seconds), Source::UsageStatus);
        Arc::make_mut(&mut world.fleet).windows = BTreeMap::from([("b".into(), vec![window])]);
        world.dirty.plan = true;
        let (_, effects) = settle(&mut world, at(seconds));
        let keeps = |effect: &Effect| matches!(effect, Effect::Store(op) if matches!(**op, StoreOp::RememberQuota(_)));
        let n = world.snapshot(at(seconds)).history.windows[&("b".into(), "Week".to_owned())].samples.len();
        (effects.iter().any(keeps), n)
    };
    let cases = [(0.3, 0, (true, 1)), (0.3, 300, (false, 1)), (0.31, 600, (true, 2)), (0.31, 4_200, (true, 3))];
    for (ratio, seconds, expected) in cases {
        assert_eq!(reads(ratio, seconds), expected, "{ratio} at {seconds}");
    }
}

#[test]
fn what_is_too_old_is_dropped_on_opening_once_a_day_and_when_less_shall_be_kept() {
    let mut world = world(&[cron("1", "b/two")], Vec::new());
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let dropped = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Store(op) => match **op {
                StoreOp::ForgetBefore(moment) => Some(moment),
                _ => None,
            },
            _ => None,
        })
    };
    let effects = crate::engine::step::past::open(&mut world, NOW);
    assert_eq!(dropped(&effects), Some(NOW - days(180)));
    let mut usage = UsageHistory::default();
    for age in [179, 100] {
        usage.keep_run(PastRun { at: NOW - days(age), ..PastRun::of(&run(0)) });
    }
    remembers(&mut world, usage, None);
    assert_eq!(dropped(&step(&mut world, Input::Tick, NOW + days(1) - SignedDuration::from_secs(1))), None);
    assert!(world.next_wake().is_some_and(|at| at <= NOW + days(1)));
    let a_day_later = NOW + days(1);
    assert_eq!(dropped(&step(&mut world, Input::Tick, a_day_later)), Some(a_day_later - days(180)));
    assert_eq!(world.past.usage.runs.len(), 2, "exactly as old as is kept");
    let change = Command::Settings(SettingsChange::SetHistoryDays(120));
    step(&mut world, Input::Command(Ticket(1), change), a_day_later);
    assert!(world.next_wake().is_some_and(|at| at <= a_day_later));
    assert_eq!(dropped(&step(&mut world, Input::Tick, a_day_later)), Some(a_day_later - days(120)));
    assert_eq!(world.past.usage.runs.len(), 1);
    let change = Command::Settings(SettingsChange::SetHistoryDays(1));
    step(&mut world, Input::Command(Ticket(2), change), a_day_later);
    assert_eq!(world.settings.history.keep_days, 7, "what the gateway keeps would only be fetched again");
}
