//! Undo of switches: whole, and refused aloud.

use super::*;

/// Asks for an undo of a plan that the history knows as `told`.
fn prepare_undo(world: &mut World, told: Vec<Switch>) -> Vec<Effect> {
    let scope = UndoScope::Plan(PlanId::new("done"));
    let asked = step(world, Input::Command(Ticket(5), Command::PrepareUndo(scope.clone())), NOW);
    assert_eq!(names(&asked), ["other store"], "the history is asked");
    let session = world.session;
    step(world, Input::SwitchesRead { session, ticket: Ticket(5), scope, result: Ok(told) }, NOW)
}

fn apply_undo(world: &mut World, crons: &[&str]) -> Vec<Effect> {
    let plan = world.offer.as_ref().expect("an undo is on offer").plan.id.clone();
    let crons = crons.iter().map(CronId::new).collect();
    step(world, Input::Command(Ticket(6), Command::Apply { plan, crons }), NOW)
}

fn undone(effects: &[Effect]) -> Vec<&str> {
    let settled = effects.iter().filter_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::Settle { undone, .. } => Some(undone),
            _ => None,
        },
        _ => None,
    });
    settled.flatten().map(SwitchId::as_str).collect()
}

#[test]
fn an_undo_takes_back_every_switch_of_its_plan_however_many() {
    let crons: Vec<Cron> = (0..2500).map(|n| cron(&format!("{n:04}"), "b/two")).collect();
    let mut world = world(&crons, Vec::new());
    let told: Vec<Switch> = crons.iter().map(switched).collect();
    world.switches = Arc::new(told[1500..].iter().rev().cloned().collect());
    assert_eq!(names(&prepare_undo(&mut world, told)), ["emit"]);
    assert_eq!(world.offer.as_ref().expect("on offer").plan.changes.len(), 2500);

    let effects = apply_undo(&mut world, &["0000"]);
    assert_eq!(names(&effects), ["begin", "intent", "emit"]);
    prepared(&mut world, "0000", NOW);
    let result = read_back(&world, "0000");
    let effects = written(&mut world, "0000", result, NOW);
    assert_eq!(undone(&effects), ["s-0000"], "the oldest is marked, although no face sees it");
}

#[test]
fn an_undo_names_a_plan_or_a_switch_by_its_beginning() {
    let crons = ["1", "2", "3", "4"].map(|id| cron(id, "b/two"));
    let ids = [("s-1", "p-aa"), ("s-2", "p-aa"), ("s-3", "p-ab"), ("px", "p-b")];
    let switch = |(cron, (id, plan)): (&Cron, (&str, &str))| Switch {
        id: SwitchId::new(id),
        plan: PlanId::new(plan),
        ..switched(cron)
    };
    let told: Vec<Switch> = crons.iter().zip(ids).map(switch).collect();
    let cases: [(&str, &[&str], &str); 7] = [
        ("p-aa", &["1", "2"], "a plan with several switches"),
        ("p-ab", &["3"], "another of the same beginning"),
        ("p-b", &["4"], "a whole id"),
        ("s-2", &["2"], "one switch"),
        ("p-a", &[], "two plans begin so"),
        ("p", &[], "plans and a switch begin so"),
        ("zz", &[], "unknown"),
    ];
    for (name, expected, why) in cases {
        let mut world = world(&crons, Vec::new());
        // The newest is known here only, the others to the history only.
        world.switches = Arc::new(told[3..].to_vec());
        let read = Input::SwitchesRead {
            session: world.session,
            ticket: Ticket(5),
            scope: UndoScope::Named(name.to_owned()),
            result: Ok(told[..3].to_vec()),
        };
        let answer = step(&mut world, read, NOW);
        let offered = world.offer.as_ref().map(|offer| offer.plan.changes.iter().map(|change| change.cron.as_str()));
        assert_eq!(offered.into_iter().flatten().collect::<Vec<_>>(), expected, "{why}");
        assert_eq!(names(&answer), [if expected.is_empty() { "refused" } else { "emit" }], "{why}");
    }
}

#[test]
fn what_is_left_of_a_stopped_undo_goes_on_whole() {
    let crons = [cron("1", "b/two"), cron("2", "b/two")];
    let mut world = world(&crons, Vec::new());
    prepare_undo(&mut world, crons.iter().map(switched).collect());
    apply_undo(&mut world, &["1", "2"]);
    prepared(&mut world, "1", NOW);
    step(&mut world, Input::Command(Ticket(7), Command::StopJob), NOW);
    let result = read_back(&world, "1");
    written(&mut world, "1", result, NOW);
    let effects = step(&mut world, Input::Command(Ticket(8), Command::ContinueJob), NOW);
    assert_eq!(names(&effects), ["begin", "intent", "emit"]);
    step(&mut world, Input::Prepared { job: 2, cron: CronId::new("2"), result: Ok(()) }, NOW);
    let result = Box::new(read_back(&world, "2"));
    let effects = step(&mut world, Input::Written { job: 2, cron: CronId::new("2"), result }, NOW);
    assert_eq!(undone(&effects), ["s-2"]);
}

#[test]
fn an_undo_that_cannot_be_prepared_is_refused_aloud() {
    let one = cron("1", "b/two");
    let mut world = world(std::slice::from_ref(&one), Vec::new());
    assert_eq!(names(&prepare_undo(&mut world, Vec::new())), ["refused"], "nothing of that name");
    let back = Switch { undone_by: Some(SwitchId::new("back")), ..switched(&one) };
    assert_eq!(names(&prepare_undo(&mut world, vec![back])), ["refused"], "taken back already");
    let scope = UndoScope::Last;
    let broken = ProblemKind::CannotRead { file: "history.db".to_owned(), detail: "damaged".to_owned() };
    let session = world.session;
    let read = |session, result| Input::SwitchesRead { session, ticket: Ticket(9), scope: scope.clone(), result };
    assert_eq!(names(&step(&mut world, read(session, Err(broken)), NOW)), ["refused"]);
    let late = step(&mut world, read(session + 1, Ok(vec![switched(&one)])), NOW);
    assert_eq!(names(&late), ["refused"], "of another gateway");
    assert!(world.offer.is_none());
}
