//! Crons that start together, and which of them may start a little later.

use super::*;
use crate::domain::{Apart, ChangeKind, Hold, HoldReason, MadeBy, Reason, Together};
use crate::policy::{between_starts, may_start_later, staggered_plan};

/// All of the short account start at half past.
fn at_half_past() -> Scene {
    changed(Scene::new([SHORT, ROOMY]), |id, cron| {
        if id.starts_with("acme") {
            cron.schedule = Schedule::Cron { expr: "30 * * * *".to_owned(), zone: None, stagger: None };
        }
    })
}

fn changed(mut scene: Scene, mut change: impl FnMut(&str, &mut Cron)) -> Scene {
    for (id, cron) in Arc::make_mut(&mut scene.obs.crons) {
        change(id.as_str(), Arc::make_mut(cron));
    }
    scene
}

fn together(scene: &Scene) -> Option<Together> {
    scene.advice().into_iter().find_map(|advice| match advice {
        QuotaAdvice::Together(together) => Some(together),
        QuotaAdvice::RunsOut(_) | QuotaAdvice::PaidFallbacks(_) => None,
    })
}

fn apart(scene: &Scene) -> Option<Apart> {
    together(scene)?.apart
}

/// The most that start in one minute on the short account once the plan is carried out, by the forecast's own count.
fn fullest_after(scene: &Scene, apart: &Apart) -> u32 {
    let plan = staggered_plan(&apart.staggers, &scene.obs, &scene.settings);
    let mut after = at_half_past();
    for change in plan.changes {
        let cron = Arc::make_mut(&mut after.obs.crons).get_mut(&change.cron).expect("it is one of them");
        Arc::make_mut(cron).schedule = change.schedule.expect("that is what it writes").to;
    }
    let learned = learn(&after.history, &after.obs);
    let coming = forecast(&learned, &after.obs, &after.settings, None, hours(48)).coming;
    let of_short: Vec<i64> = coming
        .starts
        .iter()
        .filter(|start| coming.crons[start.cron as usize].account.as_str() == "acme")
        .map(|start| (coming.from.as_second() + i64::from(start.after_secs)).div_euclid(60))
        .collect();
    of_short.chunk_by(|a, b| a == b).map(|minute| minute.len() as u32).max().expect("some start")
}

#[test]
fn as_few_as_needed_start_a_little_later_and_the_forecast_of_it_agrees() {
    let scene = at_half_past();
    let together = together(&scene).expect("twelve start at once");
    let apart = together.apart.expect("they may start apart");
    assert_eq!((together.n_together, together.n_crons), (12, 12));
    assert!(apart.n_together <= 4, "{apart:?}");
    assert_eq!(fullest_after(&scene, &apart), apart.n_together);
    assert!(apart.staggers.len() < 12, "some may stay: {apart:?}");
    assert!(apart.latest <= SignedDuration::from_mins(15), "{apart:?}");
    assert_eq!(Some(apart), self::apart(&scene), "the same is said each time");
}

#[test]
fn a_schedule_that_is_nobodys_to_change_stays() {
    let is_alone = |change: &dyn Fn(&mut Cron)| {
        let scene = changed(at_half_past(), |id, cron| {
            if id == "acme03" {
                change(cron);
            }
        });
        !may_start_later(&scene.obs.crons[&CronId::new("acme03")], &scene.obs)
    };
    let exact = |cron: &mut Cron| {
        cron.schedule =
            Schedule::Cron { expr: "30 * * * *".to_owned(), zone: None, stagger: Some(SignedDuration::ZERO) };
    };
    let interval = |cron: &mut Cron| {
        cron.schedule = Schedule::Every { every: SignedDuration::from_hours(1), anchor: Some(now()) };
    };
    assert!(!is_alone(&|_| ()), "an ordinary one may start later");
    assert!(is_alone(&exact), "exact on purpose");
    assert!(is_alone(&interval), "the phase of an interval cannot be given back");
    assert!(is_alone(&|cron| cron.made_by = MadeBy::Agent), "an edit would take its authority");
    assert!(is_alone(&|cron| cron.enabled = false), "off");
    assert!(is_alone(&|cron| cron.conditional = true), "a condition decides");
    let left_alone = |why: &str, change: fn(&mut TierEntry)| {
        let scene = at_half_past().entries(|_, entry| change(entry));
        assert_eq!(apart(&scene), None, "{why}");
        assert!(together(&scene).is_some(), "{why}: it is still said");
    };
    left_alone("critical", |entry| entry.critical = true);
    left_alone("held", |entry| entry.hold = Some(Hold { since: now(), why: HoldReason::ByHand }));
    let mut unsorted = at_half_past();
    unsorted.obs.tiers = Arc::default();
    assert_eq!(apart(&unsorted), None, "unsorted");
}

