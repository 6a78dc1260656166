//! What must hold after everything that happens, judged from outside: each family of laws in a file of its own.
//!
//! Nothing here asks the policy what it meant. A law compares what reached the gateway and the disk with what people
//! did, and remembers of the past only what it needs: a happening costs it microseconds.

mod automation;
mod critical;
mod debt;
mod ends;
mod hand;
mod law;
mod no_op;
mod owner;
mod pace;
mod past;
mod picture;
mod record;
mod rest;
mod sleep;
mod write;

#[cfg(test)]
mod tests;

pub use law::Law;

use super::happening::{Call, Happening, Scene};
use super::outcome::Breach;
use crate::domain::{Cause, CronId};
use past::Past;
use write::Write;

/// Those who watch.
#[derive(Debug, Default)]
pub struct Laws {
    past: Past,
    automation: automation::Limits,
    critical: critical::Stranded,
    ends: ends::Ends,
    owner: owner::Owners,
    pace: pace::Paces,
    pictures: picture::Pictures,
    records: record::Records,
    sleeps: sleep::Sleeps,
    crises: rest::Crises,
}

/// A law that does not hold, and what was seen, for a person.
type Broken = (Law, String);

impl Laws {
    /// What does not hold any more, right after `happening`.
    #[must_use]
    pub fn judge(&mut self, happening: &Happening<'_>, scene: &Scene<'_>) -> Option<Breach> {
        let broken = self.broken(happening, scene);
        let wish = wish(happening, scene);
        self.past.note(happening, scene);
        if let Some(cron) = wish {
            self.past.wish_carried_out(cron);
        }
        broken.map(|(law, seen)| Breach { law, at: scene.now, seen })
    }

    /// What was done and recorded before anybody watched: it is not judged, and what follows from it is.
    pub fn remember(&mut self, done: &[Call], scene: &Scene<'_>) {
        self.records.remember(scene);
        for call in done {
            self.past.note(&Happening::Called(call), scene);
        }
    }

    fn broken(&mut self, happening: &Happening<'_>, scene: &Scene<'_>) -> Option<Broken> {
        match happening {
            Happening::Called(call) => {
                let paced = self.pace.judge(call, scene);
                let owned = self.owner.judge(call, scene);
                let write = Write::of(call, scene);
                let written = write.and_then(|write| self.written(&write, scene));
                self.records.carried_out(call, scene);
                let own = automation::judge_own(call, scene, &self.past);
                paced.or(owned).or(written).or(own)
            }
            Happening::Stored { computer } => {
                self.automation.stored(*computer, scene);
                let over = self.crises.stored(*computer, scene, &mut self.past);
                self.records.stored(*computer, scene, &self.past).or(over)
            }
            Happening::Stepped { computer } => {
                let shown = self.pictures.judge(*computer, scene);
                let stranded = self.critical.judge(*computer, scene);
                let open = self.ends.judge(*computer, scene);
                shown.or(stranded).or(open).or_else(|| self.records.waited(*computer, scene, &self.past))
            }
            Happening::Woken { computer, due } => self.sleeps.judge(*computer, *due, scene.now),
            Happening::Started { computer } => {
                self.pace.started(*computer);
                self.pictures.started(*computer);
                None
            }
            Happening::Asked { computer, command } => {
                self.owner.asked(*computer, command);
                None
            }
            Happening::Calm => rest::judge(scene, &self.past).or_else(|| self.records.at_rest(scene)),
            Happening::Ran { cron, well } => {
                self.critical.ran(cron, *well);
                None
            }
            Happening::Told { .. } | Happening::Ended { .. } => None,
        }
    }

    fn written(&mut self, write: &Write<'_>, scene: &Scene<'_>) -> Option<Broken> {
        let limits = self.automation.judge(write, scene, &self.past);
        critical::never_paused(write, &self.past, scene.now)
            .or_else(|| hand::judge(write, &self.past, scene.now))
            .or_else(|| record::in_journal(write, scene, &self.past))
            .or_else(|| debt::judge(write))
            .or_else(|| no_op::judge(write))
            .or(limits)
    }
}

/// The cron of which somebody's own wish was carried out, or taken back.
fn wish<'a>(happening: &'a Happening<'_>, scene: &Scene<'_>) -> Option<&'a CronId> {
    let Happening::Called(call) = happening else { return None };
    let cause = Write::of(call, scene)?.change()?.cause;
    matches!(cause, Cause::Edit | Cause::Undo).then_some(&call.cron)
}
