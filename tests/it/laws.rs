//! What must hold for every observation, whatever it is: the laws of the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model_orchestrator::domain::{
    Cause, Change, ChangeKind, Cron, Fields, LedgerEntry, LedgerReason, ModelRef, Observation, Payload, Plan, PlanMode,
    Reason, RouteKey, Settings, Tier, Usd, Verdict,
};
use model_orchestrator::policy::{enter_plan, plan, recover_plan};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::golden::world::{CronLine, MODELS, Wishes, World, debt};

fn state() -> impl Strategy<Value = String> {
    select(vec![
        "unknown",
        "unknown",
        "up",
        "up",
        "up",
        "up 3m",
        "strained",
        "limit +3h",
        "limit +5m",
        "limit -1m",
        "limit",
        "overloaded",
        "refused",
        "balance",
        "cooldown +8m",
        "window +2h",
        "model limit +3h",
        "absent",
        "no key",
        "unmatched",
        "aside +2d",
    ])
    .prop_map(str::to_owned)
}

fn route_names() -> Vec<String> {
    MODELS.iter().map(|(route, _)| (*route).to_owned()).collect()
}

fn held_models() -> Vec<String> {
    let mut names = route_names();
    names.extend(["default", "minimax-alias", "MiniMax-M3", "nope/none", "nothing"].map(str::to_owned));
    names
}

fn often(value: &'static str, others: &[&'static str]) -> impl Strategy<Value = Option<String>> {
    let mut all = vec![None; 6];
    all.push(Some(value.to_owned()));
    all.extend(others.iter().map(|other| Some((*other).to_owned())));
    select(all)
}

fn seldom() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.15)
}

prop_compose! {
    fn cron_line()(
        tier in select(vec![Some("T1"), Some("T2"), Some("T3"), None]),
        on in select(held_models()),
        next in select(vec![None, Some("+1m"), Some("+30m"), Some("+2h"), Some("+4h")]),
        fallbacks in prop::option::of(subsequence(route_names(), 0..3)),
        flags in (seldom(), seldom(), seldom(), seldom(), seldom(), seldom(), seldom(), seldom(), prop::bool::ANY),
        pinned in often("here", &["kimi", "gpt"]),
        off_by in often("us", &["user", "gateway", "us"]),
        was_on in often("kimi", &["default"]),
        kind in often("command", &["own mark"]),
    ) -> CronLine {
        let (critical, above_guard, held, one_shot, may_miss, running, agent_made, busy, edited) = flags;
        CronLine {
            id: String::new(), name: None, tier: tier.map(str::to_owned), on, next: next.map(str::to_owned), fallbacks,
            critical, above_guard, pinned, held, off_by, was_on, one_shot, may_miss, running, agent_made,
            agreed: false, edited, busy, kind, ..CronLine::default()
        }
    }
}

prop_compose! {
    fn world()(
        states in prop::collection::vec(state(), MODELS.len()),
        mut crons in prop::collection::vec(cron_line(), 1..14),
        gateway_away in prop::bool::weighted(0.05),
        default_model in select(vec![None, Some("minimax"), Some("gpt")]),
        mode in select(vec![PlanMode::Ordinary, PlanMode::Ordinary, PlanMode::Crisis, PlanMode::Waning]),
    ) -> World {
        for (index, line) in crons.iter_mut().enumerate() {
            line.id = format!("cron-{index:02}");
        }
        let routes = route_names().into_iter().zip(states).collect();
        World {
            routes, crons, gateway_away, previous_level: None, down_since: BTreeMap::new(),
            default_model: default_model.map(str::to_owned), mode,
        }
    }
}

prop_compose! {
    fn wishes()(
        t1 in subsequence(route_names(), 0..=7).prop_shuffle(),
        t2 in subsequence(route_names(), 0..=7).prop_shuffle(),
        own in prop::bool::ANY,
        guard in select(vec![None, Some(3.0), Some(20.0)]),
    ) -> Wishes {
        let chains = if own { BTreeMap::from([("T1".to_owned(), t1), ("T2".to_owned(), t2)]) } else { BTreeMap::new() };
        Wishes { chains, guard: BTreeMap::from([("T1".to_owned(), guard)]), ..Wishes::default() }
    }
}

/// What the gateway and the ledger hold once every line of `plan` was written. An edit counts only
/// until it was applied.
fn applied(obs: &Observation, plan: &Plan) -> Observation {
    let mut after = obs.clone();
    for change in &plan.changes {
        Arc::make_mut(&mut after.edited).remove(&change.cron);
        let before = Arc::clone(&obs.crons[&change.cron]);
        let ledger = Arc::make_mut(&mut after.ledger);
        match change.kind {
            ChangeKind::Pause => {
                let entry = debt(&before, before.fields(), change.to.clone());
                ledger.insert(change.cron.clone(), entry);
            }
            ChangeKind::Resume => {
                ledger.remove(&change.cron);
            }
            _ => {}
        }
        Arc::make_mut(&mut after.crons).insert(change.cron.clone(), Arc::new(written(&before, &change.to)));
    }
    after
}

