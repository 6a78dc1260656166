//! The engine's thread and its loop: the only place that reads the clock.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, mpsc, watch};

use super::effect::Effect;
use super::input::Input;
use super::perform::{self, Performer};
use super::service::{self, Door};
use super::step::{settle, step};
use super::{Command, Event, Handle, Snapshot, Ticket, World};
use crate::gateway::Env;
use crate::words::{self, Speech};

/// Commands that may wait; more than this is a problem to show.
const COMMANDS: usize = 256;
/// News and results that may wait before their senders do.
const INPUTS: usize = 1024;
/// Events a slow reader may fall behind.
const EVENTS: usize = 256;
/// Inputs taken before the faces are shown something again.
const BATCH: usize = 256;
/// How long ending may take before the process goes anyway.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// The same in the background, where nobody waits at a window; systemd waits longer (`TimeoutStopSec`).
const END_PATIENCE_SERVED: Duration = Duration::from_secs(15);
/// Between two looks at what ends.
const GLANCE: Duration = Duration::from_millis(5);

/// What the engine needs to know of its surroundings.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Where the folders of the gateways are; `None`: the desktop's usual place.
    pub state_root: Option<PathBuf>,
    /// Where gateways are looked for.
    pub env: Env,
    /// Whether accounts are looked at without being told to.
    pub watch: bool,
    /// This program, for a gateway on this computer that shall start it when an account is expected back.
    pub program: Option<PathBuf>,
}

impl EngineOptions {
    /// This machine, as the desktop sees it.
    #[must_use]
    pub fn of_this_process() -> Self {
        // Without a path nothing is started, and a running program hears of it all the same.
        Self { state_root: None, env: Env::process(), watch: true, program: std::env::current_exe().ok() }
    }

    /// Gateways of this machine, for a face that must choose one before it starts an engine.
    #[must_use]
    pub fn discover(&self) -> Vec<crate::domain::Discovered> {
        crate::gateway::discover(&self.env)
    }

    fn state_root(&self) -> PathBuf {
        let usual = || directories::ProjectDirs::from("", "", "model-orchestrator").map(|dirs| dirs.data_dir().into());
        self.state_root.clone().or_else(usual).unwrap_or_else(|| PathBuf::from("model-orchestrator-state"))
    }
}

/// A running engine. Dropping it ends it, like [`Engine::shutdown`].
#[derive(Debug)]
pub struct Engine {
    pub handle: Handle,
    thread: Option<JoinHandle<()>>,
    /// Lets watchers in; it ends with the engine.
    service: Option<JoinHandle<()>>,
    end_patience: Duration,
}

/// What makes an engine one in the background.
struct Service {
    /// Where the system has one.
    door: Option<Door>,
}

impl Engine {
    /// Starts the engine on its own thread. `wake` is called after each snapshot, from that thread.
    ///
    /// # Errors
    /// When the thread or its runtime cannot be made.
    pub fn start(options: EngineOptions, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::begin(options, None, wake)
    }

    /// Starts an engine that others can watch, and that itself watches nobody: the one in the background.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be made.
    #[cfg(unix)]
    pub fn serve(options: EngineOptions, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let (door, post) = Door::new(options.env.vars.get("XDG_RUNTIME_DIR").map(PathBuf::from));
        let mut engine = Self::begin(options, Some(Service { door: Some(door) }), wake)?;
        engine.service = Some(service::start(engine.handle.clone(), service::this(clock()), post)?);
        Ok(engine)
    }

    /// Starts the engine in the background. On this system nobody can watch it.
    ///
    /// # Errors
    /// When a thread or its runtime cannot be made.
    #[cfg(not(unix))]
    pub fn serve(options: EngineOptions, wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        Self::begin(options, Some(Service { door: None }), wake)
    }

    fn begin(
        options: EngineOptions,
        service: Option<Service>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (command_sender, commands) = mpsc::channel(COMMANDS);
        let (event_sender, _) = broadcast::channel(EVENTS);
        let program = options.program.clone();
        let mut world = World::begin(options.state_root(), options.watch, TimeZone::system(), program, clock());
        world.serves = service.is_some();
        let end_patience = if world.serves { END_PATIENCE_SERVED } else { END_PATIENCE };
        let door = service.and_then(|service| service.door);
        let (snapshot_sender, snapshots) = watch::channel(Arc::new(world.snapshot(clock())));
        let handle = Handle::new(command_sender, snapshots, event_sender.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let faces = Faces { snapshots: snapshot_sender, events: event_sender, wake: Box::new(wake) };
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let run = AssertUnwindSafe(|| runtime.block_on(run(world, commands, &options, door, &faces)));
            if let Err(panic) = std::panic::catch_unwind(run) {
                faces.died(&panic_text(&*panic));
            }
            runtime.shutdown_timeout(END_PATIENCE);
        })?;
        Ok(Self { handle, thread: Some(thread), service: None, end_patience })
    }

    /// Finishes the line in flight, records the rest, releases the lease and waits for all of it.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let deadline = Instant::now() + self.end_patience;
        // A full queue is told as soon as it has room; an engine that has ended already needs no word.
        await_until(deadline, || thread.is_finished() || self.handle.send(Command::Shutdown).is_ok());
        for thread in [Some(thread), self.service.take()].into_iter().flatten() {
            await_until(deadline, || thread.is_finished());
            if thread.is_finished() {
                thread.join().ok();
            }
        }
    }
}

