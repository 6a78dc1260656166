//! What does not belong on the socket, or does not read: the program in the background goes on.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use model_orchestrator::domain::{ProblemKind, Tier};
use model_orchestrator::engine::{Command, Event};
use serde_json::{Value, json};

use crate::support::{Rig, Running};

/// The socket, as whoever finds the folder held is told of it.
fn socket(rig: &Rig) -> std::path::PathBuf {
    let lease = std::fs::read_to_string(rig.state_dir().join("lease.json")).expect("somebody holds it");
    let lease: Value = serde_json::from_str(&lease).expect("it parses");
    lease["socket"].as_str().expect("it can be watched").into()
}

fn connect(rig: &Rig) -> UnixStream {
    let stream = UnixStream::connect(socket(rig)).expect("it lets us in");
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("a deadline");
    stream
}

fn send(stream: &mut UnixStream, message: &Value) {
    let text = message.to_string();
    let length = u32::try_from(text.len()).expect("it is short");
    stream.write_all(&length.to_be_bytes()).expect("it is taken");
    stream.write_all(text.as_bytes()).expect("it is taken");
}

fn receive(stream: &mut UnixStream) -> Value {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a length");
    let mut text = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut text).expect("a message");
    serde_json::from_slice(&text).expect("it parses")
}

/// Everything until the other end closes; it may say a little before.
fn is_closed(mut stream: UnixStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

fn lives(service: &Running, rig: &Rig) {
    assert!(matches!(service.ask(Command::Refresh), Event::Done { .. }));
    let window = rig.watching();
    window.set_tier(&["Newsletter digest"], Tier::T2);
}

#[test]
fn the_socket_is_for_its_owner_alone_and_goes_with_the_program() {
    let rig = Rig::new();
    let service = rig.service();
    let path = socket(&rig);
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    service.engine.shutdown();
    assert!(!path.exists());
}

#[test]
fn garbage_and_other_languages_are_shown_out() {
    let rig = Rig::new();
    let service = rig.service();
    let greeting: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let cases: [&[u8]; 4] = [greeting, &[0xff; 64], &[0, 0, 0, 2, b'{', b'}'], &[0, 0, 0, 9, b'"']];
    for said in cases {
        let mut stream = connect(&rig);
        let hello = receive(&mut stream);
        assert_eq!(hello["program"], "model-orchestrator", "it greets first");
        stream.write_all(said).expect("it is taken");
        stream.shutdown(std::net::Shutdown::Write).expect("no more");
        assert!(is_closed(stream), "{said:?}");
    }
    let mut stream = connect(&rig);
    let hello = receive(&mut stream);
    send(&mut stream, &hello);
    assert!(receive(&mut stream).get("Picture").is_some(), "who greets well sees something");
    let forbidden = json!({ "ticket": 1, "command": "Shutdown" });
    send(&mut stream, &forbidden);
    assert!(is_closed(stream), "nobody ends the program from there");
    lives(&service, &rig);
}

#[test]
fn another_version_is_told_so_and_only_looks() {
    let rig = Rig::new();
    let service = rig.service();
    let mut stream = connect(&rig);
    let mut hello = receive(&mut stream);
    hello["version"] = json!("0.0.1");
    send(&mut stream, &hello);
    assert!(is_closed(stream), "an older window gets no picture");

    // The other way round: a program of another version serves.
    let place = tempfile::tempdir().expect("a folder");
    let other = place.path().join("other.sock");
    let listener = std::os::unix::net::UnixListener::bind(&other).expect("a socket");
    let lease = rig.state_dir().join("lease.json");
    let mut said: Value = serde_json::from_slice(&std::fs::read(&lease).expect("it is held")).expect("it parses");
    said["socket"] = json!(other);
    let mut file = std::fs::File::create(&lease).expect("it is replaced");
    write!(file, "{said}").expect("it is written");
    let thread = std::thread::Builder::new().name("other".to_owned()).spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        send(&mut stream, &hello);
        is_closed(stream)
    });
    let window = rig.looking_on();
    assert!(thread.expect("a thread").join().expect("it has ended"), "the window goes away");
    let now = window.wait("a clear word", |now| {
        now.problems.iter().any(|problem| matches!(problem.what, ProblemKind::OtherVersionServes { .. }))
    });
    assert_eq!(now.background, None);
    drop(service);
    window.wait("its own turn", |now| now.folder.as_ref().is_some_and(|folder| folder.held_by.is_none()));
}

#[test]
fn a_door_and_a_word_that_somebody_took_away_are_made_anew() {
    let rig = Rig::new();
    let service = rig.service();
    for taken in ["service.sock", "lease.json"] {
        std::fs::remove_file(rig.state_dir().join(taken)).expect("it was there");
        assert!(matches!(service.ask(Command::KeepDoor), Event::Done { .. }));
        let window = rig.watching();
        window.set_tier(&["Newsletter digest"], Tier::T2);
        window.engine.shutdown();
    }
    assert!(service.now().problems.is_empty(), "{:?}", service.now().problems);
}

#[test]
fn a_guest_that_dies_while_it_acts_gives_back_at_once() {
    let rig = Rig::new();
    let service = rig.service();
    let mut guest = connect(&rig);
    let hello = receive(&mut guest);
    send(&mut guest, &hello);
    assert!(receive(&mut guest).get("Picture").is_some());
    send(&mut guest, &json!({ "ticket": 5, "command": { "ActHere": { "here": true } } }));
    while receive(&mut guest)["Event"]["Done"]["ticket"] != 5 {}
    assert_eq!(service.now().folder, None, "it stands aside");
    drop(guest);
    let acts = |now: &model_orchestrator::engine::Snapshot| {
        let holds = now.folder.as_ref().is_some_and(|folder| folder.held_by.is_none());
        holds && now.connection.info().is_some() && now.crons_as_of.is_some()
    };
    service.wait("its turn", acts);
    lives(&service, &rig);
}

#[test]
fn who_does_not_read_keeps_nobody_waiting() {
    let rig = Rig::new();
    let service = rig.service();
    let mut idle = connect(&rig);
    let hello = receive(&mut idle);
    send(&mut idle, &hello);
    // Far more than a socket holds, if each picture were sent.
    let routes: Vec<_> = service.now().crons.keys().cloned().collect();
    for n in 0..200 {
        let note = Some(format!("{n}").repeat(400));
        let edit = model_orchestrator::engine::Edit::SetNote { cron: routes[n % routes.len()].clone(), note };
        assert!(matches!(service.ask(Command::Edit(edit)), Event::Done { .. } | Event::Refused { .. }));
    }
    let mut pictures = 0;
    let newest = service.now();
    loop {
        let message = receive(&mut idle);
        pictures += usize::from(message.get("Picture").is_some());
        let at = message["Picture"]["at"].as_str().map(|at| at.parse::<jiff::Timestamp>().expect("a moment"));
        if at.is_some_and(|at| at >= newest.at) {
            break;
        }
    }
    assert!(pictures < 150, "it was sent {pictures} pictures although it read none");
    lives(&service, &rig);
}
