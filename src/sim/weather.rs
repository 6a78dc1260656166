//! What goes wrong in a simulated week, and when: everything follows from the seed.
//!
//! Some mishaps come at their time; others wait for their moment, such as an edit that gets in just ahead of a write.
//! Each can be left out by its place in the list without changing the others.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::happening::Computer;
use super::vendor::Vendor;
use crate::domain::AccountId;

#[derive(Clone, Debug, PartialEq)]
pub enum Mishap {
    /// An account stops serving for a while.
    Outage {
        account: AccountId,
        kind: Kind,
        lasts: SignedDuration,
    },
    /// Armed: while what a crisis changed is being given back, the vendor that came back fails again.
    Relapse {
        after: SignedDuration,
        lasts: SignedDuration,
    },
    Crash {
        computer: Computer,
        away: SignedDuration,
    },
    /// Armed: the next job's program dies after so many effects.
    CrashInJob {
        computer: Computer,
        n_effects: u32,
        away: SignedDuration,
    },
    Restart {
        away: SignedDuration,
    },
    /// Nothing gets from this computer to the gateway, or back.
    Silence {
        computer: Computer,
        lasts: SignedDuration,
    },
    Sleep {
        computer: Computer,
        lasts: SignedDuration,
    },
    /// Somebody sets the clock forward, or back.
    ClockSet {
        computer: Computer,
        by: SignedDuration,
    },
    /// Another program, or a person at the gateway, changes a cron.
    Edit,
    /// Armed: the same, of a cron whose write is on its way.
    EditAhead,
    /// Armed: somebody does not like what was written, and changes it so much later.
    EditAfter {
        after: SignedDuration,
    },
}

/// How an outage shows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    QuotaUntilReset,
    QuotaWithoutDate,
    RateLimit,
    Overload,
    Unreachable,
    KeyRefused,
    BalanceEmpty,
}

impl Kind {
    pub fn vendor(self, until: Timestamp) -> Vendor {
        match self {
            Self::QuotaUntilReset => Vendor::UsedUp { resets_at: Some(until) },
            Self::QuotaWithoutDate => Vendor::UsedUp { resets_at: None },
            Self::RateLimit => Vendor::RateLimited { until },
            Self::Overload => Vendor::Overloaded,
            Self::Unreachable => Vendor::Unreachable,
            Self::KeyRefused => Vendor::KeyRefused,
            Self::BalanceEmpty => Vendor::BalanceEmpty,
        }
    }
}

/// A mishap with its moment; an armed one waits from then on.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub at: Timestamp,
    pub mishap: Mishap,
}

const CONCLUSIVE: [Kind; 3] = [Kind::QuotaUntilReset, Kind::KeyRefused, Kind::QuotaWithoutDate];
const ANY: [Kind; 7] = [
    Kind::QuotaUntilReset,
    Kind::QuotaWithoutDate,
    Kind::RateLimit,
    Kind::Overload,
    Kind::Unreachable,
    Kind::KeyRefused,
    Kind::BalanceEmpty,
];

/// The mishaps of `days` days from `start`, in order. Two outages of two vendors at a time for every two days at
/// least; of everything else some.
#[must_use]
pub fn forecast(rng: &mut Rng, start: Timestamp, days: u32, accounts: &[AccountId], computers: usize) -> Vec<Planned> {
    let minutes = |rng: &mut Rng, from: i64, to: i64| SignedDuration::from_mins(rng.i64(from..=to));
    let whole = i64::from(days) * 24 * 60;
    let somewhen = |rng: &mut Rng| start + SignedDuration::from_secs(rng.i64(30 * 60..=(whole * 60 - 60).max(30 * 60)));
    let mut all = Vec::new();
    let mut at = |at: Timestamp, mishap: Mishap| all.push(Planned { at, mishap });

    // Crises: two vendors out at once, spread over the time.
    let n_crises = days.saturating_sub(2).max(2);
    for n in 0..n_crises {
        let slot = whole / i64::from(n_crises);
        let from = start + SignedDuration::from_mins(i64::from(n) * slot + rng.i64(40..=(slot / 2).max(41)));
        let mut left: Vec<&AccountId> = accounts.iter().collect();
        for _ in 0..2 + usize::from(rng.u8(0..8) == 0) {
            let account = left.swap_remove(rng.usize(..left.len())).clone();
            let kind = CONCLUSIVE[rng.usize(..CONCLUSIVE.len())];
            let begins = from + minutes(rng, 0, 20);
            at(begins, Mishap::Outage { account, kind, lasts: minutes(rng, 180, 480) });
        }
        if n % 2 == 0 || rng.u8(0..4) > 0 {
            at(
                from,
                Mishap::Relapse { after: SignedDuration::from_secs(rng.i64(1..=400)), lasts: minutes(rng, 60, 150) },
            );
        }
    }
    for _ in 0..2 * days {
        let account = accounts[rng.usize(..accounts.len())].clone();
        let kind = ANY[rng.usize(..ANY.len())];
        at(somewhen(rng), Mishap::Outage { account, kind, lasts: minutes(rng, 2, 300) });
    }
    for n in 0..days.max(3) {
        let computer = rng.usize(..computers);
        at(somewhen(rng), Mishap::Edit);
        at(somewhen(rng), Mishap::EditAhead);
        match n % 6 {
            0 => at(somewhen(rng), Mishap::Crash { computer, away: minutes(rng, 0, 180) }),
            1 | 2 => {
                let n_effects = rng.u32(1..=60);
                at(somewhen(rng), Mishap::CrashInJob { computer, n_effects, away: minutes(rng, 0, 60) });
            }
            3 => at(somewhen(rng), Mishap::Restart { away: SignedDuration::from_secs(rng.i64(2..=600)) }),
            4 => at(somewhen(rng), Mishap::Sleep { computer, lasts: minutes(rng, 1, 600) }),
            _ => at(somewhen(rng), Mishap::Silence { computer, lasts: minutes(rng, 1, 120) }),
        }
        if rng.u8(0..4) == 0 {
            let by = SignedDuration::from_secs(rng.i64(-7200..=7200));
            at(somewhen(rng), Mishap::ClockSet { computer, by });
        }
    }
    for _ in 0..2 * days {
        at(somewhen(rng), Mishap::EditAfter { after: minutes(rng, 1, 40) });
    }
    all.sort_by_key(|planned| planned.at);
    all
}

impl Mishap {
    /// One line for a person.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::Outage { account, kind, lasts } => format!("{account}: {kind:?} for {lasts:#}"),
            Self::Relapse { after, lasts } => format!("relapse {after:#} after the way back began, for {lasts:#}"),
            Self::Crash { computer, away } => format!("computer {computer}: crash, away for {away:#}"),
            Self::CrashInJob { computer, n_effects, away } => {
                format!("computer {computer}: crash {n_effects} effects into the next job, away for {away:#}")
            }
            Self::Restart { away } => format!("the gateway restarts, away for {away:#}"),
            Self::Silence { computer, lasts } => format!("computer {computer}: no network for {lasts:#}"),
            Self::Sleep { computer, lasts } => format!("computer {computer}: sleeps for {lasts:#}"),
            Self::ClockSet { computer, by } => format!("computer {computer}: clock set by {by:#}"),
            Self::Edit => "somebody edits a cron at the gateway".to_owned(),
            Self::EditAhead => "somebody edits a cron just ahead of a write".to_owned(),
            Self::EditAfter { after } => format!("somebody changes back what the next write changes, {after:#} later"),
        }
    }
}
