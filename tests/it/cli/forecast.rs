//! `forecast`: over the demo's month, and over a folder that remembers nothing yet.

use super::DONE;
use super::shell::Shell;

#[test]
fn the_window_that_runs_out_first_is_named_with_its_moment_before_its_reset() {
    let shell = Shell::new();
    shell.remember_a_month();
    let said = shell.json("forecast");
    let first = &said["first_to_run_out"];
    assert_eq!((&first["account"], &first["window"]), (&"google".into(), &"Daily".into()), "{said:#}");
    let windows = said["windows"].as_array().expect("windows");
    let daily = windows.iter().find(|it| it["account"] == "google" && it["window"] == "Daily").expect("its window");
    let moment = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let (at, resets_at) = (moment(&daily["runs_out"]["likely"]), moment(&daily["resets_at"]));
    assert!(at < resets_at && at > moment(&said["at"]), "{daily:#}");
    assert_eq!(moment(&first["at"]), at);
    assert!(said["coming"]["n_runs"].as_u64().is_some_and(|n| n > 1_000), "a week of fifty crons: {}", said["coming"]);
    assert!(said["record"]["n_claims"].as_u64().is_some_and(|n| n > 0), "{}", said["record"]);

    let text = shell.run("forecast");
    assert_eq!(text.code, DONE);
    let line = text.out.lines().find(|line| line.contains("Gemini") || line.contains("Google")).unwrap_or_default();
    assert!(line.contains("runs out"), "{}", text.out);
    assert_eq!(shell.writes(), 0, "it only looks");
}

#[test]
fn what_was_not_seen_for_long_enough_is_not_claimed() {
    let said = Shell::new().json("forecast --days 1");
    assert_eq!(said["first_to_run_out"], serde_json::Value::Null);
    let windows = said["windows"].as_array().expect("windows");
    assert!(!windows.is_empty(), "the gateway tells of some: {said:#}");
    for window in windows {
        assert!(!matches!(window["claim"].as_str(), Some("runs_out" | "lasts")), "{window:#}");
    }
}