/// Looks again and again, at least once.
fn await_until(deadline: Instant, mut is_so: impl FnMut() -> bool) {
    while !is_so() && Instant::now() < deadline {
        std::thread::sleep(GLANCE);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where pictures and news go.
struct Faces {
    snapshots: watch::Sender<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Faces {
    fn show(&self, snapshot: Snapshot) {
        self.snapshots.send_replace(Arc::new(snapshot));
        (self.wake)();
    }

    fn tell(&self, event: Event) {
        // Nobody listens: fine, the snapshot holds the state.
        self.events.send(event).ok();
        (self.wake)();
    }

    fn died(&self, why: &str) {
        tracing::error!(why, "the engine ended");
        let last = (**self.snapshots.borrow()).clone();
        self.show(Snapshot { revision: last.revision + 1, ended: Some(why.to_owned()), ..last });
    }
}

async fn run(
    mut world: World,
    mut commands: mpsc::Receiver<(Ticket, Command)>,
    options: &EngineOptions,
    door: Option<Door>,
    faces: &Faces,
) {
    let (input_sender, mut inputs) = mpsc::channel(INPUTS);
    let mut performer = Performer::new(input_sender, options.env.clone(), options.state_root(), door, clock());
    performer.perform(Effect::Discover).await;
    let mut clocks = Clocks::now();
    loop {
        let input = tokio::select! {
            Some((ticket, command)) = commands.recv() => Some(Input::Command(ticket, command)),
            Some(input) = inputs.recv() => Some(input),
            due = sleep_towards(world.next_wake()) => due.then_some(Input::Tick),
            else => break,
        };
        // What happened is told after the picture that shows it.
        let mut events = Vec::new();
        // What was known is old before anything new is understood by it.
        for input in clocks.jumped().then_some(Input::ClockJumped).into_iter().chain(input) {
            let effects = step(&mut world, input, clock());
            carry_out(&world, &mut performer, &mut events, effects).await;
        }
        for _ in 0..BATCH {
            let waiting = inputs.try_recv().ok();
            let Some(input) =
                waiting.or_else(|| commands.try_recv().ok().map(|(ticket, command)| Input::Command(ticket, command)))
            else {
                break;
            };
            let effects = step(&mut world, input, clock());
            carry_out(&world, &mut performer, &mut events, effects).await;
        }
        let now = clock();
        let (shown, effects) = settle(&mut world, now);
        if shown {
            faces.show(world.snapshot(now));
        }
        for event in events {
            faces.tell(event);
        }
        carry_out(&world, &mut performer, &mut Vec::new(), effects).await;
        if world.may_end() {
            break;
        }
    }
    performer.end(END_PATIENCE).await;
    let now = clock();
    let last = world.snapshot(now);
    faces.show(Snapshot { revision: last.revision + 1, ended: Some(String::new()), ..last });
}

async fn carry_out(world: &World, performer: &mut Performer, events: &mut Vec<Event>, effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Emit(event) => events.push(event),
            Effect::Notify(notice) => {
                let zone = TimeZone::system();
                let speech = Speech { now: clock(), zone: &zone, settings: &world.effective, catalog: &world.catalog };
                perform::notify(words::notice(&notice, &speech));
            }
            other => performer.perform(other).await,
        }
    }
}

/// Sleeps until `at`, or for ever: no deadline means no wake-up. A long sleep is taken in slices, because
/// a computer that sleeps stops our timers, too; says whether `at` has come.
async fn sleep_towards(at: Option<Timestamp>) -> bool {
    let Some(at) = at else { return std::future::pending().await };
    let left: Duration = at.duration_since(clock()).try_into().unwrap_or(Duration::ZERO);
    tokio::time::sleep(left.min(SLICE)).await;
    clock() >= at
}

const SLICE: Duration = Duration::from_secs(30);
/// Further apart than this the clocks do not drift by themselves.
const JUMP: SignedDuration = SignedDuration::from_secs(10);

/// The calendar's clock beside one that nobody can set and that stands still while the computer sleeps.
struct Clocks {
    wall: Timestamp,
    steady: Instant,
}

impl Clocks {
    fn now() -> Self {
        Self { wall: clock(), steady: Instant::now() }
    }

    /// Whether they parted since the last time they were asked.
    fn jumped(&mut self) -> bool {
        let before = std::mem::replace(self, Self::now());
        let steady = SignedDuration::try_from(self.steady.duration_since(before.steady)).unwrap_or(SignedDuration::MAX);
        let parted = self.wall.duration_since(before.wall).saturating_sub(steady).abs() > JUMP;
        if parted {
            tracing::info!(before = %before.wall, now = %self.wall, "the clock jumped");
        }
        parted
    }
}

#[expect(clippy::disallowed_methods, reason = "this loop is where time enters")]
fn clock() -> Timestamp {
    Timestamp::now()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it failed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_with_a_full_queue_is_told_to_end_when_there_is_room() {
        let (sender, mut commands) = mpsc::channel(1);
        let world = World::begin(PathBuf::new(), false, TimeZone::UTC, None, Timestamp::UNIX_EPOCH);
        let (_snapshots, snapshots) = watch::channel(Arc::new(world.snapshot(Timestamp::UNIX_EPOCH)));
        let handle = Handle::new(sender, snapshots, broadcast::channel(1).0);
        handle.send(Command::Refresh).unwrap();
        assert!(handle.send(Command::Refresh).is_err(), "there is no room");
        let first = handle.next_ticket();
        let probe = handle.clone();
        let thread = std::thread::Builder::new().name("slow".to_owned()).spawn(move || {
            // It takes nothing before it was told in vain.
            while probe.next_ticket() == first {
                std::thread::yield_now();
            }
            while let Some((_, command)) = commands.blocking_recv() {
                if matches!(command, Command::Shutdown) {
                    return;
                }
            }
        });
        let engine = Engine { handle, thread: Some(thread.unwrap()), service: None, end_patience: 12 * END_PATIENCE };
        let before = Instant::now();
        engine.shutdown();
        assert!(before.elapsed() < 6 * END_PATIENCE, "it was told");
    }
}
