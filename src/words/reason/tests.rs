//! How reasons, skipped routes and triggers are said.

use jiff::SignedDuration;

use super::super::testing::{at, change, decision, model, world};
use super::{change_reason, note, reason, skip_reason, skipped, suggestion, trigger};
use crate::domain::{
    Cause, Change, CronId, Health, HoldReason, PlanId, PlanNote, Reason, RouteKey, SkipReason, Skipped,
    SuggestionReason, Tier, Trigger, Usd,
};

fn route(key: &str) -> RouteKey {
    RouteKey::new(key)
}

fn over(key: &str, why: SkipReason) -> Skipped {
    Skipped { route: route(key), why }
}

fn down(key: &str, health: Health) -> Skipped {
    over(key, SkipReason::Down { health, since: Some(at("2026-11-23 05:04")) })
}

fn limit(resets: &str) -> Health {
    Health::LimitHit { resets_at: Some(at(resets)) }
}

#[test]
fn a_reason_names_what_was_passed_over_and_what_serves() {
    let world = world();
    let first = |ahead: Vec<_>| Reason::FirstServing { route: route("gemini_flash"), ahead: ahead.into(), since: None };
    let next = |ahead: Vec<_>| Reason::NextInChain { route: route("kimi"), ahead: ahead.into() };
    let cases = [
        (first(vec![]), "Flash 3 is first in the chain and serves"),
        (first(vec![over("kimi", SkipReason::NotSetUp)]), "Flash 3 is first in the chain and serves"),
        (
            first(vec![down("minimax", Health::OutOfBalance)]),
            "MiniMax is out of credits; Flash 3 is next in the chain and serves",
        ),
        (
            first(vec![down("kimi", Health::OutOfBalance)]),
            "Kimi has hit its quota limit; Flash 3 is next in the chain and serves",
        ),
        (
            next(vec![down("minimax", limit("2026-11-23 18:00")), down("gemini_flash", limit("2026-11-23 06:05"))]),
            "MiniMax has hit its quota limit until 18:00 and Flash 3 is rate limited; Kimi is next in the chain",
        ),
        (
            next(vec![
                down("opus", Health::RefusedKey),
                down("sonnet", Health::RefusedKey),
                down("minimax", Health::Overloaded),
            ]),
            "Opus, Sonnet and MiniMax are passed over; Kimi is next in the chain",
        ),
        (
            Reason::NothingServes { expected_return: Some(at("2026-11-23 18:00")) },
            "nothing in its chain serves before today 18:00",
        ),
        (Reason::Pinned { model: Some(model("anthropic/claude-opus")) }, "pinned to Opus"),
        (Reason::Pinned { model: None }, "pinned to the model it has"),
        (Reason::Held { why: HoldReason::Undone }, "held since you undid a switch"),
        (Reason::ChainNotSetUp { tier: Tier::T3 }, "no route of T3 is set up"),
        (Reason::RouteUnanswered { route: route("minimax") }, "waits for your word which model MiniMax is"),
        (Reason::Undone { of: PlanId::new("p1") }, "your undo of a switch"),
        (Reason::PausedByUser, "paused by you"),
        (
            Reason::CheapestInCrisis { route: route("minimax") },
            "in a crisis simple crons run on the cheapest route that serves: MiniMax",
        ),
        (
            Reason::PausedInCrisis { expected_return: Some(at("2026-11-24 09:00")) },
            "not critical: it pauses in a crisis, until about tomorrow 09:00",
        ),
        (
            Reason::LastChance { route: route("kimi"), n_errors: 9 },
            "failed 9 times in a row and is switched off by the gateway at ten; Kimi serves",
        ),
        (Reason::AsIntended { route: route("opus") }, "on Opus, as it should be"),
    ];
    for (why, said) in cases {
        assert_eq!(reason(&why, &world.speech()), said);
    }
}

#[test]
fn a_line_that_returns_to_its_primary_says_since_when_that_serves() {
    let world = world();
    let line = |since: Option<&str>| Change {
        reason: Reason::FirstServing { route: route("gemini_flash"), ahead: [].into(), since: since.map(at) },
        ..change("Invoice chaser", Some("kimi/k2"), Some("google/gemini-3-flash"))
    };
    let speech = world.speech();
    let back = line(Some("2026-11-23 05:40"));
    assert_eq!(change_reason(&back, &speech), "primary serves again since 05:40, settled 20 min");
    let dull = "Flash 3 is first in the chain and serves";
    assert_eq!(change_reason(&line(Some("2026-11-20 05:40")), &speech), dull, "it was not away lately");
    assert_eq!(change_reason(&line(None), &speech), dull, "it was never away: its own route failed");
    assert_eq!(change_reason(&Change { cause: Cause::Edit, ..back }, &speech), dull);
}

