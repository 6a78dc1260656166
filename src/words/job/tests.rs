//! How an apply job is said.

use std::sync::Arc;

use jiff::SignedDuration;

use super::super::testing::{at, change, world};
use super::{AfterClosing, confirmation, job_detail, job_headline, line_outcome};
use crate::domain::{Confirmation, Job, JobLine, JobPhase, LineOutcome, Outage, Plan, PlanId, PlanOrigin};

fn failed() -> LineOutcome {
    LineOutcome::Failed { detail: "timed out".into() }
}

fn conflict() -> LineOutcome {
    LineOutcome::Conflict { detail: String::new() }
}

fn job(phase: JobPhase, outcomes: Vec<LineOutcome>) -> Job {
    let now = at("2026-11-23 06:00");
    let plan = Plan {
        id: PlanId::new("p1"),
        at: now,
        origin: PlanOrigin::Distribution,
        outage: Outage::default(),
        changes: Vec::new(),
        decisions: Vec::new(),
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    };
    let line = |outcome| JobLine { change: Arc::new(change("a", None, Some("kimi/k2"))), outcome, stage: 0 };
    Job {
        id: 1,
        plan: Arc::new(plan),
        lines: outcomes.into_iter().map(line).collect(),
        phase,
        started_at: now,
        ended_at: None,
        expected_end: Some(now + SignedDuration::from_secs(3)),
    }
}

#[test]
fn a_job_says_how_far_it_is_and_what_came_of_it() {
    use LineOutcome::{LeftOut, NotStarted, Verified, Waiting, Writing};
    let world = world();
    let now = world.now;
    let safe = "safe to close: the rest waits until the app is open again";
    let cases = [
        (
            job(JobPhase::Writing, vec![Verified, Verified, Writing, Waiting, Waiting, LeftOut]),
            "Applying 2 of 5",
            format!("about 3 s left · {safe}"),
        ),
        (
            job(JobPhase::Paced { until: now + SignedDuration::from_secs(20) }, vec![Verified, Waiting]),
            "Applying 1 of 2",
            format!("the gateway's write limit is reached, goes on in 20 s · about 3 s left · {safe}"),
        ),
        (
            job(JobPhase::Draining, vec![Verified, LineOutcome::Draining { since: now }]),
            "Applying 1 of 2",
            format!("1 cron runs now and pauses after · {safe}"),
        ),
        (
            job(JobPhase::Stopping, vec![Verified, Writing]),
            "Stopping after 1 of 2",
            "finishes the line in flight".to_owned(),
        ),
        (job(JobPhase::Done, vec![Verified, Verified, LeftOut]), "Applied 2 of 2", "all verified".to_owned()),
        (
            job(JobPhase::Done, vec![Verified, conflict(), failed()]),
            "Applied 1 of 3",
            "1 verified, 1 changed by somebody else and 1 failed".to_owned(),
        ),
        (
            job(JobPhase::Stopped, vec![Verified, NotStarted, NotStarted]),
            "Stopped after 1 of 3",
            "1 verified and 2 not started".to_owned(),
        ),
        (
            job(JobPhase::Interrupted, vec![Verified, NotStarted]),
            "Interrupted after 1 of 2",
            "1 line not finished · it can go on".to_owned(),
        ),
    ];
    for (job, headline, detail) in cases {
        assert_eq!(job_headline(&job), headline);
        assert_eq!(job_detail(&job, AfterClosing::Waits, &world.speech()), detail);
    }
}

#[test]
fn giving_back_is_called_so_and_says_what_it_waits_for() {
    use LineOutcome::{Verified, Waiting};
    let world = world();
    let back = |phase, outcomes| {
        let mut job = job(phase, outcomes);
        let plan = Plan { origin: PlanOrigin::Recovery, ..Plan::clone(&job.plan) };
        (job.plan, job.expected_end) = (Arc::new(plan), None);
        job
    };
    let proving = JobPhase::Proving { stage: 0, until: world.now + SignedDuration::from_mins(12) };
    let waits = back(proving, vec![Verified, Waiting]);
    assert_eq!(job_headline(&waits), "Giving back 1 of 2");
    assert_eq!(
        job_detail(&waits, AfterClosing::GoesOn, &world.speech()),
        "waits for a run of what was given back, goes on in 12 min at the latest · safe to close: the program in the \
         background goes on"
    );
    assert_eq!(job_headline(&back(JobPhase::Done, vec![Verified, Verified])), "Gave back 2 of 2");
}

#[test]
fn each_line_says_its_result() {
    let world = world();
    let asks = LineOutcome::DrainAsks { since: world.now - SignedDuration::from_mins(15) };
    let cases = [
        (LineOutcome::Verified, "✓ verified"),
        (LineOutcome::Withdrawn, "no longer planned"),
        (LineOutcome::Writing, "writing…"),
        (LineOutcome::Draining { since: world.now }, "runs now, pauses after"),
        (asks, "still runs, waited 15 min: pause it now?"),
        (conflict(), "changed by somebody else"),
        (failed(), "failed: timed out"),
        (LineOutcome::LeftOut, "left out"),
    ];
    for (outcome, said) in cases {
        assert_eq!(line_outcome(&outcome, &world.speech()), said);
    }
}

#[test]
fn a_switch_says_whether_a_run_proved_it() {
    let world = world();
    let moment = at("2026-11-22 21:04");
    let elsewhere = Confirmation::RanElsewhere { at: moment, provider: "kimi".into(), model: "k2".into() };
    let cases = [
        (Confirmation::Waiting, "waits for its next run"),
        (Confirmation::Confirmed { at: moment }, "confirmed by its run (yesterday 21:04)"),
        (elsewhere, "ran on Kimi (yesterday 21:04), another model than intended"),
        (Confirmation::NotNeeded, "needs no run to be true"),
    ];
    for (state, said) in cases {
        assert_eq!(confirmation(&state, &world.speech()), said);
    }
}
