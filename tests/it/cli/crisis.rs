//! `crisis`, `recover` and `orchestrate` beside a demo with two providers down, as a shell has them.

use model_orchestrator::domain::DemoOutage;
use serde_json::{Value, json};

use super::shell::Shell;
use super::{CHANGES, DONE, NEEDS_ANSWER, USAGE, keys, names};

/// MiniMax is out of credits from the start; Kimi joins it.
pub(super) fn in_a_crisis() -> Shell {
    let shell = Shell::with_outages(&[("kimi", DemoOutage::QuotaExhausted)]);
    // What runs is paused only after its run.
    shell.finish_runs();
    shell.json("check");
    shell
}

/// Both serve again, and that is enough at once.
fn all_serve(shell: &Shell) {
    shell.set_outage("kimi", DemoOutage::Serving);
    shell.set_outage("minimax", DemoOutage::Serving);
    shell.set("thresholds", "settle_minutes", &json!(0));
    shell.json("check");
    shell.json("check");
}

fn group<'a>(document: &'a Value, kind: &str) -> Vec<&'a str> {
    let groups = document["groups"].as_array().expect("groups");
    groups.iter().find(|group| group["kind"] == kind).map(|group| names(&group["crons"])).unwrap_or_default()
}

fn outcomes<'a>(document: &'a Value, outcome: &str) -> Vec<&'a str> {
    let lines = document["lines"].as_array().expect("lines");
    let of = lines.iter().filter(|line| line["outcome"] == outcome);
    of.filter_map(|line| line["name"].as_str()).collect()
}

#[test]
fn both_ways_out_are_said_before_anything_is_done() {
    let shell = in_a_crisis();
    let dry = shell.json("crisis --dry-run");
    assert_eq!(
        keys(&dry),
        ["level", "summary", "down", "crisis", "does", "plan", "groups", "enter", "only_reroute", "lines"]
    );
    assert_eq!((&dry["level"], &dry["does"], &dry["lines"]), (&"crisis".into(), &"enter".into(), &json!([])));
    assert_eq!(dry["plan"]["origin"], "crisis");
    let (enter, reroute) = (dry["enter"].as_str().expect("one"), dry["only_reroute"].as_str().expect("the other"));
    assert!(enter.contains(". Recovery gives back what was changed."), "{enter}");
    assert!(enter.contains(" pause until ") && enter.contains(", critical ones keep running."), "{enter}");
    assert!(reroute.contains(", none pauses."), "{reroute}");
    let (pauses, moves) = (group(&dry, "pauses"), group(&dry, "moves"));
    assert!(!pauses.is_empty() && !moves.is_empty(), "{dry:#}");
    assert!(pauses.iter().all(|name| !moves.contains(name)));
    let critical = dry["plan"]["changes"].as_array().expect("changes").iter().filter(|row| row["critical"] == true);
    assert!(critical.clone().all(|row| row["kind"] != "pause"), "{dry:#}");

    let said = shell.run("crisis --dry-run");
    assert_eq!(said.code, DONE, "{}", said.err);
    assert!(said.out.starts_with("2 providers are down: Kimi and MiniMax."), "{}", said.out);
    for line in ["Crisis mode: ", "Only re-route: ", "Pause "] {
        assert!(said.out.lines().any(|found| found.starts_with(line)), "{line}: {}", said.out);
    }
    assert_eq!(shell.updates(), 0);
}

#[test]
fn entering_and_giving_back_ask_first() {
    let shell = in_a_crisis();
    let said = shell.run("crisis");
    assert_eq!((said.code, said.err.as_str()), (NEEDS_ANSWER, "nothing was changed\nAdd --yes to do it\n"));
    let document: Value = serde_json::from_str(&shell.run("crisis --json").out).expect("what would be done");
    assert_eq!(document["crisis"]["on"], false);
    assert_eq!(shell.updates(), 0);
    shell.json("crisis --yes");
    let written = shell.updates();
    assert_eq!(shell.run("recover").code, NEEDS_ANSWER);
    assert_eq!(shell.updates(), written);
}