#[test]
fn a_skipped_route_says_why_with_its_account_in_mind() {
    let world = world();
    let cases = [
        (down("minimax", Health::OutOfBalance), "skipped: out of credits since 05:04"),
        (down("kimi", Health::OutOfBalance), "skipped: quota limit hit — reset date not reported yet, since 05:04"),
        (down("kimi", limit("2026-11-24 09:00")), "skipped: quota limit hit — resets tomorrow 09:00"),
        (down("opus", Health::RefusedKey), "skipped: key refused since 05:04"),
        (
            over("kimi", SkipReason::GatewayWaits { until: at("2026-11-23 06:42") }),
            "skipped: gateway waits until 06:42, in 42 min",
        ),
        (
            over(
                "kimi",
                SkipReason::WindowExhausted { label: "weekly".into(), resets_at: Some(at("2026-11-26 09:00")) },
            ),
            "skipped: weekly window used up — resets Thu 09:00",
        ),
        (
            over("opus", SkipReason::AboveGuard { price: Usd(25.0), guard: Usd(5.0) }),
            "skipped: above the cost guard: $25 over $5 per 1M output tokens",
        ),
        (over("opus", SkipReason::NotNeeded), "not needed"),
    ];
    for (passed, said) in cases {
        assert_eq!(skipped(&passed, &world.speech()), said);
    }
}

#[test]
fn without_the_account_no_money_word_is_said() {
    let world = world();
    let out = SkipReason::Down { health: Health::OutOfBalance, since: Some(at("2026-11-23 05:04")) };
    assert_eq!(skip_reason(&out, &world.speech()), "does not serve since 05:04");
}

#[test]
fn a_trigger_says_what_would_change_the_decision() {
    let world = world();
    let serves = || Some(Trigger::RouteServes { route: route("minimax"), settle: SignedDuration::from_mins(10) });
    let mut moved = decision(Reason::NoEvidence);
    moved.model = Some(model("google/gemini-3-flash"));
    moved.would_change = serves();
    let mut broke = moved.clone();
    broke.skipped = [down("minimax", Health::OutOfBalance)].into();
    let mut paused = decision(Reason::StillPaused);
    paused.would_change = serves();
    let mut waits = decision(Reason::NoEvidence);
    waits.would_change = Some(Trigger::At { at: at("2026-11-23 18:00") });
    let mut stays = decision(Reason::NoEvidence);
    stays.would_change = Some(Trigger::RouteFails { route: route("kimi") });
    let mut unsorted = decision(Reason::Unsorted);
    unsorted.would_change = Some(Trigger::TheUser);
    let cases = [
        (moved, Some("It returns to MiniMax when that account has served for 10 minutes.")),
        (broke, Some("It returns to MiniMax when that account has credit and has served for 10 minutes.")),
        (paused, Some("It runs again on MiniMax when that account has served for 10 minutes.")),
        (waits, Some("This is looked at again 18:00, in 12 h.")),
        (stays, Some("It leaves Kimi when that route stops serving.")),
        (unsorted, Some("It is distributed once you give it a tier.")),
        (decision(Reason::NoModel), None),
    ];
    for (decided, said) in cases {
        assert_eq!(trigger(&decided, &world.speech()).as_deref(), said);
    }
}

#[test]
fn notes_count_correctly() {
    let world = world();
    let cases = [
        (PlanNote::Waiting { n_crons: 1, expected_return: None }, "1 cron waits for a provider"),
        (
            PlanNote::Waiting { n_crons: 9, expected_return: Some(at("2026-11-23 18:00")) },
            "9 crons wait for a provider, expected back today 18:00",
        ),
        (
            PlanNote::UnsortedFailing { n_crons: 1, crons: vec![CronId::new("c")] },
            "1 unsorted cron is on a route that does not serve: give it a tier to move it",
        ),
        (
            PlanNote::OneShotKept { cron: CronId::new("c"), name: "Visa call".into(), due: at("2026-11-23 09:00") },
            "Visa call runs once (09:00, in 3 h): treated as critical so that it is not missed",
        ),
        (PlanNote::ChainNotSetUp { tier: Tier::T2 }, "T2: chain not set up, so nothing is planned for it"),
    ];
    for (told, said) in cases {
        assert_eq!(note(&told, &world.speech()), said);
    }
}

#[test]
fn a_suggestion_says_what_it_was_drawn_from() {
    let cases = [
        (
            SuggestionReason::ReportsOk { word: "HEARTBEAT_OK".into() },
            "its message says “HEARTBEAT_OK”: it runs a check and reports",
        ),
        (
            SuggestionReason::RunsOften { every: SignedDuration::from_mins(5) },
            "it runs every 5 min, so it is likely simple",
        ),
        (SuggestionReason::Nothing, "nothing in it speaks for another tier"),
    ];
    for (why, said) in cases {
        assert_eq!(suggestion(&why), said);
    }
}
