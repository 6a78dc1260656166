//! Settings as steps, and which crons they mark as edited.

use super::*;

fn set_chain(world: &mut World, tier: Tier, routes: &[&str]) -> Vec<Effect> {
    let chain = Chain { order: ChainOrder::Listed, routes: routes.iter().map(RouteKey::new).collect() };
    tell(world, Command::Settings(SettingsChange::SetChain { tier, chain }))
}

fn edited(world: &World) -> Vec<&str> {
    world.edited.iter().map(CronId::as_str).collect()
}

#[test]
fn settings_and_mapping_are_one_row_of_steps() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    let before = world.settings.clone();
    set_chain(&mut world, Tier::T1, &["kimi"]);
    drag(&mut world, &["1"], Some(Tier::T2));
    tell(&mut world, Command::Settings(SettingsChange::SetGuard { tier: Tier::T2, guard: None }));
    tell(&mut world, Command::Settings(SettingsChange::SetTheme(ThemeChoice::Dark)));
    tell(&mut world, Command::Settings(SettingsChange::SetCompactCards(true)));
    tell(&mut world, Command::Settings(SettingsChange::SetQuotaStrip(true)));
    let mut labels = Vec::new();
    while let Some(label) = world.history.undo_label() {
        labels.push(label);
        assert!(!names(&tell(&mut world, Command::UndoEdit)).contains(&"refused"));
    }
    assert_eq!(labels, ["T2 cost guard changed", "1 cron moved to T2", "T1 chain changed"]);
    assert_eq!((&world.settings.chains, &world.settings.cost_guard), (&before.chains, &before.cost_guard));
    assert_eq!(world.settings.window.theme, ThemeChoice::Dark, "how the window looks is no step");
    assert!(world.settings.window.quota_strip && world.settings.window.compact_cards, "nor is what it shows");
    assert_eq!(world.tiers["1"].tier, Tier::T1);
    assert_eq!(edited(&world), [""; 0], "everything is as it was");
    tell(&mut world, Command::RedoEdit);
    assert_eq!(world.settings.chain(Tier::T1).routes, [RouteKey::new("kimi")]);
    assert_eq!(edited(&world), ["1"]);
}

#[test]
fn what_is_asked_for_together_is_one_step_back_and_forth() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    let before = world.settings.clone();
    let chain = Chain { order: ChainOrder::Listed, routes: vec![RouteKey::new("kimi")] };
    let set_tier = Edit::SetTier { crons: vec![CronId::new("1")], tier: Some(Tier::T2) };
    let commands = vec![
        Command::Edit(set_tier),
        Command::Settings(SettingsChange::SetChain { tier: Tier::T1, chain }),
        Command::Settings(SettingsChange::SetGuard { tier: Tier::T2, guard: None }),
    ];
    let told = tell(&mut world, Command::Together(commands.clone()));
    assert_eq!(label(&told), "1 cron moved to T2, T1 chain changed, T2 cost guard changed");
    let after = world.settings.clone();
    assert_ne!(before, after);
    assert_eq!(names(&tell(&mut world, Command::Together(commands))), ["refused"], "it is so already");

    let told = tell(&mut world, Command::UndoEdit);
    assert!(label(&told).starts_with("undone: 1 cron moved to T2, T1 chain"), "{told:?}");
    assert_eq!((world.tiers["1"].tier, &world.settings), (Tier::T1, &before));
    assert_eq!(world.history.undo_label(), None);
    tell(&mut world, Command::RedoEdit);
    assert_eq!((world.tiers["1"].tier, &world.settings), (Tier::T2, &after));
    world.history.forget_mapping();
    tell(&mut world, Command::UndoEdit);
    assert_eq!((world.tiers["1"].tier, &world.settings), (Tier::T2, &before), "the settings go back without it");
}

#[test]
fn settings_are_told_as_taken_back_once_they_are_on_disk() {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    set_chain(&mut world, Tier::T1, &["kimi"]);
    let effects = tell(&mut world, Command::UndoEdit);
    let receipt = effects.iter().find_map(|effect| match effect {
        Effect::Store(op) => match &**op {
            StoreOp::SaveSettings { receipt, .. } => Some(receipt.clone()),
            _ => None,
        },
        _ => None,
    });
    let receipt = receipt.expect("they are saved");
    let told = step(&mut world, Input::Stored { receipt, result: Ok(()) }, NOW);
    assert_eq!(label(&told), "undone: T1 chain changed");
}

