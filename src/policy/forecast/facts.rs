//! The finished runs of the last weeks, in a form that is summed up fast: by account, with numbers in place of names.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{AccountId, Cron, CronId, ModelRef, ModelScope, Observation, PastRun, Schedule, Tier};

/// Older runs say little of what crons do now.
pub(super) const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(35 * 24);

/// The newest of them that are gone through.
const MOST_RUNS: usize = 100_000;

/// What a cron used longer ago than this many runs is not what it uses now.
const RECENT: usize = 40;

/// Who ran what, with numbers for names.
pub(super) struct Facts<'a> {
    pub at: Timestamp,
    /// By the crons' numbers: those that are there now first, by id.
    pub crons: Vec<CronFacts<'a>>,
    pub models: Vec<ModelRef>,
    /// Runs that ended well, by when they are taken to have used what they used; without those of crons that nobody can
    /// foretell, as what those use counts as other use.
    runs: BTreeMap<AccountId, Vec<Ran>>,
    /// From when on no run is missing, as far as is known.
    pub since: Option<Timestamp>,
}

pub(super) struct CronFacts<'a> {
    pub id: &'a CronId,
    /// `None`: it is not there any more.
    pub cron: Option<&'a Cron>,
    pub tier: Option<Tier>,
    /// The newest finished runs, oldest first: [`RECENT`] at the most.
    pub runs: Vec<Finished>,
}

/// One finished run, as its cron sees it.
#[derive(Clone, Copy)]
pub(super) struct Finished {
    pub at_secs: i64,
    pub tokens: Option<f64>,
    pub duration_secs: Option<f64>,
    pub well: bool,
    /// Into [`Facts::models`].
    pub model: Option<u32>,
}

/// One run that ended well, as its account sees it.
#[derive(Clone, Copy)]
pub(super) struct Ran {
    /// Halfway through it.
    pub at_secs: i64,
    pub cron: u32,
    pub model: u32,
    pub tokens: Option<f64>,
}

/// Its runs cannot be foretold.
fn variable(cron: &Cron) -> bool {
    cron.conditional || matches!(cron.schedule, Schedule::Event { .. })
}

impl<'a> Facts<'a> {
    /// Of the runs that began before `obs.at`; of those on `only` one account, where one is named.
    pub(super) fn of(runs: &'a [PastRun], obs: &'a Observation, only: Option<&AccountId>) -> Self {
        let tier = |id: &CronId| obs.tiers.get(id).map(|entry| entry.tier);
        let known = obs.crons.values().map(|cron| &**cron);
        let mut crons: Vec<CronFacts<'a>> = known
            .map(|cron| CronFacts { id: &cron.id, cron: Some(cron), tier: tier(&cron.id), runs: Vec::new() })
            .collect();
        let mut cron_of: HashMap<&'a str, u32> =
            crons.iter().zip(0..).map(|(one, index)| (one.id.as_str(), index)).collect();
        let mut models: Vec<ModelRef> = Vec::new();
        let mut model_of: HashMap<&'a str, u32> = HashMap::new();
        let until = runs.partition_point(|run| run.at < obs.at);
        let oldest = obs.at.checked_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
        let first = runs.partition_point(|run| run.at < oldest).max(until.saturating_sub(MOST_RUNS));
        let mut by_model: Vec<Vec<Ran>> = Vec::new();
        let (mut last_model, mut last_model_index) = ("", 0);
        let told: Vec<bool> = crons.iter().map(|one| one.cron.is_none_or(|cron| !variable(cron))).collect();
        let asked = |run: &&PastRun| {
            only.is_none_or(|only| run.model.as_ref().is_some_and(|model| model.provider() == only.as_str()))
        };
        for run in runs[first..until].iter().rev().filter(asked) {
            let cron = *cron_of.entry(run.cron.as_str()).or_insert_with(|| {
                crons.push(CronFacts { id: &run.cron, cron: None, tier: tier(&run.cron), runs: Vec::new() });
                (crons.len() - 1) as u32
            });
            let model = run.model.as_ref().map(|model| {
                if model.as_str() != last_model {
                    last_model = model.as_str();
                    last_model_index = *model_of.entry(model.as_str()).or_insert_with(|| {
                        models.push(model.clone());
                        by_model.push(Vec::new());
                        (models.len() - 1) as u32
                    });
                }
                last_model_index
            });
            let tokens = run.tokens.map(|tokens| tokens.total.max(tokens.input + tokens.output) as f64);
            let duration_secs = run.duration.map(|duration| duration.as_secs_f64());
            let at_secs = run.at.as_second();
            let of_cron = &mut crons[cron as usize].runs;
            if of_cron.len() < RECENT {
                of_cron.push(Finished { at_secs, tokens, duration_secs, well: run.well, model });
            }
            if let Some(model) = model.filter(|_| run.well && told.get(cron as usize).is_none_or(|told| *told)) {
                let halfway = at_secs + (duration_secs.unwrap_or(0.0) / 2.0) as i64;
                by_model[model as usize].push(Ran { at_secs: halfway, cron, model, tokens });
            }
        }
        for cron in &mut crons {
            cron.runs.reverse();
        }
        let mut by_account: BTreeMap<AccountId, Vec<Ran>> = BTreeMap::new();
        for (model, ran) in models.iter().zip(by_model) {
            by_account.entry(model.account()).or_default().extend(ran.into_iter().rev());
        }
        for ran in by_account.values_mut() {
            ran.sort_unstable_by_key(|ran| (ran.at_secs, ran.cron));
        }
        let since = runs.get(first).filter(|_| first < until).map(|run| run.at);
        Self { at: obs.at, crons, models, runs: by_account, since }
    }

    /// The runs on models that a window covers, by when they used it.
    pub(super) fn on<'b>(
        &'b self,
        account: &AccountId,
        covers: &ModelScope,
    ) -> impl Iterator<Item = &'b Ran> + use<'b, 'a> {
        let covered: Vec<bool> = self.models.iter().map(|model| covers.covers(model)).collect();
        let ran = self.runs.get(account).map_or(&[][..], Vec::as_slice);
        ran.iter().filter(move |ran| covered[ran.model as usize])
    }
}
