//! The built-in demo: its world by values, its socket by raw frames, its shapes against recordings.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests panic as tests do")]

mod month;
mod program;
mod providers;
mod seeding;
mod shapes;
mod socket;
mod world;

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::demo::{Caller, DemoClock, DemoOptions, Event, Fault, Reply, Request, World};
use serde_json::Value;

/// A Monday morning.
fn start() -> Timestamp {
    "2026-11-23T06:42:00Z".parse().unwrap()
}

fn options() -> DemoOptions {
    DemoOptions { clock: DemoClock::Manual(start()), write_delay: std::time::Duration::ZERO, ..DemoOptions::default() }
}

/// A world, its time and one operator.
struct Stage {
    world: World,
    now: Timestamp,
    caller: Caller,
}

impl Stage {
    fn new() -> Self {
        Self::with(&options())
    }

    fn with(options: &DemoOptions) -> Self {
        Self { world: World::new(options, start()), now: start(), caller: Caller::admin("tester") }
    }

    fn call(&mut self, method: &str, params: Value) -> Reply {
        self.world.apply(&self.caller, &Request::new(method, params), self.now)
    }

    fn ok(&mut self, method: &str, params: Value) -> Value {
        let reply = self.call(method, params);
        reply.answer.unwrap_or_else(|fault| panic!("{method} was refused: {fault:?}"))
    }

    fn refused(&mut self, method: &str, params: Value) -> Fault {
        self.call(method, params).answer.expect_err("it is refused")
    }

    fn pass(&mut self, time: SignedDuration) -> Vec<Event> {
        self.now += time;
        self.world.advance(self.now)
    }

    /// Every job, disabled ones too.
    fn jobs(&mut self) -> Vec<Value> {
        let list = self.ok("cron.list", serde_json::json!({ "includeDisabled": true, "sortBy": "name" }));
        list["jobs"].as_array().unwrap().clone()
    }

    fn job(&self, slug: &str) -> Value {
        self.world.job(id(slug).as_str()).unwrap_or_else(|| panic!("no job {slug}"))
    }
}

fn on_a_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn id(slug: &str) -> model_orchestrator::domain::CronId {
    model_orchestrator::demo::cron_id(slug)
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// The events of crons with this action, by job.
fn of_action<'a>(events: &'a [Event], action: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event.name == "cron" && event.payload["action"] == action)
        .map(|event| &event.payload)
        .collect()
}
