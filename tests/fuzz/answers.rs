//! Answers of providers and pages of theirs: bodies, statuses, headers in, a diagnosis or windows out.
//!
//! Input like an exchange: a first line, headers, an empty line, a body. The first line is `answer PROVIDER
//! BILLING QUESTION STATUS MODEL`, where a status of 0 is a text of the gateway and `-` no answer at all;
//! `page SERVICE BILLING`; or `document`, for evidence as a person feeds it.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use model_orchestrator::domain::{Billing, Catalog, DashboardReading, Diagnosis, Service, Settings};
use model_orchestrator::providers::{
    Answer, Beside, Body, DashboardPage, Evidence, PriorWindow, Request, RequestKind, billing, diagnose, evidence_of,
    read_dashboard,
};
use model_orchestrator::words::{self, Speech};

use super::lawful::lawful;
use super::secret;

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::default);

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let text = secret::plant(text);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let (first, headers) = head.split_once('\n').unwrap_or((head, ""));
    let mut words = first.split(' ');
    match words.next() {
        Some("answer") => answer(words, headers, body),
        Some("page") => page(words, body),
        Some("document") => document(body),
        _ => {}
    }
}

fn now() -> Timestamp {
    Timestamp::constant(1_795_420_800, 0)
}

fn answer<'a>(mut words: impl Iterator<Item = &'a str>, headers: &str, body: &str) {
    let provider = words.next().unwrap_or_default();
    let billing = words.next().and_then(billing).unwrap_or(Billing::QuotaPlan);
    let kind = match words.next() {
        Some("job") => Some(RequestKind::Job),
        Some("models") => Some(RequestKind::Models),
        Some("count_tokens") => Some(RequestKind::CountTokens),
        Some("quota") => Some(RequestKind::Quota),
        Some("balance") => Some(RequestKind::Balance),
        _ => None,
    };
    let status = words.next().unwrap_or("0");
    let model = words.next().map(str::to_owned);
    let body_only = || match serde_json::from_str(body) {
        Ok(value) => Body::Json(value),
        Err(_) if body.is_empty() => Body::Empty,
        Err(_) => Body::Text(body.to_owned()),
    };
    let answer = match (status, status.parse()) {
        ("-", _) => Answer::Nothing { transport_error: body.to_owned() },
        (_, Ok(status)) if status != 0 => {
            let lines = headers.lines().filter_map(|line| line.split_once(": "));
            let headers = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            Answer::Http { status, headers, body: body_only() }
        }
        _ => match body_only() {
            Body::Text(text) => Answer::Prose(text),
            body => Answer::BodyOnly(body),
        },
    };
    let prior = PriorWindow {
        id: "5h".to_owned(),
        used_percent: Some(100.0),
        reset_at: now().checked_add(jiff::SignedDuration::from_hours(3)).ok(),
        blocks_chat: true,
    };
    let prior_quota = if headers.contains("prior") { vec![prior] } else { Vec::new() };
    let request = Request { kind, url: None, model };
    let evidence =
        Evidence { provider: provider.to_owned(), billing, plan: None, request, prior_quota, answer, now: now() };
    judged(&evidence);
}

/// The laws of every diagnosis; no key in what is quoted; and what is kept of it says the same.
fn judged(evidence: &Evidence) {
    let found = diagnose(evidence);
    assert_eq!(found, diagnose(evidence), "the same answer means the same");
    lawful(evidence, &found, &SETTINGS);
    let kept = serde_json::to_string(&found).expect("a diagnosis can be kept");
    let again: Diagnosis = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{error}: {kept}"));
    assert_eq!(again, found, "{kept}");
    secret::kept(found.quote.as_deref().unwrap_or_default(), "a quotation");
    let speech = Speech { now: evidence.now, zone: &TimeZone::UTC, settings: &SETTINGS, catalog: &CATALOG };
    drop(words::diagnosis_advice(&found, &speech));
    for window in &found.windows {
        assert!(!words::allowance(window, &speech).is_empty(), "{window:?}");
    }
}

fn page<'a>(mut words: impl Iterator<Item = &'a str>, text: &str) {
    let service = Service::of(words.next().unwrap_or_default(), None);
    let billing = words.next().and_then(billing).unwrap_or(Billing::QuotaPlan);
    let page = DashboardPage { text, service, billing, seen_at: now(), zone: &TimeZone::UTC };
    let read = read_dashboard(&page);
    assert_eq!(read, read_dashboard(&page), "the same page says the same");
    match read {
        Ok(reading) => shown(&reading, text, billing),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Windows as a page can have them, and none without a number on it.
fn shown(reading: &DashboardReading, text: &str, billing: Billing) {
    let speech = Speech { now: now(), zone: &TimeZone::UTC, settings: &SETTINGS, catalog: &CATALOG };
    let has_number = text.contains(char::is_numeric);
    for window in &reading.windows {
        assert!(window.used_percent.is_none_or(|used| (0.0..=100.0).contains(&used)), "{window:?}");
        assert!(window.reset_at.is_none_or(|at| at > now() || window.stale), "{window:?}");
        assert!([window.used, window.limit].iter().flatten().all(|number| number.is_finite()), "{window:?}");
        assert!(has_number || window.used_percent.is_none(), "invented: {window:?}");
        assert!(!words::dashboard_window(window, &speech).is_empty());
    }
    for note in &reading.notes {
        assert!(!words::dashboard_note(note).is_empty());
    }
    assert!(reading.windows.len() <= 200 && reading.notes.len() <= 13, "{reading:?}");
    if let Some(money) = &reading.money {
        assert_eq!(billing, Billing::PrepaidCredits, "money for who has none: {reading:?}");
        assert!(money.available.is_none_or(f64::is_finite), "{money:?}");
    }
    let kept = serde_json::to_string(reading).expect("a reading can be kept");
    let again: DashboardReading = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{error}: {kept}"));
    assert_eq!(&again, reading, "{kept}");
}

fn document(text: &str) {
    let Ok(document) = serde_json::from_str(text) else { return };
    let beside = Beside { provider: None, billing: None, model: None, now: now() };
    match evidence_of(&document, &beside) {
        Ok(evidence) if evidence.now >= Timestamp::UNIX_EPOCH && evidence.now.as_second() < 4_102_444_800 => {
            judged(&evidence);
        }
        Ok(_) => {}
        Err(error) => secret::kept(&error.to_string(), "an error about a document"),
    }
}
