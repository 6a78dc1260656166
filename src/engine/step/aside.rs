//! Two programs on one folder that know of each other: one acts, the other watches it or waits for it.
//!
//! Whoever does not act has left folder and gateway and kept nothing but the target, so there is nothing it could do
//! by mistake. Coming back is opening the folder as for the first time: what the other left is read, what it left open
//! is settled, and the lease says whose turn it is. Nothing here is a right of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use super::super::effect::{Effect, StoreOp};
use super::super::input::{Heard, Opened};
use super::super::service::NotWatched;
use super::super::{Command, Done, Event, Snapshot, Ticket, World};
use super::apply::{self, JobState};
use super::{automation, connection};
use crate::domain::{Background, Connection, ProblemKind, Refusal};

/// Who acts on the folder of our target, where two programs have a word between them.
#[derive(Debug, Default)]
pub enum Aside {
    #[default]
    No,
    /// The holder of the folder says that it lets itself be watched. With what was read of the folder, until it is
    /// known whether we look on ourselves.
    Asks { link: u64, holder: String, opened: Option<Box<Opened>> },
    /// It acts, we show its pictures and pass on what is wished.
    Watches(Box<Watches>),
    /// It lets us act while its connection stands.
    Guest { link: u64, service: Background, holder: String },
    /// We are the one in the background, and a window acts.
    LetGo,
}

#[derive(Debug)]
pub struct Watches {
    link: u64,
    /// As its lease names it.
    holder: String,
    service: Background,
    picture: Option<Snapshot>,
    /// What was passed on and is not answered.
    unanswered: BTreeSet<Ticket>,
    /// Of them the wish to act here.
    wants: Option<Ticket>,
}

pub const PROBLEM: &str = "service/watch";

impl World {
    /// The program in the background that lets this one act.
    pub(in crate::engine) fn waiting(&self) -> Option<Background> {
        match &self.aside {
            Aside::Guest { service, .. } => Some(service.clone()),
            _ => None,
        }
    }

    /// We are in the background, and a window acts.
    pub(in crate::engine) fn stands_aside(&self) -> bool {
        matches!(self.aside, Aside::LetGo)
    }

    /// The picture of the program that acts, as a face of this one sees it.
    pub(in crate::engine) fn watched(&self) -> Option<Snapshot> {
        let Aside::Watches(watches) = &self.aside else { return None };
        let picture = watches.picture.clone()?;
        Some(Snapshot {
            revision: self.revision,
            background: Some(watches.service.clone()),
            waiting: None,
            stands_aside: false,
            service: self.service.clone(),
            discovered: self.discovered.clone(),
            known: self.known.clone(),
            ended: None,
            ..picture
        })
    }
}

/// The holder says where it can be watched. `opened` waits for its answer.
pub fn ask(world: &mut World, socket: PathBuf, holder: String, opened: Option<Box<Opened>>) -> Vec<Effect> {
    world.last_link += 1;
    let link = world.last_link;
    world.aside = Aside::Asks { link, holder, opened };
    vec![Effect::Watch { link, socket }]
}

/// Whether the holder is worth asking: nothing is under way, and it has not turned out to be of another kind.
pub fn may_ask(world: &World, holder: &str) -> bool {
    !world.serves && matches!(world.aside, Aside::No) && world.unwatchable.as_deref() != Some(holder)
}

pub fn watched(world: &mut World, link: u64, result: Result<Background, NotWatched>, now: Timestamp) -> Vec<Effect> {
    if !matches!(&world.aside, Aside::Asks { link: asked, .. } if *asked == link) {
        return Vec::new();
    }
    let Aside::Asks { holder, opened, .. } = std::mem::take(&mut world.aside) else { return Vec::new() };
    match result {
        Ok(service) => {
            tracing::info!(pid = service.pid, "a program in the background acts; it is watched");
            let effects = stand_aside(world, StoreOp::Close, now);
            world.aside = watching(link, service, holder);
            effects
        }
        Err(why) => {
            let effects = opened.map_or_else(Vec::new, |opened| connection::look_on(world, *opened, now));
            not_watched(world, why, holder, now);
            effects
        }
    }
}

fn watching(link: u64, service: Background, holder: String) -> Aside {
    let watches = Watches { link, holder, service, picture: None, unanswered: BTreeSet::new(), wants: None };
    Aside::Watches(Box::new(watches))
}

