//! How an account stands, by hand-made facts, answers and coarse health.

use std::sync::Arc;

use jiff::SignedDuration;

use super::super::testing::{World, at, world};
use super::{AccountSaid, AccountSeen, Standing, account_price, account_state, breaker, gateway_waits, key_state};
use crate::domain::{
    AccountId, Advice, Billing, Breaker, CheckReport, Diagnosis, Finding, FlatPrice, Health, KeySource, KeyState, Look,
    Period, Proof, ProviderAccount, QuotaWindow, ResetConfidence, Service, Source, Usd, Vital,
};

fn account(id: &str) -> ProviderAccount {
    ProviderAccount::implied(AccountId::new(id))
}

fn found(account: &ProviderAccount, finding: Finding) -> Diagnosis {
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
        quote: Some("余额不足,请充值: insufficient balance, please recharge".to_owned()),
    }
}

/// An account that gave this answer, and nothing else is known.
fn answered(said: Diagnosis) -> Vital {
    let health = said.health().unwrap_or_default();
    Vital { health, said: Some(Arc::new(said)), ..Vital::default() }
}

fn coarse(health: Health) -> Vital {
    Vital { health, ..Vital::default() }
}

fn said(world: &World, account: &ProviderAccount, vital: &Vital) -> AccountSaid {
    let seen = AccountSeen { account, vital: Some(vital), look: None, windows: &[], set_up: true };
    account_state(&seen, &world.speech())
}

fn report(account: &ProviderAccount, diagnosis: Option<Diagnosis>) -> CheckReport {
    CheckReport {
        account: account.id.clone(),
        checked_at: at("2026-11-23 05:58"),
        diagnosis,
        proof: Proof::Nothing,
        windows: Vec::new(),
        money: None,
        plan: None,
        quota_trouble: None,
        host_answers: Some(true),
        key_belongs_to: None,
        retry_at: None,
        requests: Vec::new(),
        not_asked: Vec::new(),
        tokens_spent: 0,
    }
}

#[test]
fn the_hand_of_the_owner_stands_above_what_was_seen() {
    let world = world();
    let vital = coarse(Health::RefusedKey);
    let mut zai = account("zai");
    assert_eq!(said(&world, &zai, &vital).standing, Standing::KeyRefused);
    zai.set_aside_until = Some(at("2026-11-24 08:00"));
    let aside = said(&world, &zai, &vital);
    assert_eq!((aside.standing, aside.headline.as_str()), (Standing::SetAside, "Set aside until tomorrow 08:00"));
    zai.down_until = Some(at("2026-11-23 18:00"));
    let down = said(&world, &zai, &vital);
    assert_eq!((down.standing, down.headline.as_str()), (Standing::DownByHand, "Treated as down until today 18:00"));
    (zai.down_until, zai.set_aside_until) = (Some(at("2026-11-23 05:59")), Some(world.now));
    assert_eq!(said(&world, &zai, &vital).standing, Standing::KeyRefused, "both have ended");
}

#[test]
fn what_the_gateway_does_not_list_is_not_set_up_and_says_what_a_check_found() {
    let world = world();
    let openai = account("openai");
    let seen = AccountSeen { account: &openai, vital: None, look: None, windows: &[], set_up: false };
    let plain = account_state(&seen, &world.speech());
    assert_eq!((plain.standing, plain.standing.is_down()), (Standing::NotSetUp, false));
    assert_eq!(plain.next.as_deref(), Some("It is skipped, and not counted as down"));
    let look =
        Look { report: Some(Arc::new(report(&openai, Some(found(&openai, Finding::InvalidKey))))), ..Look::default() };
    let checked = account_state(&AccountSeen { look: Some(&look), ..seen }, &world.speech());
    let next = checked.next.expect("it says what was found");
    assert!(next.ends_with("The last check from here: Key rejected by OpenAI — check the API key"), "{next}");
}

#[test]
fn the_answer_explains_the_health_and_what_comes_next() {
    let world = world();
    let zai = account("zai");
    let mut limit = found(&zai, Finding::LimitHit);
    (limit.reset_at, limit.reset_confidence) = (Some(at("2026-11-23 08:00")), ResetConfidence::Exact);
    limit.retry_at = Some(at("2026-11-23 08:01"));
    let hit = said(&world, &zai, &answered(limit));
    assert_eq!(hit.standing, Standing::LimitHit);
    assert_eq!(hit.headline, "Quota limit hit — resets on 23 Nov 2026 08:00");
    assert_eq!(hit.next.as_deref(), Some("Next try at 08:01 by itself, in 2 h"));

    let endpoint = said(&world, &zai, &answered(found(&zai, Finding::PlanKeyOnGeneralEndpoint)));
    assert_eq!(endpoint.standing, Standing::WrongEndpoint, "finer than a refused key");
    assert!(endpoint.next.is_some_and(|next| next.starts_with("Correct the base URL")));

    let other = Vital { said: Some(Arc::new(found(&zai, Finding::Busy))), ..coarse(Health::RefusedKey) };
    let other = said(&world, &zai, &other);
    assert_eq!(other.headline, "Key refused", "an answer that does not explain the health is not said");
    assert_eq!(other.next.as_deref(), Some("Check the API key where the gateway keeps it"));
}

