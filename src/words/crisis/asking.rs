//! What is asked and said around the plans of a crisis, where there is no plan to speak of.

/// `crisis`, while it is being ended.
pub const IS_BEING_ENDED: &str =
    "It is being ended. Going back to its rules makes a new plan, which is shown before it is applied.";
pub const STAY_IN_CRISIS: &str = "Stop giving back, and stay in crisis mode?";
pub const STAYED_IN_CRISIS: &str = "crisis mode goes on; nothing of its plan was applied";
