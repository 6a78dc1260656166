//! The command `diagnose` as a shell has it: text or a document, codes to branch on, clear refusals.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::case::{all, says};

struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Runs `diagnose` with nothing of this machine around it.
fn diagnose(arguments: &[&str], input: &[u8]) -> Said {
    let mut program = Command::new(env!("CARGO_BIN_EXE_model-orchestrator"));
    program.env_clear().env("TZ", "UTC").arg("diagnose").args(arguments);
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
    child.stdin.take().expect("a pipe").write_all(input).ok();
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Said { code: output.status.code().expect("ends by itself"), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_document_gives_a_document() {
    for case in all().iter().step_by(9) {
        let said = diagnose(&["--json", "-"], case.document.to_string().as_bytes());
        assert_eq!(said.code, 0, "{}: {}", case.name, said.err);
        let found: Value = serde_json::from_str(&said.out).expect("one document");
        for (key, expected) in [
            ("health", "health"),
            ("temporary", "temporary"),
            ("reason", "reason"),
            ("scope", "scope"),
            ("reset_confidence", "reset_confidence"),
            ("action", "action"),
        ] {
            assert_eq!(found[key], case.expect[expected], "{}: {key}", case.name);
        }
        let headline = found["headline"].as_str().expect("a headline");
        assert!(says(case.expect["wording"].as_str().unwrap_or_default(), headline), "{}: {headline}", case.name);
        assert!(found["windows"].is_array(), "{}", case.name);
    }
}

#[test]
fn the_document_has_the_promised_shape() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/providers/cases/zai/quota-5h-exhausted.json");
    let said = diagnose(&[path.to_str().expect("a plain path"), "--json"], b"");
    let found: Value = serde_json::from_str(&said.out).expect("one document");
    let keys: Vec<_> = found.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "provider",
            "service",
            "health",
            "temporary",
            "reason",
            "scope",
            "model",
            "reset_at",
            "reset_confidence",
            "retry_at",
            "headline",
            "action",
            "advice",
            "windows",
            "balance",
            "plan",
            "per_model",
            "http_status",
            "provider_code",
            "provider_quote"
        ]
    );
    assert_eq!(
        found["windows"][2],
        json!({
            "id": "mcp_monthly", "unit": "calls", "scope": "feature:web-search", "blocks_chat": false, "used": 224.0,
            "limit": 4000.0, "used_percent": 5.0, "raw_used_percent": null, "reset_at": "2026-12-14T02:40:00Z",
            "stale": false
        })
    );
    assert_eq!(
        (&found["reset_at"], &found["retry_at"]),
        (&"2026-11-20T11:12:05Z".into(), &"2026-11-20T11:13:05Z".into())
    );
}

#[test]
fn a_sentence_and_a_body_need_the_name_of_their_provider() {
    let now = ["--now", "2026-11-20T08:00:00Z"];
    let sentence = "⚠️ Usage limit reached for 5 hour. Your limit will reset at 2026-11-20 19:12:05";
    let said = diagnose(&[&["--provider", "zai"], &now[..]].concat(), sentence.as_bytes());
    let lines = "Quota limit hit — resets on 20 Nov 2026 11:12\nWait: it is tried again today 11:13\n";
    assert_eq!((said.code, said.out.as_str()), (0, lines), "{}", said.err);

    let body = br#"{"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}"#;
    let said = diagnose(&["--provider", "minimax"], body);
    assert_eq!(said.out.lines().next(), Some("Balance empty — MiniMax API credits need a top-up"), "{}", said.err);
    let said = diagnose(&["--provider", "minimax", "--billing", "quota_plan"], body);
    assert_eq!(said.out.lines().next(), Some("Quota limit hit — reset date not reported yet"));
    let said = diagnose(&["--provider", "openai", "--status", "503"], b"<html>nginx</html>");
    assert_eq!(said.out.lines().next(), Some("Provider overloaded — temporary, not your quota"));

    for input in [sentence.as_bytes(), &body[..]] {
        let said = diagnose(&[], input);
        assert_eq!((said.code, said.out.as_str()), (2, ""));
        assert_eq!(said.err, "this cannot be diagnosed: no provider is named\nName it, such as --provider zai\n");
    }
}

#[test]
fn scripts_branch_on_the_code_when_they_ask_for_it() {
    let cases = [
        ("anthropic", "200", "{\"id\": \"msg_1\"}", 0),
        ("anthropic", "529", "{}", 11),
        ("anthropic", "401", "{}", 12),
        ("anthropic", "418", "{}", 13),
    ];
    for (provider, status, body, code) in cases {
        let arguments = ["--provider", provider, "--status", status];
        assert_eq!(diagnose(&arguments, body.as_bytes()).code, 0, "{status}: without being asked");
        let asked = [&arguments[..], &["--exit-code"]].concat();
        assert_eq!(diagnose(&asked, body.as_bytes()).code, code, "{status}");
    }
}

#[test]
fn input_that_cannot_be_read_is_refused_with_a_reason() {
    let cases: [(&[&str], &[u8], i32, &str); 8] = [
        (&["/no/such/file.json"], b"", 1, "cannot open /no/such/file.json: "),
        (&[], b"", 2, "there is nothing to diagnose: standard input is empty"),
        (&[], b" \n ", 2, "there is nothing to diagnose: standard input is empty"),
        (&[], b"\xff\xfe", 2, "standard input is no text: byte 0 is not UTF-8"),
        (&[], b"{\"status\": 429,", 2, "the input begins like JSON and does not parse: EOF"),
        (
            &[],
            br#"{"provider": "zai", "status": "soon"}"#,
            2,
            r#"this cannot be diagnosed: status is "soon", expected"#,
        ),
        (
            &[],
            br#"{"provider": "zai", "status": 429, "account": {"billing": "gold"}}"#,
            2,
            "this cannot be diagnosed: account.billing is \"gold\", expected quota_plan,",
        ),
        (
            &[],
            br#"{"provider": "zai", "status": 429, "now": "later"}"#,
            2,
            "this cannot be diagnosed: now is \"later\"",
        ),
    ];
    for (arguments, input, code, said) in cases {
        let found = diagnose(arguments, input);
        assert_eq!((found.code, found.out.as_str()), (code, ""), "{said}: {}", found.err);
        assert!(found.err.starts_with(said), "expected {said}, found {}", found.err);
        assert!(!found.err.contains("panicked"));
    }
    let failure = diagnose(&["--json"], b"").err;
    let document: Value = serde_json::from_str(&failure).expect("one document on standard error");
    assert_eq!(document["error"]["code"], "usage");
}
