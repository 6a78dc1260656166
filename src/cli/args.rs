//! Raw arguments. What they mean for a gateway is settled in [`target`](super::target).

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::forecast::ForecastArguments;
use super::simulate::SimulateArguments;
use super::what_if::WhatIfArguments;
use crate::domain::{AccountId, Billing, DemoOutage, Tier};
use crate::engine::Consent;
use crate::providers;

/// Keeps scheduled AI jobs running by spreading them over AI providers.
///
/// Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(name = "model-orchestrator", version, propagate_version = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Common {
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// The state folder to use, instead of the usual one for the gateway
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    /// The gateway's address, instead of the one found on this machine
    #[arg(long, global = true, value_name = "URL")]
    pub(super) url: Option<String>,
    /// A file that holds the gateway's token, and nothing else
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// The OpenClaw profile whose gateway is meant
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "url")]
    pub(super) profile: Option<String>,
    /// SHA-256 of a self-signed certificate to accept, in hexadecimal
    #[arg(long, global = true, value_name = "HEX", value_parser = fingerprint)]
    pub(super) tls_fingerprint: Option<String>,
    /// How long to wait for an answer before giving up; 30 without it, 100 for the answers of providers
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(super) timeout: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Open the window on the built-in demo
    Demo(DemoArguments),
    /// Run without a window until told to end; windows and commands act through it
    Serve(ServeArguments),
    /// Say how things stand
    Status,
    /// Look at all accounts now: health, quota, resets
    Check(CheckArguments),
    /// Look at one account now
    CheckProvider {
        /// Its id, its label, or its vendor
        #[arg(value_name = "ID")]
        account: String,
        #[command(flatten)]
        arguments: CheckArguments,
    },
    /// Show what would change, and why
    Plan(PlanArguments),
    /// Apply the plan: every cron goes to where it should be
    Distribute(DistributeArguments),
    /// Enter crisis mode: critical and simple crons keep running, the others pause
    Crisis(CrisisArguments),
    /// End crisis mode: every cron gets back what it had, in stages
    Recover(RecoverArguments),
    /// Look at all accounts, then do whatever is due and allowed; for a daily cron
    Orchestrate {
        /// Distribute what health causes, also where automation only asks
        #[arg(long)]
        yes: bool,
    },
    /// Say why a cron is where it is
    Explain {
        /// Its id, the beginning of its id, or its name
        cron: String,
    },
    /// Say what will become of every quota window: when it runs out, or that it lasts until its reset
    Forecast(ForecastArguments),
    /// Say what would be planned, and what would run out, if accounts were down or back or the clock elsewhere
    WhatIf(WhatIfArguments),
    /// Say what an answer or an error of a provider means; asks nobody
    Diagnose(DiagnoseArguments),
    /// Look whether everything that this program needs is there, and say what to do where it is not
    Doctor,
    /// Live through worlds made from seeds, with outages, crashes and other hands, and see whether every law holds
    Simulate(SimulateArguments),
    /// Read the quota from a saved or pasted usage page; asks nobody
    ScrapeQuota(ScrapeQuotaArguments),
    /// Sort crons into a tier; nothing is sent to the gateway
    Tier(TierArguments),
    /// Take back switches: the newest plan's, or those named
    Undo {
        /// A plan or a switch, by the beginning of its id
        #[arg(value_name = "PLAN|SWITCH")]
        what: Option<String>,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
    },
    /// Stop what is being carried out, after the line in flight; the rest is planned again
    Stop,
    /// Act on the gateway from here from now on; another computer that did only looks then
    TakeOver(TakeOverArguments),
    /// Copy the state folder, without secrets
    Export {
        /// The folder to copy to; with --file a folder or a file name
        to: PathBuf,
        /// Only this file of the state folder
        #[arg(long, value_name = "NAME")]
        file: Option<String>,
    },
    /// Take state files over from a folder or a file
    Import {
        /// A folder with state files, or one of them
        from: PathBuf,
        /// Do it without asking
        #[arg(long)]
        yes: bool,
        /// Leave this file of the state folder as it is
        #[arg(long, value_name = "NAME")]
        keep: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Exit with 11, 12 or 13 unless everything that is set up serves
    #[arg(long)]
    pub(super) exit_code: bool,
}

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Serve the demo gateway and its providers without a window, until Ctrl-C
    #[arg(long)]
    pub(super) headless: bool,
    /// Let a provider fail from the start, such as kimi=quota; once for each that is to fail
    #[arg(long = "outage", value_name = "PROVIDER=OUTAGE", value_parser = super::demo::outage)]
    pub(super) outages: Vec<(&'static str, DemoOutage)>,
    /// With --headless: how many calls of one writing method the demo takes in a minute, for rehearsals in a hurry
    #[arg(long, value_name = "N", requires = "headless", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) write_limit: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// How log lines on standard error are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) log_format: LogFormat,
    /// Keep how it stands in this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) health: Option<PathBuf>,
    /// Tell how it stands at this address of this computer, such as 127.0.0.1:8417
    #[arg(long, value_name = "ADDRESS", value_parser = own_address)]
    pub(super) health_listen: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    /// One document a line.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// Exit with 10 when there are changes
    #[arg(long)]
    pub(super) exit_code: bool,
    #[command(flatten)]
    pub(super) answers: Answers,
}

