//! `serve`: the engine without a window, until it is told to end.
//!
//! It does what the settings let automation do, as the window would; windows and commands on the same folder act
//! through it. What happens goes to standard error, one line each; how it stands to whoever asks: a file, an address
//! of this computer, the system's own supervisor.

mod health;
mod journal;
mod supervisor;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use super::args::{Common, ServeArguments};
use super::exit::{Exit, Failure};
use super::target;
use crate::domain::{Connection, ProblemKind};
use crate::engine::{Command, Engine, EngineOptions, Event, Snapshot, Target, Ticket};
use crate::words::Speech;
use health::Health;
use journal::Journal;
use supervisor::Supervisor;

/// How long a gateway that does not let us in is left alone: its token may be another one by then.
const TRY_AGAIN: Duration = Duration::from_mins(1);
/// The health file says at least this often that it is not an old one.
const BEAT: Duration = Duration::from_secs(30);

pub(super) fn run(common: &Common, arguments: &ServeArguments) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed("wait"))?;
    runtime.block_on(serve(common, arguments))
}

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::new(Exit::Failed, format!("cannot {what}: {error}"))
}

async fn serve(common: &Common, arguments: &ServeArguments) -> Result<Exit, Failure> {
    let told_to_end = super::signal::told_to_end();
    tokio::pin!(told_to_end);
    super::signal::stay_when_the_terminal_goes().map_err(failed("wait for signals"))?;
    let mut running = Running::start(common, arguments, EngineOptions::of_this_process()).await?;
    let ended = tokio::select! {
        told = &mut told_to_end => told.map(|()| Exit::Done).map_err(failed("wait for signals")),
        why = running.keep_on() => Err(why),
    };
    running.supervisor.ends();
    tracing::info!(event = "ending", "finishing what is under way");
    let Running { engine, health, snapshots, mut journal, .. } = running;
    // The line in flight is finished, the rest recorded, the lease released.
    engine.shutdown();
    let last = snapshots.borrow().clone();
    journal.tell(&last);
    drop(health);
    tracing::info!(event = "ended", "ended");
    ended
}

struct Running<'a> {
    common: &'a Common,
    options: EngineOptions,
    engine: Engine,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
    health: Health,
    journal: Journal,
    supervisor: Supervisor,
    /// Shows that the engine is alive when it is answered.
    asked: Option<Ticket>,
}

impl<'a> Running<'a> {
    async fn start(common: &'a Common, arguments: &ServeArguments, options: EngineOptions) -> Result<Self, Failure> {
        let engine = Engine::serve(options.clone(), || ()).map_err(failed("start the engine"))?;
        Ok(Self {
            common,
            options,
            snapshots: engine.handle.snapshots(),
            events: engine.handle.events(),
            health: Health::start(arguments, engine.handle.clone()).await?,
            journal: Journal::default(),
            supervisor: Supervisor::of_this_process(),
            asked: None,
            engine,
        })
    }

    /// Goes on until it cannot.
    async fn keep_on(&mut self) -> Failure {
        if let Err(why) = self.connect().await {
            return why;
        }
        self.supervisor.ready();
        let mut try_again = Box::pin(std::future::pending()) as std::pin::Pin<Box<dyn Future<Output = ()>>>;
        let mut waits = false;
        let mut beat = tokio::time::interval(self.supervisor.beat().unwrap_or(BEAT).min(BEAT));
        loop {
            let now = self.snapshots.borrow_and_update().clone();
            self.journal.tell(&now);
            if let Some(why) = given_up(&now) {
                return why;
            }
            self.health.note(&now);
            let unwritable = unwritable(&now);
            let stopped = matches!(now.connection, Connection::Stopped { .. }) || unwritable.is_some();
            if stopped != waits {
                waits = stopped;
                try_again =
                    if stopped { Box::pin(tokio::time::sleep(TRY_AGAIN)) } else { Box::pin(std::future::pending()) };
            }
            tokio::select! {
                changed = self.snapshots.changed() => {
                    if changed.is_err() {
                        return Failure::new(Exit::Failed, "the engine ended");
                    }
                }
                () = &mut try_again => {
                    // A folder that takes nothing yet is left as it is: we look all the same.
                    let still = unwritable.is_some_and(|folder| tempfile::tempfile_in(folder).is_err());
                    waits = still || !self.connect_again().await;
                    if waits {
                        try_again = Box::pin(tokio::time::sleep(TRY_AGAIN));
                    }
                }
                _ = beat.tick() => {
                    self.health.beat();
                    self.asked = self.engine.handle.send(Command::KeepDoor).ok();
                }
                event = self.events.recv() => {
                    if let (Ok(Event::Done { ticket, .. }), Some(asked)) = (event, self.asked) && ticket == asked {
                        self.supervisor.alive();
                    }
                }
            }
        }
    }

    /// Tries anew; whether there was anything to try with. A file that is being written is there a minute later.
    async fn connect_again(&mut self) -> bool {
        // A job that waits for a gateway which does not let us in would keep us from asking anew.
        self.engine.handle.send(Command::LeaveTheRest).ok();
        let tried = self.connect().await;
        if let Err(why) = &tried {
            tracing::warn!(event = "target", "no way to the gateway for now: {}", why.what);
        }
        tried.is_ok()
    }

