//! What a person does on the way to an account: a test before it is saved, and its key.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::super::effect::{Effect, Look};
use super::super::super::{Done, Event, Ticket, World};
use super::paid_left;
use crate::domain::{
    AccountId, AccountTest, CheckReport, KeySource, KeyState, ProblemKind, ProviderAccount, Refusal, Secret,
};
use crate::providers::Paid;

const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug)]
pub(super) struct Test {
    id: u64,
    account: AccountId,
    deadline: Timestamp,
    found: Option<(Arc<CheckReport>, KeyState)>,
}

impl Test {
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.found.is_none().then_some(self.deadline)
    }

    pub(super) fn picture(&self) -> AccountTest {
        match &self.found {
            None => AccountTest::Running { account: self.account.clone() },
            Some((report, key)) => AccountTest::Done { report: report.clone(), key: key.clone() },
        }
    }
}

/// Looks at an account that is kept nowhere yet. A newer test takes the place of an older one.
pub fn test_account(
    world: &mut World,
    account: ProviderAccount,
    key: Option<Secret>,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    if let Some(until) = world.checks.not_before.get(&account.id).filter(|until| **until > now) {
        return Err(Refusal::ToldToWait { account: account.id, until: *until });
    }
    world.checks.last_id += 1;
    let id = world.checks.last_id;
    let deadline = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
    world.checks.test = Some(Test { id, account: account.id.clone(), deadline, found: None });
    world.dirty.plan = true;
    // Without a key of its own only a model that is known can be asked for; the free questions need none.
    let routed = world.effective.routes.values().filter_map(|route| route.model.as_ref());
    let model = routed.chain(world.catalog.models.keys()).find(|model| model.account() == account.id);
    let model = model.map(|model| model.model().to_owned());
    let paid = if paid_left(world, now) > 0 { Paid::LastResort { last_at: None } } else { Paid::Never };
    Ok(vec![Effect::Look { id, look: Box::new(Look { account, key, model, prior: Vec::new(), paid, at: now }) }])
}

pub fn dismiss(world: &mut World) {
    world.checks.test = None;
    world.dirty.plan = true;
}

/// `None`: the answer belongs to no test.
pub(super) fn looked(world: &mut World, id: u64, report: &CheckReport, key: &KeyState) -> Option<Vec<Effect>> {
    let test = world.checks.test.as_mut().filter(|test| test.id == id && test.found.is_none())?;
    test.found = Some((Arc::new(report.clone()), key.clone()));
    if let Some(until) = report.requests.iter().filter_map(|asked| asked.retry_at).max() {
        world.checks.not_before.insert(report.account.clone(), until);
    }
    if report.paid() {
        super::note_paid(world, &report.account, report.checked_at, report.tokens_spent);
    }
    world.dirty.plan = true;
    Some(Vec::new())
}

pub(super) fn expire(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if let Some(test) = world.checks.test.as_mut().filter(|test| test.deadline().is_some_and(|until| until <= now)) {
        // Nothing came back: that is a result, too.
        test.found = Some((Arc::new(CheckReport::nothing(test.account.clone(), now)), KeyState::NotLookedFor));
        world.dirty.plan = true;
    }
    Vec::new()
}

/// Puts a key into the desktop's keychain, or takes it out.
pub fn keep_key(
    world: &World,
    ticket: Ticket,
    account: &AccountId,
    key: Option<Secret>,
) -> Result<Vec<Effect>, Refusal> {
    if world.folder.is_none() {
        return Err(Refusal::NotConnected);
    }
    let account = Box::new(world.settings.account(account));
    Ok(vec![Effect::KeepKey { ticket, account, key }])
}

pub fn key_kept(
    world: &mut World,
    ticket: Ticket,
    account: &AccountId,
    result: Result<(), String>,
    now: Timestamp,
) -> Vec<Effect> {
    let event = match result {
        Ok(()) => {
            // Looked for anew, and tried at once.
            world.checks.keys.remove(account);
            if world.accounts.get(account).is_some_and(|own| own.key == KeySource::Keychain) {
                world.checks.looked_at.remove(account);
                world.checks.not_before.remove(account);
                world.checks.all_at = world.checks.all_at.map(|at| at.min(now));
            }
            world.dirty.plan = true;
            world.clear(&format!("key/{account}"));
            Event::Done { ticket, what: Done::Quietly }
        }
        Err(detail) => {
            let own = world.settings.account(account);
            let problem = ProblemKind::KeyNotKept { account: own.label, detail };
            if own.key == KeySource::Keychain {
                // It stays until somebody reads it: without its key the account is not looked at.
                world.raise(format!("key/{account}"), problem.clone(), now);
            }
            Event::Refused { ticket, why: Refusal::Problem(problem) }
        }
    };
    vec![Effect::Emit(event)]
}
