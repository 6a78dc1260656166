//! Each law over happenings made by hand: what it lets pass, and what it does not.

mod bench;
mod rest;
mod writes;

use super::super::happening::{Happening, Method};
use super::super::vendor::Vendor;
use super::Law;
use crate::domain::{
    AccountId, AutomationLevel, Fields, Health, OWNER_KEY, RECOVERY_KEY_PREFIX, Tier, TierEntry, Vital,
};
use crate::engine::Command;
use bench::{Bench, ENGINE, FLASH, KIMI, id, on};

#[test]
fn every_law_says_what_holds() {
    for law in Law::ALL {
        assert!(law.sentence().len() > 20 && !law.sentence().ends_with('.'), "{law:?}");
    }
}

#[test]
fn thirty_calls_of_one_kind_are_taken_in_a_minute_and_no_more() {
    let mut bench = Bench::new();
    let call = |bench: &mut Bench| bench.call(ENGINE, Method::Remove, "nobody");
    for n in 0..30 {
        assert_eq!(call(&mut bench), None, "call {n}");
    }
    assert_eq!(bench.call(ENGINE, Method::Add, "nobody"), None, "another kind has a window of its own");
    assert_eq!(call(&mut bench), Some(Law::WritePace));
    bench.passes(60);
    assert_eq!(call(&mut bench), None, "a minute later a window begins");
    for _ in 0..29 {
        call(&mut bench);
    }
    bench.judge(&Happening::Started { computer: 0 });
    assert_eq!(call(&mut bench), None, "another life is another caller");
}

#[test]
fn a_deadline_that_stands_however_often_it_was_woken_for_is_seen() {
    let mut bench = Bench::new();
    let later = |secs| jiff::Timestamp::from_second(secs).ok();
    for secs in 0..20 {
        assert_eq!(bench.judge(&Happening::Woken { computer: 0, due: later(secs) }), None, "another each time");
        assert_eq!(bench.judge(&Happening::Woken { computer: 1, due: None }), None, "nothing is left to do");
    }
    let again = (0..10).find_map(|_| bench.judge(&Happening::Woken { computer: 0, due: later(19) }));
    assert_eq!(again, Some(Law::SleepsWhenIdle));
}

#[test]
fn a_program_that_arms_a_new_deadline_each_time_does_not_sleep_either() {
    let woken_every = |secs: i64| {
        let mut bench = Bench::new();
        (0..600).find_map(|n| {
            bench.passes(i64::from(n % 5 == 0) * secs);
            bench.judge(&Happening::Woken { computer: 0, due: None })
        })
    };
    assert_eq!(woken_every(5), None, "once in a second");
    assert_eq!(woken_every(2), Some(Law::SleepsWhenIdle));
}

#[test]
fn a_program_writes_only_where_its_mark_is() {
    let mut bench = Bench::of_computers(2);
    let other = super::super::Hand::Engine(1);
    bench.job(0, |change| change.to = on(KIMI));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), None);
    assert_eq!(bench.own(other, OWNER_KEY, false), Some(Law::OnlyTheOwnerWrites), "taken over, and nobody asked");

    let mut bench = Bench::of_computers(2);
    bench.asked(1, &Command::TakeOver);
    assert_eq!(bench.own(other, OWNER_KEY, false), None, "somebody asked");
    bench.job(0, |change| change.to = on(KIMI));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), None, "the call that was under way");
    bench.job(0, |change| change.to = on(FLASH));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(FLASH)), Some(Law::OnlyTheOwnerWrites), "a second one is not");
}

#[test]
fn a_program_that_does_not_hold_the_folder_only_looks() {
    let mut bench = Bench::new();
    bench.job(0, |change| change.to = on(KIMI));
    bench.asks_for_all(0);
    bench.folder_held();
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), Some(Law::OnlyTheOwnerWrites));
}

