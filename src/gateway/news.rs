//! What a gateway tells without being asked.

use jiff::Timestamp;
use serde_json::Value;

use super::attempts::Attempts;
use super::convert;
use crate::domain::{Cron, CronId, RunRecord};

/// What happened on the gateway. Nobody replays what was missed: after a [`News::Gap`], as after a new
/// connection, everything has to be fetched again.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "news are moved once, and most of them carry a cron")]
pub enum News {
    /// Added or updated, by whomever. Without a revision: fetch it before a guarded edit.
    CronChanged(Cron),
    CronRemoved(CronId),
    RunStarted {
        cron: CronId,
        at: Timestamp,
    },
    RunFinished(RunRecord, Cron),
    /// The list of models, or a cooldown in it, may have changed.
    ModelsChanged,
    Tick,
    /// Events were lost, or could not be read.
    Gap,
    /// The gateway says goodbye.
    ShuttingDown {
        restart_expected: bool,
    },
    /// The connection has ended; nothing comes after this.
    Closed {
        detail: String,
    },
}

/// What an event means to this program, if anything; what `attempts` remember explains a later one.
pub(crate) fn from_event(event: &str, mut payload: Value, attempts: &mut Attempts) -> Option<News> {
    match event {
        "tick" => Some(News::Tick),
        "cron" => from_cron_event(&mut payload, attempts),
        "agent" => {
            if let Some(refusal) = convert::refusal_from(&payload) {
                attempts.remember(refusal);
            }
            None
        }
        "chat.metadata.changed" | "config.changed" | "models.snapshot" => Some(News::ModelsChanged),
        "shutdown" => {
            let restart_expected = convert::span_millis(&payload["restartExpectedMs"]).is_some();
            Some(News::ShuttingDown { restart_expected })
        }
        _ => None,
    }
}

