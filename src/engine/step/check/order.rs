//! What one account is asked in a round, or why it is not asked at all.

use jiff::Timestamp;

use super::super::super::World;
use super::super::super::effect::Look;
use super::super::record;
use super::{useful, vantage, watched};
use crate::domain::{AccountId, KeySource, ModelRef, ProviderAccount, is_loopback_url};
use crate::policy::{self, Demand, Vantage};
use crate::providers::Paid;

/// Why a round looks at an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Due,
    /// A person asked.
    OnDemand,
    /// Whether the network is at fault: the host is enough.
    Network,
}

/// `None`: there is nothing that asking from here could tell.
pub(super) fn order(world: &World, id: &AccountId, why: Why, paid_left: u32, now: Timestamp) -> Option<Look> {
    let account = world.accounts.get(id)?;
    if world.checks.not_before.get(id).is_some_and(|until| *until > now) {
        return None;
    }
    let keyless = account.key == KeySource::Gateway && !account.service.is_local();
    let here = vantage(world) == Vantage::Shared;
    let suspected = world.checks.suspects.iter().any(|suspect| suspect.run.provider.as_deref() == Some(id.as_str()));
    let watched = watched(world, id);
    let in_doubt = suspected || watched.in_doubt() || watched.vital.is_some_and(|vital| vital.health.fails());
    // A host alone tells only where the gateway would meet the same, and only when something is wrong.
    if keyless && !(here && (why != Why::Due || in_doubt)) {
        return None;
    }
    // A service on this computer is another one than that of the gateway's.
    if account.service.is_local() && !here && is_here(account) {
        return None;
    }
    if why == Why::Due && !useful(world, id, now) {
        return None;
    }
    let may_pay = why != Why::Network && paid_left > 0;
    let demand = if why == Why::OnDemand { Demand::All } else { Demand::Due };
    let due = policy::paid_due(watched, demand, &world.effective, now);
    let paid =
        if may_pay && due.is_some_and(|at| at <= now) { Paid::LastResort { last_at: None } } else { Paid::Never };
    Some(Look {
        account: account.clone(),
        key: None,
        model: model(world, id),
        prior: record::prior(world, id),
        paid,
        at: now,
    })
}

fn is_here(account: &ProviderAccount) -> bool {
    account.base_url.as_deref().is_none_or(is_loopback_url)
}

/// The model that its crons would run, the cheapest by its price; else any that the gateway lists.
fn model(world: &World, id: &AccountId) -> Option<String> {
    let settings = &world.effective;
    let routed =
        settings.routes.values().filter_map(|route| route.model.as_ref()).filter(|model| model.account() == *id);
    let price = |model: &&ModelRef| settings.price_of(model).map_or(f64::MAX, |price| price.output.0);
    let cheapest = routed.min_by(|a, b| price(a).total_cmp(&price(b)));
    let listed = || world.catalog.models.keys().find(|model| model.account() == *id);
    cheapest.or_else(listed).map(|model| model.model().to_owned())
}
