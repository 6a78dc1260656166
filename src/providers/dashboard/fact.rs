//! What can be recognised on a page, one thing at a time.

use super::when::When;
use crate::domain::{Metric, Span};

/// One thing on the page, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// "weekly", "5-hour limit", "current session".
    Span(Span),
    /// "requests per minute", "TPM".
    Limit(Limit),
    /// "Opus only", "Gemini 3 Flash": what the numbers that follow are about.
    Model(String),
    /// Something beside chat.
    Feature(String),
    /// "All models".
    Everything,
    /// Paid use beyond the plan: what follows is not the quota.
    Beside,
    /// `of` a window that is named behind it: "63% of your weekly limit".
    Percent {
        percent: f64,
        of: bool,
    },
    /// "1,234 / 5,000 requests".
    Pair {
        used: f64,
        limit: f64,
        metric: Option<Metric>,
        of: bool,
    },
    /// A number that means something only in a column, or beside a word.
    Number(f64),
    /// "-", "unlimited": a cell without a number.
    NoNumber,
    Amount {
        amount: f64,
        currency: &'static str,
    },
    AmountPair {
        used: f64,
        limit: f64,
        currency: &'static str,
    },
    Way(Way),
    /// "usage", "用量": its percent is that of use, if nothing says otherwise.
    Usage,
    /// "balance", "余额".
    Balance,
    /// "total", "上限": the number beside it is the limit.
    Total,
    Reset(When),
    /// It speaks of a reset and gives no moment.
    ResetLead,
    /// "last 7 days": what follows is history.
    Chart,
    /// A line of other words.
    Text,
}

/// Which side of a limit a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Used,
    Left,
}

/// A rate of a metered account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) span: Span,
    pub(super) metric: Metric,
    /// `requests`, `input_tokens`.
    pub(super) name: &'static str,
}

impl Limit {
    pub(super) fn id(self) -> String {
        format!("{}_{}", self.name, self.span.id())
    }
}
