//! An apply job in words.
use super::Speech;
use crate::domain::{Confirmation, Job, LineOutcome};
/// "✓ verified", "writing…", "waiting", "runs now, pauses after", "changed by somebody else".
pub fn line_outcome(outcome: &LineOutcome, speech: &Speech<'_>) -> String {
    let _ = (outcome, speech);
    String::new()
}
/// "Applying 2 of 5", "Applied 5 of 5", "Stopped after 2 of 5".
pub fn job_headline(job: &Job) -> String {
    let _ = job;
    String::new()
}
/// "about 3 s left · safe to close: the rest waits until the app is open again".
pub fn job_detail(job: &Job, speech: &Speech<'_>) -> String {
    let _ = (job, speech);
    String::new()
}
pub fn confirmation(confirmation: &Confirmation, speech: &Speech<'_>) -> String {
    let _ = (confirmation, speech);
    String::new()
}
