//! The forecast for the screens that draw it, what to do about it, and what is imagined, worked out on a thread of its
//! own.
//!
//! One question is under way at a time, and it is always about the newest snapshot and the newest hypothesis: what
//! moved meanwhile is asked when the answer is here, so nothing queues up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use egui::Context;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Catalog, Cron, CronId, Fleet, Hypothesis, Imagined, Ledger, ModelRef, Outlook, PaidFallbacks, Pays, Settings,
    Switch, TierMap, UsageHistory,
};
use crate::engine::{Foresight, Snapshot};

/// A world that moves all the time is asked about no more often.
const REST: Duration = Duration::from_secs(3);

/// A forecast is made anew after that, also of a world that stands still: its "now" has moved.
const AGES: SignedDuration = SignedDuration::from_mins(1);

/// Who draws nothing of it asks no more often.
const GLANCES: Duration = Duration::from_mins(5);

/// So far ahead is always asked, whatever is seen of it: advice looks at the next turns of windows, and costs at a week.
const LEAST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The newest answers, and whether newer ones are wanted.
#[derive(Debug, Default)]
pub struct Foreseen {
    latest: Option<Arc<Outlook>>,
    imagined: Option<Arc<Imagined>>,
    /// What the newest question was about, and when it was put.
    asked: Option<(About, Instant)>,
    waiting: bool,
    /// The last look of somebody who draws nothing of it: at which history, and when.
    glanced: Option<(Arc<UsageHistory>, Instant)>,
    worker: Worker,
}

#[derive(Debug, Default)]
enum Worker {
    #[default]
    Asleep,
    Awake {
        ask: SyncSender<Question>,
        answers: Receiver<Answer>,
    },
    /// No thread, or it is gone: what is there stays.
    Gone,
}

#[derive(Debug)]
struct Question {
    seen: Snapshot,
    ahead: SignedDuration,
    /// What is supposed, where that is asked about.
    supposed: Option<Hypothesis>,
}

#[derive(Debug)]
enum Answer {
    Foreseen(Outlook),
    Imagined(Imagined),
}

/// What an answer depends on. Parts that are the same allocation have not changed.
#[derive(Debug)]
struct About {
    history: Arc<UsageHistory>,
    crons: Arc<BTreeMap<CronId, Arc<Cron>>>,
    fleet: Arc<Fleet>,
    catalog: Arc<Catalog>,
    settings: Arc<Settings>,
    tiers: Arc<TierMap>,
    ledger: Arc<Ledger>,
    switches: Arc<Vec<Switch>>,
    in_crisis: bool,
    at: Timestamp,
    ahead: SignedDuration,
    supposed: Option<Hypothesis>,
}

impl About {
    fn of(Question { seen, ahead, supposed }: &Question) -> Self {
        Self {
            history: seen.history.clone(),
            crons: seen.crons.clone(),
            fleet: seen.fleet.clone(),
            catalog: seen.catalog.clone(),
            settings: seen.settings.clone(),
            tiers: seen.tiers.clone(),
            ledger: seen.ledger.clone(),
            switches: seen.switches.clone(),
            in_crisis: seen.crisis.state.mode.is_some(),
            at: seen.at,
            ahead: *ahead,
            supposed: supposed.clone(),
        }
    }

    fn same_world(&self, seen: &Snapshot) -> bool {
        Arc::ptr_eq(&self.history, &seen.history)
            && Arc::ptr_eq(&self.crons, &seen.crons)
            && Arc::ptr_eq(&self.fleet, &seen.fleet)
            && Arc::ptr_eq(&self.catalog, &seen.catalog)
            && Arc::ptr_eq(&self.settings, &seen.settings)
            && Arc::ptr_eq(&self.tiers, &seen.tiers)
            && Arc::ptr_eq(&self.ledger, &seen.ledger)
            && Arc::ptr_eq(&self.switches, &seen.switches)
            && self.in_crisis == seen.crisis.state.mode.is_some()
    }
}

impl Foreseen {
    /// One that is given and never asked anew.
    #[must_use]
    pub fn given(outlook: Outlook) -> Self {
        Self { latest: Some(Arc::new(outlook)), worker: Worker::Gone, ..Self::default() }
    }

    /// The newest forecast, which reaches `ahead` or will soon. Asks where something has changed since.
    pub fn follow(&mut self, ctx: &Context, seen: &Snapshot, ahead: SignedDuration) -> Option<&Arc<Outlook>> {
        self.keep_up(ctx, seen, ahead, None);
        self.latest.as_ref()
    }

