//! By how much the gateway delays a cron whose schedule is staggered, so that those of one minute do not all start at once.
//!
//! Seen on a real gateway: each cron of a staggered schedule gets a share of the stagger that follows from its id, and
//! what fires on the hour has a stagger of five minutes unless it says otherwise. A schedule that is written without a
//! stagger keeps the one it had, as long as its expression stays; `null` is refused.

use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use super::{Cron, CronId, Schedule};

/// What the gateway takes for a stagger where a cron that fires on the hour has none; zero is one, too.
const ON_THE_HOUR: SignedDuration = SignedDuration::from_mins(5);

impl Cron {
    /// By how much the gateway delays it.
    #[must_use]
    pub fn delay(&self) -> SignedDuration {
        self.schedule.delay(&self.id)
    }
}

impl Schedule {
    /// By how much the gateway delays a cron of this id that has this schedule.
    #[must_use]
    pub fn delay(&self, id: &CronId) -> SignedDuration {
        let Self::Cron { expr, stagger, .. } = self else { return SignedDuration::ZERO };
        share(id, stagger.unwrap_or_else(|| tacit(expr)))
    }

    /// Its stagger, where it says one.
    #[must_use]
    pub fn stagger(&self) -> Option<SignedDuration> {
        match self {
            Self::Cron { stagger, .. } => *stagger,
            Self::Every { .. } | Self::At { .. } | Self::Event { .. } => None,
        }
    }

    /// The same schedule with its stagger said: only so does one that was given a stagger get rid of it.
    #[must_use]
    pub fn with_stagger_said(&self) -> Self {
        let mut said = self.clone();
        if let Self::Cron { expr, stagger, .. } = &mut said {
            stagger.get_or_insert_with(|| tacit(expr));
        }
        said
    }
}

/// The stagger of an expression that says none.
fn tacit(expr: &str) -> SignedDuration {
    if fires_on_the_hour(expr) { ON_THE_HOUR } else { SignedDuration::ZERO }
}

/// The share of `stagger` that the gateway gives to this cron, from a hash of its id.
fn share(id: &CronId, stagger: SignedDuration) -> SignedDuration {
    let Some(most) = u64::try_from(stagger.as_millis()).ok().filter(|most| *most > 1) else {
        return SignedDuration::ZERO;
    };
    let hash = Sha256::digest(id.as_str());
    let number = hash.iter().take(4).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    SignedDuration::from_millis(i64::try_from(number % most).unwrap_or_default())
}

/// Whether an expression fires at the beginning of hours of which it names no single one alone.
fn fires_on_the_hour(expr: &str) -> bool {
    let fields: Vec<&str> = expr.split_whitespace().collect();
    let (["0", hour, _, _, _] | ["0", "0", hour, _, _, _]) = fields[..] else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_wild = |part: &str| matches!(part, "*" | "?");
    let (mut any, mut all) = (false, true);
    for part in hour.split(',') {
        let (hours, step) = part.split_once('/').map_or((part, None), |(hours, step)| (hours, Some(step)));
        let range = hours.split_once('-').map_or_else(|| number(hours), |(from, to)| number(from) && number(to));
        any |= is_wild(hours);
        all &= (is_wild(hours) || range) && step.is_none_or(number);
    }
    any && all
}
