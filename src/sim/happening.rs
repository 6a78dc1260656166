//! What happens in a simulated world, as somebody sees it who stands outside: the only thing that laws judge.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::disk::Disk;
use super::vendor::Vendors;
use crate::domain::{Cron, CronId, Notice, Patch};
use crate::engine::{Command, Snapshot};

/// One of the computers that know the gateway, by its place in the list.
pub type Computer = usize;

/// Whose hand it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// A program of ours.
    Engine(Computer),
    /// A person, or another program, at the gateway itself.
    Other,
    /// The gateway by itself: after ten failures, or at the end of a one-shot.
    Gateway,
}

/// The gateway's method behind a call; each has a write limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Update,
    Add,
    Remove,
    Run,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// The expected revision was another.
    Conflict,
    /// The gateway's write limit.
    Limited,
    /// No such cron.
    Gone,
}

/// A call about a cron that reached the gateway, or a change that it made by itself.
#[derive(Clone, Debug)]
pub struct Call {
    pub by: Hand,
    pub method: Method,
    pub cron: CronId,
    /// Of an update.
    pub patch: Option<Patch>,
    pub before: Option<Cron>,
    /// As it is from now on; `None`: it is not there.
    pub after: Option<Cron>,
    pub verdict: Verdict,
}

#[derive(Debug)]
pub enum Happening<'a> {
    Called(&'a Call),
    /// A cron's run ended, at the account it ran on last.
    Ran {
        cron: &'a CronId,
        well: bool,
    },
    /// Somebody in front of that computer asked for it. What automation does was asked for by nobody.
    Asked {
        computer: Computer,
        command: &'a Command,
    },
    /// What a disk holds is different now.
    Stored {
        computer: Computer,
    },
    /// The desktop was told.
    Told {
        computer: Computer,
        notice: &'a Notice,
    },
    /// A program began to run, or ended: by crash, or orderly.
    Started {
        computer: Computer,
    },
    Ended {
        computer: Computer,
        crashed: bool,
    },
    /// The engine took an input, and everything that follows from it was worked out.
    Stepped {
        computer: Computer,
    },
    /// A deadline of the program has passed, and it was woken. `due`: one that has passed and still stands, by its
    /// own clock.
    Woken {
        computer: Computer,
        due: Option<Timestamp>,
    },
    /// The world was left in peace long enough: every vendor serves, every program runs and was asked to give
    /// everything back. A world that has shown too little goes on after it.
    Calm,
}

/// How everything stands right after a happening.
#[derive(Debug)]
pub struct Scene<'a> {
    /// True time: that of the gateway.
    pub now: Timestamp,
    pub crons: &'a BTreeMap<CronId, Cron>,
    pub vendors: &'a Vendors,
    pub computers: &'a [Desk<'a>],
}

/// One computer: its disk, and what the program on it shows.
#[derive(Debug)]
pub struct Desk<'a> {
    pub disk: &'a Disk,
    /// `None`: the program does not run.
    pub picture: Option<&'a Snapshot>,
    /// Its clock minus the true time.
    pub skew: jiff::SignedDuration,
}
