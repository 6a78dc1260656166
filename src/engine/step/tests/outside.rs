//! The simulated gateway and disk of [`crate::sim`], played by hand: one thing at a time, each answered at once.
//!
//! A crash is the loss of the world; what is outside stays.

use std::collections::VecDeque;

use super::*;
use crate::domain::Notice;
use crate::engine::step::settle;
use crate::gateway::{Hello, News};
use crate::sim::{Call, Disk, Gateway, Hand, Verdict, own_cron, schedule};

pub(super) struct Outside {
    pub world: World,
    pub now: Timestamp,
    pub gateway: Gateway,
    pub disk: Disk,
    /// What the desktop was told.
    pub told: Vec<Notice>,
    /// The ledger on disk when the first call since this was last emptied went out.
    pub owed_at_first_write: Option<Ledger>,
    /// As every cron was before anything was changed; while it is set, nothing changed may be missing in the ledger.
    pub before: Option<BTreeMap<CronId, Cron>>,
    /// So many things are carried out before the power fails; `None`: it does not.
    fuel: Option<usize>,
    pub n_done: usize,
    /// What the gateway carried out for the program, in order.
    pub writes: Vec<CronId>,
}

/// How a provider stands.
pub(super) use crate::sim::Vendor as Provider;

/// What the gateway says of a caller counts for nobody here.
const CALLER: u64 = 1;

pub(super) fn run_on(model: &ModelRef, cron: &str, ended: Timestamp, error_reason: Option<&str>) -> RunRecord {
    RunRecord {
        cron: CronId::new(cron),
        at: ended - SignedDuration::from_secs(5),
        finished_at: ended,
        status: if error_reason.is_some() { RunStatus::Error } else { RunStatus::Ok },
        provider: Some(model.provider().to_owned()),
        model: Some(model.model().to_owned()),
        error: None,
        error_reason: error_reason.map(str::to_owned),
        duration: Some(SignedDuration::from_secs(5)),
        usage: None,
    }
}

impl Outside {
    /// A program that was just started on this gateway and this disk.
    pub(super) fn start(gateway: Gateway, settings: Settings, tiers: TierMap) -> Self {
        let mut outside = Self {
            world: World::new(PathBuf::from("unused"), NOW),
            now: NOW,
            gateway,
            disk: Disk::new(settings, tiers),
            told: Vec::new(),
            owed_at_first_write: None,
            before: None,
            fuel: None,
            n_done: 0,
            writes: Vec::new(),
        };
        outside.reopen();
        outside
    }

    /// The program starts again with what is on disk.
    pub(super) fn reopen(&mut self) {
        self.fuel = None;
        self.disk.begin_life();
        self.world = World::new(PathBuf::from("unused"), self.now);
        self.world.checks.by_itself = true;
        let target = GatewayTarget {
            name: "test".to_owned(),
            url: "ws://127.0.0.1:1".to_owned(),
            token: None,
            tls_fingerprint: None,
            remember_token: false,
            state_dir: Some(PathBuf::from("unused")),
        };
        self.tell(Command::Connect(super::super::super::Target::Gateway(target))).expect("it connects");
    }

    /// From here on the power fails after so many things were carried out.
    pub(super) fn fails_after(&mut self, n_things: usize) {
        self.fuel = Some(n_things);
    }

    pub(super) fn failed(&self) -> bool {
        self.fuel == Some(0)
    }

    pub(super) fn tell(&mut self, command: Command) -> Result<(), Refusal> {
        self.hear(Input::Command(Ticket(1), command))
    }

