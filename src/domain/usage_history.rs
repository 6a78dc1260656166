//! What was seen of quotas and runs over months: what a forecast learns from, and what its curves are drawn from.
//!
//! Gaps are normal: nobody looked while the program was closed. What is missing is missing, never filled in.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AccountId, CronId, Metric, ModelRef, ModelScope, QuotaWindow, RunRecord, RunStatus, Source, Span, TokenUsage,
};

/// A reading that says the same again within this time says nothing new.
const ALIKE_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// "In three hours" names another moment at every reading: resets this close together are one.
const ONE_RESET: SignedDuration = SignedDuration::from_mins(2);

/// One reading of one window that said something new.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuotaSample {
    pub at: Timestamp,
    /// Share used up: 0.0 untouched, 1.0 exhausted.
    pub used_ratio: f64,
    /// As it was told then; it may move.
    pub resets_at: Option<Timestamp>,
    pub source: Source,
}

/// The readings of one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowHistory {
    pub span: Option<Span>,
    pub metric: Option<Metric>,
    pub covers: ModelScope,
    /// Oldest first, each moment once.
    pub samples: Vec<QuotaSample>,
}

/// What is remembered of one finished run. Its moments are the gateway's, so that the same run is known again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    pub cron: CronId,
    /// When it started.
    pub at: Timestamp,
    pub duration: Option<SignedDuration>,
    /// What really ran, after aliases and fallbacks; `None` when it was refused before a model was chosen.
    pub model: Option<ModelRef>,
    /// Only those that ended well are known to have used something.
    pub well: bool,
    /// The gateway tells none of failed runs.
    pub tokens: Option<TokenUsage>,
}

/// Everything that is remembered, as far back as the settings keep it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsageHistory {
    /// By account and the label of the window.
    pub windows: BTreeMap<(AccountId, String), WindowHistory>,
    /// By start, then by cron.
    pub runs: Vec<PastRun>,
}

impl QuotaSample {
    #[must_use]
    pub fn of(window: &QuotaWindow) -> Self {
        let QuotaWindow { used_ratio, resets_at, observed_at, source, .. } = *window;
        Self { at: observed_at, used_ratio, resets_at, source }
    }

    /// Whether `later` tells no more than this one, which was read before it: it is not remembered then.
    #[must_use]
    pub fn says_again(&self, later: &Self) -> bool {
        later.at.duration_since(self.at).abs() < ALIKE_WITHIN
            && self.used_ratio.to_bits() == later.used_ratio.to_bits()
            && same_reset(self.resets_at, later.resets_at)
    }
}

/// Whether two tellings mean one reset.
#[must_use]
pub fn same_reset(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.duration_since(other).abs() <= ONE_RESET,
        (one, other) => one == other,
    }
}

impl WindowHistory {
    /// Without a reading yet.
    #[must_use]
    pub fn of(window: &QuotaWindow) -> Self {
        let QuotaWindow { span, metric, covers, .. } = window;
        Self { span: *span, metric: *metric, covers: covers.clone(), samples: Vec::new() }
    }

    /// Whether what is known before it does not say so already.
    fn is_news(&self, sample: &QuotaSample) -> bool {
        let n_before = self.samples.partition_point(|known| known.at <= sample.at);
        n_before == 0 || !self.samples[n_before - 1].says_again(sample)
    }

    fn keep(&mut self, sample: QuotaSample) {
        if self.is_news(&sample) {
            self.put(sample);
        }
    }

    /// Puts a reading where it belongs, news or not; one of the same moment goes.
    pub fn put(&mut self, sample: QuotaSample) {
        match self.samples.binary_search_by_key(&sample.at, |known| known.at) {
            Ok(at) => self.samples[at] = sample,
            Err(at) => self.samples.insert(at, sample),
        }
    }
}

impl PastRun {
    #[must_use]
    pub fn of(run: &RunRecord) -> Self {
        let ran = run.provider.as_deref().zip(run.model.as_deref());
        Self {
            cron: run.cron.clone(),
            at: run.at,
            duration: run.duration,
            model: ran.and_then(|(provider, model)| ModelRef::parse(&format!("{provider}/{model}"))),
            well: run.status == RunStatus::Ok,
            tokens: run.usage,
        }
    }

    fn key(&self) -> (Timestamp, &CronId) {
        (self.at, &self.cron)
    }
}

impl UsageHistory {
    /// Whether a reading tells more than is remembered.
    #[must_use]
    pub fn is_news(&self, account: &AccountId, window: &QuotaWindow) -> bool {
        let known = self.windows.get(&(account.clone(), window.label.clone()));
        known.is_none_or(|known| known.is_news(&QuotaSample::of(window)))
    }

    /// Remembers a reading that says something new; the newest tells what the window is.
    pub fn keep_reading(&mut self, account: &AccountId, window: &QuotaWindow) {
        let empty = WindowHistory::of(window);
        let sample = QuotaSample::of(window);
        let known = self.windows.entry((account.clone(), window.label.clone())).or_insert_with(|| empty.clone());
        if known.samples.last().is_none_or(|last| last.at <= sample.at) {
            (known.span, known.metric, known.covers) = (empty.span, empty.metric, empty.covers);
        }
        known.keep(sample);
    }

    /// Remembers a run once, however often it is told; what is told last holds.
    pub fn keep_run(&mut self, run: PastRun) {
        match self.runs.binary_search_by(|known| known.key().cmp(&run.key())) {
            Ok(at) => self.runs[at] = run,
            Err(at) => self.runs.insert(at, run),
        }
    }

    /// Whether this run is remembered as it is told.
    #[must_use]
    pub fn knows_run(&self, run: &PastRun) -> bool {
        self.runs.binary_search_by(|known| known.key().cmp(&run.key())).is_ok_and(|at| self.runs[at] == *run)
    }

