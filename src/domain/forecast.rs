//! What will happen to the quota windows: what a timeline, a what-if and a command line draw from.
//!
//! Ratios are shares of a window: 0.0 untouched, 1.0 used up, above it what would be used if nothing stopped it.
//! `low`, `likely` and `high` leave one case in ten below, half on each side, and one in ten above. Nothing here is
//! measured anew: a sample keeps its source and its age, and what is not claimed says why.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccountId, CronId, Metric, ModelRef, ModelScope, Source, Span};

/// Everything that can be told from `at` on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The moment this is about.
    pub at: Timestamp,
    /// How far the coming runs were worked out.
    pub until: Timestamp,
    /// By account, then the shortest first.
    pub windows: Vec<WindowForecast>,
    pub coming: ComingRuns,
    pub record: TrackRecord,
}

impl Forecast {
    #[must_use]
    pub fn window(&self, account: &AccountId, label: &str) -> Option<&WindowForecast> {
        self.windows.iter().find(|window| window.account == *account && window.label == label)
    }

    /// The window that runs out first.
    #[must_use]
    pub fn first_to_run_out(&self) -> Option<&WindowForecast> {
        self.windows
            .iter()
            .filter_map(|window| Some((window.claim.runs_out_at()?, window)))
            .min_by_key(|one| one.0)
            .map(|one| one.1)
    }
}

/// One window of one account: what is known of it, and what will become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowForecast {
    pub account: AccountId,
    /// Unique within its account; shown as is.
    pub label: String,
    pub span: Option<Span>,
    pub metric: Option<Metric>,
    pub covers: ModelScope,
    /// As it was read at `observed_at`, not carried forward.
    pub used_ratio: f64,
    pub observed_at: Timestamp,
    pub source: Source,
    /// Passed already when the reading is from before it.
    pub resets_at: Option<Timestamp>,
    /// When the block that holds now began: from its reset and its length, or from the readings.
    pub started_at: Option<Timestamp>,
    pub starts: WindowStart,
    pub claim: Claim,
    /// From now to the reset; the first point is now. Empty when nothing can be said of the way.
    pub band: Vec<BandPoint>,
    /// What the likely growth until the reset is made of.
    pub growth: Growth,
    /// What the claim rests on.
    pub basis: Basis,
    /// Blocks that are over, oldest first; not filled in where nobody looked.
    pub past: Vec<Block>,
    /// Blocks after the coming reset, as far as they can be told: drawn empty, nothing is claimed of them.
    pub next: Vec<ComingBlock>,
}

impl WindowForecast {
    /// Whether the runs of that cron use it.
    #[must_use]
    pub fn is_drawn_on_by(&self, cron: &ComingCron) -> bool {
        self.account == cron.account && self.covers.covers(&cron.model)
    }

    /// Runs wait for it when it is used up.
    #[must_use]
    pub fn holds_runs_back(&self) -> bool {
        self.claim != Claim::Silent(Silence::NotOfRuns)
    }

    /// Since when nobody has read it.
    #[must_use]
    pub fn age(&self, at: Timestamp) -> SignedDuration {
        at.duration_since(self.observed_at)
    }

    /// Where it is expected to be at `at`, between two points of the band.
    #[must_use]
    pub fn expected(&self, at: Timestamp) -> Option<BandPoint> {
        let next = self.band.partition_point(|point| point.at < at);
        let after = self.band.get(next)?;
        let Some(before) = next.checked_sub(1).and_then(|index| self.band.get(index)) else {
            return (after.at == at).then_some(*after);
        };
        let part = at.duration_since(before.at).as_secs_f64() / after.at.duration_since(before.at).as_secs_f64();
        let between = |from: f64, to: f64| from + (to - from) * part;
        Some(BandPoint {
            at,
            low: between(before.low, after.low),
            likely: between(before.likely, after.likely),
            high: between(before.high, after.high),
        })
    }
}

/// What is said of a window until its reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Claim {
    /// More likely than not it is used up before its reset.
    RunsOut {
        early: Timestamp,
        likely: Timestamp,
        /// `None`: it may last until its reset after all.
        late: Option<Timestamp>,
        /// 0.0 to 1.0, of running out before the reset.
        chance: f64,
    },
    /// More likely than not it lasts until its reset.
    Lasts {
        /// Where it will be then.
        at_reset: BandPoint,
        /// Used up from then on if much is used; `None`: not even then.
        at_worst: Option<Timestamp>,
        /// 0.0 to 1.0, of running out before the reset.
        chance: f64,
    },
    /// It is used up now, and comes back at its reset.
    UsedUp,
    /// Too little was seen of what its use is made of.
    Learning(Learning),
    /// Nothing is said, however much was seen.
    Silent(Silence),
}

