//! The person of a rehearsal: presses what the program offers and cannot do by itself, a while after it was offered.

use jiff::Timestamp;

use crate::domain::{AutomationWord, CronId, Drill, OutageLevel, Plan, Readiness};
use crate::engine::{Command, Snapshot};

/// What is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Button {
    Recover,
    EnterCrisis,
    Apply,
}

#[derive(Debug, Default)]
pub(super) struct Finger {
    /// What is offered, and since when.
    offered: Option<(Button, Timestamp)>,
    /// From the outage on.
    pub n_presses: u32,
}

impl Finger {
    /// What is pressed now, if anything: in the run-up at once.
    pub fn presses(&mut self, picture: &Snapshot, now: Timestamp, begins: Timestamp) -> Option<Command> {
        let Some(button) = button(picture) else {
            self.offered = None;
            return None;
        };
        let since = match self.offered {
            Some((known, since)) if known == button => since,
            _ => now,
        };
        self.offered = Some((button, since));
        if now >= begins && now.duration_since(since) < Drill::PRESSED_AFTER {
            return None;
        }
        self.offered = None;
        self.n_presses += u32::from(now >= begins);
        command(button, picture)
    }
}

fn button(picture: &Snapshot) -> Option<Button> {
    let info = picture.connection.info()?;
    if info.access.looks_only() || !picture.evidence_read || acts_itself(&picture.crisis.automation) {
        return None;
    }
    if picture.job.as_ref().is_some_and(|job| job.running()) {
        return None;
    }
    let (crisis, on) = (&picture.crisis, picture.crisis.state.mode.is_some());
    let ticked = |plan: &Plan| plan.changes.iter().any(|change| change.ticked);
    if crisis.readiness == Readiness::Ready && crisis.recover.as_ref().is_some_and(|plan| on || ticked(plan)) {
        return Some(Button::Recover);
    }
    if picture.level() == OutageLevel::Crisis && !on && crisis.enter.is_some() {
        return Some(Button::EnterCrisis);
    }
    ticked(&picture.plan).then_some(Button::Apply)
}

fn command(button: Button, picture: &Snapshot) -> Option<Command> {
    let crisis = &picture.crisis;
    let asked = |plan: &Plan| {
        let ticked = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone());
        (plan.id.clone(), ticked.collect::<Vec<CronId>>())
    };
    Some(match button {
        Button::Recover => {
            let (plan, crons) = asked(crisis.recover.as_ref()?);
            Command::Recover { plan, crons }
        }
        Button::EnterCrisis => {
            let (plan, crons) = asked(crisis.enter.as_ref()?);
            Command::EnterCrisis { plan, crons }
        }
        Button::Apply => {
            let (plan, crons) = asked(&picture.plan);
            Command::Apply { plan, crons }
        }
    })
}

/// Automation does it, now or when its time has come: nobody presses.
fn acts_itself(word: &AutomationWord) -> bool {
    match word {
        AutomationWord::Acting
        | AutomationWord::LooksFirst
        | AutomationWord::QuietUntil { .. }
        | AutomationWord::Dwells { .. }
        | AutomationWord::TurnsTooOften { .. } => true,
        AutomationWord::Silent
        | AutomationWord::OverLimit { .. }
        | AutomationWord::StoppedByHand { .. }
        | AutomationWord::ByHandOnly => false,
    }
}
