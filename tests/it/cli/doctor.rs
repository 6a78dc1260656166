//! `doctor`: what is there and what is missing, in a computer that has nothing but a gateway.

use super::shell::Shell;
use super::{DONE, FAILED};

#[test]
fn a_doctor_says_how_everything_stands_and_changes_nothing() {
    let shell = Shell::new();
    let said = shell.json("doctor");
    let mark = |check: &str| {
        let lines = said["lines"].as_array().expect("lines");
        let line = lines.iter().find(|line| line["check"] == check).unwrap_or_else(|| panic!("{check}: {said}"));
        (line["mark"].as_str().expect("a mark").to_owned(), line["what"].as_str().expect("a sentence").to_owned())
    };
    for check in ["program", "gateway", "rights", "folder", "files", "clock"] {
        assert_eq!(mark(check).0, "ok", "{check}: {said}");
    }
    assert!(mark("gateway").1.contains("OpenClaw "), "{said}");
    assert!(mark("folder").1.contains("/state · can be written"), "{said}");
    assert_eq!(mark("keychain").0, "warn", "there is no desktop here: {said}");
    assert_ne!(said["worst"], "fail", "{said}");
    assert_eq!(shell.writes(), 0);

    let text = shell.run("doctor");
    assert_eq!(text.code, DONE);
    assert!(text.out.lines().any(|line| line.starts_with("warn  keychain")), "{}", text.out);
    assert!(text.out.contains("→ Tokens and keys then come from"), "{}", text.out);
}

#[test]
fn what_must_be_mended_is_the_exit_code() {
    let shell = Shell::new();
    shell.break_state_file("cron-tiers.json");
    let said = shell.run("doctor --json");
    assert_eq!(said.code, FAILED, "{}", said.out);
    assert!(said.out.contains("cron-tiers.json does not parse"), "{}", said.out);
}

#[test]
fn a_gateway_that_does_not_let_us_in_is_one_line_among_the_others() {
    let shell = Shell::new();
    let said = shell.with_token("wrong").run("doctor");
    assert_eq!(said.code, FAILED);
    assert!(said.out.lines().any(|line| line.starts_with("fail  gateway")), "{}", said.out);
    assert!(said.out.lines().any(|line| line.contains("time zone")), "{}", said.out);
}

#[test]
fn a_folder_that_another_program_holds_is_named_with_its_holder() {
    Shell::new().while_held(|shell| {
        let said = shell.run("doctor");
        assert!(said.out.contains("held by "), "{}", said.out);
        assert_eq!(said.code, DONE, "{}", said.out);
    });
}
