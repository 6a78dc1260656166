//! What the built-in demo's providers can be told.

use crate::domain::DemoOutage;

/// Every way in which a demo provider can answer, its good days first.
pub const DEMO_OUTAGES: &[DemoOutage] = &[
    DemoOutage::Serving,
    DemoOutage::QuotaExhausted,
    DemoOutage::OutOfCredits,
    DemoOutage::Overloaded,
    DemoOutage::RefusedKey,
    DemoOutage::RateLimited,
];

#[must_use]
pub const fn demo_outage(outage: DemoOutage) -> &'static str {
    match outage {
        DemoOutage::Serving => "Serves",
        DemoOutage::QuotaExhausted => "Quota limit hit",
        DemoOutage::OutOfCredits => "Out of credits",
        DemoOutage::Overloaded => "Overloaded",
        DemoOutage::RefusedKey => "Refuses the key",
        DemoOutage::RateLimited => "Rate limited",
    }
}
