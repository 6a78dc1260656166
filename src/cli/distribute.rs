//! `distribute`: applies the plan, and says what became of every line.

use super::apply::{Order, Stages};
use super::args::DistributeArguments;
use super::exit::{Exit, Failure};
use super::output::{DistributeDocument, LineRow};
use super::session::{Context, Session};
use super::{apply, output, plan, print};
use crate::domain::Plan;
use crate::words;

pub(super) fn run(session: &mut Session, arguments: &DistributeArguments, as_json: bool) -> Result<Exit, Failure> {
    let context = plan::answered(session, &arguments.answers)?;
    let shown = context.snapshot.plan.clone();
    if !as_json {
        print::text(&plan::text(&shown, &context))?;
    }
    if arguments.dry_run {
        return told(&shown, Vec::new(), &context, as_json, Exit::Done);
    }
    apply::not_at_work(&context)?;
    if context.snapshot.match_asked {
        told(&shown, Vec::new(), &context, as_json, Exit::NeedsAnswer)?;
        return Err(Failure::new(Exit::NeedsAnswer, "some routes need your word before anything is applied")
            .with_remedy(plan::questions(&context).trim_end()));
    }
    if ticked(&shown) == 0 {
        return told(&shown, left_out(&shown), &context, as_json, Exit::Done);
    }
    if let Some(failure) = apply::forbidden(session) {
        told(&shown, Vec::new(), &context, as_json, failure.exit)?;
        return Err(failure);
    }
    let question = format!("Apply {}?", words::count(ticked(&shown), "change"));
    if let Err(failure) = apply::agreed(arguments.yes, as_json, &question) {
        told(&shown, Vec::new(), &context, as_json, failure.exit)?;
        return Err(failure);
    }
    let order = Order {
        shown,
        yes: arguments.yes,
        again: &|snapshot| Some(snapshot.plan.clone()),
        command: &apply::ticked_of,
        stages: Stages::Wait,
    };
    let carried = apply::carry_out(session, &order)?;
    let exit = carried.exit();
    match &carried.applied {
        Some(applied) if as_json => told(&carried.plan, apply::rows(applied), &context, as_json, exit),
        Some(applied) => apply::report(session, applied).map(|()| exit),
        None => told(&carried.plan, left_out(&carried.plan), &context, as_json, exit),
    }
}

/// The document, when one is wanted.
fn told(plan: &Plan, lines: Vec<LineRow>, context: &Context, as_json: bool, exit: Exit) -> Result<Exit, Failure> {
    if as_json {
        print::json(&DistributeDocument { plan: output::plan(plan, context), lines })?;
    }
    Ok(exit)
}

fn ticked(plan: &Plan) -> usize {
    words::ticked_lines(plan).len()
}

fn left_out(plan: &Plan) -> Vec<LineRow> {
    let row = |change: &crate::domain::Change| LineRow {
        cron: change.cron.to_string(),
        name: change.name.clone(),
        outcome: "left_out",
        detail: None,
    };
    plan.changes.iter().map(row).collect()
}
