//! Months of quotas and runs, read back in one go.
//!
//! A row that cannot be read is left out: what is missing is missing. Only runs that an earlier version wrote are
//! read from their text; the others have columns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};

use crate::domain::{
    AccountId, CronId, Metric, ModelRef, PastRun, QuotaSample, RunRecord, Source, Span, TokenUsage, UsageHistory,
    WindowHistory,
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
        let ends = (since.as_millisecond(), until.as_millisecond());
        Ok(UsageHistory { windows: windows(&self.db, ends, most)?, runs: runs(&self.db, ends, most)? })
    }
}

/// From the first to the last moment of which rows are read, in milliseconds.
type Ends = (i64, i64);

/// All from an index; the text of a whole run, in the table, is read only where there is nothing else.
fn runs(db: &Connection, (first, last): Ends, most: u32) -> rusqlite::Result<Vec<PastRun>> {
    let mut names = Names::default();
    let mut runs = Vec::new();
    let columns = "SELECT cron, at, model, duration, input, output, total, well FROM runs
                   WHERE at BETWEEN ?1 AND ?2 AND well IS NOT NULL ORDER BY at DESC, cron DESC LIMIT ?3";
    each(db, columns, params![first, last, most], |row| runs.extend(run(row, &mut names)))?;
    runs.reverse();
    let n_columns = runs.len();
    let texts = "SELECT run FROM runs WHERE at BETWEEN ?1 AND ?2 AND well IS NULL ORDER BY at DESC LIMIT ?3";
    each(db, texts, params![first, last, most - n_columns as u32], |row| {
        let record: Option<RunRecord> = text(row, 0).and_then(from_json);
        runs.extend(record.as_ref().map(PastRun::of));
    })?;
    if runs.len() > n_columns {
        runs.sort_by(|a: &PastRun, b| (a.at, &a.cron).cmp(&(b.at, &b.cron)));
    }
    Ok(runs)
}

fn each(db: &Connection, query: &str, params: impl Params, mut visit: impl FnMut(&Row<'_>)) -> rusqlite::Result<()> {
    let mut query = db.prepare(query)?;
    let mut rows = query.query(params)?;
    while let Some(row) = rows.next()? {
        visit(row);
    }
    Ok(())
}

/// Ids of crons and models: thousands of runs share them.
#[derive(Default)]
struct Names {
    crons: BTreeSet<CronId>,
    models: BTreeMap<String, Option<ModelRef>>,
}

impl Names {
    fn cron(&mut self, id: &str) -> CronId {
        if let Some(known) = self.crons.get(id) {
            return known.clone();
        }
        let id = CronId::new(id);
        self.crons.insert(id.clone());
        id
    }

    fn model(&mut self, text: &str) -> Option<ModelRef> {
        match self.models.get(text) {
            Some(known) => known.clone(),
            None => self.models.entry(text.to_owned()).or_insert_with(|| ModelRef::parse(text)).clone(),
        }
    }
}

fn run(row: &Row<'_>, names: &mut Names) -> Option<PastRun> {
    let number = |column| row.get::<_, Option<i64>>(column).ok().flatten();
    let count = |column| number(column).and_then(|n| u64::try_from(n).ok());
    let tokens = || Some(TokenUsage { input: count(4)?, output: count(5)?, total: count(6)? });
    Some(PastRun {
        cron: names.cron(text(row, 0)?),
        at: moment(row, 1)?,
        duration: number(3).map(SignedDuration::from_millis),
        model: text(row, 2).and_then(|model| names.model(model)),
        well: row.get(7).ok()?,
        tokens: tokens(),
    })
}

/// In the order of the table; looking each row up by its moment would take longer.
fn windows(
    db: &Connection,
    (first, last): Ends,
    most: u32,
) -> rusqlite::Result<BTreeMap<(AccountId, String), WindowHistory>> {
    let too_old = "SELECT at FROM quota_samples WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3";
    let too_old: Option<i64> = db.query_row(too_old, params![first, last, most], |row| row.get(0)).optional()?;
    let first = too_old.map_or(first, |at| at + 1);
    let query = "SELECT at, used_ratio, resets_at, source, account, label, span, metric, covers
                 FROM quota_samples WHERE +at BETWEEN ?1 AND ?2 ORDER BY account, label, at";
    let mut windows = BTreeMap::new();
    let mut current: Option<Reading> = None;
    each(db, query, params![first, last], |row| {
        let (Some(sample), Some(account), Some(label)) = (sample(row, 0), text(row, 4), text(row, 5)) else { return };
        if !current.as_ref().is_some_and(|current| current.account == account && current.label == label) {
            windows.extend(current.take().map(Reading::done));
        }
        let of = || Reading { account: account.to_owned(), label: label.to_owned(), ..Reading::default() };
        let reading = current.get_or_insert_with(of);
        reading.samples.push(sample);
        // The newest row that says it tells what a window is: it may have been told less of it before.
        for (known, column) in reading.said.iter_mut().zip(6..) {
            match text(row, column) {
                Some(said) if known.as_deref() != Some(said) => *known = Some(said.to_owned()),
                _ => {}
            }
        }
    })?;
    windows.extend(current.map(Reading::done));
    Ok(windows)
}

/// A window whose rows are being read.
#[derive(Default)]
struct Reading {
    account: String,
    label: String,
    /// Span, metric and what it covers, as they are written.
    said: [Option<String>; 3],
    samples: Vec<QuotaSample>,
}

impl Reading {
    fn done(self) -> ((AccountId, String), WindowHistory) {
        let [span, metric, covers] = self.said;
        let window = WindowHistory {
            span: span.as_deref().and_then(Span::of_id).or_else(|| Span::of_label(&self.label)),
            metric: metric.as_deref().and_then(Metric::of_code),
            covers: covers.as_deref().and_then(from_json).unwrap_or_default(),
            samples: self.samples,
        };
        ((AccountId::new(self.account), self.label), window)
    }
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
