//! Health and outage in words that lead to the right action.
use super::Speech;
use crate::domain::{AccountId, Health, Outage, OutageLevel, VendorDown};
/// "Healthy", "Degraded", "Crisis".
pub fn level(level: OutageLevel) -> &'static str {
    let _ = level;
    ""
}
/// The sentence beside the pill: "MiniMax: out of credits since 21:04", or that all serve.
pub fn outage(outage: &Outage, speech: &Speech<'_>) -> String {
    let _ = (outage, speech);
    String::new()
}
pub fn vendor_down(down: &VendorDown, speech: &Speech<'_>) -> String {
    let _ = (down, speech);
    String::new()
}
/// "quota limit hit — resets today 18:00": never a money word unless the account is prepaid.
pub fn health(health: &Health, account: &AccountId, speech: &Speech<'_>) -> String {
    let _ = (health, account, speech);
    String::new()
}
