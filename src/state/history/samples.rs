//! What is remembered of runs and definitions, until it is too old.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use crate::domain::{Cron, CronId, ModelRef, PastRun, RunRecord};
use crate::state::StateError;

use super::{History, failed, notes, to_json};

impl History {
    /// Keeps finished runs; the same run again changes nothing. What a forecast reads has columns of its own.
    pub(crate) fn remember_runs(&mut self, runs: &[RunRecord], whole: Option<Timestamp>) -> Result<(), StateError> {
        let step = || failed("remembering runs");
        let change = self.db.transaction().map_err(step())?;
        {
            let mut put = change
                .prepare(
                    "INSERT INTO runs (cron, at, run, well, model, duration, input, output, total)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                     ON CONFLICT (cron, at) DO UPDATE SET run = ?3, well = ?4, model = ?5, duration = ?6,
                        input = ?7, output = ?8, total = ?9
                     WHERE run <> ?3 OR well IS NULL",
                )
                .map_err(step())?;
            for run in runs {
                let PastRun { cron, at, duration, model, well, tokens } = PastRun::of(run);
                let count = |tokens: Option<u64>| tokens.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
                put.execute(params![
                    cron.as_str(),
                    at.as_millisecond(),
                    to_json(run),
                    well,
                    model.as_ref().map(ModelRef::as_str),
                    duration.map(|duration| duration.as_millis() as i64),
                    count(tokens.map(|tokens| tokens.input)),
                    count(tokens.map(|tokens| tokens.output)),
                    count(tokens.map(|tokens| tokens.total)),
                ])
                .map_err(step())?;
            }
        }
        if let Some(whole) = whole {
            notes::put(&change, notes::RUNS_WHOLE, &whole).map_err(step())?;
        }
        change.commit().map_err(step())
    }

    /// Keeps all definitions as they are now. Equal ones share one row; a snapshot that would
    /// equal the newest is not made. Says whether one was made.
    pub(crate) fn snapshot(
        &mut self,
        crons: &BTreeMap<CronId, Arc<Cron>>,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, StateError> {
        let step = || failed("keeping definitions");
        let texts: BTreeMap<&CronId, (String, String)> =
            crons.iter().map(|(id, cron)| (id, hashed(&cron.definition))).collect();
        let wanted: BTreeMap<String, String> =
            texts.iter().map(|(id, (hash, _))| (id.to_string(), hash.clone())).collect();
        if self.newest_snapshot()?.is_some_and(|newest| newest == wanted) {
            return Ok(false);
        }
        let change = self.db.transaction().map_err(step())?;
        change
            .execute("INSERT INTO snapshots (at, why) VALUES (?1, ?2)", params![now.as_millisecond(), why])
            .map_err(step())?;
        let snapshot = change.last_insert_rowid();
        {
            let mut definition = change
                .prepare("INSERT OR IGNORE INTO definitions (hash, definition) VALUES (?1, ?2)")
                .map_err(step())?;
            let mut member = change
                .prepare("INSERT INTO snapshot_crons (snapshot, cron, name, hash) VALUES (?1, ?2, ?3, ?4)")
                .map_err(step())?;
            for (id, (hash, text)) in &texts {
                definition.execute([hash, text]).map_err(step())?;
                member.execute(params![snapshot, id.as_str(), crons[*id].name, hash]).map_err(step())?;
            }
        }
        change.commit().map_err(step())?;
        Ok(true)
    }

    /// The hashes of the newest snapshot, by cron.
    fn newest_snapshot(&self) -> Result<Option<BTreeMap<String, String>>, StateError> {
        let step = || failed("reading snapshots");
        let newest = "SELECT id FROM snapshots ORDER BY id DESC LIMIT 1";
        let newest = self.db.query_row(newest, [], |row| row.get::<_, i64>(0)).optional().map_err(step())?;
        let Some(id) = newest else { return Ok(None) };
        let mut query = self.db.prepare("SELECT cron, hash FROM snapshot_crons WHERE snapshot = ?1").map_err(step())?;
        let rows = query.query_map([id], |row| Ok((row.get(0)?, row.get(1)?))).map_err(step())?;
        rows.collect::<Result<_, _>>().map(Some).map_err(step())
    }

    /// Drops what is older. Switches and jobs are kept.
    pub(crate) fn forget_before(&mut self, moment: Timestamp) -> Result<(), StateError> {
        let step = || failed("dropping old history");
        let before = moment.as_millisecond();
        let change = self.db.transaction().map_err(step())?;
        for statement in [
            "DELETE FROM runs WHERE at < ?1",
            "DELETE FROM health_changes WHERE at < ?1",
            "DELETE FROM quota_samples WHERE at < ?1",
            "DELETE FROM snapshot_crons WHERE snapshot IN (SELECT id FROM snapshots WHERE at < ?1)",
            "DELETE FROM snapshots WHERE at < ?1",
        ] {
            change.execute(statement, [before]).map_err(step())?;
        }
        change
            .execute("DELETE FROM definitions WHERE hash NOT IN (SELECT hash FROM snapshot_crons)", [])
            .map_err(step())?;
        change.commit().map_err(step())
    }
}

fn hashed(definition: &serde_json::Value) -> (String, String) {
    let text = definition.to_string();
    let hash = Sha256::digest(text.as_bytes()).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    (hash, text)
}
