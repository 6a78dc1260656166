//! Conversations with the program as a shell has them: arguments in; text, documents and codes out.
//!
//! Every conversation has a demo gateway and a state folder of its own, and nothing of the person
//! who runs the tests: no home, no keychain, no variables.

mod check;
mod crisis;
mod doctor;
mod forecast;
mod owner;
#[cfg(unix)]
mod serve;
mod shell;
mod what_if;

use std::path::Path;

use serde_json::Value;
use shell::Shell;

const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const NOT_CONNECTED: i32 = 3;
const NOT_VERIFIED: i32 = 4;
const READ_ONLY: i32 = 5;
const NEEDS_ANSWER: i32 = 6;
const CHANGES: i32 = 10;
const PASSING: i32 = 11;
const NEEDS_PERSON: i32 = 12;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().map(|rows| rows.iter().filter_map(|row| row["name"].as_str()).collect()).unwrap_or_default()
}

#[test]
fn status_counts_what_the_gateway_has() {
    let shell = Shell::new();
    let status = shell.json("status");
    assert_eq!(status["gateway"]["access"], "read_write");
    assert_eq!(status["mode"], "degraded");
    assert_eq!(status["down"][0]["vendor"], "minimax");
    assert_eq!(status["crons"]["total"], 50);
    assert_eq!(status["crons"]["unsorted"], 3);
    let sorted: u64 = ["t1", "t2", "t3", "unsorted"].iter().filter_map(|tier| status["crons"][tier].as_u64()).sum();
    assert_eq!(status["crons"]["routable"], sorted, "every routable cron is in one lane");

    let triage = &status["triage"];
    let listed = names(triage);
    assert_eq!(listed.last().copied(), Some("Invoice chaser"));
    // At night a critical cron has just failed, too.
    let off = listed.iter().position(|name| *name == "Contract analysis").expect("it is listed");
    assert!(listed[..off].iter().all(|name| *name == "Backup verify"), "what was switched off first: {listed:?}");
    let off = &triage[off];
    assert_eq!((&off["kind"], &off["switch_off"]), (&"job".into(), &"off".into()), "{triage}");
    assert!(off["remedy"].as_str().is_some_and(|remedy| remedy.contains("openclaw cron enable ")), "{triage}");
    let of_minimax = triage.as_array().and_then(|rows| rows.iter().find(|row| row["account"] == "minimax"));
    assert_eq!(of_minimax.map(|row| &row["planned"]), Some(&"moves".into()), "{triage}");

    let said = shell.run("status");
    assert_eq!(said.code, DONE);
    let mut lines = said.out.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.starts_with("Degraded · MiniMax: out of credits since "), "{first}");
    assert!(lines.next().is_some_and(|line| line.ends_with("· read and write")), "{}", said.out);
    assert!(lines.next().is_some_and(|line| line.starts_with("50 crons: ")), "{}", said.out);
    assert!(said.out.contains("\n× Contract analysis · "), "{}", said.out);
}

#[test]
fn a_plan_is_one_document_of_the_promised_shape() {
    let shell = Shell::new();
    shell.json("tier disk-check T1");
    let plan = shell.json("plan");
    assert_eq!(keys(&plan), ["id", "origin", "mode", "at", "summary", "changes", "notes", "questions"]);
    let change = plan["changes"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == "disk-check"));
    let change = change.expect("a cron on the agent's default moves to its chain");
    assert_eq!(
        keys(change),
        ["cron", "name", "tier", "from", "to", "reason", "cause", "kind", "critical", "ticked", "marks", "next_run_at"]
    );
    assert_eq!(
        (&change["tier"], &change["from"], &change["to"], &change["cause"]),
        (&1.into(), &"agent default".into(), &"google/gemini-3-flash".into(), &"edit".into())
    );
    assert_eq!(shell.run("plan --exit-code").code, CHANGES);
}

#[test]
fn the_answer_which_model_a_route_means_is_remembered() {
    let shell = Shell::new();
    shell.json("plan --match gemini_flash=opus");
    let settings: Value = serde_json::from_str(&shell.state_file("settings.json")).expect("settings");
    let model = settings["routes"]["gemini_flash"]["model"].as_str().expect("a model");
    assert!(model.starts_with("anthropic/"), "{model}");
    for nonsense in ["nobody=opus", "opus=nothing/listed"] {
        assert_eq!(shell.run_of(&["plan", "--match", nonsense]).code, USAGE, "{nonsense}");
    }
    assert_eq!(shell.writes(), 0);
}

