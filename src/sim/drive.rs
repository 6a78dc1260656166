//! Time passes in a simulated world: what is due happens, one thing after another, and each is judged.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::computer::Machine;
use super::disk::Disk;
use super::first;
use super::gateway::{self, Gateway, NO_LIMIT};
use super::happening::{Call, Computer, Desk, Hand, Happening, Method, Scene, Verdict};
use super::laws::Laws;
use super::outcome::{Breach, Counts, Outcome, Trial};
use super::people::{self, Mood};
use super::vendor::Vendor;
use super::weather::{self, Mishap, Planned};
use crate::domain::{AccountId, Cron, CronId, GatewayTarget, PlanOrigin};
use crate::engine::{Command, Effect, Event, Input, Snapshot, StoreOp, Target, Ticket, World, settle, step};
use crate::gateway::News;

/// A Thursday; two weeks later clocks change in some zones.
const START: Timestamp = Timestamp::constant(1_792_000_000, 0);
/// How long a world that is left in peace may take to give everything back.
const PEACE: SignedDuration = SignedDuration::from_hours(60);
const STORY: usize = 60;
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
    pub counts: Counts,
    breach: Option<Breach>,
    story: VecDeque<String>,
}

/// Lives through a world.
#[must_use]
pub fn simulate(trial: &Trial) -> Outcome {
    let mut sim = Sim::new(*trial);
    let until = START + SignedDuration::from_hours(24 * i64::from(trial.days));
    sim.live(until);
    sim.peace();
    // A crisis that its people sit out for days shows little: such a world goes on, unless it is made smaller.
    for _ in 0..MORE {
        if trial.without != 0 || sim.breach.is_some() || sim.counts.missing().is_empty() {
            break;
        }
        sim.go_on();
        sim.peace();
    }
    sim.outcome()
}

impl Sim {
    fn new(trial: Trial) -> Self {
        let seeded = |use_of: u64| Rng::with_seed(trial.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ use_of);
        let mut first = seeded(1);
        let (crons, tiers) = first::crons(&mut first, START, trial.days);
        let settings = first::settings(&mut first);
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
        let counts = Counts { n_crons: gateway.crons.len() as u32, ..Counts::default() };
        let mut sim = Self {
            trial,
            now: START,
            seq: 0,
            queue: BTreeMap::new(),
            gateway,
            gateway_up: true,
            machines,
            mishaps,
            armed: Vec::new(),
            outages: BTreeMap::new(),
            came_back: Vec::new(),
            fires: BTreeMap::new(),
            wires: seeded(3),
            people: seeded(4),
            hands: seeded(5),
            calm: false,
            laws: Laws::default(),
            counts,
            breach: None,
            story: VecDeque::new(),
        };
        for cron in sim.gateway.crons.keys().cloned().collect::<Vec<_>>() {
            sim.plan_fire(&cron);
        }
        for n in 0..sim.mishaps.len() {
            if trial.without & (1_u128.checked_shl(n as u32).unwrap_or(0)) == 0 {
                sim.at(sim.mishaps[n].at, Occurrence::Mishap(n));
            }
        }
        for computer in 0..sim.machines.len() {
            let later = SignedDuration::from_hours(20 * computer as i64);
            sim.at(START + later, Occurrence::Starts { computer });
            sim.at(START + SignedDuration::from_mins(5), Occurrence::Person { computer });
        }
        sim
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

    fn live(&mut self, until: Timestamp) {
        while self.breach.is_none() {
            let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= until) else { break };
            let ((at, _), occurrence) = entry.remove_entry();
            self.now = at;
            self.happen(occurrence);
        }
        self.now = self.now.max(until);
    }

    /// Things go wrong anew.
    fn go_on(&mut self) {
        self.note(|| "it goes on".to_owned());
        self.calm = false;
        let accounts: Vec<AccountId> = self.gateway.vendors.keys().cloned().collect();
        let from = self.mishaps.len();
        let more = weather::forecast(&mut self.hands, self.now, MORE_DAYS, &accounts, self.machines.len());
        self.mishaps.extend(more);
        for n in from..self.mishaps.len() {
            self.at(self.mishaps[n].at, Occurrence::Mishap(n));
        }
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
        let computers: Vec<Desk<'_>> = self
            .machines
            .iter()
            .map(|machine| Desk { disk: &machine.disk, picture: machine.picture.as_ref(), skew: machine.skew })
            .collect();
        let scene =
            Scene { now: self.now, crons: &self.gateway.crons, vendors: &self.gateway.vendors, computers: &computers };
        self.breach = self.laws.judge(happening, &scene);
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
            Occurrence::Fails { .. } => {}
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
        machine.engine = Some(World::begin(PathBuf::from("simulated"), true, TimeZone::UTC, None, local));
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
        let mood = if self.calm { Mood::Tidies } else { Mood::Usual };
        let Some(command) = people::acts(&mut self.people, picture, mood) else { return };
        if matches!(command, Command::Edit(_) | Command::Settings(_)) {
            self.counts.edits += 1;
        }
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
                machine.picture = Some(world.snapshot(local));
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

    /// Counts what becomes of crisis mode, and looks whether an armed mishap's moment has come.
    fn watch(&mut self, computer: Computer) {
        let machine = &mut self.machines[computer];
        let Some(picture) = &machine.picture else { return };
        let state = &picture.crisis.state;
        let on = state.mode.is_some();
        let running = picture.job.as_ref().filter(|job| job.running());
        let gives_back = running.is_some_and(|job| job.plan.origin == PlanOrigin::Recovery);
        let in_job = running.is_some();
        let seen = machine.seen;
        let last_relapse = state.relapses.iter().max().copied();
        machine.seen = super::computer::Seen { mode_on: on, last_relapse: last_relapse.max(seen.last_relapse) };
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

    fn take_armed(&mut self, fits: impl Fn(&Mishap) -> bool) -> Option<Mishap> {
        let index = self.armed.iter().position(fits)?;
        Some(self.armed.remove(index))
    }

    fn befall(&mut self, n: usize) {
        let mishap = self.mishaps[n].mishap.clone();
        if self.calm {
            return;
        }
        self.note(|| mishap.says());
        match mishap {
            Mishap::Outage { account, kind, lasts } => self.outage(account, kind, lasts),
            Mishap::Relapse { .. } | Mishap::CrashInJob { .. } | Mishap::EditAhead => self.armed.push(mishap),
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

    fn outage(&mut self, account: AccountId, kind: weather::Kind, lasts: SignedDuration) {
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

    fn other_edit(&mut self, id: &CronId) {
        let (now, hands) = (self.now, &mut self.hands);
        let call = self.gateway.edit(id, |cron| people::edits(hands, cron, &first::MODELS, now), now);
        if let Some(call) = call {
            self.counts.edits += 1;
            self.note(|| format!("another hand edits {id}"));
            self.changed(&call);
        }
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
