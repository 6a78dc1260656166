//! Short names of models, routes and vendors.
use super::Speech;
use crate::domain::{AccountId, Cron, ModelRef, RouteKey, VendorId};
/// The label of the route with that model, else the catalog's name, else the id.
pub fn model_name(model: &ModelRef, speech: &Speech<'_>) -> String {
    let _ = (model, speech);
    String::new()
}
/// What a cron's model is called on a card: a short name, "agent default", or the stored text when nothing lists it.
pub fn cron_model(cron: &Cron, speech: &Speech<'_>) -> String {
    let _ = (cron, speech);
    String::new()
}
pub fn route_name(route: &RouteKey, speech: &Speech<'_>) -> String {
    let _ = (route, speech);
    String::new()
}
pub fn vendor_name(vendor: &VendorId) -> String {
    let _ = vendor;
    String::new()
}
/// The letter in the coloured square.
pub fn vendor_letter(vendor: &VendorId) -> char {
    let _ = vendor;
    '?'
}
pub fn account_name(account: &AccountId) -> String {
    let _ = account;
    String::new()
}
