//! The demo's thread: listens, lets time pass, hands out events.
//!
//! The world is behind one lock that is never held across an `await`. The thread sleeps until the
//! next run is due, a request comes in, or the handle asks for something.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use super::connection;
use super::handshake::Door;
use super::options::{DemoClock, DemoOptions};
use super::providers::{self, Answer, Asked, Keys};
use super::seed::Month;
use super::wire::{Caller, Event, Fault, Request};
use super::world::World;
use super::{DemoOutage, world};
use crate::domain::{CronId, Secret};

/// How long connections get to say goodbye when the demo stops.
const GOODBYE: Duration = Duration::from_millis(300);

/// A running demo gateway; it stops when this is dropped.
#[derive(Debug)]
pub struct Demo {
    url: String,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Demo {
    /// Starts a gateway on a free port of 127.0.0.1 and its providers on another, with a fresh token and keys.
    ///
    /// # Errors
    /// When the ports, the thread or its runtime cannot be had.
    pub fn start(options: DemoOptions) -> io::Result<Self> {
        let (gateway, providers) = (listener()?, listener()?);
        let url = format!("ws://{}", gateway.local_addr()?);
        let shared = Arc::new(Shared::new(options, format!("http://{}", providers.local_addr()?))?);
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let for_thread = shared.clone();
        let thread = std::thread::Builder::new().name("demo-gateway".to_owned()).spawn(move || {
            runtime.block_on(run(gateway, providers, for_thread, stopped));
        })?;
        Ok(Self { url, shared, stop, thread: Some(thread) })
    }

    /// `ws://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.shared.token
    }

    /// The providers' part of OpenClaw's configuration: where they are asked, and with which keys.
    #[must_use]
    pub fn config(&self) -> Value {
        self.shared.keys.config(&self.shared.origin)
    }

    /// Where a provider is asked; `None` for one that the demo has not.
    #[must_use]
    pub fn base_url(&self, provider: &str) -> Option<String> {
        let known = world::PROVIDERS.iter().find(|known| known.id == provider)?;
        Some(known.base_url_at(Some(&self.shared.origin)))
    }

    /// The key that a provider takes.
    #[must_use]
    pub fn key(&self, provider: &str) -> Option<&Secret> {
        self.shared.keys.of(provider)
    }

    /// Lets a provider fail, or serve again. Two crons that run there are due in a moment, so that
    /// it is noticed; a cooldown that the gateway already keeps goes on.
    pub fn set_outage(&self, provider: &str, outage: DemoOutage) {
        let now = self.shared.now();
        {
            let mut world = self.shared.world();
            world.set_outage(provider, outage);
            world.hasten(provider, now);
        }
        self.shared.wake.notify_one();
    }

