//! Cron expressions and times: schedules in words, next fires, and until when a provider says to wait.
//!
//! Input, by lines: the moment in milliseconds, the schedule's zone, the reader's, a provider; then the schedule, an
//! expression or `every MILLIS ANCHOR` or `at MOMENT`; then what the provider says.

use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{Billing, Catalog, Cron, CronId, Missed, Payload, ResetConfidence, Schedule, Service};
use model_orchestrator::domain::{Diagnosis, Settings};
use model_orchestrator::policy::{fires, missed, next_fire};
use model_orchestrator::providers::{Answer, Body, DashboardPage, Evidence, diagnose, read_dashboard};
use model_orchestrator::words::{self, Speech};
use serde_json::json;

use super::lawful::lawful;

/// 2100: what lies behind it is no present.
const LAST_NOW: i64 = 4_102_444_800_000;
/// Beyond this nothing is believed to be a reset.
const FARTHEST: SignedDuration = SignedDuration::from_hours(40 * 24);

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::default);

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.splitn(3, '\n');
    let mut head = lines.next().unwrap_or_default().split(' ');
    let millis: i64 = head.next().and_then(|millis| millis.parse().ok()).unwrap_or(1_795_420_800_123);
    let now = Timestamp::from_millisecond(millis.clamp(0, LAST_NOW)).expect("is within time");
    let zone = head.next().filter(|zone| *zone != "-").map(str::to_owned);
    let here = head.next().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
    let provider = head.next().unwrap_or("zai");
    let speech = Speech { now, zone: &here, settings: &SETTINGS, catalog: &CATALOG };
    if let Some(schedule) = lines.next().and_then(|line| schedule_of(line, zone)) {
        in_order(&schedule, now);
        in_words(&schedule, &speech);
    }
    if let Some(told) = lines.next() {
        waits(told, provider, now);
        on_a_page(told, &speech);
    }
}

fn schedule_of(line: &str, zone: Option<String>) -> Option<Schedule> {
    let millis = |text: &str| text.parse::<i64>().ok();
    if let Some(rest) = line.strip_prefix("every ") {
        let (every, anchor) = rest.split_once(' ').unwrap_or((rest, ""));
        let anchor = millis(anchor).and_then(|anchor| Timestamp::from_millisecond(anchor).ok());
        return Some(Schedule::Every { every: SignedDuration::from_millis(millis(every)?), anchor });
    }
    if let Some(at) = line.strip_prefix("at ") {
        return at.parse().ok().map(|at| Schedule::At { at });
    }
    let (expr, stagger) = line.split_once('~').unwrap_or((line, ""));
    let stagger = millis(stagger).map(SignedDuration::from_millis);
    Some(Schedule::Cron { expr: expr.to_owned(), zone, stagger })
}

/// Fires come after the moment they are asked for, one after another, and nothing lies between.
fn in_order(schedule: &Schedule, now: Timestamp) {
    // That there is none to come takes long to find out, so nothing is asked twice then.
    let Some(next) = next_fire(schedule, now) else { return };
    assert!(next > now, "{schedule:?}: {next} is not after {now}");
    let between = now + next.duration_since(now) / 2;
    for asked in [between, next - SignedDuration::from_nanos(1)] {
        assert_eq!(next_fire(schedule, asked), Some(next), "{schedule:?}: after {asked}, as after {now}");
    }
    if let Some(second) = next_fire(schedule, next) {
        assert!(second > next, "{schedule:?}: {second} after {next}");
    }
    let to = now + SignedDuration::from_hours(30);
    let most = Missed::COUNTED as usize;
    let listed: Vec<Timestamp> = fires(schedule, now, to).take(most).collect();
    assert!(listed.windows(2).all(|two| two[0] < two[1]), "{schedule:?}: {listed:?}");
    assert!(listed.iter().all(|at| *at > now && *at <= to), "{schedule:?}: {listed:?}");
    let mut cron = Cron::new(CronId::new("c"), "C", schedule.clone(), Payload::Other("command".to_owned()));
    let promptly = !matches!(schedule, Schedule::Cron { stagger: Some(_), .. });
    if let Schedule::Cron { stagger: stagger @ None, .. } = &mut cron.schedule {
        // What fires on the hour would get one.
        *stagger = Some(SignedDuration::ZERO);
    }
    let Some(missed) = missed(&cron, now, to) else { return };
    if promptly {
        assert_eq!((missed.n_runs as usize, missed.first), (listed.len(), listed.first().copied()), "{schedule:?}");
        if listed.len() < most {
            assert_eq!(missed.last, listed.last().copied(), "{schedule:?} after {now}");
        }
    }
    assert_eq!((missed.first.is_some(), missed.last.is_some()), (missed.n_runs > 0, missed.n_runs > 0), "{missed:?}");
    if let (Some(first), Some(last)) = (missed.first, missed.last) {
        assert!(now < first && first <= last && last <= to, "{schedule:?}: {missed:?}");
    }
}

