//! Months of quotas and runs, read back in one go.
//!
//! A row that cannot be read is left out: what is missing is missing. Only runs that an earlier version wrote are
//! read from their text; the others have columns.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use crate::domain::{
    AccountId, CronId, Metric, ModelRef, ModelScope, PastRun, QuotaSample, RunRecord, Source, Span, TokenUsage,
    UsageHistory, WindowHistory,
};
use crate::state::StateError;

use super::{History, failed, from_json};

/// No more than this many of each, the newest: what is read must fit into memory.
const MOST_ROWS: u32 = 250_000;

impl History {
    /// What is remembered from `since` up to `until`, both included.
    pub(crate) fn usage(&self, since: Timestamp, until: Timestamp) -> Result<UsageHistory, StateError> {
        self.newest_usage(since, until, MOST_ROWS).map_err(failed("reading quotas and runs"))
    }

    pub(super) fn newest_usage(&self, since: Timestamp, until: Timestamp, most: u32) -> rusqlite::Result<UsageHistory> {
        let of = |table| range(&self.db, table, since, until, most);
        Ok(UsageHistory { windows: windows(&self.db, of("quota_samples")?)?, runs: runs(&self.db, of("runs")?)? })
    }
}

/// From the first to the last moment of which rows are read, in milliseconds.
type Range = (i64, i64);

fn range(db: &Connection, table: &str, since: Timestamp, until: Timestamp, most: u32) -> rusqlite::Result<Range> {
    let (since, until) = (since.as_millisecond(), until.as_millisecond());
    let first_too_many =
        format!("SELECT at FROM {table} WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3");
    let too_old: Result<i64, _> = db.query_row(&first_too_many, params![since, until, most], |row| row.get(0));
    match too_old {
        Ok(at) => Ok((at + 1, until)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok((since, until)),
        Err(error) => Err(error),
    }
}

/// In the order of the table, which is by cron: sorting them here is quicker than finding each by its moment.
fn runs(db: &Connection, (first, last): Range) -> rusqlite::Result<Vec<PastRun>> {
    let mut query = db.prepare(
        "SELECT cron, at, well, model, duration, input, output, total, CASE WHEN well IS NULL THEN run END
         FROM runs NOT INDEXED WHERE at BETWEEN ?1 AND ?2",
    )?;
    let (mut names, mut runs) = (Names::default(), Vec::new());
    let mut rows = query.query([first, last])?;
    while let Some(row) = rows.next()? {
        runs.extend(run(row, &mut names));
    }
    runs.sort_by(|a: &PastRun, b| (a.at, &a.cron).cmp(&(b.at, &b.cron)));
    Ok(runs)
}

/// The ids of the run before, and models: thousands of runs share them.
#[derive(Default)]
struct Names {
    cron: Option<CronId>,
    models: BTreeMap<String, Option<ModelRef>>,
}

impl Names {
    fn cron(&mut self, id: &str) -> CronId {
        let known = self.cron.take().filter(|known| known.as_str() == id);
        self.cron.insert(known.unwrap_or_else(|| CronId::new(id))).clone()
    }

    fn model(&mut self, text: &str) -> Option<ModelRef> {
        match self.models.get(text) {
            Some(known) => known.clone(),
            None => self.models.entry(text.to_owned()).or_insert_with(|| ModelRef::parse(text)).clone(),
        }
    }
}

fn run(row: &Row<'_>, names: &mut Names) -> Option<PastRun> {
    let Some(well) = row.get::<_, Option<bool>>(2).ok()? else {
        let record: RunRecord = from_json(text(row, 8)?)?;
        return Some(PastRun::of(&record));
    };
    let number = |column| row.get::<_, Option<i64>>(column).ok().flatten();
    let count = |column| number(column).and_then(|n| u64::try_from(n).ok());
    let tokens = || Some(TokenUsage { input: count(5)?, output: count(6)?, total: count(7)? });
    Some(PastRun {
        cron: names.cron(text(row, 0)?),
        at: moment(row, 1)?,
        duration: number(4).map(SignedDuration::from_millis),
        model: text(row, 3).and_then(|model| names.model(model)),
        well,
        tokens: tokens(),
    })
}

fn windows(db: &Connection, (first, last): Range) -> rusqlite::Result<BTreeMap<(AccountId, String), WindowHistory>> {
    // What a window is follows from its newest row: it may have been told less of it before.
    let mut query = db.prepare(
        "SELECT at, used_ratio, resets_at, source, account, label, span, metric, covers
         FROM quota_samples NOT INDEXED WHERE at BETWEEN ?1 AND ?2 ORDER BY account, label, at",
    )?;
    let mut windows: BTreeMap<(AccountId, String), WindowHistory> = BTreeMap::new();
    let mut current: Option<((AccountId, String), WindowHistory)> = None;
    let mut rows = query.query([first, last])?;
    while let Some(row) = rows.next()? {
        let (Some(sample), Some(account), Some(label)) = (sample(row, 0), text(row, 4), text(row, 5)) else { continue };
        if !current.as_ref().is_some_and(|((of, known), _)| of.as_str() == account && known == label) {
            windows.extend(current.take());
        }
        let (_, window) = current.get_or_insert_with(|| {
            let window = WindowHistory { span: None, metric: None, covers: ModelScope::All, samples: Vec::new() };
            ((AccountId::new(account), label.to_owned()), window)
        });
        window.span = text(row, 6).and_then(Span::of_id).or(window.span).or_else(|| Span::of_label(label));
        window.metric = text(row, 7).and_then(Metric::of_code).or(window.metric);
        if let Some(covers) = text(row, 8).and_then(from_json) {
            window.covers = covers;
        }
        window.samples.push(sample);
    }
    windows.extend(current);
    Ok(windows)
}

/// A reading, from four columns.
pub(super) fn sample(row: &Row<'_>, first: usize) -> Option<QuotaSample> {
    Some(QuotaSample {
        at: moment(row, first)?,
        used_ratio: row.get(first + 1).ok()?,
        resets_at: moment(row, first + 2),
        source: text(row, first + 3).and_then(source).unwrap_or_default(),
    })
}

/// A dozen words, read hundreds of thousands of times.
fn source(json: &str) -> Option<Source> {
    match json {
        "\"UsageStatus\"" => Some(Source::UsageStatus),
        "\"Probe\"" => Some(Source::Probe),
        other => from_json(other),
    }
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    row.get_ref(column).ok().and_then(|value| match value {
        ValueRef::Text(text) => std::str::from_utf8(text).ok(),
        _ => None,
    })
}

fn moment(row: &Row<'_>, column: usize) -> Option<Timestamp> {
    Timestamp::from_millisecond(row.get::<_, Option<i64>>(column).ok()??).ok()
}

#[cfg(test)]
mod tests;
