//! How a run ends: what a provider in each state does to a turn, as seen on a real gateway.
//!
//! Billing and authentication failures are conclusive: the provider cools down and the fallbacks
//! come at once. Overload, failing servers and plain rate limits are retried on the same model until the
//! job's time is up, so they end as `timeout` and no fallback is reached. A limit's own sentence is passed
//! on if it is short and speaks of a time, a plan or a quota; else a sentence of the gateway stands for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::job::Job;
use super::models::{self, Model};
use super::random::Random;
use crate::demo::DemoOutage;
use crate::demo::providers::{KIMI_CYCLE, limit_reached, minute_limit};

/// A job's time is up after this in the demo, where life takes a minute and more.
const TIMEOUT_MS: i64 = 10_000;
pub(super) const BILLING_COOLDOWN_MS: i64 = 10 * 60_000;
const AUTH_COOLDOWN_MS: i64 = 30_000;
/// What one conclusive failure costs before the next fallback answers.
const FAILED_TRY_MS: i64 = 500;

#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::demo) struct Outcome {
    pub duration_ms: i64,
    pub error: Option<Failure>,
    /// Provider and bare model that really ran, or were tried last.
    pub ran: Option<(String, String)>,
    /// Input and output tokens; failed runs have none.
    pub usage: Option<(u64, u64)>,
    pub summary: Option<String>,
    /// Providers that cool down from the end of this run, and for how long.
    pub cools: Vec<(String, i64)>,
    /// What its attempts were answered while it was repeated until its time was up.
    pub repeated: Option<Refusal>,
}

/// An answer after which the gateway asks again, as it tells of it while the run goes on.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::demo) struct Refusal {
    pub reason: &'static str,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::demo) struct Failure {
    pub text: String,
    pub reason: Option<&'static str>,
    /// The part of the gateway that noticed.
    pub source: &'static str,
}

/// The providers as a run meets them.
pub(super) struct Providers<'a> {
    pub outages: &'a BTreeMap<String, DemoOutage>,
    pub cooldowns: &'a BTreeMap<String, i64>,
    /// When the window comes back that an outage of a provider means.
    pub resets: &'a dyn Fn(&str, DemoOutage) -> Option<i64>,
}

/// Decides how a run of `job` that starts at `now_ms` will end.
pub(super) fn decide(job: &Job, providers: &Providers<'_>, now_ms: i64, random: &mut Random) -> Outcome {
    if job.payload_kind() != "agentTurn" {
        return Outcome { duration_ms: random.between(200, 1_500), summary: Some("done".into()), ..Outcome::default() };
    }
    let mut first_failure = None;
    let mut spent_ms = 0;
    let mut cools = Vec::new();
    for wanted in candidates(job) {
        let Some(model) = models::resolve(&wanted) else {
            first_failure.get_or_insert((not_found(), split(&wanted)));
            spent_ms += FAILED_TRY_MS;
            continue;
        };
        let ran = (model.provider.to_owned(), model.id.to_owned());
        match attempt(model, providers, now_ms) {
            Attempt::Answers => {
                let mut outcome = answer(job, model, random);
                outcome.duration_ms += if spent_ms > 0 { spent_ms + 2_000 } else { 0 };
                return Outcome { ran: Some(ran), cools, ..outcome };
            }
            Attempt::Hangs(refusal) => {
                return Outcome {
                    duration_ms: spent_ms + TIMEOUT_MS.min(timeout_ms(job)) + random.between(50, 900),
                    error: Some(timed_out()),
                    ran: Some(ran),
                    cools,
                    repeated: Some(refusal),
                    ..Outcome::default()
                };
            }
            Attempt::Fails { failure, cools_ms } => {
                if let Some(cools_ms) = cools_ms {
                    cools.push((ran.0.clone(), cools_ms));
                }
                spent_ms += FAILED_TRY_MS;
                first_failure.get_or_insert((failure, Some(ran)));
            }
        }
    }
    let (error, ran) = first_failure.map_or((None, None), |(failure, ran)| (Some(failure), ran));
    Outcome { duration_ms: spent_ms + random.between(0, 200), error, ran, cools, ..Outcome::default() }
}

