//! An outage that was rehearsed on a copy of somebody's own world, and what came of it. Nothing of it was ever sent.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{AccountId, Fleet, Hypothesis, ModelScope, OutageLevel, StartedBy};

/// What is to be rehearsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    /// The accounts that are supposed to be down fail; everything else that is supposed holds from the start.
    pub supposed: Hypothesis,
    pub lasts: OutageLasts,
    /// This computer's, for quiet hours.
    pub zone: TimeZone,
    /// How long calls and runs take follows from it, and nothing else.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageLasts {
    /// The accounts answer nothing for so long.
    For(SignedDuration),
    /// Each has used up the fullest of its windows, until that is reset.
    UntilReset,
}

impl Drill {
    /// So long before the outage the program begins to run, and carries out what today's plan waits with.
    pub const RUN_UP: SignedDuration = SignedDuration::from_mins(20);
    /// What the program offers is pressed so long after it was offered first.
    pub const PRESSED_AFTER: SignedDuration = SignedDuration::from_mins(10);
    /// Longer outages are not rehearsed.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
    /// What is not given back so long after the outage counts as not given back.
    pub const AFTERWARDS: SignedDuration = SignedDuration::from_hours(24);
}

impl Fleet {
    /// Of the fullest window that runs wait for and whose reset is told: its label, and the reset.
    #[must_use]
    pub fn next_reset(&self, account: &AccountId, now: Timestamp) -> Option<(&str, Timestamp)> {
        let windows = self.windows.get(account)?.iter();
        let told = windows.filter(|window| !matches!(window.covers, ModelScope::Feature(_)));
        let told = told.filter_map(|window| Some((window, window.resets_at.filter(|at| *at > now)?)));
        let fullest =
            told.max_by(|(one, at), (other, by)| one.used_ratio.total_cmp(&other.used_ratio).then(by.cmp(at)));
        fullest.map(|(window, at)| (window.label.as_str(), at))
    }
}

/// An outage as it was lived through, beside the same without the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Rehearsal {
    /// Those that failed.
    pub accounts: Vec<AccountId>,
    pub begins: Timestamp,
    pub ends: Timestamp,
    /// Both lives were lived until then.
    pub until: Timestamp,
    /// In order, from the run-up on.
    pub events: Vec<RehearsalEvent>,
    /// Of every account that failed, and of those on which crons were or came to be.
    pub lanes: Vec<RehearsalLane>,
    /// How many crons were paused, from each moment on.
    pub paused: Steps,
    pub with: Lived,
    pub without: Lived,
    /// So often somebody had to press what was offered.
    pub n_presses: u32,
    /// Since when every cron is on, and on the model, as when the outage began, and nothing is owed; but those that the
    /// gateway switched off.
    pub as_before: Option<Timestamp>,
    /// Crons that the gateway switched off because they failed too often, and that are off in the end, by name.
    pub switched_off: Vec<String>,
    /// Others that are off or on another model in the end, by name.
    pub otherwise: Vec<String>,
    /// So many others have other fallbacks in the end, which are written with each model: their definition is another.
    pub n_refitted: u32,
    /// So many others were elsewhere when it began, because routes of their chains did not serve before, and are where
    /// their chains bring them.
    pub n_home: u32,
    /// A law of the program that did not hold: then the rehearsal ended there.
    pub broken: Option<BrokenLaw>,
}

impl Rehearsal {
    /// When the first of the accounts was found to fail, and after how many failed runs.
    #[must_use]
    pub fn noticed(&self) -> Option<(Timestamp, u32)> {
        self.events.iter().find_map(|event| match event.what {
            Rehearsed::Noticed { n_failed, .. } => Some((event.at, n_failed)),
            _ => None,
        })
    }

    /// Whether the program knew of each of the accounts that it fails when the outage began.
    #[must_use]
    pub fn known_before(&self) -> bool {
        let knew = |known: &(Timestamp, Option<Timestamp>)| {
            known.0 <= self.begins && known.1.is_none_or(|to| to > self.begins)
        };
        let mut failing = self.lanes.iter().filter(|lane| lane.fails).peekable();
        failing.peek().is_some() && failing.all(|lane| lane.known.iter().any(knew))
    }

    /// So many crons were paused at a time, at the most, from the beginning of the outage on.
    #[must_use]
    pub fn most_paused(&self) -> u32 {
        let holds = self.paused.iter().rfind(|(at, _)| *at <= self.begins).map(|(_, n)| *n);
        let later = self.paused.iter().filter(|(at, _)| *at > self.begins).map(|(_, n)| *n);
        holds.into_iter().chain(later).max().unwrap_or_default()
    }
}

/// A number, from each moment on.
pub type Steps = Vec<(Timestamp, u32)>;

/// What is counted from the beginning of the outage on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lived {
    pub n_runs: u32,
    pub n_failed: u32,
    /// Runs that did not come, because their cron was off.
    pub n_missed: u32,
    /// Crons that the gateway switched off after too many failures.
    pub n_switched_off: u32,
    /// Changes that were written to the copy of the gateway.
    pub n_writes: u32,
}

/// One account.
#[derive(Clone, Debug, PartialEq)]
pub struct RehearsalLane {
    pub account: AccountId,
    pub fails: bool,
    /// While the program knew that it fails; `None`: in the end still.
    pub known: Vec<(Timestamp, Option<Timestamp>)>,
    /// How many crons were on it.
    pub crons: Steps,
    /// Runs of its crons that failed, with the program and without.
    pub failed: Vec<Timestamp>,
    pub failed_without: Vec<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RehearsalEvent {
    pub at: Timestamp,
    pub what: Rehearsed,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rehearsed {
    Begins,
    /// The first run that failed.
    RunFails {
        cron: String,
    },
    /// The program found out, after so many failed runs of the account.
    Noticed {
        account: AccountId,
        n_failed: u32,
    },
    Level(OutageLevel),
    CrisisOn(StartedBy),
    /// What was changed began to be given back.
    GivesBack(StartedBy),
    CrisisOff,
    Wrote(Wrote),
    /// A wake-up was put on the gateway.
    WakesAt {
        account: AccountId,
        at: Timestamp,
    },
    /// The gateway switched off a cron that failed too often.
    SwitchedOff {
        cron: String,
    },
    Ends,
    /// The program found that the account serves.
    FoundBack {
        account: AccountId,
    },
    AsBefore,
}

/// Lines of one job that were written one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrote {
    pub by: StartedBy,
    /// In which stage, when it gave back.
    pub stage: Option<u8>,
    /// So many went to each account, at their work and from a pause.
    pub moved: BTreeMap<AccountId, u32>,
    pub n_paused: u32,
    pub n_resumed: u32,
    /// Only their fallbacks.
    pub n_refitted: u32,
    /// When the last of them was written.
    pub until: Timestamp,
}

/// A law that did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenLaw {
    pub at: Timestamp,
    /// What should have held, and what was seen.
    pub law: String,
    pub seen: String,
}