    /// The providers that fail now, and how.
    #[must_use]
    pub fn outages(&self) -> BTreeMap<&'static str, DemoOutage> {
        let world = self.shared.world();
        let outage = |id| (id, world.standing(id, self.shared.now()).outage);
        providers::provider_ids().map(outage).filter(|(_, outage)| *outage != DemoOutage::Serving).collect()
    }

    /// Changes a cron as another client would: every connection is told, no limit counts it.
    ///
    /// # Errors
    /// The gateway's refusal.
    pub fn edit_as_somebody_else(&self, cron: &CronId, patch: &Value) -> Result<Value, Fault> {
        let params = json!({ "id": cron.as_str(), "patch": patch });
        let request = Request::new("cron.update", params);
        let mut world = self.shared.world();
        let reply = world.apply_uncounted(&request, self.shared.now());
        self.shared.publish(reply.events);
        drop(world);
        self.shared.wake.notify_one();
        reply.answer
    }

    /// Announces a restart, closes every connection and comes back with a new boot id.
    pub fn restart(&self) {
        let mut hub = self.shared.hub();
        hub.boot_id = world::Random::of(self.shared.now().as_millisecond() as u64, &hub.boot_id).uuid();
        hub.starting_until = Some(Instant::now() + self.shared.options.restart_takes);
        drop(hub);
        let payload = json!({ "reason": "gateway restarting", "restartExpectedMs": 1_500 });
        self.shared.publish(vec![Event { name: "shutdown", payload }]);
        self.shared.tell_all(&Out::Restart);
    }

    /// Breaks every connection without a word.
    pub fn drop_connections(&self) {
        self.shared.tell_all(&Out::Drop);
    }

    /// While cut, present connections are broken and new ones are refused before the handshake.
    pub fn cut(&self, cut: bool) {
        self.shared.hub().cut = cut;
        if cut {
            self.drop_connections();
        }
    }

    /// How often each method was called, refused calls included.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.world().calls().clone()
    }

    /// A job as `cron.get` shows it.
    #[must_use]
    pub fn job(&self, cron: &CronId) -> Option<Value> {
        self.shared.world().job(cron.as_str())
    }

    /// Ends every run that is under way.
    pub fn finish_runs(&self) {
        let mut world = self.shared.world();
        let events = world.finish_runs(self.shared.now());
        self.shared.publish(events);
        drop(world);
        self.shared.wake.notify_one();
    }

    /// Moves a manual clock and lets happen what is due by then; nothing with a real clock.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(clock) = &self.shared.clock {
            let mut now = lock(clock);
            *now = now.saturating_add(by).unwrap_or(*now);
        }
        self.shared.let_time_pass();
    }

    /// The month before the demo began, as a program that was there remembers it; worked out when it is asked for,
    /// wherever that may take its time.
    pub fn month(&self) -> impl FnOnce() -> Month + Send + use<> {
        let (world, now) = (self.shared.world().clone(), self.shared.now());
        move || Month::before(&world, now)
    }

    /// The gateway's own time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A thread that is gone already needs no telling.
        self.stop.send(true).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// What a connection is to send.
#[derive(Clone, Debug)]
pub(super) enum Out {
    Response(Value),
    Event(Arc<Event>),
    /// Close as for a restart.
    Restart,
    /// Break off without a close.
    Drop,
}

/// What the thread, its connections and the handle share.
#[derive(Debug)]
pub(super) struct Shared {
    options: DemoOptions,
    token: Secret,
    /// Where the providers answer.
    origin: String,
    keys: Keys,
    /// `None`: the real time.
    clock: Option<Mutex<Timestamp>>,
    started: Timestamp,
    world: Mutex<World>,
    hub: Mutex<Hub>,
    wake: Notify,
    pub writes: tokio::sync::Mutex<()>,
    pub waiting: AtomicUsize,
}

/// The open connections and what they meet at the door.
#[derive(Debug)]
struct Hub {
    connections: BTreeMap<u64, mpsc::Sender<Out>>,
    next: u64,
    boot_id: String,
    devices: BTreeMap<String, Secret>,
    starting_until: Option<Instant>,
    cut: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves values that are whole: every change is made in one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fresh_token() -> io::Result<Secret> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|why| io::Error::other(why.to_string()))?;
    Ok(Secret::new(world::hex(&bytes)))
}

pub(super) fn random_id() -> String {
    let mut bytes = [0; 16];
    // Without chance the nonce is only guessable, which loopback can bear.
    getrandom::fill(&mut bytes).ok();
    world::uuid(u128::from_be_bytes(bytes))
}

#[expect(clippy::disallowed_methods, reason = "the demo is a gateway of its own and has a clock of its own")]
fn real_now() -> Timestamp {
    Timestamp::now()
}

