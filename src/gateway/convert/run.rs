//! Finished runs: the gateway's `cron.runs` and its `finished` events.

use serde_json::Value;

use super::job::run_status;
use super::value::{at, count, moment, span_millis, text};
use crate::domain::{CronId, RunRecord, TokenUsage};

/// Reads one run; `None` when it names no cron or no time.
#[must_use]
pub fn run_from(entry: &Value) -> Option<RunRecord> {
    let duration = span_millis(at(entry, "durationMs"));
    let started = moment(at(entry, "runAtMs"));
    let written = moment(at(entry, "ts"));
    let ended = started.and_then(|at| at.checked_add(duration?).ok());
    let started_by_end = written.and_then(|at| at.checked_sub(duration.unwrap_or_default()).ok());
    let at_ = started.or(started_by_end)?;
    Some(RunRecord {
        cron: CronId::from(text(entry, "jobId")?),
        at: at_,
        finished_at: ended.or(written).unwrap_or(at_),
        status: run_status(at(entry, "status")),
        provider: text(entry, "provider"),
        model: text(entry, "model"),
        error: text(entry, "error"),
        error_reason: text(entry, "errorReason"),
        duration,
        usage: usage(at(entry, "usage")),
    })
}

fn usage(usage: &Value) -> Option<TokenUsage> {
    let tokens = |key: &str| count(at(usage, key));
    let (input, output) = (tokens("input_tokens"), tokens("output_tokens"));
    let total = tokens("total_tokens").or_else(|| Some(input? + output?))?;
    Some(TokenUsage { input: input.unwrap_or(0), output: output.unwrap_or(0), total })
}
