//! `check` and `check-provider` beside the demo's providers, each in an outage of its own: what is said of it
//! on standard output and in both state files.

use model_orchestrator::domain::DemoOutage;
use serde_json::Value;

use super::shell::Shell;
use super::{DONE, NEEDS_PERSON, NOT_CONNECTED, PASSING, USAGE, keys};

const SIX: [&str; 6] = ["anthropic", "google", "kimi", "minimax", "openai", "zai"];

fn account<'a>(document: &'a Value, id: &str) -> &'a Value {
    let accounts = document["accounts"].as_array().expect("accounts");
    accounts.iter().find(|account| account["id"] == id).unwrap_or_else(|| panic!("no {id} in {document:#}"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// One provider in one outage, and everywhere it is told of.
struct Told {
    shell: Shell,
    provider: &'static str,
    /// Its row in the document of `check`.
    row: Value,
}

impl Told {
    /// After a check; before it one job of the provider fails where only jobs can tell.
    fn of(provider: &'static str, outage: DemoOutage, failed_job: bool) -> Self {
        let shell = Shell::with_outages(&[(provider, outage)]);
        if failed_job {
            shell.run_job_on(provider);
        }
        let said = shell.run("check --json");
        assert_eq!(said.code, DONE, "a provider that is down is no failure: {}", said.err);
        let row = account(&json(&said.out), provider).clone();
        Self { shell, provider, row }
    }

    fn is(&self, health: &str, action: &str, code: i32) -> &Self {
        let row = &self.row;
        assert_eq!((&row["health"], &row["action"]), (&health.into(), &action.into()), "{row:#}");
        let one = self.shell.run_of(&["check-provider", self.provider, "--exit-code"]);
        assert_eq!(one.code, code, "{}{}", one.out, one.err);
        self
    }

    /// The headline begins so, in the document, in the table and alone.
    fn says(&self, headline: &str) -> &Self {
        let said = self.row["headline"].as_str().expect("a headline");
        assert!(said.starts_with(headline), "{said}");
        let label = self.row["label"].as_str().expect("a label");
        let table = self.shell.run("check").out;
        let line = table.lines().find(|line| line.starts_with(label)).expect("its line");
        assert!(line.contains(headline), "{table}");
        let one = self.shell.run_of(&["check-provider", self.provider]).out;
        // The last line is about all of them.
        let (one, _level) = one.trim_end().rsplit_once('\n').expect("several lines");
        assert!(one.lines().any(|line| line.starts_with(headline)), "{one}");
        for word in ["balance", "credit", "top up", "top-up"] {
            let prepaid = self.row["billing"] == "prepaid_credits";
            assert!(prepaid || !format!("{line}\n{one}").to_lowercase().contains(word), "{word}: {line}\n{one}");
        }
        self
    }

    fn resets(&self, known: bool) -> &Self {
        assert_eq!(self.row["reset_at"].is_string(), known, "{:#}", self.row);
        self
    }

    /// The word of `provider-status.json`, and in `provider-tracking.json` the same with its signal.
    fn in_files(&self, name: &str, word: &str, signal: &str) {
        self.shell.json("check");
        let status = json(&self.shell.state_file("provider-status.json"));
        assert_eq!(status[name], word, "{status:#}");
        let tracking = json(&self.shell.state_file("provider-tracking.json"));
        let entry = &tracking["providers"][name];
        assert_eq!((&entry["status"], &entry["signal"]), (&word.into(), &signal.into()), "{entry:#}");
    }
}

#[test]
fn all_six_accounts_are_looked_at_and_that_costs_no_token() {
    let shell = Shell::with_outages(&[]);
    let found = shell.json("check");
    assert_eq!(
        keys(&found),
        ["checked_at", "level", "summary", "down", "offline", "offline_since", "accounts", "tokens_spent"]
    );
    assert_eq!((&found["offline"], &found["tokens_spent"]), (&false.into(), &0.into()));
    // MiniMax is out of credits from the start: that is the demo's story.
    assert_eq!((&found["level"], &found["down"][0]["vendor"]), (&"degraded".into(), &"minimax".into()));
    for id in SIX {
        let row = account(&found, id);
        assert_eq!(row["health"], if id == "minimax" { "balance_empty" } else { "up" }, "{row:#}");
        assert_eq!((&row["set_up"], &row["key"]), (&true.into(), &"ready".into()), "{row:#}");
        assert_eq!(row["tokens_spent"], 0, "{row:#}");
        assert!(row["asked"].as_array().is_some_and(|asked| !asked.is_empty()), "{row:#}");
    }
    let said = shell.run("check --exit-code");
    assert_eq!(said.code, NEEDS_PERSON, "{}", said.out);
    let all = format!("{found}{}{}", said.out, shell.state_file("provider-tracking.json"));
    for key in shell.provider_keys() {
        assert!(!all.contains(&key), "a key was shown");
    }
    assert_eq!(shell.writes(), 0);
}

#[test]
fn kimi_whose_week_is_used_up() {
    Told::of("kimi", DemoOutage::QuotaExhausted, false)
        .is("quota_exhausted", "wait", PASSING)
        .says("Quota limit hit — resets on ")
        .resets(true)
        .in_files("kimi", "rate_limited", "quota_or_provider_limit");
}

#[test]
fn minimax_without_credits() {
    Told::of("minimax", DemoOutage::OutOfCredits, false)
        .is("balance_empty", "top_up", NEEDS_PERSON)
        .says("Balance empty — MiniMax API credits need a top-up")
        .resets(false)
        .in_files("minimax", "down", "quota_or_provider_limit");
}

#[test]
fn gemini_at_the_limit_of_a_minute() {
    Told::of("google", DemoOutage::RateLimited, false)
        .is("rate_limited", "wait", PASSING)
        .says("Rate limited — temporary")
        .resets(true)
        .in_files("gemini_flash", "rate_limited", "quota_or_provider_limit");
}

#[test]
fn gemini_at_the_limit_of_a_day() {
    Told::of("google", DemoOutage::QuotaExhausted, false)
        .is("quota_exhausted", "wait", PASSING)
        .says("Quota limit hit — resets ")
        .resets(true)
        .in_files("gemini_flash", "rate_limited", "quota_or_provider_limit");
}

#[test]
fn zai_with_1113_says_nothing_of_money() {
    Told::of("zai", DemoOutage::MoneyWords, true)
        .is("quota_exhausted", "wait", PASSING)
        .says("Quota limit hit — resets ")
        .resets(true)
        .in_files("glm", "rate_limited", "quota_or_provider_limit");
}

#[test]
fn anthropic_overloaded() {
    Told::of("anthropic", DemoOutage::Overloaded, false)
        .is("overloaded", "backoff", PASSING)
        .says("Provider overloaded — temporary, not your quota")
        .resets(false)
        .in_files("anthropic", "overloaded", "connectivity_or_provider_error");
}

#[test]
fn openai_at_its_cap_on_spending() {
    Told::of("openai", DemoOutage::SpendLimit, true)
        .is("quota_exhausted", "open_dashboard", NEEDS_PERSON)
        .says("Usage limit hit — no reset date given, open the dashboard")
        .resets(false)
        .in_files("openai", "rate_limited", "quota_or_provider_limit");
}

#[test]
fn one_account_is_found_by_its_label_or_by_what_the_skill_calls_it() {
    let shell = Shell::with_outages(&[]);
    for (named, id) in [("kimi", "kimi"), ("Z.ai", "zai"), ("glm", "zai"), ("gemini_flash", "google")] {
        let found = shell.json_of(&["check-provider", named]);
        let accounts = found["accounts"].as_array().expect("accounts");
        assert_eq!((accounts.len(), &accounts[0]["id"]), (1, &id.into()), "{named}");
    }
    let said = shell.run("check-provider kimmi");
    assert_eq!((said.code, said.err.as_str()), (USAGE, "no account is called 'kimmi'\nDid you mean 'Kimi'?\n"));
    let said = shell.run("--json check-provider nobody");
    assert_eq!((said.code, said.out.as_str()), (USAGE, ""));
    assert_eq!(json(&said.err)["error"]["code"], "usage");
}

#[test]
fn without_a_gateway_nothing_is_checked() {
    let shell = Shell::new();
    let said = shell.run_at("ws://127.0.0.1:9", &["check", "--exit-code"]);
    assert_eq!((said.code, said.out.as_str()), (NOT_CONNECTED, ""), "{}", said.err);
}

#[test]
#[cfg(unix)]
fn the_script_of_the_skill_says_one_word() {
    let shell = Shell::with_outages(&[("kimi", DemoOutage::QuotaExhausted)]);
    for (named, word) in [("kimi", "rate_limited"), ("glm", "up")] {
        let said = shell.run_script("packaging/skill/scripts/check-provider.sh", &[named]);
        assert_eq!((said.code, said.out.trim_end()), (DONE, word), "{}", said.err);
    }
    let said = shell.run_script("packaging/skill/scripts/check-provider.sh", &["kimi", "--exit-code"]);
    assert_eq!((said.code, said.out.as_str()), (PASSING, "rate_limited\n"));
    assert!(said.err.starts_with("Quota limit hit — resets on "), "{}", said.err);
    let said = shell.run_script("packaging/skill/scripts/check-provider.sh", &["nobody"]);
    assert_eq!((said.code, said.out.as_str()), (USAGE, ""), "{}", said.err);
}
