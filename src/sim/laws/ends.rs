//! What automation began it brings to its end: nobody has to be there.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::happening::{Computer, Desk, Scene};
use super::critical::{may_act, serving};
use super::past::{agreed, may_write};
use super::{Broken, Law};
use crate::domain::{CronId, MadeBy, ModelRef, Readiness, StartedBy};
use crate::engine::Snapshot;

#[derive(Debug, Default)]
pub(super) struct Ends {
    desks: BTreeMap<Computer, Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    looked_at: Option<Timestamp>,
    /// Since when a crisis that automation began could end.
    ready: Option<Timestamp>,
    /// Since when a cron is off because of us, outside of a crisis, and what it had before serves, or a route of its chain.
    could_run: BTreeMap<CronId, Timestamp>,
}

const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Longer than any dwell or pace: that a crisis can end is known only when patience is over.
const A_CRISIS: SignedDuration = SignedDuration::from_mins(90);
/// Longer than any patience, too.
const A_PAUSE: SignedDuration = SignedDuration::from_hours(6);

impl Ends {
    pub(super) fn judge(&mut self, computer: Computer, scene: &Scene<'_>) -> Option<Broken> {
        let watch = self.desks.entry(computer).or_default();
        let desk = scene.computers.get(computer)?;
        let picture = desk.picture.filter(|picture| picture.crons_as_of.is_some() && may_write(desk));
        let Some(picture) = picture.filter(|picture| may_act(desk, picture)) else {
            *watch = Watch::default();
            return None;
        };
        if watch.looked_at.is_some_and(|at| scene.now.duration_since(at) < LOOK_EVERY) {
            return None;
        }
        watch.looked_at = Some(scene.now);
        watch.crisis(picture, scene.now).or_else(|| watch.pauses(desk, picture, scene))
    }
}

impl Watch {
    fn crisis(&mut self, picture: &Snapshot, now: Timestamp) -> Option<Broken> {
        let state = &picture.crisis.state;
        let ready = state.mode.as_ref().is_some_and(|mode| mode.by == StartedBy::Automation)
            && picture.crisis.readiness == Readiness::Ready;
        self.ready = ready.then(|| self.ready.unwrap_or(now));
        let since = self.ready.filter(|since| now.duration_since(*since) > A_CRISIS)?;
        let plan = picture.crisis.recover.as_ref().map(|plan| &plan.changes);
        let seen =
            format!("the crisis could end since {since}: {plan:?}, automation says {:?}", picture.crisis.automation);
        Some((Law::AutomationFinishes, seen))
    }

    fn pauses(&mut self, desk: &Desk<'_>, picture: &Snapshot, scene: &Scene<'_>) -> Option<Broken> {
        let ordinary = picture.crisis.state.mode.is_none();
        let off = picture.ledger.iter().filter(|_| ordinary).filter(|(id, debt)| {
            let Some((cron, entry)) = scene.crons.get(*id).zip(agreed(desk, id)) else { return false };
            let agent = cron.made_by == MadeBy::Agent && !entry.edit_agent_made;
            let decided = entry.ask_first || entry.hold.is_some() || entry.pinned.is_some();
            if decided || agent || !cron.routable() || !debt.pauses(&cron.fields()) {
                return false;
            }
            let answers = |model: &ModelRef| scene.vendors.get(&model.account()).is_some_and(|of| of.serves(scene.now));
            let before = picture.catalog.resolve(debt.before.model.as_deref(), cron.agent.as_deref());
            let chain = picture.settings.chain(entry.tier).routes.iter();
            before.is_some_and(|model| answers(&model))
                || chain.filter_map(|key| serving(key, entry, picture)).any(|model| answers(&model))
        });
        let off: Vec<CronId> = off.map(|(id, _)| id.clone()).collect();
        self.could_run.retain(|id, _| off.contains(id));
        for id in off {
            self.could_run.entry(id).or_insert(scene.now);
        }
        let late = |since: &Timestamp| scene.now.duration_since(*since) > A_PAUSE;
        let (id, since) = self.could_run.iter().find(|(_, since)| late(since))?;
        let said = picture.plan.decision(id).map(|said| (&said.verdict, &said.reason));
        let change = picture.plan.change(id).map(|change| (&change.to, change.cause, change.ticked));
        let seen = format!(
            "{id} is off because of us, and what it had, or a route of its chain, serves since {since}: {said:?}, {change:?}, {:?}",
            picture.crisis.automation
        );
        Some((Law::AutomationFinishes, seen))
    }
}
