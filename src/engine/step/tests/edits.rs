//! Undo and redo of the mapping, while others edit it too.

use super::*;

#[test]
fn an_edit_is_taken_back_field_by_field() {
    let t1 = TierEntry::new(Tier::T1);
    let mut world = sorted(&[("1", t1.clone()), ("2", t1.clone())]);
    drag(&mut world, &["1", "2"], Some(Tier::T2));
    // Another program edits another field of one cron, and the same field of the other.
    let theirs = |world: &mut World, id: &str, change: &dyn Fn(&mut TierEntry)| {
        change(Arc::make_mut(&mut world.tiers).get_mut(&CronId::new(id)).expect("sorted"));
    };
    theirs(&mut world, "1", &|entry| entry.note = Some("theirs".to_owned()));
    theirs(&mut world, "2", &|entry| entry.tier = Tier::T3);

    let said = label(&tell(&mut world, Command::UndoEdit));
    assert_eq!(said, "undone: 2 crons moved to T2, except for 1 changed again since");
    let noted = |tier| TierEntry { note: Some("theirs".to_owned()), ..TierEntry::new(tier) };
    assert_eq!(world.tiers["1"], noted(Tier::T1));
    assert_eq!(world.tiers["2"], TierEntry::new(Tier::T3), "theirs stays");

    theirs(&mut world, "1", &|entry| entry.critical = true);
    tell(&mut world, Command::RedoEdit);
    assert_eq!(world.tiers["1"], TierEntry { critical: true, ..noted(Tier::T2) });
    assert_eq!(world.tiers["2"], TierEntry::new(Tier::T3), "and again");
}

#[test]
fn a_step_of_which_nothing_stands_is_refused_and_the_one_before_it_follows() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1)), ("2", TierEntry::new(Tier::T1))]);
    drag(&mut world, &["1"], Some(Tier::T2));
    drag(&mut world, &["2"], Some(Tier::T3));
    Arc::make_mut(&mut world.tiers).insert(CronId::new("2"), TierEntry::new(Tier::T2));
    assert_eq!(label(&tell(&mut world, Command::UndoEdit)), "refused: 1 cron moved to T3");
    assert_eq!(world.history.redo_label(), None, "there is nothing to do again");
    assert_eq!(label(&tell(&mut world, Command::UndoEdit)), "undone: 1 cron moved to T2");
    assert_eq!(names(&tell(&mut world, Command::UndoEdit)), ["refused"]);
    assert_eq!((world.tiers["1"].tier, world.tiers["2"].tier), (Tier::T1, Tier::T2));
}

#[test]
fn sorting_is_taken_back_unless_somebody_else_worked_on_it() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1)), ("2", TierEntry::new(Tier::T1))]);
    world.tiers = Arc::default();
    drag(&mut world, &["1", "2"], Some(Tier::T2));
    let noted = TierEntry { note: Some("theirs".to_owned()), ..TierEntry::new(Tier::T2) };
    Arc::make_mut(&mut world.tiers).insert(CronId::new("2"), noted.clone());
    tell(&mut world, Command::UndoEdit);
    assert_eq!(*world.tiers, TierMap::from([(CronId::new("2"), noted)]), "an entry with their note is not thrown away");
}

#[test]
fn a_hold_that_an_undo_of_switches_left_outlives_the_undo_of_a_drag() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    drag(&mut world, &["1"], Some(Tier::T2));
    super::super::edit::hold_after_undo(&mut world, &CronId::new("1"), NOW);
    tell(&mut world, Command::UndoEdit);
    let entry = &world.tiers["1"];
    assert_eq!((entry.tier, entry.hold.is_some()), (Tier::T1, true));
}

/// The saves that were asked for, to be answered.
fn receipts(effects: Vec<Effect>) -> Vec<crate::engine::input::Receipt> {
    let receipt = |effect| match effect {
        Effect::Store(op) => match *op {
            StoreOp::SaveTiers { receipt, .. } => Some(receipt),
            _ => None,
        },
        _ => None,
    };
    effects.into_iter().filter_map(receipt).collect()
}

#[test]
fn of_two_quick_edits_the_newest_that_can_be_saved_stands() {
    let full = || Err(ProblemKind::CannotWrite { file: "cron-tiers.json".to_owned(), detail: "no space".to_owned() });
    let cases = [
        (Ok(()), Ok(()), Tier::T3),
        (full(), Ok(()), Tier::T3),
        (Ok(()), full(), Tier::T2),
        (full(), full(), Tier::T1),
    ];
    for (first, second, stands) in cases {
        let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
        let before = reread(&world, 0);
        let crons = vec![CronId::new("1")];
        let mut edits = [Tier::T2, Tier::T3].map(|tier| {
            let edit = Edit::SetTier { crons: crons.clone(), tier: Some(tier) };
            receipts(tell(&mut world, Command::Edit(edit))).remove(0)
        });
        let why = format!("{first:?}, {second:?}");
        edits.reverse();
        let [last, earlier] = edits;
        step(&mut world, Input::Stored { receipt: earlier, result: first }, NOW);
        assert_eq!(world.tiers["1"].tier, Tier::T3, "the second is on its way: {why}");
        step(&mut world, Input::Reloaded(Ok(before)), NOW);
        assert_eq!(world.tiers["1"].tier, Tier::T3, "and newer than what was read before: {why}");
        assert!(world.saving.contains("1"));
        step(&mut world, Input::Stored { receipt: last, result: second }, NOW);
        assert_eq!((world.tiers["1"].tier, world.saving.len()), (stands, 0), "{why}");
    }
}

#[test]
fn what_could_not_be_saved_is_wrong_no_longer_when_the_folder_takes_files_again() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    let edit = Edit::SetTier { crons: vec![CronId::new("1")], tier: Some(Tier::T2) };
    let receipt = receipts(tell(&mut world, Command::Edit(edit))).remove(0);
    let full = ProblemKind::CannotWrite { file: "cron-tiers.json".to_owned(), detail: "no space".to_owned() };
    step(&mut world, Input::Stored { receipt, result: Err(full.clone()) }, NOW);
    let told = |world: &World| world.problems.iter().filter(|problem| problem.what == full).count();
    assert_eq!((told(&world), world.tiers["1"].tier), (1, Tier::T1), "as the file says");
    step(&mut world, Input::Stored { receipt: crate::engine::input::Receipt::Quiet, result: Ok(()) }, NOW);
    assert_eq!(told(&world), 0);
}

#[test]
fn asking_for_news_asks_the_files_too() {
    let mut world = sorted(&[]);
    let effects = tell(&mut world, Command::Refresh);
    let reload = |effect: &Effect| matches!(effect, Effect::Store(op) if matches!(**op, StoreOp::Reload));
    assert!(effects.iter().any(reload), "{effects:?}");
}