#[test]
fn what_crisis_mode_changed_is_given_back_as_it_was() {
    let shell = in_a_crisis();
    let dry = shell.json("crisis --dry-run");
    let ticked: Vec<_> = dry["plan"]["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter(|change| change["ticked"] == true)
        .filter_map(|change| change["cron"].as_str().map(str::to_owned))
        .collect();
    let before: Vec<_> = ticked.iter().map(|cron| shell.definition_of(cron)).collect();

    let entered = shell.json("crisis --yes");
    assert_eq!(outcomes(&entered, "verified").len(), ticked.len(), "{entered:#}");
    let status = shell.json("status");
    let crisis = &status["crisis"];
    assert_eq!(
        (&crisis["on"], &crisis["by"], &crisis["readiness"]),
        (&true.into(), &"hand".into(), &"still_down".into())
    );
    assert_eq!(crisis["paused"], status["crons"]["paused_by_us"]);
    assert!(crisis["paused"].as_u64() > Some(0) && crisis["moved"].as_u64() > Some(0), "{crisis:#}");
    assert!(shell.run("status").out.contains("\nCrisis mode since "), "status says that the mode is on");
    let explained = shell.json_of(&["explain", &ticked[0]]);
    assert!(explained["owed"]["said"].as_str().is_some_and(|said| said.contains("in crisis mode")), "{explained:#}");

    let written = shell.updates();
    let again = shell.json("crisis --yes");
    assert_eq!((&again["does"], shell.updates()), (&"go_on".into(), written), "nothing is left to do");
    assert_eq!(shell.run("crisis --only-reroute").code, USAGE);

    all_serve(&shell);
    let back = shell.json("recover --yes --now");
    assert_eq!(back["plan"]["origin"], "recovery");
    let given: Vec<_> = outcomes(&back, "verified");
    assert_eq!(given.len(), back["lines"].as_array().expect("lines").len(), "{back:#}");
    let report = back["report"]["lines"].as_array().expect("a report");
    assert_eq!(report.len(), given.len(), "{back:#}");
    let identical = report.iter().filter(|line| line["seal"] == "identical");
    let identical: Vec<_> = identical.filter_map(|line| line["cron"].as_str()).collect();
    assert!(identical.len() > 10, "{back:#}");
    for (cron, before) in ticked.iter().zip(before).filter(|(cron, _)| identical.contains(&cron.as_str())) {
        assert_eq!(shell.definition_of(cron), before, "{cron} is sealed as the one from before");
    }
    // The gateway itself still waits with MiniMax: what was moved off it stays owed, and nothing stays paused.
    let crisis = &shell.json("status")["crisis"];
    assert_eq!((&crisis["on"], &crisis["paused"]), (&false.into(), &0.into()), "{crisis:#}");
    assert!(crisis["moved"].as_u64() > Some(0), "{crisis:#}");
    let said = shell.run("recover --dry-run").out;
    assert!(said.contains(" on another model until the former one serves"), "{said}");
}

#[cfg(unix)]
#[test]
fn going_back_to_crisis_mode_never_applies_the_plan_of_ending_it() {
    let shell = in_a_crisis();
    shell.json("crisis --yes");
    all_serve(&shell);
    let canary = shell.writes() + 1;
    shell.interrupt_after(canary, "recover --yes");
    let recovering = |shell: &Shell| !shell.json("status")["crisis"]["recovering_since"].is_null();
    assert!(recovering(&shell), "it was stopped, and is not over");
    let written = shell.updates();
    let said = shell.run("crisis --json");
    assert_eq!(said.code, NEEDS_ANSWER, "{}{}", said.out, said.err);
    let document: Value = serde_json::from_str(&said.out).expect("a document");
    assert_eq!((&document["does"], &document["plan"], &document["lines"]), (&"go_on".into(), &Value::Null, &json!([])));
    assert!(recovering(&shell) && shell.updates() == written, "nobody agreed to anything");

    let stayed = shell.json("crisis --yes");
    assert_eq!(stayed["plan"]["origin"], "crisis", "{stayed:#}");
    assert_eq!((&stayed["crisis"]["on"], &stayed["crisis"]["recovering_since"]), (&true.into(), &Value::Null));
}

#[test]
fn re_routing_alone_pauses_nothing_and_leaves_the_mode_off() {
    let shell = in_a_crisis();
    let done = shell.json("crisis --only-reroute --yes");
    assert_eq!(done["does"], "only_reroute");
    assert!(group(&done, "pauses").is_empty(), "{done:#}");
    assert!(!outcomes(&done, "verified").is_empty(), "{done:#}");
    let crisis = &shell.json("status")["crisis"];
    assert_eq!((&crisis["on"], &crisis["paused"]), (&false.into(), &0.into()), "{crisis:#}");
}

#[test]
fn nothing_owed_is_nothing_to_give_back() {
    let shell = Shell::new();
    let back = shell.json("recover --yes");
    assert_eq!(keys(&back), ["crisis", "plan", "lines", "report", "not_given_back", "said", "handed_over_to"]);
    assert_eq!((&back["said"], &back["crisis"]["readiness"]), (&"Nothing to give back".into(), &"nothing_owed".into()));
    let said = shell.run("recover --automatic");
    assert_eq!((said.code, said.out.as_str()), (DONE, "Nothing to give back\n"), "{}", said.err);
    assert_eq!(shell.updates(), 0);
}

#[test]
fn while_another_program_holds_the_folder_it_is_handed_over() {
    let shell = Shell::new();
    shell.while_held(|shell| {
        for line in ["recover --automatic", "recover --yes", "recover", "orchestrate --yes"] {
            let said = shell.run(line);
            assert_eq!((said.code, said.err.as_str()), (DONE, ""), "{line}: {}", said.out);
            assert!(said.out.contains(" acts on this gateway already: "), "{line}: {}", said.out);
            assert_eq!(said.out.lines().count(), 1, "{line}: {}", said.out);
        }
        assert!(shell.json("recover --automatic")["handed_over_to"].is_string());
        assert!(shell.json("recover --yes")["handed_over_to"].is_string());
        assert!(shell.json("recover --dry-run")["handed_over_to"].is_null(), "looking is allowed");
        assert!(shell.json("orchestrate")["handed_over_to"].is_string());
        assert_eq!(shell.updates(), 0);
    });
}

#[test]
fn orchestrating_shows_what_is_due_and_does_it_when_told() {
    let shell = Shell::with_outages(&[]);
    let said = shell.run("orchestrate --json");
    assert_eq!((said.code, shell.updates()), (CHANGES, 0), "{}{}", said.out, said.err);
    let due: Value = serde_json::from_str(&said.out).expect("a document");
    assert_eq!(keys(&due), ["checked_at", "level", "summary", "down", "crisis", "did", "due", "handed_over_to"]);
    assert_eq!((&due["due"][0]["what"], &due["did"]), (&"distribute".into(), &json!([])), "{due:#}");

    let done = shell.json("orchestrate --yes");
    assert_eq!((&done["did"][0]["what"], &done["due"]), (&"distribute".into(), &json!([])), "{done:#}");
    let lines = done["did"][0]["lines"].as_array().expect("lines");
    let verified = lines.iter().filter(|line| line["outcome"] == "verified").count();
    assert_eq!(due["due"][0]["crons"], verified);
    let written = shell.updates();
    let again = shell.run("orchestrate");
    assert_eq!((again.code, shell.updates()), (DONE, written), "{}", again.out);
    assert!(again.out.ends_with("Nothing is due\n"), "{}", again.out);
}

#[test]
fn the_users_own_edits_wait_for_distribute() {
    let shell = Shell::with_outages(&[]);
    shell.json("orchestrate --yes");
    shell.json("tier disk-check T1");
    let written = shell.updates();
    let said = shell.run("orchestrate --yes");
    assert_eq!((said.code, shell.updates()), (DONE, written), "{}", said.out);
    assert!(said.out.contains(" of your own wait for distribute"), "{}", said.out);
    let plan = shell.json("plan");
    let left = plan["changes"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == "disk-check"));
    assert_eq!(left.map(|row| &row["cause"]), Some(&"edit".into()), "{plan:#}");
}