    /// One input and everything that follows from it; the refusal, if there was one.
    pub(super) fn hear(&mut self, input: Input) -> Result<(), Refusal> {
        let mut refused = Ok(());
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            if self.failed() {
                break;
            }
            let mut effects = step(&mut self.world, input, self.now);
            effects.extend(settle(&mut self.world, self.now).1);
            for effect in effects {
                if let Effect::Emit(Event::Refused { why, .. }) = effect {
                    refused = Err(why);
                } else if !self.failed() {
                    inputs.extend(self.carry_out(effect));
                }
            }
        }
        refused
    }

    /// Time goes by, and whatever is due in it happens.
    pub(super) fn pass(&mut self, minutes: i64) {
        if self.failed() {
            return;
        }
        let until = self.now + SignedDuration::from_mins(minutes);
        while let Some(wake) = self.world.next_wake().filter(|wake| *wake <= until && !self.failed()) {
            self.now = wake.max(self.now + SignedDuration::from_millis(100));
            self.one_shots_go();
            self.hear(Input::Tick).ok();
        }
        self.now = self.now.max(until);
        self.fire();
    }

    /// The one-shots of this program whose time has come.
    fn one_shots_go(&mut self) {
        let due =
            |cron: &&Cron| cron.owner() == Owner::ThisProgram && cron.next_run_at.is_some_and(|at| at <= self.now);
        let gone: Vec<CronId> = self.gateway.crons.values().filter(due).map(|cron| cron.id.clone()).collect();
        for id in gone {
            self.gateway.crons.remove(&id);
            self.news(News::CronRemoved(id));
        }
    }

    /// The gateway's crons have other next runs by now.
    pub(super) fn fire(&mut self) {
        self.reschedule();
        let crons = self.gateway.crons.values().cloned().collect();
        let asked_at = self.world.changes_seen;
        let session = self.world.session;
        let what = Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at };
        self.hear(Input::Fetched { session, what }).ok();
    }

    fn reschedule(&mut self) {
        let now = self.now;
        let due = |cron: &&mut Cron| cron.next_run_at.is_none_or(|next| next <= now);
        self.gateway.crons.values_mut().filter(due).for_each(|cron| schedule(cron, now));
    }

    pub(super) fn news(&mut self, news: News) {
        let session = self.world.session;
        self.hear(Input::News { session, news }).ok();
    }

    /// A provider stands differently, and the gateway's report of quotas says so at once.
    pub(super) fn provider(&mut self, account: &str, stands: Provider) {
        self.gateway.vendors.insert(AccountId::new(account), stands);
        self.report();
    }

    pub(super) fn report(&mut self) {
        self.now += SignedDuration::from_secs(1);
        let (session, what) = (self.world.session, Fetched::Usage(self.gateway.usage(self.now)));
        self.hear(Input::Fetched { session, what }).ok();
    }

    /// A cron of the gateway ran on what it has, now.
    pub(super) fn runs(&mut self, cron: &str, error_reason: Option<&str>) {
        self.now += SignedDuration::from_secs(10);
        let known = self.gateway.crons[&CronId::new(cron)].clone();
        let model = self.gateway.models.resolve(known.fields().model.as_deref(), None).expect("a listed model");
        let run = run_on(&model, cron, self.now, error_reason);
        self.gateway.runs.push_back(run.clone());
        self.news(News::RunFinished(run, known));
    }

    fn burn(&mut self) -> bool {
        if let Some(fuel) = &mut self.fuel {
            if *fuel == 0 {
                return false;
            }
            *fuel -= 1;
        }
        self.n_done += 1;
        true
    }

    fn carry_out(&mut self, effect: Effect) -> Vec<Input> {
        let inputs = match effect {
            Effect::Store(op) => self.store(*op),
            Effect::Connect { session, .. } => {
                let hello = Hello {
                    version: "2026.9.6".to_owned(),
                    scopes: vec!["operator.admin".to_owned()],
                    gateway_time: Some(self.now),
                    tick: SignedDuration::from_secs(30),
                };
                vec![Input::Connected { session, hello: Box::new(hello), took: SignedDuration::ZERO }]
            }
            Effect::Fetch { session, what } => vec![Input::Fetched { session, what: self.fetch(what) }],
            Effect::Write { job, cron, patch, expected } if self.burn() => {
                self.owed_at_first_write.get_or_insert_with(|| self.disk.ledger());
                let result = Box::new(self.write(&cron, &patch, &expected));
                vec![Input::Written { job, cron, result }]
            }
            Effect::AskGateway { session, id, account } => {
                let status = self.gateway.question(&account, self.now);
                let answer = Ok(ProbeAnswer { status, latency: None, detail: None, model: None });
                vec![Input::GatewayAnswered { session, id, account, answer }]
            }
            Effect::RunCron { session, cron } if self.burn() => {
                vec![Input::RunQueued { session, cron, result: Ok(()) }]
            }
            Effect::PlaceCheck { session, account, at, .. } => {
                let key = format!("{}{account}", crate::domain::RECOVERY_KEY_PREFIX);
                let shot = own_cron(key, "wakes", at, true);
                let shot = self.gateway.add(Hand::Engine(0), CALLER, shot, self.now).after.expect("it is there");
                vec![Input::CheckPlaced { session, account, result: Box::new(Ok(shot)) }]
            }
            Effect::RemoveOwn { session, cron } => {
                self.gateway.crons.remove(&cron);
                vec![Input::OwnRemoved { session, cron, result: Ok(()) }]
            }
            Effect::Mark { session, mark, over } if self.burn() => {
                let call = self.gateway.mark(Hand::Engine(0), CALLER, &mark, over.as_ref(), self.now);
                vec![Input::Marked { session, result: Box::new(Ok(call.after.expect("one is there"))) }]
            }
            Effect::Notify(notice) => {
                self.told.push(notice);
                Vec::new()
            }
            _ => Vec::new(),
        };
        self.nothing_forgotten();
        inputs
    }

    fn fetch(&mut self, what: Fetch) -> Fetched {
        match what {
            Fetch::Crons { asked_at } => {
                self.reschedule();
                let crons = self.gateway.crons.values().cloned().collect();
                Fetched::Crons { crons, unreadable: Vec::new(), took: SignedDuration::ZERO, asked_at }
            }
            Fetch::Cron(id) => match self.gateway.crons.get(&id) {
                Some(cron) => Fetched::Cron(Box::new(cron.clone())),
                None => Fetched::CronGone(id),
            },
            Fetch::Catalog => Fetched::Catalog(self.gateway.catalog(self.now)),
            Fetch::Usage => Fetched::Usage(self.gateway.usage(self.now)),
            Fetch::Runs { cron, offset, .. } => {
                let runs = self.gateway.runs.iter().skip(offset as usize).cloned().collect();
                Fetched::Runs { cron, runs, offset, more: false }
            }
        }
    }

    /// Each thing that reaches the disk by itself can be the last one.
    fn store(&mut self, op: StoreOp) -> Vec<Input> {
        if let StoreOp::Open { session, path } = op {
            return vec![self.disk.open(session, path, None, self.now)];
        }
        let mut inputs = Vec::new();
        for op in Disk::parts(op) {
            if counts(&op) && !self.burn() {
                break;
            }
            inputs.extend(self.disk.keep(op, self.now));
        }
        inputs
    }

    fn write(&mut self, id: &CronId, patch: &Patch, expected: &Revision) -> WriteResult {
        if let Some(known) = self.gateway.crons.get(id).filter(|known| known.revision.as_ref() == Some(expected)) {
            assert!(!patch.stands_in(known), "{id} is written a second time");
        }
        let Call { verdict, before, after, .. } =
            self.gateway.update(Hand::Engine(0), CALLER, id, patch, Some(expected), self.now);
        match (verdict, after) {
            (Verdict::Done, Some(after)) => {
                self.writes.push(id.clone());
                WriteResult::ReadBack(after)
            }
            (Verdict::Conflict, _) => WriteResult::Conflict { now: before },
            (Verdict::Limited, _) => panic!("{id} is written faster than the gateway allows"),
            _ => WriteResult::Gone,
        }
    }

    /// A person changes a cron at the gateway.
    pub(super) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Cron)) -> Cron {
        let call = self.gateway.edit(&CronId::new(id), change, self.now).expect("it is there");
        call.after.expect("it is there")
    }

    /// Whatever the gateway holds differently than before is owed by the ledger on disk.
    fn nothing_forgotten(&self) {
        let Some(before) = &self.before else { return };
        let ledger = self.disk.ledger();
        for (id, cron) in before {
            let holds = self.gateway.crons[id].fields();
            let owed = holds == cron.fields() || ledger.contains_key(id);
            assert!(owed, "{id} is changed and forgotten after {} things: {holds:?}", self.n_done);
        }
    }
}

/// Whether power may fail before it.
fn counts(op: &StoreOp) -> bool {
    matches!(
        op,
        StoreOp::SaveTiers { .. }
            | StoreOp::SaveSettings { .. }
            | StoreOp::SaveLedger { .. }
            | StoreOp::SaveCrisis(_)
            | StoreOp::BeginJob { .. }
            | StoreOp::Prepare { .. }
            | StoreOp::Settle { .. }
            | StoreOp::EndJob { .. }
            | StoreOp::Identify { .. }
            | StoreOp::SavePlaced(_)
    )
}
