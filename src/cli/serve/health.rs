//! How this program stands, for a supervisor: a file that is replaced whole, an address of this computer, or both.
//!
//! 200 and 503 say whether it does its work. That a gateway is away or a provider down is no fault of this program,
//! and starting it anew would mend nothing: that is *degraded*, with 200.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde::Serialize;
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use super::super::args::ServeArguments;
use super::super::exit::{self, Exit, Failure};
use super::super::output;
use super::speech;
use crate::domain::{Connection, OutageLevel, ProblemKind};
use crate::engine::{Handle, Snapshot};
use crate::words;

/// Who asks at a time, and how long a question may take. When more come, whoever has idled longest goes.
const ASKERS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    /// It works, and something it works on does not.
    Degraded,
    /// It cannot do its work, and a person or a new start is needed.
    Failing,
}

#[derive(Debug, Serialize)]
struct Document {
    status: Status,
    since: Timestamp,
    /// The moment of this picture; a quiet world has an old one.
    at: Timestamp,
    version: &'static str,
    pid: u32,
    gateway: Option<String>,
    connection: &'static str,
    /// Whether the state folder is this program's to act on; else who holds it.
    acts: bool,
    held_by: Option<String>,
    /// Of these three nothing is known while the folder is not open.
    level: Option<&'static str>,
    mode: Option<&'static str>,
    /// Crons that something is owed: paused or moved by this program, and not given back.
    owed: Option<usize>,
    last_look: Option<Timestamp>,
    job: Option<JobRow>,
    problems: Vec<ProblemRow>,
}

#[derive(Debug, Serialize)]
struct JobRow {
    running: bool,
    /// Written and read back.
    done: usize,
    lines: usize,
    said: String,
}

#[derive(Debug, Serialize)]
struct ProblemRow {
    id: String,
    what: String,
    remedy: Option<String>,
    since: Timestamp,
}

/// Tells it until it is dropped.
pub(super) struct Health {
    file: Option<PathBuf>,
    told: Arc<Told>,
    listener: Option<AbortHandle>,
    /// What the file says, in short.
    written: Option<Gist>,
    /// Another program may hold the folder, and have this file: nothing is written before that is known.
    knows: bool,
}

/// What of it a supervisor acts on: when this is another, the file is replaced at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gist {
    status: Status,
    connection: &'static str,
    acts: bool,
    level: Option<&'static str>,
    mode: Option<&'static str>,
}

struct Told {
    handle: Handle,
    status: Mutex<Option<(Status, Timestamp)>>,
}

impl Health {
    /// # Errors
    /// When the address is taken, or there is no such folder for the file.
    pub(super) async fn start(arguments: &ServeArguments, handle: Handle) -> Result<Self, Failure> {
        let told = Arc::new(Told { handle, status: Mutex::default() });
        let listener = match arguments.health_listen {
            Some(address) => Some(listen(address, told.clone()).await?),
            None => None,
        };
        let file = arguments.health.clone();
        if let Some(why) = file.as_deref().and_then(not_for_health) {
            return Err(Failure::new(Exit::Usage, why).with_remedy("Name another file with --health"));
        }
        if let Some(folder) = file.as_deref().map(folder_of).filter(|folder| !folder.is_dir()) {
            let said = format!("there is no folder for the health file: {}", folder.display());
            return Err(Failure::new(Exit::Usage, said));
        }
        Ok(Self { file, told, listener, written: None, knows: false })
    }

    /// There is a new picture.
    pub(super) fn note(&mut self, now: &Snapshot) {
        self.told.note(now);
        self.knows |= now.folder.is_some() || !now.problems.is_empty();
        let gist = Some(Gist::of(now));
        if self.written != gist {
            self.written = gist;
            self.beat();
        }
    }

