//! The tables of `history.db`, and how an older file becomes a newer one.

use std::time::Duration;

use rusqlite::Connection;

pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// One step for each version; a file of version n runs those from n on. Never edit one that was
/// released: add another.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE plans (id TEXT PRIMARY KEY, at INTEGER NOT NULL, plan TEXT NOT NULL);
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, plan TEXT NOT NULL, started_at INTEGER NOT NULL,
        ended_at INTEGER, phase TEXT
    );
    CREATE TABLE lines (
        job INTEGER NOT NULL REFERENCES jobs (id), position INTEGER NOT NULL, cron TEXT NOT NULL,
        change TEXT NOT NULL, intent_at INTEGER, outcome TEXT, detail TEXT, outcome_at INTEGER,
        PRIMARY KEY (job, cron)
    ) WITHOUT ROWID;
    CREATE TABLE switches (
        id TEXT PRIMARY KEY, at INTEGER NOT NULL, cron TEXT NOT NULL, plan TEXT NOT NULL, job INTEGER,
        switch TEXT NOT NULL, confirmation TEXT NOT NULL, undone_by TEXT, logged INTEGER NOT NULL
    );
    CREATE INDEX switches_by_time ON switches (at);
    CREATE TABLE runs (cron TEXT NOT NULL, at INTEGER NOT NULL, run TEXT NOT NULL, PRIMARY KEY (cron, at)) WITHOUT ROWID;
    CREATE INDEX runs_by_time ON runs (at);
    CREATE TABLE health_changes (at INTEGER NOT NULL, subject TEXT NOT NULL, health TEXT NOT NULL, source TEXT NOT NULL);
    CREATE INDEX health_by_time ON health_changes (at);
    CREATE TABLE quota_samples (
        account TEXT NOT NULL, label TEXT NOT NULL, at INTEGER NOT NULL, used_ratio REAL NOT NULL,
        resets_at INTEGER, source TEXT NOT NULL, PRIMARY KEY (account, label, at)
    ) WITHOUT ROWID;
    CREATE TABLE definitions (hash TEXT PRIMARY KEY, definition TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE snapshots (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, why TEXT NOT NULL);
    CREATE TABLE snapshot_crons (
        snapshot INTEGER NOT NULL REFERENCES snapshots (id), cron TEXT NOT NULL, name TEXT NOT NULL,
        hash TEXT NOT NULL, PRIMARY KEY (snapshot, cron)
    ) WITHOUT ROWID;
", "
    CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
", "
    CREATE INDEX switches_by_plan ON switches (plan);
", "
    ALTER TABLE switches ADD COLUMN line TEXT;
", "
    ALTER TABLE health_changes ADD COLUMN state TEXT;
    ALTER TABLE health_changes ADD COLUMN reason TEXT;
    CREATE INDEX health_by_subject ON health_changes (subject, at);
    ALTER TABLE quota_samples ADD COLUMN span TEXT;
    ALTER TABLE quota_samples ADD COLUMN metric TEXT;
    ALTER TABLE quota_samples ADD COLUMN covers TEXT;
    ALTER TABLE quota_samples ADD COLUMN used REAL;
    ALTER TABLE quota_samples ADD COLUMN quota_limit REAL;
    ALTER TABLE quota_samples ADD COLUMN reset_confidence TEXT;
", "
    ALTER TABLE runs ADD COLUMN well INTEGER;
    ALTER TABLE runs ADD COLUMN model TEXT;
    ALTER TABLE runs ADD COLUMN duration INTEGER;
    ALTER TABLE runs ADD COLUMN input INTEGER;
    ALTER TABLE runs ADD COLUMN output INTEGER;
    ALTER TABLE runs ADD COLUMN total INTEGER;
    DROP INDEX runs_by_time;
    CREATE INDEX runs_by_time ON runs (at, cron, well, model, duration, input, output, total);
    CREATE INDEX runs_without_columns ON runs (at) WHERE well IS NULL;
    CREATE INDEX quota_by_time ON quota_samples (at);
", "
    ALTER TABLE jobs ADD COLUMN started_by TEXT;
"];

/// Why a file is no history that this version can use.
#[derive(Debug)]
pub(super) enum Unusable {
    /// A later version made it; what it means is unknown.
    Newer,
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// Sets the modes and brings the tables up to date. A file of a later version stays as it is.
pub(super) fn prepare(db: &mut Connection) -> Result<(), Unusable> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    let pending = pending(db)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // The journal's promise: an intent is on disk before the call it announces.
    db.pragma_update(None, "synchronous", "FULL")?;
    if !pending.is_empty() {
        let change = db.transaction()?;
        for step in pending {
            change.execute_batch(step)?;
        }
        change.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
        change.commit()?;
    }
    Ok(check(db)?)
}

/// What an older file lacks.
pub(super) fn pending(db: &Connection) -> Result<&'static [&'static str], Unusable> {
    let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    MIGRATIONS.get(version as usize..).ok_or(Unusable::Newer)
}

/// A quick look that finds a damaged file before it is relied on.
fn check(db: &Connection) -> rusqlite::Result<()> {
    let n_tables: i64 = db.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN \
         ('plans', 'jobs', 'lines', 'switches', 'runs', 'definitions', 'snapshots')",
        [],
        |row| row.get(0),
    )?;
    db.query_row("SELECT count(*) FROM jobs WHERE ended_at IS NULL", [], |row| row.get::<_, i64>(0))?;
    if n_tables == 7 { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
}
