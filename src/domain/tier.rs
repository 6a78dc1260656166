//! How demanding a cron is, and what the user decided about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CronId, ModelRef, RouteKey};

/// Task complexity, from a script that reports OK to strategy and long context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    T1,
    T2,
    T3,
}

impl Tier {
    pub const ALL: [Self; 3] = [Self::T1, Self::T2, Self::T3];

    /// 1, 2 or 3, as `cron-tiers.json` writes it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::T1 => 1,
            Self::T2 => 2,
            Self::T3 => 3,
        }
    }

    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::T1),
            2 => Some(Self::T2),
            3 => Some(Self::T3),
            _ => None,
        }
    }

    /// "T1", "T2", "T3".
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::T3 => "T3",
        }
    }
}

/// What the user decided about one cron: an entry of `cron-tiers.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TierEntry {
    pub tier: Tier,
    /// Must keep running in a crisis.
    #[serde(default)]
    pub critical: bool,
    /// A critical cron exceeds the cost guard only when the user said so once.
    #[serde(default)]
    pub above_guard: bool,
    /// The user fixed this cron's model; it is never re-routed.
    #[serde(default)]
    pub pinned: Option<Pin>,
    /// Automatic changes leave this cron alone until the hold is lifted or its tier changes.
    #[serde(default)]
    pub hold: Option<Hold>,
    /// The user sent it elsewhere for a while, so that a quota lasts.
    #[serde(default)]
    pub detour: Option<Detour>,
    /// The user agreed once that an edit may cost this agent-made cron its stored authority.
    #[serde(default)]
    pub edit_agent_made: bool,
    /// The user said that this one-shot may be paused like any other cron.
    #[serde(default)]
    pub may_miss_one_shot: bool,
    /// Automation never changes it by itself.
    #[serde(default)]
    pub ask_first: bool,
    #[serde(default)]
    pub note: Option<String>,
}

impl TierEntry {
    #[must_use]
    pub fn new(tier: Tier) -> Self {
        Self {
            tier,
            critical: false,
            above_guard: false,
            pinned: None,
            hold: None,
            detour: None,
            edit_agent_made: false,
            may_miss_one_shot: false,
            ask_first: false,
            note: None,
        }
    }

    /// The entry after its cron was sorted into `tier`: a new tier lifts a hold and ends a detour, the rest stays.
    #[must_use]
    pub fn sorted(old: Option<&Self>, tier: Tier) -> Self {
        match old {
            None => Self::new(tier),
            Some(old) if old.tier == tier => old.clone(),
            Some(old) => Self { tier, hold: None, detour: None, ..old.clone() },
        }
    }
}

/// The model a pinned cron stays on; `None` means the one it has, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub model: Option<ModelRef>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub since: Timestamp,
    pub why: HoldReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldReason {
    /// The user undid a switch of this cron.
    Undone,
    ByHand,
}

/// A route of its chain that a cron prefers until then, while that serves; afterwards its chain decides again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detour {
    pub route: RouteKey,
    pub until: Timestamp,
}

/// Which crons are sent where.
pub type Detours = BTreeMap<CronId, Detour>;

/// The whole mapping, in the order of ids.
pub type TierMap = BTreeMap<CronId, TierEntry>;
