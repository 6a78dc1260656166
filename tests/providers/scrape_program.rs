//! The command `scrape-quota` as a shell has it: a preview, a document, a file in the state folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Runs `scrape-quota` with nothing of this machine around it.
fn scrape(arguments: &[&str], input: &str) -> Said {
    let mut program = Command::new(env!("CARGO_BIN_EXE_model-orchestrator"));
    program.env_clear().env("TZ", "UTC").arg("scrape-quota").args(arguments);
    for kept in ["PATH", "SystemRoot"] {
        if let Some(value) = std::env::var_os(kept) {
            program.env(kept, value);
        }
    }
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses its arguments does not read.
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).ok();
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Said { code: output.status.code().expect("ends by itself"), out: text(output.stdout), err: text(output.stderr) }
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers/dashboards").join(name)
}

const NOW: [&str; 2] = ["--now", "2026-11-20T08:00:00Z"];

#[test]
fn a_page_is_shown_before_anything_is_written() {
    let page = sample("claude-usage.txt");
    let arguments = ["claude-cli", "--from", page.to_str().expect("a path"), "--zone", "Europe/Berlin", NOW[0], NOW[1]];
    let said = scrape(&arguments, "");
    assert_eq!(said.code, 0, "{}", said.err);
    for line in [
        "Plan: Max (20x)",
        "5-hour 63% used, resets on 20 Nov 2026 12:12",
        "weekly 37% used, resets on 26 Nov 2026 09:00",
        "opus, weekly 12% used, resets on 26 Nov 2026 09:00",
        "Nothing was written; --write keeps it in the state folder",
    ] {
        assert!(said.out.lines().any(|found| found == line), "{line}\n{}", said.out);
    }
    let said = scrape(&[&arguments[..], &["--json"]].concat(), "");
    let found: Value = serde_json::from_str(&said.out).expect("one document");
    assert_eq!((&found["service"], &found["confidence"]), (&"claude-subscription".into(), &"high".into()));
    assert_eq!(found["windows"][0]["used_percent"], 63.0);
    assert_eq!((&found["written"], &found["notes"][0]["code"]), (&Value::Null, &"amounts_left_out".into()));
}

#[test]
fn what_was_read_is_kept_beside_what_the_file_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kimi-quota.json");
    model_orchestrator::state::atomic::write(
        &file,
        br#"{"weekly_usage_pct": 1, "monthly_usage_pct": 9, "note": "mine", "checked_at": "2026-11-01T00:00:00Z"}"#,
    )
    .expect("writes");
    let page = std::fs::read_to_string(sample("kimi-console-chinese.html")).expect("a page");
    let state_dir = folder.path().to_str().expect("a path");
    let gateway = ["--state-dir", state_dir, "--url", "ws://127.0.0.1:9"];
    let arguments = ["kimi", "--from", "-", "--zone", "Asia/Shanghai", "--write", NOW[0], NOW[1]];
    let said = scrape(&[&arguments[..], &gateway].concat(), &page);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.contains("Kept in "), "{}", said.out);
    let found: Value = serde_json::from_slice(&std::fs::read(&file).expect("the file")).expect("JSON");
    let says = |key: &str| found[key].clone();
    assert_eq!((says("weekly_usage_pct"), says("weekly_reset_in")), (72.into(), "18 hours".into()));
    assert_eq!((says("rate_limit_pct"), says("rate_limit_reset_in")), (5.into(), "2 hours 15 minutes".into()));
    assert_eq!((says("note"), says("checked_at")), ("mine".into(), "2026-11-20T08:00:00Z".into()));
    assert_eq!(says("monthly_usage_pct"), Value::Null, "it was not on the page, so it is not of now");
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let other = sample("other-service.txt");
    let unclear = sample("zai-unclear.txt");
    let path = |path: &Path| path.to_str().expect("a path").to_owned();
    let cases: [(&[&str], &str, i32, &str); 6] = [
        (&["kimi"], "", 2, "https://www.kimi.com/code/console"),
        (&["kimi", "--from", "/no/such/page.html"], "", 1, "cannot open /no/such/page.html"),
        (&["kimi", "--from", &path(&other)], "", 2, "this page is of another service: ChatGPT"),
        (&["zai", "--from", &path(&unclear)], "", 13, "Weekly: 12% may be used or left"),
        (&["zai", "--from", "-"], "", 13, "nothing here looks like a quota: there is no text"),
        (&["zai", "--from", "-"], &"x".repeat(2 * 1024 * 1024 + 1), 2, "the page is larger than 2 MiB"),
    ];
    for (arguments, input, code, said) in cases {
        let found = scrape(arguments, input);
        assert_eq!((found.code, found.out.as_str()), (code, ""), "{said}: {}", found.err);
        assert!(found.err.contains(said), "expected {said}, found {}", found.err);
    }
}
