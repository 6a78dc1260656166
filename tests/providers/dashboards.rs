//! Usage pages, saved or pasted: samples with what is on them, and laws.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{Allowance, Billing, Covers, DashboardNote, DashboardReading, Service};
use model_orchestrator::providers::{DashboardError, DashboardPage, MAX_DASHBOARD_BYTES, billing, read_dashboard};
use model_orchestrator::words;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A page and what is expected of it.
struct Sample {
    name: String,
    text: String,
    document: Value,
}

impl Sample {
    fn service(&self) -> Service {
        Service::of_code(self.document["service"].as_str().expect("a service")).expect("a known service")
    }

    fn billing(&self) -> Billing {
        self.document["billing"]
            .as_str()
            .map_or(self.service().default_billing(), |kind| billing(kind).expect("a kind"))
    }

    fn read(&self, text: &str) -> Result<DashboardReading, DashboardError> {
        let zone = TimeZone::get(self.document["zone"].as_str().expect("a zone")).expect("a known zone");
        let seen_at = self.document["now"].as_str().expect("a moment").parse().expect("a moment");
        let page = DashboardPage { text, service: self.service(), billing: self.billing(), seen_at, zone: &zone };
        read_dashboard(&page)
    }
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers/dashboards");
    let entries = std::fs::read_dir(&folder).expect("the samples");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let pages = paths.iter().filter(|path| path.extension().is_some_and(|kind| kind != "json"));
    let sample = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a page");
        let expected = std::fs::read_to_string(path.with_extension("json")).expect("what is expected of it");
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Sample { name, text, document: serde_json::from_str(&expected).expect("JSON") }
    };
    pages.map(sample).collect()
}

fn scope(window: &Allowance) -> String {
    match &window.covers {
        Covers::Account => "account".to_owned(),
        Covers::Model(model) => format!("model:{model}"),
        Covers::Feature(feature) => format!("feature:{feature}"),
    }
}

