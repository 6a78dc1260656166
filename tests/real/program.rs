//! The built program on a folder of its own, spoken to as a shell does.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::gateway::Gateway;

/// A state folder, a token file, and a home where no other gateway can be found.
pub struct Program {
    folder: TempDir,
    url: String,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub document: Value,
    #[expect(dead_code, reason = "shown when a test fails")]
    pub aside: String,
}

impl Program {
    pub fn new(gateway: &Gateway) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let token = tempfile::NamedTempFile::new_in(folder.path()).expect("a file");
        std::io::Write::write_all(&mut token.as_file(), gateway.token.as_bytes()).expect("writes the token");
        token.persist(folder.path().join("token")).expect("keeps the file");
        Self { folder, url: gateway.url.clone() }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Runs a command that ends well.
    pub fn ok(&self, arguments: &[&str]) -> Value {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {said:?}");
        said.document
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        let done = self.start(arguments, &[("RUST_BACKTRACE", "1")], &["--json"]);
        let aside = String::from_utf8_lossy(&done.stderr).into_owned();
        let document = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            panic!("{arguments:?} printed no JSON ({error}): {}{aside}", String::from_utf8_lossy(&done.stdout))
        });
        Said { code: done.status.code().unwrap_or(-1), document, aside }
    }

    /// Runs a command to its end; `options` come after it.
    pub fn start(&self, arguments: &[&str], env: &[(&str, &str)], options: &[&str]) -> Output {
        self.command(arguments, env, options).output().expect("the program starts")
    }

    /// Starts a command that nobody listens to.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments, &[], &["--json"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
    }

    /// Starts a command that tells this file what it has to say.
    pub fn spawn_into(&self, arguments: &[&str], log: File) -> Child {
        let mut command = self.command(arguments, &[], &[]);
        command.stdout(Stdio::null()).stderr(log).spawn().expect("the program starts")
    }

    fn command(&self, arguments: &[&str], env: &[(&str, &str)], options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_model-orchestrator"));
        command
            .args(arguments)
            .args(options)
            .args(["--timeout", "90", "--url", &self.url])
            .arg("--token-file")
            .arg(self.folder.path().join("token"))
            .arg("--state-dir")
            .arg(self.state_dir())
            .env_clear()
            .env("HOME", self.home())
            .envs(env.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// Puts a document into the state folder, as its user or another program would.
    pub fn put(&self, file: &str, document: &Value) {
        std::fs::create_dir_all(self.state_dir()).expect("a folder");
        let text = document.to_string();
        model_orchestrator::state::atomic::write(&self.state_dir().join(file), text.as_bytes()).expect("writes");
    }

    /// What this program owes, as it stands on the disk; empty before it was ever written.
    pub fn ledger(&self) -> Value {
        let text = std::fs::read_to_string(self.state_dir().join("ledger.json"));
        text.map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON"))
    }

    /// The lines of `switches.log`: name, from and to.
    pub fn log(&self) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(self.state_dir().join("switches.log")).unwrap_or_default();
        let fields = |line: &str| {
            let parts: Vec<_> = line.split(" | ").map(ToOwned::to_owned).collect();
            let [_at, name, change, _reason] = <[String; 4]>::try_from(parts).expect("four fields in a line");
            (name, change)
        };
        text.lines().map(fields).collect()
    }
}

/// The names in a list of changes or lines, in order of name.
pub fn names(list: &Value) -> Vec<String> {
    let mut names: Vec<_> =
        list.as_array().expect("a list").iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

/// The names of the lines with this outcome, in order of name.
pub fn with_outcome(document: &Value, outcome: &str) -> Vec<String> {
    let lines = document["lines"].as_array().expect("lines");
    names(&lines.iter().filter(|line| line["outcome"] == outcome).cloned().collect())
}
