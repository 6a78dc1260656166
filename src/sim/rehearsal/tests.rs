//! Outages rehearsed on the worlds of people who are well.

use std::ops::ControlFlow;
use std::sync::Arc;

use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::disk::Disk;
use super::super::first;
use super::*;
use crate::domain::{
    Automation, AutomationLevel, Hypothesis, OutageLevel, QuotaWindow, RouteKey, Settings, Source, StartedBy, Tier,
    TierMap,
};

/// A Thursday morning.
const NOW: Timestamp = Timestamp::constant(1_792_050_000, 0);

/// What a program shows that has run among these crons for an hour, and has nothing to do.
fn well(seed: u64, level: AutomationLevel) -> Snapshot {
    let mut rng = Rng::with_seed(seed);
    let (crons, tiers) = first::crons(&mut rng, NOW, 2);
    let settings = first::settings(&mut rng);
    let automation = Automation { level, max_crons: 40, quiet: None, ..Automation::default() };
    shown(crons, tiers, Settings { automation, ..settings })
}

fn shown(crons: Vec<Cron>, tiers: TierMap, settings: Settings) -> Snapshot {
    let gateway = Gateway::new(crons, &first::MODELS);
    let machine = Machine::new(Disk::new(settings, tiers), NOW);
    let mut sim = Sim::among(Trial::whole(1, 1), gateway, vec![machine], NOW);
    sim.at(NOW, Occurrence::Starts { computer: 0 });
    let mut finger = Finger::default();
    for _ in 0..60 {
        sim.live(sim.now + A_LOOK);
        let picture = sim.machines[0].picture.clone().expect("a picture");
        let command = finger.presses(&picture, sim.now, Timestamp::MAX);
        if let Some(command) = command {
            sim.ask(0, command);
        }
    }
    assert_eq!(sim.breach, None);
    let mut picture = sim.machines[0].picture.clone().expect("a picture");
    assert!(picture.ledger.is_empty() && picture.plan.changes.iter().all(|change| !change.ticked));
    picture.at = sim.now;
    picture
}

fn drill(down: &[&str], hours: i64) -> Drill {
    let accounts = down.iter().map(|account| (AccountId::new(*account), Supposed::Down)).collect();
    let supposed = Hypothesis { accounts, ..Hypothesis::default() };
    let lasts = OutageLasts::For(SignedDuration::from_hours(hours));
    Drill { supposed, lasts, zone: TimeZone::UTC, seed: 1 }
}

fn rehearsed(seen: &Snapshot, asked: &Drill) -> Rehearsal {
    rehearse(seen, asked, &mut |_| ControlFlow::Continue(())).expect("nobody broke it off")
}

fn at(rehearsal: &Rehearsal, fits: impl Fn(&Rehearsed) -> bool) -> Option<Timestamp> {
    rehearsal.events.iter().find(|event| fits(&event.what)).map(|event| event.at)
}

const TWO: [&str; 2] = ["anthropic", "google"];

#[test]
fn a_crisis_is_lived_through_and_everything_is_given_back() {
    let seen = well(3, AutomationLevel::ActWithinLimits);
    let lived = rehearsed(&seen, &drill(&TWO, 6));
    assert_eq!(lived.broken, None);
    let [begins, noticed, crisis, ends, over, before] = [
        at(&lived, |what| *what == Rehearsed::Begins),
        at(&lived, |what| matches!(what, Rehearsed::Noticed { .. })),
        at(&lived, |what| *what == Rehearsed::CrisisOn(StartedBy::Automation)),
        at(&lived, |what| *what == Rehearsed::Ends),
        at(&lived, |what| *what == Rehearsed::CrisisOff),
        at(&lived, |what| *what == Rehearsed::AsBefore),
    ]
    .map(|at| at.unwrap_or_else(|| panic!("{:#?}", lived.events)));
    assert!(begins < noticed && noticed <= crisis && crisis < ends && ends < over && over <= before);
    assert_eq!((begins, ends), (lived.begins, lived.begins + SignedDuration::from_hours(6)));
    assert!(at(&lived, |what| matches!(what, Rehearsed::Wrote(wrote) if wrote.stage == Some(0))).is_some());
    assert_eq!((lived.as_before, lived.otherwise.len()), (Some(before), 0));
    assert!(lived.most_paused() > 0 && lived.with.n_writes > 0 && lived.n_presses == 0, "{lived:#?}");
    assert!(lived.lanes.iter().filter(|lane| lane.fails).all(|lane| !lane.known.is_empty()), "{:#?}", lived.lanes);
}

