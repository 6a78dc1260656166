//! What the program proposes: a tier for an unsorted cron, a model for a route.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{ModelRef, RouteKey, Tier};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub tier: Tier,
    pub why: SuggestionReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuggestionReason {
    /// Its message asks for a heartbeat or the result of a script.
    ReportsOk {
        word: String,
    },
    ReadsAndDecides {
        word: String,
    },
    ThinksOrWrites {
        word: String,
    },
    RunsOften {
        every: SignedDuration,
    },
    LongMessage {
        n_chars: usize,
    },
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteMatch {
    pub route: RouteKey,
    pub label: String,
    /// What is or would be used.
    pub model: Option<ModelRef>,
    /// Best first.
    pub candidates: Vec<ModelRef>,
    pub certainty: MatchCertainty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchCertainty {
    /// The user confirmed it, or set it.
    Confirmed,
    /// One candidate fits and nothing else comes near: used without asking.
    Sure,
    /// Several fit: the user is asked, and until then the route is not set up.
    Asks,
    /// The gateway lists nothing that fits: not set up.
    NoModel,
}
