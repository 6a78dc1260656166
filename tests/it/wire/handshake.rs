//! From an address to a connection, and every way in which it ends before it stands.

use std::sync::Arc;
use std::time::Duration;

use model_orchestrator::domain::{Secret, Trouble};
use model_orchestrator::gateway::{DeviceIdentity, Endpoint, GatewayError, Patience, connect, connect_with};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::peer::{Peer, TOKEN, assert_no_token, recorded_frames, run};

/// Connects while `serve` plays the other side.
async fn meet<T>(endpoint: &Endpoint, serve: impl Future<Output = T>) -> (GatewayError, T) {
    let (connected, served) = tokio::join!(connect(endpoint), serve);
    let error = connected.map(|connected| connected.hello).expect_err("must not connect");
    assert_no_token(&error);
    (error, served)
}

#[test]
fn the_greeting_asks_for_what_it_needs_and_keeps_what_it_is_told() {
    run(async {
        let peer = Peer::listen().await;
        let device = Some(Arc::new(DeviceIdentity::from_seed(&[7; 32])));
        let endpoint = Endpoint { device, ..peer.endpoint() };
        let serve = async {
            let mut session = peer.accept().await;
            (session.greet(&json!({})).await, session)
        };
        let (connected, (request, _session)) = tokio::join!(connect(&endpoint), serve);
        let hello = connected.expect("connects").hello;
        let expected = json!({
            "minProtocol": 4, "maxProtocol": 4,
            "client": {
                "id": "gateway-client", "displayName": "Model Orchestrator", "version": env!("CARGO_PKG_VERSION"),
                "platform": std::env::consts::OS, "mode": "backend",
            },
            "role": "operator", "scopes": ["operator.read", "operator.admin"],
            "caps": ["usage-refreshing", "model-selection-policy"],
            "auth": { "token": TOKEN },
        });
        assert_eq!(request["params"], expected, "no device on loopback: it would be paired");
        assert_eq!(request["method"], "connect");
        assert_eq!(hello.version, "2026.9.6");
        assert!(hello.scopes.contains(&"operator.admin".to_owned()));
        assert_eq!(hello.tick.as_secs(), 30);
        assert!(hello.gateway_time.is_some());
    });
}

#[test]
fn a_device_signs_the_challenge_and_what_it_is_issued_is_never_quoted() {
    run(async {
        let peer = Peer::listen().await;
        let device = Some(Arc::new(DeviceIdentity::from_seed(&[7; 32])));
        let endpoint = Endpoint { token: None, device, ..peer.endpoint() };
        let serve = async {
            let mut session = peer.accept().await;
            let challenge = recorded_frames("connect-device-token")[0].clone();
            session.send(&challenge).await;
            let request = session.request().await;
            let hello = recorded_frames("connect-device-auto-paired").last().cloned().expect("a greeting");
            session.answer(&request, &hello["payload"]).await;
            (challenge, request["params"].clone(), session)
        };
        let (connected, (challenge, params, mut session)) = tokio::join!(connect(&endpoint), serve);
        let connected = connected.expect("connects");
        assert_eq!(params["auth"], json!(null));
        let device = &params["device"];
        assert_eq!(device["id"], "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889");
        assert_eq!(device["nonce"], challenge["payload"]["nonce"]);
        assert_eq!(device["signedAt"], challenge["payload"]["ts"], "the gateway's own time");
        assert_eq!(device["signature"].as_str().map(str::len), Some(86));
        assert!(!format!("{:?}", connected.hello).contains("DEVICE_TOKEN"));
        let serve = async {
            let request = session.request().await;
            session.refuse(&request, &json!({ "code": "ODD", "message": "no DEVICE_TOKEN today" })).await;
        };
        let (answer, ()) = tokio::join!(connected.client.call("cron.list", json!({})), serve);
        assert_eq!(answer.expect_err("is refused").to_string(), "the gateway refused: no ••• today");
    });
}

#[test]
fn every_refusal_is_told_apart() {
    let refused = |detail: &str| Trouble::Refused { detail: detail.to_owned() };
    let invalid = "invalid connect params: at /client/id: must be equal to one of the allowed values";
    let cases = [
        ("connect-error-bad-token", 1008, Trouble::BadToken),
        ("connect-error-no-token", 1008, Trouble::NoToken),
        ("connect-error-device-token", 1008, Trouble::BadToken),
        (
            "connect-error-pairing-required",
            1008,
            Trouble::NeedsPairing { request: "45f8449b-169f-4136-a117-27ee4a7ac7de".to_owned() },
        ),
        ("connect-error-client-id", 1008, refused(invalid)),
        ("connect-error-protocol", 1002, Trouble::Protocol { detail: "it speaks version 4".to_owned() }),
        ("connect-error-starting", 1013, Trouble::Starting),
        ("connect-error-signature", 1008, refused("device signature invalid")),
        ("connect-error-stale-signature", 1008, refused("device signature expired")),
    ];
    for (name, code, trouble) in cases {
        let error = run(async {
            let peer = Peer::listen().await;
            let serve = async {
                let mut session = peer.accept().await;
                let request = session.challenge().await;
                let answer = recorded_frames(name).pop().expect("an answer");
                session.refuse(&request, &answer["error"]).await;
                session.close(code, "refused").await;
            };
            meet(&peer.endpoint(), serve).await.0
        });
        assert_eq!(error.trouble(), trouble, "{name}");
    }
}

