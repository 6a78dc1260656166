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
use super::session::{Context, NotDone, Session, planned, read_only};
use super::signal::told_to_end;
use super::table::{cut, table};
use crate::domain::{Connection, CronId, Job, JobPhase, LineOutcome, Plan, Refusal};
use crate::engine::{Command, Snapshot};
use crate::words::{self, AfterClosing, Speech};

/// How long a gateway may be away in the middle of an apply before the rest is left out.
const AWAY_PATIENCE: Duration = Duration::from_secs(30);

/// The lock of a program that has ended is asked for every two seconds.
const FREED: Duration = Duration::from_secs(6);

/// With `--yes` a plan that moved in between is taken anew this often.
const DRIFTS: usize = 3;

/// What became of the lines.
pub(super) struct Applied {
    pub(super) job: Arc<Job>,
    pub(super) exit: Exit,
}

/// A plan that is to be carried out.
pub(super) struct Order<'a> {
    /// As it was shown.
    pub(super) shown: Arc<Plan>,
    /// Nobody looks at it anyway: when the world moved meanwhile, the plan of now is as good.
    pub(super) yes: bool,
    /// Where the plan of now is found.
    pub(super) again: &'a dyn Fn(&Snapshot) -> Option<Arc<Plan>>,
    /// What carries it out; `None` when nothing of it is wanted.
    pub(super) command: &'a dyn Fn(&Plan) -> Option<Command>,
    pub(super) stages: Stages,
}

/// Whether giving back waits between its stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stages {
    Wait,
    GoOn,
}

/// What came of an order: the plan that was taken in the end, and its job when anything was to be written.
pub(super) struct Carried {
    pub(super) plan: Arc<Plan>,
    pub(super) applied: Option<Applied>,
}

impl Carried {
    pub(super) fn exit(&self) -> Exit {
        self.applied.as_ref().map_or(Exit::Done, |applied| applied.exit)
    }
}

/// Applies the ticked lines of a plan.
pub(super) fn ticked_of(plan: &Plan) -> Option<Command> {
    apply_of(plan, words::ticked_lines(plan))
}

/// Applies these lines of it.
pub(super) fn apply_of(plan: &Plan, crons: Vec<CronId>) -> Option<Command> {
    (!crons.is_empty()).then(|| Command::Apply { plan: plan.id.clone(), crons })
}

/// Carries an order out, and waits for the end of it.
pub(super) fn carry_out(session: &mut Session, order: &Order<'_>) -> Result<Carried, Failure> {
    let mut plan = order.shown.clone();
    let mut attempt = 1;
    loop {
        let Some(command) = (order.command)(&plan) else { return Ok(Carried { plan, applied: None }) };
        match begin(session, command, order.stages) {
            Ok(applied) => return Ok(Carried { plan, applied }),
            Err(NotDone::Refused(Refusal::Drifted)) if order.yes && attempt < DRIFTS => {
                let context = session.settle()?;
                plan = (order.again)(&context.snapshot).unwrap_or(plan);
            }
            Err(not_done) => return Err(session.failure(not_done)),
        }
        attempt += 1;
    }
}

/// The job that was shown before a command was handed over, and who acted. Each engine numbers jobs by itself: when
/// the one that acted has gone, the number says nothing of the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Before {
    job: Option<u64>,
    acts: Option<u32>,
}

impl Before {
    fn of(snapshot: &Snapshot) -> Self {
        let acts = snapshot.background.as_ref().map(|background| background.pid);
        Self { job: snapshot.job.as_ref().map(|job| job.id), acts }
    }
}

/// Hands a command over, and follows the job that comes of it; a change of mode may need none.
fn begin(session: &mut Session, command: Command, stages: Stages) -> Result<Option<Applied>, NotDone> {
    let before = Before::of(&session.snapshot());
    let writes = match &command {
        Command::Apply { crons, .. } | Command::EnterCrisis { crons, .. } | Command::Recover { crons, .. } => {
            !crons.is_empty()
        }
        _ => false,
    };
    session.ask(command)?;
    if !writes {
        let context = session.settle().map_err(NotDone::Failed)?;
        if Before::of(&context.snapshot) == before {
            return Ok(None);
        }
    }
    let job = follow(session, before, stages)?;
    // Whoever may be away for days leaves the wake-ups behind.
    session.gives_time(|snapshot| snapshot.crisis.checks.values().all(|check| check.cron.is_some()));
    let exit = exit_of(&job);
    Ok(Some(Applied { job, exit }))
}