/// The model of the payload, else the agent's default, then the fallbacks.
fn candidates(job: &Job) -> Vec<String> {
    let own = job.payload("model").and_then(Value::as_str).unwrap_or(models::DEFAULT_MODEL);
    let fallbacks = job.payload("fallbacks").and_then(Value::as_array).into_iter().flatten();
    let fallbacks = fallbacks.filter_map(Value::as_str).map(str::to_owned);
    std::iter::once(own.to_owned()).chain(fallbacks).collect()
}

enum Attempt {
    Answers,
    Hangs(Refusal),
    Fails { failure: Failure, cools_ms: Option<i64> },
}

fn attempt(model: &Model, providers: &Providers<'_>, now_ms: i64) -> Attempt {
    let provider = model.provider;
    if providers.cooldowns.get(provider).is_some_and(|until| *until > now_ms) {
        return Attempt::Fails { failure: agent_run(cooling(provider), None), cools_ms: None };
    }
    let outage = providers.outages.get(provider).copied().unwrap_or(DemoOutage::Serving);
    match (outage, provider) {
        (DemoOutage::Serving, _) => Attempt::Answers,
        // Its sentence speaks of a quota, which nobody retries, and is too long to be passed on. The
        // other's speaks of none of what would have it passed on.
        (DemoOutage::RateLimited | DemoOutage::QuotaExhausted, "google") | (DemoOutage::SpendLimit, "anthropic") => {
            refused_for_now(RATE_LIMIT.to_owned())
        }
        (DemoOutage::QuotaExhausted, "kimi") => refused_for_now(format!("⚠️ {KIMI_CYCLE}")),
        (DemoOutage::QuotaExhausted, _) => match (providers.resets)(provider, outage) {
            Some(reset_ms) => refused_for_now(format!("⚠️ {}", limit_reached(reset_ms))),
            None => out_of_credits(model),
        },
        // Its code says that the quota is insufficient, and so it is taken for an empty balance.
        (DemoOutage::SpendLimit, "openai") | (DemoOutage::OutOfCredits | DemoOutage::MoneyWords, _) => {
            out_of_credits(model)
        }
        (DemoOutage::RefusedKey, _) => Attempt::Fails {
            failure: agent_run(UNAUTHORIZED.to_owned(), Some("auth")),
            cools_ms: Some(AUTH_COOLDOWN_MS),
        },
        (
            DemoOutage::Overloaded
            | DemoOutage::RateLimited
            | DemoOutage::SpendLimit
            | DemoOutage::ServerError
            | DemoOutage::Unreachable,
            _,
        ) => Attempt::Hangs(repeated(model, outage, now_ms)),
    }
}

/// What the gateway makes of an answer after which it asks again. Where a limit's sentence names a minute or a
/// wait it is passed on.
fn repeated(model: &Model, outage: DemoOutage, now_ms: i64) -> Refusal {
    let Model { provider, id, .. } = model;
    let (reason, text) = match outage {
        DemoOutage::Overloaded => {
            ("overloaded", "The AI service is temporarily overloaded. Please try again in a moment.".to_owned())
        }
        DemoOutage::ServerError => (
            "server_error",
            format!(
                "⚠️ {provider}/{id} request failed (provider internal error, HTTP 500). This is usually temporary — try \
                 again shortly."
            ),
        ),
        DemoOutage::Unreachable => ("timeout", "LLM request failed: network connection error.".to_owned()),
        DemoOutage::RateLimited => {
            let own = minute_limit(provider, id, now_ms).map(|sentence| format!("⚠️ {sentence}"));
            ("rate_limit", own.unwrap_or_else(|| RATE_LIMIT.to_owned()))
        }
        _ => ("rate_limit", RATE_LIMIT.to_owned()),
    };
    Refusal { reason, text }
}

fn timed_out() -> Failure {
    Failure {
        text: "cron: job execution timed out (last phase: model-call-started)".to_owned(),
        reason: Some("timeout"),
        source: "cron-setup",
    }
}

