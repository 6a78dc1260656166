//! How a plan and its lines are said.

use jiff::SignedDuration;

use super::super::testing::{at, change, decision, world};
use super::{fields, mark, origin, plan_headline, plan_summary, target, time_to_apply};
use crate::domain::{
    Cause, Change, ChangeKind, ChangeMark, Decision, Fields, Health, Outage, Plan, PlanId, PlanOrigin, Reason,
    RouteKey, Schedule, ScheduleEdit, SkipReason, Skipped, Verdict, WritesUsed,
};

const MINIMAX: Option<&str> = Some("minimax/MiniMax-M3");
const FLASH: Option<&str> = Some("google/gemini-3-flash");
const KIMI: Option<&str> = Some("kimi/k2");

fn plan(changes: Vec<Change>, decisions: Vec<Decision>) -> Plan {
    Plan {
        id: PlanId::new("p1"),
        at: at("2026-11-23 06:00"),
        origin: PlanOrigin::Distribution,
        outage: Outage::default(),
        changes,
        decisions,
        notes: Vec::new(),
        daily_cost: None,
        writes: None,
    }
}

fn leaves(name: &str, from: Option<&str>, health: Health) -> Change {
    let route = if from == KIMI { "kimi" } else { "minimax" };
    let why = SkipReason::Down { health, since: None };
    let ahead = [Skipped { route: RouteKey::new(route), why }].into();
    let reason = Reason::FirstServing { route: RouteKey::new("gemini_flash"), ahead, since: None };
    Change { reason, ..change(name, from, FLASH) }
}

fn returns(name: &str) -> Change {
    let since = (name == "x").then(|| at("2026-11-23 05:40"));
    let reason = Reason::FirstServing { route: RouteKey::new("gemini_flash"), ahead: [].into(), since };
    Change { reason, ..change(name, KIMI, FLASH) }
}

fn disabled(fields: Fields) -> Fields {
    Fields { enabled: false, ..fields }
}

fn pauses(name: &str, until: Option<&str>) -> Change {
    let paused = change(name, KIMI, KIMI);
    Change {
        kind: ChangeKind::Pause,
        to: disabled(paused.to.clone()),
        reason: Reason::NothingServes { expected_return: until.map(at) },
        ..paused
    }
}

fn resumes(name: &str) -> Change {
    let resumed = change(name, FLASH, FLASH);
    Change { kind: ChangeKind::Resume, from: disabled(resumed.from.clone()), ..resumed }
}

#[test]
fn the_headline_counts() {
    let undo = |changes| Plan { origin: PlanOrigin::Undo { of: PlanId::new("p0") }, ..plan(changes, vec![]) };
    let cases = [
        (plan(vec![], vec![]), "Nothing to change"),
        (plan(vec![returns("a")], vec![]), "1 change planned"),
        (plan(vec![returns("a"), returns("b")], vec![]), "2 changes planned"),
        (undo(vec![]), "Nothing left to undo"),
        (undo(vec![returns("a")]), "1 switch to undo"),
        (undo(vec![returns("a"), returns("b")]), "2 switches to undo"),
    ];
    for (plan, said) in cases {
        assert_eq!(plan_headline(&plan), said);
    }
}

#[test]
fn the_summary_says_what_moves_where_and_why() {
    let world = world();
    let out_of_credits = |name| leaves(name, MINIMAX, Health::OutOfBalance);
    let edit = Change { cause: Cause::Edit, ..change("edited", KIMI, MINIMAX) };
    let refit = Change { kind: ChangeKind::Refit, ..change("refit", FLASH, FLASH) };
    let undone = Change { kind: ChangeKind::Undo, cause: Cause::Undo, ..change("undone", FLASH, None) };
    let unticked = Change { ticked: false, ..out_of_credits("f") };
    let cases = [
        (
            vec![returns("x"), out_of_credits("a"), out_of_credits("b"), out_of_credits("c")],
            "3 move from MiniMax (out of credits) to Flash 3, 1 returns to Flash 3. Takes about 1 s.",
        ),
        (vec![returns("front")], "1 moves from Kimi to Flash 3. Takes about 1 s."),
        (
            vec![leaves("a", KIMI, Health::OutOfBalance)],
            "1 moves from Kimi (quota limit hit) to Flash 3. Takes about 1 s.",
        ),
        (
            vec![leaves("a", KIMI, Health::LimitHit { resets_at: Some(at("2026-11-23 06:05")) })],
            "1 moves from Kimi (rate limited) to Flash 3. Takes about 1 s.",
        ),
        (
            vec![pauses("a", Some("2026-11-23 18:00")), pauses("b", Some("2026-11-23 18:00")), pauses("c", None)],
            "2 pause until 18:00, 1 pauses until something serves. Takes about 1 s.",
        ),
        (
            vec![edit, refit, resumes("r"), undone],
            "1 moves to MiniMax (your choice), 1 gets new fallbacks, 1 runs again on Flash 3, 1 goes back to agent \
             default. Takes about 1 s.",
        ),
        (
            vec![out_of_credits("a"), unticked.clone()],
            "1 moves from MiniMax (out of credits) to Flash 3. 1 left out unless you tick it. Takes about 1 s.",
        ),
        (vec![unticked], "1 change left out unless you tick it."),
    ];
    for (changes, said) in cases {
        assert_eq!(plan_summary(&plan(changes, vec![]), &world.speech()), said);
    }
}

