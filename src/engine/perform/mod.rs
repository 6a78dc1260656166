//! Carries effects out: every socket, file, dialog service and thread of the engine is behind here.

mod desktop;
mod gateway;
mod install;
mod keychain;
mod keys;
mod look;
mod notify;
mod own;
mod store;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OnceCell, mpsc, oneshot};
use tokio::task::AbortHandle;

pub use desktop::{keychain_answers, notifications_answer};
pub use install::standing as service_standing;
pub use keychain::{load as load_token, save as save_token};
pub use notify::notify;

use super::effect::{Effect, StoreOp};
use super::input::{DemoStarted, Heard, Input};
use super::service::{self, Door};
use super::{Command, Event, Ticket};
use crate::demo::{Demo, DemoOptions};
use crate::domain::{ProblemKind, Refusal};
use crate::gateway::{Client, Env};
use crate::providers::Http;
use crate::state::{Folder, StateError};

/// The outside, as the engine reaches it.
pub struct Performer {
    inputs: mpsc::Sender<Input>,
    store: store::Store,
    env: Env,
    state_root: PathBuf,
    client: Option<Client>,
    /// Filled in by the connecting task.
    pending_client: Option<oneshot::Receiver<Client>>,
    /// Everything that belongs to the current connection.
    connection_tasks: Vec<AbortHandle>,
    demo: Option<RunningDemo>,
    /// The program in the background, while we have a word with it.
    link: Option<Link>,
    /// When this engine began, for that program.
    since: Timestamp,
    /// Made with the first look: it reads the system's certificates.
    http: Arc<OnceCell<Http>>,
    /// The configuration of the gateway that we talk to, where it is on this machine.
    gateway_url: Option<String>,
}

/// Writes the month before a demo began into its state folder, for whoever opens that later. Nothing where somebody has
/// opened it already.
///
/// # Errors
/// When it cannot be written.
pub fn remember_month(folder: &Path, demo: &Demo) -> Result<(), StateError> {
    let (month, now) = (demo.month()(), demo.now());
    let (mut folder, _) = Folder::open(folder, "demo", now)?;
    if folder.held_by().is_some() {
        return Ok(());
    }
    folder.remember_runs(&month.runs, None, now)?;
    folder.remember_readings(&month.readings, now)
}

/// The connection to another program on our folder; it ends with this.
struct Link {
    number: u64,
    asks: mpsc::Sender<(Ticket, Command)>,
    task: AbortHandle,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Commands on their way to another program; more is a problem to show.
const PASSED: usize = 64;

struct RunningDemo {
    demo: Demo,
    /// Removed with everything in it when the demo ends.
    _folder: tempfile::TempDir,
}

impl Performer {
    /// `door` lets watchers in, where there is no window.
    pub fn new(inputs: mpsc::Sender<Input>, env: Env, state_root: PathBuf, door: Option<Door>, now: Timestamp) -> Self {
        let store = store::Store::start(inputs.clone(), door);
        Self {
            inputs,
            store,
            env,
            state_root,
            client: None,
            pending_client: None,
            connection_tasks: Vec::new(),
            demo: None,
            link: None,
            since: now,
            http: Arc::default(),
            gateway_url: None,
        }
    }

