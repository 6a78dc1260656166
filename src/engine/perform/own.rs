//! Crons that this program places on the gateway for itself, and runs that a person asked for.
//!
//! All of them belong to the connection: they end with it, and are asked for again if they are still wanted.

use jiff::Timestamp;

use super::super::input::{Input, NotCarriedOut};
use super::Performer;
use crate::domain::{AccountId, Cron, CronId, OwnerMark, RECOVERY_KEY_PREFIX, Revision};
use crate::gateway::{Client, GatewayError, OneShot, RunAsked};

/// What a one-shot runs whose event is enough: it does nothing, and well.
const NOTHING: &str = "true";

impl Performer {
    pub(super) fn run_cron(&mut self, session: u64, cron: CronId) {
        self.ask("run", async move |client| {
            let result = match client {
                None => Err(no_connection().detail),
                Some(client) => match client.run_cron(&cron).await {
                    Ok(RunAsked::Queued) => Ok(()),
                    Ok(RunAsked::NotRun { reason }) => Err(reason),
                    Err(error) => Err(error.to_string()),
                },
            };
            Input::RunQueued { session, cron, result }
        });
    }

    pub(super) fn place_check(&mut self, session: u64, account: AccountId, at: Timestamp, argv: Option<Vec<String>>) {
        let shot = OneShot {
            key: format!("{RECOVERY_KEY_PREFIX}{account}"),
            name: format!("Model Orchestrator: {account} is expected back"),
            at,
            argv: argv.unwrap_or_else(|| vec![NOTHING.to_owned()]),
        };
        self.ask("place a check", async move |client| {
            let result = match client {
                Some(client) => client.add_one_shot(&shot).await.map_err(|error| not_carried_out(&error)),
                None => Err(no_connection()),
            };
            Input::CheckPlaced { session, account, result: Box::new(result) }
        });
    }

    pub(super) fn remove_own(&mut self, session: u64, cron: CronId) {
        self.ask("remove a check", async move |client| {
            let result = match client {
                Some(client) => match client.remove_cron(&cron).await {
                    // It has run, or somebody was faster.
                    Ok(()) | Err(GatewayError::NotFound) => Ok(()),
                    Err(error) => Err(not_carried_out(&error)),
                },
                None => Err(no_connection()),
            };
            Input::OwnRemoved { session, cron, result }
        });
    }

    pub(super) fn mark(&mut self, session: u64, mark: OwnerMark, over: Option<(CronId, Revision)>) {
        self.ask("place the mark", async move |client| {
            let result = match client {
                Some(client) => mark_with(&client, &mark, over).await.map_err(|error| not_carried_out(&error)),
                None => Err(no_connection()),
            };
            Input::Marked { session, result: Box::new(result) }
        });
    }

    pub(super) fn unmark(&mut self, session: u64, cron: CronId, folder: String) {
        self.ask("remove the mark", async move |client| {
            let result = match client {
                Some(client) => unmark_with(&client, &cron, &folder).await.map_err(|error| not_carried_out(&error)),
                None => Err(no_connection()),
            };
            Input::Unmarked { session, result: Box::new(result) }
        });
    }

    /// Asks as a task of the connection, with whatever client it has by now.
    fn ask<F>(&mut self, name: &'static str, asks: impl FnOnce(Option<Client>) -> F)
    where
        F: Future<Output = Input> + Send + 'static,
    {
        let asking = asks(self.client());
        let task = self.spawn(name, async move { Some(asking.await) });
        self.connection_tasks.push(task);
        self.connection_tasks.retain(|task| !task.is_finished());
    }
}

/// What is there in the end, whoever put it there.
async fn mark_with(client: &Client, mark: &OwnerMark, over: Option<(CronId, Revision)>) -> Result<Cron, GatewayError> {
    let id = match over {
        None => client.add_mark(mark).await?.id,
        Some((id, seen)) => match client.update_mark(&id, mark, &seen).await {
            Ok(_) | Err(GatewayError::Conflict { .. }) => id,
            // Its owner let go meanwhile.
            Err(GatewayError::NotFound) => client.add_mark(mark).await?.id,
            Err(error) => return Err(error),
        },
    };
    client.cron(&id).await
}

/// The gateway guards no removal, so it is read first. Should somebody take over in between, they put their mark there
/// anew before they next write.
async fn unmark_with(client: &Client, id: &CronId, folder: &str) -> Result<Option<Cron>, GatewayError> {
    let there = match client.cron(id).await {
        Ok(there) => there,
        Err(GatewayError::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    if OwnerMark::of(&there).is_none_or(|mark| mark.folder != folder) {
        return Ok(Some(there));
    }
    match client.remove_cron(id).await {
        Ok(()) | Err(GatewayError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn no_connection() -> NotCarriedOut {
    NotCarriedOut { detail: "there is no connection".to_owned(), retry_after: None, for_good: false }
}

fn not_carried_out(error: &GatewayError) -> NotCarriedOut {
    let retry_after = match error {
        GatewayError::RateLimited { retry_after } | GatewayError::Unavailable { retry_after, .. } => *retry_after,
        _ => None,
    };
    let for_good = matches!(
        error,
        GatewayError::Rejected { .. }
            | GatewayError::MissingScope { .. }
            | GatewayError::Unavailable { retryable: false, .. }
    );
    NotCarriedOut { detail: error.to_string(), retry_after, for_good }
}
