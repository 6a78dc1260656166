//! Pictures on their way: the whole at first, then only what changed.
//!
//! What is shared between two snapshots (`Arc`) has not changed; of the crons only those go that are others, and of the history only what was added. The
//! revision stays behind: each engine counts its own. So do the gateways of the watcher's computer, with their tokens,
//! and what only the watching engine can say of itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::{FolderInfo, Snapshot};
use super::growth::Growth;
use crate::domain::{
    AccountId, Catalog, Connection, CrisisView, Cron, CronId, Fleet, ImportPreview, Job, Ledger, Looks, OwnerMark,
    Plan, Problem, ProviderAccount, RouteMatch, RunRecord, Settings, Suggestion, Switch, TemporaryModel, TierMap,
    Triage,
};

macro_rules! picture {
    ($($same:ident $field:ident: $type:ty,)+) => {
        /// What is different from the picture before.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct Changes {
            at: Timestamp,
            /// Nothing of a picture before counts any more.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            whole: bool,
            #[serde(default, skip_serializing_if = "Crons::is_empty")]
            crons: Crons,
            #[serde(default, skip_serializing_if = "Growth::is_empty")]
            history: Growth,
            $(
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "there")]
                $field: Option<$type>,
            )+
        }

        impl Changes {
            /// Everything where there is no picture before.
            #[must_use]
            pub fn between(before: Option<&Snapshot>, now: &Snapshot) -> Self {
                // A new field is named here: does it travel?
                let Snapshot {
                    revision: _, at, background: _, waiting: _, stands_aside: _, service: _, discovered: _, known: _, ended: _, crons, history,
                    $($field,)+
                } = now;
                Self {
                    at: *at,
                    whole: before.is_none(),
                    crons: Crons::between(before.map(|before| &*before.crons), crons),
                    history: Growth::between(before.map(|before| &before.history), history),
                    $(
                        $field: before.is_none_or(|before| !$same(&before.$field, $field)).then(|| $field.clone()),
                    )+
                }
            }

            pub fn onto(self, picture: &mut Snapshot) {
                picture.at = self.at;
                if self.whole {
                    picture.crons = Arc::default();
                    picture.history = Arc::default();
                }
                self.crons.onto(&mut picture.crons);
                self.history.onto(&mut picture.history);
                $(if let Some(now) = self.$field { picture.$field = now; })+
            }
        }
    };
}

picture! {
    equal demo: bool,
    equal connection: Connection,
    equal folder: Option<FolderInfo>,
    equal owner: Option<OwnerMark>,
    shared settings: Arc<Settings>,
    equal crons_as_of: Option<Timestamp>,
    equal evidence_read: bool,
    equal history_read: bool,
    shared tiers: Arc<TierMap>,
    shared catalog: Arc<Catalog>,
    shared fleet: Arc<Fleet>,
    shared accounts: Arc<BTreeMap<AccountId, ProviderAccount>>,
    shared looks: Arc<Looks>,
    shared temporary: Arc<Vec<TemporaryModel>>,
    shared ledger: Arc<Ledger>,
    shared suggestions: Arc<BTreeMap<CronId, Suggestion>>,
    shared matches: Arc<Vec<RouteMatch>>,
    equal match_asked: bool,
    shared plan: Arc<Plan>,
    shared triage: Arc<Vec<Triage>>,
    shared crisis: Arc<CrisisView>,
    both_shared offer: Option<Arc<Plan>>,
    same_job job: Option<Arc<Job>>,
    shared switches: Arc<Vec<Switch>>,
    shared runs: Arc<BTreeMap<CronId, Vec<RunRecord>>>,
    equal undo: Option<String>,
    equal redo: Option<String>,
    equal saving: Arc<std::collections::BTreeSet<CronId>>,
    both_shared import: Option<Arc<ImportPreview>>,
    shared problems: Arc<Vec<Problem>>,
}

/// A field that is there, `null` included.
fn there<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn equal<T: PartialEq>(before: &T, now: &T) -> bool {
    before == now
}

fn shared<T>(before: &Arc<T>, now: &Arc<T>) -> bool {
    Arc::ptr_eq(before, now)
}

#[expect(clippy::ref_option, reason = "called with the field, like its neighbours")]
fn both_shared<T>(before: &Option<Arc<T>>, now: &Option<Arc<T>>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => Arc::ptr_eq(before, now),
        (before, now) => before.is_none() && now.is_none(),
    }
}

/// A job is drawn anew for each snapshot; its lines share what they would write.
#[expect(clippy::ref_option, reason = "called with the field, like its neighbours")]
fn same_job(before: &Option<Arc<Job>>, now: &Option<Arc<Job>>) -> bool {
    let (Some(before), Some(now)) = (before, now) else { return before.is_none() && now.is_none() };
    let moments = |job: &Job| (job.id, job.phase.clone(), job.started_at, job.ended_at, job.expected_end);
    Arc::ptr_eq(&before.plan, &now.plan)
        && moments(before) == moments(now)
        && before.lines.len() == now.lines.len()
        && before.lines.iter().zip(&now.lines).all(|(before, now)| {
            Arc::ptr_eq(&before.change, &now.change) && before.outcome == now.outcome && before.stage == now.stage
        })
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Crons {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    put: Vec<Arc<Cron>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<CronId>,
}

impl Crons {
    fn is_empty(&self) -> bool {
        self.put.is_empty() && self.gone.is_empty()
    }

    fn between(before: Option<&BTreeMap<CronId, Arc<Cron>>>, now: &BTreeMap<CronId, Arc<Cron>>) -> Self {
        let known = |id: &CronId| before.and_then(|before| before.get(id));
        let put = now.iter().filter(|(id, cron)| known(id).is_none_or(|known| !Arc::ptr_eq(known, cron)));
        let gone = before.into_iter().flat_map(BTreeMap::keys).filter(|id| !now.contains_key(*id));
        Self { put: put.map(|(_, cron)| cron.clone()).collect(), gone: gone.cloned().collect() }
    }

    fn onto(self, crons: &mut Arc<BTreeMap<CronId, Arc<Cron>>>) {
        if self.is_empty() {
            return;
        }
        let crons = Arc::make_mut(crons);
        for id in &self.gone {
            crons.remove(id);
        }
        crons.extend(self.put.into_iter().map(|cron| (cron.id.clone(), cron)));
    }
}