#[test]
fn what_shall_be_asked_about_first_is_left_by_the_daily_cron() {
    let shell = Shell::with_outages(&[]);
    shell.run("orchestrate");
    let by_health = |plan: &Value| -> Vec<String> {
        let rows = plan["changes"].as_array().expect("changes").iter();
        let due = rows.filter(|row| row["cause"] == "health" && row["ticked"] == true);
        due.filter_map(|row| row["cron"].as_str().map(str::to_owned)).collect()
    };
    let due = by_health(&shell.json("plan"));
    assert!(due.len() > 1, "{due:?}");
    shell.json(&format!("tier {} --ask-first", due[0]));
    let done = shell.json("orchestrate --yes");
    let written: Vec<_> = done["did"][0]["lines"].as_array().expect("lines").iter().collect();
    let written: Vec<_> = written.iter().filter(|row| row["outcome"] == "verified").collect();
    assert_eq!(written.len(), due.len() - 1, "{done:#}");
    assert_eq!((by_health(&shell.json("plan")), &done["due"]), (vec![due[0].clone()], &json!([])));
}

#[cfg(unix)]
#[test]
fn the_daily_cron_neither_undoes_a_persons_hand_nor_goes_on_with_what_was_stopped() {
    let shell = in_a_crisis();
    let entered = shell.json("crisis --yes");
    let lines = entered["plan"]["changes"].as_array().expect("changes");
    let paused = lines.iter().find(|line| line["kind"] == "pause" && line["ticked"] == true);
    let paused = paused.and_then(|line| line["cron"].as_str()).expect("one is paused");
    let off = shell.definition_of(paused);
    shell.switch_on(paused);
    let on = shell.definition_of(paused);
    assert_ne!(on, off);
    let plan = shell.json("plan");
    let again = plan["changes"].as_array().expect("changes").iter().find(|line| line["cron"] == paused);
    assert_eq!(again.map(|line| &line["kind"]), Some(&"pause".into()), "a person is asked about it: {plan:#}");
    shell.run("orchestrate --yes");
    assert_eq!(shell.definition_of(paused), on, "it is not paused again");

    all_serve(&shell);
    let canary = shell.writes() + 1;
    shell.interrupt_after(canary, "recover --yes");
    let written = shell.updates();
    let said = shell.run("orchestrate --yes --json");
    let document: Value = serde_json::from_str(&said.out).expect("a document");
    assert_eq!((shell.updates(), &document["did"]), (written, &json!([])), "{document:#}");
    assert_eq!(document["due"][0]["what"], "recover", "{document:#}");
}

