//! A plan in one line.
use super::Speech;
use crate::domain::{Change, ChangeMark, Fields, ModelRef, Plan};
/// "6 changes planned", "Nothing to change".
pub fn plan_headline(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}
/// "5 move from MiniMax (out of credits) to Flash 3, 1 returns to Flash 3. Takes about 1 s."
pub fn plan_summary(plan: &Plan, speech: &Speech<'_>) -> String {
    let _ = (plan, speech);
    String::new()
}
/// What a line writes: "Flash 3", "paused", "agent default", "Flash 3, runs again".
pub fn target(change: &Change, speech: &Speech<'_>) -> String {
    let _ = (change, speech);
    String::new()
}
pub fn origin(change: &Change, speech: &Speech<'_>) -> String {
    let _ = (change, speech);
    String::new()
}
/// The three fields as one text, for logs and Activity: "MiniMax", "paused", "agent default".
pub fn fields(fields: &Fields, model: Option<&ModelRef>, speech: &Speech<'_>) -> String {
    let _ = (fields, model, speech);
    String::new()
}
pub fn mark(mark: &ChangeMark) -> &'static str {
    let _ = mark;
    ""
}
