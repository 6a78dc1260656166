//! The journeys of a person, through the engine, over the demo's real protocol.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::demo::DemoOutage;
use model_orchestrator::domain::{
    Access, AccountId, Cause, Chain, ChainOrder, ChangeKind, Confirmation, CronId, LineOutcome, OutageLevel,
    PlanOrigin, ProblemKind, QuotaAdvice, RECOVERY_KEY_PREFIX, Refusal, RouteKey, Schedule, StartedBy, Tier,
};
use model_orchestrator::engine::{Command, Done, Edit, Event, Foresight, SettingsChange, Snapshot, UndoScope};
use model_orchestrator::state::Folder;

use crate::support::Rig;

#[test]
fn connecting_writes_nothing_and_an_unsorted_gateway_plans_nothing() {
    let rig = Rig::unsorted();
    let engine = rig.engine();
    assert_eq!(engine.now().plan.changes, [], "nothing was sorted, so nothing may move");
    assert_eq!(rig.writes(), 0);
    let routable = engine.now().crons.values().filter(|cron| cron.routable()).count();
    assert_eq!(engine.now().suggestions.len(), routable, "every unsorted cron has a suggestion");
}

#[test]
fn a_dragged_cron_is_saved_planned_applied_verified_and_undone() {
    let rig = Rig::new();
    let engine = rig.engine();
    let before = engine.now();
    let cron = engine.cron("Newsletter digest");
    engine.set_tier(&["Newsletter digest"], Tier::T3);
    let tiers = std::fs::read_to_string(rig.state_dir().join("cron-tiers.json")).expect("the mapping is on disk");
    assert!(tiers.contains(cron.as_str()));
    assert_eq!(rig.writes(), 0, "dragging changes the wish, not the gateway");
    let planned = engine.wait("the cron in the plan", |now| now.plan.change(&cron).is_some());
    let change = planned.plan.change(&cron).expect("it is there");
    let job = {
        let event = engine.ask(Command::Apply { plan: planned.plan.id.clone(), crons: vec![cron.clone()] });
        assert!(matches!(event, Event::Done { .. }), "{event:?}");
        let done = engine.wait("the job's end", |now| now.job.as_ref().is_some_and(|job| !job.running()));
        done.job.clone().expect("a job")
    };
    let verified: Vec<_> = job.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).collect();
    assert_eq!(verified.len(), 1, "{:?}", job.lines.iter().map(|line| &line.outcome).collect::<Vec<_>>());
    assert_eq!(rig.calls("cron.update"), 1);
    assert_eq!(rig.log_of(1).len(), 1, "one switch, one line");
    assert_eq!(engine.now().crons[&cron].fields().model, change.to.model);
    assert_eq!(engine.now().switches[0].confirmation, Confirmation::Waiting);

    assert!(matches!(engine.ask(Command::PrepareUndo(UndoScope::Last)), Event::Done { .. }));
    let undo = engine.now().offer.clone().expect("an undo is on offer");
    let job = engine.apply(&undo);
    assert!(job.lines.iter().all(|line| line.outcome == LineOutcome::Verified));
    let after = engine.now();
    assert_eq!(after.crons[&cron].revision, before.crons[&cron].revision, "the definition is the one of before");
    assert!(after.tiers[&cron].hold.is_some(), "an undone cron is held");
    assert_eq!(after.plan.change(&cron), None, "and is not planned again at once");
    assert!(after.switches[1].undone_by.is_some());
}

#[test]
fn applying_the_plan_leaves_an_empty_plan_that_makes_no_call() {
    let rig = Rig::new();
    let engine = rig.engine();
    let planned = engine.now().plan.clone();
    assert!(!planned.changes.is_empty(), "the demo starts with an outage to answer");
    let job = engine.apply_all();
    for line in &job.lines {
        assert!(
            matches!(line.outcome, LineOutcome::Verified | LineOutcome::LeftOut),
            "{}: {:?}",
            line.change.name,
            line.outcome
        );
    }
    let n_written = job.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).count();
    assert_eq!(rig.calls("cron.update"), n_written as u64, "one call a line");
    assert_eq!(rig.log_of(n_written).len(), n_written);
    let again = engine.wait("a fresh plan", |now| now.plan.changes.iter().all(|change| !change.ticked));
    let event = engine.ask(Command::Apply { plan: again.plan.id.clone(), crons: Vec::new() });
    assert!(matches!(event, Event::Refused { why: Refusal::NothingToDo, .. }));
    assert_eq!(rig.calls("cron.update"), n_written as u64);
}