    /// What comes of what is supposed, or of what was a moment ago.
    pub fn imagine(
        &mut self,
        ctx: &Context,
        seen: &Snapshot,
        supposed: &Hypothesis,
        ahead: SignedDuration,
    ) -> Option<&Arc<Imagined>> {
        self.keep_up(ctx, seen, ahead, Some(supposed));
        self.imagined.as_ref()
    }

    /// For whoever draws nothing of it and only marks that something was paid: asks where that may have been, and seldom. Wakes nobody.
    pub fn glance(&mut self, ctx: &Context, seen: &Snapshot) {
        self.listen();
        let rests = self
            .glanced
            .as_ref()
            .is_some_and(|(history, at)| Arc::ptr_eq(history, &seen.history) || at.elapsed() < GLANCES);
        if self.waiting || rests || !seen.history_read || seen.crons_as_of.is_none() {
            return;
        }
        self.glanced = Some((seen.history.clone(), Instant::now()));
        if paid_by_token_lately(seen) {
            self.ask(ctx, Question { seen: seen.clone(), ahead: LEAST, supposed: None });
        }
    }

    /// What is known, however old it is.
    #[must_use]
    pub fn latest(&self) -> Option<&Outlook> {
        self.latest.as_deref()
    }

    fn keep_up(&mut self, ctx: &Context, seen: &Snapshot, ahead: SignedDuration, supposed: Option<&Hypothesis>) {
        self.listen();
        if self.waiting {
            return;
        }
        let ahead = ahead.max(LEAST);
        match self.rest(seen, ahead, supposed) {
            Duration::ZERO => self.ask(ctx, Question { seen: seen.clone(), ahead, supposed: supposed.cloned() }),
            rest => ctx.request_repaint_after(rest),
        }
    }

    /// How long it is until the next question is due. Whoever supposes something else, or looks further, does not wait.
    fn rest(&self, seen: &Snapshot, ahead: SignedDuration, supposed: Option<&Hypothesis>) -> Duration {
        let Some((about, asked)) = &self.asked else { return Duration::ZERO };
        if about.ahead != ahead || about.supposed.as_ref() != supposed {
            return Duration::ZERO;
        }
        let aged = AGES - seen.at.duration_since(about.at);
        let due = if about.same_world(seen) { aged.max(SignedDuration::ZERO) } else { SignedDuration::ZERO };
        due.unsigned_abs().max(REST.saturating_sub(asked.elapsed()))
    }

    fn listen(&mut self) {
        let Worker::Awake { answers, .. } = &self.worker else { return };
        match answers.try_recv() {
            Ok(answer) => {
                match answer {
                    Answer::Foreseen(outlook) => self.latest = Some(Arc::new(outlook)),
                    Answer::Imagined(imagined) => self.imagined = Some(Arc::new(imagined)),
                }
                self.waiting = false;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                self.worker = Worker::Gone;
                self.waiting = false;
            }
        }
    }

    fn ask(&mut self, ctx: &Context, question: Question) {
        if matches!(self.worker, Worker::Asleep) {
            self.worker = wake(ctx);
        }
        self.asked = Some((About::of(&question), Instant::now()));
        let Worker::Awake { ask, .. } = &self.worker else { return };
        // Never full: the answer to the question before was waited for.
        self.waiting = ask.try_send(question).is_ok();
    }
}

/// Something ran within a day where each token costs money; whether it was meant to is another question.
fn paid_by_token_lately(seen: &Snapshot) -> bool {
    let oldest = seen.at.checked_sub(PaidFallbacks::LATELY).unwrap_or(Timestamp::MIN);
    let mut paid: BTreeMap<&ModelRef, bool> = BTreeMap::new();
    let lately = seen.history.runs.iter().rev().take_while(|run| run.at >= oldest);
    lately
        .filter_map(|run| run.model.as_ref().filter(|_| run.well))
        .any(|model| *paid.entry(model).or_insert_with(|| seen.settings.pays(&model.account()) == Pays::ByToken))
}

/// Starts the thread; it ends when nobody asks any more.
fn wake(ctx: &Context) -> Worker {
    let (ask, questions) = sync_channel::<Question>(1);
    let (answer, answers) = sync_channel(1);
    let ctx = ctx.clone();
    let work = move || {
        let mut foresight = Foresight::default();
        for Question { seen, ahead, supposed } in questions {
            let until = seen.at.checked_add(ahead).unwrap_or(Timestamp::MAX);
            let found = match supposed {
                Some(supposed) => Answer::Imagined(foresight.imagine(&seen, &supposed, ahead)),
                None => Answer::Foreseen(foresight.outlook(&seen, until)),
            };
            if answer.send(found).is_err() {
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