/// The same in a crisis, where every cron that is touched is owed.
fn owing(obs: &Observation, plan: &Plan) -> Observation {
    let mut after = applied(obs, plan);
    for change in &plan.changes {
        let entry = debt(&obs.crons[&change.cron], change.from.clone(), change.to.clone());
        let entry = LedgerEntry { why: LedgerReason::Crisis, ..entry };
        Arc::make_mut(&mut after.ledger).insert(change.cron.clone(), entry);
    }
    after
}

fn written(cron: &Cron, to: &Fields) -> Cron {
    let mut cron = cron.clone();
    cron.enabled = to.enabled;
    if let Payload::AgentTurn(turn) = &mut cron.payload {
        turn.model.clone_from(&to.model);
        turn.fallbacks.clone_from(&to.fallbacks);
    }
    cron
}

fn user_edits_cleared(mut obs: Observation) -> Observation {
    obs.edited = Arc::default();
    obs
}

fn chain_of<'a>(change: &Change, settings: &'a Settings) -> &'a [RouteKey] {
    &settings.chain(change.tier.unwrap_or(Tier::T3)).routes
}

/// A pause of ours ends because nobody sorts the cron any more.
fn gives_back_unsorted(change: &Change) -> bool {
    change.tier.is_none() && change.kind == ChangeKind::Resume && change.reason == Reason::GivenBack
}

/// A crisis pauses it, though nothing need speak against its route.
fn makes_room(change: &Change) -> bool {
    matches!(change.reason, Reason::PausedInCrisis { .. })
}

