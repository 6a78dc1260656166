//! A simulated computer: a program on its disk, a clock of its own, and wires to the gateway that keep their order.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::disk::Disk;
use crate::domain::CronId;
use crate::engine::{Snapshot, World};

#[derive(Debug)]
pub struct Machine {
    pub disk: Disk,
    /// `None`: the program does not run.
    pub engine: Option<World>,
    /// What it showed last.
    pub picture: Option<Snapshot>,
    /// Grows with each start: what was on its way to an earlier life is lost.
    pub life: u64,
    pub zone: TimeZone,
    /// Its clock minus the true time.
    pub skew: SignedDuration,
    pub asleep_until: Option<Timestamp>,
    /// Nothing gets through to the gateway until then.
    pub silent_until: Option<Timestamp>,
    /// The connection as the gateway sees it.
    pub session: Option<u64>,
    /// Writes that were sent and have no answer yet.
    pub open_writes: Vec<(u64, CronId)>,
    /// When the last thing on each wire, and on the way to the disk, arrives: nothing overtakes.
    pub up: Timestamp,
    pub down: Timestamp,
    pub disk_at: Timestamp,
    /// So many more effects, and the power fails, for so long.
    pub fuel: Option<(u32, SignedDuration)>,
    /// The next time it wants to be woken, by the queue.
    pub wake: Option<Timestamp>,
    pub seen: Seen,
}

/// What was seen of crisis mode, to count what happens to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub mode_on: bool,
    pub last_relapse: Option<Timestamp>,
    pub n_owed: usize,
}

impl Machine {
    pub fn new(disk: Disk, now: Timestamp) -> Self {
        Self {
            disk,
            engine: None,
            picture: None,
            life: 0,
            zone: TimeZone::UTC,
            skew: SignedDuration::ZERO,
            asleep_until: None,
            silent_until: None,
            session: None,
            open_writes: Vec::new(),
            up: now,
            down: now,
            disk_at: now,
            fuel: None,
            wake: None,
            seen: Seen::default(),
        }
    }

    pub fn clock(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.skew).unwrap_or(now)
    }

    /// The moment, by true time, at which its clock shows `local`.
    pub fn when(&self, local: Timestamp) -> Timestamp {
        local.saturating_sub(self.skew).unwrap_or(local)
    }

    pub fn silent(&self, now: Timestamp) -> bool {
        self.silent_until.is_some_and(|until| until > now)
    }

    pub fn asleep(&self, now: Timestamp) -> bool {
        self.asleep_until.is_some_and(|until| until > now)
    }
}
