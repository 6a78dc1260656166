//! `settings.json`: what the user set, as differences from the defaults.
//!
//! A view, like `tiers`. Every field is optional; a bad value costs only itself and stays in the
//! file until it is changed. Routes and prices lie over the default ones; `null` takes one out.
//! Durations are numbers with their unit in the key. Documented in `state/README.md`.

mod accounts;
#[cfg(test)]
mod laws;
mod read;
#[cfg(test)]
mod tests;
mod windows;
mod write;

pub(super) use accounts::drop_literal_keys;
pub use accounts::is_key_source;
pub use read::read;
pub use write::patched;

use crate::domain::{AutomationLevel, Billing, ChainOrder, Period, Region, ThemeChoice};

use super::writer::code_of;

const ORDERS: &[(ChainOrder, &str)] =
    &[(ChainOrder::Listed, "listed"), (ChainOrder::Cheapest, "cheapest"), (ChainOrder::Smartest, "smartest")];
const LEVELS: &[(AutomationLevel, &str)] = &[
    (AutomationLevel::Observe, "observe"),
    (AutomationLevel::Ask, "ask"),
    (AutomationLevel::ActWithinLimits, "act_within_limits"),
];
const THEMES: &[(ThemeChoice, &str)] =
    &[(ThemeChoice::System, "system"), (ThemeChoice::Light, "light"), (ThemeChoice::Dark, "dark")];
const BILLINGS: &[(Billing, &str)] = &[
    (Billing::QuotaPlan, "quota_plan"),
    (Billing::RateTier, "rate_tier"),
    (Billing::PrepaidCredits, "prepaid_credits"),
    (Billing::Local, "local"),
];

const PERIODS: &[(Period, &str)] =
    &[(Period::Week, "week"), (Period::Month, "month"), (Period::Quarter, "quarter"), (Period::Year, "year")];
const REGIONS: &[(Region, &str)] = &[(Region::Global, "global"), (Region::China, "china")];