impl Claim {
    /// The likely moment, where running out is claimed.
    #[must_use]
    pub fn runs_out_at(&self) -> Option<Timestamp> {
        match self {
            Self::RunsOut { likely, .. } => Some(*likely),
            _ => None,
        }
    }
}

/// What is still missing for a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Learning {
    /// Too few stretches between two readings of it, to tell what a run takes and what else does.
    Readings { seen: u32, needed: u32 },
}

/// Why nothing is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Silence {
    /// Less than three percent of its use or of its time have been seen.
    BarelyBegun,
    /// It begins with its first use, and nothing was used yet.
    NotStarted,
    /// The last reading is too old.
    Stale { age: SignedDuration },
    /// Its reset has passed and nobody has read it since.
    RolledOver,
    /// Nobody tells when it comes back.
    NoReset,
    /// A short window whose use comes mostly from outside of the schedule, in bursts.
    PaceAlone,
    /// Its account is down, and nobody knows for how long: nothing uses it.
    Down,
    /// A limit of a minute, or one beside chat: no run waits for it as a window.
    NotOfRuns,
}

/// Where a window may be at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandPoint {
    pub at: Timestamp,
    pub low: f64,
    pub likely: f64,
    pub high: f64,
}

/// What a window's likely growth from now to its reset is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// By scheduled runs.
    pub scheduled_ratio: f64,
    /// By whatever else uses the account.
    pub other_ratio: f64,
    /// Scheduled runs on it until the reset.
    pub n_runs: u32,
    /// Crons on it whose runs nobody can foretell: on events, on conditions. They count as other use.
    pub n_variable: u32,
    /// The crons that take most, those first; at most [`Growth::NAMED`].
    pub by_cron: Vec<CronShare>,
}

impl Growth {
    pub const NAMED: usize = 12;
}

/// What one cron takes of a window until its reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CronShare {
    pub cron: CronId,
    pub n_runs: u32,
    pub ratio: f64,
}

/// What a forecast of a window rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    pub confidence: Confidence,
    /// Stretches between two readings that were learned from.
    pub n_stretches: u32,
    /// Finished runs in them.
    pub n_runs: u32,
    /// When the oldest of them began.
    pub since: Option<Timestamp>,
    pub unit: Unit,
    /// What one unit takes of the window: a million tokens, or a run.
    pub ratio_per_unit: Option<f64>,
}

/// In what the use of runs is counted for a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    #[default]
    MillionTokens,
    /// Windows in requests, and where the gateway tells no tokens.
    Run,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Confidence {
    /// Learned from less than a block of the window.
    #[default]
    Low,
    Fair,
    /// Learned from several blocks, with a narrow band.
    Good,
}

/// How blocks of a window follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowStart {
    #[default]
    Unknown,
    /// Each begins when the one before ends.
    AtReset,
    /// The first use after a reset begins one.
    AtFirstUse,
}

/// One turn of a window that is over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Where its length is known, else its first reading.
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// The most that was read in it.
    pub peak_ratio: f64,
    /// The first reading that said it was used up.
    pub used_up_at: Option<Timestamp>,
    pub end: BlockEnd,
    pub n_samples: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockEnd {
    /// When it had been told.
    AsTold,
    /// Its reset had been told for another time first: by how much it was put off; negative: brought forward.
    Moved { by: SignedDuration },
    /// It came back that much before the time that was told.
    Early { by: SignedDuration },
    /// No reset was told: seen by the use alone.
    Unannounced,
}

/// One turn of a window that is yet to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComingBlock {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// Every start that the schedules tell, in a form that is binned in one pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComingRuns {
    /// What [`Start::after_secs`] counts from.
    pub from: Timestamp,
    /// How far they go. Nearer than was asked for where there would be too many.
    pub until: Timestamp,
    /// Crons that are on and have a model, by id; twice where one is elsewhere for a while. [`Start::cron`] is an
    /// index into it.
    pub crons: Vec<ComingCron>,
    /// Soonest first, then by cron.
    pub starts: Vec<Start>,
    /// Minutes of the hour at which many start together, the largest first.
    pub clusters: Vec<Cluster>,
}

