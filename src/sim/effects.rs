//! What becomes of an effect in a simulated world: when it arrives, what is answered, and what gets lost.

use jiff::SignedDuration;

use super::Disk;
use super::drive::{Occurrence, Sim};
use super::gateway::{self, Gateway};
use super::happening::{Call, Computer, Hand, Happening, Method, Verdict};
use super::vendor::Vendor;
use crate::domain::{
    AccountId, CheckReport, CronId, KeyState, OwnerMark, Patch, ProbeAnswer, ProbeStatus, RECOVERY_KEY_PREFIX,
    Revision, Trouble,
};
use crate::engine::{Effect, Fetch, Fetched, Input, Look, NotCarriedOut, Proof, StoreOp, WriteResult};
use crate::gateway::Hello;

/// The gateway asks for patience.
const RETRY: SignedDuration = SignedDuration::from_secs(20);

impl Sim {
    pub(super) fn carry_out(&mut self, computer: Computer, effect: Effect) {
        let life = self.machines[computer].life;
        match effect {
            Effect::Emit(event) => self.told(&event),
            Effect::Notify(notice) => self.judge(&Happening::Told { computer, notice: &notice }),
            Effect::Store(op) => {
                for op in Disk::parts(*op) {
                    self.bring_to_disk(computer, life, op);
                }
            }
            Effect::Connect { session, .. } => self.connect(computer, life, session),
            Effect::Disconnect => {
                let machine = &mut self.machines[computer];
                machine.session = None;
                for (job, cron) in std::mem::take(&mut machine.open_writes) {
                    let result = Box::new(WriteResult::Unknown { detail: "the connection ended".to_owned() });
                    let input = Input::Written { job, cron, result };
                    self.after(
                        SignedDuration::from_millis(1),
                        Occurrence::Input { computer, life, session: None, input },
                    );
                }
            }
            Effect::Look { id, look } => self.look(computer, life, id, &look),
            Effect::Write { job, ref cron, .. } => {
                let cron = cron.clone();
                self.machines[computer].open_writes.push((job, cron.clone()));
                self.send(computer, life, effect);
                self.edit_ahead(&cron);
            }
            Effect::Fetch { .. }
            | Effect::Prove { .. }
            | Effect::AskGateway { .. }
            | Effect::RunCron { .. }
            | Effect::PlaceCheck { .. }
            | Effect::Mark { .. }
            | Effect::Unmark { .. }
            | Effect::RemoveOwn { .. } => self.send(computer, life, effect),
            // There is no desktop, no keychain and no demo here.
            Effect::Discover
            | Effect::StartDemo
            | Effect::DemoMonth
            | Effect::StopDemo
            | Effect::DemoOutage { .. }
            | Effect::KeepKey { .. }
            | Effect::Unit { .. }
            | Effect::Watch { .. }
            | Effect::Unwatch
            | Effect::Pass { .. }
            | Effect::RememberToken { .. } => {}
        }
    }

    fn bring_to_disk(&mut self, computer: Computer, life: u64, op: StoreOp) {
        let wait = self.millis(0, 12);
        let machine = &mut self.machines[computer];
        machine.disk_at = (self.now + wait).max(machine.disk_at);
        let at = machine.disk_at;
        self.at(at, Occurrence::Store { computer, life, op });
    }

    fn connect(&mut self, computer: Computer, life: u64, session: u64) {
        self.machines[computer].session = None;
        if !self.gateway_hears(computer) {
            let input = Input::NotConnected { session, trouble: Trouble::Absent };
            let wait = self.millis(20, 5_000);
            return self.after(wait, Occurrence::Input { computer, life, session: None, input });
        }
        self.machines[computer].session = Some(session);
        let hello = Hello {
            version: "2026.9.6".to_owned(),
            scopes: vec!["operator.admin".to_owned()],
            gateway_time: Some(self.now),
            tick: SignedDuration::from_secs(30),
        };
        let took = SignedDuration::from_millis(10);
        self.deliver(computer, session, Input::Connected { session, hello: Box::new(hello), took });
    }

