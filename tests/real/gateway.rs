//! The gateway as somebody else sees it: a raw client that makes crons, edits them behind the
//! program's back and looks at what really happened; and the mock providers behind it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use model_orchestrator::domain::{Cron, CronId, OWNER_KEY, Secret};
use model_orchestrator::gateway::{Client, Endpoint, News, connect};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// How long a test waits for what must happen on a shared, slow machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The gateway takes as many writes of one method from a connection within a minute.
const WRITES: usize = 30;

pub struct Gateway {
    runtime: Runtime,
    client: Client,
    pub url: String,
    pub token: String,
    mock: String,
}

/// What identifies a state of a job: a write of any kind changes one or the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub updated_at: i64,
    pub revision: String,
}

impl Gateway {
    /// The gateway of this run, with nobody's crons on it and every mock provider serving.
    pub fn empty() -> Self {
        let gateway = Self::connect();
        gateway.control("DELETE", "/control", &Value::Null);
        let jobs = gateway.all_jobs();
        let ours: Vec<_> = jobs.values().filter(|job| !owned(job)).collect();
        for some in ours.chunks(WRITES) {
            let another = Self::connect();
            for job in some {
                another.call("cron.remove", &json!({ "id": job["id"] }));
            }
        }
        gateway
    }

    /// Each connection has a write limit of its own.
    pub fn connect() -> Self {
        let variable =
            |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/gateway/run.sh"));
        let (url, token, mock) = (variable("MO_GATEWAY_URL"), variable("MO_GATEWAY_TOKEN"), variable("MO_MOCK_URL"));
        let endpoint = Endpoint::new(url.clone(), Some(Secret::new(token.clone())));
        let client = keep_connected(endpoint, |_| {});
        Self { runtime: runtime(), client, url, token, mock }
    }

    pub fn call(&self, method: &str, params: &Value) -> Value {
        let answer = self.runtime.block_on(self.client.call(method, params.clone()));
        answer.unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// Adds an agent turn that never comes due by itself; `with` overrides any field.
    pub fn add(&self, name: &str, model: Option<&str>, with: Value) -> String {
        let mut payload = json!({ "kind": "agentTurn", "message": "Say hello.", "timeoutSeconds": 120 });
        if let Some(model) = model {
            payload["model"] = json!(model);
        }
        let mut job = json!({
            "name": name, "enabled": true, "sessionTarget": "isolated", "wakeMode": "next-heartbeat",
            "schedule": { "kind": "cron", "expr": "0 7 1 1 *", "tz": "Europe/Brussels" },
            "payload": payload, "delivery": { "mode": "none" },
        });
        merge(&mut job, with);
        let added = self.call("cron.add", &job);
        let job = added.get("job").unwrap_or(&added);
        job["id"].as_str().expect("a job has an id").to_owned()
    }

    pub fn edit(&self, id: &str, patch: &Value) {
        self.call("cron.update", &json!({ "id": id, "patch": patch }));
    }

    pub fn job(&self, id: &str) -> Value {
        self.call("cron.get", &json!({ "id": id }))
    }

    /// The same as this program reads it.
    pub fn cron(&self, id: &str) -> Cron {
        self.runtime.block_on(self.client.cron(&CronId::new(id))).expect("it is readable")
    }

    /// Every job by name, but for the mark that says who acts here.
    pub fn jobs(&self) -> BTreeMap<String, Value> {
        let mut jobs = self.all_jobs();
        jobs.retain(|_, job| job["declarationKey"] != OWNER_KEY);
        jobs
    }

    /// The mark that says who acts here.
    pub fn owner_mark(&self) -> Option<Value> {
        self.all_jobs().into_values().find(|job| job["declarationKey"] == OWNER_KEY)
    }

    fn all_jobs(&self) -> BTreeMap<String, Value> {
        let page = self.call("cron.list", &json!({ "includeDisabled": true, "limit": 200 }));
        assert_eq!(page["hasMore"], false, "the tests keep to one page");
        let jobs = page["jobs"].as_array().expect("a list of jobs");
        jobs.iter().map(|job| (job["name"].as_str().unwrap_or_default().to_owned(), job.clone())).collect()
    }

    /// A mark for every job by name.
    pub fn marks(&self) -> BTreeMap<String, Mark> {
        self.jobs().into_iter().map(|(name, job)| (name, mark(&job))).collect()
    }

    /// Queues a run now.
    pub fn run(&self, id: &str) {
        let queued = self.call("cron.run", &json!({ "id": id, "mode": "force" }));
        assert_eq!(queued["enqueued"], true, "{queued}");
    }

    /// Waits until the job is as described.
    pub fn wait(&self, id: &str, what: &str, as_described: impl Fn(&Value) -> bool) -> Value {
        self.until(what, || {
            let job = self.job(id);
            if as_described(&job) { Ok(job) } else { Err(job) }
        })
    }

    /// Waits until the gateway lets runs go to a provider that refused a key a moment ago.
    pub fn wait_cooled_down(&self, provider: &str) {
        self.until(&format!("the end of a cooldown of {provider}"), || {
            // Refused for a moment after a cooldown has begun.
            let asked = self.runtime.block_on(self.client.call("models.list", json!({ "provider": provider })));
            let models = asked.ok().and_then(|list| list["models"].as_array().cloned()).unwrap_or_default();
            let over = !models.is_empty() && models.iter().all(|model| model["available"] == true);
            if over { Ok(()) } else { Err(models) }
        });
    }

    /// Waits until a mock provider has seen that many model calls.
    pub fn wait_asked(&self, provider: &str, calls: u64) {
        self.until(&format!("{calls} questions to {provider}"), || {
            let seen = self.provider_calls(provider);
            if seen >= calls { Ok(()) } else { Err(seen) }
        });
    }

    /// Looks again and again until it is as wanted; says what it saw last when it never is.
    pub fn until<T, S: Debug>(&self, what: &str, look: impl Fn() -> Result<T, S>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = match look() {
                Ok(found) => return found,
                Err(seen) => seen,
            };
            assert!(Instant::now() < deadline, "waited in vain for {what}: {seen:?}");
            self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
        }
    }

