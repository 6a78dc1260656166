//! What is outside the engine, by values: a gateway with its providers, a disk, and a clock.
//!
//! A revision is a pure function of the definition, so giving back everything gives back the revision. The disk
//! keeps what was written to it and nothing else, debts and crisis in the shape of their file. A crash is the
//! loss of the world; what is outside stays.

use std::collections::VecDeque;

use serde_json::Value;

use super::*;
use crate::domain::Notice;
use crate::engine::input::Opened;
use crate::engine::step::settle;
use crate::gateway::{Hello, News, Usage};
use crate::state::{InterruptedJob, Loaded, ledger as file};

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
}

/// How a provider stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Provider {
    Serves,
    /// It serves again at its reset.
    UsedUp {
        resets_at: Option<Timestamp>,
    },
}

pub(super) struct Gateway {
    pub crons: BTreeMap<CronId, Cron>,
    pub catalog: Catalog,
    pub providers: BTreeMap<AccountId, Provider>,
    /// Windows beside the one of the whole account.
    pub windows: BTreeMap<AccountId, Vec<QuotaWindow>>,
    pub runs: Vec<RunRecord>,
    pub writes: Vec<(Timestamp, CronId)>,
}

#[derive(Default)]
pub(super) struct Disk {
    pub root: Value,
    pub settings: Settings,
    pub tiers: TierMap,
    pending: std::collections::BTreeSet<CronId>,
    pub switches: Vec<Switch>,
    pub remembered: Remembered,
    jobs: Vec<Journal>,
    /// The jobs of this life, and the one that an earlier life left open.
    numbers: BTreeMap<u64, usize>,
    interrupted: Option<usize>,
    n_ledgers: u64,
}

struct Journal {
    plan: Arc<Plan>,
    started_at: Timestamp,
    lines: Vec<(Change, bool, Option<LineOutcome>)>,
    ended: bool,
}

impl Disk {
    pub(super) fn ledger(&self) -> Ledger {
        file::read(&self.root).0
    }

    pub(super) fn crisis(&self) -> Crisis {
        file::crisis(&self.root, NOW).0
    }

    /// The history is gone: the files of their own stay.
    pub(super) fn lose_history(&mut self) {
        self.jobs.clear();
        self.numbers.clear();
        self.interrupted = None;
        self.switches.clear();
        self.pending.clear();
        self.remembered = Remembered::default();
    }

    fn save_ledger(&mut self, ledger: &Ledger) {
        self.root = file::patched(&self.root, &self.ledger(), ledger);
        self.n_ledgers += 1;
    }

    fn job(&mut self, number: u64) -> Option<&mut Journal> {
        let index = self.numbers.get(&number).copied().or(self.interrupted)?;
        self.jobs.get_mut(index)
    }

    fn load(&self) -> Loaded {
        let interrupted = self.interrupted.map(|index| {
            let job = &self.jobs[index];
            let named = |begun: bool| {
                let fits = job.lines.iter().filter(move |line| line.1 == begun && line.2.is_none());
                fits.map(|line| line.0.clone()).collect()
            };
            InterruptedJob {
                id: index as i64,
                started_at: job.started_at,
                plan: Some(job.plan.clone()),
                in_doubt: named(true),
                not_begun: named(false),
                done: job.lines.iter().filter_map(|line| Some((line.0.cron.clone(), line.2.clone()?))).collect(),
                undoes: Vec::new(),
            }
        });
        Loaded {
            crisis: self.crisis(),
            settings: self.settings.clone(),
            tiers: self.tiers.clone(),
            ledger: self.ledger(),
            ledger_lost: false,
            switches: self.switches.clone(),
            interrupted,
            scraped: BTreeMap::new(),
            temporary: Vec::new(),
            pending: self.pending.clone(),
            proven: std::collections::BTreeSet::new(),
            remembered: self.remembered.clone(),
            problems: Vec::new(),
        }
    }

    pub(super) fn reread(&self) -> Reread {
        Reread { loaded: Loaded { interrupted: None, ..self.load() }, n_ledgers: self.n_ledgers }
    }
}

/// The definition, from which the revision follows.
fn defined(mut cron: Cron) -> Cron {
    let turn = cron.turn().cloned().unwrap_or_default();
    let definition = json!({
        "id": cron.id, "name": cron.name, "enabled": cron.enabled,
        "payload": { "message": turn.message, "model": turn.model, "fallbacks": turn.fallbacks },
    });
    cron.revision = Some(Revision::new(definition.to_string()));
    cron.definition = Arc::new(definition);
    cron
}

