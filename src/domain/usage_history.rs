//! What was seen of quotas and runs over months: what a forecast learns from, and what its curves are drawn from.
//!
//! Gaps are normal: nobody looked while the program was closed. What is missing is missing, never filled in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountId, CronId, Metric, ModelRef, ModelScope, Source, Span, TokenUsage};

/// One reading of one window that said something new.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuotaSample {
    pub at: Timestamp,
    /// Share used up: 0.0 untouched, 1.0 exhausted.
    pub used_ratio: f64,
    /// As it was told then; it may move.
    pub resets_at: Option<Timestamp>,
    pub source: Source,
}

/// The readings of one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowHistory {
    pub span: Option<Span>,
    pub metric: Option<Metric>,
    pub covers: ModelScope,
    /// Oldest first, each moment once.
    pub samples: Vec<QuotaSample>,
}

/// What is remembered of one finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    pub cron: CronId,
    /// When it started.
    pub at: Timestamp,
    pub duration: Option<SignedDuration>,
    /// What really ran, after aliases and fallbacks; `None` when it was refused before a model was chosen.
    pub model: Option<ModelRef>,
    /// Only those that ended well are known to have used something.
    pub well: bool,
    /// The gateway tells none of failed runs.
    pub tokens: Option<TokenUsage>,
}

/// Everything that is remembered, as far back as the settings keep it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageHistory {
    /// By account and the label of the window.
    pub windows: BTreeMap<(AccountId, String), WindowHistory>,
    /// By start, then by cron.
    pub runs: Vec<PastRun>,
}
