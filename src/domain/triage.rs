//! Triage: what is wrong with a failing cron, how urgent it is, and who can mend it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, CronId, Diagnosis, ModelRef, Reason, coded};

/// After so many failed runs in a row the gateway switches a recurring cron off.
pub const FAILURES_TO_SWITCH_OFF: u32 = 10;

coded! {
    /// What keeps a cron from succeeding.
    pub enum TriageKind {
        /// The key or the sign-in is refused, or there is none.
        Auth = "auth",
        /// The account itself: its plan, its balance, a block, an address that does not belong to its key.
        Account = "account",
        /// Nobody receives its answer.
        Delivery = "delivery",
        /// The gateway cannot work out when it runs.
        Schedule = "schedule",
        /// Its own script, command, condition or request.
        Job = "job",
        /// Nothing that is known here.
        Unknown = "unknown",
        /// Its model is not allowed, or not to be had.
        Model = "model",
        /// A rate limit or a quota.
        Limit = "limit",
        Overload = "overloaded",
        Unreachable = "unreachable",
        Timeout = "timeout",
        /// The gateway itself waits after an earlier failure of the account.
        Cooldown = "gateway_cooldown",
        /// Another run held its session.
        Lock = "lock",
        /// The gateway was restarted meanwhile.
        Interrupted = "interrupted",
    }
}

coded! {
    /// What mends it, in the order in which a person should look.
    pub enum Mender {
        /// Only the user can, outside of this program.
        User = "user",
        /// Somebody has to look at the job.
        Look = "look",
        /// Another model.
        Route = "route",
        /// It passes by itself, or the plan goes around it.
        Time = "time",
    }
}

impl TriageKind {
    #[must_use]
    pub const fn mender(self) -> Mender {
        match self {
            Self::Auth | Self::Account | Self::Delivery | Self::Schedule => Mender::User,
            Self::Job | Self::Unknown => Mender::Look,
            Self::Model => Mender::Route,
            Self::Limit
            | Self::Overload
            | Self::Unreachable
            | Self::Timeout
            | Self::Cooldown
            | Self::Lock
            | Self::Interrupted => Mender::Time,
        }
    }
}

/// How near the gateway is to switching the cron off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SwitchOff {
    /// Not with the next failure, or never.
    Far,
    /// One more failure is one too many; that run is at `next_run_at`.
    Near { next_run_at: Option<Timestamp> },
    /// Done, after this many failures or, without a number, because of its schedule.
    Off { at: Option<Timestamp>, failures: Option<u32> },
    /// A one-shot whose run failed for good: kept, and never run again by itself.
    Over,
}

/// What the present plan does about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Planned {
    Moves {
        to: Option<ModelRef>,
    },
    Pauses,
    /// Nothing, for that reason; `None` when nothing was decided yet.
    Nothing {
        why: Option<Reason>,
    },
}

/// One failing cron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Triage {
    pub cron: CronId,
    pub kind: TriageKind,
    /// What the error means; only where `kind` follows from it.
    pub said: Option<Arc<Diagnosis>>,
    /// Failed runs in a row.
    pub failures: u32,
    pub switch_off: SwitchOff,
    /// Whose failure it is; `None` when it is about no provider, or nobody knows about which.
    pub account: Option<AccountId>,
    /// The gateway's words, for the details only: without secrets, shortened.
    pub error: Option<String>,
    pub planned: Planned,
}
