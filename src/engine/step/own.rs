//! The one-shots on the gateway that wake this program when an account is expected back.

use jiff::Timestamp;

use super::super::World;
use super::super::effect::Effect;
use crate::domain::{AccountId, Cron, CronId};

pub fn placed(_world: &mut World, account: &AccountId, result: Result<Cron, String>, _now: Timestamp) -> Vec<Effect> {
    tracing::info!(%account, ok = result.is_ok(), "a recovery check was placed");
    Vec::new()
}

pub fn removed(_world: &mut World, cron: &CronId, result: Result<(), String>, _now: Timestamp) -> Vec<Effect> {
    tracing::info!(%cron, ?result, "a recovery check was removed");
    Vec::new()
}
