//! The last error of a cron, or of a question of the gateway: its sentence, and its own word for it where the sentence says nothing.
//!
//! The gateway's word is a hint. It files any money word under billing, so the provider's own words
//! come first and the account's billing kind decides.

use jiff::Timestamp;
use serde_json::json;

use super::diagnose;
use super::evidence::{Answer, Body, Evidence, PriorWindow, Request, RequestKind};
use crate::domain::{AccountId, Billing, Diagnosis, Finding, ProbeAnswer, ProbeStatus, RunRecord};

/// What a failed run says about its account and model; `None` when it did not fail, or never got to a model.
#[must_use]
pub fn diagnose_run(run: &RunRecord, billing: Billing, prior: Vec<PriorWindow>, now: Timestamp) -> Option<Diagnosis> {
    let provider = run.provider.clone().filter(|_| run.error.is_some() || run.error_reason.is_some())?;
    let text = run.error.clone().unwrap_or_default();
    let request = Request { kind: Some(RequestKind::Job), url: None, model: run.model.clone() };
    let evidence =
        Evidence { provider, billing, plan: None, request, prior_quota: prior, answer: Answer::Prose(text), now };
    Some(told(evidence, run.error_reason.as_deref()))
}

/// What the gateway's own question to a provider showed; `None` when it was answered.
#[must_use]
pub fn diagnose_probe(
    answer: &ProbeAnswer,
    account: &AccountId,
    billing: Billing,
    prior: Vec<PriorWindow>,
    now: Timestamp,
) -> Option<Diagnosis> {
    if answer.status == ProbeStatus::Ok {
        return None;
    }
    let model = answer.model.as_ref().map(|model| model.model().to_owned());
    let text = answer.detail.clone().unwrap_or_default();
    let evidence = Evidence {
        provider: account.to_string(),
        billing,
        plan: None,
        request: Request { kind: Some(RequestKind::Job), url: None, model },
        prior_quota: prior,
        answer: Answer::Prose(text),
        now,
    };
    Some(told(evidence, Some(answer.status.code())))
}

/// The sentence first, then the gateway's own word for it.
fn told(evidence: Evidence, reason: Option<&str>) -> Diagnosis {
    let said = diagnose(&evidence);
    let Some(code) = reason.and_then(code_of).filter(|_| says_nothing(&said)) else { return said };
    let message = match &evidence.answer {
        Answer::Prose(text) => text.clone(),
        _ => String::new(),
    };
    let body = Body::Json(json!({ "error": { "type": code, "message": message } }));
    let hinted = diagnose(&Evidence { answer: Answer::BodyOnly(body), ..evidence });
    Diagnosis { quote: said.quote, ..hinted }
}

/// That its time was up does not say what a run was waiting for.
fn says_nothing(said: &Diagnosis) -> bool {
    use Finding::{AnswerEmpty, AnswerUnreadable, JobTimedOut, Serves, Unclassified};
    matches!(said.finding, Unclassified | Serves | AnswerEmpty | AnswerUnreadable | JobTimedOut)
}

/// The gateway's reasons, as codes of the shared table. Those about the request say nothing of the account.
fn code_of(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "billing" => "billing_error",
        "auth" | "auth_permanent" => "authentication_error",
        "session_expired" => "token_expired",
        "rate_limit" => "rate_limit_error",
        "overloaded" => "overloaded_error",
        "server_error" => "server_error",
        "model_not_found" => "model_not_found",
        "timeout" => "job_timed_out",
        "tls_certificate" => "connection_error",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::diagnose_run;
    use crate::domain::{Billing, CronId, HealthState, RunRecord, RunStatus};

    #[test]
    fn the_gateways_word_counts_where_its_sentence_says_nothing() {
        let now = jiff::Timestamp::constant(1_795_420_800, 0);
        let run = |reason: Option<&str>, error: Option<&str>| RunRecord {
            cron: CronId::new("a"),
            at: now,
            finished_at: now,
            status: RunStatus::Error,
            provider: Some("minimax".to_owned()),
            model: Some("MiniMax-M3".to_owned()),
            error: error.map(str::to_owned),
            error_reason: reason.map(str::to_owned),
            duration: None,
            usage: None,
        };
        let cases = [
            (Some("billing"), Some("it went wrong"), Billing::PrepaidCredits, HealthState::BalanceEmpty),
            (Some("billing"), Some("it went wrong"), Billing::QuotaPlan, HealthState::QuotaExhausted),
            (Some("auth"), None, Billing::QuotaPlan, HealthState::Auth),
            (Some("billing"), Some("401 invalid api key"), Billing::QuotaPlan, HealthState::Auth),
            (Some("timeout"), Some("no"), Billing::QuotaPlan, HealthState::Down),
            (Some("context_overflow"), Some("no"), Billing::QuotaPlan, HealthState::Unknown),
        ];
        for (reason, error, billing, expected) in cases {
            let found = diagnose_run(&run(reason, error), billing, Vec::new(), now).expect("it failed");
            assert_eq!(found.state, expected, "{reason:?} {error:?}");
        }
        let text = "too much at once | cron: job execution timed out (last phase: model-call-started)";
        for (reason, expected) in [("rate_limit", HealthState::RateLimited), ("timeout", HealthState::Down)] {
            let run = RunRecord { provider: Some("alpha".to_owned()), ..run(Some(reason), Some(text)) };
            let found = diagnose_run(&run, Billing::RateTier, Vec::new(), now).expect("it failed");
            assert_eq!(found.state, expected, "{reason}");
            assert!(found.quote.is_some_and(|quote| quote.starts_with("too much")), "its words stay");
        }
        assert!(diagnose_run(&run(None, None), Billing::QuotaPlan, Vec::new(), now).is_none());
    }
}
