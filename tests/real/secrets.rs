//! Planted keys are found nowhere: not in the state folder, not in log lines, exports or output of any
//! command, and not in what a crash would print.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use model_orchestrator::domain::{AccountId, KeySource, KeyState, ProviderAccount, Secret, Service, Tier};
use model_orchestrator::engine::{Command, Edit, EngineOptions, SettingsChange};
use model_orchestrator::gateway::Env;
use serde_json::json;

use crate::engine::{Running, id};
use crate::gateway::Gateway;
use crate::program::Program;

/// The one in the gateway's configuration; `start.sh` has it too.
const OF_GATEWAY: &str = "sk-planted-key-of-the-gateway";
const IN_CONFIG: &str = "sk-planted-in-openclaw-config-4f1c";
const REFERENCED: &str = "sk-planted-behind-a-reference-9b27";
const IN_ENVIRONMENT: &str = "sk-planted-in-the-environment-07de";
const TYPED: &str = "sk-planted-by-typing-it-in-c3a8";
const IN_KEYCHAIN: &str = "sk-planted-in-the-keychain-5e60";

/// Every command that the program offers, as somebody would use it; `#` stands for the cron.
const COMMANDS: &[(&str, &[&[&str]])] = &[
    ("demo", &[&["--help"]]),
    ("status", &[&[]]),
    ("plan", &[&[]]),
    ("distribute", &[&["--dry-run"], &["--yes"]]),
    ("crisis", &[&["--dry-run"], &["--yes"]]),
    ("recover", &[&["--dry-run"], &["--yes", "--now"]]),
    ("orchestrate", &[&[], &["--yes"]]),
    ("explain", &[&["#"]]),
    ("forecast", &[&[]]),
    ("what-if", &[&["--down", "alpha", "--at", "+6h"], &["--back", "beta"]]),
    ("diagnose", &[&["--help"]]),
    ("scrape-quota", &[&["--help"]]),
    ("check", &[&[]]),
    ("check-provider", &[&["alpha"], &["gamma"]]),
    ("tier", &[&["#", "T2"], &["nobody", "T1"]]),
    ("undo", &[&["--yes"]]),
    ("export", &[&["EXPORT"]]),
    ("import", &[&["EXPORT", "--yes"]]),
    ("stop", &[&[]]),
    ("take-over", &[&["--yes"]]),
    ("doctor", &[&[]]),
    ("serve", &[&["--help"]]),
    ("simulate", &[&["--days", "1"]]),
    ("help", &[&[]]),
];

/// Log lines of this process, everything that would be written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What was said or written somewhere, by the place.
#[derive(Default)]
struct Evidence(BTreeMap<String, Vec<u8>>);

impl Evidence {
    fn keep(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.entry(place.to_owned()).or_default().extend(bytes.into());
    }

    fn keep_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.keep_folder(&path);
            } else {
                self.keep(&path.display().to_string(), std::fs::read(&path).unwrap_or_default());
            }
        }
    }

    /// The places where `secret` stands, or most of it.
    fn places_of(&self, secret: &str) -> Vec<&str> {
        let part = secret.as_bytes();
        let part = &part[..part.len() - part.len() / 8];
        let holds = |bytes: &Vec<u8>| bytes.windows(part.len()).any(|window| window == part);
        self.0.iter().filter(|(_, bytes)| holds(bytes)).map(|(place, _)| place.as_str()).collect()
    }
}

#[test]
#[ignore = "needs a real OpenClaw gateway; run tests/gateway/run.sh"]
fn planted_keys_are_found_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    lines.try_init().expect("nobody else logs in this process");
    let mut evidence = Evidence::default();

    let gateway = Gateway::empty();
    let program = Program::new(&gateway);
    let planted = plant(&gateway, &program);
    let cron = gateway.add("digest", Some("clawrouter/auto"), json!({ "payload": { "timeoutSeconds": 30 } }));
    let env = Env { vars: variables(), ..Running::options(&program).env };
    let engine = Running::with(&gateway, &program, EngineOptions { env, ..Running::options(&program) });
    describe_accounts(&gateway, &engine);

    // The providers say the key back, to us and to the gateway.
    for provider in ["clawrouter", "alpha", "gamma", "typed"] {
        gateway.provider(provider, &json!({ "outcome": "echoes_key" }));
    }
    gateway.run(&cron);
    gateway.wait(&cron, "a refused run", |job| job["state"]["lastRunStatus"] == "error");
    let test = account("typed", "typed", Service::OpenAi, KeySource::Keychain, &gateway);
    engine.ask(Command::TestAccount { account: Box::new(test), key: Some(Secret::new(TYPED)) });
    engine.wait("the end of the test", |now| {
        now.looks.test.as_ref().is_some_and(|test| format!("{test:?}").contains("Done"))
    });
    let kept = Command::KeepKey { account: AccountId::new("minimax"), key: Some(Secret::new(IN_KEYCHAIN)) };
    evidence.keep("a command, printed", format!("{kept:?}"));
    // Without a secret service it is refused, which must not tell the key either.
    evidence.keep("the keychain's answer", format!("{:?}", engine.try_(kept)));
    engine.ask(Command::Check { accounts: None });
    let now = engine.now();
    for (name, ending) in [("alpha", "4f1c"), ("beta", "9b27"), ("gamma", "07de")] {
        let key = now.looks.accounts.get(&AccountId::new(name)).map(|look| look.key.clone());
        assert_eq!(
            key,
            Some(KeyState::Ready { ending: ending.to_owned() }),
            "{name}'s key is found by its owner's word"
        );
    }
    for (name, key) in [("alpha", IN_CONFIG), ("beta", REFERENCED), ("gamma", IN_ENVIRONMENT), ("typed", TYPED)] {
        assert!(gateway.keys_shown_to(name).iter().any(|shown| shown == key), "{name}'s key is really used");
    }
    assert!(gateway.keys_shown_to("clawrouter").iter().any(|shown| shown == OF_GATEWAY), "and so is the gateway's");
    engine.ask(Command::Edit(Edit::SetTier { crons: vec![id(&cron)], tier: Some(Tier::T1) }));
    let now = engine.wait_saved();
    evidence.keep("what a crash would print", format!("{now:#?}"));
    engine.end();

    run_every_command(&program, &cron, &mut evidence);
    evidence.keep("this process' log", log.0.lock().expect("nobody panicked").clone());
    evidence.keep_folder(&program.home());
    let [config, token] = &planted;
    assert_eq!(evidence.places_of(IN_CONFIG), [config.display().to_string()], "it is found where it was planted");
    evidence.0.retain(|place, _| ![config, token].contains(&&PathBuf::from(place)));
    assert!(!evidence.places_of("TRACE").is_empty(), "everything was logged");
    assert!(evidence.places_of(&cron).len() > 3, "what was written was looked through");
    for secret in [OF_GATEWAY, IN_CONFIG, REFERENCED, IN_ENVIRONMENT, TYPED, IN_KEYCHAIN, &gateway.token] {
        assert_eq!(evidence.places_of(secret), Vec::<&str>::new(), "{secret}");
    }
}

