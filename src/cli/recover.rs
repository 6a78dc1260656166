//! `recover`: gives back what a crisis changed, in stages; with `--automatic` only what automation may.
//!
//! That is what a recovery check on the gateway's host calls, so nothing that is merely not due is a failure.

use serde::Serialize;

use super::apply::{self, Automated, Order, Stages};
use super::args::RecoverArguments;
use super::exit::{Exit, Failure};
use super::output::{self, LineRow, PlanDocument};
use super::session::{Context, Session, background, other_engine, silent};
use super::standing::{self, CrisisRow, ReportDocument};
use super::{check, plan, print};
use crate::domain::{Plan, RecoveryReport};
use crate::engine::{Command, Snapshot};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    crisis: CrisisRow,
    plan: Option<PlanDocument>,
    lines: Vec<LineRow>,
    report: Option<ReportDocument>,
    not_given_back: [&'static str; 3],
    /// What came of it, or why nothing did.
    said: String,
    /// Another program that acts on this folder or gateway, and does it instead.
    handed_over_to: Option<String>,
}

pub(super) fn run(session: &mut Session, arguments: &RecoverArguments, as_json: bool) -> Result<Exit, Failure> {
    if arguments.automatic { automatic(session, as_json) } else { by_hand(session, arguments, as_json) }
}

fn by_hand(session: &mut Session, arguments: &RecoverArguments, as_json: bool) -> Result<Exit, Failure> {
    if !arguments.dry_run
        && let Some(other) = handed_over(session)?
    {
        return hand_over(session, other, as_json);
    }
    let context = session.ready()?;
    // While a job runs it is not known what will be left to give back.
    if !arguments.dry_run || context.snapshot.crisis.recover.is_none() {
        apply::not_at_work(&context)?;
    }
    let Some(shown) = context.snapshot.crisis.recover.clone() else {
        return tell("Nothing to give back", None, Vec::new(), &context, as_json).map(|()| Exit::Done);
    };
    let owed = context.snapshot.ledger.clone();
    let said = words::recover_sentence(&shown, &owed);
    if !as_json {
        print::text(&text(&shown, &context))?;
    }
    let command = |plan: &Plan| Command::Recover { plan: plan.id.clone(), crons: words::ticked_lines(plan) };
    let mode_on = context.snapshot.crisis.state.mode.is_some();
    let nothing = words::ticked_lines(&shown).is_empty() && !mode_on;
    if arguments.dry_run || nothing {
        return document(&said, Some(&shown), Vec::new(), &context, as_json).map(|()| Exit::Done);
    }
    let stopped = apply::forbidden(session).map_or_else(
        || apply::agreed(arguments.yes, as_json, &words::recover_question(words::ticked_lines(&shown).len(), mode_on)),
        Err,
    );
    if let Err(failure) = stopped {
        document(&said, Some(&shown), Vec::new(), &context, as_json)?;
        return Err(failure);
    }
    let order = Order {
        shown,
        yes: arguments.yes,
        again: &|snapshot| snapshot.crisis.recover.clone(),
        command: &|plan| Some(command(plan)),
        stages: if arguments.now { Stages::GoOn } else { Stages::Wait },
    };
    let carried = apply::carry_out(session, &order)?;
    let context = session.settle()?;
    if as_json {
        let lines = carried.applied.as_ref().map(apply::rows).unwrap_or_default();
        document(&words::recover_sentence(&carried.plan, &owed), Some(&carried.plan), lines, &context, as_json)?;
        return Ok(carried.exit());
    }
    if let Some(applied) = &carried.applied {
        apply::report(session, applied)?;
    }
    print::text(&afterwards(&context))?;
    Ok(carried.exit())
}

/// Looks first; then what automation may do, and nothing else.
fn automatic(session: &mut Session, as_json: bool) -> Result<Exit, Failure> {
    if let Some(other) = handed_over(session)?.or_else(|| background(&session.snapshot())) {
        return hand_over(session, other, as_json);
    }
    session.ready()?;
    // Who acts on the gateway is only known from its list.
    if let Some(other) = other_engine(&session.snapshot()) {
        return hand_over(session, other.to_owned(), as_json);
    }
    if let Some(late) = check::ask(session, None)? {
        print::aside(&late.what);
    }
    let done = all_that_automation_may(session)?;
    let context = session.settle()?;
    if done.is_empty() {
        return tell(&why_nothing(&context), None, Vec::new(), &context, as_json).map(|()| Exit::Done);
    }
    for applied in done.iter().filter(|_| !as_json) {
        apply::report(session, applied)?;
    }
    let exit = done.iter().map(|applied| applied.exit).find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done);
    let lines = done.iter().flat_map(apply::rows).collect();
    if as_json {
        let said = done.last().map_or_else(String::new, |applied| words::job_headline(&applied.job));
        document(&said, None, lines, &context, as_json)?;
    } else {
        print::text(&afterwards(&context))?;
    }
    Ok(exit)
}

