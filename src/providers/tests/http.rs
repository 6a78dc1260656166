//! One request on its way: who gets it, what is kept of the answer, and what is never seen.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::server::{Ending, Seen, Sent, Server, json};
use super::{PATIENCE, account, http, secret};
use crate::domain::{Secret, Service};
use crate::providers::requests::{Ask, AuthScheme, questions};
use crate::providers::{Answer, Body, NotSent};

const KEY: &str = "planted-key-do-not-show";
/// A part of it that stands nowhere else.
const PART: &str = "do-not-show";

fn list(url: &str) -> Ask {
    questions(&account(Service::OpenAi, url), None).asks.remove(0)
}

async fn answer(server: &Server, key: Option<&Secret>) -> Answer {
    http().send(&list(&server.url()), key, PATIENCE).await.expect("it may be sent").answer
}

fn transport_error(answer: Answer) -> String {
    match answer {
        Answer::Nothing { transport_error } => transport_error,
        other => panic!("an answer: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_kept_with_its_status_headers_and_body() {
    let sent = || json(429, r#"{"error":{}}"#).with("Retry-After", "30").with("Set-Cookie", "session=1");
    let server = Server::start(move |_| sent()).await;
    let Answer::Http { status, headers, body } = answer(&server, Some(&secret(KEY))).await else { panic!("no answer") };
    assert_eq!((status, body), (429, Body::Text(r#"{"error":{}}"#.to_owned())));
    assert_eq!(headers.get("retry-after").map(String::as_str), Some("30"));
    assert!(!headers.contains_key("set-cookie"), "{headers:?}");
}

#[tokio::test]
async fn we_say_who_we_are_and_carry_the_key_as_the_service_wants_it() {
    let server = Server::start(|_| json(200, "{}")).await;
    for (scheme, header, value) in [
        (AuthScheme::Bearer, "authorization", Some(format!("Bearer {KEY}"))),
        (AuthScheme::BearerIfAny, "authorization", Some(format!("Bearer {KEY}"))),
        (AuthScheme::Header("x-api-key"), "x-api-key", Some(KEY.to_owned())),
        (AuthScheme::None, "authorization", None),
    ] {
        let ask = Ask { auth: scheme, ..list(&server.url()) };
        http().send(&ask, Some(&secret(&format!(" {KEY}\n"))), PATIENCE).await.expect("it may be sent");
        let seen = server.seen().pop().expect("it arrived");
        assert_eq!(seen.header(header), value.as_deref(), "{scheme:?}");
        let ours = format!("model-orchestrator/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(seen.header("user-agent"), Some(ours.as_str()));
        assert!(!seen.line.contains(KEY), "a key is never in an address");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_else_gets_the_key() {
    let elsewhere = Server::start(|_| json(200, "{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let target = elsewhere.url();
        let server = Server::start(move |_| json(status, "").with("Location", &target)).await;
        let found = answer(&server, Some(&secret(KEY))).await;
        assert!(matches!(found, Answer::Http { status: got, .. } if got == status), "{found:?}");
    }
    assert_eq!(elsewhere.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_does_not_end_is_given_up() {
    let http = http();
    let stalling = Server::start(|_| json(200, r#"{"data":["#).ending(Ending::Stalls)).await;
    let silent = Server::gathering(2, |_| json(200, "{}")).await;
    for server in [stalling, silent] {
        let reply = http.send(&list(&server.url()), None, Duration::from_millis(100)).await.expect("it may be sent");
        assert_eq!(transport_error(reply.answer), "timeout");
        assert!(reply.took >= Duration::from_millis(100) && reply.took < PATIENCE, "{:?}", reply.took);
    }
}

#[tokio::test]
async fn a_long_answer_is_cut_and_a_broken_one_kept_as_far_as_it_came() {
    let long = Server::start(|_| json(200, "x".repeat(2_000_000))).await;
    let broken = Server::start(|_| json(200, r#"{"data":["#).ending(Ending::BreaksOff)).await;
    for (server, length) in [(long, 1_000_000), (broken, 9)] {
        let found = answer(&server, None).await;
        assert!(matches!(&found, Answer::Http { body: Body::Text(text), .. } if text.len() == length), "{length}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_read_and_cut_where_it_swells() {
    let small = Server::start(|_| zipped(GZIP_OF_OK)).await;
    assert!(
        matches!(answer(&small, None).await, Answer::Http { body: Body::Text(text), .. } if text == r#"{"ok":true}"#)
    );
    assert!(small.seen()[0].header("accept-encoding").is_some_and(|accepted| accepted.contains("gzip")));

    let broken = Server::start(|_| zipped(&GZIP_OF_OK[..20])).await;
    assert!(matches!(answer(&broken, None).await, Answer::Http { status: 200, .. }), "its status still counts");

    let bomb = gzip_of_zeros();
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let swelling = Server::start(move |_| zipped(&bomb)).await;
    assert!(
        matches!(answer(&swelling, None).await, Answer::Http { body: Body::Text(text), .. } if text.len() == 1_000_000)
    );
}

fn zipped(body: &[u8]) -> Sent {
    Sent { body: body.to_vec(), ..json(200, "") }.with("Content-Encoding", "gzip")
}

/// `{"ok":true}`, as gzip writes it without compressing.
const GZIP_OF_OK: &[u8] = &[
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 11, 0, 0xf4, 0xff, b'{', b'"', b'o', b'k', b'"', b':', b't', b'r', b'u',
    b'e', b'}', 0x90, 0x5f, 0xd4, 0xa7, 11, 0, 0, 0,
];

/// Two million `0`, made small by hand: a stored block cannot, so it is one long repetition in a
/// block of fixed codes.
fn gzip_of_zeros() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b1, 1);
    bits.push(0b01, 2);
    bits.push_reversed(0b0011_0000 + u32::from(b'0'), 8);
    // Length 258 is code 285 (8 bits), distance 1 is code 0 (5 bits).
    for _ in 0..7752 {
        bits.push_reversed(0b1100_0101, 8);
        bits.push_reversed(0, 5);
    }
    bits.push_reversed(0, 7);
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bytes.extend(bits.bytes);
    // The checksum is never reached: the answer is cut before.
    bytes.extend([0; 8]);
    bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= (((value >> at) & 1) as u8) << (self.used % 8);
            }
            self.used += 1;
        }
    }

    fn push_reversed(&mut self, value: u32, count: u32) {
        self.push(value.reverse_bits() >> (32 - count), count);
    }
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_or_with_a_key_that_cannot_be_used() {
    let good = "https://api.openai.com/v1/models";
    let cases = [
        ("http://api.openai.com/v1/models", KEY, NotSent::NotEncrypted, "not encrypted"),
        ("http://192.168.1.5:11434/api/tags", KEY, NotSent::NotEncrypted, "near is not here"),
        ("http://127.0.0.1.evil.test/", KEY, NotSent::NotEncrypted, "a name that looks like an address"),
        ("http://localhost.evil.test/", KEY, NotSent::NotEncrypted, "a name that begins like ours"),
        ("http://127.0.0.1@evil.test/", KEY, NotSent::BadAddress, "a user, not a host"),
        ("https://user:word@api.openai.com/", KEY, NotSent::BadAddress, "a password in an address"),
        ("ftp://api.openai.com/", KEY, NotSent::BadAddress, "another protocol"),
        ("api.openai.com/v1", KEY, NotSent::BadAddress, "no protocol"),
        ("", KEY, NotSent::BadAddress, "nothing"),
        (good, "planted\nkey", NotSent::BadKey, "a line break would be a header of its own"),
        (good, "planted-schlüssel\u{7f}", NotSent::BadKey, "not for a header"),
    ];
    let http = http();
    for (url, key, refusal, why) in cases {
        let ask = Ask { url: url.to_owned(), ..list("https://api.openai.com") };
        let found = http.send(&ask, Some(&secret(key)), PATIENCE).await;
        assert_eq!(found.err(), Some(refusal), "{why}: {url}");
        assert!(!refusal.to_string().contains("planted"));
    }
}

#[tokio::test]
async fn what_went_wrong_on_the_way_is_told_without_the_address() {
    let closed = super::closed();
    let hanging_up = Server::start(|_| json(200, "").ending(Ending::HangsUp)).await;
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let unencrypted = format!("https://{}", plain.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.expect("somebody comes");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
        stream.read_u8().await.ok();
    });
    let cases = [
        (closed, "connection refused"),
        (hanging_up.url(), "the connection ended before an answer"),
        (unencrypted, "tls: received corrupt message of type InvalidContentType"),
    ];
    for (url, words) in cases {
        let reply = http().send(&list(&url), Some(&secret(KEY)), PATIENCE).await.expect("it may be sent");
        assert_eq!(transport_error(reply.answer), words, "{url}");
    }
}

#[tokio::test]
async fn a_planted_key_is_seen_nowhere() {
    let log = Log::default();
    let (writer, collected) = (log.clone(), log);
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    // For all threads: one that has none of its own would switch the lines off for everybody.
    tracing::subscriber::set_global_default(subscriber.finish()).expect("no other test collects");

    let key = secret(KEY);
    let echo = |seen: &Seen| {
        let got = seen.header("authorization").or(seen.header("x-api-key")).or(seen.header("x-goog-api-key"));
        let got = got.unwrap_or_default().trim_start_matches("Bearer ");
        let said = format!("Incorrect API key provided: {got}");
        json(401, serde_json::json!({ "error": { "message": said, "got": seen.text } }).to_string()).with("X-Key", got)
    };
    let server = Server::start(echo).await;
    let http = http();
    let mut shown = vec![format!("{http:?} {key:?}")];
    for service in Service::ALL.iter().copied() {
        let account = account(service, &server.url());
        let check = super::a_check(&account, Some(&key));
        let report = crate::providers::check(http, check).await;
        shown.push(format!("{check:?} {report:?}"));
        for ask in questions(&account, Some("m")).asks {
            let reply = http.send(&ask, Some(&key), PATIENCE).await;
            shown.push(format!("{ask:?} {reply:?}"));
        }
    }
    let refused = Ask { url: format!("http://evil.test/{KEY}"), ..list("") };
    shown.push(format!("{:?}", http.send(&refused, Some(&key), PATIENCE).await));
    let shown = shown.join("\n");
    assert!(shown.contains("Incorrect API key provided: •••"), "the rest of what it says is kept");
    assert_eq!(around(&shown, PART), None);
    let logged = collected.text();
    assert!(logged.contains("asked a provider"), "{logged}");
    assert_eq!(around(&logged, PART), None);
}

/// Where `part` stands in a long text.
fn around<'a>(text: &'a str, part: &str) -> Option<&'a str> {
    let at = text.find(part)?;
    text.get(at.saturating_sub(80)..at + part.len())
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panics while holding it")).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics while holding it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const DIRECT: &str = "MODEL_ORCHESTRATOR_TEST_DIRECT";

/// A process of its own: the environment is read once, and belongs to everybody.
#[tokio::test]
async fn proxies_of_the_environment_are_used_but_not_towards_this_computer() {
    let proxy = Server::start(|_| json(407, "").with("Proxy-Authenticate", "Basic realm=\"corp\"")).await;
    let direct = Server::start(|_| json(200, "{}")).await;
    let mut child = std::process::Command::new(std::env::current_exe().expect("this test runs"));
    child.args(["--exact", "--ignored", "providers::tests::http::in_a_process_with_proxies"]);
    for name in ["NO_PROXY", "no_proxy", "https_proxy", "http_proxy", "all_proxy", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        child.env(name, format!("http://someone:{KEY}@127.0.0.1:{}", proxy.port()));
    }
    child.env(DIRECT, direct.url());
    let output = tokio::task::spawn_blocking(move || child.output()).await.expect("it ran").expect("it started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.lines(), ["CONNECT api.openai.com:443"]);
    assert!(!proxy.seen()[0].text.contains("Bearer"), "the proxy sees no key of a provider");
    assert_eq!(direct.lines(), ["GET /v1/models"]);
}

#[tokio::test]
#[ignore = "started by the test above, in a process of its own"]
async fn in_a_process_with_proxies() {
    let http = http();
    let direct = std::env::var(DIRECT).expect("started by the test above");
    let near = http.send(&list(&direct), Some(&secret("s")), PATIENCE).await.expect("it may be sent");
    assert!(matches!(near.answer, Answer::Http { status: 200, .. }), "{near:?}");
    let far = http.send(&list("https://api.openai.com"), Some(&secret("s")), PATIENCE).await.expect("it may be sent");
    assert!(matches!(far.answer, Answer::Http { status: 407, .. }), "{far:?}");
    assert!(!format!("{http:?} {far:?}").contains(PART), "{far:?}");
}
