//! Applying a plan and waiting for what becomes of every line.
//!
//! Ctrl-C stops after the line in flight; what was not begun is reported as left out.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::exit::{Exit, Failure};
use super::output::{self, LineRow};
use super::plan::MAX_NAME;
use super::print;
use super::session::{NotDone, Session, read_only};
use super::signal::told_to_end;
use super::table::{cut, table};
use crate::domain::{Connection, Job, JobPhase, LineOutcome, Plan, Refusal};
use crate::engine::{Command, Snapshot};
use crate::words;

/// How long a gateway may be away in the middle of an apply before the rest is left out.
const AWAY_PATIENCE: Duration = Duration::from_secs(30);

/// What became of the lines.
pub(super) struct Applied {
    pub(super) job: Arc<Job>,
    pub(super) exit: Exit,
}

/// Applies the ticked lines of `plan`.
pub(super) fn apply(session: &mut Session, plan: &Plan) -> Result<Applied, NotDone> {
    let before = session.snapshot().job.as_ref().map(|job| job.id);
    let crons = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    session.ask(Command::Apply { plan: plan.id.clone(), crons })?;
    let job = follow(session, before).map_err(NotDone::Failed)?;
    let exit = exit_of(&job);
    Ok(Applied { job, exit })
}

/// Why applying is out of the question here, before anybody is asked.
pub(super) fn forbidden(session: &Session) -> Option<Failure> {
    read_only(&session.context())
}

/// Whether to go on: `--yes`, or a person says so.
pub(super) fn agreed(yes: bool, as_json: bool, question: &str) -> Result<(), Failure> {
    let asked = || if as_json { None } else { print::confirm(question) };
    match yes.then_some(true).or_else(asked) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(Exit::NeedsAnswer, "nothing was changed")),
        None => Err(Failure::new(Exit::NeedsAnswer, "nothing was changed").with_remedy("Add --yes to do it")),
    }
}

/// Prints what became of each line that was asked for, and of all together.
pub(super) fn report(session: &Session, applied: &Applied) -> Result<(), Failure> {
    let context = session.context();
    let speech = context.speech();
    let asked = applied.job.lines.iter().filter(|line| line.outcome != LineOutcome::LeftOut);
    let rows: Vec<_> = asked
        .map(|line| {
            let change = &line.change;
            [
                cut(&change.name, MAX_NAME),
                format!("{} → {}", words::origin(change, &speech), words::target(change, &speech)),
                words::line_outcome(&line.outcome, &speech),
            ]
        })
        .collect();
    let job = &applied.job;
    print::text(&format!("{}{}: {}", table(&rows), words::job_headline(job), words::job_detail(job, &speech)))
}

pub(super) fn rows(applied: &Applied) -> Vec<LineRow> {
    output::lines(&applied.job)
}

/// A plan that nobody may apply because the world moved.
pub(super) fn drifted(not_done: &NotDone) -> bool {
    matches!(not_done, NotDone::Refused(Refusal::Drifted))
}

fn exit_of(job: &Job) -> Exit {
    let settled = |outcome: &LineOutcome| {
        matches!(outcome, LineOutcome::Verified | LineOutcome::LeftOut | LineOutcome::Withdrawn)
    };
    if job.lines.iter().all(|line| settled(&line.outcome)) { Exit::Done } else { Exit::NotVerified }
}

/// Follows the job that came after `before` until it is over.
fn follow(session: &mut Session, before: Option<u64>) -> Result<Arc<Job>, Failure> {
    let stop = session.stopper();
    let (runtime, snapshots, patience) = session.watch();
    runtime.block_on(async move {
        let mut stopping = false;
        let mut deadline = None;
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let job = snapshot.job.clone().filter(|job| Some(job.id) != before);
            match &job {
                Some(job) if !job.running() => return Ok(job.clone()),
                Some(job) if !stopping && waits_for_a_person(job) => {
                    stopping = true;
                    stop()?;
                }
                _ => {}
            }
            if let Some(why) = &snapshot.ended {
                return Err(Failure::new(Exit::Failed, format!("the engine ended: {why}")));
            }
            // The clock runs while nobody is there to answer, however often we knock.
            deadline = if away(&snapshot) || stopping {
                deadline.or_else(|| Some(Instant::now() + patience.min(AWAY_PATIENCE)))
            } else {
                None
            };
            tokio::select! {
                changed = snapshots.changed() => {
                    if changed.is_err() {
                        return Err(Failure::new(Exit::Failed, "the engine ended"));
                    }
                }
                _ = told_to_end(), if !stopping => {
                    stopping = true;
                    deadline = None;
                    print::aside("Stopping after the line in flight…");
                    stop()?;
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if stopping {
                        return Err(Failure::new(Exit::Failed, "the apply did not stop in time")
                            .with_remedy("The next start looks at what was written and goes on from there"));
                    }
                    stopping = true;
                    deadline = None;
                    print::aside("The gateway is away; the rest is left out.");
                    stop()?;
                }
            }
        }
    })
}

/// Only crons are left whose run takes longer than its time: nobody is here to answer.
fn waits_for_a_person(job: &Job) -> bool {
    let open: Vec<_> =
        job.lines.iter().filter(|line| !line.outcome.is_final() && line.outcome != LineOutcome::LeftOut).collect();
    !open.is_empty()
        && matches!(job.phase, JobPhase::Draining)
        && open.iter().all(|line| matches!(line.outcome, LineOutcome::DrainAsks { .. }))
}

fn away(snapshot: &Snapshot) -> bool {
    !matches!(snapshot.connection, Connection::Connected(_))
}
