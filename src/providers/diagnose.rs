//! The procedure: transport, body, the service's table, shared codes, status; then until when.

use jiff::{SignedDuration, Timestamp};

use super::customs::{self, Case};
use super::evidence::{Answer, Evidence};
use super::fault::Fault;
use super::reading::{self, Reading};
use super::reset::{self, ResetRule};
use super::ruling::{Reason, Verdict};
use super::{
    alibaba, anthropic, codex, copilot, deepseek, google, groq, kimi, local, minimax, mistral, moment, moonshot,
    ollama_cloud, openai, openrouter, shared, status, transport, xai, zai,
};
use crate::domain::{Advice, Diagnosis, Finding, HealthState, ResetConfidence, Service, Span, quotation};

/// What an answer means for the account and model that it came from.
///
/// Total: every input has a diagnosis, and an unknown code degrades to the status and a quotation.
#[must_use]
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let case = customs::admit(evidence);
    let verdict = match &evidence.answer {
        Answer::Nothing { transport_error } => transport::finding(transport_error, case.service).into(),
        _ => judge(&case),
    };
    conclude(&case, verdict)
}

fn judge(case: &Case<'_>) -> Verdict {
    let verdict = match &case.fault {
        _ if case.status == Some(407) => Finding::ProxySignIn.into(),
        Some(fault) => faulty(case, fault),
        None => status::unreadable(case).unwrap_or_else(|| fine(case)),
    };
    status::softened(case, verdict)
}

fn faulty(case: &Case<'_>, fault: &Fault) -> Verdict {
    let by_table = by_service(case, fault).or_else(|| shared::by_code(case, fault));
    let silent = case.status.is_none_or(|status| status < 400);
    let by_phrase = || if silent { shared::by_phrase(case, fault) } else { None };
    by_table.or_else(by_phrase).unwrap_or_else(|| status::by_status(case, Some(fault)))
}

/// Without an error: what a reading proves, or simply that it serves.
fn fine(case: &Case<'_>) -> Verdict {
    if case.status.is_some() && !case.succeeded() {
        return status::by_status(case, None);
    }
    let read = case.json().and_then(|body| match case.service {
        Service::Zai => zai::reading(case, body),
        Service::Anthropic | Service::ClaudeSubscription => anthropic::reading(case, body),
        Service::Codex | Service::OpenAi => codex::reading(case, body),
        Service::Gemini | Service::GeminiCli => google::reading(case, body),
        Service::MiniMax => minimax::reading(case, body),
        Service::Kimi => kimi::reading(case, body),
        Service::Moonshot => moonshot::reading(case, body),
        Service::OpenRouter => openrouter::reading(case, body),
        Service::DeepSeek => deepseek::reading(case, body),
        Service::Xai => xai::reading(case, body),
        Service::Copilot => copilot::reading(case, body),
        Service::Alibaba => alibaba::reading(case, body),
        Service::Ollama | Service::LmStudio => local::reading(case, body),
        Service::OllamaCloud => ollama_cloud::reading(case, body),
        Service::Groq | Service::Mistral | Service::Other => None,
    });
    read.unwrap_or_else(|| match case.status {
        _ if case.asks_usage() => Finding::UsageUnreadable.into(),
        None => Finding::Unclassified.into(),
        Some(_) => Finding::Serves.into(),
    })
}

fn by_service(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    match case.service {
        Service::Zai => zai::judge(case, fault),
        Service::Anthropic | Service::ClaudeSubscription => anthropic::judge(case, fault),
        Service::OpenAi => openai::judge(case, fault),
        Service::Codex => codex::judge(case, fault),
        Service::Gemini | Service::GeminiCli => google::judge(case, fault),
        Service::MiniMax => minimax::judge(case, fault),
        Service::Kimi => kimi::judge(case, fault),
        Service::Moonshot => moonshot::judge(case, fault),
        Service::OpenRouter => openrouter::judge(case, fault),
        Service::DeepSeek => deepseek::judge(case, fault),
        Service::Xai => xai::judge(case, fault),
        Service::Groq => groq::judge(case, fault),
        Service::Mistral => mistral::judge(case, fault),
        Service::Copilot => copilot::judge(case, fault),
        Service::Alibaba => alibaba::judge(case, fault),
        Service::Ollama | Service::LmStudio => local::judge(case, fault),
        Service::OllamaCloud => ollama_cloud::judge(case, fault),
        Service::Other => None,
    }
}