    /// On the wire to the gateway nothing overtakes either.
    fn send(&mut self, computer: Computer, life: u64, effect: Effect) {
        let wait = self.millis(2, 90);
        let machine = &mut self.machines[computer];
        machine.up = (self.now + wait).max(machine.up);
        let (at, session) = (machine.up, machine.session);
        let Some(session) = session else { return self.not_sent(computer, life, effect) };
        self.at(at, Occurrence::Call { computer, life, session, effect });
    }

    /// There is no connection.
    fn not_sent(&mut self, computer: Computer, life: u64, effect: Effect) {
        let detail = "there is no connection".to_owned();
        let refused = || NotCarriedOut { detail: detail.clone(), retry_after: None, for_good: false };
        let input = match effect {
            Effect::Write { job, cron, .. } => {
                self.machines[computer].open_writes.retain(|open| *open != (job, cron.clone()));
                Input::Written { job, cron, result: Box::new(WriteResult::Unknown { detail }) }
            }
            Effect::Prove { session, .. } => Input::Proven { session, proof: Proof::NotAsked { detail } },
            Effect::AskGateway { session, id, account } => {
                Input::GatewayAnswered { session, id, account, answer: Err(detail) }
            }
            Effect::RunCron { session, cron } => Input::RunQueued { session, cron, result: Err(detail) },
            Effect::PlaceCheck { session, account, .. } => {
                Input::CheckPlaced { session, account, result: Box::new(Err(refused())) }
            }
            Effect::RemoveOwn { session, cron } => Input::OwnRemoved { session, cron, result: Err(refused()) },
            Effect::Mark { session, .. } => Input::Marked { session, result: Box::new(Err(refused())) },
            Effect::Unmark { session, .. } => Input::Unmarked { session, result: Box::new(Err(refused())) },
            _ => return,
        };
        self.after(SignedDuration::from_millis(1), Occurrence::Input { computer, life, session: None, input });
    }

    /// A call arrives at the gateway, unless it got lost. What was sent before a crash may still arrive.
    pub(super) fn call(&mut self, computer: Computer, life: u64, session: u64, effect: Effect) {
        let machine = &self.machines[computer];
        let over = machine.life != life || machine.session != Some(session);
        if !self.gateway_hears(computer) || over && self.wires.bool() {
            return;
        }
        let caller = (computer as u64) << 32 | life;
        let (by, now) = (Hand::Engine(computer), self.now);
        let answer = match effect {
            Effect::Fetch { session, what } => Some(Input::Fetched { session, what: self.fetch(what) }),
            Effect::Write { job, cron, patch, expected } => {
                let result = Box::new(self.write(by, caller, &cron, &patch, &expected));
                Some(Input::Written { job, cron, result })
            }
            Effect::Prove { session, .. } => Some(Input::Proven { session, proof: Proof::Refused }),
            Effect::AskGateway { session, id, account } => {
                let status = self.gateway.question(&account, now);
                let answer = Ok(ProbeAnswer { status, latency: None, detail: None, model: None });
                let slow =
                    if status == ProbeStatus::Ok { self.millis(500, 9_000) } else { self.millis(1_000, 150_000) };
                let input = Input::GatewayAnswered { session, id, account, answer };
                self.after(slow, Occurrence::Input { computer, life, session: Some(session), input });
                None
            }
            Effect::RunCron { session, cron } => {
                let known = self.gateway.crons.get(&cron).cloned();
                let (method, before, after) = (Method::Run, known.clone(), known);
                let call = Call { by, method, cron: cron.clone(), patch: None, before, after, verdict: Verdict::Done };
                self.judge(&Happening::Called(&call));
                let result = if self.run(&cron, true) { Ok(()) } else { Err("already-running".to_owned()) };
                Some(Input::RunQueued { session, cron, result })
            }
            Effect::PlaceCheck { session, account, at, .. } => {
                let key = format!("{RECOVERY_KEY_PREFIX}{account}");
                let shot = gateway::own_cron(key, "wakes", at, true);
                let call = self.gateway.add(by, caller, shot, now);
                self.changed(&call);
                Some(Input::CheckPlaced { session, account, result: Box::new(done(call)) })
            }
            Effect::Mark { session, mark, over } => {
                let call = self.gateway.mark(by, caller, &mark, over.as_ref(), now);
                self.changed(&call);
                let there = call.after.filter(|_| call.verdict != Verdict::Limited).ok_or_else(patience);
                Some(Input::Marked { session, result: Box::new(there) })
            }
            Effect::Unmark { session, cron, folder } => {
                let there = self.gateway.crons.get(&cron).cloned();
                let ours = there.as_ref().and_then(OwnerMark::of).is_some_and(|mark| mark.folder == folder);
                let left = if ours {
                    let call = self.gateway.remove(by, caller, &cron, now);
                    self.changed(&call);
                    call.after
                } else {
                    there
                };
                Some(Input::Unmarked { session, result: Box::new(Ok(left)) })
            }
            Effect::RemoveOwn { session, cron } => {
                let call = self.gateway.remove(by, caller, &cron, now);
                self.changed(&call);
                let result = if call.verdict == Verdict::Limited { Err(patience()) } else { Ok(()) };
                Some(Input::OwnRemoved { session, cron, result })
            }
            _ => None,
        };
        if let Some(input) = answer.filter(|_| !over) {
            self.deliver(computer, session, input);
        }
    }

