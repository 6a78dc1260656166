//! Time passes in a simulated world: what is due happens, one thing after another, and each is judged.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::computer::Machine;
use super::disk::Disk;
use super::first;
use super::gateway::{self, Gateway};
use super::happening::{Call, Computer, Desk, Hand, Happening, Method, Scene, Verdict};
use super::laws::Laws;
use super::outcome::{Breach, Counts, Outcome, Trial};
use super::people::{self, Mood};
use super::rehearsal::Record;
use super::vendor::Vendor;
use super::weather::{self, Mishap, Planned};
use crate::domain::{AccountId, AutomationLevel, Cron, CronId, GatewayTarget};
use crate::engine::{Command, Effect, Event, Input, Snapshot, StoreOp, Target, Ticket, World, settle, step};
use crate::gateway::News;

mod befall;

/// A Thursday; two weeks later clocks change in some zones.
const START: Timestamp = Timestamp::constant(1_792_000_000, 0);
/// How long a world that is left in peace may take to give everything back.
const PEACE: SignedDuration = SignedDuration::from_hours(60);
const STORY: usize = if cfg!(test) { 4_000 } else { 60 };
/// A world that has shown too little goes on so many times, for so many days.
const MORE: u32 = 3;
const MORE_DAYS: u32 = 2;

/// Something that is on its way.
#[expect(clippy::large_enum_variant, reason = "most of what is on its way is of the large kinds")]
pub(super) enum Occurrence {
    /// A program takes an input; of a connection: unless that is over.
    Input {
        computer: Computer,
        life: u64,
        session: Option<u64>,
        input: Input,
    },
    /// A call reaches the gateway.
    Call {
        computer: Computer,
        life: u64,
        session: u64,
        effect: Effect,
    },
    /// Something reaches the disk.
    Store {
        computer: Computer,
        life: u64,
        op: StoreOp,
    },
    Wake {
        computer: Computer,
        life: u64,
    },
    Fires {
        cron: CronId,
    },
    RunEnds {
        cron: CronId,
        number: u64,
    },
    Mishap(usize),
    /// Somebody changes what a program of ours has written.
    ChangesBack {
        cron: CronId,
    },
    /// An outage, by its number, is over.
    Serves {
        account: AccountId,
        outage: u32,
    },
    Fails {
        account: AccountId,
        lasts: SignedDuration,
    },
    /// The connection is found to be dead.
    Cut {
        computer: Computer,
        session: u64,
    },
    Starts {
        computer: Computer,
    },
    WakesUp {
        computer: Computer,
    },
    GatewayUp,
    Person {
        computer: Computer,
    },
}

pub(super) struct Sim {
    trial: Trial,
    pub now: Timestamp,
    seq: u64,
    queue: BTreeMap<(Timestamp, u64), Occurrence>,
    pub gateway: Gateway,
    gateway_up: bool,
    pub machines: Vec<Machine>,
    mishaps: Vec<Planned>,
    armed: Vec<Mishap>,
    /// The newest outage of each account, and which accounts came back last.
    outages: BTreeMap<AccountId, u32>,
    came_back: Vec<AccountId>,
    fires: BTreeMap<CronId, Timestamp>,
    /// Chance, apart for each of its uses: a change in one leaves the others alone.
    pub wires: Rng,
    people: Rng,
    hands: Rng,
    calm: bool,
    laws: Laws,
    /// Somebody writes down what happens.
    pub record: Option<Record>,
    pub counts: Counts,
    pub breach: Option<Breach>,
    story: VecDeque<String>,
}

/// Chance for one use of it.
fn seeded(seed: u64, use_of: u64) -> Rng {
    Rng::with_seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ use_of)
}

/// The use of chance for the mishaps of the first time that a world goes on, less one.
const MORE_WEATHER: u64 = 16;

/// In every fifth world nobody does what automation may.
fn left_to_automation(trial: &Trial) -> bool {
    trial.seed % 5 == 4
}

