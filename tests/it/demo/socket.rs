//! The demo over its socket, by raw frames.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use futures_util::{SinkExt as _, StreamExt as _};
use model_orchestrator::demo::{Demo, DemoOptions, DemoOutage};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{id, minutes, on_a_runtime, options};

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

#[derive(Debug, PartialEq)]
enum Heard {
    Frame(Value),
    Closed(Option<(u16, String)>),
}

impl Wire {
    async fn open(demo: &Demo) -> Self {
        let (socket, _) = connect_async(demo.url()).await.expect("the demo listens");
        Self { socket }
    }

    async fn operator(demo: &Demo) -> Self {
        let mut wire = Self::open(demo).await;
        wire.challenge().await;
        wire.say(&connect(demo.token().reveal())).await;
        let hello = wire.frame().await;
        assert_eq!((&hello["ok"], &hello["payload"]["type"]), (&json!(true), &json!("hello-ok")), "{hello}");
        wire
    }

    async fn challenge(&mut self) -> Value {
        let challenge = self.frame().await;
        assert_eq!(challenge["event"], "connect.challenge");
        assert!(challenge.get("seq").is_none());
        challenge["payload"].clone()
    }

    async fn say(&mut self, frame: &Value) {
        self.raw(frame.to_string()).await;
    }

    async fn raw(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    async fn hear(&mut self) -> Heard {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the demo answers") {
                Some(Ok(Message::Text(text))) => return Heard::Frame(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map(|frame| (frame.code.into(), frame.reason.to_string())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    async fn frame(&mut self) -> Value {
        match self.hear().await {
            Heard::Frame(frame) => frame,
            Heard::Closed(how) => panic!("closed: {how:?}"),
        }
    }

    /// The answer to `frame`, and what was broadcast before it.
    async fn ask(&mut self, method: &str, params: Value) -> (Value, Vec<Value>) {
        self.say(&json!({ "type": "req", "id": "q", "method": method, "params": params })).await;
        let mut events = Vec::new();
        loop {
            let frame = self.frame().await;
            if frame["type"] == "res" {
                return (frame, events);
            }
            events.push(frame);
        }
    }
}

fn connect(token: &str) -> Value {
    json!({ "type": "req", "id": "c1", "method": "connect", "params": {
        "minProtocol": 4, "maxProtocol": 4,
        "client": { "id": "gateway-client", "version": "0.1.0", "platform": "linux", "mode": "backend" },
        "role": "operator", "scopes": ["operator.read", "operator.admin"], "caps": [], "auth": { "token": token },
    } })
}

/// What a device is told that connects with this secret, signed as a client signs.
async fn greeted(demo: &Demo, seed: &[u8; 32], kind: &str, secret: &str) -> Value {
    let key = SigningKey::from_bytes(seed);
    let public = key.verifying_key().to_bytes();
    let device: String = Sha256::digest(public).iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
    let mut wire = Wire::open(demo).await;
    let challenge = wire.challenge().await;
    let (ts, nonce) = (&challenge["ts"], challenge["nonce"].as_str().unwrap());
    let scopes = "operator.read,operator.admin";
    let text = format!("v3|{device}|gateway-client|ui|operator|{scopes}|{ts}|{secret}|{nonce}|linux|");
    let mut frame = connect(secret);
    frame["params"]["auth"] = json!({ kind: secret });
    frame["params"]["client"]["mode"] = "ui".into();
    frame["params"]["device"] = json!({
        "id": device, "publicKey": URL_SAFE_NO_PAD.encode(public), "signedAt": ts, "nonce": nonce,
        "signature": URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes()),
    });
    wire.say(&frame).await;
    wire.frame().await
}

#[test]
fn a_device_token_alone_opens_the_door_to_its_device_only() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let shared = demo.token().reveal();
        let paired = greeted(&demo, &[7; 32], "token", shared).await["payload"]["auth"].clone();
        assert_eq!(paired["scopes"], json!(["operator.read", "operator.admin"]), "{paired}");
        let issued = paired["deviceToken"].as_str().unwrap();
        assert_eq!(greeted(&demo, &[7; 32], "deviceToken", issued).await["ok"], true, "the device that was paired");
        assert_eq!(greeted(&demo, &[8; 32], "deviceToken", issued).await["ok"], false, "another device");
        let mixed = greeted(&demo, &[7; 32], "deviceToken", shared).await;
        assert_eq!(mixed["ok"], false, "the shared token is no device token");
    });
}

