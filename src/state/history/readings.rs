//! What is remembered of health and quotas: a row for each change, and for each reading that says
//! something new.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::domain::{AccountId, Fleet, Health, Metric, QuotaSample, QuotaWindow, Span, Vital, same_reset};
use crate::state::StateError;

use super::{History, failed, from_json, to_json, usage};

impl History {
    /// Keeps what changed in the health of accounts, and of models that have one of their own.
    pub(crate) fn health_seen(&mut self, fleet: &Fleet, now: Timestamp) -> Result<(), StateError> {
        let step = || failed("remembering health");
        let accounts = fleet.accounts.iter().map(|(id, vital)| (id.as_str(), vital));
        let models = fleet.models.iter().map(|(id, vital)| (id.as_str(), vital));
        let change = self.db.transaction().map_err(step())?;
        for (subject, vital) in accounts.chain(models) {
            keep_health(&change, subject, vital, now).map_err(step())?;
        }
        change.commit().map_err(step())
    }

    /// Keeps the windows that were read since they were kept last.
    pub(crate) fn quota_seen(&mut self, fleet: &Fleet) -> Result<(), StateError> {
        let windows = fleet.windows.iter();
        self.readings_seen(windows.flat_map(|(account, windows)| windows.iter().map(move |window| (account, window))))
    }

    /// Keeps those that say something new, oldest first.
    pub(crate) fn readings_seen<'a>(
        &mut self,
        readings: impl Iterator<Item = (&'a AccountId, &'a QuotaWindow)>,
    ) -> Result<(), StateError> {
        let step = || failed("remembering a quota");
        let change = self.db.transaction().map_err(step())?;
        for (account, window) in readings {
            keep_window(&change, account, window).map_err(step())?;
        }
        change.commit().map_err(step())
    }
}

fn keep_health(change: &Transaction<'_>, subject: &str, vital: &Vital, now: Timestamp) -> rusqlite::Result<()> {
    let state = vital.state();
    let reason = vital.explained().map(|said| said.reason.as_str());
    let newest =
        "SELECT health, state, reason FROM health_changes WHERE subject = ?1 ORDER BY at DESC, rowid DESC LIMIT 1";
    let known: Option<(String, Option<String>, Option<String>)> = change
        .prepare_cached(newest)?
        .query_row([subject], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let is_known = match &known {
        // Nothing was known before, and nothing is.
        None => vital.health == Health::Unknown,
        Some((health, known_state, known_reason)) => {
            let same_health = from_json(health).is_some_and(|health| is_same(&health, &vital.health));
            same_health && known_state.as_deref() == Some(state.code()) && known_reason.as_deref() == reason
        }
    };
    if is_known {
        return Ok(());
    }
    change
        .prepare_cached(
            "INSERT INTO health_changes (at, subject, health, source, state, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            now.as_millisecond(),
            subject,
            to_json(&vital.health),
            to_json(&vital.source),
            state.code(),
            reason,
        ])?;
    Ok(())
}

fn is_same(known: &Health, health: &Health) -> bool {
    match (known, health) {
        (Health::LimitHit { resets_at: known }, Health::LimitHit { resets_at: now }) => same_reset(*known, *now),
        _ => known == health,
    }
}

fn keep_window(change: &Transaction<'_>, account: &AccountId, window: &QuotaWindow) -> rusqlite::Result<()> {
    let at = window.observed_at.as_millisecond();
    let before = "SELECT at, used_ratio, resets_at, source FROM quota_samples
                  WHERE account = ?1 AND label = ?2 AND at <= ?3 ORDER BY at DESC LIMIT 1";
    let known = change
        .prepare_cached(before)?
        .query_row(params![account.as_str(), window.label, at], |row| Ok(usage::sample(row, 0)))
        .optional()?
        .flatten();
    if known.is_some_and(|known| known.says_again(&QuotaSample::of(window))) {
        return Ok(());
    }
    change
        .prepare_cached(
            "INSERT OR REPLACE INTO quota_samples
             (account, label, at, used_ratio, resets_at, source, span, metric, covers, used, quota_limit, reset_confidence)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            account.as_str(),
            window.label,
            at,
            window.used_ratio,
            window.resets_at.map(Timestamp::as_millisecond),
            to_json(&window.source),
            window.span.map(Span::id),
            window.metric.map(Metric::code),
            to_json(&window.covers),
            window.used,
            window.limit,
            window.reset_confidence.code(),
        ])?;
    Ok(())
}
