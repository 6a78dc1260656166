//! Everything the policy may know, at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Catalog, Cron, CronId, Fleet, Ledger, TierMap};

/// What is, as far as anybody has told us. The policy reads this and the settings, nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The moment this is about; the policy has no other clock.
    pub at: Timestamp,
    /// Whether the gateway is connected. While it is not, nothing is planned and the outage level stays.
    pub gateway_reachable: bool,
    /// All crons, by id.
    pub crons: Arc<BTreeMap<CronId, Arc<Cron>>>,
    pub catalog: Arc<Catalog>,
    pub fleet: Arc<Fleet>,
    pub tiers: Arc<TierMap>,
    pub ledger: Arc<Ledger>,
    /// Crons whose plan difference comes from the user's own edit since the last apply (tier set,
    /// pin changed, chain of the tier changed): their changes have cause `Edit`.
    pub edited: Arc<BTreeSet<CronId>>,
    /// When each vendor was first seen fully down, to tell an outage from a blink.
    pub down_since: BTreeMap<super::VendorId, Timestamp>,
    /// The level before, kept while the gateway is away.
    pub previous_level: super::OutageLevel,
    /// Crons that have a run of ours to wait for, or are written right now: left alone.
    pub busy: Arc<BTreeSet<CronId>>,
    /// Which rules plan.
    #[serde(default)]
    pub mode: super::PlanMode,
}
