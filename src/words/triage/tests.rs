//! The sentence and the remedy of each kind of failure.

use std::sync::Arc;

use jiff::SignedDuration;

use super::super::testing::{at, model, world};
use super::*;
use crate::domain::{AccountId, Billing, CronId};
use crate::providers::{Evidence, diagnose};

/// A failure about no provider, far from being switched off, with no change planned.
fn failure(kind: TriageKind) -> Triage {
    Triage {
        cron: CronId::new("c1"),
        kind,
        said: None,
        failures: 1,
        switch_off: SwitchOff::Far,
        account: None,
        error: None,
        planned: Planned::Nothing { why: None },
    }
}

/// A failure of an account, as its own words are diagnosed.
fn of(kind: TriageKind, account: &str, billing: Billing, text: &str) -> Triage {
    let said = diagnose(&Evidence { billing, ..Evidence::prose(account, text, world().now) });
    let error = Some(text.to_owned());
    Triage { said: Some(Arc::new(said)), account: Some(AccountId::new(account)), error, ..failure(kind) }
}

fn said(triage: &Triage) -> (String, String) {
    let world = world();
    let said = super::triage(triage, &world.speech());
    (said.what, said.remedy.expect("there is always something to say"))
}

#[test]
fn each_failure_is_said_with_what_mends_it() {
    use TriageKind::{
        Account, Auth, Cooldown, Delivery, Interrupted, Job, Limit, Lock, Model, Overload, Timeout, Unknown,
    };
    let tool = Triage { error: Some("⚠️ 🛠️ Exec failed: no such file".to_owned()), ..failure(Job) };
    let command = Triage { error: Some("command exited with code 7".to_owned()), ..failure(Job) };
    let nobodys = |kind| Triage { account: Some(AccountId::new("openai")), ..failure(kind) };
    let billing_error = "⚠️ minimax (M3) returned a billing error — your API key has run out of credits or has an \
                         insufficient balance. Check your minimax billing dashboard and top up";
    let cases = [
        (
            of(Auth, "openai", Billing::RateTier, "401 Incorrect API key provided"),
            "Key rejected by OpenAI — check the API key",
            "Check the API key of OpenAI where the gateway keeps it",
        ),
        (
            of(Auth, "openai-codex", Billing::QuotaPlan, "401 token_expired"),
            "OpenAI codex: sign-in expired — sign in again",
            "Sign in to ChatGPT again",
        ),
        (
            nobodys(Auth),
            "OpenAI refuses its key or its sign-in",
            "Sign in to OpenAI again, or check its API key where the gateway keeps it",
        ),
        (
            of(Account, "minimax", Billing::PrepaidCredits, billing_error),
            "Balance empty — MiniMax API credits need a top-up",
            "Top up the account at MiniMax",
        ),
        (
            of(Limit, "minimax", Billing::QuotaPlan, billing_error),
            "MiniMax: quota limit hit — reset date not reported yet",
            "Ask for the quota again to learn when it resets",
        ),
        (
            of(Timeout, "kimi", Billing::QuotaPlan, "cron: job execution timed out (last phase: model-call-started)"),
            "Kimi: no answer within the time limit",
            "Nothing to do: it is tried again after growing pauses",
        ),
        (
            of(Job, "openai", Billing::RateTier, "400 context_length_exceeded: maximum context length is 8192 tokens"),
            "OpenAI: one request was too large",
            "Give it less to read, or a model that takes more",
        ),
        (
            failure(Delivery),
            "Its answer could not be delivered",
            "Give its delivery a channel and a recipient in OpenClaw, or switch the delivery off",
        ),
        (
            command,
            "Its own work failed: command exited with code 7",
            "Look at what it runs: its script, command or tool",
        ),
        (
            tool,
            "Its own work failed: 🛠️ Exec failed: no such file",
            "Look at what it runs: its script, command or tool",
        ),
        (nobodys(Model), "Its model is not allowed or not to be had", "Choose another model for it"),
        (nobodys(Overload), "OpenAI is overloaded", "Nothing to do: its next run shows whether it has passed"),
        (
            failure(Timeout),
            "It did not finish in its time",
            "Nothing to do, unless it returns: then give the job more time",
        ),
        (
            nobodys(Cooldown),
            "The gateway waits before it asks OpenAI again",
            "Nothing to do: its next run shows whether it has passed",
        ),
        (
            failure(Lock),
            "Another run held its session",
            "Nothing to do, unless it returns: then let the two run at different times",
        ),
        (
            failure(Interrupted),
            "The gateway was restarted during its run",
            "Nothing to do: its next run shows whether it has passed",
        ),
        (failure(Unknown), "It failed, and nothing here knows why", "Look at its last run in OpenClaw"),
    ];
    for (triage, what, remedy) in cases {
        assert_eq!(said(&triage), (what.to_owned(), remedy.to_owned()), "{:?}", triage.kind);
    }
}

#[test]
fn a_limit_whose_reset_has_passed_is_not_said_to_come() {
    let text = "⚠️ Usage limit reached for 5 hour. Your limit will reset at 2026-11-23T04:30:00Z";
    let hour_ago = world().now - SignedDuration::from_hours(1);
    let spent = diagnose(&Evidence::prose("kimi", text, hour_ago));
    let limit = Triage { said: Some(Arc::new(spent)), ..of(TriageKind::Limit, "kimi", Billing::QuotaPlan, text) };
    let (what, remedy) = said(&limit);
    assert_eq!(what, "Kimi: it ran into a limit that was to reset today 05:30");
    assert_eq!(remedy, "Nothing to do: its next run shows whether it has passed");
}

