//! What a usage page of a provider says: its windows, and what on it was not understood.
//!
//! Invariant: a number is a window only when the page itself says which window it is and whether it
//! counts what was used or what is left; everything else is a note.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Allowance, Money, Service, coded};

coded! {
    /// How plainly a page said what was read from it.
    pub enum ReadingConfidence {
        /// Something was left open, or only limits are shown.
        Low = "low",
        /// By the usual meaning: a percent beside "usage", "12 / 50".
        Medium = "medium",
        /// In so many words: "63% used".
        High = "high",
    }
}

/// A page, read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DashboardReading {
    pub service: Service,
    /// When the page was seen: its "in 3 hours" counts from here.
    pub seen_at: Timestamp,
    /// A window of which the page shows the limit but not the use has no `used_percent`.
    pub windows: Vec<Allowance>,
    /// Only of accounts that are billed from prepaid credits.
    pub money: Option<Money>,
    /// As the page calls it.
    pub plan: Option<String>,
    pub notes: Vec<DashboardNote>,
    /// That of the least certain window.
    pub confidence: ReadingConfidence,
}

/// What was seen and not understood, or left out on purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DashboardNote {
    /// A number of a window that may be used or left.
    UsedOrLeft {
        window: String,
        number: String,
    },
    /// A percent used or left without a window it could belong to.
    NoWindow {
        number: String,
    },
    /// Two numbers for one window that do not agree; neither was taken.
    Disagree {
        window: String,
        numbers: Vec<String>,
    },
    /// It says when it resets, but not in a way that gives a moment.
    ResetUnclear {
        window: String,
        text: String,
    },
    /// It resets before the page was seen: the page is older than that.
    ResetPast {
        window: String,
    },
    /// A row of a table whose cells do not fit its columns.
    Cells {
        row: String,
    },
    /// Amounts beside the quota of an account that is not billed from them.
    AmountsLeftOut,
    /// The page belongs to another kind of account of the same vendor.
    Sibling {
        service: Service,
    },
    /// Nothing on it says whose it is, but other services are named.
    MaybeOther {
        service: Service,
    },
    CutOff,
    /// Notes beyond those listed.
    More {
        n: usize,
    },
}