/// What is said of an expression is what it does.
fn in_words(schedule: &Schedule, speech: &Speech<'_>) {
    for said in [words::schedule(schedule, speech), words::schedule_in_short(schedule, speech)] {
        assert!(!said.is_empty(), "{schedule:?}");
    }
    for at in [speech.now + SignedDuration::from_hours(9), Timestamp::MAX, Timestamp::MIN] {
        for said in [words::clock_and_relative(at, speech), words::age(at, speech.now), words::soon(at, speech.now)] {
            assert!(!said.is_empty());
        }
    }
    let Schedule::Cron { expr, .. } = schedule else { return };
    let plain = Schedule::Cron { expr: expr.clone(), zone: None, stagger: None };
    let said = words::schedule(&plain, &Speech { zone: &TimeZone::UTC, ..*speech });
    if said.starts_with("cron \"") {
        return;
    }
    let mut at = speech.now;
    for _ in 0..3 {
        let Some(next) = next_fire(&plain, at) else {
            // The 30th of February can be said.
            assert!(said.contains(" of "), "{expr:?} is said as {said:?} and never fires");
            return;
        };
        fits(&said, next, expr);
        if let Some(apart) = evenly(&said)
            && at != speech.now
        {
            assert_eq!(next.duration_since(at), apart, "{expr:?} is said as {said:?}");
        }
        at = next;
    }
}

/// A moment at which it fires is one of those that were said, as far as times and days were.
fn fits(said: &str, at: Timestamp, expr: &str) {
    let local = TimeZone::UTC.to_datetime(at);
    let wrong = || panic!("{expr:?} is said as {said:?} and fires at {local}");
    let (days, times) = said.rsplit_once(" at ").or_else(|| said.split_once(" month ")).unwrap_or((said, ""));
    let time = local.strftime(if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string();
    if times.starts_with(|first: char| first.is_ascii_digit()) && !times.contains(&time) {
        wrong();
    }
    if times.starts_with(':') && !times.contains(&local.strftime(":%M").to_string()) {
        wrong();
    }
    let weekday = local.strftime("%a").to_string();
    let weekend = matches!(weekday.as_str(), "Sat" | "Sun");
    let names_days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().any(|day| days.contains(day));
    if days.starts_with("weekdays") && weekend
        || days.starts_with("weekends") && !weekend
        || names_days && !days.contains(" of ") && !days.contains(&weekday)
    {
        wrong();
    }
    if said.starts_with("last day of month") && local.date() != local.date().last_of_month() {
        wrong();
    }
    if days.contains("th of") || days.contains("st of") {
        let day = local.day().to_string();
        let told = days.split(|letter: char| !letter.is_ascii_digit()).any(|number| number == day);
        if !told && !said.starts_with("last") {
            wrong();
        }
    }
}

/// "every 5 min": that far apart.
fn evenly(said: &str) -> Option<SignedDuration> {
    let (number, unit) = said.strip_prefix("every ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match unit {
        "s" => Some(SignedDuration::from_secs(number)),
        "min" => Some(SignedDuration::from_mins(number)),
        "h" => Some(SignedDuration::from_hours(number)),
        _ => None,
    }
}

/// A reset that was read is to come, is not too far to be one, and stands in what was said.
fn waits(told: &str, provider: &str, now: Timestamp) {
    for answer in spellings(told) {
        let ask = |now| {
            let billing = Billing::QuotaPlan;
            let evidence = Evidence { billing, answer: answer.clone(), ..Evidence::prose(provider, "", now) };
            let found = diagnose(&evidence);
            lawful(&evidence, &found, &SETTINGS);
            found
        };
        let found = ask(now);
        let has_number = told.contains(|letter: char| letter.is_ascii_digit());
        assert!(
            has_number || found.reset_at.is_none() || found.reset_confidence != ResetConfidence::Exact,
            "{told:?} invents {found:?}"
        );
        let exact = |found: &Diagnosis| {
            found.reset_at.filter(|_| found.reset_confidence == ResetConfidence::Exact && found.model.is_none())
        };
        // A second later the same moment is meant, or the same wait.
        let second = SignedDuration::from_secs(1);
        if let (Some(first), Some(later)) = (exact(&found), exact(&ask(now + second))) {
            let at_the_edge = first.duration_since(now) <= second || later.duration_since(now) >= FARTHEST;
            assert!(first == later || later == first + second || at_the_edge, "{told:?}: {first}, then {later}");
        }
    }
}

/// The same words in the places where providers put them.
fn spellings(told: &str) -> [Answer; 3] {
    let http = |headers: &[&str], body| Answer::Http {
        status: 429,
        headers: headers.iter().map(|name| ((*name).to_owned(), told.to_owned())).collect(),
        body: Body::Json(body),
    };
    [
        Answer::Prose(told.to_owned()),
        http(&["retry-after"], json!({"error": {"message": told, "code": "1308"}})),
        http(
            &["x-ratelimit-reset-requests", "anthropic-ratelimit-requests-reset"],
            json!({"error": {"type": "rate_limit_error", "resets_at": told, "retry_after": told}}),
        ),
    ]
}

/// Beside the name of a window, as on a usage page.
fn on_a_page(told: &str, speech: &Speech<'_>) {
    let text = format!("5-hour limit\n12% used\nResets {told}\nWeekly limit\n3% used\n{told}");
    for service in [Service::ClaudeSubscription, Service::Kimi] {
        let page =
            DashboardPage { text: &text, service, billing: Billing::QuotaPlan, seen_at: speech.now, zone: speech.zone };
        let Ok(read) = read_dashboard(&page) else { continue };
        for window in &read.windows {
            assert!(window.reset_at.is_none_or(|at| at > speech.now || window.stale), "{told:?}: {window:?}");
            assert!(!words::dashboard_window(window, speech).is_empty());
            // "noon", "tomorrow", "in an hour": some word must have named it.
            let names = told.contains(char::is_alphanumeric);
            assert!(names || window.reset_at.is_none(), "{told:?} invents {window:?}");
        }
    }
}
