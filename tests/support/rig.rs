//! A running engine beside a running demo gateway, in a temporary folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use model_orchestrator::demo::{Demo, DemoClock, DemoOptions, seed_state};
use model_orchestrator::domain::{Cron, CronId, GatewayTarget, Job, Plan, Refusal, Tier};
use model_orchestrator::engine::{Command, Edit, Engine, EngineOptions, Event, Snapshot, Target};
use model_orchestrator::gateway::{self, Endpoint, Env, News};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway and a folder that outlive engines.
pub struct Rig {
    pub demo: Demo,
    folder: tempfile::TempDir,
}

impl Rig {
    /// A demo gateway with the demo's own state folder.
    pub fn new() -> Self {
        Self::with(DemoOptions { write_limit: 10_000, run_jobs: false, ..DemoOptions::default() })
    }

    pub fn with(options: DemoOptions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let demo = Demo::start(options).expect("the demo starts");
        seed_state(&folder.path().join("state"), &demo).expect("the demo's files");
        Self { demo, folder }
    }

    /// A demo gateway whose clock stands still until it is told to go on.
    pub fn at_its_own_time() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the engine beside it lives in real time")]
        let clock = DemoClock::Manual(jiff::Timestamp::now());
        Self::with(DemoOptions { write_limit: 10_000, run_jobs: false, clock, ..DemoOptions::default() })
    }

    /// A demo gateway that nobody has sorted crons of.
    pub fn unsorted() -> Self {
        let rig = Self::new();
        std::fs::remove_dir_all(rig.state_dir()).expect("removes the seeded folder");
        rig
    }

    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn target(&self) -> GatewayTarget {
        GatewayTarget {
            name: "test".to_owned(),
            url: self.demo.url().to_owned(),
            token: Some(self.demo.token().clone()),
            tls_fingerprint: None,
            remember_token: false,
            state_dir: Some(self.state_dir()),
        }
    }

    /// An engine that is connected and has planned.
    pub fn engine(&self) -> Running {
        let running = self.engine_alone();
        running.tell(Command::Connect(Target::Gateway(self.target())));
        running.wait("crons and models", |now| now.crons_as_of.is_some() && !now.catalog.models.is_empty());
        running.wait("a plan", |now| now.plan.decisions.len() == now.crons.len());
        running
    }

    /// An engine that finds the folder held by another one.
    pub fn looking_on(&self) -> Running {
        let running = self.engine_alone();
        running.tell(Command::Connect(Target::Gateway(self.target())));
        running.wait("a held folder", |now| now.folder.as_ref().is_some_and(|folder| folder.held_by.is_some()));
        running.wait("crons", |now| now.crons_as_of.is_some() && now.plan.decisions.len() == now.crons.len());
        running
    }

    /// An engine that was told nothing yet.
    pub fn engine_alone(&self) -> Running {
        Running { engine: Engine::start(self.options(), || ()).expect("the engine starts") }
    }

    /// An engine in the background that is connected and has planned.
    #[cfg(unix)]
    pub fn service(&self) -> Running {
        let running = Running { engine: Engine::serve(self.options(), || ()).expect("the engine starts") };
        running.tell(Command::Connect(Target::Gateway(self.target())));
        running.wait("crons and models", |now| now.crons_as_of.is_some() && !now.catalog.models.is_empty());
        running.wait("a plan", |now| now.plan.decisions.len() == now.crons.len());
        running
    }

    /// An engine that watches the one in the background.
    #[cfg(unix)]
    pub fn watching(&self) -> Running {
        let running = self.engine_alone();
        running.tell(Command::Connect(Target::Gateway(self.target())));
        running.wait("the other's picture", |now| now.background.is_some());
        running
    }

    fn options(&self) -> EngineOptions {
        EngineOptions {
            state_root: Some(self.root().join("root")),
            env: Env { home: Some(self.root().to_path_buf()), ..Env::default() },
            watch: false,
            program: None,
        }
    }

    /// Calls of one method that the gateway has seen.
    pub fn calls(&self, method: &str) -> u64 {
        self.demo.calls().get(method).copied().unwrap_or(0)
    }

    /// Every call so far that could have changed something.
    pub fn writes(&self) -> u64 {
        ["cron.update", "cron.add", "cron.remove", "cron.run", "config.patch", "config.set"]
            .iter()
            .map(|method| self.calls(method))
            .sum()
    }

    /// Runs one enabled cron of that provider now, as a person would from the gateway's own tools,
    /// and waits for the end of the run.
    pub fn force_run_on(&self, provider: &str) {
        let endpoint = Endpoint {
            url: self.demo.url().to_owned(),
            token: Some(self.demo.token().clone()),
            device: None,
            tls_fingerprint: None,
        };
        block_on(async {
            let mut connected = gateway::connect(&endpoint).await.expect("connects");
            let (client, catalog) = (&connected.client, connected.client.catalog().await.expect("models"));
            let crons = client.crons().await.expect("crons").crons;
            let runs_there = |cron: &&Cron| {
                let model = catalog.resolve(cron.turn()?.model.as_deref(), cron.agent.as_deref())?;
                (cron.routable() && cron.running_since.is_none() && model.provider() == provider).then_some(())
            };
            let cron = crons.iter().find(|cron| runs_there(cron).is_some()).expect("a cron of that provider");
            client.call("cron.run", serde_json::json!({ "id": cron.id.as_str() })).await.expect("it is queued");
            self.demo.advance(jiff::SignedDuration::from_secs(1));
            self.demo.finish_runs();
            while !matches!(connected.news.recv().await, Some(News::RunFinished(run, _)) if run.cron == cron.id) {}
        });
    }

    /// Puts one entry into `ledger.json`, as an earlier life of the program left it.
    pub fn write_ledger(&self, cron: &CronId, entry: &serde_json::Value) {
        let ledger = serde_json::json!({ "entries": { cron.as_str(): entry } });
        let file = std::fs::File::create(self.state_dir().join("ledger.json")).expect("creates it");
        serde_json::to_writer_pretty(file, &ledger).expect("writes it");
    }

    /// The lines of the log once there are as many as said: they are written after the switch is shown.
    pub fn log_of(&self, n_lines: usize) -> Vec<String> {
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.log().len() < n_lines && std::time::Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.log()
    }

    pub fn log(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.state_dir().join("switches.log")).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }
}

