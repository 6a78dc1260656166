//! Deliberate faults, one rule broken each: kept so that tests can show that the laws of a simulation catch them.
//!
//! Each is asked for in one line, where its rule stands. Outside of tests the answer is a constant `false`, so that
//! a program that is built for use has none of this. In tests it is a switch of the thread.

/// What goes wrong when it is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing serves: critical crons pause like others.
    PausesCritical,
    /// Crisis mode makes no difference for critical crons.
    SparesCritical,
    /// A critical cron whose route fails is left where it is.
    StrandsCritical,
    /// What a report of quotas says is used up is not seen.
    OverlooksUsedUp,
    /// Whatever is owed something and is off counts as our pause.
    ForgetsWhoPaused,
    /// What the gateway switched off is not only offered to be switched on.
    TicksWhatIsOffered,
    /// A cron that is off is distributed like any other, and switched on.
    SwitchesOnWhatWasOff,
    /// Giving back does not look at what a person changed meanwhile.
    OverwritesTheUsersField,
    /// Taking back does not either.
    UndoesTheUsersField,
    /// What a person switched on again is paused again.
    PausesAgain,
    /// What refuses a key is not evidence of anything.
    OverlooksRefusedKeys,
    TouchesHeld,
    MovesPinned,
    /// A pause does not wait for the end of a run.
    EndsRuns,
    /// The debt of a crisis forgets the model of before.
    ForgetsTheModel,
    /// The debt of a crisis forgets the fallbacks of before.
    ForgetsTheFallbacks,
    /// A debt is forgotten once its write was seen.
    ForgetsTheDebt,
    /// A pause of ours never ends.
    NeverResumes,
    /// A debt stays although nothing of ours stands any more.
    KeepsPaidDebts,
    /// Automation does not end what it began.
    LeavesCrisesOpen,
    /// Everything was given back, and crisis mode stays on.
    NeverLeavesCrisis,
    /// Whatever was agreed to is no longer planned when its turn comes.
    WithdrawsEverything,
    IgnoresThePace,
    ForgetsTheHistory,
    ForgetsTheLog,
    RecordsTwice,
    /// The call does not wait until its intent is on disk.
    WritesBeforeTheJournal,
    /// What a crash left in doubt is never settled.
    LeavesDoubt,
    /// A cron goes to the route it is on.
    WritesWhatIsThere,
    ActsUnasked,
    IgnoresQuietHours,
    TouchesAskFirst,
    ActsOnEdits,
    TicksAgentMade,
    IgnoresTheLimit,
    /// Wake-ups are placed where only watching is allowed.
    WakesWhileObserving,
    /// What was given back is run at once, to see whether it works.
    RunsTheCanary,
    /// The debt of a line reaches the disk with its outcome.
    OwesLater,
    /// The debts of a crisis reach the disk one by one.
    OwesOneByOne,
    KeepsWakeUps,
    RevisionStands,
    /// A job that can do nothing without its gateway wants to be woken.
    WakesInVain,
    /// Another's mark on the gateway counts as ours.
    IgnoresTheMark,
    /// Nobody's mark is needed.
    WritesUnmarked,
}

/// Whether this rule is broken on purpose.
#[cfg(not(test))]
pub const fn on(_: Fault) -> bool {
    false
}

#[cfg(test)]
pub use switched::{on, with};

#[cfg(test)]
mod switched {
    use std::cell::Cell;

    use super::Fault;

    thread_local! {
        static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
    }

    pub fn on(fault: Fault) -> bool {
        FAULT.get() == Some(fault)
    }

    /// Runs with that fault, on this thread alone.
    pub fn with<T>(fault: Fault, run: impl FnOnce() -> T) -> T {
        struct Mended;
        impl Drop for Mended {
            fn drop(&mut self) {
                FAULT.set(None);
            }
        }
        let _mended = Mended;
        FAULT.set(Some(fault));
        run()
    }

    impl Fault {
        pub const ALL: [Self; 44] = [
            Self::PausesCritical,
            Self::SparesCritical,
            Self::StrandsCritical,
            Self::OverlooksUsedUp,
            Self::ForgetsWhoPaused,
            Self::TicksWhatIsOffered,
            Self::SwitchesOnWhatWasOff,
            Self::OverwritesTheUsersField,
            Self::UndoesTheUsersField,
            Self::PausesAgain,
            Self::OverlooksRefusedKeys,
            Self::ForgetsTheModel,
            Self::TouchesHeld,
            Self::MovesPinned,
            Self::EndsRuns,
            Self::ForgetsTheFallbacks,
            Self::ForgetsTheDebt,
            Self::NeverResumes,
            Self::KeepsPaidDebts,
            Self::LeavesCrisesOpen,
            Self::NeverLeavesCrisis,
            Self::WithdrawsEverything,
            Self::IgnoresThePace,
            Self::ForgetsTheHistory,
            Self::ForgetsTheLog,
            Self::RecordsTwice,
            Self::WritesBeforeTheJournal,
            Self::LeavesDoubt,
            Self::WritesWhatIsThere,
            Self::ActsUnasked,
            Self::IgnoresQuietHours,
            Self::TouchesAskFirst,
            Self::ActsOnEdits,
            Self::TicksAgentMade,
            Self::IgnoresTheLimit,
            Self::WakesWhileObserving,
            Self::RunsTheCanary,
            Self::OwesLater,
            Self::OwesOneByOne,
            Self::KeepsWakeUps,
            Self::RevisionStands,
            Self::WakesInVain,
            Self::IgnoresTheMark,
            Self::WritesUnmarked,
        ];
    }
}
