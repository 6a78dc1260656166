//! Crons of this program's own, and runs that it asks for: the gateway's `cron.add` and `cron.run`.

use serde_json::{Value, json};

use super::super::client::{OneShot, RunAsked};
use super::value::{flag, text};

/// A one-shot as `cron.add` takes it.
pub(crate) fn one_shot_to(shot: &OneShot) -> Value {
    json!({
        "name": shot.name,
        "declarationKey": shot.key,
        // One that failed stays switched off, and would also when it is moved.
        "enabled": true,
        "deleteAfterRun": true,
        "schedule": { "kind": "at", "at": format!("{:.3}", shot.at) },
        "sessionTarget": "isolated",
        "wakeMode": "now",
        "payload": { "kind": "command", "argv": shot.argv },
        "delivery": { "mode": "none" },
    })
}

/// `None` when the answer says neither.
pub(crate) fn run_asked_from(answer: &Value) -> Option<RunAsked> {
    if flag(answer, "enqueued") == Some(true) {
        return Some(RunAsked::Queued);
    }
    text(answer, "reason").map(|reason| RunAsked::NotRun { reason })
}
