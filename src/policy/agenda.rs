//! When an account is looked at next, and when a question that costs tokens is worth it.
//!
//! Free looks follow the interval; a passed reset, a doubt and the end of a back-off come at once. What
//! costs tokens waits as long as the account has been failing already, within limits.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::standing::{current, later};
use crate::domain::{Breaker, Health, HealthState, ModelScope, QuotaWindow, Settings, Source, Thresholds, Vital};

/// After a limit's reset, so that the provider's clock has passed it too.
pub const AFTER_RESET: SignedDuration = SignedDuration::from_secs(60);
/// After the reset of a limit that lasts minutes.
const AFTER_SHORT_RESET: SignedDuration = SignedDuration::from_secs(2);
/// Between two questions that cost tokens, to one account: at least, and at most while it has not failed for long.
const PAID_GAP_LEAST: SignedDuration = SignedDuration::from_mins(5);
const PAID_GAP_MOST: SignedDuration = SignedDuration::from_mins(30);
/// Of an account that fails for longer they are this part of that time apart, so that those of a day last for it.
const PAID_GAP_PART: i32 = 3;
/// The same when a person asks.
const PAID_GAP_ON_DEMAND: SignedDuration = SignedDuration::from_mins(1);
/// How long a job that ran is proof enough for a person who asks.
const PROVEN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// What is known of one account and of the looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    pub vital: Option<&'a Vital>,
    pub windows: &'a [QuotaWindow],
    /// When the last look at it ended.
    pub looked_at: Option<Timestamp>,
    /// When it was last asked something that costs tokens.
    pub paid_at: Option<Timestamp>,
    /// Nothing is given back before it is known to serve.
    pub awaited: bool,
}

impl Watched<'_> {
    /// Whether nobody can say that it serves, while something speaks against it, or somebody waits for it.
    #[must_use]
    pub fn in_doubt(&self) -> bool {
        let unknown = self.vital.is_none_or(|vital| vital.health == Health::Unknown);
        self.vital.is_some_and(doubted) || (self.awaited && unknown)
    }
}

/// The next round over all accounts: the interval, a fifth more or less so that many programs do not
/// ask at one moment.
#[must_use]
pub fn next_round(last: Timestamp, every: SignedDuration) -> Timestamp {
    let mut hasher = DefaultHasher::new();
    last.as_nanosecond().hash(&mut hasher);
    let share = (hasher.finish() % 401) as f64 / 1000.0 - 0.2;
    let wait = every.as_secs_f64() * (1.0 + share);
    later(last, SignedDuration::from_millis((wait * 1000.0) as i64))
}

/// When this account should be looked at before the next round, if it should.
#[must_use]
pub fn look_due(watched: Watched<'_>, limits: &Thresholds) -> Option<Timestamp> {
    let looked_at = watched.looked_at;
    let not_looked_since = |at: &Timestamp| looked_at.is_none_or(|looked| looked < *at);
    let vital = watched.vital;
    let reset = vital.and_then(|vital| match vital.health {
        Health::LimitHit { resets_at: Some(reset) } => Some(later(reset, margin(vital))),
        _ => None,
    });
    let retry = vital.and_then(|vital| match (&vital.health, &vital.breaker) {
        // That is the same moment, without the margin.
        (Health::LimitHit { resets_at: Some(_) }, _) => None,
        (_, Breaker::Open { retry_at, .. }) => *retry_at,
        _ => None,
    });
    let doubt = vital.filter(|_| watched.in_doubt()).and_then(|vital| {
        let seen = vital.observed_at.max(vital.timeouts.last().map(|(at, _)| *at));
        // A passed reset is doubted from then on, whatever was seen before.
        seen.max(back_since(vital).or(vital.since))
    });
    let filled = |window: &&QuotaWindow| {
        window.used_ratio >= limits.strained_ratio && !matches!(window.covers, ModelScope::Feature(_))
    };
    let rolled = watched.windows.iter().filter(filled).filter_map(|window| window.resets_at);
    let rolled = rolled.map(|reset| later(reset, AFTER_RESET));
    [reset, retry, doubt].into_iter().flatten().chain(rolled).filter(not_looked_since).min()
}

fn margin(vital: &Vital) -> SignedDuration {
    let short = vital.said.as_ref().is_some_and(|said| said.state == HealthState::RateLimited);
    if short { AFTER_SHORT_RESET } else { AFTER_RESET }
}

/// When an account whose reset has passed may be asked: the provider's clock must have passed it, too.
fn back_since(vital: &Vital) -> Option<Timestamp> {
    let tried = matches!(vital.breaker, Breaker::HalfOpen { .. }) && vital.health == Health::Unknown;
    vital.since.filter(|_| tried).map(|since| later(since, margin(vital)))
}

