//! What was asked to be made so stays supposed until it is so.
//!
//! What was no wish is never touched, and what was refused is supposed as before.

use crate::domain::{Hypothesis, Supposed, Wish};
use crate::engine::{Snapshot, is_so};

/// What is asked for, and not so yet.
#[derive(Debug, Default)]
pub(super) struct Made {
    asked: Vec<Wish>,
}

impl Made {
    /// Instead of what was asked before, which may have been refused.
    pub fn ask(&mut self, wishes: Vec<Wish>) {
        self.asked = wishes;
    }

    /// Takes out of `supposed` what became so.
    pub fn follow(&mut self, supposed: &mut Hypothesis, seen: &Snapshot) {
        for wish in self.asked.extract_if(.., |wish| is_so(wish, seen)) {
            take_out(&wish, supposed);
        }
    }
}

/// Unless something else is supposed there by now.
fn take_out(wish: &Wish, supposed: &mut Hypothesis) {
    match wish {
        Wish::Sort { crons, tier } => {
            supposed.tiers.retain(|cron, other| *other != *tier || !crons.contains(cron));
        }
        Wish::Chain { tier, routes } => {
            supposed.chains.retain(|other, supposed| other != tier || supposed != routes);
        }
        Wish::TreatAsDown { account, .. } => {
            supposed.accounts.retain(|other, how| other != account || *how != Supposed::Down);
        }
        Wish::Trust { account } => {
            supposed.accounts.retain(|other, how| other != account || *how != Supposed::Back);
        }
    }
}
