//! From an endpoint to a connection: address, TLS, challenge, `connect`, `hello-ok`.
//!
//! The token is sent only to a peer that has opened with a gateway's challenge, over a connection that
//! is encrypted or private. Nothing is written on the gateway: on loopback a token alone connects and
//! pairs nothing.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use futures_util::{SinkExt as _, StreamExt as _};

use super::address::Address;
use super::frame::{Incoming, Request};
use super::scrub::Scrub;
use super::{Client, DeviceIdentity, GatewayError, News, convert, socket, tls};
use crate::domain::Secret;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a gateway calls a client such as this one; its list of names is closed.
pub(crate) const CLIENT_ID: &str = "gateway-client";
pub(crate) const CLIENT_MODE: &str = "backend";
pub(crate) const ROLE: &str = "operator";
pub(crate) const SCOPES: [&str; 2] = ["operator.read", "operator.admin"];
const CAPS: [&str; 2] = ["usage-refreshing", "model-selection-policy"];
const PROTOCOL: u64 = 4;

/// A gateway's frames are at most 25 MiB; one that is larger is no gateway's.
const LARGEST_FRAME: usize = 26 * 1024 * 1024;
const NEWS_WAITING: usize = 256;
const DEFAULT_TICK: SignedDuration = SignedDuration::from_secs(30);

/// Where to connect, and with what.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub url: String,
    pub token: Option<Secret>,
    /// Needed beyond loopback.
    pub device: Option<Arc<DeviceIdentity>>,
    /// Lowercase hex SHA-256 of the one certificate to accept.
    pub tls_fingerprint: Option<String>,
}

impl Endpoint {
    /// A gateway that a token alone opens.
    #[must_use]
    pub fn new(url: impl Into<String>, token: Option<Secret>) -> Self {
        Self { url: url.into(), token, device: None, tls_fingerprint: None }
    }
}

/// How long to wait before giving up. A busy gateway is silent for many seconds.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the TCP connection alone.
    pub reach: Duration,
    /// From the TCP connection to `hello-ok`.
    pub handshake: Duration,
    pub call: Duration,
    /// For a question to a provider, which the gateway repeats for minutes while it fails.
    pub probe: Duration,
    /// The least silence that ends a connection.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let minute = Duration::from_mins(1);
        Self { reach: Duration::from_secs(10), handshake: minute, call: minute, probe: 4 * minute, silence: minute }
    }
}

/// A connection that stands.
#[derive(Debug)]
pub struct Connected {
    pub client: Client,
    pub hello: Hello,
    /// Ends with [`News::Closed`].
    pub news: mpsc::Receiver<News>,
}

/// What the gateway said of itself and of us.
#[derive(Clone, Debug)]
pub struct Hello {
    pub version: String,
    /// What the connection really may, whatever was asked for.
    pub scopes: Vec<String>,
    /// The gateway's clock when it greeted.
    pub gateway_time: Option<Timestamp>,
    pub tick: SignedDuration,
}

/// Connects once. When to try again is the caller's business.
pub async fn connect(endpoint: &Endpoint) -> Result<Connected, GatewayError> {
    connect_with(endpoint, Patience::default()).await
}

/// [`connect`] with deadlines of one's own.
pub async fn connect_with(endpoint: &Endpoint, patience: Patience) -> Result<Connected, GatewayError> {
    let address = Address::parse(&endpoint.url)?;
    address.check_secure()?;
    let scrub = Scrub::new(endpoint.token.clone());
    let tcp = reach(&address, patience.reach).await?;
    let greeting = async {
        let mut socket = upgrade(&address, endpoint, tcp, &scrub).await?;
        let (hello, issued) = greet(&mut socket, endpoint, &address, &scrub).await?;
        Ok((socket, hello, issued))
    };
    let (socket, hello, issued) = tokio::time::timeout(patience.handshake, greeting)
        .await
        .map_err(|_elapsed| GatewayError::Timeout { what: "connect".to_owned(), after: patience.handshake })??;
    let scrub = Scrub::new(endpoint.token.iter().cloned().chain(issued));
    let two_ticks = Duration::try_from(hello.tick).unwrap_or_default() * 2;
    let silence = two_ticks.max(patience.silence);
    let (heard, news) = mpsc::channel(NEWS_WAITING);
    let client = socket::spawn(socket, heard, scrub, silence, patience);
    Ok(Connected { client, hello, news })
}

async fn reach(address: &Address, patience: Duration) -> Result<TcpStream, GatewayError> {
    use std::io::ErrorKind;
    let connecting = TcpStream::connect((address.host.as_str(), address.port));
    let unreachable = |detail: &str| GatewayError::Unreachable { detail: detail.to_owned() };
    match tokio::time::timeout(patience, connecting).await {
        Ok(Ok(tcp)) => {
            // Small frames should leave at once; a socket without the option works as well.
            tcp.set_nodelay(true).ok();
            Ok(tcp)
        }
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Err(GatewayError::Absent),
        Ok(Err(error)) => Err(unreachable(&error.to_string())),
        Err(_) => Err(unreachable("no connection in time")),
    }
}