/// Whether something speaks against it, and nobody can say that it serves.
#[must_use]
pub fn doubted(vital: &Vital) -> bool {
    match vital.breaker {
        Breaker::Closed { failures } => failures > 0 || !vital.timeouts.is_empty(),
        Breaker::HalfOpen { .. } => !vital.health.serves(),
        Breaker::Open { .. } => false,
    }
}

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It is due.
    Due,
    /// A person looks at all accounts.
    All,
    /// A person asks whether this one serves now, and nothing free could tell.
    This,
}

/// When a question that costs tokens may be asked, if there is anything to learn from it.
///
/// None while a window is used up or the gateway itself waits: the answer would be known. On demand an
/// account of which nothing is known is asked too, and the only one that a person asks about unless a job
/// ran there lately.
#[must_use]
pub fn paid_due(watched: Watched<'_>, demand: Demand, settings: &Settings, now: Timestamp) -> Option<Timestamp> {
    let limits = &settings.thresholds;
    let used_up = watched
        .windows
        .iter()
        .any(|window| window.used_ratio >= 1.0 && window.covers == ModelScope::All && current(window, limits, now));
    let vital = watched.vital;
    let waits = vital.and_then(|vital| vital.gateway_waits_until).is_some_and(|until| until > now);
    let unknown = vital.is_none_or(|vital| vital.health == Health::Unknown);
    let failing = vital.is_some_and(|vital| vital.health.fails());
    let limited =
        vital.is_some_and(|vital| matches!(vital.health, Health::LimitHit { resets_at: Some(at) } if at > now));
    let on_demand = demand != Demand::Due;
    let unproven = demand == Demand::This && !vital.is_some_and(|vital| proven(vital, now));
    let wanted = watched.in_doubt() || (on_demand && (unknown || failing)) || unproven;
    if used_up || waits || limited || !wanted {
        return None;
    }
    let earliest = vital.and_then(back_since).unwrap_or(Timestamp::MIN);
    let Some(paid_at) = watched.paid_at else { return Some(now.max(earliest)) };
    // Its reset has passed since: that is a new question.
    let reset_since = vital.and_then(|vital| vital.since).filter(|since| unknown && *since > paid_at);
    let failing_for = vital.and_then(|vital| vital.since).filter(|_| failing).map(|since| now.duration_since(since));
    let gap = match failing_for {
        _ if on_demand => PAID_GAP_ON_DEMAND,
        Some(elapsed) => elapsed.clamp(PAID_GAP_LEAST, PAID_GAP_MOST.max(elapsed / PAID_GAP_PART)),
        None => PAID_GAP_LEAST,
    };
    Some(reset_since.map_or_else(|| later(paid_at, gap), |_| now).max(earliest))
}

