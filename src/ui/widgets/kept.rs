//! A sentence about a whole plan, made once and not in every frame.

use jiff::Timestamp;

use crate::domain::PlanId;

/// The sentence, and what it was made of.
#[derive(Debug, Default)]
pub struct Kept {
    of: Option<(PlanId, u64, i64)>,
    text: String,
}

impl Kept {
    /// The sentence for this plan in this version. Made anew each minute: it may name times.
    pub fn of(&mut self, plan: &PlanId, version: u64, now: Timestamp, make: impl FnOnce() -> String) -> &str {
        let minute = now.as_second().div_euclid(60);
        let same = |of: &(PlanId, u64, i64)| of.0 == *plan && of.1 == version && of.2 == minute;
        if !self.of.as_ref().is_some_and(same) {
            self.of = Some((plan.clone(), version, minute));
            self.text = make();
        }
        &self.text
    }
}
