//! The end that is watched: lets faces in, shows them pictures, hands their commands to the engine.
//!
//! It is one more face of the engine: it reads the newest picture when a watcher has taken the last one, so a slow
//! watcher sees fewer pictures and keeps nobody waiting. Whoever lets this engine stand aside is its guest; with the
//! guest's connection the right to act comes back.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio::time::timeout;

use super::super::{Command, Event, Handle, Snapshot, Ticket};
use super::door::Post;
use super::frame::{self, COMMAND_LIMIT, FrameError, HELLO_LIMIT, PICTURE_LIMIT};
use super::picture::Changes;
use super::wire::{Ask, Hello, Said};
use crate::domain::{Background, ProblemKind, Refusal};

/// Windows and commands that watch at a time.
const WATCHERS: usize = 16;
/// Commands of one watcher that wait for their answer.
const WAITING: usize = 256;
/// News that a slow watcher may fall behind.
const NEWS: usize = 256;
/// How long a stranger may take to say who it is.
const GREETING: Duration = Duration::from_secs(5);
/// How long watchers stay with an engine that does not act.
const ASIDE: Duration = Duration::from_secs(1);
/// How often a watcher hears that this program is there.
const BEAT: Duration = Duration::from_secs(2);
/// How long an engine with a full queue is left alone.
const BUSY: Duration = Duration::from_millis(50);

/// Starts the thread that lets watchers in, until the engine ends.
///
/// # Errors
/// When the thread or its runtime cannot be made.
pub fn start(handle: Handle, this: Background, post: Post) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("service".to_owned()).spawn(move || runtime.block_on(serve(handle, this, post)))
}

async fn serve(handle: Handle, this: Background, mut post: Post) {
    let seats = Arc::new(Semaphore::new(WATCHERS));
    let mut listener: Option<UnixListener> = None;
    loop {
        let stream = tokio::select! {
            posted = post.recv() => {
                // The store has ended, and so does the engine.
                let Some(posted) = posted else { return };
                listener = posted.and_then(|listener| UnixListener::from_std(listener).ok());
                continue;
            }
            stream = next_of(listener.as_ref()) => stream,
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else {
            tracing::warn!(watchers = WATCHERS, "nobody more is let in");
            continue;
        };
        let (handle, this) = (handle.clone(), this.clone());
        tokio::spawn(async move {
            match attend(stream, handle, &this).await {
                Ok(()) => tracing::debug!("a watcher has gone"),
                Err(error) => tracing::warn!(%error, "a watcher is not let in, or not any longer"),
            }
            drop(seat);
        });
    }
}

async fn next_of(listener: Option<&UnixListener>) -> UnixStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                tracing::warn!(%error, "nobody can be let in");
                // Out of files, say: it passes.
                tokio::time::sleep(BUSY).await;
            }
        }
    }
}

/// From the greeting to the end of one watcher.
async fn attend(mut stream: UnixStream, handle: Handle, this: &Background) -> Result<(), FrameError> {
    if !is_ours(&stream) {
        return Err(FrameError::Gone(io::ErrorKind::PermissionDenied.into()));
    }
    let hello = frame::write(&Hello::of(this), HELLO_LIMIT)?;
    let greeting = async {
        stream.write_all(&hello).await.map_err(FrameError::Gone)?;
        frame::read::<Hello>(&mut stream, HELLO_LIMIT).await
    };
    let said =
        timeout(GREETING, greeting).await.map_err(|_late| FrameError::Gone(io::ErrorKind::TimedOut.into()))??;
    // Another version has read ours, and says so to its user.
    if said.is_none_or(|hello| hello.check().is_err()) {
        return Ok(());
    }
    let (from, to) = stream.into_split();
    let events = handle.events();
    let watcher = Watcher { handle, desk: Mutex::default(), news: Notify::new() };
    let ended = tokio::select! {
        ended = watcher.hear(from) => ended,
        ended = watcher.show(to) => ended,
        () = watcher.sort(events) => Ok(()),
    };
    watcher.take_back().await;
    ended
}

/// The same user's; root may do what it likes anyway.
fn is_ours(stream: &UnixStream) -> bool {
    let own = std::fs::metadata("/proc/self").map(|process| process.uid());
    match (stream.peer_cred(), own) {
        (Ok(peer), Ok(own)) => peer.uid() == own || peer.uid() == 0,
        // Where that cannot be told the socket's own rights keep others out.
        _ => true,
    }
}

struct Watcher {
    handle: Handle,
    desk: Mutex<Desk>,
    news: Notify,
}

/// What waits to be told, and what is waited for.
#[derive(Default)]
struct Desk {
    asked: BTreeMap<Ticket, (u64, Right)>,
    answers: VecDeque<Event>,
    others: VecDeque<Event>,
    guest: Guest,
}

/// Whether a command is about who acts.
#[derive(Clone, Copy, PartialEq)]
enum Right {
    Stays,
    Wanted,
    GivenBack,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Guest {
    #[default]
    No,
    /// It has asked.
    Asks,
    Acts,
}

impl Watcher {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes commands until there are no more.
    async fn hear(&self, mut from: OwnedReadHalf) -> Result<(), FrameError> {
        while let Some(Ask { ticket, command }) = frame::read(&mut from, COMMAND_LIMIT).await? {
            let right = match command {
                Command::ActHere { here: true } => Right::Wanted,
                Command::ActHere { here: false } => Right::GivenBack,
                _ => Right::Stays,
            };
            if !self.pass_on(ticket, command, right) {
                self.news.notify_one();
                // Whoever asks faster than it is answered waits.
                tokio::time::sleep(BUSY).await;
            }
        }
        Ok(())
    }

