//! Quota windows from several sources, one list for each account, and what they say about its health.
//!
//! Invariants: of two readings of one window the newer stands; a source that reports no more of a
//! window takes back only its own word; what is read of a quota alone never makes an account worse
//! than a limit, and never mends a refused key or an empty balance that was not looked at again.

use jiff::{SignedDuration, Timestamp};

use super::breaker::{Answer, conclusive, good};
use super::evidence::is_news;
use super::standing::{current, later};
use crate::domain::{
    AccountId, Allowance, Breaker, Covers, Fleet, HandWindow, Health, Metric, ModelRef, ModelScope, ProviderAccount,
    QuotaWindow, ResetConfidence, ResetRule, Settings, Source, Span, Thresholds, Vital,
};

/// Everything that one source says of each account's windows.
///
/// A used-up window that covers every model is a limit hit. Room in all windows is a sign of return
/// for an account that is tried again, or that was only down because an earlier report said so.
pub fn absorb_windows(
    fleet: &mut Fleet,
    source: Source,
    readings: &[(AccountId, Vec<QuotaWindow>)],
    settings: &Settings,
    now: Timestamp,
) {
    for (account, windows) in readings {
        take(fleet, account, source, windows);
        if windows.is_empty() {
            continue;
        }
        let limits = &settings.thresholds;
        let used_up = windows.iter().filter(|window| {
            window.used_ratio >= 1.0 && window.covers == ModelScope::All && current(window, limits, now)
        });
        let longest = used_up.map(|window| window.resets_at).max_by_key(|reset| reset.unwrap_or(Timestamp::MAX));
        let observed_at = windows.iter().map(|window| window.observed_at).max().unwrap_or(now);
        let answer = Answer { at: observed_at, source, said: None };
        let vital = fleet.accounts.entry(account.clone()).or_default();
        match longest {
            Some(resets_at) => limit_reported(vital, resets_at, answer),
            None => room_reported(vital, observed_at, source),
        }
        strain(fleet, account, limits, now);
    }
}

/// The limits that an account's owner wrote down. They give way to whatever is read later.
pub fn absorb_hand(fleet: &mut Fleet, account: &ProviderAccount, now: Timestamp) {
    let known = fleet.windows.get(&account.id);
    let mut written: Vec<QuotaWindow> = account.by_hand.iter().map(|window| by_hand(window, now)).collect();
    sort(&mut written);
    let ours = known.into_iter().flatten().filter(|window| window.source == Source::Hand);
    if !ours.eq(written.iter()) {
        take(fleet, &account.id, Source::Hand, &written);
    }
}

/// Puts a whole reading in the place of what the same source said before.
pub(super) fn take(fleet: &mut Fleet, account: &AccountId, source: Source, reading: &[QuotaWindow]) {
    let known = fleet.windows.entry(account.clone()).or_default();
    known.retain(|window| window.source != source);
    let beaten = |by: &[QuotaWindow], window: &QuotaWindow| {
        by.iter().any(|other| same(other, window) && other.observed_at > window.observed_at)
    };
    let news: Vec<QuotaWindow> = reading.iter().filter(|window| !beaten(known, window)).cloned().collect();
    known.retain(|window| !news.iter().any(|new| same(new, window)));
    known.extend(news);
    sort(known);
    if known.is_empty() {
        fleet.windows.remove(account);
    }
}

/// The shortest first, as a person thinks of them.
fn sort(windows: &mut [QuotaWindow]) {
    windows.sort_by_cached_key(|window| (window.span.is_none(), window.span, window.label.clone()));
}

/// Whether two sources mean the same window, whatever they call it.
fn same(a: &QuotaWindow, b: &QuotaWindow) -> bool {
    let plain = |metric: Option<Metric>| metric.filter(|metric| *metric != Metric::Percent);
    let metrics = match (plain(a.metric), plain(b.metric)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    let length = match (a.span, b.span) {
        (Some(one), Some(other)) => one == other && one != Span::Endless,
        _ => false,
    };
    a.covers == b.covers && metrics && (length || a.label.eq_ignore_ascii_case(&b.label))
}

/// The windows of an answer. One whose use is not told says nothing yet.
pub(super) fn of_allowances(
    allowances: &[Allowance],
    account: &AccountId,
    observed_at: Timestamp,
    source: Source,
) -> Vec<QuotaWindow> {
    let window = |allowance: &Allowance| {
        let used_percent = allowance.used_percent.filter(|_| !allowance.stale)?;
        Some(QuotaWindow {
            label: allowance.id.clone(),
            used_ratio: (used_percent / 100.0).max(0.0),
            resets_at: allowance.reset_at,
            reset_confidence: allowance.reset_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Exact),
            covers: match &allowance.covers {
                Covers::Account => ModelScope::All,
                Covers::Model(model) => ModelScope::Models(vec![ModelRef::of(account.as_str(), model)]),
                Covers::Feature(feature) => ModelScope::Feature(feature.clone()),
            },
            span: Some(allowance.span),
            metric: Some(allowance.metric),
            used: allowance.used,
            limit: allowance.limit,
            observed_at,
            source,
        })
    };
    allowances.iter().filter_map(window).collect()
}

