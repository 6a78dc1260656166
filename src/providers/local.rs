//! Ollama and LM Studio on this computer: they run or not, and have a model or not.

use serde_json::Value;

use super::customs::Case;
use super::evidence::RequestKind;
use super::fault::Fault;
use super::json;
use super::reading::Reading;
use super::ruling::Verdict;
use crate::domain::Finding;

pub(super) fn judge(case: &Case<'_>, fault: &Fault) -> Option<Verdict> {
    let message = fault.message.to_lowercase();
    let missing = case.status == Some(404) || fault.has("model_not_found");
    if missing && (case.model().is_some() || message.contains("model")) {
        return Some(Finding::NotInstalled.into());
    }
    message.starts_with("no models loaded").then(|| Finding::NoModelLoaded.into())
}

/// `models[]` of Ollama, `data[]` of LM Studio.
pub(super) fn reading(case: &Case<'_>, body: &Value) -> Option<Verdict> {
    if case.kind() != Some(RequestKind::Models) {
        return None;
    }
    let list = body.get("models").or_else(|| body.get("data"))?;
    let count = json::items(Some(list)).count();
    let finding = if count == 0 { Finding::NoModelLoaded } else { Finding::Serves };
    let reading = Reading { local_models: Some(count), ..Reading::default() };
    Some(Verdict::from(finding).with_reading(reading))
}