#[derive(Debug, Args)]
pub(super) struct DistributeArguments {
    /// Show the plan and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Do it without asking
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) answers: Answers,
}

#[derive(Debug, Args)]
pub(super) struct CrisisArguments {
    /// Show what would happen and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Do it without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Move what fails to what serves, pause nothing, and leave crisis mode off
    #[arg(long)]
    pub(super) only_reroute: bool,
}

#[derive(Debug, Args)]
pub(super) struct RecoverArguments {
    /// Show what would be given back and write nothing
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Do it without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Do not wait between the stages for a run of what was given back first
    #[arg(long)]
    pub(super) now: bool,
    /// Look first, then do only what automation may do; nothing to do is no failure
    #[arg(long, conflicts_with_all = ["dry_run", "yes", "now"])]
    pub(super) automatic: bool,
}

#[derive(Debug, Args)]
pub(super) struct TakeOverArguments {
    /// Do it without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// Act on it no more: the mark of this folder is taken off the gateway
    #[arg(long)]
    pub(super) release: bool,
}

#[derive(Debug, Args)]
pub(super) struct DiagnoseArguments {
    /// A file with the answer: a document, a body or a sentence; standard input without it
    pub(super) file: Option<PathBuf>,
    /// Whose answer it is, when the document does not say
    #[arg(long, value_name = "ID")]
    pub(super) provider: Option<String>,
    /// How the account bills, instead of the provider's usual way
    #[arg(long, value_name = "KIND", value_parser = billing)]
    pub(super) billing: Option<Billing>,
    /// The model that was asked
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Option<String>,
    /// The HTTP status that a body alone came with
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(100..=999))]
    pub(super) status: Option<u16>,
    /// The moment of the answer, such as 2026-11-20T08:00:00Z; now without it
    #[arg(long, value_name = "MOMENT")]
    pub(super) now: Option<Timestamp>,
    /// Exit with 11, 12 or 13 unless the provider serves
    #[arg(long)]
    pub(super) exit_code: bool,
}

#[derive(Debug, Args)]
pub(super) struct ScrapeQuotaArguments {
    /// The account, as the gateway calls its provider
    #[arg(value_name = "ID", value_parser = account)]
    pub(super) account: AccountId,
    /// A saved page (HTML) or its text; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) from: Option<PathBuf>,
    /// The time zone that the page shows, such as Europe/Berlin; this computer's without it
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub(super) zone: Option<TimeZone>,
    /// How the account bills, instead of the provider's usual way
    #[arg(long, value_name = "KIND", value_parser = billing)]
    pub(super) billing: Option<Billing>,
    /// When the page was seen; without it when the file was last written, or now
    #[arg(long, value_name = "MOMENT")]
    pub(super) now: Option<Timestamp>,
    /// Keep it in the state folder, where plans and the window see it
    #[arg(long, requires = "from")]
    pub(super) write: bool,
}

/// Answers to the question which model a route means.
#[derive(Debug, Args)]
pub(super) struct Answers {
    /// Remember which of the gateway's models a route means
    #[arg(long = "match", value_name = "ROUTE=MODEL", value_parser = answer)]
    pub(super) matches: Vec<(String, String)>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("pinning").args(["pin", "unpin"])))]
