//! What real run outcomes, cooldowns and quota reports make of an account.

use super::*;
use crate::domain::{Billing, Breaker, Model, QuotaWindow};
use crate::policy::{absorb_windows, advance};

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().expect("a moment")
}

fn mins(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn run(cron: &str, model: &str, at: Timestamp) -> RunRecord {
    let model = ModelRef::parse(model).expect("a reference");
    RunRecord {
        cron: CronId::new(cron),
        at,
        finished_at: at,
        status: RunStatus::Ok,
        provider: Some(model.provider().to_owned()),
        model: Some(model.model().to_owned()),
        error: None,
        error_reason: None,
        duration: None,
        usage: None,
    }
}

fn failure(cron: &str, model: &str, at: Timestamp, reason: &str, text: &str) -> RunRecord {
    RunRecord {
        status: RunStatus::Error,
        error_reason: (!reason.is_empty()).then(|| reason.to_owned()),
        error: Some(text.to_owned()),
        ..run(cron, model, at)
    }
}

fn absorb(runs: &[RunRecord]) -> Fleet {
    let mut fleet = Fleet::default();
    for run in runs {
        take(&mut fleet, run, &Settings::default(), run.finished_at);
    }
    fleet
}

/// As the engine does: first what it means, then how much it counts.
fn take(fleet: &mut Fleet, run: &RunRecord, settings: &Settings, now: Timestamp) {
    let billing = settings.billing(&AccountId::new(run.provider.as_deref().unwrap_or_default()));
    let said = crate::providers::diagnose_run(run, billing, Vec::new(), run.finished_at);
    absorb_run(fleet, run, said.as_ref(), settings, now);
}

fn account(fleet: &Fleet, id: &str) -> Vital {
    fleet.accounts.get(id).cloned().unwrap_or_default()
}

const BILLING: &str = "⚠️ x (m1) returned a billing error — your API key has run out of credits or has an \
    insufficient balance. Check your x billing dashboard and top up or switch to a different API key.";
const TIMED_OUT: &str = "cron: job execution timed out (last phase: model-call-started)";

#[test]
fn recorded_outcomes_of_one_run_become_the_right_health() {
    let limit = |at: &str| Health::LimitHit { resets_at: Some(at.parse().expect("a moment")) };
    let undated = Health::LimitHit { resets_at: None };
    let reset = "⚠️ Usage limit reached for 5 hour. Your limit will reset at 2026-11-23 20:30:00";
    let never = "⚠️ Usage limit reached for 5 hour. Your limit will reset at 2030-01-01 00:00:00";
    let cooldown = "Inline API key for provider \"x\" is temporarily disabled after a provider auth/billing failure. \
        Retry after about 10 minutes";
    let cases = [
        ("minimax/M3", "billing", BILLING, Health::OutOfBalance, "a prepaid account can be out of balance"),
        ("minimax-plan/M3", "billing", BILLING, undated.clone(), "a plan cannot"),
        ("anthropic/claude", "billing", BILLING, undated.clone(), "nor can a rate tier"),
        ("zai/glm-5", "billing", BILLING, undated.clone(), "Z.ai's 1113 is a used-up quota"),
        ("zai/glm-5", "rate_limit", reset, limit("2026-11-23T12:30:00Z"), "with its reset, in Z.ai's zone"),
        ("kimi/k2", "rate_limit", reset, limit("2026-11-23T20:30:00Z"), "or in UTC"),
        ("zai/glm-5", "rate_limit", never, undated, "a date nobody believes is none, the limit is real"),
        ("kimi/k2", "rate_limit", "429 Too Many Requests", Health::Unknown, "one short rate limit is no outage"),
        ("kimi/k2", "auth", "Authentication failed (HTTP 401)", Health::RefusedKey, "a refused key"),
        ("kimi/k2", "session_expired", "sign in again", Health::RefusedKey, "an expired sign-in"),
        ("kimi/k2", "timeout", TIMED_OUT, Health::Unknown, "one time-out proves nothing"),
        ("kimi/k2", "server_error", "500", Health::Unknown, "one failure is not an outage"),
        ("kimi/k2", "context_overflow", "too long", Health::Unknown, "that is about the request"),
        ("kimi/k2", "", cooldown, Health::Unknown, "refused during a cooldown: no news"),
    ];
    for (model, reason, text, expected, why) in cases {
        let fleet = absorb(&[failure("a", model, now(), reason, text)]);
        let id = ModelRef::parse(model).expect("a reference").account();
        assert_eq!(account(&fleet, id.as_str()).health, expected, "{why}");
    }
}

#[test]
fn zai_is_never_out_of_balance_even_when_called_prepaid() {
    let mut settings = Settings::default();
    settings.account_mut(&AccountId::new("zai")).billing = Billing::PrepaidCredits;
    let mut fleet = Fleet::default();
    take(&mut fleet, &failure("a", "zai/glm-5", now(), "billing", BILLING), &settings, now());
    assert_eq!(account(&fleet, "zai").health, Health::LimitHit { resets_at: None });
}

#[test]
fn an_unknown_model_and_a_limit_at_google_are_about_the_model() {
    let limit = "Please retry in 40 minutes 10s";
    let fleet = absorb(&[
        failure("a", "google/flash", now(), "rate_limit", limit),
        failure("b", "kimi/nope", now(), "model_not_found", "The selected model was not found"),
    ]);
    assert_eq!(account(&fleet, "google").health, Health::Unknown);
    assert_eq!(account(&fleet, "kimi").health, Health::Unknown);
    let flash = &fleet.models[&ModelRef::of("google", "flash")];
    assert_eq!(flash.health, Health::LimitHit { resets_at: Some(now() + SignedDuration::from_secs(2_410)) });
    assert!(fleet.models[&ModelRef::of("kimi", "nope")].health.fails());
}

#[test]
fn two_timeouts_close_together_are_one_failed_probe() {
    let timeout = |cron: &str, minute: i64| failure(cron, "kimi/k2", mins(minute), "timeout", TIMED_OUT);
    let good = |minute: i64| run("g", "kimi/k2", mins(minute));
    let failures = |runs: &[RunRecord]| match account(&absorb(runs), "kimi").breaker {
        Breaker::Closed { failures } => failures,
        _ => 2,
    };
    let cases: &[(&[RunRecord], u32, &str)] = &[
        (&[timeout("a", 0)], 0, "one is nothing"),
        (&[timeout("a", 0), timeout("b", 14)], 1, "two crons within a quarter of an hour"),
        (&[timeout("a", 0), timeout("b", 16)], 0, "too far apart"),
        (&[timeout("a", 0), timeout("a", 10)], 1, "one cron that never timed out before"),
        (&[timeout("a", 0), timeout("a", 60), timeout("a", 70)], 0, "one that often does"),
        (&[timeout("a", 0), timeout("a", 60), timeout("b", 70)], 1, "unless another joins it"),
        (&[timeout("a", 0), timeout("a", 0)], 0, "the same run told twice is one run"),
        (&[timeout("a", 0), good(5), timeout("b", 9)], 0, "a good run in between starts anew"),
        (&[timeout("a", 0), timeout("b", 1), timeout("c", 2), timeout("d", 3)], 2, "two failed probes open it"),
    ];
    for (runs, expected, why) in cases {
        assert_eq!(failures(runs), *expected, "{why}");
    }
    let open = absorb(&[timeout("a", 0), timeout("b", 1), timeout("c", 2), timeout("d", 3)]);
    assert_eq!(account(&open, "kimi").health, Health::Overloaded);
}

#[test]
fn a_good_run_is_proof_and_old_news_is_none() {
    let fleet = absorb(&[
        failure("a", "kimi/k2", mins(0), "auth", "401"),
        run("b", "kimi/k2", mins(-5)),
        failure("c", "kimi/k2", mins(0), "billing", BILLING),
    ]);
    assert_eq!(
        account(&fleet, "kimi").health,
        Health::RefusedKey,
        "what happened before, or is told twice, changes nothing"
    );

    let fleet = absorb(&[failure("a", "kimi/k2", mins(0), "auth", "401"), run("b", "kimi/k2", mins(3))]);
    let kimi = account(&fleet, "kimi");
    assert_eq!((kimi.health, kimi.serving_since), (Health::Up, Some(mins(3))));
    assert_eq!(kimi.breaker, Breaker::HalfOpen { good: 1 }, "tried carefully until a second good run");
}

fn catalog(until: Option<Timestamp>) -> Catalog {
    let id = ModelRef::of("kimi", "k2");
    let model = Model {
        name: "K2".to_owned(),
        available: until.is_none(),
        unavailable_reason: until.map(|_| "cooldown".to_owned()),
        unavailable_until: until,
        ..Model::new(id.clone())
    };
    Catalog { models: [(id, model)].into(), ..Catalog::default() }
}

#[test]
fn a_cooldown_takes_proof_away_and_its_end_gives_none_back() {
    let settings = Settings::default();
    let mut fleet = absorb(&[run("a", "kimi/k2", mins(0))]);
    absorb_catalog(&mut fleet, &catalog(None), mins(1));
    assert_eq!(account(&fleet, "kimi").health, Health::Up, "available proves nothing, but takes nothing away");

    absorb_catalog(&mut fleet, &catalog(Some(mins(10))), mins(2));
    let kimi = account(&fleet, "kimi");
    assert_eq!((kimi.health, kimi.gateway_waits_until), (Health::Unknown, Some(mins(10))));

    advance(&mut fleet, &settings, mins(10));
    let kimi = account(&fleet, "kimi");
    assert_eq!((kimi.health, kimi.gateway_waits_until), (Health::Unknown, None));
}

fn window(used_ratio: f64, resets_at: Option<Timestamp>, observed_at: Timestamp) -> QuotaWindow {
    QuotaWindow { resets_at, ..QuotaWindow::new("5h", used_ratio, observed_at, Source::UsageStatus) }
}

#[test]
fn a_quota_report_knows_limits_strain_and_return() {
    let settings = Settings::default();
    let mut fleet = Fleet::default();
    let report = |fleet: &mut Fleet, used: f64, reset: Timestamp, minute: i64| {
        let windows = vec![window(used, Some(reset), mins(minute))];
        absorb_windows(
            fleet,
            Source::UsageStatus,
            &[(AccountId::new("minimax-plan"), windows)],
            &settings,
            mins(minute),
        );
        account(fleet, "minimax-plan").health
    };
    let reset = mins(60);
    assert_eq!(report(&mut fleet, 0.5, reset, 0), Health::Unknown, "room alone does not prove that runs succeed");
    let good = run("a", "minimax-plan/M3", mins(1));
    take(&mut fleet, &good, &settings, mins(1));
    assert_eq!(report(&mut fleet, 0.85, reset, 2), Health::Strained, "nearly used up, and serving");
    assert_eq!(report(&mut fleet, 1.0, reset, 3), Health::LimitHit { resets_at: Some(reset) });

    advance(&mut fleet, &settings, mins(60));
    assert_eq!(account(&fleet, "minimax-plan").health, Health::Unknown, "the reset is no proof");
    let next = mins(360);
    assert_eq!(report(&mut fleet, 0.0, next, 61), Health::Up, "room after the reset is a sign of return");
    assert_eq!(account(&fleet, "minimax-plan").serving_since, Some(mins(61)));
}

#[test]
fn a_quota_report_does_not_fill_an_empty_purse() {
    let settings = Settings::default();
    let mut fleet = absorb(&[failure("a", "minimax/M3", mins(0), "billing", BILLING)]);
    advance(&mut fleet, &settings, mins(20));
    let windows = vec![window(0.1, None, mins(21))];
    absorb_windows(&mut fleet, Source::UsageStatus, &[(AccountId::new("minimax"), windows)], &settings, mins(21));
    assert_eq!(account(&fleet, "minimax").health, Health::OutOfBalance);
}

#[test]
fn time_alone_makes_old_evidence_worthless_but_ends_no_limit_early() {
    let settings = Settings::default();
    let text = "Your limit will reset at 2026-11-26 08:00:00";
    let mut fleet = absorb(&[
        run("a", "kimi/k2", mins(0)),
        failure("b", "openai/gpt", mins(0), "rate_limit", text),
        failure("c", "minimax/M3", mins(0), "billing", BILLING),
    ]);
    advance(&mut fleet, &settings, mins(23 * 60));
    assert_eq!(account(&fleet, "kimi").health, Health::Up);
    assert_eq!(account(&fleet, "minimax").breaker, Breaker::HalfOpen { good: 0 }, "its back-off is over");
    assert_eq!(account(&fleet, "minimax").health, Health::OutOfBalance, "but nobody has seen it serve");
    advance(&mut fleet, &settings, mins(24 * 60));
    assert_eq!(account(&fleet, "kimi").health, Health::Unknown);
    assert_eq!(account(&fleet, "minimax").health, Health::Unknown);
    assert!(account(&fleet, "openai").health.fails(), "its reset is known and still ahead");
}