/// Lives through a world.
#[must_use]
pub fn simulate(trial: &Trial) -> Outcome {
    let mut sim = Sim::new(*trial);
    let until = START + SignedDuration::from_hours(24 * i64::from(trial.days));
    sim.live(until);
    sim.peace();
    // A crisis that its people sit out for days shows little: such a world goes on.
    let mut more = 0;
    while sim.breach.is_none() && trial.more.map_or(more < MORE && !sim.counts.missing().is_empty(), |n| more < n) {
        more += 1;
        sim.go_on(more);
        sim.peace();
    }
    sim.trial.more = Some(more);
    sim.outcome()
}

impl Sim {
    fn new(trial: Trial) -> Self {
        let seeded = |use_of: u64| seeded(trial.seed, use_of);
        let mut first = seeded(1);
        let (crons, tiers) = first::crons(&mut first, START, trial.days);
        let mut settings = first::settings(&mut first);
        if left_to_automation(&trial) {
            settings.automation.level = AutomationLevel::ActWithinLimits;
            settings.automation.quiet = None;
        }
        let gateway = Gateway::new(crons, &first::MODELS);
        let accounts: Vec<AccountId> = gateway.vendors.keys().cloned().collect();
        let mut machines = vec![Machine::new(Disk::new(settings.clone(), tiers.clone()), START)];
        // In every third world a second computer knows the gateway, with the same files to begin with.
        if first.u8(0..3) == 0 {
            let mut disk = Disk::new(settings, tiers);
            "laptop".clone_into(&mut disk.host);
            machines.push(Machine::new(disk, START));
        }
        let mishaps = weather::forecast(&mut seeded(2), START, trial.days, &accounts, machines.len());
        let mut sim = Self::among(trial, gateway, machines, START);
        sim.mishaps = mishaps;
        sim.plan_mishaps(0);
        for computer in 0..sim.machines.len() {
            let later = SignedDuration::from_hours(20 * computer as i64);
            sim.at(START + later, Occurrence::Starts { computer });
            sim.at(START + SignedDuration::from_mins(5), Occurrence::Person { computer });
        }
        sim
    }

    /// A world in which nothing goes wrong by itself, nobody is, and no program has begun to run.
    pub(super) fn among(trial: Trial, gateway: Gateway, machines: Vec<Machine>, now: Timestamp) -> Self {
        let seeded = |use_of: u64| seeded(trial.seed, use_of);
        let counts = Counts { n_crons: gateway.crons.len() as u32, ..Counts::default() };
        let mut sim = Self {
            trial,
            now,
            seq: 0,
            queue: BTreeMap::new(),
            gateway,
            gateway_up: true,
            machines,
            mishaps: Vec::new(),
            armed: Vec::new(),
            outages: BTreeMap::new(),
            came_back: Vec::new(),
            fires: BTreeMap::new(),
            wires: seeded(3),
            people: seeded(4),
            hands: seeded(5),
            calm: false,
            laws: Laws::default(),
            record: None,
            counts,
            breach: None,
            story: VecDeque::new(),
        };
        for cron in sim.gateway.crons.keys().cloned().collect::<Vec<_>>() {
            sim.plan_fire(&cron);
        }
        sim
    }

    /// Those of the list from a place on that happen.
    fn plan_mishaps(&mut self, from: usize) {
        for n in from..self.mishaps.len() {
            if self.trial.without & (1_u128.checked_shl(n as u32).unwrap_or(0)) == 0 {
                self.at(self.mishaps[n].at, Occurrence::Mishap(n));
            }
        }
    }

    fn outcome(self) -> Outcome {
        let mishaps = self.mishaps.iter().enumerate();
        let mishaps = mishaps.map(|(n, planned)| format!("{n}: {} {}", planned.at, planned.mishap.says())).collect();
        let story = self.story.into_iter().collect();
        Outcome { trial: self.trial, counts: self.counts, breach: self.breach, mishaps, story }
    }

