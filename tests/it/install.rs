//! Installing the service: the engine's own code against a `systemctl` that writes down what it is told.

#![expect(clippy::disallowed_methods, reason = "what these tests put there is nobody's state")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use model_orchestrator::demo::{Demo, DemoOptions, seed_state};
use model_orchestrator::domain::{
    GatewayTarget, Refusal, Secret, ServiceUnit, UnitActivity, UnitStanding, UnitTrouble,
};
use model_orchestrator::engine::{Command, Engine, EngineOptions, Event, Target, unit_name};
use model_orchestrator::gateway::Env;

use crate::support::Running;

/// Keeps whether a unit is active beside itself, and refuses what it finds in `refuse`.
const SYSTEMCTL: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/told"
if [ -e "$here/refuse" ] && [ "$2" = "$(head -n 1 "$here/refuse")" ]; then tail -n +2 "$here/refuse" >&2; exit 1; fi
case "$2" in
    enable) touch "$here/active" ;;
    disable) rm -f "$here/active" ;;
    show) if [ -e "$here/active" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi ;;
esac
"#;
const LOGINCTL: &str = "#!/bin/sh\necho no\n";

/// A computer with a person, a gateway, and perhaps a service manager.
struct Computer {
    demo: Demo,
    folder: tempfile::TempDir,
}

impl Computer {
    fn new() -> Self {
        let computer = Self::without_a_manager();
        for (name, text) in [("systemctl", SYSTEMCTL), ("loginctl", LOGINCTL)] {
            let path = computer.bin().join(name);
            fs::write(&path, text).expect("a script");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        computer
    }

    fn without_a_manager() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let demo = Demo::start(DemoOptions { run_jobs: false, ..DemoOptions::default() }).expect("the demo starts");
        let computer = Self { demo, folder };
        fs::create_dir_all(computer.bin()).expect("a folder of programs");
        seed_state(&computer.state_dir(), &computer.demo).expect("the demo's files");
        let config = computer.folder.path().join(".openclaw/openclaw.json");
        fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
        let port = computer.demo.url().rsplit(':').next().expect("a port").trim_end_matches('/').to_owned();
        let token = computer.demo.token().reveal().to_owned();
        let text =
            format!("{{\"gateway\": {{\"port\": {port}, \"auth\": {{\"mode\": \"token\", \"token\": \"{token}\"}}}}}}");
        fs::write(config, text).expect("a configuration");
        computer
    }

    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// With everything that a unit must escape.
    fn state_dir(&self) -> PathBuf {
        self.folder.path().join("100% \"my\" state")
    }

    fn unit_path(&self) -> PathBuf {
        self.folder.path().join(".config/systemd/user").join(unit_name(&self.state_dir()))
    }

    fn told(&self) -> Vec<String> {
        let text = fs::read_to_string(self.bin().join("told")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with("--user show"));
        lines.map(|line| line.replace(&unit_name(&self.state_dir()), "UNIT")).collect()
    }

    fn refuse(&self, verb: &str, words: &str) {
        fs::write(self.bin().join("refuse"), format!("{verb}\n{words}\n")).expect("a file");
    }

    /// A window's engine on the gateway, which was told this token.
    fn engine(&self, token: Option<Secret>) -> Running {
        let path = format!("{}:/usr/bin:/bin", self.bin().display());
        // Without a manager nothing of this machine's is found either.
        let path = if self.bin().join("systemctl").exists() { path } else { self.bin().display().to_string() };
        let vars = [("PATH", path), ("USER", "ann".to_owned())].map(|(name, value)| (name.to_owned(), value));
        let options = EngineOptions {
            state_root: Some(self.folder.path().join("root")),
            env: Env { home: Some(self.folder.path().to_path_buf()), vars: vars.into_iter().collect() },
            watch: false,
            program: Some(PathBuf::from("/opt/mo/model-orchestrator")),
        };
        let running = Running { engine: Engine::start(options, || ()).expect("the engine starts") };
        running.tell(Command::Connect(Target::Gateway(GatewayTarget {
            name: "home-mini".to_owned(),
            url: self.demo.url().to_owned(),
            token,
            tls_fingerprint: None,
            remember_token: false,
            state_dir: Some(self.state_dir()),
        })));
        running.wait("an open folder", |now| now.folder.is_some());
        running
    }

    fn known_token(&self) -> Secret {
        self.demo.token().clone()
    }
}

fn install(running: &Running, installed: bool) -> Result<ServiceUnit, UnitTrouble> {
    let answer = running.ask(Command::InstallService { installed });
    let now = running.wait("the end of it", |now| !now.service.changing);
    match answer {
        Event::Done { .. } => Ok((*now.service).clone()),
        Event::Refused { why: Refusal::Service(why), .. } => {
            assert_eq!(now.service.trouble.as_ref(), Some(&why), "the picture says it, too");
            Err(why)
        }
        other => panic!("{other:?}"),
    }
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map(Iterator::count).unwrap_or_default()
}

#[test]
fn a_service_is_installed_and_removed_as_systemd_wants_it() {
    let computer = Computer::new();
    let running = computer.engine(Some(computer.known_token()));
    let service = install(&running, true).expect("is installed");
    let UnitStanding::Installed { name, activity: UnitActivity::Running, lingers: Some(false) } = &service.standing
    else {
        panic!("{service:?}");
    };
    assert_eq!(name, &unit_name(&computer.state_dir()));
    assert_eq!(computer.told(), ["--user daemon-reload", "--user enable --now --quiet UNIT"]);
    let text = fs::read_to_string(computer.unit_path()).expect("a unit");
    let start = text.lines().find(|line| line.starts_with("ExecStart=")).expect("what it starts");
    assert!(start.starts_with("ExecStart=/opt/mo/model-orchestrator serve --state-dir \""), "{start}");
    assert!(start.contains("/100%% \\\"my\\\" state\" --url ws://127.0.0.1:"), "{start}");
    assert!(!text.contains(computer.demo.token().reveal()), "no unit holds a token");

    let service = install(&running, false).expect("is removed");
    assert_eq!(service.standing, UnitStanding::Absent);
    let ends = ["--user disable --now --no-block --quiet UNIT", "--user daemon-reload"];
    assert_eq!(computer.told()[2..], ends);
    assert_eq!(files(computer.unit_path().parent().expect("a folder")), 0);
    install(&running, false).expect("is not there, which is what was asked for");
    assert_eq!(computer.told().len(), 4, "nothing is left to be told");
}

#[test]
fn a_token_that_only_this_window_knows_installs_nothing() {
    let computer = Computer::new();
    let running = computer.engine(Some(Secret::new("typed-and-wrong-but-typed")));
    assert_eq!(install(&running, true), Err(UnitTrouble::TokenInMemory));
    assert!(computer.told().is_empty() && !computer.unit_path().exists());
}

#[test]
fn what_systemd_refuses_leaves_nothing_behind() {
    let cases = [
        ("enable", "Failed to enable unit: Access denied", "Failed to enable unit: Access denied"),
        ("daemon-reload", "\n  Reload failed: no space left  \n", "Reload failed: no space left"),
    ];
    for (verb, words, expected) in cases {
        let computer = Computer::new();
        let running = computer.engine(Some(computer.known_token()));
        computer.refuse(verb, words);
        let refused = install(&running, true).expect_err("is refused");
        assert_eq!(refused, UnitTrouble::Refused { detail: expected.to_owned() }, "{verb}");
        assert!(!computer.unit_path().exists(), "{verb}");
    }
}

#[test]
fn without_a_bus_or_a_manager_it_says_which_of_them_is_missing() {
    let computer = Computer::new();
    let running = computer.engine(Some(computer.known_token()));
    let words = "Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined";
    computer.refuse("show", words);
    assert_eq!(install(&running, true), Err(UnitTrouble::NoSession { detail: words.to_owned() }));
    assert!(!computer.unit_path().exists());

    let computer = Computer::without_a_manager();
    let running = computer.engine(Some(computer.known_token()));
    assert_eq!(install(&running, true), Err(UnitTrouble::NoManager));
    assert!(!computer.unit_path().exists());
}

#[test]
fn a_unit_of_a_person_before_stays_when_a_new_one_is_refused() {
    let computer = Computer::new();
    let running = computer.engine(Some(computer.known_token()));
    install(&running, true).expect("is installed");
    let edited = "[Service]\nExecStart=/opt/mine\n";
    fs::write(computer.unit_path(), edited).expect("a person may edit it");
    computer.refuse("enable", "Failed to enable unit: Access denied");
    install(&running, true).expect_err("is refused");
    assert_eq!(fs::read_to_string(computer.unit_path()).expect("what ran goes on"), edited);
}
