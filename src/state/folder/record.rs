//! What happens is written down: the journal, `switches.log`, runs, snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{
    AccountId, Change, Confirmation, Cron, CronId, Fleet, JobPhase, LineOutcome, Plan, PlanId, Problem, QuotaWindow,
    Remembered, RunRecord, StartedBy, Switch, SwitchId, UsageHistory,
};
use crate::state::history::{History, Record};
use crate::state::{StateError, atomic, files};

use super::{Folder, names};

impl Folder {
    /// Appends the line of a switch that [`Folder::outcome`] has recorded to `switches.log` and waits
    /// until it is on disk.
    ///
    /// # Errors
    /// When it cannot be written; the next start tries again.
    pub fn log_switch(&mut self, record: Record<'_>) -> Result<(), StateError> {
        self.may_write()?;
        self.clock = self.clock.max(record.line.at);
        self.append_to_log(&record.line.to_text())?;
        self.history.as_mut().map_or(Ok(()), |history| history.mark_logged(&record.switch.id))
    }

    fn append_to_log(&self, line: &str) -> Result<(), StateError> {
        atomic::append_line(&self.path.join(names::SWITCHES), line)
    }

    /// Completes the log after a crash between the journal and the log: each switch once.
    pub(super) fn log_what_was_lost(&mut self, problems: &mut Vec<Problem>, now: Timestamp) {
        if self.may_write().is_err() {
            return;
        }
        if let Err(error) = self.try_log_what_was_lost() {
            problems.push(error.problem(now));
        }
    }

    /// The journal has every line word for word. Equal lines cannot be told apart and need not be:
    /// those in the log that no other switch accounts for are enough for as many of the lost ones.
    fn try_log_what_was_lost(&mut self) -> Result<(), StateError> {
        let lost = self.history.as_ref().map_or(Ok(Vec::new()), History::unlogged)?;
        if lost.is_empty() {
            return Ok(());
        }
        let bytes = files::read(&self.path.join(names::SWITCHES))?.unwrap_or_default();
        let log = String::from_utf8_lossy(&bytes).into_owned();
        let mut spare: BTreeMap<String, usize> = BTreeMap::new();
        for (switch, line) in lost {
            let Some(history) = &self.history else { return Ok(()) };
            if !spare.contains_key(&line) {
                let n_lines = log.lines().filter(|said| *said == line).count();
                let n_others = history.n_logged_as(&line, switch.at)?;
                spare.insert(line.clone(), n_lines.saturating_sub(n_others));
            }
            match spare.get_mut(&line) {
                Some(n) if *n > 0 => *n -= 1,
                _ => self.append_to_log(&line)?,
            }
            if let Some(history) = &mut self.history {
                history.mark_logged(&switch.id)?;
            }
        }
        Ok(())
    }

    /// The journal; without it nothing may be applied.
    fn journal(&mut self, now: Timestamp) -> Result<&mut History, StateError> {
        self.may_write()?;
        self.clock = self.clock.max(now);
        let path = self.path.join(names::HISTORY);
        if self.has_newer_history {
            return Err(StateError::NewerHistory);
        }
        let missing = || StateError::write(&path, std::io::Error::from(std::io::ErrorKind::NotFound));
        self.history.as_mut().ok_or_else(missing)
    }

    /// Writes down a job and the lines that were asked for, all before the first call.
    ///
    /// # Errors
    /// When it cannot be written; then the job must not start.
    pub fn begin_job(
        &mut self,
        plan: &Plan,
        crons: &[CronId],
        by: StartedBy,
        now: Timestamp,
    ) -> Result<i64, StateError> {
        self.journal(now)?.begin_job(plan, crons, by, now)
    }

    /// Writes down that this line is about to be sent. Returns when that is on disk.
    ///
    /// # Errors
    /// When it cannot be written; then the call must not be made.
    pub fn intent(&mut self, job: i64, change: &Change, now: Timestamp) -> Result<(), StateError> {
        self.journal(now)?.intent(job, change, now)
    }

