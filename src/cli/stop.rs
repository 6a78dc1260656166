//! `stop`: ends what the program in the background is carrying out, after the line in flight.
//!
//! It waits for that program alone, not for a gateway or a plan: what stands still because the gateway is away can be
//! stopped, too.

use serde::Serialize;

use super::exit::{Exit, Failure};
use super::print;
use super::session::{Context, NotDone, Session, background, held, silent};
use crate::domain::{AutomationWord, Job, Problem, ProblemKind, Refusal};
use crate::engine::{Command, Snapshot};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    stopped: bool,
    /// Lines that were written and read back.
    done: usize,
    said: String,
}

pub(super) fn run(session: &mut Session, as_json: bool) -> Result<Exit, Failure> {
    session.folder()?;
    let is_silent = |problem: &Problem| matches!(problem.what, ProblemKind::ServiceSilent { .. });
    session.gives_time(|now| {
        let ours = now.folder.as_ref().is_some_and(|own| own.held_by.is_none());
        ours || background(now).is_some() || now.problems.iter().any(is_silent)
    });
    let context = session.context();
    if let Some(failure) = silent(&context).or_else(|| held(&context)) {
        return Err(failure);
    }
    let before = context.snapshot.job.as_ref().map(|job| job.id);
    let was_running = context.snapshot.job.as_ref().is_some_and(|job| job.running());
    let document = match session.ask(Command::StopJob) {
        Ok(_) => {
            // One that began between two looks is another than the one that was seen.
            let ended = |now: &Snapshot| {
                now.job.as_ref().is_some_and(|job| !job.running() && (was_running || Some(job.id) != before))
            };
            session.gives_time(ended);
            let context = session.context();
            stopped(context.snapshot.job.as_deref().filter(|_| ended(&context.snapshot)), &context)
        }
        Err(NotDone::Refused(Refusal::NothingToDo)) => {
            Document { stopped: false, done: 0, said: "Nothing is being carried out".to_owned() }
        }
        Err(not_done) => return Err(session.failure(not_done)),
    };
    if as_json {
        print::json(&document)?;
    } else {
        print::text(&document.said)?;
    }
    Ok(Exit::Done)
}

fn stopped(job: Option<&Job>, context: &Context) -> Document {
    // A gateway that says nothing keeps a line in flight for a while.
    let mut said = job.map_or_else(|| "It stops after the line in flight".to_owned(), words::job_headline);
    let word = &context.snapshot.crisis.automation;
    if let AutomationWord::StoppedByHand { .. } = word
        && let Some(rests) = words::automation_word(word, &context.speech())
    {
        said = format!("{said}. {rests}");
    }
    Document { stopped: true, done: job.map_or(0, Job::verified), said }
}