#[test]
fn without_the_program_more_runs_fail_and_nothing_is_written() {
    for seed in 3..6 {
        let lived = rehearsed(&well(seed, AutomationLevel::ActWithinLimits), &drill(&TWO, 6));
        assert!(lived.without.n_failed > lived.with.n_failed, "{seed}: {:?}, {:?}", lived.with, lived.without);
        assert_eq!(lived.without.n_writes, 0);
        let marks: usize = lived.lanes.iter().map(|lane| lane.failed.len()).sum();
        assert_eq!(marks, lived.with.n_failed as usize, "each failed run is drawn");
    }
}

#[test]
fn what_automation_may_not_do_is_pressed_a_while_after_it_was_offered() {
    let lived = rehearsed(&well(3, AutomationLevel::Ask), &drill(&TWO, 6));
    let offered = at(&lived, |what| *what == Rehearsed::Level(OutageLevel::Crisis)).expect("a crisis");
    let entered = at(&lived, |what| *what == Rehearsed::CrisisOn(StartedBy::Hand)).expect("somebody pressed");
    let waited = entered.duration_since(offered);
    assert!(waited >= Drill::PRESSED_AFTER - A_LOOK && waited <= Drill::PRESSED_AFTER + A_LOOK * 2, "{waited:#}");
    assert!(lived.n_presses >= 2 && lived.as_before.is_some() && lived.broken.is_none(), "{lived:#?}");
}

#[test]
fn the_world_that_was_copied_stays_as_it_is_and_the_same_seed_is_the_same_outage() {
    let seen = well(4, AutomationLevel::ActWithinLimits);
    let before = format!("{seen:?}");
    let first = rehearsed(&seen, &drill(&TWO, 3));
    assert_eq!(format!("{seen:?}"), before);
    assert_eq!(first, rehearsed(&seen, &drill(&TWO, 3)));
}

#[test]
fn a_used_up_window_comes_back_at_its_own_reset() {
    let mut seen = well(5, AutomationLevel::ActWithinLimits);
    let resets_at = seen.at + SignedDuration::from_hours(4);
    let read = QuotaWindow::new("5h", 0.7, seen.at, Source::UsageStatus);
    let window = QuotaWindow { resets_at: Some(resets_at), ..read };
    Arc::make_mut(&mut seen.fleet).windows.insert(AccountId::new("google"), vec![window]);
    let asked = Drill { lasts: OutageLasts::UntilReset, ..drill(&["google"], 0) };
    let lived = rehearsed(&seen, &asked);
    assert_eq!(lived.ends, resets_at);
    let noticed = lived.noticed().expect("it is noticed").0;
    let back = at(&lived, |what| matches!(what, Rehearsed::FoundBack { .. })).expect("it is found to be back");
    assert!(noticed < resets_at && back >= resets_at, "{noticed} {back}");
    assert!(lived.as_before.is_some() && lived.broken.is_none(), "{lived:#?}");
}

