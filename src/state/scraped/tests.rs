//! What scrapers and pages leave in a file, and what is read of it.

use serde_json::json;

use crate::domain::{Metric, ReadingConfidence};

use super::*;

fn kimi() -> AccountId {
    AccountId::new("kimi-coding")
}

#[test]
fn a_scraped_dashboard_gives_its_windows() {
    let root = json!({
        "weekly_usage_pct": 72, "weekly_reset_in": "18 hours", "weekly_reset_hours": 18,
        "rate_limit_pct": "5%", "rate_limit_reset_in": "2 hours 15 minutes", "status": "ok",
        "checked_at": "2026-11-23T07:00:00Z"
    });
    let windows = read(&kimi(), &root, None);
    let said: Vec<_> = windows
        .iter()
        .map(|window| (&*window.label, window.used_ratio, window.resets_at.map(|at| at.to_string())))
        .collect();
    let expected = [
        ("Week", 0.72, Some("2026-11-24T01:00:00Z".to_owned())),
        ("Rate limit", 0.05, Some("2026-11-23T09:15:00Z".to_owned())),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_reset_is_never_guessed() {
    let modified = "2026-11-23T07:00:00Z".parse().ok();
    let cases = [
        (json!({"weekly_usage_pct": 1, "weekly_reset_in": "18 hours"}), "no moment to count from"),
        (json!({"weekly_usage_pct": 1, "weekly_reset_in": "soon", "checked_at": "2026-11-23T07:00:00Z"}), "words"),
        (json!({"weekly_usage_pct": 1, "weekly_reset_hours": -3, "checked_at": "2026-11-23T07:00:00Z"}), "past"),
    ];
    for (root, why) in cases {
        let windows = read(&kimi(), &root, modified);
        assert_eq!(windows.len(), 1, "{why}");
        assert_eq!(windows[0].resets_at, None, "{why}");
    }
    assert!(read(&kimi(), &json!({"weekly_usage_pct": 1}), None).is_empty(), "without any moment it has no age");
}

fn window(id: &str, covers: Covers, percent: f64, reset: Option<&str>) -> Allowance {
    Allowance {
        id: id.to_owned(),
        span: Span::of_label(id).unwrap_or(Span::Endless),
        metric: Metric::Percent,
        covers,
        used: None,
        limit: None,
        used_percent: Some(percent),
        raw_used_percent: None,
        reset_at: reset.map(|at| at.parse().unwrap()),
        stale: false,
    }
}

#[test]
fn what_a_page_said_is_read_back_and_other_fields_stay() {
    let reading = DashboardReading {
        service: Service::Kimi,
        seen_at: "2026-11-23T07:00:00Z".parse().unwrap(),
        windows: vec![
            window("5h", Covers::Account, 4.56, Some("2026-11-23T09:14:30Z")),
            window("weekly", Covers::Account, 72.0, Some("2026-11-25T01:00:00Z")),
            window("weekly", Covers::Model("opus".to_owned()), 100.0, None),
            Allowance {
                span: Span::Monthly,
                metric: Metric::Calls,
                limit: Some(50.0),
                ..window("monthly", Covers::Feature("web-search".to_owned()), 100.0, None)
            },
        ],
        money: None,
        plan: Some("Allegretto".to_owned()),
        notes: Vec::new(),
        confidence: ReadingConfidence::High,
    };
    let before = json!({
        "note": "mine", "monthly_usage_pct": 9, "monthly_reset_in": "3 days", "weekly_usage_pct": 1,
        "weekly_reset_hours": 2, "balance": 3, "checked_at": "2026-11-01T00:00:00Z"
    });
    let root = patched(&before, &reading);
    let said = serde_json::to_string(&root).unwrap();
    let expected = concat!(
        r#"{"note":"mine","weekly_usage_pct":72,"weekly_reset_hours":42,"checked_at":"2026-11-23T07:00:00Z","#,
        r#""rate_limit_pct":4.6,"rate_limit_reset_in":"2 hours 15 minutes","weekly_reset_in":"1 day 18 hours","#,
        r#""status":"ok","plan":"Allegretto","confidence":"high","windows":["#
    );
    assert!(said.starts_with(expected), "{said}");
    let windows = read(&kimi(), &root, None);
    let told: Vec<_> = windows.iter().map(|window| (&*window.label, window.used_ratio, window.span)).collect();
    let expected = [
        ("Week", 0.72, Some(Span::Weekly)),
        ("Rate limit", 0.046, Some(Span::Hours(5))),
        ("opus weekly", 1.0, Some(Span::Weekly)),
        ("web-search monthly", 1.0, Some(Span::Monthly)),
    ];
    assert_eq!(told, expected);
    let scopes: Vec<_> = windows.iter().map(|window| window.covers.clone()).collect();
    let of_model = ModelScope::Models(vec![ModelRef::of("kimi-coding", "opus")]);
    let expected = [ModelScope::All, ModelScope::All, of_model, ModelScope::Feature("web-search".to_owned())];
    assert_eq!(scopes, expected, "a limit of a model or an add-on is not the account's");
    assert_eq!(windows[1].resets_at, reading.windows[0].reset_at, "to the second");
    assert!(windows.iter().all(|window| window.source == Source::Page && window.observed_at == reading.seen_at));
    assert_eq!(patched(&root, &reading), root, "the same again changes nothing");
}

#[test]
fn spans_are_understood_in_the_ways_dashboards_say_them() {
    let cases = [
        ("18 hours", Some(18 * 3600)),
        ("2 days 3 hours", Some(51 * 3600)),
        ("45m", Some(45 * 60)),
        ("1h 30m", Some(90 * 60)),
        ("in about an hour", Some(3600)),
        ("20s", Some(20)),
        ("1.5 hours", Some(5400)),
        ("tomorrow", None),
        ("3 moons", None),
        ("", None),
    ];
    for (text, secs) in cases {
        assert_eq!(duration(text), secs.map(SignedDuration::from_secs), "{text:?}");
    }
}

#[test]
fn what_another_scraper_renews_does_not_renew_what_it_left() {
    let root = json!({
        "weekly_usage_pct": 5, "daily_usage_pct": 72, "checked_at": "2026-11-24T07:00:00Z",
        "windows": [
            {"id": "daily", "span": "daily", "unit": "percent", "scope": "account", "used_percent": 72, "limit": 9,
             "reset_at": "2026-11-24T08:00:00Z", "seen_at": "2026-11-23T07:00:00Z"},
            {"id": "weekly", "span": "weekly", "unit": "percent", "scope": "model:opus", "used_percent": 100,
             "seen_at": "2026-11-23T07:00:00Z"},
            {"id": "5h", "scope": "account", "used_percent": 100, "seen_at": "2026-11-23T07:00:00Z"},
            {"id": "weekly", "scope": "galaxy", "used_percent": 100, "seen_at": "2026-11-23T07:00:00Z"},
            {"id": "weekly", "scope": "model:", "used_percent": 100, "seen_at": "2026-11-23T07:00:00Z"},
            {"id": "weekly", "scope": "model:opus", "used_percent": 100},
            5
        ]
    });
    let windows = read(&kimi(), &root, None);
    let told: Vec<_> =
        windows.iter().map(|window| (&*window.label, window.used_ratio, window.resets_at, window.limit)).collect();
    assert_eq!(told, [("Week", 0.05, None, None), ("Daily", 0.72, None, None), ("opus weekly", 1.0, None, None)]);
    assert_eq!(windows[2].observed_at.to_string(), "2026-11-23T07:00:00Z", "as old as it is");
}

#[test]
fn keys_that_name_an_add_on_or_a_family_are_no_windows_of_the_account() {
    let root = json!({
        "weekly_usage_pct": 1, "web_search_usage_pct": 100, "mcp_pct": 100, "weekly_opus_pct": 100,
        "checked_at": "2026-11-23T07:00:00Z"
    });
    let windows = read(&AccountId::new("zai"), &root, None);
    let whole: Vec<_> =
        windows.iter().filter(|window| window.covers == ModelScope::All).map(|window| &*window.label).collect();
    assert_eq!((whole, windows.len()), (vec!["Week"], 4));
}

#[test]
fn a_reset_that_was_over_before_the_window_was_seen_is_none() {
    let seen = |reset_at: &str| {
        let root = json!({ "checked_at": "2026-11-23T07:00:00Z", "windows": [
            {"id": "weekly", "scope": "model:opus", "used_percent": 9, "seen_at": "2026-11-23T07:00:00Z",
             "reset_at": reset_at},
        ]});
        let window = read(&kimi(), &root, None).remove(0);
        (window.resets_at.is_some(), window.reset_confidence == ResetConfidence::Unknown)
    };
    assert_eq!(seen("2026-11-23T07:00:01Z"), (true, false));
    assert_eq!(seen("2026-11-23T07:00:00Z"), (false, true));
    assert_eq!(seen("2025-12-01T00:00:00Z"), (false, true));
}
