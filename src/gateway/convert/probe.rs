//! Probes: the gateway's `models.probe`.

use serde_json::Value;

use super::value::{at, span_millis, text};
use crate::domain::{ModelRef, ProbeAnswer, ProbeStatus};

/// Reads the answer to a probe; `None` when it has no status.
#[must_use]
pub fn probe_from(answer: &Value) -> Option<ProbeAnswer> {
    let word = text(answer, "status")?;
    // The credential that decided; the others are worse off, or no better.
    let mut results = at(answer, "results").as_array().into_iter().flatten();
    let decided = results.find(|result| text(result, "status").as_deref() == Some(&word)).unwrap_or(&Value::Null);
    Some(ProbeAnswer {
        status: ProbeStatus::of_code(&word).unwrap_or(ProbeStatus::Unknown),
        latency: span_millis(at(answer, "latencyMs")),
        detail: text(decided, "error").or_else(|| text(answer, "error")),
        model: text(decided, "label").as_deref().and_then(model),
    })
}

/// `Configured credential · provider/model`: the model stands nowhere else.
fn model(label: &str) -> Option<ModelRef> {
    ModelRef::parse(label.rsplit_once(" · ")?.1.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::probe_from;
    use crate::domain::{ModelRef, ProbeAnswer, ProbeStatus};

    fn outcomes() -> Vec<Value> {
        let text = include_str!("../../../tests/recorded/gateway/models-probe-outcomes.json");
        let file: Value = serde_json::from_str(text).expect("is JSON");
        file["probes"].as_array().expect("a list").clone()
    }

    fn read(answer: &Value) -> ProbeAnswer {
        probe_from(answer).unwrap_or_else(|| panic!("unreadable: {answer}"))
    }

    #[test]
    fn every_recorded_probe_says_what_the_provider_did() {
        use ProbeStatus::{Auth, Billing, Format, NoModel, Ok, RateLimit, Timeout, Unknown};
        let status = |outcome: &str| match outcome {
            "ok" => Ok,
            "unauthorized" | "forbidden" => Auth,
            "insufficient_balance" | "quota_exhausted" | "zai_1113" | "credit_too_low" => Billing,
            "zai_1308" | "unavailable" | "overloaded" | "rate_limit, no retry-after" | "rate_limit, retry-after 5" => {
                RateLimit
            }
            "drop" | "hang" | "nothing listens" | "rate_limit, retry-after 120" => Timeout,
            "not_found" => Format,
            "no model configured" => NoModel,
            _ => Unknown,
        };
        for probe in outcomes() {
            let outcome = probe["mockOutcome"].as_str().expect("is named");
            let answer = read(&probe["payload"]);
            assert_eq!(answer.status, status(outcome), "{probe}");
            assert_eq!(answer.detail.is_none(), answer.status == Ok, "a failure says why: {probe}");
            let asked = probe["modelCalls"] != 0 || outcome == "nothing listens";
            assert!(asked || !answer.status.is_evidence(), "nothing asked is no evidence: {probe}");
            let provider = probe["params"]["provider"].as_str();
            let known = !matches!(answer.status, NoModel) && outcome != "no such provider";
            assert_eq!(answer.model.as_ref().map(ModelRef::provider), provider.filter(|_| known), "{probe}");
        }
    }

    #[test]
    fn the_credential_that_decided_says_why() {
        let unresolved = outcomes().into_iter().find(|probe| probe["params"]["provider"] == "zeta").expect("is there");
        let detail = read(&unresolved["payload"]).detail.expect("says why");
        assert!(detail.starts_with("The configured credential could not be resolved"), "{detail}");
        let answer = read(&json!({"status": "billing", "latencyMs": 900, "error": "general", "results": [
            {"label": "Profile p:one · p/m", "status": "timeout", "error": "of another"},
            {"label": "Profile p · two · p/vendor/m", "status": "billing", "error": "its own"},
        ]}));
        assert_eq!(answer.detail.as_deref(), Some("its own"));
        assert_eq!(answer.model.map(|model| model.to_string()).as_deref(), Some("p/vendor/m"));
        assert_eq!(answer.latency.map(|latency| latency.as_millis()), Some(900));
    }

    #[test]
    fn a_word_nobody_knows_is_unknown_and_no_status_is_no_answer() {
        let bare = read(&json!({"status": "melted"}));
        let nothing = ProbeAnswer { status: ProbeStatus::Unknown, latency: None, detail: None, model: None };
        assert_eq!(bare, nothing);
        for wrong in [json!(null), json!({}), json!({"status": 7}), json!([])] {
            assert_eq!(probe_from(&wrong), None, "{wrong}");
        }
        let odd = json!({"status": "ok", "results": [7, {"status": "ok", "label": "nothing behind the dot ·"}]});
        assert_eq!(read(&odd).model, None);
    }
}
