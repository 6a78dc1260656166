//! When a job runs next.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::parser::CronParser;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::{CronId, Schedule};

/// The first moment after `after_ms` at which `schedule` fires; `None` for event kinds, for a
/// one-shot that is past, and for an expression nobody can read.
///
/// `id` is that of the cron: its share of a stagger follows from it.
pub(super) fn next_run(schedule: &Value, id: &str, after_ms: i64, created_ms: i64) -> Option<i64> {
    match schedule.get("kind")?.as_str()? {
        "every" => {
            let every = schedule.get("everyMs")?.as_i64().filter(|every| *every > 0)?;
            let anchor = schedule.get("anchorMs").and_then(Value::as_i64).unwrap_or(created_ms);
            Some(anchor + ((after_ms - anchor).div_euclid(every) + 1) * every)
        }
        "at" => at_ms(schedule).filter(|at| *at > after_ms),
        "cron" => Pattern::of(schedule, id)?.next(after_ms),
        _ => None,
    }
}

/// Every moment at which `schedule` fires after `from_ms` and before `to_ms`.
pub(super) fn runs_between(schedule: &Value, id: &str, from_ms: i64, to_ms: i64, created_ms: i64) -> Vec<i64> {
    let pattern = Pattern::of(schedule, id);
    let next = |after_ms: &i64| match &pattern {
        Some(pattern) => pattern.next(*after_ms),
        None => next_run(schedule, id, *after_ms, created_ms),
    };
    std::iter::successors(next(&from_ms), next).take_while(|at_ms| *at_ms < to_ms).collect()
}

/// An expression that was read once.
struct Pattern {
    fires: croner::Cron,
    zone: Tz,
    delay_ms: i64,
}

impl Pattern {
    fn of(schedule: &Value, id: &str) -> Option<Self> {
        let expr = schedule.get("expr")?.as_str()?;
        let stagger = schedule.get("staggerMs").and_then(Value::as_i64).map(SignedDuration::from_millis);
        let staggered = Schedule::Cron { expr: expr.to_owned(), zone: None, stagger };
        let delay_ms = i64::try_from(staggered.delay(&CronId::new(id)).as_millis()).unwrap_or_default();
        let zone = schedule.get("tz").and_then(Value::as_str).unwrap_or("UTC").parse().ok()?;
        Some(Self { fires: CronParser::new().parse(expr).ok()?, zone, delay_ms })
    }

    fn next(&self, after_ms: i64) -> Option<i64> {
        let after = DateTime::<Utc>::from_timestamp_millis(after_ms - self.delay_ms)?.with_timezone(&self.zone);
        Some(self.fires.find_next_occurrence(&after, false).ok()?.timestamp_millis() + self.delay_ms)
    }
}

/// The moment of a one-shot.
pub(super) fn at_ms(schedule: &Value) -> Option<i64> {
    match schedule.get("at")? {
        Value::Number(ms) => ms.as_i64(),
        text => text.as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond),
    }
}

/// Only these are switched off after ten failures.
pub(super) fn time_based(schedule: &Value) -> bool {
    matches!(schedule.get("kind").and_then(Value::as_str), Some("cron" | "every"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::next_run;

    /// Of ten minutes, in milliseconds: the first four bytes of the SHA-256 of "abc".
    const SHARE_OF_ABC: i64 = 0xba78_16bf % 600_000;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_stagger_delays_a_cron_by_its_share() {
        let next = |schedule| next_run(&schedule, "abc", ms("2026-11-23T06:00:00Z"), 0);
        let plain = next(json!({"kind": "cron", "expr": "30 * * * *"})).unwrap();
        let delayed = next(json!({"kind": "cron", "expr": "30 * * * *", "staggerMs": 600_000})).unwrap();
        assert_eq!((plain, delayed - plain), (ms("2026-11-23T06:30:00Z"), SHARE_OF_ABC));
    }

    #[test]
    fn every_kind_of_schedule_says_when_it_fires_next() {
        let now = ms("2026-11-23T06:30:10Z");
        let cases = [
            (
                json!({"kind": "cron", "expr": "0 7 * * 1-5", "tz": "Europe/Brussels"}),
                Some("2026-11-24T06:00:00Z"),
                "a zone",
            ),
            (
                json!({"kind": "cron", "expr": "30 */12 * * * *"}),
                Some("2026-11-23T06:36:30Z"),
                "six fields: seconds first",
            ),
            (
                json!({"kind": "every", "everyMs": 600_000, "anchorMs": ms("2026-11-23T00:05:00Z")}),
                Some("2026-11-23T06:35:00Z"),
                "from its anchor",
            ),
            (
                json!({"kind": "at", "at": "2026-11-23T06:30:11.000Z"}),
                Some("2026-11-23T06:30:11Z"),
                "a one-shot to come",
            ),
            (json!({"kind": "at", "at": "2026-11-23T06:30:10Z"}), None, "a one-shot that is past"),
            (json!({"kind": "stream"}), None, "an event has no time"),
            (json!({"kind": "cron", "expr": "whenever"}), None, "nobody can read this"),
        ];
        for (schedule, expected, why) in cases {
            assert_eq!(next_run(&schedule, "", now, now), expected.map(ms), "{why}");
        }
    }
}
