//! What is known before the diagnosis: who was asked what, and what came back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::{Billing, Service};

/// One answer of one provider, with what was known beforehand.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The provider id of the gateway, or a service's own name.
    pub provider: String,
    pub billing: Billing,
    pub plan: Option<String>,
    pub request: Request,
    /// An earlier reading of the quota.
    pub prior_quota: Vec<PriorWindow>,
    pub answer: Answer,
    pub now: Timestamp,
}

/// What was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub kind: Option<RequestKind>,
    pub url: Option<String>,
    pub model: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A job, in any of the shapes that APIs have for it.
    Job,
    Models,
    CountTokens,
    Quota,
    Balance,
}

/// A window of an earlier reading.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorWindow {
    pub id: String,
    pub used_percent: Option<f64>,
    pub reset_at: Option<Timestamp>,
    pub blocks_chat: bool,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// No HTTP answer; why, in the words of the one who tried.
    Nothing {
        transport_error: String,
    },
    Http {
        status: u16,
        headers: BTreeMap<String, String>,
        body: Body,
    },
    /// A body alone, such as somebody pasted.
    BodyOnly(Body),
    /// A sentence, such as the last error of a cron.
    Prose(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Empty,
    Json(Value),
    Text(String),
}

impl Evidence {
    /// A sentence of the gateway about a run, with the default billing of the provider.
    #[must_use]
    pub fn prose(provider: &str, text: &str, now: Timestamp) -> Self {
        Self {
            provider: provider.to_owned(),
            billing: default_billing(provider, None, None),
            plan: None,
            request: Request::default(),
            prior_quota: Vec::new(),
            answer: Answer::Prose(text.to_owned()),
            now,
        }
    }
}

/// How an account bills when nobody has said: by its service, and a plan is a plan.
#[must_use]
pub fn default_billing(provider: &str, url: Option<&str>, plan: Option<&str>) -> Billing {
    let named_plan = ["plan", "coding"].iter().any(|part| provider.to_ascii_lowercase().contains(part));
    if plan.is_some() || named_plan {
        return Billing::QuotaPlan;
    }
    Service::of(provider, url).default_billing()
}
