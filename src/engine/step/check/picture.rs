//! What the faces see of the checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::super::World;
use super::DAY;
use crate::domain::{AccountId, KeySource, KeyState, Look, Looks, ProviderAccount, Round};

pub(super) fn draw(world: &mut World, now: Timestamp) {
    let checks = &world.checks;
    let accounts: BTreeMap<AccountId, Look> = world
        .accounts
        .iter()
        .map(|(id, account)| {
            let look = Look {
                report: checks.reports.get(id).cloned(),
                due_at: checks.early.get(id).copied().into_iter().chain(checks.all_at).min(),
                not_before: checks.not_before.get(id).copied().filter(|until| *until > now),
                key: checks.keys.get(id).cloned().unwrap_or_else(|| before_looking(account)),
            };
            (id.clone(), look)
        })
        .collect();
    let recent = checks.paid.iter().filter(|paid| now.duration_since(paid.at) < DAY);
    let looks = Looks {
        round: checks.round.as_ref().map(|round| Round {
            started_at: round.started_at,
            asked: round.asked.clone(),
            left: round.left.iter().chain(round.probing.iter().flatten()).cloned().collect(),
        }),
        next_at: accounts.values().filter_map(|look| look.due_at).min(),
        offline_since: checks.offline_since,
        paid: u32::try_from(recent.clone().count()).unwrap_or(u32::MAX),
        tokens_spent: recent.map(|paid| paid.tokens).sum(),
        test: checks.test.as_ref().map(super::account::Test::picture),
        accounts,
    };
    if *world.looks != looks {
        world.looks = Arc::new(looks);
        world.dirty.shown = true;
    }
}

fn before_looking(account: &ProviderAccount) -> KeyState {
    match account.key {
        _ if account.service.is_local() => KeyState::NotNeeded,
        KeySource::Gateway => KeyState::OfGateway,
        _ => KeyState::NotLookedFor,
    }
}
