//! The world a demo starts with: fifty crons, their past, and a state folder that knows most of them.

mod crons;
mod folder;
mod history;
mod month;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use self::crons::{CRONS, Does, Mark, Seed, When};
use super::DemoOutage;
use super::world::{Job, World, uuid};
use crate::domain::CronId;
pub use folder::seed_state;
pub use month::Month;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The id of the cron with this slug (its name in lower case, words joined by `-`): the same in
/// every demo, so that a state folder outlives it.
#[must_use]
pub fn cron_id(slug: &str) -> CronId {
    let digest = Sha256::digest(format!("model-orchestrator demo {slug}"));
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest[..16]);
    CronId::from(uuid(u128::from_be_bytes(bits)))
}

/// Fills a fresh world: MiniMax ran out of credits forty minutes ago.
pub(super) fn fill(world: &mut World, now_ms: i64) {
    world.set_outage("minimax", DemoOutage::OutOfCredits);
    for seed in CRONS {
        let mut job = job(seed, now_ms);
        job.reschedule(now_ms);
        history::write(world, &mut job, seed, now_ms);
        world.insert(job);
    }
    world.settle_past(now_ms);
    for seed in CRONS.iter().filter(|seed| seed.has(Mark::Running)) {
        world.begin_long_run(seed.id().as_str(), now_ms - 6 * MINUTE, now_ms + 18 * MINUTE);
    }
}

fn job(seed: &Seed, now_ms: i64) -> Job {
    let created_ms = now_ms - 45 * DAY - seed.slug.len() as i64 * HOUR;
    let mut job =
        Job { def: definition(seed, now_ms), state: Map::new(), created_ms, updated_ms: created_ms, run: None };
    if seed.has(Mark::Off) {
        job.state.insert("scheduleActivatedAtMs".into(), (now_ms - 6 * DAY).into());
    }
    job
}

impl Seed {
    fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    fn find<T>(&self, pick: impl FnMut(&Mark) -> Option<T>) -> Option<T> {
        self.marks.iter().find_map(pick)
    }

    fn id(&self) -> CronId {
        cron_id(self.slug)
    }
}

fn definition(seed: &Seed, now_ms: i64) -> Map<String, Value> {
    let mut def = Map::new();
    let mut set = |key: &str, value: Value| {
        def.insert(key.to_owned(), value);
    };
    let own_key = seed.find(|mark| if let Mark::Own(key) = mark { Some(*key) } else { None });
    set("id", seed.id().as_str().into());
    if let Some(key) = own_key {
        set("declarationKey", key.into());
        set("agentId", "main".into());
    }
    set("name", seed.name.into());
    let off = seed.has(Mark::Off) || seed.has(Mark::AutoOff) || matches!(seed.does, Does::Heartbeat);
    set("enabled", (!off).into());
    if matches!(seed.when, When::At(_)) {
        set("deleteAfterRun", seed.has(Mark::DeleteAfterRun).into());
    }
    if seed.has(Mark::AgentMade) {
        set("sessionKey", "agent:main:telegram:direct:48151623".into());
        set("owner", json!({ "agentId": "main", "sessionKey": "agent:main:telegram:direct:48151623" }));
    }
    set("schedule", schedule(seed, now_ms));
    let in_main = matches!(seed.does, Does::Event(_) | Does::Heartbeat);
    set("sessionTarget", if in_main { "main" } else { "isolated" }.into());
    set("wakeMode", if matches!(seed.does, Does::Event(_)) { "now" } else { "next-heartbeat" }.into());
    set("payload", payload(seed));
    if !in_main {
        set("delivery", json!({ "mode": "none" }));
    }
    if matches!(seed.does, Does::Turn(..) | Does::Script(_)) {
        let mode = if seed.has(Mark::AgentMade) { "requester" } else { "trusted" };
        set("scheduledToolPolicy", json!({ "version": 1, "mode": mode }));
    }
    def
}

fn schedule(seed: &Seed, now_ms: i64) -> Value {
    match seed.when {
        // Exactly then: a real gateway staggers what fires on the hour unless it is told not to.
        When::Cron(expr, zone) if expr.starts_with("0 *") => {
            json!({ "kind": "cron", "expr": expr, "tz": zone, "staggerMs": 0 })
        }
        When::Cron(expr, zone) => json!({ "kind": "cron", "expr": expr, "tz": zone }),
        When::Every(minutes, into) => {
            let anchor_ms = now_ms / MINUTE * MINUTE - into * MINUTE - 40 * minutes * MINUTE;
            json!({ "kind": "every", "everyMs": minutes * MINUTE, "anchorMs": anchor_ms })
        }
        When::At(hours) => {
            let at = jiff::Timestamp::from_millisecond(now_ms / HOUR * HOUR + hours * HOUR).unwrap_or_default();
            json!({ "kind": "at", "at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string() })
        }
        When::OnExit(process) => json!({ "kind": "on-exit", "process": process }),
        When::Stream(source) => json!({ "kind": "stream", "source": source }),
    }
}

fn payload(seed: &Seed) -> Value {
    let timeout = seed.find(|mark| if let Mark::TimeoutSecs(seconds) = mark { Some(*seconds) } else { None });
    let mut payload = match seed.does {
        Does::Turn(model, message) => {
            let mut turn = json!({ "kind": "agentTurn", "message": message });
            if !model.is_empty() {
                turn["model"] = model.into();
            }
            if let Some(list) = seed.find(|mark| if let Mark::Fallbacks(list) = mark { Some(*list) } else { None }) {
                turn["fallbacks"] = json!(list);
            }
            turn["toolsAllow"] = json!(["*"]);
            turn
        }
        Does::Command(argv) => json!({ "kind": "command", "argv": argv }),
        Does::Script(script) => json!({ "kind": "script", "script": script, "toolBudget": 50, "toolsAllow": ["*"] }),
        Does::Event(text) => json!({ "kind": "systemEvent", "text": text }),
        Does::Heartbeat => json!({ "kind": "heartbeat" }),
    };
    if let Some(seconds) = timeout {
        payload["timeoutSeconds"] = seconds.into();
    }
    payload
}