impl Gateway {
    pub(super) fn new(crons: Vec<Cron>, models: &[&str]) -> Self {
        let ids: Vec<ModelRef> = models.iter().filter_map(|id| ModelRef::parse(id)).collect();
        let catalog = Catalog {
            default_model: ids.first().cloned(),
            models: ids.iter().map(|id| (id.clone(), Model::new(id.clone()))).collect(),
            ..Catalog::default()
        };
        let ran = |model: &ModelRef| run_on(model, "earlier", at(-3600), None);
        Self {
            crons: crons.into_iter().map(|cron| (cron.id.clone(), defined(cron))).collect(),
            providers: catalog.accounts().into_iter().map(|id| (id, Provider::Serves)).collect(),
            catalog,
            windows: BTreeMap::new(),
            runs: ids.iter().map(ran).collect(),
            writes: Vec::new(),
        }
    }

    /// A person changes a cron at the gateway.
    pub(super) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Cron)) -> Cron {
        let mut cron = self.crons[&CronId::new(id)].clone();
        change(&mut cron);
        let cron = defined(cron);
        self.crons.insert(cron.id.clone(), cron.clone());
        cron
    }

    fn write(&mut self, id: &CronId, patch: &Patch, expected: &Revision, now: Timestamp) -> WriteResult {
        let Some(cron) = self.crons.get_mut(id) else { return WriteResult::Gone };
        if cron.revision.as_ref() != Some(expected) {
            return WriteResult::Conflict { now: Some(cron.clone()) };
        }
        assert!(!patch.holds_in(&cron.fields()), "{id} is written a second time");
        if let Payload::AgentTurn(turn) = &mut cron.payload {
            if let Some(model) = &patch.model {
                turn.model.clone_from(model);
            }
            if let Some(fallbacks) = &patch.fallbacks {
                turn.fallbacks.clone_from(fallbacks);
            }
        }
        cron.enabled = patch.enabled.unwrap_or(cron.enabled);
        *cron = defined(cron.clone());
        cron.updated_at = Some(now);
        schedule(cron, now);
        self.writes.push((now, id.clone()));
        WriteResult::ReadBack(cron.clone())
    }

    fn serves(&self, account: &AccountId, now: Timestamp) -> bool {
        match self.providers.get(account) {
            Some(Provider::UsedUp { resets_at }) => resets_at.is_some_and(|reset| reset <= now),
            _ => true,
        }
    }

    fn usage(&self, now: Timestamp) -> Usage {
        let whole = |id: &AccountId| {
            let used = if self.serves(id, now) { 0.1 } else { 1.0 };
            let resets_at = match self.providers.get(id) {
                Some(Provider::UsedUp { resets_at }) if !self.serves(id, now) => *resets_at,
                _ => None,
            };
            QuotaWindow { resets_at, ..QuotaWindow::new("Plan", used, now, Source::UsageStatus) }
        };
        let of = |id: &AccountId| {
            let others = self.windows.get(id).into_iter().flatten();
            let others = others.map(|window| QuotaWindow { observed_at: now, ..window.clone() });
            (id.clone(), std::iter::once(whole(id)).chain(others).collect())
        };
        Usage { accounts: self.providers.keys().map(of).collect(), observed_at: now, ..Usage::default() }
    }
}