#[test]
fn a_cron_that_somebody_else_edited_is_a_conflict_and_stays_as_they_left_it() {
    let rig = Rig::new();
    let engine = rig.engine();
    let theirs = serde_json::json!({ "payload": { "kind": "agentTurn", "message": "theirs" } });
    let (plan, victim, job) = (0..20)
        .find_map(|n| {
            let plan = engine.now().plan.clone();
            let victim = plan.changes[n % plan.changes.len()].cron.clone();
            // The edit reaches the gateway after the plan was made and before the line is written; where the news of
            // it is faster than the command, the plan is another one by then.
            rig.demo.edit_as_somebody_else(&victim, &theirs).expect("they may");
            engine.try_apply(&plan).map(|job| (plan, victim, job))
        })
        .expect("a command that is faster");
    let line = job.lines.iter().find(|line| line.change.cron == victim).expect("its line");
    assert!(matches!(line.outcome, LineOutcome::Conflict { .. }), "{:?}", line.outcome);
    let theirs = rig.demo.job(&victim).expect("it is there");
    assert_eq!(theirs["payload"]["message"], "theirs");
    assert_eq!(theirs["payload"]["model"].as_str(), plan.change(&victim).expect("its change").from.model.as_deref());
    assert!(rig.log().iter().all(|line| !line.contains(&plan.change(&victim).expect("its change").name)));
}

#[test]
fn a_plan_that_is_no_longer_the_plan_is_refused() {
    let rig = Rig::new();
    let engine = rig.engine();
    let old = engine.now().plan.clone();
    engine.set_tier(&["Newsletter digest"], Tier::T3);
    let cron = engine.cron("Newsletter digest");
    engine.wait("another plan", |now| now.plan.change(&cron).is_some());
    let event = engine.ask(Command::Apply { plan: old.id.clone(), crons: vec![old.changes[0].cron.clone()] });
    assert!(matches!(event, Event::Refused { why: Refusal::Drifted, .. }), "{event:?}");
    assert_eq!(rig.writes(), 0);
}

#[test]
fn edits_are_undone_and_done_again_on_disk_too() {
    let rig = Rig::new();
    let engine = rig.engine();
    let path = rig.state_dir().join("cron-tiers.json");
    let before = std::fs::read_to_string(&path).expect("seeded");
    engine.set_tier(&["Heartbeat ping", "Uptime probe"], Tier::T2);
    let moved = std::fs::read_to_string(&path).expect("saved");
    assert_ne!(before, moved);
    let changed = before.lines().zip(moved.lines()).filter(|(old, new)| old != new).count();
    assert_eq!((changed, before.lines().count()), (2, moved.lines().count()), "two tiers, two lines");
    assert_eq!(engine.now().undo.as_deref(), Some("2 crons moved to T2"));
    engine.ask(Command::UndoEdit);
    engine.wait("the undo on disk", |now| now.saving.is_empty() && now.redo.is_some());
    assert_eq!(std::fs::read_to_string(&path).expect("saved"), before);
    let event = engine.ask(Command::RedoEdit);
    assert!(matches!(event, Event::Done { what: Done::Edited { .. }, .. }));
    engine.wait("the redo on disk", |now| now.saving.is_empty() && now.undo.is_some());
    assert_eq!(std::fs::read_to_string(&path).expect("saved"), moved);
}

#[test]
fn a_chain_edit_that_is_undone_leaves_the_plan_of_before() {
    let rig = Rig::new();
    let engine = rig.engine();
    let before = engine.now();
    let chain = Chain { order: ChainOrder::Listed, routes: vec![RouteKey::new("kimi")] };
    let event = engine.ask(Command::Settings(SettingsChange::SetChain { tier: Tier::T1, chain }));
    assert!(matches!(event, Event::Done { what: Done::Edited { .. }, .. }), "{event:?}");
    engine.wait("another plan", |now| now.plan.id != before.plan.id);
    let event = engine.ask(Command::UndoEdit);
    assert!(matches!(event, Event::Done { what: Done::Edited { .. }, .. }), "{event:?}");
    let after = engine.wait("the plan of before", |now| now.plan.id == before.plan.id);
    assert_eq!(after.settings, before.settings);
    assert_eq!((after.undo.as_deref(), after.redo.as_deref()), (None, Some("T1 chain changed")));
    drop(engine);
    assert_eq!(rig.engine().now().plan.id, before.plan.id, "nor is anything left for the next start");
}

