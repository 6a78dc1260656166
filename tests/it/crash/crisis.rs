//! The plug is pulled again and again in the middle of a crisis and of the way back.
//!
//! After each life the gateway and `ledger.json` alone must agree, because nothing else may be needed: a cron
//! that is not as it was is owed, with what it was. After each way back everything is as before.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use model_orchestrator::domain::{Cron, CronId, DemoOutage};
use model_orchestrator::gateway::{self, Endpoint};
use serde_json::{Value, json};

use super::plug::{self, Moment};
use super::{AT_A_TIME, OPERATIONS, rig};
use crate::support::Rig;

/// So often is the program killed, by all threads together.
const KILLS: usize = 200;
/// In each crisis, and in each way back; then one life is let live.
const KILLS_EACH: usize = 5;
/// A moment is one after so many writes of a life.
const WRITES: u64 = 12;

/// One gateway through many crises.
struct Lives {
    rig: Rig,
    config: PathBuf,
    chance: u64,
    n_kills: usize,
}

impl Lives {
    fn new(seed: u64) -> Self {
        let rig = rig();
        let config = rig.root().join("openclaw.json");
        write(&config, &rig.demo.config().to_string());
        let settings = json!({ "thresholds": { "settle_minutes": 0 } });
        write(&rig.state_dir().join("settings.json"), &settings.to_string());
        rig.demo.set_outage("minimax", DemoOutage::Serving);
        // The gateway waits with MiniMax for a while, whether that has credits again or not.
        rig.demo.advance(jiff::SignedDuration::from_mins(11));
        Self { rig, config, chance: seed, n_kills: 0 }
    }

    /// Reproducible, and good enough for moments.
    fn random(&mut self, below: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % below
    }

    fn one_crisis(&mut self, seed: u64) {
        self.look();
        let before = crons(&self.rig);
        let (writes, lines) = (self.rig.calls("cron.update"), self.rig.log().len());
        for provider in ["kimi", "google"] {
            // Nobody tells until when: no cron is left alone because it runs after that.
            self.rig.demo.set_outage(provider, DemoOutage::RefusedKey);
        }
        self.look();
        self.lives(&["crisis", "--yes"], &before, seed);
        let touched = self.changed(&before);
        assert!(touched >= 10, "seed {seed}: the crisis changed only {touched} crons");
        for provider in ["kimi", "google"] {
            self.rig.demo.set_outage(provider, DemoOutage::Serving);
        }
        self.look();
        self.look();
        self.lives(&["recover", "--yes", "--now"], &before, seed);

        for (id, now) in &crons(&self.rig) {
            assert_eq!(now.definition, before[id].definition, "seed {seed}: {} is not as it was", now.name);
            assert_eq!(now.revision, before[id].revision, "seed {seed}: {} has another revision", now.name);
        }
        let ledger = self.ledger();
        assert!(ledger["entries"].as_object().is_none_or(serde_json::Map::is_empty), "seed {seed}: {ledger}");
        assert!(ledger["crisis"]["mode"].is_null(), "seed {seed}: {ledger}");
        let writes = self.rig.calls("cron.update") - writes;
        let logged = self.rig.log().len() - lines;
        assert_eq!(logged as u64, writes, "seed {seed}: each write is logged once, and none is made twice");
    }

    /// Several lives that end too early, and one that does not.
    fn lives(&mut self, arguments: &[&str], before: &BTreeMap<CronId, Cron>, seed: u64) {
        for _ in 0..KILLS_EACH {
            let moment = Moment { writes: self.random(WRITES), changes: self.random(OPERATIONS) as usize };
            plug::run_until(moment, &self.rig, arguments);
            self.n_kills += 1;
            self.is_owed(before, seed, moment);
        }
        let said = self.run(arguments);
        self.is_owed(before, seed, Moment { writes: u64::MAX, changes: 0 });
        assert!(said.contains("\"lines\""), "seed {seed}: {said}");
    }

    /// Whatever is not as it was is in the ledger, with what it was.
    fn is_owed(&self, before: &BTreeMap<CronId, Cron>, seed: u64, moment: Moment) {
        let ledger = self.ledger();
        for (id, now) in &crons(&self.rig) {
            let was = before[id].fields();
            if now.fields() == was {
                continue;
            }
            let entry = &ledger["entries"][id.as_str()];
            let kept: Value = json!({ "model": was.model, "fallbacks": was.fallbacks, "enabled": was.enabled });
            assert_eq!(entry["before"], kept, "seed {seed}, {moment:?}: {} is forgotten: {entry}", now.name);
        }
    }

    fn changed(&self, before: &BTreeMap<CronId, Cron>) -> usize {
        crons(&self.rig).values().filter(|now| now.fields() != before[&now.id].fields()).count()
    }

    fn ledger(&self) -> Value {
        let text =
            std::fs::read_to_string(self.rig.state_dir().join("ledger.json")).unwrap_or_else(|_| "{}".to_owned());
        serde_json::from_str(&text).expect("whole, whenever the plug was pulled")
    }

    /// The providers are asked, with their keys.
    fn look(&self) {
        self.run(&["check"]);
    }

    fn run(&self, arguments: &[&str]) -> String {
        let token = self.rig.root().join("token");
        write(&token, self.rig.demo.token().reveal());
        let mut program = Process::new(env!("CARGO_BIN_EXE_model-orchestrator"));
        program.args(arguments).args(["--json", "--url", self.rig.demo.url()]).arg("--token-file").arg(&token);
        program.arg("--state-dir").arg(self.rig.state_dir()).env("OPENCLAW_CONFIG_PATH", &self.config);
        let output = program.stdin(Stdio::null()).output().expect("the program runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn write(path: &Path, text: &str) {
    std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).expect("a file");
}

/// What the gateway has.
fn crons(rig: &Rig) -> BTreeMap<CronId, Cron> {
    let endpoint = Endpoint {
        url: rig.demo.url().to_owned(),
        token: Some(rig.demo.token().clone()),
        device: None,
        tls_fingerprint: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let crons = runtime.block_on(async {
        let connected = gateway::connect(&endpoint).await.expect("connects");
        connected.client.crons().await.expect("crons").crons
    });
    crons.into_iter().filter(Cron::routable).map(|cron| (cron.id.clone(), cron)).collect()
}

#[test]
fn killed_in_crisis_and_recovery_nothing_is_lost_doubled_or_forgotten() {
    let n_kills: usize = std::thread::scope(|scope| {
        let thread = |first: usize| {
            scope.spawn(move || {
                let mut lives = Lives::new(first as u64 + 1);
                let mut seed = first as u64;
                while lives.n_kills < KILLS / AT_A_TIME {
                    lives.one_crisis(seed);
                    seed += AT_A_TIME as u64;
                }
                lives.n_kills
            })
        };
        let threads: Vec<_> = (0..AT_A_TIME).map(thread).collect();
        threads.into_iter().map(|thread| thread.join().expect("its lives went well")).sum()
    });
    assert!(n_kills >= KILLS);
}