    pub fn at(&mut self, at: Timestamp, occurrence: Occurrence) {
        self.seq += 1;
        self.queue.insert((at.max(self.now), self.seq), occurrence);
    }

    pub fn after(&mut self, wait: SignedDuration, occurrence: Occurrence) {
        let at = self.now + wait;
        self.at(at, occurrence);
    }

    pub fn millis(&mut self, from: i64, to: i64) -> SignedDuration {
        SignedDuration::from_millis(self.wires.i64(from..=to))
    }

    pub fn note(&mut self, what: impl FnOnce() -> String) {
        if self.story.len() == STORY {
            self.story.pop_front();
        }
        let line = format!("{} {}", self.now, what());
        self.story.push_back(line);
    }

    pub fn live(&mut self, until: Timestamp) {
        while self.breach.is_none() {
            let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= until) else { break };
            let ((at, _), occurrence) = entry.remove_entry();
            self.now = at;
            self.happen(occurrence);
        }
        self.now = self.now.max(until);
    }

    /// Things go wrong anew.
    fn go_on(&mut self, time: u32) {
        self.note(|| "it goes on".to_owned());
        self.calm = false;
        let accounts: Vec<AccountId> = self.gateway.vendors.keys().cloned().collect();
        let from = self.mishaps.len();
        let mut rng = seeded(self.trial.seed, MORE_WEATHER + u64::from(time));
        let more = weather::forecast(&mut rng, self.now, MORE_DAYS, &accounts, self.machines.len());
        self.mishaps.extend(more);
        self.plan_mishaps(from);
        self.live(self.now + SignedDuration::from_hours(24 * i64::from(MORE_DAYS)));
    }

    /// Every vendor serves, nothing goes wrong any more, and somebody gives everything back.
    fn peace(&mut self) {
        if self.breach.is_some() {
            return;
        }
        self.calm = true;
        self.note(|| "peace".to_owned());
        self.armed.clear();
        for vendor in self.gateway.vendors.values_mut() {
            *vendor = Vendor::Serves;
        }
        for computer in 0..self.machines.len() {
            self.machines[computer].fuel = None;
            self.machines[computer].silent_until = None;
        }
        let end = self.now + PEACE;
        let mut quiet = 0;
        while self.breach.is_none() && self.now < end && quiet < 3 {
            let until = self.now + SignedDuration::from_mins(40);
            self.live(until);
            quiet = if self.quiet() { quiet + 1 } else { 0 };
        }
        for (computer, machine) in self.machines.iter().enumerate() {
            if let Some(picture) = &machine.picture {
                let line = format!("{} computer {computer} in the end: {}", self.now, standing(picture));
                self.story.push_back(line);
            }
        }
        self.judge(&Happening::Calm);
    }

    fn quiet(&self) -> bool {
        self.machines.iter().all(|machine| {
            machine.picture.as_ref().is_some_and(|picture| {
                picture.connection.info().is_some()
                    && picture.ledger.is_empty()
                    && picture.crisis.state.mode.is_none()
                    && (picture.plan.changes.iter().all(|change| !change.ticked) || looks_on(picture))
                    && !picture.job.as_ref().is_some_and(|job| job.running())
            })
        })
    }

    pub fn judge(&mut self, happening: &Happening<'_>) {
        if self.breach.is_some() {
            return;
        }
        self.breach = seen(self.now, &self.gateway, &self.machines, |scene| {
            if let Some(record) = &mut self.record {
                record.note(happening, scene);
            }
            self.laws.judge(happening, scene)
        });
    }

    /// What programs of ours did before anybody judged.
    pub fn was_done(&mut self, done: &[Call]) {
        seen(self.now, &self.gateway, &self.machines, |scene| self.laws.remember(done, scene));
    }

    fn happen(&mut self, occurrence: Occurrence) {
        match occurrence {
            Occurrence::Input { computer, life, session, input } => {
                let machine = &self.machines[computer];
                if machine.life != life || machine.engine.is_none() {
                    return;
                }
                if let Some(until) = machine.asleep_until.filter(|until| *until > self.now) {
                    return self.at(until, Occurrence::Input { computer, life, session, input });
                }
                if session.is_some() && session != machine.session {
                    return;
                }
                if let Input::Written { job, cron, .. } = &input {
                    let open = (*job, cron.clone());
                    self.machines[computer].open_writes.retain(|write| *write != open);
                }
                self.hear(computer, input);
            }
            Occurrence::Call { computer, life, session, effect } => self.call(computer, life, session, effect),
            Occurrence::Store { computer, life, op } => {
                let machine = &mut self.machines[computer];
                if machine.life != life {
                    return;
                }
                if let Some(until) = machine.asleep_until.filter(|until| *until > self.now) {
                    return self.at(until, Occurrence::Store { computer, life, op });
                }
                let local = machine.clock(self.now);
                let answer = match op {
                    StoreOp::Open { session, path } => Some(machine.disk.open(session, path, None, local)),
                    op => machine.disk.keep(op, local),
                };
                self.judge(&Happening::Stored { computer });
                if let Some(input) = answer {
                    self.at(self.now, Occurrence::Input { computer, life, session: None, input });
                }
            }
            Occurrence::Wake { computer, life } => {
                let machine = &mut self.machines[computer];
                if machine.life != life || machine.engine.is_none() {
                    return;
                }
                if let Some(until) = machine.asleep_until.filter(|until| *until > self.now) {
                    return self.at(until, Occurrence::Wake { computer, life });
                }
                machine.wake = None;
                let due = machine.engine.as_ref().and_then(World::next_wake);
                if due.is_some_and(|due| due <= machine.clock(self.now)) {
                    self.hear(computer, Input::Tick);
                    let machine = &self.machines[computer];
                    let passed = |due: &Timestamp| *due <= machine.clock(self.now);
                    let due = machine.engine.as_ref().and_then(World::next_wake).filter(passed);
                    self.judge(&Happening::Woken { computer, due });
                } else {
                    self.plan_wake(computer);
                }
            }
            Occurrence::Fires { cron } => self.fire(&cron),
            Occurrence::RunEnds { cron, number } => {
                if let Some(finished) = self.gateway.finish(&cron, number, self.now) {
                    self.ran(finished);
                }
            }
            Occurrence::Mishap(n) => self.befall(n),
            Occurrence::Fails { account, lasts } if !self.calm => {
                self.outage(account, weather::Kind::QuotaUntilReset, lasts);
            }
            Occurrence::ChangesBack { cron } if !self.calm => self.change_back(&cron),
            Occurrence::Fails { .. } | Occurrence::ChangesBack { .. } => {}
            Occurrence::Serves { account, outage } => {
                if self.outages.get(&account) == Some(&outage) {
                    self.note(|| format!("{account} serves again"));
                    self.gateway.vendors.insert(account.clone(), Vendor::Serves);
                    self.came_back.retain(|known| *known != account);
                    self.came_back.push(account);
                }
            }
            Occurrence::Cut { computer, session } => {
                let machine = &self.machines[computer];
                if machine.session == Some(session) && machine.silent(self.now) {
                    self.cut(computer, "nothing was heard for a while");
                }
            }
            Occurrence::Starts { computer } => self.start_program(computer),
            Occurrence::WakesUp { computer } => {
                self.machines[computer].asleep_until = None;
                self.hear(computer, Input::ClockJumped);
                self.cut(computer, "the computer slept");
            }
            Occurrence::GatewayUp => {
                self.gateway_up = true;
                let late: Vec<CronId> = self.gateway.crons.keys().cloned().collect();
                for id in late {
                    if let Some(cron) = self.gateway.crons.get_mut(&id)
                        && cron.next_run_at.is_some_and(|next| next <= self.now)
                    {
                        gateway::schedule(cron, self.now);
                    }
                    self.plan_fire(&id);
                }
            }
            Occurrence::Person { computer } => self.person(computer),
        }
    }

    fn start_program(&mut self, computer: Computer) {
        let machine = &mut self.machines[computer];
        if machine.engine.is_some() {
            return;
        }
        let local = machine.clock(self.now);
        machine.disk.begin_life();
        machine.engine = Some(World::begin(PathBuf::from("simulated"), true, machine.zone.clone(), None, local));
        machine.wake = None;
        self.note(|| format!("computer {computer} starts"));
        self.judge(&Happening::Started { computer });
        let target = GatewayTarget {
            name: "simulated".to_owned(),
            url: "ws://127.0.0.1:1".to_owned(),
            token: None,
            tls_fingerprint: None,
            remember_token: false,
            state_dir: Some(PathBuf::from("simulated")),
        };
        self.hear(computer, Input::Command(Ticket(1), Command::Connect(Target::Gateway(target))));
    }

    fn crash(&mut self, computer: Computer, away: SignedDuration) {
        let machine = &mut self.machines[computer];
        if machine.engine.take().is_none() {
            return;
        }
        machine.picture = None;
        machine.life += 1;
        machine.session = None;
        machine.open_writes.clear();
        machine.fuel = None;
        machine.wake = None;
        self.counts.crashes += 1;
        self.note(|| format!("computer {computer} crashes"));
        self.judge(&Happening::Ended { computer, crashed: true });
        self.after(away, Occurrence::Starts { computer });
    }

    /// The connection has ended, and the program is told.
    fn cut(&mut self, computer: Computer, why: &str) {
        let machine = &mut self.machines[computer];
        let Some(session) = machine.session.take() else { return };
        let open = std::mem::take(&mut machine.open_writes);
        let life = machine.life;
        for (job, cron) in open {
            let detail = "the connection ended".to_owned();
            let result = Box::new(crate::engine::WriteResult::Unknown { detail });
            let input = Input::Written { job, cron, result };
            self.after(SignedDuration::from_millis(1), Occurrence::Input { computer, life, session: None, input });
        }
        self.hear(computer, Input::News { session, news: News::Closed { detail: why.to_owned() } });
    }

    fn person(&mut self, computer: Computer) {
        let (from, to) = if self.calm { (5, 15) } else { (8, 50) };
        let wait = SignedDuration::from_mins(self.people.i64(from..=to));
        self.after(wait, Occurrence::Person { computer });
        let machine = &self.machines[computer];
        if machine.asleep(self.now) || machine.engine.is_none() {
            return;
        }
        let Some(picture) = &machine.picture else { return };
        let mood = match self.calm {
            true => Mood::Tidies,
            false if left_to_automation(&self.trial) => Mood::Wishes,
            false => Mood::Usual,
        };
        let Some(command) = people::acts(&mut self.people, picture, mood) else { return };
        let wished = (picture.tiers.clone(), picture.settings.clone());
        self.ask(computer, command);
        let now = self.machines[computer].picture.as_ref().map(|picture| (&picture.tiers, &picture.settings));
        // What was refused is none.
        self.counts.edits +=
            u32::from(now.is_some_and(|(tiers, settings)| *tiers != wished.0 || *settings != wished.1));
    }

    /// Somebody in front of a computer asks its program for something.
    pub fn ask(&mut self, computer: Computer, command: Command) {
        self.note(|| format!("somebody at computer {computer}: {command:?}").chars().take(240).collect());
        self.judge(&Happening::Asked { computer, command: &command });
        self.hear(computer, Input::Command(Ticket(7), command));
    }

    /// The engine takes one input, and what follows from it is on its way.
    pub fn hear(&mut self, computer: Computer, input: Input) {
        let machine = &mut self.machines[computer];
        let local = machine.clock(self.now);
        let Some(world) = machine.engine.as_mut() else { return };
        let mut effects = step(world, input, local);
        // What waits already is taken, too, before anything is worked out.
        let more = self.queue.first_key_value().is_some_and(|((at, _), next)| {
            *at == self.now
                && matches!(next, Occurrence::Input { computer: who, life, session, .. }
                    if *who == computer && *life == machine.life && (session.is_none() || *session == machine.session))
        });
        if !more {
            let (shown, follows) = settle(world, local);
            effects.extend(follows);
            if shown {
                // No law looks at what it remembers of weeks, and what is shared is copied at each run that ends.
                machine.picture = Some(Snapshot { history: Arc::default(), ..world.snapshot(local) });
            }
        }
        self.counts.steps += 1;
        self.watch(computer);
        for effect in effects {
            if let Some((fuel, away)) = &mut self.machines[computer].fuel {
                if *fuel == 0 {
                    let away = *away;
                    return self.crash(computer, away);
                }
                *fuel -= 1;
            }
            self.carry_out(computer, effect);
        }
        self.plan_wake(computer);
        self.judge(&Happening::Stepped { computer });
    }

    fn plan_wake(&mut self, computer: Computer) {
        let machine = &self.machines[computer];
        let Some(due) = machine.engine.as_ref().and_then(World::next_wake) else { return };
        // A deadline that has passed is told of in a moment, not at once for ever.
        let at = machine.when(due).max(self.now + SignedDuration::from_millis(20));
        if machine.wake.is_some_and(|wake| wake <= at && wake > self.now) {
            return;
        }
        let life = machine.life;
        self.machines[computer].wake = Some(at);
        self.at(at, Occurrence::Wake { computer, life });
    }

    /// The gateway changed a cron, or refused to: judged, told to everybody, and its next run planned.
    pub fn changed(&mut self, call: &Call) {
        if let (Hand::Engine(_), Method::Update) = (call.by, call.method) {
            match call.verdict {
                Verdict::Done => self.counts.writes += 1,
                Verdict::Conflict => self.counts.conflicts += 1,
                _ => {}
            }
            self.note(|| {
                let fields = call.after.as_ref().map(Cron::fields);
                format!("{:?} {:?} {} -> {:?}: {fields:?}", call.by, call.method, call.cron, call.verdict)
            });
        }
        let ours = matches!((call.by, call.method, call.verdict), (Hand::Engine(_), Method::Update, Verdict::Done));
        if ours
            && call.before.as_ref().is_some_and(Cron::routable)
            && let Some(Mishap::EditAfter { after }) = self.take_armed(|it| matches!(it, Mishap::EditAfter { .. }))
        {
            self.after(after, Occurrence::ChangesBack { cron: call.cron.clone() });
        }
        if call.cron.as_str() == gateway::MARK && call.before.is_some() && call.verdict == Verdict::Done {
            self.counts.take_overs += 1;
            self.note(|| format!("{:?} takes over", call.by));
        }
        self.judge(&Happening::Called(call));
        if call.verdict != Verdict::Done {
            return;
        }
        match &call.after {
            Some(after) => {
                self.news(&News::CronChanged(Cron { revision: None, ..after.clone() }));
                let switched_off = call.before.as_ref().is_some_and(|before| before.enabled) && !after.enabled;
                if switched_off && let Some(finished) = self.gateway.kill(&call.cron, self.now) {
                    self.ran(finished);
                }
            }
            None => self.news(&News::CronRemoved(call.cron.clone())),
        }
        self.plan_fire(&call.cron);
    }

    pub fn news(&mut self, news: &News) {
        for computer in 0..self.machines.len() {
            if let Some(session) = self.machines[computer].session {
                self.deliver(computer, session, Input::News { session, news: news.clone() });
            }
        }
    }

    /// On the wire from the gateway nothing overtakes.
    pub fn deliver(&mut self, computer: Computer, session: u64, input: Input) {
        let wait = self.millis(2, 120);
        let machine = &mut self.machines[computer];
        if machine.silent(self.now) {
            return;
        }
        let at = (self.now + wait).max(machine.down);
        machine.down = at;
        let life = machine.life;
        self.at(at, Occurrence::Input { computer, life, session: Some(session), input });
    }

    fn plan_fire(&mut self, cron: &CronId) {
        let Some(next) = self.gateway.crons.get(cron).and_then(|cron| cron.next_run_at) else { return };
        if self.fires.get(cron) != Some(&next) {
            self.fires.insert(cron.clone(), next);
            self.at(next, Occurrence::Fires { cron: cron.clone() });
        }
    }

    fn fire(&mut self, cron: &CronId) {
        let due =
            self.gateway.crons.get(cron).is_some_and(|known| known.enabled && known.next_run_at == Some(self.now));
        if self.fires.get(cron) == Some(&self.now) {
            self.fires.remove(cron);
        }
        if due && self.gateway_up {
            self.run(cron, false);
        }
    }

    pub fn run(&mut self, cron: &CronId, by_hand: bool) -> bool {
        let takes = self.millis(3_000, 60_000);
        let Some(run) = self.gateway.start(cron, by_hand, takes, self.now) else { return false };
        self.at(run.ends_at, Occurrence::RunEnds { cron: cron.clone(), number: run.number });
        self.news(&News::RunStarted { cron: cron.clone(), at: self.now });
        true
    }

    fn ran(&mut self, finished: gateway::Finished) {
        self.counts.runs += 1;
        let id = finished.record.cron.clone();
        let well = finished.record.error.is_none();
        self.judge(&Happening::Ran { cron: &id, well });
        let cron = Cron { revision: None, ..finished.cron };
        self.news(&News::RunFinished(finished.record, cron));
        if finished.cooled {
            self.news(&News::ModelsChanged);
        }
        match finished.call {
            Some(call) => self.changed(&call),
            None => self.plan_fire(&id),
        }
    }

    pub fn gateway_hears(&self, computer: Computer) -> bool {
        self.gateway_up && !self.machines[computer].silent(self.now)
    }

    pub fn told(&mut self, event: &Event) {
        if let Event::Refused { why, .. } = event {
            self.note(|| format!("refused: {why:?}"));
        }
    }
}