    pub async fn perform(&mut self, effect: Effect) {
        match effect {
            // Told by the loop, which knows the world.
            Effect::Emit(_) | Effect::Notify(_) => {}
            Effect::Store(op) => self.store.queue(*op).await,
            Effect::Discover => {
                let (env, root) = (self.env.clone(), self.state_root.clone());
                self.spawn("discover", async move {
                    let look = move || (crate::gateway::discover(&env), crate::state::gateways::read(&root));
                    let (found, known) = tokio::task::spawn_blocking(look).await.ok()?;
                    Some(Input::Discovered { found, known })
                });
            }
            Effect::StartDemo => {
                let result = self.start_demo();
                self.tell(Input::DemoStarted(result));
            }
            Effect::DemoMonth => {
                let Some(running) = &self.demo else { return };
                let month = running.demo.month();
                self.spawn("demo", async move {
                    let month = tokio::task::spawn_blocking(month).await.ok()?;
                    Some(Input::DemoMonth(Box::new(month)))
                });
            }
            Effect::StopDemo => {
                self.store.flush().await;
                self.demo = None;
            }
            Effect::DemoOutage { provider, outage } => {
                if let Some(running) = &self.demo {
                    running.demo.set_outage(&provider, outage);
                }
            }
            Effect::Watch { link, socket } => self.watch(link, socket),
            Effect::Unwatch => self.link = None,
            Effect::Pass { ticket, command } => self.pass(ticket, *command),
            Effect::Disconnect => self.disconnect(),
            Effect::Connect { session, target } => {
                self.disconnect();
                self.gateway_url = Some(target.url.clone());
                self.connect(session, target);
            }
            Effect::Fetch { session, what } => self.fetch(session, what),
            Effect::Prove { session, cron } => self.prove(session, cron),
            Effect::Write { job, cron, patch, expected } => self.write(job, cron, patch, expected),
            Effect::Look { id, look } => self.look(id, *look),
            Effect::AskGateway { session, id, account } => self.ask_gateway(session, id, account),
            Effect::RunCron { session, cron } => self.run_cron(session, cron),
            Effect::PlaceCheck { session, account, at, argv } => self.place_check(session, account, at, argv),
            Effect::RemoveOwn { session, cron } => self.remove_own(session, cron),
            Effect::Mark { session, mark, over } => self.mark(session, mark, over),
            Effect::Unmark { session, cron, folder } => self.unmark(session, cron, folder),
            Effect::Unit { op, of } => self.unit(op, *of),
            Effect::KeepKey { ticket, account, key } => {
                self.spawn("keychain", async move {
                    let id = account.id.clone();
                    let result = keys::keep(*account, key).await;
                    Some(Input::KeyKept { ticket, account: id, result })
                });
            }
            Effect::RememberToken { url, token } => {
                self.spawn("keychain", async move {
                    let saved = tokio::task::spawn_blocking(move || keychain::save(&url, &token)).await;
                    match saved {
                        Ok(Err(detail)) => Some(Input::TaskFailed { task: "keychain".to_owned(), detail }),
                        // Kept, or the runtime is ending.
                        Ok(Ok(())) | Err(_) => None,
                    }
                });
            }
        }
    }

    fn watch(&mut self, number: u64, socket: PathBuf) {
        let (asks, asked) = mpsc::channel(PASSED);
        let (this, inputs) = (service::this(self.since), self.inputs.clone());
        let watch = service::watch(number, socket, this, asked, inputs);
        let task = self.spawn("service", async move {
            watch.await;
            None
        });
        self.link = Some(Link { number, asks, task });
    }

    fn pass(&self, ticket: Ticket, command: Command) {
        let Some(link) = &self.link else { return };
        // Of one whose connection has ended the world hears that it is not answered.
        if let Err(mpsc::error::TrySendError::Full(_)) = link.asks.try_send((ticket, command)) {
            let why = Refusal::Problem(ProblemKind::Busy);
            self.tell(Input::Heard { link: link.number, what: Heard::Event(Event::Refused { ticket, why }) });
        }
    }

    fn start_demo(&mut self) -> Result<DemoStarted, String> {
        let folder = tempfile::Builder::new()
            .prefix("model-orchestrator-demo-")
            .tempdir()
            .map_err(|error| format!("no temporary folder: {error}"))?;
        let demo = Demo::start(DemoOptions::default()).map_err(|error| error.to_string())?;
        crate::demo::seed_state(folder.path(), &demo)
            .map_err(|error| format!("cannot write the demo's files: {error}"))?;
        let started = DemoStarted {
            url: demo.url().to_owned(),
            token: demo.token().clone(),
            state_dir: folder.path().to_path_buf(),
        };
        self.demo = Some(RunningDemo { demo, _folder: folder });
        Ok(started)
    }

    /// Runs `work` as a task of its own; a panic in it becomes a problem, not the end.
    fn spawn(&self, name: &'static str, work: impl Future<Output = Option<Input>> + Send + 'static) -> AbortHandle {
        let inputs = self.inputs.clone();
        let task = tokio::spawn(work);
        let abort = task.abort_handle();
        tokio::spawn(async move {
            let input = match task.await {
                Ok(input) => input,
                Err(error) if error.is_panic() => {
                    Some(Input::TaskFailed { task: name.to_owned(), detail: "it failed unexpectedly".to_owned() })
                }
                Err(_) => None, // Cancelled with its connection.
            };
            if let Some(input) = input {
                // The engine has ended: nobody is left to tell.
                inputs.send(input).await.ok();
            }
        });
        abort
    }

    fn tell(&self, input: Input) {
        self.spawn("tell", async move { Some(input) });
    }

    fn disconnect(&mut self) {
        self.pending_client = None;
        if let Some(client) = self.client.take() {
            client.close();
        }
        for task in self.connection_tasks.drain(..) {
            task.abort();
        }
    }

    /// Ends everything in order: socket, files, other programs, demo.
    pub async fn end(&mut self, patience: Duration) {
        self.disconnect();
        self.store.queue(StoreOp::Close).await;
        tokio::time::timeout(patience, self.store.flush()).await.ok();
        // Whoever waits for the folder finds it free.
        self.link = None;
        self.demo = None;
    }
}