#[test]
fn a_client_is_greeted_lists_and_writes() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut wire = Wire::operator(&demo).await;
        let (list, _) = wire.ask("cron.list", json!({ "includeDisabled": true })).await;
        assert_eq!(list["payload"]["total"], 50);
        let patch = json!({ "payload": { "kind": "agentTurn", "model": "kimi/kimi-k3" } });
        let (changed, events) =
            wire.ask("cron.update", json!({ "id": id("disk-check").as_str(), "patch": patch })).await;
        assert_eq!(changed["payload"]["payload"]["model"], "kimi/kimi-k3");
        let [event] = events.as_slice() else { panic!("one event, not {events:?}") };
        assert_eq!((&event["seq"], &event["payload"]["action"]), (&json!(1), &json!("updated")));
        assert_eq!(demo.job(&id("disk-check")).unwrap()["payload"]["model"], "kimi/kimi-k3");
        assert_eq!(demo.calls()["cron.update"], 1);
        let (unknown, _) = wire.ask("no.such", json!({})).await;
        assert_eq!((&unknown["ok"], &unknown["id"]), (&json!(false), &json!("q")));
    });
}

#[test]
fn hello_has_what_was_recorded() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut wire = Wire::open(&demo).await;
        wire.challenge().await;
        wire.say(&connect(demo.token().reveal())).await;
        let hello = wire.frame().await["payload"].clone();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recorded/gateway/connect-token-backend.json");
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let wanted = &file["frames"][2]["frame"]["payload"];
        for part in ["", "/server", "/features", "/snapshot", "/snapshot/sessionDefaults", "/auth", "/policy"] {
            for key in wanted.pointer(part).unwrap().as_object().unwrap().keys() {
                assert!(hello.pointer(part).unwrap().get(key).is_some(), "{part}/{key}");
            }
        }
        assert_eq!(hello["auth"]["scopes"], json!(["operator.read", "operator.admin"]));
    });
}

#[test]
fn the_door_refuses_as_a_real_gateway_does() {
    let token = "TOKEN";
    let with = |change: &dyn Fn(&mut Value)| {
        let mut frame = connect(token);
        change(&mut frame);
        frame.to_string()
    };
    let cases: Vec<(String, Option<&str>, u16, &str)> = vec![
        (
            with(&|frame| frame["params"]["auth"]["token"] = "wrong".into()),
            Some("AUTH_TOKEN_MISMATCH"),
            1008,
            "wrong token",
        ),
        (with(&|frame| frame["params"]["auth"] = json!({})), Some("DEVICE_IDENTITY_REQUIRED"), 1008, "no token"),
        (
            with(&|frame| frame["params"]["minProtocol"] = 5.into()),
            Some("PROTOCOL_MISMATCH"),
            1002,
            "no protocol in common",
        ),
        (with(&|frame| frame["params"]["client"]["id"] = "mine".into()), None, 1008, "a client id of one's own"),
        (json!({ "type": "req", "id": "c1", "method": "health" }).to_string(), None, 1008, "not a connect"),
        ("nonsense".to_owned(), None, 1000, "not JSON"),
        (format!("{{\"pad\":\"{}\"}}", "x".repeat(70_000)), None, 1009, "too long"),
    ];
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        for (first, detail, code, why) in cases {
            let mut wire = Wire::open(&demo).await;
            wire.challenge().await;
            wire.raw(first.replace(token, demo.token().reveal())).await;
            let mut heard = wire.hear().await;
            if let Heard::Frame(answer) = &heard {
                assert_eq!(answer["ok"], false, "{why}");
                assert_eq!(answer["error"]["details"]["code"].as_str(), detail, "{why}");
                heard = wire.hear().await;
            }
            let Heard::Closed(Some((closed, _))) = heard else { panic!("{why}: {heard:?}") };
            assert_eq!(closed, code, "{why}");
        }
        assert_eq!(demo.calls().get("cron.list"), None);
    });
}

#[test]
fn a_window_without_a_device_gets_in_and_may_do_nothing() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut wire = Wire::open(&demo).await;
        wire.challenge().await;
        let mut frame = connect(demo.token().reveal());
        frame["params"]["client"]["mode"] = "ui".into();
        wire.say(&frame).await;
        assert_eq!(wire.frame().await["payload"]["auth"]["scopes"], json!([]));
        let (refused, _) = wire.ask("cron.list", json!({})).await;
        assert_eq!(refused["error"]["details"]["code"], "MISSING_SCOPE");
        let (health, _) = wire.ask("health", json!({})).await;
        assert_eq!(health["ok"], true);
    });
}

#[test]
fn malformed_requests_cost_only_themselves() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut wire = Wire::operator(&demo).await;
        for odd in
            [json!({ "type": "req", "id": "q" }), json!({ "type": "req", "id": "q", "method": "health", "extra": 1 })]
        {
            wire.say(&odd).await;
            let answer = wire.frame().await;
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("q"), &json!("INVALID_REQUEST")), "{odd}");
        }
        let (health, _) = wire.ask("health", json!({})).await;
        assert_eq!(health["ok"], true, "the socket is still open");
    });
}

