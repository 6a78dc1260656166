//! One command's time with the engine: connect, wait for what matters, act, end.
//!
//! The engine runs on its own thread; here is nothing but waiting with a deadline. Everything that is
//! shown comes from a snapshot, and so does the moment it is shown at.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

use super::args::Common;
use super::exit::{Exit, Failure};
use super::{names, print, target};
use crate::domain::{Access, Connection, Problem, ProblemKind, Refusal, Settings};
use crate::engine::{Command, Done, Engine, EngineOptions, Event, Snapshot, Target, Ticket};
use crate::words::{self, Said, Speech};

/// A plan that has been still for this long stands, after it moved under our hands.
const STILL: Duration = Duration::from_millis(300);
/// A gateway with much news never gets still: then the plan of that moment is taken.
const STILL_AT_MOST: Duration = Duration::from_secs(3);

const PATIENCE: Duration = Duration::from_secs(30);
/// Providers are slower than a gateway; the engine waits for them up to 90 s.
const PATIENCE_WITH_PROVIDERS: Duration = Duration::from_secs(100);

/// Long enough for a few calls of a gateway that is there.
const A_LITTLE: Duration = Duration::from_secs(5);

/// A running engine, connected or on its way.
pub(super) struct Session {
    engine: Option<Engine>,
    runtime: tokio::runtime::Runtime,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Receiver<Event>,
    zone: TimeZone,
    patience: Duration,
    patience_with_providers: Duration,
    /// Whoever reads standard error may expect documents there.
    as_json: bool,
}

/// What a sentence leans on, kept together.
pub(super) struct Context {
    pub(super) snapshot: Arc<Snapshot>,
    /// With every certain match filled in.
    pub(super) settings: Settings,
    zone: TimeZone,
}

impl Context {
    /// Of a picture made by hand, told in UTC.
    #[cfg(test)]
    pub(super) fn of(snapshot: Snapshot) -> Self {
        let settings = names::with_matches(&snapshot.settings, &snapshot.matches);
        Self { snapshot: Arc::new(snapshot), settings, zone: TimeZone::UTC }
    }

    pub(super) fn speech(&self) -> Speech<'_> {
        let snapshot = &self.snapshot;
        Speech { now: snapshot.at, zone: &self.zone, settings: &self.settings, catalog: &snapshot.catalog }
    }
}

/// A command of the engine that was not carried out.
pub(super) enum NotDone {
    Refused(Refusal),
    Failed(Failure),
}