fn note_name(note: &DashboardNote) -> String {
    let text = format!("{note:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

/// What was read, in the fields that the expectation names.
fn shown(window: &Allowance, like: &Value) -> Value {
    let rounded = window.used_percent.map(|used| (used * 10.0).round() / 10.0);
    let all = json!({
        "id": window.id, "scope": scope(window), "used_percent": rounded, "reset_at": window.reset_at,
        "limit": window.limit, "used": window.used, "unit": window.metric.code(),
    });
    let like = like.as_object().expect("an object");
    like.keys().map(|key| (key.clone(), all[key].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn same(found: &Value, expected: &Value) -> bool {
    let close = |found: &Value, expected: &Value| match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() < 0.1,
        _ => found == expected,
    };
    let expected = expected.as_object().expect("an object");
    expected.iter().all(|(key, value)| close(&found[key], value))
}

fn faults(sample: &Sample) -> Vec<String> {
    let expect = &sample.document["expect"];
    let mut faults = Vec::new();
    let mut compare_notes = |notes: &[DashboardNote]| {
        let Some(expected) = expect["notes"].as_array() else { return };
        let names: Vec<Value> = notes.iter().map(|note| note_name(note).into()).collect();
        if names != *expected {
            faults.push(format!("notes {notes:?}, expected {expected:?}"));
        }
    };
    match sample.read(&sample.text) {
        Err(error) => {
            if let DashboardError::NoQuota { notes, .. } = &error {
                compare_notes(notes);
            }
            if expect["error"] != error.to_string() {
                faults.push(format!("refused: {error:?}"));
            }
        }
        Ok(reading) => {
            compare_notes(&reading.notes);
            let mut expected = expect["windows"].as_array().cloned().unwrap_or_default();
            expected.sort_by_key(|window| format!("{} {}", window["scope"], window["id"]));
            let mut windows = reading.windows.clone();
            windows.sort_by_key(|window| format!("{} {}", json!(scope(window)), json!(window.id)));
            let found: Vec<Value> = windows
                .iter()
                .enumerate()
                .map(|(n, window)| {
                    shown(
                        window,
                        expected.get(n).unwrap_or(&json!({"id": 0, "scope": 0, "used_percent": 0, "reset_at": 0})),
                    )
                })
                .collect();
            let fits = found.len() == expected.len()
                && found.iter().zip(&expected).all(|(found, expected)| same(found, expected));
            if !fits || expect.get("error").is_some() {
                faults.push(format!("windows {found:#?}\nexpected {expected:#?}"));
            }
            let money =
                reading.money.as_ref().map(|money| json!({"available": money.available, "currency": money.currency}));
            if money.unwrap_or(Value::Null) != expect["money"] {
                faults.push(format!("money {:?}", reading.money));
            }
            if expect.get("plan").is_some_and(|plan| *plan != json!(reading.plan)) {
                faults.push(format!("plan {:?}", reading.plan));
            }
            if expect.get("confidence").is_some_and(|expected| *expected != reading.confidence.code()) {
                faults.push(format!("confidence {:?}", reading.confidence));
            }
        }
    }
    faults
}

#[test]
fn every_page_is_read_as_a_person_would() {
    let samples = samples();
    assert!(samples.len() >= 30, "only {} samples", samples.len());
    let faults: Vec<String> = samples
        .iter()
        .flat_map(|sample| {
            faults(sample).into_iter().map(|fault| format!("{}: {fault}", sample.name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

const MONEY: &[&str] = &["balance", "top-up", "top up", "recharge", "credit", "depleted", "余额", "充值", "$", "¥"];

/// Words that are looked for, with numbers and nonsense around them.
const PARTS: &[&str] = &[
    "Weekly",
    "5-hour",
    "5h: ",
    "current session",
    "Opus only",
    "all models",
    "本周用量",
    "每5小时",
    "频限",
    "rpm",
    "TPM",
    "Gemini 3 Flash",
    "gpt-5.6 ",
    "web search limit",
    "extra usage",
    "63%",
    "-5%",
    "1e9%",
    "104.2 %",
    "<1%",
    "12 / 50",
    "0 / 0",
    "9999999999999999999999 / 1",
    "1,234 / 5,000 requests",
    "$12.34",
    "$3 / $9",
    "¥ 5",
    "used",
    "left",
    "已使用",
    "剩余",
    "usage",
    "balance",
    "余额",
    "credits remaining",
    "of your ",
    "total ",
    "resets in ",
    "Resets ",
    "将在 ",
    " 后重置",
    "重置时间:",
    "3 hr 12 min",
    "99999 days",
    "Thu 9:00 AM",
    "25:99",
    "Feb 30",
    "2026-11-19 08:00",
    "2026-11-27 08:00",
    "11月31日",
    "12/12/2026",
    "in 3:12",
    "99:99:99",
    "today",
    "(UTC+99)",
    "(No/Zone)",
    "last 7 days",
    "per month",
    "every 5 hours",
    "<div>",
    "</p>",
    "<script>",
    "<!--",
    "<a title='",
    "&nbsp;",
    "&#x110000;",
    "&",
    "\n",
    "\n",
    "\n",
    " ",
    "\t",
    " · ",
    "\u{0}",
    "\u{feff}",
    "％",
    "３",
    "-",
    ".",
    ",",
    ":",
];

const SERVICES: &[Service] = Service::ALL;

fn page() -> impl Strategy<Value = String> {
    let lines: Vec<String> =
        samples().iter().flat_map(|sample| sample.text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let part = prop_oneof![
        6 => select(PARTS).prop_map(str::to_owned),
        3 => select(lines).prop_map(|line| line + "\n"),
        1 => "\\PC{0,12}",
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

fn lawful(reading: &DashboardReading, billing: Billing) -> Result<(), TestCaseError> {
    for window in &reading.windows {
        prop_assert!(window.used_percent.is_none_or(|used| (0.0..=100.0).contains(&used)), "{window:?}");
        prop_assert!(window.reset_at.is_none_or(|at| at > reading.seen_at), "{window:?}");
        prop_assert!(
            window.reset_at.is_none_or(|at| at <= reading.seen_at + SignedDuration::from_hours(40 * 24)),
            "{window:?}"
        );
        prop_assert!(window.limit.is_none_or(|limit| limit > 0.0), "{window:?}");
    }
    prop_assert!(!reading.windows.is_empty() || reading.money.is_some(), "a reading of nothing");
    prop_assert!(reading.money.is_none() || billing == Billing::PrepaidCredits, "{reading:?}");
    Ok(())
}

fn without_money(notes: &[DashboardNote], billing: Billing) -> Result<(), TestCaseError> {
    for note in notes.iter().filter(|_| billing != Billing::PrepaidCredits) {
        let said = words::dashboard_note(note).to_lowercase();
        prop_assert!(!MONEY.iter().any(|word| said.contains(word)), "{said}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_pasted_gives_lawful_windows_or_a_reason(
        text in page(),
        service in select(SERVICES),
        billing in select(vec![Billing::QuotaPlan, Billing::RateTier, Billing::PrepaidCredits]),
        zone in select(vec!["UTC", "Asia/Shanghai", "America/Los_Angeles", "Pacific/Apia"]),
        secs in 1_790_000_000_i64..1_830_000_000,
    ) {
        let zone = TimeZone::get(zone).expect("a zone");
        let seen_at = Timestamp::from_second(secs).expect("a moment");
        let page = DashboardPage { text: &text, service, billing, seen_at, zone: &zone };
        let found = read_dashboard(&page);
        match &found {
            Ok(reading) => {
                lawful(reading, billing)?;
                without_money(&reading.notes, billing)?;
            }
            Err(DashboardError::NoQuota { notes, .. }) => without_money(notes, billing)?,
            Err(_) => {}
        }
        prop_assert_eq!(found, read_dashboard(&page));
    }
}

#[test]
fn a_page_that_is_cut_anywhere_is_still_read() {
    for sample in samples() {
        let ends = sample.text.char_indices().map(|(at, _)| at).step_by(7);
        for end in ends {
            if let Ok(reading) = sample.read(&sample.text[..end]) {
                lawful(&reading, sample.billing()).unwrap_or_else(|error| panic!("{} at {end}: {error}", sample.name));
            }
        }
    }
}

#[test]
fn a_page_of_the_largest_size_is_read_in_one_pass() {
    let hostile = [
        "<",
        "<a '",
        "<a title='",
        "<!-- ",
        "<script>",
        "&#",
        "9",
        "1.",
        "1,",
        "9:00 ",
        "resets ",
        "resets in\n",
        "63% ",
        "used ",
        "weekly ",
        "5 hours ",
        "1小时",
        "后",
        "重置",
        "gemini 3 ",
        "$",
        "- ",
        "63%\n",
        "weekly 5% used\nx\n",
        "12 / ",
        "～",
        "<~",
    ];
    let zone = TimeZone::UTC;
    for part in hostile {
        // Ten times the work would show as ten times the time; quadratic work would not end at all.
        let text = part.repeat(MAX_DASHBOARD_BYTES / 8 / part.len());
        let seen_at = "2026-11-20T08:00:00Z".parse().expect("a moment");
        let page =
            DashboardPage { text: &text, service: Service::Kimi, billing: Billing::QuotaPlan, seen_at, zone: &zone };
        read_dashboard(&page).ok();
    }
    let text = "x".repeat(MAX_DASHBOARD_BYTES + 1);
    let seen_at = Timestamp::UNIX_EPOCH;
    let page = DashboardPage { text: &text, service: Service::Kimi, billing: Billing::QuotaPlan, seen_at, zone: &zone };
    assert_eq!(read_dashboard(&page), Err(DashboardError::TooLarge));
}