    fn write(&mut self, by: Hand, caller: u64, cron: &CronId, patch: &Patch, expected: &Revision) -> WriteResult {
        let call = self.gateway.update(by, caller, cron, patch, Some(expected), self.now);
        self.changed(&call);
        match (call.verdict, call.after, call.before) {
            // Read back a moment later: what a run that was ended by it left behind is seen, too.
            (Verdict::Done, Some(after), _) => {
                WriteResult::ReadBack(self.gateway.crons.get(cron).cloned().unwrap_or(after))
            }
            (Verdict::Conflict, _, now) => WriteResult::Conflict { now },
            (Verdict::Limited, ..) => WriteResult::Later { retry_after: RETRY },
            _ => WriteResult::Gone,
        }
    }

    fn fetch(&self, what: Fetch) -> Fetched {
        let Gateway { crons, runs, .. } = &self.gateway;
        match what {
            Fetch::Crons { asked_at } => Fetched::Crons {
                crons: crons.values().cloned().collect(),
                unreadable: Vec::new(),
                took: SignedDuration::from_millis(5),
                asked_at,
            },
            Fetch::Cron(id) => match crons.get(&id) {
                Some(cron) => Fetched::Cron(Box::new(cron.clone())),
                None => Fetched::CronGone(id),
            },
            Fetch::Catalog => Fetched::Catalog(self.gateway.catalog(self.now)),
            Fetch::Usage => Fetched::Usage(self.gateway.usage(self.now)),
            Fetch::Runs { cron, limit, offset } => {
                let of = |run: &&crate::domain::RunRecord| cron.as_ref().is_none_or(|cron| run.cron == *cron);
                let mut rest = runs.iter().filter(of).skip(offset as usize);
                let runs = rest.by_ref().take(limit as usize).cloned().collect();
                let more = rest.next().is_some();
                Fetched::Runs { cron, runs, offset, more }
            }
        }
    }

    /// Without a key a look shows whether the host answers.
    fn look(&mut self, computer: Computer, life: u64, id: u64, look: &Look) {
        let account: &AccountId = &look.account.id;
        let unreachable = matches!(self.gateway.vendors.get(account), Some(Vendor::Unreachable));
        let offline = self.machines[computer].silent(self.now);
        let local = self.machines[computer].clock(self.now);
        let report = CheckReport {
            host_answers: Some(!unreachable && !offline),
            ..CheckReport::nothing(account.clone(), local)
        };
        let wait = self.millis(100, 3_000);
        let input = Input::Looked { id, report: Box::new(report), key: KeyState::OfGateway };
        self.after(wait, Occurrence::Input { computer, life, session: None, input });
    }
}

fn done(call: Call) -> Result<crate::domain::Cron, NotCarriedOut> {
    call.after.filter(|_| call.verdict == Verdict::Done).ok_or_else(patience)
}

fn patience() -> NotCarriedOut {
    NotCarriedOut { detail: "too many calls".to_owned(), retry_after: Some(RETRY), for_good: false }
}
