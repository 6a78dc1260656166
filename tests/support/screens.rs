//! Snapshots for the screens beside the board: a small fleet in which MiniMax is out of credits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::*;
use model_orchestrator::engine::{FolderInfo, Snapshot};

pub const NOW: &str = "2026-11-23T06:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().expect("a timestamp")
}

pub fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub fn model(text: &str) -> ModelRef {
    ModelRef::parse(text).expect("a model reference")
}

pub const MINIMAX: &str = "minimax/MiniMax-M3";
pub const FLASH: &str = "google/gemini-3-flash";
pub const KIMI: &str = "kimi/k2-turbo";
pub const OPUS: &str = "anthropic/claude-opus-4-6";

/// A snapshot under construction.
pub struct Scene {
    pub snapshot: Snapshot,
}

impl Scene {
    /// Connected, six crons on a gateway whose MiniMax account is out of credits, and nothing planned.
    pub fn new() -> Self {
        let crons = ["backup", "cleanup", "heartbeat", "invoice", "rotation", "standup"];
        let names = [
            "Backup verify",
            "Session cleanup",
            "Heartbeat ping",
            "Invoice chaser",
            "Log rotation report",
            "Team standup notes",
        ];
        let crons: BTreeMap<CronId, Arc<Cron>> = crons
            .iter()
            .zip(names)
            .map(|(id, name)| {
                (CronId::new(id), Arc::new(cron(id, name, if *id == "invoice" { KIMI } else { MINIMAX })))
            })
            .collect();
        let tiers = crons
            .keys()
            .map(|id| {
                let tier = if id.as_str() == "invoice" { Tier::T2 } else { Tier::T1 };
                (id.clone(), TierEntry { critical: id.as_str() == "backup", ..TierEntry::new(tier) })
            })
            .collect();
        let snapshot = Snapshot {
            revision: 1,
            at: now(),
            demo: false,
            connection: connected(Access::ReadWrite),
            folder: Some(FolderInfo {
                path: PathBuf::from("/home/ann/.local/state/model-orchestrator/home-mini"),
                held_by: None,
            }),
            owner: None,
            background: None,
            waiting: None,
            stands_aside: false,
            service: Arc::default(),
            discovered: Arc::default(),
            known: Arc::default(),
            settings: Arc::new(settings()),
            crons: Arc::new(crons),
            crons_as_of: Some(now() - SignedDuration::from_secs(8)),
            evidence_read: true,
            history_read: true,
            tiers: Arc::new(tiers),
            catalog: Arc::new(catalog()),
            accounts: Arc::default(),
            looks: Arc::default(),
            temporary: Arc::default(),
            fleet: Arc::new(fleet()),
            ledger: Arc::default(),
            suggestions: Arc::default(),
            matches: Arc::default(),
            match_asked: false,
            plan: Arc::new(plan("plan-0", Vec::new())),
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
        };
        Self { snapshot }
    }

    /// Five crons move, one made by an agent is left out.
    pub fn planned() -> Self {
        let mut scene = Self::new();
        let lines = [
            ("backup", 180, vec![]),
            ("heartbeat", 2, vec![]),
            ("cleanup", 60, vec![]),
            ("rotation", 300, vec![]),
            ("invoice", 540, vec![ChangeMark::Untested]),
            ("standup", 50, vec![ChangeMark::AgentMade]),
        ];
        let changes = lines.into_iter().map(|(id, next, marks)| scene.change(id, FLASH, next, marks)).collect();
        scene.snapshot.plan = Arc::new(plan("plan-1", changes));
        scene
    }