#[test]
fn an_undo_says_that_what_goes_back_is_held() {
    let world = world();
    let undone = Change { kind: ChangeKind::Undo, cause: Cause::Undo, ..change("undone", FLASH, None) };
    let stays = Change { kind: ChangeKind::Undo, cause: Cause::Undo, ..change("stays", KIMI, KIMI) };
    let undo = Plan { origin: PlanOrigin::Undo { of: PlanId::new("p0") }, ..plan(vec![undone, stays], vec![]) };
    let said = "1 goes back to agent default, 1 gets its former fallbacks back. What goes back is held until you lift it. Takes about 1 s.";
    assert_eq!(plan_summary(&undo, &world.speech()), said);
}

#[test]
fn an_undone_stagger_holds_nothing_and_does_not_say_so() {
    let world = world();
    let at = |stagger: i64| Schedule::Cron {
        expr: "0 * * * *".to_owned(),
        zone: None,
        stagger: Some(SignedDuration::from_secs(stagger)),
    };
    let schedule = Some(ScheduleEdit { from: at(120), to: at(0) });
    let (kind, cause) = (ChangeKind::Undo, Cause::Undo);
    let earlier = Change { kind, cause, schedule: schedule.clone(), ..change("earlier", KIMI, KIMI) };
    let moved = Change { schedule, kind, cause, ..change("moved", FLASH, KIMI) };
    let undo = |changes| Plan { origin: PlanOrigin::Undo { of: PlanId::new("p0") }, ..plan(changes, vec![]) };
    assert_eq!(
        plan_summary(&undo(vec![earlier.clone()]), &world.speech()),
        "1 starts at the former time again. Takes about 1 s."
    );
    assert_eq!(
        plan_summary(&undo(vec![earlier, moved]), &world.speech()),
        "1 starts at the former time again, 1 goes back to Kimi. What goes back is held until you lift it. Takes about 1 s."
    );
}

#[test]
fn an_empty_plan_does_not_pretend_that_all_is_well() {
    let world = world();
    let with = |verdict, reason| Decision { verdict, ..decision(reason) };
    let stay = || with(Verdict::Stay, Reason::AsIntended { route: RouteKey::new("opus") });
    let cases = [
        (vec![], "No cron to plan for"),
        (vec![stay()], "Every cron is where it should be"),
        (vec![stay(), with(Verdict::LeftAlone, Reason::Unsorted)], "No change would help now: 1 unsorted"),
        (
            vec![with(Verdict::Stranded, Reason::CriticalStranded), with(Verdict::Waiting, Reason::NoEvidence)],
            "No change would help now: 1 critical cron without a serving route and 1 waiting for a provider",
        ),
        (
            vec![with(Verdict::LeftAlone, Reason::GatewayAway)],
            "The gateway is away: nothing is planned until it is back",
        ),
    ];
    for (decisions, said) in cases {
        assert_eq!(plan_summary(&plan(vec![], decisions), &world.speech()), said);
    }
}

#[test]
fn a_line_says_what_it_starts_from_and_what_it_writes() {
    let world = world();
    let refit = Change { kind: ChangeKind::Refit, ..change("a", FLASH, FLASH) };
    let stays = {
        let both = change("a", KIMI, FLASH);
        Change { from: disabled(both.from.clone()), to: disabled(both.to.clone()), ..both }
    };
    let cases = [
        (change("a", MINIMAX, FLASH), "MiniMax", "Flash 3"),
        (change("a", None, FLASH), "agent default", "Flash 3"),
        (change("a", FLASH, None), "Flash 3", "agent default"),
        (change("a", Some("gone"), FLASH), "gone", "Flash 3"),
        (pauses("a", None), "Kimi", "paused"),
        (resumes("a"), "paused", "Flash 3, runs again"),
        (Change { kind: ChangeKind::Undo, ..refit.clone() }, "Flash 3", "Flash 3, former fallbacks"),
        (stays, "paused", "Flash 3, stays paused"),
        (refit, "Flash 3", "Flash 3, new fallbacks"),
    ];
    for (line, from, to) in cases {
        let speech = world.speech();
        assert_eq!((origin(&line, &speech).as_str(), target(&line, &speech).as_str()), (from, to));
    }
    let stored = Fields { model: Some("flash".into()), fallbacks: None, enabled: true };
    assert_eq!(fields(&stored, None, &world.speech()), "Flash 3", "an alias is looked up");
}

#[test]
fn the_estimate_follows_the_gateways_pace() {
    let now = at("2026-11-23 06:00");
    let used = |n_used, secs| Some(WritesUsed { n_used, renewed_at: now + SignedDuration::from_secs(secs) });
    let cases = [
        (1, None, 1),
        (6, None, 1),
        (30, None, 4),
        (31, None, 60),
        (100, None, 181),
        (10, used(20, 37), 1),
        (20, used(20, 37), 38),
        (1, used(30, 37), 37),
        (70, used(30, 37), 158),
        (20, used(30, 0), 3),
    ];
    for (n, used, secs) in cases {
        assert_eq!(time_to_apply(n, used, now), SignedDuration::from_secs(secs), "{n} writes, {used:?}");
    }
}

#[test]
fn a_mark_warns_before_the_line_is_written() {
    assert_eq!(mark(&ChangeMark::AgentMade), "made by an agent: an edit would drop its stored authority");
    assert!(mark(&ChangeMark::Running).starts_with("runs now"));
}