    /// The finished runs of a job, newest first.
    pub fn runs(&self, id: &str) -> Vec<Value> {
        let runs = self.call("cron.runs", &json!({ "id": id, "limit": 20 }));
        let entries = runs.get("entries").or_else(|| runs.get("runs")).and_then(Value::as_array);
        entries.unwrap_or_else(|| panic!("no list in {runs}")).clone()
    }

    /// Says what a mock provider answers from now on.
    pub fn provider(&self, name: &str, answers: &Value) {
        self.control("PUT", &format!("/control/{name}"), answers);
    }

    /// Every key that a mock provider was shown.
    pub fn keys_shown_to(&self, name: &str) -> Vec<String> {
        let keys = self.control("GET", "/control", &Value::Null)["providers"][name]["keys"].clone();
        keys.as_array().into_iter().flatten().filter_map(|key| key.as_str().map(ToOwned::to_owned)).collect()
    }

    /// Where a mock provider is asked.
    pub fn provider_url(&self, name: &str) -> String {
        format!("{}/p/{name}", self.mock)
    }

    /// How many model calls a mock provider has seen.
    pub fn provider_calls(&self, name: &str) -> u64 {
        self.control("GET", "/control", &Value::Null)["providers"][name]["calls"].as_u64().unwrap_or(0)
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let host = self.mock.trim_start_matches("http://");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(host).expect("the mock providers listen");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("asks");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        serde_json::from_str(body).expect("JSON")
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Connects on a thread of its own, so that pings are answered while a test waits for something else.
fn keep_connected(endpoint: Endpoint, mut hear: impl FnMut(News) + Send + 'static) -> Client {
    let (sender, receiver) = sync_channel(1);
    let live = move || {
        runtime().block_on(async {
            let mut connected = connect(&endpoint).await.expect("the gateway lets us in");
            sender.send(connected.client).expect("the test waits");
            while let Some(news) = connected.news.recv().await {
                hear(news);
            }
        });
    };
    std::thread::Builder::new().name("raw client".to_owned()).spawn(live).expect("a thread");
    receiver.recv().expect("a connection")
}

/// Every change of somebody's job since we began to listen, by whomever it was made.
pub struct Changes {
    heard: Arc<(Mutex<Vec<String>>, Condvar)>,
    /// The connection ends with it.
    _client: Client,
}

impl Changes {
    pub fn heard_at(gateway: &Gateway) -> Self {
        let heard = Arc::<(Mutex<Vec<String>>, Condvar)>::default();
        let told = heard.clone();
        let endpoint = Endpoint::new(gateway.url.clone(), Some(Secret::new(gateway.token.clone())));
        let client = keep_connected(endpoint, move |news| {
            // What declares itself belongs to a program, not to a person.
            if let News::CronChanged(cron) = news
                && cron.declaration_key.is_none()
            {
                told.0.lock().expect("nobody panicked").push(cron.id.to_string());
                told.1.notify_all();
            }
        });
        Self { heard, _client: client }
    }

    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.heard.0.lock().expect("nobody panicked")
    }

    pub fn count(&self) -> usize {
        self.list().len()
    }

    /// How often each job was changed.
    pub fn by_job(&self) -> BTreeMap<String, usize> {
        let mut times = BTreeMap::new();
        for job in self.list().iter() {
            *times.entry(job.clone()).or_insert(0) += 1;
        }
        times
    }

    /// Waits for that many changes, for so long at most; whether they came.
    pub fn wait(&self, count: usize, patience: Duration) -> bool {
        let too_few = |heard: &mut Vec<String>| heard.len() < count;
        let waited = self.heard.1.wait_timeout_while(self.list(), patience, too_few);
        let (heard, _) = waited.expect("nobody panicked");
        heard.len() >= count
    }
}

/// Jobs that the gateway keeps for itself.
pub fn owned(job: &Value) -> bool {
    let key = job["declarationKey"].as_str().unwrap_or_default();
    ["heartbeat:", "skill-collection-review:"].iter().any(|own| key.starts_with(own))
}

pub fn mark(job: &Value) -> Mark {
    Mark {
        updated_at: job["updatedAtMs"].as_i64().expect("a time"),
        revision: job["configRevision"].as_str().expect("a revision").to_owned(),
    }
}

/// Lays `over` onto `under`, objects field by field; `null` removes.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                if value.is_null() {
                    under.shift_remove(&key);
                } else {
                    merge(under.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (_, Value::Null) => {}
        (under, over) => *under = over,
    }
}
