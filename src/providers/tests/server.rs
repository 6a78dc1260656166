//! A small HTTP server on loopback: answers by a function, remembers what it was asked, counts who
//! is connected at once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// `GET /v1/models?limit=1`.
    pub(super) line: String,
    /// Everything that was sent, in lower case only where the sender wrote it so.
    pub(super) text: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(super) fn path(&self) -> &str {
        let url = self.line.split(' ').nth(1).unwrap_or_default();
        url.split('?').next().unwrap_or_default()
    }
}

/// What is sent back.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    pub(super) ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Whole,
    /// More is promised and never comes.
    Stalls,
    /// More is promised and the connection ends.
    BreaksOff,
    /// Nothing at all is sent.
    HangsUp,
}

pub(super) fn json(status: u16, body: impl Into<String>) -> Sent {
    let headers = vec![("content-type", "application/json".to_owned())];
    Sent { status, headers, body: body.into().into_bytes(), ending: Ending::Whole }
}

impl Sent {
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}

/// Ends with the test that started it.
pub(super) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    crowd: Arc<watch::Sender<Crowd>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crowd {
    pub(super) now: usize,
    pub(super) most: usize,
}

type Answering = Arc<dyn Fn(&Seen) -> Sent + Send + Sync>;

impl Server {
    pub(super) async fn start(answer: impl Fn(&Seen) -> Sent + Send + Sync + 'static) -> Self {
        Self::gathering(0, answer).await
    }

    /// Answers nobody before `wanted` have been connected at once.
    pub(super) async fn gathering(wanted: usize, answer: impl Fn(&Seen) -> Sent + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let crowd = Arc::new(watch::Sender::new(Crowd::default()));
        let answer: Answering = Arc::new(answer);
        let (noted, counted) = (seen.clone(), crowd.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer.clone(), noted.clone(), counted.clone(), wanted));
            }
        });
        Self { address, seen, crowd, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("nobody panics while holding it").clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.crowd.borrow().most
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Answering,
    seen: Arc<Mutex<Vec<Seen>>>,
    crowd: Arc<watch::Sender<Crowd>>,
    wanted: usize,
) {
    crowd.send_modify(|crowd| {
        crowd.now += 1;
        crowd.most = crowd.most.max(crowd.now);
    });
    let mut gathered = crowd.subscribe();
    if let Some(request) = read(&mut stream).await {
        seen.lock().expect("nobody panics while holding it").push(request.clone());
        if gathered.wait_for(|crowd| crowd.most >= wanted).await.is_ok() {
            write(&mut stream, &answer(&request)).await.ok();
        }
    }
    crowd.send_modify(|crowd| crowd.now -= 1);
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
            let seen = Seen { line, text: text.clone() };
            let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some(seen);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

async fn write(stream: &mut TcpStream, sent: &Sent) -> std::io::Result<()> {
    if sent.ending == Ending::HangsUp {
        return Ok(());
    }
    let promised = sent.body.len() + if sent.ending == Ending::Whole { 0 } else { 1000 };
    let mut head = format!("HTTP/1.1 {} -\r\ncontent-length: {promised}\r\nconnection: close\r\n", sent.status);
    head.extend(sent.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")));
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    stream.write_all(&sent.body).await?;
    stream.flush().await?;
    if sent.ending == Ending::Stalls {
        // Until the other side has had enough.
        stream.read_u8().await.ok();
    }
    stream.shutdown().await
}
