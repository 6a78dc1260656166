//! The turns of a window, from its readings: when each began and ended, and whether as it had been told.
//!
//! A reset is believed when it has passed, or when the use fell. A reset that is told for another time while the
//! use goes on was moved: the turn goes on with it. Gaps stay gaps.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{Block, BlockEnd, QuotaSample, Span, WindowStart};
use crate::policy::standing::later;

/// Use falls by this much only at a reset: two sources of one window differ by less.
const FELL: f64 = 0.05;

/// The use at a beginning, where readings are rounded to whole percents.
const EMPTY: f64 = 0.011;

/// "In three hours" names another moment at every reading: resets this close together are one.
const ONE_RESET: SignedDuration = SignedDuration::from_mins(5);

/// Between readings further apart nobody looked.
const GAP: SignedDuration = SignedDuration::from_mins(150);

/// One turn of a window, over or not.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub started_at: Timestamp,
    /// Its beginning was told: nothing was used then.
    pub told_start: bool,
    /// The end that was told last.
    pub told_end: Option<Timestamp>,
    /// `None` while it goes on.
    pub block: Option<Block>,
    /// Its readings, thinned out.
    pub knots: Vec<Knot>,
    first_told: Option<Timestamp>,
    peak_ratio: f64,
    used_up_at: Option<Timestamp>,
    last: Knot,
    n_samples: u32,
}

/// How much was used at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Knot {
    pub at: Timestamp,
    pub used_ratio: f64,
    /// Nobody looked between the knot before and this one.
    pub after_gap: bool,
}

/// How long a window lasts; `None` for what is no window of time.
pub(in crate::policy) fn length(span: Option<Span>) -> Option<SignedDuration> {
    match span? {
        Span::Hours(hours) => Some(SignedDuration::from_hours(i64::from(hours))),
        Span::Daily => Some(SignedDuration::from_hours(24)),
        Span::Weekly => Some(SignedDuration::from_hours(7 * 24)),
        Span::Monthly => Some(SignedDuration::from_hours(30 * 24)),
        Span::Minute | Span::Endless => None,
    }
}

/// The turns that `samples` tell of, oldest first, the one that goes on last. `now` ends those whose reset has passed.
pub(super) fn turns(samples: impl Iterator<Item = QuotaSample>, span: Option<Span>, now: Timestamp) -> Vec<Turn> {
    let length = length(span);
    let step = length.map_or(SignedDuration::from_hours(1), |length| {
        (length / 16).clamp(SignedDuration::from_mins(10), SignedDuration::from_hours(2))
    });
    let mut turns: Vec<Turn> = Vec::new();
    // A reading whose own reset has passed was counted before it.
    for sample in samples.filter(|sample| sample.resets_at.is_none_or(|reset| reset > sample.at)) {
        let Some(turn) = turns.last_mut() else {
            turns.push(Turn::begin(&sample, length, None));
            continue;
        };
        match turn.over(&sample, length) {
            Some((ended_at, end)) => {
                turn.finish(ended_at, end);
                turns.push(Turn::begin(&sample, length, Some(ended_at)));
            }
            None => turn.go_on(&sample, length, step),
        }
    }
    if let Some(turn) = turns.last_mut()
        && let Some(ended_at) = turn.told_end.filter(|end| *end <= now)
    {
        turn.finish(ended_at, turn.end_as_told());
    }
    turns
}

impl Turn {
    fn begin(sample: &QuotaSample, length: Option<SignedDuration>, after: Option<Timestamp>) -> Self {
        let told = sample.resets_at.zip(length).and_then(|(reset, length)| reset.checked_sub(length).ok());
        let told = told.filter(|start| *start <= sample.at && sample.resets_at.is_some_and(|reset| reset > sample.at));
        let started_at = told.map_or(sample.at, |start| after.map_or(start, |after| start.max(after)));
        let knot = |at, used_ratio| Knot { at, used_ratio, after_gap: false };
        let mut knots = Vec::new();
        // Of what was there before it was first looked at nothing is known but that it began empty.
        if told.is_some() && started_at < sample.at {
            knots.push(knot(started_at, 0.0));
        }
        let last = Knot { after_gap: sample.at.duration_since(started_at) > GAP, ..knot(sample.at, sample.used_ratio) };
        knots.push(last);
        Self {
            started_at,
            told_start: told.is_some(),
            told_end: sample.resets_at,
            block: None,
            knots,
            first_told: sample.resets_at,
            peak_ratio: sample.used_ratio,
            used_up_at: (sample.used_ratio >= 1.0).then_some(sample.at),
            last,
            n_samples: 1,
        }
    }

