//! The two days before the demo began: runs that went well, and MiniMax running dry.

use std::collections::BTreeMap;

use serde_json::json;

use super::crons::{Does, Mark, Seed};
use super::{DAY, HOUR, MINUTE};
use crate::demo::DemoOutage;
use crate::demo::schedule::next_run;
use crate::demo::world::{Failure, Job, World};

/// MiniMax answers with a billing error since then.
pub(super) const OUT_SINCE_MS: i64 = 40 * MINUTE;
/// Runs remembered of one cron.
const RUNS_EACH: usize = 6;
/// Failures since MiniMax ran out: few enough that no cron backs off for long.
const FAILED_EACH: usize = 2;

/// Gives `job` its past runs, and what the table marks it with.
pub(super) fn write(world: &mut World, job: &mut Job, seed: &Seed, now_ms: i64) {
    if seed.has(Mark::Off) || matches!(seed.does, Does::Heartbeat) {
        return;
    }
    let past = past_times(job, now_ms);
    let failing = seed.find(|mark| if let Mark::Failing(times) = mark { Some(*times as usize) } else { None });
    let out = BTreeMap::from([("minimax".to_owned(), DemoOutage::OutOfCredits)]);
    let well = BTreeMap::new();
    for (index, started_ms) in past.iter().enumerate() {
        let outages = if *started_ms >= now_ms - OUT_SINCE_MS { &out } else { &well };
        let failure = match failing {
            Some(times) if index + times >= past.len() => Some(missing_file()),
            _ if seed.has(Mark::AutoOff) => Some(too_long()),
            _ => None,
        };
        world.live_through(job, *started_ms, outages, failure);
    }
    if seed.has(Mark::AutoOff) {
        job.state.insert("consecutiveErrors".into(), 10.into());
        let mark = json!({ "reason": "consecutive-failures", "atMs": job.updated_ms, "consecutiveErrors": 10 });
        job.state.insert("autoDisabled".into(), mark);
    }
    job.reschedule(now_ms);
}

/// When `job` was due last, in two days or in seven if it runs so rarely: oldest first.
fn past_times(job: &Job, now_ms: i64) -> Vec<i64> {
    let due_since = |span_ms: i64| {
        let next = |after_ms: &i64| next_run(job.schedule(), job.id(), *after_ms, job.created_ms);
        let times = std::iter::successors(next(&(now_ms - span_ms)), next);
        // A run that began less than this ago might not have ended.
        times.take_while(|at_ms| *at_ms < now_ms - MINUTE / 2).collect::<Vec<_>>()
    };
    // Looking back no further than needed: a cron expression costs some to work out.
    let enough = |span_ms: i64, times: &[i64]| {
        let well = times.iter().filter(|at_ms| **at_ms < now_ms - OUT_SINCE_MS).count();
        well >= RUNS_EACH || (span_ms >= 2 * DAY && !times.is_empty())
    };
    let mut spans = [3 * HOUR, 12 * HOUR, 2 * DAY, 7 * DAY].into_iter().map(|span_ms| (span_ms, due_since(span_ms)));
    let times = spans.find(|(span_ms, times)| enough(*span_ms, times)).map(|(_, times)| times);
    let times = times.unwrap_or_default();
    let (well, out): (Vec<_>, Vec<_>) = times.into_iter().partition(|at_ms| *at_ms < now_ms - OUT_SINCE_MS);
    let newest = |times: Vec<i64>, most: usize| times[times.len().saturating_sub(most)..].to_vec();
    let out = newest(out, FAILED_EACH);
    let mut times = newest(well, RUNS_EACH - out.len());
    times.extend(out);
    times
}

fn missing_file() -> Failure {
    Failure {
        text: "⚠️ 🛠️ Exec failed: open-invoices.csv: No such file or directory".to_owned(),
        reason: None,
        source: "agent-run",
    }
}

fn too_long() -> Failure {
    let text = "Context overflow: prompt too large for the model. Try again with less input or a larger-context model.";
    Failure { text: text.to_owned(), reason: Some("context_overflow"), source: "agent-run" }
}
