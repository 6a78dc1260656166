//! Calls to a gateway, in the program's own words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::socket::Ask;
use super::{GatewayError, Patience, convert};
use crate::domain::{
    AccountId, Catalog, Cron, CronId, Money, OwnerMark, Patch, ProbeAnswer, QuotaWindow, Revision, RunRecord,
};

/// The most that a gateway gives of a list at once.
const PAGE: usize = 200;
/// How often a list that changes while it is read is read again.
const READS: usize = 5;

/// A cheap handle on the task that owns a connection. The connection ends with [`Client::close`], or
/// with the last handle.
#[derive(Clone, Debug)]
pub struct Client {
    asks: mpsc::Sender<Ask>,
    places: Arc<Semaphore>,
    bye: Arc<Notify>,
    patience: Patience,
}

/// All crons of a gateway, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CronList {
    /// In the order of their ids.
    pub crons: Vec<Cron>,
    /// Jobs that cannot be read, with their id or their place in the list, and why.
    pub unreadable: Vec<(String, String)>,
}

/// What the gateway knows of quotas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Only accounts that could be asked, in the order of their ids.
    pub accounts: Vec<(AccountId, Vec<QuotaWindow>)>,
    /// Balances of accounts that are paid in advance.
    pub money: Vec<(AccountId, Money)>,
    /// By the names that the providers call them.
    pub plans: Vec<(AccountId, String)>,
    /// When the gateway asked; it keeps its answers for a minute.
    pub observed_at: Timestamp,
    /// The gateway is still asking; ask it again in some seconds.
    pub refreshing: bool,
}

/// A cron that fires once and goes: it starts a program on the gateway's host, asks no model and tells nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct OneShot {
    /// Another one with this key takes its place.
    pub key: String,
    pub name: String,
    /// By the gateway's clock.
    pub at: Timestamp,
    pub argv: Vec<String>,
}

/// Finished runs, newest first, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunPage {
    pub runs: Vec<RunRecord>,
    /// There are older ones.
    pub more: bool,
}

/// What came of asking for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunAsked {
    Queued,
    /// In the gateway's words: `already-running`, `disabled`, `not-due`.
    NotRun {
        reason: String,
    },
}

impl Client {
    pub(crate) fn new(asks: mpsc::Sender<Ask>, places: Arc<Semaphore>, bye: Arc<Notify>, patience: Patience) -> Self {
        Self { asks, places, bye, patience }
    }

    /// All crons, disabled ones too, from one unchanged list.
    pub async fn crons(&self) -> Result<CronList, GatewayError> {
        for _ in 0..READS {
            if let Some(list) = self.crons_in_one_go().await? {
                return Ok(list);
            }
        }
        Err(GatewayError::Unavailable {
            retry_after: None,
            retryable: true,
            message: "the list of crons keeps changing".to_owned(),
        })
    }

    /// `None` when the list changed between two of its pages.
    async fn crons_in_one_go(&self) -> Result<Option<CronList>, GatewayError> {
        let mut crons = BTreeMap::new();
        let mut unreadable = Vec::new();
        let mut revision = None;
        let mut offset = 0;
        loop {
            // By name: other orders move whenever a cron runs.
            let params = json!({
                "includeDisabled": true, "includeDeliveryPreviews": false,
                "limit": PAGE, "offset": offset, "sortBy": "name",
            });
            let page = convert::crons_from(self.call("cron.list", params).await?, offset)
                .map_err(|detail| GatewayError::Garbage { detail })?;
            if *revision.get_or_insert_with(|| page.revision.clone()) != page.revision {
                return Ok(None);
            }
            crons.extend(page.crons.into_iter().map(|cron| (cron.id.clone(), cron)));
            unreadable.extend(page.unreadable);
            match page.next_offset {
                Some(next) if next > offset => offset = next,
                Some(_) => return Err(GatewayError::Garbage { detail: "a list of crons without an end".to_owned() }),
                None => return Ok(Some(CronList { crons: crons.into_values().collect(), unreadable })),
            }
        }
    }

    pub async fn cron(&self, id: &CronId) -> Result<Cron, GatewayError> {
        readable(self.call("cron.get", json!({ "id": id.as_str() })).await?)
    }

    /// Writes `patch`, and returns the cron as the gateway keeps it then.
    ///
    /// With `expected`, only if the cron still has that revision. Does not pace: the gateway takes
    /// 30 of these in a minute.
    pub async fn update(&self, id: &CronId, patch: &Patch, expected: Option<&Revision>) -> Result<Cron, GatewayError> {
        let mut params = json!({ "id": id.as_str(), "patch": convert::patch_to(patch) });
        if let Some(revision) = expected {
            params["expectedConfigRevision"] = revision.as_str().into();
        }
        readable(self.call("cron.update", params).await?)
    }

    /// Puts a one-shot on the gateway, or moves the one with its key; returns the cron as the gateway keeps it.
    ///
    /// Asked again it changes nothing, so an answer that got lost is no reason for a second one. Does not pace:
    /// the gateway takes 30 of these in a minute, whatever `update` has used.
    pub async fn add_one_shot(&self, shot: &OneShot) -> Result<Cron, GatewayError> {
        let mut answer = self.call("cron.add", convert::one_shot_to(shot)).await?;
        // With a key the cron is inside, beside what became of it.
        let job = answer.get_mut("job").map(Value::take).unwrap_or(answer);
        readable(job)
    }