#[test]
fn a_dry_run_writes_nothing() {
    let shell = Shell::new();
    shell.json("tier disk-check T1");
    let dry = shell.json("distribute --dry-run");
    assert!(names(&dry["changes"]).contains(&"disk-check"));
    assert_eq!(dry["lines"], Value::Array(Vec::new()));
    assert_eq!(shell.writes(), 0);
}

#[test]
fn distributing_asks_first() {
    let shell = Shell::new();
    shell.json("tier disk-check T1");
    let said = shell.run("distribute");
    assert_eq!((said.code, shell.writes()), (NEEDS_ANSWER, 0));
    assert!(said.out.contains("disk-check"), "the plan is shown: {}", said.out);
    assert_eq!(said.err, "nothing was changed\nAdd --yes to do it\n");
}

#[test]
fn distributing_verifies_every_line_and_then_has_nothing_to_do() {
    let shell = Shell::new();
    shell.json_of(&["tier", "disk-check", "Newsletter digest", "T1"]);
    let done = shell.json("distribute --yes");
    let outcomes: Vec<_> = done["lines"].as_array().expect("lines").iter().map(|line| &line["outcome"]).collect();
    let ticked = done["changes"].as_array().expect("changes").iter().filter(|change| change["ticked"] == true).count();
    assert!(ticked >= 2);
    assert_eq!(outcomes.iter().filter(|outcome| ***outcome == "verified").count(), ticked, "{done:#}");

    let written = shell.writes();
    let again = shell.json("distribute --yes");
    assert!(again["changes"].as_array().expect("changes").iter().all(|change| change["ticked"] == false));
    assert_eq!(shell.writes(), written, "a second run makes no call that writes");
    let log = shell.state_file("switches.log");
    assert_eq!(log.lines().count(), ticked, "{log}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_the_rest_for_another_time() {
    let shell = Shell::with_write_limit(2);
    // The third write is refused until the minute is over, so the job waits.
    let said = shell.interrupt_after(3, "distribute --yes --json");
    assert_eq!(said.code, NOT_VERIFIED, "{}", said.err);
    let stopped: Value = serde_json::from_str(&said.out).expect("a document");
    let with = |outcome: &str, detail: Value| {
        let lines = stopped["lines"].as_array().expect("lines");
        lines.iter().filter(|line| line["outcome"] == outcome && line["detail"] == detail).count()
    };
    assert_eq!(with("verified", Value::Null), 2, "{stopped:#}");
    assert!(with("left_out", "not started".into()) > 2, "{stopped:#}");
    assert_eq!(shell.state_file("switches.log").lines().count(), 2, "the log has what was verified, no more");
}

#[test]
fn crons_are_named_by_name_id_or_its_beginning() {
    let shell = Shell::new();
    let id = shell.id("disk-check");
    for named in ["Disk-Check", id.as_str(), &id[..id.len() - 1]] {
        let document = shell.json_of(&["tier", named, "T2", "--critical"]);
        assert_eq!(document["crons"][0]["cron"], id.as_str(), "{named}");
    }
    let document = shell.json_of(&["tier", "disk-check", "--not-critical", "--pin", "opus", "--hold"]);
    let row = &document["crons"][0];
    assert_eq!((&row["tier"], &row["critical"], &row["held"]), (&2.into(), &false.into(), &true.into()));
    assert!(row["pinned"].as_str().is_some_and(|model| model.starts_with("anthropic/")), "{row}");
    assert_eq!(shell.json("explain disk-check")["pinned"], row["pinned"], "told alike everywhere");
    assert_eq!(shell.writes(), 0, "sorting sends nothing to the gateway");
}

#[test]
fn a_name_that_fits_several_lists_them() {
    let shell = Shell::new();
    shell.rename("disk-check", "Email triage");
    let said = shell.run_of(&["explain", "email triage"]);
    assert_eq!(said.code, USAGE);
    let listed = said.err.lines().filter(|line| line.ends_with("Email triage")).count();
    assert_eq!(listed, 2, "{}", said.err);
    let unknown = shell.run_of(&["explain", "no such cron"]);
    assert_eq!((unknown.code, unknown.err.lines().next()), (USAGE, Some("no cron is called 'no such cron'")));
    let without = shell.run_of(&["tier", "Nightly backup", "T1"]);
    assert_eq!((without.code, without.err.as_str()), (USAGE, "Nightly backup has no model, so it has no tier\n"));
}

#[test]
fn a_misspelt_name_is_answered_with_the_one_that_was_meant() {
    let shell = Shell::new();
    let cases = [
        (vec!["explain", "Invoice chasr"], "no cron is called 'Invoice chasr'\nDid you mean 'Invoice chaser'?\n"),
        (
            vec!["tier", "parcel tracking", "T1"],
            "no cron is called 'parcel tracking'\nDid you mean '📦 Parcel tracking'?\n",
        ),
        (vec!["tier", "disk-check", "T4"], "no cron is called 'T4'\nThe tiers are T1, T2, T3 and unsorted\n"),
        (
            vec!["tier", "disk-check", "T1", "--pin", "kimmi"],
            "the gateway lists no model 'kimmi'\nDid you mean 'Kimi'?\n",
        ),
    ];
    for (line, said) in cases {
        let answer = shell.run_of(&line);
        assert_eq!((answer.code, answer.err.as_str()), (USAGE, said), "{line:?}");
    }
}

#[test]
fn what_is_otherwise_never_done_to_a_cron_can_be_allowed_and_forbidden() {
    let shell = Shell::new();
    let ticked = |name: &str| {
        let plan = shell.json("plan");
        let change = plan["changes"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == name)).cloned();
        change.expect("it is planned")["ticked"] == true
    };
    let parcels = "📦 Parcel tracking";
    assert!(!ticked(parcels), "an agent made it");
    let said = shell.run("plan").out;
    assert!(
        said.contains("[ ] is left out until you agree: model-orchestrator tier CRON --allow agent-edit\n"),
        "{said}"
    );
    let allowed = shell.json_of(&["tier", parcels, "--allow", "agent-edit"]);
    assert_eq!(allowed["crons"][0]["allowed"], serde_json::json!(["agent-edit"]));
    assert!(ticked(parcels));
    let all = shell.json_of(&["tier", parcels, "--allow", "above-guard,miss-one-shot", "--forbid", "agent-edit"]);
    assert_eq!(all["crons"][0]["allowed"], serde_json::json!(["above-guard", "miss-one-shot"]));
    assert!(!ticked(parcels));
    let explained = shell.json_of(&["explain", parcels]);
    assert_eq!(explained["allowed"], all["crons"][0]["allowed"]);
    let said = shell.run_of(&["tier", parcels, "--forbid", "above-guard,miss-one-shot", "--allow", "agent-edit"]);
    assert_eq!(said.out.lines().next(), Some("T1  📦 Parcel tracking  allowed: agent-edit"));
    let both = shell.run_of(&["tier", parcels, "--allow", "agent-edit", "--forbid", "agent-edit"]);
    assert_eq!((both.code, both.err.as_str()), (USAGE, "agent-edit is both allowed and forbidden\n"));
    assert_eq!(shell.writes(), 0);
}

