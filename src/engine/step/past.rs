//! What is remembered of quotas and runs: read from the folder once, growing with what is heard.
//!
//! Runs that ended while nobody was connected are fetched page by page, back to the moment up to which all were known,
//! or as far as the gateway tells. That moment moves only while every run is heard of: it is written down with the
//! runs, so a program that ends in between goes on where it was.
//!
//! Invariant: the folder and this memory keep the same things, by the rule of [`UsageHistory`].

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::World;
use super::super::effect::{Effect, Fetch, StoreOp};
use super::super::input::Remembrance;
use crate::demo::Month;
use crate::domain::{PastRun, ProblemKind, RunRecord, UsageHistory};

/// As many runs as the gateway gives at once.
const PAGE: u32 = 200;
/// Fetched back to this long before the moment up to which all were known: runs that end together may be told in any order.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
/// The gateway keeps its runs for seven days.
const GATEWAY_KEEPS: SignedDuration = SignedDuration::from_hours(8 * 24);
/// Of a gateway on which more ran than this only the newest are fetched.
const MOST_FETCHED: u32 = 100_000;
/// After a page that could not be had.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// How often what is too old is dropped.
const TIDY_EVERY: SignedDuration = SignedDuration::from_hours(24);
const PROBLEM: &str = "state/history";

#[derive(Debug, Default)]
pub struct Past {
    pub usage: Arc<UsageHistory>,
    /// What the folder remembers is in it.
    read: bool,
    /// All runs that ended up to then are known; `None`: nobody knows.
    whole: Option<Timestamp>,
    /// The end of the newest run that was told in this life, by the gateway's clock.
    newest: Option<Timestamp>,
    gap: Gap,
    /// When a page that could not be had is asked for again.
    again_at: Option<Timestamp>,
    tidy_at: Option<Timestamp>,
}

/// Between the runs that were known and those that are heard of.
#[derive(Debug, Default)]
enum Gap {
    /// Runs may end unheard.
    #[default]
    Open,
    /// The pages before this one are here; the last of them went back to `reached`, and there may be more.
    Filling { offset: u32, reached: Option<Timestamp>, more: bool },
    /// Every run is heard of.
    Closed,
}

impl Past {
    /// What the folder remembers is here.
    pub fn is_read(&self) -> bool {
        self.read
    }

    pub fn next_wake(&self) -> Option<Timestamp> {
        [self.again_at, self.tidy_at].into_iter().flatten().min()
    }
}

/// A folder is open: what it remembers, without what is too old.
pub fn open(world: &mut World, now: Timestamp) -> Vec<Effect> {
    world.past = Past { tidy_at: Some(now), ..Past::default() };
    let since = world.settings.history.oldest(now);
    let mut effects = vec![store(StoreOp::ReadHistory { since })];
    effects.extend(tick(world, now));
    effects.extend(world.demo.then_some(Effect::DemoMonth));
    effects
}

/// What came before the demo; what its gateway told meanwhile counts more.
pub fn month(world: &mut World, month: Month) -> Vec<Effect> {
    if !world.demo || world.folder.is_none() {
        return Vec::new();
    }
    let Month { mut runs, readings } = month;
    let mut usage = UsageHistory::default();
    for run in &runs {
        usage.keep_run(PastRun::of(run));
    }
    for (account, window) in &readings {
        usage.keep_reading(account, window);
    }
    runs.retain(|run| !world.past.usage.tells_of(&PastRun::of(run)));
    usage.merge(&world.past.usage);
    world.past.usage = Arc::new(usage);
    world.dirty.plan = true;
    world.dirty.shown = true;
    vec![store(StoreOp::RememberRuns { runs, whole: None }), store(StoreOp::RememberReadings(readings))]
}

/// What the folder remembers. What was heard meanwhile is on its way there.
pub fn read(world: &mut World, path: &Path, result: Result<Remembrance, ProblemKind>, now: Timestamp) -> Vec<Effect> {
    if world.folder.as_ref().is_none_or(|folder| folder.path != path) {
        return Vec::new();
    }
    // A history that cannot be read is one that begins now.
    world.past.read = true;
    match result {
        Ok(Remembrance { mut usage, whole }) => {
            world.clear(PROBLEM);
            usage.merge(&world.past.usage);
            world.past.usage = Arc::new(usage);
            world.past.whole = whole;
        }
        Err(problem) => world.raise(PROBLEM, problem, now),
    }
    world.dirty.plan = true;
    world.dirty.shown = true;
    go_on(world, now)
}

/// Runs may have ended unheard, until all that are missing are here.
pub fn unheard(world: &mut World) {
    world.past.gap = Gap::Open;
    world.past.again_at = None;
}

/// A run that has just ended, as the gateway tells it.
pub fn run_ended(world: &mut World, run: RunRecord) -> Option<Effect> {
    told(world, std::slice::from_ref(&run));
    let whole = matches!(world.past.gap, Gap::Closed).then_some(world.past.newest).flatten();
    if whole.is_some() {
        world.past.whole = whole;
    }
    keep(world, vec![run], whole)
}