    /// Puts the mark there unless one is there already, and returns the one that is there then. The gateway
    /// converges by the declaration key what a cron does, never what it is called: the first mark stays.
    pub async fn add_mark(&self, mark: &OwnerMark) -> Result<Cron, GatewayError> {
        let mut answer = self.call("cron.add", convert::mark_to(mark)).await?;
        let job = answer.get_mut("job").map(Value::take).unwrap_or(answer);
        readable(job)
    }

    /// Makes the mark `id` another one, if it is still as it was `seen`.
    pub async fn update_mark(&self, id: &CronId, mark: &OwnerMark, seen: &Revision) -> Result<Cron, GatewayError> {
        let patch = json!({ "name": mark.name(), "description": mark.description(), "enabled": false });
        let params = json!({ "id": id.as_str(), "patch": patch, "expectedConfigRevision": seen.as_str() });
        readable(self.call("cron.update", params).await?)
    }

    /// Takes a cron off the gateway; [`GatewayError::NotFound`] when it is gone already.
    pub async fn remove_cron(&self, id: &CronId) -> Result<(), GatewayError> {
        self.call("cron.remove", json!({ "id": id.as_str() })).await.map(|_| ())
    }

    /// Lets a cron run now, whether it is due or not. It is only queued: the end of its run is news.
    pub async fn run_cron(&self, id: &CronId) -> Result<RunAsked, GatewayError> {
        let answer = self.call("cron.run", json!({ "id": id.as_str(), "mode": "force" })).await?;
        convert::run_asked_from(&answer)
            .ok_or_else(|| GatewayError::Garbage { detail: "a run that is neither queued nor refused".to_owned() })
    }

    /// The models that may be chosen, and which one a cron without a model gets.
    pub async fn catalog(&self) -> Result<Catalog, GatewayError> {
        let models = self.call("models.list", json!({}));
        let config = self.call("config.get", json!({}));
        let (models, config) = tokio::join!(models, config);
        let config = match config {
            Ok(config) => config,
            // The list marks the default model, so it is enough.
            Err(GatewayError::MissingScope { .. } | GatewayError::Rejected { .. }) => Value::Null,
            Err(error) => return Err(error),
        };
        Ok(convert::catalog_from(&models?, &config))
    }

    /// Quota windows as the gateway last heard of them; `now` is when this is observed.
    pub async fn usage(&self, now: Timestamp) -> Result<Usage, GatewayError> {
        Ok(convert::usage_from(&self.call("usage.status", json!({})).await?, now))
    }

    /// Has the gateway ask a provider a real question with its own key: some tokens, no limit of its own.
    ///
    /// One that serves answers within seconds. While it fails, the gateway asks again up to ten times and
    /// takes up to three minutes, also when this call is dropped. A good answer ends no cooldown; with an
    /// auth profile a refusal begins one.
    pub async fn probe(&self, provider: &AccountId) -> Result<ProbeAnswer, GatewayError> {
        let params = json!({ "provider": provider.as_str() });
        let answer = self.call_within("models.probe", params, self.patience.probe).await?;
        convert::probe_from(&answer)
            .ok_or_else(|| GatewayError::Garbage { detail: "a probe without a status".to_owned() })
    }

    /// The last `limit` finished runs (200 at most) but for the `offset` newest ones, newest first; of all crons
    /// when `cron` is `None`.
    pub async fn runs(&self, cron: Option<&CronId>, limit: u32, offset: u32) -> Result<RunPage, GatewayError> {
        let limit = limit.clamp(1, PAGE as u32);
        let params = match cron {
            Some(id) => json!({ "id": id.as_str(), "limit": limit, "offset": offset }),
            None => json!({ "scope": "all", "limit": limit, "offset": offset }),
        };
        let page = self.call("cron.runs", params).await?;
        let Some(entries) = page.get("entries").and_then(Value::as_array) else {
            return Err(GatewayError::Garbage { detail: "a list of runs without entries".to_owned() });
        };
        let more = page.get("hasMore").and_then(Value::as_bool).unwrap_or(entries.len() >= limit as usize);
        Ok(RunPage { runs: entries.iter().filter_map(convert::run_from).collect(), more: more && !entries.is_empty() })
    }

    /// Calls any method. Waits for a place among the calls under way, then at most a minute for the answer.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, GatewayError> {
        self.call_within(method, params, self.patience.call).await
    }

    async fn call_within(&self, method: &str, params: Value, after: Duration) -> Result<Value, GatewayError> {
        let closed = || GatewayError::Closed { detail: "already".to_owned() };
        let _place = self.places.acquire().await.map_err(|_ended| closed())?;
        let (answer, answered) = oneshot::channel();
        let asking = async {
            let ask = Ask { method: method.to_owned(), params, answer };
            self.asks.send(ask).await.map_err(|_ended| closed())?;
            answered.await.map_err(|_ended| closed())?
        };
        timeout(after, asking).await.map_err(|_elapsed| GatewayError::Timeout { what: method.to_owned(), after })?
    }

    /// Ends the connection for every handle on it.
    pub fn close(&self) {
        self.bye.notify_one();
    }
}

fn readable(job: Value) -> Result<Cron, GatewayError> {
    convert::cron_from(job).map_err(|(_, detail)| GatewayError::Garbage { detail })
}
