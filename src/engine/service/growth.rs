//! Months of history on their way: once, and then only what was added.
//!
//! What is told again and again, the ids of crons and models, is told once in each message.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, CronId, ModelRef, PastRun, TokenUsage, UsageHistory, WindowHistory};

/// What one history has beyond another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Growth {
    /// Nothing of before counts any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    anew: bool,
    /// What is older was forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oldest: Option<Timestamp>,
    /// Of each window only the new readings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    windows: Vec<(AccountId, String, WindowHistory)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    crons: Vec<CronId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    models: Vec<ModelRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    runs: Vec<Row>,
}

/// A run: places in the lists of crons and models, the start and the duration in milliseconds, as the gateway tells
/// them, whether it went well, and its tokens.
type Row = (usize, i64, Option<i64>, Option<usize>, bool, Option<(u64, u64, u64)>);

impl Growth {
    pub fn is_empty(&self) -> bool {
        !self.anew && self.oldest.is_none() && self.windows.is_empty() && self.runs.is_empty()
    }

    /// Everything where there is no history before.
    pub fn between(before: Option<&Arc<UsageHistory>>, now: &Arc<UsageHistory>) -> Self {
        match before {
            Some(before) if Arc::ptr_eq(before, now) => Self::default(),
            Some(before) => Self::beyond(before, now).unwrap_or_else(|| Self { anew: true, ..Self::all(now) }),
            None => Self::all(now),
        }
    }

    fn all(now: &UsageHistory) -> Self {
        Self::beyond(&UsageHistory::default(), now).unwrap_or_default()
    }

    /// `None` when something else went than the oldest.
    fn beyond(before: &UsageHistory, now: &UsageHistory) -> Option<Self> {
        let oldest = oldest(now).filter(|oldest| before.reaches_before(*oldest));
        let is_left = |at: Timestamp| oldest.is_none_or(|oldest| at >= oldest);
        let mut growth = Self { oldest, ..Self::default() };
        let empty = Vec::new();
        for (key, window) in &now.windows {
            let known = before.windows.get(key);
            let known_samples = known.map_or(&empty, |known| &known.samples);
            let known_samples = &known_samples[known_samples.partition_point(|sample| !is_left(sample.at))..];
            let added = added(known_samples, &window.samples, |sample| sample.at)?;
            let same = known.is_some_and(|known| {
                (known.span, known.metric, &known.covers) == (window.span, window.metric, &window.covers)
            });
            if !same || !added.is_empty() {
                let samples = added.into_iter().copied().collect();
                growth.windows.push((key.0.clone(), key.1.clone(), WindowHistory { samples, ..window.clone() }));
            }
        }
        let went = |key, window: &WindowHistory| {
            !now.windows.contains_key(key) && window.samples.iter().any(|s| is_left(s.at))
        };
        if before.windows.iter().any(|(key, window)| went(key, window)) {
            return None;
        }
        let known = &before.runs[before.runs.partition_point(|run| !is_left(run.at))..];
        growth.write(added(known, &now.runs, |run| (run.at, run.cron.clone()))?);
        Some(growth)
    }

    fn write(&mut self, runs: Vec<&PastRun>) {
        let (mut crons, mut models) = (BTreeMap::new(), BTreeMap::new());
        for run in runs {
            let cron = place(&mut crons, &mut self.crons, &run.cron);
            let model = run.model.as_ref().map(|model| place(&mut models, &mut self.models, model));
            let duration = run.duration.map(|took| took.as_millis() as i64);
            let tokens = run.tokens.map(|tokens| (tokens.input, tokens.output, tokens.total));
            self.runs.push((cron, run.at.as_millisecond(), duration, model, run.well, tokens));
        }
    }

    pub fn onto(self, history: &mut Arc<UsageHistory>) {
        if self.is_empty() {
            return;
        }
        if self.anew {
            *history = Arc::default();
        }
        let history = Arc::make_mut(history);
        if let Some(oldest) = self.oldest {
            history.forget_before(oldest);
        }
        for (account, label, window) in self.windows {
            let known = history.windows.entry((account, label)).or_insert_with(|| window.clone());
            (known.span, known.metric) = (window.span, window.metric);
            known.covers = window.covers;
            window.samples.into_iter().for_each(|sample| known.put(sample));
        }
        // What cannot be is left out: it came over a wire.
        for (cron, at, duration, model, well, tokens) in self.runs {
            let (Some(cron), Ok(at)) = (self.crons.get(cron), Timestamp::from_millisecond(at)) else { continue };
            history.keep_run(PastRun {
                cron: cron.clone(),
                at,
                duration: duration.map(SignedDuration::from_millis),
                model: model.and_then(|model| self.models.get(model).cloned()),
                well,
                tokens: tokens.map(|(input, output, total)| TokenUsage { input, output, total }),
            });
        }
    }
}