/// Puts keys where a user has them, and returns the files that may hold them.
fn plant(gateway: &Gateway, program: &Program) -> [PathBuf; 2] {
    let openclaw = program.home().join(".openclaw");
    std::fs::create_dir_all(&openclaw).expect("a folder");
    let port: u16 = gateway.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let config = json!({
        "gateway": { "mode": "local", "port": port, "auth": { "mode": "token", "token": gateway.token } },
        "models": { "providers": {
            "alpha": { "apiKey": IN_CONFIG },
            "beta": { "apiKey": { "source": "env", "provider": "default", "id": "PLANTED_REFERENCE" } },
        } },
    });
    let file = openclaw.join("openclaw.json");
    model_orchestrator::state::atomic::write(&file, config.to_string().as_bytes()).expect("a configuration");
    [file, program.home().join("token")]
}

fn variables() -> BTreeMap<String, String> {
    let pairs = [("PLANTED_REFERENCE", REFERENCED), ("PLANTED_KEY", IN_ENVIRONMENT)];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn account(id: &str, provider: &str, service: Service, key: KeySource, gateway: &Gateway) -> ProviderAccount {
    let base_url = Some(format!("{}/v1", gateway.provider_url(provider)));
    ProviderAccount { key, base_url, ..ProviderAccount::new(AccountId::new(id), service) }
}

/// One account for each place that a key can be kept in.
fn describe_accounts(gateway: &Gateway, engine: &Running) {
    let accounts = [
        account("alpha", "alpha", Service::OpenAi, KeySource::OpenClaw("alpha".to_owned()), gateway),
        account("beta", "beta", Service::Anthropic, KeySource::OpenClaw("beta".to_owned()), gateway),
        account("gamma", "gamma", Service::OpenAi, KeySource::Environment("PLANTED_KEY".to_owned()), gateway),
        account("minimax", "minimax", Service::OpenAi, KeySource::Keychain, gateway),
    ];
    for account in accounts {
        engine.ask(Command::Settings(SettingsChange::PutAccount(Box::new(account))));
    }
}

fn run_every_command(program: &Program, cron: &str, evidence: &mut Evidence) {
    let variables = variables();
    let mut env: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.extend([("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")]);
    let export = program.home().join("export");
    let export = export.to_str().expect("a path in letters");
    for command in offered(program) {
        let known = COMMANDS.iter().find(|(name, _)| *name == command);
        let (_, ways) = known.unwrap_or_else(|| panic!("how is {command} used? add it to the table"));
        for (arguments, options) in ways.iter().flat_map(|way| [(way, &["--json"][..]), (way, &[][..])]) {
            let place = |argument: &&str| match *argument {
                "#" => cron.to_owned(),
                "EXPORT" => export.to_owned(),
                other => other.to_owned(),
            };
            let arguments: Vec<String> = arguments.iter().map(place).collect();
            let words: Vec<&str> = [command.as_str()].into_iter().chain(arguments.iter().map(String::as_str)).collect();
            let done = program.start(&words, &env, options);
            let said = [done.stdout, done.stderr].concat();
            let usage = String::from_utf8_lossy(&said).contains("Usage: model-orchestrator");
            assert!(!usage || words.contains(&"--help") || command == "help", "{words:?} is not how it is used");
            evidence.keep(&format!("output of {words:?}"), said);
        }
    }
}

/// The names of the commands, from the program's own help.
fn offered(program: &Program) -> Vec<String> {
    let help = program.start(&["--help"], &[], &[]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    let list = text.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = list.take_while(|line| !line.trim().is_empty()).filter_map(|line| {
        let name = line.strip_prefix("  ")?;
        (!name.starts_with(' ')).then(|| name.split_whitespace().next().map(ToOwned::to_owned)).flatten()
    });
    let names: Vec<String> = names.collect();
    assert!(names.contains(&"status".to_owned()), "the help names the commands: {text}");
    names
}