    /// When it ended and how, if `sample` is of a later one.
    fn over(&self, sample: &QuotaSample, length: Option<SignedDuration>) -> Option<(Timestamp, BlockEnd)> {
        if let Some(end) = self.told_end.filter(|end| *end <= sample.at) {
            return Some((end, self.end_as_told()));
        }
        let fell = sample.used_ratio + FELL < self.last.used_ratio
            || (sample.used_ratio <= EMPTY && self.last.used_ratio >= EMPTY + 0.02);
        if !fell {
            return None;
        }
        let told_start = sample.resets_at.zip(length).and_then(|(reset, length)| reset.checked_sub(length).ok());
        let between = |start: &Timestamp| self.last.at < *start && *start <= sample.at;
        let ended_at = told_start.filter(between).unwrap_or(sample.at);
        let end =
            self.told_end.map_or(BlockEnd::Unannounced, |told| BlockEnd::Early { by: told.duration_since(ended_at) });
        Some((ended_at, end))
    }

    fn go_on(&mut self, sample: &QuotaSample, length: Option<SignedDuration>, step: SignedDuration) {
        let moved = match (self.told_end, sample.resets_at) {
            (Some(told), Some(reset)) => reset.duration_since(told).abs() > ONE_RESET,
            (told, reset) => told.is_none() && reset.is_some(),
        };
        if moved {
            // While nothing is used, a window that begins with its first use has not begun.
            if self.peak_ratio <= 0.0 {
                *self = Self::begin(sample, length, None);
                return;
            }
            self.first_told = self.first_told.or(sample.resets_at);
        }
        self.told_end = sample.resets_at.or(self.told_end);
        let gap = sample.at.duration_since(self.last.at) > GAP;
        let knot = Knot { at: sample.at, used_ratio: sample.used_ratio, after_gap: gap };
        let due = self.knots.last().is_none_or(|knot| sample.at.duration_since(knot.at) >= step);
        if gap {
            self.end_knots();
            self.knots.push(knot);
        } else if due {
            self.knots.push(knot);
        }
        self.last = knot;
        self.peak_ratio = self.peak_ratio.max(sample.used_ratio);
        self.used_up_at = self.used_up_at.or((sample.used_ratio >= 1.0).then_some(sample.at));
        self.n_samples += 1;
    }

    /// The last reading is a knot, however close to the one before.
    fn end_knots(&mut self) {
        if self.knots.last().is_some_and(|knot| knot.at < self.last.at) {
            self.knots.push(Knot { after_gap: false, ..self.last });
        }
    }

    fn end_as_told(&self) -> BlockEnd {
        match self.first_told.zip(self.told_end).map(|(first, last)| last.duration_since(first)) {
            Some(by) if by.abs() > ONE_RESET => BlockEnd::Moved { by },
            Some(_) => BlockEnd::AsTold,
            None => BlockEnd::Unannounced,
        }
    }

    fn finish(&mut self, ended_at: Timestamp, end: BlockEnd) {
        self.end_knots();
        self.block = Some(Block {
            started_at: self.started_at,
            ended_at,
            peak_ratio: self.peak_ratio,
            used_up_at: self.used_up_at,
            end,
            n_samples: self.n_samples,
        });
    }

    /// The newest reading too, while it goes on.
    pub(super) fn newest(&self) -> Knot {
        self.last
    }
}

/// Whether a turn follows at once on the one before, or waits for its first use.
pub(super) fn how_they_start(turns: &[Turn], span: Option<Span>) -> WindowStart {
    let Some(length) = length(span) else { return WindowStart::Unknown };
    let near = length / 24;
    let (mut at_once, mut later_on) = (0, 0);
    for two in turns.windows(2) {
        let [Turn { block: Some(block), .. }, next] = two else { continue };
        if !next.told_start || matches!(block.end, BlockEnd::Early { .. } | BlockEnd::Unannounced) {
            continue;
        }
        let told_start = next.told_end.and_then(|end| end.checked_sub(length).ok());
        let gap = told_start.unwrap_or(next.started_at).duration_since(block.ended_at);
        // After turns that nobody saw it is a whole number of them.
        let beyond = SignedDuration::from_secs(gap.as_secs().rem_euclid(length.as_secs().max(1)));
        if gap <= near || beyond <= near || length - beyond <= near { at_once += 1 } else { later_on += 1 }
    }
    match at_once + later_on {
        0 | 1 => WindowStart::Unknown,
        _ if later_on > at_once => WindowStart::AtFirstUse,
        _ => WindowStart::AtReset,
    }
}

/// Whether a reading is of a window that waits for its first use: nothing used, and a whole turn still to go.
pub(super) fn not_begun(
    used_ratio: f64,
    observed_at: Timestamp,
    resets_at: Option<Timestamp>,
    span: Option<Span>,
) -> bool {
    let whole = length(span).map(|length| later(observed_at, length - ONE_RESET));
    used_ratio <= 0.0 && resets_at.zip(whole).is_some_and(|(reset, whole)| reset >= whole)
}

#[cfg(test)]
mod tests;