/// One that is off has no next run.
fn schedule(cron: &mut Cron, now: Timestamp) {
    cron.next_run_at = crate::policy::next_fire(&cron.schedule, now).filter(|_| cron.enabled);
}

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
            disk: Disk { root: json!({}), settings, tiers, ..Disk::default() },
            told: Vec::new(),
            owed_at_first_write: None,
            before: None,
            fuel: None,
            n_done: 0,
        };
        outside.reopen();
        outside
    }

    /// The program starts again with what is on disk.
    pub(super) fn reopen(&mut self) {
        self.fuel = None;
        self.disk.numbers.clear();
        self.disk.n_ledgers = 0;
        self.disk.interrupted = self.disk.jobs.iter().rposition(|job| !job.ended);
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
        self.gateway.providers.insert(AccountId::new(account), stands);
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
        let model = self.gateway.catalog.resolve(known.fields().model.as_deref(), None).expect("a listed model");
        let run = run_on(&model, cron, self.now, error_reason);
        self.gateway.runs.push(run.clone());
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
                let result = Box::new(self.gateway.write(&cron, &patch, &expected, self.now));
                vec![Input::Written { job, cron, result }]
            }
            Effect::AskGateway { session, id, account } => {
                let serves = self.gateway.serves(&account, self.now);
                let status = if serves { ProbeStatus::Ok } else { ProbeStatus::RateLimit };
                let answer = Ok(ProbeAnswer { status, latency: None, detail: None, model: None });
                vec![Input::GatewayAnswered { session, id, account, answer }]
            }
            Effect::RunCron { session, cron } if self.burn() => {
                vec![Input::RunQueued { session, cron, result: Ok(()) }]
            }
            Effect::PlaceCheck { session, account, at, .. } => {
                let key = format!("{}{account}", crate::domain::RECOVERY_KEY_PREFIX);
                let shot = Cron {
                    declaration_key: Some(key.clone()),
                    next_run_at: Some(at),
                    ..Cron::new(
                        CronId::new(key),
                        "wakes",
                        Schedule::At { at },
                        Payload::Other("systemEvent".to_owned()),
                    )
                };
                let shot = defined(shot);
                self.gateway.crons.insert(shot.id.clone(), shot.clone());
                vec![Input::CheckPlaced { session, account, result: Box::new(Ok(shot)) }]
            }
            Effect::RemoveOwn { session, cron } => {
                self.gateway.crons.remove(&cron);
                vec![Input::OwnRemoved { session, cron, result: Ok(()) }]
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
            Fetch::Catalog => Fetched::Catalog(self.gateway.catalog.clone()),
            Fetch::Usage => Fetched::Usage(self.gateway.usage(self.now)),
            Fetch::Runs { cron, .. } => Fetched::Runs { cron, runs: self.gateway.runs.clone() },
        }
    }

    /// Each thing that reaches the disk by itself can be the last one.
    fn store(&mut self, op: StoreOp) -> Vec<Input> {
        match op {
            StoreOp::Open { session, path } => {
                let opened = Opened { path, held_by: None, loaded: self.disk.load() };
                return vec![Input::Opened { session, result: Ok(opened) }];
            }
            StoreOp::SaveTiers { changes, pending, receipt, .. } if self.burn() => {
                for (id, entry) in changes {
                    match entry {
                        Some(entry) => self.disk.tiers.insert(id, entry),
                        None => self.disk.tiers.remove(&id),
                    };
                }
                self.disk.pending = pending;
                return vec![Input::Stored { receipt, result: Ok(()) }];
            }
            StoreOp::SaveSettings { settings, receipt } if self.burn() => {
                self.disk.settings = (*settings).clone();
                return vec![Input::Stored { receipt, result: Ok(()) }];
            }
            StoreOp::SavePending(pending) => self.disk.pending = pending,
            StoreOp::SaveLedger { ledger } if self.burn() => self.disk.save_ledger(&ledger),
            StoreOp::SaveCrisis(crisis) if self.burn() => {
                self.disk.root = file::with_crisis(&self.disk.root, &self.disk.crisis(), &crisis);
            }
            StoreOp::BeginJob { job, plan, crons, .. } if self.burn() => {
                let asked = plan.changes.iter().filter(|change| crons.contains(&change.cron));
                let lines = asked.map(|change| (change.clone(), false, None)).collect();
                self.disk.jobs.push(Journal { plan, started_at: self.now, lines, ended: false });
                self.disk.interrupted = None;
                self.disk.numbers.insert(job, self.disk.jobs.len() - 1);
            }
            StoreOp::Prepare { job, change, ledger } => {
                if let Some(ledger) = ledger.filter(|_| self.burn()) {
                    self.disk.save_ledger(&ledger);
                }
                if self.burn() {
                    let journal = self.disk.job(job).expect("a journal was begun");
                    let line = journal.lines.iter_mut().find(|line| line.0.cron == change.cron).expect("its line");
                    *line = ((*change).clone(), true, None);
                    return vec![Input::Prepared { job, cron: change.cron.clone(), result: Ok(()) }];
                }
            }
            StoreOp::Settle { job, cron, outcome, switch, ledger, .. } => {
                if let Some(ledger) = ledger.filter(|_| self.burn()) {
                    self.disk.save_ledger(&ledger);
                }
                if self.burn() {
                    let line = self.disk.job(job).and_then(|job| job.lines.iter_mut().find(|line| line.0.cron == cron));
                    if let Some(line) = line {
                        line.2 = Some(outcome);
                    }
                    if let Some(switch) = switch {
                        let known = self.disk.switches.iter().any(|known| known.id == switch.id);
                        assert!(!known, "{} is recorded twice", switch.id);
                        self.disk.switches.insert(0, *switch);
                    }
                }
            }
            StoreOp::EndJob { job, phase } if self.burn() => {
                let ends = matches!(phase, JobPhase::Done | JobPhase::Stopped);
                if let Some(journal) = self.disk.job(job) {
                    journal.ended |= ends;
                }
            }
            StoreOp::RememberAccounts(known) => self.disk.remembered = *known,
            _ => {}
        }
        Vec::new()
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
