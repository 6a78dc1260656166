//! `undo`: takes switches back, by a plan like any other.

use std::sync::Arc;

use super::apply::{Order, Stages};
use super::exit::{Exit, Failure};
use super::output::DistributeDocument;
use super::session::{Context, NotDone, Session};
use super::{apply, output, plan, print};
use crate::domain::{Plan, PlanOrigin, Refusal};
use crate::engine::{Command, Snapshot, UndoScope};
use crate::words;

pub(super) fn run(session: &mut Session, what: Option<&str>, yes: bool, as_json: bool) -> Result<Exit, Failure> {
    let context = session.ready()?;
    let named = what.map(str::trim).filter(|name| !name.is_empty());
    let scope = named.map_or(UndoScope::Last, |name| UndoScope::Named(name.to_owned()));
    match session.ask(Command::PrepareUndo(scope)) {
        Ok(_) => {}
        Err(NotDone::Refused(Refusal::NothingToDo)) => return nothing(&context, as_json),
        Err(not_done) => return Err(session.failure(not_done)),
    }
    // Something else may have been on offer before.
    let undo_of = |snapshot: &Snapshot| -> Option<Arc<Plan>> {
        snapshot.offer.clone().filter(|offer| matches!(offer.origin, PlanOrigin::Undo { .. }))
    };
    let context = session.shows(|snapshot| undo_of(snapshot).is_some())?;
    let Some(undo) = undo_of(&context.snapshot) else { return nothing(&context, as_json) };
    if !as_json {
        print::text(&plan::text(&undo, &context))?;
    }
    let document = |lines| DistributeDocument { plan: output::plan(&undo, &context), lines };
    let question = format!("{}: do it?", words::plan_headline(&undo));
    let stopped = apply::forbidden(session).map_or_else(|| apply::agreed(yes, as_json, &question), Err);
    if let Err(failure) = stopped {
        if as_json {
            print::json(&document(Vec::new()))?;
        }
        return Err(failure);
    }
    let order =
        Order { shown: undo.clone(), yes: false, again: &undo_of, command: &apply::ticked_of, stages: Stages::Wait };
    let carried = apply::carry_out(session, &order)?;
    match &carried.applied {
        Some(applied) if !as_json => apply::report(session, applied)?,
        applied if as_json => print::json(&document(applied.as_ref().map(apply::rows).unwrap_or_default()))?,
        _ => {}
    }
    Ok(carried.exit())
}

fn nothing(context: &Context, as_json: bool) -> Result<Exit, Failure> {
    const SAID: &str = "Nothing to undo";
    if as_json {
        let plan = output::no_undo(SAID, context);
        print::json(&DistributeDocument { plan, lines: Vec::new() })?;
    } else {
        print::text(SAID)?;
    }
    Ok(Exit::Done)
}
