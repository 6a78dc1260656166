//! Accounts in every state for the providers screen: the user's six and some more, at 07:00 in Berlin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use model_orchestrator::domain::*;
use model_orchestrator::engine::Snapshot;

use super::scene::{Scene, minutes, model, now};

pub fn id(text: &str) -> AccountId {
    AccountId::new(text)
}

/// An account of that service, with a name.
pub fn account(id: &str, service: Service, label: &str) -> ProviderAccount {
    ProviderAccount { label: label.to_owned(), ..ProviderAccount::new(AccountId::new(id), service) }
}

pub fn found(account: &ProviderAccount, finding: Finding) -> Diagnosis {
    let profile = finding.profile();
    Diagnosis {
        service: account.service,
        provider: account.id.as_str().to_owned(),
        billing: account.billing,
        state: profile.state,
        temporary: profile.temporary,
        finding,
        reason: profile.reason.to_owned(),
        scope: profile.scope,
        model: None,
        reset_at: None,
        reset_confidence: ResetConfidence::Unknown,
        retry_at: None,
        advice: profile.advice,
        windows: Vec::new(),
        money: None,
        plan: None,
        models: Vec::new(),
        local_models: None,
        http_status: None,
        provider_code: None,
        quote: None,
    }
}

pub fn vital(said: Diagnosis) -> Vital {
    let health = said.health().unwrap_or_default();
    let conclusive = health.fails();
    let breaker = if conclusive {
        Breaker::Open { since: now() - minutes(20), retry_at: said.retry_at, conclusive }
    } else {
        Breaker::default()
    };
    Vital {
        health,
        breaker,
        since: Some(now() - minutes(20)),
        observed_at: Some(now() - minutes(1)),
        source: Source::Probe,
        said: Some(Arc::new(said)),
        ..Vital::default()
    }
}

pub fn window(label: &str, used: f64, resets_in: i64, age: i64, source: Source) -> QuotaWindow {
    QuotaWindow {
        resets_at: Some(now() + minutes(resets_in)),
        reset_confidence: ResetConfidence::Exact,
        ..QuotaWindow::new(label, used, now() - minutes(age), source)
    }
}

pub fn report(account: &ProviderAccount, diagnosis: Option<Diagnosis>, ago: i64) -> CheckReport {
    let asked = Asked {
        purpose: Purpose::Health,
        url: "https://api.example.com/v1/models".to_owned(),
        status: Some(200),
        transport_error: None,
        took: Duration::from_millis(412),
        cost: Cost::Free,
        retry_at: None,
    };
    CheckReport {
        account: account.id.clone(),
        checked_at: now() - minutes(ago),
        diagnosis,
        proof: Proof::Key,
        windows: Vec::new(),
        money: None,
        plan: None,
        quota_trouble: None,
        host_answers: Some(true),
        key_belongs_to: None,
        retry_at: None,
        requests: vec![asked],
        not_asked: vec![NotAsked { purpose: Purpose::LastResort, why: Withheld::CostsTokens }],
        tokens_spent: 0,
    }
}

/// A look that ended some minutes ago, with the next one due.
pub fn looked(report: CheckReport, key: KeyState) -> Look {
    Look { report: Some(Arc::new(report)), due_at: Some(now() + minutes(4)), not_before: None, key }
}

