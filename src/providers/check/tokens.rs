//! How many tokens an answer says it took.

use serde_json::Value;

use crate::providers::evidence::{Answer, Body};
use crate::providers::json;

/// What a job of one token takes with its question, where an answer does not say.
const USUAL: u64 = 16;

/// The tokens that a job took; a refused one takes none.
pub(super) fn spent(answer: &Answer) -> u64 {
    let Answer::Http { status: 200..300, body, .. } = answer else { return 0 };
    let parsed = match body {
        Body::Json(value) => Some(value.clone()),
        Body::Text(text) => serde_json::from_str(text).ok(),
        Body::Empty => None,
    };
    let Some(body) = parsed else { return USUAL };
    let refused = body.get("error").is_some_and(|error| !error.is_null())
        || json::at(&body, &["base_resp", "status_code"]).and_then(json::number).is_some_and(|code| code != 0.0);
    if refused { 0 } else { counted(&body).unwrap_or(USUAL) }
}

fn counted(body: &Value) -> Option<u64> {
    let usage = body.get("usage").or_else(|| body.get("usageMetadata"))?;
    let total = json::number_in(usage, &["total_tokens", "totalTokenCount"]);
    let sum = || {
        let parts = ["input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"];
        let parts: Vec<f64> = parts.iter().filter_map(|part| json::number_in(usage, &[part])).collect();
        (!parts.is_empty()).then(|| parts.iter().sum())
    };
    total.or_else(sum).map(|tokens: f64| tokens.max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{USUAL, spent};
    use crate::providers::evidence::{Answer, Body};

    #[test]
    fn tokens_are_counted_as_the_provider_counts_them() {
        let cases = [
            (200, json!({ "usage": { "total_tokens": 9 } }).to_string(), 9, "a total"),
            (200, json!({ "usage": { "input_tokens": 8, "output_tokens": 1 } }).to_string(), 9, "two parts"),
            (200, json!({ "usageMetadata": { "totalTokenCount": "3" } }).to_string(), 3, "Google's"),
            (200, json!({ "choices": [] }).to_string(), USUAL, "not told"),
            (200, json!({ "base_resp": { "status_code": 1008 } }).to_string(), 0, "refused within a success"),
            (200, json!({ "error": { "code": "1113" } }).to_string(), 0, "the same"),
            (429, json!({ "usage": { "total_tokens": 9 } }).to_string(), 0, "refused"),
            (200, "{\"choices\":[{".to_owned(), USUAL, "cut off"),
        ];
        for (status, text, tokens, why) in cases {
            let answer = Answer::Http { status, headers: BTreeMap::new(), body: Body::Text(text) };
            assert_eq!(spent(&answer), tokens, "{why}");
        }
        assert_eq!(spent(&Answer::Nothing { transport_error: "timeout".to_owned() }), 0);
    }
}
