//! A gateway made of a script: it listens on loopback and says what a test tells it to.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use model_orchestrator::domain::Secret;
use model_orchestrator::gateway::{Connected, Endpoint, GatewayError, Patience, connect_with};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// No test may see it anywhere but in `auth.token`.
pub const TOKEN: &str = "token-that-must-not-show";

/// Longer than any test takes, shorter than a person waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test on a runtime of its own.
pub fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("the test hangs") })
}

/// A recorded exchange, by its file's name.
pub fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/recorded/gateway/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("is JSON")
}

/// The frames that the gateway sent in a recorded exchange.
pub fn recorded_frames(name: &str) -> Vec<Value> {
    let file = recorded(name);
    let frames = file["frames"].as_array().expect("has frames").iter();
    frames.filter(|entry| entry["from"] == "gateway").map(|entry| entry["frame"].clone()).collect()
}

/// The payload of the last answer in a recorded exchange.
pub fn recorded_payload(name: &str) -> Value {
    let frames = recorded_frames(name);
    let answer = frames.iter().rfind(|frame| frame["type"] == "res").expect("has an answer");
    answer["payload"].clone()
}

pub struct Peer {
    listener: TcpListener,
}

impl Peer {
    pub async fn listen() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port") }
    }

    pub fn endpoint(&self) -> Endpoint {
        let port = self.listener.local_addr().expect("is bound").port();
        Endpoint::new(format!("ws://127.0.0.1:{port}"), Some(Secret::new(TOKEN)))
    }

    pub async fn accept_tcp(&self) -> TcpStream {
        self.listener.accept().await.expect("somebody connects").0
    }

    pub async fn accept(&self) -> Session {
        let tcp = self.accept_tcp().await;
        Session { socket: tokio_tungstenite::accept_async(tcp).await.expect("speaks WebSocket") }
    }

    /// Both ends of a connection that stands.
    pub async fn connected(&self) -> (Connected, Session) {
        self.connected_with(Patience::default(), json!({})).await
    }

    /// The same, with deadlines, and a policy laid over that of the recorded greeting.
    pub async fn connected_with(&self, patience: Patience, policy: Value) -> (Connected, Session) {
        let endpoint = self.endpoint();
        let serve = async {
            let mut session = self.accept().await;
            session.greet(&policy).await;
            session
        };
        let (connected, session) = tokio::join!(connect_with(&endpoint, patience), serve);
        (connected.expect("connects"), session)
    }
}

/// One connection, seen from the gateway's side.
pub struct Session {
    socket: WebSocketStream<TcpStream>,
}

impl Session {
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    pub async fn send_message(&mut self, message: Message) {
        self.socket.send(message).await.expect("is sent");
    }

    pub async fn next_message(&mut self) -> Option<Message> {
        self.socket.next().await?.ok()
    }

    /// The next request.
    pub async fn request(&mut self) -> Value {
        loop {
            match self.next_message().await.expect("the client stays") {
                Message::Text(text) => return serde_json::from_str(text.as_str()).expect("is JSON"),
                Message::Close(close) => panic!("the client left: {close:?}"),
                _ => {}
            }
        }
    }

    pub async fn answer(&mut self, request: &Value, payload: &Value) {
        self.send(&json!({"type": "res", "id": request["id"], "ok": true, "payload": payload})).await;
    }

    pub async fn refuse(&mut self, request: &Value, error: &Value) {
        self.send(&json!({"type": "res", "id": request["id"], "ok": false, "error": error})).await;
    }

    pub async fn event(&mut self, event: &str, payload: &Value, seq: u64) {
        self.send(&json!({"type": "event", "event": event, "payload": payload, "seq": seq})).await;
    }

    /// Challenges as a real gateway did, and returns what the client answers.
    pub async fn challenge(&mut self) -> Value {
        self.send(&recorded_frames("connect-token-backend")[0]).await;
        self.request().await
    }

    /// The whole handshake; returns the client's `connect`.
    pub async fn greet(&mut self, policy: &Value) -> Value {
        let request = self.challenge().await;
        let mut hello = recorded_payload("connect-token-backend");
        for (key, value) in policy.as_object().into_iter().flatten() {
            hello["policy"][key] = value.clone();
        }
        self.answer(&request, &hello).await;
        request
    }

    pub async fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        // The client may have left already.
        self.socket.close(Some(frame)).await.ok();
    }

    /// Waits for the client's goodbye.
    pub async fn closed(&mut self) {
        while let Some(message) = self.next_message().await {
            if message.is_close() {
                return;
            }
        }
    }

    pub fn into_tcp(self) -> TcpStream {
        self.socket.into_inner()
    }
}

/// Fails when the token, or a telling piece of it, shows.
pub fn assert_no_token(error: &GatewayError) {
    for text in [format!("{error}"), format!("{error:?}"), format!("{:?}", error.trouble())] {
        assert!(!text.contains("must-not"), "{text}");
    }
}