#[test]
fn the_engine_survives_a_restart_of_the_gateway_in_mid_apply() {
    let rig = Rig::new();
    let engine = rig.engine();
    let plan = engine.now().plan.clone();
    let crons: Vec<_> = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    engine.tell(Command::Apply { plan: plan.id.clone(), crons: crons.clone() });
    engine.wait("the first switch", |now| !now.switches.is_empty());
    rig.demo.restart();
    let done = engine.wait("the job's end", |now| now.job.as_ref().is_some_and(|job| !job.running()));
    let job = done.job.clone().expect("a job");
    for line in job.lines.iter().filter(|line| line.outcome != LineOutcome::LeftOut) {
        assert_eq!(line.outcome, LineOutcome::Verified, "{}", line.change.name);
    }
    assert_eq!(rig.log_of(crons.len()).len(), crons.len(), "every switch is logged once");
}

#[test]
fn a_stopped_job_can_go_on() {
    let rig = Rig::with(model_orchestrator::demo::DemoOptions {
        write_limit: 2,
        run_jobs: false,
        ..model_orchestrator::demo::DemoOptions::default()
    });
    let engine = rig.engine();
    let plan = engine.now().plan.clone();
    let crons = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    engine.tell(Command::Apply { plan: plan.id.clone(), crons });
    let paced = engine.wait("the gateway's limit", |now| {
        now.job.as_ref().is_some_and(|job| matches!(job.phase, model_orchestrator::domain::JobPhase::Paced { .. }))
    });
    assert!(paced.job.as_ref().is_some_and(|job| job.expected_end.is_some()), "an estimate is shown");
    assert!(matches!(engine.ask(Command::StopJob), Event::Done { .. }));
    let stopped = engine.wait("the stop", |now| now.job.as_ref().is_some_and(|job| !job.running()));
    let job = stopped.job.clone().expect("a job");
    assert_eq!(job.lines.iter().filter(|line| line.outcome == LineOutcome::Verified).count(), 2);
    assert!(job.lines.iter().any(|line| line.outcome == LineOutcome::NotStarted));
    let left = job.lines.iter().filter(|line| line.outcome == LineOutcome::NotStarted).count();
    assert!(matches!(engine.ask(Command::ContinueJob), Event::Done { .. }));
    let again = engine.wait("the rest", |now| now.job.as_ref().is_some_and(|again| again.id != job.id));
    let again = again.job.clone().expect("a job");
    assert_eq!(again.progress().1, left, "exactly what was left goes on");
}

#[test]
fn two_engines_never_act_on_one_folder() {
    let rig = Rig::new();
    let first = rig.engine();
    let second = rig.looking_on();
    let folder = second.now().folder.clone().expect("open");
    assert!(folder.held_by.is_some_and(|holder| holder.contains(&std::process::id().to_string())));
    let edit = Edit::SetCritical { crons: vec![first.cron("Heartbeat ping")], critical: true };
    let event = second.ask(Command::Edit(edit));
    assert!(matches!(event, Event::Refused { why: Refusal::ReadOnly, .. }), "{event:?}");
}

#[test]
fn an_engine_that_only_looks_takes_over_when_the_folder_is_free() {
    let rig = Rig::new();
    let first = rig.engine();
    let second = rig.looking_on();
    first.set_tier(&["Newsletter digest"], Tier::T3);
    drop(first);
    let ours = second.wait("its turn", |now| {
        let free = now.folder.as_ref().is_some_and(|folder| folder.held_by.is_none());
        free && now.connection.info().is_some_and(|info| info.access == Access::ReadWrite)
    });
    assert!(!ours.problems.iter().any(|problem| matches!(problem.what, ProblemKind::FolderHeld { .. })));
    let cron = second.cron("Newsletter digest");
    assert_eq!(ours.tiers[&cron].tier, Tier::T3, "the files are as the first one left them");
    let edit = Edit::SetCritical { crons: vec![cron], critical: true };
    assert!(matches!(second.ask(Command::Edit(edit)), Event::Done { .. }));
    rig.looking_on();
}