#[test]
fn a_mapping_that_was_set_aside_does_not_spoil_the_next_edit() {
    let shell = Shell::new();
    shell.break_state_file("cron-tiers.json");
    let document = shell.json("tier disk-check T2");
    assert_eq!(document["crons"][0]["tier"], 2);
    assert!(shell.state_file("cron-tiers.json").contains(&shell.id("disk-check")));
    let said = shell.run("tier disk-check T3");
    assert!(said.err.contains("cron-tiers.json does not parse and was set aside"), "the rest is missing: {}", said.err);
}

#[test]
fn settings_that_were_lost_or_name_no_model_are_no_choice_of_the_user() {
    let cases = [
        ("{\"routes\": {\"minimax\": ", 0, "cut in half"),
        ("{\"routes\": {\"minimax\": {\"model\": \"minimax/gone\"}}}", 1, "a model that is not listed"),
    ];
    for (settings, n_asked, why) in cases {
        let shell = Shell::new();
        shell.put_state_file("settings.json", settings);
        let plan = shell.json("plan");
        let changes = plan["changes"].as_array().expect("changes");
        assert!(changes.iter().all(|change| change["cause"] == "health"), "{why}: {plan:#}");
        let minimax =
            plan["questions"].as_array().expect("questions").iter().filter(|asked| asked["route"] == "minimax");
        assert_eq!(minimax.count(), n_asked, "{why}: {plan:#}");
    }
}

