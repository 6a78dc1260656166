//! Every deliberate fault is caught by the law that it breaks: in the world that once caught it, or in another.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::super::{Law, Trial, simulate};
use crate::fault::{self, Fault};

/// The law that must catch a fault.
fn law(fault: Fault) -> Law {
    match fault {
        Fault::PausesCritical | Fault::SparesCritical => Law::CriticalNeverPaused,
        Fault::StrandsCritical | Fault::OverlooksUsedUp | Fault::OverlooksRefusedKeys => Law::CriticalNotStranded,
        Fault::ForgetsWhoPaused | Fault::TicksWhatIsOffered => Law::OnlyOursIsResumed,
        Fault::SwitchesOnWhatWasOff => Law::OffStaysOff,
        Fault::OverwritesTheUsersField | Fault::UndoesTheUsersField | Fault::PausesAgain => Law::UsersFieldStays,
        Fault::TouchesHeld => Law::HeldStays,
        Fault::MovesPinned => Law::PinStays,
        Fault::EndsRuns => Law::RunsEnd,
        Fault::ForgetsTheModel | Fault::ForgetsTheFallbacks | Fault::ForgetsTheDebt | Fault::NeverResumes => {
            Law::CrisisGivesBack
        }
        Fault::LeavesCrisesOpen => Law::AutomationFinishes,
        Fault::KeepsPaidDebts | Fault::NeverLeavesCrisis => Law::NothingOwedAtRest,
        Fault::WithdrawsEverything => Law::NothingPlannedAtRest,
        Fault::IgnoresThePace => Law::WritePace,
        Fault::ForgetsTheHistory
        | Fault::ForgetsTheLog
        | Fault::RecordsTwice
        | Fault::WritesBeforeTheJournal
        | Fault::LeavesDoubt => Law::RecordedOnce,
        Fault::WritesWhatIsThere => Law::EmptyPlanMakesNoCall,
        Fault::ActsUnasked
        | Fault::IgnoresQuietHours
        | Fault::TouchesAskFirst
        | Fault::ActsOnEdits
        | Fault::TicksAgentMade
        | Fault::WakesWhileObserving => Law::AutomationAsksFirst,
        Fault::IgnoresTheLimit => Law::AutomationWithinLimits,
        Fault::RunsTheCanary => Law::NothingRunsUnasked,
        Fault::OwesLater | Fault::OwesOneByOne => Law::DebtBeforeTheCall,
        Fault::KeepsWakeUps => Law::OneWakeUpEach,
        Fault::RevisionStands => Law::PicturesGoForward,
        Fault::WakesInVain => Law::SleepsWhenIdle,
        Fault::IgnoresTheMark | Fault::WritesUnmarked => Law::OnlyTheOwnerWrites,
    }
}

/// The seed and the days of the world that catches each fault soonest, of those that were tried.
const CAUGHT: &[(Fault, u64, u32)] = &[
    (Fault::PausesCritical, 5, 2),          // 439 steps
    (Fault::SparesCritical, 0, 2),          // 1344 steps
    (Fault::StrandsCritical, 0, 2),         // 434 steps
    (Fault::OverlooksUsedUp, 11, 7),        // 4316 steps
    (Fault::ForgetsWhoPaused, 26, 7),       // 745 steps
    (Fault::TicksWhatIsOffered, 34, 2),     // 860 steps
    (Fault::SwitchesOnWhatWasOff, 0, 2),    // 30 steps
    (Fault::OverwritesTheUsersField, 3, 7), // 760 steps
    (Fault::UndoesTheUsersField, 7, 7),     // 3593 steps
    (Fault::PausesAgain, 3, 2),             // 558 steps
    (Fault::OverlooksRefusedKeys, 3, 2),    // 544 steps
    (Fault::ForgetsTheModel, 0, 7),         // 2034 steps
    (Fault::TouchesHeld, 2, 2),             // 996 steps
    (Fault::MovesPinned, 0, 2),             // 144 steps
    (Fault::EndsRuns, 11, 7),               // 536 steps
    (Fault::ForgetsTheFallbacks, 0, 2),     // 1745 steps
    (Fault::ForgetsTheDebt, 0, 7),          // 488 steps
    (Fault::NeverResumes, 0, 2),            // 3098 steps
    (Fault::KeepsPaidDebts, 0, 2),          // 8700 steps
    (Fault::LeavesCrisesOpen, 4, 2),        // 988 steps
    (Fault::NeverLeavesCrisis, 0, 2),       // 3742 steps
    (Fault::WithdrawsEverything, 0, 2),     // 3394 steps
    (Fault::IgnoresThePace, 17, 2),         // 1477 steps
    (Fault::ForgetsTheHistory, 0, 2),       // 64 steps
    (Fault::ForgetsTheLog, 0, 2),           // 29 steps
    (Fault::RecordsTwice, 0, 2),            // 29 steps
    (Fault::WritesBeforeTheJournal, 0, 2),  // 25 steps
    (Fault::LeavesDoubt, 0, 2),             // 407 steps
    (Fault::WritesWhatIsThere, 0, 2),       // 22 steps
    (Fault::ActsUnasked, 1, 2),             // 45 steps
    (Fault::IgnoresQuietHours, 0, 2),       // 345 steps
    (Fault::TouchesAskFirst, 0, 2),         // 852 steps
    (Fault::ActsOnEdits, 0, 2),             // 14 steps
    (Fault::TicksAgentMade, 0, 7),          // 1093 steps
    (Fault::IgnoresTheLimit, 17, 2),        // 908 steps
    (Fault::WakesWhileObserving, 16, 2),    // 562 steps
    (Fault::RunsTheCanary, 0, 7),           // 491 steps
    (Fault::OwesLater, 0, 2),               // 1342 steps
    (Fault::OwesOneByOne, 0, 2),            // 1342 steps
    (Fault::KeepsWakeUps, 11, 2),           // 1898 steps
    (Fault::RevisionStands, 0, 2),          // 7 steps
    (Fault::WakesInVain, 44, 7),            // 4547 steps
    (Fault::IgnoresTheMark, 1, 2),          // 2041 steps
    (Fault::WritesUnmarked, 0, 2),          // 23 steps
];