#[test]
fn a_starting_gateway_may_refuse_before_it_asks() {
    let (error, ()) = run(async {
        let peer = Peer::listen().await;
        let serve = async {
            let mut session = peer.accept().await;
            session.send(&recorded_frames("connect-error-starting")[0]).await;
            session.close(1013, "gateway starting").await;
        };
        meet(&peer.endpoint(), serve).await
    });
    assert_eq!(error.trouble(), Trouble::Starting);
}

#[test]
fn a_close_without_a_word_still_says_something() {
    let cases = [(1012, Trouble::Restarting), (1013, Trouble::Starting)];
    for (code, trouble) in cases {
        let (error, ()) = run(async {
            let peer = Peer::listen().await;
            let serve = async { peer.accept().await.close(code, TOKEN).await };
            meet(&peer.endpoint(), serve).await
        });
        assert_eq!(error.trouble(), trouble, "{code}");
    }
    let (error, ()) = run(async {
        let peer = Peer::listen().await;
        let serve = async { peer.accept().await.close(1008, &format!("no {TOKEN}")).await };
        meet(&peer.endpoint(), serve).await
    });
    assert_eq!(error, GatewayError::Closed { detail: "no ••• (code 1008)".to_owned() });
}

#[test]
fn what_answers_http_but_no_gateway_never_sees_the_token() {
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";
    let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    let away = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
    let cases = [
        (page, "not", "a web page"),
        (forbidden, "not", "a proxy that is not trusted"),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", "not", "another protocol"),
        ("\u{0}\u{1}\u{2}\r\n\r\n", "not", "garbage"),
        (away, "lost", "a proxy whose gateway is away"),
        ("", "lost", "nothing at all"),
    ];
    for (answer, expected, why) in cases {
        let (error, heard) = run(async {
            let peer = Peer::listen().await;
            let serve = async {
                let mut tcp = peer.accept_tcp().await;
                let mut heard = vec![0; 4096];
                let n_bytes = tcp.read(&mut heard).await.expect("hears");
                tcp.write_all(answer.as_bytes()).await.expect("answers");
                String::from_utf8_lossy(&heard[..n_bytes]).into_owned()
            };
            meet(&peer.endpoint(), serve).await
        });
        match (error.trouble(), expected) {
            (Trouble::NotAGateway { .. }, "not") | (Trouble::Lost { .. }, "lost") => {}
            (trouble, _) => panic!("{why}: {trouble:?}"),
        }
        assert!(heard.starts_with("GET / HTTP/1.1"), "{why}: {heard}");
        assert!(!heard.contains(TOKEN), "{why}");
    }
}

#[test]
fn what_speaks_websocket_but_no_gateway_is_said_so() {
    let greeting = |payload: Value| vec![recorded_frames("connect-token-backend")[0].clone(), payload];
    let odd_hello = json!({"type": "res", "id": "connect", "ok": true, "payload": {"type": "welcome"}});
    let bare_hello =
        json!({"type": "res", "id": "connect", "ok": true, "payload": {"type": "hello-ok", "protocol": 4}});
    let newer = json!({"type": "res", "id": "connect", "ok": true,
        "payload": {"type": "hello-ok", "protocol": 9, "server": {}}});
    let cases = [
        (vec![json!("hello")], "not", "a text of its own"),
        (vec![json!({"op": 10})], "not", "JSON of its own"),
        (greeting(odd_hello), "not", "another greeting"),
        (greeting(bare_hello), "not", "a greeting without a server"),
        (greeting(newer), "protocol", "another version in the greeting"),
    ];
    for (frames, expected, why) in cases {
        let (error, ()) = run(async {
            let peer = Peer::listen().await;
            let serve = async {
                let mut session = peer.accept().await;
                for frame in &frames {
                    session.send(frame).await;
                }
                session.closed().await;
            };
            meet(&peer.endpoint(), serve).await
        });
        match (error.trouble(), expected) {
            (Trouble::NotAGateway { .. }, "not") | (Trouble::Protocol { .. }, "protocol") => {}
            (trouble, _) => panic!("{why}: {trouble:?}"),
        }
    }
}

#[test]
fn silence_ends_in_time_and_nobody_there_is_said_at_once() {
    let patience = Patience { handshake: Duration::from_millis(50), ..Patience::default() };
    run(async {
        let peer = Peer::listen().await;
        let endpoint = peer.endpoint();
        let (connected, _tcp) = tokio::join!(connect_with(&endpoint, patience), peer.accept_tcp());
        let error = connected.map(|connected| connected.hello).expect_err("nobody answers");
        assert!(matches!(error, GatewayError::Timeout { .. }), "{error}");
        drop(peer);
        let error = connect(&endpoint).await.map(|connected| connected.hello).expect_err("nobody is there");
        assert_eq!(error.trouble(), Trouble::Absent);
    });
}

#[test]
fn nothing_is_sent_over_a_plain_connection_to_strangers() {
    for url in ["ws://203.0.113.1:18789", "http://gateway.example", "ws://[2001:db8::1]:1"] {
        let endpoint = Endpoint::new(url, Some(Secret::new(TOKEN)));
        let error = run(connect(&endpoint)).map(|connected| connected.hello).expect_err("is refused");
        assert_eq!(error.trouble(), Trouble::Insecure, "{url}");
    }
}