#[test]
fn a_name_that_would_steer_the_terminal_is_shown_and_does_not() {
    let shell = Shell::new();
    shell.rename("disk-check", "Disk\u{1b}[2J\u{202e}check\nT9  forged");
    let id = shell.id("disk-check");
    for line in [["tier", &id, "T3"].as_slice(), &["explain", &id], &["plan"]] {
        let said = shell.run_of(line);
        assert_eq!(said.code, DONE, "{}", said.err);
        assert!(!said.out.contains(['\u{1b}', '\u{202e}']), "{}", said.out);
        assert!(!said.out.lines().any(|line| line.starts_with("T9")), "{}", said.out);
    }
    assert!(shell.run_of(&["explain", &id]).out.starts_with("Disk␛[2J\u{fffd}check␊T9  forged"));
    assert_eq!(shell.json_of(&["explain", &id])["name"], "Disk\u{1b}[2J\u{202e}check\nT9  forged");
}

#[test]
fn explaining_goes_through_the_chain() {
    let shell = Shell::new();
    let heartbeat = shell.json_of(&["explain", "Heartbeat ping"]);
    let routes: Vec<_> =
        heartbeat["chain"].as_array().expect("a chain").iter().filter_map(|row| row["label"].as_str()).collect();
    assert_eq!(routes, ["MiniMax", "Flash 3", "Kimi"]);
    assert_eq!(heartbeat["schedule"], "every 5 min");

    let said = shell.run_of(&["explain", "disk-check"]);
    assert_eq!(said.code, DONE);
    assert!(said.out.starts_with(&format!("disk-check · unsorted · {}\n", shell.id("disk-check"))), "{}", said.out);
    assert!(said.out.contains("Suggested: T1, its message says “"), "{}", said.out);
    let command = shell.json_of(&["explain", "Nightly backup"]);
    assert_eq!(command["now"], "no model");
}

#[test]
fn undo_gives_back_what_the_newest_plan_changed() {
    let shell = Shell::new();
    assert_eq!(shell.run("undo").out, "Nothing to undo\n");
    let nothing = shell.json("undo --yes");
    let before = shell.definition("disk-check");
    shell.json("tier disk-check T1");
    let plan = shell.json("distribute --yes")["id"].as_str().expect("an id").to_owned();
    assert_ne!(shell.definition("disk-check"), before);

    let asked = shell.run("undo");
    assert_eq!(asked.code, NEEDS_ANSWER);
    assert_eq!(shell.run_of(&["undo", &plan[..6]]).out, asked.out, "the same by its name");
    let undone = shell.json("undo --yes");
    assert_eq!(undone["origin"], "undo");
    assert_eq!(keys(&nothing), keys(&undone), "one shape, whether or not there is something to undo");
    assert!(undone["lines"].as_array().expect("lines").iter().all(|line| line["outcome"] == "verified"), "{undone:#}");
    assert_eq!(shell.definition("disk-check"), before);
    let explained = shell.json_of(&["explain", "disk-check"]);
    assert_eq!(explained["held"], true, "a cron that was undone is held");
    let unknown = shell.run_of(&["undo", "no-such-plan"]);
    let said = "No switch or plan no-such-plan that could be undone\nActivity lists what can be\n";
    assert_eq!((unknown.code, unknown.err.as_str()), (USAGE, said));
}

#[test]
fn a_state_folder_leaves_and_comes_back() {
    let shell = Shell::new();
    let away = shell.path("away");
    let exported = shell.json_of(&["export", &away]);
    assert!(exported["files"].as_u64().is_some_and(|files| files >= 1), "{exported}");
    let unknown = shell.run_of(&["export", &away, "--file", "nobody.json"]);
    assert_eq!((unknown.code, unknown.err.lines().next()), (USAGE, Some("the state folder has no file 'nobody.json'")));
    shell.break_state_file("kimi-quota.json");
    let broken = shell.run_of(&["export", &away]);
    let named = broken.err.starts_with("kimi-quota.json does not parse and was left out; ");
    assert!(named && broken.code == FAILED, "{broken:?}");
    let before = shell.state_file("cron-tiers.json");
    shell.json("tier disk-check T3");
    assert_ne!(shell.state_file("cron-tiers.json"), before);

    let asked = shell.run_of(&["import", &away]);
    assert_eq!(asked.code, NEEDS_ANSWER, "{}", asked.err);
    let kept = shell.json_of(&["import", &away, "--yes", "--keep", "cron-tiers.json"]);
    assert_eq!(kept["imported"], 0, "{kept:#}");
    let imported = shell.json_of(&["import", &away, "--yes"]);
    let tiers = imported["files"].as_array().expect("files").iter().find(|file| file["file"] == "cron-tiers.json");
    assert_eq!(tiers.map(|file| &file["effect"]), Some(&"changed".into()));
    assert_eq!(shell.state_file("cron-tiers.json"), before);

    let foreign = shell.run_of(&["import", &shell.path("token"), "--yes"]);
    assert_eq!(foreign.code, USAGE, "{}", foreign.out);
    assert!(foreign.err.starts_with("nothing was imported: that is no file of this program\n"), "{}", foreign.err);
}

