//! Ways to connect, trouble with connecting, and the match of routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use model_orchestrator::domain::*;
use model_orchestrator::engine::{Command, SettingsChange, Target};
use model_orchestrator::ui::screens::welcome::Welcome;

use super::scene::{FLASH, KIMI, MINIMAX, Scene, minutes, model, now};
use super::{Stage, changes, click, control, fits, key, read_out, says, settle, stage, told, write};

const URL: &str = "ws://127.0.0.1:18789";
/// The first screen has the whole window.
const SMALL: [f32; 2] = [1024.0, 700.0];

fn found() -> Discovered {
    let target = GatewayTarget {
        name: "home-mini".to_owned(),
        url: URL.to_owned(),
        token: None,
        tls_fingerprint: None,
        remember_token: false,
        state_dir: None,
    };
    Discovered {
        name: target.name.clone(),
        url: target.url.clone(),
        source: "~/.openclaw/openclaw.json".to_owned(),
        has_token: true,
        listening: true,
        target,
    }
}

fn first_start() -> Scene {
    Scene::new().with(|snapshot| {
        snapshot.connection = Connection::None;
        snapshot.discovered = Arc::new(vec![found()]);
    })
}

fn open(scene: Scene) -> Harness<'static, Stage<Welcome>> {
    stage(Welcome::default(), Welcome::ui, scene, SMALL)
}