impl Shared {
    fn new(options: DemoOptions, origin: String) -> io::Result<Self> {
        let (started, clock) = match options.clock {
            DemoClock::Real => (real_now(), None),
            DemoClock::Manual(at) => (at, Some(Mutex::new(at))),
        };
        let token = fresh_token()?;
        let hub = Hub {
            connections: BTreeMap::new(),
            next: 1,
            boot_id: world::Random::of(started.as_millisecond() as u64, token.reveal()).uuid(),
            devices: BTreeMap::new(),
            starting_until: None,
            cut: false,
        };
        let mut world = World::new(&options, started);
        world.serve_at(&origin);
        Ok(Self {
            world: Mutex::new(world),
            hub: Mutex::new(hub),
            wake: Notify::new(),
            writes: tokio::sync::Mutex::new(()),
            waiting: AtomicUsize::new(0),
            options,
            token,
            origin,
            keys: Keys::fresh()?,
            clock,
            started,
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.as_ref().map_or_else(real_now, |clock| *lock(clock))
    }

    pub fn tick(&self) -> Duration {
        self.options.tick
    }

    pub fn write_delay(&self) -> Duration {
        self.options.write_delay
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        lock(&self.hub)
    }

    pub fn register(&self, sender: mpsc::Sender<Out>) -> u64 {
        let mut hub = self.hub();
        let number = hub.next;
        hub.next += 1;
        hub.connections.insert(number, sender);
        number
    }

    pub fn forget(&self, number: u64) {
        self.hub().connections.remove(&number);
    }

    /// Lets `knock` look at the door as it is now.
    pub fn at_door<T>(&self, knock: impl FnOnce(&mut Door<'_>) -> T) -> T {
        let uptime = self.now().duration_since(self.started).as_millis();
        let conn_id = random_id();
        let mut hub = self.hub();
        let starting = hub.starting_until.is_some_and(|until| Instant::now() < until);
        let Hub { devices, boot_id, .. } = &mut *hub;
        knock(&mut Door {
            token: &self.token,
            devices,
            boot_id,
            conn_id: &conn_id,
            starting,
            tick_ms: self.options.tick.as_millis() as u64,
            uptime_ms: uptime as i64,
            fresh_token: Secret::new(format!("{}{}", random_id(), random_id()).replace('-', "")),
        })
    }

    /// One call of a connection: what it leads to is told to all, the answer is the caller's.
    pub fn carry_out(&self, caller: &Caller, request: &Request) -> Result<Value, Fault> {
        // The world stays locked until its events are handed out, so that they keep their order.
        let mut world = self.world();
        let reply = world.apply(caller, request, self.now());
        self.publish(reply.events);
        drop(world);
        // A write may have changed what is due next.
        self.wake.notify_one();
        reply.answer
    }

    /// One request to a provider; `None` when it is not answered.
    pub fn ask_provider(&self, asked: &Asked) -> Option<Answer> {
        providers::answer(asked, &self.keys, |provider| self.world().standing(provider, self.now()))
    }

    fn let_time_pass(&self) {
        let mut world = self.world();
        let events = world.advance(self.now());
        self.publish(events);
    }

    fn publish(&self, events: Vec<Event>) {
        for event in events {
            self.tell_all(&Out::Event(Arc::new(event)));
        }
    }

    /// Hands `out` to every connection; one that does not keep up is dropped.
    fn tell_all(&self, out: &Out) {
        self.hub().connections.retain(|_, sender| sender.try_send(out.clone()).is_ok());
    }

    /// How long nothing happens by itself; `None` under a manual clock.
    fn idle_for(&self) -> Option<Duration> {
        if self.clock.is_some() {
            return None;
        }
        let due = self.world().next_due()?;
        Some(Duration::try_from(due.duration_since(self.now())).unwrap_or(Duration::ZERO))
    }
}

/// A free port of this computer.
fn listener() -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn run(
    gateway: std::net::TcpListener,
    providers: std::net::TcpListener,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    // Registering a bound socket fails only without the runtime that is running this.
    let (Ok(gateway), Ok(providers)) = (TcpListener::from_std(gateway), TcpListener::from_std(providers)) else {
        return;
    };
    let mut connections = JoinSet::new();
    loop {
        if shared.clock.is_none() {
            shared.let_time_pass();
        }
        let idle = shared.idle_for();
        tokio::select! {
            accepted = providers.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(providers::serve(stream, shared.clone(), stopped.clone()));
                }
            }
            accepted = gateway.accept() => {
                if let Ok((stream, _)) = accepted
                    && !shared.hub().cut
                {
                    stream.set_nodelay(true).ok();
                    connections.spawn(connection::serve(stream, shared.clone()));
                }
            }
            () = shared.wake.notified() => {}
            () = tokio::time::sleep(idle.unwrap_or(Duration::MAX)), if idle.is_some() => {}
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            _ = stopped.changed() => break,
        }
    }
    shared.publish(vec![Event { name: "shutdown", payload: json!({ "reason": "gateway stopping" }) }]);
    shared.tell_all(&Out::Restart);
    let goodbyes = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(GOODBYE, goodbyes).await.ok();
}
