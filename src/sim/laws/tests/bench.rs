//! A scene that is arranged by hand: crons, disks and pictures, and the laws beside them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::super::disk::{Disk, Journal, JournalLine};
use super::super::super::gateway::defined;
use super::super::super::happening::{Call, Computer, Desk, Hand, Happening, Method, Scene, Verdict};
use super::super::super::vendor::{Vendor, Vendors};
use super::super::{Law, Laws};
use crate::domain::{
    Access, AccountId, AgentTurn, Automation, Catalog, Cause, Change, ChangeKind, Confirmation, Connection, Crisis,
    CrisisMode, Cron, CronId, Fields, GatewayInfo, LedgerEntry, LedgerReason, LineOutcome, Model, ModelRef, OWNER_KEY,
    Patch, Payload, Plan, PlanId, PlanOrigin, Reason, RouteKey, Schedule, Settings, StartedBy, Switch, SwitchId, Tier,
    TierEntry, TierMap,
};
use crate::engine::{Command, FolderInfo, Snapshot, StoreOp, World};
use crate::state::switch_log::LogLine;

pub(super) const ENGINE: Hand = Hand::Engine(0);
pub(super) const FLASH: &str = "google/gemini-3-flash";
pub(super) const KIMI: &str = "kimi/kimi-k2";
const START: Timestamp = Timestamp::constant(1_792_000_000, 0);

pub(super) struct Bench {
    pub now: Timestamp,
    pub crons: BTreeMap<CronId, Cron>,
    pub vendors: Vendors,
    pub disks: Vec<Disk>,
    pictures: Vec<Snapshot>,
    /// No program runs.
    crashed: bool,
    laws: Laws,
}

pub(super) fn id(name: &str) -> CronId {
    CronId::new(name)
}

pub(super) fn on(model: &str) -> Fields {
    Fields { model: Some(model.to_owned()), fallbacks: None, enabled: true }
}

pub(super) fn off(model: &str) -> Fields {
    Fields { enabled: false, ..on(model) }
}

pub(super) fn cron(name: &str, fields: &Fields) -> Cron {
    let turn = AgentTurn { model: fields.model.clone(), fallbacks: fields.fallbacks.clone(), ..AgentTurn::default() };
    let every = Schedule::Every { every: SignedDuration::from_hours(1), anchor: None };
    defined(Cron { enabled: fields.enabled, ..Cron::new(id(name), name, every, Payload::AgentTurn(turn)) })
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    for (route, model) in [("gemini_flash", FLASH), ("kimi", KIMI)] {
        settings.routes.get_mut(&RouteKey::new(route)).expect("a default").model = ModelRef::parse(model);
    }
    settings
}

fn catalog() -> Catalog {
    let ids = [FLASH, KIMI].map(|id| ModelRef::parse(id).expect("a reference"));
    let models = ids.iter().map(|id| (id.clone(), Model::new(id.clone()))).collect();
    Catalog { models, default_model: Some(ids[0].clone()), ..Catalog::default() }
}

fn picture(tiers: &TierMap, crons: &BTreeMap<CronId, Cron>) -> Snapshot {
    let mut picture = World::new(PathBuf::from("nowhere"), START).snapshot(START);
    picture.connection = Connection::Connected(GatewayInfo {
        name: "test".to_owned(),
        url: String::new(),
        version: String::new(),
        access: Access::ReadWrite,
        clock_skew: SignedDuration::ZERO,
        latency: None,
    });
    picture.crons_as_of = Some(START);
    picture.settings = Arc::new(settings());
    picture.catalog = Arc::new(catalog());
    picture.tiers = Arc::new(tiers.clone());
    picture.crons = Arc::new(crons.iter().map(|(id, cron)| (id.clone(), Arc::new(cron.clone()))).collect());
    picture.folder = Some(FolderInfo { path: PathBuf::from("nowhere"), held_by: None });
    picture
}

/// From Flash to Kimi, because of health.
fn change(name: &str) -> Change {
    Change {
        cron: id(name),
        name: name.to_owned(),
        tier: Some(Tier::T2),
        critical: false,
        revision: None,
        from: on(FLASH),
        to: on(KIMI),
        schedule: None,
        from_model: None,
        to_model: None,
        to_route: None,
        kind: ChangeKind::Move,
        reason: Reason::NoEvidence,
        cause: Cause::Health,
        next_run_at: None,
        running_since: None,
        marks: Vec::new(),
        ticked: true,
    }
}

pub(super) fn log_line() -> LogLine {
    let text = || "x".to_owned();
    LogLine { at: START, name: text(), from: text(), to: text(), reason: text() }
}

impl Bench {
    /// Two crons on Flash, "a" and "b", both of the second tier.
    pub(super) fn new() -> Self {
        Self::of_computers(1)
    }

