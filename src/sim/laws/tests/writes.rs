//! Laws of a single change: whose cron, whose field, who asked for it, what was on disk before.

use jiff::SignedDuration;
use jiff::civil::time;

use super::super::super::happening::Hand;
use super::super::Law;
use super::bench::{Bench, ENGINE, FLASH, KIMI, id, off, on};
use crate::domain::{
    AutomationLevel, Cause, ChangeKind, CronId, Fields, Hold, HoldReason, MadeBy, ModelRef, OWNER_KEY, Pin, PlanId,
    PlanOrigin, QuietHours, Reason, Tier, TierEntry,
};
use crate::engine::Command;

/// Somebody asked for a pause of "a", which is owed.
fn pausing(entry: TierEntry) -> Bench {
    let mut bench = Bench::new();
    bench.tier("a", entry);
    bench.step();
    bench.owes("a", off(FLASH));
    bench.job(0, |change| (change.to, change.kind) = (off(FLASH), ChangeKind::Pause));
    bench.asks_for_all(0);
    bench
}

#[test]
fn a_critical_cron_is_paused_only_when_it_is_pinned_or_somebody_takes_something_back() {
    let entry = |critical, pinned| TierEntry { critical, pinned, ..TierEntry::new(Tier::T2) };
    let here = Pin { model: None };
    let cases = [
        (entry(false, None), None, "not critical"),
        (entry(true, Some(here)), None, "pinned"),
        (entry(true, None), Some(Law::CriticalNeverPaused), "critical"),
    ];
    for (entry, expected, why) in cases {
        assert_eq!(pausing(entry).write(ENGINE, "a", off(FLASH)), expected, "{why}");
    }
    let mut bench = pausing(entry(true, None));
    bench.record(0, "resumed", &(off(FLASH), on(FLASH)));
    bench.job(0, |change| (change.to, change.kind) = (off(FLASH), ChangeKind::Undo));
    bench.disks[0].jobs.remove(0);
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", off(FLASH)), None, "taken back by hand");
    let mut bench = pausing(entry(false, None));
    bench.tier("a", entry(true, None));
    bench.step();
    assert_eq!(bench.write(ENGINE, "a", off(FLASH)), None, "the call was under way when it became critical");
}

/// "a" is switched off by `by`, and on again by the program.
fn resumed(by: Hand) -> Option<Law> {
    let mut bench = pausing(TierEntry::new(Tier::T2));
    assert_eq!(bench.write(by, "a", off(FLASH)), None);
    bench.job(0, |change| (change.to, change.kind) = (on(FLASH), ChangeKind::Resume));
    bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
    bench.write(ENGINE, "a", on(FLASH))
}

#[test]
fn only_our_pauses_end() {
    assert_eq!(resumed(ENGINE), None);
    assert_eq!(resumed(Hand::Other), Some(Law::OnlyOursIsResumed));
    assert_eq!(resumed(Hand::Gateway), Some(Law::OnlyOursIsResumed));
}

#[test]
fn what_the_gateway_switched_off_is_switched_on_when_somebody_agrees() {
    let mut bench = Bench::new();
    bench.write(Hand::Gateway, "a", off(FLASH));
    bench.job(0, |change| (change.to, change.kind) = (on(FLASH), ChangeKind::Resume));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(FLASH)), None);
}

#[test]
fn what_was_off_from_the_start_stays_off() {
    let mut bench = Bench::new();
    bench.crons.insert(id("a"), super::bench::cron("a", &off(FLASH)));
    bench.job(0, |change| (change.to, change.kind) = (on(FLASH), ChangeKind::Resume));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(FLASH)), Some(Law::OffStaysOff));
}

#[test]
fn what_happened_behind_our_back_cannot_be_known() {
    let switched = |seen: bool| {
        let mut bench = pausing(TierEntry::new(Tier::T2));
        bench.write(ENGINE, "a", off(FLASH));
        bench.write(Hand::Other, "a", on(FLASH));
        if seen {
            bench.step();
        }
        bench.write(Hand::Other, "a", off(FLASH));
        bench.job(0, |change| (change.to, change.kind) = (on(FLASH), ChangeKind::Resume));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(FLASH))
    };
    assert_eq!(switched(true), Some(Law::OnlyOursIsResumed), "the program saw it on in between");
    assert_eq!(switched(false), None);
}

