//! Temporary: just enough to run the engine until the state folder is merged.
use crate::domain::*;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[derive(Debug, thiserror::Error)]
#[error("not built yet")]
pub struct StateError;
impl StateError {
    pub fn problem(&self, since: Timestamp) -> Problem {
        Problem { id: "state".into(), what: ProblemKind::Refused { detail: self.to_string() }, since }
    }
}
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}
#[derive(Debug)]
pub struct InterruptedJob {
    pub job: i64,
    pub plan: Plan,
    pub started_at: Timestamp,
    pub asked: BTreeSet<CronId>,
    pub uncertain: BTreeSet<CronId>,
    pub settled: BTreeMap<CronId, LineOutcome>,
}
#[derive(Debug)]
pub struct Loaded {
    pub settings: Settings,
    pub tiers: TierMap,
    pub ledger: Ledger,
    pub switches: Vec<Switch>,
    pub pending: BTreeSet<CronId>,
    pub proven: BTreeSet<String>,
    pub interrupted: Option<InterruptedJob>,
    pub problems: Vec<Problem>,
}
type R<T> = Result<T, StateError>;
#[expect(clippy::all, clippy::pedantic, reason = "temporary")]
impl Folder {
    pub fn open(path: &Path, _: &str, _: Timestamp) -> R<(Self, Loaded)> {
        let mut tiers = TierMap::new();
        if let Ok(text) = std::fs::read_to_string(path.join("cron-tiers.json")) {
            let v: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            for (id, e) in v["crons"].as_object().cloned().unwrap_or_default() {
                if let Some(t) = e["tier"].as_u64().and_then(Tier::from_number) {
                    let mut te = TierEntry::new(t);
                    te.critical = e["critical"].as_bool().unwrap_or(false);
                    tiers.insert(CronId::new(id), te);
                }
            }
        }
        Ok((
            Self { path: path.into() },
            Loaded {
                settings: Settings::default(),
                tiers,
                ledger: Ledger::new(),
                switches: vec![],
                pending: BTreeSet::new(),
                proven: BTreeSet::new(),
                interrupted: None,
                problems: vec![],
            },
        ))
    }
    pub fn held_by(&self) -> Option<&str> {
        None
    }
    pub fn path(&self) -> &Path {
        &self.path
    }
    pub fn reload(&mut self, _: Timestamp) -> R<Option<Loaded>> {
        Ok(None)
    }
    pub fn save_tiers(&mut self, _: &BTreeMap<CronId, Option<TierEntry>>, _: &BTreeMap<CronId, String>) -> R<()> {
        Ok(())
    }
    pub fn save_pending(&mut self, _: &BTreeSet<CronId>) -> R<()> {
        Ok(())
    }
    pub fn save_settings(&mut self, _: &Settings) -> R<()> {
        Ok(())
    }
    pub fn save_ledger(&mut self, _: &Ledger) -> R<()> {
        Ok(())
    }
    pub fn save_status(&mut self, _: &Plan, _: &Fleet, _: &Settings, _: Timestamp) -> R<()> {
        Ok(())
    }
    pub fn snapshot_definitions(&mut self, _: &BTreeMap<CronId, Arc<Cron>>, _: &str, _: Timestamp) -> R<()> {
        Ok(())
    }
    pub fn begin_job(&mut self, _: &Plan, _: &[CronId], _: Timestamp) -> R<i64> {
        Ok(1)
    }
    pub fn intent(&mut self, _: i64, _: &Change, _: Timestamp) -> R<()> {
        Ok(())
    }
    pub fn outcome(&mut self, _: i64, _: &CronId, _: &LineOutcome, _: Option<&Switch>, _: Timestamp) -> R<()> {
        Ok(())
    }
    pub fn record_switch(&mut self, _: i64, _: &Switch, _: &str, _: &str, _: &str, _: Timestamp) -> R<()> {
        Ok(())
    }
    pub fn end_job(&mut self, _: i64, _: &JobPhase, _: Timestamp) -> R<()> {
        Ok(())
    }
    pub fn confirm(&mut self, _: &SwitchId, _: &Confirmation) -> R<()> {
        Ok(())
    }
    pub fn mark_undone(&mut self, _: &SwitchId, _: &SwitchId) -> R<()> {
        Ok(())
    }
    pub fn remember_run(&mut self, _: &RunRecord) -> R<()> {
        Ok(())
    }
    pub fn preview_import(&self, _: &Path) -> R<ImportPreview> {
        Err(StateError)
    }
    pub fn import(
        &mut self,
        _: &ImportPreview,
        _: &BTreeMap<String, ImportChoice>,
        _: Timestamp,
    ) -> R<(usize, Loaded)> {
        Err(StateError)
    }
    pub fn export(&self, _: &Path, _: &ExportWhat) -> R<usize> {
        Err(StateError)
    }
}
#[derive(Debug)]
pub struct Watch;
impl Watch {
    pub fn new(_: &Path, _: impl Fn() + Send + 'static) -> R<Self> {
        Ok(Self)
    }
}