    /// Kimi and Google are down: three simple crons would move to MiniMax, one more only if it is ticked, one pauses,
    /// one is held. Nobody has answered yet.
    pub fn crisis() -> Self {
        let mut scene = Self::new();
        for cron in Arc::make_mut(&mut scene.snapshot.crons).values_mut() {
            let id = cron.id.clone();
            *cron = Arc::new(self::cron(id.as_str(), &cron.name, KIMI));
        }
        let tiers = Arc::make_mut(&mut scene.snapshot.tiers);
        tiers.get_mut("rotation").expect("has a tier").tier = Tier::T2;
        let ends = now() + minutes(720);
        let moves = [("backup", 180, vec![]), ("heartbeat", 2, vec![]), ("cleanup", 60, vec![])];
        let moves = moves.into_iter().chain([("standup", 50, vec![ChangeMark::AgentMade])]);
        let route = RouteKey::new("minimax");
        let mut changes: Vec<Change> = moves
            .map(|(id, next, marks)| Change {
                reason: Reason::CheapestInCrisis { route: route.clone() },
                to_route: Some(route.clone()),
                ..scene.change(id, MINIMAX, next, marks)
            })
            .collect();
        let ordinary = changes.clone();
        let pause = scene.change("invoice", KIMI, 540, vec![]);
        changes.push(Change {
            to: Fields { enabled: false, ..pause.from.clone() },
            to_route: None,
            kind: ChangeKind::Pause,
            reason: Reason::PausedInCrisis { expected_return: Some(ends) },
            ..pause
        });
        let mut enter = Plan { origin: PlanOrigin::Crisis, ..plan("enter-1", changes) };
        enter.decisions.push(Decision {
            cron: CronId::new("rotation"),
            verdict: Verdict::Waiting,
            chosen: None,
            model: None,
            skipped: Arc::default(),
            reason: Reason::RunsAfterReturn { expected_return: ends },
            since: None,
            would_change: None,
        });
        enter.decisions.sort_by(|a, b| a.cron.cmp(&b.cron));
        let down = |vendor: &str, resets_at| VendorDown {
            vendor: VendorId::new(vendor),
            health: Health::LimitHit { resets_at },
            since: Some(now() - minutes(60)),
            resets_at,
        };
        let down = vec![down("kimi", Some(ends)), down("google", Some(now() + minutes(60 * 27)))];
        enter.outage = Outage { level: OutageLevel::Crisis, down };
        let mut offered = plan("plan-1", ordinary);
        offered.changes.push(enter.changes[4].clone());
        offered.outage = enter.outage.clone();
        scene.snapshot.plan = Arc::new(offered);
        scene.snapshot.crisis =
            Arc::new(CrisisView { enter: Some(Arc::new(enter)), expected_end: Some(ends), ..CrisisView::default() });
        scene
    }

    /// Crisis mode is on since two hours; what was moved and paused is owed.
    pub fn in_crisis() -> Self {
        let mut scene = Self::crisis();
        let plan = Arc::clone(scene.snapshot.crisis.enter.as_ref().expect("an offer"));
        let lines: Vec<&Change> = plan.changes.iter().filter(|change| change.ticked).collect();
        for change in &lines {
            let cron = Arc::clone(&scene.snapshot.crons[&change.cron]);
            let there = self::cron(change.cron.as_str(), &cron.name, change.to.model.as_deref().expect("a model"));
            let written = Cron { enabled: change.to.enabled, ..there };
            Arc::make_mut(&mut scene.snapshot.crons).insert(change.cron.clone(), Arc::new(written));
            Arc::make_mut(&mut scene.snapshot.ledger).insert(change.cron.clone(), debt(change));
        }
        let back = lines.iter().map(|change| Change {
            from: change.to.clone(),
            to: change.from.clone(),
            from_model: change.to_model.clone(),
            to_model: change.from_model.clone(),
            kind: if change.to.enabled { ChangeKind::Move } else { ChangeKind::Resume },
            reason: Reason::GivenBack,
            ..(*change).clone()
        });
        let recover = Plan { origin: PlanOrigin::Recovery, ..self::plan("recover-1", back.collect()) };
        let mode = CrisisMode { since: now() - minutes(118), by: StartedBy::Hand, recovering: None };
        let view = Arc::make_mut(&mut scene.snapshot.crisis);
        view.enter = None;
        view.recover = Some(Arc::new(recover));
        view.state = Arc::new(Crisis { mode: Some(mode), ..Crisis::default() });
        let down = plan.outage.down.iter().map(|down| down.vendor.clone()).collect();
        view.readiness = Readiness::StillDown { vendors: down, expected: view.expected_end };
        let outage = plan.outage.clone();
        scene.snapshot.plan = Arc::new(Plan { origin: PlanOrigin::Crisis, outage, ..self::plan("plan-2", Vec::new()) });
        scene
    }

