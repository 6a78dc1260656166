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
        finished_at: ended.or(written).unwrap_or(at_).max(at_),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::run_from;
    use crate::domain::{RunStatus, TokenUsage};

    #[test]
    fn every_recorded_run_is_read() {
        let text = include_str!("../../../tests/recorded/gateway/cron-runs-all.json");
        let file: Value = serde_json::from_str(text).expect("is JSON");
        let entries = file["frames"][1]["frame"]["payload"]["entries"].as_array().expect("a list");
        for entry in entries {
            let run = run_from(entry).unwrap_or_else(|| panic!("unreadable: {entry}"));
            assert_eq!(run.usage.is_some(), entry.get("usage").is_some(), "{entry}");
            assert_eq!(run.model.as_deref(), entry.get("model").and_then(Value::as_str), "{entry}");
            assert_eq!(run.error_reason.as_deref(), entry.get("errorReason").and_then(Value::as_str), "{entry}");
            let took = run.finished_at.duration_since(run.at);
            assert_eq!(Some(took), run.duration, "it ends when it started plus what it took");
        }
    }

    #[test]
    fn a_run_never_ends_before_it_began() {
        for odd in [
            json!({"jobId": "j", "runAtMs": 9000, "durationMs": -2000}),
            json!({"jobId": "j", "runAtMs": 9000, "ts": 8000}),
            json!({"jobId": "j", "ts": 9000, "durationMs": -2000}),
        ] {
            let run = run_from(&odd).expect("is a run");
            assert_eq!((run.at.as_millisecond(), run.finished_at), (9000, run.at), "{odd}");
            assert!(run.duration.is_none(), "{odd}");
        }
    }

    #[test]
    fn a_run_needs_a_cron_and_a_time_and_nothing_else() {
        let bare = run_from(&json!({"jobId": "j", "ts": 5000, "durationMs": 2000, "status": "odd"})).expect("is a run");
        assert_eq!((bare.at.as_millisecond(), bare.finished_at.as_millisecond()), (3000, 5000));
        assert_eq!(bare.status, RunStatus::Unknown);
        let used = run_from(&json!({"jobId": "j", "runAtMs": 1, "usage": {"input_tokens": 3, "output_tokens": 4.0}}));
        assert_eq!(used.and_then(|run| run.usage), Some(TokenUsage { input: 3, output: 4, total: 7 }));
        for wrong in [json!(null), json!({"jobId": "j"}), json!({"runAtMs": 1}), json!({"jobId": 7, "runAtMs": 1})] {
            assert_eq!(run_from(&wrong), None, "{wrong}");
        }
    }
}
