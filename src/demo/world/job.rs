//! One job: its definition, its state, and the three ways the protocol shows it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::outcome::Outcome;
use crate::demo::schedule;

/// A job of the demo's gateway. `def` holds everything a client may edit, `state` what the
/// gateway notes for itself.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Job {
    pub def: Map<String, Value>,
    pub state: Map<String, Value>,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub run: Option<Run>,
}

/// A run that is under way; how it will end was decided when it began.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Run {
    pub started_ms: i64,
    pub ends_ms: i64,
    /// Only manual runs have one.
    pub manual_id: Option<String>,
    pub outcome: Outcome,
}

impl Job {
    pub fn id(&self) -> &str {
        self.text("id")
    }

    pub fn text(&self, key: &str) -> &str {
        self.def.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn enabled(&self) -> bool {
        self.def.get("enabled").and_then(Value::as_bool).unwrap_or(true)
    }

    pub fn payload(&self, key: &str) -> Option<&Value> {
        self.def.get("payload")?.get(key)
    }

    pub fn payload_kind(&self) -> &str {
        self.payload("kind").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn schedule(&self) -> &Value {
        self.def.get("schedule").unwrap_or(&Value::Null)
    }

    /// Monitor jobs that no client may edit.
    pub fn gateway_owned(&self) -> bool {
        let key = self.text("declarationKey");
        key.starts_with("heartbeat:") || key.starts_with("skill-collection-review:")
    }

    pub fn next_run_ms(&self) -> Option<i64> {
        self.state.get("nextRunAtMs").and_then(Value::as_i64)
    }

    pub fn errors(&self) -> u64 {
        self.state.get("consecutiveErrors").and_then(Value::as_u64).unwrap_or(0)
    }

    /// Sets when it runs next: never while it is off, later while it backs off after errors.
    pub fn reschedule(&mut self, now_ms: i64) {
        let next =
            if self.enabled() { schedule::next_run(self.schedule(), self.id(), now_ms, self.created_ms) } else { None };
        match next {
            Some(next) => {
                let next = next.max(self.backs_off_until(now_ms));
                self.state.insert("nextRunAtMs".into(), next.into());
            }
            None => {
                self.state.shift_remove("nextRunAtMs");
            }
        }
    }

    fn backs_off_until(&self, now_ms: i64) -> i64 {
        const MINUTE: i64 = 60_000;
        now_ms
            + match self.errors() {
                0 => 0,
                1 => 30_000,
                2 => MINUTE,
                3 => 5 * MINUTE,
                4 => 15 * MINUTE,
                _ => 60 * MINUTE,
            }
    }

    /// A hash of the definition without its state: undoing an edit brings the old value back.
    pub fn revision(&self) -> String {
        let canonical = canonical(&Value::Object(self.def.clone()));
        format!("sha256:{}", URL_SAFE_NO_PAD.encode(Sha256::digest(canonical.to_string())))
    }

    /// As events carry it: without a revision.
    pub fn in_event(&self) -> Value {
        let mut shown = self.def.clone();
        shown.insert("createdAtMs".into(), self.created_ms.into());
        shown.insert("state".into(), Value::Object(self.state.clone()));
        shown.insert("updatedAtMs".into(), self.updated_ms.into());
        Value::Object(shown)
    }

    /// As `cron.get` and `cron.update` answer it.
    pub fn whole(&self) -> Value {
        let mut shown = self.in_event();
        shown["configRevision"] = self.revision().into();
        let copies = [
            ("nextRunAtMs", "nextRunAtMs"),
            ("lastRunAtMs", "lastRunAtMs"),
            ("lastRunStatus", "lastRunStatus"),
            ("lastError", "lastRunError"),
            ("lastDelivered", "lastDelivered"),
            ("lastDeliveryStatus", "lastDeliveryStatus"),
            ("lastFailureNotificationDeliveryStatus", "lastFailureNotificationDeliveryStatus"),
        ];
        for (from, to) in copies {
            if let Some(value) = self.state.get(from) {
                shown[to] = value.clone();
            }
        }
        shown
    }

    /// As `cron.list` shows it.
    pub fn in_list(&self) -> Value {
        let mut shown = self.whole();
        let agent = self.def.get("agentId").cloned().unwrap_or_else(|| "main".into());
        shown["effectiveAgentId"] = agent;
        shown
    }
}

/// The same value with every object's keys in order.
pub(super) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            entries.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        other => other.clone(),
    }
}