#[test]
fn a_run_is_asked_for_by_somebody() {
    let mut bench = Bench::new();
    assert_eq!(bench.call(ENGINE, Method::Run, "a"), Some(Law::NothingRunsUnasked));
    bench.asked(0, &Command::RunNow { crons: vec![id("a")] });
    assert_eq!(bench.call(ENGINE, Method::Run, "a"), None);
    bench.passes(2 * 3600);
    assert_eq!(bench.call(ENGINE, Method::Run, "a"), Some(Law::NothingRunsUnasked), "that was for then");
}

#[test]
fn wake_ups_are_for_accounts_and_not_where_only_watching_is_allowed() {
    let mut bench = Bench::new();
    let key = format!("{RECOVERY_KEY_PREFIX}kimi");
    assert_eq!(bench.own(ENGINE, &key, true), None);
    let odd = format!("{RECOVERY_KEY_PREFIX}kimi-2");
    assert_eq!(bench.own(ENGINE, &odd, true), Some(Law::OneWakeUpEach));
    bench.automation(|automation| automation.level = AutomationLevel::Observe);
    assert_eq!(bench.own(ENGINE, &key, true), Some(Law::AutomationAsksFirst));
}

#[test]
fn a_picture_that_shows_something_else_has_a_higher_revision() {
    let mut bench = Bench::new();
    assert_eq!(bench.step(), None);
    assert_eq!(bench.step(), None, "nothing is new");
    bench.tier("a", TierEntry::new(Tier::T3));
    assert_eq!(bench.step(), None, "the revision has grown");
    bench.picture().crons = std::sync::Arc::default();
    assert_eq!(bench.step(), Some(Law::PicturesGoForward));
    bench.picture().revision = 0;
    assert_eq!(bench.step(), Some(Law::PicturesGoForward), "backwards is worse");
    bench.picture().revision = 9;
    assert_eq!(bench.step(), None);
    bench.judge(&Happening::Started { computer: 0 });
    bench.picture().revision = 1;
    assert_eq!(bench.step(), None, "another life counts anew");
}

fn vital(health: Health) -> Vital {
    Vital { health, ..Vital::default() }
}

fn flash_is_dead(bench: &mut Bench) {
    bench.vendors.insert(AccountId::new("google"), Vendor::UsedUp { resets_at: None });
    let picture = bench.picture();
    let fleet = std::sync::Arc::make_mut(&mut picture.fleet);
    fleet.accounts.insert(AccountId::new("google"), vital(Health::RefusedKey));
    fleet.accounts.insert(AccountId::new("kimi"), vital(Health::Up));
}

#[test]
fn what_the_program_knows_of_a_dead_route_is_in_its_plan() {
    let critical = |critical| TierEntry { critical, ..TierEntry::new(Tier::T2) };
    let mut bench = Bench::new();
    bench.tier("a", critical(true));
    assert_eq!(bench.step(), None, "its route serves");
    flash_is_dead(&mut bench);
    bench.new_plan(&[]);
    assert_eq!(bench.step(), Some(Law::CriticalNotStranded), "and Kimi would serve");
    bench.new_plan(&["a"]);
    assert_eq!(bench.step(), None, "the plan has it");
    bench.tier("a", critical(false));
    bench.new_plan(&[]);
    assert_eq!(bench.step(), None, "it is not critical any more");
    bench.tier("a", critical(true));
    bench.picture().fleet = std::sync::Arc::default();
    bench.new_plan(&[]);
    assert_eq!(bench.step(), None, "nobody knows that it is dead");
}

#[test]
fn where_automation_may_act_a_critical_cron_leaves_a_dead_route_in_the_end() {
    let mut bench = Bench::new();
    bench.tier("a", TierEntry { critical: true, ..TierEntry::new(Tier::T2) });
    bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
    flash_is_dead(&mut bench);
    bench.new_plan(&["a"]);
    assert_eq!(bench.step(), None);
    bench.passes(3600);
    assert_eq!(bench.step(), None, "an hour is not too long");
    bench.passes(3700);
    assert_eq!(bench.step(), Some(Law::CriticalNotStranded));
    bench.automation(|automation| automation.level = AutomationLevel::Ask);
    bench.passes(3 * 3600);
    assert_eq!(bench.step(), None, "somebody is asked");
}