    /// Hands a command to the engine; what it does not take is refused here.
    fn pass_on(&self, ticket: u64, command: Command, right: Right) -> bool {
        let mut desk = self.desk();
        let sent = if desk.asked.len() < WAITING { self.handle.send(command).ok() } else { None };
        if let Some(ours) = sent {
            desk.asked.insert(ours, (ticket, right));
            if right == Right::Wanted && desk.guest == Guest::No {
                desk.guest = Guest::Asks;
            }
        } else {
            let why = Refusal::Problem(ProblemKind::Busy);
            desk.answers.push_back(Event::Refused { ticket: Ticket(ticket), why });
        }
        sent.is_some()
    }

    /// Finds the answers to this watcher's commands, until one of them may have been missed.
    async fn sort(&self, mut events: broadcast::Receiver<Event>) {
        loop {
            match events.recv().await {
                Ok(event) => self.desk().take(event),
                Err(broadcast::error::RecvError::Lagged(_)) if self.desk().asked.is_empty() => {}
                Err(_) => return,
            }
            self.news.notify_one();
        }
    }

    /// Shows the newest picture, then what happened before it, as fast as they are taken.
    async fn show(&self, mut to: OwnedWriteHalf) -> Result<(), FrameError> {
        let mut snapshots = self.handle.snapshots();
        let mut shown: Option<Arc<Snapshot>> = None;
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let (events, guest) = {
                let mut desk = self.desk();
                let desk = &mut *desk;
                (desk.answers.drain(..).chain(desk.others.drain(..)).collect::<Vec<_>>(), desk.has_guest())
            };
            let picture = snapshots.borrow_and_update().clone();
            if acts(&picture) {
                if !shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &picture)) {
                    let changes = Box::new(Changes::between(shown.as_deref(), &picture));
                    let bytes = frame::write(&Said::Picture(changes), PICTURE_LIMIT)?;
                    to.write_all(&bytes).await.map_err(FrameError::Gone)?;
                    shown = Some(picture);
                }
            } else {
                shown = None;
            }
            for event in events {
                let bytes = frame::write(&Said::Event(event), PICTURE_LIMIT)?;
                to.write_all(&bytes).await.map_err(FrameError::Gone)?;
            }
            // Opening the folder takes a moment, and so does whoever acts instead; then they are the one to look at.
            let pointless = shown.is_none() && !guest;
            tokio::select! {
                changed = snapshots.changed() => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
                () = self.news.notified() => {}
                _ = beat.tick() => {
                    let bytes = frame::write(&Said::Alive, HELLO_LIMIT)?;
                    to.write_all(&bytes).await.map_err(FrameError::Gone)?;
                }
                () = tokio::time::sleep(ASIDE), if pointless => return Ok(()),
            }
        }
    }

    /// The guest has gone, however it went: this engine acts again.
    async fn take_back(&self) {
        if !self.desk().has_guest() {
            return;
        }
        tracing::info!("the window that acted has gone");
        let mut snapshots = self.handle.snapshots();
        while self.handle.send(Command::ActHere { here: false }).is_err() {
            if snapshots.borrow_and_update().ended.is_some() || snapshots.has_changed().is_err() {
                return;
            }
            tokio::time::sleep(BUSY).await;
        }
    }
}

impl Desk {
    /// Whether this watcher acts, or may yet by what it has asked for.
    fn has_guest(&self) -> bool {
        self.guest != Guest::No || self.asked.values().any(|(_, right)| *right == Right::Wanted)
    }

    fn take(&mut self, event: Event) {
        let (ours, done) = match &event {
            Event::Done { ticket, .. } => (*ticket, true),
            Event::Refused { ticket, .. } => (*ticket, false),
            Event::Switched(_) => {
                if self.others.len() >= NEWS {
                    self.others.pop_front();
                }
                self.others.push_back(event);
                return;
            }
        };
        let Some((theirs, right)) = self.asked.remove(&ours) else { return };
        self.guest = match (right, done) {
            (Right::Wanted, true) => Guest::Acts,
            (Right::Wanted, false) if self.guest == Guest::Asks => Guest::No,
            (Right::GivenBack, true) => Guest::No,
            _ => self.guest,
        };
        let ticket = Ticket(theirs);
        self.answers.push_back(match event {
            Event::Done { what, .. } => Event::Done { ticket, what },
            Event::Refused { why, .. } => Event::Refused { ticket, why },
            Event::Switched(_) => return,
        });
    }
}

/// Whether this engine holds its folder: only then is it the one to watch.
fn acts(picture: &Snapshot) -> bool {
    picture.ended.is_none() && picture.folder.as_ref().is_some_and(|folder| folder.held_by.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Done;

    #[test]
    fn who_asked_twice_to_act_is_a_guest_until_nothing_of_it_is_open() {
        let mut desk = Desk { guest: Guest::Asks, ..Desk::default() };
        desk.asked.extend([(Ticket(1), (1, Right::Wanted)), (Ticket(2), (2, Right::Wanted))]);
        desk.take(Event::Refused { ticket: Ticket(1), why: Refusal::Problem(ProblemKind::Busy) });
        assert!(desk.has_guest(), "the second may be granted when it has gone");
        let refused = Event::Refused { ticket: Ticket(2), why: Refusal::NothingToDo };
        desk.take(refused);
        assert!(!desk.has_guest());
        desk.asked.insert(Ticket(3), (3, Right::Wanted));
        desk.take(Event::Done { ticket: Ticket(3), what: Done::Quietly });
        assert!(desk.has_guest(), "it acts");
        desk.asked.insert(Ticket(4), (4, Right::GivenBack));
        desk.take(Event::Done { ticket: Ticket(4), what: Done::Quietly });
        assert!(!desk.has_guest());
    }
}