/// Seven accounts: one of each kind of trouble, one that serves, one that is not set up.
pub fn seven() -> Scene {
    let ready = || KeyState::Ready { ending: "9f3c".to_owned() };
    let mut fleet = Fleet::default();
    let mut looks = Looks { next_at: Some(now() + minutes(4)), ..Looks::default() };
    let mut accounts = BTreeMap::new();
    let mut add = |account: ProviderAccount| {
        accounts.insert(account.id.clone(), account.clone());
        account
    };

    let anthropic = add(ProviderAccount {
        plan: Some("Max".to_owned()),
        flat_price: Some(FlatPrice { price: Usd(100.0), per: Period::Month }),
        ..account("anthropic", Service::ClaudeSubscription, "Claude")
    });
    fleet.accounts.insert(id("anthropic"), vital(found(&anthropic, Finding::Serves)));
    fleet.windows.insert(
        id("anthropic"),
        vec![
            window("5-hour", 0.48, 60, 2, Source::UsageStatus),
            window("weekly", 0.37, 60 * 50, 2, Source::UsageStatus),
        ],
    );
    looks.accounts.insert(id("anthropic"), looked(report(&anthropic, None, 2), KeyState::OfGateway));

    let google = add(account("google", Service::Gemini, "Google Gemini"));
    fleet.accounts.insert(id("google"), Vital { health: Health::Strained, ..vital(found(&google, Finding::Serves)) });
    let daily = QuotaWindow {
        reset_confidence: ResetConfidence::Derived,
        covers: ModelScope::Models(vec![model("google/gemini-3-flash")]),
        metric: Some(Metric::Requests),
        used: Some(213.0),
        limit: Some(250.0),
        ..window("requests_daily", 0.85, 60 * 26, 6, Source::Probe)
    };
    fleet.windows.insert(id("google"), vec![daily]);
    let mut minute = found(&google, Finding::RateHit);
    (minute.reset_at, minute.reset_confidence) = (Some(now() + minutes(1)), ResetConfidence::Exact);
    fleet.models.insert(model("google/gemini-3-pro"), vital(minute));
    looks
        .accounts
        .insert(id("google"), looked(report(&google, Some(found(&google, Finding::Serves)), 6), KeyState::OfGateway));

    let kimi = add(ProviderAccount { key: KeySource::Keychain, ..account("kimi", Service::Kimi, "Kimi") });
    fleet.accounts.insert(id("kimi"), Vital { health: Health::Strained, ..vital(found(&kimi, Finding::Serves)) });
    fleet.windows.insert(
        id("kimi"),
        vec![window("weekly", 0.93, 60 * 12, 1, Source::Probe), window("5h", 0.22, 60 * 4, 1, Source::Probe)],
    );
    looks.accounts.insert(id("kimi"), looked(report(&kimi, Some(found(&kimi, Finding::Serves)), 1), ready()));

    let zai = add(ProviderAccount {
        plan: Some("GLM Coding Max".to_owned()),
        key: KeySource::OpenClaw("zai".to_owned()),
        ..account("zai", Service::Zai, "Z.ai GLM")
    });
    let mut limit = found(&zai, Finding::LimitHit);
    (limit.reset_at, limit.reset_confidence) = (Some(now() + minutes(120)), ResetConfidence::Exact);
    limit.retry_at = Some(now() + minutes(121));
    (limit.http_status, limit.provider_code) = (Some(429), Some("1113".to_owned()));
    limit.quote = Some("余额不足或无可用资源包,请充值。".to_owned());
    fleet.accounts.insert(id("zai"), vital(limit.clone()));
    fleet.windows.insert(id("zai"), vec![window("5h", 1.0, 120, 1, Source::Probe)]);
    looks.accounts.insert(id("zai"), looked(report(&zai, Some(limit), 1), ready()));

    let minimax = add(account("minimax", Service::MiniMax, "MiniMax"));
    let empty = found(&minimax, Finding::NoBalance);
    fleet.accounts.insert(id("minimax"), vital(empty.clone()));
    looks.accounts.insert(id("minimax"), looked(report(&minimax, Some(empty), 3), KeyState::OfGateway));

    let deepseek = add(ProviderAccount {
        key: KeySource::Environment("DEEPSEEK_API_KEY".to_owned()),
        ..account("deepseek", Service::DeepSeek, "DeepSeek")
    });
    fleet.accounts.insert(id("deepseek"), vital(found(&deepseek, Finding::Serves)));
    let money = Money { available: Some(12.3), currency: Some("USD".to_owned()), extra_usage_left: None };
    fleet.money.insert(id("deepseek"), MoneyRead { money, observed_at: now() - minutes(3), source: Source::Probe });
    looks
        .accounts
        .insert(id("deepseek"), looked(report(&deepseek, Some(found(&deepseek, Finding::Serves)), 3), ready()));

    add(account("openai", Service::OpenAi, "OpenAI"));

    Scene::new().with(|snapshot| {
        Arc::make_mut(&mut snapshot.settings).accounts.clone_from(&accounts);
        list(snapshot, &["zai/glm-5.1", "google/gemini-3-pro", "deepseek/deepseek-chat", "minimax/MiniMax-M3"]);
        snapshot.accounts = Arc::new(accounts);
        snapshot.fleet = Arc::new(fleet);
        snapshot.looks = Arc::new(looks);
    })
}

/// A failing cron of the scene.
pub fn failing(cron: &str, kind: TriageKind, account: Option<&str>, planned: Planned) -> Triage {
    Triage {
        cron: CronId::new(cron),
        kind,
        said: None,
        failures: 4,
        switch_off: SwitchOff::Far,
        account: account.map(AccountId::new),
        error: None,
        planned,
    }
}

/// The gateway lists these models too.
pub fn list(snapshot: &mut Snapshot, models: &[&str]) {
    let catalog = Arc::make_mut(&mut snapshot.catalog);
    for text in models {
        let model = model(text);
        catalog.models.entry(model.clone()).or_insert_with(|| Model::new(model));
    }
}

pub fn change_account(snapshot: &mut Snapshot, id: &str, change: impl FnOnce(&mut ProviderAccount)) {
    let accounts = Arc::make_mut(&mut snapshot.accounts);
    change(accounts.get_mut(id).expect("an account of the scene"));
}

pub fn change_look(snapshot: &mut Snapshot, id: &str, change: impl FnOnce(&mut Look)) {
    let looks = Arc::make_mut(&mut snapshot.looks);
    change(looks.accounts.entry(AccountId::new(id)).or_default());
}

/// A round over these accounts, in which some have not answered.
pub fn round(asked: &[&str], left: &[&str]) -> Round {
    let ids = |names: &[&str]| -> BTreeSet<AccountId> { names.iter().map(AccountId::new).collect() };
    Round { started_at: now(), asked: ids(asked), left: ids(left) }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}
