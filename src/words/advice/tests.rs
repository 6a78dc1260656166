//! Advice as it is said.

use jiff::SignedDuration;

use super::super::testing::{World, at, change, world};
use super::{no_advice, quota_advice};
use crate::domain::{
    AccountId, Apart, BandPoint, Cause, Claim, ComingRuns, Detour, Detours, Forecast, Helps, Level, NoWay, Outage,
    PaidFallbacks, Plan, PlanId, PlanOrigin, QuotaAdvice, RouteKey, RunsOut, Tier, Together, TrackRecord, Usd,
};

fn level(account: &str, label: &str, before: f64, after: f64, until: &str) -> Level {
    Level { account: AccountId::new(account), label: label.to_owned(), before, after, at: at(until) }
}

/// Google's day runs out at 13:40, and six crons of T2 go to Kimi.
fn advice(helps: Helps) -> RunsOut {
    let sent = |index: usize| {
        let mut change = change(&format!("c{index}"), Some("google/gemini-3-flash"), Some("kimi/k2"));
        (change.tier, change.cause, change.to_route) = (Some(Tier::T2), Cause::Forecast, Some(RouteKey::new("kimi")));
        change
    };
    let changes: Vec<_> = if matches!(helps, Helps::Not(_)) { Vec::new() } else { (0..6).map(sent).collect() };
    let detour = || Detour { route: RouteKey::new("kimi"), until: at("2026-11-23 18:00") };
    let detours: Detours = changes.iter().map(|change| (change.cron.clone(), detour())).collect();
    RunsOut {
        account: AccountId::new("google"),
        label: "Daily".to_owned(),
        at: at("2026-11-23 13:40"),
        resets_at: at("2026-11-23 18:00"),
        reserve: 0.0,
        level: level("google", "Daily", 1.2, 0.81, "2026-11-23 18:00"),
        others: vec![level("kimi", "Week", 0.31, 0.45, "2026-11-25 09:00")],
        detours,
        helps,
        plan: Plan {
            id: PlanId::new("p"),
            at: at("2026-11-23 06:00"),
            origin: PlanOrigin::Advice,
            outage: Outage::default(),
            changes,
            decisions: Vec::new(),
            notes: Vec::new(),
            daily_cost: None,
            writes: None,
        },
    }
}

fn said(world: &World, advice: RunsOut) -> String {
    quota_advice(&QuotaAdvice::RunsOut(Box::new(advice)), &world.speech()).whole()
}

#[test]
fn an_advice_says_what_runs_out_what_moves_and_until_when() {
    let world = world();
    assert_eq!(
        said(&world, advice(Helps::Below(0.85))),
        "Google's daily quota runs out at 13:40, 4 h before its reset. \
         Moving these 6 T2 crons to Kimi keeps both below 85% until it resets at 18:00."
    );
    let numbers = quota_advice(&QuotaAdvice::RunsOut(Box::new(advice(Helps::Below(0.85)))), &world.speech()).numbers;
    let expected =
        ["Google Daily 120% → 81% at 18:00", "Kimi Week 31% → 45% Wed at 09:00", "back to their chains at 18:00"];
    assert_eq!(numbers, expected);
}

#[test]
fn what_an_advice_does_not_reach_is_said_with_it() {
    let world = world();
    let cases = [
        (Helps::Lasts, "lets it last until it resets at 18:00, 81% used then; no more of them can move."),
        (Helps::Later(at("2026-11-23 16:10")), "lets it last until 16:10; no more of them can move."),
        (Helps::Not(NoWay::NoRoom), "It resets at 18:00. No other route of its crons' chains serves with enough room."),
    ];
    for (helps, end) in cases {
        let said = said(&world, advice(helps));
        assert!(said.ends_with(end), "{said}");
        assert!(!said.contains("keeps both"), "{said}");
    }
    let mut close = advice(Helps::Lasts);
    close.level.after = 0.996;
    let said_so = said(&world, close);
    assert!(said_so.contains("to Kimi may let it last until it resets at 18:00, 100% used then"), "{said_so}");
    let reserved = RunsOut { reserve: 0.2, ..advice(Helps::Below(0.8)) };
    let said = said(&world, reserved);
    assert!(said.starts_with("Google's daily quota is used but for the 20% you keep free at 13:40"), "{said}");
}

