//! `serve`: the built program without a window, and what acts through it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use model_orchestrator::domain::{JobPhase, LineOutcome, ProblemKind};
use model_orchestrator::engine::{Command as Task, Event};
use serde_json::Value;

use super::shell::Shell;
use super::{DONE, NOT_VERIFIED, READ_ONLY, USAGE};

const PATIENCE: Duration = Duration::from_secs(30);

/// The program as it runs, with what it said so far.
pub struct Serving {
    child: Child,
    lines: mpsc::Receiver<String>,
    said: Vec<Value>,
    token: String,
}

impl Serving {
    pub fn start(program: &mut Command, token: &str) -> Self {
        let mut child = program.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let errors = BufReader::new(child.stderr.take().expect("is piped"));
        let (sender, lines) = mpsc::sync_channel(10_000);
        let read = move || errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
        std::thread::Builder::new().name("log".to_owned()).spawn(read).expect("a thread");
        Self { child, lines, said: Vec::new(), token: token.to_owned() }
    }

    /// Waits for a line of that kind.
    fn says(&mut self, event: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("no {event} in {:#?}", self.said));
            let line = self.take(&line);
            if line["event"] == event {
                return line;
            }
        }
    }

    fn take(&mut self, line: &str) -> Value {
        assert!(!line.contains(&self.token), "the token is in the log");
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.said.push(line.clone());
        line
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    pub fn kill(&self) {
        self.signal("-KILL");
    }

    /// Nobody reads what it says from now on, and nothing more can be written there.
    fn deaf(&mut self) {
        let (_, nothing) = mpsc::sync_channel(1);
        drop(std::mem::replace(&mut self.lines, nothing));
    }

    /// The code it ends with, after everything it had to say.
    fn end(mut self) -> (Option<i32>, Vec<Value>) {
        let code = self.child.wait().expect("it ends").code();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.take(&line);
        }
        (code, std::mem::take(&mut self.said))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended, mostly.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn of<'a>(said: &'a [Value], event: &str) -> Vec<&'a Value> {
    said.iter().filter(|line| line["event"] == event).collect()
}

fn ask(address: &str, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    (code, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn commands_act_through_it_and_it_says_what_happened() {
    let shell = Shell::new();
    let file = shell.path("health.json");
    let mut serving = shell.serve(&["--health", &file, "--health-listen", "127.0.0.1:0"]);
    let address = serving.says("health")["address"].as_str().expect("an address").to_owned();
    serving.says("acts");
    serving.says("connected");
    serving.says("level");

    shell.json("tier disk-check T1");
    let applied = shell.json("distribute --yes");
    let verified = applied["lines"].as_array().expect("lines").iter().filter(|line| line["outcome"] == "verified");
    let n_verified = verified.count();
    assert!(n_verified > 1, "{applied:#}");
    assert_eq!(shell.updates(), n_verified as u64);
    assert_eq!(shell.json("status")["mode"], "degraded");
    let handed = shell.json("recover --automatic");
    assert!(handed["handed_over_to"].as_str().is_some_and(|other| other.contains("background")), "{handed:#}");
    serving.says("job_ends");
    assert_eq!(shell.json("status")["background"]["version"], env!("CARGO_PKG_VERSION"));
    let exported = shell.path("exported");
    shell.json_of(&["export", &exported]);
    assert!(std::path::Path::new(&exported).join("cron-tiers.json").exists(), "by the one who asks");

    let (code, health) = ask(&address, "GET /health");
    assert_eq!((code, &health["status"]), (200, &"degraded".into()), "{health:#}");
    assert_eq!((&health["connection"], &health["acts"]), (&"connected".into(), &true.into()));
    assert_eq!(
        (&health["level"], &health["mode"], &health["owed"]),
        (&"degraded".into(), &"ordinary".into(), &0.into())
    );
    assert_eq!(health["job"]["running"], false);
    assert_eq!(ask(&address, "GET /other").0, 404);
    assert_eq!(ask(&address, "POST /health").0, 405);
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect("it is kept")).expect("it parses");
    assert_eq!(kept["version"], health["version"]);

    serving.signal("-HUP");
    serving.says("hangup");
    assert_eq!(shell.run("status").code, DONE);

    let second = shell.serve(&["--health", &file]);
    let (code, said) = second.end_with_words();
    assert_eq!(code, Some(READ_ONLY), "{said}");
    let still: Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("it is the first one's")).expect("it");
    assert_eq!(still["pid"], kept["pid"]);
    assert!(said.contains("already runs in the background") && said.contains("process "), "{said}");

    let before = Instant::now();
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(DONE), "{said:#?}");
    assert!(before.elapsed() < Duration::from_secs(5));
    let switches = of(&said, "switch");
    assert_eq!(switches.len(), n_verified, "{said:#?}");
    assert_eq!((of(&said, "job_begins").len(), of(&said, "job_ends").len()), (1, 1));
    assert!(!std::path::Path::new(&file).exists(), "who has ended tells nothing");
    let moved = shell.json("tier disk-check T2");
    assert!(moved.is_object(), "the folder is free");
}