/// A running engine.
pub struct Running {
    pub engine: Engine,
}

impl Running {
    pub fn now(&self) -> Arc<Snapshot> {
        self.engine.handle.snapshot()
    }

    pub fn tell(&self, command: Command) {
        self.engine.handle.send(command).expect("the engine takes commands");
    }

    /// Sends a command and returns what the engine says about it.
    pub fn ask(&self, command: Command) -> Event {
        let mut events = self.engine.handle.events();
        let asked = self.engine.handle.send(command).expect("the engine takes commands");
        block_on(async move {
            loop {
                match events.recv().await.expect("the engine lives") {
                    Event::Refused { ticket, why } if ticket == asked => return Event::Refused { ticket, why },
                    Event::Done { ticket, what } if ticket == asked => return Event::Done { ticket, what },
                    _ => {}
                }
            }
        })
    }

    /// Waits until a snapshot is as described.
    pub fn wait(&self, what: &str, as_described: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.engine.handle.snapshots();
        let found = block_on(async move {
            let wait = snapshots.wait_for(|now| as_described(now));
            tokio::time::timeout(PATIENCE, wait).await.map(|found| found.expect("the engine lives").clone())
        });
        found.unwrap_or_else(|_| {
            let now = self.now();
            panic!(
                "waited in vain for {what}; connection {:?}, problems {:?}, health {:?}, plan {:?}",
                now.connection,
                now.problems,
                now.fleet.accounts,
                now.plan.changes.iter().map(|change| (&change.name, change.kind)).collect::<Vec<_>>()
            )
        })
    }

    pub fn set_tier(&self, names: &[&str], tier: Tier) {
        let crons = names.iter().map(|name| self.cron(name)).collect();
        self.ask(Command::Edit(Edit::SetTier { crons, tier: Some(tier) }));
        self.wait("the edit on disk", |now| now.saving.is_empty());
    }

    pub fn cron(&self, name: &str) -> CronId {
        let now = self.now();
        let found = now.crons.values().find(|cron| cron.name == name);
        found.unwrap_or_else(|| panic!("no cron is called {name}")).id.clone()
    }

    /// Applies every ticked line of the plan that is on offer and waits for the job's end.
    pub fn apply_all(&self) -> Arc<Job> {
        let plan = self.now().plan.clone();
        self.apply(&plan)
    }

    pub fn apply(&self, plan: &Plan) -> Arc<Job> {
        self.try_apply(plan).expect("the plan is accepted")
    }

    /// The same; `None` when the plan was another one by then.
    pub fn try_apply(&self, plan: &Plan) -> Option<Arc<Job>> {
        let crons = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
        let event = self.ask(Command::Apply { plan: plan.id.clone(), crons });
        if matches!(event, Event::Refused { why: Refusal::Drifted, .. }) {
            return None;
        }
        assert!(matches!(event, Event::Done { .. }), "the plan is accepted: {event:?}");
        let done = self.wait("the job's end", |now| now.job.as_ref().is_some_and(|job| !job.running()));
        Some(done.job.clone().expect("the job is shown"))
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(PATIENCE * 2, work).await.expect("it does not hang") })
}
