//! What the built-in demo's providers can be told.

use crate::domain::DemoOutage;

/// How a demo provider answers from now on.
#[must_use]
pub const fn demo_outage(outage: DemoOutage) -> &'static str {
    match outage {
        DemoOutage::Serving => "Serves",
        DemoOutage::QuotaExhausted => "Quota limit hit",
        DemoOutage::SpendLimit => "Spending limit reached",
        DemoOutage::OutOfCredits => "Out of credits",
        DemoOutage::MoneyWords => "A limit, told in words of money",
        DemoOutage::RateLimited => "Rate limited",
        DemoOutage::Overloaded => "Overloaded",
        DemoOutage::RefusedKey => "Refuses the key",
        DemoOutage::ServerError => "Server errors",
        DemoOutage::Unreachable => "Not reachable",
    }
}
