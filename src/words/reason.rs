//! Reasons, skipped routes and triggers: *explain* in sentences.
use super::Speech;
use crate::domain::{Cause, Decision, PlanNote, Reason, SkipReason, Skipped, SuggestionReason, Trigger};
/// One sentence without a full stop: "MiniMax is out of credits; Flash 3 is next in the chain and serves".
pub fn reason(reason: &Reason, speech: &Speech<'_>) -> String {
    let _ = (reason, speech);
    String::new()
}
/// "skipped: out of credits since 21:04".
pub fn skipped(skipped: &Skipped, speech: &Speech<'_>) -> String {
    let _ = (skipped, speech);
    String::new()
}
/// The same without the route, for a chip's hover.
pub fn skip_reason(why: &SkipReason, speech: &Speech<'_>) -> String {
    let _ = (why, speech);
    String::new()
}
/// "It returns to MiniMax when that account has served for 10 minutes."
pub fn trigger(decision: &Decision, speech: &Speech<'_>) -> Option<String> {
    let _ = (decision, speech, None::<Trigger>);
    None
}
pub fn note(note: &PlanNote, speech: &Speech<'_>) -> String {
    let _ = (note, speech);
    String::new()
}
/// "health", "your edit", "undo".
pub fn cause(cause: Cause) -> &'static str {
    let _ = cause;
    ""
}
pub fn suggestion(why: &SuggestionReason) -> String {
    let _ = why;
    String::new()
}
