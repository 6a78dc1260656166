//! Crons that start together are given staggers on request, and get rid of them again.

use super::*;

const STAGGER: SignedDuration = SignedDuration::from_mins(10);

fn at_half_past(stagger: Option<SignedDuration>) -> Schedule {
    Schedule::Cron { expr: "30 * * * *".to_owned(), zone: None, stagger }
}

/// Two that start together, which may be changed.
fn allowed() -> Outside {
    let mut scene = scene_with(true);
    scene.before = None;
    scene
}

fn scene_with(edits_schedules: bool) -> Outside {
    let mut settings = settings();
    settings.distribution.edits_schedules = edits_schedules;
    let mut crons = crons();
    for (cron, _) in crons.iter_mut().filter(|(cron, _)| ["t2", "t2-daily"].contains(&cron.id.as_str())) {
        cron.schedule = at_half_past(None);
    }
    started(crons, settings)
}

fn staggers() -> Staggers {
    ["t2", "t2-daily"].map(|id| (CronId::new(id), STAGGER)).into()
}

fn offer(scene: &mut Outside) -> Arc<Plan> {
    scene.tell(Command::PrepareApart(staggers())).expect("it is on offer");
    scene.world.snapshot(scene.now).offer.expect("it is on offer")
}

fn apply(scene: &mut Outside, plan: &Plan) {
    scene.tell(Command::Apply { plan: plan.id.clone(), crons: ticked(plan) }).expect("it is applied");
}

fn schedule_of(scene: &Outside, id: &str) -> Schedule {
    now_of(scene, id).schedule.clone()
}

#[test]
fn schedules_are_left_alone_until_that_is_allowed() {
    let mut scene = scene_with(false);
    let refused = scene.tell(Command::PrepareApart(staggers()));
    assert_eq!(refused, Err(Refusal::SchedulesStay));
    assert_eq!((written(&scene).len(), schedule_of(&scene, "t2")), (0, at_half_past(None)));
}

#[test]
fn a_stagger_is_written_recorded_and_taken_back_like_any_switch() {
    let mut scene = allowed();
    let plan = offer(&mut scene);
    assert_eq!(written(&scene).len(), 0, "an offer writes nothing");
    apply(&mut scene, &plan);
    for id in ["t2", "t2-daily"] {
        assert_eq!(schedule_of(&scene, id), at_half_past(Some(STAGGER)), "{id}");
        assert_eq!(model_of(&scene, id).as_deref(), Some(FLASH), "{id}");
    }
    let switch = scene.disk.switches.last().expect("it is recorded").clone();
    assert_eq!(switch.confirmation, Confirmation::NotNeeded, "no run can tell");
    assert_eq!(keys(&scene.world.ledger), [""; 0], "nothing is owed for it");
    scene.pass(60);
    assert_eq!(changes(&scene.world.plan), [""; 0], "and the ordinary plan has nothing against it");

    scene.tell(Command::PrepareUndo(UndoScope::Last)).expect("it can be undone");
    let undo = scene.world.snapshot(scene.now).offer.expect("it is on offer");
    apply(&mut scene, &undo);
    for id in ["t2", "t2-daily"] {
        assert_eq!(schedule_of(&scene, id), at_half_past(Some(SignedDuration::ZERO)), "{id}: at its former time");
        assert_eq!(scene.world.tiers[&CronId::new(id)].hold, None, "{id}: where it runs is not held for that");
    }
}

#[test]
fn what_became_critical_meanwhile_is_not_written() {
    let mut scene = allowed();
    let plan = offer(&mut scene);
    scene.tell(Command::Edit(Edit::SetCritical { crons: vec![CronId::new("t2")], critical: true })).expect("an edit");
    apply(&mut scene, &plan);
    assert_eq!(schedule_of(&scene, "t2"), at_half_past(None));
    assert_eq!(schedule_of(&scene, "t2-daily"), at_half_past(Some(STAGGER)));
}

#[test]
fn a_crash_after_any_step_of_it_loses_and_doubles_nothing() {
    let mut whole = allowed();
    let plan = offer(&mut whole);
    let start = whole.n_done;
    apply(&mut whole, &plan);
    let n_steps = whole.n_done - start;
    assert!(n_steps > 4, "{n_steps}");
    for n_done in 0..n_steps {
        let mut scene = allowed();
        let plan = offer(&mut scene);
        scene.fails_after(n_done);
        scene.tell(Command::Apply { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
        scene.reopen();
        scene.pass(1);
        let went_on = scene.tell(Command::ContinueJob);
        let begun = !scene.disk.jobs.is_empty();
        for id in ["t2", "t2-daily"] {
            let expected = at_half_past(begun.then_some(STAGGER));
            assert_eq!(schedule_of(&scene, id), expected, "{id} after {n_done} of {n_steps}: {went_on:?}");
            let n_switches = scene.disk.switches.iter().filter(|switch| switch.cron.as_str() == id).count();
            assert_eq!(n_switches, usize::from(begun), "{id} after {n_done} of {n_steps}");
        }
    }
}

#[test]
fn what_is_forbidden_meanwhile_is_not_written() {
    let mut scene = allowed();
    let plan = offer(&mut scene);
    scene.tell(Command::Settings(SettingsChange::SetEditsSchedules(false))).expect("a setting");
    scene.tell(Command::Apply { plan: plan.id.clone(), crons: ticked(&plan) }).ok();
    assert_eq!((written(&scene).len(), schedule_of(&scene, "t2")), (0, at_half_past(None)));
}

/// Just after its start another delay would let it start a second time.
#[test]
fn a_start_that_is_near_is_waited_for() {
    let id = "t2-daily";
    let later = at_half_past(Some(STAGGER)).delay(&CronId::new(id));
    assert!(later > SignedDuration::from_mins(2), "{later}");
    let mut scene = allowed();
    while !(1_800..1_860).contains(&scene.now.as_second().rem_euclid(3_600)) {
        scene.pass(1);
    }
    let plan = offer(&mut scene);
    apply(&mut scene, &plan);
    assert_eq!(schedule_of(&scene, id), at_half_past(None), "its new start is still to come");
    assert!(matches!(phase(&scene), JobPhase::Draining), "{:?}", phase(&scene));
    scene.pass(16);
    assert_eq!(schedule_of(&scene, id), at_half_past(Some(STAGGER)), "afterwards it is written");
}
