//! The laws by name.

/// Each law has a name, and at least one deliberate fault that it must catch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    CriticalNeverPaused,
    CriticalNotStranded,
    OnlyOursIsResumed,
    OffStaysOff,
    UsersFieldStays,
    HeldStays,
    PinStays,
    RunsEnd,
    CrisisGivesBack,
    AutomationFinishes,
    NothingOwedAtRest,
    NothingPlannedAtRest,
    WritePace,
    OnlyTheOwnerWrites,
    RecordedOnce,
    EmptyPlanMakesNoCall,
    AutomationAsksFirst,
    AutomationWithinLimits,
    NothingRunsUnasked,
    DebtBeforeTheCall,
    OneWakeUpEach,
    PicturesGoForward,
    SleepsWhenIdle,
}

impl Law {
    pub const ALL: [Self; 23] = [
        Self::CriticalNeverPaused,
        Self::CriticalNotStranded,
        Self::OnlyOursIsResumed,
        Self::OffStaysOff,
        Self::UsersFieldStays,
        Self::HeldStays,
        Self::PinStays,
        Self::RunsEnd,
        Self::CrisisGivesBack,
        Self::AutomationFinishes,
        Self::NothingOwedAtRest,
        Self::NothingPlannedAtRest,
        Self::WritePace,
        Self::OnlyTheOwnerWrites,
        Self::RecordedOnce,
        Self::EmptyPlanMakesNoCall,
        Self::AutomationAsksFirst,
        Self::AutomationWithinLimits,
        Self::NothingRunsUnasked,
        Self::DebtBeforeTheCall,
        Self::OneWakeUpEach,
        Self::PicturesGoForward,
        Self::SleepsWhenIdle,
    ];

    /// What holds, for a person.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::CriticalNeverPaused => "an unpinned critical cron is never paused by this program",
            Self::CriticalNotStranded => {
                "a critical cron does not stay on a dead route while another within its guard serves"
            }
            Self::OnlyOursIsResumed => "nothing is switched on again that this program did not switch off",
            Self::OffStaysOff => "what was off before this program came stays off",
            Self::UsersFieldStays => "a field that a person changed after this program is theirs",
            Self::HeldStays => "a cron that is held, unsorted or not routable is not changed",
            Self::PinStays => "a pinned cron keeps its model",
            Self::RunsEnd => "a run is not ended by a pause",
            Self::CrisisGivesBack => "a crisis that is over has given back every definition",
            Self::AutomationFinishes => {
                "where automation may act, a crisis that it began ends, and what it paused runs again, with nobody there"
            }
            Self::NothingOwedAtRest => "nothing is owed when all is well, and crisis mode is off",
            Self::NothingPlannedAtRest => "nothing is left to be done when all is well",
            Self::WritePace => {
                "a program makes at most 30 calls of one kind in each 60 seconds that its gateway counts"
            }
            Self::OnlyTheOwnerWrites => {
                "only the program whose mark is on the gateway, and that holds its folder, writes"
            }
            Self::RecordedOnce => "each change that was carried out is in journal, log and history exactly once",
            Self::EmptyPlanMakesNoCall => "nothing is written that is there already",
            Self::AutomationAsksFirst => {
                "what nobody asked for is done only where it is allowed, for health alone, and to no excepted cron"
            }
            Self::AutomationWithinLimits => "what nobody asked for stays within the limit of an hour",
            Self::NothingRunsUnasked => "no cron of the user's is run as a test",
            Self::DebtBeforeTheCall => "what is owed is on disk before the gateway carries a change out",
            Self::OneWakeUpEach => "an account has at most one wake-up on the gateway, and none when it is back",
            Self::PicturesGoForward => "each picture that shows something else has a higher revision",
            Self::SleepsWhenIdle => "a program that has nothing to do sleeps",
        }
    }
}
