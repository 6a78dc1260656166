//! The three frames of the wire: request out, response and event in.
//!
//! Pure. Unknown fields are ignored: the gateway sends more than its schema lists.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `{type: "req", id, method, params}`; the gateway refuses anything beyond these.
#[derive(Debug, Serialize)]
pub(crate) struct Request<'a> {
    r#type: &'static str,
    id: &'a str,
    method: &'a str,
    params: &'a Value,
}

impl<'a> Request<'a> {
    pub(crate) fn new(id: &'a str, method: &'a str, params: &'a Value) -> Self {
        Self { r#type: "req", id, method, params }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("strings and JSON values always serialise")
    }
}

/// A frame from the gateway.
#[derive(Debug)]
pub(crate) enum Incoming {
    Response {
        id: String,
        answer: Result<Value, WireError>,
    },
    Event {
        event: String,
        payload: Value,
        seq: Option<u64>,
    },
    /// A frame type this version does not know.
    Other,
}

/// The `error` of a response.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct WireError {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub details: Value,
    #[serde(default)]
    pub retryable: bool,
    #[serde(default, rename = "retryAfterMs")]
    pub retry_after_ms: Option<f64>,
}

impl WireError {
    /// `details.code`, by which refusals are told apart: the top-level code is often just `INVALID_REQUEST`.
    pub(crate) fn detail_code(&self) -> Option<&str> {
        self.detail("code")
    }

    pub(crate) fn detail(&self, key: &str) -> Option<&str> {
        self.details.get(key)?.as_str()
    }
}

#[derive(Deserialize)]
struct Raw {
    r#type: String,
    id: Option<String>,
    ok: Option<bool>,
    #[serde(default)]
    payload: Value,
    error: Option<Value>,
    event: Option<String>,
    seq: Option<f64>,
}

impl Incoming {
    /// Reads one text frame; the error says what is wrong with it without quoting it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let raw: Raw = serde_json::from_str(text)
            .map_err(|error| format!("not a frame: {:?} error at column {}", error.classify(), error.column()))?;
        match (raw.r#type.as_str(), raw.id, raw.event) {
            ("res", Some(id), _) => {
                let answer = if raw.ok == Some(true) {
                    Ok(raw.payload)
                } else {
                    Err(raw.error.and_then(|error| serde_json::from_value(error).ok()).unwrap_or_default())
                };
                Ok(Self::Response { id, answer })
            }
            ("event", _, Some(event)) => {
                Ok(Self::Event { event, payload: raw.payload, seq: raw.seq.map(|seq| seq as u64) })
            }
            ("res" | "event", ..) => Err("a frame without id or event".to_owned()),
            _ => Ok(Self::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Incoming, Request};

    #[test]
    fn a_request_holds_nothing_the_gateway_would_refuse() {
        let text = Request::new("r1", "cron.get", &json!({"id": "x"})).to_text();
        assert_eq!(text, r#"{"type":"req","id":"r1","method":"cron.get","params":{"id":"x"}}"#);
    }

    #[test]
    fn frames_are_read_leniently_and_garbage_is_not_quoted() {
        let event = Incoming::parse(r#"{"type":"event","event":"tick","seq":3.0,"new":[1],"payload":{}}"#);
        assert!(matches!(event, Ok(Incoming::Event { seq: Some(3), .. })), "{event:?}");
        let refused = Incoming::parse(r#"{"type":"res","id":"r1","ok":false,"error":{"code":"X","extra":1}}"#);
        assert!(
            matches!(&refused, Ok(Incoming::Response { answer: Err(error), .. }) if error.code == "X"),
            "{refused:?}"
        );
        let bare = Incoming::parse(r#"{"type":"res","id":"r1","ok":false,"error":"words"}"#);
        assert!(matches!(&bare, Ok(Incoming::Response { answer: Err(_), .. })), "an odd error is still one: {bare:?}");
        assert!(matches!(Incoming::parse(r#"{"type":"hint"}"#), Ok(Incoming::Other)));
        for garbage in ["", "null", "[1]", "<html>s3cret</html>", r#"{"type":"res"}"#, r#"{"type":"res","id":"#] {
            let why = Incoming::parse(garbage).expect_err("is no frame");
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
