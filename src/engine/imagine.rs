//! What a snapshot lets imagine: what would be planned if things were otherwise, beside what is planned today.
//!
//! Pure, like foreseeing, and for the same thread. What can be made so of it are commands that its owner could give
//! elsewhere, too: none writes to the gateway.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::foresee::{Foresight, Known};
use super::{Command, Edit, SettingsChange, Snapshot};
use crate::domain::{
    Chain, ChainOrder, CronId, Detour, Detours, Forecast, Hypothesis, Imagined, Observation, Prospect, Reason,
    RouteKey, Settings, Supposed, Tier, Wish,
};
use crate::policy::{self, Variant};

/// A prospect of today says so for so long, while nothing else is new.
const LASTS: SignedDuration = SignedDuration::from_mins(1);

/// Who is treated as down is so for so long, unless its owner says otherwise.
const DOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What comes of the world as it is, kept while nothing of it moves.
#[derive(Debug)]
pub(super) struct Today {
    revision: u64,
    ahead: SignedDuration,
    prospect: Arc<Prospect>,
}

impl Foresight {
    /// What would come of `supposed`, and what comes of things as they are: both with a forecast that reaches `ahead`.
    pub fn imagine(&mut self, seen: &Snapshot, supposed: &Hypothesis, ahead: SignedDuration) -> Imagined {
        let ahead = ahead.max(SignedDuration::ZERO);
        let obs = seen.as_planned();
        let known = self.today.take().filter(|today| {
            let age = seen.at.duration_since(today.prospect.at);
            today.revision == seen.revision && today.ahead == ahead && age.abs() < LASTS
        });
        let now = Hypothesis::default();
        let today = known.map_or_else(|| Arc::new(self.prospect(seen, &obs, &now, ahead)), |today| today.prospect);
        let is_today = supposed.is_empty();
        let then = if is_today { today.clone() } else { Arc::new(self.prospect(seen, &obs, supposed, ahead)) };
        self.today = Some(Today { revision: seen.revision, ahead, prospect: today.clone() });
        Imagined { supposed: supposed.clone(), today, then }
    }

    fn prospect(
        &mut self,
        seen: &Snapshot,
        obs: &Observation,
        supposed: &Hypothesis,
        ahead: SignedDuration,
    ) -> Prospect {
        let Known { learned, record, .. } = self.known_of(seen, obs);
        let at = supposed.moment(seen.at);
        let variant: Variant = policy::supposed(learned, obs, &seen.settings_at(at), supposed);
        let until = at.checked_add(ahead).unwrap_or(Timestamp::MAX);
        let crisis = &seen.crisis.state;
        let prospect = policy::prospect(learned, &seen.history, &variant, crisis, seen.at, until);
        Prospect { forecast: Forecast { record: record.clone(), ..prospect.forecast }, ..prospect }
    }
}

/// What the engine would plan with if all of `supposed` was so.
#[must_use]
pub fn supposed_world(seen: &Snapshot, supposed: &Hypothesis) -> Variant {
    let obs = seen.as_planned();
    policy::supposed(&policy::learn(&seen.history, &obs), &obs, &seen.settings_at(supposed.moment(seen.at)), supposed)
}

impl Snapshot {
    /// What the engine plans with, as far as faces know it: crons are sent where it spares a quota.
    fn as_planned(&self) -> Observation {
        let sent = self.plan.decisions.iter().filter_map(|decision| match &decision.reason {
            Reason::Detour { route, until } => {
                Some((decision.cron.clone(), Detour { route: route.clone(), until: *until }))
            }
            _ => None,
        });
        let sent: Detours = sent.collect();
        let obs = self.observation();
        if sent.is_empty() { obs } else { Observation { tiers: policy::with_detours(&sent, &obs.tiers), ..obs } }
    }

    /// With as much patience as relapses will have taught by then, and without what has expired.
    fn settings_at(&self, at: Timestamp) -> Settings {
        let mut settings = (*self.settings).clone();
        settings.thresholds.settle = policy::patience(&self.crisis.state, &self.settings, at);
        for added in self.temporary.iter().filter(|added| added.expires_at.is_some_and(|until| until <= at)) {
            let key = RouteKey::temporary(&added.id);
            settings.routes.remove(&key);
            settings.chains.values_mut().for_each(|chain| chain.routes.retain(|route| *route != key));
        }
        settings
    }
}

/// What of `supposed` can be made so, where it differs from how things are. What was supposed of an account is about
/// now: with another clock it is no wish.
#[must_use]
pub fn wishes(supposed: &Hypothesis, seen: &Snapshot) -> Vec<Wish> {
    let mut wishes = Vec::new();
    let mut sorted: BTreeMap<Tier, Vec<CronId>> = BTreeMap::new();
    for (cron, tier) in &supposed.tiers {
        if seen.tiers.get(cron).is_none_or(|entry| entry.tier != *tier) && seen.crons.contains_key(cron) {
            sorted.entry(*tier).or_default().push(cron.clone());
        }
    }
    wishes.extend(sorted.into_iter().map(|(tier, crons)| Wish::Sort { crons, tier }));
    let other = |(tier, routes): &(&Tier, &Vec<RouteKey>)| seen.settings.chain(**tier).routes != **routes;
    let chains = supposed.chains.iter().filter(other);
    wishes.extend(chains.map(|(tier, routes)| Wish::Chain { tier: *tier, routes: routes.clone() }));
    let until = seen.at.checked_add(DOWN_FOR).ok();
    for (account, how) in supposed.accounts.iter().filter(|_| supposed.at.is_none()) {
        let told = seen.settings.accounts.get(account);
        let told = told.and_then(|told| told.down_until.max(told.set_aside_until)).filter(|until| *until > seen.at);
        match (how, told, until) {
            (Supposed::Down, None, Some(until)) => wishes.push(Wish::TreatAsDown { account: account.clone(), until }),
            (Supposed::Back, Some(_), _) => wishes.push(Wish::Trust { account: account.clone() }),
            _ => {}
        }
    }
    wishes
}

