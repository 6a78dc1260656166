//! What automation may do, in words.

use crate::domain::AutomationLevel;

/// "Observe", "Ask", "Act within limits".
#[must_use]
pub fn automation_level(level: AutomationLevel) -> &'static str {
    match level {
        AutomationLevel::Observe => "Observe",
        AutomationLevel::Ask => "Ask",
        AutomationLevel::ActWithinLimits => "Act within limits",
    }
}

/// What that level means.
#[must_use]
pub fn automation_means(level: AutomationLevel) -> &'static str {
    match level {
        AutomationLevel::Observe => "Watches and shows, and puts nothing on the gateway that you did not ask for",
        AutomationLevel::Ask => "Offers what should be done, and waits for your click",
        AutomationLevel::ActWithinLimits => {
            "Does by itself what the health of providers alone causes, within the limits below"
        }
    }
}