impl Serving {
    /// The same for one that says in words why it does not go on.
    fn end_with_words(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            assert!(!line.contains(&self.token), "the token is in the log");
            said.push_str(&line);
            said.push('\n');
        }
        (self.child.wait().expect("it ends").code(), said)
    }
}

#[test]
fn told_to_end_in_the_middle_of_a_job_it_finishes_the_line_and_leaves_the_rest() {
    let shell = Shell::with_write_limit(2);
    let mut serving = shell.serve(&[]);
    serving.says("connected");
    let window = shell.window();
    let ready = |now: &model_orchestrator::engine::Snapshot| now.background.is_some() && now.crons_as_of.is_some();
    let plan =
        window.wait("a plan", |now| ready(now) && now.plan.changes.iter().any(|change| change.ticked)).plan.clone();
    let crons: Vec<_> = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    let answer = window.ask(Task::Apply { plan: plan.id.clone(), crons: crons.clone() });
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
    window.wait("the gateway's limit", |now| {
        now.job.as_ref().is_some_and(|job| matches!(job.phase, JobPhase::Paced { .. }))
    });
    let before = Instant::now();
    serving.signal("-TERM");
    let (code, said) = serving.end();
    assert_eq!(code, Some(DONE), "{said:#?}");
    assert!(before.elapsed() < Duration::from_secs(5));
    assert_eq!(of(&said, "switch").len(), 2, "the third write is for the next minute");
    let ends: Vec<_> = of(&said, "job_ends").iter().map(|line| line["done"].clone()).collect();
    assert_eq!(ends, [2], "what was not begun was not done");
    let named = |line: &&Value| line["level"] == "INFO" && line["event"].is_null();
    assert_eq!(said.iter().find(named), None, "what happened has a name");
    assert_eq!(shell.state_file("switches.log").lines().count(), 2);
    let acts = window.wait("its own turn", |now| {
        now.background.is_none() && now.plan.decisions.len() == now.crons.len() && now.crons_as_of.is_some()
    });
    let left = acts.plan.changes.iter().filter(|change| change.ticked).count();
    assert_eq!(left, crons.len() - 2, "the rest is planned again");
}

#[test]
fn killed_in_the_middle_of_a_job_nothing_is_lost_or_done_twice() {
    let shell = Shell::new();
    let mut serving = shell.serve(&[]);
    serving.says("connected");
    let window = shell.window();
    let ready = |now: &model_orchestrator::engine::Snapshot| now.background.is_some() && now.crons_as_of.is_some();
    let seen = window.wait("a plan", |now| ready(now) && now.plan.changes.iter().any(|change| change.ticked));
    let plan = seen.plan.clone();
    let crons: Vec<_> = plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    let answer = window.ask(Task::Apply { plan: plan.id.clone(), crons: crons.clone() });
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
    window.wait("a first switch", |now| !now.switches.is_empty());
    serving.signal("-KILL");
    // What the other left open is settled by what the gateway has.
    let acts = window.wait("its own turn", |now| {
        let settled = |job: &model_orchestrator::domain::Job| {
            job.phase == JobPhase::Interrupted && job.lines.iter().all(|line| line.outcome != LineOutcome::Writing)
        };
        now.background.is_none()
            && now.connection.info().is_some()
            && now.crons_as_of.is_some()
            && now.job.as_ref().is_some_and(|job| settled(job))
    });
    assert!(acts.revision > seen.revision, "a face never goes back");
    let answer = window.ask(Task::ContinueJob);
    assert!(matches!(answer, Event::Done { .. }), "{answer:?}");
    let done = window.wait("the end", |now| now.switches.len() == crons.len());
    assert_eq!(shell.updates(), crons.len() as u64, "each was written once");
    let mut switched: Vec<_> = done.switches.iter().map(|switch| switch.cron.clone()).collect();
    switched.sort();
    let mut expected = crons;
    expected.sort();
    assert_eq!(switched, expected, "each is known once");
    window.engine.shutdown();
    assert_eq!(shell.state_file("switches.log").lines().count(), expected.len());
}

