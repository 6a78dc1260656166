//! The documents of `--json`, as `docs/cli.md` promises them.
//!
//! Shapes of their own: renaming a field of the domain breaks no script.

use jiff::Timestamp;
use serde::Serialize;

use super::session::Context;
use crate::domain::{
    Cause, Change, ChangeKind, ChangeMark, Fields, Job, JobLine, LineOutcome, MatchCertainty, ModelRef, Outage,
    OutageLevel, Plan, PlanOrigin, Tier, TierEntry, VendorDown,
};
use crate::engine::Snapshot;
use crate::words;

#[derive(Debug, Serialize)]
pub(super) struct PlanDocument {
    pub(super) id: String,
    pub(super) origin: &'static str,
    pub(super) mode: &'static str,
    pub(super) at: Timestamp,
    pub(super) summary: String,
    pub(super) changes: Vec<ChangeRow>,
    pub(super) notes: Vec<String>,
    pub(super) questions: Vec<QuestionRow>,
}

#[derive(Debug, Serialize)]
pub(super) struct DistributeDocument {
    #[serde(flatten)]
    pub(super) plan: PlanDocument,
    pub(super) lines: Vec<LineRow>,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangeRow {
    pub(super) cron: String,
    pub(super) name: String,
    pub(super) tier: Option<u8>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) reason: String,
    pub(super) cause: &'static str,
    pub(super) kind: &'static str,
    pub(super) critical: bool,
    pub(super) ticked: bool,
    pub(super) marks: Vec<&'static str>,
    pub(super) next_run_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
pub(super) struct LineRow {
    pub(super) cron: String,
    pub(super) name: String,
    pub(super) outcome: &'static str,
    pub(super) detail: Option<String>,
}

/// A route for which several models fit: `--match ROUTE=MODEL` answers.
#[derive(Debug, Serialize)]
pub(super) struct QuestionRow {
    pub(super) route: String,
    pub(super) label: String,
    pub(super) candidates: Vec<String>,
}

/// A vendor that is down.
#[derive(Debug, Serialize)]
pub(super) struct DownRow {
    vendor: String,
    health: &'static str,
    since: Option<Timestamp>,
    resets_at: Option<Timestamp>,
    said: String,
}

pub(super) fn down(context: &Context) -> Vec<DownRow> {
    down_in(&context.snapshot.plan.outage, context)
}

/// The same of an outage that is only imagined.
pub(super) fn down_in(outage: &Outage, context: &Context) -> Vec<DownRow> {
    let row = |down: &VendorDown| DownRow {
        vendor: down.vendor.to_string(),
        health: down.health.state().code(),
        since: down.since,
        resets_at: down.resets_at,
        said: words::vendor_down(down, &context.speech()),
    };
    outage.down.iter().map(row).collect()
}

/// "Degraded · MiniMax: out of credits since 21:04".
pub(super) fn outage(context: &Context) -> String {
    let level = words::level(context.snapshot.level());
    format!("{level} · {}", words::outage(&context.snapshot.plan.outage, &context.speech()))
}

pub(super) fn plan(plan: &Plan, context: &Context) -> PlanDocument {
    let speech = context.speech();
    PlanDocument {
        id: plan.id.to_string(),
        origin: match plan.origin {
            PlanOrigin::Crisis => "crisis",
            PlanOrigin::Recovery => "recovery",
            PlanOrigin::Distribution => "distribution",
            PlanOrigin::Advice => "advice",
            PlanOrigin::Spreading => "spreading",
            PlanOrigin::Undo { .. } => "undo",
        },
        mode: mode(plan.outage.level),
        at: plan.at,
        summary: words::plan_summary(plan, &speech),
        changes: plan.changes.iter().map(|change| change_row(change, context)).collect(),
        notes: plan.notes.iter().map(|note| words::note(note, &speech)).collect(),
        questions: questions(context),
    }
}

/// Of the same shape, when no switch is left to take back.
pub(super) fn no_undo(summary: &str, context: &Context) -> PlanDocument {
    PlanDocument {
        id: String::new(),
        origin: "undo",
        mode: mode(context.snapshot.level()),
        at: context.snapshot.at,
        summary: summary.to_owned(),
        changes: Vec::new(),
        notes: Vec::new(),
        questions: questions(context),
    }
}

/// The routes whose model only the user can name.
pub(super) fn questions(context: &Context) -> Vec<QuestionRow> {
    let asked = context.snapshot.matches.iter().filter(|found| found.certainty == MatchCertainty::Asks);
    asked
        .map(|found| QuestionRow {
            route: found.route.to_string(),
            label: found.label.clone(),
            candidates: found.candidates.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

fn change_row(change: &Change, context: &Context) -> ChangeRow {
    ChangeRow {
        cron: change.cron.to_string(),
        name: change.name.clone(),
        tier: change.tier.map(Tier::number),
        from: reference(&change.from, change.from_model.as_ref()),
        to: reference(&change.to, change.to_model.as_ref()),
        reason: words::change_reason(change, &context.speech()),
        cause: cause(change.cause),
        kind: kind(change.kind),
        critical: change.critical,
        ticked: change.ticked,
        marks: change.marks.iter().map(mark).collect(),
        next_run_at: change.next_run_at,
    }
}

/// A model reference, `paused` or `agent default`.
pub(super) fn reference(fields: &Fields, model: Option<&ModelRef>) -> String {
    match (&fields.model, model) {
        _ if !fields.enabled => "paused".to_owned(),
        (None, _) => "agent default".to_owned(),
        (Some(_), Some(model)) => model.to_string(),
        (Some(stored), None) => stored.clone(),
    }
}

/// The model that a cron is pinned to, or `as it is`.
pub(super) fn pinned(entry: Option<&TierEntry>) -> Option<String> {
    let pin = entry?.pinned.as_ref()?;
    Some(pin.model.as_ref().map_or_else(|| "as it is".to_owned(), ToString::to_string))
}

pub(super) fn lines(job: &Job) -> Vec<LineRow> {
    job.lines.iter().map(line_row).collect()
}

fn line_row(line: &JobLine) -> LineRow {
    let (outcome, detail) = outcome(&line.outcome);
    LineRow { cron: line.change.cron.to_string(), name: line.change.name.clone(), outcome, detail }
}

/// What became of a line that is over; one that was not begun was left out.
pub(super) fn outcome(outcome: &LineOutcome) -> (&'static str, Option<String>) {
    let told = |detail: &str| (!detail.is_empty()).then(|| detail.to_owned());
    match outcome {
        LineOutcome::Verified => ("verified", None),
        LineOutcome::Conflict { detail } => ("conflict", told(detail)),
        LineOutcome::Refused { detail } => ("refused", told(detail)),
        LineOutcome::Failed { detail } => ("failed", told(detail)),
        LineOutcome::LeftOut => ("left_out", None),
        LineOutcome::NotStarted | LineOutcome::Waiting => ("left_out", Some("not started".to_owned())),
        LineOutcome::Withdrawn => {
            ("left_out", Some("no longer planned: the mapping or a provider's health changed since".to_owned()))
        }
        LineOutcome::Writing => {
            ("failed", Some("the connection ended in between; the next start looks whether it arrived".to_owned()))
        }
        LineOutcome::BetweenStarts { .. } => ("left_out", Some("its start was near".to_owned())),
        LineOutcome::Draining { .. } | LineOutcome::DrainAsks { .. } => {
            ("left_out", Some("still runs; it is paused only after its run".to_owned()))
        }
    }
}

/// Whether a job is under way.
pub(super) fn at_work(snapshot: &Snapshot) -> bool {
    snapshot.job.as_ref().is_some_and(|job| job.running())
}

pub(super) fn mode(level: OutageLevel) -> &'static str {
    match level {
        OutageLevel::Healthy => "healthy",
        OutageLevel::Degraded => "degraded",
        OutageLevel::Crisis => "crisis",
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Health => "health",
        Cause::Edit => "edit",
        Cause::Forecast => "forecast",
        Cause::Undo => "undo",
    }
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Move => "move",
        ChangeKind::Refit => "refit",
        ChangeKind::Pause => "pause",
        ChangeKind::Resume => "resume",
        ChangeKind::Undo => "undo",
        ChangeKind::Spread => "spread",
    }
}

fn mark(mark: &ChangeMark) -> &'static str {
    match mark {
        ChangeMark::AgentMade => "agent_made",
        ChangeMark::OneShot => "one_shot",
        ChangeMark::Running => "running",
        ChangeMark::Untested => "untested",
    }
}

#[cfg(test)]
mod tests {
    use super::{outcome, reference};
    use crate::domain::{Fields, LineOutcome, ModelRef};

    #[test]
    fn what_a_line_writes_is_a_reference_or_a_word() {
        let fields =
            |model: Option<&str>, enabled| Fields { model: model.map(str::to_owned), fallbacks: None, enabled };
        let kimi = ModelRef::parse("kimi/k2");
        let cases = [
            (fields(Some("kimi/k2"), true), kimi.clone(), "kimi/k2"),
            (fields(Some("k2"), true), kimi.clone(), "kimi/k2"),
            (fields(Some("gone"), true), None, "gone"),
            (fields(None, true), kimi.clone(), "agent default"),
            (fields(Some("kimi/k2"), false), kimi, "paused"),
        ];
        for (fields, model, said) in cases {
            assert_eq!(reference(&fields, model.as_ref()), said);
        }
    }

    #[test]
    fn a_line_that_was_not_begun_was_left_out_and_says_so() {
        assert_eq!(outcome(&LineOutcome::NotStarted), ("left_out", Some("not started".to_owned())));
        assert_eq!(outcome(&LineOutcome::LeftOut), ("left_out", None));
        assert_eq!(outcome(&LineOutcome::Conflict { detail: String::new() }), ("conflict", None));
    }
}
