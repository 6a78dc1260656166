//! A shell beside a demo gateway: runs the built program with nothing of this machine around it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use model_orchestrator::demo::{Demo, DemoClock, DemoOptions, cron_id, seed_state};
use model_orchestrator::domain::{CronId, DemoOutage, GatewayTarget};
use model_orchestrator::engine::{self, Command as Task, Engine, EngineOptions, Target};
use model_orchestrator::gateway::{self, Endpoint, Env, News};
use serde_json::{Value, json};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// An OpenClaw configuration, where there is one.
const CONFIG: &str = "openclaw.json";
const PROGRAM: &str = env!("CARGO_BIN_EXE_model-orchestrator");

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A gateway and a state folder that outlive commands.
pub struct Shell {
    demo: Demo,
    folder: tempfile::TempDir,
}

impl Shell {
    /// The demo's crons, sorted as in its first minute; none of them runs by itself.
    pub fn new() -> Self {
        Self::with_write_limit(10_000)
    }

    /// The same on a gateway that takes so many writes a minute.
    pub fn with_write_limit(write_limit: u32) -> Self {
        Self::of(DemoOptions { write_limit, run_jobs: false, ..DemoOptions::default() })
    }

    fn of(options: DemoOptions) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let demo = Demo::start(options).expect("the demo starts");
        seed_state(&folder.path().join("state"), &demo).expect("the demo's files");
        let shell = Self { demo, folder };
        shell.keep("token", shell.demo.token().reveal());
        shell
    }

    /// The folder knows the month before the demo began.
    pub fn remember_a_month(&self) {
        engine::remember_month(&self.folder.path().join("state"), &self.demo).expect("it is written down");
    }

    /// Providers of the demo that are to fail, and how. The program finds their keys in a configuration.
    pub fn with_outages(outages: &[(&str, DemoOutage)]) -> Self {
        let clock = early_in_a_minute();
        let shell = Self::of(DemoOptions { run_jobs: false, clock, ..DemoOptions::default() });
        for (provider, outage) in outages {
            shell.demo.set_outage(provider, *outage);
        }
        let mut config = shell.demo.config();
        let port: Option<u16> = shell.demo.url().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        config["gateway"] = json!({ "mode": "local", "bind": "loopback", "port": port });
        shell.keep(CONFIG, &config.to_string());
        shell
    }

    /// A provider of the demo begins or ends to fail.
    pub fn set_outage(&self, provider: &str, outage: DemoOutage) {
        self.demo.set_outage(provider, outage);
    }

    /// Whatever runs has ended.
    pub fn finish_runs(&self) {
        self.demo.finish_runs();
    }

    /// Somebody edits one value of the settings by hand.
    pub fn set(&self, section: &str, key: &str, value: &Value) {
        let mut settings: Value = serde_json::from_str(&self.state_file("settings.json")).expect("settings");
        settings[section][key] = value.clone();
        self.put_state_file("settings.json", &settings.to_string());
    }

    /// The keys of the demo's providers.
    pub fn provider_keys(&self) -> Vec<String> {
        let config = self.demo.config();
        let providers = config["models"]["providers"].as_object().expect("providers");
        providers.values().filter_map(|provider| provider["apiKey"].as_str().map(str::to_owned)).collect()
    }

    /// Runs a new cron on a provider once, as a person would from the gateway's own tools, and waits for its end.
    pub fn run_job_on(&self, provider: &str) {
        let endpoint = Endpoint::new(self.demo.url(), Some(self.demo.token().clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connected = gateway::connect(&endpoint).await.expect("connects");
            let client = &connected.client;
            let catalog = client.catalog().await.expect("models");
            let model = catalog.models.keys().find(|model| model.provider() == provider).expect("a model of it");
            let cron = json!({
                "name": "One of these", "schedule": { "kind": "cron", "expr": "0 7 * * *" }, "sessionTarget": "isolated",
                "wakeMode": "now", "delivery": { "mode": "none" },
                "payload": { "kind": "agentTurn", "message": "Say hi.", "model": model.as_str(), "fallbacks": [] },
            });
            let added = client.call("cron.add", cron).await.expect("is added");
            client.call("cron.run", json!({ "id": added["id"] })).await.expect("is queued");
            self.demo.advance(SignedDuration::from_secs(1));
            self.demo.finish_runs();
            let ended = async {
                while !matches!(connected.news.recv().await, Some(News::RunFinished(run, _)) if run.cron.as_str() == added["id"]) {}
            };
            tokio::time::timeout(PATIENCE, ended).await.expect("the run ends");
        });
    }

    /// Runs a script of this repository that calls the program.
    #[cfg(unix)]
    pub fn run_script(&self, script: &str, arguments: &[&str]) -> Said {
        let mut shell = Command::new("bash");
        shell.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script));
        for (name, value) in self.program().get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        let (url, token, state) = (self.demo.url(), self.path("token"), self.path("state"));
        shell.env("MODEL_ORCHESTRATOR", PROGRAM).stdin(Stdio::null());
        self.said(shell.args(arguments).args(["--url", url, "--token-file", &token, "--state-dir", &state]))
    }

    /// The same gateway, with another token.
    pub fn with_token(&self, token: &str) -> Other<'_> {
        self.keep("other-token", token);
        Other { shell: self, token_file: self.path("other-token") }
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn state_file(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join("state").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Somebody else leaves a state file half written.
    pub fn break_state_file(&self, name: &str) {
        self.put_state_file(name, "{\"crons\": ");
    }

    /// Somebody else writes a state file.
    pub fn put_state_file(&self, name: &str, text: &str) {
        let path = self.folder.path().join("state").join(name);
        let mut file = std::fs::File::create(path).expect("a file");
        write!(file, "{text}").expect("is written");
    }

    /// Calls that changed something on the gateway, or would have.
    pub fn writes(&self) -> u64 {
        let calls = self.demo.calls();
        ["cron.add", "cron.update", "cron.remove", "cron.run"].iter().filter_map(|method| calls.get(*method)).sum()
    }

    /// Crons that were asked to be changed.
    pub fn updates(&self) -> u64 {
        self.demo.calls().get("cron.update").copied().unwrap_or_default()
    }

    pub fn id(&self, slug: &str) -> String {
        let id = cron_id(slug);
        assert!(self.demo.job(&id).is_some(), "the demo has no {slug}");
        id.as_str().to_owned()
    }

    /// The gateway's own name for what a cron is, without its state.
    pub fn definition(&self, slug: &str) -> String {
        self.definition_of(cron_id(slug).as_str())
    }

    /// The same by the cron's id.
    pub fn definition_of(&self, id: &str) -> String {
        let job = self.demo.job(&CronId::new(id)).expect("the demo has it");
        job["configRevision"].as_str().expect("a revision").to_owned()
    }

    /// While another program, here an engine of our own, holds the state folder.
    pub fn while_held(&self, look: impl FnOnce(&Self)) {
        let env = Env { home: Some(self.folder.path().join("home")), ..Env::default() };
        let options =
            EngineOptions { state_root: Some(self.folder.path().join("root")), env, watch: false, program: None };
        let holder = Engine::start(options, || ()).expect("the engine starts");
        holder.handle.send(Task::Connect(Target::Gateway(self.target()))).expect("is taken");
        let mut pictures = holder.handle.snapshots();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let open = pictures.wait_for(|picture| picture.folder.is_some());
            tokio::time::timeout(PATIENCE, open).await.expect("in time").expect("the engine lives");
        });
        look(self);
        holder.shutdown();
    }

    /// The program without a window on this gateway and folder.
    #[cfg(unix)]
    pub fn serve(&self, arguments: &[&str]) -> super::serve::Serving {
        self.serve_under(&[], arguments)
    }

    /// The same, with variables that a supervisor sets.
    #[cfg(unix)]
    pub fn serve_under(&self, variables: &[(&str, &str)], arguments: &[&str]) -> super::serve::Serving {
        let (url, token, state) = (self.demo.url(), self.path("token"), self.path("state"));
        let mut program = self.program();
        program.args(["serve", "--log-format", "json", "--url", url, "--token-file", &token, "--state-dir", &state]);
        program.args(arguments).envs(variables.iter().copied());
        super::serve::Serving::start(&mut program, self.demo.token().reveal())
    }

    /// A window's engine on the same folder.
    #[cfg(unix)]
    pub fn window(&self) -> crate::support::Running {
        let env = Env { home: Some(self.folder.path().join("home")), ..Env::default() };
        let options =
            EngineOptions { state_root: Some(self.folder.path().join("root")), env, watch: false, program: None };
        let running = crate::support::Running { engine: Engine::start(options, || ()).expect("the engine starts") };
        running.tell(Task::Connect(Target::Gateway(self.target())));
        running
    }

    fn target(&self) -> GatewayTarget {
        GatewayTarget {
            name: "held".to_owned(),
            url: self.demo.url().to_owned(),
            token: Some(self.demo.token().clone()),
            tls_fingerprint: None,
            remember_token: false,
            state_dir: Some(self.folder.path().join("state")),
        }
    }

    /// Somebody else switches a cron on.
    #[cfg(unix)]
    pub fn switch_on(&self, id: &str) {
        self.demo.edit_as_somebody_else(&CronId::new(id), &json!({ "enabled": true })).expect("is switched on");
    }

    /// Somebody else gives a cron another name.
    pub fn rename(&self, slug: &str, name: &str) {
        self.demo.edit_as_somebody_else(&cron_id(slug), &json!({ "name": name })).expect("is renamed");
    }

    /// Runs a line without quotes in it.
    pub fn run(&self, line: &str) -> Said {
        self.run_of(&words(line))
    }

    pub fn run_of(&self, arguments: &[&str]) -> Said {
        self.run_at(self.demo.url(), arguments)
    }

    /// On another computer: a folder of its own for the same gateway.
    pub fn elsewhere(&self, line: &str) -> Said {
        let folder = self.folder.path().join("elsewhere");
        if !folder.exists() {
            seed_state(&folder, &self.demo).expect("the demo's files");
        }
        let (url, token, state) = (self.demo.url(), self.path("token"), self.path("elsewhere"));
        let mut program = self.program();
        self.said(program.args(["--url", url, "--token-file", &token, "--state-dir", &state]).args(words(line)))
    }

    /// At another address, with this gateway's token.
    pub fn run_at(&self, url: &str, arguments: &[&str]) -> Said {
        self.with(url, &self.path("token"), arguments)
    }

    /// At another address, with a token file among the arguments.
    pub fn run_at_with_own_token(&self, url: &str, arguments: &[&str]) -> Said {
        let state = self.path("other-state");
        self.said(self.program().args(["--url", url, "--state-dir", &state]).args(arguments))
    }

    /// Runs a line and presses Ctrl-C once so many writes were asked for.
    pub fn interrupt_after(&self, writes: u64, line: &str) -> Said {
        let (url, token, state) = (self.demo.url(), self.path("token"), self.path("state"));
        let mut program = self.program();
        program.args(["--url", url, "--token-file", &token, "--state-dir", &state]).args(words(line));
        let child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let deadline = Instant::now() + PATIENCE;
        while self.writes() < writes {
            assert!(Instant::now() < deadline, "only {} writes were asked for", self.writes());
            std::thread::sleep(Duration::from_millis(20));
        }
        interrupt(child.id());
        self.checked(child.wait_with_output().expect("the program ends"))
    }

    /// Runs a line that acts through the program without a window, and kills that once the job waits for the
    /// gateway's limit.
    #[cfg(unix)]
    pub fn kill_while(&self, serving: &super::serve::Serving, line: &str) -> Said {
        let (url, token, state) = (self.demo.url(), self.path("token"), self.path("state"));
        let mut program = self.program();
        program.args(["--url", url, "--token-file", &token, "--state-dir", &state, "--timeout", "15"]);
        let child = program.args(words(line)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("the program starts");
        let mut says = BufReader::new(child.stderr.take().expect("is piped")).lines().map_while(Result::ok);
        says.find(|line| line.contains("write limit")).expect("it waits");
        serving.kill();
        let mut output = child.wait_with_output().expect("the program ends");
        output.stderr = says.collect::<Vec<_>>().join("\n").into_bytes();
        self.checked(output)
    }

    /// With an OpenClaw configuration, and no other word about a gateway.
    pub fn run_configured(&self, config: &str, arguments: &[&str]) -> Said {
        self.said(self.program().env("OPENCLAW_CONFIG_PATH", config).args(arguments))
    }

    /// Without a word about a gateway.
    pub fn run_alone(&self, arguments: &[&str]) -> Said {
        self.said(self.program().args(arguments))
    }

    /// The document of a line that succeeds.
    pub fn json(&self, line: &str) -> Value {
        self.json_of(&words(line))
    }

    pub fn json_of(&self, arguments: &[&str]) -> Value {
        let said = self.run_of(&[&["--json"], arguments].concat());
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", said.out))
    }

    fn with(&self, url: &str, token_file: &str, arguments: &[&str]) -> Said {
        let state = self.path("state");
        let mut program = self.program();
        self.said(program.args(["--url", url, "--token-file", token_file, "--state-dir", &state]).args(arguments))
    }

    /// Nothing of this machine: no home, no desktop, no variables.
    fn program(&self) -> Command {
        let mut program = Command::new(PROGRAM);
        program.env_clear().env("TZ", "UTC").stdin(Stdio::null());
        for home in ["HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"] {
            program.env(home, self.folder.path().join("home"));
        }
        if self.folder.path().join(CONFIG).exists() {
            program.env("OPENCLAW_CONFIG_PATH", self.folder.path().join(CONFIG));
        }
        for kept in ["PATH", "SystemRoot", "TMPDIR", "TEMP"] {
            if let Some(value) = std::env::var_os(kept) {
                program.env(kept, value);
            }
        }
        program
    }

    /// Whatever is said, the token is not in it.
    fn said(&self, program: &mut Command) -> Said {
        self.checked(program.output().expect("the program starts"))
    }

    fn checked(&self, output: Output) -> Said {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        let said = Said {
            code: output.status.code().expect("the program ends by itself"),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        let token = self.demo.token().reveal();
        assert!(!said.out.contains(token) && !said.err.contains(token), "the token was printed");
        said
    }

    fn keep(&self, name: &str, content: &str) {
        let mut file = std::fs::File::create(self.folder.path().join(name)).expect("a file");
        writeln!(file, "{content}").expect("is written");
    }
}

/// A shell whose token is another one.
pub struct Other<'a> {
    shell: &'a Shell,
    token_file: String,
}