impl Session {
    /// Starts an engine and sends it to the gateway that the options name.
    pub(super) fn open(common: &Common) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(Exit::Failed, format!("cannot start the engine: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let engine =
            Engine::start(EngineOptions { watch: false, ..EngineOptions::of_this_process() }, || ()).map_err(failed)?;
        let mut session = Self {
            snapshots: engine.handle.snapshots(),
            events: engine.handle.events(),
            engine: Some(engine),
            runtime,
            zone: TimeZone::system(),
            patience: common.timeout.map_or(PATIENCE, Duration::from_secs),
            as_json: common.json,
            patience_with_providers: common.timeout.map_or(PATIENCE_WITH_PROVIDERS, Duration::from_secs),
        };
        // The first picture after the start is the one with the gateways of this machine.
        let found = session.wait(|snapshot| (snapshot.revision > 0).then(|| snapshot.discovered.clone()))?;
        let target = target::choose(common, &found)?;
        session.send(Command::Connect(Target::Gateway(target)))?;
        Ok(session)
    }

    /// Waits until the plan knows the gateway's crons, their runs and the quotas. A file that it would need and that was
    /// set aside is told of beside the result.
    pub(super) fn ready(&mut self) -> Result<Context, Failure> {
        let context = self.ready_quietly()?;
        for said in lost_files(&context) {
            print::warning(&said, self.as_json);
        }
        Ok(context)
    }

    /// The same, without a word.
    pub(super) fn ready_quietly(&mut self) -> Result<Context, Failure> {
        self.wait(|snapshot| match stopped(snapshot) {
            Some(failure) => Some(Err(failure)),
            None => planned(snapshot).then_some(Ok(())),
        })
        .map_err(|failure| self.instead_of_timeout(failure))??;
        Ok(self.context())
    }

    /// Waits until nothing new has come for a moment.
    pub(super) fn settle(&mut self) -> Result<Context, Failure> {
        let snapshots = &mut self.snapshots;
        let still = async { while let Ok(Ok(())) = timeout(STILL, snapshots.changed()).await {} };
        // Never still is as good as still: the newest picture is taken.
        self.runtime.block_on(async { timeout(STILL_AT_MOST, still).await }).ok();
        let snapshot = self.snapshot();
        stopped(&snapshot).map_or_else(|| Ok(self.context()), Err)
    }

    /// Waits until the state folder is open, whether or not the gateway answers.
    pub(super) fn folder(&mut self) -> Result<Context, Failure> {
        self.wait(|snapshot| match (&snapshot.folder, stopped(snapshot)) {
            (Some(_), _) => Some(Ok(())),
            (None, failure) => failure.map(Err),
        })??;
        Ok(self.context())
    }

    /// Waits for the picture that shows what a command did: its answer comes a moment before.
    pub(super) fn shows(&mut self, effect: impl Fn(&Snapshot) -> bool) -> Result<Context, Failure> {
        self.wait(|snapshot| effect(snapshot).then_some(()))?;
        Ok(self.context())
    }

    /// Gives the engine a little time for what a later life would do as well.
    pub(super) fn gives_time(&mut self, effect: impl Fn(&Snapshot) -> bool) {
        let patience = self.patience;
        self.patience = patience.min(A_LITTLE);
        // Without it the next start does it.
        self.wait(|snapshot| effect(snapshot).then_some(())).ok();
        self.patience = patience;
    }

    /// Hands a command over and waits for its answer.
    pub(super) fn ask(&mut self, command: Command) -> Result<Done, NotDone> {
        self.ask_within(self.patience, command)
    }

    /// The same for a command that waits for providers.
    pub(super) fn ask_providers(&mut self, command: Command) -> Result<Done, NotDone> {
        self.ask_within(self.patience_with_providers, command)
    }

    fn ask_within(&mut self, patience: Duration, command: Command) -> Result<Done, NotDone> {
        let ticket = self.send(command).map_err(NotDone::Failed)?;
        let events = &mut self.events;
        let answer = async {
            loop {
                match events.recv().await {
                    Ok(event) => {
                        if let Some(answer) = answer_to(ticket, event) {
                            return Some(answer);
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        };
        match self.runtime.block_on(async { timeout(patience, answer).await }) {
            Ok(Some(Ok(done))) => Ok(done),
            Ok(Some(Err(why))) => Err(NotDone::Refused(why)),
            Ok(None) => Err(NotDone::Failed(ended(&self.snapshot()))),
            Err(_) => Err(NotDone::Failed(timed_out(patience))),
        }
    }

    /// Like [`ask`](Self::ask), for commands whose refusal ends the whole command.
    pub(super) fn tell(&mut self, command: Command) -> Result<Done, Failure> {
        self.ask(command).map_err(|not_done| self.failure(not_done))
    }

    pub(super) fn failure(&self, not_done: NotDone) -> Failure {
        match not_done {
            NotDone::Failed(failure) => failure,
            NotDone::Refused(Refusal::ReadOnly) => read_only(&self.context())
                .unwrap_or_else(|| Failure::of_refusal(&Refusal::ReadOnly, &self.context().speech())),
            NotDone::Refused(refusal) => Failure::of_refusal(&refusal, &self.context().speech()),
        }
    }

    pub(super) fn send(&self, command: Command) -> Result<Ticket, Failure> {
        let engine = self.engine.as_ref().ok_or_else(|| ended(&self.snapshot()))?;
        engine.handle.send(command).map_err(|error| Failure::new(Exit::Failed, error.to_string()))
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    pub(super) fn context(&self) -> Context {
        let snapshot = self.snapshot();
        let settings = names::with_matches(&snapshot.settings, &snapshot.matches);
        Context { snapshot, settings, zone: self.zone.clone() }
    }

    /// Hands commands over from inside a wait, such as one that stops the apply job.
    pub(super) fn teller(&self) -> impl Fn(Command) -> Result<(), Failure> + use<> {
        let handle = self.engine.as_ref().map(|engine| engine.handle.clone());
        move |command| {
            let sent = handle.as_ref().map(|handle| handle.send(command));
            match sent {
                Some(Ok(_)) => Ok(()),
                _ => Err(Failure::new(Exit::Failed, "the engine does not take commands now")),
            }
        }
    }

    /// The runtime and the pictures, for waits that watch more than pictures.
    pub(super) fn watch(&mut self) -> (&tokio::runtime::Runtime, &mut watch::Receiver<Arc<Snapshot>>, Duration) {
        (&self.runtime, &mut self.snapshots, self.patience)
    }

    fn wait<T>(&mut self, mut until: impl FnMut(&Snapshot) -> Option<T>) -> Result<T, Failure> {
        let (snapshots, patience) = (&mut self.snapshots, self.patience);
        let found = async {
            loop {
                let snapshot = snapshots.borrow_and_update().clone();
                if let Some(found) = until(&snapshot) {
                    return Some(found);
                }
                if snapshot.ended.is_some() || snapshots.changed().await.is_err() {
                    return None;
                }
            }
        };
        match self.runtime.block_on(async { timeout(patience, found).await }) {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(ended(&self.snapshot())),
            Err(_) => Err(timed_out(patience)),
        }
    }

    /// What stood in the way says more than that time is over.
    fn instead_of_timeout(&self, failure: Failure) -> Failure {
        let context = self.context();
        match &context.snapshot.connection {
            Connection::Waiting { name, trouble, .. } => Failure::of_trouble(name, trouble),
            Connection::Connected(_) => context
                .snapshot
                .problems
                .iter()
                .find(|problem| problem.id.starts_with("gateway/"))
                .map_or(failure, |problem| Failure::of_problem(&problem.what, &context.speech())),
            _ => failure,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.shutdown();
        }
    }
}

/// The program in the background that does what is due without being asked.
pub(super) fn background(snapshot: &Snapshot) -> Option<String> {
    let background = snapshot.background.as_ref()?;
    Some(format!("the program in the background (process {})", background.pid))
}

/// The other program that acts on this folder or this gateway.
pub(super) fn other_engine(snapshot: &Snapshot) -> Option<&str> {
    let holder = snapshot.folder.as_ref().and_then(|folder| folder.held_by.as_deref());
    holder.or_else(|| {
        snapshot.problems.iter().find_map(|problem| match &problem.what {
            ProblemKind::GatewayOwned { host, .. } => Some(host.as_str()),
            _ => None,
        })
    })
}

/// The program in the background acts, and does not answer.
pub(super) fn silent(context: &Context) -> Option<Failure> {
    let is_silent = |problem: &&Problem| matches!(problem.what, ProblemKind::ServiceSilent { .. });
    let problem = context.snapshot.problems.iter().find(is_silent)?;
    Some(Failure::of_problem(&problem.what, &context.speech()))
}

/// Another program holds the folder, and takes no wishes.
pub(super) fn held(context: &Context) -> Option<Failure> {
    let holder = context.snapshot.folder.as_ref().and_then(|folder| folder.held_by.as_ref())?;
    let failure = Failure::new(Exit::ReadOnly, format!("read only: the state folder is held by {holder}"));
    Some(failure.with_remedy("Close the other program first"))
}

/// Why nothing may be written here, if so.
pub(super) fn read_only(context: &Context) -> Option<Failure> {
    let info = context.snapshot.connection.info();
    if let Some(failure) = silent(context) {
        return Some(failure);
    }
    if let Some(failure) = held(context) {
        return Some(failure);
    }
    let unwritable = |problem: &&Problem| matches!(problem.what, ProblemKind::FolderNotWritable { .. });
    if let Some(problem) = context.snapshot.problems.iter().find(unwritable) {
        return Some(Failure::of_problem(&problem.what, &context.speech()));
    }
    let access = info.map(|info| info.access);
    let owned = |problem: &&Problem| match problem.what {
        ProblemKind::GatewayOwned { .. } => access == Some(Access::GatewayOwned),
        ProblemKind::AnotherGateway { .. } => access == Some(Access::AnotherGateway),
        _ => false,
    };
    if let Some(problem) = context.snapshot.problems.iter().find(owned) {
        return Some(Failure::of_problem(&problem.what, &context.speech()));
    }
    let scopes = info.is_some_and(|info| info.access == Access::ReadOnlyScopes);
    scopes.then(|| {
        Failure::new(Exit::ReadOnly, "read only: the rights of this connection do not allow edits")
            .with_remedy("Use a token with the operator.admin scope")
    })
}

/// What a plan goes without: tiers, settings or debts that could not be read.
fn lost_files(context: &Context) -> Vec<Said> {
    // The history is a database, and a plan does without it.
    let lost = context.snapshot.problems.iter().filter(|problem| match &problem.what {
        ProblemKind::FileSetAside { file, .. } => file != "history.db",
        _ => false,
    });
    lost.map(|problem| words::problem(&problem.what, &context.speech())).collect()
}

fn timed_out(patience: Duration) -> Failure {
    Failure::new(Exit::NotConnected, format!("no answer within {} s", patience.as_secs()))
        .with_remedy("Wait longer with --timeout, or look at the gateway")
}

fn answer_to(asked: Ticket, event: Event) -> Option<Result<Done, Refusal>> {
    match event {
        Event::Done { ticket, what } if ticket == asked => Some(Ok(what)),
        Event::Refused { ticket, why } if ticket == asked => Some(Err(why)),
        _ => None,
    }
}

/// The connection will not come about by waiting.
fn stopped(snapshot: &Snapshot) -> Option<Failure> {
    use crate::domain::Trouble::{Restarting, Starting};
    match &snapshot.connection {
        // A gateway that starts is worth waiting for; an absent one would keep a script waiting for nothing.
        Connection::Waiting { trouble: Starting | Restarting, .. } => None,
        Connection::Stopped { name, trouble, .. } | Connection::Waiting { name, trouble, .. } => {
            Some(Failure::of_trouble(name, trouble))
        }
        _ => None,
    }
}

/// The plan is about the crons that the gateway listed, and made with all that was to be learned of them.
pub(super) fn planned(snapshot: &Snapshot) -> bool {
    let connected = matches!(snapshot.connection, Connection::Connected(_));
    let Some(listed) = snapshot.crons_as_of.filter(|_| connected) else { return false };
    let plan = &snapshot.plan;
    let away = plan.decisions.iter().any(|decision| matches!(decision.reason, crate::domain::Reason::GatewayAway));
    // Distribution that looks at quotas learns from what was.
    let learned = snapshot.history_read || !snapshot.settings.distribution.quota_aware;
    snapshot.evidence_read && learned && plan.at >= listed && plan.decisions.len() == snapshot.crons.len() && !away
}

fn ended(snapshot: &Snapshot) -> Failure {
    let why = snapshot.ended.as_deref().filter(|why| !why.is_empty()).unwrap_or("no reason was given");
    Failure::new(Exit::Failed, format!("the engine ended: {why}"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::{SignedDuration, Timestamp};

    use super::planned;
    use crate::domain::{Access, Connection, GatewayInfo};
    use crate::engine::World;

    #[test]
    fn a_plan_stands_once_crons_runs_and_quotas_are_in_it() {
        let now = Timestamp::UNIX_EPOCH;
        let mut snapshot = World::new(PathBuf::from("unused"), now).snapshot(now);
        assert!(!planned(&snapshot), "nothing is known");
        snapshot.connection = Connection::Connected(GatewayInfo {
            name: "home-mini".to_owned(),
            url: "ws://127.0.0.1:1".to_owned(),
            version: "2026.9.6".to_owned(),
            access: Access::ReadWrite,
            clock_skew: SignedDuration::ZERO,
            latency: None,
        });
        snapshot.crons_as_of = Some(now);
        assert!(!planned(&snapshot), "the crons alone");
        snapshot.evidence_read = true;
        assert!(planned(&snapshot));
        std::sync::Arc::make_mut(&mut snapshot.settings).distribution.quota_aware = true;
        assert!(!planned(&snapshot), "it looks at quotas, and has not read what they were");
        snapshot.history_read = true;
        assert!(planned(&snapshot));
    }
}