/// The price of a model as the settings know it, by any route that has it.
fn output_price(model: &ModelRef, settings: &Settings) -> Option<Usd> {
    let route = settings.routes.values().find(|route| route.model.as_ref() == Some(model))?;
    settings.price(route).map(|price| price.output)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_observations_give_equal_plans_whatever_the_order_they_came_in(world in world(), wishes in wishes()) {
        let settings = wishes.settings(&world);
        let first = plan(&world.observe(), &settings);
        let mut shuffled = world.clone();
        shuffled.crons.reverse();
        prop_assert_eq!(&first, &plan(&shuffled.observe(), &settings));
    }

    #[test]
    fn there_is_one_decision_for_every_cron_and_a_line_for_every_change(world in world(), wishes in wishes()) {
        let obs = world.observe();
        let plan = plan(&obs, &wishes.settings(&world));
        let decided: Vec<_> = plan.decisions.iter().map(|decision| decision.cron.clone()).collect();
        prop_assert_eq!(decided, obs.crons.keys().cloned().collect::<Vec<_>>());
        let changing: BTreeSet<_> =
            plan.decisions.iter().filter(|decision| decision.verdict == Verdict::Change).map(|d| &d.cron).collect();
        prop_assert_eq!(changing, plan.changes.iter().map(|change| &change.cron).collect::<BTreeSet<_>>());
        prop_assert!(plan.changes.iter().all(|change| !change.patch().is_empty()), "a line writes something");
    }

    #[test]
    fn planning_again_after_an_apply_is_empty(world in world(), wishes in wishes()) {
        let settings = wishes.settings(&world);
        let obs = world.observe();
        let first = plan(&obs, &settings);
        let again = plan(&applied(&obs, &first), &settings).changes;
        prop_assert!(again.is_empty(), "{again:?}\nafter {:?}", first.changes);
    }

    #[test]
    fn a_critical_cron_is_never_paused(world in world(), wishes in wishes()) {
        let plan = plan(&world.observe(), &wishes.settings(&world));
        prop_assert!(plan.changes.iter().all(|change| !(change.critical && change.kind == ChangeKind::Pause)));
    }

    #[test]
    fn only_a_pause_of_ours_is_ever_switched_on(world in world(), wishes in wishes()) {
        let obs = world.observe();
        for change in plan(&obs, &wishes.settings(&world)).changes {
            let ours = obs.ledger.get(&change.cron).is_some_and(|debt| debt.before.enabled && !debt.wrote.enabled);
            prop_assert!(change.from.enabled || !change.to.enabled || ours, "{change:?}");
        }
    }

    #[test]
    fn ignorance_never_pauses_and_never_moves_a_cron_for_its_health(mut world in world(), wishes in wishes()) {
        for state in world.routes.values_mut() {
            *state = "unknown".to_owned();
        }
        for change in plan(&world.observe(), &wishes.settings(&world)).changes {
            if makes_room(&change) {
                continue;
            }
            let resumes = change.kind == ChangeKind::Resume && !gives_back_unsorted(&change);
            prop_assert!(change.kind != ChangeKind::Pause && !resumes, "{change:?}");
            let unlisted = change.from.model.is_some() && change.from_model.is_none();
            prop_assert!(change.cause == Cause::Edit || unlisted, "{change:?}");
        }
    }

    #[test]
    fn a_pause_needs_a_route_that_is_known_not_to_serve_and_none_that_may(world in world(), wishes in wishes()) {
        let settings = wishes.settings(&world);
        for change in plan(&world.observe(), &settings).changes {
            let pinned = matches!(change.reason, Reason::PinnedOnDeadRoute { .. });
            if change.kind != ChangeKind::Pause || pinned || makes_room(&change) {
                continue;
            }
            let mut keys: Vec<String> = chain_of(&change, &settings).iter().map(ToString::to_string).collect();
            // Two models of one account: what befalls it through one befalls both.
            for pair in [["opus", "sonnet"], ["gemini_flash", "gemini_pro"]] {
                if keys.iter().any(|key| pair.contains(&key.as_str())) {
                    keys.extend(pair.map(str::to_owned));
                }
            }
            let states: Vec<&str> = keys.iter().map(|key| world.routes[key.as_str()].as_str()).collect();
            let fails = |state: &&str| ["limit +", "overl", "refus", "balan", "coold", "window", "model"].iter().any(|f| state.starts_with(f)) || **state == *"limit";
            prop_assert!(states.iter().any(fails), "{states:?}");
        }
    }

    #[test]
    fn what_is_not_ours_to_decide_is_left_alone(world in world(), wishes in wishes()) {
        let plan = plan(&world.observe(), &wishes.settings(&world));
        for line in &world.crons {
            let foreign = line.tier.is_none() || line.held || line.busy || line.kind.is_some() || world.gateway_away;
            let touches = |change: &&Change| change.cron.as_str() == line.id && !gives_back_unsorted(change);
            let touched = plan.changes.iter().any(|change| touches(&change));
            prop_assert!(!(foreign && touched), "{line:?}");
        }
    }

    #[test]
    fn a_pinned_cron_is_moved_only_onto_its_pin(world in world(), wishes in wishes()) {
        let obs = world.observe();
        for change in plan(&obs, &wishes.settings(&world)).changes {
            let Some(pin) = obs.tiers.get(&change.cron).and_then(|entry| entry.pinned.clone()) else { continue };
            if change.from.model != change.to.model && change.kind == ChangeKind::Move {
                prop_assert_eq!(&change.to_model, &pin.model);
                prop_assert_eq!(change.cause, Cause::Edit);
            }
        }
    }

    #[test]
    fn a_written_model_is_listed_and_within_the_guard(world in world(), wishes in wishes()) {
        let (obs, settings) = (world.observe(), wishes.settings(&world));
        for change in plan(&obs, &settings).changes {
            if change.from.model == change.to.model || change.reason == Reason::GivenBack {
                continue;
            }
            let entry = &obs.tiers[&change.cron];
            if entry.pinned.is_some() {
                continue;
            }
            let written = change.to_model.clone().expect("a written model is known");
            prop_assert!(obs.catalog.lists(&written), "{written}");
            let guard = settings.cost_guard.get(&entry.tier).filter(|_| !(entry.critical && entry.above_guard));
            if let Some(guard) = guard {
                let price = output_price(&written, &settings);
                prop_assert!(price.is_some_and(|price| price <= *guard), "{written} at {price:?}");
            }
        }
    }

    #[test]
    fn fallbacks_are_other_listed_models_within_the_guard(world in world(), wishes in wishes()) {
        let (obs, settings) = (world.observe(), wishes.settings(&world));
        for change in plan(&obs, &settings).changes.iter().filter(|change| change.from.fallbacks != change.to.fallbacks) {
            if change.reason == Reason::GivenBack {
                continue;
            }
            let entry = &obs.tiers[&change.cron];
            let guard = settings.cost_guard.get(&entry.tier).filter(|_| !(entry.critical && entry.above_guard));
            let names: Vec<_> = change.to.fallbacks.iter().flat_map(|list| list.iter()).collect();
            prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "none twice");
            for name in names {
                let model = ModelRef::parse(name).expect("a full reference");
                prop_assert!(obs.catalog.lists(&model) && Some(&model) != change.to_model.as_ref(), "{model}");
                let price = output_price(&model, &settings);
                prop_assert!(guard.is_none_or(|guard| price.is_some_and(|price| price <= *guard)), "{model}");
            }
        }
    }

    #[test]
    fn a_route_that_flaps_draws_no_cron_back_within_settle(
        mut world in world(),
        wishes in wishes(),
        minutes in prop::collection::vec(0_i64..10, MODELS.len()),
    ) {
        for (state, minutes) in world.routes.values_mut().zip(minutes) {
            *state = format!("up {minutes}m");
        }
        let obs = user_edits_cleared(world.observe());
        for change in plan(&obs, &wishes.settings(&world)).changes {
            let left_unlisted = change.from.model.is_some() && change.from_model.is_none();
            let critical_again = change.critical && change.kind == ChangeKind::Resume;
            let to_its_pin = matches!(change.reason, Reason::Pinned { .. });
            let expected = to_its_pin || gives_back_unsorted(&change) || makes_room(&change);
            prop_assert!(left_unlisted || critical_again || expected, "{change:?}");
        }
    }

    #[test]
    fn a_crisis_and_the_way_back_leave_everything_as_it_was(
        mut world in world(),
        wishes in wishes(),
        outage in prop::collection::vec(select(vec!["up", "up", "unknown", "limit +3h", "balance", "refused"]), MODELS.len()),
    ) {
        for line in &mut world.crons {
            (line.off_by, line.busy, line.edited) = (line.off_by.take().filter(|by| by != "us"), false, false);
        }
        (world.gateway_away, world.mode) = (false, PlanMode::Ordinary);
        let under = |states: &[&str], crons: &Observation, mode| {
            let routes = route_names().into_iter().zip(states.iter().map(|state| (*state).to_owned())).collect();
            let world = World { routes, ..world.clone() };
            let (crons, ledger) = (Arc::clone(&crons.crons), Arc::clone(&crons.ledger));
            Observation { crons, ledger, mode, ..world.observe() }
        };
        let calm = [&"up"; MODELS.len()].map(|state| *state);
        let obs = under(&calm, &world.observe(), PlanMode::Ordinary);
        let settings = wishes.settings(&World { routes: BTreeMap::new(), ..world.clone() });
        let before = applied(&obs, &plan(&obs, &settings));

        let struck = under(&outage, &before, PlanMode::Crisis);
        let crisis = owing(&struck, &enter_plan(&struck, &settings));
        let back = under(&calm, &crisis, PlanMode::Ordinary);
        let after = applied(&back, &recover_plan(&back, &settings));
        for (id, cron) in before.crons.iter() {
            prop_assert_eq!(cron.fields(), after.crons[id].fields(), "{}", id);
        }
        let again = plan(&under(&calm, &after, PlanMode::Ordinary), &settings).changes;
        prop_assert!(again.is_empty(), "{again:?}");
    }
}

