//! Sends one [`Ask`], with its key, and brings back the answer.
//!
//! Invariants: encrypted, or to this computer; a key goes to the host in the ask and nowhere else,
//! for no redirect is followed; it is in no address, log line, error or answer. Proxies of the system
//! are used, but not towards this computer. What went wrong on the way comes back as an
//! [`Answer`], in words without addresses; only what was refused before sending is an error.

mod trouble;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Request, Response, Url};
use tokio::time::Instant;

pub(super) use trouble::NO_ANSWER;

use super::evidence::{Answer, Body};
use super::requests::{Ask, AuthScheme, Method};
use crate::domain::{Secret, Withheld};

/// Our own name and no other.
const USER_AGENT: &str = concat!("model-orchestrator/", env!("CARGO_PKG_VERSION"));
/// Answers are small. What is longer is cut, also behind a compression.
const MOST_BYTES: usize = 1_000_000;
/// A host that does not even take the connection.
const CONNECTING: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(10);
/// Shorter keys are not looked for in answers: they would blank out words.
const SHORTEST_KEY: usize = 6;

/// Carries requests; cheap to clone. Belongs to the runtime that first uses it.
#[derive(Clone)]
pub struct Http {
    /// `None` when this system has no root certificates.
    outside: Option<Client>,
    loopback: Option<Client>,
}

/// What came back, and how long that took.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub answer: Answer,
    pub took: Duration,
}

/// Why nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    #[error("not encrypted, and not to this computer")]
    NotEncrypted,
    #[error("the address cannot be used")]
    BadAddress,
    #[error("the key holds characters that cannot be sent")]
    BadKey,
}

impl From<NotSent> for Withheld {
    fn from(refusal: NotSent) -> Self {
        match refusal {
            NotSent::NotEncrypted => Self::NotEncrypted,
            NotSent::BadAddress => Self::BadAddress,
            NotSent::BadKey => Self::BadKey,
        }
    }
}

impl Http {
    /// Reads the proxies and root certificates of the system, once.
    #[must_use]
    pub fn new() -> Self {
        // The same that the gateway's connections use; a second installation changes nothing.
        rustls::crypto::ring::default_provider().install_default().ok();
        let direct = || plain().no_proxy();
        // Without root certificates this computer's own services can still be asked.
        let loopback = direct().build().or_else(|_no_roots| direct().tls_certs_only([]).build());
        Self { outside: plain().https_only(true).build().ok(), loopback: loopback.ok() }
    }

    /// Sends `ask` and waits at most `patience` for the whole answer.
    ///
    /// # Errors
    /// When nothing was sent: an address or a key that cannot be used.
    pub async fn send(&self, ask: &Ask, key: Option<&Secret>, patience: Duration) -> Result<Reply, NotSent> {
        // Pasted keys end in a line break.
        let key = &key.map(|key| Secret::new(key.reveal().trim()));
        let key = key.as_ref();
        let url = address(&ask.url)?;
        let client = if is_loopback(&url) { &self.loopback } else { &self.outside };
        let request = request(ask, url, key)?;
        let began = Instant::now();
        let answer = match client {
            Some(client) => match tokio::time::timeout(patience, exchange(client, request, key)).await {
                Ok(answer) => answer,
                Err(_elapsed) => Answer::Nothing { transport_error: trouble::NO_ANSWER.to_owned() },
            },
            None => Answer::Nothing { transport_error: trouble::NO_ROOTS.to_owned() },
        };
        let took = began.elapsed();
        log(ask, &answer, took);
        Ok(Reply { answer, took })
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Http {
    /// A proxy's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

fn plain() -> ClientBuilder {
    Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(CONNECTING)
        .pool_idle_timeout(IDLE)
}

/// The address of a request, when it may be asked at all.
fn address(text: &str) -> Result<Url, NotSent> {
    let Ok(url) = Url::parse(text) else { return Err(NotSent::BadAddress) };
    let names_somebody = !url.username().is_empty() || url.password().is_some();
    match url.scheme() {
        _ if names_somebody || url.host_str().is_none() => Err(NotSent::BadAddress),
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(NotSent::NotEncrypted),
        _ => Err(NotSent::BadAddress),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn request(ask: &Ask, url: Url, key: Option<&Secret>) -> Result<Request, NotSent> {
    let method = match ask.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
    };
    let mut request = Request::new(method, url);
    let headers = request.headers_mut();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    for (name, value) in &ask.headers {
        // Names that the user typed: a workspace, a project.
        let Ok(value) = HeaderValue::from_str(value) else { return Err(NotSent::BadAddress) };
        headers.insert(*name, value);
    }
    if let Some((name, value)) = key.and_then(|key| credential(ask.auth, key)) {
        let Ok(mut value) = HeaderValue::from_str(value.reveal()) else { return Err(NotSent::BadKey) };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    if let Some(body) = &ask.body {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(body.to_string().into());
    }
    Ok(request)
}

fn credential(scheme: AuthScheme, key: &Secret) -> Option<(HeaderName, Secret)> {
    match scheme {
        AuthScheme::None => None,
        AuthScheme::Bearer | AuthScheme::BearerIfAny => {
            Some((reqwest::header::AUTHORIZATION, Secret::new(format!("Bearer {}", key.reveal()))))
        }
        AuthScheme::Header(name) => Some((HeaderName::from_static(name), key.clone())),
    }
}

async fn exchange(client: &Client, request: Request, key: Option<&Secret>) -> Answer {
    match client.execute(request).await {
        Ok(response) => {
            let status = response.status().as_u16();
            let headers = headers(&response, key);
            let text = String::from_utf8_lossy(&body(response).await).into_owned();
            let text = without_key(&text, key);
            let body = if text.trim().is_empty() { Body::Empty } else { Body::Text(text) };
            Answer::Http { status, headers, body }
        }
        Err(error) => trouble::answer(&error),
    }
}

/// By lower-case name; of one that came twice the first.
fn headers(response: &Response, key: Option<&Secret>) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for (name, value) in response.headers() {
        let Ok(value) = value.to_str() else { continue };
        if name != reqwest::header::SET_COOKIE {
            kept.entry(name.as_str().to_owned()).or_insert_with(|| without_key(value, key));
        }
    }
    kept
}

/// The body up to the limit, or up to where it broke off.
async fn body(mut response: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MOST_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if bytes.len() == MOST_BYTES {
            break;
        }
    }
    bytes
}

/// Some providers quote the key that they refuse.
fn without_key(text: &str, key: Option<&Secret>) -> String {
    match key.filter(|key| key.reveal().len() >= SHORTEST_KEY) {
        Some(key) => key.scrub(text),
        None => text.to_owned(),
    }
}

fn log(ask: &Ask, answer: &Answer, took: Duration) {
    let took = took.as_millis() as u64;
    match answer {
        Answer::Http { status, .. } => tracing::debug!(url = ask.shown_url(), status, took, "asked a provider"),
        Answer::Nothing { transport_error } => {
            tracing::debug!(url = ask.shown_url(), error = transport_error, took, "a provider did not answer");
        }
        Answer::BodyOnly(_) | Answer::Prose(_) => {}
    }
}
