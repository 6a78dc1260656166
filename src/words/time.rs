//! Moments and spans: near ones relative, far ones with the weekday or date.
use super::Speech;
use jiff::{SignedDuration, Timestamp};
/// "in 2 h", "3 min ago", "now".
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let _ = (at, now);
    String::new()
}
/// "18:00", "tomorrow 09:00", "Fri 18:00", "3 Dec 18:00".
pub fn clock(at: Timestamp, speech: &Speech<'_>) -> String {
    let _ = (at, speech);
    String::new()
}
/// "08:00, in 2 h".
pub fn clock_and_relative(at: Timestamp, speech: &Speech<'_>) -> String {
    let _ = (at, speech);
    String::new()
}
/// "2 h", "45 s", "3 d".
pub fn span(duration: SignedDuration) -> String {
    let _ = duration;
    String::new()
}