    /// Kimi has come back and settled.
    pub fn can_recover() -> Self {
        Self::in_crisis().with(|snapshot| {
            let view = Arc::make_mut(&mut snapshot.crisis);
            view.readiness = Readiness::Ready;
            let back = BTreeMap::from([(VendorId::new("kimi"), now() - minutes(12))]);
            Arc::make_mut(&mut view.state).came_back = back;
            let outage = &mut Arc::make_mut(&mut snapshot.plan).outage;
            outage.level = OutageLevel::Degraded;
            outage.down.remove(0);
        })
    }

    /// What was changed is being given back; the canary waits for its run.
    pub fn recovering() -> Self {
        use LineOutcome::{Verified, Waiting};
        let mut scene = Self::can_recover();
        let recover = scene.snapshot.crisis.recover.clone().expect("a plan");
        scene.snapshot.plan = recover;
        let proving = JobPhase::Proving { stage: 0, until: now() + minutes(4) };
        scene.job(proving, &[Verified, Waiting, Waiting, Waiting]).with(|snapshot| {
            let view = Arc::make_mut(&mut snapshot.crisis);
            view.readiness = Readiness::Recovering;
            let state = Arc::make_mut(&mut view.state);
            let mode = state.mode.as_mut().expect("it is on");
            mode.recovering = Some(Recovering { since: now(), by: StartedBy::Hand });
        })
    }

    /// Everything was given back; two crons missed runs, one of them was run since.
    pub fn recovered() -> Self {
        let line = |id: &str, name: &str, n_runs: u32, seal| ReportLine {
            cron: CronId::new(id),
            name: name.to_owned(),
            back_at: now() - minutes(2),
            seal,
            paused_from: (n_runs > 0).then(|| now() - minutes(118)),
            missed: (n_runs > 0).then(|| Missed { n_runs, first: None, last: Some(now() - minutes(30)) }),
            ran_at: None,
        };
        let lines = vec![
            line("backup", "Backup verify", 0, Seal::Identical),
            line("invoice", "Invoice chaser", 1, Seal::Identical),
            line("rotation", "Log rotation report", 3, Seal::Differs),
        ];
        Self::new().with(|snapshot| {
            Arc::make_mut(&mut snapshot.plan).outage = Outage::default();
            let report = Some(RecoveryReport { since: now() - minutes(3), lines });
            Arc::make_mut(&mut snapshot.crisis).state = Arc::new(Crisis { report, ..Crisis::default() });
        })
    }

    /// A line that moves a cron of the scene to `to`.
    pub fn change(&self, id: &str, to: &str, next_in_minutes: i64, marks: Vec<ChangeMark>) -> Change {
        let cron = &self.snapshot.crons[id];
        let from = cron.fields();
        let fields = Fields { model: Some(to.to_owned()), fallbacks: Some([KIMI.to_owned()].into()), enabled: true };
        let entry = &self.snapshot.tiers[id];
        Change {
            cron: cron.id.clone(),
            name: cron.name.clone(),
            tier: Some(entry.tier),
            critical: entry.critical,
            revision: cron.revision.clone(),
            schedule: None,
            from_model: from.model.as_deref().and_then(ModelRef::parse),
            from,
            to: fields,
            to_model: Some(model(to)),
            to_route: Some(RouteKey::new("gemini_flash")),
            kind: ChangeKind::Move,
            reason: if entry.tier == Tier::T2 {
                let since = Some(now() - minutes(536));
                Reason::FirstServing { route: RouteKey::new("gemini_flash"), ahead: [].into(), since }
            } else {
                Reason::NextInChain { route: RouteKey::new("gemini_flash"), ahead: [minimax_down()].into() }
            },
            cause: Cause::Health,
            next_run_at: Some(now() + minutes(next_in_minutes)),
            running_since: None,
            ticked: !marks.contains(&ChangeMark::AgentMade),
            marks,
        }
    }

