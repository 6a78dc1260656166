//! Mistral: flat errors with string codes; "capacity exceeded" is its own load, not the user's limit.

use super::customs::Case;
use super::fault::Fault;
use super::ruling::{Codes, Rule, Verdict, is, look_up};
use crate::domain::{Advice, DiagnosisScope, Finding};

const CODES: Codes = &[(&["1300", "rate_limited"], Rule::Is(is(Finding::RateHit)))];

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    if fault.opening_has("capacity exceeded") {
        let busy = is(Finding::Busy).because("capacity").about(DiagnosisScope::Model).advising(Advice::SwitchModel);
        return Some(busy.into());
    }
    look_up(CODES, &fault.codes, case)
}
