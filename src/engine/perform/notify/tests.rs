//! Notifications on a bus of their own: they arrive, and a desktop without any harms nobody.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use zbus::zvariant::OwnedValue;

use super::*;

/// Long enough for a slow machine; a test that passes does not wait it out.
const PATIENCE: Duration = Duration::from_secs(20);
/// Set in a process that a test has started to play the program.
const PART: &str = "NOTIFICATION_TEST_PART";

/// A bus without any service; `None` where the system has no program for it.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start() -> Option<Self> {
        let arguments = ["--session", "--nofork", "--nopidfile", "--print-address=1"];
        let daemon = Command::new("dbus-daemon").args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut daemon = daemon.ok()?;
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { daemon, address: address.trim().to_owned() })
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().ok();
        self.daemon.wait().ok();
    }
}

/// What a desktop offers.
struct Desktop {
    told: SyncSender<(String, String, String)>,
    answers: bool,
}

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Desktop {
    #[expect(clippy::too_many_arguments, reason = "as the desktops' specification has it")]
    async fn notify(
        &self,
        app_name: String,
        replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        timeout: i32,
    ) -> u32 {
        drop((replaces, icon, actions, hints, timeout));
        self.told.send((app_name, summary, body)).unwrap();
        if !self.answers {
            std::future::pending::<()>().await;
        }
        1
    }
}

fn desktop(bus: &Bus, answers: bool) -> (zbus::blocking::Connection, Receiver<(String, String, String)>) {
    let (told, hears) = sync_channel(64);
    let address: zbus::Address = bus.address.parse().unwrap();
    let connection = zbus::blocking::connection::Builder::address(address)
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", Desktop { told, answers })
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .build()
        .unwrap();
    (connection, hears)
}

/// Runs the test of that name again, in a process that plays the program on that bus.
fn play(test: &str, address: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("engine::perform::notify::tests::{test}"), "--nocapture"])
        .env(PART, "program")
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether this process is the one that was played.
fn plays() -> bool {
    std::env::var_os(PART).is_some()
}

fn an_outage() -> Said {
    let said = |text: &str| text.to_owned();
    Said { what: said("2 providers are\ndown"), remedy: Some(said("Kimi & <b>Gemini</b>\nCrisis mode helps")) }
}

#[test]
fn a_notice_reaches_the_desktop() {
    if plays() {
        show(&an_outage()).unwrap();
        return;
    }
    let Some(bus) = Bus::start() else { return };
    let (_desktop, hears) = desktop(&bus, true);
    let mut program = play("a_notice_reaches_the_desktop", &bus.address);
    let shown = hears.recv_timeout(PATIENCE).expect("a notification");
    let body = "Kimi &amp; &lt;b&gt;Gemini&lt;/b&gt;\nCrisis mode helps";
    let expected = ("Model Orchestrator", "2 providers are␊down", body);
    assert_eq!((&*shown.0, &*shown.1, &*shown.2), expected);
    assert!(program.wait().unwrap().success());
}

#[test]
fn a_title_is_one_line_however_a_cron_is_called() {
    assert_eq!(title("余额 failed"), "余额 failed");
    let long = title(&"余".repeat(500));
    assert_eq!((long.chars().count(), long.ends_with('…')), (MAX_TITLE + 1, true));
}

#[test]
fn a_desktop_without_notifications_is_no_trouble() {
    if plays() {
        show(&an_outage()).unwrap_err();
        return;
    }
    let alone = play("a_desktop_without_notifications_is_no_trouble", "unix:path=/nowhere/bus").wait();
    assert!(alone.unwrap().success(), "without a bus");
    let Some(bus) = Bus::start() else { return };
    let bare = play("a_desktop_without_notifications_is_no_trouble", &bus.address).wait();
    assert!(bare.unwrap().success(), "without a service on it");
}

#[test]
fn a_service_that_never_answers_keeps_nobody_waiting() {
    if plays() {
        for _ in 0..3 * MAX_UNDERWAY {
            notify(an_outage());
        }
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        assert_eq!(UNDERWAY.load(Ordering::Relaxed), MAX_UNDERWAY);
        return;
    }
    let Some(bus) = Bus::start() else { return };
    let (_desktop, hears) = desktop(&bus, false);
    let mut program = play("a_service_that_never_answers_keeps_nobody_waiting", &bus.address);
    for _ in 0..MAX_UNDERWAY {
        hears.recv_timeout(PATIENCE).expect("a call");
    }
    drop(program.stdin.take());
    assert!(program.wait().unwrap().success(), "it ends although nothing was answered");
    assert!(hears.try_recv().is_err(), "and no more threads wait than that");
}
