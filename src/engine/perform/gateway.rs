//! Calls to the gateway, each a task of its own that answers with one input.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::super::effect::Fetch;
use super::super::input::{Fetched, Input, Proof, WriteResult};
use super::{Performer, keychain};
use crate::domain::{CronId, GatewayTarget, Patch, Revision};
use crate::gateway::{self, Address, Client, DeviceIdentity, Endpoint, GatewayError};

impl Performer {
    pub(super) fn connect(&mut self, session: u64, target: GatewayTarget) {
        let device = self.device(&target.url);
        let inputs = self.inputs.clone();
        let (client_sender, client_receiver) = tokio::sync::oneshot::channel();
        let task = self.spawn("connect", async move {
            let asked = Instant::now();
            let token = match target.token.clone() {
                Some(token) => Some(token),
                None => keychain::load_async(target.url.clone()).await,
            };
            let endpoint = Endpoint { url: target.url, token, device, tls_fingerprint: target.tls_fingerprint };
            match gateway::connect(&endpoint).await {
                Ok(connected) => {
                    let mut news = connected.news;
                    // The receiver is gone only when the connection was given up meanwhile.
                    client_sender.send(connected.client).ok()?;
                    let took = SignedDuration::try_from(asked.elapsed()).unwrap_or(SignedDuration::ZERO);
                    inputs.send(Input::Connected { session, hello: Box::new(connected.hello), took }).await.ok()?;
                    while let Some(news) = news.recv().await {
                        inputs.send(Input::News { session, news }).await.ok()?;
                    }
                    None
                }
                Err(error) => {
                    drop(client_sender);
                    Some(Input::NotConnected { session, trouble: error.trouble() })
                }
            }
        });
        self.connection_tasks.push(task);
        self.pending_client = Some(client_receiver);
    }

    /// A device is shown only to gateways elsewhere: on loopback the token is enough, and pairing would be a write.
    fn device(&self, url: &str) -> Option<Arc<DeviceIdentity>> {
        if Address::parse(url).is_ok_and(|address| address.loopback()) {
            return None;
        }
        match DeviceIdentity::load_or_create(&self.state_root.join("device.json")) {
            Ok(device) => Some(Arc::new(device)),
            Err(error) => {
                tracing::warn!(%error, "no device identity");
                None
            }
        }
    }

    /// The client of the current connection, as soon as there is one.
    pub(super) fn client(&mut self) -> Option<Client> {
        if let Some(mut pending) = self.pending_client.take() {
            match pending.try_recv() {
                Ok(client) => self.client = Some(client),
                Err(tokio::sync::oneshot::error::TryRecvError::Empty) => self.pending_client = Some(pending),
                Err(tokio::sync::oneshot::error::TryRecvError::Closed) => {}
            }
        }
        self.client.clone()
    }

    pub(super) fn fetch(&mut self, session: u64, what: Fetch) {
        let Some(client) = self.client() else { return };
        let name = match &what {
            Fetch::Crons { .. } | Fetch::Cron(_) => "crons",
            Fetch::Catalog => "models",
            Fetch::Usage => "usage",
            Fetch::Runs { .. } => "runs",
        };
        let task = self.spawn(name, async move {
            let what = match fetch(&client, what).await {
                Ok(fetched) => fetched,
                // The connection's own end tells more.
                Err(GatewayError::Closed { .. } | GatewayError::Restarting) => return None,
                Err(error) => Fetched::Failed { what: name, detail: error.to_string() },
            };
            Some(Input::Fetched { session, what })
        });
        self.connection_tasks.push(task);
        self.connection_tasks.retain(|task| !task.is_finished());
    }

    pub(super) fn prove(&mut self, session: u64, cron: CronId) {
        let Some(client) = self.client() else { return };
        let task = self.spawn("prove", async move {
            let impossible = Revision::new("sha256:model-orchestrator-expects-a-conflict");
            let proof = match client.update(&cron, &Patch::default(), Some(&impossible)).await {
                Err(GatewayError::Conflict { .. }) => Proof::Refused,
                Ok(_) => Proof::Obeyed,
                Err(error) => Proof::NotAsked { detail: error.to_string() },
            };
            Some(Input::Proven { session, proof })
        });
        self.connection_tasks.push(task);
    }

    /// Not among the connection's tasks: its result is never dropped, only reconciled.
    pub(super) fn write(&mut self, job: u64, cron: CronId, patch: Patch, expected: Revision) {
        let client = self.client();
        self.spawn("write", async move {
            let result = match client {
                Some(client) => write(&client, &cron, &patch, &expected).await,
                None => WriteResult::Unknown { detail: "there is no connection".to_owned() },
            };
            Some(Input::Written { job, cron, result: Box::new(result) })
        });
    }
}

async fn fetch(client: &Client, what: Fetch) -> Result<Fetched, GatewayError> {
    Ok(match what {
        Fetch::Crons { asked_at } => {
            let asked = Instant::now();
            let list = client.crons().await?;
            let took = SignedDuration::try_from(asked.elapsed()).unwrap_or(SignedDuration::ZERO);
            Fetched::Crons { crons: list.crons, unreadable: list.unreadable, took, asked_at }
        }
        Fetch::Cron(id) => match client.cron(&id).await {
            Ok(cron) => Fetched::Cron(Box::new(cron)),
            Err(GatewayError::NotFound) => Fetched::CronGone(id),
            Err(error) => return Err(error),
        },
        Fetch::Catalog => Fetched::Catalog(client.catalog().await?),
        Fetch::Usage => Fetched::Usage(client.usage(clock()).await?),
        Fetch::Runs { cron, limit, offset } => {
            let page = client.runs(cron.as_ref(), limit, offset).await?;
            Fetched::Runs { cron, runs: page.runs, offset, more: page.more }
        }
    })
}

/// Writes with the planned revision as its guard, then reads back what is there now.
async fn write(client: &Client, cron: &CronId, patch: &Patch, expected: &Revision) -> WriteResult {
    match client.update(cron, patch, Some(expected)).await {
        Ok(_) => match client.cron(cron).await {
            Ok(read) => WriteResult::ReadBack(read),
            Err(GatewayError::NotFound) => WriteResult::Gone,
            Err(error) => WriteResult::Unknown { detail: error.to_string() },
        },
        Err(GatewayError::Conflict { .. }) => WriteResult::Conflict { now: client.cron(cron).await.ok() },
        Err(GatewayError::NotFound) => WriteResult::Gone,
        Err(
            GatewayError::RateLimited { retry_after } | GatewayError::Unavailable { retry_after, retryable: true, .. },
        ) => WriteResult::Later { retry_after: retry_after.unwrap_or(SignedDuration::from_secs(1)) },
        Err(error) if fate_unknown(&error) => WriteResult::Unknown { detail: error.to_string() },
        Err(error) => WriteResult::Refused { detail: error.to_string() },
    }
}

/// The connection failed, not the call: it may have been carried out all the same.
fn fate_unknown(error: &GatewayError) -> bool {
    matches!(
        error,
        GatewayError::Closed { .. }
            | GatewayError::Timeout { .. }
            | GatewayError::Garbage { .. }
            | GatewayError::Restarting
            | GatewayError::Unreachable { .. }
    )
}

#[expect(clippy::disallowed_methods, reason = "a quota is as old as the answer that told it")]
fn clock() -> Timestamp {
    Timestamp::now()
}
