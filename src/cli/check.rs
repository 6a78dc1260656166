//! `check` and `check-provider`: one look at the accounts, now, and how each of them stands.
//!
//! A provider that is down is a result, not a failure: only `--exit-code` turns it into a code.

#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;
use serde::Serialize;

use super::accounts::{self, AccountRow, Known};
use super::args::CheckArguments;
use super::exit::{Exit, Failure};
use super::output::{self, DownRow};
use super::session::{Context, NotDone, Session};
use super::{names, print};
use crate::domain::{AccountId, HealthState, ProblemKind, Refusal};
use crate::engine::{Command, Snapshot};
use crate::words;

#[derive(Debug, Serialize)]
struct Document {
    checked_at: Timestamp,
    level: &'static str,
    summary: String,
    down: Vec<DownRow>,
    offline: bool,
    offline_since: Option<Timestamp>,
    accounts: Vec<AccountRow>,
    tokens_spent: u64,
}

/// How things stood before this command asked anything.
struct Before {
    at: Timestamp,
    tokens_spent: u64,
}

impl Before {
    fn of(snapshot: &Snapshot) -> Self {
        Self { at: snapshot.at, tokens_spent: snapshot.looks.tokens_spent }
    }
}

/// All accounts.
pub(super) fn all(session: &mut Session, arguments: &CheckArguments, as_json: bool) -> Result<Exit, Failure> {
    look(session, None, arguments, as_json)
}

/// The one that a person means.
pub(super) fn one(
    session: &mut Session,
    named: &str,
    arguments: &CheckArguments,
    as_json: bool,
) -> Result<Exit, Failure> {
    look(session, Some(named), arguments, as_json)
}

fn look(
    session: &mut Session,
    named: Option<&str>,
    arguments: &CheckArguments,
    as_json: bool,
) -> Result<Exit, Failure> {
    let context = session.ready()?;
    // What an earlier life spent is known by now.
    let before = Before::of(&context.snapshot);
    let meant = named.map(|named| names::account(&context.snapshot.accounts, named)).transpose()?;
    let meant = meant.map(|account| account.id.clone());
    let unfinished = ask(session, meant.clone())?;
    let context = session.context();
    let document = document(meant.as_ref(), &before, &context);
    if as_json {
        print::json(&document)?;
    } else {
        let known = shown(meant.as_ref(), &context);
        print::text(&match known.as_slice() {
            [only] if meant.is_some() => text::one(only, before.at, &context),
            known => text::all(known, before.at, document.tokens_spent, &context),
        })?;
    }
    if let Some(failure) = unfinished {
        return Err(failure);
    }
    reached(&context)?;
    Ok(if arguments.exit_code { exit(&document, meant.is_some()) } else { Exit::Done })
}

/// Looks at one account or at all of them, and waits for the answers. Returned is what to say when some are late.
pub(super) fn ask(session: &mut Session, meant: Option<AccountId>) -> Result<Option<Failure>, Failure> {
    match session.ask_providers(Command::Check { accounts: meant.map(|id| vec![id]) }) {
        Ok(_) => Ok(None),
        // What is known stands; whoever asked for patience gets it.
        Err(NotDone::Refused(refusal @ (Refusal::ToldToWait { .. } | Refusal::NothingToDo))) => {
            if let Refusal::ToldToWait { .. } = refusal {
                print::aside(&words::refusal(&refusal, &session.context().speech()).what);
            }
            Ok(None)
        }
        Err(NotDone::Failed(failure)) if still_asking(session) => Ok(Some(late(failure, session))),
        Err(not_done) => Err(session.failure(not_done)),
    }
}

/// Where nobody can be reached no check took place, and a script must not take it for one.
pub(super) fn reached(context: &Context) -> Result<(), Failure> {
    if context.snapshot.looks.offline_since.is_none() {
        return Ok(());
    }
    let said = Failure::of_problem(&ProblemKind::Offline, &context.speech());
    Err(Failure { exit: Exit::NotConnected, ..said })
}

/// A round whose answers are not all in.
fn still_asking(session: &Session) -> bool {
    session.snapshot().looks.round.is_some()
}

fn late(failure: Failure, session: &Session) -> Failure {
    let context = session.context();
    let left = context.snapshot.looks.round.iter().flat_map(|round| &round.left);
    let left: Vec<_> = left.map(|id| context.settings.account(id).label).collect();
    if left.is_empty() {
        failure
    } else {
        Failure { what: format!("{}: {}", failure.what, words::list(&left)), ..failure }
    }
}

/// The accounts that are shown, by their labels.
fn shown<'a>(meant: Option<&AccountId>, context: &'a Context) -> Vec<Known<'a>> {
    let accounts = context.snapshot.accounts.values().filter(|account| meant.is_none_or(|id| account.id == *id));
    let mut known: Vec<_> = accounts.map(|account| Known::of(account, context)).collect();
    known.sort_by_key(|known| (!known.set_up, known.account.label.to_lowercase(), known.account.id.clone()));
    known
}

fn document(meant: Option<&AccountId>, before: &Before, context: &Context) -> Document {
    let snapshot = &context.snapshot;
    let accounts: Vec<_> = shown(meant, context).iter().map(|known| accounts::row(known, before.at)).collect();
    Document {
        checked_at: snapshot.at,
        level: output::mode(snapshot.level()),
        summary: words::outage(&snapshot.plan.outage, &context.speech()),
        down: output::down(context),
        offline: snapshot.looks.offline_since.is_some(),
        offline_since: snapshot.looks.offline_since,
        accounts,
        tokens_spent: snapshot.looks.tokens_spent.saturating_sub(before.tokens_spent),
    }
}

/// Whether all that is set up serves; an account that was named counts in any case.
fn exit(document: &Document, was_named: bool) -> Exit {
    let counted = document.accounts.iter().filter(|row| was_named || (row.set_up && row.set_aside_until.is_none()));
    let verdicts: Vec<_> = counted.flat_map(verdicts).collect();
    let worst = [Exit::NeedsPerson, Exit::Passing, Exit::NotTold];
    let found = worst.into_iter().find(|exit| verdicts.contains(exit));
    // Nothing set up is no good news.
    found.unwrap_or(if verdicts.is_empty() { Exit::NotTold } else { Exit::Done })
}

/// What the account and those of its models that are worse off say.
fn verdicts(row: &AccountRow) -> Vec<Exit> {
    let by_hand = row.down_until.map(|_| Exit::Passing);
    let of_models = row.models.iter().map(|model| verdict(model.health, model.temporary));
    std::iter::once(by_hand.unwrap_or_else(|| verdict(row.health, row.temporary))).chain(of_models).collect()
}

fn verdict(health: &str, temporary: bool) -> Exit {
    match HealthState::of_code(health) {
        Some(HealthState::Up) => Exit::Done,
        Some(HealthState::Unknown) | None => Exit::NotTold,
        Some(_) if temporary => Exit::Passing,
        Some(_) => Exit::NeedsPerson,
    }
}
