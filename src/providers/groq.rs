//! Groq: OpenAI's wording, with limits for each model by the minute and by the day.

use super::customs::Case;
use super::fault::Fault;
use super::openai;
use super::ruling::{Ruling, Verdict, is};
use crate::domain::{Advice, Finding};

/// Another model has a day of its own.
const PER_DAY: Ruling = is(Finding::LimitHit).because("per_day").advising(Advice::SwitchModel);

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    openai::rate_limit(case, fault, PER_DAY)
}
