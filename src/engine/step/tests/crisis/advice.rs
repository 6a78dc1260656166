//! Crons that are sent elsewhere on advice, until a quota comes back.

use super::*;
use crate::engine::step::sparing::Sparing;

/// `t2` and `t2-daily` go to Kimi for six hours.
fn sent(scene: &Outside) -> Detours {
    let detour = Detour { route: RouteKey::new("kimi"), until: hours(scene, 6) };
    ["t2", "t2-daily"].map(|id| (CronId::new(id), detour.clone())).into()
}

/// Without a crisis nothing is owed for a change.
fn calm() -> Outside {
    let mut scene = all_well();
    scene.before = None;
    scene
}

fn prepare(scene: &mut Outside) {
    let detours = sent(scene);
    scene.tell(Command::PrepareAdvice(detours)).expect("it is on offer");
}

fn offer(scene: &Outside) -> Arc<Plan> {
    scene.world.snapshot(scene.now).offer.expect("it is on offer")
}

fn apply(scene: &mut Outside, crons: &[&str]) {
    let plan = offer(scene).id.clone();
    scene.tell(Command::Apply { plan, crons: crons.iter().map(CronId::new).collect() }).expect("it is applied");
}

fn detour_of<'a>(scene: &'a Outside, id: &str) -> Option<&'a Detour> {
    scene.world.tiers[&CronId::new(id)].detour.as_ref()
}

#[test]
fn an_advice_is_offered_as_exactly_its_changes_and_writes_nothing_by_itself() {
    let mut scene = calm();
    prepare(&mut scene);
    assert_eq!(changes(&offer(&scene)), [format!("t2 to {KIMI}"), format!("t2-daily to {KIMI}")]);
    assert_eq!((written(&scene).len(), detour_of(&scene, "t2")), (0, None));
    scene.tell(Command::DiscardOffer).expect("it is taken off");
    assert_eq!(scene.world.snapshot(scene.now).offer, None);
}

#[test]
fn what_was_sent_elsewhere_stays_until_the_reset_and_goes_back_then() {
    let mut scene = calm();
    prepare(&mut scene);
    apply(&mut scene, &["t2", "t2-daily"]);
    assert_eq!((model_of(&scene, "t2").as_deref(), model_of(&scene, "t2-daily").as_deref()), (Some(KIMI), Some(KIMI)));
    scene.pass(300);
    assert_eq!(changes(&scene.world.plan), [""; 0], "nothing is proposed to go back before its time");
    scene.pass(70);
    assert_eq!(changes(&scene.world.plan), [format!("t2 to {FLASH}"), format!("t2-daily to {FLASH}")]);
    assert_eq!(scene.world.plan.changes[0].cause, Cause::Health);
}

#[test]
fn a_line_that_is_left_out_is_sent_nowhere() {
    let mut scene = calm();
    prepare(&mut scene);
    apply(&mut scene, &["t2"]);
    scene.pass(1);
    assert_eq!((model_of(&scene, "t2").as_deref(), model_of(&scene, "t2-daily").as_deref()), (Some(KIMI), Some(FLASH)));
    assert_eq!((detour_of(&scene, "t2").is_some(), detour_of(&scene, "t2-daily")), (true, None));
    assert_eq!(changes(&scene.world.plan), [""; 0]);
}

#[test]
fn a_cron_that_was_sent_where_it_fails_leaves_like_any_other() {
    let mut scene = calm();
    prepare(&mut scene);
    apply(&mut scene, &["t2", "t2-daily"]);
    out(&mut scene, "kimi", 2);
    scene.pass(2);
    let back = changes(&scene.world.plan);
    assert!(back.contains(&format!("t2 to {FLASH}")), "{back:?}");
}

#[test]
fn undo_brings_back_what_was_sent_elsewhere_and_forgets_where_to() {
    let mut scene = calm();
    prepare(&mut scene);
    apply(&mut scene, &["t2", "t2-daily"]);
    scene.tell(Command::PrepareUndo(UndoScope::Last)).expect("it can be undone");
    apply(&mut scene, &["t2", "t2-daily"]);
    assert_eq!((model_of(&scene, "t2").as_deref(), detour_of(&scene, "t2")), (Some(FLASH), None));
    assert_eq!(changes(&scene.world.plan), [""; 0]);
}

#[test]
fn an_advice_that_would_change_nothing_is_refused_aloud() {
    let mut scene = calm();
    let nowhere = Detour { route: RouteKey::new("opus"), until: hours(&scene, 6) };
    let detours: Detours = [(CronId::new("t2"), nowhere)].into();
    assert!(scene.tell(Command::PrepareAdvice(detours)).is_err(), "its chain does not lead there");
}

#[test]
fn a_crash_after_any_step_of_an_advice_loses_and_doubles_nothing() {
    let begin = |scene: &mut Outside| {
        let plan = offer(scene);
        scene.tell(Command::Apply { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
    };
    let mut whole = calm();
    prepare(&mut whole);
    let start = whole.n_done;
    begin(&mut whole);
    let n_steps = whole.n_done - start;
    assert!(n_steps > 4, "{n_steps}");
    for n_done in 0..n_steps {
        let mut scene = calm();
        prepare(&mut scene);
        scene.fails_after(n_done);
        begin(&mut scene);
        scene.reopen();
        scene.pass(1);
        scene.tell(Command::ContinueJob).ok();
        if !scene.world.plan.changes.is_empty() {
            apply_plan(&mut scene);
        }
        let is_noted = detour_of(&scene, "t2").is_some();
        for id in ["t2", "t2-daily"] {
            let expected = if is_noted { KIMI } else { FLASH };
            assert_eq!(model_of(&scene, id).as_deref(), Some(expected), "{id} after {n_done} of {n_steps}");
            let n_switches = scene.disk.switches.iter().filter(|switch| switch.cron.as_str() == id).count();
            assert_eq!(n_switches, usize::from(is_noted), "{id} after {n_done} of {n_steps}");
        }
        assert!(is_noted || n_done < 2, "after {n_done} of {n_steps}");
    }
}

/// What a look at the quotas would send elsewhere is planned like any other change, and noted when it is applied.
#[test]
fn distribution_that_looks_at_quotas_plans_what_it_spares_and_notes_what_is_applied() {
    let aware = |quota_aware| {
        let mut settings = settings();
        settings.distribution.quota_aware = quota_aware;
        let mut scene = started(crons(), settings);
        scene.before = None;
        scene.world.sparing = Sparing::of(sent(&scene), scene.now);
        scene.tell(Command::Refresh).expect("it plans again");
        scene
    };
    assert_eq!(changes(&aware(false).world.plan), [""; 0], "it is off by default");
    let mut scene = aware(true);
    assert_eq!(changes(&scene.world.plan), [format!("t2 to {KIMI}"), format!("t2-daily to {KIMI}")]);
    assert!(scene.world.plan.changes.iter().all(|change| change.cause == Cause::Forecast));
    assert_eq!(detour_of(&scene, "t2"), None, "nothing is noted before it is applied");
    apply_plan(&mut scene);
    assert_eq!(model_of(&scene, "t2").as_deref(), Some(KIMI));
    scene.pass(300);
    assert!(detour_of(&scene, "t2").is_some());
    assert_eq!(changes(&scene.world.plan), [""; 0], "and nothing goes back before its time");
}