/// The command that makes it so.
#[must_use]
pub fn command_of(wish: &Wish, seen: &Snapshot) -> Command {
    match wish {
        Wish::Sort { crons, tier } => Command::Edit(Edit::SetTier { crons: crons.clone(), tier: Some(*tier) }),
        Wish::Chain { tier, routes } => {
            let chain = Chain { order: ChainOrder::Listed, routes: routes.clone() };
            Command::Settings(SettingsChange::SetChain { tier: *tier, chain })
        }
        Wish::TreatAsDown { account, until } => {
            let mut told = seen.settings.account(account);
            told.down_until = Some(*until);
            Command::Settings(SettingsChange::PutAccount(Box::new(told)))
        }
        Wish::Trust { account } => {
            let mut told = seen.settings.account(account);
            (told.down_until, told.set_aside_until) = (None, None);
            Command::Settings(SettingsChange::PutAccount(Box::new(told)))
        }
    }
}

/// Whether what somebody asked to be made so is so by now. What was refused is not.
#[must_use]
pub fn is_so(wish: &Wish, seen: &Snapshot) -> bool {
    let told = |account| seen.settings.accounts.get(account);
    match wish {
        Wish::Sort { crons, tier } => crons.iter().all(|cron| {
            !seen.crons.contains_key(cron) || seen.tiers.get(cron).is_some_and(|entry| entry.tier == *tier)
        }),
        Wish::Chain { tier, routes } => seen.settings.chain(*tier).routes == *routes,
        Wish::TreatAsDown { account, .. } => {
            told(account).and_then(|told| told.down_until).is_some_and(|until| until > seen.at)
        }
        Wish::Trust { account } => {
            told(account).is_none_or(|told| told.down_until.is_none() && told.set_aside_until.is_none())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::domain::AccountId;
    use crate::engine::World;

    fn now() -> Timestamp {
        "2026-11-27T10:00:00Z".parse().expect("a moment")
    }

    #[test]
    fn today_is_worked_out_once_while_nothing_of_it_moves() {
        let mut seen = World::new(PathBuf::new(), now()).snapshot(now());
        let (mut foresight, week) = (Foresight::default(), SignedDuration::from_hours(7 * 24));
        let first = foresight.imagine(&seen, &Hypothesis::default(), week);
        assert!(Arc::ptr_eq(&first.today, &first.then), "nothing is supposed");
        let supposed = Hypothesis { at: Some(now() + SignedDuration::from_hours(2)), ..Hypothesis::default() };
        seen.at = now() + SignedDuration::from_secs(20);
        let second = foresight.imagine(&seen, &supposed, week);
        assert!(Arc::ptr_eq(&first.today, &second.today), "a slider moves, and the world does not");
        assert_eq!(second.then.at, now() + SignedDuration::from_hours(2));
        seen.revision += 1;
        assert!(!Arc::ptr_eq(&first.today, &foresight.imagine(&seen, &supposed, week).today));
    }

    #[test]
    fn what_is_so_already_or_is_about_another_time_is_no_wish() {
        let mut seen = World::new(PathBuf::new(), now()).snapshot(now());
        let [kimi, zai] = ["kimi", "zai"].map(AccountId::new);
        let accounts = [(kimi.clone(), Supposed::Down), (zai.clone(), Supposed::Back)].into();
        let mut supposed = Hypothesis { accounts, ..Hypothesis::default() };
        let until = now() + DOWN_FOR;
        assert_eq!(wishes(&supposed, &seen), [Wish::TreatAsDown { account: kimi.clone(), until }]);
        for account in [&kimi, &zai] {
            Arc::make_mut(&mut seen.settings).account_mut(account).set_aside_until = Some(until);
        }
        assert_eq!(wishes(&supposed, &seen), [Wish::Trust { account: zai }], "nobody counts on the other anyway");
        supposed.at = Some(until);
        supposed.chains.insert(Tier::T1, seen.settings.chain(Tier::T1).routes.clone());
        assert_eq!(wishes(&supposed, &seen), []);
    }

    #[test]
    fn a_wish_is_so_when_the_world_says_so() {
        let mut seen = World::new(PathBuf::new(), now()).snapshot(now());
        let [kimi, zai] = ["kimi", "zai"].map(AccountId::new);
        let until = now() + DOWN_FOR;
        let (down, trust) = (Wish::TreatAsDown { account: kimi.clone(), until }, Wish::Trust { account: zai.clone() });
        let chain = Wish::Chain { tier: Tier::T1, routes: vec![RouteKey::new("kimi")] };
        Arc::make_mut(&mut seen.settings).account_mut(&zai).down_until = Some(until);
        assert!([&down, &trust, &chain].into_iter().all(|wish| !is_so(wish, &seen)), "each was refused");
        let settings = Arc::make_mut(&mut seen.settings);
        settings.account_mut(&kimi).down_until = Some(until);
        settings.account_mut(&zai).down_until = None;
        let listed = Chain { order: ChainOrder::Listed, routes: vec![RouteKey::new("kimi")] };
        settings.chains.insert(Tier::T1, listed);
        assert!([&down, &trust, &chain].into_iter().all(|wish| is_so(wish, &seen)));
        seen.at = until;
        assert!(!is_so(&down, &seen), "that is over");
    }
}
