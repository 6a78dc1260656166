//! The journal: what an apply job intended, line by line, and what became of it.
//!
//! Invariant: `intent` is committed before the call it announces, `outcome` after its answer. A job
//! without an end was interrupted; its lines with an intent and no outcome are in doubt.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Params, Row, params};

use crate::domain::{
    Cause, Change, Confirmation, CronId, JobPhase, LineOutcome, Plan, PlanId, PlanOrigin, StartedBy, Switch, SwitchId,
};
use crate::state::StateError;
use crate::state::switch_log::LogLine;

use super::{History, failed, from_json, to_json};

/// A job that the journal knows no end of.
#[derive(Clone, Debug)]
pub struct InterruptedJob {
    pub id: i64,
    pub started_at: Timestamp,
    /// Jobs that an older version wrote down count as begun by hand.
    pub by: StartedBy,
    /// `None` when a version wrote it that this one cannot read; the lines tell enough.
    pub plan: Option<Arc<Plan>>,
    /// Intended, and the answer is not known: to be compared with the gateway.
    pub in_doubt: Vec<Change>,
    /// Asked for and never begun, in order.
    pub not_begun: Vec<Change>,
    /// Those that ended before.
    pub done: Vec<(CronId, LineOutcome)>,
    /// For an undo: the switches it takes back that still stand.
    pub undoes: Vec<Switch>,
}

/// A verified switch on its way into the journal.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub switch: &'a Switch,
    /// The older switches that it takes back.
    pub takes_back: &'a [SwitchId],
    /// What `switches.log` will say of it.
    pub line: &'a LogLine,
}

impl History {
    pub(crate) fn begin_job(
        &mut self,
        plan: &Plan,
        crons: &[CronId],
        by: StartedBy,
        now: Timestamp,
    ) -> Result<i64, StateError> {
        let step = || failed("beginning a job");
        let change = self.db.transaction().map_err(step())?;
        change
            .execute(
                "INSERT OR REPLACE INTO plans (id, at, plan) VALUES (?1, ?2, ?3)",
                params![plan.id.as_str(), plan.at.as_millisecond(), to_json(plan)],
            )
            .map_err(step())?;
        change
            .execute(
                "INSERT INTO jobs (plan, started_at, started_by) VALUES (?1, ?2, ?3)",
                params![plan.id.as_str(), now.as_millisecond(), to_json(&by)],
            )
            .map_err(step())?;
        let job = change.last_insert_rowid();
        let crons: BTreeSet<_> = crons.iter().collect();
        let asked = plan.changes.iter().filter(|line| crons.contains(&line.cron));
        for (position, line) in asked.enumerate() {
            change
                .execute(
                    "INSERT INTO lines (job, position, cron, change) VALUES (?1, ?2, ?3, ?4)",
                    params![job, position as i64, line.cron.as_str(), to_json(line)],
                )
                .map_err(step())?;
        }
        change.commit().map_err(step())?;
        Ok(job)
    }

    /// The line may be a fresh version of the planned one; what is intended now is what is kept.
    pub(crate) fn intent(&mut self, job: i64, line: &Change, now: Timestamp) -> Result<(), StateError> {
        self.db
            .execute(
                "INSERT INTO lines (job, position, cron, change, intent_at)
                 VALUES (?1, (SELECT count(*) FROM lines WHERE job = ?1), ?2, ?3, ?4)
                 ON CONFLICT (job, cron) DO UPDATE SET
                    change = ?3, intent_at = ?4, outcome = NULL, detail = NULL, outcome_at = NULL",
                params![job, line.cron.as_str(), to_json(line), now.as_millisecond()],
            )
            .map_err(failed("writing an intent"))?;
        Ok(())
    }