#[test]
fn the_laws_are_tried_on_plans_that_do_something() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..300 {
        let world = world().new_tree(&mut runner).expect("a world").current();
        let wishes = wishes().new_tree(&mut runner).expect("wishes").current();
        kinds.extend(plan(&world.observe(), &wishes.settings(&world)).changes.iter().map(|change| change.kind));
    }
    assert_eq!(
        kinds,
        BTreeSet::from([ChangeKind::Move, ChangeKind::Refit, ChangeKind::Pause, ChangeKind::Resume]),
        "otherwise the laws hold for nothing"
    );
}

#[test]
fn a_plans_id_follows_its_content_and_nothing_else() {
    let line = |id: &str, on: &str, next: &str| CronLine {
        id: id.to_owned(),
        tier: Some("T1".to_owned()),
        on: on.to_owned(),
        next: Some(next.to_owned()),
        ..CronLine::default()
    };
    let planned = |crons: Vec<CronLine>, minimax: &str| {
        let states = [("minimax", minimax), ("gemini_flash", "up"), ("kimi", "up")];
        let routes = states.map(|(route, state)| (route.to_owned(), state.to_owned())).into();
        let world = World { routes, crons, ..World::default() };
        plan(&world.observe(), &Wishes::default().settings(&world)).id
    };
    let base = planned(vec![line("a", "kimi", "+1m"), line("b", "kimi", "+2m")], "up");
    let same = planned(vec![line("a", "kimi", "+3m"), line("b", "kimi", "+2m")], "up");
    assert_eq!(base, same, "another order of writing is the same plan");
    let cases = [
        (planned(vec![line("a", "kimi", "+1m")], "up"), "one line less"),
        (planned(vec![line("a", "kimi", "+1m"), line("c", "kimi", "+2m")], "up"), "another cron"),
        (planned(vec![line("a", "kimi", "+1m"), line("b", "kimi", "+2m")], "balance"), "another target"),
    ];
    for (other, why) in cases {
        assert_ne!(base, other, "{why}");
    }
}
