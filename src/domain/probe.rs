//! What a provider answered to a question that the gateway asked it with its own key.
//!
//! The words are the gateway's. It does not pass on what the provider wrote, only which kind of answer it
//! was, so a probe tells whether a provider serves, and seldom why not.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{ModelRef, coded};

coded! {
    /// How a probe ended.
    pub enum ProbeStatus {
        /// The model answered with a text: a run would go through.
        Ok = "ok",
        /// The key was refused, with 401 or 403.
        Auth = "auth",
        /// Money or quota, which the gateway does not tell apart: 402, and a 429 that speaks of either.
        Billing = "billing",
        /// Too many requests, or overloaded.
        RateLimit = "rate_limit",
        /// No answer, or no connection at all.
        Timeout = "timeout",
        /// The provider does not take this model or request.
        Format = "format",
        /// The gateway has no model to ask there; nothing was sent.
        NoModel = "no_model",
        /// A server error; or an empty answer; or nothing was sent, because the provider is not known, has
        /// no key, or an auth profile cools down.
        Unknown = "unknown",
    }
}

impl ProbeStatus {
    /// Whether the provider was certainly asked, so that this says something of it.
    #[must_use]
    pub const fn is_evidence(self) -> bool {
        !matches!(self, Self::NoModel | Self::Unknown)
    }
}

/// The answer to one probe. Of several credentials the best counts: one that serves is enough.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeAnswer {
    pub status: ProbeStatus,
    /// With the gateway's own work of a second or more, and with its retries; `None` when nothing was tried.
    pub latency: Option<SignedDuration>,
    /// A sentence of the gateway, never of the provider; `None` when it serves.
    pub detail: Option<String>,
    /// Which model the gateway chose to ask.
    pub model: Option<ModelRef>,
}