#[test]
fn whose_pause_it_was_cannot_be_known_after_a_crash() {
    enum Crashes {
        Never,
        Before,
        After,
    }
    let resumed = |crashes: &Crashes| {
        let mut bench = pausing(TierEntry::new(Tier::T2));
        if matches!(crashes, Crashes::Before) {
            bench.crashes();
        }
        bench.write(Hand::Other, "a", off(FLASH));
        if matches!(crashes, Crashes::After) {
            bench.crashes();
        }
        bench.starts();
        bench.job(0, |change| (change.to, change.kind) = (on(FLASH), ChangeKind::Resume));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(FLASH))
    };
    assert_eq!(resumed(&Crashes::Never), Some(Law::OnlyOursIsResumed), "the program heard of the conflict");
    assert_eq!(resumed(&Crashes::Before), None);
    assert_eq!(resumed(&Crashes::After), None);
}

#[test]
fn what_somebody_switched_on_again_is_not_paused_again() {
    let paused_again = |asked: bool, hours: i64| {
        let mut bench = pausing(TierEntry::new(Tier::T2));
        bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
        bench.write(ENGINE, "a", off(FLASH));
        bench.record(0, "s1", &(on(FLASH), off(FLASH)));
        bench.write(Hand::Other, "a", on(FLASH));
        bench.step();
        bench.passes(hours * 3600);
        bench.job(0, |change| (change.to, change.kind) = (off(FLASH), ChangeKind::Pause));
        if asked {
            bench.asks_for_all(0);
        }
        bench.write(ENGINE, "a", off(FLASH))
    };
    assert_eq!(paused_again(false, 3), Some(Law::UsersFieldStays));
    assert_eq!(paused_again(true, 3), None, "somebody wants it");
    assert_eq!(paused_again(false, 25), None, "a day later is another matter");
}

#[test]
fn what_was_asked_for_once_is_asked_for_once() {
    let mut bench = Bench::new();
    bench.job(0, |change| change.to = on(KIMI));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), None);
    bench.write(Hand::Other, "a", on(FLASH));
    let same = bench.disks[0].jobs[0].clone();
    bench.disks[0].jobs.push(same);
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), Some(Law::AutomationAsksFirst), "the same plan, in another job");
}

#[test]
fn a_field_that_a_person_changed_is_not_given_back() {
    let given_back = |theirs: Option<Fields>| {
        let mut bench = Bench::new();
        bench.job(0, |change| change.to = on(KIMI));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(KIMI));
        if let Some(theirs) = theirs {
            bench.write(Hand::Other, "a", theirs);
        }
        bench.job(0, |change| (change.to, change.reason) = (on(FLASH), Reason::GivenBack));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(FLASH))
    };
    assert_eq!(given_back(None), None);
    assert_eq!(given_back(Some(on("kimi/other"))), Some(Law::UsersFieldStays));
    let fallbacks = Fields { fallbacks: Some(["x/y".to_owned()].into()), ..on(KIMI) };
    assert_eq!(given_back(Some(fallbacks)), Some(Law::UsersFieldStays), "the fallbacks are theirs");
}

#[test]
fn what_was_set_to_just_what_a_program_wrote_while_another_acted_looks_like_its_own() {
    let other = Hand::Engine(1);
    let given_back = |theirs: &str| {
        let mut bench = Bench::of_computers(2);
        bench.job(0, |change| change.to = on(KIMI));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(KIMI));
        bench.asked(1, &Command::TakeOver);
        bench.own(other, OWNER_KEY, false);
        bench.job(1, |change| change.to = on("x/elsewhere"));
        bench.asks_for_all(1);
        bench.write(other, "a", on("x/elsewhere"));
        bench.write(Hand::Other, "a", on(theirs));
        bench.asked(0, &Command::TakeOver);
        bench.own(ENGINE, OWNER_KEY, false);
        bench.job(0, |change| (change.to, change.reason) = (on(FLASH), Reason::GivenBack));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(FLASH))
    };
    assert_eq!(given_back(KIMI), None);
    assert_eq!(given_back("kimi/other"), Some(Law::UsersFieldStays));
}

#[test]
fn taking_back_leaves_alone_what_we_did_not_write() {
    let undone = |wrote: &str| {
        let mut bench = Bench::new();
        bench.record(0, "s1", &(on(FLASH), on(wrote)));
        bench.write(Hand::Other, "a", on(KIMI));
        bench.job(0, |change| (change.to, change.kind, change.cause) = (on(FLASH), ChangeKind::Undo, Cause::Undo));
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(FLASH))
    };
    assert_eq!(undone(KIMI), None);
    assert_eq!(undone("kimi/other"), Some(Law::UsersFieldStays));
}