pub(super) struct TierArguments {
    /// Crons, then their tier; without a tier only the options are changed
    #[arg(required = true, value_name = "CRON… T1|T2|T3|unsorted")]
    words: Vec<String>,
    /// It must keep running in a crisis
    #[arg(long, conflicts_with = "not_critical")]
    critical: bool,
    /// It may pause in a crisis, like most
    #[arg(long)]
    not_critical: bool,
    /// Never move it off this model: a route, an alias or provider/model
    #[arg(long, value_name = "MODEL")]
    pub(super) pin: Option<String>,
    /// Its chain decides again
    #[arg(long)]
    pub(super) unpin: bool,
    /// Leave it alone until the hold is lifted
    #[arg(long, conflicts_with_all = ["release", "no_hold"])]
    hold: bool,
    /// Lift its hold, also the one that an undo leaves behind
    #[arg(long)]
    release: bool,
    /// The same as --release
    #[arg(long)]
    no_hold: bool,
    /// Automation never changes it by itself
    #[arg(long, conflicts_with = "no_ask_first")]
    ask_first: bool,
    /// Automation may change it, as its level allows
    #[arg(long)]
    no_ask_first: bool,
    /// Agree to what is otherwise never done to it
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    allow: Vec<Consent>,
    /// No longer agree to it
    #[arg(long, value_name = "WHAT", value_delimiter = ',', hide_possible_values = true)]
    forbid: Vec<Consent>,
}

/// Where a cron shall be sorted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Tier(Tier),
    Unsorted,
}

impl TierArguments {
    pub(super) fn tier(&self) -> Option<Wanted> {
        self.words.last().and_then(|word| wanted(word))
    }

    pub(super) fn crons(&self) -> &[String] {
        match (self.tier(), self.words.split_last()) {
            (Some(_), Some((_, crons))) => crons,
            _ => &self.words,
        }
    }

    pub(super) fn critical(&self) -> Option<bool> {
        either(self.critical, self.not_critical)
    }

    pub(super) fn hold(&self) -> Option<bool> {
        either(self.hold, self.release || self.no_hold)
    }

    pub(super) fn ask_first(&self) -> Option<bool> {
        either(self.ask_first, self.no_ask_first)
    }

    /// Each consent that is given or taken back, once.
    ///
    /// # Errors
    /// With one that is both.
    pub(super) fn consents(&self) -> Result<Vec<(Consent, bool)>, Consent> {
        let asked = Consent::value_variants().iter().map(|consent| {
            let (given, taken) = (self.allow.contains(consent), self.forbid.contains(consent));
            if given && taken { Err(*consent) } else { Ok(either(given, taken).map(|agrees| (*consent, agrees))) }
        });
        asked.filter_map(Result::transpose).collect()
    }
}

fn either(yes: bool, no: bool) -> Option<bool> {
    if yes { Some(true) } else { no.then_some(false) }
}

fn wanted(word: &str) -> Option<Wanted> {
    let tier = |code: &Tier| code.code().eq_ignore_ascii_case(word);
    let tier = Tier::ALL.into_iter().find(tier).map(Wanted::Tier);
    tier.or_else(|| word.eq_ignore_ascii_case("unsorted").then_some(Wanted::Unsorted))
}

fn answer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((route, model)) if !route.trim().is_empty() && !model.trim().is_empty() => {
            Ok((route.trim().to_owned(), model.trim().to_owned()))
        }
        _ => Err("expected ROUTE=MODEL, such as gemini_flash=google/gemini-3-flash".to_owned()),
    }
}

fn billing(text: &str) -> Result<Billing, String> {
    let expected = || "expected quota_plan, rate_tier, prepaid_credits or local".to_owned();
    providers::billing(text).ok_or_else(expected)
}

/// An id that can be the beginning of a file's name.
fn account(text: &str) -> Result<AccountId, String> {
    let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let usual = !text.is_empty() && !text.starts_with('.') && text.chars().all(fits);
    if usual { Ok(AccountId::new(text)) } else { Err("expected an id such as zai or openai-codex".to_owned()) }
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_unknown| "expected a time zone such as Europe/Berlin or UTC".to_owned())
}

/// Nobody else's computer is told how this one stands.
fn own_address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_other| "expected an address and a port such as 127.0.0.1:8417")?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only an address of this computer alone is listened on: 127.0.0.1 or [::1]".to_owned())
    }
}

