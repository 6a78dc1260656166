//! What a look at an account changes of what is known: its health, windows, money and plan.
//!
//! Invariants: a look that finds nothing of the health leaves it as it was; a transport failure counts
//! only where the gateway would meet the same; a key of our own that is refused is no news of the
//! gateway's; that a host takes a key proves nothing about a limit.

use std::sync::Arc;

use jiff::Timestamp;

use super::breaker::{Answer, good};
use super::evidence::{Verdict, answered, is_news, verdict, weigh};
use super::windows::{absorb_windows, of_allowances};
use crate::domain::{
    AccountId, Breaker, CheckReport, Diagnosis, DiagnosisScope, Fleet, Health, HealthState, KeySource, ModelRef,
    MoneyRead, Proof, ProviderAccount, Settings, Source, Vital,
};

/// Where a look was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vantage {
    /// The gateway runs on this computer: what we cannot reach it cannot reach either.
    Shared,
    /// The gateway is on another computer, with another way to the providers.
    Elsewhere,
}

/// Takes the report of one look in.
pub fn absorb_check(
    fleet: &mut Fleet,
    report: &CheckReport,
    account: &ProviderAccount,
    vantage: Vantage,
    settings: &Settings,
) {
    let at = report.checked_at;
    let id = &report.account;
    if let Some(money) = &report.money {
        let read = MoneyRead { money: money.clone(), observed_at: at, source: Source::Probe };
        absorb_money(fleet, id, read);
    }
    if let Some(plan) = &report.plan {
        fleet.plans.insert(id.clone(), plan.clone());
    }
    if let Some(said) = &report.diagnosis {
        diagnosed(fleet, id, report, said, account, vantage);
    }
    let windows = of_allowances(&report.windows, id, at, Source::Probe);
    if !windows.is_empty() {
        absorb_windows(fleet, Source::Probe, &[(id.clone(), windows)], settings, at);
    }
}

fn diagnosed(
    fleet: &mut Fleet,
    id: &AccountId,
    report: &CheckReport,
    said: &Diagnosis,
    account: &ProviderAccount,
    vantage: Vantage,
) {
    let at = report.checked_at;
    if unreached(said) && vantage == Vantage::Elsewhere {
        return;
    }
    // Somebody else's key says nothing of the one that jobs run with.
    let own_key = matches!(account.key, KeySource::Keychain | KeySource::Environment(_));
    let about_key = matches!(said.state, HealthState::Auth | HealthState::Misconfigured | HealthState::NoKey);
    if own_key && about_key {
        return;
    }
    for state in &said.models {
        let model = ModelRef::of(id.as_str(), &state.model);
        let health = match state.state {
            HealthState::RateLimited if state.reset_at.is_none() => Health::RateLimited,
            HealthState::RateLimited | HealthState::QuotaExhausted => Health::LimitHit { resets_at: state.reset_at },
            HealthState::ModelUnavailable => Health::Unreachable,
            _ => continue,
        };
        let answer = Answer { at, source: Source::Probe, said: None };
        weigh(fleet.models.entry(model).or_default(), Verdict::Conclusive(health), answer);
    }
    let vital = match (&said.model, said.scope) {
        (Some(model), DiagnosisScope::Model) => fleet.models.entry(ModelRef::of(id.as_str(), model)).or_default(),
        _ => fleet.accounts.entry(id.clone()).or_default(),
    };
    if said.health() == Some(Health::Up) {
        let proves = report.proof == Proof::Jobs || (report.proof == Proof::Key && key_suffices(vital));
        if !(proves && is_news(vital, at)) {
            return;
        }
        return match (&said.model, said.scope) {
            (Some(_), DiagnosisScope::Model) => good(vital, at, Source::Probe),
            _ => answered(fleet, id, at, Source::Probe),
        };
    }
    let answer = Answer { at, source: Source::Probe, said: Some(Arc::new(said.clone())) };
    weigh(vital, verdict(said, at), answer);
}