#[test]
fn a_command_whose_program_is_killed_says_so_at_once_each_time_and_lets_the_folder_go() {
    let shell = Shell::with_write_limit(3);
    for round in 1..=2 {
        let mut serving = shell.serve(&[]);
        serving.says("connected");
        let said = shell.kill_while(&serving, "distribute --yes");
        assert_eq!(said.code, NOT_VERIFIED, "{round}: {}{}", said.out, said.err);
        assert!(said.out.contains("Interrupted after "), "{round}: {}{}", said.out, said.err);
    }
    let free = shell.run("status");
    assert_eq!(free.code, DONE, "{}", free.err);
    assert!(!free.out.contains("held by"), "{}", free.out);
}

#[test]
fn while_it_applies_whatever_else_would_write_is_refused_aloud() {
    let shell = Shell::with_write_limit(2);
    let mut serving = shell.serve(&[]);
    serving.says("connected");
    let window = shell.window();
    let ready = |now: &model_orchestrator::engine::Snapshot| now.background.is_some() && now.crons_as_of.is_some();
    let seen = window.wait("a plan", |now| ready(now) && now.plan.changes.iter().any(|change| change.ticked));
    let crons: Vec<_> =
        seen.plan.changes.iter().filter(|change| change.ticked).map(|change| change.cron.clone()).collect();
    let n_lines = crons.len();
    window.tell(Task::Apply { plan: seen.plan.id.clone(), crons });
    window.wait("a job", |now| now.job.as_ref().is_some_and(|job| job.running()));
    for line in ["distribute --yes", "recover", "recover --dry-run", "crisis --yes", "orchestrate"] {
        let said = shell.run(line);
        assert_eq!(said.code, 1, "{line}: {}{}", said.out, said.err);
        assert!(said.err.contains("Another apply is running"), "{line}: {}{}", said.out, said.err);
    }
    window.wait("the gateway's limit", |now| {
        now.job.as_ref().is_some_and(|job| matches!(job.phase, JobPhase::Paced { .. }))
    });
    let said = shell.run("stop");
    assert_eq!((said.code, said.out), (DONE, format!("Stopped after 2 of {n_lines}\n")), "{}", said.err);
    let again = shell.run("stop");
    assert_eq!((again.code, again.out.as_str()), (DONE, "Nothing is being carried out\n"), "{}", again.err);
    window.wait("its end", |now| now.job.as_ref().is_some_and(|job| job.phase == JobPhase::Stopped));
    assert_eq!(shell.state_file("switches.log").lines().count(), 2);
}

#[test]
fn a_program_that_is_frozen_is_told_of_as_that_and_found_again_when_it_goes_on() {
    let shell = Shell::new();
    let mut serving = shell.serve(&[]);
    serving.says("connected");
    let window = shell.window();
    let silent = |now: &model_orchestrator::engine::Snapshot| {
        now.problems.iter().any(|problem| matches!(problem.what, ProblemKind::ServiceSilent { .. }))
    };
    window.wait("the other's picture", |now| now.background.is_some());
    serving.signal("-STOP");
    let process = format!("process {}", serving.child.id());
    let said = shell.run("tier disk-check T1");
    assert_eq!(said.code, READ_ONLY, "{}", said.err);
    assert!(said.err.contains("does not answer") && said.err.contains(&process), "{}", said.err);
    let said = shell.run("doctor");
    assert!(said.out.contains("does not answer") && !said.out.contains("which acts"), "{}", said.out);
    let now = window.wait("a word of it", silent);
    assert_eq!(now.background, None);
    serving.signal("-CONT");
    window.wait("the other's picture again", |now| now.background.is_some() && !silent(now));
    assert_eq!(shell.run("tier disk-check T1").code, DONE);
}