/// We look on as at any holder; one that cannot be understood is not asked again.
fn not_watched(world: &mut World, why: NotWatched, holder: String, now: Timestamp) {
    match why {
        NotWatched::Gone => {}
        // It is asked again as often as for the lease: it may go on.
        NotWatched::Silent => world.raise(PROBLEM, ProblemKind::ServiceSilent { holder }, now),
        NotWatched::OtherVersion { version } => {
            world.raise(PROBLEM, ProblemKind::OtherVersionServes { version }, now);
            world.unwatchable = Some(holder);
        }
        NotWatched::NotUnderstood { detail } => {
            world.raise(PROBLEM, ProblemKind::TaskFailed { task: "service".to_owned(), detail }, now);
            world.unwatchable = Some(holder);
        }
    }
}

/// A program that shall serve finds that another one does.
pub fn another_serves(world: &mut World, holder: &str, now: Timestamp) {
    world.raise(PROBLEM, ProblemKind::FolderServed { holder: holder.to_owned() }, now);
}

pub fn heard(world: &mut World, link: u64, what: Heard, now: Timestamp) -> Vec<Effect> {
    match &mut world.aside {
        Aside::Watches(watches) if watches.link == link => match what {
            Heard::Picture(changes) => {
                let picture = watches.picture.take();
                let mut picture = picture.unwrap_or_else(|| World::new(PathBuf::new(), now).snapshot(now));
                changes.onto(&mut picture);
                watches.picture = Some(picture);
                world.dirty.shown = true;
                Vec::new()
            }
            Heard::Event(event) => said(world, event),
            Heard::End(why) => {
                tracing::info!("the program in the background is watched no longer");
                let holder = watches.holder.clone();
                let mut effects = leave(world);
                effects.extend(come_back(world));
                not_watched(world, why, holder, now);
                effects
            }
        },
        Aside::Guest { link: ours, .. } if *ours == link && matches!(what, Heard::End(_)) => {
            // Then the folder is ours like any other.
            world.aside = Aside::No;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// An answer to a command that was passed on, or news.
fn said(world: &mut World, event: Event) -> Vec<Effect> {
    let Aside::Watches(watches) = &mut world.aside else { return Vec::new() };
    let (ticket, done) = match &event {
        Event::Done { ticket, .. } => (*ticket, true),
        Event::Refused { ticket, .. } => (*ticket, false),
        Event::Switched(_) => return vec![Effect::Emit(event)],
    };
    if !watches.unanswered.remove(&ticket) {
        return Vec::new();
    }
    let wanted = watches.wants == Some(ticket);
    if wanted {
        watches.wants = None;
    }
    if !(wanted && done) {
        return vec![Effect::Emit(event)];
    }
    let (link, service, holder) = (watches.link, watches.service.clone(), watches.holder.clone());
    tracing::info!(pid = service.pid, "the program in the background lets this one act");
    let mut effects = refuse_unanswered(world);
    world.aside = Aside::Guest { link, service, holder };
    effects.extend(come_back(world));
    // A face that hears of it finds the picture of the other no longer.
    effects.push(Effect::Emit(event));
    effects
}

/// Whether the program that is watched is asked instead of this one.
pub fn passes(world: &World, command: &Command) -> bool {
    let ours = matches!(
        command,
        Command::Connect(_)
            | Command::Disconnect
            | Command::Discover
            | Command::InstallService { .. }
            | Command::KeepDoor
            | Command::Shutdown
    );
    !ours && matches!(world.aside, Aside::Watches(_))
}

pub fn pass(world: &mut World, ticket: Ticket, command: Command) -> Result<Vec<Effect>, Refusal> {
    let Aside::Watches(watches) = &mut world.aside else { return Err(Refusal::NothingToDo) };
    // It lets go, and what comes now would come too late.
    if watches.wants.is_some() {
        return Err(Refusal::Problem(ProblemKind::Busy));
    }
    match command {
        Command::ActHere { here: false } => return Err(Refusal::NothingToDo),
        Command::ActHere { here: true } => watches.wants = Some(ticket),
        // The other one may be kept out of where this user's files are.
        Command::Export { to, what } => {
            let folder = watches.picture.as_ref().and_then(|picture| picture.folder.as_ref());
            let folder = folder.ok_or(Refusal::NotConnected)?.path.clone();
            return Ok(vec![Effect::Store(Box::new(StoreOp::ExportOf { folder, ticket, to, what }))]);
        }
        _ => {}
    }
    watches.unanswered.insert(ticket);
    Ok(vec![Effect::Pass { ticket, command: Box::new(command) }])
}

/// Lets the other program act, or takes the right back from it.
///
/// # Errors
/// When there is none with which there is a word.
pub fn act_here(world: &mut World, ticket: Ticket, here: bool, now: Timestamp) -> Result<Vec<Effect>, Refusal> {
    let done = || Effect::Emit(Event::Done { ticket, what: Done::Quietly });
    let holds = world.folder.as_ref().is_some_and(|folder| folder.held_by.is_none());
    let may_let_go = if here { world.serves && holds } else { matches!(world.aside, Aside::Guest { .. }) };
    match (&world.aside, here) {
        _ if world.letting_go.is_some() && (here || matches!(world.aside, Aside::Guest { .. })) => {
            Err(Refusal::JobRunning)
        }
        (Aside::LetGo, false) => {
            tracing::info!("the window gives back; this program acts again");
            world.aside = Aside::No;
            let mut effects = come_back(world);
            effects.push(done());
            Ok(effects)
        }
        (Aside::No, false) if world.serves => {
            // The window went before this one had let go.
            let waiting = world.letting_go.take();
            let refused = waiting.map(|ticket| Effect::Emit(Event::Refused { ticket, why: Refusal::NothingToDo }));
            Ok(refused.into_iter().chain([done()]).collect())
        }
        _ if may_let_go => {
            automation::stopped_by_hand(world, now);
            world.letting_go = Some(ticket);
            // Without a job there is none to stop.
            Ok(apply::stop(world, now).unwrap_or_default())
        }
        _ => Err(Refusal::NothingToDo),
    }
}

/// Lets the folder go for the other program once no line is in flight.
pub fn go(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let busy = world.job.as_ref().is_some_and(JobState::writing);
    let Some(ticket) = world.letting_go.filter(|_| !busy) else { return Vec::new() };
    world.letting_go = None;
    let aside = match std::mem::take(&mut world.aside) {
        Aside::Guest { link, service, holder } => watching(link, service, holder),
        _ => Aside::LetGo,
    };
    let effects = stand_aside(world, StoreOp::LetGo { ticket }, now);
    world.aside = aside;
    effects
}

/// The folder is closed: now the other one may have it.
pub fn gone(world: &mut World, ticket: Ticket) -> Vec<Effect> {
    match &mut world.aside {
        Aside::Watches(watches) => {
            tracing::info!(pid = watches.service.pid, "given back to the program in the background");
            watches.unanswered.insert(ticket);
            vec![Effect::Pass { ticket, command: Box::new(Command::ActHere { here: false }) }]
        }
        Aside::LetGo => {
            tracing::info!("a window acts instead of this program");
            vec![Effect::Emit(Event::Done { ticket, what: Done::Quietly })]
        }
        // The other one went meanwhile.
        _ => vec![Effect::Emit(Event::Refused { ticket, why: Refusal::NothingToDo })],
    }
}

/// Leaves folder and gateway and remembers which they are.
fn stand_aside(world: &mut World, close: StoreOp, now: Timestamp) -> Vec<Effect> {
    let (target, was_open) = (world.target.clone(), world.folder.is_some());
    let unit = world.service.clone();
    let mut effects = connection::leave(world, now);
    let closes = |effect: &Effect| matches!(effect, Effect::Store(op) if matches!(**op, StoreOp::Close));
    effects.retain(|effect| !(was_open && closes(effect)));
    effects.push(Effect::Store(Box::new(close)));
    if let Some(target) = target {
        world.connection = Connection::Connecting { name: target.name.clone(), url: target.url.clone(), attempt: 1 };
        world.target = Some(target);
        world.service = unit;
    }
    world.dirty.shown = true;
    effects
}

fn come_back(world: &mut World) -> Vec<Effect> {
    world.dirty.shown = true;
    world.target.take().map_or_else(Vec::new, |target| connection::open(world, target))
}

/// The connection to the other program ends with whatever we were to each other.
pub fn leave(world: &mut World) -> Vec<Effect> {
    let mut effects = refuse_unanswered(world);
    if !matches!(std::mem::take(&mut world.aside), Aside::No | Aside::LetGo) {
        effects.push(Effect::Unwatch);
    }
    effects
}

/// Nobody will say any more what became of these.
fn refuse_unanswered(world: &mut World) -> Vec<Effect> {
    let Aside::Watches(watches) = &mut world.aside else { return Vec::new() };
    let unanswered = std::mem::take(&mut watches.unanswered);
    let refused = |ticket| Effect::Emit(Event::Refused { ticket, why: Refusal::NoAnswer });
    unanswered.into_iter().map(refused).collect()
}
