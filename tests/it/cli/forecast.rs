//! `forecast`: over the demo's month, and over a folder that remembers nothing yet.

use super::DONE;
use super::shell::Shell;

/// Whatever the time of day: Google's day may just have begun, and nothing is claimed of that.
#[test]
fn a_month_is_enough_to_say_which_windows_last_and_which_runs_out_first() {
    let shell = Shell::new();
    shell.remember_a_month();
    let said = shell.json("forecast");
    let windows = said["windows"].as_array().expect("windows");
    let claimed = windows.iter().filter(|window| matches!(window["claim"].as_str(), Some("runs_out" | "lasts")));
    assert!(claimed.count() >= 5, "{said:#}");
    let moment = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let runs_out = |window: &serde_json::Value| moment(&window["runs_out"]["likely"]);
    for window in windows.iter().filter(|window| window["claim"] == "runs_out") {
        let (at, resets_at) = (runs_out(window), moment(&window["resets_at"]));
        assert!(at < resets_at && at > moment(&said["at"]), "{window:#}");
    }
    assert_eq!(moment(&said["first_to_run_out"]["at"]), windows.iter().filter_map(runs_out).min(), "{said:#}");
    assert!(said["coming"]["n_runs"].as_u64().is_some_and(|n| n > 1_000), "a week of fifty crons: {}", said["coming"]);
    assert!(said["record"]["n_claims"].as_u64().is_some_and(|n| n > 0), "{}", said["record"]);

    for advice in said["advice"].as_array().expect("a list").iter().filter(|advice| advice["kind"] == "runs_out") {
        assert_eq!(advice["levels"][0]["account"], advice["account"], "its own window first: {advice:#}");
        assert_eq!(advice["moves"].as_array().is_some_and(Vec::is_empty), advice["helps"] == "nothing", "{advice:#}");
        assert!(advice["said"].as_str().is_some_and(|said| said.contains("runs out")), "{advice:#}");
    }
    let paid: Vec<_> = said["costs"]["accounts"].as_array().expect("a list").iter().map(|one| &one["pays"]).collect();
    assert!(paid.iter().any(|pays| *pays == "flat") && paid.iter().any(|pays| *pays == "by_token"), "{paid:?}");

    let text = shell.run("forecast");
    assert_eq!(text.code, DONE);
    assert!(text.out.contains("before its reset") && text.out.contains("Last 7 days: "), "{}", text.out);
    assert!(text.out.lines().any(|line| line.starts_with("Kimi") && line.contains("Week")), "{}", text.out);
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