    /// To the gateway that the arguments name, with its token as it is now.
    async fn connect(&mut self) -> Result<(), Failure> {
        // What the engine found at its start may be old by now; files may keep one waiting.
        let options = self.options.clone();
        let found = tokio::task::spawn_blocking(move || options.discover()).await;
        let found = found.map_err(|error| Failure::new(Exit::Failed, format!("cannot look for gateways: {error}")))?;
        let target = target::choose(self.common, &found)?;
        tracing::info!(
            event = "started",
            version = env!("CARGO_PKG_VERSION"),
            pid = std::process::id(),
            gateway = target.url,
            "serving {}",
            target.name
        );
        let sent = self.engine.handle.send(Command::Connect(Target::Gateway(target)));
        sent.map(drop).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }
}

/// The folder that takes nothing.
fn unwritable(now: &Snapshot) -> Option<PathBuf> {
    let folder = now.folder.as_ref()?;
    let is_so = now.problems.iter().any(|problem| matches!(problem.what, ProblemKind::FolderNotWritable { .. }));
    is_so.then(|| folder.path.clone())
}

/// What no waiting mends.
fn given_up(now: &Snapshot) -> Option<Failure> {
    if let Some(why) = &now.ended {
        return Some(Failure::new(Exit::Failed, format!("the engine ended: {why}")));
    }
    let served = now.problems.iter().find(|problem| matches!(problem.what, ProblemKind::FolderServed { .. }));
    let zone = jiff::tz::TimeZone::system();
    served.map(|problem| Failure::of_problem(&problem.what, &speech(now, &zone)))
}

fn speech<'a>(now: &'a Snapshot, zone: &'a jiff::tz::TimeZone) -> Speech<'a> {
    Speech { now: now.at, zone, settings: &now.settings, catalog: &now.catalog }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::Arguments;
    use crate::demo::{Demo, DemoOptions};
    use crate::gateway::Env;

    const PATIENCE: Duration = Duration::from_secs(30);

    async fn seen(running: &mut Running<'_>, what: &str, is: impl Fn(&Connection) -> bool) {
        let now = tokio::time::timeout(PATIENCE, running.snapshots.wait_for(|now| is(&now.connection))).await;
        assert!(now.is_ok_and(|now| now.is_ok()), "{what}: {:?}", running.engine.handle.snapshot().connection);
    }

    #[tokio::test]
    async fn a_token_that_is_another_one_by_now_is_found_when_it_is_tried_again() {
        let demo = Demo::start(DemoOptions { run_jobs: false, ..DemoOptions::default() }).unwrap();
        let home = tempfile::tempdir().unwrap();
        let (_, port) = demo.url().trim_end_matches('/').rsplit_once(':').unwrap();
        std::fs::create_dir(home.path().join(".openclaw")).unwrap();
        let configure = |token: &str| {
            let text = format!("{{gateway: {{port: {port}, auth: {{mode: 'token', token: '{token}'}}}}}}");
            crate::state::atomic::write(&home.path().join(".openclaw/openclaw.json"), text.as_bytes()).unwrap();
        };
        let options = EngineOptions {
            state_root: Some(home.path().join("state")),
            env: Env { home: Some(home.path().to_owned()), ..Env::default() },
            watch: false,
            program: None,
        };
        let line = ["model-orchestrator", "serve", "--profile", "default"];
        let common = Arguments::try_parse_from(line).unwrap().common;
        let arguments =
            ServeArguments { log_format: crate::cli::args::LogFormat::Text, health: None, health_listen: None };
        configure("before");
        let mut running = Running::start(&common, &arguments, options).await.unwrap();
        running.connect().await.unwrap();
        seen(&mut running, "it is not let in", |now| matches!(now, Connection::Stopped { .. })).await;
        configure(demo.token().reveal());
        running.connect().await.unwrap();
        seen(&mut running, "it is let in", |now| now.info().is_some()).await;
        running.engine.shutdown();
    }

    #[test]
    fn a_folder_that_takes_nothing_is_looked_at_again() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let mut now =
            crate::engine::World::begin(PathBuf::new(), false, jiff::tz::TimeZone::UTC, None, at).snapshot(at);
        let path = PathBuf::from("/srv/state");
        now.folder = Some(crate::engine::FolderInfo { path: path.clone(), held_by: None });
        assert_eq!(unwritable(&now), None);
        let what = ProblemKind::FolderNotWritable { folder: "x".to_owned(), detail: "read-only".to_owned() };
        now.problems = Arc::new(vec![crate::domain::Problem { id: "state/folder".to_owned(), what, since: at }]);
        assert_eq!(unwritable(&now), Some(path));
    }

    #[tokio::test]
    async fn a_token_file_that_is_empty_for_a_while_ends_nothing() {
        let demo = Demo::start(DemoOptions { run_jobs: false, ..DemoOptions::default() }).unwrap();
        let home = tempfile::tempdir().unwrap();
        let token = home.path().join("token");
        let put = |text: &str| crate::state::atomic::write(&token, text.as_bytes()).unwrap();
        put("another");
        let options = EngineOptions {
            state_root: Some(home.path().join("state")),
            env: Env { home: Some(home.path().to_owned()), ..Env::default() },
            watch: false,
            program: None,
        };
        let line = ["model-orchestrator", "--url", demo.url(), "--token-file", token.to_str().unwrap(), "serve"]
            .map(String::from);
        let common = Arguments::try_parse_from(line).unwrap().common;
        let arguments =
            ServeArguments { log_format: crate::cli::args::LogFormat::Text, health: None, health_listen: None };
        let mut running = Running::start(&common, &arguments, options).await.unwrap();
        running.connect().await.unwrap();
        seen(&mut running, "it is not let in", |now| matches!(now, Connection::Stopped { .. })).await;
        put("");
        assert!(!running.connect_again().await, "it waits");
        put(demo.token().reveal());
        assert!(running.connect_again().await);
        seen(&mut running, "it is let in", |now| now.info().is_some()).await;
        running.engine.shutdown();
    }
}