#[test]
fn a_crisis_is_due_and_not_entered_unless_automation_may() {
    let shell = in_a_crisis();
    let said = shell.run("orchestrate --yes --json");
    assert_eq!(said.code, CHANGES, "{}{}", said.out, said.err);
    let done: Value = serde_json::from_str(&said.out).expect("a document");
    assert_eq!((&done["due"][0]["what"], &done["due"][0]["command"]), (&"enter".into(), &"crisis".into()), "{done:#}");
    assert_eq!(done["crisis"]["on"], false);

    shell.set("automation", "level", &json!("act_within_limits"));
    shell.set("automation", "max_crons", &json!(1000));
    let entered = shell.json("orchestrate");
    assert_eq!(
        (&entered["crisis"]["on"], &entered["crisis"]["by"]),
        (&true.into(), &"automation".into()),
        "{entered:#}"
    );
}

#[test]
fn what_automation_shall_ask_about_first_is_a_mark() {
    let shell = Shell::new();
    shell.json("tier disk-check T1");
    let marked = shell.json("tier disk-check --ask-first");
    assert_eq!(marked["crons"][0]["ask_first"], true);
    assert_eq!(shell.json("explain disk-check")["ask_first"], true);
    assert_eq!(shell.json("tier disk-check --no-ask-first")["crons"][0]["ask_first"], false);
}

#[cfg(unix)]
#[test]
fn the_orchestrator_of_the_skill_says_what_is_due_and_ends_with_nought() {
    let shell = Shell::with_outages(&[]);
    let said = shell.run_script("packaging/skill/scripts/orchestrate.sh", &[]);
    assert_eq!(said.code, DONE, "{}{}", said.out, said.err);
    let document: Value = serde_json::from_str(&said.out).expect("one document");
    assert_eq!(document["did"][0]["what"], "distribute", "{document:#}");
    assert_eq!(shell.json("orchestrate")["due"], json!([]));
    assert!(shell.state_file("provider-status.json").contains("\"degraded\""));
}
