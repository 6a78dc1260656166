//! The user's hand wins, in the middle of a crisis and before it.

use super::*;

fn in_crisis() -> Outside {
    let mut scene = all_well();
    out(&mut scene, "kimi", 2);
    out(&mut scene, "anthropic", 2);
    enter(&mut scene);
    scene.before = None;
    scene
}

/// A person changes a cron at the gateway, which tells of it without its revision.
fn edits(scene: &mut Outside, id: &str, change: impl FnOnce(&mut Cron)) {
    let cron = scene.edit(id, change);
    scene.news(News::CronChanged(Cron { revision: None, ..cron }));
}

fn set_model(cron: &mut Cron, model: &str, fallbacks: Option<Vec<String>>) {
    if let Payload::AgentTurn(turn) = &mut cron.payload {
        turn.model = Some(model.to_owned());
        turn.fallbacks = fallbacks.map(Into::into);
    }
}

fn lead_out(scene: &mut Outside) {
    scene.pass(140);
    assert!(ready(scene), "{:?}", view(scene).readiness);
    recover(scene);
    assert_eq!(scene.disk.crisis(NOW).mode, None);
    assert_eq!(keys(&scene.disk.ledger()), [""; 0], "nothing is owed any more");
}

#[test]
fn a_prompt_that_was_edited_in_the_middle_stays_as_the_person_left_it() {
    let mut scene = in_crisis();
    for id in ["t2", "t3-crit"] {
        edits(&mut scene, id, |cron| {
            if let Payload::AgentTurn(turn) = &mut cron.payload {
                turn.message = "say it in verse".to_owned();
            }
        });
    }
    lead_out(&mut scene);
    for (id, model) in [("t2", FLASH), ("t3-crit", OPUS)] {
        let cron = now_of(&scene, id);
        assert_eq!(cron.turn().expect("a turn").message, "say it in verse", "{id}");
        let fields = Fields { model: Some(model.to_owned()), fallbacks: None, enabled: true };
        assert_eq!(cron.fields(), fields, "{id}: our fields go back");
        assert_eq!(seal_of(&scene, id), Seal::Differs, "{id}");
    }
    assert_eq!(seal_of(&scene, "t3"), Seal::Identical);
}

#[test]
fn what_is_pinned_in_the_middle_to_what_it_had_goes_back_with_the_others() {
    let mut scene = in_crisis();
    let before = scene.gateway.crons.clone();
    assert_eq!(model_of(&scene, "t3-crit").as_deref(), Some(FLASH));
    let pin = Edit::SetPin { crons: vec![CronId::new("t3-crit")], pin: Some(Pin { model: ModelRef::parse(OPUS) }) };
    scene.tell(Command::Edit(pin)).expect("an edit");
    scene.pass(1);
    // Its provider is not even listed for a while.
    let listed = scene.gateway.models.models.remove(&ModelRef::parse(OPUS).expect("a reference")).expect("a model");
    scene.tell(Command::Refresh).expect("it is read again");
    scene.pass(1);
    scene.gateway.models.models.insert(ModelRef::parse(OPUS).expect("a reference"), listed);
    scene.tell(Command::Refresh).expect("it is read again");
    scene.pass(1);
    assert!(scene.world.ledger.contains_key(&CronId::new("t3-crit")), "it is still owed");
    assert_eq!(scene.gateway.crons[&CronId::new("t3-crit")], before[&CronId::new("t3-crit")], "and waits");
    lead_out(&mut scene);
    assert_eq!(model_of(&scene, "t3-crit").as_deref(), Some(OPUS));
    assert_eq!(seal_of(&scene, "t3-crit"), Seal::Identical);
}

#[test]
fn a_pin_in_the_middle_is_the_persons_last_word() {
    let mut scene = in_crisis();
    let stays = now_of(&scene, "t3-crit").fields();
    let pin = Edit::SetPin { crons: vec![CronId::new("t3-crit")], pin: Some(Pin { model: None }) };
    scene.tell(Command::Edit(pin)).expect("it is pinned");
    assert!(!scene.disk.ledger().contains_key("t3-crit"), "nothing else is given back to it");
    lead_out(&mut scene);
    assert_eq!(now_of(&scene, "t3-crit").fields(), stays);
}

#[test]
fn a_cron_that_was_switched_off_and_sorted_anew_in_the_middle_gets_its_model_back_and_stays_off() {
    let mut scene = in_crisis();
    edits(&mut scene, "t3-crit", |cron| cron.enabled = false);
    let edit = Edit::SetTier { crons: vec![CronId::new("t3-crit")], tier: Some(Tier::T2) };
    scene.tell(Command::Edit(edit)).expect("it is sorted");
    lead_out(&mut scene);
    let was = Fields { model: Some(OPUS.to_owned()), fallbacks: None, enabled: false };
    assert_eq!(now_of(&scene, "t3-crit").fields(), was);
}

#[test]
fn a_cron_that_was_moved_in_the_middle_stays_where_the_person_put_it() {
    let mut scene = in_crisis();
    edits(&mut scene, "t3-crit", |cron| set_model(cron, MINIMAX, Some(vec![])));
    assert!(!scene.disk.ledger().contains_key("t3-crit"), "its debt is closed");
    let theirs = now_of(&scene, "t3-crit").definition.clone();
    lead_out(&mut scene);
    assert_eq!(now_of(&scene, "t3-crit").definition, theirs);
    assert_eq!(reported(&scene), ["t2", "t3"]);
}