#[test]
fn a_folder_that_somebody_holds_may_be_looked_at_only() {
    let shell = Shell::new();
    shell.json("tier disk-check T1");
    shell.while_held(|shell| {
        assert_eq!(shell.run("plan").code, DONE);
        for line in ["tier disk-check T2", "distribute --yes"] {
            let said = shell.run(line);
            assert_eq!(said.code, READ_ONLY, "{line}: {}{}", said.out, said.err);
            assert!(said.err.starts_with("read only: the state folder is held by "), "{}", said.err);
        }
        assert_eq!(shell.writes(), 0);
    });
    assert_eq!(shell.run("tier disk-check T2").code, DONE, "once it is free again");
}

#[test]
fn a_gateway_that_does_not_let_us_in_ends_with_three() {
    let shell = Shell::new();
    let wrong = shell.with_token("wrong").run("status");
    assert_eq!((wrong.code, wrong.out.as_str()), (NOT_CONNECTED, ""));
    assert!(wrong.err.contains("refuses the token"), "{}", wrong.err);

    let absent = shell.run_at("ws://127.0.0.1:9", &["status", "--json"]);
    assert_eq!(absent.code, NOT_CONNECTED);
    let error: Value = serde_json::from_str(&absent.err).expect("one document on standard error");
    assert_eq!(error["error"]["code"], "not_connected");
    assert!(absent.err.contains("Nothing listens there"), "{}", absent.err);

    let none = shell.run_alone(&["status"]);
    assert_eq!(none.code, NOT_CONNECTED);
    assert!(none.err.starts_with("no OpenClaw gateway was found on this machine"), "{}", none.err);
}

#[test]
fn nonsense_ends_with_two_and_help_with_zero() {
    let shell = Shell::new();
    for nonsense in ["frobnicate", "tier", "plan --token abc", "distribute --yes --dry-run", "status --timeout never"] {
        let said = shell.run(nonsense);
        assert_eq!((said.code, said.out.as_str()), (USAGE, ""), "{nonsense}: {}", said.err);
    }
    for slip in ["ws://127.0.0.1:", "wss://nas:99999"] {
        let said = shell.run_at_with_own_token(slip, &["status"]);
        assert_eq!(said.code, USAGE, "{slip}: {}", said.err);
        assert!(said.err.starts_with("That is no address of a gateway: "), "{}", said.err);
        assert!(!Path::new(&shell.path("other-state")).exists(), "{slip} leaves a folder behind");
    }
    for nonsense in ["frobnicate --json", "--json tier", "status --json --timeout never", "plan --json extra"] {
        let said = shell.run_alone(&nonsense.split(' ').collect::<Vec<_>>());
        assert_eq!((said.code, said.out.as_str()), (USAGE, ""), "{nonsense}: {}", said.err);
        let error: Value = serde_json::from_str(&said.err).expect("one document on standard error");
        assert_eq!(error["error"]["code"], "usage", "{nonsense}");
        assert!(error["error"]["what"].as_str().is_some_and(|what| !what.starts_with("error")), "{error}");
    }
    let dash = shell.run_alone(&["status", "--url", "ws://127.0.0.1:9", "--token-file", "-"]);
    assert_eq!(dash.code, USAGE, "{}", dash.err);
    let help = shell.run_alone(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (DONE, ""));
    for command in [
        "check",
        "check-provider",
        "status",
        "plan",
        "distribute",
        "explain",
        "diagnose",
        "tier",
        "undo",
        "export",
        "import",
        "demo",
    ] {
        assert!(help.out.contains(&format!("\n  {command}")), "{command} is not in the help");
    }
}

#[test]
#[cfg(unix)]
fn the_headless_demo_says_where_it_is_and_keeps_its_token_to_itself() {
    let shell = Shell::new();
    let document = shell::headless_demo(&shell, &[], |document, _| {
        let url = document["url"].as_str().expect("an address");
        let token_file = document["token_file"].as_str().expect("a path");
        let token = std::fs::read_to_string(token_file).expect("the token");
        assert!(!document.to_string().contains(token.trim()));
        let arguments = ["status", "--json", "--token-file", token_file];
        let said = shell.run_at_with_own_token(url, &arguments);
        assert_eq!(said.code, DONE, "{}", said.err);
        assert!(!said.out.contains(token.trim()) && !said.err.contains(token.trim()));
    });
    assert_eq!(document["outages"], serde_json::json!({ "minimax": "credits" }), "as every demo begins");
    let folder = document["state_dir"].as_str().expect("a path");
    assert!(!Path::new(folder).exists(), "{folder} is left behind");
}