#[test]
fn the_gateway_of_this_computer_is_one_click_away() {
    let mut welcome = open(first_start());
    fits(&welcome, SMALL, &["Connect to home-mini", "Token", "Connect to this gateway", "Open the demo"]);
    click(&mut welcome, "Connect to home-mini");
    let told = told(&welcome);
    let [Command::Connect(Target::Gateway(target))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((target.name.as_str(), target.url.as_str()), ("home-mini", URL));
}

#[test]
fn a_token_is_sent_and_never_seen() {
    let mut welcome = open(first_start());
    write(&mut welcome, "Address", "wss://gateway.example.org");
    write(&mut welcome, "Token", "hunter2-secret");
    assert!(read_out(&welcome).iter().all(|said| !said.contains("hunter2")), "neither drawn nor read out");
    click(&mut welcome, "Connect to this gateway");
    let told = told(&welcome);
    let [Command::Connect(Target::Gateway(target))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(target.token.as_ref().map(Secret::reveal), Some("hunter2-secret"));
    assert_eq!(target.name, "gateway.example.org");
    assert!(!format!("{target:?}").contains("hunter2"));
}

#[test]
fn an_address_that_cannot_work_is_not_tried() {
    let mut welcome = open(first_start());
    write(&mut welcome, "Address", "ftp://gateway.example.org");
    assert!(says(&welcome, "The address starts with ws:// or wss://, or with its host"));
    click(&mut welcome, "Connect to this gateway");
    assert!(told(&welcome).is_empty());
}

fn known(name: &str, token_remembered: bool) -> KnownGateway {
    let url = format!("wss://{name}:443");
    KnownGateway { name: name.to_owned(), url, tls_fingerprint: Some("ab".repeat(32)), token_remembered }
}

#[test]
fn the_gateway_that_was_used_last_is_one_key_away() {
    let scene = first_start().with(|snapshot| snapshot.known = Arc::new(vec![known("nas", true), known("old", false)]));
    let mut welcome = open(scene);
    let button = |welcome: &Harness<'_, Stage<Welcome>>, name: &str| welcome.get_by_label(name).rect().top();
    assert!(button(&welcome, "Connect to nas") < button(&welcome, "Connect to home-mini"), "it comes first");
    assert!(says(&welcome, "wss://nas:443 · its token is remembered"));
    key(&mut welcome, Key::Enter);
    let told = told(&welcome);
    let [Command::Connect(Target::Gateway(target))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((target.url.as_str(), target.token.is_none()), ("wss://nas:443", true));
    assert_eq!(target.tls_fingerprint, Some("ab".repeat(32)));
}

#[test]
fn a_known_gateway_without_its_token_asks_for_nothing_but_that() {
    let mut welcome = open(first_start().with(|snapshot| snapshot.known = Arc::new(vec![known("old", false)])));
    click(&mut welcome, "Connect to old…");
    assert!(told(&welcome).is_empty());
    assert!(control(&welcome, "Token").is_focused());
    control(&welcome, "Token").type_text("hunter2-secret");
    settle(&mut welcome);
    key(&mut welcome, Key::Enter);
    let told = told(&welcome);
    let [Command::Connect(Target::Gateway(target))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(target.url, "wss://old:443");
    assert_eq!(target.token.as_ref().map(Secret::reveal), Some("hunter2-secret"));
}

#[test]
fn a_known_gateway_of_this_computer_is_offered_once() {
    let here = KnownGateway { url: URL.to_owned(), ..known("home-mini", false) };
    let scene = first_start().with(|snapshot| snapshot.known = Arc::new(vec![here, known("nas", true)]));
    let welcome = open(scene);
    let here = control(&welcome, "Connect to home-mini");
    assert!(here.is_focused() && here.rect().top() < control(&welcome, "Connect to nas").rect().top());
}

#[test]
fn an_address_needs_no_scheme() {
    let mut welcome = open(first_start());
    write(&mut welcome, "Address", "127.0.0.1:40965");
    click(&mut welcome, "Connect to this gateway");
    let told = told(&welcome);
    let [Command::Connect(Target::Gateway(target))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((target.url.as_str(), target.name.as_str()), ("127.0.0.1:40965", "127.0.0.1"));
}

#[test]
fn the_demo_and_a_new_look_are_offered() {
    let mut welcome = open(first_start());
    click(&mut welcome, "Look again");
    click(&mut welcome, "Open the demo");
    assert!(matches!(told(&welcome).as_slice(), [Command::Discover, Command::Connect(Target::Demo)]));
}

#[test]
fn trouble_comes_with_what_to_do() {
    let (name, url) = ("home-mini".to_owned(), URL.to_owned());
    let waiting = Connection::Waiting {
        name: name.clone(),
        url: url.clone(),
        trouble: Trouble::Absent,
        retry_at: now() + minutes(1),
    };
    let welcome = open(first_start().with(|snapshot| snapshot.connection = waiting));
    assert!(says(&welcome, "home-mini: Nothing listens there") && says(&welcome, "Next try in 1 min"));

    let stopped = Connection::Stopped { name, url, trouble: Trouble::BadToken };
    let mut welcome = open(first_start().with(|snapshot| snapshot.connection = stopped));
    assert!(says(&welcome, "The gateway refuses the token") && says(&welcome, "gateway.auth.token"));
    assert!(says(&welcome, URL), "the form asks for the token of that address");
    click(&mut welcome, "Try again");
    assert!(matches!(told(&welcome).as_slice(), [Command::Connect(Target::Gateway(_))]));
}

fn asked() -> Scene {
    let matched = |key: &str, label: &str, sure: Option<&str>, candidates: &[&str], certainty| RouteMatch {
        route: RouteKey::new(key),
        label: label.to_owned(),
        model: sure.map(model),
        candidates: candidates.iter().map(|text| model(text)).collect(),
        certainty,
    };
    Scene::new().with(|snapshot| {
        snapshot.match_asked = true;
        snapshot.matches = Arc::new(vec![
            matched("minimax", "MiniMax", Some(MINIMAX), &[MINIMAX], MatchCertainty::Sure),
            matched("gemini_flash", "Flash 3", None, &[FLASH, KIMI], MatchCertainty::Asks),
            matched("sonnet", "Sonnet", None, &[], MatchCertainty::NoModel),
        ]);
    })
}

#[test]
fn sure_matches_are_filled_in_and_the_others_asked() {
    let mut welcome = open(asked());
    assert!(says(&welcome, "Please choose for Flash 3"));
    click(&mut welcome, "Confirm the match");
    assert!(told(&welcome).is_empty(), "not before every route has an answer");
    click(&mut welcome, "Model for Flash 3");
    click(&mut welcome, &format!("Gemini 3 Flash · {FLASH}"));
    click(&mut welcome, "Confirm the match");
    let expected = BTreeMap::from([
        (RouteKey::new("minimax"), Some(model(MINIMAX))),
        (RouteKey::new("gemini_flash"), Some(model(FLASH))),
        (RouteKey::new("sonnet"), None),
    ]);
    assert_eq!(changes(&welcome), [SettingsChange::MatchRoutes(expected)]);
}

#[test]
fn a_route_can_be_left_unused() {
    let mut welcome = open(asked());
    click(&mut welcome, "Model for Flash 3");
    let unused = welcome.get_all_by_label("not used here").last().expect("is offered");
    unused.click();
    settle(&mut welcome);
    click(&mut welcome, "Confirm the match");
    let [SettingsChange::MatchRoutes(routes)] = &changes(&welcome)[..] else { panic!("one change") };
    assert_eq!(routes[&RouteKey::new("gemini_flash")], None);
}
