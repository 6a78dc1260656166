//! A failing world made smaller: whatever can be left out while the same law is broken is left out.

use super::outcome::{MISHAPS_DROPPED, Outcome, Trial};
use super::{Law, simulate};

/// The same trial without the mishaps that do not matter; the trial itself when nothing was broken.
#[must_use]
pub fn shrink(outcome: &Outcome) -> Trial {
    let Some(law) = outcome.breach.as_ref().map(|breach| breach.law) else { return outcome.trial };
    let n_mishaps = outcome.mishaps.len().min(MISHAPS_DROPPED);
    without_needless(outcome.trial, n_mishaps, |trial| broken(trial) == Some(law))
}

fn broken(trial: &Trial) -> Option<Law> {
    simulate(trial).breach.map(|breach| breach.law)
}

/// Many at once first, then one by one.
fn without_needless(mut trial: Trial, n_mishaps: usize, still_fails: impl Fn(&Trial) -> bool) -> Trial {
    let mut size = n_mishaps;
    while size > 0 {
        for first in (0..n_mishaps).step_by(size) {
            let dropped = (first..(first + size).min(n_mishaps)).fold(trial.without, |all, n| all | 1 << n);
            let smaller = Trial { without: dropped, ..trial };
            if dropped != trial.without && still_fails(&smaller) {
                trial = smaller;
            }
        }
        size /= 2;
    }
    trial
}

#[cfg(test)]
mod tests {
    use super::{Trial, without_needless};

    #[test]
    fn only_what_matters_is_left() {
        for needed in [0_u128, 1 << 5, 1 << 3 | 1 << 40, 0b111] {
            let fails = |trial: &Trial| trial.without & needed == 0;
            let small = without_needless(Trial::whole(1, 7), 50, fails);
            assert_eq!(!small.without & ((1 << 50) - 1), needed);
        }
    }

    #[test]
    fn the_command_that_repeats_it_names_what_is_left_out() {
        let trial = Trial { without: 1 << 3 | 1 << 12, more: Some(1), ..Trial::whole(7, 2) };
        assert_eq!(trial.command(), "model-orchestrator simulate --seed 7 --days 2 --without 3,12 --more 1");
        let whole = Trial::whole(7, 2);
        assert_eq!(whole.command(), "model-orchestrator simulate --seed 7 --days 2");
    }
}
