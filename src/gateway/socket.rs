//! The task that owns a connection's socket.
//!
//! It writes what is asked, hands each answer to the call with its id, and reports events. It never
//! waits for a reader of the news: when their queue is full they become one [`News::Gap`]. Its only
//! timer is the one that notices silence.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink as _, SinkExt as _, Stream as _};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{self, Message};

use super::client::Client;
use super::connect::{Patience, Socket};
use super::frame::Request;
use super::scrub::Scrub;
use super::{GatewayError, Heard, Hearing, News};

/// Calls under way at once; a gateway refuses some hundreds.
pub(crate) const IN_FLIGHT: usize = 20;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// One call, on its way to the socket.
#[derive(Debug)]
pub(crate) struct Ask {
    pub method: String,
    pub params: Value,
    pub answer: oneshot::Sender<Result<Value, GatewayError>>,
}

/// Starts the task and returns a handle on it.
pub(crate) fn spawn(
    socket: Socket,
    heard: mpsc::Sender<News>,
    scrub: Scrub,
    silence: Duration,
    patience: Patience,
) -> Client {
    let (asks, asked) = mpsc::channel(IN_FLIGHT);
    let bye = Arc::new(Notify::new());
    let connection = Connection {
        socket,
        unflushed: false,
        pending: BTreeMap::new(),
        next_id: 0,
        hearing: Hearing::with(scrub.clone()),
        scrub,
        out: Outlet { heard, gap: false, shutdown: None },
    };
    tokio::spawn(connection.run(asked, bye.clone(), silence));
    Client::new(asks, Arc::new(Semaphore::new(IN_FLIGHT)), bye, patience)
}

struct Connection {
    socket: Socket,
    unflushed: bool,
    pending: BTreeMap<String, oneshot::Sender<Result<Value, GatewayError>>>,
    next_id: u64,
    hearing: Hearing,
    scrub: Scrub,
    out: Outlet,
}

impl Connection {
    async fn run(mut self, mut asked: mpsc::Receiver<Ask>, bye: Arc<Notify>, silence: Duration) {
        let why = self.serve(&mut asked, &bye, silence).await;
        asked.close();
        for (_, answer) in std::mem::take(&mut self.pending) {
            // A caller that gave up needs no answer.
            answer.send(Err(why.clone())).ok();
        }
        while let Ok(ask) = asked.try_recv() {
            ask.answer.send(Err(why.clone())).ok();
        }
        let goodbye = async { self.socket.send(Message::Close(None)).await };
        // A peer that does not listen any more is not waited for.
        timeout(GOODBYE, goodbye).await.ok();
        drop(self.socket);
        self.out.close(why.to_string()).await;
    }

    /// Serves until the connection ends, and says why it did.
    async fn serve(&mut self, asked: &mut mpsc::Receiver<Ask>, bye: &Notify, silence: Duration) -> GatewayError {
        let closed = |detail: &str| GatewayError::Closed { detail: detail.to_owned() };
        let watchdog = sleep_until(Instant::now() + silence);
        tokio::pin!(watchdog);
        loop {
            let Self { socket, unflushed, out, .. } = self;
            let step = tokio::select! {
                message = poll_fn(|cx| poll_socket(socket, unflushed, cx)) => {
                    watchdog.as_mut().reset(Instant::now() + silence);
                    self.on_message(message)
                }
                ask = asked.recv() => match ask {
                    Some(ask) => self.send(ask),
                    None => Err(closed("by this program")),
                },
                () = out.mend() => Ok(()),
                () = bye.notified() => Err(closed("by this program")),
                () = &mut watchdog => Err(closed("the gateway fell silent")),
            };
            if let Err(why) = step {
                return why;
            }
        }
    }

    fn send(&mut self, ask: Ask) -> Result<(), GatewayError> {
        self.next_id += 1;
        let id = format!("r{}", self.next_id);
        let text = Request::new(&id, &ask.method, &ask.params).to_text();
        // Callers that ran out of patience leave their place behind.
        if self.pending.len() >= 2 * IN_FLIGHT {
            self.pending.retain(|_, answer| !answer.is_closed());
        }
        self.pending.insert(id, ask.answer);
        self.unflushed = true;
        Pin::new(&mut self.socket).start_send(Message::text(text)).map_err(|error| self.broken(&error))
    }

    fn on_message(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), GatewayError> {
        match message {
            Some(Ok(Message::Text(text))) => {
                let heard = self.hearing.hear(text.as_str())?;
                self.on_heard(heard);
                Ok(())
            }
            Some(Ok(Message::Close(Some(close)))) => {
                Err(GatewayError::of_close(close.code.into(), close.reason.as_str(), &self.scrub))
            }
            Some(Ok(Message::Close(None))) | None => Err(GatewayError::Closed { detail: "by the gateway".to_owned() }),
            // Pings are answered by the WebSocket library.
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(self.broken(&error)),
        }
    }

    fn on_heard(&mut self, heard: Heard) {
        match heard {
            Heard::Answer { id, answer } => {
                let Some(waiting) = self.pending.remove(&id) else {
                    tracing::debug!(%id, "an answer nobody waits for");
                    return;
                };
                // A caller that gave up needs no answer.
                waiting.send(answer).ok();
            }
            Heard::News(news) => news.into_iter().for_each(|news| self.out.tell(news)),
        }
    }

    fn broken(&self, error: &tungstenite::Error) -> GatewayError {
        GatewayError::Closed { detail: self.scrub.quote(&error.to_string()) }
    }
}

/// Pushes what is still to be written, then looks for a message. Nothing is lost when it is dropped.
fn poll_socket(
    socket: &mut Socket,
    unflushed: &mut bool,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Message, tungstenite::Error>>> {
    if *unflushed {
        match Pin::new(&mut *socket).poll_flush(cx) {
            Poll::Ready(Ok(())) => *unflushed = false,
            Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
            Poll::Pending => {}
        }
    }
    Pin::new(socket).poll_next(cx)
}

/// The way to the reader of the news.
struct Outlet {
    heard: mpsc::Sender<News>,
    /// News were dropped and the reader does not know yet.
    gap: bool,
    /// The gateway's farewell, when there was no room for it.
    shutdown: Option<News>,
}

impl Outlet {
    fn tell(&mut self, news: News) {
        if self.gap {
            if self.heard.try_send(News::Gap).is_err() {
                self.drop_news(news);
                return;
            }
            self.gap = false;
        }
        if let Err(mpsc::error::TrySendError::Full(news)) = self.heard.try_send(news) {
            self.drop_news(news);
        }
    }

    fn drop_news(&mut self, news: News) {
        match news {
            // Nobody misses one.
            News::Tick => {}
            News::ShuttingDown { .. } => self.shutdown = Some(news),
            _ => self.gap = true,
        }
    }

    /// Tells of dropped news as soon as there is room.
    async fn mend(&mut self) {
        if !self.gap {
            return std::future::pending().await;
        }
        if let Ok(room) = self.heard.reserve().await {
            room.send(News::Gap);
        }
        // Without a reader there is nothing to mend.
        self.gap = false;
    }

    /// The last words wait for room: nothing comes after them.
    async fn close(mut self, detail: String) {
        for news in self.shutdown.take().into_iter().chain([News::Closed { detail }]) {
            // Without a reader there is nobody to tell.
            self.heard.send(news).await.ok();
        }
    }
}
