//! Who may know whom, and what no room may do: the walls of `ARCHITECTURE.md` as data, checked
//! against the sources.
//!
//! A new room must be entered in [`ROOMS`] before it compiles into anything; a rule that stands in
//! the way of a better arrangement is changed here and in `ARCHITECTURE.md` in the same commit.

mod files;
mod source;

use source::{Source, UsedPath};

/// One room of the house: a folder of `src`.
struct Room {
    name: &'static str,
    may_import: &'static [Arrow],
    /// Values only: no clock, no file, no socket, no task.
    pure: bool,
}

/// How much of another room may be named.
#[derive(Clone, Copy)]
enum Arrow {
    /// Everything it offers.
    All(&'static str),
    /// What its front door re-exports, none of its inner modules.
    Front(&'static str),
}

const ROOMS: &[Room] = &[
    Room { name: "domain", may_import: &[], pure: true },
    // Deliberate faults: named where their rule stands, and `false` outside of tests.
    Room { name: "fault", may_import: &[], pure: true },
    Room { name: "policy", may_import: &[Arrow::All("domain"), Arrow::Front("fault")], pure: true },
    // Pure but for the files of `AT_THE_EDGE`, which ask.
    Room { name: "providers", may_import: &[Arrow::All("domain")], pure: true },
    Room { name: "words", may_import: &[Arrow::All("domain")], pure: true },
    Room { name: "state", may_import: &[Arrow::All("domain")], pure: false },
    Room { name: "gateway", may_import: &[Arrow::All("domain")], pure: false },
    Room {
        name: "engine",
        may_import: &[
            Arrow::All("domain"),
            Arrow::Front("fault"),
            Arrow::All("policy"),
            Arrow::All("words"),
            Arrow::All("state"),
            Arrow::All("gateway"),
            Arrow::Front("providers"),
            Arrow::Front("demo"),
        ],
        pure: false,
    },
    // The engine's step, played by values: what is outside of it is simulated.
    Room {
        name: "sim",
        may_import: &[
            Arrow::All("domain"),
            Arrow::Front("policy"),
            Arrow::All("state"),
            Arrow::Front("gateway"),
            Arrow::Front("engine"),
        ],
        pure: true,
    },
    // Its wire is its own: an end that shares code with the other end would always agree with it.
    Room { name: "demo", may_import: &[Arrow::All("domain")], pure: false },
    Room {
        name: "ui",
        may_import: &[Arrow::All("domain"), Arrow::All("words"), Arrow::Front("engine"), Arrow::Front("sim")],
        pure: false,
    },
    // Without a subcommand the command line opens the window.
    Room {
        name: "cli",
        may_import: &[
            Arrow::All("domain"),
            Arrow::All("words"),
            Arrow::Front("providers"),
            Arrow::Front("engine"),
            Arrow::Front("demo"),
            Arrow::Front("sim"),
        ],
        pure: false,
    },
];

/// Files of pure rooms that do touch the outside, so that the rest of their room need not.
const AT_THE_EDGE: &[&str] = &["src/providers/http.rs", "src/providers/http/trouble.rs"];

/// Names that bring a clock, a file, a socket or a task into a room, and which of them.
const IMPURE: &[(&str, &str)] = &[
    ("SystemTime", "a clock"),
    ("Instant", "a clock"),
    ("Timestamp::now", "a clock"),
    ("Zoned::now", "a clock"),
    ("TimeZone::system", "a file"),
    ("std::fs", "a file"),
    ("std::io", "a file"),
    ("std::env", "the process"),
    ("std::process", "the process"),
    ("std::net", "a socket"),
    ("std::thread", "a task"),
    ("std::sync::mpsc", "a task"),
    ("tokio", "a task"),
    ("tokio_tungstenite", "a socket"),
    ("reqwest", "a socket"),
    ("futures_util", "a task"),
    ("rusqlite", "a file"),
    ("tempfile", "a file"),
    ("notify", "a file"),
    ("directories", "a file"),
    ("keyring", "the desktop"),
    ("notify_rust", "the desktop"),
    ("rfd", "the desktop"),
    ("egui", "the window"),
    ("eframe", "the window"),
    ("getrandom", "chance"),
    ("tracing", "the log"),
];

const MAX_LINES: usize = 800;

/// The crate's own name, for paths from outside and for the binary.
const CRATE: &str = "model_orchestrator";

#[test]
fn every_arrow_points_the_right_way() {
    let faults: Vec<String> = files::rust_sources("src").iter().flat_map(wrong_arrows).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn pure_rooms_name_no_clock_file_socket_or_task() {
    let faults: Vec<String> = files::rust_sources("src").iter().flat_map(impurities).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn what_lies_at_the_edge_is_known_to_its_own_door_only() {
    for path in AT_THE_EDGE {
        assert!(files::rust_sources("src").iter().any(|source| source.path == *path), "{path} is gone");
    }
    // In `providers` a check asks; what reads answers or words questions never does.
    let asks = |path: &str| path.starts_with("src/providers/check/") || path.starts_with("src/providers/http");
    let faults: Vec<String> = files::rust_sources("src/providers")
        .iter()
        .filter(|source| !asks(&source.path) && source.path != "src/providers/mod.rs")
        .flat_map(|source| source.crate_paths(CRATE).into_iter().map(|used| (source.path.clone(), used)))
        .filter(|(_, used)| used.segments.iter().take(2).eq(["providers", "http"].iter()))
        .map(|(path, used)| format!("{path}:{}: only a check may ask", used.line))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// One line where the rule stands, and a second one where the rule is told twice: more would be a program of its own.
#[test]
fn a_deliberate_fault_is_asked_for_in_one_line_where_its_rule_stands() {
    let sources = files::rust_sources("src");
    let text = &sources.iter().find(|source| source.path == "src/fault.rs").expect("the faults").text;
    let named = text.split("pub enum Fault {").nth(1).and_then(|rest| rest.split("\n}").next()).expect("their names");
    let listed = named.lines().map(str::trim).filter(|line| line.ends_with(',') && !line.starts_with("//"));
    for name in listed.map(|line| line.trim_end_matches(',')) {
        let asked = format!("fault::on(Fault::{name})");
        let sites: usize = sources.iter().map(|source| source.text.matches(&asked).count()).sum();
        assert!((1..=2).contains(&sites), "{name} is asked for {sites} times");
        let mentions = format!("Fault::{name}");
        for source in sources.iter().filter(|source| !source.path.starts_with("src/sim/tests/")) {
            let whole = source
                .text
                .match_indices(&mentions)
                .filter(|(at, _)| !source.text[at + mentions.len()..].starts_with(|next: char| next.is_alphanumeric()));
            assert_eq!(whole.count(), source.text.matches(&asked).count(), "{}: {name} is only asked for", source.path);
        }
    }
}

#[test]
fn every_folder_of_the_sources_is_a_room() {
    for source in files::rust_sources("src") {
        let Some(name) = source.room() else { continue };
        assert!(ROOMS.iter().any(|room| room.name == name), "src/{name} is no room of the house: enter it in ROOMS");
    }
}

#[test]
fn every_file_says_its_job_first_and_stays_short() {
    let folders = ["src", "tests", "benches", "examples"];
    let faults: Vec<String> = folders
        .iter()
        .flat_map(|folder| files::rust_sources(folder))
        .filter_map(|source| shape_fault(&source))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn nothing_depends_on_the_machine_it_was_written_on() {
    let faults: Vec<String> =
        files::texts().iter().flat_map(|(path, text)| files::machine_traces(path, text)).collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Every place where a file reaches into a room that its own room may not know.
fn wrong_arrows(source: &Source) -> Vec<String> {
    let Some(room) = source.room().and_then(|name| ROOMS.iter().find(|room| room.name == name)) else {
        return Vec::new();
    };
    let fault = |used: &UsedPath| {
        let target = used.segments.first()?;
        let crosses = target != room.name && ROOMS.iter().any(|other| other.name == target);
        (crosses && !room.may_import.iter().any(|arrow| arrow.allows(&used.segments)))
            .then(|| format!("{}:{}: {} may not know {}", source.path, used.line, room.name, used.segments.join("::")))
    };
    source.crate_paths(CRATE).iter().filter_map(fault).collect()
}

impl Arrow {
    fn allows(self, path: &[String]) -> bool {
        let is_room = |room: &str| path.first().is_some_and(|first| first == room);
        match self {
            Self::All(room) => is_room(room),
            // `room`, `room::function` and `room::Type::…`, but not `room::module::…`.
            Self::Front(room) => {
                let is_type = |name: &String| name.starts_with(|first: char| first.is_uppercase());
                is_room(room) && (path.len() <= 2 || is_type(&path[1]))
            }
        }
    }
}

fn impurities(source: &Source) -> Vec<String> {
    let room = source.room().and_then(|name| ROOMS.iter().find(|room| room.name == name));
    let kept_pure = |room: &&Room| room.pure && !AT_THE_EDGE.contains(&source.path.as_str());
    let Some(room) = room.filter(kept_pure) else { return Vec::new() };
    IMPURE
        .iter()
        .flat_map(|(name, what)| source.lines_naming(name).into_iter().map(move |line| (line, *name, *what)))
        .map(|(line, name, what)| {
            format!("{}:{line}: {} is pure and may not touch {what} ({name})", source.path, room.name)
        })
        .collect()
}

fn shape_fault(source: &Source) -> Option<String> {
    if !source.text.starts_with("//!") {
        return Some(format!("{}: opens without `//!` and its job in one sentence", source.path));
    }
    let n_lines = source.text.lines().count();
    (n_lines > MAX_LINES).then(|| format!("{}: {n_lines} lines; split what is longer than {MAX_LINES}", source.path))
}

#[test]
fn a_wrong_arrow_is_found_however_it_is_written() {
    let cases = [
        ("src/policy/plan.rs", "use crate::gateway::Client;", true, "a plain import"),
        ("src/policy/plan.rs", "use crate::domain::Plan;", false, "everybody may know domain"),
        ("src/policy/plan.rs", "use crate::{domain::Plan, state::{Folder, Loaded}};", true, "inside a group"),
        ("src/policy/plan.rs", "fn f() -> crate::state::Folder { todo!() }", true, "without an import"),
        ("src/policy/rank.rs", "use super::super::words::Speech;", true, "up and over"),
        ("src/policy/rank.rs", "use super::serving::serves;", false, "up, but within the room"),
        ("src/policy/rank/deep.rs", "use super::super::super::ui::theme;", true, "up from deeper"),
        ("src/policy/mod.rs", "use super::engine::Snapshot;", true, "up from the room's door"),
        ("src/words/plan.rs", "// use crate::engine::Snapshot;", false, "a comment imports nothing"),
        (
            "src/words/plan.rs",
            "/// See [`Snapshot`](crate::engine::Snapshot).\nfn f() {}",
            false,
            "nor does a doc link",
        ),
        ("src/words/plan.rs", r#"const S: &str = "crate::engine::Snapshot";"#, false, "nor does a text"),
        ("src/ui/app.rs", "use crate::engine::{Command, Handle};", false, "the engine's front door"),
        ("src/ui/app.rs", "use crate::engine::Command::Apply;", false, "a variant of what it offers"),
        ("src/ui/app.rs", "use crate::engine::step::apply;", true, "behind the engine's front door"),
        ("src/ui/app.rs", "use crate::engine::{world::World};", true, "behind it, in a group"),
        ("src/demo/world.rs", "use crate::gateway::Client;", true, "the demo is the other end"),
        ("src/state/tiers.rs", "use model_orchestrator::policy::plan;", true, "by the crate's name"),
        ("src/lib.rs", "pub use crate::engine::Handle;", false, "the hall is no room"),
        (
            "src/policy/plan.rs",
            "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::words::reason;\n}",
            false,
            "a test may look anywhere",
        ),
    ];
    for (path, text, wrong, why) in cases {
        let faults = wrong_arrows(&Source::new(path, text));
        assert_eq!(!faults.is_empty(), wrong, "{why}: {faults:?}");
    }
}

#[test]
fn an_impure_name_is_found_in_a_pure_room_only() {
    let cases = [
        ("src/policy/plan.rs", "let now = jiff::Timestamp::now();", 1, "a clock"),
        ("src/domain/cron.rs", "use std::{fmt, fs};", 1, "a file, in a group"),
        ("src/words/time.rs", "use tokio::time::sleep;", 1, "a task"),
        ("src/words/time.rs", "fn instantly() {} // no Instant here", 0, "only whole words count"),
        ("src/state/folder.rs", "use std::fs::File;", 0, "state may touch files"),
        ("src/providers/requests/zai.rs", "use reqwest::Client;", 1, "a socket, where requests are only data"),
        ("src/providers/http.rs", "use reqwest::Client;", 0, "the file that sends them"),
    ];
    for (path, text, n_faults, why) in cases {
        assert_eq!(impurities(&Source::new(path, text)).len(), n_faults, "{why}");
    }
}

#[test]
fn a_file_without_a_job_or_end_is_found() {
    let long = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
    let cases = [("//! Does one thing.\n", false), ("use std::fmt;\n", true), ("", true), (long.as_str(), true)];
    for (text, wrong) in cases {
        assert_eq!(shape_fault(&Source::new("src/a.rs", text)).is_some(), wrong, "{text:.30}");
    }
}