#[test]
fn a_log_that_nobody_takes_ends_nothing() {
    let shell = Shell::new();
    let file = shell.path("health.json");
    let mut serving = shell.serve(&["--health", &file]);
    serving.says("connected");
    serving.deaf();
    let moved = shell.run("tier disk-check T1");
    assert_eq!(moved.code, DONE, "{}", moved.err);
    let applied = shell.run("distribute --yes");
    assert_eq!(applied.code, DONE, "{}{}", applied.out, applied.err);
    serving.signal("-HUP");
    assert_eq!(shell.json("status")["background"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(std::path::Path::new(&file).exists());
    serving.signal("-TERM");
    assert_eq!(serving.end().0, Some(DONE));
}

#[test]
fn whoever_asks_for_its_health_is_answered_however_many_idle() {
    let shell = Shell::new();
    let mut serving = shell.serve(&["--health-listen", "127.0.0.1:0"]);
    let address = serving.says("health")["address"].as_str().expect("an address").to_owned();
    let idle = || {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(stream, "GET /health HTTP/1.1\r\n").expect("it is taken");
        stream
    };
    let idle: Vec<_> = (0..100).map(|_| idle()).collect();
    let before = Instant::now();
    assert_eq!(ask(&address, "GET /health").0, 200);
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    drop(idle);
}

#[test]
fn it_replaces_no_file_that_is_not_its_own() {
    let shell = Shell::new();
    let before = shell.state_file("settings.json");
    for file in ["state/settings.json", "state/health.json", "token"] {
        let said = shell.run_of(&["serve", "--health", &shell.path(file)]);
        assert_eq!(said.code, USAGE, "{file}: {}", said.err);
        assert!(said.err.contains("--health"), "{}", said.err);
    }
    assert_eq!(shell.state_file("settings.json"), before);
}

#[test]
fn it_waits_while_a_window_holds_the_folder_and_then_takes_it() {
    let shell = Shell::new();
    let mut serving = None;
    shell.while_held(|shell| {
        let mut waits = shell.serve(&[]);
        let said = waits.says("waits");
        assert!(said["holder"].as_str().is_some_and(|holder| holder.contains("process ")), "{said}");
        assert_eq!(shell.run("tier disk-check T1").code, READ_ONLY, "the window holds it");
        serving = Some(waits);
    });
    let mut serving = serving.expect("it was started");
    serving.says("acts");
    assert_eq!(shell.run("tier disk-check T1").code, DONE);
    serving.signal("-INT");
    assert_eq!(serving.end().0, Some(DONE));
}

#[test]
fn the_systems_supervisor_hears_that_it_is_ready_alive_and_ending() {
    let shell = Shell::new();
    let path = shell.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    let heard = || {
        let mut text = [0; 64];
        let length = socket.recv(&mut text).expect("it is told something");
        String::from_utf8_lossy(&text[..length]).into_owned()
    };
    let mut serving = shell.serve_under(&[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "200000")], &[]);
    assert_eq!(heard(), "READY=1");
    for _ in 0..3 {
        assert_eq!(heard(), "WATCHDOG=1");
    }
    serving.says("connected");
    serving.signal("-TERM");
    while heard() != "STOPPING=1" {}
    assert_eq!(serving.end().0, Some(DONE));
}

#[test]
fn health_is_told_on_this_computer_alone() {
    let shell = Shell::new();
    for address in ["0.0.0.0:8417", "192.168.0.1:8417", "[::]:8417", "8417"] {
        let said = shell.run_of(&["serve", "--health-listen", address]);
        assert_eq!(said.code, USAGE, "{address}");
        assert!(said.err.contains("127.0.0.1"), "{}", said.err);
    }
}
