//! Crons of this program's own, and runs that it asks for: the gateway's `cron.add` and `cron.run`.

use serde_json::{Value, json};

use super::super::client::{OneShot, RunAsked};
use super::value::{flag, text};
use crate::domain::{OWNER_KEY, OwnerMark};

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

/// Between two runs of a mark, should somebody switch it on: the gateway takes no cron that never runs, and no date
/// beyond ten years.
const A_CENTURY_MS: u64 = 36_500 * 24 * 60 * 60 * 1000;

/// A mark as `cron.add` takes it. Only what it is called tells one from another: all else must be the same in each, or
/// the gateway would take it for a change.
pub(crate) fn mark_to(mark: &OwnerMark) -> Value {
    json!({
        "name": mark.name(),
        "description": mark.description(),
        "declarationKey": OWNER_KEY,
        "enabled": false,
        "schedule": { "kind": "every", "everyMs": A_CENTURY_MS },
        "sessionTarget": "isolated",
        "wakeMode": "next-heartbeat",
        "payload": { "kind": "command", "argv": ["true"] },
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn two_marks_differ_in_nothing_that_the_gateway_takes_for_a_change() {
        let mark = |host: &str| {
            let (folder, host) = (format!("folder of {host}"), host.to_owned());
            mark_to(&OwnerMark { folder, host, since: Timestamp::UNIX_EPOCH })
        };
        let (mut first, mut second) = (mark("nas"), mark("laptop"));
        assert_ne!(first, second);
        for said in ["name", "description"] {
            first[said].take();
            second[said].take();
        }
        assert_eq!(first, second);
        assert_eq!((&first["enabled"], &first["delivery"]["mode"]), (&json!(false), &json!("none")));
    }
}