impl Other<'_> {
    pub fn run(&self, line: &str) -> Said {
        self.shell.with(self.shell.demo.url(), &self.token_file, &words(line))
    }
}

/// Limits of a minute last a while from then on: the demo's clock waits where the next minute would begin at once.
fn early_in_a_minute() -> DemoClock {
    #[expect(clippy::disallowed_methods, reason = "the program beside it lives in real time")]
    let now = Timestamp::now();
    match 60 - now.as_second() % 60 {
        left @ 0..20 => DemoClock::Manual(now + SignedDuration::from_secs(left)),
        _ => DemoClock::Real,
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().collect()
}

/// What Ctrl-C does.
fn interrupt(process: u32) {
    let sent = Command::new("kill").args(["-INT", &process.to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

/// The lines that a headless demo is told, and the documents it answers with.
pub struct Rehearsal {
    told: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Rehearsal {
    pub fn tell(&mut self, line: &str) {
        writeln!(self.told, "{line}").expect("it listens");
    }

    pub fn document(&mut self) -> Value {
        let mut text = String::new();
        let lines = (&mut self.said).lines();
        let mut documents = lines.map_while(Result::ok).filter_map(|line| {
            text.push_str(&line);
            serde_json::from_str(&text).ok()
        });
        documents.next().expect("a document")
    }
}

/// Starts `demo --headless --json`, hands over its document, and ends it as Ctrl-C would: what it wrote is gone.
pub fn headless_demo(shell: &Shell, arguments: &[&str], look: impl FnOnce(&Value, Rehearsal)) -> Value {
    let mut program = shell.program();
    program.args(["demo", "--headless", "--json"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut demo = program.spawn().expect("the program starts");
    let said = BufReader::new(demo.stdout.take().expect("is piped"));
    let mut rehearsal = Rehearsal { told: demo.stdin.take().expect("is piped"), said };
    let document = rehearsal.document();
    look(&document, rehearsal);
    // The end of what it is told is not its own end.
    assert!(demo.try_wait().expect("can be asked").is_none(), "it has ended by itself");
    interrupt(demo.id());
    assert!(demo.wait().expect("it ends").success());
    for left in ["token_file", "config_file"] {
        let path = document[left].as_str().expect("a path");
        assert!(!Path::new(path).exists(), "{path} is left behind");
    }
    document
}
