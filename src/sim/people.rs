//! The person in front of a simulated computer, and the other hands at the gateway: what they do follows from a seed
//! and from what they see.

use std::sync::Arc;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Access, AutomationLevel, ChangeKind, Cron, CronId, JobPhase, LineOutcome, OutageLevel, Payload, Pin, Plan,
    Readiness, Schedule, Tier,
};
use crate::engine::{Command, Consent, Edit, SettingsChange, Snapshot, UndoScope};

/// How somebody treats what is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Mostly does what is offered, and now and then something of their own.
    Usual,
    /// Leaves all that is offered to automation, where that may act, and only wishes now and then.
    Wishes,
    /// Gives everything back and leaves the rest alone.
    Tidies,
}

/// What somebody does who looks at this picture now; mostly nothing.
pub fn acts(rng: &mut Rng, picture: &Snapshot, mood: Mood) -> Option<Command> {
    let info = picture.connection.info()?;
    if info.access.looks_only() {
        // In the end everybody gives back what they themselves owe.
        let wants = match mood {
            Mood::Usual | Mood::Wishes => rng.u8(0..60) == 0,
            Mood::Tidies => picture.crisis.state.mode.is_some() || picture.ledger.keys().any(|id| !waits(picture, id)),
        };
        let may = matches!(info.access, Access::GatewayOwned | Access::AnotherGateway);
        return (may && wants).then_some(Command::TakeOver);
    }
    if mood == Mood::Wishes && picture.settings.automation.level == AutomationLevel::ActWithinLimits {
        return if rng.u8(0..4) == 0 { wish(rng, picture) } else { None };
    }
    if let Some(job) = &picture.job {
        let asks = |line: &&crate::domain::JobLine| matches!(line.outcome, LineOutcome::DrainAsks { .. });
        if let Some(line) = job.lines.iter().find(asks) {
            return Some(Command::PauseNow { cron: line.change.cron.clone() });
        }
        if job.running() {
            return match rng.u8(0..40) {
                0 if mood != Mood::Tidies => Some(Command::StopJob),
                1..=9 if matches!(job.phase, JobPhase::Proving { .. }) => Some(Command::GoOn),
                _ => None,
            };
        }
        return Some(match (&job.phase, rng.u8(0..6)) {
            (JobPhase::Interrupted | JobPhase::Stopped, 0..=3) if unfinished(job) => Command::ContinueJob,
            _ => Command::DismissJob,
        });
    }
    let crisis = &picture.crisis;
    let on = crisis.state.mode.is_some();
    if crisis.state.report.is_some() {
        return Some(Command::DismissReport);
    }
    if let Some(recover) = crisis.recover.as_ref().filter(|_| crisis.readiness == Readiness::Ready)
        // With nothing ticked and no crisis mode to end there is nothing to press for.
        && (on || recover.changes.iter().any(|change| change.ticked))
        && (mood == Mood::Tidies || rng.u8(0..5) > 0)
    {
        return Some(Command::Recover { plan: recover.id.clone(), crons: ticked(recover, |_| true) });
    }
    if let Some(undo) = &picture.offer {
        let crons = ticked(undo, |_| true);
        let applies = !crons.is_empty() && rng.bool();
        return Some(if applies { Command::Apply { plan: undo.id.clone(), crons } } else { Command::DiscardOffer });
    }
    if mood != Mood::Tidies && picture.level() == OutageLevel::Crisis && !on && rng.u8(0..8) > 0 {
        let enter = crisis.enter.as_ref()?;
        return Some(Command::EnterCrisis { plan: enter.id.clone(), crons: ticked(enter, |_| true) });
    }
    let plan = &picture.plan;
    let pauses = rng.bool() || on || mood == Mood::Tidies;
    let lines = ticked(plan, |kind| pauses || kind != ChangeKind::Pause);
    if !lines.is_empty() && (mood == Mood::Tidies || rng.u8(0..3) > 0) {
        return Some(Command::Apply { plan: plan.id.clone(), crons: lines });
    }
    if mood == Mood::Tidies || rng.u8(0..12) > 0 {
        return None;
    }
    wish(rng, picture)
}

fn unfinished(job: &crate::domain::Job) -> bool {
    job.lines.iter().any(|line| line.outcome == LineOutcome::NotStarted)
}