/// A world that catches a fault within so many steps is soon enough.
const SOON: u64 = 1_500;

fn caught(fault: Fault, seed: u64, days: u32) -> Option<(Law, u64)> {
    let outcome = fault::with(fault, || simulate(&Trial::whole(seed, days)));
    outcome.breach.map(|breach| (breach.law, outcome.counts.steps))
}

/// Carries out `each` for all faults, on two threads.
fn for_each_fault(each: impl Fn(Fault) -> Option<String> + Sync) -> Vec<String> {
    let (left, said) = (Mutex::new(Fault::ALL.to_vec()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fault) = left.lock().ok().and_then(|mut left| left.pop()) {
                    if let (Some(line), Ok(mut said)) = (each(fault), said.lock()) {
                        said.push(line);
                    }
                }
            });
        }
    });
    said.into_inner().unwrap_or_default()
}

#[test]
fn every_law_has_a_fault_that_it_must_catch() {
    let held: BTreeSet<Law> = Fault::ALL.into_iter().map(law).collect();
    let without: Vec<Law> = Law::ALL.into_iter().filter(|law| !held.contains(law)).collect();
    assert_eq!(without, [], "laws that nothing shows to work");
}

#[test]
fn every_deliberate_fault_is_caught_by_the_law_that_it_breaks() {
    let missed = for_each_fault(|fault| {
        let Some((_, seed, days)) = CAUGHT.iter().find(|(known, ..)| *known == fault) else {
            return Some(format!("no world is known to tell of {fault:?}, which breaks {:?}", law(fault)));
        };
        let by = caught(fault, *seed, *days).map(|(by, _)| by);
        (by != Some(law(fault))).then(|| format!("seed {seed} in {days} days: {fault:?} breaks {by:?}"))
    });
    let again = "look for other worlds: `cargo test --release --lib mutations -- --ignored --nocapture`";
    assert!(missed.is_empty(), "\n{}\n{again}", missed.join("\n"));
}

/// Looks for the worlds of the table anew: for each fault the one that catches it after the fewest steps. `SEEDS`: how far;
/// `EVERY`: only every so many, from the last of the first so many; `ONLY`: the faults.
#[test]
#[ignore = "takes many minutes: `cargo test --release --lib mutations -- --ignored --nocapture`"]
fn worlds_that_catch_each_fault_soonest() {
    let n_seeds = std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(30_u64);
    let every = std::env::var("EVERY").ok().and_then(|text| text.parse().ok()).unwrap_or(1_usize);
    let only = std::env::var("ONLY").unwrap_or_default();
    let lines = for_each_fault(|fault| {
        if !only.is_empty() && !only.split(',').any(|name| name == format!("{fault:?}")) {
            return None;
        }
        let worlds = (every as u64 - 1..n_seeds).step_by(every).flat_map(|seed| [(seed, 2), (seed, 7)]);
        let (mut best, mut by_others) = (None::<(u64, u64, u32)>, Vec::new());
        let mut enough = 0;
        for (seed, days) in worlds {
            match caught(fault, seed, days) {
                Some((by, steps)) if by == law(fault) => {
                    best = best.into_iter().chain([(steps, seed, days)]).min();
                    enough += 1;
                }
                Some((by, _)) => by_others.push(by),
                None => {}
            }
            if best.is_some_and(|(steps, ..)| steps < SOON) || enough > 2 {
                break;
            }
        }
        by_others.sort();
        by_others.dedup();
        let line = match best {
            Some((steps, seed, days)) => {
                format!("    (Fault::{fault:?}, {seed}, {days}), // {steps} steps, {enough} worlds, also {by_others:?}")
            }
            None => format!("    // {fault:?}: none of {n_seeds}, only {by_others:?}"),
        };
        eprintln!("{line}");
        Some(line)
    });
    eprintln!("{}", lines.join("\n"));
}