#[test]
fn every_connection_counts_its_own_events() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut early = Wire::operator(&demo).await;
        let patch = json!({ "description": "by somebody else" });
        demo.edit_as_somebody_else(&id("blog-draft"), &patch).unwrap();
        assert_eq!(early.frame().await["seq"], 1);
        let mut late = Wire::operator(&demo).await;
        demo.edit_as_somebody_else(&id("blog-draft"), &json!({ "description": null })).unwrap();
        assert_eq!((early.frame().await["seq"].clone(), late.frame().await["seq"].clone()), (json!(2), json!(1)));
        assert_eq!(demo.calls().get("cron.update"), None, "somebody else's calls are not counted");
    });
}

#[test]
fn time_moves_only_when_a_manual_clock_is_moved() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut wire = Wire::operator(&demo).await;
        let before = demo.now();
        demo.advance(minutes(6));
        assert_eq!(demo.now(), before + minutes(6));
        let mut actions = Vec::new();
        while !actions.contains(&"finished".to_owned()) {
            let frame = wire.frame().await;
            actions.extend(frame["payload"]["action"].as_str().map(str::to_owned));
        }
        assert_eq!(actions[0], "started");
    });
}

#[test]
fn an_outage_is_noticed_in_a_moment_by_the_real_clock() {
    on_a_runtime(async {
        let demo = Demo::start(DemoOptions { speed: 50.0, ..DemoOptions::default() }).unwrap();
        let mut wire = Wire::operator(&demo).await;
        demo.set_outage("kimi", DemoOutage::RefusedKey);
        let failed = loop {
            let payload = wire.frame().await["payload"].clone();
            if payload["action"] == "finished" && payload["provider"] == "kimi" {
                break payload;
            }
        };
        assert_eq!(failed["errorReason"], "auth");
        let (models, _) = wire.ask("models.list", json!({ "provider": "kimi" })).await;
        assert_eq!(models["payload"]["models"][0]["unavailableReason"], "cooldown");
    });
}

#[test]
fn a_restart_says_so_and_comes_back_as_another_boot() {
    on_a_runtime(async {
        let demo = Demo::start(DemoOptions { restart_takes: Duration::ZERO, ..options() }).unwrap();
        let boot = async |demo: &Demo| {
            let mut wire = Wire::open(demo).await;
            wire.challenge().await;
            wire.say(&connect(demo.token().reveal())).await;
            let hello = wire.frame().await;
            (hello["payload"]["server"]["bootId"].as_str().unwrap().to_owned(), wire)
        };
        let (first, mut wire) = boot(&demo).await;
        demo.restart();
        let shutdown = wire.frame().await;
        assert_eq!(
            (&shutdown["event"], &shutdown["payload"]["restartExpectedMs"]),
            (&json!("shutdown"), &json!(1_500))
        );
        assert_eq!(wire.hear().await, Heard::Closed(Some((1012, "service restart".to_owned()))));
        let (second, _) = boot(&demo).await;
        assert_ne!(first, second);
    });
}

#[test]
fn while_it_starts_it_asks_for_patience() {
    on_a_runtime(async {
        let demo = Demo::start(DemoOptions { restart_takes: PATIENCE, ..options() }).unwrap();
        demo.restart();
        let mut wire = Wire::open(&demo).await;
        wire.challenge().await;
        wire.say(&connect(demo.token().reveal())).await;
        let answer = wire.frame().await;
        let error = &answer["error"];
        assert_eq!(
            (&error["code"], &error["retryable"], &error["retryAfterMs"]),
            (&json!("UNAVAILABLE"), &json!(true), &json!(500))
        );
        assert_eq!(wire.hear().await, Heard::Closed(Some((1013, "gateway starting".to_owned()))));
    });
}

#[test]
fn cut_off_means_no_connection_old_or_new() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let mut wire = Wire::operator(&demo).await;
        demo.cut(true);
        assert_eq!(wire.hear().await, Heard::Closed(None));
        assert!(connect_async(demo.url()).await.is_err());
        demo.cut(false);
        Wire::operator(&demo).await;
    });
}

#[test]
fn dropping_the_demo_says_goodbye_and_frees_its_port() {
    on_a_runtime(async {
        let demo = Demo::start(options()).unwrap();
        let url = demo.url().to_owned();
        let mut wire = Wire::operator(&demo).await;
        let stopping = tokio::task::spawn_blocking(move || drop(demo));
        let shutdown = wire.frame().await;
        assert_eq!(shutdown["event"], "shutdown");
        assert!(shutdown["payload"].get("restartExpectedMs").is_none());
        assert_eq!(wire.hear().await, Heard::Closed(Some((1012, "service restart".to_owned()))));
        stopping.await.unwrap();
        assert!(connect_async(&url).await.is_err());
    });
}

#[test]
fn a_token_is_fresh_each_time_and_never_printed() {
    let demos = [(); 2].map(|()| Demo::start(options()).unwrap());
    let [first, second] = &demos;
    assert_ne!(first.token().reveal(), second.token().reveal());
    assert!(!format!("{first:?}").contains(first.token().reveal()));
    assert!(first.url().starts_with("ws://127.0.0.1:"));
}
