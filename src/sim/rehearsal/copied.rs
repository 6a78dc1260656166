//! The copy of a world: its gateway with the crons, models and windows that are known, and a disk on which a life of the
//! program has left what it knew and owed.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::disk::Disk;
use super::super::gateway::{Gateway, defined};
use super::super::happening::{Call, Hand, Method, Verdict};
use super::super::vendor::Vendor;
use crate::domain::{
    AccountId, Cron, CronId, Fields, Fleet, Health, Hypothesis, Ledger, LedgerEntry, Observation, Payload, Remembered,
    Supposed,
};
use crate::engine::{Snapshot, supposed_world};
use crate::policy::Variant;

/// A limit of minutes that nobody put a time on.
const A_RATE_LIMIT: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct Copied {
    pub at: Timestamp,
    pub gateway: Gateway,
    pub disk: Disk,
    /// What the program did before, and still owes.
    pub done: Vec<Call>,
}

/// As it is when all of `supposed` is so but what is supposed to be down: that fails later.
pub(super) fn of(seen: &Snapshot, supposed: &Hypothesis) -> Copied {
    let mut first = supposed.clone();
    first.accounts.retain(|_, how| *how == Supposed::Back);
    let Variant { obs, settings } = supposed_world(seen, &first);
    let at = obs.at;
    let crons = obs.crons.values().filter(|cron| !cron.is_our_own()).map(|cron| (**cron).clone());
    let mut gateway = Gateway::copied(crons, (*obs.catalog).clone(), obs.fleet.windows.clone(), at);
    for (account, vendor) in &mut gateway.vendors {
        *vendor = vendor_of(&obs.fleet, account, at);
    }
    let (ledger, done) = owed(&obs.ledger, &gateway);
    let Observation { fleet, tiers, edited, down_since, .. } = obs;
    let remembered = Remembered { fleet, not_before: BTreeMap::new(), paid: Vec::new(), down_since };
    let mut disk = Disk::new(settings, (*tiers).clone()).after(&seen.crisis.state, &ledger, remembered, at);
    disk.pending.clone_from(&edited);
    disk.switches.clone_from(&seen.switches);
    Copied { at, gateway, disk, done }
}

/// How an account stands, as far as it is known: what has no end stays.
fn vendor_of(fleet: &Fleet, account: &AccountId, now: Timestamp) -> Vendor {
    match fleet.accounts.get(account).map(|vital| &vital.health) {
        Some(Health::LimitHit { resets_at }) => Vendor::UsedUp { resets_at: *resets_at },
        Some(Health::RateLimited) => Vendor::RateLimited { until: now + A_RATE_LIMIT },
        Some(Health::Overloaded) => Vendor::Overloaded,
        Some(Health::RefusedKey) => Vendor::KeyRefused,
        Some(Health::OutOfBalance) => Vendor::BalanceEmpty,
        Some(Health::Unreachable) => Vendor::Unreachable,
        // Its owner's word, which is in the settings.
        Some(Health::Unknown | Health::Up | Health::Strained | Health::ByHand { .. }) | None => Vendor::Serves,
    }
}

/// The debts with the revisions of the copy, and the calls that led to them.
fn owed(ledger: &Ledger, gateway: &Gateway) -> (Ledger, Vec<Call>) {
    let mut done = Vec::new();
    let mut owed = |(id, entry): (&CronId, &LedgerEntry)| {
        let mut entry = entry.clone();
        if let Some(now) = gateway.crons.get(id) {
            let before = with_fields(now, &entry.before);
            entry.revision_before.clone_from(&before.revision);
            entry.definition = before.definition.clone();
            done.push(Call {
                by: Hand::Engine(0),
                method: Method::Update,
                cron: id.clone(),
                patch: None,
                before: Some(before),
                after: Some(now.clone()),
                verdict: Verdict::Done,
            });
        }
        (id.clone(), entry)
    };
    let ledger = ledger.iter().map(&mut owed).collect();
    (ledger, done)
}

fn with_fields(cron: &Cron, fields: &Fields) -> Cron {
    let mut cron = cron.clone();
    cron.enabled = fields.enabled;
    if let Payload::AgentTurn(turn) = &mut cron.payload {
        turn.model.clone_from(&fields.model);
        turn.fallbacks.clone_from(&fields.fallbacks);
    }
    defined(cron)
}
