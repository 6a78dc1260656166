//! A world for the board's tests: a gateway with four accounts, crons by one-line descriptions,
//! and a plan that moves those that say so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::*;
use model_orchestrator::engine::{FolderInfo, Snapshot};
use serde_json::Value;

pub const MINIMAX: &str = "minimax/MiniMax-M3";
pub const FLASH: &str = "google/gemini-3-flash";
pub const KIMI: &str = "kimi/k2-turbo";
pub const OPUS: &str = "anthropic/claude-opus-4-6";
pub const SONNET: &str = "anthropic/claude-sonnet-4-6";

pub fn now() -> Timestamp {
    "2026-11-23T06:00:00Z".parse().expect("a timestamp")
}

/// A snapshot under construction.
#[derive(Default)]
pub struct World {
    crons: BTreeMap<CronId, Arc<Cron>>,
    tiers: TierMap,
    suggestions: BTreeMap<CronId, Suggestion>,
    changes: Vec<Change>,
    ledger: Ledger,
    down: BTreeMap<AccountId, Health>,
}

/// One cron under construction.
pub struct CronSpec<'a> {
    world: &'a mut World,
    id: CronId,
}

impl World {
    /// A cron whose id is its name, in a tier or unsorted, on `model` (the agent's default when empty).
    pub fn cron(&mut self, name: &str, tier: Option<Tier>, model: &str) -> CronSpec<'_> {
        let id = CronId::new(name);
        let turn = AgentTurn {
            message: "Report HEARTBEAT_OK".to_owned(),
            model: (!model.is_empty()).then(|| model.to_owned()),
            ..AgentTurn::default()
        };
        let last_run = LastRun {
            at: now() - SignedDuration::from_mins(3),
            status: RunStatus::Ok,
            error: None,
            error_reason: None,
            undelivered: false,
            duration: Some(SignedDuration::from_secs(4)),
        };
        let cron = Cron {
            revision: Some(Revision::new("r1")),
            next_run_at: Some(now() + SignedDuration::from_mins(2)),
            last_run: Some(last_run),
            ..Cron::new(
                id.clone(),
                name,
                Schedule::Every { every: SignedDuration::from_mins(5), anchor: None },
                Payload::AgentTurn(turn),
            )
        };
        self.crons.insert(id.clone(), Arc::new(cron));
        if let Some(tier) = tier {
            self.tiers.insert(id.clone(), TierEntry::new(tier));
        } else {
            let why = SuggestionReason::ReportsOk { word: "HEARTBEAT_OK".to_owned() };
            self.suggestions.insert(id.clone(), Suggestion { tier: Tier::T1, why });
        }
        CronSpec { world: self, id }
    }

    pub fn down(&mut self, account: &str, health: Health) -> &mut Self {
        self.down.insert(AccountId::new(account), health);
        self
    }

    pub fn snapshot(&self) -> Snapshot {
        let gateway = GatewayInfo {
            name: "home-mini".to_owned(),
            url: "ws://127.0.0.1:18789".to_owned(),
            version: "2026.9.6".to_owned(),
            access: Access::ReadWrite,
            clock_skew: SignedDuration::ZERO,
            latency: Some(SignedDuration::from_millis(4)),
        };
        Snapshot {
            revision: 1,
            at: now(),
            demo: false,
            connection: Connection::Connected(gateway),
            folder: Some(FolderInfo { path: PathBuf::from("/state/home-mini"), held_by: None }),
            owner: None,
            background: None,
            waiting: None,
            stands_aside: false,
            service: Arc::default(),
            discovered: Arc::default(),
            known: Arc::default(),
            settings: Arc::new(settings()),
            crons: Arc::new(self.crons.clone()),
            crons_as_of: Some(now() - SignedDuration::from_secs(8)),
            evidence_read: true,
            history_read: true,
            tiers: Arc::new(self.tiers.clone()),
            catalog: Arc::new(catalog()),
            accounts: Arc::default(),
            looks: Arc::default(),
            temporary: Arc::default(),
            fleet: Arc::new(self.fleet()),
            ledger: Arc::new(self.ledger.clone()),
            suggestions: Arc::new(self.suggestions.clone()),
            matches: Arc::default(),
            match_asked: false,
            plan: Arc::new(self.plan()),
            triage: Arc::default(),
            crisis: Arc::default(),
            offer: None,
            job: None,
            switches: Arc::default(),
            runs: Arc::default(),
            history: Arc::default(),
            undo: None,
            redo: None,
            saving: Arc::new(BTreeSet::new()),
            import: None,
            problems: Arc::default(),
            ended: None,
        }
    }

    fn plan(&self) -> Plan {
        let down: Vec<VendorDown> = self
            .down
            .iter()
            .map(|(account, health)| VendorDown {
                vendor: vendor_of(account),
                health: health.clone(),
                since: Some(now() - SignedDuration::from_hours(9)),
                resets_at: None,
            })
            .collect();
        let level = match down.len() {
            0 => OutageLevel::Healthy,
            1 => OutageLevel::Degraded,
            _ => OutageLevel::Crisis,
        };
        Plan {
            id: PlanId::new("plan-1"),
            at: now(),
            origin: PlanOrigin::Distribution,
            outage: Outage { level, down },
            changes: self.changes.clone(),
            decisions: Vec::new(),
            notes: Vec::new(),
            daily_cost: None,
            writes: None,
        }
    }

    fn fleet(&self) -> Fleet {
        let accounts = ["anthropic", "google", "kimi", "minimax"].map(|name| {
            let account = AccountId::new(name);
            let health = self.down.get(&account).cloned().unwrap_or(Health::Up);
            let since = Some(now() - SignedDuration::from_hours(9));
            (account, Vital { health, since, observed_at: Some(now()), ..Vital::default() })
        });
        Fleet { accounts: BTreeMap::from(accounts), ..Fleet::default() }
    }
}

