//! What the engine shows: one immutable picture of the world, cheap to publish and to hold.
//!
//! Everything large is behind an [`Arc`] and shared between snapshots as long as it has not changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    AccountId, Background, Catalog, Connection, CrisisView, Cron, CronId, Discovered, Fleet, ImportPreview, Job,
    KnownGateway, Ledger, Looks, OutageLevel, OwnerMark, Plan, Problem, ProviderAccount, RouteMatch, RunRecord,
    ServiceUnit, Settings, Suggestion, Switch, TemporaryModel, TierMap, Triage, UsageHistory,
};
use crate::policy;

/// The world at one moment, as every face sees it.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Grows with each snapshot: the key of every cache.
    pub revision: u64,
    pub at: Timestamp,
    /// The gateway is the built-in demo; it is labelled so everywhere.
    pub demo: bool,
    pub connection: Connection,
    /// Where the state files are, once a gateway was chosen.
    pub folder: Option<FolderInfo>,
    /// Whose mark is on the gateway, ours included; `None`: nobody acted there yet.
    pub owner: Option<OwnerMark>,
    /// The program that acts instead of this one, whose picture this is.
    pub background: Option<Background>,
    /// The program without a window that lets this one act meanwhile.
    pub waiting: Option<Background>,
    /// This program has let a window act instead, and knows nothing of the folder meanwhile.
    pub stands_aside: bool,
    /// Whether a service runs this folder while no window is open.
    pub service: Arc<ServiceUnit>,
    /// Gateways found on this machine.
    pub discovered: Arc<Vec<Discovered>>,
    /// Gateways that were connected to before, the newest first.
    pub known: Arc<Vec<KnownGateway>>,
    /// The user's settings, with the routes filled in whose match is sure.
    pub settings: Arc<Settings>,
    pub crons: Arc<BTreeMap<CronId, Arc<Cron>>>,
    /// When the list of crons was last known to be complete.
    pub crons_as_of: Option<Timestamp>,
    /// Past runs and quotas of this connection were read, or could not be: the plan knows them.
    pub evidence_read: bool,
    /// What the folder remembers is in [`Snapshot::history`]; until then only what was heard since.
    pub history_read: bool,
    pub tiers: Arc<TierMap>,
    pub catalog: Arc<Catalog>,
    pub fleet: Arc<Fleet>,
    /// Every account that the user described, the gateway lists or a route leads to.
    pub accounts: Arc<BTreeMap<AccountId, ProviderAccount>>,
    /// What the checks of accounts found, and when they go on.
    pub looks: Arc<Looks>,
    pub temporary: Arc<Vec<TemporaryModel>>,
    pub ledger: Arc<Ledger>,
    /// A tier and a reason for every unsorted routable cron.
    pub suggestions: Arc<BTreeMap<CronId, Suggestion>>,
    /// How the routes were, or could be, matched to models of this gateway.
    pub matches: Arc<Vec<RouteMatch>>,
    /// Some match needs the user's word before anything can be planned on that route.
    pub match_asked: bool,
    /// What would bring every cron to where it should be.
    pub plan: Arc<Plan>,
    /// Every failing cron with what is wrong and what to do, the most urgent first.
    pub triage: Arc<Vec<Triage>>,
    /// Crisis mode, both its plans, and the way out.
    pub crisis: Arc<CrisisView>,
    /// A plan that was asked for, after [`PrepareUndo`](super::Command::PrepareUndo) or
    /// [`PrepareAdvice`](super::Command::PrepareAdvice).
    pub offer: Option<Arc<Plan>>,
    /// The running or last apply job.
    pub job: Option<Arc<Job>>,
    /// Newest first, the most recent thousand; an undo also knows the older ones.
    pub switches: Arc<Vec<Switch>>,
    /// Last runs of the crons that were asked for, newest first.
    pub runs: Arc<BTreeMap<CronId, Vec<RunRecord>>>,
    /// Quotas and runs of months: what forecasts learn from.
    pub history: Arc<UsageHistory>,
    /// What undo and redo of mapping and settings would take back or do again, in words.
    pub undo: Option<String>,
    pub redo: Option<String>,
    /// Crons whose edit is not on disk yet.
    pub saving: Arc<BTreeSet<CronId>>,
    pub import: Option<Arc<ImportPreview>>,
    pub problems: Arc<Vec<Problem>>,
    /// The engine has ended, and why if it was not asked to.
    pub ended: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderInfo {
    pub path: PathBuf,
    /// Who holds it, when that is not us.
    pub held_by: Option<String>,
}

/// The level in the header, for faces that need nothing else.
impl Snapshot {
    #[must_use]
    pub fn level(&self) -> OutageLevel {
        self.plan.outage.level
    }

    /// The lines of the plan that may be written while nobody looks.
    #[must_use]
    pub fn unattended(&self) -> BTreeSet<CronId> {
        let lines = policy::unattended(&self.plan, &self.tiers, &self.switches, &self.crisis.state, self.at);
        lines.into_iter().map(|change| change.cron.clone()).collect()
    }
}
