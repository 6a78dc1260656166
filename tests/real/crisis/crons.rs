//! The crons of these tests: which provider each is on, and what a crisis does to it when two providers fail.
//!
//! Simple crons are on alpha and complex ones on beta, which fail; medium ones are on gamma, which serves.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model_orchestrator::domain::{CronId, Tier};
use serde_json::{Value, json};

use crate::engine::id;
use crate::gateway::Gateway;
use crate::program::Program;

const ALPHA: &str = "alpha/a-large";
const BETA: &str = "beta/b-opus";
const GAMMA: &str = "gamma/g-flash";

/// The gateway takes as many new jobs from a connection within a minute.
const ADDED: usize = 30;

/// Some crons that differ in their number alone.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub count: usize,
    tier: Option<Tier>,
    /// As it is stored; `None`: the agent's default, which is alpha's.
    model: Option<&'static str>,
    due: Due,
    marked: Marked,
    pub fate: Fate,
}

/// What a crisis makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Moves,
    Pauses,
    Stays,
}

#[derive(Clone, Copy)]
enum Due {
    EachMinute,
    Hourly,
    /// In two hours, and daily.
    Daily,
    /// Long after the outage is expected to end.
    Late,
    /// In an hour, once.
    Once,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marked {
    Nothing,
    Critical,
    Pinned,
    CriticalAndPinned,
}

const fn kind(name: &'static str, count: usize, tier: Tier, model: &'static str, due: Due, fate: Fate) -> Kind {
    Kind { name, count, tier: Some(tier), model: Some(model), due, marked: Marked::Nothing, fate }
}

const fn marked(marked: Marked, kind: Kind) -> Kind {
    Kind { marked, ..kind }
}

use Due::{Daily, EachMinute, Hourly, Late, Once};
use Fate::{Moves, Pauses, Stays};
use Marked::{Critical, CriticalAndPinned, Pinned};
use Tier::{T1, T2, T3};

/// Sixty, of every sort: 24 move, 29 pause, 7 stay. Those that are put there first fire first.
pub const SIXTY: &[Kind] = &[
    kind("complex", 11, T3, BETA, Hourly, Pauses),
    marked(Critical, kind("complex and critical", 3, T3, BETA, Hourly, Moves)),
    marked(CriticalAndPinned, kind("complex, critical and pinned", 1, T3, BETA, Hourly, Stays)),
    kind("complex, once", 1, T3, BETA, Once, Moves),
    kind("complex, late", 2, T3, BETA, Late, Stays),
    kind("medium", 5, T2, GAMMA, Hourly, Pauses),
    kind("medium, daily", 7, T2, GAMMA, Daily, Pauses),
    kind("medium, each minute", 2, T2, GAMMA, EachMinute, Pauses),
    kind("medium and running", 2, T2, GAMMA, Hourly, Pauses),
    marked(Pinned, kind("medium and pinned", 1, T2, GAMMA, Hourly, Pauses)),
    marked(Critical, kind("medium and critical", 1, T2, GAMMA, Hourly, Stays)),
    kind("simple", 17, T1, ALPHA, Hourly, Moves),
    kind("simple by its alias", 1, T1, "big", Hourly, Moves),
    Kind { model: None, ..kind("simple by default", 1, T1, ALPHA, Hourly, Moves) },
    marked(Critical, kind("simple and critical", 1, T1, ALPHA, Hourly, Moves)),
    marked(Pinned, kind("simple and pinned", 1, T1, ALPHA, Hourly, Pauses)),
    Kind { tier: None, ..kind("unsorted", 3, T1, ALPHA, Hourly, Stays) },
];

/// As many as one connection may write within the gateway's limit.
pub const SOME: &[Kind] = &[
    kind("simple", 7, T1, ALPHA, Hourly, Moves),
    kind("simple by its alias", 1, T1, "big", Hourly, Moves),
    Kind { model: None, ..kind("simple by default", 1, T1, ALPHA, Hourly, Moves) },
    kind("medium", 7, T2, GAMMA, Hourly, Pauses),
    kind("complex", 6, T3, BETA, Hourly, Pauses),
    marked(Critical, kind("complex and critical", 2, T3, BETA, Hourly, Moves)),
];

/// A handful, of which one provider's failure touches three.
pub const FEW: &[Kind] = &[
    kind("complex", 2, T3, BETA, Hourly, Pauses),
    marked(Critical, kind("complex and critical", 1, T3, BETA, Hourly, Moves)),
    marked(Critical, kind("medium and critical", 1, T2, GAMMA, Hourly, Stays)),
    marked(Critical, kind("simple and critical", 1, T1, ALPHA, Hourly, Stays)),
];

impl Kind {
    pub fn names(&self) -> impl Iterator<Item = String> {
        let (name, count) = (self.name, self.count);
        (1..=count).map(move |n| if count == 1 { name.to_owned() } else { format!("{name} {n:02}") })
    }

    fn schedule(&self, now: Timestamp) -> Value {
        let in_hours = |hours: i64| (now + SignedDuration::from_hours(hours)).to_zoned(TimeZone::UTC);
        match self.due {
            EachMinute => json!({ "schedule": { "expr": "* * * * *", "tz": "UTC" } }),
            Hourly => json!({ "schedule": { "kind": "every", "everyMs": 3_600_000, "expr": null, "tz": null } }),
            Daily => {
                let at = in_hours(2);
                json!({ "schedule": { "expr": format!("{} {} * * *", at.minute(), at.hour()), "tz": "UTC" } })
            }
            Late => {
                let at = in_hours(100 * 24);
                json!({ "schedule": { "expr": format!("0 7 {} {} *", at.day(), at.month()), "tz": "UTC" } })
            }
            Once => {
                let at = in_hours(1).timestamp().to_string();
                json!({ "schedule": { "kind": "at", "at": at, "expr": null, "tz": null }, "deleteAfterRun": true })
            }
        }
    }