impl CronSpec<'_> {
    /// Changes anything of the cron.
    pub fn with(self, change: impl FnOnce(&mut Cron)) -> Self {
        let cron = self.world.crons.get_mut(&self.id).expect("it was just added");
        change(Arc::make_mut(cron));
        self
    }

    /// Changes the user's entry.
    pub fn entry(self, change: impl FnOnce(&mut TierEntry)) -> Self {
        change(self.world.tiers.get_mut(&self.id).expect("it has a tier"));
        self
    }

    pub fn critical(self) -> Self {
        self.entry(|entry| entry.critical = true)
    }

    pub fn suggested(self, tier: Tier) -> Self {
        self.world.suggestions.get_mut(&self.id).expect("it is unsorted").tier = tier;
        self
    }

    pub fn failing(self, times: u32) -> Self {
        self.with(|cron| {
            cron.consecutive_errors = times;
            if let Some(run) = &mut cron.last_run {
                run.status = RunStatus::Error;
                run.error = Some("HTTP 429: 余额不足或无可用资源包".to_owned());
            }
        })
    }

    pub fn paused(self) -> Self {
        self.with(|cron| cron.enabled = false)
    }

    pub fn paused_by_us(self) -> Self {
        let cron = &self.world.crons[&self.id];
        let before = cron.fields();
        let entry = LedgerEntry {
            cron: self.id.clone(),
            name: cron.name.clone(),
            opened_at: now(),
            why: LedgerReason::NothingServes,
            wrote: Fields { enabled: false, ..before.clone() },
            before,
            revision_before: None,
            definition: Arc::new(Value::Null),
            confirmed: true,
            held: None,
            unknown: serde_json::Map::new(),
        };
        self.world.ledger.insert(self.id.clone(), entry);
        self.paused()
    }

    /// A command: it has no model.
    pub fn command(self) -> Self {
        self.world.suggestions.remove(&self.id);
        self.with(|cron| cron.payload = Payload::Other("command".to_owned()))
    }

    /// Planned to go to `model`, or to pause when it is empty.
    pub fn goes_to(self, model: &str) -> Self {
        let cron = self.world.crons[&self.id].clone();
        let (from, pause) = (cron.fields(), model.is_empty());
        let model = if pause { from.model.clone() } else { Some(model.to_owned()) };
        let to = Fields { model, enabled: !pause, ..from.clone() };
        let route = RouteKey::new("gemini_flash");
        self.world.changes.push(Change {
            cron: self.id.clone(),
            name: cron.name.clone(),
            tier: self.world.tiers.get(&self.id).map(|entry| entry.tier),
            critical: false,
            revision: cron.revision.clone(),
            schedule: None,
            from_model: from.model.as_deref().and_then(ModelRef::parse),
            to_model: to.model.as_deref().and_then(ModelRef::parse),
            from,
            to,
            to_route: (!pause).then(|| route.clone()),
            kind: if pause { ChangeKind::Pause } else { ChangeKind::Move },
            reason: Reason::NextInChain { route, ahead: [].into() },
            cause: Cause::Health,
            next_run_at: cron.next_run_at,
            running_since: None,
            marks: Vec::new(),
            ticked: true,
        });
        self
    }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    let models = [("minimax", MINIMAX), ("gemini_flash", FLASH), ("kimi", KIMI), ("opus", OPUS), ("sonnet", SONNET)];
    for (key, text) in models {
        settings.routes.get_mut(key).expect("a default route").model = ModelRef::parse(text);
    }
    settings
}

