//! `take-over`: this folder acts on the gateway from now on, or, with `--release`, no more.

use jiff::Timestamp;
use serde::Serialize;

use super::args::TakeOverArguments;
use super::exit::{Exit, Failure};
use super::session::{Context, NotDone, Session, read_only};
use super::{apply, print};
use crate::domain::{Access, Refusal};
use crate::engine::{Command, Snapshot};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    /// Whether this folder acts now.
    here: bool,
    owner: Option<OwnerRow>,
    /// Who acted before, when that was another.
    before: Option<OwnerRow>,
    said: String,
}

/// Who acts on the gateway.
#[derive(Debug, Serialize)]
pub(super) struct OwnerRow {
    host: String,
    since: Timestamp,
    here: bool,
}

/// Whose mark is on the gateway.
pub(super) fn owner(snapshot: &Snapshot) -> Option<OwnerRow> {
    let mark = snapshot.owner.as_ref()?;
    Some(OwnerRow { host: mark.host.clone(), since: mark.since, here: acts(snapshot) })
}

/// The mark there is that of this folder. Of a folder that another program holds only that one knows.
pub(super) fn acts(snapshot: &Snapshot) -> bool {
    let others = [Access::GatewayOwned, Access::AnotherGateway, Access::FolderHeld];
    snapshot.owner.is_some() && access(snapshot).is_some_and(|access| !others.contains(&access))
}

fn access(snapshot: &Snapshot) -> Option<Access> {
    snapshot.connection.info().map(|info| info.access)
}

/// Nothing may be written because of the mark that is, or is not, on the gateway: taking over mends that.
fn another_acts(snapshot: &Snapshot) -> bool {
    matches!(access(snapshot), Some(Access::GatewayOwned | Access::AnotherGateway))
}

pub(super) fn run(session: &mut Session, arguments: &TakeOverArguments, as_json: bool) -> Result<Exit, Failure> {
    let context = session.ready()?;
    if arguments.release {
        release(session, &context, arguments, as_json)
    } else {
        take(session, &context, arguments, as_json)
    }
}

fn take(
    session: &mut Session,
    context: &Context,
    arguments: &TakeOverArguments,
    as_json: bool,
) -> Result<Exit, Failure> {
    let before = &context.snapshot;
    if acts(before) {
        return tell(words::ACTS_ALREADY, before, before, as_json);
    }
    let (access, mended) = (access(before), another_acts(before));
    if let Some(failure) = read_only(context).filter(|_| !mended) {
        return Err(failure);
    }
    // Where nobody acts, nobody is asked.
    if mended {
        let other = before.owner.as_ref().filter(|_| access == Some(Access::GatewayOwned));
        apply::agreed(arguments.yes, as_json, &words::take_over_question(other, &context.speech()))?;
    }
    match session.ask(Command::TakeOver) {
        // Somebody else did it for this folder meanwhile.
        Ok(_) | Err(NotDone::Refused(Refusal::NothingToDo)) => {}
        Err(not_done) => return Err(session.failure(not_done)),
    }
    let after = session.shows(acts)?;
    tell(words::TAKEN_OVER, &after.snapshot, before, as_json)
}

fn release(
    session: &mut Session,
    context: &Context,
    arguments: &TakeOverArguments,
    as_json: bool,
) -> Result<Exit, Failure> {
    let before = &context.snapshot;
    if let Some(failure) = read_only(context).filter(|_| !another_acts(before)) {
        return Err(failure);
    }
    if !acts(before) {
        return tell(words::DOES_NOT_ACT, before, before, as_json);
    }
    if !before.ledger.is_empty() {
        apply::agreed(arguments.yes, as_json, &words::let_go_question(before.ledger.len()))?;
    }
    session.tell(Command::LetGo)?;
    let after = session.shows(|snapshot| !acts(snapshot))?;
    tell(words::LET_GO, &after.snapshot, before, as_json)
}

fn tell(said: &str, now: &Snapshot, before: &Snapshot, as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        let before = owner(before).filter(|owner| !owner.here);
        print::json(&Document { here: acts(now), owner: owner(now), before, said: said.to_owned() })?;
    } else {
        print::text(said)?;
    }
    Ok(Exit::Done)
}