fn conclude(case: &Case<'_>, verdict: Verdict) -> Diagnosis {
    let Verdict { ruling, code, reason, model, reading } = verdict;
    let rule = ruling.reset.unwrap_or_else(|| usual_rule(ruling.finding));
    let (reset_at, reset_confidence) = reset::resolve(rule, case);
    let finding = in_the_long_run(ruling.finding, reset_at, case);
    let profile = finding.profile();
    let reading = with_headers(case, reading);
    let fault = case.fault.as_ref();
    let provider_code =
        code.clone().or_else(|| fault.and_then(|fault| fault.codes.iter().find(|code| !code.contains(' ')).cloned()));
    let reason = reason.unwrap_or_else(|| match ruling.reason {
        Reason::OfFinding => profile.reason.to_owned(),
        Reason::Word(word) => word.to_owned(),
        Reason::Code => format!("{}_{}", case.service.code(), code.unwrap_or_default()),
    });
    let advice = ruling.advice.unwrap_or_else(|| usual_advice(profile.state, profile.advice, reset_at.is_some()));
    Diagnosis {
        service: case.service,
        provider: case.evidence.provider.clone(),
        billing: case.billing(),
        state: profile.state,
        temporary: profile.temporary,
        finding,
        reason,
        scope: ruling.scope.unwrap_or(profile.scope),
        model: model.or_else(|| case.model()),
        reset_at,
        reset_confidence: if reset_at.is_some() { reset_confidence } else { ResetConfidence::Unknown },
        retry_at: retry_at(finding, reset_at, &reading, case),
        advice,
        windows: reading.windows,
        money: reading.money,
        plan: reading.plan,
        models: reading.models,
        local_models: reading.local_models,
        http_status: case.status,
        provider_code,
        quote: fault.and_then(|fault| quotation(&fault.message)),
    }
}

/// Where the end of a finding is looked for when its table does not say.
fn usual_rule(finding: Finding) -> ResetRule {
    match finding.profile().state {
        HealthState::QuotaExhausted if finding == Finding::LimitHit => ResetRule::ToldOrRead,
        HealthState::RateLimited | HealthState::Overloaded => ResetRule::Told,
        _ => ResetRule::Never,
    }
}

fn usual_advice(state: HealthState, advice: Advice, dated: bool) -> Advice {
    match (state, advice) {
        (HealthState::QuotaExhausted, Advice::Wait) if !dated => Advice::RefetchQuota,
        (HealthState::RateLimited, Advice::Wait) if !dated => Advice::Backoff,
        _ => advice,
    }
}

/// A window of at most an hour is a rate limit; who must wait longer has used up a longer one.
fn in_the_long_run(finding: Finding, reset_at: Option<Timestamp>, case: &Case<'_>) -> Finding {
    let long = reset_at.is_some_and(|at| at.duration_since(case.evidence.now) > SignedDuration::from_hours(1));
    if finding == Finding::RateHit && long { Finding::LimitHit } else { finding }
}

/// The reset and a margin; for a pause of the gateway, its own end.
fn retry_at(finding: Finding, reset_at: Option<Timestamp>, reading: &Reading, case: &Case<'_>) -> Option<Timestamp> {
    if finding == Finding::GatewayWaits {
        let wait = case.fault.as_ref().and_then(|fault| moment::wait_in_sentence(&fault.message))?;
        return moment::after(case.evidence.now, wait).and_then(|at| moment::believable(at, case.evidence.now));
    }
    reset_at?.checked_add(margin(reading, finding.profile().state)).ok()
}

/// Clocks differ a little, and long windows are not emptied on the second.
fn margin(reading: &Reading, state: HealthState) -> SignedDuration {
    let long = reading.windows.iter().any(|window| window.used_up() && window.span >= Span::Hours(5));
    let secs = if long || state == HealthState::QuotaExhausted { 60 } else { 2 };
    SignedDuration::from_secs(secs)
}

/// The counters in the headers stand beside whatever the body said.
fn with_headers(case: &Case<'_>, mut reading: Reading) -> Reading {
    if reading.windows.is_empty() && !case.asks_usage() {
        reading.windows = reading::of_headers(case);
    }
    reading
}