#[test]
fn a_job_that_the_last_holder_left_is_settled_by_who_takes_over() {
    let rig = Rig::new();
    let plan = rig.engine().now().plan.clone();
    let moves: Vec<_> = plan.changes.iter().filter(|change| change.kind == ChangeKind::Move).take(2).collect();
    let crons: Vec<_> = moves.iter().map(|change| change.cron.clone()).collect();
    let (mut holder, _) = Folder::open(&rig.state_dir(), "holder", plan.at).expect("opens");
    let job = holder.begin_job(&plan, &crons, StartedBy::Hand, plan.at).expect("a journal");
    holder.intent(job, moves[0], plan.at).expect("an intent");
    // Its call arrives, and nobody is left to read it back.
    let (model, fallbacks) = (&moves[0].to.model, &moves[0].to.fallbacks);
    let written = serde_json::json!({ "payload": { "kind": "agentTurn", "model": model, "fallbacks": fallbacks } });
    rig.demo.edit_as_somebody_else(&crons[0], &written).expect("it is written");

    let engine = rig.looking_on();
    assert!(engine.now().job.is_none(), "its holder may be at it");
    drop(holder);
    let now = engine.wait("the job", |now| {
        now.job.as_ref().is_some_and(|job| job.lines.iter().all(|line| line.outcome != LineOutcome::Writing))
    });
    let job = now.job.clone().expect("a job");
    let line = |cron: &CronId| job.lines.iter().find(|line| line.change.cron == *cron).expect("its line");
    assert_eq!(line(&crons[0]).outcome, LineOutcome::Verified);
    assert_eq!(line(&crons[1]).outcome, LineOutcome::NotStarted);
    assert_eq!(now.switches.len(), 1);
    assert_eq!(rig.log_of(1).len(), 1);
    assert_eq!(rig.calls("cron.update"), 0, "nothing is written again");
    assert!(matches!(engine.ask(Command::ContinueJob), Event::Done { .. }));
    engine.wait("the rest", |now| now.switches.len() == 2);
    assert_eq!(rig.log_of(2).len(), 2);
}

#[test]
fn a_wrong_token_stops_and_says_so_without_naming_it() {
    let rig = Rig::new();
    let engine = rig.engine_alone();
    let wrong = model_orchestrator::domain::Secret::new("not-the-token");
    let target = model_orchestrator::domain::GatewayTarget { token: Some(wrong), ..rig.target() };
    engine.tell(Command::Connect(model_orchestrator::engine::Target::Gateway(target)));
    let stopped =
        engine.wait("a stop", |now| matches!(now.connection, model_orchestrator::domain::Connection::Stopped { .. }));
    assert!(matches!(
        &stopped.connection,
        model_orchestrator::domain::Connection::Stopped { trouble: model_orchestrator::domain::Trouble::BadToken, .. }
    ));
    assert!(!format!("{stopped:?}").contains("not-the-token"));
}

#[test]
fn the_demo_starts_degraded_and_is_labelled() {
    let rig = Rig::new();
    let engine = rig.engine_alone();
    engine.tell(Command::Connect(model_orchestrator::engine::Target::Demo));
    let now = engine.wait("the demo", |now| now.crons_as_of.is_some() && now.plan.decisions.len() == now.crons.len());
    assert!(now.demo);
    assert_eq!(now.crons.len(), 50);
    assert_eq!(now.level(), OutageLevel::Degraded);
}

/// The one-shots of recovery that the gateway has: by what they wait for, and when they run.
fn waited_for(now: &Snapshot) -> Vec<(String, Timestamp)> {
    let own = now.crons.values().filter_map(|cron| {
        let account = cron.declaration_key.as_deref()?.strip_prefix(RECOVERY_KEY_PREFIX)?;
        let Schedule::At { at } = cron.schedule else { return None };
        Some((account.to_owned(), at))
    });
    own.collect()
}

#[test]
fn one_one_shot_waits_on_the_gateway_for_an_account_whose_return_is_known() {
    let rig = Rig::new();
    rig.demo.set_outage("kimi", DemoOutage::QuotaExhausted);
    let engine = rig.engine();
    engine.wait("the past", |now| now.evidence_read);
    assert_eq!(rig.writes(), 0, "nothing is written on connecting");
    assert!(engine.apply_all().lines.iter().any(|line| line.outcome == LineOutcome::Verified));
    let there = engine.wait("a one-shot", |now| !waited_for(now).is_empty());
    let windows = &there.fleet.windows[&AccountId::new("kimi")];
    let reset = windows.iter().filter(|window| window.used_ratio >= 1.0).filter_map(|window| window.resets_at).max();
    let at = reset.expect("a reset") + SignedDuration::from_secs(60);
    assert_eq!(waited_for(&there), [("kimi".to_owned(), at)]);
    assert_eq!(rig.calls("cron.add"), 2, "it, and the mark that says who acts");

    drop(engine);
    let next = rig.engine();
    let now = next.wait("the past", |now| now.evidence_read);
    assert_eq!(waited_for(&now), waited_for(&there), "it outlives this program");
    next.set_tier(&["Newsletter digest"], Tier::T1);
    next.wait("a plan", |now| now.plan.changes.iter().any(|change| change.ticked));
    next.apply_all();
    rig.demo.set_outage("kimi", DemoOutage::Serving);
    next.tell(Command::Refresh);
    next.wait("it is taken off", |now| waited_for(now).is_empty());
    assert_eq!((rig.calls("cron.add"), rig.calls("cron.remove")), (2, 1));
}