    /// The plan as a job, with an outcome for each line.
    pub fn job(mut self, phase: JobPhase, outcomes: &[LineOutcome]) -> Self {
        let plan = Arc::clone(&self.snapshot.plan);
        let lines = plan.changes.iter().zip(outcomes);
        let lines = lines
            .map(|(change, outcome)| JobLine { change: Arc::new(change.clone()), outcome: outcome.clone(), stage: 0 })
            .collect();
        let running = !matches!(phase, JobPhase::Done | JobPhase::Stopped | JobPhase::Interrupted);
        self.snapshot.job = Some(Arc::new(Job {
            id: 1,
            plan,
            lines,
            phase,
            started_at: now() - SignedDuration::from_secs(2),
            ended_at: (!running).then(now),
            expected_end: running.then(|| now() + SignedDuration::from_secs(3)),
        }));
        self.snapshot.plan = Arc::new(self::plan("plan-2", Vec::new()));
        self
    }

    /// One switch of the plan `plan`, minutes ago.
    pub fn switched(mut self, id: &str, plan: &str, cron: &str, ago: i64, confirmation: Confirmation) -> Self {
        let change = self.change(cron, FLASH, 10, vec![]);
        let switch = Switch {
            id: SwitchId::new(id),
            plan: PlanId::new(plan),
            at: now() - minutes(ago),
            cron: change.cron.clone(),
            name: change.name.clone(),
            from: change.from.clone(),
            to: change.to.clone(),
            schedule: None,
            revision_before: None,
            revision_after: None,
            reason: change.reason.clone(),
            cause: Cause::Health,
            confirmation,
            undone_by: None,
            by: model_orchestrator::domain::StartedBy::Hand,
            seal: None,
        };
        let mut switches = self.snapshot.switches.to_vec();
        switches.push(switch);
        self.snapshot.switches = Arc::new(switches);
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(&mut self.snapshot);
        self.snapshot.revision += 1;
        self
    }
}

/// What is owed for a change of crisis mode.
fn debt(change: &Change) -> LedgerEntry {
    LedgerEntry {
        cron: change.cron.clone(),
        name: change.name.clone(),
        opened_at: now() - minutes(118),
        why: LedgerReason::Crisis,
        before: change.from.clone(),
        wrote: change.to.clone(),
        revision_before: change.revision.clone(),
        definition: Arc::new(serde_json::Value::Null),
        confirmed: true,
        held: None,
        unknown: serde_json::Map::new(),
    }
}

pub fn connected(access: Access) -> Connection {
    Connection::Connected(GatewayInfo {
        name: "home-mini".to_owned(),
        url: "ws://127.0.0.1:18789".to_owned(),
        version: "2026.9.6".to_owned(),
        access,
        clock_skew: SignedDuration::ZERO,
        latency: Some(SignedDuration::from_millis(4)),
    })
}

fn minimax_down() -> Skipped {
    let since = Some(now() - minutes(536));
    Skipped { route: RouteKey::new("minimax"), why: SkipReason::Down { health: Health::OutOfBalance, since } }
}