/// Money at a provider. A balance that has risen ends an empty one; one that only is above zero may still
/// be too small for a job.
pub fn absorb_money(fleet: &mut Fleet, account: &AccountId, read: MoneyRead) {
    let before = fleet.money.get(account).and_then(|known| known.money.available);
    let left = read.money.available.filter(|left| *left > 0.0);
    let risen = left.is_some_and(|left| before.is_none_or(|before| left > before));
    let (at, source) = (read.observed_at, read.source);
    fleet.money.insert(account.clone(), read);
    let empty = |vital: &Vital| vital.health == Health::OutOfBalance && is_news(vital, at);
    if risen && fleet.accounts.get(account).is_some_and(empty) {
        answered(fleet, account, at, source);
    }
}

/// Nothing answered at all: the way there may be to blame.
#[must_use]
pub fn unreached(said: &Diagnosis) -> bool {
    said.state == HealthState::Down && said.http_status.is_none()
}

/// Whether a key that is taken shows that jobs run: not after a limit, an empty balance, overload or a run
/// that failed for want of an answer.
fn key_suffices(vital: &Vital) -> bool {
    match vital.breaker {
        Breaker::Closed { failures } => failures == 0 && vital.timeouts.is_empty() && !vital.health.fails(),
        _ if vital.health.fails() => matches!(vital.health, Health::RefusedKey | Health::Unreachable),
        _ => vital.health.serves(),
    }
}