#[test]
fn a_settings_step_leaves_what_another_program_set_since() {
    let mut world = sorted(&[]);
    set_chain(&mut world, Tier::T1, &["kimi"]);
    let theirs = Chain { order: ChainOrder::Cheapest, routes: vec![RouteKey::new("opus")] };
    let set = |world: &mut World, tier| {
        Arc::make_mut(&mut world.settings).chains.insert(tier, theirs.clone());
    };
    set(&mut world, Tier::T2);
    tell(&mut world, Command::UndoEdit);
    assert_eq!(world.settings.chain(Tier::T1), Settings::default().chain(Tier::T1));
    assert_eq!(*world.settings.chain(Tier::T2), theirs);
    set_chain(&mut world, Tier::T1, &["kimi"]);
    set(&mut world, Tier::T1);
    assert_eq!(label(&tell(&mut world, Command::UndoEdit)), "refused: T1 chain changed");
    assert_eq!(*world.settings.chain(Tier::T1), theirs);
}

#[test]
fn a_chain_that_is_again_what_it_was_leaves_nothing_to_apply() {
    let mut world = sorted(&[
        ("1", TierEntry::new(Tier::T1)),
        ("2", TierEntry::new(Tier::T1)),
        ("3", TierEntry::new(Tier::T2)),
        ("4", TierEntry::new(Tier::T1)),
    ]);
    let default = Settings::default().chain(Tier::T1).clone();
    Arc::make_mut(&mut world.edited).insert(CronId::new("2"));
    drag(&mut world, &["4"], Some(Tier::T2));
    set_chain(&mut world, Tier::T1, &["kimi"]);
    assert_eq!(edited(&world), ["1", "2", "4"]);
    tell(&mut world, Command::Settings(SettingsChange::SetChain { tier: Tier::T1, chain: default.clone() }));
    assert_eq!(edited(&world), ["2", "4"], "those were edited for another reason");

    // What was written meanwhile follows the chain back.
    set_chain(&mut world, Tier::T1, &["kimi"]);
    super::super::edited::applied(&mut world, &CronId::new("1"));
    tell(&mut world, Command::UndoEdit);
    assert_eq!(edited(&world), ["1", "2", "4"]);
}

fn loaded(world: &World, settings: Settings, tiers: TierMap) -> crate::engine::input::Reread {
    let mut reread = reread(world, 0);
    (reread.loaded.settings, reread.loaded.tiers) = (settings, tiers);
    reread.loaded.pending = [CronId::new("2")].into();
    reread
}

#[test]
fn what_another_program_sorted_is_an_edit_and_other_settings_are_none() {
    let sorted = || sorted(&[("1", TierEntry::new(Tier::T1)), ("2", TierEntry::new(Tier::T2))]);
    let mut settings = Settings::default();
    settings.chains.insert(Tier::T1, Chain { order: ChainOrder::Listed, routes: vec![RouteKey::new("kimi")] });

    let mut world = sorted();
    let theirs = loaded(&world, settings.clone(), (*world.tiers).clone());
    step(&mut world, Input::Reloaded(Ok(theirs)), NOW);
    assert_eq!(world.settings.chain(Tier::T1), settings.chain(Tier::T1));
    assert_eq!(edited(&world), [""; 0], "and what we know of our own edits is newer than the disk");

    let mut world = sorted();
    let mut tiers = (*world.tiers).clone();
    tiers.insert(CronId::new("1"), TierEntry::new(Tier::T3));
    let theirs = loaded(&world, Settings::default(), tiers);
    step(&mut world, Input::Reloaded(Ok(theirs)), NOW);
    assert_eq!(edited(&world), ["1"]);

    let mut world = sorted();
    let theirs = loaded(&world, settings, (*world.tiers).clone());
    step(&mut world, Input::Imported { ticket: Ticket(4), result: Ok((1, theirs)) }, NOW);
    assert_eq!(edited(&world), ["1"], "an import is the user's own");
}

/// A connection in which the crons of T1 run on `a/one`, which no route of their chain leads to.
fn off_the_chain(lost: bool) -> World {
    let mut world = sorted(&[("1", TierEntry::new(Tier::T1))]);
    let mut settings = Settings::default();
    let route = settings.routes.get_mut("kimi").expect("a default route");
    route.model = ModelRef::parse("b/two");
    settings.chains.insert(Tier::T1, Chain { order: ChainOrder::Listed, routes: vec![RouteKey::new("kimi")] });
    let mut theirs = loaded(&world, settings, (*world.tiers).clone());
    if lost {
        let what = ProblemKind::FileSetAside {
            file: "settings.json".to_owned(),
            kept_as: "settings.json.broken".to_owned(),
            detail: "line 3".to_owned(),
        };
        theirs.loaded.problems.push(Problem { id: "state/settings.json".to_owned(), what, since: NOW });
    }
    step(&mut world, Input::Reloaded(Ok(theirs)), NOW);
    let crons = world.crons.values().map(|cron| (**cron).clone()).collect();
    let session = world.session;
    let what = Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at: 9 };
    step(&mut world, Input::Fetched { session, what }, NOW);
    world
}

#[test]
fn chains_that_stand_in_for_lost_ones_are_nobodys_wish() {
    assert_eq!(edited(&off_the_chain(false)), ["1"], "the mapping asks for a move");
    assert_eq!(edited(&off_the_chain(true)), [""; 0], "the chain is none that the user made");
}