#[test]
fn the_tenth_failure_is_warned_of_and_a_cron_that_is_off_is_told_how_to_come_back() {
    let near = SwitchOff::Near { next_run_at: Some(at("2026-11-23 07:00")) };
    let off = SwitchOff::Off { at: Some(at("2026-11-22 21:04")), failures: Some(10) };
    let by_schedule = SwitchOff::Off { at: None, failures: None };
    let auth = || Triage { account: Some(AccountId::new("openai")), ..failure(TriageKind::Auth) };
    let cases = [
        (
            Triage { failures: 9, switch_off: near, ..auth() },
            "OpenAI refuses its key or its sign-in. 9 of 10 failures in a row: the gateway switches it off if its next \
             run today 07:00 fails as well.",
            "Sign in to OpenAI again, or check its API key where the gateway keeps it",
        ),
        (
            Triage { failures: 10, switch_off: off.clone(), ..auth() },
            "OpenAI refuses its key or its sign-in. Switched off by the gateway after 10 failures, yesterday 21:04.",
            "Sign in to OpenAI again, or check its API key where the gateway keeps it; then switch it on again: openclaw \
             cron enable c1",
        ),
        (
            Triage { failures: 10, switch_off: off, ..failure(TriageKind::Lock) },
            "Another run held its session. Switched off by the gateway after 10 failures, yesterday 21:04.",
            "When this has passed, switch it on again: openclaw cron enable c1",
        ),
        (
            Triage { switch_off: by_schedule, ..failure(TriageKind::Schedule) },
            "The gateway cannot work out when it runs next. Switched off by the gateway.",
            "Correct its schedule in OpenClaw; then switch it on again: openclaw cron enable c1",
        ),
        (
            Triage { switch_off: SwitchOff::Over, ..failure(TriageKind::Delivery) },
            "Its answer could not be delivered. It was to run once, and does not run again by itself.",
            "Give its delivery a channel and a recipient in OpenClaw, or switch the delivery off; then run it once more: \
             openclaw cron run c1",
        ),
    ];
    for (triage, what, remedy) in cases {
        assert_eq!(said(&triage), (what.to_owned(), remedy.to_owned()));
        assert!(triage_warning(&triage, &world().speech()).is_some_and(|warning| what.contains(&warning)));
    }
    assert_eq!(triage_warning(&failure(TriageKind::Lock), &world().speech()), None);
}

#[test]
fn what_the_plan_does_is_said_and_what_keeps_it_from_doing_anything() {
    let moves = || Planned::Moves { to: Some(model("kimi/k2")) };
    let nothing = |why| Planned::Nothing { why: Some(why) };
    let cases = [
        (TriageKind::Limit, moves(), "Apply the plan: it moves to Kimi"),
        (TriageKind::Model, moves(), "Apply the plan: it moves to Kimi"),
        (TriageKind::Overload, Planned::Pauses, "Apply the plan: it pauses until something serves"),
        (
            TriageKind::Auth,
            moves(),
            "Sign in to its provider again, or check its API key where the gateway keeps it; by the plan it moves to Kimi \
             meanwhile",
        ),
        (TriageKind::Unknown, moves(), "Look at its last run in OpenClaw"),
        (TriageKind::Model, nothing(Reason::Unsorted), "Give it a tier, so that the plan moves it to another model"),
        (
            TriageKind::Model,
            nothing(Reason::Pinned { model: None }),
            "Unpin it, so that the plan moves it to another model",
        ),
        (TriageKind::Model, nothing(Reason::AutoDisabled), "Choose another model for it"),
    ];
    for (kind, planned, remedy) in cases {
        let told = said(&Triage { planned, ..failure(kind) }).1;
        assert_eq!(told, remedy, "{kind:?}");
    }
}

#[test]
fn no_money_word_is_said_of_a_plan_or_a_rate_tier_whatever_the_error_says() {
    let texts = [
        "⚠️ x (m1) returned a billing error — your API key has run out of credits or has an insufficient balance. Top up.",
        "402 Payment Required: insufficient balance, please recharge",
        "余额不足或无可用资源包,请充值。",
        "Your credit balance is too low to access the API",
        "insufficient_quota: You exceeded your current quota, please check your plan and billing details",
        "account balance depleted",
        "command exited with code 1: credit balance too low",
    ];
    let offs = [
        SwitchOff::Far,
        SwitchOff::Near { next_run_at: None },
        SwitchOff::Off { at: None, failures: Some(10) },
        SwitchOff::Over,
    ];
    let accounts = ["zai", "anthropic", "openai", "google", "kimi", "minimax", "minimax-plan"];
    let mut n_said = 0;
    for text in texts {
        for (account, billing) in accounts.iter().flat_map(|id| [(*id, Billing::QuotaPlan), (*id, Billing::RateTier)]) {
            for kind in TriageKind::ALL {
                let known = of(*kind, account, billing, text);
                let unknown = Triage { said: None, ..known.clone() };
                for (triage, off) in
                    [known, unknown].iter().flat_map(|triage| offs.iter().map(move |off| (triage, off)))
                {
                    let (what, remedy) = said(&Triage { switch_off: off.clone(), ..triage.clone() });
                    let lower = format!("{what} {remedy}").to_lowercase();
                    for money in [
                        "balance", "credit", "top up", "top-up", "recharge", "deplet", "billing", "payment", "余额",
                        "充值",
                    ] {
                        assert!(!lower.contains(money), "{account} {kind:?}: {what} / {remedy}");
                    }
                    n_said += 1;
                }
            }
        }
    }
    assert!(n_said > 10_000, "{n_said}");
}