    /// Whether this run is remembered, however it was told.
    #[must_use]
    pub fn tells_of(&self, run: &PastRun) -> bool {
        self.runs.binary_search_by(|known| known.key().cmp(&run.key())).is_ok()
    }

    /// Adds what `other` remembers.
    pub fn merge(&mut self, other: &Self) {
        for (key, window) in &other.windows {
            let known = self
                .windows
                .entry(key.clone())
                .or_insert_with(|| WindowHistory { samples: Vec::new(), ..window.clone() });
            window.samples.iter().for_each(|sample| known.keep(*sample));
        }
        other.runs.iter().for_each(|run| self.keep_run(run.clone()));
    }

    /// Whether something is older than `moment`.
    #[must_use]
    pub fn reaches_before(&self, moment: Timestamp) -> bool {
        let mut oldest = self.windows.values().map(|window| window.samples.first().map(|sample| sample.at));
        self.runs.first().is_some_and(|run| run.at < moment) || oldest.any(|at| at.is_none_or(|at| at < moment))
    }

    /// Forgets what is older than `moment`, and windows of which nothing is left.
    pub fn forget_before(&mut self, moment: Timestamp) {
        self.runs.drain(..self.runs.partition_point(|run| run.at < moment));
        self.windows.retain(|_, window| {
            window.samples.drain(..window.samples.partition_point(|sample| sample.at < moment));
            !window.samples.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a moment")
    }

    fn run(cron: &str, moment: &str, well: bool) -> PastRun {
        PastRun { cron: cron.into(), at: at(moment), duration: None, model: None, well, tokens: None }
    }

    fn week(percent: f64, moment: &str) -> QuotaWindow {
        QuotaWindow::new("Week", percent / 100.0, at(moment), Source::Probe)
    }

    #[test]
    fn runs_are_in_order_and_known_once_whatever_order_they_are_told_in() {
        let mut history = UsageHistory::default();
        for told in [
            run("b", "2026-11-23T08:00:00Z", false),
            run("c", "2026-11-23T07:00:00Z", true),
            run("a", "2026-11-23T08:00:00Z", true),
            run("b", "2026-11-23T08:00:00Z", true),
        ] {
            assert!(!history.knows_run(&told), "{told:?}");
            history.keep_run(told.clone());
            assert!(history.knows_run(&told));
        }
        let known: Vec<_> = history.runs.iter().map(|run| (run.cron.as_str(), run.well)).collect();
        assert_eq!(known, [("c", true), ("a", true), ("b", true)], "what is told last of a run holds");
    }

    #[test]
    fn a_reading_is_remembered_where_it_says_more_than_the_one_before_it() {
        let (mut history, kimi) = (UsageHistory::default(), AccountId::new("kimi"));
        let cases = [
            (week(40.0, "2026-11-23T08:00:00Z"), true, "the first"),
            (week(40.0, "2026-11-23T08:00:00Z"), false, "the same"),
            (week(40.0, "2026-11-23T08:59:00Z"), false, "the same again"),
            (week(40.0, "2026-11-23T09:00:00Z"), true, "an hour later"),
            (week(39.0, "2026-11-23T07:30:00Z"), true, "an older one that is told late"),
            (week(39.0, "2026-11-23T07:40:00Z"), false, "which says nothing more"),
            (week(41.0, "2026-11-23T09:00:00Z"), true, "the same moment, told otherwise"),
        ];
        for (window, is_news, why) in cases {
            assert_eq!(history.is_news(&kimi, &window), is_news, "{why}");
            history.keep_reading(&kimi, &window);
        }
        let samples = &history.windows[&(kimi, "Week".to_owned())].samples;
        let known: Vec<_> = samples.iter().map(|sample| (sample.at, sample.used_ratio)).collect();
        let expected = [("07:30", 0.39), ("08:00", 0.40), ("09:00", 0.41)];
        assert_eq!(known, expected.map(|(time, ratio)| (at(&format!("2026-11-23T{time}:00Z")), ratio)));
    }

    #[test]
    fn what_was_heard_before_the_history_was_read_is_added_to_it() {
        let (mut read, mut heard, kimi) = (UsageHistory::default(), UsageHistory::default(), AccountId::new("kimi"));
        let old = week(40.0, "2026-11-23T08:00:00Z");
        read.keep_reading(&kimi, &old);
        read.keep_run(run("a", "2026-11-23T08:00:00Z", true));
        for window in [&old, &week(42.0, "2026-11-23T09:00:00Z")] {
            heard.keep_reading(&kimi, window);
        }
        heard.keep_reading(&"zai".into(), &old);
        for cron in ["a", "b"] {
            heard.keep_run(run(cron, "2026-11-23T08:00:00Z", true));
        }
        read.merge(&heard);
        assert_eq!(read, heard);
    }

    #[test]
    fn what_is_too_old_is_forgotten_and_a_window_with_it() {
        let mut history = UsageHistory::default();
        history.keep_reading(&"kimi".into(), &week(40.0, "2026-11-23T08:00:00Z"));
        history.keep_reading(&"zai".into(), &week(40.0, "2026-11-24T08:00:00Z"));
        for moment in ["2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"] {
            history.keep_run(run("a", moment, true));
        }
        let until = at("2026-11-24T08:00:00Z");
        assert!(history.reaches_before(until));
        history.forget_before(until);
        assert!(!history.reaches_before(until));
        assert_eq!(history.runs, [run("a", "2026-11-24T08:00:00Z", true)], "what is exactly as old stays");
        assert_eq!(history.windows.keys().map(|(account, _)| account.as_str()).collect::<Vec<_>>(), ["zai"]);
    }
}