/// What the gateway's own small question to a provider showed; `None`: it was answered.
pub fn absorb_gateway_probe(fleet: &mut Fleet, account: &AccountId, said: Option<&Diagnosis>, at: Timestamp) {
    let vital = fleet.accounts.entry(account.clone()).or_default();
    match said {
        None if is_news(vital, at) => answered(fleet, account, at, Source::GatewayProbe),
        None => {}
        Some(said) => {
            let answer = Answer { at, source: Source::GatewayProbe, said: Some(Arc::new(said.clone())) };
            let verdict = match verdict(said, at) {
                // The gateway gave up waiting for this one question.
                Verdict::TimedOut => Verdict::Once(Health::Overloaded),
                other => other,
            };
            weigh(vital, verdict, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::{Advice, Billing, Finding, ModelState, ResetConfidence, Service};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::constant(1_795_000_000, 0) + SignedDuration::from_mins(minutes)
    }

    fn found(finding: Finding, status: Option<u16>) -> Diagnosis {
        let profile = finding.profile();
        Diagnosis {
            service: Service::Gemini,
            provider: "google".to_owned(),
            billing: Billing::RateTier,
            state: profile.state,
            temporary: profile.temporary,
            finding,
            reason: profile.reason.to_owned(),
            scope: profile.scope,
            model: None,
            reset_at: None,
            reset_confidence: ResetConfidence::Unknown,
            retry_at: None,
            advice: Advice::None,
            windows: Vec::new(),
            money: None,
            plan: None,
            models: Vec::new(),
            local_models: None,
            http_status: status,
            provider_code: None,
            quote: None,
        }
    }

    fn report(diagnosis: Option<Diagnosis>, proof: Proof, minute: i64) -> CheckReport {
        CheckReport {
            diagnosis,
            proof,
            quota_trouble: Some(found(Finding::UsageFailed, Some(500))),
            host_answers: Some(true),
            ..CheckReport::nothing(AccountId::new("google"), at(minute))
        }
    }

    fn account(key: KeySource) -> ProviderAccount {
        ProviderAccount { key, ..ProviderAccount::new(AccountId::new("google"), Service::Gemini) }
    }

    fn after(reports: &[CheckReport], key: &KeySource, vantage: Vantage) -> Fleet {
        let mut fleet = Fleet::default();
        for report in reports {
            absorb_check(&mut fleet, report, &account(key.clone()), vantage, &Settings::default());
        }
        fleet
    }

    #[test]
    fn a_look_counts_for_what_it_shows_and_no_more() {
        use Vantage::{Elsewhere, Shared};
        let of_gateway = KeySource::OpenClaw("google".to_owned());
        let own = KeySource::Keychain;
        let refused = || report(Some(found(Finding::InvalidKey, Some(401))), Proof::Nothing, 1);
        let silent = |minute| report(Some(found(Finding::NoConnection, None)), Proof::Nothing, minute);
        let serves = |proof, minute| report(Some(found(Finding::Serves, Some(200))), proof, minute);
        let cases = [
            (vec![report(None, Proof::Nothing, 1)], &of_gateway, Shared, Health::Unknown, "the quota alone failed"),
            (vec![serves(Proof::Jobs, 1)], &of_gateway, Shared, Health::Up, "a job would run"),
            (vec![serves(Proof::Nothing, 1)], &of_gateway, Shared, Health::Unknown, "the host answers anybody"),
            (vec![refused()], &of_gateway, Elsewhere, Health::RefusedKey, "the gateway's own key"),
            (vec![refused()], &own, Elsewhere, Health::Unknown, "ours is another one"),
            (vec![refused(), serves(Proof::Key, 2)], &of_gateway, Shared, Health::Up, "the key is taken again"),
            (
                vec![silent(1), serves(Proof::Key, 2), silent(3)],
                &own,
                Shared,
                Health::Unreachable,
                "a list of models in between",
            ),
            (vec![silent(1), silent(2)], &own, Shared, Health::Unreachable, "twice, from where the gateway is"),
            (vec![silent(1), silent(2), silent(3)], &own, Elsewhere, Health::Unknown, "the gateway has another way"),
            (vec![serves(Proof::Jobs, 2), refused()], &of_gateway, Shared, Health::Up, "older than what is known"),
        ];
        for (reports, key, vantage, health, why) in cases {
            let fleet = after(&reports, key, vantage);
            let known = fleet.accounts.get(&AccountId::new("google")).map(|vital| vital.health.clone());
            assert_eq!(known.unwrap_or_default(), health, "{why}");
        }
    }

    #[test]
    fn money_that_was_paid_in_ends_an_empty_balance_and_a_rest_that_is_too_small_does_not() {
        let id = AccountId::new("minimax");
        let read = |left: f64, minute: i64| {
            let money = crate::domain::Money { available: Some(left), ..crate::domain::Money::default() };
            MoneyRead { money, observed_at: at(minute), source: Source::UsageStatus }
        };
        let empty = |minute: i64| Vital {
            health: Health::OutOfBalance,
            breaker: Breaker::Open { since: at(minute), retry_at: None, conclusive: true },
            observed_at: Some(at(minute)),
            ..Vital::default()
        };
        let mut fleet = Fleet::default();
        absorb_money(&mut fleet, &id, read(0.01, 0));
        fleet.accounts.insert(id.clone(), empty(1));
        absorb_money(&mut fleet, &id, read(0.01, 2));
        assert_eq!(fleet.accounts[&id].health, Health::OutOfBalance, "the rest that a job was refused for");
        absorb_money(&mut fleet, &id, read(18.4, 3));
        assert_eq!(fleet.accounts[&id].health, Health::Up);
    }

    #[test]
    fn a_limit_of_one_model_leaves_its_account() {
        let mut said = found(Finding::Serves, Some(200));
        let state = HealthState::QuotaExhausted;
        said.models = vec![ModelState { model: "gemini-3-pro".to_owned(), state, reset_at: Some(at(60)) }];
        let fleet = after(&[report(Some(said), Proof::Jobs, 1)], &KeySource::Keychain, Vantage::Shared);
        assert_eq!(fleet.accounts[&AccountId::new("google")].health, Health::Up);
        let model = &fleet.models[&ModelRef::of("google", "gemini-3-pro")];
        assert_eq!(model.health, Health::LimitHit { resets_at: Some(at(60)) });
    }

    #[test]
    fn a_question_of_the_gateway_is_one_answer_among_others() {
        let kimi = AccountId::new("kimi");
        let mut fleet = Fleet::default();
        let limited = found(Finding::RateHit, None);
        absorb_gateway_probe(&mut fleet, &kimi, Some(&limited), at(1));
        assert_eq!(fleet.accounts[&kimi].health, Health::Unknown);
        absorb_gateway_probe(&mut fleet, &kimi, Some(&found(Finding::JobTimedOut, None)), at(2));
        assert_eq!(fleet.accounts[&kimi].health, Health::Overloaded, "twice in a row");
        absorb_gateway_probe(&mut fleet, &kimi, None, at(3));
        assert_eq!((&fleet.accounts[&kimi].health, fleet.accounts[&kimi].source), (&Health::Up, Source::GatewayProbe));
    }
}
