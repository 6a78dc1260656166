//! What is found, in folders made for the purpose.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;

use super::{Env, discover};
use crate::domain::Discovered;

struct Machine {
    home: tempfile::TempDir,
    env: Env,
}

fn machine() -> Machine {
    let home = tempfile::tempdir().expect("a temporary folder");
    let env = Env { home: Some(home.path().to_owned()), ..Env::default() };
    Machine { home, env }
}

impl Machine {
    fn file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("has a folder")).expect("is made");
        let mut file = std::fs::File::create(path).expect("is made");
        file.write_all(text.as_bytes()).expect("is written");
        self
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.env.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn finds(&self) -> Vec<Discovered> {
        discover(&self.env)
    }

    /// Address and token of the only gateway found.
    fn only(&self) -> (String, Option<String>) {
        let found = self.finds();
        assert_eq!(found.len(), 1, "{found:?}");
        summary(&found[0])
    }
}

fn summary(found: &Discovered) -> (String, Option<String>) {
    assert_eq!(found.has_token, found.target.token.is_some());
    assert_eq!(found.url, found.target.url);
    (found.url.clone(), found.target.token.as_ref().map(|token| token.reveal().to_owned()))
}

fn expected(url: &str, token: Option<&str>) -> (String, Option<String>) {
    (url.to_owned(), token.map(str::to_owned))
}

const MAIN: &str = ".openclaw/openclaw.json";

#[test]
fn port_and_token_follow_the_rules_of_the_command_line() {
    let cases = [
        ("{}", vec![], "ws://127.0.0.1:18789", None, "an empty file is the default gateway"),
        (
            "{ // by hand\n gateway: { port: 19000, auth: { token: 'file' }, }, }",
            vec![],
            "ws://127.0.0.1:19000",
            Some("file"),
            "JSON5 with bare keys, comments and trailing commas",
        ),
        (
            "{gateway: {port: 19000, auth: {token: 'file'}}}",
            vec![("OPENCLAW_GATEWAY_PORT", "19001"), ("OPENCLAW_GATEWAY_TOKEN", "env")],
            "ws://127.0.0.1:19001",
            Some("file"),
            "the variable wins for the port, the file for the token",
        ),
        (
            "{gateway: {auth: {}, remote: {token: 'far'}}}",
            vec![("OPENCLAW_GATEWAY_TOKEN", "env")],
            "ws://127.0.0.1:18789",
            Some("env"),
            "then the variable",
        ),
        ("{gateway: {remote: {token: 'far'}}}", vec![], "ws://127.0.0.1:18789", Some("far"), "then the remote token"),
        (
            "{gateway: {auth: {token: {source: 'env', provider: 'default', id: 'T'}}}}",
            vec![],
            "ws://127.0.0.1:18789",
            None,
            "a reference is not ours to resolve",
        ),
        ("{gateway: {auth: {token: '${T}'}}}", vec![], "ws://127.0.0.1:18789", None, "nor is this form of one"),
        ("{gateway: {port: 19000.0, tls: {enabled: true}}}", vec![], "wss://127.0.0.1:19000", None, "with TLS"),
        (
            "{gateway: {mode: 'remote', auth: {token: 'near'}, remote: {url: 'wss://mini.ts.net', token: 'far'}}}",
            vec![("OPENCLAW_GATEWAY_TOKEN", "env")],
            "wss://mini.ts.net:443",
            Some("far"),
            "remote mode has its own address and token",
        ),
        (
            "{gateway: {mode: 'remote', auth: {token: 'near'}, remote: {url: 'wss://mini.ts.net'}}}",
            vec![("OPENCLAW_GATEWAY_TOKEN", "env")],
            "wss://mini.ts.net:443",
            Some("env"),
            "then the variable, in remote mode too",
        ),
    ];
    for (file, vars, url, token, why) in cases {
        let machine =
            vars.into_iter().fold(machine().file(MAIN, file), |machine, (name, value)| machine.var(name, value));
        assert_eq!(machine.only(), expected(url, token), "{why}");
    }
}

