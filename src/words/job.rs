//! An apply job in words.

use super::{Speech, clock, count, list, model_name, relative, span};
use crate::domain::{Confirmation, Job, JobPhase, LineOutcome, ModelRef, PlanOrigin};

/// What becomes of a running job when the window is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterClosing {
    Waits,
    /// The program in the background carries it out.
    GoesOn,
}

impl AfterClosing {
    const fn words(self) -> &'static str {
        match self {
            Self::Waits => "safe to close: the rest waits until the app is open again",
            Self::GoesOn => "safe to close: the program in the background goes on",
        }
    }
}

/// "✓ verified", "writing…", "waiting", "runs now, pauses after", "changed by somebody else".
pub fn line_outcome(outcome: &LineOutcome, speech: &Speech<'_>) -> String {
    match outcome {
        LineOutcome::LeftOut => "left out".to_owned(),
        LineOutcome::Waiting => "waiting".to_owned(),
        LineOutcome::Draining { .. } => "runs now, pauses after".to_owned(),
        LineOutcome::DrainAsks { since } => {
            format!("still runs, {}: pause it now?", started(since.duration_since(speech.now).abs()))
        }
        LineOutcome::BetweenStarts { until } => {
            format!("its start is near: waits until {}, so that it starts once", clock(*until, speech))
        }
        LineOutcome::Writing => "writing…".to_owned(),
        LineOutcome::Verified => "✓ verified".to_owned(),
        LineOutcome::Conflict { detail } => with_detail("changed by somebody else", detail),
        LineOutcome::Refused { detail } => with_detail("refused by the gateway", detail),
        LineOutcome::Failed { detail } => with_detail("failed", detail),
        LineOutcome::NotStarted => "not started".to_owned(),
        LineOutcome::Withdrawn => "no longer planned".to_owned(),
    }
}

fn started(ago: jiff::SignedDuration) -> String {
    format!("waited {}", span(ago))
}

fn with_detail(what: &str, detail: &str) -> String {
    if detail.trim().is_empty() { what.to_owned() } else { format!("{what}: {}", detail.trim()) }
}

/// "Applying 2 of 5", "Gave back 5 of 5", "Stopped after 2 of 5".
pub fn job_headline(job: &Job) -> String {
    let tally = Tally::of(job);
    let of = |n: usize| format!("{n} of {}", tally.asked());
    let back = job.plan.origin == PlanOrigin::Recovery;
    match job.phase {
        JobPhase::Writing
        | JobPhase::Paced { .. }
        | JobPhase::Proving { .. }
        | JobPhase::Draining
        | JobPhase::GatewayAway => {
            format!("{} {}", if back { "Giving back" } else { "Applying" }, of(tally.settled()))
        }
        JobPhase::Stopping => format!("Stopping after {}", of(tally.settled())),
        JobPhase::Done if back => format!("Gave back {}", of(tally.verified)),
        JobPhase::Done => format!("Applied {}", of(tally.verified)),
        JobPhase::Stopped => format!("Stopped after {}", of(tally.settled())),
        JobPhase::Interrupted => format!("Interrupted after {}", of(tally.settled())),
    }
}

/// "about 3 s left · safe to close: the rest waits until the app is open again".
pub fn job_detail(job: &Job, closing: AfterClosing, speech: &Speech<'_>) -> String {
    let tally = Tally::of(job);
    // How long somebody else's run goes on nobody knows.
    let paced = !matches!(job.phase, JobPhase::Draining | JobPhase::Proving { .. });
    let left = job.expected_end.filter(|end| *end > speech.now && paced);
    let left = left.map(|end| format!("about {} left", span(end.duration_since(speech.now).max(ONE_SECOND))));
    let running = |first: Option<String>| {
        let safe = closing.words().to_owned();
        let parts: Vec<_> = [first, left.clone()].into_iter().flatten().chain([safe]).collect();
        parts.join(" · ")
    };
    match &job.phase {
        JobPhase::Stopping => "finishes the line in flight".to_owned(),
        JobPhase::Interrupted => format!("{} not finished · it can go on", count(tally.open(), "line")),
        JobPhase::Done | JobPhase::Stopped => tally.words(),
        JobPhase::Writing
        | JobPhase::Paced { .. }
        | JobPhase::Proving { .. }
        | JobPhase::Draining
        | JobPhase::GatewayAway => running(job_waits(job, speech)),
    }
}