fn oldest(history: &UsageHistory) -> Option<Timestamp> {
    let readings = history.windows.values().filter_map(|window| window.samples.first()).map(|sample| sample.at);
    readings.chain(history.runs.first().map(|run| run.at)).min()
}

fn place<T: Clone + Ord>(places: &mut BTreeMap<T, usize>, list: &mut Vec<T>, one: &T) -> usize {
    *places.entry(one.clone()).or_insert_with(|| {
        list.push(one.clone());
        list.len() - 1
    })
}

/// What is new or different in `now`, both in order; `None` when something of `before` went.
fn added<'a, T: PartialEq, K: Ord>(before: &[T], now: &'a [T], key: impl Fn(&T) -> K) -> Option<Vec<&'a T>> {
    let mut known = before.iter().peekable();
    let mut added = Vec::new();
    for one in now {
        match known.next_if(|known| key(known) <= key(one)) {
            Some(same) if same == one => {}
            Some(other) if key(other) < key(one) => return None,
            _ => added.push(one),
        }
    }
    known.next().is_none().then_some(added)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{QuotaWindow, Source};

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + 3_600 * hour).expect("in range")
    }

    fn run(cron: &str, hour: i64) -> PastRun {
        PastRun {
            cron: cron.into(),
            at: at(hour),
            duration: (hour % 2 == 0).then(|| SignedDuration::from_millis(hour * 1_234)),
            model: (hour % 3 == 0).then(|| ModelRef::of("google", "flash")),
            well: hour % 2 == 0,
            tokens: (hour % 2 == 0).then_some(TokenUsage { input: 1, output: 2, total: 3 }),
        }
    }

    fn reading(hour: i64) -> QuotaWindow {
        QuotaWindow::new("Week", hour as f64 / 100.0, at(hour), Source::Probe)
    }

    fn history(hours: std::ops::Range<i64>) -> UsageHistory {
        let mut history = UsageHistory::default();
        for hour in hours {
            history.keep_run(run("a", hour));
            history.keep_run(run("b", hour));
            history.keep_reading(&"kimi".into(), &reading(hour));
        }
        history
    }

    /// What the other end has, and how many runs and readings crossed.
    fn carried(before: Option<&UsageHistory>, now: &UsageHistory) -> (UsageHistory, usize) {
        let before = before.map(|before| Arc::new(before.clone()));
        let growth = Growth::between(before.as_ref(), &Arc::new(now.clone()));
        let text = serde_json::to_string(&growth).expect("it has a form on the wire");
        let growth: Growth = serde_json::from_str(&text).expect("which is read");
        let n = growth.runs.len() + growth.windows.iter().map(|(_, _, window)| window.samples.len()).sum::<usize>();
        let mut there = before.unwrap_or_default();
        growth.onto(&mut there);
        ((*there).clone(), n)
    }

    #[test]
    fn the_other_end_has_the_same_history_and_only_what_was_added_crosses() {
        let base = history(10..20);
        let mut late = base.clone();
        late.keep_run(run("c", 12));
        let mut other_run = base.clone();
        other_run.keep_run(PastRun { well: false, ..run("a", 12) });
        let mut other_window = base.clone();
        other_window.windows.values_mut().for_each(|window| window.span = None);
        let mut without = base.clone();
        without.runs.remove(3);
        let mut new_window = base.clone();
        new_window.keep_reading(&"zai".into(), &reading(3));
        let cases = [
            (base.clone(), 0, "nothing"),
            (history(10..21), 3, "an hour more"),
            (history(12..21), 3, "the oldest were forgotten"),
            (late, 1, "a long run that began before others ended"),
            (other_run, 1, "a run that is told otherwise"),
            (other_window, 0, "a window of which something else is told"),
            (new_window, 1, "another window"),
            (without, 29, "something else went: all of it"),
            (UsageHistory::default(), 0, "all of it went"),
        ];
        for (now, n_crossing, why) in cases {
            assert_eq!(carried(Some(&base), &now), (now.clone(), n_crossing), "{why}");
        }
        assert_eq!(carried(None, &base), (base.clone(), 30), "to one who has nothing");
    }

    #[test]
    fn months_take_little_room() {
        let growth = Growth::all(&history(0..1000));
        let bytes = serde_json::to_vec(&growth).expect("it has a form on the wire").len();
        assert!(bytes < 2_000 * 45 + 1_000 * 120, "{bytes} bytes");
    }
}
