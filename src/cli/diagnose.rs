//! `diagnose`: what an answer of a provider means, from a file or standard input. Asks nobody.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::args::DiagnoseArguments;
use super::exit::{Exit, Failure};
use super::print;
use super::quota::{BalanceRow, WindowRow};
use crate::domain::{Catalog, Diagnosis, HealthState, ModelState, Settings};
use crate::providers::{Beside, Evidence, EvidenceError, diagnose, evidence_of};
use crate::words::{self, Speech};

/// Answers are small; a file that is larger is something else.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, Serialize)]
struct Document {
    provider: String,
    service: &'static str,
    health: &'static str,
    temporary: bool,
    reason: String,
    scope: &'static str,
    model: Option<String>,
    reset_at: Option<Timestamp>,
    reset_confidence: &'static str,
    retry_at: Option<Timestamp>,
    headline: String,
    action: &'static str,
    advice: Option<String>,
    windows: Vec<WindowRow>,
    balance: Option<BalanceRow>,
    plan: Option<String>,
    per_model: Map<String, Value>,
    http_status: Option<u16>,
    provider_code: Option<String>,
    provider_quote: Option<String>,
}

pub(super) fn run(arguments: &DiagnoseArguments, as_json: bool) -> Result<Exit, Failure> {
    let input = read(arguments.file.as_deref())?;
    let evidence = evidence(&input, arguments)?;
    let diagnosis = diagnose(&evidence);
    let (settings, catalog, zone) = (Settings::default(), Catalog::default(), TimeZone::system());
    let speech = Speech { now: evidence.now, zone: &zone, settings: &settings, catalog: &catalog };
    if as_json {
        print::json(&document(&diagnosis, &speech))?;
    } else {
        print::text(&text(&diagnosis, &speech))?;
    }
    Ok(if arguments.exit_code { exit(&diagnosis) } else { Exit::Done })
}

/// What a script may want to branch on.
fn exit(diagnosis: &Diagnosis) -> Exit {
    match diagnosis.state {
        HealthState::Up => Exit::Done,
        HealthState::Unknown => Exit::NotTold,
        _ if diagnosis.temporary => Exit::Passing,
        _ => Exit::NeedsPerson,
    }
}

fn read(file: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = file.filter(|path| *path != Path::new("-")) else {
        if io::stdin().is_terminal() {
            let remedy = "Name a file, or pass the answer on standard input";
            return Err(Failure::new(Exit::Usage, "there is nothing to diagnose").with_remedy(remedy));
        }
        return text_of(io::stdin().lock(), "standard input");
    };
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| Failure::new(Exit::Failed, format!("cannot open {name}: {error}")))?;
    text_of(file, &name)
}

fn text_of(source: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    source
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Failure::new(Exit::Usage, format!("{name} is larger than an answer can be: more than 4 MiB")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::new(Exit::Usage, format!("{name} is no text: byte {} is not UTF-8", error.utf8_error().valid_up_to()))
    })?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("there is nothing to diagnose: {name} is empty")));
    }
    Ok(text.to_owned())
}

/// A document with an answer in it, a body alone, or a sentence.
fn evidence(input: &str, arguments: &DiagnoseArguments) -> Result<Evidence, Failure> {
    let beside = Beside {
        provider: arguments.provider.clone(),
        billing: arguments.billing,
        model: arguments.model.clone(),
        now: arguments.now.unwrap_or_else(now),
    };
    let document = match serde_json::from_str::<Value>(input) {
        Ok(value) if is_document(&value) => value,
        Ok(value @ (Value::Object(_) | Value::Array(_))) => json!({ "status": arguments.status, "body": value }),
        Err(error) if input.starts_with('{') && arguments.provider.is_none() => {
            let what = format!("the input begins like JSON and does not parse: {error}");
            let remedy = "Mend it, or name the provider with --provider to read it as a body that was cut off";
            return Err(Failure::new(Exit::Usage, what).with_remedy(remedy));
        }
        _ => json!({ "status": arguments.status, "body_text": input }),
    };
    evidence_of(&document, &beside).map_err(|error| refused(&error))
}

/// Whether it tells of an answer, instead of being one.
fn is_document(value: &Value) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| value.get(key).is_some());
    has(&["body", "body_text", "transport_error"]) || (has(&["status"]) && has(&["provider", "account", "request"]))
}

fn refused(error: &EvidenceError) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("this cannot be diagnosed: {error}"));
    match error {
        EvidenceError::NoProvider => failure.with_remedy("Name it, such as --provider zai"),
        _ => failure,
    }
}

#[expect(clippy::disallowed_methods, reason = "a command that runs no engine; --now sets another moment")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn document(diagnosis: &Diagnosis, speech: &Speech<'_>) -> Document {
    Document {
        provider: diagnosis.provider.clone(),
        service: diagnosis.service.code(),
        health: diagnosis.state.code(),
        temporary: diagnosis.temporary,
        reason: diagnosis.reason.clone(),
        scope: diagnosis.scope.code(),
        model: diagnosis.model.clone(),
        reset_at: diagnosis.reset_at,
        reset_confidence: diagnosis.reset_confidence.code(),
        retry_at: diagnosis.retry_at,
        headline: words::diagnosis_headline(diagnosis, speech),
        action: diagnosis.advice.code(),
        advice: words::diagnosis_advice(diagnosis, speech),
        windows: diagnosis.windows.iter().map(WindowRow::told).collect(),
        balance: diagnosis.money.clone().map(BalanceRow::from),
        plan: diagnosis.plan.clone(),
        per_model: diagnosis.models.iter().map(model_row).collect(),
        http_status: diagnosis.http_status,
        provider_code: diagnosis.provider_code.clone(),
        provider_quote: diagnosis.quote.clone(),
    }
}

fn model_row(model: &ModelState) -> (String, Value) {
    (model.model.clone(), json!({ "health": model.state.code(), "reset_at": model.reset_at }))
}

fn text(diagnosis: &Diagnosis, speech: &Speech<'_>) -> String {
    let mut lines = vec![words::diagnosis_headline(diagnosis, speech)];
    lines.extend(words::diagnosis_advice(diagnosis, speech));
    lines.extend(diagnosis.windows.iter().map(|window| format!("  {}", words::allowance(window, speech))));
    lines.join("\n")
}
