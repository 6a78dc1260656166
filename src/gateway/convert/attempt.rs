//! Refused attempts of a run: the gateway's `agent` events.

use jiff::Timestamp;
use serde_json::Value;

use super::value::{at, moment, text};

/// What a provider answered to one attempt of a run, in the gateway's words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub session: String,
    pub provider: String,
    pub model: String,
    /// `rate_limit`, `overloaded`, `server_error`, …
    pub reason: String,
    /// A sentence of the gateway about it.
    pub error: String,
    pub at: Timestamp,
}

/// Reasons that say no more than that a run did not end well.
const SAYS_NOTHING: [&str; 5] = ["timeout", "unknown", "unclassified", "no_error_details", "empty_response"];

/// Reads a refused attempt; `None` for other events, for a reason that says nothing, and for the last
/// word on a run that was cut off, which repeats the reason beside a sentence of its own.
pub(crate) fn refusal_from(payload: &Value) -> Option<Refusal> {
    let data = at(payload, "data");
    let seen = at(data, "errorObservation");
    let cut_off = at(data, "aborted").as_bool() == Some(true);
    let reason = text(seen, "failoverReason").filter(|reason| !cut_off && !SAYS_NOTHING.contains(&reason.as_str()))?;
    Some(Refusal {
        session: text(payload, "sessionKey")?,
        provider: text(seen, "provider")?,
        model: text(seen, "model")?,
        reason,
        error: text(data, "error")?,
        at: moment(at(payload, "ts"))?,
    })
}