/// What automation made of being asked.
pub(super) enum Automated {
    /// Nothing is planned, or it may not.
    Nothing,
    /// A change of mode that needed no write.
    Quietly,
    Applied(Applied),
}

/// Does what automation may do by itself.
pub(super) fn automate(session: &mut Session) -> Result<Automated, Failure> {
    match begin(session, Command::Automate, Stages::Wait) {
        Ok(None) => Ok(Automated::Quietly),
        Ok(Some(applied)) => Ok(Automated::Applied(applied)),
        Err(NotDone::Refused(Refusal::NothingToDo)) => Ok(Automated::Nothing),
        Err(not_done) => Err(session.failure(not_done)),
    }
}

/// Another job runs, of whoever: until it has ended, what is planned is not what will be left to do.
pub(super) fn not_at_work(context: &Context) -> Result<(), Failure> {
    let running = output::at_work(&context.snapshot);
    if running { Err(Failure::of_refusal(&Refusal::JobRunning, &context.speech())) } else { Ok(()) }
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
    print::text(&format!(
        "{}{}: {}",
        table(&rows),
        words::job_headline(job),
        words::job_detail(job, AfterClosing::Waits, &speech)
    ))
}

pub(super) fn rows(applied: &Applied) -> Vec<LineRow> {
    output::lines(&applied.job)
}

fn exit_of(job: &Job) -> Exit {
    let settled = |outcome: &LineOutcome| {
        matches!(outcome, LineOutcome::Verified | LineOutcome::LeftOut | LineOutcome::Withdrawn)
    };
    if job.lines.iter().all(|line| settled(&line.outcome)) { Exit::Done } else { Exit::NotVerified }
}

/// Follows the job that came after `before` until it is over.
fn follow(session: &mut Session, before: Before, stages: Stages) -> Result<Arc<Job>, NotDone> {
    let followed = follow_on(session, before, stages).map_err(NotDone::Failed)?;
    // Whoever acts now knows nothing of it: it did not get so far, or has its end in the journal.
    followed.ok_or(NotDone::Refused(Refusal::NoAnswer))
}

/// The same; `None` when who carried it out has gone and nothing of it is open.
fn follow_on(session: &mut Session, before: Before, stages: Stages) -> Result<Option<Arc<Job>>, Failure> {
    let tell = session.teller();
    let context = session.context();
    let (runtime, snapshots, patience) = session.watch();
    runtime.block_on(async move {
        let mut stopping = false;
        let mut deadline = None;
        let mut held_until = None;
        let mut phase = std::mem::discriminant(&JobPhase::Writing);
        loop {
            let snapshot = snapshots.borrow_and_update().clone();
            let another_acts = Before::of(&snapshot).acts != before.acts;
            let job = snapshot.job.clone().filter(|job| another_acts || Some(job.id) != before.job);
            match &job {
                Some(job) if !job.running() => return Ok(Some(job.clone())),
                _ if another_acts && planned(&snapshot) => {
                    // The lock of one that was killed is freed a moment after its socket.
                    let held = snapshot.folder.as_ref().is_some_and(|folder| folder.held_by.is_some());
                    let until = *held_until.get_or_insert_with(|| Instant::now() + FREED);
                    if !held || Instant::now() >= until {
                        return Ok(None);
                    }
                }
                Some(job) if !stopping && waits_for_a_person(job) => {
                    stopping = true;
                    tell(Command::LeaveTheRest)?;
                }
                Some(job) if std::mem::discriminant(&job.phase) != phase => {
                    phase = std::mem::discriminant(&job.phase);
                    let speech = Speech { now: snapshot.at, ..context.speech() };
                    match (&job.phase, words::job_waits(job, &speech)) {
                        (JobPhase::Proving { .. }, _) if stages == Stages::GoOn => tell(Command::GoOn)?,
                        (_, Some(waits)) => print::aside(&format!("{}: {waits}", words::job_headline(job))),
                        (_, None) => {}
                    }
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
                () = sleep_until(held_until.unwrap_or_else(Instant::now)), if held_until.is_some_and(|until| Instant::now() < until) => {}
                _ = told_to_end(), if !stopping => {
                    stopping = true;
                    deadline = None;
                    print::aside("Stopping after the line in flight…");
                    tell(Command::StopJob)?;
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if stopping {
                        return Err(Failure::new(Exit::Failed, "the apply did not stop in time")
                            .with_remedy("The next start looks at what was written and goes on from there"));
                    }
                    stopping = true;
                    deadline = None;
                    print::aside("The gateway is away; the rest is left out.");
                    tell(Command::LeaveTheRest)?;
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
