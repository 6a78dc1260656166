//! Encrypted connections to a gateway with a certificate of its own making.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use model_orchestrator::domain::{Secret, Trouble};
use model_orchestrator::gateway::{Endpoint, GatewayError, connect};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio_tungstenite::tungstenite::{self, Message};

use super::peer::{Peer, TOKEN, recorded_frames, recorded_payload, run};

/// `CN=openclaw-gateway`, no other names, as a gateway makes it for itself.
const CERTIFICATE: &[u8] = include_bytes!("certificate/certificate.der");
const KEY: &[u8] = include_bytes!("certificate/key.der");

fn fingerprint() -> String {
    format!("{:x}", Sha256::digest(CERTIFICATE))
}

fn server_config() -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key)
        .expect("a certificate and its key");
    Arc::new(config)
}

/// Greets one client over TLS; the client's `connect`, if it comes to that.
fn serve(tcp: TcpStream) -> Option<Value> {
    let tls = StreamOwned::new(ServerConnection::new(server_config()).ok()?, tcp);
    let mut socket = tungstenite::accept(tls).ok()?;
    socket.send(Message::text(recorded_frames("connect-token-backend")[0].to_string())).ok()?;
    let request: Value = serde_json::from_str(socket.read().ok()?.to_text().ok()?).ok()?;
    let hello = recorded_payload("connect-token-backend");
    let answer = json!({"type": "res", "id": request["id"], "ok": true, "payload": hello});
    socket.send(Message::text(answer.to_string())).ok()?;
    Some(request)
}

fn gateway() -> (String, JoinHandle<Option<Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("wss://127.0.0.1:{}", listener.local_addr().expect("is bound").port());
    let wait = move || serve(listener.accept().expect("somebody connects").0);
    let thread = std::thread::Builder::new().name("tls gateway".to_owned()).spawn(wait).expect("a thread");
    (url, thread)
}

fn endpoint(url: String, tls_fingerprint: Option<String>) -> Endpoint {
    Endpoint { tls_fingerprint, ..Endpoint::new(url, Some(Secret::new(TOKEN))) }
}

#[test]
fn exactly_the_certificate_that_was_named_is_accepted() {
    let cases = [
        (fingerprint(), true, "as the gateway's owner reads it"),
        (fingerprint().to_uppercase(), true, "in capitals"),
        (format!("{:064x}", 7), false, "another one"),
        ("not a fingerprint".to_owned(), false, "nonsense accepts nothing"),
    ];
    for (pinned, accepted, why) in cases {
        let (url, thread) = gateway();
        let result = run(async { connect(&endpoint(url.clone(), Some(pinned))).await.map(|up| up.hello.version) });
        if accepted {
            assert_eq!(result, Ok("2026.9.6".to_owned()), "{why}");
        } else {
            let error = result.expect_err(why);
            assert!(matches!(error.trouble(), Trouble::Certificate { .. }), "{why}: {error:?}");
            // Frees the server where the client never came.
            TcpStream::connect(url.trim_start_matches("wss://")).ok();
        }
        let heard = thread.join().expect("the server ends");
        assert_eq!(heard.is_some(), accepted, "{why}: nothing is said to a stranger");
    }
}

#[test]
fn without_a_fingerprint_the_system_decides() {
    let (url, thread) = gateway();
    let error = run(connect(&endpoint(url, None))).map(|up| up.hello).expect_err("nobody vouches for it");
    assert!(matches!(error, GatewayError::Certificate { .. }), "{error:?}");
    assert_eq!(thread.join().expect("the server ends"), None);
}

#[test]
fn a_plain_gateway_behind_an_encrypted_address_is_said_so() {
    let error = run(async {
        let peer = Peer::listen().await;
        let url = peer.endpoint().url.replace("ws://", "wss://");
        let plain = async {
            use tokio::io::AsyncWriteExt as _;
            let mut tcp = peer.accept_tcp().await;
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("answers");
            tcp
        };
        let endpoint = endpoint(url, Some(fingerprint()));
        let (result, _tcp) = tokio::join!(connect(&endpoint), plain);
        result.map(|up| up.hello).expect_err("is no TLS")
    });
    assert_eq!(error.trouble(), Trouble::NotAGateway { detail: "it does not speak TLS".to_owned() });
}