/// Automation may have more to do once something was done: each of it once.
const ROUNDS: usize = 3;

/// Everything that automation may do now, one job after another.
pub(super) fn all_that_automation_may(session: &mut Session) -> Result<Vec<apply::Applied>, Failure> {
    let mut done = Vec::new();
    for _ in 0..ROUNDS {
        match apply::automate(session)? {
            Automated::Nothing => break,
            Automated::Quietly => {}
            Automated::Applied(applied) => {
                let verified = applied.exit == Exit::Done;
                done.push(applied);
                if !verified {
                    break;
                }
                session.settle()?;
            }
        }
    }
    Ok(done)
}

/// The other program that does it, as soon as the state folder is open.
pub(super) fn handed_over(session: &mut Session) -> Result<Option<String>, Failure> {
    let context = session.folder()?;
    // Nothing is done by one that is frozen.
    if let Some(failure) = silent(&context) {
        return Err(failure);
    }
    Ok(other_engine(&context.snapshot).map(str::to_owned))
}

fn hand_over(session: &Session, other: String, as_json: bool) -> Result<Exit, Failure> {
    let said = words::hand_over(&other);
    tell(&said, Some(other), Vec::new(), &session.context(), as_json).map(|()| Exit::Done)
}

/// Why automation did nothing, in one sentence.
pub(super) fn why_nothing(context: &Context) -> String {
    let (view, speech) = (&context.snapshot.crisis, context.speech());
    words::automation_word(&view.automation, &speech).unwrap_or_else(|| words::readiness(view, &speech))
}

/// Of what was given back in this life or an earlier one, unless it was read.
fn report(snapshot: &Snapshot) -> Option<&RecoveryReport> {
    snapshot.crisis.state.report.as_ref().filter(|report| !report.lines.is_empty())
}

fn tell(
    said: &str,
    other: Option<String>,
    lines: Vec<LineRow>,
    context: &Context,
    as_json: bool,
) -> Result<(), Failure> {
    if as_json {
        return print::json(&Document { handed_over_to: other, ..of(said, None, lines, context) });
    }
    print::text(&words::on_one_line(said))
}

/// The document, when one is wanted.
fn document(
    said: &str,
    plan: Option<&Plan>,
    lines: Vec<LineRow>,
    context: &Context,
    as_json: bool,
) -> Result<(), Failure> {
    if as_json { print::json(&of(said, plan, lines, context)) } else { Ok(()) }
}

fn of(said: &str, plan: Option<&Plan>, lines: Vec<LineRow>, context: &Context) -> Document {
    Document {
        crisis: standing::row(context),
        plan: plan.map(|plan| output::plan(plan, context)),
        lines,
        report: report(&context.snapshot).map(|report| standing::report(report, context)),
        not_given_back: words::NOT_GIVEN_BACK,
        said: said.to_owned(),
        handed_over_to: None,
    }
}

/// How far the way back is, what is given back, and what cannot be.
fn text(plan: &Plan, context: &Context) -> String {
    let mut lines = standing::lines(context);
    lines.push(words::recover_sentence(plan, &context.snapshot.ledger));
    let lines: Vec<_> = lines.iter().map(|line| words::on_one_line(line)).collect();
    let mut text = lines.join("\n") + "\n";
    if !plan.changes.is_empty() {
        text = format!("{text}\n{}\n{}\n", plan::text(plan, context), words::not_given_back());
    }
    text
}

/// What was missed, and whether all is as before.
fn afterwards(context: &Context) -> String {
    let speech = context.speech();
    let mut lines = standing::lines(context);
    lines.extend(standing::held(context));
    if let Some(report) = report(&context.snapshot) {
        lines.push(words::report_headline(report, &speech));
        let told = report.lines.iter().filter(|line| line.missed.is_some_and(|missed| missed.n_runs > 0));
        lines.extend(told.map(|line| format!("{}: {}", line.name, words::report_line(line, &speech))));
    }
    if lines.is_empty() {
        lines.push(words::NOTHING_OWED_ANY_MORE.to_owned());
    }
    let lines: Vec<_> = lines.iter().map(|line| words::on_one_line(line)).collect();
    lines.join("\n")
}