    /// Writes down what became of a line, with the switch if it was verified.
    ///
    /// Follow it with [`Folder::log_switch`]; should the process die between the two, the next start
    /// completes the log.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn outcome(
        &mut self,
        job: i64,
        cron: &CronId,
        outcome: &LineOutcome,
        record: Option<Record<'_>>,
        now: Timestamp,
    ) -> Result<(), StateError> {
        self.journal(now)?.outcome(job, cron, outcome, record, now)
    }

    /// Closes a job that is done or stopped; one in any other phase stays open, to be continued.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end_job(&mut self, job: i64, phase: &JobPhase, now: Timestamp) -> Result<(), StateError> {
        self.journal(now)?.end_job(job, phase, now)
    }

    /// Keeps which crons an edit of the user waits to be applied for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_accounts(&mut self, known: &Remembered) -> Result<(), StateError> {
        self.journal(self.clock)?.note_accounts(known)
    }

    pub fn save_pending(&mut self, crons: &BTreeSet<CronId>) -> Result<(), StateError> {
        self.journal(self.clock)?.note_pending_edits(crons)
    }

    /// Keeps the gateway versions on which a guarded write was refused as it must be.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_proven(&mut self, versions: &BTreeSet<String>) -> Result<(), StateError> {
        self.journal(self.clock)?.note_proven_versions(versions)
    }

    /// # Errors
    /// When it cannot be written.
    pub fn confirm(&mut self, id: &SwitchId, confirmation: &Confirmation) -> Result<(), StateError> {
        self.journal(self.clock)?.confirm(id, confirmation)
    }

    /// Everything one plan has switched, taken back or not, oldest first.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn switches_of(&self, plan: &PlanId) -> Result<Vec<Switch>, StateError> {
        self.history.as_ref().map_or(Ok(Vec::new()), |history| history.switches_of(plan))
    }

    /// # Errors
    /// When the history cannot be read.
    pub fn switch(&self, id: &SwitchId) -> Result<Option<Switch>, StateError> {
        self.history.as_ref().map_or(Ok(None), |history| history.switch(id))
    }

    /// Those whose id, or whose plan's id, begins so: of each such plan all, oldest first.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn switches_named(&self, name: &str) -> Result<Vec<Switch>, StateError> {
        self.history.as_ref().map_or(Ok(Vec::new()), |history| history.switches_named(name))
    }

    /// The plan of the newest switch that stands and is no undo itself.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn newest_standing_plan(&self) -> Result<Option<PlanId>, StateError> {
        self.history.as_ref().map_or(Ok(None), History::newest_standing_plan)
    }

    /// Keeps all definitions, each different one once. Says whether anything differed from the
    /// newest snapshot.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn snapshot_definitions(
        &mut self,
        crons: &BTreeMap<CronId, Arc<Cron>>,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, StateError> {
        self.journal(now)?.snapshot(crons, why, now)
    }

    /// Keeps finished runs; the same run again changes nothing. With them all that ended up to `whole` are known.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn remember_runs(
        &mut self,
        runs: &[RunRecord],
        whole: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StateError> {
        self.journal(now)?.remember_runs(runs, whole)
    }

    /// Up to when all runs are known.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn runs_whole(&self) -> Result<Option<Timestamp>, StateError> {
        self.history.as_ref().map_or(Ok(None), History::runs_whole)
    }

    /// What is remembered of quotas and runs since then; of too many only the newest.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn usage_history(&self, since: Timestamp, until: Timestamp) -> Result<UsageHistory, StateError> {
        self.history.as_ref().map_or(Ok(UsageHistory::default()), |history| history.usage(since, until))
    }

    /// Drops runs, readings, health changes and definitions that are older. Switches and jobs are kept.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_before(&mut self, moment: Timestamp, now: Timestamp) -> Result<(), StateError> {
        self.journal(now)?.forget_before(moment)
    }

    /// Keeps what changed in the health of accounts and models since it was kept last.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_health(&mut self, fleet: &Fleet, now: Timestamp) -> Result<(), StateError> {
        self.journal(now)?.health_seen(fleet, now)
    }

    /// Keeps the readings of quota windows that say something new.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_quota(&mut self, fleet: &Fleet, now: Timestamp) -> Result<(), StateError> {
        self.journal(now)?.quota_seen(fleet)
    }

    /// Keeps readings of the past that say something new, oldest first.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember_readings(
        &mut self,
        readings: &[(AccountId, QuotaWindow)],
        now: Timestamp,
    ) -> Result<(), StateError> {
        self.journal(now)?.readings_seen(readings.iter().map(|(account, window)| (account, window)))
    }
}