#[test]
fn a_reset_that_was_learned_later_is_said_with_its_confidence_and_a_past_one_as_past() {
    let world = world();
    let kimi = account("kimi");
    let resets_at = Some(at("2026-11-23 18:00"));
    let vital = Vital { health: Health::LimitHit { resets_at }, ..answered(found(&kimi, Finding::LimitHit)) };
    let derived = said(&world, &kimi, &vital);
    assert_eq!(derived.headline, "Quota limit hit — resets on or about 23 Nov 2026 18:00");
    let window = QuotaWindow {
        resets_at,
        reset_confidence: ResetConfidence::Exact,
        ..QuotaWindow::new("weekly", 1.0, world.now, Source::UsageStatus)
    };
    let windows = [window];
    let seen = AccountSeen { account: &kimi, vital: Some(&vital), look: None, windows: &windows, set_up: true };
    let exact = account_state(&seen, &world.speech());
    assert_eq!(exact.headline, "Quota limit hit — resets on 23 Nov 2026 18:00");
    let unsure = Diagnosis {
        reset_at: resets_at,
        reset_confidence: ResetConfidence::Derived,
        ..found(&kimi, Finding::LimitHit)
    };
    let vital = answered(unsure);
    let seen = AccountSeen { vital: Some(&vital), ..seen };
    let surer = account_state(&seen, &world.speech());
    assert_eq!(surer.headline, "Quota limit hit — resets on 23 Nov 2026 18:00", "a window that was read is surer");
    let resets_at = Some(at("2026-11-23 05:30"));
    let past = Vital { health: Health::LimitHit { resets_at }, ..vital };
    assert_eq!(said(&world, &kimi, &past).headline, "Quota limit hit — reset was due today 05:30");
}

