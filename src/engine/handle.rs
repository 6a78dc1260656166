//! The faces' end of the engine: send a command, read the latest snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{broadcast, mpsc, watch};

use super::{Command, Event, Snapshot, Ticket};

/// A cheap clone of the way to the engine. Never blocks.
#[derive(Clone, Debug)]
pub struct Handle {
    commands: mpsc::Sender<(Ticket, Command)>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: broadcast::Sender<Event>,
    next_ticket: Arc<AtomicU64>,
}

/// The engine has more commands waiting than it should ever have, or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine does not take commands now")]
pub struct EngineBusy;

impl Handle {
    pub(crate) fn new(
        commands: mpsc::Sender<(Ticket, Command)>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        events: broadcast::Sender<Event>,
    ) -> Self {
        Self { commands, snapshots, events, next_ticket: Arc::new(AtomicU64::new(1)) }
    }

    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// When the queue is full or the engine has ended: a problem to show, not to wait for.
    pub fn send(&self, command: Command) -> Result<Ticket, EngineBusy> {
        let ticket = Ticket(self.next_ticket.fetch_add(1, Ordering::Relaxed));
        self.commands.try_send((ticket, command)).map_err(|_full_or_ended| EngineBusy)?;
        Ok(ticket)
    }

    /// How many commands were handed over, or tried to be.
    #[cfg(test)]
    pub(crate) fn next_ticket(&self) -> u64 {
        self.next_ticket.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.borrow().clone()
    }

    /// News from now on; a reader that falls 256 behind misses the oldest.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// For faces without a window: follows the snapshots as they come.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }
}
