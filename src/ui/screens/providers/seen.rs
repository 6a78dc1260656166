//! What the screen knows of each account in one frame, from all parts of a snapshot.

use crate::domain::{
    AccountId, Health, HealthState, KeySource, KeyState, MoneyRead, ProviderAccount, Service, VendorId, known_vendor,
    vendor_of,
};
use crate::engine::Snapshot;
use crate::ui::widgets::Tone;
use crate::words::{self, AccountSaid, AccountSeen, Speech, Standing};

/// One account, seen from all sides, with how it stands in words.
pub(in crate::ui::screens) struct Seen<'a> {
    pub of: AccountSeen<'a>,
    pub money: Option<&'a MoneyRead>,
    /// The plan by the name that its provider calls it.
    pub plan: Option<&'a str>,
    pub said: AccountSaid,
    /// Its answer in the round that is under way is still out.
    pub awaited: bool,
}

impl<'a> Seen<'a> {
    pub fn account(&self) -> &'a ProviderAccount {
        self.of.account
    }

    pub fn id(&self) -> &'a AccountId {
        &self.of.account.id
    }

    pub fn label(&self) -> &'a str {
        label(self.of.account)
    }

    /// Where its key is. Of an account that the gateway does not know nobody can say that it has one there.
    pub fn key(&self) -> String {
        let key = self.of.look.map(|look| look.key.clone()).unwrap_or_default();
        match (&key, &self.account().key) {
            (KeyState::OfGateway | KeyState::NotLookedFor, KeySource::Gateway) if !self.of.set_up => {
                "No key here".to_owned()
            }
            (key, source) => words::key_state(key, source),
        }
    }

    /// The same without the reason why there is none, which the details tell.
    pub fn brief_key(&self) -> String {
        let missing = self.of.look.is_some_and(|look| matches!(look.key, KeyState::Missing { .. }));
        match &self.account().key {
            KeySource::OpenClaw(_) if missing => "No key in OpenClaw's configuration".to_owned(),
            source if missing => format!("No key in {}", words::key_place(source)),
            _ => self.key(),
        }
    }

    pub fn tone(&self) -> Tone {
        tone(self.said.standing)
    }

    /// Models that are worse off than their account, each with what is the matter.
    pub fn models(&self, snapshot: &Snapshot, speech: &Speech<'_>) -> Vec<String> {
        let own = snapshot.fleet.models.iter().filter(|(model, _)| model.provider() == self.id().as_str());
        // A limit whose reset has passed is not known to hold any more.
        let over = |health: &Health| matches!(health, Health::LimitHit { resets_at: Some(at) } if *at <= speech.now);
        let failing = own.filter(|(_, vital)| vital.health.fails() && !over(&vital.health));
        let said = failing.map(|(model, vital)| {
            let explained = vital.explained().filter(|said| said.billing == self.account().billing);
            let what = explained.map_or_else(
                || words::health(&vital.health, self.id(), speech),
                |said| words::diagnosis_headline(said, speech),
            );
            format!("{}: {what}", words::model_name(model, speech))
        });
        said.collect()
    }

    /// What the last check from here found that is not how the account stands.
    pub fn aside(&self, speech: &Speech<'_>) -> Option<String> {
        let report = self.of.look?.report.as_ref()?;
        let said = report.diagnosis.as_ref()?;
        let trouble = !matches!(said.state, HealthState::Up | HealthState::Unknown | HealthState::NoKey);
        if !trouble || self.said.standing == Standing::NotSetUp {
            return None;
        }
        let told = self.of.vital.and_then(|vital| vital.explained()).is_some_and(|known| known.finding == said.finding);
        (!told).then(|| format!("With the key here: {}", words::diagnosis_headline(said, speech)))
    }
}

/// All accounts: those that the gateway knows first, each group by name.
pub(in crate::ui::screens) fn all<'a>(snapshot: &'a Snapshot, speech: &Speech<'_>) -> Vec<Seen<'a>> {
    let mut seen: Vec<_> = snapshot.accounts.values().map(|account| one(snapshot, account, speech)).collect();
    seen.sort_by_key(|seen| (!seen.of.set_up, seen.label().to_lowercase(), seen.id().clone()));
    seen
}

fn one<'a>(snapshot: &'a Snapshot, account: &'a ProviderAccount, speech: &Speech<'_>) -> Seen<'a> {
    let id = &account.id;
    let of = AccountSeen {
        account,
        vital: snapshot.fleet.vital_of(id, snapshot.settings.routed(id)),
        look: snapshot.looks.accounts.get(id),
        windows: snapshot.fleet.windows.get(id).map_or(&[], Vec::as_slice),
        // Before the gateway's list has been read nobody can say that something is missing from it.
        set_up: snapshot.catalog.models.is_empty() || snapshot.catalog.sets_up_account(id),
    };
    Seen {
        of,
        money: snapshot.fleet.money.get(id),
        plan: snapshot.fleet.plans.get(id).map(String::as_str),
        said: words::account_state(&of, speech),
        awaited: snapshot.looks.round.as_ref().is_some_and(|round| round.left.contains(id)),
    }
}

/// Never empty: an owner may have deleted the name.
pub(in crate::ui::screens) fn label(account: &ProviderAccount) -> &str {
    let label = account.label.trim();
    if label.is_empty() { account.id.as_str() } else { label }
}

pub(super) const fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Up => Tone::Good,
        Standing::Strained | Standing::RateLimited | Standing::Overloaded => Tone::Warning,
        Standing::LimitHit
        | Standing::OutOfCredits
        | Standing::KeyRefused
        | Standing::PlanEnded
        | Standing::Blocked
        | Standing::NoModel
        | Standing::WrongEndpoint
        | Standing::Unreachable
        | Standing::DownByHand => Tone::Bad,
        Standing::NotSetUp => Tone::Accent,
        Standing::Untested | Standing::SetAside => Tone::Plain,
    }
}

/// Whose colour and letter an account has: its id's vendor, or that of its service where the id says nothing.
pub(in crate::ui::screens) fn vendor(account: &ProviderAccount) -> VendorId {
    let named = vendor_of(&account.id);
    if known_vendor(&named).is_some() || account.service == Service::Other {
        return named;
    }
    vendor_of_service(account.service)
}

pub(super) fn vendor_of_service(service: Service) -> VendorId {
    match service {
        Service::Codex => VendorId::new("openai"),
        service => vendor_of(&AccountId::new(service.code())),
    }
}

/// "5 accounts, 2 down, 1 not set up".
pub(super) fn counted(seen: &[Seen<'_>]) -> String {
    let down = seen.iter().filter(|seen| seen.said.standing.is_down()).count();
    let missing = seen.iter().filter(|seen| seen.said.standing == Standing::NotSetUp).count();
    let mut said = words::count(seen.len(), "account");
    if down > 0 {
        said = format!("{said}, {down} down");
    }
    if missing > 0 {
        said = format!("{said}, {missing} not set up");
    }
    said
}