#[test]
fn no_word_of_money_is_said_of_an_account_that_is_not_prepaid() {
    let world = world();
    let findings = [Finding::NoBalance, Finding::NoBalanceOrCap, Finding::NoReset, Finding::LimitHit];
    for id in ["zai", "anthropic", "openai", "google", "kimi", "minimax-plan", "minimax"] {
        for finding in findings {
            for prepaid_then in [true, false] {
                let mut account = account(id);
                if prepaid_then {
                    account.billing = Billing::PrepaidCredits;
                }
                let vital = answered(found(&account, finding));
                account.billing = Billing::QuotaPlan;
                for vital in [vital, coarse(Health::OutOfBalance)] {
                    let said = said(&world, &account, &vital);
                    assert_eq!(said.standing, Standing::LimitHit, "{id} {finding:?}");
                    let text = format!("{} {} {:?}", said.standing.label(), said.headline, said.next).to_lowercase();
                    for money in ["credit", "balance", "top up", "top-up", "recharge", "deplet"] {
                        assert!(!text.contains(money), "{id} {finding:?}: {text}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_the_headline_says_already_is_not_said_twice() {
    let world = world();
    let openai = account("openai");
    for finding in [Finding::NoReset, Finding::PlanEnded, Finding::SignInExpired, Finding::Forbidden] {
        assert_eq!(said(&world, &openai, &answered(found(&openai, finding))).next, None, "{finding:?}");
    }
    assert!(said(&world, &openai, &answered(found(&openai, Finding::InvalidKey))).next.is_some(), "it says where");
}

#[test]
fn only_a_prepaid_account_is_out_of_credits() {
    let world = world();
    let minimax = account("minimax");
    let empty = said(&world, &minimax, &answered(found(&minimax, Finding::NoBalance)));
    assert_eq!(empty.standing.label(), "Out of credits");
    assert_eq!(empty.headline, "Balance empty — MiniMax API credits need a top-up");
    assert_eq!(empty.next.as_deref(), Some("Top up, or move its crons for good"));
    let coarse = said(&world, &minimax, &coarse(Health::OutOfBalance));
    assert_eq!(coarse.next.as_deref(), Some("Top up, or move its crons for good"));
}

#[test]
fn the_coarse_health_is_said_where_no_answer_explains_it() {
    let world = world();
    let google = account("google");
    let soon = Health::LimitHit { resets_at: Some(at("2026-11-23 06:04")) };
    let open = Breaker::Open { since: world.now, retry_at: Some(at("2026-11-23 06:05")), conclusive: false };
    let cases = [
        (coarse(Health::Up), "Up", "Serves Flash 3", None),
        (coarse(Health::Strained), "Strained", "Serves, but a quota window is nearly used", None),
        (coarse(Health::Unknown), "Untested", "Not tested yet", None),
        (
            coarse(soon),
            "Rate limited",
            "Rate limited — temporary, until 06:04",
            Some("Open its dashboard to learn when it resets"),
        ),
        (
            Vital { breaker: open, ..coarse(Health::Overloaded) },
            "Overloaded",
            "Overloaded",
            Some("Next try at 06:05 by itself, in 5 min"),
        ),
        (
            coarse(Health::Unreachable),
            "Unreachable",
            "Unreachable",
            Some("Check the network connection, or wait: it is tried again"),
        ),
    ];
    for (vital, label, headline, next) in cases {
        let said = said(&world, &google, &vital);
        assert_eq!((said.standing.label(), said.headline.as_str(), said.next.as_deref()), (label, headline, next));
    }
}

#[test]
fn an_untested_account_says_what_the_check_could_not_make_out() {
    let world = world();
    let kimi = account("kimi");
    let look = |diagnosis, key| Look { report: Some(Arc::new(report(&kimi, diagnosis))), key, ..Look::default() };
    let unread = look(Some(found(&kimi, Finding::AnswerUnreadable)), KeyState::OfGateway);
    let gateway = look(None, KeyState::OfGateway);
    let missing = look(None, KeyState::Missing { why: "the keychain is locked".to_owned() });
    for (look, headline, next) in [
        (unread, "The answer could not be read", "Look at the details: this answer is not known yet"),
        (gateway, "Not tested yet", "The gateway keeps its key: a run, or the gateway itself, will tell"),
        (missing, "Not tested yet", "The keychain is locked"),
    ] {
        let seen = AccountSeen { account: &kimi, vital: None, look: Some(&look), windows: &[], set_up: true };
        let said = account_state(&seen, &world.speech());
        assert_eq!(said.standing, Standing::Untested);
        assert_eq!((said.headline.as_str(), said.next.as_deref()), (headline, Some(next)));
    }
}

#[test]
fn a_refused_key_is_mended_where_it_is_kept() {
    let world = world();
    let sources = [
        (KeySource::Gateway, "where the gateway keeps it"),
        (KeySource::Keychain, "into the keychain"),
        (KeySource::Environment("KIMI_API_KEY".to_owned()), "the environment variable KIMI_API_KEY"),
        (KeySource::OpenClaw("kimi".to_owned()), "“kimi” in OpenClaw's configuration"),
    ];
    for (key, place) in sources {
        let kimi = ProviderAccount { key, ..account("kimi") };
        let next = said(&world, &kimi, &answered(found(&kimi, Finding::InvalidKey))).next.expect("what helps");
        assert!(next.contains(place), "{next}");
    }
    assert_eq!(found(&account("kimi"), Finding::InvalidKey).advice, Advice::FixKey);
}

#[test]
fn breaker_cooldown_and_key_are_said_when_there_is_something_to_say() {
    let world = world();
    let speech = &world.speech();
    let open = |retry_at| Breaker::Open { since: world.now, retry_at, conclusive: true };
    let cases = [
        (Breaker::Closed { failures: 0 }, None),
        (Breaker::Closed { failures: 1 }, Some("one failure: another opens the breaker")),
        (open(Some(at("2026-11-23 10:42"))), Some("not tried before 10:42")),
        (open(Some(at("2026-11-23 05:42"))), Some("not tried until an answer is good again")),
        (Breaker::HalfOpen { good: 0 }, Some("tried carefully")),
        (Breaker::HalfOpen { good: 1 }, Some("tried carefully, 1 good answer so far")),
    ];
    for (state, words) in cases {
        assert_eq!(breaker(&state, speech).as_deref(), words);
    }
    assert_eq!(gateway_waits(Some(at("2026-11-23 10:42")), speech).as_deref(), Some("gateway waits until 10:42"));
    assert_eq!(gateway_waits(Some(world.now - SignedDuration::from_mins(1)), speech), None);
    let ready = KeyState::Ready { ending: "a1b2".to_owned() };
    assert_eq!(key_state(&ready, &KeySource::Keychain), "Key …a1b2 from the keychain");
    let why = "it is not set".to_owned();
    let missing = key_state(&KeyState::Missing { why }, &KeySource::Environment("GROQ_API_KEY".to_owned()));
    assert_eq!(missing, "No key in the environment variable GROQ_API_KEY: it is not set");
}

#[test]
fn a_price_is_flat_or_by_the_token() {
    let world = world();
    let speech = &world.speech();
    let mut minimax = account("minimax");
    assert_eq!(account_price(&minimax, None, speech), "prepaid credits: MiniMax $0.30 in, $1.20 out");
    minimax.flat_price = Some(FlatPrice { price: Usd(30.0), per: Period::Month });
    assert_eq!(account_price(&minimax, Some("Coding Max"), speech), "Coding Max plan, $30 a month");
    let zai = ProviderAccount { plan: Some("coding plan".to_owned()), ..account("zai") };
    assert_eq!((account_price(&zai, None, speech), zai.service), ("coding plan".to_owned(), Service::Zai));
}