/// From now on the journal takes no outcome of a verified line, as if the disk were full.
fn fill_disk(rig: &Rig) -> rusqlite::Connection {
    let db = rusqlite::Connection::open(rig.state_dir().join("history.db")).expect("the history is there");
    db.execute_batch(
        "CREATE TRIGGER full BEFORE UPDATE OF outcome ON lines WHEN NEW.outcome = 'verified'
         BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )
    .expect("a trigger");
    db
}

fn free_disk(db: &rusqlite::Connection) {
    db.execute_batch("DROP TRIGGER full").expect("it was there");
}

#[test]
fn a_job_stops_at_an_outcome_that_cannot_be_written_and_nothing_of_it_is_lost() {
    for restarts in [false, true] {
        let rig = Rig::new();
        let mut engine = rig.engine();
        let (n_known, n_logged) = (engine.now().switches.len(), rig.log().len());
        let n_planned = engine.now().plan.changes.iter().filter(|change| change.ticked).count();
        assert!(n_planned > 2, "{n_planned}");
        let db = fill_disk(&rig);
        let job = engine.apply_all();
        let with = |is: fn(&LineOutcome) -> bool| job.lines.iter().filter(|line| is(&line.outcome)).count();
        assert_eq!(rig.calls("cron.update"), 1, "nothing is written after a line that was not recorded");
        assert_eq!(with(|outcome| matches!(outcome, LineOutcome::Verified)), 1);
        assert_eq!(with(|outcome| matches!(outcome, LineOutcome::Failed { .. })), 1);
        engine.wait("the reason", |now| now.problems.iter().any(|problem| problem.id == "state/journal"));

        if restarts {
            drop(engine);
            free_disk(&db);
            engine = rig.engine();
            engine.wait("the job to be found without its end", |now| {
                let expected = ProblemKind::Interrupted { left: n_planned - 1, of: PlanOrigin::Distribution };
                now.problems.iter().any(|problem| problem.what == expected)
            });
        } else {
            free_disk(&db);
        }
        assert_eq!(engine.now().switches.len(), n_known + 1);
        let event = engine.ask(Command::ContinueJob);
        assert!(matches!(event, Event::Done { .. }), "{event:?}");
        engine.wait("the rest", |now| now.switches.len() == n_known + n_planned);
        assert_eq!(rig.calls("cron.update"), n_planned as u64, "no write is made twice");
        assert_eq!(rig.log_of(n_logged + n_planned).len(), n_logged + n_planned, "each switch is logged once");
        drop(engine);
        let next = rig.engine();
        assert_eq!(next.now().switches.len(), n_known + n_planned, "the journal has them all");
        assert!(next.now().job.is_none(), "and every job its end");
    }
}

#[test]
fn distribution_that_looks_at_quotas_plans_what_advice_would_and_is_off_by_default() {
    let day_left = Some(SignedDuration::from_hours(9));
    let rig = Rig::with(model_orchestrator::demo::DemoOptions { day_left, run_jobs: false, ..Default::default() });
    model_orchestrator::engine::remember_month(&rig.state_dir(), &rig.demo).expect("it is written down");
    let engine = rig.engine();
    let foretold = |now: &Snapshot| -> BTreeSet<CronId> {
        let changes = now.plan.changes.iter().filter(|change| change.cause == Cause::Forecast);
        changes.map(|change| change.cron.clone()).collect()
    };
    let before = engine.wait("the past", |now| now.history_read && now.evidence_read);
    assert!(foretold(&before).is_empty());
    engine.ask(Command::Settings(SettingsChange::SetQuotaAware(true)));
    let after = engine.wait("the setting", |now| now.settings.distribution.quota_aware);
    let outlook = Foresight::default().outlook(&after, after.at + SignedDuration::from_hours(7 * 24));
    let detours = outlook.advice.iter().find_map(|advice| match advice {
        QuotaAdvice::RunsOut(one) if !one.detours.is_empty() => Some(one.detours.keys().cloned().collect()),
        _ => None,
    });
    let advised: BTreeSet<CronId> = detours.unwrap_or_else(|| panic!("{:?}", outlook.advice));
    let spared = foretold(&engine.wait("changes that spare a quota", |now| !foretold(now).is_empty()));
    // Seconds lie between the two, in which a run may have started: then one goes less, or more.
    assert!(spared.is_subset(&advised) || advised.is_subset(&spared), "{spared:?}, advised {advised:?}");
    engine.ask(Command::Settings(SettingsChange::SetQuotaAware(false)));
    engine.wait("the ordinary plan", |now| !now.settings.distribution.quota_aware && foretold(now).is_empty());
}
