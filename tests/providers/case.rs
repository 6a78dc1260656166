//! A recorded answer with what is expected of its diagnosis, and how the two are compared.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{Allowance, Catalog, Covers, Diagnosis, Settings};
use model_orchestrator::providers::{Beside, diagnose, evidence_of};
use model_orchestrator::words::{self, Speech};
use serde_json::Value;

/// How far a reset may be off, in seconds.
const TOLERANCE: i64 = 2;

/// One file of `cases`, or a variant of one.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub document: Value,
    pub expect: Value,
}

/// Every recorded case, by name.
pub fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers/cases");
    let mut paths: Vec<PathBuf> = entries(&folder).iter().flat_map(|provider| entries(provider)).collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("a readable folder").path()).collect()
}

fn read(path: &Path) -> Case {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut document: Value = serde_json::from_str(&text).expect("a case is JSON");
    let name = format!("{}/{}", document["provider"].as_str().unwrap_or("?"), document["case"].as_str().unwrap_or("?"));
    let expect = document["expect"].take();
    Case { name, document, expect }
}

impl Case {
    pub fn diagnosis(&self) -> Diagnosis {
        let now = moment(&self.document["now"]).expect("a case has its moment");
        let beside = Beside { provider: None, billing: None, model: None, now };
        let evidence = evidence_of(&self.document, &beside).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        diagnose(&evidence)
    }

    pub fn headline(&self, diagnosis: &Diagnosis) -> String {
        let now = moment(&self.document["now"]).expect("a case has its moment");
        headline(diagnosis, now)
    }

    /// Where the diagnosis is not what the case expects.
    pub fn faults(&self) -> Vec<String> {
        let found = self.diagnosis();
        let headline = self.headline(&found);
        let mut faults = Vec::new();
        let mut differ = |what: &str, expected: &Value, found: String| {
            if expected.as_str() != Some(found.as_str()) {
                faults.push(format!("{}: {what}: expected {expected}, found {found}", self.name));
            }
        };
        differ("health", &self.expect["health"], found.state.code().to_owned());
        differ("reason", &self.expect["reason"], found.reason.clone());
        differ("scope", &self.expect["scope"], found.scope.code().to_owned());
        differ("confidence", &self.expect["reset_confidence"], found.reset_confidence.code().to_owned());
        differ("action", &self.expect["action"], found.advice.code().to_owned());
        let mut check = |fine: bool, what: String| {
            if !fine {
                faults.push(format!("{}: {what}", self.name));
            }
        };
        check(self.expect["temporary"] == found.temporary, format!("temporary: found {}", found.temporary));
        let reset = moment(&self.expect["reset_at"]);
        check(near(reset, found.reset_at), format!("reset: expected {reset:?}, found {:?}", found.reset_at));
        let wording = self.expect["wording"].as_str().unwrap_or_default();
        check(says(wording, &headline), format!("wording: expected {wording:?}, found {headline:?}"));
        for word in list(&self.expect["must_not_say"]) {
            let word = word.as_str().unwrap_or_default().to_lowercase();
            check(!headline.to_lowercase().contains(&word), format!("says {word:?}: {headline}"));
        }
        if let Some(windows) = self.expect["windows"].as_array() {
            check(
                windows.len() == found.windows.len(),
                format!("windows: expected {}, found {:?}", windows.len(), found.windows),
            );
            for (expected, found) in windows.iter().zip(&found.windows) {
                let fault = window_fault(expected, found);
                check(fault.is_none(), format!("window: {}", fault.unwrap_or_default()));
            }
        }
        for (key, amount) in self.expect["balance"].as_object().into_iter().flatten() {
            let money = found.money.clone().unwrap_or_default();
            let same = match key.as_str() {
                "available" => close(amount.as_f64(), money.available, 0.001),
                "extra_usage_left" => close(amount.as_f64(), money.extra_usage_left, 0.001),
                "currency" => amount.as_str() == money.currency.as_deref(),
                other => panic!("{}: nobody compares {other}", self.name),
            };
            check(same, format!("balance.{key}: expected {amount}, found {money:?}"));
        }
        if let Some(plan) = self.expect["plan"].as_str() {
            check(found.plan.as_deref() == Some(plan), format!("plan: expected {plan}, found {:?}", found.plan));
        }
        for (model, state) in self.expect["per_model"].as_object().into_iter().flatten() {
            let told = found.models.iter().find(|one| one.model == *model);
            let same = told.is_some_and(|told| {
                state["health"] == told.state.code() && near(moment(&state["reset_at"]), told.reset_at)
            });
            check(same, format!("per_model.{model}: expected {state}, found {:?}", found.models));
        }
        faults
    }
}

pub fn headline(diagnosis: &Diagnosis, now: Timestamp) -> String {
    let (settings, catalog) = (Settings::default(), Catalog::default());
    let speech = Speech { now, zone: &TimeZone::UTC, settings: &settings, catalog: &catalog };
    words::diagnosis_headline(diagnosis, &speech)
}

fn window_fault(expected: &Value, found: &Allowance) -> Option<String> {
    let scope = match &found.covers {
        Covers::Account => "account".to_owned(),
        Covers::Model(model) => format!("model:{model}"),
        Covers::Feature(feature) => format!("feature:{feature}"),
    };
    let same = |(key, value): (&String, &Value)| match key.as_str() {
        "id" => *value == found.id,
        "unit" => *value == found.metric.code(),
        "scope" => *value == scope,
        "used_percent" => close(value.as_f64(), found.used_percent, 0.1),
        "raw_used_percent" => close(value.as_f64(), found.raw_used_percent, 0.1),
        "used" => close(value.as_f64(), found.used, 0.001),
        "limit" => close(value.as_f64(), found.limit, 0.001),
        "reset_at" => near(moment(value), found.reset_at),
        "blocks_chat" => *value == found.blocks_chat(),
        "stale" => *value == found.stale,
        other => panic!("nobody compares {other}"),
    };
    let wrong = expected.as_object()?.iter().find(|field| !same(*field))?;
    Some(format!("expected {wrong:?}, found {found:?}"))
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

fn near(expected: Option<Timestamp>, found: Option<Timestamp>) -> bool {
    match (expected, found) {
        (Some(expected), Some(found)) => (expected.as_second() - found.as_second()).abs() <= TOLERANCE,
        (expected, found) => expected.is_none() && found.is_none(),
    }
}

fn close(expected: Option<f64>, found: Option<f64>, tolerance: f64) -> bool {
    match (expected, found) {
        (Some(expected), Some(found)) => (expected - found).abs() <= tolerance,
        (expected, found) => expected.is_none() && found.is_none(),
    }
}

/// Whether `said` is `template` with its placeholders filled in.
pub fn says(template: &str, said: &str) -> bool {
    let mut rest = said;
    let mut fixed = template.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let Some(first) = fixed.next() else { return said.is_empty() };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    for part in fixed {
        if part.is_empty() {
            return !rest.is_empty();
        }
        let Some((filling, after)) = rest.split_once(part) else { return false };
        if filling.is_empty() {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}