#[test]
fn held_and_unsorted_crons_are_left_alone() {
    let moved = |tell: &dyn Fn(&mut Bench)| {
        let mut bench = Bench::new();
        tell(&mut bench);
        bench.step();
        bench.job(0, |_| {});
        bench.asks_for_all(0);
        bench.write(ENGINE, "a", on(KIMI))
    };
    let held = |bench: &mut Bench| {
        let hold = Some(Hold { since: bench.now, why: HoldReason::ByHand });
        bench.tier("a", TierEntry { hold, ..TierEntry::new(Tier::T2) });
    };
    let unsorted = |bench: &mut Bench| {
        bench.disks[0].tiers.remove(&id("a"));
    };
    let pinned = |model: &str| {
        let pinned = Some(Pin { model: ModelRef::parse(model) });
        move |bench: &mut Bench| bench.tier("a", TierEntry { pinned: pinned.clone(), ..TierEntry::new(Tier::T2) })
    };
    assert_eq!(moved(&|_| {}), None);
    assert_eq!(moved(&held), Some(Law::HeldStays));
    assert_eq!(moved(&unsorted), Some(Law::HeldStays));
    assert_eq!(moved(&pinned(KIMI)), None, "to where it is pinned");
    assert_eq!(moved(&pinned(FLASH)), Some(Law::PinStays));
}

#[test]
fn a_run_is_waited_for() {
    let paused = |ran_for: i64, asked: bool| {
        let mut bench = pausing(TierEntry::new(Tier::T2));
        let since = bench.now - SignedDuration::from_secs(ran_for);
        bench.crons.get_mut(&id("a")).expect("it is there").running_since = Some(since);
        let crons = bench.crons.iter().map(|(id, cron)| (id.clone(), std::sync::Arc::new(cron.clone()))).collect();
        bench.picture().crons = std::sync::Arc::new(crons);
        if asked {
            bench.asked(0, &Command::PauseNow { cron: id("a") });
        }
        bench.write(ENGINE, "a", off(FLASH))
    };
    assert_eq!(paused(300, false), Some(Law::RunsEnd));
    assert_eq!(paused(300, true), None, "somebody does not want to wait");
    assert_eq!(paused(2, false), None, "it began while the call was under way");
}

#[test]
fn what_is_owed_is_on_disk_first() {
    let mut bench = pausing(TierEntry::new(Tier::T2));
    bench.owes_nothing();
    assert_eq!(bench.write(ENGINE, "a", off(FLASH)), Some(Law::DebtBeforeTheCall));
    for (owed, expected) in [(true, None), (false, Some(Law::DebtBeforeTheCall))] {
        let mut bench = Bench::new();
        bench.crisis(true);
        if owed {
            bench.owes("a", on(KIMI));
        }
        bench.job_of(0, PlanOrigin::Crisis, |_| {});
        bench.asks_for_all(0);
        assert_eq!(bench.write(ENGINE, "a", on(KIMI)), expected, "a crisis owes a move, too");
    }
}

#[test]
fn before_the_first_call_of_a_crisis_all_of_its_crons_are_owed() {
    let mut bench = Bench::new();
    bench.crisis(true);
    bench.owes("a", on(KIMI));
    bench.job_of(0, PlanOrigin::Crisis, |_| {});
    let job = bench.disks[0].jobs.last_mut().expect("a job");
    let mut second = job.lines[0].clone();
    second.change.cron = id("b");
    job.lines.push(second);
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), Some(Law::DebtBeforeTheCall), "b is not on disk");
}

#[test]
fn nothing_is_written_that_is_there() {
    let mut bench = Bench::new();
    bench.job(0, |change| change.to = on(FLASH));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(FLASH)), Some(Law::EmptyPlanMakesNoCall));
    let mut bench = Bench::new();
    let default = Fields { model: None, ..on(FLASH) };
    bench.crons.insert(id("a"), super::bench::cron("a", &default));
    bench.job(0, |change| change.to = on(FLASH));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(FLASH)), Some(Law::EmptyPlanMakesNoCall), "it is the default already");
}

fn unasked(tell: impl FnOnce(&mut Bench)) -> Option<Law> {
    let mut bench = Bench::new();
    bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
    bench.job(0, |_| {});
    tell(&mut bench);
    bench.stored();
    bench.step();
    bench.write(ENGINE, "a", on(KIMI))
}

