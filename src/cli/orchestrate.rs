//! `orchestrate`: looks at the providers, then does whatever is due and allowed: what a daily cron calls.
//!
//! What health causes is distributed, but not what a person decides: crons that shall be asked about first, what they
//! switched on again, what is being given back. Crisis mode is entered and left only as automation may. The user's own
//! edits wait for `distribute`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::apply::{self, Applied, Order, Stages};
use super::exit::{Exit, Failure};
use super::output::{self, DownRow, LineRow};
use super::session::{Context, Session, other_engine};
use super::standing::{self, CrisisRow};
use super::{check, print, recover};
use crate::domain::{AutomationLevel, Cause, OutageLevel, Plan, PlanOrigin, Readiness};
use crate::engine::Snapshot;
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    checked_at: Timestamp,
    level: &'static str,
    summary: String,
    down: Vec<DownRow>,
    crisis: CrisisRow,
    did: Vec<DidRow>,
    due: Vec<DueRow>,
    handed_over_to: Option<String>,
}

/// One plan that was carried out.
#[derive(Debug, Serialize)]
struct DidRow {
    what: &'static str,
    plan: String,
    said: String,
    lines: Vec<LineRow>,
}

/// What should be done, and was not.
#[derive(Debug, Serialize)]
struct DueRow {
    what: &'static str,
    crons: usize,
    said: String,
    /// What does it.
    command: &'static str,
}

pub(super) fn run(session: &mut Session, yes: bool, as_json: bool) -> Result<Exit, Failure> {
    if let Some(other) = recover::handed_over(session)? {
        return hand_over(session, other, as_json);
    }
    session.ready()?;
    if let Some(other) = other_engine(&session.snapshot()) {
        return hand_over(session, other.to_owned(), as_json);
    }
    apply::not_at_work(&session.context())?;
    if let Some(late) = check::ask(session, None)? {
        print::aside(&late.what);
    }
    let context = session.settle()?;
    check::reached(&context)?;
    let acts = context.snapshot.settings.automation.level == AutomationLevel::ActWithinLimits;
    let mut done = if acts { recover::all_that_automation_may(session)? } else { Vec::new() };
    if yes {
        done.extend(distribute(session)?);
    }
    let context = session.settle()?;
    let due = due(&context);
    let not_verified = done.iter().map(|applied| applied.exit).find(|exit| *exit != Exit::Done);
    let exit = not_verified.unwrap_or(if due.is_empty() { Exit::Done } else { Exit::Changes });
    if as_json {
        print::json(&document(&done, due, None, &context))?;
        return Ok(exit);
    }
    for applied in &done {
        apply::report(session, applied)?;
    }
    print::text(&text(&done, &due, &context))?;
    Ok(exit)
}

/// The ticked lines of the plan that health causes.
fn distribute(session: &mut Session) -> Result<Option<Applied>, Failure> {
    let shown = unattended(&session.snapshot());
    if words::ticked_lines(&shown).is_empty() {
        return Ok(None);
    }
    if let Some(failure) = apply::forbidden(session) {
        return Err(failure);
    }
    let order = Order {
        shown,
        yes: true,
        again: &|snapshot: &Snapshot| Some(unattended(snapshot)),
        command: &apply::ticked_of,
        stages: Stages::Wait,
    };
    Ok(apply::carry_out(session, &order)?.applied)
}

/// The plan of now, of which only those lines are ticked that may be written while nobody looks.
fn unattended(snapshot: &Snapshot) -> Arc<Plan> {
    let lines = snapshot.unattended();
    let mut left = (*snapshot.plan).clone();
    for change in &mut left.changes {
        change.ticked = lines.contains(&change.cron);
    }
    Arc::new(left)
}

fn due(context: &Context) -> Vec<DueRow> {
    let (snapshot, speech) = (&context.snapshot, context.speech());
    let (view, plan) = (&snapshot.crisis, unattended(snapshot));
    let mode_on = view.state.mode.is_some();
    let mut due = Vec::new();
    if let Some(enter) = view.enter.as_ref().filter(|_| snapshot.level() == OutageLevel::Crisis && !mode_on) {
        let said = words::enter_sentence(enter, &speech);
        due.push(DueRow { what: "enter", crons: words::ticked_lines(enter).len(), said, command: "crisis" });
    }
    let back = view.recover.as_ref().filter(|_| mode_on && view.readiness == Readiness::Ready);
    if let Some(back) = back {
        let said = words::recover_sentence(back, &snapshot.ledger);
        due.push(DueRow { what: "recover", crons: words::ticked_lines(back).len(), said, command: "recover" });
    }
    let crons = words::ticked_lines(&plan).len();
    if crons > 0 {
        let said = words::ticked_summary(&plan, |line| plan.changes[line].ticked, &speech);
        due.push(DueRow { what: "distribute", crons, said, command: "distribute" });
    }
    due
}

fn hand_over(session: &Session, other: String, as_json: bool) -> Result<Exit, Failure> {
    let context = session.context();
    if as_json {
        print::json(&document(&[], Vec::new(), Some(other), &context))?;
    } else {
        print::text(&words::on_one_line(&words::hand_over(&other)))?;
    }
    Ok(Exit::Done)
}

fn document(done: &[Applied], due: Vec<DueRow>, other: Option<String>, context: &Context) -> Document {
    let did = done.iter().map(|applied| DidRow {
        what: what(&applied.job.plan),
        plan: applied.job.plan.id.to_string(),
        said: words::job_headline(&applied.job),
        lines: apply::rows(applied),
    });
    Document {
        checked_at: context.snapshot.at,
        level: output::mode(context.snapshot.level()),
        summary: words::outage(&context.snapshot.plan.outage, &context.speech()),
        down: output::down(context),
        crisis: standing::row(context),
        did: did.collect(),
        due,
        handed_over_to: other,
    }
}

fn what(plan: &Plan) -> &'static str {
    match plan.origin {
        PlanOrigin::Distribution => "distribute",
        PlanOrigin::Crisis => "crisis",
        PlanOrigin::Recovery => "recover",
        PlanOrigin::Advice => "advice",
        PlanOrigin::Spreading => "spreading",
        PlanOrigin::Undo { .. } => "undo",
    }
}

fn text(done: &[Applied], due: &[DueRow], context: &Context) -> String {
    let mut lines = vec![output::outage(context)];
    lines.extend(standing::lines(context));
    lines.extend(due.iter().map(|row| words::due(&row.said, row.command)));
    let own = context.snapshot.plan.changes.iter().filter(|change| change.cause == Cause::Edit).count();
    lines.extend(words::own_changes_wait(own));
    if done.is_empty() && due.is_empty() {
        lines.push(words::NOTHING_DUE.to_owned());
    }
    let lines: Vec<_> = lines.iter().map(|line| words::on_one_line(line)).collect();
    lines.join("\n")
}
