//! The engine in this process, on the same state folder as the program.

use std::sync::Arc;
use std::time::Duration;

use model_orchestrator::domain::{
    Chain, ChainOrder, CronId, GatewayTarget, Job, ModelRef, Plan, Price, Refusal, Route, RouteKey, Secret, Tier, Usd,
    VendorId,
};
use model_orchestrator::engine::{Command, Engine, EngineOptions, Event, SettingsChange, Snapshot, Target};
use model_orchestrator::gateway::Env;
use tokio::runtime::Runtime;

use crate::gateway::{Gateway, PATIENCE};
use crate::program::Program;

/// An engine that is connected and has planned.
pub struct Running {
    engine: Engine,
    runtime: Runtime,
}

impl Running {
    pub fn start(gateway: &Gateway, program: &Program) -> Self {
        Self::with(gateway, program, EngineOptions { watch: false, ..Self::options(program) })
    }

    /// One that looks at the accounts by itself, as the window's does.
    pub fn watching(gateway: &Gateway, program: &Program) -> Self {
        Self::with(gateway, program, Self::options(program))
    }

    pub fn options(program: &Program) -> EngineOptions {
        let home = program.home();
        let env = Env { home: Some(home.clone()), ..Env::default() };
        EngineOptions { state_root: Some(home.join("root")), env, watch: true, program: None }
    }

    pub fn with(gateway: &Gateway, program: &Program, options: EngineOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let running = Self { engine: Engine::start(options, || ()).expect("the engine starts"), runtime };
        let target = GatewayTarget {
            name: "real".to_owned(),
            url: gateway.url.clone(),
            token: Some(Secret::new(gateway.token.clone())),
            tls_fingerprint: None,
            remember_token: false,
            state_dir: Some(program.state_dir()),
        };
        running.ask(Command::Connect(Target::Gateway(target)));
        running.wait("a plan", |now| {
            now.crons_as_of.is_some() && !now.catalog.models.is_empty() && now.plan.decisions.len() == now.crons.len()
        });
        running
    }

    pub fn now(&self) -> Arc<Snapshot> {
        self.engine.handle.snapshot()
    }

    /// Sends a command and insists that it is carried out.
    pub fn ask(&self, command: Command) {
        if let Some(why) = self.try_(command) {
            panic!("refused: {why:?}");
        }
    }

    /// Sends a command; returns why it was refused, if it was.
    pub fn try_(&self, command: Command) -> Option<Refusal> {
        let mut events = self.engine.handle.events();
        let asked = self.engine.handle.send(command).expect("the engine takes commands");
        let answer = async {
            loop {
                match events.recv().await.expect("the engine lives") {
                    Event::Refused { ticket, why } if ticket == asked => return Some(why),
                    Event::Done { ticket, .. } if ticket == asked => return None,
                    _ => {}
                }
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, answer).await }).expect("an answer in time")
    }

    /// Waits until a snapshot is as described.
    pub fn wait(&self, what: &str, as_described: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        self.wait_for(PATIENCE, what, as_described)
    }

    pub fn wait_for(&self, patience: Duration, what: &str, as_described: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut snapshots = self.engine.handle.snapshots();
        let search = async {
            let found = snapshots.wait_for(|now| as_described(now)).await;
            found.expect("the engine lives").clone()
        };
        let found = self.runtime.block_on(async { tokio::time::timeout(patience, search).await });
        found.unwrap_or_else(|_| {
            let now = self.now();
            let planned: Vec<_> = now.plan.changes.iter().map(|change| (&change.name, &change.reason)).collect();
            let job = now
                .job
                .as_ref()
                .map(|job| (&job.phase, job.lines.iter().map(|line| &line.outcome).collect::<Vec<_>>()));
            panic!("waited in vain for {what}: {:?}, {:?}, plan {planned:?}, job {job:?}", now.connection, now.problems)
        })
    }

    /// Starts to apply every ticked line of `plan`.
    pub fn begin(&self, plan: &Plan) {
        let crons = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
        self.ask(Command::Apply { plan: plan.id.clone(), crons });
    }

    /// Waits for the end of the job that applies `plan`.
    pub fn finish(&self, plan: &Plan) -> Arc<Job> {
        self.finish_within(PATIENCE, plan)
    }

    pub fn finish_within(&self, patience: Duration, plan: &Plan) -> Arc<Job> {
        let over = |job: &Arc<Job>| job.plan.id == plan.id && !job.running();
        let done = self.wait_for(patience, "the job's end", |now| now.job.as_ref().is_some_and(over));
        done.job.clone().expect("a job")
    }

    pub fn wait_saved(&self) -> Arc<Snapshot> {
        self.wait("the edits on disk", |now| now.saving.is_empty())
    }

    /// Replaces every route by these (`key`, `provider/model`) and gives the tiers these chains.
    pub fn set_chains(&self, routes: &[(&str, &str)], chains: &[(Tier, &[&str])]) {
        for key in self.now().settings.routes.keys() {
            self.ask(Command::Settings(SettingsChange::RemoveRoute { key: key.clone() }));
        }
        for (key, model) in routes {
            let model = ModelRef::parse(model).expect("provider/model");
            let route = Route {
                label: (*key).to_owned(),
                vendor: VendorId::new(model.account().as_str()),
                model: Some(model),
                price: Some(Price { input: Usd(0.1), output: Usd(0.4) }),
                set_aside_until: None,
            };
            self.ask(Command::Settings(SettingsChange::PutRoute { key: RouteKey::new(key), route }));
        }
        for (tier, keys) in chains {
            let routes = keys.iter().map(RouteKey::new).collect();
            let chain = Chain { order: ChainOrder::Listed, routes };
            self.ask(Command::Settings(SettingsChange::SetChain { tier: *tier, chain }));
        }
        self.wait("routes that serve as named", |now| !now.match_asked && now.settings.routes.len() == routes.len());
    }

    /// Writes what is in flight, frees the folder and ends.
    pub fn end(self) {
        self.engine.shutdown();
    }
}

pub fn id(id: &str) -> CronId {
    CronId::new(id)
}
