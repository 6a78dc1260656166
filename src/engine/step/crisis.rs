//! Crisis mode: entered, left in stages, and followed meanwhile.
//!
//! Invariants: the mode is on its way to the disk before the first call that it causes, and every cron that it
//! touches is in the ledger by then; it ends when what is owed was given back, never before.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::World;
use super::super::effect::{Effect, StoreOp};
use super::apply::{self, JobState, Line};
use super::own;
use crate::domain::{
    Access, AccountId, Change, Connection, Crisis, CrisisMode, CrisisView, Cron, CronId, LineOutcome, ModelRef, Notice,
    Observation, OutageLevel, Plan, PlanId, PlanMode, PlanOrigin, ProblemKind, Readiness, Recovering, RecoveryReport,
    Refusal, ReportLine, RunRecord, RunStatus, Seal, StartedBy, VendorId, vendor_of,
};
use crate::fault::{self, Fault};
use crate::policy;

/// What the engine remembers of a crisis that needs no disk.
#[derive(Debug, Default)]
pub struct Following {
    /// The state of crisis mode is not as it was last written down.
    unsaved: bool,
    /// This crisis has been at its level; and whether it no longer is, as far as anybody knows.
    reached: bool,
    waning: bool,
    /// A vendor failed again while crons were given back to it.
    relapsed: Option<VendorId>,
    /// What was told to the desktop last: said again only when it is another.
    told: Told,
}

#[derive(Debug, Default, PartialEq)]
struct Told {
    outage: Vec<VendorId>,
    ready: bool,
    nearly_off: BTreeMap<CronId, u32>,
}

/// Switches crisis mode on and begins to carry out its plan, as far as it is asked for.
///
/// # Errors
/// When the plan is no longer the plan, or nothing may be written.
pub fn enter(
    world: &mut World,
    plan: &PlanId,
    crons: &[CronId],
    by: StartedBy,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    apply::may_begin(world)?;
    if world.crisis.mode.is_some() {
        return Err(Refusal::NothingToDo);
    }
    let shown = world.crisis_view.enter.clone().filter(|shown| shown.id == *plan).ok_or(Refusal::Drifted)?;
    let down = shown.outage.down.iter().map(|down| down.vendor.clone()).collect();
    let crisis = Arc::make_mut(&mut world.crisis);
    crisis.mode = Some(CrisisMode { since: now, by, recovering: None });
    crisis.away = down;
    crisis.came_back.clear();
    let mut effects = vec![save(world)];
    effects.extend(carry_out(world, shown, crons, by, now)?);
    Ok(effects)
}

/// Begins to give back what is owed, in stages; at the end crisis mode is off.
///
/// # Errors
/// When the plan is no longer the plan, or nothing may be written.
pub fn recover(
    world: &mut World,
    plan: &PlanId,
    crons: &[CronId],
    by: StartedBy,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    apply::may_begin(world)?;
    let shown = world.crisis_view.recover.clone().filter(|shown| shown.id == *plan).ok_or(Refusal::Drifted)?;
    let mut effects = Vec::new();
    let crisis = Arc::make_mut(&mut world.crisis);
    if let Some(mode) = crisis.mode.as_mut() {
        mode.recovering = Some(Recovering { since: now, by });
        // What an earlier crisis gave back is another report.
        let (since, lines) = (mode.since, crisis.report.as_mut().map(|report| &mut report.lines));
        if let Some(lines) = lines {
            lines.retain(|line| line.back_at >= since);
        }
        crisis.report.take_if(|report| report.lines.is_empty());
        effects.push(save(world));
    }
    // What automation may not do stays owed, and waits for its person outside of the crisis.
    let whole = by == StartedBy::Automation
        || shown.changes.iter().all(|change| !change.ticked || crons.contains(&change.cron));
    world.clear("crisis/relapse");
    let begun = carry_out(world, shown, crons, by, now)?;
    if begun.is_empty() && whole {
        effects.extend(recovered(world, now));
    }
    effects.extend(begun);
    Ok(effects)
}