    /// A line that is not at its end yet (it waits, it drains) is not written. The switch and the
    /// marks of those it takes back come with the outcome or not at all.
    pub(crate) fn outcome(
        &mut self,
        job: i64,
        cron: &CronId,
        outcome: &LineOutcome,
        record: Option<Record<'_>>,
        now: Timestamp,
    ) -> Result<(), StateError> {
        let step = || failed("writing an outcome");
        let change = self.db.transaction().map_err(step())?;
        if let Some((code, detail)) = coded(outcome) {
            change
                .execute(
                    "UPDATE lines SET outcome = ?3, detail = ?4, outcome_at = ?5 WHERE job = ?1 AND cron = ?2",
                    params![job, cron.as_str(), code, detail, now.as_millisecond()],
                )
                .map_err(step())?;
        }
        if let Some(Record { switch, takes_back, line }) = record {
            change
                .execute(
                    "INSERT OR IGNORE INTO switches
                     (id, at, cron, plan, job, switch, confirmation, undone_by, logged, line)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9)",
                    params![
                        switch.id.as_str(),
                        switch.at.as_millisecond(),
                        switch.cron.as_str(),
                        switch.plan.as_str(),
                        job,
                        to_json(switch),
                        to_json(&switch.confirmation),
                        switch.undone_by.as_ref().map(SwitchId::as_str),
                        line.to_text(),
                    ],
                )
                .map_err(step())?;
            for old in takes_back {
                change
                    .execute("UPDATE switches SET undone_by = ?2 WHERE id = ?1", [old.as_str(), switch.id.as_str()])
                    .map_err(step())?;
            }
        }
        change.commit().map_err(step())
    }

    pub(crate) fn end_job(&mut self, job: i64, phase: &JobPhase, now: Timestamp) -> Result<(), StateError> {
        // A job that goes on later has no end yet.
        let Some(code) = ended(phase) else { return Ok(()) };
        self.db
            .execute(
                "UPDATE jobs SET ended_at = ?2, phase = ?3 WHERE id = ?1",
                params![job, now.as_millisecond(), code],
            )
            .map_err(failed("ending a job"))?;
        Ok(())
    }

    /// The newest job without an end.
    pub(crate) fn interrupted(&self) -> Result<Option<InterruptedJob>, StateError> {
        let step = || failed("reading the journal");
        let found = self
            .db
            .query_row(
                "SELECT jobs.id, started_at, plans.plan, started_by FROM jobs LEFT JOIN plans ON plans.id = jobs.plan
                 WHERE ended_at IS NULL ORDER BY jobs.id DESC LIMIT 1",
                [],
                |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, Option<String>>(2)?,
                        row.get::<_, Option<String>>(3)?,
                    ))
                },
            )
            .optional()
            .map_err(step())?;
        let Some((id, started_at, plan, by)) = found else { return Ok(None) };
        let mut job = InterruptedJob {
            id,
            started_at: moment(started_at),
            by: by.and_then(|by| from_json(&by)).unwrap_or_default(),
            plan: plan.and_then(|plan| from_json(&plan)).map(Arc::new),
            in_doubt: Vec::new(),
            not_begun: Vec::new(),
            done: Vec::new(),
            undoes: Vec::new(),
        };
        if let Some(PlanOrigin::Undo { of }) = job.plan.as_ref().map(|plan| &plan.origin) {
            job.undoes = self.switches_of(of)?;
            job.undoes.retain(|switch| switch.undone_by.is_none());
        }
        let mut lines = self
            .db
            .prepare("SELECT cron, change, intent_at, outcome, detail FROM lines WHERE job = ?1 ORDER BY position")
            .map_err(step())?;
        let mut rows = lines.query([id]).map_err(step())?;
        while let Some(row) = rows.next().map_err(step())? {
            let text = |column| row.get::<_, Option<String>>(column).map_err(step());
            let (cron, change) = (text(0)?.unwrap_or_default(), text(1)?.unwrap_or_default());
            let was_begun = row.get::<_, Option<i64>>(2).map_err(step())?.is_some();
            match (text(3)?, was_begun, from_json(&change)) {
                (Some(code), _, _) => job.done.push((CronId::new(cron), decoded(&code, text(4)?))),
                (None, true, Some(change)) => job.in_doubt.push(change),
                (None, false, Some(change)) => job.not_begun.push(change),
                (None, _, None) => {}
            }
        }
        Ok(Some(job))
    }

    /// Newest first.
    pub(crate) fn switches(&self, limit: u32) -> Result<Vec<Switch>, StateError> {
        self.read_switches("ORDER BY at DESC, rowid DESC LIMIT ?1", [limit])
    }

    /// Everything one plan has switched, taken back or not, oldest first.
    pub(crate) fn switches_of(&self, plan: &PlanId) -> Result<Vec<Switch>, StateError> {
        self.read_switches("WHERE plan = ?1 ORDER BY at, rowid", [plan.as_str()])
    }

    pub(crate) fn switch(&self, id: &SwitchId) -> Result<Option<Switch>, StateError> {
        Ok(self.read_switches("WHERE id = ?1", [id.as_str()])?.pop())
    }

    /// Those whose id, or whose plan's id, begins so: of each such plan all, oldest first.
    pub(crate) fn switches_named(&self, name: &str) -> Result<Vec<Switch>, StateError> {
        let begins = "substr(plan, 1, length(?1)) = ?1 OR substr(id, 1, length(?1)) = ?1";
        self.read_switches(&format!("WHERE {begins} ORDER BY at, rowid"), [name])
    }

    /// The plan of the newest switch that stands and is no undo itself.
    pub(crate) fn newest_standing_plan(&self) -> Result<Option<PlanId>, StateError> {
        let step = || failed("reading switches");
        let query = format!("{SWITCHES} WHERE undone_by IS NULL ORDER BY at DESC, rowid DESC");
        let mut query = self.db.prepare(&query).map_err(step())?;
        let mut rows = query.query([]).map_err(step())?;
        while let Some(row) = rows.next().map_err(step())? {
            match read_switch(row).map_err(step())? {
                Some(switch) if switch.cause != Cause::Undo => return Ok(Some(switch.plan)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Those whose line may be missing in `switches.log`, oldest first, with that line.
    pub(crate) fn unlogged(&self) -> Result<Vec<(Switch, String)>, StateError> {
        let step = || failed("reading switches");
        let which = "SELECT switch, confirmation, undone_by, line FROM switches \
                     WHERE logged = 0 AND line IS NOT NULL ORDER BY at, rowid";
        let mut query = self.db.prepare(which).map_err(step())?;
        let mut rows = query.query([]).map_err(step())?;
        let mut switches = Vec::new();
        while let Some(row) = rows.next().map_err(step())? {
            let Some(switch) = read_switch(row).map_err(step())? else { continue };
            switches.push((switch, row.get(3).map_err(step())?));
        }
        Ok(switches)
    }

    /// How many switches of the second of `at` are known to be in the log under exactly this line.
    pub(crate) fn n_logged_as(&self, line: &str, at: Timestamp) -> Result<usize, StateError> {
        let from = at.as_second() * 1000;
        self.db
            .query_row(
                "SELECT count(*) FROM switches WHERE at BETWEEN ?2 AND ?3 AND logged = 1 AND line = ?1",
                params![line, from, from + 999],
                |row| row.get::<_, i64>(0),
            )
            .map(|n| usize::try_from(n).unwrap_or(0))
            .map_err(failed("counting switches"))
    }

    fn read_switches(&self, which: &str, params: impl Params) -> Result<Vec<Switch>, StateError> {
        let step = || failed("reading switches");
        let mut query = self.db.prepare(&format!("{SWITCHES} {which}")).map_err(step())?;
        let mut rows = query.query(params).map_err(step())?;
        let mut switches = Vec::new();
        while let Some(row) = rows.next().map_err(step())? {
            switches.extend(read_switch(row).map_err(step())?);
        }
        Ok(switches)
    }

    pub(crate) fn mark_logged(&mut self, id: &SwitchId) -> Result<(), StateError> {
        self.db
            .execute("UPDATE switches SET logged = 1 WHERE id = ?1", [id.as_str()])
            .map_err(failed("marking a switch"))?;
        Ok(())
    }

    pub(crate) fn confirm(&mut self, id: &SwitchId, confirmation: &Confirmation) -> Result<(), StateError> {
        self.db
            .execute("UPDATE switches SET confirmation = ?2 WHERE id = ?1", params![id.as_str(), to_json(confirmation)])
            .map_err(failed("confirming a switch"))?;
        Ok(())
    }
}

const SWITCHES: &str = "SELECT switch, confirmation, undone_by FROM switches";

/// `None` for one that a version wrote which this one cannot read.
fn read_switch(row: &Row<'_>) -> rusqlite::Result<Option<Switch>> {
    let text = |column| row.get::<_, Option<String>>(column);
    let Some(mut switch) = text(0)?.and_then(|text| from_json::<Switch>(&text)) else { return Ok(None) };
    if let Some(confirmation) = text(1)?.and_then(|text| from_json(&text)) {
        switch.confirmation = confirmation;
    }
    switch.undone_by = text(2)?.map(SwitchId::from);
    Ok(Some(switch))
}

pub(super) fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn coded(outcome: &LineOutcome) -> Option<(&'static str, Option<&str>)> {
    Some(match outcome {
        LineOutcome::Verified => ("verified", None),
        LineOutcome::Conflict { detail } => ("conflict", Some(detail)),
        LineOutcome::Refused { detail } => ("refused", Some(detail)),
        LineOutcome::Failed { detail } => ("failed", Some(detail)),
        LineOutcome::NotStarted => ("not_started", None),
        LineOutcome::LeftOut => ("left_out", None),
        LineOutcome::Withdrawn => ("withdrawn", None),
        LineOutcome::Waiting
        | LineOutcome::Writing
        | LineOutcome::Draining { .. }
        | LineOutcome::DrainAsks { .. }
        | LineOutcome::BetweenStarts { .. } => return None,
    })
}

fn decoded(code: &str, detail: Option<String>) -> LineOutcome {
    let detail = detail.unwrap_or_default();
    match code {
        "verified" => LineOutcome::Verified,
        "conflict" => LineOutcome::Conflict { detail },
        "refused" => LineOutcome::Refused { detail },
        "not_started" => LineOutcome::NotStarted,
        "left_out" => LineOutcome::LeftOut,
        "withdrawn" => LineOutcome::Withdrawn,
        _ => LineOutcome::Failed { detail },
    }
}

fn ended(phase: &JobPhase) -> Option<&'static str> {
    match phase {
        JobPhase::Done => Some("done"),
        JobPhase::Stopped => Some("stopped"),
        _ => None,
    }
}
