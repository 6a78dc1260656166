//! A schedule in words.
use super::Speech;
use crate::domain::Schedule;
/// "weekdays at 08:30", "every 5 min", "once on 3 Dec at 08:00", with the cron's own zone where it differs.
pub fn schedule(schedule: &Schedule, speech: &Speech<'_>) -> String {
    let _ = (schedule, speech);
    String::new()
}