    pub(super) fn of_computers(n: usize) -> Self {
        let crons: BTreeMap<CronId, Cron> = ["a", "b"].map(|name| (id(name), cron(name, &on(FLASH)))).into();
        let tiers: TierMap = ["a", "b"].map(|name| (id(name), TierEntry::new(Tier::T2))).into();
        let accounts = ["google", "kimi"].map(|account| (AccountId::new(account), Vendor::Serves));
        let mut bench = Self {
            now: START,
            vendors: accounts.into(),
            disks: (0..n).map(|_| Disk::new(settings(), tiers.clone())).collect(),
            pictures: (0..n).map(|_| picture(&tiers, &crons)).collect(),
            crons,
            crashed: false,
            laws: Laws::default(),
        };
        bench.own(ENGINE, OWNER_KEY, false);
        bench
    }

    pub(super) fn picture(&mut self) -> &mut Snapshot {
        &mut self.pictures[0]
    }

    pub(super) fn passes(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub(super) fn judge(&mut self, happening: &Happening<'_>) -> Option<Law> {
        let desk =
            |(disk, picture)| Desk { disk, picture: (!self.crashed).then_some(picture), skew: SignedDuration::ZERO };
        let desks: Vec<Desk<'_>> = self.disks.iter().zip(&self.pictures).map(desk).collect();
        let scene = Scene { now: self.now, crons: &self.crons, vendors: &self.vendors, computers: &desks };
        self.laws.judge(happening, &scene).map(|breach| breach.law)
    }

    pub(super) fn step(&mut self) -> Option<Law> {
        self.judge(&Happening::Stepped { computer: 0 })
    }

    pub(super) fn stored(&mut self) -> Option<Law> {
        self.judge(&Happening::Stored { computer: 0 })
    }

    pub(super) fn calm(&mut self) -> Option<Law> {
        self.judge(&Happening::Calm)
    }

    pub(super) fn asked(&mut self, computer: Computer, command: &Command) -> Option<Law> {
        self.judge(&Happening::Asked { computer, command })
    }

    /// Everything of the newest job was asked for.
    pub(super) fn asks_for_all(&mut self, computer: Computer) {
        // It was asked for before the job began.
        let job = self.disks[computer].jobs.pop().expect("a job");
        let plan = job.plan.clone();
        let crons = plan.changes.iter().map(|change| change.cron.clone()).collect();
        self.asked(computer, &Command::Apply { plan: plan.id.clone(), crons });
        self.disks[computer].jobs.push(job);
    }

    /// A job of one line for "a", begun.
    pub(super) fn job(&mut self, computer: Computer, tell: impl FnOnce(&mut Change)) {
        self.job_of(computer, PlanOrigin::Distribution, tell);
    }

    pub(super) fn job_of(&mut self, computer: Computer, origin: PlanOrigin, tell: impl FnOnce(&mut Change)) {
        let mut line = change("a");
        line.from = self.crons[&id("a")].fields();
        tell(&mut line);
        let number = self.disks[computer].jobs.len();
        let world = World::new(PathBuf::from("nowhere"), START).snapshot(START);
        let plan = Plan {
            id: PlanId::new(format!("plan-{number}")),
            origin,
            changes: vec![line.clone()],
            ..(*world.plan).clone()
        };
        let lines = vec![JournalLine { change: line, begun: true, outcome: None }];
        let journal = Journal { plan: Arc::new(plan), by: StartedBy::Hand, started_at: self.now, lines, ended: false };
        self.disks[computer].jobs.push(journal);
    }

    /// Somebody gives a cron these fields.
    #[expect(clippy::needless_pass_by_value, reason = "made for each call")]
    pub(super) fn write(&mut self, by: Hand, name: &str, to: Fields) -> Option<Law> {
        let before = self.crons[&id(name)].clone();
        let mut after = before.clone();
        if let Payload::AgentTurn(turn) = &mut after.payload {
            (turn.model, turn.fallbacks) = (to.model.clone(), to.fallbacks.clone());
        }
        after.enabled = to.enabled;
        let after = defined(after);
        self.crons.insert(id(name), after.clone());
        let patch = Some(Patch::between(&before.fields(), &to)).filter(|_| by != Hand::Other);
        let (before, after) = (Some(before), Some(after));
        let call = Call { by, method: Method::Update, cron: id(name), patch, before, after, verdict: Verdict::Done };
        self.judge(&Happening::Called(&call))
    }

    /// A call that changes nothing.
    pub(super) fn call(&mut self, by: Hand, method: Method, name: &str) -> Option<Law> {
        let known = self.crons.get(&id(name)).cloned();
        let verdict = if known.is_some() { Verdict::Done } else { Verdict::Gone };
        let call = Call { by, method, cron: id(name), patch: None, before: known.clone(), after: known, verdict };
        self.judge(&Happening::Called(&call))
    }

    pub(super) fn crashes(&mut self) {
        self.crashed = true;
        self.judge(&Happening::Ended { computer: 0, crashed: true });
    }

    pub(super) fn starts(&mut self) {
        self.crashed = false;
        self.judge(&Happening::Started { computer: 0 });
    }

    /// A cron with that key is put on the gateway, as an upsert.
    pub(super) fn own(&mut self, by: Hand, key: &str, enabled: bool) -> Option<Law> {
        let before = self.crons.get(&id(key)).cloned();
        let schedule = Schedule::At { at: self.now };
        let payload = Payload::Other("systemEvent".to_owned());
        let shot = Cron { declaration_key: Some(key.to_owned()), ..Cron::new(id(key), "own", schedule, payload) };
        let shot = defined(Cron { enabled, ..shot });
        self.crons.insert(id(key), shot.clone());
        let (after, verdict) = (Some(shot), Verdict::Done);
        let call = Call { by, method: Method::Add, cron: id(key), patch: None, before, after, verdict };
        self.judge(&Happening::Called(&call))
    }

    pub(super) fn tier(&mut self, name: &str, entry: TierEntry) {
        let picture = &mut self.pictures[0];
        let mut tiers = (*picture.tiers).clone();
        tiers.insert(id(name), entry.clone());
        picture.tiers = Arc::new(tiers);
        picture.revision += 1;
        self.disks[0].tiers.insert(id(name), entry);
    }

    pub(super) fn automation(&mut self, tell: impl Fn(&mut Automation)) {
        tell(&mut self.disks[0].settings.automation);
        tell(&mut Arc::make_mut(&mut self.pictures[0].settings).automation);
        self.pictures[0].revision += 1;
    }

    pub(super) fn folder_held(&mut self) {
        let held_by = Some("another".to_owned());
        self.pictures[0].folder = Some(FolderInfo { path: PathBuf::from("nowhere"), held_by });
    }

    /// A plan that moves these.
    pub(super) fn new_plan(&mut self, crons: &[&str]) {
        let picture = &mut self.pictures[0];
        let changes = crons.iter().map(|name| change(name)).collect();
        picture.plan = Arc::new(Plan { changes, at: self.now, ..(*picture.plan).clone() });
        picture.revision += 1;
    }

    pub(super) fn planned(&mut self, tell: impl FnOnce(&mut Change)) {
        let mut line = change("a");
        tell(&mut line);
        let picture = &mut self.pictures[0];
        picture.plan = Arc::new(Plan { changes: vec![line], ..(*picture.plan).clone() });
        picture.revision += 1;
    }

    pub(super) fn owes(&mut self, name: &str, wrote: Fields) {
        let before = self.crons[&id(name)].clone();
        let debt = LedgerEntry {
            cron: id(name),
            name: name.to_owned(),
            opened_at: self.now,
            why: LedgerReason::Crisis,
            before: before.fields(),
            wrote,
            revision_before: before.revision,
            definition: Arc::new(json!({})),
            confirmed: true,
            held: None,
            unknown: serde_json::Map::new(),
        };
        let ledger = Arc::new([(id(name), debt)].into());
        self.disks[0].keep(StoreOp::SaveLedger { ledger }, self.now);
    }

    pub(super) fn owes_nothing(&mut self) {
        self.disks[0].keep(StoreOp::SaveLedger { ledger: Arc::default() }, self.now);
    }

    pub(super) fn crisis(&mut self, is_on: bool) {
        let mode = CrisisMode { since: self.now, by: StartedBy::Hand, recovering: None };
        let crisis = Crisis { mode: Some(mode).filter(|_| is_on), ..Crisis::default() };
        self.disks[0].keep(StoreOp::SaveCrisis(Arc::new(crisis)), self.now);
    }

    /// The newest job's line is verified, and its switch in the history.
    pub(super) fn record(&mut self, computer: Computer, switch: &str, (from, to): &(Fields, Fields)) {
        let disk = &mut self.disks[computer];
        if let Some(line) = disk.jobs.last_mut().and_then(|job| job.lines.first_mut()) {
            line.outcome = Some(LineOutcome::Verified);
        }
        let switch = Switch {
            id: SwitchId::new(switch),
            plan: PlanId::new("plan-0"),
            at: self.now,
            cron: id("a"),
            name: "a".to_owned(),
            from: from.clone(),
            to: to.clone(),
            schedule: None,
            revision_before: None,
            revision_after: None,
            reason: Reason::NoEvidence,
            cause: Cause::Health,
            confirmation: Confirmation::NotNeeded,
            undone_by: None,
            by: StartedBy::Hand,
            seal: None,
        };
        disk.switches.insert(0, switch);
    }
}