#[test]
fn a_configuration_without_a_bottom_is_none_and_ends_nobody() {
    let nested = |depth: usize| format!("{{gateway: {{port: 1001}}, a: {}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(machine().file(MAIN, &nested(100)).only().0, "ws://127.0.0.1:1001");
    for text in [nested(1_000_000), "[".repeat(1_000_000), "{a:".repeat(1_000_000)] {
        assert!(machine().file(MAIN, &text).finds().is_empty());
    }
}

#[test]
fn the_environment_says_which_file_counts() {
    let elsewhere = machine().file(MAIN, "{gateway:{port:1001}}").file("state/openclaw.json", "{gateway:{port:1002}}");
    let state = elsewhere.path().join("state").display().to_string();
    let elsewhere = elsewhere.var("OPENCLAW_STATE_DIR", &state);
    assert_eq!(elsewhere.only().0, "ws://127.0.0.1:1002");
    let elsewhere = elsewhere.file("own.json5", "{gateway:{port:1003}}").var("OPENCLAW_CONFIG_PATH", "~/own.json5");
    assert_eq!(elsewhere.only().0, "ws://127.0.0.1:1003");

    let by_url =
        machine().var("OPENCLAW_GATEWAY_URL", "wss://far.example:1").file(MAIN, "{gateway:{auth:{token:'t'}}}");
    let found: Vec<_> = by_url.finds().iter().map(summary).collect();
    let both = [expected("wss://far.example:1", None), expected("ws://127.0.0.1:18789", Some("t"))];
    assert_eq!(found, both, "an address of the environment gets no token of a file");
}

#[test]
fn profiles_are_gateways_of_their_own() {
    let machine = machine()
        .file(MAIN, "{gateway:{auth:{token:'main'}}}")
        .file(".openclaw-work/openclaw.json", "{gateway:{port:19100,auth:{token:'work'}}}")
        .file(".openclaw-home/openclaw.json", "{gateway:{port:19300}}")
        .file(".openclaw-same/openclaw.json", "{gateway:{}}")
        .file(".openclaw-empty/other.json", "{}")
        .file(".openclaw-broken/openclaw.json", "{ gateway: { auth: { token: 's3cret' ")
        .var("OPENCLAW_GATEWAY_TOKEN", "env");
    let found = machine.finds();
    let names: Vec<_> = found.iter().map(|one| (one.name.as_str(), summary(one))).collect();
    let wanted = [
        ("This computer", expected("ws://127.0.0.1:18789", Some("main"))),
        ("home", expected("ws://127.0.0.1:19300", None)),
        ("work", expected("ws://127.0.0.1:19100", Some("work"))),
    ];
    assert_eq!(names, wanted, "by name, each address once, broken files left out, no token of another");
    assert!(!format!("{found:?}").contains("work\")"), "a token never shows");
}

#[test]
fn included_files_are_read_one_level_deep() {
    let machine = machine()
        .file(MAIN, "{ $include: ['base.json', './over.json'], gateway: { port: 19500 } }")
        .file(".openclaw/base.json", "{ gateway: { port: 1, auth: { token: 'base' } } }")
        .file(".openclaw/over.json", "{ gateway: { auth: { token: 'over' } } }");
    assert_eq!(machine.only(), expected("ws://127.0.0.1:19500", Some("over")));
    let machine = machine
        .file(MAIN, "{ gateway: { $include: 'gateway.json' } }")
        .file(".openclaw/gateway.json", "{ port: 19600, auth: { token: 'inside' }, remote: { $include: 'x.json' } }");
    assert_eq!(machine.only(), expected("ws://127.0.0.1:19600", Some("inside")));
    let machine = machine.file(MAIN, "{ $include: 'missing.json', gateway: { port: 19700 } }");
    assert_eq!(machine.only(), expected("ws://127.0.0.1:19700", None), "a missing part costs only itself");
}

#[test]
fn nothing_is_found_where_nothing_is() {
    assert!(machine().finds().is_empty());
    assert!(discover(&Env::default()).is_empty(), "no home either");
    for damaged in ["", "[]x", "{ gateway: ", "\u{feff}\u{0}"] {
        assert!(machine().file(MAIN, damaged).finds().is_empty(), "{damaged:?}");
    }
}

#[test]
fn listening_is_what_loopback_says() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("is bound").port();
    let machine = machine().file(MAIN, &format!("{{gateway:{{port:{port}}}}}"));
    assert!(machine.finds()[0].listening);
    drop(listener);
    assert!(!machine.finds()[0].listening);
    let remote = machine.file(MAIN, "{gateway:{mode:'remote',remote:{url:'wss://192.0.2.1:1'}}}");
    assert!(!remote.finds()[0].listening, "nobody knocks elsewhere");
}
