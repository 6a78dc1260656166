//! `take-over`, and what the others say while another computer acts.

use serde_json::json;

use super::crisis::in_a_crisis;
use super::shell::Shell;
use super::{DONE, NEEDS_ANSWER, READ_ONLY, keys};

#[test]
fn the_second_computer_is_told_who_acts_and_acts_once_it_was_told_to() {
    let shell = Shell::new();
    assert_eq!(shell.json("status")["owner"], json!(null), "nobody yet");
    shell.json("distribute --yes");
    let owner = shell.json("status")["owner"].clone();
    assert_eq!((keys(&owner), &owner["here"]), (vec!["host", "since", "here"], &json!(true)));
    assert!(shell.run("status").out.contains("Acts on this gateway since"), "{}", shell.run("status").out);

    let status = shell.elsewhere("--json status");
    assert_eq!(status.code, DONE, "{}", status.err);
    let status: serde_json::Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!((&status["gateway"]["access"], &status["owner"]["here"]), (&json!("gateway_owned"), &json!(false)));
    assert_eq!(status["owner"]["host"], owner["host"]);
    let writes = shell.writes();
    // Something to do there, which is not done.
    let sorted = shell.elsewhere(&format!("tier {} T1", shell.id("newsletter-digest")));
    assert_eq!(sorted.code, DONE, "{}", sorted.err);
    assert_eq!(shell.elsewhere("distribute --yes").code, READ_ONLY);
    assert!(shell.elsewhere("distribute --yes").err.contains("model-orchestrator take-over"));
    for line in ["recover --automatic", "orchestrate"] {
        let handed = shell.elsewhere(line);
        assert_eq!(handed.code, DONE, "{line}: {}{}", handed.out, handed.err);
    }
    let asked = shell.elsewhere("--json take-over");
    assert_eq!((asked.code, shell.writes()), (NEEDS_ANSWER, writes), "{}{}", asked.out, asked.err);

    let taken = shell.elsewhere("--json take-over --yes");
    assert_eq!(taken.code, DONE, "{}", taken.err);
    let taken: serde_json::Value = serde_json::from_str(&taken.out).expect("JSON");
    assert_eq!(keys(&taken), ["here", "owner", "before", "said"]);
    assert_eq!((&taken["here"], &taken["before"]["host"]), (&json!(true), &owner["host"]));
    shell.json_of(&["tier", &shell.id("newsletter-digest"), "T1"]);
    assert_eq!(shell.run("distribute --yes").code, READ_ONLY, "the first one only looks now");
    let again = shell.elsewhere("take-over");
    assert_eq!((again.code, again.out.trim()), (DONE, "This folder acts on this gateway already"));

    let here = shell.json("take-over --release");
    assert_eq!(
        (&here["here"], here["said"].as_str()),
        (&json!(false), Some("This folder does not act on this gateway"))
    );
    let freed = shell.elsewhere("take-over --release");
    assert_eq!(freed.code, DONE, "{}", freed.err);
    assert_eq!(shell.json("status")["owner"], json!(null));
    assert_eq!(shell.json("take-over")["here"], json!(true), "where nobody acts, nobody is asked");
}

#[test]
fn letting_go_of_what_is_still_to_be_given_back_is_asked_about() {
    let shell = in_a_crisis();
    shell.json("crisis --yes");
    let owed = shell.json("status")["crisis"]["paused"].as_u64();
    assert!(owed.is_some_and(|owed| owed > 0));
    let asked = shell.run("take-over --release --json");
    assert_eq!(asked.code, NEEDS_ANSWER, "{}{}", asked.out, asked.err);
    assert_eq!(shell.json("take-over --release --yes")["here"], json!(false));
    let status = shell.json("status");
    assert_eq!(status["gateway"]["access"], "another_gateway", "whose debts these are is asked from now on");
    assert_eq!(status["crisis"]["paused"].as_u64(), owed, "and none is closed");
    shell.json("take-over --yes");
    assert_eq!(shell.json("status")["gateway"]["access"], "read_write");
}