#[test]
fn crons_are_counted_by_tier_and_by_where_they_go() {
    let world = world();
    let mut mixed = advice(Helps::Below(0.85));
    mixed.plan.changes[0].tier = Some(Tier::T1);
    mixed.plan.changes[1].tier = Some(Tier::T3);
    mixed.plan.changes[5].to_route = Some(RouteKey::new("minimax"));
    mixed.others.push(level("minimax", "Week", 0.1, 0.2, "2026-11-25 09:00"));
    let said = said(&world, mixed);
    assert!(
        said.contains("Moving these 1 T3 cron, 3 T2 crons and 1 T1 cron to Kimi and this T2 cron to MiniMax keeps all"),
        "{said}"
    );
}

#[test]
fn runs_that_cost_money_are_said_with_what_is_known_of_it() {
    let world = world();
    let paid = |n_unpriced| PaidFallbacks {
        account: AccountId::new("minimax"),
        instead_of: AccountId::new("kimi"),
        n_runs: 12,
        crons: vec!["a".into(), "b".into()],
        cost: Usd(0.42),
        n_unpriced,
        first_at: at("2026-11-20 06:00"),
        last_at: at("2026-11-22 21:15"),
    };
    let said = |n_unpriced| quota_advice(&QuotaAdvice::PaidFallbacks(paid(n_unpriced)), &world.speech()).whole();
    assert_eq!(
        said(0),
        "12 runs of 2 crons fell back from Kimi to MiniMax, which is paid by the token. \
         In the last seven days they cost about $0.42; the last one ran yesterday at 21:15."
    );
    assert!(said(3).contains("$0.42, and 3 of them have no known price"), "{}", said(3));
    assert!(said(12).contains("what they cost is not known"), "{}", said(12));
}

#[test]
fn runs_that_start_together_are_named_and_left_to_their_owner() {
    let together = |apart| {
        let together = Together {
            account: AccountId::new("kimi"),
            n_together: 31,
            n_crons: 31,
            at: at("2026-11-23 07:00"),
            apart,
        };
        quota_advice(&QuotaAdvice::Together(together), &world().speech()).whole()
    };
    let said = together(None);
    assert!(said.starts_with("31 runs start together on Kimi at 07:00. Schedules of 31 crons"), "{said}");
    assert!(said.ends_with("they are yours to change."), "{said}");
    let staggers = |n: usize| (0..n).map(|index| (format!("c{index}").into(), SignedDuration::from_mins(10))).collect();
    let apart = |n| Some(Apart { staggers: staggers(n), n_together: 4, latest: SignedDuration::from_mins(9) });
    assert_eq!(
        together(apart(12)),
        "31 runs start together on Kimi at 07:00. \
         Letting 12 of its crons start up to 9 min later leaves at most 4 runs in one minute."
    );
    assert!(together(apart(1)).contains("Letting 1 of its crons start 9 min later"), "{}", together(apart(1)));
}

#[test]
fn no_advice_is_said_as_far_as_it_is_known() {
    let now = at("2026-11-23 06:00");
    let forecast = |claims: Vec<Claim>| {
        let window = |claim| crate::domain::WindowForecast {
            account: AccountId::new("kimi"),
            label: "weekly".to_owned(),
            span: None,
            metric: None,
            covers: crate::domain::ModelScope::All,
            used_ratio: 0.5,
            observed_at: now,
            source: crate::domain::Source::Probe,
            resets_at: None,
            started_at: None,
            starts: crate::domain::WindowStart::Unknown,
            claim,
            band: Vec::new(),
            growth: crate::domain::Growth::default(),
            basis: crate::domain::Basis::default(),
            past: Vec::new(),
            next: Vec::new(),
        };
        Forecast {
            at: now,
            until: now,
            windows: claims.into_iter().map(window).collect(),
            coming: ComingRuns::default(),
            record: TrackRecord::default(),
        }
    };
    let lasts = || Claim::Lasts {
        at_reset: BandPoint { at: now, low: 0.5, likely: 0.6, high: 0.7 },
        at_worst: None,
        chance: 0.1,
    };
    let learning = || Claim::Learning(crate::domain::Learning::Readings { seen: 1, needed: 8 });
    assert_eq!(no_advice(&forecast(vec![lasts(), learning()])), "Nothing runs out before its reset");
    assert_eq!(no_advice(&forecast(vec![lasts(), Claim::UsedUp])), "Nothing else runs out before its reset");
    assert!(no_advice(&forecast(vec![learning()])).starts_with("Too little is known yet"));
}
