//! `distribute`: applies the plan, and says what became of every line.

use super::args::DistributeArguments;
use super::exit::{Exit, Failure};
use super::output::{DistributeDocument, LineRow};
use super::session::{Context, Session};
use super::{apply, output, plan, print};
use crate::domain::Plan;
use crate::words;

/// With `--yes` a plan that moved in between is taken anew this often.
const DRIFTS: usize = 3;

pub(super) fn run(session: &mut Session, arguments: &DistributeArguments, as_json: bool) -> Result<Exit, Failure> {
    let mut context = plan::answered(session, &arguments.answers)?;
    let shown = context.snapshot.plan.clone();
    if !as_json {
        print::text(&plan::text(&shown, &context))?;
    }
    if arguments.dry_run {
        return told(&shown, Vec::new(), &context, as_json, Exit::Done);
    }
    if context.snapshot.match_asked {
        told(&shown, Vec::new(), &context, as_json, Exit::NeedsAnswer)?;
        return Err(Failure::new(Exit::NeedsAnswer, "some routes need your word before anything is applied")
            .with_remedy(plan::questions(&context).trim_end()));
    }
    if nothing_ticked(&shown) {
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
    for attempt in 1.. {
        let current = context.snapshot.plan.clone();
        if nothing_ticked(&current) {
            return told(&current, left_out(&current), &context, as_json, Exit::Done);
        }
        match apply::apply(session, &current) {
            Ok(applied) => {
                if as_json {
                    return told(&current, apply::rows(&applied), &context, as_json, applied.exit);
                }
                apply::report(session, &applied)?;
                return Ok(applied.exit);
            }
            Err(not_done) if arguments.yes && attempt < DRIFTS && apply::drifted(&not_done) => {
                context = session.settle()?;
            }
            Err(not_done) => return Err(session.failure(not_done)),
        }
    }
    Ok(Exit::Failed)
}

/// The document, when one is wanted.
fn told(plan: &Plan, lines: Vec<LineRow>, context: &Context, as_json: bool, exit: Exit) -> Result<Exit, Failure> {
    if as_json {
        print::json(&DistributeDocument { plan: output::plan(plan, context), lines })?;
    }
    Ok(exit)
}

fn ticked(plan: &Plan) -> usize {
    plan.changes.iter().filter(|change| change.ticked).count()
}

fn nothing_ticked(plan: &Plan) -> bool {
    ticked(plan) == 0
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