/// A limit that the gateway believes to pass: no cooldown, and the fallbacks come at once.
fn refused_for_now(text: String) -> Attempt {
    Attempt::Fails { failure: agent_run(text, Some("rate_limit")), cools_ms: None }
}

/// What `models.probe` says of a provider, and its sentence: never the provider's own.
pub(super) fn probe_status(
    model: &Model,
    outages: &BTreeMap<String, DemoOutage>,
) -> (&'static str, Option<&'static str>) {
    let providers = Providers { outages, cooldowns: &BTreeMap::new(), resets: &|_, _| Some(0) };
    let status = match attempt(model, &providers, 0) {
        Attempt::Answers => "ok",
        Attempt::Hangs(_) => match outages.get(model.provider) {
            Some(DemoOutage::ServerError) => "unknown",
            Some(DemoOutage::Unreachable) => "timeout",
            _ => "rate_limit",
        },
        Attempt::Fails { failure, .. } => failure.reason.unwrap_or("unknown"),
    };
    let sentence = match status {
        "ok" => None,
        "auth" => Some("Authentication failed."),
        "billing" => Some("The provider reported a billing problem."),
        "rate_limit" => Some("The provider rate limit was reached."),
        "timeout" => Some("The connection timed out."),
        _ => Some("The connection probe failed."),
    };
    (status, sentence)
}

fn out_of_credits(model: &Model) -> Attempt {
    let provider = model.provider;
    let text = format!(
        "⚠️ {provider} ({}) returned a billing error — your API key has run out of credits or has an insufficient \
         balance. Check your {provider} billing dashboard and top up or switch to a different API key.",
        model.id
    );
    Attempt::Fails { failure: agent_run(text, Some("billing")), cools_ms: Some(BILLING_COOLDOWN_MS) }
}

const UNAUTHORIZED: &str = "Authentication failed (provider returned HTTP 401). Your provider token may have expired \
     — try the request again in a moment. If the failure persists, re-authenticate this provider.";

fn cooling(provider: &str) -> String {
    format!(
        "Inline API key for provider \"{provider}\" is temporarily disabled after a provider auth/billing failure. \
         Retry after about 10 minutes, or switch to a different auth profile/API key."
    )
}

const RATE_LIMIT: &str = "⚠️ API rate limit reached. Please try again later.";

fn not_found() -> Failure {
    let text = "The selected model was not found by the provider. Check the model id or choose a different model.";
    agent_run(text.to_owned(), Some("model_not_found"))
}

fn agent_run(text: String, reason: Option<&'static str>) -> Failure {
    Failure { text, reason, source: "agent-run" }
}

fn split(wanted: &str) -> Option<(String, String)> {
    wanted.split_once('/').map(|(provider, model)| (provider.to_owned(), model.to_owned()))
}

fn timeout_ms(job: &Job) -> i64 {
    job.payload("timeoutSeconds").and_then(Value::as_i64).map_or(TIMEOUT_MS, |seconds| seconds * 1_000)
}

/// A turn that goes well: stronger models think longer and write more.
fn answer(job: &Job, model: &Model, random: &mut Random) -> Outcome {
    let message_tokens = job.payload("message").and_then(Value::as_str).map_or(0, |text| text.len() as u64 / 4);
    let (fastest_ms, slowest_ms) = model.takes_ms;
    let (least, most) = model.writes;
    let input = message_tokens + random.between(1_800, 9_000) as u64;
    let output = random.between(least, most) as u64;
    let message = job.payload("message").and_then(Value::as_str).unwrap_or_default();
    let summary = if message.contains("HEARTBEAT_OK") { "HEARTBEAT_OK" } else { "Done. Nothing needs your attention." };
    Outcome {
        duration_ms: random.between(fastest_ms, slowest_ms),
        usage: Some((input, output)),
        summary: Some(summary.to_owned()),
        ..Outcome::default()
    }
}

impl Failure {
    pub(super) fn diagnostics(&self, at_ms: i64) -> Value {
        json!({
            "summary": self.text,
            "entries": [{ "ts": at_ms, "source": self.source, "severity": "error", "message": self.text }],
        })
    }
}