#[test]
fn what_nobody_asked_for_is_done_only_where_it_is_allowed() {
    assert_eq!(unasked(|_| {}), None);
    let level = |level| move |bench: &mut Bench| bench.automation(|automation| automation.level = level);
    assert_eq!(unasked(level(AutomationLevel::Ask)), Some(Law::AutomationAsksFirst));
    assert_eq!(unasked(level(AutomationLevel::Observe)), Some(Law::AutomationAsksFirst));
    let asked = |bench: &mut Bench| {
        level(AutomationLevel::Ask)(bench);
        bench.asks_for_all(0);
    };
    assert_eq!(unasked(asked), None);
    let others = |bench: &mut Bench| {
        level(AutomationLevel::Ask)(bench);
        let crons: Vec<CronId> = vec![id("b")];
        bench.asked(0, &Command::Apply { plan: PlanId::new("plan-0"), crons });
    };
    assert_eq!(unasked(others), Some(Law::AutomationAsksFirst), "another line was asked for");
    let edit = |bench: &mut Bench| bench.disks[0].jobs[0].lines[0].change.cause = Cause::Edit;
    assert_eq!(unasked(edit), Some(Law::AutomationAsksFirst), "a wish waits for its user");
    let entry = |entry: TierEntry| move |bench: &mut Bench| bench.tier("a", entry);
    let asks_first = TierEntry { ask_first: true, ..TierEntry::new(Tier::T2) };
    assert_eq!(unasked(entry(asks_first)), Some(Law::AutomationAsksFirst));
    let by_agent = |bench: &mut Bench| bench.crons.get_mut(&id("a")).expect("it is there").made_by = MadeBy::Agent;
    assert_eq!(unasked(by_agent), Some(Law::AutomationAsksFirst));
    let agreed = |bench: &mut Bench| {
        by_agent(bench);
        bench.tier("a", TierEntry { edit_agent_made: true, ..TierEntry::new(Tier::T2) });
    };
    assert_eq!(unasked(agreed), None);
}

#[test]
fn nothing_is_done_unasked_in_quiet_hours() {
    // It is about 17:06 there.
    let quiet = |from, to| {
        move |bench: &mut Bench| {
            let hours = Some(QuietHours { from: time(from, 0, 0, 0), to: time(to, 0, 0, 0) });
            let minute = bench.now.to_zoned(jiff::tz::TimeZone::UTC).time().minute();
            assert!(minute > 2, "no hour begins just then");
            bench.automation(|automation| automation.quiet = hours);
        }
    };
    let hour = Bench::new().now.to_zoned(jiff::tz::TimeZone::UTC).time().hour();
    let around = |n: i8| (hour + n).rem_euclid(24);
    assert_eq!(unasked(quiet(around(0), around(1))), Some(Law::AutomationAsksFirst));
    assert_eq!(unasked(quiet(around(-2), around(3))), Some(Law::AutomationAsksFirst));
    assert_eq!(unasked(quiet(around(1), around(2))), None);
}

#[test]
fn what_nobody_asked_for_stays_within_the_limit_of_an_hour() {
    let changed = |later: i64, gives_back: bool| {
        let mut bench = Bench::new();
        bench.automation(|automation| {
            (automation.level, automation.max_crons, automation.max_ratio) = (AutomationLevel::ActWithinLimits, 1, 0.0);
        });
        bench.job(0, |_| {});
        assert_eq!(bench.write(ENGINE, "a", on(KIMI)), None);
        bench.passes(later);
        let reason = if gives_back { Reason::GivenBack } else { Reason::NoEvidence };
        bench.job(0, |change| (change.cron, change.from, change.reason) = (id("b"), on(FLASH), reason));
        bench.write(ENGINE, "b", on(KIMI))
    };
    assert_eq!(changed(60, false), Some(Law::AutomationWithinLimits));
    assert_eq!(changed(3601, false), None, "another hour");
    assert_eq!(changed(60, true), None, "what is given back does not count");
}

#[test]
fn one_cron_does_not_turn_without_an_end() {
    let mut bench = Bench::new();
    bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
    let turns = (0..8).map(|turn| {
        bench.passes(60);
        let to = on(if turn % 2 == 0 { KIMI } else { FLASH });
        bench.job(0, |change| change.to = to.clone());
        bench.write(ENGINE, "a", to)
    });
    let turns: Vec<Option<Law>> = turns.collect();
    let (last, first) = turns.split_last().expect("eight");
    assert!(first.iter().all(Option::is_none), "{turns:?}");
    assert_eq!(*last, Some(Law::AutomationWithinLimits));
}
