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
            // A window that was full and has rolled over since tells nothing of the one after it.
            None if windows.iter().any(|window| window.used_ratio >= 1.0 && window.covers == ModelScope::All) => {}
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

/// What its owner wrote, until it has come back: then nobody has counted yet, and it shows as rolled over.
fn by_hand(window: &HandWindow, now: Timestamp) -> QuotaWindow {
    let first_since = next_reset(window, window.seen_at);
    let resets_at = first_since.filter(|reset| *reset <= now).or_else(|| next_reset(window, now));
    let used_percent = window.used_percent.unwrap_or(0.0);
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
    let quota_matter = match vital.health {
        // The gateway asks with the account's own key; a page was read without it.
        Health::RefusedKey => source == Source::UsageStatus,
        Health::LimitHit { .. } | Health::Unknown => true,
        _ => vital.health.serves(),
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Service;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::constant(1_795_000_000, 0) + SignedDuration::from_mins(minutes)
    }

    fn kimi() -> AccountId {
        AccountId::new("kimi")
    }

    fn window(label: &str, percent: f64, minute: i64, source: Source) -> QuotaWindow {
        QuotaWindow { resets_at: Some(at(600)), ..QuotaWindow::new(label, percent / 100.0, at(minute), source) }
    }

    fn read(fleet: &mut Fleet, source: Source, windows: Vec<QuotaWindow>, minute: i64) -> Vec<(String, u32, Source)> {
        absorb_windows(fleet, source, &[(kimi(), windows)], &Settings::default(), at(minute));
        let known = fleet.windows.get(&kimi()).into_iter().flatten();
        known.map(|known| (known.label.clone(), (known.used_ratio * 100.0).round() as u32, known.source)).collect()
    }

    #[test]
    fn of_two_readings_of_one_window_the_newer_stands_whatever_it_is_called() {
        use Source::{Page, Probe, UsageStatus};
        let mut fleet = Fleet::default();
        let gateway = vec![window("5h", 20.0, 1, UsageStatus), window("Week", 40.0, 1, UsageStatus)];
        read(&mut fleet, UsageStatus, gateway.clone(), 1);
        let ours = vec![window("weekly", 42.0, 2, Probe)];
        let merged = [("5h".to_owned(), 20, UsageStatus), ("weekly".to_owned(), 42, Probe)];
        assert_eq!(read(&mut fleet, Probe, ours, 2), merged, "one week, read later");
        assert_eq!(read(&mut fleet, UsageStatus, gateway, 2), merged, "an older reading changes nothing");
        let page = vec![window("5-hour", 30.0, 3, Page), window("Images", 9.0, 3, Page)];
        let with_page =
            [("5-hour".to_owned(), 30, Page), ("weekly".to_owned(), 42, Probe), ("Images".to_owned(), 9, Page)];
        assert_eq!(read(&mut fleet, Page, page, 3), with_page);
        assert_eq!(read(&mut fleet, Page, Vec::new(), 4), [("weekly".to_owned(), 42, Probe)], "it takes back its own");
    }

    #[test]
    fn a_used_up_add_on_stops_no_chat() {
        let mut fleet = Fleet::default();
        let search = ModelScope::Feature("search".to_owned());
        let windows = vec![QuotaWindow { covers: search, ..window("Search", 100.0, 1, Source::Probe) }];
        read(&mut fleet, Source::Probe, windows, 1);
        assert_eq!(fleet.accounts[&kimi()].health, Health::Unknown);
        let windows = vec![window("5h", 100.0, 2, Source::Page)];
        read(&mut fleet, Source::Page, windows, 2);
        assert_eq!(fleet.accounts[&kimi()].health, Health::LimitHit { resets_at: Some(at(600)) });
        let vital = &fleet.accounts[&kimi()];
        assert_eq!(vital.source, Source::Page, "and it is said who said so");
        read(&mut fleet, Source::Page, vec![window("5h", 10.0, 3, Source::Page)], 3);
        assert!(fleet.accounts[&kimi()].health.serves(), "its own word is taken back");
    }

    /// The gateway tells its cached report first, also after the reset in it.
    #[test]
    fn a_full_window_that_has_rolled_over_is_no_sign_of_room() {
        let full = |minute: i64| {
            vec![QuotaWindow { resets_at: Some(at(60)), ..window("5h", 100.0, minute, Source::UsageStatus) }]
        };
        let mut fleet = Fleet::default();
        read(&mut fleet, Source::UsageStatus, full(1), 1);
        crate::policy::advance(&mut fleet, &Settings::default(), at(60));
        read(&mut fleet, Source::UsageStatus, full(59), 61);
        assert_eq!(fleet.accounts[&kimi()].health, Health::Unknown);
        let room = vec![window("5h", 2.0, 62, Source::UsageStatus)];
        read(&mut fleet, Source::UsageStatus, room, 62);
        assert_eq!(fleet.accounts[&kimi()].health, Health::Up);
    }

    #[test]
    fn a_page_mends_no_refused_key() {
        let refused = Vital {
            health: Health::RefusedKey,
            breaker: Breaker::HalfOpen { good: 0 },
            observed_at: Some(at(0)),
            ..Vital::default()
        };
        for (source, health) in [(Source::Page, Health::RefusedKey), (Source::UsageStatus, Health::Up)] {
            let mut fleet = Fleet { accounts: [(kimi(), refused.clone())].into(), ..Fleet::default() };
            read(&mut fleet, source, vec![window("5h", 10.0, 1, source)], 1);
            assert_eq!(fleet.accounts[&kimi()].health, health, "{source:?}");
        }
    }

    #[test]
    fn a_limit_by_hand_comes_back_by_its_rule_and_gives_way_to_a_reading() {
        let first: Timestamp = "2026-01-31T06:00:00Z".parse().expect("a moment");
        let earlier: Timestamp = "2026-01-29T00:00:00Z".parse().expect("a moment");
        let limit = |span, resets, seen_at| HandWindow {
            label: "mine".to_owned(),
            span,
            metric: Metric::Requests,
            limit: Some(200.0),
            used_percent: Some(90.0),
            seen_at,
            resets,
        };
        let again = ResetRule::EverySpanFrom(first);
        let cases = [
            (Span::Hours(5), again, earlier, "2026-01-31T12:30:00Z", Some("2026-01-31T06:00:00Z"), 0.9),
            (Span::Weekly, again, earlier, "2026-01-30T00:00:00Z", Some("2026-01-31T06:00:00Z"), 0.9),
            (Span::Monthly, again, first, "2026-02-10T00:00:00Z", Some("2026-02-28T06:00:00Z"), 0.9),
            (Span::Monthly, again, first, "2026-03-01T00:00:00Z", Some("2026-02-28T06:00:00Z"), 0.9),
            (Span::Daily, ResetRule::Unknown, first, "2026-03-01T00:00:00Z", None, 0.9),
        ];
        for (span, resets, seen_at, now, reset, used) in cases {
            let mut fleet = Fleet::default();
            let mut account = ProviderAccount::new(kimi(), Service::Kimi);
            account.by_hand = vec![limit(span, resets, seen_at)];
            let now: Timestamp = now.parse().expect("a moment");
            absorb_hand(&mut fleet, &account, now);
            let written = &fleet.windows[&kimi()][0];
            assert_eq!(written.resets_at, reset.map(|reset| reset.parse().expect("a moment")), "{span:?} {now}");
            assert!((written.used_ratio - used).abs() < 1e-9, "{span:?} at {now}: {}", written.used_ratio);
            let read = QuotaWindow { span: Some(span), ..QuotaWindow::new("other", 0.3, now, Source::Probe) };
            take(&mut fleet, &kimi(), Source::Probe, &[read]);
            absorb_hand(&mut fleet, &account, now);
            let sources: Vec<Source> = fleet.windows[&kimi()].iter().map(|window| window.source).collect();
            assert_eq!(sources, [Source::Probe], "a reading goes before a note");
            account.by_hand.clear();
            absorb_hand(&mut fleet, &account, now);
            assert_eq!(fleet.windows[&kimi()].len(), 1);
        }
    }
}