/// 64 hexadecimal digits, with or without colons, in lower case.
fn fingerprint(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|digit| *digit != ':').collect();
    if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        Ok(digits.to_ascii_lowercase())
    } else {
        Err("expected the 64 hexadecimal digits of a SHA-256".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{Arguments, Command, Wanted};
    use crate::domain::Tier;
    use crate::engine::Consent;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["model-orchestrator"].into_iter().chain(line.split_ascii_whitespace()))
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_last_word_of_tier_is_the_tier_when_it_is_one() {
        let cases: [(&str, &[&str], Option<Wanted>); 4] = [
            ("tier digest T1", &["digest"], Some(Wanted::Tier(Tier::T1))),
            ("tier a b t3", &["a", "b"], Some(Wanted::Tier(Tier::T3))),
            ("tier a unsorted", &["a"], Some(Wanted::Unsorted)),
            ("tier a b --critical", &["a", "b"], None),
        ];
        for (line, crons, tier) in cases {
            let Ok(Arguments { command: Some(Command::Tier(parsed)), .. }) = parse(line) else {
                panic!("{line} does not parse");
            };
            let named: Vec<_> = parsed.crons().iter().map(String::as_str).collect();
            assert_eq!((named.as_slice(), parsed.tier()), (crons, tier), "{line}");
        }
    }

    #[test]
    fn a_consent_is_given_or_taken_back_and_never_both() {
        let consents = |line: &str| match parse(line).map(|arguments| arguments.command) {
            Ok(Some(Command::Tier(parsed))) => parsed.consents(),
            other => panic!("{line}: {other:?}"),
        };
        let (edit, guard, miss) = (Consent::EditAgentMade, Consent::ExceedGuard, Consent::MissOneShot);
        let cases = [
            ("tier a --critical", Ok(vec![]), "none is meant"),
            ("tier a --allow agent-edit", Ok(vec![(edit, true)]), "given"),
            ("tier a --allow above-guard,agent-edit", Ok(vec![(edit, true), (guard, true)]), "several at once"),
            ("tier a --allow agent-edit --allow agent-edit", Ok(vec![(edit, true)]), "twice is once"),
            ("tier a --allow agent-edit --forbid miss-one-shot", Ok(vec![(edit, true), (miss, false)]), "both ways"),
            ("tier a --allow above-guard --forbid above-guard", Err(guard), "a contradiction"),
        ];
        for (line, expected, why) in cases {
            assert_eq!(consents(line), expected, "{why}");
        }
    }

    #[test]
    fn contradictions_are_usage_errors() {
        for line in [
            "tier a T1 --critical --not-critical",
            "tier a T1 --pin opus --unpin",
            "tier a --hold --release",
            "tier a --allow everything",
            "tier",
            "distribute --dry-run --yes",
            "crisis --dry-run --yes",
            "recover --automatic --yes",
            "recover --automatic --now",
            "tier a --ask-first --no-ask-first",
            "orchestrate --dry-run",
            "distribute --match flash",
            "status --tls-fingerprint abc",
            "status --timeout 0",
            "status --token secret",
            "diagnose --billing gold",
            "diagnose --now yesterday",
            "demo --outage kimi",
            "demo --headless --outage somebody=quota",
            "demo --headless --outage kimi=credits",
            "demo --write-limit 100",
            "demo --headless --write-limit 0",
            "scrape-quota",
            "scrape-quota ../kimi --from page.html",
            "scrape-quota kimi --write",
            "scrape-quota kimi --from page.html --zone Moon/Base",
            "status --profile work --url ws://127.0.0.1:1",
        ] {
            assert!(parse(line).is_err(), "{line} was taken");
        }
    }

    #[test]
    fn a_contradiction_is_told_in_the_words_that_were_used() {
        for (line, named) in [("tier a --hold --release", "--release"), ("tier a --hold --no-hold", "--no-hold")] {
            let said = parse(line).expect_err("is refused").to_string();
            assert!(said.lines().next().is_some_and(|first| first.contains(named)), "{said}");
        }
    }

    #[test]
    fn the_help_of_a_command_tells_its_own_options_from_those_of_every_command() {
        let help = parse("tier --help").expect_err("is help").to_string();
        let (own, every) = help.split_once("\nOptions of every command:\n").expect("a heading of their own");
        assert!(own.contains("--allow <WHAT>") && own.contains("--release") && !own.contains("--json"), "{own}");
        assert!(every.contains("--json") && every.contains("--timeout <SECONDS>"), "{every}");
    }

    #[test]
    fn common_options_stand_before_or_after_the_command() {
        let colons = ["ab"; 32].join(":");
        for line in
            [format!("--json --tls-fingerprint {colons} status"), format!("status --json --tls-fingerprint {colons}")]
        {
            let parsed = parse(&line).expect("parses");
            assert!(parsed.common.json);
            assert_eq!(parsed.common.tls_fingerprint, Some("ab".repeat(32)));
        }
    }
}
