//! What goes wrong in a world: mishaps as their time comes, and those that wait for their moment.

use jiff::SignedDuration;

use super::super::computer::Seen;
use super::super::gateway::NO_LIMIT;
use super::super::happening::{Computer, Hand};
use super::super::weather::{self, Mishap};
use super::super::{first, people};
use super::{Occurrence, Sim};
use crate::domain::{AccountId, Cron, CronId, PlanOrigin};
use crate::engine::Input;
use crate::gateway::News;

impl Sim {
    /// Counts what becomes of crisis mode, and looks whether an armed mishap's moment has come.
    pub(super) fn watch(&mut self, computer: Computer) {
        let machine = &mut self.machines[computer];
        let Some(picture) = &machine.picture else { return };
        let state = &picture.crisis.state;
        let on = state.mode.is_some();
        let running = picture.job.as_ref().filter(|job| job.running());
        let gives_back = running.is_some_and(|job| job.plan.origin == PlanOrigin::Recovery);
        let in_job = running.is_some();
        let seen = machine.seen;
        let last_relapse = state.relapses.iter().max().copied();
        let n_owed = picture.ledger.len();
        machine.seen = Seen { mode_on: on, last_relapse: last_relapse.max(seen.last_relapse), n_owed };
        if n_owed != seen.n_owed {
            self.note(|| format!("computer {computer} owes {n_owed} crons something"));
        }
        if on && !seen.mode_on {
            self.counts.crises += 1;
            self.note(|| "crisis mode is on".to_owned());
        }
        if !on && seen.mode_on {
            self.counts.recoveries += 1;
            self.note(|| "crisis mode is off".to_owned());
        }
        if last_relapse > seen.last_relapse {
            self.counts.relapses += 1;
            self.note(|| "a relapse".to_owned());
        }
        if gives_back
            && let Some(Mishap::Relapse { after, lasts }) = self.take_armed(|it| matches!(it, Mishap::Relapse { .. }))
            && let Some(account) = self.came_back.last().cloned()
        {
            self.after(after, Occurrence::Fails { account, lasts });
        }
        let ours = |it: &Mishap| matches!(it, Mishap::CrashInJob { computer: which, .. } if *which == computer);
        if in_job && let Some(Mishap::CrashInJob { n_effects, away, .. }) = self.take_armed(ours) {
            self.machines[computer].fuel = Some((n_effects, away));
        }
    }

    pub(super) fn take_armed(&mut self, fits: impl Fn(&Mishap) -> bool) -> Option<Mishap> {
        let index = self.armed.iter().position(fits)?;
        Some(self.armed.remove(index))
    }

    pub(super) fn befall(&mut self, n: usize) {
        let mishap = self.mishaps[n].mishap.clone();
        if self.calm {
            return;
        }
        self.note(|| mishap.says());
        match mishap {
            Mishap::Outage { account, kind, lasts } => self.outage(account, kind, lasts),
            Mishap::Relapse { .. } | Mishap::CrashInJob { .. } | Mishap::EditAhead | Mishap::EditAfter { .. } => {
                self.armed.push(mishap);
            }
            Mishap::Crash { computer, away } => self.crash(computer, away),
            Mishap::Restart { away } => {
                self.counts.restarts += 1;
                self.gateway.restart();
                self.fires.clear();
                for computer in 0..self.machines.len() {
                    if let Some(session) =
                        self.machines[computer].session.filter(|_| !self.machines[computer].asleep(self.now))
                    {
                        let news = News::ShuttingDown { restart_expected: true };
                        self.hear(computer, Input::News { session, news });
                        self.cut(computer, "the gateway went");
                    }
                }
                self.gateway_up = false;
                self.after(away, Occurrence::GatewayUp);
            }
            Mishap::Silence { computer, lasts } => {
                let machine = &mut self.machines[computer];
                machine.silent_until = Some(self.now + lasts);
                if let Some(session) = machine.session {
                    self.after(SignedDuration::from_secs(40), Occurrence::Cut { computer, session });
                }
            }
            Mishap::Sleep { computer, lasts } => {
                let until = self.now + lasts;
                let machine = &mut self.machines[computer];
                if machine.engine.is_none() || machine.asleep_until.is_some() {
                    return;
                }
                self.counts.jumps += 1;
                machine.asleep_until = Some(until);
                self.at(until, Occurrence::WakesUp { computer });
            }
            Mishap::ClockSet { computer, by } => {
                if self.machines[computer].asleep(self.now) {
                    return;
                }
                self.counts.jumps += 1;
                self.machines[computer].skew = by;
                self.machines[computer].wake = None;
                self.hear(computer, Input::ClockJumped);
            }
            Mishap::Edit => {
                let ids: Vec<CronId> =
                    self.gateway.crons.values().filter(|cron| cron.routable()).map(|c| c.id.clone()).collect();
                let Some(id) = ids.get(self.hands.usize(..ids.len().max(1))).cloned() else { return };
                if self.hands.u8(0..12) == 0 {
                    let call = self.gateway.remove(Hand::Other, NO_LIMIT, &id, self.now);
                    self.counts.edits += 1;
                    return self.changed(&call);
                }
                self.other_edit(&id);
            }
        }
    }

    pub(super) fn outage(&mut self, account: AccountId, kind: weather::Kind, lasts: SignedDuration) {
        let until = self.now + lasts;
        self.counts.outages += 1;
        let outage = self.counts.outages;
        self.note(|| format!("{account} fails: {kind:?} until {until}"));
        self.outages.insert(account.clone(), outage);
        self.gateway.vendors.insert(account.clone(), kind.vendor(until));
        self.at(until, Occurrence::Serves { account, outage });
    }

    pub fn edit_ahead(&mut self, cron: &CronId) {
        if self.take_armed(|it| *it == Mishap::EditAhead).is_some() {
            self.other_edit(cron);
        }
    }

    pub(super) fn change_back(&mut self, id: &CronId) {
        let hands = &mut self.hands;
        let call = self.gateway.edit(id, |cron| people::changes_back(hands, cron, &first::MODELS), self.now);
        if let Some(call) = call {
            self.counts.edits += 1;
            self.note(|| format!("another hand changes back {id}: {:?}", call.after.as_ref().map(Cron::fields)));
            self.changed(&call);
        }
    }

    fn other_edit(&mut self, id: &CronId) {
        let (now, hands) = (self.now, &mut self.hands);
        let call = self.gateway.edit(id, |cron| people::edits(hands, cron, &first::MODELS, now), now);
        if let Some(call) = call {
            self.counts.edits += 1;
            self.note(|| format!("another hand edits {id}: {:?}", call.after.as_ref().map(Cron::fields)));
            self.changed(&call);
        }
    }
}