    /// The file says that it is not an old one.
    pub(super) fn beat(&self) {
        if let Err(error) = self.write() {
            tracing::warn!(event = "health", %error, "the health file cannot be written");
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(path) = self.file.as_ref().filter(|_| self.knows) else { return Ok(()) };
        let mut file = NamedTempFile::new_in(folder_of(path))?;
        serde_json::to_writer_pretty(&mut file, &self.told.document())?;
        writeln!(file)?;
        file.persist(path)?;
        Ok(())
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
        // A program that has ended says nothing of how it stands; another one still may.
        if let Some(file) = self.file.as_ref().filter(|file| told_by(file) == Some(std::process::id())) {
            std::fs::remove_file(file).ok();
        }
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Which process wrote a health file; `None`: it is none.
fn told_by(file: &Path) -> Option<u32> {
    let document: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let told = |field: &&str| document.get(field).is_some();
    ["status", "since", "version", "connection", "acts"].iter().all(told).then_some(())?;
    document.get("pid")?.as_u64()?.try_into().ok()
}

/// Why a file is not ours to replace and to remove.
fn not_for_health(file: &Path) -> Option<String> {
    let is_state = |name: &str| folder_of(file).join(name).exists();
    if ["lease.lock", "cron-tiers.json"].into_iter().any(is_state) {
        return Some(words::health_among_state(&folder_of(file).display().to_string()));
    }
    let is_other = std::fs::symlink_metadata(file).is_ok() && told_by(file).is_none();
    is_other.then(|| words::not_a_health_file(&file.display().to_string()))
}

impl Told {
    /// The status, and since when it is that.
    fn note(&self, now: &Snapshot) -> (Status, Timestamp) {
        let mut told = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let status = status(now);
        let as_before = told.filter(|(before, _)| *before == status);
        *told.insert(as_before.unwrap_or((status, now.at)))
    }

    fn document(&self) -> Document {
        let now = self.handle.snapshot();
        let (status, since) = self.note(&now);
        document(&now, status, since)
    }
}

impl Gist {
    fn of(now: &Snapshot) -> Self {
        let (connection, acts) = (connection(now).1, acts(now));
        Self { status: status(now), connection, acts, level: level(now), mode: mode(now) }
    }
}

fn status(now: &Snapshot) -> Status {
    // A disk that takes nothing stops every job at its first line.
    let unwritable = |kind: &ProblemKind| {
        use ProblemKind::{CannotWrite, FolderNotWritable, TaskFailed};
        matches!(kind, FolderNotWritable { .. } | CannotWrite { .. } | TaskFailed { .. })
    };
    let broken = now.problems.iter().any(|problem| unwritable(&problem.what));
    if now.ended.is_some() || broken || matches!(now.connection, Connection::Stopped { .. }) {
        return Status::Failing;
    }
    let works = acts(now) && now.connection.info().is_some() && now.level() == OutageLevel::Healthy;
    if works && now.problems.is_empty() { Status::Ok } else { Status::Degraded }
}

/// Whether the folder is this program's to act on: nobody else holds it, and it can be written.
pub(super) fn acts(now: &Snapshot) -> bool {
    now.folder.as_ref().is_some_and(|folder| folder.held_by.is_none()) && super::unwritable(now).is_none()
}

/// To whom, and how it stands.
fn connection(now: &Snapshot) -> (Option<&str>, &'static str) {
    match &now.connection {
        Connection::None => (None, "none"),
        Connection::Connecting { name, .. } => (Some(name), "connecting"),
        Connection::Connected(info) => (Some(&info.name), "connected"),
        Connection::Waiting { name, .. } => (Some(name), "waiting"),
        Connection::Stopped { name, .. } => (Some(name), "stopped"),
    }
}

fn level(now: &Snapshot) -> Option<&'static str> {
    now.folder.as_ref().map(|_| output::mode(now.level()))
}

fn mode(now: &Snapshot) -> Option<&'static str> {
    now.folder.as_ref()?;
    Some(match &now.crisis.state.mode {
        None => "ordinary",
        Some(mode) if mode.recovering.is_some() => "recovering",
        Some(_) => "crisis",
    })
}

fn held_by(now: &Snapshot) -> Option<String> {
    let holder = now.folder.as_ref().and_then(|folder| folder.held_by.clone());
    holder.or_else(|| now.stands_aside.then(|| words::A_WINDOW.to_owned()))
}

fn document(now: &Snapshot, status: Status, since: Timestamp) -> Document {
    let zone = jiff::tz::TimeZone::system();
    let speech = speech(now, &zone);
    let (gateway, connection) = connection(now);
    let looks = now.looks.accounts.values().filter_map(|look| look.report.as_ref());
    let job = now.job.as_ref().map(|job| {
        let (_, lines) = job.progress();
        JobRow { running: job.running(), done: job.verified(), lines, said: words::job_headline(job) }
    });
    let problems = now.problems.iter().map(|problem| {
        let said = exit::problem(&problem.what, &speech);
        ProblemRow { id: problem.id.clone(), what: said.what, remedy: said.remedy, since: problem.since }
    });
    Document {
        status,
        since,
        at: now.at,
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        gateway: gateway.map(ToOwned::to_owned),
        connection,
        acts: acts(now),
        held_by: held_by(now),
        level: level(now),
        mode: mode(now),
        owed: now.folder.as_ref().map(|_| now.ledger.len()),
        last_look: looks.map(|report| report.checked_at).max(),
        job,
        problems: problems.collect(),
    }
}

async fn listen(address: SocketAddr, told: Arc<Told>) -> Result<AbortHandle, Failure> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::new(Exit::Failed, format!("cannot listen on {address}: {error}"))
            .with_remedy("Name another port with --health-listen")
    })?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(event = "health", %address, "health is told at http://{address}/health");
    }
    let task = tokio::spawn(async move {
        let mut askers: VecDeque<AbortHandle> = VecDeque::new();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    askers.retain(|asker| !asker.is_finished());
                    if askers.len() >= ASKERS
                        && let Some(idle) = askers.pop_front()
                    {
                        idle.abort();
                    }
                    // A connection that breaks or idles concerns only its peer.
                    let answered = tokio::time::timeout(PATIENCE, answer(stream, told.clone()));
                    askers.push_back(tokio::spawn(answered).abort_handle());
                }
                Err(error) => {
                    tracing::warn!(event = "health", %error, "nobody can ask");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(task.abort_handle())
}

async fn answer(stream: TcpStream, told: Arc<Told>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(request.method(), request.uri().path(), &told);
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service).await.ok();
}

