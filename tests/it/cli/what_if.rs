//! `what-if`: two vendors away, a moved clock, and what is no account.

use model_orchestrator::domain::DemoOutage;

use super::shell::Shell;
use super::{DONE, USAGE};

#[test]
fn two_vendors_down_are_said_to_be_a_crisis_and_nothing_is_sent() {
    let shell = Shell::new();
    shell.remember_a_month();
    let before = shell.state_file("cron-tiers.json");
    let said = shell.json("what-if --down anthropic google");
    assert_eq!(said["supposed"]["down"], serde_json::json!(["anthropic", "google"]));
    assert_eq!((&said["then"]["level"], &said["plan"]["origin"]), (&"crisis".into(), &"crisis".into()), "{said:#}");
    let n = |of: &str, what: &str| said[of][what].as_u64().expect("a number");
    assert!(n("then", "pauses") > n("today", "pauses") && n("then", "moves") > 0, "{said:#}");
    assert!(n("then", "failing_runs") > n("today", "failing_runs"), "{said:#}");
    let lines = said["plan"]["changes"].as_array().expect("lines");
    assert_eq!(lines.len() as u64, n("then", "changes"));
    assert!(lines.iter().any(|line| line["kind"] == "pause" && line["critical"] == false), "{said:#}");
    assert!(!lines.iter().any(|line| line["kind"] == "pause" && line["critical"] == true), "{said:#}");
    assert!(said["windows"].as_array().is_some_and(|windows| windows.len() >= 5), "{said:#}");

    let text = shell.run("what-if --down anthropic google");
    assert_eq!(text.code, DONE);
    let mut head = text.out.lines();
    assert_eq!(head.next(), Some("Supposed: Anthropic and Google are down"));
    assert!(head.next().is_some_and(|line| line.starts_with("Crisis: ")), "{}", text.out);
    assert!(text.out.contains("Fail otherwise"), "{}", text.out);
    assert!(text.out.ends_with("A simulation: nothing is sent.\n"), "{}", text.out);
    assert_eq!((shell.writes(), shell.state_file("cron-tiers.json")), (0, before));
}

#[test]
fn a_clock_that_is_moved_past_a_reset_ends_its_limit() {
    let shell = Shell::with_outages(&[("kimi", DemoOutage::QuotaExhausted)]);
    shell.run("check");
    let fails = |line: &str| {
        let said = shell.json(line);
        said["down"].as_array().is_some_and(|down| down.iter().any(|down| down["vendor"] == "kimi"))
    };
    assert!(fails("what-if"), "it is out of quota now");
    assert!(fails("what-if --at now"), "and now is no other time");
    assert!(!fails("what-if --back kimi"));
    assert!(!fails("what-if --at +29d"), "its reset comes before");
}

#[test]
fn what_is_no_account_or_no_moment_is_a_usage_error_that_says_what_there_is() {
    let shell = Shell::new();
    for (line, what, remedy) in [
        ("what-if --down nobody", "no account is called 'nobody'", "There are anthropic, "),
        ("what-if --down kimi --back kimi", "cannot be down and back", "--back"),
        ("what-if --at soon", "'soon' is no moment", "tomorrow 04:00"),
        ("what-if --at -1h", "lies in the past", "+1h"),
        ("what-if --at 2020-01-01", "has passed", "ahead"),
        ("what-if --at +31d", "too far away", "30 days"),
    ] {
        let said = shell.run(line);
        assert_eq!(said.code, USAGE, "{line}: {}", said.err);
        assert!(said.err.contains(what) && said.err.contains(remedy), "{line}: {}", said.err);
    }
}

#[test]
fn an_outage_is_rehearsed_on_a_copy_and_everything_is_given_back() {
    let shell = Shell::new();
    shell.run("check");
    let files = || ["cron-tiers.json", "settings.json"].map(|name| shell.state_file(name));
    let before = files();
    let said = shell.json("what-if --down anthropic google --rehearse 2h");
    let n = |of: &str, what: &str| said[of][what].as_u64().expect("a number");
    assert!(n("without", "failed") > n("with", "failed"), "{said:#}");
    assert!(n("with", "writes") > 0 && n("without", "writes") == 0, "{said:#}");
    let events = said["events"].as_array().expect("events");
    let at = |kind: &str| {
        events.iter().position(|event| event["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {said:#}"))
    };
    assert!(at("begins") < at("noticed") && at("noticed") < at("crisis_on") && at("crisis_on") < at("ends"));
    assert!(at("ends") < at("crisis_off") && said["broken"].is_null() && said["as_before"].is_string(), "{said:#}");
    assert_eq!(events[at("ends")]["after"], 2 * 3600);

    let text = shell.run("what-if --down anthropic google --rehearse 2h");
    assert_eq!(text.code, DONE, "{}", text.err);
    assert!(
        text.out.starts_with("Rehearsed: Anthropic and Google are down\nAnthropic and Google away for 2 h: "),
        "{}",
        text.out
    );
    assert!(text.out.contains("Failed runs") && text.out.ends_with("A simulation: nothing is sent.\n"), "{}", text.out);
    assert_eq!((shell.writes(), files()), (0, before));
}

#[test]
fn what_cannot_be_rehearsed_is_a_usage_error() {
    let shell = Shell::new();
    for (line, what) in [
        ("what-if --rehearse 6h", "--down"),
        ("what-if --down kimi --rehearse soon", "'soon' is no length"),
        ("what-if --down kimi --rehearse -2h", "too short"),
        ("what-if --down kimi --rehearse 8d", "too long"),
    ] {
        let said = shell.run(line);
        assert_eq!(said.code, USAGE, "{line}: {}", said.err);
        assert!(said.err.contains(what), "{line}: {}", said.err);
    }
}