/// Nothing to write is no reason not to change the mode.
fn carry_out(
    world: &mut World,
    plan: Arc<Plan>,
    crons: &[CronId],
    by: StartedBy,
    now: Timestamp,
) -> Result<Vec<Effect>, Refusal> {
    world.dirty.plan = true;
    world.dirty.shown = true;
    match apply::start(world, plan, crons, by, now) {
        Err(Refusal::NothingToDo) => Ok(Vec::new()),
        begun => begun,
    }
}

/// Does not wait for a run of what was given back.
pub fn go_on(world: &mut World, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let job = world.job.as_mut().filter(|job| job.proving_until.is_some()).ok_or(Refusal::NothingToDo)?;
    job.every_stage();
    Ok(apply::advance(world, now))
}

/// Back to the rules of a crisis, whatever was given back already. From then on it is the person's, and ends by hand.
pub fn stay(world: &mut World, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    world.crisis.recovering().ok_or(Refusal::NothingToDo)?;
    if let Some(mode) = Arc::make_mut(&mut world.crisis).mode.as_mut() {
        mode.by = StartedBy::Hand;
    }
    let mut effects = stop_recovering(world, now);
    effects.insert(0, save(world));
    Ok(effects)
}

fn stop_recovering(world: &mut World, now: Timestamp) -> Vec<Effect> {
    if let Some(mode) = Arc::make_mut(&mut world.crisis).mode.as_mut() {
        mode.recovering = None;
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    // Nothing runs: nothing to stop.
    if world.job.as_ref().is_some_and(gives_back) { apply::stop(world, now).unwrap_or_default() } else { Vec::new() }
}

/// A job that gave back has ended. Crisis mode ends with it when nothing of its plan is left to be done.
pub fn job_ended(world: &mut World, job: &JobState, now: Timestamp) -> Vec<Effect> {
    let done = |line: &Line| match line.outcome {
        LineOutcome::Verified | LineOutcome::Withdrawn => true,
        // What automation was not allowed to do stays owed, and waits for its person outside of the crisis.
        LineOutcome::LeftOut => !line.change.ticked || job.by == StartedBy::Automation,
        _ => false,
    };
    if world.crisis.recovering().is_some() && job.lines.iter().all(done) { recovered(world, now) } else { Vec::new() }
}

/// Everything that could be given back was: ordinary distribution has the rest.
fn recovered(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let crisis = Arc::make_mut(&mut world.crisis);
    let ended = crisis.mode.take_if(|_| !fault::on(Fault::NeverLeavesCrisis));
    if ended.is_some() {
        crisis.left_at = Some(now);
    }
    let begun = ended.and_then(|mode| mode.recovering).map_or(Timestamp::MIN, |recovering| recovering.since);
    let lines = crisis.report.iter().flat_map(|report| &report.lines).filter(|line| line.back_at >= begun);
    let n_missed = lines.clone().filter_map(|line| line.missed).map(|missed| missed.n_runs).sum();
    let notice = Notice::Recovered { n_crons: lines.count(), n_missed };
    world.dirty.plan = true;
    world.dirty.shown = true;
    let told = notify(world, notice);
    [save(world)].into_iter().chain(told).collect()
}

/// One cron has back what it had: the report says so, once.
pub fn gave_back(world: &mut World, cron: &Cron, paused_from: Option<Timestamp>, seal: Seal, now: Timestamp) -> Effect {
    // Schedules go by the gateway's clock.
    let theirs = |at: Timestamp| world.by_gateways_clock(at);
    let missed = paused_from.and_then(|from| policy::missed(cron, theirs(from), theirs(now)));
    let line = ReportLine {
        cron: cron.id.clone(),
        name: cron.name.clone(),
        back_at: now,
        seal,
        paused_from,
        missed,
        ran_at: None,
    };
    let crisis = Arc::make_mut(&mut world.crisis);
    let report = crisis.report.get_or_insert_with(|| RecoveryReport { since: now, lines: Vec::new() });
    report.lines.retain(|known| known.cron != cron.id);
    report.lines.push(line);
    save(world)
}

/// How a cron was given back, by the report.
pub fn sealed(world: &World, cron: &CronId) -> Option<Seal> {
    let mut lines = world.crisis.report.iter().flat_map(|report| &report.lines);
    lines.find(|line| line.cron == *cron).map(|line| line.seal)
}

/// Lets crons run once: what they missed.
pub fn run_now(world: &mut World, crons: &[CronId], now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    if !world.connected() {
        return Err(Refusal::NotConnected);
    }
    if world.access().is_none_or(Access::looks_only) {
        return Err(Refusal::ReadOnly);
    }
    if let Some(unknown) = crons.iter().find(|id| !world.crons.contains_key(*id)) {
        return Err(Refusal::UnknownCron { cron: unknown.to_string() });
    }
    own::mark::run(world, crons, now)
}

/// The gateway let it run, or said why not.
pub fn run_queued(world: &mut World, cron: &CronId, result: Result<(), String>, now: Timestamp) -> Vec<Effect> {
    let problem = format!("run/{cron}");
    if let Err(detail) = result {
        let name = world.crons.get(cron).map_or_else(|| cron.to_string(), |cron| cron.name.clone());
        world.raise(problem, ProblemKind::Refused { detail: format!("{name} does not run now: {detail}") }, now);
        return Vec::new();
    }
    world.clear(&problem);
    let lines = Arc::make_mut(&mut world.crisis).report.as_mut().map(|report| &mut report.lines);
    let Some(line) = lines.into_iter().flatten().find(|line| line.cron == *cron) else { return Vec::new() };
    line.ran_at = Some(now);
    world.dirty.plan = true;
    vec![save(world)]
}

pub fn dismiss_report(world: &mut World) -> Result<Vec<Effect>, Refusal> {
    Arc::make_mut(&mut world.crisis).report.take().ok_or(Refusal::NothingToDo)?;
    world.dirty.plan = true;
    Ok(vec![save(world)])
}

/// A finished run: one that went well shows that what was given back works.
pub fn heard_of_run(world: &mut World, run: &RunRecord, now: Timestamp) -> Vec<Effect> {
    let waits = |job: &&mut JobState| gives_back(job) && job.proving_until.is_some() && run.at >= job.started_at;
    let Some(job) = world.job.as_mut().filter(waits) else { return Vec::new() };
    let account = run.provider.as_deref().map(AccountId::new);
    let there = |change: &Change| change.to_model.as_ref().map(ModelRef::account) == account;
    let given_back = job.verified().any(|change| change.cron == run.cron && there(change));
    // One that began before shows nothing of what it was given back to.
    let after = world.switches.iter().find(|switch| switch.cron == run.cron).is_some_and(|switch| switch.at <= run.at);
    if run.status != RunStatus::Ok || !given_back || !after {
        return Vec::new();
    }
    job.next_stage();
    apply::advance(world, now)
}

/// A run failed for its provider: when crons were given back to that, it has relapsed.
pub fn heard_of_failure(world: &mut World, run: &RunRecord, now: Timestamp) {
    let (Some(job), Some(provider)) = (world.job.as_ref().filter(|job| gives_back(job)), &run.provider) else { return };
    let account = AccountId::new(provider);
    let there = |change: &Change| change.to_model.as_ref().is_some_and(|model| model.account() == account);
    if run.at < job.started_at || !job.verified().any(there) {
        return;
    }
    let vendor = vendor_of(&account);
    let crisis = Arc::make_mut(&mut world.crisis);
    crisis.relapses.push(now);
    // It must serve from now on for as long as that has taught.
    crisis.came_back.insert(vendor.clone(), now);
    world.following.relapsed = Some(vendor);
    world.dirty.plan = true;
}

fn gives_back(job: &JobState) -> bool {
    job.running() && job.plan.origin == PlanOrigin::Recovery
}

/// Which rules plan. Between a reset and the look that follows it nobody knows whether a vendor serves: nothing more
/// pauses out of ignorance.
pub fn plan_mode(world: &World) -> PlanMode {
    match world.crisis.plan_mode() {
        PlanMode::Crisis if world.following.waning => PlanMode::Waning,
        mode => mode,
    }
}

/// Takes in what the outage has become, before anything is planned.
pub fn follow(world: &mut World, obs: &Observation) {
    if !obs.gateway_reachable {
        return;
    }
    let settings = &world.effective;
    let outage = policy::outage(obs, settings);
    let serving = policy::vendors_serving(obs, settings);
    let counted = policy::vendors_counted(obs, settings);
    let next = policy::follow(&world.crisis, &outage, &serving, &counted, !world.ledger.is_empty(), obs.at);
    let (is_on, in_crisis) = (next.mode.is_some(), outage.level == OutageLevel::Crisis);
    let is_down = |vendor: &VendorId| outage.down.iter().any(|down| down.vendor == *vendor);
    let in_doubt = next.away.iter().any(|vendor| !is_down(vendor));
    let following = &mut world.following;
    following.reached = is_on && (following.reached || in_crisis);
    following.waning = is_on && (in_doubt || following.reached && !in_crisis);
    let known = |vendor: &VendorId| world.plan.outage.down.iter().any(|down| down.vendor == *vendor);
    let rose = in_crisis && world.plan.outage.level < OutageLevel::Crisis && next.recovering().is_some();
    if rose {
        // Who was away all the time has not failed again: only this program has not seen it before.
        let served = |vendor: &&VendorId| !known(vendor) && !world.crisis.away.contains(*vendor);
        let newly = outage.down.iter().map(|down| &down.vendor).find(served);
        following.relapsed = newly.cloned();
    }
    if next == *world.crisis {
        return;
    }
    if next.relapses.len() > world.crisis.relapses.len() && next.recovering().is_some() {
        let gone = world.crisis.came_back.keys().find(|vendor| !next.came_back.contains_key(*vendor)).cloned();
        world.following.relapsed = gone.or_else(|| Some(VendorId::new("unknown")));
    }
    world.crisis = Arc::new(next);
    world.following.unsaved = true;
}

/// A crisis that was undone is none any more.
pub fn undone(world: &mut World, now: Timestamp) -> Option<Effect> {
    if !world.ledger.is_empty() || !world.crisis.governs() {
        return None;
    }
    let crisis = Arc::make_mut(&mut world.crisis);
    crisis.mode = None;
    crisis.left_at = Some(now);
    Some(save(world))
}

/// What was given back in another way than by its own job ends crisis mode, too.
fn given_back_otherwise(world: &World) -> bool {
    let at_work = world.job.as_ref().is_some_and(JobState::running);
    let here = world.connected() && world.ready() && own::mark::at_home(world);
    world.crisis.recovering().is_some() && !at_work && world.ledger.is_empty() && here
}

/// The picture for the faces, after a plan was made.
pub fn draw(world: &mut World, obs: &Observation, ground: &policy::Ground<'_>) {
    let settings = world.planning.clone();
    let busy = world.job.as_ref().is_some_and(JobState::running);
    let plannable = obs.gateway_reachable && !busy;
    let owed = !world.ledger.is_empty();
    let mode_on = world.crisis.mode.is_some();
    let with_pace = |mut plan: Plan| {
        plan.writes = apply::writes_used(world.write_window);
        Arc::new(plan)
    };
    let enter = (plannable && !mode_on).then(|| with_pace(ground.enter_plan()));
    let recover = (plannable && (mode_on || owed)).then(|| with_pace(ground.recover_plan()));
    let outage = &world.plan.outage;
    let n_to_give_back = recover.as_ref().map_or(0, |plan| plan.changes.len());
    let serving = policy::vendors_serving(obs, &settings);
    // A recovery that was stopped, or that an earlier life began, is not under way: it is offered again.
    let mut state = (*world.crisis).clone();
    if let Some(mode) = state.mode.as_mut().filter(|_| !world.job.as_ref().is_some_and(gives_back)) {
        mode.recovering = None;
    }
    let ready = policy::readiness(&state, obs, &world.effective, outage, &serving, n_to_give_back);
    // While nobody can be asked, it is as it was.
    let readiness = if obs.gateway_reachable { ready } else { world.crisis_view.readiness.clone() };
    let view = CrisisView {
        state: world.crisis.clone(),
        enter,
        recover,
        readiness,
        expected_end: policy::expected_end(outage, &settings),
        away: policy::long_away(obs, &settings, outage),
        checks: world.crisis_view.checks.clone(),
        automation: world.crisis_view.automation.clone(),
    };
    if view != *world.crisis_view {
        world.crisis_view = Arc::new(view);
    }
}

/// The one-shots that are on the gateway, or on their way there.
pub fn show_checks(world: &mut World) {
    let checks = own::checks(world);
    if checks != world.crisis_view.checks {
        Arc::make_mut(&mut world.crisis_view).checks = checks;
    }
}

/// What follows from it: the state to disk, a stop after a relapse, a word on the desktop.
pub fn settle(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(vendor) = world.following.relapsed.take() {
        effects.extend(stop_recovering(world, now));
        world.raise("crisis/relapse", ProblemKind::Relapsed { vendor: vendor.clone() }, now);
        effects.extend(notify(world, Notice::Relapse { vendor }));
        world.following.unsaved = true;
    }
    if given_back_otherwise(world) {
        effects.extend(recovered(world, now));
    }
    if std::mem::take(&mut world.following.unsaved) {
        effects.push(save(world));
    }
    effects.extend(tell(world));
    effects
}

fn save(world: &World) -> Effect {
    Effect::Store(Box::new(StoreOp::SaveCrisis(world.crisis.clone())))
}

/// One word for an outage, one for its end, one for a cron about to be switched off; none for a check.
fn tell(world: &mut World) -> Vec<Effect> {
    if !matches!(world.connection, Connection::Connected(_)) || !world.ready() {
        return Vec::new();
    }
    let view = world.crisis_view.clone();
    let outage = &world.plan.outage;
    let in_crisis = outage.level == OutageLevel::Crisis;
    let down: Vec<VendorId> = outage.down.iter().filter(|_| in_crisis).map(|down| down.vendor.clone()).collect();
    let nearly: BTreeMap<CronId, u32> =
        policy::nearly_off(&world.crons).map(|cron| (cron.id.clone(), cron.consecutive_errors)).collect();
    let now = Told { outage: down, ready: view.readiness == Readiness::Ready, nearly_off: nearly };
    let before = std::mem::replace(&mut world.following.told, now);
    let told = &world.following.told;
    let mut notices = Vec::new();
    let worse = told.outage.iter().any(|vendor| !before.outage.contains(vendor));
    if worse && world.crisis.mode.is_none() {
        let (n_move, n_pause) = view.enter.as_deref().map_or((0, 0), moves_and_pauses);
        notices.push(Notice::Outage { level: outage.level, down: outage.down.clone(), n_move, n_pause });
    }
    if told.ready && !before.ready && world.crisis.mode.is_some() {
        notices.push(Notice::RecoveryReady { n_crons: view.recover.as_ref().map_or(0, |plan| plan.changes.len()) });
    }
    for (id, n_errors) in &told.nearly_off {
        if !before.nearly_off.contains_key(id)
            && let Some(cron) = world.crons.get(id)
        {
            notices.push(Notice::NearlyOff { cron: cron.name.clone(), n_errors: *n_errors });
        }
    }
    notices.into_iter().filter_map(|notice| notify(world, notice)).collect()
}

pub fn moves_and_pauses(plan: &Plan) -> (usize, usize) {
    let ticked = plan.changes.iter().filter(|change| change.ticked);
    let pauses = ticked.clone().filter(|change| !change.to.enabled).count();
    (ticked.count() - pauses, pauses)
}

/// Told only where somebody may be looking elsewhere, and wants to know.
pub fn notify(world: &World, notice: Notice) -> Option<Effect> {
    let wanted = &world.effective.notifications;
    let wants = match notice {
        Notice::Outage { .. } | Notice::CrisisEntered { .. } => wanted.outage,
        Notice::RecoveryReady { .. } | Notice::Recovered { .. } => wanted.recovery,
        Notice::Relapse { .. } | Notice::NearlyOff { .. } => wanted.attention,
    };
    (wants && world.checks.by_itself).then_some(Effect::Notify(notice))
}

/// The file that said whether crisis mode is on was lost, and debts of a crisis stand: it is on since then, and ends by
/// hand, as where it cannot be read.
pub fn found_again(world: &mut World, since: Timestamp) {
    if world.crisis.mode.is_none() {
        Arc::make_mut(&mut world.crisis).mode = Some(CrisisMode { since, by: StartedBy::Hand, recovering: None });
        world.following.unsaved = true;
    }
}

/// What was read from the disk; what is on its way there is newer.
pub fn take_loaded(world: &mut World, crisis: Crisis) {
    if !world.following.unsaved {
        world.crisis = Arc::new(crisis);
    }
}