/// Its user said that it shall wait, or has to agree.
fn waits(picture: &Snapshot, cron: &CronId) -> bool {
    let unticked = picture.plan.change(cron).is_some_and(|change| !change.ticked);
    unticked || picture.tiers.get(cron).is_some_and(|entry| entry.hold.is_some())
}

fn ticked(plan: &Plan, fits: impl Fn(ChangeKind) -> bool) -> Vec<CronId> {
    let lines = plan.changes.iter().filter(|change| change.ticked && fits(change.kind));
    lines.map(|change| change.cron.clone()).collect()
}

/// Something of their own: a change of the mapping or the settings, or of what was done.
fn wish(rng: &mut Rng, picture: &Snapshot) -> Option<Command> {
    let ids: Vec<&CronId> = picture.crons.values().filter(|cron| cron.routable()).map(|cron| &cron.id).collect();
    let id = (*ids.get(rng.usize(..ids.len().max(1)))?).clone();
    let entry = picture.tiers.get(&id);
    let crons = vec![id];
    let tiers = [Tier::T1, Tier::T2, Tier::T3];
    Some(match rng.u8(0..15) {
        0..=2 => Command::Edit(Edit::SetTier { crons, tier: Some(tiers[rng.usize(..3)]) }),
        3 => Command::Edit(Edit::SetCritical { crons, critical: entry.is_none_or(|entry| !entry.critical) }),
        4 => Command::Edit(Edit::SetHold { crons, hold: entry.is_none_or(|entry| entry.hold.is_none()) }),
        5 => {
            let models: Vec<_> = picture.catalog.models.keys().collect();
            let model = models.get(rng.usize(..models.len().max(1))).map(|model| (**model).clone());
            Command::Edit(Edit::SetPin { crons, pin: rng.bool().then_some(Pin { model }) })
        }
        6 => Command::Edit(Edit::SetAskFirst { crons, ask_first: entry.is_none_or(|entry| !entry.ask_first) }),
        7 => Command::Edit(Edit::Agree { crons, to: Consent::MissOneShot, agrees: rng.bool() }),
        8 => Command::UndoEdit,
        9 => Command::RedoEdit,
        10 | 13 => Command::PrepareUndo(UndoScope::Last),
        11 => {
            let tier = tiers[rng.usize(..3)];
            let mut chain = picture.settings.chain(tier).clone();
            rng.shuffle(&mut chain.routes);
            Command::Settings(SettingsChange::SetChain { tier, chain })
        }
        12 => Command::Settings(SettingsChange::SetSettleMinutes(rng.u32(1..=20))),
        _ => Command::Refresh,
    })
}

/// What somebody does who does not like what a program did to a cron: switches it on again, or gives it another model.
pub fn changes_back(rng: &mut Rng, cron: &mut Cron, models: &[&str]) {
    if !cron.enabled {
        (cron.enabled, cron.auto_disabled) = (true, None);
        return;
    }
    if let Payload::AgentTurn(turn) = &mut cron.payload {
        let model = models[rng.usize(..models.len())].to_owned();
        if rng.bool() {
            turn.model = Some(model);
        } else {
            turn.fallbacks = Some(Arc::from(vec![model]));
        }
    }
}

/// What another hand does to a cron of the gateway.
pub fn edits(rng: &mut Rng, cron: &mut Cron, models: &[&str], now: Timestamp) {
    match rng.u8(0..8) {
        0..=2 => {
            if let Payload::AgentTurn(turn) = &mut cron.payload {
                turn.message = format!("reworded at {now}");
            }
        }
        3 => cron.name = format!("{} renamed", cron.id),
        4 => {
            if let Payload::AgentTurn(turn) = &mut cron.payload {
                turn.model = Some(models[rng.usize(..models.len())].to_owned());
            }
        }
        5 => {
            if let Payload::AgentTurn(turn) = &mut cron.payload {
                turn.fallbacks = Some(Arc::from(vec![models[rng.usize(..models.len())].to_owned()]));
            }
        }
        6 => {
            cron.enabled = !cron.enabled;
            cron.auto_disabled = None;
        }
        _ => cron.schedule = Schedule::Every { every: SignedDuration::from_mins(rng.i64(5..=240)), anchor: Some(now) },
    }
}