/// Shows everything as it stands to somebody who stands outside.
fn seen<T>(now: Timestamp, gateway: &Gateway, machines: &[Machine], look: impl FnOnce(&Scene<'_>) -> T) -> T {
    let desks = machines.iter();
    let desks = desks.map(|of| Desk { disk: &of.disk, picture: of.picture.as_ref(), skew: of.skew });
    let computers: Vec<Desk<'_>> = desks.collect();
    look(&Scene { now, crons: &gateway.crons, vendors: &gateway.vendors, computers: &computers })
}

/// What keeps a program busy, or from it, for a person who reads a story.
fn standing(picture: &Snapshot) -> String {
    let access = picture.connection.info().map(|info| info.access);
    let crisis = &picture.crisis;
    let (mode, readiness, word) = (crisis.state.mode.is_some(), &crisis.readiness, &crisis.automation);
    let said = |id: &CronId| picture.plan.decision(id).map(|said| (said.verdict, said.reason.clone()));
    let owed: Vec<_> = picture.ledger.keys().map(|id| (id, said(id))).collect();
    let ticked = picture.plan.changes.iter().filter(|change| change.ticked).count();
    let job = picture.job.as_ref().map(|job| &job.phase);
    format!("{access:?}, crisis mode {mode}, {readiness:?}, {word:?}, owes {owed:?}, plans {ticked}, job {job:?}")
}

/// Another computer acts, and this one only shows it.
fn looks_on(picture: &Snapshot) -> bool {
    picture.connection.info().is_some_and(|info| info.access.looks_only())
}
