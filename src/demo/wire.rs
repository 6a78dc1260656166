//! Frames of the gateway's protocol 4, as this side of the socket builds and reads them.

use serde_json::{Map, Value, json};

/// Who is calling: what the handshake granted to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The device, or the connection where there is none: write limits count by this.
    pub id: String,
    pub scopes: Vec<String>,
    pub caps: Vec<String>,
}

impl Caller {
    /// An operator who may do everything.
    #[must_use]
    pub fn admin(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            scopes: vec!["operator.read".to_owned(), "operator.admin".to_owned()],
            caps: Vec::new(),
        }
    }

    pub(super) fn holds(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope || held == "operator.admin")
    }

    pub(super) fn has_cap(&self, cap: &str) -> bool {
        self.caps.iter().any(|held| held == cap)
    }
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub id: String,
    pub method: String,
    pub params: Value,
}

impl Request {
    #[must_use]
    pub fn new(method: &str, params: Value) -> Self {
        Self { id: "r".to_owned(), method: method.to_owned(), params }
    }

    /// Reads a request frame.
    ///
    /// `Err(None)`: not JSON or not an object. `Err(Some(..))`: refused, with the id to answer to.
    pub(super) fn parse(text: &str) -> Result<Self, Option<(String, Fault)>> {
        let Ok(Value::Object(frame)) = serde_json::from_str(text) else { return Err(None) };
        let id = frame.get("id").and_then(Value::as_str).unwrap_or("invalid").to_owned();
        let refuse = |why: &str| Err(Some((id.clone(), Fault::invalid(format!("invalid request frame: {why}")))));
        if frame.get("type").and_then(Value::as_str) != Some("req") {
            return refuse("at /type: must be equal to constant");
        }
        if let Some(unknown) = frame.keys().find(|key| !["type", "id", "method", "params"].contains(&key.as_str())) {
            return refuse(&format!("at root: unexpected property '{unknown}'"));
        }
        let Some(method) = frame.get("method").and_then(Value::as_str).filter(|method| !method.is_empty()) else {
            return refuse("at root: must have required property 'method'");
        };
        let params = frame.get("params").cloned().unwrap_or_else(|| json!({}));
        Ok(Self { id: id.clone(), method: method.to_owned(), params })
    }
}

/// A call that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub code: &'static str,
    pub message: String,
    /// Boxed, because a fault is what every answer might be.
    pub details: Option<Box<Value>>,
    pub retryable: bool,
    pub retry_after_ms: Option<i64>,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, retryable: false, retry_after_ms: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new("INVALID_REQUEST", message)
    }

    pub(super) fn with(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    pub(super) fn retry_after(mut self, ms: i64) -> Self {
        self.retryable = true;
        self.retry_after_ms = Some(ms);
        self
    }

    /// `details.code`, where the fault has one.
    #[must_use]
    pub fn detail_code(&self) -> Option<&str> {
        self.details.as_ref()?.get("code")?.as_str()
    }

    fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".into(), self.code.into());
        error.insert("message".into(), self.message.clone().into());
        if self.retryable {
            error.insert("retryable".into(), true.into());
        }
        if let Some(ms) = self.retry_after_ms {
            error.insert("retryAfterMs".into(), ms.into());
        }
        if let Some(details) = &self.details {
            error.insert("details".into(), Value::clone(details));
        }
        Value::Object(error)
    }
}

/// Something every connection is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: &'static str,
    pub payload: Value,
}

/// What a call leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub answer: Result<Value, Fault>,
    pub events: Vec<Event>,
}

impl From<Result<Value, Fault>> for Reply {
    fn from(answer: Result<Value, Fault>) -> Self {
        Self { answer, events: Vec::new() }
    }
}

pub(super) fn response(id: &str, answer: &Result<Value, Fault>) -> Value {
    match answer {
        Ok(payload) => json!({ "type": "res", "id": id, "ok": true, "payload": payload }),
        Err(fault) => json!({ "type": "res", "id": id, "ok": false, "error": fault.to_json() }),
    }
}

/// The challenge has no `seq`; everything after the handshake has one.
pub(super) fn event(event: &Event, seq: Option<u64>) -> Value {
    let mut frame = json!({ "type": "event", "event": event.name, "payload": event.payload });
    if let Some(seq) = seq {
        frame["seq"] = seq.into();
    }
    frame
}
