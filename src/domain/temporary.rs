//! Models that the user adds for a while: the last routes of their tiers until they expire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ModelRef, RouteKey, Tier};

/// A model added by hand: a configured one is the last route of its tiers until it expires, a
/// standby one is never chosen by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemporaryModel {
    /// Its key in `provider-tracking.json`.
    pub id: String,
    pub model: Option<ModelRef>,
    pub is_standby: bool,
    /// From the hint: `t1_t2` is both; `emergency_only` none.
    pub tiers: Vec<Tier>,
    pub expires_at: Option<Timestamp>,
}

/// No route of the settings is called so.
const PREFIX: &str = "temporary:";

impl RouteKey {
    /// The route of a temporary model.
    #[must_use]
    pub fn temporary(id: &str) -> Self {
        Self::new(format!("{PREFIX}{id}"))
    }

    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.as_str().starts_with(PREFIX)
    }
}