#[test]
fn what_runs_too_often_for_a_stagger_is_left_alone() {
    let scene = changed(at_half_past(), |id, cron| {
        if id.starts_with("acme") {
            cron.schedule = Schedule::Cron { expr: "*/10 * * * *".to_owned(), zone: None, stagger: None };
        }
    });
    assert_eq!(apart(&scene), None);
}

#[test]
fn the_plan_changes_when_they_start_and_nothing_else() {
    let scene = at_half_past();
    let apart = apart(&scene).expect("they may start apart");
    let plan = staggered_plan(&apart.staggers, &scene.obs, &scene.settings);
    assert_eq!(plan.changes.len(), apart.staggers.len());
    for change in &plan.changes {
        assert_eq!((change.kind, &change.from), (ChangeKind::Spread, &change.to));
        let Reason::StartsApart { later } = change.reason else { panic!("{:?}", change.reason) };
        assert!(later > SignedDuration::ZERO && later <= apart.latest, "{later}");
        let patch = change.patch();
        assert!(patch.model.is_none() && patch.fallbacks.is_none() && patch.enabled.is_none(), "{patch:?}");
        let expected = Schedule::Cron {
            expr: "30 * * * *".to_owned(),
            zone: None,
            stagger: apart.staggers.get(&change.cron).copied(),
        };
        assert_eq!(patch.schedule, Some(expected));
    }
    assert_eq!(plan.id, staggered_plan(&apart.staggers, &scene.obs, &scene.settings).id);
}

/// Between the former and the new moment of a start another delay would let it start twice, or, the other way, never.
#[test]
fn a_delay_is_not_changed_while_a_start_is_near() {
    let schedule = |minutes: Option<i64>| Schedule::Cron {
        expr: "30 9 * * *".to_owned(),
        zone: None,
        stagger: minutes.map(SignedDuration::from_mins),
    };
    let at = |time: &str| -> Timestamp { format!("2026-11-27T{time}Z").parse().expect("a moment") };
    let mut cron = Life::crons(ROOMY).remove(0);
    let later = schedule(Some(15)).delay(&cron.id);
    let new_start = at("09:30:00") + later;
    assert!(later > SignedDuration::from_mins(2), "{later}");
    for (from, to) in [(None, Some(15)), (Some(15), Some(0))] {
        cron.schedule = schedule(from);
        let until = |now: Timestamp| between_starts(&cron, &schedule(to), now);
        let over = Some(new_start + SignedDuration::from_secs(15));
        assert_eq!(until(at("09:29:00")), None, "{from:?}: well before");
        assert_eq!(until(at("09:29:50")), over, "{from:?}: a call may take a while");
        assert_eq!(until(at("09:31:00")), over, "{from:?}: between");
        assert_eq!(until(new_start), over, "{from:?}: as it starts");
        assert_eq!(until(new_start + SignedDuration::from_secs(15)), None, "{from:?}: it has started");
    }
    cron.schedule = schedule(None);
    assert_eq!(between_starts(&cron, &schedule(Some(0)), at("09:30:00")), None, "the same moment");
}

/// A thousand crons, of which many start every few minutes: the work stays small.
#[test]
fn many_full_minutes_are_gone_through_once() {
    let mut scene = at_half_past();
    let model = scene.obs.crons.values().next().and_then(|cron| cron.fields().model).expect("a model");
    let crons = Arc::make_mut(&mut scene.obs.crons);
    for index in 0..1_000 {
        let id = CronId::new(format!("acme-many-{index:04}"));
        let expr = if index % 2 == 0 { "*/5 * * * *".to_owned() } else { format!("{} * * * *", index % 60) };
        let turn = AgentTurn { model: Some(model.clone()), ..AgentTurn::default() };
        let schedule = Schedule::Cron { expr, zone: None, stagger: None };
        crons.insert(id.clone(), Arc::new(Cron::new(id.clone(), id.as_str(), schedule, Payload::AgentTurn(turn))));
        Arc::make_mut(&mut scene.obs.tiers).insert(id, TierEntry::new(Tier::T1));
    }
    // What starts every five minutes stays, so nothing gets a third emptier.
    assert_eq!(apart(&scene), None);
}