/// A job ran there within the hour, or a question was answered.
fn proven(vital: &Vital, now: Timestamp) -> bool {
    let lately = vital.observed_at.is_some_and(|at| later(at, PROVEN_FOR) > now);
    lately && vital.health.serves() && matches!(vital.source, Source::Run | Source::GatewayProbe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CronId;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::constant(1_795_000_000, 0) + SignedDuration::from_mins(minutes)
    }

    fn open(health: Health, since: i64, retry: i64) -> Vital {
        Vital {
            health,
            breaker: Breaker::Open { since: at(since), retry_at: Some(at(retry)), conclusive: false },
            since: Some(at(since)),
            observed_at: Some(at(since)),
            ..Vital::default()
        }
    }

    fn half_open(health: Health, since: i64) -> Vital {
        Vital { breaker: Breaker::HalfOpen { good: 0 }, ..open(health, since, 0) }
    }

    fn watched(vital: &Vital, looked: i64) -> Watched<'_> {
        Watched { vital: Some(vital), windows: &[], looked_at: Some(at(looked)), paid_at: None, awaited: false }
    }

    #[test]
    fn rounds_are_spread_around_their_interval() {
        let every = SignedDuration::from_mins(5);
        let waits: Vec<i64> = (0..200).map(|n| next_round(at(n), every).duration_since(at(n)).as_secs()).collect();
        assert!(waits.iter().all(|wait| (240..=360).contains(wait)), "a fifth at most: {waits:?}");
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(least < &260 && most > &340, "and really spread: {least} to {most}");
    }

    #[test]
    fn an_account_is_looked_at_when_something_may_have_changed() {
        let limits = Thresholds::default();
        let reset = Some(at(30));
        let limit = open(Health::LimitHit { resets_at: reset }, 0, 30);
        let timed_out = Vital { timeouts: vec![(at(7), CronId::new("a"))], ..Vital::default() };
        let serving = Vital { health: Health::Up, observed_at: Some(at(7)), ..Vital::default() };
        let cases = [
            (&serving, 5, None, "it serves: the round is enough"),
            (&limit, 5, Some(at(31)), "a limit: a minute after its reset"),
            (&open(Health::Overloaded, 0, 2), 1, Some(at(2)), "a back-off: when it is over"),
            (&open(Health::Overloaded, 0, 2), 3, None, "it was looked at since"),
            (&timed_out, 5, Some(at(7)), "a run failed since the last look: at once"),
            (&timed_out, 8, None, "it was looked at since"),
            (&half_open(Health::Unknown, 6), 5, Some(at(7)), "its reset has passed, by a minute"),
        ];
        for (vital, looked, due, why) in cases {
            assert_eq!(look_due(watched(vital, looked), &limits), due, "{why}");
        }
        let window = QuotaWindow { resets_at: reset, ..QuotaWindow::new("5h", 0.9, at(0), Source::UsageStatus) };
        let windows = [window.clone(), QuotaWindow { used_ratio: 0.5, resets_at: Some(at(10)), ..window }];
        let nearly_full = Watched { windows: &windows, ..watched(&serving, 5) };
        assert_eq!(look_due(nearly_full, &limits), Some(at(31)), "a window that was nearly full rolls over");
    }

    #[test]
    fn tokens_are_spent_only_where_an_answer_can_tell_something() {
        use Demand::{All, Due, This};
        let settings = Settings::default();
        let ran = Vital { health: Health::Up, source: Source::Run, observed_at: Some(at(1)), ..Vital::default() };
        let serving = Vital { health: Health::Up, ..Vital::default() };
        let once = Vital { breaker: Breaker::Closed { failures: 1 }, ..serving.clone() };
        let waits = Vital { gateway_waits_until: Some(at(10)), ..half_open(Health::Overloaded, 0) };
        let limit = open(Health::LimitHit { resets_at: Some(at(30)) }, 0, 30);
        let cases = [
            (&serving, Due, None, None, "it serves"),
            (&serving, All, None, None, "it serves, whoever asks"),
            (&serving, This, None, Some(at(3)), "is it so? only the key was taken"),
            (&ran, This, None, None, "a job ran a moment ago"),
            (&once, Due, None, Some(at(3)), "it failed once"),
            (&Vital::default(), Due, None, None, "nothing is known and nothing speaks against it"),
            (&Vital::default(), All, None, Some(at(3)), "a person asks"),
            (&limit, All, None, None, "the answer is known until its reset"),
            (&waits, All, None, None, "the gateway would refuse"),
            (&half_open(Health::Overloaded, 0), Due, Some(1), Some(at(6)), "five minutes between two"),
            (&half_open(Health::Overloaded, -80), Due, Some(1), Some(at(31)), "half an hour when it lasts"),
            (&half_open(Health::Overloaded, -597), Due, Some(1), Some(at(201)), "and later a third of how long it has"),
            (&half_open(Health::Unknown, 2), Due, Some(1), Some(at(3)), "its reset has passed since, by a minute"),
            (&half_open(Health::Overloaded, 0), All, Some(1), Some(at(2)), "a person waits a minute"),
        ];
        for (vital, demand, paid, due, why) in cases {
            let watched = Watched { paid_at: paid.map(at), ..watched(vital, 0) };
            assert_eq!(paid_due(watched, demand, &settings, at(3)), due, "{why}");
        }
        let unseen = Watched { awaited: true, ..watched(&ran, 0) };
        assert_eq!(paid_due(unseen, Due, &settings, at(3)), None, "it serves, and that is what is waited for");
        let lost = Vital { since: Some(at(1)), ..Vital::default() };
        let awaited = Watched { awaited: true, ..watched(&lost, 0) };
        assert_eq!(paid_due(awaited, Due, &settings, at(3)), Some(at(3)), "what is owed waits for a word of it");
        assert_eq!(look_due(awaited, &settings.thresholds), Some(at(1)), "from the moment that nothing is known");
        let full = QuotaWindow { resets_at: Some(at(60)), ..QuotaWindow::new("5h", 1.0, at(0), Source::Probe) };
        let watched = Watched { windows: std::slice::from_ref(&full), ..watched(&once, 0) };
        assert_eq!(paid_due(watched, This, &settings, at(3)), None, "a window is used up");
    }
}