#[test]
fn a_used_up_quota_is_noticed_in_the_end() {
    let mut bench = Bench::new();
    bench.tier("a", TierEntry { critical: true, ..TierEntry::new(Tier::T2) });
    bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
    flash_is_dead(&mut bench);
    let fleet = std::sync::Arc::make_mut(&mut bench.picture().fleet);
    fleet.accounts.insert(AccountId::new("google"), vital(Health::Up));
    bench.new_plan(&[]);
    assert_eq!(bench.step(), None);
    bench.passes(2 * 3600 + 60);
    assert_eq!(bench.step(), Some(Law::CriticalNotStranded));
}

#[test]
fn runs_that_fail_are_noticed_in_the_end() {
    let unseen = |then_well: bool| {
        let mut bench = Bench::new();
        bench.tier("a", TierEntry { critical: true, ..TierEntry::new(Tier::T2) });
        bench.automation(|automation| automation.level = AutomationLevel::ActWithinLimits);
        flash_is_dead(&mut bench);
        bench.vendors.insert(AccountId::new("google"), Vendor::KeyRefused);
        let fleet = std::sync::Arc::make_mut(&mut bench.picture().fleet);
        fleet.accounts.insert(AccountId::new("google"), vital(Health::Up));
        bench.new_plan(&[]);
        for well in [false, false, false, then_well] {
            assert_eq!(bench.judge(&Happening::Ran { cron: &id("a"), well }), None);
        }
        assert_eq!(bench.step(), None);
        bench.passes(2 * 3600 + 60);
        bench.step()
    };
    assert_eq!(unseen(false), Some(Law::CriticalNotStranded));
    assert_eq!(unseen(true), None, "one of its fallbacks serves it");
}

#[test]
fn every_change_is_recorded_once() {
    let mut bench = Bench::new();
    bench.job(0, |change| change.to = on(KIMI));
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), None);
    let fields = (on(FLASH), on(KIMI));
    let line = |bench: &mut Bench| bench.disks[0].log.push(bench::log_line());
    bench.record(0, "s1", &fields);
    line(&mut bench);
    assert_eq!(bench.stored(), None);
    bench.record(0, "s2", &fields);
    line(&mut bench);
    assert_eq!(bench.stored(), Some(Law::RecordedOnce), "twice");
    bench.record(0, "s3", &fields);
    assert_eq!(bench.stored(), Some(Law::RecordedOnce), "nothing in the log");
}

#[test]
fn a_change_that_is_not_recorded_is_missed_after_a_while() {
    let missed = |overtaken: bool| {
        let mut bench = Bench::new();
        bench.job(0, |change| change.to = on(KIMI));
        bench.asks_for_all(0);
        bench.step();
        assert_eq!(bench.write(ENGINE, "a", on(KIMI)), None);
        assert_eq!(bench.step(), None, "it is read back first");
        if overtaken {
            bench.write(super::super::Hand::Other, "a", Fields { enabled: false, ..on(KIMI) });
        }
        bench.passes(1900);
        bench.step()
    };
    assert_eq!(missed(false), Some(Law::RecordedOnce));
    assert_eq!(missed(true), None, "somebody else was faster: nothing was verified");
}

#[test]
fn what_the_same_program_does_next_records_nothing_of_before() {
    let mut bench = Bench::new();
    bench.step();
    for to in [KIMI, FLASH] {
        bench.job(0, |change| change.to = on(to));
        bench.asks_for_all(0);
        assert_eq!(bench.write(ENGINE, "a", on(to)), None);
    }
    bench.step();
    bench.record(0, "s2", &(on(KIMI), on(FLASH)));
    bench.disks[0].log.push(bench::log_line());
    assert_eq!(bench.stored(), None);
    bench.passes(1900);
    assert_eq!(bench.step(), Some(Law::RecordedOnce), "the first is not there");
}

#[test]
fn what_no_journal_knows_was_not_meant() {
    let mut bench = Bench::new();
    assert_eq!(bench.write(ENGINE, "a", on(KIMI)), Some(Law::RecordedOnce));
}
