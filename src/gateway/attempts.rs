//! Why a run that timed out was waiting: the last answer its provider gave to an attempt of it.
//!
//! The gateway asks the same model again while it takes a failure for a passing one, until the job's time
//! is up; then it tells of a time-out alone. Its events of the attempts tell the rest, to whoever was
//! connected. Invariant: a run is explained only by an attempt of its own, at the provider and model it
//! ended with.

use std::collections::VecDeque;

use jiff::SignedDuration;

use super::convert::Refusal;
use crate::domain::{RunRecord, RunStatus};

/// More runs than a gateway has under way at once.
const REMEMBERED: usize = 64;

/// The gateway waits at most two minutes between two attempts: after more than that it was something else
/// that took the time.
const STILL_WAITING: SignedDuration = SignedDuration::from_mins(5);

/// The last refusal of each run under way, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    last: VecDeque<Refusal>,
}

impl Attempts {
    pub(crate) fn remember(&mut self, refusal: Refusal) {
        self.last.retain(|known| known.session != refusal.session);
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(refusal);
    }

    /// Adds to a failed run of `session` what its provider last answered.
    pub(crate) fn explain(&mut self, run: &mut RunRecord, session: &str) {
        let Some(place) = self.last.iter().position(|known| known.session == session) else { return };
        let Some(refusal) = self.last.remove(place) else { return };
        let same = run.provider.as_deref() == Some(&refusal.provider) && run.model.as_deref() == Some(&refusal.model);
        // A session of its own has one run only; others go on.
        let recent = run.finished_at.duration_since(refusal.at) < STILL_WAITING;
        if run.status != RunStatus::Error || !same || refusal.at < run.at || !recent {
            return;
        }
        if run.error_reason.as_deref().is_none_or(|reason| reason == "timeout") {
            run.error_reason = Some(refusal.reason);
        }
        let told = run.error.take().unwrap_or_default();
        run.error = Some(match told.as_str() {
            "" => refusal.error,
            told if told.contains(&refusal.error) => told.to_owned(),
            told => format!("{} | {told}", refusal.error),
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Attempts, REMEMBERED};
    use crate::domain::{CronId, RunRecord, RunStatus};
    use crate::gateway::convert::Refusal;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn refusal(session: &str) -> Refusal {
        Refusal {
            session: session.to_owned(),
            provider: "p".to_owned(),
            model: "m".to_owned(),
            reason: "rate_limit".to_owned(),
            error: "too many".to_owned(),
            at: at(10),
        }
    }

    fn timed_out() -> RunRecord {
        RunRecord {
            cron: CronId::new("c"),
            at: at(5),
            finished_at: at(65),
            status: RunStatus::Error,
            provider: Some("p".to_owned()),
            model: Some("m".to_owned()),
            error: Some("timed out".to_owned()),
            error_reason: Some("timeout".to_owned()),
            duration: None,
            usage: None,
        }
    }

    fn explained(refusal: Refusal, mut run: RunRecord) -> (Option<String>, Option<String>) {
        let mut attempts = Attempts::default();
        attempts.remember(refusal);
        attempts.explain(&mut run, "s");
        (run.error_reason, run.error)
    }

    #[test]
    fn a_run_is_explained_by_its_own_attempts_only() {
        let some = |reason: &str, error: &str| (Some(reason.to_owned()), Some(error.to_owned()));
        let plain = some("timeout", "timed out");
        let joined = some("rate_limit", "too many | timed out");
        assert_eq!(explained(refusal("s"), timed_out()), joined);
        let cases = [
            (refusal("t"), "of another run"),
            (Refusal { provider: "q".to_owned(), ..refusal("s") }, "before it fell back to another provider"),
            (Refusal { model: "n".to_owned(), ..refusal("s") }, "before it fell back to another model"),
            (Refusal { at: at(4), ..refusal("s") }, "of an earlier run in the same session"),
        ];
        for (refusal, why) in cases {
            assert_eq!(explained(refusal, timed_out()), plain, "{why}");
        }
        let fine = RunRecord { status: RunStatus::Ok, error: None, error_reason: None, ..timed_out() };
        assert_eq!(explained(refusal("s"), fine), (None, None), "it went well in the end");
        let bare = RunRecord { error: None, error_reason: None, ..timed_out() };
        assert_eq!(explained(refusal("s"), bare), some("rate_limit", "too many"));
        let known = RunRecord { error_reason: Some("billing".to_owned()), ..timed_out() };
        assert_eq!(explained(refusal("s"), known).0.as_deref(), Some("billing"), "the gateway's own word stays");
        let said = RunRecord { error: Some("it said: too many".to_owned()), ..timed_out() };
        assert_eq!(explained(refusal("s"), said).1.as_deref(), Some("it said: too many"), "nothing is said twice");
    }

    #[test]
    fn the_memory_is_bounded_and_a_run_is_explained_once() {
        let mut attempts = Attempts::default();
        for n in 0..=REMEMBERED {
            attempts.remember(refusal(&n.to_string()));
            attempts.remember(refusal(&n.to_string()));
        }
        assert_eq!(attempts.last.len(), REMEMBERED);
        let mut run = timed_out();
        attempts.explain(&mut run, "0");
        assert_eq!(run, timed_out(), "the oldest is forgotten");
        attempts.explain(&mut run, "1");
        assert_ne!(run, timed_out());
        let mut again = timed_out();
        attempts.explain(&mut again, "1");
        assert_eq!(again, timed_out());
    }
}