/// One run to come. Plain numbers: there may be hundreds of thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Start {
    /// Whole seconds after [`ComingRuns::from`].
    pub after_secs: u32,
    pub cron: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComingCron {
    pub cron: CronId,
    /// What it will run on.
    pub model: ModelRef,
    pub account: AccountId,
    pub foretold: Foretold,
    /// How many of [`ComingRuns::starts`] are its own.
    pub n_starts: u32,
    /// What its runs use, in tokens; `None` when none was ever seen of anything alike.
    pub tokens: Option<TokenSpread>,
}

/// Whether a cron's starts are among the coming ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Foretold {
    /// All of them.
    Told,
    /// None: an event or a condition decides, or nobody can read its schedule.
    Variable,
}

/// What the runs of a cron use, in tokens: its own recent ones, and the less of them there are the more of the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenSpread {
    pub low: f64,
    pub middle: f64,
    pub high: f64,
    pub mean: f64,
    /// Its own runs among them.
    pub n_runs: u32,
}

/// Many starts on one account in the same minute of the hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    pub account: AccountId,
    /// 0 to 59, in UTC.
    pub minute: u8,
    /// The most that start in that minute of one hour.
    pub n_together: u32,
    /// When they do for the first time.
    pub at: Timestamp,
    /// Crons that ever start in that minute.
    pub n_crons: u32,
}

impl ComingRuns {
    /// The starts after `from`, up to and including `to`.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> &[Start] {
        let until = |at: Timestamp| {
            let secs = at.duration_since(self.from).as_secs_f64();
            self.starts.partition_point(|start| f64::from(start.after_secs) <= secs)
        };
        let (first, last) = (until(from), until(to));
        self.starts.get(first..last).unwrap_or_default()
    }

    #[must_use]
    pub fn starts_at(&self, start: Start) -> Timestamp {
        self.from.checked_add(SignedDuration::from_secs(i64::from(start.after_secs))).unwrap_or(Timestamp::MAX)
    }

    #[must_use]
    pub fn cron(&self, start: Start) -> Option<&ComingCron> {
        self.crons.get(start.cron as usize)
    }

    /// How many start in each of `n_bins` equal parts of a time, for each of `groups`: `group_of` gives the group of
    /// each of [`ComingRuns::crons`]; a group beyond the last is not counted. One row for each bin.
    #[must_use]
    pub fn binned(
        &self,
        from: Timestamp,
        to: Timestamp,
        n_bins: usize,
        n_groups: usize,
        group_of: &[usize],
    ) -> Vec<u32> {
        let mut counts = vec![0; n_bins * n_groups];
        let width = to.duration_since(from).as_secs_f64() / n_bins.max(1) as f64;
        let offset = from.duration_since(self.from).as_secs_f64();
        for start in self.between(from, to) {
            let bin = (((f64::from(start.after_secs) - offset) / width) as usize).min(n_bins.saturating_sub(1));
            let group = group_of.get(start.cron as usize).copied().filter(|group| *group < n_groups);
            if let Some(count) = group.and_then(|group| counts.get_mut(bin * n_groups + group)) {
                *count += 1;
            }
        }
        counts
    }
}

/// How claims of the past turned out: made anew with what was known then, and compared with what was read later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Oldest first.
    pub claims: Vec<PastClaim>,
}

impl TrackRecord {
    #[must_use]
    pub fn n_right(&self) -> usize {
        self.claims.iter().filter(|claim| claim.right).count()
    }
}

/// One claim that can be judged today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastClaim {
    pub account: AccountId,
    pub label: String,
    /// The moment it would have been made.
    pub at: Timestamp,
    /// What it would have said: [`Claim::RunsOut`] or [`Claim::Lasts`].
    pub said: Claim,
    /// When it was used up really; `None`: it lasted.
    pub ran_out_at: Option<Timestamp>,
    pub right: bool,
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{ComingRuns, Start};

    fn secs(secs: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(secs)
    }

    #[test]
    fn starts_are_counted_once_in_the_bin_and_the_group_they_belong_to() {
        let starts = [(0, 0), (10, 0), (10, 1), (59, 2), (60, 1), (120, 0), (121, 0)];
        let starts = starts.map(|(after_secs, cron)| Start { after_secs, cron }).to_vec();
        let coming = ComingRuns { from: secs(100), until: secs(1_000), starts, ..ComingRuns::default() };
        let counts = coming.binned(secs(100), secs(220), 2, 2, &[0, 1, 7]);
        assert_eq!(counts, [1, 1, 1, 1], "after the first limit, up to the last; cron 2 is of no group");
        assert_eq!(coming.between(secs(110), secs(160)).len(), 2);
        assert_eq!(coming.between(secs(300), secs(200)).len(), 0);
        assert_eq!(coming.starts_at(coming.starts[1]), secs(110));
    }
}