fn catalog() -> Catalog {
    let models = [MINIMAX, FLASH, KIMI, OPUS, SONNET].map(|text| {
        let id = ModelRef::parse(text).expect("a model reference");
        let model = Model::new(id.clone());
        (id, model)
    });
    Catalog { models: BTreeMap::from(models), default_model: ModelRef::parse(MINIMAX), agent_defaults: BTreeMap::new() }
}

/// One morning: MiniMax is out of credits, a handful of crons of every kind.
pub fn morning() -> World {
    let mut world = World::default();
    world.down("minimax", Health::OutOfBalance);
    let (t1, t2, t3) = (Some(Tier::T1), Some(Tier::T2), Some(Tier::T3));
    world.cron("Newsletter digest", None, "").suggested(Tier::T2);
    world.cron("disk-check", None, "");
    world.cron("竞品周报 (competitor weekly)", None, "").suggested(Tier::T3);
    world.cron("Heartbeat ping", t1, MINIMAX).goes_to(FLASH);
    world.cron("Log rotation report", t1, MINIMAX).goes_to(FLASH);
    world.cron("Session cleanup", t1, MINIMAX).goes_to(FLASH);
    world.cron("Certificate expiry", t1, FLASH);
    world.cron("Backup verify", t1, MINIMAX).critical().goes_to(FLASH);
    world.cron("Uptime probe", t1, FLASH);
    world.cron("Weekly wrap-up", t1, FLASH).paused_by_us();
    world.cron("Email triage", t2, FLASH).critical();
    world.cron("Mention screening", t2, FLASH);
    world.cron("Invoice chaser", t2, KIMI).failing(2);
    world.cron("Calendar conflicts", t2, FLASH).entry(|entry| entry.pinned = Some(Pin { model: None }));
    world.cron("Support inbox labels", t2, FLASH).entry(|entry| {
        entry.hold = Some(Hold { since: now(), why: HoldReason::Undone });
    });
    world.cron("Feed filter 🚀", t2, FLASH).goes_to("");
    world.cron("Morning strategy brief", t3, OPUS).critical();
    world.cron("Research synthesis", t3, OPUS).with(|cron| cron.running_since = Some(now()));
    world.cron("Blog draft", t3, SONNET);
    world.cron("Incident retrospective", t3, OPUS).paused();
    world.cron("rotate-logs.sh", None, "").command();
    world
}