/// Past runs, as the gateway lists them.
pub fn page(world: &mut World, runs: Vec<RunRecord>, offset: u32, more: bool, now: Timestamp) -> Vec<Effect> {
    let awaited = match world.past.gap {
        Gap::Filling { offset: awaited, .. } => offset == awaited,
        Gap::Open | Gap::Closed => false,
    };
    // The newest ones are asked for whenever something may be missing.
    if offset != 0 && !awaited {
        return Vec::new();
    }
    told(world, &runs);
    let reached = runs.iter().map(|run| run.finished_at).min();
    world.past.gap = Gap::Filling { offset: offset + PAGE, reached, more };
    world.past.again_at = None;
    let mut effects: Vec<Effect> = keep(world, runs, None).into_iter().collect();
    effects.extend(go_on(world, now));
    effects
}

/// A page could not be had.
pub fn not_had(world: &mut World, now: Timestamp) {
    if !matches!(world.past.gap, Gap::Closed) {
        world.past.again_at = now.checked_add(AGAIN_AFTER).ok();
    }
}

/// Asks for the next page, or knows that none is missing.
fn go_on(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let past = &mut world.past;
    let Gap::Filling { offset, reached, more } = past.gap else { return Vec::new() };
    if !past.read {
        return Vec::new();
    }
    let known_since = [past.whole.and_then(|at| at.checked_sub(OVERLAP).ok()), now.checked_sub(GATEWAY_KEEPS).ok()];
    let enough = reached.is_some_and(|reached| known_since.into_iter().flatten().any(|since| reached <= since));
    if more && !enough && offset < MOST_FETCHED {
        return vec![ask(world, offset)];
    }
    past.gap = Gap::Closed;
    if past.newest.is_none() || past.newest == past.whole {
        return Vec::new();
    }
    past.whole = past.newest;
    let whole = past.whole;
    vec![store(StoreOp::RememberRuns { runs: Vec::new(), whole })]
}

/// The newest runs: with them it turns out what is missing.
pub fn newest(world: &World) -> Effect {
    ask(world, 0)
}

fn ask(world: &World, offset: u32) -> Effect {
    Effect::Fetch { session: world.session, what: Fetch::Runs { cron: None, limit: PAGE, offset } }
}

fn told(world: &mut World, runs: &[RunRecord]) {
    world.past.newest = runs.iter().map(|run| run.finished_at).chain(world.past.newest).max();
}

/// Keeps runs that are not known yet.
fn keep(world: &mut World, mut runs: Vec<RunRecord>, whole: Option<Timestamp>) -> Option<Effect> {
    runs.retain(|run| !world.past.usage.knows_run(&PastRun::of(run)));
    if !runs.is_empty() {
        let usage = Arc::make_mut(&mut world.past.usage);
        for run in &runs {
            usage.keep_run(PastRun::of(run));
        }
        world.dirty.shown = true;
    }
    (!runs.is_empty() || whole.is_some()).then(|| store(StoreOp::RememberRuns { runs, whole }))
}

/// Keeps the readings of quotas that say something new.
pub fn readings(world: &mut World) -> Option<Effect> {
    let all = world.fleet.windows.iter().flat_map(|(id, windows)| windows.iter().map(move |window| (id, window)));
    let news: Vec<_> = all.filter(|(id, window)| world.past.usage.is_news(id, window)).collect();
    if news.is_empty() || world.folder.is_none() {
        return None;
    }
    let usage = Arc::make_mut(&mut world.past.usage);
    for (id, window) in news {
        usage.keep_reading(id, window);
    }
    Some(store(StoreOp::RememberQuota(Arc::clone(&world.fleet))))
}

/// How long things are kept may be different now.
pub fn tidy_now(world: &mut World) {
    if world.past.tidy_at.is_some() {
        world.past.tidy_at = Some(Timestamp::MIN);
    }
}

pub fn tick(world: &mut World, now: Timestamp) -> Vec<Effect> {
    let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let mut effects = Vec::new();
    if due(world.past.again_at) {
        world.past.again_at = None;
        match world.past.gap {
            Gap::Open => effects.push(newest(world)),
            Gap::Filling { .. } | Gap::Closed => effects.extend(go_on(world, now)),
        }
    }
    if due(world.past.tidy_at) {
        world.past.tidy_at = now.checked_add(TIDY_EVERY).ok();
        let oldest = world.settings.history.oldest(now);
        if world.past.usage.reaches_before(oldest) {
            Arc::make_mut(&mut world.past.usage).forget_before(oldest);
            world.dirty.shown = true;
        }
        effects.push(store(StoreOp::ForgetBefore(oldest)));
    }
    effects
}

fn store(op: StoreOp) -> Effect {
    Effect::Store(Box::new(op))
}