/// What a job waits for: "waits for a run of what was given back, goes on in 12 min at the latest".
pub fn job_waits(job: &Job, speech: &Speech<'_>) -> Option<String> {
    Some(match &job.phase {
        JobPhase::Paced { until } => {
            format!("the gateway's write limit is reached, goes on {}", relative(*until, speech.now))
        }
        JobPhase::Proving { until, .. } => {
            format!("waits for a run of what was given back, goes on {} at the latest", relative(*until, speech.now))
        }
        JobPhase::Draining => {
            let draining = Tally::of(job).draining;
            let until = job.lines.iter().filter_map(|line| match line.outcome {
                LineOutcome::BetweenStarts { until } => Some(until),
                _ => None,
            });
            if let Some(until) = until.min().filter(|_| draining == 0) {
                return Some(format!("waits for a start that is near, goes on {}", relative(until, speech.now)));
            }
            let verb = if draining == 1 { "runs now and pauses after" } else { "run now and pause after" };
            format!("{} {verb}", count(draining, "cron"))
        }
        JobPhase::GatewayAway => "the gateway is away, goes on when it is back".to_owned(),
        JobPhase::Writing | JobPhase::Stopping | JobPhase::Done | JobPhase::Stopped | JobPhase::Interrupted => {
            return None;
        }
    })
}

const ONE_SECOND: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    left_out: usize,
    verified: usize,
    conflicts: usize,
    refused: usize,
    failed: usize,
    not_started: usize,
    withdrawn: usize,
    draining: usize,
    /// Waiting or being written.
    waiting: usize,
}

impl Tally {
    fn of(job: &Job) -> Self {
        let mut tally = Self::default();
        for line in &job.lines {
            let part = match line.outcome {
                LineOutcome::LeftOut => &mut tally.left_out,
                LineOutcome::Waiting | LineOutcome::Writing | LineOutcome::BetweenStarts { .. } => &mut tally.waiting,
                LineOutcome::Draining { .. } | LineOutcome::DrainAsks { .. } => &mut tally.draining,
                LineOutcome::Verified => &mut tally.verified,
                LineOutcome::Conflict { .. } => &mut tally.conflicts,
                LineOutcome::Refused { .. } => &mut tally.refused,
                LineOutcome::Failed { .. } => &mut tally.failed,
                LineOutcome::NotStarted => &mut tally.not_started,
                LineOutcome::Withdrawn => &mut tally.withdrawn,
            };
            *part += 1;
        }
        tally
    }

    fn asked(&self) -> usize {
        self.settled() + self.open()
    }

    /// Tried to the end, whatever came of it.
    fn settled(&self) -> usize {
        self.verified + self.conflicts + self.refused + self.failed + self.withdrawn
    }

    fn open(&self) -> usize {
        self.not_started + self.draining + self.waiting
    }

    /// "4 verified, 1 changed by somebody else".
    fn words(&self) -> String {
        if self.asked() > 0 && self.verified == self.asked() {
            return "all verified".to_owned();
        }
        let parts = [
            (self.verified, "verified"),
            (self.conflicts, "changed by somebody else"),
            (self.refused, "refused"),
            (self.failed, "failed"),
            (self.open(), "not started"),
        ];
        let said: Vec<_> = parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if said.is_empty() { "nothing was asked for".to_owned() } else { list(&said) }
    }
}

pub fn confirmation(confirmation: &Confirmation, speech: &Speech<'_>) -> String {
    match confirmation {
        Confirmation::Waiting => "waits for its next run".to_owned(),
        Confirmation::Confirmed { at } => format!("confirmed by its run ({})", clock(*at, speech)),
        Confirmation::RanElsewhere { at, provider, model } => {
            let ran = model_name(&ModelRef::of(provider, model), speech);
            format!("ran on {ran} ({}), another model than intended", clock(*at, speech))
        }
        Confirmation::NotNeeded => "needs no run to be true".to_owned(),
    }
}

#[cfg(test)]
mod tests;