async fn upgrade(
    address: &Address,
    endpoint: &Endpoint,
    tcp: TcpStream,
    scrub: &Scrub,
) -> Result<Socket, GatewayError> {
    let request = address.url().into_client_request().map_err(|error| not_a_gateway(&error, scrub))?;
    let connector = if address.tls { tls::connector(endpoint.tls_fingerprint.as_deref())? } else { None };
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST_FRAME)).max_frame_size(Some(LARGEST_FRAME));
    match client_async_tls_with_config(request, tcp, Some(config), connector).await {
        Ok((socket, _)) => Ok(socket),
        Err(error) => Err(tls::trouble(&error).unwrap_or_else(|| not_a_gateway(&error, scrub))),
    }
}

/// Waits for the challenge, answers it, and reads the gateway's word. With it comes the token that an
/// approved device is issued: of no use beside the shared one, but a secret that must not be quoted.
async fn greet(
    socket: &mut Socket,
    endpoint: &Endpoint,
    address: &Address,
    scrub: &Scrub,
) -> Result<(Hello, Option<Secret>), GatewayError> {
    let id = "connect";
    let challenge = loop {
        match next_frame(socket, scrub).await? {
            Incoming::Event { event, payload, .. } if event == "connect.challenge" => break payload,
            // A gateway that is still starting may refuse before it has asked anything.
            Incoming::Response { answer: Err(error), .. } => return Err(GatewayError::of_connect(&error, scrub)),
            Incoming::Event { .. } | Incoming::Other | Incoming::Response { .. } => {}
        }
    };
    let params = connect_params(endpoint, address, &challenge);
    let request = Request::new(id, "connect", &params).to_text();
    socket.send(Message::text(request)).await.map_err(|error| not_a_gateway(&error, scrub))?;
    loop {
        match next_frame(socket, scrub).await? {
            Incoming::Response { answer, .. } => {
                let payload = answer.map_err(|error| GatewayError::of_connect(&error, scrub))?;
                let issued = text(&payload["auth"]["deviceToken"]).map(Secret::new);
                return Ok((hello(&payload, &challenge)?, issued));
            }
            Incoming::Event { .. } | Incoming::Other => {}
        }
    }
}

async fn next_frame(socket: &mut Socket, scrub: &Scrub) -> Result<Incoming, GatewayError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                return Incoming::parse(text.as_str()).map_err(|detail| GatewayError::NotAGateway { detail });
            }
            Some(Ok(Message::Close(Some(close)))) => {
                return Err(GatewayError::of_close(close.code.into(), close.reason.as_str(), scrub));
            }
            Some(Ok(Message::Close(None))) | None => {
                return Err(GatewayError::Closed { detail: "before the greeting was over".to_owned() });
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(not_a_gateway(&error, scrub)),
        }
    }
}

fn connect_params(endpoint: &Endpoint, address: &Address, challenge: &Value) -> Value {
    let platform = std::env::consts::OS;
    let mut params = json!({
        "minProtocol": PROTOCOL,
        "maxProtocol": PROTOCOL,
        "client": {
            "id": CLIENT_ID,
            "displayName": "Model Orchestrator",
            "version": env!("CARGO_PKG_VERSION"),
            "platform": platform,
            "mode": CLIENT_MODE,
        },
        "role": ROLE,
        "scopes": SCOPES,
        "caps": CAPS,
    });
    let token = endpoint.token.as_ref().map(Secret::reveal);
    if let Some(token) = token {
        params["auth"] = json!({ "token": token });
    }
    // On loopback a token is enough, and presenting a device would pair it.
    let with_device = !address.loopback() || token.is_none();
    if let Some(device) = endpoint.device.as_deref().filter(|_| with_device) {
        params["device"] = device.answer(challenge, token.unwrap_or_default(), platform);
    }
    params
}

fn hello(payload: &Value, challenge: &Value) -> Result<Hello, GatewayError> {
    let protocol = payload.get("protocol").and_then(Value::as_u64);
    if payload.get("type").and_then(Value::as_str) != Some("hello-ok") || payload.get("server").is_none() {
        return Err(GatewayError::NotAGateway { detail: "its greeting is not a gateway's".to_owned() });
    }
    if protocol != Some(PROTOCOL) {
        let detail =
            protocol.map_or("it names no version".to_owned(), |version| format!("it speaks version {version}"));
        return Err(GatewayError::Protocol { detail });
    }
    let tick = convert::span_millis(&payload["policy"]["tickIntervalMs"]).filter(SignedDuration::is_positive);
    Ok(Hello {
        version: text(&payload["server"]["version"]).unwrap_or_default(),
        scopes: texts(&payload["auth"]["scopes"]),
        gateway_time: convert::moment(&challenge["ts"]),
        tick: tick.unwrap_or(DEFAULT_TICK),
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

/// An error of the socket before the greeting was over.
fn not_a_gateway(error: &tungstenite::Error, scrub: &Scrub) -> GatewayError {
    let detail = match error {
        tungstenite::Error::Http(response) => match response.status().as_u16() {
            // A proxy whose gateway is away.
            status @ 502..=504 => return GatewayError::Unreachable { detail: format!("HTTP {status}") },
            status => format!("HTTP {status}"),
        },
        tungstenite::Error::Io(error) => {
            return GatewayError::Closed { detail: scrub.quote(&error.to_string()) };
        }
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(
            ProtocolError::HandshakeIncomplete | ProtocolError::ResetWithoutClosingHandshake,
        ) => {
            return GatewayError::Closed { detail: "before the greeting was over".to_owned() };
        }
        other => scrub.quote(&other.to_string()),
    };
    GatewayError::NotAGateway { detail }
}
