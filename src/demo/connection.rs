//! One socket: challenge, handshake, then requests in, answers and events out.
//!
//! Writes of all connections are carried out one after another, each taking its time; reads are
//! answered at once, so answers may come back in another order than they were asked for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

use super::handshake::{self, Challenge};
use super::server::{Out, Shared, random_id};
use super::wire::{self, Caller, Event, Fault, Request};

pub(super) const MAX_PAYLOAD: usize = 26_214_400;
const MAX_FIRST_FRAME: usize = 64 * 1024;
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(15);
/// A slow reader that falls this far behind is dropped.
const BACKLOG: usize = 2_048;
/// More waiting requests than this are refused as busy.
const MAX_WAITING: usize = 300;

type Socket = WebSocketStream<TcpStream>;

/// Serves one connection to its end. What goes wrong on the socket ends it, as with a real one.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_PAYLOAD)).max_frame_size(Some(MAX_PAYLOAD));
    // A failed upgrade concerns only the peer that asked for it.
    let Ok(Ok(mut socket)) = timeout(HANDSHAKE_PATIENCE, accept_async_with_config(stream, Some(config))).await else {
        return;
    };
    let Some(Some((caller, hello_id, hello))) = timeout(HANDSHAKE_PATIENCE, greet(&mut socket, &shared)).await.ok()
    else {
        return;
    };
    let (sender, receiver) = mpsc::channel(BACKLOG);
    // Only the hub keeps the strong end: being dropped there ends the connection.
    let back = sender.downgrade();
    let number = shared.register(sender);
    if send(&mut socket, &wire::response(&hello_id, &Ok(hello))).await.is_ok() {
        pump(&mut socket, &shared, &caller, back, receiver).await;
    }
    shared.forget(number);
}

/// The challenge and its answer; `None` when the connection was refused and closed.
async fn greet(socket: &mut Socket, shared: &Shared) -> Option<(Caller, String, Value)> {
    let challenge = Challenge { nonce: random_id(), ts_ms: shared.now().as_millisecond() };
    let payload = json!({
        "nonce": challenge.nonce, "ts": challenge.ts_ms, "capabilities": ["model-catalog-snapshot"],
    });
    send(socket, &wire::event(&Event { name: "connect.challenge", payload }, None)).await.ok()?;
    let text = first_text(socket).await?;
    if text.len() > MAX_FIRST_FRAME {
        close(socket, 1009, "first frame too large").await;
        return None;
    }
    let request = match Request::parse(&text) {
        Ok(request) => request,
        Err(None) => {
            close(socket, 1000, "").await;
            return None;
        }
        Err(Some((id, fault))) => {
            let reason = fault.message.clone();
            send(socket, &wire::response(&id, &Err(fault))).await.ok()?;
            close(socket, 1008, &reason).await;
            return None;
        }
    };
    match shared.at_door(|door| handshake::connect(&request, &challenge, door)) {
        Ok((caller, hello)) => Some((caller, request.id, hello)),
        Err(refusal) => {
            send(socket, &wire::response(&request.id, &Err(refusal.fault))).await.ok()?;
            close(socket, refusal.close, &refusal.reason).await;
            None
        }
    }
}

async fn first_text(socket: &mut Socket) -> Option<String> {
    loop {
        match socket.next().await? {
            Ok(Message::Text(text)) => return Some(text.to_string()),
            Ok(Message::Binary(_) | Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn pump(
    socket: &mut Socket,
    shared: &Arc<Shared>,
    caller: &Caller,
    back: mpsc::WeakSender<Out>,
    mut receiver: mpsc::Receiver<Out>,
) {
    let mut seq = 0;
    let every = shared.tick();
    let mut tick = interval_at(Instant::now() + every, every);
    loop {
        let out = tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    match take(&text, shared, caller, &back) {
                        Some(out) => out,
                        None => continue,
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            out = receiver.recv() => match out {
                Some(out) => out,
                None => return,
            },
            _ = tick.tick() => {
                Out::Event(Arc::new(Event { name: "tick", payload: json!({ "ts": shared.now().as_millisecond() }) }))
            }
        };
        let sent = match out {
            Out::Response(frame) => send(socket, &frame).await,
            Out::Event(event) => {
                seq += 1;
                send(socket, &wire::event(&event, Some(seq))).await
            }
            Out::Restart => {
                close(socket, 1012, "service restart").await;
                return;
            }
            Out::Drop => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Answers a read, or lets a write wait for its turn.
fn take(text: &str, shared: &Arc<Shared>, caller: &Caller, back: &mpsc::WeakSender<Out>) -> Option<Out> {
    let request = match Request::parse(text) {
        Ok(request) => request,
        Err(None) => return Some(Out::Drop),
        Err(Some((id, fault))) => return Some(Out::Response(wire::response(&id, &Err(fault)))),
    };
    if !is_write(&request.method) {
        return Some(Out::Response(wire::response(&request.id, &shared.carry_out(caller, &request))));
    }
    let Some(sender) = back.upgrade() else { return Some(Out::Drop) };
    if shared.waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        let mut busy = Fault::new("UNAVAILABLE", "The server is busy. Please try again in a moment.");
        busy.retryable = true;
        return Some(Out::Response(wire::response(&request.id, &Err(busy))));
    }
    let (shared, caller) = (shared.clone(), caller.clone());
    tokio::spawn(async move {
        let turn = shared.writes.lock().await;
        sleep(shared.write_delay()).await;
        let answer = shared.carry_out(&caller, &request);
        drop(turn);
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        // The caller may have hung up meanwhile; the write was carried out all the same.
        sender.send(Out::Response(wire::response(&request.id, &answer))).await.ok();
    });
    None
}

fn is_write(method: &str) -> bool {
    matches!(method, "cron.add" | "cron.update" | "cron.remove" | "cron.run")
}

async fn send(socket: &mut Socket, frame: &Value) -> Result<(), tokio_tungstenite::tungstenite::Error> {
    socket.send(Message::text(frame.to_string())).await
}

/// Says goodbye; a peer that is gone does not hear it.
async fn close(socket: &mut Socket, code: u16, reason: &str) {
    let cut = (0..=reason.len().min(120)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
    let frame = CloseFrame { code: code.into(), reason: reason[..cut].into() };
    if socket.close(Some(frame)).await.is_ok() {
        // Reads on until the peer has closed too, so that it sees the last answer.
        let drain = async { while let Some(Ok(_)) = socket.next().await {} };
        timeout(Duration::from_secs(1), drain).await.ok();
    }
}
