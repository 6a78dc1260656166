//! What may be said to a person who does not look at the window.

use super::{OutageLevel, VendorDown, VendorId};

/// One desktop notification: of an outage, of its end, of what needs a hand; never of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The outage level has risen to Crisis, or the vendors of a crisis are others.
    Outage { level: OutageLevel, down: Vec<VendorDown>, n_move: usize, n_pause: usize },
    /// Automation has entered crisis mode.
    CrisisEntered { n_move: usize, n_pause: usize },
    /// What was changed can be given back.
    RecoveryReady { n_crons: usize },
    /// It was given back, by automation or after it was asked for.
    Recovered { n_crons: usize, n_missed: u32 },
    /// A vendor failed again while crons were given back to it.
    Relapse { vendor: VendorId },
    /// A cron is one failure away from being switched off by the gateway.
    NearlyOff { cron: String, n_errors: u32 },
}