fn respond(method: &Method, path: &str, told: &Told) -> Response<Full<Bytes>> {
    let (status, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/" | "/health") => {
            let document = told.document();
            let failing = document.status == Status::Failing;
            let status = if failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            (status, serde_json::to_string_pretty(&document).unwrap_or_default())
        }
        (&Method::GET | &Method::HEAD, _) => (StatusCode::NOT_FOUND, String::new()),
        _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Problem;
    use crate::engine::{FolderInfo, World};

    #[test]
    fn a_file_that_is_no_health_file_is_neither_replaced_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings");
        assert_eq!(not_for_health(&file), None, "there is none yet");
        for other in ["", "{}", "{\"pid\": 7}"] {
            crate::state::atomic::write(&file, other.as_bytes()).unwrap();
            assert!(not_for_health(&file).is_some_and(|why| why.contains("settings")), "{other}");
        }
        let at = Timestamp::UNIX_EPOCH;
        let now = World::begin(PathBuf::new(), false, jiff::tz::TimeZone::UTC, None, at).snapshot(at);
        crate::state::atomic::write(&file, &serde_json::to_vec(&document(&now, Status::Ok, at)).unwrap()).unwrap();
        assert_eq!(not_for_health(&file), None, "of a life before");
        crate::state::atomic::write(&folder.path().join("lease.lock"), b"").unwrap();
        assert!(not_for_health(&file).is_some_and(|why| why.contains("state files")));
    }

    #[test]
    fn while_a_window_acts_nothing_is_said_of_what_is_not_known() {
        let at = Timestamp::UNIX_EPOCH;
        let mut now = World::begin(PathBuf::new(), false, jiff::tz::TimeZone::UTC, None, at).snapshot(at);
        now.stands_aside = true;
        let told = document(&now, status(&now), at);
        assert_eq!((told.acts, told.level, told.mode, told.owed), (false, None, None, None));
        assert!(told.held_by.is_some_and(|holder| holder.contains("window")));
        assert_eq!(told.status, Status::Degraded);
    }

    #[test]
    fn a_problem_says_what_to_do_about_it() {
        let at = Timestamp::UNIX_EPOCH;
        let mut now = World::begin(PathBuf::new(), false, jiff::tz::TimeZone::UTC, None, at).snapshot(at);
        let what = ProblemKind::CannotWrite { file: "history.db".to_owned(), detail: "full".to_owned() };
        now.problems = Arc::new(vec![Problem { id: "state/write".to_owned(), what, since: at }]);
        let told = document(&now, Status::Failing, at);
        assert!(told.problems[0].remedy.as_ref().is_some_and(|remedy| remedy.contains("Free space")));
    }

    #[test]
    fn a_program_that_acts_is_not_failing_because_nobody_can_act_through_it() {
        let (at, zone) = (Timestamp::UNIX_EPOCH, jiff::tz::TimeZone::UTC);
        let mut now = World::begin(PathBuf::new(), false, zone, None, at).snapshot(at);
        let detail = || "why".to_owned();
        for (what, expected) in [
            (ProblemKind::CannotBeWatched { detail: detail() }, Status::Degraded),
            (ProblemKind::TaskFailed { task: "store".to_owned(), detail: detail() }, Status::Failing),
            (ProblemKind::CannotWrite { file: "history.db".to_owned(), detail: detail() }, Status::Failing),
            (ProblemKind::FolderNotWritable { folder: "x".to_owned(), detail: detail() }, Status::Failing),
        ] {
            now.problems = Arc::new(vec![Problem { id: "x".to_owned(), what, since: at }]);
            assert_eq!(status(&now), expected, "{:?}", now.problems);
        }
    }

    #[test]
    fn whose_folder_takes_nothing_does_not_act() {
        let (at, zone) = (Timestamp::UNIX_EPOCH, jiff::tz::TimeZone::UTC);
        let mut now = World::begin(PathBuf::new(), false, zone, None, at).snapshot(at);
        now.folder = Some(FolderInfo { path: PathBuf::from("x"), held_by: None });
        assert!(acts(&now));
        let what = ProblemKind::FolderNotWritable { folder: "x".to_owned(), detail: "read-only".to_owned() };
        now.problems = Arc::new(vec![Problem { id: "x".to_owned(), what, since: at }]);
        let told = document(&now, status(&now), at);
        assert_eq!((told.acts, told.status), (false, Status::Failing));
    }
}