fn by_hand(window: &HandWindow, now: Timestamp) -> QuotaWindow {
    let resets_at = next_reset(window, now);
    // After a reset nobody has counted yet.
    let counted = resets_at.is_none_or(|reset| reset <= now || !passed_since(window, now));
    let used_percent = window.used_percent.filter(|_| counted).unwrap_or(0.0);
    QuotaWindow {
        resets_at,
        reset_confidence: resets_at.map_or(ResetConfidence::Unknown, |_| ResetConfidence::Estimated),
        span: Some(window.span),
        metric: Some(window.metric),
        used: window.limit.map(|limit| limit * used_percent / 100.0),
        limit: window.limit,
        ..QuotaWindow::new(window.label.clone(), (used_percent / 100.0).max(0.0), window.seen_at, Source::Hand)
    }
}

/// Whether a reset lies between the moment the use was read and now.
fn passed_since(window: &HandWindow, now: Timestamp) -> bool {
    next_reset(window, window.seen_at).is_some_and(|reset| reset <= now)
}

/// The first reset after `now` by the rule; the one moment itself when it comes only once.
fn next_reset(window: &HandWindow, now: Timestamp) -> Option<Timestamp> {
    let first = match window.resets {
        ResetRule::Unknown => return None,
        ResetRule::At(at) => return Some(at),
        ResetRule::EverySpanFrom(first) if first > now => return Some(first),
        ResetRule::EverySpanFrom(first) => first,
    };
    let secs = match window.span {
        Span::Minute => 60,
        Span::Hours(hours) => i64::from(hours) * 3600,
        Span::Daily => 24 * 3600,
        Span::Weekly => 7 * 24 * 3600,
        Span::Monthly => return next_month(first, now),
        Span::Endless => return None,
    };
    let rounds = now.duration_since(first).as_secs() / secs.max(1) + 1;
    Some(later(first, SignedDuration::from_secs(rounds.saturating_mul(secs))))
}

fn next_month(first: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let first = first.to_zoned(jiff::tz::TimeZone::UTC);
    let now = now.to_zoned(jiff::tz::TimeZone::UTC);
    let months = i64::from(now.year() - first.year()) * 12 + i64::from(now.month() - first.month());
    let after = |months: i64| first.checked_add(jiff::Span::new().months(months)).ok();
    (months..=months + 1).filter_map(after).map(|reset| reset.timestamp()).find(|reset| *reset > now.timestamp())
}

fn limit_reported(vital: &mut Vital, resets_at: Option<Timestamp>, answer: Answer) {
    let graver = matches!(vital.health, Health::RefusedKey | Health::OutOfBalance);
    let health = Health::LimitHit { resets_at };
    if !graver && vital.health != health && is_news(vital, answer.at) {
        conclusive(vital, health, answer);
    }
}

fn room_reported(vital: &mut Vital, at: Timestamp, source: Source) {
    let tried_again = matches!(vital.breaker, Breaker::HalfOpen { .. });
    let quota_matter =
        matches!(vital.health, Health::LimitHit { .. } | Health::RefusedKey | Health::Unknown) || vital.health.serves();
    let own_word = vital.source == source && matches!(vital.health, Health::LimitHit { .. });
    if is_news(vital, at) && (own_word || (tried_again && quota_matter)) {
        good(vital, at, source);
    }
}

/// A serving account is strained while one of its windows is nearly used up.
pub(super) fn strain(fleet: &mut Fleet, account: &AccountId, limits: &Thresholds, now: Timestamp) {
    let Some(vital) = fleet.accounts.get_mut(account).filter(|vital| vital.health.serves()) else { return };
    let windows = fleet.windows.get(account).map_or(&[][..], Vec::as_slice);
    let near = windows.iter().any(|window| {
        window.used_ratio >= limits.strained_ratio
            && !matches!(window.covers, ModelScope::Feature(_))
            && current(window, limits, now)
    });
    vital.health = if near { Health::Strained } else { Health::Up };
}
