//! What an undo gives back, and what it leaves to whoever changed it since.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::{AgentTurn, Confirmation, Model, ModelRef, OutageLevel, Payload, Revision, Schedule, SwitchId};

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().expect("a moment")
}

fn fields(model: &str, fallbacks: &[&str], enabled: bool) -> Fields {
    let fallbacks = fallbacks.iter().map(|name| (*name).to_owned()).collect();
    Fields { model: Some(model.to_owned()), fallbacks: Some(fallbacks), enabled }
}

fn cron(id: &str, holds: &Fields) -> Cron {
    Cron {
        enabled: holds.enabled,
        revision: Some(Revision::new(format!("now-{id}"))),
        ..Cron::new(
            CronId::new(id),
            id,
            Schedule::Event { kind: "stream".to_owned() },
            Payload::AgentTurn(AgentTurn {
                model: holds.model.clone(),
                fallbacks: holds.fallbacks.clone(),
                ..AgentTurn::default()
            }),
        )
    }
}

fn switch(cron: &str, plan: &str, from: &Fields, to: &Fields) -> Switch {
    Switch {
        id: SwitchId::new(format!("{plan}-{cron}")),
        plan: PlanId::new(plan),
        at: now(),
        cron: CronId::new(cron),
        name: cron.to_owned(),
        from: from.clone(),
        to: to.clone(),
        schedule: None,
        revision_before: Some(Revision::new(format!("before-{cron}"))),
        revision_after: None,
        reason: Reason::ChainEdited,
        cause: Cause::Health,
        confirmation: Confirmation::Waiting,
        undone_by: None,
        by: crate::domain::StartedBy::Hand,
        seal: None,
    }
}

fn observe(crons: Vec<Cron>) -> Observation {
    let model = |text: &str| {
        let id = ModelRef::parse(text).expect("a reference");
        let model = Model { name: text.to_owned(), ..Model::new(id.clone()) };
        (id, model)
    };
    let models = ["kimi/k2", "minimax/M3", "openai/gpt"].map(model).into_iter().collect();
    Observation {
        at: now(),
        gateway_reachable: true,
        crons: Arc::new(crons.into_iter().map(|cron| (cron.id.clone(), Arc::new(cron))).collect()),
        catalog: Arc::new(crate::domain::Catalog { models, ..crate::domain::Catalog::default() }),
        fleet: Arc::default(),
        tiers: Arc::default(),
        ledger: Arc::default(),
        edited: Arc::default(),
        down_since: BTreeMap::new(),
        previous_level: OutageLevel::Healthy,
        busy: Arc::default(),
        mode: crate::domain::PlanMode::Ordinary,
    }
}

#[test]
fn only_what_still_holds_our_write_goes_back() {
    let before = fields("kimi/k2", &["openai/gpt"], true);
    let wrote = fields("minimax/M3", &["kimi/k2"], true);
    let paused = fields("kimi/k2", &["openai/gpt"], false);
    let model_edited = fields("openai/gpt", &["kimi/k2"], true);
    let cases = [
        (&wrote, &wrote, Some(before.clone()), "as we left it: all goes back"),
        (&wrote, &model_edited, Some(fields("openai/gpt", &["openai/gpt"], true)), "the user's model stays theirs"),
        (&wrote, &before, None, "somebody already put it back"),
        (&paused, &paused, Some(before.clone()), "our pause ends"),
        (
            &paused,
            &fields("minimax/M3", &["openai/gpt"], false),
            Some(fields("minimax/M3", &["openai/gpt"], true)),
            "and leaves the rest",
        ),
        (
            &wrote,
            &fields("minimax/M3", &["kimi/k2"], false),
            Some(fields("kimi/k2", &["openai/gpt"], false)),
            "what the user paused stays paused",
        ),
    ];
    for (wrote, holds, expected, why) in cases {
        let obs = observe(vec![cron("a", holds)]);
        let of = PlanId::new("p");
        let plan = undo_plan(&[switch("a", "p", &before, wrote)], &of, &obs, &Settings::default());
        let to = plan.changes.first().map(|change| change.to.clone());
        assert_eq!(to, expected, "{why}");
    }
}