fn from_cron_event(payload: &mut Value, attempts: &mut Attempts) -> Option<News> {
    let action = payload.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
    let job = payload.get_mut("job").map(Value::take).filter(|job| !job.is_null());
    let id = payload.get("jobId").and_then(Value::as_str).map(CronId::new);
    match action.as_str() {
        "removed" => Some(id.map_or(News::Gap, News::CronRemoved)),
        "started" => {
            let at = convert::moment(payload.get("runAtMs")?)?;
            Some(News::RunStarted { cron: id?, at })
        }
        "finished" => {
            let Some(Ok(cron)) = job.map(convert::cron_from) else { return Some(News::Gap) };
            Some(match convert::run_from(payload) {
                Some(mut run) => {
                    attempts.explain(&mut run, &convert::text(payload, "sessionKey").unwrap_or_default());
                    News::RunFinished(run, cron)
                }
                None => News::CronChanged(cron),
            })
        }
        // `added`, `updated`, and whatever else may come to a cron.
        _ => Some(match convert::cron_from(job?) {
            Ok(cron) => News::CronChanged(cron),
            // It changed into something that cannot be read: the list says which.
            Err(_) => News::Gap,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Attempts, News, from_event};
    use crate::domain::{Billing, Finding, HealthState};
    use crate::providers::diagnose_run;

    fn recorded(file: &str) -> Vec<News> {
        let mut attempts = Attempts::default();
        let file: Value = serde_json::from_str(file).expect("is JSON");
        let frames = file["frames"].as_array().expect("a list").iter();
        frames
            .filter_map(|entry| {
                let frame = &entry["frame"];
                from_event(frame["event"].as_str()?, frame["payload"].clone(), &mut attempts)
            })
            .collect()
    }

    fn kinds(news: &[News]) -> Vec<&str> {
        news.iter()
            .map(|news| match news {
                News::CronChanged(_) => "changed",
                News::CronRemoved(_) => "removed",
                News::RunStarted { .. } => "started",
                News::RunFinished(..) => "finished",
                News::ShuttingDown { restart_expected: true } => "restart",
                News::ShuttingDown { restart_expected: false } => "stop",
                _ => "other",
            })
            .collect()
    }

    #[test]
    fn a_crons_life_is_told_in_order() {
        let life = recorded(include_str!("../../tests/recorded/gateway/cron-events.json"));
        let runs = ["started", "finished"].repeat(3);
        let wanted: Vec<_> = ["changed", "changed"].into_iter().chain(runs).chain(["changed", "removed"]).collect();
        assert_eq!(kinds(&life), wanted);
        for news in &life {
            if let News::RunFinished(run, cron) = news {
                assert_eq!((&run.cron, Some(run.at)), (&cron.id, cron.last_run.as_ref().map(|last| last.at)));
                assert_eq!(cron.revision, None, "events carry none");
            }
        }
        let once = recorded(include_str!("../../tests/recorded/gateway/cron-one-shot-events.json"));
        assert_eq!(kinds(&once).last(), Some(&"removed"));
    }

    #[test]
    fn a_run_whose_time_was_up_says_what_its_provider_had_answered() {
        let news = recorded(include_str!("../../tests/recorded/gateway/run-attempts.json"));
        let ended = news.iter().filter_map(|news| match news {
            News::RunFinished(run, _) => Some(run.clone()),
            _ => None,
        });
        let ended: Vec<_> = ended.collect();
        let cases = [
            ("minimax", Some("rate_limit"), HealthState::RateLimited),
            ("beta", Some("overloaded"), HealthState::Overloaded),
            ("nu", Some("server_error"), HealthState::Down),
            ("alpha", None, HealthState::Down),
            ("gamma", Some("billing"), HealthState::QuotaExhausted),
        ];
        assert_eq!(ended.len(), cases.len());
        for (run, (provider, reason, state)) in ended.iter().zip(cases) {
            assert_eq!((run.provider.as_deref(), run.error_reason.as_deref()), (Some(provider), reason));
            let said = diagnose_run(run, Billing::QuotaPlan, Vec::new(), run.finished_at).expect("it failed");
            let only_timed_out = said.finding == Finding::JobTimedOut;
            assert_eq!((said.state, only_timed_out), (state, provider == "alpha"), "{run:?}");
        }
        let timed_out = "cron: job execution timed out (last phase: model-call-started)";
        let first = format!("⚠️ API rate limit reached. Please try again later. | {timed_out}");
        assert_eq!((ended[0].error.as_deref(), ended[3].error.as_deref()), (Some(first.as_str()), Some(timed_out)));
        let billing = ended[4].error.as_deref().unwrap_or_default();
        assert_eq!(billing.matches("billing error").count(), 1, "{billing}");
    }

    #[test]
    fn only_the_event_tells_a_restart_from_a_stop() {
        assert_eq!(kinds(&recorded(include_str!("../../tests/recorded/gateway/shutdown-restart.json"))), ["restart"]);
        assert_eq!(kinds(&recorded(include_str!("../../tests/recorded/gateway/shutdown-stop.json"))), ["stop"]);
    }

    #[test]
    fn what_cannot_be_read_is_a_gap_and_what_does_not_matter_is_nothing() {
        let cases = [
            ("cron", json!({"action": "updated", "jobId": "j", "job": {"id": "j"}}), Some(News::Gap)),
            ("cron", json!({"action": "finished", "jobId": "j"}), Some(News::Gap)),
            ("cron", json!({"action": "removed"}), Some(News::Gap)),
            ("cron", json!({"action": "pondered", "jobId": "j"}), None),
            ("cron", json!(null), None),
            ("presence", json!({}), None),
            ("config.changed", json!({}), Some(News::ModelsChanged)),
            ("tick", json!(null), Some(News::Tick)),
        ];
        for (event, payload, expected) in cases {
            assert_eq!(from_event(event, payload.clone(), &mut Attempts::default()), expected, "{event} {payload}");
        }
    }
}
