//! The circuit breaker: how one answer changes what is known of an account or a model.
//!
//! Opens on a conclusive answer at once, else after two failures in a row; half-open at the reset
//! or after a back-off; closed after two good answers in a row, opened by one bad one before that.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::standing::later;
use crate::domain::{Breaker, Diagnosis, Health, Source, Vital};

/// Failures in a row that are an outage when none of them is conclusive.
const PATIENCE: u32 = 2;
/// Good answers in a row that are trusted again.
const PROOF: u32 = 2;

/// One answer, as far as the breaker cares.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub at: Timestamp,
    pub source: Source,
    /// What it means, where it was an answer to be understood.
    pub said: Option<Arc<Diagnosis>>,
}

/// It served.
pub(super) fn good(vital: &mut Vital, at: Timestamp, source: Source) {
    vital.breaker = match vital.breaker {
        Breaker::Closed { .. } => Breaker::Closed { failures: 0 },
        Breaker::Open { .. } => Breaker::HalfOpen { good: 1 },
        Breaker::HalfOpen { good } if good + 1 >= PROOF => Breaker::Closed { failures: 0 },
        Breaker::HalfOpen { good } => Breaker::HalfOpen { good: good + 1 },
    };
    if !vital.health.serves() {
        become_(vital, Health::Up, at);
    }
    vital.serving_since.get_or_insert(at);
    observed(vital, Answer { at, source, said: None });
}

/// It failed in a way that needs no second opinion.
pub(super) fn conclusive(vital: &mut Vital, health: Health, answer: Answer) {
    open(vital, health, answer, true);
}

/// It failed once; only the second time in a row counts, or the first while half-open.
pub(super) fn failed(vital: &mut Vital, health: Health, answer: Answer) {
    match vital.breaker {
        Breaker::Closed { failures } if failures + 1 < PATIENCE => {
            vital.breaker = Breaker::Closed { failures: failures + 1 };
            observed(vital, answer);
        }
        // What was conclusive stays what it was: a time-out does not explain a refused key.
        Breaker::Open { conclusive: true, .. } => observed(vital, answer),
        _ => open(vital, health, answer, false),
    }
}

fn open(vital: &mut Vital, health: Health, answer: Answer, conclusive: bool) {
    let failing_since = vital.since.filter(|_| vital.health.fails()).unwrap_or(answer.at);
    let retry_at = match health {
        Health::LimitHit { resets_at: Some(reset) } => reset,
        _ => later(answer.at, back_off(ladder(&health), answer.at.duration_since(failing_since))),
    };
    if vital.health != health {
        let same_kind = std::mem::discriminant(&vital.health) == std::mem::discriminant(&health);
        if same_kind {
            vital.health = health;
        } else {
            become_(vital, health, answer.at);
        }
    }
    vital.serving_since = None;
    vital.breaker = Breaker::Open { since: answer.at, retry_at: Some(retry_at), conclusive };
    observed(vital, answer);
}

/// Nothing is known any more; it is tried carefully from here on.
pub(super) fn forget(vital: &mut Vital, at: Timestamp) {
    if vital.health != Health::Unknown {
        become_(vital, Health::Unknown, at);
    }
    vital.serving_since = None;
    if matches!(vital.breaker, Breaker::Open { .. }) {
        vital.breaker = Breaker::HalfOpen { good: 0 };
    }
}

fn become_(vital: &mut Vital, health: Health, at: Timestamp) {
    vital.health = health;
    vital.since = Some(at);
}

fn observed(vital: &mut Vital, answer: Answer) {
    vital.observed_at = vital.observed_at.max(Some(answer.at));
    vital.source = answer.source;
    vital.said = answer.said;
}

const SHORT: &[SignedDuration] = &[
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(10),
];
const LONG: &[SignedDuration] = &[
    SignedDuration::from_mins(15),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
];

/// Quota, credit and keys take a person or a calendar; the rest passes in minutes.
fn ladder(health: &Health) -> &'static [SignedDuration] {
    match health {
        Health::LimitHit { .. } | Health::OutOfBalance | Health::RefusedKey => LONG,
        _ => SHORT,
    }
}

/// The wait that follows after failing for `elapsed`: the first rung that was not waited out yet.
fn back_off(ladder: &[SignedDuration], elapsed: SignedDuration) -> SignedDuration {
    let mut waited = SignedDuration::ZERO;
    for rung in ladder {
        waited = waited.saturating_add(*rung);
        if elapsed < waited {
            return *rung;
        }
    }
    ladder.last().copied().unwrap_or(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + secs).expect("in range")
    }

    fn answer(secs: i64) -> Answer {
        Answer { at: at(secs), source: Source::Run, said: None }
    }

    #[test]
    fn the_breaker_needs_two_failures_unless_the_answer_is_conclusive() {
        let mut vital = Vital::default();
        failed(&mut vital, Health::Overloaded, answer(0));
        assert_eq!(vital.breaker, Breaker::Closed { failures: 1 }, "one bad answer is not an outage");
        assert_eq!(vital.health, Health::Unknown);
        good(&mut vital, at(1), Source::Run);
        failed(&mut vital, Health::Overloaded, answer(2));
        assert_eq!(vital.health, Health::Up, "a good one in between starts the count anew");
        failed(&mut vital, Health::Overloaded, answer(3));
        assert_eq!(vital.health, Health::Overloaded, "two in a row are an outage");
        assert!(matches!(vital.breaker, Breaker::Open { conclusive: false, .. }));

        let mut vital = Vital::default();
        conclusive(&mut vital, Health::RefusedKey, answer(0));
        assert_eq!(vital.health, Health::RefusedKey, "a refused key needs no second opinion");
    }

    #[test]
    fn two_good_answers_close_it_and_one_bad_one_opens_it_again() {
        let mut vital = Vital { breaker: Breaker::HalfOpen { good: 0 }, ..Vital::default() };
        good(&mut vital, at(0), Source::Run);
        assert_eq!(vital.breaker, Breaker::HalfOpen { good: 1 });
        failed(&mut vital, Health::Overloaded, answer(1));
        assert!(matches!(vital.breaker, Breaker::Open { .. }), "half-open forgives nothing");
        assert_eq!(vital.serving_since, None, "the stretch of serving is broken");
        good(&mut vital, at(2), Source::Run);
        good(&mut vital, at(3), Source::Run);
        assert_eq!(vital.breaker, Breaker::Closed { failures: 0 });
        assert_eq!(vital.serving_since, Some(at(2)), "serving counts from the first good answer");
    }

    #[test]
    fn the_back_off_climbs_its_ladder_and_stays_on_the_last_rung() {
        let minutes = |list: &[i64]| list.iter().map(|m| SignedDuration::from_mins(*m)).collect::<Vec<_>>();
        let climb = |ladder: &[SignedDuration], steps: usize| {
            let mut elapsed = SignedDuration::ZERO;
            (0..steps)
                .map(|_| {
                    let wait = back_off(ladder, elapsed);
                    elapsed += wait;
                    wait
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(climb(SHORT, 6)[1..], minutes(&[1, 2, 5, 10, 10]));
        assert_eq!(climb(LONG, 6), minutes(&[15, 30, 60, 120, 360, 360]));
    }
}
