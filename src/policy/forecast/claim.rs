//! What may be claimed of a window, and when to keep silent.

use jiff::{SignedDuration, Timestamp};

use super::fit::FEWEST;
use super::learn::LearnedWindow;
use super::turns::{length, not_begun};
use super::way::Way;
use crate::domain::{Claim, Learning, ModelScope, QuotaWindow, Settings, Silence, Span, WindowStart};
use crate::policy::standing::later;

/// Before this share of a window is used, and of its time is over, nothing is claimed of it.
const BARELY: f64 = 0.03;

/// Windows up to this length are used in bursts.
const SHORT: SignedDuration = SignedDuration::from_hours(12);

/// A reading is too old after this part of its window…
const STALE_PART: i32 = 10;

/// …but not before, and at the latest after, these times.
const STALE_AFTER: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(15), SignedDuration::from_hours(6));

/// What is as unlikely as this is left out of a claim.
const UNLIKELY: f64 = 0.1;

impl Claim {
    /// Where the window will be is told, even where no claim is made of its end.
    pub(super) fn tells_the_way(&self) -> bool {
        matches!(self, Self::RunsOut { .. } | Self::Lasts { .. } | Self::Silent(Silence::PaceAlone))
    }
}

/// Why nothing can be claimed, whatever was learned; and what needs no claim.
pub(super) fn silence(
    window: &QuotaWindow,
    started_at: Option<Timestamp>,
    known: Option<&LearnedWindow>,
    settings: &Settings,
    at: Timestamp,
) -> Option<Claim> {
    let silent = |why| Some(Claim::Silent(why));
    if window.span == Some(Span::Minute) || matches!(window.covers, ModelScope::Feature(_)) {
        return silent(Silence::NotOfRuns);
    }
    let waits = known.is_some_and(|known| known.starts == WindowStart::AtFirstUse);
    let Some(resets_at) = window.resets_at else {
        let begins_with_use = window.used_ratio <= 0.0 && (waits || known.is_some_and(once_told));
        return silent(if begins_with_use { Silence::NotStarted } else { Silence::NoReset });
    };
    if resets_at <= at {
        return silent(Silence::RolledOver);
    }
    if window.used_ratio >= 1.0 {
        return Some(Claim::UsedUp);
    }
    let age = at.duration_since(window.observed_at);
    if age > stale_after(window.span, settings) {
        return silent(Silence::Stale { age });
    }
    if not_begun(window.used_ratio, window.observed_at, window.resets_at, window.span) {
        return silent(if waits { Silence::NotStarted } else { Silence::BarelyBegun });
    }
    let over = started_at.zip(length(window.span));
    let barely =
        over.is_some_and(|(began, length)| at.duration_since(began).as_secs_f64() < BARELY * length.as_secs_f64());
    if window.used_ratio < BARELY || barely {
        return silent(Silence::BarelyBegun);
    }
    None
}

/// Its reset was told once, so that not telling it means something.
fn once_told(known: &LearnedWindow) -> bool {
    known.turns.iter().any(|turn| turn.told_end.is_some())
}

/// After which age a reading says too little. Someone who looks rarely is believed for as long as he does not look.
fn stale_after(span: Option<Span>, settings: &Settings) -> SignedDuration {
    let whole = length(span).unwrap_or(STALE_AFTER.1);
    let by_length = (whole / STALE_PART).clamp(STALE_AFTER.0, STALE_AFTER.1);
    by_length.max(settings.checks.every.saturating_mul(2).min(whole / 4))
}

/// What is claimed of a window that nothing speaks against.
pub(super) fn claim(window: &QuotaWindow, known: Option<&LearnedWindow>, way: Option<&Way<'_>>) -> Claim {
    let Some(way) = way else {
        let seen = known.map_or(0, |known| known.n_stretches);
        return Claim::Learning(Learning::Readings { seen, needed: FEWEST as u32 });
    };
    let resets_at = way.resets_at;
    let chance = way.chance(resets_at);
    let short = length(window.span).is_none_or(|length| length <= SHORT);
    let by_pace = way.other(resets_at) > way.scheduled(resets_at);
    if short && by_pace && chance >= UNLIKELY {
        return Claim::Silent(Silence::PaceAlone);
    }
    let early = way.used_up(|point| point.high);
    match (way.used_up(|point| point.likely), early) {
        (Some(likely), early) => {
            let late = way.used_up(|point| point.low);
            Claim::RunsOut { early: early.unwrap_or(likely), likely, late, chance }
        }
        (None, at_worst) => Claim::Lasts { at_reset: way.point(resets_at), at_worst, chance },
    }
}

/// How long a reading of such a window counts; for those who must know when to look again.
#[must_use]
pub fn stale_at(window: &QuotaWindow, settings: &Settings) -> Timestamp {
    later(window.observed_at, stale_after(window.span, settings))
}
