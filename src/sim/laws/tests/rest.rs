//! Laws of a world that was left in peace.

use super::super::super::happening::Hand;
use super::super::Law;
use super::bench::{Bench, ENGINE, FLASH, KIMI, id, off, on};
use crate::domain::{
    Cause, ChangeKind, Decision, Fields, Hold, HoldReason, ModelRef, Pin, PlanOrigin, RECOVERY_KEY_PREFIX, Reason,
    Tier, TierEntry, Verdict,
};

/// A crisis that is on moved or paused "a", and owes it.
fn in_crisis(to: &Fields) -> Bench {
    let mut bench = Bench::new();
    bench.crisis(true);
    assert_eq!(bench.stored(), None);
    bench.owes("a", to.clone());
    bench.job_of(0, PlanOrigin::Crisis, |change| change.to = to.clone());
    bench.asks_for_all(0);
    assert_eq!(bench.write(ENGINE, "a", to.clone()), None);
    bench.record(0, "s1", &(on(FLASH), bench.crons[&id("a")].fields()));
    bench.disks[0].log.push(super::bench::log_line());
    assert_eq!(bench.stored(), None);
    bench
}

/// The same, when it is over.
fn after_crisis(to: &Fields) -> Bench {
    let mut bench = in_crisis(to);
    bench.crisis(false);
    bench.owes_nothing();
    bench
}

#[test]
fn a_crisis_gives_back_every_definition() {
    assert_eq!(Bench::new().calm(), None);
    assert_eq!(after_crisis(&off(FLASH)).calm(), Some(Law::CrisisGivesBack), "still off");
    let mut back = after_crisis(&off(FLASH));
    back.job(0, |change| (change.to, change.kind) = (on(FLASH), ChangeKind::Resume));
    back.asks_for_all(0);
    back.write(ENGINE, "a", on(FLASH));
    back.record(0, "s2", &(off(FLASH), on(FLASH)));
    back.disks[0].log.push(super::bench::log_line());
    back.stored();
    assert_eq!(back.calm(), None);
    let fallbacks = Fields { fallbacks: Some([KIMI.to_owned()].into()), ..on(FLASH) };
    assert_eq!(after_crisis(&fallbacks).calm(), Some(Law::CrisisGivesBack), "its fallbacks are others");
}

#[test]
fn a_crisis_that_ends_owes_what_it_has_not_given_back() {
    let ends = |still_owed: bool, to: &Fields| {
        let mut bench = in_crisis(to);
        if !still_owed {
            bench.owes_nothing();
        }
        bench.crisis(false);
        bench.stored()
    };
    for to in [off(FLASH), Fields { fallbacks: Some([KIMI.to_owned()].into()), ..on(FLASH) }] {
        assert_eq!(ends(false, &to), Some(Law::CrisisGivesBack));
        assert_eq!(ends(true, &to), None);
    }
}

#[test]
fn what_its_user_pinned_elsewhere_in_a_crisis_waits_for_them() {
    let ends = |pin: &str| {
        let mut bench = in_crisis(&Fields { fallbacks: Some([KIMI.to_owned()].into()), ..on(FLASH) });
        let pinned = Some(Pin { model: ModelRef::parse(pin) });
        bench.tier("a", TierEntry { pinned, ..TierEntry::new(Tier::T2) });
        bench.owes_nothing();
        bench.crisis(false);
        bench.stored()
    };
    assert_eq!(ends(KIMI), None);
    assert_eq!(ends(FLASH), Some(Law::CrisisGivesBack), "a pin where it was is no other wish");
}

#[test]
fn what_distribution_says_is_as_good_as_before() {
    let decided = |verdict| {
        let mut bench = after_crisis(&on(KIMI));
        let decision = Decision {
            cron: id("a"),
            verdict,
            chosen: None,
            model: None,
            skipped: [].into(),
            reason: Reason::NoEvidence,
            since: None,
            would_change: None,
        };
        let picture = bench.picture();
        std::sync::Arc::make_mut(&mut picture.plan).decisions = vec![decision];
        bench.calm()
    };
    assert_eq!(decided(Verdict::Stay), None);
    assert_eq!(decided(Verdict::Waiting), Some(Law::CrisisGivesBack));
}

#[test]
fn what_a_person_did_since_is_theirs() {
    let mut bench = after_crisis(&off(FLASH));
    bench.write(Hand::Other, "a", on(KIMI));
    assert_eq!(bench.calm(), None);
    let mut bench = after_crisis(&off(FLASH));
    let hold = Some(Hold { since: bench.now, why: HoldReason::ByHand });
    bench.tier("a", TierEntry { hold, ..TierEntry::new(Tier::T2) });
    assert_eq!(bench.calm(), None);
}

#[test]
fn nothing_is_owed_and_no_crisis_is_on_when_all_is_well() {
    let mut bench = Bench::new();
    bench.crisis(true);
    assert_eq!(bench.calm(), Some(Law::NothingOwedAtRest));
    bench.crisis(false);
    assert_eq!(bench.calm(), None);
    bench.owes("a", off(FLASH));
    assert_eq!(bench.calm(), Some(Law::NothingOwedAtRest));
    bench.crons.remove(&id("a"));
    assert_eq!(bench.calm(), None, "one that is not listed may only be unreadable");
}

#[test]
fn nothing_is_left_to_be_done_but_what_waits_for_a_person() {
    let mut bench = Bench::new();
    bench.planned(|_| {});
    assert_eq!(bench.calm(), Some(Law::NothingPlannedAtRest));
    bench.planned(|change| change.ticked = false);
    assert_eq!(bench.calm(), None);
    bench.planned(|change| change.cause = Cause::Edit);
    assert_eq!(bench.calm(), None);
}

#[test]
fn no_wake_up_is_left() {
    let mut bench = Bench::new();
    let key = format!("{RECOVERY_KEY_PREFIX}kimi");
    bench.own(ENGINE, &key, false);
    assert_eq!(bench.calm(), None, "one that is off wakes nobody");
    bench.own(ENGINE, &key, true);
    assert_eq!(bench.calm(), Some(Law::OneWakeUpEach));
}

#[test]
fn what_was_carried_out_is_recorded_by_then() {
    let mut bench = Bench::new();
    bench.job(0, |_| {});
    bench.asks_for_all(0);
    bench.write(ENGINE, "a", on(KIMI));
    assert_eq!(bench.calm(), Some(Law::RecordedOnce));
}