#[test]
fn of_a_cron_of_which_only_the_model_was_changed_our_fallbacks_go_back() {
    let mut scene = in_crisis();
    let ours = now_of(&scene, "t3-crit").fields().fallbacks;
    assert!(ours.is_some(), "the chain travels with the cron");
    edits(&mut scene, "t3-crit", |cron| set_model(cron, MINIMAX, ours.map(|list| list.to_vec())));
    lead_out(&mut scene);
    let expected = Fields { model: Some(MINIMAX.to_owned()), fallbacks: None, enabled: true };
    assert_eq!(now_of(&scene, "t3-crit").fields(), expected);
}

#[test]
fn a_cron_that_was_switched_on_again_in_the_middle_stays_on() {
    let mut scene = in_crisis();
    edits(&mut scene, "t2", |cron| cron.enabled = true);
    assert!(!scene.disk.ledger().contains_key("t2"), "its debt is closed");
    scene.writes.clear();
    lead_out(&mut scene);
    assert!(now_of(&scene, "t2").enabled);
    assert!(!written(&scene).contains(&"t2"), "nobody touched it again");
}

#[test]
fn a_paused_cron_that_was_moved_is_switched_on_where_the_person_put_it() {
    let mut scene = in_crisis();
    edits(&mut scene, "t2", |cron| set_model(cron, MINIMAX, None));
    lead_out(&mut scene);
    let expected = Fields { model: Some(MINIMAX.to_owned()), fallbacks: None, enabled: true };
    assert_eq!(now_of(&scene, "t2").fields(), expected);
}

#[test]
fn a_cron_that_was_removed_in_the_middle_is_owed_nothing() {
    let mut scene = in_crisis();
    scene.gateway.crons.remove(&CronId::new("t2"));
    scene.news(News::CronRemoved(CronId::new("t2")));
    assert!(!scene.disk.ledger().contains_key("t2"));
    lead_out(&mut scene);
    assert_eq!(reported(&scene), ["t3", "t3-crit"]);
}

#[test]
fn a_cron_that_was_off_before_is_never_switched_on() {
    let mut scene = all_well();
    for account in ["minimax", "google", "kimi", "anthropic"] {
        out(&mut scene, account, 2);
    }
    let off = now_of(&scene, "off").definition.clone();
    let plan = view(&scene).enter.clone().expect("previewed");
    assert!(plan.change(&CronId::new("off")).is_none());
    enter(&mut scene);
    assert!(!scene.disk.ledger().contains_key("off"));
    scene.pass(140);
    let plan = view(&scene).recover.clone().expect("something is owed");
    assert!(plan.change(&CronId::new("off")).is_none());
    recover(&mut scene);
    assert_eq!(now_of(&scene, "off").definition, off);
    all_as_before(&scene, "and so is everything else");
}

#[test]
fn pauses_of_the_older_scripts_that_are_imported_in_the_middle_are_given_back_too() {
    let mut scene = in_crisis();
    edits(&mut scene, "t1", |cron| cron.enabled = false);
    let older = json!({ "t1": { "disabledAt": "2026-11-18T00:00:00Z", "reason": "provider_down" } });
    let file = crate::state::ledger::with_imported(scene.disk.ledger_file(), &older, scene.now).expect("it is new");
    scene.disk.put_ledger_file(file);
    let reread = scene.disk.reread(scene.now);
    scene.hear(Input::Reloaded(Ok(reread))).ok();
    assert!(scene.world.crisis.governs(), "the mode is as it was");
    assert_eq!(keys(&scene.world.ledger), ["t1", "t2", "t3", "t3-crit"]);
    lead_out(&mut scene);
    let expected = Fields { model: Some(MINIMAX.to_owned()), fallbacks: None, enabled: true };
    assert_eq!(now_of(&scene, "t1").fields(), expected);
    assert!(now_of(&scene, "t2").enabled && now_of(&scene, "t3").enabled);
}

#[test]
fn a_crisis_whose_file_was_lost_is_on_as_long_as_its_debts_stand() {
    let mut scene = all_well();
    for account in ["kimi", "anthropic"] {
        out(&mut scene, account, 2);
    }
    enter(&mut scene);
    // The file does not parse at the next start: neither mode nor debts are known.
    (scene.world.ledger, scene.world.crisis, scene.world.ledger_lost) = (Arc::default(), Arc::default(), true);
    assert!(crate::engine::step::reconcile::lost_ledger(&mut scene.world, scene.now).is_some());
    assert_eq!(keys(&scene.world.ledger), ["t2", "t3"], "the journal knows what was paused");
    assert!(scene.world.crisis.mode.as_ref().is_some_and(|mode| mode.by == StartedBy::Hand));
    scene.pass(1);
    assert!(scene.disk.crisis(scene.now).mode.is_some(), "and so does the disk again");
    assert!(
        scene.world.plan.changes.iter().all(|change| change.kind != ChangeKind::Resume),
        "nothing runs again unasked"
    );
}
