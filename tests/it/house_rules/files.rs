//! The files of the repository, and traces of a particular machine in them.

use std::fs;
use std::path::{Path, PathBuf};

use super::source::Source;

/// Entries that are no part of the repository.
const OUTSIDE: &[&str] = &[".git", "target", "node_modules", "wt"];

/// Only these are read as text; the rest are pictures, fonts and databases.
const TEXTS: &[&str] = &[
    "rs", "toml", "lock", "md", "sh", "py", "json", "json5", "jsonl", "yml", "yaml", "xml", "desktop", "svg", "log",
    "txt", "1", "",
];

/// Every Rust file below `folder`, in order; none when there is no such folder.
pub fn rust_sources(folder: &str) -> Vec<Source> {
    let is_rust = |path: &&PathBuf| path.extension().is_some_and(|ext| ext == "rs");
    let mut paths = Vec::new();
    collect(&root().join(folder), &mut paths);
    paths.iter().filter(is_rust).map(|path| Source::new(&relative(path), &read(path))).collect()
}

/// Every text of the repository with its path, in order.
pub fn texts() -> Vec<(String, String)> {
    let mut paths = Vec::new();
    collect(&root(), &mut paths);
    let is_text = |path: &&PathBuf| {
        let ext = path.extension().map_or("", |ext| ext.to_str().unwrap_or("?"));
        TEXTS.contains(&ext)
    };
    paths
        .iter()
        .filter(is_text)
        .filter_map(|path| Some((relative(path), String::from_utf8(fs::read(path).ok()?).ok()?)))
        .collect()
}

/// What ties a text to one machine: where somebody kept it, or where that machine fetches packages.
pub fn machine_traces(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut report = |what: &str| faults.push(format!("{path}:{}: {what}: {}", number + 1, line.trim()));
        if traces().iter().any(|trace| line.contains(trace.as_str())) {
            report("a path of one machine");
        }
        if path.ends_with("Cargo.lock") && line.starts_with("source = ") && !PUBLIC_SOURCES.contains(&line) {
            report("not the public registry");
        }
        if line.contains("\"resolved\": \"") && !line.contains(NPM) {
            report("not the public registry");
        }
    }
    if [".cargo/config.toml", ".cargo/config", ".npmrc", "pip.conf"].iter().any(|name| path.ends_with(name)) {
        faults.push(format!("{path}: belongs to a machine, not to the repository"));
    }
    faults
}

const PUBLIC_SOURCES: &[&str] = &[r#"source = "registry+https://github.com/rust-lang/crates.io-index""#];
const NPM: &str = "https://registry.npmjs.org/";

/// Put together here, so that this file does not hold them itself.
fn traces() -> Vec<String> {
    [
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/tmp/ba", "sh_"),
        ("/tmp/gateway-e2", "e."),
        ("/Use", "rs/"),
        ("C:\\Use", "rs\\"),
    ]
    .iter()
    .map(|(head, tail)| format!("{head}{tail}"))
    .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(path: &Path) -> String {
    let inner = path.strip_prefix(root()).expect("found below the root");
    inner.to_str().expect("our own names are plain").replace('\\', "/")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if OUTSIDE.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

#[test]
fn a_path_of_one_machine_is_found() {
    let mine = format!("see /ro{}notes.md", "ot/");
    let cases = [
        ("README.md", mine.as_str(), 1, "somebody's home"),
        ("README.md", "see docs/notes.md", 0, "a path of the repository"),
        ("Cargo.lock", "source = \"registry+https://mirror.example/index\"", 1, "a mirror"),
        ("Cargo.lock", PUBLIC_SOURCES[0], 0, "the public registry"),
        (".cargo/config.toml", "[build]", 1, "a machine's own settings"),
    ];
    for (path, text, n_faults, why) in cases {
        assert_eq!(machine_traces(path, text).len(), n_faults, "{why}");
    }
}