#[test]
fn what_a_later_plan_changed_once_more_is_not_what_the_plan_wrote_whatever_it_looks_like() {
    let [first, then] = ["kimi/k2", "minimax/M3"].map(|model| fields(model, &[], true));
    let paused = Fields { enabled: false, ..then.clone() };
    let of = PlanId::new("p");
    let taken_back = Switch { undone_by: Some(SwitchId::new("u-a")), ..switch("a", "later", &then, &first) };
    let undo = Switch { cause: Cause::Undo, ..switch("a", "u", &first, &then) };
    let cases: [(&[Switch], Option<&Fields>, &str); 4] = [
        (&[], Some(&first), "it stands"),
        (&[switch("a", "later", &then, &first)], None, "given back by a later plan, and set again by its user"),
        (&[switch("a", "later", &paused, &then)], Some(&first), "a later plan changed another field"),
        (&[taken_back, undo], Some(&first), "what was taken back changed nothing"),
    ];
    for (later, expected, why) in cases {
        let switches = [&[switch("a", "p", &first, &then)], later].concat();
        let plan = undo_plan(&switches, &of, &observe(vec![cron("a", &then)]), &Settings::default());
        assert_eq!(plan.changes.first().map(|change| &change.to), expected, "{why}");
    }
}

#[test]
fn an_undo_is_a_plan_of_its_own_over_the_standing_switches_of_one_plan() {
    let (before, wrote) = (fields("kimi/k2", &[], true), fields("minimax/M3", &[], true));
    let undone = Switch { undone_by: Some(SwitchId::new("later")), ..switch("c", "p", &before, &wrote) };
    let switches = [
        switch("a", "p", &before, &wrote),
        switch("b", "other", &before, &wrote),
        undone,
        switch("gone", "p", &before, &wrote),
    ];
    let obs = observe(["a", "b", "c"].map(|id| cron(id, &wrote)).to_vec());
    let of = PlanId::new("p");
    let plan = undo_plan(&switches, &of, &obs, &Settings::default());
    assert_eq!(plan.origin, PlanOrigin::Undo { of: of.clone() });
    let [line] = plan.changes.as_slice() else { panic!("one line, not {:?}", plan.changes) };
    assert_eq!((line.cron.as_str(), line.kind, line.cause), ("a", ChangeKind::Undo, Cause::Undo));
    assert_eq!(line.revision, Some(Revision::new("now-a")), "guarded by what is there now");
    assert_eq!(line.reason, Reason::Undone { of });
    assert_eq!(plan.decisions.len(), 1);
}

/// A stagger goes back to none by saying none: the gateway keeps what is not said.
#[test]
fn a_stagger_that_still_stands_is_taken_back_and_holds_nothing_else() {
    let schedule = |minutes: Option<i64>| Schedule::Cron {
        expr: "30 * * * *".to_owned(),
        zone: None,
        stagger: minutes.map(SignedDuration::from_mins),
    };
    let holds = fields("kimi/k2", &[], true);
    let spread = Switch {
        schedule: Some(ScheduleEdit { from: schedule(None), to: schedule(Some(10)) }),
        ..switch("a", "p", &holds, &holds)
    };
    let moved = switch("a", "q", &holds, &fields("minimax/M3", &[], true));
    let later = Switch {
        schedule: Some(ScheduleEdit { from: schedule(Some(10)), to: schedule(Some(5)) }),
        ..switch("a", "r", &holds, &holds)
    };
    let cases = [
        (vec![spread.clone()], schedule(Some(10)), Some(schedule(Some(0))), "as we left it"),
        (vec![spread.clone(), moved], schedule(Some(10)), Some(schedule(Some(0))), "another model is another matter"),
        (vec![spread.clone()], schedule(Some(5)), None, "the user's own stagger stays"),
        (vec![spread, later], schedule(Some(10)), None, "a later plan wrote another, and somebody brought it back"),
    ];
    for (switches, now, expected, why) in cases {
        let obs = observe(vec![Cron { schedule: now, ..cron("a", &holds) }]);
        let plan = undo_plan(&switches, &PlanId::new("p"), &obs, &Settings::default());
        let to = plan.changes.first().map(|change| change.schedule.clone().expect("nothing else is left").to);
        assert_eq!(to, expected, "{why}");
        assert!(plan.changes.iter().all(|change| change.from == change.to), "{why}");
    }
}

/// A crisis led it elsewhere and back: what the older plan wrote stands again.
#[test]
fn what_went_and_came_back_since_is_as_it_was_left() {
    let (a, b, c) = (fields("kimi/k2", &[], true), fields("minimax/M3", &[], true), fields("openai/gpt", &[], true));
    let at = |minutes: i64, switch: Switch| Switch { at: now() + SignedDuration::from_mins(minutes), ..switch };
    let (first, out, back) =
        (switch("a", "p", &a, &b), at(1, switch("a", "q", &b, &c)), at(2, switch("a", "r", &c, &b)));
    let undone = |switches: &[Switch], holds: &Fields| {
        let plan = undo_plan(switches, &PlanId::new("p"), &observe(vec![cron("a", holds)]), &Settings::default());
        plan.changes.first().map(|change| change.to.clone())
    };
    assert_eq!(undone(&[first.clone(), out.clone(), back], &b), Some(a));
    assert_eq!(undone(&[first, out], &b), None, "a person brought it back, which is theirs");
}