    /// Its entry in `cron-tiers.json`, if it is sorted.
    fn entry(&self, name: &str) -> Option<Value> {
        let critical = matches!(self.marked, Critical | CriticalAndPinned);
        let mut entry = json!({ "name": name, "tier": self.tier?.number(), "critical": critical });
        if matches!(self.marked, Pinned | CriticalAndPinned) {
            entry["pinned"] = true.into();
        }
        Some(entry)
    }
}

/// What is on the gateway, and as what it was put there.
pub struct Crons {
    kinds: &'static [Kind],
    ids: BTreeMap<String, String>,
    /// Each job as the gateway had it before anything happened, by id.
    pub before: BTreeMap<String, Value>,
}

impl Crons {
    pub fn put_on(gateway: &Gateway, kinds: &'static [Kind]) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the gateway lives in real time")]
        let now = Timestamp::now();
        let named: Vec<_> = kinds.iter().flat_map(|kind| kind.names().map(move |name| (name, kind))).collect();
        let mut ids = BTreeMap::new();
        for some in named.chunks(ADDED) {
            let another = Gateway::connect();
            for (name, kind) in some {
                ids.insert(name.clone(), another.add(name, kind.model, kind.schedule(now)));
            }
        }
        let before = by_id(gateway);
        Self { kinds, ids, before }
    }

    /// One run on each provider, which shows that it serves: the runs of removed crons are remembered, too.
    pub fn show_that_all_serve(&self, gateway: &Gateway) {
        for model in [ALPHA, BETA, GAMMA] {
            let Some(kind) = self.kinds.iter().find(|kind| kind.model == Some(model)) else { continue };
            gateway.wait_cooled_down(model.split('/').next().expect("a provider"));
            self.run(gateway, &kind.names().next().expect("one"), "ok");
        }
    }

    /// Lets one run, to this end.
    pub fn run(&self, gateway: &Gateway, name: &str, status: &str) {
        let cron = self.id(name);
        let before = gateway.job(cron)["state"]["lastRunAtMs"].clone();
        gateway.run(cron);
        let over = |job: &Value| job["state"]["lastRunAtMs"] != before && job["state"]["runningAtMs"].is_null();
        let job = gateway.wait(cron, "a run", over);
        assert_eq!(job["state"]["lastRunStatus"], status, "{job}");
    }

    /// Sorts them and names the routes; `more` is what the settings say beside that.
    pub fn describe_to(&self, program: &Program, more: &Value) {
        let entries: serde_json::Map<_, _> = self
            .kinds
            .iter()
            .flat_map(|kind| kind.names().map(move |name| (kind.entry(&name), name)))
            .filter_map(|(entry, name)| Some((self.ids[&name].clone(), entry?)))
            .collect();
        program.put("cron-tiers.json", &json!({ "crons": entries }));
        let route = |vendor: &str, model: &str| {
            let price = json!({ "input": 0.1, "output": 0.4 });
            json!({ "label": model, "vendor": vendor, "model": model, "price_usd": price })
        };
        let chain = |routes: [&str; 2]| json!({ "order": "listed", "routes": routes });
        let mut settings = json!({
            "routes": {
                "minimax": null, "gemini_flash": null, "kimi": null, "opus": null, "sonnet": null,
                "a": route("alpha", ALPHA), "b": route("beta", BETA), "c": route("gamma", GAMMA),
            },
            "chains": { "T1": chain(["a", "c"]), "T2": chain(["c", "a"]), "T3": chain(["b", "c"]) },
        });
        settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        program.put("settings.json", &settings);
    }

    pub fn id(&self, name: &str) -> &str {
        &self.ids[name]
    }

    pub fn meant_to(&self, fate: Fate) -> BTreeSet<CronId> {
        let kinds = self.kinds.iter().filter(|kind| kind.fate == fate);
        kinds.flat_map(Kind::names).map(|name| id(self.id(&name))).collect()
    }

    pub fn named<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let kinds = self.kinds.iter().filter(move |known| known.name == kind);
        kinds.flat_map(Kind::names).map(|name| self.id(&name))
    }

    /// Those whose definition is not the one from before.
    pub fn touched(&self, gateway: &Gateway) -> BTreeSet<CronId> {
        let now = by_id(gateway);
        let differs = |(id, job): &(&String, &Value)| now[*id]["configRevision"] != job["configRevision"];
        self.before.iter().filter(differs).map(|(cron, _)| id(cron)).collect()
    }
}

/// Every job of the gateway that is not its own, by id.
pub fn by_id(gateway: &Gateway) -> BTreeMap<String, Value> {
    let jobs = gateway.jobs().into_values().filter(|job| job["declarationKey"].is_null());
    jobs.map(|job| (job["id"].as_str().expect("an id").to_owned(), job)).collect()
}

/// What its user wrote, letter by letter: the job without what the gateway notes as it runs.
pub fn definition(job: &Value) -> String {
    let of_runs = |key: &str| key.strip_prefix("last").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    let noted = |key: &str| ["state", "nextRunAtMs", "updatedAtMs", "configRevision"].contains(&key) || of_runs(key);
    let mut job = job.clone();
    job.as_object_mut().expect("an object").retain(|key, _| !noted(key));
    job.to_string()
}