/// Somebody rehearses in the middle of an outage of two vendors, with crisis mode on.
fn amid() -> Snapshot {
    let seen = well(3, AutomationLevel::ActWithinLimits);
    let gateway = copied::of(&seen, &Hypothesis::default()).gateway;
    let Copied { disk, .. } = copied::of(&seen, &Hypothesis::default());
    let mut sim = Sim::among(Trial::whole(1, 1), gateway, vec![Machine::new(disk, seen.at)], seen.at);
    sim.was_done(&[]);
    sim.at(seen.at, Occurrence::Starts { computer: 0 });
    sim.live(seen.at + SignedDuration::from_mins(10));
    for account in TWO {
        sim.gateway.vendors.insert(AccountId::new(account), Vendor::KeyRefused);
    }
    sim.live(seen.at + SignedDuration::from_hours(4));
    let amid = sim.machines[0].picture.clone().expect("a picture");
    assert!(amid.crisis.state.mode.is_some() && !amid.ledger.is_empty(), "{:?} {:?}", sim.breach, amid.crisis);
    amid
}

#[test]
fn a_crisis_that_is_on_already_is_no_breach_of_a_law() {
    let amid = amid();
    let mut asked = drill(&["kimi"], 2);
    asked.supposed.accounts.extend(TWO.map(|account| (AccountId::new(account), Supposed::Back)));
    let lived = rehearsed(&amid, &asked);
    assert_eq!(lived.broken, None);
    assert!(at(&lived, |what| *what == Rehearsed::CrisisOff).is_some(), "{:#?}", lived.events);
    assert!(lived.most_paused() > 0, "some were paused when it began");
}

#[test]
fn what_a_crisis_had_changed_before_the_outage_is_as_before_when_it_is_given_back() {
    let amid = amid();
    let lived = rehearsed(&amid, &drill(&TWO, 3));
    assert_eq!(lived.broken, None);
    assert_eq!(lived.otherwise, [""; 0], "{:#?}", lived.events);
    assert!(lived.n_home > 0, "some had been moved before the crisis, and are home again");
    assert!(lived.as_before.is_some(), "{:#?}", lived.events);
}

#[test]
fn it_is_broken_off_when_nobody_waits_for_it() {
    let seen = well(3, AutomationLevel::ActWithinLimits);
    let mut parts = Vec::new();
    let answer = rehearse(&seen, &drill(&TWO, 6), &mut |part| {
        parts.push(part);
        if part > 0.5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(answer.is_none() && parts.len() > 10 && parts.is_sorted(), "{parts:?}");
}

#[test]
fn the_life_without_the_program_asks_as_often_whether_somebody_waits_for_it() {
    let seen = well(3, AutomationLevel::ActWithinLimits);
    let mut parts = Vec::new();
    let lived = rehearse(&seen, &drill(&TWO, 2), &mut |part| {
        parts.push(part);
        ControlFlow::Continue(())
    });
    let lived = lived.expect("nobody broke it off");
    let minutes = (lived.until.duration_since(lived.begins) + Drill::RUN_UP).as_mins();
    assert!(parts.len() as i64 >= 2 * minutes && parts.is_sorted(), "{} in {minutes} minutes", parts.len());
    let (mut n_asked, last) = (0, parts.len());
    let answer = rehearse(&seen, &drill(&TWO, 2), &mut |_| {
        n_asked += 1;
        if n_asked == last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(answer.is_none() && n_asked == last, "{n_asked} of {last}");
}

#[test]
fn another_chain_that_is_supposed_holds_in_the_rehearsal() {
    let seen = well(3, AutomationLevel::ActWithinLimits);
    let mut asked = drill(&["google"], 3);
    let went = |asked: &Drill| {
        let lived = rehearsed(&seen, asked);
        let to = lived.events.iter().filter(|event| (lived.begins..lived.ends).contains(&event.at));
        let to = to.filter_map(|event| if let Rehearsed::Wrote(wrote) = &event.what { Some(wrote) } else { None });
        to.flat_map(|wrote| wrote.moved.keys().cloned()).collect::<BTreeSet<AccountId>>()
    };
    let minimax = AccountId::new("minimax");
    assert!(!went(&asked).contains(&minimax), "it is not where T2 goes by itself");
    let routes = ["gemini_flash", "minimax"].map(RouteKey::new).to_vec();
    asked.supposed.chains.insert(Tier::T2, routes);
    assert!(went(&asked).contains(&minimax));
}