#[test]
#[cfg(unix)]
fn the_configuration_of_a_headless_demo_is_enough_to_reach_it_and_its_providers() {
    use std::os::unix::fs::PermissionsExt as _;
    let shell = Shell::new();
    let folder = shell.path("rehearsal");
    let arguments = ["--outage", "kimi=quota", "--outage", "minimax=serving", "--state-dir", &folder];
    let document = shell::headless_demo(&shell, &arguments, |document, _| {
        let path = document["config_file"].as_str().expect("a path");
        let mode = std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "only its owner reads it");
        let config = std::fs::read_to_string(path).expect("the configuration");
        let config: Value = serde_json::from_str(&config).expect("is JSON");
        let settings = Path::new(&folder).join("settings.json");
        let settings = std::fs::read_to_string(settings).expect("the seeded settings");
        let settings: Value = serde_json::from_str(&settings).expect("are JSON");
        let providers = config["models"]["providers"].as_object().expect("providers");
        for (id, provider) in providers {
            let key = provider["apiKey"].as_str().expect("a key");
            assert!(!settings.to_string().contains(key) && !document.to_string().contains(key), "{id}'s key is told");
            assert_eq!(settings["accounts"][id]["base_url"], provider["baseUrl"], "{id}");
        }
        let said = shell.run_configured(path, &["status", "--json", "--state-dir", &folder]);
        assert_eq!(said.code, DONE, "{}", said.err);
    });
    assert_eq!(document["outages"], serde_json::json!({ "kimi": "quota" }));
    assert!(Path::new(&folder).join("cron-tiers.json").exists(), "a folder that was named stays");
}

#[test]
#[cfg(unix)]
fn a_headless_demo_is_told_line_by_line_who_fails_and_takes_as_many_writes_as_it_is_told() {
    use model_orchestrator::domain::{CronId, Patch, Secret};
    use model_orchestrator::gateway::{Endpoint, GatewayError, connect};
    let shell = Shell::new();
    shell::headless_demo(&shell, &["--write-limit", "40"], |document, mut rehearsal| {
        let mut now = |line: &str| {
            rehearsal.tell("somebody=quota");
            rehearsal.tell(line);
            rehearsal.document()
        };
        let outages = |outages: Value| serde_json::json!({ "outages": outages });
        let kimi = serde_json::json!({ "minimax": "credits", "kimi": "quota" });
        assert_eq!(now("kimi=quota"), outages(kimi));
        assert_eq!(now("minimax=serving"), outages(serde_json::json!({ "kimi": "quota" })));
        assert_eq!(now(" kimi = serving"), outages(serde_json::json!({})));
        let token = std::fs::read_to_string(document["token_file"].as_str().expect("a path")).expect("the token");
        let endpoint = Endpoint::new(document["url"].as_str().expect("an address"), Some(Secret::new(token.trim())));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let n_taken = runtime.block_on(async {
            let client = connect(&endpoint).await.expect("connects").client;
            let mut n_taken = 0;
            // Invalid calls count, too.
            while let Err(GatewayError::NotFound) = client.update(&CronId::new("x"), &Patch::default(), None).await {
                n_taken += 1;
            }
            n_taken
        });
        assert_eq!(n_taken, 40);
    });
}

#[test]
fn a_headless_demo_writes_over_nobody_s_state_and_knows_its_outages() {
    let shell = Shell::new();
    let folder = shell.path("state");
    let before = shell.state_file("cron-tiers.json");
    let said = shell.run_alone(&["demo", "--headless", "--state-dir", &folder]);
    assert_eq!((said.code, said.out.as_str()), (USAGE, ""), "{}", said.err);
    assert!(said.err.contains("is not empty"), "{}", said.err);
    assert_eq!(shell.state_file("cron-tiers.json"), before);
    let said = shell.run_alone(&["demo", "--headless", "--outage", "kimi=credits"]);
    assert_eq!(said.code, USAGE);
    for code in ["serving", "quota", "rate-limit", "overloaded", "refused-key", "server-error", "unreachable"] {
        assert!(said.err.contains(code), "{code} is not told: {}", said.err);
    }
}
