//! The forecast for the screens that draw it, worked out on a thread of its own.
//!
//! One question is under way at a time, and it is always about the newest snapshot: what moved meanwhile is asked
//! when the answer is here, so nothing queues up.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use egui::Context;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{Catalog, Cron, CronId, Fleet, Forecast, Settings, UsageHistory};
use crate::engine::{Foresight, Snapshot};

/// A world that moves all the time is asked about no more often.
const REST: Duration = Duration::from_secs(3);

/// A forecast is made anew after that, also of a world that stands still: its "now" has moved.
const AGES: SignedDuration = SignedDuration::from_mins(1);

/// The newest forecast, and whether a newer one is wanted.
#[derive(Debug, Default)]
pub struct Foreseen {
    latest: Option<Arc<Forecast>>,
    /// What the newest question was about, and when it was put.
    asked: Option<(About, Instant)>,
    waiting: bool,
    worker: Worker,
}

#[derive(Debug, Default)]
enum Worker {
    #[default]
    Asleep,
    Awake {
        ask: SyncSender<(Snapshot, Timestamp)>,
        answers: Receiver<Forecast>,
    },
    /// No thread, or it is gone: what is there stays.
    Gone,
}

/// What a forecast depends on. Parts that are the same allocation have not changed.
#[derive(Debug)]
struct About {
    history: Arc<UsageHistory>,
    crons: Arc<std::collections::BTreeMap<CronId, Arc<Cron>>>,
    fleet: Arc<Fleet>,
    catalog: Arc<Catalog>,
    settings: Arc<Settings>,
    at: Timestamp,
    until: Timestamp,
}

impl About {
    fn of(seen: &Snapshot, until: Timestamp) -> Self {
        Self {
            history: seen.history.clone(),
            crons: seen.crons.clone(),
            fleet: seen.fleet.clone(),
            catalog: seen.catalog.clone(),
            settings: seen.settings.clone(),
            at: seen.at,
            until,
        }
    }

    fn same_world(&self, seen: &Snapshot) -> bool {
        Arc::ptr_eq(&self.history, &seen.history)
            && Arc::ptr_eq(&self.crons, &seen.crons)
            && Arc::ptr_eq(&self.fleet, &seen.fleet)
            && Arc::ptr_eq(&self.catalog, &seen.catalog)
            && Arc::ptr_eq(&self.settings, &seen.settings)
    }
}

impl Foreseen {
    /// One that is given and never asked anew.
    #[must_use]
    pub fn given(forecast: Forecast) -> Self {
        Self { latest: Some(Arc::new(forecast)), worker: Worker::Gone, ..Self::default() }
    }

    /// The newest forecast, which reaches `ahead` or will soon. Asks where something has changed since.
    pub fn follow(&mut self, ctx: &Context, seen: &Snapshot, ahead: SignedDuration) -> Option<&Arc<Forecast>> {
        self.listen();
        let until = seen.at.checked_add(ahead).unwrap_or(Timestamp::MAX);
        if !self.waiting {
            match self.rest(seen, ahead) {
                Duration::ZERO => self.ask(ctx, seen, until),
                rest => ctx.request_repaint_after(rest),
            }
        }
        self.latest.as_ref()
    }

    /// How long it is until the next question is due.
    fn rest(&self, seen: &Snapshot, ahead: SignedDuration) -> Duration {
        let Some((about, asked)) = &self.asked else { return Duration::ZERO };
        let reach = about.until.duration_since(about.at);
        if (reach - ahead).abs() > SignedDuration::from_secs(1) {
            return Duration::ZERO;
        }
        let aged = AGES - seen.at.duration_since(about.at);
        let due = if about.same_world(seen) { aged.max(SignedDuration::ZERO) } else { SignedDuration::ZERO };
        due.unsigned_abs().max(REST.saturating_sub(asked.elapsed()))
    }

    fn listen(&mut self) {
        let Worker::Awake { answers, .. } = &self.worker else { return };
        match answers.try_recv() {
            Ok(forecast) => {
                self.latest = Some(Arc::new(forecast));
                self.waiting = false;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                self.worker = Worker::Gone;
                self.waiting = false;
            }
        }
    }

    fn ask(&mut self, ctx: &Context, seen: &Snapshot, until: Timestamp) {
        if matches!(self.worker, Worker::Asleep) {
            self.worker = wake(ctx);
        }
        self.asked = Some((About::of(seen, until), Instant::now()));
        let Worker::Awake { ask, .. } = &self.worker else { return };
        // Never full: the answer to the question before was waited for.
        self.waiting = ask.try_send((seen.clone(), until)).is_ok();
    }
}

/// Starts the thread; it ends when nobody asks any more.
fn wake(ctx: &Context) -> Worker {
    let (ask, questions) = sync_channel::<(Snapshot, Timestamp)>(1);
    let (answer, answers) = sync_channel(1);
    let ctx = ctx.clone();
    let work = move || {
        let mut foresight = Foresight::default();
        for (seen, until) in questions {
            if answer.send(foresight.forecast(&seen, None, until)).is_err() {
                break;
            }
            ctx.request_repaint_after(Duration::from_millis(1));
        }
    };
    match thread::Builder::new().name("forecast".to_owned()).spawn(work) {
        Ok(_) => Worker::Awake { ask, answers },
        Err(error) => {
            tracing::warn!(%error, "no thread for forecasts");
            Worker::Gone
        }
    }
}