pub fn settings() -> Settings {
    let mut settings = Settings::default();
    let models = [("minimax", MINIMAX), ("gemini_flash", FLASH), ("kimi", KIMI), ("opus", OPUS)];
    for (key, text) in models {
        if let Some(route) = settings.routes.get_mut(key) {
            route.model = Some(model(text));
        }
    }
    settings
}

fn catalog() -> Catalog {
    let listed = |text: &str, name: &str| {
        let id = model(text);
        let entry = Model { name: name.to_owned(), context_window: Some(200_000), ..Model::new(id.clone()) };
        (id, entry)
    };
    Catalog {
        models: BTreeMap::from([
            listed(MINIMAX, "MiniMax M3"),
            listed(FLASH, "Gemini 3 Flash"),
            listed(KIMI, "Kimi K2 Turbo"),
            listed(OPUS, "Claude Opus 4.6"),
        ]),
        default_model: Some(model(MINIMAX)),
        agent_defaults: BTreeMap::new(),
    }
}

fn fleet() -> Fleet {
    let vital = |health: Health| Vital {
        health,
        since: Some(now() - minutes(536)),
        observed_at: Some(now()),
        ..Vital::default()
    };
    Fleet {
        accounts: BTreeMap::from([
            (AccountId::new("minimax"), vital(Health::OutOfBalance)),
            (AccountId::new("google"), vital(Health::Up)),
            (AccountId::new("kimi"), vital(Health::Up)),
        ]),
        windows: BTreeMap::from([(
            AccountId::new("google"),
            vec![QuotaWindow {
                resets_at: Some(now() + minutes(60 * 27)),
                ..QuotaWindow::new("Day", 0.71, now(), Source::UsageStatus)
            }],
        )]),
        ..Fleet::default()
    }
}

pub fn cron(id: &str, name: &str, model: &str) -> Cron {
    Cron {
        revision: Some(Revision::new("r1")),
        next_run_at: Some(now() + minutes(30)),
        last_run: Some(LastRun {
            at: now() - minutes(90),
            status: RunStatus::Ok,
            error: None,
            error_reason: None,
            undelivered: false,
            duration: Some(SignedDuration::from_secs(14)),
        }),
        made_by: if id == "standup" { MadeBy::Agent } else { MadeBy::Operator },
        ..Cron::new(
            CronId::new(id),
            name,
            Schedule::Cron { expr: "30 1 * * *".to_owned(), zone: Some("Asia/Shanghai".to_owned()), stagger: None },
            Payload::AgentTurn(AgentTurn {
                message: "Run the check and report HEARTBEAT_OK".to_owned(),
                model: Some(model.to_owned()),
                ..AgentTurn::default()
            }),
        )
    }
}

pub fn plan(id: &str, changes: Vec<Change>) -> Plan {
    let mut decisions: Vec<Decision> = changes
        .iter()
        .map(|change| Decision {
            cron: change.cron.clone(),
            verdict: Verdict::Change,
            chosen: change.to_route.clone(),
            model: change.to_model.clone(),
            skipped: [minimax_down(), Skipped { route: RouteKey::new("kimi"), why: SkipReason::NotNeeded }].into(),
            reason: change.reason.clone(),
            since: Some(now() - minutes(536)),
            would_change: Some(Trigger::RouteServes { route: RouteKey::new("minimax"), settle: minutes(10) }),
        })
        .collect();
    decisions.sort_by(|a, b| a.cron.cmp(&b.cron));
    let down = VendorDown {
        vendor: VendorId::new("minimax"),
        health: Health::OutOfBalance,
        since: Some(now() - minutes(536)),
        resets_at: None,
    };
    Plan {
        id: PlanId::new(id),
        at: now(),
        origin: PlanOrigin::Distribution,
        outage: Outage { level: OutageLevel::Degraded, down: vec![down] },
        daily_cost: Some(CostEstimate { before: Usd(1.1), after: Usd(1.4) }),
        writes: None,
        changes,
        decisions,
        notes: Vec::new(),
    }
}
