//! The program as a process of its own, and the plug that is pulled at a chosen moment of its work.
//!
//! A moment is what can be seen from outside: the n-th write that the gateway carried out, and then so
//! many changes of the state folder, each of which is one operation of its store.

use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::support::Rig;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the store writes while it applies; of the journal the part that grows with every commit.
const FILES: [&str; 4] = ["history.db-wal", "switches.log", "ledger.json", "cron-tiers.json"];

/// When the plug is pulled.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// So many writes were carried out since the program started.
    pub writes: u64,
    /// And then the state folder changed so often, or the next write came.
    pub changes: usize,
}

/// Runs the program on the rig's gateway and folder and kills it at that moment, unless it has ended before.
pub fn run_until(moment: Moment, rig: &Rig, arguments: &[&str]) {
    let before = rig.calls("cron.update");
    let mut child = start(rig, arguments);
    let written = || rig.calls("cron.update") - before;
    let mut last = footprints(&rig.state_dir());
    let mut changes = 0;
    wait_for(&mut child, || {
        if written() < moment.writes {
            last = footprints(&rig.state_dir());
            return false;
        }
        let now = footprints(&rig.state_dir());
        changes += now.iter().zip(&last).filter(|(now, last)| now != last).count();
        last = now;
        changes >= moment.changes || written() > moment.writes
    });
    child.kill().ok(); // It may have ended by itself.
    child.wait().expect("it has ended");
}

fn start(rig: &Rig, arguments: &[&str]) -> Child {
    let token = rig.root().join("token");
    let mut file = std::fs::File::create(&token).expect("a token file");
    std::io::Write::write_all(&mut file, rig.demo.token().reveal().as_bytes()).expect("writes");
    Process::new(env!("CARGO_BIN_EXE_model-orchestrator"))
        .args(arguments)
        .args(["--json", "--url", rig.demo.url()])
        .arg("--token-file")
        .arg(&token)
        .arg("--state-dir")
        .arg(rig.state_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Looks often: between two operations of a store there may be less than a millisecond.
fn wait_for(child: &mut Child, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !reached() && child.try_wait().expect("it can be asked").is_none() {
        assert!(Instant::now() < deadline, "waited in vain for the moment to pull the plug");
        std::thread::sleep(Duration::from_micros(50));
    }
}

fn footprints(folder: &Path) -> [Option<(u64, SystemTime)>; FILES.len()] {
    FILES.map(|name| {
        let file = std::fs::metadata(folder.join(name)).ok()?;
        Some((file.len(), file.modified().ok()?))
    })
}
